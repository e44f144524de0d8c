/* SPDX-License-Identifier: Apache-2.0 */
/* How a lock becomes ours: waiting, watching the holder, claiming, adopting after a boot, and removing another's lock
 * only behind the wait (ARCHITECTURE 5, claims 4b and 5: observe(), deposing()). */
#include "core/election_step.h"

/* Our own lock, met while not leading: by a late POST, after a restart, after a boot. */
static void take_up(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        /* A watch never begins a term: what it shows as ours may be gone or somebody else's by now. */
        if (e->lock.source != LOCK_SOURCE_ANSWER) {
                e->lock.reread = true;
                step_request(s, ELECTION_OP_READ, 0, 0, 0);
                return;
        }
        if (!e->guard.linked)
                return;
        if (e->guard.fact.about != l->uid) {
                /* Has this uid been revoked in this boot? Then it is never led again (claim 4). Asked once. */
                e->guard.query = e->guard.query || e->guard.asked_uid != l->uid;
                e->guard.asked_uid = l->uid;
                return;
        }
        e->term.placeholder = l->placeholder;
        if (!l->same_boot && e->guard.fact.revoked) {
                /* Revoked in this boot, yet another boot is written in it: a clone leads under our claim. */
                e->past.unfit_uid = l->uid;
                s->moved = true;
        } else if (!l->same_boot && e->guard.fact.permit == l->uid)
                step_begin_stop(s, l->uid, REASON_OTHER_BOOT);
        else if (!l->same_boot) /* @other-boot-is-adopted-first */
                /* Also when it is only to be released: from here on it is this boot's, whatever restarts come. */
                step_move(s, ELECTION_ADOPTING);
        else if (l->sort != LOCK_SOUND || election_record_change(e) != RECORD_KEPT)
                step_begin_stop(s, l->uid, REASON_LOCK_CHANGED);
        else if (l->deleting) /* @marked-is-not-led */
                step_begin_stop(s, l->uid, REASON_LOCK_DELETED);
        else if (e->guard.fact.revoked) /* @revoked-is-not-led */
                step_begin_stop(s, l->uid, REASON_PERMIT_REVOKED);
        else if (e->wants.stop)
                step_begin_stop(s, l->uid, REASON_AGENT_STOP);
        else if (s->c->away && l->tenure == TENURE_LEASE)
                step_begin_stop(s, l->uid, REASON_SLEEP);
        else if (s->now < e->timers.cool_until_usec)
                step_begin_stop(s, l->uid, REASON_COOLDOWN);
        else {
                e->term.uid = l->uid;
                e->term.revoke_sent = false;
                e->term.stop = STOP_UNANSWERED;
                e->term.own_at_usec = s->now;
                e->term.permit_proof_usec = 0;
                e->term.restarts = (struct restarts){};
                e->term.stop_timeout_usec = s->c->timing.stop_timeout_usec;
                e->term.kill_margin_usec = s->c->timing.kill_margin_usec;
                /* A lease that is kept alive with nobody here to run the unit keeps everybody else from it. */
                e->term.lapse_at_usec = step_lapse_at(s);
                step_move(s, ELECTION_PROVING);
        }
}

/* Has the placeholder that the lock names been read? It is asked for when not. */
static bool holder_read(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        if (e->holder.lock != l->uid || e->holder.uid != l->placeholder) {
                e->holder.lock = l->uid;
                e->holder.uid = l->placeholder;
                e->holder.state = HOLDER_UNSEEN;
                e->holder.fresh = e->holder.look = false;
        }
        if (e->holder.state == HOLDER_UNSEEN || e->holder.look) {
                step_request(s, ELECTION_OP_READ_HOLDER, 0, 0, 0);
                return false;
        }
        return true;
}

/* The holder's placeholder has not been as it is for long enough: also when it is gone, for whoever deleted it did not
 * stop the unit (claim 5). */
static bool must_wait(const struct step *s) {
        const struct election *e = s->e;

        if (s->now < util_usec_add(e->holder.seen_at_usec, election_silence_usec(e, s->c))) /* @silence-is-waited-out */
                return true;
        return false;
}

