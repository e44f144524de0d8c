/* SPDX-License-Identifier: Apache-2.0 */
/* A whole cluster in one process and in virtual time: the real shells of leader-agent and leader-guard, linked with
 * these files in place of the operating system, PID 1 and the API server. Everything that happens follows from a seed.
 *
 *   engine.c   virtual time, which moves on within an event; the event queue; processes that run, freeze and die
 *   event.c    the few functions of sd-event that the shells use
 *   socket.c   the socket between agent and guard
 *   local.c    clock, store, notify, journal, bus, configuration: the small adapters
 *   pid1.c     PID 1: units, jobs, control groups; units.c: the guard's connection to it
 *   server.c   the API server: objects, preconditions, finalizers, garbage collector
 *   client.c   kube.h over a bad network: requests; watch.c: watches
 *   host.c     boot and end of a host, its two services, the guard's files
 *   fault.c    what goes wrong, and when; fault_host.c: on a host
 *   lasting.c  what never ends, and hosts that differ
 *   hole.c     instead: one stated hole, and how long two units ran; hole_acts.c: how it is made
 *   judge.c    what must never happen, and what must happen at last
 *   setup.c    hosts and configurations of a seed
 *   totals.c   the summary
 *   main.c     many seeds, and the shortest trace of a failure */
#pragma once

#include <setjmp.h>
#include <stdio.h>

#include "adapter/bus.h"
#include "adapter/gate.h"
#include "adapter/job.h"
#include "base/util.h"
#include "codec/conf.h"
#include "codec/lock.h"
#include "codec/placeholder.h"
#include "codec/record.h"

#define HOSTS_MAX  20
#define LOCKS_MAX  4
#define UNITS_MAX  (2 * LOCKS_MAX) /* of a host: unitN.service of each lock, then moreN.service where it has a list */
#define FAULTS_MAX 400
#define FILES_MAX  256

#define FAULT_TYPES_MAX 64

#define MSEC USEC_PER_MSEC
#define SEC  USEC_PER_SEC

struct agent;
struct guard;
struct host;
struct watch;
struct kube;

typedef void (*world_fn)(void *arg, uint64_t a);

enum program {
        AGENT,
        GUARD,
};

/* A process of a host. */
struct process {
        struct host *host;
        enum program program;
        bool alive, frozen;
        bool killed; /* while it runs: whatever it still does has no effect */
        bool exited;
        unsigned life;        /* events of an earlier life are not delivered */
        uint64_t busy_until;  /* true time: its last event took until then, and the next one waits for that */
        unsigned crash_after; /* so many effects on the world from now it is killed; 0: not planned */
        struct sd_event *event;
        struct agent *agent;
        struct guard *guard;
        struct waiting {
                world_fn fn;
                void *arg;
                uint64_t a;
        } * waiting; /* what came while frozen */
        size_t n_waiting, room_waiting;
        uint64_t busy_since; /* busy loops: events within a second */
        unsigned n_at_once;
        uint64_t window; /* requests in ten seconds */
        unsigned n_requests;
};

enum run_state {
        RUN_INACTIVE,
        RUN_FAILED,
        RUN_ACTIVATING,
        RUN_ACTIVE,
        RUN_DEACTIVATING,
        RUN_AUTO_RESTART,
};

/* One guarded unit on one host, as PID 1 has it. */
struct unit {
        struct host *host;
        unsigned index; /* in host.units */
        unsigned lock;  /* index */
        char name[32];  /* unitN.service, or unitN-onHOST.service where hosts differ */
        enum run_state state;
        bool populated; /* something of it lives */
        bool past_gate; /* somebody starts it with the gate out of the way */
        bool foreign;   /* it was started so, and no permit has taken it over since */
        bool job_start, job_stop;
        unsigned life; /* timers of an earlier start are void */
        unsigned pid;
        unsigned n_restarts;
        uint64_t inactive_enter_usec; /* by the host's clock */
        uint64_t glitch_until;        /* PID 1 says "inactive" although it has just begun to start */
        /* what is in force: the drop-in */
        bool enrolled_lease;
        bool bare; /* never enrolled: no gate, and not in root's list */
        uint64_t timeout_stop_usec;
        /* how it behaves */
        uint64_t start_usec, stop_usec;
        bool ignores_term, fails, crash_loops;
        bool hangs;         /* … on its way down, until it is killed: TimeoutStopSec=infinity */
        unsigned stuck_pid; /* this one cannot be killed until … (state D) */
        uint64_t stuck_until;
        bool restart;
};

/* What is on the disk of a host (claims) and in its /run (the guard's files). */
struct file {
        char name[330];
        char text[2048];
        bool used;
};

