/* SPDX-License-Identifier: Apache-2.0 */
/* Asks PID 1 about leader-agent.service, again and again, while units run for life and no agent is connected: between
 * two starts it is "activating"; inactive or failed without a job, it will not be started by itself. */
#include <stdio.h>

#include "adapter/journal.h"
#include "guard/guard_agent.h"
#include "guard/guard_unit.h"

#define LOOK_USEC (1 * USEC_PER_SEC)
/* PID 1 says so for that long: nobody was about to start it again by hand. */
#define GONE_USEC (5 * USEC_PER_SEC)
/* Longer than systemd waits before it starts it again. */
#define MISSED_USEC (3 * USEC_PER_SEC)

static bool runs_for_life(const struct guard_unit *u) {
        return supervise_permitted(&u->s) && u->s.tenure == TENURE_LIFE;
}

static bool left_alone(const struct guard *g) {
        if (g->connection_fd >= 0)
                return false;
        for (size_t i = 0; i < g->n_units; i++)
                if (runs_for_life(g->unit[i]))
                        return true;
        return false;
}

void guard_agent_forget(struct guard *g) {
        g->agent.read = units_call_free(g->agent.read);
        g->status_due = g->status_due || g->agent.missed;
        g->agent.missed = g->agent.gone = false;
        g->agent.since_usec = g->agent.look_at_usec = g->agent.gone_since_usec = 0;
}

static void on_read(enum units_answer answer, _unused_ const char *text, const struct enroll_facts *f, void *userdata) {
        struct guard *g = userdata;
        uint64_t now = guard_now(g);

        g->agent.read = units_call_free(g->agent.read);
        if (answer != UNITS_OK || f->job || util_streq(f->load_state, "not-found") ||
            !(util_streq(f->active_state, "inactive") || util_streq(f->active_state, "failed")))
                g->agent.gone_since_usec = 0;
        else if (g->agent.gone_since_usec == 0)
                g->agent.gone_since_usec = now;
        else
                g->agent.gone = now - g->agent.gone_since_usec >= GONE_USEC;
}

static void stop_all(struct guard *g) {
        for (size_t i = 0; i < g->n_units; i++) {
                struct guard_unit *u = g->unit[i];
                struct supervise_event ev = {.type = SUPERVISE_EV_ABANDONED};

                if (!runs_for_life(u))
                        continue;
                /* How its lock is freed is told when the unit was seen stopped (guard_reply_push()): not before. */
                journal_record(
                        LOG_WARNING, JOURNAL_LOCK_LEFT,
                        (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}, {JOURNAL_KEY_LOCK, u->permit.lock}},
                        2,
                        "%s: " ENROLL_AGENT " was stopped while it could not stop the unit, so that is done now; "
                        "lock %s stays held by this host",
                        u->name, u->permit.lock);
                guard_unit_step(u, &ev, NULL);
        }
}

uint64_t guard_agent_turn(struct guard *g) {
        uint64_t now = guard_now(g);

        if (!left_alone(g)) {
                guard_agent_forget(g);
                return USEC_INFINITY;
        }
        if (g->agent.since_usec == 0) {
                g->agent.since_usec = now;
                g->agent.look_at_usec = now + LOOK_USEC;
        }
        if (g->agent.gone) {
                stop_all(g);
                guard_agent_forget(g);
                return USEC_INFINITY;
        }
        if (now < g->agent.look_at_usec)
                return g->agent.look_at_usec;
        g->agent.look_at_usec = now + LOOK_USEC;
        g->status_due = g->status_due || (!g->agent.missed && now - g->agent.since_usec >= MISSED_USEC);
        g->agent.missed = now - g->agent.since_usec >= MISSED_USEC;
        /* Where that agent ran is not known, or not PID 1's to start again. */
        if (!g->agent.elsewhere && !g->agent.read)
                (void)units_read(g->units, &g->agent.read, ENROLL_AGENT, on_read, g);
        return g->agent.look_at_usec;
}
