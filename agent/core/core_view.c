/* SPDX-License-Identifier: Apache-2.0 */
/* What the shells may know of elections and placeholders: to show it to humans, and to follow what matters. Changes
 * nothing. Instants are those that the core itself goes by. */
#include "core/core_parts.h"
#include "core/election_parts.h"

static bool settled(const struct election *e) {
        return e->state != ELECTION_STARTING && (e->state < ELECTION_CLAIMING || e->state > ELECTION_PROVING);
}

static bool leased(const struct core_lock *l) {
        const struct election *e = &l->election;

        if (e->op == ELECTION_OP_CREATE)
                return l->conf.tenure == TENURE_LEASE;
        return e->state >= ELECTION_PROVING && e->state <= ELECTION_RELEASING && e->lock.fact.tenure == TENURE_LEASE;
}

/* Until the guard has seen the unit stopped after our revoke, or says that it has no permit. */
static bool may_run(const struct election *e) {
        if (e->state >= ELECTION_PERMITTING && e->state <= ELECTION_STOPPING)
                return true;
        if (e->state == ELECTION_RELEASING || e->state == ELECTION_STOPPED)
                return false;
        return e->guard.linked ? e->guard.fact.permit != 0 : e->state == ELECTION_STARTING;
}

/* A lease of ours that nobody renews any more: whoever waits for it counts from when he saw the last renewal. */
static uint64_t free_at(const struct core *core, const struct core_lock *l) {
        const struct election *e = &l->election;
        const struct placeholder *h = &core->placeholders[l->placeholder[TENURE_LEASE]].placeholder;

        if (!election_own(e) || e->lock.fact.tenure != TENURE_LEASE || !h->renewed_at_usec)
                return USEC_INFINITY;
        return util_usec_add(h->renewed_at_usec, election_silence_usec(e, &l->conf));
}

static void view_holder(const struct core_lock *l, struct core_lock_view *v) {
        const struct election *e = &l->election;

        v->takes_over_at_usec = USEC_INFINITY;
        if (!v->known || e->lock.fact.tenure != TENURE_LEASE || e->lock.fact.sort != LOCK_SOUND)
                return;
        v->holder_wanted = e->state == ELECTION_CANDIDATE && e->holder.uid && e->holder.uid == e->lock.fact.placeholder;
        if (e->holder.state == HOLDER_UNSEEN || e->holder.uid != e->lock.fact.placeholder)
                return;
        v->holder_seen = true;
        v->holder_since_usec = e->holder.seen_at_usec;
        v->takes_over_at_usec = util_usec_add(e->holder.seen_at_usec, election_silence_usec(e, &l->conf));
}

struct core_lock_view core_lock_view(const struct core *core, size_t i, uint64_t now_usec) {
        const struct core_lock *l = &core->locks[i];
        const struct election *e = &l->election;
        struct placeholder_view views[N_TENURES];
        struct core_lock_view v = {
                .state = e->state,
                .op = e->op,
                .reason = e->term.reason,
                .known = election_knows(e),
                .lock = e->lock.fact,
                .term_uid = e->term.uid,
                .longest_usec = e->record.uid == e->lock.fact.uid ? e->record.longest_usec : e->lock.fact.duration_usec,
                .leased = leased(l),
                .guard_linked = e->guard.linked,
                .unit = e->guard.fact.unit,
                .unfit = e->guard.fact.unfit,
                .evicted = e->guard.eviction >= EVICTION_SENT,
                .settled = settled(e),
                .may_run = may_run(e),
                .free_at_usec = free_at(core, l),
                .takes_part_at_usec = e->timers.cool_until_usec,
                .stop_at_usec = USEC_INFINITY,
                .kill_at_usec = USEC_INFINITY,
                .next_tenure = l->conf.tenure,
                .placeholder = l->placeholder[l->conf.tenure],
                .own_placeholder = l->placeholder[e->lock.fact.tenure],
        };

        for (unsigned t = 0; t < N_TENURES; t++)
                views[t] = placeholder_view(&core->placeholders[l->placeholder[t]].placeholder);
        v.stays_out = election_stays_out(e, views, now_usec, &l->conf);
        if (e->lock.fact.tenure == TENURE_LEASE)
                v.stop_timeout_usec = e->term.stop_timeout_usec;
        view_holder(l, &v);
        if (e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING)
                (void)election_instants(e, &l->conf, e->term.permit_proof_usec, &v.stop_at_usec, &v.kill_at_usec);
        return v;
}

struct core_placeholder_view core_placeholder_view(const struct core *core, size_t i) {
        const struct core_placeholder *p = &core->placeholders[i];
        struct placeholder_wish w = core_wish(core, i);

        return (struct core_placeholder_view){
                .state = p->placeholder.state,
                .op = p->placeholder.op,
                .uid = p->placeholder.uid,
                .version = p->placeholder.version,
                .wanted = p->conf.tenure == TENURE_LIFE && w.named,
                .unproven = p->placeholder.proven_at_usec < w.proof_after_usec,
        };
}

bool core_released(const struct core *core) {
        for (size_t i = 0; i < core->n_locks; i++)
                if (core->locks[i].election.state != ELECTION_STOPPED)
                        return false;
        for (size_t i = 0; i < core->n_placeholders; i++)
                if (core->placeholders[i].placeholder.state == PLACEHOLDER_LIVE &&
                    core->placeholders[i].placeholder.retry.attempts < 2)
                        return false;
        return true;
}

bool core_leased(const struct core *core) {
        for (size_t i = 0; i < core->n_locks; i++)
                if (leased(&core->locks[i]))
                        return true;
        return false;
}

bool core_settled(const struct core *core) {
        for (size_t i = 0; i < core->n_locks; i++)
                if (!settled(&core->locks[i].election))
                        return false;
        return true;
}
