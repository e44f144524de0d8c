/* SPDX-License-Identifier: Apache-2.0 */
/* Locks as the API server sends them, and as they should not be: what is read, and the verdict about the form. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/lock.h"
#include "codec/object.h"

#define LEASE_OWNER "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"name\":\"p-lease\",\"uid\":\"pu\"}"
#define POD_OWNER   "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"pu\"}"
#define FINALIZER   "\"leaderagent.io/unit-may-run\""
#define RECORD                                                                                                         \
        "\"holder\":\"web-1\",\"identity\":\"web-1-3f9a02c7\",\"claim\":\"c\",\"placeholder\":\"Lease/p-lease\","      \
        "\"placeholderUid\":\"pu\",\"unit\":\"a.service\",\"tenure\":\"lease\",\"bootId\":\"b\""
#define DURATION ",\"leaseDurationSeconds\":\"15\""

/* A ConfigMap from its parts. */
static const char *object(char *dst, size_t size, const char *extra_meta, const char *finalizers, const char *owners,
                          const char *data) {
        (void)snprintf(
                dst, size,
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"ns\",\"name\":\"l\","
                "\"uid\":\"u\",\"resourceVersion\":\"7\"%s%s%s%s%s%s%s},\"data\":{%s}}\n",
                extra_meta, finalizers ? ",\"finalizers\":[" : "", finalizers ? finalizers : "", finalizers ? "]" : "",
                owners ? ",\"ownerReferences\":[" : "", owners ? owners : "", owners ? "]" : "", data);
        return dst;
}

static void test_forms(void **state) {
        struct err err = {};

        static const struct {
                const char *extra, *finalizers, *owners, *data;
                enum lock_form form;
                bool orphaned, deleting;
                const char *damage;
        } rows[] = {
                {"", FINALIZER, LEASE_OWNER, RECORD DURATION, LOCK_FORM_OURS, false, false, ""},
                {"", FINALIZER ",\"orphan\"", LEASE_OWNER, RECORD DURATION, LOCK_FORM_OURS, false, false, ""},
                {",\"deletionTimestamp\":\"2030-01-01T00:00:00Z\"", FINALIZER, LEASE_OWNER, RECORD DURATION,
                 LOCK_FORM_OURS, false, true, ""},
                {"", FINALIZER, "", RECORD DURATION, LOCK_FORM_OURS, true, false, ""},
                {"", FINALIZER, NULL, RECORD DURATION, LOCK_FORM_OURS, true, false, ""},
                /* in-cluster leader-for-life */
                {"", NULL, POD_OWNER, "", LOCK_FORM_FOREIGN, false, false, ""},
                {"", NULL, POD_OWNER, "\"note\":\"x\"", LOCK_FORM_FOREIGN, false, false, ""},
                {"", "\"other/finalizer\"", POD_OWNER, "", LOCK_FORM_FOREIGN, false, false, ""},
                /* neither */
                {"", NULL, NULL, "", LOCK_FORM_DAMAGED, false, false, "no owner and no record"},
                {"", FINALIZER, POD_OWNER, "", LOCK_FORM_DAMAGED, false, false, "no record"},
                {"", NULL, LEASE_OWNER, "", LOCK_FORM_DAMAGED, false, false, "is not a Pod"},
                {"", NULL, POD_OWNER "," POD_OWNER, "", LOCK_FORM_DAMAGED, false, false, "2 owners"},
                {"", NULL, "{\"kind\":\"Pod\"}", "", LOCK_FORM_DAMAGED, false, false, "owner is unusable"},
                {"", NULL, "7", "", LOCK_FORM_DAMAGED, false, false, "owner is unusable"},
                /* ours, changed by somebody */
                {"", NULL, LEASE_OWNER, RECORD DURATION, LOCK_FORM_DAMAGED, false, false, "finalizer"},
                {"", NULL, NULL, RECORD DURATION, LOCK_FORM_DAMAGED, false, false, "finalizer"},
                {"", FINALIZER, LEASE_OWNER "," POD_OWNER, RECORD DURATION, LOCK_FORM_DAMAGED, false, false,
                 "2 owners"},
                {"", FINALIZER, POD_OWNER, RECORD DURATION, LOCK_FORM_DAMAGED, false, false, "not the placeholder"},
                {"", FINALIZER, LEASE_OWNER, RECORD, LOCK_FORM_DAMAGED, false, false,
                 "leaseDurationSeconds is missing"},
                {"", FINALIZER, LEASE_OWNER, RECORD ",\"leaseDurationSeconds\":\"0\"", LOCK_FORM_DAMAGED, false, false,
                 "positive"},
                {"", FINALIZER, LEASE_OWNER, RECORD ",\"leaseDurationSeconds\":\"-5\"", LOCK_FORM_DAMAGED, false, false,
                 "positive"},
                {"", FINALIZER, LEASE_OWNER, RECORD ",\"leaseDurationSeconds\":\"15s\"", LOCK_FORM_DAMAGED, false,
                 false, "positive"},
                {"", FINALIZER, LEASE_OWNER, RECORD ",\"leaseDurationSeconds\":15", LOCK_FORM_DAMAGED, false, false,
                 "unusable"},
                {"", FINALIZER, LEASE_OWNER, "\"claim\":\"c\"", LOCK_FORM_DAMAGED, false, false,
                 "data.holder is missing"},
        };
        char text[2048];

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct lock_object l;

                object(text, sizeof(text), rows[i].extra, rows[i].finalizers, rows[i].owners, rows[i].data);
                if (lock_parse(text, strlen(text), &l, &err) < 0)
                        fail_msg("row %zu: %s", i, err.text);
                if (l.form != rows[i].form || l.orphaned != rows[i].orphaned || l.deleting != rows[i].deleting ||
                    !strstr(l.damage, rows[i].damage) || (*l.damage != 0) != (l.form == LOCK_FORM_DAMAGED))
                        fail_msg("row %zu: %s (%s)", i, lock_form_to_string(l.form), l.damage);
        }
}

