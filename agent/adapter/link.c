/* SPDX-License-Identifier: Apache-2.0 */
/* One socket, one timer, and what waits for room in the socket: a full one is no broken one. Handlers run as the last
 * thing that on_io() or on_timer() does: whatever they do to the link meets nobody who still works on it. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "adapter/link.h"
#include "base/clock.h"
#include "base/retry.h"
#include "codec/permit_queue.h"

/* One who was refused says nothing on the next connection until the guard had that long to refuse it again. Longer than
 * the agent that is the first one needs to come back to a guard that was restarted. */
#define QUIET_USEC (500 * USEC_PER_MSEC)
/* More than its socket holds. */
#define LAST_WORDS_MAX 256
/* A connection on which the guard spoke and that lasted so long was a good one: the pauses begin anew. Any sooner, and
 * one that each burst breaks would be made again, and burst upon, five times a second. */
#define STEADY_USEC (10 * USEC_PER_SEC)

struct link {
        sd_event *event;
        const struct link_handlers *h;
        void *userdata;
        struct sockaddr_un address;
        int fd;
        uint64_t seq;
        struct permit_queue queue; /* said on this connection, and not sent yet */
        bool writing;              /* io waits for room, too */
        uint64_t connected_usec;
        bool heard;          /* the guard spoke on this connection */
        unsigned n_failures; /* since the last good connection */
        sd_event_source *io;
        sd_event_source *timer; /* next attempt, or at once: the broken connection is told */
        bool told_up;
        bool broke; /* the connection that there was; to be told */
        int error;
        char refused[sizeof(((struct permit_reply *)NULL)->text)]; /* what the guard said to a second agent; empty: it
                                                                    * takes us, as far as we know */
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

static int arm_retry(struct link *l) {
        const struct retry_limits limits = RETRY_GUARD_LINK;

        return arm(l, retry_step_usec(++l->n_failures, &limits));
}

/* What the guard said before it hung up may still be there, behind a reset because it did not read ours. */
static void hear_refusal(struct link *l) {
        struct permit_reply reply;
        struct err err;
        ssize_t n;

        for (unsigned i = 0; i < LAST_WORDS_MAX; i++) {
                n = recv(l->fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_TRUNC);
                if (n == 0 || (n < 0 && errno != ECONNRESET))
                        return;
                if (n > 0 && permit_reply_check(&reply, (size_t)n, &err) == 0 && reply.result == GUARD_REFUSED_AGENT)
                        (void)util_copy(l->refused, sizeof(l->refused), reply.text);
        }
}

/* Closes; the state handler is called from the timer, so that a caller of link_send() is not re-entered. */
static void broken(struct link *l, int error) {
        l->refused[0] = '\0';
        if (l->fd >= 0)
                hear_refusal(l);
        l->io = sd_event_source_disable_unref(l->io);
        if (l->fd >= 0)
                l->fd = (close(l->fd), -1);
        /* The core says everything again on the next one; a permit of before must not be among it. */
        permit_queue_clear(&l->queue);
        if (l->heard && clock_monotonic_usec() - l->connected_usec >= STEADY_USEC)
                l->n_failures = 0;
        l->error = error;
        l->broke = true;
        (void)arm(l, 0); /* fails only when the loop has ended */
}

/* Sends what there is room for; for the rest, io says when there is more. Returns 0, or negative errno: broken. */
static int flush(struct link *l) {
        struct permit_request *q;
        bool full;
        int r = 0;

        while ((q = permit_queue_next_request(&l->queue))) {
                q->seq = l->seq + 1;
                if (send(l->fd, q, sizeof(*q), MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof(*q)) {
                        r = errno ? -errno : -EIO;
                        break;
                }
                l->seq++;
                permit_queue_pop(&l->queue);
        }
        full = r == -EAGAIN || r == -EINTR;
        if (full)
                r = 0;
        if (r == 0 && full != l->writing)
                r = sd_event_source_set_io_events(l->io, full ? EPOLLIN | EPOLLOUT : EPOLLIN);
        l->writing = full;
        if (r < 0)
                broken(l, r);
        return r < 0 ? r : 0;
}

/* One reply; the rest makes the socket readable again at once. */
static int on_io(_unused_ sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct link *l = userdata;
        struct permit_reply reply;
        struct err err;
        ssize_t n;

        if (revents & EPOLLOUT && flush(l) < 0)
                return 0;
        n = recv(fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0 || permit_reply_check(&reply, (size_t)n, &err) < 0) {
                broken(l, n < 0 ? -errno : n == 0 ? -ECONNRESET : -EBADMSG);
                return 0;
        }
        if (reply.result == GUARD_REFUSED_AGENT) {
                broken(l, -EBUSY);
                (void)util_copy(l->refused, sizeof(l->refused), reply.text);
                return 0;
        }
        l->heard = true;
        l->h->reply(&reply, l->userdata); /* may have freed l */
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
        l->writing = l->heard = false;
        l->connected_usec = clock_monotonic_usec();
        return 0;
}

/* Tells that there is no connection. Nothing may follow that uses l. */
static void tell_down(struct link *l, int error) {
        char why[sizeof(l->refused)];

        if (l->refused[0])
                (void)util_copy(why, sizeof(why), l->refused);
        else
                (void)snprintf(why, sizeof(why), "%s leader-guard (%s)%s: %s",
                               l->broke ? "connection to" : "cannot connect to", l->address.sun_path,
                               l->broke ? " lost" : "",
                               error == -ENOBUFS ? "it does not read what it is told" : strerror(-error));
        l->broke = l->told_up = false;
        l->h->state(false, why, l->userdata);
}

/* Nothing may follow that uses l. */
static void tell_up(struct link *l) {
        l->refused[0] = '\0';
        l->told_up = true;
        l->h->state(true, "", l->userdata);
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        struct link *l = userdata;
        int error = l->error, r;

        if (!l->broke && l->fd < 0) {
                error = try_connect(l);
                if (error >= 0 && l->refused[0])
                        return arm(l, QUIET_USEC);
                if (error < 0)
                        l->refused[0] = '\0';
        }
        if (l->fd >= 0) {
                if (!l->told_up)
                        tell_up(l);
                return 0;
        }
        r = arm_retry(l);
        if (r < 0)
                return r;
        tell_down(l, error);
        return 0;
}

int link_new(struct link **ret, sd_event *event, const char *path, const struct link_handlers *h, void *userdata) {
        _cleanup_(link_freep) struct link *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->fd = -1;
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

struct link *link_free(struct link *l) {
        if (!l)
                return NULL;
        sd_event_source_disable_unref(l->io);
        sd_event_source_disable_unref(l->timer);
        if (l->fd >= 0)
                close(l->fd);
        permit_queue_clear(&l->queue);
        sd_event_unref(l->event);
        free(l);
        return NULL;
}

int link_send(struct link *l, struct permit_request *request) {
        int r;

        if (l->fd < 0)
                return -ENOTCONN;
        request->magic = PERMIT_MAGIC;
        r = permit_queue_request(&l->queue, request);
        if (r < 0) {
                broken(l, r);
                return r;
        }
        return flush(l);
}

bool link_is_refused(const struct link *l) {
        return l->refused[0] != '\0';
}
