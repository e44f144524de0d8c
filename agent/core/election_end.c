/* SPDX-License-Identifier: Apache-2.0 */
/* How a term ends: the revoke before anything else; DELETE and finalizer removal of a lock of ours only after the guard
 * saw the unit stopped (ARCHITECTURE 5, claim 4a); a lock beside a copy of this host is left to the copy (claim 5). A
 * state that began to stop never turns back. */
#include "core/election_step.h"

uint64_t step_lapse_at(const struct step *s) {
        return util_usec_add(s->now, timing_lasting_usec(&s->c->timing)); /* @lease-outlasts-the-unit */
}

/* Whether the permit that was sent last has ended by itself. */
static bool expired(const struct step *s) {
        uint64_t proof = s->e->term.permit_proof_usec, stop_at, kill_at;

        return proof && election_instants(s->e, s->c, proof, &stop_at, &kill_at) && s->now >= stop_at;
}

/* Ours by what is written in it, but nothing tells that it was us who wrote that: its claims cannot be read or are
 * gone, or it is a copy of this host with its memory that made them, and leads under this lock. */
static bool doubtful(const struct step *s, uint64_t uid) {
        const struct lock_fact *l = &s->e->lock.fact;

        return l->uid == uid && l->sort == LOCK_DAMAGED && l->tenure == TENURE_LEASE &&
               s->c->tenure == TENURE_LEASE && /* (a life lock that somebody made a lease names none of ours) */
               s->e->guard.fact.permit != uid;
}

/* Another instance of us leads under the lock, or (a damaged one) may until its placeholder has been waited out. */
bool step_of_rival(const struct step *s) {
        const struct lock_fact *l = &s->e->lock.fact;

        return l->uid && l->uid == s->e->past.rival_uid &&
               (l->sort == LOCK_SOUND || s->views[l->tenure].taken_uid == l->placeholder);
}

void step_begin_stop(struct step *s, uint64_t uid, uint8_t reason) {
        struct election *e = s->e;

        if (e->term.leading_since_usec && s->now - e->term.leading_since_usec > s->c->keys.cooldown.max_usec)
                e->past.failures = 0;
        e->term.cool_usec = 0;
        if (reason == REASON_STEP_DOWN)
                e->term.cool_usec = s->c->keys.step_down_hold_usec;
        else if (reason == REASON_UNIT_ENDED) /* no failure: each host gets its turn, at the same pace */
                e->term.cool_usec = s->c->keys.cooldown.min_usec;
        else if (reason == REASON_UNIT_FAILED || reason == REASON_UNIT_RESTARTS || reason == REASON_UNIT_UNFIT ||
                 reason == REASON_UNIT_FOREIGN) {
                /* Guard or systemd in trouble says nothing about the unit (systemd may just execute itself anew). */
                bool passing = reason == REASON_UNIT_UNFIT && (e->guard.fact.refusal == GUARD_REFUSED_INTERNAL ||
                                                               e->guard.fact.refusal == GUARD_REFUSED_REQUEST);

                e->past.failures = (uint8_t)(e->past.failures < 30 ? e->past.failures + 1 : 30);
                struct retry_limits limits = s->c->keys.cooldown;

                if (passing)
                        limits.min_usec = USEC_PER_SEC;
                e->term.cool_usec = retry_step_usec(e->past.failures, &limits);
        }
        if (reason == REASON_OTHER_BOOT)
                e->past.unfit_uid = uid;
        if (!e->term.permit_proof_usec)
                e->past.prove_first_usec = s->now;
        e->term.uid = uid;
        e->term.reason = reason;
        e->term.revoke_sent = false;
        /* Whatever the guard last said: a permit may be on its way to it, and only an answer to the revoke is later. */
        e->term.stop = STOP_UNANSWERED; /* @idle-is-revoked-too */
        e->wants.step_down = false;
        e->term.leading_since_usec = 0;
        /* No permit is sent from here on: whoever enforces the last one has ended the unit by then, guard or PID 1. */
        e->term.lapse_at_usec = step_lapse_at(s);
        e->term.lapsed = false;
        e->term.sole_at_usec = expired(s) ? s->now : 0; /* @expired-is-proven-before-it-is-removed */
        if (doubtful(s, uid))
                e->term.sole_at_usec = s->now;
        e->term.permit_proof_usec = 0;
        step_move(s, ELECTION_STOPPING);
}

