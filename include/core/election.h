/* SPDX-License-Identifier: Apache-2.0 */
/* One lock: who holds it, what to write next, whether the unit may run here. Pure: see core.h for the rules of a step.
 *
 * A step takes one event and returns at most one request to the API server or the disk, and at most two messages to
 * the guard; guard messages are sent first, in order. At most one request of a lock is in flight. */
#pragma once

#include "base/retry.h"
#include "base/timing.h"
#include "core/placeholder.h"

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
};
enum {
        N_ELECTION_OPS = ELECTION_OP_DELETE_HOLDER + 1
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
        REASON_UNIT_UNFIT,     /* the guard refuses: drop-in, unit file */
        REASON_UNIT_FOREIGN,   /* runs without a permit */
        REASON_PERMIT_REVOKED, /* the guard will not run the unit for this lock any more */
        REASON_PERMIT_STALE,   /* the guard holds a permit for a lock that is not ours */
        REASON_NAME_TAKEN,     /* our placeholder's name is taken by one that is not ours */
        REASON_COOLDOWN,
        REASON_FOREIGN_LOCK,
        REASON_DAMAGED_LOCK,
        REASON_GUARD_AWAY,
};
enum {
        N_ELECTION_REASONS = REASON_GUARD_AWAY + 1
};

struct election_conf {
        struct timing_lease timing; /* of the next term, if that is a lease */
        uint64_t verify_interval_usec;
        struct retry_limits retry;
        struct retry_limits cooldown; /* after a failed unit */
        uint64_t step_down_hold_usec; /* after a step-down */
        uint8_t tenure;               /* of the next term */
        bool keep_failed;             /* a failed unit keeps the lock */
        bool away;                    /* the host is about to sleep: no lease is begun or kept */
};

/* Where what is known of the lock comes from. */
enum lock_source {
        LOCK_SOURCE_NONE = 0,
        LOCK_SOURCE_WATCH,  /* a watch event: may be older or newer than an answer */
        LOCK_SOURCE_ANSWER, /* a quorum read, or a write's answer */
};

/* What a watch showed of the lock while a request was in flight: the answer may be the older one. */
enum lock_passed {
        PASSED_NOTHING = 0,
        PASSED_OBJECT,
        PASSED_ABSENT,
};

/* The placeholder of a lease's holder, on our clock. */
enum holder_state {
        HOLDER_UNSEEN = 0,
        HOLDER_LIVES,
        HOLDER_GONE, /* absent, dying or another uid */
};

/* How far the end of our term is. */
enum term_stop {
        STOP_UNANSWERED = 0,
        STOP_TAKEN,     /* the guard has recorded the revoke and taken the gate away */
        STOP_CONFIRMED, /* the guard saw the unit stopped, after the revoke */
};

struct election {
        uint8_t state;    /* enum election_state */
        uint8_t op;       /* enum election_op: the one request in flight */
        bool claim_ready; /* a claim is on disk, and no answer has used it up */

        /* The lock as last read or seen, whoever holds it. */
        struct {
                struct lock_fact fact;
                uint64_t orphan_at_usec; /* its owner was found missing: only a later proof may be written into it */
                uint64_t passed_version; /* PASSED_OBJECT */
                uint8_t passed;          /* enum lock_passed */
                uint8_t source;          /* enum lock_source */
                bool reread;             /* read the lock before deciding anything else */
        } lock;

        /* The guard as it last answered, and what it is still to be asked. */
        struct {
                struct guard_fact fact;
                uint64_t asked_uid; /* it was asked about it since it was connected */
                bool linked;        /* connected, and it answered since */
                bool query;         /* ask it about the lock's uid */
                bool permit_again;  /* connected anew: what was sent last may have been lost */
        } guard;

        /* Somebody else's lease: the placeholder that its lock names, and how long that has been silent. */
        struct {
                uint64_t lock;
                uint64_t uid;
                uint64_t version;
                uint64_t seen_at_usec;      /* this version, or its absence, first seen */
                uint64_t silent_since_usec; /* the last living version first seen: not touched when it goes */
                uint64_t swap_version;      /* what the DELETE in flight names */
                uint8_t state;              /* enum holder_state */
                bool fresh;                 /* what is known of it was answered after the wait, or is our own doing */
                bool look;                  /* a watch showed something else under its name: read it */
        } holder;

