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

/* Takes exactly n digits off *at. Returns false when there are fewer. */
static bool take_number(const char **at, unsigned n, int *ret) {
        *ret = 0;
        for (; n > 0; n--, (*at)++) {
                if (**at < '0' || **at > '9')
                        return false;
                *ret = *ret * 10 + (**at - '0');
        }
        return true;
}

static bool take(const char **at, char c) {
        return **at == c && (*at)++;
}

uint64_t clock_parse_rfc3339(const char *text) {
        struct tm tm = {};
        int year, month, day, hours = 0, minutes = 0;
        uint64_t usec = 0;
        bool ahead;
        int64_t t;

        if (!take_number(&text, 4, &year) || !take(&text, '-') || !take_number(&text, 2, &month) || !take(&text, '-') ||
            !take_number(&text, 2, &day) || !take(&text, 'T') || !take_number(&text, 2, &tm.tm_hour) ||
            !take(&text, ':') || !take_number(&text, 2, &tm.tm_min) || !take(&text, ':') ||
            !take_number(&text, 2, &tm.tm_sec))
                return 0;
        if (month < 1 || day < 1 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
                return 0;
        if (*text == '.') {
                uint64_t unit = USEC_PER_SEC;

                if (*++text < '0' || *text > '9')
                        return 0;
                for (; *text >= '0' && *text <= '9'; text++)
                        usec += (uint64_t)(*text - '0') * (unit /= 10);
        }
        ahead = *text == '+';
        if (take(&text, '+') || take(&text, '-')) {
                if (!take_number(&text, 2, &hours) || !take(&text, ':') || !take_number(&text, 2, &minutes) ||
                    hours > 23 || minutes > 59)
                        return 0;
        } else if (!take(&text, 'Z')) {
                return 0;
        }
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        tm.tm_mday = day;
        t = timegm(&tm);
        /* A day that the month has not is one of the next month now. */
        if (*text || tm.tm_mon != month - 1 || tm.tm_mday != day)
                return 0;
        t -= (ahead ? 60 : -60) * (60 * (int64_t)hours + minutes);
        return t < 0 || (t == 0 && usec == 0) ? 1 : (uint64_t)t * USEC_PER_SEC + usec;
}