static void finish(struct step *s) {
        struct election *e = s->e;

        e->term.uid = 0;
        e->term.placeholder = 0;
        e->term.stop_timeout_usec = e->term.kill_margin_usec = 0;
        if (e->term.cool_usec)
                e->timers.cool_until_usec = util_usec_add(s->now, e->term.cool_usec);
        step_move(s, e->wants.stop ? ELECTION_STOPPED : ELECTION_CANDIDATE);
}

/* Whether the lock of a term that ends may be removed. A copy of this host with its memory has our claim and boot id:
 * it may lead under this very lock, and goes on when ours is the one that stops. Whoever has our placeholder renewed
 * it; and after a lease has run out, or when it is only by its looks that the lock is ours, a renewal of our own must
 * tell that nobody has (claim 5). */
static bool sole(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;
        const struct placeholder_view *v = &s->views[l->tenure];

        /* (Nobody leads under one that is damaged: whoever sees that stops.) */
        if (l->tenure != TENURE_LEASE || l->uid != e->term.uid || (l->sort != LOCK_SOUND && !e->term.sole_at_usec))
                return true;
        if (v->taken_uid && v->taken_uid == l->placeholder) { /* @rival-keeps-its-lock */
                /* What looked damaged to us may be sound, now that we know that the placeholder is not ours. */
                e->lock.reread = e->lock.reread || (l->sort != LOCK_SOUND && e->past.rival_uid != l->uid);
                e->past.rival_uid = l->uid;
                return false;
        }
        if (v->status == PLACEHOLDER_PENDING && e->term.sole_at_usec && l->uid != e->past.rival_uid)
                return false; /* whose it is comes first: it is being read (election_wish()) */
        return v->status != PLACEHOLDER_OURS || v->uid != l->placeholder || v->proven_at_usec >= e->term.sole_at_usec;
}

void step_stopping(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;
        bool ours = l->uid == e->term.uid && election_own(e) && l->same_boot;

        /* As if the agent had crashed: a guard that is gone for good must not keep a lease alive that nobody uses. */
        e->term.lapsed = e->term.stop == STOP_UNANSWERED && s->now >= e->term.lapse_at_usec; /* @lapses-unanswered */
        if (!e->guard.linked && !e->guard.query)
                return; /* (just connected is enough: the revoke waits for no answer) */
        if (!e->term.revoke_sent) {
                e->term.revoke_sent = true;
                step_tell(s, ELECTION_MSG_REVOKE, e->term.uid, 0, 0);
        }
        if (e->term.stop == STOP_CONFIRMED) { /* @release-after-the-confirmed-stop */
                /* Little time is left: what was refused before is tried at once. */
                if (e->wants.stop)
                        e->timers.retry = (struct retry){};
                step_move(s, ELECTION_RELEASING);
        } else if (e->term.stop == STOP_TAKEN && ours && !l->deleting && !e->lock.reread && sole(s))
                /* Only marks it. After the confirmed stop one PATCH is left between two terms. */
                step_request(s, ELECTION_OP_DELETE, l->uid, 0, 0); /* @stopping-marks-by-uid */
}

/* The unit was seen stopped (claim 4). Only a lock that an answer showed as marked loses its finalizer, and only that
 * version: whatever changed it since is looked at first. */
void step_releasing(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        if (e->lock.reread || e->lock.source != LOCK_SOURCE_ANSWER)
                step_request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (l->sort == LOCK_ABSENT || l->uid != e->term.uid || !l->claimed || l->uid == e->past.unfit_uid ||
                 !l->same_boot || step_of_rival(s))
                finish(s); /* gone, or not ours to remove */
        else if (!sole(s))
                s->moved = step_of_rival(s); /* or waits for the renewal */
        else if (l->deleting)
                step_request(s, ELECTION_OP_STRIP, l->uid, l->version, 0); /* @release-by-version */
        else
                step_request(s, ELECTION_OP_DELETE, l->uid, 0, 0); /* @releasing-marks-by-uid */
}
