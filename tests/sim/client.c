/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of kube.h over a bad network: late, lost, executed though nobody waits any more, executed twice, or
 * refused. */
#include <errno.h>

#include "client.h"

struct request {
        struct order order;
        struct outcome outcome;
        struct kube *kube;
        struct kube_slot *slot;
        kube_reply_cb cb;
        void *userdata;
        uint64_t sent_at_usec; /* host clock */
        bool done;             /* answered, given up or cancelled */
        bool executed;
        bool answer_lost;
        int refusal;      /* enum kube_result; KUBE_OK: not refused */
        unsigned pending; /* events under way that know it */
};

int kube_new(struct kube **ret, sd_event *event, const struct kubeconfig *config, uint64_t request_timeout_usec,
             struct err *err) {
        (void)event;
        (void)config;
        (void)err;
        *ret = world_alloc(sizeof(**ret));
        **ret = (struct kube){.process = world.current, .timeout_usec = request_timeout_usec};
        return 0;
}

int kube_check(_unused_ const struct kubeconfig *config, _unused_ struct err *err) {
        return 0;
}

struct kube *kube_free(struct kube *kube) {
        if (kube)
                watch_cancel_all(kube);
        return NULL;
}

/* When nobody will look at it any more. */
static void forget(struct request *r) {
        if (r->pending > 0 || r->slot)
                return;
        world_free(r, sizeof(*r));
}

struct kube_slot *kube_slot_free(struct kube_slot *slot) {
        if (!slot)
                return NULL;
        if (slot->watch)
                watch_cancel(slot->watch);
        if (slot->request) {
                slot->request->done = true;
                slot->request->slot = NULL;
                forget(slot->request);
        }
        world_free(slot, sizeof(*slot));
        return NULL;
}

bool kube_result_may_land(enum kube_result result) {
        return result == KUBE_OK || result == KUBE_UNKNOWN || result == KUBE_GARBLED;
}

const char *kube_result_to_string(enum kube_result result) {
        static const char *const names[] = {
                [KUBE_OK] = "ok",
                [KUBE_NOT_FOUND] = "not found",
                [KUBE_EXISTS] = "exists",
                [KUBE_CONFLICT] = "conflict",
                [KUBE_DENIED] = "denied",
                [KUBE_TERMINATING] = "namespace terminating",
                [KUBE_REFUSED] = "refused",
                [KUBE_THROTTLED] = "throttled",
                [KUBE_UNREACHABLE] = "unreachable",
                [KUBE_UNKNOWN] = "unknown",
                [KUBE_GARBLED] = "garbled",
        };

        return names[result];
}

static const char *verb_name(const struct order *o) {
        static const char *const names[] = {
                [VERB_GET] = "GET",           [VERB_CREATE] = "POST", [VERB_DELETE] = "DELETE",
                [VERB_STRIP] = "strip",       [VERB_ADOPT] = "adopt", [VERB_RESTORE] = "restore",
                [VERB_ANNOTATE] = "annotate", [VERB_RENEW] = "renew", [VERB_CLEAR] = "clear",
        };

        return names[o->verb];
}

/* ---- requests ---- */

static void tell(struct request *r, int result, const char *text) {
        struct kube_reply reply = {
                .result = (enum kube_result)result,
                .http_code = result == KUBE_UNREACHABLE || result == KUBE_UNKNOWN ? 0 : 200,
                .sent_at_usec = r->sent_at_usec,
                .retry_after_usec = result == KUBE_THROTTLED && world_chance(50) ? world_between(1, 5) * SEC : 0,
                .text = result == KUBE_OK ? "" : text,
                .lock = result == KUBE_OK && r->outcome.has_lock ? &r->outcome.lock : NULL,
                .placeholder = result == KUBE_OK && r->outcome.has_placeholder ? &r->outcome.placeholder : NULL,
        };

        world_log("<- %s %s: %s", verb_name(&r->order), r->order.name, kube_result_to_string(reply.result));
        r->done = true;
        if (r->cb)
                r->cb(&reply, r->userdata);
}

