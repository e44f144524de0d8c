/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster of a seed: hosts, clocks, locks, what their configuration says, how their units behave. */
#include "base/unit_list.h"
#include "codec/enroll.h"
#include "world.h"

static uint64_t seconds(uint64_t low, uint64_t high) {
        return world_between(low * 10, high * 10) * SEC / 10;
}

/* Durations that conf_check() lets pass. */
void setup_timing(struct conf_lock *l, const struct host *h) {
        uint64_t sum;

        l->renew_deadline_usec = h->renew_interval_usec + h->request_timeout_usec + seconds(1, 10);
        l->stop_timeout_usec = l->tenure == TENURE_LEASE ? seconds(1, 8) : seconds(2, 30);
        l->kill_margin_usec = 3600 * MSEC + seconds(0, 3);
        sum = l->renew_deadline_usec + l->stop_timeout_usec + l->kill_margin_usec;
        l->lease_duration_usec = (sum * 100 / 99 / SEC + 1 + world_random(4)) * SEC;
        if (l->lease_duration_usec / 100 * 99 <= sum)
                l->lease_duration_usec += SEC;
        l->keys.cooldown.min_usec = seconds(1, 10);
        l->keys.cooldown.max_usec = l->keys.cooldown.min_usec + seconds(0, 30);
        l->keys.step_down_hold_usec = seconds(0, 20);
}

void setup_enroll(struct host *h, unsigned lock) {
        struct unit *u = &h->units[lock], *more = &h->units[LOCKS_MAX + lock];

        u->enrolled_lease = h->locks[lock].tenure == TENURE_LEASE;
        u->timeout_stop_usec = u->enrolled_lease ? enroll_share(h->locks[lock].unit, h->locks[lock].stop_timeout_usec)
                                                 : world_between(1, 60) * SEC;
        more->enrolled_lease = u->enrolled_lease;
        more->timeout_stop_usec = u->timeout_stop_usec;
}

static void make_lock(struct conf_lock *l, unsigned i, const struct host *h) {
        static char names[LOCKS_MAX][16], units[LOCKS_MAX][64];

        (void)snprintf(names[i], sizeof(names[i]), "lock%u", i);
        /* (no draw: what the other seeds mean stays) */
        if (world.seed % 3 == 1 && !world.holes)
                (void)snprintf(units[i], sizeof(units[i]), "more%u.service unit%u.service", i, i);
        else
                (void)snprintf(units[i], sizeof(units[i]), "unit%u.service", i);
        *l = (struct conf_lock){.name = names[i], .unit = units[i]};
        l->tenure = world_chance(50) ? TENURE_LEASE : TENURE_LIFE;
        l->placeholder = world_chance(30) ? PLACEHOLDER_POD : PLACEHOLDER_LEASE;
        l->keys.on_failure = world_chance(90) ? ON_FAILURE_RELEASE : ON_FAILURE_KEEP;
        /* (no draw: what old seeds mean stays) */
        l->keys.on_exit = l->keys.on_failure == ON_FAILURE_KEEP || i % 2 ? ON_EXIT_KEEP : ON_EXIT_RELEASE;
        l->keys.restart_limit = 3 + i;
        l->keys.restart_interval_usec = 600 * SEC;
        setup_timing(l, h);
}

static void behave(struct unit *u) {
        u->start_usec = world_chance(80) ? world_between(1, 300) * MSEC : seconds(0, 3);
        u->stop_usec = world_chance(50)   ? world_between(1, 500) * MSEC
                       : world_chance(50) ? seconds(0, 8)
                                          : seconds(60, 100); /* not before SIGKILL */
        u->restart = world_chance(50);
}

void setup_world(unsigned hosts, unsigned locks) {
        struct host first = {.name = ""};

        world.n_hosts = hosts              ? hosts
                        : world_chance(85) ? 2 + (unsigned)world_random(3)
                                           : 5 + (unsigned)world_random(16);
        world.n_locks = locks ? locks : world_chance(60) ? 1 : 1 + (unsigned)world_random(LOCKS_MAX);
        world.gc_never = world_chance(15);
        world.real_watchdog = world_chance(10);
        world.version = 1000;
        /* Of their own, so that the other draws of a seed stay what they were. */
        world.no_marks = world.seed % 10 < 4;
        world.no_bookmarks = world.seed % 5 < 2;
        first.renew_interval_usec = seconds(1, 5);
        first.request_timeout_usec = world_chance(60) ? seconds(1, 5) : seconds(5, 12);
        first.verify_interval_usec = world_chance(50) ? 600 * SEC : seconds(10, 100);
        for (unsigned i = 0; i < world.n_locks; i++) {
                make_lock(&first.locks[i], i, &first);
                world.leader[i] = -1;
        }
        for (unsigned i = 0; i < world.n_hosts; i++) {
                struct host *h = &world.hosts[i];

                *h = first;
                h->index = i;
                (void)snprintf(h->name, sizeof(h->name), "h%u", i);
                (void)snprintf(h->machine, sizeof(h->machine), "%08llx%024u", (unsigned long long)(i * 0x9e3779b1u + 7),
                               i);
                h->wall_offset = (int64_t)world_between(0, 7200) * 1000000 - 3600000000;
                h->agent = (struct process){.host = h, .program = AGENT};
                h->guard = (struct process){.host = h, .program = GUARD};
                h->agent_wanted = true;
                for (unsigned n = 0; n < world.n_locks; n++) {
                        h->configured[n] = true;
                        h->units[n] = (struct unit){.host = h, .index = n, .lock = n};
                        (void)snprintf(h->units[n].name, sizeof(h->units[n].name), "unit%u.service", n);
                        behave(&h->units[n]);
                        if (unit_list_count(h->locks[n].unit) > 1) {
                                struct unit *more = &h->units[LOCKS_MAX + n];

                                /* As the other one behaves, but for the time that it takes. */
                                *more = h->units[n];
                                more->index = LOCKS_MAX + n;
                                (void)snprintf(more->name, sizeof(more->name), "more%u.service", n);
                                more->start_usec = more->start_usec / 2 + 1;
                                more->stop_usec = h->units[n].stop_usec / 3 + 1;
                        }
                        setup_enroll(h, n);
                }
        }
        for (unsigned i = 0; i < world.n_locks; i++) {
                struct lock_object *o = &world.locks[i].o;

                (void)snprintf(o->name, sizeof(o->name), "lock%u", i);
                (void)util_copy(o->ns, sizeof(o->ns), "default");
        }
}
