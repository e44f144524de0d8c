/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "adapter/cgroup.h"
#include "adapter/journal.h"
#include "guard/guard_parts.h"

struct guard_unit *guard_unit_get(struct guard *g, const char *name) {
        struct guard_unit *u;

        for (size_t i = 0; i < g->n_units; i++)
                if (util_streq(g->unit[i]->name, name))
                        return g->unit[i];
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

void guard_unit_free(struct guard_unit *u) {
        if (!u)
                return;
        units_call_free(u->read);
        units_call_free(u->start);
        units_call_free(u->stop);
        free(u);
}

static enum supervise_populated populated(const struct guard_unit *u) {
        const char *paths[] = {u->cgroup, u->cgroup_wanted};
        enum supervise_populated worst = SUPERVISE_EMPTY;

        if (u->guard->cgroup_error[0] || !u->cgroup_wanted[0])
                return SUPERVISE_POPULATED_UNKNOWN;
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                if (!paths[i][0])
                        continue;
                switch (cgroup_populated(u->guard->options.cgroup_root, paths[i])) {
                case CGROUP_POPULATED:
                        return SUPERVISE_POPULATED;
                case CGROUP_UNKNOWN:
                        worst = SUPERVISE_POPULATED_UNKNOWN;
                        break;
                case CGROUP_EMPTY:
                        break;
                }
        }
        return worst;
}

static enum supervise_active active(const struct enroll_facts *f) {
        if (util_streq(f->active_state, "inactive") || util_streq(f->active_state, "failed"))
                return f->main_pid ? SUPERVISE_ACTIVATING : SUPERVISE_INACTIVE;
        if (util_streq(f->active_state, "active") || util_streq(f->active_state, "reloading"))
                return SUPERVISE_ACTIVE;
        return util_streq(f->active_state, "activating") ? SUPERVISE_ACTIVATING : SUPERVISE_DEACTIVATING;
}

static void judge(struct guard_unit *u, const struct enroll_facts *f, struct supervise_reading *r) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        char before[sizeof(u->problem)];
        struct enroll_want want = {
                .unit = u->name,
                .runtime_dir = u->guard->gate.dir,
                .tenure = u->s.tenure,
                .stop_timeout_usec = u->s.stop_timeout_usec,
        };
        size_t n;

        r->start_ok = r->run_ok = 1;
        memcpy(before, u->problem, sizeof(before));
        u->problem[0] = '\0';
        n = enroll_check(f, &want, problems);
        for (size_t i = 0; i < n; i++) {
                if (problems[i].severity == ENROLL_NOTE)
                        continue;
                r->start_ok = 0;
                if (problems[i].severity == ENROLL_BROKEN)
                        r->run_ok = 0;
                if (!u->problem[0])
                        (void)snprintf(u->problem, sizeof(u->problem), "%s; cure: %.*s", problems[i].text,
                                       (int)(sizeof(u->problem) / 2 - 64), problems[i].cure);
        }
        if (supervise_permitted(&u->s) && !util_streq(before, u->problem))
                guard_reply_push(u,
                                 (enum supervise_state)u->s.state); /* a life leader runs on, and its STATUS says so */
        if (u->problem[0] && !util_streq(before, u->problem))
                journal_record(LOG_WARNING, JOURNAL_ENROLL,
                               (const struct journal_field[]){{"UNIT_NAME", u->name},
                                                              {"OBJECT_SYSTEMD_UNIT", u->name},
                                                              {"REASON", u->problem}},
                               3, "%s: %s", u->name, u->problem);
}

