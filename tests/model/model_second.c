/* SPDX-License-Identifier: Apache-2.0 */
/* A second lock of the same namespace: on each host one more election, with a unit and a guard of its own, and the same
 * placeholder. The two halves of that world change places, so that everything else knows of one lock only; what both
 * have in common (placeholder, processes, boot) stays where it is. The guard is one process, but each half has its own
 * connection to it: faults of the link are not for this world. */
#include "model.h"

static void swap_agents(struct agent *here, struct agent *there) {
        struct agent t = *here;

        *here = *there;
        *there = t;
        /* in common */
        here->up = t.up;
        here->frozen = t.frozen;
        here->tenure = t.tenure;
        here->leaving = t.leaving;
        here->nonce = t.nonce;
        here->lost = t.lost;
        here->gone = t.gone;
        here->unenrolled = t.unenrolled;
        here->claim[SLOT_PLACEHOLDER] = t.claim[SLOT_PLACEHOLDER];
        memcpy(here->claims[SLOT_PLACEHOLDER], t.claims[SLOT_PLACEHOLDER], sizeof(t.claims[0]));
        here->claiming[SLOT_PLACEHOLDER] = t.claiming[SLOT_PLACEHOLDER];
        here->request[SLOT_PLACEHOLDER] = t.request[SLOT_PLACEHOLDER];
        here->placeholder = t.placeholder;
}

static void swap_hosts(struct host *here, struct host *there) {
        struct host t = *here;

        *here = *there;
        *there = t;
        here->on = t.on;
        here->boot = t.boot;
        here->asleep = t.asleep;
        here->up = t.up;
        here->frozen = t.frozen;
        here->watchdog = t.watchdog;
}

void second_swap(struct world *w) {
        struct api_lock l = w->lock;
        struct fence f = w->fence;

        w->lock = w->other.lock;
        w->other.lock = l;
        w->fence = w->other.fence;
        w->other.fence = f;
        for (unsigned i = 0; i < parameters.agents; i++) {
                swap_agents(&w->agents[i], &w->other.agents[i]);
                swap_hosts(&w->hosts[i], &w->other.hosts[i]);
        }
        w->second = !w->second;
}

struct world second_view(const struct world *w) {
        struct world v = *w;

        second_swap(&v);
        return v;
}

void second_also(struct world *w, void (*f)(struct world *w, unsigned i), unsigned i) {
        f(w, i);
        if (!parameters.two)
                return;
        second_swap(w);
        f(w, i);
        second_swap(w);
}
