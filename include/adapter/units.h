/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 over D-Bus: reads units, queues start and stop jobs, hears of changes. Everything is asynchronous and bounded
 * in time: nothing here ever waits for PID 1, so the caller's deadlines hold while PID 1 is blocked. Root talks over
 * /run/systemd/private, which needs no bus daemon; when that is out of reach, over the system bus. Decides nothing.
 * ARCHITECTURE 5, claim 6. */
#pragma once

#include <systemd/sd-event.h>

#include "codec/enroll.h"

/* Limits of the calls. A start that PID 1 has not even queued by then is given up by the caller: gate away, stop. */
#define UNITS_READ_USEC  (5 * USEC_PER_SEC)
#define UNITS_START_USEC (25 * USEC_PER_SEC)
#define UNITS_STOP_USEC  (25 * USEC_PER_SEC)
/* A daemon-reload runs every generator. */
#define UNITS_RELOAD_USEC (120 * USEC_PER_SEC)

struct units;

enum units_answer {
        UNITS_OK = 0,
        UNITS_REFUSED, /* PID 1 answered with an error; text says which */
        UNITS_LOST,    /* the connection went away before the answer */
        UNITS_TIMEOUT, /* no answer within the limit: it may still be carried out */
};

struct units_handlers {
        /* Something of `unit` may have changed (NULL: of any unit: after a daemon-reload, or connected anew). A signal
         * is not a snapshot: read again. */
        void (*changed)(const char *unit, void *userdata);
        /* What a signal says of `unit`, before changed(): of the facts only those that PID 1 mentions (it does when
         * they change, and before it forgets the unit), the others are empty. May be NULL. */
        void (*told)(const char *unit, const struct enroll_facts *news, void *userdata);
        /* The connection is gone; every call under way has been answered with UNITS_LOST. units_connect() may be called
         * from here or later. */
        void (*lost)(const char *why, void *userdata);
};

/* Returns 0 or -ENOMEM. Not connected yet. address: NULL for PID 1; a D-Bus address of a direct peer for tests.
 * address, h and userdata stay the caller's and must outlive it. */
int units_new(struct units **ret, sd_event *event, const char *address, const struct units_handlers *h, void *userdata);

/* Cancels everything; no callback runs any more. NULL is allowed. Returns NULL. */
struct units *units_free(struct units *u);
DEFINE_CLEANUP(struct units *, units_free)

/* Connects (again), subscribes, and says changed(NULL) before it returns. Returns 0, also (and then says nothing) when
 * connected already, or negative errno with err set: try later. */
int units_connect(struct units *u, struct err *err);
bool units_connected(const struct units *u);

/* One call under way. The callback runs exactly once, never before the call returned, not after units_call_free() or
 * units_free(). Freed by the caller, answered or not; NULL is allowed. Returns NULL. */
struct units_call;
struct units_call *units_call_free(struct units_call *c);
DEFINE_CLEANUP(struct units_call *, units_call_free)

/* answer, and text (may be empty) for a human. facts: only of units_read() with UNITS_OK, valid during the callback.
 * The call may be freed from within. */
typedef void (*units_fn)(enum units_answer answer, const char *text, const struct enroll_facts *facts, void *userdata);

/* Reads the unit in one atomic look. Not loaded units are loaded for it; one that does not exist is UNITS_OK with load
 * state not-found. Returns 0, -ENOTCONN, or another negative errno; on success *ret is the caller's to free. So do the
 * calls below. */
int units_read(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata);

/* The units that `unit` comes before or after (property: "Before", "After"), as PID 1 has it in force: implied ones,
 * too, and those that other units that are loaded declare. names: a NULL-terminated list, valid during the callback;
 * NULL unless UNITS_OK; empty for a unit that does not exist. */
typedef void (*units_names_fn)(enum units_answer answer, const char *text, char *const *names, void *userdata);
int units_read_order(struct units *u, struct units_call **ret, const char *unit, const char *property,
                     units_names_fn fn, void *userdata);

/* reset-failed, then a start job (replacing). UNITS_OK: queued, not done. */
int units_start(struct units *u, struct units_call **ret, const char *unit, units_fn fn, void *userdata);

/* A stop job (replacing). alone: without regard to other units, whose jobs it would wait for; not for a unit that runs,
 * because what depends on it is then not stopped with it. UNITS_OK: queued, or nothing to stop. */
int units_stop(struct units *u, struct units_call **ret, const char *unit, bool alone, units_fn fn, void *userdata);

/* daemon-reload. */
int units_reload(struct units *u, struct units_call **ret, units_fn fn, void *userdata);
