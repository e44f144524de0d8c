/* SPDX-License-Identifier: Apache-2.0 */
/* What the guard does with one unit under its permit: the only place that decides start, stop and kill. Pure: one event
 * in, actions out by value; no clock, no I/O, no strings, cannot fail. The same object runs in leader-guard, in the
 * unit table, in the model and in the simulator. ARCHITECTURE 4, and 5, claims 1, 4 and 6.
 *
 * The shell performs the actions of a step in order, all of them, before the next event. A file write that fails
 * (WRITE_PERMIT, WRITE_ENV, MAKE_GATE) cancels the rest of the list; a failed removal or record does not. Either way
 * the very next event is then FAILED with the set of failed actions; any other event says that all file actions
 * succeeded.
 *
 * Promises (each a row in tests/unit/test_supervise.c):
 *  - permit file before environment before gate before start job
 *  - when a stop begins the gate goes first, then the lock uid is recorded as revoked, then come stop job and kill
 *  - no start job once a stop began, until that stop was seen and another permit was checked
 *  - an eviction stops only what runs without a permit and with the gate in force; it records no uid
 *  - nothing is stopped or killed that has neither a permit or gate file nor, when it was last looked at, been enrolled
 *    by root: a revoke for such a unit is told so, and answered when it is seen stopped
 *  - a unit that runs already and is fit is taken over as it runs: the same files in the same order, and a start job
 *    only if it ends before it was looked at again; one on its way up or down is waited for first
 *  - (under a lease PID 1 stops the unit of a guard that is gone: that one the next guard starts again)
 *  - how far the unit came under its permit is on disk: its start, once PID 1 took it, and how it ended
 *  - what ended under its permit is not started again by the guard, nor by the next one: whether that is a failure is
 *    said, and what follows is the agent's
 *  - one that stays on its way down, or waits for Restart=, longer than until the next look gets no permit: the lock
 *    would wait with it, and the revoke that follows ends it in time
 *  - what another unit of its list starts is permitted and left alone
 *  - "stopped" is said only after a reading that was begun when the gate was gone
 *  - the first instant, once over, begins the stop; the second kills, again and again until nothing is left */
#pragma once

#include "base/terms.h"

enum supervise_state {
        SUPERVISE_UNREAD = 0, /* no permit; not read yet, PID 1 does not answer, or only a job is pending */
        SUPERVISE_STOPPED,    /* no permit; seen stopped with the gate gone */
        SUPERVISE_FOREIGN,    /* no permit, yet something of the unit runs */
        SUPERVISE_CHECKING,   /* a permit was asked for; nothing written, waits for a reading of PID 1, and for a unit
                                 that is on its way up or down */
        SUPERVISE_RESUMING,   /* a permit of an earlier guard is in force; waits for a reading */
        SUPERVISE_STARTING,   /* permit in force; start job sent or unit activating */
        SUPERVISE_RUNNING,    /* permit in force; unit active */
        SUPERVISE_FAILED,     /* permit in force; unit failed or would not start, nothing of it left */
        SUPERVISE_ENDED,      /* permit in force; unit ended with success, nothing of it left: may be started again, by
                                 whoever does, and never by the guard */
        SUPERVISE_WAITING,  /* permit in force; inactive, and nothing begun: a timer, socket or path of its list starts
                               it */
        SUPERVISE_STOPPING, /* gate removed, uid revoked, stop job sent; before the second instant */
        SUPERVISE_KILLING,  /* past the second instant: cgroup.kill until empty */
        SUPERVISE_STUCK,    /* killed for a second and more, still not empty (state D) */
        SUPERVISE_LAST = SUPERVISE_STUCK,
};
enum {
        N_SUPERVISE_STATES = SUPERVISE_LAST + 1
};

