/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of locks, and the record of a fence in the lock and in its successor. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "codec/lock.h"
#include "codec/object.h"

#define META(name) "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\"}"

static int parse(const char *json, struct lock_object **ret, size_t *ret_n, struct err *err) {
        *ret = NULL;
        *ret_n = 99;
        return lock_list_parse(json, strlen(json), ret, ret_n, err);
}

static void test_list(void **state) {
        struct lock_object *locks;
        struct err err;
        size_t n;
        static const char *const empty[] = {"{\"kind\":\"ConfigMapList\",\"items\":[]}",
                                            "{\"kind\":\"ConfigMapList\",\"items\":null}"};

        (void)state;
        /* Items as the API server leaves them, and as `kubectl get -o json` prints them. */
        assert_int_equal(parse("{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[{" META(
                                       "a") "},{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"," META("b") "}]}\n",
                               &locks, &n, &err),
                         0);
        assert_int_equal(n, 2);
        assert_string_equal(locks[0].name, "a");
        assert_string_equal(locks[1].name, "b");
        assert_int_equal(locks[1].form, LOCK_FORM_DAMAGED);
        free(locks);
        for (size_t i = 0; i < ELEMENTSOF(empty); i++) {
                assert_int_equal(parse(empty[i], &locks, &n, &err), 0);
                assert_int_equal(n, 0);
                free(locks);
        }
}

static void test_bad_list(void **state) {
        static const struct {
                const char *json, *text;
        } rows[] = {
                {"<html>", "not JSON"},
                {"{\"kind\":\"ConfigMapList\",\"items\":[", "cut off"},
                {"{\"kind\":\"Status\",\"items\":[]}", "of kind 'Status'"},
                {"{\"items\":[]}", "of kind ''"},
                {"[]", "of kind ''"},
                {"{\"kind\":\"ConfigMapList\",\"items\":{}}", "expected ConfigMapList with items"},
                {"{\"kind\":\"ConfigMapList\",\"items\":[1]}", "not a JSON object"},
                {"{\"kind\":\"ConfigMapList\",\"items\":[null]}", "not a JSON object"},
                {"{\"kind\":\"ConfigMapList\",\"items\":[{" META("a") "},{}]}", "no metadata.namespace"},
                {"{\"kind\":\"ConfigMapList\",\"items\":[{\"kind\":\"Pod\"," META("a") "}]}", "of kind 'Pod'"},
        };
        struct lock_object *locks;
        struct err err;
        size_t n;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                err.text[0] = 0;
                assert_int_equal(parse(rows[i].json, &locks, &n, &err), -EBADMSG);
                if (!strstr(err.text, rows[i].text))
                        fail_msg("row %zu: %s", i, err.text);
                assert_null(locks);
        }
}

static void test_fence_record(void **state) {
        struct lock_object l = {.ns = "ns",
                                .name = "l",
                                .uid = "u",
                                .version = "7",
                                .holder = "h",
                                .identity = "h-1",
                                .claim = "c",
                                .has_placeholder = true,
                                .placeholder_name = "p",
                                .placeholder_uid = "pu",
                                .unit = "a.service",
                                .has_tenure = true,
                                .boot_id = "b",
                                .succeeds = "me@there: h-0 is dead",
                                .fenced = "of another lock"};
        char *text;

        (void)state;
        assert_int_equal(lock_build_create(&l, &text), 0);
        assert_non_null(strstr(text, "\"fenced\":\"me@there: h-0 is dead\"}"));
        assert_null(strstr(text, "of another lock"));
        assert_null(strstr(text, LOCK_ANNOTATION_FENCED));
        free(text);

        /* A host that returned takes the record of the fence that failed away; else it is not mentioned. */
        assert_int_equal(lock_build_adopt(&l, "b2", &text), 0);
        assert_non_null(strstr(text, "\"" LOCK_ANNOTATION_FENCED "\":null"));
        free(text);
        l.fenced[0] = 0;
        assert_int_equal(lock_build_adopt(&l, "b2", &text), 0);
        assert_null(strstr(text, LOCK_ANNOTATION_FENCED));
        free(text);
}

/* json-c makes 1 GiB of 4 MiB that are values and nothing else; of as many bytes that are locks it makes 100 MiB. */
static void test_too_many_values(void **state) {
        static const struct {
                const char *item;
                size_t n;
                bool good;
        } rows[] = {
                {"{},", 1000000, false},
                {"{\"a\":{}},", 400000, false},
                {"1,", 2000000, false},
                {"\"\",", 1700000, false},
                {"[],", 700000, false},
                {"{\"f:metadata\":{\"f:annotations\":{\".\":{},\"f:leaderagent.io/"
                 "agent-version\":{}},\"f:finalizers\":{\".\":{}}}},",
                 10000, true},
                /* What a text is of is no value: an annotation may hold 200 KiB of anything. */
                {"\"{{{{{{{{{{[\\\"{,:\",", 30000, true},
                {"\"\\\\\",{},", 400000, false},
                {"{\"leaderagent.io/claim\":\"0123456789abcdef0123456789abcdef\",\"k\":\"v\"},", 50000, true},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t length = strlen(rows[i].item);
                _cleanup_free_ char *text = malloc(rows[i].n * length + 3);
                struct json_object *o = NULL;
                struct err err = {};
                int r;

                assert_non_null(text);
                text[0] = '[';
                for (size_t k = 0; k < rows[i].n; k++)
                        memcpy(text + 1 + k * length, rows[i].item, length);
                text[rows[i].n * length] = ']'; /* in place of the last comma */
                r = object_parse(text, rows[i].n * length + 1, &o, &err);
                json_object_put(o);
                if (r != (rows[i].good ? 0 : -EBADMSG))
                        fail_msg("row %zu: %d %s", i, r, err.text);
                if (!rows[i].good)
                        assert_non_null(strstr(err.text, "too many values"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_list),
                cmocka_unit_test(test_bad_list),
                cmocka_unit_test(test_fence_record),
                cmocka_unit_test(test_too_many_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
