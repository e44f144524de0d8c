/* SPDX-License-Identifier: Apache-2.0 */
/* Performs the requests of one election, follows its lock and the holder of that, and posts what comes of it. Every
 * write names the uid and version of an object that was seen, or a claim that is on disk (ARCHITECTURE 5, claim 7). */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

static const char *ns(const struct agent_lock *l) {
        return l->conf->namespace_;
}

/* The object with that uid and version among the last answer and the last event: what a conditional write names. */
static const struct lock_object *find(const struct agent_lock *l, uint64_t uid, uint64_t version) {
        const struct lock_object *o[] = {l->has_answered ? &l->answered : NULL, l->has_seen ? &l->seen : NULL};

        for (unsigned i = 0; i < ELEMENTSOF(o); i++)
                if (o[i] && util_token(o[i]->uid) == uid && (!version || util_token(o[i]->version) == version))
                        return o[i];
        return NULL;
}

/* The holder's placeholder was not renewed since it was read last. */
static bool is_as_read(const struct agent_lock *l, const struct placeholder_object *o) {
        return o && l->has_holder && util_streq(o->uid, l->holder.uid) && util_streq(o->version, l->holder.version);
}

static uint8_t note(struct agent_lock *l, const struct kube_reply *reply, uint8_t op, bool *ret_silent) {
        bool of_holder = op == ELECTION_OP_READ_HOLDER || op == ELECTION_OP_DELETE_HOLDER;
        enum agent_asked asked = AGENT_ASKED_WRITE;

        if (op == ELECTION_OP_READ)
                asked = reply->lock && util_streq(reply->lock->uid, l->answered.uid) ? AGENT_ASKED_READ
                                                                                     : AGENT_ASKED_AND_GONE;
        else if (op == ELECTION_OP_READ_HOLDER)
                asked = is_as_read(l, reply->placeholder) ? AGENT_ASKED_READ : AGENT_ASKED_AND_GONE;
        else if (op == ELECTION_OP_READ_POD)
                asked = AGENT_ASKED_READ;
        else if (op == ELECTION_OP_CREATE)
                asked = AGENT_ASKED_CREATE;
        return agent_note_reply(l->agent, reply, asked, of_holder ? &l->holder_refusals : &l->refusals,
                                of_holder ? l->holder_problem : l->problem, election_op_to_string(op), ret_silent);
}

/* The lock that the election knows: its record names the holder's placeholder. */
static const struct lock_object *known(const struct agent_lock *l) {
        struct core_lock_view v = agent_view(l);

        return v.known && v.lock.uid ? find(l, v.lock.uid, v.lock.version) : NULL;
}

/* Of a lock that an in-cluster operator holds: its Pod is looked at when the lock has gone. */
static void remember_pod(struct agent_lock *l, const struct lock_object *o) {
        if (o->form != LOCK_FORM_FOREIGN)
                return;
        (void)util_copy(l->pod.name, sizeof(l->pod.name), o->owner.name);
        (void)util_copy(l->pod.uid, sizeof(l->pod.uid), o->owner.uid);
}

static void on_lock_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_lock *l = userdata;
        struct election_event ev = {
                .type = ELECTION_EV_REPLY,
                .op = (uint8_t)agent_view(l).op,
                .retry_after_usec = reply->retry_after_usec,
        };

        l->request = kube_slot_free(l->request);
        ev.result = note(l, reply, ev.op, &ev.silent);
        if (ev.op == ELECTION_OP_CREATE && (ev.result == RESULT_UNKNOWN || ev.result == RESULT_EXISTS))
                l->claims.doubtful = true;
        if (reply->lock) {
                l->answered = *reply->lock;
                l->has_answered = true;
                agent_uid_remember(l, l->answered.uid);
                remember_pod(l, &l->answered);
                agent_orphan_read(l, &l->answered);
        }
        /* What a strip returns is the last state of an object that is gone. */
        ev.lock = agent_lock_fact(l, ev.op == ELECTION_OP_STRIP ? NULL : reply->lock);
        agent_post_lock(l, &ev);
}

static void on_holder_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_lock *l = userdata;
        struct election_event ev = {
                .type = ELECTION_EV_REPLY,
                .op = (uint8_t)agent_view(l).op,
                .retry_after_usec = reply->retry_after_usec,
        };

        l->request = kube_slot_free(l->request);
        ev.result = note(l, reply, ev.op, &ev.silent);
        if (reply->placeholder) {
                l->holder = *reply->placeholder;
                l->has_holder = true;
        }
        ev.holder = agent_holder_fact(known(l), reply->placeholder);
        agent_post_lock(l, &ev);
}

