/* SPDX-License-Identifier: Apache-2.0 */
/* What an event teaches an election. A watch event may be older or newer than an answer: it may end things (a marked
 * or vanished lock of ours), otherwise it only asks for a read. */
#include "core/backoff.h"
#include "core/election_parts.h"

bool election_own(const struct election *e) {
        return e->lock_known && e->lock.sort == LOCK_SOUND && e->lock.claimed &&
               (e->lock.tenure == CORE_LIFE || e->lock.same_boot);
}

uint64_t election_silence_usec(const struct election *e, const struct election_conf *c) {
        uint64_t d = e->lock.duration_usec;

        return util_usec_add(d, d / 1000 * c->rate_permille);
}

static void learn(struct election *e, const struct lock_fact *f, bool read) {
        e->lock = *f;
        e->lock_known = true;
        e->lock_read = read;
        if (f->claimed)
                e->claim_ready = false; /* used up: the next POST carries a new one */
}

static void learn_absent(struct election *e) {
        struct lock_fact absent = {.sort = LOCK_ABSENT, .uid = e->lock.uid};

        learn(e, &absent, true);
}

/* An answer to a lock operation; a watch event that came meanwhile may be newer. */
static void learn_answer(struct election *e, const struct lock_fact *f) {
        if (f)
                learn(e, f, true);
        else
                learn_absent(e);
        e->reread = e->seen && (e->seen_absent != (e->lock.sort == LOCK_ABSENT) ||
                                (!e->seen_absent && e->seen_version != e->lock.version));
}

static void absorb_holder(struct election *e, const struct placeholder_fact *f, uint64_t now) {
        bool alive = f->present && f->uid == e->holder_uid && !f->deleting;

        if (!e->holder_seen || alive == e->holder_gone || (alive && f->version != e->holder_version)) {
                e->holder_seen = true;
                e->holder_gone = !alive;
                e->holder_version = alive ? f->version : 0;
                e->holder_seen_at_usec = now;
                e->holder_fresh = false;
        }
}

static void absorb_holder_reply(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        const struct placeholder_fact absent = {.present = false};
        uint64_t due = util_usec_add(e->holder_seen_at_usec, election_silence_usec(e, c));
        bool waited = e->holder_seen && !e->holder_gone && ev->now_usec >= due;

        if (ev->result != RESULT_OK && ev->result != RESULT_NOT_FOUND) {
                e->holder_fresh = false;
                return;
        }
        if (ev->result == RESULT_NOT_FOUND) {
                absorb_holder(e, &absent, ev->now_usec);
                return;
        }
        if (ev->op == ELECTION_OP_DELETE_HOLDER) {
                /* The swap: nothing renewed it after the version we saw, so the wait that we had counts. */
                e->holder_gone = true;
                e->holder_fresh = false;
                return;
        }
        absorb_holder(e, &ev->holder, ev->now_usec);
        e->holder_fresh = waited && !e->holder_gone && e->holder_seen_at_usec != ev->now_usec;
}

static void absorb_reply(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        bool answered = ev->result == RESULT_OK || ev->result == RESULT_NOT_FOUND || ev->result == RESULT_EXISTS ||
                        ev->result == RESULT_CONFLICT;
        const struct lock_fact *f = ev->result == RESULT_OK ? &ev->lock : NULL;
        bool told = ev->result == RESULT_OK || ev->result == RESULT_NOT_FOUND;

        if (ev->op != e->op)
                return;
        e->op = ELECTION_OP_NONE;
        e->attempts = answered ? 0 : (uint8_t)(e->attempts < 30 ? e->attempts + 1 : 30);
        e->retry_at_usec = 0;
        if (!answered) {
                uint64_t delay = backoff_usec(e->attempts, c->retry_min_usec, c->retry_max_usec, ev->random);

                e->retry_at_usec =
                        util_usec_add(ev->now_usec, delay > ev->retry_after_usec ? delay : ev->retry_after_usec);
        }

        switch ((enum election_op)ev->op) {
        case ELECTION_OP_NONE:
                break;
        case ELECTION_OP_READ:
                if (told)
                        learn_answer(e, f);
                break;
        case ELECTION_OP_CLAIM:
                e->claim_ready = ev->result == RESULT_OK;
                break;
        case ELECTION_OP_CREATE:
                if (ev->result == RESULT_OK)
                        learn_answer(e, f);
                else /* taken, or unknown: the claim tells whether a lock that turns up is ours */
                        e->reread = ev->result != RESULT_DENIED && ev->result != RESULT_FAILED;
                break;
        case ELECTION_OP_ADOPT:
        case ELECTION_OP_RESTORE:
                e->reread = true;
                break;
        case ELECTION_OP_DELETE:
                if (told)
                        learn_answer(e, f);
                else
                        e->reread = true;
                break;
        case ELECTION_OP_STRIP:
                if (told)
                        learn_answer(e, NULL);
                else
                        e->reread = true;
                break;
        case ELECTION_OP_READ_HOLDER:
        case ELECTION_OP_DELETE_HOLDER:
                absorb_holder_reply(e, c, ev);
                break;
        }
        e->seen = false;
}

