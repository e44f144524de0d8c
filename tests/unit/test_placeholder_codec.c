/* SPDX-License-Identifier: Apache-2.0 */
/* Leases and Pods to plain data and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/object.h"
#include "codec/placeholder.h"

static struct placeholder_object complete(enum placeholder_kind kind) {
        return (struct placeholder_object){.kind = kind,
                                           .ns = "ns",
                                           .name = "leader-agent-web-1",
                                           .uid = "u",
                                           .version = "7",
                                           .claim = "c",
                                           .nonce = "n",
                                           .boot_id = "b",
                                           .identity = "web-1",
                                           .renew_time = "2030-01-02T03:04:05.678901Z",
                                           .acquire_time = "2030-01-02T03:00:00.000000Z",
                                           .lease_duration_usec = 15 * USEC_PER_SEC,
                                           .heartbeat_usec = 600 * USEC_PER_SEC};
}

static void assert_same(const struct placeholder_object *a, const struct placeholder_object *b) {
        assert_int_equal(a->kind, b->kind);
        assert_string_equal(a->ns, b->ns);
        assert_string_equal(a->name, b->name);
        assert_string_equal(a->claim, b->claim);
        assert_string_equal(a->nonce, b->nonce);
        assert_string_equal(a->boot_id, b->boot_id);
        assert_string_equal(a->identity, b->identity);
        assert_string_equal(a->renew_time, b->renew_time);
        assert_string_equal(a->acquire_time, b->acquire_time);
        assert_int_equal(a->lease_duration_usec, b->lease_duration_usec);
        assert_int_equal(a->heartbeat_usec, b->heartbeat_usec);
}

static void test_round_trip(void **state) {
        (void)state;
        for (enum placeholder_kind kind = PLACEHOLDER_LEASE; kind <= PLACEHOLDER_POD; kind++) {
                struct placeholder_object p = complete(kind), back;
                _cleanup_(json_object_putp) struct json_object *o = NULL;
                _cleanup_free_ char *text = NULL;
                struct json_object *metadata;

                assert_int_equal(placeholder_build_create(&p, &text), 0);
                assert_int_equal(object_parse(text, strlen(text), &o, NULL), 0);
                metadata = object_get(o, "metadata");
                assert_null(object_get(metadata, "uid"));
                assert_null(object_get(metadata, "resourceVersion"));
                assert_true(object_add_string(metadata, "uid", "u"));
                assert_true(object_add_string(metadata, "resourceVersion", "7"));
                assert_int_equal(placeholder_from_json(kind, o, &back, NULL), 0);
                assert_same(&p, &back);
                assert_false(back.deleting);
                assert_int_equal(back.n_finalizers, 0);

                assert_true(object_add_string(metadata, "deletionTimestamp", "2030-01-01T00:00:00Z"));
                json_object_array_add(object_add_array(metadata, "finalizers"), json_object_new_string("orphan"));
                assert_int_equal(placeholder_from_json(kind, o, &back, NULL), 0);
                assert_true(back.deleting && back.n_finalizers == 1);
                /* A Lease is no Pod. */
                assert_int_equal(placeholder_from_json((enum placeholder_kind) !kind, o, &back, NULL), -EBADMSG);
        }
}

