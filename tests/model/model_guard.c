/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's shell in small, PID 1 and the unit. */
#include "model.h"

static bool lease(unsigned h) {
        return parameters.tenure[h] == TENURE_LEASE;
}

/* ---- PID 1 ---- */

void pid1_set(struct world *w, unsigned h, uint8_t unit) {
        struct host *o = &w->hosts[h];

        if (o->unit == unit)
                return;
        o->unit = unit;
        if (unit == PROCESSES_NONE && o->jam == JAM_STOPS)
                o->jam = JAM_STOP;
        if (unit == PROCESSES_NONE)
                o->foreign = 0;
        o->stop_left = o->hung = 0;
        o->wake = o->up;
}

void pid1_stop(struct world *w, unsigned h, bool alone) {
        struct host *o = &w->hosts[h];

        o->start_job = 0; /* replaced */
        if (o->jam == JAM_START) {
                o->jam = JAM_NONE;
                o->wake = o->up;
        }
        if (o->jam >= JAM_STOP) {
                o->jam = o->unit == PROCESSES_NONE && alone ? JAM_STOP : JAM_STOPS;
                o->wake = o->up;
        }
        if (o->unit != PROCESSES_RUN || o->jam == JAM_STOPS)
                return;
        pid1_set(w, h, PROCESSES_STOP);
        o->stop_left = parameters.time ? (uint8_t)parameters.stop : 0;
}

bool pid1_would_start(const struct world *w, unsigned h) {
        const struct host *o = &w->hosts[h];

        /* After=: @bound-unit-waits-for-the-guard */
        return o->on && o->unit == PROCESSES_NONE && (o->loose || (o->gate && (o->up || !lease(h))));
}

void pid1_start(struct world *w, unsigned h) {
        if (pid1_would_start(w, h)) {
                w->hosts[h].foreign = !w->hosts[h].gate;
                w->hosts[h].end = SUPERVISE_END_NONE;
                pid1_set(w, h, PROCESSES_RUN);
        } else if (w->hosts[h].unit == PROCESSES_NONE)
                w->hosts[h].wake = w->hosts[h].up; /* the failed job */
}

struct supervise_reading guard_look(const struct world *w, unsigned h) {
        const struct host *o = &w->hosts[h];

        return (struct supervise_reading){
                .known = 1,
                .job = o->start_job != 0 || o->jam == JAM_START || o->jam == JAM_STOPS,
                .active = o->unit == PROCESSES_RUN    ? SUPERVISE_ACTIVE
                          : o->unit == PROCESSES_STOP ? SUPERVISE_DEACTIVATING
                                                      : SUPERVISE_INACTIVE,
                .populated = o->unit == PROCESSES_NONE ? SUPERVISE_EMPTY : SUPERVISE_POPULATED,
                .load_ok = 1,
                .start_ok = !w->agents[h].unenrolled,
                .run_ok = !o->loose,
                .gated = !o->loose,
                /* (stopped by PID 1 with the guard that it was bound to) */
                .end = o->unit != PROCESSES_NONE || (o->supervise.state == SUPERVISE_RESUMING && lease(h) && !o->noted)
                               ? SUPERVISE_END_NONE
                               : o->end,
                .ours = 1, /* (root's list stays when a drop-in is lost) */
        };
}

/* ---- answers ---- */

static bool revoked(const struct host *o, uint64_t uid) {
        for (unsigned i = 0; uid && i < MAX_REVOKED; i++)
                if (o->revoked[i] == uid || o->refused[i] == uid)
                        return true;
        return false;
}

/* Never permitted: for as long as this guard lives. */
static void refuse(struct host *o, uint64_t uid) {
        unsigned i = 0;

        if (!uid || revoked(o, uid))
                return;
        while (i < MAX_REVOKED && o->refused[i])
                i++;
        if (i == MAX_REVOKED) {
                fprintf(stderr, "model: MAX_REVOKED is too small\n");
                abort();
        }
        o->refused[i] = (uint8_t)uid;
}

static bool record(struct host *o, uint64_t uid) {
        for (unsigned i = 0; i < MAX_REVOKED; i++)
                if (!uid || o->revoked[i] == uid)
                        return true;
        if (o->full || o->trip == 2)
                return false;
        for (unsigned i = 0; i < MAX_REVOKED; i++)
                if (!o->revoked[i]) {
                        o->revoked[i] = (uint8_t)uid;
                        return true;
                }
        fprintf(stderr, "model: MAX_REVOKED is too small\n");
        abort();
}

