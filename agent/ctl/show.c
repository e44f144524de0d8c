/* SPDX-License-Identifier: Apache-2.0 */
/* Texts only: nothing is printed here. */
#include "ctl/show.h"

#include <pwd.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "codec/utf8.h"

char *show_plain(char *s) {
        return utf8_plain(s, /* lines= */ false);
}

static const char *age(char *buf, const char *rfc3339, const char *suffix) {
        struct tm tm = {};
        char span[TIMESPAN_MAX];
        const char *rest = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);
        uint64_t then, now = clock_realtime_usec() / USEC_PER_SEC, s;

        if (!rest || (*rest != 'Z' && *rest != '.'))
                return rfc3339;
        then = (uint64_t)timegm(&tm);
        s = now > then ? now - then : 0;
        /* Two units are enough for a human. */
        s -= s >= 86400 ? s % 3600 : s >= 3600 ? s % 60 : 0;
        (void)snprintf(buf, CTL_AGE_MAX, "%s%s", timespan_format(span, s * USEC_PER_SEC), suffix);
        return buf;
}

const char *show_age(char buf[static CTL_AGE_MAX], const char *rfc3339) {
        return age(buf, rfc3339, "");
}

const char *show_ago(char buf[static CTL_AGE_MAX], const char *rfc3339) {
        return age(buf, rfc3339, " ago");
}

const char *show_user(void) {
        const char *sudo = getenv("SUDO_USER");
        const struct passwd *user = getpwuid(getuid());

        return !util_empty(sudo) ? sudo : user ? user->pw_name : "an unknown user";
}

bool show_colors(void) {
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && util_empty(getenv("NO_COLOR")) && !util_empty(term) &&
               !util_streq(term, "dumb");
}
