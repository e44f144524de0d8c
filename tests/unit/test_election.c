/* SPDX-License-Identifier: Apache-2.0 */
/* One step of an election from each state under each event. Every combination has exactly one row: of a reply also
 * every operation and every result. Stories over many steps are in the other test_election_*.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

enum {
        OURS = 21,
        THEIRS = 31,
        OWN_PLACEHOLDER = 11,
        THEIR_PLACEHOLDER = 41,
        VERSION = 5,
};
#define NOW (1000 * SEC)

/* ---- one election in each state ---- */

/* The plainest election in that state, with nothing under way: leads in life tenure; deposes in lease tenure. */
static struct election in_state(uint8_t state) {
        struct election e;

        election_init(&e);
        e.state = state;
        e.lock.reread = false;
        e.lock.source = LOCK_SOURCE_ANSWER;
        e.guard.linked = true;
        e.guard.fact.unit = UNIT_STOPPED;
        e.claim_ready = true;
        e.timers.verify_at_usec = NOW + 60 * SEC;
        e.lock.fact = builder_own_lock(OURS, TENURE_LIFE, OWN_PLACEHOLDER);
        e.lock.fact.version = VERSION;
        switch ((enum election_state)state) {
        case ELECTION_STARTING:
                e.lock.source = LOCK_SOURCE_NONE;
                e.guard.linked = e.claim_ready = false;
                e.lock.reread = true;
                e.timers.verify_at_usec = 0;
                e.guard.fact.unit = UNIT_UNKNOWN;
                e.lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
                break;
        case ELECTION_CANDIDATE:
        case ELECTION_DEPOSING:
                e.lock.fact = builder_other_lock(THEIRS, TENURE_LEASE, THEIR_PLACEHOLDER);
                e.lock.fact.version = VERSION;
                e.holder.lock = THEIRS;
                e.holder.uid = THEIR_PLACEHOLDER;
                e.holder.version = VERSION;
                e.holder.state = state == ELECTION_DEPOSING ? HOLDER_GONE : HOLDER_LIVES;
                e.holder.genuine = true;
                e.holder.seen_at_usec = e.holder.silent_since_usec =
                        state == ELECTION_DEPOSING ? NOW - 40 * SEC : NOW - SEC;
                break;
        case ELECTION_CLAIMING:
                e.lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
                break;
        case ELECTION_ADOPTING:
                e.lock.fact.same_boot = false;
                e.guard.fact.about = OURS;
                e.claim_ready = false;
                break;
        case ELECTION_PROVING:
        case ELECTION_PERMITTING:
        case ELECTION_LEADING:
        case ELECTION_STOPPING:
        case ELECTION_RELEASING:
                e.term.uid = OURS;
                e.term.placeholder = OWN_PLACEHOLDER;
                e.term.own_at_usec = NOW - SEC;
                e.claim_ready = false;
                e.guard.fact.about = OURS;
                if (state != ELECTION_PROVING)
                        e.term.permit_proof_usec = NOW - SEC;
                if (state == ELECTION_PERMITTING || state == ELECTION_LEADING)
                        e.guard.fact.permit = OURS;
                if (state == ELECTION_PERMITTING)
                        e.guard.fact.unit = UNIT_STARTING;
                if (state == ELECTION_LEADING)
                        e.guard.fact.unit = UNIT_RUNNING;
                if (state >= ELECTION_STOPPING) {
                        e.guard.fact.permit = OURS;
                        e.guard.fact.unit = UNIT_STOPPING;
                        e.term.revoke_sent = true;
                }
                if (state == ELECTION_RELEASING) {
                        e.term.stop = STOP_CONFIRMED;
                        e.guard.fact.permit = 0;
                        e.guard.fact.unit = UNIT_STOPPED;
                }
                break;
        case ELECTION_STOPPED:
                e.wants.stop = true;
                e.lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
                break;
        }
        return e;
}

/* What an answer of 200 to that operation carries in that state. */
static struct lock_fact answer(const struct election *e, uint8_t op) {
        struct lock_fact f = e->lock.fact;