static void reply(struct world *w, unsigned h, uint8_t type, uint64_t about, uint8_t result, bool final) {
        static const uint8_t units[N_SUPERVISE_STATES] = {
                [SUPERVISE_UNREAD] = UNIT_UNKNOWN,    [SUPERVISE_STOPPED] = UNIT_STOPPED,
                [SUPERVISE_FOREIGN] = UNIT_FOREIGN,   [SUPERVISE_CHECKING] = UNIT_UNKNOWN,
                [SUPERVISE_RESUMING] = UNIT_UNKNOWN,  [SUPERVISE_STARTING] = UNIT_STARTING,
                [SUPERVISE_RUNNING] = UNIT_RUNNING,   [SUPERVISE_FAILED] = UNIT_FAILED,
                [SUPERVISE_STOPPING] = UNIT_STOPPING, [SUPERVISE_KILLING] = UNIT_STOPPING,
                [SUPERVISE_STUCK] = UNIT_STUCK,       [SUPERVISE_ENDED] = UNIT_ENDED,
                [SUPERVISE_WAITING] = UNIT_ENDED,
        };
        static const uint8_t refusals[] = {
                [GUARD_OK] = GUARD_OK,
                [GUARD_REFUSED_REVOKED] = GUARD_REFUSED_REVOKED,
                [GUARD_REFUSED_BUSY] = GUARD_REFUSED_BUSY,
                [GUARD_REFUSED_OVERDUE] = GUARD_REFUSED_OVERDUE,
                [GUARD_REFUSED_ENROLL] = GUARD_REFUSED_ENROLL,
                [GUARD_REFUSED_UNIT] = GUARD_REFUSED_UNIT,
                [GUARD_REFUSED_FOREIGN] = GUARD_REFUSED_FOREIGN,
                [GUARD_REFUSED_REQUEST] = GUARD_REFUSED_INTERNAL,
                [GUARD_REFUSED_INTERNAL] = GUARD_REFUSED_INTERNAL,
                [GUARD_REFUSED_AGENT] = GUARD_REFUSED_INTERNAL, /* never said to a request */
        };
        struct host *o = &w->hosts[h];
        const struct supervise *s = &o->supervise;
        struct guard_fact f = {
                .permit = supervise_permitted(s) || supervise_stopping(s) ? s->uid : 0,
                .about = about,
                .unit = final ? UNIT_STOPPED : units[s->state],
                .refusal = type == ELECTION_MSG_PERMIT ? refusals[result] : GUARD_OK,
                .revoked = about && revoked(o, about),
                .stopped = final,
                .unfit = o->unfit,
                .evicts = type == ELECTION_MSG_EVICT,
        };

        /* Else a guard that is killed now leaves the agent with an end that the next one does not know. */
        if ((f.unit == UNIT_ENDED || f.unit == UNIT_FAILED) && o->end && !o->noted && !o->full)
                w->bad = "how the unit ended is told before it is on disk";
        if (!o->superseded && !o->eof)
                brain_tell(w, h, type, &f);
}

static void answer_all(struct world *w, unsigned h, uint8_t *waiting, unsigned n, uint8_t type, uint8_t result) {
        for (unsigned i = 0; i < n; i++)
                if (waiting[i]) {
                        reply(w, h, type, waiting[i] - 1U, result, type == ELECTION_MSG_REVOKE);
                        waiting[i] = 0;
                }
}

static void wait_for(uint8_t *waiting, unsigned n, uint64_t uid) {
        for (unsigned i = 0; i < n; i++)
                if (!waiting[i]) {
                        waiting[i] = (uint8_t)(uid + 1);
                        return;
                }
        memmove(waiting, waiting + 1,
                n - 1); /* the agent asks again and again; the oldest is answered with the newest */
        waiting[n - 1] = (uint8_t)(uid + 1);
}

/* ---- steps ---- */

enum {
        FILE_WRITES = 1 << SUPERVISE_WRITE_PERMIT | 1 << SUPERVISE_WRITE_ENV | 1 << SUPERVISE_MAKE_GATE,
};

