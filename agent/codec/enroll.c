/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a unit can be started at all, the text of the drop-ins, and when it may not change. Whether what is in force
 * keeps the promises is in enroll_check.c. ARCHITECTURE 5, claims 1 and 6. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/unit_list.h"
#include "codec/enroll.h"
#include "codec/name.h"

#define STAGE_MIN_USEC (100 * USEC_PER_MSEC)

int enroll_loaded(const struct enroll_facts *f, const char *unit, struct err *err) {
        if (util_streq(f->load_state, "loaded"))
                return 0;
        if (util_streq(f->load_state, "not-found"))
                return err_setf(err, -ENOENT,
                                "systemd knows no unit %s; install its unit file, then run: systemctl daemon-reload",
                                unit);
        if (util_streq(f->load_state, "masked"))
                return err_setf(err, -ESHUTDOWN, "%s is masked; run: systemctl unmask %s%s", unit,
                                util_streq(f->unit_file_state, "masked-runtime") ? "--runtime " : "", unit);
        return err_setf(err, -ENOEXEC, "systemd cannot load %s (%s%s%s); run: systemd-analyze verify %s", unit,
                        f->load_state, f->load_error[0] ? ": " : "", f->load_error, unit);
}

bool enroll_up(const struct enroll_facts *f) {
        /* Not by its main process: Type=oneshot with RemainAfterExit= has none and is up all the same. */
        return f->active_state[0] && !util_streq(f->active_state, "inactive") && !util_streq(f->active_state, "failed");
}

void enroll_command(const struct enroll_want *w, bool adopt, char *buf) {
        char stop[64] = "";

        if (w->tenure == TENURE_LEASE)
                (void)snprintf(stop, sizeof(stop), " --stop-timeout %g",
                               (double)w->stop_timeout_usec / (double)USEC_PER_SEC);
        (void)snprintf(buf, ENROLL_COMMAND_MAX, "leaderctl enroll%s --tenure %s%s %s", adopt ? " --adopt" : "",
                       tenure_to_string(w->tenure), stop, w->unit);
}

uint64_t enroll_share(const char *units, uint64_t stop_timeout_usec) {
        char name[UNIT_NAME_SIZE];
        uint64_t n = 0;

        for (const char *at = units; unit_list_next(&at, name);)
                n += name_is_service_unit(name);
        return stop_timeout_usec / (n > 0 ? n : 1);
}

bool enroll_loosens(const struct enroll_want *w, const struct permit_request *q, bool up, uint64_t now_usec) {
        if (q->tenure != TENURE_LEASE || (!up && now_usec >= q->kill_at_usec))
                return false;
        return !w || w->tenure != TENURE_LEASE || w->stop_timeout_usec > enroll_share(q->unit, q->stop_timeout_usec);
}

uint32_t enroll_stop_stages(const struct enroll_facts *f) {
        return 1 + f->n_exec_stop + f->n_exec_stop_post;
}

/* Appends at n, returns where it ends. (A name has 255 bytes at most.) */
static int add_triggers(const struct enroll_triggers *t, char *buf, int n) {
        const char *before = "# What starts the unit is up where the unit may be: it starts with it.\nWants=";

        for (size_t i = 0; t && i < t->n; i++) {
                if (!t->starts[i])
                        continue;
                n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n), "%s%s", before, t->name[i]);
                before = " ";
        }
        if (before[0] == ' ')
                n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n), "\n");
        return n;
}

bool enroll_before_basic(const char *unit) {
        const char *dot = strrchr(unit, '.');

        return util_streq(dot, ".socket") || util_streq(dot, ".path");
}

bool enroll_one_before(const struct enroll_want *w, char *buf) {
        int place = w->list ? unit_list_find(w->list, w->unit) : -1;
        const char *at = w->list;

        for (int i = 0; i < place; i++)
                (void)unit_list_next(&at, buf);
        return place > 0;
}

int enroll_dropin(const struct enroll_want *w, uint32_t stages, char *buf) {
        uint64_t stage_usec = w->stop_timeout_usec / stages;
        bool service = name_is_service_unit(w->unit);
        char before[UNIT_NAME_SIZE];
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
        if (enroll_one_before(w, before))
                n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n),
                              "# The one before it in the list of the lock, which starts first and stops last.\n"
                              "After=%s\n",
                              before);
        if (enroll_before_basic(w->unit))
                n += snprintf(buf + n, (size_t)(ENROLL_DROPIN_MAX - n),
                              "# By default it would come before basic.target, and that before leader-guard.\n"
                              "DefaultDependencies=no\n"
                              "Requires=sysinit.target\n"
                              "After=sysinit.target\n"
                              "Conflicts=shutdown.target\n"
                              "Before=shutdown.target\n");
        n = add_triggers(w->triggers, buf, n);
        if (!service)
                return n < ENROLL_DROPIN_MAX ? n : -ERANGE;
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
