/* SPDX-License-Identifier: Apache-2.0 */
/* What kubesim has beyond the real server: faults, switches, log. Started by run.sh, over TLS, bookmarks every 200 ms.
 */
#include <stdio.h>
#include <time.h>

#include "../../conformance/api.h"

static struct answer control(const char *endpoint, const char *body) {
        char path[128];
        snprintf(path, sizeof(path), "/_kubesim/%s", endpoint);
        return api_call("POST", path, "%s", body);
}

static void must(const char *endpoint, const char *body) {
        _cleanup_answer_ struct answer a = control(endpoint, body);
        expect(&a, 200);
}

static void fault(const char *match, const char *action) {
        char body[512];
        snprintf(body, sizeof(body), "{'match':{%s},'action':{%s}}", match, action);
        must("faults", body);
}

static struct answer post(const char *name) {
        return api_call("POST", LOCKS, "{'metadata':{'name':'%s'},'data':{'a':'1'}}", name);
}

static void expect_there(const char *name, long status) {
        _cleanup_answer_ struct answer a = api_get(LOCKS "/%s", name);
        expect(&a, status);
}

static bool is_there(const struct answer *a) {
        return a->status == 200;
}

static int clear(void **state) {
        (void)state;
        api_give_up_after(0);
        _cleanup_answer_ struct answer a = api_call("DELETE", "/_kubesim/faults", NULL);
        _cleanup_answer_ struct answer b = api_call("DELETE", "/_kubesim/deny", NULL);
        must("gc", "{'enabled':true,'delay_ms':10}");
        return a.status == 200 && b.status == 200 ? 0 : -1;
}

static void status_instead_of_execution(void **state) {
        (void)state;
        fault("'verb':'create','resource':'configmaps','name':'c1','count':1", "'status':503,'retry_after':7");
        _cleanup_answer_ struct answer a = post("c1");
        expect_failure(&a, 503, "ServiceUnavailable", "fault injected");
        assert_int_equal(a.retry_after, 7);
        expect_there("c1", 404);
        _cleanup_answer_ struct answer b = post("c1");
        expect(&b, 201);
        fault("'verb':'read','name':'c1'", "'status':200,'body':'<html>no</html>','content_type':'text/html'");
        _cleanup_answer_ struct answer c = api_get(LOCKS "/c1");
        expect(&c, 200);
        assert_string_equal(c.text, "<html>no</html>");
        _cleanup_answer_ struct answer rules = api_get("/_kubesim/faults");
        assert_int_equal(json_object_get_int(api_json_at(json_object_array_get_idx(rules.json, 0), "hits")), 1);
        assert_int_equal(json_object_get_int(api_json_at(json_object_array_get_idx(rules.json, 1), "hits")), 1);
}

static void drops_before_and_after(void **state) {
        static const char *const actions[] = {"'drop':'before'", "'drop':'after'", "'drop':'before','reset':true",
                                              "'drop':'after','reset':true"};
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                char name[16], match[64];
                snprintf(name, sizeof(name), "c2-%zu", i);
                snprintf(match, sizeof(match), "'verb':'create','name':'%s'", name);
                fault(match, actions[i]);
                _cleanup_answer_ struct answer a = post(name);
                assert_int_equal(a.status, 0);
                assert_int_not_equal(a.result, CURLE_OPERATION_TIMEDOUT);
                if (i == 2)
                        assert_int_equal(a.result, CURLE_RECV_ERROR); /* RST, not an orderly end */
                expect_there(name, i % 2 ? 200 : 404);
        }
}

static void a_write_lands_after_its_client_left(void **state) {
        (void)state;
        fault("'verb':'create','name':'c3'", "'delay_ms':1500");
        api_give_up_after(200);
        _cleanup_answer_ struct answer a = post("c3");
        assert_int_equal(a.result, CURLE_OPERATION_TIMEDOUT);
        api_give_up_after(0);
        expect_there("c3", 404);
        api_wait(LOCKS "/c3", is_there);
}

