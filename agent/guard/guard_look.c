/* SPDX-License-Identifier: Apache-2.0 */
/* From PID 1's words and the control group to a reading, and to the texts that explain it to a human. */
#include <stdio.h>

#include "adapter/cgroup.h"
#include "adapter/dropin.h"
#include "guard/guard_files.h"
#include "guard/guard_look.h"
#include "guard/guard_merge.h"
#include "guard/guard_uids.h"

/* ret_path: where something lives. */
static enum supervise_populated populated(const struct guard_unit *u, const char **ret_path) {
        const char *paths[] = {u->cgroup, u->cgroup_wanted};
        enum supervise_populated worst = SUPERVISE_EMPTY;

        *ret_path = "";
        if (u->guard->cgroup_error[0] || !u->cgroup_wanted[0])
                return SUPERVISE_POPULATED_UNKNOWN;
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                if (!paths[i][0])
                        continue;
                switch (cgroup_populated(u->guard->options.cgroup_root, paths[i])) {
                case CGROUP_POPULATED:
                        *ret_path = paths[i];
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

/* The worst that is wrong with the unit under that tenure, in words; empty: it is fit. Returns how bad, -1 when it is
 * fit. */
static int judge(const struct guard_unit *u, const struct enroll_facts *f, enum tenure tenure, uint64_t stop_usec,
                 char *text, size_t size) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct enroll_want want = {
                .unit = u->name,
                .runtime_dir = u->guard->gate.dir,
                .tenure = tenure,
                .stop_timeout_usec = tenure == TENURE_LEASE ? enroll_share(guard_merge_units(u), stop_usec) : stop_usec,
        };

        text[0] = '\0';
        if (enroll_check(f, &want, problems) == 0 || problems[0].severity < ENROLL_NO_START)
                return -1;
        enroll_sentence(&problems[0], u->name, text, size);
        return (int)problems[0].severity;
}

/* A stop that takes less is nobody's trouble. */
#define LINGERS_USEC (5 * USEC_PER_SEC)

/* Somebody else stops it in the middle of a term: systemd bounds that, or nobody, and the lock stays here as long. */
static void judge_going(struct guard_unit *u, const struct supervise_reading *r) {
        uint64_t now = guard_now(u->guard);

        if (u->s.state != SUPERVISE_RUNNING || r->active != SUPERVISE_DEACTIVATING)
                u->going_since_usec = 0;
        else if (u->going_since_usec == 0)
                u->going_since_usec = now;
        u->lingers = u->going_since_usec && now >= util_usec_add(u->going_since_usec, LINGERS_USEC);
        if (u->lingers)
                (void)snprintf(u->problem, sizeof(u->problem),
                               "it was told to stop, not by leader-guard, and is still on its way down: the lock stays "
                               "with this host as long; to end it now: systemctl kill -s KILL %s",
                               u->name);
}

/* In a term for life the drop-in may be that of the lease that is configured by now. It counts from the next term, and
 * the cure for this one would undo it. */
static void judge_next(struct guard_unit *u, const struct enroll_facts *f) {
        char next[sizeof(u->problem)];

        if (u->problem[0] && supervise_permitted(&u->s) && u->s.tenure == TENURE_LIFE && u->wanted_stop_usec &&
            u->wanted_tenure == TENURE_LEASE &&
            judge(u, f, u->wanted_tenure, u->wanted_stop_usec, next, sizeof(next)) < 0)
                (void)snprintf(u->problem, sizeof(u->problem),
                               "enrolled for tenure lease, as configured; the term in force is one for life: a lease "
                               "begins after it (leaderctl step-down)");
}

/* Under the permit that is asked for or in force. */
static void judge_permit(struct guard_unit *u, const struct enroll_facts *f, struct supervise_reading *r) {
        char before[sizeof(u->problem)];
        int worst;

        memcpy(before, u->problem, sizeof(before));
        worst = judge(u, f, (enum tenure)u->s.tenure, u->s.stop_timeout_usec, u->problem, sizeof(u->problem));
        r->start_ok = worst < (int)ENROLL_NO_START;
        r->run_ok = worst < (int)ENROLL_BROKEN;
        judge_next(u, f);
        judge_going(u, r);
        u->problem_due = u->problem_due || !util_streq(before, u->problem);
}

/* A permit that cannot be written is refused, and the revoke that follows cannot be recorded either: a life lock would
 * stay held. */
static void judge_files(struct guard_unit *u) {
        int r;

        if (guard_uids_full(u->guard, u->unfit, sizeof(u->unfit)))
                return;
        r = gate_probe(&u->guard->gate);
        if (r >= 0)
                return;
        (void)snprintf(u->unfit, sizeof(u->unfit), "leader-guard cannot write in %s: %s; %s", u->guard->gate.dir,
                       strerror(-r), guard_files_cure(r));
}

/* Under a permit as the agent would ask for it now, whatever is in force: so that it need not compete for nothing.
 * not_loaded: why PID 1 cannot start the unit at all, or NULL. left: where processes of it live though it is inactive,
 * or NULL: neither could the unit be started beside them, nor are they the unit. */
static void judge_idle(struct guard_unit *u, const struct enroll_facts *f, const char *not_loaded, const char *left) {
        char before[sizeof(u->unfit)];

        if (!u->wanted_stop_usec)
                return;
        memcpy(before, u->unfit, sizeof(before));
        if (not_loaded)
                (void)snprintf(u->unfit, sizeof(u->unfit), "%.500s", not_loaded);
        else if (left)
                (void)snprintf(
                        u->unfit, sizeof(u->unfit),
                        "the unit is inactive, but processes of it are left; cure: echo 1 >%.60s%.350s/cgroup.kill",
                        u->guard->options.cgroup_root, left);
        else
                (void)judge(u, f, u->wanted_tenure, u->wanted_stop_usec, u->unfit, sizeof(u->unfit));
        if (!u->unfit[0])
                judge_files(u);
        u->unfit_due = u->unfit_due || !util_streq(before, u->unfit);
}

/* Only then it matters, and that disk may be slow. */
static bool revoke_waits(const struct guard_unit *u) {
        for (size_t i = 0; i < u->n_waits; i++)
                if (u->waits[i].type == PERMIT_REVOKE)
                        return true;
        return false;
}

/* Root has enrolled it here, whatever is in force (a drop-in that was lost, or a daemon-reload that is due). */
static bool enrolled(const struct guard_unit *u) {
        const char *dir = u->guard->options.enrolled_dir;

        return dropin_exists(dir ? dir : ENROLL_LIST_DIR, u->name, ENROLL_LIST_NAME) ||
               dropin_exists(ENROLL_DIR, u->name, ENROLL_DROPIN_NAME);
}

/* What happened after the permit was given: what was before that was not under it. */
static bool since_permit(const struct guard_unit *u, uint64_t usec) {
        return u->past.begun_usec && usec > u->past.begun_usec;
}

/* The start that was looked at then was skipped, and nothing has run since. */
static bool is_skipped(const struct guard_unit *u, uint64_t looked_usec, bool met, uint64_t ended_usec) {
        return since_permit(u, looked_usec) && !met && looked_usec > ended_usec;
}

/* what: as it stands in the unit file, or empty. */
static void say_skipped(const struct guard_unit *u, const char *what, const char *kind, char *text, size_t size) {
        (void)snprintf(text, size, "it was not started: %.180s was not met; see: journalctl -u %s",
                       what[0] ? what : kind, u->name);
}

/* How it went under the permit, of a unit that is inactive, and why in words for a human. */
static enum supervise_end judge_end(const struct guard_unit *u, const struct enroll_facts *f, char *text, size_t size) {
        /* Loaded anew, PID 1 knows nothing of it. */
        bool known = f->inactive_enter_usec || f->condition_usec || util_streq(f->active_state, "failed");
        uint64_t ended = known ? f->inactive_enter_usec : u->told.inactive_enter_usec;
        const char *result = known || !since_permit(u, ended) ? f->result : u->told.result;
        /* PID 1 stops what is bound to a guard that is gone: that is no end, but for one that had been noted before. */
        bool bound =
                u->s.state == SUPERVISE_RESUMING && u->s.tenure == TENURE_LEASE && u->past.course < PERMITFILE_ENDED;
        bool success = util_streq(f->active_state, "inactive") && util_streq(result, "success");
        /* It ended while nobody listened: one that failed would still be known. */
        bool unheard = !known && ((u->past.course == PERMITFILE_STARTED && u->s.state == SUPERVISE_RESUMING) ||
                                  u->s.state == SUPERVISE_RUNNING);

