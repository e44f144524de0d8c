/* SPDX-License-Identifier: Apache-2.0 */
/* A step-down that a human asks for. Unless it is forced the API server is asked before, anew: what was known may be
 * over. (So may the answers be when the lock is released: this spares surprises, it promises nothing.) Whether a term
 * ends is the core's. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_hand_over.h"

static struct agent_hand_over *hand_over_free(struct agent_hand_over *h) {
        if (!h)
                return NULL;
        for (struct agent_hand_over **at = &h->agent->hand_overs; *at; at = &(*at)->next)
                if (*at == h) {
                        *at = h->next;
                        break;
                }
        for (size_t i = 0; i < N_AGENT_ASKS; i++)
                kube_slot_free(h->ask[i].request);
        free(h->reason);
        free(h);
        return NULL;
}

void agent_step_downs_free(struct agent *a) {
        while (a->hand_overs)
                (void)hand_over_free(a->hand_overs); /* which takes it out of the list */
}

static struct agent_lock *lock_of(const struct agent_hand_over *h) {
        const struct agent *a = h->agent;

        for (size_t i = 0; i < a->n_locks; i++)
                if (util_streq(a->locks[i]->title, h->title))
                        return a->locks[i];
        return NULL;
}

static const struct agent_placeholder *placeholder_of(const struct agent_lock *l) {
        return l->agent->placeholders[agent_view(l).own_placeholder];
}

void agent_step_down(struct agent_lock *l, const char *reason) {
        agent_journal(l, LOG_NOTICE, JOURNAL_STEP_DOWN, reason, "%s: asked to step down: %s", l->title, reason);
        agent_post_lock(l, &(struct election_event){.type = ELECTION_EV_STEP_DOWN});
}

static bool leads_here(const struct core_lock_view *v) {
        return v->state >= ELECTION_PROVING && v->state <= ELECTION_LEADING;
}

const char *agent_step_down_host(const struct agent_lock *l) {
        const struct lock_object *o = agent_lock_object(l);
        struct core_lock_view v = agent_view(l);

        if (leads_here(&v))
                return "this host";
        if (!o || v.lock.sort != LOCK_SOUND || v.lock.claimed || v.stays_out == REASON_LOCK_CHANGED ||
            v.stays_out == REASON_STRANGE_HOLDER)
                return "";
        return util_streq(o->holder, l->agent->host) ? o->identity : o->holder;
}

int agent_step_down_fits(const struct agent_lock *l, struct err *err) {
        const char *host = agent_step_down_host(l);
        bool silent = agent_api_is_silent(l->agent, clock_boottime_usec());
        const struct lock_object *o = agent_lock_object(l);
        struct core_lock_view v = agent_view(l);
        const char *role = agent_role(l, &v);
        char who[1200];

        if (leads_here(&v))
                return 0;
        if (v.state == ELECTION_STOPPING || v.state == ELECTION_RELEASING)
                (void)snprintf(who, sizeof(who), "it is %s: the lock is given up already", role);
        else if (v.state == ELECTION_DEPOSING)
                (void)snprintf(who, sizeof(who), "it is taking the lock over from %s", host[0] ? host : "its holder");
        else if (!v.known)
                (void)snprintf(who, sizeof(who), "who does is not known yet");
        else if (v.lock.sort == LOCK_FOREIGN || v.stays_out == REASON_FOREIGN_POD)
                (void)snprintf(who, sizeof(who), "Pod %s %s, in the cluster, where no agent can be asked",
                               v.lock.sort == LOCK_FOREIGN && o ? o->owner.name : l->pod.name,
                               v.lock.sort == LOCK_FOREIGN ? "does" : "may");
        else if (v.lock.sort == LOCK_ABSENT)
                (void)snprintf(who, sizeof(who), "nobody does");
        else if (host[0])
                (void)snprintf(who, sizeof(who), "%s %s; type it there: leaderctl step-down %s", host,
                               silent ? "did when the API server last answered" : "does", l->title);
        else
                (void)snprintf(who, sizeof(who), "it is %s", role);
        return err_setf(err, -ENODATA, "this host (%s) does not lead '%s': %s", store_identity(l->agent->store),
                        l->title, who);
}