        switch ((enum election_op)op) {
        case ELECTION_OP_CREATE:
                f = builder_own_lock(OURS, TENURE_LIFE, OWN_PLACEHOLDER);
                f.version = VERSION;
                break;
        case ELECTION_OP_ADOPT:
        case ELECTION_OP_RESTORE:
                f.version = VERSION + 1;
                break;
        case ELECTION_OP_DELETE:
                f.version = VERSION + 1;
                f.deleting = true;
                break;
        case ELECTION_OP_STRIP:
                f = (struct lock_fact){.sort = LOCK_ABSENT};
                break;
        case ELECTION_OP_READ: /* nothing new; without a lock: somebody else's */
                if (f.sort == LOCK_ABSENT) {
                        f = builder_other_lock(THEIRS, TENURE_LIFE, THEIR_PLACEHOLDER);
                        f.version = VERSION;
                }
                break;
        case ELECTION_OP_NONE:
        case ELECTION_OP_CLAIM:
        case ELECTION_OP_READ_HOLDER:
        case ELECTION_OP_DELETE_HOLDER:
        case ELECTION_OP_READ_POD:
                break;
        }
        return f;
}

/* The event that each column stands for. Lock seen: what is known, now marked (without one: somebody else's). Holder
 * seen: renewed. Guard: the unit runs under the permit; while stopping: seen stopped; else: nothing new. */
static struct election_event event(const struct election *e, uint8_t type, uint8_t op, uint8_t result) {
        struct election_event ev = {.now_usec = NOW, .random = 512, .type = type, .op = op, .result = result};

        switch ((enum election_event_type)type) {
        case ELECTION_EV_REPLY:
                if (result == RESULT_OK)
                        ev.lock = answer(e, op);
                if (result == RESULT_OK)
                        ev.holder = (struct placeholder_fact){
                                .uid = THEIR_PLACEHOLDER, .version = VERSION, .present = true, .genuine = true};
                break;
        case ELECTION_EV_LOCK_SEEN:
                ev.lock = answer(e, ELECTION_OP_READ);
                ev.lock.version = VERSION + 1;
                ev.lock.deleting = true;
                break;
        case ELECTION_EV_HOLDER_SEEN:
                ev.holder = (struct placeholder_fact){
                        .uid = THEIR_PLACEHOLDER, .version = VERSION + 1, .present = true, .genuine = true};
                break;
        case ELECTION_EV_GUARD:
                ev.guard = (struct guard_fact){.unit = UNIT_STOPPED};
                if (e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING)
                        ev.guard = (struct guard_fact){.permit = OURS, .unit = UNIT_RUNNING};
                if (e->state == ELECTION_STOPPING)
                        ev.guard = (struct guard_fact){
                                .about = OURS, .unit = UNIT_STOPPED, .revoked = true, .stopped = true};
                break;
        case ELECTION_EV_GO:
        case ELECTION_EV_LINK_UP:
        case ELECTION_EV_LINK_DOWN:
        case ELECTION_EV_STEP_DOWN:
        case ELECTION_EV_STOP:
                break;
        }
        return ev;
}

static struct election_actions take(uint8_t state, uint8_t type, uint8_t op, uint8_t result, struct election *ret) {
        /* Live, but proven before the lock was ours: only a new proof counts. */
        const struct placeholder_view views[N_TENURES] = {
                [TENURE_LIFE] = {.uid = OWN_PLACEHOLDER, .proven_at_usec = NOW - 2 * SEC, .status = PLACEHOLDER_OURS},
                [TENURE_LEASE] = {.status = PLACEHOLDER_PENDING},
        };
        const struct election_conf c = builder_election_conf(TENURE_LIFE);
        struct election_event ev;

        *ret = in_state(state);
        ev = event(ret, type, op, result);
        if (type == ELECTION_EV_REPLY)
                ret->op = op;
        return election_step(ret, &c, views, &ev);
}

/* ---- the table ---- */

struct row {
        uint8_t state, event;
        uint16_t ops, results; /* of a reply: sets of bits */
        uint8_t next, request, messages[2];
};

