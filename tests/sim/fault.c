/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of what goes wrong, and what humans and the cluster do. Each fault draws what it needs from a seed of
 * its own, so that the schedule stays what it is when single faults are left out. */
#include "fault.h"
#include "adapter/kube.h"
#include "codec/enroll.h"
#include "codec/permitfile.h"
#include "daemon/agent_parts.h"
#include "lasting.h"

static uint64_t state; /* of the fault in hand */

uint64_t fault_draw(uint64_t bound) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return bound ? (state >> 17) % bound : 0;
}

uint64_t fault_span(uint64_t low_msec, uint64_t high_msec) {
        return (low_msec + fault_draw(high_msec - low_msec + 1)) * MSEC;
}

/* ---- the cluster ---- */

static void end_api_down(void *arg, uint64_t a) {
        (void)arg;
        (void)a;
        if (!world.api_down)
                return;
        world.api_down = false;
        world_log("API server is back");
        for (unsigned i = 0; i < world.n_hosts; i++)
                client_reconnect(&world.hosts[i]);
        server_gc_soon();
}

static void api_down(struct host *h, unsigned lock) {
        (void)h;
        (void)lock;
        world.api_down = true;
        world_post(world.now + fault_span(100, fault_draw(3) ? 15000 : 90000), NULL, end_api_down, NULL, 0);
}

static void end_api_errors(void *arg, uint64_t a) {
        (void)arg;
        (void)a;
        world.api_errors = 0;
}

static void api_errors(struct host *h, unsigned lock) {
        (void)h;
        (void)lock;
        world.api_errors = 10 + (unsigned)fault_draw(80);
        world_post(world.now + fault_span(500, 60000), NULL, end_api_errors, NULL, 0);
}

static void end_gc_stall(void *arg, uint64_t a) {
        (void)arg;
        (void)a;
        world.gc_stalled = false;
        server_gc_soon();
}

static void gc_stall(struct host *h, unsigned lock) {
        (void)h;
        (void)lock;
        world.gc_stalled = true;
        world_post(world.now + fault_span(1000, 120000), NULL, end_gc_stall, NULL, 0);
}

/* ---- configuration ---- */

static void restart_agent(void *arg, uint64_t a) {
        (void)a;
        host_stop_agent(arg, JOB_RESTART);
}

static void reload(void *arg, uint64_t a) {
        struct process *p = arg;
        struct err err = {.text = ""};

        (void)a;
        if (!p->host->bus)
                return;
        if (p->host->bus->reload(p->host->bus_userdata, &err) >= 0)
                return;
        world_log("reload refused: %s", err.text);
        world_post(world.now + 1 * SEC, NULL, restart_agent, p->host, 0);
}

static void step_down(struct host *h, unsigned lock);

/* As `leaderctl enroll` has it (agent/ctl/enroll_lease.c): a drop-in that bounds the unit's stop less is not written
 * while a lease is in force. The human types what it prints: a step-down, and when the permit is gone he enrols again.
 */
static bool may_enroll(const struct host *h, unsigned lock) {
        const struct file *f = &h->permits[lock];
        const struct unit *u = &h->units[lock];
        struct enroll_want want = {.tenure = h->locks[lock].tenure,
                                   .stop_timeout_usec =
                                           enroll_share(h->locks[lock].unit, h->locks[lock].stop_timeout_usec)};
        char cgroup[PERMITFILE_CGROUP_SIZE];
        struct permit_request q;
        struct err err = {};

        if (!f->used)
                return true;
        if (permitfile_parse(&q, cgroup, NULL, f->text, strlen(f->text), f->name, h->boot_id, &err) < 0)
                return false;
        return !enroll_loosens(&want, &q, u->state != RUN_INACTIVE && u->state != RUN_FAILED, host_clock(h, world.now));
}

static void enroll(void *arg, uint64_t lock) {
        struct host *h = arg;

        if (!may_enroll(h, (unsigned)lock)) {
                world_log("leaderctl enroll of unit%u on %s is refused: a lease is in force", (unsigned)lock, h->name);
                if (h->gates[lock].used)
                        step_down(h, (unsigned)lock);
                world_post(world.now + 1 * SEC, NULL, enroll, h, lock);
                return;
        }
        setup_enroll(h, (unsigned)lock);
        world_log("leaderctl enroll of unit%u on %s: %s", (unsigned)lock, h->name,
                  h->units[lock].enrolled_lease ? "lease" : "life");
        pid1_reload(h);
}