static void on_pod_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_lock *l = userdata;
        struct election_event ev = {
                .type = ELECTION_EV_REPLY,
                .op = ELECTION_OP_READ_POD,
                .retry_after_usec = reply->retry_after_usec,
        };
        struct kube_reply told = *reply;

        l->request = kube_slot_free(l->request);
        if (reply->result == KUBE_DENIED && reply->http_code == 403) {
                /* Asked for once per Pod: without the right there is nothing to wait for. */
                agent_journal(
                        l, LOG_NOTICE, JOURNAL_RIGHTS, reply->text,
                        "%s: may not read Pod %s, which held the lock: not waiting for its end. To have that waited "
                        "for, allow this agent to get pods in namespace %s (rbac.yaml has the rule)",
                        l->title, l->pod.name, ns(l));
                told.result = KUBE_NOT_FOUND;
        }
        ev.result = note(l, &told, ev.op, &ev.silent);
        ev.holder = agent_pod_fact(reply->placeholder);
        agent_post_lock(l, &ev);
}

/* A server that does not answer at all is told with the agent. */
static void note_down(struct agent_lock *l, const struct kube_watch_event *event) {
        if (event->silent && event->http_code == 0)
                return;
        if (!l->watch_error[0])
                l->watch_down_usec = clock_boottime_usec();
        l->watch_code = event->http_code;
        l->watch_unread = event->unreadable;
        (void)snprintf(l->watch_error, sizeof(l->watch_error), "%s", event->text);
}

static void on_lock_watch(const struct kube_watch_event *event, void *userdata) {
        struct agent_lock *l = userdata;
        struct election_event ev = {.type = ELECTION_EV_LOCK_SEEN};

        agent_note_watch(l->agent, event);
        switch (event->type) {
        case KUBE_WATCH_OBJECT:
                l->seen = *event->lock;
                l->has_seen = true;
                agent_uid_remember(l, l->seen.uid);
                remember_pod(l, &l->seen);
                agent_orphan_read(l, &l->seen);
                ev.lock = agent_lock_fact(l, &l->seen);
                break;
        case KUBE_WATCH_GONE:
                ev.lock = (struct lock_fact){.sort = LOCK_ABSENT, .uid = util_token(event->lock->uid)};
                break;
        case KUBE_WATCH_ABSENT:
                ev.lock = (struct lock_fact){.sort = LOCK_ABSENT};
                break;
        case KUBE_WATCH_DOWN:
                journal_log(LOG_DEBUG, "%s: watch: %s", l->title, event->text);
                note_down(l, event);
                return;
        case KUBE_WATCH_ALIVE:
                break;
        }
        l->watch_unread = false;
        if (!event->polled)
                l->watch_error[0] = '\0';
        if (event->type != KUBE_WATCH_ALIVE)
                agent_post_lock(l, &ev);
}

static void on_holder_watch(const struct kube_watch_event *event, void *userdata) {
        struct agent_lock *l = userdata;
        struct election_event ev = {.type = ELECTION_EV_HOLDER_SEEN};

        agent_note_watch(l->agent, event);
        if (event->type == KUBE_WATCH_DOWN || event->type == KUBE_WATCH_ALIVE)
                return;
        if (event->type != KUBE_WATCH_OBJECT || !is_as_read(l, event->placeholder))
                agent_refusals_end(&l->holder_refusals, l->holder_problem);
        if (event->type == KUBE_WATCH_OBJECT) {
                l->holder_seen = *event->placeholder;
                l->has_holder_seen = true;
                ev.holder = agent_holder_fact(known(l), &l->holder_seen);
        } else if (event->type == KUBE_WATCH_GONE)
                ev.holder.uid = util_token(event->placeholder->uid);
        agent_post_lock(l, &ev);
}

static void follow_holder(struct agent_lock *l, const struct core_lock_view *v) {
        const struct lock_object *o = v->holder_wanted ? find(l, v->lock.uid, 0) : NULL;
        bool wanted = o && o->has_placeholder;

        if (wanted && l->holder_watch && l->holder_kind == o->placeholder_kind &&
            util_streq(l->holder_name, o->placeholder_name))
                return;
        l->holder_watch = kube_slot_free(l->holder_watch);
        if (v->known && (v->lock.sort == LOCK_ABSENT || v->lock.claimed)) { /* there is no other holder any more */
                agent_refusals_end(&l->holder_refusals, l->holder_problem);
                l->holder_problem[0] = '\0';
        }
        if (!wanted)
                return;
        l->holder_kind = o->placeholder_kind;
        (void)util_copy(l->holder_name, sizeof(l->holder_name), o->placeholder_name);
        /* Without the watch the re-read after the wait still decides; only the first try may come too early. */
        (void)kube_watch_placeholder(l->agent->kube, l->holder_kind, ns(l), l->holder_name, on_holder_watch, l,
                                     &l->holder_watch);
}

