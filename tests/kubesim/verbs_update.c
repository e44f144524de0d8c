/* SPDX-License-Identifier: Apache-2.0 */
/* PUT and PATCH: preconditions, what a client cannot change, and the update that lets a marked object go. */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "merge.h"
#include "schema.h"
#include "validate.h"
#include "verbs_internal.h"

doc *verbs_without_finalizer(const struct object *o, const char *finalizer) {
        doc *d = doc_copy(o->doc), *list = doc_get(d, "metadata/finalizers"), *left = json_object_new_array();
        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                doc *f = json_object_array_get_idx(list, i);
                if (!util_streq(json_object_get_string(f), finalizer))
                        json_object_array_add(left, json_object_get(f));
        }
        if (json_object_array_length(left) > 0) {
                doc_set(doc_object(d, "metadata"), "finalizers", left);
        } else {
                doc_putp(&left);
                json_object_object_del(doc_object(d, "metadata"), "finalizers");
        }
        return d;
}

doc *verbs_store(struct store *s, struct object *o, doc *d) {
        bool gone = doc_get(d, "metadata/deletionTimestamp") && !doc_get(d, "metadata/finalizers") &&
                    o->resource != resource_namespaces;
        doc *shown = json_object_get(d);
        /* The answer of the update that lets an object go has the old resourceVersion, and its DELETED event the last
         * stored state, not this one. */
        if (gone)
                store_remove(s, o);
        else if (!json_object_equal(o->doc, d)) {
                store_replace(s, o, d);
                return shown;
        }
        doc_putp(&d);
        return shown;
}

/* Fields of metadata that a client cannot change come from the stored object. An empty uid and an empty
 * resourceVersion mean "any". */
static doc *verbs_updated_metadata(doc *in, const struct object *o) {
        static const char *const fixed[] = {"generation", "creationTimestamp", "deletionTimestamp",
                                            "deletionGracePeriodSeconds"};
        static const char *const kept[] = {"labels", "annotations", "ownerReferences", "finalizers"};
        doc *old = doc_get(o->doc, "metadata"), *m = json_object_new_object();
        const char *uid = doc_string(in, "uid");
        doc_set_string(m, "name", o->name);
        if (*doc_string(old, "generateName"))
                doc_set_string(m, "generateName", doc_string(old, "generateName"));
        if (*o->ns)
                doc_set_string(m, "namespace", o->ns);
        doc_set_string(m, "uid", *uid ? uid : o->uid);
        doc_set_string(m, "resourceVersion", doc_string(old, "resourceVersion"));
        for (size_t i = 0; i < ELEMENTSOF(fixed); i++)
                if (doc_get(old, fixed[i]))
                        doc_set(m, fixed[i], doc_copy(doc_get(old, fixed[i])));
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (doc_get(in, kept[i]))
                        doc_set(m, kept[i], doc_copy(doc_get(in, kept[i])));
        return m;
}

/* The common end of PUT and PATCH: d (taken) is decoded; r gets the answer. */
static void verbs_replace(struct store *s, const struct call *c, struct object *o, doc *d, struct reply *r) {
        _cleanup_doc_ doc *next = d;
        const struct resource *res = c->resource;
        const char *rv = doc_string(next, "metadata/resourceVersion");
        if (*rv && !util_streq(rv, doc_string(o->doc, "metadata/resourceVersion")))
                return reply_modified(r, res, c->name);
        doc_set(next, "metadata", verbs_updated_metadata(doc_get(next, "metadata"), o));
        if (res->storage == resource_pods || res->storage == resource_namespaces)
                doc_set(next, "status", doc_copy(doc_get(o->doc, "status")));
        if (res->storage == resource_namespaces)
                doc_set(next, "spec", doc_copy(doc_get(o->doc, "spec")));
        if (res->storage == resource_leases)
                (void)doc_object(next, "spec");
        struct invalid v = {0};
        validate(&v, res, next, o->doc);
        if (v.n > 0)
                return reply_invalid(r, &v, res->storage->kind_name, res->storage->group, res->kind, c->name);
        _cleanup_doc_ doc *shown = verbs_store(s, o, TAKE_PTR(next));
        reply_body(r, 200, resource_view(res, shown));
}

