/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries to calls. What is no API path is told to the caller, nothing is answered here. */
#include "call.h"

#include <stdio.h>

const char *verb_to_string(enum verb v) {
        static const char *const names[] = {"get",    "list",  "watch",  "create",
                                            "update", "patch", "delete", "deletecollection"};
        return names[v];
}

static void call_copy(char *dst, size_t size, const char *src) {
        snprintf(dst, size, "%s", src);
}

/* "metadata.name=x,metadata.namespace=y" */
static void call_field_selector(struct call *c, const char *value) {
        char text[600], *save = NULL;
        call_copy(text, sizeof(text), value);
        for (char *term = strtok_r(text, ",", &save); term; term = strtok_r(NULL, ",", &save)) {
                char *eq = strchr(term, '=');
                const char *v = eq ? eq + 1 + (eq[1] == '=') : "";
                if (eq)
                        *eq = 0;
                if (eq && util_streq(term, "metadata.name"))
                        call_copy(c->select_name, sizeof(c->select_name), v);
                else if (eq && util_streq(term, "metadata.namespace"))
                        call_copy(c->select_ns, sizeof(c->select_ns), v);
                else
                        call_copy(c->field_selector_bad, sizeof(c->field_selector_bad), term);
        }
}

/* "key=value"; nothing else is understood. */
static void call_label_selector(struct call *c, const char *value) {
        const char *eq = strchr(value, '=');
        if (!eq || eq == value || value[strcspn(value, ",!() ")]) {
                call_copy(c->field_selector_bad, sizeof(c->field_selector_bad), "labelSelector");
                return;
        }
        snprintf(c->select_label, sizeof(c->select_label), "%.*s", (int)(eq - value), value);
        call_copy(c->select_value, sizeof(c->select_value), eq + 1 + (eq[1] == '='));
}

/* Go duration of one number and one unit: 300ms, 3s, 1m, 1h. 0 when it is none. */
static uint64_t call_duration(const char *s) {
        char *end = NULL;
        double n = strtod(s, &end);
        if (n <= 0 || end == s)
                return 0;
        static const struct {
                const char *unit;
                double usec;
        } units[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 6e7}, {"h", 3.6e9}};
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (util_streq(end, units[i].unit))
                        return (uint64_t)(n * units[i].usec);
        return 0;
}

static bool call_true(const char *v) {
        return util_streq(v, "true") || util_streq(v, "1") || util_streq(v, "");
}

static void call_query(struct call *c, const char *name, const char *value) {
        if (util_streq(name, "watch"))
                c->watch = call_true(value);
        else if (util_streq(name, "resourceVersion"))
                call_copy(c->rv, sizeof(c->rv), value);
        else if (util_streq(name, "resourceVersionMatch"))
                call_copy(c->rv_match, sizeof(c->rv_match), value);
        else if (util_streq(name, "allowWatchBookmarks"))
                c->bookmarks = call_true(value);
        else if (util_streq(name, "sendInitialEvents"))
                c->send_initial = call_true(value);
        else if (util_streq(name, "fieldSelector"))
                call_field_selector(c, value);
        else if (util_streq(name, "labelSelector") && *value)
                call_label_selector(c, value);
        else if (util_streq(name, "fieldValidation"))
                call_copy(c->field_validation, sizeof(c->field_validation), value);
        else if (util_streq(name, "timeout"))
                c->timeout_usec = call_duration(value);
        else if (util_streq(name, "timeoutSeconds")) {
                char *end = NULL;
                c->timeout_seconds = strtoull(value, &end, 10);
                c->bad_timeout_seconds = !*value || *end || *value == '-';
                call_copy(c->timeout_text, sizeof(c->timeout_text), value);
        }
        c->strict = util_streq(c->field_validation, "Strict");
}

static bool call_verb(struct call *c, struct reply *r, const char *method) {
        static const struct {
                const char *method;
                bool named;
                enum verb verb;
        } verbs[] = {{"GET", true, VERB_GET},
                     {"GET", false, VERB_LIST},
                     {"POST", false, VERB_CREATE},
                     {"PUT", true, VERB_UPDATE},
                     {"PATCH", true, VERB_PATCH},
                     {"DELETE", true, VERB_DELETE},
                     {"DELETE", false, VERB_DELETE_COLLECTION}};
        bool is_token = c->resource == resource_tokens, named = *c->name != 0 && !is_token;
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (util_streq(method, verbs[i].method) && verbs[i].named == named &&
                    (!is_token || verbs[i].verb == VERB_CREATE)) {
                        c->verb = verbs[i].verb;
                        if (c->verb == VERB_LIST && c->watch)
                                c->verb = VERB_WATCH;
                        if (*c->select_label && c->verb != VERB_LIST)
                                call_copy(c->field_selector_bad, sizeof(c->field_selector_bad), "labelSelector");
                        bool whole_cluster = c->resource->namespaced && !*c->ns;
                        if (!whole_cluster || c->verb == VERB_LIST || c->verb == VERB_WATCH)
                                return true;
                }
        reply_status(r, 405, "MethodNotAllowed", json_object_new_object(),
                     "the server does not allow this method on the requested resource");
        return false;
}

/* Splits the path in place; a trailing slash counts as an empty part and so matches nothing. */
static size_t call_split(char *path, char *parts[], size_t max) {
        size_t n = 0;
        for (char *p = path; p && n < max; n++) {
                parts[n] = p;
                p = strchr(p, '/');
                if (p)
                        *p++ = 0;
        }
        return n;
}

bool call_parse(struct call *c, struct reply *r, const char *method, const char *path, const struct query *queries,
                size_t n_queries) {
        char copy[1024], *parts[9];
        *c = (struct call){0};
        for (size_t i = 0; i < n_queries; i++)
                call_query(c, queries[i].name, queries[i].value ? queries[i].value : "");
        call_copy(copy, sizeof(copy), *path == '/' ? path + 1 : path);
        size_t n = call_split(copy, parts, ELEMENTSOF(parts)), i = 0;
        const char *group = "", *version = NULL;
        if (n >= 3 && util_streq(parts[0], "api")) {
                version = parts[1];
                i = 2;
        } else if (n >= 4 && util_streq(parts[0], "apis")) {
                group = parts[1];
                version = parts[2];
                i = 3;
        } else {
                reply_text(r, 404, "404 page not found\n");
                return false;
        }
        if (util_streq(parts[i], "namespaces") && n - i >= 3) {
                call_copy(c->ns, sizeof(c->ns), parts[i + 1]);
                i += 2;
        }
        if (n - i == 3 && util_streq(parts[i], "serviceaccounts") && util_streq(parts[i + 2], "token")) {
                parts[i] = (char *)resource_tokens->plural;
                n--;
        }
        c->resource = resource_find(group, version, parts[i]);
        if (c->resource && n - i == 2)
                call_copy(c->name, sizeof(c->name), parts[i + 1]);
        if (!c->resource || n - i > 2 || (n - i == 2 && !*c->name) || (!c->resource->namespaced && *c->ns)) {
                reply_status(r, 404, "NotFound", json_object_new_object(),
                             "the server could not find the requested resource");
                return false;
        }
        return call_verb(c, r, method);
}
