/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: events in, what is due after each of them, the watchdog last. */
#include <errno.h>
#include <stdio.h>

#include "adapter/cgroup.h"
#include "adapter/journal.h"
#include "adapter/notify.h"
#include "base/retry.h"
#include "guard/guard_parts.h"

/* A unit comes to rest after a few steps; what would not is no reason to leave agent, timers and watchdog waiting. */
#define ROUNDS_MAX 32
/* PID 1 handles STATUS= before the start or stop that it is asked for at that moment. */
#define STATUS_DELAY_USEC (100 * USEC_PER_MSEC)
#define LOG_WINDOW_USEC   (10 * USEC_PER_SEC)
#define LOG_WINDOW_MAX    20

uint64_t guard_now(struct guard *g) {
        uint64_t now = clock_boottime_usec();

        if (now > g->now_usec)
                g->now_usec = now;
        return g->now_usec;
}

bool guard_may_log(struct guard *g) {
        uint64_t now = guard_now(g);

        if (now - g->log_window_usec >= LOG_WINDOW_USEC) {
                g->log_window_usec = now;
                g->log_count = 0;
        }
        return g->log_count++ < LOG_WINDOW_MAX;
}

static void on_changed(const char *unit, void *userdata) {
        struct guard *g = userdata;

        for (size_t i = 0; i < g->n_units; i++) {
                struct supervise_event ev = {.type = SUPERVISE_EV_WAKE};

                if (unit && !util_streq(unit, g->unit[i]->name))
                        continue;
                if (guard_now(g) < g->unit[i]->quiet_until_usec)
                        g->unit[i]->wake_due = true;
                else
                        guard_unit_step(g->unit[i], &ev, NULL);
        }
}

static void on_lost(const char *why, void *userdata) {
        struct guard *g = userdata;

        (void)snprintf(g->bus_error, sizeof(g->bus_error), "systemd is out of reach: %s", why);
        journal_log(LOG_WARNING, "%s; trying again, deadlines hold meanwhile", g->bus_error);
        g->status_due = true;
        g->reconnect_at_usec = guard_now(g) + retry_step_usec(1, &RETRY_PID1);
}

static const struct units_handlers handlers = {.changed = on_changed, .lost = on_lost};

static void connect_units(struct guard *g) {
        bool was = g->bus_error[0] != '\0';
        struct err err = {};

        if (units_connected(g->units) || guard_now(g) < g->reconnect_at_usec)
                return;
        if (units_connect(g->units, &err) < 0) {
                if (!was)
                        journal_log(LOG_WARNING, "%s; trying again", err.text);
                (void)snprintf(g->bus_error, sizeof(g->bus_error), "%.500s", err.text);
                g->reconnect_at_usec = guard_now(g) + retry_step_usec(1, &RETRY_PID1);
        } else {
                g->bus_error[0] = '\0';
                if (was)
                        journal_log(LOG_INFO, "Connected to systemd again");
        }
        g->status_due = true;
}

/* Answers that were known at once, and so could not be given within the step that asked; and what waited for a start.
 */
static bool deliver(struct guard_unit *u) {
        bool quiet = guard_now(u->guard) < u->quiet_until_usec;
        bool any = u->reading_due || (!quiet && (u->start_due || u->wake_due));

        if (u->wake_due && !quiet && !(u->start_due && u->start_result == SUPERVISE_START_OK)) {
                struct supervise_event ev = {.type = SUPERVISE_EV_WAKE};

                u->wake_due = false;
                guard_unit_step(u, &ev, NULL);
        }
        if (u->start_due && !quiet) {
                struct supervise_event ev = {.type = SUPERVISE_EV_START_RESULT,
                                             .start_result = (uint8_t)u->start_result};

                /* Begins a reading, which is newer than what woke. */
                u->start_due = u->wake_due = false;
                guard_unit_step(u, &ev, NULL);
        }
        if (u->reading_due) {
                struct supervise_event ev = {.type = SUPERVISE_EV_READING, .reading = u->reading};

                u->reading_due = false;
                guard_unit_step(u, &ev, NULL);
        }
        return any;
}

/* Everything that is due, until nothing is: time passes meanwhile, so whatever a deadline asks for is done in here.
 * Returns the next instant at which something will be due; it has passed when this did not come to rest. */
