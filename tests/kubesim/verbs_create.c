/* SPDX-License-Identifier: Apache-2.0 */
/* POST: defaults, uid, names that are taken. */
#include <stdio.h>
#include <strings.h>
#include <sys/random.h>

#include "schema.h"
#include "validate.h"
#include "verbs_internal.h"

static bool verbs_check_options(const struct call *c, struct reply *r) {
        static const char *const known[] = {"", "Ignore", "Strict", "Warn"};
        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                if (util_streq(c->field_validation, known[i]))
                        return true;
        const char *kind = c->verb == VERB_CREATE ? "CreateOptions" : "UpdateOptions";
        _cleanup_free_ char *name = doc_printf("%s.meta.k8s.io", kind);
        struct invalid v = {0};
        invalid_add(&v, "FieldValueNotSupported", "fieldValidation",
                    "Unsupported value: \"%s\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"",
                    c->field_validation);
        reply_invalid(r, &v, name, "meta.k8s.io", kind, "");
        return false;
}

static void verbs_unsupported_type(const struct call *c, struct reply *r) {
        (void)c;
        reply_status(r, 415, "UnsupportedMediaType", json_object_new_object(),
                     "the body of the request was in an unknown format - accepted media types include: "
                     "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor");
}

doc *verbs_decode_body(const struct call *c, struct reply *r) {
        const struct resource *res = c->resource;
        if (!verbs_check_options(c, r))
                return NULL;
        if (*c->content_type && strncasecmp(c->content_type, "application/json", 16) != 0) {
                verbs_unsupported_type(c, r);
                return NULL;
        }
        _cleanup_doc_ doc *body = doc_parse(c->body, c->body_size);
        if (!body || !json_object_is_type(body, json_type_object)) {
                int size = c->body_size > 1024 ? 1024 : (int)c->body_size;
                reply_bad_request(
                        r,
                        "the object provided is unrecognized (must be of type %s): couldn't get version/kind; "
                        "json parse error: unexpected end of JSON input (%.*s)",
                        res->kind, size, c->body);
                return NULL;
        }
        const char *kind = doc_string(body, "kind"), *version = doc_string(body, "apiVersion");
        if ((*kind && !util_streq(kind, res->kind)) || (*version && !util_streq(version, res->api_version))) {
                reply_bad_request(r,
                                  "%s in version \"%s\" cannot be handled as a %s: no kind \"%s\" is registered for "
                                  "version \"%s\" in scheme \"pkg/runtime/scheme.go:111\"",
                                  *kind ? kind : res->kind, *version ? version : res->api_version, res->kind,
                                  *kind ? kind : res->kind, *version ? version : res->api_version);
                return NULL;
        }
        doc_set_string(body, "kind", res->kind);
        doc_set_string(body, "apiVersion", res->api_version);
        _cleanup_doc_ doc *stored = resource_view(res->storage, body);
        _cleanup_free_ char *error = NULL;
        doc *d = NULL;
        schema_decode(&d, &error, res->storage, stored, c->strict);
        if (error)
                reply_bad_request(r, "%s in version \"%s\" cannot be handled as a %s: %s", res->kind, res->version,
                                  res->kind, error);
        return d;
}

static void verbs_generate_name(doc *metadata) {
        static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
        uint8_t random[5];
        char suffix[6] = "";
        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
                abort();
        for (size_t i = 0; i < sizeof(random); i++)
                suffix[i] = letters[random[i] % (sizeof(letters) - 1)];
        _cleanup_free_ char *name = doc_printf("%s%s", doc_string(metadata, "generateName"), suffix);
        doc_set_string(metadata, "name", name);
}

/* New content needs a living namespace. */
static bool verbs_check_namespace(struct store *s, const struct call *c, const char *name, struct reply *r) {
        if (!c->resource->namespaced)
                return true;
        struct object *ns = store_find(s, resource_namespaces, "", c->ns);
        if (!ns) {
                reply_not_found(r, resource_namespaces, c->ns);
                return false;
        }
        if (doc_get(ns->doc, "metadata/deletionTimestamp")) {
                reply_terminating(r, c->resource, name, c->ns);
                return false;
        }
        return true;
}

/* Metadata in the order of the real server, with the server's own fields. */
static doc *verbs_new_metadata(doc *in, const char *ns, bool pod) {
        static const char *const kept[] = {"labels", "annotations", "ownerReferences", "finalizers"};
        char now[32];
        doc *m = json_object_new_object();
        doc_set_string(m, "name", doc_string(in, "name"));
        if (*doc_string(in, "generateName"))
                doc_set_string(m, "generateName", doc_string(in, "generateName"));
        if (*ns)
                doc_set_string(m, "namespace", ns);
        doc_set_string(m, "uid", "");
        doc_set_string(m, "resourceVersion", "");
        if (pod)
                doc_set(m, "generation", json_object_new_int(1));
        doc_set_string(m, "creationTimestamp", schema_now(now));
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (doc_get(in, kept[i]))
                        doc_set(m, kept[i], doc_copy(doc_get(in, kept[i])));
        return m;
}

void verbs_insert(struct store *s, const struct call *c, doc *d, struct reply *r) {
        _cleanup_doc_ doc *fresh = d;
        const struct resource *res = c->resource;
        doc *metadata = doc_object(fresh, "metadata");
        if (!*doc_string(metadata, "name") && *doc_string(metadata, "generateName"))
                verbs_generate_name(metadata);
        _cleanup_free_ char *name = doc_strdup(doc_string(metadata, "name"));
        struct invalid v = {0};
        if (!*name) {
                invalid_add(&v, "FieldValueRequired", "metadata.name",
                            "Required value: name or generateName is required");
                return reply_invalid(r, &v, res->storage->kind_name, res->storage->group, res->kind, "");
        }
        if (!verbs_check_namespace(s, c, name, r))
                return;
        doc_set(fresh, "metadata", verbs_new_metadata(metadata, c->ns, res->storage == resource_pods));
        validate_default(res->storage, fresh);
        validate(&v, res, fresh, NULL);
        if (v.n > 0)
                return reply_invalid(r, &v, res->storage->kind_name, res->storage->group, res->kind, name);
        struct object *o = store_find(s, res->storage, c->ns, name);
        if (o)
                return reply_exists(r, res, name, doc_get(o->doc, "metadata/deletionTimestamp") != NULL);
        o = store_insert(s, res->storage, c->ns, name, TAKE_PTR(fresh));
        reply_body(r, 201, resource_view(res, o->doc));
}

void verbs_create(struct store *s, const struct call *c, struct reply *r) {
        _cleanup_doc_ doc *d = verbs_decode_body(c, r);
        if (!d)
                return;
        const char *ns = doc_string(d, "metadata/namespace");
        if (*ns && !util_streq(ns, c->ns))
                return reply_bad_request(
                        r, "the namespace of the provided object does not match the namespace sent on the request");
        if (*doc_string(d, "metadata/resourceVersion") &&
            verbs_check_namespace(s, c, doc_string(d, "metadata/name"), r))
                return reply_status(r, 500, "", NULL, "resourceVersion should not be set on objects to be created");
        if (r->code == 0)
                verbs_insert(s, c, TAKE_PTR(d), r);
}
