/* SPDX-License-Identifier: Apache-2.0 */
/* The server side. Every call to the bus is asynchronous: a hung broker must never hold up a renewal. What a method is
 * called, who may call it and what carries it out stand in one table, methods[]; what it means is its handler's. */
#include "adapter/bus.h"

#include <errno.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "base/retry.h"
#include "codec/utf8.h"

#define MAX_TEXT 1024 /* of an argument */
/* More would mean somebody fills our memory with calls whose sender the broker does not tell. */
#define MAX_PENDING 64

struct pending;
struct method;

struct bus {
        sd_event *event;
        sd_bus *bus; /* NULL: waiting for the next attempt */
        sd_event_source *retry;
        unsigned attempts; /* in vain, in a row */
        const struct bus_handlers *handlers;
        void *userdata;
        struct pending *pending; /* list */
        unsigned n_pending;
        uint64_t last_call; /* number of the last one that a handler may leave open */
        bool named;
        char error[256], told[256];
};

/* A call whose sender is being asked for, or that its handler left open. Kept in a list of ours: the message holds the
 * connection, so the connection cannot be what frees it. */
struct pending {
        struct pending *next;
        struct bus *bus;
        const struct method *method;
        sd_bus_message *call;
        sd_bus_slot *slot;
        uint64_t number; /* left open; 0: not */
};

static struct pending *pending_new(struct bus *b, const struct method *method, sd_bus_message *call) {
        struct pending *p = malloc(sizeof(*p));

        if (!p)
                return NULL;
        *p = (struct pending){.next = b->pending, .bus = b, .method = method, .call = sd_bus_message_ref(call)};
        b->pending = p;
        b->n_pending++;
        return p;
}

static struct pending *pending_free(struct pending *p) {
        struct pending **at;

        if (!p)
                return NULL;
        at = &p->bus->pending;
        while (*at && *at != p)
                at = &(*at)->next;
        if (*at) {
                *at = p->next;
                p->bus->n_pending--;
        }
        sd_bus_slot_unref(p->slot);
        sd_bus_message_unref(p->call);
        free(p);
        return NULL;
}

DEFINE_CLEANUP(struct pending *, pending_free)

static void disconnect(struct bus *b) {
        while (b->pending)
                (void)pending_free(b->pending); /* which takes it out of the list */
        b->bus = sd_bus_close_unref(b->bus);
        b->named = false;
}

static void tell(struct bus *b) {
        if (util_streq(b->error, b->told))
                return;
        memcpy(b->told, b->error, sizeof(b->told));
        b->handlers->trouble(b->userdata, b->error);
}

/* Never frees the connection here: this runs inside its callbacks. The timer does. */
static void lose(struct bus *b, int r, const char *what) {
        (void)snprintf(b->error, sizeof(b->error), "%s: %s", what, strerror(r < 0 ? -r : r));
        b->named = false;
        b->attempts++;
        (void)sd_event_source_set_time_relative(b->retry, retry_step_usec(b->attempts, &RETRY_SYSTEM_BUS));
        (void)sd_event_source_set_enabled(b->retry, SD_EVENT_ONESHOT);
        tell(b);
}

/* A text cut in the middle of a letter, or one that quotes a broken peer, must not cost the connection. */
static int reply_error(sd_bus_message *call, int r, struct err *why) {
        (void)utf8_fix(why->text);
        /* Only this one can be forced. */
        return sd_bus_reply_method_errorf(call,
                                          r == -EBUSY && util_streq(sd_bus_message_get_member(call), "StepDown")
                                                  ? BUS_ERROR_REFUSED
                                                  : BUS_ERROR_FAILED,
                                          "%s", why->text[0] ? why->text : strerror(-r));
}

/* ---- methods: each runs a handler and answers. Negative errno: bad arguments, or the answer cannot be sent. ---- */

