/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in a list, events in a ring. One counter gives every change its resourceVersion. */
#include "store.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

void store_init(struct store *s, void (*on_event)(void *arg, const struct store_event *event), void *arg) {
        *s = (struct store){.rv = 1, .on_event = on_event, .arg = arg};
}

static void store_free_object(struct object *o) {
        free(o->ns);
        free(o->name);
        free(o->uid);
        doc_putp(&o->doc);
        free(o);
}

static void store_free_event(struct store_event *e) {
        free(e->ns);
        free(e->name);
        free(e->uid);
        doc_putp(&e->doc);
}

static void store_forget_oldest(struct store *s) {
        struct store_event *e = &s->history[s->history_start];
        s->compacted_rv = e->rv;
        store_free_event(e);
        s->history_start = (s->history_start + 1) % STORE_HISTORY;
        s->n_history--;
}

void store_done(struct store *s) {
        while (s->n_history > 0)
                store_forget_oldest(s);
        while (s->objects) {
                struct object *o = s->objects;
                s->objects = o->next;
                store_free_object(o);
        }
}

const struct store_event *store_history(const struct store *s, size_t i) {
        return &s->history[(s->history_start + i) % STORE_HISTORY];
}

void store_compact(struct store *s) {
        while (s->n_history > 0)
                store_forget_oldest(s);
        s->compacted_rv = ++s->rv;
}

static int store_compare(const struct object *o, const struct resource *resource, const char *ns, const char *name) {
        if (o->resource != resource)
                return o->resource < resource ? -1 : 1;
        int c = strcmp(o->ns, ns);
        return c ? c : strcmp(o->name, name);
}

struct object *store_find(struct store *s, const struct resource *resource, const char *ns, const char *name) {
        for (struct object *o = s->objects; o; o = o->next)
                if (store_compare(o, resource, ns, name) == 0)
                        return o;
        return NULL;
}

struct object *store_find_uid(struct store *s, const char *uid) {
        for (struct object *o = s->objects; o; o = o->next)
                if (util_streq(o->uid, uid))
                        return o;
        return NULL;
}

static void store_emit(struct store *s, enum store_event_type type, const struct object *o) {
        if (s->n_history == STORE_HISTORY)
                store_forget_oldest(s);
        struct store_event *e = &s->history[(s->history_start + s->n_history++) % STORE_HISTORY];
        *e = (struct store_event){
                .type = type,
                .rv = s->rv,
                .resource = o->resource,
                .ns = doc_strdup(o->ns),
                .name = doc_strdup(o->name),
                .uid = doc_strdup(o->uid),
                .doc = json_object_get(o->doc),
        };
        s->on_event(s->arg, e);
}

static void store_stamp(struct store *s, struct object *o, doc *d) {
        char rv[24];
        o->rv = ++s->rv;
        snprintf(rv, sizeof(rv), "%" PRIu64, o->rv);
        doc_set_string(doc_object(d, "metadata"), "resourceVersion", rv);
        doc_putp(&o->doc);
        o->doc = d;
}

static char *store_new_uid(void) {
        uint8_t r[16];
        if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
                abort();
        r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
        r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
        return doc_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2],
                          r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

struct object *store_insert(struct store *s, const struct resource *resource, const char *ns, const char *name,
                            doc *d) {
        struct object *o = doc_alloc(sizeof(*o));
        o->resource = resource;
        o->ns = doc_strdup(ns);
        o->name = doc_strdup(name);
        o->uid = store_new_uid();
        doc_set_string(doc_object(d, "metadata"), "uid", o->uid);
        store_stamp(s, o, d);
        struct object **at = &s->objects;
        while (*at && store_compare(*at, resource, ns, name) < 0)
                at = &(*at)->next;
        o->next = *at;
        *at = o;
        store_emit(s, STORE_ADDED, o);
        return o;
}

void store_replace(struct store *s, struct object *o, doc *d) {
        store_stamp(s, o, d);
        store_emit(s, STORE_MODIFIED, o);
}

uint64_t store_remove(struct store *s, struct object *o) {
        struct object **at = &s->objects;
        while (*at != o)
                at = &(*at)->next;
        *at = o->next;
        store_stamp(s, o, doc_copy(o->doc));
        uint64_t rv = o->rv;
        store_emit(s, STORE_DELETED, o);
        store_free_object(o);
        return rv;
}
