/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election. Lease tenure, the holder: instants, renewals, expiry.
 * Whatever happens, tests/lib/core_builder.c checks the rules that always hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

static struct builder b;

static void leads(void) {
        builder_init(&b, TENURE_LEASE, 1);
        builder_lead(&b);
}

/* ---- instants ---- */

static void test_instants(void **state) {
        static const struct {
                uint64_t duration, renew_deadline, stop_timeout, kill_margin; /* seconds */
                uint64_t stop_after_usec;                                     /* 0: too short */
        } rows[] = {
                {15, 8, 3, 2, 8 * SEC},  /* the configuration is stricter */
                {15, 60, 3, 2, 9850000}, /* the record is: 15 - 3 - 2 - 0.15 */
                {60, 8, 3, 2, 8 * SEC},  {600, 90, 30, 10, 90 * SEC},
                {6, 8, 3, 2, 940000},    {5, 8, 3, 2, 0},
                {4, 8, 3, 2, 0},         {1, 8, 3, 2, 0},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct election_conf c = builder_election_conf(TENURE_LIFE); /* the record decides, not this */
                struct election e;
                uint64_t stop_at = 0, kill_at = 0;
                bool ok;

                election_init(&e);
                e.lock.fact = builder_own_lock(21, TENURE_LEASE, 11);
                e.lock.fact.duration_usec = rows[i].duration * SEC;
                c.timing.renew_deadline_usec = rows[i].renew_deadline * SEC;
                c.timing.stop_timeout_usec = rows[i].stop_timeout * SEC;
                c.timing.kill_margin_usec = rows[i].kill_margin * SEC;
                ok = election_instants(&e, &c, 1000 * SEC, &stop_at, &kill_at);
                assert_int_equal(ok, rows[i].stop_after_usec != 0);
                if (!ok)
                        continue;
                assert_int_equal(stop_at, 1000 * SEC + rows[i].stop_after_usec);
                assert_int_equal(kill_at, stop_at + c.timing.stop_timeout_usec);
                /* The rule that safety rests on. */
                assert_true(kill_at - 1000 * SEC + c.timing.kill_margin_usec < e.lock.fact.duration_usec);
        }
}

static void test_instants_of_life(void **state) {
        const struct election_conf c = builder_election_conf(TENURE_LEASE);
        struct election e;
        uint64_t stop_at, kill_at;

        (void)state;
        election_init(&e);
        e.lock.fact = builder_own_lock(21, TENURE_LIFE, 11);
        assert_true(election_instants(&e, &c, 0, &stop_at, &kill_at));
        assert_true(stop_at == USEC_INFINITY && kill_at == USEC_INFINITY);
}

/* ---- leading ---- */

