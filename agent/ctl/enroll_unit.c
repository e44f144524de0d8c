/* SPDX-License-Identifier: Apache-2.0 */
/* What enroll does to one unit. The text of the drop-in and the judgement of what is in force are codec/enroll.h's;
 * files are adapter/dropin's. */
#include "ctl/enroll_unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "adapter/dropin.h"
#include "codec/name.h"
#include "ctl/enroll_cycle.h"
#include "ctl/enroll_lease.h"
#include "ctl/enroll_trigger.h"
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

static int write_all(const struct enroll_target *t, const struct enroll_facts *f,
                     const struct enroll_triggers *triggers, bool *changed) {
        struct enroll_want want = t->want;
        char text[ENROLL_DROPIN_MAX];
        int r;

        want.triggers = triggers;
        r = enroll_dropin(&want, enroll_stop_stages(f), text);
        if (r < 0) {
                (void)ctl_error("%s: a stop timeout of %llu ms is too short for %u stop stages", t->unit,
                                (unsigned long long)(t->want.stop_timeout_usec / USEC_PER_MSEC), enroll_stop_stages(f));
                return r;
        }
        r = enroll_trigger_write(&want, triggers, changed);
        return r < 0 ? r : write_one(t->unit, text, changed);
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

/* Says why it cannot be started at all. */
static int loaded(const struct enroll_facts *f, const char *unit) {
        struct err err = {};
        int r = enroll_loaded(f, unit, &err);

        if (r < 0)
                (void)ctl_error("%s", err.text);
        return r;
}

int enroll_unit_write(struct ctl_units *u, const struct enroll_target *t, bool adopt, bool *changed) {
        struct enroll_triggers triggers = {};
        struct enroll_facts f = {};
        char then[ENROLL_COMMAND_MAX];
        int r;

        r = ctl_units_read(u, t->unit, &f);
        if (r >= 0)
                r = loaded(&f, t->unit);
        if (r < 0)
                return r;
        if (!util_streq(f.id, t->unit)) {
                (void)ctl_error("%s is another name of %s; enrol that", t->unit, f.id);
                return -EINVAL;
        }
        enroll_command(&t->want, adopt || (enroll_up(&f) && !permitted(t)), then);
        if (enroll_before_basic(t->unit) && strncmp(f.unit_file_state, "enabled", strlen("enabled")) == 0) {
                (void)ctl_error(
                        "%s is enabled: in a list it would be in an ordering cycle at boot (it comes before "
                        "basic.target, and after leader-guard); leader-guard starts it: systemctl disable %s && %s",
                        t->unit, t->unit, then);
                return -ELOOP;
        }
        /* (what comes before basic.target by default does no more, once enrolled) */
        r = enroll_before_basic(t->unit) ? 0 : enroll_cycle_check(u, t->unit, then);
        if (r == 0)
                r = enroll_cycle_check_list(u, &t->want);
        if (r == 0)
                r = may_enroll(u, t, &f, adopt);
        if (r == 0)
                r = enroll_lease_check(&t->want, /* remove= */ false, enroll_up(&f), then);
        if (r == 0 && name_is_service_unit(t->unit))
                r = enroll_trigger_find(u, &t->want, &f, &triggers);
        if (r == 0)
                r = write_all(t, &f, &triggers, changed);
        return r < 0 ? r : enroll_trigger_stop(u, &t->want, &f, &triggers, permitted(t));
}

int enroll_unit_remove(struct ctl_units *u, const struct enroll_target *t, bool *changed) {
        struct enroll_triggers triggers = {};
        struct enroll_facts f = {};
        char then[ENROLL_COMMAND_MAX];
        struct err err = {};
        int r, q;

        r = ctl_units_read(u, t->unit, &f);
        if (r >= 0 && name_is_service_unit(t->unit))
                r = enroll_trigger_find(u, &t->want, &f, &triggers);
        if (r < 0)
                return r;
        (void)snprintf(then, sizeof(then), "leaderctl enroll --remove %s", t->unit);
        r = enroll_lease_check(&t->want, /* remove= */ true, enroll_up(&f), then);
        if (r < 0)
                return r;
        r = dropin_remove(ENROLL_DIR, t->unit, ENROLL_DROPIN_NAME, &err);
        if (r < 0) {
                (void)ctl_error("%s", err.text);
                return r;
        }
        q = enroll_trigger_remove(&t->want, &triggers);
        if (q < 0)
                return q;
        r |= q;
        (void)printf("%s: %s\n", t->unit, r > 0 ? "no longer enrolled; anything may start it now" : "was not enrolled");
        *changed |= r > 0;
        return 0;
}

int enroll_unit_check(struct ctl_units *u, const struct enroll_target *t) {
        struct enroll_facts f;
        int r, q, p;

        r = ctl_units_read(u, t->unit, &f);
        if (r >= 0)
                r = loaded(&f, t->unit);
        if (r < 0)
                return r;
        q = enroll_cycle_check(u, t->unit, "");
        p = name_is_service_unit(t->unit) ? enroll_trigger_check(u, &t->want, &f, permitted(t)) : 0;
        r = report(t, &f, q == 0);
        return q < 0 ? q : r < 0 ? r : p;
}
