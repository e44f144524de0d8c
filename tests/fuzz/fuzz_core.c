/* SPDX-License-Identifier: Apache-2.0 */
/* The core behind its door, with two locks (life, lease) and any sequence of events and changes: answers of an API
 * server that tells the truth, or anything else; watches, guard, humans, sleep, the end, time. Asserted in each step
 * (ARCHITECTURE 5, claims 2, 4, 5): its invariant; that it comes to rest and wakes later than now; one request in
 * flight for each; a permit only in PERMITTING and LEADING, of an unmarked lock that was read, after a renewal of
 * exactly the placeholder that it names, sent after the lock was seen, and ending by that; a finalizer taken off only a
 * lock that was read as marked, and of ours only after the guard saw the unit stopped. Four bytes are a step. */
#include <stddef.h>

#include "base/timing.h"
#include "core/core.h"
#include "fuzz.h"

#define N   2
#define SEC USEC_PER_SEC

static struct {
        struct core core;
        uint64_t now, version;
        struct lock_fact lock[N];             /* as the API server has it */
        struct placeholder_fact own[N];       /* … our placeholders */
        uint8_t op[N], beat[N];               /* in flight */
        uint64_t beat_uid[N], sent_at[N];     /* of the placeholder's */
        uint64_t proven_uid[N], proven_at[N]; /* the last renewal that was answered: of which uid, when it was sent */
        uint64_t told_uid[N], told_at[N]; /* the lock uid that the core was last told of; since when, without a break */
        bool marked[N];                   /* … and as marked for deletion */
        uint64_t permitted[N];            /* uid of which a permit was sent; 0: the unit was seen stopped since */
} w;

static const struct timing_lease timing = {.duration_usec = 15 * SEC,
                                           .renew_deadline_usec = 8 * SEC,
                                           .stop_timeout_usec = 3 * SEC,
                                           .kill_margin_usec = 2 * SEC,
                                           .rate_permille = TIMING_RATE_PERMILLE};

static void tell_lock(size_t i, const struct lock_fact *l) {
        if (l->uid != w.told_uid[i] || l->sort != LOCK_SOUND)
                w.told_at[i] = w.now;
        w.told_uid[i] = l->sort == LOCK_ABSENT ? 0 : l->uid;
        w.marked[i] = l->sort != LOCK_ABSENT && l->deleting;
}

static void assert_permit(size_t i, const struct election_actions *a, unsigned k) {
        struct core_lock_view v = core_lock_view(&w.core, i, w.now);
        uint64_t stop, kill;
        size_t p = v.lock.tenure;

        /* (Or what speaks against it was known, and takes it back behind it in the same step.) */
        fuzz_assert(v.state == ELECTION_PERMITTING || v.state == ELECTION_LEADING ||
                    (v.state == ELECTION_STOPPING && k == 0 && a->guard[1].type == ELECTION_MSG_REVOKE &&
                     a->guard[1].uid == a->guard[0].uid));
        fuzz_assert(a->guard[k].uid != 0 && a->guard[k].uid == w.told_uid[i] && !w.marked[i]);
        fuzz_assert(a->guard[k].stop_at_usec > w.now && a->guard[k].kill_at_usec >= a->guard[k].stop_at_usec);
        fuzz_assert(p < N && w.proven_uid[p] != 0 && w.proven_uid[p] == v.lock.placeholder);
        fuzz_assert(w.proven_at[p] >= w.told_at[i]);
        if (p == TENURE_LEASE) {
                fuzz_assert(timing_instants(&timing, w.proven_at[p], &stop, &kill));
                fuzz_assert(a->guard[k].stop_at_usec <= stop && a->guard[k].kill_at_usec <= kill);
        } else
                fuzz_assert(a->guard[k].stop_at_usec == USEC_INFINITY);
        w.permitted[i] = a->guard[k].uid;
}

static void perform(size_t i, const struct election_actions *a) {
        for (unsigned k = 0; k < 2 && a->guard[k].type != ELECTION_MSG_NONE; k++)
                if (a->guard[k].type == ELECTION_MSG_PERMIT)
                        assert_permit(i, a, k);
        if (a->request.op == ELECTION_OP_NONE)
                return;
        fuzz_assert(w.op[i] == ELECTION_OP_NONE && a->request.op < N_ELECTION_OPS);
        w.op[i] = a->request.op;
        if (a->request.op == ELECTION_OP_STRIP) {
                fuzz_assert(a->request.uid == w.told_uid[i] && a->request.version != 0 && w.marked[i]);
                fuzz_assert(w.permitted[i] != a->request.uid);
        }
        fuzz_assert(a->request.op != ELECTION_OP_DELETE_HOLDER || (a->request.uid && a->request.version));
}

