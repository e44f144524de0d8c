/* SPDX-License-Identifier: Apache-2.0 */
/* A process that plays PID 1 for leader-guard: a direct D-Bus peer on a socket that knows one unit, app.service, and
 * whether there is an agent. It looks at the gate as the real one does when a start job runs. Frozen by SIGSTOP it is a
 * PID 1 that runs a generator; killed and started again it is a daemon-reexec. What it is told and what it did is in
 * memory shared with the test. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fakepid1_state {
        /* the test says */
        char gate[256];   /* path that the unit asserts */
        char cgroup[256]; /* ControlGroup */
        char slice[256];  /* Slice; empty: system.slice */
        bool not_found;   /* no such unit */
        bool masked;
        bool bound;          /* BindsTo= the guard, as for tenure lease */
        bool unenrolled;     /* the assert is not in force */
        bool start_drops;    /* StartUnit is taken, and nothing comes of it */
        bool start_error;    /* StartUnit is answered with an error */
        bool ignores_stop;   /* deactivating until the test sets it inactive */
        bool stop_waits;     /* a stop of an inactive unit waits for another unit, unless that is to be ignored */
        unsigned job;        /* pending, 0: none */
        char active[32];     /* ActiveState, changed by jobs */
        char agent[32];      /* ActiveState of leader-agent.service; empty: active */
        char result[32];     /* Result; empty: not told */
        uint64_t ended_usec; /* when it came to be inactive; 0: forgotten, or never was anything else */
        uint64_t unmet_usec; /* when ConditionPathExists=/srv/data was looked at and not met; 0: it was not looked at */
        unsigned n_restarts; /* NRestarts */
        char permit[256];    /* must be there at each start; empty: not looked for */
        unsigned fail_at;    /* the call, counted from 1, that is not done; 0: none */
        bool fail_hangs_up;  /* by closing the connection, else it is answered with an error */
        const struct fakepid1_state *other; /* of another host: the unit must not run on both */
        /* it did */
        unsigned starts, refused_starts, stops, resets, reads, calls;
        unsigned overlaps;    /* starts while the unit of the other host was not inactive */
        unsigned unpermitted; /* starts without the permit file */
};

struct fakepid1 {
        struct fakepid1_state *state; /* shared */
        char address[256];
        char path[256];
        pid_t pid;
};

/* Prepares; dir: where the socket goes. Fails the test on any error. */
void fakepid1_init(struct fakepid1 *f, const char *dir);
void fakepid1_start(struct fakepid1 *f);
void fakepid1_kill(struct fakepid1 *f);
/* Says PropertiesChanged, and with `reload` also Reloading 1, 0. */
void fakepid1_signal(const struct fakepid1 *f, bool reload);
/* Kills it and frees everything; safe after a failure at any point. */
void fakepid1_done(struct fakepid1 *f);

/* Where cgroup2 is mounted. False: nowhere, or it does not fit. */
bool fakepid1_find_cgroup2(char *ret, size_t size);