/* Only what is provably a placeholder is ever deleted: one row for each thing that must be true. */
static void test_genuine(void **state) {
        static const struct {
                const char *change, *identity;
                enum tenure tenure;
                bool genuine;
        } rows[] = {
                {"", "web-1-3f9a02c7", TENURE_LEASE, true},
                {"unlabelled", "web-1-3f9a02c7", TENURE_LEASE, false},
                {"other label", "web-1-3f9a02c7", TENURE_LEASE, false},
                {"no claim", "web-1-3f9a02c7", TENURE_LEASE, false},
                {"other holder", "web-1-3f9a02c7", TENURE_LEASE, false},
                {"no holder", "web-1-3f9a02c7", TENURE_LEASE, false},
                {"other name", "web-1-3f9a02c7", TENURE_LEASE, false},
                {"no holder", "", TENURE_LEASE, false},
                {"", "web-2-3f9a02c7", TENURE_LEASE, false}, /* the identity in the lock */
                {"", "web-1-3f9a02c7", TENURE_LIFE, false},
        };

        (void)state;
        for (enum placeholder_kind kind = PLACEHOLDER_LEASE; kind <= PLACEHOLDER_POD; kind++)
                for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                        struct placeholder_object p = complete(kind), back;
                        _cleanup_(json_object_putp) struct json_object *o = NULL;
                        _cleanup_free_ char *text = NULL;
                        struct json_object *metadata, *holder;

                        (void)util_copy(p.identity, sizeof(p.identity), "web-1-3f9a02c7");
                        assert_true(placeholder_name(p.name, sizeof(p.name), p.identity, TENURE_LEASE));
                        assert_string_equal(p.name, "leader-agent-web-1-3f9a02c7-lease");
                        if (strcmp(rows[i].change, "other name") == 0)
                                (void)util_copy(p.name, sizeof(p.name), "kube-scheduler-lease");
                        assert_int_equal(placeholder_build_create(&p, &text), 0);
                        assert_int_equal(object_parse(text, strlen(text), &o, NULL), 0);
                        metadata = object_get(o, "metadata");
                        assert_true(object_add_string(metadata, "uid", "u"));
                        assert_true(object_add_string(metadata, "resourceVersion", "7"));
                        if (strcmp(rows[i].change, "unlabelled") == 0)
                                json_object_object_del(metadata, "labels");
                        if (strcmp(rows[i].change, "other label") == 0)
                                assert_true(
                                        object_add_string(object_get(metadata, "labels"), PLACEHOLDER_LABEL, "Helm"));
                        if (strcmp(rows[i].change, "no claim") == 0)
                                json_object_object_del(object_get(metadata, "annotations"), "leaderagent.io/claim");
                        holder =
                                kind == PLACEHOLDER_LEASE ? object_get(o, "spec") : object_get(metadata, "annotations");
                        if (strcmp(rows[i].change, "other holder") == 0)
                                assert_true(object_add_string(holder,
                                                              kind == PLACEHOLDER_LEASE ? "holderIdentity"
                                                                                        : "leaderagent.io/identity",
                                                              "web-1"));
                        if (strcmp(rows[i].change, "no holder") == 0)
                                json_object_object_del(holder, kind == PLACEHOLDER_LEASE ? "holderIdentity"
                                                                                         : "leaderagent.io/identity");
                        assert_int_equal(placeholder_from_json(kind, o, &back, NULL), 0);
                        if (placeholder_is_genuine(&back, rows[i].identity, rows[i].tenure) != rows[i].genuine)
                                fail_msg("kind %u row %zu (%s)", kind, i, rows[i].change);
                }
}

/* As 0.1.0 wrote it: its locks must still be deposable. */
static void test_genuine_of_0_1_0(void **state) {
        static const char *const text =
                "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{"
                "\"name\":\"leader-agent-web-1-3f9a02c7-lease\",\"namespace\":\"ns\",\"uid\":\"u\","
                "\"resourceVersion\":\"7\",\"labels\":{\"app.kubernetes.io/managed-by\":\"leader-agent\"},"
                "\"annotations\":{\"leaderagent.io/claim\":\"0123456789abcdef0123456789abcdef\","
                "\"leaderagent.io/nonce\":\"n\",\"leaderagent.io/boot-id\":\"b\"}},"
                "\"spec\":{\"leaseDurationSeconds\":15,\"holderIdentity\":\"web-1-3f9a02c7\","
                "\"acquireTime\":\"2030-01-02T03:00:00.000000Z\",\"renewTime\":\"2030-01-02T03:04:05.678901Z\"}}";
        struct placeholder_object p;

        (void)state;
        assert_int_equal(placeholder_parse(PLACEHOLDER_LEASE, text, strlen(text), &p, NULL), 0);
        assert_true(placeholder_is_genuine(&p, "web-1-3f9a02c7", TENURE_LEASE));
}

