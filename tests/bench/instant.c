/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the instants that the figures begin with, as near to the event as a program can. All are nanoseconds of
 * CLOCK_MONOTONIC, which the hosts of the lab and systemd's timestamps share.
 *
 *   instant                    prints the instant, and the same one of CLOCK_REALTIME
 *   instant exec COMMAND…      runs it in its place, with the instant in INSTANT of its environment
 *   instant kill SIGNAL PID    prints the instant and sends the signal, a number
 *   instant step-down LOCK     is connected to the bus already when it prints the instant and calls the agent */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t id) {
        struct timespec ts;

        (void)clock_gettime(id, &ts); /* cannot fail for these clocks */
        return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int failed(const char *what, int error) {
        fprintf(stderr, "instant: %s: %s\n", what, strerror(error));
        return 1;
}

static int run(char **command) {
        char text[32];

        (void)snprintf(text, sizeof(text), "%" PRId64, clock_ns(CLOCK_MONOTONIC));
        if (setenv("INSTANT", text, 1) == 0)
                (void)execv(command[0], command);
        return failed(command[0], errno);
}

static int send_signal(const char *signal, const char *pid) {
        int64_t now = clock_ns(CLOCK_MONOTONIC);

        if (kill((pid_t)strtol(pid, NULL, 10), (int)strtol(signal, NULL, 10)) < 0)
                return failed(pid, errno);
        printf("%" PRId64 "\n", now);
        return 0;
}

static int step_down(const char *lock) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus = NULL;
        const char *id;
        int64_t now;
        int r = sd_bus_open_system(&bus);

        /* Asking for the own name waits until the connection is there. */
        if (r >= 0)
                r = sd_bus_get_unique_name(bus, &id);
        now = clock_ns(CLOCK_MONOTONIC);
        if (r >= 0)
                r = sd_bus_call_method(bus, "io.leaderagent.Agent1", "/io/leaderagent/Agent1", "io.leaderagent.Agent1",
                                       "StepDown", &error, NULL, "ss", lock, "bench");
        if (r < 0)
                return failed(error.message ? error.message : "step-down", -r);
        printf("%" PRId64 "\n", now);
        sd_bus_flush_close_unref(bus);
        return 0;
}

int main(int argc, char **argv) {
        const char *verb = argc > 1 ? argv[1] : "";

        if (argc > 2 && strcmp(verb, "exec") == 0)
                return run(argv + 2);
        if (argc == 4 && strcmp(verb, "kill") == 0)
                return send_signal(argv[2], argv[3]);
        if (argc == 3 && strcmp(verb, "step-down") == 0)
                return step_down(argv[2]);
        if (argc == 1) {
                printf("%" PRId64 " %" PRId64 "\n", clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME));
                return 0;
        }
        fprintf(stderr, "instant: see the head of its source for its usage\n");
        return 2;
}
