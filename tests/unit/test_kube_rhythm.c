/* SPDX-License-Identifier: Apache-2.0 */
/* For how long a watch may be silent, by the gaps between its bookmarks; and that a healthy server is not asked more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "adapter/kube_rhythm.h"
#include "base/util.h"

#define SEC  USEC_PER_SEC
#define MOST (150 * SEC)

struct row {
        const char *name;
        struct {
                unsigned n;        /* gaps in a row … */
                uint64_t gap_usec; /* … of this length */
        } gaps[3];
        uint64_t limit_usec;
};

static const struct row rows[] = {
        {"nothing seen", {}, MOST},
        {"kube-apiserver, one seen", {{1, 60 * SEC}}, 100 * SEC},
        {"kube-apiserver, not yet sure", {{15, 60 * SEC}}, 100 * SEC},
        {"kube-apiserver, sure", {{16, 60 * SEC}}, 75 * SEC},
        {"the longest that was measured there", {{16, 61 * SEC}}, 76250000},
        {"sure for ever", {{5000, 60 * SEC}}, 75 * SEC},
        {"never below 30 s", {{20, 1 * SEC}}, 30 * SEC},
        {"just above", {{20, 26 * SEC}}, 32500000},
        {"never above what holds without any", {{1, 91 * SEC}}, MOST},
        {"nor when sure", {{20, 121 * SEC}}, MOST},
        {"rare ones: minutes apart", {{40, 300 * SEC}}, MOST},
        {"absurdly long", {{1, UINT64_MAX}}, MOST},
        {"one long gap counts", {{20, 60 * SEC}, {1, 90 * SEC}, {20, 60 * SEC}}, 112500000},
        {"and is forgotten", {{20, 60 * SEC}, {1, 90 * SEC}, {32, 60 * SEC}}, 75 * SEC},
        {"the server comes to send none for minutes", {{20, 60 * SEC}, {1, 200 * SEC}}, MOST},
        {"and again each minute", {{20, 200 * SEC}, {32, 60 * SEC}}, 75 * SEC},
};

static void test_limit(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct kube_rhythm r = {};
                uint64_t now = SEC, limit;

                for (size_t k = 0; k < ELEMENTSOF(rows[i].gaps); k++)
                        for (unsigned n = 0; n < rows[i].gaps[k].n; n++) {
                                now += rows[i].gaps[k].gap_usec;
                                kube_rhythm_note(&r, rows[i].gaps[k].gap_usec, now);
                        }
                limit = kube_rhythm_limit_usec(&r, MOST);
                if (limit != rows[i].limit_usec)
                        fail_msg("%s: %llu, expected %llu", rows[i].name, (unsigned long long)limit,
                                 (unsigned long long)rows[i].limit_usec);
        }
}

/* Many watches whose bookmarks come in step teach no more than one of them does, and the longest of them counts. */
static void test_in_step(_unused_ void **state) {
        struct kube_rhythm r = {};

        for (unsigned i = 0; i < 200; i++)
                kube_rhythm_note(&r, 45 * SEC + i, 1000 * SEC + i * USEC_PER_MSEC);
        assert_int_equal(r.n, 1);
        assert_int_equal(kube_rhythm_limit_usec(&r, MOST), (45 * SEC + 199) * 5 / 3);
        kube_rhythm_note(&r, 45 * SEC, 1023 * SEC);
        assert_int_equal(r.n, 2);
}

static uint64_t draw(uint64_t *seed) {
        *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return *seed >> 33;
}

/* Bookmarks up to a quarter early or late: no read in 500 of them, however they fall, and also not while nothing but
 * early ones was seen. */
static void test_no_read_while_they_come(_unused_ void **state) {
        unsigned n_reads = 0;

        for (unsigned run = 0; run < 1000; run++) {
                struct kube_rhythm r = {};
                uint64_t now = SEC, seed = run;

                for (unsigned i = 0; i < 500; i++) {
                        uint64_t gap = 45 * SEC + draw(&seed) % (30 * SEC + 1);

                        n_reads += gap > kube_rhythm_limit_usec(&r, MOST);
                        now += gap;
                        kube_rhythm_note(&r, gap, now);
                }
                /* The worst row of early ones. */
                if (run == 0)
                        for (unsigned i = 1; i < KUBE_RHYTHM_SURE; i++) {
                                struct kube_rhythm early = {};

                                for (unsigned k = 0; k < i; k++)
                                        kube_rhythm_note(&early, 45 * SEC, (k + 1) * 45 * SEC);
                                assert_true(kube_rhythm_limit_usec(&early, MOST) >= 75 * SEC);
                        }
        }
        assert_int_equal(n_reads, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limit),
                cmocka_unit_test(test_in_step),
                cmocka_unit_test(test_no_read_while_they_come),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