static void lock_step(size_t i, const struct election_event *ev) {
        struct election_actions a = core_lock_step(&w.core, i, ev);

        if (getenv("FUZZ_TRACE"))
                (void)fprintf(
                        stderr,
                        "%.3f lock %zu event %u op %s result %u: %s, guard %u uid %llu, %u, request %s uid %llu\n",
                        (double)w.now / 1e6, i, ev->type, election_op_to_string(ev->op), ev->result,
                        election_state_to_string(core_lock_view(&w.core, i, w.now).state), a.guard[0].type,
                        (unsigned long long)a.guard[0].uid, a.guard[1].type, election_op_to_string(a.request.op),
                        (unsigned long long)a.request.uid);
        fuzz_assert(core_invariant(&w.core));
        perform(i, &a);
}

static void beat_step(size_t p, struct placeholder_event *ev) {
        struct placeholder_action a = core_placeholder_step(&w.core, p, ev);

        if (getenv("FUZZ_TRACE"))
                (void)fprintf(stderr, "%.3f placeholder %zu event %u op %s result %u: %s uid %llu\n",
                              (double)w.now / 1e6, p, ev->type, placeholder_op_to_string(ev->op), ev->result,
                              placeholder_op_to_string(a.op), (unsigned long long)a.uid);
        fuzz_assert(core_invariant(&w.core));
        if (a.op == PLACEHOLDER_OP_NONE)
                return;
        fuzz_assert(w.beat[p] == PLACEHOLDER_OP_NONE && a.op < N_PLACEHOLDER_OPS);
        fuzz_assert(a.op != PLACEHOLDER_OP_RENEW || (a.uid && a.version));
        w.beat[p] = a.op;
        w.beat_uid[p] = a.uid;
        w.sent_at[p] = w.now;
}

/* As the shell turns: until there is nothing left to do. */
static void settle(void) {
        size_t i;

        for (unsigned turns = 0;; turns++) {
                enum core_turn t = core_next(&w.core, w.now, &i);
                struct election_event go = {.type = ELECTION_EV_GO, .now_usec = w.now, .random = (uint32_t)w.now};
                struct placeholder_event beat = {
                        .type = PLACEHOLDER_EV_GO, .now_usec = w.now, .random = (uint32_t)w.now};

                if (t == CORE_TURN_NONE)
                        break;
                fuzz_assert(turns < 100);
                if (t == CORE_TURN_LOCK)
                        lock_step(i, &go);
                else
                        beat_step(i, &beat);
        }
        fuzz_assert(core_deadline(&w.core) > w.now);
}

/* Somebody changes it; of what does not exist nothing changes. */
static void spoil(struct lock_fact *l, uint8_t how) {
        if (how & 1)
                l->deleting = true;
        if (how & 2)
                l->claimed = !l->claimed;
        if (how & 4)
                l->same_boot = !l->same_boot;
        if (how & 8)
                l->orphaned = !l->orphaned;
        if (how & 16)
                l->record++;
        if (how & 32)
                l->placeholder = 90 + (how >> 6);
        if (how & 64)
                l->sort = how & 128 ? LOCK_FOREIGN : LOCK_DAMAGED;
        if (how == 128)
                *l = (struct lock_fact){};
        l->version = w.version++;
}

static struct lock_fact made(size_t i) {
        return (struct lock_fact){.uid = 100 + w.version,
                                  .version = w.version,
                                  .placeholder = w.own[i].uid,
                                  .duration_usec = i == TENURE_LEASE ? timing.duration_usec : 0,
                                  .record = 7,
                                  .sort = LOCK_SOUND,
                                  .tenure = (uint8_t)i,
                                  .claimed = true,
                                  .same_boot = true};
}