void guard_unit_look(struct guard_unit *u, const struct enroll_facts *f) {
        struct supervise_reading r = {.known = 1, .job = f->job, .active = (uint8_t)active(f)};
        struct err err = {};

        if (f->control_group[0])
                (void)util_copy(u->cgroup, sizeof(u->cgroup), f->control_group);
        if (!cgroup_unit_path(f->slice, u->name, u->cgroup_wanted, sizeof(u->cgroup_wanted)))
                (void)snprintf(
                        u->trouble, sizeof(u->trouble),
                        "the control group of %.200s under %.200s has too long a path; use a Slice= with a shorter "
                        "name",
                        u->name, f->slice);
        u->main_pid = f->main_pid;
        r.load_ok = enroll_loaded(f, u->name, &err) == 0;
        if (!r.load_ok)
                (void)snprintf(u->trouble, sizeof(u->trouble), "%.500s", err.text);
        else if (r.active == SUPERVISE_ACTIVE)
                u->trouble[0] = '\0';
        else if (supervise_permitted(&u->s) && !u->start && !r.job && r.active == SUPERVISE_INACTIVE && !u->trouble[0])
                (void)snprintf(u->trouble, sizeof(u->trouble), "the unit ended: %s, Result=%s; see: journalctl -u %s",
                               f->active_state, f->result, u->name);
        if (supervise_permitted(&u->s) || u->s.state == SUPERVISE_CHECKING)
                judge(u, f, &r);
        /* Last: what PID 1 said about jobs and states comes first, what lives after it. */
        r.populated = (uint8_t)populated(u);
        u->reading = r;
}

static void deliver_unknown(struct guard_unit *u) {
        u->reading = (struct supervise_reading){.populated = (uint8_t)populated(u)};
        u->reading_due = true;
}

static void on_read(enum units_answer answer, const char *text, const struct enroll_facts *facts, void *userdata) {
        struct supervise_event ev = {.type = SUPERVISE_EV_READING};
        struct guard_unit *u = userdata;

        units_call_free(u->read);
        u->read = NULL;
        if (answer == UNITS_OK) {
                guard_unit_look(u, facts);
        } else {
                (void)snprintf(u->trouble, sizeof(u->trouble), "systemd does not tell about %s: %s", u->name, text);
                deliver_unknown(u);
                u->reading_due = false;
        }
        ev.reading = u->reading;
        guard_unit_step(u, &ev, NULL);
}

/* PID 1 answers a start before it begins it, and answers all questions before that. Ours would make the unit wait. */
#define START_QUIET_USEC (20 * USEC_PER_MSEC)

static void on_start(enum units_answer answer, const char *text, _unused_ const struct enroll_facts *facts,
                     void *userdata) {
        static const uint8_t results[] = {
                [UNITS_OK] = SUPERVISE_START_OK,
                [UNITS_REFUSED] = SUPERVISE_START_REFUSED,
                [UNITS_LOST] = SUPERVISE_START_LOST,
                [UNITS_TIMEOUT] = SUPERVISE_START_TIMEOUT,
        };
        struct supervise_event ev = {.type = SUPERVISE_EV_START_RESULT, .start_result = results[answer]};
        struct guard_unit *u = userdata;

        units_call_free(u->start);
        u->start = NULL;
        if (answer == UNITS_OK && guard_now(u->guard) < u->quiet_until_usec) {
                u->start_due = true;
                u->start_result = SUPERVISE_START_OK;
                return;
        }
        u->quiet_until_usec = 0;
        if (answer != UNITS_OK) {
                (void)snprintf(u->trouble, sizeof(u->trouble), "systemd did not start %s: %s", u->name, text);
                journal_log(LOG_WARNING, "%s", u->trouble);
        }
        guard_unit_step(u, &ev, NULL);
}

static void on_stop(enum units_answer answer, const char *text, _unused_ const struct enroll_facts *facts,
                    void *userdata) {
        struct guard_unit *u = userdata;

        units_call_free(u->stop);
        u->stop = NULL;
        /* The readings tell, and the second instant needs no stop job. */
        if (answer != UNITS_OK)
                journal_log(LOG_WARNING,
                            "systemd did not take the stop of %s: %s; trying again, killing at the second instant",
                            u->name, text);
}

static void read_unit(struct guard_unit *u) {
        units_call_free(u->read);
        u->read = NULL;
        u->reading_due = false;
        if (units_read(u->guard->units, &u->read, u->name, on_read, u) < 0)
                deliver_unknown(u);
}

