/* SPDX-License-Identifier: Apache-2.0 */
/* POST and PUT: who is refused, and with which words. */
#include <stdio.h>

#include "api.h"
#include "suites.h"

#define LEASE_BODY                                                                                                     \
        "{'apiVersion':'coordination.k8s.io/"                                                                          \
        "v1','kind':'Lease','metadata':{'name':'%s'%s},'spec':{'holderIdentity':'b'}}"
#define LOCK_BODY "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'%s'%s},'data':{'a':'2'}}"

static void put_creates_an_absent_lease(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = api_call("PUT", LEASES "/w1", LEASE_BODY, "w1", "");
        expect(&a, 201);
        _cleanup_answer_ struct answer b = api_call("PUT", LEASES "/w1b", LEASE_BODY, "w1b", ",'resourceVersion':'7'");
        expect(&b, 201);
}

static void put_with_uid_does_not_create(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = api_call("PUT", LEASES "/w2", LEASE_BODY, "w2", ",'uid':'x'");
        expect_failure(&a, 409, "Conflict", "Precondition failed: UID in precondition: x, UID in object meta: ");
        _cleanup_answer_ struct answer b =
                api_call("PUT", LEASES "/w2", LEASE_BODY, "w2", ",'uid':'x','resourceVersion':'7'");
        expect_failure(&b, 409, "Conflict", "Precondition failed: UID in precondition: x, UID in object meta: ");
        assert_string_equal(api_string(&b, "details/kind"), "leases");
        _cleanup_answer_ struct answer c = api_get(LEASES "/w2");
        expect_failure(&c, 404, "NotFound", "leases.coordination.k8s.io \"w2\" not found");
}

static void put_lease_compares_uid_and_version(void **state) {
        char uid[64], rv[64], meta[256];
        (void)state;
        api_make_lease("w3", uid, rv);
        _cleanup_answer_ struct answer other = api_call("PUT", LEASES "/w3", LEASE_BODY, "w3", ",'uid':'x'");
        expect_failure(&other, 409, "Conflict", "Precondition failed: UID in precondition: x, UID in object meta: ");
        snprintf(meta, sizeof(meta), ",'uid':'%s','resourceVersion':'1'", uid);
        _cleanup_answer_ struct answer stale = api_call("PUT", LEASES "/w3", LEASE_BODY, "w3", meta);
        expect_failure(
                &stale, 409, "Conflict",
                "Operation cannot be fulfilled on leases.coordination.k8s.io \"w3\": the object has been modified; "
                "please apply your changes to the latest version and try again");
        snprintf(meta, sizeof(meta), ",'uid':'%s'", uid);
        _cleanup_answer_ struct answer missing = api_call("PUT", LEASES "/w3", LEASE_BODY, "w3", meta);
        expect_failure(&missing, 422, "Invalid",
                       "metadata.resourceVersion: Invalid value: 0: must be specified for an update");
        _cleanup_answer_ struct answer bare = api_call("PUT", LEASES "/w3", LEASE_BODY, "w3", "");
        expect_failure(&bare, 422, "Invalid", "must be specified for an update");
        snprintf(meta, sizeof(meta), ",'uid':'%s','resourceVersion':'%s'", uid, rv);
        _cleanup_answer_ struct answer good = api_call("PUT", LEASES "/w3", LEASE_BODY, "w3", meta);
        expect(&good, 200);
        assert_string_equal(api_string(&good, "metadata/uid"), uid);
        assert_string_not_equal(api_string(&good, "metadata/resourceVersion"), rv);
        _cleanup_answer_ struct answer again = api_call("PUT", LEASES "/w3", LEASE_BODY, "w3", meta);
        expect_failure(&again, 409, "Conflict", "the object has been modified");
}

static void put_without_change_writes_nothing(void **state) {
        char uid[64], rv[64];
        (void)state;
        api_make_lease("w4", uid, rv);
        _cleanup_answer_ struct answer a = api_call("PATCH", LEASES "/w4", "{'spec':{'holderIdentity':'a'}}");
        expect(&a, 200);
        assert_string_equal(api_string(&a, "metadata/resourceVersion"), rv);
}

