/* SPDX-License-Identifier: Apache-2.0 */
/* What an election does next. Read decide() first: it is the state machine. Order that safety rests on: the permit only
 * after the proof (ARCHITECTURE 5, claim 2: lead()); the revoke before anything else when a term ends; DELETE and
 * finalizer removal of a lock of ours only after the guard saw the unit stopped (claim 4a: stopping(), releasing()), of
 * another's only behind the wait (claims 4b and 5: observe(), deposing()); a state that began to stop never turns back.
 * What has "@" before it, here and elsewhere, is a rule that tests/model/mutants_table.sh breaks there. */
#include "core/election_parts.h"

void election_init(struct election *e) {
        *e = (struct election){.lock.reread = true};
}

/* ---- requests and messages ---- */

struct step {
        struct election *e;
        const struct election_conf *c;
        const struct placeholder_view *views;
        uint64_t now;
        struct election_actions out;
        bool moved; /* the state changed: decide again */
};

static void request(struct step *s, uint8_t op, uint64_t uid, uint64_t version, uint64_t placeholder) {
        struct election *e = s->e;

        if (e->op != ELECTION_OP_NONE || e->timers.retry.at_usec)
                return;
        e->op = op;
        e->lock.passed = PASSED_NOTHING;
        if (op == ELECTION_OP_READ)
                e->timers.verify_at_usec = util_usec_add(s->now, s->c->verify_interval_usec);
        s->out.request.op = op;
        s->out.request.uid = uid;
        s->out.request.version = version;
        s->out.request.placeholder = placeholder;
}

static void tell(struct step *s, uint8_t type, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        unsigned i = s->out.guard[0].type == ELECTION_MSG_NONE ? 0 : 1;

        s->out.guard[i].type = type;
        s->out.guard[i].uid = uid;
        s->out.guard[i].stop_at_usec = stop_at;
        s->out.guard[i].kill_at_usec = kill_at;
}

static void move(struct step *s, uint8_t state) {
        s->moved = s->moved || s->e->state != state;
        s->e->state = state;
}

/* ---- terms ---- */

