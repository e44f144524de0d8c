/* SPDX-License-Identifier: Apache-2.0 */
/* The small world that the explorer walks through: an API server with one lock and one placeholder per agent, hosts
 * with agent, guard and PID 1, a garbage collector and a human. Decisions are made only by the core objects that the
 * daemons link; this world maps their actions to effects and effects to facts as the shells do.
 *
 *   model_code.c    world <-> canonical bytes: tokens renumbered, instants relative to now
 *   model_code_core.c same, the core's structs
 *   model_tidy.c    drops what has no influence any more
 *   model_api.c     what the API server does with a request
 *   model_facts.c   brain_…, the agent's shell: what the core is told, what its actions become
 *   model_agent.c   brain_…: core steps, claims, link, life of the process
 *   model_watch.c   what watches show the agent, and when
 *   model_guard.c   guard shell, PID 1, the unit
 *   model_second.c  a second lock on the same placeholders
 *   model_moves.c   which moves there are
 *   model_effects.c what each does
 *   model_time.c    ticks, clocks that run at other rates
 *   model_words.c   a move in words
 *   model_explore.c breadth-first search, traces
 *   model_live.c    dead ends, fair cycles
 *   model_cover.c   what was reached, for check.sh to compare with transitions.txt
 *   model_list.c    several units under one permit: a world of its own
 *   model_main.c    options, report */
#pragma once

#include <stdio.h>

#include "core/core_parts.h"
#include "core/supervise.h"

enum {
        MAX_AGENTS = 3,
        FOREIGN = MAX_AGENTS, /* "agent" of a Lease that is no placeholder, and of the lock that a human wrote to name
                                 it */
        MAX_CLAIMS = 4,
        MAX_LATE = 8,
        MAX_QUEUE = 4,
        MAX_REVOKED = 4,
        MAX_MOVES = 224,
        MAX_BYTES = 1500,
};

#define TICK ((uint64_t)100 * USEC_PER_SEC)
#define BASE (1000 * TICK) /* the present tick */

/* Tokens by kind; 0 is none. */
enum token {
        TOKEN_LOCK,
        TOKEN_PLACEHOLDER,
        TOKEN_VERSION,
        TOKEN_CLAIM,
        TOKEN_BOOT,
        TOKEN_NONCE,
        N_TOKENS,
};

enum extra {
        EXTRA_NONE,
        EXTRA_FOREGROUND,
        EXTRA_ORPHAN,
};

struct api_lock {
        uint8_t exists, deleting, finalizer, extra, owned /* ownerReferences not empty */;
        uint8_t owner;            /* agent that wrote it, or adopted it last */
        uint8_t tenure, duration; /* as recorded */
        uint8_t named;            /* tenure of the placeholder that the record names: that is in the name */
        uint8_t uid, version, claim, placeholder, boot;
        uint8_t immutable; /* its record: 0 where humans edit, as in one of 0.1.0 */
};

struct api_placeholder {
        uint8_t exists, deleting, extra;
        uint8_t uid, version, claim, boot, nonce;
        uint8_t term, duration; /* the lease that its agent holds, and for how long */
};

enum request_state {
        REQUEST_NONE,
        REQUEST_SENT,
        REQUEST_SLOW, /* nothing happens for as long as it likes */
        REQUEST_HELD, /* executed, the answer is on its way */
};

enum write_kind {
        WRITE_NONE,
        READ_LOCK,
        READ_PLACEHOLDER,
        LOCK_CREATE,
        LOCK_ADOPT,
        LOCK_RESTORE,
        LOCK_DELETE,
        LOCK_STRIP,
        PLACEHOLDER_CREATE,
        PLACEHOLDER_RENEW,
        PLACEHOLDER_CLEAR,
        PLACEHOLDER_DELETE,
        N_WRITES,
};

/* What goes over the wire. */
struct write {
        uint8_t kind, sender, name /* whose placeholder */, tenure, duration;
        uint8_t uid, version, placeholder, claim, boot, nonce;
        uint8_t term;   /* a renewal: of which lock `duration` tells */
        uint8_t second; /* about the second lock */
};

struct answer {
        uint8_t result, has_object;
        struct api_lock lock;
        struct api_placeholder placeholder;
};

struct request {
        uint8_t state, op;
        uint64_t sent_at_usec;
        struct write write;
        struct answer answer;
};

enum {
        SLOT_ELECTION,
        SLOT_PLACEHOLDER,
        N_SLOTS,
};