/* What is named as placeholder must be one that an agent of that tenure can have: names are put into paths, and
 * what is named is waited for and deleted. */
static void test_placeholder_names(void **state) {
        static const struct {
                const char *name, *tenure;
                bool good;
        } rows[] = {
                {"Lease/leader-agent-web-1-3f9a02c7-lease", "lease", true},
                {"Pod/leader-agent-web-1-3f9a02c7-lease", "lease", true},
                {"Lease/leader-agent-web-1-3f9a02c7", "life", true},
                {"Pod/a.b-c", "life", true},
                /* a tenure that was edited, either way */
                {"Lease/leader-agent-web-1-3f9a02c7", "lease", false},
                {"Lease/leader-agent-web-1-3f9a02c7-lease", "life", false},
                {"Lease/-lease", "lease", false},
                {"Lease/lease", "lease", false},
                /* no names */
                {"Lease/../pods/x-lease", "lease", false},
                {"Lease/a/b-lease", "lease", false},
                {"Lease/A-lease", "lease", false},
                {"Lease/a?x=-lease", "lease", false},
                {"Lease/a%2fb-lease", "lease", false},
                {"Lease/.", "life", false},
                {"Lease/a_b", "life", false},
                {"Lease/a..b", "life", false},
                {"Lease/", "life", false},
                {"Secret/a", "life", false},
                {"a", "life", false},
        };
        char text[2048], data[1024], owner[512];

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *slash = strchr(rows[i].name, '/');
                bool pod = strncmp(rows[i].name, "Pod/", 4) == 0;
                struct lock_object l;

                (void)snprintf(
                        data, sizeof(data),
                        "\"holder\":\"web-1\",\"identity\":\"web-1-3f9a02c7\",\"claim\":\"c\",\"placeholder\":\"%s\","
                        "\"placeholderUid\":\"pu\",\"unit\":\"a.service\",\"tenure\":\"%s\",\"bootId\":\"b\"" DURATION,
                        rows[i].name, rows[i].tenure);
                (void)snprintf(owner, sizeof(owner),
                               "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",\"uid\":\"pu\"}",
                               pod ? "v1" : "coordination.k8s.io/v1", pod ? "Pod" : "Lease",
                               slash && slash[1] ? slash + 1 : "a");
                object(text, sizeof(text), "", FINALIZER, owner, data);
                assert_int_equal(lock_parse(text, strlen(text), &l, NULL), 0);
                if ((l.form == LOCK_FORM_OURS) != rows[i].good ||
                    (!rows[i].good && !strstr(l.damage, "data.placeholder")))
                        fail_msg("row %zu: %s (%s)", i, lock_form_to_string(l.form), l.damage);
        }
}

