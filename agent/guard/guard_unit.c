/* SPDX-License-Identifier: Apache-2.0 */
/* One unit: what is due and what was posted, stepped in an order that lets no old look pass for a new one; after each
 * step the invariant. ARCHITECTURE 5, claims 1, 4 and 6. */
#include "guard/guard_unit.h"
#include "adapter/cgroup.h"
#include "adapter/journal.h"
#include "base/clock.h"
#include "guard/guard_act.h"
#include "guard/guard_merge.h"
#include "guard/guard_reply.h"
#include "guard/guard_uids.h"

/* Known because it was asked about, and of no consequence: no permit, gate or stop, nobody waits, nobody has it
 * configured. What an earlier guard left of it, and was not stepped yet, was not asked about. */
static bool forgettable(const struct guard_unit *u) {
        return u->asked && !u->listed && u->s.state <= SUPERVISE_FOREIGN && u->s.waits == 0 && u->n_waits == 0 &&
               !u->wanted_stop_usec && !u->start && !u->start_due;
}

static void forget(struct guard *g, size_t i) {
        guard_unit_free(g->unit[i]);
        g->n_units--;
        for (; i < g->n_units; i++)
                g->unit[i] = g->unit[i + 1];
}

static void make_room(struct guard *g) {
        size_t oldest = g->n_units;

        for (size_t i = 0; i < g->n_units; i++)
                if (forgettable(g->unit[i]) && (oldest == g->n_units || g->unit[i]->asked < g->unit[oldest]->asked))
                        oldest = i;
        if (oldest < g->n_units)
                forget(g, oldest);
}

void guard_unit_tidy(struct guard *g) {
        for (size_t i = g->n_units; i-- > 0;) {
                const struct guard_unit *u = g->unit[i];

                if (forgettable(u) && u->s.state == SUPERVISE_STOPPED && u->s.reason == SUPERVISE_REASON_NONE &&
                    !u->reading.load_ok)
                        forget(g, i);
        }
}

struct guard_unit *guard_unit_get(struct guard *g, const char *name) {
        struct guard_unit *u;

        for (size_t i = 0; i < g->n_units; i++)
                if (util_streq(g->unit[i]->name, name))
                        return g->unit[i];
        if (g->n_units == GUARD_UNITS_MAX)
                make_room(g);
        if (g->n_units == GUARD_UNITS_MAX)
                return NULL;
        u = calloc(1, sizeof(*u));
        if (!u)
                return NULL;
        u->guard = g;
        (void)util_copy(u->name, sizeof(u->name), name);
        /* Until PID 1 tells: the place that needs no asking. */
        (void)cgroup_unit_path(NULL, name, u->cgroup_wanted, sizeof(u->cgroup_wanted));
        supervise_init(&u->s);
        u->since_usec = guard_now(g);
        g->unit[g->n_units++] = u;
        return u;
}

void guard_unit_order(struct guard *g) {
        for (size_t i = 1; i < g->n_units; i++) {
                struct guard_unit *u = g->unit[i];
                size_t j = i;

                for (; j > 0 && g->unit[j - 1]->rank < u->rank; j--)
                        g->unit[j] = g->unit[j - 1];
                g->unit[j] = u;
        }
}

struct guard_unit *guard_unit_free(struct guard_unit *u) {
        if (!u)
                return NULL;
        units_call_free(u->read);
        units_call_free(u->start);
        units_call_free(u->stop);
        free(u);
        return NULL;
}

/* A state that no rule allows is a mistake of ours: the unit is stopped before anything else is thought about. */
static void check_invariant(struct guard_unit *u) {
        if (supervise_invariant(&u->s))
                return;
        (void)gate_remove(&u->guard->gate, u->name);
        (void)gate_record_revoked(&u->guard->gate, u->permit.lock_uid);
        guard_act_kill(u);
        journal_record(LOG_CRIT, JOURNAL_FAULT, (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}}, 1,
                       "%s: impossible state %s, gate closed and unit killed; please report", u->name,
                       supervise_state_to_string(u->s.state));
        abort();
}

/* Takes the texts of a request that the core has made its own. */
static void adopt(struct guard_unit *u, const struct permit_request *q) {
        if (!q || q->type == PERMIT_QUERY || q->type == PERMIT_EVICT || u->s.uid != util_token(q->lock_uid))
                return;
        if (u->s.state == SUPERVISE_CHECKING || !util_streq(u->permit.lock_uid, q->lock_uid))
                u->permit = *q;
}

static bool has(const struct supervise_actions *a, enum supervise_action_type type) {
        for (unsigned i = 0; i < a->n; i++)
                if (a->a[i].type == type)
                        return true;
        return false;
}

