/* SPDX-License-Identifier: Apache-2.0 */
/* Between enroll_check.c (what breaks a promise), enroll_end.c (how a unit ends) and enroll_find.c, on which both
 * stand: findings and their cures. Not for others. */
#pragma once

#include "codec/enroll.h"

/* A line of a later drop-in that undoes ours, as a regular expression of sed: an empty Assert…= drops them all. */
#define ENROLL_LINE_ASSERT "^Assert[A-Za-z0-9]* *= *$"

struct enroll_list {
        const struct enroll_facts *f;
        const struct enroll_want *w;
        struct enroll_problem *problems; /* ENROLL_PROBLEMS_MAX */
        size_t n;
};

/* One more finding, without a cure; what does not fit any more replaces the last one. */
struct enroll_problem *enroll_add(struct enroll_list *l, enum enroll_severity severity, const char *fmt, ...)
        _printf_(3, 4);

/* Appends to its cure: cures are made of steps. */
void enroll_cure(struct enroll_problem *p, const char *fmt, ...) _printf_(2, 3);

/* A step: a setting that is the unit's own affair, added where it is applied last. lines: as printf(1) reads them. */
void enroll_set(struct enroll_list *l, struct enroll_problem *p, const char *section, const char *lines);

/* A step: what enroll writes is not in force, so it is written again (adopt: as enroll_command()), and the line that
 * undoes it (NULL: none does) goes from the drop-ins that are applied after ours, which are named in the text. */
void enroll_again(struct enroll_list *l, struct enroll_problem *p, bool adopt, const char *line);

/* The assert of the gate of w->unit is in force for whatever unit that is. */
bool enroll_asserts(const struct enroll_facts *f, const struct enroll_want *w);

/* The name of a file behind its last slash. */
const char *enroll_base(const char *path);

/* How the unit ends, and what it leaves behind where nobody sees it. */
void enroll_check_end(struct enroll_list *l);
