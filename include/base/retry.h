/* SPDX-License-Identifier: Apache-2.0 */
/* When to try again: the one home of pace, backoff and cooldown, for core and adapters alike. Pure; the random word
 * comes from the caller. */
#pragma once

#include "base/util.h"

struct retry_limits {
        uint64_t min_usec; /* before the second attempt */
        uint64_t max_usec;
};

/* Between two attempts to reach the API server, by whoever asks for something. */
#define RETRY_API   ((struct retry_limits){250 * USEC_PER_MSEC, 30 * USEC_PER_SEC})
#define RETRY_WATCH ((struct retry_limits){500 * USEC_PER_MSEC, 30 * USEC_PER_SEC})
/* … to connect to a peer on this host. */
#define RETRY_GUARD_LINK ((struct retry_limits){200 * USEC_PER_MSEC, 2 * USEC_PER_SEC})
#define RETRY_SYSTEM_BUS ((struct retry_limits){1 * USEC_PER_SEC, 30 * USEC_PER_SEC})
#define RETRY_LOGIND     ((struct retry_limits){2 * USEC_PER_SEC, 2 * USEC_PER_SEC})
#define RETRY_PID1       ((struct retry_limits){500 * USEC_PER_MSEC, 500 * USEC_PER_MSEC})

/* What a server may ask for at most (Retry-After). More is a broken clock, a maintenance page or an attack, and would
 * keep a lock from being released, or won, when the server is back. */
#define RETRY_AFTER_MAX_SEC 60

/* The pause after `attempt` (1, 2, …) attempts in vain: doubles from min to max. */
uint64_t retry_step_usec(unsigned attempt, const struct retry_limits *limits);

/* Spread over the upper half by the random word, so that many who failed together do not return in step. */
uint64_t retry_spread_usec(uint64_t pause_usec, uint32_t random);

/* Both. */
uint64_t retry_delay_usec(unsigned attempt, const struct retry_limits *limits, uint32_t random);

/* How one actor's attempts go. Zeroed: nothing failed. */
struct retry {
        uint64_t at_usec; /* not before this instant; 0: at once */
        uint8_t attempts; /* of `operation` in vain, in a row; stays at RETRY_ATTEMPTS_MAX */
        uint8_t operation;
};
#define RETRY_ATTEMPTS_MAX 30

/* What an attempt came to. */
enum retry_outcome {
        RETRY_FAILED, /* not executed, or unknown: wait */
        RETRY_RACED,  /* it met another state than it thought: at once the first time, then wait */
};

/* Notes an attempt in vain and sets at_usec. at_least_usec: what the other side asked for (Retry-After), or 0. */
void retry_note(struct retry *r, uint8_t operation, enum retry_outcome outcome, const struct retry_limits *limits,
                uint64_t now_usec, uint64_t at_least_usec, uint32_t random);
