/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "adapter/link.h"

#define RETRY_MIN_USEC (200 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (2 * USEC_PER_SEC)

struct link {
        sd_event *event;
        const struct link_handlers *h;
        void *userdata;
        struct sockaddr_un address;
        int fd;
        uint64_t seq;
        uint64_t retry_usec;
        sd_event_source *io;
        sd_event_source *timer; /* next attempt, or at once: the broken connection is told */
        bool told_up;
        int error;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static int arm(struct link *l, uint64_t delay_usec) {
        int r;

        if (!l->timer)
                return sd_event_add_time_relative(l->event, &l->timer, CLOCK_MONOTONIC, delay_usec, 1, on_timer, l);
        r = sd_event_source_set_time_relative(l->timer, delay_usec);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
}

/* Closes; the state handler is called from the timer, so that a caller of link_send() is not re-entered. */
static void broken(struct link *l, int error) {
        l->io = sd_event_source_disable_unref(l->io);
        if (l->fd >= 0)
                l->fd = (close(l->fd), -1);
        l->error = error;
        (void)arm(l, l->told_up ? 0 : l->retry_usec);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct link *l = userdata;
        struct permit_reply reply;
        struct err err;
        ssize_t n;

        (void)source;
        (void)revents;
        for (unsigned i = 0; i < 64 && l->fd == fd; i++) {
                n = recv(fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_TRUNC);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return 0;
                if (n <= 0 || permit_reply_check(&reply, (size_t)n, &err) < 0) {
                        broken(l, n < 0 ? -errno : n == 0 ? -ECONNRESET : -EBADMSG);
                        return 0;
                }
                l->retry_usec = RETRY_MIN_USEC;
                l->h->reply(&reply, l->userdata);
        }
        return 0;
}

static int try_connect(struct link *l) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int r;

        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *)&l->address, sizeof(l->address)) < 0)
                return -errno;
        r = sd_event_add_io(l->event, &l->io, fd, EPOLLIN, on_io, l);
        if (r < 0)
                return r;
        l->fd = TAKE_FD(fd);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        struct link *l = userdata;
        int r;

        (void)source;
        (void)usec;
        if (l->told_up) {
                char why[256];

                l->told_up = false;
                (void)snprintf(why, sizeof(why), "connection to leader-guard (%s) lost: %s", l->address.sun_path,
                               strerror(-l->error));
                l->h->state(false, why, l->userdata);
                return arm(l, l->retry_usec);
        }
        if (l->fd >= 0)
                return 0;
        r = try_connect(l);
        if (r < 0) {
                char why[256];

                (void)snprintf(why, sizeof(why), "cannot connect to leader-guard (%s): %s", l->address.sun_path,
                               strerror(-r));
                l->h->state(false, why, l->userdata);
                l->retry_usec = l->retry_usec * 2 < RETRY_MAX_USEC ? l->retry_usec * 2 : RETRY_MAX_USEC;
                return arm(l, l->retry_usec);
        }
        l->told_up = true;
        l->h->state(true, "", l->userdata);
        return 0;
}

int link_new(struct link **ret, sd_event *event, const char *path, const struct link_handlers *h, void *userdata) {
        _cleanup_(link_freep) struct link *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->fd = -1;
        l->retry_usec = RETRY_MIN_USEC;
        l->h = h;
        l->userdata = userdata;
        l->event = sd_event_ref(event);
        l->address.sun_family = AF_UNIX;
        if (!util_copy(l->address.sun_path, sizeof(l->address.sun_path), path))
                return -ENAMETOOLONG;
        r = arm(l, 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

void link_free(struct link *l) {
        if (!l)
                return;
        sd_event_source_disable_unref(l->io);
        sd_event_source_disable_unref(l->timer);
        if (l->fd >= 0)
                close(l->fd);
        sd_event_unref(l->event);
        free(l);
}

int link_send(struct link *l, struct permit_request *request) {
        int r;

        if (l->fd < 0)
                return -ENOTCONN;
        request->magic = PERMIT_MAGIC;
        request->seq = ++l->seq;
        if (send(l->fd, request, sizeof(*request), MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(*request))
                return 0;
        r = errno ? -errno : -EIO;
        broken(l, r);
        return r;
}