/* Sets of results that are mostly treated alike. */
enum {
        OK = 1 << RESULT_OK,
        GONE = 1 << RESULT_NOT_FOUND,
        EXISTS = 1 << RESULT_EXISTS,
        CONFLICT = 1 << RESULT_CONFLICT,
        MET = EXISTS | CONFLICT, /* answered: not as you think */
        REFUSED = 1 << RESULT_DENIED | 1 << RESULT_FAILED,
        UNKNOWN = 1 << RESULT_UNKNOWN,
        FAIL = REFUSED | UNKNOWN,
        WHATEVER = OK | GONE | MET | FAIL,
};
/* Sets of operations. */
enum {
        NOTHING = 1 << ELECTION_OP_NONE,
        READ = 1 << ELECTION_OP_READ,
        CLAIM = 1 << ELECTION_OP_CLAIM,
        CREATE = 1 << ELECTION_OP_CREATE,
        ADOPT = 1 << ELECTION_OP_ADOPT,
        RESTORE = 1 << ELECTION_OP_RESTORE,
        DELETE = 1 << ELECTION_OP_DELETE,
        STRIP = 1 << ELECTION_OP_STRIP,
        READ_HOLDER = 1 << ELECTION_OP_READ_HOLDER,
        DELETE_HOLDER = 1 << ELECTION_OP_DELETE_HOLDER,
        HOLDER = READ_HOLDER | DELETE_HOLDER | 1 << ELECTION_OP_READ_POD,
        ALL = (1 << N_ELECTION_OPS) - 1,
};

/* From, event -> to, request, messages to the guard. */
#define ON(state, event, next, request, m0, m1)                                                                        \
        {                                                                                                              \
                ELECTION_##state, ELECTION_EV_##event, ALL, WHATEVER, ELECTION_##next, ELECTION_OP_##request, {        \
                        ELECTION_MSG_##m0, ELECTION_MSG_##m1                                                           \
                }                                                                                                      \
        }
/* The same for a reply: to these operations, with these results. */
#define RE(state, ops, results, next, request, m0, m1)                                                                 \
        {                                                                                                              \
                ELECTION_##state, ELECTION_EV_REPLY, ops, results, ELECTION_##next, ELECTION_OP_##request, {           \
                        ELECTION_MSG_##m0, ELECTION_MSG_##m1                                                           \
                }                                                                                                      \
        }

