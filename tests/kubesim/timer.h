/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of the one thread: a list, run by the main loop. Instants are CLOCK_MONOTONIC microseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct timer {
        struct timer *prev, *next;
        uint64_t at_usec;
        void (*fn)(void *arg);
        void *arg;
};

struct timers {
        struct timer *first;
};

uint64_t timer_now(void);
/* Calls fn(arg) once from timer_run() at or after at_usec; re-arming moves the instant. The timer must stay in place
 * until it fired or was cancelled. */
void timer_set(struct timers *ts, struct timer *t, uint64_t at_usec, void (*fn)(void *arg), void *arg);
void timer_cancel(struct timers *ts, struct timer *t); /* also fine when not armed */
bool timer_armed(const struct timer *t);
uint64_t timer_next(const struct timers *ts); /* UINT64_MAX: none */
void timer_run(struct timers *ts);            /* fires what is due; callbacks may set and cancel any timer */