static void reload_soon(struct host *h, uint64_t in) {
        if (h->agent.alive)
                world_post(world.now + in, &h->agent, reload, &h->agent, 0);
}

static void change_conf(unsigned lock, bool tenure) {
        struct conf_lock changed = world.hosts[0].locks[lock];
        bool all = fault_draw(100) < 60;
        struct host *one = &world.hosts[fault_draw(world.n_hosts)];

        if (tenure)
                changed.tenure = changed.tenure == TENURE_LEASE ? TENURE_LIFE : TENURE_LEASE;
        setup_timing(&changed, &world.hosts[0]);
        world_log("lock%u: tenure %s, D %.1f s, renew_deadline %.1f s, stop_timeout %.1f s on %s", lock,
                  changed.tenure == TENURE_LEASE ? "lease" : "life", (double)changed.lease_duration_usec / 1e6,
                  (double)changed.renew_deadline_usec / 1e6, (double)changed.stop_timeout_usec / 1e6,
                  all ? "all hosts" : one->name);
        for (unsigned i = 0; i < world.n_hosts; i++) {
                struct host *h = &world.hosts[i];

                if (!all && h != one)
                        continue;
                changed.unit = h->locks[lock].unit;
                h->locks[lock] = changed;
                reload_soon(h, fault_span(0, 5000));
                world_post(world.now + fault_span(0, 5000), NULL, enroll, h, lock);
        }
}

static void add_again(void *arg, uint64_t lock) {
        struct host *h = arg;

        h->configured[lock] = true;
        reload_soon(h, 0);
}

static void change_timing(struct host *h, unsigned lock) {
        (void)h;
        change_conf(lock, /* tenure= */ false);
}

static void change_tenure(struct host *h, unsigned lock) {
        (void)h;
        change_conf(lock, /* tenure= */ true);
}

/* Another kind of placeholder counts from the next start of the agent. */
static void change_placeholder(struct host *h, unsigned lock) {
        struct conf_lock *l = &h->locks[lock];

        l->placeholder = l->placeholder == PLACEHOLDER_POD ? PLACEHOLDER_LEASE : PLACEHOLDER_POD;
        host_stop_agent(h, JOB_RESTART);
}

static void stop_agent(void *arg, uint64_t lock) {
        fault_agent_stop(arg, (unsigned)lock);
}

static void remove_lock(struct host *h, unsigned lock) {
        uint64_t back = world.now + fault_span(100, 30000);

        if (world.n_locks == 1)
                return; /* a configuration has a lock */
        h->configured[lock] = false;
        reload_soon(h, 0);
        world_post(back, NULL, add_again, h, lock);
        if (fault_draw(3) == 0) /* a lock that begins anew, and an agent that ends, at one time */
                world_post(back + fault_span(0, 200), NULL, stop_agent, h, lock);
}

/* ---- humans ---- */

static void ask_step_down(void *arg, uint64_t lock) {
        struct process *p = arg;
        struct err err = {.text = ""};
        char name[16], *json = NULL;

        (void)snprintf(name, sizeof(name), "lock%u", (unsigned)lock);
        if (!p->host->bus)
                return;
        if (p->host->bus->step_down(p->host->bus_userdata, name, "test", /* force= */ true, 0, &err) < 0)
                world_log("step-down refused: %s", err.text);
        if (p->host->bus->status(p->host->bus_userdata, &json) >= 0)
                free(json);
}

struct fencing {
        unsigned lock;
        char uid[64], version[32];
        bool deleted;
};