struct host {
        unsigned index;
        bool up;
        bool gone;   /* for good */
        bool paused; /* by its hypervisor */
        unsigned boot;
        uint64_t boot_at;   /* true time */
        uint64_t boot_base; /* CLOCK_BOOTTIME then */
        int64_t ppm;        /* clock rate error of this boot */
        int64_t wall_offset;
        char name[32];
        char machine[33];
        char boot_id[40];
        struct process agent, guard;
        bool agent_wanted; /* enabled and not stopped by a human */
        bool agent_gone;   /* it is never started again */
        bool stopping;     /* shutdown under way */
        enum job_type job;
        uint64_t guard_ping; /* true time */
        uint64_t agent_frozen_at;
        uint64_t pid1_turn;           /* what PID 1 was asked is done in order */
        struct unit units[UNITS_MAX]; /* host is NULL: there is none */
        struct units *connection;     /* the guard's, to PID 1 */
        bool cut_out, cut_in;         /* requests, answers do not get through */
        uint64_t slow_usec;           /* how slow the way to the server is now */
        uint64_t last_answer_usec;    /* the next renewal's answer takes so long; 0: as ever */
        unsigned flaky;               /* percent of requests with a fate */
        uint64_t pid1_busy_until;
        struct conf_lock locks[LOCKS_MAX]; /* its configuration file */
        bool configured[LOCKS_MAX];
        uint64_t renew_interval_usec, request_timeout_usec, verify_interval_usec;
        struct record_claims *claims; /* on disk, one per scope */
        size_t n_claims;
        struct file gates[UNITS_MAX], permits[UNITS_MAX], envs[UNITS_MAX];
        char (*revoked)[64];
        size_t n_revoked;
        unsigned listener[16]; /* connections not accepted yet */
        size_t n_listener;
        unsigned disk_full;       /* the guard's file system: percent of writes that fail */
        int run_fails, var_fails; /* negative errno of every write from here on, whatever is booted */
        const struct bus_handlers *bus;
        void *bus_userdata;
};

struct api_lock {
        bool exists;
        bool foreground, orphan; /* finalizers beside ours */
        struct lock_object o;
        struct watch *watches;
};

struct api_placeholder {
        bool exists;
        bool foreground, orphan;
        struct placeholder_object o;
        struct watch *watches;
};

struct fault {
        uint64_t at;
        uint64_t seed;
        uint8_t type;
        bool skip;
};

struct world {
        /* the run */
        uint64_t seed;
        uint64_t rng;
        uint64_t now;     /* true time; moves on within an event of a process, see process_spend() */
        unsigned n_reads; /* of the clock, by the process whose event this is */
        uint64_t seq;
        struct world_event *heap;
        size_t n_heap, room_heap;
        struct process *current;
        bool trace;
        FILE *out;
        jmp_buf end;
        char failure[512];
        char kind[64]; /* of the failure: the shrinker keeps it */
        /* the cluster */
        unsigned n_hosts, n_locks;
        struct host hosts[HOSTS_MAX];
        struct api_lock locks[LOCKS_MAX];
        struct api_placeholder placeholders[HOSTS_MAX * 4];
        size_t n_placeholders;
        uint64_t version;
        unsigned n_uids;
        bool gc_never, gc_stalled;
        bool open_locks;   /* are not immutable, as those of 0.1.0 */
        bool no_marks;     /* the server does not tell that nothing exists when a watch begins */
        bool no_bookmarks; /* streams may be silent for as long as nothing happens */
        bool real_watchdog;
        bool api_down;
        unsigned api_errors; /* percent */
        /* the schedule */
        struct fault faults[FAULTS_MAX];
        size_t n_faults;
        uint64_t faults_end;
        bool quiet;   /* faults are over */
        bool differs; /* the hosts are configured differently, and stay so */
        unsigned n_excused;
        bool holes; /* see hole.h: two may run */
        uint64_t helped_at;
        /* counts */
        uint64_t n_events, n_requests, n_leaders, n_injected, max_requests;
        uint64_t n_faults_of[FAULT_TYPES_MAX][2]; /* injected, by kind and configured tenure */
        int leader[LOCKS_MAX];                    /* host whose unit ran last, -1 */
        uint64_t settled_at;
        uint64_t longest_gap;
};

extern struct world world;

/* ---- engine.c ---- */

uint64_t world_random(uint64_t bound);               /* 0 … bound - 1 */
uint64_t world_between(uint64_t low, uint64_t high); /* inclusive */
bool world_chance(unsigned percent);
void *world_alloc(size_t size); /* zeroed, until the end of the run at the latest */
void world_free(void *p, size_t size);
void world_reset(void);
/* Something happens at an instant of true time; with a process: to it, if it still lives then. */
void world_post(uint64_t at, struct process *p, world_fn fn, void *arg, uint64_t a);
void world_log(const char *fmt, ...) _printf_(1, 2);
/* Ends the run. kind: a few fixed words. */
_Noreturn void world_fail(const char *kind, const char *fmt, ...) _printf_(2, 3);
/* Runs until `until`; returns false when nothing is left to happen. */
bool world_run(uint64_t until);
uint64_t host_clock(const struct host *h, uint64_t at);
uint64_t host_true(const struct host *h, uint64_t clock);

