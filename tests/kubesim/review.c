/* SPDX-License-Identifier: Apache-2.0 */
/* SelfSubjectRulesReview and SelfSubjectAccessReview. A rule cannot say what is denied for one name only: such a verb
 * is left out of the rules, which are said to be incomplete then, as of an authorizer that cannot list them. */
#include "review.h"

#define GROUP "authorization.k8s.io"

static const char *const verbs[] = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"};

bool review_is(const struct call *c) {
        return util_streq(c->resource->group, GROUP);
}

static doc *review_list(const char *word) {
        doc *list = json_object_new_array();
        json_object_array_add(list, json_object_new_string(word));
        return list;
}

/* The verbs of a resource that no denial takes, or touches for some name. */
static doc *review_rule(const struct auth *a, const char *user, const struct resource *res, bool *incomplete) {
        doc *rule = json_object_new_object(), *list = json_object_new_array();
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                enum auth_denied denied = auth_denies(a, user, verbs[i], res->plural);
                *incomplete = *incomplete || denied == AUTH_DENIED_FOR_NAMES;
                if (denied == AUTH_NOT_DENIED)
                        json_object_array_add(list, json_object_new_string(verbs[i]));
        }
        doc_set(rule, "verbs", list);
        doc_set(rule, "apiGroups", review_list(res->group));
        doc_set(rule, "resources", review_list(res->plural));
        return rule;
}

static doc *review_rules(const struct auth *a, const char *user) {
        doc *status = json_object_new_object(), *list = json_object_new_array(), *none = json_object_new_array();
        bool incomplete = false;
        const struct resource *res;
        for (size_t i = 0; (res = resource_at(i)); i++)
                json_object_array_add(list, review_rule(a, user, res, &incomplete));
        doc_set(status, "resourceRules", list);
        doc_set(status, "nonResourceRules", none);
        doc_set(status, "incomplete", json_object_new_boolean(incomplete));
        return status;
}

static doc *review_access(const struct auth *a, const char *user, doc *spec) {
        doc *status = json_object_new_object();
        bool allowed =
                auth_may(a, user, doc_string(spec, "resourceAttributes/verb"),
                         doc_string(spec, "resourceAttributes/resource"), doc_string(spec, "resourceAttributes/name"));
        doc_set(status, "allowed", json_object_new_boolean(allowed));
        return status;
}

void review_execute(const struct auth *a, const struct call *c, struct reply *r) {
        _cleanup_doc_ doc *body = doc_parse(c->body, c->body_size);
        bool rules = util_streq(c->resource->kind, "SelfSubjectRulesReview");
        doc *spec = doc_get(body, "spec"), *answer;
        if (!spec || !util_streq(doc_string(body, "kind"), c->resource->kind) ||
            (rules ? !*doc_string(spec, "namespace") : !doc_get(spec, "resourceAttributes")))
                return reply_bad_request(r, "kubesim: not a %s with all that it needs", c->resource->kind);
        answer = json_object_new_object();
        doc_set_string(answer, "kind", c->resource->kind);
        doc_set_string(answer, "apiVersion", c->resource->api_version);
        doc_set(answer, "metadata", json_object_new_object());
        doc_set(answer, "spec", rules ? json_object_new_object() : doc_copy(spec));
        doc_set(answer, "status", rules ? review_rules(a, c->user) : review_access(a, c->user, spec));
        reply_body(r, 201, answer);
}