static void fence_step(void *arg, uint64_t a) {
        struct fencing *f = arg;
        struct order o = {.verb = f->deleted ? VERB_STRIP : VERB_DELETE, .is_lock = true, .who = "leaderctl fence"};
        struct outcome *r = world_alloc(sizeof(*r));

        (void)a;
        (void)snprintf(o.name, sizeof(o.name), "lock%u", f->lock);
        (void)util_copy(o.uid, sizeof(o.uid), f->uid);
        (void)util_copy(o.version, sizeof(o.version), f->version);
        server_execute(&o, r);
        if (r->result != KUBE_OK) {
                world_log("fence: the lock has changed, stopping");
                return;
        }
        if (f->deleted || !r->has_lock)
                return;
        f->deleted = true;
        (void)util_copy(f->version, sizeof(f->version), r->lock.version);
        world_post(world.now + world_between(1, 3000) * MSEC, NULL, fence_step, f, 0);
}

static void fence(unsigned lock, uint64_t thinking_usec) {
        struct fencing *f = world_alloc(sizeof(*f));
        const struct lock_object *o = &world.locks[lock].o;

        f->lock = lock;
        (void)util_copy(f->uid, sizeof(f->uid), o->uid);
        (void)util_copy(f->version, sizeof(f->version), o->version);
        world_log("leaderctl fence: lock%u of %s, which is down", lock, o->holder);
        world_post(world.now + thinking_usec, NULL, fence_step, f, 0);
}

static struct host *holder(unsigned lock);

static void come_back(void *arg, uint64_t a) {
        (void)a;
        host_boot(arg);
}

/* The human has seen that the host is down, and takes his time. */
static void fence_returning(struct host *h, unsigned lock) {
        uint64_t off = fault_span(500, 5000);

        if (h != holder(lock) || !h->up)
                return;
        host_crash(h);
        world_post(world.now + off, NULL, come_back, h, 0);
        fence(lock, off + fault_span(0, 9000));
}

static struct host *holder(unsigned lock) {
        for (unsigned i = 0; i < world.n_hosts && world.locks[lock].exists; i++)
                if (util_streq(world.hosts[i].name, world.locks[lock].o.holder))
                        return &world.hosts[i];
        return NULL;
}

static void step_down(struct host *h, unsigned lock) {
        if (h->agent.alive)
                world_post(world.now, &h->agent, ask_step_down, &h->agent, lock);
}

static void delete_lock(struct host *h, unsigned lock) {
        (void)h;
        server_delete_lock(lock, (enum propagation)fault_draw(3));
}

static void delete_placeholder(struct host *h, unsigned lock) {
        const struct lock_object *o = &world.locks[lock].o;
        enum propagation how = (enum propagation)fault_draw(3);

        (void)h;
        if (world.locks[lock].exists && fault_draw(2))
                server_delete_placeholder(
                        (size_t)(server_placeholder(o->placeholder_kind, o->placeholder_name) - world.placeholders),
                        how);
        else if (world.n_placeholders)
                server_delete_placeholder(fault_draw(world.n_placeholders), how);
}

/* The holder's placeholder stays, dying, and nobody marks the lock. */
static void dying_placeholder(struct host *h, unsigned lock) {
        const struct lock_object *o = &world.locks[lock].o;

        if (!world.locks[lock].exists)
                return;
        gc_stall(h, lock);
        server_delete_placeholder(
                (size_t)(server_placeholder(o->placeholder_kind, o->placeholder_name) - world.placeholders),
                fault_draw(2) ? FOREGROUND : ORPHAN);
}

/* What a human sees who looks on every host: the unit, and whether the guard still has a permit for it. */
static bool runs_somewhere(unsigned lock) {
        for (unsigned i = 0; i < world.n_hosts; i++) {
                const struct host *h = &world.hosts[i];
                const struct unit *u = &h->units[lock], *more = &h->units[LOCKS_MAX + lock];
                /* A guard that cannot record the revoke keeps the permit's file, and its STATUS says so: no gate. */
                bool permitted = h->permits[lock].used && !(h->run_fails && !h->gates[lock].used);

                permitted = permitted || (h->permits[more->index].used && more->host &&
                                          !(h->run_fails && !h->gates[more->index].used));
                if (more->populated || more->job_start || (more->state != RUN_INACTIVE && more->state != RUN_FAILED))
                        return true;

                if (u->populated || u->job_start || (u->state != RUN_INACTIVE && u->state != RUN_FAILED) || permitted)
                        return true;
        }
        return false;
}

