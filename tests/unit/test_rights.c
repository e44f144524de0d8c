/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and rights: what a rule grants, as RBAC has it, and what an answer that is none grants: nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/rights.h"

#define CORE                ""
#define LEASES              "coordination.k8s.io"
#define EVERY               (RIGHTS_CREATE | RIGHTS_GET | RIGHTS_WATCH | RIGHTS_UPDATE | RIGHTS_PATCH | RIGHTS_DELETE)
#define OF_LOCK             (RIGHTS_GET | RIGHTS_WATCH | RIGHTS_PATCH | RIGHTS_DELETE)
#define RULE(v, g, r, more) "{\"verbs\":" v ",\"apiGroups\":" g ",\"resources\":" r more "}"
#define APP                 ",\"resourceNames\":[\"app\"]"

static struct rights_rules *rules(const char *list) {
        struct rights_rules *r = NULL;
        char *json = NULL;

        assert_true(asprintf(&json,
                             "{\"kind\":\"SelfSubjectRulesReview\",\"apiVersion\":\"authorization.k8s.io/v1\","
                             "\"metadata\":{},\"spec\":{},\"status\":{\"resourceRules\":%s,\"nonResourceRules\":[],"
                             "\"incomplete\":false}}\n",
                             list) > 0);
        assert_int_equal(rights_parse_rules(json, strlen(json), &r, NULL), 0);
        free(json);
        return r;
}

static void test_granted(_unused_ void **state) {
        static const struct {
                const char *rules;
                const char *group, *resource, *name;
                unsigned asked, granted;
        } table[] = {
                /* conf/rbac.yaml */
                {"[" RULE("[\"create\"]", "[\"\"]", "[\"configmaps\"]", "") "]", CORE, "configmaps", "", RIGHTS_CREATE,
                 RIGHTS_CREATE},
                {"[" RULE("[\"get\",\"list\",\"watch\",\"patch\",\"delete\"]", "[\"\"]", "[\"configmaps\"]", APP) "]",
                 CORE, "configmaps", "app", OF_LOCK, OF_LOCK},
                {"[" RULE("[\"get\",\"list\",\"watch\",\"patch\",\"delete\"]", "[\"\"]", "[\"configmaps\"]", APP) "]",
                 CORE, "configmaps", "ap", OF_LOCK, 0},
                {"[" RULE("[\"get\",\"watch\"]", "[\"\"]", "[\"configmaps\"]", APP) "," //
                 RULE("[\"delete\"]", "[\"\"]", "[\"secrets\",\"configmaps\"]", "") "]",
                 CORE, "configmaps", "app", OF_LOCK, RIGHTS_GET | RIGHTS_WATCH | RIGHTS_DELETE},
                /* a name is no name of a creation, nor of whatever its name */
                {"[" RULE("[\"*\"]", "[\"\"]", "[\"configmaps\"]", APP) "]", CORE, "configmaps", "", EVERY, 0},
                {"[" RULE("[\"*\"]", "[\"\"]", "[\"configmaps\"]", ",\"resourceNames\":[\"\"]") "]", CORE, "configmaps",
                 "", EVERY, 0},
                /* '*', but not for a name */
                {"[" RULE("[\"*\"]", "[\"*\"]", "[\"*\"]", "") "]", LEASES, "leases", "x", EVERY, EVERY},
                {"[" RULE("[\"*\"]", "[\"*\"]", "[\"*\"]", ",\"resourceNames\":[]") "]", LEASES, "leases", "x", EVERY,
                 EVERY},
                {"[" RULE("[\"*\"]", "[\"*\"]", "[\"*\"]", ",\"resourceNames\":null") "]", LEASES, "leases", "x", EVERY,
                 EVERY},
                {"[" RULE("[\"*\"]", "[\"*\"]", "[\"*\"]", ",\"resourceNames\":[\"*\"]") "]", LEASES, "leases", "x",
                 EVERY, 0},
                /* the group counts, a subresource is another resource */
                {"[" RULE("[\"*\"]", "[\"\"]", "[\"leases\"]", "") "]", LEASES, "leases", "x", EVERY, 0},
                {"[" RULE("[\"*\"]", "[\"coordination.k8s.io\"]", "[\"configmaps\"]", "") "]", CORE, "configmaps", "x",
                 EVERY, 0},
                {"[" RULE("[\"*\"]", "[\"\"]", "[\"pods/status\",\"*/scale\"]", "") "]", CORE, "pods", "x", EVERY, 0},
                {"[" RULE("[\"Get\",\"get \",\"g*\"]", "[\"\"]", "[\"pods\"]", "") "]", CORE, "pods", "x", EVERY, 0},
                /* nothing that a server says */
                {"[]", CORE, "pods", "x", EVERY, 0},
                {"null", CORE, "pods", "x", EVERY, 0},
                {"{}", CORE, "pods", "x", EVERY, 0},
                {"[null,7,\"*\",[]]", CORE, "pods", "x", EVERY, 0},
                {"[" RULE("\"*\"", "[\"*\"]", "[\"*\"]", "") "]", CORE, "pods", "x", EVERY, 0},
                {"[" RULE("[null,1]", "[\"*\"]", "[\"*\"]", "") "]", CORE, "pods", "x", EVERY, 0},
                {"[" RULE("[\"*\"]", "null", "[\"*\"]", "") "]", CORE, "pods", "x", EVERY, 0},
                {"[" RULE("[\"*\"]", "[\"*\"]", "[\"*\"]", ",\"resourceNames\":{}") "]", CORE, "pods", "x", EVERY, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct rights_rules *r = rules(table[i].rules);
                unsigned granted = rights_granted(r, &(struct rights_ask){.group = table[i].group,
                                                                          .resource = table[i].resource,
                                                                          .name = table[i].name,
                                                                          .verbs = table[i].asked});

                if (granted != table[i].granted)
                        fail_msg("%s: %x", table[i].rules, granted);
                rights_rules_free(r);
        }
}

static void test_names(_unused_ void **state) {
        struct rights_rules *r = rules("[" RULE("[\"create\"]", "[\"coordination.k8s.io\"]", "[\"leases\"]", "") "," //
                                       RULE("[\"get\"]", "[\"\"]", "[\"configmaps\"]", APP) "]");

        assert_false(rights_name_objects(r, LEASES, "leases"));
        assert_true(rights_name_objects(r, CORE, "configmaps"));
        assert_false(rights_name_objects(r, CORE, "pods"));
        assert_string_equal(rights_named(r, CORE, "configmaps", 0), "app");
        assert_null(rights_named(r, CORE, "configmaps", 1));
        assert_null(rights_named(r, LEASES, "leases", 0));
        assert_null(rights_named(r, CORE, "pods", 0));
        rights_rules_free(r);
}

static void test_no_answers(_unused_ void **state) {
        static const char *const table[] = {
                "",
                "{}",
                "[]",
                "null",
                "{\"kind\":\"SelfSubjectRulesReview\"}",
                "{\"kind\":\"SelfSubjectRulesReview\",\"status\":[]}",
                "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{}}",
                "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":\"true\"}}",
                "{\"kind\":\"SelfSubjectAccessReview\",\"status\":{\"allowed\":1}}",
                "{\"kind\":\"Status\",\"status\":{\"allowed\":true,\"resourceRules\":[]}}",
                "<html></html>",
        };
        struct rights_rules *r = NULL;
        bool allowed;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                assert_int_equal(rights_parse_rules(table[i], strlen(table[i]), &r, NULL), -EBADMSG);
                assert_int_equal(rights_parse_access(table[i], strlen(table[i]), &allowed, NULL), -EBADMSG);
        }
}

