/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of supervise, each calling only those behind it: supervise.c (events), supervise_follow.c
 * (readings), supervise_acts.c (building blocks). Not for shells. */
#pragma once

#include "base/timing.h"
#include "core/supervise.h"

#define SUPERVISE_POLL_USEC   TIMING_LOOK_USEC
#define SUPERVISE_RESUME_USEC (1 * USEC_PER_SEC) /* PID 1 did not answer: look again */
/* A lease that ends sooner is not worth a start by a guard that finds it. An agent that lives renews it in time. */
#define SUPERVISE_NEAR_USEC       (2 * USEC_PER_SEC)
#define SUPERVISE_STOP_RETRY_USEC (1 * USEC_PER_SEC)
#define SUPERVISE_KILL_RETRY_USEC (200 * USEC_PER_MSEC)
#define SUPERVISE_STUCK_USEC      (1 * USEC_PER_SEC)

/* struct supervise .start, .reading, .waits */
enum {
        SUPERVISE_NEVER_STARTED,
        SUPERVISE_START_UNDER_WAY,
        SUPERVISE_START_ANSWERED,
        SUPERVISE_START_GONE
};
enum {
        SUPERVISE_READ_NONE,
        SUPERVISE_READ_UNDER_WAY,
        SUPERVISE_READ_OLD
};
enum {
        SUPERVISE_WAIT_REVOKE = 1,
        SUPERVISE_WAIT_QUERY = 2,
        SUPERVISE_WAIT_EVICT = 4,
        SUPERVISE_WAIT_RENEWAL = 8,
        SUPERVISE_REVOKE_TOLD = 16 /* who revokes has been told that the unit is not ours to stop */
};

/* Idle, and a revoke waits for PID 1 to say whether the unit is ours to stop, or for its end. */
bool supervise_revoke_waits(const struct supervise *s);

/* Appends one action. */
void supervise_act(struct supervise_actions *a, enum supervise_action_type type, enum guard_result result);

/* A look that begins now, behind all other actions of the step; the answer to an earlier one is dropped by the shell.
 */
void supervise_read_now(struct supervise *s, struct supervise_actions *a);

/* A look, unless one is under way: looking again and again at a slow PID 1 must not drop every answer. */
void supervise_read_soon(struct supervise *s, struct supervise_actions *a);

/* Forgets the permit. state: UNREAD, STOPPED or FOREIGN. */
void supervise_become_idle(struct supervise *s, enum supervise_state state, uint64_t now);

/* The second instant is over: kill, and again until nothing is left. */
void supervise_begin_kill(struct supervise *s, struct supervise_actions *a, uint64_t now);

/* Ends the permit in force. Gate first: from then on neither Restart=, nor an admin, nor a late start job can start the
 * unit. Kills after timeout_usec, or at the permit's second instant if that is earlier. */
void supervise_begin_stop(struct supervise *s, struct supervise_actions *a, enum supervise_reason reason, uint64_t now,
                          uint64_t timeout_usec);

/* A stop without a permit, of what has a gate or permit file, or the gate in force: only the time that it may take (0:
 * default) is known. */
void supervise_begin_stop_unpermitted(struct supervise *s, struct supervise_actions *a, enum supervise_reason reason,
                                      uint64_t now, uint64_t timeout_usec);

/* A permit that was only being checked comes to nothing. Should a revoke of another uid wait, nothing else would stop
 * what may run, so it is looked at for that. */
void supervise_drop_check(struct supervise *s, struct supervise_actions *a, enum supervise_state state, uint64_t now);

/* Takes a reading: checks a permit that waits for it, goes on after a restart, follows the unit or its stop. */
void supervise_on_reading(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev);