static bool stop_agents(void) {
        bool alive = false;

        for (unsigned i = 0; i < world.n_hosts; i++) {
                alive = alive || world.hosts[i].agent.alive;
                host_stop_agent(&world.hosts[i], JOB_STOP);
        }
        return alive;
}

static void start_agents(void *arg, uint64_t a) {
        (void)arg;
        (void)a;
        for (unsigned i = 0; i < world.n_hosts; i++)
                host_start_agent(&world.hosts[i]);
}

static void reboot(struct host *h) {
        host_crash(h);
        world_post(world.now + 1 * SEC, NULL, come_back, h, 0);
}

/* Whatever its agent has to do with it. */
static void stop_units(unsigned lock) {
        for (unsigned i = 0; i < 2 * world.n_hosts; i++) {
                struct unit *u = &world.hosts[i / 2].units[lock + i % 2 * LOCKS_MAX];

                if (u->foreign)
                        pid1_stop_unit(u, "systemctl stop");
                if (u->foreign && u->hangs) /* so does his command */
                        pid1_kill_unit(u, "systemctl kill -s KILL");
        }
}

/* As STATUS says: stop the unit on every host, and the agents, one of which may be about to start it; then remove
 * finalizer and lock. */
static void cure(void *arg, uint64_t lock) {
        const struct lock_object *o = &world.locks[lock].o;

        (void)arg;
        if (!world.locks[lock].exists || o->form != LOCK_FORM_DAMAGED) {
                start_agents(NULL, 0);
                return;
        }
        stop_units((unsigned)lock);
        if (stop_agents()) {
                world_post(world.now + 10 * SEC, NULL, cure, NULL, lock);
                return;
        }
        if (runs_somewhere(
                    (unsigned)lock)) { /* an agent was killed before it had stopped its unit: its next one does */
                start_agents(NULL, 0);
                for (unsigned i = 0; i < world.n_hosts; i++)
                        if (world.hosts[i].agent_gone && world.hosts[i].permits[lock].used)
                                reboot(&world.hosts[i]); /* there is none that could */
                world_post(world.now + 20 * SEC, NULL, cure, NULL, lock);
                return;
        }
        world_log("a human removes the damaged lock%u", (unsigned)lock);
        server_delete_lock((unsigned)lock, BACKGROUND);
        fence((unsigned)lock, 0);
        world_post(world.now + 10 * SEC, NULL, start_agents, NULL, 0);
}

static void damage_lock(struct host *h, unsigned lock) {
        (void)h;
        (void)server_damage_lock(lock);
        world_post(world.now + fault_span(1000, 60000), NULL, cure, NULL, lock);
}

/* The claim that stands behind an object is not on the disk of the host any more. */
static bool forgotten(const struct host *h, const char *scope, const char *claim) {
        for (size_t i = 0; i < h->n_claims; i++)
                if (util_streq(h->claims[i].scope, scope))
                        return !record_claims_find(&h->claims[i], claim);
        return true;
}

static void fence_holder(struct host *h, unsigned lock) {
        (void)h;
        if (holder(lock) && !holder(lock)->up)
                fence(lock, fault_span(1, 10000));
}

/* ---- the schedule ---- */

