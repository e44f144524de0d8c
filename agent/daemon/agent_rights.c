/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the API server which of the rights that the locks need this agent has, before one of them is missed: after the
 * start, after a reload, daily, after a 403, and each minute while one is missing. One review of the rules for each
 * namespace; what these do not grant is asked for one by one. Decides nothing; how it is told is agent_trouble.c. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

/* A start, and the hand-over that may follow it, go first. */
#define AFTER_START_USEC  (5 * USEC_PER_SEC)
#define AFTER_RELOAD_USEC (1 * USEC_PER_SEC)
#define AFTER_DENIAL_USEC (10 * USEC_PER_SEC)
#define PAUSE_USEC        (60 * USEC_PER_SEC)
#define EACH_USEC         (24 * (3600 * USEC_PER_SEC))
/* Reviews of a single right, in each namespace. */
#define CONFIRMED_MAX 12

/* ---- what is needed ---- */

static unsigned change_of(enum placeholder_kind kind) {
        switch (kind) {
        case PLACEHOLDER_LEASE:
                return RIGHTS_UPDATE;
        case PLACEHOLDER_POD:
                break;
        }
        return RIGHTS_PATCH;
}

/* Once for each thing. There is room (needed_max()). */
static void need(struct agent_rights *r, const struct agent_right *right) {
        for (size_t i = 0; i < r->n_list; i++) {
                const struct agent_right *o = &r->list[i];

                if (o->of == right->of && util_streq(o->ns, right->ns) && util_streq(o->name, right->name) &&
                    util_streq(o->ask.resource, right->ask.resource))
                        return;
        }
        r->list[r->n_list] = *right;
        r->list[r->n_list].ask.name = r->list[r->n_list].name;
        r->n_list++;
}

#define NEEDED_OF_LOCK 5

static void need_for_lock(struct agent_rights *r, const struct agent_lock *l) {
        const struct agent_placeholder *p = l->agent->placeholders[agent_view(l).placeholder];
        const char *kind = placeholder_resource(p->kind).plural, *group = placeholder_group(p->kind);
        struct agent_right right = {.tenure = p->tenure};

        (void)util_copy(right.ns, sizeof(right.ns), l->conf->namespace_);

        /* A creation is authorized without a name: it is not known then. */
        right.of = AGENT_RIGHT_LOCK_CREATE;
        right.ask = (struct rights_ask){.group = "", .resource = "configmaps", .verbs = RIGHTS_CREATE};
        need(r, &right);
        right.of = AGENT_RIGHT_PLACEHOLDER_CREATE;
        right.ask = (struct rights_ask){.group = group, .resource = kind, .verbs = RIGHTS_CREATE};
        need(r, &right);

        right.of = AGENT_RIGHT_LOCK;
        (void)util_copy(right.name, sizeof(right.name), l->conf->name);
        right.ask = (struct rights_ask){.group = "",
                                        .resource = "configmaps",
                                        .verbs = RIGHTS_GET | RIGHTS_WATCH | RIGHTS_PATCH | RIGHTS_DELETE};
        need(r, &right);
        right.of = AGENT_RIGHT_PLACEHOLDER;
        (void)util_copy(right.name, sizeof(right.name), p->name);
        right.ask = (struct rights_ask){
                .group = group, .resource = kind, .verbs = RIGHTS_GET | change_of(p->kind) | RIGHTS_DELETE};
        if (p->tenure == TENURE_LIFE)
                right.ask.verbs |= RIGHTS_WATCH; /* (one that is renewed needs none) */
        need(r, &right);

        /* Their names are not known: where the rules name objects of this kind, nothing can be said. */
        right.of = AGENT_RIGHT_OTHERS;
        right.name[0] = '\0';
        right.ask = (struct rights_ask){.group = group, .resource = kind, .verbs = RIGHTS_GET};
        if (p->tenure == TENURE_LEASE)
                right.ask.verbs |= RIGHTS_WATCH | RIGHTS_DELETE;
        need(r, &right);
}

/* Namespace by namespace. Returns -ENOMEM. */
static int list_needs(struct agent *a) {
        struct agent_rights *r = &a->rights;

        r->list = calloc(NEEDED_OF_LOCK * a->n_locks + 1, sizeof(*r->list));
        r->n_list = r->at = 0;
        if (!r->list)
                return -ENOMEM;
        for (size_t i = 0; i < a->n_locks; i++) {
                const char *ns = a->locks[i]->conf->namespace_;
                bool done = false;

                for (size_t k = 0; k < i; k++)
                        done = done || util_streq(a->locks[k]->conf->namespace_, ns);
                for (size_t k = i; k < a->n_locks && !done; k++)
                        if (util_streq(a->locks[k]->conf->namespace_, ns))
                                need_for_lock(r, a->locks[k]);
        }
        return 0;
}