static uint64_t settle(struct guard *g) {
        unsigned rounds = 0;
        uint64_t next;
        bool again;

        do {
                uint64_t now = guard_now(g);

                again = false;
                connect_units(g);
                next = units_connected(g->units) ? USEC_INFINITY : g->reconnect_at_usec;
                for (size_t i = 0; i < g->n_units; i++) {
                        struct supervise_event ev = {.type = SUPERVISE_EV_TICK};
                        struct guard_unit *u = g->unit[i];
                        uint64_t at;

                        if (supervise_deadline(&u->s) <= now) {
                                guard_unit_step(u, &ev, NULL);
                                again = true;
                        }
                        again |= deliver(u);
                        at = supervise_deadline(&u->s);
                        if ((u->start_due || u->wake_due) && u->quiet_until_usec < at)
                                at = u->quiet_until_usec;
                        if (at < next)
                                next = at;
                }
        } while ((again || next <= guard_now(g)) && ++rounds < ROUNDS_MAX);
        return again ? guard_now(g) : next;
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata) {
        /* The turn that follows looks at the clock itself. */
        return 0;
}

static int turn(struct guard *g) {
        uint64_t next, now;
        int r;

        if (g->hang_up)
                guard_socket_close(g);
        next = settle(g);
        if (g->hang_up)
                guard_socket_close(g);
        now = guard_now(g);
        if (g->status_due && g->status_at_usec == 0)
                g->status_at_usec = now + STATUS_DELAY_USEC;
        if (g->status_at_usec > 0 && now >= g->status_at_usec) {
                g->status_at_usec = 0;
                guard_status(g);
        }
        if (g->status_at_usec > 0 && g->status_at_usec < next)
                next = g->status_at_usec;
        now = guard_now(g);
        if (g->watchdog_usec > 0 && next > now) {
                /* Last, and with nothing overdue: two hangs with a ping between them would add up to two limits. */
                if (now - g->pinged_at_usec >= g->watchdog_usec / 6) {
                        notify_watchdog();
                        g->pinged_at_usec = now;
                }
                if (next > g->pinged_at_usec + g->watchdog_usec / 3)
                        next = g->pinged_at_usec + g->watchdog_usec / 3;
        }
        r = sd_event_source_set_time(g->timer, next);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(g->timer, next == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

int guard_run(struct guard *g) {
        int code, r;

        do {
                r = turn(g);
                if (r < 0)
                        return r;
                r = sd_event_run(g->event, UINT64_MAX);
                if (r < 0)
                        return r;
        } while (sd_event_get_state(g->event) != SD_EVENT_FINISHED);
        r = sd_event_get_exit_code(g->event, &code);
        return r < 0 ? r : code;
}

static int open_all(struct guard *g, struct err *err) {
        struct err cgroup = {};
        int r;

        r = boot_id_read(g->boot_id);
        if (r < 0)
                return err_setf(err, r, "cannot read this boot's id: %s", strerror(-r));
        r = gate_open(&g->gate, g->options.runtime_dir, err);
        if (r < 0)
                return r;
        if (cgroup_check(g->options.cgroup_root, &cgroup) < 0) {
                (void)snprintf(g->cgroup_error, sizeof(g->cgroup_error), "%.500s", cgroup.text);
                journal_log(LOG_ERR, "%s; no unit is permitted until then", g->cgroup_error);
        }
        r = units_new(&g->units, g->event, g->options.address, &handlers, g);
        if (r >= 0)
                /* CLOCK_BOOTTIME: after a suspend it fires at once. */
                r = sd_event_add_time(g->event, &g->timer, CLOCK_BOOTTIME, USEC_INFINITY, 1, on_timer, g);
        if (r < 0)
                return err_setf(err, r, "cannot set up the event loop: %s", strerror(-r));
        connect_units(g);
        r = guard_files_find(g, err);
        if (r < 0)
                return r;
        return guard_socket_open(g, err);
}

int guard_new(struct guard **ret, sd_event *event, const struct guard_options *o, struct err *err) {
        _cleanup_(guard_freep) struct guard *g = calloc(1, sizeof(*g));
        int r;

        if (!g)
                return err_setf(err, -ENOMEM, "out of memory");
        g->event = sd_event_ref(event);
        g->options = *o;
        g->gate.fd = g->connection_fd = -1;
        g->watchdog_usec = notify_watchdog_usec();
        g->watchdog_bad = getenv("NOTIFY_SOCKET") && (g->watchdog_usec == 0 || g->watchdog_usec > TIMING_WATCHDOG_USEC);
        g->status_due = true;
        r = open_all(g, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(g);
        return 0;
}

void guard_free(struct guard *g) {
        if (!g)
                return;
        g->connection = sd_event_source_disable_unref(g->connection);
        if (g->connection_fd >= 0)
                close(g->connection_fd);
        for (size_t i = 0; i < g->n_units; i++)
                guard_unit_free(g->unit[i]);
        units_free(g->units);
        sd_event_source_disable_unref(g->listener);
        sd_event_source_disable_unref(g->timer);
        gate_close(&g->gate);
        sd_event_unref(g->event);
        free(g);
}
