/* SPDX-License-Identifier: Apache-2.0 */
/* Which moves there are. What a process does at once (no request, no fault) is done before anything else moves, one
 * host after the other: such steps touch their own host only, so their order among hosts shows nothing new. Faults
 * strike between them. */
#include "model.h"

static void add(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, uint8_t kind, unsigned agent,
                unsigned arg, unsigned cost) {
        if ((cost == 1 && (w->faults == 0 || !(parameters.fault_kinds & UINT64_C(1) << kind))) ||
            (cost == 2 && w->humans == 0))
                return;
        if (*n == MAX_MOVES)
                abort();
        ret[(*n)++] = (struct move){.kind = kind, .agent = (uint8_t)agent, .arg = (uint8_t)arg, .cost = (uint8_t)cost};
}

static void add_ends(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, unsigned h) {
        add(w, ret, n, MOVE_UNIT_EXIT, h, 0, 1);
        add(w, ret, n, MOVE_UNIT_END, h, 0, 1);
}

static void add_kill_guard(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, unsigned h) {
        unsigned steps = 0;

        if (!w->hosts[h].up || w->faults == 0)
                return;
        if (guard_busy(w, h) && w->hosts[h].start_job != 1 && !w->hosts[h].frozen) {
                struct world copy = *w;

                steps = guard_local(&copy, h, ALL_ACTIONS);
        }
        /* After all of them is the state that follows. */
        add(w, ret, n, MOVE_KILL_GUARD, h, 0, 1);
        for (unsigned k = 1; k < steps; k++)
                add(w, ret, n, MOVE_KILL_GUARD, h, k, 1);
}

static void process_faults(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, unsigned h) {
        const struct agent *g = &w->agents[h];
        const struct host *o = &w->hosts[h];

        if (g->up) {
                add(w, ret, n, MOVE_KILL_AGENT, h, 0, 1);
                add(w, ret, n, MOVE_END_AGENT, h, 0, 1);
                for (unsigned s = 0; s < N_SLOTS; s++)
                        if (g->claiming[s]) {
                                add(w, ret, n, MOVE_CLAIM_FAILS, h, s, 1);
                                add(w, ret, n, MOVE_TEAR, h, s, 1);
                        }
                if (!g->frozen)
                        add(w, ret, n, MOVE_FREEZE_AGENT, h, 0, 1);
                if (g->connected && !g->broken)
                        for (unsigned k = 0; k < 4; k++)
                                if ((o->n_queue || !(k & 1)) && (g->n_replies || !(k & 2)))
                                        add(w, ret, n, MOVE_BREAK_LINK, h, k, 1);
        }
        if (o->on && !o->full) {
                add(w, ret, n, MOVE_FILL, h, 0, 1);
                add(w, ret, n, MOVE_READ_ONLY, h, 0, 1);
                if (!o->trip)
                        add(w, ret, n, MOVE_TRIP, h, 0, 1);
        }
        if (o->up) {
                add_kill_guard(w, ret, n, h);
                if (!o->frozen)
                        add(w, ret, n, MOVE_FREEZE_GUARD, h, 0, 1);
                if (!o->frozen && o->reading == 1)
                        add(w, ret, n, MOVE_SLOW_READING, h, 0, 1);
        }
        if (o->start_job == 1) {
                if (o->start_result && !o->start_late)
                        add(w, ret, n, MOVE_SLOW_START, h, 0, 1);
                add(w, ret, n, MOVE_SLOW_START, h, 1, 1);
        }
}

/* Which local step comes next; the order between guard and agent of a host is fixed, their queues carry the rest. */
static bool local(const struct world *w, const struct world *second, struct move ret[MAX_MOVES], unsigned *n) {
        for (unsigned h = 0; h < parameters.agents; h++) {
                if (guard_busy(w, h))
                        add(w, ret, n, MOVE_GUARD, h, 0, 0);
                else if (second && guard_busy(second, h)) {
                        add(w, ret, n, MOVE_GUARD, h, 0, 0);
                        ret[*n - 1].second = 1;
                } else if (brain_busy(w, h))
                        add(w, ret, n, MOVE_AGENT, h, 0, 0);
                else if (second && brain_busy(second, h)) {
                        add(w, ret, n, MOVE_AGENT, h, 0, 0);
                        ret[*n - 1].second = 1;
                } else
                        continue;
                /* An answer that PID 1 gave before may come ahead of whatever else wakes the guard. */
                if (w->hosts[h].up && !w->hosts[h].frozen && w->hosts[h].reading == 2)
                        add(w, ret, n, MOVE_SLOW_READING, h, 1, 0);
                process_faults(w, ret, n, h);
                return true;
        }
        return false;
}

