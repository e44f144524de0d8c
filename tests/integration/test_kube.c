/* SPDX-License-Identifier: Apache-2.0 */
/* kube against a server that answers anything: what is concluded from it. What a sound API server does is in
 * test_kube_live.c. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "../lib/rawserver.h"
#include "adapter/kube.h"

/* A hang ends the test; nothing is asserted about speed. */
#define HANG_USEC (20 * USEC_PER_SEC)

struct world {
        struct rawserver *server;
        sd_event *event;
        struct kube *kube;
        struct kubeconfig config;
        char url[64];
};

static void world_open(struct world *w, rawserver_handler handler, const void *userdata) {
        *w = (struct world){.server = rawserver_new(handler, (void *)userdata)};
        (void)snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u/prefix", rawserver_port(w->server));
        w->config.server = w->url;
        assert_int_equal(sd_event_new(&w->event), 0);
        assert_int_equal(kube_new(&w->kube, w->event, &w->config, 300 * USEC_PER_MSEC, NULL), 0);
}

static void world_close(struct world *w) {
        kube_free(w->kube);
        sd_event_unref(w->event);
        rawserver_free(w->server);
}

static uint64_t now(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_BOOTTIME, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static void run_until(struct world *w, const bool *done) {
        uint64_t end = now() + HANG_USEC;

        while (!*done) {
                assert_true(now() < end);
                assert_true(sd_event_run(w->event, 100 * USEC_PER_MSEC) >= 0);
        }
}

static void run_for(struct world *w, uint64_t usec) {
        uint64_t end = now() + usec;

        while (now() < end)
                assert_true(sd_event_run(w->event, 10 * USEC_PER_MSEC) >= 0);
}

struct answer {
        bool is_there;
        struct kube_reply reply;
        struct lock_object lock;
        struct placeholder_object placeholder;
        char text[512];
        struct kube_slot *slot;
        struct kube **frees_kube;
};

static void on_reply(const struct kube_reply *r, void *userdata) {
        struct answer *a = userdata;

        assert_false(a->is_there);
        a->is_there = true;
        a->reply = *r;
        if (r->lock)
                a->lock = *r->lock;
        if (r->placeholder)
                a->placeholder = *r->placeholder;
        (void)snprintf(a->text, sizeof(a->text), "%s", r->text);
        if (a->frees_kube)
                kube_free(TAKE_PTR(*a->frees_kube));
}

/* ---- what is sent ---- */

#define UID "11111111-2222-3333-4444-555555555555"
#define LOCK_OK                                                                                                        \
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\",\"uid\":"     \
        "\"" UID "\","                                                                                                 \
        "\"resourceVersion\":\"7\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\","       \
        "\"uid\":\"u\"}]}}\n"
#define LEASE_OK                                                                                                       \
        "{\"kind\":\"Lease\",\"apiVersion\":\"coordination.k8s.io/"                                                    \
        "v1\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"" UID "\","                                  \
        "\"resourceVersion\":\"8\"},\"spec\":{\"holderIdentity\":\"me\",\"leaseDurationSeconds\":15}}\n"

static void fill_lock(struct lock_object *l) {
        *l = (struct lock_object){.ns = "ns",
                                  .name = "l",
                                  .uid = UID,
                                  .version = "7",
                                  .holder = "h",
                                  .identity = "h-1",
                                  .claim = "c1",
                                  .has_placeholder = true,
                                  .placeholder_name = "p-lease",
                                  .placeholder_uid = "pu",
                                  .unit = "a.service",
                                  .has_tenure = true,
                                  .tenure = TENURE_LEASE,
                                  .lease_duration_usec = 15 * USEC_PER_SEC,
                                  .boot_id = "b1",
                                  .agent_version = "0.1.0"};
}

static void fill_placeholder(struct placeholder_object *p) {
        *p = (struct placeholder_object){.ns = "ns",
                                         .name = "p",
                                         .uid = UID,
                                         .version = "8",
                                         .identity = "h-1",
                                         .claim = "c2",
                                         .nonce = "n1",
                                         .boot_id = "b1",
                                         .renew_time = "2030-01-02T03:04:05.678901Z"};
}

enum call {
        LOCK_GET,
        LOCK_CREATE,
        LOCK_DELETE,
        LOCK_STRIP,
        LOCK_ADOPT,
        LOCK_RESTORE,
        LOCK_ANNOTATE,
        LEASE_GET,
        LEASE_CREATE,
        LEASE_RENEW,
        LEASE_CLEAR,
        LEASE_DELETE,
        LEASE_LIST,
        POD_LIST,
        POD_RENEW,
        POD_CLEAR,
        NAMESPACE_GET,
        N_CALLS,
};

static void send_call(struct world *w, enum call call, struct answer *a) {
        struct lock_object lock;
        struct placeholder_object p;
        int r = -EINVAL;

        *a = (struct answer){.frees_kube = a->frees_kube};
        fill_lock(&lock);
        fill_placeholder(&p);
        if (call == POD_RENEW || call == POD_CLEAR)
                p.kind = PLACEHOLDER_POD;
        switch (call) {
        case LOCK_GET:
                r = kube_lock_get(w->kube, "ns", "l", on_reply, a, &a->slot);
                break;
        case LOCK_CREATE:
                r = kube_lock_create(w->kube, &lock, on_reply, a, &a->slot);
                break;
        case LOCK_DELETE:
                r = kube_lock_delete(w->kube, "ns", "l", UID, NULL, on_reply, a, &a->slot);
                break;
        case LOCK_STRIP:
                r = kube_lock_strip(w->kube, "ns", "l", UID, "7", on_reply, a, &a->slot);
                break;
        case LOCK_ADOPT:
                r = kube_lock_adopt(w->kube, &lock, "b2", on_reply, a, &a->slot);
                break;
        case LOCK_RESTORE:
                r = kube_lock_restore(w->kube, &lock, &p, on_reply, a, &a->slot);
                break;
        case LOCK_ANNOTATE:
                r = kube_lock_annotate(w->kube, &lock, LOCK_ANNOTATION_FENCED, "by me", on_reply, a, &a->slot);
                break;
        case LEASE_GET:
                r = kube_placeholder_get(w->kube, PLACEHOLDER_LEASE, "ns", "p", on_reply, a, &a->slot);
                break;
        case LEASE_CREATE:
                r = kube_placeholder_create(w->kube, &p, on_reply, a, &a->slot);
                break;
        case LEASE_RENEW:
        case POD_RENEW:
                r = kube_placeholder_renew(w->kube, &p, on_reply, a, &a->slot);
                break;
        case LEASE_CLEAR:
        case POD_CLEAR:
                r = kube_placeholder_clear(w->kube, &p, on_reply, a, &a->slot);
                break;
        case LEASE_DELETE:
                r = kube_placeholder_delete(w->kube, PLACEHOLDER_LEASE, "ns", "p", UID, "8", on_reply, a, &a->slot);
                break;
        case LEASE_LIST:
        case POD_LIST:
                r = kube_placeholder_list(w->kube, call == POD_LIST ? PLACEHOLDER_POD : PLACEHOLDER_LEASE, "ns",
                                          on_reply, a, &a->slot);
                break;
        case NAMESPACE_GET:
                r = kube_namespace_get(w->kube, "ns", on_reply, a, &a->slot);
                break;
        case N_CALLS:
                break;
        }
        assert_int_equal(r, 0);
        assert_false(a->is_there);
}

static void do_call(struct world *w, enum call call, struct answer *a) {
        send_call(w, call, a);
        run_until(w, &a->is_there);
        kube_slot_free(TAKE_PTR(a->slot));
}

struct record {
        char head[1024], body[4096];
};

static bool record(const struct rawserver_request *q, void *userdata) {
        struct record *r = userdata;

        (void)snprintf(r->head, sizeof(r->head), "%s", q->head);
        (void)snprintf(r->body, sizeof(r->body), "%s", q->body);
        rawserver_answer(q->fd, "400 Bad Request", "text/plain", "recorded");
        return true;
}

static void assert_same_json(const char *a, const char *b) {
        struct json_object *x = json_tokener_parse(a), *y = json_tokener_parse(b);

        if (!json_object_equal(x, y))
                fail_msg("%s\nis not\n%s", a, b);
        json_object_put(x);
        json_object_put(y);
}

/* Method, path and body of each call. */
static void test_requests(void **state) {
        static const struct {
                enum call call;
                const char *line, *type, *body;
        } rows[] = {
                {LOCK_GET, "GET /prefix/api/v1/namespaces/ns/configmaps/l HTTP/1.1\r\n", NULL, ""},
                {LOCK_CREATE, "POST /prefix/api/v1/namespaces/ns/configmaps HTTP/1.1\r\n", "application/json", NULL},
                {LOCK_DELETE, "DELETE /prefix/api/v1/namespaces/ns/configmaps/l HTTP/1.1\r\n", "application/json",
                 "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":\"Background\","
                 "\"preconditions\":{\"uid\":\"" UID "\"}}"},
                {LOCK_STRIP, "PATCH /prefix/api/v1/namespaces/ns/configmaps/l HTTP/1.1\r\n",
                 "application/merge-patch+json",
                 "{\"metadata\":{\"uid\":\"" UID "\",\"resourceVersion\":\"7\",\"finalizers\":null}}"},
                {LOCK_ADOPT, "PATCH /prefix/api/v1/namespaces/ns/configmaps/l HTTP/1.1\r\n",
                 "application/merge-patch+json",
                 "{\"metadata\":{\"uid\":\"" UID
                 "\",\"resourceVersion\":\"7\",\"annotations\":{\"leaderagent.io/term\":\"7\"}},"
                 "\"data\":{\"bootId\":\"b2\"}}"},
                {LOCK_RESTORE, "PATCH /prefix/api/v1/namespaces/ns/configmaps/l HTTP/1.1\r\n",
                 "application/merge-patch+json",
                 "{\"metadata\":{\"uid\":\"" UID
                 "\",\"resourceVersion\":\"7\",\"annotations\":{\"leaderagent.io/term\":\"7\"},"
                 "\"ownerReferences\":[{\"apiVersion\":\"coordination.k8s.io/"
                 "v1\",\"kind\":\"Lease\",\"name\":\"p\",\"uid\":\"" UID
                 "\"}]},\"data\":{\"placeholder\":\"Lease/p\",\"placeholderUid\":\"" UID "\"}}"},
                {LOCK_ANNOTATE, "PATCH /prefix/api/v1/namespaces/ns/configmaps/l HTTP/1.1\r\n",
                 "application/merge-patch+json",
                 "{\"metadata\":{\"uid\":\"" UID
                 "\",\"resourceVersion\":\"7\",\"annotations\":{\"leaderagent.io/term\":\"7\","
                 "\"leaderagent.io/fenced\":\"by me\"}}}"},
                {LEASE_GET, "GET /prefix/apis/coordination.k8s.io/v1/namespaces/ns/leases/p HTTP/1.1\r\n", NULL, ""},
                {LEASE_CREATE, "POST /prefix/apis/coordination.k8s.io/v1/namespaces/ns/leases HTTP/1.1\r\n",
                 "application/json", NULL},
                {LEASE_RENEW, "PUT /prefix/apis/coordination.k8s.io/v1/namespaces/ns/leases/p HTTP/1.1\r\n",
                 "application/json", NULL},
                {LEASE_CLEAR, "PUT /prefix/apis/coordination.k8s.io/v1/namespaces/ns/leases/p HTTP/1.1\r\n",
                 "application/json", NULL},
                {LEASE_DELETE, "DELETE /prefix/apis/coordination.k8s.io/v1/namespaces/ns/leases/p HTTP/1.1\r\n",
                 "application/json",
                 "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":\"Background\","
                 "\"preconditions\":{\"uid\":\"" UID "\",\"resourceVersion\":\"8\"}}"},
                {LEASE_LIST,
                 "GET /prefix/apis/coordination.k8s.io/v1/namespaces/ns/"
                 "leases?labelSelector=app.kubernetes.io/managed-by%3Dleader-agent HTTP/1.1\r\n",
                 NULL, ""},
                {POD_LIST,
                 "GET /prefix/api/v1/namespaces/ns/pods?labelSelector=app.kubernetes.io/managed-by%3Dleader-agent "
                 "HTTP/1.1\r\n",
                 NULL, ""},
                {POD_RENEW, "PATCH /prefix/api/v1/namespaces/ns/pods/p HTTP/1.1\r\n", "application/merge-patch+json",
                 "{\"metadata\":{\"uid\":\"" UID
                 "\",\"resourceVersion\":\"8\",\"annotations\":{\"leaderagent.io/claim\":\"c2\","
                 "\"leaderagent.io/nonce\":\"n1\",\"leaderagent.io/boot-id\":\"b1\",\"leaderagent.io/"
                 "identity\":\"h-1\","
                 "\"leaderagent.io/renew-time\":\"2030-01-02T03:04:05.678901Z\"}}}"},
                {POD_CLEAR, "PATCH /prefix/api/v1/namespaces/ns/pods/p HTTP/1.1\r\n", "application/merge-patch+json",
                 "{\"metadata\":{\"uid\":\"" UID "\",\"resourceVersion\":\"8\",\"finalizers\":null}}"},
                {NAMESPACE_GET, "GET /prefix/api/v1/namespaces/ns HTTP/1.1\r\n", NULL, ""},
        };
        struct record record_ = {};
        struct world w;
        struct answer a = {};
        char type[64];

        (void)state;
        world_open(&w, record, &record_);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                do_call(&w, rows[i].call, &a);
                assert_int_equal(a.reply.result, KUBE_REFUSED);
                assert_non_null(strstr(a.text, "recorded"));
                assert_memory_equal(record_.head, rows[i].line, strlen(rows[i].line));
                assert_non_null(strstr(record_.head, "\r\nUser-Agent: leader-agent/" AGENT_VERSION " (linux/"));
                if (rows[i].type) {
                        (void)snprintf(type, sizeof(type), "\r\nContent-Type: %s\r\n", rows[i].type);
                        assert_non_null(strstr(record_.head, type));
                }
                if (rows[i].body)
                        assert_same_json(record_.body, rows[i].body);
        }
        world_close(&w);
}

