/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: streams that begin again for ever, told one event per turn of the loop, as the last thing done in it: while
 * lines are left in the splitter the stream is held, so events stay in order and none is kept twice. Never from a
 * resourceVersion: the server then begins with what exists, it cannot be "too old", and it cannot be in the future
 * (which a server answers with silence). For one object that costs one event.
 * Pauses and patience: kube_watch_life.c; silence and the end of a stream: kube_watch_read.c; what is told and done
 * while no stream works: kube_watch_poll.c. */
#include <errno.h>
#include <stdio.h>

#include "adapter/kube_watch.h"
#include "base/clock.h"
#include "base/random.h"

/* How long the head of the answer may take (at most the silence limit): a watch may wait in a queue of the server's. */
#define KUBE_WATCH_HEAD_USEC (30 * USEC_PER_SEC)
/* … and when it counts as trouble: longer than a connection may take to stand. */
#define KUBE_WATCH_HANGS_USEC (6 * USEC_PER_SEC)

static void start(struct kube_watch *w);

/* An object of the stream. Returns 0 when it was told: then nothing may follow that uses w; -EBADMSG with err set when
 * it cannot be read. */
static int tell_object(struct kube_watch *w, const struct watch_event *e, struct err *err) {
        struct kube_watch_event out = {
                .type = e->type == WATCH_EVENT_DELETED ? KUBE_WATCH_GONE : KUBE_WATCH_OBJECT,
                .text = "",
        };
        struct lock_object lock;
        struct placeholder_object placeholder;
        const char *ns, *name, *version;
        int r;

        if (w->subject.what.kind == KUBE_KIND_LOCK) {
                r = lock_from_json(e->object, &lock, err);
                out.lock = &lock;
                ns = lock.ns;
                name = lock.name;
                version = lock.version;
        } else {
                r = placeholder_from_json(w->subject.what.placeholder, e->object, &placeholder, err);
                out.placeholder = &placeholder;
                ns = placeholder.ns;
                name = placeholder.name;
                version = placeholder.version;
        }
        if (r < 0)
                return r;
        if (!util_streq(ns, w->subject.ns) || !util_streq(name, w->subject.name))
                return err_setf(err, -EBADMSG, "the server sends other objects (%s/%s)", ns, name);
        kube_watch_tell(w, out.type == KUBE_WATCH_OBJECT ? version : "", &out);
        return 0;
}

static void tell_absent(struct kube_watch *w) {
        const struct kube_watch_event e = {
                .type = KUBE_WATCH_ABSENT,
                .text = "",
        };

        kube_watch_tell(w, "", &e);
}

static void handle_error(struct kube_watch *w, const struct status *status) {
        const struct kube_cause cause = {.trouble = KUBE_TROUBLE_REFUSED, .http_code = status->code};
        char text[KUBE_WATCH_TEXT], why[500];

        if (status->code == 410 && w->has_told) {
                /* Not a failure: the server has forgotten where we were, so begin again. */
                kube_watch_over(w);
                return;
        }
        (void)snprintf(why, sizeof(why), "Error from server (%s): %s",
                       *status->reason ? status->reason : "unknown reason", status->message);
        kube_watch_describe(w, text, sizeof(text), why);
        kube_watch_fail(w, &cause, status->retry_after_usec, text);
}

static void fail_garbled(struct kube_watch *w, const char *why) {
        const struct kube_cause cause = {.trouble = KUBE_TROUBLE_GARBLED};
        char text[KUBE_WATCH_TEXT];

        kube_watch_describe(w, text, sizeof(text), why);
        kube_watch_fail(w, &cause, 0, text);
}

/* One line. At most one event is told, last. */
static void handle_line(struct kube_watch *w, const char *line, size_t n) {
        struct watch_event e;
        struct err err = {};
        int r = watch_event_parse(line, n, &e, &err);

        if (r >= 0) {
                if (e.type == WATCH_EVENT_BOOKMARK && !e.is_initial_end)
                        kube_watch_note_bookmark(w);
                else
                        w->quiet_at_usec = 0;
                if (e.type == WATCH_EVENT_ERROR)
                        handle_error(w, &e.status);
                else if (e.type != WATCH_EVENT_BOOKMARK)
                        r = tell_object(w, &e, &err);
                else if (e.is_initial_end && !w->has_told)
                        tell_absent(w);
                else
                        kube_watch_show_nothing(w);
                watch_event_done(&e);
        }
        if (r < 0)
                fail_garbled(w, *err.text ? err.text : strerror(-r));
}

