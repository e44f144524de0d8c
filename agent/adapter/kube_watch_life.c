/* SPDX-License-Identifier: Apache-2.0 */
/* When a watch begins again, and how long it is patient with a silent stream. What ends its patience:
 * kube_watch_read.c. */
#include "adapter/kube_watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/retry.h"

/* A server asks for a longer pause in vain: the reads instead obey it, and a stream costs it no more than one of them.
 */
#define KUBE_WATCH_ASKED_MAX_USEC (20 * USEC_PER_SEC)

/* How soon those that wait for another one's read look for its outcome. */
#define KUBE_WATCH_WAIT_USEC (500 * USEC_PER_MSEC)

static void set_timer(struct kube_watch *w, uint64_t usec) {
        /* These fail only when the loop has ended. */
        (void)sd_event_source_set_time_relative(w->timer, usec);
        (void)sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* By what all streams of this server have shown, unless this one has not. */
static uint64_t limit(const struct kube_watch *w) {
        return w->is_slow ? w->silence_usec : kube_rhythm_limit_usec(&w->slot.kube->rhythm, w->silence_usec);
}

void kube_watch_be_patient(struct kube_watch *w) {
        uint64_t usec = limit(w), now = clock_boottime_usec();
        uint64_t left = w->ends_at_usec > now ? w->ends_at_usec - now : 0;

        if (!w->has_told && usec > KUBE_WATCH_FIRST_USEC)
                usec = KUBE_WATCH_FIRST_USEC;
        set_timer(w, usec < left ? usec : left);
}

/* What lies between two bookmarks with nothing else is how long a stream is silent by itself. The one that marks the
 * end of the initial events does not count: kube-apiserver may send the next one right behind it. */
void kube_watch_note_bookmark(struct kube_watch *w) {
        uint64_t now = clock_boottime_usec();

        if (w->quiet_at_usec > 0) {
                kube_rhythm_note(&w->slot.kube->rhythm, now - w->quiet_at_usec, now);
                w->has_rhythm = true;
        }
        w->quiet_at_usec = now;
        w->is_slow = false;
        if (w->has_told)
                kube_watch_be_patient(w);
}

bool kube_watch_is_deaf(const struct kube_watch *w) {
        return w->has_rhythm && limit(w) < w->silence_usec;
}

void kube_watch_wait(struct kube_watch *w) {
        if (w->waits_at_usec == 0)
                w->waits_at_usec = clock_boottime_usec();
        set_timer(w, KUBE_WATCH_WAIT_USEC);
}

void kube_watch_stop_reading(struct kube_watch *w) {
        if (w->slot.kube->asker == w)
                w->slot.kube->asker = NULL;
        w->waits_at_usec = 0;
        w->read = kube_slot_free(w->read);
        w->n_reads = 0;
        w->is_poll = false;
}

static uint64_t age(const struct kube_watch *w) {
        return clock_boottime_usec() - w->started_at_usec;
}

static bool is_open(const struct kube_watch *w) {
        return w->http && http_request_is_open(w->http);
}

bool kube_watch_was_good(const struct kube_watch *w) {
        return w->has_told && age(w) >= KUBE_WATCH_GOOD_USEC;
}

bool kube_watch_lasts(const struct kube_watch *w) {
        return is_open(w) && kube_watch_was_good(w);
}

bool kube_watch_is_short(const struct kube_watch *w) {
        uint64_t asked = w->ends_at_usec - w->silence_usec - w->started_at_usec;

        return is_open(w) && age(w) < (asked < KUBE_WATCH_GOOD_USEC ? asked : KUBE_WATCH_GOOD_USEC);
}

void kube_watch_restart_in(struct kube_watch *w, uint64_t usec) {
        if (kube_watch_is_short(w))
                w->n_short += w->n_short < KUBE_WATCH_SHORT_ROW;
        else if (is_open(w))
                w->n_short = 0;
        w->http = http_request_free(w->http);
        if (!w->is_poll)
                kube_watch_stop_reading(w);
        watch_splitter_done(&w->splitter);
        (void)sd_event_source_set_enabled(w->defer, SD_EVENT_OFF); /* fails only when the loop has ended */
        set_timer(w, usec);
}

uint64_t kube_watch_next_delay(struct kube_watch *w, uint64_t at_least_usec) {
        uint64_t delay;

        if (kube_watch_was_good(w))
                w->n_failures = 0;
        delay = retry_delay_usec(++w->n_failures, &RETRY_WATCH, random_spread());
        if (at_least_usec > KUBE_WATCH_ASKED_MAX_USEC)
                at_least_usec = KUBE_WATCH_ASKED_MAX_USEC;
        if (at_least_usec > 0) /* never all clients at the same moment */
                at_least_usec += random_below(at_least_usec / 2 + 1);
        return delay > at_least_usec ? delay : at_least_usec;
}

void kube_watch_describe(const struct kube_watch *w, char *dst, size_t size, const char *what) {
        (void)snprintf(dst, size, "watch %s %s/%s: %s", kube_what_to_string(w->subject.what), w->subject.ns,
                       w->subject.name, what);
}

void kube_watch_hurry(struct kube_slot *watch) {
        struct kube_watch *w = (struct kube_watch *)watch;

        /* Else it would be told with each attempt that the server is silent, and nothing were read instead. */
        if (w && w->is_down && w->cause.silent && w->cause.http_code == 0)
                w->is_alone = true;
        /* Fails only when the loop has ended. */
        if (w && w->http == NULL && w->is_down && w->cause.silent &&
            clock_boottime_usec() >= util_usec_add(w->started_at_usec, RETRY_WAKE_APART_USEC))
                (void)sd_event_source_set_time_relative(w->timer, random_below(RETRY_WAKE_USEC));
}
