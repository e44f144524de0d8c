/* SPDX-License-Identifier: Apache-2.0 */
/* Each open watch: its place in the history, what matches it, bookmarks, its end. */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>

#include "verbs.h"

enum {
        WATCH_BUFFER_MAX = 16 << 20, /* a reader slower than this is cut off, as by the real server */
};

struct watch {
        struct watch *prev, *next;
        struct watches *watches;
        struct call call;
        uint64_t after_rv; /* only later events are sent */
        bool stalled;
        uint64_t marked_rv;     /* of the last bookmark */
        uint64_t bookmark_usec; /* as it was when the watch was opened */
        unsigned spread;        /* the same */
        unsigned n_bookmarks;
        bool future; /* asked for a version that does not exist yet: silence, bookmarks included */
        ssize_t end; /* WATCH_EMPTY while it lives, else what follows the buffered bytes */
        struct buf out;
        size_t sent;
        struct timer bookmark, limit, last_bookmark, cut;
        void (*wake)(void *arg);
        void *arg;
};

static void watch_line(struct watch *w, const char *type, doc *object) {
        char head[64];
        const char *text = doc_text(object);
        int n = snprintf(head, sizeof(head), "{\"type\":\"%s\",\"object\":", type);
        buf_add(&w->out, head, (size_t)n);
        buf_add(&w->out, text, strlen(text));
        buf_add(&w->out, "}\n", 2);
        if (w->out.size - w->sent > WATCH_BUFFER_MAX)
                w->end = WATCH_CUT;
}

static void watch_bookmark_line(struct watch *w, bool initial_end) {
        char rv[24];
        w->marked_rv = w->watches->store->rv;
        _cleanup_doc_ doc *d = json_object_new_object();
        const struct resource *res = w->call.resource;
        doc_set_string(d, "kind", res->kind);
        doc_set_string(d, "apiVersion", res->api_version);
        doc *metadata = doc_object(d, "metadata");
        snprintf(rv, sizeof(rv), "%" PRIu64, w->watches->store->rv);
        doc_set_string(metadata, "resourceVersion", rv);
        if (initial_end)
                doc_set_string(doc_object(metadata, "annotations"), "k8s.io/initial-events-end", "true");
        if (res->storage == resource_leases)
                doc_set(d, "spec", json_object_new_object());
        watch_line(w, "BOOKMARK", d);
}

static void watch_event_line(struct watch *w, const struct store_event *e) {
        static const char *const types[] = {"ADDED", "MODIFIED", "DELETED"};
        if (w->end != WATCH_EMPTY || e->resource != w->call.resource->storage || e->rv <= w->after_rv ||
            !verbs_selects(&w->call, e->ns, e->name))
                return;
        _cleanup_doc_ doc *view = resource_view(w->call.resource, e->doc);
        watch_line(w, types[e->type], view);
}

static void watch_wake(struct watch *w) {
        if (!w->stalled)
                w->wake(w->arg);
}

/* Until the next one: off by up to the spread, early and late by turns, and not the same for watches in step. */
static uint64_t watch_bookmark_pause(struct watch *w) {
        uint64_t draw = (w->n_bookmarks++ * 7 + w->watches->n) % 11;
        return w->bookmark_usec * (1000 + 2 * draw * w->spread - 10 * w->spread) / 1000;
}

static void watch_on_bookmark(void *arg) {
        struct watch *w = arg;
        timer_set(w->watches->timers, &w->bookmark, timer_now() + watch_bookmark_pause(w), watch_on_bookmark, w);
        if (w->future)
                return;
        watch_bookmark_line(w, false);
        watch_wake(w);
}

/* Shortly before the end, so that the next watch can go on from here. */
static void watch_on_last_bookmark(void *arg) {
        struct watch *w = arg;
        if (w->future || w->marked_rv == w->watches->store->rv)
                return;
        watch_bookmark_line(w, false);
        watch_wake(w);
}

static void watch_on_limit(void *arg) {
        struct watch *w = arg;
        if (w->end == WATCH_EMPTY)
                w->end = WATCH_END;
        watch_wake(w);
}

static void watch_expire(struct watch *w, uint64_t asked, uint64_t oldest) {
        _cleanup_doc_ doc *status = reply_expired("too old resource version: %" PRIu64 " (%" PRIu64 ")", asked, oldest);
        watch_line(w, "ERROR", status);
        w->end = WATCH_END;
}

/* The present state, as made-up ADDED events. */
static void watch_initial(struct watch *w) {
        struct store *s = w->watches->store;
        for (struct object *o = s->objects; o; o = o->next) {
                struct store_event e = {.type = STORE_ADDED,
                                        .rv = UINT64_MAX,
                                        .resource = o->resource,
                                        .ns = o->ns,
                                        .name = o->name,
                                        .doc = o->doc};
                watch_event_line(w, &e);
        }
        w->after_rv = s->rv;
        if (w->call.bookmarks && !w->watches->no_initial_end)
                watch_bookmark_line(w, true);
}

static void watch_resume(struct watch *w, uint64_t rv) {
        struct store *s = w->watches->store;
        w->after_rv = rv;
        w->future = rv > s->rv;
        if (rv < s->compacted_rv)
                return watch_expire(w, rv, s->compacted_rv);
        for (size_t i = 0; i < s->n_history; i++)
                watch_event_line(w, store_history(s, i));
}

