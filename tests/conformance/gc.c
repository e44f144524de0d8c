/* SPDX-License-Identifier: Apache-2.0 */
/* The garbage collector. Times are not judged: what must happen is waited for. */
#include <stdio.h>

#include "api.h"
#include "suites.h"

#define POD_SPEC                                                                                                       \
        "'spec':{'schedulerName':'example.org/none','schedulingGates':[{'name':'example.org/placeholder'}],"           \
        "'automountServiceAccountToken':false,'restartPolicy':'Never','terminationGracePeriodSeconds':0,"              \
        "'containers':[{'name':'none','image':'registry.k8s.io/pause:3.10'}]}"
#define NO_UID "7f9c1c1e-0000-4000-8000-000000000000"

static void owner_lease_deleted(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g1", uid, NULL);
        api_make_lock("g1", "Lease", "g1", uid);
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g1", NULL);
        expect(&a, 200);
        api_wait(LOCKS "/g1", api_is_marked);
        _cleanup_answer_ struct answer b = api_get(LOCKS "/g1");
        assert_non_null(api_at(&b, "metadata/finalizers"));
        assert_non_null(api_at(&b, "metadata/ownerReferences")); /* dangling */
}

static void owner_pod_deleted(void **state) {
        (void)state;
        _cleanup_answer_ struct answer pod = api_call("POST", PODS, "{'metadata':{'name':'g2'}," POD_SPEC "}");
        expect(&pod, 201);
        api_make_lock("g2", "Pod", "g2", api_string(&pod, "metadata/uid"));
        _cleanup_answer_ struct answer a = api_call("DELETE", PODS "/g2", NULL);
        expect(&a, 200);
        api_wait(LOCKS "/g2", api_is_marked);
}

static void owner_gone_before_the_post(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g3", uid, NULL);
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g3", NULL);
        expect(&a, 200);
        api_make_lock("g3", "Lease", "g3", uid); /* 201 */
        api_wait(LOCKS "/g3", api_is_marked);
}

static void owner_that_never_was(void **state) {
        (void)state;
        api_make_lock("g4", "Lease", "nobody", NO_UID);
        api_wait(LOCKS "/g4", api_is_marked);
}

static void owner_of_the_right_name_and_wrong_uid(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g5", uid, NULL);
        api_make_lock("g5", "Lease", "g5", NO_UID);
        api_wait(LOCKS "/g5", api_is_marked);
        /* Deleted and created again under the same name: another uid. */
        api_make_lease("g5r", uid, NULL);
        api_make_lock("g5r", "Lease", "g5r", uid);
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g5r", NULL);
        expect(&a, 200);
        api_make_lease("g5r", NULL, NULL);
        api_wait(LOCKS "/g5r", api_is_marked);
}

static void owner_of_the_wrong_kind(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g6", uid, NULL);
        api_make_lock("g6", "Pod", "g6", uid);
        api_wait(LOCKS "/g6", api_is_marked);
}

static void owner_in_another_namespace(void **state) {
        (void)state;
        _cleanup_answer_ struct answer far = api_call("POST", "/apis/coordination.k8s.io/v1/namespaces/default/leases",
                                                      "{'metadata':{'name':'%s'}}", api_namespace());
        expect(&far, 201);
        api_make_lock("g7", "Lease", api_namespace(), api_string(&far, "metadata/uid"));
        api_wait(LOCKS "/g7", api_is_marked);
        char path[256];
        snprintf(path, sizeof(path), "/apis/coordination.k8s.io/v1/namespaces/default/leases/%s", api_namespace());
        _cleanup_answer_ struct answer a = api_call("DELETE", path, NULL);
        expect(&a, 200);
}

static void owner_of_an_unknown_version(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g8", uid, NULL);
        _cleanup_answer_ struct answer a = api_call("POST", LOCKS,
                                                    "{'metadata':{'name':'g8','ownerReferences':[{'apiVersion':'"
                                                    "coordination.k8s.io/v0alpha1','kind':'Lease',"
                                                    "'name':'g8','uid':'%s'}]}}",
                                                    uid);
        expect(&a, 201);
        /* Collected later than it would have been: a lock made after it, and one more after that. */
        api_make_lock("g8b", "Lease", "nobody", NO_UID);
        api_wait(LOCKS "/g8b", api_is_marked);
        api_make_lock("g8c", "Lease", "nobody", NO_UID);
        api_wait(LOCKS "/g8c", api_is_marked);
        _cleanup_answer_ struct answer b = api_get(LOCKS "/g8");
        expect(&b, 200);
        assert_null(api_at(&b, "metadata/deletionTimestamp"));
}

static bool has_one_owner(const struct answer *a) {
        struct json_object *owners = api_at(a, "metadata/ownerReferences");
        return a->status == 200 && owners && json_object_array_length(owners) == 1;
}