static void start_unit(struct guard_unit *u) {
        int r;

        units_call_free(u->start);
        u->start = NULL;
        u->trouble[0] = '\0';
        u->start_due = false;
        u->quiet_until_usec = guard_now(u->guard) + START_QUIET_USEC;
        r = units_start(u->guard->units, &u->start, u->name, on_start, u);
        if (r < 0) {
                u->quiet_until_usec = 0;
                u->start_due = true;
                u->start_result = SUPERVISE_START_LOST;
        }
}

static void stop_unit(struct guard_unit *u) {
        units_call_free(u->stop);
        u->stop = NULL;
        u->quiet_until_usec = 0;
        /* Not connected: the core sends it again after the next reading that finds the unit running. */
        (void)units_stop(u->guard->units, &u->stop, u->name, on_stop, u);
}

static void kill_unit(struct guard_unit *u) {
        const char *paths[] = {u->cgroup, u->cgroup_wanted};

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                int r;

                if (!paths[i][0])
                        continue;
                r = cgroup_kill(u->guard->options.cgroup_root, paths[i]);
                if (r < 0)
                        (void)journal_errno(LOG_ERR, r, "%s: cannot kill %s", u->name, paths[i]);
        }
}

/* Takes the texts of a request that the core has made its own. */
static void adopt(struct guard_unit *u, const struct permit_request *q) {
        if (!q || q->type == PERMIT_QUERY || u->s.uid != util_token(q->lock_uid))
                return;
        if (u->s.state == SUPERVISE_CHECKING || !util_streq(u->permit.lock_uid, q->lock_uid))
                u->permit = *q;
}

static int perform_file(struct guard_unit *u, enum supervise_action_type type, const struct permit_request *q) {
        const struct gate *gate = &u->guard->gate;

        if (type == SUPERVISE_WRITE_PERMIT)
                return guard_files_write_permit(u);
        if (type == SUPERVISE_WRITE_ENV)
                return guard_files_write_environment(u);
        if (type == SUPERVISE_MAKE_GATE)
                return gate_make(gate, u->name);
        if (type == SUPERVISE_REMOVE_GATE)
                return gate_remove(gate, u->name);
        if (type == SUPERVISE_RECORD)
                return gate_record_revoked(gate, u->permit.lock_uid);
        if (type == SUPERVISE_RECORD_REQUEST)
                return q ? gate_record_revoked(gate, q->lock_uid) : -EINVAL;
        return gate_remove_permit(gate, u->name);
}

struct performance {
        const struct permit_request *request;
        bool answered;
        uint32_t failed;
};

static void perform(struct guard_unit *u, const struct supervise_action *a, struct performance *p,
                    enum supervise_state before) {
        static const char *const files[] = {
                [SUPERVISE_WRITE_PERMIT] = "write the permit file",
                [SUPERVISE_WRITE_ENV] = "write the environment file",
                [SUPERVISE_MAKE_GATE] = "make the gate",
                [SUPERVISE_REMOVE_GATE] = "remove the gate",
                [SUPERVISE_RECORD] = "record the lock uid as revoked",
                [SUPERVISE_RECORD_REQUEST] = "record the lock uid as revoked",
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
        case SUPERVISE_RECORD_REQUEST:
        case SUPERVISE_REMOVE_PERMIT:
                r = perform_file(u, a->type, q);
                if (r < 0) {
                        p->failed |= 1U << a->type;
                        (void)snprintf(u->trouble, sizeof(u->trouble), "the guard cannot %s of %s in %.100s: %.80s",
                                       files[a->type], u->name, u->guard->gate.dir, strerror(-r));
                        journal_log(LOG_ERR, "%s", u->trouble);
                }
                u->guard->status_due = true;
                break;
        case SUPERVISE_START:
                start_unit(u);
                break;
        case SUPERVISE_STOP:
                stop_unit(u);
                break;
        case SUPERVISE_KILL:
                kill_unit(u);
                break;
        case SUPERVISE_READ:
                read_unit(u);
                break;
        case SUPERVISE_REPLY:
                if (q && !p->answered)
                        guard_reply(u, q->type, q->seq, q->lock_uid, a->result, /* final= */ false);
                p->answered = true;
                break;
        case SUPERVISE_REPLY_INTERIM:
                if (q)
                        guard_reply(u, q->type, q->seq, q->lock_uid, GUARD_OK, /* final= */ false);
                break;
        case SUPERVISE_REPLY_PERMITS:
                guard_reply_waiting(u, PERMIT_PERMIT, a->result);
                break;
        case SUPERVISE_REPLY_STOPPED:
                guard_reply_waiting(u, PERMIT_REVOKE, GUARD_OK);
                break;
        case SUPERVISE_REPLY_QUERIES:
                guard_reply_waiting(u, PERMIT_QUERY, GUARD_OK);
                break;
        case SUPERVISE_PUSH:
                guard_reply_push(u, before);
                break;
        }
}

