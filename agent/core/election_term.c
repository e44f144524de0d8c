/* SPDX-License-Identifier: Apache-2.0 */
/* Whose lock it is, and what its record allows: what an election knows without an event. ARCHITECTURE 5, claim 2: what
 * is ours carries a claim of this disk; claim 5: the lock's record binds both sides. */
#include "core/election_parts.h"

bool election_own(const struct election *e) {
        /* A clone has the claim too, and an earlier boot had it: with a lease they wait like any other (claim 5), and
         * so do we for a copy of us with our memory. A life lock is taken over from an earlier boot, for the unit ended
         * with that. @own-by-claim-and-boot */
        return election_knows(e) && e->lock.fact.sort == LOCK_SOUND && e->lock.fact.claimed &&
               (e->lock.fact.tenure == TENURE_LIFE || e->lock.fact.same_boot) && e->lock.fact.uid != e->past.rival_uid;
}

bool election_held_elsewhere(const struct election *e) {
        const struct lock_fact *l = &e->lock.fact;

        return election_knows(e) && l->sort == LOCK_SOUND && (!election_own(e) || l->uid == e->past.unfit_uid) &&
               election_record_change(e) != RECORD_BROKEN && !election_strange_holder(e);
}

bool election_strange_holder(const struct election *e) {
        return election_knows(e) && e->lock.fact.sort == LOCK_SOUND && e->lock.fact.tenure == TENURE_LEASE &&
               e->holder.lock == e->lock.fact.uid && e->holder.uid == e->lock.fact.placeholder &&
               e->holder.state == HOLDER_LIVES && !e->holder.genuine; /* @only-a-placeholder-is-deleted */
}

uint8_t election_record_change(const struct election *e) {
        return e->record.uid == e->lock.fact.uid ? e->record.change : RECORD_KEPT;
}

uint64_t election_silence_usec(const struct election *e, const struct election_conf *c) {
        /* What its POST said may have been lowered since, and its holder cut off all the while. */
        uint64_t d = e->record.uid == e->lock.fact.uid ? e->record.longest_usec : e->lock.fact.duration_usec;

        return timing_silence_usec(d, c->timing.rate_permille); /* @wait-as-recorded */
}

bool election_instants(const struct election *e, const struct election_conf *c, uint64_t proven_at_usec,
                       uint64_t *ret_stop_at, uint64_t *ret_kill_at) {
        struct timing_lease t = c->timing;

        *ret_stop_at = *ret_kill_at = USEC_INFINITY;
        if (e->lock.fact.tenure == TENURE_LIFE)
                return true;
        /* What the lock records binds the holder too; the configuration may only be stricter. */
        t.duration_usec = e->lock.fact.duration_usec;
        if (e->term.stop_timeout_usec) {
                /* A configuration that was read again counts from the next term. */
                t.stop_timeout_usec = e->term.stop_timeout_usec;
                t.kill_margin_usec = e->term.kill_margin_usec;
        }
        return timing_instants(&t, proven_at_usec, ret_stop_at, ret_kill_at);
}
