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

/* leader-guard says that it cannot finish the stop. */
static bool stop_fails(const struct agent_lock *l) {
        return l->has_guard && l->stop_fails;
}

static void describe_next(const struct agent_lock *l, const struct core_lock_view *v, char *buf, size_t size) {
        const struct agent_placeholder *p = l->agent->placeholders[v->placeholder];
        const struct lock_object *o = object(l, v);
        char t[CLOCK_TEXT_SIZE], span[TIMESPAN_MAX];
        enum election_reason h = v->stays_out;

        buf[0] = '\0';
        switch (v->state) {
        case ELECTION_STARTING:
                (void)snprintf(buf, size, "reads the lock and asks leader-guard about the unit");
                break;
        case ELECTION_CANDIDATE:
                if (h == REASON_DAMAGED_LOCK || h == REASON_LOCK_CHANGED)
                        (void)snprintf(buf, size,
                                       "waits: nobody touches such a lock. Stop %s on every host (systemctl stop "
                                       "leader-agent: one may be about to start it), then: "
                                       "kubectl -n %s patch configmap %s --type=merge -p "
                                       "'{\"metadata\":{\"finalizers\":null}}' and kubectl -n %s delete configmap %s",
                                       l->conf->unit, l->conf->namespace_, l->conf->name, l->conf->namespace_,
                                       l->conf->name);
                else if (h == REASON_STRANGE_HOLDER)
                        (void)snprintf(buf, size,
                                       "waits: %s/%s is no placeholder of %s, and is never deleted. Who wrote this "
                                       "lock? To free it, stop %s on every host (systemctl stop leader-agent: one may "
                                       "be about to start it), then: kubectl -n %s patch configmap %s --type=merge -p "
                                       "'{\"metadata\":{\"finalizers\":null}}' and kubectl -n %s "
                                       "delete configmap %s",
                                       o ? placeholder_kind_to_string(o->placeholder_kind) : "?",
                                       o ? o->placeholder_name : "?", o ? o->identity : "its holder", l->conf->unit,
                                       l->conf->namespace_, l->conf->name, l->conf->namespace_, l->conf->name);
                else if (h == REASON_FOREIGN_LOCK)
                        (void)snprintf(buf, size, "waits for Pod %s to give the lock up", o ? o->owner.name : "?");
                else if (h == REASON_UNIT_FOREIGN)
                        (void)snprintf(buf, size, "stays out until %s is stopped here (systemctl stop %s)",
                                       l->conf->unit, l->conf->unit);
                else if (h == REASON_UNIT_UNFIT)
                        (void)snprintf(buf, size, "takes part again when that is cured");
                else if (h == REASON_GUARD_AWAY)
                        (void)snprintf(buf, size, "waits for leader-guard (systemctl status leader-guard)");
                else if (h == REASON_COOLDOWN)
                        (void)snprintf(buf, size, "takes part again at %s",
                                       clock_format_boottime(v->takes_part_at_usec, t));
                else if (h == REASON_SLEEP)
                        (void)snprintf(buf, size, "takes part again when the host is awake");
                else if (h == REASON_NAME_TAKEN)
                        (void)snprintf(buf, size,
                                       "waits: delete that placeholder when no other host uses this identity: kubectl "
                                       "-n %s delete %s %s",
                                       p->ns, placeholder_resource(p->kind).singular, p->name);
                else if (v->holder_seen && clock_boottime_usec() - v->holder_since_usec > v->longest_usec / 2)
                        (void)snprintf(buf, size, "takes over at %s unless %s renews its lease",
                                       clock_format_boottime(v->takes_over_at_usec, t), o ? o->holder : "the holder");
                else if (v->holder_seen) /* no instant: it would be another one each time */
                        (void)snprintf(buf, size, "takes over if %s is silent for %s", o ? o->holder : "the holder",
                                       timespan_format(span, v->longest_usec));
                else if (v->lock.claimed)
                        (void)snprintf(buf, size, "asks leader-guard about the unit");
                else if (o)
                        (void)snprintf(buf, size,
                                       "waits for %s to release the lock. Only when that host is off for good, or %s "
                                       "is stopped there for certain: leaderctl fence %s --holder %s --reason TEXT",
                                       o->holder, l->conf->unit, l->title, o->identity);
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
                        (void)snprintf(buf, size, "creates the lock");
                break;
        case ELECTION_ADOPTING:
        case ELECTION_PROVING:
                (void)snprintf(buf, size, "proves that its placeholder is alive");
                break;
        case ELECTION_PERMITTING:
                (void)snprintf(buf, size, "leader-guard starts the unit");
                break;
        case ELECTION_LEADING:
                if (v->unit == UNIT_FAILED)
                        (void)snprintf(
                                buf, size,
                                "keeps the lock and waits for you: systemctl start %s, or leaderctl step-down %s",
                                l->conf->unit, l->title);
                else
                        (void)snprintf(buf, size,
                                       v->lock.tenure == TENURE_LEASE ? "renews the lease" : "watches the lock");
                break;
        case ELECTION_STOPPING:
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

/* What the API server refuses to this lock or to its placeholder; connection trouble is told once, for the agent. */
static const char *problem(const struct agent_lock *l, const struct core_lock_view *v) {
        const struct agent *a = l->agent;

        const struct agent_placeholder *p = a->placeholders[v->placeholder];

        /* What keeps it from the disk is said all the same: nothing may be asked of the API for as long. */
        if (a->api_error[0])
                return l->claims.failing ? l->problem : p->claims.failing ? p->problem : "";
        return l->problem[0] ? l->problem : p->problem;
}

/* Why it is as it is. *ret_unit: what leader-guard found wrong with the unit belongs to it. */
static const char *why(const struct agent_lock *l, const struct core_lock_view *v, bool *ret_unit) {
        bool about_unit =
                v->reason == REASON_UNIT_FAILED || v->reason == REASON_UNIT_UNFIT || v->reason == REASON_UNIT_FOREIGN;

        *ret_unit = about_unit;
        if (v->state == ELECTION_CANDIDATE && v->stays_out != REASON_NONE &&
            !(v->stays_out == REASON_COOLDOWN && about_unit)) {
                /* Silent, or it answers that it cannot tell. */
                bool cannot_tell = v->stays_out == REASON_GUARD_AWAY && v->guard_linked && l->trouble[0];

                *ret_unit = v->stays_out == REASON_UNIT_FOREIGN || v->stays_out == REASON_UNIT_UNFIT || cannot_tell;
                if (v->stays_out == REASON_UNIT_UNFIT)
                        return "leader-guard would refuse to start the unit";
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
        return election_reason_to_string((uint8_t)v->reason);
}

void agent_describe(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *t) {
        const struct lock_object *o = object(l, v);
        bool unit;
        const char *reason = why(l, v, &unit), *damage = o ? o->damage : "";

        *t = (struct agent_text){
                .role = role(v),
                .holder = o ? o->holder : "",
                .holder_identity = o ? o->identity : "",
                .unit_state = l->has_guard ? unit_state_to_string(l->guard.unit_state) : "unknown",
                .term = o ? o->term : "",
                .lock_uid = o ? o->uid : "",
                .damage = o && o->form == LOCK_FORM_DAMAGED ? o->damage : "",
        };
        (void)clock_format_utc(l->since_realtime_usec, t->since);
        (void)snprintf(t->reason, sizeof(t->reason), "%s%s%.200s%s%.500s", reason, reason[0] && damage[0] ? ": " : "",
                       damage, unit && l->trouble[0] && reason[0] ? ": " : "", unit ? l->trouble : "");
        if (problem(l, v)[0])
                (void)snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason), "%s%.400s",
                               t->reason[0] ? "; " : "", problem(l, v));
        describe_next(l, v, t->next, sizeof(t->next));
        if (!v->guard_linked && v->state >= ELECTION_PROVING && v->state <= ELECTION_STOPPING)
                (void)snprintf(t->next, sizeof(t->next),
                               "waits for leader-guard, which does not answer "
                               "(systemctl status leader-guard)");
        if (v->state == ELECTION_LEADING && v->stop_at_usec != USEC_INFINITY)
                (void)wall(v->stop_at_usec, t->valid_until);
}
