/* SPDX-License-Identifier: Apache-2.0 */
/* What each move does, and what must be true after it. */
#include "model.h"

struct coverage coverage;

static void give_up(struct world *w, struct move m) {
        struct request *r = &w->agents[m.agent].request[m.arg];
        struct answer unknown = {.result = RESULT_UNKNOWN};

        if (r->state == REQUEST_SLOW)
                api_late(w, &r->write);
        brain_answer(w, m.agent, m.arg, &unknown);
}

static void crash(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];

        if (w->agents[h].up)
                second_also(w, brain_end, h);
        memset(&w->other.hosts[h], 0, sizeof(w->other.hosts[h]));
        memset(o, 0, sizeof(*o));
}

static void boot(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];

        o->on = 1;
        o->boot = token_new(w, TOKEN_BOOT);
        o->loose = w->agents[h].unenrolled;
        if (o->loose) { /* nothing holds an enabled unit back: it is there before guard and agent */
                o->unit = PROCESSES_RUN;
                o->foreign = 1;
        }
        second_also(w, guard_start, h);
        if (!w->agents[h].gone)
                brain_start(w, h);
}

static void request_move(struct world *w, struct move m) {
        struct request *r = &w->agents[m.agent].request[m.arg];
        struct answer answer = {.result = RESULT_FAILED};

        switch (m.kind) {
        case MOVE_EXECUTE:
                answer = api_perform(w, &r->write);
                brain_answer(w, m.agent, m.arg, &answer);
                break;
        case MOVE_HOLD:
                r->answer = api_perform(w, &r->write);
                r->state = REQUEST_HELD;
                break;
        case MOVE_SLOW:
                r->state = REQUEST_SLOW;
                break;
        case MOVE_TWICE:
                api_late(w, &r->write);
                break;
        case MOVE_FAIL:
                brain_answer(w, m.agent, m.arg, &answer);
                break;
        case MOVE_DELIVER:
                answer = r->answer;
                brain_answer(w, m.agent, m.arg, &answer);
                break;
        default:
                give_up(w, m);
                break;
        }
}

static void reading_move(struct world *w, struct move m) {
        struct host *o = &w->hosts[m.agent];

        if (m.arg == 0) {
                o->taken = guard_look(w, m.agent);
                o->reading = 2;
        } else
                guard_slow_reading(w, m.agent);
}

/* It holds the lock, has decided to take it, or has yet to read what its guard said before. */
static bool begun(const struct world *w, unsigned h) {
        const struct agent *g = &w->agents[h];

        for (unsigned i = 0; i < w->n_late; i++)
                if (w->late[i].kind == LOCK_CREATE && w->late[i].sender == h)
                        return true;
        return g->n_replies || !g->election.guard.linked ||
               (g->election.state >= ELECTION_CLAIMING && g->election.state <= ELECTION_RELEASING) ||
               (w->lock.exists && w->lock.owner == h);
}

static void fill(struct world *w, unsigned h) {
        struct host *o = &w->hosts[h];

        o->full = begun(w, h) ? 2 : 1;
        o->wake = o->up; /* its next look */
}

/* What is overdue at the guard comes first. (On a real host the unit may run until it is scheduled.) */
static void wake_up(struct world *w, unsigned h) {
        w->hosts[h].woken = 0;
        if (guard_busy(w, h))
                (void)guard_local(w, h, ALL_ACTIONS);
}

