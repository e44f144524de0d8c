/* SPDX-License-Identifier: Apache-2.0 */
/* Stories of one election, life tenure where it does not matter. Restarts of the agent, boots of the host, clones, a
 * guard that knows more or less than the agent. Whatever happens, tests/lib/core_builder.c checks the rules that always
 * hold. */
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

/* ---- restarts and boots ---- */

static void test_agent_restart(void **state) {
        uint64_t uid;

        (void)state;
        leads(TENURE_LIFE);
        uid = b.lock[0].uid;
        builder_restart(&b);
        builder_settle(&b);
        builder_saw(&b, "read QUERY life.renew PERMIT");
        builder_never(&b, "REVOKE");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_equal(b.lock[0].uid, uid);
}

/* A marked lock is never adopted, only released: after a restart of the agent, and after one of the host. */
static void test_marked_lock_is_never_adopted(void **state) {
        (void)state;
        for (unsigned boot = 0; boot < 2; boot++) {
                uint64_t first;

                leads(TENURE_LIFE);
                first = b.lock[0].uid;
                builder_mark(&b, 0);
                if (boot)
                        builder_reboot(&b);
                else
                        builder_restart(&b);
                builder_until(&b, ELECTION_OP_STRIP);
                if (!boot)
                        builder_never(&b, "adopt");
                builder_never(&b, "PERMIT");
                builder_settle(&b);
                assert_int_equal(builder_state(&b), ELECTION_LEADING);
                assert_int_not_equal(b.lock[0].uid, first);
        }
}

/* A marked lock of an earlier boot, and the agent is restarted while it releases it: the guard has the uid as revoked
 * by then, which must not look like a clone's lock. So this boot is written into it first. */
static void test_marked_lock_is_released_over_restarts(void **state) {
        uint64_t first;

        (void)state;
        leads(TENURE_LIFE);
        first = b.lock[0].uid;
        builder_mark(&b, 0);
        builder_reboot(&b);
        builder_until(&b, ELECTION_OP_STRIP);
        builder_restart(&b);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_not_equal(b.lock[0].uid, first);
}

/* After a boot: write this boot into it, read that back, prove, start. */
static void test_readopted_after_boot(void **state) {
        uint64_t uid;

        (void)state;
        leads(TENURE_LIFE);
        uid = b.lock[0].uid;
        builder_reboot(&b);
        builder_until(&b, ELECTION_OP_ADOPT);
        builder_forget(&b);
        builder_answer(&b, 0, ELECTION_OP_ADOPT, BUILDER_FINE);
        builder_expect(&b, "read");
        builder_settle(&b);
        builder_saw(&b, "life.renew PERMIT");
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
        assert_int_equal(b.lock[0].uid, uid);
        assert_true(b.lock[0].same_boot);
}

/* A fence marks it before the PATCH: the PATCH fails, the lock is released, the unit never starts. */
static void test_fenced_before_adoption(void **state) {
        (void)state;
        for (unsigned f = 0; f < N_BUILDER_FAULTS; f++) {
                leads(TENURE_LIFE);
                builder_reboot(&b);
                builder_until(&b, ELECTION_OP_ADOPT);
                builder_mark(&b, 0);
                builder_answer(&b, 0, ELECTION_OP_ADOPT, f);
                builder_until(&b, ELECTION_OP_STRIP);
                builder_never(&b, "PERMIT");
        }
}

/* And: a PATCH of an earlier boot lands after ours was answered: what is read decides, not the answer. */
static void test_adoption_is_read_back(void **state) {
        (void)state;
        leads(TENURE_LIFE);
        builder_reboot(&b);
        builder_until(&b, ELECTION_OP_ADOPT);
        builder_answer(&b, 0, ELECTION_OP_ADOPT, BUILDER_FINE);
        b.lock[0].same_boot = false;
        b.lock[0].version = b.next_version++;
        builder_forget(&b);
        builder_answer(&b, 0, ELECTION_OP_READ, BUILDER_FINE);
        builder_saw(&b, "adopt");
        builder_never(&b, "PERMIT");
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_LEADING);
}

/* The server refuses that write for good, as it does that of 0.1.0 into an immutable lock: nothing is led, it is tried
 * at a growing pace, and the agent can be stopped. */
