/* SPDX-License-Identifier: Apache-2.0 */
/* The typed requests: one request, one answer. */
#include <errno.h>
#include <stdio.h>

#include "adapter/kube.h"
#include "adapter/kube_internal.h"
#include "base/clock.h"

#define KUBE_EVENTS_MAX 8

#define LOCK           ((struct kube_what){.kind = KUBE_KIND_LOCK})
#define EVENT          ((struct kube_what){.kind = KUBE_KIND_EVENT})
#define PLACEHOLDER(k) ((struct kube_what){.kind = KUBE_KIND_PLACEHOLDER, .placeholder = (k)})

struct kube_request {
        struct kube_slot slot;     /* first: a slot is freed as what it is part of */
        struct http_request *http; /* NULL: waits for its timer */
        struct kube_subject subject;
        kube_reply_cb cb;
        void *userdata;
        uint64_t limit_usec; /* how long it may take, when that is less than any may */
        /* only Events wait */
        sd_event_source *timer;
        char *body;
};

static void cancel(struct kube_slot *slot) {
        struct kube_request *q = (struct kube_request *)slot;

        if ((q->http || q->timer) && q->subject.what.kind == KUBE_KIND_EVENT)
                slot->kube->n_events--;
        q->timer = sd_event_source_disable_unref(q->timer);
        free(TAKE_PTR(q->body));
        q->http = http_request_free(q->http);
}

static void on_answer(const struct http_result *http, void *userdata) {
        struct kube_request *q = userdata;
        struct kube *kube = q->slot.kube;
        kube_reply_cb cb = q->cb;
        void *cb_userdata = q->userdata;
        struct kube_answer answer;

        kube_judge(&q->subject, http, http_server(kube->http), &answer);
        kube_token_judged(kube, http);
        if (answer.reply.result == KUBE_DENIED && *kube->token_error) {
                size_t n = strlen(answer.text);

                (void)snprintf(answer.text + n, sizeof(answer.text) - n, " (%s)", kube->token_error);
        }
        /* The answer stands by itself: the request can go before the callback, which may free everything. */
        if (q->slot.is_owned)
                cancel(&q->slot);
        else
                kube_slot_free(&q->slot);
        if (cb)
                cb(&answer.reply, cb_userdata);
        free(answer.locks);
        free(answer.placeholders);
        rights_rules_free(answer.rules);
        if (answer.token)
                explicit_bzero(answer.token, strlen(answer.token));
        free(answer.token);
}

/* What is sent, beside the subject. body is freed in any case. */
struct order {
        const char *method;
        char *body;
        const char *content_type;
};

static int add_query(char **path, const char *query) {
        char *old = TAKE_PTR(*path);
        int n = asprintf(path, "%s?%s", old, query);

        free(old);
        if (n >= 0)
                return 0;
        *path = NULL;
        return -ENOMEM;
}

/* What an election waits for: on a connection of its own, and on a new one when that got no answer. */
static bool is_protocol(enum kube_kind kind) {
        return kind == KUBE_KIND_LOCK || kind == KUBE_KIND_PLACEHOLDER || kind == KUBE_KIND_NAMESPACE;
}

static int send(struct kube_request *q, const char *method, const char *body, const char *content_type) {
        struct kube *kube = q->slot.kube;
        const struct kube_subject *subject = &q->subject;
        _cleanup_free_ char *path = NULL;
        bool is_named =
                (subject->op != KUBE_OP_CREATE && subject->op != KUBE_OP_LIST) || subject->what.kind == KUBE_KIND_TOKEN;
        struct http_call call = {
                .method = method,
                .body = body,
                .content_type = content_type,
                .token = kube_token(kube),
                .timeout_usec = kube->timeout_usec,
                .response_max = subject->op == KUBE_OP_LIST ? KUBE_LIST_MAX : KUBE_RESPONSE_MAX,
                .is_aside = !is_protocol(subject->what.kind), /* never in the way of a renewal */
                .cb = on_answer,
                .userdata = q,
        };
        int r;

        if (call.timeout_usec > q->limit_usec)
                call.timeout_usec = q->limit_usec;
        r = kube_path(subject->what, *subject->ns ? subject->ns : NULL, is_named ? subject->name : NULL, &path);
        if (r >= 0 && subject->op == KUBE_OP_LIST)
                r = add_query(&path, "labelSelector=" LOCK_LABEL "%3D" LOCK_LABEL_VALUE);
        if (r < 0)
                return r;
        call.path = path;
        return http_start(kube->http, &call, &q->http);
}

