/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election, life tenure where it does not matter. Winning: claims, POSTs that land late, proofs, races.
 * Whatever happens, tests/lib/core_builder.c checks the rules that always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

static struct builder b;

/* ---- winning ---- */

static void test_winning(void **state) {
        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++) {
                builder_init(&b, t, 1);
                builder_restart(&b);
                builder_settle(&b);
                /* The claim is on disk before the POST; the placeholder is there before the lock, and is proven after
                 * it. */
                builder_saw(&b, t == TENURE_LIFE ? "claim life.claim life.create create life.renew PERMIT"
                                                 : "claim lease.claim lease.create create lease.renew PERMIT");
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_int_equal(b.lock[0].placeholder, b.own[t].uid);
                assert_int_equal(b.guard[0].permit, b.lock[0].uid);
                assert_int_equal(builder_reason(&b), REASON_NONE);
        }
}

/* At the start the lock is read before anything is asked about the placeholder: one connection at a time. */
static void test_lock_first(void **state) {
        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++) {
                builder_init(&b, t, 1);
                builder_restart(&b);
                assert_int_equal(b.beat[t].op, PLACEHOLDER_OP_NONE);
                builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FAILED);
                assert_int_equal(b.beat[t].op, PLACEHOLDER_OP_NONE);
                builder_until(&b, ELECTION_OP_READ);
                builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
                assert_int_equal(b.beat[t].op, PLACEHOLDER_OP_READ);
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* The proof that counts is sent after the lock was known to be ours. */
static void test_no_permit_without_proof(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_FINE);
        while (builder_guard(&b, 0))
                ;
        assert_int_equal(builder_state(&b), ELECTION_PROVING);
        for (unsigned i = 0; i < 20; i++) {
                builder_beat_any(&b, TENURE_LIFE, i % 2 ? BUILDER_DENIED : BUILDER_FAILED);
                builder_jump(&b, 40 * SEC);
                builder_answer_any(&b, 0, BUILDER_FINE);
        }
        builder_never(&b, "PERMIT");
        assert_int_equal(builder_state(&b), ELECTION_PROVING);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The POST lands late and names a placeholder that is gone meanwhile. Our new one proves nothing about it. */
static void test_late_post_names_gone_placeholder(void **state) {
        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++) {
                uint64_t first;

                builder_init(&b, t, 1);
                builder_restart(&b);
                builder_until(&b, ELECTION_OP_CREATE);
                first = b.own[t].uid;
                builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LATE);
                b.own[t].present = false;
                builder_watch_own(&b, t);
                while (builder_beat_any(&b, t, BUILDER_FINE))
                        ;
                assert_true(b.own[t].present && b.own[t].uid != first);
                builder_land(&b, 0);
                assert_int_equal(b.lock[0].placeholder, first);
                builder_until(&b, ELECTION_OP_STRIP);
                builder_never(&b, "PERMIT");
                assert_int_equal(builder_reason(&b), REASON_PLACEHOLDER_LOST);
                builder_wait(&b, 60 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_int_equal(b.lock[0].placeholder, b.own[t].uid);
        }
}

/* No POST without a claim on disk; a retry carries the same claim. */
static void test_claims(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CLAIM);
        for (unsigned i = 0; i < 5; i++) {
                builder_answer(&b, 0, ELECTION_OP_CLAIM, BUILDER_FAILED);
                builder_until(&b, ELECTION_OP_CLAIM);
        }
        builder_never(&b, "create");
        builder_until(&b, ELECTION_OP_CREATE);
        builder_forget(&b);
        for (unsigned i = 0; i < 4; i++) {
                builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_DROPPED);
                builder_until(&b, ELECTION_OP_CREATE);
        }
        builder_never(&b, "claim");
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        /* The next term has a new one. */
        builder_forget(&b);
        builder_remove(&b, 0);
        builder_watch(&b, 0);
        builder_wait(&b, 60 * SEC);
        builder_saw(&b, "REVOKE claim create PERMIT");
}

