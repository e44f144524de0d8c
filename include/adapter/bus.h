/* SPDX-License-Identifier: Apache-2.0 */
/* Our D-Bus API on the system bus: name and interface io.leaderagent.Agent1, object /io/leaderagent/Agent1.
 *
 *   Status() → s                 the status document (JSON), anybody
 *   StepDown(s lock, s reason)        give up leadership of NAMESPACE/NAME, or of NAME when only one has it, root only;
 *                                     refused (BUS_ERROR_REFUSED) where it is known that nobody could take over
 *   ForceStepDown(s lock, s reason)   the same, not refused for that
 *   Reload()                          read the configuration again, root only
 *   StatusChanged                     signal without content: call Status
 *
 * Arguments and results are strings. The server (bus.c) never blocks and never fails the agent: without a bus it keeps
 * trying, every 1 s to 30 s. The client (bus_client.c) is for leaderctl and waits. What a call does is its handler's.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"

#define BUS_NAME "io.leaderagent.Agent1"
#define BUS_PATH "/io/leaderagent/Agent1"
/* The D-Bus error of a call that a handler refused. */
#define BUS_ERROR_FAILED BUS_NAME ".Error.Failed"
/* … that it would carry out when forced (-EBUSY). */
#define BUS_ERROR_REFUSED BUS_NAME ".Error.Refused"

struct bus;

/* Called from the event loop, one at a time, each with the userdata of bus_serve(). May call bus_status_changed(), must
 * not free the bus. A negative errno becomes a D-Bus error with err's text, or the errno's. */
struct bus_handlers {
        int (*status)(void *userdata, char **ret_json); /* malloc()ed, the bus frees it */
        /* 1: not known yet, bus_answer() tells, with this call. -EBUSY: refused unless forced. */
        int (*step_down)(void *userdata, const char *lock, const char *reason, bool force, uint64_t call,
                         struct err *err);
        int (*reload)(void *userdata, struct err *err);
        /* The bus is out of reach, or has another owner of our name: error, until we serve again: "". Told when that
         * changes, also from within bus_serve(); a first connection that succeeds is not told. */
        void (*trouble)(void *userdata, const char *error);
};

/* Starts serving; h must outlive the bus. Returns 0 also when there is no bus now; -ENOMEM and the like, with err set,
 * otherwise. */
int bus_serve(struct bus **ret, sd_event *event, const struct bus_handlers *h, void *userdata, struct err *err);
/* Calls that wait for their sender to be known are not answered any more. Does not wait for the broker. */
struct bus *bus_free(struct bus *b);
DEFINE_CLEANUP(struct bus *, bus_free)

/* Answers a call that a handler left open: r and err as it would have returned them. Nothing happens when its
 * connection is gone meanwhile. b may be NULL. */
void bus_answer(struct bus *b, uint64_t call, int r, struct err *err);

/* Sends StatusChanged, when connected. b may be NULL. */
void bus_status_changed(struct bus *b);

/* Client side: calls a method of the agent on this host and waits, at most 10 s, and 2 s for an agent that runs and is
 * not on the bus: it may be starting anew. What has no arguments is called again when that took the answer. arguments:
 * strings, then NULL; NULL: none. ret_text: where the string that the method returns goes, the caller frees it; NULL:
 * it returns none. Returns 0; negative errno with err set: -EHOSTDOWN no agent on the bus (or no bus); -ENOTCONN no
 * agent on the bus, though systemd says that it runs; -EACCES not allowed; -EBUSY and -EREMOTEIO the agent refused, err
 * has its words (-EBUSY: it would not when forced), or its answer cannot be read; -ETIMEDOUT; -ENOMEM. */
int bus_client_call(const char *method, const char *const *arguments, char **ret_text, struct err *err);
