/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election. Lease tenure, the challengers: silence, compare-and-swap, deposing.
 * Whatever happens, tests/lib/core_builder.c checks the rules that always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

/* A recorded duration of 15 s with the margin for clock rates (1 %). */
#define SILENCE (15 * SEC + 15 * SEC / 100)

static struct builder b;

static void leads(void) {
        builder_init(&b, TENURE_LEASE, 1);
        builder_lead(&b);
}

/* A candidate that has just seen a holder for the first time. */
static void candidate(uint8_t tenure, size_t n) {
        builder_init(&b, tenure, n);
        for (size_t i = 0; i < n; i++)
                builder_other_wins(&b, i, TENURE_LEASE);
        builder_restart(&b);
        builder_settle(&b);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(builder_election(&b, i)->state, ELECTION_CANDIDATE);
        builder_forget(&b);
}

/* ---- deposing ---- */

static void test_depose(void **state) {
        uint64_t begin;

        (void)state;
        for (uint8_t own = 0; own < N_TENURES; own++) { /* our own configuration does not matter */
                candidate(own, 1);
                begin = b.now;
                builder_until(&b, ELECTION_OP_DELETE_HOLDER);
                assert_int_equal(b.now - begin, SILENCE);
                builder_expect(&b, "read-holder delete-holder");
                builder_answer(&b, 0, ELECTION_OP_DELETE_HOLDER, BUILDER_FINE);
                builder_expect(&b, "delete");
                builder_answer(&b, 0, ELECTION_OP_DELETE, BUILDER_FINE);
                builder_expect(&b, "strip");
                builder_answer(&b, 0, ELECTION_OP_STRIP, BUILDER_FINE);
                builder_expect(&b, "create");
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* A lock whose holder was observed turns out to be ours (what is known of our claims has changed), and the guard has
 * not answered yet: the holder's silence is nothing to wake for any more. The core never came to rest, and so its guard
 * was never heard. */
static void test_turns_out_to_be_ours(void **state) {
        (void)state;
        candidate(TENURE_LEASE, 1);
        builder_jump(&b, SILENCE - SEC);
        b.lock[0].claimed = b.lock[0].same_boot = true;
        b.lock[0].version = b.next_version++;
        builder_watch(&b, 0);
        builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
        builder_jump(&b, 2 * SEC);
        assert_true(core_deadline(&b.core) > b.now);
        builder_never(&b, "delete-holder");
}

/* A watch may lag behind what was read: that the placeholder went is only believed when a read after the wait says so.
 * Without that read a challenger deposed a living holder: absence, an older object of that name, or this very one. */
static void test_gone_by_a_watch_is_read_again(void **state) {
        (void)state;
        for (unsigned i = 0; i < 3; i++) {
                struct election_event stale = {.type = ELECTION_EV_HOLDER_SEEN};

                candidate(TENURE_LEASE, 1);
                if (i == 1)
                        stale.holder = (struct placeholder_fact){.present = true, .uid = 4242, .version = 1};
                else if (i == 2)
                        stale.holder.uid = b.holder.uid;
                builder_event(&b, 0, stale);
                for (unsigned n = 0; n < 5; n++) {
                        builder_wait(&b, SILENCE - 2 * SEC);
                        builder_holder_renews(&b); /* it lives */
                        builder_answer_any(&b, 0, BUILDER_FINE);
                }
                builder_saw(&b, "read-holder");
                builder_never(&b, "delete");
                builder_never(&b, "strip");
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
        }
}

/* The duration that the holder recorded, not the one configured here. */
static void test_record_decides_for_challengers(void **state) {
        static const uint64_t recorded[] = {3, 15, 100};

        (void)state;
        for (unsigned i = 0; i < ELEMENTSOF(recorded); i++) {
                uint64_t begin;

                builder_init(&b, TENURE_LEASE, 1);
                builder_other_wins(&b, 0, TENURE_LEASE);
                b.lock[0].duration_usec = recorded[i] * SEC;
                b.holder.duration_usec = 1 * SEC; /* information only */
                builder_restart(&b);
                builder_settle(&b);
                begin = b.now;
                builder_until(&b, ELECTION_OP_DELETE_HOLDER);
                assert_int_equal(b.now - begin, recorded[i] * SEC + recorded[i] * SEC / 100);
        }
}

/* Each renewal seen begins the wait anew; the first quiet duration ends it. */
static void test_renewals_begin_the_wait_anew(void **state) {
        uint64_t begin;

        (void)state;
        candidate(TENURE_LEASE, 1);
        for (unsigned i = 0; i < 50; i++) {
                builder_wait(&b, 12 * SEC);
                builder_holder_renews(&b);
                builder_watch_holder(&b, 0);
        }
        builder_never(&b, "delete-holder");
        begin = b.now;
        builder_until(&b, ELECTION_OP_DELETE_HOLDER);
        assert_int_equal(b.now - begin, SILENCE);
}

/* The watch slept: the read after the wait finds the renewal. And one between the read and the DELETE makes that fail.
 */
static void test_compare_and_swap(void **state) {
        (void)state;
        candidate(TENURE_LEASE, 1);
        for (unsigned i = 0; i < 10; i++) {
                builder_holder_renews(&b);
                builder_jump(&b, SILENCE);
                builder_until(&b, ELECTION_OP_READ_HOLDER);
                builder_answer(&b, 0, ELECTION_OP_READ_HOLDER, BUILDER_FINE);
                assert_int_equal(b.request[0].op, ELECTION_OP_NONE);
        }
        builder_never(&b, "delete-holder");
        for (unsigned i = 0; i < 10; i++) {
                builder_until(&b, ELECTION_OP_DELETE_HOLDER);
                builder_holder_renews(&b);
                builder_answer(&b, 0, ELECTION_OP_DELETE_HOLDER, BUILDER_FINE);
                builder_wait(&b, 14 * SEC);
                assert_true(b.holder.present);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
        }
        builder_never(&b, "delete");
        assert_true(b.holder.present);
}

/* Absent, dying, or another uid under its name at first sight: the wait counts from that sight. */
static void test_holder_gone_at_first_sight(void **state) {
        (void)state;
        for (unsigned how = 0; how < 3; how++) {
                uint64_t begin;

                builder_init(&b, TENURE_LEASE, 1);
                builder_other_wins(&b, 0, TENURE_LEASE);
                if (how == 0)
                        b.holder.present = false;
                else if (how == 1)
                        b.holder.deleting = true;
                else
                        b.holder.uid = b.next_uid++;
                builder_restart(&b);
                builder_settle(&b);
                begin = b.now;
                builder_forget(&b);
                builder_until(&b, ELECTION_OP_DELETE);
                assert_int_equal(b.now - begin, SILENCE);
                builder_never(&b, "delete-holder"); /* a second DELETE of a dying one would swap nothing */
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* Deleted by somebody while we watch: again the whole wait, for a renewal may have come before that. */
static void test_holder_deleted_by_another(void **state) {
        uint64_t begin;

        (void)state;
        candidate(TENURE_LEASE, 1);
        builder_wait(&b, 14 * SEC);
        b.holder.present = false;
        builder_watch_holder(&b, 0);
        begin = b.now;
        builder_until(&b, ELECTION_OP_DELETE);
        assert_int_equal(b.now - begin, SILENCE);
}

/* The watch shows the effect of our DELETE before its answer comes: the wait is not begun anew. */
static void test_watch_is_quicker_than_the_swap(void **state) {
        uint64_t begin;

        (void)state;
        candidate(TENURE_LEASE, 2);
        begin = b.now;
        builder_until(&b, ELECTION_OP_DELETE_HOLDER);
        b.holder.present = false;
        builder_watch_holder(&b, 0);
        builder_watch_holder(&b, 1);
        b.holder.present = true;
        builder_answer(&b, 0, ELECTION_OP_DELETE_HOLDER, BUILDER_FINE);
        builder_settle(&b);
        assert_int_equal(b.now - begin, SILENCE);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_equal(builder_election(&b, 1)->state, ELECTION_LEADING);
}

/* The answer to the DELETE is lost: gone is not swapped, so the whole wait again. */
static void test_lost_answer_to_the_swap(void **state) {
        uint64_t begin;

        (void)state;
        candidate(TENURE_LEASE, 1);
        builder_until(&b, ELECTION_OP_DELETE_HOLDER);
        begin = b.now;
        builder_answer(&b, 0, ELECTION_OP_DELETE_HOLDER, BUILDER_LOST);
        builder_until(&b, ELECTION_OP_DELETE);
        assert_true(b.now - begin >= SILENCE);
}

/* One DELETE serves all locks that name the same placeholder; each only after its own recorded duration. */
static void test_swap_is_shared(void **state) {
        uint64_t begin;

        (void)state;
        builder_init(&b, TENURE_LEASE, 3);
        for (size_t i = 0; i < 3; i++)
                builder_other_wins(&b, i, TENURE_LEASE);
        b.lock[2].duration_usec = 40 * SEC;
        builder_restart(&b);
        builder_settle(&b);
        begin = b.now;
        builder_until(&b, ELECTION_OP_DELETE_HOLDER);
        builder_forget(&b);
        builder_settle(&b);
        builder_never(&b, "1:delete-holder");
        builder_saw(&b, "delete create");
        builder_saw(&b, "1:delete 1:create");
        assert_int_equal(builder_election(&b, 1)->state, ELECTION_LEADING);
        assert_int_equal(builder_election(&b, 2)->state, ELECTION_CANDIDATE);
        assert_int_equal(b.lock[2].sort, LOCK_SOUND);
        builder_wait(&b, 30 * SEC);
        assert_int_equal(builder_election(&b, 2)->state, ELECTION_LEADING);
        assert_true(b.now - begin > 40 * SEC);
}

/* It is stripped only as long as it names the placeholder that was deposed. */
static void test_strip_by_uid(void **state) {
        (void)state;
        for (unsigned how = 0; how < 2; how++) {
                struct lock_fact next;

                candidate(TENURE_LEASE, 1);
                builder_until(&b, ELECTION_OP_DELETE);
                if (how == 0) { /* another challenger was quicker, and has won */
                        b.holder = (struct placeholder_fact){.present = false};
                        builder_other_wins(&b, 0, TENURE_LEASE);
                } else { /* patched to name another placeholder */
                        b.lock[0].placeholder = 9;
                        b.lock[0].version = b.next_version++;
                }
                builder_answer(&b, 0, ELECTION_OP_DELETE, how == 0 ? BUILDER_FINE : BUILDER_CONFLICT);
                next = b.lock[0];
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                assert_memory_equal(&b.lock[0], &next, sizeof(next));
                builder_never(&b, "strip");
        }
}

/* Deposing goes through whatever the API answers, and garbage collection is not needed. */
static void test_depose_through_faults(void **state) {
        (void)state;
        for (unsigned d = 0; d < N_BUILDER_FAULTS; d++)
                for (unsigned l = 0; l < N_BUILDER_FAULTS; l++)
                        for (unsigned s = 0; s < N_BUILDER_FAULTS; s++) {
                                candidate(TENURE_LEASE, 1);
                                builder_until(&b, ELECTION_OP_DELETE_HOLDER);
                                builder_answer(&b, 0, ELECTION_OP_DELETE_HOLDER, d);
                                builder_until(&b, ELECTION_OP_DELETE);
                                builder_answer(&b, 0, ELECTION_OP_DELETE, l);
                                builder_until(&b, ELECTION_OP_STRIP);
                                builder_answer(&b, 0, ELECTION_OP_STRIP, s);
                                builder_wait(&b, s == BUILDER_THROTTLED ? 70 * SEC : 10 * SEC);
                                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                        }
}

/* The holder released its lock: gone entirely is free at once. */
static void test_lock_gone_entirely(void **state) {
        (void)state;
        candidate(TENURE_LEASE, 1);
        builder_wait(&b, 3 * SEC);
        builder_event(&b, 0,
                      (struct election_event){.type = ELECTION_EV_LOCK_SEEN,
                                              .lock = {.sort = LOCK_ABSENT, .uid = b.lock[0].uid}});
        builder_saw(&b, "create");
}

/* Orphaned locks are found through their data. */
static void test_orphaned_lock_of_another(void **state) {
        (void)state;
        candidate(TENURE_LEASE, 1);
        b.lock[0].orphaned = true;
        b.lock[0].version = b.next_version++;
        builder_watch(&b, 0);
        builder_wait(&b, 30 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Our own lock of an earlier boot (or a clone's): not ours; waits and deposes like everybody. The same
 * when the claims are lost. */
static void test_own_lock_of_an_earlier_boot(void **state) {
        (void)state;
        for (unsigned lost = 0; lost < 2; lost++) {
                uint64_t begin;

                leads();
                if (lost)
                        b.lock[0].claimed = b.own[TENURE_LEASE].claimed = false;
                builder_reboot(&b);
                builder_settle(&b);
                begin = b.now;
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                builder_forget(&b);
                builder_until(&b, ELECTION_OP_DELETE_HOLDER);
                assert_int_equal(b.now - begin, SILENCE);
                builder_never(&b, "lease.renew");
                builder_never(&b, "PERMIT");
                builder_wait(&b, 10 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* A clone without our memory, while the original lives: it waits, and the renewals keep it waiting. */
static void test_clone_waits(void **state) {
        (void)state;
        leads();
        builder_reboot(&b);
        builder_settle(&b);
        builder_forget(&b);
        for (unsigned i = 0; i < 100; i++) {
                b.own[TENURE_LEASE].version = b.next_version++;
                builder_watch_holder(&b, 0);
                builder_wait(&b, 5 * SEC);
        }
        builder_never(&b, "delete-holder");
        builder_never(&b, "lease.renew");
        builder_never(&b, "lease.delete");
        builder_never(&b, "PERMIT");
}

/* No lease lock, only a Lease that is not ours under our name: deposed by the placeholder step after its wait. */
static void test_taken_name_alone(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        b.own[TENURE_LEASE] = (struct placeholder_fact){
                .uid = 7, .version = 7, .duration_usec = 15 * SEC, .present = true, .genuine = true};
        builder_restart(&b);
        builder_wait(&b, 15 * SEC);
        builder_never(&b, "create");
        builder_wait(&b, 5 * SEC);
        builder_saw(&b, "lease.read lease.delete lease.create create");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The same with an object that is no placeholder at all: somebody else's, never deleted. Told, and looked at now and
 * then; when a human has taken it away we go on. */
static void test_strange_name(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        b.own[TENURE_LEASE] = (struct placeholder_fact){.uid = 7, .version = 7, .present = true};
        builder_restart(&b);
        builder_wait(&b, 300 * SEC);
        builder_never(&b, "lease.delete");
        builder_never(&b, "create");
        assert_int_equal(builder_hold(&b), REASON_NAME_TAKEN);
        assert_true(b.own[TENURE_LEASE].present);
        b.own[TENURE_LEASE] = (struct placeholder_fact){.present = false};
        builder_wait(&b, 70 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* A lock that a human wrote names a Lease of somebody else: that is never deleted, however long it is silent. It is
 * told, looked at now and then, and when it has become a placeholder, or has gone, the lock is deposed. */
static void test_strange_holder(void **state) {
        (void)state;
        for (unsigned how = 0; how < 4; how++) {
                builder_init(&b, TENURE_LEASE, 1);
                builder_other_wins(&b, 0, TENURE_LEASE);
                b.holder.genuine = false;
                builder_restart(&b);
                builder_wait(&b, 500 * SEC);
                builder_never(&b, "delete-holder");
                builder_never(&b, "delete");
                assert_true(b.holder.present);
                assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
                assert_int_equal(builder_hold(&b), REASON_STRANGE_HOLDER);
                if (how == 0) { /* no watch tells of it */
                        b.holder.genuine = true;
                        b.holder.version = b.next_version++;
                } else if (how == 1) {
                        b.holder.present = false;
                        builder_watch_holder(&b, 0);
                } else if (how == 2)
                        b.lock[0] = (struct lock_fact){.sort = LOCK_ABSENT};
                else { /* what was wrong was in the lock, its identity, and has been mended there */
                        b.holder.genuine = true;
                        b.lock[0].version = b.next_version++;
                }
                builder_wait(&b, 80 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* Both at once, the name first: what keeps everybody from the lock is told before what keeps this host from it. */
static void test_strange_holder_of_taken_name(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        b.own[TENURE_LEASE] = (struct placeholder_fact){.uid = 7, .version = 7, .present = true};
        builder_restart(&b);
        builder_wait(&b, 20 * SEC);
        assert_int_equal(builder_hold(&b), REASON_NAME_TAKEN);
        builder_other_wins(&b, 0, TENURE_LEASE);
        b.holder.genuine = false;
        builder_watch(&b, 0);
        builder_wait(&b, 500 * SEC);
        assert_int_equal(builder_hold(&b), REASON_STRANGE_HOLDER);
        builder_never(&b, "delete-holder");
        builder_never(&b, "delete");
        assert_true(b.holder.present);
        b.holder.present = false;
        b.lock[0] = (struct lock_fact){.sort = LOCK_ABSENT};
        builder_watch(&b, 0);
        builder_wait(&b, 20 * SEC);
        assert_int_equal(builder_hold(&b), REASON_NAME_TAKEN);
        builder_never(&b, "create");
}

static void edit(uint64_t duration, uint8_t tenure) {
        b.lock[0].duration_usec = duration;
        b.lock[0].tenure = tenure;
        b.lock[0].record++;
        b.lock[0].version = b.next_version++;
}

/* Somebody writes another duration into a lock while its holder is cut off: who has seen it before, or reads it in the
 * placeholder, waits for the longest. Without that, two units ran for as long as the edit had taken away. */
static void test_edited_duration(void **state) {
        static const struct {
                uint64_t before, after, placeholder; /* recorded, seconds */
                bool seen, tells, gone; /* the lock before the edit; by a watch; the placeholder, before we came */
                uint64_t waits;
        } rows[] = {
                {15, 3, 0, true, true, false, 15},
                {15, 3, 0, true, false, false, 15},
                {15, 3, 15, false, false, false, 15},
                {15, 3, 15, true, true, false, 15},
                {3, 15, 0, true, true, false, 15},
                {3, 15, 3, true, false, false, 15},
                {15, 15, 40, false, false, false, 40},
                {15, 3, 0, false, false, true, 15}, /* … then as configured here */
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t begin, waits = rows[i].waits * SEC + rows[i].waits * SEC / 100;

                builder_init(&b, TENURE_LEASE, 1);
                builder_other_wins(&b, 0, TENURE_LEASE);
                b.lock[0].duration_usec = rows[i].before * SEC;
                b.holder.duration_usec = rows[i].placeholder * SEC;
                b.holder.present = !rows[i].gone;
                if (!rows[i].seen)
                        edit(rows[i].after * SEC, TENURE_LEASE);
                builder_restart(&b);
                builder_settle(&b);
                begin = b.now;
                if (rows[i].seen) {
                        builder_wait(&b, SEC);
                        edit(rows[i].after * SEC, TENURE_LEASE);
                        if (rows[i].tells)
                                builder_watch(&b, 0);
                }
                /* (One that no watch has told of is met with the answer to the DELETE: that only marks the lock.) */
                builder_until(&b, ELECTION_OP_STRIP);
                if (b.now - begin < waits)
                        fail_msg("row %zu: deposed after %llu us", i, (unsigned long long)(b.now - begin));
                builder_wait(&b, 3 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_true(b.now - begin < waits + 5 * SEC);
        }
}

/* A life lock becomes a lease by somebody's hand: who knew it as life never deposes it, whatever else is true. The same
 * for a lease whose placeholder is another all at once: its holder may renew the first one. */
static void test_edited_tenure(void **state) {
        (void)state;
        for (unsigned how = 0; how < 3; how++) {
                builder_init(&b, TENURE_LEASE, 1);
                builder_other_wins(&b, 0, how == 0 ? TENURE_LIFE : TENURE_LEASE);
                builder_restart(&b);
                builder_settle(&b);
                builder_forget(&b);
                if (how == 0)
                        edit(3 * SEC, TENURE_LEASE);
                else if (how == 1)
                        edit(0, TENURE_LIFE);
                else {
                        b.lock[0].placeholder = b.next_uid++;
                        b.lock[0].version = b.next_version++;
                }
                builder_watch(&b, 0);
                builder_wait(&b, 300 * SEC);
                builder_never(&b, "delete-holder");
                builder_never(&b, "delete");
                builder_never(&b, "strip");
                assert_int_equal(builder_hold(&b), REASON_LOCK_CHANGED);
                /* Written back does not make it sound again; another lock under the name does. */
                edit(15 * SEC, how == 0 ? TENURE_LIFE : TENURE_LEASE);
                builder_watch(&b, 0);
                assert_int_equal(builder_hold(&b), REASON_LOCK_CHANGED);
                b.holder.present = false;
                builder_other_wins(&b, 0, TENURE_LEASE);
                builder_watch(&b, 0);
                builder_wait(&b, 30 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* The guard is away, or the agent cools down: nobody is deposed for nothing. */
static void test_depose_only_when_able(void **state) {
        (void)state;
        candidate(TENURE_LEASE, 1);
        builder_link(&b, false);
        builder_wait(&b, 200 * SEC);
        builder_never(&b, "delete-holder");
        assert_true(b.holder.present);
        builder_link(&b, true);
        builder_wait(&b, 40 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* A stop in the middle of deposing leaves the rest to others. */
static void test_stop_while_deposing(void **state) {
        (void)state;
        candidate(TENURE_LEASE, 1);
        builder_until(&b, ELECTION_OP_DELETE);
        builder_stop_agent(&b);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
        builder_never(&b, "strip");
}

/* Two locks, one unit fails: its lock goes, the other leads on under the same placeholder. */
static void test_two_locks_are_independent(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 2);
        builder_lead(&b);
        assert_int_equal(b.lock[0].placeholder, b.lock[1].placeholder);
        builder_unit(&b, 0, UNIT_FAILED);
        builder_wait(&b, 5 * SEC);
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
        assert_int_equal(builder_election(&b, 1)->state, ELECTION_LEADING);
        builder_never(&b, "1:REVOKE");
        builder_saw(&b, "lease.renew 1:PERMIT");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_depose),
                cmocka_unit_test(test_turns_out_to_be_ours),
                cmocka_unit_test(test_gone_by_a_watch_is_read_again),
                cmocka_unit_test(test_record_decides_for_challengers),
                cmocka_unit_test(test_renewals_begin_the_wait_anew),
                cmocka_unit_test(test_compare_and_swap),
                cmocka_unit_test(test_holder_gone_at_first_sight),
                cmocka_unit_test(test_holder_deleted_by_another),
                cmocka_unit_test(test_watch_is_quicker_than_the_swap),
                cmocka_unit_test(test_lost_answer_to_the_swap),
                cmocka_unit_test(test_swap_is_shared),
                cmocka_unit_test(test_strip_by_uid),
                cmocka_unit_test(test_depose_through_faults),
                cmocka_unit_test(test_lock_gone_entirely),
                cmocka_unit_test(test_orphaned_lock_of_another),
                cmocka_unit_test(test_own_lock_of_an_earlier_boot),
                cmocka_unit_test(test_clone_waits),
                cmocka_unit_test(test_taken_name_alone),
                cmocka_unit_test(test_strange_name),
                cmocka_unit_test(test_strange_holder),
                cmocka_unit_test(test_strange_holder_of_taken_name),
                cmocka_unit_test(test_edited_duration),
                cmocka_unit_test(test_edited_tenure),
                cmocka_unit_test(test_depose_only_when_able),
                cmocka_unit_test(test_stop_while_deposing),
                cmocka_unit_test(test_two_locks_are_independent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