/* An event that a watch has not delivered yet: what it shows may be old by then. */
struct held_lock {
        uint8_t there, gone_uid; /* no such lock: 0 was never there, else this one was deleted */
        struct api_lock lock;
};

struct held_placeholder {
        uint8_t there, gone_uid, name;
        struct api_placeholder placeholder;
};

struct agent {
        uint8_t up, frozen, tenure;
        uint8_t leaving;           /* the service is being stopped: releases, then ends */
        uint8_t connected, broken; /* broken: closed by the other side, not noticed yet */
        uint8_t nonce;
        uint8_t lock_owner;                  /* identity that the lock in election.lock.fact bears */
        uint8_t claim[N_SLOTS];              /* the one to POST with */
        uint8_t claims[N_SLOTS][MAX_CLAIMS]; /* on disk; survive everything */
        uint8_t lost;                        /* the state directory was, once */
        uint8_t gone;                        /* killed, and never started again */
        uint8_t unenrolled;                  /* the drop-in was lost: on this host's disk, for good */
        uint8_t claiming[N_SLOTS];           /* a new one is being written */
        struct request request[N_SLOTS];
        uint8_t n_replies;
        struct guard_fact replies[MAX_QUEUE];
        uint8_t reply_types[MAX_QUEUE]; /* enum election_message_type; only when crowded */
        struct held_lock held_lock;
        struct held_placeholder held_holder;
        struct election election;
        struct placeholder placeholder;
};

struct message {
        uint8_t type, uid, tenure;
        uint64_t stop_at_usec, kill_at_usec;
};

enum processes {
        PROCESSES_NONE,
        PROCESSES_RUN,
        PROCESSES_STOP, /* processes of it live */
};

/* Jobs that wait for another unit, for ever. */
enum jam {
        JAM_NONE,
        JAM_START, /* somebody's start job: what a restart leaves when its stop is through */
        JAM_STOP,  /* another unit hangs in its stop, and the next stop job of ours waits for that */
        JAM_STOPS, /* it is there; when our unit ends by itself it is through */
};

struct host {
        uint8_t on, boot;
        uint8_t asleep; /* suspended: nothing of it runs, CLOCK_BOOTTIME goes on */
        uint8_t woken;  /* … while its guard hung: until that goes on, or PID 1's watchdog ends it */
        /* PID 1 */
        uint8_t unit, stop_left;
        uint8_t hung;         /* it stops only when it is killed */
        uint8_t start_job;    /* queued, runs next */
        uint8_t jam;          /* enum jam */
        uint8_t start_late;   /* a start call that PID 1 has not read yet */
        uint8_t wake;         /* a signal for the guard */
        uint8_t loose;        /* it has no drop-in in force: anything may start the unit */
        uint8_t foreign;      /* … and something did, past the gate */
        uint8_t start_result; /* 1 + enum supervise_start_result, for the guard */
        uint8_t end;          /* enum supervise_end: how it went under the permit on disk */
        uint8_t noted;        /* … and the permit file says so */
        /* under /run */
        uint8_t full;   /* nothing can be written any more until the next boot; 2: it had begun to take a lock */
        uint8_t locked; /* nor removed */
        uint8_t trip;   /* 1: what follows the next permit file cannot be written; 2: now nothing can, nor be removed */
        uint8_t gate, file /* enum supervise_file */, file_uid, file_tenure;
        uint64_t file_stop_at_usec, file_kill_at_usec;
        uint8_t revoked[MAX_REVOKED];
        uint8_t refused[MAX_REVOKED]; /* known to this guard alone: never permitted */
        /* the guard */
        uint8_t up, frozen, watchdog; /* ticks since the last ping */
        uint8_t reading;              /* 1: asked for; 2: taken, on its way */
        struct supervise_reading taken;
        uint8_t unfit;           /* what its last look found of the enrolment */
        uint8_t superseded, eof; /* a newer connection waits; the agent's end is closed */
        uint8_t n_queue;
        struct message queue[MAX_QUEUE];
        uint8_t waiting_permit[2], waiting_revoke[3], waiting_query[2], waiting_evict[1]; /* 1 + uid */
        struct supervise supervise;
};

struct fence {
        uint8_t phase; /* 0 none, 1 DELETE, 2 PATCH */
        uint8_t uid, version;
};