/* The server does what it is asked, and says so, or says something else. */
static void lock_reply(size_t i, uint8_t result, uint8_t how) {
        struct election_event ev = {.type = ELECTION_EV_REPLY,
                                    .now_usec = w.now,
                                    .op = w.op[i],
                                    .result = result % 12 < N_CORE_RESULTS ? result % 12 : RESULT_OK,
                                    .silent = result > 200};

        if (w.op[i] == ELECTION_OP_NONE)
                return;
        w.version++;
        if (ev.result == RESULT_OK && ev.op == ELECTION_OP_CREATE)
                w.lock[i] = made(i);
        if (ev.result == RESULT_OK && ev.op == ELECTION_OP_DELETE && w.lock[i].sort != LOCK_ABSENT)
                w.lock[i].deleting = true;
        if (ev.result == RESULT_OK && ev.op == ELECTION_OP_STRIP)
                w.lock[i] = (struct lock_fact){};
        if (ev.result == RESULT_OK && ev.op == ELECTION_OP_RESTORE) {
                w.lock[i].orphaned = false;
                w.lock[i].placeholder = w.own[i].uid;
        }
        if (ev.result == RESULT_OK && ev.op == ELECTION_OP_ADOPT)
                w.lock[i].same_boot = true;
        if (how)
                spoil(&w.lock[i], how);
        ev.lock = w.lock[i];
        ev.holder = (struct placeholder_fact){.uid = w.lock[i].placeholder,
                                              .version = how & 7,
                                              .duration_usec = 15 * SEC,
                                              .present = !(how & 8),
                                              .genuine = how & 16};
        w.op[i] = ELECTION_OP_NONE;
        if (ev.result == RESULT_OK && ev.op != ELECTION_OP_CLAIM && ev.op < ELECTION_OP_READ_HOLDER)
                tell_lock(i, &ev.lock);
        if (ev.result == RESULT_NOT_FOUND && ev.op == ELECTION_OP_READ)
                tell_lock(i, &(struct lock_fact){});
        lock_step(i, &ev);
}

static void beat_reply(size_t p, uint8_t result, uint8_t how) {
        struct placeholder_event ev = {.type = PLACEHOLDER_EV_REPLY,
                                       .now_usec = w.now,
                                       .sent_at_usec = w.sent_at[p],
                                       .op = w.beat[p],
                                       .result = result % 12 < N_CORE_RESULTS ? result % 12 : RESULT_OK};

        if (w.beat[p] == PLACEHOLDER_OP_NONE)
                return;
        if (ev.result == RESULT_OK && ev.op == PLACEHOLDER_OP_CREATE)
                w.own[p] = (struct placeholder_fact){.uid = 50 + w.version++ % 30, .present = true};
        if (ev.result == RESULT_OK && (ev.op == PLACEHOLDER_OP_DELETE || ev.op == PLACEHOLDER_OP_CLEAR))
                w.own[p] = (struct placeholder_fact){};
        w.own[p].version = ++w.version;
        ev.fact = w.own[p];
        ev.fact.claimed = !(how & 1);
        ev.fact.same_boot = !(how & 2);
        ev.fact.own_write = !(how & 4);
        ev.fact.deleting = how & 8;
        if (how & 16)
                ev.fact.uid = 80 + (how >> 6);
        if (how & 32)
                ev.fact = (struct placeholder_fact){};
        /* What renews: answered so, of this uid, not marked. (What is read back may show it, too.) */
        if (ev.result == RESULT_OK && ev.fact.present && !ev.fact.deleting &&
            (ev.op == PLACEHOLDER_OP_RENEW || ev.op == PLACEHOLDER_OP_READ || ev.op == PLACEHOLDER_OP_CREATE) &&
            (ev.op == PLACEHOLDER_OP_CREATE || w.beat_uid[p] == 0 || w.beat_uid[p] == ev.fact.uid)) {
                w.proven_uid[p] = ev.fact.uid;
                w.proven_at[p] = w.sent_at[p];
        }
        w.beat[p] = PLACEHOLDER_OP_NONE;
        beat_step(p, &ev);
}

static void guard(size_t i, uint8_t b, uint8_t c) {
        struct election_event ev = {.type = ELECTION_EV_GUARD, .now_usec = w.now};
        uint64_t uids[4] = {0, w.told_uid[i], w.permitted[i], 99};

        ev.guard = (struct guard_fact){.permit = uids[b & 3],
                                       .about = uids[b >> 2 & 3],
                                       .unit = (b >> 4) % N_UNIT_STATES,
                                       .refusal = c & 1 ? (c >> 4) % N_GUARD_RESULTS : GUARD_OK,
                                       .revoked = c & 2,
                                       .stopped = c & 4,
                                       .unfit = c & 8,
                                       .evicts = c & 1 && c & 128};
        if (ev.guard.stopped || ev.guard.unit == UNIT_STOPPED || ev.guard.unit == UNIT_FAILED)
                w.permitted[i] = 0;
        lock_step(i, &ev);
}

