/* SPDX-License-Identifier: Apache-2.0 */
/* OnCalendar= lines: gaps are whole minutes, and one more timer never makes the longest gap longer. */
#include "codec/calendar.h"
#include "fuzz.h"

#define MINUTE (60 * USEC_PER_SEC)

void fuzz_one(const uint8_t *data, size_t size) {
        char *specs[CALENDAR_SPECS_MAX + 1];
        struct fuzz f = {data, size};
        uint64_t alone, gap, less = USEC_INFINITY;
        char line[512];
        size_t n = 0;

        while (f.n > 0 && n < ELEMENTSOF(specs)) {
                fuzz_line(&f, line, sizeof(line));
                specs[n++] = fuzz_copy(line, strlen(line) + 1);
        }
        for (size_t i = 0; i < n; i++) {
                alone = calendar_longest_gap_usec((const char *const *)&specs[i], 1);
                gap = calendar_longest_gap_usec((const char *const *)specs, i + 1);
                fuzz_assert(gap == USEC_INFINITY || gap % MINUTE == 0);
                fuzz_assert(gap == 0 || (gap <= alone && gap <= less));
                fuzz_assert(i < CALENDAR_SPECS_MAX || gap == 0);
                fuzz_assert(alone > 0 || gap == 0);
                less = gap;
        }
        for (size_t i = 0; i < n; i++)
                free(specs[i]);
}
