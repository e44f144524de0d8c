/* SPDX-License-Identifier: Apache-2.0 */
/* Credential plugins as processes: who asks for one to be run (exec.c, on the loop, never waits), and who runs it
 * (exec_serve.c, in a process of its own: leader-agent-exec, or a child of leaderctl). Knows nothing of what plugins
 * print. */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"
#include "codec/exec_request.h"

struct exec;

struct exec_result {
        bool answered; /* false: text says why there is no answer, and what helps */
        enum exec_end end;
        int code;
        const char *output; /* n bytes and a NUL; live until the callback returns, and are wiped then */
        size_t n;
        const char *text;
};

typedef void (*exec_cb)(const struct exec_result *result, void *userdata);

/* Has order run by who listens on the socket; NULL: by a child of this process, as its user and with its environment.
 * The callback comes once, from the loop and as the last thing done in its turn, after the order's timeout and 5 s at
 * the latest. Returns -ENOMEM, -E2BIG, the errno of connecting, with err set. */
int exec_start(struct exec **ret, sd_event *event, const char *socket, const struct exec_order *order, exec_cb cb,
               void *userdata, struct err *err);
/* Gives up: the plugin is killed. Also in the callback, and after it. Returns NULL. */
struct exec *exec_free(struct exec *e);
DEFINE_CLEANUP(struct exec *, exec_free)

/* Serves the one request that comes on the connected socket, and returns when it is answered or given up: reads it,
 * runs the plugin in a process group of its own, kills that when its time is up, when it prints too much, when it has
 * ended and left something behind, or when the other end is gone. The plugin has /dev/null, a pipe and our standard
 * error, no other descriptor, no signal blocked, and of our environment nothing that systemd told us alone. Blocks;
 * everything else has to wait. Returns 0, or a negative errno when there could be no answer. */
int exec_serve(int fd);