/* Returns false when the action failed. */
static bool perform(struct world *w, unsigned h, const struct supervise_event *ev, uint64_t uid_before, bool again,
                    uint8_t type, uint8_t result, bool *answered) {
        struct host *o = &w->hosts[h];
        struct supervise *s = &o->supervise;

        if (o->full && (FILE_WRITES & 1U << type))
                return false;
        if (o->trip && (type == SUPERVISE_WRITE_ENV || type == SUPERVISE_MAKE_GATE)) {
                o->trip = 2;
                return false;
        }
        if ((o->locked || o->trip == 2) &&
            ((type == SUPERVISE_REMOVE_GATE && o->gate) || (type == SUPERVISE_REMOVE_PERMIT && o->file)))
                return false;
        switch ((enum supervise_action_type)type) {
        case SUPERVISE_WRITE_PERMIT:
                if (o->file != SUPERVISE_FILE_VALID || o->file_uid != s->uid)
                        o->end = o->noted = SUPERVISE_END_NONE;
                o->file = SUPERVISE_FILE_VALID;
                o->file_uid = (uint8_t)s->uid;
                o->file_tenure = s->tenure;
                o->file_stop_at_usec = s->stop_at_usec;
                o->file_kill_at_usec = s->kill_at_usec;
                break;
        case SUPERVISE_WRITE_ENV:
                break;
        case SUPERVISE_NOTE:
                o->noted = s->state == SUPERVISE_ENDED || s->state == SUPERVISE_FAILED;
                break;
        case SUPERVISE_MAKE_GATE:
                o->gate = 1;
                /* What runs already is taken over: from here on it is one that was permitted. */
                if (o->foreign && ev->type == SUPERVISE_EV_READING && s->state == SUPERVISE_STARTING &&
                    !ev->reading.start_ok)
                        w->bad = "a unit was taken over without the gate in force";
                o->foreign = 0;
                break;
        case SUPERVISE_START:
                if (o->end && o->noted)
                        w->bad = "what ended under its permit is started again by the guard";
                o->start_job = 1;
                o->start_result = 1 + SUPERVISE_START_OK;
                break;
        case SUPERVISE_REMOVE_GATE:
                o->gate = 0;
                break;
        case SUPERVISE_RECORD:
                return record(o, s->uid ? s->uid : uid_before);
        case SUPERVISE_REFUSE_REQUEST:
                refuse(o, ev->uid);
                break;
        case SUPERVISE_REFUSE_CHECKED:
                refuse(o, uid_before);
                break;
        case SUPERVISE_STOP:
                if (s->reason == SUPERVISE_REASON_EVICTED && ev->type == SUPERVISE_EV_READING && !ev->reading.gated)
                        w->bad = "a unit that is not enrolled is stopped by an eviction";
                if (s->reason == SUPERVISE_REASON_EVICTED && o->file == SUPERVISE_FILE_VALID)
                        w->bad = "a unit is stopped by an eviction under a permit";
                pid1_stop(w, h, again); /* @stop-of-the-dead-waits-for-nobody */
                break;
        case SUPERVISE_KILL:
                pid1_set(w, h, PROCESSES_NONE);
                break;
        case SUPERVISE_REMOVE_PERMIT:
                o->file = o->file_uid = o->file_tenure = o->end = o->noted = 0;
                o->file_stop_at_usec = o->file_kill_at_usec = 0;
                break;
        case SUPERVISE_READ:
                o->reading = 1;
                memset(&o->taken, 0, sizeof(o->taken));
                break;
        case SUPERVISE_REPLY:
                reply(w, h,
                      ev->type == SUPERVISE_EV_PERMIT  ? ELECTION_MSG_PERMIT
                      : ev->type == SUPERVISE_EV_EVICT ? ELECTION_MSG_EVICT
                                                       : ELECTION_MSG_REVOKE,
                      ev->uid, result, false);
                *answered = true;
                break;
        case SUPERVISE_REPLY_INTERIM:
                reply(w, h, ELECTION_MSG_REVOKE, ev->uid, result, false);
                break;
        case SUPERVISE_REPLY_PERMITS:
                answer_all(w, h, o->waiting_permit, ELEMENTSOF(o->waiting_permit), ELECTION_MSG_PERMIT, result);
                break;
        case SUPERVISE_REPLY_REVOKES:
                for (unsigned i = 0; i < ELEMENTSOF(o->waiting_revoke); i++)
                        if (o->waiting_revoke[i])
                                reply(w, h, ELECTION_MSG_REVOKE, o->waiting_revoke[i] - 1U, result, false);
                break;
        case SUPERVISE_REPLY_STOPPED:
                answer_all(w, h, o->waiting_revoke, ELEMENTSOF(o->waiting_revoke), ELECTION_MSG_REVOKE, GUARD_OK);
                break;
        case SUPERVISE_REPLY_QUERIES:
                answer_all(w, h, o->waiting_query, ELEMENTSOF(o->waiting_query), ELECTION_MSG_QUERY, GUARD_OK);
                break;
        case SUPERVISE_REPLY_EVICTS:
                answer_all(w, h, o->waiting_evict, ELEMENTSOF(o->waiting_evict), ELECTION_MSG_EVICT, result);
                break;
        case SUPERVISE_PUSH:
                reply(w, h, ELECTION_MSG_NONE, 0, GUARD_OK, false);
                break;
        }
        return true;
}

