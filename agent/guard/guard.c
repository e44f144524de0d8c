/* SPDX-License-Identifier: Apache-2.0 */
/* Start and loop. Callbacks post; each turn of the loop serves the agent, steps every unit until it has come to rest,
 * tells STATUS, and pings the watchdog last. ARCHITECTURE 5, claim 6. */
#include <errno.h>
#include <stdio.h>

#include "adapter/cgroup.h"
#include "adapter/journal.h"
#include "adapter/notify.h"
#include "base/retry.h"
#include "base/timing.h"
#include "guard/guard_act.h"
#include "guard/guard_agent.h"
#include "guard/guard_files.h"
#include "guard/guard_list.h"
#include "guard/guard_look.h"
#include "guard/guard_reply.h"
#include "guard/guard_socket.h"
#include "guard/guard_uids.h"
#include "guard/guard_unit.h"

/* A unit comes to rest after a few steps; what would not is no reason to leave agent, timers and watchdog waiting. */
#define ROUNDS_MAX 32
/* PID 1 handles STATUS= before the start or stop that it is asked for at that moment. */
#define STATUS_DELAY_USEC (100 * USEC_PER_MSEC)

static void on_changed(const char *unit, void *userdata) {
        struct guard *g = userdata;

        for (size_t i = 0; i < g->n_units; i++)
                if (!unit || util_streq(unit, g->unit[i]->name))
                        g->unit[i]->wake_due = true;
}

static void on_told(const char *unit, const struct enroll_facts *news, void *userdata) {
        struct guard *g = userdata;

        for (size_t i = 0; i < g->n_units; i++)
                if (util_streq(unit, g->unit[i]->name))
                        guard_look_told(g->unit[i], news);
}

static void on_lost(const char *why, void *userdata) {
        struct guard *g = userdata;

        (void)snprintf(g->bus_error, sizeof(g->bus_error), "systemd is out of reach: %s", why);
        journal_record(LOG_WARNING, JOURNAL_SYSTEMD, NULL, 0, "%s; trying again, deadlines hold meanwhile",
                       g->bus_error);
        g->status_due = true;
        g->reconnect_at_usec = guard_now(g) + retry_step_usec(1, &RETRY_PID1);
}

static const struct units_handlers handlers = {.changed = on_changed, .told = on_told, .lost = on_lost};

static void connect_units(struct guard *g) {
        bool was = g->bus_error[0] != '\0';
        struct err err = {};

        if (units_connected(g->units) || guard_now(g) < g->reconnect_at_usec)
                return;
        if (units_connect(g->units, &err) < 0) {
                if (!was)
                        journal_record(LOG_WARNING, JOURNAL_SYSTEMD, NULL, 0, "%s; trying again", err.text);
                (void)snprintf(g->bus_error, sizeof(g->bus_error), "%.500s", err.text);
                g->reconnect_at_usec = guard_now(g) + retry_step_usec(1, &RETRY_PID1);
        } else {
                g->bus_error[0] = '\0';
                if (was)
                        journal_record(LOG_INFO, JOURNAL_SYSTEMD, NULL, 0, "Connected to systemd again");
        }
        g->status_due = true;
}

/* Everything that is due or posted, until nothing is: time passes meanwhile, so whatever a deadline asks for is done in
 * here. Returns the next instant at which something will be due; it has passed when this did not come to rest. */
