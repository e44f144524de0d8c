/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "fault.h"

/* ---- network ---- */

static void end_partition(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        h->cut_out = h->cut_in = false;
        world_log("%s reaches the API server again", h->name);
        client_reconnect(h);
}

void fault_partition(struct host *h, unsigned lock) {
        uint64_t kind = fault_draw(4);

        (void)lock;
        h->cut_out = kind != 1;
        h->cut_in = kind != 0;
        world_log("%s: %s", h->name,
                  kind == 0   ? "requests do not get through"
                  : kind == 1 ? "answers do not get through"
                              : "nothing gets through");
        world_post(world.now + fault_span(100, fault_draw(3) ? 20000 : 100000), NULL, end_partition, h, 0);
}

static void end_slow(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        h->slow_usec = 0;
}

static void end_flaky(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        h->flaky = 0;
}

void fault_slow(struct host *h, unsigned lock) {
        bool all = fault_draw(3) == 0;
        uint64_t value = fault_span(200, 12000);

        (void)lock;
        for (unsigned i = 0; i < world.n_hosts; i++)
                if (all || h == &world.hosts[i]) {
                        world.hosts[i].slow_usec = value;
                        world_post(world.now + fault_span(1000, 60000), NULL, end_slow, &world.hosts[i], 0);
                }
}

void fault_flaky(struct host *h, unsigned lock) {
        bool all = fault_draw(3) == 0;
        unsigned value = 5 + (unsigned)fault_draw(70);

        (void)lock;
        for (unsigned i = 0; i < world.n_hosts; i++)
                if (all || h == &world.hosts[i]) {
                        world.hosts[i].flaky = value;
                        world_post(world.now + fault_span(1000, 90000), NULL, end_flaky, &world.hosts[i], 0);
                }
}

void fault_watch_stall(struct host *h, unsigned lock) {
        (void)lock;
        client_stall(h);
}

/* ---- processes ---- */

static void end_freeze(void *arg, uint64_t life) {
        struct process *p = arg;

        if (p->life == life)
                process_thaw(p);
}

static void freeze(struct process *p, uint64_t usec) {
        process_freeze(p);
        world_post(world.now + usec, NULL, end_freeze, p, p->life);
}

void fault_agent_kill(struct host *h, unsigned lock) {
        (void)lock;
        process_kill(&h->agent, "SIGKILL");
}

void fault_agent_crash(struct host *h, unsigned lock) {
        (void)lock;
        h->agent.crash_after = 1 + (unsigned)fault_draw(12);
}

void fault_agent_freeze(struct host *h, unsigned lock) {
        (void)lock;
        freeze(&h->agent, fault_span(100, fault_draw(4) ? 15000 : 120000));
}

static void end_agent_stop(void *arg, uint64_t a) {
        (void)a;
        host_start_agent(arg);
}

void fault_agent_stop(struct host *h, unsigned lock) {
        (void)lock;
        host_stop_agent(h, JOB_STOP);
        world_post(world.now + fault_span(100, 60000), NULL, end_agent_stop, h, 0);
}

void fault_agent_restart(struct host *h, unsigned lock) {
        (void)lock;
        host_stop_agent(h, JOB_RESTART);
}

/* PID 1 busy and the guard dead at once is a stated hole: nobody is left who could stop the unit. */
static bool guarded(const struct host *h) {
        return h->pid1_busy_until <= world.now;
}

void fault_guard_kill(struct host *h, unsigned lock) {
        (void)lock;
        if (guarded(h))
                process_kill(&h->guard, "SIGKILL");
}

void fault_guard_crash(struct host *h, unsigned lock) {
        (void)lock;
        if (guarded(h))
                h->guard.crash_after = 1 + (unsigned)fault_draw(12);
}

void fault_guard_freeze(struct host *h, unsigned lock) {
        (void)lock;
        if (guarded(h))
                freeze(&h->guard, fault_span(10, fault_draw(3) ? 3000 : 12000));
}