void agent_lock_follow(struct agent_lock *l) {
        struct core_lock_view v = agent_view(l);

        if (!l->watch) /* without it the verify interval still finds out; tried again at the next turn */
                (void)kube_watch_lock(l->agent->kube, ns(l), l->conf->name, on_lock_watch, l, &l->watch);
        follow_holder(l, &v);
        agent_sign_follow(l, &v);
}

/* ---- requests ---- */

static void fill(const struct agent_lock *l, const struct agent_placeholder *p, struct lock_object *o) {
        const struct agent *a = l->agent;
        const struct lock_object *before = l->has_seen ? &l->seen : &l->answered; /* empty when there was none */

        *o = (struct lock_object){.has_tenure = true, .has_placeholder = true, .placeholder_kind = p->kind};
        o->tenure = l->conf->tenure;
        o->lease_duration_usec = o->tenure == TENURE_LEASE ? l->conf->lease_duration_usec : 0;
        (void)util_copy(o->ns, sizeof(o->ns), ns(l));
        (void)util_copy(o->name, sizeof(o->name), l->conf->name);
        (void)util_copy(o->holder, sizeof(o->holder), a->host);
        (void)util_copy(o->identity, sizeof(o->identity), store_identity(a->store));
        (void)util_copy(o->claim, sizeof(o->claim), l->claims.next);
        (void)util_copy(o->placeholder_name, sizeof(o->placeholder_name), p->name);
        (void)util_copy(o->placeholder_uid, sizeof(o->placeholder_uid), p->object.uid);
        (void)util_copy(o->unit, sizeof(o->unit), l->conf->unit);
        (void)util_copy(o->boot_id, sizeof(o->boot_id), a->boot_id);
        (void)util_copy(o->agent_version, sizeof(o->agent_version), AGENT_VERSION);
        /* A human's fence of the last holder stays on record for one more term. */
        (void)util_copy(o->succeeds, sizeof(o->succeeds), before->fenced);
        (void)clock_format_utc(clock_realtime_usec(), o->acquired_at);
}

static int start_request(struct agent_lock *l, uint8_t op, uint64_t uid, uint64_t version, uint64_t placeholder) {
        struct agent *a = l->agent;
        struct core_lock_view v = agent_view(l);
        const struct agent_placeholder *own = a->placeholders[v.placeholder];
        const struct lock_object *o = find(l, uid, version);
        const struct placeholder_object *h =
                l->has_holder && util_token(l->holder.version) == version ? &l->holder : &l->holder_seen;
        struct lock_object fresh;

        switch ((enum election_op)op) {
        case ELECTION_OP_NONE:
        case ELECTION_OP_CLAIM:
                return 0;
        case ELECTION_OP_READ:
                return kube_lock_get(a->kube, ns(l), l->conf->name, on_lock_reply, l, &l->request);
        case ELECTION_OP_CREATE:
                if (util_token(own->object.uid) != placeholder)
                        return -ESTALE;
                fill(l, own, &fresh);
                agent_posted_remember(l, &fresh);
                return kube_lock_create(a->kube, &fresh, on_lock_reply, l, &l->request);
        case ELECTION_OP_ADOPT:
                return o ? kube_lock_adopt(a->kube, o, a->boot_id, on_lock_reply, l, &l->request) : -ESTALE;
        case ELECTION_OP_RESTORE:
                own = a->placeholders[v.own_placeholder];
                if (!o || util_token(own->object.uid) != placeholder)
                        return -ESTALE;
                return kube_lock_restore(a->kube, o, &own->object, on_lock_reply, l, &l->request);
        case ELECTION_OP_DELETE:
                return kube_lock_delete(a->kube, ns(l), l->conf->name, agent_uid_text(l, uid), NULL, on_lock_reply, l,
                                        &l->request);
        case ELECTION_OP_STRIP:
                if (!o || !o->deleting)
                        return -ESTALE;
                return kube_lock_strip(a->kube, ns(l), l->conf->name, o->uid, o->version, on_lock_reply, l,
                                       &l->request);
        case ELECTION_OP_READ_HOLDER:
                o = known(l);
                if (!o || !o->has_placeholder)
                        return -ESTALE;
                return kube_placeholder_get(a->kube, o->placeholder_kind, ns(l), o->placeholder_name, on_holder_reply,
                                            l, &l->request);
        case ELECTION_OP_DELETE_HOLDER:
                if (util_token(h->uid) != uid || util_token(h->version) != version)
                        return -ESTALE;
                return kube_placeholder_delete(a->kube, h->kind, ns(l), h->name, h->uid, h->version, on_holder_reply, l,
                                               &l->request);
        case ELECTION_OP_READ_POD:
                if (util_token(l->pod.uid) != uid)
                        return -ESTALE;
                return kube_placeholder_get(a->kube, PLACEHOLDER_POD, ns(l), l->pod.name, on_pod_reply, l, &l->request);
        }
        return -EINVAL;
}

