/* SPDX-License-Identifier: Apache-2.0 */
/* A small world around the core of one agent, for unit tests: an API server that holds its locks and placeholders, a
 * guard for each lock, a clock that moves only when told. Answers come only when a test asks for them, so every order
 * can be written down. Each action the core takes is checked against the rules that hold in every world (see
 * core_builder.c: check_request(), check_message()) and appended to a log in words, which tests compare.
 *
 * Words of the log, separated by blanks; lock 1 and later carry a prefix such as "1:":
 *   QUERY PERMIT REVOKE EVICT                   to the guard
 *   read claim create adopt restore delete strip read-holder delete-holder
 *   life.read life.claim life.create life.renew life.clear life.delete      (or lease.…) of the placeholders */
#pragma once

#include "core/core_parts.h"

#define BUILDER_LOCKS 3
#define BUILDER_UIDS  65536
#define SEC           USEC_PER_SEC

enum builder_fault {
        BUILDER_FINE,
        BUILDER_LOST,    /* executed, the answer is lost: UNKNOWN */
        BUILDER_DROPPED, /* not executed, answered UNKNOWN */
        BUILDER_LATE,    /* answered UNKNOWN, executed by builder_land() */
        BUILDER_DENIED,
        BUILDER_FAILED,
        BUILDER_CONFLICT,
        BUILDER_REFUSED,   /* no connection: surely not executed, and no answer */
        BUILDER_THROTTLED, /* 429, Retry-After: 60 */
};
enum {
        N_BUILDER_FAULTS = BUILDER_THROTTLED + 1
};

struct builder_request {
        uint64_t uid, version, placeholder, sent_at_usec;
        uint8_t op; /* 0: none */
};

struct builder_guard {
        uint64_t permit, stop_at_usec, kill_at_usec;
        uint8_t unit;      /* enum unit_state */
        uint8_t refuse;    /* enum guard_result: what the next permits meet */
        uint32_t restarts; /* by systemd */
        bool unfit;        /* idle, and would be refused */
        bool ungated;      /* not enrolled: nothing of it is evicted */
        bool slow;         /* a stop is confirmed only by builder_unit_stopped() */
        uint64_t waits;    /* uid of the revoke that waits for that */
        struct {
                uint8_t type;
                uint64_t uid, stop_at_usec, kill_at_usec;
        } queue[64];
        unsigned n_queue;
};

struct builder {
        struct core core;
        struct core_lock locks[BUILDER_LOCKS];
        struct core_placeholder placeholders[N_TENURES];
        uint64_t now;
        uint32_t random;
        bool link;
        uint64_t next_uid, next_version;
        uint64_t duration_usec; /* what new leases record; 0: 15 s */
        /* the truth */
        struct lock_fact lock[BUILDER_LOCKS];
        bool lock_by_own[BUILDER_LOCKS]; /* its placeholder is (was) one of this host */
        struct placeholder_fact own[N_TENURES], holder, pod;
        struct builder_guard guard[BUILDER_LOCKS];
        bool revoked[BUILDER_UIDS];
        /* under way */
        struct builder_request request[BUILDER_LOCKS], beat[N_TENURES], late[BUILDER_LOCKS], late_beat[N_TENURES];
        /* what the rules need */
        struct lock_fact answered[BUILDER_LOCKS]; /* by the last answer to a read or write */
        bool revoke_sent[BUILDER_UIDS], revoke_answered[BUILDER_UIDS], stop_seen[BUILDER_UIDS];
        struct election_actions out; /* of the last step */
        unsigned n_requests;         /* to the API server, ever */
        char log[4096];
        size_t n_log;
};

/* Configurations that fit together: lease 15 s, renewal deadline 8 s, stop 3 s, margin 2 s, verify 60 s. */
struct election_conf builder_election_conf(uint8_t tenure);
struct placeholder_conf builder_placeholder_conf(uint8_t tenure);
/* Facts: a sound lock of ours of this boot, a sound lock of somebody else. */
struct lock_fact builder_own_lock(uint64_t uid, uint8_t tenure, uint64_t placeholder);
struct lock_fact builder_other_lock(uint64_t uid, uint8_t tenure, uint64_t placeholder);

