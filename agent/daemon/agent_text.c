/* SPDX-License-Identifier: Apache-2.0 */
/* One lock in words: role, reason, what happens next. Says what the core's view says, with the core's own instants;
 * decides nothing. */
#include <stdio.h>

#include "codec/timespan.h"
#include "daemon/agent_parts.h"

/* The object behind what the core believes, for its names. */
static const struct lock_object *object(const struct agent_lock *l, const struct core_lock_view *v) {
        if (!v->known || v->lock.sort == LOCK_ABSENT)
                return NULL;
        if (l->has_answered && util_token(l->answered.uid) == v->lock.uid &&
            util_token(l->answered.version) == v->lock.version)
                return &l->answered;
        return l->has_seen ? &l->seen : l->has_answered ? &l->answered : NULL;
}

static const char *role(const struct core_lock_view *v) {
        switch (v->state) {
        case ELECTION_STARTING:
        case ELECTION_ADOPTING:
        case ELECTION_PROVING:
        case ELECTION_PERMITTING:
                return "starting";
        case ELECTION_CANDIDATE:
        case ELECTION_CLAIMING:
                return v->stays_out == REASON_NONE       ? "candidate"
                       : v->stays_out == REASON_COOLDOWN ? "cooldown"
                                                         : "blocked";
        case ELECTION_DEPOSING:
                return "candidate";
        case ELECTION_LEADING:
                return "leader";
        case ELECTION_STOPPING:
                return "stopping";
        case ELECTION_RELEASING:
                return "releasing";
        case ELECTION_STOPPED:
                return "stopped";
        }
        return "?";
}

/* Realtime text of a boottime instant. */
static const char *wall(uint64_t at_usec, char buf[static CLOCK_TEXT_SIZE]) {
        uint64_t now = clock_boottime_usec(), real = clock_realtime_usec();

        return clock_format_utc(at_usec > now ? real + (at_usec - now) : real - (now - at_usec), buf);
}

/* Whether a term of ours is in force or ends. */
static bool in_term(const struct core_lock_view *v) {
        return v->state >= ELECTION_PROVING && v->state <= ELECTION_RELEASING;
}

#define WHEN_SIZE (CLOCK_TEXT_SIZE + 128)

/* "at 12:40:07", with what may prevent it; of an instant that is over "now": it is seen to in this turn. */
static const char *when(uint64_t at_usec, const char *unless, char buf[static WHEN_SIZE]) {
        char t[CLOCK_TEXT_SIZE];

        if (at_usec <= clock_boottime_usec())
                (void)snprintf(buf, WHEN_SIZE, "now");
        else
                (void)snprintf(buf, WHEN_SIZE, "at %s%s", clock_format_boottime(at_usec, t), unless);
        return buf;
}

/* While the API server is silent nothing else comes next. */
static bool describe_silence(const struct core_lock_view *v, char *buf, size_t size) {
        char t[WHEN_SIZE];

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
                if (v->unit == UNIT_FAILED)
                        return false;
                if (v->stop_at_usec != USEC_INFINITY)
                        (void)snprintf(buf, size, "stops the unit %s",
                                       when(v->stop_at_usec, " unless the API server answers before", t));
                else
                        (void)snprintf(buf, size, "the unit runs on; no hand-over until the API server answers");
                return true;
        case ELECTION_STOPPING:
                return false;
        case ELECTION_RELEASING:
                (void)snprintf(buf, size, "removes the lock when the API server answers");
                return true;
        case ELECTION_STOPPED:
                break;
        }
        return false;
}

/* leader-guard answers, and serves another agent: which one is told with the agent. */
static bool is_second(const struct agent_lock *l) {
        return !l->agent->link_up && l->agent->link_refused;
}

