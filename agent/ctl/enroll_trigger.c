/* SPDX-License-Identifier: Apache-2.0 */
/* systemd knows what starts a unit only of those that it happens to have loaded; so others are looked at, too, and what
 * was enrolled is noted: a drop-in that nobody finds would keep its unit from starting for good. */
#include "ctl/enroll_trigger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/dropin.h"
#include "base/unit_list.h"
#include "ctl/verbs.h"

#define NOTED          "trigger "
#define CANDIDATES_MAX 32
#define STOP_LOOKS     50
#define STOP_LOOK_USEC (20 * USEC_PER_MSEC)

struct candidates {
        char name[CANDIDATES_MAX][256];
        size_t n;
};

/* ---- which ---- */

static bool among(const char (*list)[256], size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (util_streq(list[i], name))
                        return true;
        return false;
}

static void add(struct candidates *c, const char *name) {
        if (enroll_trigger_type(name) && !strchr(name, '/') && !among(c->name, c->n, name) && c->n < CANDIDATES_MAX &&
            util_copy(c->name[c->n], sizeof(c->name[0]), name))
                c->n++;
}

/* Those that were enrolled with the unit. */
static void add_noted(const char *unit, struct candidates *c) {
        char path[600], line[300];
        FILE *f;

        (void)snprintf(path, sizeof(path), ENROLL_LIST_DIR "/%s.d/" ENROLL_LIST_NAME, unit);
        f = fopen(path, "re");
        while (f && fgets(line, sizeof(line), f)) {
                line[strcspn(line, "\n")] = '\0';
                if (strncmp(line, NOTED, strlen(NOTED)) == 0)
                        add(c, line + strlen(NOTED));
        }
        if (f)
                fclose(f);
}

static void add_namesakes(const char *unit, struct candidates *c) {
        static const char *const suffixes[] = {".socket", ".path", ".timer"};
        char name[256];

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                int n = snprintf(name, sizeof(name), "%.*s%s", (int)(strlen(unit) - strlen(".service")), unit,
                                 suffixes[i]);

                if (n > 0 && (size_t)n < sizeof(name))
                        add(c, name);
        }
}

static int by_name(const void *a, const void *b) {
        return strcmp(a, b);
}

int enroll_trigger_find(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f,
                        struct enroll_triggers *ret) {
        struct enroll_triggers found = {};
        struct candidates all = {};
        struct enroll_facts trigger;

        for (size_t i = 0; i < f->n_triggered_by; i++)
                add(&all, f->triggered_by[i]);
        add_namesakes(w->unit, &all);
        add_noted(w->unit, &all);
        for (size_t i = 0; i < f->n_wants; i++)
                add(&all, f->wants[i]);
        /* systemd's order differs from time to time: the same again is to be the same text. */
        qsort(all.name, all.n, sizeof(all.name[0]), by_name);
        for (size_t i = 0; i < all.n && found.n < ENROLL_TRIGGERS_MAX; i++) {
                int r = ctl_units_read(u, all.name[i], &trigger);

                if (r < 0)
                        return r;
                if (w->list && unit_list_find(w->list, all.name[i]) >= 0)
                        continue;
                if (!util_streq(trigger.triggers, w->unit) || !util_streq(trigger.id, all.name[i]) ||
                    dropin_exists(ENROLL_LIST_DIR, all.name[i], ENROLL_LIST_NAME))
                        continue;
                found.starts[found.n] = enroll_trigger_starts(&trigger, f);
                memcpy(found.name[found.n++], all.name[i], sizeof(all.name[0]));
        }
        *ret = found;
        return 0;
}

/* ---- files ---- */

/* 1: removed. */
static int remove_one(const char *name) {
        struct err err = {};
        int r;

        if (dropin_exists(ENROLL_LIST_DIR, name, ENROLL_LIST_NAME))
                return 0;
        r = dropin_remove(ENROLL_DIR, name, ENROLL_DROPIN_NAME, &err);
        if (r < 0)
                (void)ctl_error("%s", err.text);
        return r;
}

/* So that leader-guard may stop the unit also when its drop-in is lost. */
static int write_list(const char *unit, const struct enroll_triggers *t) {
        char text[512 + ENROLL_TRIGGERS_MAX * (sizeof(NOTED) + 256)];
        struct err err = {};
        int n, r;

        n = snprintf(text, sizeof(text),
                     "# Enrolled by leaderctl: leader-guard may stop this unit, also when its drop-in is lost.\n");
        for (size_t i = 0; i < t->n; i++)
                n += snprintf(text + n, sizeof(text) - (size_t)n, NOTED "%s\n", t->name[i]);
        if (mkdir(ENROLL_LIST_DIR, 0755) < 0 && errno != EEXIST)
                r = err_setf(&err, -errno, "cannot make %s: %m", ENROLL_LIST_DIR);
        else
                r = dropin_write(ENROLL_LIST_DIR, unit, ENROLL_LIST_NAME, text, &err);
        if (r < 0)
                (void)ctl_error("%s", err.text);
        return r < 0 ? r : 0;
}