/* ---- what is concluded ---- */

struct script {
        const char *status, *type, *body;
};

static bool play(const struct rawserver_request *q, void *userdata) {
        const struct script *s = userdata;

        rawserver_answer(q->fd, s->status, s->type, s->body);
        return true;
}

#define STATUS(code, reason, message, details)                                                                         \
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message                     \
        "\",\"reason\":\"" reason "\",\"details\":" details ",\"code\":" #code "}"
#define JSON "application/json"

static void test_results(void **state) {
        static const struct {
                enum call call;
                struct script script;
                enum kube_result result;
                bool has_object;
                const char *text;
        } rows[] = {
                {LOCK_GET, {"200 OK", JSON, LOCK_OK}, KUBE_OK, true, ""},
                {LOCK_CREATE, {"201 Created", JSON, LOCK_OK}, KUBE_OK, true, ""},
                {LEASE_RENEW, {"200 OK", JSON, LEASE_OK}, KUBE_OK, true, ""},
                {NAMESPACE_GET,
                 {"200 OK", JSON,
                  "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"ns\",\"uid\":\"A\"}}"},
                 KUBE_OK,
                 false,
                 ""},
                {NAMESPACE_GET,
                 {"200 OK", JSON,
                  "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\",\"uid\":\"A\"}}"},
                 KUBE_GARBLED,
                 false,
                 "get namespace ns: http"},
                {NAMESPACE_GET, {"200 OK", JSON, LOCK_OK}, KUBE_GARBLED, false, "kind 'ConfigMap'"},
                {NAMESPACE_GET,
                 {"404 Not Found", JSON,
                  STATUS(404, "NotFound", "namespaces \\\"ns\\\" not found", "{\"name\":\"ns\"}")},
                 KUBE_NOT_FOUND,
                 false,
                 "namespaces \"ns\" not found"},
                {NAMESPACE_GET,
                 {"403 Forbidden", JSON, STATUS(403, "Forbidden", "no", "{}")},
                 KUBE_DENIED,
                 false,
                 "get namespace ns: Error from server (Forbidden): no"},
                {LEASE_LIST, {"200 OK", JSON, "{\"kind\":\"LeaseList\",\"items\":null}"}, KUBE_OK, false, ""},
                {LEASE_LIST,
                 {"200 OK", JSON, "{\"kind\":\"PodList\",\"items\":[]}"},
                 KUBE_GARBLED,
                 false,
                 "answer is of kind 'PodList', expected LeaseList with items"},
                {LEASE_LIST, {"200 OK", JSON, LEASE_OK}, KUBE_GARBLED, false, "expected LeaseList with items"},
                {POD_LIST,
                 {"404 Not Found", JSON, STATUS(404, "NotFound", "no", "{\"name\":\"ns\"}")},
                 KUBE_REFUSED,
                 false,
                 "list pods of ns: "},
                {POD_LIST,
                 {"403 Forbidden", JSON, STATUS(403, "Forbidden", "no", "{}")},
                 KUBE_DENIED,
                 false,
                 "list pods of ns: Error from server (Forbidden): no"},
                /* DELETE: object, Status, 202; a Status for another uid */
                {LOCK_DELETE, {"200 OK", JSON, LOCK_OK}, KUBE_OK, true, ""},
                {LEASE_DELETE,
                 {"200 OK", JSON, "{\"kind\":\"Status\",\"status\":\"Success\",\"details\":{\"uid\":\"" UID "\"}}"},
                 KUBE_OK,
                 false,
                 ""},
                {LEASE_DELETE, {"202 Accepted", JSON, LEASE_OK}, KUBE_OK, true, ""},
                {LEASE_DELETE,
                 {"200 OK", JSON, "{\"kind\":\"Status\",\"status\":\"Success\",\"details\":{\"uid\":\"other\"}}"},
                 KUBE_GARBLED,
                 false,
                 "kind 'Status'"},
                /* 404 only when it is about this object */
                {LOCK_GET,
                 {"404 Not Found", JSON, STATUS(404, "NotFound", "configmaps \\\"l\\\" not found", "{\"name\":\"l\"}")},
                 KUBE_NOT_FOUND,
                 false,
                 "Error from server (NotFound): configmaps \"l\" not found"},
                {LOCK_GET,
                 {"404 Not Found", JSON,
                  STATUS(404, "NotFound", "the server could not find the requested resource", "{}")},
                 KUBE_REFUSED,
                 false,
                 "could not find"},
                {LOCK_GET,
                 {"404 Not Found", "text/plain", "404 page not found\n"},
                 KUBE_REFUSED,
                 false,
                 "404 page not found"},
                {LOCK_GET, {"404 Not Found", "text/html", "<html>nginx</html>"}, KUBE_REFUSED, false, "HTML"},
                {LOCK_CREATE,
                 {"404 Not Found", JSON, STATUS(404, "NotFound", "namespaces not found", "{\"name\":\"ns\"}")},
                 KUBE_NOT_FOUND,
                 false,
                 "namespaces"},
                /* 409, 422 */
                {LOCK_CREATE,
                 {"409 Conflict", JSON, STATUS(409, "AlreadyExists", "exists", "{}")},
                 KUBE_EXISTS,
                 false,
                 "AlreadyExists"},
                {LEASE_RENEW,
                 {"409 Conflict", JSON, STATUS(409, "Conflict", "modified", "{}")},
                 KUBE_CONFLICT,
                 false,
                 "modified"},
                {LEASE_RENEW, {"409 Conflict", "text/plain", "what"}, KUBE_CONFLICT, false, "what"},
                {LOCK_STRIP,
                 {"422 Unprocessable", JSON, STATUS(422, "Invalid", "immutable", "{}")},
                 KUBE_CONFLICT,
                 false,
                 "immutable"},
                {LOCK_CREATE,
                 {"422 Unprocessable", JSON, STATUS(422, "Invalid", "bad name", "{}")},
                 KUBE_REFUSED,
                 false,
                 "bad name"},
                /* rights */
                {LOCK_GET,
                 {"401 Unauthorized", JSON, STATUS(401, "Unauthorized", "Unauthorized", "{}")},
                 KUBE_DENIED,
                 false,
                 "You must be logged in to the server"},
                {LOCK_CREATE,
                 {"403 Forbidden", JSON, STATUS(403, "Forbidden", "no", "{}")},
                 KUBE_DENIED,
                 false,
                 "Forbidden"},
                {LOCK_CREATE,
                 {"403 Forbidden", JSON,
                  STATUS(403, "Forbidden", "terminating", "{\"causes\":[{\"reason\":\"NamespaceTerminating\"}]}")},
                 KUBE_TERMINATING,
                 false,
                 "terminating"},
                /* other noes */
                {LOCK_CREATE,
                 {"400 Bad Request", JSON, STATUS(400, "BadRequest", "bad", "{}")},
                 KUBE_REFUSED,
                 false,
                 "bad"},
                {LOCK_GET, {"302 Found", "text/html", ""}, KUBE_REFUSED, false, "redirects"},
                {LOCK_CREATE, {"408 Request Timeout", "text/plain", ""}, KUBE_UNKNOWN, false, "408"},
                {LOCK_CREATE,
                 {"429 Too Many Requests", "text/plain", "Too many requests"},
                 KUBE_THROTTLED,
                 false,
                 "Too many"},
                /* may land */
                {LOCK_CREATE, {"500 Internal", JSON, STATUS(500, "", "boom", "{}")}, KUBE_UNKNOWN, false, "boom"},
                {LOCK_CREATE, {"503 Unavailable", "text/html", "<html>"}, KUBE_UNKNOWN, false, "HTML"},
                {LEASE_RENEW,
                 {"504 Timeout", JSON, STATUS(504, "Timeout", "allotted", "{}")},
                 KUBE_UNKNOWN,
                 false,
                 "allotted"},
                /* 200 that is not what was asked */
                {LOCK_GET, {"200 OK", "text/html", "\r\n <html>login</html>"}, KUBE_GARBLED, false, "HTML"},
                {LOCK_GET, {"200 OK", JSON, ""}, KUBE_GARBLED, false, "empty"},
                {LOCK_GET,
                 {"200 OK", JSON, "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","},
                 KUBE_GARBLED,
                 false,
                 "cut off"},
                {LOCK_GET, {"200 OK", JSON, LEASE_OK}, KUBE_GARBLED, false, "kind 'Lease'"},
                {LEASE_RENEW, {"200 OK", JSON, LOCK_OK}, KUBE_GARBLED, false, "kind 'ConfigMap'"},
                {LOCK_GET, {"200 OK", JSON, STATUS(200, "x", "y", "{}")}, KUBE_GARBLED, false, "kind 'Status'"},
                {LOCK_GET, {"200 OK", JSON, "[1]"}, KUBE_GARBLED, false, "not a JSON object"},
                {LOCK_GET, {"200 OK", JSON, "null"}, KUBE_GARBLED, false, "but: "},
                {LOCK_GET,
                 {"200 OK", JSON,
                  "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\","
                  "\"resourceVersion\":\"7\"}}"},
                 KUBE_GARBLED,
                 false,
                 "has no metadata.uid"},
                {LOCK_GET,
                 {"200 OK", JSON,
                  "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\","
                  "\"uid\":\"1\"}}"},
                 KUBE_GARBLED,
                 false,
                 "has no metadata.resourceVersion"},
                {LOCK_GET,
                 {"200 OK", JSON,
                  "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"m\",\"namespace\":\"ns\","
                  "\"uid\":\"1\",\"resourceVersion\":\"7\"}}"},
                 KUBE_GARBLED,
                 false,
                 "another object"},
                {LOCK_STRIP,
                 {"200 OK", JSON,
                  "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\","
                  "\"uid\":\"1\",\"resourceVersion\":\"7\"}}"},
                 KUBE_GARBLED,
                 false,
                 "another uid"},
        };
        struct world w;
        struct answer a = {};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                world_open(&w, play, &rows[i].script);
                do_call(&w, rows[i].call, &a);
                if (a.reply.result != rows[i].result)
                        print_error("row %zu: %s: %s\n", i, kube_result_to_string(a.reply.result), a.text);
                assert_int_equal(a.reply.result, rows[i].result);
                assert_int_equal(a.reply.lock || a.reply.placeholder, rows[i].has_object);
                if (rows[i].result == KUBE_OK)
                        assert_string_equal(a.text, "");
                else if (!strstr(a.text, rows[i].text))
                        fail_msg("row %zu: '%s' not in '%s'", i, rows[i].text, a.text);
                assert_int_equal(rawserver_n_requests(w.server), 1);
                world_close(&w);
        }
        assert_true(kube_result_may_land(KUBE_UNKNOWN) && kube_result_may_land(KUBE_GARBLED));
        assert_false(kube_result_may_land(KUBE_UNREACHABLE) || kube_result_may_land(KUBE_THROTTLED));
}