/* Crash between the 201 and storing anything: the lock found is ours by its claim. */
static void test_crash_after_post(void **state) {
        uint64_t uid;

        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LOST);
        uid = b.lock[0].uid;
        builder_restart(&b);
        builder_forget(&b);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_equal(b.guard[0].permit, uid);
        builder_never(&b, "create");
}

/* The answer to the POST is lost, or says that the name is taken by our own earlier one: read, and it is ours. */
static void test_post_unknown(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_forget(&b);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LOST);
        builder_wait(&b, SEC);
        builder_saw(&b, "read QUERY life.renew PERMIT");
        builder_never(&b, "create");

        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LATE);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_land(&b, 0);
        builder_forget(&b);
        builder_wait(&b, SEC);
        builder_saw(&b, "read QUERY life.renew PERMIT");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Losing races is normal and slows nobody down: the next one begins as quickly as the first. */
static void test_losing_races(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        for (unsigned i = 0; i < 12; i++) {
                builder_other_wins(&b, 0, TENURE_LIFE);
                builder_settle(&b);
                builder_wait(&b, 600 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                builder_event(&b, 0,
                              (struct election_event){.type = ELECTION_EV_LOCK_SEEN,
                                                      .lock = {.sort = LOCK_ABSENT, .uid = b.lock[0].uid}});
                assert_int_equal(b.request[0].op, ELECTION_OP_CREATE);
                builder_remove(&b, 0);
        }
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* While it lost the last one, the lock is free again at once: no pause either. */
static void test_losing_races_quickly(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        for (unsigned i = 0; i < 12; i++) {
                builder_other_wins(&b, 0, TENURE_LIFE);
                builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_FINE);
                builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
                builder_remove(&b, 0);
                builder_event(&b, 0,
                              (struct election_event){.type = ELECTION_EV_LOCK_SEEN,
                                                      .lock = {.sort = LOCK_ABSENT, .uid = b.answered[0].uid}});
                assert_int_equal(b.request[0].op, ELECTION_OP_CREATE);
        }
}

/* The candidate has its claim on disk and its placeholder ready: when the lock goes, the POST is the first request. */
static void test_takeover_begins_with_the_post(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_wait(&b, 10 * SEC);
        builder_forget(&b);
        builder_event(&b, 0,
                      (struct election_event){.type = ELECTION_EV_LOCK_SEEN,
                                              .lock = {.sort = LOCK_ABSENT, .uid = b.lock[0].uid}});
        builder_expect(&b, "create");
}

/* Our POST was refused, or never sent, and a watch shows meanwhile that somebody else has the lock: nothing would be
 * asked for any more, and what is told of the POST would stay. */
static void test_create_fails_beside_news(void **state) {
        static const enum builder_fault faults[] = {BUILDER_DENIED, BUILDER_FAILED, BUILDER_REFUSED};

        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++)
                for (size_t i = 0; i < ELEMENTSOF(faults); i++) {
                        builder_init(&b, tenure, 1);
                        builder_restart(&b);
                        builder_until(&b, ELECTION_OP_CREATE);
                        builder_other_wins(&b, 0, tenure);
                        builder_watch(&b, 0);
                        builder_forget(&b);
                        builder_answer(&b, 0, ELECTION_OP_CREATE, faults[i]);
                        builder_wait(&b, 8 * SEC);
                        builder_saw(&b, "read");
                        builder_never(&b, "create");
                        assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_winning),
                cmocka_unit_test(test_lock_first),
                cmocka_unit_test(test_no_permit_without_proof),
                cmocka_unit_test(test_late_post_names_gone_placeholder),
                cmocka_unit_test(test_claims),
                cmocka_unit_test(test_crash_after_post),
                cmocka_unit_test(test_post_unknown),
                cmocka_unit_test(test_losing_races),
                cmocka_unit_test(test_losing_races_quickly),
                cmocka_unit_test(test_takeover_begins_with_the_post),
                cmocka_unit_test(test_create_fails_beside_news),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
