/* SPDX-License-Identifier: Apache-2.0 */
/* A world of its own: one guard, a list of two units, PID 1 with After= between them, and an agent that asks for one
 * term and ends it. What the rest of the protocol rests on is what it is told of a unit under a permit; here that is
 * proven to hold of two as of one: "stopped" when neither runs nor can start, both past the second instant dead. So the
 * worlds with one unit stand for lists, too.
 *
 * Time is taken apart: an instant comes when the explorer likes, in their order. */
#include <stdlib.h>
#include <string.h>

#include "base/timing.h"
#include "core/supervise_list.h"
#include "model.h"

#define N   2
#define UID 1

#define AT(n)     ((uint64_t)(1000 + (n)) * USEC_PER_SEC)
#define AT_NOW    AT(1)
#define AT_RETRY  AT(100)
#define AT_STOP   AT(200)
#define AT_LATE   AT(201) /* now, once the first instant has come */
#define AT_RETRY2 AT(300)
#define AT_KILL   AT(400)

enum process {
        NOTHING,
        COMING,
        RUNS,
        GOING,
};

enum phase {
        ASKS,    /* for the term */
        ENDS_IT, /* has revoked, or will as soon as it is connected */
        FREE,    /* was told that it is stopped: the lock goes to others */
};

struct list_unit {
        struct supervise s;
        uint8_t process, start_job, stop_job, gate, file, noted, end;
        uint8_t wake, reading, result; /* reading: 1 wanted; result: 1 + of the start */
        uint8_t revoke_waits, permit_waits;
        uint8_t refused;
};

struct list_world {
        struct list_unit u[N];
        uint8_t phase, up, connected, late, recorded, faults;
        uint8_t refused; /* the uid is refused, and not on disk: it never had a permit */
        /* the shell's list (guard_list.c) */
        uint8_t wanted, pending; /* bits of who has not seen its stop */
        uint8_t asked;           /* for the revoke, on this connection */
};

static struct list_world *w;
static const char *bad;

static bool lease(void) {
        return parameters.tenure[0] == TENURE_LEASE;
}

/* The second unit is the first one's to start: a timer and its job. */
static bool triggered(unsigned i) {
        return parameters.triggered && i == 1;
}

static uint64_t now(void) {
        return w->late ? AT_LATE : AT_NOW;
}

static void members(struct supervise_list_member *m) {
        for (unsigned i = 0; i < N; i++)
                m[i] = (struct supervise_list_member){
                        .s = &w->u[i].s, .triggered = triggered(i), .refused = w->u[i].refused};
}

/* ---- PID 1 ---- */

static void set_process(struct list_unit *u, uint8_t process) {
        u->process = process;
        u->wake = w->up;
}

/* After=: a stop waits for that of what starts later. */
static bool stop_waits(unsigned i) {
        return i == 0 && (w->u[1].stop_job || w->u[1].process == GOING);
}

static void run_start(unsigned i) {
        struct list_unit *u = &w->u[i];

        u->start_job = 0;
        if (u->process == NOTHING && u->gate && (w->up || !lease())) {
                u->end = SUPERVISE_END_NONE;
                set_process(u, COMING);
                if (w->phase == FREE)
                        bad = "a unit starts although its lock was given away";
        }
        u->wake = w->up;
}

static void run_stop(unsigned i) {
        struct list_unit *u = &w->u[i];

        u->stop_job = 0;
        if (u->process == COMING || u->process == RUNS)
                set_process(u, GOING);
        u->wake = w->up;
}

/* ---- the guard's shell ---- */

static void told_stopped(void) {
        for (unsigned i = 0; i < N; i++) {
                if (w->u[i].process != NOTHING)
                        bad = "told stopped while a unit of the list runs";
                if (w->u[i].gate)
                        bad = "told stopped while there is a gate";
        }
        if (!w->recorded && !w->refused)
                bad = "told stopped with the uid not recorded";
        w->phase = FREE;
}