int enroll_trigger_write(const struct enroll_want *w, const struct enroll_triggers *t, bool *changed) {
        char text[ENROLL_DROPIN_MAX];
        struct candidates noted = {};
        struct err err = {};
        int r = 0;

        add_noted(w->unit, &noted);
        for (size_t i = 0; r >= 0 && i < noted.n; i++)
                if (!among(t->name, t->n, noted.name[i])) {
                        r = remove_one(noted.name[i]);
                        *changed |= r > 0;
                }
        if (r >= 0)
                r = write_list(w->unit, t);
        (void)enroll_trigger_dropin(w, text);
        for (size_t i = 0; r >= 0 && i < t->n; i++) {
                r = dropin_write(ENROLL_DIR, t->name[i], ENROLL_DROPIN_NAME, text, &err);
                if (r < 0)
                        (void)ctl_error("%s", err.text);
                else
                        (void)printf("%s %s/%s.d/%s: %s\n", r > 0 ? "Wrote" : "Already there:", ENROLL_DIR, t->name[i],
                                     ENROLL_DROPIN_NAME,
                                     t->starts[i] ? "starts and stops with the unit" : "stops with the unit");
                *changed |= r > 0;
        }
        return r < 0 ? r : 0;
}

int enroll_trigger_remove(const struct enroll_want *w, const struct enroll_triggers *t) {
        struct candidates all = {};
        struct err err = {};
        int any = 0, r = 0;

        for (size_t i = 0; i < t->n; i++)
                add(&all, t->name[i]);
        add_noted(w->unit, &all);
        for (size_t i = 0; r >= 0 && i < all.n; i++) {
                r = remove_one(all.name[i]);
                any |= r > 0;
        }
        if (r < 0)
                return r;
        r = dropin_remove(ENROLL_LIST_DIR, w->unit, ENROLL_LIST_NAME, &err);
        if (r < 0)
                (void)ctl_error("%s", err.text);
        return r < 0 ? r : any || r > 0;
}

/* ---- what is in force ---- */

/* Queued, and then seen: what is up still when the gate comes into force has its next start refused. */
static int stop(struct ctl_units *u, const char *name) {
        struct enroll_facts trigger;
        int r = ctl_units_stop(u, name);

        for (unsigned i = 0; r == 0 && i < STOP_LOOKS; i++) {
                r = ctl_units_read(u, name, &trigger);
                if (r < 0 || !enroll_up(&trigger))
                        break;
                (void)usleep(STOP_LOOK_USEC);
        }
        return r;
}

int enroll_trigger_stop(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f,
                        const struct enroll_triggers *t, bool open) {
        for (size_t i = 0; i < t->n; i++) {
                struct enroll_facts trigger;
                int r = ctl_units_read(u, t->name[i], &trigger);

                if (r == 0 && !enroll_trigger_idles(&trigger, f, open))
                        continue;
                if (r == 0)
                        r = stop(u, t->name[i]);
                if (r < 0)
                        return r;
                (void)printf("%s: stopped %s, which starts the unit: it %s.\n", w->unit, t->name[i],
                             t->starts[i] ? "will start with it" : "is not enabled, and will not start with it");
        }
        return 0;
}

static int check_one(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f, const char *name,
                     bool open) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct enroll_facts trigger;
        size_t n;
        int r;

        r = ctl_units_read(u, name, &trigger);
        if (r < 0)
                return r;
        n = enroll_check_trigger(&trigger, f, w, open, problems);
        for (size_t i = 0; i < n; i++)
                (void)fprintf(stderr, "%s: %s\n    cure: %s\n", w->unit, problems[i].text, problems[i].cure);
        return n > 0 ? -EBADMSG : 0;
}

int enroll_trigger_check(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f, bool open) {
        struct enroll_triggers t = {};
        int worst, r;

        worst = enroll_trigger_find(u, w, f, &t);
        for (size_t i = 0; i < t.n; i++) {
                r = check_one(u, w, f, t.name[i], open);
                worst = r < 0 ? r : worst;
        }
        return worst;
}
