/* SPDX-License-Identifier: Apache-2.0 */
/* Events, requests and what is due. Order inside a step matters more than anything else here: every list of actions is
 * read from top to bottom by a shell that may be killed between any two of them. ARCHITECTURE 4, and 5, claims 1, 4
 * and 6. */
#include <string.h>

#include "core/supervise_parts.h"

void supervise_init(struct supervise *s) {
        memset(s, 0, sizeof(*s));
        s->retry_at_usec = USEC_INFINITY;
}

bool supervise_permitted(const struct supervise *s) {
        return s->state >= SUPERVISE_RESUMING && s->state <= SUPERVISE_WAITING;
}

bool supervise_started(const struct supervise *s) {
        return supervise_permitted(s) && s->start == SUPERVISE_START_ANSWERED;
}

bool supervise_stopping(const struct supervise *s) {
        return s->state >= SUPERVISE_STOPPING;
}

uint64_t supervise_deadline(const struct supervise *s) {
        uint64_t at = s->retry_at_usec;

        if (supervise_permitted(s) || s->state == SUPERVISE_CHECKING)
                at = util_usec_min(at, s->stop_at_usec); /* @wakes-at-the-first-instant */
        if (s->state == SUPERVISE_STOPPING)
                at = util_usec_min(at, s->kill_at_usec);
        return at;
}

bool supervise_invariant(const struct supervise *s) {
        bool idle = s->state <= SUPERVISE_FOREIGN;

        if (s->state > SUPERVISE_LAST || s->reason > SUPERVISE_REASON_LAST)
                return false;
        if (s->gate && (idle || s->state == SUPERVISE_CHECKING))
                return false;
        if (s->state >= SUPERVISE_STARTING && s->state <= SUPERVISE_WAITING &&
            (!s->gate || s->start == SUPERVISE_NEVER_STARTED))
                return false;
        if ((supervise_permitted(s) || s->state == SUPERVISE_CHECKING) && (s->uid == 0 || s->stop_at_usec == 0))
                return false;
        if (idle && (s->uid != 0 || s->unrecorded))
                return false;
        if (s->unrecorded && !supervise_stopping(s))
                return false;
        if ((s->waits & SUPERVISE_WAIT_RENEWAL) && s->state != SUPERVISE_RESUMING)
                return false;
        if ((s->waits & SUPERVISE_WAIT_REVOKE) && idle && s->reading == SUPERVISE_READ_NONE &&
            s->retry_at_usec == USEC_INFINITY)
                return false;
        if ((s->waits & (SUPERVISE_WAIT_QUERY | SUPERVISE_WAIT_EVICT)) && s->reading == SUPERVISE_READ_NONE)
                return false;
        return s->state != SUPERVISE_CHECKING || s->reading != SUPERVISE_READ_NONE || s->retry_at_usec != USEC_INFINITY;
}

static void on_found(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        uint64_t now = ev->now_usec;

        s->retry_at_usec = util_usec_add(now, SUPERVISE_POLL_USEC);
        if (ev->file == SUPERVISE_FILE_VALID) {
                s->uid = ev->uid;
                s->tenure = ev->tenure;
                s->stop_at_usec = s->disk_stop_at_usec = ev->stop_at_usec;
                s->kill_at_usec = s->disk_kill_at_usec = ev->kill_at_usec;
                s->stop_timeout_usec = ev->stop_timeout_usec;
                s->gate = ev->gate;
                if (ev->revoked || now >= ev->stop_at_usec) { /* @overdue-is-not-resumed */
                        supervise_begin_stop(s, a,
                                             ev->revoked ? SUPERVISE_REASON_WAS_REVOKED : SUPERVISE_REASON_DEADLINE,
                                             now, s->stop_timeout_usec);
                        return;
                }
                s->state = SUPERVISE_RESUMING;
                if (util_usec_add(now, SUPERVISE_NEAR_USEC) > ev->stop_at_usec)
                        s->waits |= SUPERVISE_WAIT_RENEWAL;
                s->retry_at_usec = util_usec_add(now, SUPERVISE_RESUME_USEC);
                supervise_read_now(s, a);
                return;
        }
        if (ev->file == SUPERVISE_FILE_BAD || ev->gate) /* @gate-without-permit-is-stopped */
                supervise_begin_stop_unpermitted(
                        s, a, ev->file == SUPERVISE_FILE_BAD ? SUPERVISE_REASON_BAD_FILE : SUPERVISE_REASON_STALE_GATE,
                        now, 0);
}

