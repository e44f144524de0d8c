/* SPDX-License-Identifier: Apache-2.0 */
/* Performs the requests of one placeholder and feeds their answers back. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent.h"

static struct placeholder *state_of(const struct agent_placeholder *p) {
        return &p->agent->core.placeholders[p->index].placeholder;
}

static void on_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_placeholder *p = userdata;
        uint8_t op = state_of(p)->op;
        struct placeholder_event ev = {
                .type = PLACEHOLDER_EV_REPLY,
                .op = op,
                .sent_at_usec = reply->sent_at_usec,
                .retry_after_usec = reply->retry_after_usec,
        };

        p->request = (kube_slot_free(p->request), NULL);
        ev.result = agent_note_reply(p->agent, reply, p->problem, placeholder_op_to_string(op));
        if (op == PLACEHOLDER_OP_CREATE && (ev.result == RESULT_UNKNOWN || ev.result == RESULT_EXISTS))
                p->claim_doubtful = true;
        if (reply->placeholder) {
                p->object = *reply->placeholder;
                p->has_object = true;
        }
        ev.fact = agent_placeholder_fact(p, reply->placeholder);
        if (p->agent->core.removing && op == PLACEHOLDER_OP_READ && ev.result == RESULT_NOT_FOUND && p->claim[0] &&
            !p->claim_doubtful)
                /* Gone, and nothing with this claim is on its way: the next start need not look. */
                (void)store_claim_settle(p->agent->store, p->scope, p->claim, NULL);
        agent_placeholder_event(p, &ev);
        agent_pump(p->agent);
}

/* The object as it shall be; claim stays what it is, except in a new one. */
static void fill(struct agent_placeholder *p, struct placeholder_object *o) {
        const struct agent *a = p->agent;

        (void)util_copy(o->nonce, sizeof(o->nonce), a->nonce);
        (void)util_copy(o->boot_id, sizeof(o->boot_id), a->boot_id);
        (void)util_copy(o->identity, sizeof(o->identity), store_identity(a->store));
        placeholder_format_time(o->renew_time, clock_realtime_usec());
        (void)util_copy(p->sent_times[p->next_time], sizeof(p->sent_times[0]), o->renew_time);
        p->next_time = (p->next_time + 1) % AGENT_SENT_TIMES;
        o->lease_duration_usec = p->duration_usec;
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
                (void)util_copy(o.claim, sizeof(o.claim), p->claim);
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

void agent_placeholder_perform(struct agent_placeholder *p, const struct placeholder_action *action) {
        int r;

        if (action->op == PLACEHOLDER_OP_NONE)
                return;
        if (action->op == PLACEHOLDER_OP_CLAIM)
                r = agent_claim_new(p->agent, p->scope, &p->claims, p->claim, &p->claim_doubtful, p->problem);
        else {
                r = start_request(p, action);
                if (r >= 0)
                        return;
                (void)snprintf(p->problem, sizeof(p->problem), "%s: cannot be sent: %s",
                               placeholder_op_to_string(action->op), strerror(-r));
        }
        p->local_pending = true;
        p->local_op = action->op;
        p->local_result = r >= 0 ? RESULT_OK : r == -ESTALE ? RESULT_CONFLICT : RESULT_FAILED;
}

static void on_watch(const struct kube_watch_event *event, void *userdata) {
        struct agent_placeholder *p = userdata;
        const struct placeholder *h = state_of(p);
        struct placeholder_event ev = {.type = PLACEHOLDER_EV_SEEN};

        if (event->type == KUBE_WATCH_DOWN)
                return;
        if (event->type == KUBE_WATCH_OBJECT) {
                struct placeholder_fact f = agent_placeholder_fact(p, event->placeholder);

                if (f.uid == h->uid && !f.deleting && (f.version == h->version || f.own_write))
                        return;
        }
        agent_placeholder_event(p, &ev);
        agent_pump(p->agent);
}

void agent_placeholder_follow(struct agent_placeholder *p) {
        struct placeholder_wish w = core_wish(&p->agent->core, p->index);
        bool wanted = p->tenure == TENURE_LIFE && w.named;

        if (!wanted)
                p->watch = (kube_slot_free(p->watch), NULL);
        else if (!p->watch && state_of(p)->proven_at_usec >= w.proof_after_usec)
                /* Not before the proof that the permit waits for; without it the verify interval still finds out */
                (void)kube_watch_placeholder(p->agent->kube, p->kind, p->ns, p->name, on_watch, p, &p->watch);
}

int agent_placeholder_start(struct agent_placeholder *p, struct err *err) {
        int r;

        if (snprintf(p->name, sizeof(p->name), "leader-agent-%s%s", store_identity(p->agent->store),
                     p->tenure == TENURE_LEASE ? "-lease" : "") >= (int)sizeof(p->name) ||
            !store_scope_placeholder(p->scope, sizeof(p->scope), p->ns, placeholder_kind_to_string(p->kind), p->name))
                return err_setf(err, -ENAMETOOLONG, "placeholder in namespace '%s': name too long", p->ns);
        r = store_claims(p->agent->store, p->scope, &p->claims, err);
        if (r < 0)
                journal_log(LOG_ERR, "%s/%s: %s", p->ns, p->name, err->text);
        p->unclaimed = r >= 0 && record_claims_settled(&p->claims);
        return 0;
}

void agent_placeholder_free(struct agent_placeholder *p) {
        if (!p)
                return;
        kube_slot_free(p->request);
        kube_slot_free(p->watch);
        free(p);
}
