/* SPDX-License-Identifier: Apache-2.0 */
/* One lock: who holds it, what to write next, whether the unit may run here. Pure: see core.h for the rules of a step.
 *
 * A step takes one event and returns at most one request to the API server or the disk, and at most two messages to
 * the guard; guard messages are sent first, in order. At most one request of a lock is in flight. */
#pragma once

#include "base/restarts.h"
#include "core/placeholder.h"

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

/* What has become of the record since the lock was first read sound (ARCHITECTURE 5, claim 5). */
enum record_change {
        RECORD_KEPT = 0,
        RECORD_CHANGED, /* ends a term of ours */
        RECORD_BROKEN,  /* tenure or a lease's placeholder: others do not know any more what to wait for */
};

/* How far it is to stop a unit that runs without a permit while the lock is held elsewhere. */
enum eviction {
        EVICTION_NONE = 0,
        EVICTION_READ,     /* the lock is read first: old news must not cost the only unit that runs */
        EVICTION_SENT,     /* the guard was told, and has not answered */
        EVICTION_ANSWERED, /* … it has, and has said nothing since */
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

        /* The record of this lock uid as first met, and the longest duration that it or its placeholder ever told: a
         * term keeps what its POST said, and who waits for its end waits for the longest. */
        struct {
                uint64_t uid; /* 0: none met */
                uint64_t record;
                uint64_t placeholder;
                uint64_t longest_usec;
                uint8_t tenure;
                uint8_t change; /* enum record_change: never taken back */
        } record;

        /* The guard as it last answered, and what it is still to be asked. */
        struct {
                struct guard_fact fact;
                uint64_t asked_uid; /* it was asked about it since it was connected */
                bool linked;        /* connected, and it answered since */
                bool query;         /* ask it about the lock's uid */
                uint64_t evict_uid; /* lock uid that `eviction` is about */
                bool permit_again;  /* connected anew: what was sent last may have been lost */
                uint8_t eviction;   /* enum eviction */
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
                bool genuine;               /* HOLDER_LIVES: it may be deleted */
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
                struct restarts restarts; /* of the unit by systemd */
                uint64_t sole_at_usec; /* the lease had run out: only a renewal since then lets its lock be removed */
                uint8_t reason;        /* enum election_reason: why it ended, or the one before */
                uint8_t stop;          /* enum term_stop */
                bool revoke_sent;      /* to the guard as now connected */
                bool lapsed;           /* … and it does: nothing is renewed any more */
        } term;

        /* What humans and systemd have asked for. */
        struct {
                bool stop; /* the agent stops, or the lock left the configuration */
                bool step_down;
        } wants;

        /* What earlier terms left behind. */
        struct {
                uint64_t unfit_uid; /* lock uid that another boot took over: never touched again */
                uint64_t rival_uid; /* lock uid that another instance of us leads under: waited for, not removed */
                uint64_t pod_uid;   /* Pod that owned a foreign lock, and may still believe that it leads */
                uint64_t prove_first_usec; /* a term ended unproven: the next lock only with a later proof */
                uint8_t failures;          /* of the unit, in a row */
        } past;

        /* When to act without an event. */
        struct {
                uint64_t verify_at_usec; /* read the lock again, whatever the watches say */
                uint64_t cool_until_usec;
                uint64_t pod_at_usec; /* look at past.pod_uid again */
                struct retry retry;   /* of operations: enum election_op */
        } timers;
};

/* What an election wants of the placeholder of one tenure. */
struct election_wish {
        uint64_t proof_after_usec;
        uint64_t interval_usec; /* renew at least so often, 0: as configured */
        uint64_t until_usec;    /* when the permit in force ends without a renewal, 0: none */
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
/* Whether the permit in force rests on a lock that is proven (ARCHITECTURE 5, I1), as far as this side knows. */
bool election_invariant(const struct election *e);
/* Why a candidate stays out now, REASON_NONE when it competes. */
uint8_t election_stays_out(const struct election *e, const struct placeholder_view views[N_TENURES], uint64_t now_usec,
                           const struct election_conf *c);
