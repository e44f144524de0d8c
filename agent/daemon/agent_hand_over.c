/* SPDX-License-Identifier: Apache-2.0 */
/* What speaks against giving a lock up: that it could not be released, or that no other agent is there. Says what is
 * known, and no more. Asks nobody, changes nothing. */
#include "daemon/agent_hand_over.h"

#include <errno.h>
#include <stdio.h>

#include "codec/timespan.h"

unsigned agent_ask_verb(enum agent_ask_of of) {
        switch (of) {
        case AGENT_ASK_GET:
                return RIGHTS_GET;
        case AGENT_ASK_PATCH:
                return RIGHTS_PATCH;
        case AGENT_ASK_DELETE:
                return RIGHTS_DELETE;
        case AGENT_ASK_LIST:
        case AGENT_ASK_RULES:
        case AGENT_ASK_NAMED:
                break;
        }
        return 0;
}

static const char *unit_of(const struct agent_lock *l) {
        return l->conf->unit[0] ? l->conf->unit : "its unit";
}

void agent_hand_over_means(const struct agent_lock *l, const char *until, char *buf, size_t size) {
        struct core_lock_view v = agent_view(l);
        char span[TIMESPAN_MAX];

        if (v.lock.tenure == TENURE_LEASE)
                (void)snprintf(buf, size,
                               "the lock could not be released, and %.255s would run nowhere until the lease has run "
                               "out (%s)",
                               unit_of(l), timespan_format(span, v.longest_usec));
        else
                (void)snprintf(buf, size, "the lock could not be released, and %.255s would run nowhere until %s",
                               unit_of(l), until);
}

bool agent_ask_is_silent(const struct agent_ask *list) {
        return !list->done || list->result == KUBE_UNREACHABLE || list->result == KUBE_UNKNOWN ||
               list->result == KUBE_GARBLED || list->result == KUBE_REFUSED;
}

/* Only what a review says: who may not ask (403), or had no answer, is not refused for that. */
static int judge_rights(const struct agent_hand_over *h, const struct agent_lock *l, struct err *err) {
        struct agent_right right = {.of = AGENT_RIGHT_LOCK, .ask = {.group = "", .resource = "configmaps"}};
        struct agent_right_text t;
        char what[512];

        for (size_t i = 0; i < N_AGENT_ASKS; i++)
                if (h->ask[i].done && h->ask[i].result == KUBE_OK && !h->ask[i].allowed)
                        right.missing |= agent_ask_verb((enum agent_ask_of)i);
        if (!right.missing)
                return 0;
        (void)util_copy(right.ns, sizeof(right.ns), l->conf->namespace_);
        (void)util_copy(right.name, sizeof(right.name), l->conf->name);
        right.ask.name = right.name;
        right.ask.verbs = right.missing;
        agent_right_text(&right, &t);
        agent_hand_over_means(l, "they are there", what, sizeof(what));
        return err_setf(err, -EBUSY, "rights are missing in namespace %s (%s): %s; add to the Role: %s", right.ns,
                        t.what, what, t.rule);
}

bool agent_hand_over_unlisted(const struct agent_hand_over *h) {
        const struct agent_ask *list = &h->ask[AGENT_ASK_LIST];

        return list->done && list->result == KUBE_DENIED && list->http_code == 403;
}

/* Whether it is known that there is no other agent: of those that were listed, or else of those that are named. */
static bool is_alone(const struct agent_hand_over *h) {
        if (h->n_others > 0)
                return false;
        if (!agent_hand_over_unlisted(h))
                return h->ask[AGENT_ASK_LIST].result == KUBE_OK;
        return h->n_named > 0 && h->next_named == h->n_named && !h->ask[AGENT_ASK_NAMED].request && !h->unsure;
}

int agent_hand_over_judge(const struct agent_hand_over *h, const struct agent_lock *l, struct err *err) {
        const struct agent_ask *list = &h->ask[AGENT_ASK_LIST];
        char what[512], span[TIMESPAN_MAX];
        int r;

        if (agent_ask_is_silent(list)) {
                agent_hand_over_means(l, "it answers", what, sizeof(what));
                if (list->done)
                        return err_setf(err, -EBUSY, "the API server does not answer (%.300s): %s", list->text, what);
                return err_setf(err, -EBUSY, "the API server does not answer (nothing came for %s): %s",
                                timespan_format(span, AGENT_HAND_OVER_USEC), what);
        }
        if (list->result == KUBE_DENIED && list->http_code == 401) {
                agent_hand_over_means(l, "it does", what, sizeof(what));
                return err_setf(err, -EBUSY, "the API server does not accept this agent's credentials (%.300s): %s",
                                list->text, what);
        }
        r = judge_rights(h, l, err);
        if (r < 0 || !is_alone(h))
                return r;
        return err_setf(err, -EBUSY,
                        "there is no other agent to take over (namespace %s has no %s of one%s): %.255s would run "
                        "nowhere until this host takes part again (step_down_hold: %s)",
                        l->conf->namespace_,
                        placeholder_kind_to_string(l->agent->placeholders[agent_view(l).own_placeholder]->kind),
                        agent_hand_over_unlisted(h) ? ", of those that this agent may get" : "", unit_of(l),
                        timespan_format(span, l->conf->keys.step_down_hold_usec));
}
