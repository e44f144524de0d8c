/* SPDX-License-Identifier: Apache-2.0 */
/* What must never happen, checked at each event that could make it happen; and what must have happened at last. */
#include "core/core_parts.h"
#include "daemon/agent_parts.h"
#include "hole.h"
#include "lasting.h"

#define AT_ONCE            1000
#define AT_ONCE_WINDOW     (1 * SEC)
#define REQUESTS_AT_ONCE   (20 + 12 * LOCKS_MAX)
#define REQUEST_WINDOW     (10 * SEC)
#define REQUESTS_IN_WINDOW (40 + 40 * LOCKS_MAX)

void judge_unit_started(const struct unit *u) {
        const struct api_lock *l = &world.locks[u->lock];

        world_log("%.5s RUNS on %s%s", u->name, u->host->name, u->foreign ? ", past the gate" : "");
        if (u->foreign)
                return; /* README: the others do not see it; at the end there is none (judge_unsettled()) */
        if (world.holes)
                hole_changed();
        for (unsigned i = 0; i < world.n_hosts && !world.holes; i++)
                for (unsigned n = u->lock; n < UNITS_MAX; n += LOCKS_MAX) {
                        const struct unit *other = &world.hosts[i].units[n];

                        if (&world.hosts[i] != u->host && other->populated && !other->foreign)
                                world_fail("two leaders", "%s starts on %s, and %s still runs on %s", u->name,
                                           u->host->name, other->name, world.hosts[i].name);
                }
        /* (A paused host's permit lasts on: a new guard starts its unit again.) */
        if (!world.holes && (!l->exists || !util_streq(l->o.holder, u->host->name)))
                world_fail("unit without lock", "unit%u starts on %s, and its lock is %s%s", u->lock, u->host->name,
                           l->exists ? "held by " : "not there", l->exists ? l->o.holder : "");
        if (world.leader[u->lock] != (int)u->host->index)
                world.n_leaders++;
        world.leader[u->lock] = (int)u->host->index;
}

void judge_unit_ended(const struct unit *u) {
        world_log("%.5s has ended on %s", u->name, u->host->name);
        if (world.holes)
                hole_changed();
}

void judge_finalizer_removed(const struct lock_object *l, const struct order *o) {
        unsigned n = (unsigned)atoi(l->name + strlen("lock"));

        for (unsigned i = 0; i < 2 * world.n_hosts && !world.holes; i++) {
                const struct unit *u = &world.hosts[i / 2].units[n + i % 2 * LOCKS_MAX];

                if (u->populated && !u->foreign)
                        world_fail("finalizer", "%s removes the finalizer of %s (%s) while %s runs on %s", o->who,
                                   l->name, l->uid, u->name, u->host->name);
        }
        if (!l->deleting)
                world_fail("finalizer", "%s removes the finalizer of %s (%s), which is not marked", o->who, l->name,
                           l->uid);
        if (o->host && l->tenure == TENURE_LIFE && !util_streq(l->holder, o->host->name))
                world_fail("finalizer", "%s removes the finalizer of the life lock %s (%s) of %s", o->who, l->name,
                           l->uid, l->holder);
}

void judge_step(struct process *p) {
        if (world.now - p->busy_since > AT_ONCE_WINDOW) {
                p->busy_since = world.now;
                p->n_at_once = 0;
        }
        if (++p->n_at_once > AT_ONCE)
                world_fail("busy loop", "%s of %s: more than %d events within a second",
                           p->program == AGENT ? "agent" : "guard", p->host->name, AT_ONCE);
}

void judge_request(struct process *p) {
        world.n_requests++;
        if (world.now - p->window > REQUEST_WINDOW) {
                p->window = world.now;
                p->n_requests = 0;
        }
        p->n_requests++;
        if (p->n_requests > world.max_requests)
                world.max_requests = p->n_requests;
        if (p->n_requests > REQUESTS_IN_WINDOW)
                world_fail("request rate", "agent of %s sent more than %d requests within ten seconds", p->host->name,
                           REQUESTS_IN_WINDOW);
}

/* NULL: it is led, and its unit runs. */
static const char *unled(unsigned i) {
        static char text[200];
        const struct api_lock *l = &world.locks[i];
        const struct host *leader = NULL;

        for (unsigned n = 0; n < world.n_hosts; n++) {
                const struct unit *more = &world.hosts[n].units[LOCKS_MAX + i];

                if (more->populated && more->foreign && !world.hosts[n].agent_gone) {
                        (void)snprintf(text, sizeof(text), "%s runs on %s past the gate", more->name,
                                       world.hosts[n].name);
                        return text;
                }
        }
        for (unsigned n = 0; n < world.n_hosts; n++)
                if (world.hosts[n].units[i].populated) {
                        /* Where no agent ever comes back nobody evicts it: its guard's STATUS asks a human. */
                        if (world.hosts[n].units[i].foreign && world.hosts[n].agent_gone)
                                continue;
                        if (world.hosts[n].units[i].foreign) {
                                (void)snprintf(text, sizeof(text), "unit%u runs on %s past the gate", i,
                                               world.hosts[n].name);
                                return text;
                        }
                        leader = &world.hosts[n];
                }
        (void)snprintf(text, sizeof(text), "lock%u: %s%s%s, unit %s%s%s", i, l->exists ? "held by " : "not there",
                       l->exists ? l->o.holder : "", l->exists && l->o.deleting ? ", marked" : "",
                       leader ? "runs on " : "runs nowhere", leader ? leader->name : "",
                       leader && leader->units[i].state != RUN_ACTIVE ? " (not active)" : "");
        if (!l->exists || l->o.deleting || !leader || !util_streq(l->o.holder, leader->name) ||
            leader->units[i].state != RUN_ACTIVE)
                return text;
        if (host_has_list(leader, i) && leader->units[LOCKS_MAX + i].state != RUN_ACTIVE) {
                (void)snprintf(text, sizeof(text), "lock%u: %s does not run on %s", i,
                               leader->units[LOCKS_MAX + i].name, leader->name);
                return text;
        }
        if (leader->agent_gone && l->o.tenure == TENURE_LIFE)
                return NULL; /* its guard has a permit without end */
        if (!leader->agent.alive)
                return text;
        for (size_t n = 0; n < leader->agent.agent->core.n_locks; n++)
                if (util_streq(leader->agent.agent->locks[n]->conf->name, l->o.name) &&
                    leader->agent.agent->core.locks[n].election.state != ELECTION_LEADING)
                        return text;
        return NULL;
}

const char *judge_unsettled(void) {
        world.n_excused = 0;
        for (unsigned i = 0; i < world.n_locks; i++) {
                const char *text = unled(i), *untold;

                if (!text)
                        continue;
                if (!lasting_excuse(i, &untold))
                        return untold ? untold : text;
                world.n_excused++;
        }
        return NULL;
}

/* From the end of the faults. What may have to pass, one after the other: a watch that begins again and the longest
 * backoff, a deposed lease, a stop, a cooldown, a human's step-down, a service that comes back. */
uint64_t judge_bound(void) {
        uint64_t bound = 0;

        for (unsigned i = 0; i < world.n_locks; i++)
                for (unsigned n = 0; n < world.n_hosts; n++) {
                        const struct conf_lock *l = &world.hosts[n].locks[i];
                        uint64_t d = 2 * l->lease_duration_usec + l->lease_duration_usec / 10 +
                                     2 * l->stop_timeout_usec + l->keys.cooldown.max_usec + l->keys.step_down_hold_usec;

                        if (d > bound)
                                bound = d;
                }
        return bound + 120 * SEC;
}
