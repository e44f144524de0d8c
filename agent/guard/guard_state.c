/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's clock and the limit on its messages. What is known is in the header; it is changed by the files above. */
#include "guard/guard_state.h"
#include "base/clock.h"

#define LOG_WINDOW_USEC (10 * USEC_PER_SEC)
#define LOG_WINDOW_MAX  20

uint64_t guard_now(struct guard *g) {
        uint64_t now = clock_boottime_usec();

        if (now > g->now_usec)
                g->now_usec = now;
        return g->now_usec;
}

bool guard_may_log(struct guard *g) {
        uint64_t now = guard_now(g);

        if (now - g->log_window_usec >= LOG_WINDOW_USEC) {
                g->log_window_usec = now;
                g->log_count = 0;
        }
        return g->log_count++ < LOG_WINDOW_MAX;
}