static bool throttle(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        if (q->number == 1)
                rawserver_send(q->fd, "HTTP/1.1 429 No\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n");
        else
                rawserver_answer(q->fd, "500 No", JSON,
                                 STATUS(500, "ServerTimeout", "later", "{\"retryAfterSeconds\":4}"));
        return true;
}

static bool hang(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_wait_closed(q->fd);
        return false;
}

static bool reset(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_reset(q->fd);
        return false;
}

static bool huge(const struct rawserver_request *q, void *userdata) {
        static char chunk[65537];

        (void)userdata;
        memset(chunk, ' ', sizeof(chunk) - 1);
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n");
        for (unsigned i = 0; i < 128; i++)
                rawserver_send(q->fd, chunk);
        return false;
}

static void test_faults(void **state) {
        struct world w;
        struct answer a = {};
        uint64_t before = now();

        (void)state;
        world_open(&w, throttle, NULL);
        do_call(&w, LEASE_RENEW, &a);
        assert_int_equal(a.reply.result, KUBE_THROTTLED);
        assert_int_equal(a.reply.retry_after_usec, 3 * USEC_PER_SEC);
        do_call(&w, LEASE_RENEW, &a);
        assert_int_equal(a.reply.result, KUBE_UNKNOWN);
        assert_int_equal(a.reply.retry_after_usec, 4 * USEC_PER_SEC);
        world_close(&w);

        world_open(&w, hang, NULL);
        do_call(&w, LEASE_RENEW, &a);
        assert_int_equal(a.reply.result, KUBE_UNKNOWN);
        assert_int_equal(a.reply.http_code, 0);
        assert_non_null(strstr(a.text, "no answer from the server http://127.0.0.1:"));
        assert_true(a.reply.sent_at_usec >= before);
        assert_true(now() >= a.reply.sent_at_usec + 250 * USEC_PER_MSEC);
        world_close(&w);

        world_open(&w, reset, NULL);
        do_call(&w, LOCK_CREATE, &a);
        assert_int_equal(a.reply.result, KUBE_UNKNOWN);
        assert_int_equal(rawserver_n_requests(w.server), 1);
        world_close(&w);

        world_open(&w, huge, NULL);
        do_call(&w, LOCK_CREATE, &a);
        assert_int_equal(a.reply.result, KUBE_GARBLED);
        assert_non_null(strstr(a.text, "larger than 2097152 bytes"));
        world_close(&w);

        world_open(&w, hang, NULL);
        rawserver_free(w.server);
        do_call(&w, LOCK_CREATE, &a);
        assert_int_equal(a.reply.result, KUBE_UNREACHABLE);
        assert_non_null(strstr(a.text, "Unable to connect to the server"));
        kube_free(w.kube);
        sd_event_unref(w.event);
}