struct world {
        uint8_t faults, humans; /* still allowed */
        struct api_lock lock;
        struct api_placeholder placeholders[MAX_AGENTS + 1]; /* and FOREIGN */
        uint8_t n_late;
        struct write late[MAX_LATE]; /* given up by the client, may land yet */
        struct fence fence;
        uint8_t slips[MAX_AGENTS];  /* ticks that the clock of this host may still gain or lose */
        uint8_t steady[MAX_AGENTS]; /* ticks until it may do so again */
        uint8_t cloned;             /* the last host has come to be, as a copy of the first */
        struct agent agents[MAX_AGENTS];
        struct host hosts[MAX_AGENTS];
        uint8_t second; /* what is above is the second lock's half, and this the first one's; between moves never */
        struct half {
                struct api_lock lock;
                struct fence fence;
                struct agent agents[MAX_AGENTS];
                struct host hosts[MAX_AGENTS];
        } other;
        /* not part of the state */
        uint64_t now_usec;
        uint8_t next[N_TOKENS];
        const char *bad; /* a violation */
};

struct parameters {
        unsigned agents;
        uint8_t tenure[MAX_AGENTS];
        unsigned faults, humans;
        unsigned duration[MAX_AGENTS], renew_deadline, stop, watchdog, margin; /* ticks */
        unsigned rate;  /* ticks within a duration, by which the core expects a clock to be wrong */
        unsigned slips; /* ticks that each clock does gain or lose in all */
        unsigned apart; /* ticks between two of them */
        bool gc, time, no_invariant;
        bool hole;      /* a violation is expected */
        bool pod;       /* placeholders are Pods, not Leases */
        bool clone;     /* the last host is a clone of the first one's disk */
        bool leading;   /* begin with agent 0 leading */
        bool crowded;   /* no room in the sockets: what waits is superseded by what comes later */
        bool forges;    /* humans also write locks */
        bool edits;     /* … and into them */
        bool two;       /* two locks */
        bool list;      /* a world of its own: several units under one permit (model_list.c) */
        bool triggered; /* … of which the second is started by the first */
        uint64_t max_states;
        uint64_t fault_kinds; /* set of 1 << enum move_kind */
};
extern struct parameters parameters;

/* Explores model_list.c's world. Returns 0, or 1 when something is wrong. */
int list_explore(void);

/* ---- moves ---- */

enum move_kind {
        MOVE_GUARD, /* the next thing that the guard or PID 1 does at once */
        MOVE_AGENT, /* same of the agent */
        MOVE_EXECUTE,
        MOVE_HOLD, /* execute, answer later */
        MOVE_SLOW,
        MOVE_FAIL,
        MOVE_DELIVER,
        MOVE_GIVE_UP,
        MOVE_TWICE, /* sent again by the connection: executed once more, some time */
        MOVE_LATE,
        MOVE_WATCH_LOCK,
        MOVE_WATCH_HOLDER,
        MOVE_VERIFY,
        MOVE_SIGN,       /* the verify interval of a life holder is over */
        MOVE_HOLD_WATCH, /* arg: 1 the holder's placeholder, else the lock; 2 seen deleted */
        MOVE_HELD_WATCH,
        MOVE_GC,
        MOVE_KILL_AGENT,
        MOVE_END_AGENT, /* killed for good: disabled, its disk full, forgotten */
        MOVE_START_AGENT,
        MOVE_FREEZE_AGENT,
        MOVE_THAW_AGENT,
        MOVE_KILL_GUARD, /* arg: after that many actions of its next step */
        MOVE_START_GUARD,
        MOVE_FREEZE_GUARD,
        MOVE_THAW_GUARD,
        MOVE_WATCHDOG,
        MOVE_SLOW_READING,
        MOVE_CLAIM_FAILS, /* it could not be written */
        MOVE_TEAR,        /* the agent dies in the middle of the write */
        MOVE_DAMAGE,      /* the permit file is torn when the guard starts */
        MOVE_FILL,        /* of permit, environment, gate and revoked uid none can be written from here on */
        MOVE_READ_ONLY,   /* … nor removed */
        MOVE_TRIP,        /* … from behind a permit file on, for a while */
        MOVE_WRITABLE,
        MOVE_LOSE_STATE, /* the state directory is gone when the agent starts; arg: the first lock's file only */
        MOVE_CLONE,
        MOVE_BREAK_LINK,   /* between agent and guard; arg: 1 what the agent had said is lost, 2 what the guard had */
        MOVE_SUSPEND,      /* the whole host, without a word before */
        MOVE_SUSPEND_HUNG, /* the same while the guard hangs */
        MOVE_RESUME,
        MOVE_CRASH,
        MOVE_BOOT,
        MOVE_UNIT_STOPPED,
        MOVE_UNIT_EXIT,
        MOVE_UNIT_END,
        MOVE_ADMIN_START,
        MOVE_ENROL, /* leaderctl enroll */
        MOVE_SLOW_START,
        MOVE_JAM,  /* a job waits for another unit, for ever; arg: enum jam */
        MOVE_HANG, /* a human stops the unit that was started past the gate, and it hangs on its way down, for ever */
        MOVE_UNENROL, /* the drop-in is lost; arg: 1 and a daemon-reload. At the next boot the unit, enabled, starts */
        MOVE_LATE_START,
        MOVE_TICK,        /* arg: set of hosts whose clocks stand still meanwhile */
        MOVE_CLOCK_GAINS, /* the clock of one host runs a tick ahead of the others */
        MOVE_DELETE_LOCK,
        MOVE_DELETE_PLACEHOLDER,
        MOVE_STEP_DOWN,
        MOVE_STOP_AGENT,
        MOVE_STOP_DEAD_AGENT, /* and the guard does what it would have asked for */
        MOVE_FENCE,
        MOVE_FENCE_GOES_ON,
        MOVE_FORGE, /* a human writes a lock that names a Lease of somebody else */
        MOVE_EDIT,  /* a human changes the record: enum edit */
        N_MOVES,
};

