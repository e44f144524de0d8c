/* SPDX-License-Identifier: Apache-2.0 */
/* Performs the requests of one placeholder, follows it where it is renewed seldom (life), and posts what comes of it. A
 * renewal names uid and version, and counts from before it was sent (ARCHITECTURE 5, claim 2). */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

static struct core_placeholder_view view(const struct agent_placeholder *p) {
        return core_placeholder_view(&p->agent->core, p->index);
}

static uint8_t note(struct agent_placeholder *p, const struct kube_reply *reply, uint8_t op, bool *ret_silent) {
        enum agent_asked asked = op == PLACEHOLDER_OP_CREATE ? AGENT_ASKED_CREATE : AGENT_ASKED_WRITE;

        if (op == PLACEHOLDER_OP_READ)
                asked = reply->placeholder && util_streq(reply->placeholder->uid, p->object.uid) ? AGENT_ASKED_READ
                                                                                                 : AGENT_ASKED_AND_GONE;
        return agent_note_reply(p->agent, reply, asked, &p->refusals, p->problem, placeholder_op_to_string(op),
                                ret_silent);
}

static void on_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_placeholder *p = userdata;
        struct placeholder_event ev = {
                .type = PLACEHOLDER_EV_REPLY,
                .op = (uint8_t)view(p).op,
                .sent_at_usec = reply->sent_at_usec,
                .retry_after_usec = reply->retry_after_usec,
        };

        p->request = kube_slot_free(p->request);
        ev.result = note(p, reply, ev.op, &ev.silent);
        if (ev.op == PLACEHOLDER_OP_CREATE && (ev.result == RESULT_UNKNOWN || ev.result == RESULT_EXISTS))
                p->claims.doubtful = true;
        if (reply->placeholder) {
                p->object = *reply->placeholder;
                p->has_object = true;
        }
        ev.fact = agent_placeholder_fact(p, reply->placeholder);
        if (p->agent->stopping.since_usec && ev.op == PLACEHOLDER_OP_READ && ev.result == RESULT_NOT_FOUND)
                agent_claims_settle(p->agent, &p->claims);
        agent_post_placeholder(p, &ev);
}

/* Of some lock it is not known yet, after a start, whether one of ours is held: it may be among the terms that are
 * listed. */
static bool any_unread(const struct agent *a) {
        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);

                if (!v.known || (v.lock.claimed && !v.term_uid))
                        return true;
        }
        return false;
}

void agent_placeholder_terms(const struct agent_placeholder *p, struct placeholder_object *o) {
        const struct agent *a = p->agent;
        struct placeholder_object before = *o;
        bool keep = any_unread(a);

        /* A list that was cut stays one: then the longest of all counts for each. */
        o->has_terms = before.has_terms || !before.uid[0] || !keep;
        o->n_terms = 0;
        o->lease_duration_usec = o->has_terms ? 0 : before.lease_duration_usec;
        for (unsigned i = 0; keep && i < before.n_terms; i++)
                placeholder_add_term(o, before.terms[i].lock_uid, before.terms[i].duration_usec);
        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);
                const char *uid = agent_uid_text(a->locks[i], v.term_uid);

                if (!v.term_uid || v.lock.uid != v.term_uid || v.own_placeholder != p->index)
                        continue;
                placeholder_add_term(o, uid, v.longest_usec);
                placeholder_add_term(o, uid, placeholder_duration(&before, uid));
        }
        if (o->lease_duration_usec == 0)
                o->lease_duration_usec = p->duration_usec; /* none is held: of one that may be */
}

/* The object as it shall be; claim stays what it is, except in a new one. */
static void fill(struct agent_placeholder *p, struct placeholder_object *o) {
        const struct agent *a = p->agent;

        (void)util_copy(o->nonce, sizeof(o->nonce), a->nonce);
        (void)util_copy(o->boot_id, sizeof(o->boot_id), a->boot_id);
        (void)util_copy(o->identity, sizeof(o->identity), store_identity(a->store));
        (void)clock_format_utc(clock_realtime_usec(), o->renew_time);
        (void)util_copy(p->sent_times[p->next_time], sizeof(p->sent_times[0]), o->renew_time);
        p->next_time = (p->next_time + 1) % AGENT_SENT_TIMES;
        o->managed = true;
        if (p->tenure == TENURE_LEASE)
                agent_placeholder_terms(p, o);
        else
                o->lease_duration_usec = 0;
        o->heartbeat_usec = p->tenure == TENURE_LIFE ? a->conf->verify_interval_usec / USEC_PER_SEC * USEC_PER_SEC : 0;
}

static int start_request(struct agent_placeholder *p, const struct placeholder_action *action) {
        struct agent *a = p->agent;
        bool current = p->has_object && util_token(p->object.uid) == action->uid &&
                       (!action->version || util_token(p->object.version) == action->version);
        struct placeholder_object o = {.kind = p->kind};

        switch ((enum placeholder_op)action->op) {
        case PLACEHOLDER_OP_NONE:
        case PLACEHOLDER_OP_CLAIM:
                return 0;
        case PLACEHOLDER_OP_READ:
                return kube_placeholder_get(a->kube, p->kind, p->ns, p->name, on_reply, p, &p->request);
        case PLACEHOLDER_OP_CREATE:
                (void)util_copy(o.ns, sizeof(o.ns), p->ns);
                (void)util_copy(o.name, sizeof(o.name), p->name);
                (void)util_copy(o.claim, sizeof(o.claim), p->claims.next);
                fill(p, &o);
                (void)util_copy(o.acquire_time, sizeof(o.acquire_time), o.renew_time);
                return kube_placeholder_create(a->kube, &o, on_reply, p, &p->request);
        case PLACEHOLDER_OP_RENEW:
                if (!current)
                        return -ESTALE;
                o = p->object;
                fill(p, &o);
                return kube_placeholder_renew(a->kube, &o, on_reply, p, &p->request);
        case PLACEHOLDER_OP_CLEAR:
                return current && p->object.deleting
                               ? kube_placeholder_clear(a->kube, &p->object, on_reply, p, &p->request)
                               : -ESTALE;
        case PLACEHOLDER_OP_DELETE:
                return current ? kube_placeholder_delete(a->kube, p->kind, p->ns, p->name, p->object.uid,
                                                         action->version ? p->object.version : NULL, on_reply, p,
                                                         &p->request)
                               : -ESTALE;
        }
        return -EINVAL;
}