static uint64_t settle(struct guard *g) {
        unsigned rounds = 0;
        uint64_t next, at_agent;
        bool again;

        do {
                if (g->hang_up)
                        guard_socket_close(g);
                connect_units(g);
                next = units_connected(g->units) ? USEC_INFINITY : g->reconnect_at_usec;
                again = false;
                for (size_t i = 0; i < g->n_units; i++) {
                        uint64_t at;

                        again |= guard_unit_turn(g->unit[i]);
                        at = guard_unit_next(g->unit[i]);
                        if (at < next)
                                next = at;
                }
                again |= guard_list_withdraw(g);
                for (struct guard_list *l = g->lists; l; l = l->next) {
                        again |= guard_list_turn(l);
                        if (guard_list_next(l) < next)
                                next = guard_list_next(l);
                }
                at_agent = guard_agent_turn(g);
                if (at_agent < next)
                        next = at_agent;
                again |= guard_act_look(g) || g->hang_up;
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

        guard_socket_serve(g);
        next = settle(g);
        now = guard_now(g);
        if (g->status_due && g->status_at_usec == 0)
                g->status_at_usec = now + STATUS_DELAY_USEC;
        if (g->status_at_usec > 0 && now >= g->status_at_usec) {
                g->status_at_usec = guard_status(g) ? 0 : now + NOTIFY_AGAIN_USEC;
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
                r = sd_event_run(g->event, USEC_INFINITY);
                if (r < 0)
                        return r;
        } while (sd_event_get_state(g->event) != SD_EVENT_FINISHED);
        r = sd_event_get_exit_code(g->event, &code);
        return r < 0 ? r : code;
}

static int on_found(const char *name, void *userdata) {
        struct guard *g = userdata;

        if (!permit_unit_valid(name)) {
                journal_record(LOG_ERR, JOURNAL_GUARD_UNABLE, NULL, 0,
                               "%s: file \"%s\" is not named after a unit that may have a permit, removing it",
                               g->gate.dir, name);
                (void)gate_remove(&g->gate, name);
                (void)gate_remove_permit(&g->gate, name);
                return 0;
        }
        return guard_unit_get(g, name) ? 0 : -ENOMEM;
}

/* Takes up what an earlier guard left of one unit. */
static int take_up_unit(struct guard *g, struct guard_unit *u, struct supervise_event *ev, struct err *err) {
        int r = gate_exists(&g->gate, u->name);

        if (r < 0)
                return err_setf(err, r, "cannot see the gate of %s: %s", u->name, strerror(-r));
        ev->gate = r > 0;
        guard_unit_step(u, ev, NULL);
        if (supervise_permitted(&u->s))
                journal_log(LOG_INFO, "%s: taking up the permit of lock %s again", u->name, u->permit.lock);
        r = supervise_permitted(&u->s) ? 0 : gate_exists(&g->gate, u->name);
        if (r != 0)
                return err_setf(err, -EIO, "cannot remove the gate of %s in %s: not ready%s%s", u->name, g->gate.dir,
                                r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
        return 0;
}

static int take_up(struct guard *g, struct err *err) {
        _cleanup_free_ struct supervise_event *found = NULL;
        int r;

        r = gate_each(&g->gate, on_found, g);
        if (r < 0)
                return err_setf(err, r, "cannot read the permits in %s: %s", g->gate.dir, strerror(-r));
        if (g->n_units == 0)
                return 0;
        found = calloc(g->n_units, sizeof(*found));
        if (!found)
                return err_setf(err, -ENOMEM, "out of memory");
        for (size_t i = 0; i < g->n_units; i++) {
                int rank;

                found[i] = (struct supervise_event){.type = SUPERVISE_EV_FOUND};
                found[i].file = (uint8_t)guard_files_load(g->unit[i], &found[i]);
                rank = unit_list_find(g->unit[i]->permit.unit, g->unit[i]->name);
                g->unit[i]->rank = rank > 0 ? (unsigned)rank : 0;
        }
        /* What is to be stopped is stopped last one first. */
        for (unsigned rank = UNIT_LIST_MAX; rank-- > 0;)
                for (size_t i = 0; i < g->n_units; i++) {
                        if (g->unit[i]->rank != rank)
                                continue;
                        r = take_up_unit(g, g->unit[i], &found[i], err);
                        if (r < 0)
                                return r;
                }
        guard_unit_order(g);
        return 0;
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
        r = guard_uids_open(g);
        if (r < 0)
                return err_setf(err, r, "cannot read the revoked lock uids in %s: %s", g->gate.dir, strerror(-r));
        if (cgroup_check(g->options.cgroup_root, &cgroup) < 0) {
                (void)snprintf(g->cgroup_error, sizeof(g->cgroup_error), "%.500s", cgroup.text);
                journal_record(LOG_ERR, JOURNAL_START, NULL, 0, "%s; no unit is permitted until then", g->cgroup_error);
        }
        r = units_new(&g->units, g->event, g->options.address, &handlers, g);
        if (r >= 0)
                /* CLOCK_BOOTTIME: after a suspend it fires at once. */
                r = sd_event_add_time(g->event, &g->timer, CLOCK_BOOTTIME, USEC_INFINITY, 1, on_timer, g);
        if (r < 0)
                return err_setf(err, r, "cannot set up the event loop: %s", strerror(-r));
        connect_units(g);
        r = take_up(g, err);
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

struct guard *guard_free(struct guard *g) {
        if (!g)
                return NULL;
        g->connection = sd_event_source_disable_unref(g->connection);
        if (g->connection_fd >= 0)
                close(g->connection_fd);
        permit_queue_clear(&g->replies);
        guard_agent_forget(g);
        guard_list_clear(g);
        for (size_t i = 0; i < g->n_units; i++)
                guard_unit_free(g->unit[i]);
        units_free(g->units);
        sd_event_source_disable_unref(g->listener);
        sd_event_source_disable_unref(g->timer);
        gate_close(&g->gate);
        sd_event_unref(g->event);
        free(g);
        return NULL;
}