/* clang-format off */
static const struct row rows[] = {
        /* starting */
        ON(STARTING, GO, STARTING, READ, NONE, NONE),
        ON(STARTING, LOCK_SEEN, STARTING, READ, NONE, NONE),
        ON(STARTING, HOLDER_SEEN, STARTING, READ, NONE, NONE),
        ON(STARTING, GUARD, STARTING, READ, NONE, NONE),
        ON(STARTING, LINK_UP, STARTING, READ, QUERY, NONE),
        ON(STARTING, LINK_DOWN, STARTING, READ, NONE, NONE),
        ON(STARTING, STEP_DOWN, STARTING, READ, NONE, NONE),
        ON(STARTING, STOP, STARTING, READ, NONE, NONE),
        RE(STARTING, ALL, OK | GONE | MET, STARTING, READ, NONE, NONE),
        RE(STARTING, ALL, FAIL, STARTING, NONE, NONE, NONE),
        /* candidate */
        ON(CANDIDATE, GO, CANDIDATE, NONE, NONE, NONE),
        ON(CANDIDATE, LOCK_SEEN, CANDIDATE, NONE, NONE, NONE),
        ON(CANDIDATE, HOLDER_SEEN, CANDIDATE, NONE, NONE, NONE),
        ON(CANDIDATE, GUARD, CANDIDATE, NONE, NONE, NONE),
        ON(CANDIDATE, LINK_UP, CANDIDATE, NONE, QUERY, NONE),
        ON(CANDIDATE, LINK_DOWN, CANDIDATE, NONE, NONE, NONE),
        ON(CANDIDATE, STEP_DOWN, CANDIDATE, NONE, NONE, NONE),
        ON(CANDIDATE, STOP, STOPPED, NONE, NONE, NONE),
        RE(CANDIDATE, NOTHING | HOLDER, WHATEVER, CANDIDATE, NONE, NONE, NONE),
        RE(CANDIDATE, READ, OK | MET | FAIL, CANDIDATE, NONE, NONE, NONE),
        RE(CANDIDATE, CLAIM | DELETE, OK | FAIL, CANDIDATE, NONE, NONE, NONE),
        RE(CANDIDATE, CREATE | ADOPT | RESTORE | STRIP, FAIL, CANDIDATE, NONE, NONE, NONE),
        RE(CANDIDATE, READ | ADOPT | RESTORE | DELETE, GONE, CLAIMING, CREATE, NONE, NONE),
        RE(CANDIDATE, STRIP, OK | GONE, CLAIMING, CREATE, NONE, NONE),
        RE(CANDIDATE, CLAIM, GONE | MET, CANDIDATE, CLAIM, NONE, NONE),
        RE(CANDIDATE, CREATE, OK, PROVING, NONE, NONE, NONE),
        RE(CANDIDATE, CREATE, GONE | MET, CANDIDATE, READ, NONE, NONE),
        RE(CANDIDATE, ADOPT | RESTORE, OK | MET, CANDIDATE, READ, NONE, NONE),
        RE(CANDIDATE, DELETE | STRIP, MET, CANDIDATE, READ, NONE, NONE),
        /* claiming */
        ON(CLAIMING, GO, CLAIMING, CREATE, NONE, NONE),
        ON(CLAIMING, LOCK_SEEN, CANDIDATE, NONE, NONE, NONE),
        ON(CLAIMING, HOLDER_SEEN, CLAIMING, CREATE, NONE, NONE),
        ON(CLAIMING, GUARD, CLAIMING, CREATE, NONE, NONE),
        ON(CLAIMING, LINK_UP, CLAIMING, CREATE, QUERY, NONE),
        ON(CLAIMING, LINK_DOWN, CANDIDATE, NONE, NONE, NONE),
        ON(CLAIMING, STEP_DOWN, CLAIMING, CREATE, NONE, NONE),
        ON(CLAIMING, STOP, STOPPED, NONE, NONE, NONE),
        RE(CLAIMING, NOTHING | HOLDER, OK | GONE | MET, CLAIMING, CREATE, NONE, NONE),
        RE(CLAIMING, READ, GONE | MET, CLAIMING, CREATE, NONE, NONE),
        RE(CLAIMING, CLAIM, OK, CLAIMING, CREATE, NONE, NONE),
        RE(CLAIMING, ADOPT | RESTORE, GONE, CLAIMING, CREATE, NONE, NONE),
        RE(CLAIMING, DELETE | STRIP, OK | GONE, CLAIMING, CREATE, NONE, NONE),
        RE(CLAIMING, NOTHING | READ | CLAIM | HOLDER, FAIL, CLAIMING, NONE, NONE, NONE),
        RE(CLAIMING, CREATE, REFUSED, CLAIMING, NONE, NONE, NONE),
        RE(CLAIMING, READ, OK, CANDIDATE, NONE, NONE, NONE),
        RE(CLAIMING, CREATE, UNKNOWN, CANDIDATE, NONE, NONE, NONE),
        RE(CLAIMING, ADOPT | RESTORE | DELETE | STRIP, FAIL, CANDIDATE, NONE, NONE, NONE),
        RE(CLAIMING, CLAIM, GONE | MET, CLAIMING, CLAIM, NONE, NONE),
        RE(CLAIMING, CREATE, OK, PROVING, NONE, NONE, NONE),
        RE(CLAIMING, CREATE, GONE | MET, CANDIDATE, READ, NONE, NONE),
        RE(CLAIMING, ADOPT | RESTORE, OK | MET, CANDIDATE, READ, NONE, NONE),
        RE(CLAIMING, DELETE | STRIP, MET, CANDIDATE, READ, NONE, NONE),
        /* adopting */
        ON(ADOPTING, GO, ADOPTING, ADOPT, NONE, NONE),
        ON(ADOPTING, LOCK_SEEN, ADOPTING, READ, NONE, NONE),
        ON(ADOPTING, HOLDER_SEEN, ADOPTING, ADOPT, NONE, NONE),
        ON(ADOPTING, GUARD, ADOPTING, ADOPT, NONE, NONE),
        ON(ADOPTING, LINK_UP, ADOPTING, ADOPT, QUERY, NONE),
        ON(ADOPTING, LINK_DOWN, CANDIDATE, NONE, NONE, NONE),
        ON(ADOPTING, STEP_DOWN, ADOPTING, ADOPT, NONE, NONE),
        ON(ADOPTING, STOP, ADOPTING, ADOPT, NONE, NONE),
        RE(ADOPTING, NOTHING | CLAIM | HOLDER, OK | GONE | MET, ADOPTING, ADOPT, NONE, NONE),
        RE(ADOPTING, READ, OK | MET, ADOPTING, ADOPT, NONE, NONE),
        RE(ADOPTING, ALL, FAIL, ADOPTING, NONE, NONE, NONE),
        RE(ADOPTING, READ | ADOPT | RESTORE | DELETE, GONE, CLAIMING, CLAIM, NONE, NONE),
        RE(ADOPTING, STRIP, OK | GONE, CLAIMING, CLAIM, NONE, NONE),
        RE(ADOPTING, CREATE, OK, PROVING, NONE, NONE, NONE),
        RE(ADOPTING, CREATE, GONE | MET, ADOPTING, READ, NONE, NONE),
        RE(ADOPTING, ADOPT | RESTORE, OK | MET, ADOPTING, READ, NONE, NONE),
        RE(ADOPTING, DELETE | STRIP, MET, ADOPTING, READ, NONE, NONE),
        RE(ADOPTING, DELETE, OK, ADOPTING, ADOPT, NONE, NONE),
        /* proving */
        ON(PROVING, GO, PROVING, NONE, NONE, NONE),
        ON(PROVING, LOCK_SEEN, STOPPING, NONE, REVOKE, NONE),
        ON(PROVING, HOLDER_SEEN, PROVING, NONE, NONE, NONE),
        ON(PROVING, GUARD, PROVING, NONE, NONE, NONE),
        ON(PROVING, LINK_UP, PROVING, NONE, QUERY, NONE),
        ON(PROVING, LINK_DOWN, PROVING, NONE, NONE, NONE),
        ON(PROVING, STEP_DOWN, STOPPING, NONE, REVOKE, NONE),
        ON(PROVING, STOP, STOPPING, NONE, REVOKE, NONE),
        RE(PROVING, NOTHING | CLAIM | HOLDER, WHATEVER, PROVING, NONE, NONE, NONE),
        RE(PROVING, READ, OK | MET | FAIL, PROVING, NONE, NONE, NONE),
        RE(PROVING, CREATE, OK | FAIL, PROVING, NONE, NONE, NONE),
        RE(PROVING, ADOPT | RESTORE | DELETE | STRIP, FAIL, PROVING, NONE, NONE, NONE),
        RE(PROVING, READ | ADOPT | RESTORE, GONE, STOPPING, NONE, REVOKE, NONE),
        RE(PROVING, DELETE | STRIP, OK | GONE, STOPPING, NONE, REVOKE, NONE),
        RE(PROVING, CREATE, GONE | MET, PROVING, READ, NONE, NONE),
        RE(PROVING, ADOPT | RESTORE, OK | MET, PROVING, READ, NONE, NONE),
        RE(PROVING, DELETE | STRIP, MET, PROVING, READ, NONE, NONE),
        /* permitting */
        ON(PERMITTING, GO, PERMITTING, NONE, NONE, NONE),
        ON(PERMITTING, LOCK_SEEN, STOPPING, NONE, REVOKE, NONE),
        ON(PERMITTING, HOLDER_SEEN, PERMITTING, NONE, NONE, NONE),
        ON(PERMITTING, GUARD, LEADING, NONE, NONE, NONE),
        ON(PERMITTING, LINK_UP, PERMITTING, NONE, QUERY, NONE),
        ON(PERMITTING, LINK_DOWN, PERMITTING, NONE, NONE, NONE),
        ON(PERMITTING, STEP_DOWN, STOPPING, NONE, REVOKE, NONE),
        ON(PERMITTING, STOP, STOPPING, NONE, REVOKE, NONE),
        RE(PERMITTING, NOTHING | CLAIM | HOLDER, WHATEVER, PERMITTING, NONE, NONE, NONE),
        RE(PERMITTING, READ, OK | MET | FAIL, PERMITTING, NONE, NONE, NONE),
        RE(PERMITTING, CREATE, OK | FAIL, PERMITTING, NONE, NONE, NONE),
        RE(PERMITTING, ADOPT | RESTORE | DELETE | STRIP, FAIL, PERMITTING, NONE, NONE, NONE),
        RE(PERMITTING, READ | ADOPT | RESTORE, GONE, STOPPING, NONE, REVOKE, NONE),
        RE(PERMITTING, DELETE | STRIP, OK | GONE, STOPPING, NONE, REVOKE, NONE),
        RE(PERMITTING, CREATE, GONE | MET, PERMITTING, READ, NONE, NONE),
        RE(PERMITTING, ADOPT | RESTORE, OK | MET, PERMITTING, READ, NONE, NONE),
        RE(PERMITTING, DELETE | STRIP, MET, PERMITTING, READ, NONE, NONE),
        /* leading */
        ON(LEADING, GO, LEADING, NONE, NONE, NONE),
        ON(LEADING, LOCK_SEEN, STOPPING, NONE, REVOKE, NONE),
        ON(LEADING, HOLDER_SEEN, LEADING, NONE, NONE, NONE),
        ON(LEADING, GUARD, LEADING, NONE, NONE, NONE),
        ON(LEADING, LINK_UP, LEADING, NONE, QUERY, NONE),
        ON(LEADING, LINK_DOWN, LEADING, NONE, NONE, NONE),
        ON(LEADING, STEP_DOWN, STOPPING, NONE, REVOKE, NONE),
        ON(LEADING, STOP, STOPPING, NONE, REVOKE, NONE),
        RE(LEADING, NOTHING | CLAIM | HOLDER, WHATEVER, LEADING, NONE, NONE, NONE),
        RE(LEADING, READ, OK | MET | FAIL, LEADING, NONE, NONE, NONE),
        RE(LEADING, CREATE, OK | FAIL, LEADING, NONE, NONE, NONE),
        RE(LEADING, ADOPT | RESTORE | DELETE | STRIP, FAIL, LEADING, NONE, NONE, NONE),
        RE(LEADING, READ | ADOPT | RESTORE, GONE, STOPPING, NONE, REVOKE, NONE),
        RE(LEADING, DELETE | STRIP, OK | GONE, STOPPING, NONE, REVOKE, NONE),
        RE(LEADING, CREATE, GONE | MET, LEADING, READ, NONE, NONE),
        RE(LEADING, ADOPT | RESTORE, OK | MET, LEADING, READ, NONE, NONE),
        RE(LEADING, DELETE | STRIP, MET, LEADING, READ, NONE, NONE),
        /* stopping */
        ON(STOPPING, GO, STOPPING, NONE, NONE, NONE),
        ON(STOPPING, LOCK_SEEN, STOPPING, NONE, NONE, NONE),
        ON(STOPPING, HOLDER_SEEN, STOPPING, NONE, NONE, NONE),
        ON(STOPPING, GUARD, RELEASING, DELETE, NONE, NONE),
        ON(STOPPING, LINK_UP, STOPPING, NONE, REVOKE, NONE),
        ON(STOPPING, LINK_DOWN, STOPPING, NONE, NONE, NONE),
        ON(STOPPING, STEP_DOWN, STOPPING, NONE, NONE, NONE),
        ON(STOPPING, STOP, STOPPING, NONE, NONE, NONE),
        RE(STOPPING, ALL, WHATEVER, STOPPING, NONE, NONE, NONE),
        /* releasing */
        ON(RELEASING, GO, RELEASING, DELETE, NONE, NONE),
        ON(RELEASING, LOCK_SEEN, RELEASING, READ, NONE, NONE),
        ON(RELEASING, HOLDER_SEEN, RELEASING, DELETE, NONE, NONE),
        ON(RELEASING, GUARD, RELEASING, DELETE, NONE, NONE),
        ON(RELEASING, LINK_UP, RELEASING, DELETE, QUERY, NONE),
        ON(RELEASING, LINK_DOWN, RELEASING, DELETE, NONE, NONE),
        ON(RELEASING, STEP_DOWN, RELEASING, DELETE, NONE, NONE),
        ON(RELEASING, STOP, RELEASING, DELETE, NONE, NONE),
        RE(RELEASING, NOTHING | CLAIM | HOLDER, OK | GONE | MET, RELEASING, DELETE, NONE, NONE),
        RE(RELEASING, READ, OK | MET, RELEASING, DELETE, NONE, NONE),
        RE(RELEASING, CREATE, OK, RELEASING, DELETE, NONE, NONE),
        RE(RELEASING, ALL, FAIL, RELEASING, NONE, NONE, NONE),
        RE(RELEASING, READ | ADOPT | RESTORE | DELETE, GONE, CLAIMING, CLAIM, NONE, NONE),
        RE(RELEASING, STRIP, OK | GONE, CLAIMING, CLAIM, NONE, NONE),
        RE(RELEASING, CREATE, GONE | MET, RELEASING, READ, NONE, NONE),
        RE(RELEASING, ADOPT | RESTORE, OK | MET, RELEASING, READ, NONE, NONE),
        RE(RELEASING, DELETE | STRIP, MET, RELEASING, READ, NONE, NONE),
        RE(RELEASING, DELETE, OK, RELEASING, STRIP, NONE, NONE),
        /* deposing */
        ON(DEPOSING, GO, DEPOSING, DELETE, NONE, NONE),
        ON(DEPOSING, LOCK_SEEN, DEPOSING, READ, NONE, NONE),
        ON(DEPOSING, HOLDER_SEEN, DEPOSING, DELETE, NONE, NONE),
        ON(DEPOSING, GUARD, DEPOSING, DELETE, NONE, NONE),
        ON(DEPOSING, LINK_UP, DEPOSING, DELETE, QUERY, NONE),
        ON(DEPOSING, LINK_DOWN, DEPOSING, DELETE, NONE, NONE),
        ON(DEPOSING, STEP_DOWN, DEPOSING, DELETE, NONE, NONE),
        ON(DEPOSING, STOP, STOPPED, NONE, NONE, NONE),
        RE(DEPOSING, NOTHING | CLAIM | HOLDER, OK | GONE | MET, DEPOSING, DELETE, NONE, NONE),
        RE(DEPOSING, READ, OK | MET, DEPOSING, DELETE, NONE, NONE),
        RE(DEPOSING, ALL, FAIL, DEPOSING, NONE, NONE, NONE),
        RE(DEPOSING, READ | ADOPT | RESTORE | DELETE, GONE, CLAIMING, CREATE, NONE, NONE),
        RE(DEPOSING, STRIP, OK | GONE, CLAIMING, CREATE, NONE, NONE),
        RE(DEPOSING, CREATE, OK, PROVING, NONE, NONE, NONE),
        RE(DEPOSING, CREATE, GONE | MET, DEPOSING, READ, NONE, NONE),
        RE(DEPOSING, ADOPT | RESTORE, OK | MET, DEPOSING, READ, NONE, NONE),
        RE(DEPOSING, DELETE | STRIP, MET, DEPOSING, READ, NONE, NONE),
        RE(DEPOSING, DELETE, OK, DEPOSING, STRIP, NONE, NONE),
        /* stopped */
        ON(STOPPED, GO, STOPPED, NONE, NONE, NONE),
        ON(STOPPED, LOCK_SEEN, STOPPED, NONE, NONE, NONE),
        ON(STOPPED, HOLDER_SEEN, STOPPED, NONE, NONE, NONE),
        ON(STOPPED, GUARD, STOPPED, NONE, NONE, NONE),
        ON(STOPPED, LINK_UP, STOPPED, NONE, QUERY, NONE),
        ON(STOPPED, LINK_DOWN, STOPPED, NONE, NONE, NONE),
        ON(STOPPED, STEP_DOWN, STOPPED, NONE, NONE, NONE),
        ON(STOPPED, STOP, STOPPED, NONE, NONE, NONE),
        RE(STOPPED, ALL, WHATEVER, STOPPED, NONE, NONE, NONE),
};
/* clang-format on */

