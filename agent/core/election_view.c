/* SPDX-License-Identifier: Apache-2.0 */
/* What core and placeholders may know of an election: its wishes to the placeholders, its next deadline, why it stays
 * out, its invariant (ARCHITECTURE 5, I1). Changes nothing. What the shells see of it is in core_view.c. */
#include "core/election_parts.h"

/* The configured interval was checked against the configured deadline; this term may have begun under another
 * configuration, and have a shorter one. */
static uint64_t interval(const struct election *e, const struct election_conf *c) {
        uint64_t deadline, kill_at;

        if (!election_instants(e, c, 0, &deadline, &kill_at) ||
            (c->tenure == TENURE_LEASE && deadline == c->timing.renew_deadline_usec))
                return 0;
        return deadline / 3;
}

struct election_wish election_wish(const struct election *e, const struct election_conf *c, enum tenure tenure) {
        const struct lock_fact *l = &e->lock.fact;
        bool term = e->state >= ELECTION_PROVING && e->state <= ELECTION_RELEASING && election_knows(e) &&
                    l->sort == LOCK_SOUND && l->uid == e->term.uid && l->tenure == tenure;
        /* Not before the lock was read: at the start that is one connection to the server instead of two. */
        struct election_wish w = {.needed = c->tenure == tenure && election_knows(e) && e->state != ELECTION_STOPPED &&
                                            !e->wants.stop};
        bool doubtful = (e->state == ELECTION_STOPPING || e->state == ELECTION_RELEASING) && e->term.sole_at_usec &&
                        l->sort == LOCK_DAMAGED && l->uid == e->term.uid && l->tenure == tenure &&
                        l->uid != e->past.rival_uid;
        uint64_t kill_at;

        if (doubtful) { /* (a renewal tells whether a copy of this host leads under it) */
                w.named = l->placeholder;
                w.needed = true;
                w.proof_after_usec = e->term.lapsed ? 0 : e->term.sole_at_usec;
        }
        if (term && election_own(e)) {
                w.named = l->orphaned ? 0 : l->placeholder; /* an orphaned lock names nobody that could be kept */
                w.needed = true;
                /* Until the stop is confirmed: of a unit that outlives its kill instant (state D) the renewals are all
                 * that keeps others off. */
                w.renewing = tenure == TENURE_LEASE && e->state <= ELECTION_STOPPING &&
                             !(e->state == ELECTION_STOPPING && e->term.lapsed);
                if (w.renewing)
                        w.interval_usec = interval(e, c);
                if (w.renewing && (e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING) &&
                    !election_instants(e, c, e->term.permit_proof_usec, &w.until_usec, &kill_at))
                        w.until_usec = 0;
                if (e->state == ELECTION_PROVING)
                        w.proof_after_usec = e->term.own_at_usec;
                if (e->state >= ELECTION_STOPPING && e->term.sole_at_usec && !e->term.lapsed)
                        w.proof_after_usec = e->term.sole_at_usec;
                if (l->orphaned && e->lock.orphan_at_usec > w.proof_after_usec)
                        w.proof_after_usec = e->lock.orphan_at_usec;
        }
        if (e->state == ELECTION_CLAIMING && tenure == c->tenure && e->past.prove_first_usec > w.proof_after_usec)
                w.proof_after_usec = e->past.prove_first_usec;
        if ((e->state == ELECTION_CANDIDATE || e->state == ELECTION_DEPOSING) && tenure == TENURE_LEASE &&
            election_knows(e) && l->sort == LOCK_SOUND && l->tenure == TENURE_LEASE && !election_own(e))
                w.observed = l->placeholder;
        return w;
}

