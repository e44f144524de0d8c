/* SPDX-License-Identifier: Apache-2.0 */
/* A host: boot, crash, shutdown; its two services as PID 1 runs them; the guard's files in /run. */
#include <errno.h>

#include "daemon/agent_parts.h"
#include "world.h"

#define WATCHDOG_USEC      TIMING_WATCHDOG_USEC
#define AGENT_RESTART_USEC (1 * SEC)
/* WatchdogSec=30s sends SIGABRT, which a stopped process does not get; after TimeoutStopSec=60s comes SIGKILL. */
#define AGENT_KILL_USEC (90 * SEC)

/* ---- services ---- */

static void start_guard(void *arg, uint64_t boot) {
        struct host *h = arg;

        if (!h->up || h->boot != boot || h->guard.alive || h->stopping)
                return;
        if (h->pid1_busy_until > world.now) {
                world_post(h->pid1_busy_until, NULL, start_guard, h, boot);
                return;
        }
        process_start(&h->guard);
}

static void start_agent(void *arg, uint64_t boot) {
        struct host *h = arg;

        if (!h->up || h->boot != boot || h->agent.alive || h->stopping || !h->agent_wanted)
                return;
        process_start(&h->agent);
}

void host_start_agent(struct host *h) {
        if (h->agent_gone)
                return;
        h->agent_wanted = true;
        if (h->up)
                world_post(world.now + world_between(20, 300) * MSEC, NULL, start_agent, h, h->boot);
}

static void stop_bound(void *arg, uint64_t boot) {
        struct unit *u = arg;

        if (u->host->up && u->host->boot == boot)
                pid1_stop_unit(u, "BindsTo=leader-guard.service");
}

void pid1_guard_died(struct host *h) {
        if (!h->up)
                return;
        for (unsigned i = 0; i < UNITS_MAX; i++)
                if (h->units[i].host && h->units[i].enrolled_lease &&
                    (h->units[i].state == RUN_ACTIVE || h->units[i].state == RUN_ACTIVATING ||
                     h->units[i].state == RUN_AUTO_RESTART))
                        world_post(world.now + world_between(1000, 20000), NULL, stop_bound, &h->units[i], h->boot);
        if (!h->stopping)
                world_post(world.now + world_between(110, 500) * MSEC, NULL, start_guard, h, h->boot);
}

void pid1_agent_died(struct host *h) {
        bool restart = h->job == JOB_RESTART;

        h->job = JOB_NONE;
        if (!h->up || !h->agent_wanted || h->stopping)
                return;
        world_post(world.now + (restart ? 0 : AGENT_RESTART_USEC) + world_between(20, 300) * MSEC, NULL, start_agent, h,
                   h->boot);
}

static void guard_watchdog(void *arg, uint64_t ping) {
        struct host *h = arg;

        if (h->guard.alive && h->guard_ping == ping && (h->guard.frozen || world.real_watchdog))
                process_kill(&h->guard, "watchdog");
}

void pid1_guard_frozen(struct host *h) {
        uint64_t ago = world_random(WATCHDOG_USEC / 3);

        if (!world.real_watchdog && world.now - h->guard_ping > ago)
                h->guard_ping = world.now - ago;
        world_post(host_true(h, host_clock(h, h->guard_ping) + WATCHDOG_USEC) + world_random(250 * MSEC), NULL,
                   guard_watchdog, h, h->guard_ping);
}

static void agent_watchdog(void *arg, uint64_t at) {
        struct host *h = arg;

        if (h->agent.alive && h->agent.frozen && h->agent_frozen_at == at)
                process_kill(&h->agent, "watchdog");
}

void pid1_agent_frozen(struct host *h) {
        h->agent_frozen_at = world.now;
        world_post(world.now + AGENT_KILL_USEC, NULL, agent_watchdog, h, world.now);
}

static void terminate(void *arg, uint64_t a) {
        struct process *p = arg;

        (void)a;
        agent_terminate(p->agent);
}

static void stop_timeout(void *arg, uint64_t life) {
        struct host *h = arg;

        if (h->agent.alive && h->agent.life == life)
                process_kill(&h->agent, "TimeoutStopSec=");
}