static void on_answer(void *arg, uint64_t result) {
        struct request *r = arg;

        if (!r->done)
                tell(r, (int)result, kube_result_to_string((enum kube_result)result));
        r->pending--;
        forget(r);
}

static void post(struct request *r, uint64_t at, struct process *p, world_fn fn, uint64_t a) {
        r->pending++;
        world_post(at, p, fn, r, a);
}

uint64_t client_way(struct host *h) {
        return world_between(300, 15000) + world_random(h->slow_usec);
}

static void arrive(struct request *r) {
        struct host *h = r->kube->process->host;
        bool first = !r->executed;
        struct outcome second;

        if (r->refusal != KUBE_OK && first) {
                r->executed = true;
                if (!r->answer_lost && !h->cut_in)
                        post(r, world.now + client_way(h), r->kube->process, on_answer, (uint64_t)r->refusal);
                return;
        }
        r->executed = true;
        if (r->done && r->order.verb != VERB_GET)
                world_log("API: %s %s of %s is executed late", verb_name(&r->order), r->order.name, r->order.who);
        server_execute(&r->order, first ? &r->outcome : &second);
        if (first && h->last_answer_usec && r->order.verb == VERB_RENEW) {
                post(r, world.now + h->last_answer_usec, r->kube->process, on_answer, (uint64_t)r->outcome.result);
                h->last_answer_usec = 0;
                return;
        }
        if (!first || r->answer_lost || h->cut_in)
                return;
        post(r, world.now + client_way(h), r->kube->process, on_answer, (uint64_t)r->outcome.result);
}

static void on_arrival(void *arg, uint64_t a) {
        struct request *r = arg;

        (void)a;
        arrive(r);
        r->pending--;
        forget(r);
}

/* Bad luck on the way. */
static void send_badly(struct request *r) {
        struct process *p = r->kube->process;
        uint64_t late = world.now + world_between(10 * MSEC, 20 * SEC);

        switch (world_random(8)) {
        case 0: /* lost */
                break;
        case 1: /* late, perhaps after the client gave up */
        case 2:
                post(r, late, NULL, on_arrival, 0);
                break;
        case 3: /* executed, the answer is lost */
                r->answer_lost = true;
                post(r, world.now + client_way(p->host), NULL, on_arrival, 0);
                break;
        case 4: /* sent again by a client library that met a dead connection */
                post(r, world.now + client_way(p->host), NULL, on_arrival, 0);
                post(r, late, NULL, on_arrival, 0);
                break;
        case 5: /* reset at once, executed later */
                post(r, world.now + world_between(1, 50) * MSEC, p, on_answer, KUBE_UNKNOWN);
                post(r, late, NULL, on_arrival, 0);
                break;
        case 6: /* not sent */
                post(r, world.now + world_between(1, 50) * MSEC, p, on_answer, KUBE_UNREACHABLE);
                break;
        default: /* executed, unreadable answer */
                r->outcome.result = KUBE_OK;
                r->answer_lost = true;
                post(r, world.now + client_way(p->host), NULL, on_arrival, 0);
                post(r, world.now + 300 * MSEC, p, on_answer, KUBE_GARBLED);
                break;
        }
}

static void send_request(struct request *r) {
        static const int refusals[] = {KUBE_DENIED, KUBE_THROTTLED, KUBE_UNKNOWN, KUBE_REFUSED, KUBE_UNKNOWN};
        struct process *p = r->kube->process;
        struct host *h = p->host;

        post(r, host_true(h, r->sent_at_usec + r->kube->timeout_usec), p, on_answer, KUBE_UNKNOWN);
        if (h->cut_out || world.api_down) {
                if (world_chance(40))
                        post(r, world.now + world_between(1, 50) * MSEC, p, on_answer, KUBE_UNREACHABLE);
                return;
        }
        if (world.api_errors && world_chance(world.api_errors)) {
                r->refusal = refusals[world_random(ELEMENTSOF(refusals))];
                /* A 504 is not a "no". */
                if (r->refusal == KUBE_UNKNOWN && world_chance(50))
                        post(r, world.now + world_between(0, 15 * SEC), NULL, on_arrival, 0);
        } else if (h->flaky && world_chance(h->flaky)) {
                send_badly(r);
                return;
        }
        post(r, world.now + client_way(h), NULL, on_arrival, 0);
}