static uint64_t lapse_at(const struct step *s) {
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
static bool of_rival(const struct step *s) {
        const struct lock_fact *l = &s->e->lock.fact;

        return l->uid && l->uid == s->e->past.rival_uid &&
               (l->sort == LOCK_SOUND || s->views[l->tenure].taken_uid == l->placeholder);
}

static void begin_stop(struct step *s, uint64_t uid, uint8_t reason) {
        struct election *e = s->e;

        if (e->term.leading_since_usec && s->now - e->term.leading_since_usec > s->c->cooldown.max_usec)
                e->past.failures = 0;
        e->term.cool_usec = 0;
        if (reason == REASON_STEP_DOWN)
                e->term.cool_usec = s->c->step_down_hold_usec;
        else if (reason == REASON_UNIT_FAILED || reason == REASON_UNIT_UNFIT || reason == REASON_UNIT_FOREIGN) {
                /* Guard or systemd in trouble says nothing about the unit (systemd may just execute itself anew). */
                bool passing = reason == REASON_UNIT_UNFIT && (e->guard.fact.refusal == GUARD_REFUSED_INTERNAL ||
                                                               e->guard.fact.refusal == GUARD_REFUSED_REQUEST);

                e->past.failures = (uint8_t)(e->past.failures < 30 ? e->past.failures + 1 : 30);
                struct retry_limits limits = s->c->cooldown;

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
        e->term.lapse_at_usec = lapse_at(s);
        e->term.lapsed = false;
        e->term.sole_at_usec = expired(s) ? s->now : 0; /* @expired-is-proven-before-it-is-removed */
        if (doubtful(s, uid))
                e->term.sole_at_usec = s->now;
        e->term.permit_proof_usec = 0;
        move(s, ELECTION_STOPPING);
}

static void finish(struct step *s) {
        struct election *e = s->e;

        e->term.uid = 0;
        e->term.placeholder = 0;
        e->term.stop_timeout_usec = e->term.kill_margin_usec = 0;
        if (e->term.cool_usec)
                e->timers.cool_until_usec = util_usec_add(s->now, e->term.cool_usec);
        move(s, e->wants.stop ? ELECTION_STOPPED : ELECTION_CANDIDATE);
}

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
        if (permitted && e->guard.fact.permit == e->term.uid && e->guard.fact.unit == UNIT_FAILED && !s->c->keep_failed)
                return REASON_UNIT_FAILED;
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

/* ---- states ---- */

/* Our own lock, met while not leading: by a late POST, after a restart, after a boot. */
static void take_up(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        /* A watch never begins a term: what it shows as ours may be gone or somebody else's by now. */
        if (e->lock.source != LOCK_SOURCE_ANSWER) {
                e->lock.reread = true;
                request(s, ELECTION_OP_READ, 0, 0, 0);
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
                begin_stop(s, l->uid, REASON_OTHER_BOOT);
        else if (!l->same_boot) /* @other-boot-is-adopted-first */
                /* Also when it is only to be released: from here on it is this boot's, whatever restarts come. */
                move(s, ELECTION_ADOPTING);
        else if (l->sort != LOCK_SOUND || election_record_change(e) != RECORD_KEPT)
                begin_stop(s, l->uid, REASON_LOCK_CHANGED);
        else if (l->deleting) /* @marked-is-not-led */
                begin_stop(s, l->uid, REASON_LOCK_DELETED);
        else if (e->guard.fact.revoked) /* @revoked-is-not-led */
                begin_stop(s, l->uid, REASON_PERMIT_REVOKED);
        else if (e->wants.stop)
                begin_stop(s, l->uid, REASON_AGENT_STOP);
        else if (s->c->away && l->tenure == TENURE_LEASE)
                begin_stop(s, l->uid, REASON_SLEEP);
        else if (s->now < e->timers.cool_until_usec)
                begin_stop(s, l->uid, REASON_COOLDOWN);
        else {
                e->term.uid = l->uid;
                e->term.revoke_sent = false;
                e->term.stop = STOP_UNANSWERED;
                e->term.own_at_usec = s->now;
                e->term.permit_proof_usec = 0;
                e->term.stop_timeout_usec = s->c->timing.stop_timeout_usec;
                e->term.kill_margin_usec = s->c->timing.kill_margin_usec;
                /* A lease that is kept alive with nobody here to run the unit keeps everybody else from it. */
                e->term.lapse_at_usec = lapse_at(s);
                move(s, ELECTION_PROVING);
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
                request(s, ELECTION_OP_READ_HOLDER, 0, 0, 0);
                return false;
        }
        return true;
}

/* Somebody else's lease lock: has its placeholder been silent for its recorded duration, on our clock? */
static void observe(struct step *s) {
        struct election *e = s->e;

        if (!holder_read(s))
                return;
        /* Also when it is gone: whoever deleted it did not stop the unit (claim 5). */
        if (s->now < util_usec_add(e->holder.seen_at_usec, election_silence_usec(e, s->c))) /* @silence-is-waited-out */
                return;
        if (!e->holder.fresh) /* @read-again-after-the-wait */
                request(s, ELECTION_OP_READ_HOLDER, 0, 0, 0);
        else if (e->holder.state == HOLDER_GONE) /* @swapped-or-gone-first */
                move(s, ELECTION_DEPOSING);
        else {
                e->holder.swap_version = e->op == ELECTION_OP_NONE ? e->holder.version : e->holder.swap_version;
                /* The compare-and-swap: a renewal on its way to the server either makes this fail or fails itself.
                 * @swap-by-uid-and-version */
                request(s, ELECTION_OP_DELETE_HOLDER, e->holder.uid, e->holder.version, 0);
        }
}

static void candidate(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;
        bool ours = election_own(e) ||
                    (election_knows(e) && l->sort == LOCK_DAMAGED && l->claimed && l->same_boot && !of_rival(s));
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
                        begin_stop(s, e->guard.fact.permit, REASON_AGENT_STOP);
                else if (unanswered > 1 && s->c->ending && e->op == ELECTION_OP_NONE)
                        move(s, ELECTION_STOPPED); /* (a lock that left the configuration is not forgotten) */
                else
                        request(s, ELECTION_OP_READ, 0, 0, 0);
                return;
        }
        /* What still runs here under a lock that is not ours (any more) comes to its end before anything is claimed. */
        if (e->guard.linked && e->guard.fact.permit && e->guard.fact.permit != (ours ? l->uid : 0)) {
                begin_stop(s, e->guard.fact.permit, REASON_PERMIT_STALE);
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
                        move(s, ELECTION_STOPPED);
                return;
        }
        if (e->state == ELECTION_STARTING && e->guard.linked)
                move(s, ELECTION_CANDIDATE);
        /* What is wrong with the lock keeps everybody from it: told before what keeps only this host from it. */
        if (hold == REASON_NAME_TAKEN && l->sort == LOCK_SOUND && l->tenure == TENURE_LEASE)
                (void)holder_read(s);
        if (hold != REASON_NONE && !(hold == REASON_STRANGE_HOLDER && e->holder.look))
                return;
        if (l->sort == LOCK_ABSENT)
                move(s, ELECTION_CLAIMING);
        else if (l->tenure == TENURE_LEASE) /* @only-leases-are-waited-out */
                observe(s);
        if (!e->claim_ready && !s->moved)
                request(s, ELECTION_OP_CLAIM, 0, 0, 0); /* ahead of time: a takeover then begins with the POST */
}

static void claiming(struct step *s) {
        struct election *e = s->e;
        const struct placeholder_view *v = &s->views[s->c->tenure];

        if (e->op != ELECTION_OP_NONE)
                return;
        if (e->lock.reread || e->lock.fact.sort != LOCK_ABSENT || e->wants.stop ||
            election_stays_out(e, s->views, s->now, s->c) != REASON_NONE)
                move(s, ELECTION_CANDIDATE);
        else if (!e->claim_ready)
                request(s, ELECTION_OP_CLAIM, 0, 0, 0);
        else if (v->status == PLACEHOLDER_OURS && v->proven_at_usec >= e->past.prove_first_usec)
                request(s, ELECTION_OP_CREATE, 0, 0, v->uid);
}

static void adopting(struct step *s) {
        struct election *e = s->e;

        if (e->wants.stop && s->c->ending && e->timers.retry.attempts > 1 && e->op == ELECTION_OP_NONE)
                move(s, ELECTION_STOPPED); /* the API does not answer, and nothing of ours runs */
        else if (e->lock.reread)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (!election_own(e) || e->lock.fact.same_boot || !e->guard.linked)
                move(s, ELECTION_CANDIDATE);
        else
                request(s, ELECTION_OP_ADOPT, e->lock.fact.uid, e->lock.fact.version, 0); /* @adopt-by-version */
}

static void permit(struct step *s, uint64_t proven_at) {
        uint64_t stop_at, kill_at;

        if (!election_instants(s->e, s->c, proven_at, &stop_at, &kill_at) || s->now >= stop_at)
                return;
        s->e->term.permit_proof_usec = proven_at;
        s->e->guard.permit_again = false;
        tell(s, ELECTION_MSG_PERMIT, s->e->term.uid, stop_at, kill_at);
}

/* Ours and not broken: prove, permit, extend, verify. guard_spoke: this event came from it. */
static void lead(struct step *s, bool guard_spoke) {
        struct election *e = s->e;
        const struct placeholder_view *v = &s->views[e->lock.fact.tenure];
        /* Of the very placeholder that the lock names, and sent after the lock was known to be ours (claim 2).
         * @proof-of-the-named-uid */
        bool proven = v->status == PLACEHOLDER_OURS && v->uid == e->lock.fact.placeholder &&
                      v->proven_at_usec >= e->term.own_at_usec;
        uint8_t reason = broken(s);

        if (reason != REASON_NONE) {
                begin_stop(s, e->term.uid, reason);
                return;
        }
        if (s->now >= e->timers.verify_at_usec)
                e->lock.reread = true;
        if (e->lock.reread)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (e->lock.fact.orphaned && v->status == PLACEHOLDER_OURS &&
                 v->proven_at_usec >= e->lock.orphan_at_usec) {
                e->term.placeholder = v->uid;
                /* @restore-by-version */
                request(s, ELECTION_OP_RESTORE, e->lock.fact.uid, e->lock.fact.version, v->uid);
        }

        if (e->state == ELECTION_PROVING) {
                /* The answer to our POST may be as late as it likes, and others count from when they saw the lock. */
                if (!proven || !e->guard.linked || e->lock.reread) /* @no-permit-without-proof */
                        return;
                permit(s, v->proven_at_usec); /* @permit-counts-from-the-proof */
                if (e->term.permit_proof_usec)
                        move(s, ELECTION_PERMITTING);
                return;
        }
        if (e->state == ELECTION_PERMITTING && e->guard.linked && e->guard.fact.permit == e->term.uid &&
            e->guard.fact.unit == UNIT_RUNNING) {
                e->term.leading_since_usec = s->now;
                move(s, ELECTION_LEADING);
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
        return v->status != PLACEHOLDER_OURS || v->uid != l->placeholder || v->proven_at_usec >= e->term.sole_at_usec;
}

static void stopping(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;
        bool ours = l->uid == e->term.uid && election_own(e) && l->same_boot;

        /* As if the agent had crashed: a guard that is gone for good must not keep a lease alive that nobody uses. */
        e->term.lapsed = e->term.stop == STOP_UNANSWERED && s->now >= e->term.lapse_at_usec; /* @lapses-unanswered */
        if (!e->guard.linked && !e->guard.query)
                return; /* (just connected is enough: the revoke waits for no answer) */
        if (!e->term.revoke_sent) {
                e->term.revoke_sent = true;
                tell(s, ELECTION_MSG_REVOKE, e->term.uid, 0, 0);
        }
        if (e->term.stop == STOP_CONFIRMED) { /* @release-after-the-confirmed-stop */
                /* Little time is left: what was refused before is tried at once. */
                if (e->wants.stop)
                        e->timers.retry = (struct retry){};
                move(s, ELECTION_RELEASING);
        } else if (e->term.stop == STOP_TAKEN && ours && !l->deleting && !e->lock.reread && sole(s))
                /* Only marks it. After the confirmed stop one PATCH is left between two terms. */
                request(s, ELECTION_OP_DELETE, l->uid, 0, 0); /* @stopping-marks-by-uid */
}

/* The unit was seen stopped (claim 4). Only a lock that an answer showed as marked loses its finalizer, and only that
 * version: whatever changed it since is looked at first. */
static void releasing(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        if (e->lock.reread || e->lock.source != LOCK_SOURCE_ANSWER)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (l->sort == LOCK_ABSENT || l->uid != e->term.uid || !l->claimed || l->uid == e->past.unfit_uid ||
                 !l->same_boot || of_rival(s))
                finish(s); /* gone, or not ours to remove */
        else if (!sole(s))
                s->moved = of_rival(s); /* or waits for the renewal */
        else if (l->deleting)
                request(s, ELECTION_OP_STRIP, l->uid, l->version, 0); /* @release-by-version */
        else
                request(s, ELECTION_OP_DELETE, l->uid, 0, 0); /* @releasing-marks-by-uid */
}

/* The holder was waited out and its placeholder is gone (claim 5): what is left is its lock, by uid and version. */
static void deposing(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock.fact;

        if (e->lock.reread || e->lock.source != LOCK_SOURCE_ANSWER)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        /* Another lock, or with another holder, than the one that was waited for. @deposes-what-it-waited-for */
        else if (l->sort != LOCK_SOUND || l->tenure != TENURE_LEASE || l->uid != e->holder.lock ||
                 l->placeholder != e->holder.uid || election_own(e) || e->wants.stop) {
                e->holder.lock = e->holder.uid = 0;
                move(s, ELECTION_CANDIDATE);
        } else if (election_record_change(e) == RECORD_BROKEN ||
                   (e->holder.state == HOLDER_GONE && /* (an old event may show it once more) */
                    s->now < util_usec_add(e->holder.seen_at_usec, election_silence_usec(e, s->c)))) {
                /* Somebody has written into it meanwhile: a longer duration is waited out, too. */
                move(s, ELECTION_CANDIDATE);
        } else if (l->deleting) /* @strip-what-is-marked */
                /* @strip-by-version */
                request(s, ELECTION_OP_STRIP, l->uid, l->version, 0);
        else
                /* Not left to the garbage collector, which may not run. */
                request(s, ELECTION_OP_DELETE, l->uid, 0, 0); /* @deposing-marks-by-uid */
}

static void decide(struct step *s, bool guard_spoke) {
        switch ((enum election_state)s->e->state) {
        case ELECTION_STARTING:
        case ELECTION_CANDIDATE:
                candidate(s);
                break;
        case ELECTION_CLAIMING:
                claiming(s);
                break;
        case ELECTION_ADOPTING:
                adopting(s);
                break;
        case ELECTION_PROVING:
        case ELECTION_PERMITTING:
        case ELECTION_LEADING:
                lead(s, guard_spoke);
                break;
        case ELECTION_STOPPING:
                stopping(s);
                break;
        case ELECTION_RELEASING:
                releasing(s);
                break;
        case ELECTION_DEPOSING:
                deposing(s);
                break;
        case ELECTION_STOPPED:
                break;
        }
}

struct election_actions election_step(struct election *e, const struct election_conf *c,
                                      const struct placeholder_view views[N_TENURES], const struct election_event *ev) {
        struct step s = {.e = e, .c = c, .views = views, .now = ev->now_usec};
        bool guard_spoke = ev->type == ELECTION_EV_GUARD;

        election_absorb(e, c, ev);
        for (unsigned i = 0; i < N_ELECTION_STATES; i++) {
                s.moved = false;
                decide(&s, guard_spoke);
                if (!s.moved)
                        break;
                guard_spoke = false;
        }
        if (e->guard.query && s.out.guard[0].type == ELECTION_MSG_NONE) {
                tell(&s, ELECTION_MSG_QUERY, e->term.uid ? e->term.uid : e->lock.fact.uid, 0, 0);
                e->guard.query = false;
        }
        return s.out;
}
