/* SPDX-License-Identifier: Apache-2.0 */
/* The interval of the timer against the life of a token, and the drop-in that makes it short enough: two renewals in a
 * row may fail before the token is over. */
#include "ctl/renew_timer.h"

#include "adapter/timer.h"
#include "base/util.h"
#include "codec/timespan.h"

#define TIMER  "leader-agent-token.timer"
#define DIR    "/etc/systemd/system/" TIMER ".d"
#define MINUTE (60 * USEC_PER_SEC)

/* What units/leader-agent-token.timer says (tests/integration/test_token.sh compares), and systemd's AccuracySec=. */
static const struct timer_interval shipped = {.every_usec = 240 * MINUTE, .random_usec = 61 * MINUTE};

/* Divisors of an hour and of a day, in minutes. */
static unsigned often_enough(uint64_t good_usec) {
        static const unsigned minutes[] = {720, 480, 360, 240, 180, 120, 60, 30, 20, 15, 10, 5, 3, 2};

        for (size_t i = 0; i < ELEMENTSOF(minutes); i++)
                if (minutes[i] * MINUTE <= good_usec / 3)
                        return minutes[i];
        return 1;
}

static void cure(uint64_t good_usec, FILE *f) {
        unsigned n = often_enough(good_usec);
        char spec[32];

        if (n < 60)
                (void)snprintf(spec, sizeof(spec), "*:0/%u", n);
        else
                (void)snprintf(spec, sizeof(spec), "0/%u:00", n / 60);
        (void)fprintf(f,
                      "mkdir -p " DIR
                      " && printf '[Timer]\\nOnCalendar=\\nOnCalendar=%s\\nRandomizedDelaySec=%us\\n' >" DIR
                      "/zz-interval.conf && systemctl daemon-reload && systemctl enable " TIMER
                      " && systemctl restart " TIMER "\n",
                      spec, n * 60 / 4);
}

void renew_timer_warn(uint64_t good_usec, bool elsewhere, FILE *f) {
        struct timer_interval t = {};
        char good[TIMESPAN_MAX], every[TIMESPAN_MAX], random[TIMESPAN_MAX];
        bool known = timer_read(TIMER, &t);

        if (!known && elsewhere)
                return;
        t = known ? t : shipped;
        if (t.every_usec == 0 || good_usec > util_usec_add(t.every_usec, t.random_usec))
                return;
        (void)fprintf(f, "leaderctl: the new token is good for %s, and " TIMER ", where it is enabled, renews it ",
                      timespan_format(good, good_usec));
        if (t.every_usec == USEC_INFINITY)
                (void)fprintf(f, "never again");
        else
                (void)fprintf(f, "every %s (up to %s later)", timespan_format(every, t.every_usec),
                              timespan_format(random, t.random_usec));
        (void)fprintf(f,
                      ": it may end before that, and one that has ended cannot renew itself. To have it renewed more "
                      "often, run:\n");
        cure(good_usec, f);
}
