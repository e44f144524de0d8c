/* SPDX-License-Identifier: Apache-2.0 */
/* Watches. What must not come is shown by something later that does. */
#include <inttypes.h>
#include <stdio.h>

#include "api.h"
#include "suites.h"

#define ONLY(name) "fieldSelector=metadata.name%3D" name

static bool is_end_mark(struct json_object *event) {
        struct json_object *annotations = api_json_at(event, "object/metadata/annotations"), *mark = NULL;
        return util_streq(api_json_string(event, "type"), "BOOKMARK") && annotations &&
               json_object_object_get_ex(annotations, "k8s.io/initial-events-end", &mark) &&
               util_streq(json_object_get_string(mark), "true");
}

/* Without the gate WatchList (before 1.32, and 1.33) there is none: who runs the tests says so. */
static bool has_marks(void) {
        return !getenv("CONFORMANCE_NO_MARKS");
}

static void expect_end_mark(struct stream *s) {
        if (!has_marks())
                return;
        _cleanup_json_ struct json_object *event = stream_expect(s, "BOOKMARK", NULL);
        assert_true(is_end_mark(event));
        assert_string_equal(api_json_string(event, "object/kind"), "ConfigMap");
        assert_string_not_equal(api_json_string(event, "object/metadata/resourceVersion"), "");
}

static void watch_shows_the_life_of_one_lock(void **state) {
        char first[64], deletion[64];
        (void)state;
        api_make_lock("v1", NULL, NULL, NULL);
        api_make_lock("v1-other", NULL, NULL, NULL);
        _cleanup_stream_ struct stream *s =
                stream_open(LOCKS, ONLY("v1") "&allowWatchBookmarks=true&timeoutSeconds=25");
        _cleanup_json_ struct json_object *added = stream_expect(s, "ADDED", "v1");
        api_copy(first, api_json_string(added, "object/metadata/uid"));
        expect_end_mark(s);
        _cleanup_answer_ struct answer noise = api_call("PATCH", LOCKS "/v1-other", "{'data':{'x':'y'}}");
        expect(&noise, 200);
        _cleanup_answer_ struct answer patch = api_call("PATCH", LOCKS "/v1", "{'data':{'x':'y'}}");
        expect(&patch, 200);
        _cleanup_json_ struct json_object *modified = stream_expect(s, "MODIFIED", "v1");
        assert_string_equal(api_json_string(modified, "object/data/x"), "y");
        assert_string_equal(api_json_string(modified, "object/metadata/resourceVersion"),
                            api_string(&patch, "metadata/resourceVersion"));
        _cleanup_answer_ struct answer mark = api_call("DELETE", LOCKS "/v1", NULL);
        expect(&mark, 200);
        _cleanup_json_ struct json_object *marked = stream_expect(s, "MODIFIED", "v1");
        assert_non_null(api_json_at(marked, "object/metadata/deletionTimestamp"));
        _cleanup_answer_ struct answer drop = api_call("PATCH", LOCKS "/v1", "{'metadata':{'finalizers':null}}");
        expect(&drop, 200);
        _cleanup_json_ struct json_object *deleted = stream_expect(s, "DELETED", "v1");
        assert_string_equal(api_json_string(deleted, "object/metadata/uid"), first);
        api_copy(deletion, api_json_string(deleted, "object/metadata/resourceVersion"));
        assert_string_not_equal(deletion, api_string(&drop, "metadata/resourceVersion")); /* of the deletion itself */
        api_make_lock("v1", NULL, NULL, NULL);
        _cleanup_json_ struct json_object *again = stream_expect(s, "ADDED", "v1");
        assert_string_not_equal(api_json_string(again, "object/metadata/uid"), first);
}

/* Or, without marks, does not: the first thing that comes is what is made later. */
static void watch_proves_absence(void **state) {
        (void)state;
        _cleanup_stream_ struct stream *s =
                stream_open(LOCKS, ONLY("v2") "&allowWatchBookmarks=true&timeoutSeconds=25");
        expect_end_mark(s);
        api_make_lock("v2", NULL, NULL, NULL);
        _cleanup_json_ struct json_object *added = stream_expect(s, "ADDED", "v2");
}

