/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1's units: jobs, gates, restarts, stops that take their time, control groups. */
#include "adapter/cgroup.h"
#include "base/unit_list.h"
#include "world.h"

/* PID 1's timers are up to this late (systemd's timer slack, measured). */
#define LATE_USEC (250 * MSEC)

/* When PID 1 gets to what it is asked now. */
uint64_t pid1_turn(struct host *h) {
        uint64_t at = world.now + world_between(200, 20000);

        if (at < h->pid1_busy_until)
                at = h->pid1_busy_until;
        if (at <= h->pid1_turn)
                at = h->pid1_turn + 1;
        h->pid1_turn = at;
        return at;
}

unsigned host_unit_index(const char *unit) {
        return (unsigned)atoi(unit + strlen("unit")) +
               (unit[0] == 'm' ? LOCKS_MAX : 0); /* unitN.service, moreN.service */
}

bool host_has_list(const struct host *h, unsigned lock) {
        return h->units[LOCKS_MAX + lock].host && unit_list_count(h->locks[lock].unit) > 1;
}

struct unit *host_some_unit(struct host *h, unsigned lock) {
        return &h->units[host_has_list(h, lock) && world.now / 7 % 2 ? LOCKS_MAX + lock : lock];
}

static void settle(struct unit *u, enum run_state state) {
        static const char *const names[] = {"inactive", "failed",       "activating",
                                            "active",   "deactivating", "auto-restart"};

        if (state <= RUN_FAILED && u->state > RUN_FAILED)
                u->inactive_enter_usec = host_clock(u->host, world.now);
        u->state = state;
        world_log("%.5s on %s: %s%s%s", u->name, u->host->name, names[state], u->job_start ? ", start job" : "",
                  u->job_stop ? ", stop job" : "");
        pid1_signal(u);
}

/* ---- the life of a unit ---- */

static void run_start(void *arg, uint64_t boot);

static void nothing_left(struct unit *u) {
        if (!u->populated)
                return;
        u->populated = u->foreign = u->hangs = false;
        judge_unit_ended(u);
}

static void dead(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life != life || u->state != RUN_DEACTIVATING)
                return;
        u->job_stop = false;
        settle(u, RUN_INACTIVE);
        if (u->job_start)
                world_post(pid1_turn(u->host), NULL, run_start, u, u->host->boot);
}

static bool stuck(const struct unit *u) {
        return u->stuck_pid == u->pid && world.now < u->stuck_until;
}

static void term_done(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life != life || !u->populated)
                return;
        if (stuck(u)) {
                world_post(u->stuck_until, NULL, term_done, u, life);
                return;
        }
        nothing_left(u);
        world_post(pid1_turn(u->host), NULL, dead, u, life);
}

static void stop_timeout(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life != life || !u->populated)
                return;
        world_log("%.5s on %s does not end: SIGKILL by PID 1", u->name, u->host->name);
        world_post(world.now + world_between(1000, 50000), NULL, term_done, u, life);
}

static void restart_now(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life != life || u->state != RUN_AUTO_RESTART)
                return;
        u->job_start = true;
        u->glitch_until = world.now + 500;
        run_start(u, u->host->boot);
}

/* It ended by itself, or was killed, and PID 1 notices. */
static void ended(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life != life)
                return;
        u->life++;
        u->job_start = false;
        if (u->job_stop) {
                u->job_stop = false;
                settle(u, RUN_FAILED);
        } else if (u->restart && u->n_restarts < 5) {
                u->n_restarts++;
                settle(u, RUN_AUTO_RESTART);
                world_post(pid1_turn(u->host) + world_between(100 * MSEC, 2 * SEC), NULL, restart_now, u, u->life);
        } else
                settle(u, RUN_FAILED);
}

static void die(struct unit *u) {
        nothing_left(u);
        if (u->state == RUN_DEACTIVATING)
                world_post(pid1_turn(u->host), NULL, dead, u, u->life);
        else
                world_post(pid1_turn(u->host), NULL, ended, u, u->life);
}

void unit_crash(struct unit *u, const char *why) {
        if (!u->populated || u->state == RUN_DEACTIVATING || stuck(u))
                return;
        world_log("%.5s on %s ends: %s", u->name, u->host->name, why);
        die(u);
}

static void crash_loop(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life == life && u->crash_loops)
                unit_crash(u, "crash loop");
}

static void started(void *arg, uint64_t life) {
        struct unit *u = arg;

        if (u->life != life || u->state != RUN_ACTIVATING || !u->populated)
                return;
        if (u->fails) {
                unit_crash(u, "does not start");
                return;
        }
        u->job_start = false;
        settle(u, RUN_ACTIVE);
        if (u->crash_loops)
                world_post(world.now + world_between(100 * MSEC, 10 * SEC), NULL, crash_loop, u, life);
}