/* Somebody else's lease lock: has its placeholder been silent for its recorded duration, on our clock? */
static void observe(struct step *s) {
        struct election *e = s->e;

        if (!holder_read(s))
                return;
        if (must_wait(s))
                return;
        if (!e->holder.fresh) /* @read-again-after-the-wait */
                step_request(s, ELECTION_OP_READ_HOLDER, 0, 0, 0);
        else if (e->holder.state == HOLDER_GONE) /* @swapped-or-gone-first */
                step_move(s, ELECTION_DEPOSING);
        else {
                e->holder.swap_version = e->op == ELECTION_OP_NONE ? e->holder.version : e->holder.swap_version;
                /* The compare-and-swap: a renewal on its way to the server either makes this fail or fails itself.
                 * @swap-by-uid-and-version */
                step_request(s, ELECTION_OP_DELETE_HOLDER, e->holder.uid, e->holder.version, 0);
        }
}

/* The unit runs here without a permit while somebody else holds the lock: the guard is told to stop it, once the lock
 * (and of a lease, that its holder is one of us) was read after that was seen. Returns true while something is asked
 * for. */
static bool evict(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        if (e->guard.eviction != EVICTION_NONE && e->guard.evict_uid != l->uid)
                e->guard.eviction = EVICTION_NONE;
        if (!e->guard.linked || e->guard.fact.unit != UNIT_FOREIGN || e->guard.fact.permit ||
            s->c->keys.on_foreign != ON_FOREIGN_STOP || !election_held_elsewhere(e))
                return false;
        if (l->tenure == TENURE_LEASE && !holder_read(s))
                return true;
        if (e->guard.eviction >= EVICTION_SENT)
                return false;
        if (e->guard.eviction == EVICTION_NONE || e->lock.source != LOCK_SOURCE_ANSWER) {
                e->guard.eviction = EVICTION_READ;
                e->guard.evict_uid = l->uid;
                e->lock.reread = true;
                step_request(s, ELECTION_OP_READ, 0, 0, 0);
                return true;
        }
        e->guard.eviction = EVICTION_SENT;
        step_tell(s, ELECTION_MSG_EVICT, l->uid, 0, 0); /* @evict-where-it-is-held-elsewhere */
        return false;
}

void step_candidate(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;
        bool ours = election_own(e) ||
                    (election_knows(e) && l->sort == LOCK_DAMAGED && l->claimed && l->same_boot && !step_of_rival(s));
        uint8_t hold;

        if (s->now >= e->timers.verify_at_usec) {
                e->lock.reread = true;
                e->holder.look = e->holder.look || election_strange_holder(e);
        }
        /* Read before our own placeholder was: only with that is such a lock known for ours, its claims being gone.
         * (Nobody can depose it while another lock keeps the placeholder alive.) @unclaimed-is-read-again */
        if (l->sort == LOCK_SOUND && l->tenure == TENURE_LEASE && !l->claimed && l->same_boot &&
            s->views[TENURE_LEASE].status == PLACEHOLDER_OURS && s->views[TENURE_LEASE].uid == l->placeholder)
                e->lock.reread = true;
        if (e->lock.reread || !election_knows(e)) {
                unsigned unanswered = e->wants.stop ? e->timers.retry.attempts : 0;

                if (unanswered && e->guard.linked && e->guard.fact.permit)
                        step_begin_stop(s, e->guard.fact.permit, REASON_AGENT_STOP);
                else if (unanswered > 1 && s->c->ending && e->op == ELECTION_OP_NONE)
                        step_move(s, ELECTION_STOPPED); /* (a lock that left the configuration is not forgotten) */
                else
                        step_request(s, ELECTION_OP_READ, 0, 0, 0);
                return;
        }
        /* What still runs here under a lock that is not ours (any more) comes to its end before anything is claimed. */
        if (e->guard.linked && e->guard.fact.permit && e->guard.fact.permit != (ours ? l->uid : 0)) {
                step_begin_stop(s, e->guard.fact.permit, REASON_PERMIT_STALE);
                return;
        }
        hold = election_stays_out(e, s->views, s->now, s->c);
        if (ours && l->uid != e->past.unfit_uid) {
                take_up(s);
                return;
        }
        e->wants.step_down = false;
        if (e->wants.stop) {
                if (e->op == ELECTION_OP_NONE)
                        step_move(s, ELECTION_STOPPED);
                return;
        }
        if (e->state == ELECTION_STARTING && e->guard.linked)
                step_move(s, ELECTION_CANDIDATE);
        if (evict(s))
                return;
        /* What is wrong with the lock keeps everybody from it: told before what keeps only this host from it. */
        if (hold == REASON_NAME_TAKEN && l->sort == LOCK_SOUND && l->tenure == TENURE_LEASE)
                (void)holder_read(s);
        if (hold == REASON_FOREIGN_POD && s->now >= e->timers.pod_at_usec)
                step_request(s, ELECTION_OP_READ_POD, e->past.pod_uid, 0, 0);
        if (hold != REASON_NONE && !(hold == REASON_STRANGE_HOLDER && e->holder.look))
                return;
        if (l->sort == LOCK_ABSENT)
                step_move(s, ELECTION_CLAIMING);
        else if (l->tenure == TENURE_LEASE) /* @only-leases-are-waited-out */
                observe(s);
        if (!e->claim_ready && !s->moved)
                step_request(s, ELECTION_OP_CLAIM, 0, 0, 0); /* ahead of time: a takeover then begins with the POST */
}

