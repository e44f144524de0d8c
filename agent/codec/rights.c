/* SPDX-License-Identifier: Apache-2.0 */
/* Reviews of authorization.k8s.io/v1 as JSON, and RBAC's rule for a rule that matches: '*' or the very word, in each of
 * verbs, apiGroups and resources; no resourceNames, or the name among them. */
#include "codec/rights.h"

#include <errno.h>
#include <stdio.h>

#include "codec/object.h"

#define API_VERSION "authorization.k8s.io/v1"

static const struct {
        unsigned bit;
        const char *word;
} verbs[] = {
        {RIGHTS_CREATE, "create"}, {RIGHTS_GET, "get"},     {RIGHTS_WATCH, "watch"},
        {RIGHTS_UPDATE, "update"}, {RIGHTS_PATCH, "patch"}, {RIGHTS_DELETE, "delete"},
};

struct rights_rules {
        struct json_object *root;
};

struct rights_rules *rights_rules_free(struct rights_rules *r) {
        if (!r)
                return NULL;
        json_object_put(r->root);
        free(r);
        return NULL;
}

/* ---- asking ---- */

/* Without memory *ret_spec is NULL, to which nothing can be added. */
static struct json_object *review(const char *kind, struct json_object **ret_spec) {
        struct json_object *root = json_object_new_object();

        *ret_spec = NULL;
        if (object_add_string(root, "apiVersion", API_VERSION) && object_add_string(root, "kind", kind))
                *ret_spec = object_add_object(root, "spec");
        return root;
}

int rights_build_rules(const char *ns, char **ret) {
        struct json_object *spec;
        _cleanup_(json_object_putp) struct json_object *root = review("SelfSubjectRulesReview", &spec);

        return object_add_string(spec, "namespace", ns) ? object_to_text(root, ret) : -ENOMEM;
}

int rights_build_access(const char *ns, const struct rights_ask *ask, unsigned verb, char **ret) {
        struct json_object *spec, *what;
        _cleanup_(json_object_putp) struct json_object *root = review("SelfSubjectAccessReview", &spec);
        bool ok;

        what = object_add_object(spec, "resourceAttributes");
        ok = object_add_string(what, "namespace", ns) && object_add_string(what, "group", ask->group) &&
             object_add_string(what, "resource", ask->resource);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (verbs[i].bit == verb)
                        ok = ok && object_add_string(what, "verb", verbs[i].word);
        if (*ask->name)
                ok = ok && object_add_string(what, "name", ask->name);
        return ok ? object_to_text(root, ret) : -ENOMEM;
}

/* ---- answers ---- */

static int parse(const char *json, size_t n, const char *kind, struct json_object **ret, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;
        char text[64];
        int r = object_parse(json, n, &root, err);

        if (r < 0)
                return r;
        if (object_get_string(root, "kind", text, sizeof(text)) <= 0 || !util_streq(text, kind))
                return err_setf(err, -EBADMSG, "not a %s", kind);
        if (!json_object_is_type(object_get(root, "status"), json_type_object))
                return err_setf(err, -EBADMSG, "%s without status", kind);
        *ret = TAKE_PTR(root);
        return 0;
}

int rights_parse_rules(const char *json, size_t n, struct rights_rules **ret, struct err *err) {
        struct rights_rules *rules = calloc(1, sizeof(*rules));
        int r = rules ? parse(json, n, "SelfSubjectRulesReview", &rules->root, err) : -ENOMEM;

        if (r < 0)
                rights_rules_free(rules);
        else
                *ret = rules;
        return r;
}

int rights_parse_access(const char *json, size_t n, bool *ret_allowed, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;
        struct json_object *allowed;
        int r = parse(json, n, "SelfSubjectAccessReview", &root, err);

        if (r < 0)
                return r;
        allowed = object_get(object_get(root, "status"), "allowed");
        if (!json_object_is_type(allowed, json_type_boolean))
                return err_setf(err, -EBADMSG, "SelfSubjectAccessReview that does not say whether it is allowed");
        *ret_allowed = json_object_get_boolean(allowed);
        return 0;
}

/* ---- matching ---- */

