/* SPDX-License-Identifier: Apache-2.0 */
/* Judging what PID 1 has in force for a unit. Each finding says what is wrong and what to type; typed, it is gone
 * (tests/guard/cures.sh types each of them). ARCHITECTURE 5, claims 1 and 6. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "codec/conf.h"
#include "codec/enroll.h"
#include "codec/enroll_parts.h"
#include "codec/name.h"

/* Lines of a later drop-in that undo ours, as regular expressions of sed. An empty Assert…= drops them all. */
#define LINE_ENV     "^EnvironmentFile *= *$"
#define LINE_TIMEOUT "^Timeout\\(Stop\\)\\?Sec *="
#define LINE_MODE    "^TimeoutStopFailureMode *="

static bool listed(const char (*list)[320], size_t n, const char *dir, const char *sub, const char *unit) {
        char path[640];

        (void)snprintf(path, sizeof(path), "%s/%s/%s", dir, sub, unit);
        for (size_t i = 0; i < n; i++)
                if (util_streq(list[i], path))
                        return true;
        return false;
}

bool enroll_asserts(const struct enroll_facts *f, const struct enroll_want *w) {
        return listed(f->asserts, f->n_asserts, w->runtime_dir, "leading", w->unit);
}

/* Timers, sockets and paths start a service: they have a gate, and nothing that lives by itself, nor takes long to
 * stop. */
static bool is_service(const struct enroll_list *l) {
        return name_is_service_unit(l->w->unit);
}

bool enroll_gated(const struct enroll_facts *f, const char *unit, const char *runtime_dir) {
        return util_streq(f->id, unit) && listed(f->asserts, f->n_asserts, runtime_dir, "leading", unit);
}

/* Our drop-in is in force. Where there are too many to know, or their names are too long, it counts as missing: enroll
 * again does no harm. */
static bool enrolled(const struct enroll_facts *f) {
        for (size_t i = 0; i < f->n_dropins; i++)
                if (util_streq(enroll_base(f->dropins[i]), ENROLL_DROPIN_NAME))
                        return true;
        return false;
}

/* What enroll writes for the unit itself is not in force. */
static void again(struct enroll_list *l, struct enroll_problem *p, const char *line) {
        /* (enrolling one that is up and has no gate yet is refused without being asked for) */
        enroll_again(l, p, enroll_up(l->f) && !enroll_gated(l->f, l->w->unit, l->w->runtime_dir), line);
}

static void check_start(struct enroll_list *l) {
        const struct enroll_facts *f = l->f;
        const struct enroll_want *w = l->w;

        if (!util_streq(f->id, w->unit))
                enroll_cure(enroll_add(l, ENROLL_BROKEN, "%s is only another name of %s", w->unit, f->id),
                            "sed -i 's/\"%s\"/\"%s\"/' " CONF_PATH
                            "; leaderctl enroll %s; systemctl reload leader-agent",
                            w->unit, f->id, f->id);
        if (!enroll_asserts(f, w))
                again(l,
                      enroll_add(l, ENROLL_BROKEN,
                                 "%s, no gate: AssertPathExists=%s/leading/%%n is not in force, anything may start the "
                                 "unit",
                                 enrolled(f) ? "overridden" : "not enrolled", w->runtime_dir),
                      ENROLL_LINE_ASSERT);
        if (!f->after_guard || !f->after_agent)
                again(l,
                      enroll_add(l, ENROLL_BROKEN, "After=%s is missing: the unit would not stop first at shutdown",
                                 f->after_guard ? ENROLL_AGENT : ENROLL_GUARD),
                      NULL);
        if (f->refuse_manual_start)
                enroll_set(l, enroll_add(l, ENROLL_BROKEN, "RefuseManualStart=yes: leader-guard cannot start the unit"),
                           "Unit", "RefuseManualStart=no\\n");
        if (f->refuse_manual_stop)
                enroll_set(l,
                           enroll_add(l, ENROLL_BROKEN, "RefuseManualStop=yes: leader-guard could only kill the unit"),
                           "Unit", "RefuseManualStop=no\\n");
        if (f->stop_when_unneeded)
                enroll_set(l,
                           enroll_add(l, ENROLL_NO_START,
                                      "StopWhenUnneeded=yes: systemd stops the unit as soon as it has started"),
                           "Unit", "StopWhenUnneeded=no\\n");
        if (f->need_daemon_reload)
                enroll_cure(enroll_add(l, ENROLL_NO_START, "unit files on disk changed and are not in force"),
                            "systemctl daemon-reload");
        if (is_service(l) && !listed(f->environment_files, f->n_environment_files, w->runtime_dir, "env", w->unit))
                again(l,
                      enroll_add(l, ENROLL_NOTE, "EnvironmentFile=-%s/env/%%n is missing: no LEADER_TERM for the unit",
                                 w->runtime_dir),
                      LINE_ENV);
        if (util_streq(f->unit_file_state, "enabled") || util_streq(f->unit_file_state, "enabled-runtime"))
                enroll_cure(enroll_add(l, ENROLL_NOTE,
                                       "the unit is enabled: harmless, the gate refuses its start at boot (\"Assertion "
                                       "failed\"); "
                                       "disabled, the boot is quieter"),
                            "systemctl disable %s%s", util_streq(f->unit_file_state, "enabled") ? "" : "--runtime ",
                            w->unit);
}

