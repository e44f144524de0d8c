/* SPDX-License-Identifier: Apache-2.0 */
/* What enroll does to one unit. The text of the drop-in and the judgement of what is in force are codec/enroll.h's;
 * files are adapter/dropin's. */
#include "ctl/enroll_unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/dropin.h"
#include "ctl/enroll_cycle.h"
#include "ctl/enroll_lease.h"
#include "ctl/verbs.h"

static int write_one(const char *unit, const char *text, bool *changed) {
        struct err err = {};
        int r = dropin_write(ENROLL_DIR, unit, ENROLL_DROPIN_NAME, text, &err);

        if (r < 0) {
                (void)ctl_error("%s", err.text);
                return r;
        }
        (void)printf("%s %s/%s.d/%s\n", r > 0 ? "Wrote" : "Already there:", ENROLL_DIR, unit, ENROLL_DROPIN_NAME);
        *changed |= r > 0;
        return 0;
}

/* So that leader-guard may stop it also when the drop-in is lost. */
static int write_list(const struct enroll_target *t) {
        struct err err = {};
        int r;

        if (mkdir(ENROLL_LIST_DIR, 0755) < 0 && errno != EEXIST)
                r = err_setf(&err, -errno, "cannot make %s: %m", ENROLL_LIST_DIR);
        else
                r = dropin_write(
                        ENROLL_LIST_DIR, t->unit, ENROLL_LIST_NAME,
                        "# Enrolled by leaderctl: leader-guard may stop this unit, also when its drop-in is lost.\n",
                        &err);
        if (r < 0)
                (void)ctl_error("%s", err.text);
        return r < 0 ? r : 0;
}

static int write_all(const struct enroll_target *t, const struct enroll_facts *f, bool *changed) {
        char text[ENROLL_DROPIN_MAX];
        int r;

        r = enroll_dropin(&t->want, enroll_stop_stages(f), text);
        if (r < 0) {
                (void)ctl_error("%s: a stop timeout of %llu ms is too short for %u stop stages", t->unit,
                                (unsigned long long)(t->want.stop_timeout_usec / USEC_PER_MSEC), enroll_stop_stages(f));
                return r;
        }
        r = write_list(t);
        if (r == 0)
                r = write_one(t->unit, text, changed);
        for (size_t i = 0; r == 0 && i < f->n_triggered_by; i++)
                if (enroll_trigger_needs_dropin(f->triggered_by[i])) {
                        (void)enroll_trigger_dropin(&t->want, text);
                        r = write_one(f->triggered_by[i], text, changed);
                        (void)printf("Note: %s only starts where the gate is open; have the unit want it (Wants=%s).\n",
                                     f->triggered_by[i], f->triggered_by[i]);
                }
        return r;
}

/* Runs under a permit: its gate is there, which only leader-guard makes. */
static bool permitted(const struct enroll_target *t) {
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/leading/%s", t->want.runtime_dir, t->unit);
        return access(path, F_OK) == 0;
}

/* What enrolling does to a unit that is up: under a permit nothing new. Else it is somebody's who may not expect that
 * it is stopped where another host leads; and a lease is bound to leader-guard, without which systemd stops it. */
static int may_enroll(struct ctl_units *u, const struct enroll_target *t, const struct enroll_facts *f, bool adopt) {
        char stopped[ENROLL_COMMAND_MAX], running[ENROLL_COMMAND_MAX];
        struct enroll_facts guard;
        int r;

        if (!enroll_up(f))
                return 0;
        enroll_command(&t->want, false, stopped);
        enroll_command(&t->want, true, running);
        if (!adopt && !permitted(t) && !enroll_gated(f, t->unit, t->want.runtime_dir)) {
                (void)ctl_error(
                        "%s is %s, without leader-agent's permit: nothing was changed. Stop it first:\n"
                        "    systemctl stop %s && %s\n"
                        "or let it run on; leader-agent then takes it over as it runs where the lock is free, and "
                        "has it stopped where another host holds the lock:\n"
                        "    %s",
                        t->unit, f->active_state, t->unit, stopped, running);
                return -EBUSY;
        }
        if (t->want.tenure != TENURE_LEASE || f->binds_to_guard)
                return 0;
        r = ctl_units_read(u, ENROLL_GUARD, &guard);
        if (r == 0 && !util_streq(guard.active_state, "active")) {
                (void)ctl_error("%s is %s, and " ENROLL_GUARD
                                " is not running: systemd would stop the unit, which tenure "
                                "lease binds to it; run: systemctl start leader-guard.socket " ENROLL_GUARD " && %s",
                                t->unit, f->active_state, running);
                return -ENOTCONN;
        }
        return r;
}