/* What changes during a life term, and the record cannot: annotations, of immutable locks of tenure life alone.
 * Whatever is written there, holder, identity, claim, unit, tenure and duration are those of the POST. */
static void test_annotations(void **state) {
        static const struct {
                const char *what, *annotations, *immutable;
                bool lease;
                const char *owner; /* name and uid */
                const char *boot, *placeholder, *uid;
                enum lock_form form;
        } rows[] = {
                {"none", "", "true", false, "p", "b", "p", "pu", LOCK_FORM_OURS},
                {"taken up by another boot", "\"leaderagent.io/boot-id\":\"b2\"", "true", false, "p", "b2", "p", "pu",
                 LOCK_FORM_OURS},
                {"put back", "\"leaderagent.io/placeholder\":\"Lease/q\",\"leaderagent.io/placeholder-uid\":\"qu\"",
                 "true", false, "q", "b", "q", "qu", LOCK_FORM_OURS},
                {"put back, orphaned again",
                 "\"leaderagent.io/placeholder\":\"Lease/q\",\"leaderagent.io/placeholder-uid\":\"qu\"", "true", false,
                 "", "b", "p", "pu", LOCK_FORM_OURS},
                /* not by us */
                {"another owner alone", "", "true", false, "q", "b", "p", "pu", LOCK_FORM_DAMAGED},
                {"annotations alone",
                 "\"leaderagent.io/placeholder\":\"Lease/q\",\"leaderagent.io/placeholder-uid\":\"qu\"", "true", false,
                 "p", "b", "p", "pu", LOCK_FORM_OURS},
                {"another uid than the owner's",
                 "\"leaderagent.io/placeholder\":\"Lease/q\",\"leaderagent.io/placeholder-uid\":\"x\"", "true", false,
                 "q", "b", "p", "pu", LOCK_FORM_DAMAGED},
                {"another kind than the owner's",
                 "\"leaderagent.io/placeholder\":\"Pod/q\",\"leaderagent.io/placeholder-uid\":\"qu\"", "true", false,
                 "q", "b", "p", "pu", LOCK_FORM_DAMAGED},
                {"half of it", "\"leaderagent.io/placeholder\":\"Lease/q\"", "true", false, "q", "b", "p", "pu",
                 LOCK_FORM_DAMAGED},
                {"that of a lease",
                 "\"leaderagent.io/placeholder\":\"Lease/q-lease\",\"leaderagent.io/placeholder-uid\":\"q-leaseu\"",
                 "true", false, "q-lease", "b", "p", "pu", LOCK_FORM_DAMAGED},
                {"no name",
                 "\"leaderagent.io/placeholder\":\"Lease/../q\",\"leaderagent.io/placeholder-uid\":\"../qu\"", "true",
                 false, "../q", "b", "p", "pu", LOCK_FORM_DAMAGED},
                {"an empty boot id", "\"leaderagent.io/boot-id\":\"\"", "true", false, "p", "b", "p", "pu",
                 LOCK_FORM_OURS},
                {"no boot id", "\"leaderagent.io/boot-id\":7", "true", false, "p", "b", "p", "pu", LOCK_FORM_OURS},
                {"a boot id with a newline", "\"leaderagent.io/boot-id\":\"a\\nb\"", "true", false, "p", "b", "p", "pu",
                 LOCK_FORM_OURS},
                {"a boot id too long", "\"leaderagent.io/boot-id\":\"0123456789012345678901234567890123456789\"",
                 "true", false, "p", "b", "p", "pu", LOCK_FORM_OURS},
                {"what the POST said",
                 "\"leaderagent.io/holder\":\"x\",\"leaderagent.io/identity\":\"x\",\"leaderagent.io/claim\":\"x\","
                 "\"leaderagent.io/tenure\":\"lease\",\"leaderagent.io/leaseDurationSeconds\":\"1\"",
                 "true", false, "p", "b", "p", "pu", LOCK_FORM_OURS},
                /* a lease: others wait for the placeholder of its POST, and no other boot takes it up */
                {"lease: boot", "\"leaderagent.io/boot-id\":\"b2\"", "true", true, "p-lease", "b", "p-lease",
                 "p-leaseu", LOCK_FORM_OURS},
                {"lease: placeholder",
                 "\"leaderagent.io/placeholder\":\"Lease/q-lease\",\"leaderagent.io/placeholder-uid\":\"q-leaseu\"",
                 "true", true, "q-lease", "b", "p-lease", "p-leaseu", LOCK_FORM_DAMAGED},
                {"lease: annotations alone",
                 "\"leaderagent.io/placeholder\":\"Lease/q-lease\",\"leaderagent.io/placeholder-uid\":\"q-leaseu\"",
                 "true", true, "p-lease", "b", "p-lease", "p-leaseu", LOCK_FORM_OURS},
                /* one of 0.1.0 has all of it in data */
                {"of 0.1.0: boot", "\"leaderagent.io/boot-id\":\"b2\"", "false", false, "p", "b", "p", "pu",
                 LOCK_FORM_OURS},
                {"of 0.1.0: placeholder",
                 "\"leaderagent.io/placeholder\":\"Lease/q\",\"leaderagent.io/placeholder-uid\":\"qu\"", "\"true\"",
                 false, "q", "b", "p", "pu", LOCK_FORM_DAMAGED},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *name = rows[i].lease ? "p-lease" : "p";
                char text[4096], owner[512];
                struct lock_object l;

                (void)snprintf(owner, sizeof(owner),
                               "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"name\":\"%s\",\"uid\":"
                               "\"%su\"}",
                               rows[i].owner, rows[i].owner);
                (void)snprintf(
                        text, sizeof(text),
                        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"immutable\":%s,\"metadata\":{\"namespace\":"
                        "\"ns\",\"name\":\"l\",\"uid\":\"u\",\"resourceVersion\":\"7\",\"finalizers\":[" FINALIZER
                        "],\"ownerReferences\":[%s],\"annotations\":{%s}},\"data\":{\"holder\":\"web-1\",\"identity\":"
                        "\"web-1-3f9a02c7\",\"claim\":\"c\",\"placeholder\":\"Lease/%s\",\"placeholderUid\":\"%su\","
                        "\"unit\":\"a.service\",\"tenure\":\"%s\",\"bootId\":\"b\"%s}}",
                        rows[i].immutable, *rows[i].owner ? owner : "", rows[i].annotations, name, name,
                        rows[i].lease ? "lease" : "life", rows[i].lease ? DURATION : "");
                assert_int_equal(lock_parse(text, strlen(text), &l, NULL), 0);
                if (l.form != rows[i].form || l.immutable != util_streq(rows[i].immutable, "true") ||
                    l.orphaned != !*rows[i].owner || !util_streq(l.boot_id, rows[i].boot) ||
                    !util_streq(l.placeholder_name, rows[i].placeholder) ||
                    !util_streq(l.placeholder_uid, rows[i].uid) || l.placeholder_kind != PLACEHOLDER_LEASE ||
                    !util_streq(l.holder, "web-1") || !util_streq(l.identity, "web-1-3f9a02c7") ||
                    !util_streq(l.claim, "c") || !util_streq(l.unit, "a.service") ||
                    l.tenure != (rows[i].lease ? TENURE_LEASE : TENURE_LIFE) ||
                    l.lease_duration_usec != (rows[i].lease ? 15 * USEC_PER_SEC : 0))
                        fail_msg("row '%s': %s (%s), boot '%s', placeholder '%s' '%s'", rows[i].what,
                                 lock_form_to_string(l.form), l.damage, l.boot_id, l.placeholder_name,
                                 l.placeholder_uid);
        }
}

