/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of docs/STATUS.md, each made from what an agent shows. What stands there already is "…". */
#pragma once

#include "status_cases.h"
#include "status_page.h"

/* What the model reaches (tests/model/transitions.txt): calls tell() with what stands behind `kind` in each line that
 * begins with it; reached: it does. */
void status_each_reached(const char *kind, void (*tell)(char *rest, bool reached, void *p), void *p);

struct status_states {
        uint8_t list[N_ELECTION_STATES]; /* in their order */
        uint8_t from[N_ELECTION_STATES]; /* from which other one a lock comes to each */
        size_t n;
};
void status_states(struct status_states *ret);
/* Whether a lock of that tenure can be in it: only leases are deposed, only life locks adopted. */
bool status_has_state(enum tenure tenure, uint8_t state);

/* "| TEXT " of a table. */
void status_cell(FILE *out, const char *text);

/* Every state that the model reaches (tests/model/transitions.txt), all well: a table, then leaderctl. */
void status_section_states(struct status_world *w, FILE *out);
/* Each of them in each trouble, everywhere it is told. */
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
