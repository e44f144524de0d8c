/* SPDX-License-Identifier: Apache-2.0 */
/* leader-agent's main(): arguments, signals, watchdog, READY=1. The rest is agent.h's. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "adapter/sandbox.h"
#include "codec/conf.h"
#include "codec/utf8.h"
#include "daemon/agent.h"

/* Before a start that failed is tried again. */
#define FAILED_PAUSE_SEC 9

static int usage(FILE *f) {
        (void)fprintf(f,
                      "leader-agent [--config FILE] [--check-config] [--version] [--help]\n\n"
                      "Competes for the locks of its configuration (default: %s) and has leader-guard run each\n"
                      "lock's unit where it wins. Normally started as leader-agent.service.\n\n"
                      "  --config FILE    another configuration\n"
                      "  --check-config   read configuration and kubeconfig, as root also in the place of the agent's\n"
                      "                   user behind what its unit hides, print what they mean, and exit:\n"
                      "                   0 good, 1 with what is wrong\n",
                      CONF_PATH);
        return f == stdout ? 0 : 2;
}

static int check_config(const char *path) {
        struct err err = {};

        if (sandbox_report(path, stdout, &err) < 0) {
                (void)fprintf(stderr, "%s\n", utf8_plain(err.text, /* lines= */ true));
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

static int on_signal(_unused_ sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        struct err err = {};

        if (si->ssi_signo != SIGHUP) {
                agent_terminate(userdata);
                return 0;
        }
        notify_reloading();
        (void)agent_reload(userdata, &err); /* told in journal and status */
        if (!agent_starts_anew(userdata))   /* or the new start says so */
                notify_ready();
        return 0;
}

static int on_watchdog(sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata) {
        int r;

        notify_watchdog();
        r = sd_event_source_set_time_relative(source, notify_watchdog_usec() / 2);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* The program that runs, not what may lie at its path by now: it is the one that has accepted the configuration. PID,
 * environment (sockets and watchdog of systemd) and blocked signals stay, those that wait too. */
static int start_anew(char *argv[]) {
        int r;

        /* Nothing is left open but standard streams; libraries may have forgotten one. */
        (void)close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
        (void)execv("/proc/self/exe", argv);
        r = -errno;
        journal_record(LOG_ERR, JOURNAL_START, NULL, 0, "Cannot start anew; ending, so that systemd does it: %s",
                       strerror(-r));
        return r;
}

static int cannot_start(int r, const char *what) {
        journal_record(LOG_ERR, JOURNAL_START, NULL, 0, "%s: %s", what, strerror(-r));
        return r;
}

static int run(const char *path, bool *ret_anew) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(agent_freep) struct agent *a = NULL;
        struct err err = {};
        static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
        sd_event_source *source = NULL;
        sigset_t mask;
        int r;

        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(&mask);
        for (unsigned i = 0; i < ELEMENTSOF(signals); i++)
                (void)sigaddset(&mask, signals[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        r = sd_event_new(&event);
        if (r < 0)
                return cannot_start(r, "Cannot make an event loop");
        r = agent_new(&a, event, path, &err);
        if (r < 0) {
                journal_record(LOG_ERR, JOURNAL_START, NULL, 0, "%s", err.text[0] ? err.text : strerror(-r));
                (void)notify_status("Not running: %s", err.text[0] ? err.text : strerror(-r));
                /* systemd restarts at once, and for ever: what only a human can mend is not tried each second. */
                if (getenv("NOTIFY_SOCKET"))
                        (void)sigtimedwait(&mask, NULL, &(struct timespec){.tv_sec = FAILED_PAUSE_SEC});
                return r;
        }
        journal_open("leader-agent", agent_log_level(a));
        for (unsigned i = 0; i < ELEMENTSOF(signals) && r >= 0; i++) {
                r = sd_event_add_signal(event, &source, signals[i], on_signal, a);
                /* First of what came together: one that was taken from the kernel is not lost to a reload before it. */
                if (r >= 0)
                        r = sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT);
                if (r >= 0)
                        r = sd_event_source_set_floating(source, true);
                source = sd_event_source_unref(source);
        }
        if (r >= 0 && notify_watchdog_usec() > 0)
                /* Not sd_event_set_watchdog(): its pings sleep while PID 1 hangs. */
                r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 0, 0, on_watchdog, NULL);
        if (r < 0)
                return cannot_start(r, "Cannot watch signals");
        journal_log(LOG_INFO, "leader-agent " AGENT_VERSION " on %s as %s, API server %s", agent_host(a),
                    agent_identity(a), agent_server(a));
        agent_turn(a);
        notify_ready();
        r = agent_run(a);
        if (r < 0)
                (void)cannot_start(r, "The event loop failed; ending, so that systemd starts it again");
        *ret_anew = r >= 0 && agent_starts_anew(a);
        return r;
}

int main(int argc, char *argv[]) {
        static const struct option options[] = {
                {"config", required_argument, NULL, 'c'},
                {"check-config", no_argument, NULL, 'k'},
                {"version", no_argument, NULL, 'V'},
                {"help", no_argument, NULL, 'h'},
                {NULL, 0, NULL, 0},
        };
        const char *path = CONF_PATH;
        bool check = false, anew = false;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        path = optarg;
                        break;
                case 'k':
                        check = true;
                        break;
                case 'V':
                        (void)puts("leader-agent " AGENT_VERSION);
                        return EXIT_SUCCESS;
                case 'h':
                        return usage(stdout);
                default:
                        return usage(stderr);
                }
        if (optind < argc)
                return usage(stderr);
        if (check)
                return check_config(path);
        /* A start by way of /proc has its name from there. */
        (void)prctl(PR_SET_NAME, program_invocation_short_name);
        journal_open("leader-agent", LOG_INFO);
        c = run(path, &anew);
        if (anew)
                c = start_anew(argv);
        return c < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