static void tell_refusal(const char *title, const char *reason, const struct err *err) {
        journal_record(LOG_NOTICE, JOURNAL_STEP_DOWN,
                       (const struct journal_field[]){{JOURNAL_KEY_LOCK, title}, {JOURNAL_KEY_REASON, err->text}}, 2,
                       "%s: does not step down (%s): %s", title, reason, err->text);
}

/* All is known that is waited for: steps down or refuses, and tells who asked. Frees h. */
static void finish(struct agent_hand_over *h) {
        struct agent_lock *l = lock_of(h);
        struct err err = {};
        int r;

        if (l)
                r = agent_step_down_fits(l, &err);
        else
                r = err_setf(&err, -ENOENT, "lock '%s' has left the configuration of this agent", h->title);
        if (r >= 0)
                r = agent_hand_over_judge(h, l, &err);
        if (r >= 0)
                agent_step_down(l, h->reason);
        else
                tell_refusal(h->title, h->reason, &err);
        bus_answer(h->agent->bus, h->call, r, &err);
        (void)hand_over_free(h);
}

/* ---- asking ---- */

/* Our own, of either tenure, is not one to look for. */
static bool is_own(const struct agent_hand_over *h, const char *name) {
        const char *identity = store_identity(h->agent->store);
        char life[254], lease[254];

        return (placeholder_name(life, sizeof(life), identity, TENURE_LIFE) && util_streq(name, life)) ||
               (placeholder_name(lease, sizeof(lease), identity, TENURE_LEASE) && util_streq(name, lease));
}

static void count(struct agent_hand_over *h, const struct placeholder_object *p) {
        h->n_others += !util_streq(p->identity, store_identity(h->agent->store)) &&
                       (placeholder_is_genuine(p, p->identity, TENURE_LIFE) ||
                        placeholder_is_genuine(p, p->identity, TENURE_LEASE));
}

static void note_names(struct agent_hand_over *h, const struct agent_lock *l, const struct rights_rules *rules) {
        enum placeholder_kind kind = placeholder_of(l)->kind;
        const char *group = placeholder_group(kind), *name;
        char prefix[64];

        (void)placeholder_name(prefix, sizeof(prefix), "", TENURE_LIFE);
        for (size_t i = 0; (name = rights_named(rules, group, placeholder_resource(kind).plural, i)); i++) {
                bool known = is_own(h, name) || strncmp(name, prefix, strlen(prefix)) != 0;

                for (size_t k = 0; k < h->n_named; k++)
                        known = known || util_streq(h->named[k].name, name);
                if (known)
                        continue;
                if (h->n_named == ELEMENTSOF(h->named) ||
                    !util_copy(h->named[h->n_named].name, sizeof(h->named[0].name), name)) {
                        h->unsure = true;
                        return;
                }
                h->n_named++;
        }
}

static void on_answer(const struct kube_reply *reply, void *userdata);

/* Where they may not be listed: the next of those that are named, one at a time. Returns whether one is being read. */
static bool ask_named(struct agent_hand_over *h, const struct agent_lock *l) {
        struct agent_ask *k = &h->ask[AGENT_ASK_NAMED];

        while (!k->request && agent_hand_over_unlisted(h) && h->n_others == 0 && h->next_named < h->n_named) {
                const char *name = h->named[h->next_named++].name;

                if (kube_placeholder_get(h->agent->kube, placeholder_of(l)->kind, l->conf->namespace_, name, on_answer,
                                         k, &k->request) < 0)
                        h->unsure = true;
        }
        return k->request;
}

