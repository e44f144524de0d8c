/* SPDX-License-Identifier: Apache-2.0 */
/* A list of timers, run when due. */
#include "timer.h"

#include <stddef.h>
#include <time.h>

uint64_t timer_now(void) {
        struct timespec ts;
        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

bool timer_armed(const struct timer *t) {
        return t->fn != NULL;
}

void timer_cancel(struct timers *ts, struct timer *t) {
        if (!timer_armed(t))
                return;
        if (t->prev)
                t->prev->next = t->next;
        else
                ts->first = t->next;
        if (t->next)
                t->next->prev = t->prev;
        *t = (struct timer){0};
}

void timer_set(struct timers *ts, struct timer *t, uint64_t at_usec, void (*fn)(void *arg), void *arg) {
        timer_cancel(ts, t);
        *t = (struct timer){.next = ts->first, .at_usec = at_usec, .fn = fn, .arg = arg};
        if (ts->first)
                ts->first->prev = t;
        ts->first = t;
}

static struct timer *timer_earliest(const struct timers *ts) {
        struct timer *best = NULL;
        for (struct timer *t = ts->first; t; t = t->next)
                if (!best || t->at_usec < best->at_usec)
                        best = t;
        return best;
}

uint64_t timer_next(const struct timers *ts) {
        struct timer *t = timer_earliest(ts);
        return t ? t->at_usec : UINT64_MAX;
}

void timer_run(struct timers *ts) {
        uint64_t now = timer_now();
        for (struct timer *t = timer_earliest(ts); t && t->at_usec <= now; t = timer_earliest(ts)) {
                void (*fn)(void *) = t->fn;
                void *arg = t->arg;
                timer_cancel(ts, t);
                fn(arg);
        }
}
