/* SPDX-License-Identifier: Apache-2.0 */
/* What etcd is to the real server: all objects, one resourceVersion counter, a bounded history of changes. Decides
 * nothing: rules of the API are in verbs.c. Documents are never changed once stored. */
#pragma once

#include "resource.h"

struct object {
        struct object *next;
        const struct resource *resource; /* storage view */
        char *ns, *name, *uid;           /* ns "" when cluster-scoped */
        uint64_t rv;
        doc *doc;
};

enum store_event_type {
        STORE_ADDED,
        STORE_MODIFIED,
        STORE_DELETED,
};

struct store_event {
        enum store_event_type type;
        uint64_t rv;
        const struct resource *resource;
        char *ns, *name, *uid;
        doc *doc; /* DELETED: the last state with the resourceVersion of the deletion */
};

enum {
        STORE_HISTORY = 8192,
};

struct store {
        struct object *objects; /* sorted by resource, ns, name */
        uint64_t rv;
        uint64_t compacted_rv; /* changes up to here are forgotten */
        struct store_event history[STORE_HISTORY];
        size_t history_start, n_history;
        /* Called after each change, with the change already stored. */
        void (*on_event)(void *arg, const struct store_event *event);
        void *arg;
};

void store_init(struct store *s, void (*on_event)(void *arg, const struct store_event *event), void *arg);
void store_done(struct store *s);

struct object *store_find(struct store *s, const struct resource *resource, const char *ns, const char *name);
struct object *store_find_uid(struct store *s, const char *uid);

/* These take the reference of d, and write the new resourceVersion (insert: also a new uid) into its metadata. */
struct object *store_insert(struct store *s, const struct resource *resource, const char *ns, const char *name, doc *d);
void store_replace(struct store *s, struct object *o, doc *d);
/* The object is freed. Returns the resourceVersion of the deletion. */
uint64_t store_remove(struct store *s, struct object *o);

/* Event i of the history, oldest first; i < n_history. */
const struct store_event *store_history(const struct store *s, size_t i);
/* Forgets all history: every older resourceVersion is answered with 410 from now on. Moves the counter by one, so that
 * the present version of a quiet object is old, too. */
void store_compact(struct store *s);