static void run_step(struct guard_unit *u, const struct supervise_event *ev, struct guard_performance *p) {
        enum supervise_state before = u->s.state;
        struct supervise_actions actions = supervise_step(&u->s, ev);
        const uint32_t writes = 1U << SUPERVISE_WRITE_PERMIT | 1U << SUPERVISE_WRITE_ENV | 1U << SUPERVISE_MAKE_GATE;

        if (u->s.state != before)
                u->since_usec = ev->now_usec;
        if (before == SUPERVISE_CHECKING && u->s.state == SUPERVISE_STARTING)
                u->trouble[0] = '\0';
        check_invariant(u);
        adopt(u, p->request);
        if (before == SUPERVISE_CHECKING && has(&actions, SUPERVISE_MAKE_GATE) && !has(&actions, SUPERVISE_START) &&
            u->s.state != SUPERVISE_WAITING)
                journal_log(LOG_NOTICE,
                            "%s runs already: taken over as it runs, for lock %s; LEADER_TERM and the like are in its "
                            "environment from its next start on",
                            u->name, u->permit.lock);
        if (before == SUPERVISE_CHECKING && has(&actions, SUPERVISE_MAKE_GATE))
                u->past = (struct permitfile_past){.begun_usec = clock_monotonic_usec()};
        p->failed = 0;
        for (unsigned i = 0; i < actions.n && !(p->failed & writes); i++)
                guard_act(u, &actions.a[i], p, before);
}

static void step_with_failures(struct guard_unit *u, const struct supervise_event *ev, struct guard_performance *p) {
        run_step(u, ev, p);
        while (p->failed) {
                struct supervise_event failure = {
                        .type = SUPERVISE_EV_FAILED, .now_usec = ev->now_usec, .failed = p->failed};

                run_step(u, &failure, p);
        }
}

/* What is due at this instant, by itself: its actions are about the uid that was, not about an event in hand. */
static bool step_due(struct guard_unit *u, uint64_t now) {
        struct supervise_event ev = {.type = SUPERVISE_EV_TICK, .now_usec = now};

        if (supervise_deadline(&u->s) > now)
                return false;
        step_with_failures(u, &ev, &(struct guard_performance){});
        return true;
}

/* A repeated request takes the place of the one before: a PID 1 that does not answer for long makes no queue. */
static void wait_for(struct guard_unit *u, struct guard_list *list, const struct permit_request *request) {
        size_t i;

        for (i = 0; i < u->n_waits; i++)
                if (u->waits[i].type == request->type && u->waits[i].list == list &&
                    util_streq(u->waits[i].lock_uid, request->lock_uid))
                        break;
        if (i == GUARD_WAITS_MAX) {
                /* An agent that asks on and on without waiting: it connects again and asks once. */
                u->guard->hang_up = true;
                return;
        }
        u->waits[i].type = request->type;
        u->waits[i].seq = request->seq;
        u->waits[i].list = list;
        (void)util_copy(u->waits[i].lock_uid, sizeof(u->waits[0].lock_uid), request->lock_uid);
        if (i == u->n_waits)
                u->n_waits++;
}

void guard_unit_step(struct guard_unit *u, struct supervise_event *ev, const struct permit_request *request) {
        struct guard_performance p = {.request = request};

        if (request && !util_streq(request->unit, u->name))
                p.list = guard_merge_find(u->guard, request->unit);
        ev->now_usec = guard_now(u->guard);
        /* What was due may have been the end of this very uid. */
        if (step_due(u, ev->now_usec) && ev->type == SUPERVISE_EV_PERMIT && request)
                ev->revoked = ev->revoked || guard_uids_refused(u->guard, request->lock_uid) != 0;
        step_with_failures(u, ev, &p);
        if (request && !p.answered)
                wait_for(u, p.list, request);
}

/* A stop that begins at this very instant asks PID 1 anew, and read_unit() throws away what was seen with the gate
 * there: so the reading is taken out of the inbox only after that, and stepped with the same instant. */
static void step_reading(struct guard_unit *u) {
        struct supervise_event ev = {.type = SUPERVISE_EV_READING, .now_usec = guard_now(u->guard)};

        (void)step_due(u, ev.now_usec);
        if (!u->reading_due)
                return;
        u->reading_due = false;
        ev.reading = u->reading;
        step_with_failures(u, &ev, &(struct guard_performance){});
}

bool guard_unit_turn(struct guard_unit *u) {
        bool any, quiet;

        if (u->problem_due)
                guard_reply_problem(u);
        u->problem_due = false;
        any = step_due(u, guard_now(u->guard));
        quiet = guard_now(u->guard) < u->quiet_until_usec;
        if (u->wake_due && !quiet && !(u->start_due && u->start_result == SUPERVISE_START_OK)) {
                struct supervise_event ev = {.type = SUPERVISE_EV_WAKE};

                u->wake_due = false;
                guard_unit_step(u, &ev, NULL);
                any = true;
        }
        if (u->start_due && !quiet) {
                struct supervise_event ev = {.type = SUPERVISE_EV_START_RESULT,
                                             .start_result = (uint8_t)u->start_result};

                /* Begins a reading, which is newer than what woke. */
                u->start_due = u->wake_due = false;
                guard_unit_step(u, &ev, NULL);
                any = true;
        }
        if (u->reading_due) {
                step_reading(u);
                any = true;
        }
        /* A reply since then has told it, and under a permit it is nobody's concern until that ends. */
        if (u->unfit_due && u->s.state <= SUPERVISE_FOREIGN)
                guard_reply_changed(u);
        u->unfit_due = false;
        if (u->news_due && supervise_permitted(&u->s))
                guard_reply_changed(u);
        u->news_due = false;
        if (u->files_due && supervise_stopping(&u->s))
                guard_reply_changed(u);
        u->files_due = false;
        return any;
}

uint64_t guard_unit_next(const struct guard_unit *u) {
        uint64_t at = supervise_deadline(&u->s);

        if ((u->start_due || u->wake_due) && u->quiet_until_usec < at)
                at = u->quiet_until_usec;
        return at;
}
