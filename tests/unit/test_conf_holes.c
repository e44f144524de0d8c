/* SPDX-License-Identifier: Apache-2.0 */
/* The stated holes in numbers: every hole and tenure, the defaults and the timing of the end-to-end tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/conf_holes.h"

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC

static const struct {
        const char *name;
        struct conf conf;
        struct conf_lock lock;
        uint64_t usec[N_CONF_HOLES];
        uint32_t harmless_ppm;
        uint64_t harmless_pause_usec;
} rows[] = {
        {"defaults, lease",
         {.request_timeout_usec = 5 * SEC, .verify_interval_usec = 600 * SEC},
         {.tenure = TENURE_LEASE,
          .lease_duration_usec = 30 * SEC,
          .renew_deadline_usec = 15 * SEC,
          .stop_timeout_usec = 8 * SEC,
          .kill_margin_usec = 5 * SEC},
         {[CONF_HOLE_UNKILLABLE] = USEC_INFINITY,
          [CONF_HOLE_PAUSED] = 13 * SEC,
          [CONF_HOLE_PAUSED_CLOCK] = 28 * SEC,
          [CONF_HOLE_CLOCK_RATE] = 30545443 - 27969239, /* 28 s / 0.916667 - 30.3 s / 1.083333 */
          [CONF_HOLE_CLONED] = 0,
          [CONF_HOLE_CLONED_MEMORY] = 43 * SEC,
          [CONF_HOLE_FENCED] = 628 * SEC,
          [CONF_HOLE_FOREIGN] = 33 * SEC},
         39451, /* 2.3 of 58.3 */
         6700 * MSEC},
        {"defaults, life",
         {.request_timeout_usec = 5 * SEC, .verify_interval_usec = 600 * SEC},
         {.tenure = TENURE_LIFE,
          .lease_duration_usec = 30 * SEC,
          .renew_deadline_usec = 15 * SEC,
          .stop_timeout_usec = 300 * SEC,
          .kill_margin_usec = 5 * SEC},
         {[CONF_HOLE_CLONED] = 910 * SEC,
          [CONF_HOLE_CLONED_MEMORY] = USEC_INFINITY,
          [CONF_HOLE_FENCED] = 910 * SEC,
          [CONF_HOLE_FOREIGN] = 325 * SEC},
         0,
         0},
        {"left, life",
         {.request_timeout_usec = 5 * SEC, .verify_interval_usec = 600 * SEC},
         {.tenure = TENURE_LIFE,
          .lease_duration_usec = 30 * SEC,
          .renew_deadline_usec = 15 * SEC,
          .stop_timeout_usec = 300 * SEC,
          .kill_margin_usec = 5 * SEC,
          .keys.on_foreign = ON_FOREIGN_LEAVE},
         {[CONF_HOLE_CLONED] = 910 * SEC,
          [CONF_HOLE_CLONED_MEMORY] = USEC_INFINITY,
          [CONF_HOLE_FENCED] = 910 * SEC,
          [CONF_HOLE_FOREIGN] = USEC_INFINITY},
         0,
         0},
        {"end-to-end tests, lease",
         {.request_timeout_usec = 1500 * MSEC, .verify_interval_usec = 600 * SEC},
         {.tenure = TENURE_LEASE,
          .lease_duration_usec = 7 * SEC,
          .renew_deadline_usec = 2200 * MSEC,
          .stop_timeout_usec = 1200 * MSEC,
          .kill_margin_usec = 3200 * MSEC},
         {[CONF_HOLE_UNKILLABLE] = USEC_INFINITY,
          [CONF_HOLE_PAUSED] = 4400 * MSEC,
          [CONF_HOLE_PAUSED_CLOCK] = 6600 * MSEC,
          [CONF_HOLE_CLOCK_RATE] = 7199997 - 6526155,
          [CONF_HOLE_CLONED_MEMORY] = 8800 * MSEC,
          [CONF_HOLE_FENCED] = 606600 * MSEC,
          [CONF_HOLE_FOREIGN] = 17400 * MSEC},
         34381,
         3530 * MSEC},
};

