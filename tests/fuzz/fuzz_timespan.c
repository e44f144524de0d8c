/* SPDX-License-Identifier: Apache-2.0 */
/* Time spans: what is read and written again is read as the same, and as the same text from then on. */
#include "codec/timespan.h"
#include "fuzz.h"

static void round_trip(uint64_t usec) {
        char buf[TIMESPAN_MAX], again[TIMESPAN_MAX];
        uint64_t back = 1;

        fuzz_assert(timespan_format(buf, usec) == buf && strlen(buf) < TIMESPAN_MAX);
        if (usec == USEC_INFINITY) {
                fuzz_assert(util_streq(buf, "infinity"));
                return;
        }
        fuzz_assert(timespan_parse(buf, &back) == 0 && back == usec);
        fuzz_assert(util_streq(timespan_format(again, back), buf));
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        uint64_t usec = 77;
        char *text = fuzz_text(data, size);
        int r = timespan_parse(text, &usec);

        fuzz_assert(r == 0 || r == -EINVAL || r == -ERANGE);
        fuzz_assert(r == 0 || usec == 77);
        if (r == 0)
                round_trip(usec);
        free(text);
        round_trip(fuzz_number(&f, 8));
}
