/* SPDX-License-Identifier: Apache-2.0 */
/* The composition root: everything one running kubesim consists of. One thread runs all of it. */
#pragma once

#include "auth.h"
#include "fault.h"
#include "gc.h"
#include "namespace.h"
#include "store.h"
#include "timer.h"
#include "watch.h"

enum {
        SIM_AUDIT_MAX = 20000,
};

struct sim {
        struct timers timers;
        struct store store;
        struct watches watches;
        struct gc gc;
        struct namespaces namespaces;
        struct auth auth;
        struct faults faults;
        doc *audit[SIM_AUDIT_MAX]; /* ring of requests served */
        uint64_t n_audit;          /* ever recorded; entry i is in audit[i % SIM_AUDIT_MAX] */
        int ready_status;          /* answer of /readyz */
        int64_t token_limit;       /* seconds that a token is good at most; 0: as asked */
        bool verbose;
};

void sim_init(struct sim *sim, uint64_t gc_delay_usec, uint64_t namespace_delay_usec, uint64_t bookmark_usec);
void sim_done(struct sim *sim);
/* Does nothing when there is one of this name. */
void sim_create_namespace(struct sim *sim, const char *name);
/* Takes the reference of entry. */
void sim_audit(struct sim *sim, doc *entry);
/* Forgets every entry; the next one has the number 0 again. */
void sim_audit_clear(struct sim *sim);