static bool perform(unsigned i, const struct supervise_event *ev, uint8_t type, uint8_t result, uint8_t before) {
        struct list_unit *u = &w->u[i];

        switch ((enum supervise_action_type)type) {
        case SUPERVISE_WRITE_PERMIT:
                u->file = 1;
                break;
        case SUPERVISE_MAKE_GATE:
                u->gate = 1;
                if (w->recorded)
                        bad = "a gate is made for a uid that is over";
                break;
        case SUPERVISE_START:
                if (triggered(i))
                        bad = "the guard starts what another unit is to start";
                if (i == 1 && before == SUPERVISE_CHECKING && !supervise_permitted(&w->u[0].s))
                        bad = "a unit starts while the one that it comes after has no permit";
                if (i == 0 && triggered(1) && before == SUPERVISE_CHECKING && !w->u[1].gate)
                        bad = "a timer starts before its job has a gate";
                u->start_job = 1;
                u->result = 1 + SUPERVISE_START_OK;
                break;
        case SUPERVISE_REMOVE_GATE:
                u->gate = 0;
                break;
        case SUPERVISE_RECORD:
                w->recorded = 1;
                break;
        case SUPERVISE_NOTE:
                u->noted = u->s.state == SUPERVISE_ENDED || u->s.state == SUPERVISE_FAILED;
                break;
        case SUPERVISE_STOP:
                u->start_job = 0;
                u->stop_job = u->process != NOTHING;
                u->wake = w->up;
                break;
        case SUPERVISE_KILL:
                if (u->process != NOTHING)
                        set_process(u, NOTHING);
                break;
        case SUPERVISE_REMOVE_PERMIT:
                u->file = u->noted = 0;
                break;
        case SUPERVISE_READ:
                u->reading = 1;
                break;
        case SUPERVISE_REPLY:
                if (ev->type == SUPERVISE_EV_PERMIT)
                        u->refused = result != GUARD_OK && !supervise_permitted(&u->s);
                break;
        case SUPERVISE_REPLY_PERMITS:
                if (u->permit_waits)
                        u->refused = result != GUARD_OK;
                u->permit_waits = 0;
                break;
        case SUPERVISE_REPLY_STOPPED:
                if (u->revoke_waits)
                        w->pending &= (uint8_t) ~(1U << i);
                if (u->revoke_waits && !w->pending) /* @each-was-seen-stopped */
                        told_stopped();
                u->revoke_waits = 0;
                break;
        case SUPERVISE_REFUSE_REQUEST:
        case SUPERVISE_REFUSE_CHECKED:
                w->refused = 1;
                break;
        case SUPERVISE_WRITE_ENV:
        case SUPERVISE_REPLY_INTERIM:
        case SUPERVISE_REPLY_REVOKES:
        case SUPERVISE_REPLY_QUERIES:
        case SUPERVISE_REPLY_EVICTS:
        case SUPERVISE_PUSH:
                break;
        }
        return true;
}

/* Instants keep their order, and nothing else. */
static void canonical(struct supervise *s) {
        uint64_t *const kills[] = {&s->kill_at_usec, &s->disk_kill_at_usec}, *const past[] = {&s->stop_sent_at_usec,
                                                                                              &s->going_since_usec};

        for (unsigned i = 0; i < 2; i++) {
                if (*kills[i] && *kills[i] != USEC_INFINITY)
                        *kills[i] = AT_KILL;
                if (*past[i])
                        *past[i] = AT(0);
        }
        if (s->retry_at_usec != USEC_INFINITY)
                s->retry_at_usec = w->late ? AT_RETRY2 : AT_RETRY;
}

/* cut: the guard is killed after so many actions. */
static unsigned step(unsigned i, struct supervise_event *ev, unsigned cut) {
        struct list_unit *u = &w->u[i];
        uint8_t before = u->s.state;
        struct supervise_actions a;

        if (!ev->now_usec)
                ev->now_usec = now();
        a = supervise_step(&u->s, ev);
        if (!supervise_invariant(&u->s))
                bad = "supervise_invariant() is false";
        for (unsigned n = 0; n < a.n && n < cut; n++)
                (void)perform(i, ev, a.a[n].type, a.a[n].result, before);
        canonical(&u->s);
        return a.n;
}