static int on_defer(_unused_ sd_event_source *source, void *userdata) {
        struct kube_watch *w = userdata;
        char *line;
        size_t n;

        if (!watch_splitter_next(&w->splitter, &line, &n)) {
                http_request_resume(w->http);
                return 0;
        }
        (void)sd_event_source_set_enabled(w->defer, SD_EVENT_ONESHOT); /* fails only when the loop has ended */
        handle_line(w, line, n);                                       /* may have freed w */
        return 0;
}

static void on_data(const char *data, size_t n, void *userdata) {
        struct kube_watch *w = userdata;
        int r = watch_splitter_push(&w->splitter, data, n);

        if (r < 0) {
                fail_garbled(w, r == -EMSGSIZE ? "an event is larger than 2 MiB" : strerror(-r));
                return;
        }
        http_request_hold(w->http);
        /* It lives. But while nothing was told, what came does not put off the read that tells. */
        if (w->has_told) {
                kube_watch_stop_reading(w);
                kube_watch_be_patient(w);
        }
        (void)sd_event_source_set_enabled(w->defer, SD_EVENT_ONESHOT); /* fails only when the loop has ended */
}

static void on_end(const struct http_result *http, void *userdata) {
        struct kube_watch *w = userdata;
        bool began = http->code / 100 == 2, ended = http->outcome == HTTP_ANSWERED;
        struct kube_cause cause = {.trouble = KUBE_TROUBLE_SHORT};
        struct kube_answer answer;
        char text[KUBE_WATCH_TEXT];

        kube_token_judged(w->slot.kube, http);
        w->is_stale = !ended;
        if (began && ended && watch_splitter_is_partial(&w->splitter)) {
                fail_garbled(w, "cut off in the middle of an event");
                return;
        }
        /* The usual end: its time was over, or the server, or somebody on the way, goes away. */
        if (began && w->has_told && !http->is_dead) {
                kube_watch_over(w);
                return;
        }
        if (began && ended) {
                kube_watch_describe(w, text, sizeof(text), "the server ends it at once (a proxy?)");
                kube_watch_fail(w, &cause, http->retry_after_usec, text);
                return;
        }
        if ((http->code == 0 || http->is_dead) && w->is_alone)
                cause = (struct kube_cause){.trouble = KUBE_TROUBLE_ALONE};
        else if (http->code == 0 || http->is_dead)
                cause = (struct kube_cause){.trouble = KUBE_TROUBLE_UNANSWERED, .silent = true};
        else if (!began)
                cause = (struct kube_cause){
                        .trouble = KUBE_TROUBLE_REFUSED,
                        .http_code = http->code,
                        .silent = http->code / 100 == 5,
                };
        kube_judge(&w->subject, http, http_server(w->slot.kube->http), &answer);
        (void)snprintf(text, sizeof(text), "watch: %s", answer.text);
        kube_watch_fail(w, &cause, answer.reply.retry_after_usec, text);
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        static const struct kube_cause hangs = {.trouble = KUBE_TROUBLE_HANGS};
        struct kube_watch *w = userdata;
        uint64_t now = clock_boottime_usec();
        uint64_t head = w->silence_usec < KUBE_WATCH_HEAD_USEC ? w->silence_usec : KUBE_WATCH_HEAD_USEC;
        bool is_open = w->http && http_request_is_open(w->http);
        char text[KUBE_WATCH_TEXT];

        if (!w->http) {
                start(w);
                return 0;
        }
        kube_watch_describe(w, text, sizeof(text), is_open ? "the stream did not end in time" : "no answer begins");
        /* A stream ends when its time is over; one that does not is dead. */
        if (now >= w->ends_at_usec || (!is_open && now - w->started_at_usec >= head)) {
                w->is_stale = true;
                kube_watch_fail(w, &hangs, 0, text);
                return 0;
        }
        if (is_open) {
                kube_watch_ask(w);
                return 0;
        }
        kube_watch_be_patient(w);
        if (now - w->started_at_usec >= KUBE_WATCH_HANGS_USEC)
                kube_watch_trouble(w, &hangs, text);
        return 0;
}