/* Says what is wrong in force. Returns 0, or -EBADMSG when something is. */
static int report(const struct enroll_target *t, const struct enroll_facts *f, bool ordered) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        size_t n = enroll_check(f, &t->want, problems);
        bool wrong = false;

        for (size_t i = 0; i < n; i++) {
                const struct enroll_problem *p = &problems[i];

                wrong |= p->severity >= ENROLL_NO_START;
                (void)fprintf(p->severity == ENROLL_NOTE ? stdout : stderr, "%s: %s%s\n", t->unit,
                              p->severity == ENROLL_NOTE      ? "note: "
                              : p->severity == ENROLL_WARNING ? "warning: "
                                                              : "",
                              p->text);
                if (p->cure[0])
                        (void)fprintf(p->severity == ENROLL_NOTE ? stdout : stderr, "    cure: %s\n", p->cure);
        }
        if (!wrong && ordered)
                (void)printf("%s: enrolled for tenure %s; starts only where leader-agent holds the lock.\n", t->unit,
                             tenure_to_string(t->want.tenure));
        if (enroll_up(f) && !permitted(t) && enroll_gated(f, t->unit, t->want.runtime_dir))
                (void)printf(
                        "%s: note: is %s, without leader-agent's permit: taken over as it runs where the lock is free, "
                        "stopped where another host holds it (on_foreign).\n",
                        t->unit, f->active_state);
        return wrong ? -EBADMSG : 0;
}

/* systemd tells what triggers a unit only of units that it happens to have loaded; those of the same name are looked
 * at, too. */
static int add_triggers(struct ctl_units *u, const char *unit, struct enroll_facts *f) {
        static const char *const suffixes[] = {".socket", ".path"};
        struct enroll_facts trigger;
        char name[sizeof(((struct enroll_target *)NULL)->unit)];

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                int n = snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(unit) - strlen(".service")), unit,
                                 suffixes[i]);
                bool known = false;
                int r;

                if (n < 0 || (size_t)n >= sizeof(name))
                        continue;
                for (size_t k = 0; k < f->n_triggered_by; k++)
                        known |= util_streq(f->triggered_by[k], name);
                if (known || f->n_triggered_by == ENROLL_TRIGGERS_MAX)
                        continue;
                r = ctl_units_read(u, name, &trigger);
                if (r < 0)
                        return r;
                if (util_streq(trigger.triggers, unit) &&
                    util_copy(f->triggered_by[f->n_triggered_by], sizeof(f->triggered_by[0]), name))
                        f->n_triggered_by++;
        }
        return 0;
}

/* The unit, and what triggers it. */
static int read_all(struct ctl_units *u, const char *unit, struct enroll_facts *f) {
        int r = ctl_units_read(u, unit, f);

        return r < 0 ? r : add_triggers(u, unit, f);
}

/* Says why it cannot be started at all. */
static int loaded(const struct enroll_facts *f, const char *unit) {
        struct err err = {};
        int r = enroll_loaded(f, unit, &err);

        if (r < 0)
                (void)ctl_error("%s", err.text);
        return r;
}

int enroll_unit_write(struct ctl_units *u, const struct enroll_target *t, bool adopt, bool *changed) {
        struct enroll_facts f = {};
        char then[ENROLL_COMMAND_MAX];
        int r;

        r = read_all(u, t->unit, &f);
        if (r >= 0)
                r = loaded(&f, t->unit);
        if (r < 0)
                return r;
        if (!util_streq(f.id, t->unit)) {
                (void)ctl_error("%s is another name of %s; enrol that", t->unit, f.id);
                return -EINVAL;
        }
        enroll_command(&t->want, adopt || (enroll_up(&f) && !permitted(t)), then);
        r = enroll_cycle_check(u, t->unit, then);
        if (r == 0)
                r = may_enroll(u, t, &f, adopt);
        if (r == 0)
                r = enroll_lease_check(&t->want, /* remove= */ false, enroll_up(&f), then);
        return r < 0 ? r : write_all(t, &f, changed);
}

int enroll_unit_remove(struct ctl_units *u, const struct enroll_target *t, bool *changed) {
        struct enroll_facts f = {};
        char then[ENROLL_COMMAND_MAX];
        struct err err = {};
        int r;

        r = read_all(u, t->unit, &f);
        if (r < 0)
                return r;
        (void)snprintf(then, sizeof(then), "leaderctl enroll --remove %s", t->unit);
        r = enroll_lease_check(&t->want, /* remove= */ true, enroll_up(&f), then);
        if (r < 0)
                return r;
        r = dropin_remove(ENROLL_DIR, t->unit, ENROLL_DROPIN_NAME, &err);
        for (size_t i = 0; r >= 0 && i < f.n_triggered_by; i++) {
                int q = dropin_remove(ENROLL_DIR, f.triggered_by[i], ENROLL_DROPIN_NAME, &err);

                r = q < 0 || q > r ? q : r;
        }
        if (r >= 0) {
                int q = dropin_remove(ENROLL_LIST_DIR, t->unit, ENROLL_LIST_NAME, &err);

                r = q < 0 || q > r ? q : r;
        }
        if (r < 0) {
                (void)ctl_error("%s", err.text);
                return r;
        }
        (void)printf("%s: %s\n", t->unit, r > 0 ? "no longer enrolled; anything may start it now" : "was not enrolled");
        *changed |= r > 0;
        return 0;
}

int enroll_unit_check(struct ctl_units *u, const struct enroll_target *t) {
        struct enroll_facts f;
        int r, q;

        r = ctl_units_read(u, t->unit, &f);
        if (r >= 0)
                r = loaded(&f, t->unit);
        if (r < 0)
                return r;
        q = enroll_cycle_check(u, t->unit, "");
        r = report(t, &f, q == 0);
        return q < 0 ? q : r;
}
