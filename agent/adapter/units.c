/* SPDX-License-Identifier: Apache-2.0 */
/* The connection to PID 1, calls and signals. Never waits, never flushes: a peer that does not read must not hold up
 * the caller's deadlines (ARCHITECTURE 5, claim 6). What a unit's properties mean is in units_facts.c. */
#include <errno.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "adapter/units.h"
#include "adapter/units_facts.h"
#include "base/clock.h"

#define DESTINATION     "org.freedesktop.systemd1"
#define MANAGER_PATH    "/org/freedesktop/systemd1"
#define MANAGER         "org.freedesktop.systemd1.Manager"
#define UNIT_PATH       "/org/freedesktop/systemd1/unit"
#define NO_SUCH_UNIT    "org.freedesktop.systemd1.NoSuchUnit"
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"

struct units {
        sd_event *event;
        const char *address;
        const struct units_handlers *handlers;
        void *userdata;
        sd_bus *bus;
        bool direct; /* a peer, without a bus daemon between */
        struct units_call *calls;
};

struct units_call {
        struct units *units; /* NULL once answered */
        uint64_t sent_usec, limit_usec;
        struct units_call *next;
        sd_bus_slot *slot;
        units_fn fn;
        units_names_fn names_fn; /* CALL_ORDER has this one */
        void *userdata;
        enum {
                CALL_READ,
                CALL_ORDER,
                CALL_START,
                CALL_STOP,
                CALL_RELOAD
        } kind;
};

/* A direct peer has no names. */
static const char *destination(const struct units *u) {
        return u->direct ? NULL : DESTINATION;
}

static void detach(struct units_call *c) {
        if (!c->units)
                return;
        for (struct units_call **p = &c->units->calls; *p; p = &(*p)->next)
                if (*p == c) {
                        *p = c->next;
                        break;
                }
        c->units = NULL;
}

struct units_call *units_call_free(struct units_call *c) {
        if (!c)
                return NULL;
        detach(c);
        sd_bus_slot_unref(c->slot);
        free(c);
        return NULL;
}

/* The callback may free the call, so it is not touched afterwards. */
static void answer(struct units_call *c, enum units_answer a, const char *text, const struct enroll_facts *facts) {
        units_fn fn = c->fn;
        units_names_fn names_fn = c->names_fn;
        void *userdata = c->userdata;

        detach(c);
        if (names_fn)
                names_fn(a, text ? text : "", NULL, userdata);
        else
                fn(a, text ? text : "", facts, userdata);
}

static void answer_names(struct units_call *c, char *const *names) {
        units_names_fn fn = c->names_fn;
        void *userdata = c->userdata;

        detach(c);
        fn(UNITS_OK, "", names, userdata);
}

/* sd_bus_flush waits for a peer that does not read: never do that here, close only. */
static void drop_bus(struct units *u) {
        if (!u->bus)
                return;
        (void)sd_bus_detach_event(u->bus);
        u->bus = sd_bus_close_unref(u->bus);
}

static void lose(struct units *u, const char *why) {
        drop_bus(u);
        while (u->calls)
                answer(u->calls, UNITS_LOST, why, NULL);
        u->handlers->lost(why, u->userdata);
}

int units_new(struct units **ret, sd_event *event, const char *address, const struct units_handlers *h,
              void *userdata) {
        struct units *u = calloc(1, sizeof(*u));

        if (!u)
                return -ENOMEM;
        u->event = sd_event_ref(event);
        u->address = address;
        u->handlers = h;
        u->userdata = userdata;
        *ret = u;
        return 0;
}

struct units *units_free(struct units *u) {
        if (!u)
                return NULL;
        while (u->calls) {
                struct units_call *c = u->calls;

                detach(c);
                c->slot = sd_bus_slot_unref(c->slot);
        }
        drop_bus(u);
        sd_event_unref(u->event);
        free(u);
        return NULL;
}

bool units_connected(const struct units *u) {
        return u->bus != NULL;
}

/* Runs last when a connection ends, after every reply callback. */
static int on_disconnected(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        lose(userdata, "the connection to systemd was closed");
        return 0;
}

