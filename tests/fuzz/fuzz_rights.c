/* SPDX-License-Identifier: Apache-2.0 */
/* Reviews of rights: what is granted was asked for, a rule that names objects grants nothing about others, and the
 * bodies are JSON. The first byte chooses what is asked for; the rest is the answer, of either review; a Namespace is
 * read from it, too. */
#include "codec/namespace.h"
#include "codec/object.h"
#include "codec/rights.h"
#include "fuzz.h"

static const struct rights_ask asks[] = {
        {"", "configmaps", "app", 0}, {"", "configmaps", "", 0},          {"coordination.k8s.io", "leases", "l", 0},
        {"", "pods", "true", 0},      {"events.k8s.io", "events", "", 0}, {"", "namespaces", "7", 0},
};

static void build(const struct rights_ask *ask) {
        struct json_object *o = NULL;
        char *body[2] = {};
        int r[2] = {rights_build_rules("prod", &body[0]),
                    rights_build_access("prod", ask, ask->verbs & ~(ask->verbs - 1), &body[1])};

        for (size_t i = 0; i < 2; i++) {
                fuzz_assert(r[i] == 0 || (r[i] == -ENOMEM && fuzz_starved()));
                fuzz_assert(r[i] < 0 || object_parse(body[i], strlen(body[i]), &o, NULL) == 0 || fuzz_starved());
                json_object_put(o);
                free(r[i] < 0 ? NULL : body[i]);
                o = NULL;
        }
}

static void judge(const struct rights_rules *rules, struct rights_ask ask) {
        unsigned granted = rights_granted(rules, &ask), nameless;
        char text[400];
        const char *name;

        fuzz_assert((granted & ~ask.verbs) == 0);
        rights_format_verbs(ask.verbs, text, sizeof(text));
        fuzz_assert(*text);
        rights_format_rule(&ask, text, sizeof(text));
        fuzz_assert(strstr(text, ask.resource) && strstr(text, "verbs: ["));
        for (size_t i = 0; i < 4 && (name = rights_named(rules, ask.group, ask.resource, i)); i++)
                fuzz_assert(rights_name_objects(rules, ask.group, ask.resource));
        ask.name = "";
        nameless = rights_granted(rules, &ask);
        fuzz_assert(rights_name_objects(rules, ask.group, ask.resource) || nameless == granted);
        fuzz_assert((nameless & ~granted) == 0);
}

/* One rule, of which is known what it grants: all of it, or nothing. Two lines of the input are what it names. */
static void judge_one(struct fuzz f, const struct rights_ask *ask) {
        _cleanup_(rights_rules_freep) struct rights_rules *rules = NULL;
        uint8_t flags = fuzz_byte(&f);
        char json[600], group[64], name[64];
        bool granted;

        (void)fuzz_line(&f, group, sizeof(group));
        (void)fuzz_line(&f, name, sizeof(name));
        for (size_t i = 0; i < 64; i++) {
                group[i] = group[i] && !strchr("abcdefghijklmnopqrstuvwxyz./*", group[i]) ? 'x' : group[i];
                name[i] = name[i] && !strchr("abcdefghijklmnopqrstuvwxyz", name[i]) ? 'x' : name[i];
        }
        (void)snprintf(
                json, sizeof(json),
                "{\"kind\":\"SelfSubjectRulesReview\",\"apiVersion\":\"authorization.k8s.io/v1\",\"status\":{"
                "\"incomplete\":false,\"resourceRules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"%s\"],\"resources\":["
                "\"%s\"]%s%s%s}]}}",
                flags & 1 ? ask->group : group, flags & 2 ? ask->resource : "*",
                flags & 4 ? ",\"resourceNames\":[\"" : "",
                !(flags & 4) ? ""
                : flags & 8  ? ask->name
                             : name,
                flags & 4 ? "\"]" : "");
        if (rights_parse_rules(json, strlen(json), &rules, NULL) < 0) {
                fuzz_assert(fuzz_starved());
                return;
        }
        granted = (flags & 1 || util_streq(group, ask->group) || util_streq(group, "*")) &&
                  (!(flags & 4) || (*ask->name && (flags & 8 || util_streq(name, ask->name))));
        fuzz_assert(rights_granted(rules, ask) == (granted ? ask->verbs : 0));
}

void fuzz_one(const uint8_t *data, size_t size) {
        _cleanup_(rights_rules_freep) struct rights_rules *rules = NULL;
        struct fuzz f = {data, size};
        uint8_t choice = fuzz_byte(&f);
        struct rights_ask ask = asks[choice % ELEMENTSOF(asks)];
        char *json = fuzz_copy(f.p, f.n);
        struct namespace_object ns;
        struct err err = {};
        bool allowed;
        int r;

        ask.verbs = 1 + choice % 63;
        build(&ask);
        judge_one((struct fuzz){data, size}, &ask);
        r = rights_parse_rules(json, f.n, &rules, &err);
        fuzz_assert_result(r, &err);
        if (r == 0)
                judge(rules, ask);
        *err.text = '\0';
        fuzz_assert_result(rights_parse_access(json, f.n, &allowed, &err), &err);
        *err.text = '\0';
        r = namespace_parse(json, f.n, &ns, &err);
        fuzz_assert_result(r, &err);
        fuzz_assert(r < 0 || (*ns.name && *ns.uid));
        free(json);
}