void fault_pid1_busy(struct host *h, unsigned lock) {
        (void)lock;
        if (h->guard.frozen || !h->guard.alive)
                return;
        h->guard.crash_after = 0;
        h->pid1_busy_until = world.now + fault_span(500, 30000);
}

void fault_pid1_reexec(struct host *h, unsigned lock) {
        (void)lock;
        pid1_lose_bus(h);
}

/* ---- several at the worst moment ---- */

static void end_misbehaviour(void *arg, uint64_t a) {
        struct unit *u = arg;

        (void)a;
        u->fails = u->crash_loops = u->ignores_term = false;
}

static void cut_now(void *arg, uint64_t usec) {
        struct host *h = arg;

        if (world.quiet || !h->up)
                return;
        world_log("nothing gets through to %s any more", h->name);
        h->cut_out = h->cut_in = true;
        world_post(world.now + usec, NULL, end_partition, h, 0);
}

/* A renewal is executed at once, its answer comes as late as a client waits, and it is the last one. */
void fault_late_answer(struct host *h, unsigned lock) {
        const struct conf_lock *l = &h->locks[lock];

        h->last_answer_usec = h->request_timeout_usec * (70 + fault_draw(29)) / 100;
        h->units[lock].ignores_term = fault_draw(2);
        world_post(world.now + h->renew_interval_usec + fault_span(0, 200), NULL, cut_now, h,
                   2 * l->lease_duration_usec);
        world_post(world.now + 3 * l->lease_duration_usec, NULL, end_misbehaviour, &h->units[lock], 0);
}

static void hang_guard(void *arg, uint64_t usec) {
        struct host *h = arg;

        if (!world.quiet && guarded(h))
                freeze(&h->guard, usec);
}

/* The network goes, and near the end of the lease the guard hangs. */
void fault_hang_at_deadline(struct host *h, unsigned lock) {
        const struct conf_lock *l = &h->locks[lock];
        uint64_t at = l->renew_deadline_usec - h->renew_interval_usec + fault_span(0, 6000);

        h->units[lock].ignores_term = fault_draw(2);
        cut_now(h, 2 * l->lease_duration_usec);
        world_post(world.now + at, NULL, hang_guard, h, fault_span(500, 12000));
        if (fault_draw(2)) /* twice, with a moment in between */
                world_post(world.now + at + fault_span(2000, 3300), NULL, hang_guard, h, fault_span(500, 6000));
        world_post(world.now + 3 * l->lease_duration_usec, NULL, end_misbehaviour, &h->units[lock], 0);
}

/* ---- the host ---- */

static void end_off(void *arg, uint64_t a) {
        (void)a;
        host_boot(arg);
}

void fault_host_crash(struct host *h, unsigned lock) {
        unsigned gone = 0;

        (void)lock;
        host_crash(h);
        for (unsigned i = 0; i < world.n_hosts; i++)
                gone += world.hosts[i].gone;
        if (fault_draw(12) == 0 && gone + 2 < world.n_hosts) {
                h->gone = true;
                world_log("%s will not come back", h->name);
        }
        world_post(world.now + fault_span(500, 120000), NULL, end_off, h, 0);
}

void fault_host_reboot(struct host *h, unsigned lock) {
        (void)lock;
        host_shutdown(h, fault_span(500, 30000));
}

static void end_disk_full(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        h->disk_full = 0;
}

void fault_disk_full(struct host *h, unsigned lock) {
        (void)lock;
        h->disk_full = 10 + (unsigned)fault_draw(90);
        world_post(world.now + fault_span(100, 30000), NULL, end_disk_full, h, 0);
}

/* ENOSPC or EIO. */
static int lasting_errno(void) {
        return fault_draw(2) ? -ENOSPC : -EIO;
}

void fault_run_fails(struct host *h, unsigned lock) {
        (void)lock;
        h->run_fails = lasting_errno();
}