static void test_arguments(void **state) {
        static const char *const bad[] = {"", "../x", "a/b", "A", "a?b", "a b", "-a", "a%2f"};
        struct world w;
        struct answer a = {};
        struct lock_object lock;

        (void)state;
        world_open(&w, hang, NULL);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(kube_lock_get(w.kube, "ns", bad[i], on_reply, &a, &a.slot), -EINVAL);
                assert_int_equal(kube_lock_get(w.kube, bad[i], "l", on_reply, &a, &a.slot), -EINVAL);
                assert_int_equal(kube_watch_lock(w.kube, "ns", bad[i], NULL, NULL, &a.slot), -EINVAL);
        }
        assert_int_equal(kube_lock_delete(w.kube, "ns", "l", "", NULL, on_reply, &a, &a.slot), -EINVAL);
        assert_int_equal(kube_lock_delete(w.kube, "ns", "l", UID, "", on_reply, &a, &a.slot), -EINVAL);
        assert_int_equal(kube_lock_strip(w.kube, "ns", "l", UID, NULL, on_reply, &a, &a.slot), -EINVAL);
        fill_lock(&lock);
        *lock.claim = 0;
        assert_int_equal(kube_lock_create(w.kube, &lock, on_reply, &a, &a.slot), -EINVAL);
        assert_null(a.slot);
        run_for(&w, 50 * USEC_PER_MSEC);
        assert_int_equal(rawserver_n_requests(w.server), 0);
        world_close(&w);
}

