/* SPDX-License-Identifier: Apache-2.0 */
/* A dbus-daemon of our own that plays the system bus (DBUS_SYSTEM_BUS_ADDRESS). Fails the test on any error. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tempdir.h"

struct privatebus {
        struct tempdir dir;
        pid_t pid; /* 0: not running */
};

/* False when there is no dbus-daemon on this machine. */
bool privatebus_available(void);

/* Prepares the socket's place and the environment; policy: XML between <busconfig> tags. Nothing runs yet. */
void privatebus_init(struct privatebus *b, const char *policy);
void privatebus_start(struct privatebus *b);
void privatebus_kill(struct privatebus *b);
/* Kills it and removes its files; safe after a failure at any point. */
void privatebus_done(struct privatebus *b);
