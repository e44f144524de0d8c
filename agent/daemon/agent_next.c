/* SPDX-License-Identifier: Apache-2.0 */
/* What comes next for a lock, when all answer that it takes: a part of agent_text.c. What comes next while one of them
 * is away is agent_away.c's. */
#include <stdio.h>

#include "codec/timespan.h"
#include "daemon/agent_parts.h"

const char *agent_when(uint64_t at_usec, const char *unless, char buf[static AGENT_WHEN_SIZE]) {
        char t[CLOCK_TEXT_SIZE];

        if (at_usec <= clock_boottime_usec())
                (void)snprintf(buf, AGENT_WHEN_SIZE, "now");
        else
                (void)snprintf(buf, AGENT_WHEN_SIZE, "at %s%s", clock_format_boottime(at_usec, t), unless);
        return buf;
}

bool agent_in_term(const struct core_lock_view *v) {
        return v->state >= ELECTION_PROVING && v->state <= ELECTION_RELEASING;
}

bool agent_stop_fails(const struct agent_lock *l) {
        return l->has_guard && (l->stop_fails || l->stop_refused);
}

bool agent_is_renamed(const struct agent_lock *l) {
        return l->has_guard && l->guard.lock[0] && !util_streq(l->guard.lock, l->title);
}

bool agent_is_second(const struct agent_lock *l) {
        return !l->agent->link_up && l->agent->link_refused;
}

bool agent_runs_beside(const struct core_lock_view *v) {
        enum election_reason h = v->stays_out;

        return v->state == ELECTION_CANDIDATE && v->unit == UNIT_FOREIGN &&
               (h == REASON_FOREIGN_LOCK || h == REASON_FOREIGN_POD || h == REASON_DAMAGED_LOCK ||
                h == REASON_LOCK_CHANGED || h == REASON_STRANGE_HOLDER ||
                (h == REASON_UNIT_UNFIT && v->lock.sort != LOCK_ABSENT && !v->lock.claimed));
}

/* A unit that runs here without a permit, and this host does not compete. */
static void describe_foreign(const struct agent_lock *l, const struct core_lock_view *v, const char *holder, char *buf,
                             size_t size) {
        const char *unit = l->conf->unit;

        if (v->unit == UNIT_STOPPING)
                (void)snprintf(buf, size, "waits until leader-guard has stopped it");
        else if (v->unit == UNIT_STUCK)
                (void)snprintf(buf, size, "waits until what SIGKILL did not end of it has ended (systemctl status %s)",
                               unit);
        else if (!v->known)
                (void)snprintf(buf, size, "reads the lock");
        else if (v->lock.sort == LOCK_ABSENT && v->unfit)
                (void)snprintf(
                        buf, size,
                        "takes the lock, and the unit as it runs, when that is cured; or stop it here: systemctl "
                        "stop %s",
                        unit);
        else if (v->lock.sort == LOCK_ABSENT)
                (void)snprintf(buf, size, "waits for leader-guard, which was told to stop it while the lock was held");
        else if (l->conf->keys.on_foreign == ON_FOREIGN_LEAVE)
                (void)snprintf(buf, size, "stays out until %s is stopped here (systemctl stop %s), or the lock is free",
                               unit, unit);
        else if (v->unfit)
                (void)snprintf(buf, size,
                               "leader-guard stops it, because %s holds the lock, when that is cured; or stop it here: "
                               "systemctl stop %s",
                               holder, unit);
        else if (!v->evicted)
                (void)snprintf(buf, size, "reads the lock: leader-guard stops the unit here if %s still holds it",
                               holder);
        else
                (void)snprintf(buf, size, "leader-guard stops the unit here, because %s holds the lock", holder);
}

/* The host that holds it, by a name that is no other's. */
static const char *name_of(const struct agent_lock *l, const struct lock_object *o) {
        bool ambiguous =
                o && util_streq(o->holder, l->agent->host) && !util_streq(o->identity, store_identity(l->agent->store));

        return !o ? "the holder" : ambiguous ? o->identity : o->holder;
}

/* A lease of another host. An instant only where nothing keeps this host from what it does then: what it asks for is
 * accepted, as far as is known, and the instant is not over. */
static void describe_take_over(const struct agent_lock *l, const struct core_lock_view *v, const char *holder,
                               char *buf, size_t size) {
        uint64_t now = clock_boottime_usec();
        bool near = v->holder_seen && now - v->holder_since_usec > v->longest_usec / 2;
        bool refused = l->problem[0] || l->holder_problem[0] || agent_credentials_are_over(l->agent);
        char t[CLOCK_TEXT_SIZE], span[TIMESPAN_MAX];

        if (l->claims.failing)
                (void)snprintf(buf, size, "takes over when that is cured, unless %s has renewed its lease by then",
                               holder);
        else if (l->agent->api_error[0])
                (void)snprintf(buf, size,
                               "takes over when the API server answers, unless %s has renewed its lease by then",
                               holder);
        else if (refused)
                (void)snprintf(buf, size,
                               "takes over when the API server accepts what this host asks for, unless %s has renewed "
                               "its lease by then",
                               holder);
        else if (!near) /* no instant: it would be another one each time */
                (void)snprintf(buf, size, "takes over if %s is silent for %s", holder,
                               timespan_format(span, v->longest_usec));
        else if (now < v->takes_over_at_usec)
                (void)snprintf(buf, size, "takes over at %s unless %s renews its lease",
                               clock_format_boottime(v->takes_over_at_usec, t), holder);
        else
                (void)snprintf(buf, size, "looks whether %s has renewed its lease, and takes over if not", holder);
}