/* A record without one of its fields is damaged, and says which. */
static void test_incomplete(void **state) {
        static const char *const keys[] = {"holder",         "identity", "claim",  "placeholder",
                                           "placeholderUid", "unit",     "tenure", "bootId"};
        char text[2048];

        (void)state;
        object(text, sizeof(text), "", FINALIZER, LEASE_OWNER, RECORD DURATION);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                _cleanup_(json_object_putp) struct json_object *o = NULL;
                struct lock_object l;

                assert_int_equal(object_parse(text, strlen(text), &o, NULL), 0);
                json_object_object_del(object_get(o, "data"), keys[i]);
                assert_int_equal(lock_from_json(o, &l, NULL), 0);
                assert_int_equal(l.form, LOCK_FORM_DAMAGED);
                assert_non_null(strstr(l.damage, keys[i]));
                /* Too long, and with a control character. */
                for (unsigned bad = 0; bad < 2; bad++) {
                        char value[600];

                        memset(value, 'x', sizeof(value) - 1);
                        value[sizeof(value) - 1] = 0;
                        assert_true(object_add_string(object_get(o, "data"), keys[i], bad ? "a\nb" : value));
                        assert_int_equal(lock_from_json(o, &l, NULL), 0);
                        assert_int_equal(l.form, LOCK_FORM_DAMAGED);
                        assert_non_null(strstr(l.damage, keys[i]));
                }
        }
}

