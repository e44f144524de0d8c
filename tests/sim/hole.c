/* SPDX-License-Identifier: Apache-2.0 */
#include "hole.h"

#include <stdio.h>

#include "adapter/kube.h"
#include "codec/timespan.h"
#include "daemon/agent.h"

/* PID 1 is up to a quarter of a second late, twice, and a kill takes its time: a kill_margin below WatchdogSec plus
 * this does not hold a hung guard and everything else at its worst as well. */
#define HUNG_GUARD_USEC (CONF_GUARD_WATCHDOG_USEC + 600 * MSEC)
#define NEVER           (UINT64_MAX / 4)

#define MARGIN_PPM 10000

static struct {
        struct hole_run run;
        uint64_t since, until; /* two ran for the first, for the last time; 0: never */
        bool two;              /* now */
        int32_t ppm;
} state;

static void pause_host(struct host *h);
static void clock_rate(struct host *h);
static void clone(struct host *h);
static void clone_memory(struct host *h);
static void unkillable(struct host *h);
static void fence(struct host *h);

static const struct {
        enum conf_hole hole;
        int tenure;
        bool mute; /* the holder's watches say nothing any more */
        void (*begin)(struct host *h);
} kinds[N_HOLE_KINDS] = {
        {CONF_HOLE_PAUSED, PERMIT_LEASE, false, pause_host},
        {CONF_HOLE_PAUSED_CLOCK, PERMIT_LEASE, false, pause_host},
        {CONF_HOLE_CLOCK_RATE, PERMIT_LEASE, false, clock_rate},
        {CONF_HOLE_UNKILLABLE, PERMIT_LEASE, false, unkillable},
        {CONF_HOLE_FENCED, PERMIT_LEASE, true, fence},
        {CONF_HOLE_FENCED, PERMIT_LIFE, true, fence},
        {CONF_HOLE_CLONED, PERMIT_LIFE, true, clone},
        {CONF_HOLE_FENCED, PERMIT_LEASE, false, fence},
        {CONF_HOLE_FENCED, PERMIT_LIFE, false, fence},
        {CONF_HOLE_CLONED, PERMIT_LIFE, false, clone},
        {CONF_HOLE_CLONED_MEMORY, PERMIT_LEASE, true, clone_memory},
        {CONF_HOLE_CLONED_MEMORY, PERMIT_LEASE, false, clone_memory},
        {CONF_HOLE_CLONED_MEMORY, PERMIT_LIFE, true, clone_memory},
        /* no holes under the other tenure: the bound is 0 */
        {CONF_HOLE_PAUSED, PERMIT_LIFE, false, pause_host},
        {CONF_HOLE_PAUSED_CLOCK, PERMIT_LIFE, false, pause_host},
        {CONF_HOLE_CLONED, PERMIT_LEASE, true, clone},
};

/* A hole that ends by what a watch tells: once with watches, once at its worst. */
static bool tells(unsigned kind) {
        return kinds[kind].hole >= CONF_HOLE_CLONED && !kinds[kind].mute;
}

const char *hole_name(unsigned kind, char separator) {
        static char text[64];

        (void)snprintf(text, sizeof(text), "%s%s%c%s", conf_hole_to_string(kinds[kind].hole),
                       tells(kind) ? "-watched" : "", separator, conf_tenure_to_string(kinds[kind].tenure));
        return text;
}

void hole_changed(void) {
        unsigned n = 0;

        for (unsigned i = 0; i < world.n_hosts; i++)
                n += world.hosts[i].units[0].populated && !world.hosts[i].paused;
        if (n > 1 && !state.two)
                world_log("TWO RUN");
        if (n > 1 && !state.since)
                state.since = world.now;
        if (n < 2 && state.two) {
                state.until = world.now;
                world_log("two ran, for %.6f s by now", (double)(state.until - state.since) / 1e6);
        }
        state.two = n > 1;
}

/* ---- the holes ---- */

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

