/* SPDX-License-Identifier: Apache-2.0 */
/* Moves and states in words, for traces. */
#include "model.h"

static const char *const kind_names[N_MOVES] = {
        [MOVE_GUARD] = "guard goes on",
        [MOVE_AGENT] = "agent goes on",
        [MOVE_EXECUTE] = "request executed and answered",
        [MOVE_HOLD] = "request executed, answer delayed",
        [MOVE_SLOW] = "request delayed",
        [MOVE_FAIL] = "request fails, not executed",
        [MOVE_DELIVER] = "delayed answer arrives",
        [MOVE_GIVE_UP] = "agent gives up waiting",
        [MOVE_TWICE] = "request sent twice",
        [MOVE_LATE] = "given-up request lands",
        [MOVE_WATCH_LOCK] = "watch shows the lock",
        [MOVE_WATCH_HOLDER] = "watch shows the holder's placeholder",
        [MOVE_VERIFY] = "agent looks after its placeholder",
        [MOVE_SIGN] = "agent writes a sign of life",
        [MOVE_HOLD_WATCH] = "watch event delayed",
        [MOVE_HELD_WATCH] = "delayed watch event arrives",
        [MOVE_GC] = "garbage collector",
        [MOVE_KILL_AGENT] = "agent killed",
        [MOVE_END_AGENT] = "agent ends for good",
        [MOVE_START_AGENT] = "agent starts",
        [MOVE_FREEZE_AGENT] = "agent frozen",
        [MOVE_THAW_AGENT] = "agent thawed",
        [MOVE_KILL_GUARD] = "guard killed",
        [MOVE_START_GUARD] = "guard starts",
        [MOVE_FREEZE_GUARD] = "guard frozen",
        [MOVE_THAW_GUARD] = "guard thawed",
        [MOVE_WATCHDOG] = "PID 1's watchdog kills the guard",
        [MOVE_SLOW_READING] = "reading of the unit delayed",
        [MOVE_CLAIM_FAILS] = "claim cannot be written",
        [MOVE_TEAR] = "agent dies while it writes a claim",
        [MOVE_DAMAGE] = "permit file damaged",
        [MOVE_FILL] = "guard can write no file any more",
        [MOVE_READ_ONLY] = "guard can neither write nor remove a file any more",
        [MOVE_TRIP] = "guard can write and remove no file from behind its next permit file on, for a while",
        [MOVE_WRITABLE] = "files can be written and removed again",
        [MOVE_LOSE_STATE] = "state directory lost",
        [MOVE_BREAK_LINK] = "link broken",
        [MOVE_SUSPEND] = "host suspended",
        [MOVE_SUSPEND_HUNG] = "host suspended while the guard hangs",
        [MOVE_RESUME] = "host resumes",
        [MOVE_CLONE] = "a clone of A's disk comes up",
        [MOVE_CRASH] = "host crashes",
        [MOVE_BOOT] = "host boots",
        [MOVE_UNIT_STOPPED] = "unit has stopped",
        [MOVE_UNIT_EXIT] = "unit ends by itself",
        [MOVE_UNIT_END] = "unit ends with success",
        [MOVE_ADMIN_START] = "somebody starts the unit",
        [MOVE_JAM] = "job waits for ever",
        [MOVE_HANG] = "unit hangs on its way down",
        [MOVE_UNENROL] = "drop-in lost",
        [MOVE_ENROL] = "human enrols the unit again",
        [MOVE_SLOW_START] = "start delayed",
        [MOVE_LATE_START] = "delayed start happens",
        [MOVE_TICK] = "time passes",
        [MOVE_CLOCK_GAINS] = "clock gains a tick",
        [MOVE_DELETE_LOCK] = "human deletes the lock",
        [MOVE_DELETE_PLACEHOLDER] = "human deletes the placeholder",
        [MOVE_STEP_DOWN] = "human asks to step down",
        [MOVE_STOP_AGENT] = "human stops the agent",
        [MOVE_STOP_DEAD_AGENT] = "human stops an agent that is dead",
        [MOVE_FENCE] = "human begins to fence",
        [MOVE_FENCE_GOES_ON] = "fence tool goes on",
        [MOVE_FORGE] = "human writes a lock that names a foreign Lease",
        [MOVE_EDIT] = "human edits the lock's record",
};

