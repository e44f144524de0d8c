/* SPDX-License-Identifier: Apache-2.0 */
/* What a reading of PID 1 and the cgroup means in each state: may a permit start the unit, or take over the one that
 * runs, how does it go on, and was it seen stopped. ARCHITECTURE 5, claims 1 (only what has the gate in force is
 * permitted) and 4 (the stop is seen). */
#include "core/supervise_parts.h"

/* No job, inactive or failed, and nothing left in the cgroup, recursively. */
static bool seen_stopped(const struct supervise_reading *r) {
        return r->known && !r->job && r->active == SUPERVISE_INACTIVE && r->populated == SUPERVISE_EMPTY;
}

static bool seen_nothing_alive(const struct supervise_reading *r) {
        return r->known && r->active == SUPERVISE_INACTIVE && r->populated == SUPERVISE_EMPTY;
}

static enum supervise_state idle_state(const struct supervise_reading *r) {
        if (seen_stopped(r))
                return SUPERVISE_STOPPED;
        /* A start job at boot that the gate is about to refuse is not a unit that runs. */
        if (!r->known || seen_nothing_alive(r) || r->populated == SUPERVISE_POPULATED_UNKNOWN)
                return SUPERVISE_UNREAD;
        return SUPERVISE_FOREIGN;
}

/* What an eviction does now that the unit was seen (idle). */
static enum guard_result evict(struct supervise *s, struct supervise_actions *a, const struct supervise_reading *r,
                               uint64_t now) {
        uint64_t timeout = s->stop_timeout_usec;

        s->stop_timeout_usec = 0;
        if (s->state != SUPERVISE_FOREIGN)
                return seen_nothing_alive(r) ? GUARD_OK : GUARD_REFUSED_INTERNAL;
        if (!r->gated) /* @eviction-needs-the-gate-in-force */
                return GUARD_REFUSED_ENROLL;
        supervise_begin_stop_unpermitted(s, a, SUPERVISE_REASON_EVICTED, now, timeout);
        return GUARD_OK;
}

/* A revoke that nothing of ours is in force for, now that the unit was seen. Without gate or permit file, and not
 * enrolled, it is not ours to stop, whatever runs of it: the answer waits for its end. */
static void revoke_seen(struct supervise *s, struct supervise_actions *a, const struct supervise_reading *r,
                        uint64_t now) {
        if (r->known && r->ours) { /* @revoke-needs-an-enrolled-unit */
                supervise_begin_stop_unpermitted(s, a, SUPERVISE_REASON_REVOKED, now, s->stop_timeout_usec);
        } else if (seen_stopped(r)) { /* @nothing-to-stop-is-seen */
                supervise_act(a, SUPERVISE_REPLY_STOPPED, GUARD_OK);
                s->waits &= (uint8_t) ~(SUPERVISE_WAIT_REVOKE | SUPERVISE_REVOKE_TOLD);
                s->stop_timeout_usec = 0;
        } else if (!r->known) {
                s->retry_at_usec = util_usec_add(now, SUPERVISE_STOP_RETRY_USEC);
        } else if (!(s->waits & SUPERVISE_REVOKE_TOLD)) {
                supervise_act(a, SUPERVISE_REPLY_REVOKES, GUARD_REFUSED_ENROLL);
                s->waits |= SUPERVISE_REVOKE_TOLD;
        }
}

static void start_now(struct supervise *s, struct supervise_actions *a) {
        supervise_act(a, SUPERVISE_START, GUARD_OK);
        s->state = SUPERVISE_STARTING;
        s->start = SUPERVISE_START_UNDER_WAY;
}

/* Under the permit, and seen stopped. */
static enum supervise_state ended(const struct supervise_reading *r) {
        if (r->end == SUPERVISE_END_NONE && r->triggered)
                return SUPERVISE_WAITING;
        return r->end == SUPERVISE_END_WELL ? SUPERVISE_ENDED : SUPERVISE_FAILED;
}

/* The unit runs, and nothing is about to happen to it. */
static bool at_rest(const struct supervise_reading *r) {
        return r->active == SUPERVISE_INACTIVE || (r->active == SUPERVISE_ACTIVE && !r->job);
}

static enum guard_result refusal(const struct supervise *s, const struct supervise_reading *r) {
        if (!r->known)
                return GUARD_REFUSED_INTERNAL;
        if (!r->load_ok)
                return GUARD_REFUSED_UNIT;
        /* Leftovers are not the unit. And what a revoke waits for is to end, not to be taken over. */
        if (r->active == SUPERVISE_INACTIVE ? r->populated == SUPERVISE_POPULATED : s->waits & SUPERVISE_WAIT_REVOKE)
                return GUARD_REFUSED_FOREIGN;
        if (r->populated == SUPERVISE_POPULATED_UNKNOWN)
                return GUARD_REFUSED_INTERNAL;
        return r->start_ok ? GUARD_OK : GUARD_REFUSED_ENROLL; /* @permit-needs-the-gate-in-force */
}

