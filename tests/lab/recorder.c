/* SPDX-License-Identifier: Apache-2.0 */
/* The guarded unit of the lab: appends START, a TICK every 10 ms and STOP to a file that all hosts share, in the format
 * of tests/lib/judge.h. Each record is one write with O_APPEND, so records of several hosts do not mix.
 *
 *   recorder [OPTION…] FILE
 *   --ignore-term     SIGTERM does nothing
 *   --slow-stop=MS    goes on for so long after SIGTERM
 *   --crash-after=MS  aborts itself so long after the start
 *   --exit-after=MS   ends with success so long after the start
 *   --fail            exits with status 1 at once, without a record
 *   --children=N      starts N processes that ignore SIGTERM and tick too */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS    INT64_C(10000000)
#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS  INT64_C(1000000)

struct recorder {
        int fd;
        char host[64];
        const char *term;
        int64_t start_ns;
};

static volatile sig_atomic_t terminated;

static void on_term(int signal) {
        (void)signal;
        terminated = 1;
}

static int64_t now_ns(void) {
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
        return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* A record that is lost would hide an overlap: better no unit than a silent one. */
static void record(const struct recorder *r, const char *event, int64_t ns) {
        char line[256];
        int n = snprintf(line, sizeof(line), "%s %" PRId64 " %s %" PRId64 " %s\n", r->host, r->start_ns, event, ns,
                         r->term);

        if (n < 0 || (size_t)n >= sizeof(line) || write(r->fd, line, (size_t)n) != n) {
                fprintf(stderr, "recorder: cannot write a record: %m\n");
                abort();
        }
}

static void sleep_until(int64_t ns) {
        struct timespec ts = {.tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC};

        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
                              NULL); /* a signal may cut it short: the loop looks */
}

static int64_t milliseconds(const char *option, const char *text) {
        char *end;
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (errno || end == text || *end || value < 0 || value > 3600000) {
                fprintf(stderr, "recorder: --%s: '%s' is not a number of milliseconds\n", option, text);
                exit(2);
        }
        return value;
}

static void tick_for_ever(const struct recorder *r) {
        for (int64_t next = now_ns();; next += TICK_NS) {
                record(r, "TICK", now_ns());
                sleep_until(next);
        }
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                {"ignore-term", no_argument, NULL, 'i'},
                {"slow-stop", required_argument, NULL, 's'},
                {"crash-after", required_argument, NULL, 'c'},
                {"fail", no_argument, NULL, 'f'},
                {"children", required_argument, NULL, 'n'},
                {"exit-after", required_argument, NULL, 'e'},
                {0},
        };
        int64_t slow_ns = 0, crash_ns = INT64_MAX, children = 0, exit_ns = INT64_MAX, end_ns = INT64_MAX;
        struct sigaction action = {.sa_handler = on_term};
        struct recorder r = {.fd = -1};
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case 'i':
                        action.sa_handler = SIG_IGN;
                        break;
                case 's':
                        slow_ns = milliseconds("slow-stop", optarg) * NS_PER_MS;
                        break;
                case 'c':
                        crash_ns = milliseconds("crash-after", optarg) * NS_PER_MS;
                        break;
                case 'e':
                        exit_ns = milliseconds("exit-after", optarg) * NS_PER_MS;
                        break;
                case 'f':
                        return 1;
                case 'n':
                        children = milliseconds("children", optarg);
                        break;
                default:
                        return 2;
                }
        if (optind + 1 != argc) {
                fprintf(stderr, "recorder: needs one FILE\n");
                return 2;
        }
        r.term = getenv("LEADER_TERM");
        if (!r.term || !*r.term)
                r.term = "-";
        r.fd = open(argv[optind], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        if (r.fd < 0 || gethostname(r.host, sizeof(r.host) - 1) < 0) {
                fprintf(stderr, "recorder: %s: %m\n", argv[optind]);
                return 2;
        }
        (void)sigaction(SIGTERM, &action, NULL); /* cannot fail for this signal */
        r.start_ns = now_ns();
        record(&r, "START", r.start_ns);
        for (int64_t i = 0; i < children; i++)
                if (fork() == 0) {
                        (void)signal(SIGTERM, SIG_IGN);
                        tick_for_ever(&r);
                }

        for (int64_t next = r.start_ns + TICK_NS; now_ns() < end_ns; next += TICK_NS) {
                record(&r, "TICK", now_ns());
                if (now_ns() - r.start_ns >= crash_ns)
                        abort();
                if (now_ns() - r.start_ns >= exit_ns)
                        end_ns = 0;
                if (terminated && end_ns == INT64_MAX)
                        end_ns = now_ns() + slow_ns;
                sleep_until(next);
        }
        record(&r, "STOP", now_ns());
        return 0;
}
