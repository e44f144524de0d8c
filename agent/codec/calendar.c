/* SPDX-License-Identifier: Apache-2.0 */
/* A spec to sets of minutes, hours and days, and all minutes of some weeks, or years, held against them. */
#include "codec/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/util.h"

#define DAY_USEC   (86400 * USEC_PER_SEC)
#define BEGIN_SEC  INT64_C(1735689600) /* 2025-01-01 */
#define WEEKS_DAYS 15                  /* what goes by weekdays alone comes again after a week */
#define YEARS_DAYS 3000                /* … and two 29 February are in these */

/* Up to 60 values. */
struct calendar {
        uint64_t minutes, hours, days, months, weekdays;
        bool weekly;
};

static uint64_t bit(unsigned i) {
        return UINT64_C(1) << i;
}

/* "*", or values, ranges ("8..12") and repetitions ("0/4", "0..20/5"), with commas between them. *at is left behind it.
 */
static bool read_set(const char **at, unsigned min, unsigned max, uint64_t *ret) {
        *ret = 0;
        do {
                unsigned long from = min, to = max, step = 1;
                char *end;

                *at += **at == ',';
                if (**at == '*')
                        (*at)++;
                else if (**at < '0' || **at > '9')
                        return false;
                else {
                        from = to = strtoul(*at, &end, 10);
                        if (end[0] == '.' && end[1] == '.')
                                to = strtoul(end + 2, &end, 10);
                        else if (*end == '/')
                                to = max;
                        *at = end;
                }
                if (**at == '/') {
                        step = strtoul(*at + 1, &end, 10);
                        *at = end;
                }
                if (from < min || to > max || step == 0)
                        return false;
                for (step = step > max ? max + 1 : step; from <= to; from += step)
                        *ret |= bit((unsigned)from);
        } while (**at == ',');
        return true;
}

static bool read_weekday(const char **at, unsigned *ret) {
        static const char names[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

        for (unsigned i = 0; i < ELEMENTSOF(names); i++)
                if (strncmp(*at, names[i], 3) == 0) {
                        *at += 3;
                        *ret = i;
                        return true;
                }
        return false;
}

/* "Mon,Wed..Fri" */
static bool read_weekdays(const char **at, uint64_t *ret) {
        unsigned from, to;

        *ret = 0;
        do {
                *at += **at == ',';
                if (!read_weekday(at, &from))
                        return false;
                to = from;
                if (strncmp(*at, "..", 2) == 0) {
                        *at += 2;
                        if (!read_weekday(at, &to))
                                return false;
                }
                for (; from != to; from = (from + 1) % 7)
                        *ret |= bit(from);
                *ret |= bit(to);
        } while (**at == ',');
        return *(*at)++ == ' ';
}

static bool skip(const char **at, const char *what) {
        if (strncmp(*at, what, strlen(what)) != 0)
                return false;
        *at += strlen(what);
        return true;
}

static bool read_spec(const char *at, struct calendar *ret) {
        *ret = (struct calendar){.weekdays = bit(7) - 1};
        if (*at >= 'A' && *at <= 'Z' && !read_weekdays(&at, &ret->weekdays))
                return false;
        ret->weekly = strncmp(at, "*-*-* ", strlen("*-*-* ")) == 0;
        return skip(&at, "*-") && read_set(&at, 1, 12, &ret->months) && skip(&at, "-") &&
               read_set(&at, 1, 31, &ret->days) && skip(&at, " ") && read_set(&at, 0, 23, &ret->hours) &&
               skip(&at, ":") && read_set(&at, 0, 59, &ret->minutes) && *at == ':';
}

static bool has_day(const struct calendar *c, const struct tm *day) {
        return c->weekdays & bit((unsigned)day->tm_wday) && c->months & bit((unsigned)day->tm_mon + 1) &&
               c->days & bit((unsigned)day->tm_mday);
}

uint64_t calendar_longest_gap_usec(const char *const *specs, size_t n) {
        struct calendar c[CALENDAR_SPECS_MAX];
        uint64_t longest = 0, last = USEC_INFINITY;
        unsigned n_days = WEEKS_DAYS;
        bool any = false;

        if (n > CALENDAR_SPECS_MAX)
                return 0;
        for (size_t i = 0; i < n; i++) {
                if (!read_spec(specs[i], &c[i]))
                        return 0;
                n_days = c[i].weekly ? n_days : YEARS_DAYS;
        }
        for (unsigned d = 0; d < n_days; d++) {
                time_t t = (time_t)(BEGIN_SEC + 86400 * (int64_t)d);
                uint64_t minutes[24] = {};
                struct tm day = {};

                (void)gmtime_r(&t, &day); /* cannot fail for these */
                for (size_t i = 0; i < n; i++)
                        for (unsigned h = 0; h < 24 && has_day(&c[i], &day); h++)
                                minutes[h] |= c[i].hours & bit(h) ? c[i].minutes : 0;
                for (unsigned m = 0; m < 24 * 60; m++) {
                        uint64_t at = d * DAY_USEC + m * (60 * USEC_PER_SEC);

                        if (!(minutes[m / 60] & bit(m % 60)))
                                continue;
                        if (last != USEC_INFINITY)
                                longest = longest > at - last ? longest : at - last;
                        any = any || last != USEC_INFINITY;
                        last = at;
                }
        }
        return any ? longest : USEC_INFINITY;
}
