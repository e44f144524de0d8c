/* SPDX-License-Identifier: Apache-2.0 */
/* The process that plays PID 1: a D-Bus server with the properties, jobs and signals that leader-guard asks for. */
#include "fakepid1.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

#define UNIT_PATH  "/org/freedesktop/systemd1/unit/app_2eservice"
#define AGENT_PATH "/org/freedesktop/systemd1/unit/leader_2dagent_2eservice"
#define MANAGER    "org.freedesktop.systemd1.Manager"

struct server {
        struct fakepid1_state *state;
        sd_event *event;
        sd_bus *bus; /* the newest connection */
        int fd;
};

static int append_asserts(sd_bus_message *m, const struct fakepid1_state *s) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Asserts");
        if (r >= 0)
                r = s->unenrolled ? sd_bus_message_append(m, "v", "a(sbbsi)", 0)
                                  : sd_bus_message_append(m, "v", "a(sbbsi)", 1, "AssertPathExists", 0, 0, s->gate, 0);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* How it went, as far as the test says. */
static int append_course(sd_bus_message *m, const struct fakepid1_state *s) {
        int r = sd_bus_message_append(m, "{sv}{sv}", "NRestarts", "u", s->n_restarts, "InactiveEnterTimestampMonotonic",
                                      "t", s->ended_usec);

        if (r >= 0 && s->result[0])
                r = sd_bus_message_append(m, "{sv}", "Result", "s", s->result);
        if (r >= 0 && s->unmet_usec)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "ConditionResult", "b", 0, "ConditionTimestampMonotonic",
                                          "t", s->unmet_usec, "Conditions", "a(sbbsi)", 1, "ConditionPathExists", 0, 0,
                                          "/srv/data", -1);
        return r;
}

static int get_agent(sd_bus_message *call, const struct fakepid1_state *s) {
        return sd_bus_reply_method_return(call, "a{sv}", 4, "Id", "s", "leader-agent.service", "LoadState", "s",
                                          "loaded", "ActiveState", "s", s->agent[0] ? s->agent : "active", "Job",
                                          "(uo)", 0, "/");
}

static int get_all(sd_bus_message *call, struct server *v) {
        sd_bus_message *m = NULL;
        struct fakepid1_state *s = v->state;
        int r;

        if (strcmp(sd_bus_message_get_path(call), AGENT_PATH) == 0)
                return get_agent(call, s);

        s->reads++;
        r = sd_bus_message_new_method_return(call, &m);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "Id", "s",
                                          "app.service", "LoadState", "s",
                                          s->not_found ? "not-found"
                                          : s->masked  ? "masked"
                                                       : "loaded",
                                          "ActiveState", "s", s->active, "Job", "(uo)", s->job, "/", "MainPID", "u",
                                          strcmp(s->active, "active") == 0 ? 4711 : 0, "ControlGroup", "s", s->cgroup,
                                          "Slice", "s", s->slice[0] ? s->slice : "system.slice", "KillMode", "s",
                                          "control-group", "SendSIGKILL", "b", 1, "Type", "s", "exec", "NotifyAccess",
                                          "s", "none", "TimeoutStopFailureMode", "s", "kill", "TimeoutStopUSec", "t",
                                          (uint64_t)500000, "Unknown", "a(sv)", 0);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "After", "as", 2, "leader-guard.service",
                                          "leader-agent.service", "BindsTo", "as", 1,
                                          s->bound ? "leader-guard.service" : "basic.target");
        if (r >= 0)
                r = append_asserts(m, s);
        if (r >= 0)
                r = append_course(m, s);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_send(NULL, m, NULL);
        sd_bus_message_unref(m);
        return r < 0 ? r : 1;
}

static void say_changed(sd_bus *bus) {
        (void)sd_bus_emit_signal(bus, UNIT_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
                                 "org.freedesktop.systemd1.Unit", 0, 0);
}

static int job(sd_bus_message *call, struct server *v, bool start) {
        struct fakepid1_state *s = v->state;
        const char *mode;
        int r;

        if (start && s->start_error)
                return sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitMasked",
                                                  "Unit app.service is masked.");
        if (sd_bus_message_read(call, "ss", NULL, &mode) < 0)
                return -1;
        r = sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/1");
        if (!start) {
                s->stops++;
                s->job =
                        s->stop_waits && strcmp(s->active, "inactive") == 0 && strcmp(mode, "ignore-dependencies") != 0;
                if (strcmp(s->active, "inactive") != 0)
                        strcpy(s->active, s->ignores_stop ? "deactivating" : "inactive");
        } else if (access(s->gate, F_OK) == 0) {
                s->starts++;
                s->overlaps += s->other && strcmp(s->other->active, "inactive") != 0;
                s->unpermitted += s->permit[0] && access(s->permit, R_OK) != 0;
                if (!s->start_drops)
                        strcpy(s->active, "active");
        } else
                s->refused_starts++;
        say_changed(v->bus);
        return r;
}

