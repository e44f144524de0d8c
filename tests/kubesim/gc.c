/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of uids, each looked at a delay after something changed that concerns it. What is written goes through the
 * verbs and the store, so watches see it. */
#include "gc.h"

#include <stdio.h>

#include "verbs.h"

struct gc_item {
        struct gc_item *next;
        uint64_t at_usec;
        char uid[64];
};

void gc_init(struct gc *gc, struct store *store, struct timers *timers, uint64_t delay_usec) {
        *gc = (struct gc){.store = store, .timers = timers, .enabled = true, .delay_usec = delay_usec};
}

static void gc_drop_first(struct gc *gc) {
        struct gc_item *i = gc->first;
        gc->first = i->next;
        if (!gc->first)
                gc->last = NULL;
        free(i);
}

void gc_done(struct gc *gc) {
        while (gc->first)
                gc_drop_first(gc);
        timer_cancel(gc->timers, &gc->timer);
}

static void gc_run(void *arg);

static void gc_arm(struct gc *gc) {
        if (gc->enabled && gc->first)
                timer_set(gc->timers, &gc->timer, gc->first->at_usec, gc_run, gc);
}

static void gc_queue(struct gc *gc, const char *uid) {
        struct gc_item *i = doc_alloc(sizeof(*i));
        i->at_usec = timer_now() + gc->delay_usec;
        snprintf(i->uid, sizeof(i->uid), "%s", uid); /* a longer one is a foreign, absent owner anyway */
        if (gc->last)
                gc->last->next = i;
        else
                gc->first = i;
        gc->last = i;
        gc_arm(gc);
}

static doc *gc_owners(const struct object *o) {
        return doc_get(o->doc, "metadata/ownerReferences");
}

static doc *gc_owner_of(const struct object *o, const char *uid) {
        doc *owners = gc_owners(o);
        for (size_t i = 0; owners && i < json_object_array_length(owners); i++) {
                doc *owner = json_object_array_get_idx(owners, i);
                if (util_streq(doc_string(owner, "uid"), uid))
                        return owner;
        }
        return NULL;
}

static void gc_queue_dependents(struct gc *gc, const char *uid) {
        for (struct object *o = gc->store->objects; o; o = o->next)
                if (gc_owner_of(o, uid))
                        gc_queue(gc, o->uid);
}

static bool gc_has_finalizer(const struct object *o, const char *name) {
        return doc_array_has(doc_get(o->doc, "metadata/finalizers"), name);
}

static bool gc_waits_for_dependents(const struct object *o) {
        return doc_get(o->doc, "metadata/deletionTimestamp") && gc_has_finalizer(o, "foregroundDeletion");
}

enum gc_owner_state {
        GC_OWNER_LIVES,
        GC_OWNER_WAITS, /* foreground deletion: it goes when its dependents are gone */
        GC_OWNER_ABSENT,
        GC_OWNER_UNKNOWN, /* a kind or version this server does not know: nothing is decided */
};

static enum gc_owner_state gc_owner_state(struct gc *gc, const struct object *o, doc *owner) {
        const struct resource *res = resource_find_kind(doc_string(owner, "apiVersion"), doc_string(owner, "kind"));
        if (!res)
                return GC_OWNER_UNKNOWN;
        const char *ns = res->namespaced ? o->ns : "";
        struct object *found = store_find(gc->store, res->storage, ns, doc_string(owner, "name"));
        if (!found || !util_streq(found->uid, doc_string(owner, "uid")))
                return GC_OWNER_ABSENT;
        return gc_waits_for_dependents(found) ? GC_OWNER_WAITS : GC_OWNER_LIVES;
}

static void gc_store(struct gc *gc, struct object *o, doc *d) {
        _cleanup_doc_ doc *shown = verbs_store(gc->store, o, d);
}

/* Removes the references to one owner (uid), or all to absent ones (uid NULL). */
static void gc_unlink(struct gc *gc, struct object *o, const char *uid) {
        doc *d = doc_copy(o->doc), *left = json_object_new_array(), *owners = gc_owners(o);
        for (size_t i = 0; i < json_object_array_length(owners); i++) {
                doc *owner = json_object_array_get_idx(owners, i);
                bool drop = uid ? util_streq(doc_string(owner, "uid"), uid)
                                : gc_owner_state(gc, o, owner) != GC_OWNER_LIVES;
                if (!drop)
                        json_object_array_add(left, doc_copy(owner));
        }
        if (json_object_array_length(left) > 0) {
                doc_set(doc_object(d, "metadata"), "ownerReferences", left);
        } else {
                doc_putp(&left);
                json_object_object_del(doc_object(d, "metadata"), "ownerReferences");
        }
        gc_store(gc, o, d);
}