/* ---- one look: a request, its answer, the next ---- */

static void stop(struct agent_rights *r) {
        r->request = kube_slot_free(r->request);
        free(TAKE_PTR(r->list));
        r->n_list = r->at = 0;
        r->asking = r->failed = false;
        r->n_reviewed = 0;
}

void agent_rights_done(struct agent *a) {
        stop(&a->rights);
        free(TAKE_PTR(a->rights.missing));
        a->rights.n_missing = 0;
}

/* Without an answer nothing is known. Who may not ask (403, or an API that is not served) is left alone. */
static bool may_not_ask(struct agent_rights *r, const struct kube_reply *reply) {
        r->failed = reply->result != KUBE_OK && reply->http_code != 403 && reply->http_code != 404;
        if (reply->result != KUBE_OK)
                journal_log(LOG_DEBUG, "Rights cannot be asked for: %s", reply->text);
        return reply->result != KUBE_OK;
}

static void on_rules(const struct kube_reply *reply, void *userdata) {
        struct agent_rights *r = &((struct agent *)userdata)->rights;
        const char *ns = r->list[r->at].ns;
        bool silent = may_not_ask(r, reply);

        r->request = kube_slot_free(r->request);
        r->asking = false;
        r->n_confirmed = 0;
        for (; r->n_reviewed < r->n_list && util_streq(r->list[r->n_reviewed].ns, ns); r->n_reviewed++) {
                struct agent_right *right = &r->list[r->n_reviewed];

                right->doubtful = silent ? 0 : right->ask.verbs & ~rights_granted(reply->rules, &right->ask);
                if (right->of == AGENT_RIGHT_OTHERS && right->doubtful &&
                    rights_name_objects(reply->rules, right->ask.group, right->ask.resource))
                        right->doubtful = 0;
        }
}

/* The lowest verb of a right that the rules do not grant. */
static unsigned first(unsigned verbs) {
        return verbs & -verbs;
}

static void on_access(const struct kube_reply *reply, void *userdata) {
        struct agent_rights *r = &((struct agent *)userdata)->rights;
        struct agent_right *right = &r->list[r->at];
        unsigned verb = first(right->doubtful);

        right->doubtful &= ~verb;
        if (!may_not_ask(r, reply) && !reply->allowed)
                right->missing |= verb;
        r->request = kube_slot_free(r->request);
        r->asking = false;
}

/* Returns 1 when something was sent, 0 when all is known, or a negative errno. */
static int ask_next(struct agent *a) {
        struct agent_rights *r = &a->rights;
        struct agent_right *right;
        int k;

        for (; r->at < r->n_list; r->at++) {
                right = &r->list[r->at];
                if (r->at >= r->n_reviewed) {
                        k = kube_rules_review(a->kube, right->ns, on_rules, a, &r->request);
                        r->asking = k >= 0;
                        return k < 0 ? k : 1;
                }
                if (!right->doubtful || r->n_confirmed >= CONFIRMED_MAX)
                        continue;
                r->n_confirmed++;
                k = kube_access_review(a->kube, right->ns, &right->ask, first(right->doubtful), on_access, a,
                                       &r->request);
                r->asking = k >= 0;
                return k < 0 ? k : 1;
        }
        return 0;
}

/* The list becomes what is missing. */
static void finish(struct agent_rights *r, uint64_t now_usec) {
        size_t n = 0;

        for (size_t i = 0; i < r->n_list; i++)
                if (r->list[i].missing) {
                        r->list[n] = r->list[i];
                        r->list[n].ask.name = r->list[n].name;
                        r->list[n].ask.verbs = r->list[n].missing;
                        n++;
                }
        free(r->missing);
        r->missing = TAKE_PTR(r->list);
        r->n_missing = n;
        r->due_usec = now_usec + (n ? PAUSE_USEC : EACH_USEC);
        stop(r);
}

static void again(struct agent_rights *r, uint64_t now_usec) {
        stop(r);
        r->due_usec = now_usec + PAUSE_USEC;
}

/* ---- when ---- */