static int on_message(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct server *v = userdata;

        if (sd_bus_message_is_method_call(m, NULL, NULL) && ++v->state->calls == v->state->fail_at) {
                if (v->state->fail_hangs_up)
                        sd_bus_close(v->bus);
                else
                        (void)sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many of them.");
                return 1;
        }
        if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "GetAll"))
                return get_all(m, v);
        if (sd_bus_message_is_method_call(m, MANAGER, "StartUnit"))
                return job(m, v, true);
        if (sd_bus_message_is_method_call(m, MANAGER, "StopUnit"))
                return job(m, v, false);
        if (sd_bus_message_is_method_call(m, MANAGER, "ResetFailedUnit"))
                v->state->resets++;
        if (sd_bus_message_is_method_call(m, MANAGER, NULL))
                return sd_bus_reply_method_return(m, "");
        return 0;
}

static int on_connect(_unused_ sd_event_source *source, int fd, _unused_ uint32_t revents, void *userdata) {
        struct server *v = userdata;
        sd_id128_t id = SD_ID128_MAKE(11, 22, 33, 44, 55, 66, 77, 88, 99, aa, bb, cc, dd, ee, ff, 01);
        int c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (c < 0)
                return 0;
        sd_bus_close_unref(v->bus);
        v->bus = NULL;
        if (sd_bus_new(&v->bus) < 0 || sd_bus_set_fd(v->bus, c, c) < 0 || sd_bus_set_server(v->bus, 1, id) < 0 ||
            sd_bus_set_anonymous(v->bus, 1) < 0 || sd_bus_start(v->bus) < 0 ||
            sd_bus_add_filter(v->bus, NULL, on_message, v) < 0 || sd_bus_attach_event(v->bus, v->event, 0) < 0)
                v->bus = sd_bus_close_unref(v->bus); /* it hung up already */
        return 0;
}

/* SIGUSR1: PropertiesChanged, SIGUSR2: Reloading as well. */
static int on_signal(_unused_ sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        struct server *v = userdata;

        if (!v->bus)
                return 0;
        if (si->ssi_signo == SIGUSR2)
                for (int active = 1; active >= 0; active--)
                        (void)sd_bus_emit_signal(v->bus, "/org/freedesktop/systemd1", MANAGER, "Reloading", "b",
                                                 active);
        say_changed(v->bus);
        return 0;
}

static void serve(const struct fakepid1 *f, int fd) {
        struct server v = {.state = f->state, .fd = fd};
        sigset_t mask;

        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGUSR1);
        (void)sigaddset(&mask, SIGUSR2);
        (void)sigprocmask(SIG_SETMASK, &mask, NULL);
        if (sd_event_new(&v.event) < 0 || sd_event_add_io(v.event, NULL, v.fd, EPOLLIN, on_connect, &v) < 0 ||
            sd_event_add_signal(v.event, NULL, SIGUSR1, on_signal, &v) < 0 ||
            sd_event_add_signal(v.event, NULL, SIGUSR2, on_signal, &v) < 0)
                _exit(1);
        _exit(sd_event_loop(v.event) < 0);
}

void fakepid1_init(struct fakepid1 *f, const char *dir) {
        memset(f, 0, sizeof(*f));
        (void)snprintf(f->path, sizeof(f->path), "%s/pid1", dir);
        assert_true(strlen(f->path) < sizeof(((struct sockaddr_un *)NULL)->sun_path));
        (void)snprintf(f->address, sizeof(f->address), "unix:path=%.200s", f->path);
        f->state = mmap(NULL, sizeof(*f->state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert_true(f->state != MAP_FAILED);
        strcpy(f->state->active, "inactive");
}

void fakepid1_start(struct fakepid1 *f) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        /* Here, so that it can be connected to as soon as this returns. */
        assert_true(fd >= 0);
        strcpy(address.sun_path, f->path);
        (void)unlink(f->path);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 16), 0);
        f->pid = fork();
        assert_true(f->pid >= 0);
        if (f->pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                serve(f, fd);
        }
        close(fd);
}

void fakepid1_kill(struct fakepid1 *f) {
        if (f->pid <= 0)
                return;
        (void)kill(f->pid, SIGKILL);
        (void)waitpid(f->pid, NULL, 0);
        f->pid = 0;
}

void fakepid1_signal(const struct fakepid1 *f, bool reload) {
        (void)kill(f->pid, reload ? SIGUSR2 : SIGUSR1);
}

void fakepid1_done(struct fakepid1 *f) {
        fakepid1_kill(f);
        if (f->state && f->state != MAP_FAILED)
                (void)munmap(f->state, sizeof(*f->state));
        f->state = NULL;
}

bool fakepid1_find_cgroup2(char *ret, size_t size) {
        FILE *f = fopen("/proc/mounts", "re");
        char path[200], type[32];
        bool found = false;

        while (f && !found && fscanf(f, "%*s %199s %31s %*[^\n]", path, type) == 2)
                found = util_streq(type, "cgroup2") && util_copy(ret, size, path);
        if (f)
                (void)fclose(f);
        return found;
}
