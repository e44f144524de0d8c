/* SPDX-License-Identifier: Apache-2.0 */
/* What comes next for a lock while the API server, its namespace or leader-guard is away: a part of agent_text.c. What
 * that is, and since when, is told with the agent (agent_trouble.c). */
#include <stdio.h>

#include "daemon/agent_parts.h"

/* While the API server is silent nothing else comes next. Returns whether it was filled. */
static bool describe_silence(const struct agent_lock *l, const struct core_lock_view *v, char *buf, size_t size) {
        char t[AGENT_WHEN_SIZE];

        switch (v->state) {
        case ELECTION_STARTING:
        case ELECTION_CANDIDATE:
        case ELECTION_CLAIMING:
        case ELECTION_ADOPTING:
        case ELECTION_PROVING:
        case ELECTION_DEPOSING:
                (void)snprintf(buf, size, "goes on when the API server answers");
                return true;
        case ELECTION_PERMITTING:
        case ELECTION_LEADING:
                if (agent_unit_over(v) && v->stop_at_usec == USEC_INFINITY)
                        (void)snprintf(buf, size, "keeps the lock and waits for %s: systemctl start %s",
                                       v->unit == UNIT_FAILED ? "you" : "its timer or you", l->conf->unit);
                else if (agent_unit_over(v))
                        (void)snprintf(buf, size, "gives the term up %s, and waits for %s: systemctl start %s",
                                       agent_when(v->stop_at_usec, " unless the API server answers before", t),
                                       v->unit == UNIT_FAILED ? "you" : "its timer or you", l->conf->unit);
                else if (v->stop_at_usec != USEC_INFINITY)
                        (void)snprintf(buf, size, "stops the unit %s",
                                       agent_when(v->stop_at_usec, " unless the API server answers before", t));
                else
                        (void)snprintf(buf, size, "%s; no hand-over until the API server answers",
                                       v->state == ELECTION_LEADING
                                               ? "the unit runs on"
                                               : "leader-guard starts the unit, or takes it over as it runs");
                return true;
        case ELECTION_STOPPING:
                if (agent_is_renamed(l) && v->known && !v->lock.claimed)
                        (void)snprintf(
                                buf, size,
                                "goes on when %s, which runs here for %s, was seen stopped and the API server answers",
                                l->conf->unit, l->guard.lock);
                else if (agent_is_renamed(l))
                        (void)snprintf(buf, size,
                                       "%s runs here for %s: released when that ends and the API server answers",
                                       l->conf->unit, l->guard.lock);
                else
                        (void)snprintf(buf, size, "%s and the API server answers",
                                       agent_stop_fails(l) ? "keeps the lock until that is cured"
                                                           : "releases the lock when the unit was seen stopped");
                return true;
        case ELECTION_RELEASING:
                (void)snprintf(buf, size, "removes the lock when the API server answers");
                return true;
        case ELECTION_STOPPED:
                break;
        }
        return false;
}

/* … and the trouble of the agent says no less. */
static bool is_told_by_silence(const struct core_lock_view *v) {
        return !agent_in_term(v) || (v->state != ELECTION_STOPPING && !agent_unit_over(v));
}

/* Its permit ends when it is not prolonged. */
static bool ends_by_itself(const struct core_lock_view *v) {
        return (v->state == ELECTION_PERMITTING || v->state == ELECTION_LEADING) && v->stop_at_usec != USEC_INFINITY;
}

/* … which takes the API server and leader-guard. */
static const char *unless_answered(const struct agent_lock *l, const struct core_lock_view *v, bool silent) {
        if (v->guard_linked)
                return " unless the API server answers before";
        if (agent_is_second(l))
                return silent ? " unless the API server answers and leader-guard serves this agent before"
                              : " unless it serves this agent before";
        return silent ? " unless the API server and leader-guard answer before" : " unless leader-guard answers before";
}

/* Its namespace is another one, or gone: what the lock was last is history. */
static void describe_refusal(const struct agent_lock *l, const struct core_lock_view *v, bool silent,
                             struct agent_text *t) {
        bool leads = agent_in_term(v);
        bool renewable = leads && l->namespace_->state == AGENT_NAMESPACE_GONE && v->lock.tenure == TENURE_LEASE &&
                         v->state <= ELECTION_STOPPING;
        bool renews = renewable && !silent;
        /* Of that the trouble of the agent says nothing. */
        bool ends = ends_by_itself(v) && (!renews || !v->guard_linked);
        char at[AGENT_WHEN_SIZE];

        t->next_is_trouble = !ends; /* what it is, and the command, are told with the agent */
        (void)snprintf(t->reason, sizeof(t->reason), "nothing%s may be sent to namespace %s",
                       renewable ? " but renewals" : "", l->namespace_->name);
        if (ends) {
                (void)snprintf(t->next, sizeof(t->next), "%s %s, and releases nothing there",
                               agent_unit_over(v) ? "gives the term up" : "stops the unit",
                               agent_when(v->stop_at_usec, renewable ? unless_answered(l, v, silent) : "", at));
                return;
        }
        (void)snprintf(t->next, sizeof(t->next), "%s. Once no host leads in the old one: leaderctl forget-cluster %s",
                       !leads   ? "does not compete"
                       : renews ? "renews, and releases nothing there"
                                : "sends and releases nothing there",
                       l->namespace_->name);
}

/* Nothing else comes next. */
static bool waits_for_guard(const struct agent_lock *l, const struct core_lock_view *v) {
        bool candidate = v->state == ELECTION_CANDIDATE || v->state == ELECTION_CLAIMING;

        if (v->guard_linked || agent_namespace_refusal(l->namespace_)[0])
                return false;
        return candidate ? v->stays_out == REASON_GUARD_AWAY
                         : v->state == ELECTION_STARTING ||
                                   (v->state >= ELECTION_PROVING && v->state <= ELECTION_STOPPING);
}

static void describe_guard(const struct agent_lock *l, const struct core_lock_view *v, bool silent,
                           struct agent_text *t) {
        char at[AGENT_WHEN_SIZE], latest[112];

        (void)snprintf(latest, sizeof(latest), " at the latest,%s", unless_answered(l, v, silent));
        (void)snprintf(t->next, sizeof(t->next), "waits for leader-guard, which %s",
                       agent_is_second(l) ? "serves another agent" : "does not answer (systemctl status leader-guard)");
        t->next_is_trouble = !l->agent->link_up && l->agent->link_error[0] && !ends_by_itself(v);
        if (ends_by_itself(v))
                (void)snprintf(t->next + strlen(t->next), sizeof(t->next) - strlen(t->next), "; the unit is stopped %s",
                               agent_when(v->stop_at_usec, latest, at));
}

bool agent_away(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *t) {
        bool silent = agent_api_is_silent(l->agent, clock_boottime_usec()), told;

        told = silent && describe_silence(l, v, t->next, sizeof(t->next));
        t->next_is_trouble = told && is_told_by_silence(v);
        if (agent_namespace_refusal(l->namespace_)[0] && v->state != ELECTION_STOPPED) {
                describe_refusal(l, v, silent, t);
                told = true;
        }
        if (waits_for_guard(l, v)) {
                describe_guard(l, v, silent, t);
                told = true;
        }
        return told;
}