/* Each renewal extends the permit, from before it was sent. */
static void test_renewals_extend_the_permit(void **state) {
        uint64_t sent;

        (void)state;
        leads();
        for (unsigned i = 0; i < 20; i++) {
                builder_jump(&b, 2 * SEC);
                builder_expect(&b, "lease.renew");
                sent = b.now;
                b.now += SEC / 2; /* the answer takes its time */
                builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_RENEW, BUILDER_FINE);
                builder_expect(&b, "PERMIT");
                assert_int_equal(b.out.guard[0].stop_at_usec, sent + 8 * SEC);
                assert_int_equal(b.out.guard[0].kill_at_usec, sent + 11 * SEC);
                builder_settle(&b);
        }
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The API is down: stopped at the first instant, neither earlier nor later; released when it is back. */
static void test_expired(void **state) {
        uint64_t proof;

        (void)state;
        leads();
        proof = builder_election(&b, 0)->term.permit_proof_usec;
        while (builder_state(&b) == ELECTION_LEADING) {
                builder_jump(&b, core_deadline(&b.core) - b.now);
                while (builder_beat_any(&b, TENURE_LEASE, BUILDER_DROPPED))
                        ;
        }
        assert_int_equal(b.now, proof + 8 * SEC);
        assert_int_equal(builder_election(&b, 0)->term.reason, REASON_LEASE_EXPIRED);
        builder_saw(&b, "REVOKE");
        assert_int_equal(b.lock[0].sort, LOCK_SOUND);
        builder_wait(&b, 60 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The guard stops at the same instant by itself; its word is enough. */
static void test_guard_is_first(void **state) {
        (void)state;
        leads();
        builder_jump(&b, SEC);
        b.guard[0].unit = UNIT_STOPPING;
        builder_unit(&b, 0, UNIT_STOPPING);
        builder_saw(&b, "REVOKE");
        assert_int_equal(builder_election(&b, 0)->term.reason, REASON_PERMIT_REVOKED);
}

/* Without the connection no permit is extended, so the term ends where the guard ends it. */
static void test_expires_without_guard(void **state) {
        uint64_t end;

        (void)state;
        leads();
        end = b.now + 8 * SEC;
        builder_link(&b, false);
        builder_wait(&b, 7 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_wait(&b, 2 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_STOPPING);
        assert_true(b.now >= end);
        builder_link(&b, true);
        builder_settle(&b);
        builder_saw(&b, "REVOKE delete strip");
}

/* Won, but the guard went before it had a permit: nobody here can run the unit, so the lease is not kept for ever. */
static void test_guard_gone_while_proving(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_FINE);
        builder_link(&b, false);
        builder_wait(&b, 12 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_PROVING);
        builder_wait(&b, 2 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_STOPPING);
        assert_int_equal(builder_election(&b, 0)->term.reason, REASON_GUARD_AWAY);
        builder_wait(&b, 14 * SEC);
        builder_forget(&b);
        builder_wait(&b, 20 * SEC);
        builder_never(&b, "lease.renew");
        builder_never(&b, "PERMIT");
        builder_link(&b, true);
        builder_wait(&b, 60 * SEC);
        builder_saw(&b, "REVOKE");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Renewals go on until the unit was seen stopped. */
static void test_renews_while_stopping(void **state) {
        (void)state;
        leads();
        b.guard[0].slow = true;
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_settle(&b);
        for (unsigned i = 0; i < 5; i++) {
                builder_forget(&b);
                builder_wait(&b, 2 * SEC);
                builder_expect(&b, "lease.renew");
        }
        builder_unit_stopped(&b, 0);
        builder_settle(&b);
        builder_forget(&b);
        builder_wait(&b, 20 * SEC);
        builder_never(&b, "lease.renew");
}

/* Gone, dying, orphaned: the term is over, nothing is restored. Renewals of a dying Lease are answered 200. */
static void test_placeholder_lost(void **state) {
        (void)state;
        for (unsigned how = 0; how < 3; how++) {
                leads();
                if (how == 0)
                        b.own[TENURE_LEASE].present = false;
                else if (how == 1) {
                        b.own[TENURE_LEASE].deleting = true;
                        b.own[TENURE_LEASE].version = b.next_version++;
                        builder_watch_own(&b, TENURE_LEASE);
                } else {
                        b.lock[0].orphaned = true;
                        b.lock[0].version = b.next_version++;
                        builder_watch(&b, 0);
                }
                builder_until(&b, ELECTION_OP_STRIP);
                assert_int_equal(builder_election(&b, 0)->term.reason, REASON_PLACEHOLDER_LOST);
                builder_never(&b, "restore");
                builder_wait(&b, 60 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
        }
}

/* A renewal that is answered 200 with the mark in it counts for nothing. */
static void test_renewal_of_a_dying_lease(void **state) {
        (void)state;
        leads();
        builder_jump(&b, 2 * SEC);
        builder_forget(&b);
        b.own[TENURE_LEASE].deleting = true;
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_RENEW, BUILDER_FINE);
        builder_never(&b, "PERMIT");
        builder_expect(&b, "lease.read");
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_READ, BUILDER_FINE);
        builder_saw(&b, "REVOKE");
}

/* Marked between two renewals: the mark moves the version, so the next is refused, and what is read then is lost. */
static void test_renewal_meets_the_mark(void **state) {
        (void)state;
        leads();
        builder_jump(&b, 2 * SEC);
        builder_forget(&b);
        b.own[TENURE_LEASE].deleting = true;
        b.own[TENURE_LEASE].version = b.next_version++;
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_RENEW, BUILDER_FINE);
        builder_expect(&b, "lease.read");
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_READ, BUILDER_FINE);
        builder_saw(&b, "REVOKE");
        builder_never(&b, "lease.renew");
}