/* The answer of a handler that returned r and has no text to give. */
static int reply_done(sd_bus_message *call, int r, struct err *why) {
        return r < 0 ? reply_error(call, r, why) : sd_bus_reply_method_return(call, NULL);
}

static int run_status(struct bus *b, sd_bus_message *call) {
        _cleanup_free_ char *json = NULL;
        int r = b->handlers->status(b->userdata, &json);

        if (r < 0)
                return reply_error(call, r, &(struct err){});
        return sd_bus_reply_method_return(call, "s", utf8_fix(json));
}

static int step_down(struct bus *b, sd_bus_message *call, bool force) {
        _cleanup_(pending_freep) struct pending *open = NULL;
        const char *lock, *reason;
        struct err why = {};
        int r = sd_bus_message_read(call, "ss", &lock, &reason);

        if (r < 0)
                return r;
        if (strlen(lock) > MAX_TEXT || strlen(reason) > MAX_TEXT)
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "argument longer than %d bytes",
                                                  MAX_TEXT);
        open = pending_new(b, NULL, call);
        if (!open)
                return -ENOMEM;
        open->number = ++b->last_call;
        r = b->handlers->step_down(b->userdata, lock, reason, force, open->number, &why);
        if (r > 0) {
                TAKE_PTR(open);
                return 1;
        }
        return reply_done(call, r, &why);
}

static int run_step_down(struct bus *b, sd_bus_message *call) {
        return step_down(b, call, /* force= */ false);
}

static int run_force_step_down(struct bus *b, sd_bus_message *call) {
        return step_down(b, call, /* force= */ true);
}

void bus_answer(struct bus *b, uint64_t call, int r, struct err *err) {
        for (struct pending *p = b ? b->pending : NULL; p; p = p->next)
                if (p->number == call) {
                        (void)reply_done(p->call, r, err);
                        (void)pending_free(p);
                        return;
                }
}

static int run_reload(struct bus *b, sd_bus_message *call) {
        struct err why = {};
        int r = b->handlers->reload(b->userdata, &why);

        return reply_done(call, r, &why);
}

/* Arguments and results: vtable[]. */
static const struct method {
        const char *name;
        bool root_only;
        int (*run)(struct bus *b, sd_bus_message *call);
} methods[] = {
        {"Status", false, run_status},
        {"StepDown", true, run_step_down},
        {"ForceStepDown", true, run_force_step_down},
        {"Reload", true, run_reload},
};

static int on_sender(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error) {
        _cleanup_(pending_freep) struct pending *p = userdata;
        uint32_t uid = UINT32_MAX;
        int r = sd_bus_message_get_errno(reply) > 0 ? -EACCES : sd_bus_message_read(reply, "u", &uid);

        /* (ExecReload= runs as the agent does) */
        if (r < 0 || (uid != 0 && !(p->method->run == run_reload && uid == geteuid())))
                r = sd_bus_reply_method_errorf(p->call, SD_BUS_ERROR_ACCESS_DENIED, "only root may do this");
        else
                r = p->method->run(p->bus, p->call);
        /* What cannot be answered is not answered; the caller has a time-out. */
        return r < 0 ? 0 : 1;
}

/* Asks the broker who calls, on_sender() goes on with the answer. The D-Bus policy refuses others already; this is for
 * hosts where it was not installed or was widened. */
static int ask_sender(struct bus *b, const struct method *method, sd_bus_message *call) {
        _cleanup_(pending_freep) struct pending *p = NULL;
        const char *sender = sd_bus_message_get_sender(call);
        int r;

        if (!sender || b->n_pending >= MAX_PENDING)
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_LIMITS_EXCEEDED, "too many calls at once");
        p = pending_new(b, method, call);
        if (!p)
                return -ENOMEM;
        r = sd_bus_call_method_async(b->bus, &p->slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetConnectionUnixUser", on_sender, p, "s", sender);
        if (r < 0)
                return r;
        TAKE_PTR(p);
        return 1;
}