static void put_overwrites_a_lock_without_version(void **state) {
        (void)state;
        api_make_lock("w5", "Lease", "nobody", "7f9c1c1e-0000-4000-8000-000000000000");
        api_wait(LOCKS "/w5", api_is_marked); /* its owner does not exist */
        api_make_lock("w5b", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_call("PUT", LOCKS "/w5b", LOCK_BODY, "w5b", "");
        expect(&a, 200);
        assert_string_equal(api_string(&a, "data/a"), "2");
        assert_null(api_at(&a, "data/nonce"));
        assert_null(api_at(&a, "metadata/finalizers"));
        _cleanup_answer_ struct answer b = api_call("PUT", LOCKS "/w5", LOCK_BODY, "w5", "");
        expect(&b, 200);
        _cleanup_answer_ struct answer gone = api_get(LOCKS "/w5");
        expect(&gone, 404);
}

static void put_lock_compares_uid_and_version(void **state) {
        (void)state;
        _cleanup_answer_ struct answer absent = api_call("PUT", LOCKS "/w6", LOCK_BODY, "w6", "");
        expect_failure(&absent, 404, "NotFound", "configmaps \"w6\" not found");
        _cleanup_answer_ struct answer uid = api_call("PUT", LOCKS "/w6", LOCK_BODY, "w6", ",'uid':'x'");
        expect_either(&uid, 404, 409); /* 409 on 1.30 */
        api_make_lock("w6", NULL, NULL, NULL);
        _cleanup_answer_ struct answer other = api_call("PUT", LOCKS "/w6", LOCK_BODY, "w6", ",'uid':'x'");
        expect_failure(&other, 409, "Conflict", "UID in precondition: x, UID in object meta: ");
        _cleanup_answer_ struct answer stale = api_call("PUT", LOCKS "/w6", LOCK_BODY, "w6", ",'resourceVersion':'1'");
        expect_failure(&stale, 409, "Conflict", "the object has been modified");
}

static void put_renews_a_deleting_lease(void **state) {
        char uid[64], rv[64], meta[256];
        (void)state;
        _cleanup_answer_ struct answer a =
                api_call("POST", LEASES, "{'metadata':{'name':'w7','finalizers':['example.org/own']}}");
        expect(&a, 201);
        _cleanup_answer_ struct answer b = api_call("DELETE", LEASES "/w7", NULL);
        expect(&b, 200);
        assert_non_null(api_at(&b, "metadata/deletionTimestamp"));
        api_copy(uid, api_string(&b, "metadata/uid"));
        api_copy(rv, api_string(&b, "metadata/resourceVersion"));
        snprintf(meta, sizeof(meta), ",'uid':'%s','resourceVersion':'%s','finalizers':['example.org/own']", uid, rv);
        _cleanup_answer_ struct answer c = api_call("PUT", LEASES "/w7", LEASE_BODY, "w7", meta);
        expect(&c, 200);
        assert_string_equal(api_string(&c, "spec/holderIdentity"), "b");
        assert_non_null(api_at(&c, "metadata/deletionTimestamp"));
}

static void post_refuses(void **state) {
        (void)state;
        _cleanup_answer_ struct answer rv = api_call("POST", LOCKS, LOCK_BODY, "w8", ",'resourceVersion':'5'");
        expect_failure(&rv, 500, "", "resourceVersion should not be set on objects to be created");
        _cleanup_answer_ struct answer finalizer = api_call("POST", LOCKS, LOCK_BODY, "w8", ",'finalizers':['plain']");
        expect_failure(&finalizer, 422, "Invalid", "metadata.finalizers[0]: Invalid value: \"plain\"");
        _cleanup_answer_ struct answer owner = api_call(
                "POST", LOCKS, LOCK_BODY, "w8", ",'ownerReferences':[{'apiVersion':'v1','kind':'Pod','name':'p'}]");
        expect_failure(&owner, 422, "Invalid", "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty");
        _cleanup_answer_ struct answer name = api_call("POST", LOCKS, LOCK_BODY, "Bad_Name", "");
        expect_failure(&name, 422, "Invalid", "metadata.name: Invalid value: \"Bad_Name\"");
        _cleanup_answer_ struct answer kind =
                api_call("POST", LOCKS, "{'kind':'Lease','apiVersion':'v1','metadata':{'name':'w8'}}");
        expect_failure(&kind, 400, "BadRequest", "cannot be handled as a ConfigMap");
        _cleanup_answer_ struct answer number = api_call("POST", LOCKS, "{'metadata':{'name':'w8'},'data':{'a':1}}");
        expect_failure(&number, 400, "BadRequest",
                       "cannot unmarshal number into Go struct field ConfigMap.data of type string");
        _cleanup_answer_ struct answer cut = api_call("POST", LOCKS, "{'metadata':{'name':'w8'");
        expect_failure(&cut, 400, "BadRequest", "couldn't get version/kind; json parse error");
        _cleanup_answer_ struct answer strict =
                api_call("POST", LOCKS "?fieldValidation=Strict", "{'metadata':{'name':'w8'},'bogus':1}");
        expect_failure(&strict, 400, "BadRequest", "strict decoding error: unknown field \"bogus\"");
        _cleanup_answer_ struct answer nowhere =
                api_call("POST", "/api/v1/namespaces/no-such-namespace/configmaps", LOCK_BODY, "w8", "");
        expect_failure(&nowhere, 404, "NotFound", "namespaces \"no-such-namespace\" not found");
        _cleanup_answer_ struct answer none = api_get(LOCKS "/w8");
        expect(&none, 404);
}

static void post_of_an_existing_name(void **state) {
        (void)state;
        api_make_lock("w9", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_call("POST", LOCKS, LOCK_BODY, "w9", "");
        expect_failure(&a, 409, "AlreadyExists", "configmaps \"w9\" already exists");
        assert_string_equal(api_string(&a, "message"), "configmaps \"w9\" already exists");
        /* A re-sent POST whose first answer was lost finds its own nonce. */
        _cleanup_answer_ struct answer b = api_get(LOCKS "/w9");
        assert_string_equal(api_string(&b, "data/nonce"), "n1");
        _cleanup_answer_ struct answer c = api_call("DELETE", LOCKS "/w9", NULL);
        expect(&c, 200);
        _cleanup_answer_ struct answer d = api_call("POST", LOCKS, LOCK_BODY, "w9", "");
        expect_failure(&d, 409, "AlreadyExists", "object is being deleted: configmaps \"w9\" already exists");
}

static void of_many_posts_one_wins(void **state) {
        size_t created = 0, conflicts = 0;
        (void)state;
        api_post_race(LOCKS, "{\"metadata\":{\"name\":\"w10\"}}", 50, &created, &conflicts);
        assert_int_equal(created, 1);
        assert_int_equal(conflicts, 49);
}

static void half_a_post_creates_nothing(void **state) {
        (void)state;
        api_post_half(LOCKS, "{\"metadata\":{\"name\":\"w11\"},\"data\":{\"a\":\"some more text to be cut\"}}");
        _cleanup_answer_ struct answer a = api_get(LOCKS "/w11");
        expect(&a, 404);
}

static void lease_times_have_six_digits(void **state) {
        static const char *const bad[] = {"2030-01-02T03:04:05.678Z", "2030-01-02T03:04:05Z",
                                          "2030-01-02T03:04:05.678901", "nonsense"};
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_answer_ struct answer a =
                        api_call("POST", LEASES, "{'metadata':{'name':'w12'},'spec':{'renewTime':'%s'}}", bad[i]);
                expect_failure(&a, 400, "BadRequest", "as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse");
        }
        _cleanup_answer_ struct answer zone = api_call(
                "POST", LEASES, "{'metadata':{'name':'w12'},'spec':{'renewTime':'2030-01-02T03:04:05.678901+02:00'}}");
        expect(&zone, 201);
        assert_string_equal(api_string(&zone, "spec/renewTime"), "2030-01-02T01:04:05.678901Z");
        _cleanup_answer_ struct answer zero =
                api_call("PATCH", LEASES "/w12", "{'spec':{'leaseDurationSeconds':0,'leaseTransitions':-1}}");
        expect_failure(
                &zero, 422, "Invalid",
                "[spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0, spec.leaseTransitions: Invalid "
                "value: -1: must be greater than or equal to 0]");
        _cleanup_answer_ struct answer patch = api_call("PATCH", LEASES "/w12", "{'spec':{'renewTime':'nonsense'}}");
        expect_failure(&patch, 422, "Invalid", "cannot parse");
}

static void put_names_must_agree(void **state) {
        (void)state;
        api_make_lock("w13", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_call("PUT", LOCKS "/w13", LOCK_BODY, "other", "");
        expect_failure(&a, 400, "BadRequest",
                       "the name of the object (other) does not match the name on the URL (w13)");
        _cleanup_answer_ struct answer b = api_call("PUT", LOCKS, "{}");
        expect_failure(&b, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

static void credentials_are_looked_at(void **state) {
        (void)state;
        _cleanup_answer_ struct answer bad = api_get_as("no-such-token", LOCKS "/w1");
        expect_failure(&bad, 401, "Unauthorized", "Unauthorized");
        _cleanup_answer_ struct answer none = api_get_as("", LOCKS "/w1");
        expect_failure(
                &none, 403, "Forbidden",
                "configmaps \"w1\" is forbidden: User \"system:anonymous\" cannot get resource \"configmaps\" in API "
                "group \"\" in the namespace ");
        _cleanup_answer_ struct answer health = api_get_as("", "/readyz");
        expect(&health, 200);
        assert_string_equal(health.text, "ok");
}

int suite_writes(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(put_creates_an_absent_lease),
                cmocka_unit_test(put_with_uid_does_not_create),
                cmocka_unit_test(put_lease_compares_uid_and_version),
                cmocka_unit_test(put_without_change_writes_nothing),
                cmocka_unit_test(put_overwrites_a_lock_without_version),
                cmocka_unit_test(put_lock_compares_uid_and_version),
                cmocka_unit_test(put_renews_a_deleting_lease),
                cmocka_unit_test(post_refuses),
                cmocka_unit_test(post_of_an_existing_name),
                cmocka_unit_test(of_many_posts_one_wins),
                cmocka_unit_test(half_a_post_creates_nothing),
                cmocka_unit_test(lease_times_have_six_digits),
                cmocka_unit_test(put_names_must_agree),
                cmocka_unit_test(credentials_are_looked_at),
        };
        return cmocka_run_group_tests_name("writes", tests, api_enter, api_leave);
}
