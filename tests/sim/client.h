/* SPDX-License-Identifier: Apache-2.0 */
/* Between client.c (requests) and watch.c. */
#pragma once

#include "adapter/kube.h"
#include "world.h"

struct request;

struct kube_slot {
        struct request *request;
        struct watch *watch;
};

struct kube {
        struct process *process;
        struct watch *watches;
        uint64_t timeout_usec;
};

/* How long a message is on its way now. */
uint64_t client_way(struct host *h);
/* The watch part of kube_free() and kube_slot_free(). */
void watch_cancel(struct watch *w);
void watch_cancel_all(struct kube *kube);
