/* SPDX-License-Identifier: Apache-2.0 */
/* When a watch begins again, how long it is patient with a silent stream, and the read that ends its patience.
 *
 * That nothing exists is told only by servers with the gate WatchList (off before 1.32, and in 1.33), and bookmarks are
 * never promised: with etcd's defaults an idle server sends them minutes apart. So silence is no fault. It is a reason
 * to read: soon after the head of a stream that told nothing (the watch stands then, so that what the read does not see
 * the stream will tell), and when a stream was silent for long. What that read shows decides. */
#include "adapter/kube_watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/retry.h"

/* The first event of a stream comes at once, if any comes. */
#define KUBE_WATCH_FIRST_USEC (1 * USEC_PER_SEC)
/* The first read may meet a dead connection; after that a new one is made (http.h). */
#define KUBE_WATCH_READS 2
/* A stream that worked for so long ended in peace: the next one starts without backoff. */
#define KUBE_WATCH_GOOD_USEC (5 * USEC_PER_SEC)

static void set_timer(struct kube_watch *w, uint64_t usec) {
        /* These fail only when the loop has ended. */
        (void)sd_event_source_set_time_relative(w->timer, usec);
        (void)sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

void kube_watch_be_patient(struct kube_watch *w) {
        uint64_t usec = w->silence_usec, now = clock_boottime_usec();
        uint64_t left = w->ends_at_usec > now ? w->ends_at_usec - now : 0;

        if (!w->has_told && usec > KUBE_WATCH_FIRST_USEC)
                usec = KUBE_WATCH_FIRST_USEC;
        set_timer(w, usec < left ? usec : left);
}

void kube_watch_stop_reading(struct kube_watch *w) {
        w->read = kube_slot_free(w->read);
        w->n_reads = 0;
}

void kube_watch_restart_in(struct kube_watch *w, uint64_t usec) {
        w->http = http_request_free(w->http);
        kube_watch_stop_reading(w);
        watch_splitter_done(&w->splitter);
        (void)sd_event_source_set_enabled(w->defer, SD_EVENT_OFF); /* fails only when the loop has ended */
        set_timer(w, usec);
}

bool kube_watch_was_good(const struct kube_watch *w) {
        return w->has_told && clock_boottime_usec() - w->started_at_usec >= KUBE_WATCH_GOOD_USEC;
}

uint64_t kube_watch_next_delay(struct kube_watch *w, uint64_t at_least_usec) {
        uint64_t delay;

        if (kube_watch_was_good(w))
                w->n_failures = 0;
        delay = retry_delay_usec(++w->n_failures, &RETRY_WATCH, random_spread());
        if (at_least_usec > 0) /* never all clients at the same moment */
                at_least_usec += random_below(at_least_usec / 2 + 1);
        return delay > at_least_usec ? delay : at_least_usec;
}

/* Nothing may follow that uses w: the callback may free it. */
static void tell(struct kube_watch *w, const struct kube_watch_event *e) {
        w->cb(e, w->userdata);
}

void kube_watch_fail(struct kube_watch *w, uint64_t retry_after_usec, const char *text) {
        const struct kube_watch_event e = {
                .type = KUBE_WATCH_DOWN,
                .text = text,
                .silent = w->is_silent,
                .denied = w->is_denied,
        };

        kube_watch_restart_in(w, kube_watch_next_delay(w, retry_after_usec));
        tell(w, &e);
}

void kube_watch_begin_again(struct kube_watch *w) {
        w->n_failures = 0;
        /* All its clients come back now. */
        kube_watch_restart_in(w, random_below(100 * USEC_PER_MSEC));
}

void kube_watch_describe(const struct kube_watch *w, char *dst, size_t size, const char *what) {
        (void)snprintf(dst, size, "watch %s %s/%s: %s", kube_what_to_string(w->subject.what), w->subject.ns,
                       w->subject.name, what);
}

void kube_watch_tell(struct kube_watch *w, const char *version, const struct kube_watch_event *e) {
        (void)util_copy(w->version, sizeof(w->version), version);
        w->has_told = true;
        kube_watch_stop_reading(w);
        if (w->http)
                kube_watch_be_patient(w);
        tell(w, e);
}

/* What is there now. Nothing may follow that uses w. */
static void on_read(const struct kube_reply *reply, void *userdata) {
        struct kube_watch *w = userdata;
        struct kube_watch_event e = {
                .type = reply->result == KUBE_OK ? KUBE_WATCH_OBJECT : KUBE_WATCH_ABSENT,
                .lock = reply->lock,
                .placeholder = reply->placeholder,
                .text = "",
        };
        const char *version = e.lock ? e.lock->version : e.placeholder ? e.placeholder->version : "";
        char text[KUBE_WATCH_TEXT], why[700];

        w->read = kube_slot_free(w->read);
        if (reply->result != KUBE_OK && reply->result != KUBE_NOT_FOUND) {
                if (reply->http_code == 0 && ++w->n_reads < KUBE_WATCH_READS) {
                        kube_watch_read(w);
                        return;
                }
                (void)snprintf(why, sizeof(why), "no event and no bookmark came in time; %s", reply->text);
                kube_watch_describe(w, text, sizeof(text), why);
                w->is_stale = true;
                w->is_silent = reply->http_code == 0 || reply->http_code / 100 == 5;
                w->is_denied = reply->http_code == 403;
                kube_watch_fail(w, reply->retry_after_usec, text);
                return;
        }
        if (w->has_told && util_streq(version, w->version)) {
                kube_watch_stop_reading(w);
                kube_watch_be_patient(w); /* nothing happened, nothing was missed */
                return;
        }
        if (w->has_told) { /* the stream lost that */
                w->is_stale = true;
                kube_watch_restart_in(w, kube_watch_next_delay(w, 0));
        }
        kube_watch_tell(w, version, &e);
}

void kube_watch_read(struct kube_watch *w) {
        struct kube *kube = w->slot.kube;
        char text[KUBE_WATCH_TEXT];
        int r = w->subject.what.kind == KUBE_KIND_LOCK
                        ? kube_lock_get(kube, w->subject.ns, w->subject.name, on_read, w, &w->read)
                        : kube_placeholder_get(kube, w->subject.what.placeholder, w->subject.ns, w->subject.name,
                                               on_read, w, &w->read);

        if (r < 0) {
                kube_watch_describe(w, text, sizeof(text), strerror(-r));
                kube_watch_fail(w, 0, text);
        }
}