/* The only row for it. */
static const struct row *find(uint8_t state, uint8_t type, uint8_t op, uint8_t result) {
        const struct row *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct row *r = &rows[i];

                if (r->state != state || r->event != type || !(r->ops & 1 << op) || !(r->results & 1 << result))
                        continue;
                if (found)
                        fail_msg("two rows: %s, event %u, reply to %s, result %u", election_state_to_string(state),
                                 type, election_op_to_string(op), result);
                found = r;
        }
        if (!found)
                fail_msg("no row: %s, event %u, reply to %s, result %u", election_state_to_string(state), type,
                         election_op_to_string(op), result);
        return found;
}

static void check(uint8_t state, uint8_t type, uint8_t op, uint8_t result) {
        struct election e;
        struct election_actions a = take(state, type, op, result, &e);
        const struct row *r = find(state, type, op, result);

        if (e.state != r->next || a.request.op != r->request || a.guard[0].type != r->messages[0] ||
            a.guard[1].type != r->messages[1])
                fail_msg("%s, event %u, reply to %s, result %u: is %s, %s, messages %u %u; the row says %s, %s, %u %u",
                         election_state_to_string(state), type, election_op_to_string(op), result,
                         election_state_to_string(e.state), election_op_to_string(a.request.op), a.guard[0].type,
                         a.guard[1].type, election_state_to_string(r->next), election_op_to_string(r->request),
                         r->messages[0], r->messages[1]);
        assert_true(election_invariant(&e));
        if (a.request.op != ELECTION_OP_NONE)
                assert_int_equal(e.op, a.request.op);
}

