/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election, life tenure where it does not matter. The unit and the API: refusals, failures, outages,
 * watch events out of order, the pace of retries. Whatever happens, tests/lib/core_builder.c checks the rules that
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

static void guard_event(struct guard_fact f) {
        builder_event(&b, 0, (struct election_event){.type = ELECTION_EV_GUARD, .guard = f});
}

/* ---- the unit ---- */

/* Not enrolled, masked, overridden: no claim, no deposing, and nothing of it while a term is in force. */
static void test_unfit_candidate(void **state) {
        (void)state;
        for (uint8_t t = TENURE_LIFE; t < N_TENURES; t++) {
                builder_init(&b, t, 1);
                b.guard[0].unfit = true;
                builder_restart(&b);
                builder_wait(&b, 100 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                assert_int_equal(builder_hold(&b), REASON_UNIT_UNFIT);
                builder_never(&b, "claim");
                builder_never(&b, "create");
                b.guard[0].unfit = false;
                builder_unit(&b, 0, UNIT_STOPPED);
                builder_settle(&b); /* at once: no time passes here */
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                builder_forget(&b);
                /* The term in force goes on: what bounds it is the permit's own judgement. */
                b.guard[0].unfit = true;
                builder_unit(&b, 0, UNIT_RUNNING);
                builder_wait(&b, 100 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                builder_never(&b, "REVOKE");
        }
        builder_init(&b, TENURE_LEASE, 1);
        builder_other_wins(&b, 0, TENURE_LEASE);
        b.guard[0].unfit = true;
        builder_restart(&b);
        builder_wait(&b, 100 * SEC);
        assert_int_equal(builder_hold(&b), REASON_UNIT_UNFIT);
        builder_never(&b, "delete-holder");
        b.guard[0].unfit = false;
        builder_unit(&b, 0, UNIT_STOPPED);
        builder_wait(&b, 40 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* What became unfit between the claim and the POST. */
static void test_unfit_before_the_post(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CLAIM);
        b.guard[0].unfit = true;
        builder_unit(&b, 0, UNIT_STOPPED);
        builder_settle(&b);
        builder_never(&b, "create");
        assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
}

/* Our own lock of before is not kept for a unit that cannot run: taken up, refused, released, and nothing more; mended,
 * it competes at once, whatever pause the refusal began. */
static void test_unfit_with_a_lock(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        b.guard[0].permit = 0;
        b.guard[0].unit = UNIT_STOPPED;
        b.guard[0].unfit = true;
        builder_restart(&b);
        builder_wait(&b, SEC);
        builder_saw(&b, "PERMIT REVOKE delete strip");
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        assert_int_equal(builder_reason(&b), REASON_UNIT_UNFIT);
        assert_int_equal(builder_hold(&b), REASON_UNIT_UNFIT);
        builder_forget(&b);
        builder_wait(&b, 1000 * SEC);
        builder_never(&b, "create");
        builder_wait(&b, SEC);
        b.guard[0].unfit = false;
        builder_unit(&b, 0, UNIT_STOPPED);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);

        /* … also within the pause. */
        leads(TENURE_LIFE);
        b.guard[0].permit = 0;
        b.guard[0].unit = UNIT_STOPPED;
        b.guard[0].unfit = true;
        builder_restart(&b);
        builder_wait(&b, SEC);
        assert_true(builder_election(&b, 0)->timers.cool_until_usec > b.now);
        b.guard[0].unfit = false;
        builder_unit(&b, 0, UNIT_STOPPED);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

static void test_refusals(void **state) {
        (void)state;
        for (uint8_t r = 0; r < N_GUARD_RESULTS; r++) {
                uint64_t uid;

                leads(TENURE_LIFE);
                uid = b.lock[0].uid;
                b.guard[0].permit = 0;
                guard_event((struct guard_fact){
                        .about = uid, .unit = UNIT_STOPPED, .refusal = r, .revoked = r == GUARD_REFUSED_REVOKED});
                if (r == GUARD_OK || r == GUARD_REFUSED_OVERDUE) {
                        assert_int_equal(builder_state(&b), ELECTION_LEADING);
                        continue;
                }
                assert_int_equal(builder_state(&b), ELECTION_STOPPING);
                assert_int_equal(builder_reason(&b), r == GUARD_REFUSED_REVOKED   ? REASON_PERMIT_REVOKED
                                                     : r == GUARD_REFUSED_FOREIGN ? REASON_UNIT_FOREIGN
                                                                                  : REASON_UNIT_UNFIT);
                builder_settle(&b);
                if (r != GUARD_REFUSED_REVOKED) /* stays out; that one is the guard's doing, not the unit's */
                        assert_int_equal(builder_hold(&b), REASON_COOLDOWN);
        }
}

/* A failed unit: release, and stay out for longer and longer; a long good run forgives. */
static void test_cooldown_grows(void **state) {
        static const uint64_t expected[] = {10, 20, 40, 80, 160, 300, 300};

        (void)state;
        leads(TENURE_LIFE);
        for (unsigned i = 0; i < ELEMENTSOF(expected); i++) {
                builder_unit(&b, 0, UNIT_FAILED);
                assert_int_equal(builder_reason(&b), REASON_UNIT_FAILED);
                builder_settle(&b);
                assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
                assert_int_equal(builder_hold(&b), REASON_COOLDOWN);
                assert_int_equal(builder_election(&b, 0)->timers.cool_until_usec - b.now, expected[i] * SEC);
                builder_wait(&b, expected[i] * SEC - 1);
                assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
                builder_wait(&b, SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
        builder_wait(&b, 301 * SEC);
        builder_unit(&b, 0, UNIT_FAILED);
        builder_settle(&b);
        assert_int_equal(builder_election(&b, 0)->timers.cool_until_usec - b.now, 10 * SEC);
}

static void test_keep_failed(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        b.locks[0].conf.keys.on_failure = ON_FAILURE_KEEP;
        builder_lead(&b);
        builder_unit(&b, 0, UNIT_FAILED);
        builder_wait(&b, 1000 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_never(&b, "REVOKE");
}

/* Success is no failure: the lock is held for the next start here, whoever asks for it. */
static void test_keep_ended(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        b.locks[0].conf.keys.on_exit = ON_EXIT_KEEP;
        builder_lead(&b);
        builder_unit(&b, 0, UNIT_ENDED);
        builder_wait(&b, 1000 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_unit(&b, 0, UNIT_RUNNING);
        builder_wait(&b, 10 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_never(&b, "REVOKE");
}

/* … or it moves on, at the same pace each time. */
static void test_release_ended(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        builder_lead(&b);
        for (unsigned i = 0; i < 5; i++) {
                builder_unit(&b, 0, UNIT_ENDED);
                builder_settle(&b);
                assert_int_equal(builder_election(&b, 0)->term.reason, REASON_UNIT_ENDED);
                assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
                assert_int_equal(builder_election(&b, 0)->timers.cool_until_usec - b.now, 10 * SEC);
                builder_wait(&b, 10 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* A unit that was over before it was seen running leads all the same. */
static void test_ended_at_once(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        b.locks[0].conf.keys.on_exit = ON_EXIT_KEEP;
        builder_lead(&b);
        builder_election(&b, 0)->state = ELECTION_PERMITTING;
        builder_unit(&b, 0, UNIT_ENDED);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* systemd restarts it so often, now; returns whether the lock was let go. */
static bool restarted(uint32_t total) {
        b.guard[0].restarts = total;
        builder_unit(&b, 0, UNIT_RUNNING);
        builder_settle(&b);
        return builder_state(&b) != ELECTION_LEADING;
}

static void test_restart_limit(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        b.guard[0].restarts = 40; /* before this agent came: nobody's concern */
        builder_lead(&b);
        assert_false(restarted(40));
        assert_false(restarted(45));
        /* An interval later they count anew. */
        builder_wait(&b, 601 * SEC);
        assert_false(restarted(50));
        /* Started by somebody: systemd begins at 0, the interval goes on. */
        assert_true(restarted(1));
        assert_int_equal(builder_election(&b, 0)->term.reason, REASON_UNIT_RESTARTS);
        assert_int_equal(builder_election(&b, 0)->timers.cool_until_usec - b.now, 10 * SEC);
}

static void test_no_restart_limit(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        b.locks[0].conf.keys.restart_limit = 0;
        builder_lead(&b);
        assert_false(restarted(10000));
        b.locks[0].conf.keys.restart_limit = 5;
        b.locks[0].conf.keys.on_failure = ON_FAILURE_KEEP;
        assert_false(restarted(20000));
}

/* A POST that was given up lands while we stay out: released by uid, no unit starts. */
static void test_late_post_while_cooling(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LATE);
        builder_wait(&b, 5 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_unit(&b, 0, UNIT_FAILED);
        builder_settle(&b);
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        builder_forget(&b);
        builder_land(&b, 0);
        builder_watch(&b, 0);
        builder_settle(&b);
        builder_saw(&b, "read QUERY REVOKE delete strip");
        builder_never(&b, "PERMIT");
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        assert_int_equal(builder_hold(&b), REASON_COOLDOWN); /* not any longer than before */
        builder_wait(&b, 10 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Asked to step down while not leading: nothing remains of it. */
static void test_step_down_as_candidate(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_settle(&b);
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_remove(&b, 0);
        builder_watch(&b, 0);
        builder_wait(&b, SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* ---- the API ---- */

/* Down for days: the leader keeps running. */
static void test_api_down(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        for (unsigned i = 0; b.now < 48 * 3600 * SEC; i++) {
                builder_jump(&b, core_deadline(&b.core) - b.now);
                while (builder_answer_any(&b, 0, i % 2 ? BUILDER_DROPPED : BUILDER_FAILED) ||
                       builder_beat_any(&b, TENURE_LIFE, BUILDER_DROPPED))
                        ;
        }
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_never(&b, "REVOKE");
        builder_wait(&b, 60 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Without the guard nobody competes. */
static void test_guard_away(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_link(&b, false);
        builder_wait(&b, 100 * SEC);
        assert_int_equal(builder_hold(&b), REASON_GUARD_AWAY);
        builder_never(&b, "create");
        builder_link(&b, true);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        /* But a leader leads on. */
        builder_link(&b, false);
        builder_wait(&b, 1000 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Watch events come before or after the answers they belong to: none of them loses a wake-up. */
static void test_watch_and_answers(void **state) {
        struct election_event old = {.type = ELECTION_EV_REPLY, .op = ELECTION_OP_READ, .result = RESULT_OK};

        (void)state;
        /* Newer than the answer under way: the answer is read again. */
        builder_init(&b, TENURE_LIFE, 1);
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_READ);
        old.lock = b.lock[0];
        builder_remove(&b, 0);
        builder_watch(&b, 0);
        b.request[0].op = ELECTION_OP_NONE;
        b.answered[0] = old.lock;
        builder_forget(&b);
        builder_event(&b, 0, old);
        builder_saw(&b, "read");
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        /* Older than what is known: at worst one read more. */
        builder_forget(&b);
        builder_event(&b, 0, (struct election_event){.type = ELECTION_EV_LOCK_SEEN, .lock = old.lock});
        builder_settle(&b);
        builder_expect(&b, "read");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        /* The end of an earlier lock is not the end of ours. */
        builder_event(&b, 0,
                      (struct election_event){.type = ELECTION_EV_LOCK_SEEN,
                                              .lock = {.sort = LOCK_ABSENT, .uid = old.lock.uid}});
        builder_settle(&b);
        builder_expect(&b, "");
        /* The same again says nothing. */
        builder_watch(&b, 0);
        builder_expect(&b, "");
}

/* A clone's boot id is seen in the moment of the proof: no permit before the read. */
static void test_no_permit_while_a_read_is_due(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_FINE);
        while (builder_guard(&b, 0))
                ;
        assert_int_equal(builder_state(&b), ELECTION_PROVING);
        b.lock[0].same_boot = false;
        b.lock[0].version = b.next_version++;
        builder_watch(&b, 0);
        builder_beat(&b, TENURE_LIFE, PLACEHOLDER_OP_RENEW, BUILDER_FINE);
        builder_never(&b, "PERMIT");
        builder_settle(&b);
        builder_never(&b, "PERMIT");
        assert_int_equal(builder_reason(&b), REASON_OTHER_BOOT);
}

/* Whatever an API server keeps answering, it is not asked more than a few times a minute. */
static void test_pace(void **state) {
        (void)state;
        for (unsigned f = BUILDER_DROPPED; f < N_BUILDER_FAULTS; f++)
                for (uint8_t op = 1; op < N_ELECTION_OPS; op++) {
                        unsigned before;
                        uint64_t end;

                        if (f == BUILDER_LATE || (f == BUILDER_CONFLICT && op == ELECTION_OP_CLAIM))
                                continue;
                        builder_init(&b, TENURE_LIFE, 1);
                        if (op >= ELECTION_OP_READ_HOLDER)
                                builder_other_wins(&b, 0, TENURE_LEASE);
                        b.pod = (struct placeholder_fact){.uid = b.lock[0].placeholder, .present = true};
                        if (op == ELECTION_OP_READ_POD)
                                b.lock[0].sort = LOCK_FOREIGN;
                        builder_restart(&b);
                        if (op == ELECTION_OP_READ_POD) {
                                builder_settle(&b);
                                b.lock[0] = (struct lock_fact){.sort = LOCK_ABSENT};
                        }
                        if (op == ELECTION_OP_DELETE || op == ELECTION_OP_STRIP || op == ELECTION_OP_RESTORE ||
                            op == ELECTION_OP_ADOPT)
                                builder_settle(&b);
                        if (op == ELECTION_OP_RESTORE)
                                b.lock[0].orphaned = true;
                        if (op == ELECTION_OP_ADOPT)
                                builder_reboot(&b);
                        b.lock[0].version = b.next_version++;
                        if (op == ELECTION_OP_DELETE || op == ELECTION_OP_STRIP)
                                builder_stop_agent(&b);
                        else
                                builder_watch(&b, 0);
                        builder_until(&b, op);
                        before = b.n_requests;
                        for (end = b.now + 600 * SEC; b.now < end;) {
                                while (builder_guard(&b, 0) ||
                                       builder_answer_any(&b, 0, b.request[0].op == op ? f : BUILDER_FINE) ||
                                       builder_beat_any(&b, TENURE_LIFE, BUILDER_FINE) ||
                                       builder_beat_any(&b, TENURE_LEASE, BUILDER_FINE))
                                        if (b.n_requests - before > 150)
                                                fail_msg("%s answered with fault %d: %u requests in %llu s: '%s'",
                                                         election_op_to_string(op), f, b.n_requests - before,
                                                         (unsigned long long)((b.now + 600 * SEC - end) / SEC), b.log);
                                builder_jump(&b, core_deadline(&b.core) < end ? core_deadline(&b.core) - b.now
                                                                              : end - b.now);
                        }
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unfit_candidate),
                cmocka_unit_test(test_unfit_before_the_post),
                cmocka_unit_test(test_unfit_with_a_lock),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_cooldown_grows),
                cmocka_unit_test(test_keep_failed),
                cmocka_unit_test(test_keep_ended),
                cmocka_unit_test(test_release_ended),
                cmocka_unit_test(test_ended_at_once),
                cmocka_unit_test(test_restart_limit),
                cmocka_unit_test(test_no_restart_limit),
                cmocka_unit_test(test_late_post_while_cooling),
                cmocka_unit_test(test_step_down_as_candidate),
                cmocka_unit_test(test_api_down),
                cmocka_unit_test(test_guard_away),
                cmocka_unit_test(test_watch_and_answers),
                cmocka_unit_test(test_no_permit_while_a_read_is_due),
                cmocka_unit_test(test_pace),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