/* The process that runs reads its clock: a little time has passed since it did so last. What it does from then on
 * happens then; what others do meanwhile happens in between, as on hosts of their own. So that its clock never goes
 * back, its next event waits until this one is over. (The files and messages that it looks at are those of the
 * beginning of its event.) An event that never ends fails the run. */
void process_spend(void);

/* A file is written, a message sent: false when the process does not live to do it. */
bool process_effect(void);
void process_start(struct process *p);
void process_kill(struct process *p, const char *why);
void process_freeze(struct process *p);
void process_thaw(struct process *p);
/* Calls fn in the process, then does what its loop does after an event. */
void process_call(struct process *p, world_fn fn, void *arg, uint64_t a);

/* ---- event.c ---- */

struct sd_event *event_make(struct process *p);
void event_free(struct sd_event *e);
void event_settle(struct sd_event *e); /* arms what the process armed */
bool event_exited(const struct sd_event *e);
/* There is, or will be, something to read, or room to write. */
void event_fd_ready(struct process *p, int fd);

/* ---- socket.c ---- */

#define LISTEN_FD 900
void socket_reset(void);
void socket_close_all(struct process *p);
/* True time; USEC_INFINITY: nothing to read. */
uint64_t socket_readable_at(struct process *p, int fd);
bool socket_writable(int fd);

/* ---- pid1.c ---- */

/* When PID 1 gets to what it is asked now. */
uint64_t pid1_turn(struct host *h);
void pid1_start_unit(struct unit *u, const char *who);
void pid1_stop_unit(struct unit *u, const char *who);

/* The same, waiting for no other unit. */
void pid1_stop_alone(struct unit *u, const char *who);
void pid1_kill_unit(struct unit *u, const char *who);
void pid1_guard_died(struct host *h);
void pid1_agent_died(struct host *h);
void pid1_guard_frozen(struct host *h);
void pid1_agent_frozen(struct host *h);
void unit_crash(struct unit *u, const char *why);
void host_boot(struct host *h);
void host_crash(struct host *h);
void host_shutdown(struct host *h, uint64_t off_usec);
void host_start_agent(struct host *h);
void host_stop_agent(struct host *h, enum job_type job);
unsigned host_unit_index(const char *unit);

/* The lock has a list of two on this host: moreN.service, and after it unitN.service. */
bool host_has_list(const struct host *h, unsigned lock);

/* One of the units of the lock: of a list now this, now that one. */
struct unit *host_some_unit(struct host *h, unsigned lock);

/* ---- units.c ---- */

void pid1_signal(const struct unit *u);
void pid1_reload(struct host *h); /* facts may have changed: Reloading */
void pid1_lose_bus(struct host *h);

/* ---- server.c ---- */

enum verb {
        VERB_GET,
        VERB_CREATE,
        VERB_DELETE,
        VERB_STRIP,
        VERB_ADOPT,
        VERB_RESTORE,
        VERB_ANNOTATE,
        VERB_RENEW,
        VERB_CLEAR,
};

enum propagation {
        BACKGROUND,
        FOREGROUND,
        ORPHAN,
};

struct order {
        enum verb verb;
        bool is_lock;
        enum placeholder_kind kind;
        char name[254];
        char uid[64], version[32];
        struct lock_object lock; /* to create; boot_id to adopt */
        struct placeholder_object placeholder;
        const char *who;
        struct host *host;
};

struct outcome {
        int result; /* enum kube_result */
        bool has_lock, has_placeholder;
        struct lock_object lock;
        struct placeholder_object placeholder;
};

void server_execute(const struct order *o, struct outcome *ret);
void server_delete_lock(unsigned i, enum propagation p);
void server_delete_placeholder(size_t i, enum propagation p);
/* A human overwrites the record; the finalizer stays. Returns false when the server refuses it. */
bool server_damage_lock(unsigned i);
void server_gc_soon(void);
struct api_lock *server_lock(const char *name);
struct api_placeholder *server_placeholder(enum placeholder_kind kind, const char *name);

/* ---- client.c, watch.c ---- */

void client_changed(struct watch *list);
void client_reconnect(struct host *h);
/* The streams of a host's watches go silent; each begins anew when its patience ends. */
void client_stall(struct host *h);
/* … and for ever. */
void client_mute(struct host *h);

/* ---- judge.c ---- */

void judge_unit_started(const struct unit *u);
void judge_unit_ended(const struct unit *u);
void judge_finalizer_removed(const struct lock_object *l, const struct order *o);
void judge_step(struct process *p);
void judge_request(struct process *p);
/* NULL when every lock is led by one and its unit runs; else what is missing. */
const char *judge_unsettled(void);
uint64_t judge_bound(void);

/* ---- fault.c, setup.c ---- */

void setup_world(unsigned hosts, unsigned locks);
void setup_enroll(struct host *h, unsigned lock);
void setup_timing(struct conf_lock *l, const struct host *h);
void fault_plan(void);
/* NULL: there are no more kinds. */
const char *fault_name(unsigned type);
void fault_end_all(void);
/* After the faults: what waits for a human gets one. */
void fault_humans_help(void);