static void on_permit(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        bool same = s->uid != 0 && s->uid == ev->uid;
        uint64_t now = ev->now_usec;

        if (ev->revoked || (same && supervise_stopping(s))) { /* @revoked-for-good */
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_REVOKED);
                return;
        }
        if (now >= ev->stop_at_usec) {
                /* Delivered late: this term is over, for the guard too. */
                if (same && supervise_permitted(s)) {
                        supervise_begin_stop(s, a, SUPERVISE_REASON_DEADLINE, now, s->stop_timeout_usec);
                } else {
                        supervise_act(a, SUPERVISE_REFUSE_REQUEST, GUARD_OK);
                        if (same) {
                                supervise_act(a, SUPERVISE_REPLY_PERMITS, GUARD_REFUSED_OVERDUE);
                                supervise_drop_check(s, a, SUPERVISE_UNREAD, now);
                        }
                }
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_OVERDUE);
                return;
        }
        if (s->uid != 0 && !same) {
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_BUSY);
                return;
        }
        if (supervise_stopping(s) || supervise_revoke_waits(s)) {
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_BUSY);
                return;
        }
        if (same && s->tenure != ev->tenure) {
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_REQUEST);
                return;
        }
        if (!same) {
                /* The later word counts: what it would have stopped may run. */
                if (s->waits & SUPERVISE_WAIT_EVICT)
                        supervise_act(a, SUPERVISE_REPLY_EVICTS, GUARD_REFUSED_BUSY);
                s->waits &= (uint8_t)~SUPERVISE_WAIT_EVICT;
                s->state = SUPERVISE_CHECKING;
                s->uid = ev->uid;
                s->tenure = ev->tenure;
                s->start = SUPERVISE_NEVER_STARTED;
                s->retry_at_usec = USEC_INFINITY;
                s->disk_stop_at_usec = s->disk_kill_at_usec = 0;
                supervise_read_now(s, a);
        } else if (supervise_permitted(s)) {
                /* A renewal needs neither PID 1 nor a reading; an unchanged one (life) not even a write. */
                if (s->stop_at_usec != ev->stop_at_usec || s->kill_at_usec != ev->kill_at_usec ||
                    s->stop_timeout_usec != ev->stop_timeout_usec)
                        supervise_act(a, SUPERVISE_WRITE_PERMIT, GUARD_OK); /* @renewal-is-on-disk */
                supervise_act(a, SUPERVISE_REPLY, GUARD_OK);
                if (s->waits & SUPERVISE_WAIT_RENEWAL)
                        supervise_read_soon(s, a);
                s->waits &= (uint8_t)~SUPERVISE_WAIT_RENEWAL;
        }
        s->stop_at_usec = ev->stop_at_usec;
        s->kill_at_usec = ev->kill_at_usec;
        s->stop_timeout_usec = ev->stop_timeout_usec;
}

/* What a revoke gives the unit; otherwise: when it does not say. Whoever revokes does not kill at once. */
static uint64_t revoke_timeout(const struct supervise_event *ev, uint64_t otherwise) {
        if (!ev->stop_timeout_usec)
                return otherwise;
        return ev->stop_timeout_usec > TIMING_STOP_MIN_USEC ? ev->stop_timeout_usec : TIMING_STOP_MIN_USEC;
}

/* Nothing of ours is in force: the unit may run all the same, or a permit may be on its way. Whether it is ours to stop
 * PID 1 has to say first (supervise_on_reading()). */