/* A lock that was read lends no other placeholder than the one it was won with. */
static void test_lock_names_another_placeholder(void **state) {
        (void)state;
        leads();
        b.lock[0].placeholder = 9;
        b.lock[0].version = b.next_version++;
        builder_watch(&b, 0);
        builder_settle(&b);
        builder_saw(&b, "read REVOKE");
}

/* A copy of this machine with its memory renews our Lease: at the next 409 the term is over. */
static void test_clone_with_memory(void **state) {
        (void)state;
        leads();
        b.own[TENURE_LEASE].version = b.next_version++;
        b.own[TENURE_LEASE].own_write = false;
        builder_jump(&b, 2 * SEC);
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_RENEW, BUILDER_FINE);
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_READ, BUILDER_FINE);
        builder_saw(&b, "REVOKE");
        assert_int_equal(builder_election(&b, 0)->term.reason, REASON_PLACEHOLDER_LOST);
}

/* The copy leads under the same lock: nothing of it is removed while it renews, however long. */
static void test_lock_of_a_clone_is_left(void **state) {
        uint64_t uid;

        (void)state;
        leads();
        uid = b.lock[0].uid;
        for (unsigned i = 0; i < 30; i++) {
                b.own[TENURE_LEASE].version = b.next_version++;
                b.own[TENURE_LEASE].own_write = false;
                builder_wait(&b, 5 * SEC);
        }
        builder_saw(&b, "REVOKE");
        builder_never(&b, "delete");
        builder_never(&b, "strip");
        builder_never(&b, "delete-holder");
        builder_never(&b, "lease.delete");
        assert_int_equal(b.lock[0].uid, uid);
        assert_false(b.lock[0].deleting);
        assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
        /* It falls silent: deposed like anybody else. */
        builder_forget(&b);
        builder_wait(&b, 10 * SEC);
        builder_never(&b, "delete-holder");
        builder_wait(&b, 10 * SEC);
        builder_saw(&b, "read-holder delete-holder delete strip create PERMIT");
        assert_int_not_equal(b.lock[0].uid, uid);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The copy took a lock with a claim that only its own disk has: it names our placeholder, was written by this host in
 * this boot, and so looks like one whose claims are gone. While the copy renews, nothing of it is removed; one that
 * nobody renews is. `stop`: also while the agent stops, which takes its placeholders away. */
static void test_lock_of_a_clone_under_its_own_claim(void **state) {
        (void)state;
        for (unsigned i = 0; i < 4; i++) {
                bool clone = i & 1, stop = i & 2;
                uint64_t uid;

                builder_init(&b, TENURE_LEASE, 1);
                builder_other_wins(&b, 0, TENURE_LEASE);
                builder_link(&b, true);
                builder_settle(&b);
                assert_int_equal(b.placeholders[TENURE_LEASE].placeholder.state, PLACEHOLDER_LIVE);
                b.lock[0] = builder_own_lock(uid = b.next_uid++, TENURE_LEASE, b.own[TENURE_LEASE].uid);
                b.lock[0].sort = LOCK_DAMAGED;
                b.lock[0].version = b.next_version++;
                b.lock_by_own[0] = true;
                if (clone) {
                        b.own[TENURE_LEASE].version = b.next_version++;
                        b.own[TENURE_LEASE].own_write = false;
                }
                builder_forget(&b);
                builder_watch(&b, 0);
                builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
                while (builder_state(&b) != ELECTION_STOPPING)
                        assert_true(builder_guard(&b, 0));
                if (stop)
                        builder_stop_agent(&b);
                builder_settle(&b);
                builder_wait(&b, 3 * SEC);
                if (clone) {
                        builder_never(&b, "delete");
                        builder_never(&b, "strip");
                        builder_never(&b, "lease.delete");
                        assert_int_equal(b.lock[0].uid, uid);
                        assert_int_equal(builder_state(&b), stop ? ELECTION_STOPPED : ELECTION_CANDIDATE);
                } else {
                        builder_saw(&b, "REVOKE lease.renew delete strip");
                        assert_int_not_equal(b.lock[0].uid, uid);
                }
        }
}

/* The same met by an agent that has just started: the guard sees the unit stopped before it is known whose the
 * placeholder is. */
static void test_lock_of_a_clone_met_at_the_start(void **state) {
        (void)state;
        for (unsigned clone = 0; clone < 2; clone++) {
                uint64_t uid;

                builder_init(&b, TENURE_LEASE, 1);
                builder_link(&b, true);
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                b.lock[0] = builder_own_lock(uid = b.next_uid++, TENURE_LEASE, b.own[TENURE_LEASE].uid);
                b.lock[0].sort = LOCK_DAMAGED;
                b.lock[0].version = b.next_version++;
                b.lock_by_own[0] = true;
                b.guard[0].permit = 0;
                b.guard[0].unit = UNIT_STOPPED;
                builder_restart(&b);
                builder_forget(&b);
                builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
                while (builder_guard(&b, 0))
                        ;
                assert_int_equal(b.placeholders[TENURE_LEASE].placeholder.state, PLACEHOLDER_UNREAD);
                assert_int_equal(builder_state(&b), ELECTION_RELEASING);
                builder_never(&b, "delete");
                builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_READ, BUILDER_FINE);
                if (clone) { /* it renews now */
                        b.own[TENURE_LEASE].version = b.next_version++;
                        b.own[TENURE_LEASE].own_write = false;
                }
                builder_settle(&b);
                builder_wait(&b, SEC);
                if (clone) {
                        builder_never(&b, "delete");
                        builder_never(&b, "strip");
                        assert_int_equal(b.lock[0].uid, uid);
                } else {
                        builder_saw(&b, "lease.read lease.renew delete strip");
                        assert_int_not_equal(b.lock[0].uid, uid);
                }
        }
}