/* Slots: cancelled, floating, left over after kube_free(), and kube_free() in a callback. */
static void test_slots(void **state) {
        static const struct script found = {"200 OK", JSON, LOCK_OK};
        struct world w;
        struct answer a = {}, b = {};

        (void)state;
        world_open(&w, play, &found);
        send_call(&w, LOCK_GET, &a);
        kube_slot_free(TAKE_PTR(a.slot));
        do_call(&w, LOCK_GET, &b);
        assert_false(a.is_there);

        a = (struct answer){};
        assert_int_equal(kube_lock_get(w.kube, "ns", "l", on_reply, &a, NULL), 0);
        run_until(&w, &a.is_there);
        assert_int_equal(a.reply.result, KUBE_OK);

        a = (struct answer){};
        assert_int_equal(kube_lock_get(w.kube, "ns", "l", on_reply, &a, NULL), 0);
        b = (struct answer){.frees_kube = &w.kube};
        send_call(&w, LOCK_GET, &b);
        run_until(&w, &b.is_there);
        assert_null(w.kube);
        kube_slot_free(b.slot);
        world_close(&w);

        world_open(&w, hang, NULL);
        send_call(&w, LOCK_GET, &a);
        assert_int_equal(kube_lock_get(w.kube, "ns", "l", on_reply, &b, NULL), 0);
        run_for(&w, 20 * USEC_PER_MSEC);
        kube_free(TAKE_PTR(w.kube));
        kube_slot_free(a.slot);
        world_close(&w);
}

static bool answer_created(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_answer(q->fd, "201 Created", JSON, "{}");
        return true;
}

static void test_events(void **state) {
        struct event_object e = {.ns = "ns",
                                 .kind = "ConfigMap",
                                 .name = "l",
                                 .reason = "Elected",
                                 .action = "Elect",
                                 .note = "now",
                                 .instance = "h-1"};
        struct world w;
        unsigned n = 0;
        int r = 0;

        (void)state;
        world_open(&w, answer_created, NULL);
        while (n < 100 && (r = kube_event_create(w.kube, &e, n % 2 ? 20 * USEC_PER_MSEC : 0)) == 0)
                n++;
        assert_int_equal(r, -EAGAIN);
        assert_int_equal(n, 8);
        for (unsigned i = 0; i < 500 && rawserver_n_requests(w.server) < 8; i++)
                run_for(&w, 10 * USEC_PER_MSEC);
        run_for(&w, 100 * USEC_PER_MSEC);
        assert_int_equal(kube_event_create(w.kube, &e, 0), 0);
        e.kind = "Secret";
        assert_int_equal(kube_event_create(w.kube, &e, 0), -EINVAL);
        e.kind = "ConfigMap";
        run_for(&w, 100 * USEC_PER_MSEC);
        /* One that waits has sent nothing, is counted, and ends with everything else. */
        n = rawserver_n_requests(w.server);
        assert_int_equal(kube_event_create(w.kube, &e, USEC_PER_SEC), 0);
        run_for(&w, 100 * USEC_PER_MSEC);
        assert_int_equal(rawserver_n_requests(w.server), n);
        assert_int_equal(kube_events_pending(w.kube), 1);
        world_close(&w);
}

/* ---- watches ---- */

struct seen {
        unsigned total, n_polled, n_alive;
        char log[512]; /* O, G, A, D in order, without what is polled */
        char text[512];
        struct kube_slot *slot, *free_too;
        struct kube **frees_kube;
        bool frees_itself;
        bool is_enough, is_silent;
        unsigned enough;
};

static void on_watch(const struct kube_watch_event *e, void *userdata) {
        struct seen *s = userdata;

        if (e->polled || e->type == KUBE_WATCH_ALIVE) {
                s->n_polled += e->polled;
                s->n_alive += e->type == KUBE_WATCH_ALIVE;
                return;
        }
        if (s->total + 1 < sizeof(s->log))
                s->log[s->total] = "OGAD"[e->type];
        s->total++;
        s->is_silent = e->silent;
        s->is_enough = s->total >= s->enough;
        assert_int_equal(e->lock != NULL, e->type == KUBE_WATCH_OBJECT || e->type == KUBE_WATCH_GONE);
        if (s->free_too)
                s->free_too = kube_slot_free(s->free_too);
        if (s->frees_itself)
                s->slot = kube_slot_free(s->slot);
        if (s->frees_kube)
                *s->frees_kube = kube_free(*s->frees_kube);
        /* What is told lives on until here. */
        if (e->type == KUBE_WATCH_DOWN)
                (void)snprintf(s->text, sizeof(s->text), "%s", e->text);
        if (e->lock)
                assert_string_equal(e->lock->name, "l");
}

