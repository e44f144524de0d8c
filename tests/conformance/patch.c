/* SPDX-License-Identifier: Apache-2.0 */
/* PATCH of a present, a deleting and an absent lock, with right and wrong uid and resourceVersion. */
#include <stdio.h>

#include "api.h"
#include "suites.h"

enum phase {
        PRESENT,
        DELETING,
        ABSENT,
};

struct lock {
        char path[128], uid[64], rv[64];
};

static struct lock make(const char *name, enum phase phase) {
        struct lock l = {0};
        snprintf(l.path, sizeof(l.path), LOCKS "/%s", name);
        if (phase == ABSENT)
                return l;
        api_make_lock(name, NULL, NULL, NULL);
        if (phase == DELETING) {
                _cleanup_answer_ struct answer d = api_call("DELETE", l.path, NULL);
                expect(&d, 200);
        }
        _cleanup_answer_ struct answer a = api_get("%s", l.path);
        expect(&a, 200);
        api_copy(l.uid, api_string(&a, "metadata/uid"));
        api_copy(l.rv, api_string(&a, "metadata/resourceVersion"));
        return l;
}

static void patch_with_a_wrong_uid(void **state) {
        (void)state;
        for (enum phase p = PRESENT; p <= DELETING; p++) {
                struct lock l = make(p == PRESENT ? "p1" : "p1d", p);
                _cleanup_answer_ struct answer a = api_call("PATCH", l.path, "{'metadata':{'uid':'x'}}");
                expect_failure(&a, 422, "Invalid", "metadata.uid: Invalid value: \"x\": field is immutable");
                _cleanup_answer_ struct answer b = api_call(
                        "PATCH", l.path, "{'metadata':{'uid':'x','resourceVersion':'%s','finalizers':null}}", l.rv);
                expect_failure(&b, 422, "Invalid", "field is immutable");
                _cleanup_answer_ struct answer c =
                        api_call("PATCH", l.path, "{'metadata':{'uid':'x','resourceVersion':'1'}}");
                expect_failure(&c, 409, "Conflict", "the object has been modified");
        }
}

static void patch_with_a_stale_version(void **state) {
        (void)state;
        for (enum phase p = PRESENT; p <= DELETING; p++) {
                struct lock l = make(p == PRESENT ? "p2" : "p2d", p);
                _cleanup_answer_ struct answer a = api_call(
                        "PATCH", l.path, "{'metadata':{'uid':'%s','resourceVersion':'1','finalizers':null}}", l.uid);
                expect_failure(&a, 409, "Conflict",
                               "the object has been modified; please apply your changes to the latest version");
                _cleanup_answer_ struct answer b = api_get("%s", l.path);
                expect(&b, 200);
                assert_string_equal(api_string(&b, "metadata/resourceVersion"), l.rv);
        }
}

static void patch_of_an_absent_object(void **state) {
        (void)state;
        struct lock l = make("p3", ABSENT);
        _cleanup_answer_ struct answer a = api_call("PATCH", l.path, "{'metadata':{'uid':'x','resourceVersion':'1'}}");
        expect_failure(&a, 404, "NotFound", "configmaps \"p3\" not found");
        _cleanup_answer_ struct answer b = api_call("PATCH", l.path, "{'data':{'a':'b'}}");
        expect(&b, 404);
        _cleanup_answer_ struct answer c = api_call("PATCH", LEASES "/p3", "{'spec':{'holderIdentity':'b'}}");
        expect_failure(&c, 404, "NotFound", "leases.coordination.k8s.io \"p3\" not found");
        _cleanup_answer_ struct answer d =
                api_call("JSONPATCH", l.path, "[{'op':'test','path':'/metadata/name','value':'p3'}]");
        expect(&d, 404);
}

static void patch_changes_data_also_while_deleting(void **state) {
        (void)state;
        for (enum phase p = PRESENT; p <= DELETING; p++) {
                struct lock l = make(p == PRESENT ? "p4" : "p4d", p);
                _cleanup_answer_ struct answer a =
                        api_call("PATCH", l.path, "{'metadata':{'uid':'%s','resourceVersion':'%s'},'data':{'b':'2'}}",
                                 l.uid, l.rv);
                expect(&a, 200);
                assert_string_equal(api_string(&a, "data/b"), "2");
                assert_string_equal(api_string(&a, "data/nonce"), "n1");
                assert_string_not_equal(api_string(&a, "metadata/resourceVersion"), l.rv);
        }
}

static void patch_adds_no_finalizer_while_deleting(void **state) {
        (void)state;
        struct lock l = make("p5", PRESENT), d = make("p5d", DELETING);
        _cleanup_answer_ struct answer a =
                api_call("PATCH", l.path, "{'metadata':{'finalizers':['" FINALIZER "','example.org/b']}}");
        expect(&a, 200);
        _cleanup_answer_ struct answer b =
                api_call("PATCH", d.path, "{'metadata':{'finalizers':['" FINALIZER "','example.org/b']}}");
        expect_failure(&b, 422, "Invalid",
                       "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted");
}

static void json_patch_tests(void **state) {
        (void)state;
        for (enum phase p = PRESENT; p <= DELETING; p++) {
                struct lock l = make(p == PRESENT ? "p6" : "p6d", p);
                _cleanup_answer_ struct answer a =
                        api_call("JSONPATCH", l.path, "[{'op':'test','path':'/metadata/resourceVersion','value':'1'}]");
                expect_failure(&a, 422, "Invalid", "the server rejected our request due to an error in our request");
                _cleanup_answer_ struct answer b =
                        api_call("JSONPATCH", l.path,
                                 "[{'op':'test','path':'/metadata/uid','value':'%s'},{'op':'replace','path':'/data/"
                                 "nonce','value':'n2'}]",
                                 l.uid);
                expect(&b, 200);
                assert_string_equal(api_string(&b, "data/nonce"), "n2");
        }
}