        /* Our own term, from the first sight of our lock until it is released. */
        struct {
                uint64_t uid; /* of the lock, 0: none */
                uint64_t placeholder;
                uint64_t own_at_usec;       /* the lock was known to be ours: proofs count from here */
                uint64_t permit_proof_usec; /* the proof behind the permit that was sent */
                uint64_t stop_timeout_usec; /* as configured when the term began: 0 before that */
                uint64_t kill_margin_usec;
                uint64_t leading_since_usec;
                uint64_t lapse_at_usec; /* proving or stopping without a word of the guard: then the lease may lapse */
                uint64_t cool_usec;     /* pause to begin when the release is through */
                uint8_t reason;         /* enum election_reason: why it ended, or the one before */
                uint8_t stop;           /* enum term_stop */
                bool revoke_sent;       /* to the guard as now connected */
                bool lapsed;            /* … and it does: nothing is renewed any more */
        } term;

        /* What humans and systemd have asked for. */
        struct {
                bool stop; /* the agent stops, or the lock left the configuration */
                bool step_down;
        } wants;

        /* What earlier terms left behind. */
        struct {
                uint64_t unfit_uid;        /* lock uid that another boot took over: never touched again */
                uint64_t prove_first_usec; /* a term ended unproven: the next lock only with a later proof */
                uint8_t failures;          /* of the unit, in a row */
        } past;

        /* When to act without an event. */
        struct {
                uint64_t verify_at_usec; /* read the lock again, whatever the watches say */
                uint64_t cool_until_usec;
                struct retry retry; /* of operations: enum election_op */
        } timers;
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
        struct lock_fact lock;          /* reply of a lock operation, lock seen */
        struct placeholder_fact holder; /* reply of a holder operation, holder seen */
        struct guard_fact guard;
};

enum election_message {
        ELECTION_MSG_NONE,
        ELECTION_MSG_QUERY,
        ELECTION_MSG_PERMIT,
        ELECTION_MSG_REVOKE,
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

/* What an election wants of the placeholder of one tenure. */
struct election_wish {
        uint64_t proof_after_usec;
        uint64_t interval_usec; /* renew at least so often, 0: as configured */
        uint64_t named;         /* uid that our lock names, 0 none */
        uint64_t observed;      /* uid that it waits for to fall silent, 0 none */
        bool needed;
        bool renewing;
};

void election_init(struct election *e);
/* views: of the placeholders of this lock's namespace, by tenure. */
struct election_actions election_step(struct election *e, const struct election_conf *c,
                                      const struct placeholder_view views[N_TENURES], const struct election_event *ev);
/* The next instant at which it wants ELECTION_EV_GO. */
uint64_t election_deadline(const struct election *e, const struct election_conf *c,
                           const struct placeholder_view views[N_TENURES]);
struct election_wish election_wish(const struct election *e, const struct election_conf *c, enum tenure tenure);

/* The instants of the permit that the proof behind `proven_at` allows under this lock's record; infinite for life.
 * Returns false when the recorded duration leaves no time. */
bool election_instants(const struct election *e, const struct election_conf *c, uint64_t proven_at_usec,
                       uint64_t *ret_stop_at, uint64_t *ret_kill_at);
/* Whether the permit in force rests on a lock that is proven (DESIGN 5, invariant 1), as far as this side knows. */
bool election_invariant(const struct election *e);
/* Why a candidate stays out now, REASON_NONE when it competes. */
uint8_t election_stays_out(const struct election *e, const struct placeholder_view views[N_TENURES], uint64_t now_usec,
                           const struct election_conf *c);

const char *election_state_to_string(uint8_t s);
const char *election_op_to_string(uint8_t op);
/* A sentence for a human. */
const char *election_reason_to_string(uint8_t r);