static void requests(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, unsigned a) {
        const struct agent *g = &w->agents[a];
        bool still = g->frozen || w->hosts[a].asleep;

        for (unsigned s = 0; s < (w->second ? SLOT_PLACEHOLDER : N_SLOTS); s++) {
                const struct request *r = &g->request[s];

                if (r->state == REQUEST_NONE)
                        continue;
                if (r->state == REQUEST_HELD) {
                        if (still)
                                continue;
                        add(w, ret, n, MOVE_DELIVER, a, s, 0);
                        add(w, ret, n, MOVE_GIVE_UP, a, s, 0);
                        continue;
                }
                if (still) {
                        add(w, ret, n, MOVE_HOLD, a, s, 0);
                        continue;
                }
                add(w, ret, n, MOVE_EXECUTE, a, s, 0);
                if (r->state == REQUEST_SLOW) {
                        add(w, ret, n, MOVE_HOLD, a, s, 0);
                        add(w, ret, n, MOVE_GIVE_UP, a, s, 0);
                        continue;
                }
                add(w, ret, n, MOVE_HOLD, a, s, 1);
                if (r->write.kind > READ_PLACEHOLDER)
                        add(w, ret, n, MOVE_TWICE, a, s, 1);
                add(w, ret, n, MOVE_SLOW, a, s, 1);
                add(w, ret, n, MOVE_FAIL, a, s, 1);
        }
}

/* A life holder that has nothing under way: it writes a sign of life each verify interval. */
static bool signs(const struct agent *g) {
        return g->up && !g->frozen && g->tenure == TENURE_LIFE && g->placeholder.state == PLACEHOLDER_LIVE &&
               g->placeholder.op == PLACEHOLDER_OP_NONE && !g->placeholder.missed &&
               g->election.lock.fact.placeholder == g->placeholder.uid;
}

static void watches(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, unsigned a) {
        if (watch_lock_news(w, a))
                add(w, ret, n, MOVE_WATCH_LOCK, a, 0, 0);
        if (watch_holder_news(w, a))
                add(w, ret, n, MOVE_WATCH_HOLDER, a, 0, 0);
        if (!w->second && watch_own_open(w, a))
                add(w, ret, n, MOVE_VERIFY, a, 0, watch_own_news(w, a) ? 0 : 1);
        if (!w->second && signs(&w->agents[a]))
                add(w, ret, n, MOVE_SIGN, a, 0, 1);
        for (unsigned k = 0; k < 4; k++)
                if (watch_may_hold(w, a, k & 1, k & 2))
                        add(w, ret, n, MOVE_HOLD_WATCH, a, k, 1);
        for (unsigned k = 0; k < 2; k++)
                if (watch_held(w, a, k))
                        add(w, ret, n, MOVE_HELD_WATCH, a, k, 0);
}