static void patch_that_is_no_patch(void **state) {
        (void)state;
        struct lock l = make("p7", PRESENT);
        _cleanup_answer_ struct answer a = api_call("PATCH", l.path, "{'data':");
        expect_failure(&a, 400, "BadRequest", "error decoding patch");
        _cleanup_answer_ struct answer b = api_call("PATCH", l.path, "{'metadata':{'name':'other'}}");
        expect_failure(&b, 400, "BadRequest", "does not match the name on the URL (p7)");
        _cleanup_answer_ struct answer c = api_call("PATCH", l.path, "{'data':{'a':5}}");
        expect_failure(&c, 422, "Invalid",
                       "cannot unmarshal number into Go struct field ConfigMap.data of type string");
}

/* Owner and data come back in one PATCH, as after an orphaning deletion. */
static void patch_restores_the_owner(void **state) {
        char uid[64];
        (void)state;
        api_make_lease("p8", uid, NULL);
        struct lock l = make("p8", PRESENT);
        _cleanup_answer_ struct answer a =
                api_call("PATCH", l.path,
                         "{'metadata':{'uid':'%s','resourceVersion':'%s','ownerReferences':[{'apiVersion':"
                         "'coordination.k8s.io/v1','kind':'Lease','name':'p8','uid':'%s'}]},'data':{'c':'3'}}",
                         l.uid, l.rv, uid);
        expect(&a, 200);
        assert_non_null(api_at(&a, "metadata/ownerReferences"));
        assert_string_equal(api_string(&a, "data/c"), "3");
}

/* The words of a refusal, and all that may still be written: tests/rules has each by itself. */
static void patch_of_an_immutable_lock(void **state) {
        static const char *const refused[][2] = {
                {"{'data':{'nonce':'n2'}}", "data: Forbidden: field is immutable when `immutable` is set"},
                {"{'data':{'more':'1'}}", "data: Forbidden: field is immutable when `immutable` is set"},
                {"{'data':{'nonce':null}}", "data: Forbidden: field is immutable when `immutable` is set"},
                {"{'data':null}", "data: Forbidden: field is immutable when `immutable` is set"},
                {"{'binaryData':{'b':'AA=='}}", "binaryData: Forbidden: field is immutable when `immutable` is set"},
                {"{'immutable':false}", "immutable: Forbidden: field is immutable when `immutable` is set"},
                {"{'immutable':null}", "immutable: Forbidden: field is immutable when `immutable` is set"},
                {"{'immutable':false,'data':{'nonce':'n2'}}",
                 "immutable: Forbidden: field is immutable when `immutable` is set"},
                {"{'metadata':{'annotations':{'example.org/a':'1'}},'data':{'nonce':'n2'}}",
                 "data: Forbidden: field is immutable when `immutable` is set"},
        };
        static const char *const done[] = {
                "{'metadata':{'annotations':{'example.org/a':'1'}}}",
                "{'metadata':{'annotations':{'example.org/a':null}}}",
                "{'metadata':{'labels':{'example.org/a':'1'}}}",
                "{'metadata':{'finalizers':['" FINALIZER "','example.org/b']}}",
                "{'metadata':{'finalizers':['" FINALIZER "']}}",
                "{'metadata':{'ownerReferences':null}}",
        };
        char uid[64];
        (void)state;
        api_make_lease("p9", uid, NULL);
        _cleanup_answer_ struct answer made =
                api_call("POST", LOCKS,
                         "{'metadata':{'name':'p9','finalizers':['" FINALIZER "'],'ownerReferences':[{'apiVersion':"
                         "'coordination.k8s.io/v1','kind':'Lease','name':'p9','uid':'%s'}]},'immutable':true,"
                         "'data':{'nonce':'n1'}}",
                         uid);
        expect(&made, 201);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_answer_ struct answer a = api_call("PATCH", LOCKS "/p9", "%s", refused[i][0]);
                expect_failure(&a, 422, "Invalid", refused[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(done); i++) {
                _cleanup_answer_ struct answer a = api_call("PATCH", LOCKS "/p9", "%s", done[i]);
                expect(&a, 200);
                assert_string_equal(api_string(&a, "data/nonce"), "n1");
        }
        _cleanup_answer_ struct answer marked = api_call("DELETE", LOCKS "/p9", NULL);
        expect(&marked, 200);
        assert_non_null(api_at(&marked, "metadata/deletionTimestamp"));
        _cleanup_answer_ struct answer late = api_call("PATCH", LOCKS "/p9", "{'data':{'nonce':'n2'}}");
        expect_failure(&late, 422, "Invalid", "field is immutable when `immutable` is set");
        _cleanup_answer_ struct answer stripped = api_call("PATCH", LOCKS "/p9", "{'metadata':{'finalizers':null}}");
        expect(&stripped, 200);
        _cleanup_answer_ struct answer gone = api_get(LOCKS "/p9");
        expect(&gone, 404);
}

int suite_patch(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(patch_with_a_wrong_uid),
                cmocka_unit_test(patch_with_a_stale_version),
                cmocka_unit_test(patch_of_an_absent_object),
                cmocka_unit_test(patch_changes_data_also_while_deleting),
                cmocka_unit_test(patch_adds_no_finalizer_while_deleting),
                cmocka_unit_test(json_patch_tests),
                cmocka_unit_test(patch_that_is_no_patch),
                cmocka_unit_test(patch_restores_the_owner),
                cmocka_unit_test(patch_of_an_immutable_lock),
        };
        return cmocka_run_group_tests_name("patch", tests, api_enter, api_leave);
}
