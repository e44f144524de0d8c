/* SPDX-License-Identifier: Apache-2.0 */
/* API objects read and written while memory is short: what json-c leaves out then, and calls success, is -ENOMEM. Each
 * allocation fails once, alone and with all that follow. (This program has the allocators of all its libraries.) */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/lock.h"
#include "codec/namespace.h"
#include "codec/object_parts.h"
#include "codec/placeholder.h"
#include "codec/rights.h"
#include "codec/status.h"
#include "codec/watch.h"

#define TEXT_SIZE 8192

static struct err last;

/* ---- allocators: the fail_at'th call fails, and when it lasts all after it; 0: none ---- */

static unsigned calls, fail_at;
static bool lasts;

#ifdef __SANITIZE_ADDRESS__
#        define CAN_FAIL false
#else
#        define CAN_FAIL true

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool fails(void) {
        calls++;
        if (!fail_at || (lasts ? calls < fail_at : calls != fail_at))
                return false;
        errno = ENOMEM;
        return true;
}

void *malloc(size_t size) {
        return fails() ? NULL : __libc_malloc(size);
}
void *calloc(size_t n, size_t size) {
        return fails() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t size) {
        return fails() ? NULL : __libc_realloc(p, size);
}
#endif

/* ---- documents ---- */

#define OWNER                                                                                                          \
        "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"name\":\"leader-agent-web-1-3f9a02c7\","      \
        "\"uid\":\"0f1c2d3e-0000-4000-8000-00000000a001\",\"blockOwnerDeletion\":false}"
#define META(name)                                                                                                     \
        "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"production-of-something\","                               \
        "\"uid\":\"0f1c2d3e-0000-4000-8000-00000000a002\",\"resourceVersion\":\"123456789\","                          \
        "\"labels\":{\"app.kubernetes.io/managed-by\":\"leader-agent\"},"                                              \
        "\"annotations\":{\"leaderagent.io/term\":\"123456780\",\"leaderagent.io/fenced\":\"by \\u00e9 \\\"x\\\"\","   \
        "\"leaderagent.io/claim\":\"0123456789abcdef0123456789abcdef\",\"leaderagent.io/nonce\":\"0123456789abcdef\"," \
        "\"leaderagent.io/boot-id\":\"11111111-2222-4333-8444-555555555555\","                                         \
        "\"leaderagent.io/identity\":\"web-1-3f9a02c7\",\"leaderagent.io/renew-time\":\"2026-01-01T00:00:00Z\","       \
        "\"leaderagent.io/lease-duration-seconds\":\"30\","                                                            \
        "\"leaderagent.io/terms\":\"0f1c2d3e-0000-4000-8000-00000000a003=30\"},"                                       \
        "\"deletionTimestamp\":\"2026-01-01T00:00:00Z\","                                                              \
        "\"finalizers\":[\"leaderagent.io/unit-may-run\",\"example.com/another\"],\"ownerReferences\":[" OWNER "]}"
#define LOCK                                                                                                           \
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"," META(                                                         \
                "myapp-operator-lock") ",\"immutable\":true,\"data\":{"                                                \
                                       "\"holder\":\"web-1.example.com\",\"identity\":\"web-1-3f9a02c7\","             \
                                       "\"claim\":\"0123456789abcdef0123456789abcdef\",\"placeholder\":\"Lease/"       \
                                       "leader-agent-web-1-3f9a02c7\","                                                \
                                       "\"placeholderUid\":\"0f1c2d3e-0000-4000-8000-00000000a001\",\"unit\":\"myapp-" \
                                       "operator.service\","                                                           \
                                       "\"tenure\":\"life\",\"bootId\":\"11111111-2222-4333-8444-555555555555\","      \
                                       "\"acquiredAt\":\"2026-01-01T00:00:00Z\",\"agentVersion\":\"0.1.0\","           \
                                       "\"fenced\":\"a text of some length, with "                                     \
                                       "\\\"quotes\\\" in it\"}}"
#define LEASE                                                                                                          \
        "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\"," META(                                         \
                "leader-agent-web-1-3f9a02c7") ",\"spec\":{\"holderIdentity\":\"web-1-3f9a02c7\","                     \
                                               "\"leaseDurationSeconds\":30,"                                          \
                                               "\"acquireTime\":\"2026-01-01T00:00:00.000000Z\",\"renewTime\":\"2026-" \
                                               "01-01T00:00:00.000000Z\"}}"
#define POD                                                                                                            \
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," META("leader-agent-web-1-3f9a02c7") ",\"spec\":{\"containers\":[]}" \
                                                                                       "}"

/* What of a document counts, in `text`. Returns 0 or the error. */
typedef int read_fn(const char *json, char *text);