/* Kinds of moves after which the guard's file actions fail. */
#define FILLS (UINT64_C(1) << MOVE_FILL | UINT64_C(1) << MOVE_READ_ONLY | UINT64_C(1) << MOVE_TRIP)

enum edit {
        EDIT_LOWER, /* the duration to one tick */
        EDIT_RAISE, /* … to twice what it was */
        EDIT_TENURE,
        N_EDITS,
};

struct move {
        uint8_t kind, agent, arg, cost; /* cost: 0 none, 1 a fault, 2 a human act */
        uint8_t second;                 /* in the second lock's half */
};

void world_init(struct world *w);
/* The name under which this agent's placeholder goes; a clone has that of its original. */
unsigned world_identity(unsigned a);
/* Life, and the claim of lock or placeholder is lost: held until a human acts, as the manual says. */
bool world_is_stuck(const struct world *w);
unsigned moves(const struct world *w, struct move ret[MAX_MOVES]);
void move_apply(struct world *w, struct move m);
void move_words(const struct world *w, struct move m, FILE *f);
void world_words(const struct world *w, FILE *f);

/* ---- the second lock ---- */

void second_swap(struct world *w);
/* A copy whose halves have changed places. */
struct world second_view(const struct world *w);
/* Something that happens to a process or host: in either half. */
void second_also(struct world *w, void (*f)(struct world *w, unsigned i), unsigned i);

/* ---- canonical bytes ---- */

size_t world_encode(struct world *w, uint8_t ret[MAX_BYTES]);
void world_decode(struct world *w, const uint8_t *bytes);
/* Clears what has no influence any more. */
void world_tidy(struct world *w);
uint8_t token_new(struct world *w, enum token kind);

/* ---- API server ---- */

struct answer api_perform(struct world *w, const struct write *write);
bool api_gc(struct world *w, unsigned what, bool dry);
void api_delete_lock(struct world *w, uint8_t extra);
void api_delete_placeholder(struct world *w, unsigned name, uint8_t extra);
void api_fence_goes_on(struct world *w);
void api_forge(struct world *w);
bool api_may_edit(const struct world *w, unsigned what);
void api_edit(struct world *w, unsigned what);
/* Nobody waits for it any more, but it may be executed yet. */
void api_late(struct world *w, const struct write *write);
bool api_write_is_dead(const struct world *w, const struct write *write);
enum {
        N_GC = 3 + MAX_AGENTS,
};

/* ---- agent ---- */

