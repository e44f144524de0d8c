/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE with preconditions, finalizers, and the whole way of deposing a holder. */
#include "api.h"
#include "suites.h"

static void delete_with_wrong_preconditions(void **state) {
        char uid[64], rv[64];
        (void)state;
        api_make_lock("d1", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_call("DELETE", LOCKS "/d1", "{'preconditions':{'uid':'A'}}");
        expect_failure(
                &a, 409, "Conflict",
                "Operation cannot be fulfilled on ConfigMap \"d1\": the UID in the precondition (A) does not match "
                "the UID in record (");
        assert_non_null(strstr(api_string(&a, "message"), "The object might have been deleted and then recreated"));
        assert_string_equal(api_string(&a, "details/kind"), "ConfigMap");
        _cleanup_answer_ struct answer b = api_call("DELETE", LOCKS "/d1", "{'preconditions':{'resourceVersion':'1'}}");
        expect_failure(&b, 409, "Conflict",
                       "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (");
        assert_non_null(strstr(api_string(&b, "message"), "The object might have been modified"));
        api_make_lease("d1", uid, rv);
        _cleanup_answer_ struct answer c =
                api_call("DELETE", LEASES "/d1", "{'preconditions':{'uid':'%s','resourceVersion':'1'}}", uid);
        expect_failure(&c, 409, "Conflict",
                       "Operation cannot be fulfilled on Lease.coordination.k8s.io \"d1\": the ResourceVersion");
        _cleanup_answer_ struct answer d =
                api_call("DELETE", LEASES "/d1", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", uid, rv);
        expect(&d, 200);
        assert_string_equal(api_string(&d, "kind"), "Status");
        assert_string_equal(api_string(&d, "status"), "Success");
        assert_string_equal(api_string(&d, "details/uid"), uid);
        _cleanup_answer_ struct answer e =
                api_call("DELETE", LEASES "/d1", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", uid, rv);
        expect_failure(&e, 404, "NotFound", "leases.coordination.k8s.io \"d1\" not found");
        _cleanup_answer_ struct answer f = api_call("DELETE", LEASES "/d1", "{'propagationPolicy':'Sideways'}");
        expect_failure(&f, 422, "Invalid", "propagationPolicy: Unsupported value: \"Sideways\"");
}

static void delete_marks_a_lock_with_finalizer(void **state) {
        char uid[64], before[64], rv[64];
        (void)state;
        api_make_lock("d2", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_get(LOCKS "/d2");
        api_copy(uid, api_string(&a, "metadata/uid"));
        api_copy(before, api_string(&a, "metadata/resourceVersion"));
        _cleanup_answer_ struct answer b =
                api_call("DELETE", LOCKS "/d2", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", uid, before);
        expect(&b, 200);
        assert_string_equal(api_string(&b, "kind"), "ConfigMap");
        assert_non_null(api_at(&b, "metadata/deletionTimestamp"));
        assert_int_equal(json_object_get_int(api_at(&b, "metadata/deletionGracePeriodSeconds")), 0);
        api_copy(rv, api_string(&b, "metadata/resourceVersion"));
        assert_string_not_equal(rv, before);
        /* The second DELETE: old version, wrong uid, present version. */
        _cleanup_answer_ struct answer c =
                api_call("DELETE", LOCKS "/d2", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", uid, before);
        expect_failure(&c, 409, "Conflict", "the ResourceVersion in the precondition");
        _cleanup_answer_ struct answer d = api_call("DELETE", LOCKS "/d2", "{'preconditions':{'uid':'A'}}");
        expect_failure(&d, 409, "Conflict", "the UID in the precondition (A)");
        _cleanup_answer_ struct answer e =
                api_call("DELETE", LOCKS "/d2", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", uid, rv);
        expect(&e, 200);
        assert_string_equal(api_string(&e, "metadata/resourceVersion"), rv);
        assert_string_equal(api_string(&e, "metadata/deletionTimestamp"), api_string(&b, "metadata/deletionTimestamp"));
}

static void finalizer_removal_lets_a_marked_lock_go(void **state) {
        char uid[64], rv[64];
        (void)state;
        api_make_lock("d3", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_call("DELETE", LOCKS "/d3", NULL);
        expect(&a, 200);
        api_copy(uid, api_string(&a, "metadata/uid"));
        api_copy(rv, api_string(&a, "metadata/resourceVersion"));
        _cleanup_answer_ struct answer b = api_call(
                "PATCH", LOCKS "/d3", "{'metadata':{'uid':'%s','resourceVersion':'1','finalizers':null}}", uid);
        expect_failure(&b, 409, "Conflict", "the object has been modified");
        _cleanup_answer_ struct answer c = api_call(
                "PATCH", LOCKS "/d3", "{'metadata':{'uid':'%s','resourceVersion':'%s','finalizers':null}}", uid, rv);
        expect(&c, 200);
        assert_string_equal(api_string(&c, "kind"), "ConfigMap");
        assert_non_null(api_at(&c, "metadata/deletionTimestamp"));
        assert_null(api_at(&c, "metadata/finalizers"));
        assert_string_equal(api_string(&c, "metadata/resourceVersion"), rv); /* the old one */
        _cleanup_answer_ struct answer d = api_get(LOCKS "/d3");
        expect(&d, 404);
        api_make_lock("d3", NULL, NULL, NULL);
        _cleanup_answer_ struct answer e = api_get(LOCKS "/d3");
        assert_string_not_equal(api_string(&e, "metadata/uid"), uid);
        assert_null(api_at(&e, "metadata/deletionTimestamp"));
}

static void finalizer_removal_leaves_an_unmarked_lock(void **state) {
        (void)state;
        api_make_lock("d4", NULL, NULL, NULL);
        _cleanup_answer_ struct answer a = api_call("PATCH", LOCKS "/d4", "{'metadata':{'finalizers':null}}");
        expect(&a, 200);
        assert_null(api_at(&a, "metadata/finalizers"));
        _cleanup_answer_ struct answer b = api_get(LOCKS "/d4");
        expect(&b, 200);
        assert_null(api_at(&b, "metadata/finalizers"));
        _cleanup_answer_ struct answer c = api_call("DELETE", LOCKS "/d4", NULL);
        expect(&c, 200);
        assert_string_equal(api_string(&c, "status"), "Success");
        _cleanup_answer_ struct answer d = api_get(LOCKS "/d4");
        expect(&d, 404);
}

static bool only_ours_is_left(const struct answer *a) {
        struct json_object *list = api_at(a, "metadata/finalizers");
        return api_is_marked(a) && list && json_object_array_length(list) == 1 &&
               util_streq(json_object_get_string(json_object_array_get_idx(list, 0)), FINALIZER);
}

static void foreground_and_orphan_on_the_lock(void **state) {
        static const char *const policies[] = {"Foreground", "Orphan"};
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(policies); i++) {
                const char *extra = i == 0 ? "foregroundDeletion" : "orphan";
                api_make_lock("d5", NULL, NULL, NULL);
                _cleanup_answer_ struct answer a =
                        api_call("DELETE", LOCKS "/d5", "{'propagationPolicy':'%s'}", policies[i]);
                expect(&a, 200);
                assert_non_null(strstr(json_object_to_json_string(api_at(&a, "metadata/finalizers")), extra));
                api_wait(LOCKS "/d5", only_ours_is_left); /* the garbage collector takes its own one away */
                _cleanup_answer_ struct answer b = api_call("PATCH", LOCKS "/d5", "{'metadata':{'finalizers':null}}");
                expect(&b, 200);
                api_wait(LOCKS "/d5", api_is_gone);
        }
}

/* DELETE Lease (compare-and-swap), DELETE lock, GET, PATCH, POST. */
static void depose(void **state) {
        char lease_uid[64], lease_rv[64], lock_uid[64], rv[64];
        (void)state;
        api_make_lease("d6", lease_uid, lease_rv);
        api_make_lock("d6", "Lease", "d6", lease_uid);
        _cleanup_answer_ struct answer renewed =
                api_call("PUT", LEASES "/d6",
                         "{'metadata':{'name':'d6','uid':'%s','resourceVersion':'%s'},'spec':{'holderIdentity':'x'}}",
                         lease_uid, lease_rv);
        expect(&renewed, 200);
        _cleanup_answer_ struct answer late = api_call(
                "DELETE", LEASES "/d6", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", lease_uid, lease_rv);
        expect_failure(&late, 409, "Conflict", "the ResourceVersion in the precondition");
        api_copy(lease_rv, api_string(&renewed, "metadata/resourceVersion"));
        _cleanup_answer_ struct answer a = api_call(
                "DELETE", LEASES "/d6", "{'preconditions':{'uid':'%s','resourceVersion':'%s'}}", lease_uid, lease_rv);
        expect(&a, 200);
        _cleanup_answer_ struct answer old =
                api_call("PUT", LEASES "/d6",
                         "{'metadata':{'name':'d6','uid':'%s','resourceVersion':'%s'},'spec':{'holderIdentity':'x'}}",
                         lease_uid, lease_rv);
        expect_failure(&old, 409, "Conflict", "UID in object meta: ");
        _cleanup_answer_ struct answer lock = api_get(LOCKS "/d6");
        api_copy(lock_uid, api_string(&lock, "metadata/uid"));
        _cleanup_answer_ struct answer b = api_call("DELETE", LOCKS "/d6", "{'preconditions':{'uid':'%s'}}", lock_uid);
        expect(&b, 200);
        for (;;) { /* the garbage collector may have moved the version in between */
                _cleanup_answer_ struct answer c = api_get(LOCKS "/d6");
                assert_true(api_is_marked(&c));
                api_copy(rv, api_string(&c, "metadata/resourceVersion"));
                _cleanup_answer_ struct answer d =
                        api_call("PATCH", LOCKS "/d6",
                                 "{'metadata':{'uid':'%s','resourceVersion':'%s','finalizers':null}}", lock_uid, rv);
                if (d.status == 200)
                        break;
                expect_failure(&d, 409, "Conflict", "the object has been modified");
        }
        api_make_lock("d6", NULL, NULL, NULL);
}

int suite_delete(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(delete_with_wrong_preconditions),
                cmocka_unit_test(delete_marks_a_lock_with_finalizer),
                cmocka_unit_test(finalizer_removal_lets_a_marked_lock_go),
                cmocka_unit_test(finalizer_removal_leaves_an_unmarked_lock),
                cmocka_unit_test(foreground_and_orphan_on_the_lock),
                cmocka_unit_test(depose),
        };
        return cmocka_run_group_tests_name("delete", tests, api_enter, api_leave);
}