static void two_owners(void **state) {
        char one[64], two[64];
        (void)state;
        api_make_lease("g9a", one, NULL);
        api_make_lease("g9b", two, NULL);
        _cleanup_answer_ struct answer a =
                api_call("POST", LOCKS,
                         "{'metadata':{'name':'g9','finalizers':['" FINALIZER "'],'ownerReferences':["
                         "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','name':'g9a','uid':'%s'},"
                         "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','name':'g9b','uid':'%s'}]}}",
                         one, two);
        expect(&a, 201);
        _cleanup_answer_ struct answer b = api_call("DELETE", LEASES "/g9a", NULL);
        expect(&b, 200);
        api_wait(LOCKS "/g9", has_one_owner);
        _cleanup_answer_ struct answer c = api_get(LOCKS "/g9");
        assert_null(api_at(&c, "metadata/deletionTimestamp"));
        _cleanup_answer_ struct answer d = api_call("DELETE", LEASES "/g9b", NULL);
        expect(&d, 200);
        api_wait(LOCKS "/g9", api_is_marked);
}

static void owner_deleted_with_orphan(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g10", uid, NULL);
        api_make_lock("g10", "Lease", "g10", uid);
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g10", "{'propagationPolicy':'Orphan'}");
        expect(&a, 200);
        api_wait(LEASES "/g10", api_is_gone);
        _cleanup_answer_ struct answer b = api_get(LOCKS "/g10");
        expect(&b, 200);
        assert_null(api_at(&b, "metadata/ownerReferences"));
        assert_null(api_at(&b, "metadata/deletionTimestamp"));
}

static void make_blocking_lock(const char *name, const char *uid, const char *block) {
        _cleanup_answer_ struct answer a =
                api_call("POST", LOCKS,
                         "{'metadata':{'name':'%s','finalizers':['" FINALIZER "'],'ownerReferences':[{'apiVersion':"
                         "'coordination.k8s.io/v1','kind':'Lease','name':'%s','uid':'%s','blockOwnerDeletion':%s}]}}",
                         name, name, uid, block);
        expect(&a, 201);
}

static void owner_deleted_in_foreground_waits(void **state) {
        char uid[64], rv[64];
        (void)state;
        api_make_lease("g11", uid, NULL);
        make_blocking_lock("g11", uid, "true");
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g11", "{'propagationPolicy':'Foreground'}");
        expect(&a, 200);
        assert_non_null(strstr(json_object_to_json_string(api_at(&a, "metadata/finalizers")), "foregroundDeletion"));
        api_wait(LOCKS "/g11", api_is_marked);
        _cleanup_answer_ struct answer b = api_get(LEASES "/g11");
        assert_true(api_is_marked(&b));
        api_copy(rv, api_string(&b, "metadata/resourceVersion"));
        _cleanup_answer_ struct answer renewal = api_call(
                "PUT", LEASES "/g11",
                "{'metadata':{'name':'g11','uid':'%s','resourceVersion':'%s','finalizers':['foregroundDeletion']},"
                "'spec':{'holderIdentity':'still'}}",
                uid, rv);
        expect(&renewal, 200);
        assert_non_null(api_at(&renewal, "metadata/deletionTimestamp"));
        _cleanup_answer_ struct answer c = api_call("PATCH", LOCKS "/g11", "{'metadata':{'finalizers':null}}");
        expect(&c, 200);
        api_wait(LEASES "/g11", api_is_gone);
}

static void owner_deleted_in_foreground_does_not_wait(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("g12", uid, NULL);
        make_blocking_lock("g12", uid, "false");
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g12", "{'propagationPolicy':'Foreground'}");
        expect(&a, 200);
        api_wait(LEASES "/g12", api_is_gone);
        api_wait(LOCKS "/g12", api_is_marked);
}

static void owner_marked_by_its_own_finalizer_keeps_the_lock(void **state) {
        (void)state;
        _cleanup_answer_ struct answer lease =
                api_call("POST", LEASES, "{'metadata':{'name':'g13','finalizers':['example.org/own']}}");
        expect(&lease, 201);
        api_make_lock("g13", "Lease", "g13", api_string(&lease, "metadata/uid"));
        _cleanup_answer_ struct answer a = api_call("DELETE", LEASES "/g13", NULL);
        expect(&a, 200);
        api_make_lock("g13b", "Lease", "nobody", NO_UID);
        api_wait(LOCKS "/g13b", api_is_marked);
        _cleanup_answer_ struct answer b = api_get(LOCKS "/g13");
        assert_null(api_at(&b, "metadata/deletionTimestamp"));
        _cleanup_answer_ struct answer c = api_call("PATCH", LEASES "/g13", "{'metadata':{'finalizers':null}}");
        expect(&c, 200);
        api_wait(LOCKS "/g13", api_is_marked);
}

int suite_gc(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(owner_lease_deleted),
                cmocka_unit_test(owner_pod_deleted),
                cmocka_unit_test(owner_gone_before_the_post),
                cmocka_unit_test(owner_that_never_was),
                cmocka_unit_test(owner_of_the_right_name_and_wrong_uid),
                cmocka_unit_test(owner_of_the_wrong_kind),
                cmocka_unit_test(owner_in_another_namespace),
                cmocka_unit_test(owner_of_an_unknown_version),
                cmocka_unit_test(two_owners),
                cmocka_unit_test(owner_deleted_with_orphan),
                cmocka_unit_test(owner_deleted_in_foreground_waits),
                cmocka_unit_test(owner_deleted_in_foreground_does_not_wait),
                cmocka_unit_test(owner_marked_by_its_own_finalizer_keeps_the_lock),
        };
        return cmocka_run_group_tests_name("garbage collector", tests, api_enter, api_leave);
}