static void process_move(struct world *w, struct move m) {
        struct host *o = &w->hosts[m.agent];

        switch (m.kind) {
        case MOVE_KILL_AGENT:
                second_also(w, brain_end, m.agent);
                break;
        case MOVE_END_AGENT:
                second_also(w, brain_end, m.agent);
                w->agents[m.agent].gone = 1;
                break;
        case MOVE_START_AGENT:
                brain_start(w, m.agent);
                break;
        case MOVE_FREEZE_AGENT:
        case MOVE_THAW_AGENT:
                w->agents[m.agent].frozen = m.kind == MOVE_FREEZE_AGENT;
                break;
        case MOVE_KILL_GUARD:
                if (m.arg > 0)
                        (void)guard_local(w, m.agent, m.arg);
                second_also(w, guard_end, m.agent);
                break;
        case MOVE_WATCHDOG:
                second_also(w, guard_end, m.agent);
                break;
        case MOVE_START_GUARD:
                second_also(w, guard_start, m.agent);
                break;
        case MOVE_FREEZE_GUARD:
        case MOVE_THAW_GUARD:
                o->frozen = m.kind == MOVE_FREEZE_GUARD; /* @no-ping-while-overdue */
                if (o->woken)
                        wake_up(w, m.agent);
                break;
        case MOVE_BREAK_LINK:
                guard_break(w, m.agent, m.arg & 1);
                brain_break(w, m.agent, m.arg & 2);
                break;
        case MOVE_SUSPEND:
        case MOVE_SUSPEND_HUNG:
                o->asleep = 1;
                break;
        case MOVE_RESUME:
                o->asleep = 0;
                o->woken = o->frozen;
                if (!o->woken)
                        wake_up(w, m.agent);
                break;
        case MOVE_CRASH:
                crash(w, m.agent);
                break;
        case MOVE_CLAIM_FAILS:
                brain_claim_fails(w, m.agent, m.arg);
                break;
        case MOVE_TEAR:
                brain_tear(w, m.agent, m.arg);
                break;
        case MOVE_DAMAGE:
                o->file = SUPERVISE_FILE_BAD;
                break;
        case MOVE_FILL:
        case MOVE_READ_ONLY:
                o->locked = w->other.hosts[m.agent].locked = m.kind == MOVE_READ_ONLY;
                second_also(w, fill, m.agent);
                break;
        case MOVE_TRIP:
                o->trip = 1;
                break;
        case MOVE_WRITABLE:
                guard_writable(w, m.agent);
                break;
        case MOVE_LOSE_STATE:
                if (m.arg) { /* the file of one lock */
                        memset(w->agents[m.agent].claims[SLOT_ELECTION], 0, sizeof(w->agents[0].claims[0]));
                        break;
                }
                memset(w->other.agents[m.agent].claims, 0, sizeof(w->agents[0].claims));
                memset(w->agents[m.agent].claims, 0, sizeof(w->agents[m.agent].claims));
                w->agents[m.agent].lost = 1;
                break;
        case MOVE_UNENROL:
                w->agents[m.agent].unenrolled = 1;
                if (m.arg) {
                        o->loose = 1;
                        o->wake = o->up;
                }
                break;
        case MOVE_JAM:
                o->jam = m.arg;
                o->wake = o->up;
                break;
        case MOVE_HANG:
                pid1_set(w, m.agent, PROCESSES_STOP);
                o->hung = 1;
                break;
        case MOVE_ENROL:
                w->agents[m.agent].unenrolled = o->loose = 0;
                o->wake = o->up;
                break;
        case MOVE_CLONE:
                w->cloned = 1;
                memcpy(w->agents[m.agent].claims, w->agents[0].claims, sizeof(w->agents[0].claims));
                boot(w, m.agent);
                break;
        case MOVE_BOOT:
                boot(w, m.agent);
                break;
        case MOVE_UNIT_STOPPED:
        case MOVE_UNIT_EXIT:
        case MOVE_UNIT_END:
                /* (elsewhere what is down is taken for never started, as with a permit of 0.1.0: fewer states) */
                if (o->file == SUPERVISE_FILE_VALID && parameters.fault_kinds & UINT64_C(1) << MOVE_UNIT_END)
                        o->end = m.kind == MOVE_UNIT_EXIT ? SUPERVISE_END_BADLY : SUPERVISE_END_WELL;
                pid1_set(w, m.agent, PROCESSES_NONE);
                break;
        case MOVE_ADMIN_START:
                pid1_start(w, m.agent);
                break;
        case MOVE_SLOW_START: /* 0: the call is on its way; 1: the job waits in the queue */
                o->start_job = m.arg ? 2 : 0;
                if (!m.arg)
                        o->start_result = 0, o->start_late = 1;
                break;
        case MOVE_LATE_START:
                if (m.arg)
                        o->start_job = 0;
                else {
                        o->start_result = o->up && o->start_late == 1 ? 1 + SUPERVISE_START_OK : 0;
                        o->start_late = 0;
                }
                pid1_start(w, m.agent);
                break;
        default:
                reading_move(w, m);
                break;
        }
}

