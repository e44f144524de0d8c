/* SPDX-License-Identifier: Apache-2.0 */
/* One lock in words: role, reason; what happens next is agent_next.c's and agent_away.c's. Says what the core's view
 * says, with the core's own instants; decides nothing. */
#include <stdio.h>

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

#define SERVES_ANOTHER "leader-guard serves another agent"

/* What the API server refuses to this lock or to its placeholder; connection trouble is told once, for the agent. */
static const char *problem(const struct agent_lock *l, const struct core_lock_view *v) {
        const struct agent *a = l->agent;
        const struct agent_placeholder *p = a->placeholders[v->placeholder];

        if (v->state == ELECTION_STOPPED)
                return ""; /* nothing is asked for any more */
        /* What keeps it from the disk is said all the same: nothing may be asked of the API for as long. */
        if (agent_api_is_silent(a, clock_boottime_usec()))
                return l->claims.failing ? l->problem : p->claims.failing ? p->problem : "";
        return l->problem[0] ? l->problem : l->holder_problem[0] ? l->holder_problem : p->problem;
}

/* Why it is as it is, as long as it is so. *ret_unit: what leader-guard found wrong with the unit belongs to it. */
static const char *why(const struct agent_lock *l, const struct core_lock_view *v, bool *ret_unit) {
        bool about_unit = v->reason == REASON_UNIT_FAILED || v->reason == REASON_UNIT_ENDED ||
                          v->reason == REASON_UNIT_RESTARTS || v->reason == REASON_UNIT_UNFIT ||
                          v->reason == REASON_UNIT_FOREIGN;

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
                if (v->stays_out == REASON_GUARD_AWAY && agent_is_second(l))
                        return SERVES_ANOTHER;
                return cannot_tell ? "leader-guard cannot see the unit"
                                   : election_reason_to_string((uint8_t)v->stays_out);
        }
        if (v->state == ELECTION_PERMITTING || v->state == ELECTION_LEADING) {
                *ret_unit = true;
                return "";
        }
        if (v->state == ELECTION_STOPPING && agent_stop_fails(l)) {
                *ret_unit = true;
                return "leader-guard cannot finish the stop";
        }
        if (v->state == ELECTION_STOPPING && v->reason == REASON_GUARD_AWAY && agent_is_second(l))
                return SERVES_ANOTHER;
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

/* When another host that holds the lock wrote last, by its clock: as seen when it was read (life) or told (lease). */
static void describe_heartbeat(const struct agent_lock *l, const struct core_lock_view *v, const struct lock_object *o,
                               struct agent_text *t) {
        bool leased = o && l->has_holder_seen && v->holder_seen && util_streq(l->holder_seen.uid, o->placeholder_uid);
        uint64_t at = leased ? clock_parse_utc(l->holder_seen.renew_time) : l->sign.version[0] ? l->sign.last_usec : 0;

        if (at)
                (void)clock_format_utc(at, t->heartbeat);
}

/* The holder of a lock for life, by its own clock. */
static void describe_sign(const struct agent_lock *l, struct agent_text *t) {
        char at[CLOCK_TEXT_SIZE];

        /* (what it wrote may be no time) */
        (void)snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason),
                       "%sno sign of life of %s%s%s%s", t->reason[0] ? "; " : "", t->who[0] ? t->who : "the holder",
                       l->sign.last_usec ? " since " : "",
                       l->sign.last_usec ? clock_format_local(l->sign.last_usec, at) : "",
                       l->sign.last_usec ? " (its clock)" : "");
}

/* Of our own term what its lock says: that outlives a restart of the agent. */
static uint64_t since(const struct agent_lock *l, const struct core_lock_view *v, const struct lock_object *o) {
        uint64_t at = agent_in_term(v) && v->state <= ELECTION_LEADING && o && v->lock.claimed
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

void agent_describe(const struct agent_lock *l, const struct core_lock_view *v, struct agent_text *t) {
        const struct lock_object *o = object(l, v);
        bool unit, silent = agent_api_is_silent(l->agent, clock_boottime_usec());
        const char *reason = why(l, v, &unit), *damage = o ? o->damage : "";

        *t = (struct agent_text){
                .role = agent_role(l, v),
                .next_tenure = "",
                .tenure = tenure_to_string(agent_in_term(v) ? (enum tenure)v->lock.tenure : l->conf->tenure),
                .since_usec = since(l, v, o),
                .holder_usec = o ? clock_parse_utc(o->acquired_at) : 0,
                .holder = o ? o->holder : "",
                .holder_identity = o ? o->identity : "",
                .unit_state = l->has_guard ? unit_state_to_string(l->guard.unit_state) : "unknown",
                .unit_restarts = l->has_guard && l->guard.permit_uid[0] ? l->guard.restarts : 0,
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
        if (l->sign.silent && !silent) /* else it could not be seen */
                describe_sign(l, t);
        if (problem(l, v)[0])
                (void)snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason), "%s%.400s",
                               t->reason[0] ? "; " : "", problem(l, v));
        if (!agent_away(l, v, t))
                agent_next(l, v, o, t->next, sizeof(t->next));
        t->leads_well = v->state == ELECTION_LEADING && v->unit == UNIT_RUNNING && v->guard_linked && !t->reason[0];
        t->waits_well = v->state == ELECTION_CANDIDATE && v->stays_out == REASON_NONE && !t->reason[0] && t->who[0] &&
                        v->lock.sort == LOCK_SOUND && !v->lock.claimed &&
                        !(v->holder_seen && clock_boottime_usec() - v->holder_since_usec > v->longest_usec / 2);
        describe_heartbeat(l, v, o, t);
        if (v->state == ELECTION_LEADING && v->stop_at_usec != USEC_INFINITY && v->stop_at_usec > clock_boottime_usec())
                (void)wall(v->stop_at_usec, t->valid_until);
}