/* One step and its actions; `request` is the event that they answer. Returns which of them failed. */
static uint32_t run(struct world *w, unsigned h, const struct supervise_event *ev,
                    const struct supervise_event *request, unsigned limit, bool *answered, unsigned *ret_n) {
        struct host *o = &w->hosts[h];
        uint64_t uid_before = o->supervise.uid;
        uint8_t state = o->supervise.state;
        struct supervise_actions a = supervise_step(&o->supervise, ev);
        bool started = false;
        uint32_t failed = 0;

        coverage.supervise[state][o->supervise.state]++;
        if (!supervise_invariant(&o->supervise))
                w->bad = "supervise_invariant() is false";
        if (!parameters.no_invariant && state >= SUPERVISE_RESUMING && o->supervise.state == SUPERVISE_STOPPED &&
            o->unit != PROCESSES_NONE && !o->foreign)
                w->bad = "the guard takes the unit for stopped while it runs";
        /* The shell's list of waiting permits is the one of before the request in hand. */
        for (unsigned i = 0; i < a.n && i < limit && !(failed & FILE_WRITES); i++) {
                started = started || a.a[i].type == SUPERVISE_START;
                if (!perform(w, h, request, uid_before, state >= SUPERVISE_STOPPING, a.a[i].type, a.a[i].result,
                             answered))
                        failed |= 1U << a.a[i].type;
                /* PID 1 does not wait for the rest of the step: where that can show, it does not. */
                if (started && o->start_job == 1 && i + 1 < a.n && a.a[i + 1].type < SUPERVISE_READ) {
                        o->start_job = 0;
                        pid1_start(w, h);
                }
        }
        *ret_n = a.n;
        return limit == ALL_ACTIONS ? failed : 0; /* who is killed meanwhile is told nothing */
}

static unsigned step(struct world *w, unsigned h, struct supervise_event *ev, unsigned limit) {
        struct host *o = &w->hosts[h];
        bool answered = false, unfit = o->unfit;
        unsigned n, again;
        uint32_t failed;

        ev->now_usec = ++w->now_usec;
        if (ev->type == SUPERVISE_EV_READING)
                o->unfit = !ev->reading.start_ok || o->full; /* @full-is-unfit */
        failed = run(w, h, ev, ev, limit, &answered, &n);
        while (failed && !w->bad) {
                struct supervise_event failure = {
                        .type = SUPERVISE_EV_FAILED, .now_usec = ev->now_usec, .failed = failed};

                failed = run(w, h, &failure, ev, limit, &answered, &again);
        }
        if (ev->type == SUPERVISE_EV_PERMIT && !answered)
                wait_for(o->waiting_permit, ELEMENTSOF(o->waiting_permit), ev->uid);
        if (ev->type == SUPERVISE_EV_REVOKE)
                wait_for(o->waiting_revoke, ELEMENTSOF(o->waiting_revoke), ev->uid);
        if (ev->type == SUPERVISE_EV_QUERY)
                wait_for(o->waiting_query, ELEMENTSOF(o->waiting_query), ev->uid);
        if (ev->type == SUPERVISE_EV_EVICT && !answered)
                wait_for(o->waiting_evict, ELEMENTSOF(o->waiting_evict), ev->uid);
        if (o->unfit != unfit && o->supervise.state <= SUPERVISE_FOREIGN && limit == ALL_ACTIONS)
                reply(w, h, ELECTION_MSG_NONE, 0, GUARD_OK, false); /* @unfit-is-told */
        return n;
}

