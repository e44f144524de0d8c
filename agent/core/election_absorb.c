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

static void learn(struct election *e, const struct lock_fact *f, bool read, uint64_t now) {
        if (f->orphaned && !(e->lock.orphaned && e->lock.uid == f->uid))
                e->orphan_at_usec = now;
        e->lock = *f;
        e->lock_known = true;
        e->lock_read = read;
        if (f->claimed)
                e->claim_ready = false; /* used up: the next POST carries a new one */
}

/* An answer to a lock operation (NULL: absent); a watch event that came meanwhile may be newer. */
static void learn_answer(struct election *e, const struct lock_fact *f, uint64_t now) {
        struct lock_fact absent = {.sort = LOCK_ABSENT, .uid = e->lock.uid};

        learn(e, f ? f : &absent, true, now);
        e->reread = e->seen && (e->seen_absent != (e->lock.sort == LOCK_ABSENT) ||
                                (!e->seen_absent && e->seen_version != e->lock.version));
}

static void absorb_holder(struct election *e, const struct placeholder_fact *f, uint64_t now) {
        bool alive = f->present && f->uid == e->holder_uid && !f->deleting;

        if (alive && (!e->holder_seen || e->holder_gone || f->version != e->holder_version)) {
                e->holder_gone = false;
                e->holder_version = f->version;
                e->holder_seen_at_usec = e->holder_silent_usec = now;
                e->holder_fresh = false;
        } else if (!alive && (!e->holder_seen || !e->holder_gone)) {
                e->holder_gone = true;
                e->holder_seen_at_usec = now;
                e->holder_fresh = false;
        }
        e->holder_seen = true;
}

/* A watch may be older than what was read: it may say that this very object went or was renewed; anything else about
 * the name (absent, another uid) asks for a read. */
static void absorb_holder_seen(struct election *e, const struct placeholder_fact *f, uint64_t now) {
        if (f->uid == e->holder_uid)
                absorb_holder(e, f, now);
        else if (!e->holder_gone)
                e->holder_look = true;
}

void election_swapped(struct election *e, uint64_t version) {
        /* Nothing renewed it after the version that the DELETE named; our wait counts from when we saw that one. */
        if (e->holder_version == version)
                e->holder_seen_at_usec = e->holder_silent_usec;
        e->holder_gone = true;
        e->holder_fresh = true;
}

static void absorb_holder_reply(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        const struct placeholder_fact absent = {.present = false};
        uint64_t due = util_usec_add(e->holder_seen_at_usec, election_silence_usec(e, c));
        bool waited = e->holder_seen && ev->now_usec >= due;

        e->holder_look = false;
        if (ev->result != RESULT_OK && ev->result != RESULT_NOT_FOUND) {
                e->holder_fresh = false;
                return;
        }
        if (ev->op == ELECTION_OP_DELETE_HOLDER && ev->result == RESULT_OK) {
                election_swapped(e, e->swap_version);
                return;
        }
        absorb_holder(e, ev->result == RESULT_OK ? &ev->holder : &absent, ev->now_usec);
        /* Only an answer given after the wait, and that shows no change, lets anything be deposed. */
        e->holder_fresh = waited && e->holder_seen_at_usec != ev->now_usec;
}

/* Paces retries: what surely failed or is unknown waits; a write that only met another state is tried again at once,
 * and waits from the second time on. A good read does not forget that a write keeps failing. */
static void pace(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        bool gone_is_good = ev->op == ELECTION_OP_READ || ev->op == ELECTION_OP_DELETE || ev->op == ELECTION_OP_STRIP ||
                            ev->op == ELECTION_OP_READ_HOLDER || ev->op == ELECTION_OP_DELETE_HOLDER;
        bool read = ev->op == ELECTION_OP_READ || ev->op == ELECTION_OP_READ_HOLDER;
        bool hard = ev->result == RESULT_DENIED || ev->result == RESULT_FAILED || ev->result == RESULT_UNKNOWN;
        uint64_t delay;

        e->retry_at_usec = 0;
        if (ev->result == RESULT_OK || (ev->result == RESULT_NOT_FOUND && gone_is_good)) {
                if (!read || e->failed_op == ev->op || (e->failed_op == ELECTION_OP_CREATE && ev->result == RESULT_OK))
                        e->attempts = 0; /* (a lost race is no failure: the read tells who won) */
                return;
        }
        e->failed_op = ev->op;
        e->attempts = (uint8_t)(e->attempts < 30 ? e->attempts + 1 : 30);
        if (!hard && e->attempts == 1)
                return;
        delay = backoff_usec(e->attempts, c->retry_min_usec, c->retry_max_usec, ev->random);
        e->retry_at_usec = util_usec_add(ev->now_usec, delay > ev->retry_after_usec ? delay : ev->retry_after_usec);
}

