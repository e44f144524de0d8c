/* SPDX-License-Identifier: Apache-2.0 */
/* How far apart the instants of a timer are, by what systemd prints of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "base/util.h"
#include "codec/calendar.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static void test_gaps(_unused_ void **state) {
        static const struct {
                const char *specs[3];
                uint64_t gap_usec;
        } rows[] = {
                {{"*-*-* 00/4:00:00"}, 4 * HOUR},
                {{"*-*-* *:00:00"}, HOUR},
                {{"*-*-* *:00/20:00"}, 20 * MINUTE},
                {{"*-*-* *:*:00"}, MINUTE},
                {{"*-*-* *:05/18446744073709551615:00"}, HOUR},
                {{"*-*-* *:05/18446744073709551600:00"}, HOUR},
                {{"*-*-* *:*:00/10"}, MINUTE},
                {{"*-*-* 00:00:00"}, DAY},
                {{"*-*-* 12:00:00 UTC"}, DAY},
                {{"*-*-* 06,18:15:00"}, 12 * HOUR},
                {{"*-*-* 00..20/10:00:00"}, 10 * HOUR},
                {{"*-*-* 08..10:00:00"}, 22 * HOUR},
                {{"*-*-* *:07,37:00.500000"}, 30 * MINUTE},
                {{"Mon *-*-* 00:00:00"}, 7 * DAY},
                {{"Mon..Fri *-*-* 08:30:00"}, 3 * DAY},
                {{"Sat..Mon,Wed *-*-* 00:00:00"}, 3 * DAY},
                {{"*-*-01 00:00:00"}, 31 * DAY},
                {{"*-01,07-01 00:00:00"}, 184 * DAY},
                {{"Sun *-*-01..07 04:00:00"}, 35 * DAY},
                {{"*-*-* 00:00:00", "*-*-* 10:00:00"}, 14 * HOUR},
                {{"*-*-01 00:00:00", "*-*-* 00/6:00:00"}, 6 * HOUR},
                {{"*-02-29 00:00:00"}, 1461 * DAY},
                {{"*-02-31 00:00:00"}, USEC_INFINITY},
                {{NULL}, USEC_INFINITY},
                {{"2026-*-* 00:00:00"}, 0},
                {{"*-*~01 00:00:00"}, 0},
                {{"*-*-* 25:00:00"}, 0},
                {{"*-*-* 00/0:00:00"}, 0},
                {{"*-*-* 00:00:00", "weekly"}, 0},
                {{"Moo *-*-* 00:00:00"}, 0},
                {{"*-*-*"}, 0},
                {{""}, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t n = 0;
                uint64_t gap;

                while (n < ELEMENTSOF(rows[i].specs) && rows[i].specs[n])
                        n++;
                gap = calendar_longest_gap_usec(rows[i].specs, n);
                if (gap != rows[i].gap_usec)
                        fail_msg("row %zu, %s: %" PRIu64 " min", i, n ? rows[i].specs[0] : "none", gap / MINUTE);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_gaps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
