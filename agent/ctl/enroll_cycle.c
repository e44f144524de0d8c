/* SPDX-License-Identifier: Apache-2.0 */
/* A dependency cannot be taken back by a drop-in: the cure changes the line that declares it, in a copy when the file
 * belongs to a package. */
#include "ctl/enroll_cycle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unit_list.h"
#include "ctl/enroll_order.h"
#include "ctl/verbs.h"

static int before(const char *unit, char ***ret, void *userdata) {
        return ctl_units_order(userdata, unit, "Before", ret);
}

/* ---- which file says it ---- */

static bool has_word(const char *line, const char *word) {
        size_t n = strlen(word);

        for (const char *p = line; (p = strstr(p, word)); p += n)
                if ((p == line || strchr("= \t\"", p[-1])) && strchr(" \t\n\"", p[n]))
                        return true;
        return false;
}

/* The file has a line KEY=… with that name. */
static bool declares(const char *path, const char *key, const char *name) {
        FILE *f = fopen(path, "re");
        char line[4096];
        bool found = false;

        while (f && !found && fgets(line, sizeof(line), f)) {
                const char *p = line + strspn(line, " \t");

                found = strncmp(p, key, strlen(key)) == 0 && strchr("= \t", p[strlen(key)]) && has_word(p, name);
        }
        if (f)
                fclose(f);
        return found;
}

static const char *declared_in(const struct enroll_facts *f, const char *key, const char *name) {
        if (declares(f->fragment, key, name))
                return f->fragment;
        for (size_t i = 0; i < f->n_dropins; i++)
                if (declares(f->dropins[i], key, name))
                        return f->dropins[i];
        return NULL;
}

/* ---- the cure ---- */

/* A name as a regular expression of sed, between slashes. */
static void quote(const char *name, char *buf, size_t size) {
        size_t n = 0;

        for (; *name && n + 2 < size; name++) {
                if (strchr(".\\*[]^$/", *name))
                        buf[n++] = '\\';
                buf[n++] = *name;
        }
        buf[n] = '\0';
}

static void say_edit(const char *path, const char *key, const char *name) {
        const char *base = strrchr(path, '/') + 1;
        char quoted[600], dir[300] = "";
        const char *d;

        quote(name, quoted, sizeof(quoted));
        if (strncmp(path, "/etc/", 5) == 0 || strncmp(path, "/run/", 5) == 0) {
                (void)fprintf(stderr, "sed -i '/^ *%s *=/s/\\([= ]\\)%s\\b/\\1/' %s", key, quoted, path);
                return;
        }
        /* …/system/UNIT or …/system/UNIT.d/NAME */
        for (d = base - 1; d > path && d[-1] != '/'; d--)
                ;
        if (strncmp(d, "system/", strlen("system/")) != 0)
                (void)snprintf(dir, sizeof(dir), "/%.*s", (int)(base - 1 - d), d);
        if (dir[0])
                (void)fprintf(stderr, "mkdir -p " ENROLL_DIR "%s; ", dir);
        (void)fprintf(stderr, "sed '/^ *%s *=/s/\\([= ]\\)%s\\b/\\1/' %s >" ENROLL_DIR "%s/%s", key, quoted, path, dir,
                      base);
}

/* Undoes that a comes before b. Returns false when no file says so. */
static bool say_cure(const struct enroll_facts *a, const struct enroll_facts *b) {
        const char *path = declared_in(a, "Before", b->id);
        const char *dot = strrchr(b->id, '.');

        if (path)
                say_edit(path, "Before", b->id);
        else if ((path = declared_in(b, "After", a->id)))
                say_edit(path, "After", a->id);
        else if (util_streq(dot, ".target") && strncmp(a->unit_file_state, "enabled", strlen("enabled")) == 0)
                /* A target comes after what it wants. */
                (void)fprintf(stderr, "systemctl disable %s", a->id);
        else
                return false;
        return true;
}

static void say_path(const struct enroll_order *o) {
        (void)ctl_error("%s: ordering cycle: enrolled, it comes after " ENROLL_AGENT " and " ENROLL_GUARD
                        ", but it comes before %s",
                        o->unit[0], o->unit[1]);
        for (size_t i = 1; i + 1 < o->n; i++)
                (void)fprintf(stderr, "    which comes before %s\n", o->unit[i + 1]);
        (void)fprintf(stderr, "    At boot systemd would leave one of them out.\n");
}

static char **free_names(char **names) {
        for (size_t i = 0; names && names[i]; i++)
                free(names[i]);
        free(names);
        return NULL;
}

static int find(struct ctl_units *u, const char *unit, struct enroll_order *o) {
        char **after_agent = NULL, **after_guard = NULL;
        int r;

        r = ctl_units_order(u, ENROLL_AGENT, "After", &after_agent);
        if (r >= 0)
                r = ctl_units_order(u, ENROLL_GUARD, "After", &after_guard);
        if (r >= 0)
                r = enroll_order_find(unit, after_agent, after_guard, before, u, o);
        after_agent = free_names(after_agent);
        after_guard = free_names(after_guard);
        return r;
}

int enroll_cycle_check(struct ctl_units *u, const char *unit, const char *then) {
        struct enroll_facts a, b;
        struct enroll_order o = {};
        int r = find(u, unit, &o);

        if (r < 0) {
                if (r != -EIO) /* not said yet */
                        (void)ctl_error("%s: cannot find out what it comes before: %s", unit, strerror(-r));
                return r;
        }
        if (r == 0)
                return 0;
        say_path(&o);
        for (size_t i = 0; i + 1 < o.n; i++) {
                if (ctl_units_read(u, o.unit[i], &a) < 0 || ctl_units_read(u, o.unit[i + 1], &b) < 0)
                        break;
                if (i == 0)
                        (void)fprintf(stderr, "    cure: ");
                if (say_cure(&a, &b)) {
                        (void)fprintf(stderr, "; systemctl daemon-reload%s%s\n", then[0] ? "; " : "", then);
                        return -ELOOP;
                }
        }
        (void)fprintf(stderr, "see systemctl show -p Before -p After %s, and break the chain\n", unit);
        return -ELOOP;
}

int enroll_cycle_check_list(struct ctl_units *u, const struct enroll_want *w) {
        char one[UNIT_NAME_SIZE];
        char **names = NULL;
        int r = 0;

        if (!enroll_one_before(w, one))
                return 0;
        r = ctl_units_order(u, w->unit, "Before", &names);
        for (size_t i = 0; r >= 0 && names && names[i]; i++)
                if (util_streq(names[i], one)) {
                        (void)ctl_error(
                                "%s: ordering cycle: in the list of its lock it comes behind %s, but it is ordered "
                                "before that (Before=, After=): turn the two in units = … round, or that line; see: "
                                "systemctl show -p Before -p After %s",
                                w->unit, one, w->unit);
                        r = -ELOOP;
                }
        names = free_names(names);
        return r < 0 ? r : 0;
}
