/* SPDX-License-Identifier: Apache-2.0 */
/* What an event teaches an election; what it does about it is in election.c and its parts. A watch event may be older
 * or newer than an answer: it may end things (a marked or vanished lock of ours), otherwise it only asks for a read.
 * ARCHITECTURE 5: what counts as a holder's silence (claim 5), and how unknown outcomes are read back (claim 7). */
#include "core/election_parts.h"

static void note_longest(struct election *e, uint64_t duration_usec) {
        if (duration_usec > e->record.longest_usec)
                e->record.longest_usec = duration_usec;
}

/* Nobody of us changes it during a term: who sees another one has seen a human's edit. Only of this uid: what was seen
 * before of the name says nothing. */
static void learn_record(struct election *e, const struct lock_fact *f) {
        if (f->sort != LOCK_SOUND)
                return;
        if (e->record.uid != f->uid) {
                e->record.uid = f->uid;
                e->record.record = f->record;
                e->record.placeholder = f->placeholder;
                e->record.longest_usec = f->duration_usec;
                e->record.tenure = f->tenure;
                e->record.change = RECORD_KEPT;
                return;
        }
        note_longest(e, f->duration_usec);
        if (f->tenure != e->record.tenure ||
            (f->tenure == TENURE_LEASE && f->placeholder != e->record.placeholder)) /* @tenure-is-remembered */
                e->record.change = RECORD_BROKEN;
        else if (f->record != e->record.record && e->record.change == RECORD_KEPT)
                e->record.change = RECORD_CHANGED;
}

static void learn(struct election *e, const struct lock_fact *f, bool read, uint64_t now) {
        if (f->orphaned && !(e->lock.fact.orphaned && e->lock.fact.uid == f->uid))
                e->lock.orphan_at_usec = now;
        e->lock.fact = *f;
        learn_record(e, f);
        if (f->sort == LOCK_FOREIGN && f->placeholder && f->placeholder != e->past.pod_uid) {
                e->past.pod_uid = f->placeholder;
                e->timers.pod_at_usec = 0;
        }
        e->lock.source = read ? LOCK_SOURCE_ANSWER : LOCK_SOURCE_WATCH;
        if (f->claimed)
                e->claim_ready = false; /* used up: the next POST carries a new one */
}

/* An answer to a lock operation (NULL: absent); a watch event that came meanwhile may be newer. */
static void learn_answer(struct election *e, const struct lock_fact *f, uint64_t now) {
        struct lock_fact absent = {.sort = LOCK_ABSENT, .uid = e->lock.fact.uid};

        learn(e, f ? f : &absent, true, now);
        e->lock.reread = (e->lock.passed == PASSED_ABSENT && e->lock.fact.sort != LOCK_ABSENT) ||
                         (e->lock.passed == PASSED_OBJECT &&
                          (e->lock.fact.sort == LOCK_ABSENT || e->lock.passed_version != e->lock.fact.version));
}

static void absorb_holder(struct election *e, const struct placeholder_fact *f, uint64_t now) {
        /* The uid, not the name: the next placeholder of that name says nothing about the lock's holder. */
        bool alive = f->present && f->uid == e->holder.uid && !f->deleting; /* @holder-by-uid */

        /* What counts is how long this version has been the last. @renewal-restarts-the-wait */
        if (alive && (e->holder.state != HOLDER_LIVES || f->version != e->holder.version)) {
                e->holder.state = HOLDER_LIVES;
                e->holder.version = f->version;
                e->holder.genuine = false;
                e->holder.seen_at_usec = e->holder.silent_since_usec = now;
                e->holder.fresh = false;
        } else if (!alive && e->holder.state != HOLDER_GONE) {
                e->holder.state = HOLDER_GONE;
                e->holder.seen_at_usec = now;
                e->holder.fresh = false;
        }
        /* Whose it is, is written in the lock, too: that may have been mended since this version was first seen. */
        if (alive && f->genuine) {
                e->holder.genuine = true;
                if (e->record.uid == e->holder.lock) /* @placeholder-tells-the-duration-too */
                        note_longest(e, f->duration_usec);
        }
}

/* A watch may be older than what was read: it may say that this very object went or was renewed; anything else about
 * the name (absent, another uid) asks for a read. */
static void absorb_holder_seen(struct election *e, const struct placeholder_fact *f, uint64_t now) {
        if (f->uid == e->holder.uid) /* @watch-tells-of-this-uid-only */
                absorb_holder(e, f, now);
        else if (e->holder.state != HOLDER_GONE)
                e->holder.look = true;
}

void election_swapped(struct election *e, uint64_t version) {
        /* Nothing renewed it after the version that the DELETE named; our wait counts from when we saw that one. */
        if (e->holder.version == version)
                e->holder.seen_at_usec = e->holder.silent_since_usec;
        if (e->holder.state != HOLDER_UNSEEN) /* (since then another holder is to be looked at) */
                e->holder.state = HOLDER_GONE;
        e->holder.fresh = true;
}

