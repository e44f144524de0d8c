/* SPDX-License-Identifier: Apache-2.0 */
/* Time. All instants of a host are on its own clock, so a tick shifts them; a clock that is slower or faster than the
 * others loses or gains a tick now and then. The API server and the network have no clock: what is sent is answered
 * within the tick, unless a fault delays it. */
#include "model.h"

/* The core computes with whole permille of the duration; a tick must be a whole number of them. */
uint32_t time_permille(unsigned a) {
        unsigned p = parameters.rate * 1000;

        if (p % parameters.duration[a]) {
                fprintf(stderr, "model: --rate needs a duration that divides 1000\n");
                abort();
        }
        return p / parameters.duration[a];
}

/* Whatever must happen on this host before its clock goes on. */
static bool is_ready(const struct world *w, unsigned h) {
        const struct agent *g = &w->agents[h];
        const struct host *o = &w->hosts[h], *second = &w->other.hosts[h];

        if (o->asleep)
                return true;
        if ((w->other.agents[h].request[SLOT_ELECTION].state == REQUEST_SENT && !g->frozen) ||
            (second->unit == PROCESSES_STOP && second->stop_left == 0))
                return false;
        for (unsigned s = 0; s < N_SLOTS && !g->frozen; s++)
                if (g->request[s].state == REQUEST_SENT)
                        return false;
        if (o->up && o->frozen && o->watchdog >= parameters.watchdog) /* @watchdog-must-strike */
                return false;
        return o->unit != PROCESSES_STOP || o->stop_left > 0 || o->hung;
}

static bool may_slip(const struct world *w, unsigned h) {
        return w->hosts[h].on && w->slips[h] && !w->steady[h];
}

bool time_may_tick(const struct world *w, unsigned still) {
        if (!parameters.time)
                return false;
        for (unsigned h = 0; h < parameters.agents; h++)
                if (!is_ready(w, h) || ((still >> h & 1) && !may_slip(w, h)))
                        return false;
        return true;
}

bool time_may_gain(const struct world *w, unsigned h) {
        return parameters.time && may_slip(w, h) && is_ready(w, h);
}

static void back(uint64_t *at) {
        if (*at && *at != USEC_INFINITY)
                *at -= TICK;
}

static void shift_half(struct world *w, unsigned i) {
        struct agent *g = &w->agents[i];
        struct host *o = &w->hosts[i];
        enum {
                SHARED = 6
        };
        uint64_t *at[] = {
                &g->election.holder.seen_at_usec,
                &g->election.term.own_at_usec,
                &g->election.term.permit_proof_usec,
                &g->election.term.leading_since_usec,
                &g->election.timers.verify_at_usec,
                &g->election.timers.retry.at_usec,
                &g->election.timers.cool_until_usec,
                &g->election.holder.silent_since_usec,
                &g->election.lock.orphan_at_usec,
                &g->election.past.prove_first_usec,
                &g->election.term.sole_at_usec,
                &g->election.term.lapse_at_usec,
                &g->request[SLOT_ELECTION].sent_at_usec,
                &o->file_stop_at_usec,
                &o->file_kill_at_usec,
                &o->supervise.stop_at_usec,
                &o->supervise.kill_at_usec,
                &o->supervise.disk_stop_at_usec,
                &o->supervise.disk_kill_at_usec,
                &o->supervise.retry_at_usec,
                &o->supervise.stop_sent_at_usec,
                &o->supervise.going_since_usec,
                /* what both locks have in common: once */
                &g->placeholder.proven_at_usec,
                &g->placeholder.renewed_at_usec,
                &g->placeholder.looked_at_usec,
                &g->placeholder.retry.at_usec,
                &g->placeholder.seen_at_usec,
                &g->request[SLOT_PLACEHOLDER].sent_at_usec,
        };
        unsigned n = w->second ? ELEMENTSOF(at) - SHARED : ELEMENTSOF(at);

        for (unsigned k = 0; k < n; k++)
                back(at[k]); /* @every-clock-goes-on */
        for (unsigned k = 0; k < o->n_queue; k++) {
                back(&o->queue[k].stop_at_usec);
                back(&o->queue[k].kill_at_usec);
        }
        if (o->asleep) /* PID 1's timers stand still */
                return;
        if (o->up && o->frozen && !w->second)
                o->watchdog++;
        if (o->unit == PROCESSES_STOP && !o->hung)
                o->stop_left--;
}

static void shift(struct world *w, unsigned i) {
        second_also(w, shift_half, i);
}

static void slipped(struct world *w, unsigned h) {
        w->slips[h]--;
        w->steady[h] = w->slips[h] ? (uint8_t)parameters.apart : 0;
}

void time_tick(struct world *w, unsigned still) {
        w->now_usec = BASE + 50;
        for (unsigned h = 0; h < parameters.agents; h++) {
                w->steady[h] = (uint8_t)(w->steady[h] - (w->steady[h] > 0));
                if (still >> h & 1)
                        slipped(w, h);
                else
                        shift(w, h);
        }
}

void time_gain(struct world *w, unsigned h) {
        w->now_usec = BASE + 50;
        slipped(w, h);
        shift(w, h);
}