static void test_every_state_and_event(void **state) {
        unsigned n = 0;

        (void)state;
        for (uint8_t s = 0; s < N_ELECTION_STATES; s++)
                for (uint8_t type = 0; type < N_ELECTION_EVENTS; type++)
                        for (uint8_t op = 0; op < (type == ELECTION_EV_REPLY ? N_ELECTION_OPS : 1); op++)
                                for (uint8_t result = 0; result < (type == ELECTION_EV_REPLY ? N_CORE_RESULTS : 1);
                                     result++, n++)
                                        check(s, type, op, result);
        assert_int_equal(n, N_ELECTION_STATES * (N_ELECTION_EVENTS - 1 + N_ELECTION_OPS * N_CORE_RESULTS));
}

/* A reply to an operation that is not under way changes nothing. */
static void test_reply_to_nothing(void **state) {
        const struct placeholder_view views[N_TENURES] = {
                [TENURE_LIFE] = {.uid = OWN_PLACEHOLDER, .proven_at_usec = NOW - 2 * SEC, .status = PLACEHOLDER_OURS},
        };
        const struct election_conf c = builder_election_conf(TENURE_LIFE);

        (void)state;
        for (uint8_t op = 1; op < N_ELECTION_OPS; op++) {
                struct election e = in_state(ELECTION_LEADING), before = e;
                struct election_event ev = event(&e, ELECTION_EV_REPLY, op, RESULT_OK);
                struct election_actions a = election_step(&e, &c, views, &ev);

                assert_memory_equal(&e, &before, sizeof(e));
                assert_int_equal(a.request.op, ELECTION_OP_NONE);
                assert_int_equal(a.guard[0].type, ELECTION_MSG_NONE);
        }
}

static void test_names(void **state) {
        (void)state;
        for (uint8_t i = 0; i < N_ELECTION_STATES; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(election_state_to_string(i), election_state_to_string(k));
        for (uint8_t i = 0; i < N_ELECTION_OPS; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(election_op_to_string(i), election_op_to_string(k));
        for (uint8_t i = 0; i < N_ELECTION_REASONS; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(election_reason_to_string(i), election_reason_to_string(k));
        assert_string_equal(election_state_to_string(N_ELECTION_STATES), "?");
        assert_string_equal(election_op_to_string(N_ELECTION_OPS), "?");
        assert_string_equal(election_reason_to_string(N_ELECTION_REASONS), "?");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_state_and_event),
                cmocka_unit_test(test_reply_to_nothing),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
