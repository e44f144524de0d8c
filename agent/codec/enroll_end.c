/* SPDX-License-Identifier: Apache-2.0 */
/* What is not wrong in itself, and worth knowing before it happens: how a unit ends, and what it leaves where no stop
 * reaches it. */
#include <inttypes.h>

#include "codec/enroll_parts.h"

static void check_client(struct enroll_list *l) {
        struct enroll_problem *p = enroll_add(
                l, ENROLL_WARNING,
                "%s only asks a daemon for it: what that runs is not in the unit's cgroup, so it is neither seen nor "
                "killed with the unit, and may run here beside the next leader's; let the command be the program "
                "itself, or podman run --cgroups=split",
                l->f->client);

        enroll_cure(p, "systemctl edit --full %s", l->w->unit);
}

/* systemd counts starts; what cannot start too often is restarted for ever. */
static void check_limit(struct enroll_list *l) {
        const struct enroll_facts *f = l->f;
        uint64_t interval = f->start_limit_interval_usec;
        uint32_t burst = f->start_limit_burst;

        if (burst == 0 || interval == 0)
                (void)enroll_add(l, ENROLL_NOTE,
                                 "Restart=%s without a start limit: systemd never gives up; what moves the lock on is "
                                 "its restart_limit",
                                 f->restart);
        else if (f->restart_usec > interval / burst)
                (void)enroll_add(l, ENROLL_NOTE,
                                 "Restart=%s with RestartSec=%" PRIu64
                                 "ms never comes to more than StartLimitBurst=%" PRIu32
                                 " starts in StartLimitIntervalSec=%" PRIu64
                                 "ms: systemd never gives up; what moves the lock on is its restart_limit",
                                 f->restart, f->restart_usec / USEC_PER_MSEC, burst, interval / USEC_PER_MSEC);
}

void enroll_check_end(struct enroll_list *l) {
        const struct enroll_facts *f = l->f;
        struct enroll_problem *p;

        if (f->client[0])
                check_client(l);
        if (util_streq(f->type, "forking") && !f->pid_file[0] && f->guess_main_pid) {
                p = enroll_add(l, ENROLL_NOTE,
                               "Type=forking without PIDFile=: systemd guesses which process is the main one, and when "
                               "that one ends the unit has ended (else it is up as long as any of its processes)");
                enroll_set(l, p, "Service", "GuessMainPID=no\\n");
        }
        if (util_streq(f->type, "oneshot") && !f->remain_after_exit)
                (void)enroll_add(l, ENROLL_NOTE,
                                 "Type=oneshot without RemainAfterExit=yes ends by itself: with success that is no "
                                 "failure, and on_exit of the lock says whether it is kept for the next start here");
        if (f->restart[0] && !util_streq(f->restart, "no") && f->restart_usec != USEC_INFINITY)
                check_limit(l);
}
