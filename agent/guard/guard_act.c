/* SPDX-License-Identifier: Apache-2.0 */
/* The actions of a step, and PID 1's answers to them, which are only posted. Which action comes when is the core's
 * business. ARCHITECTURE 5, claim 1: nothing but this file makes gates and sends start jobs. */
#include <errno.h>
#include <stdio.h>

#include "adapter/cgroup.h"
#include "adapter/journal.h"
#include "base/clock.h"
#include "guard/guard_act.h"
#include "guard/guard_files.h"
#include "guard/guard_look.h"
#include "guard/guard_reply.h"
#include "guard/guard_uids.h"

/* PID 1 answers a start before it begins it, and answers all questions before that. Ours would make the unit wait. */
#define START_QUIET_USEC (20 * USEC_PER_MSEC)

/* ---- callbacks: they only post ---- */

static void on_read(enum units_answer answer, const char *text, const struct enroll_facts *facts, void *userdata) {
        struct guard_unit *u = userdata;

        u->read = units_call_free(u->read);
        if (answer == UNITS_OK) {
                guard_look(u, facts);
                return;
        }
        (void)snprintf(u->trouble, sizeof(u->trouble), "systemd does not tell about %s: %s", u->name, text);
        guard_look_unknown(u);
}

static void on_start(enum units_answer answer, const char *text, _unused_ const struct enroll_facts *facts,
                     void *userdata) {
        static const enum supervise_start_result results[] = {
                [UNITS_OK] = SUPERVISE_START_OK,
                [UNITS_REFUSED] = SUPERVISE_START_REFUSED,
                [UNITS_LOST] = SUPERVISE_START_LOST,
                [UNITS_TIMEOUT] = SUPERVISE_START_TIMEOUT,
        };
        struct guard_unit *u = userdata;

        u->start = units_call_free(u->start);
        u->start_due = true;
        u->start_result = results[answer];
        if (answer == UNITS_OK)
                return;
        u->quiet_until_usec = 0;
        (void)snprintf(u->trouble, sizeof(u->trouble), "systemd did not start %s: %s", u->name, text);
        journal_record(LOG_WARNING, JOURNAL_GUARD_UNABLE,
                       (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}, {JOURNAL_KEY_REASON, u->trouble}}, 2,
                       "%s", u->trouble);
}

static void on_stop(enum units_answer answer, const char *text, _unused_ const struct enroll_facts *facts,
                    void *userdata) {
        struct guard_unit *u = userdata;

        u->stop = units_call_free(u->stop);
        /* The readings tell, and the second instant needs no stop job. */
        if (answer != UNITS_OK)
                journal_record(LOG_WARNING, JOURNAL_GUARD_UNABLE,
                               (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}, {JOURNAL_KEY_REASON, text}},
                               2,
                               "systemd did not take the stop of %s: %s; trying again, killing at the second instant",
                               u->name, text);
}

/* ---- actions ---- */

/* What is under way, or was answered and not stepped yet, was begun before: it proves nothing about now. The look
 * begins with the turn, or later. */
static void read_unit(struct guard_unit *u) {
        u->read = units_call_free(u->read);
        u->reading_due = false;
        u->read_wanted = ++u->guard->n_wanted;
}

/* Who has waited longest for a look; NULL: nobody, or one is under way. */
static struct guard_unit *next_look(struct guard *g) {
        struct guard_unit *oldest = NULL;

        for (size_t i = 0; i < g->n_units; i++) {
                struct guard_unit *u = g->unit[i];

                if (u->read)
                        return NULL;
                if (u->read_wanted && (!oldest || u->read_wanted < oldest->read_wanted))
                        oldest = u;
        }
        return oldest;
}

bool guard_act_look(struct guard *g) {
        struct guard_unit *u;
        bool posted = false;

        while ((u = next_look(g))) {
                u->read_wanted = 0;
                if (units_read(g->units, &u->read, u->name, on_read, u) >= 0)
                        continue;
                guard_look_unknown(u);
                posted = true;
        }
        return posted;
}

static void start_unit(struct guard_unit *u) {
        int r;

        u->start = units_call_free(u->start);
        u->trouble[0] = '\0';
        u->past = (struct permitfile_past){.begun_usec = clock_monotonic_usec()};
        u->start_due = false;
        u->quiet_until_usec = guard_now(u->guard) + START_QUIET_USEC;
        r = units_start(u->guard->units, &u->start, u->name, on_start, u);
        if (r < 0) {
                u->quiet_until_usec = 0;
                u->start_due = true;
                u->start_result = SUPERVISE_START_LOST;
        }
}

/* again: a look since the first one shows that the unit, or a job of it, is still there. */
static void stop_unit(struct guard_unit *u, bool again) {
        const struct supervise_reading *r = &u->reading;
        /* That job may wait for other units that hang; here it has nothing to stop. */
        bool alone = again && r->known && r->active == SUPERVISE_INACTIVE && r->populated == SUPERVISE_EMPTY;

        u->stop = units_call_free(u->stop);
        u->quiet_until_usec = 0;
        /* Not connected: the core sends it again after the next reading that finds the unit running. */
        (void)units_stop(u->guard->units, &u->stop, u->name, alone, on_stop, u);
}