static void send_request(struct agent_placeholder *p, const struct placeholder_action *action) {
        struct placeholder_event local = {.type = PLACEHOLDER_EV_REPLY, .op = action->op};
        int r = start_request(p, action);

        if (r >= 0)
                return;
        (void)snprintf(p->problem, sizeof(p->problem), "%s: cannot be sent: %s", placeholder_op_to_string(action->op),
                       strerror(-r));
        local.result = r == -ESTALE ? RESULT_CONFLICT : RESULT_FAILED;
        agent_post_placeholder(p, &local);
}

/* Sent, or answered here: its namespace was read. */
static void settle_request(struct agent_placeholder *p, const struct placeholder_action *action) {
        struct placeholder_event local = {.type = PLACEHOLDER_EV_REPLY, .op = action->op};
        struct agent_held held;

        if (agent_namespace_lets(p->namespace_, action->op == PLACEHOLDER_OP_CREATE, &held)) {
                send_request(p, action);
                return;
        }
        (void)snprintf(p->problem, sizeof(p->problem), "%s", held.problem);
        local.result = held.result;
        local.silent = held.silent;
        local.retry_after_usec = held.retry_after_usec;
        agent_post_placeholder(p, &local);
}

void agent_placeholder_resume(struct agent_placeholder *p) {
        struct placeholder_action held = p->held;

        p->held = (struct placeholder_action){};
        if (held.op != PLACEHOLDER_OP_NONE)
                settle_request(p, &held);
}

void agent_placeholder_perform(struct agent_placeholder *p, const struct placeholder_action *action) {
        struct placeholder_event local = {.type = PLACEHOLDER_EV_REPLY, .op = action->op};
        bool renewal =
                p->tenure == TENURE_LEASE && (action->op == PLACEHOLDER_OP_RENEW || action->op == PLACEHOLDER_OP_READ);

        if (action->op == PLACEHOLDER_OP_NONE)
                return;
        if (action->op == PLACEHOLDER_OP_CLAIM) {
                local.result = agent_claims_next(p->agent, &p->claims, p->problem) >= 0 ? RESULT_OK : RESULT_FAILED;
                agent_post_placeholder(p, &local);
                return;
        }
        switch (agent_namespace_pass(p->namespace_, renewal)) {
        case AGENT_PASS_GO:
                send_request(p, action);
                break;
        case AGENT_PASS_WAIT:
                p->held = *action;
                break;
        case AGENT_PASS_NO:
                settle_request(p, action);
                break;
        }
}

static void on_watch(const struct kube_watch_event *event, void *userdata) {
        struct agent_placeholder *p = userdata;
        struct core_placeholder_view h = view(p);
        struct placeholder_event ev = {.type = PLACEHOLDER_EV_SEEN};

        agent_note_watch(p->agent, event);
        if (event->type == KUBE_WATCH_DOWN || event->type == KUBE_WATCH_ALIVE)
                return;
        if (event->type == KUBE_WATCH_OBJECT) {
                struct placeholder_fact f = agent_placeholder_fact(p, event->placeholder);

                if (f.uid == h.uid && !f.deleting && (f.version == h.version || f.own_write))
                        return;
        }
        agent_post_placeholder(p, &ev);
}

void agent_placeholder_follow(struct agent_placeholder *p) {
        struct core_placeholder_view v = view(p);

        if (!v.wanted)
                p->watch = kube_slot_free(p->watch);
        else if (!p->watch && !v.unproven)
                /* Not before the proof that the permit waits for; without it the verify interval still finds out */
                (void)kube_watch_placeholder(p->agent->kube, p->kind, p->ns, p->name, on_watch, p, &p->watch);
}

int agent_placeholder_prepare(struct agent_placeholder *p, struct err *err) {
        int r;

        p->namespace_ = agent_namespace_find(p->agent, p->ns);
        if (!p->namespace_)
                return err_setf(err, -ENOMEM, "namespace '%s': out of memory", p->ns);
        if (!placeholder_name(p->name, sizeof(p->name), store_identity(p->agent->store), p->tenure) ||
            !store_scope_placeholder(p->claims.scope, sizeof(p->claims.scope), p->ns,
                                     placeholder_kind_to_string(p->kind), p->name))
                return err_setf(err, -ENAMETOOLONG, "placeholder in namespace '%s': name too long", p->ns);
        r = agent_claims_read(p->agent, &p->claims, err);
        if (agent_claims_unasked(r))
                return r;
        if (r < 0)
                journal_record(
                        LOG_ERR, JOURNAL_STATE_DIR,
                        (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, p->ns}, {JOURNAL_KEY_REASON, err->text}},
                        2, "%s/%s: %s", p->ns, p->name, err->text);
        p->claims.ns = p->ns;
        p->unclaimed = r >= 0 && record_claims_settled(&p->claims.known);
        return 0;
}

struct agent_placeholder *agent_placeholder_free(struct agent_placeholder *p) {
        if (!p)
                return NULL;
        kube_slot_free(p->request);
        kube_slot_free(p->watch);
        free(p);
        return NULL;
}
