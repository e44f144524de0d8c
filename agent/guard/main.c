/* SPDX-License-Identifier: Apache-2.0 */
/* leader-guard: arguments, the agent's socket, signals. The rest is guard.c. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "adapter/cgroup.h"
#include "adapter/gate.h"
#include "adapter/journal.h"
#include "adapter/notify.h"
#include "guard/guard_reap.h"

static const char usage[] =
        "leader-guard: starts, stops and kills a guarded unit for leader-agent, and keeps its deadline.\n"
        "Run by systemd (leader-guard.service, leader-guard.socket).\n"
        "\n"
        "  --runtime-dir DIR   permits, gates, environment files [" GATE_DIR "]\n"
        "  --cgroup-root DIR   where cgroup v2 is mounted [" CGROUP_ROOT "]\n"
        "  --agent-user NAME   who may connect beside root [leader-agent]\n"
        "  --socket PATH       listen here instead of on the socket that systemd hands over\n"
        "  --manager ADDRESS   D-Bus address of systemd [/run/systemd/private, then the system bus]\n"
        "  --reap              kill what has outlived its permit, and end (leader-guard-reap.service)\n"
        "  --debug             log more\n"
        "  --version           print the version\n";

struct arguments {
        struct guard_options options;
        const char *agent_user;
        const char *socket;
        bool reap;
        bool debug;
};

/* 0: go on; 1: done (version, help); negative: wrong, already said. */
static int parse_arguments(struct arguments *a, int argc, char **argv) {
        static const struct option options[] = {
                {"runtime-dir", required_argument, NULL, 'r'},
                {"cgroup-root", required_argument, NULL, 'c'},
                {"agent-user", required_argument, NULL, 'u'},
                {"socket", required_argument, NULL, 's'},
                {"manager", required_argument, NULL, 'm'},
                {"reap", no_argument, NULL, 'R'},
                {"debug", no_argument, NULL, 'd'},
                {"version", no_argument, NULL, 'v'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'r':
                        a->options.runtime_dir = optarg;
                        break;
                case 'c':
                        a->options.cgroup_root = optarg;
                        break;
                case 'u':
                        a->agent_user = optarg;
                        break;
                case 's':
                        a->socket = optarg;
                        break;
                case 'm':
                        a->options.address = optarg;
                        break;
                case 'R':
                        a->reap = true;
                        break;
                case 'd':
                        a->debug = true;
                        break;
                case 'v':
                        puts("leader-guard " AGENT_VERSION);
                        return 1;
                case 'h':
                        fputs(usage, stdout);
                        return 1;
                default:
                        return -EINVAL;
                }
        if (optind < argc) {
                fprintf(stderr, "leader-guard: unexpected argument '%s'; see --help\n", argv[optind]);
                return -EINVAL;
        }
        return 0;
}

static int listen_on(const char *path, struct err *err) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -1;

        if (!util_copy(address.sun_path, sizeof(address.sun_path), path))
                return err_setf(err, -ENAMETOOLONG, "%s: path too long for a socket", path);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return err_setf(err, -errno, "cannot make a socket: %m");
        (void)unlink(path);
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, SOMAXCONN) < 0)
                return err_setf(err, -errno, "cannot listen on %s: %m", path);
        return TAKE_FD(fd);
}

static int listening_socket(const struct arguments *a, struct err *err) {
        int fd;

        if (a->socket)
                return listen_on(a->socket, err);
        fd = notify_take_fd("guard");
        if (fd < 0)
                return err_setf(err, fd, "systemd handed over no socket; start leader-guard.socket, or use --socket");
        return fd;
}

static void lock_memory(void) {
        /* A deadline must not wait for a page to come back from disk. Not under the address sanitizer, whose shadow
         * would be locked as well. */
#ifndef __SANITIZE_ADDRESS__
        if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
                journal_record(LOG_NOTICE, JOURNAL_START, NULL, 0,
                               "Cannot lock memory: %m (needs LimitMEMLOCK=infinity; containers may refuse it "
                               "all the same), going on");
#endif
}

static int on_signal(sd_event_source *source, _unused_ const struct signalfd_siginfo *si, _unused_ void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int run(struct arguments *a, struct err *err) {
        _cleanup_close_ int fd = -1; /* closed last */
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(guard_freep) struct guard *g = NULL;
        const struct passwd *pw;
        sigset_t mask;
        int r;

        errno = 0;
        pw = getpwnam(a->agent_user);
        if (!pw)
                journal_record(LOG_WARNING, JOURNAL_START, NULL, 0,
                               "There is no user %s: only root may talk to the guard", a->agent_user);
        a->options.agent_uid = pw ? pw->pw_uid : (uid_t)-1;
        fd = listening_socket(a, err);
        if (fd < 0)
                return fd;
        a->options.listen_fd = fd;
        (void)sigemptyset(&mask);
        (void)sigaddset(&mask, SIGTERM);
        (void)sigaddset(&mask, SIGINT);
        (void)sigprocmask(SIG_BLOCK, &mask, NULL);
        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, on_signal, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT, on_signal, NULL);
        if (r < 0)
                return err_setf(err, r, "cannot set up the event loop: %s", strerror(-r));
        r = guard_new(&g, event, &a->options, err);
        if (r < 0)
                return r;
        lock_memory();
        notify_ready();
        r = guard_run(g);
        return r < 0 ? err_setf(err, r, "event loop failed: %s", strerror(-r)) : r;
}

int main(int argc, char **argv) {
        struct arguments a = {.options = {.runtime_dir = GATE_DIR, .cgroup_root = CGROUP_ROOT},
                              .agent_user = "leader-agent"};
        struct err err = {};
        int r;

        r = parse_arguments(&a, argc, argv);
        if (r != 0)
                return r < 0 ? 2 : EXIT_SUCCESS;
        umask(0022);
        journal_open("leader-guard", a.debug ? LOG_DEBUG : LOG_INFO);
        r = a.reap ? guard_reap(&a.options, &err) : run(&a, &err);
        if (r < 0) {
                journal_record(LOG_ERR, JOURNAL_START, NULL, 0, "%s", err.text);
                return EXIT_FAILURE;
        }
        return a.reap ? EXIT_SUCCESS : r;
}
