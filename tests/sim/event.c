/* SPDX-License-Identifier: Apache-2.0 */
/* The part of sd-event that agent and guard use, on virtual time. */
#include <errno.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "world.h"

struct sd_event_source {
        struct sd_event *event;
        struct sd_event_source *next;
        bool used;
        int fd; /* -1: a timer */
        uint32_t events;
        sd_event_io_handler_t on_io;
        sd_event_time_handler_t on_time;
        void *userdata;
        int enabled;
        uint64_t due;    /* host clock */
        uint64_t posted; /* the due that was posted; 0: none */
        bool told;       /* a descriptor that was said to be ready: there may be more */
        unsigned arm;
};

struct sd_event {
        struct process *process;
        struct sd_event_source *sources;
        bool exited;
};

struct sd_event *event_make(struct process *p) {
        struct sd_event *e = world_alloc(sizeof(*e));

        e->process = p;
        return e;
}

void event_free(struct sd_event *e) {
        e->sources = NULL;
}

bool event_exited(const struct sd_event *e) {
        return e->exited;
}

static void on_due(void *arg, uint64_t a) {
        struct sd_event_source *s = arg;

        if (!s->used || s->enabled == SD_EVENT_OFF || s->arm != a)
                return;
        s->posted = 0;
        if (host_clock(s->event->process->host, world.now) < s->due)
                return; /* the clock stood still: armed anew by event_settle() */
        if (s->enabled == SD_EVENT_ONESHOT)
                s->enabled = SD_EVENT_OFF;
        if (s->on_time(s, s->due, s->userdata) < 0)
                world_fail("event handler", "a timer's handler failed, sd-event would end the loop");
}

void event_settle(struct sd_event *e) {
        for (struct sd_event_source *s = e->sources; s; s = s->next) {
                if (s->used && s->told)
                        event_fd_ready(e->process, s->fd);
                s->told = false;
                if (!s->used || s->fd >= 0 || s->enabled == SD_EVENT_OFF || s->due == USEC_INFINITY)
                        continue;
                if (s->posted == s->due + 1)
                        continue;
                s->posted = s->due + 1;
                s->arm++;
                /* Timers are late, a little. */
                world_post(host_true(e->process->host, s->due) + world_random(1000), e->process, on_due, s, s->arm);
        }
}

/* What of it is so now. */
static uint32_t ready(const struct sd_event_source *s) {
        uint32_t revents = 0;

        if (s->events & EPOLLIN && socket_readable_at(s->event->process, s->fd) <= world.now)
                revents |= EPOLLIN;
        if (s->events & EPOLLOUT && socket_writable(s->fd))
                revents |= EPOLLOUT;
        return revents;
}

static void on_ready(void *arg, uint64_t a) {
        struct process *p = arg;
        int fd = (int)a;

        for (struct sd_event_source *s = p->event->sources; s; s = s->next) {
                uint32_t revents;

                if (!s->used || s->fd != fd || s->enabled == SD_EVENT_OFF)
                        continue;
                revents = ready(s);
                if (!revents)
                        continue;
                if (s->on_io(s, fd, revents, s->userdata) < 0)
                        world_fail("event handler", "a socket's handler failed, sd-event would end the loop");
                s->told = true;
                return;
        }
}

void event_fd_ready(struct process *p, int fd) {
        uint64_t at = socket_readable_at(p, fd);

        if (!p->alive)
                return;
        for (const struct sd_event_source *s = p->event->sources; s; s = s->next)
                if (s->used && s->fd == fd && s->events & EPOLLOUT && socket_writable(fd))
                        at = world.now;
        if (at != USEC_INFINITY)
                world_post((at > world.now ? at : world.now) + world_between(1, 50), p, on_ready, p, (uint64_t)fd);
}

static struct sd_event_source *add(struct sd_event *e, struct sd_event_source **ret) {
        struct sd_event_source *s, **end = &e->sources;

        for (s = e->sources; s && s->used; s = s->next)
                end = &s->next;
        if (!s) {
                s = world_alloc(sizeof(*s));
                *end = s;
        } else {
                unsigned arm = s->arm;
                struct sd_event_source *next = s->next;

                *s = (struct sd_event_source){.arm = arm + 1, .next = next};
        }
        s->event = e;
        s->used = true;
        s->fd = -1;
        if (ret)
                *ret = s;
        return s;
}

sd_event *sd_event_ref(sd_event *e) {
        return e;
}

sd_event *sd_event_unref(sd_event *e) {
        (void)e;
        return NULL;
}

int sd_event_add_time(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t usec, uint64_t accuracy,
                      sd_event_time_handler_t handler, void *userdata) {
        struct sd_event_source *s = add(e, ret);

        (void)clock;
        (void)accuracy;
        s->on_time = handler;
        s->userdata = userdata;
        s->due = usec;
        s->enabled = SD_EVENT_ONESHOT;
        return 0;
}

int sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock, uint64_t usec, uint64_t accuracy,
                               sd_event_time_handler_t handler, void *userdata) {
        return sd_event_add_time(e, ret, clock, host_clock(e->process->host, world.now) + usec, accuracy, handler,
                                 userdata);
}

int sd_event_add_io(sd_event *e, sd_event_source **ret, int fd, uint32_t events, sd_event_io_handler_t handler,
                    void *userdata) {
        struct sd_event_source *s = add(e, ret);

        s->fd = fd;
        s->events = events;
        s->on_io = handler;
        s->userdata = userdata;
        s->enabled = SD_EVENT_ON;
        event_fd_ready(e->process, fd);
        return 0;
}

int sd_event_source_set_io_events(sd_event_source *s, uint32_t events) {
        s->events = events;
        event_fd_ready(s->event->process, s->fd);
        return 0;
}

int sd_event_source_set_time(sd_event_source *s, uint64_t usec) {
        s->due = usec;
        return 0;
}

int sd_event_source_set_time_relative(sd_event_source *s, uint64_t usec) {
        s->due = host_clock(s->event->process->host, world.now) + usec;
        return 0;
}

int sd_event_source_set_enabled(sd_event_source *s, int enabled) {
        s->enabled = enabled;
        if (enabled == SD_EVENT_OFF)
                s->posted = 0, s->arm++;
        return 0;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *s) {
        if (s) {
                s->used = false;
                s->enabled = SD_EVENT_OFF;
                s->arm++;
        }
        return NULL;
}

int sd_event_exit(sd_event *e, int code) {
        (void)code;
        e->exited = true;
        return 0;
}

int sd_event_get_state(sd_event *e) {
        return e->exited ? SD_EVENT_FINISHED : SD_EVENT_INITIAL;
}

int sd_event_get_exit_code(sd_event *e, int *code) {
        *code = 0;
        return e->exited ? 0 : -ENODATA;
}

/* Ends guard_run() after one turn: the world delivers the next event, and calls it again. */
int sd_event_run(sd_event *e, uint64_t timeout) {
        (void)e;
        (void)timeout;
        return -EAGAIN;
}
