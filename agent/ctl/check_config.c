/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl check-config: what `leader-agent --check-config` prints (adapter/sandbox.h). */
#include <errno.h>
#include <stddef.h>

#include "adapter/sandbox.h"
#include "codec/conf.h"
#include "codec/conf_report.h"
#include "ctl/verbs.h"

struct options {
        bool json;
};

/* The same checks, of which only the error is wanted. */
static int run_json(const char *path) {
        FILE *null = fopen("/dev/null", "we");
        struct err err = {};
        int r = null ? sandbox_report(path, null, &err) : err_setf(&err, -errno, "cannot open /dev/null: %m");

        if (null)
                (void)fclose(null);
        if (conf_report_json(path, &err, stdout) < 0)
                return ctl_error("out of memory");
        return r < 0 ? CTL_FAILURE : CTL_OK;
}

static int run(const void *options, char *const *arguments, _unused_ size_t n) {
        struct err err = {};
        int r;

        if (((const struct options *)options)->json)
                return run_json(*arguments);
        r = sandbox_report(*arguments, stdout, &err);
        return r < 0 ? ctl_failed(r, &err) : CTL_OK;
}

static const struct ctl_option check_config_options[] = {
        {"json", 0, NULL, offsetof(struct options, json), ctl_set_true},
        {},
};

const struct ctl_verb ctl_check_config = {
        .name = "check-config",
        .arguments = "[FILE] [--json]",
        .summary = "check configuration and kubeconfig, print what they mean",
        .usage = "check-config [FILE] [--json]\n\n"
                 "Reads the configuration (default: " CONF_PATH ", with conf.d beside it) and the\n"
                 "kubeconfig it names, and prints every value in force and what it means. Run as root it also looks "
                 "whether the\n"
                 "agent, as its user and behind what its unit hides, can read the files. Changes nothing.\n"
                 "--json: where it would connect and as whom, or what is wrong, one line; nothing secret.",
        .options = check_config_options,
        .options_size = sizeof(struct options),
        .n_arguments_max = 1,
        .wrong_arguments = "at most one FILE",
        .run = run,
};