static void check(struct world *w, _unused_ unsigned i) {
        unsigned running = 0;
        bool clones;

        for (unsigned h = 0; h < parameters.agents; h++)
                running += w->hosts[h].unit != PROCESSES_NONE && !w->hosts[h].asleep && !w->hosts[h].foreign &&
                           !w->hosts[h].woken; /* README: for as long as the watchdog needs */
        /* A stated hole in life tenure: the clone's claim is as good as the original's, until that reads the lock. */
        clones = parameters.clone && parameters.tenure[0] == TENURE_LIFE && !parameters.hole &&
                 w->hosts[0].unit != PROCESSES_NONE && w->hosts[parameters.agents - 1].unit != PROCESSES_NONE;
        /* README: a unit that was started past the gate is not seen by the others. Its own host never takes it for one
         * that it permitted, but under a gate of its own: then it is counted as one that was (MAKE_GATE). */
        for (unsigned h = 0; h < parameters.agents; h++)
                if (w->hosts[h].foreign && w->hosts[h].up && w->hosts[h].supervise.state >= SUPERVISE_STARTING &&
                    w->hosts[h].supervise.state <= SUPERVISE_ENDED && !w->bad)
                        w->bad = "a unit that was started past the gate has a permit";
        if (running > (clones ? 2 : 1) && !w->bad)
                w->bad = "two units run at once";
}

static void apply(struct world *w, struct move m) {
        coverage.moves[m.kind]++;
        w->faults = (uint8_t)(w->faults - (m.cost == 1));
        w->humans = (uint8_t)(w->humans - (m.cost == 2));
        switch (m.kind) {
        case MOVE_GUARD:
                (void)guard_local(w, m.agent, ALL_ACTIONS);
                break;
        case MOVE_AGENT:
                brain_local(w, m.agent);
                break;
        case MOVE_EXECUTE:
        case MOVE_HOLD:
        case MOVE_SLOW:
        case MOVE_TWICE:
        case MOVE_FAIL:
        case MOVE_DELIVER:
        case MOVE_GIVE_UP:
                request_move(w, m);
                break;
        case MOVE_LATE: {
                struct write r = w->late[m.arg];

                w->late[m.arg] = w->late[--w->n_late];
                memset(&w->late[w->n_late], 0, sizeof(w->late[0]));
                if (r.second != w->second) {
                        second_swap(w);
                        (void)api_perform(w, &r);
                        second_swap(w);
                } else
                        (void)api_perform(w, &r);
                break;
        }
        case MOVE_WATCH_LOCK:
                watch_lock(w, m.agent);
                break;
        case MOVE_WATCH_HOLDER:
                watch_holder(w, m.agent);
                break;
        case MOVE_VERIFY:
                brain_placeholder_seen(w, m.agent);
                break;
        case MOVE_SIGN:
                brain_placeholder_sign(w, m.agent);
                break;
        case MOVE_HOLD_WATCH:
                watch_hold(w, m.agent, m.arg & 1, m.arg & 2);
                break;
        case MOVE_HELD_WATCH:
                watch_deliver(w, m.agent, m.arg);
                break;
        case MOVE_GC:
                (void)api_gc(w, m.arg, false);
                break;
        case MOVE_TICK:
                time_tick(w, m.arg);
                break;
        case MOVE_CLOCK_GAINS:
                time_gain(w, m.agent);
                break;
        case MOVE_DELETE_LOCK:
                api_delete_lock(w, m.arg);
                break;
        case MOVE_DELETE_PLACEHOLDER:
                api_delete_placeholder(w, m.agent, m.arg);
                break;
        case MOVE_STEP_DOWN:
                brain_step_down(w, m.agent);
                break;
        case MOVE_STOP_AGENT:
                brain_stop(w, m.agent);
                break;
        case MOVE_STOP_DEAD_AGENT:
                guard_abandoned(w, m.agent);
                break;
        case MOVE_FENCE:
                w->fence = (struct fence){.phase = 1, .uid = w->lock.uid, .version = w->lock.version};
                break;
        case MOVE_FENCE_GOES_ON:
                api_fence_goes_on(w);
                break;
        case MOVE_FORGE:
                api_forge(w);
                break;
        case MOVE_EDIT:
                api_edit(w, m.arg);
                break;
        default:
                process_move(w, m);
                break;
        }
}

