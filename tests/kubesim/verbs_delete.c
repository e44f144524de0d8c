/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE: preconditions, the mark, the collector's finalizers. What goes with its last finalizer is in verbs_update.c,
 * what becomes of dependents in gc.c. */
#include <inttypes.h>
#include <stdio.h>

#include "schema.h"
#include "verbs_internal.h"

/* Whether the garbage collector's own finalizer is to be on the object after this DELETE: as asked, else as it was. */
static void verbs_set_gc_finalizers(doc *metadata, enum verbs_policy policy) {
        static const char *const names[] = {[VERBS_FOREGROUND] = "foregroundDeletion", [VERBS_ORPHAN] = "orphan"};
        doc *old = doc_get(metadata, "finalizers"), *list = json_object_new_array();
        if (policy == VERBS_POLICY_UNSET) {
                doc_putp(&list);
                return;
        }
        for (size_t i = 0; old && i < json_object_array_length(old); i++) {
                doc *f = json_object_array_get_idx(old, i);
                const char *name = json_object_get_string(f);
                if (!util_streq(name, "orphan") && !util_streq(name, "foregroundDeletion"))
                        json_object_array_add(list, json_object_get(f));
        }
        if (policy == VERBS_FOREGROUND || policy == VERBS_ORPHAN)
                json_object_array_add(list, json_object_new_string(names[policy]));
        if (json_object_array_length(list) > 0) {
                doc_set(metadata, "finalizers", list);
        } else {
                doc_putp(&list);
                json_object_object_del(metadata, "finalizers");
        }
}

/* A copy in which deletionTimestamp comes where the real server writes it. */
static doc *verbs_mark(const struct object *o) {
        char now[32];
        doc *d = doc_copy(o->doc), *in = doc_get(o->doc, "metadata"), *m = json_object_new_object();
        bool pod = o->resource == resource_pods;
        json_object_object_foreach(in, key, value) {
                doc_set(m, key, doc_copy(value));
                if (pod && util_streq(key, "generation"))
                        doc_set(m, key, json_object_new_int64(json_object_get_int64(value) + 1));
                if (!util_streq(key, "creationTimestamp"))
                        continue;
                doc_set_string(m, "deletionTimestamp", schema_now(now));
                if (o->resource != resource_namespaces)
                        doc_set(m, "deletionGracePeriodSeconds", json_object_new_int(0));
        }
        doc_set(d, "metadata", m);
        if (o->resource == resource_namespaces)
                doc_set_string(doc_object(d, "status"), "phase", "Terminating");
        return d;
}

void verbs_delete(struct store *s, struct object *o, enum verbs_policy policy, doc **ret) {
        bool deleting = doc_get(o->doc, "metadata/deletionTimestamp") != NULL, pod = o->resource == resource_pods;
        doc *d = deleting ? doc_copy(o->doc) : verbs_mark(o);
        _cleanup_doc_ doc *stored = doc_copy(d); /* of a Pod that goes, what was stored is shown: with its finalizers */
        if (o->resource != resource_namespaces)
                verbs_set_gc_finalizers(doc_object(d, "metadata"), policy);
        if (o->resource == resource_namespaces || doc_get(d, "metadata/finalizers")) {
                doc *shown = verbs_store(s, o, d);
                if (ret)
                        *ret = shown;
                else
                        doc_putp(&shown);
                return;
        }
        char rv[24];
        snprintf(rv, sizeof(rv), "%" PRIu64, store_remove(s, o));
        if (pod && ret) {
                doc_set_string(doc_object(stored, "metadata"), "resourceVersion", rv);
                *ret = TAKE_PTR(stored);
        }
        doc_putp(&d);
}

/* Parses DeleteOptions (an empty body is none); false with r filled. */
static bool verbs_delete_options(const struct call *c, doc **ret, enum verbs_policy *ret_policy, struct reply *r) {
        static const char *const names[] = {"Background", "Foreground", "Orphan"};
        *ret_policy = VERBS_POLICY_UNSET;
        *ret = NULL;
        if (c->body_size == 0)
                return true;
        _cleanup_doc_ doc *options = doc_parse(c->body, c->body_size);
        if (!options || !json_object_is_type(options, json_type_object)) {
                reply_bad_request(r, "couldn't get version/kind; json parse error: unexpected end of JSON input");
                return false;
        }
        const char *policy = doc_string(options, "propagationPolicy");
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (util_streq(policy, names[i]))
                        *ret_policy = (enum verbs_policy)i;
        if (*policy && *ret_policy == VERBS_POLICY_UNSET) {
                struct invalid v = {0};
                invalid_add(&v, "FieldValueNotSupported", "propagationPolicy",
                            "Unsupported value: \"%s\": supported values: \"Foreground\", \"Background\", \"Orphan\", "
                            "\"nil\"",
                            policy);
                reply_invalid(r, &v, "DeleteOptions.meta.k8s.io", "meta.k8s.io", "DeleteOptions", "");
                return false;
        }
        *ret = TAKE_PTR(options);
        return true;
}

void verbs_remove(struct store *s, const struct call *c, struct reply *r) {
        const struct resource *res = c->resource;
        _cleanup_doc_ doc *options = NULL, *shown = NULL;
        enum verbs_policy policy;
        if (!verbs_delete_options(c, &options, &policy, r))
                return;
        struct object *o = store_find(s, res->storage, c->ns, c->name);
        if (!o)
                return reply_not_found(r, res, c->name);
        const char *uid = doc_string(options, "preconditions/uid"),
                   *rv = doc_string(options, "preconditions/resourceVersion");
        const char *have = doc_string(o->doc, "metadata/resourceVersion");
        if (*uid && !util_streq(uid, o->uid))
                return reply_precondition(r, res, c->name, "UID", uid, o->uid);
        if (*rv && !util_streq(rv, have))
                return reply_precondition(r, res, c->name, "ResourceVersion", rv, have);
        _cleanup_free_ char *old_uid = doc_strdup(o->uid);
        verbs_delete(s, o, policy, &shown);
        if (shown)
                reply_body(r, 200, resource_view(res, shown));
        else
                reply_success(r, res, c->name, old_uid);
}

void verbs_remove_all(struct store *s, const struct call *c, struct reply *r) {
        verbs_list(s, c, r);
        if (r->code != 200)
                return;
        for (struct object *o = s->objects, *next = NULL; o; o = next) {
                next = o->next;
                if (o->resource == c->resource->storage && verbs_selects(c, o->ns, o->name))
                        verbs_delete(s, o, VERBS_POLICY_UNSET, NULL);
        }
}

void verbs_execute(struct store *s, const struct call *c, struct reply *r) {
        switch (c->verb) {
        case VERB_GET:
                return verbs_get(s, c, r);
        case VERB_LIST:
                return verbs_list(s, c, r);
        case VERB_CREATE:
                return verbs_create(s, c, r);
        case VERB_UPDATE:
                return verbs_update(s, c, r);
        case VERB_PATCH:
                return verbs_patch(s, c, r);
        case VERB_DELETE:
                return verbs_remove(s, c, r);
        case VERB_DELETE_COLLECTION:
                return verbs_remove_all(s, c, r);
        case VERB_WATCH:
                break;
        }
        abort(); /* watches are answered in watch.c */
}
