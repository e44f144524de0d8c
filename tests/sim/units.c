/* SPDX-License-Identifier: Apache-2.0 */
/* units.h: how the guard sees and drives PID 1's units. What it asks is done in order, also when nobody waits for the
 * answer any more. */
#include <errno.h>

#include "adapter/units.h"
#include "world.h"

struct units {
        struct process *process;
        const struct units_handlers *h;
        void *userdata;
        bool connected;
        struct units_call *calls;
};

enum call_kind {
        CALL_READ,
        CALL_START,
        CALL_STOP,
        CALL_STOP_ALONE,
};

struct units_call {
        struct units_call *next;
        struct units *units;
        enum call_kind kind;
        struct host *host;
        struct unit *unit; /* NULL: leader-agent.service */
        unsigned boot;
        units_fn fn;
        void *userdata;
        bool done;
        bool held;        /* the caller has not freed it */
        unsigned pending; /* events under way that know it */
        struct enroll_facts facts;
};

static void on_signal(void *arg, uint64_t a) {
        struct units *u = arg;

        if (u->connected)
                u->h->changed(u->process->host->units[a].name, u->userdata);
}

void pid1_signal(const struct unit *u) {
        struct units *c = u->host->connection;

        if (c && c->connected && c->process->alive)
                world_post(world.now + world_between(50, 3000), c->process, on_signal, c, u->index);
}

static struct unit *unit_of(const char *name) {
        return util_streq(name, ENROLL_AGENT) ? NULL : &world.current->host->units[host_unit_index(name)];
}

static void fill_agent_facts(const struct host *h, struct enroll_facts *f) {
        memset(f, 0, sizeof(*f));
        (void)util_copy(f->id, sizeof(f->id), ENROLL_AGENT);
        (void)util_copy(f->load_state, sizeof(f->load_state), "loaded");
        (void)util_copy(f->active_state, sizeof(f->active_state),
                        h->agent.alive    ? "active"
                        : h->agent_wanted ? "activating"
                                          : "inactive");
}

static void fill_facts(const struct unit *u, struct enroll_facts *f) {
        static const char *const active[] = {"inactive", "failed",       "activating",
                                             "active",   "deactivating", "activating"};
        bool glitch = u->state == RUN_ACTIVATING && world.now < u->glitch_until;

        memset(f, 0, sizeof(*f));
        (void)util_copy(f->id, sizeof(f->id), u->name);
        (void)util_copy(f->load_state, sizeof(f->load_state), "loaded");
        (void)util_copy(f->active_state, sizeof(f->active_state), glitch ? "inactive" : active[u->state]);
        (void)util_copy(f->result, sizeof(f->result), u->state == RUN_FAILED ? "exit-code" : "success");
        f->inactive_enter_usec = u->inactive_enter_usec;
        f->n_restarts = u->n_restarts;
        (void)util_copy(f->slice, sizeof(f->slice), "system.slice");
        if (u->populated)
                (void)snprintf(f->control_group, sizeof(f->control_group), "/system.slice/%s", f->id);
        f->main_pid = u->populated ? u->pid : 0;
        f->job = u->job_start || u->job_stop;
        f->after_guard = f->after_agent = true;
        f->binds_to_guard = u->enrolled_lease;
        (void)snprintf(f->asserts[0], sizeof(f->asserts[0]), GATE_DIR "/leading/%s", f->id);
        f->n_asserts = !u->bare;
        (void)snprintf(f->environment_files[0], sizeof(f->environment_files[0]), GATE_DIR "/env/%s", f->id);
        f->n_environment_files = 1;
        (void)util_copy(f->type, sizeof(f->type), "exec");
        (void)util_copy(f->notify_access, sizeof(f->notify_access), "none");
        (void)util_copy(f->kill_mode, sizeof(f->kill_mode), "control-group");
        (void)util_copy(f->timeout_stop_failure_mode, sizeof(f->timeout_stop_failure_mode),
                        u->enrolled_lease ? "kill" : "terminate");
        f->timeout_stop_usec = u->timeout_stop_usec;
        f->send_sigkill = true;
}

static void forget(struct units_call *c) {
        if (c->pending > 0 || c->held)
                return;
        for (struct units_call **p = &c->units->calls; *p; p = &(*p)->next)
                if (*p == c) {
                        *p = c->next;
                        break;
                }
        world_free(c, sizeof(*c));
}

static void answer_now(struct units_call *c, enum units_answer a) {
        static const char *const texts[] = {"", "refused", "connection lost", "no answer in time"};

        if (c->done)
                return;
        c->done = true;
        c->fn(a, texts[a], c->kind == CALL_READ && a == UNITS_OK ? &c->facts : NULL, c->userdata);
}

static void answer(void *arg, uint64_t a) {
        struct units_call *c = arg;

        answer_now(c, (enum units_answer)a);
        c->pending--;
        forget(c);
}