/* What it tells of the leases held under it: exact, where the list is whole; else the longest of all. */
static void test_terms(void **state) {
        static const struct {
                const char *terms; /* NULL: as 0.1.0 wrote it */
                uint64_t a, other; /* seconds */
        } rows[] = {
                {NULL, 30, 30},
                {"", 0, 0},
                {"a=15", 15, 0},
                {"a=15 b=20", 15, 0},
                {"a=x", 30, 30},
                {"a", 30, 30},
                {"a=0", 30, 30},
                {"a=15 b=-1", 15, 30},
                {"a=99999999999", 30, 30},
                {"a=15 b=20 ", 15, 0},
        };

        (void)state;
        for (enum placeholder_kind kind = PLACEHOLDER_LEASE; kind <= PLACEHOLDER_POD; kind++) {
                struct placeholder_object p = complete(kind), back;

                for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                        _cleanup_(json_object_putp) struct json_object *o = NULL;
                        _cleanup_free_ char *text = NULL;

                        p.lease_duration_usec = 30 * USEC_PER_SEC;
                        assert_int_equal(placeholder_build_renew(&p, &text), 0);
                        assert_null(strstr(text, "leaderagent.io/terms"));
                        free(TAKE_PTR(text));
                        assert_int_equal(placeholder_build_create(&p, &text), 0);
                        assert_int_equal(object_parse(text, strlen(text), &o, NULL), 0);
                        assert_true(object_add_string(object_get(o, "metadata"), "uid", "u"));
                        assert_true(object_add_string(object_get(o, "metadata"), "resourceVersion", "7"));
                        if (rows[i].terms)
                                assert_true(object_add_string(object_get(object_get(o, "metadata"), "annotations"),
                                                              "leaderagent.io/terms", rows[i].terms));
                        assert_int_equal(placeholder_from_json(kind, o, &back, NULL), 0);
                        if (placeholder_duration(&back, "a") != rows[i].a * USEC_PER_SEC ||
                            placeholder_duration(&back, "z") != rows[i].other * USEC_PER_SEC)
                                fail_msg("kind %u row %zu", kind, i);
                }
                /* Written and read back; more of them than fit: the rest is told by the longest. */
                for (unsigned n = 0; n <= PLACEHOLDER_TERMS + 1; n++) {
                        _cleanup_(json_object_putp) struct json_object *o = NULL;
                        _cleanup_free_ char *text = NULL;
                        char uid[64];

                        p = complete(kind);
                        p.lease_duration_usec = 0;
                        p.has_terms = true;
                        for (unsigned i = 0; i < n; i++) {
                                (void)snprintf(uid, sizeof(uid), "%08u-0000-0000-0000-000000000000", i);
                                placeholder_add_term(&p, uid, (10 + i) * USEC_PER_SEC);
                                placeholder_add_term(&p, uid, 5 * USEC_PER_SEC); /* never shorter */
                        }
                        assert_int_equal(placeholder_build_create(&p, &text), 0);
                        assert_int_equal(object_parse(text, strlen(text), &o, NULL), 0);
                        assert_true(object_add_string(object_get(o, "metadata"), "uid", "u"));
                        assert_true(object_add_string(object_get(o, "metadata"), "resourceVersion", "7"));
                        assert_int_equal(placeholder_from_json(kind, o, &back, NULL), 0);
                        assert_int_equal(back.lease_duration_usec, n ? (9 + n) * USEC_PER_SEC : 0);
                        for (unsigned i = 0; i < n; i++) {
                                (void)snprintf(uid, sizeof(uid), "%08u-0000-0000-0000-000000000000", i);
                                assert_int_equal(placeholder_duration(&back, uid),
                                                 (i < PLACEHOLDER_TERMS ? 10 + i : 9 + n) * USEC_PER_SEC);
                        }
                }
        }
}

/* A renewal of a Lease is a whole object with both preconditions: it can never re-create one. */
static void test_renew(void **state) {
        struct placeholder_object p = complete(PLACEHOLDER_LEASE), back;
        _cleanup_free_ char *text = NULL;
        char *none = NULL;

        (void)state;
        assert_int_equal(placeholder_build_renew(&p, &text), 0);
        assert_int_equal(placeholder_parse(PLACEHOLDER_LEASE, text, strlen(text), &back, NULL), 0);
        assert_same(&p, &back);
        assert_string_equal(back.uid, "u");
        assert_string_equal(back.version, "7");

        *p.uid = 0;
        assert_int_equal(placeholder_build_renew(&p, &none), -EINVAL);
        assert_int_equal(placeholder_build_clear(&p, &none), -EINVAL);
        p = complete(PLACEHOLDER_POD);
        *p.version = 0;
        assert_int_equal(placeholder_build_renew(&p, &none), -EINVAL);
        assert_int_equal(placeholder_build_clear(&p, &none), -EINVAL);
        *p.name = 0;
        assert_int_equal(placeholder_build_create(&p, &none), -EINVAL);
        p = complete(PLACEHOLDER_LEASE);
        p.lease_duration_usec = 1;
        assert_int_equal(placeholder_build_create(&p, &none), -EINVAL);
        assert_null(none);
}