/* on_failure = "keep" */
static void describe_failed(const struct agent_lock *l, char *buf, size_t size) {
        (void)snprintf(buf, size, "keeps the lock and waits for you: systemctl start %s, or leaderctl step-down %s",
                       l->conf->unit, l->title);
}

static void describe_next(const struct agent_lock *l, const struct core_lock_view *v, const struct lock_object *o,
                          char *buf, size_t size) {
        const struct agent_placeholder *p = l->agent->placeholders[v->placeholder];
        char t[AGENT_WHEN_SIZE];
        enum election_reason h = v->stays_out;

        buf[0] = '\0';
        /* (a claim that is about to be given up) */
        switch (v->state == ELECTION_CLAIMING && h != REASON_NONE ? ELECTION_CANDIDATE : v->state) {
        case ELECTION_STARTING:
                (void)snprintf(buf, size, "reads the lock and asks leader-guard about the unit");
                break;
        case ELECTION_CANDIDATE:
                if (h == REASON_DAMAGED_LOCK || h == REASON_LOCK_CHANGED)
                        (void)snprintf(buf, size,
                                       "waits: nobody touches such a lock. Stop %s on every host (systemctl stop "
                                       "leader-agent %s: one may be about to start it), then: "
                                       "kubectl -n %s patch configmap %s --type=merge -p "
                                       "'{\"metadata\":{\"finalizers\":null}}' and kubectl -n %s delete configmap %s",
                                       l->conf->unit, l->conf->unit, l->conf->namespace_, l->conf->name,
                                       l->conf->namespace_, l->conf->name);
                else if (h == REASON_STRANGE_HOLDER)
                        (void)snprintf(
                                buf, size,
                                "waits: %s/%s is no placeholder of %s, and is never deleted. Who wrote this "
                                "lock? To free it, stop %s on every host (systemctl stop leader-agent %s: one may "
                                "be about to start it), then: kubectl -n %s patch configmap %s --type=merge -p "
                                "'{\"metadata\":{\"finalizers\":null}}' and kubectl -n %s "
                                "delete configmap %s",
                                o ? placeholder_kind_to_string(o->placeholder_kind) : "?",
                                o ? o->placeholder_name : "?", o ? o->identity : "its holder", l->conf->unit,
                                l->conf->unit, l->conf->namespace_, l->conf->name, l->conf->namespace_, l->conf->name);
                else if (h == REASON_FOREIGN_LOCK)
                        (void)snprintf(buf, size, "waits for Pod %s to give the lock up", o ? o->owner.name : "?");
                else if (h == REASON_FOREIGN_POD)
                        (void)snprintf(buf, size,
                                       "waits until Pod %s has ended; when it runs nowhere any more: "
                                       "kubectl -n %s delete pod %s",
                                       l->pod.name, l->conf->namespace_, l->pod.name);
                else if (h == REASON_UNIT_FOREIGN)
                        describe_foreign(l, v, o && o->holder[0] ? name_of(l, o) : "another host", buf, size);
                else if (h == REASON_UNIT_UNFIT)
                        (void)snprintf(buf, size, "takes part again when that is cured");
                else if (h == REASON_GUARD_AWAY)
                        (void)snprintf(buf, size, "waits for leader-guard (systemctl status leader-guard)");
                else if (h == REASON_COOLDOWN)
                        (void)snprintf(buf, size, "takes part again %s", agent_when(v->takes_part_at_usec, "", t));
                else if (h == REASON_SLEEP)
                        (void)snprintf(buf, size, "takes part again when the host is awake");
                else if (h == REASON_OTHER_BOOT)
                        (void)snprintf(buf, size,
                                       "leaves it alone: when %s runs on no host, free it: leaderctl fence %s --holder "
                                       "%s --reason \"taken over by another boot\"",
                                       l->conf->unit, l->title, o ? o->identity : "IDENTITY");
                else if (h == REASON_NAME_TAKEN)
                        (void)snprintf(buf, size,
                                       "waits: is there another host with the identity %s (the same host name and "
                                       "machine id)? If not, delete that placeholder: kubectl -n %s delete %s %s",
                                       store_identity(l->agent->store), p->ns, placeholder_resource(p->kind).singular,
                                       p->name);
                else if (v->holder_seen ||
                         (o && v->lock.sort == LOCK_SOUND && v->lock.tenure == TENURE_LEASE && !v->lock.claimed))
                        describe_take_over(l, v, name_of(l, o), buf, size);
                else if (v->known && v->lock.sort == LOCK_ABSENT)
                        (void)snprintf(buf, size, "the lock is free: creates it");
                else if (v->lock.claimed)
                        (void)snprintf(buf, size, "asks leader-guard about the unit");
                else if (o)
                        (void)snprintf(buf, size,
                                       "waits for %s to release the lock. Only when that host is off for good, or %s "
                                       "is stopped there for certain: leaderctl fence %s --holder %s --reason TEXT",
                                       name_of(l, o), l->conf->unit, l->title, o->identity);
                else
                        (void)snprintf(buf, size, "waits for the lock to be released");
                break;
        case ELECTION_CLAIMING:
                if (core_placeholder_view(&l->agent->core, v->placeholder).state == PLACEHOLDER_TAKEN)
                        (void)snprintf(
                                buf, size,
                                "waits: the name of our placeholder, %s, is taken by one that is not ours, until "
                                "that is gone or silent",
                                p->name);
                else
                        (void)snprintf(buf, size,
                                       l->problem[0] ? "tries again to create the lock" : "creates the lock");
                break;
        case ELECTION_ADOPTING:
        case ELECTION_PROVING:
                (void)snprintf(buf, size, "proves that its placeholder is alive");
                break;
        case ELECTION_PERMITTING:
                if (v->unit == UNIT_FAILED)
                        describe_failed(l, buf, size);
                else if (v->unit == UNIT_FOREIGN || v->unit == UNIT_UNKNOWN)
                        (void)snprintf(
                                buf, size,
                                "leader-guard takes it over as it runs, or starts it, once it is neither on its way up "
                                "nor down (systemctl status %s); a stop that hangs ends this term",
                                l->conf->unit);
                else
                        (void)snprintf(buf, size, "leader-guard starts the unit, or takes it over as it runs");
                break;
        case ELECTION_LEADING:
                if (v->unit == UNIT_FAILED)
                        describe_failed(l, buf, size);
                else if (v->lock.tenure == TENURE_LEASE && l->agent->placeholders[v->own_placeholder]->problem[0])
                        (void)snprintf(buf, size, "%s %s",
                                       v->unit == UNIT_ENDED ? "gives the term up" : "stops the unit",
                                       agent_when(v->stop_at_usec, " unless a renewal is accepted before", t));
                else if (v->unit == UNIT_ENDED)
                        (void)snprintf(buf, size,
                                       "keeps the lock for its next start here, by its timer, or: systemctl start %s; "
                                       "to move on: leaderctl step-down %s",
                                       l->conf->unit, l->title);
                else
                        (void)snprintf(buf, size,
                                       v->lock.tenure == TENURE_LEASE                  ? "renews the lease"
                                       : agent_watch_is_down(l, clock_boottime_usec()) ? "reads the lock"
                                                                                       : "watches the lock");
                break;
        case ELECTION_STOPPING:
                if (agent_is_renamed(l) && v->known && !v->lock.claimed)
                        (void)snprintf(buf, size, "goes on when %s, which runs here for %s, was seen stopped",
                                       l->conf->unit, l->guard.lock);
                else if (agent_is_renamed(l))
                        (void)snprintf(
                                buf, size,
                                "%s runs here for %s: released when that ends (leaderctl step-down %s), or, when no "
                                "host has %s configured any more: leaderctl fence %s --holder %s --reason \"renamed\"",
                                l->conf->unit, l->guard.lock, l->guard.lock, l->title, l->title,
                                store_identity(l->agent->store));
                else
                        (void)snprintf(buf, size,
                                       agent_stop_fails(l) ? "keeps the lock until that is cured"
                                                           : "releases the lock when the unit was seen stopped");
                break;
        case ELECTION_RELEASING:
        case ELECTION_DEPOSING:
                (void)snprintf(buf, size, "removes the lock");
                break;
        case ELECTION_STOPPED:
                (void)snprintf(buf, size,
                               l->returning ? "begins anew"
                               : l->leaving ? "is no longer configured"
                                            : "the agent ends");
                break;
        }
}

/* Appends what ends a unit that runs here without a permit, where the lock that it runs beside does not say so. */
static void describe_beside(const struct agent_lock *l, const struct core_lock_view *v, char *buf, size_t size) {
        enum election_reason h = v->stays_out;

        if (agent_runs_beside(v) && h != REASON_DAMAGED_LOCK && h != REASON_LOCK_CHANGED && h != REASON_STRANGE_HOLDER)
                (void)snprintf(buf + strlen(buf), size - strlen(buf),
                               "; nobody stops %.255s here but a human: systemctl stop %.255s", l->conf->unit,
                               l->conf->unit);
}

void agent_next(const struct agent_lock *l, const struct core_lock_view *v, const struct lock_object *o, char *buf,
                size_t size) {
        describe_next(l, v, o, buf, size);
        describe_beside(l, v, buf, size);
}