/* Why the last stop began; for humans and tests. */
enum supervise_reason {
        SUPERVISE_REASON_NONE = 0,
        SUPERVISE_REASON_REVOKED,       /* the agent revoked */
        SUPERVISE_REASON_DEADLINE,      /* the first instant is over */
        SUPERVISE_REASON_ENROLL,        /* lease: what is in force for the unit no longer bounds its stop */
        SUPERVISE_REASON_START_TIMEOUT, /* PID 1 did not answer the start in time: it may still come */
        SUPERVISE_REASON_FILES,         /* the guard could not write its files */
        SUPERVISE_REASON_STALE_GATE,    /* guard start: gate without a permit */
        SUPERVISE_REASON_BAD_FILE,      /* guard start: permit file truncated, foreign or of another boot */
        SUPERVISE_REASON_WAS_REVOKED,   /* guard start: permit of a revoked uid (an earlier guard began this stop) */
        SUPERVISE_REASON_LEFTOVERS,     /* guard start: unit inactive, but processes of it live */
        SUPERVISE_REASON_ABANDONED,     /* life: the agent was stopped, and could not stop the unit before */
        SUPERVISE_REASON_EVICTED,       /* ran without a permit while the lock is held elsewhere */
        SUPERVISE_REASON_LIST,          /* another unit under its permit is being stopped */
        SUPERVISE_REASON_LAST = SUPERVISE_REASON_LIST,
};
enum {
        N_SUPERVISE_REASONS = SUPERVISE_REASON_LAST + 1
};

enum supervise_event_type {
        SUPERVISE_EV_FOUND = 0,    /* once, first: what the guard found on disk for this unit when it started */
        SUPERVISE_EV_PERMIT,       /* request */
        SUPERVISE_EV_REVOKE,       /* request */
        SUPERVISE_EV_QUERY,        /* request */
        SUPERVISE_EV_EVICT,        /* request */
        SUPERVISE_EV_SUPERSEDED,   /* the agent's connection is gone or replaced: nobody waits for answers any more */
        SUPERVISE_EV_ABANDONED,    /* the agent was stopped, and no other will come by itself: for life means nobody */
        SUPERVISE_EV_WITHDRAWN,    /* .uid: another unit under the permit of that uid is being stopped */
        SUPERVISE_EV_WAKE,         /* a signal of PID 1, Reloading, bus lost or back: facts may have changed */
        SUPERVISE_EV_READING,      /* answer to SUPERVISE_READ */
        SUPERVISE_EV_START_RESULT, /* answer to SUPERVISE_START */
        SUPERVISE_EV_FAILED,       /* file actions of the step before failed */
        SUPERVISE_EV_TICK,         /* supervise_deadline() has come (harmless at any other time) */
        SUPERVISE_EV_LAST = SUPERVISE_EV_TICK,
};
enum {
        N_SUPERVISE_EVENTS = SUPERVISE_EV_LAST + 1
};

enum supervise_file {
        SUPERVISE_FILE_NONE = 0,
        SUPERVISE_FILE_VALID,
        SUPERVISE_FILE_BAD,
};

enum supervise_active {
        SUPERVISE_INACTIVE = 0, /* inactive or failed, and no main process */
        SUPERVISE_ACTIVATING,   /* also auto-restart */
        SUPERVISE_ACTIVE,       /* active or reloading */
        SUPERVISE_DEACTIVATING, /* and anything unknown */
};

enum supervise_populated {
        SUPERVISE_EMPTY = 0, /* cgroup.events says populated 0, or there is no such directory */
        SUPERVISE_POPULATED,
        SUPERVISE_POPULATED_UNKNOWN,
};

/* How it went under the permit in force (or asked for), where the unit is inactive. */
enum supervise_end {
        SUPERVISE_END_NONE = 0, /* PID 1 has begun nothing since the permit was given, or it is not known */
        SUPERVISE_END_WELL,     /* it ran, and ended with success */
        SUPERVISE_END_BADLY,    /* it ran, and failed; or PID 1 would not begin (Condition…=, Assert…=) */
};

