/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream has told or what a read tells in its place, and what its end means.
 *
 * That nothing exists is told only by servers with the gate WatchList (off before 1.32, and in 1.33), and bookmarks are
 * never promised: with etcd's defaults an idle server sends them minutes apart. So silence is no fault. It is a reason
 * to read: soon after the head of a stream that told nothing (the watch stands then, so that what the read does not see
 * the stream will tell), and when a stream was silent for longer than bookmarks take to come here (kube_rhythm.h). What
 * that read shows decides. */
#include "adapter/kube_watch.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/random.h"

/* The first read may meet a dead connection; after that a new one is made (http.h). */
#define KUBE_WATCH_READS 2
/* So the first one does not take long. That, what any request may take (5 s by default), and the 2 s that the agent
 * waits for something else to be answered are 10 s. */
#define KUBE_WATCH_READ_USEC (3 * USEC_PER_SEC)

static void read_object(struct kube_watch *w);

void kube_watch_over(struct kube_watch *w) {
        const struct kube_cause cause = {.trouble = KUBE_TROUBLE_SHORT};
        char text[KUBE_WATCH_TEXT];

        if (kube_watch_was_good(w)) {
                w->n_failures = 0;
                /* All its clients come back now. */
                kube_watch_restart_in(w, random_below(100 * USEC_PER_MSEC));
        } else if (kube_watch_is_short(w) && w->n_short + 1 >= KUBE_WATCH_SHORT_ROW) {
                kube_watch_describe(w, text, sizeof(text), "streams end at once (a proxy?)");
                kube_watch_fail(w, &cause, 0, text);
        } else
                kube_watch_restart_in(w, kube_watch_next_delay(w, 0));
}

void kube_watch_tell(struct kube_watch *w, const char *version, const struct kube_watch_event *e) {
        (void)util_copy(w->version, sizeof(w->version), version);
        w->has_told = w->is_known = true;
        kube_watch_stop_reading(w);
        if (w->http)
                kube_watch_be_patient(w);
        kube_watch_show(w, e);
}

static void note_outcome(struct kube_watch *w, bool answered) {
        struct kube *kube = w->slot.kube;

        kube->asked_at_usec = clock_boottime_usec();
        kube->was_answered = answered;
}

/* What is there now. Nothing may follow that uses w. */
static void on_read(const struct kube_reply *reply, void *userdata) {
        struct kube_watch *w = userdata;
        const struct kube_watch_event e = {
                .type = reply->result == KUBE_OK ? KUBE_WATCH_OBJECT : KUBE_WATCH_ABSENT,
                .lock = reply->lock,
                .placeholder = reply->placeholder,
                .text = "",
        };
        const char *version = e.lock ? e.lock->version : e.placeholder ? e.placeholder->version : "";
        const struct kube_cause cause = {
                .trouble = reply->http_code ? KUBE_TROUBLE_DEAF : KUBE_TROUBLE_UNANSWERED,
                .http_code = reply->http_code,
                .silent = reply->http_code == 0 || reply->http_code / 100 == 5,
        };
        char text[KUBE_WATCH_TEXT], why[700];

        w->read = kube_slot_free(w->read);
        if (reply->result != KUBE_OK && reply->result != KUBE_NOT_FOUND) {
                if (reply->http_code == 0 && ++w->n_reads < KUBE_WATCH_READS) {
                        read_object(w);
                        return;
                }
                note_outcome(w, reply->http_code != 0);
                (void)snprintf(why, sizeof(why), "no event and no bookmark came in time; %s", reply->text);
                kube_watch_describe(w, text, sizeof(text), why);
                w->is_stale = true;
                kube_watch_fail(w, &cause, reply->retry_after_usec, text);
                return;
        }
        note_outcome(w, true);
        if (w->has_told && util_streq(version, w->version)) { /* nothing happened, nothing was missed */
                kube_watch_stop_reading(w);
                if (kube_watch_is_deaf(w)) { /* but what happens will be: something on the way is gone */
                        w->is_stale = true;
                        kube_watch_restart_in(w, random_below(100 * USEC_PER_MSEC));
                } else {
                        w->is_slow = true;
                        kube_watch_be_patient(w);
                }
                kube_watch_show_nothing(w);
                return;
        }
        if (w->has_told) { /* the stream lost that */
                w->is_stale = true;
                kube_watch_restart_in(w, kube_watch_next_delay(w, 0));
        }
        kube_watch_tell(w, version, &e);
}

static void read_object(struct kube_watch *w) {
        const struct kube_cause cause = {.trouble = KUBE_TROUBLE_DEAF};
        char text[KUBE_WATCH_TEXT];
        int r;

        r = kube_get_limited(w->slot.kube, &w->subject, w->n_reads == 0 ? KUBE_WATCH_READ_USEC : USEC_INFINITY, on_read,
                             w, &w->read);
        if (r < 0) {
                kube_watch_describe(w, text, sizeof(text), strerror(-r));
                kube_watch_fail(w, &cause, 0, text);
        }
}

void kube_watch_ask(struct kube_watch *w) {
        const struct kube_cause silence = {.trouble = KUBE_TROUBLE_UNANSWERED, .silent = true};
        struct kube *kube = w->slot.kube;
        bool is_asked = w->waits_at_usec > 0 && kube->asked_at_usec >= w->waits_at_usec;
        char text[KUBE_WATCH_TEXT];

        if (is_asked && !kube->was_answered) {
                kube_watch_describe(w, text, sizeof(text),
                                    "no event and no bookmark came in time; nor an answer to another watch's read");
                w->is_stale = true;
                kube_watch_fail(w, &silence, 0, text);
                return;
        }
        /* (What was not told yet is wanted itself, and now.) */
        if (w->has_told && kube->asker && !is_asked) {
                kube_watch_wait(w);
                return;
        }
        /* A read instead of a stream began before the stream stood: it does not tell what happened until then. */
        if (w->is_poll)
                kube_watch_stop_reading(w);
        w->waits_at_usec = 0;
        if (w->has_told && !kube->asker)
                kube->asker = w;
        read_object(w);
}
