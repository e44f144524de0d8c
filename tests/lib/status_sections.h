/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of docs/STATUS.md, each made from what an agent shows. What stands there already is "…". */
#pragma once

#include "status_cases.h"
#include "status_page.h"

/* What the model reaches (tests/model/transitions.txt): calls tell() with what stands behind `kind` in each line that
 * begins with it; reached: it does. */
void status_each_reached(const char *kind, void (*tell)(char *rest, bool reached, void *p), void *p);

/* Every state that the model reaches (tests/model/transitions.txt), all well: a table, then leaderctl. */
void status_section_states(struct status_world *w, FILE *out);
/* STATUS= of each of them in each trouble that has another meaning in each. */
void status_section_crossed(struct status_world *w, FILE *out);
/* Each trouble of a leader, everywhere it is told, and its end. */
void status_section_troubles(struct status_world *w, FILE *out);
/* A table of situations. */
void status_section_cases(struct status_world *w, FILE *out, const char *title, const struct status_case *cases);
/* Why a term ends, in words: each reason that the model reaches. */
void status_section_reasons(struct status_world *w, FILE *out);
void status_section_several(struct status_world *w, FILE *out);
/* A status document, member by member. */
void status_section_document(struct status_world *w, FILE *out);
