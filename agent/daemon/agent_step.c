/* SPDX-License-Identifier: Apache-2.0 */
/* One event at a time: what was posted, or what has fallen due, becomes a step of the core, its invariant is checked
 * (ARCHITECTURE 5, claim 2), and its actions are performed before the next. What leader-guard says is routed to the
 * elections that it concerns. */
#include <stdio.h>
#include <stdlib.h>

#include "adapter/journal.h"
#include "base/random.h"
#include "daemon/agent_parts.h"

/* The daemon's own check of I1 (ARCHITECTURE 5): should it ever fail, the units stop before anything else happens. */
static void check_invariant(struct agent *a) {
        if (core_invariant(&a->core))
                return;
        for (size_t i = 0; i < a->n_locks; i++)
                if (!core_lock_invariant(&a->core, i)) {
                        struct core_lock_view v = agent_view(a->locks[i]);

                        agent_journal(a->locks[i], LOG_CRIT, JOURNAL_FAULT, "",
                                      "%s: state '%s' contradicts what is known of the lock: stopping its unit",
                                      a->locks[i]->title, election_state_to_string((uint8_t)v.state));
                        agent_guard_send(a->locks[i], ELECTION_MSG_REVOKE, v.term_uid, 0, 0);
                }
        abort();
}

static void step_lock(struct agent_lock *l, struct election_event *ev) {
        struct agent *a = l->agent;
        struct election_actions out;

        ev->now_usec = clock_boottime_usec();
        ev->random = random_spread();
        out = core_lock_step(&a->core, l->index, ev);
        agent_trace_lock(a, l->index, ev, &out);
        check_invariant(a);
        agent_lock_perform(l, &out);
}

static void step_placeholder(struct agent_placeholder *p, struct placeholder_event *ev) {
        struct agent *a = p->agent;
        struct placeholder_action out;

        ev->now_usec = clock_boottime_usec();
        ev->random = random_spread();
        out = core_placeholder_step(&a->core, p->index, ev);
        agent_trace_placeholder(a, p->index, ev, &out);
        check_invariant(a);
        agent_placeholder_perform(p, &out);
}

/* ---- leader-guard ---- */

static void step_link(struct agent *a, bool up, const char *why) {
        bool was_up = a->link_up, changed = up != was_up || !util_streq(why, a->link_error);

        a->link_breaks += a->link_up && !up;
        a->link_up = up;
        if (!changed)
                return;
        (void)util_copy(a->link_error, sizeof(a->link_error), why);
        a->link_refused = !up && link_is_refused(a->link);
        if (was_up || !a->link_down_usec)
                a->link_down_usec = clock_boottime_usec();
        if (up)
                journal_record(LOG_INFO, JOURNAL_GUARD_LINK, NULL, 0, "Connected to leader-guard");
        else
                journal_record(LOG_WARNING, JOURNAL_GUARD_LINK,
                               (const struct journal_field[]){{JOURNAL_KEY_REASON, why}}, 1, "%s; trying again%s", why,
                               a->link_refused ? ""
                                               : ". Is leader-guard.socket active? (systemctl status leader-guard)");
        if (up) /* what this process knows nothing of: permits of units that left the configuration */
                (void)link_send(a->link, &(struct permit_request){.type = PERMIT_QUERY});
        for (size_t i = 0; i < a->n_locks; i++) {
                struct election_event ev = {.type = up ? ELECTION_EV_LINK_UP : ELECTION_EV_LINK_DOWN};

                if (!up)
                        a->locks[i]->has_guard = false;
                step_lock(a->locks[i], &ev);
        }
}

/* The guard's last word about what is wrong with the unit: stays until the unit runs well, because the answers to the
 * revoke that follows have nothing to say. */
static void note_trouble(struct agent_lock *l, const struct permit_reply *r, bool was_unfit) {
        bool telling =
                r->result != GUARD_OK || r->unfit || (r->unit_state != UNIT_STOPPING && r->unit_state != UNIT_STOPPED);

        /* An answer to a question says nothing of it. */
        l->stop_fails = r->unit_state == UNIT_STOPPING && (l->stop_fails || r->result == GUARD_REFUSED_INTERNAL);
        /* Said once, and so for as long as it runs. */
        l->stop_refused = (r->seq && r->request_type == PERMIT_REVOKE && r->result == GUARD_REFUSED_ENROLL) ||
                          (l->stop_refused && r->unit_state == UNIT_FOREIGN);
        if (telling && r->text[0])
                (void)util_copy(l->trouble, sizeof(l->trouble), r->text);
        else if (r->result == GUARD_OK && !l->stop_refused &&
                 (r->unit_state == UNIT_RUNNING || (was_unfit && !r->unfit) ||
                  (r->unit_state == UNIT_FOREIGN && !r->unfit)))
                l->trouble[0] = '\0';
}

/* The answer to our revoke may speak of another unit: the one that ran for this lock uid. */
static bool about_term(const struct agent_lock *l, const struct permit_reply *r) {
        return r->seq && r->lock_uid[0] && util_token(r->lock_uid) == agent_view(l).term_uid;
}

/* A permit that no configured lock accounts for: the unit or the lock left the configuration while no agent ran. A lock
 * that is gone from it is let go as after a reload, also when its unit has another lock now or is being stopped
 * already; a unit that is gone from its lock is stopped. */