/* Nothing of it works, or soon nothing will: on its way down, or waiting for Restart=. */
static bool going(const struct supervise_reading *r) {
        return r->active == SUPERVISE_DEACTIVATING ||
               (r->active == SUPERVISE_ACTIVATING && r->populated == SUPERVISE_EMPTY);
}

/* A stop may hang for as long as it likes (TimeoutStopSec=infinity), and so would the lock that the permit rests on.
 * The refusal makes the agent revoke: that ends what is left after stop_timeout, and only then the lock is free. */
static bool lingers(struct supervise *s, const struct supervise_reading *r, uint64_t now) {
        if (!going(r))
                s->going_since_usec = 0;
        else if (s->going_since_usec == 0)
                s->going_since_usec = now;
        return s->going_since_usec != 0 && now >= util_usec_add(s->going_since_usec, SUPERVISE_POLL_USEC);
}

/* The reading that a permit waited for. */
static void check_permit(struct supervise *s, struct supervise_actions *a, const struct supervise_reading *r,
                         uint64_t now) {
        enum guard_result refused = refusal(s, r);

        if (refused == GUARD_OK && lingers(s, r, now)) /* @going-is-not-waited-for-under-a-lock */
                refused = GUARD_REFUSED_FOREIGN;
        if (refused != GUARD_OK) {
                supervise_act(a, SUPERVISE_REPLY_PERMITS, refused);
                supervise_drop_check(s, a, idle_state(r), now);
                return;
        }
        s->retry_at_usec = util_usec_add(s->going_since_usec ? s->going_since_usec : now, SUPERVISE_POLL_USEC);
        if (!at_rest(r))
                return;                                     /* each of its changes wakes: then it is looked at again */
        supervise_act(a, SUPERVISE_WRITE_PERMIT, GUARD_OK); /* @permit-file-before-gate */
        supervise_act(a, SUPERVISE_WRITE_ENV, GUARD_OK);
        supervise_act(a, SUPERVISE_MAKE_GATE, GUARD_OK); /* @gate-before-start */
        s->gate = 1;
        if (r->active == SUPERVISE_ACTIVE) {
                /* It runs without ours. Should it have ended meanwhile, the look that follows starts it, as it would
                 * one whose start was lost. */
                s->state = SUPERVISE_STARTING;
                s->start = SUPERVISE_START_GONE;
        } else if (r->triggered) { /* @trigger-starts-it */
                s->state = SUPERVISE_WAITING;
                s->start = SUPERVISE_START_ANSWERED;
        } else
                start_now(s, a); /* @start-behind-the-gate */
        supervise_act(a, SUPERVISE_REPLY_PERMITS, GUARD_OK);
        if (s->start == SUPERVISE_START_GONE)
                supervise_read_now(s, a);
}

/* The first reading under a permit that an earlier guard took: go on where it was killed, between any two actions. */
static void resume(struct supervise *s, struct supervise_actions *a, const struct supervise_reading *r, uint64_t now) {
        if (!r->known)
                return;
        if (r->active == SUPERVISE_INACTIVE && r->populated != SUPERVISE_EMPTY) {
                supervise_begin_stop(s, a, SUPERVISE_REASON_LEFTOVERS, now, s->stop_timeout_usec);
                return;
        }
        if (s->waits & SUPERVISE_WAIT_RENEWAL && r->active != SUPERVISE_ACTIVE && r->active != SUPERVISE_ACTIVATING)
                return;
        s->waits &= (uint8_t)~SUPERVISE_WAIT_RENEWAL;
        if (!s->gate) {
                supervise_act(a, SUPERVISE_WRITE_ENV, GUARD_OK);
                supervise_act(a, SUPERVISE_MAKE_GATE, GUARD_OK);
                s->gate = 1;
        }
        s->retry_at_usec = util_usec_add(now, SUPERVISE_POLL_USEC);
        s->start = SUPERVISE_START_ANSWERED;
        if (r->active == SUPERVISE_ACTIVE || r->active == SUPERVISE_ACTIVATING) {
                s->state = r->active == SUPERVISE_ACTIVE ? SUPERVISE_RUNNING : SUPERVISE_STARTING;
                supervise_act(a, SUPERVISE_NOTE, GUARD_OK); /* whatever was noted before: it is not over */
        } else if (seen_stopped(r) && (r->end != SUPERVISE_END_NONE || r->triggered)) /* @ended-is-not-started-again */
                s->state = (uint8_t)ended(r);
        else if (r->load_ok && r->start_ok && !r->triggered)
                start_now(s, a);
        else
                /* Not what enrol wrote: no start. A unit still on its way down is FAILED once that is seen. */
                s->state = seen_stopped(r) ? SUPERVISE_FAILED : SUPERVISE_STARTING;
}

