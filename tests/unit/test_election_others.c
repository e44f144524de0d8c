/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election, life tenure where it does not matter. What others do to the lock and to the placeholder.
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

/* ---- others ---- */

/* The claims of one lock are gone, and another one keeps the placeholder alive that it names: that it is ours shows
 * only when the placeholder was read (agent_lock_fact()), and the lock was read before. Without a second look nobody
 * would free it before verify_interval. */
static void test_claims_gone_beside_another_lock(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 2);
        builder_lead(&b);
        b.lock[0].claimed = false;
        builder_restart(&b);
        builder_forget(&b);
        builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
        builder_answer(&b, 1, ELECTION_OP_READ, BUILDER_FINE);
        while (builder_guard(&b, 0) || builder_guard(&b, 1))
                ;
        /* Now it is read, and what the shell says of the lock changes. */
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_READ, BUILDER_FINE);
        b.lock[0].claimed = true;
        b.lock[0].sort = LOCK_DAMAGED;
        builder_settle(&b);
        builder_saw(&b, "lease.read read REVOKE strip create");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

static void test_lock_marked_by_somebody(void **state) {
        uint64_t first;

        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++) {
                leads(t);
                first = b.lock[0].uid;
                builder_mark(&b, 0);
                builder_watch(&b, 0);
                builder_expect(&b, "REVOKE");
                assert_int_equal(builder_reason(&b), REASON_LOCK_DELETED);
                builder_until(&b, ELECTION_OP_STRIP);
                builder_never(&b, "delete");
                builder_saw(&b, "read strip"); /* the mark was only seen: read before the finalizer goes */
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_int_not_equal(b.lock[0].uid, first);
        }
}

/* The same without any watch: the re-read at verify_interval finds it. */
static void test_mark_found_by_verify(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_mark(&b, 0);
        builder_jump(&b, 59 * SEC);
        builder_never(&b, "read");
        builder_wait(&b, 2 * SEC);
        builder_saw(&b, "read REVOKE strip");
}

