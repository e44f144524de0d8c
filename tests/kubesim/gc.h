/* SPDX-License-Identifier: Apache-2.0 */
/* The garbage collector of kube-controller-manager: dependents of owners that are gone, foreground and orphan
 * deletion. Every change queues the objects it may concern; each is looked at one delay later. */
#pragma once

#include "store.h"
#include "timer.h"

struct gc_item;

struct gc {
        struct store *store;
        struct timers *timers;
        struct timer timer;
        bool enabled;
        uint64_t delay_usec;
        struct gc_item *first, *last;
};

void gc_init(struct gc *gc, struct store *store, struct timers *timers, uint64_t delay_usec);
void gc_done(struct gc *gc);
/* Switching it on queues every object, as a fresh controller's first list does. */
void gc_set(struct gc *gc, bool enabled, uint64_t delay_usec);
void gc_event(struct gc *gc, const struct store_event *event);