static const struct {
        const char *name;
        unsigned weight;
        fault_fn begin;
} types[] = {
        {"partition", 14, fault_partition},
        {"API server down", 5, api_down},
        {"API errors", 5, api_errors},
        {"slow network", 5, fault_slow},
        {"flaky network", 12, fault_flaky},
        {"garbage collector stalls", 4, gc_stall},
        {"watches silent", 3, fault_watch_stall},
        {"agent killed", 5, fault_agent_kill},
        {"agent killed between two effects", 6, fault_agent_crash},
        {"agent frozen", 8, fault_agent_freeze},
        {"agent stopped", 4, fault_agent_stop},
        {"agent restarted", 3, fault_agent_restart},
        {"guard killed", 4, fault_guard_kill},
        {"guard killed between two effects", 6, fault_guard_crash},
        {"guard frozen", 6, fault_guard_freeze},
        {"host crashes", 6, fault_host_crash},
        {"host reboots", 3, fault_host_reboot},
        {"step-down", 4, step_down},
        {"human deletes the lock", 5, delete_lock},
        {"human deletes a placeholder", 6, delete_placeholder},
        {"placeholder stays dying", 4, dying_placeholder},
        {"fence of a host that is down", 4, fence_holder},
        {"unit crashes", 4, fault_unit_crash},
        {"unit misbehaves", 5, fault_unit_misbehaves},
        {"admin starts or stops the unit", 5, fault_admin},
        {"durations change", 4, change_timing},
        {"tenure changes", 3, change_tenure},
        {"lock leaves the configuration", 2, remove_lock},
        {"other kind of placeholder", 1, change_placeholder},
        {"wall clock is set", 1, fault_wall_clock},
        {"PID 1 busy", 3, fault_pid1_busy},
        {"PID 1 executes itself anew", 2, fault_pid1_reexec},
        {"disk full", 2, fault_disk_full},
        {"disk lost", 1, fault_disk_lost},
        {"unit cannot be killed", 2, fault_unit_stuck},
        {"human overwrites the lock", 1, damage_lock},
        {"fence while the host returns", 3, fence_returning},
        {"last answer late", 6, fault_late_answer},
        {"guard hangs at its deadline", 6, fault_hang_at_deadline},
        /* These never end: lasting.c draws them. */
        {"agent ends for good", 0, fault_agent_ends},
        {"/run fails for ever", 0, fault_run_fails},
        {"/var fails for ever", 0, fault_var_fails},
        {"unit starts past the gate", 0, fault_past_the_gate}, /* see plan_past_the_gate() */
};

enum {
        N_DRAWN = ELEMENTSOF(types) - 4,
        PAST_THE_GATE = ELEMENTSOF(types) - 1
};

_Static_assert(ELEMENTSOF(types) <= FAULT_TYPES_MAX, "more kinds of faults than are counted");

const char *fault_name(unsigned type) {
        return type < ELEMENTSOF(types) ? types[type].name : NULL;
}

static void begin(void *arg, uint64_t a) {
        const struct fault *f = arg;
        unsigned lock;
        struct host *h;

        (void)a;
        if (world.quiet || f->skip)
                return;
        state = f->seed;
        lock = (unsigned)fault_draw(world.n_locks);
        /* Mostly where it hurts. */
        h = fault_draw(100) < 65 ? holder(lock) : NULL;
        if (!h)
                h = &world.hosts[fault_draw(world.n_hosts)];
        world.n_injected++;
        world.n_faults_of[f->type][h->locks[lock].tenure == TENURE_LEASE]++;
        world_log("FAULT %zu: %s (%s, lock%u)", (size_t)(f - world.faults), types[f->type].name, h->name, lock);
        types[f->type].begin(h, lock);
}

/* Drawn apart from the others, and in one run of four, so that the other seeds mean the runs that they meant before. */
static void plan_past_the_gate(void) {
        uint64_t at = 0;

        state = world.seed * UINT64_C(0x9e3779b97f4a7c15);
        (void)fault_draw(1);
        if (fault_draw(4) != 1)
                return;
        for (unsigned n = 1 + (unsigned)fault_draw(6); n > 0 && world.n_faults < FAULTS_MAX; n--) {
                struct fault *f = &world.faults[world.n_faults++];

                at += fault_draw(world.faults_end / 4);
                *f = (struct fault){.at = at, .seed = fault_draw(UINT64_MAX), .type = PAST_THE_GATE};
                if (at < world.faults_end)
                        world_post(at, NULL, begin, f, 0);
        }
}

