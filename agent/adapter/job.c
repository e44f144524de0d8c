/* SPDX-License-Identifier: Apache-2.0 */
/* Three questions in a row (which unit, which job, of what type), each asynchronous, each under the limit: a PID 1 that
 * answers is only busy, and a restart taken for a stop would end the unit. A host that shuts down may have stopped
 * D-Bus already, and a broker or PID 1 may hang: connecting, authenticating and asking only ever queue. The timer is
 * the limit, and then what the callback runs from. ARCHITECTURE 5, claim 6. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "adapter/job.h"

#define SYSTEMD      "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define PROPERTIES   "org.freedesktop.DBus.Properties"

struct job_call {
        sd_bus *bus;
        sd_event_source *timer;
        job_fn fn;
        void *userdata;
        bool is_settled; /* job and problem are what will be told */
        enum job_type job;
        char problem[256];
};

static int arm(struct job_call *c, uint64_t usec) {
        int r = sd_event_source_set_time_relative(c->timer, usec);

        return r < 0 ? r : sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
}

static int tell_soon(struct job_call *c) {
        c->is_settled = true;
        return arm(c, 0);
}

/* Not told from here: this runs inside the connection that the callback may want to free. */
static void give_up(struct job_call *c, const char *why) {
        if (c->is_settled)
                return;
        c->job = JOB_STOP;
        (void)snprintf(c->problem, sizeof(c->problem), "PID 1 did not tell this service's job: %s", why);
        (void)tell_soon(c); /* when that fails the limit tells it */
}

static void settle(struct job_call *c, enum job_type job) {
        if (c->is_settled)
                return;
        c->job = job;
        (void)tell_soon(c); /* the same */
}

/* Whether the answer is one; else the call is given up. r: of reading it, 0 before that. */
static bool is_good(struct job_call *c, sd_bus_message *m, int r) {
        const sd_bus_error *e = sd_bus_message_get_error(m);

        if (!e && r >= 0)
                return true;
        give_up(c, e ? (e->message ? e->message : e->name) : strerror(-r));
        return false;
}

/* The next question, which has the whole limit again. */
static int get_property(struct job_call *c, const char *path, const char *interface, const char *name,
                        sd_bus_message_handler_t fn) {
        int r = c->is_settled ? 0 : arm(c, JOB_LIMIT_USEC);

        if (r < 0)
                return r;
        return sd_bus_call_method_async(c->bus, NULL, SYSTEMD, path, PROPERTIES, "Get", fn, c, "ss", interface, name);
}

static enum job_type type_from_string(const char *s) {
        if (util_streq(s, "stop"))
                return JOB_STOP;
        return util_streq(s, "restart") || util_streq(s, "try-restart") ? JOB_RESTART : JOB_OTHER;
}

static int on_type(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct job_call *c = userdata;
        const char *text = NULL;

        if (is_good(c, m, 0) && is_good(c, m, sd_bus_message_read(m, "v", "s", &text)))
                settle(c, type_from_string(text));
        return 0;
}

static int on_job(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct job_call *c = userdata;
        const char *path = NULL;
        uint32_t id = 0;
        int r;

        if (!is_good(c, m, 0) || !is_good(c, m, sd_bus_message_read(m, "v", "(uo)", &id, &path)))
                return 0;
        if (id == 0) {
                settle(c, JOB_NONE);
                return 0;
        }
        r = get_property(c, path, SYSTEMD ".Job", "JobType", on_type);
        if (r < 0)
                give_up(c, strerror(-r));
        return 0;
}

static int on_unit(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct job_call *c = userdata;
        const char *path = NULL;
        int r;

        if (!is_good(c, m, 0) || !is_good(c, m, sd_bus_message_read(m, "o", &path)))
                return 0;
        r = get_property(c, path, SYSTEMD ".Unit", "Job", on_job);
        if (r < 0)
                give_up(c, strerror(-r));
        return 0;
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        struct job_call *c = userdata;
        char problem[sizeof(c->problem)];

        if (!c->is_settled) {
                c->is_settled = true;
                c->job = JOB_STOP;
                (void)snprintf(c->problem, sizeof(c->problem),
                               "PID 1 did not tell this service's job: no answer within %u s",
                               (unsigned)(JOB_LIMIT_USEC / USEC_PER_SEC));
        }
        c->bus = sd_bus_close_unref(c->bus);
        (void)util_copy(problem, sizeof(problem), c->problem);
        c->fn(c->job, problem, c->userdata); /* may have freed c */
        return 0;
}

/* Queues the first question. Opening and sending never wait, not for a broker that hangs either. */
static int ask(struct job_call *c, sd_event *event) {
        int r = sd_bus_open_system_with_description(&c->bus, "leader-agent-job");

        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(c->bus, false);
        if (r >= 0)
                r = sd_bus_attach_event(c->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_call_method_async(c->bus, NULL, SYSTEMD, MANAGER_PATH, SYSTEMD ".Manager", "GetUnitByPID",
                                             on_unit, c, "u", (uint32_t)0);
        return r < 0 ? r : 0;
}

int job_read_own(struct job_call **ret, sd_event *event, job_fn fn, void *userdata) {
        _cleanup_(job_call_freep) struct job_call *c = calloc(1, sizeof(*c));
        char why[192];
        int r;

        if (!c)
                return -ENOMEM;
        c->fn = fn;
        c->userdata = userdata;
        r = sd_event_add_time_relative(event, &c->timer, CLOCK_MONOTONIC, JOB_LIMIT_USEC, USEC_PER_MSEC, on_timer, c);
        if (r < 0)
                return r;
        r = ask(c, event);
        if (r < 0) {
                (void)snprintf(why, sizeof(why), "cannot reach the system bus: %s", strerror(-r));
                give_up(c, why);
        }
        *ret = TAKE_PTR(c);
        return 0;
}

struct job_call *job_call_free(struct job_call *c) {
        if (!c)
                return NULL;
        sd_bus_close_unref(c->bus); /* no flush: that waits for the broker */
        sd_event_source_disable_unref(c->timer);
        free(c);
        return NULL;
}
