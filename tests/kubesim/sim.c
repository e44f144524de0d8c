/* SPDX-License-Identifier: Apache-2.0 */
/* Wires the parts: what the store changes is told to watches, garbage collector and namespace controller. Also the log
 * of requests served, a ring. */
#include "sim.h"

#include "verbs.h"

static void sim_on_event(void *arg, const struct store_event *event) {
        struct sim *sim = arg;
        watch_event(&sim->watches, event);
        gc_event(&sim->gc, event);
        namespace_event(&sim->namespaces, event);
}

void sim_create_namespace(struct sim *sim, const char *name) {
        struct call c = {.verb = VERB_CREATE, .resource = resource_namespaces};
        struct reply r = {0};
        _cleanup_free_ char *body = doc_printf("{\"metadata\":{\"name\":\"%s\"}}", name);
        c.body = body;
        c.body_size = strlen(body);
        verbs_execute(&sim->store, &c, &r);
        reply_done(&r);
}

void sim_init(struct sim *sim, uint64_t gc_delay_usec, uint64_t namespace_delay_usec, uint64_t bookmark_usec) {
        *sim = (struct sim){.ready_status = 200};
        store_init(&sim->store, sim_on_event, sim);
        sim->watches = (struct watches){.timers = &sim->timers, .store = &sim->store, .bookmark_usec = bookmark_usec};
        gc_init(&sim->gc, &sim->store, &sim->timers, gc_delay_usec);
        namespace_init(&sim->namespaces, &sim->store, &sim->timers, namespace_delay_usec);
        sim_create_namespace(sim, "default");
        sim_create_namespace(sim, "kube-system");
}

void sim_audit(struct sim *sim, doc *entry) {
        doc **at = &sim->audit[sim->n_audit++ % SIM_AUDIT_MAX];
        doc_putp(at);
        *at = entry;
}

void sim_audit_clear(struct sim *sim) {
        for (size_t i = 0; i < SIM_AUDIT_MAX; i++)
                doc_putp(&sim->audit[i]);
        sim->n_audit = 0;
}

void sim_done(struct sim *sim) {
        while (sim->watches.first)
                watch_free(&sim->watches, sim->watches.first);
        gc_done(&sim->gc);
        namespace_done(&sim->namespaces);
        fault_remove(&sim->faults, 0);
        auth_done(&sim->auth);
        store_done(&sim->store);
        sim_audit_clear(sim);
}
