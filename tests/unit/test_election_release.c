/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election, life tenure where it does not matter. Releasing, and the end of the agent.
 * Whatever happens, tests/lib/core_builder.c checks the rules that always hold. */
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

static void guard_event(struct guard_fact f) {
        builder_event(&b, 0, (struct election_event){.type = ELECTION_EV_GUARD, .guard = f});
}

/* ---- releasing ---- */

/* Revoke, then the early DELETE that only marks, then the confirmed stop, then the finalizer. */
static void test_release_order(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        b.guard[0].slow = true;
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_expect(&b, "REVOKE");
        builder_guard(&b, 0);
        builder_expect(&b, "delete");
        builder_answer(&b, 0, ELECTION_OP_DELETE, BUILDER_FINE);
        assert_true(b.lock[0].deleting);
        builder_wait(&b, 30 * SEC);
        builder_never(&b, "strip");
        assert_int_equal(builder_state(&b), ELECTION_STOPPING);
        builder_forget(&b);
        builder_unit_stopped(&b, 0);
        builder_expect(&b, "strip");
        builder_answer(&b, 0, ELECTION_OP_STRIP, BUILDER_FINE);
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        assert_int_equal(builder_reason(&b), REASON_STEP_DOWN);
        /* And stays out for a while. */
        assert_int_equal(builder_hold(&b), REASON_COOLDOWN);
        builder_wait(&b, 29 * SEC);
        builder_never(&b, "create");
        builder_wait(&b, 2 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

static void test_release_of_a_quick_unit(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_settle(&b);
        builder_saw(&b, "REVOKE delete strip");
        builder_never(&b, "read"); /* the answer to the DELETE is the reading */
}

/* Whatever goes wrong with the DELETE and the PATCH, the lock is released in the end, and the placeholder after it. */
static void test_release_through_faults(void **state) {
        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++)
                for (unsigned d = 0; d < N_BUILDER_FAULTS; d++)
                        for (unsigned s = 0; s < N_BUILDER_FAULTS; s++)
                                for (unsigned slow = 0; slow < 2; slow++) {
                                        leads(t);
                                        b.guard[0].slow = slow;
                                        builder_stop_agent(&b);
                                        builder_guard(&b, 0);
                                        builder_answer(&b, 0, ELECTION_OP_DELETE, d);
                                        builder_wait(&b, 2 * SEC);
                                        if (slow)
                                                builder_unit_stopped(&b, 0);
                                        if (b.lock[0].sort != LOCK_ABSENT) {
                                                builder_until(&b, ELECTION_OP_STRIP);
                                                builder_answer(&b, 0, ELECTION_OP_STRIP, s);
                                        }
                                        builder_wait(&b, 120 * SEC);
                                        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
                                        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
                                        assert_false(b.own[t].present);
                                        builder_saw(&b, t == TENURE_LIFE ? "strip life.delete" : "strip lease.delete");
                                        builder_never(&b, "PERMIT");
                                }
}

/* Garbage collection marked it first: DELETE says 409, and it is done. */
static void test_delete_meets_the_mark(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_mark(&b, 0);
        builder_guard(&b, 0);
        builder_answer(&b, 0, ELECTION_OP_DELETE, BUILDER_CONFLICT);
        builder_expect(&b, "REVOKE delete read");
        builder_settle(&b);
        builder_saw(&b, "strip");
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
}

/* A state that began to stop does not turn back, whatever good news come. */
static void test_no_way_back(void **state) {
        (void)state;
        leads(TENURE_LEASE);
        b.guard[0].slow = true;
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_guard(&b, 0);
        builder_answer(&b, 0, ELECTION_OP_DELETE, BUILDER_DROPPED);
        builder_forget(&b);
        for (unsigned i = 0; i < 10; i++) {
                b.lock[0].version = b.next_version++;
                builder_watch(&b, 0);
                builder_unit(&b, 0, UNIT_RUNNING);
                guard_event((struct guard_fact){.about = b.lock[0].uid, .permit = b.lock[0].uid, .unit = UNIT_RUNNING});
                builder_wait(&b, SEC);
                assert_int_equal(builder_state(&b), ELECTION_STOPPING);
        }
        builder_never(&b, "PERMIT");
}

/* The guard went away while the unit was being stopped: told again, and nothing is released before its answer. */
static void test_revoke_again_after_reconnect(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_expect(&b, "REVOKE");
        builder_link(&b, false);
        builder_wait(&b, 100 * SEC);
        builder_never(&b, "delete");
        assert_int_equal(builder_state(&b), ELECTION_STOPPING);
        builder_link(&b, true);
        builder_saw(&b, "REVOKE");
        builder_settle(&b);
        builder_saw(&b, "REVOKE delete strip");
}

/* A permit may have been lost with the connection: said again. */
static void test_permit_again_after_reconnect(void **state) {
        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++) {
                leads(t);
                builder_link(&b, false);
                builder_link(&b, true);
                builder_expect(&b, "QUERY");
                builder_guard(&b, 0);
                builder_saw(&b, "PERMIT");
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* A guard that was restarted and knows of no permit gets it again. */
static void test_guard_lost_its_permit(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        b.guard[0].permit = 0;
        builder_unit(&b, 0, UNIT_STOPPED);
        builder_expect(&b, "PERMIT");
        builder_settle(&b);
        assert_int_equal(b.guard[0].permit, b.lock[0].uid);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* ---- the agent stops ---- */

static void test_stop_as_candidate(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_wait(&b, 5 * SEC);
        builder_forget(&b);
        builder_stop_agent(&b);
        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
        builder_settle(&b);
        builder_saw(&b, "life.delete life.read");
        assert_false(b.own[TENURE_LIFE].present);
        assert_int_equal(b.lock[0].sort, LOCK_SOUND);
        assert_true(core_deadline(&b.core) == USEC_INFINITY);
}

/* The placeholder stays until the last lock that it owns is gone. */
static void test_stop_with_two_locks(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 2);
        builder_lead(&b);
        b.guard[1].slow = true;
        builder_stop_agent(&b);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
        assert_int_equal(builder_election(&b, 1)->state, ELECTION_STOPPING);
        builder_never(&b, "life.delete");
        builder_unit_stopped(&b, 1);
        builder_settle(&b);
        builder_saw(&b, "strip 1:strip life.delete");
        assert_int_equal(builder_election(&b, 1)->state, ELECTION_STOPPED);
}

/* Stop while the API does not answer: the unit is stopped all the same; the lock waits. */
static void test_stop_without_api(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_restart(&b);
        for (unsigned i = 0; i < 3; i++) {
                while (builder_guard(&b, 0) || builder_answer_any(&b, 0, BUILDER_DROPPED) ||
                       builder_beat_any(&b, TENURE_LIFE, BUILDER_DROPPED))
                        ;
                builder_jump(&b, 30 * SEC);
        }
        builder_stop_agent(&b);
        builder_saw(&b, "REVOKE");
        for (unsigned i = 0; i < 3; i++) {
                while (builder_guard(&b, 0) || builder_answer_any(&b, 0, BUILDER_DROPPED) ||
                       builder_beat_any(&b, TENURE_LIFE, BUILDER_DROPPED))
                        ;
                builder_jump(&b, 30 * SEC);
        }
        assert_int_equal(b.guard[0].unit, UNIT_STOPPED);
        assert_int_equal(b.lock[0].sort, LOCK_SOUND);
        builder_wait(&b, 60 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
}

/* Two POSTs without an answer, of which the second was stored, and now the agent stops: the API server is asked once
 * more what became of it, however often it did not answer before, and the lock does not stay. */
static void test_stop_behind_lost_answers(void **state) {
        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++) {
                builder_init(&b, tenure, 1);
                builder_link(&b, true);
                builder_until(&b, ELECTION_OP_CREATE);
                builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_DROPPED);
                for (unsigned i = 0; b.request[0].op != ELECTION_OP_CREATE; i++) {
                        assert_true(i < 20);
                        builder_jump(&b, SEC / 2);
                        if (b.request[0].op == ELECTION_OP_READ)
                                builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
                }
                builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LOST);
                assert_int_equal(b.lock[0].sort, LOCK_SOUND);
                builder_stop_agent(&b);
                builder_settle(&b);
                builder_wait(&b, 5 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_STOPPED);
                assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        }
}

