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
/* Between two reads of an object whose watch does not work, when they are in vain; those that are answered keep the
 * min. */
#define RETRY_POLL ((struct retry_limits){5 * USEC_PER_SEC, 30 * USEC_PER_SEC})
/* Between two runs of a credential plugin in vain. */
#define RETRY_PLUGIN ((struct retry_limits){1 * USEC_PER_SEC, 30 * USEC_PER_SEC})
/* … to connect to a peer on this host. */
#define RETRY_GUARD_LINK ((struct retry_limits){200 * USEC_PER_MSEC, 2 * USEC_PER_SEC})
#define RETRY_SYSTEM_BUS ((struct retry_limits){1 * USEC_PER_SEC, 30 * USEC_PER_SEC})
#define RETRY_LOGIND     ((struct retry_limits){2 * USEC_PER_SEC, 2 * USEC_PER_SEC})
#define RETRY_PID1       ((struct retry_limits){500 * USEC_PER_MSEC, 500 * USEC_PER_MSEC})

/* What a server may ask for at most (Retry-After). More is a broken clock, a maintenance page or an attack, and would
 * keep a lock from being released, or won, when the server is back. */
#define RETRY_AFTER_MAX_SEC 60

/* An answer of the API server to anybody ends the waits of all whose own requests had none: within so long … */
#define RETRY_WAKE_USEC (200 * USEC_PER_MSEC)
/* … but not more often than that: one who is never answered while others are keeps a pace. */
#define RETRY_WAKE_APART_USEC (1 * USEC_PER_SEC)

/* A renewal that failed is tried again at least so often. */
#define RETRY_RENEWAL_MAX_USEC (2 * USEC_PER_SEC)
/* Close to the end of a term tries come closer, but no closer than this. */
#define RETRY_RENEWAL_MIN_USEC (100 * USEC_PER_MSEC)

/* A name that somebody else has is looked at so often while it is in the way. */
#define RETRY_TAKEN_USEC (5 * USEC_PER_SEC)

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
        bool silent; /* it waits because there was no answer: see retry_wake() */
};
#define RETRY_ATTEMPTS_MAX 30

/* What an attempt came to. */
enum retry_outcome {
        RETRY_FAILED, /* it was refused: wait */
        RETRY_SILENT, /* no answer, or only that there can be none now (5xx): wait, or until anybody is answered */
        RETRY_RACED,  /* it met another state than it thought: at once the first time, then wait */
};

/* Notes an attempt in vain and sets at_usec. at_least_usec: what the other side asked for (Retry-After), or 0. */
void retry_note(struct retry *r, uint8_t operation, enum retry_outcome outcome, const struct retry_limits *limits,
                uint64_t now_usec, uint64_t at_least_usec, uint32_t random);

/* What a renewal is for. */
struct retry_renewal {
        uint64_t interval_usec; /* its pace while all is well: no server stretches it beyond that */
        uint64_t until_usec;    /* when the term ends without it; USEC_INFINITY: nothing runs yet */
};

/* The pause after a renewal in vain: at most RETRY_RENEWAL_MAX_USEC, or what the other side asked for up to the
 * interval; and at most half of what is left, so that the answer to the next one can still come in time. So a term
 * outlives every outage that ends two round trips (and RETRY_RENEWAL_MIN_USEC) before it does. */
uint64_t retry_renewal_usec(unsigned attempt, const struct retry_limits *limits, const struct retry_renewal *renewal,
                            uint64_t now_usec, uint64_t at_least_usec, uint32_t random);
/* As retry_note(), for a renewal and for the read that must come before the next one. */
void retry_note_renewal(struct retry *r, uint8_t operation, enum retry_outcome outcome,
                        const struct retry_limits *limits, const struct retry_renewal *renewal, uint64_t now_usec,
                        uint64_t at_least_usec, uint32_t random);

/* Somebody was answered: a wait for want of an answer ends within RETRY_WAKE_USEC after from_usec, spread by the random
 * word. Waits after a refusal keep their pace: that another verb or object is answered says nothing about them. */
void retry_wake(struct retry *r, uint64_t from_usec, uint32_t random);