static uint64_t min(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

uint64_t election_deadline(const struct election *e, const struct election_conf *c,
                           const struct placeholder_view views[N_TENURES]) {
        uint64_t at = USEC_INFINITY, stop_at, kill_at;
        bool permitted = e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING;

        if (e->state == ELECTION_STOPPED)
                return USEC_INFINITY;
        if (e->op == ELECTION_OP_NONE && e->timers.retry.at_usec)
                at = min(at, e->timers.retry.at_usec);
        if (e->state == ELECTION_STOPPING && e->term.stop == STOP_UNANSWERED && !e->term.lapsed) /* @wakes-to-lapse */
                at = min(at, e->term.lapse_at_usec);
        /* @wakes-to-give-up */
        if (e->state == ELECTION_PROVING && e->lock.fact.tenure == TENURE_LEASE && !e->guard.linked)
                at = min(at, e->term.lapse_at_usec);
        if (e->timers.cool_until_usec)
                at = min(at, e->timers.cool_until_usec);
        if (!e->lock.reread && (e->state <= ELECTION_CANDIDATE || e->state == ELECTION_PROVING || permitted))
                at = min(at, e->timers.verify_at_usec);
        if (e->state == ELECTION_CANDIDATE && e->op == ELECTION_OP_NONE && !e->timers.retry.at_usec &&
            e->holder.state != HOLDER_UNSEEN && e->lock.fact.sort == LOCK_SOUND &&
            e->lock.fact.tenure == TENURE_LEASE && !e->lock.reread && e->holder.lock == e->lock.fact.uid &&
            !election_own(e) && /* (then it is the guard's answer that is waited for) */
            election_stays_out(e, views, 0, c) == REASON_NONE)
                at = min(at, util_usec_add(e->holder.seen_at_usec, election_silence_usec(e, c)));
        if (e->state == ELECTION_CANDIDATE && e->op == ELECTION_OP_NONE && !e->timers.retry.at_usec &&
            !e->lock.reread && election_stays_out(e, views, 0, c) == REASON_FOREIGN_POD)
                at = min(at, e->timers.pod_at_usec);
        if (permitted && election_instants(e, c, e->term.permit_proof_usec, &stop_at, &kill_at))
                at = min(at, stop_at);
        return at;
}

/* Whether a unit that runs here without a permit keeps this host from competing: where the lock is free and the guard
 * would give it a permit, this host takes the lock first and the guard the unit, as it runs. What is wrong with the
 * lock itself is told instead. */
static bool foreign_stays_out(const struct election *e) {
        const struct lock_fact *l = &e->lock.fact;

        /* (told to stop it when the lock was still held: its answer comes first) */
        if (!election_knows(e) || (l->sort == LOCK_ABSENT && e->guard.eviction == EVICTION_SENT))
                return true;
        return l->sort == LOCK_ABSENT ? e->guard.fact.unfit : election_held_elsewhere(e);
}

uint8_t election_stays_out(const struct election *e, const struct placeholder_view views[N_TENURES], uint64_t now_usec,
                           const struct election_conf *c) {
        if (!e->guard.linked || e->guard.fact.unit == UNIT_UNKNOWN)
                return REASON_GUARD_AWAY;
        if (e->guard.fact.unit == UNIT_STUCK || (e->guard.fact.unit == UNIT_FOREIGN && foreign_stays_out(e)) ||
            (e->guard.fact.unit == UNIT_STOPPING && !e->guard.fact.permit))
                return REASON_UNIT_FOREIGN;
        /* A lock that the guard would give no permit for keeps it from hosts that could use it. @unfit-stays-out */
        if (e->guard.fact.unfit)
                return REASON_UNIT_UNFIT;
        if (election_knows(e) && e->lock.fact.sort == LOCK_FOREIGN)
                return REASON_FOREIGN_LOCK;
        /* Whoever takes a Pod's lock away does not stop the Pod. */
        if (election_knows(e) && e->lock.fact.sort == LOCK_ABSENT && e->past.pod_uid)
                return REASON_FOREIGN_POD;
        if (election_knows(e) && e->lock.fact.sort == LOCK_DAMAGED)
                return REASON_DAMAGED_LOCK;
        if (election_knows(e) && e->lock.fact.sort == LOCK_SOUND && election_record_change(e) == RECORD_BROKEN)
                return REASON_LOCK_CHANGED;
        if (election_strange_holder(e))
                return REASON_STRANGE_HOLDER;
        if (c->away && c->tenure == TENURE_LEASE)
                return REASON_SLEEP;
        if (e->past.unfit_uid && e->lock.fact.sort != LOCK_ABSENT && e->lock.fact.uid == e->past.unfit_uid)
                return REASON_OTHER_BOOT;
        if (views[c->tenure].name_taken && (c->tenure == TENURE_LIFE || views[c->tenure].strange))
                return REASON_NAME_TAKEN;
        if (now_usec < e->timers.cool_until_usec)
                return REASON_COOLDOWN;
        return REASON_NONE;
}

bool election_invariant(const struct election *e) {
        if (e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING)
                return election_own(e) && e->lock.fact.uid == e->term.uid && !e->lock.fact.deleting &&
                       e->term.permit_proof_usec >= e->term.own_at_usec && e->term.stop != STOP_CONFIRMED;
        if (e->state == ELECTION_RELEASING)
                return e->term.stop == STOP_CONFIRMED && e->term.uid;
        return true;
}