static void take_orphan(struct agent *a, const struct permit_reply *r) {
        struct permit_request q = {.type = PERMIT_REVOKE};

        if (agent_conf_orphan(a, r->lock, r->unit) >= 0 || r->unit_state == UNIT_STOPPING)
                return;
        journal_record(LOG_NOTICE, JOURNAL_LOCK_LEFT,
                       (const struct journal_field[]){{JOURNAL_KEY_LOCK, r->lock},
                                                      {JOURNAL_KEY_UNIT, r->unit},
                                                      {JOURNAL_KEY_LOCK_UID, r->permit_uid}},
                       3, "%s runs for lock %s, which names another unit now: stopping it", r->unit, r->lock);
        if (util_copy(q.unit, sizeof(q.unit), r->unit) && util_copy(q.lock_uid, sizeof(q.lock_uid), r->permit_uid))
                (void)link_send(a->link, &q);
}

/* The unit of a lock that is let go may have another lock by now. */
static bool stays(const struct agent *a, const char *title) {
        for (size_t i = 0; i < a->n_locks; i++)
                if (util_streq(a->locks[i]->title, title))
                        return !a->locks[i]->leaving;
        return false;
}

static void tell_lock(struct agent_lock *l, const struct permit_reply *reply) {
        struct election_event ev = {.type = ELECTION_EV_GUARD, .guard = agent_guard_fact(reply)};
        bool was_unfit = l->has_guard && l->guard.unfit;

        agent_uid_remember(l, reply->permit_uid);
        l->guard = *reply;
        l->has_guard = true;
        note_trouble(l, reply, was_unfit);
        if (l->leaving && !util_streq(l->title, reply->lock) && stays(l->agent, reply->lock))
                ev.guard.permit = 0; /* no stale one: not for this lock to revoke */
        step_lock(l, &ev);
        if (!util_streq(l->conf->unit, reply->unit))
                /* That was about another unit; what is this one's state? */
                agent_guard_send(l, ELECTION_MSG_QUERY, ev.guard.about, 0, 0);
}

static void step_guard(struct agent *a, const struct permit_reply *reply) {
        bool known = false, accounted = !reply->lock[0]; /* by the lock that it runs for */

        for (size_t i = 0; i < a->n_locks; i++) {
                struct agent_lock *l = a->locks[i];

                accounted |= util_streq(l->title, reply->lock);
                agent_orphan_permitted(l, reply);
                if (!util_streq(l->conf->unit, reply->unit) && !about_term(l, reply))
                        continue;
                known = true;
                tell_lock(l, reply);
        }
        if (reply->permit_uid[0] && (!known || !accounted))
                take_orphan(a, reply);
}

/* ---- sleep ---- */

/* A lease that sleeps is lost, and its unit would wake up beside the next leader: so it ends before, and none is begun
 * until the host is awake. */
static void step_sleep(struct agent *a, bool going) {
        a->sleeping = going;
        if (going)
                journal_record(LOG_NOTICE, JOURNAL_STEP_DOWN, NULL, 0,
                               "The host is about to sleep: stepping down from every lease");
        agent_apply(a, &(struct core_change){.type = going ? CORE_SLEEP : CORE_WAKE});
}

/* ---- the API server ---- */

static void step_answered(struct agent *a) {
        agent_apply(a, &(struct core_change){
                               .type = CORE_ANSWERED, .now_usec = clock_boottime_usec(), .random = random_spread()});
        for (size_t i = 0; i < a->n_locks; i++) {
                kube_watch_hurry(a->locks[i]->watch);
                kube_watch_hurry(a->locks[i]->holder_watch);
        }
        for (size_t i = 0; i < a->n_placeholders; i++)
                kube_watch_hurry(a->placeholders[i]->watch);
}

static void step_namespace(struct agent_namespace *n) {
        struct agent *a = n->agent;

        agent_namespace_step(n);
        for (size_t i = 0; i < a->n_locks; i++)
                if (a->locks[i]->namespace_ == n)
                        agent_lock_resume(a->locks[i]);
        for (size_t i = 0; i < a->n_placeholders; i++)
                if (a->placeholders[i]->namespace_ == n)
                        agent_placeholder_resume(a->placeholders[i]);
}

void agent_step(struct agent *a, const struct agent_post *post) {
        struct election_event lock_event;
        struct placeholder_event placeholder_event;

        switch ((enum agent_post_type)post->type) {
        case AGENT_POST_LOCK:
                lock_event = post->lock_event;
                step_lock(post->lock, &lock_event);
                break;
        case AGENT_POST_PLACEHOLDER:
                placeholder_event = post->placeholder_event;
                step_placeholder(post->placeholder, &placeholder_event);
                break;
        case AGENT_POST_GUARD:
                step_guard(a, &post->reply);
                break;
        case AGENT_POST_LINK:
                step_link(a, post->on, post->text);
                break;
        case AGENT_POST_SLEEP:
                step_sleep(a, post->on);
                break;
        case AGENT_POST_ANSWERED:
                step_answered(a);
                break;
        case AGENT_POST_NAMESPACE:
                step_namespace(post->namespace_);
                break;
        }
}

bool agent_step_due(struct agent *a) {
        size_t i;

        switch (core_next(&a->core, clock_boottime_usec(), &i)) {
        case CORE_TURN_NONE:
                return false;
        case CORE_TURN_LOCK:
                step_lock(a->locks[i], &(struct election_event){.type = ELECTION_EV_GO});
                return true;
        case CORE_TURN_PLACEHOLDER:
                step_placeholder(a->placeholders[i], &(struct placeholder_event){.type = PLACEHOLDER_EV_GO});
                return true;
        }
        return false;
}
