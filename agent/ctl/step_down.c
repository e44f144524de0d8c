/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl step-down: asks the agent of this host, over D-Bus, to give one lock up. What then happens is the agent's.
 */
#include <errno.h>

#include "adapter/bus.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

struct step_down {
        const char *reason; /* NULL: not given */
        bool force;
};

static int refused(const char *lock, const char *reason, const struct err *err) {
        _cleanup_free_ char *word = util_shell_word(reason ? reason : "");

        (void)ctl_error("%s: refused: %s", lock, err->text);
        (void)fprintf(stderr, "To step down all the same: leaderctl step-down %s --force%s%s\n", lock,
                      util_empty(reason) ? "" : " --reason ", util_empty(reason) || !word ? "" : word);
        return CTL_REFUSED;
}

static int run(const void *options, char *const *arguments, _unused_ size_t n) {
        const struct step_down *o = options;
        const char *lock = arguments[0], *reason = o->reason;
        char by[256];
        struct err err = {};
        int r;

        if (util_empty(reason)) {
                (void)snprintf(by, sizeof(by), "leaderctl step-down by %s", show_user());
                reason = by;
        }
        r = bus_client_call(o->force ? "ForceStepDown" : "StepDown", (const char *const[]){lock, reason, NULL}, NULL,
                            &err);
        if (r == -EACCES && geteuid() != 0)
                return ctl_error("step-down needs root (sudo leaderctl step-down %s)", lock);
        if (r == -EBUSY)
                return refused(lock, o->reason, &err);
        if (r < 0)
                return ctl_failed(r, &err);
        (void)printf("%s: stepping down; leaderctl status shows how far it is\n", lock);
        return CTL_OK;
}

static const struct ctl_option step_down_options[] = {
        {"force", 0, NULL, offsetof(struct step_down, force), ctl_set_true},
        {"reason", 0, "TEXT", offsetof(struct step_down, reason), ctl_set_text},
        {},
};

const struct ctl_verb ctl_step_down = {
        .name = "step-down",
        .arguments = "LOCK [--force] [--reason TEXT]",
        .summary = "give up leadership here; another host takes over",
        .usage = "step-down LOCK [--force] [--reason TEXT]\n\n"
                 "Stops the unit of LOCK (NAMESPACE/NAME or NAME) on this host and gives the lock up; another host "
                 "takes\n"
                 "over. Root only. Returns as soon as the agent has begun; `leaderctl status` shows how far it is.\n\n"
                 "Refused, with exit status 4, when the API server does not answer, when the agent may not release the "
                 "lock, or\n"
                 "when there is no other agent in the namespace. --force: steps down all the same.",
        .options = step_down_options,
        .options_size = sizeof(struct step_down),
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .wrong_arguments = "needs one LOCK",
        .run = run,
};