static void test_adoption_is_refused(void **state) {
        uint64_t uid;

        (void)state;
        leads(TENURE_LIFE);
        uid = b.lock[0].uid;
        builder_reboot(&b);
        for (unsigned i = 0; i < 20; i++) {
                uint64_t before = b.now;

                builder_until(&b, ELECTION_OP_ADOPT);
                if (i > 10)
                        assert_true(b.now - before >= 2 * SEC);
                builder_answer(&b, 0, ELECTION_OP_ADOPT, BUILDER_CONFLICT);
        }
        builder_never(&b, "PERMIT");
        assert_int_equal(builder_state(&b), ELECTION_ADOPTING);
        assert_int_equal(b.lock[0].uid, uid);
        assert_false(b.lock[0].deleting);
        assert_int_equal(b.guard[0].unit, UNIT_STOPPED);
}

/* In life tenure a clone wrote its boot into our lock: the unit stops at once, and the lock is not touched any more. */
static void test_clone_takes_over(void **state) {
        struct lock_fact before;

        (void)state;
        leads(TENURE_LIFE);
        b.lock[0].same_boot = false;
        b.lock[0].version = b.next_version++;
        before = b.lock[0];
        builder_watch(&b, 0);
        builder_settle(&b);
        builder_saw(&b, "read REVOKE");
        assert_int_equal(builder_reason(&b), REASON_OTHER_BOOT);
        builder_wait(&b, 500 * SEC);
        assert_int_equal(builder_hold(&b), REASON_OTHER_BOOT);
        assert_int_equal(b.guard[0].unit, UNIT_STOPPED);
        /* Nor after a restart of the agent: the guard remembers. */
        builder_restart(&b);
        builder_wait(&b, 500 * SEC);
        assert_memory_equal(&b.lock[0], &before, sizeof(before));
        builder_never(&b, "PERMIT");
        builder_never(&b, "adopt");
        /* And stopping it does not take long. */
        builder_stop_agent(&b);
        builder_settle(&b);
        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
        assert_memory_equal(&b.lock[0], &before, sizeof(before));
}

/* The guard ended this term (its own instants, a fault): never permitted again; released. */
static void test_guard_has_revoked(void **state) {
        (void)state;
        for (unsigned restart = 0; restart < 2; restart++) {
                uint64_t first;

                leads(TENURE_LIFE);
                first = b.lock[0].uid;
                b.revoked[first] = true;
                b.guard[0].permit = 0;
                if (restart)
                        builder_restart(&b);
                else
                        guard_event((struct guard_fact){.about = first, .revoked = true, .unit = UNIT_STOPPED});
                builder_until(&b, ELECTION_OP_STRIP);
                builder_never(&b, "PERMIT");
                assert_int_equal(builder_reason(&b), REASON_PERMIT_REVOKED);
                builder_settle(&b);
                assert_int_not_equal(b.lock[0].uid, first);
        }
}

/* The guard holds a permit for a lock that is not (any more) ours: revoked before anything else, and nothing written.
 */
static void test_stale_permit(void **state) {
        (void)state;
        for (unsigned other = 0; other < 2; other++) {
                leads(TENURE_LIFE);
                builder_remove(&b, 0);
                if (other)
                        builder_other_wins(&b, 0, TENURE_LIFE);
                builder_restart(&b);
                b.guard[0].slow = true;
                builder_wait(&b, 10 * SEC);
                builder_saw(&b, "read REVOKE");
                assert_int_equal(builder_reason(&b), REASON_PERMIT_STALE);
                builder_never(&b, "create");
                builder_unit_stopped(&b, 0);
                builder_settle(&b);
                builder_never(&b, "delete");
                builder_never(&b, "strip");
                assert_int_equal(builder_state(&b), other ? ELECTION_CANDIDATE : ELECTION_LEADING);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_agent_restart),
                cmocka_unit_test(test_marked_lock_is_never_adopted),
                cmocka_unit_test(test_marked_lock_is_released_over_restarts),
                cmocka_unit_test(test_readopted_after_boot),
                cmocka_unit_test(test_fenced_before_adoption),
                cmocka_unit_test(test_adoption_is_read_back),
                cmocka_unit_test(test_adoption_is_refused),
                cmocka_unit_test(test_clone_takes_over),
                cmocka_unit_test(test_guard_has_revoked),
                cmocka_unit_test(test_stale_permit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
