/* SPDX-License-Identifier: Apache-2.0 */
/* The end that asks for a plugin to be run: connects, sends, collects the answer, all on the loop. */
#include "adapter/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* Beyond the plugin's own time: for its death and the answer. */
#define GRACE_USEC (5 * USEC_PER_SEC)

struct exec {
        int fd;
        sd_event_source *io, *timer;
        exec_cb cb;
        void *userdata;
        char *request; /* wiped as soon as it is sent */
        size_t n_request, sent;
        struct exec_answer_head head;
        size_t n_head;
        char *output;
        size_t n;
};

static void forget_request(struct exec *e) {
        if (e->request)
                explicit_bzero(e->request, e->n_request);
        free(TAKE_PTR(e->request));
}

static void hang_up(struct exec *e) {
        e->io = sd_event_source_disable_unref(e->io);
        e->timer = sd_event_source_disable_unref(e->timer);
        if (e->fd >= 0)
                close(TAKE_FD(e->fd));
        forget_request(e);
}

struct exec *exec_free(struct exec *e) {
        if (!e)
                return NULL;
        hang_up(e);
        if (e->output)
                explicit_bzero(e->output, e->head.n_bytes);
        free(e->output);
        free(e);
        return NULL;
}

/* text NULL: the answer is there. The callback may free e. */
static int tell(struct exec *e, const char *text) {
        _cleanup_free_ char *output = TAKE_PTR(e->output);
        struct exec_result result = {.answered = !text,
                                     .end = (enum exec_end)e->head.end,
                                     .code = e->head.code,
                                     .output = output ? output : "",
                                     .n = e->n,
                                     .text = text ? text : ""};

        hang_up(e);
        e->cb(&result, e->userdata);
        if (output)
                explicit_bzero(output, result.n);
        return 0;
}

static int send_some(struct exec *e) {
        while (e->sent < e->n_request) {
                ssize_t k = send(e->fd, e->request + e->sent, e->n_request - e->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (k < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                e->sent += (size_t)k;
        }
        forget_request(e);
        return sd_event_source_set_io_events(e->io, EPOLLIN);
}

/* 1: the answer is whole. */
static int receive_some(struct exec *e) {
        for (;;) {
                bool in_head = e->n_head < sizeof(e->head);
                ssize_t k =
                        in_head ? recv(e->fd, (char *)&e->head + e->n_head, sizeof(e->head) - e->n_head, MSG_DONTWAIT)
                                : recv(e->fd, e->output + e->n, e->head.n_bytes - e->n, MSG_DONTWAIT);

                if (k == 0)
                        return -ECONNRESET;
                if (k < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                if (!in_head)
                        e->n += (size_t)k;
                else {
                        e->n_head += (size_t)k;
                        if (e->n_head < sizeof(e->head))
                                continue;
                        if (exec_answer_check(&e->head) < 0)
                                return -EBADMSG;
                        e->output = calloc((size_t)e->head.n_bytes + 1, 1);
                        if (!e->output)
                                return -ENOMEM;
                }
                if (e->n == e->head.n_bytes)
                        return 1;
        }
}

static int on_io(_unused_ sd_event_source *source, _unused_ int fd, uint32_t events, void *userdata) {
        struct exec *e = userdata;
        char text[200];
        int r = events & EPOLLOUT ? send_some(e) : 0;

        /* Who refuses a request answers before all of it was read. */
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
                int answered = receive_some(e);

                r = answered != 0 ? answered : r;
        }
        if (r > 0)
                return tell(e, NULL);
        if (r == 0)
                return 0;
        (void)snprintf(text, sizeof(text), "what runs it ended without an answer (%s)", strerror(-r));
        return tell(e, text);
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        return tell(userdata, "who runs the plugin does not answer");
}

static int connect_to(const char *path, struct err *err) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (fd < 0)
                return err_setf(err, -errno, "cannot make a socket: %m");
        if (!util_copy(address.sun_path, sizeof(address.sun_path), path))
                return err_setf(err, -ENAMETOOLONG, "%s: path too long for a socket", path);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return err_setf(err, -errno, "cannot have a plugin run at %s: %m", path);
        return TAKE_FD(fd);
}

/* A child of a child: nobody has to wait for it. */
static int spawn(struct err *err) {
        int pair[2];
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return err_setf(err, -errno, "cannot make a socket: %m");
        pid = fork();
        if (pid == 0) {
                pid = fork();
                if (pid != 0)
                        _exit(pid < 0);
                /* No connection of ours stays open for it. */
                if (dup2(pair[1], STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
                        _exit(1);
                (void)signal(SIGCHLD, SIG_DFL); /* else there were nothing to wait for */
                _exit(exec_serve(STDIN_FILENO) < 0);
        }
        close(pair[1]);
        /* Who started us may ignore the deaths of children, and so do we then: there is none to wait for. */
        if (pid < 0 || (waitpid(pid, NULL, 0) < 0 && errno != ECHILD)) {
                int r = -errno;

                close(pair[0]);
                return err_setf(err, r, "cannot start a process: %s", strerror(-r));
        }
        return pair[0];
}

int exec_start(struct exec **ret, sd_event *event, const char *socket, const struct exec_order *order, exec_cb cb,
               void *userdata, struct err *err) {
        _cleanup_(exec_freep) struct exec *e = calloc(1, sizeof(*e));
        int r;

        if (!e)
                return -ENOMEM;
        *e = (struct exec){.fd = -1, .cb = cb, .userdata = userdata};
        r = exec_request_build(order, &e->request, &e->n_request);
        if (r < 0)
                return err_setf(err, r, "its arguments and environment are larger than %zu KiB",
                                EXEC_REQUEST_MAX / 1024);
        e->fd = socket ? connect_to(socket, err) : spawn(err);
        if (e->fd < 0)
                return e->fd;
        r = sd_event_add_io(event, &e->io, e->fd, EPOLLIN | EPOLLOUT, on_io, e);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &e->timer, CLOCK_BOOTTIME, order->timeout_usec + GRACE_USEC, 0,
                                               on_timer, e);
        if (r < 0)
                return err_setf(err, r, "cannot wait for it: %s", strerror(-r));
        *ret = TAKE_PTR(e);
        return 0;
}