static void await_revoke(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        uint64_t timeout = revoke_timeout(ev, s->stop_timeout_usec);

        if (s->state == SUPERVISE_CHECKING) {
                supervise_act(a, SUPERVISE_REPLY_PERMITS, GUARD_REFUSED_REVOKED);
                supervise_become_idle(s, SUPERVISE_UNREAD, ev->now_usec);
        }
        s->stop_timeout_usec = timeout;
        supervise_act(a, SUPERVISE_REFUSE_REQUEST, GUARD_OK);
        supervise_read_now(s, a);
}

static void on_revoke(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        bool same = s->uid != 0 && s->uid == ev->uid;
        uint64_t now = ev->now_usec;

        if (same && supervise_permitted(s)) {
                supervise_begin_stop(s, a, SUPERVISE_REASON_REVOKED, now, revoke_timeout(ev, s->stop_timeout_usec));
        } else if (supervise_stopping(s)) {
                if (!same)
                        supervise_act(a, SUPERVISE_REFUSE_REQUEST, GUARD_OK);
                if (same || s->uid == 0)
                        s->kill_at_usec =
                                util_usec_min(s->kill_at_usec, util_usec_add(now, revoke_timeout(ev, USEC_INFINITY)));
                supervise_read_now(s, a);
        } else if (s->uid != 0 && !same) {
                /* Another permit is asked for or in force. The answer speaks of the unit: it waits until that is seen
                 * stopped. */
                supervise_act(a, SUPERVISE_REFUSE_REQUEST, GUARD_OK);
                supervise_read_now(s, a);
        } else
                await_revoke(s, a, ev);
        s->waits |= SUPERVISE_WAIT_REVOKE;
        s->waits &= (uint8_t)~SUPERVISE_REVOKE_TOLD;
        supervise_act(a, SUPERVISE_REPLY_INTERIM, GUARD_OK);
}

/* The lock is held elsewhere. A permit is not undone by this: that is what a revoke is for, which is answered. */
static void on_evict(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        if (s->state > SUPERVISE_FOREIGN || supervise_revoke_waits(s)) { /* @no-eviction-under-a-permit */
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_BUSY);
                return;
        }
        s->stop_timeout_usec = ev->stop_timeout_usec;
        s->waits |= SUPERVISE_WAIT_EVICT;
        supervise_read_now(s, a);
}

static void on_start_result(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        /* A stop that began meanwhile was sent after that start; the gate and the readings do the rest. */
        if (!supervise_permitted(s) || s->start != SUPERVISE_START_UNDER_WAY)
                return;
        switch ((enum supervise_start_result)ev->start_result) {
        case SUPERVISE_START_OK:
        case SUPERVISE_START_REFUSED:
                s->start = SUPERVISE_START_ANSWERED;
                supervise_act(a, SUPERVISE_NOTE, GUARD_OK);
                supervise_read_now(s, a);
                break;
        case SUPERVISE_START_LOST:
                s->start = SUPERVISE_START_GONE;
                supervise_read_now(s, a);
                break;
        case SUPERVISE_START_TIMEOUT:
                supervise_begin_stop(s, a, SUPERVISE_REASON_START_TIMEOUT, ev->now_usec, s->stop_timeout_usec);
                break;
        }
}