static int on_manager_signal(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct units *u = userdata;
        const char *unit, *path, *result;
        uint32_t id;
        int active;

        if (sd_bus_message_is_signal(m, MANAGER, "JobRemoved") > 0) {
                if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) > 0)
                        u->handlers->changed(unit, u->userdata);
        } else if (sd_bus_message_is_signal(m, MANAGER, "Reloading") > 0) {
                if (sd_bus_message_read(m, "b", &active) > 0 && !active)
                        u->handlers->changed(NULL, u->userdata);
        }
        return 0;
}

static int on_properties_changed(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        _cleanup_free_ char *unit = NULL;
        struct enroll_facts news;
        struct units *u = userdata;

        if (sd_bus_path_decode(sd_bus_message_get_path(m), UNIT_PATH, &unit) <= 0)
                return 0;
        if (u->handlers->told && units_facts_parse_changes(m, &news) >= 0)
                u->handlers->told(unit, &news, u->userdata);
        u->handlers->changed(unit, u->userdata);
        return 0;
}

static int open_direct(sd_bus **ret, const char *address) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(bus);
        return 0;
}

static int subscribe(struct units *u) {
        static const char manager_rule[] = "type='signal',interface='" MANAGER "',path='" MANAGER_PATH "'";
        static const char changed_rule[] = "type='signal',interface='org.freedesktop.DBus.Properties',"
                                           "member='PropertiesChanged',path_namespace='" UNIT_PATH "'";
        int r;

        r = sd_bus_match_signal_async(u->bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                      "Disconnected", on_disconnected, NULL, u);
        if (r < 0)
                return r;
        r = sd_bus_add_match_async(u->bus, NULL, manager_rule, on_manager_signal, NULL, u);
        if (r < 0)
                return r;
        r = sd_bus_add_match_async(u->bus, NULL, changed_rule, on_properties_changed, NULL, u);
        if (r < 0)
                return r;
        return sd_bus_call_method_async(u->bus, NULL, destination(u), MANAGER_PATH, MANAGER, "Subscribe", NULL, NULL,
                                        NULL);
}

int units_connect(struct units *u, struct err *err) {
        const char *address = u->address ? u->address : PRIVATE_ADDRESS;
        int r;

        if (u->bus)
                return 0;
        u->direct = true;
        r = open_direct(&u->bus, address);
        if (r < 0 && !u->address) {
                u->direct = false;
                r = sd_bus_open_system(&u->bus);
        }
        if (r < 0)
                return err_setf(err, r, "cannot reach systemd at %s%s: %s", address,
                                u->address ? "" : " nor over the system bus", strerror(-r));
        r = sd_bus_attach_event(u->bus, u->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = subscribe(u);
        if (r < 0) {
                drop_bus(u);
                return err_setf(err, r, "cannot listen to systemd: %s", strerror(-r));
        }
        u->handlers->changed(NULL, u->userdata);
        return 0;
}

static bool gone(const sd_bus_error *e) {
        return sd_bus_error_has_names(e, SD_BUS_ERROR_DISCONNECTED, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                      SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NO_SERVER) > 0;
}

/* Returns 0 when it was answered. */
static int read_names(sd_bus_message *m, struct units_call *c) {
        char **names = NULL;
        int r = sd_bus_message_enter_container(m, 'v', "as");

        if (r >= 0)
                r = sd_bus_message_read_strv(m, &names);
        if (r < 0)
                return r;
        answer_names(c, names ? names : (char *[]){NULL});
        for (size_t i = 0; names && names[i]; i++)
                free(names[i]);
        free(names);
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct units_call *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        struct enroll_facts facts;
        char text[512];
        int r;

        if (!c->units)
                return 0;
        if (e && c->kind == CALL_READ && sd_bus_error_has_name(e, NO_SUCH_UNIT)) {
                facts = (struct enroll_facts){
                        .load_state = "not-found", .active_state = "inactive", .sub_state = "dead"};
                answer(c, UNITS_OK, NULL, &facts);
                return 0;
        }
        if (e && c->kind == CALL_ORDER && sd_bus_error_has_name(e, NO_SUCH_UNIT)) {
                answer_names(c, (char *[]){NULL});
                return 0;
        }
        if (e && !(c->kind == CALL_STOP && sd_bus_error_has_name(e, NO_SUCH_UNIT))) {
                enum units_answer a = UNITS_REFUSED;

                (void)snprintf(text, sizeof(text), "%s (%s)", e->message ? e->message : "error", e->name);
                /* Our own limit and a peer that went away both read NoReply. */
                if (sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY) || sd_bus_error_has_name(e, SD_BUS_ERROR_TIMEOUT))
                        a = clock_monotonic_usec() - c->sent_usec >= c->limit_usec ? UNITS_TIMEOUT : UNITS_LOST;
                else if (gone(e))
                        a = UNITS_LOST;
                answer(c, a, text, NULL);
                return 0;
        }
        if (c->kind == CALL_ORDER) {
                r = read_names(m, c); /* the call may be gone then */
                if (r == 0)
                        return 0;
        } else if (c->kind == CALL_READ)
                r = units_facts_parse(m, &facts);
        else {
                answer(c, UNITS_OK, NULL, NULL);
                return 0;
        }
        if (r < 0) {
                (void)snprintf(text, sizeof(text), "systemd's answer cannot be read: %s", strerror(-r));
                answer(c, UNITS_REFUSED, text, NULL);
        } else
                answer(c, UNITS_OK, NULL, &facts);
        return 0;
}