static unsigned next_message(struct world *w, unsigned h, unsigned limit) {
        struct host *o = &w->hosts[h];
        struct message m = o->queue[0];
        struct supervise_event ev = {.uid = m.uid};

        o->n_queue--;
        memmove(o->queue, o->queue + 1, o->n_queue * sizeof(o->queue[0]));
        memset(&o->queue[o->n_queue], 0, sizeof(o->queue[0]));
        if (m.type == ELECTION_MSG_PERMIT) {
                ev.type = SUPERVISE_EV_PERMIT;
                ev.tenure = m.tenure; /* @tenure-of-the-message */
                ev.stop_at_usec = m.stop_at_usec;
                ev.kill_at_usec = m.kill_at_usec; /* @instants-not-durations */
        } else
                ev.type = m.type == ELECTION_MSG_REVOKE  ? SUPERVISE_EV_REVOKE
                          : m.type == ELECTION_MSG_EVICT ? SUPERVISE_EV_EVICT
                                                         : SUPERVISE_EV_QUERY;
        ev.stop_timeout_usec = parameters.stop * TICK;
        ev.revoked = revoked(o, m.uid);
        return step(w, h, &ev, limit);
}

/* What PID 1 and a running guard do at once, in this order. */
unsigned guard_local(struct world *w, unsigned h, unsigned limit) {
        struct host *o = &w->hosts[h];
        struct supervise_event ev = {.type = SUPERVISE_EV_TICK};

        if (o->start_job == 1) {
                o->start_job = 0;
                pid1_start(w, h);
                return 0;
        }
        if (o->superseded || (o->eof && !o->n_queue)) {
                o->superseded = o->eof = 0;
                memset(o->waiting_permit, 0, sizeof(o->waiting_permit));
                memset(o->waiting_revoke, 0, sizeof(o->waiting_revoke));
                memset(o->waiting_query, 0, sizeof(o->waiting_query));
                memset(o->waiting_evict, 0, sizeof(o->waiting_evict));
                ev.type = SUPERVISE_EV_SUPERSEDED;
        } else if (o->start_result) {
                ev.type = SUPERVISE_EV_START_RESULT;
                ev.start_result = (uint8_t)(o->start_result - 1);
                o->start_result = 0;
        } else if (o->wake) {
                o->wake = 0;
                ev.type = SUPERVISE_EV_WAKE;
        } else if (o->reading == 1) {
                o->reading = 0;
                ev.type = SUPERVISE_EV_READING;
                ev.reading = guard_look(w, h);
        } else if (o->n_queue)
                return next_message(w, h, limit);
        return step(w, h, &ev, limit);
}

void guard_slow_reading(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];
        struct supervise_event ev = {.type = SUPERVISE_EV_READING, .reading = o->taken};

        o->reading = 0;
        memset(&o->taken, 0, sizeof(o->taken));
        (void)step(w, h, &ev, ALL_ACTIONS);
}

void guard_writable(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];
        struct supervise_event ev = {.type = SUPERVISE_EV_TICK};

        o->trip = 0;
        if (!o->up || o->frozen || parameters.time)
                return;
        o->supervise.retry_at_usec = w->now_usec;
        (void)step(w, h, &ev, ALL_ACTIONS);
}

void guard_abandoned(struct world *w, unsigned h) {
        struct supervise_event ev = {.type = SUPERVISE_EV_ABANDONED};

        (void)step(w, h, &ev, ALL_ACTIONS);
}

bool guard_busy(const struct world *w, unsigned h) {
        const struct host *o = &w->hosts[h];

        if (o->asleep)
                return false;
        if (o->start_job == 1)
                return true;
        if (!o->up || o->frozen)
                return false;
        return o->superseded || o->eof || o->start_result || o->wake || o->reading == 1 || o->n_queue ||
               supervise_deadline(&o->supervise) <= w->now_usec;
}

