/* SPDX-License-Identifier: Apache-2.0 */
/* leader-guard as a library: the composition root without main(). One event loop, one deadline timer, one agent at a
 * time. Every decision is supervise_step()'s; here are only its hands. */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/err.h"

struct guard;

struct guard_options {
        const char *runtime_dir;  /* GATE_DIR */
        const char *cgroup_root;  /* CGROUP_ROOT */
        const char *address;      /* of PID 1; NULL: the real one */
        uid_t agent_uid;          /* who may connect beside root; (uid_t)-1: nobody */
        const char *enrolled_dir; /* root's list of enrolled units; NULL: ENROLL_LIST_DIR */
        size_t revoked_max;       /* so many uids are recorded; 0: GUARD_RECORDED_MAX */
        int listen_fd;            /* listening SOCK_SEQPACKET socket, not blocking; stays the caller's */
};

/* Opens the files and cleans up what an earlier guard left: gates without a permit file, of a revoked uid or past the
 * first instant are gone when it returns, and their units are being stopped; valid permits are taken up again. Returns
 * 0, or negative errno with err set: then nothing may be said to be ready, and a gate may have been left. */
int guard_new(struct guard **ret, sd_event *event, const struct guard_options *o, struct err *err);

/* Leaves permits, gates and units as they are: another guard goes on. NULL is allowed. Returns NULL. */
struct guard *guard_free(struct guard *g);
DEFINE_CLEANUP(struct guard *, guard_free)

/* Runs until sd_event_exit(). Pings the watchdog last in each turn, when no instant is overdue and no step half done.
 * Returns the exit code given there, or negative errno of the loop. */
int guard_run(struct guard *g);