static void send_request(struct agent_lock *l, const struct election_actions *actions) {
        struct election_event local = {.type = ELECTION_EV_REPLY, .op = actions->request.op};
        int r = start_request(l, actions->request.op, actions->request.uid, actions->request.version,
                              actions->request.placeholder);

        if (r >= 0)
                return;
        (void)snprintf(l->problem, sizeof(l->problem), "%s: cannot be sent: %s",
                       election_op_to_string(actions->request.op), strerror(-r));
        /* -ESTALE: the texts behind the tokens have moved on, and the core will have read the lock again by the next
         * attempt. */
        local.result = RESULT_FAILED;
        agent_post_lock(l, &local);
}

/* Sent, or answered here: its namespace was read. */
static void settle_request(struct agent_lock *l, const struct election_actions *actions) {
        struct election_event local = {.type = ELECTION_EV_REPLY, .op = actions->request.op};
        struct agent_held held;

        if (agent_namespace_lets(l->namespace_, actions->request.op == ELECTION_OP_CREATE, &held)) {
                send_request(l, actions);
                return;
        }
        (void)snprintf(l->problem, sizeof(l->problem), "%s", held.problem);
        local.result = held.result;
        local.silent = held.silent;
        local.retry_after_usec = held.retry_after_usec;
        agent_post_lock(l, &local);
}

void agent_lock_resume(struct agent_lock *l) {
        struct election_actions held = l->held;

        l->held = (struct election_actions){};
        if (held.request.op != ELECTION_OP_NONE)
                settle_request(l, &held);
}

void agent_lock_perform(struct agent_lock *l, const struct election_actions *actions) {
        struct election_event local = {.type = ELECTION_EV_REPLY, .op = actions->request.op};

        for (unsigned i = 0; i < ELEMENTSOF(actions->guard); i++)
                if (actions->guard[i].type != ELECTION_MSG_NONE)
                        agent_guard_send(l, actions->guard[i].type, actions->guard[i].uid,
                                         actions->guard[i].stop_at_usec, actions->guard[i].kill_at_usec);
        if (actions->request.op == ELECTION_OP_NONE)
                return;
        if (actions->request.op == ELECTION_OP_CLAIM) {
                local.result = agent_claims_next(l->agent, &l->claims, l->problem) >= 0 ? RESULT_OK : RESULT_FAILED;
                agent_post_lock(l, &local);
                return;
        }
        switch (agent_namespace_pass(l->namespace_, /* renewal= */ false)) {
        case AGENT_PASS_GO:
                send_request(l, actions);
                break;
        case AGENT_PASS_WAIT:
                l->held = *actions;
                break;
        case AGENT_PASS_NO:
                settle_request(l, actions);
                break;
        }
}

int agent_lock_prepare(struct agent_lock *l, struct err *err) {
        int r;

        l->namespace_ = agent_namespace_find(l->agent, ns(l));
        if (!l->namespace_)
                return err_setf(err, -ENOMEM, "namespace '%s': out of memory, or its name is too long", ns(l));
        if (!store_scope_lock(l->claims.scope, sizeof(l->claims.scope), ns(l), l->conf->name))
                return err_setf(err, -ENAMETOOLONG, "lock '%s/%s': name too long", ns(l), l->conf->name);
        if (snprintf(l->title, sizeof(l->title), "%s/%s", ns(l), l->conf->name) >=
            (int)sizeof(((struct permit_request *)NULL)->lock))
                return err_setf(err, -ENAMETOOLONG, "%s: lock '%s/%s': namespace and name together are too long",
                                l->conf->where, ns(l), l->conf->name);
        r = agent_claims_read(l->agent, &l->claims, err);
        if (agent_claims_unasked(r))
                return r;
        if (r < 0)
                /* this lock stays unusable, the others go on */
                agent_journal(l, LOG_ERR, JOURNAL_STATE_DIR, err->text, "%s: %s", l->title, err->text);
        l->since_realtime_usec = clock_realtime_usec();
        l->refusals.lock = l->holder_refusals.lock = l->claims.lock = l;
        return 0;
}

struct agent_lock *agent_lock_free(struct agent_lock *l) {
        if (!l)
                return NULL;
        kube_slot_free(l->request);
        kube_slot_free(l->watch);
        kube_slot_free(l->holder_watch);
        kube_slot_free(l->sign.request);
        conf_lock_done(&l->own);
        free(l);
        return NULL;
}