void step_claiming(struct step *s) {
        struct election *e = s->e;
        const struct placeholder_view *v = &s->views[s->c->tenure];

        if (e->op != ELECTION_OP_NONE)
                return;
        if (e->lock.reread || e->lock.fact.sort != LOCK_ABSENT || e->wants.stop ||
            election_stays_out(e, s->views, s->now, s->c) != REASON_NONE)
                step_move(s, ELECTION_CANDIDATE);
        else if (!e->claim_ready)
                step_request(s, ELECTION_OP_CLAIM, 0, 0, 0);
        else if (v->status == PLACEHOLDER_OURS && v->proven_at_usec >= e->past.prove_first_usec)
                step_request(s, ELECTION_OP_CREATE, 0, 0, v->uid);
}

void step_adopting(struct step *s) {
        struct election *e = s->e;

        if (e->wants.stop && s->c->ending && e->timers.retry.attempts > 1 && e->op == ELECTION_OP_NONE)
                step_move(s, ELECTION_STOPPED); /* the API does not answer, and nothing of ours runs */
        else if (e->lock.reread)
                step_request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (!election_own(e) || e->lock.fact.same_boot || !e->guard.linked)
                step_move(s, ELECTION_CANDIDATE);
        else
                step_request(s, ELECTION_OP_ADOPT, e->lock.fact.uid, e->lock.fact.version, 0); /* @adopt-by-version */
}

/* The holder was waited out and its placeholder is gone (claim 5): what is left is its lock, by uid and version. */
void step_deposing(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        if (e->lock.reread || e->lock.source != LOCK_SOURCE_ANSWER)
                step_request(s, ELECTION_OP_READ, 0, 0, 0);
        /* Another lock, or with another holder, than the one that was waited for. @deposes-what-it-waited-for */
        else if (l->sort != LOCK_SOUND || l->tenure != TENURE_LEASE || l->uid != e->holder.lock ||
                 l->placeholder != e->holder.uid || election_own(e) || e->wants.stop) {
                e->holder.lock = e->holder.uid = 0;
                step_move(s, ELECTION_CANDIDATE);
        } else if (election_record_change(e) == RECORD_BROKEN ||
                   (e->holder.state == HOLDER_GONE && must_wait(s))) { /* (an old event may show it once more) */
                /* Somebody has written into it meanwhile: a longer duration is waited out, too. */
                step_move(s, ELECTION_CANDIDATE);
        } else if (l->deleting) /* @strip-what-is-marked */
                /* @strip-by-version */
                step_request(s, ELECTION_OP_STRIP, l->uid, l->version, 0);
        else
                /* Not left to the garbage collector, which may not run. */
                step_request(s, ELECTION_OP_DELETE, l->uid, 0, 0); /* @deposing-marks-by-uid */
}