static void run_start(void *arg, uint64_t boot) {
        struct unit *u = arg;
        struct host *h = u->host;

        if (!h->up || h->boot != boot || !u->job_start)
                return;
        if (u->state == RUN_DEACTIVATING)
                return; /* when it is dead */
        if (u->state == RUN_ACTIVE || u->state == RUN_ACTIVATING) {
                u->job_start = u->state == RUN_ACTIVATING;
                return;
        }
        if (u->populated || (u->enrolled_lease && !h->guard.alive) || h->pid1_busy_until > world.now) {
                /* After= and BindsTo=: it waits for the guard. */
                world_post(world.now + 50 * MSEC, NULL, run_start, u, boot);
                return;
        }
        if (!h->gates[u->index].used && !u->past_gate) {
                u->job_start = false;
                world_log("%.5s on %s: start refused, no gate", u->name, h->name);
                settle(u, RUN_INACTIVE);
                return;
        }
        u->foreign = !h->gates[u->index].used;
        u->past_gate = false;
        u->life++;
        u->pid = u->pid ? u->pid + 1 : 100;
        u->populated = true;
        judge_unit_started(u);
        settle(u, RUN_ACTIVATING);
        world_post(world.now + u->start_usec, NULL, started, u, u->life);
}

void pid1_start_unit(struct unit *u, const char *who) {
        if (!u->host->up || u->host->stopping)
                return;
        world_log("%.5s on %s: start job (%s)", u->name, u->host->name, who);
        u->job_start = true;
        u->job_stop = false;
        world_post(pid1_turn(u->host), NULL, run_start, u, u->host->boot);
        pid1_signal(u);
}

/* After=: what starts later stops first. */
static bool stop_waits(const struct unit *u) {
        const struct unit *later = &u->host->units[u->lock];

        return later != u && host_has_list(u->host, u->lock) && (later->job_stop || later->state == RUN_DEACTIVATING);
}

static void stop_waited(void *arg, uint64_t boot) {
        struct unit *u = arg;

        if (!u->host->up || u->host->boot != boot || !u->job_stop || u->state == RUN_DEACTIVATING)
                return;
        if (stop_waits(u)) {
                world_post(world.now + 20 * MSEC, NULL, stop_waited, u, boot);
                return;
        }
        u->job_stop = false;
        pid1_stop_alone(u, "its turn");
}

void pid1_stop_unit(struct unit *u, const char *who) {
        if (!u->host->up)
                return;
        if (!stop_waits(u)) {
                pid1_stop_alone(u, who);
                return;
        }
        world_log("%.5s on %s: stop job (%s), waits", u->name, u->host->name, who);
        u->job_start = false;
        if (!u->job_stop)
                world_post(world.now + 20 * MSEC, NULL, stop_waited, u, u->host->boot);
        u->job_stop = true;
        pid1_signal(u);
}

void pid1_stop_alone(struct unit *u, const char *who) {
        if (!u->host->up)
                return;
        u->job_stop = false;
        world_log("%.5s on %s: stop job (%s)", u->name, u->host->name, who);
        u->job_start = false;
        switch (u->state) {
        case RUN_INACTIVE:
        case RUN_FAILED:
                pid1_signal(u);
                break;
        case RUN_AUTO_RESTART:
                u->life++;
                settle(u, RUN_INACTIVE);
                break;
        case RUN_DEACTIVATING:
                u->job_stop = true;
                break;
        case RUN_ACTIVATING:
        case RUN_ACTIVE:
                u->job_stop = true;
                if (!u->populated)
                        break; /* PID 1 has yet to notice that it ended */
                u->life++;
                settle(u, RUN_DEACTIVATING);
                /* Under a permit it is its human who waits for his own command: his TimeoutStopSec= bounds it. */
                if (u->hangs && u->foreign)
                        break;
                if (!u->ignores_term)
                        world_post(world.now + u->stop_usec, NULL, term_done, u, u->life);
                world_post(host_true(u->host, host_clock(u->host, world.now) + u->timeout_stop_usec) +
                                   world_random(LATE_USEC),
                           NULL, stop_timeout, u, u->life);
                break;
        }
}

/* ---- control groups ---- */

static void killed(void *arg, uint64_t pid) {
        struct unit *u = arg;

        if (!u->populated || u->pid != pid)
                return;
        if (stuck(u))
                world_post(u->stuck_until, NULL, killed, u, pid);
        else
                die(u);
}

void pid1_kill_unit(struct unit *u, const char *who) {
        world_log("%.5s on %s: SIGKILL (%s)", u->name, u->host->name, who);
        world_post(world.now + world_between(1000, 50000), NULL, killed, u, u->pid);
}

static struct unit *unit_of(const char *name) {
        return &world.current->host->units[host_unit_index(name)];
}

int cgroup_check(const char *root, struct err *err) {
        (void)root;
        (void)err;
        return 0;
}

bool cgroup_unit_path(const char *slice, const char *unit, char *buf, size_t size) {
        (void)slice;
        return snprintf(buf, size, "/system.slice/%s", unit) < (int)size;
}

enum cgroup_populated cgroup_populated(const char *root, const char *path) {
        (void)root;
        return unit_of(strrchr(path, '/') + 1)->populated ? CGROUP_POPULATED : CGROUP_EMPTY;
}

int cgroup_kill(const char *root, const char *path) {
        struct unit *u = unit_of(strrchr(path, '/') + 1);

        (void)root;
        if (!process_effect() || !u->populated)
                return 0;
        world_log("cgroup.kill of %.5s", u->name);
        world_post(world.now + world_between(1000, 50000), NULL, killed, u, u->pid);
        return 0;
}
