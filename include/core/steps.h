/* SPDX-License-Identifier: Apache-2.0 */
/* What passes through the door of the core (core.h): the configuration, events and actions of one election (a lock) and
 * of one placeholder, and the words for their states, operations and reasons. Plain data by value; what an actor knows
 * is in agent/core and nobody else's. */
#pragma once

#include "base/lock_keys.h"
#include "base/timing.h"
#include "core/facts.h"

/* ---- elections ---- */

enum election_state {
        ELECTION_STARTING,   /* neither the lock nor the unit known yet */
        ELECTION_CANDIDATE,  /* the lock is not ours: wait for it, observe its holder */
        ELECTION_CLAIMING,   /* the lock is absent: claim on disk, placeholder, POST */
        ELECTION_ADOPTING,   /* our life lock of an earlier boot: write this boot into it, read that back */
        ELECTION_PROVING,    /* the lock is ours: prove that the placeholder it names is alive */
        ELECTION_PERMITTING, /* proven: the guard has the permit, the unit is starting */
        ELECTION_LEADING,    /* the unit runs */
        ELECTION_STOPPING,   /* revoked: the unit is being stopped; there is no way back */
        ELECTION_RELEASING,  /* the unit was seen stopped: delete the lock, then take the finalizer off */
        ELECTION_DEPOSING,   /* a silent holder's placeholder is gone: remove the lock that names it */
        ELECTION_STOPPED,    /* the agent is stopping, or the lock left the configuration: out for good */
};
enum {
        N_ELECTION_STATES = ELECTION_STOPPED + 1
};

enum election_op {
        ELECTION_OP_NONE,
        ELECTION_OP_READ,          /* quorum GET of the lock */
        ELECTION_OP_CLAIM,         /* a new claim to disk, fsynced */
        ELECTION_OP_CREATE,        /* POST: claim on disk, owner `placeholder` */
        ELECTION_OP_ADOPT,         /* PATCH this boot id; uid, version */
        ELECTION_OP_RESTORE,       /* PATCH ownerReferences and data to `placeholder`; uid, version */
        ELECTION_OP_DELETE,        /* DELETE the lock; uid */
        ELECTION_OP_STRIP,         /* PATCH finalizers: null; uid, version; only on a lock read as deleting */
        ELECTION_OP_READ_HOLDER,   /* quorum GET of the placeholder that the lock's data names */
        ELECTION_OP_DELETE_HOLDER, /* DELETE it; uid and version: the compare-and-swap */
        ELECTION_OP_READ_POD,      /* quorum GET of the Pod that owned a foreign lock; uid */
};
enum {
        N_ELECTION_OPS = ELECTION_OP_READ_POD + 1
};

/* Why the last term (or attempt) ended, or why this agent stays out. */
enum election_reason {
        REASON_NONE,
        REASON_STEP_DOWN,    /* asked to by a human */
        REASON_SLEEP,        /* lease: the host is about to sleep */
        REASON_AGENT_STOP,   /* systemctl stop, shutdown, or the lock left the configuration */
        REASON_LOCK_DELETED, /* marked for deletion by somebody */
        REASON_LOCK_GONE,    /* not there any more, or another one */
        REASON_LOCK_CHANGED, /* overwritten: record, owner or finalizer not as we wrote them */
        REASON_OTHER_BOOT,   /* another boot or host wrote itself into it */
        REASON_PLACEHOLDER_LOST,
        REASON_LEASE_EXPIRED,   /* no renewal in time */
        REASON_LEASE_TOO_SHORT, /* the recorded duration leaves no time to stop the unit */
        REASON_UNIT_FAILED,
        REASON_UNIT_ENDED,     /* with success */
        REASON_UNIT_RESTARTS,  /* its own Restart= does not give up */
        REASON_UNIT_UNFIT,     /* the guard refuses: drop-in, unit file */
        REASON_UNIT_FOREIGN,   /* runs without a permit */
        REASON_PERMIT_REVOKED, /* the guard will not run the unit for this lock any more */
        REASON_PERMIT_STALE,   /* the guard holds a permit for a lock that is not ours */
        REASON_NAME_TAKEN,     /* our placeholder's name is taken by one that is not ours */
        REASON_COOLDOWN,
        REASON_FOREIGN_LOCK,
        REASON_FOREIGN_POD, /* its lock is gone, the Pod is not */
        REASON_DAMAGED_LOCK,
        REASON_STRANGE_HOLDER, /* the lock names an object that is not provably its holder's placeholder */
        REASON_GUARD_AWAY,
};
enum {
        N_ELECTION_REASONS = REASON_GUARD_AWAY + 1
};

struct election_conf {
        struct timing_lease timing; /* of the next term, if that is a lease */
        uint64_t verify_interval_usec;
        struct retry_limits retry;
        struct lock_keys keys;
        uint8_t tenure; /* of the next term */
        bool away;      /* the host is about to sleep: no lease is begun or kept */
        bool ending;    /* the agent stops: an API server that does not answer is not waited for */
};