static struct kube_request *request_new(struct kube *kube, const struct kube_subject *subject, bool is_owned) {
        struct kube_request *q = calloc(1, sizeof(*q));

        if (!q)
                return NULL;
        q->subject = *subject;
        q->limit_usec = USEC_INFINITY;
        kube_slot_init(&q->slot, kube, cancel, is_owned);
        return q;
}

static int start_limited(struct kube *kube, const struct kube_subject *subject, const struct order *order,
                         uint64_t limit_usec, kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        _cleanup_free_ char *body = order->body;
        struct kube_request *q = request_new(kube, subject, ret_slot != NULL);
        int r;

        if (!q)
                return -ENOMEM;
        q->cb = cb;
        q->limit_usec = limit_usec;
        q->userdata = userdata;
        r = send(q, order->method, body, order->content_type);
        if (r < 0) {
                kube_slot_free(&q->slot);
                return r;
        }
        if (ret_slot)
                *ret_slot = &q->slot;
        return 0;
}

static int start(struct kube *kube, const struct kube_subject *subject, const struct order *order, kube_reply_cb cb,
                 void *userdata, struct kube_slot **ret_slot) {
        return start_limited(kube, subject, order, USEC_INFINITY, cb, userdata, ret_slot);
}

static int set_subject(struct kube_subject *s, enum kube_op op, struct kube_what what, const char *ns, const char *name,
                       const char *uid) {
        *s = (struct kube_subject){.op = op, .what = what};
        if (util_empty(ns) || util_empty(name) || !util_copy(s->ns, sizeof(s->ns), ns) ||
            !util_copy(s->name, sizeof(s->name), name) || (uid && !util_copy(s->uid, sizeof(s->uid), uid)))
                return -EINVAL;
        return 0;
}

int kube_get_limited(struct kube *kube, const struct kube_subject *subject, uint64_t limit_usec, kube_reply_cb cb,
                     void *userdata, struct kube_slot **ret_slot) {
        const struct order order = {.method = "GET"};

        return start_limited(kube, subject, &order, limit_usec, cb, userdata, ret_slot);
}

#define JSON        "application/json"
#define MERGE_PATCH "application/merge-patch+json"

static int get(struct kube *kube, struct kube_what what, const char *ns, const char *name, kube_reply_cb cb,
               void *userdata, struct kube_slot **ret_slot) {
        struct kube_subject s;
        int r = set_subject(&s, KUBE_OP_GET, what, ns, name, NULL);

        return r < 0 ? r : kube_get_limited(kube, &s, USEC_INFINITY, cb, userdata, ret_slot);
}

static int delete (struct kube *kube, struct kube_what what, const char *ns, const char *name, const char *uid,
                   const char *version, kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct order order = {.method = "DELETE", .content_type = JSON};
        struct kube_subject s;
        int r = set_subject(&s, KUBE_OP_DELETE, what, ns, name, uid);

        if (r >= 0)
                r = lock_build_delete(uid, version, &order.body);
        return r < 0 ? r : start(kube, &s, &order, cb, userdata, ret_slot);
}

/* ---- locks ---- */

int kube_lock_get(struct kube *kube, const char *ns, const char *name, kube_reply_cb cb, void *userdata,
                  struct kube_slot **ret_slot) {
        return get(kube, LOCK, ns, name, cb, userdata, ret_slot);
}

/* ns NULL: of the whole cluster. */
static int list(struct kube *kube, struct kube_what what, const char *ns, kube_reply_cb cb, void *userdata,
                struct kube_slot **ret_slot) {
        const struct order order = {.method = "GET"};
        struct kube_subject s = {.op = KUBE_OP_LIST, .what = what};

        if (ns && (!*ns || !util_copy(s.ns, sizeof(s.ns), ns)))
                return -EINVAL;
        return start(kube, &s, &order, cb, userdata, ret_slot);
}

int kube_lock_list(struct kube *kube, const char *ns, kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        return list(kube, LOCK, ns, cb, userdata, ret_slot);
}