static void a_write_lands_after_its_504(void **state) {
        (void)state;
        fault("'verb':'create','name':'c4'", "'delay_ms':1500,'honour_timeout':true");
        _cleanup_answer_ struct answer a = api_call("POST", LOCKS "?timeout=100ms", "{'metadata':{'name':'c4'}}");
        expect_failure(&a, 504, "Timeout", "request did not complete within the allotted timeout");
        expect_there("c4", 404);
        api_wait(LOCKS "/c4", is_there);
}

static void an_answer_is_held_back(void **state) {
        (void)state;
        fault("'verb':'create','name':'c5'", "'hold_ms':60000");
        api_give_up_after(500);
        _cleanup_answer_ struct answer a = post("c5");
        assert_int_equal(a.result, CURLE_OPERATION_TIMEDOUT);
        api_give_up_after(0);
        expect_there("c5", 200);
}

static void requests_hang(void **state) {
        (void)state;
        fault("'verb':'create','name':'c6'", "'hang':'before'");
        fault("'verb':'create','name':'c6b'", "'hang':'after'");
        api_give_up_after(300);
        _cleanup_answer_ struct answer a = post("c6"), b = post("c6b");
        assert_int_equal(a.result, CURLE_OPERATION_TIMEDOUT);
        assert_int_equal(b.result, CURLE_OPERATION_TIMEDOUT);
        answer_done(&b);
        api_give_up_after(0);
        expect_there("c6", 404);
        expect_there("c6b", 200);
}

static void answers_are_cut(void **state) {
        (void)state;
        _cleanup_answer_ struct answer made = post("c7");
        expect(&made, 201);
        fault("'verb':'get','name':'c7'", "'truncate':20");
        _cleanup_answer_ struct answer a = api_get(LOCKS "/c7");
        assert_int_equal(a.status, 0);
        assert_int_equal(strlen(a.text), 20);
        fault("'verb':'watch','name':'c7'", "'truncate':30");
        _cleanup_stream_ struct stream *s = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc7");
        assert_int_not_equal(stream_end(s), CURLE_OK);
        assert_false(stream_has_event(s));
}

/* After a change that another watch has seen, this one has nothing. */
static void expect_silence(struct stream *s, const char *name) {
        char path[128], query[128];
        snprintf(path, sizeof(path), LOCKS "/%s", name);
        snprintf(query, sizeof(query), "fieldSelector=metadata.name%%3D%s", name);
        _cleanup_answer_ struct answer a = api_call("DELETE", "/_kubesim/faults", NULL);
        _cleanup_stream_ struct stream *other = stream_open(LOCKS, query);
        _cleanup_json_ struct json_object *added = stream_expect(other, "ADDED", name);
        _cleanup_answer_ struct answer p = api_call("PATCH", path, "{'data':{'t':'%ld'}}", (long)clock());
        expect(&p, 200);
        _cleanup_json_ struct json_object *event = stream_expect(other, "MODIFIED", name);
        assert_false(stream_has_event(s));
}

static void watches_stall(void **state) {
        (void)state;
        _cleanup_answer_ struct answer made = post("c8");
        expect(&made, 201);
        fault("'verb':'watch','count':1", "'half_open_watch':true");
        fault("'verb':'watch'", "'half_open_watch':'now'");
        _cleanup_stream_ struct stream *s = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc8");
        _cleanup_json_ struct json_object *added = stream_expect(s, "ADDED", "c8");
        _cleanup_stream_ struct stream *deaf = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc8");
        expect_silence(s, "c8");
        assert_false(stream_has_event(deaf));
        _cleanup_stream_ struct stream *later = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc8");
        _cleanup_json_ struct json_object *first = stream_expect(later, "ADDED", "c8");
        must("kill_watches", "{'mode':'stall','name':'c8'}");
        expect_silence(later, "c8");
}