enum election_event_type {
        ELECTION_EV_GO,          /* nothing but time or the placeholders changed */
        ELECTION_EV_REPLY,       /* to the operation in flight */
        ELECTION_EV_LOCK_SEEN,   /* by a watch */
        ELECTION_EV_HOLDER_SEEN, /* by a watch */
        ELECTION_EV_GUARD,       /* an answer or a push */
        ELECTION_EV_LINK_UP,     /* connected to the guard anew */
        ELECTION_EV_LINK_DOWN,
        ELECTION_EV_STEP_DOWN,
        ELECTION_EV_STOP,
};
enum {
        N_ELECTION_EVENTS = ELECTION_EV_STOP + 1
};

struct election_event {
        uint64_t now_usec;
        uint64_t retry_after_usec;
        uint32_t random;
        uint8_t type;
        uint8_t op;                     /* reply: which */
        uint8_t result;                 /* reply: enum core_result */
        bool silent;                    /* reply: there was no answer, or the server cannot serve now (5xx) */
        struct lock_fact lock;          /* reply of a lock operation, lock seen */
        struct placeholder_fact holder; /* reply of a holder operation, holder seen */
        struct guard_fact guard;
};

enum election_message {
        ELECTION_MSG_NONE,
        ELECTION_MSG_QUERY,
        ELECTION_MSG_PERMIT,
        ELECTION_MSG_REVOKE,
        ELECTION_MSG_EVICT, /* uid: of the lock that is held elsewhere */
};

struct election_actions {
        struct {
                uint8_t type; /* enum election_message */
                uint64_t uid; /* lock uid */
                uint64_t stop_at_usec;
                uint64_t kill_at_usec;
        } guard[2]; /* ELECTION_MSG_NONE ends the list */
        struct {
                uint8_t op; /* enum election_op; NONE: nothing */
                uint64_t uid;
                uint64_t version; /* 0: no such precondition */
                uint64_t placeholder;
        } request;
};

/* ---- placeholders ---- */

enum placeholder_state {
        PLACEHOLDER_UNREAD, /* not looked at yet */
        PLACEHOLDER_ABSENT,
        PLACEHOLDER_LIVE,  /* ours; `uid` is what renewals name */
        PLACEHOLDER_DYING, /* ours, marked for deletion: its finalizers go once no lock of ours names it */
        PLACEHOLDER_TAKEN, /* our name, not our claim (or an earlier boot's): never renewed */
};
enum {
        N_PLACEHOLDER_STATES = PLACEHOLDER_TAKEN + 1
};

enum placeholder_op {
        PLACEHOLDER_OP_NONE,
        PLACEHOLDER_OP_READ,
        PLACEHOLDER_OP_CLAIM,  /* a new claim to disk */
        PLACEHOLDER_OP_CREATE, /* POST with the claim on disk */
        PLACEHOLDER_OP_RENEW,  /* conditional on uid and version */
        PLACEHOLDER_OP_CLEAR,  /* finalizers: null, on a dying one, uid and version */
        PLACEHOLDER_OP_DELETE, /* uid; version too unless it is our own that we take away */
};
enum {
        N_PLACEHOLDER_OPS = PLACEHOLDER_OP_DELETE + 1
};

/* From the configuration. */
struct placeholder_conf {
        uint64_t renew_interval_usec;
        uint64_t verify_interval_usec;
        struct retry_limits retry;
        uint64_t taken_interval_usec; /* a taken name is looked at so often */
        uint64_t duration_usec;       /* a taken name that records none is watched this long */
        uint32_t rate_permille;       /* how wrong clock rates may be */
        uint8_t tenure;
        bool unclaimed; /* when it began no claim was on disk whose POST may have made an object, or may yet */
};

/* What the elections that use it want, gathered by the core. */
struct placeholder_wish {
        uint64_t proof_after_usec; /* prove by a renewal sent at or after this instant; 0: no proof wanted */
        uint64_t interval_usec;    /* renew at least so often, whatever is configured; 0: as configured */
        uint64_t until_usec;       /* a unit runs under a permit that ends then without a renewal; 0: none does */
        bool needed;               /* keep one in existence */
        bool renewing;             /* renew each interval */
        bool named;                /* a lock of ours (still) names `uid` */
        bool observed;             /* an election waits for the taken one to fall silent: leave it to that */
        bool removing;             /* the agent is stopping: take our own away */
};

enum placeholder_event_type {
        PLACEHOLDER_EV_GO,    /* nothing but time or wishes changed */
        PLACEHOLDER_EV_REPLY, /* to the operation in flight */
        PLACEHOLDER_EV_SEEN,  /* a watch showed it changed or gone: look */
};

struct placeholder_event {
        uint64_t now_usec;
        uint64_t sent_at_usec; /* reply: the instant before the request was sent */
        uint64_t retry_after_usec;
        uint32_t random;
        uint8_t type;
        uint8_t op;     /* reply: which */
        uint8_t result; /* reply: enum core_result */
        bool silent;    /* reply: there was no answer, or the server cannot serve now (5xx) */
        struct placeholder_fact fact;
        struct placeholder_wish wish; /* filled in by the core */
};

/* At most one operation per step. */
struct placeholder_action {
        uint8_t op; /* enum placeholder_op; NONE: nothing to do */
        uint64_t uid;
        uint64_t version; /* 0: no such precondition */
};

/* Words for logs and traces, never NULL; reasons: a sentence for a human. */
const char *election_state_to_string(uint8_t s);
const char *election_op_to_string(uint8_t op);
const char *election_reason_to_string(uint8_t r);
const char *placeholder_state_to_string(uint8_t s);
const char *placeholder_op_to_string(uint8_t op);