/* PID 1 gets to it, whether or not somebody still waits for the answer. */
static void perform_call(struct units_call *c) {
        struct host *h = c->host;

        if (!h->up || h->boot != c->boot)
                return;
        if (!c->unit)
                fill_agent_facts(h, &c->facts);
        else if (c->kind == CALL_READ)
                fill_facts(c->unit, &c->facts);
        else if (c->kind == CALL_START) {
                c->unit->n_restarts = 0; /* reset-failed */
                if (c->unit->state == RUN_FAILED)
                        c->unit->state = RUN_INACTIVE;
                pid1_start_unit(c->unit, "guard");
        } else if (c->kind == CALL_STOP)
                pid1_stop_unit(c->unit, "guard");
        else
                pid1_stop_alone(c->unit, "guard");
        if (c->done || !c->units->connected || h->connection != c->units || !c->units->process->alive)
                return;
        c->pending++;
        world_post(world.now + world_between(50, 2000), c->units->process, answer, c, UNITS_OK);
}

static void perform(void *arg, uint64_t unused) {
        struct units_call *c = arg;

        (void)unused;
        perform_call(c);
        c->pending--;
        forget(c);
}

static int call(struct units *u, struct units_call **ret, enum call_kind kind, const char *unit, units_fn fn,
                void *userdata) {
        static const uint64_t limits[] = {UNITS_READ_USEC, UNITS_START_USEC, UNITS_STOP_USEC, UNITS_STOP_USEC};
        struct units_call *c;

        if (!u->connected)
                return -ENOTCONN;
        c = world_alloc(sizeof(*c));
        *c = (struct units_call){.next = u->calls,
                                 .units = u,
                                 .kind = kind,
                                 .host = u->process->host,
                                 .unit = unit_of(unit),
                                 .boot = u->process->host->boot,
                                 .held = true,
                                 .fn = fn,
                                 .userdata = userdata};
        u->calls = c;
        *ret = c;
        if (!process_effect())
                return 0;
        c->pending++;
        world_post(pid1_turn(u->process->host), NULL, perform, c, 0);
        if (u->process->host->pid1_busy_until <= world.now + UNITS_READ_USEC / 2)
                return 0;
        c->pending++;
        world_post(world.now + limits[kind], u->process, answer, c, UNITS_TIMEOUT);
        return 0;
}

int units_new(struct units **ret, sd_event *event, const char *address, const struct units_handlers *h,
              void *userdata) {
        (void)event;
        (void)address;
        *ret = world_alloc(sizeof(**ret));
        **ret = (struct units){.process = world.current, .h = h, .userdata = userdata};
        world.current->host->connection = *ret;
        return 0;
}

struct units *units_free(struct units *u) {
        if (u)
                u->connected = false;
        return NULL;
}

static void on_connected(void *arg, uint64_t a) {
        struct units *u = arg;

        (void)a;
        if (u->connected)
                u->h->changed(NULL, u->userdata);
}

int units_connect(struct units *u, struct err *err) {
        struct host *h = u->process->host;

        if (u->connected)
                return 0;
        if (h->pid1_busy_until > world.now)
                return err_setf(err, -ECONNREFUSED, "systemd does not answer");
        u->connected = true;
        world_post(pid1_turn(h), u->process, on_connected, u, 0);
        return 0;
}

bool units_connected(const struct units *u) {
        return u->connected;
}

struct units_call *units_call_free(struct units_call *c) {
        if (!c)
                return NULL;
        c->done = true;
        c->held = false;
        forget(c);
        return NULL;
}

int units_read(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata) {
        return call(u, ret, CALL_READ, unit, fn, userdata);
}

int units_start(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata) {
        return call(u, ret, CALL_START, unit, fn, userdata);
}

int units_stop(struct units *u, struct units_call **ret, const char *unit, bool alone, units_fn fn, void *userdata) {
        return call(u, ret, alone ? CALL_STOP_ALONE : CALL_STOP, unit, fn, userdata);
}

static struct units_call *unanswered(const struct units *u) {
        struct units_call *c = u->calls;

        while (c && c->done)
                c = c->next;
        return c;
}

static void lose(void *arg, uint64_t a) {
        struct units *u = arg;
        struct units_call *c;

        (void)a;
        if (!u->connected)
                return;
        u->connected = false;
        /* An answer may free this call, and others. */
        while ((c = unanswered(u)))
                answer_now(c, UNITS_LOST);
        u->h->lost("connection closed", u->userdata);
}

void pid1_lose_bus(struct host *h) {
        if (h->guard.alive && h->connection)
                world_post(world.now, &h->guard, lose, h->connection, 0);
}

void pid1_reload(struct host *h) {
        struct units *u = h->connection;

        world_log("daemon-reload on %s", h->name);
        if (h->guard.alive && u && u->connected)
                world_post(pid1_turn(h), &h->guard, on_connected, u, 0);
}
