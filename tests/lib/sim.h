/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the test API server (build/kubesim) with TLS for one test program, and talks to its control endpoints. The
 * server dies with the test program, however that ends. All functions fail the test on any error. */
#pragma once

#include <stdbool.h>

#include "codec/kubeconfig.h"
#include "tempdir.h"

struct sim {
        struct tempdir dir; /* ca.crt, other-ca.crt, admin.crt, admin.key, token */
        int pid;
        char url[64];
        struct kubeconfig config; /* admin by client certificate; change what you like, but put the strings back */
};

#define SIM_TOKEN "0123456789abcdef0123456789abcdef"

void sim_start(struct sim *s);
void sim_stop(struct sim *s);
/* How many requests of this verb it has served or is serving. */
unsigned sim_count_requests(struct sim *s, const char *verb);
/* METHOD PATH with a JSON body (NULL: none); the answer must be 2xx. */
void sim_control(struct sim *s, const char *method, const char *path, const char *body);
/* Adds a fault rule; sim_heal() removes all of them. */
void sim_fault(struct sim *s, const char *match, const char *action);
void sim_heal(struct sim *s);