static void ask(unsigned i, enum supervise_event_type type) {
        struct supervise_event ev = {.type = (uint8_t)type,
                                     .uid = UID,
                                     .tenure = parameters.tenure[0],
                                     .stop_at_usec = lease() ? AT_STOP : USEC_INFINITY,
                                     .kill_at_usec = lease() ? AT_KILL : USEC_INFINITY,
                                     .stop_timeout_usec = 5 * USEC_PER_SEC,
                                     .revoked = w->recorded || w->refused};

        if (type == SUPERVISE_EV_REVOKE)
                w->u[i].revoke_waits = 1;
        if (type == SUPERVISE_EV_PERMIT)
                w->u[i].permit_waits = 1;
        (void)step(i, &ev, ALL_ACTIONS);
}

/* guard_list.c: withdraw, then whoever is next. */
static bool drive(void) {
        struct supervise_list_member m[N];
        int next;

        for (unsigned i = N; i-- > 0;)
                for (unsigned j = N; j-- > 0;)
                        if (i != j && supervise_list_withdraws(&w->u[i].s, &w->u[j].s)) {
                                struct supervise_event ev = {.type = SUPERVISE_EV_WITHDRAWN, .uid = UID};
                                uint8_t state = w->u[j].s.state;

                                (void)step(j, &ev, ALL_ACTIONS);
                                if (w->u[j].s.state == state)
                                        bad = "a unit keeps the permit under which another is being stopped";
                                return true;
                        }
        if (!w->connected || !w->wanted)
                return false;
        members(m);
        next = supervise_list_next(m, N, UID);
        if (next < 0)
                return false;
        if (next == 1 && !triggered(1) && w->u[0].s.state != SUPERVISE_RUNNING)
                bad = "a unit gets its permit before the one that it comes after is up";
        ask((unsigned)next, SUPERVISE_EV_PERMIT);
        return true;
}

static struct supervise_reading look(unsigned i) {
        const struct list_unit *u = &w->u[i];

        return (struct supervise_reading){
                .known = 1,
                .job = u->start_job || u->stop_job,
                .active = u->process == COMING  ? SUPERVISE_ACTIVATING
                          : u->process == RUNS  ? SUPERVISE_ACTIVE
                          : u->process == GOING ? SUPERVISE_DEACTIVATING
                                                : SUPERVISE_INACTIVE,
                .populated = u->process == NOTHING ? SUPERVISE_EMPTY : SUPERVISE_POPULATED,
                .load_ok = 1,
                .start_ok = 1,
                .run_ok = 1,
                .gated = 1,
                .ours = 1,
                .end = u->process != NOTHING || (u->s.state == SUPERVISE_RESUMING && lease() && !u->noted)
                               ? SUPERVISE_END_NONE
                               : u->end,
                .triggered = triggered(i),
        };
}

static bool busy(void) {
        for (unsigned i = 0; i < N; i++)
                if (w->u[i].wake || w->u[i].reading || w->u[i].result || w->u[i].start_job)
                        return true;
        return false;
}

/* What there is to do at once: of each unit, PID 1's start jobs first. Returns how many actions the step had. */
static unsigned turn(unsigned i, unsigned cut) {
        struct list_unit *u = &w->u[i];
        struct supervise_event ev = {};

        if (u->start_job) {
                run_start(i);
                return 0;
        }
        if (!w->up)
                return 0;
        if (u->result) {
                ev.type = SUPERVISE_EV_START_RESULT;
                ev.start_result = (uint8_t)(u->result - 1);
                u->result = 0;
        } else if (u->wake) {
                ev.type = SUPERVISE_EV_WAKE;
                u->wake = 0;
        } else if (u->reading) {
                ev.type = SUPERVISE_EV_READING;
                ev.reading = look(i);
                u->reading = 0;
        } else
                return 0;
        return step(i, &ev, cut);
}

static void disconnect(void) {
        struct supervise_event ev = {.type = SUPERVISE_EV_SUPERSEDED};

        w->connected = w->wanted = w->pending = w->asked = 0;
        for (unsigned i = 0; i < N; i++) {
                w->u[i].revoke_waits = w->u[i].permit_waits = w->u[i].refused = 0;
                if (w->up)
                        (void)step(i, &ev, ALL_ACTIONS);
        }
}

static void kill_guard(void) {
        w->up = w->refused = 0;
        disconnect();
        for (unsigned i = 0; i < N; i++) {
                struct list_unit *u = &w->u[i];

                memset(&u->s, 0, sizeof(u->s));
                u->wake = u->reading = u->result = 0;
                if (lease()) { /* BindsTo= */
                        u->stop_job = u->stop_job || u->process == COMING || u->process == RUNS;
                        u->start_job = 0;
                }
        }
}