void guard_act_kill(struct guard_unit *u) {
        const char *paths[] = {u->cgroup, u->cgroup_wanted};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                int r;

                if (!paths[i][0])
                        continue;
                r = cgroup_kill(u->guard->options.cgroup_root, paths[i]);
                if (r < 0)
                        journal_record(LOG_ERR, JOURNAL_GUARD_UNABLE,
                                       (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name},
                                                                      {JOURNAL_KEY_REASON, strerror(-r)}},
                                       2, "%s: cannot kill %s: %s", u->name, paths[i], strerror(-r));
        }
}

static int perform_file(struct guard_unit *u, enum supervise_action_type type) {
        const struct gate *gate = &u->guard->gate;

        if (type == SUPERVISE_WRITE_PERMIT || type == SUPERVISE_NOTE)
                return guard_files_write_permit(u);
        if (type == SUPERVISE_WRITE_ENV)
                return guard_files_write_environment(u);
        if (type == SUPERVISE_MAKE_GATE)
                return gate_make(gate, u->name);
        if (type == SUPERVISE_REMOVE_GATE)
                return gate_remove(gate, u->name);
        if (type == SUPERVISE_RECORD) {
                int r = guard_uids_record(u->guard, u->permit.lock_uid);

                if (r >= 0)
                        u->recorded = util_token(u->permit.lock_uid);
                return r;
        }
        return gate_remove_permit(gate, u->name);
}

void guard_act(struct guard_unit *u, const struct supervise_action *a, struct guard_performance *p,
               enum supervise_state before) {
        static const char *const files[] = {
                [SUPERVISE_WRITE_PERMIT] = "write the permit file",
                [SUPERVISE_WRITE_ENV] = "write the environment file",
                [SUPERVISE_MAKE_GATE] = "make the gate",
                [SUPERVISE_REMOVE_GATE] = "remove the gate",
                [SUPERVISE_RECORD] = "record the lock uid as revoked",
                [SUPERVISE_NOTE] = "write the permit file",
                [SUPERVISE_REMOVE_PERMIT] = "remove the permit file",
        };
        const struct permit_request *q = p->request;
        int r;

        switch ((enum supervise_action_type)a->type) {
        case SUPERVISE_WRITE_PERMIT:
        case SUPERVISE_WRITE_ENV:
        case SUPERVISE_MAKE_GATE:
        case SUPERVISE_REMOVE_GATE:
        case SUPERVISE_RECORD:
        case SUPERVISE_REMOVE_PERMIT:
        case SUPERVISE_NOTE:
                r = perform_file(u, a->type);
                u->files_failed &= ~(1U << a->type);
                if (r < 0) {
                        char said[sizeof(u->trouble)];

                        memcpy(said, u->trouble, sizeof(said));
                        p->failed |= 1U << a->type;
                        (void)snprintf(u->trouble, sizeof(u->trouble),
                                       "the guard cannot %s of %.200s in %.80s: %.60s; %s", files[a->type], u->name,
                                       u->guard->gate.dir, strerror(-r), guard_files_cure(r));
                        if (supervise_stopping(&u->s)) {
                                u->files_failed |= 1U << a->type;
                                u->files_due = u->files_due || !util_streq(said, u->trouble);
                        }
                        if (!util_streq(said, u->trouble)) /* a stop tries again and again */
                                journal_record(LOG_ERR, JOURNAL_GUARD_UNABLE,
                                               (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name},
                                                                              {JOURNAL_KEY_REASON, u->trouble}},
                                               2, "%s", u->trouble);
                }
                u->guard->status_due = true;
                break;
        case SUPERVISE_REFUSE_REQUEST:
                if (q)
                        guard_uids_refuse(u->guard, q->lock_uid);
                break;
        case SUPERVISE_REFUSE_CHECKED:
                guard_uids_refuse(u->guard, u->permit.lock_uid);
                break;
        case SUPERVISE_START:
                start_unit(u);
                break;
        case SUPERVISE_STOP:
                stop_unit(u, before >= SUPERVISE_STOPPING);
                break;
        case SUPERVISE_KILL:
                guard_act_kill(u);
                break;
        case SUPERVISE_READ:
                /* The look of a stop that begins is the guard's own. */
                if (q && !(supervise_stopping(&u->s) && before < SUPERVISE_STOPPING) && u->guard->looks_left > 0)
                        u->guard->looks_left--;
                read_unit(u);
                break;
        case SUPERVISE_REPLY:
                if (q && !p->answered)
                        guard_reply(u, p->list, q->type, q->seq, q->lock_uid, a->result, /* final= */ false);
                p->answered = true;
                break;
        case SUPERVISE_REPLY_INTERIM:
                if (q)
                        guard_reply(u, p->list, q->type, q->seq, q->lock_uid, GUARD_OK, /* final= */ false);
                break;
        case SUPERVISE_REPLY_PERMITS:
                guard_reply_waiting(u, PERMIT_PERMIT, a->result);
                break;
        case SUPERVISE_REPLY_REVOKES:
                guard_reply_refused_stop(u, a->result);
                break;
        case SUPERVISE_REPLY_STOPPED:
                guard_reply_waiting(u, PERMIT_REVOKE, GUARD_OK);
                break;
        case SUPERVISE_REPLY_QUERIES:
                guard_reply_waiting(u, PERMIT_QUERY, GUARD_OK);
                break;
        case SUPERVISE_REPLY_EVICTS:
                guard_reply_waiting(u, PERMIT_EVICT, a->result);
                break;
        case SUPERVISE_PUSH:
                guard_reply_push(u, before);
                break;
        }
}