static void test_rows(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                for (unsigned h = 0; h < N_CONF_HOLES; h++) {
                        uint64_t usec = conf_hole_usec(&rows[i].conf, &rows[i].lock, h);

                        if (usec != rows[i].usec[h])
                                fail_msg("%s, %s: %llu", rows[i].name, conf_hole_to_string(h),
                                         (unsigned long long)usec);
                }
                if (rows[i].lock.tenure != TENURE_LEASE)
                        continue;
                assert_int_equal(conf_rate_harmless_ppm(&rows[i].lock), rows[i].harmless_ppm);
                assert_int_equal(conf_pause_harmless_usec(&rows[i].lock), rows[i].harmless_pause_usec);
        }
}

/* Up to the harmless error nothing overlaps, beyond it something does, and ever more. */
static void test_rate(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct conf_lock *l = &rows[i].lock;
                uint32_t ppm;
                uint64_t before = 0;

                if (l->tenure != TENURE_LEASE)
                        continue;
                ppm = conf_rate_harmless_ppm(l);
                assert_true(ppm >= 10000);
                for (uint32_t e = 0; e <= ppm; e += 100)
                        assert_int_equal(conf_rate_overlap_usec(l, e), 0);
                for (uint32_t e = ppm + 10; e < 999999; e += 1000) {
                        uint64_t usec = conf_rate_overlap_usec(l, e);

                        assert_true(usec > before);
                        before = usec;
                }
        }
}

/* Whatever conf_check() lets pass is harmless at the margin that it speaks of. */
static void test_smallest_margin(void **state) {
        const struct conf_lock l = {.tenure = TENURE_LEASE,
                                    .lease_duration_usec = 24 * 3600 * SEC,
                                    .renew_deadline_usec = 12 * 3600 * SEC,
                                    .stop_timeout_usec = 11 * 3600 * SEC,
                                    .kill_margin_usec = 24 * 36 * SEC * 99 - 23 * 3600 * SEC - 1};

        (void)state;
        assert_true(conf_rate_harmless_ppm(&l) >= 10000);
        assert_int_equal(conf_rate_overlap_usec(&l, 10000), 0);
        assert_true(conf_rate_overlap_usec(&l, 10001) > 0);
}

static char *described(const char *name) {
        char *text = NULL;
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                FILE *f;

                if (!util_streq(rows[i].name, name))
                        continue;
                f = open_memstream(&text, &size);
                assert_non_null(f);
                conf_describe_holes(&rows[i].conf, &rows[i].lock, f);
                assert_int_equal(fclose(f), 0);
        }
        assert_non_null(text);
        return text;
}

static void test_words(void **state) {
        static const char *const lease[] = {
                "cannot be killed (state D) and the host is silent for 30s: as long as it lives\n",
                "paused for longer than 6s 700ms",
                "at most stop_timeout 8s + kill_margin 5s = 13s;\n",
                "renew_deadline 15s + stop_timeout 8s + kill_margin 5s = 28s when its clock stood still",
                "wrong by more than 3.9 %",
                "28s / 0.91667 - 30s 300ms / 1.08333 = 2s 576ms\n",
                "verify_interval 10min + renew_deadline 15s + stop_timeout 8s + kill_margin 5s = 10min 28s\n",
                "at most renew_deadline 15s + renew_deadline 15s + stop_timeout 8s + kill_margin 5s = 43s\n",
        };
        static const char *const life[] = {
                "verify_interval 10min + request_timeout 5s + stop_timeout 5min + kill_margin 5s = 15min 10s\n",
                "copied with its memory: without end",
                "leader-guard's look 10s + request_timeout 5s + request_timeout 5s + stop_timeout 5min + kill_margin "
                "5s = "
                "5min 25s\n",
        };
        char *text = described("defaults, lease");

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(lease); i++)
                if (!strstr(text, lease[i]))
                        fail_msg("no \"%s\" in:\n%s", lease[i], text);
        free(text);
        text = described("defaults, life");
        for (size_t i = 0; i < ELEMENTSOF(life); i++)
                if (!strstr(text, life[i]))
                        fail_msg("no \"%s\" in:\n%s", life[i], text);
        assert_null(strstr(text, "paused"));
        assert_null(strstr(text, "clock"));
        /* They stand in a configuration: comments. */
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
                assert_true(*line == '\0' || strncmp(line, "    # ", 6) == 0);
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_rate),
                cmocka_unit_test(test_smallest_margin),
                cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
