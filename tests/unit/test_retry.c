/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses, their spread, and what a row of failures comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/retry.h"

struct row {
        unsigned attempt;
        uint64_t min, max, base; /* the delay lies in [base / 2, base) */
};

static const struct row rows[] = {
        {0, 250, 30000, 250},
        {1, 250, 30000, 250},
        {2, 250, 30000, 500},
        {3, 250, 30000, 1000},
        {7, 250, 30000, 16000},
        {8, 250, 30000, 30000},
        {9, 250, 30000, 30000},
        {255, 250, 30000, 30000},
        {5000, 250, 30000, 30000},
        {1, 30000, 30000, 30000},
        {4, 40000, 30000, 30000}, /* a minimum above the maximum: the maximum */
        {200, 1, 1ULL << 40, 1ULL << 40},
        {200, 3600000000ULL, 86400000000ULL, 86400000000ULL},
};

static void test_range(void **state) {
        static const uint32_t randoms[] = {0, 1, 511, 512, 1023, 1024, 0x7fffffff, 0xffffffff};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (size_t k = 0; k < ELEMENTSOF(randoms); k++) {
                        uint64_t d = retry_delay_usec(rows[i].attempt, &(struct retry_limits){rows[i].min, rows[i].max},
                                                      randoms[k]);

                        assert_true(d >= rows[i].base / 2);
                        assert_true(d < rows[i].base || rows[i].base < 2);
                        assert_true(d > 0 || rows[i].base < 2);
                }
}

/* Many agents that failed together do not come back together. */
static void test_spread(void **state) {
        uint64_t low = UINT64_MAX, high = 0;

        (void)state;
        for (uint32_t r = 0; r < 1024; r++) {
                uint64_t d = retry_delay_usec(5, &RETRY_API, r);

                low = d < low ? d : low;
                high = d > high ? d : high;
        }
        assert_int_equal(low, 2000000);
        assert_true(high > 3990000);
}

/* Each further attempt waits at least as long, for the same random word. */
static void test_grows(void **state) {
        const struct retry_limits limits = {250, 30000};

        (void)state;
        for (unsigned n = 1; n < 40; n++)
                assert_true(retry_delay_usec(n + 1, &limits, 77) >= retry_delay_usec(n, &limits, 77));
        assert_true(retry_delay_usec(40, &limits, 77) > 50 * retry_delay_usec(1, &limits, 77));
}

/* A race is met again at once, the second in a row waits; what failed waits at once, and no less than it was told. */
static void test_note(void **state) {
        struct retry r = {};

        (void)state;
        retry_note(&r, 3, RETRY_RACED, &RETRY_API, 1000, 0, 0);
        assert_int_equal(r.at_usec, 0);
        assert_int_equal(r.attempts, 1);
        assert_int_equal(r.operation, 3);
        retry_note(&r, 3, RETRY_RACED, &RETRY_API, 1000, 0, 0);
        assert_int_equal(r.at_usec, 1000 + 250 * USEC_PER_MSEC);
        r = (struct retry){};
        retry_note(&r, 3, RETRY_FAILED, &RETRY_API, 1000, 0, 0);
        assert_int_equal(r.at_usec, 1000 + 125 * USEC_PER_MSEC);
        retry_note(&r, 3, RETRY_FAILED, &RETRY_API, 1000, 60 * USEC_PER_SEC, 0);
        assert_int_equal(r.at_usec, 1000 + 60 * USEC_PER_SEC);
        for (unsigned i = 0; i < 100; i++)
                retry_note(&r, 3, RETRY_FAILED, &RETRY_API, 1000, 0, 1023);
        assert_int_equal(r.attempts, RETRY_ATTEMPTS_MAX);
        assert_true(r.at_usec > 1000 + 29 * USEC_PER_SEC && r.at_usec <= 1000 + 30 * USEC_PER_SEC);
}

/* A renewal: never later than 2 s, or than half of what is left; Retry-After counts up to the interval. */
static void test_renewal(void **state) {
        static const struct {
                unsigned attempt;
                uint64_t interval, left, asked, low, high; /* ms */
        } renewals[] = {
                {1, 5000, 15000, 0, 125, 250},       {4, 5000, 15000, 0, 1000, 2000},
                {30, 5000, 15000, 0, 1000, 2000},    {30, 5000, 3600000, 0, 1000, 2000},
                {30, 5000, 2000, 0, 1000, 1000},                                          /* half of what is left */
                {30, 5000, 600, 0, 300, 300},        {30, 5000, 150, 0, 100, 100},        /* … but no hammering */
                {30, 5000, 0, 0, 100, 100},          {1, 5000, 15000, 60000, 5000, 5000}, /* Retry-After: 60 */
                {1, 5000, 15000, 1000, 1000, 1000},  {1, 5000, 4000, 60000, 2000, 2000},
                {30, 500, 15000, 60000, 1000, 2000},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(renewals); i++)
                for (uint32_t random = 0; random < 1024; random += 11) {
                        const struct retry_renewal renewal = {renewals[i].interval * USEC_PER_MSEC,
                                                              1000 + renewals[i].left * USEC_PER_MSEC};
                        uint64_t d = retry_renewal_usec(renewals[i].attempt, &RETRY_API, &renewal, 1000,
                                                        renewals[i].asked * USEC_PER_MSEC, random);

                        if (d < renewals[i].low * USEC_PER_MSEC || d > renewals[i].high * USEC_PER_MSEC)
                                fail_msg("row %zu: %llu us", i, (unsigned long long)d);
                }
        /* Nothing runs yet: only the pace counts. */
        assert_int_equal(retry_renewal_usec(1, &RETRY_API, &(struct retry_renewal){5 * USEC_PER_SEC, USEC_INFINITY},
                                            1000, 60 * USEC_PER_SEC, 0),
                         5 * USEC_PER_SEC);
}

/* Only who had no answer is woken, and never later than it would come by itself. */
static void test_wake(void **state) {
        static const enum retry_outcome outcomes[] = {RETRY_FAILED, RETRY_SILENT, RETRY_RACED};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(outcomes); i++)
                for (uint32_t random = 0; random < 1024; random += 11) {
                        struct retry r = {.attempts = 10};
                        uint64_t at;

                        retry_note(&r, 3, outcomes[i], &RETRY_API, 1000, 40 * USEC_PER_SEC, random);
                        at = r.at_usec;
                        retry_wake(&r, 2000, random);
                        if (outcomes[i] == RETRY_SILENT)
                                assert_in_range(r.at_usec, 2000, 2000 + RETRY_WAKE_USEC);
                        else
                                assert_true(r.at_usec == at);
                        at = r.at_usec;
                        retry_wake(&r, 9 * USEC_PER_SEC, random);
                        assert_true(outcomes[i] != RETRY_SILENT || r.at_usec == at);
                        r = (struct retry){.silent = true};
                        retry_wake(&r, 2000, random);
                        assert_int_equal(r.at_usec, 0); /* does not wait */
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_range), cmocka_unit_test(test_spread),  cmocka_unit_test(test_grows),
                cmocka_unit_test(test_note),  cmocka_unit_test(test_renewal), cmocka_unit_test(test_wake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
