/* SPDX-License-Identifier: Apache-2.0 */
/* The /_kubesim/ endpoints, with which a test steers the server. Listed in README.md. No credentials are asked for. */
#pragma once

#include "sim.h"

/* True when path is ours; then r has the answer. value of the query parameter "since" in since (0: none). */
bool control_handle(struct sim *sim, const char *method, const char *path, const char *body, size_t size,
                    uint64_t since, struct reply *r);