static const char *const write_names[N_WRITES] = {
        [WRITE_NONE] = "nothing",
        [READ_LOCK] = "GET lock",
        [READ_PLACEHOLDER] = "GET placeholder",
        [LOCK_CREATE] = "POST lock",
        [LOCK_ADOPT] = "PATCH boot id",
        [LOCK_RESTORE] = "PATCH owner",
        [LOCK_DELETE] = "DELETE lock",
        [LOCK_STRIP] = "PATCH finalizer away",
        [PLACEHOLDER_CREATE] = "POST placeholder",
        [PLACEHOLDER_RENEW] = "PUT renewal",
        [PLACEHOLDER_CLEAR] = "PATCH placeholder's finalizers away",
        [PLACEHOLDER_DELETE] = "DELETE placeholder",
};

static const char *const units[] = {"inactive", "running", "stopping"};
static const char *const edits[N_EDITS] = {"duration lowered", "duration raised", "tenure"};
static const char *const modes[] = {"background", "foreground", "orphan"};
static const char *const gc_words[] = {"marks the lock", "takes its finalizer off the lock", "empties ownerReferences"};

const char *move_kind_to_string(unsigned kind) {
        return kind < N_MOVES ? kind_names[kind] : "?";
}

static void write_words(const struct write *r, FILE *f) {
        fprintf(f, "%s", write_names[r->kind]);
        if (r->kind == READ_PLACEHOLDER || r->kind == PLACEHOLDER_DELETE)
                fprintf(f, " of %c", 'A' + r->name);
        if (r->uid)
                fprintf(f, ", uid %u", r->uid);
        if (r->version)
                fprintf(f, ", version %u", r->version);
        if (r->placeholder)
                fprintf(f, ", placeholder %u", r->placeholder);
        if (r->claim)
                fprintf(f, ", claim %u", r->claim);
}

static void guard_step_words(const struct host *o, FILE *f) {
        static const char *const types[] = {"", "QUERY", "PERMIT", "REVOKE", "EVICT"};

        if (o->start_job == 1)
                fprintf(f, " (PID 1 runs the start job)");
        else if (o->superseded || (o->eof && !o->n_queue))
                fprintf(f, " (connection ended or new)");
        else if (o->start_result)
                fprintf(f, " (start job queued)");
        else if (o->wake)
                fprintf(f, " (signal: the unit changed)");
        else if (o->reading == 1)
                fprintf(f, " (reads the unit: %s)", units[o->unit]);
        else if (o->n_queue)
                fprintf(f, " (%s lock %u)", types[o->queue[0].type], o->queue[0].uid);
        else
                fprintf(f, " (timer)");
}

static void brain_step_words(const struct agent *g, FILE *f) {
        if (g->n_replies) {
                const struct guard_fact *r = &g->replies[0];

                fprintf(f, " (guard says: about %u, permit %u, unit %u, refusal %u%s%s)", (unsigned)r->about,
                        (unsigned)r->permit, r->unit, r->refusal, r->revoked ? ", revoked" : "",
                        r->stopped ? ", seen stopped" : "");
        } else
                fprintf(f, "%s",
                        g->leaving      ? " (on its way out)"
                        : g->broken     ? " (connection to the guard lost)"
                        : !g->connected ? " (connects to the guard)"
                                        : " (timer)");
}