int kube_lock_create(struct kube *kube, const struct lock_object *lock, kube_reply_cb cb, void *userdata,
                     struct kube_slot **ret_slot) {
        struct order order = {.method = "POST", .content_type = JSON};
        struct kube_subject s;
        int r = set_subject(&s, KUBE_OP_CREATE, LOCK, lock->ns, lock->name, NULL);

        if (r >= 0)
                r = lock_build_create(lock, &order.body);
        return r < 0 ? r : start(kube, &s, &order, cb, userdata, ret_slot);
}

int kube_lock_delete(struct kube *kube, const char *ns, const char *name, const char *uid, const char *version,
                     kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        return delete (kube, LOCK, ns, name, uid, version, cb, userdata, ret_slot);
}

/* r, body: what the builder of the patch returned. */
static int patch_lock(struct kube *kube, const char *ns, const char *name, const char *uid, int r, char *body,
                      kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        const struct order order = {.method = "PATCH", .body = body, .content_type = MERGE_PATCH};
        struct kube_subject s;

        if (r < 0)
                return r;
        r = set_subject(&s, KUBE_OP_CHANGE, LOCK, ns, name, uid);
        if (r < 0) {
                free(body);
                return r;
        }
        return start(kube, &s, &order, cb, userdata, ret_slot);
}

int kube_lock_strip(struct kube *kube, const char *ns, const char *name, const char *uid, const char *version,
                    kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = lock_build_strip(uid, version, &body);

        return patch_lock(kube, ns, name, uid, r, body, cb, userdata, ret_slot);
}

int kube_lock_adopt(struct kube *kube, const struct lock_object *seen, const char *boot_id, kube_reply_cb cb,
                    void *userdata, struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = lock_build_adopt(seen, boot_id, &body);

        return patch_lock(kube, seen->ns, seen->name, seen->uid, r, body, cb, userdata, ret_slot);
}

int kube_lock_restore(struct kube *kube, const struct lock_object *seen, const struct placeholder_object *placeholder,
                      kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = lock_build_restore(seen, placeholder, &body);

        return patch_lock(kube, seen->ns, seen->name, seen->uid, r, body, cb, userdata, ret_slot);
}

int kube_lock_annotate(struct kube *kube, const struct lock_object *seen, const char *key, const char *value,
                       kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = lock_build_annotate(seen, key, value, &body);

        return patch_lock(kube, seen->ns, seen->name, seen->uid, r, body, cb, userdata, ret_slot);
}

/* ---- placeholders ---- */

int kube_placeholder_get(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                         kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        return get(kube, PLACEHOLDER(kind), ns, name, cb, userdata, ret_slot);
}

int kube_placeholder_list(struct kube *kube, enum placeholder_kind kind, const char *ns, kube_reply_cb cb,
                          void *userdata, struct kube_slot **ret_slot) {
        return list(kube, PLACEHOLDER(kind), ns, cb, userdata, ret_slot);
}

int kube_placeholder_create(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                            struct kube_slot **ret_slot) {
        struct order order = {.method = "POST", .content_type = JSON};
        struct kube_subject s;
        int r = set_subject(&s, KUBE_OP_CREATE, PLACEHOLDER(p->kind), p->ns, p->name, NULL);

        if (r >= 0)
                r = placeholder_build_create(p, &order.body);
        return r < 0 ? r : start(kube, &s, &order, cb, userdata, ret_slot);
}

/* A Lease is written as a whole: PUT is what priority and fairness and the usual roles know for Leases. */
static int change_placeholder(struct kube *kube, const struct placeholder_object *p, int r, char *body,
                              kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct order order = {.body = body};
        struct kube_subject s;

        if (r < 0)
                return r;
        switch (p->kind) {
        case PLACEHOLDER_LEASE:
                order.method = "PUT";
                order.content_type = JSON;
                break;
        case PLACEHOLDER_POD:
                order.method = "PATCH";
                order.content_type = MERGE_PATCH;
                break;
        }
        r = set_subject(&s, KUBE_OP_CHANGE, PLACEHOLDER(p->kind), p->ns, p->name, p->uid);
        if (r < 0) {
                free(body);
                return r;
        }
        return start(kube, &s, &order, cb, userdata, ret_slot);
}