static int start(struct kube *k, const struct order *o, kube_reply_cb cb, void *userdata, struct kube_slot **ret) {
        struct request *r = world_alloc(sizeof(*r));

        r->order = *o;
        r->order.host = k->process->host;
        r->order.who = k->process->host->name;
        r->kube = k;
        r->cb = cb;
        r->userdata = userdata;
        r->refusal = KUBE_OK;
        r->sent_at_usec = host_clock(k->process->host, world.now);
        r->slot = world_alloc(sizeof(*r->slot));
        r->slot->request = r;
        if (ret)
                *ret = r->slot;
        world_log("-> %s %s%s%s", verb_name(o), o->name, o->uid[0] ? " uid " : "", o->uid);
        judge_request(k->process);
        if (process_effect())
                send_request(r);
        return 0;
}

static struct order lock_order(enum verb verb, const char *name, const char *uid, const char *version) {
        struct order o = {.verb = verb, .is_lock = true};

        (void)util_copy(o.name, sizeof(o.name), name);
        (void)util_copy(o.uid, sizeof(o.uid), uid ? uid : "");
        (void)util_copy(o.version, sizeof(o.version), version ? version : "");
        return o;
}

/* May not be read: the check is off. */
int kube_namespace_get(struct kube *kube, const char *name, kube_reply_cb cb, void *userdata,
                       struct kube_slot **ret_slot) {
        struct request *r = world_alloc(sizeof(*r));

        r->kube = kube;
        r->cb = cb;
        r->userdata = userdata;
        r->order = (struct order){.verb = VERB_GET};
        (void)util_copy(r->order.name, sizeof(r->order.name), name);
        r->sent_at_usec = host_clock(kube->process->host, world.now);
        r->slot = world_alloc(sizeof(*r->slot));
        r->slot->request = r;
        *ret_slot = r->slot;
        post(r, world.now, kube->process, on_answer, KUBE_DENIED);
        return 0;
}

int kube_lock_get(struct kube *kube, const char *ns, const char *name, kube_reply_cb cb, void *userdata,
                  struct kube_slot **ret_slot) {
        struct order o = lock_order(VERB_GET, name, NULL, NULL);

        (void)ns;
        return start(kube, &o, cb, userdata, ret_slot);
}

int kube_lock_create(struct kube *kube, const struct lock_object *lock, kube_reply_cb cb, void *userdata,
                     struct kube_slot **ret_slot) {
        struct order o = lock_order(VERB_CREATE, lock->name, NULL, NULL);

        if (!lock->claim[0] || !lock->placeholder_uid[0])
                return -EINVAL;
        o.lock = *lock;
        return start(kube, &o, cb, userdata, ret_slot);
}

int kube_lock_delete(struct kube *kube, const char *ns, const char *name, const char *uid, const char *version,
                     kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct order o = lock_order(VERB_DELETE, name, uid, version);

        (void)ns;
        return util_empty(uid) ? -EINVAL : start(kube, &o, cb, userdata, ret_slot);
}

int kube_lock_strip(struct kube *kube, const char *ns, const char *name, const char *uid, const char *version,
                    kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct order o = lock_order(VERB_STRIP, name, uid, version);

        (void)ns;
        return util_empty(uid) || util_empty(version) ? -EINVAL : start(kube, &o, cb, userdata, ret_slot);
}

