/* SPDX-License-Identifier: Apache-2.0 */
/* The door of the core: all elections and placeholders of one agent. The core decides everything about leadership; a
 * shell tells it what happened (events) and what changed (core_apply), performs the actions it returns, and asks it for
 * views. Nothing else of it is read or written outside of agent/core (tests/check_layers.sh).
 *
 * Rules: it reads no clock (now_usec, CLOCK_BOOTTIME, comes with the event and never goes back), does no I/O, allocates
 * nothing and cannot fail. The caller performs the actions of a step in order before the next step, and turns their
 * results into events. The same sequence of core_apply() and steps gives the same actions: that is what traces replay.
 * Carries ARCHITECTURE 5, claims 2 to 5 and 7. */
#pragma once

#include "core/steps.h"

struct core_lock;
struct core_placeholder;

/* Zeroed: no locks. */
struct core {
        struct core_lock *locks; /* memory of the caller, see core_set_room() */
        struct core_placeholder *placeholders;
        size_t n_locks;
        size_t n_placeholders;
        bool removing;          /* the agent stops for good: the placeholders go once no lock names them */
        bool away;              /* the host is about to sleep */
        uint64_t woken_at_usec; /* when those that wait for an answer were last told that there are some again */
};

/* Bytes for so many of them. */
size_t core_locks_size(size_t n);
size_t core_placeholders_size(size_t n);
/* Hands over memory for locks and placeholders, which holds what the last one held (realloc() may move it between
 * steps); it stays the caller's. */
void core_set_room(struct core *core, void *locks, void *placeholders);

/* ---- changes ---- */

enum core_change_type {
        CORE_ADD_PLACEHOLDER, /* gets the index n_placeholders; there must be room */
        CORE_SET_PLACEHOLDER,
        CORE_ADD_LOCK, /* gets the index n_locks; there must be room */
        CORE_SET_LOCK,
        CORE_RESTART_LOCK, /* a lock that is out (STOPPED) is configured again: begins anew */
        CORE_REMOVE_LOCK,  /* a lock that is out goes; the last one takes its index */
        CORE_SLEEP,        /* the host is about to sleep: leases end, none is begun */
        CORE_WAKE,
        CORE_STOP,     /* the agent stops for good: every lock is released, then the placeholders go */
        CORE_ANSWERED, /* the API server has answered somebody, or a watch: who waits for an answer tries again */
};
enum {
        N_CORE_CHANGES = CORE_ANSWERED + 1
};

struct core_change {
        uint8_t type; /* enum core_change_type */
        uint32_t index;
        uint32_t placeholder[N_TENURES];          /* ADD_LOCK: which one a term of this tenure uses */
        struct election_conf lock;                /* ADD_LOCK, SET_LOCK (`away` and `ending` are the core's) */
        struct placeholder_conf placeholder_conf; /* ADD_PLACEHOLDER, SET_PLACEHOLDER */
        uint64_t now_usec;                        /* ANSWERED */
        uint32_t random;                          /* ANSWERED */
};

/* A change counts from the next step; a term in force keeps what it began with. */
void core_apply(struct core *core, const struct core_change *change);

/* ---- steps ---- */

struct election_actions core_lock_step(struct core *core, size_t i, const struct election_event *ev);
/* ev->wish is filled in here. */
struct placeholder_action core_placeholder_step(struct core *core, size_t i, struct placeholder_event *ev);

enum core_turn {
        CORE_TURN_NONE,
        CORE_TURN_LOCK,
        CORE_TURN_PLACEHOLDER,
};

/* Whose turn it is at `now`: what changed or fell due. Call until it returns CORE_TURN_NONE, stepping the one it names
 * with a GO event. */
enum core_turn core_next(const struct core *core, uint64_t now_usec, size_t *ret_index);
/* The next instant at which core_next() has work. */
uint64_t core_deadline(const struct core *core);

/* The rules that hold after every step (ARCHITECTURE 5, I1): whether what is permitted is proven, as far as this side
 * knows. A violation is a mistake of ours: stop the unit first. */
bool core_invariant(const struct core *core);
bool core_lock_invariant(const struct core *core, size_t i);

/* ---- views ---- */

/* One lock, as of `now_usec`. Instants are CLOCK_BOOTTIME; USEC_INFINITY: never. */
struct core_lock_view {
        enum election_state state;
        enum election_op op;            /* the request in flight */
        enum election_reason reason;    /* why the last term ended, or ends; REASON_NONE: there was none */
        enum election_reason stays_out; /* why it does not compete now; REASON_NONE: it does */
        bool known;                     /* the lock was read or seen: the next one means something */
        struct lock_fact lock;
        uint64_t term_uid;           /* of the lock that we hold or are giving up; 0: none */
        uint64_t stop_timeout_usec;  /* of a lease that we hold; 0: as configured */
        uint64_t longest_usec;       /* the longest duration that was seen for the lock */
        bool leased;                 /* a lease is held here, or just being won */
        bool guard_linked;           /* the guard answered since it was connected */
        enum unit_state unit;        /* as it last said */
        bool unfit;                  /* … and it would refuse to start it */
        bool evicted;                /* it was told to stop the unit that runs there without a permit */
        bool settled;                /* not on its way from a start to a permit */
        bool may_run;                /* its unit runs here, or was not seen stopped after our last word to the guard */
        uint64_t free_at_usec;       /* a lease of ours: when others may take it over by themselves; else never */
        bool holder_seen;            /* lease of another: its placeholder was read */
        bool holder_wanted;          /* … and is to be followed: it is what the lock waits for */
        uint64_t holder_since_usec;  /* since when it is as it is now */
        uint64_t takes_over_at_usec; /* when we depose the holder unless it renews */
        uint64_t takes_part_at_usec; /* end of a cooldown; 0: none */
        uint64_t stop_at_usec;       /* of the permit in force: when it ends without another renewal */
        uint64_t kill_at_usec;
        enum tenure next_tenure; /* of a term that begins now */
        size_t placeholder;      /* index of the one that a term that begins now uses */
        size_t own_placeholder;  /* index of the one that a term of the lock's tenure uses */
};
struct core_lock_view core_lock_view(const struct core *core, size_t i, uint64_t now_usec);

struct core_placeholder_view {
        enum placeholder_state state;
        enum placeholder_op op; /* the request in flight */
        uint64_t uid;
        uint64_t version;
        bool wanted;   /* life tenure: a lock of ours names it, and its renewals are rare: it is to be followed */
        bool unproven; /* a proof is waited for: follow it later */
};
struct core_placeholder_view core_placeholder_view(const struct core *core, size_t i);

/* After CORE_STOP: nothing is held any more, or cannot be given back now. */
bool core_released(const struct core *core);
/* Any lease is held, or just being won. */
bool core_leased(const struct core *core);
/* No lock is on its way from a start to a permit. */
bool core_settled(const struct core *core);