void host_stop_agent(struct host *h, enum job_type job) {
        if (job == JOB_STOP && !h->stopping)
                h->agent_wanted = false;
        if (!h->agent.alive)
                return;
        world_log("systemctl %s leader-agent on %s", job == JOB_STOP ? "stop" : "restart", h->name);
        h->job = job;
        world_post(world.now, &h->agent, terminate, &h->agent, 0);
        world_post(world.now + 180 * SEC, NULL, stop_timeout, h, h->agent.life);
}

/* ---- boot and end ---- */

void host_boot(struct host *h) {
        if (h->up || h->gone)
                return;
        h->up = true;
        h->stopping = false;
        h->boot++;
        h->boot_at = world.now;
        h->boot_base = world_between(1 * SEC, 20 * SEC);
        h->ppm = world_chance(30) ? (world_chance(50) ? 9900 : -9900) : (int64_t)world_between(0, 2000) - 1000;
        (void)snprintf(h->boot_id, sizeof(h->boot_id), "%08x-0000-4000-8000-%012x", h->index, h->boot);
        h->job = JOB_NONE;
        world_log("%s boots (boot %u, clock %+lld ppm)", h->name, h->boot, (long long)h->ppm);
        world_post(world.now + world_between(300, 3000) * MSEC, NULL, start_guard, h, h->boot);
        if (h->agent_wanted)
                world_post(world.now + world_between(3000, 6000) * MSEC, NULL, start_agent, h, h->boot);
        if (world_chance(30)) /* enabled, although it should not be */
                pid1_start_unit(&h->units[world_random(world.n_locks)], "boot");
}

void host_crash(struct host *h) {
        if (!h->up)
                return;
        world_log("%s is down", h->name);
        h->up = false;
        if (world.current)
                abort();
        process_kill(&h->agent, "host down");
        process_kill(&h->guard, "host down");
        for (unsigned i = 0; i < UNITS_MAX; i++) {
                struct unit *u = &h->units[i];

                if (!u->host)
                        continue;
                u->life++;
                u->job_start = u->job_stop = false;
                u->state = RUN_INACTIVE;
                if (u->populated) {
                        u->populated = false;
                        judge_unit_ended(u);
                }
                h->gates[i].used = h->permits[i].used = h->envs[i].used = false;
        }
        h->n_revoked = 0;
        h->n_listener = 0;
        h->pid1_busy_until = 0;
}

static void boot_later(void *arg, uint64_t a) {
        (void)a;
        host_boot(arg);
}

struct shutdown {
        struct host *host;
        uint64_t begun_at, off_usec;
        unsigned boot;
        bool agent_stopped;
};

static void shutdown_step(void *arg, uint64_t a) {
        struct shutdown *s = arg;
        struct host *h = s->host;
        bool units = false;

        (void)a;
        if (!h->up || h->boot != s->boot)
                return;
        for (unsigned i = 0; i < UNITS_MAX; i++)
                units = units || h->units[i].populated || h->units[i].state == RUN_DEACTIVATING;
        if (!units && !s->agent_stopped) {
                s->agent_stopped = true;
                s->begun_at = world.now;
                host_stop_agent(h, JOB_STOP);
        }
        if ((s->agent_stopped && !h->agent.alive) || world.now - s->begun_at > 200 * SEC) {
                host_crash(h);
                world_post(world.now + s->off_usec, NULL, boot_later, h, 0);
                return;
        }
        world_post(world.now + 50 * MSEC, NULL, shutdown_step, s, 0);
}

void host_shutdown(struct host *h, uint64_t off_usec) {
        struct shutdown *s = world_alloc(sizeof(*s));

        if (!h->up || h->stopping)
                return;
        world_log("%s shuts down in order", h->name);
        h->stopping = true;
        *s = (struct shutdown){.host = h, .begun_at = world.now, .off_usec = off_usec, .boot = h->boot};
        for (unsigned i = 0; i < UNITS_MAX; i++)
                if (h->units[i].host)
                        pid1_stop_unit(&h->units[i], "shutdown");
        shutdown_step(s, 0);
}

/* ---- gate.h: files in /run ---- */

static struct host *here(void) {
        return world.current->host;
}