/* One agent configured for n locks of that tenure; nothing exists yet, nothing was done yet. */
void builder_init(struct builder *b, uint8_t tenure, size_t n_locks);
/* Steps what is due. Fails the test when the core does not come to rest, or would never wake although it must. */
void builder_pump(struct builder *b);
void builder_event(struct builder *b, size_t i, struct election_event ev);
/* The same with a type only, such as ELECTION_EV_STEP_DOWN. */
void builder_signal(struct builder *b, size_t i, uint8_t type);
void builder_stop_agent(struct builder *b);
/* The answer to what lock i (the placeholder of tenure t) has under way. Fails the test when that is not `op`. */
void builder_answer(struct builder *b, size_t i, uint8_t op, enum builder_fault fault);
void builder_beat(struct builder *b, uint8_t t, uint8_t op, enum builder_fault fault);
/* Whatever is under way, if anything. Returns whether there was something. */
bool builder_answer_any(struct builder *b, size_t i, enum builder_fault fault);
bool builder_beat_any(struct builder *b, uint8_t t, enum builder_fault fault);
/* A request answered with BUILDER_LATE is executed now. */
void builder_land(struct builder *b, size_t i);
void builder_land_beat(struct builder *b, uint8_t t);
/* The guard reads and answers one message. Returns whether there was one. */
bool builder_guard(struct builder *b, size_t i);
/* The unit of lock i is seen stopped: answers the revoke that waits. */
void builder_unit_stopped(struct builder *b, size_t i);
/* The guard pushes the state of the unit. */
void builder_unit(struct builder *b, size_t i, uint8_t unit);
void builder_link(struct builder *b, bool up);
/* Everything is answered well until nothing is under way. */
void builder_settle(struct builder *b);
/* The same until lock 0 has that operation under way. */
void builder_until(struct builder *b, uint8_t op);
/* The clock moves on, deadline by deadline, with everything answered well. */
void builder_wait(struct builder *b, uint64_t usec);
/* The clock jumps; nothing is answered, what is due is stepped. */
void builder_jump(struct builder *b, uint64_t usec);
/* A watch shows the truth: of the lock, of its holder's placeholder, of our own. */
void builder_watch(struct builder *b, size_t i);
void builder_watch_holder(struct builder *b, size_t i);
void builder_watch_own(struct builder *b, uint8_t t);
/* Somebody marks lock i; or it vanishes; or its placeholder does; garbage collection marks what lost its owner. */
void builder_mark(struct builder *b, size_t i);
void builder_remove(struct builder *b, size_t i);
void builder_collect(struct builder *b);
/* Somebody else holds lock i; for lease tenure its placeholder is b->holder, renewed by builder_holder_renews(). */
void builder_other_wins(struct builder *b, size_t i, uint8_t tenure);
void builder_holder_renews(struct builder *b);
/* The agent starts anew: on the same boot, or after a reboot of the host. Linked to the guard. */
void builder_restart(struct builder *b);
void builder_reboot(struct builder *b);
/* From nothing to LEADING with every lock; the log is cleared. */
void builder_lead(struct builder *b);

struct election *builder_election(struct builder *b, size_t i);
/* Of lock 0: state, why the last term ended, why it stays out now. */
uint8_t builder_state(const struct builder *b);
uint8_t builder_reason(const struct builder *b);
uint8_t builder_hold(const struct builder *b);
/* Forgets the log. */
void builder_forget(struct builder *b);
/* The log is exactly these words; forgets it. */
void builder_expect(struct builder *b, const char *words);
/* The words occur in that order, whatever is between; keeps the log. */
void builder_saw(struct builder *b, const char *words);
void builder_never(struct builder *b, const char *word);

/* What the API server does with one request, whoever sends it; returns enum core_result and fills in what the answer
 * shows. The rules are those of tests/rules. */
uint8_t builder_execute(struct builder *b, size_t i, const struct builder_request *r, struct election_event *ret);
uint8_t builder_execute_beat(struct builder *b, uint8_t t, const struct builder_request *r,
                             struct placeholder_event *ret);

/* Between the two parts of this module: one step, its actions checked and noted. */
void builder_step(struct builder *b, size_t i, struct election_event ev);
void builder_step_beat(struct builder *b, uint8_t t, struct placeholder_event ev);