/* Without a duration there is none in the object either: 0 would be refused by the server. */
static void test_no_duration(void **state) {
        (void)state;
        for (enum placeholder_kind kind = PLACEHOLDER_LEASE; kind <= PLACEHOLDER_POD; kind++) {
                struct placeholder_object p = complete(kind);
                _cleanup_free_ char *text = NULL;

                p.lease_duration_usec = 0;
                assert_int_equal(placeholder_build_create(&p, &text), 0);
                assert_null(strstr(text, "leaseDurationSeconds"));
                assert_null(strstr(text, "lease-duration-seconds"));
        }
}

/* What keeps the Pod from ever running, and what Pod Security asks for. */
static void test_pod_spec(void **state) {
        static const char *const parts[] = {
                "\"schedulingGates\":[{\"name\":\"leaderagent.io/placeholder\"}]",
                "\"schedulerName\":\"leaderagent.io/none\"",
                "\"automountServiceAccountToken\":false",
                "\"runAsNonRoot\":true",
                "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}",
                "\"allowPrivilegeEscalation\":false",
                "\"drop\":[\"ALL\"]",
                "\"requests\":{\"cpu\":\"1m\",\"memory\":\"1Mi\"}",
                "\"limits\":{\"cpu\":\"1m\",\"memory\":\"1Mi\"}",
        };
        struct placeholder_object p = complete(PLACEHOLDER_POD);
        _cleanup_free_ char *text = NULL;

        (void)state;
        assert_int_equal(placeholder_build_create(&p, &text), 0);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (!strstr(text, parts[i]))
                        fail_msg("%s is not in %s", parts[i], text);
}

/* A Pod that has finished runs nowhere; any other, also one that says nothing of it, may. */
static void test_finished(void **state) {
        static const struct {
                const char *status;
                bool finished;
        } rows[] = {
                {"{}", false},
                {"null", false},
                {"{\"phase\":\"Pending\"}", false},
                {"{\"phase\":\"Running\"}", false},
                {"{\"phase\":\"Unknown\"}", false},
                {"{\"phase\":\"Succeeded and much more than that\"}", false},
                {"{\"phase\":\"Succeeded\"}", true},
                {"{\"phase\":\"Failed\"}", true},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct placeholder_object p;
                char text[512];

                (void)snprintf(text, sizeof(text),
                               "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":"
                               "\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\"},\"status\":%s}",
                               rows[i].status);
                assert_int_equal(placeholder_parse(PLACEHOLDER_POD, text, strlen(text), &p, NULL), 0);
                assert_int_equal(p.finished, rows[i].finished);
        }
}

/* Objects of others, and values that are unusable: nothing of ours in them. */
static void test_foreign(void **state) {
        static const char *const specs[] = {
                "\"spec\":{}",
                "\"spec\":null",
                "\"spec\":[]",
                "\"spec\":{\"renewTime\":7,\"holderIdentity\":{},\"leaseDurationSeconds\":\"15\"}",
                "\"spec\":{\"leaseDurationSeconds\":-1,\"holderIdentity\":\"a\\nb\"}",
                "\"spec\":{\"leaseDurationSeconds\":99999999999}",
        };
        char text[512];

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(specs); i++) {
                struct placeholder_object p;

                (void)snprintf(text, sizeof(text),
                               "{\"apiVersion\":\"coordination.k8s.io/"
                               "v1\",\"kind\":\"Lease\",\"metadata\":{\"namespace\":\"ns\","
                               "\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"1\",\"annotations\":{\"leaderagent."
                               "io/claim\":"
                               "\"much longer than any claim of ours could ever be\"}},%s}",
                               specs[i]);
                assert_int_equal(placeholder_parse(PLACEHOLDER_LEASE, text, strlen(text), &p, NULL), 0);
                assert_string_equal(p.claim, "");
                assert_string_equal(p.renew_time, "");
                assert_string_equal(p.identity, "");
                assert_int_equal(p.lease_duration_usec, 0);
        }
}