void fault_plan(void) {
        unsigned total = 0;
        /* Most runs are dense, some are long. */
        uint64_t length = world_chance(90) ? world_between(60, 600) : world_between(600, 7200);
        uint64_t gap = world_between(length > 600 ? 10 : 1, length > 600 ? 120 : 30) * SEC;
        uint64_t at = world_chance(20) ? 0 : world_between(5, 20) * SEC, seed;
        bool only_some = world_chance(60);
        bool enabled[N_DRAWN];
        unsigned kind;

        for (unsigned i = 0; i < N_DRAWN; i++) {
                enabled[i] = !only_some || world_chance(30);
                total += enabled[i] ? types[i].weight : 0;
        }
        world.faults_end = length * SEC;
        while (total && at < world.faults_end && world.n_faults < FAULTS_MAX) {
                struct fault *f = &world.faults[world.n_faults++];
                uint64_t pick = world_random(total);

                f->at = at;
                f->seed = world_random(UINT64_MAX);
                while (!enabled[f->type] || pick >= types[f->type].weight) {
                        pick -= enabled[f->type] ? types[f->type].weight : 0;
                        f->type++;
                }
                world.open_locks = world.open_locks || types[f->type].begin == damage_lock;
                world_post(at, NULL, begin, f, 0);
                at += world_random(2 * gap);
        }
        while (world.n_faults < FAULTS_MAX && lasting_draw(&kind, &at, &seed)) {
                struct fault *f = &world.faults[world.n_faults++];

                *f = (struct fault){.at = at, .seed = seed, .type = (uint8_t)(N_DRAWN + kind)};
                world_post(at, NULL, begin, f, 0);
        }
        plan_past_the_gate();
}

/* Placeholders of a host that forgot them: life tenure asks a human. */
static void help_placeholders(void) {
        for (size_t i = 0; i < world.n_placeholders; i++) {
                const struct placeholder_object *o = &world.placeholders[i].o;

                for (unsigned n = 0; n < world.n_hosts && world.placeholders[i].exists; n++) {
                        char scope[400], prefix[80];

                        (void)snprintf(prefix, sizeof(prefix), "leader-agent-%s-", world.hosts[n].name);
                        (void)snprintf(scope, sizeof(scope), "placeholder:default/%s/%s",
                                       placeholder_kind_to_string(o->kind), o->name);
                        if (strncmp(o->name, prefix, strlen(prefix)) == 0 && !strstr(o->name, "-lease") &&
                            forgotten(&world.hosts[n], scope, o->claim))
                                server_delete_placeholder(i, BACKGROUND);
                }
        }
}

void fault_humans_help(void) {
        if (world.now < world.helped_at + 10 * SEC)
                return;
        world.helped_at = world.now;
        help_placeholders();
        for (unsigned i = 0; i < world.n_locks; i++) {
                const struct lock_object *o = &world.locks[i].o;
                struct host *h = holder(i);
                char scope[80];

                (void)snprintf(scope, sizeof(scope), "lock:default/%s", o->name);
                if (world.locks[i].exists && o->form == LOCK_FORM_DAMAGED)
                        cure(NULL, i);
                else if (h && o->tenure == TENURE_LIFE && !runs_somewhere(i) &&
                         (h->gone || forgotten(h, scope, o->claim)))
                        fence(i, 1 * SEC);
                else if (h &&
                         (h->locks[i].keys.on_failure == ON_FAILURE_KEEP || h->locks[i].keys.on_exit == ON_EXIT_KEEP) &&
                         (h->units[i].state == RUN_FAILED || h->units[i].state == RUN_INACTIVE ||
                          (host_has_list(h, i) && (h->units[LOCKS_MAX + i].state == RUN_FAILED ||
                                                   h->units[LOCKS_MAX + i].state == RUN_INACTIVE))))
                        step_down(h, i);
        }
}

void fault_end_all(void) {
        world.quiet = true;
        world_log("---- the faults are over ----");
        world.api_down = world.gc_stalled = false;
        world.api_errors = 0;
        for (unsigned i = 0; i < world.n_hosts; i++) {
                struct host *h = &world.hosts[i];

                fault_host_heal(h);
                for (unsigned n = 0; n < world.n_locks; n++) {
                        h->configured[n] = true;
                        if (!world.differs)
                                h->locks[n] = world.hosts[0].locks[n];
                        if (may_enroll(h, n))
                                setup_enroll(h, n);
                        else
                                world_post(world.now, NULL, enroll, h, n);
                }
                if (h->up)
                        pid1_reload(h);
                reload_soon(h, 1 * SEC);
        }
        server_gc_soon();
}
