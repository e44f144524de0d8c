/* SPDX-License-Identifier: Apache-2.0 */
/* How a finding and its cure are put down. Decides nothing. */
#include <stdarg.h>
#include <stdio.h>

#include "codec/enroll_parts.h"

struct enroll_problem *enroll_add(struct enroll_list *l, enum enroll_severity severity, const char *fmt, ...) {
        struct enroll_problem *p = &l->problems[l->n < ENROLL_PROBLEMS_MAX ? l->n++ : ENROLL_PROBLEMS_MAX - 1];
        va_list ap;

        p->severity = severity;
        p->cure[0] = '\0';
        va_start(ap, fmt);
        (void)vsnprintf(p->text, sizeof(p->text), fmt, ap);
        va_end(ap);
        return p;
}

void enroll_cure(struct enroll_problem *p, const char *fmt, ...) {
        size_t used = strlen(p->cure);
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(p->cure + used, sizeof(p->cure) - used, fmt, ap);
        va_end(ap);
}

const char *enroll_base(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

void enroll_set(struct enroll_list *l, struct enroll_problem *p, const char *section, const char *lines) {
        const char *last = l->f->n_dropins > 0 ? l->f->dropins[l->f->n_dropins - 1] : "";
        char dir[320];

        (void)snprintf(dir, sizeof(dir), ENROLL_DIR "/%.290s.d", l->w->unit);
        if (strcmp(enroll_base(last), ENROLL_CURE_NAME) > 0)
                enroll_cure(p, "printf '[%s]\\n%s' >>%s", section, lines, last);
        else
                enroll_cure(p, "mkdir -p %s && printf '[%s]\\n%s' >>%s/" ENROLL_CURE_NAME, dir, section, lines, dir);
        enroll_cure(p, "; systemctl daemon-reload");
}

static bool later(const char *path) {
        return strcmp(enroll_base(path), ENROLL_DROPIN_NAME) > 0;
}

void enroll_again(struct enroll_list *l, struct enroll_problem *p, bool adopt, const char *line) {
        char command[ENROLL_COMMAND_MAX];
        bool any = false;
        size_t used;

        enroll_command(l->w, adopt, command);
        enroll_cure(p, "%s", command);
        for (size_t i = 0; line && i < l->f->n_dropins; i++) {
                if (!later(l->f->dropins[i]))
                        continue;
                used = strlen(p->text);
                (void)snprintf(p->text + used, sizeof(p->text) - used, "%s%s",
                               any ? ", " : " (applied after ours: ", l->f->dropins[i]);
                if (!any)
                        enroll_cure(p, "; sed -i '/%s/d'", line);
                enroll_cure(p, " %s", l->f->dropins[i]);
                any = true;
        }
        if (!any)
                return;
        used = strlen(p->text);
        (void)snprintf(p->text + used, sizeof(p->text) - used, ")");
        enroll_cure(p, "; systemctl daemon-reload");
}