static int try_start(struct kube_watch *w) {
        struct kube *kube = w->slot.kube;
        _cleanup_free_ char *base = NULL, *path = NULL;
        uint64_t seconds = w->length_usec / USEC_PER_SEC;
        struct http_call call = {
                .method = "GET",
                .token = kube_token(kube),
                .response_max = KUBE_RESPONSE_MAX,
                .is_fresh = w->is_stale,
                .cb = on_end,
                .data_cb = on_data,
                .userdata = w,
        };
        int r = kube_path(w->subject.what, w->subject.ns, NULL, &base);

        if (r < 0)
                return r;
        /* Shorter by up to a fifth, so that many clients do not come back in step. */
        seconds -= random_below(seconds / 5 + 1);
        if (seconds == 0)
                seconds = 1;
        if (asprintf(&path, "%s?watch=1&allowWatchBookmarks=true&fieldSelector=metadata.name%%3D%s&timeoutSeconds=%llu",
                     base, w->subject.name, (unsigned long long)seconds) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        call.path = path;
        w->started_at_usec = clock_boottime_usec();
        w->ends_at_usec = w->started_at_usec + seconds * USEC_PER_SEC + w->silence_usec;
        w->quiet_at_usec = 0;
        w->has_told = w->has_rhythm = w->is_slow = w->is_stale = false;
        r = http_start(kube->http, &call, &w->http);
        if (r >= 0)
                kube_watch_be_patient(w);
        return r;
}

static void start(struct kube_watch *w) {
        int r = try_start(w);

        if (r < 0)
                fail_garbled(w, strerror(-r));
}

static void cancel(struct kube_slot *slot) {
        struct kube_watch *w = (struct kube_watch *)slot;

        w->http = http_request_free(w->http);
        kube_watch_stop_reading(w);
        w->timer = sd_event_source_disable_unref(w->timer);
        w->poll = sd_event_source_disable_unref(w->poll);
        w->defer = sd_event_source_disable_unref(w->defer);
        watch_splitter_done(&w->splitter);
}

static int watch(struct kube *kube, struct kube_what what, const char *ns, const char *name, kube_watch_cb cb,
                 void *userdata, struct kube_slot **ret_slot) {
        _cleanup_free_ char *path = NULL;
        struct kube_watch *w;
        int r;

        /* Also checks the names, which only then are of a length that fits. */
        r = ns && name ? kube_path(what, ns, name, &path) : -EINVAL;
        if (r < 0)
                return r;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        w->subject = (struct kube_subject){.op = KUBE_OP_GET, .what = what};
        (void)util_copy(w->subject.ns, sizeof(w->subject.ns), ns);
        (void)util_copy(w->subject.name, sizeof(w->subject.name), name);
        w->cb = cb;
        w->userdata = userdata;
        w->silence_usec = kube->silence_usec;
        w->length_usec = kube->length_usec;
        kube_slot_init(&w->slot, kube, cancel, ret_slot != NULL);
        r = sd_event_add_time_relative(kube->event, &w->timer, CLOCK_BOOTTIME, 0, 10 * USEC_PER_MSEC, on_timer, w);
        if (r >= 0)
                r = sd_event_add_defer(kube->event, &w->defer, on_defer, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->defer, SD_EVENT_OFF);
        if (r >= 0)
                r = kube_watch_poll_init(w);
        if (r >= 0)
                r = try_start(w);
        if (r < 0) {
                kube_slot_free(&w->slot);
                return r;
        }
        if (ret_slot)
                *ret_slot = &w->slot;
        return 0;
}

int kube_watch_lock(struct kube *kube, const char *ns, const char *name, kube_watch_cb cb, void *userdata,
                    struct kube_slot **ret_slot) {
        return watch(kube, (struct kube_what){.kind = KUBE_KIND_LOCK}, ns, name, cb, userdata, ret_slot);
}

int kube_watch_placeholder(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                           kube_watch_cb cb, void *userdata, struct kube_slot **ret_slot) {
        return watch(kube, (struct kube_what){.kind = KUBE_KIND_PLACEHOLDER, .placeholder = kind}, ns, name, cb,
                     userdata, ret_slot);
}
