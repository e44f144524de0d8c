/* SPDX-License-Identifier: Apache-2.0 */
/* Which call is to fail, in memory shared between the judge and the daemon that has preload.c in it, and what came of
 * it. The count goes on when the daemon executes itself or is started again. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Names the file of struct plan; and what the host is called, so that two of them fit on one machine. */
#define PLAN_FILE "INJECT_PLAN"
#define PLAN_HOST "INJECT_HOST"

enum plan_kind {
        PLAN_ALLOC,
        PLAN_OPEN,
        PLAN_STAT,
        PLAN_READ,
        PLAN_WRITE,
        PLAN_FSYNC,
        PLAN_RENAME,
        PLAN_DIR, /* unlink, mkdir */
        PLAN_CONNECT,
        PLAN_SEND,
        PLAN_RECV,
        PLAN_BUS,
        PLAN_EVENT,
        PLAN_CURL,
        PLAN_RANDOM,
        PLAN_KINDS,
};

enum plan_caller {
        PLAN_OWN, /* a call from the program's own code */
        PLAN_ANY, /* also those of its libraries */
        /* of one library */
        PLAN_JSON,
        PLAN_CONFIG,
        PLAN_YAML,
        PLAN_LIBCURL,
        PLAN_SSL,
        PLAN_CRYPTO,
        PLAN_SYSTEMD,
        PLAN_LIBC,
        PLAN_CALLERS,
};

/* In this order; of a library also the begin of its file's name. */
#define PLAN_CALLER_NAMES                                                                                              \
        "own", "any", "libjson-c", "libconfig", "libfyaml", "libcurl", "libssl", "libcrypto", "libsystemd", "libc."

struct plan {
        /* the judge says */
        enum plan_kind kind;
        enum plan_caller caller;
        unsigned k; /* this call fails, counted from 1; 0: none */
        bool on;    /* and all after it, until healed */
        _Atomic bool healed;
        /* preload.c says */
        _Atomic unsigned calls[PLAN_KINDS][PLAN_CALLERS];
        _Atomic unsigned failed;
        _Atomic uint64_t errors[2]; /* the set of those that were given */
        char site[200];             /* where it was called: FILE+OFFSET (SYMBOL) */
};