static void follow_unit(struct supervise *s, struct supervise_actions *a, const struct supervise_reading *r,
                        uint64_t now) {
        if (!r->known)
                return;
        if (r->active == SUPERVISE_ACTIVE) {
                s->state = SUPERVISE_RUNNING;
                if (s->start == SUPERVISE_START_GONE) {
                        s->start = SUPERVISE_START_ANSWERED;
                        supervise_act(a, SUPERVISE_NOTE, GUARD_OK);
                }
        } else if (r->active == SUPERVISE_ACTIVATING) {
                s->state = SUPERVISE_STARTING;
        } else if (seen_stopped(r)) {
                if (s->start == SUPERVISE_START_ANSWERED ||
                    (s->start == SUPERVISE_START_GONE && (r->end != SUPERVISE_END_NONE || r->triggered)))
                        s->state = (uint8_t)ended(r);
                else if (s->start == SUPERVISE_START_GONE && r->load_ok && r->start_ok)
                        start_now(s, a);
        }
        s->retry_at_usec = util_usec_add(now, SUPERVISE_POLL_USEC);
}

static void follow_stop(struct supervise *s, struct supervise_actions *a, const struct supervise_reading *r,
                        uint64_t now) {
        /* @stopped-is-seen */
        if (seen_stopped(r) && !s->gate && !s->unrecorded) {
                supervise_act(a, SUPERVISE_REMOVE_PERMIT, GUARD_OK); /* @permit-file-last */
                if (s->waits & SUPERVISE_WAIT_REVOKE)
                        supervise_act(a, SUPERVISE_REPLY_STOPPED, GUARD_OK);
                s->waits &= (uint8_t)~SUPERVISE_WAIT_REVOKE;
                supervise_become_idle(s, SUPERVISE_STOPPED, now);
                return;
        }
        /* The stop job was lost, refused, or replaced by somebody's start job. Of that, what still waits for other
         * units (a restart behind one that hangs) would keep the lock for as long: the gate is gone, so it ends here.
         */
        if (r->known &&
            (r->job ? seen_nothing_alive(r) : r->active == SUPERVISE_ACTIVE || r->active == SUPERVISE_ACTIVATING) &&
            now >= util_usec_add(s->stop_sent_at_usec, SUPERVISE_STOP_RETRY_USEC)) { /* @waiting-job-is-replaced */
                supervise_act(a, SUPERVISE_STOP, GUARD_OK);
                s->stop_sent_at_usec = now;
        }
        if (s->state == SUPERVISE_KILLING && r->populated == SUPERVISE_POPULATED &&
            now >= util_usec_add(s->kill_at_usec, SUPERVISE_STUCK_USEC))
                s->state = SUPERVISE_STUCK;
        else if (s->state == SUPERVISE_STUCK && r->populated == SUPERVISE_EMPTY)
                s->state = SUPERVISE_KILLING;
}

void supervise_on_reading(struct supervise *s, struct supervise_actions *a, const struct supervise_event *ev) {
        const struct supervise_reading *r = &ev->reading;
        enum guard_result evicted = GUARD_OK;
        bool again = s->reading == SUPERVISE_READ_OLD;
        uint64_t now = ev->now_usec;

        s->reading = SUPERVISE_READ_NONE;
        switch ((enum supervise_state)s->state) {
        case SUPERVISE_UNREAD:
        case SUPERVISE_STOPPED:
        case SUPERVISE_FOREIGN:
                s->state = (uint8_t)idle_state(r);
                s->retry_at_usec = util_usec_add(now, SUPERVISE_POLL_USEC);
                if (s->waits & SUPERVISE_WAIT_EVICT)
                        evicted = evict(s, a, r, now);
                if (supervise_revoke_waits(s))
                        revoke_seen(s, a, r, now);
                break;
        case SUPERVISE_CHECKING:
                if ((s->waits & SUPERVISE_WAIT_REVOKE) && seen_stopped(r)) {
                        supervise_act(a, SUPERVISE_REPLY_STOPPED, GUARD_OK);
                        s->waits &= (uint8_t)~SUPERVISE_WAIT_REVOKE;
                }
                check_permit(s, a, r, now);
                break;
        case SUPERVISE_RESUMING:
        case SUPERVISE_STARTING:
        case SUPERVISE_RUNNING:
        case SUPERVISE_FAILED:
        case SUPERVISE_ENDED:
        case SUPERVISE_WAITING:
                if (r->known && s->tenure == TENURE_LEASE && !r->run_ok)
                        supervise_begin_stop(s, a, SUPERVISE_REASON_ENROLL, now, s->stop_timeout_usec);
                else if (s->state == SUPERVISE_RESUMING)
                        resume(s, a, r, now);
                else
                        follow_unit(s, a, r, now);
                break;
        case SUPERVISE_STOPPING:
        case SUPERVISE_KILLING:
        case SUPERVISE_STUCK:
                follow_stop(s, a, r, now);
                break;
        }
        if (s->waits & SUPERVISE_WAIT_EVICT)
                supervise_act(a, SUPERVISE_REPLY_EVICTS, evicted);
        if (s->waits & SUPERVISE_WAIT_QUERY)
                supervise_act(a, SUPERVISE_REPLY_QUERIES, GUARD_OK);
        s->waits &= (uint8_t) ~(SUPERVISE_WAIT_QUERY | SUPERVISE_WAIT_EVICT);
        if (again)
                supervise_read_soon(s, a);
}