static void start_guard(void) {
        w->up = 1;
        for (unsigned i = N; i-- > 0;) {
                struct list_unit *u = &w->u[i];
                struct supervise_event ev = {.type = SUPERVISE_EV_FOUND, .gate = u->gate};

                if (u->file) {
                        ev.file = SUPERVISE_FILE_VALID;
                        ev.uid = UID;
                        ev.tenure = parameters.tenure[0];
                        ev.stop_at_usec = lease() ? AT_STOP : USEC_INFINITY;
                        ev.kill_at_usec = lease() ? AT_KILL : USEC_INFINITY;
                        ev.stop_timeout_usec = 5 * USEC_PER_SEC;
                        ev.revoked = w->recorded;
                }
                supervise_init(&u->s);
                (void)step(i, &ev, ALL_ACTIONS);
        }
}

/* ---- what must hold in each state ---- */

static void judge(void) {
        struct supervise_list_member m[N];
        bool failed = false, ended = false, all_run = true, any_stops = false, any_permitted = false;
        enum unit_state as_one;

        if (!w->up)
                return;
        members(m);
        as_one = supervise_list_state(m, N);
        for (unsigned i = 0; i < N; i++) {
                const struct supervise *s = &w->u[i].s;

                any_permitted = any_permitted || supervise_permitted(s);
                any_stops = any_stops || supervise_stopping(s);
                failed = failed || s->state == SUPERVISE_FAILED;
                ended = ended || (s->state == SUPERVISE_ENDED && !triggered(i));
                all_run = all_run && (s->state == SUPERVISE_RUNNING || triggered(i));
        }
        if (as_one == UNIT_STOPPED && (any_permitted || any_stops))
                bad = "said to be stopped while one has a permit, or is being stopped";
        if (as_one == UNIT_RUNNING && (!all_run || failed))
                bad = "said to run while one of them does not";
        if (!any_stops && failed && as_one != UNIT_FAILED)
                bad = "one has failed, and that is not said";
        if (!any_stops && !failed && ended && as_one != UNIT_ENDED)
                bad = "one has ended, and that is not said";
        if (any_stops && as_one != UNIT_STOPPING && as_one != UNIT_STUCK)
                bad = "one is being stopped, and that is not said";
}

/* ---- moves ---- */

enum list_move {
        LIST_TURN,  /* of unit i */
        LIST_RETRY, /* its retry instant comes */
        LIST_COMES_UP,
        LIST_STOP_RUNS,
        LIST_IS_DOWN,
        LIST_TRIGGER, /* the timer starts its job */
        LIST_FIRST,   /* instant */
        LIST_SECOND,
        LIST_ASK,
        LIST_REVOKE,
        LIST_CONNECT,
        LIST_START_GUARD,
        /* faults */
        LIST_EXIT,
        LIST_END,
        LIST_TIMEOUT, /* PID 1 does not answer its start */
        LIST_BREAK,
        LIST_KILL, /* after so many actions of the step that unit i has next */
        N_LIST_MOVES
};

static bool tick(unsigned i, uint64_t at) {
        struct supervise_event ev = {.type = SUPERVISE_EV_TICK, .now_usec = at};

        (void)step(i, &ev, ALL_ACTIONS);
        return true;
}

static bool first_instant(void) {
        if (!w->up || !lease() || w->late)
                return false;
        w->late = 1;
        for (unsigned i = N; i-- > 0;)
                (void)tick(i, now());
        return true;
}

static bool second_instant(void) {
        if (!w->up)
                return false;
        for (unsigned i = N; i-- > 0;)
                if (supervise_stopping(&w->u[i].s))
                        (void)tick(i, AT_KILL);
        for (unsigned i = 0; w->late && i < N; i++)
                if (w->u[i].process != NOTHING)
                        bad = "a unit of the list lives past the second instant";
        return true;
}

static bool agent_asks(void) {
        if (!w->connected || w->phase != ASKS || w->wanted)
                return false;
        w->wanted = 1;
        for (unsigned i = 0; i < N; i++)
                if (w->u[i].s.uid == UID)
                        ask(i, SUPERVISE_EV_PERMIT);
        return true;
}