/* Cut off until the lease has run out, while a copy of this machine with its memory went on, or did not: a renewal has
 * to tell before the lock is touched. */
static void test_expired_beside_a_clone(void **state) {
        (void)state;
        for (unsigned clone = 0; clone < 2; clone++) {
                uint64_t uid;

                leads();
                uid = b.lock[0].uid;
                while (builder_state(&b) == ELECTION_LEADING) {
                        builder_jump(&b, core_deadline(&b.core) - b.now);
                        while (builder_beat_any(&b, TENURE_LEASE, BUILDER_DROPPED))
                                ;
                }
                assert_int_equal(builder_election(&b, 0)->term.reason, REASON_LEASE_EXPIRED);
                builder_forget(&b);
                if (clone) {
                        b.own[TENURE_LEASE].version = b.next_version++;
                        b.own[TENURE_LEASE].own_write = false;
                }
                builder_wait(&b, 5 * SEC);
                if (clone) {
                        builder_never(&b, "delete");
                        builder_never(&b, "strip");
                        assert_int_equal(b.lock[0].uid, uid);
                        assert_false(b.lock[0].deleting);
                } else {
                        builder_saw(&b, "lease.renew delete");
                        assert_int_not_equal(b.lock[0].uid, uid);
                }
        }
}

/* Our own renewal of which the answer was lost: 409, read, it is ours: go on, but nothing is proven by reading. */
static void test_lost_answer_to_a_renewal(void **state) {
        uint64_t proof;

        (void)state;
        leads();
        proof = builder_election(&b, 0)->term.permit_proof_usec;
        builder_jump(&b, 2 * SEC);
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_RENEW, BUILDER_LOST);
        builder_jump(&b, SEC);
        builder_beat(&b, TENURE_LEASE, PLACEHOLDER_OP_READ, BUILDER_FINE);
        assert_int_equal(builder_election(&b, 0)->term.permit_proof_usec, proof);
        builder_never(&b, "REVOKE");
        builder_wait(&b, 10 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_never(&b, "REVOKE");
}