static void test_life(void **state) {
        char text[2048], data[1024];
        struct lock_object l;

        (void)state;
        (void)snprintf(data, sizeof(data), "%s", RECORD);
        memcpy(strstr(data, "\"lease\""), "\"life\" ", 7);
        object(text, sizeof(text), "", FINALIZER, LEASE_OWNER, data);
        assert_int_equal(lock_parse(text, strlen(text), &l, NULL), 0);
        assert_int_equal(l.form, LOCK_FORM_DAMAGED); /* it was a lease: this placeholder is one of leases */
        memcpy(strstr(data, "/p-lease"), "/p-life", 7);
        memmove(strstr(data, "/p-life") + 7, strstr(data, "/p-life") + 8, strlen(strstr(data, "/p-life") + 8) + 1);
        object(text, sizeof(text), "", FINALIZER,
               "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"name\":\"p-life\",\"uid\":\"pu\"}",
               data);
        assert_int_equal(lock_parse(text, strlen(text), &l, NULL), 0);
        assert_int_equal(l.form, LOCK_FORM_OURS);
        assert_int_equal(l.tenure, TENURE_LIFE);
        assert_int_equal(l.lease_duration_usec, 0);
}

static void test_fields(void **state) {
        char text[2048];
        struct lock_object l;

        (void)state;
        object(text, sizeof(text),
               ",\"annotations\":{\"leaderagent.io/fenced\":\"by me\\u0001\",\"leaderagent.io/term\":\"3\"}", FINALIZER,
               LEASE_OWNER, RECORD DURATION ",\"acquiredAt\":\"t\",\"agentVersion\":\"v\"");
        assert_int_equal(lock_parse(text, strlen(text), &l, NULL), 0);
        assert_int_equal(l.form, LOCK_FORM_OURS);
        assert_string_equal(l.ns, "ns");
        assert_string_equal(l.name, "l");
        assert_string_equal(l.uid, "u");
        assert_string_equal(l.version, "7");
        assert_string_equal(l.term, "3");
        assert_string_equal(l.fenced, "by me ");
        assert_string_equal(l.holder, "web-1");
        assert_string_equal(l.identity, "web-1-3f9a02c7");
        assert_string_equal(l.claim, "c");
        assert_true(l.has_placeholder && l.placeholder_kind == PLACEHOLDER_LEASE);
        assert_string_equal(l.placeholder_name, "p-lease");
        assert_string_equal(l.placeholder_uid, "pu");
        assert_string_equal(l.unit, "a.service");
        assert_true(l.has_tenure && l.tenure == TENURE_LEASE);
        assert_int_equal(l.lease_duration_usec, 15 * USEC_PER_SEC);
        assert_string_equal(l.boot_id, "b");
        assert_string_equal(l.acquired_at, "t");
        assert_string_equal(l.agent_version, "v");
        assert_string_equal(l.owner.kind, "Lease");
        assert_int_equal(l.n_owners, 1);
        assert_int_equal(l.n_finalizers, 1);
        assert_true(l.has_finalizer);

        /* What somebody wrote there, and the guard would refuse. */
        object(text, sizeof(text), ",\"annotations\":{\"leaderagent.io/term\":\"3 A=b\"}", FINALIZER, LEASE_OWNER,
               RECORD DURATION);
        assert_int_equal(lock_parse(text, strlen(text), &l, NULL), 0);
        assert_string_equal(l.term, "7");
}