static void absorb_holder_reply(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        const struct placeholder_fact absent = {.present = false};
        uint64_t due = util_usec_add(e->holder.seen_at_usec, election_silence_usec(e, c));
        bool unseen = e->holder.state == HOLDER_UNSEEN;
        bool waited = !unseen && ev->now_usec >= due; /* @answered-after-the-wait */

        e->holder.look = false;
        if (ev->result != RESULT_OK && ev->result != RESULT_NOT_FOUND) {
                e->holder.fresh = false;
                return;
        }
        if (ev->op == ELECTION_OP_DELETE_HOLDER && ev->result == RESULT_OK) {
                election_swapped(e, e->holder.swap_version);
                return;
        }
        absorb_holder(e, ev->result == RESULT_OK ? &ev->holder : &absent, ev->now_usec); /* @read-tells-of-absence */
        /* Gone before we ever saw it: only the record is left to tell the duration, and whoever took the placeholder
         * away may have written into that, too. */
        if (unseen && e->holder.state == HOLDER_GONE && e->record.uid == e->holder.lock)
                note_longest(e, c->timing.duration_usec);
        /* Only an answer given after the wait, and that shows no change, lets anything be deposed: a renewal that was
         * stored late is seen by that read, or makes the swap fail (claim 5). */
        e->holder.fresh = waited && e->holder.seen_at_usec != ev->now_usec; /* @nothing-new-after-the-wait */
}

static void absorb_pod(struct election *e, const struct election_event *ev) {
        bool lives = ev->result == RESULT_OK && ev->holder.present && ev->holder.uid == e->past.pod_uid;

        if (lives)
                e->timers.pod_at_usec = util_usec_add(ev->now_usec, RETRY_TAKEN_USEC);
        else if (e->past.pod_uid && (ev->result == RESULT_OK || ev->result == RESULT_NOT_FOUND)) {
                e->past.pod_uid = 0;
                e->lock.reread = true; /* its answer is from before this one */
        }
}

/* Paces retries: what surely failed or is unknown waits; a write that only met another state is tried again at once,
 * and waits from the second time on. A good read does not forget that a write keeps failing. */
static void pace(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        bool gone_is_good = ev->op == ELECTION_OP_READ || ev->op == ELECTION_OP_DELETE || ev->op == ELECTION_OP_STRIP ||
                            ev->op == ELECTION_OP_READ_HOLDER || ev->op == ELECTION_OP_DELETE_HOLDER ||
                            ev->op == ELECTION_OP_READ_POD;
        bool read = ev->op == ELECTION_OP_READ || ev->op == ELECTION_OP_READ_HOLDER || ev->op == ELECTION_OP_READ_POD;
        bool hard = ev->result == RESULT_DENIED || ev->result == RESULT_FAILED || ev->result == RESULT_UNKNOWN;

        e->timers.retry.at_usec = 0;
        if (ev->result == RESULT_OK || (ev->result == RESULT_NOT_FOUND && gone_is_good)) {
                if (!read || e->timers.retry.operation == ev->op ||
                    (e->timers.retry.operation == ELECTION_OP_CREATE && ev->result == RESULT_OK))
                        e->timers.retry.attempts = 0; /* (a lost race is no failure: the read tells who won) */
                return;
        }
        retry_note(&e->timers.retry, ev->op,
                   !hard        ? RETRY_RACED
                   : ev->silent ? RETRY_SILENT
                                : RETRY_FAILED,
                   &c->retry, ev->now_usec, ev->retry_after_usec, ev->random);
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
                e->claim_ready = ev->result == RESULT_OK; /* @claim-is-on-disk */
                break;
        case ELECTION_OP_CREATE:
                if (ev->result == RESULT_OK) {
                        learn_answer(e, f, ev->now_usec);
                        e->guard.fact.about = ev->lock.uid; /* a new uid: the guard cannot have revoked it */
                        e->guard.fact.revoked = false;
                        e->guard.fact.refusal = GUARD_OK;
                } else /* taken, or unknown: the claim tells whether a lock that turns up is ours */
                        e->lock.reread =
                                (ev->result != RESULT_DENIED && ev->result != RESULT_FAILED) ||
                                e->lock.fact.sort != LOCK_ABSENT; /* (told meanwhile: no POST comes after it) */
                break;
        case ELECTION_OP_ADOPT:
        case ELECTION_OP_RESTORE: /* read back, unless it is gone (claim 7) */
                if (ev->result == RESULT_NOT_FOUND)
                        learn_answer(e, NULL, ev->now_usec);
                else
                        e->lock.reread = true;
                break;
        case ELECTION_OP_DELETE:
                if (told)
                        learn_answer(e, f, ev->now_usec);
                else
                        e->lock.reread = true;
                break;
        case ELECTION_OP_STRIP:
                if (told)
                        learn_answer(e, NULL, ev->now_usec);
                else
                        e->lock.reread = true;
                break;
        case ELECTION_OP_READ_HOLDER:
        case ELECTION_OP_DELETE_HOLDER:
                absorb_holder_reply(e, c, ev);
                break;
        case ELECTION_OP_READ_POD:
                absorb_pod(e, ev);
                break;
        }
        e->lock.passed = PASSED_NOTHING;
}

