/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl check-config: what `leader-agent --check-config` prints (adapter/sandbox.h). */
#include "adapter/sandbox.h"
#include "codec/conf.h"
#include "ctl/verbs.h"

static int run(_unused_ const void *options, char *const *arguments, _unused_ size_t n) {
        struct err err = {};
        int r = sandbox_report(*arguments, stdout, &err);

        return r < 0 ? ctl_failed(r, &err) : CTL_OK;
}

const struct ctl_verb ctl_check_config = {
        .name = "check-config",
        .arguments = "[FILE]",
        .summary = "check configuration and kubeconfig, print what they mean",
        .usage = "check-config [FILE]\n\n"
                 "Reads the configuration (default: " CONF_PATH ", with conf.d beside it) and the\n"
                 "kubeconfig it names, and prints every value in force and what it means. Run as root it also looks "
                 "whether the\n"
                 "agent, as its user and behind what its unit hides, can read the files. Changes nothing.",
        .n_arguments_max = 1,
        .wrong_arguments = "at most one FILE",
        .run = run,
};
