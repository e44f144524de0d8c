/* SPDX-License-Identifier: Apache-2.0 */
/* What others may know of an election: its wishes to the heartbeats, its next deadline, why it stays out, its
 * invariant. */
#include "core/election_parts.h"

/* The configured interval was checked against the configured deadline; this term may have begun under another
 * configuration, and have a shorter one. */
static uint64_t interval(const struct election *e, const struct election_conf *c) {
        uint64_t deadline, kill_at;

        if (!election_instants(e, c, 0, &deadline, &kill_at) ||
            (c->tenure == CORE_LEASE && deadline == c->renew_deadline_usec))
                return 0;
        return deadline / 3;
}

struct election_wish election_wish(const struct election *e, const struct election_conf *c, uint8_t tenure) {
        const struct lock_fact *l = &e->lock;
        bool term = e->state >= ELECTION_PROVING && e->state <= ELECTION_RELEASING && e->lock_known &&
                    l->sort == LOCK_SOUND && l->uid == e->term_uid && l->tenure == tenure;
        /* Not before the lock was read: at the start that is one connection to the server instead of two. */
        struct election_wish w = {.needed = c->tenure == tenure && e->lock_known && e->state != ELECTION_STOPPED &&
                                            !e->stop_wanted};

        if (term && election_own(e)) {
                w.named = l->orphaned ? 0 : l->placeholder; /* an orphaned lock names nobody that could be kept */
                w.needed = true;
                /* Until the stop is confirmed: a lease that ran out before would let another host begin too early. */
                w.renewing = tenure == CORE_LEASE && e->state <= ELECTION_STOPPING &&
                             !(e->state == ELECTION_STOPPING && e->lapsed);
                if (w.renewing)
                        w.interval_usec = interval(e, c);
                if (e->state == ELECTION_PROVING)
                        w.proof_after_usec = e->own_at_usec;
                if (l->orphaned && e->orphan_at_usec > w.proof_after_usec)
                        w.proof_after_usec = e->orphan_at_usec;
        }
        if (e->state == ELECTION_CLAIMING && tenure == c->tenure && e->prove_first_usec > w.proof_after_usec)
                w.proof_after_usec = e->prove_first_usec;
        if ((e->state == ELECTION_CANDIDATE || e->state == ELECTION_DEPOSING) && tenure == CORE_LEASE &&
            e->lock_known && l->sort == LOCK_SOUND && l->tenure == CORE_LEASE && !election_own(e))
                w.observed = l->placeholder;
        return w;
}

static uint64_t min(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

uint64_t election_deadline(const struct election *e, const struct election_conf *c,
                           const struct heartbeat_view views[N_CORE_TENURES]) {
        uint64_t at = USEC_INFINITY, stop_at, kill_at;
        bool permitted = e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING;

        (void)views;
        if (e->state == ELECTION_STOPPED)
                return USEC_INFINITY;
        if (e->op == ELECTION_OP_NONE && e->retry_at_usec)
                at = min(at, e->retry_at_usec);
        if (e->state == ELECTION_STOPPING && !e->revoke_taken && !e->lapsed)
                at = min(at, e->lapse_at_usec);
        if (e->state == ELECTION_PROVING && e->lock.tenure == CORE_LEASE && !e->guard_linked)
                at = min(at, e->lapse_at_usec);
        if (e->cool_until_usec)
                at = min(at, e->cool_until_usec);
        if (!e->reread && (e->state <= ELECTION_CANDIDATE || e->state == ELECTION_PROVING || permitted))
                at = min(at, e->verify_at_usec);
        if (e->state == ELECTION_CANDIDATE && e->op == ELECTION_OP_NONE && !e->retry_at_usec && e->holder_seen &&
            e->lock.sort == LOCK_SOUND && e->lock.tenure == CORE_LEASE && !e->reread && e->holder_lock == e->lock.uid &&
            election_hold(e, views, 0, c) == REASON_NONE)
                at = min(at, util_usec_add(e->holder_seen_at_usec, election_silence_usec(e, c)));
        if (permitted && election_instants(e, c, e->permit_proof_usec, &stop_at, &kill_at))
                at = min(at, stop_at);
        return at;
}

uint8_t election_hold(const struct election *e, const struct heartbeat_view views[N_CORE_TENURES], uint64_t now_usec,
                      const struct election_conf *c) {
        if (!e->guard_linked || e->guard.unit == GUARD_UNIT_UNKNOWN)
                return REASON_GUARD_AWAY;
        if (e->guard.unit == GUARD_UNIT_FOREIGN || e->guard.unit == GUARD_UNIT_STUCK)
                return REASON_UNIT_FOREIGN;
        if (e->lock_known && e->lock.sort == LOCK_FOREIGN)
                return REASON_FOREIGN_LOCK;
        if (e->lock_known && e->lock.sort == LOCK_DAMAGED)
                return REASON_DAMAGED_LOCK;
        if (c->away && c->tenure == CORE_LEASE)
                return REASON_SLEEP;
        if (e->unfit_uid && e->lock.sort != LOCK_ABSENT && e->lock.uid == e->unfit_uid)
                return REASON_OTHER_BOOT;
        if (views[c->tenure].strange && c->tenure == CORE_LIFE)
                return REASON_STRANGE_NAME;
        if (now_usec < e->cool_until_usec)
                return REASON_COOLDOWN;
        return REASON_NONE;
}

bool election_invariant(const struct election *e) {
        if (e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING)
                return election_own(e) && e->lock.uid == e->term_uid && !e->lock.deleting &&
                       e->permit_proof_usec >= e->own_at_usec && !e->stop_confirmed;
        if (e->state == ELECTION_RELEASING)
                return e->stop_confirmed && e->term_uid;
        return true;
}