void move_words(const struct world *world, struct move m, FILE *f) {
        struct world second = m.second ? second_view(world) : *world;
        const struct world *w = &second;

        if (m.kind == MOVE_TICK || m.kind == MOVE_GC || m.kind == MOVE_DELETE_LOCK || m.kind == MOVE_FENCE_GOES_ON ||
            m.kind == MOVE_FORGE || m.kind == MOVE_EDIT)
                fprintf(f, "%s", kind_names[m.kind]);
        else
                fprintf(f, "%c: %s", 'A' + m.agent, kind_names[m.kind]);
        switch (m.kind) {
        case MOVE_EXECUTE:
        case MOVE_HOLD:
        case MOVE_SLOW:
        case MOVE_TWICE:
        case MOVE_FAIL:
        case MOVE_DELIVER:
        case MOVE_GIVE_UP:
                fprintf(f, ": ");
                write_words(&w->agents[m.agent].request[m.arg].write, f);
                break;
        case MOVE_LATE:
                fprintf(f, ": ");
                write_words(&w->late[m.arg], f);
                break;
        case MOVE_GUARD:
                guard_step_words(&w->hosts[m.agent], f);
                break;
        case MOVE_AGENT:
                brain_step_words(&w->agents[m.agent], f);
                break;
        case MOVE_KILL_GUARD:
                if (m.arg) {
                        fprintf(f, " after %u actions of", m.arg);
                        guard_step_words(&w->hosts[m.agent], f);
                }
                break;
        case MOVE_GC:
                fprintf(f, " %s", m.arg < 3 ? gc_words[m.arg] : "takes its finalizer off a placeholder");
                break;
        case MOVE_HOLD_WATCH:
        case MOVE_HELD_WATCH:
                fprintf(f, " (%s%s)", m.arg & 1 ? "the holder's placeholder" : "lock", m.arg & 2 ? ", deleted" : "");
                break;
        case MOVE_TICK:
                for (unsigned h = 0; h < parameters.agents; h++)
                        if (m.arg >> h & 1)
                                fprintf(f, ", but not on the clock of %c", 'A' + h);
                break;
        case MOVE_SLOW_START:
        case MOVE_LATE_START:
                fprintf(f, " (%s)", m.arg ? "job in PID 1's queue" : "call on its way to PID 1");
                break;
        case MOVE_JAM:
                fprintf(f, " (%s)", m.arg == JAM_START ? "somebody's start" : "stops, behind another unit's");
                break;
        case MOVE_EDIT:
                fprintf(f, " (%s)", edits[m.arg]);
                break;
        case MOVE_DELETE_LOCK:
        case MOVE_DELETE_PLACEHOLDER:
                fprintf(f, " (%s)", modes[m.arg]);
                break;
        default:
                break;
        }
        if (m.second)
                fprintf(f, "  (second lock)");
        if (m.cost)
                fprintf(f, m.cost == 1 ? "  [fault]" : "  [human]");
}

static void half_words(const struct world *w, FILE *f) {
        const struct api_lock *l = &w->lock;

        if (l->exists)
                fprintf(f, "      lock %u v%u of %c ph %u%s%s%s%s;", l->uid, l->version, 'A' + l->owner, l->placeholder,
                        l->deleting ? " MARKED" : "", l->finalizer ? "" : " NO-FINALIZER", l->owned ? "" : " orphaned",
                        l->extra ? l->extra == EXTRA_FOREGROUND ? " +fg" : " +orphan" : "");
        else
                fprintf(f, "      no lock;");
        for (unsigned i = 0; i < parameters.agents; i++) {
                const struct api_placeholder *p = &w->placeholders[i];
                const struct agent *g = &w->agents[i];
                const struct host *o = &w->hosts[i];

                fprintf(f, " %c:", 'A' + i);
                if (p->exists)
                        fprintf(f, " ph %u v%u%s", p->uid, p->version, p->deleting ? " dying" : "");
                if (!o->on) {
                        fprintf(f, " DOWN;");
                        continue;
                }
                if (g->up)
                        fprintf(f, "%s %s(%s)/%s%s%s", g->frozen ? " FROZEN" : "",
                                election_state_to_string(g->election.state), election_op_to_string(g->election.op),
                                placeholder_state_to_string(g->placeholder.state), g->placeholder.op ? " hb:" : "",
                                g->placeholder.op ? placeholder_op_to_string(g->placeholder.op) : "");
                else
                        fprintf(f, " no agent");
                if (o->up)
                        fprintf(f, ", %sguard %s", o->frozen ? "FROZEN " : "",
                                supervise_state_to_string(o->supervise.state));
                else
                        fprintf(f, ", no guard");
                fprintf(f, "%s%s%s, unit %s;", o->gate ? " gate" : "", o->file ? " file" : "", o->full ? " FULL" : "",
                        units[o->unit]);
        }
        fprintf(f, "\n");
}

void world_words(const struct world *w, FILE *f) {
        struct world second;

        half_words(w, f);
        if (!parameters.two)
                return;
        second = second_view(w);
        half_words(&second, f);
}