#define META     "\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\"}"
#define OBJECT   "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\"," META "}"
#define ADDED    "{\"type\":\"ADDED\",\"object\":" OBJECT "}\n"
#define MODIFIED "{\"type\":\"MODIFIED\",\"object\":" OBJECT "}\n"
#define DELETED  "{\"type\":\"DELETED\",\"object\":" OBJECT "}\n"
#define BOOKMARK                                                                                                       \
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{"               \
        "\"resourceVersion\":\"9\"}}}\n"
#define END_MARK                                                                                                       \
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{"               \
        "\"resourceVersion\":\"9\","                                                                                   \
        "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define GONE_410 "{\"type\":\"ERROR\",\"object\":" STATUS(410, "Expired", "too old resource version", "{}") "}\n"

#define OBJECT_8                                                                                                       \
        "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\",\"uid\":"     \
        "\"u\","                                                                                                       \
        "\"resourceVersion\":\"8\"}}"

struct watch_script {
        const char *streams[4];         /* per watch; NULL: silence */
        const char *first;              /* what the whole answer to the first watch is, instead */
        const char *read_status, *read; /* the answer to each GET of the object; NULL: none comes */
        unsigned tired_usec;            /* the third stream breaks with an error after so long */
        bool stays_open;
        bool is_same; /* every watch gets the first one's answer */
        unsigned n_streams, n_reads;
        char head[1024];
};

#define ERROR_500       "{\"type\":\"ERROR\",\"object\":" STATUS(500, "InternalError", "etcd", "{}") "}\n"
#define READ_OK(object) .read_status = "200 OK", .read = (object)
#define READ_NONE       .read_status = "404 Not Found", .read = STATUS(404, "NotFound", "no l", "{\"name\":\"l\"}")

static bool play_watch(const struct rawserver_request *q, void *userdata) {
        struct watch_script *s = userdata;
        const char *text;
        char chunk[32];
        size_t i;

        if (!strstr(q->head, "?watch=1")) {
                (void)__atomic_fetch_add(&s->n_reads, 1, __ATOMIC_RELAXED); /* each connection has its thread */
                if (s->read)
                        rawserver_answer(q->fd, s->read_status, JSON, s->read);
                else
                        rawserver_wait_closed(q->fd);
                return s->read != NULL;
        }
        i = __atomic_fetch_add(&s->n_streams, 1, __ATOMIC_RELAXED);
        i = s->is_same ? 0 : i;
        text = i < ELEMENTSOF(s->streams) ? s->streams[i] : NULL;
        if (!s->is_same) /* … at the same time */
                (void)snprintf(s->head, sizeof(s->head), "%s", q->head);
        if (i == 0 && s->first) {
                rawserver_send(q->fd, s->first);
                if (s->stays_open)
                        rawserver_wait_closed(q->fd);
                return false;
        }
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        if (text) {
                (void)snprintf(chunk, sizeof(chunk), "%zx\r\n", strlen(text));
                rawserver_send(q->fd, chunk);
                rawserver_send(q->fd, text);
                rawserver_send(q->fd, "\r\n");
        }
        if (s->tired_usec && i == 2) {
                (void)usleep(s->tired_usec);
                (void)snprintf(chunk, sizeof(chunk), "%zx\r\n", strlen(ERROR_500));
                rawserver_send(q->fd, chunk);
                rawserver_send(q->fd, ERROR_500 "\r\n");
        }
        if (!text || s->stays_open) {
                rawserver_wait_closed(q->fd);
                return false;
        }
        rawserver_send(q->fd, "0\r\n\r\n");
        return true;
}

static void test_watch(void **state) {
        static const struct {
                struct watch_script script;
                const char *log; /* the beginning of what is told */
                const char *text;
        } rows[] = {
                {{.streams = {ADDED END_MARK BOOKMARK MODIFIED DELETED}, .stays_open = true}, "OOG", NULL},
                {{.streams = {END_MARK ADDED}, .stays_open = true}, "AO", NULL},
                /* The stream ends: begun again, and the state is told again. */
                {{.streams = {ADDED END_MARK, END_MARK}}, "OA", NULL},
                /* 410 in the stream and as an answer. */
                {{.streams = {ADDED GONE_410, ADDED}}, "OO", NULL},
                {{.streams = {NULL, ADDED}, .first = "HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\n{}"}, "DO", "410"},
                {{.streams = {NULL, ADDED}, .first = "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"}, "DO", "403"},
                {{.streams = {NULL, ADDED}, .first = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"type\""},
                 "DO",
                 "no answer"},
                /* Ended at once, in the middle, with nonsense. */
                {{.streams = {"\n", ADDED}}, "DO", "ends it at once"},
                {{.streams = {"{\"type\":\"ADDED\"", ADDED}}, "DO", "middle of an event"},
                {{.streams = {"<html>\n", ADDED}}, "DO", "not JSON"},
                {{.streams = {"{\"type\":\"NEW\",\"object\":{}}\n", ADDED}}, "DO", "type is 'NEW'"},
                {{.streams = {"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\"}}\n", ADDED}}, "DO", "kind 'Pod'"},
                {{.streams = {ERROR_500, ADDED}}, "DO", "etcd"},
                /* Silence from the first moment, and after a while, and no read is answered. */
                {{.streams = {NULL, ADDED}}, "DO", "no event and no bookmark"},
                {{.streams = {ADDED, MODIFIED}, .stays_open = true}, "ODO", "no event and no bookmark"},
                /* A read tells what a silent stream does not. */
                {{.streams = {NULL}, READ_OK(OBJECT)}, "O", NULL},
                {{.streams = {NULL}, READ_NONE}, "A", NULL},
                {{.streams = {BOOKMARK BOOKMARK}, .stays_open = true, READ_NONE}, "A", NULL},
                {{.streams = {NULL, ADDED}, .read_status = "403 No", .read = "no"}, "DO", "403"},
                {{.streams = {NULL, ADDED}, .read_status = "503 Busy", .read = "no"}, "DO", "503"},
                /* It shows what the stream missed: a new one. */
                {{.streams = {ADDED, ADDED}, .stays_open = true, READ_OK(OBJECT_8)}, "OOO", NULL},
                {{.streams = {ADDED, END_MARK}, .stays_open = true, READ_NONE}, "OAA", NULL},
                {{.streams = {END_MARK, ADDED}, .stays_open = true, READ_OK(OBJECT)}, "AOO", NULL},
                {{.streams = {ADDED DELETED, ADDED}, .stays_open = true, READ_OK(OBJECT_8)}, "OGOO", NULL},
        };
        struct world w;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct watch_script script = rows[i].script;
                struct seen s = {.enough = (unsigned)strlen(rows[i].log)};

                world_open(&w, play_watch, &script);
                kube_set_watch_limits(w.kube, 400 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
                assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
                run_until(&w, &s.is_enough);
                kube_slot_free(s.slot);
                if (strncmp(s.log, rows[i].log, strlen(rows[i].log)) != 0)
                        fail_msg("row %zu: told %s, expected %s (%s)", i, s.log, rows[i].log, s.text);
                if (rows[i].text && !strstr(s.text, rows[i].text))
                        fail_msg("row %zu: '%s' not in '%s'", i, rows[i].text, s.text);
                world_close(&w);
                assert_non_null(strstr(script.head, "GET /prefix/api/v1/namespaces/ns/configmaps?watch=1&"
                                                    "allowWatchBookmarks=true&fieldSelector=metadata.name%3Dl&"
                                                    "timeoutSeconds="));
                assert_null(strstr(script.head, "resourceVersion"));
        }
}

/* Silence alone is no reason to end a stream: while reads show what was told last, it stays and nothing is told. */
static void test_watch_is_idle(void **state) {
        static const struct watch_script rows[] = {
                {.streams = {ADDED}, .stays_open = true, READ_OK(OBJECT)},
                {.streams = {ADDED DELETED}, .stays_open = true, READ_NONE},
                {.streams = {END_MARK}, .stays_open = true, READ_NONE},
                {.streams = {NULL}, READ_NONE},
                {.streams = {NULL}, READ_OK(OBJECT)},
        };
        struct world w;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct watch_script script = rows[i];
                struct seen s = {.enough = 1};
                unsigned told;

                world_open(&w, play_watch, &script);
                kube_set_watch_limits(w.kube, 300 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
                assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
                run_until(&w, &s.is_enough);
                run_for(&w, 500 * USEC_PER_MSEC);
                told = s.total;
                run_for(&w, 1500 * USEC_PER_MSEC);
                assert_int_equal(s.total, told);
                kube_slot_free(s.slot);
                world_close(&w);
                assert_int_equal(script.n_streams, 1);
                assert_true(script.n_reads > 2);
        }
}

/* kube-apiserver may send a bookmark right behind the mark of the initial events (0.6 s, when it has just started). How
 * far apart bookmarks come is not learned from that, nor from what lies between one and an event. */
static void test_watch_learns_from_pauses(_unused_ void **state) {
        static const struct watch_script rows[] = {
                {.streams = {END_MARK BOOKMARK}, .stays_open = true, READ_NONE},
                {.streams = {ADDED END_MARK BOOKMARK}, .stays_open = true, READ_OK(OBJECT)},
                {.streams = {ADDED BOOKMARK}, .stays_open = true, READ_OK(OBJECT)},
                {.streams = {END_MARK BOOKMARK ADDED BOOKMARK}, .stays_open = true, READ_OK(OBJECT)},
        };
        struct world w;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct watch_script script = rows[i];
                struct seen s = {.enough = 1};

                world_open(&w, play_watch, &script);
                kube_set_watch_limits(w.kube, 2 * USEC_PER_SEC, 600 * USEC_PER_SEC);
                assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
                run_until(&w, &s.is_enough);
                run_for(&w, USEC_PER_SEC); /* more than a fifth of the limit, which would be the least */
                if (script.n_reads > 0)
                        fail_msg("row %zu", i);
                kube_slot_free(s.slot);
                world_close(&w);
        }
}

/* The server accepts the watch and does not even begin to answer; or the stream goes on when its time is over. */
static void test_watch_hangs(void **state) {
        static const struct {
                struct watch_script script;
                const char *text;
        } rows[] = {
                {{.streams = {NULL, ADDED}, .first = "", .stays_open = true, READ_OK(OBJECT)}, "no answer begins"},
                {{.streams = {ADDED, ADDED}, .stays_open = true, READ_OK(OBJECT)}, "did not end in time"},
        };
        struct world w;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct watch_script script = rows[i].script;
                struct seen s = {};

                world_open(&w, play_watch, &script);
                kube_set_watch_limits(w.kube, 300 * USEC_PER_MSEC, USEC_PER_SEC);
                assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
                s.enough = i == 0 ? 2 : 3;
                run_until(&w, &s.is_enough);
                assert_string_equal(s.log, i == 0 ? "DO" : "ODO");
                if (!strstr(s.text, rows[i].text))
                        fail_msg("row %zu: '%s' not in '%s'", i, rows[i].text, s.text);
                kube_slot_free(s.slot);
                world_close(&w);
        }
}

/* What failed before a stream worked for a while does not make the pause after it longer. */
static void test_watch_recovers(void **state) {
        struct watch_script script = {
                .streams = {"<html>\n", "<html>\n", ADDED, ADDED}, .tired_usec = 5200 * USEC_PER_MSEC, READ_OK(OBJECT)};
        struct seen s = {.enough = 3};
        struct world w;
        uint64_t at;

        (void)state;
        world_open(&w, play_watch, &script);
        assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
        run_until(&w, &s.is_enough);
        assert_string_equal(s.log, "DOD"); /* the second failure is no news */
        assert_int_equal(script.n_streams, 3);
        at = now();
        s.enough = 4;
        s.is_enough = false;
        run_until(&w, &s.is_enough);
        assert_string_equal(s.log, "DODO");
        assert_true(now() - at < 900 * USEC_PER_MSEC);
        kube_slot_free(s.slot);
        world_close(&w);
}

/* Tells an object; then packets are dropped, for good. */
static bool play_gone(const struct rawserver_request *q, _unused_ void *userdata) {
        char chunk[32];

        (void)snprintf(chunk, sizeof(chunk), "%zx\r\n", strlen(ADDED));
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        rawserver_send(q->fd, chunk);
        rawserver_send(q->fd, ADDED "\r\n");
        if (q->number == 1)
                rawserver_drop(q->fd);
        rawserver_wait_closed(q->fd);
        return false;
}

/* The peer of an idle watch is gone without a word: told as silence, in seconds, and another connection is made. */
static void test_watch_peer_is_gone(_unused_ void **state) {
        struct seen s = {.enough = 2};
        struct world w;
        uint64_t at;

        if (geteuid() != 0 && !rawserver_can_drop())
                skip();
        world_open(&w, play_gone, NULL);
        assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
        at = now();
        run_until(&w, &s.is_enough);
        assert_string_equal(s.log, "OD");
        assert_true(s.is_silent);
        assert_true(now() - at < 60 * USEC_PER_SEC); /* the read that would find it takes 150 */
        s.enough = 3;
        s.is_enough = false;
        run_until(&w, &s.is_enough);
        assert_string_equal(s.log, "ODO");
        s.slot = kube_slot_free(s.slot);
        world_close(&w);
}

/* An event without an end does not fill the memory. */
static void test_watch_too_large(_unused_ void **state) {
        struct seen s = {.enough = 1};
        struct world w;

        world_open(&w, huge, NULL);
        assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
        run_until(&w, &s.is_enough);
        assert_string_equal(s.log, "D");
        assert_non_null(strstr(s.text, "larger than 2 MiB"));
        s.slot = kube_slot_free(s.slot);
        world_close(&w);
}

/* From every kind of event, whatever is left to tell: nothing is told any more, of this watch or of the other. */
static void test_watch_free_in_callback(void **state) {
        static const struct {
                struct watch_script script;
                char told;
        } rows[] = {
                {{.streams = {ADDED ADDED ADDED}, .stays_open = true}, 'O'},
                {{.streams = {ADDED ADDED ADDED}}, 'O'},
                {{.streams = {ADDED GONE_410, ADDED}}, 'O'},
                {{.streams = {DELETED ADDED}, .stays_open = true}, 'G'},
                {{.streams = {END_MARK ADDED ADDED}, .stays_open = true}, 'A'},
                {{.streams = {"<html>\n" ADDED}, .stays_open = true}, 'D'},
                {{.streams = {"{\"type\":\"ERROR\",\"object\":" STATUS(500, "InternalError", "etcd",
                                                                       "{}") "}\n" ADDED}},
                 'D'},
                {{.streams = {"{\"type\""}}, 'D'},
                {{.streams = {"\n"}}, 'D'},
                {{.streams = {NULL}, .first = "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"}, 'D'},
                {{.streams = {NULL}}, 'D'},
                {{.streams = {NULL}, READ_OK(OBJECT)}, 'O'},
                {{.streams = {NULL}, READ_NONE}, 'A'},
                {{.streams = {NULL}, .read_status = "403 No", .read = "no"}, 'D'},
        };
        enum {
                ITSELF,
                OTHER,
                KUBE,
                N_MODES
        };
        struct world w;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (unsigned mode = 0; mode < N_MODES; mode++) {
                        struct watch_script script = rows[i].script;
                        struct seen s = {.enough = 1}, other = {.enough = 1};

                        /* Each connection plays the same, so that both watches have something to tell. */
                        script.is_same = true;
                        world_open(&w, play_watch, &script);
                        kube_set_watch_limits(w.kube, 200 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
                        assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, &s.slot), 0);
                        s.frees_itself = true;
                        if (mode != ITSELF)
                                assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &other, &other.slot), 0);
                        if (mode == OTHER) {
                                s.free_too = TAKE_PTR(other.slot);
                                s.frees_itself = false;
                        }
                        if (mode == KUBE) {
                                s.frees_itself = false;
                                s.frees_kube = &w.kube;
                        }
                        run_until(&w, &s.is_enough);
                        assert_int_equal(s.log[0], rows[i].told);
                        other.total = 0;
                        run_for(&w, 20 * USEC_PER_MSEC);
                        assert_int_equal(other.total, 0);
                        if (mode != OTHER)
                                assert_int_equal(s.total, 1);
                        s.slot = kube_slot_free(s.slot);
                        other.slot = kube_slot_free(other.slot);
                        world_close(&w);
                }
}

