/* SPDX-License-Identifier: Apache-2.0 */
/* GET and LIST, always fresh. */
#include <inttypes.h>
#include <stdio.h>

#include "verbs_internal.h"

bool verbs_selects(const struct call *c, const char *ns, const char *name) {
        return (!*c->ns || util_streq(c->ns, ns)) && (!*c->select_ns || util_streq(c->select_ns, ns)) &&
               (!*c->select_name || util_streq(c->select_name, name));
}

bool verbs_check_query(const struct call *c, struct reply *r) {
        if (*c->field_selector_bad) {
                reply_bad_request(
                        r, "\"%s\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
                        c->field_selector_bad);
                return false;
        }
        if (c->bad_timeout_seconds) {
                reply_bad_request(r, "strconv.ParseInt: parsing \"%s\": invalid syntax", c->timeout_text);
                return false;
        }
        return true;
}

/* A read "at least as new as": in the future it fails as on a cache that lags behind. */
static bool verbs_check_rv(const struct store *s, const struct call *c, struct reply *r) {
        char *end = NULL;
        if (!*c->rv)
                return true;
        uint64_t rv = strtoull(c->rv, &end, 10);
        if (*end || *c->rv == '-') {
                reply_bad_request(
                        r,
                        "invalid resource version: resourceVersion: Invalid value: \"%s\": strconv.ParseUint: "
                        "parsing \"%s\": invalid syntax",
                        c->rv, c->rv);
                return false;
        }
        if (rv <= s->rv)
                return true;
        doc *cause = json_object_new_object(), *causes = json_object_new_array(), *details = json_object_new_object();
        doc_set_string(cause, "reason", "ResourceVersionTooLarge");
        doc_set_string(cause, "message", "Too large resource version");
        json_object_array_add(causes, cause);
        doc_set(details, "causes", causes);
        doc_set(details, "retryAfterSeconds", json_object_new_int(1));
        reply_status(r, 504, "Timeout", details, "Timeout: Too large resource version: %" PRIu64 ", current: %" PRIu64,
                     rv, s->rv);
        r->retry_after = 1;
        return false;
}

void verbs_get(struct store *s, const struct call *c, struct reply *r) {
        if (!verbs_check_rv(s, c, r))
                return;
        struct object *o = store_find(s, c->resource->storage, c->ns, c->name);
        if (!o)
                return reply_not_found(r, c->resource, c->name);
        reply_body(r, 200, resource_view(c->resource, o->doc));
}

static bool verbs_selects_label(const struct call *c, doc *d) {
        if (!*c->select_label)
                return true;
        /* A label's name may hold a '/': no path. */
        doc *labels = doc_get(d, "metadata/labels"), *value = NULL;
        return json_object_object_get_ex(labels, c->select_label, &value) &&
               util_streq(json_object_get_string(value), c->select_value);
}

void verbs_list(struct store *s, const struct call *c, struct reply *r) {
        if (!verbs_check_query(c, r) || !verbs_check_rv(s, c, r))
                return;
        char rv[24];
        _cleanup_free_ char *kind = doc_printf("%sList", c->resource->kind);
        doc *list = json_object_new_object(), *items = json_object_new_array();
        doc_set_string(list, "kind", kind);
        doc_set_string(list, "apiVersion", c->resource->api_version);
        snprintf(rv, sizeof(rv), "%" PRIu64, s->rv);
        doc_set_string(doc_object(list, "metadata"), "resourceVersion", rv);
        doc_set(list, "items", items);
        for (struct object *o = s->objects; o; o = o->next) {
                if (o->resource != c->resource->storage || !verbs_selects(c, o->ns, o->name) ||
                    !verbs_selects_label(c, o->doc))
                        continue;
                _cleanup_doc_ doc *view = resource_view(c->resource, o->doc);
                doc *item = doc_copy(view);
                json_object_object_del(item, "kind");
                json_object_object_del(item, "apiVersion");
                json_object_array_add(items, item);
        }
        reply_body(r, 200, list);
}
