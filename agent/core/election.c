/* SPDX-License-Identifier: Apache-2.0 */
/* What an election does next. Read decide() first: it is the state machine. Order that safety rests on: the permit only
 * after the proof; the revoke before anything else when a term ends; DELETE and finalizer removal of a lock of ours
 * only after the guard saw the unit stopped; a state that began to stop never turns back. */
#include "core/election_parts.h"

void election_init(struct election *e) {
        *e = (struct election){.reread = true};
}

/* ---- requests and messages ---- */

struct step {
        struct election *e;
        const struct election_conf *c;
        const struct heartbeat_view *views;
        uint64_t now;
        struct election_actions out;
        bool moved; /* the state changed: decide again */
};

static void request(struct step *s, uint8_t op, uint64_t uid, uint64_t version, uint64_t placeholder) {
        struct election *e = s->e;

        if (e->op != ELECTION_OP_NONE || e->retry_at_usec)
                return;
        e->op = op;
        e->seen = false;
        if (op == ELECTION_OP_READ)
                e->verify_at_usec = util_usec_add(s->now, s->c->verify_interval_usec);
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

bool election_instants(const struct election *e, const struct election_conf *c, uint64_t proven_at_usec,
                       uint64_t *ret_stop_at, uint64_t *ret_kill_at) {
        /* A configuration that was read again counts from the next term. */
        uint64_t stop = e->term_stop_usec ? e->term_stop_usec : c->stop_timeout_usec,
                 kill_margin = e->term_stop_usec ? e->term_margin_usec : c->kill_margin_usec;
        uint64_t d = e->lock.duration_usec, margin = stop + kill_margin + d / 1000 * c->rate_permille;
        uint64_t deadline = util_usec_sub(d, margin);

        *ret_stop_at = *ret_kill_at = USEC_INFINITY;
        if (e->lock.tenure == CORE_LIFE)
                return true;
        /* What the lock records binds the holder too; the configuration may only be stricter. */
        if (deadline > c->renew_deadline_usec)
                deadline = c->renew_deadline_usec;
        *ret_stop_at = util_usec_add(proven_at_usec, deadline);
        *ret_kill_at = util_usec_add(*ret_stop_at, stop);
        return deadline >= ELECTION_DEADLINE_MIN_USEC;
}

static uint64_t cooldown(const struct election *e, uint64_t first_usec, uint64_t max_usec) {
        uint64_t d = first_usec;

        for (unsigned i = 1; i < e->failures && d < max_usec; i++)
                d *= 2;
        return d < max_usec ? d : max_usec;
}

static uint64_t lapse_at(const struct step *s) {
        return s->now + s->c->renew_deadline_usec + s->c->stop_timeout_usec + s->c->kill_margin_usec;
}

static void begin_stop(struct step *s, uint64_t uid, uint8_t reason) {
        struct election *e = s->e;

        if (e->leading_since_usec && s->now - e->leading_since_usec > s->c->cooldown_max_usec)
                e->failures = 0;
        e->cool_usec = 0;
        if (reason == REASON_STEP_DOWN)
                e->cool_usec = s->c->step_down_hold_usec;
        else if (reason == REASON_UNIT_FAILED || reason == REASON_UNIT_UNFIT || reason == REASON_UNIT_FOREIGN) {
                /* Guard or systemd in trouble says nothing about the unit (systemd may just execute itself anew). */
                bool passing = reason == REASON_UNIT_UNFIT && e->guard.refusal == GUARD_REFUSED_INTERNAL;

                e->failures = (uint8_t)(e->failures < 30 ? e->failures + 1 : 30);
                e->cool_usec = cooldown(e, passing ? USEC_PER_SEC : s->c->cooldown_usec, s->c->cooldown_max_usec);
        }
        if (reason == REASON_OTHER_BOOT)
                e->unfit_uid = uid;
        if (!e->permit_proof_usec)
                e->prove_first_usec = s->now;
        e->term_uid = uid;
        e->reason = reason;
        e->revoke_sent = e->revoke_taken = e->stop_confirmed = false;
        e->step_down_wanted = false;
        e->leading_since_usec = 0;
        /* No permit is sent from here on: whoever enforces the last one has ended the unit by then, guard or PID 1. */
        e->lapse_at_usec = lapse_at(s);
        e->lapsed = false;
        e->permit_proof_usec = 0;
        move(s, ELECTION_STOPPING);
}

static void finish(struct step *s) {
        struct election *e = s->e;

        e->term_uid = 0;
        e->term_placeholder = 0;
        e->term_stop_usec = e->term_margin_usec = 0;
        if (e->cool_usec)
                e->cool_until_usec = util_usec_add(s->now, e->cool_usec);
        move(s, e->stop_wanted ? ELECTION_STOPPED : ELECTION_CANDIDATE);
}

/* Why the term cannot go on, REASON_NONE when it can. */
static uint8_t broken(const struct step *s) {
        const struct election *e = s->e;
        const struct lock_fact *l = &e->lock;
        const struct heartbeat_view *v = &s->views[l->tenure];
        bool permitted = e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING;
        bool answered = e->guard_linked && e->guard.about == e->term_uid;
        uint64_t stop_at, kill_at;

        if (l->sort == LOCK_ABSENT || l->uid != e->term_uid)
                return REASON_LOCK_GONE;
        if (l->deleting)
                return REASON_LOCK_DELETED;
        if (l->sort != LOCK_SOUND || !l->claimed)
                return REASON_LOCK_CHANGED;
        if (!l->same_boot)
                return REASON_OTHER_BOOT;
        if (l->tenure == CORE_LEASE && l->placeholder != e->term_placeholder)
                return REASON_LOCK_CHANGED;
        if (l->tenure == CORE_LEASE && l->orphaned)
                return REASON_PLACEHOLDER_LOST;
        if (!l->orphaned && (v->status == HEARTBEAT_NONE || (v->status == HEARTBEAT_OURS && v->uid != l->placeholder)))
                return REASON_PLACEHOLDER_LOST;
        if (!election_instants(e, s->c, e->permit_proof_usec, &stop_at, &kill_at))
                return REASON_LEASE_TOO_SHORT;
        if (permitted && s->now >= stop_at)
                return REASON_LEASE_EXPIRED;
        if (e->state == ELECTION_PROVING && l->tenure == CORE_LEASE && !e->guard_linked && s->now >= e->lapse_at_usec)
                return REASON_GUARD_AWAY;
        if (answered && e->guard.revoked)
                return REASON_PERMIT_REVOKED;
        if (permitted && answered && e->guard.refusal == GUARD_REFUSED_FOREIGN)
                return REASON_UNIT_FOREIGN;
        if (permitted && answered && e->guard.refusal != GUARD_NOT_REFUSED && e->guard.refusal != GUARD_REFUSED_OVERDUE)
                return REASON_UNIT_UNFIT;
        if (permitted && e->guard.permit == e->term_uid && e->guard.unit == GUARD_UNIT_FAILED && !s->c->keep_failed)
                return REASON_UNIT_FAILED;
        if (permitted && e->guard.permit == e->term_uid &&
            (e->guard.unit == GUARD_UNIT_STOPPING || e->guard.unit == GUARD_UNIT_STUCK))
                return REASON_PERMIT_REVOKED;
        if (e->stop_wanted)
                return REASON_AGENT_STOP;
        if (s->c->away && l->tenure == CORE_LEASE)
                return REASON_SLEEP;
        if (e->step_down_wanted)
                return REASON_STEP_DOWN;
        return REASON_NONE;
}

/* ---- states ---- */

/* Our own lock, met while not leading: by a late POST, after a restart, after a boot. */
static void take_up(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock;

        if (!e->lock_read) {
                e->reread = true;
                request(s, ELECTION_OP_READ, 0, 0, 0);
                return;
        }
        if (!e->guard_linked)
                return;
        if (e->guard.about != l->uid) {
                /* Has this uid been revoked in this boot? Asked once. */
                e->query = e->query || e->asked_uid != l->uid;
                e->asked_uid = l->uid;
                return;
        }
        e->term_placeholder = l->placeholder;
        if (!l->same_boot && e->guard.revoked) {
                /* Revoked in this boot, yet another boot is written in it: a clone leads under our claim. */
                e->unfit_uid = l->uid;
                s->moved = true;
        } else if (!l->same_boot && e->guard.permit == l->uid)
                begin_stop(s, l->uid, REASON_OTHER_BOOT);
        else if (!l->same_boot)
                /* Also when it is only to be released: from here on it is this boot's, whatever restarts come. */
                move(s, ELECTION_ADOPTING);
        else if (l->sort != LOCK_SOUND)
                begin_stop(s, l->uid, REASON_LOCK_CHANGED);
        else if (l->deleting)
                begin_stop(s, l->uid, REASON_LOCK_DELETED);
        else if (e->guard.revoked)
                begin_stop(s, l->uid, REASON_PERMIT_REVOKED);
        else if (e->stop_wanted)
                begin_stop(s, l->uid, REASON_AGENT_STOP);
        else if (s->c->away && l->tenure == CORE_LEASE)
                begin_stop(s, l->uid, REASON_SLEEP);
        else if (s->now < e->cool_until_usec)
                begin_stop(s, l->uid, REASON_COOLDOWN);
        else {
                e->term_uid = l->uid;
                e->revoke_sent = e->revoke_taken = e->stop_confirmed = false;
                e->own_at_usec = s->now;
                e->permit_proof_usec = 0;
                e->term_stop_usec = s->c->stop_timeout_usec;
                e->term_margin_usec = s->c->kill_margin_usec;
                /* A lease that is kept alive with nobody here to run the unit keeps everybody else from it. */
                e->lapse_at_usec = lapse_at(s);
                move(s, ELECTION_PROVING);
        }
}

/* Somebody else's lease lock: has its placeholder been silent for its recorded duration, on our clock? */
static void observe(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock;

        if (e->holder_lock != l->uid || e->holder_uid != l->placeholder) {
                e->holder_lock = l->uid;
                e->holder_uid = l->placeholder;
                e->holder_seen = e->holder_gone = e->holder_fresh = e->holder_look = false;
        }
        if (!e->holder_seen || e->holder_look) {
                request(s, ELECTION_OP_READ_HOLDER, 0, 0, 0);
                return;
        }
        if (s->now < util_usec_add(e->holder_seen_at_usec, election_silence_usec(e, s->c)))
                return;
        if (!e->holder_fresh)
                request(s, ELECTION_OP_READ_HOLDER, 0, 0, 0);
        else if (e->holder_gone)
                move(s, ELECTION_DEPOSING);
        else {
                e->swap_version = e->op == ELECTION_OP_NONE ? e->holder_version : e->swap_version;
                request(s, ELECTION_OP_DELETE_HOLDER, e->holder_uid, e->holder_version, 0);
        }
}

static void candidate(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock;
        bool ours = election_own(e) || (e->lock_known && l->sort == LOCK_DAMAGED && l->claimed && l->same_boot);
        uint8_t hold;

        if (s->now >= e->verify_at_usec)
                e->reread = true;
        if (e->reread || !e->lock_known) {
                bool mute = e->stop_wanted && e->attempts > 1; /* the API does not answer */

                if (mute && e->guard_linked && e->guard.permit)
                        begin_stop(s, e->guard.permit, REASON_AGENT_STOP);
                else if (mute && e->op == ELECTION_OP_NONE)
                        move(s, ELECTION_STOPPED);
                else
                        request(s, ELECTION_OP_READ, 0, 0, 0);
                return;
        }
        if (e->guard_linked && e->guard.permit && e->guard.permit != (ours ? l->uid : 0)) {
                begin_stop(s, e->guard.permit, REASON_PERMIT_STALE);
                return;
        }
        hold = election_hold(e, s->views, s->now, s->c);
        if (ours && l->uid != e->unfit_uid) {
                take_up(s);
                return;
        }
        e->step_down_wanted = false;
        if (e->stop_wanted) {
                if (e->op == ELECTION_OP_NONE)
                        move(s, ELECTION_STOPPED);
                return;
        }
        if (e->state == ELECTION_STARTING && e->guard_linked)
                move(s, ELECTION_CANDIDATE);
        if (hold != REASON_NONE)
                return;
        if (l->sort == LOCK_ABSENT)
                move(s, ELECTION_CLAIMING);
        else if (l->tenure == CORE_LEASE)
                observe(s);
        if (!e->claim_ready && !s->moved)
                request(s, ELECTION_OP_CLAIM, 0, 0, 0); /* ahead of time: a takeover then begins with the POST */
}

static void claiming(struct step *s) {
        struct election *e = s->e;
        const struct heartbeat_view *v = &s->views[s->c->tenure];

        if (e->op != ELECTION_OP_NONE)
                return;
        if (e->reread || e->lock.sort != LOCK_ABSENT || e->stop_wanted ||
            election_hold(e, s->views, s->now, s->c) != REASON_NONE)
                move(s, ELECTION_CANDIDATE);
        else if (!e->claim_ready)
                request(s, ELECTION_OP_CLAIM, 0, 0, 0);
        else if (v->status == HEARTBEAT_OURS && v->proven_at_usec >= e->prove_first_usec)
                request(s, ELECTION_OP_CREATE, 0, 0, v->uid);
}

static void adopting(struct step *s) {
        struct election *e = s->e;

        if (e->stop_wanted && e->attempts > 1 && e->op == ELECTION_OP_NONE)
                move(s, ELECTION_STOPPED); /* the API does not answer, and nothing of ours runs */
        else if (e->reread)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (!election_own(e) || e->lock.same_boot || !e->guard_linked)
                move(s, ELECTION_CANDIDATE);
        else
                request(s, ELECTION_OP_ADOPT, e->lock.uid, e->lock.version, 0);
}

static void permit(struct step *s, uint64_t proven_at) {
        uint64_t stop_at, kill_at;

        if (!election_instants(s->e, s->c, proven_at, &stop_at, &kill_at) || s->now >= stop_at)
                return;
        s->e->permit_proof_usec = proven_at;
        s->e->permit_again = false;
        tell(s, ELECTION_MSG_PERMIT, s->e->term_uid, stop_at, kill_at);
}

/* Ours and not broken: prove, permit, extend, verify. `news`: this event came from the guard. */
static void lead(struct step *s, bool news) {
        struct election *e = s->e;
        const struct heartbeat_view *v = &s->views[e->lock.tenure];
        bool proven =
                v->status == HEARTBEAT_OURS && v->uid == e->lock.placeholder && v->proven_at_usec >= e->own_at_usec;
        uint8_t reason = broken(s);

        if (reason != REASON_NONE) {
                begin_stop(s, e->term_uid, reason);
                return;
        }
        if (s->now >= e->verify_at_usec)
                e->reread = true;
        if (e->reread)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (e->lock.orphaned && v->status == HEARTBEAT_OURS && v->proven_at_usec >= e->orphan_at_usec) {
                e->term_placeholder = v->uid;
                request(s, ELECTION_OP_RESTORE, e->lock.uid, e->lock.version, v->uid);
        }

        if (e->state == ELECTION_PROVING) {
                if (!proven || !e->guard_linked || e->reread)
                        return;
                permit(s, v->proven_at_usec);
                if (e->permit_proof_usec)
                        move(s, ELECTION_PERMITTING);
                return;
        }
        if (e->state == ELECTION_PERMITTING && e->guard_linked && e->guard.permit == e->term_uid &&
            e->guard.unit == GUARD_UNIT_RUNNING) {
                e->leading_since_usec = s->now;
                move(s, ELECTION_LEADING);
        }
        if (!e->guard_linked)
                return;
        if (e->lock.tenure == CORE_LEASE && proven && v->proven_at_usec > e->permit_proof_usec)
                permit(s, v->proven_at_usec);
        else if (news && (e->guard.permit != e->term_uid || e->permit_again))
                permit(s, e->permit_proof_usec); /* a guard that may not know of it */
        if (news)
                e->permit_again = false;
}

static void stopping(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock;
        bool ours = e->lock_known && l->sort == LOCK_SOUND && l->uid == e->term_uid && election_own(e) && l->same_boot;

        /* As if the agent had crashed: a guard that is gone for good must not keep a lease alive that nobody uses. */
        e->lapsed = !e->revoke_taken && s->now >= e->lapse_at_usec;
        if (!e->guard_linked && !e->query)
                return;
        if (!e->revoke_sent) {
                e->revoke_sent = true;
                tell(s, ELECTION_MSG_REVOKE, e->term_uid, 0, 0);
        }
        if (e->stop_confirmed)
                move(s, ELECTION_RELEASING);
        else if (e->revoke_taken && ours && !l->deleting && !e->reread)
                /* Only marks it. After the confirmed stop one PATCH is left between two terms. */
                request(s, ELECTION_OP_DELETE, l->uid, 0, 0);
}

static void releasing(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock;

        if (e->reread || !e->lock_known || !e->lock_read)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (l->sort == LOCK_ABSENT || l->uid != e->term_uid || !l->claimed || l->uid == e->unfit_uid ||
                 !l->same_boot)
                finish(s); /* gone, or not ours to remove */
        else if (l->deleting)
                request(s, ELECTION_OP_STRIP, l->uid, l->version, 0);
        else
                request(s, ELECTION_OP_DELETE, l->uid, 0, 0);
}

static void deposing(struct step *s) {
        struct election *e = s->e;
        const struct lock_fact *l = &e->lock;

        if (e->reread || !e->lock_read)
                request(s, ELECTION_OP_READ, 0, 0, 0);
        else if (l->sort != LOCK_SOUND || l->tenure != CORE_LEASE || l->uid != e->holder_lock ||
                 l->placeholder != e->holder_uid || election_own(e) || e->stop_wanted) {
                e->holder_lock = e->holder_uid = 0;
                move(s, ELECTION_CANDIDATE);
        } else if (l->deleting)
                request(s, ELECTION_OP_STRIP, l->uid, l->version, 0);
        else
                request(s, ELECTION_OP_DELETE, l->uid, 0, 0);
}

static void decide(struct step *s, bool news) {
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
                lead(s, news);
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
                                      const struct heartbeat_view views[N_CORE_TENURES],
                                      const struct election_event *ev) {
        struct step s = {.e = e, .c = c, .views = views, .now = ev->now_usec};
        bool news = ev->type == ELECTION_EV_GUARD;

        election_absorb(e, c, ev);
        for (unsigned i = 0; i < N_ELECTION_STATES; i++) {
                s.moved = false;
                decide(&s, news);
                if (!s.moved)
                        break;
                news = false;
        }
        if (e->query && s.out.guard[0].type == ELECTION_MSG_NONE) {
                tell(&s, ELECTION_MSG_QUERY, e->term_uid ? e->term_uid : e->lock.uid, 0, 0);
                e->query = false;
        }
        return s.out;
}