static void on_failed(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        const uint32_t writes = 1U << SUPERVISE_WRITE_PERMIT | 1U << SUPERVISE_WRITE_ENV | 1U << SUPERVISE_MAKE_GATE;
        uint64_t now = ev->now_usec;

        if (ev->failed & 1U << SUPERVISE_REMOVE_GATE)
                s->gate = 1;
        if (ev->failed & 1U << SUPERVISE_RECORD && s->uid != 0 && supervise_stopping(s))
                s->unrecorded = 1; /* @unrecorded-is-kept */
        if (!(ev->failed & writes) || !supervise_permitted(s))
                return;
        if (s->disk_stop_at_usec == 0 && ev->failed & 1U << SUPERVISE_WRITE_PERMIT) { /* @permit-on-disk-is-in-force */
                /* A first permit that is not on disk: as if it had not been asked for. One that is there ends as one in
                 * force does: should its file stay, the next guard takes it up unless the uid is recorded. */
                s->gate = 0;
                supervise_act(a, SUPERVISE_REMOVE_PERMIT, GUARD_OK);
                supervise_act(a, SUPERVISE_REPLY_PERMITS, GUARD_REFUSED_INTERNAL); /* @failed-permit-is-refused */
                supervise_drop_check(s, a, SUPERVISE_UNREAD, now);
                supervise_read_now(s, a);
        } else if (ev->failed & 1U << SUPERVISE_WRITE_PERMIT && s->stop_at_usec >= s->disk_stop_at_usec &&
                   s->kill_at_usec >= s->disk_kill_at_usec) {
                /* A renewal that could not be stored is not given: an earlier guard's file must never promise more. */
                s->stop_at_usec = s->disk_stop_at_usec;
                s->kill_at_usec = s->disk_kill_at_usec;
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_INTERNAL);
        } else {
                supervise_begin_stop(s, a, SUPERVISE_REASON_FILES, now, s->stop_timeout_usec);
                supervise_act(a, SUPERVISE_REPLY_PERMITS, GUARD_REFUSED_INTERNAL);
                supervise_act(a, SUPERVISE_REPLY, GUARD_REFUSED_INTERNAL);
        }
}

static void on_superseded(struct supervise *s, uint64_t now) {
        s->waits &= SUPERVISE_WAIT_RENEWAL;
        /* Nothing is written yet, and whoever connects next sends what it wants. */
        if (s->state == SUPERVISE_CHECKING)
                supervise_become_idle(s, SUPERVISE_UNREAD, now);
        else if (s->state <= SUPERVISE_FOREIGN)
                s->stop_timeout_usec = 0; /* of an eviction */
}

static void on_abandoned(struct supervise *s, struct supervise_actions *a, uint64_t now) {
        /* A lease ends by itself, and may be renewed until then. */
        if (supervise_permitted(s) && s->tenure == TENURE_LIFE)
                supervise_begin_stop(s, a, SUPERVISE_REASON_ABANDONED, now, s->stop_timeout_usec);
}

/* The uid is used up: what is under its permit ends with the unit that was first. */
static void on_withdrawn(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        if (s->uid != ev->uid)
                return;
        if (supervise_permitted(s)) { /* @list-ends-together */
                supervise_begin_stop(s, a, SUPERVISE_REASON_LIST, ev->now_usec, s->stop_timeout_usec);
        } else if (s->state == SUPERVISE_CHECKING) {
                supervise_act(a, SUPERVISE_REPLY_PERMITS, GUARD_REFUSED_REVOKED);
                supervise_drop_check(s, a, SUPERVISE_UNREAD, ev->now_usec);
        }
}

/* What has come due, whatever the event was. */
static void retry(struct supervise *s, struct supervise_actions *a, uint64_t now) {
        if (s->state == SUPERVISE_STOPPING && now >= s->kill_at_usec) {
                supervise_begin_kill(s, a, now);
                supervise_read_soon(s, a);
        }
        if (now < s->retry_at_usec)
                return;
        if (supervise_stopping(s)) {
                if (s->gate) {
                        supervise_act(a, SUPERVISE_REMOVE_GATE, GUARD_OK);
                        /* What is under way was begun with the gate there and proves nothing. */
                        s->reading = SUPERVISE_READ_NONE;
                }
                s->gate = 0;
                if (s->unrecorded)
                        supervise_act(a, SUPERVISE_RECORD, GUARD_OK);
                s->unrecorded = 0;
                if (s->state != SUPERVISE_STOPPING)
                        supervise_act(a, SUPERVISE_KILL, GUARD_OK);
                s->retry_at_usec = util_usec_add(now, s->state == SUPERVISE_KILLING ? SUPERVISE_KILL_RETRY_USEC
                                                                                    : SUPERVISE_STOP_RETRY_USEC);
        } else {
                s->retry_at_usec = util_usec_add(now, s->state == SUPERVISE_RESUMING ? SUPERVISE_RESUME_USEC
                                                                                     : SUPERVISE_POLL_USEC);
        }
        supervise_read_soon(s, a);
}

