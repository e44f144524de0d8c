/* SPDX-License-Identifier: Apache-2.0 */
/* The placeholder Pod, and Events in both groups. */
#include "api.h"
#include "suites.h"

#define POD_BODY                                                                                                       \
        "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'%s'},'spec':{'schedulerName':'example.org/none',"         \
        "'schedulingGates':[{'name':'example.org/placeholder'}],'automountServiceAccountToken':false,"                 \
        "'enableServiceLinks':false,'restartPolicy':'Never','terminationGracePeriodSeconds':0,"                        \
        "'containers':[{'name':'none','image':'registry.k8s.io/pause:3.10'}]}}"

static void gated_pod_stays_pending(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = api_call("POST", PODS, POD_BODY, "k1");
        expect(&a, 201);
        _cleanup_answer_ struct answer b = api_get(PODS "/k1");
        assert_string_equal(api_string(&b, "status/phase"), "Pending");
        assert_string_equal(api_string(&b, "spec/nodeName"), "");
        struct json_object *condition = json_object_array_get_idx(api_at(&b, "status/conditions"), 0);
        assert_string_equal(api_json_string(condition, "type"), "PodScheduled");
        assert_string_equal(api_json_string(condition, "reason"), "SchedulingGated");
        _cleanup_answer_ struct answer beat = api_call(
                "PATCH", PODS "/k1", "{'metadata':{'uid':'%s','resourceVersion':'%s','annotations':{'beat':'1'}}}",
                api_string(&b, "metadata/uid"), api_string(&b, "metadata/resourceVersion"));
        expect(&beat, 200);
        assert_string_equal(api_string(&beat, "metadata/annotations/beat"), "1");
        _cleanup_answer_ struct answer spec = api_call("PATCH", PODS "/k1", "{'spec':{'schedulerName':'other'}}");
        expect_failure(&spec, 422, "Invalid", "spec: Forbidden: pod updates may not change fields other than");
        _cleanup_answer_ struct answer empty = api_call("POST", PODS, "{'metadata':{'name':'k2'},'spec':{}}");
        expect_failure(&empty, 422, "Invalid", "spec.containers: Required value");
}

static void deleted_pod_goes_at_once(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = api_call("POST", PODS, POD_BODY, "k3");
        expect(&a, 201);
        _cleanup_answer_ struct answer stale =
                api_call("DELETE", PODS "/k3", "{'preconditions':{'resourceVersion':'1'}}");
        expect_failure(&stale, 409, "Conflict", "Operation cannot be fulfilled on Pod \"k3\": the ResourceVersion");
        _cleanup_answer_ struct answer b = api_call(
                "DELETE", PODS "/k3", "{'gracePeriodSeconds':30,'preconditions':{'uid':'%s','resourceVersion':'%s'}}",
                api_string(&a, "metadata/uid"), api_string(&a, "metadata/resourceVersion"));
        expect(&b, 200);
        assert_string_equal(api_string(&b, "kind"), "Pod"); /* the object, no Status */
        _cleanup_answer_ struct answer c = api_get(PODS "/k3");
        expect(&c, 404);
        _cleanup_answer_ struct answer d = api_call("PATCH", PODS "/k3", "{'metadata':{'annotations':{'beat':'1'}}}");
        expect(&d, 404);
}

static void event_is_read_through_both_groups(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = api_call(
                "POST", NEW_EVENTS,
                "{'apiVersion':'events.k8s.io/v1','kind':'Event','metadata':{'name':'k4.17f3c2a1b4d5e6f7'},"
                "'eventTime':'2030-01-02T03:04:05.678901Z','type':'Normal','reason':'LeaderElected','action':'Acquire',"
                "'reportingController':'example.org/agent','reportingInstance':'node-a','regarding':{'apiVersion':'v1',"
                "'kind':'ConfigMap','namespace':'%s','name':'k4'},'note':'became leader'}",
                api_namespace());
        expect(&a, 201);
        assert_string_equal(api_string(&a, "note"), "became leader");
        _cleanup_answer_ struct answer b = api_get(EVENTS "/k4.17f3c2a1b4d5e6f7");
        expect(&b, 200);
        assert_string_equal(api_string(&b, "apiVersion"), "v1");
        assert_string_equal(api_string(&b, "message"), "became leader");
        assert_string_equal(api_string(&b, "involvedObject/name"), "k4");
        assert_string_equal(api_string(&b, "reportingComponent"), "example.org/agent");
}

static void event_that_lacks_something(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a =
                api_call("POST", NEW_EVENTS, "{'metadata':{'name':'k5'},'reason':'LeaderElected'}");
        expect_failure(&a, 422, "Invalid",
                       "Event \"k5\" is invalid: [involvedObject.namespace: Invalid value: \"\": does not match "
                       "event.namespace, eventTime: Required value, type: Invalid value: \"\": has invalid value: ]");
        _cleanup_answer_ struct answer b = api_call("POST", EVENTS,
                                                    "{'metadata':{'name':'k5'},'reason':'R','involvedObject':{'kind':'"
                                                    "ConfigMap','name':'d','namespace':'far'}}");
        expect_failure(&b, 422, "Invalid",
                       "involvedObject.namespace: Invalid value: \"far\": does not match event.namespace");
}

static void event_count_is_patched(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a =
                api_call("POST", EVENTS,
                         "{'metadata':{'name':'k6'},'reason':'R','message':'m','type':'Normal','count':1,"
                         "'involvedObject':{'kind':'ConfigMap','name':'d','namespace':'%s'}}",
                         api_namespace());
        expect(&a, 201);
        _cleanup_answer_ struct answer b = api_call("PATCH", EVENTS "/k6", "{'count':2}");
        expect(&b, 200);
        _cleanup_answer_ struct answer c = api_get(NEW_EVENTS "/k6");
        assert_int_equal(json_object_get_int(api_at(&c, "deprecatedCount")), 2);
        assert_string_equal(api_string(&c, "note"), "m");
}

int suite_other_kinds(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(gated_pod_stays_pending),
                cmocka_unit_test(deleted_pod_goes_at_once),
                cmocka_unit_test(event_is_read_through_both_groups),
                cmocka_unit_test(event_that_lacks_something),
                cmocka_unit_test(event_count_is_patched),
        };
        return cmocka_run_group_tests_name("pods and events", tests, api_enter, api_leave);
}