        if (bound) {
                (void)snprintf(text, size, "the unit is down since leader-guard was gone");
                return SUPERVISE_END_NONE;
        }
        /* Each start looks at the conditions first, at the asserts after that, and only then anything runs. */
        if (is_skipped(u, known ? f->condition_usec : u->told.condition_usec,
                       known ? f->condition_result : u->told.condition_result, ended)) {
                say_skipped(u, f->failed_condition, "a condition of the unit (Condition…=)", text, size);
                return SUPERVISE_END_BADLY;
        }
        if (is_skipped(u, known ? f->assert_usec : u->told.assert_usec,
                       known ? f->assert_result : u->told.assert_result, ended)) {
                say_skipped(u, f->failed_assert, "an assert of the unit (Assert…=)", text, size);
                /* The gate itself, before it was made: nothing has begun. */
                return strstr(f->failed_assert, u->guard->gate.dir) ? SUPERVISE_END_NONE : SUPERVISE_END_BADLY;
        }
        if (since_permit(u, ended) && util_streq(result, "exec-condition")) {
                (void)snprintf(text, size, "it was not started: ExecCondition= said no; see: journalctl -u %s",
                               u->name);
                return SUPERVISE_END_BADLY;
        }
        if (success && (since_permit(u, ended) || u->past.course == PERMITFILE_ENDED || unheard)) {
                (void)snprintf(text, size,
                               "the unit ended with success (it exited, or was stopped: systemctl stop, shutdown)");
                return SUPERVISE_END_WELL;
        }
        if (u->past.course == PERMITFILE_FAILED && !since_permit(u, ended)) {
                if (!u->trouble[0]) /* else it says more */
                        (void)snprintf(text, size, "the unit has failed, or would not start; see: journalctl -u %s",
                                       u->name);
                return SUPERVISE_END_BADLY;
        }
        if (success && u->s.state == SUPERVISE_STARTING && supervise_started(&u->s)) {
                (void)snprintf(text, size,
                               "it was not started: systemd dropped its start job, as when a unit that it needs "
                               "(Requires=) fails; see: journalctl -b -u %s",
                               u->name);
                return SUPERVISE_END_BADLY;
        }
        (void)snprintf(text, size, "the unit %s: %s, Result=%s; see: journalctl -u %s",
                       success ? "does not run" : "failed", f->active_state, result, u->name);
        return since_permit(u, ended) ? SUPERVISE_END_BADLY : SUPERVISE_END_NONE;
}

/* What it says is how the unit ended, not what kept us from something. */
static bool tells_end(const struct guard_unit *u) {
        return u->trouble[0] && u->end_told == util_token(u->trouble);
}

/* A job may start and end again and again between two looks: each time it is told how it went this time. */
static void tell_end(struct guard_unit *u, uint8_t end, const char *text) {
        if (!text[0] || util_streq(u->trouble, text))
                return;
        if (u->trouble[0] && (end == SUPERVISE_END_NONE || !tells_end(u)))
                return;
        u->news_due = u->news_due || u->trouble[0];
        (void)util_copy(u->trouble, sizeof(u->trouble), text);
        u->end_told = util_token(u->trouble);
}

void guard_look_told(struct guard_unit *u, const struct enroll_facts *news) {
        if (news->result[0])
                (void)util_copy(u->told.result, sizeof(u->told.result), news->result);
        if (news->inactive_enter_usec > u->told.inactive_enter_usec)
                u->told.inactive_enter_usec = news->inactive_enter_usec;
        if (news->condition_usec > u->told.condition_usec) {
                u->told.condition_usec = news->condition_usec;
                u->told.condition_result = news->condition_result;
        }
        if (news->assert_usec > u->told.assert_usec) {
                u->told.assert_usec = news->assert_usec;
                u->told.assert_result = news->assert_result;
        }
}

void guard_look(struct guard_unit *u, const struct enroll_facts *f) {
        struct supervise_reading r = {.known = 1, .job = f->job, .active = (uint8_t)active(f)};
        struct err err = {};
        char ended[sizeof(u->trouble)] = "";
        const char *path;
        bool left;

        if (f->control_group[0])
                (void)util_copy(u->cgroup, sizeof(u->cgroup), f->control_group);
        if (!cgroup_unit_path(f->slice, u->name, u->cgroup_wanted, sizeof(u->cgroup_wanted)))
                (void)snprintf(
                        u->trouble, sizeof(u->trouble),
                        "the control group of %.200s under %.200s has too long a path; use a Slice= with a shorter "
                        "name",
                        u->name, f->slice);
        u->main_pid = f->main_pid;
        u->triggered = guard_merge_triggered(u, f);
        u->passing = util_streq(f->type, "oneshot") && !f->remain_after_exit;
        (void)util_copy(u->triggers, sizeof(u->triggers), f->triggers);
        u->news_due = u->news_due || (supervise_permitted(&u->s) && u->restarts != f->n_restarts);
        u->restarts = f->n_restarts;
        if (r.active == SUPERVISE_INACTIVE && !r.job)
                r.end = (uint8_t)judge_end(u, f, ended, sizeof(ended));
        if (r.end == SUPERVISE_END_NONE && u->triggered)
                ended[0] = '\0'; /* it waits for that */
        r.load_ok = enroll_loaded(f, u->name, &err) == 0;
        if (!r.load_ok)
                (void)snprintf(u->trouble, sizeof(u->trouble), "%.500s", err.text);
        else if (r.active == SUPERVISE_ACTIVE || (r.active == SUPERVISE_ACTIVATING && tells_end(u)))
                u->trouble[0] = '\0';
        else if (supervise_permitted(&u->s) && !u->start && !r.job && r.active == SUPERVISE_INACTIVE)
                tell_end(u, r.end, ended);
        if (supervise_permitted(&u->s) || u->s.state == SUPERVISE_CHECKING)
                judge_permit(u, f, &r);
        r.triggered = u->triggered;
        r.gated = enroll_gated(f, u->name, u->guard->gate.dir);
        r.ours = r.gated || (revoke_waits(u) && enrolled(u));
        /* What PID 1 said about jobs and states comes first, what lives after it. */
        r.populated = (uint8_t)populated(u, &path);
        left = r.active == SUPERVISE_INACTIVE && r.populated == SUPERVISE_POPULATED && u->s.uid == 0;
        judge_idle(u, f, r.load_ok ? NULL : err.text, left ? path : NULL);
        u->reading = r;
        u->reading_due = u->looked = true;
}

void guard_look_unknown(struct guard_unit *u) {
        const char *path;

        u->reading = (struct supervise_reading){.populated = (uint8_t)populated(u, &path)};
        u->reading_due = u->looked = true;
}
