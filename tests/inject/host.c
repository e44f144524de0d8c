/* SPDX-License-Identifier: Apache-2.0 */
/* Processes, their logs, and a socket for STATUS=. What a scenario makes of that is in scenario.c. */
#include "host.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/util.h"

#define RESTART_USEC (40 * USEC_PER_MSEC)

static const char *const names[] = {[HOST_AGENT] = "agent", [HOST_GUARD] = "guard"};

uint64_t host_now_usec(void) {
        return clock_boottime_usec();
}

static const char *path(struct host *h, const char *name) {
        return tempdir_path(&h->dir, name);
}

static void open_notify(struct host *h) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        h->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(h->notify >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), path(h, "notify")));
        assert_int_equal(bind(h->notify, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void open_plan(struct host *h) {
        int fd = open(path(h, "plan"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, sizeof(*h->plan)), 0);
        h->plan = mmap(NULL, sizeof(*h->plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_true(h->plan != MAP_FAILED);
        close(fd);
}

void host_configure(struct host *h, const char *lock, const char *more) {
        static const char timing[] = "renew_deadline = \"3s\"; stop_timeout = \"500ms\"; kill_margin = \"3600ms\"; "
                                     "lease_duration = \"8s\";";
        char text[2048];
        int n;

        n = snprintf(text, sizeof(text),
                     "kubeconfig = \"%s\";\nstate_dir = \"%s\";\nguard_socket = \"%s\";\n"
                     "request_timeout = \"2500ms\";\nrenew_interval = \"100ms\";\n%s\n"
                     "locks = ({ name = \"%s\"; unit = \"app.service\"; tenure = \"%s\"; cooldown = \"1s\"; "
                     "cooldown_max = \"1s\"; %s });\n",
                     path(h, "kubeconfig"), path(h, "state"), path(h, "s"), more, lock, h->lease ? "lease" : "life",
                     h->lease ? timing : "");
        assert_true(n > 0 && (size_t)n < sizeof(text));
        (void)tempdir_write(&h->dir, "conf", text);
}

void host_open(struct host *h, const char *name, const char *kubeconfig, const char *lock, bool lease) {
        h->name = name;
        h->lease = lease;
        tempdir_make(&h->dir);
        (void)tempdir_write(&h->dir, "kubeconfig", kubeconfig);
        host_configure(h, lock, "");
        open_notify(h);
        open_plan(h);
        assert_int_equal(mkdir(path(h, "run"), 0755), 0);
        fakepid1_init(&h->pid1, h->dir.path);
        (void)snprintf(h->pid1.state->gate, sizeof(h->pid1.state->gate), "%s/run/leading/app.service", h->dir.path);
        (void)snprintf(h->pid1.state->permit, sizeof(h->pid1.state->permit), "%s/run/permits/app.service", h->dir.path);
        (void)snprintf(h->pid1.state->cgroup, sizeof(h->pid1.state->cgroup), "/leader-agent-inject-%d", getpid());
        h->pid1.state->bound = lease;
}

static void kill_process(struct host_process *p) {
        if (p->pid > 0) {
                (void)kill(p->pid, SIGKILL);
                (void)waitpid(p->pid, NULL, 0);
        }
        p->pid = 0;
}

void host_close(struct host *h) {
        for (unsigned i = 0; i < HOST_DAEMONS; i++)
                kill_process(&h->process[i]);
        fakepid1_done(&h->pid1);
        close(h->notify);
        (void)munmap(h->plan, sizeof(*h->plan));
        tempdir_remove(&h->dir);
}

/* build/tests/inject/inject: build/leader-agent. */
static void program(const char *name, char buf[static 512]) {
        ssize_t n = readlink("/proc/self/exe", buf, 400);

        assert_true(n > 0);
        buf[n] = '\0';
        for (unsigned i = 0; i < 3; i++)
                *strrchr(buf, '/') = '\0';
        strcat(buf, name);
}

/* In the child. */
static void run(struct host *h, enum host_daemon which, int log) {
        const char *wrap = h->target == which ? getenv("INJECT_WRAP") : NULL, *argv[12] = {};
        char binary[512], preload[512];
        size_t n = 0;

        program(which == HOST_AGENT ? "/leader-agent" : "/leader-guard", binary);
        program("/tests/inject/preload.so", preload);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)setenv(PLAN_HOST, h->name, 1);
        (void)setenv("LD_PRELOAD", preload, 1);
        if (h->target == HOST_DAEMONS) /* the bus has one agent */
                (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1);
        if (h->target == which)
                (void)setenv(PLAN_FILE, path(h, "plan"), 1);
        if (which == HOST_AGENT)
                (void)setenv("NOTIFY_SOCKET", path(h, "notify"), 1);
        if (dup2(log, 1) < 0 || dup2(log, 2) < 0)
                _exit(127);
        if (wrap) {
                (void)unsetenv("LD_PRELOAD"); /* it has allocators of its own */
                argv[n++] = wrap;
        }
        argv[n++] = binary;
        if (which == HOST_AGENT) {
                argv[n++] = "--config";
                argv[n++] = path(h, "conf");
        } else {
                const char *const guard[] = {"--runtime-dir", path(h, "run"), "--cgroup-root", getenv("INJECT_CGROUP"),
                                             "--socket",      path(h, "s"),   "--manager",     h->pid1.address};

                memcpy(argv + n, guard, sizeof(guard));
        }
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
}

void host_start(struct host *h, enum host_daemon which) {
        struct host_process *p = &h->process[which];
        int log = open(path(h, names[which]), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        struct stat st;

        assert_true(log >= 0 && fstat(log, &st) == 0);
        *p = (struct host_process){.wanted = true, .log_from = st.st_size};
        if (which == HOST_AGENT)
                h->status[0] = '\0';
        p->pid = fork();
        assert_true(p->pid >= 0);
        if (p->pid == 0)
                run(h, which, log);
        close(log);
}

void host_signal(struct host *h, enum host_daemon which, int sig) {
        struct host_process *p = &h->process[which];

        if (sig == SIGTERM) {
                p->wanted = false;
                p->asked = true;
        }
        if (p->pid > 0)
                (void)kill(p->pid, sig);
}

void host_crash(struct host *h, enum host_daemon which) {
        kill_process(&h->process[which]);
        host_start(h, which);
}

/* What the process that ended said last. */
static void last_words(struct host *h, enum host_daemon which, char *buf, size_t size) {
        FILE *f = fopen(path(h, names[which]), "re");
        char line[4096];

        buf[0] = '\0';
        if (f && fseek(f, h->process[which].log_from, SEEK_SET) == 0)
                while (fgets(line, sizeof(line), f)) {
                        line[strcspn(line, "\n")] = '\0';
                        if (line[0])
                                (void)snprintf(buf, size, "%.*s", (int)size - 1, line);
                }
        if (f)
                (void)fclose(f);
}

bool host_said(struct host *h, const char *text) {
        bool found = false;
        char line[4096];

        for (unsigned i = 0; i < HOST_DAEMONS; i++) {
                FILE *f = fopen(path(h, names[i]), "re");

                while (f && !found && fgets(line, sizeof(line), f))
                        found = strstr(line, text) != NULL;
                if (f)
                        (void)fclose(f);
        }
        return found;
}

static bool take_end(struct host *h, enum host_daemon which, int status) {
        struct host_process *p = &h->process[which];

        p->pid = 0;
        p->end.status = status;
        last_words(h, which, p->end.last, sizeof(p->end.last));
        if (which == HOST_GUARD && h->lease && host_runs_unit(h)) {
                strcpy(h->pid1.state->active, "inactive");
                fakepid1_signal(&h->pid1, /* reload= */ false);
        }
        if (p->asked) {
                p->ended = true;
                return true;
        }
        h->ends++;
        p->again_usec = host_now_usec() + RESTART_USEC;
        return h->on_end(h, which, &p->end, h->userdata);
}

static void take_status(struct host *h) {
        char text[4096];
        ssize_t n;

        while ((n = recv(h->notify, text, sizeof(text) - 1, 0)) > 0) {
                text[n] = '\0';
                if (strncmp(text, "STATUS=", strlen("STATUS=")) != 0)
                        continue;
                (void)util_copy(h->status, sizeof(h->status), text + strlen("STATUS="));
                /* It waits before it ends; a stop at that moment ends the wait, as systemctl restart does. */
                if (strncmp(h->status, "Not running", strlen("Not running")) == 0 && h->process[HOST_AGENT].pid > 0)
                        (void)kill(h->process[HOST_AGENT].pid, SIGTERM);
        }
}

bool host_turn(struct host *h) {
        bool good = true;

        take_status(h);
        for (unsigned i = 0; i < HOST_DAEMONS; i++) {
                struct host_process *p = &h->process[i];
                int status;

                if (p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid)
                        good = take_end(h, i, status) && good;
                if (p->pid == 0 && p->wanted && host_now_usec() >= p->again_usec)
                        host_start(h, i);
        }
        return good;
}

bool host_runs_unit(const struct host *h) {
        return strcmp(h->pid1.state->active, "inactive") != 0;
}

bool host_leads(const struct host *h) {
        return strcasestr(h->status, "leader of") != NULL;
}