static void absorb_lock_seen(struct election *e, const struct lock_fact *f, uint64_t now) {
        bool gone = f->sort == LOCK_ABSENT;

        if (!gone && election_knows(e) && f->uid == e->lock.fact.uid && f->version == e->lock.fact.version)
                return;
        if (e->op != ELECTION_OP_NONE) {
                e->lock.passed = gone ? PASSED_ABSENT : PASSED_OBJECT;
                e->lock.passed_version = f->version;
        }
        if (!election_knows(e)) {
                e->lock.reread = true;
                return;
        }
        if (gone) {
                if (f->uid && f->uid == e->lock.fact.uid && e->lock.fact.sort != LOCK_ABSENT)
                        learn(e, f, false, now);
                else if (!f->uid && e->lock.fact.sort != LOCK_ABSENT)
                        e->lock.reread = true;
                return;
        }
        if (e->term.uid && f->uid == e->term.uid &&
            (f->deleting || f->sort != LOCK_SOUND || !f->claimed ||
             (e->record.uid == f->uid && e->record.record != f->record))) {
                /* Ends our term, whatever else is true; marks and changes by others are not taken back. */
                learn(e, f, false, now);
                return;
        }
        if (e->term.uid || f->claimed || e->lock.fact.claimed)
                e->lock.reread = true;
        else
                learn(e, f, false, now);
}

static void absorb_guard(struct election *e, const struct guard_fact *g) {
        uint64_t about = e->guard.fact.about;
        bool revoked = e->guard.fact.revoked;

        if (e->guard.fact.unfit && !g->unfit && e->term.reason == REASON_UNIT_UNFIT) {
                /* What the pause was for has been mended. */
                e->timers.cool_until_usec = e->term.cool_usec = 0;
                e->past.failures = 0;
        }
        if (g->evicts && e->guard.eviction == EVICTION_SENT)
                e->guard.eviction = EVICTION_ANSWERED;
        else if (!g->evicts && (e->guard.eviction == EVICTION_ANSWERED || g->unit != UNIT_FOREIGN))
                e->guard.eviction = EVICTION_NONE; /* something is new: if it runs again, or still, it is told again */
        e->guard.fact = *g;
        e->guard.linked = true;
        if (!g->about) { /* a push says nothing about revocation: keep what was answered */
                e->guard.fact.about = about;
                e->guard.fact.revoked = revoked;
        } else
                e->guard.asked_uid = 0;
        /* Only what the guard says of this uid, and once it has recorded the revoke: an answer to an earlier question
         * was given when a permit might still follow it (claim 4). */
        if (e->state != ELECTION_STOPPING || g->about != e->term.uid ||
            !g->revoked) /* @only-a-recorded-revoke-counts */
                return;
        if (g->stopped)
                e->term.stop = STOP_CONFIRMED;
        else if (e->term.stop == STOP_UNANSWERED)
                e->term.stop = STOP_TAKEN;
}

void election_absorb(struct election *e, const struct election_conf *c, const struct election_event *ev) {
        if (e->timers.retry.at_usec && ev->now_usec >= e->timers.retry.at_usec)
                e->timers.retry.at_usec = 0;
        if (e->timers.cool_until_usec && ev->now_usec >= e->timers.cool_until_usec)
                e->timers.cool_until_usec = 0;

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
                if (e->holder.uid && e->holder.state != HOLDER_UNSEEN)
                        absorb_holder_seen(e, &ev->holder, ev->now_usec);
                break;
        case ELECTION_EV_GUARD:
                absorb_guard(e, &ev->guard);
                if (e->term.uid && e->guard.fact.permit == e->term.uid)
                        restarts_note(&e->term.restarts, ev->guard.restarts, c->keys.restart_interval_usec,
                                      ev->now_usec);
                break;
        case ELECTION_EV_LINK_UP:
                e->guard.query = true;
                e->term.revoke_sent = false;
                e->guard.permit_again = true;
                e->guard.asked_uid = 0;
                e->guard.eviction = EVICTION_NONE;
                break;
        case ELECTION_EV_LINK_DOWN:
                e->guard.linked = false;
                e->guard.asked_uid = 0;
                e->guard.query = false;
                e->guard.eviction = EVICTION_NONE;
                e->term.revoke_sent = false;
                e->guard.fact = (struct guard_fact){.unit = UNIT_UNKNOWN};
                break;
        case ELECTION_EV_STEP_DOWN:
                e->wants.step_down = true;
                break;
        case ELECTION_EV_STOP:
                e->wants.stop = true;
                break;
        }
}
