/* SPDX-License-Identifier: Apache-2.0 */
/* A namespace on its way out. */
#include <stdio.h>

#include "api.h"
#include "suites.h"

static void put_renews(const char *name, const char *uid, const char *rv, long status) {
        char path[128];
        snprintf(path, sizeof(path), LEASES "/%s", name);
        _cleanup_answer_ struct answer a =
                api_call("PUT", path,
                         "{'metadata':{'name':'%s','uid':'%s','resourceVersion':'%s'},'spec':{'holderIdentity':'x'}}",
                         name, uid, rv);
        expect(&a, status);
}

static void a_terminating_namespace(void **state) {
        char uid[64], rv[64];
        (void)state;
        api_make_lease("n", uid, rv);
        api_make_lock("n", "Lease", "n", uid);
        _cleanup_answer_ struct answer deleted = api_call("DELETE", "/api/v1/namespaces/NS", NULL);
        expect(&deleted, 200);
        assert_string_equal(api_string(&deleted, "status/phase"), "Terminating");
        /* At once: nothing new, but what is there can be renewed. */
        put_renews("n", uid, rv, 200);
        _cleanup_answer_ struct answer post = api_call("POST", LOCKS, "{'metadata':{'name':'n2'}}");
        expect_failure(&post, 403, "Forbidden", "unable to create new content in namespace ");
        struct json_object *cause = json_object_array_get_idx(api_at(&post, "details/causes"), 0);
        assert_string_equal(api_json_string(cause, "reason"), "NamespaceTerminating");
        _cleanup_answer_ struct answer put = api_call("PUT", LEASES "/n3", "{'metadata':{'name':'n3'}}");
        expect_failure(&put, 403, "Forbidden", "because it is being terminated");
        /* Then the content goes; the lock waits for its finalizer and the namespace for the lock. */
        api_wait(LOCKS "/n", api_is_marked);
        api_wait(LEASES "/n", api_is_gone);
        put_renews("n", uid, rv, 409);
        _cleanup_answer_ struct answer patch = api_call("PATCH", LOCKS "/n", "{'metadata':{'finalizers':null}}");
        expect(&patch, 200);
        _cleanup_answer_ struct answer gone = api_get(LOCKS "/n");
        expect(&gone, 404);
        api_wait("/api/v1/namespaces/NS", api_is_gone);
        _cleanup_answer_ struct answer late = api_call("POST", LOCKS, "{'metadata':{'name':'n'}}");
        expect_failure(&late, 404, "NotFound", "namespaces \"");
        put_renews("n", uid, rv, 409);
}

int suite_namespace(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_terminating_namespace),
        };
        return cmocka_run_group_tests_name("namespace", tests, api_enter, NULL);
}