static void go_on(void *arg, uint64_t paused_usec) {
        struct host *h = arg;

        if (kinds[state.run.kind].hole == CONF_HOLE_PAUSED_CLOCK)
                h->boot_at += paused_usec;
        world_log("%s goes on, its clock %s", h->name,
                  kinds[state.run.kind].hole == CONF_HOLE_PAUSED_CLOCK ? "stood still" : "counted the pause");
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
        if (kinds[state.run.kind].hole == CONF_HOLE_PAUSED_CLOCK) {
                thaw_in(&h->guard, world_between(1, 100) * MSEC);
                world_post(world.now + 200 * MSEC + world_random(conf(h)->renew_deadline_usec), NULL, hang_guard, h, 0);
        } else
                pid1_guard_frozen(h);
}

/* Everything of it stands still, PID 1 and the unit too. */
static void pause_host(struct host *h) {
        uint64_t usec = conf(h)->lease_duration_usec * 11 / 10 + 2 * SEC + world_random(conf(h)->lease_duration_usec);

        world_log("%s is paused for %.3f s", h->name, (double)usec / 1e6);
        h->paused = h->agent.frozen = h->guard.frozen = true;
        h->pid1_busy_until = NEVER;
        world_post(world.now + usec, NULL, go_on, h, usec);
}

static uint64_t proven(const struct host *h) {
        const struct core *core = &h->agent.agent->core;
        uint64_t at = 0;

        for (size_t i = 0; i < core->n_placeholders; i++)
                if (core->placeholders[i].heartbeat.proven_at_usec > at)
                        at = core->placeholders[i].heartbeat.proven_at_usec;
        return at;
}

/* Cut off right after a renewal; the guard hangs right before the permit ends. */
static void clock_rate(struct host *h) {
        uint64_t before = proven(h);

        while (proven(h) == before)
                world_run(world.now + 5 * MSEC);
        cut(h, 0);
        if (hung_guard_fits(h) && world_chance(90))
                world_post(host_true(h, proven(h) + conf(h)->renew_deadline_usec) - world_random(200 * MSEC), NULL,
                           hang_guard, h, 0);
}

