/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl reload: the agent of this host reads its configuration again; what `systemctl reload leader-agent` runs, so
 * that a mistake in the file is the failure of that command. */
#include <errno.h>

#include "adapter/bus.h"
#include "ctl/verbs.h"

static int run(_unused_ const void *options, _unused_ char *const *arguments, _unused_ size_t n) {
        struct err err = {};
        int r = bus_client_call("Reload", NULL, NULL, &err);

        if (r == -EACCES && geteuid() != 0)
                return ctl_error("reload needs root (sudo leaderctl reload)");
        if (r < 0)
                return ctl_failed(r, &err);
        /* An agent that starts anew has begun when it answers; until then the file is not to be touched again. */
        return bus_client_call("Status", NULL, NULL, &err) < 0
                       ? ctl_error("the configuration was accepted, but leader-agent does not answer with it; see "
                                   "systemctl status leader-agent")
                       : CTL_OK;
}

const struct ctl_verb ctl_reload = {
        .name = "reload",
        .arguments = "",
        .summary = "read the configuration again (systemctl reload leader-agent)",
        .usage = "reload\n\n"
                 "The agent of this host reads its configuration again: locks are added, changed or let go without\n"
                 "touching the others. Fails with file and line when the configuration is refused; then nothing has\n"
                 "changed. Root only.",
        .wrong_arguments = "takes no argument",
        .run = run,
};