/* Whether a write reaches the file system (a removal needs no room). */
static int attempt(void) {
        struct host *h = here();

        if (h->run_fails)
                return h->run_fails;
        if (h->disk_full && world_chance(h->disk_full))
                return -ENOSPC;
        return process_effect() ? 1 : 0;
}

static int put(struct file *f, const char *name, const char *text) {
        int r = attempt();

        if (r <= 0)
                return r;
        f->used = true;
        (void)util_copy(f->name, sizeof(f->name), name);
        (void)util_copy(f->text, sizeof(f->text), text);
        return 0;
}

static int drop(struct file *f) {
        if (process_effect())
                f->used = false;
        return 0;
}

int gate_open(struct gate *g, const char *dir, struct err *err) {
        (void)err;
        g->fd = LISTEN_FD;
        (void)util_copy(g->dir, sizeof(g->dir), dir);
        return 0;
}

void gate_close(struct gate *g) {
        g->fd = -1;
}

int gate_probe(const struct gate *g) {
        (void)g;
        return here()->run_fails;
}

int gate_make(const struct gate *g, const char *unit) {
        (void)g;
        struct unit *u = &here()->units[host_unit_index(unit)];
        int r;

        world_log("gate of %s is there", unit);
        r = put(&here()->gates[host_unit_index(unit)], unit, "");
        if (r >= 0 && u->foreign && here()->gates[host_unit_index(unit)].used) {
                u->foreign = false; /* taken over: from here on it is one that was permitted */
                judge_unit_started(u);
        }
        return r;
}

int gate_remove(const struct gate *g, const char *unit) {
        (void)g;
        return drop(&here()->gates[host_unit_index(unit)]);
}

int gate_exists(const struct gate *g, const char *unit) {
        (void)g;
        return here()->gates[host_unit_index(unit)].used;
}

int gate_write_permit(const struct gate *g, const char *unit, const char *text) {
        (void)g;
        return put(&here()->permits[host_unit_index(unit)], unit, text);
}

int gate_write_environment(const struct gate *g, const char *unit, const char *text) {
        (void)g;
        return put(&here()->envs[host_unit_index(unit)], unit, text);
}

int gate_read_permit(const struct gate *g, const char *unit, char *buf, size_t size) {
        const struct file *f = &here()->permits[host_unit_index(unit)];
        size_t n = strlen(f->text);

        (void)g;
        if (!f->used)
                return -ENOENT;
        if (n >= size)
                return -EFBIG;
        memcpy(buf, f->text, n);
        return (int)n;
}

int gate_remove_permit(const struct gate *g, const char *unit) {
        unsigned i = host_unit_index(unit);
        int r = drop(&here()->permits[i]), q = drop(&here()->envs[i]);

        (void)g;
        return r < 0 ? r : q;
}

int gate_is_revoked(const struct gate *g, const char *uid) {
        const struct host *h = here();

        (void)g;
        for (size_t i = 0; i < h->n_revoked; i++)
                if (util_streq(h->revoked[i], uid))
                        return 1;
        return 0;
}

int gate_count_revoked(const struct gate *g) {
        (void)g;
        return (int)here()->n_revoked;
}

int gate_record_revoked(const struct gate *g, const char *uid) {
        struct host *h = here();
        int r;

        if (util_empty(uid))
                return -EINVAL;
        if (gate_is_revoked(g, uid))
                return 0;
        r = attempt();
        if (r <= 0)
                return r;
        if (!h->revoked)
                h->revoked = world_alloc(FILES_MAX * sizeof(*h->revoked));
        if (h->n_revoked == FILES_MAX)
                world_fail("revoked uids", "%s revoked %d uids", h->name, FILES_MAX);
        (void)util_copy(h->revoked[h->n_revoked++], sizeof(h->revoked[0]), uid);
        return 0;
}

int gate_each(const struct gate *g, int (*f)(const char *name, void *userdata), void *userdata) {
        struct host *h = here();
        int r = 0;

        (void)g;
        for (unsigned i = 0; i < UNITS_MAX && r >= 0; i++)
                if (h->permits[i].used)
                        r = f(h->permits[i].name, userdata);
        for (unsigned i = 0; i < UNITS_MAX && r >= 0; i++)
                if (h->gates[i].used)
                        r = f(h->gates[i].name, userdata);
        return r;
}