static void print_lock(const struct lock_object *l, char *text) {
        (void)snprintf(text, TEXT_SIZE,
                       "%s/%s %s %s %s %d %d %u %u [%s %s %s %s] %d | %s %s %s %d %u %s %s %s %d %u %lu %s %s %s %s | "
                       "%s %s %d %d %s",
                       l->ns, l->name, l->uid, l->version, l->term, l->deleting, l->has_finalizer, l->n_finalizers,
                       l->n_owners, l->owner.api_version, l->owner.kind, l->owner.name, l->owner.uid, l->immutable,
                       l->holder, l->identity, l->claim, l->has_placeholder, (unsigned)l->placeholder_kind,
                       l->placeholder_name, l->placeholder_uid, l->unit, l->has_tenure, (unsigned)l->tenure,
                       (unsigned long)l->lease_duration_usec, l->boot_id, l->acquired_at, l->agent_version, l->succeeds,
                       l->fenced, l->created_at, (int)l->form, l->orphaned, l->damage);
}

static int read_lock(const char *json, char *text) {
        struct lock_object l;
        int r = lock_parse(json, strlen(json), &l, &last);

        if (r == 0)
                print_lock(&l, text);
        return r;
}

static int read_placeholder(enum placeholder_kind kind, const char *json, char *text) {
        struct placeholder_object p;
        size_t n = 0;
        int r = placeholder_parse(kind, json, strlen(json), &p, &last);

        /* Byte by byte: it is zeroed before it is filled. */
        for (size_t i = 0; r == 0 && i < sizeof(p) && n + 3 < TEXT_SIZE; i++)
                n += (size_t)snprintf(text + n, TEXT_SIZE - n, "%02x", ((const unsigned char *)&p)[i]);
        return r;
}

static int read_lease(const char *json, char *text) {
        return read_placeholder(PLACEHOLDER_LEASE, json, text);
}

static int read_pod(const char *json, char *text) {
        return read_placeholder(PLACEHOLDER_POD, json, text);
}

static int read_namespace(const char *json, char *text) {
        struct namespace_object o;
        int r = namespace_parse(json, strlen(json), &o, &last);

        if (r == 0)
                (void)snprintf(text, TEXT_SIZE, "%s %s", o.name, o.uid);
        return r;
}

static int read_event(const char *json, char *text) {
        struct watch_event e;
        struct lock_object l;
        int r = watch_event_parse(json, strlen(json), &e, &last);

        if (r == 0 && e.type != WATCH_EVENT_BOOKMARK)
                r = lock_from_json(e.object, &l, &last);
        if (r == 0 && e.type != WATCH_EVENT_BOOKMARK)
                print_lock(&l, text);
        else if (r == 0)
                (void)snprintf(text, TEXT_SIZE, "bookmark %d", e.is_initial_end);
        watch_event_done(&e);
        return r;
}

static int read_list(const char *json, char *text) {
        struct lock_object *locks = NULL;
        size_t n = 0;
        int r = lock_list_parse(json, strlen(json), &locks, &n, &last);

        if (r == 0) {
                assert_int_equal(n, 2);
                print_lock(&locks[1], text);
        }
        free(locks);
        return r;
}

static int read_status(const char *json, char *text) {
        struct json_object *o = NULL;
        struct status s = {};
        int r = object_parse(json, strlen(json), &o, &last);

        if (r == 0 && !status_from_json(o, &s))
                r = -EBADMSG;
        json_object_put(o);
        if (r == 0)
                (void)snprintf(text, TEXT_SIZE, "%d %s %s", s.code, s.reason, s.message);
        return r;
}

static int read_access(const char *json, char *text) {
        bool allowed = false;
        int r = rights_parse_access(json, strlen(json), &allowed, &last);

        (void)snprintf(text, TEXT_SIZE, "%d", allowed);
        return r;
}

/* Written again: every body goes through the same door. */
static int write_body(const char *json, char *text) {
        struct lock_object l;
        char *body = NULL;
        unsigned at = fail_at;
        int r;

        fail_at = 0;
        r = lock_parse(json, strlen(json), &l, &last);
        fail_at = at;
        calls = 0;
        if (r == 0)
                r = lock_build_create(&l, &body);
        if (r == 0)
                (void)snprintf(text, TEXT_SIZE, "%s", body);
        free(body);
        if (r == 0)
                r = lock_build_delete(l.uid, l.version, &body);
        if (r == 0)
                (void)snprintf(text + strlen(text), TEXT_SIZE - strlen(text), "%s", body);
        free(r == 0 ? body : NULL);
        return r;
}

static const struct {
        const char *name;
        read_fn *read;
        const char *json;
} documents[] = {
        {"lock", read_lock, LOCK},
        {"lease", read_lease, LEASE},
        {"pod", read_pod, POD},
        {"namespace", read_namespace,
         "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"production-of-something\",\"uid\":"
         "\"0f1c2d3e-0000-4000-8000-00000000a002\"}}"},
        {"event", read_event, "{\"type\":\"MODIFIED\",\"object\":" LOCK "}"},
        {"bookmark", read_event,
         "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"annotations\":{\"k8s.io/"
         "initial-events-end\":\"true\"}}}}"},
        {"list", read_list, "{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\",\"items\":[" LOCK "," LOCK "]}"},
        {"status", read_status,
         "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"configmaps \\\"l\\\" already "
         "exists, and more words\",\"reason\":\"AlreadyExists\",\"details\":{\"name\":\"l\"},\"code\":409}"},
        {"access", read_access,
         "{\"kind\":\"SelfSubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/"
         "v1\",\"status\":{\"allowed\":true}}"},
        {"bodies", write_body, LOCK},
};

