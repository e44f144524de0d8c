/* SPDX-License-Identifier: Apache-2.0 */
/* Start, win, renew, reload, start anew, adopt, release on host a beside a candidate on host b, with one failure. */
#pragma once

#include "../lib/privatebus.h"
#include "host.h"

enum scenario_target {
        SCENARIO_AGENT,
        SCENARIO_GUARD,
        SCENARIO_PID1, /* answers a call of leader-guard with an error, or hangs up */
        SCENARIO_TARGETS,
};

struct scenario {
        enum scenario_target target;
        enum plan_kind kind; /* of PID 1: 0 */
        enum plan_caller caller;
        bool on;
        bool lease;
        unsigned k;
};

struct scenario_result {
        bool done;
        bool good;
        unsigned failed;  /* calls that were made to fail */
        unsigned ends;    /* daemons that ended by it, and said why */
        unsigned crashes; /* in a library, when its own call failed */
        bool restarted;   /* by a human, as the agent asks for when it cannot read its claims */
        unsigned calls[PLAN_KINDS][PLAN_CALLERS];
        unsigned pid1_calls;
        uint64_t usec;
        char site[200];
        char said[400]; /* by the first that ended */
        char why[600];  /* not good */
};

const char *scenario_target_name(enum scenario_target t);
const char *scenario_kind_name(const struct scenario *s);

/* kubeconfig: text. number: of the run, for the lock's name. With `keep` the hosts' directories are shown on stderr. */
void scenario_run(const struct scenario *s, const char *kubeconfig, unsigned number, bool keep,
                  struct scenario_result *ret);