/* A lock that left the configuration while the API server does not answer is not forgotten: read when it answers again,
 * and what of it is ours is released. */
static void test_leaves_during_an_outage(void **state) {
        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++) {
                builder_init(&b, tenure, 1);
                builder_lead(&b);
                b.revoked[b.lock[0].uid] = true; /* its unit has been stopped meanwhile */
                b.guard[0].permit = 0;
                b.guard[0].unit = UNIT_STOPPED;
                builder_restart(&b);
                builder_signal(&b, 0, ELECTION_EV_STOP);
                for (unsigned i = 0; i < 40; i++) {
                        (void)builder_answer_any(&b, 0, BUILDER_REFUSED);
                        while (builder_guard(&b, 0))
                                ;
                        builder_jump(&b, SEC);
                        assert_int_not_equal(builder_state(&b), ELECTION_STOPPED);
                }
                builder_settle(&b);
                builder_wait(&b, 40 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_STOPPED);
                assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stop_behind_lost_answers),
                cmocka_unit_test(test_leaves_during_an_outage),
                cmocka_unit_test(test_release_order),
                cmocka_unit_test(test_release_of_a_quick_unit),
                cmocka_unit_test(test_release_through_faults),
                cmocka_unit_test(test_delete_meets_the_mark),
                cmocka_unit_test(test_no_way_back),
                cmocka_unit_test(test_revoke_again_after_reconnect),
                cmocka_unit_test(test_permit_again_after_reconnect),
                cmocka_unit_test(test_guard_lost_its_permit),
                cmocka_unit_test(test_stop_as_candidate),
                cmocka_unit_test(test_stop_with_two_locks),
                cmocka_unit_test(test_stop_without_api),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
