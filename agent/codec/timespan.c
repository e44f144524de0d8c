/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers with a unit each; systemd's fractions (1.5s) are not read, and nothing is ever rounded. */
#include "codec/timespan.h"

#include <errno.h>
#include <stdio.h>

static const struct unit {
        const char *name;
        uint64_t usec;
} units[] = {
        {"", USEC_PER_SEC},
        {"us", 1},
        {"usec", 1},
        {"ms", USEC_PER_MSEC},
        {"msec", USEC_PER_MSEC},
        {"s", USEC_PER_SEC},
        {"sec", USEC_PER_SEC},
        {"second", USEC_PER_SEC},
        {"seconds", USEC_PER_SEC},
        {"m", 60 * USEC_PER_SEC},
        {"min", 60 * USEC_PER_SEC},
        {"minute", 60 * USEC_PER_SEC},
        {"minutes", 60 * USEC_PER_SEC},
        {"h", 3600 * USEC_PER_SEC},
        {"hr", 3600 * USEC_PER_SEC},
        {"hour", 3600 * USEC_PER_SEC},
        {"hours", 3600 * USEC_PER_SEC},
        {"d", 86400 * USEC_PER_SEC},
        {"day", 86400 * USEC_PER_SEC},
        {"days", 86400 * USEC_PER_SEC},
};

static const struct unit *find_unit(const char *name, size_t n) {
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == n && memcmp(units[i].name, name, n) == 0)
                        return &units[i];
        return NULL;
}

int timespan_parse(const char *s, uint64_t *ret_usec) {
        uint64_t total = 0;

        s += strspn(s, " \t");
        if (!*s)
                return -EINVAL;
        while (*s) {
                size_t n_digits = strspn(s, "0123456789");
                uint64_t n;
                size_t n_name;
                const struct unit *u;
                uint64_t usec;

                if (n_digits == 0)
                        return -EINVAL;
                errno = 0;
                n = strtoull(s, NULL, 10);
                if (errno != 0)
                        return -ERANGE;
                s += n_digits;
                s += strspn(s, " \t");
                n_name = strspn(s, "abcdefghijklmnopqrstuvwxyz");
                u = find_unit(s, n_name);
                if (!u)
                        return -EINVAL;
                s += n_name;
                s += strspn(s, " \t");
                if (__builtin_mul_overflow(n, u->usec, &usec) || __builtin_add_overflow(total, usec, &total) ||
                    total == USEC_INFINITY)
                        return -ERANGE;
        }
        *ret_usec = total;
        return 0;
}

const char *timespan_format(char buf[static TIMESPAN_MAX], uint64_t usec) {
        static const struct unit out[] = {
                {"d", 86400 * USEC_PER_SEC}, {"h", 3600 * USEC_PER_SEC}, {"min", 60 * USEC_PER_SEC},
                {"s", USEC_PER_SEC},         {"ms", USEC_PER_MSEC},      {"us", 1},
        };
        size_t n = 0;

        if (usec == USEC_INFINITY || usec == 0) {
                (void)util_copy(buf, TIMESPAN_MAX, usec ? "infinity" : "0s");
                return buf;
        }
        for (size_t i = 0; i < ELEMENTSOF(out); i++) {
                if (usec < out[i].usec)
                        continue;
                n += (size_t)snprintf(buf + n, TIMESPAN_MAX - n, "%s%llu%s", n ? " " : "",
                                      (unsigned long long)(usec / out[i].usec), out[i].name);
                usec %= out[i].usec;
        }
        return buf;
}