/* ---- connection, life of the process ---- */

void guard_connect(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];

        o->n_queue = 0;
        memset(o->queue, 0, sizeof(o->queue));
        o->eof = 0;
        o->superseded = o->up;
}

void guard_break(struct world *w, unsigned h, bool lossy) {
        struct host *o = &w->hosts[h];

        o->eof = o->up;
        if (lossy) {
                o->n_queue = 0;
                memset(o->queue, 0, sizeof(o->queue));
        }
}

/* What waits is of no use when that comes after it (codec/permit_queue.h; all of this is about one unit). */
static bool supersedes(const struct message *m, const struct message *waiting) {
        if (m->uid != waiting->uid || waiting->type == ELECTION_MSG_REVOKE) /* @revoke-is-never-superseded */
                return false;
        /* @newer-of-its-kind-supersedes */
        return m->type == waiting->type || (m->type == ELECTION_MSG_REVOKE && waiting->type == ELECTION_MSG_PERMIT);
}

static void coalesce(struct host *o, const struct message *m) {
        unsigned kept = 0;

        for (unsigned i = 0; i < o->n_queue; i++)
                if (!supersedes(m, &o->queue[i]))
                        o->queue[kept++] = o->queue[i];
        for (unsigned i = kept; i < o->n_queue; i++)
                memset(&o->queue[i], 0, sizeof(o->queue[i]));
        o->n_queue = (uint8_t)kept;
}

bool guard_send(struct world *w, unsigned h, struct message m) {
        struct host *o = &w->hosts[h];

        if (parameters.crowded)
                coalesce(o, &m);
        if (o->n_queue == MAX_QUEUE)
                return false;
        o->queue[o->n_queue++] = m; /* @new-messages-come-last */
        return true;
}

void guard_start(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];
        struct supervise_event ev = {
                .type = SUPERVISE_EV_FOUND,
                .file = o->file,
                .gate = o->gate,
        };

        if (o->file == SUPERVISE_FILE_VALID) {
                ev.uid = o->file_uid;
                ev.tenure = o->file_tenure;
                ev.stop_at_usec = o->file_stop_at_usec;
                ev.kill_at_usec = o->file_kill_at_usec;
                ev.stop_timeout_usec = parameters.stop * TICK;
                ev.revoked = revoked(o, o->file_uid);
        }
        o->up = 1;
        supervise_init(&o->supervise);
        (void)step(w, h, &ev, ALL_ACTIONS);
}

void guard_end(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];

        /* A connection that was not accepted yet stays in the listening socket, which is PID 1's. */
        if (!o->superseded) {
                if (w->agents[h].up && w->agents[h].connected)
                        w->agents[h].broken = 1;
                o->n_queue = 0;
                memset(o->queue, 0, sizeof(o->queue));
        }
        o->up = o->frozen = o->watchdog = o->reading = o->superseded = o->eof = 0;
        o->wake = o->start_result = o->unfit = 0;
        if (o->start_late)
                o->start_late = 2; /* nobody waits for its answer */
        memset(&o->taken, 0, sizeof(o->taken));
        memset(o->refused, 0, sizeof(o->refused));
        memset(o->waiting_permit, 0, sizeof(o->waiting_permit));
        memset(o->waiting_revoke, 0, sizeof(o->waiting_revoke));
        memset(o->waiting_query, 0, sizeof(o->waiting_query));
        memset(o->waiting_evict, 0, sizeof(o->waiting_evict));
        memset(&o->supervise, 0, sizeof(o->supervise)); /* @guard-forgets-but-what-it-recorded */
        o->woken = 0;
        if (lease(h) && !o->loose)
                pid1_stop(w, h, false); /* BindsTo= @guard-gone-stops-the-unit */
        /* (Elsewhere it would be a second belt: left out, so that the guard's own instants are tried.) */
        if (parameters.fault_kinds & UINT64_C(1) << MOVE_SUSPEND_HUNG && lease(h) && o->file == SUPERVISE_FILE_VALID &&
            o->file_kill_at_usec <= w->now_usec)
                pid1_set(w, h, PROCESSES_NONE); /* leader-guard-reap.service @reaped-past-the-second-instant */
}