static void access_is(const char *status, bool expected) {
        _cleanup_free_ char *json = NULL;
        bool allowed = !expected;

        assert_true(asprintf(&json, "{\"kind\":\"SelfSubjectAccessReview\",\"status\":%s}", status) > 0);
        assert_int_equal(rights_parse_access(json, strlen(json), &allowed, NULL), 0);
        assert_int_equal(allowed, expected);
}

static void test_bodies(_unused_ void **state) {
        const struct rights_ask ask = {.group = LEASES, .resource = "leases", .name = "x", .verbs = EVERY},
                                create = {.group = CORE, .resource = "configmaps", .name = ""};
        _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;

        assert_int_equal(rights_build_rules("prod", &a), 0);
        assert_string_equal(a, "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectRulesReview\","
                               "\"spec\":{\"namespace\":\"prod\"}}");
        assert_int_equal(rights_build_access("prod", &ask, RIGHTS_DELETE, &b), 0);
        assert_string_equal(b, "{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SelfSubjectAccessReview\","
                               "\"spec\":{\"resourceAttributes\":{\"namespace\":\"prod\",\"group\":\"coordination.k8s."
                               "io\",\"resource\":\"leases\",\"verb\":\"delete\",\"name\":\"x\"}}}");
        assert_int_equal(rights_build_access("prod", &create, RIGHTS_CREATE, &c), 0);
        assert_null(strstr(c, "name\":\"\""));
        access_is("{\"allowed\":true}", true);
        access_is("{\"allowed\":false,\"denied\":true,\"reason\":\"\"}", false);
}

static void test_words(_unused_ void **state) {
        static const struct {
                struct rights_ask ask;
                const char *verbs, *rule;
        } table[] = {
                {{CORE, "configmaps", "app", RIGHTS_PATCH | RIGHTS_DELETE},
                 "patch and delete",
                 "- {apiGroups: [\"\"], resources: [configmaps], resourceNames: [app], verbs: [patch, delete]}"},
                {{CORE, "configmaps", "", RIGHTS_CREATE},
                 "create",
                 "- {apiGroups: [\"\"], resources: [configmaps], verbs: [create]}"},
                {{LEASES, "leases", "leader-agent-web-1-3f9a02c7", RIGHTS_GET | RIGHTS_UPDATE | RIGHTS_DELETE},
                 "get, update and delete",
                 "- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: "
                 "[leader-agent-web-1-3f9a02c7], verbs: [get, update, delete]}"},
                /* what YAML would not take for a text */
                {{CORE, "pods", "123", RIGHTS_GET},
                 "get",
                 "- {apiGroups: [\"\"], resources: [pods], resourceNames: [\"123\"], verbs: [get]}"},
                {{CORE, "pods", "1e3", RIGHTS_GET},
                 "get",
                 "- {apiGroups: [\"\"], resources: [pods], resourceNames: [\"1e3\"], verbs: [get]}"},
                {{CORE, "pods", "on", RIGHTS_GET},
                 "get",
                 "- {apiGroups: [\"\"], resources: [pods], resourceNames: [\"on\"], verbs: [get]}"},
        };
        char text[400];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                rights_format_verbs(table[i].ask.verbs, text, sizeof(text));
                assert_string_equal(text, table[i].verbs);
                rights_format_rule(&table[i].ask, text, sizeof(text));
                assert_string_equal(text, table[i].rule);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_granted), cmocka_unit_test(test_names), cmocka_unit_test(test_no_answers),
                cmocka_unit_test(test_bodies),  cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
