/* SPDX-License-Identifier: Apache-2.0 */
/* Our D-Bus API on the system bus: name and interface io.leaderagent.Agent1, object /io/leaderagent/Agent1.
 *
 *   Status() → s                 the status document (JSON), anybody
 *   StepDown(s lock, s reason)   give up leadership of NAMESPACE/NAME, root only
 *   Reload()                     read the configuration again, root only
 *   StatusChanged                signal without content: call Status
 *
 * The server never blocks and never fails the agent: without a bus it keeps trying (1 s to 30 s between attempts). The
 * client side is for leaderctl and waits, at most 10 s. */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"

#define BUS_NAME "io.leaderagent.Agent1"
#define BUS_PATH "/io/leaderagent/Agent1"

struct bus;

/* Called from the event loop, one at a time, each with the userdata of bus_serve(). May call bus_status_changed(), must
 * not free the bus. A negative errno becomes a D-Bus error with err's text. */
struct bus_handlers {
        int (*status)(void *userdata, char **ret_json); /* malloc()ed, the bus frees it */
        int (*step_down)(void *userdata, const char *lock, const char *reason, struct err *err);
        int (*reload)(void *userdata, struct err *err);
        /* The bus is out of reach, or has another owner of our name: error; or we serve (again): "". Told when that
         * changes, also from within bus_serve(). */
        void (*trouble)(void *userdata, const char *error);
};

/* Starts serving; h must outlive the bus. Returns 0 also when there is no bus now; -ENOMEM and the like otherwise. */
int bus_serve(struct bus **ret, sd_event *event, const struct bus_handlers *h, void *userdata, struct err *err);
void bus_free(struct bus *b);
DEFINE_CLEANUP(struct bus *, bus_free)

/* Sends StatusChanged, when connected. */
void bus_status_changed(struct bus *b);

/* What keeps us from the bus, for the status line: "" when the name is ours. */
const char *bus_error(const struct bus *b);

/* Client side. Return 0; -EHOSTDOWN no agent on the bus (or no bus); -EACCES not allowed; -EREMOTEIO the agent refused,
 * err has its words; -ETIMEDOUT. */
int bus_client_status(char **ret_json, struct err *err);
int bus_client_step_down(const char *lock, const char *reason, struct err *err);
int bus_client_reload(struct err *err);