static bool agent_revokes(void) {
        if (!w->connected || w->phase == FREE || w->asked)
                return false;
        w->phase = ENDS_IT;
        w->wanted = 0;
        w->asked = 1;
        w->pending = (1U << N) - 1;
        for (unsigned i = N; i-- > 0;)
                ask(i, SUPERVISE_EV_REVOKE);
        return true;
}

static bool trigger(unsigned i) {
        const struct list_unit *u = &w->u[i];

        if (!triggered(i) || u->process != NOTHING || w->u[0].process != RUNS || u->stop_job)
                return false;
        run_start(i);
        return true;
}

static bool exits(struct list_unit *u, enum supervise_end end) {
        if (u->process != COMING && u->process != RUNS)
                return false;
        u->end = (uint8_t)end;
        u->stop_job = 0;
        set_process(u, NOTHING);
        return true;
}

/* Makes the move if it can be made now. */
static bool make(enum list_move kind, unsigned i, unsigned arg) {
        struct list_unit *u = &w->u[i];

        if (kind >= LIST_EXIT) {
                if (!w->faults)
                        return false;
                w->faults--;
        }
        switch (kind) {
        case LIST_TURN:
                if (!(u->start_job || (w->up && (u->wake || u->reading || u->result))))
                        return false;
                (void)turn(i, ALL_ACTIONS);
                return true;
        case LIST_RETRY:
                return w->up && u->s.retry_at_usec != USEC_INFINITY && !busy() && tick(i, u->s.retry_at_usec);
        case LIST_COMES_UP:
                if (u->process != COMING)
                        return false;
                set_process(u, RUNS);
                return true;
        case LIST_STOP_RUNS:
                if (!u->stop_job || stop_waits(i))
                        return false;
                run_stop(i);
                return true;
        case LIST_IS_DOWN:
                if (u->process != GOING)
                        return false;
                u->end = SUPERVISE_END_WELL;
                set_process(u, NOTHING);
                return true;
        case LIST_TRIGGER:
                return trigger(i);
        case LIST_FIRST:
                return i == 0 && first_instant();
        case LIST_SECOND:
                return i == 0 && second_instant();
        case LIST_ASK:
                return i == 0 && agent_asks();
        case LIST_REVOKE:
                return i == 0 && agent_revokes();
        case LIST_CONNECT:
                if (w->connected || !w->up || i)
                        return false;
                w->connected = 1;
                return true;
        case LIST_START_GUARD:
                if (w->up || i)
                        return false;
                start_guard();
                return true;
        case LIST_EXIT:
                return exits(u, SUPERVISE_END_BADLY);
        case LIST_END:
                return exits(u, SUPERVISE_END_WELL);
        case LIST_TIMEOUT:
                if (u->result != 1 + SUPERVISE_START_OK)
                        return false;
                u->result = 1 + SUPERVISE_START_TIMEOUT;
                return true;
        case LIST_BREAK:
                if (!w->connected || i)
                        return false;
                disconnect();
                return true;
        case LIST_KILL:
                if (!w->up || (arg == 0 && i) || (arg && u->start_job) || (arg && turn(i, arg) < arg))
                        return false;
                kill_guard();
                return true;
        case N_LIST_MOVES:
                break;
        }
        return false;
}

/* A revoke that is waited for comes to its end when nothing hangs. */
static void settles(struct list_world *copy) {
        for (unsigned n = 0; n < 40 && copy->phase == ENDS_IT && copy->asked && copy->up && !bad; n++) {
                bool any = drive();

                for (unsigned i = N; i-- > 0;)
                        any |= make(LIST_TURN, i, 0) || make(LIST_STOP_RUNS, i, 0) || make(LIST_IS_DOWN, i, 0);
                for (unsigned i = 0; i < N && !any; i++)
                        any |= make(LIST_RETRY, i, 0);
        }
        if (copy->phase == ENDS_IT && copy->asked && copy->up && !bad)
                bad = "both are stopped, and the agent is not told";
}

/* ---- search ---- */

