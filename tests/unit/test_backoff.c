/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/backoff.h"

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
                        uint64_t d = backoff_usec(rows[i].attempt, rows[i].min, rows[i].max, randoms[k]);

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
                uint64_t d = backoff_usec(5, 250000, 30000000, r);

                low = d < low ? d : low;
                high = d > high ? d : high;
        }
        assert_int_equal(low, 2000000);
        assert_true(high > 3990000);
}

/* Each further attempt waits at least as long, for the same random word. */
static void test_grows(void **state) {
        (void)state;
        for (unsigned n = 1; n < 40; n++)
                assert_true(backoff_usec(n + 1, 250, 30000, 77) >= backoff_usec(n, 250, 30000, 77));
        assert_true(backoff_usec(40, 250, 30000, 77) > 50 * backoff_usec(1, 250, 30000, 77));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_range),
                cmocka_unit_test(test_spread),
                cmocka_unit_test(test_grows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
