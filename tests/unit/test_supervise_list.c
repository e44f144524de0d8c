/* SPDX-License-Identifier: Apache-2.0 */
/* Order and sum of the units of a list, as rows: a word for each unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/supervise_list.h"

#define UID 7

/* "running", under UID but for the idle ones; "other:running" under another; "t:" triggered; "p:" passing; "r:" was
 * refused. */
static size_t parse(const char *text, struct supervise *s, struct supervise_list_member *m) {
        char buf[200], *save = NULL;
        size_t n = 0;

        assert_true(util_copy(buf, sizeof(buf), text));
        for (char *w = strtok_r(buf, " ", &save); w; w = strtok_r(NULL, " ", &save), n++) {
                unsigned state = 0;
                bool other = false;

                supervise_init(&s[n]);
                m[n] = (struct supervise_list_member){.s = &s[n]};
                for (char *colon; (colon = strchr(w, ':')); w = colon + 1) {
                        m[n].triggered |= w[0] == 't';
                        m[n].passing |= w[0] == 'p';
                        m[n].refused |= w[0] == 'r';
                        other = other || w[0] == 'o';
                }
                while (state < N_SUPERVISE_STATES && strcmp(supervise_state_to_string(state), w) != 0)
                        state++;
                assert_true(state < N_SUPERVISE_STATES);
                s[n].state = (uint8_t)state;
                s[n].uid = state <= SUPERVISE_FOREIGN ? 0 : other ? UID + 1 : UID;
        }
        return n;
}

static void test_next(_unused_ void **state) {
        static const struct {
                const char *units;
                int next;
        } rows[] = {
                {"stopped", 0},
                {"stopped stopped", 0},
                {"unread foreign", 0},
                {"checking stopped", -1},
                {"starting stopped", -1},
                {"resuming stopped", -1},
                {"running stopped stopped", 1},
                {"p:ended stopped", 1},
                {"ended stopped", -1}, /* nothing that the next one could use */
                {"failed stopped", -1},
                {"running running", -1},
                {"running running stopped", 2},
                {"running stopped running", 1}, /* a guard before this one was killed in between */
                /* What is started by another is permitted first, and waited for by nobody. */
                {"stopped stopped t:stopped", 2},
                {"stopped t:stopped t:stopped", 1},
                {"stopped t:checking t:stopped", -1},
                {"stopped t:resuming", -1}, /* its gate may not be there yet */
                {"stopped t:waiting stopped", 0},
                {"running t:waiting stopped", 2},
                {"running t:failed stopped", 2},
                {"running t:starting stopped", 2},
                /* Not beside a stop, a refusal, or another permit. */
                {"stopping stopped", -1},
                {"running stopped killing", -1},
                {"running stopped stuck", -1},
                {"running r:stopped", -1},
                {"r:stopped stopped", -1},
                {"other:running stopped", -1},
                {"stopped other:checking", -1},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct supervise_list_member m[8];
                struct supervise s[8];
                size_t n = parse(rows[i].units, s, m);
                int next = supervise_list_next(m, n, UID);

                if (next != rows[i].next)
                        fail_msg("%s: next is %d, not %d", rows[i].units, next, rows[i].next);
        }
}

static void test_state(_unused_ void **state) {
        static const struct {
                const char *units;
                enum unit_state as_one;
        } rows[] = {
                {"running", UNIT_RUNNING},
                {"stopped stopped", UNIT_STOPPED},
                {"stopped unread", UNIT_UNKNOWN},
                {"checking stopped", UNIT_UNKNOWN},
                {"stopped foreign", UNIT_FOREIGN},
                {"unread foreign", UNIT_FOREIGN},
                {"running stopped", UNIT_STARTING}, /* it gets the permit next */
                {"running checking", UNIT_STARTING},
                {"running foreign", UNIT_STARTING},
                {"starting stopped", UNIT_STARTING},
                {"running starting", UNIT_STARTING},
                {"running running", UNIT_RUNNING},
                {"running resuming", UNIT_UNKNOWN},
                {"p:ended running", UNIT_RUNNING},
                {"running p:ended", UNIT_RUNNING},
                {"p:ended p:ended", UNIT_ENDED},
                {"p:ended stopped", UNIT_STARTING},
                {"running ended", UNIT_ENDED},
                {"ended running", UNIT_ENDED},
                {"ended stopped", UNIT_ENDED},
                {"ended failed", UNIT_FAILED},
                {"running t:waiting", UNIT_RUNNING},
                {"running t:starting", UNIT_RUNNING},
                {"running t:ended", UNIT_RUNNING},
                {"p:ended t:running", UNIT_RUNNING},
                {"ended t:waiting", UNIT_ENDED},
                {"running failed", UNIT_FAILED},
                {"failed stopped", UNIT_FAILED},
                {"running t:failed", UNIT_FAILED},
                {"running r:stopped", UNIT_FAILED},
                {"r:stopped stopped", UNIT_STOPPED}, /* nothing of it is permitted */
                {"running stopping", UNIT_STOPPING},
                {"stopped stopping", UNIT_STOPPING},
                {"failed stopping", UNIT_STOPPING},
                {"killing stopped", UNIT_STOPPING},
                {"stuck stopping", UNIT_STUCK},
                {"foreign stuck", UNIT_STUCK},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct supervise_list_member m[8];
                struct supervise s[8];
                size_t n = parse(rows[i].units, s, m);
                enum unit_state as_one = supervise_list_state(m, n);

                if (as_one != rows[i].as_one)
                        fail_msg("%s: %s, not %s", rows[i].units, unit_state_to_string(as_one),
                                 unit_state_to_string(rows[i].as_one));
        }
}

static void test_withdraws(_unused_ void **state) {
        static const struct {
                const char *units;
                bool withdraws;
        } rows[] = {
                {"stopping running", true},  {"killing checking", true},        {"stuck waiting", true},
                {"stopping resuming", true}, {"stopping stopping", false},      {"running running", false},
                {"stopped running", false},  {"stopping other:running", false}, {"stopping stopped", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct supervise_list_member m[8];
                struct supervise s[8];

                (void)parse(rows[i].units, s, m);
                if (supervise_list_withdraws(&s[0], &s[1]) != rows[i].withdraws)
                        fail_msg("%s: %d", rows[i].units, !rows[i].withdraws);
        }
        /* A stop without a permit says nothing of others. */
        {
                struct supervise_list_member m[8];
                struct supervise s[8];

                (void)parse("stopping running", s, m);
                s[0].uid = s[1].uid = 0;
                assert_false(supervise_list_withdraws(&s[0], &s[1]));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_next),
                cmocka_unit_test(test_state),
                cmocka_unit_test(test_withdraws),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