static void world_moves(const struct world *w, struct move ret[MAX_MOVES], unsigned *n, unsigned h) {
        const struct agent *g = &w->agents[h];
        const struct host *o = &w->hosts[h];

        if (!g->up)
                add(w, ret, n, MOVE_LOSE_STATE, h, 0, 1);
        if (!g->up && parameters.two)
                add(w, ret, n, MOVE_LOSE_STATE, h, 1, 1);
        if (o->on && !o->asleep && g->unenrolled)
                add(w, ret, n, MOVE_ENROL, h, 0, 2);
        if (o->on && !o->asleep && !g->unenrolled)
                for (unsigned reload = 0; reload < 2; reload++)
                        add(w, ret, n, MOVE_UNENROL, h, reload, 1);
        if (!o->on) {
                if (parameters.clone && h + 1 == parameters.agents && !w->cloned) {
                        add(w, ret, n, MOVE_CLONE, h, 0, 1);
                        return;
                }
                add(w, ret, n, MOVE_BOOT, h, 0, 0);
                if (w->lock.exists && w->lock.owner == h && w->lock.tenure == TENURE_LIFE && !w->fence.phase)
                        add(w, ret, n, MOVE_FENCE, h, 0, 2);
                return;
        }
        /* He has seen that nothing runs there, and that nothing can be started. */
        if (g->gone && o->unit == PROCESSES_NONE && !o->gate && !o->file && w->lock.exists && w->lock.owner == h &&
            w->lock.tenure == TENURE_LIFE && !w->fence.phase)
                add(w, ret, n, MOVE_FENCE, h, 0, 2);
        requests(w, ret, n, h);
        if (o->asleep) {
                add(w, ret, n, MOVE_RESUME, h, 0, 0);
                return;
        }
        if (!g->up) {
                if (!g->gone)
                        add(w, ret, n, MOVE_START_AGENT, h, 0, 0);
                if (o->up && !o->frozen && supervise_permitted(&o->supervise) && o->supervise.tenure == TENURE_LIFE)
                        add(w, ret, n, MOVE_STOP_DEAD_AGENT, h, 0, 2);
        } else if (g->frozen)
                add(w, ret, n, MOVE_THAW_AGENT, h, 0, 0);
        else {
                watches(w, ret, n, h);
                add(w, ret, n, MOVE_STEP_DOWN, h, 0, 2);
                if (!g->leaving)
                        add(w, ret, n, MOVE_STOP_AGENT, h, 0, 2);
        }
        if (o->trip == 2)
                add(w, ret, n, MOVE_WRITABLE, h, 0, 0);
        if (!o->up) {
                add(w, ret, n, MOVE_START_GUARD, h, 0, 0);
                if (o->file == SUPERVISE_FILE_VALID)
                        add(w, ret, n, MOVE_DAMAGE, h, 0, 1);
        } else if (o->frozen) {
                add(w, ret, n, MOVE_THAW_GUARD, h, 0, 0);
                if (!parameters.time || o->watchdog >= parameters.watchdog) /* @watchdog-may-strike */
                        add(w, ret, n, MOVE_WATCHDOG, h, 0, 0);
        } else if (o->reading == 2)
                add(w, ret, n, MOVE_SLOW_READING, h, 1, 0);
        if (o->unit == PROCESSES_STOP && !o->hung)
                add(w, ret, n, MOVE_UNIT_STOPPED, h, 0, 0);
        if (o->unit == PROCESSES_RUN)
                add_ends(w, ret, n, h);
        if (parameters.time && o->unit == PROCESSES_RUN && o->foreign)
                add(w, ret, n, MOVE_HANG, h, 0, 1);
        if (pid1_would_start(w, h))
                add(w, ret, n, MOVE_ADMIN_START, h, 0, 0);
        if (!o->jam && !o->gate && o->unit != PROCESSES_RUN && o->supervise.state != SUPERVISE_CHECKING)
                add(w, ret, n, MOVE_JAM, h, JAM_START, 1);
        if (!o->jam)
                add(w, ret, n, MOVE_JAM, h, JAM_STOP, 1);
        if (o->start_late)
                add(w, ret, n, MOVE_LATE_START, h, 0, 0);
        if (o->start_job == 2)
                add(w, ret, n, MOVE_LATE_START, h, 1, 0);
        if (parameters.time && o->up && !o->frozen) /* (PID 1's timers, for a guard that is gone, sleep too) */
                add(w, ret, n, MOVE_SUSPEND, h, 0, 1);
        if (parameters.time && o->up && o->frozen)
                add(w, ret, n, MOVE_SUSPEND_HUNG, h, 0, 1);
        add(w, ret, n, MOVE_CRASH, h, 0, 1);
        process_faults(w, ret, n, h);
}