/* leader-guard says that it cannot finish the stop. */
static bool stop_fails(const struct agent_lock *l) {
        return l->has_guard && l->stop_fails;
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
        bool refused = l->problem[0] || agent_credentials_are_over(l->agent);
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

static void describe_next(const struct agent_lock *l, const struct core_lock_view *v, char *buf, size_t size) {
        const struct agent_placeholder *p = l->agent->placeholders[v->placeholder];
        const struct lock_object *o = object(l, v);
        char t[WHEN_SIZE];
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
                        (void)snprintf(buf, size, "takes part again %s", when(v->takes_part_at_usec, "", t));
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
                if (v->unit == UNIT_FOREIGN || v->unit == UNIT_UNKNOWN)
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
                        (void)snprintf(
                                buf, size,
                                "keeps the lock and waits for you: systemctl start %s, or leaderctl step-down %s",
                                l->conf->unit, l->title);
                else if (v->lock.tenure == TENURE_LEASE && l->agent->placeholders[v->own_placeholder]->problem[0])
                        (void)snprintf(buf, size, "stops the unit %s",
                                       when(v->stop_at_usec, " unless a renewal is accepted before", t));
                else
                        (void)snprintf(buf, size,
                                       v->lock.tenure == TENURE_LEASE                  ? "renews the lease"
                                       : agent_watch_is_down(l, clock_boottime_usec()) ? "reads the lock"
                                                                                       : "watches the lock");
                break;
        case ELECTION_STOPPING:
                if (l->has_guard && l->guard.lock[0] && !util_streq(l->guard.lock, l->title))
                        (void)snprintf(
                                buf, size,
                                "%s runs here for %s: released when that ends (leaderctl step-down %s), or, when no "
                                "host has %s configured any more: leaderctl fence %s --holder %s --reason \"renamed\"",
                                l->conf->unit, l->guard.lock, l->guard.lock, l->title, l->title,
                                store_identity(l->agent->store));
                else
                        (void)snprintf(buf, size,
                                       stop_fails(l) ? "keeps the lock until that is cured"
                                                     : "releases the lock when the unit was seen stopped");
                break;
        case ELECTION_RELEASING:
        case ELECTION_DEPOSING:
                (void)snprintf(buf, size, "removes the lock");
                break;
        case ELECTION_STOPPED:
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

/* What the API server refuses to this lock or to its placeholder; connection trouble is told once, for the agent. */
static const char *problem(const struct agent_lock *l, const struct core_lock_view *v) {
        const struct agent *a = l->agent;
        const struct agent_placeholder *p = a->placeholders[v->placeholder];

        /* What keeps it from the disk is said all the same: nothing may be asked of the API for as long. */
        if (agent_api_is_silent(a, clock_boottime_usec()))
                return l->claims.failing ? l->problem : p->claims.failing ? p->problem : "";
        return l->problem[0] ? l->problem : p->problem;
}

/* Why it is as it is, as long as it is so. *ret_unit: what leader-guard found wrong with the unit belongs to it. */
static const char *why(const struct agent_lock *l, const struct core_lock_view *v, bool *ret_unit) {
        bool about_unit =
                v->reason == REASON_UNIT_FAILED || v->reason == REASON_UNIT_UNFIT || v->reason == REASON_UNIT_FOREIGN;

        *ret_unit = about_unit;
        if ((v->state == ELECTION_CANDIDATE || v->state == ELECTION_CLAIMING) && v->stays_out != REASON_NONE &&
            !(v->stays_out == REASON_COOLDOWN && v->reason != REASON_NONE)) {
                /* Silent, or it answers that it cannot tell. */
                bool cannot_tell = v->stays_out == REASON_GUARD_AWAY && v->guard_linked && l->trouble[0];

                *ret_unit = v->stays_out == REASON_UNIT_FOREIGN || v->stays_out == REASON_UNIT_UNFIT || cannot_tell;
                if (v->stays_out == REASON_UNIT_UNFIT)
                        return "leader-guard would refuse to start the unit";
                if (v->stays_out == REASON_UNIT_FOREIGN && v->unit == UNIT_STUCK)
                        return "the unit was killed, and is still there";
                if (v->stays_out == REASON_GUARD_AWAY && is_second(l))
                        return "leader-guard serves another agent";
                return cannot_tell ? "leader-guard cannot see the unit"
                                   : election_reason_to_string((uint8_t)v->stays_out);
        }
        if (v->state == ELECTION_PERMITTING || v->state == ELECTION_LEADING) {
                *ret_unit = true;
                return "";
        }
        if (v->state == ELECTION_STOPPING && stop_fails(l)) {
                *ret_unit = true;
                return "leader-guard cannot finish the stop";
        }
        if (v->state == ELECTION_STOPPING || v->state == ELECTION_RELEASING ||
            (v->state == ELECTION_CANDIDATE && v->stays_out == REASON_COOLDOWN))
                return election_reason_to_string((uint8_t)v->reason);
        *ret_unit = false;
        return "";
}

/* Why the lock of another is being removed. */
static void describe_deposed(const struct core_lock_view *v, const char *who, char *buf, size_t size) {
        char t[CLOCK_TEXT_SIZE];

        (void)snprintf(buf, size, "%s has been silent since %s", who[0] ? who : "the holder",
                       clock_format_boottime(v->holder_since_usec, t));
}

/* Of our own term what its lock says: that outlives a restart of the agent. */
static uint64_t since(const struct agent_lock *l, const struct core_lock_view *v, const struct lock_object *o) {
        uint64_t at = in_term(v) && v->state <= ELECTION_LEADING && o && v->lock.claimed
                              ? clock_parse_utc(o->acquired_at)
                              : 0;

        return at ? at : l->since_realtime_usec;
}

/* The host name alone, unless it is ours and the holder is somebody else. */
static void describe_who(const struct agent_lock *l, const struct lock_object *o, char *buf, size_t size) {
        const struct agent *a = l->agent;

        if (!o)
                buf[0] = '\0';
        else if (util_streq(o->holder, a->host) && !util_streq(o->identity, store_identity(a->store)))
                (void)snprintf(buf, size, "%s, another host of that name (%s)", o->holder, o->identity);
        else
                (void)snprintf(buf, size, "%s", o->holder[0] ? o->holder : o->owner.name);
}

const struct lock_object *agent_lock_object(const struct agent_lock *l) {
        struct core_lock_view v = agent_view(l);

        return object(l, &v);
}

const char *agent_role(const struct agent_lock *l, const struct core_lock_view *v) {
        bool refused = agent_namespace_refusal(l->namespace_)[0];

        return refused && (v->state < ELECTION_PROVING || v->state > ELECTION_RELEASING) && v->state != ELECTION_STOPPED
                       ? "blocked"
                       : role(v);
}

/* Its namespace is another one, or gone: what the lock was last is history. */
static void describe_refusal(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *t) {
        bool leads = v->state >= ELECTION_PROVING && v->state <= ELECTION_RELEASING;
        bool renews = l->namespace_->state == AGENT_NAMESPACE_GONE && v->lock.tenure == TENURE_LEASE &&
                      v->state <= ELECTION_STOPPING;

        t->next_is_trouble = true; /* what it is, and the command, are told with the agent */
        (void)snprintf(t->reason, sizeof(t->reason), "nothing%s may be sent to namespace %s",
                       renews ? " but renewals" : "", l->namespace_->name);
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

void agent_describe(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *t) {
        const struct lock_object *o = object(l, v);
        bool unit, silent = agent_api_is_silent(l->agent, clock_boottime_usec());
        const char *reason = why(l, v, &unit), *damage = o ? o->damage : "";

        *t = (struct agent_text){
                .role = agent_role(l, v),
                .next_tenure = "",
                .tenure = tenure_to_string(in_term(v) ? (enum tenure)v->lock.tenure : l->conf->tenure),
                .since_usec = since(l, v, o),
                .holder_usec = o ? clock_parse_utc(o->acquired_at) : 0,
                .holder = o ? o->holder : "",
                .holder_identity = o ? o->identity : "",
                .unit_state = l->has_guard ? unit_state_to_string(l->guard.unit_state) : "unknown",
                .term = o ? o->term : "",
                .lock_uid = o ? o->uid : "",
                .damage = o && o->form == LOCK_FORM_DAMAGED ? o->damage : "",
        };
        if (!util_streq(t->tenure, tenure_to_string(l->conf->tenure)))
                t->next_tenure = tenure_to_string(l->conf->tenure);
        (void)clock_format_utc(t->since_usec, t->since);
        if (t->holder_usec)
                (void)clock_format_utc(t->holder_usec, t->acquired);
        describe_who(l, o, t->who, sizeof(t->who));
        if (v->state == ELECTION_DEPOSING)
                describe_deposed(v, t->who, t->reason, sizeof(t->reason));
        else
                (void)snprintf(t->reason, sizeof(t->reason), "%s%s%.200s%s%.511s", reason,
                               reason[0] && damage[0] ? ": " : "", damage,
                               unit && l->trouble[0] && reason[0] ? ": " : "", unit ? l->trouble : "");
        if (agent_runs_beside(v))
                (void)snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason),
                               "; %.255s runs here without a permit", l->conf->unit);
        if (problem(l, v)[0])
                (void)snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason), "%s%.400s",
                               t->reason[0] ? "; " : "", problem(l, v));
        t->next_is_trouble = silent && describe_silence(v, t->next, sizeof(t->next));
        if (!t->next_is_trouble) {
                describe_next(l, v, t->next, sizeof(t->next));
                describe_beside(l, v, t->next, sizeof(t->next));
        }
        if (agent_namespace_refusal(l->namespace_)[0])
                describe_refusal(l, v, t);
        if (waits_for_guard(l, v)) {
                (void)snprintf(t->next, sizeof(t->next), "waits for leader-guard, which %s",
                               is_second(l) ? "serves another agent"
                                            : "does not answer (systemctl status leader-guard)");
                t->next_is_trouble = !l->agent->link_up && l->agent->link_error[0];
        }
        t->leads_well = v->state == ELECTION_LEADING && v->unit == UNIT_RUNNING && v->guard_linked && !t->reason[0];
        t->waits_well = v->state == ELECTION_CANDIDATE && v->stays_out == REASON_NONE && !t->reason[0] && t->who[0] &&
                        v->lock.sort == LOCK_SOUND && !v->lock.claimed &&
                        !(v->holder_seen && clock_boottime_usec() - v->holder_since_usec > v->longest_usec / 2);
        if (v->state == ELECTION_LEADING && v->stop_at_usec != USEC_INFINITY && v->stop_at_usec > clock_boottime_usec())
                (void)wall(v->stop_at_usec, t->valid_until);
}