static bool is_over(uint8_t state) {
        return state == SUPERVISE_FAILED || state == SUPERVISE_ENDED;
}

/* What the file says is never behind what is told: a guard that is killed between the two would leave the agent with an
 * end that the next guard does not know. */
static void note_first(struct supervise_actions *a) {
        const struct supervise_actions rest = *a;

        *a = (struct supervise_actions){};
        supervise_act(a, SUPERVISE_NOTE, GUARD_OK);
        for (unsigned i = 0; i < rest.n; i++)
                supervise_act(a, rest.a[i].type, rest.a[i].result);
}

struct supervise_actions supervise_step(struct supervise *s, const struct supervise_event *ev) {
        struct supervise_actions a = {};
        uint64_t now = ev->now_usec;
        uint8_t before = s->state;

        if (ev->type != SUPERVISE_EV_FAILED && supervise_permitted(s)) {
                s->disk_stop_at_usec = s->stop_at_usec;
                s->disk_kill_at_usec = s->kill_at_usec;
        }

        /* The first instant comes before the event: a renewal that waited behind a hang is too late. */
        if (supervise_permitted(s) && now >= s->stop_at_usec) { /* @first-instant-before-the-event */
                supervise_begin_stop(s, &a, SUPERVISE_REASON_DEADLINE, now, s->stop_timeout_usec);
        } else if (s->state == SUPERVISE_CHECKING && now >= s->stop_at_usec) {
                supervise_act(&a, SUPERVISE_REFUSE_CHECKED, GUARD_OK);
                supervise_act(&a, SUPERVISE_REPLY_PERMITS, GUARD_REFUSED_OVERDUE);
                supervise_drop_check(s, &a, SUPERVISE_UNREAD, now);
        }

        switch ((enum supervise_event_type)ev->type) {
        case SUPERVISE_EV_FOUND:
                on_found(s, &a, ev);
                break;
        case SUPERVISE_EV_PERMIT:
                on_permit(s, &a, ev);
                break;
        case SUPERVISE_EV_REVOKE:
                on_revoke(s, &a, ev);
                break;
        case SUPERVISE_EV_QUERY:
                s->waits |= SUPERVISE_WAIT_QUERY;
                supervise_read_now(s, &a);
                break;
        case SUPERVISE_EV_EVICT:
                on_evict(s, &a, ev);
                break;
        case SUPERVISE_EV_SUPERSEDED:
                on_superseded(s, now);
                break;
        case SUPERVISE_EV_ABANDONED:
                on_abandoned(s, &a, now);
                break;
        case SUPERVISE_EV_WITHDRAWN:
                on_withdrawn(s, &a, ev);
                break;
        case SUPERVISE_EV_WAKE:
                if (s->reading == SUPERVISE_READ_NONE)
                        supervise_read_now(s, &a);
                else
                        s->reading = SUPERVISE_READ_OLD;
                break;
        case SUPERVISE_EV_READING:
                /* When this step began a stop, that look was begun with the gate there; its own is on its way. */
                if (!supervise_stopping(s) || before >= SUPERVISE_STOPPING) /* @look-begun-after-the-stop */
                        supervise_on_reading(s, &a, ev);
                break;
        case SUPERVISE_EV_START_RESULT:
                on_start_result(s, &a, ev);
                break;
        case SUPERVISE_EV_FAILED:
                on_failed(s, &a, ev);
                break;
        case SUPERVISE_EV_TICK:
                break;
        }
        retry(s, &a, now);
        if (s->state != before && supervise_permitted(s) && (is_over(s->state) || is_over(before))) /* @end-is-noted */
                note_first(&a);
        if (s->state != before && s->state != SUPERVISE_CHECKING)
                supervise_act(&a, SUPERVISE_PUSH, GUARD_OK);
        return a;
}
