/* SPDX-License-Identifier: Apache-2.0 */
/* A small API client for the conformance tests, on purpose not the agent's own: libcurl and json-c. Everything that
 * fails here fails the running cmocka test. Environment: KUBE_SERVER (URL), and as needed KUBE_CA, KUBE_CERT, KUBE_KEY
 * (PEM files), KUBE_TOKEN. */
#pragma once

#include <curl/curl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"

#define API_MINOR "35"

enum {
        API_PATIENCE_MSEC = 30000, /* longest wait for something that must happen: only to detect a hang */
};

/* Collections in the namespace of this run. */
#define LOCKS      "/api/v1/namespaces/NS/configmaps"
#define PODS       "/api/v1/namespaces/NS/pods"
#define EVENTS     "/api/v1/namespaces/NS/events"
#define NEW_EVENTS "/apis/events.k8s.io/v1/namespaces/NS/events"
#define LEASES     "/apis/coordination.k8s.io/v1/namespaces/NS/leases"
#define FINALIZER  "leaderagent.io/unit-may-run"

struct answer {
        long status;     /* 0: no whole answer */
        CURLcode result; /* why, then */
        struct json_object *json;
        char *text;
        int retry_after;
};

void answer_done(struct answer *a);
#define _cleanup_answer_ _cleanup_(answer_done)

/* For cmocka groups: creates the namespace of this run; api_leave() removes it, with every finalizer in it. */
int api_enter(void **state);
int api_leave(void **state);
const char *api_namespace(void);

/* Sends a request. In path, NS stands for the namespace of this run; path and body are printf formats, and every ' in
 * the body becomes a ". A PATCH is a merge patch; "JSONPATCH" sends a JSON patch. body NULL: none. */
struct answer api_call(const char *method, const char *path, const char *body, ...) _printf_(3, 4);
/* As above, without a body; the path is the format. */
struct answer api_get(const char *path, ...) _printf_(1, 2);
/* From now on requests are given up after so long; 0: the usual patience. */
void api_give_up_after(long msec);
/* GET with this bearer token ("" for no credentials at all) instead of the usual credentials. */
struct answer api_get_as(const char *token, const char *path);
/* POST whose connection is closed after the first half of the body. */
void api_post_half(const char *path, const char *body);
/* The same POST n times at once, over n connections; counts the answers by status. */
void api_post_race(const char *path, const char *body, size_t n, size_t *ret_created, size_t *ret_conflicts);
/* Whether the server is of the version whose texts are compared: that of tests/cluster/go.mod, and of kubesim. */
bool api_is_pinned(void);
/* True when the server has the control endpoints of kubesim. */
bool api_is_kubesim(void);

/* Value at "metadata/uid" and so on; string "" when absent. */
struct json_object *api_at(const struct answer *a, const char *path);
const char *api_string(const struct answer *a, const char *path);
struct json_object *api_json_at(struct json_object *json, const char *path);
const char *api_json_string(struct json_object *json, const char *path);

/* Status of the answer, and reason ("" when there is none) and a part of the message when given. */
void expect(const struct answer *a, long status);
/* Where older or newer versions answer with another status, of which the agent makes the same. */
void expect_either(const struct answer *a, long pinned, long elsewhere);
void expect_failure(const struct answer *a, long status, const char *reason, const char *message);

/* A lock as the agent makes it: ConfigMap with finalizer, data, and an owner when owner_uid is given. */
void api_make_lock(const char *name, const char *owner_kind, const char *owner_name, const char *owner_uid);
/* A Lease; its uid and resourceVersion (each 64 bytes, may be NULL). */
void api_make_lease(const char *name, char *ret_uid, char *ret_rv);
void api_copy(char dst[64], const char *src);
/* Waits until GET of path satisfies check. */
void api_wait(const char *path, bool (*check)(const struct answer *a));
bool api_is_gone(const struct answer *a);
bool api_is_marked(const struct answer *a); /* there, with deletionTimestamp */

struct stream;
/* Opens a watch (query without "watch=1") and checks for 200. */
struct stream *stream_open(const char *path, const char *query);
void stream_closep(struct stream **s);
#define _cleanup_stream_ _cleanup_(stream_closep)
/* The next event, owned by the caller; NULL at the clean end of the stream. Fails when neither comes. */
struct json_object *stream_next(struct stream *s);
/* The next event must be of this type, with this metadata.name (NULL: any). */
struct json_object *stream_expect(struct stream *s, const char *type, const char *name);
/* Waits for the end of the stream, passing over events; CURLE_OK is the clean end. */
CURLcode stream_end(struct stream *s);
/* True when a whole event is there to be read, without waiting. */
bool stream_has_event(struct stream *s);
static inline void api_put(struct json_object **j) {
        json_object_put(*j);
}
#define _cleanup_json_ _cleanup_(api_put)
