/* SPDX-License-Identifier: Apache-2.0 */
/* Elections and placeholders together: seeded random walks, in which everything happens at any time. In each step the
 * rules of tests/lib/core_builder.c hold: the core comes to rest, wakes when it must, never breaks its invariant, has
 * one request under way for each lock and placeholder, permits no revoked uid, frees no lock before the unit was seen
 * stopped. And when the faults end, each walk ends with one leader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"
#include "core/election_parts.h"

static struct builder b;
static uint64_t seed;
static unsigned states[N_ELECTION_STATES], ops[N_ELECTION_OPS], beat_states[N_PLACEHOLDER_STATES],
        beat_ops[N_PLACEHOLDER_OPS], reasons[N_ELECTION_REASONS];

/* xorshift64*: the walk is the same on every machine. */
static uint32_t draw(uint32_t n) {
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static void somebody(size_t i) {
        struct lock_fact *l = &b.lock[i];
        uint8_t t = (uint8_t)draw(N_TENURES);

        switch (draw(15)) {
        case 0:
                if (l->sort != LOCK_ABSENT)
                        builder_mark(&b, i);
                break;
        case 1: /* the finalizer by hand */
                builder_remove(&b, i);
                break;
        case 2:
                if (l->sort == LOCK_ABSENT)
                        builder_other_wins(&b, i, t);
                break;
        case 3:
                if (l->sort != LOCK_ABSENT)
                        l->version = b.next_version++;
                break;
        case 4:
                if (l->sort != LOCK_ABSENT) {
                        l->orphaned = true;
                        l->version = b.next_version++;
                }
                break;
        case 5:
                b.own[t].present = false;
                break;
        case 6:
                if (b.own[t].present && !b.own[t].deleting) {
                        b.own[t].deleting = true;
                        b.own[t].version = b.next_version++;
                }
                break;
        case 7:
                if (b.holder.present)
                        b.holder.deleting = true;
                break;
        case 8:
                b.holder.present = false;
                break;
        case 9:
                builder_holder_renews(&b);
                break;
        case 10:
                builder_collect(&b);
                break;
        case 11: /* another instance of us renews */
                b.own[t].version = b.next_version++;
                b.own[t].own_write = false;
                break;
        case 12: /* overwritten */
                if (l->sort == LOCK_SOUND) {
                        if (draw(2))
                                l->sort = draw(2) ? LOCK_DAMAGED : LOCK_FOREIGN;
                        else
                                l->claimed = l->same_boot = false;
                        l->version = b.next_version++;
                }
                break;
        case 13: /* a clone of this machine */
                if (l->tenure == TENURE_LIFE && l->claimed && l->same_boot && draw(4) == 0) {
                        l->same_boot = false;
                        l->version = b.next_version++;
                }
                break;
        case 14:
                if (l->sort == LOCK_SOUND && l->tenure == TENURE_LEASE) {
                        l->placeholder = b.next_uid++;
                        l->version = b.next_version++;
                }
                break;
        }
}

/* The host is about to sleep, or has slept: for every lock. */
static void sleep_or_wake(bool away) {
        for (size_t i = 0; i < b.core.n_locks; i++) {
                b.locks[i].conf.away = away;
                b.locks[i].due = true;
        }
        builder_pump(&b);
}

static void stale_watch(size_t i) {
        struct election_event ev = {.type = ELECTION_EV_LOCK_SEEN, .lock = b.answered[i]};

        if (draw(2))
                ev.lock = (struct lock_fact){.sort = LOCK_ABSENT, .uid = draw(2) ? b.next_uid - 1 - draw(3) : 0};
        if (ev.lock.sort == LOCK_ABSENT && ev.lock.uid == b.lock[i].uid && b.lock[i].sort != LOCK_ABSENT)
                return; /* an end that has not come is no event */
        builder_event(&b, i, ev);
}

static void chance(void) {
        size_t i = draw((uint32_t)b.core.n_locks);
        uint8_t t = (uint8_t)draw(N_TENURES);
        enum builder_fault fault = draw(4) ? BUILDER_FINE : (enum builder_fault)draw(N_BUILDER_FAULTS);

        switch (draw(40)) {
        case 0:
        case 1:
                somebody(i);
                break;
        case 2:
        case 3:
        case 4:
                builder_watch(&b, i);
                break;
        case 5:
                builder_watch_holder(&b, i);
                break;
        case 6:
                builder_watch_own(&b, t);
                break;
        case 7:
                stale_watch(i);
                break;
        case 8:
                if (draw(4) == 0)
                        builder_link(&b, !b.link);
                break;
        case 9:
                if (draw(4) == 0)
                        builder_signal(&b, i, ELECTION_EV_STEP_DOWN);
                else if (draw(4) == 0)
                        sleep_or_wake(!b.locks[0].conf.away);
                break;
        case 10:
                if (b.late[i].op)
                        builder_land(&b, i);
                else if (b.late_beat[t].op)
                        builder_land_beat(&b, t);
                break;
        case 11:
                if (b.guard[i].permit && b.guard[i].unit == UNIT_RUNNING && draw(4) == 0)
                        builder_unit(&b, i, draw(2) ? UNIT_FAILED : UNIT_ENDED);
                else if (b.guard[i].permit && draw(20) == 0) {
                        b.guard[i].restarts += 10;
                        builder_unit(&b, i, UNIT_RUNNING);
                }
                break;
        case 12:
                b.guard[i].slow = draw(2);
                b.guard[i].refuse = draw(4) ? GUARD_OK : (uint8_t)(GUARD_REFUSED_ENROLL + draw(4));
                break;
        case 13:
                if (b.guard[i].waits)
                        builder_unit_stopped(&b, i);
                break;
        case 14:
                if (draw(10) == 0)
                        builder_restart(&b);
                else if (draw(20) == 0 && !b.core.removing)
                        builder_stop_agent(&b);
                break;
        case 15:
                if (draw(20) == 0)
                        builder_reboot(&b);
                break;
        case 16:
        case 17:
        case 18:
        case 19:
                if (core_deadline(&b.core) != USEC_INFINITY && draw(2))
                        builder_jump(&b, core_deadline(&b.core) - b.now);
                else
                        builder_jump(&b, draw(4) ? draw(3000000) : (uint64_t)draw(100) * SEC);
                break;
        default:
                if (draw(3) == 0)
                        (void)builder_guard(&b, i);
                else if (draw(2))
                        (void)builder_answer_any(&b, i, fault);
                else
                        (void)builder_beat_any(&b, t, fault);
        }
}

/* The faults end: nobody else holds anything, the guard is there, everything is answered. */
static void calm(void) {
        if (b.core.removing)
                builder_restart(&b);
        else if (!b.link)
                builder_link(&b, true);
        sleep_or_wake(false);
        for (size_t i = 0; i < b.core.n_locks; i++) {
                b.guard[i].slow = false;
                b.guard[i].refuse = GUARD_OK;
                if (b.guard[i].waits)
                        builder_unit_stopped(&b, i);
                if (b.lock[i].sort == LOCK_FOREIGN || (b.lock[i].sort != LOCK_ABSENT && !b.lock[i].claimed) ||
                    (b.lock[i].sort == LOCK_DAMAGED && !b.lock[i].same_boot))
                        builder_remove(&b, i);
                b.late[i].op = 0;
                builder_watch(&b, i);
        }
        builder_settle(&b);
        for (unsigned n = 0; n < 30; n++) {
                /* In life tenure only a human removes what another instance of this machine was seen to renew. */
                if (b.placeholders[TENURE_LIFE].placeholder.state == PLACEHOLDER_TAKEN)
                        b.own[TENURE_LIFE].present = false;
                for (size_t i = 0; i < b.core.n_locks; i++)
                        if (election_record_change(builder_election(&b, i)) == RECORD_BROKEN && !b.lock[i].same_boot) {
                                builder_remove(&b, i); /* as a damaged one */
                                builder_watch(&b, i);
                        }
                builder_collect(&b);
                builder_wait(&b, 60 * SEC);
        }
}

static void note(void) {
        for (size_t i = 0; i < b.core.n_locks; i++) {
                states[builder_election(&b, i)->state]++;
                ops[b.request[i].op]++;
                reasons[builder_election(&b, i)->term.reason]++;
        }
        for (size_t t = 0; t < N_TENURES; t++) {
                beat_states[b.placeholders[t].placeholder.state]++;
                beat_ops[b.beat[t].op]++;
        }
}

static void walk(uint64_t s, uint8_t tenure, size_t n_locks, unsigned steps) {
        seed = s * UINT64_C(0x9e3779b97f4a7c15) + 1;
        builder_init(&b, tenure, n_locks);
        builder_restart(&b);
        for (unsigned n = 0; n < steps; n++) {
                chance();
                note();
        }
        calm();
        for (size_t i = 0; i < n_locks; i++) {
                const struct election *e = builder_election(&b, i);

                if (e->past.unfit_uid && e->past.unfit_uid == b.lock[i].uid)
                        continue; /* left to the boot that took it over: a clone of this machine */
                if (e->state != ELECTION_LEADING)
                        fail_msg("seed %llu, tenure %u: lock %zu is %s (%s) after the calm; lock sort %u deleting %d "
                                 "claimed %d, guard: unit %u permit %llu: '%s'",
                                 (unsigned long long)s, tenure, i, election_state_to_string(e->state),
                                 election_reason_to_string(e->term.reason), b.lock[i].sort, b.lock[i].deleting,
                                 b.lock[i].claimed, b.guard[i].unit, (unsigned long long)b.guard[i].permit,
                                 b.n_log > 300 ? b.log + b.n_log - 300 : b.log);
                assert_int_equal(b.guard[i].permit, b.lock[i].uid);
                assert_int_equal(b.guard[i].unit, UNIT_RUNNING);
        }
        /* And it ends in good order. */
        builder_stop_agent(&b);
        builder_wait(&b, 200 * SEC);
        for (size_t i = 0; i < n_locks; i++)
                if (builder_election(&b, i)->past.unfit_uid != b.lock[i].uid) {
                        assert_int_equal(builder_election(&b, i)->state, ELECTION_STOPPED);
                        assert_int_equal(b.lock[i].sort, LOCK_ABSENT);
                        assert_int_equal(b.guard[i].unit, UNIT_STOPPED);
                }
}

/* Walks that get nowhere prove nothing: every state and operation, and every message, must have been met. */
static void test_walks(void **state) {
        (void)state;
        for (uint64_t s = 1; s <= 1000; s++)
                for (uint8_t t = 0; t < N_TENURES; t++)
                        walk(s, t, 1 + s % BUILDER_LOCKS, 400);
        for (uint8_t i = 0; i < N_ELECTION_STATES; i++)
                if (states[i] < 100)
                        fail_msg("met %s %u times", election_state_to_string(i), states[i]);
        for (uint8_t i = 1; i < N_ELECTION_OPS; i++)
                if (ops[i] < 100)
                        fail_msg("met %s %u times", election_op_to_string(i), ops[i]);
        for (uint8_t i = 0; i < N_PLACEHOLDER_STATES; i++)
                if (beat_states[i] < 100)
                        fail_msg("met %s %u times", placeholder_state_to_string(i), beat_states[i]);
        for (uint8_t i = 1; i < N_PLACEHOLDER_OPS; i++)
                if (beat_ops[i] < 100)
                        fail_msg("met %s %u times", placeholder_op_to_string(i), beat_ops[i]);
        for (uint8_t i = 1; i < N_ELECTION_REASONS; i++)
                if (i <= REASON_PERMIT_STALE && i != REASON_LEASE_TOO_SHORT && reasons[i] < 10)
                        fail_msg("met '%s' %u times", election_reason_to_string(i), reasons[i]);
}

/* A few long ones. */
static void test_long_walks(void **state) {
        (void)state;
        for (uint64_t s = 1001; s <= 1010; s++)
                for (uint8_t t = 0; t < N_TENURES; t++)
                        walk(s, t, 1 + s % BUILDER_LOCKS, 10000);
}

/* Nothing wakes an agent that is done. */
static void test_at_rest(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_lead(&b);
        builder_stop_agent(&b);
        builder_settle(&b);
        assert_true(core_deadline(&b.core) == USEC_INFINITY);
}

/* A leader in life tenure is quiet: a read of lock and placeholder each verify_interval. */
static void test_quiet(void **state) {
        unsigned before;

        (void)state;
        builder_init(&b, TENURE_LIFE, 3);
        builder_lead(&b);
        builder_wait(&b, 60 * SEC);
        before = b.n_requests;
        builder_wait(&b, 3600 * SEC);
        assert_in_range(b.n_requests - before, 4 * 59, 4 * 61);
}

/* One renewal serves all locks. */
static void test_one_renewal_for_all(void **state) {
        unsigned before;

        (void)state;
        builder_init(&b, TENURE_LEASE, 3);
        builder_lead(&b);
        before = b.n_requests;
        builder_wait(&b, 50 * SEC);
        assert_in_range(b.n_requests - before, 24, 26);
}

static void test_both_tenures_side_by_side(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 2);
        b.locks[1].conf = builder_election_conf(TENURE_LEASE);
        builder_lead(&b);
        assert_int_equal(b.lock[0].placeholder, b.own[TENURE_LIFE].uid);
        assert_int_equal(b.lock[1].placeholder, b.own[TENURE_LEASE].uid);
        /* Partitioned: the lease is deposed, the life lock stays. */
        for (unsigned n = 0; n < 200; n++) {
                builder_jump(&b, core_deadline(&b.core) - b.now);
                while (builder_beat_any(&b, TENURE_LEASE, BUILDER_DROPPED) ||
                       builder_beat_any(&b, TENURE_LIFE, BUILDER_DROPPED) ||
                       builder_answer_any(&b, 0, BUILDER_DROPPED) || builder_answer_any(&b, 1, BUILDER_DROPPED) ||
                       builder_guard(&b, 1))
                        ;
        }
        b.own[TENURE_LEASE].present = false;
        builder_mark(&b, 1);
        builder_remove(&b, 1);
        builder_other_wins(&b, 1, TENURE_LEASE);
        builder_settle(&b);
        assert_int_equal(b.guard[1].unit, UNIT_STOPPED);
        for (unsigned n = 0; n < 10; n++) {
                builder_holder_renews(&b);
                builder_watch_holder(&b, 1);
                builder_wait(&b, 5 * SEC);
        }
        assert_int_equal(builder_election(&b, 0)->state, ELECTION_LEADING);
        assert_int_equal(builder_election(&b, 1)->state, ELECTION_CANDIDATE);
        builder_saw(&b, "1:REVOKE");
        builder_never(&b, "REVOKE");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_walks),
                cmocka_unit_test(test_long_walks),
                cmocka_unit_test(test_at_rest),
                cmocka_unit_test(test_quiet),
                cmocka_unit_test(test_one_renewal_for_all),
                cmocka_unit_test(test_both_tenures_side_by_side),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