int kube_placeholder_renew(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                           struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = placeholder_build_renew(p, &body);

        return change_placeholder(kube, p, r, body, cb, userdata, ret_slot);
}

int kube_placeholder_clear(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                           struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = placeholder_build_clear(p, &body);

        return change_placeholder(kube, p, r, body, cb, userdata, ret_slot);
}

int kube_placeholder_delete(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                            const char *uid, const char *version, kube_reply_cb cb, void *userdata,
                            struct kube_slot **ret_slot) {
        return delete (kube, PLACEHOLDER(kind), ns, name, uid, version, cb, userdata, ret_slot);
}

/* ---- namespaces ---- */

int kube_namespace_get(struct kube *kube, const char *name, kube_reply_cb cb, void *userdata,
                       struct kube_slot **ret_slot) {
        return get(kube, (struct kube_what){.kind = KUBE_KIND_NAMESPACE}, name, name, cb, userdata, ret_slot);
}

/* ---- reviews ---- */

static int review(struct kube *kube, enum kube_kind kind, const char *ns, int r, char *body, kube_reply_cb cb,
                  void *userdata, struct kube_slot **ret_slot) {
        const struct order order = {.method = "POST", .body = body, .content_type = JSON};
        struct kube_subject s = {.op = KUBE_OP_CREATE, .what.kind = kind};

        if (r < 0)
                return r;
        if (!util_copy(s.name, sizeof(s.name), ns)) {
                free(body);
                return -EINVAL;
        }
        return start(kube, &s, &order, cb, userdata, ret_slot);
}

int kube_rules_review(struct kube *kube, const char *ns, kube_reply_cb cb, void *userdata,
                      struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = rights_build_rules(ns, &body);

        return review(kube, KUBE_KIND_RULES_REVIEW, ns, r, body, cb, userdata, ret_slot);
}

int kube_access_review(struct kube *kube, const char *ns, const struct rights_ask *ask, unsigned verb, kube_reply_cb cb,
                       void *userdata, struct kube_slot **ret_slot) {
        char *body = NULL;
        int r = rights_build_access(ns, ask, verb, &body);

        return review(kube, KUBE_KIND_ACCESS_REVIEW, ns, r, body, cb, userdata, ret_slot);
}

/* ---- tokens ---- */

int kube_token_request(struct kube *kube, const char *ns, const char *account, uint64_t seconds, kube_reply_cb cb,
                       void *userdata, struct kube_slot **ret_slot) {
        struct order order = {.method = "POST", .content_type = JSON};
        struct kube_subject s;
        int r = set_subject(&s, KUBE_OP_CREATE, (struct kube_what){.kind = KUBE_KIND_TOKEN}, ns, account, NULL);

        if (r >= 0)
                r = token_request_build(seconds, &order.body);
        return r < 0 ? r : start(kube, &s, &order, cb, userdata, ret_slot);
}

/* ---- Events ---- */

static int on_event_due(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        struct kube_request *q = userdata;
        _cleanup_free_ char *body = TAKE_PTR(q->body);

        if (send(q, "POST", body, JSON) < 0) {
                kube_slot_free(&q->slot);
                return 0;
        }
        q->timer = sd_event_source_disable_unref(q->timer);
        return 0;
}

int kube_event_create(struct kube *kube, const struct event_object *e, uint64_t delay_usec) {
        struct kube_subject s;
        struct kube_request *q;
        int r;

        if (kube->n_events >= KUBE_EVENTS_MAX)
                return -EAGAIN;
        r = set_subject(&s, KUBE_OP_CREATE, EVENT, e->ns, e->name, NULL);
        if (r < 0)
                return r;
        q = request_new(kube, &s, /* is_owned= */ false);
        if (!q)
                return -ENOMEM;
        r = event_build(e, clock_realtime_usec(), &q->body);
        if (r >= 0)
                r = sd_event_add_time_relative(kube->event, &q->timer, CLOCK_BOOTTIME, delay_usec, 1, on_event_due, q);
        if (r < 0) {
                kube_slot_free(&q->slot);
                return r;
        }
        kube->n_events++;
        return 0;
}

unsigned kube_events_pending(const struct kube *kube) {
        return kube->n_events;
}
