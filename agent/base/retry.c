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

static uint64_t max(uint64_t a, uint64_t b) {
        return a > b ? a : b;
}

/* Counts an attempt in vain. Returns whether the next one has to wait. */
static bool count(struct retry *r, uint8_t operation, enum retry_outcome outcome) {
        r->operation = operation;
        r->attempts = (uint8_t)(r->attempts < RETRY_ATTEMPTS_MAX ? r->attempts + 1 : RETRY_ATTEMPTS_MAX);
        r->at_usec = 0;
        r->silent = outcome == RETRY_SILENT;
        return outcome != RETRY_RACED || r->attempts > 1;
}

void retry_note(struct retry *r, uint8_t operation, enum retry_outcome outcome, const struct retry_limits *limits,
                uint64_t now_usec, uint64_t at_least_usec, uint32_t random) {
        if (count(r, operation, outcome))
                r->at_usec = util_usec_add(now_usec, max(retry_delay_usec(r->attempts, limits, random), at_least_usec));
}

uint64_t retry_renewal_usec(unsigned attempt, const struct retry_limits *limits, const struct retry_renewal *renewal,
                            uint64_t now_usec, uint64_t at_least_usec, uint32_t random) {
        const struct retry_limits l = {limits->min_usec, util_usec_min(limits->max_usec, RETRY_RENEWAL_MAX_USEC)};
        uint64_t pause =
                max(retry_delay_usec(attempt, &l, random), util_usec_min(at_least_usec, renewal->interval_usec));

        pause = util_usec_min(pause, util_usec_sub(renewal->until_usec, now_usec) / 2);
        return max(pause, util_usec_min(limits->min_usec, RETRY_RENEWAL_MIN_USEC));
}

void retry_note_renewal(struct retry *r, uint8_t operation, enum retry_outcome outcome,
                        const struct retry_limits *limits, const struct retry_renewal *renewal, uint64_t now_usec,
                        uint64_t at_least_usec, uint32_t random) {
        if (count(r, operation, outcome))
                r->at_usec = util_usec_add(
                        now_usec, retry_renewal_usec(r->attempts, limits, renewal, now_usec, at_least_usec, random));
}

void retry_wake(struct retry *r, uint64_t from_usec, uint32_t random) {
        if (r->silent && r->at_usec)
                r->at_usec =
                        util_usec_min(r->at_usec, util_usec_add(from_usec, RETRY_WAKE_USEC * (random % 1024) / 1024));
}
