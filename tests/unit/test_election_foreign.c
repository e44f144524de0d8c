/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election whose unit runs here without a permit: taken over where the lock is free, stopped where it is
 * held elsewhere, left alone where nobody knows. Whatever happens, tests/lib/core_builder.c checks the rules that
 * always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

static struct builder b;

static void leads(uint8_t tenure) {
        builder_init(&b, tenure, 1);
        builder_lead(&b);
}

/* Somebody else holds the lock; nothing is answered yet. */
static void beside(uint8_t tenure) {
        builder_init(&b, tenure, 1);
        builder_other_wins(&b, 0, tenure);
        b.guard[0].unit = UNIT_FOREIGN;
        builder_restart(&b);
}

/* ---- the lock is free ---- */

/* The lock is free: this host takes it first, and the unit runs on under the permit. */
static void test_running_unit_is_taken_over(void **state) {
        (void)state;
        for (uint8_t t = TENURE_LIFE; t < N_TENURES; t++) {
                builder_init(&b, t, 1);
                b.guard[0].unit = UNIT_FOREIGN;
                builder_restart(&b);
                builder_settle(&b);
                builder_saw(&b, "claim create PERMIT");
                builder_never(&b, "REVOKE");
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
        /* Its own lock of before, too. */
        leads(TENURE_LIFE);
        b.guard[0].permit = 0;
        b.guard[0].unit = UNIT_FOREIGN;
        builder_restart(&b);
        builder_settle(&b);
        builder_never(&b, "REVOKE");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Not enrolled, say: there is no permit for it, so it keeps this host out until it is mended or stopped. */
static void test_unfit_unit_runs(void **state) {
        (void)state;
        for (unsigned mended = 0; mended < 2; mended++) {
                builder_init(&b, TENURE_LIFE, 1);
                b.guard[0].unit = UNIT_FOREIGN;
                b.guard[0].unfit = true;
                builder_restart(&b);
                builder_wait(&b, 100 * SEC);
                assert_int_equal(builder_hold(&b), REASON_UNIT_FOREIGN);
                builder_never(&b, "create");
                builder_never(&b, "REVOKE");
                b.guard[0].unfit = false;
                builder_unit(&b, 0, mended ? UNIT_FOREIGN : UNIT_STOPPED);
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* What is wrong with the lock is told, whatever runs here. */
static void test_lock_is_damaged(void **state) {
        static const uint8_t sorts[] = {LOCK_DAMAGED, LOCK_FOREIGN},
                             reasons[] = {REASON_DAMAGED_LOCK, REASON_FOREIGN_LOCK};

        (void)state;
        for (unsigned i = 0; i < ELEMENTSOF(sorts); i++) {
                builder_init(&b, TENURE_LIFE, 1);
                builder_other_wins(&b, 0, TENURE_LIFE);
                b.lock[0].sort = sorts[i];
                b.guard[0].unit = UNIT_FOREIGN;
                builder_restart(&b);
                builder_wait(&b, 100 * SEC);
                assert_int_equal(builder_hold(&b), reasons[i]);
                builder_never(&b, "create");
                builder_never(&b, "REVOKE");
                builder_never(&b, "EVICT");
        }
}

/* ---- the lock is held elsewhere ---- */

static void test_evicted(void **state) {
        (void)state;
        for (uint8_t t = TENURE_LIFE; t < N_TENURES; t++) {
                beside(t);
                builder_settle(&b);
                builder_saw(&b, t == TENURE_LEASE ? "read read-holder read EVICT" : "read read EVICT");
                builder_never(&b, "REVOKE");
                assert_int_equal(b.guard[0].unit, UNIT_STOPPED);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                builder_remove(&b, 0);
                builder_watch(&b, 0);
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* Started past the gate at any time: on what was read since then, and each time. */
static void test_evicted_on_new_news(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_wait(&b, 30 * SEC);
        for (unsigned i = 0; i < 3; i++) {
                builder_forget(&b);
                builder_unit(&b, 0, UNIT_FOREIGN);
                builder_expect(&b, "read");
                assert_int_equal(builder_hold(&b), REASON_UNIT_FOREIGN);
                builder_settle(&b);
                builder_saw(&b, "EVICT");
                builder_unit(&b, 0, UNIT_STOPPED);
        }
        /* Where it cannot be read, nobody knows who holds it. */
        builder_forget(&b);
        builder_unit(&b, 0, UNIT_FOREIGN);
        for (uint64_t end = b.now + 600 * SEC; b.now < end;) {
                while (builder_answer_any(&b, 0, BUILDER_DROPPED) || builder_beat_any(&b, TENURE_LIFE, BUILDER_DROPPED))
                        ;
                builder_jump(&b, core_deadline(&b.core) > b.now ? core_deadline(&b.core) - b.now : SEC);
        }
        builder_never(&b, "EVICT");
        assert_int_equal(builder_hold(&b), REASON_UNIT_FOREIGN);
        /* It was released meanwhile. */
        builder_remove(&b, 0);
        builder_wait(&b, 60 * SEC);
        builder_never(&b, "EVICT");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* on_foreign = "leave": reported only; free, it is taken over all the same. */
static void test_left(void **state) {
        (void)state;
        for (uint8_t t = TENURE_LIFE; t < N_TENURES; t++) {
                builder_init(&b, t, 1);
                b.locks[0].conf.keys.on_foreign = ON_FOREIGN_LEAVE;
                builder_other_wins(&b, 0, t);
                b.guard[0].unit = UNIT_FOREIGN;
                builder_restart(&b);
                builder_wait(&b, 100 * SEC);
                builder_never(&b, "EVICT");
                builder_never(&b, "delete-holder");
                assert_int_equal(builder_hold(&b), REASON_UNIT_FOREIGN);
                builder_remove(&b, 0);
                builder_watch(&b, 0);
                builder_settle(&b);
                builder_never(&b, "REVOKE");
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* Not under the gate: the guard will not stop it. It is asked once, and again when there is news. */
static void test_not_enrolled(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        b.guard[0].unit = UNIT_FOREIGN;
        b.guard[0].unfit = b.guard[0].ungated = true;
        builder_restart(&b);
        builder_settle(&b);
        builder_saw(&b, "EVICT");
        builder_forget(&b);
        builder_wait(&b, 3000 * SEC);
        builder_never(&b, "EVICT");
        assert_int_equal(builder_hold(&b), REASON_UNIT_FOREIGN);
        b.guard[0].unfit = b.guard[0].ungated = false;
        builder_unit(&b, 0, UNIT_FOREIGN);
        builder_settle(&b);
        builder_saw(&b, "read EVICT");
        assert_int_equal(b.guard[0].unit, UNIT_STOPPED);
}

/* The lock becomes free while the guard has been told, and while the unit stops: nothing is claimed before both are
 * over, so no permit meets the stop. */
static void test_freed_meanwhile(void **state) {
        (void)state;
        beside(TENURE_LIFE);
        b.guard[0].slow = true;
        for (unsigned i = 0; i < 20 && builder_election(&b, 0)->guard.eviction != EVICTION_SENT; i++)
                if (!builder_answer_any(&b, 0, BUILDER_FINE))
                        (void)builder_guard(&b, 0);
        builder_saw(&b, "EVICT");
        builder_remove(&b, 0);
        builder_watch(&b, 0);
        while (builder_answer_any(&b, 0, BUILDER_FINE) || builder_beat_any(&b, TENURE_LIFE, BUILDER_FINE))
                ;
        assert_int_equal(builder_election(&b, 0)->lock.fact.sort, LOCK_ABSENT);
        builder_never(&b, "create");
        while (builder_guard(&b, 0))
                ;
        assert_int_equal(b.guard[0].unit, UNIT_STOPPING);
        builder_wait(&b, SEC);
        builder_never(&b, "create");
        assert_int_equal(builder_hold(&b), REASON_UNIT_FOREIGN);
        builder_unit(&b, 0, UNIT_STOPPED);
        builder_settle(&b);
        builder_never(&b, "REVOKE");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Another boot's lease under our name, or one that names no placeholder of its holder, or whose record was broken. */
static void test_whose_lock(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        builder_other_wins(&b, 0, TENURE_LEASE);
        b.lock[0].claimed = true;
        b.lock[0].same_boot = false;
        b.guard[0].unit = UNIT_FOREIGN;
        builder_restart(&b);
        builder_settle(&b);
        builder_saw(&b, "EVICT");

        builder_init(&b, TENURE_LEASE, 1);
        builder_other_wins(&b, 0, TENURE_LEASE);
        b.holder.genuine = false;
        b.guard[0].unit = UNIT_FOREIGN;
        builder_restart(&b);
        builder_wait(&b, 100 * SEC);
        builder_never(&b, "EVICT");
        assert_int_equal(builder_hold(&b), REASON_STRANGE_HOLDER);

        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_settle(&b);
        b.lock[0].tenure = TENURE_LEASE;
        b.lock[0].version = b.next_version++;
        builder_watch(&b, 0);
        builder_unit(&b, 0, UNIT_FOREIGN);
        builder_wait(&b, 100 * SEC);
        builder_never(&b, "EVICT");
        assert_int_equal(builder_hold(&b), REASON_LOCK_CHANGED);
}

/* The agent stops, or its guard is gone: nothing is told. Under a permit that is not this lock's, the revoke comes. */
static void test_not_evicted(void **state) {
        (void)state;
        beside(TENURE_LIFE);
        builder_stop_agent(&b);
        builder_wait(&b, 100 * SEC);
        builder_never(&b, "EVICT");

        beside(TENURE_LIFE);
        builder_link(&b, false);
        builder_wait(&b, 100 * SEC);
        builder_never(&b, "EVICT");
        builder_link(&b, true);
        builder_settle(&b);
        builder_saw(&b, "EVICT");

        leads(TENURE_LIFE);
        builder_remove(&b, 0);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_settle(&b);
        builder_saw(&b, "REVOKE");
        builder_never(&b, "EVICT");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_running_unit_is_taken_over),
                cmocka_unit_test(test_unfit_unit_runs),
                cmocka_unit_test(test_lock_is_damaged),
                cmocka_unit_test(test_evicted),
                cmocka_unit_test(test_evicted_on_new_news),
                cmocka_unit_test(test_left),
                cmocka_unit_test(test_not_enrolled),
                cmocka_unit_test(test_freed_meanwhile),
                cmocka_unit_test(test_whose_lock),
                cmocka_unit_test(test_not_evicted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
