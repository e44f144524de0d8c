/* SPDX-License-Identifier: Apache-2.0 */
/* A term that goes on: why it could not, and proof, permit, extension, verification. The permit only after the proof
 * (ARCHITECTURE 5, claim 2). */
#include "core/election_step.h"

/* Why the term cannot go on, REASON_NONE when it can. */
static uint8_t broken(const struct step *s) {
        const struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;
        const struct placeholder_view *v = &s->views[l->tenure];
        bool permitted = e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING;
        bool answered = e->guard.linked && e->guard.fact.about == e->term.uid;
        uint64_t stop_at, kill_at;

        if (l->sort == LOCK_ABSENT || l->uid != e->term.uid)
                return REASON_LOCK_GONE;
        /* Marks are never taken back (claim 4), and a human may remove the finalizer at any time. */
        if (l->deleting) /* @mark-ends-the-term */
                return REASON_LOCK_DELETED;
        if (l->sort != LOCK_SOUND || !l->claimed)
                return REASON_LOCK_CHANGED;
        if (election_record_change(e) != RECORD_KEPT)
                return REASON_LOCK_CHANGED;
        if (!l->same_boot) /* @other-boot-ends-the-term */
                return REASON_OTHER_BOOT;
        /* Challengers wait for the placeholder that the lock names: under another one they would see us silent. */
        if (l->tenure == TENURE_LEASE && l->placeholder != e->term.placeholder) /* @lease-keeps-its-placeholder */
                return REASON_LOCK_CHANGED;
        if (l->tenure == TENURE_LEASE && l->orphaned) /* @lease-is-never-restored */
                return REASON_PLACEHOLDER_LOST;
        /* Lost is lost, also when we have a new one already: the proof of that is no proof of the lock (claim 2). */
        if (!l->orphaned && /* @placeholder-lost-ends-the-term */
            (v->status == PLACEHOLDER_NONE || (v->status == PLACEHOLDER_OURS && v->uid != l->placeholder)))
                return REASON_PLACEHOLDER_LOST;
        if (!election_instants(e, s->c, e->term.permit_proof_usec, &stop_at, &kill_at))
                return REASON_LEASE_TOO_SHORT;
        if (permitted && s->now >= stop_at)
                return REASON_LEASE_EXPIRED;
        /* A lease that no unit of this host can use keeps everybody else from it. @no-lease-without-guard */
        if (e->state == ELECTION_PROVING && l->tenure == TENURE_LEASE && !e->guard.linked &&
            s->now >= e->term.lapse_at_usec)
                return REASON_GUARD_AWAY;
        if (answered && e->guard.fact.revoked) /* @revoked-ends-the-term */
                return REASON_PERMIT_REVOKED;
        if (permitted && answered && e->guard.fact.refusal == GUARD_REFUSED_FOREIGN)
                return REASON_UNIT_FOREIGN;
        if (permitted && answered && e->guard.fact.refusal != GUARD_OK &&
            e->guard.fact.refusal != GUARD_REFUSED_OVERDUE)
                return REASON_UNIT_UNFIT;
        if (permitted && e->guard.fact.permit == e->term.uid && e->guard.fact.unit == UNIT_FAILED &&
            s->c->keys.on_failure == ON_FAILURE_RELEASE)
                return REASON_UNIT_FAILED;
        if (permitted && e->guard.fact.permit == e->term.uid && e->guard.fact.unit == UNIT_ENDED &&
            s->c->keys.on_exit == ON_EXIT_RELEASE)
                return REASON_UNIT_ENDED;
        if (permitted && e->guard.fact.permit == e->term.uid && s->c->keys.on_failure == ON_FAILURE_RELEASE &&
            restarts_over(&e->term.restarts, s->c->keys.restart_limit))
                return REASON_UNIT_RESTARTS;
        if (permitted && e->guard.fact.permit == e->term.uid &&
            (e->guard.fact.unit == UNIT_STOPPING || e->guard.fact.unit == UNIT_STUCK))
                return REASON_PERMIT_REVOKED;
        if (e->wants.stop)
                return REASON_AGENT_STOP;
        if (s->c->away && l->tenure == TENURE_LEASE)
                return REASON_SLEEP;
        if (e->wants.step_down)
                return REASON_STEP_DOWN;
        return REASON_NONE;
}

static void permit(struct step *s, uint64_t proven_at) {
        uint64_t stop_at, kill_at;

        if (!election_instants(s->e, s->c, proven_at, &stop_at, &kill_at) || s->now >= stop_at)
                return;
        s->e->term.permit_proof_usec = proven_at;
        s->e->guard.permit_again = false;
        step_tell(s, ELECTION_MSG_PERMIT, s->e->term.uid, stop_at, kill_at);
}

/* Ours and not broken: prove, permit, extend, verify. guard_spoke: this event came from it. */
void step_lead(struct step *s, bool guard_spoke) {
        struct election *e = s->e;
        const struct placeholder_view *v = &s->views[e->lock.fact.tenure];
        /* Of the very placeholder that the lock names, and sent after the lock was known to be ours (claim 2).
         * @proof-of-the-named-uid */
        bool proven = v->status == PLACEHOLDER_OURS && v->uid == e->lock.fact.placeholder &&
                      v->proven_at_usec >= e->term.own_at_usec;
        uint8_t reason = broken(s);

        if (reason != REASON_NONE) {
                step_begin_stop(s, e->term.uid, reason);
                return;
        }
        if (s->now >= e->timers.verify_at_usec)
                e->lock.reread = true;
        if (e->lock.reread)
                step_request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (e->lock.fact.orphaned && v->status == PLACEHOLDER_OURS &&
                 v->proven_at_usec >= e->lock.orphan_at_usec) {
                e->term.placeholder = v->uid;
                /* @restore-by-version */
                step_request(s, ELECTION_OP_RESTORE, e->lock.fact.uid, e->lock.fact.version, v->uid);
        }

        if (e->state == ELECTION_PROVING) {
                /* The answer to our POST may be as late as it likes, and others count from when they saw the lock. */
                if (!proven || !e->guard.linked || e->lock.reread) /* @no-permit-without-proof */
                        return;
                permit(s, v->proven_at_usec); /* @permit-counts-from-the-proof */
                if (e->term.permit_proof_usec)
                        step_move(s, ELECTION_PERMITTING);
                return;
        }
        if (e->state == ELECTION_PERMITTING && e->guard.linked && e->guard.fact.permit == e->term.uid &&
            (e->guard.fact.unit == UNIT_RUNNING || e->guard.fact.unit == UNIT_ENDED)) {
                e->term.leading_since_usec = s->now;
                step_move(s, ELECTION_LEADING);
        }
        if (!e->guard.linked)
                return;
        if (e->lock.fact.tenure == TENURE_LEASE && proven && v->proven_at_usec > e->term.permit_proof_usec)
                permit(s, v->proven_at_usec);
        else if (guard_spoke && (e->guard.fact.permit != e->term.uid || e->guard.permit_again))
                permit(s, e->term.permit_proof_usec); /* a guard that may not know of it */
        if (guard_spoke)
                e->guard.permit_again = false;
}
