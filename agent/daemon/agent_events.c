/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes Events on the lock: what `kubectl describe configmap LOCK` shows. Sent and forgotten; an API server that
 * forbids them is not even mentioned. */
#include <stdio.h>

#include "daemon/agent_parts.h"

#define EVENT_DELAY_USEC (250 * USEC_PER_MSEC)

void agent_event_transition(struct agent_lock *l, const struct core_lock_view *v, uint8_t from) {
        struct agent *a = l->agent;
        enum election_state to = v->state;
        bool after_term = from == ELECTION_RELEASING && (v->lock.sort == LOCK_ABSENT || !v->lock.claimed);
        char note[768];
        struct event_object ev = {
                .ns = l->conf->namespace_,
                .kind = "ConfigMap",
                .name = l->conf->name,
                .uid = agent_uid_text(l, v->lock.uid),
                .instance = store_identity(a->store),
                .note = note,
        };

        if (to == ELECTION_LEADING) {
                ev.reason = "Acquired";
                ev.action = "Acquire";
                (void)snprintf(note, sizeof(note), "%s leads: %s runs there", ev.instance, l->conf->unit);
        } else if (to == ELECTION_STOPPING && v->reason == REASON_UNIT_UNFIT) {
                ev.reason = "Refused";
                ev.action = "Start";
                ev.warning = true;
                (void)snprintf(note, sizeof(note), "leader-guard on %s refuses to start %s: %.400s", ev.instance,
                               l->conf->unit, l->guard.text);
        } else if (to == ELECTION_STOPPING) {
                ev.reason = "SteppingDown";
                ev.action = "Stop";
                ev.warning =
                        v->reason != REASON_STEP_DOWN && v->reason != REASON_SLEEP && v->reason != REASON_AGENT_STOP;
                (void)snprintf(note, sizeof(note), "%s stops %s: %s", ev.instance, l->conf->unit,
                               election_reason_to_string((uint8_t)v->reason));
        } else if (after_term) {
                ev.reason = "Released";
                ev.action = "Release";
                (void)snprintf(note, sizeof(note), "%s released the lock: %s was seen stopped", ev.instance,
                               l->conf->unit);
        } else if (to == ELECTION_DEPOSING) {
                ev.reason = "Deposed";
                ev.action = "Depose";
                ev.warning = true;
                (void)snprintf(note, sizeof(note), "%s removes the lock of %s, whose lease was not renewed in time",
                               ev.instance, l->answered.identity[0] ? l->answered.identity : l->seen.identity);
        } else
                return;
        /* Out of the way of the requests that a change of hands waits for. */
        (void)kube_event_create(a->kube, &ev, a->stopping.since_usec ? 0 : EVENT_DELAY_USEC);
}

void agent_event_foreign(const struct agent_lock *l, const struct core_lock_view *v, const char *reason,
                         const char *next) {
        const struct agent *a = l->agent;
        char note[1024];
        struct event_object ev = {
                .ns = l->conf->namespace_,
                .kind = "ConfigMap",
                .name = l->conf->name,
                .uid = agent_uid_text(l, v->lock.uid),
                .instance = store_identity(a->store),
                .reason = "UnitWithoutPermit",
                .action = "Stop",
                .warning = true,
                .note = note,
        };

        (void)snprintf(note, sizeof(note), "%s on %s: %.400s; %.400s", l->conf->unit, ev.instance, reason, next);
        (void)kube_event_create(a->kube, &ev, EVENT_DELAY_USEC);
}