static void check_kill(struct enroll_list *l) {
        const struct enroll_facts *f = l->f;

        if (!util_streq(f->kill_mode, "control-group") && !util_streq(f->kill_mode, "mixed"))
                enroll_set(l,
                           enroll_add(l, ENROLL_BROKEN, "KillMode=%s leaves processes behind when the unit stops",
                                      f->kill_mode),
                           "Service", "KillMode=control-group\\n");
        if (!f->send_sigkill)
                enroll_set(l,
                           enroll_add(l, ENROLL_BROKEN, "SendSIGKILL=no leaves processes behind when the unit stops"),
                           "Service", "SendSIGKILL=yes\\n");
        if (f->final_kill_signal != 0 && f->final_kill_signal != SIGKILL)
                enroll_set(l,
                           enroll_add(l, l->w->tenure == TENURE_LEASE ? ENROLL_BROKEN : ENROLL_NOTE,
                                      "FinalKillSignal=%" PRIu32
                                      " is not SIGKILL: systemd alone could not end the unit",
                                      f->final_kill_signal),
                           "Service", "FinalKillSignal=SIGKILL\\n");
        if (f->pam_name[0])
                enroll_set(l,
                           enroll_add(l, ENROLL_BROKEN,
                                      "PAMName=%s may move processes out of the unit's cgroup: they would not be seen, "
                                      "nor stopped",
                                      f->pam_name),
                           "Service", "PAMName=\\n");
}

static void check_stop_time(struct enroll_list *l) {
        const struct enroll_facts *f = l->f;
        bool lease = l->w->tenure == TENURE_LEASE;
        uint32_t stages = enroll_stop_stages(f);
        uint64_t budget = l->w->stop_timeout_usec;
        struct enroll_problem *p;
        char each[32], line[64];

        if (f->timeout_stop_usec <= budget / stages)
                return;
        if (f->timeout_stop_usec == USEC_INFINITY)
                (void)snprintf(each, sizeof(each), "infinity");
        else
                (void)snprintf(each, sizeof(each), "%" PRIu64 "ms", f->timeout_stop_usec / USEC_PER_MSEC);
        p = enroll_add(l, lease ? ENROLL_BROKEN : ENROLL_NOTE,
                       "%" PRIu32 " stop stage%s of TimeoutStopSec=%s may take longer than the stop timeout of %" PRIu64
                       "ms%s",
                       stages, stages == 1 ? "" : "s", each, budget / USEC_PER_MSEC,
                       lease ? "" : "; leader-guard then kills what is left");
        if (lease) {
                again(l, p, LINE_TIMEOUT);
                return;
        }
        /* The drop-in of a life says nothing about it. */
        (void)snprintf(line, sizeof(line), "TimeoutStopSec=%" PRIu64 "ms\\n", budget / stages / USEC_PER_MSEC);
        enroll_set(l, p, "Service", line);
}

static void check_lease(struct enroll_list *l) {
        const struct enroll_facts *f = l->f;

        if (!f->binds_to_guard)
                again(l,
                      enroll_add(l, ENROLL_BROKEN,
                                 "BindsTo=%s is missing: nothing stops the unit when the guard is gone", ENROLL_GUARD),
                      NULL);
        if (!is_service(l))
                return;
        if (!util_streq(f->timeout_stop_failure_mode, "kill"))
                again(l,
                      enroll_add(l, ENROLL_BROKEN, "TimeoutStopFailureMode=%s instead of kill",
                                 f->timeout_stop_failure_mode),
                      LINE_MODE);
        if (strncmp(f->type, "notify", strlen("notify")) == 0)
                enroll_set(l,
                           enroll_add(l, ENROLL_BROKEN,
                                      "Type=%s lets the unit extend its own stop (EXTEND_TIMEOUT_USEC); "
                                      "under tenure life it may",
                                      f->type),
                           "Service", "Type=exec\\n");
        else if (!util_streq(f->notify_access, "none")) {
                struct enroll_problem *p = enroll_add(
                        l, ENROLL_BROKEN, "NotifyAccess=%s lets the unit extend its own stop (EXTEND_TIMEOUT_USEC)",
                        f->notify_access);

                if (!f->binds_to_guard)
                        again(l, p, NULL);
                else
                        /* A watchdog and a store for file descriptors imply it, whatever NotifyAccess= says. */
                        enroll_set(l, p, "Service", "NotifyAccess=none\\nWatchdogSec=0\\nFileDescriptorStoreMax=0\\n");
        }
}

size_t enroll_check(const struct enroll_facts *f, const struct enroll_want *w, struct enroll_problem *problems) {
        struct enroll_problem found[ENROLL_PROBLEMS_MAX];
        struct enroll_list l = {.f = f, .w = w, .problems = found};
        size_t n = 0;

        check_start(&l);
        if (is_service(&l)) {
                check_kill(&l);
                enroll_check_end(&l);
                check_stop_time(&l);
        }
        if (w->tenure == TENURE_LEASE)
                check_lease(&l);
        else if (f->binds_to_guard)
                again(&l,
                      enroll_add(&l, ENROLL_NO_START,
                                 "BindsTo=%s is in force: enrolled for tenure lease, configured for life",
                                 ENROLL_GUARD),
                      NULL);
        for (int severity = ENROLL_BROKEN; severity >= ENROLL_NOTE; severity--)
                for (size_t i = 0; i < l.n; i++)
                        if ((int)found[i].severity == severity)
                                problems[n++] = found[i];
        return n;
}

void enroll_sentence(const struct enroll_problem *p, const char *unit, char *buf, size_t size) {
        size_t need = strlen(unit) + strlen("; for the cure: leaderctl enroll --check ") + 1;
        int n = snprintf(buf, size, "%s%s%s", p->text, p->cure[0] ? "; cure: " : "", p->cure);

        /* A cure that is cut must not be typed. */
        if (n < 0 || (size_t)n >= size)
                (void)snprintf(buf, size, "%.*s; for the cure: leaderctl enroll --check %s",
                               size > need ? (int)(size - need) : 0, p->text, unit);
}