/* Everything, from the beginning. */
static int ask_all(struct agent_hand_over *h, const struct agent_lock *l) {
        const struct rights_ask lock = {.group = "", .resource = "configmaps", .name = l->conf->name};
        const char *ns = l->conf->namespace_;
        int r = 0;

        for (size_t i = 0; i < N_AGENT_ASKS; i++) {
                kube_slot_free(h->ask[i].request);
                h->ask[i] = (struct agent_ask){.of = h};
        }
        h->n_others = h->n_named = h->next_named = 0;
        h->unsure = false;
        for (size_t i = 0; i < AGENT_ASK_NAMED && r >= 0; i++) {
                struct agent_ask *k = &h->ask[i];
                unsigned verb = agent_ask_verb((enum agent_ask_of)i);

                if (i == AGENT_ASK_LIST)
                        r = kube_placeholder_list(h->agent->kube, placeholder_of(l)->kind, ns, on_answer, k,
                                                  &k->request);
                else if (verb)
                        r = kube_access_review(h->agent->kube, ns, &lock, verb, on_answer, k, &k->request);
                else
                        r = kube_rules_review(h->agent->kube, ns, on_answer, k, &k->request);
        }
        return r;
}

static void on_answer(const struct kube_reply *reply, void *userdata) {
        struct agent_ask *k = userdata;
        struct agent_hand_over *h = k->of;
        const struct agent_lock *l = lock_of(h);
        bool all = true;

        k->request = kube_slot_free(k->request);
        k->done = true;
        k->result = reply->result;
        k->http_code = reply->http_code;
        k->allowed = reply->allowed;
        (void)snprintf(k->text, sizeof(k->text), "%s", reply->text);
        for (size_t i = 0; i < reply->n_placeholders; i++)
                count(h, &reply->placeholders[i]);
        if (reply->placeholder)
                count(h, reply->placeholder);
        /* The token that is known may be an old one: a refusal has it read again. */
        if (l && k == &h->ask[AGENT_ASK_LIST] && k->result == KUBE_DENIED && k->http_code == 401 && !h->again) {
                h->again = true;
                if (ask_all(h, l) >= 0)
                        return;
                k->done = true;
                k->result = KUBE_UNREACHABLE;
                (void)snprintf(k->text, sizeof(k->text), "cannot be sent");
        }
        if (reply->rules && l)
                note_names(h, l, reply->rules);
        if (k == &h->ask[AGENT_ASK_NAMED] && k->result != KUBE_OK && k->result != KUBE_NOT_FOUND)
                h->unsure = true;
        if (l && ask_named(h, l))
                all = false;
        for (size_t i = 0; i < AGENT_ASK_NAMED; i++)
                all = all && h->ask[i].done;
        if (all || (k == &h->ask[AGENT_ASK_LIST] && agent_ask_is_silent(k)))
                finish(h);
}

int agent_step_down_asked(struct agent_lock *l, const char *reason, uint64_t call, struct err *err) {
        struct agent *a = l->agent;
        const char *refusal = agent_namespace_refusal(l->namespace_);
        struct agent_hand_over *h;
        char what[512];
        int r;

        if (refusal[0]) {
                agent_hand_over_means(l, "that is cured", what, sizeof(what));
                r = err_setf(err, -EBUSY, "%.500s: %s", refusal, what);
                tell_refusal(l->title, reason, err);
                return r;
        }
        h = calloc(1, sizeof(*h));
        if (!h)
                return err_setf(err, -ENOMEM, "out of memory");
        *h = (struct agent_hand_over){.next = a->hand_overs, .agent = a, .call = call, .reason = strdup(reason)};
        a->hand_overs = h;
        (void)util_copy(h->title, sizeof(h->title), l->title);
        h->until_usec = clock_boottime_usec() + AGENT_HAND_OVER_USEC;
        r = h->reason ? ask_all(h, l) : -ENOMEM;
        if (r >= 0)
                return 1;
        (void)hand_over_free(h);
        return err_setf(err, r, "cannot ask the API server: %s", strerror(-r));
}

uint64_t agent_step_down_update(struct agent *a, uint64_t now_usec) {
        uint64_t at = USEC_INFINITY;

        for (struct agent_hand_over *h = a->hand_overs, *next; h; h = next) {
                next = h->next;
                if (now_usec >= h->until_usec)
                        finish(h);
                else
                        at = util_usec_min(at, h->until_usec);
        }
        return at;
}