static void test_time(void **state) {
        static const struct {
                uint64_t usec;
                const char *text;
        } rows[] = {
                {0, "1970-01-01T00:00:00.000000Z"},
                {UINT64_C(1893553445678901), "2030-01-02T03:04:05.678901Z"},
                {UINT64_C(1893553445000001), "2030-01-02T03:04:05.000001Z"},
                {UINT64_MAX, "1970-01-01T00:00:00.551615Z"},
        };
        char text[CLOCK_TEXT_SIZE];

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                (void)clock_format_utc(rows[i].usec, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void test_kinds(void **state) {
        enum placeholder_kind kind = PLACEHOLDER_LEASE;

        (void)state;
        assert_int_equal(placeholder_kind_from_string("Pod", &kind), 0);
        assert_int_equal(kind, PLACEHOLDER_POD);
        assert_int_equal(placeholder_kind_from_string("pod", &kind), -EINVAL);
        assert_int_equal(placeholder_kind_from_string("", &kind), -EINVAL);
        assert_string_equal(placeholder_resource(PLACEHOLDER_LEASE).api_version, "coordination.k8s.io/v1");
        assert_string_equal(placeholder_kind_to_string((enum placeholder_kind)7), "unknown");
}

#define META(name) "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\"}"

/* Items as the API server leaves them, and as `kubectl get -o json` prints them. (More: test_lock_list.) */
static void test_list(void **state) {
        static const struct {
                enum placeholder_kind kind;
                const char *json;
                int r;
                size_t n;
                const char *text;
        } rows[] = {
                {PLACEHOLDER_LEASE,
                 "{\"kind\":\"LeaseList\",\"items\":[{" META(
                         "a") ",\"spec\":{\"holderIdentity\":\"me\"}},{\"kind\":"
                              "\"Lease\",\"apiVersion\":\"coordination.k8s.io/v1\"," META("b") "}]}",
                 0, 2, ""},
                {PLACEHOLDER_POD, "{\"kind\":\"PodList\",\"items\":[{" META("a") "}]}", 0, 1, ""},
                {PLACEHOLDER_POD, "{\"kind\":\"PodList\"}", 0, 0, ""},
                {PLACEHOLDER_POD, "{\"kind\":\"LeaseList\",\"items\":[]}", -EBADMSG, 99,
                 "answer is of kind 'LeaseList', expected PodList with items"},
                {PLACEHOLDER_LEASE, "{\"kind\":\"LeaseList\",\"items\":[{\"kind\":\"Pod\"," META("a") "}]}", -EBADMSG,
                 99, "of kind 'Pod'"},
                {PLACEHOLDER_LEASE, "{\"kind\":\"LeaseList\",\"items\":[7]}", -EBADMSG, 99, "not a JSON object"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ struct placeholder_object *all = NULL;
                struct err err = {};
                size_t n = 99;

                assert_int_equal(
                        placeholder_list_parse(rows[i].kind, rows[i].json, strlen(rows[i].json), &all, &n, &err),
                        rows[i].r);
                assert_int_equal(n, rows[i].n);
                if (!strstr(err.text, rows[i].text))
                        fail_msg("row %zu: %s", i, err.text);
                if (i == 0) {
                        assert_string_equal(all[0].identity, "me");
                        assert_string_equal(all[1].name, "b");
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip), cmocka_unit_test(test_terms),
                cmocka_unit_test(test_genuine),    cmocka_unit_test(test_genuine_of_0_1_0),
                cmocka_unit_test(test_renew),      cmocka_unit_test(test_no_duration),
                cmocka_unit_test(test_pod_spec),   cmocka_unit_test(test_finished),
                cmocka_unit_test(test_foreign),    cmocka_unit_test(test_time),
                cmocka_unit_test(test_kinds),      cmocka_unit_test(test_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
