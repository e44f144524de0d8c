/* SPDX-License-Identifier: Apache-2.0 */
/* A wall-clock instant as text: apart from clock.c, because it reads no clock and so serves the simulator, too. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"

const char *clock_format_utc(uint64_t realtime_usec, char *buf) {
        time_t t = (time_t)(realtime_usec / USEC_PER_SEC);
        struct tm tm = {};
        char seconds[24];

        if (!gmtime_r(&t, &tm) || tm.tm_year > 9999 - 1900) {
                t = 0;
                (void)gmtime_r(&t, &tm); /* cannot fail for 0 */
        }
        (void)strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm); /* fits */
        (void)snprintf(buf, CLOCK_TEXT_SIZE, "%s.%06uZ", seconds, (unsigned)(realtime_usec % USEC_PER_SEC));
        return buf;
}