static void watch_list_gives_the_same(void **state) {
        (void)state;
        if (!has_marks())
                skip();
        api_make_lock("v3", NULL, NULL, NULL);
        _cleanup_stream_ struct stream *s =
                stream_open(LOCKS, ONLY("v3") "&allowWatchBookmarks=true&sendInitialEvents=true&"
                                              "resourceVersionMatch=NotOlderThan&timeoutSeconds=25");
        _cleanup_json_ struct json_object *added = stream_expect(s, "ADDED", "v3");
        expect_end_mark(s);
        _cleanup_answer_ struct answer a =
                api_get(LOCKS "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&timeoutSeconds=1");
        expect_failure(&a, 422, "Invalid", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
}

static void watch_without_bookmarks_has_no_end_mark(void **state) {
        (void)state;
        api_make_lock("v4", NULL, NULL, NULL);
        _cleanup_stream_ struct stream *s = stream_open(LOCKS, ONLY("v4") "&timeoutSeconds=2");
        _cleanup_json_ struct json_object *added = stream_expect(s, "ADDED", "v4");
        assert_null(stream_next(s)); /* and the time limit is a clean end */
}

static void watch_resumes_after_a_version(void **state) {
        char query[256];
        (void)state;
        api_make_lock("v5", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_get(LOCKS "/v5");
        for (int i = 0; i < 3; i++) {
                _cleanup_answer_ struct answer p = api_call("PATCH", LOCKS "/v5", "{'data':{'i':'%d'}}", i);
                expect(&p, 200);
        }
        snprintf(query, sizeof(query), "%s&timeoutSeconds=25&resourceVersion=%s", ONLY("v5"),
                 api_string(&a, "metadata/resourceVersion"));
        _cleanup_stream_ struct stream *s = stream_open(LOCKS, query);
        for (int i = 0; i < 3; i++) {
                _cleanup_json_ struct json_object *event = stream_expect(s, "MODIFIED", "v5");
                assert_int_equal(atoi(api_json_string(event, "object/data/i")), i);
        }
}

static void watch_from_the_future_is_silent(void **state) {
        char version[64];
        (void)state;
        api_make_lock("v6", NULL, NULL, NULL);
        _cleanup_answer_ struct answer list = api_get(LOCKS);
        uint64_t now = strtoull(api_string(&list, "metadata/resourceVersion"), NULL, 10);
        snprintf(version, sizeof(version), "%" PRIu64, now + 1000000);
        char query[256];
        snprintf(query, sizeof(query), "%s&allowWatchBookmarks=true&timeoutSeconds=2&resourceVersion=%s", ONLY("v6"),
                 version);
        _cleanup_stream_ struct stream *s = stream_open(LOCKS, query);
        _cleanup_answer_ struct answer p = api_call("PATCH", LOCKS "/v6", "{'data':{'x':'y'}}");
        expect(&p, 200);
        assert_null(stream_next(s));
        _cleanup_answer_ struct answer a = api_get(LOCKS "/v6?resourceVersion=%s", version);
        expect_failure(&a, 504, "Timeout", "Too large resource version: ");
        assert_int_equal(a.retry_after, 1);
}

/* Which kind has lost its first version depends on the age of the real server. */
static void watch_from_a_forgotten_version(void **state) {
        static const char *const collections[] = {LEASES, LOCKS, EVENTS, PODS};
        (void)state;
        if (api_is_kubesim()) {
                _cleanup_answer_ struct answer c = api_call("POST", "/_kubesim/compact", NULL);
                expect(&c, 200);
        }
        for (size_t i = 0; i < ELEMENTSOF(collections); i++) {
                _cleanup_stream_ struct stream *s = stream_open(collections[i], "resourceVersion=1&timeoutSeconds=2");
                _cleanup_json_ struct json_object *event = stream_next(s);
                if (!event || !util_streq(api_json_string(event, "type"), "ERROR"))
                        continue;
                assert_string_equal(api_json_string(event, "object/kind"), "Status");
                assert_string_equal(api_json_string(event, "object/reason"), "Expired");
                assert_int_equal(json_object_get_int(api_json_at(event, "object/code")), 410);
                assert_null(stream_next(s));
                return;
        }
        print_message("SKIPPED: this server is too young to have forgotten any version\n");
        skip();
}

static void lists_and_bad_queries(void **state) {
        (void)state;
        api_make_lock("v8", NULL, NULL, NULL);
        _cleanup_answer_ struct answer list = api_get("%s", LOCKS "?" ONLY("v8"));
        expect(&list, 200);
        assert_string_equal(api_string(&list, "kind"), "ConfigMapList");
        assert_int_equal(json_object_array_length(api_at(&list, "items")), 1);
        assert_string_not_equal(api_string(&list, "metadata/resourceVersion"), "");
        _cleanup_answer_ struct answer none = api_get("%s", LOCKS "?" ONLY("v8-absent"));
        assert_int_equal(json_object_array_length(api_at(&none, "items")), 0);
        _cleanup_answer_ struct answer field = api_get(LOCKS "?fieldSelector=data.x%%3Dd");
        expect_failure(&field, 400, "BadRequest", "\"data.x\" is not a known field selector");
        _cleanup_answer_ struct answer timeout = api_get(LOCKS "?watch=1&timeoutSeconds=x");
        expect_failure(&timeout, 400, "BadRequest", "strconv.ParseInt: parsing \"x\": invalid syntax");
        _cleanup_answer_ struct answer version = api_get(LOCKS "?resourceVersion=abc");
        expect_either(&version, 400, 500); /* 500 on 1.30 */
        _cleanup_answer_ struct answer path = api_get("/api/v1/namespaces/NS/nosuchkind");
        expect_failure(&path, 404, "NotFound", "the server could not find the requested resource");
}

int suite_watch(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(watch_shows_the_life_of_one_lock),
                cmocka_unit_test(watch_proves_absence),
                cmocka_unit_test(watch_list_gives_the_same),
                cmocka_unit_test(watch_without_bookmarks_has_no_end_mark),
                cmocka_unit_test(watch_resumes_after_a_version),
                cmocka_unit_test(watch_from_the_future_is_silent),
                cmocka_unit_test(watch_from_a_forgotten_version),
                cmocka_unit_test(lists_and_bad_queries),
        };
        return cmocka_run_group_tests_name("watch", tests, api_enter, api_leave);
}