static bool verbs_check_url(const struct call *c, doc *d, struct reply *r) {
        const char *name = doc_string(d, "metadata/name"), *ns = doc_string(d, "metadata/namespace");
        if (!*name)
                reply_bad_request(r,
                                  "the name of the object (%s based on URL) was undeterminable: name must be provided",
                                  c->name);
        else if (!util_streq(name, c->name))
                reply_bad_request(r, "the name of the object (%s) does not match the name on the URL (%s)", name,
                                  c->name);
        else if (*ns && !util_streq(ns, c->ns))
                reply_bad_request(r, "the namespace of the object (%s) does not match the namespace on the URL (%s)",
                                  ns, c->ns);
        return r->code == 0;
}

void verbs_update(struct store *s, const struct call *c, struct reply *r) {
        const struct resource *res = c->resource;
        _cleanup_doc_ doc *d = verbs_decode_body(c, r);
        if (!d || !verbs_check_url(c, d, r))
                return;
        struct object *o = store_find(s, res->storage, c->ns, c->name);
        const char *uid = doc_string(d, "metadata/uid");
        if (!o && !res->put_creates)
                return reply_not_found(r, res, c->name);
        if (*uid && !util_streq(uid, o ? o->uid : ""))
                return reply_uid_conflict(r, res, c->ns, c->name, uid, o ? o->uid : "");
        if (!o)
                return verbs_insert(s, c, TAKE_PTR(d), r);
        if (res->put_needs_rv && !*doc_string(d, "metadata/resourceVersion")) {
                struct invalid v = {0};
                invalid_add(&v, "FieldValueInvalid", "metadata.resourceVersion",
                            "Invalid value: 0: must be specified for an update");
                return reply_invalid(r, &v, res->resource_name, res->group, res->plural, c->name);
        }
        verbs_replace(s, c, o, TAKE_PTR(d), r);
}

/* Applies the body to the view of o; NULL with r filled. */
static doc *verbs_apply_patch(const struct call *c, const struct object *o, struct reply *r) {
        bool json_patch = strncasecmp(c->content_type, "application/json-patch+json", 27) == 0;
        _cleanup_doc_ doc *view = resource_view(c->resource, o->doc), *patch = doc_parse(c->body, c->body_size);
        doc *patched = NULL;
        if (!patch) {
                reply_bad_request(r, "error decoding patch: unexpected end of JSON input");
                return NULL;
        }
        if (!json_patch && !json_object_is_type(patch, json_type_object)) {
                reply_bad_request(r,
                                  "error decoding patch: json: cannot unmarshal %s into Go value of type "
                                  "map[string]interface {}",
                                  json_object_is_type(patch, json_type_array) ? "array" : "value");
                return NULL;
        }
        if (!json_patch)
                return merge_patch(view, patch);
        switch (merge_json_patch(&patched, view, patch)) {
        case MERGE_OK:
                break;
        case MERGE_MALFORMED:
                reply_bad_request(r, "error decoding patch: this server does test, add, replace and remove");
                break;
        case MERGE_FAILED:
                reply_status(r, 422, "Invalid", json_object_new_object(),
                             "the server rejected our request due to an error in our request");
                break;
        }
        return patched;
}

void verbs_patch(struct store *s, const struct call *c, struct reply *r) {
        const struct resource *res = c->resource;
        if (strncasecmp(c->content_type, "application/merge-patch+json", 28) != 0 &&
            strncasecmp(c->content_type, "application/json-patch+json", 27) != 0)
                return reply_status(r, 415, "UnsupportedMediaType", json_object_new_object(),
                                    "415: Unsupported Media Type");
        struct object *o = store_find(s, res->storage, c->ns, c->name);
        if (!o)
                return reply_not_found(r, res, c->name);
        _cleanup_doc_ doc *patched = verbs_apply_patch(c, o, r);
        if (!patched)
                return;
        _cleanup_doc_ doc *stored = resource_view(res->storage, patched);
        _cleanup_free_ char *error = NULL;
        _cleanup_doc_ doc *d = NULL;
        schema_decode(&d, &error, res->storage, stored, c->strict);
        if (error) {
                struct invalid v = {0};
                _cleanup_doc_ doc *quoted = json_object_new_string(doc_text(patched));
                invalid_add(&v, "FieldValueInvalid", "patch", "Invalid value: %s: %s", doc_text(quoted), error);
                return reply_invalid(r, &v, "", "", "", "");
        }
        if (verbs_check_url(c, d, r))
                verbs_replace(s, c, o, TAKE_PTR(d), r);
}