static void unkillable(struct host *h) {
        struct unit *u = &h->units[0];

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

static void fence(struct host *h) {
        fence_now(NULL, 0);
        if (conf(h)->tenure == PERMIT_LEASE && world_chance(50))
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

static void clone(struct host *h) {
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

/* One boot id, one clock, the guard's files, a unit that runs. Only the two daemons begin anew on the copy, as they can
 * on any host at any time. */
static void clone_memory(struct host *h) {
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
        if (kinds[state.run.kind].mute)
                world_post(world.now + 400 * MSEC, NULL, mute_copy, copy, 0);
}

/* ---- a run ---- */

/* "7s 2200ms 1200ms 3200ms 500ms 1500ms": lease_duration renew_deadline stop_timeout kill_margin renew_interval
 * request_timeout. */
static void given_timing(struct host *h, const char *text) {
        struct conf_lock *l = conf(h);
        uint64_t *to[] = {&l->lease_duration_usec, &l->renew_deadline_usec, &l->stop_timeout_usec,
                          &l->kill_margin_usec,    &h->renew_interval_usec, &h->request_timeout_usec};
        char copy[200], *rest = copy;

        (void)util_copy(copy, sizeof(copy), text);
        for (size_t i = 0; i < ELEMENTSOF(to); i++) {
                const char *word = strsep(&rest, " ");

                if (!word || timespan_parse(word, to[i]) < 0) {
                        (void)fprintf(stderr, "not a timing: %s\n", text);
                        exit(2);
                }
        }
        if (l->tenure == PERMIT_LIFE)
                l->kill_margin_usec = 5 * SEC; /* as in those tests: the defaults */
        h->verify_interval_usec = 600 * SEC;
}

/* The shortest lease that conf_check() lets pass. */
static void tighten(struct conf_lock *l) {
        l->stop_timeout_usec = 1 * SEC; /* the next guard ends it then, as soon as it lives */
        l->kill_margin_usec = HUNG_GUARD_USEC;
        for (l->lease_duration_usec = 2 * SEC; conf_rate_harmless_ppm(l) <= MARGIN_PPM;)
                l->lease_duration_usec += SEC;
}

void hole_setup(uint64_t seed, unsigned hosts, const char *timing) {
        setup_world(hosts ? hosts : 2 + (unsigned)world_random(3), /* locks= */ 1);
        memset(&state, 0, sizeof(state));
        state.run.kind = (unsigned)(seed % N_HOLE_KINDS);
        state.run.given = timing && seed / N_HOLE_KINDS % 2;
        world.holes = true;
        world.real_watchdog = false;
        conf(&world.hosts[0])->tenure = kinds[state.run.kind].tenure;
        setup_timing(conf(&world.hosts[0]), &world.hosts[0]);
        if (state.run.given)
                given_timing(&world.hosts[0], timing);
        else if (kinds[state.run.kind].hole == CONF_HOLE_CLOCK_RATE)
                tighten(conf(&world.hosts[0]));
        state.ppm = CONF_SLEW_PPM;
        if (!state.run.given && world_chance(30))
                state.ppm = (int32_t)world_between(MARGIN_PPM, CONF_SLEW_PPM);
        for (unsigned i = 0; i < world.n_hosts; i++) {
                struct host *h = &world.hosts[i];

                h->locks[0] = *conf(&world.hosts[0]);
                h->renew_interval_usec = world.hosts[0].renew_interval_usec;
                h->request_timeout_usec = world.hosts[0].request_timeout_usec;
                h->verify_interval_usec = world.hosts[0].verify_interval_usec;
                setup_enroll(h, 0);
                h->units[0].ignores_term = world_chance(kinds[state.run.kind].hole == CONF_HOLE_CLOCK_RATE ? 95 : 50);
                h->units[0].stop_usec = world_random(conf(h)->stop_timeout_usec);
        }
}

static void boot(struct host *h) {
        host_boot(h);
        if (kinds[state.run.kind].hole == CONF_HOLE_CLOCK_RATE)
                h->ppm = h->index == 0 ? -state.ppm : state.ppm;
}

static void settle(uint64_t until) {
        while (judge_unsettled() && world.now < until)
                world_run(world.now + 1 * SEC);
        if (judge_unsettled())
                world_fail("no leader", "%s", judge_unsettled());
}

void hole_live(struct hole_run *ret) {
        struct host *h = &world.hosts[0];
        struct conf c = {.verify_interval_usec = h->verify_interval_usec,
                         .request_timeout_usec = h->request_timeout_usec};
        const struct conf_lock *l = conf(h);
        uint64_t bound = kinds[state.run.kind].hole == CONF_HOLE_CLOCK_RATE
                                 ? conf_rate_overlap_usec(l, (uint32_t)state.ppm)
                                 : conf_hole_usec(&c, l, kinds[state.run.kind].hole);

        boot(h); /* alone: it becomes the leader */
        settle(120 * SEC);
        for (unsigned i = 1; i < world.n_hosts; i++)
                boot(&world.hosts[i]);
        world_run(world.now + 15 * SEC + world_random(h->verify_interval_usec));
        settle(world.now);
        world_log("HOLE: %s, bound %.3f s", hole_name(state.run.kind, ' '), (double)bound / 1e6);
        if (kinds[state.run.kind].mute)
                client_mute(h);
        kinds[state.run.kind].begin(h);
        world_run(world.now + 2 * h->verify_interval_usec + 8 * l->lease_duration_usec + 4 * l->stop_timeout_usec +
                  120 * SEC);
        if (state.two && bound == USEC_INFINITY)
                state.until = world.now;
        else if (state.two)
                world_fail("two leaders", "after %s two run and go on", hole_name(state.run.kind, ' '));
        if (state.until - state.since > bound)
                world_fail("bound", "%s: two ran for %.6f s, the formula says at most %.6f s",
                           hole_name(state.run.kind, ' '), (double)(state.until - state.since) / 1e6,
                           (double)bound / 1e6);
        *ret = state.run;
        ret->overlap_usec = state.until - state.since;
        ret->bound_usec = bound;
}