/* The agent comes back in time: the unit runs on. Too late: the guard has ended the term, and it is not begun again. */
static void test_agent_restart(void **state) {
        uint64_t first;

        (void)state;
        leads();
        builder_jump(&b, SEC);
        builder_restart(&b);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        builder_never(&b, "REVOKE");
        first = b.lock[0].uid;
        b.now += 20 * SEC;
        b.revoked[first] = true;
        b.guard[0].permit = 0;
        b.guard[0].unit = UNIT_STOPPED;
        builder_restart(&b);
        builder_forget(&b);
        builder_until(&b, ELECTION_OP_STRIP);
        builder_never(&b, "PERMIT");
        builder_wait(&b, SEC);
        assert_int_not_equal(b.lock[0].uid, first);
}

/* The record of the lock decides for its holder: a shorter duration than configured, and one too short to live with. */
static void test_record_decides_for_the_holder(void **state) {
        (void)state;
        builder_init(&b, TENURE_LEASE, 1);
        b.locks[0].conf.timing.renew_deadline_usec = 40 * SEC;
        b.locks[0].conf.timing.duration_usec = 60 * SEC;
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_FINE); /* recorded: 15 s */
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_equal(b.guard[0].stop_at_usec, builder_election(&b, 0)->term.permit_proof_usec + 9850000);

        /* 5 s are what stop and margin take; 0.05 s more are no time either. */
        for (unsigned i = 0; i < 2; i++) {
                builder_init(&b, TENURE_LEASE, 1);
                builder_restart(&b);
                builder_until(&b, ELECTION_OP_CREATE);
                builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_LOST);
                b.lock[0].duration_usec = 5 * SEC + i * 100 * USEC_PER_MSEC;
                builder_until(&b, ELECTION_OP_STRIP);
                builder_never(&b, "PERMIT");
                assert_int_equal(builder_election(&b, 0)->term.reason, REASON_LEASE_TOO_SHORT);
        }
}

/* Each of these is a configuration that conf_check() lets pass: read again while a lease is in force (15 s, of which
 * the renewal deadline is 8 s, the stop 3 s), it counts from the next term. The term goes on, with the instants it had.
 */
static void test_reload_in_a_term(void **state) {
        static const struct {
                uint64_t duration, renew_deadline, stop_timeout, kill_margin, renew_interval; /* seconds */
                uint8_t tenure;
        } rows[] = {
                {300, 200, 60, 20, 100, TENURE_LEASE}, /* all longer */
                {15, 8, 300, 5, 2, TENURE_LIFE},       /* the presets of life: a stop that is longer than the lease */
                {15, 10, 1, 3, 9, TENURE_LEASE},       /* same duration, otherwise divided */
                {600, 8, 3, 2, 2, TENURE_LEASE},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct election_conf *c = &b.locks[0].conf;
                struct placeholder_conf *h = &b.placeholders[TENURE_LEASE].conf;
                uint64_t uid;

                leads();
                uid = b.lock[0].uid;
                builder_wait(&b, 7 * SEC);
                c->timing.duration_usec = rows[i].duration * SEC;
                c->timing.renew_deadline_usec = rows[i].renew_deadline * SEC;
                c->timing.stop_timeout_usec = rows[i].stop_timeout * SEC;
                c->timing.kill_margin_usec = rows[i].kill_margin * SEC;
                c->tenure = rows[i].tenure;
                h->renew_interval_usec = h->retry.max_usec = rows[i].renew_interval * SEC;
                b.locks[0].due = b.placeholders[TENURE_LEASE].due = true;
                for (unsigned n = 0; n < 100; n++) {
                        uint64_t left;

                        builder_wait(&b, SEC);
                        left = b.guard[0].stop_at_usec - builder_election(&b, 0)->term.permit_proof_usec;
                        assert_int_equal(builder_state(&b), ELECTION_LEADING);
                        assert_true(left >= 8 * SEC && left <= 9850000);
                        assert_int_equal(b.guard[0].kill_at_usec, b.guard[0].stop_at_usec + 3 * SEC);
                }
                assert_int_equal(b.lock[0].uid, uid);
                if (rows[i].duration != 15)
                        continue; /* (the locks of this world are all of 15 s) */
                /* The next one is as configured. */
                builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
                builder_wait(&b, 60 * SEC);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_int_not_equal(b.lock[0].uid, uid);
                assert_int_equal(b.lock[0].tenure, rows[i].tenure);
                assert_int_equal(builder_election(&b, 0)->term.stop_timeout_usec, rows[i].stop_timeout * SEC);
        }
}

