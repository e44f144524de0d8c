/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an event loop from outside of it; nothing else. */
#include "ctl/ctl_wait.h"

#include <errno.h>

#include "base/clock.h"
#include "base/util.h"

int ctl_wait(sd_event *event, int started, bool (*done)(const void *userdata), const void *userdata,
             uint64_t limit_usec) {
        uint64_t end = util_usec_add(clock_boottime_usec(), limit_usec);
        int r = started;

        while (r >= 0 && !done(userdata)) {
                uint64_t now = clock_boottime_usec();

                if (now >= end)
                        return -ETIMEDOUT;
                r = sd_event_run(event, end == USEC_INFINITY ? UINT64_MAX : end - now);
        }
        return r < 0 ? r : 0;
}