static void test_bad(void **state) {
        struct err err = {};

        static const struct {
                const char *text, *says;
        } rows[] = {
                {"", "empty"},
                {"{", "cut off"},
                {"{} x", "not JSON"},
                {"{\"a\":1,}", "not JSON"},
                {"[]", "not a JSON object"},
                {"\"x\"", "not a JSON object"},
                {"{}", "kind ''"},
                {"{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}", "kind 'Secret'"},
                {"{\"apiVersion\":\"v2\",\"kind\":\"ConfigMap\"}", "apiVersion 'v2'"},
                {"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}", "metadata."},
                {"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":[]}", "metadata."},
                {"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"n\",\"name\":\"l\","
                 "\"uid\":7,\"resourceVersion\":\"1\"}}",
                 "unusable metadata.uid"},
                {"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"n\",\"name\":\"l\","
                 "\"uid\":\"a\\u0000b\",\"resourceVersion\":\"1\"}}",
                 "unusable metadata.uid"},
                {"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"n\",\"name\":\"l\","
                 "\"uid\":\"u\",\"resourceVersion\":"
                 "\"11111111111111111111111111111111111111111\"}}",
                 "unusable metadata.resourceVersion"},
                {"\xff", "not JSON"},
                {"\x01\x02", "not JSON"},
                {"  <", "HTML"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct lock_object l;

                assert_int_equal(lock_parse(rows[i].text, strlen(rows[i].text), &l, &err), -EBADMSG);
                if (!strstr(err.text, rows[i].says))
                        fail_msg("row %zu: %s", i, err.text);
        }
}

/* Each prefix of a good object is refused or read, never more. The copy has no byte behind its end. */
static void test_cut(void **state) {
        char text[2048];
        struct lock_object l;

        (void)state;
        object(text, sizeof(text), "", FINALIZER, LEASE_OWNER, RECORD DURATION);
        for (size_t n = 0; n + 1 < strlen(text); n++) {
                char *copy = malloc(n + 1);
                char *exact;

                assert_non_null(copy);
                memcpy(copy, text, n);
                exact = realloc(copy, n > 0 ? n : 1);
                assert_int_equal(lock_parse(exact, n, &l, NULL), -EBADMSG);
                free(exact);
        }
}

static struct lock_object complete(void) {
        return (struct lock_object){.ns = "ns",
                                    .name = "l",
                                    .holder = "h",
                                    .identity = "i",
                                    .claim = "c",
                                    .has_placeholder = true,
                                    .placeholder_name = "p-lease",
                                    .placeholder_uid = "pu",
                                    .unit = "a.service",
                                    .has_tenure = true,
                                    .tenure = TENURE_LEASE,
                                    .lease_duration_usec = 15 * USEC_PER_SEC,
                                    .boot_id = "b"};
}

/* What is built is read back as ours. */
static void test_create(void **state) {
        struct lock_object l = complete(), back;
        _cleanup_(json_object_putp) struct json_object *o = NULL;
        _cleanup_free_ char *text = NULL;

        (void)state;
        assert_int_equal(lock_build_create(&l, &text), 0);
        assert_int_equal(object_parse(text, strlen(text), &o, NULL), 0);
        /* The server adds these two; a POST must not have them. */
        assert_null(object_get(object_get(o, "metadata"), "uid"));
        assert_null(object_get(object_get(o, "metadata"), "resourceVersion"));
        assert_true(object_add_string(object_get(o, "metadata"), "uid", "u"));
        assert_true(object_add_string(object_get(o, "metadata"), "resourceVersion", "7"));
        assert_int_equal(lock_from_json(o, &back, NULL), 0);
        assert_int_equal(back.form, LOCK_FORM_OURS);
        assert_true(back.has_finalizer && back.n_finalizers == 1 && back.n_owners == 1);
        assert_string_equal(back.owner.uid, "pu");
        assert_string_equal(back.claim, "c");
        assert_int_equal(back.lease_duration_usec, l.lease_duration_usec);
        assert_true(back.immutable);
        assert_non_null(strstr(text, "\"app.kubernetes.io/managed-by\":\"leader-agent\""));
}

/* What was written is read back: into annotations where the record cannot change, else into the record. */
static void test_changes(void **state) {
        const struct placeholder_object q = {.kind = PLACEHOLDER_LEASE, .name = "q", .uid = "qu"};

        (void)state;
        for (unsigned open = 0; open < 2; open++) {
                struct lock_object l = complete();
                _cleanup_free_ char *adopt = NULL, *restore = NULL;

                (void)util_copy(l.uid, sizeof(l.uid), "u");
                (void)util_copy(l.version, sizeof(l.version), "7");
                l.immutable = !open;
                assert_int_equal(lock_build_adopt(&l, "b2", &adopt), 0);
                assert_int_equal(lock_build_restore(&l, &q, &restore), 0);
                assert_int_equal(strstr(adopt, "\"data\"") != NULL, open);
                assert_int_equal(strstr(restore, "\"data\"") != NULL, open);
                assert_non_null(strstr(adopt, open ? "\"bootId\":\"b2\"" : "\"leaderagent.io/boot-id\":\"b2\""));
                assert_non_null(strstr(restore, open ? "\"placeholder\":\"Lease/q\",\"placeholderUid\":\"qu\""
                                                     : "\"leaderagent.io/placeholder\":\"Lease/q\","
                                                       "\"leaderagent.io/placeholder-uid\":\"qu\""));
                assert_non_null(strstr(restore, "\"ownerReferences\":[{\"apiVersion\":\"coordination.k8s.io/v1\","
                                                "\"kind\":\"Lease\",\"name\":\"q\",\"uid\":\"qu\"}]"));
                assert_null(strstr(adopt, "immutable"));
                assert_null(strstr(restore, "immutable"));
        }
}

static void test_create_incomplete(void **state) {
        static const size_t offsets[] = {
                offsetof(struct lock_object, ns),
                offsetof(struct lock_object, name),
                offsetof(struct lock_object, holder),
                offsetof(struct lock_object, identity),
                offsetof(struct lock_object, claim),
                offsetof(struct lock_object, placeholder_name),
                offsetof(struct lock_object, placeholder_uid),
                offsetof(struct lock_object, unit),
                offsetof(struct lock_object, boot_id),
        };
        struct lock_object l;
        char *text = NULL;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(offsets); i++) {
                l = complete();
                *((char *)&l + offsets[i]) = 0;
                assert_int_equal(lock_build_create(&l, &text), -EINVAL);
        }
        l = complete();
        l.lease_duration_usec = 0;
        assert_int_equal(lock_build_create(&l, &text), -EINVAL);
        l.lease_duration_usec = 1500 * USEC_PER_MSEC;
        assert_int_equal(lock_build_create(&l, &text), -EINVAL);
        l = complete();
        l.has_tenure = false;
        assert_int_equal(lock_build_create(&l, &text), -EINVAL);
        /* Patches without preconditions do not exist. */
        l = complete();
        assert_int_equal(lock_build_adopt(&l, "b", &text), -EINVAL);
        assert_int_equal(lock_build_annotate(&l, "k", "v", &text), -EINVAL);
        assert_int_equal(lock_build_strip("u", "", &text), -EINVAL);
        assert_int_equal(lock_build_strip("", "1", &text), -EINVAL);
        assert_int_equal(lock_build_delete(NULL, NULL, &text), -EINVAL);
        assert_null(text);
}

static void test_names(void **state) {
        enum tenure t = TENURE_LIFE;

        (void)state;
        assert_int_equal(tenure_from_string("lease", &t), 0);
        assert_int_equal(t, TENURE_LEASE);
        assert_int_equal(tenure_from_string("Lease", &t), -EINVAL);
        assert_string_equal(tenure_to_string(TENURE_LIFE), "life");
        assert_string_equal(tenure_to_string((enum tenure)9), "unknown");
        assert_string_equal(lock_form_to_string(LOCK_FORM_FOREIGN), "foreign");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms),
                cmocka_unit_test(test_placeholder_names),
                cmocka_unit_test(test_annotations),
                cmocka_unit_test(test_changes),
                cmocka_unit_test(test_incomplete),
                cmocka_unit_test(test_life),
                cmocka_unit_test(test_fields),
                cmocka_unit_test(test_bad),
                cmocka_unit_test(test_cut),
                cmocka_unit_test(test_create),
                cmocka_unit_test(test_create_incomplete),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