static void change(uint8_t b, uint8_t c) {
        struct core_change ch = {.type = b % 3 == 0   ? CORE_ANSWERED
                                         : b % 3 == 1 ? CORE_SLEEP
                                                      : CORE_WAKE,
                                 .now_usec = w.now,
                                 .random = c};

        if (c == 255)
                ch.type = CORE_STOP;
        core_apply(&w.core, &ch);
}

static void step(struct fuzz *f) {
        uint8_t what = fuzz_byte(f), b = fuzz_byte(f), c = fuzz_byte(f), spent = fuzz_byte(f);
        size_t i = what >> 4 & 1;
        struct election_event ev = {.now_usec = w.now, .random = c};
        struct placeholder_event seen = {.type = PLACEHOLDER_EV_SEEN, .now_usec = w.now};

        switch (what % 12) {
        case 0:
        case 1:
                lock_reply(i, b, c);
                break;
        case 2:
        case 3:
                beat_reply(i, b, c);
                break;
        case 4:
        case 5:
                guard(i, b, c);
                break;
        case 6:
                if (c)
                        spoil(&w.lock[i], c);
                ev.type = ELECTION_EV_LOCK_SEEN;
                ev.lock = w.lock[i];
                if (ev.lock.sort == LOCK_ABSENT)
                        ev.lock.uid = b;
                /* (That another one was deleted says nothing of this one.) */
                if (ev.lock.sort != LOCK_ABSENT || !b || b == w.told_uid[i])
                        tell_lock(i, &ev.lock);
                lock_step(i, &ev);
                break;
        case 7:
                ev.type = ELECTION_EV_HOLDER_SEEN;
                ev.holder = (struct placeholder_fact){.uid = w.lock[i].placeholder, .version = b, .present = c & 1};
                lock_step(i, &ev);
                break;
        case 8:
                ev.type = b & 1 ? ELECTION_EV_LINK_UP : ELECTION_EV_LINK_DOWN;
                lock_step(i, &ev);
                break;
        case 9:
                ev.type = b == 255 ? ELECTION_EV_STOP : b & 1 ? ELECTION_EV_STEP_DOWN : ELECTION_EV_GO;
                lock_step(i, &ev);
                break;
        case 10:
                change(b, c);
                break;
        case 11:
                beat_step(i, &seen);
                break;
        }
        settle();
        w.now += spent & 128 ? (spent & 127) * (SEC / 8) : spent * (SEC / 1000);
        settle();
}

void fuzz_one(const uint8_t *data, size_t size) {
        static _Alignas(max_align_t) char locks[1 << 14], placeholders[1 << 13];
        struct fuzz f = {data, size};

        memset(&w, 0, sizeof(w));
        memset(locks, 0, sizeof(locks));
        memset(placeholders, 0, sizeof(placeholders));
        fuzz_assert(core_locks_size(N) <= sizeof(locks) && core_placeholders_size(N) <= sizeof(placeholders));
        w.now = 1000 * SEC;
        w.version = 1;
        core_set_room(&w.core, locks, placeholders);
        for (uint8_t t = 0; t < N; t++)
                core_apply(&w.core, &(struct core_change){.type = CORE_ADD_PLACEHOLDER,
                                                          .placeholder_conf = {.renew_interval_usec = 2 * SEC,
                                                                               .verify_interval_usec = 60 * SEC,
                                                                               .retry = RETRY_API,
                                                                               .taken_interval_usec = RETRY_TAKEN_USEC,
                                                                               .duration_usec = 15 * SEC,
                                                                               .rate_permille = TIMING_RATE_PERMILLE,
                                                                               .tenure = t,
                                                                               .unclaimed = true}});
        for (uint8_t t = 0; t < N; t++)
                core_apply(&w.core, &(struct core_change){.type = CORE_ADD_LOCK,
                                                          .placeholder = {0, 1},
                                                          .lock = {.timing = timing,
                                                                   .verify_interval_usec = 60 * SEC,
                                                                   .retry = RETRY_API,
                                                                   .keys = {.cooldown = {10 * SEC, 300 * SEC},
                                                                            .step_down_hold_usec = 30 * SEC},
                                                                   .tenure = t}});
        settle();
        for (unsigned i = 0; i < 150 && f.n > 0; i++)
                step(&f);
}