/* A state that no rule allows is a mistake of ours: the unit is stopped before anything else is thought about. */
static void check_invariant(struct guard_unit *u) {
        if (supervise_invariant(&u->s))
                return;
        (void)gate_remove(&u->guard->gate, u->name);
        (void)gate_record_revoked(&u->guard->gate, u->permit.lock_uid);
        kill_unit(u);
        journal_log(LOG_CRIT, "%s: impossible state %s, gate closed and unit killed; please report", u->name,
                    supervise_state_to_string(u->s.state));
        abort();
}

static void run_step(struct guard_unit *u, const struct supervise_event *ev, struct performance *p) {
        enum supervise_state before = u->s.state;
        struct supervise_actions actions = supervise_step(&u->s, ev);
        const uint32_t writes = 1U << SUPERVISE_WRITE_PERMIT | 1U << SUPERVISE_WRITE_ENV | 1U << SUPERVISE_MAKE_GATE;

        if (u->s.state != before)
                u->since_usec = ev->now_usec;
        if (before == SUPERVISE_CHECKING && u->s.state == SUPERVISE_STARTING)
                u->trouble[0] = '\0';
        check_invariant(u);
        adopt(u, p->request);
        p->failed = 0;
        for (unsigned i = 0; i < actions.n && !(p->failed & writes); i++)
                perform(u, &actions.a[i], p, before);
}

static void step_with_failures(struct guard_unit *u, const struct supervise_event *ev, struct performance *p) {
        run_step(u, ev, p);
        while (p->failed) {
                struct supervise_event failure = {
                        .type = SUPERVISE_EV_FAILED, .now_usec = ev->now_usec, .failed = p->failed};

                run_step(u, &failure, p);
        }
}

void guard_unit_step(struct guard_unit *u, struct supervise_event *ev, const struct permit_request *request) {
        struct performance p = {.request = request};

        ev->now_usec = guard_now(u->guard);
        /* What is due comes first, by itself: its actions are about the uid that was, not about the one in hand. */
        if (supervise_deadline(&u->s) <= ev->now_usec)
                step_with_failures(u, &(struct supervise_event){.type = SUPERVISE_EV_TICK, .now_usec = ev->now_usec},
                                   &(struct performance){});
        /* A stop that began just now asked PID 1 anew: what was seen before, with the gate there, is no proof of it. */
        if (ev->type == SUPERVISE_EV_READING && (u->read || u->reading_due))
                return;
        step_with_failures(u, ev, &p);
        if (!request || p.answered)
                return;
        if (u->n_waits == GUARD_WAITS_MAX) {
                /* An agent that asks and asks without waiting: it connects again and asks once. */
                u->guard->hang_up = true;
                return;
        }
        u->waits[u->n_waits].type = request->type;
        u->waits[u->n_waits].seq = request->seq;
        (void)util_copy(u->waits[u->n_waits].lock_uid, sizeof(u->waits[0].lock_uid), request->lock_uid);
        u->n_waits++;
}