/* Somebody removed the finalizer by hand, too. */
static void test_lock_gone(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_event(&b, 0,
                      (struct election_event){.type = ELECTION_EV_LOCK_SEEN,
                                              .lock = {.sort = LOCK_ABSENT, .uid = b.lock[0].uid}});
        builder_remove(&b, 0);
        builder_expect(&b, "REVOKE");
        assert_int_equal(builder_reason(&b), REASON_LOCK_GONE);
        b.guard[0].slow = true;
        builder_wait(&b, 5 * SEC);
        builder_never(&b, "create"); /* not before the unit was seen stopped */
        builder_unit_stopped(&b, 0);
        builder_settle(&b);
        builder_never(&b, "strip");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* An overwriting PUT took claim, record or finalizer: a changed lock is a lost lock, and not ours to remove. */
static void test_lock_overwritten(void **state) {
        (void)state;
        for (unsigned i = 0; i < 3; i++) {
                leads(TENURE_LIFE);
                b.lock[0].version = b.next_version++;
                if (i == 0)
                        b.lock[0].claimed = false;
                else
                        b.lock[0].sort = i == 1 ? LOCK_DAMAGED : LOCK_FOREIGN;
                if (i == 2)
                        b.lock[0].claimed = false;
                builder_watch(&b, 0);
                builder_expect(&b, "REVOKE");
                assert_int_equal(builder_reason(&b), REASON_LOCK_CHANGED);
                b.guard[0].slow = false;
                builder_wait(&b, 200 * SEC);
                if (i == 1) { /* damaged, yet with our claim: ours to remove, by uid */
                        builder_saw(&b, "delete");
                        continue;
                }
                builder_never(&b, "delete");
                builder_never(&b, "strip");
                builder_never(&b, "create");
                if (i == 2)
                        assert_int_equal(builder_hold(&b), REASON_FOREIGN_LOCK);
        }
}

/* Whoever takes the lock of an in-cluster operator away does not stop its Pod: that is waited for, until it is gone,
 * has finished, or is another one; and the lock is read again, for another Pod may have taken it meanwhile. */
static void test_pod_outlives_its_lock(void **state) {
        (void)state;
        for (unsigned how = 0; how < 4; how++) {
                builder_init(&b, how % 2 ? TENURE_LEASE : TENURE_LIFE, 1);
                builder_other_wins(&b, 0, TENURE_LIFE);
                b.lock[0].sort = LOCK_FOREIGN;
                b.pod = (struct placeholder_fact){.uid = b.lock[0].placeholder, .version = 1, .present = true};
                builder_restart(&b);
                builder_wait(&b, 20 * SEC);
                assert_int_equal(builder_hold(&b), REASON_FOREIGN_LOCK);
                builder_never(&b, "read-pod");
                b.lock[0] = (struct lock_fact){.sort = LOCK_ABSENT};
                builder_watch(&b, 0);
                builder_wait(&b, 300 * SEC);
                builder_saw(&b, "read-pod read-pod");
                builder_never(&b, "create");
                assert_int_equal(builder_hold(&b), REASON_FOREIGN_POD);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                if (how == 0)
                        b.pod.uid = 0;
                else if (how == 1)
                        b.pod.present = false;
                else if (how == 2)
                        b.pod.uid++;
                else { /* a lock of ours comes and goes: the Pod is still there */
                        builder_other_wins(&b, 0, TENURE_LIFE);
                        builder_watch(&b, 0);
                        builder_wait(&b, 20 * SEC);
                        assert_int_equal(builder_hold(&b), REASON_NONE);
                        b.lock[0] = (struct lock_fact){.sort = LOCK_ABSENT};
                        builder_watch(&b, 0);
                        builder_wait(&b, 20 * SEC);
                        builder_never(&b, "create");
                        b.pod.uid = 0;
                }
                builder_wait(&b, 8 * SEC);
                builder_saw(&b, "read-pod read create");
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* What cannot be read (an outage, credentials that have run out) has not ended. */
static void test_pod_unknown(void **state) {
        static const enum builder_fault faults[] = {BUILDER_DENIED, BUILDER_DROPPED, BUILDER_REFUSED};

        (void)state;
        for (unsigned i = 0; i < ELEMENTSOF(faults); i++) {
                builder_init(&b, TENURE_LIFE, 1);
                builder_other_wins(&b, 0, TENURE_LIFE);
                b.lock[0].sort = LOCK_FOREIGN;
                builder_restart(&b);
                builder_wait(&b, 2 * SEC);
                b.lock[0] = (struct lock_fact){.sort = LOCK_ABSENT};
                builder_watch(&b, 0);
                for (unsigned n = 0; n < 8; n++) {
                        builder_until(&b, ELECTION_OP_READ_POD);
                        builder_answer(&b, 0, ELECTION_OP_READ_POD, faults[i]);
                }
                assert_int_equal(builder_hold(&b), REASON_FOREIGN_POD);
                builder_never(&b, "create");
                builder_wait(&b, 60 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* Foreign and damaged locks are waited for, never touched. */
static void test_never_touched(void **state) {
        static const uint8_t sorts[] = {LOCK_FOREIGN, LOCK_DAMAGED, LOCK_SOUND};
        static const uint8_t holds[] = {REASON_FOREIGN_LOCK, REASON_DAMAGED_LOCK, REASON_NONE};

        (void)state;
        for (unsigned i = 0; i < ELEMENTSOF(sorts); i++)
                for (unsigned marked = 0; marked < 2; marked++) {
                        struct lock_fact before;

                        builder_init(&b, TENURE_LIFE, 1);
                        builder_other_wins(&b, 0, TENURE_LIFE);
                        b.lock[0].sort = sorts[i];
                        b.lock[0].deleting = marked;
                        b.holder.present = false; /* long gone: still nobody else's to free */
                        before = b.lock[0];
                        builder_restart(&b);
                        builder_wait(&b, 2000 * SEC);
                        assert_memory_equal(&b.lock[0], &before, sizeof(before));
                        assert_int_equal(builder_hold(&b), holds[i]);
                        builder_never(&b, "delete");
                        builder_never(&b, "strip");
                        builder_never(&b, "create");
                        builder_never(&b, "PERMIT");
                }
}

/* ---- placeholder ---- */

/* Orphaned by a deletion of the placeholder that left the lock: owner and data are restored, the unit runs on. */
static void test_orphaned_lock_is_restored(void **state) {
        (void)state;
        for (unsigned gone = 0; gone < 2; gone++) {
                leads(TENURE_LIFE);
                builder_jump(&b, SEC);
                b.lock[0].orphaned = true;
                b.lock[0].version = b.next_version++;
                if (gone)
                        b.own[TENURE_LIFE].present = false;
                builder_watch(&b, 0);
                builder_settle(&b);
                builder_saw(&b, gone ? "read life.renew life.create life.renew restore read"
                                     : "read life.renew restore read");
                builder_never(&b, "REVOKE");
                assert_false(b.lock[0].orphaned);
                assert_int_equal(b.lock[0].placeholder, b.own[TENURE_LIFE].uid);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* Found orphaned after a restart, its placeholder gone: a new one proves nothing before the lock names it. */
static void test_orphaned_lock_is_restored_before_the_permit(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        b.lock[0].orphaned = true;
        b.lock[0].version = b.next_version++;
        b.own[TENURE_LIFE].present = false;
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_RESTORE);
        builder_never(&b, "PERMIT");
        builder_settle(&b);
        builder_saw(&b, "life.renew restore read PERMIT");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The PATCH meets another version, is lost, or is dropped: read, and again if still needed. */
static void test_restore_through_faults(void **state) {
        (void)state;
        for (unsigned f = 0; f < N_BUILDER_FAULTS; f++) {
                leads(TENURE_LIFE);
                builder_jump(&b, SEC);
                b.lock[0].orphaned = true;
                b.lock[0].version = b.next_version++;
                builder_watch(&b, 0);
                builder_until(&b, ELECTION_OP_RESTORE);
                builder_answer(&b, 0, ELECTION_OP_RESTORE, f);
                builder_wait(&b, 60 * SEC);
                assert_false(b.lock[0].orphaned);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                builder_never(&b, "REVOKE");
        }
}

/* A lock that still names a gone or dying placeholder is released, also when nothing ever marks it. */
static void test_placeholder_lost(void **state) {
        (void)state;
        for (unsigned how = 0; how < 3; how++) {
                leads(TENURE_LIFE);
                if (how == 1)
                        b.own[TENURE_LIFE].deleting = true;
                else
                        b.own[TENURE_LIFE].present = false;
                if (how == 2) { /* garbage collection is quick */
                        builder_collect(&b);
                        builder_watch(&b, 0);
                }
                builder_wait(&b, 70 * SEC);
                /* (the sign of life takes the finalizers of what is being deleted, and so ends it) */
                builder_saw(&b, how == 2   ? "REVOKE strip create PERMIT"
                                : how == 1 ? "life.renew life.read REVOKE delete strip life.create create PERMIT"
                                           : "life.renew REVOKE delete strip life.create create PERMIT");
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_int_equal(b.lock[0].placeholder, b.own[TENURE_LIFE].uid);
        }
}

/* In life tenure a taken name under our name keeps us out, and is reported. */
static void test_taken_name(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        b.own[TENURE_LIFE] = (struct placeholder_fact){.uid = 7, .version = 7, .present = true};
        builder_restart(&b);
        builder_wait(&b, 500 * SEC);
        assert_int_equal(builder_hold(&b), REASON_NAME_TAKEN);
        builder_never(&b, "create");
        builder_never(&b, "life.delete");
        b.own[TENURE_LIFE].present = false;
        builder_wait(&b, 70 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The record of our own lock is not what it was: whatever was written there, the term ends, by a watch event or by a
 * read, and the lock is released: challengers wait for the longest, but what it says is not what our POST said. */
static void test_own_record_edited(void **state) {
        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++)
                for (unsigned how = 0; how < 4; how++) {
                        uint64_t uid;

                        builder_init(&b, tenure, 1);
                        builder_lead(&b);
                        uid = b.lock[0].uid;
                        b.lock[0].version = b.next_version++;
                        b.lock[0].record++;
                        if (how & 1)
                                b.lock[0].duration_usec = 3 * SEC;
                        if (how & 2)
                                builder_watch(&b, 0);
                        else
                                builder_wait(&b, 61 * SEC); /* verify_interval */
                        builder_saw(&b, "REVOKE");
                        builder_wait(&b, 5 * SEC);
                        assert_int_equal(builder_reason(&b), REASON_LOCK_CHANGED);
                        builder_saw(&b, "REVOKE delete strip");
                        assert_int_not_equal(b.lock[0].uid, uid);
                        assert_int_equal(builder_state(&b), ELECTION_LEADING);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_own_record_edited),
                cmocka_unit_test(test_claims_gone_beside_another_lock),
                cmocka_unit_test(test_lock_marked_by_somebody),
                cmocka_unit_test(test_mark_found_by_verify),
                cmocka_unit_test(test_lock_gone),
                cmocka_unit_test(test_lock_overwritten),
                cmocka_unit_test(test_never_touched),
                cmocka_unit_test(test_pod_outlives_its_lock),
                cmocka_unit_test(test_pod_unknown),
                cmocka_unit_test(test_orphaned_lock_is_restored),
                cmocka_unit_test(test_orphaned_lock_is_restored_before_the_permit),
                cmocka_unit_test(test_restore_through_faults),
                cmocka_unit_test(test_placeholder_lost),
                cmocka_unit_test(test_taken_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
