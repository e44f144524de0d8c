/* SPDX-License-Identifier: Apache-2.0 */
/* The namespace controller: empties a terminating namespace after a delay (5 s on the real one), tries again until
 * nothing is left, then lets it go. */
#pragma once

#include "store.h"
#include "timer.h"

struct namespace_job;

struct namespaces {
        struct store *store;
        struct timers *timers;
        struct timer timer;
        uint64_t delay_usec; /* from the DELETE to the first pass */
        uint64_t retry_usec; /* between passes */
        struct namespace_job *jobs;
};

void namespace_init(struct namespaces *n, struct store *store, struct timers *timers, uint64_t delay_usec);
void namespace_done(struct namespaces *n);
void namespace_event(struct namespaces *n, const struct store_event *event);
