/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <systemd/sd-bus.h>

#include "adapter/sleep.h"

#define LOGIN         "org.freedesktop.login1"
#define LOGIN_PATH    "/org/freedesktop/login1"
#define LOGIN_MANAGER "org.freedesktop.login1.Manager"

struct sleep_watch {
        sd_bus *bus;
        sleep_cb cb;
        void *userdata;
        int fd; /* the inhibitor, -1: none */
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

static int on_prepare(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct sleep_watch *s = userdata;
        int going;

        if (sd_bus_message_read(m, "b", &going) < 0)
                return 0;
        if (!going)
                (void)inhibit(s);
        s->cb(going, s->userdata);
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
        r = sd_bus_open_system(&s->bus);
        if (r >= 0)
                r = sd_bus_attach_event(s->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal_async(s->bus, NULL, LOGIN, LOGIN_PATH, LOGIN_MANAGER, "PrepareForSleep",
                                              on_prepare, NULL, s);
        if (r >= 0)
                r = inhibit(s);
        if (r < 0)
                return err_setf(err, r, "cannot ask logind to be told before the host sleeps: %s", strerror(-r));
        *ret = TAKE_PTR(s);
        return 0;
}

void sleep_watch_ready(struct sleep_watch *s) {
        if (s->fd >= 0)
                close(s->fd);
        s->fd = -1;
}

void sleep_watch_free(struct sleep_watch *s) {
        if (!s)
                return;
        sleep_watch_ready(s);
        sd_bus_close_unref(s->bus);
        free(s);
}