static bool watch_check(const struct call *c, struct reply *r) {
        char *end = NULL;
        (void)strtoull(c->rv, &end, 10);
        if (!verbs_check_query(c, r))
                return false;
        if (*end || *c->rv == '-') {
                reply_status(
                        r, 500, "", NULL,
                        "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax",
                        c->rv, c->rv);
                return false;
        }
        if (c->send_initial && !util_streq(c->rv_match, "NotOlderThan")) {
                struct invalid v = {0};
                invalid_add(&v, "FieldValueForbidden", "resourceVersionMatch",
                            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
                reply_invalid(r, &v, "ListOptions.meta.k8s.io", "meta.k8s.io", "ListOptions", "");
                return false;
        }
        return true;
}

static void watch_on_cut(void *arg) {
        struct watch *w = arg;
        w->end = WATCH_CUT;
        watch_wake(w);
}

struct watch *watch_new(struct watches *ws, const struct call *c, enum watch_stall stall, uint64_t cut_usec,
                        void (*wake)(void *arg), void *arg, struct reply *r) {
        if (!watch_check(c, r))
                return NULL;
        struct watch *w = doc_alloc(sizeof(*w));
        *w = (struct watch){.watches = ws, .call = *c, .wake = wake, .arg = arg, .next = ws->first};
        if (ws->first)
                ws->first->prev = w;
        ws->first = w;
        ws->n++;
        uint64_t now = timer_now(), rv = strtoull(c->rv, NULL, 10);
        uint64_t seconds = c->timeout_seconds ? c->timeout_seconds : 1800 + (now / 1000) % 1800;
        if (stall == WATCH_STALLS_NOW) {
                w->stalled = true;
                return w;
        }
        if (rv == 0 || c->send_initial)
                watch_initial(w);
        else
                watch_resume(w, rv);
        if (stall == WATCH_STALLS_AFTER_INITIAL) {
                /* What is buffered still goes out: stalled only stops what comes from now on. */
                w->stalled = true;
                return w;
        }
        if (cut_usec > 0)
                timer_set(ws->timers, &w->cut, now + cut_usec, watch_on_cut, w);
        timer_set(ws->timers, &w->limit, now + seconds * USEC_PER_SEC, watch_on_limit, w);
        if (c->bookmarks && ws->bookmark_usec > 0 && w->end == WATCH_EMPTY) {
                w->bookmark_usec = ws->bookmark_usec;
                w->spread = ws->bookmark_spread;
                timer_set(ws->timers, &w->bookmark, now + watch_bookmark_pause(w), watch_on_bookmark, w);
                timer_set(ws->timers, &w->last_bookmark, now + (seconds - 1) * USEC_PER_SEC, watch_on_last_bookmark, w);
        }
        return w;
}

void watch_free(struct watches *ws, struct watch *w) {
        timer_cancel(ws->timers, &w->bookmark);
        timer_cancel(ws->timers, &w->limit);
        timer_cancel(ws->timers, &w->last_bookmark);
        timer_cancel(ws->timers, &w->cut);
        if (w->prev)
                w->prev->next = w->next;
        else
                ws->first = w->next;
        if (w->next)
                w->next->prev = w->prev;
        ws->n--;
        buf_free(&w->out);
        free(w);
}

ssize_t watch_read(struct watch *w, char *buffer, size_t size) {
        size_t n = w->out.size - w->sent;
        if (w->end == WATCH_CUT || w->end == WATCH_RESET)
                return w->end;
        if (n == 0)
                return w->stalled ? WATCH_EMPTY : w->end;
        if (n > size)
                n = size;
        memcpy(buffer, w->out.data + w->sent, n);
        w->sent += n;
        if (w->sent == w->out.size)
                w->out.size = w->sent = 0;
        return (ssize_t)n;
}

void watch_event(struct watches *ws, const struct store_event *event) {
        for (struct watch *w = ws->first; w; w = w->next) {
                if (w->stalled)
                        continue;
                size_t before = w->out.size;
                watch_event_line(w, event);
                if (w->out.size != before)
                        watch_wake(w);
        }
}

size_t watch_kill(struct watches *ws, enum watch_kill kill, const char *plural, const char *name, const char *user) {
        static const ssize_t ends[] = {
                [WATCH_KILL_END] = WATCH_END, [WATCH_KILL_CUT] = WATCH_CUT, [WATCH_KILL_RESET] = WATCH_RESET};
        size_t n = 0;
        for (struct watch *w = ws->first; w; w = w->next) {
                if ((*plural && !util_streq(plural, w->call.resource->plural)) ||
                    (*name && !util_streq(name, w->call.select_name)) || (*user && !util_streq(user, w->call.user)))
                        continue;
                n++;
                if (kill == WATCH_KILL_STALL) {
                        timer_cancel(ws->timers, &w->limit);
                        timer_cancel(ws->timers, &w->bookmark);
                        timer_cancel(ws->timers, &w->last_bookmark);
                        w->stalled = true;
                        continue;
                }
                w->stalled = false;
                if (kill == WATCH_KILL_EXPIRE)
                        watch_expire(w, w->after_rv, ws->store->rv);
                else
                        w->end = ends[kill];
                watch_wake(w);
        }
        return n;
}

doc *watch_describe(const struct watches *ws) {
        doc *list = json_object_new_array();
        for (const struct watch *w = ws->first; w; w = w->next) {
                doc *d = json_object_new_object();
                doc_set_string(d, "resource", w->call.resource->plural);
                doc_set_string(d, "namespace", w->call.ns);
                doc_set_string(d, "name", w->call.select_name);
                doc_set_string(d, "user", w->call.user);
                doc_set(d, "stalled", json_object_new_boolean(w->stalled));
                json_object_array_add(list, d);
        }
        return list;
}
