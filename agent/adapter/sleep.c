/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the system bus, asynchronous throughout, and the inhibitor as a file descriptor. What the caller is
 * told comes last in each handler: sd-bus keeps a connection alive that is closed from within. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "adapter/sleep.h"
#include "base/retry.h"

#define LOGIN         "org.freedesktop.login1"
#define LOGIN_PATH    "/org/freedesktop/login1"
#define LOGIN_MANAGER "org.freedesktop.login1.Manager"

struct sleep_watch {
        sd_event *event;
        sd_event_source *retry;
        sd_bus *bus; /* NULL: waiting for the next attempt */
        sleep_cb cb;
        void *userdata;
        int fd; /* the inhibitor, -1: none */
        bool going;
        unsigned n_failures; /* to connect, in a row */
};

static int on_inhibited(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct sleep_watch *s = userdata;
        int fd;

        /* No logind, or it refuses: nothing holds the sleep back. */
        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "h", &fd) < 0)
                return 0;
        sleep_watch_ready(s);
        s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return 0;
}

static int inhibit(struct sleep_watch *s) {
        return sd_bus_call_method_async(s->bus, NULL, LOGIN, LOGIN_PATH, LOGIN_MANAGER, "Inhibit", on_inhibited, s,
                                        "ssss", "sleep", "leader-agent",
                                        "Units under a lease stop before the host sleeps", "delay");
}

/* Nothing may follow that uses s: the callback may free it. */
static void tell(struct sleep_watch *s, bool going) {
        if (s->going == going)
                return;
        s->going = going;
        s->cb(going, s->userdata);
}

static int on_prepare(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct sleep_watch *s = userdata;
        int going;

        if (sd_bus_message_read(m, "b", &going) < 0)
                return 0;
        if (!going)
                (void)inhibit(s);
        tell(s, going);
        return 0;
}

/* Connected while the host is on its way to sleep: that was told before anybody listened. What logind tells later comes
 * after this. */
static int on_preparing(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        int going;

        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "v", "b", &going) >= 0)
                tell(userdata, going);
        return 0;
}

static int ask(struct sleep_watch *s) {
        return sd_bus_call_method_async(s->bus, NULL, LOGIN, LOGIN_PATH, "org.freedesktop.DBus.Properties", "Get",
                                        on_preparing, s, "ss", LOGIN_MANAGER, "PreparingForSleep");
}

static int again_later(struct sleep_watch *s) {
        const struct retry_limits limits = RETRY_LOGIND;
        int r = sd_event_source_set_time_relative(s->retry, retry_step_usec(++s->n_failures, &limits));

        return r < 0 ? r : sd_event_source_set_enabled(s->retry, SD_EVENT_ONESHOT);
}

/* The timer connects anew. Nobody would tell the end of a sleep now. */
static int on_disconnected(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct sleep_watch *s = userdata;

        (void)again_later(s);
        tell(s, false);
        return 0;
}

static int connect_bus(struct sleep_watch *s) {
        int r = sd_bus_open_system_with_description(&s->bus, "leader-agent-sleep");

        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(s->bus, false);
        if (r >= 0)
                r = sd_bus_attach_event(s->bus, s->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal(s->bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                        "Disconnected", on_disconnected, s);
        if (r >= 0)
                r = sd_bus_match_signal_async(s->bus, NULL, LOGIN, LOGIN_PATH, LOGIN_MANAGER, "PrepareForSleep",
                                              on_prepare, NULL, s);
        if (r >= 0)
                r = inhibit(s);
        return r < 0 ? r : ask(s);
}

static void attempt(struct sleep_watch *s) {
        s->bus = sd_bus_close_unref(s->bus);
        if (connect_bus(s) >= 0) {
                s->n_failures = 0;
                return;
        }
        s->bus = sd_bus_close_unref(s->bus);
        (void)again_later(s);
}

static int on_retry(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        attempt(userdata);
        return 0;
}

int sleep_watch_new(struct sleep_watch **ret, sd_event *event, sleep_cb cb, void *userdata, struct err *err) {
        _cleanup_(sleep_watch_freep) struct sleep_watch *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return err_setf(err, -ENOMEM, "out of memory");
        s->fd = -1;
        s->cb = cb;
        s->userdata = userdata;
        s->event = sd_event_ref(event);
        r = sd_event_add_time_relative(event, &s->retry, CLOCK_MONOTONIC, 0, USEC_PER_SEC / 10, on_retry, s);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->retry, SD_EVENT_OFF);
        if (r < 0)
                return err_setf(err, r, "cannot wait for logind: %s", strerror(-r));
        attempt(s);
        *ret = TAKE_PTR(s);
        return 0;
}

void sleep_watch_ready(struct sleep_watch *s) {
        if (s->fd >= 0)
                close(s->fd);
        s->fd = -1;
}

struct sleep_watch *sleep_watch_free(struct sleep_watch *s) {
        if (!s)
                return NULL;
        sleep_watch_ready(s);
        sd_bus_close_unref(s->bus);
        sd_event_source_disable_unref(s->retry);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}