static void watches_are_killed(void **state) {
        static const char *const modes[] = {"end", "cut", "reset"};
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                char body[64];
                snprintf(body, sizeof(body), "{'mode':'%s','resource':'configmaps','name':'c9'}", modes[i]);
                _cleanup_stream_ struct stream *s = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc9");
                _cleanup_answer_ struct answer a = control("kill_watches", body);
                assert_int_equal(json_object_get_int(api_at(&a, "killed")), 1);
                assert_int_equal(stream_end(s) == CURLE_OK, i == 0);
        }
        _cleanup_stream_ struct stream *s = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc9&resourceVersion=0");
        must("kill_watches", "{'mode':'expire','name':'c9'}");
        _cleanup_json_ struct json_object *event = stream_expect(s, "ERROR", NULL);
        assert_int_equal(json_object_get_int(api_json_at(event, "object/code")), 410);
        assert_null(stream_next(s));
}

static void bookmarks_come(void **state) {
        (void)state;
        _cleanup_stream_ struct stream *s =
                stream_open(LOCKS, "fieldSelector=metadata.name%3Dnone&allowWatchBookmarks=true&timeoutSeconds=20");
        for (int i = 0; i < 3; i++) {
                _cleanup_json_ struct json_object *b = stream_expect(s, "BOOKMARK", NULL);
                assert_int_equal(api_json_at(b, "object/metadata/annotations") != NULL, i == 0);
        }
}

/* Servers without the gate WatchList do not mark the end of the initial events, and bookmarks are never promised. */
static void bookmarks_are_switched(void **state) {
        (void)state;
        must("bookmarks", "{'initial_end':false}");
        _cleanup_stream_ struct stream *s =
                stream_open(LOCKS, "fieldSelector=metadata.name%3Dnone&allowWatchBookmarks=true&timeoutSeconds=20");
        _cleanup_json_ struct json_object *b = stream_expect(s, "BOOKMARK", NULL);
        assert_null(api_json_at(b, "object/metadata/annotations"));
        must("bookmarks", "{'interval_ms':0}");
        _cleanup_stream_ struct stream *none =
                stream_open(LOCKS, "fieldSelector=metadata.name%3Dnone&allowWatchBookmarks=true&timeoutSeconds=1");
        assert_null(stream_next(none));
        must("bookmarks", "{'initial_end':true,'interval_ms':200}");
}

/* Early and late ones, around the interval. */
static void bookmarks_are_spread(void **state) {
        (void)state;
        int64_t at = 0, least = INT64_MAX, most = 0;
        must("bookmarks", "{'interval_ms':200,'spread_percent':50}");
        _cleanup_stream_ struct stream *s =
                stream_open(LOCKS, "fieldSelector=metadata.name%3Dnone&allowWatchBookmarks=true&timeoutSeconds=20");
        for (int i = 0; i < 8; i++) {
                _cleanup_json_ struct json_object *b = stream_expect(s, "BOOKMARK", NULL);
                struct timespec t;
                (void)clock_gettime(CLOCK_MONOTONIC, &t);
                int64_t now = t.tv_sec * 1000 + t.tv_nsec / 1000000, gap = now - at;
                at = now;
                if (i < 2)
                        continue; /* the first one ends the initial events */
                least = gap < least ? gap : least;
                most = gap > most ? gap : most;
        }
        must("bookmarks", "{'spread_percent':0}");
        assert_true(least < 180 && most > 220);
}

static void garbage_collector_is_switched(void **state) {
        char uid[64];
        (void)state;
        must("gc", "{'enabled':false}");
        api_make_lease("c10", uid, NULL);
        api_make_lock("c10", "Lease", "c10", uid);
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/c10", "{'propagationPolicy':'Foreground'}");
        expect(&a, 200);
        _cleanup_answer_ struct answer b = api_get(LEASES "/c10");
        assert_true(api_is_marked(&b)); /* its finalizer stays: nobody is there to take it off */
        _cleanup_answer_ struct answer c = api_get(LOCKS "/c10");
        assert_null(api_at(&c, "metadata/deletionTimestamp"));
        must("gc", "{'enabled':true,'delay_ms':0}");
        api_wait(LEASES "/c10", api_is_gone);
        api_wait(LOCKS "/c10", api_is_marked);
}