#define NUMBERED_EVENTS 400

static bool play_numbered(const struct rawserver_request *q, void *userdata) {
        char line[4000], chunk[32], padding[2048];

        (void)userdata;
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        if (q->number > 1) {
                rawserver_wait_closed(q->fd);
                return false;
        }
        memset(padding, 'x', sizeof(padding));
        padding[sizeof(padding) - 1] = '\0';
        for (unsigned i = 1; i <= NUMBERED_EVENTS; i++) {
                (void)snprintf(line, sizeof(line),
                               "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","
                               "\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\",\"uid\":\"u\","
                               "\"resourceVersion\":\"%u\"},\"data\":{\"p\":\"%s\"}}}\n",
                               i, padding);
                (void)snprintf(chunk, sizeof(chunk), "%zx\r\n", strlen(line));
                rawserver_send(q->fd, chunk);
                rawserver_send(q->fd, line);
                rawserver_send(q->fd, "\r\n");
        }
        rawserver_send(q->fd, "0\r\n\r\n");
        return true;
}

static void on_numbered(const struct kube_watch_event *e, void *userdata) {
        struct seen *s = userdata;

        assert_int_equal(e->type, KUBE_WATCH_OBJECT);
        assert_int_equal(strtoul(e->lock->version, NULL, 10), ++s->total);
}

