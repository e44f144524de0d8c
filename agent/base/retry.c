/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again. What counts as a failure, and what ends a row of them, is the caller's. */
#include "base/retry.h"

uint64_t retry_step_usec(unsigned attempt, const struct retry_limits *limits) {
        uint64_t d = limits->min_usec;

        for (unsigned i = 1; i < attempt && d < limits->max_usec; i++)
                d *= 2;
        return d < limits->max_usec ? d : limits->max_usec;
}

uint64_t retry_spread_usec(uint64_t pause_usec, uint32_t random) {
        return pause_usec / 2 + pause_usec / 2 * (random % 1024) / 1024;
}

uint64_t retry_delay_usec(unsigned attempt, const struct retry_limits *limits, uint32_t random) {
        return retry_spread_usec(retry_step_usec(attempt, limits), random);
}

void retry_note(struct retry *r, uint8_t operation, enum retry_outcome outcome, const struct retry_limits *limits,
                uint64_t now_usec, uint64_t at_least_usec, uint32_t random) {
        uint64_t delay;

        r->operation = operation;
        r->attempts = (uint8_t)(r->attempts < RETRY_ATTEMPTS_MAX ? r->attempts + 1 : RETRY_ATTEMPTS_MAX);
        r->at_usec = 0;
        if (outcome == RETRY_RACED && r->attempts == 1)
                return;
        delay = retry_delay_usec(r->attempts, limits, random);
        r->at_usec = util_usec_add(now_usec, delay > at_least_usec ? delay : at_least_usec);
}
