/* SPDX-License-Identifier: Apache-2.0 */
/* The programs as they are installed, beside the test that runs them, on a bus of the test's own: with an agent's bus
 * API and what they ask of systemd served here. One at a time. */
#pragma once

#include <limits.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "adapter/bus.h"
#include "privatebus.h"

/* Only to detect a hang. */
#define CTL_HANG_USEC (60 * USEC_PER_SEC)

extern struct privatebus ctl_bus;
extern sd_event *ctl_event;
extern struct bus *ctl_server; /* a test may free it: then no agent is there */
extern char ctl_leaderctl[PATH_MAX], ctl_leader_agent[PATH_MAX], ctl_leader_guard[PATH_MAX];
extern uid_t ctl_run_as; /* 0: root, or whoever runs this */

/* What the agent answers, and was asked. Lock ops/unknown is in no configuration, ops/lone refuses to step down. */
extern struct ctl_agent {
        const char *json;
        char lock[256], reason[256];
        bool force;
} ctl_agent;

extern const struct bus_handlers ctl_handlers; /* of ctl_server */

/* leader-agent.service as systemd has it; NULL: empty. */
extern struct ctl_unit {
        const char *state, *load;
        uint32_t pid;
        const char *user, *group, *home, *root, *inaccessible, *bound, *environment;
        bool tmp, dynamic;
        uint64_t ambient, lost; /* capabilities: given, and those that are not in the bounding set */
} ctl_unit;

/* Serves it from now on; the caller flushes and closes it. */
sd_bus *ctl_systemd_start(void);

struct ctl_result {
        int status;
        char out[8192], err[4096];
};
/* Runs a program to its end, and this event loop meanwhile. */
struct ctl_result ctlworld_run(const char *program, const char *const *arguments);
#define RUN(...)       ctlworld_run(ctl_leaderctl, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_AGENT(...) ctlworld_run(ctl_leader_agent, (const char *const[]){__VA_ARGS__, NULL})

/* The exit status, and what stdout and stderr have in them. */
void ctl_assert_result(struct ctl_result r, int status, const char *out, const char *err);

/* Finds the programs. Returns whether tests can run; else it is told. */
bool ctl_begin(const char *test);
int ctl_setup(void **state);
int ctl_teardown(void **state);
#define WITH_AGENT(test) cmocka_unit_test_setup_teardown(test, ctl_setup, ctl_teardown)
