/* SPDX-License-Identifier: Apache-2.0 */
#include "hole_acts.h"

#include "adapter/kube.h"
#include "core/core_parts.h"
#include "daemon/agent_parts.h"

#define NEVER (UINT64_MAX / 4)

static struct conf_lock *conf(struct host *h) {
        return &h->locks[0];
}

/* Whether kill_margin leaves room for it. */
static bool hung_guard_fits(struct host *h) {
        return conf(h)->kill_margin_usec >= HUNG_GUARD_USEC;
}

static void thaw(void *arg, uint64_t life) {
        struct process *p = arg;

        if (p->life == life)
                process_thaw(p);
}

static void thaw_in(struct process *p, uint64_t usec) {
        world_post(world.now + usec, NULL, thaw, p, p->life);
}

static void cut(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        world_log("nothing gets through to %s any more", h->name);
        h->cut_out = h->cut_in = true;
}

static void hang_guard(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        process_freeze(&h->guard);
}

/* still_usec: so long its clock stood still; 0: it counted the pause. */
static void go_on(void *arg, uint64_t still_usec) {
        struct host *h = arg;

        h->boot_at += still_usec;
        world_log("%s goes on, its clock %s", h->name, still_usec ? "stood still" : "counted the pause");
        h->paused = false;
        h->pid1_busy_until = world.now;
        hole_changed();
        h->guard_ping = world.now;
        if (world_chance(50))
                cut(h, 0);
        if (world_chance(70))
                thaw_in(&h->agent, world_between(1, 100) * MSEC);
        if (!hung_guard_fits(h) || world_chance(50)) {
                thaw_in(&h->guard, world_between(1, 100) * MSEC);
                return;
        }
        if (still_usec) {
                thaw_in(&h->guard, world_between(1, 100) * MSEC);
                world_post(world.now + 200 * MSEC + world_random(conf(h)->renew_deadline_usec), NULL, hang_guard, h, 0);
        } else
                pid1_guard_frozen(h);
}

/* Everything of it stands still, PID 1 and the unit too. */
void hole_pause(struct host *h, const struct hole_kind *kind) {
        uint64_t usec = conf(h)->lease_duration_usec * 11 / 10 + 2 * SEC + world_random(conf(h)->lease_duration_usec);

        world_log("%s is paused for %.3f s", h->name, (double)usec / 1e6);
        h->paused = h->agent.frozen = h->guard.frozen = true;
        h->pid1_busy_until = NEVER;
        world_post(world.now + usec, NULL, go_on, h, kind->hole == CONF_HOLE_PAUSED_CLOCK ? usec : 0);
}

static uint64_t proven(const struct host *h) {
        const struct core *core = &h->agent.agent->core;
        uint64_t at = 0;

        for (size_t i = 0; i < core->n_placeholders; i++)
                if (core->placeholders[i].placeholder.proven_at_usec > at)
                        at = core->placeholders[i].placeholder.proven_at_usec;
        return at;
}

/* Cut off right after a renewal; the guard hangs right before the permit ends. */
void hole_clock_rate(struct host *h, const struct hole_kind *kind) {
        uint64_t before = proven(h);

        (void)kind;
        while (proven(h) == before)
                world_run(world.now + 5 * MSEC);
        cut(h, 0);
        if (hung_guard_fits(h) && world_chance(90))
                world_post(host_true(h, proven(h) + conf(h)->renew_deadline_usec) - world_random(200 * MSEC), NULL,
                           hang_guard, h, 0);
}

void hole_unkillable(struct host *h, const struct hole_kind *kind) {
        struct unit *u = &h->units[0];

        (void)kind;
        u->stuck_pid = u->pid;
        u->stuck_until = world.now + world_random(4 * conf(h)->lease_duration_usec);
        cut(h, 0);
}

static void fence_now(void *arg, uint64_t a) {
        const struct lock_object *l = &world.locks[0].o;
        struct order o = {.verb = VERB_DELETE, .is_lock = true, .who = "leaderctl fence"};
        struct outcome *r = world_alloc(sizeof(*r));

        (void)arg;
        (void)a;
        world_log("a human fences %s, which lives", l->holder);
        (void)util_copy(o.name, sizeof(o.name), l->name);
        (void)util_copy(o.uid, sizeof(o.uid), l->uid);
        (void)util_copy(o.version, sizeof(o.version), l->version);
        server_execute(&o, r);
        o.verb = VERB_STRIP;
        (void)util_copy(o.version, sizeof(o.version), r->lock.version);
        server_execute(&o, r);
        if (r->result != KUBE_OK)
                world_fail("fence", "the lock was not removed");
}

void hole_fence(struct host *h, const struct hole_kind *kind) {
        (void)kind;
        fence_now(NULL, 0);
        if (conf(h)->tenure == TENURE_LEASE && world_chance(50))
                world_post(world.now + world_random(h->verify_interval_usec), NULL, cut, h, 0);
}

static struct host *copy_disk(const struct host *h) {
        struct host *copy = &world.hosts[1];

        host_crash(copy);
        world_log("%s is a copy of %s from now on", copy->name, h->name);
        (void)util_copy(copy->name, sizeof(copy->name), h->name);
        (void)util_copy(copy->machine, sizeof(copy->machine), h->machine);
        if (!copy->claims)
                copy->claims = world_alloc(24 * sizeof(*copy->claims));
        memcpy(copy->claims, h->claims, h->n_claims * sizeof(*h->claims));
        copy->n_claims = h->n_claims;
        return copy;
}

void hole_clone(struct host *h, const struct hole_kind *kind) {
        (void)kind;
        host_boot(copy_disk(h));
}

static void start_guard(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        process_start(&h->guard);
}

static void mute_copy(void *arg, uint64_t a) {
        (void)a;
        client_mute(arg);
}

static void heal(void *arg, uint64_t a) {
        struct host *h = arg;

        (void)a;
        world_log("%s gets through again", h->name);
        h->cut_out = h->cut_in = false;
}

/* One boot id, one clock, the guard's files, a unit that runs. Only the two daemons begin anew on the copy, as they can
 * on any host at any time. */
void hole_clone_memory(struct host *h, const struct hole_kind *kind) {
        struct host *copy = copy_disk(h);
        struct unit *u = &copy->units[0];

        copy->up = true;
        copy->boot_at = world.now;
        copy->boot_base = host_clock(h, world.now);
        copy->ppm = h->ppm;
        copy->wall_offset = h->wall_offset;
        copy->boot = h->boot;
        (void)util_copy(copy->boot_id, sizeof(copy->boot_id), h->boot_id);
        memcpy(copy->gates, h->gates, sizeof(copy->gates));
        memcpy(copy->permits, h->permits, sizeof(copy->permits));
        memcpy(copy->envs, h->envs, sizeof(copy->envs));
        u->state = h->units[0].state;
        u->pid = h->units[0].pid;
        u->populated = true;
        u->life++;
        hole_changed();
        world_post(world.now + world_between(1, 50) * MSEC, NULL, start_guard, copy, 0);
        host_start_agent(copy);
        if (kind->mute)
                world_post(world.now + 400 * MSEC, NULL, mute_copy, copy, 0);
        if (conf(h)->tenure == TENURE_LEASE && world_chance(50)) {
                /* Its lease runs out beside the copy's, and then it has a lock to give up. */
                cut(h, 0);
                world_post(world.now + world_random(2 * conf(h)->lease_duration_usec), NULL, heal, h, 0);
        }
}
