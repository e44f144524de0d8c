/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of agent/guard/. guard.c: loop; guard_unit.c: one unit, performs actions; guard_files.c: what is on
 * disk; guard_reply.c: what is told to agent, STATUS and journal; guard_socket.c: the agent's connection. */
#pragma once

#include "adapter/boot.h"
#include "adapter/gate.h"
#include "adapter/units.h"
#include "base/clock.h"
#include "base/timing.h"
#include "codec/permit.h"
#include "codec/permitfile.h"
#include "core/supervise.h"
#include "guard/guard.h"

#define GUARD_UNITS_MAX 256
#define GUARD_WAITS_MAX 8

/* A request that got no final answer yet. */
struct guard_wait {
        uint32_t type;
        uint64_t seq;
        char lock_uid[64];
};

struct guard_unit {
        struct guard *guard;
        struct supervise s;
        struct permit_request permit; /* texts of the permit asked for, in force or being stopped */
        struct guard_wait waits[GUARD_WAITS_MAX];
        size_t n_waits;
        struct units_call *read, *start, *stop;
        struct supervise_reading reading; /* to be delivered in the next turn when reading_due */
        bool reading_due, start_due, wake_due;
        enum supervise_start_result start_result;
        uint64_t quiet_until_usec; /* PID 1 is left alone with a start: start_due and wake_due wait */
        uint64_t since_usec;       /* of the state */
        uint32_t main_pid;
        char name[256];
        char cgroup[PERMITFILE_CGROUP_SIZE];        /* where PID 1 said the unit is */
        char cgroup_wanted[PERMITFILE_CGROUP_SIZE]; /* where its slice says it will be */
        char problem[512];                          /* enrolment: what is wrong in force, and the cure */
        char trouble[512];                          /* load error, refused job, failed file, unit's Result */
};

struct guard {
        sd_event *event;
        sd_event_source *timer, *listener, *connection;
        struct gate gate;
        struct units *units;
        struct guard_options options;
        char boot_id[BOOT_ID_SIZE];
        char cgroup_error[512]; /* not empty: no cgroup v2, nothing can be permitted */
        char bus_error[512];    /* not empty: PID 1 is out of reach */
        struct guard_unit *unit[GUARD_UNITS_MAX];
        size_t n_units;
        int connection_fd;
        bool hang_up; /* the connection cannot take a reply: close it */
        bool status_due;
        uint64_t status_at_usec; /* when it is told, 0: not due */
        uint64_t now_usec;       /* never goes back */
        uint64_t reconnect_at_usec;
        uint64_t pinged_at_usec, watchdog_usec;
        bool watchdog_bad;        /* run by systemd, but with no watchdog that could end a lease in time */
        uint64_t log_window_usec; /* of guard_may_log() */
        unsigned log_count;
};

/* CLOCK_BOOTTIME now. */
uint64_t guard_now(struct guard *g);

/* For messages that a broken peer can provoke: false after 20 within 10 seconds. */
bool guard_may_log(struct guard *g);

/* The unit of that name, made when it is new. NULL: out of memory or of room. */
struct guard_unit *guard_unit_get(struct guard *g, const char *name);
void guard_unit_free(struct guard_unit *u);

/* One step: fills in ev->now_usec, lets supervise_step() decide, performs all actions. request: the one in hand, or
 * NULL. */
void guard_unit_step(struct guard_unit *u, struct supervise_event *ev, const struct permit_request *request);

/* What PID 1 said about the unit, as facts for the core. */
void guard_unit_look(struct guard_unit *u, const struct enroll_facts *facts);

/* Takes up what is on disk; before READY=1. */
int guard_files_find(struct guard *g, struct err *err);
int guard_files_write_permit(struct guard_unit *u);
int guard_files_write_environment(struct guard_unit *u);

/* Answers one request; final: the last answer to a revoke. */
void guard_reply(struct guard_unit *u, uint32_t type, uint64_t seq, const char *lock_uid, enum guard_result result,
                 bool final);
/* Tells the agent, the journal and STATUS that the state changed. */
void guard_reply_push(struct guard_unit *u, enum supervise_state before);
/* Answers what waits: all requests of a type. */
void guard_reply_waiting(struct guard_unit *u, uint32_t type, enum guard_result result);
void guard_status(struct guard *g);

/* Accepts every waiting connection; the newest allowed one replaces the old one. */
void guard_socket_accept(struct guard *g);
int guard_socket_open(struct guard *g, struct err *err);
void guard_socket_close(struct guard *g);
void guard_socket_send(struct guard *g, const struct permit_reply *reply);
