/* SPDX-License-Identifier: Apache-2.0 */
/* leader-agent as a library: the shell around the core, without main(). It performs the actions that the core returns
 * and turns answers, watch events, guard messages and signals into events. It decides nothing about leadership.
 *
 * A callback only posts (agent_inbox.c). The loop takes what was posted, steps the core with one event at a time and
 * performs its actions; then come watches, status, the end and the one timer (agent.c). */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"

struct agent;

/* Reads configuration, kubeconfig and state directory and starts everything. Errors name file and cure. */
int agent_new(struct agent **ret, sd_event *event, const char *conf_path, struct err *err);
struct agent *agent_free(struct agent *a);
DEFINE_CLEANUP(struct agent *, agent_free)

/* Everything that is due: what main() does once before READY=1. */
void agent_turn(struct agent *a);
/* Turns until sd_event_exit(), or until a reload wants a start. Returns the exit code given there, 0, or negative errno
 * of the loop. */
int agent_run(struct agent *a);
/* Whether the configuration that was accepted last takes effect by a start of this process: free the agent, which
 * leaves everything as it is like a restart, and begin again. */
bool agent_starts_anew(const struct agent *a);

/* SIGTERM: asks PID 1 why, then releases everything (stop, shutdown) or leaves everything as it is (restart). */
void agent_terminate(struct agent *a);
/* SIGHUP and D-Bus: reads configuration and kubeconfig again. Returns a negative errno with err set; then nothing has
 * changed. With another connection (kubeconfig, context, request_timeout) nothing has changed either, and
 * agent_starts_anew(). */
int agent_reload(struct agent *a, struct err *err);

/* For main()'s log: valid as long as the agent. */
const char *agent_identity(const struct agent *a);
const char *agent_server(const struct agent *a);
const char *agent_host(const struct agent *a);
int agent_log_level(const struct agent *a);
