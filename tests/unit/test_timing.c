/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of a lease. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/timing.h"

#define SEC USEC_PER_SEC

static const struct timing_lease usual = {
        .duration_usec = 30 * SEC,
        .renew_deadline_usec = 15 * SEC,
        .stop_timeout_usec = 8 * SEC,
        .kill_margin_usec = 4 * SEC,
        .rate_permille = TIMING_RATE_PERMILLE,
};

/* What the margins leave of the recorded duration binds the holder, unless its configuration is stricter. */
static void test_deadline(void **state) {
        static const struct {
                uint64_t duration, configured, deadline;
        } rows[] = {
                {30 * SEC, 15 * SEC, 15 * SEC},
                {27 * SEC, 15 * SEC, 27 * SEC - 27 * SEC / 100 - 12 * SEC},
                {30 * SEC, 60 * SEC, 30 * SEC - 30 * SEC / 100 - 12 * SEC},
                {13 * SEC, 15 * SEC, 13 * SEC - 13 * SEC / 100 - 12 * SEC},
                {12 * SEC, 15 * SEC, 0},
                {0, 15 * SEC, 0},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct timing_lease t = usual;
                uint64_t stop, kill;
                bool enough;

                t.duration_usec = rows[i].duration;
                t.renew_deadline_usec = rows[i].configured;
                assert_int_equal(timing_deadline_usec(&t), rows[i].deadline);
                enough = timing_instants(&t, 100 * SEC, &stop, &kill);
                assert_int_equal(enough, rows[i].deadline >= TIMING_RENEW_MIN_USEC);
                assert_int_equal(stop, 100 * SEC + rows[i].deadline);
                assert_int_equal(kill, stop + 8 * SEC);
        }
}

/* Whatever the numbers: the last process of the holder is gone before a challenger begins, though the holder's clock is
 * slow and the challenger's fast, both by the margin. */
static void test_never_two(void **state) {
        (void)state;
        for (uint64_t d = SEC; d < 400 * SEC; d += 7 * SEC)
                for (uint64_t stop = SEC; stop < 60 * SEC; stop += 5 * SEC)
                        for (uint64_t configured = SEC; configured < 300 * SEC; configured += 41 * SEC) {
                                struct timing_lease t = usual;
                                uint64_t stop_at, kill_at, gone, begins;

                                t.duration_usec = d;
                                t.renew_deadline_usec = configured;
                                t.stop_timeout_usec = stop;
                                if (!timing_instants(&t, 0, &stop_at, &kill_at))
                                        continue;
                                /* In true time: a slow clock shows less than has passed. */
                                gone = (kill_at + t.kill_margin_usec) * 1000 / (1000 - TIMING_RATE_PERMILLE);
                                begins = timing_silence_usec(d, TIMING_RATE_PERMILLE) * 1000 /
                                         (1000 + TIMING_RATE_PERMILLE);
                                assert_true(gone <= begins + 2); /* whole microseconds */
                        }
}

static void test_sums(void **state) {
        (void)state;
        assert_int_equal(timing_killed_usec(&usual), 23 * SEC);
        assert_int_equal(timing_lasting_usec(&usual), 27 * SEC);
        assert_int_equal(timing_usable_usec(30 * SEC, 10), 29700000);
        assert_int_equal(timing_silence_usec(30 * SEC, 10), 30300000);
        assert_int_equal(timing_pause_harmless_usec(&usual), 6700000);
        assert_int_equal(timing_kill_margin_floor_usec(), 3500000);
        assert_true(timing_silence_usec(USEC_INFINITY, 10) == USEC_INFINITY);
}

/* No sum wraps: what takes for ever leaves nothing of a lease, and never ends. */
static void test_endless(void **state) {
        uint64_t stop, kill;

        (void)state;
        for (unsigned i = 0; i < 3; i++) {
                struct timing_lease t = usual;

                *(uint64_t *[]){&t.renew_deadline_usec, &t.stop_timeout_usec, &t.kill_margin_usec}[i] = USEC_INFINITY;
                assert_true(timing_lasting_usec(&t) == USEC_INFINITY);
                assert_true((timing_killed_usec(&t) == USEC_INFINITY) == (i < 2));
                /* A renew_deadline without end is only laxer than the record, which binds. */
                assert_int_equal(timing_deadline_usec(&t), i == 0 ? 17700000 : 0);
                assert_int_equal(timing_instants(&t, SEC, &stop, &kill), i == 0);
                assert_int_equal(timing_pause_harmless_usec(&t), i < 2 ? 0 : 6700000);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_deadline),
                cmocka_unit_test(test_never_two),
                cmocka_unit_test(test_sums),
                cmocka_unit_test(test_endless),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
