/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, paths and timers that start a unit: they run only where the unit may. None of them can start it elsewhere,
 * enrolled or not (the gate is asserted by the unit itself); without this they would try again and again. */
#include <stdio.h>

#include "codec/enroll_parts.h"

bool enroll_trigger_type(const char *name) {
        const char *dot = strrchr(name, '.');

        return util_streq(dot, ".socket") || util_streq(dot, ".path") || util_streq(dot, ".timer");
}

int enroll_trigger_dropin(const struct enroll_want *w, char *buf) {
        return snprintf(buf, ENROLL_DROPIN_MAX,
                        "# Written by \"leaderctl enroll\" for %s, which this unit starts.\n"
                        "[Unit]\n"
                        "# Up only where that one may be, else it would try again and again until it fails.\n"
                        "AssertPathExists=%s/leading/%s\n"
                        "# Whatever stops that one stops this one too.\n"
                        "PartOf=%s\n",
                        w->unit, w->runtime_dir, w->unit, w->unit);
}

static bool enabled(const struct enroll_facts *f) {
        return util_streq(f->unit_file_state, "enabled") || util_streq(f->unit_file_state, "enabled-runtime");
}

static bool disabled(const struct enroll_facts *f) {
        return util_streq(f->unit_file_state, "disabled");
}

static bool named(const char (*list)[256], size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (util_streq(list[i], name))
                        return true;
        return false;
}

bool enroll_trigger_starts(const struct enroll_facts *trigger, const struct enroll_facts *unit) {
        if (enabled(trigger))
                return true;
        /* (also when the unit wants it: that is our own word, of when it was enabled, or comes to the same) */
        if (disabled(trigger))
                return false;
        return enroll_up(trigger) || named(unit->wants, unit->n_wants, trigger->id);
}

/* (A unit that is up is taken over or stopped, and what starts it is stopped with it.) */
bool enroll_trigger_idles(const struct enroll_facts *trigger, const struct enroll_facts *unit, bool open) {
        return !open && enroll_up(trigger) && !enroll_up(unit);
}

size_t enroll_check_trigger(const struct enroll_facts *trigger, const struct enroll_facts *unit,
                            const struct enroll_want *w, bool open, struct enroll_problem *problems) {
        struct enroll_list l = {.f = trigger, .w = w, .problems = problems};
        const char *type = strrchr(trigger->id, '.');
        bool adopt = enroll_up(unit) && !enroll_gated(unit, w->unit, w->runtime_dir);
        bool gated = enroll_asserts(trigger, w);
        bool wanted = named(unit->wants, unit->n_wants, trigger->id);

        if (!util_streq(trigger->load_state, "loaded"))
                return 0;
        if (!gated || !named(trigger->part_of, trigger->n_part_of, w->unit))
                enroll_again(&l,
                             enroll_add(&l, ENROLL_WARNING,
                                        "%s starts the unit and is not enrolled with it: where the unit may not run "
                                        "its starts are refused, again and again",
                                        trigger->id),
                             adopt, gated ? NULL : ENROLL_LINE_ASSERT);
        if (enroll_trigger_starts(trigger, unit) && !wanted)
                enroll_again(&l,
                             enroll_add(&l, ENROLL_WARNING,
                                        "%s does not start with the unit: it would not be up where the unit is",
                                        trigger->id),
                             adopt, NULL);
        if (disabled(trigger) && !wanted && enroll_up(trigger) && !enroll_trigger_idles(trigger, unit, open)) {
                struct enroll_problem *p =
                        enroll_add(&l, ENROLL_WARNING, "%s is up here and not enabled: it does not start with the unit",
                                   trigger->id);

                enroll_cure(p, "systemctl enable %s; ", trigger->id);
                enroll_again(&l, p, adopt, NULL);
        }
        if (enroll_trigger_idles(trigger, unit, open))
                enroll_cure(enroll_add(&l, ENROLL_WARNING,
                                       "%s is up though the unit may not run here: each start is refused", trigger->id),
                            "systemctl stop %s", trigger->id);
        /* (as after an upgrade: it has been refused at boot, and the unit runs on) */
        if (open && enroll_trigger_starts(trigger, unit) && !enroll_up(trigger)) {
                struct enroll_problem *p =
                        enroll_add(&l, ENROLL_WARNING, "%s is not up though the unit may run here", trigger->id);

                /* A socket does not start beside its service. */
                if (util_streq(type, ".socket") && enroll_up(unit))
                        enroll_cure(p, "systemctl restart %s", w->unit);
                else
                        enroll_cure(p, "systemctl start %s", trigger->id);
        }
        return l.n;
}
