/* SPDX-License-Identifier: Apache-2.0 */
/* A credential plugin (tests/integration/exec) in a directory of its own, and a leader-agent-exec for each connection
 * to a socket there, as systemd has it with Accept=yes. All of it dies with the test program. Functions fail the test
 * on any error. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "codec/kubeconfig.h"
#include "tempdir.h"

enum plugin_language {
        PLUGIN_SHELL = 0,
        PLUGIN_PYTHON,
        PLUGIN_GO
};

struct pluginworld {
        struct tempdir dir; /* socket, mode, answer, runs, pid, log (standard error of all runs) */
        pid_t listener;
        char command[512];
        char *args[2]; /* behind the command; the second one is NULL */
        struct kubeconfig_exec exec;
};

/* False: there is nothing here to run such a plugin with. */
bool pluginworld_start(struct pluginworld *w, enum plugin_language language);
void pluginworld_stop(struct pluginworld *w);
/* What it does and prints from now on (tests/integration/exec/plugin.sh). */
void pluginworld_set(struct pluginworld *w, const char *mode, const char *answer);
const char *pluginworld_socket(const struct pluginworld *w);
/* How often it was run; and the process that it wrote into its file `pid`, 0: none yet. */
unsigned pluginworld_runs(const struct pluginworld *w);
pid_t pluginworld_pid(const struct pluginworld *w);
/* Whether the process is gone within 5 s. */
bool pluginworld_is_gone(pid_t pid);
/* Up to size bytes of a file of the directory; "" when it is not there. */
void pluginworld_read(const struct pluginworld *w, const char *name, char *buf, size_t size);