void agent_rights_renew(struct agent *a) {
        stop(&a->rights);
        a->rights.due_usec = clock_boottime_usec() + AFTER_RELOAD_USEC;
}

void agent_rights_denied(struct agent *a) {
        struct agent_rights *r = &a->rights;
        uint64_t at = clock_boottime_usec() + AFTER_DENIAL_USEC;

        r->denied = true;
        if (r->begun_usec && at < r->begun_usec + PAUSE_USEC)
                at = r->begun_usec + PAUSE_USEC;
        if (!r->due_usec || at < r->due_usec)
                r->due_usec = at;
}

void agent_rights_accepted(struct agent *a) {
        struct agent_rights *r = &a->rights;

        if (r->n_missing && !r->list)
                r->due_usec = util_usec_min(r->due_usec, clock_boottime_usec() + AFTER_RELOAD_USEC);
}

uint64_t agent_rights_update(struct agent *a, uint64_t now_usec) {
        struct agent_rights *r = &a->rights;
        int k = 1;

        if (a->stopping.since_usec) {
                stop(r);
                return USEC_INFINITY;
        }
        if (!r->due_usec)
                r->due_usec = now_usec + AFTER_START_USEC;
        if (!r->list) {
                if (now_usec < r->due_usec)
                        return r->due_usec;
                /* Not in the way of locks that change hands: there is a turn when they have come to rest. What was
                 * denied may be why they do not. */
                if (!core_settled(&a->core) && !r->denied)
                        return USEC_INFINITY;
                r->denied = false;
                r->begun_usec = now_usec;
                k = list_needs(a);
        }
        if (k >= 0 && !r->asking)
                k = r->failed ? -EAGAIN : ask_next(a);
        if (k < 0)
                again(r, now_usec);
        else if (!r->asking)
                finish(r, now_usec);
        return r->asking ? USEC_INFINITY : r->due_usec;
}

/* ---- in words ---- */

/* What does not work without these verbs, the worst first. */
static void describe(const struct agent_right *r, char *buf, size_t size) {
        unsigned v = r->missing;
        const char *first_word = "", *second = "";

        switch (r->of) {
        case AGENT_RIGHT_LOCK_CREATE:
        case AGENT_RIGHT_PLACEHOLDER_CREATE:
                first_word = "this host cannot win a lock";
                break;
        case AGENT_RIGHT_LOCK:
                if (v & RIGHTS_GET)
                        first_word = "the lock cannot be read, this host cannot lead (is that its namespace?)";
                else if (v & (RIGHTS_PATCH | RIGHTS_DELETE))
                        first_word = "the lock could not be released";
                if (v & RIGHTS_WATCH && !(v & RIGHTS_GET))
                        second = "changes are seen late";
                break;
        case AGENT_RIGHT_PLACEHOLDER:
                if (v & RIGHTS_GET)
                        first_word = "this host cannot win a lock";
                else if (v & (RIGHTS_UPDATE | RIGHTS_PATCH))
                        first_word = r->tenure == TENURE_LEASE
                                             ? "a lease could not be renewed, its unit would be stopped"
                                             : "a lock that this host wins could not be proven, its unit would not be "
                                               "started";
                else if (v & RIGHTS_DELETE)
                        first_word = "the placeholder would be left behind";
                if (v & RIGHTS_WATCH && !(v & RIGHTS_GET))
                        second = "its end is seen late";
                break;
        case AGENT_RIGHT_OTHERS:
                if (r->tenure == TENURE_LIFE)
                        first_word = "nobody would see here that the host which leads is dead";
                else
                        first_word = v & (RIGHTS_DELETE | RIGHTS_GET) ? "a dead host could not be deposed"
                                                                      : "a host that lives is noticed late";
                break;
        }
        (void)snprintf(buf, size, "%s%s%s", first_word, *first_word && *second ? ", " : "", second);
}

void agent_right_text(const struct agent_right *r, struct agent_right_text *ret) {
        struct rights_ask ask = r->ask;
        char list[96];

        ask.name = r->name;
        rights_format_verbs(r->missing, list, sizeof(list));
        (void)snprintf(ret->what, sizeof(ret->what), "%s of %s%s%s%s", list, ask.resource, *r->name ? "/" : "", r->name,
                       r->of == AGENT_RIGHT_OTHERS ? " of other hosts" : "");
        describe(r, ret->means, sizeof(ret->means));
        rights_format_rule(&ask, ret->rule, sizeof(ret->rule));
}
