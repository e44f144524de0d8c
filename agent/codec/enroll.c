/* SPDX-License-Identifier: Apache-2.0 */
/* Judging what PID 1 has in force for a unit, and the text of the drop-ins. Each finding says what is wrong and what to
 * type. ARCHITECTURE 5, claims 1 and 6. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/enroll.h"

#define STAGE_MIN_USEC (100 * USEC_PER_MSEC)

int enroll_loaded(const struct enroll_facts *f, const char *unit, struct err *err) {
        if (util_streq(f->load_state, "loaded"))
                return 0;
        if (util_streq(f->load_state, "not-found"))
                return err_setf(err, -ENOENT,
                                "systemd knows no unit %s; install its unit file, then run: systemctl daemon-reload",
                                unit);
        if (util_streq(f->load_state, "masked"))
                return err_setf(err, -ESHUTDOWN, "%s is masked; run: systemctl unmask %s", unit, unit);
        return err_setf(err, -ENOEXEC, "systemd cannot load %s (%s%s%s); run: systemd-analyze verify %s", unit,
                        f->load_state, f->load_error[0] ? ": " : "", f->load_error, unit);
}

struct list {
        struct enroll_problem *problems;
        size_t n;
};

static struct enroll_problem *add(struct list *l, enum enroll_severity severity, const char *fmt, ...) _printf_(3, 4);
static void cure(struct enroll_problem *p, const char *fmt, ...) _printf_(2, 3);

static struct enroll_problem *add(struct list *l, enum enroll_severity severity, const char *fmt, ...) {
        struct enroll_problem *p = &l->problems[l->n < ENROLL_PROBLEMS_MAX ? l->n++ : ENROLL_PROBLEMS_MAX - 1];
        va_list ap;

        p->severity = severity;
        p->cure[0] = '\0';
        va_start(ap, fmt);
        (void)vsnprintf(p->text, sizeof(p->text), fmt, ap);
        va_end(ap);
        return p;
}

static void cure(struct enroll_problem *p, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(p->cure, sizeof(p->cure), fmt, ap);
        va_end(ap);
}

static bool listed(const char (*list)[320], size_t n, const char *dir, const char *sub, const char *unit) {
        char path[640];

        (void)snprintf(path, sizeof(path), "%s/%s/%s", dir, sub, unit);
        for (size_t i = 0; i < n; i++)
                if (util_streq(list[i], path))
                        return true;
        return false;
}

static void enroll_again(struct enroll_problem *p, const struct enroll_want *w) {
        cure(p, "leaderctl enroll --tenure %s %s", tenure_to_string(w->tenure), w->unit);
}

static void check_start(const struct enroll_facts *f, const struct enroll_want *w, struct list *l) {
        if (!util_streq(f->id, w->unit))
                cure(add(l, ENROLL_BROKEN, "%s is only another name of %s", w->unit, f->id),
                     "use %s in leader-agent.conf and leaderctl enroll", f->id);
        if (!listed(f->asserts, f->n_asserts, w->runtime_dir, "leading", w->unit))
                enroll_again(
                        add(l, ENROLL_BROKEN,
                            "no gate: AssertPathExists=%s/leading/%%n is not in force, anything may start the unit",
                            w->runtime_dir),
                        w);
        if (!f->after_guard || !f->after_agent)
                enroll_again(add(l, ENROLL_BROKEN, "After=%s is missing: the unit would not stop first at shutdown",
                                 f->after_guard ? ENROLL_AGENT : ENROLL_GUARD),
                             w);
        if (f->refuse_manual_start)
                cure(add(l, ENROLL_BROKEN, "RefuseManualStart=yes: leader-guard cannot start the unit"),
                     "set RefuseManualStart=no");
        if (f->refuse_manual_stop)
                cure(add(l, ENROLL_BROKEN, "RefuseManualStop=yes: leader-guard could only kill the unit"),
                     "set RefuseManualStop=no");
        if (f->need_daemon_reload)
                cure(add(l, ENROLL_NO_START, "unit files on disk changed and are not in force"),
                     "systemctl daemon-reload");
        if (!listed(f->environment_files, f->n_environment_files, w->runtime_dir, "env", w->unit))
                enroll_again(add(l, ENROLL_NOTE, "EnvironmentFile=-%s/env/%%n is missing: no LEADER_TERM for the unit",
                                 w->runtime_dir),
                             w);
        if (util_streq(f->unit_file_state, "enabled") || util_streq(f->unit_file_state, "enabled-runtime"))
                cure(add(l, ENROLL_NOTE,
                         "the unit is enabled: harmless, the gate refuses its start at boot (\"Assertion failed\")"),
                     "systemctl disable %s, for a quieter boot", w->unit);
}

static void check_stop(const struct enroll_facts *f, const struct enroll_want *w, struct list *l) {
        bool lease = w->tenure == TENURE_LEASE;
        uint32_t stages = enroll_stop_stages(f);
        uint64_t budget = w->stop_timeout_usec;
        char each[32];

        if (!util_streq(f->kill_mode, "control-group") && !util_streq(f->kill_mode, "mixed"))
                cure(add(l, ENROLL_BROKEN, "KillMode=%s leaves processes behind when the unit stops", f->kill_mode),
                     "set KillMode=control-group or KillMode=mixed in the unit");
        if (!f->send_sigkill)
                cure(add(l, ENROLL_BROKEN, "SendSIGKILL=no leaves processes behind when the unit stops"),
                     "set SendSIGKILL=yes in the unit");
        if (f->final_kill_signal != 0 && f->final_kill_signal != SIGKILL)
                cure(add(l, lease ? ENROLL_BROKEN : ENROLL_NOTE,
                         "FinalKillSignal=%" PRIu32 " is not SIGKILL: systemd alone could not end the unit",
                         f->final_kill_signal),
                     "remove FinalKillSignal= from the unit");
        if (f->pam_name[0])
                cure(add(l, ENROLL_BROKEN,
                         "PAMName=%s may move processes out of the unit's cgroup: they would not be seen, nor stopped",
                         f->pam_name),
                     "remove PAMName= from the unit");
        if (f->timeout_stop_usec == USEC_INFINITY)
                (void)snprintf(each, sizeof(each), "infinity");
        else
                (void)snprintf(each, sizeof(each), "%" PRIu64 "ms", f->timeout_stop_usec / USEC_PER_MSEC);
        if (f->timeout_stop_usec > budget / stages)
                enroll_again(add(l, lease ? ENROLL_BROKEN : ENROLL_NOTE,
                                 "%" PRIu32
                                 " stop stage%s of TimeoutStopSec=%s may take longer than the stop timeout of "
                                 "%" PRIu64 "ms%s",
                                 stages, stages == 1 ? "" : "s", each, budget / USEC_PER_MSEC,
                                 lease ? "" : "; leader-guard then kills what is left"),
                             w);
        if (!lease) {
                if (f->binds_to_guard)
                        enroll_again(add(l, ENROLL_NO_START,
                                         "BindsTo=%s is in force: enrolled for tenure lease, configured for life",
                                         ENROLL_GUARD),
                                     w);
                return;
        }
        if (!f->binds_to_guard)
                enroll_again(add(l, ENROLL_BROKEN,
                                 "BindsTo=%s is missing: nothing stops the unit when the guard is gone", ENROLL_GUARD),
                             w);
        if (!util_streq(f->timeout_stop_failure_mode, "kill"))
                enroll_again(add(l, ENROLL_BROKEN, "TimeoutStopFailureMode=%s instead of kill",
                                 f->timeout_stop_failure_mode),
                             w);
        if (strncmp(f->type, "notify", strlen("notify")) == 0)
                cure(add(l, ENROLL_BROKEN, "Type=%s lets the unit extend its own stop (EXTEND_TIMEOUT_USEC)", f->type),
                     "set Type=exec in the unit, or use tenure life");
        else if (!util_streq(f->notify_access, "none"))
                enroll_again(add(l, ENROLL_BROKEN,
                                 "NotifyAccess=%s lets the unit extend its own stop (EXTEND_TIMEOUT_USEC)",
                                 f->notify_access),
                             w);
}

size_t enroll_check(const struct enroll_facts *f, const struct enroll_want *w, struct enroll_problem *problems) {
        struct enroll_problem found[ENROLL_PROBLEMS_MAX];
        struct list l = {.problems = found};
        size_t n = 0;

        check_start(f, w, &l);
        check_stop(f, w, &l);
        for (int severity = ENROLL_BROKEN; severity >= ENROLL_NOTE; severity--)
                for (size_t i = 0; i < l.n; i++)
                        if ((int)found[i].severity == severity)
                                problems[n++] = found[i];
        return n;
}

uint32_t enroll_stop_stages(const struct enroll_facts *f) {
        return 1 + f->n_exec_stop + f->n_exec_stop_post;
}

int enroll_dropin(const struct enroll_want *w, uint32_t stages, char *buf) {
        uint64_t stage_usec = w->stop_timeout_usec / stages;
        int n;

        n = snprintf(
                buf, ENROLL_DROPIN_MAX,
                "# Written by \"leaderctl enroll --tenure %s\"; to change it, run that again. The name sorts last on\n"
                "# purpose: drop-ins are applied in the order of their names.\n"
                "[Unit]\n"
                "# There only while this host leads: neither boot, nor an admin, nor Restart= starts the unit "
                "without.\n"
                "AssertPathExists=%s/leading/%%n\n"
                "# At shutdown the unit stops first, then the agent releases the lock.\n"
                "After=" ENROLL_GUARD " " ENROLL_AGENT "\n",
                tenure_to_string(w->tenure), w->runtime_dir);
        if (w->tenure == TENURE_LEASE)
                n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n),
                              "# When the guard, which ends the unit in time, is gone, PID 1 stops the unit.\n"
                              "BindsTo=" ENROLL_GUARD "\n");
        n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n),
                      "\n[Service]\n"
                      "# LEADER_TERM, LEADER_LOCK, LEADER_LOCK_UID, LEADER_IDENTITY\n"
                      "EnvironmentFile=-%s/env/%%n\n",
                      w->runtime_dir);
        if (w->tenure == TENURE_LEASE) {
                if (stage_usec < STAGE_MIN_USEC)
                        return -ERANGE;
                n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n),
                              "# The whole stop may take %" PRIu64 "ms; systemd grants each of its %" PRIu32
                              " stage(s):\n"
                              "TimeoutStopSec=%" PRIu64 "ms\n"
                              "TimeoutAbortSec=%" PRIu64 "ms\n"
                              "TimeoutStopFailureMode=kill\n"
                              "SendSIGKILL=yes\n"
                              "FinalKillSignal=SIGKILL\n"
                              "# No way to ask for more time.\n"
                              "NotifyAccess=none\n",
                              w->stop_timeout_usec / USEC_PER_MSEC, stages, stage_usec / USEC_PER_MSEC,
                              stage_usec / USEC_PER_MSEC);
        }
        return n < ENROLL_DROPIN_MAX ? n : -ERANGE;
}

int enroll_trigger_dropin(const struct enroll_want *w, char *buf) {
        return snprintf(
                buf, ENROLL_DROPIN_MAX,
                "# Written by \"leaderctl enroll\" for %s, which this unit triggers: without the gate it would try\n"
                "# again and again until it fails.\n"
                "[Unit]\n"
                "AssertPathExists=%s/leading/%s\n",
                w->unit, w->runtime_dir, w->unit);
}

bool enroll_trigger_needs_dropin(const char *trigger) {
        const char *dot = strrchr(trigger, '.');

        return util_streq(dot, ".socket") || util_streq(dot, ".path");
}