/* More than is kept at once: all of it is told, in order, each event in a turn of its own, and the end comes last. */
static void test_watch_order(void **state) {
        struct seen s = {};
        struct world w;
        uint64_t end = now() + HANG_USEC;

        (void)state;
        world_open(&w, play_numbered, NULL);
        assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_numbered, &s, &s.slot), 0);
        while (s.total < NUMBERED_EVENTS) {
                unsigned before = s.total;

                assert_true(now() < end);
                assert_true(sd_event_run(w.event, 100 * USEC_PER_MSEC) >= 0);
                assert_true(s.total <= before + 1);
                assert_int_equal(rawserver_n_requests(w.server) > 1, false);
        }
        while (rawserver_n_requests(w.server) < 2) {
                assert_true(now() < end);
                assert_true(sd_event_run(w.event, 100 * USEC_PER_MSEC) >= 0);
        }
        assert_int_equal(s.total, NUMBERED_EVENTS);
        s.slot = kube_slot_free(s.slot);
        world_close(&w);
}

static void test_watch_without_slot(void **state) {
        struct watch_script script = {};
        struct seen s;
        struct world w;

        (void)state;
        /* Nobody listens: the watch retries without a slot of its own, and goes with its kube. */
        world_open(&w, play_watch, &script);
        rawserver_free(w.server);
        s = (struct seen){.enough = 2};
        assert_int_equal(kube_watch_lock(w.kube, "ns", "l", on_watch, &s, NULL), 0);
        run_until(&w, &s.is_enough);
        assert_string_equal(s.log, "DD");
        kube_free(w.kube);
        sd_event_unref(w.event);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_requests),
                cmocka_unit_test(test_results),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_arguments),
                cmocka_unit_test(test_slots),
                cmocka_unit_test(test_events),
                cmocka_unit_test(test_watch),
                cmocka_unit_test(test_watch_is_idle),
                cmocka_unit_test(test_watch_learns_from_pauses),
                cmocka_unit_test(test_watch_hangs),
                cmocka_unit_test(test_watch_recovers),
                cmocka_unit_test(test_watch_peer_is_gone),
                cmocka_unit_test(test_watch_too_large),
                cmocka_unit_test(test_watch_free_in_callback),
                cmocka_unit_test(test_watch_order),
                cmocka_unit_test(test_watch_without_slot),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