static int send_call(struct units *u, struct units_call **ret, sd_bus_message *m, uint64_t limit_usec, int kind,
                     units_fn fn, void *userdata) {
        _cleanup_(units_call_freep) struct units_call *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->fn = fn;
        c->userdata = userdata;
        c->kind = kind;
        c->limit_usec = limit_usec;
        c->sent_usec = clock_monotonic_usec();
        r = sd_bus_call_async(u->bus, &c->slot, m, on_reply, c, limit_usec);
        if (r < 0)
                return r;
        c->units = u;
        c->next = u->calls;
        u->calls = c;
        *ret = TAKE_PTR(c);
        return 0;
}

int units_read_order(struct units *u, struct units_call **ret, const char *unit, const char *property,
                     units_names_fn fn, void *userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        if (!u->bus)
                return -ENOTCONN;
        r = sd_bus_path_encode(UNIT_PATH, unit, &path);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(u->bus, &m, destination(u), path, "org.freedesktop.DBus.Properties", "Get");
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", "org.freedesktop.systemd1.Unit", property);
        if (r < 0)
                return r;
        r = send_call(u, ret, m, UNITS_READ_USEC, CALL_ORDER, NULL, userdata);
        if (r >= 0)
                (*ret)->names_fn = fn;
        return r;
}

int units_read(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        if (!u->bus)
                return -ENOTCONN;
        r = sd_bus_path_encode(UNIT_PATH, unit, &path);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(u->bus, &m, destination(u), path, "org.freedesktop.DBus.Properties",
                                           "GetAll");
        if (r < 0)
                return r;
        /* An empty interface: all of them, in one answer. */
        r = sd_bus_message_append(m, "s", "");
        if (r < 0)
                return r;
        return send_call(u, ret, m, UNITS_READ_USEC, CALL_READ, fn, userdata);
}

static int job(struct units *u, struct units_call **ret, int kind, const char *method, const char *unit,
               const char *mode, uint64_t limit_usec, units_fn fn, void *userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(u->bus, &m, destination(u), MANAGER_PATH, MANAGER, method);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ss", unit, mode);
        if (r < 0)
                return r;
        return send_call(u, ret, m, limit_usec, kind, fn, userdata);
}

int units_start(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata) {
        int r;

        if (!u->bus)
                return -ENOTCONN;
        /* A unit that failed, or hit its start limit, in an earlier term. Not loaded: no answer is wanted anyway. */
        r = sd_bus_call_method_async(u->bus, NULL, destination(u), MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL, NULL,
                                     "s", unit);
        if (r < 0)
                return r;
        return job(u, ret, CALL_START, "StartUnit", unit, "replace", UNITS_START_USEC, fn, userdata);
}

int units_stop(struct units *u, struct units_call **ret, const char *unit, bool alone, units_fn fn, void *userdata) {
        if (!u->bus)
                return -ENOTCONN;
        return job(u, ret, CALL_STOP, "StopUnit", unit, alone ? "ignore-dependencies" : "replace", UNITS_STOP_USEC, fn,
                   userdata);
}

int units_reload(struct units *u, struct units_call **ret, units_fn fn, void *userdata) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (!u->bus)
                return -ENOTCONN;
        r = sd_bus_message_new_method_call(u->bus, &m, destination(u), MANAGER_PATH, MANAGER, "Reload");
        if (r < 0)
                return r;
        return send_call(u, ret, m, UNITS_RELOAD_USEC, CALL_RELOAD, fn, userdata);
}