void brain_start(struct world *w, unsigned a);
void brain_end(struct world *w, unsigned a);
bool brain_claim_on_disk(const struct world *w, unsigned a, unsigned slot, uint8_t claim);
void brain_claim_fails(struct world *w, unsigned a, unsigned slot);
void brain_tear(struct world *w, unsigned a, unsigned slot);
bool brain_busy(const struct world *w, unsigned a);
void brain_local(struct world *w, unsigned a);
void brain_answer(struct world *w, unsigned a, unsigned slot, const struct answer *answer);
struct election_conf brain_election_conf(unsigned a);
struct placeholder_conf brain_placeholder_conf(unsigned a, uint8_t tenure);
struct write brain_lock_write(const struct world *w, unsigned a, const struct election_actions *out);
struct write brain_placeholder_write(const struct world *w, unsigned a, const struct placeholder_action *out);
struct lock_fact brain_lock_fact(const struct world *w, unsigned a, const struct api_lock *l);
struct placeholder_fact brain_placeholder_fact(const struct world *w, unsigned a, const struct api_placeholder *p);
/* l: the lock that the event is about, if any. */
void brain_lock_event(struct world *w, unsigned a, struct election_event *ev, const struct api_lock *l);
/* The watch of its own placeholder shows something. */
void brain_placeholder_seen(struct world *w, unsigned a);
void brain_placeholder_sign(struct world *w, unsigned a);
void brain_stop(struct world *w, unsigned a);
void brain_step_down(struct world *w, unsigned a);
/* type: what it answers, ELECTION_MSG_NONE: a push. */
void brain_tell(struct world *w, unsigned a, uint8_t type, const struct guard_fact *f);
/* The connection is broken; lossy: what it has not read yet is lost, too. */
void brain_break(struct world *w, unsigned a, bool lossy);

/* ---- watches ---- */

/* The moves of agent a's watches; `held`: events that were delayed may come too. */
bool watch_lock_news(const struct world *w, unsigned a);
void watch_lock(struct world *w, unsigned a);
bool watch_holder_news(const struct world *w, unsigned a);
void watch_holder(struct world *w, unsigned a);
/* A life holder's watch of its own placeholder. */
bool watch_own_open(const struct world *w, unsigned a);
bool watch_own_news(const struct world *w, unsigned a);
/* Events are delayed: of the lock or of the holder's placeholder. deleted: there is none, and the watch saw it go. */
bool watch_may_hold(const struct world *w, unsigned a, bool holder, bool deleted);
void watch_hold(struct world *w, unsigned a, bool holder, bool deleted);
bool watch_held(const struct world *w, unsigned a, bool holder);
void watch_deliver(struct world *w, unsigned a, bool holder);
/* Closes the watch of a holder that is not waited for any more. */
void watch_follow(struct world *w, unsigned a);

/* ---- guard, PID 1 ---- */

enum {
        ALL_ACTIONS = 255,
};
void guard_start(struct world *w, unsigned h);
/* Killed: permits, gate and unit stay. */
void guard_end(struct world *w, unsigned h);
bool guard_busy(const struct world *w, unsigned h);
/* Performs the first `actions` actions of the step. Returns how many the step had. */
unsigned guard_local(struct world *w, unsigned h, unsigned actions);
struct supervise_reading guard_look(const struct world *w, unsigned h);
void guard_slow_reading(struct world *w, unsigned h);
/* Its files can be written again; where no time passes it tries at once. */
void guard_writable(struct world *w, unsigned h);
/* leader-agent.service was stopped while there was no agent. */
void guard_abandoned(struct world *w, unsigned h);
void guard_connect(struct world *w, unsigned h);
void guard_break(struct world *w, unsigned h, bool lossy);
bool guard_send(struct world *w, unsigned h, struct message m);
/* alone: ahead of other units' jobs. */
void pid1_stop(struct world *w, unsigned h, bool alone);
void pid1_set(struct world *w, unsigned h, uint8_t unit);
/* A start job or call: runs the unit if gate and bindings allow. */
void pid1_start(struct world *w, unsigned h);
bool pid1_would_start(const struct world *w, unsigned h);

/* ---- time ---- */

/* still: set of hosts whose clocks lose this tick. */
bool time_may_tick(const struct world *w, unsigned still);
void time_tick(struct world *w, unsigned still);
bool time_may_gain(const struct world *w, unsigned h);
void time_gain(struct world *w, unsigned h);
/* The permille that the core is configured with. */
uint32_t time_permille(unsigned a);

/* ---- coverage ---- */

struct coverage {
        uint64_t election[N_ELECTION_STATES][N_ELECTION_STATES];
        uint64_t placeholder[N_PLACEHOLDER_STATES][N_PLACEHOLDER_STATES];
        uint64_t supervise[N_SUPERVISE_STATES][N_SUPERVISE_STATES];
        uint64_t election_ops[N_ELECTION_OPS], placeholder_ops[N_PLACEHOLDER_OPS], reasons[N_ELECTION_REASONS];
        uint64_t moves[N_MOVES];
};
extern struct coverage coverage;
const char *move_kind_to_string(unsigned kind);
/* One line for each state, transition, operation and move that was met. Returns false when it cannot. */
bool cover_write(const char *path);

/* Returns 0: nothing found; 1: told on stdout. *ret_unsafe: a violation, not a dead end or a livelock. */
int explore(bool *ret_unsafe);