static void rights_are_withdrawn(void **state) {
        (void)state;
        must("deny", "{'user':'admin','verb':'create','resource':'leases'}");
        must("deny", "{'user':'somebody','verb':'get'}");
        _cleanup_answer_ struct answer a = api_call("POST", LEASES, "{'metadata':{'name':'c11'}}");
        expect_failure(
                &a, 403, "Forbidden",
                "leases.coordination.k8s.io is forbidden: User \"admin\" cannot create resource \"leases\" in API "
                "group \"coordination.k8s.io\" in the namespace \"");
        _cleanup_answer_ struct answer b = api_call("PUT", LEASES "/c11", "{'metadata':{'name':'c11'}}");
        expect_failure(&b, 403, "Forbidden", "cannot create resource \"leases\"");
        _cleanup_answer_ struct answer c = api_get(LEASES "/c11");
        expect(&c, 404);
        _cleanup_answer_ struct answer d = api_call("DELETE", "/_kubesim/deny", NULL);
        _cleanup_answer_ struct answer e = api_call("PUT", LEASES "/c11", "{'metadata':{'name':'c11'}}");
        expect(&e, 201);
}

static void tokens_come_and_go(void **state) {
        (void)state;
        must("tokens", "{'token':'t1','user':'system:serviceaccount:a:b'}");
        must("deny", "{'user':'system:serviceaccount:a:b','resource':'pods'}");
        _cleanup_answer_ struct answer a = api_get_as("t1", LOCKS);
        expect(&a, 200);
        _cleanup_answer_ struct answer b = api_get_as("t1", PODS);
        expect_failure(&b, 403, "Forbidden", "User \"system:serviceaccount:a:b\" cannot list resource \"pods\"");
        must("tokens", "{'token':'t1'}");
        _cleanup_answer_ struct answer c = api_get_as("t1", LOCKS);
        expect_failure(&c, 401, "Unauthorized", "Unauthorized");
}

static void requests_are_logged(void **state) {
        char path[64];
        (void)state;
        _cleanup_answer_ struct answer before = api_get("/_kubesim/requests");
        snprintf(path, sizeof(path), "/_kubesim/requests?since=%zu", json_object_array_length(before.json));
        fault("'verb':'create','name':'c13b'", "'drop':'before'");
        _cleanup_answer_ struct answer a = post("c13"), b = post("c13b");
        expect(&a, 201);
        answer_done(&b);
        _cleanup_answer_ struct answer log = api_get("%s", path);
        assert_int_equal(json_object_array_length(log.json), 2);
        struct json_object *made = json_object_array_get_idx(log.json, 0),
                           *lost = json_object_array_get_idx(log.json, 1);
        assert_string_equal(api_json_string(made, "verb"), "create");
        assert_string_equal(api_json_string(made, "resource"), "configmaps");
        assert_string_equal(api_json_string(made, "name"), "c13");
        assert_string_equal(api_json_string(made, "user"), "admin");
        assert_int_equal(json_object_get_int(api_json_at(made, "code")), 201);
        assert_int_equal(json_object_get_int(api_json_at(lost, "code")), 0);
        assert_false(json_object_get_boolean(api_json_at(lost, "executed")));
}

