/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl status: asks the agent for its status document. How it is shown: status_print.c. */
#include "adapter/bus.h"
#include "ctl/show.h"
#include "ctl/status_print.h"
#include "ctl/verbs.h"

struct status {
        bool json;
};

static int run(const void *options, _unused_ char *const *arguments, _unused_ size_t n) {
        const struct status *o = options;
        _cleanup_free_ char *json = NULL;
        struct err err = {};
        int r;

        r = bus_client_call("Status", NULL, &json, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        if (o->json) {
                (void)printf("%s\n", json);
                return CTL_OK;
        }
        return status_print(json, stdout, show_colors()) >= 0
                       ? CTL_OK
                       : ctl_error("the agent's status cannot be shown; see leaderctl status --json");
}

static const struct ctl_option status_options[] = {
        {"json", 0, NULL, offsetof(struct status, json), ctl_set_true},
        {},
};

const struct ctl_verb ctl_status = {
        .name = "status",
        .arguments = "[--json]",
        .summary = "what this host's agent does, lock by lock",
        .usage = "status [--json]\n\n"
                 "Shows what the agent of this host does. --json: its status document, one line.",
        .options = status_options,
        .options_size = sizeof(struct status),
        .wrong_arguments = "takes no argument",
        .run = run,
};
