/* SPDX-License-Identifier: Apache-2.0 */
/* The API server did not answer, and the core has nothing to ask it: a candidate whose one request was in vain would
 * say so until it verifies again. So a lock is read, of which nothing is kept but whether there was an answer. */
#include "daemon/agent_parts.h"

static void on_reply(const struct kube_reply *reply, void *userdata) {
        struct agent *a = userdata;

        a->ask.request = kube_slot_free(a->ask.request);
        agent_note_contact(a, reply);
}

/* Any whose namespace may be asked. */
static const struct agent_lock *lock(const struct agent *a) {
        for (size_t i = 0; i < a->n_locks; i++)
                if (!agent_namespace_refusal(a->locks[i]->namespace_)[0])
                        return a->locks[i];
        return NULL;
}

uint64_t agent_ask_update(struct agent *a, uint64_t now_usec) {
        const struct agent_lock *l = a->api_error[0] && !a->ask.request ? lock(a) : NULL;

        if (!l)
                return USEC_INFINITY; /* (an answer comes with a turn of its own) */
        if (now_usec < a->ask.due_usec)
                return a->ask.due_usec;
        agent_ask_later(a);
        (void)kube_lock_get(a->kube, l->conf->namespace_, l->conf->name, on_reply, a, &a->ask.request);
        return a->ask.due_usec;
}
