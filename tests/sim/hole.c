/* SPDX-License-Identifier: Apache-2.0 */
#include "hole_acts.h"

#include <stdio.h>

#include "codec/timespan.h"

#define MARGIN_PPM 10000

static struct {
        struct hole_run run;
        uint64_t since, until; /* two ran for the first, for the last time; 0: never */
        bool two;              /* now */
        int32_t ppm;
} state;

static const struct hole_kind kinds[N_HOLE_KINDS] = {
        {CONF_HOLE_PAUSED, TENURE_LEASE, false, hole_pause},
        {CONF_HOLE_PAUSED_CLOCK, TENURE_LEASE, false, hole_pause},
        {CONF_HOLE_CLOCK_RATE, TENURE_LEASE, false, hole_clock_rate},
        {CONF_HOLE_UNKILLABLE, TENURE_LEASE, false, hole_unkillable},
        {CONF_HOLE_FENCED, TENURE_LEASE, true, hole_fence},
        {CONF_HOLE_FENCED, TENURE_LIFE, true, hole_fence},
        {CONF_HOLE_CLONED, TENURE_LIFE, true, hole_clone},
        {CONF_HOLE_FENCED, TENURE_LEASE, false, hole_fence},
        {CONF_HOLE_FENCED, TENURE_LIFE, false, hole_fence},
        {CONF_HOLE_CLONED, TENURE_LIFE, false, hole_clone},
        {CONF_HOLE_CLONED_MEMORY, TENURE_LEASE, true, hole_clone_memory},
        {CONF_HOLE_CLONED_MEMORY, TENURE_LEASE, false, hole_clone_memory},
        {CONF_HOLE_CLONED_MEMORY, TENURE_LIFE, true, hole_clone_memory},
        /* no holes under the other tenure: the bound is 0 */
        {CONF_HOLE_PAUSED, TENURE_LIFE, false, hole_pause},
        {CONF_HOLE_PAUSED_CLOCK, TENURE_LIFE, false, hole_pause},
        {CONF_HOLE_CLONED, TENURE_LEASE, true, hole_clone},
};

/* A hole that ends by what a watch tells: once with watches, once at its worst. */
static bool tells(unsigned kind) {
        return kinds[kind].hole >= CONF_HOLE_CLONED && !kinds[kind].mute;
}

const char *hole_name(unsigned kind, char separator) {
        static char text[64];

        (void)snprintf(text, sizeof(text), "%s%s%c%s", conf_hole_to_string(kinds[kind].hole),
                       tells(kind) ? "-watched" : "", separator, tenure_to_string(kinds[kind].tenure));
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

/* ---- a run ---- */

static struct conf_lock *conf(struct host *h) {
        return &h->locks[0];
}

/* "7s 2200ms 1200ms 3510ms 500ms 1500ms": lease_duration renew_deadline stop_timeout kill_margin renew_interval
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
        if (l->tenure == TENURE_LIFE)
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
        kinds[state.run.kind].begin(h, &kinds[state.run.kind]);
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