void move_apply(struct world *w, struct move m) {
        if (m.second)
                second_swap(w);
        apply(w, m);
        if (m.second)
                second_swap(w);
        second_also(w, check, 0);
}

unsigned world_identity(unsigned a) {
        return parameters.clone && a + 1 == parameters.agents ? 0 : a;
}

/* Its STATUS names lock and holder, and how a human frees the lock (agent_text.c). */
static bool tells_of_holder(const struct world *w, unsigned a) {
        const struct agent *g = &w->agents[a];
        struct placeholder_view v[N_TENURES] = {};
        struct election_conf conf = brain_election_conf(a);

        v[g->tenure] = placeholder_view(&g->placeholder);
        return g->election.state == ELECTION_CANDIDATE && g->election.lock.source != LOCK_SOURCE_NONE &&
               g->election.lock.fact.uid == w->lock.uid &&
               election_stays_out(&g->election, v, w->now_usec, &conf) == REASON_NONE;
}

/* A life lock whose holder's agent never comes back, and everybody else says what a human must do. */
static bool is_left_behind(const struct world *w) {
        bool all = true;

        for (unsigned i = 0; i < parameters.agents; i++)
                all = all && w->agents[i].gone;
        if (all || !w->lock.exists || w->lock.tenure != TENURE_LIFE || !w->agents[w->lock.owner].gone)
                return all;
        for (unsigned i = 0; i < parameters.agents; i++)
                if (!w->agents[i].gone && !tells_of_holder(w, i))
                        return false;
        return true;
}

bool world_is_stuck(const struct world *w) {
        const struct api_lock *l = &w->lock;
        bool unfit = true; /* everybody: each says so, with the cure */

        for (unsigned i = 0; i < parameters.agents; i++)
                unfit = unfit && (w->agents[i].unenrolled || w->hosts[i].full);
        if (unfit || is_left_behind(w))
                return true;
        bool out = true; /* everybody: the own name is taken by a placeholder with a lost claim */

        for (unsigned i = 0; i < parameters.agents && out; i++) {
                const struct api_placeholder *p = &w->placeholders[world_identity(i)];

                out = w->agents[i].lost && parameters.tenure[i] == TENURE_LIFE && p->exists &&
                      !brain_claim_on_disk(w, i, SLOT_PLACEHOLDER, p->claim);
        }
        if (out)
                return true;
        /* Told by guard and agent: the revoke cannot be recorded, so the lock is not released. */
        if (l->exists && l->tenure == TENURE_LIFE && w->hosts[l->owner].full == 2 &&
            supervise_stopping(&w->hosts[l->owner].supervise))
                return true;
        if (l->exists && l->owner == FOREIGN && w->placeholders[FOREIGN].exists)
                return true; /* told with the command that ends it */
        if (l->exists && l->tenure != l->named && w->hosts[l->owner].boot != l->boot)
                return true; /* same: its holder is gone, others do not touch it */
        return l->exists && l->tenure == TENURE_LIFE && w->agents[l->owner].lost &&
               !brain_claim_on_disk(w, l->owner, SLOT_ELECTION, l->claim);
}

void world_init(struct world *w) {
        memset(w, 0, sizeof(*w));
        w->now_usec = BASE + 50;
        w->faults = (uint8_t)parameters.faults;
        w->humans = (uint8_t)parameters.humans;
        memset(w->slips, (int)parameters.slips, parameters.agents);
        for (unsigned h = 0; h < parameters.agents; h++) {
                w->agents[h].tenure = parameters.tenure[h];
                if (!parameters.clone || h + 1 < parameters.agents)
                        boot(w, h);
        }
        for (unsigned n = 0; parameters.leading && n < 200 && !w->bad; n++) {
                uint8_t bytes[MAX_BYTES];
                struct move m[MAX_MOVES];
                unsigned k = moves(w, m), i = 0;

                while (i < k && m[i].kind != MOVE_GUARD && m[i].kind != MOVE_AGENT && m[i].kind != MOVE_EXECUTE)
                        i++;
                if (i == k)
                        break;
                move_apply(w, m[i]);
                if (w->bad)
                        break;
                (void)world_encode(w, bytes);
                world_decode(w, bytes);
        }
}