/* One look at PID 1 (a single atomic GetAll) and then at the cgroup. */
struct supervise_reading {
        uint8_t known;     /* 0: PID 1 did not answer; only populated counts */
        uint8_t job;       /* 1: a job is pending */
        uint8_t active;    /* enum supervise_active */
        uint8_t populated; /* enum supervise_populated */
        uint8_t load_ok;   /* a unit file exists, can be loaded, is not masked */
        uint8_t start_ok;  /* what is in force is what enrol wrote, for the tenure of the permit */
        uint8_t run_ok;    /* same, without what matters for the next start only */
        uint8_t gated;     /* what is in force has the gate: the unit is enrolled, fit or not */
        uint8_t ours;      /* gated, or root has enrolled it here and that is not in force (any more) */
        uint8_t end;       /* enum supervise_end */
        uint8_t triggered; /* a timer, socket or path of its own list starts it: not ours to start */
};

enum supervise_start_result {
        SUPERVISE_START_OK = 0,  /* the job was queued (not: done) */
        SUPERVISE_START_REFUSED, /* PID 1 answered with an error */
        SUPERVISE_START_LOST,    /* the connection went away before the answer */
        SUPERVISE_START_TIMEOUT, /* no answer within the limit: the start may still come */
};

struct supervise_event {
        uint64_t now_usec;     /* CLOCK_BOOTTIME, read when the event is built; never less than in the step before */
        uint64_t uid;          /* FOUND (valid file), PERMIT, REVOKE, WITHDRAWN: util_token() of the lock uid, not 0 */
        uint64_t stop_at_usec; /* FOUND, PERMIT: first instant; USEC_INFINITY: never */
        uint64_t kill_at_usec; /* FOUND, PERMIT: second instant, not before the first */
        uint64_t stop_timeout_usec; /* FOUND, PERMIT, REVOKE, EVICT; REVOKE with 0: the permit's, or the default without
                                       one */
        uint32_t failed;            /* FAILED: set of 1 << enum supervise_action_type */
        struct supervise_reading reading; /* READING */
        uint8_t type;                     /* enum supervise_event_type */
        uint8_t tenure;                   /* FOUND, PERMIT: enum tenure */
        uint8_t revoked;                  /* FOUND, PERMIT: this uid is in the persistent set of revoked uids */
        uint8_t file;                     /* FOUND: enum supervise_file */
        uint8_t gate;                     /* FOUND: there is a gate */
        uint8_t start_result;             /* START_RESULT: enum supervise_start_result */
};

enum supervise_action_type {
        SUPERVISE_WRITE_PERMIT = 0, /* permit file, with the instants now in struct supervise */
        SUPERVISE_WRITE_ENV,        /* environment file */
        SUPERVISE_MAKE_GATE,        /* the path that the unit asserts */
        SUPERVISE_START,            /* reset-failed, start job; answered by START_RESULT exactly once */
        SUPERVISE_REMOVE_GATE,      /* no such file is success */
        SUPERVISE_RECORD,           /* the uid of the permit in force (or of the stop under way) as revoked, on disk */
        SUPERVISE_NOTE,             /* in the permit file: the unit had its start, or how it ended */
        SUPERVISE_REFUSE_REQUEST,   /* the uid of the request in hand is not permitted by this guard; cannot fail */
        SUPERVISE_REFUSE_CHECKED,   /* the same for the uid that was being checked */
        SUPERVISE_STOP,             /* stop job; not answered, the readings tell */
        SUPERVISE_KILL,             /* cgroup.kill; needs no PID 1 */
        SUPERVISE_REMOVE_PERMIT,    /* permit and environment file */
        SUPERVISE_READ,  /* look at the unit; drops a look that is under way; answered by READING exactly once */
        SUPERVISE_REPLY, /* answers the request in hand with .result */
        SUPERVISE_REPLY_INTERIM, /* tells the revoke in hand: gate away, uid recorded; the final answer follows */
        SUPERVISE_REPLY_PERMITS, /* answers the permits that waited for the check with .result */
        SUPERVISE_REPLY_REVOKES, /* tells all revokes that wait, and go on waiting, .result: what runs is not stopped */
        SUPERVISE_REPLY_STOPPED, /* final answer to all revokes that wait */
        SUPERVISE_REPLY_QUERIES, /* answers all queries that wait */
        SUPERVISE_REPLY_EVICTS,  /* answers all evictions that wait with .result */
        SUPERVISE_PUSH,          /* the state changed: tell the agent, STATUS and journal */
        SUPERVISE_ACTION_LAST = SUPERVISE_PUSH,
};
enum {
        N_SUPERVISE_ACTIONS = SUPERVISE_ACTION_LAST + 1
};

