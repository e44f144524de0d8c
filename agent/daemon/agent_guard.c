/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent.h"

void agent_guard_send(struct agent_lock *l, uint8_t message, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        static const uint32_t types[] = {
                [ELECTION_MSG_QUERY] = PERMIT_QUERY,
                [ELECTION_MSG_PERMIT] = PERMIT_PERMIT,
                [ELECTION_MSG_REVOKE] = PERMIT_REVOKE,
        };
        const struct core_lock *c = &l->agent->core.locks[l->index];
        const struct election *e = &c->election;
        bool term = e->lock.fact.tenure == TENURE_LEASE && uid == e->term.uid && e->term.stop_timeout_usec;
        struct permit_request q = {
                .type = types[message],
                .tenure = e->lock.fact.tenure,
                .stop_at_usec = stop_at,
                .kill_at_usec = kill_at,
                .stop_timeout_usec = term ? e->term.stop_timeout_usec : l->conf->stop_timeout_usec,
        };

        if (!util_copy(q.unit, sizeof(q.unit), l->conf->unit) || !util_copy(q.lock, sizeof(q.lock), l->title) ||
            !util_copy(q.identity, sizeof(q.identity), store_identity(l->agent->store)) ||
            !util_copy(q.lock_uid, sizeof(q.lock_uid), agent_uid_text(l, uid)))
                return; /* configuration and codecs keep all of these shorter */
        if (message == ELECTION_MSG_PERMIT)
                (void)util_copy(q.term, sizeof(q.term),
                                util_token(l->answered.uid) == uid ? l->answered.term : l->seen.term);
        /* A failure breaks the connection; the core hears of it as LINK_DOWN, and says everything again after LINK_UP.
         */
        (void)link_send(l->agent->link, &q);
}

static void on_state(bool up, const char *why, void *userdata) {
        struct agent *a = userdata;
        bool news = up != a->link_up || !util_streq(why, a->link_error);

        a->link_up = up;
        if (news && !up)
                journal_log(LOG_WARNING,
                            "%s; trying again. Is leader-guard.socket active? (systemctl status leader-guard)", why);
        else if (news)
                journal_log(LOG_INFO, "Connected to leader-guard");
        if (snprintf(a->link_error, sizeof(a->link_error), "%s", why) < 0)
                a->link_error[0] = '\0';
        if (!news)
                return;
        if (up) /* what this process knows nothing of: permits of units that left the configuration */
                (void)link_send(a->link, &(struct permit_request){.type = PERMIT_QUERY});
        for (size_t i = 0; i < a->core.n_locks; i++) {
                struct election_event ev = {.type = up ? ELECTION_EV_LINK_UP : ELECTION_EV_LINK_DOWN};

                if (!up)
                        a->locks[i]->has_guard = false;
                agent_lock_event(a->locks[i], &ev);
        }
        agent_pump(a);
}

/* The guard's last word about what is wrong with the unit: stays until the unit runs well, because the answers to the
 * revoke that follows have nothing to say. */
static void note_trouble(struct agent_lock *l, const struct permit_reply *r) {
        bool telling = r->result != GUARD_OK || (r->unit_state != UNIT_STOPPING && r->unit_state != UNIT_STOPPED);

        if (telling && r->text[0])
                (void)util_copy(l->trouble, sizeof(l->trouble), r->text);
        else if (r->result == GUARD_OK && r->unit_state == UNIT_RUNNING)
                l->trouble[0] = '\0';
}

/* The answer to our revoke may speak of another unit: the one that ran for this lock uid. */
static bool about_term(const struct agent_lock *l, const struct permit_reply *r) {
        return r->seq && r->lock_uid[0] && util_token(r->lock_uid) == l->agent->core.locks[l->index].election.term.uid;
}

/* A permit that no configured lock accounts for: the unit or the lock left the configuration while no agent ran. A lock
 * that is gone from it is let go as after a reload, also when its unit has another lock now or is being stopped
 * already; a unit that is gone from its lock is stopped. */
static void take_orphan(struct agent *a, const struct permit_reply *r) {
        struct permit_request q = {.type = PERMIT_REVOKE};

        if (agent_conf_orphan(a, r->lock, r->unit) >= 0 || r->unit_state == UNIT_STOPPING)
                return;
        journal_log(LOG_NOTICE, "%s runs for lock %s, which names another unit now: stopping it", r->unit, r->lock);
        if (util_copy(q.unit, sizeof(q.unit), r->unit) && util_copy(q.lock_uid, sizeof(q.lock_uid), r->permit_uid))
                (void)link_send(a->link, &q);
}

/* The unit of a lock that is let go may have another lock by now. */
static bool stays(const struct agent *a, const char *title) {
        for (size_t i = 0; i < a->core.n_locks; i++)
                if (util_streq(a->locks[i]->title, title))
                        return !a->locks[i]->leaving;
        return false;
}

static void on_reply(const struct permit_reply *reply, void *userdata) {
        struct agent *a = userdata;
        bool known = false, accounted = !reply->lock[0]; /* by the lock that it runs for */

        for (size_t i = 0; i < a->core.n_locks; i++) {
                struct agent_lock *l = a->locks[i];
                struct election_event ev = {.type = ELECTION_EV_GUARD};

                accounted |= util_streq(l->title, reply->lock);
                if (!util_streq(l->conf->unit, reply->unit) && !about_term(l, reply))
                        continue;
                known = true;
                agent_uid_remember(l, reply->permit_uid);
                l->guard = *reply;
                note_trouble(l, reply);
                l->has_guard = true;
                ev.guard = agent_guard_fact(reply);
                if (l->leaving && !util_streq(l->title, reply->lock) && stays(a, reply->lock))
                        ev.guard.permit = 0; /* no stale one: not for this lock to revoke */
                agent_lock_event(l, &ev);
                if (!util_streq(l->conf->unit, reply->unit))
                        /* That was about another unit; what is this one's state? */
                        agent_guard_send(l, ELECTION_MSG_QUERY, ev.guard.about, 0, 0);
        }
        if (reply->permit_uid[0] && (!known || !accounted))
                take_orphan(a, reply);
        agent_pump(a);
}

const struct link_handlers agent_link_handlers = {.state = on_state, .reply = on_reply};
