/* SPDX-License-Identifier: Apache-2.0 */
/* The status document, read back with json-c: each field under its name, nothing lost in escaping, NULL is "". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "codec/report.h"

static struct json_object *build(const struct report *r) {
        _cleanup_free_ char *text = NULL;
        struct json_object *o;

        assert_int_equal(report_build(r, &text), 0);
        assert_non_null(text);
        assert_null(strchr(text, '\n'));
        o = json_tokener_parse(text);
        assert_non_null(o);
        return o;
}

static struct json_object *member(struct json_object *o, const char *key) {
        struct json_object *v = NULL;

        if (!json_object_object_get_ex(o, key, &v))
                fail_msg("no member '%s'", key);
        return v;
}

static void text_is(struct json_object *o, const char *key, const char *expected) {
        assert_true(json_object_is_type(member(o, key), json_type_string));
        assert_string_equal(json_object_get_string(member(o, key)), expected);
}

static void test_all_fields(void **state) {
        const struct report_lock locks[] = {
                {.lock = "default/myapp-operator-lock",
                 .unit = "myapp-operator.service",
                 .tenure = "lease",
                 .next_tenure = "life",
                 .role = "leading",
                 .unit_state = "running",
                 .unit_restarts = 3,
                 .holder = "web-1",
                 .holder_identity = "web-1-3f9a02c7",
                 .since = "2030-01-02T03:04:05Z",
                 .acquired = "2030-01-02T03:04:00Z",
                 .term = "4711",
                 .lock_uid = "8c5f6a3e-6b1c-4b57-9a5e-1f9d3c7a2b10",
                 .reason = "asked to step down",
                 .next = "renews in 2 s",
                 .valid_until = "2030-01-02T03:04:13Z",
                 .last_heartbeat = "2030-01-02T03:04:12Z"},
                {.lock = "other/lock"},
        };
        const struct report_right right = {.namespace_ = "prod",
                                           .what = "create of configmaps",
                                           .means = "this host cannot win a lock",
                                           .rule = "- {apiGroups: [\"\"], resources: [configmaps], verbs: [create]}"};
        const struct report_trouble trouble = {
                .kind = "api-unreachable", .since = "2030-01-02T03:04:07Z", .text = "API UNREACHABLE"};
        const struct report r = {.version = "0.1.0",
                                 .identity = "web-1-3f9a02c7",
                                 .server = "https://10.0.0.1:6443/k8s/clusters/c-1",
                                 .last_contact = "2030-01-02T03:04:06Z",
                                 .api_error = "read: timed out",
                                 .missing_rights = &right,
                                 .n_missing_rights = 1,
                                 .guard_connected = true,
                                 .guard_error = "none",
                                 .guard_breaks = 3,
                                 .troubles = &trouble,
                                 .n_troubles = 1,
                                 .locks = locks,
                                 .n_locks = ELEMENTSOF(locks)};
        struct json_object *o = build(&r), *l;

        (void)state;
        assert_int_equal(json_object_get_int(member(o, "format")), REPORT_FORMAT);
        assert_int_equal(json_object_array_length(member(o, "troubles")), 1);
        l = json_object_array_get_idx(member(o, "troubles"), 0);
        text_is(l, "kind", "api-unreachable");
        text_is(l, "since", "2030-01-02T03:04:07Z");
        text_is(l, "text", "API UNREACHABLE");
        text_is(o, "version", "0.1.0");
        text_is(o, "identity", "web-1-3f9a02c7");
        text_is(member(o, "api"), "server", "https://10.0.0.1:6443/k8s/clusters/c-1");
        text_is(member(o, "api"), "lastContact", "2030-01-02T03:04:06Z");
        text_is(member(o, "api"), "error", "read: timed out");
        assert_int_equal(json_object_array_length(member(member(o, "api"), "missingRights")), 1);
        l = json_object_array_get_idx(member(member(o, "api"), "missingRights"), 0);
        text_is(l, "namespace", "prod");
        text_is(l, "what", "create of configmaps");
        text_is(l, "means", "this host cannot win a lock");
        text_is(l, "rule", "- {apiGroups: [\"\"], resources: [configmaps], verbs: [create]}");
        assert_true(json_object_is_type(member(member(o, "guard"), "connected"), json_type_boolean));
        assert_true(json_object_get_boolean(member(member(o, "guard"), "connected")));
        text_is(member(o, "guard"), "error", "none");
        assert_true(json_object_is_type(member(member(o, "guard"), "breaks"), json_type_int));
        assert_int_equal(json_object_get_int(member(member(o, "guard"), "breaks")), 3);
        assert_int_equal(json_object_array_length(member(o, "locks")), 2);
        l = json_object_array_get_idx(member(o, "locks"), 0);
        text_is(l, "lock", "default/myapp-operator-lock");
        text_is(l, "unit", "myapp-operator.service");
        text_is(l, "tenure", "lease");
        text_is(l, "nextTenure", "life");
        text_is(l, "role", "leading");
        text_is(l, "unitState", "running");
        assert_int_equal(json_object_get_int(json_object_object_get(l, "unitRestarts")), 3);
        text_is(l, "holder", "web-1");
        text_is(l, "holderIdentity", "web-1-3f9a02c7");
        text_is(l, "since", "2030-01-02T03:04:05Z");
        text_is(l, "acquired", "2030-01-02T03:04:00Z");
        text_is(l, "term", "4711");
        text_is(l, "lockUid", "8c5f6a3e-6b1c-4b57-9a5e-1f9d3c7a2b10");
        text_is(l, "reason", "asked to step down");
        text_is(l, "next", "renews in 2 s");
        text_is(l, "lastHeartbeat", "2030-01-02T03:04:12Z");
        text_is(l, "validUntil", "2030-01-02T03:04:13Z");
        l = json_object_array_get_idx(member(o, "locks"), 1);
        text_is(l, "lock", "other/lock");
        text_is(l, "holder", "");
        text_is(l, "validUntil", "");
        json_object_put(o);
}

static void test_empty(void **state) {
        const struct report r = {.version = "0.1.0"};
        struct json_object *o = build(&r);

        (void)state;
        text_is(o, "identity", "");
        assert_int_equal(json_object_array_length(member(o, "troubles")), 0);
        text_is(member(o, "api"), "lastContact", "");
        assert_false(json_object_get_boolean(member(member(o, "guard"), "connected")));
        assert_true(json_object_is_type(member(o, "locks"), json_type_array));
        assert_int_equal(json_object_array_length(member(o, "locks")), 0);
        json_object_put(o);
}

/* Texts of others come through unharmed. */
static void test_escaping(void **state) {
        static const char nasty[] = "a \"quoted\" \\ line\nand\ttab, \x01, </script>, \xc3\xa9";
        const struct report r = {.version = nasty, .api_error = nasty, .guard_error = nasty};
        struct json_object *o = build(&r);

        (void)state;
        text_is(o, "version", nasty);
        text_is(member(o, "api"), "error", nasty);
        text_is(member(o, "guard"), "error", nasty);
        json_object_put(o);
}

static void test_many_locks(void **state) {
        struct report_lock locks[300] = {};
        const struct report r = {.version = "1", .locks = locks, .n_locks = ELEMENTSOF(locks)};
        struct json_object *o;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(locks); i++)
                locks[i].unit = i % 2 ? "odd" : "even";
        o = build(&r);
        assert_int_equal(json_object_array_length(member(o, "locks")), ELEMENTSOF(locks));
        for (size_t i = 0; i < ELEMENTSOF(locks); i++)
                text_is(json_object_array_get_idx(member(o, "locks"), i), "unit", i % 2 ? "odd" : "even");
        json_object_put(o);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_fields),
                cmocka_unit_test(test_empty),
                cmocka_unit_test(test_escaping),
                cmocka_unit_test(test_many_locks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