static void add_time(const struct world *w, struct move ret[MAX_MOVES], unsigned *n) {
        for (unsigned still = 0; still < 1U << parameters.agents; still++)
                if (time_may_tick(w, still))
                        add(w, ret, n, MOVE_TICK, 0, still, 0);
        for (unsigned h = 0; h < parameters.agents; h++)
                if (time_may_gain(w, h))
                        add(w, ret, n, MOVE_CLOCK_GAINS, h, 0, 0);
}

/* What touches the second lock only; w: seen from its half. */
static void second_moves(const struct world *w, struct move ret[MAX_MOVES], unsigned *n) {
        unsigned first = *n;

        for (unsigned h = 0; h < parameters.agents; h++) {
                const struct agent *g = &w->agents[h];
                const struct host *o = &w->hosts[h];

                if (!o->on) {
                        if (w->lock.exists && w->lock.owner == h && w->lock.tenure == TENURE_LIFE && !w->fence.phase)
                                add(w, ret, n, MOVE_FENCE, h, 0, 2);
                        continue;
                }
                requests(w, ret, n, h);
                if (g->up && !g->frozen) {
                        watches(w, ret, n, h);
                        add(w, ret, n, MOVE_STEP_DOWN, h, 0, 2);
                }
                if (o->up && !o->frozen && o->reading == 2)
                        add(w, ret, n, MOVE_SLOW_READING, h, 1, 0);
                if (o->unit == PROCESSES_STOP)
                        add(w, ret, n, MOVE_UNIT_STOPPED, h, 0, 0);
                if (o->unit == PROCESSES_RUN)
                        add_ends(w, ret, n, h);
                if (pid1_would_start(w, h))
                        add(w, ret, n, MOVE_ADMIN_START, h, 0, 0);
        }
        for (unsigned i = 0; parameters.gc && i < 3; i++)
                if (api_gc((struct world *)w, i, true))
                        add(w, ret, n, MOVE_GC, 0, i, 0);
        if (w->fence.phase)
                add(w, ret, n, MOVE_FENCE_GOES_ON, 0, 0, 0);
        if (w->lock.exists)
                add(w, ret, n, MOVE_DELETE_LOCK, 0, EXTRA_NONE, 2);
        for (unsigned i = first; i < *n; i++)
                ret[i].second = 1;
}

unsigned moves(const struct world *w, struct move ret[MAX_MOVES]) {
        struct world second;
        unsigned n = 0;

        if (parameters.two)
                second = second_view(w);
        if (local(w, parameters.two ? &second : NULL, ret, &n))
                return n;
        if (parameters.two)
                second_moves(&second, ret, &n);
        for (unsigned h = 0; h < parameters.agents; h++)
                world_moves(w, ret, &n, h);
        for (unsigned i = 0; i < w->n_late; i++)
                add(w, ret, &n, MOVE_LATE, w->late[i].sender, i, 0);
        for (unsigned i = 0; parameters.gc && i < N_GC; i++)
                if (api_gc((struct world *)w, i, true))
                        add(w, ret, &n, MOVE_GC, 0, i, 0);
        if (w->fence.phase)
                add(w, ret, &n, MOVE_FENCE_GOES_ON, 0, 0, 0);
        if (parameters.forges && !w->lock.exists && !w->placeholders[FOREIGN].exists)
                add(w, ret, &n, MOVE_FORGE, 0, 0, 2);
        for (unsigned x = 0; parameters.edits && x < N_EDITS; x++)
                if (api_may_edit(w, x))
                        add(w, ret, &n, MOVE_EDIT, 0, x, 2);
        if (w->lock.exists)
                for (unsigned x = w->lock.deleting ? EXTRA_FOREGROUND : EXTRA_NONE; x <= EXTRA_ORPHAN; x++)
                        add(w, ret, &n, MOVE_DELETE_LOCK, 0, x, 2);
        for (unsigned i = 0; i < parameters.agents; i++)
                if (w->placeholders[i].exists && !w->placeholders[i].deleting)
                        for (unsigned x = EXTRA_NONE; x <= EXTRA_ORPHAN; x++)
                                add(w, ret, &n, MOVE_DELETE_PLACEHOLDER, i, x, 2);
        add_time(w, ret, &n);
        return n;
}
