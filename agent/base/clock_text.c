/* SPDX-License-Identifier: Apache-2.0 */
/* A wall-clock instant as text, and back: apart from clock.c, because it asks that for the time, and so serves the
 * simulator, too. */
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

const char *clock_format_local(uint64_t realtime_usec, char *buf) {
        time_t now = (time_t)(clock_realtime_usec() / USEC_PER_SEC), t = (time_t)(realtime_usec / USEC_PER_SEC);
        struct tm today = {}, tm = {};
        bool same;

        if (!localtime_r(&now, &today) || !localtime_r(&t, &tm)) {
                buf[0] = '\0';
                return buf;
        }
        same = today.tm_year == tm.tm_year && today.tm_yday == tm.tm_yday;
        if (strftime(buf, CLOCK_TEXT_SIZE, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm) == 0)
                buf[0] = '\0';
        return buf;
}

uint64_t clock_parse_utc(const char *text) {
        struct tm tm = {};
        const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
        time_t t;

        if (!rest || (*rest != '.' && *rest != 'Z'))
                return 0;
        t = timegm(&tm);
        return t > 0 ? (uint64_t)t * USEC_PER_SEC : 0;
}
