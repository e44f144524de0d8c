/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a watch, above all of one that does not work, and the reads that stand in for it while the server
 * answers: a second after the trouble began, and then every few seconds. They stop when a stream works again, or when
 * there is no answer to them: then the stream alone is tried, as often as it ever is. */
#include "adapter/kube_watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/retry.h"

#define KUBE_WATCH_ALIVE_USEC (5 * USEC_PER_SEC)

/* A little later, so that clients whose streams ended together do not read in step. */
static void poll_in(struct kube_watch *w, uint64_t usec) {
        /* These fail only when the loop has ended. */
        (void)sd_event_source_set_time_relative(w->poll, usec + random_below(usec / 10));
        (void)sd_event_source_set_enabled(w->poll, SD_EVENT_ONESHOT);
}

static void stop_polling(struct kube_watch *w) {
        (void)sd_event_source_set_enabled(w->poll, SD_EVENT_OFF);
        if (w->is_poll)
                kube_watch_stop_reading(w);
        w->n_polls = 0;
}

static void tell(struct kube_watch *w, const struct kube_watch_event *e) {
        w->told_at_usec = clock_boottime_usec();
        w->cb(e, w->userdata);
}

void kube_watch_trouble(struct kube_watch *w, const struct kube_cause *cause, const char *text) {
        bool is_news = !w->is_down || w->cause.trouble != cause->trouble || w->cause.http_code != cause->http_code;
        const struct kube_watch_event e = {
                .type = KUBE_WATCH_DOWN,
                .text = text,
                /* Not when a read was served since: then it is this watch alone that the server cannot serve. */
                .silent = cause->silent && (is_news || w->cause.silent),
                .http_code = cause->http_code,
        };

        w->is_down = true;
        w->cause = *cause;
        w->cause.silent = e.silent;
        if (is_news)
                w->is_unreadable = false;
        if (cause->trouble == KUBE_TROUBLE_UNANSWERED) {
                w->is_alone = false;
                stop_polling(w);
        } else if (sd_event_source_get_enabled(w->poll, NULL) == SD_EVENT_OFF)
                poll_in(w, KUBE_WATCH_FIRST_USEC);
        if (is_news || e.silent)
                w->cb(&e, w->userdata);
}

void kube_watch_fail(struct kube_watch *w, const struct kube_cause *cause, uint64_t retry_after_usec,
                     const char *text) {
        kube_watch_restart_in(w, kube_watch_next_delay(w, retry_after_usec));
        kube_watch_trouble(w, cause, text);
}

/* Whether what a stream shows means that the watch works; if so, it does from now on. */
static bool works(struct kube_watch *w) {
        if (kube_watch_lasts(w))
                w->n_short = 0;
        if (w->is_down && w->n_short < KUBE_WATCH_SHORT_ROW) {
                w->is_down = w->is_unreadable = w->is_alone = false;
                stop_polling(w);
        }
        return !w->is_down;
}

void kube_watch_show(struct kube_watch *w, const struct kube_watch_event *e) {
        struct kube_watch_event out = *e;

        out.polled = !works(w);
        tell(w, &out);
}

void kube_watch_show_nothing(struct kube_watch *w) {
        struct kube_watch_event e = {.type = KUBE_WATCH_ALIVE, .text = ""};
        bool was_down = w->is_down;

        e.polled = !works(w);
        if (was_down != w->is_down || clock_boottime_usec() - w->told_at_usec >= KUBE_WATCH_ALIVE_USEC)
                tell(w, &e);
}

/* Nothing may follow that uses w. */
static void poll_failed(struct kube_watch *w, const struct kube_reply *reply) {
        const struct kube_cause silence = {.trouble = KUBE_TROUBLE_UNANSWERED, .silent = true};
        struct kube_watch_event e = {
                .type = KUBE_WATCH_DOWN,
                .unreadable = true,
                .silent = reply->http_code / 100 == 5,
                .http_code = reply->http_code,
        };
        char text[KUBE_WATCH_TEXT], why[700];
        uint64_t pause;

        if (reply->http_code == 0) {
                kube_watch_describe(w, text, sizeof(text), reply->text);
                w->is_stale = true;
                w->n_failures = 0; /* this is another trouble, which may be short */
                kube_watch_fail(w, &silence, reply->retry_after_usec, text);
                return;
        }
        pause = retry_delay_usec(++w->n_polls, &RETRY_POLL, random_spread());
        poll_in(w, pause > reply->retry_after_usec ? pause : reply->retry_after_usec);
        if (w->is_unreadable)
                return;
        w->is_unreadable = true;
        (void)snprintf(why, sizeof(why), "nor can it be read instead; %s", reply->text);
        kube_watch_describe(w, text, sizeof(text), why);
        e.text = text;
        w->cb(&e, w->userdata);
}

static void on_read(const struct kube_reply *reply, void *userdata) {
        struct kube_watch *w = userdata;
        struct kube_watch_event e = {
                .type = reply->result == KUBE_OK ? KUBE_WATCH_OBJECT : KUBE_WATCH_ABSENT,
                .lock = reply->lock,
                .placeholder = reply->placeholder,
                .text = "",
                .polled = true,
        };
        const char *version = e.lock ? e.lock->version : e.placeholder ? e.placeholder->version : "";

        w->read = kube_slot_free(w->read);
        w->is_poll = false;
        if (reply->result != KUBE_OK && reply->result != KUBE_NOT_FOUND) {
                poll_failed(w, reply);
                return;
        }
        w->n_polls = 0;
        w->is_unreadable = w->cause.silent = false;
        if (w->is_known && util_streq(version, w->version))
                e = (struct kube_watch_event){.type = KUBE_WATCH_ALIVE, .text = "", .polled = true};
        (void)util_copy(w->version, sizeof(w->version), version);
        w->is_known = true;
        tell(w, &e);
}

static int on_poll(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        struct kube_watch *w = userdata;

        poll_in(w, RETRY_POLL.min_usec);
        if (kube_watch_lasts(w)) {
                kube_watch_show_nothing(w);
                return 0;
        }
        if (w->read)
                return 0;
        w->is_poll = true;
        /* Without memory for it the next one will do. */
        (void)kube_get_limited(w->slot.kube, &w->subject, USEC_INFINITY, on_read, w, &w->read);
        return 0;
}

int kube_watch_poll_init(struct kube_watch *w) {
        int r = sd_event_add_time_relative(w->slot.kube->event, &w->poll, CLOCK_BOOTTIME, 0, 10 * USEC_PER_MSEC,
                                           on_poll, w);

        return r < 0 ? r : sd_event_source_set_enabled(w->poll, SD_EVENT_OFF);
}