int kube_lock_adopt(struct kube *kube, const struct lock_object *seen, const char *boot_id, kube_reply_cb cb,
                    void *userdata, struct kube_slot **ret_slot) {
        struct order o = lock_order(VERB_ADOPT, seen->name, seen->uid, seen->version);

        (void)util_copy(o.lock.boot_id, sizeof(o.lock.boot_id), boot_id);
        return start(kube, &o, cb, userdata, ret_slot);
}

int kube_lock_restore(struct kube *kube, const struct lock_object *seen, const struct placeholder_object *placeholder,
                      kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct order o = lock_order(VERB_RESTORE, seen->name, seen->uid, seen->version);

        o.placeholder = *placeholder;
        return start(kube, &o, cb, userdata, ret_slot);
}

static struct order placeholder_order(enum verb verb, enum placeholder_kind kind, const char *name, const char *uid,
                                      const char *version) {
        struct order o = lock_order(verb, name, uid, version);

        o.is_lock = false;
        o.kind = kind;
        return o;
}

int kube_placeholder_get(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                         kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot) {
        struct order o = placeholder_order(VERB_GET, kind, name, NULL, NULL);

        (void)ns;
        return start(kube, &o, cb, userdata, ret_slot);
}

int kube_placeholder_create(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                            struct kube_slot **ret_slot) {
        struct order o = placeholder_order(VERB_CREATE, p->kind, p->name, NULL, NULL);

        o.placeholder = *p;
        return p->claim[0] ? start(kube, &o, cb, userdata, ret_slot) : -EINVAL;
}

int kube_placeholder_renew(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                           struct kube_slot **ret_slot) {
        struct order o = placeholder_order(VERB_RENEW, p->kind, p->name, p->uid, p->version);

        o.placeholder = *p;
        return p->uid[0] && p->version[0] ? start(kube, &o, cb, userdata, ret_slot) : -EINVAL;
}

int kube_placeholder_clear(struct kube *kube, const struct placeholder_object *p, kube_reply_cb cb, void *userdata,
                           struct kube_slot **ret_slot) {
        struct order o = placeholder_order(VERB_CLEAR, p->kind, p->name, p->uid, p->version);

        o.placeholder = *p;
        return p->uid[0] && p->version[0] ? start(kube, &o, cb, userdata, ret_slot) : -EINVAL;
}

int kube_placeholder_delete(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                            const char *uid, const char *version, kube_reply_cb cb, void *userdata,
                            struct kube_slot **ret_slot) {
        struct order o = placeholder_order(VERB_DELETE, kind, name, uid, version);

        (void)ns;
        return util_empty(uid) ? -EINVAL : start(kube, &o, cb, userdata, ret_slot);
}

int kube_event_create(struct kube *kube, const struct event_object *e, uint64_t delay_usec) {
        (void)kube;
        (void)delay_usec;
        world_log("Event %s: %s", e->reason, e->note);
        return 0;
}

/* Nobody answers: what is asked for reviews is for humans only. */
int kube_rules_review(_unused_ struct kube *kube, _unused_ const char *ns, _unused_ kube_reply_cb cb,
                      _unused_ void *userdata, _unused_ struct kube_slot **ret_slot) {
        return 0;
}

int kube_access_review(_unused_ struct kube *kube, _unused_ const char *ns, _unused_ const struct rights_ask *ask,
                       _unused_ unsigned verb, _unused_ kube_reply_cb cb, _unused_ void *userdata,
                       _unused_ struct kube_slot **ret_slot) {
        return 0;
}

/* (A step-down is forced here: nothing is asked before.) */
int kube_placeholder_list(_unused_ struct kube *kube, _unused_ enum placeholder_kind kind, _unused_ const char *ns,
                          _unused_ kube_reply_cb cb, _unused_ void *userdata, _unused_ struct kube_slot **ret_slot) {
        return 0;
}

const struct kube_credentials *kube_credentials(_unused_ const struct kube *kube) {
        static const struct kube_credentials none;

        return &none;
}

void kube_credentials_look(_unused_ struct kube *kube) {
}