static void absorb_lock_seen(struct election *e, const struct lock_fact *f) {
        bool gone = f->sort == LOCK_ABSENT;

        if (!gone && e->lock_known && f->uid == e->lock.uid && f->version == e->lock.version)
                return;
        if (e->op != ELECTION_OP_NONE) {
                e->seen = true;
                e->seen_absent = gone;
                e->seen_version = f->version;
        }
        if (!e->lock_known) {
                e->reread = true;
                return;
        }
        if (gone) {
                if (f->uid && f->uid == e->lock.uid && e->lock.sort != LOCK_ABSENT)
                        learn(e, f, false);
                else if (!f->uid && e->lock.sort != LOCK_ABSENT)
                        e->reread = true;
                return;
        }
        if (e->term_uid && f->uid == e->term_uid && (f->deleting || f->sort != LOCK_SOUND || !f->claimed)) {
                /* Ends our term, whatever else is true; marks and changes by others are not taken back. */
                learn(e, f, false);
                return;
        }
        if (e->term_uid || f->claimed || e->lock.claimed)
                e->reread = true;
        else
                learn(e, f, false);
}

static void absorb_guard(struct election *e, const struct guard_fact *g) {
        uint64_t about = e->guard.about;
        bool revoked = e->guard.revoked;

        e->guard = *g;
        e->guard_linked = true;
        if (!g->about) { /* a push says nothing about revocation: keep what was answered */
                e->guard.about = about;
                e->guard.revoked = revoked;
        }
        if (e->state != ELECTION_STOPPING || g->about != e->term_uid || !g->revoked)
                return;
        e->revoke_taken = true;
        if (g->stopped)
                e->stop_confirmed = true;
}

void election_absorb(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        if (e->retry_at_usec && ev->now_usec >= e->retry_at_usec)
                e->retry_at_usec = 0;
        if (e->cool_until_usec && ev->now_usec >= e->cool_until_usec)
                e->cool_until_usec = 0;

        switch ((enum election_event_type)ev->type) {
        case ELECTION_EV_GO:
                break;
        case ELECTION_EV_REPLY:
                absorb_reply(e, c, ev);
                break;
        case ELECTION_EV_LOCK_SEEN:
                absorb_lock_seen(e, &ev->lock);
                break;
        case ELECTION_EV_HOLDER_SEEN:
                if (e->holder_uid && e->holder_seen)
                        absorb_holder(e, &ev->holder, ev->now_usec);
                break;
        case ELECTION_EV_GUARD:
                absorb_guard(e, &ev->guard);
                break;
        case ELECTION_EV_LINK_UP:
                e->query = true;
                e->revoke_sent = false;
                break;
        case ELECTION_EV_LINK_DOWN:
                e->guard_linked = false;
                e->query = false;
                e->revoke_sent = false;
                e->guard = (struct guard_fact){.unit = GUARD_UNIT_UNKNOWN};
                break;
        case ELECTION_EV_STEP_DOWN:
                e->step_down_wanted = true;
                break;
        case ELECTION_EV_STOP:
                e->stop_wanted = true;
                break;
        }
}