void fault_var_fails(struct host *h, unsigned lock) {
        (void)lock;
        h->var_fails = lasting_errno();
}

/* Killed, or stopped in order, and never started again. */
void fault_agent_ends(struct host *h, unsigned lock) {
        (void)lock;
        if (fault_draw(3))
                process_kill(&h->agent, "SIGKILL, for good");
        else
                host_stop_agent(h, JOB_STOP);
        h->agent_wanted = false;
        h->agent_gone = true;
}

void fault_wall_clock(struct host *h, unsigned lock) {
        (void)lock;
        h->wall_offset += (int64_t)fault_draw(7200) * 1000000 - 3600000000;
}

/* The disk is replaced: no claims. */
void fault_disk_lost(struct host *h, unsigned lock) {
        (void)lock;
        host_crash(h);
        world_log("%s loses its disk", h->name);
        h->n_claims = 0;
        world_post(world.now + fault_span(500, 60000), NULL, end_off, h, 0);
}

/* ---- units ---- */

/* State D. With a lease that is a stated hole. */
void fault_unit_stuck(struct host *h, unsigned lock) {
        struct unit *u = &h->units[lock];

        if (!u->populated || u->enrolled_lease || world.locks[lock].o.tenure != TENURE_LIFE)
                return;
        u->stuck_pid = u->pid;
        u->stuck_until = world.now + fault_span(1000, 60000);
        pid1_stop_unit(u, "systemctl stop");
}

void fault_unit_crash(struct host *h, unsigned lock) {
        unit_crash(host_some_unit(h, lock), "crash");
}

void fault_unit_misbehaves(struct host *h, unsigned lock) {
        struct unit *u = host_some_unit(h, lock);
        uint64_t kind = fault_draw(3);

        u->fails = kind == 0;
        u->crash_loops = kind == 1;
        u->ignores_term = kind == 2;
        world_log("%.5s on %s %s", u->name, h->name,
                  kind == 0   ? "will not start"
                  : kind == 1 ? "crashes again and again"
                              : "ignores SIGTERM");
        world_post(world.now + fault_span(1000, 60000), NULL, end_misbehaviour, u, 0);
        if (u->crash_loops)
                unit_crash(u, "crash loop begins");
}

void fault_admin(struct host *h, unsigned lock) {
        struct unit *u = host_some_unit(h, lock);

        switch (fault_draw(3)) {
        case 0:
                pid1_start_unit(u, "systemctl start");
                break;
        case 1:
                pid1_stop_unit(u, "systemctl stop");
                break;
        default:
                pid1_stop_unit(u, "systemctl restart");
                pid1_start_unit(u, "systemctl restart");
                break;
        }
}

static void stop_again(void *arg, uint64_t a) {
        struct unit *u = arg;

        (void)a;
        if (u->foreign)
                pid1_stop_unit(u, "systemctl stop");
}

/* Started by somebody who knows his way around the gate, or before it was there. Where no drop-in bounds its stop, that
 * may hang. */
void fault_past_the_gate(struct host *h, unsigned lock) {
        struct unit *u = host_some_unit(h, lock);

        if (!h->up || u->populated || u->job_start)
                return;
        u->past_gate = true;
        pid1_start_unit(u, "past the gate");
        u->hangs = !u->enrolled_lease && fault_draw(2);
        if (u->hangs)
                world_post(world.now + fault_span(100, 20000), NULL, stop_again, u, 0);
}

void fault_host_heal(struct host *h) {
        h->cut_out = h->cut_in = false;
        h->slow_usec = h->flaky = h->disk_full = 0;
        h->agent.crash_after = h->guard.crash_after = 0;
        if (h->pid1_busy_until > world.now)
                h->pid1_busy_until = world.now;
        process_thaw(&h->agent);
        process_thaw(&h->guard);
        host_boot(h);
        host_start_agent(h);
        for (unsigned n = 0; n < UNITS_MAX; n++)
                end_misbehaviour(&h->units[n], 0);
        client_reconnect(h);
}
