/* SPDX-License-Identifier: Apache-2.0 */
/* A test API server with TLS and one kube connection to it, with short time-outs: what the tests of kube against a
 * faulty server (tests/integration/test_kube_fault.c, _watch.c, _trouble.c) have in common. */
#pragma once

#include "kubeworld.h"
#include "sim.h"

#define NS    "default"
#define LOCK  "a-lock"
#define LEASE "a-lease"

struct faultworld {
        struct sim sim;
        struct kubeworld w;
        struct placeholder_object owner;
        struct lock_object lock; /* as it is to be created */
};

/* For cmocka: a server with a Lease, so that locks can be made; the connection is warm. *state is a faultworld. */
int faultworld_setup(void **state);
int faultworld_teardown(void **state);