/* Emptied once with entries in it and once without; what is served next finds its place free. */
static void the_log_is_emptied(void **state) {
        (void)state;
        for (size_t i = 0; i < 2; i++) {
                _cleanup_answer_ struct answer a = api_call("DELETE", "/_kubesim/requests", NULL);
                expect(&a, 200);
        }
        _cleanup_answer_ struct answer b = post("c15");
        expect(&b, 201);
        _cleanup_answer_ struct answer log = api_get("/_kubesim/requests");
        expect(&log, 200);
        assert_int_equal(json_object_array_length(log.json), 1);
        assert_string_equal(api_json_string(json_object_array_get_idx(log.json, 0), "name"), "c15");
        assert_int_equal(json_object_get_int(api_json_at(json_object_array_get_idx(log.json, 0), "seq")), 0);
}

static void what_is_not_understood_is_refused(void **state) {
        static const char *const bad[] = {"{'action':{'delay':5}}",
                                          "{'match':{'verbs':'get'},'action':{'delay_ms':5}}",
                                          "{'match':{'count':0},'action':{}}",
                                          "{'action':{'drop':'sometimes'}}",
                                          "{}",
                                          "[]"};
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_answer_ struct answer a = control("faults", bad[i]);
                expect(&a, 400);
        }
        _cleanup_answer_ struct answer b = control("nonsense", "{}");
        expect(&b, 404);
}

static void readiness_is_set(void **state) {
        (void)state;
        must("ready", "{'status':500}");
        _cleanup_answer_ struct answer a = api_get("/readyz");
        expect(&a, 500);
        must("ready", "{'status':200}");
        _cleanup_answer_ struct answer b = api_get("/readyz");
        expect(&b, 200);
}

static bool no_watch_is_open(const struct answer *a) {
        return a->json && json_object_array_length(a->json) == 0;
}

static void hundreds_of_watches(void **state) {
        enum {
                N = 300,
        };
        struct stream *streams[N];
        (void)state;
        for (size_t i = 0; i < N; i++)
                streams[i] = stream_open(LOCKS, "fieldSelector=metadata.name%3Dc14&timeoutSeconds=600");
        _cleanup_answer_ struct answer a = post("c14");
        expect(&a, 201);
        for (size_t i = 0; i < N; i++) {
                _cleanup_json_ struct json_object *event = stream_expect(streams[i], "ADDED", "c14");
        }
        for (size_t i = 0; i < N; i++)
                stream_closep(&streams[i]);
        api_wait("/_kubesim/watches", no_watch_is_open); /* it notices that the clients have gone */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(status_instead_of_execution, clear),
                cmocka_unit_test_teardown(drops_before_and_after, clear),
                cmocka_unit_test_teardown(a_write_lands_after_its_client_left, clear),
                cmocka_unit_test_teardown(a_write_lands_after_its_504, clear),
                cmocka_unit_test_teardown(an_answer_is_held_back, clear),
                cmocka_unit_test_teardown(requests_hang, clear),
                cmocka_unit_test_teardown(answers_are_cut, clear),
                cmocka_unit_test_teardown(watches_stall, clear),
                cmocka_unit_test_teardown(watches_are_killed, clear),
                cmocka_unit_test_teardown(bookmarks_come, clear),
                cmocka_unit_test_teardown(bookmarks_are_switched, clear),
                cmocka_unit_test_teardown(bookmarks_are_spread, clear),
                cmocka_unit_test_teardown(garbage_collector_is_switched, clear),
                cmocka_unit_test_teardown(rights_are_withdrawn, clear),
                cmocka_unit_test_teardown(tokens_come_and_go, clear),
                cmocka_unit_test_teardown(requests_are_logged, clear),
                cmocka_unit_test_teardown(the_log_is_emptied, clear),
                cmocka_unit_test_teardown(what_is_not_understood_is_refused, clear),
                cmocka_unit_test_teardown(readiness_is_set, clear),
                cmocka_unit_test_teardown(hundreds_of_watches, clear),
        };
        setvbuf(stdout, NULL, _IOLBF, 0);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        int failed = cmocka_run_group_tests_name("kubesim", tests, api_enter, api_leave);
        curl_global_cleanup();
        return failed ? 1 : 0;
}
