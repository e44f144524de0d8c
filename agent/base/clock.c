/* SPDX-License-Identifier: Apache-2.0 */
/* See the header: whoever wants to know the time asks here, so that the simulator can tell everybody another one. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"

static uint64_t clock_read(clockid_t id) {
        struct timespec ts = {};

        /* Cannot fail: both clocks exist on every kernel that systemd 252 runs on. */
        (void)clock_gettime(id, &ts);
        return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_boottime_usec(void) {
        return clock_read(CLOCK_BOOTTIME);
}

uint64_t clock_monotonic_usec(void) {
        return clock_read(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_usec(void) {
        return clock_read(CLOCK_REALTIME);
}

const char *clock_format_boottime(uint64_t at_usec, char *buf) {
        uint64_t boot = clock_boottime_usec(), real = clock_realtime_usec();
        struct tm tm = {};
        time_t t;

        if (at_usec == USEC_INFINITY) {
                (void)snprintf(buf, CLOCK_TEXT_SIZE, "never");
                return buf;
        }
        t = (time_t)((at_usec >= boot ? util_usec_add(real, at_usec - boot) : util_usec_sub(real, boot - at_usec)) /
                     USEC_PER_SEC);
        if (!localtime_r(&t, &tm) || strftime(buf, CLOCK_TEXT_SIZE, "%H:%M:%S", &tm) == 0)
                buf[0] = '\0';
        return buf;
}
