/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl check-config: what `leader-agent --check-config` prints (codec/conf_report.h). */
#include "codec/conf.h"
#include "codec/conf_report.h"
#include "ctl/verbs.h"

static int run(_unused_ const void *options, char *const *arguments, _unused_ size_t n) {
        struct err err = {};
        int r = conf_report(*arguments, stdout, &err);

        return r < 0 ? ctl_failed(r, &err) : CTL_OK;
}

const struct ctl_verb ctl_check_config = {
        .name = "check-config",
        .arguments = "[FILE]",
        .summary = "check configuration and kubeconfig, print what they mean",
        .usage =
                "check-config [FILE]\n\n"
                "Reads the configuration (default: " CONF_PATH ", with conf.d beside it) and the\n"
                "kubeconfig it names, and prints every value in force and what it means. Changes nothing, asks nobody.",
        .n_arguments_max = 1,
        .wrong_arguments = "at most one FILE",
        .run = run,
};