static void absorb_reply(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        const struct lock_fact *f = ev->result == RESULT_OK ? &ev->lock : NULL;
        bool told = ev->result == RESULT_OK || ev->result == RESULT_NOT_FOUND;

        if (ev->op != e->op)
                return;
        e->op = ELECTION_OP_NONE;
        pace(e, c, ev);

        switch ((enum election_op)ev->op) {
        case ELECTION_OP_NONE:
                break;
        case ELECTION_OP_READ:
                if (told)
                        learn_answer(e, f, ev->now_usec);
                break;
        case ELECTION_OP_CLAIM:
                e->claim_ready = ev->result == RESULT_OK;
                break;
        case ELECTION_OP_CREATE:
                if (ev->result == RESULT_OK) {
                        learn_answer(e, f, ev->now_usec);
                        e->guard.about = ev->lock.uid; /* a new uid: the guard cannot have revoked it */
                        e->guard.revoked = false;
                        e->guard.refusal = GUARD_NOT_REFUSED;
                } else /* taken, or unknown: the claim tells whether a lock that turns up is ours */
                        e->reread = ev->result != RESULT_DENIED && ev->result != RESULT_FAILED;
                break;
        case ELECTION_OP_ADOPT:
        case ELECTION_OP_RESTORE:
                if (ev->result == RESULT_NOT_FOUND)
                        learn_answer(e, NULL, ev->now_usec);
                else
                        e->reread = true;
                break;
        case ELECTION_OP_DELETE:
                if (told)
                        learn_answer(e, f, ev->now_usec);
                else
                        e->reread = true;
                break;
        case ELECTION_OP_STRIP:
                if (told)
                        learn_answer(e, NULL, ev->now_usec);
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

static void absorb_lock_seen(struct election *e, const struct lock_fact *f, uint64_t now) {
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
                        learn(e, f, false, now);
                else if (!f->uid && e->lock.sort != LOCK_ABSENT)
                        e->reread = true;
                return;
        }
        if (e->term_uid && f->uid == e->term_uid && (f->deleting || f->sort != LOCK_SOUND || !f->claimed)) {
                /* Ends our term, whatever else is true; marks and changes by others are not taken back. */
                learn(e, f, false, now);
                return;
        }
        if (e->term_uid || f->claimed || e->lock.claimed)
                e->reread = true;
        else
                learn(e, f, false, now);
}

static void absorb_guard(struct election *e, const struct guard_fact *g) {
        uint64_t about = e->guard.about;
        bool revoked = e->guard.revoked;

        e->guard = *g;
        e->guard_linked = true;
        if (!g->about) { /* a push says nothing about revocation: keep what was answered */
                e->guard.about = about;
                e->guard.revoked = revoked;
        } else
                e->asked_uid = 0;
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
                absorb_lock_seen(e, &ev->lock, ev->now_usec);
                break;
        case ELECTION_EV_HOLDER_SEEN:
                if (e->holder_uid && e->holder_seen)
                        absorb_holder_seen(e, &ev->holder, ev->now_usec);
                break;
        case ELECTION_EV_GUARD:
                absorb_guard(e, &ev->guard);
                break;
        case ELECTION_EV_LINK_UP:
                e->query = true;
                e->revoke_sent = false;
                e->permit_again = true;
                e->asked_uid = 0;
                break;
        case ELECTION_EV_LINK_DOWN:
                e->guard_linked = false;
                e->asked_uid = 0;
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
