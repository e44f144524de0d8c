/* SPDX-License-Identifier: Apache-2.0 */
/* One host of two: a stand-in PID 1, the real leader-guard and leader-agent as processes, and what systemd does for
 * them: it starts again what ends, and stops a leased unit with its guard. */
#pragma once

#include <stdint.h>

#include "../lib/fakepid1.h"
#include "../lib/tempdir.h"
#include "plan.h"

enum host_daemon {
        HOST_AGENT,
        HOST_GUARD,
        HOST_DAEMONS,
};

/* How a daemon ended that nobody had ended. */
struct host_end {
        int status;     /* of waitpid() */
        char last[400]; /* what it said last, empty: nothing since it began */
};

struct host_process {
        pid_t pid; /* 0: not running */
        bool wanted;
        bool asked; /* to end */
        bool ended; /* after it was asked, with `end` */
        uint64_t again_usec;
        long log_from; /* of the log file: where this process began */
        struct host_end end;
};

struct host {
        const char *name;
        struct tempdir dir;
        struct fakepid1 pid1;
        struct plan *plan;
        enum host_daemon target; /* which of the two has the plan */
        bool lease;
        int notify;
        char status[2048]; /* the agent's STATUS= */
        struct host_process process[HOST_DAEMONS];
        unsigned ends; /* that nobody had asked for */
        /* Called for each of these; false: that must not be. */
        bool (*on_end)(struct host *h, enum host_daemon which, const struct host_end *end, void *userdata);
        void *userdata;
};

/* The configuration names the kubeconfig of h->dir, which has a context other beside its own. */
void host_open(struct host *h, const char *name, const char *kubeconfig, const char *lock, bool lease);
void host_close(struct host *h);

/* Another configuration: `more` are lines of it. */
void host_configure(struct host *h, const char *lock, const char *more);

void host_start(struct host *h, enum host_daemon which);
/* It is not started again. */
void host_signal(struct host *h, enum host_daemon which, int sig);
/* It is started again at once, and this is no end that is told. */
void host_crash(struct host *h, enum host_daemon which);
/* Takes what ended and what was said. False as on_end. */
bool host_turn(struct host *h);

/* Whether one of its daemons ever said that. */
bool host_said(struct host *h, const char *text);
bool host_runs_unit(const struct host *h);
bool host_leads(const struct host *h);
uint64_t host_now_usec(void);