static bool holds(struct json_object *rule, const char *key, const char *word, bool wildcard) {
        struct json_object *list = object_get(rule, key);

        if (!json_object_is_type(list, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                struct json_object *o = json_object_array_get_idx(list, i);
                const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;

                if (s && (util_streq(s, word) || (wildcard && util_streq(s, "*"))))
                        return true;
        }
        return false;
}

static struct json_object *rules_of(const struct rights_rules *r) {
        struct json_object *list = object_get(object_get(r->root, "status"), "resourceRules");

        return json_object_is_type(list, json_type_array) ? list : NULL;
}

static bool about(struct json_object *rule, const char *group, const char *resource) {
        return holds(rule, "apiGroups", group, true) && holds(rule, "resources", resource, true);
}

/* Anything there that is not an empty list restricts. */
static bool names_objects(struct json_object *rule) {
        struct json_object *names = object_get(rule, "resourceNames");

        return names && !(json_object_is_type(names, json_type_array) && json_object_array_length(names) == 0);
}

unsigned rights_granted(const struct rights_rules *r, const struct rights_ask *ask) {
        struct json_object *list = rules_of(r);
        unsigned granted = 0;

        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                struct json_object *rule = json_object_array_get_idx(list, i);

                if (!about(rule, ask->group, ask->resource) ||
                    (names_objects(rule) && (!*ask->name || !holds(rule, "resourceNames", ask->name, false))))
                        continue;
                for (size_t v = 0; v < ELEMENTSOF(verbs); v++)
                        if (ask->verbs & verbs[v].bit && holds(rule, "verbs", verbs[v].word, true))
                                granted |= verbs[v].bit;
        }
        return granted;
}

bool rights_name_objects(const struct rights_rules *r, const char *group, const char *resource) {
        struct json_object *list = rules_of(r);

        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                struct json_object *rule = json_object_array_get_idx(list, i);

                if (about(rule, group, resource) && names_objects(rule))
                        return true;
        }
        return false;
}

const char *rights_named(const struct rights_rules *r, const char *group, const char *resource, size_t i) {
        struct json_object *list = rules_of(r);

        for (size_t k = 0; list && k < json_object_array_length(list); k++) {
                struct json_object *rule = json_object_array_get_idx(list, k);
                struct json_object *names = object_get(rule, "resourceNames");

                if (!about(rule, group, resource) || !holds(rule, "verbs", "get", true) ||
                    !json_object_is_type(names, json_type_array))
                        continue;
                for (size_t m = 0; m < json_object_array_length(names); m++) {
                        struct json_object *o = json_object_array_get_idx(names, m);

                        if (json_object_is_type(o, json_type_string) && i-- == 0)
                                return json_object_get_string(o);
                }
        }
        return NULL;
}

/* ---- words ---- */

static size_t append(char *buf, size_t size, size_t n, const char *text) {
        int k = n < size ? snprintf(buf + n, size - n, "%s", text) : 0;

        return n + (k > 0 ? (size_t)k : 0);
}

static void list_verbs(unsigned mask, const char *last, char *buf, size_t size) {
        size_t n = 0;

        buf[0] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (!(mask & verbs[i].bit))
                        continue;
                mask &= ~verbs[i].bit;
                if (n)
                        n = append(buf, size, n, mask ? ", " : last);
                n = append(buf, size, n, verbs[i].word);
        }
}

void rights_format_verbs(unsigned asked, char *buf, size_t size) {
        list_verbs(asked, " and ", buf, size);
}

/* A name that YAML would take for something else than a text. (Names are lower case, digits, '-' and '.'.) */
static bool must_be_quoted(const char *name) {
        static const char *const words[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (util_streq(name, words[i]))
                        return true;
        return *name >= '0' && *name <= '9';
}

void rights_format_rule(const struct rights_ask *ask, char *buf, size_t size) {
        const char *quote = must_be_quoted(ask->name) ? "\"" : "";
        char list[128];

        list_verbs(ask->verbs, ", ", list, sizeof(list));
        (void)snprintf(buf, size, "- {apiGroups: [%s], resources: [%s]%s%s%s%s%s, verbs: [%s]}",
                       *ask->group ? ask->group : "\"\"", ask->resource, *ask->name ? ", resourceNames: [" : "",
                       *ask->name ? quote : "", ask->name, *ask->name ? quote : "", *ask->name ? "]" : "", list);
}
