/* SPDX-License-Identifier: Apache-2.0 */
/* The texts behind the tokens of the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/agent.h"

/* While the unit of a fenced term still stops, other hosts lead one after the other: the revoke that a restarted guard
 * has to hear again, and the DELETE of the release, need the uid of that term. */
static void test_uid_of_the_term_is_kept(void **state) {
        static struct agent a;
        static struct core_lock c;
        static struct agent_lock l;
        char uid[64];

        (void)state;
        a.core.locks = &c;
        a.core.n_locks = 1;
        l.agent = &a;
        agent_uid_remember(&l, "of-the-term");
        c.election.term_uid = util_token("of-the-term");
        for (unsigned i = 0; i < 5 * AGENT_UIDS; i++) {
                (void)snprintf(uid, sizeof(uid), "other-%u", i);
                agent_uid_remember(&l, uid);
                assert_string_equal(agent_uid_text(&l, util_token(uid)), uid);
                assert_string_equal(agent_uid_text(&l, c.election.term_uid), "of-the-term");
        }
        c.election.term_uid = 0;
        for (unsigned i = 0; i < AGENT_UIDS; i++) {
                (void)snprintf(uid, sizeof(uid), "later-%u", i);
                agent_uid_remember(&l, uid);
        }
        assert_string_equal(agent_uid_text(&l, util_token("of-the-term")), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_uid_of_the_term_is_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