struct supervise_action {
        uint8_t type;   /* enum supervise_action_type */
        uint8_t result; /* enum guard_result, of REPLY, REPLY_PERMITS, REPLY_REVOKES and REPLY_EVICTS */
};

#define SUPERVISE_ACTIONS_MAX 16

struct supervise_actions {
        uint8_t n;
        struct supervise_action a[SUPERVISE_ACTIONS_MAX];
};

/* One unit. Plain data without pointers or padding: may be copied, compared and stored as bytes. */
struct supervise {
        uint64_t uid;               /* of the permit asked for, in force or being stopped; 0: none (or unknown) */
        uint64_t stop_at_usec;      /* CHECKING and in force: first instant */
        uint64_t kill_at_usec;      /* second instant; while stopping: the one that counts now */
        uint64_t stop_timeout_usec; /* of the permit, or of an eviction or revoke that waits for a reading */
        uint64_t disk_stop_at_usec; /* what the permit file says; 0: not written */
        uint64_t disk_kill_at_usec;
        uint64_t retry_at_usec;     /* next look (calm) or next attempt (stopping) */
        uint64_t stop_sent_at_usec; /* when the last stop job was sent */
        uint64_t going_since_usec;  /* CHECKING: on its way down, or waiting for Restart=, since then; 0: it is not */
        uint8_t state;              /* enum supervise_state */
        uint8_t reason;             /* enum supervise_reason of the last stop */
        uint8_t tenure;             /* enum tenure */
        uint8_t gate;               /* there is, or may be, a gate */
        uint8_t unrecorded;         /* uid still to be recorded as revoked */
        uint8_t start;              /* 0 never sent, 1 under way, 2 answered, 3 lost: may be sent again */
        uint8_t reading;            /* 1 a look is under way, 2 and its answer is already known to be old */
        uint8_t waits;              /* bits: 1 revokes wait for "stopped", 2 queries, 4 evictions wait for a reading, 8
                                       RESUMING waits for a renewal, 16 those revokes have been refused */
};
_Static_assert(sizeof(struct supervise) == 9 * 8 + 8, "padding in struct supervise");

/* A unit of which nothing is known. The first step must be SUPERVISE_EV_FOUND. */
void supervise_init(struct supervise *s);

/* Decides what to do after one event. Returns the actions to perform, in order. */
struct supervise_actions supervise_step(struct supervise *s, const struct supervise_event *ev);

/* The instant of the next SUPERVISE_EV_TICK; always later than the now_usec of the last step. */
uint64_t supervise_deadline(const struct supervise *s);

/* A permit is in force: the unit may run. */
bool supervise_permitted(const struct supervise *s);

/* PID 1 took the start of the unit under this permit, or the unit was found up. */
bool supervise_started(const struct supervise *s);

/* A stop is under way and not confirmed. */
bool supervise_stopping(const struct supervise *s);

/* True when the state is one that the rules allow: no gate without a permit in force (but for one that could not be
 * removed while stopping), every permit with a uid, nobody waiting for what has already been seen. */
bool supervise_invariant(const struct supervise *s);

/* Words for logs; never NULL. */
const char *supervise_state_to_string(enum supervise_state state);
const char *supervise_reason_to_string(enum supervise_reason reason);