static int on_call(sd_bus_message *call, void *userdata, _unused_ sd_bus_error *error) {
        struct bus *b = userdata;

        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (util_streq(sd_bus_message_get_member(call), methods[i].name))
                        return methods[i].root_only ? ask_sender(b, &methods[i], call) : methods[i].run(b, call);
        return 0; /* cannot be: vtable and table have the same names */
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Status", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), on_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StepDown", SD_BUS_ARGS("s", lock, "s", reason), SD_BUS_NO_RESULT, on_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ForceStepDown", SD_BUS_ARGS("s", lock, "s", reason), SD_BUS_NO_RESULT, on_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("StatusChanged", "", 0),
        SD_BUS_VTABLE_END,
};

/* ---- the connection ---- */

static int on_name(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error) {
        struct bus *b = userdata;
        uint32_t answer = 0;
        int refused = sd_bus_message_get_errno(reply);

        if (refused > 0) {
                lose(b, refused, "cannot own " BUS_NAME " on the system bus");
                return 1;
        }
        /* 1: primary owner, 4: already so. */
        if (sd_bus_message_read(reply, "u", &answer) < 0 || (answer != 1 && answer != 4)) {
                lose(b, -EEXIST, BUS_NAME " is taken on the system bus");
                return 1;
        }
        b->named = true;
        b->error[0] = '\0';
        b->attempts = 0;
        tell(b);
        return 1;
}

static int on_disconnected(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        lose(userdata, -ECONNRESET, "lost the system bus");
        return 1;
}

static int connect_bus(struct bus *b) {
        sd_bus *bus = NULL;
        int r = sd_bus_open_system_with_description(&bus, "leader-agent");

        b->bus = bus;
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(bus, false);
        if (r >= 0)
                r = sd_bus_attach_event(bus, b->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                        "Disconnected", on_disconnected, b);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_NAME, vtable, b);
        /* Without queueing: a name that somebody else has is asked for again by the timer, and reported until then. */
        if (r >= 0)
                r = sd_bus_request_name_async(bus, NULL, BUS_NAME, 0, on_name, b);
        return r < 0 ? r : 0;
}

static void attempt(struct bus *b) {
        int r;

        disconnect(b);
        r = connect_bus(b);
        if (r < 0) {
                disconnect(b);
                lose(b, r, "no system bus");
        }
}

static int on_retry(_unused_ sd_event_source *s, _unused_ uint64_t usec, void *userdata) {
        attempt(userdata);
        return 0;
}

int bus_serve(struct bus **ret, sd_event *event, const struct bus_handlers *h, void *userdata, struct err *err) {
        _cleanup_(bus_freep) struct bus *b = malloc(sizeof(*b));
        int r;

        if (!b)
                return err_setf(err, -ENOMEM, "out of memory");
        *b = (struct bus){.event = sd_event_ref(event), .handlers = h, .userdata = userdata};
        r = sd_event_add_time_relative(event, &b->retry, CLOCK_MONOTONIC, 0, USEC_PER_SEC / 10, on_retry, b);
        if (r >= 0)
                r = sd_event_source_set_enabled(b->retry, SD_EVENT_OFF);
        if (r < 0)
                return err_setf(err, r, "cannot watch the system bus: %s", strerror(-r));
        attempt(b);
        *ret = TAKE_PTR(b);
        return 0;
}

struct bus *bus_free(struct bus *b) {
        if (!b)
                return NULL;
        /* No flush: it waits for the broker. What the socket takes at once has been sent. */
        disconnect(b);
        sd_event_source_disable_unref(b->retry);
        sd_event_unref(b->event);
        free(b);
        return NULL;
}

void bus_status_changed(struct bus *b) {
        if (b && b->named)
                (void)sd_bus_emit_signal(b->bus, BUS_PATH, BUS_NAME, "StatusChanged",
                                         NULL); /* lost with the connection */
}