/* In a process of its own: json-c itself does not survive some of these (it uses what malloc() did not give). An agent
 * that dies of it is one that crashes, for which everything is made. What must not be is a good answer with a hole. */
static int attempt(size_t i, unsigned at, const char *good) {
        static char text[TEXT_SIZE];
        int status, r;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                (void)setrlimit(RLIMIT_CORE, &(struct rlimit){});
                (void)signal(SIGSEGV, SIG_DFL);
                (void)signal(SIGABRT, SIG_DFL);
                calls = 0;
                fail_at = at;
                r = documents[i].read(documents[i].json, text);
                fail_at = 0;
                if (r == -ENOMEM || (r == 0 && util_streq(text, good)))
                        _exit(0);
                print_error("%s, allocation %u%s: %d (%s)\n%s\n%s\n", documents[i].name, at, lasts ? " and on" : "", r,
                            last.text, text, good);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

/* Each allocation of each document. */
static void test_short(void **state) {
        static char good[TEXT_SIZE];
        unsigned n_bad = 0, n_died = 0, n_tried = 0;

        (void)state;
        if (!CAN_FAIL)
                skip();
        for (size_t i = 0; i < ELEMENTSOF(documents); i++) {
                unsigned n;

                assert_int_equal(documents[i].read(documents[i].json, good), 0); /* also what is made once only */
                calls = 0;
                assert_int_equal(documents[i].read(documents[i].json, good), 0);
                n = calls;
                assert_true(n > 5);
                for (unsigned k = 2; k < 2 * n + 2; k++) {
                        int status;

                        lasts = k % 2;
                        status = attempt(i, k / 2, good);
                        n_tried++;
                        n_died += WIFSIGNALED(status);
                        n_bad += WIFEXITED(status) && WEXITSTATUS(status) != 0;
                }
        }
        print_message("%u tried, json-c died of %u\n", n_tried, n_died);
        assert_int_equal(n_bad, 0);
}

/* What is whole passes, however it is written. */
static void test_whole(void **state) {
        static const char *const good[] = {
                "{}",
                " { \"a\" : [ ] , \"b\" : { } }\n",
                "[1,-2,3.5,1e9,-0,18446744073709551615]",
                "[true,false,null,\"\",[[]],[{}],{\"\":null}]",
                "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0000\\u001f\\u00e9\\u20ac\\uD83D\\ude00\"]",
                "{\"\\u00e9\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}",
                "{\"\xc3\xa9\":1,\"\xc3\xaa\":2}",
                "[\"\\ud83d\",\"\\ude00\",\"\\ud83dx\",\"\\ud83d\\n\",\"\\ud83d\\u0041\"]",
        };
        static const char *const others[][2] = {
                {"{\"a\":1}", "{}"},
                {"{}", "{\"a\":1}"},
                {"{\"a\":1,\"b\":2}", "{\"a\":1}"},
                {"{\"a\":1,\"b\":2}", "{\"b\":2}"},
                {"{\"uid\":1}", "{\"\":1}"},
                {"[1,2]", "[1]"},
                {"[\"abc\"]", "[\"ab\"]"},
                {"[\"ab\"]", "[\"abc\"]"},
                {"[\"a\\u00e9\"]", "[\"a\\u00e8\"]"},
                {"[true]", "[false]"},
                {"[1]", "[null]"},
                {"[null]", "[0]"},
                {"[{}]", "[[]]"},
                {"[\"1\"]", "[1]"},
                {"{\"a\":{\"b\":[{\"c\":\"d\"}]}}", "{\"a\":{\"b\":[{}]}}"},
        };
        static const char *const unusable[] = {
                "{\"a\":1,\"a\":\"2\"}",
                "{\"a\":{\"b\":[],\"c\":null,\"b\":[]}}",
                "[{},{\"a\":\"x\",\"\\u0061\":\"x\"}]",
                "{\"a\\u0000b\":1}",
        };
        struct json_object *o;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                char *text;

                last.text[0] = '\0';
                if (object_parse(good[i], strlen(good[i]), &o, &last) != 0)
                        fail_msg("%s: %s", good[i], last.text);
                assert_int_equal(object_to_text(o, &text), 0);
                free(text);
                json_object_put(o);
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                assert_int_equal(object_parse(others[i][1], strlen(others[i][1]), &o, &last), 0);
                assert_true(object_is_whole(o, others[i][1], strlen(others[i][1])));
                if (object_is_whole(o, others[i][0], strlen(others[i][0])))
                        fail_msg("%s is taken for %s", others[i][1], others[i][0]);
                json_object_put(o);
        }
        /* The last one counts for json-c, and for Go; which was meant nobody knows. */
        for (size_t i = 0; i < ELEMENTSOF(unusable); i++) {
                assert_int_equal(object_parse(unusable[i], strlen(unusable[i]), &o, &last), -EBADMSG);
                assert_non_null(strstr(last.text, "twice"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_short),
                cmocka_unit_test(test_whole),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