static const char *const list_words[N_LIST_MOVES] = {
        "turn",           "retry",           "comes up",       "stop job runs", "is down",
        "is triggered",   "first instant",   "second instant", "agent: permit", "agent: revoke",
        "agent connects", "guard starts",    "exits",          "ends",          "start is not answered",
        "link breaks",    "guard is killed",
};

struct node {
        struct list_world world;
        uint32_t parent;
        uint8_t kind, unit, arg;
};

static struct {
        struct node *node;
        size_t n, room;
        uint32_t *table;
        size_t size;
} seen;

/* FNV-1a. */
static uint64_t hash(const void *p, size_t n) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < n; i++)
                h = (h ^ ((const uint8_t *)p)[i]) * UINT64_C(0x100000001b3);
        return h;
}

/* False: known already. */
static bool add(const struct list_world *next, uint32_t parent, unsigned kind, unsigned unit, unsigned arg) {
        size_t at = hash(next, sizeof(*next)) & (seen.size - 1);

        for (; seen.table[at]; at = (at + 1) & (seen.size - 1))
                if (memcmp(&seen.node[seen.table[at] - 1].world, next, sizeof(*next)) == 0)
                        return false;
        if (seen.n == seen.room) {
                seen.room = seen.room ? 2 * seen.room : 1 << 16;
                seen.node = realloc(seen.node, seen.room * sizeof(*seen.node));
                if (!seen.node)
                        abort();
        }
        seen.node[seen.n++] = (struct node){
                .world = *next, .parent = parent, .kind = (uint8_t)kind, .unit = (uint8_t)unit, .arg = (uint8_t)arg};
        seen.table[at] = (uint32_t)seen.n;
        return true;
}

static void show(uint32_t at) {
        const struct node *n = &seen.node[at];
        const struct list_world *s = &n->world;

        if (n->parent != UINT32_MAX)
                show(n->parent);
        printf("  %3u. %s %u", at, n->parent == UINT32_MAX ? "begins" : list_words[n->kind], n->unit);
        if (n->arg)
                printf(" after %u", n->arg);
        for (unsigned i = 0; i < N; i++)
                printf("%s %s p%u g%u f%u", i ? " |" : ":", supervise_state_to_string(s->u[i].s.state), s->u[i].process,
                       s->u[i].gate, s->u[i].file);
        printf(" phase %u recorded %u\n", s->phase, s->recorded);
}

static bool expand(uint32_t at) {
        for (unsigned kind = 0; kind < N_LIST_MOVES; kind++)
                for (unsigned i = 0; i < N; i++)
                        for (unsigned arg = 0; arg < (kind == LIST_KILL ? SUPERVISE_ACTIONS_MAX : 1U); arg++) {
                                struct list_world next, copy;

                                memcpy(&next, &seen.node[at].world, sizeof(next));
                                w = &next;
                                if (!make(kind, i, arg)) {
                                        bad = NULL; /* of a step that was not made */
                                        continue;
                                }
                                for (unsigned n = 0; w->up && drive() && !bad; n++)
                                        if (n == 4 * N)
                                                bad = "the guard asks its units without end";
                                judge();
                                memcpy(&copy, &next, sizeof(copy));
                                w = &copy;
                                if (!bad)
                                        settles(&copy);
                                (void)add(&next, at, kind, i, arg);
                                if (!bad)
                                        continue;
                                printf("VIOLATION: %s\n", bad);
                                show((uint32_t)seen.n - 1);
                                return false;
                        }
        return true;
}

int list_explore(void) {
        struct list_world first;

        memset(&first, 0, sizeof(first));
        first.faults = (uint8_t)parameters.faults;
        w = &first;
        start_guard();
        seen.size = (size_t)1 << 26;
        seen.table = calloc(seen.size, sizeof(*seen.table));
        if (!seen.table)
                abort();
        printf("model: a list of two%s (%s), %u faults\n",
               parameters.triggered ? ", the second started by the first" : "", lease() ? "lease" : "life",
               parameters.faults);
        (void)add(&first, UINT32_MAX, 0, 0, 0);
        for (uint32_t at = 0; at < seen.n; at++) {
                if (!expand(at))
                        return 1;
                if (seen.n > parameters.max_states) {
                        printf("  %zu states, not to the end\n", seen.n);
                        return 0;
                }
        }
        printf("  %zu states, complete\n", seen.n);
        return 0;
}