static void sleep_or_wake(bool away) {
        b.locks[0].conf.away = away;
        b.locks[0].due = true;
        builder_pump(&b);
}

/* Before the host sleeps its lease ends, and none is begun: neither by a candidate, nor by a POST that was under way.
 */
static void test_sleep(void **state) {
        (void)state;
        leads();
        sleep_or_wake(true);
        builder_settle(&b);
        builder_saw(&b, "REVOKE delete strip");
        assert_int_equal(builder_reason(&b), REASON_SLEEP);
        builder_forget(&b);
        builder_wait(&b, 60 * SEC);
        builder_never(&b, "create");
        assert_int_equal(builder_hold(&b), REASON_SLEEP);
        sleep_or_wake(false);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);

        builder_init(&b, TENURE_LEASE, 1);
        builder_restart(&b);
        builder_until(&b, ELECTION_OP_CREATE);
        sleep_or_wake(true);
        builder_answer(&b, 0, ELECTION_OP_CREATE, BUILDER_FINE);
        builder_settle(&b);
        builder_saw(&b, "create REVOKE delete strip");
        builder_never(&b, "PERMIT");
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);

        builder_init(&b, TENURE_LIFE, 1);
        builder_lead(&b);
        sleep_or_wake(true);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* Configured for lease now, but the lock that lands late was recorded for life: so it is. */
static void test_tenure_of_the_record(void **state) {
        (void)state;
        builder_init(&b, TENURE_LIFE, 1);
        builder_lead(&b);
        builder_restart(&b);
        b.locks[0].conf.tenure = TENURE_LEASE;
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_true(b.guard[0].stop_at_usec == USEC_INFINITY);
        builder_signal(&b, 0, ELECTION_EV_STEP_DOWN);
        builder_wait(&b, 60 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_equal(b.lock[0].tenure, TENURE_LEASE);
        assert_true(b.guard[0].stop_at_usec != USEC_INFINITY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_instants),
                cmocka_unit_test(test_instants_of_life),
                cmocka_unit_test(test_renewals_extend_the_permit),
                cmocka_unit_test(test_expired),
                cmocka_unit_test(test_guard_is_first),
                cmocka_unit_test(test_expires_without_guard),
                cmocka_unit_test(test_guard_gone_while_proving),
                cmocka_unit_test(test_renews_while_stopping),
                cmocka_unit_test(test_placeholder_lost),
                cmocka_unit_test(test_renewal_of_a_dying_lease),
                cmocka_unit_test(test_renewal_meets_the_mark),
                cmocka_unit_test(test_lock_names_another_placeholder),
                cmocka_unit_test(test_clone_with_memory),
                cmocka_unit_test(test_lock_of_a_clone_is_left),
                cmocka_unit_test(test_lock_of_a_clone_under_its_own_claim),
                cmocka_unit_test(test_lock_of_a_clone_met_at_the_start),
                cmocka_unit_test(test_expired_beside_a_clone),
                cmocka_unit_test(test_lost_answer_to_a_renewal),
                cmocka_unit_test(test_agent_restart),
                cmocka_unit_test(test_record_decides_for_the_holder),
                cmocka_unit_test(test_reload_in_a_term),
                cmocka_unit_test(test_sleep),
                cmocka_unit_test(test_tenure_of_the_record),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