static void gc_check_owners(struct gc *gc, struct object *o) {
        doc *owners = gc_owners(o);
        size_t n[GC_OWNER_UNKNOWN + 1] = {0};
        if (!owners || doc_get(o->doc, "metadata/deletionTimestamp"))
                return;
        for (size_t i = 0; i < json_object_array_length(owners); i++)
                n[gc_owner_state(gc, o, json_object_array_get_idx(owners, i))]++;
        if (n[GC_OWNER_UNKNOWN])
                return;
        if (n[GC_OWNER_LIVES]) {
                if (n[GC_OWNER_ABSENT] + n[GC_OWNER_WAITS])
                        gc_unlink(gc, o, NULL);
                return;
        }
        bool has_dependents = false;
        for (struct object *d = gc->store->objects; d && !has_dependents; d = d->next)
                has_dependents = gc_owner_of(d, o->uid) != NULL;
        enum verbs_policy policy = n[GC_OWNER_WAITS] && has_dependents         ? VERBS_FOREGROUND
                                   : gc_has_finalizer(o, "orphan")             ? VERBS_ORPHAN
                                   : gc_has_finalizer(o, "foregroundDeletion") ? VERBS_FOREGROUND
                                                                               : VERBS_BACKGROUND;
        verbs_delete(gc->store, o, policy, NULL);
}

/* Foreground: the owner goes when no dependent blocks it; those that do not block follow it. */
static void gc_foreground(struct gc *gc, struct object *owner) {
        bool blocked = false;
        for (struct object *o = gc->store->objects; o; o = o->next) {
                doc *link = gc_owner_of(o, owner->uid);
                if (!link || !doc_bool(link, "blockOwnerDeletion", false))
                        continue;
                blocked = true;
                if (!doc_get(o->doc, "metadata/deletionTimestamp"))
                        gc_queue(gc, o->uid);
        }
        if (!blocked)
                gc_store(gc, owner, verbs_without_finalizer(owner, "foregroundDeletion"));
}

static void gc_orphan(struct gc *gc, struct object *owner) {
        for (struct object *o = gc->store->objects, *next = NULL; o; o = next) {
                next = o->next;
                if (gc_owner_of(o, owner->uid))
                        gc_unlink(gc, o, owner->uid);
        }
        gc_store(gc, owner, verbs_without_finalizer(owner, "orphan"));
}

static void gc_look_at(struct gc *gc, const char *uid) {
        struct object *o = store_find_uid(gc->store, uid);
        if (!o)
                return;
        if (gc_waits_for_dependents(o))
                gc_foreground(gc, o);
        else if (doc_get(o->doc, "metadata/deletionTimestamp") && gc_has_finalizer(o, "orphan"))
                gc_orphan(gc, o);
        else
                gc_check_owners(gc, o);
}

static void gc_run(void *arg) {
        struct gc *gc = arg;
        uint64_t now = timer_now();
        while (gc->first && gc->first->at_usec <= now) {
                struct gc_item item = *gc->first;
                gc_drop_first(gc);
                gc_look_at(gc, item.uid);
        }
        gc_arm(gc);
}

void gc_event(struct gc *gc, const struct store_event *e) {
        if (!gc->enabled)
                return;
        doc *owners = doc_get(e->doc, "metadata/ownerReferences");
        if (e->type == STORE_DELETED) {
                gc_queue_dependents(gc, e->uid);
                /* An owner in foreground deletion waits for this one. */
                for (size_t i = 0; owners && i < json_object_array_length(owners); i++)
                        gc_queue(gc, doc_string(json_object_array_get_idx(owners, i), "uid"));
        } else if (owners || doc_get(e->doc, "metadata/deletionTimestamp")) {
                gc_queue(gc, e->uid);
        }
}

void gc_set(struct gc *gc, bool enabled, uint64_t delay_usec) {
        bool start = enabled && !gc->enabled;
        gc_done(gc);
        gc->enabled = enabled;
        gc->delay_usec = delay_usec;
        for (struct object *o = gc->store->objects; start && o; o = o->next)
                gc_queue(gc, o->uid);
}
