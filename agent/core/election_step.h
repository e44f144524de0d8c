/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that decide what an election does next: election_step.c (how a step acts) ← election_end.c ←
 * election_lead.c ← election_win.c ← election.c (the state machine). What they know of the lock is in
 * election_parts.h. */
#pragma once

#include "core/election_parts.h"

/* One pass of the state machine over one event. */
struct step {
        struct election *e;
        const struct election_conf *c;
        const struct placeholder_view *views;
        uint64_t now;
        struct election_actions out;
        bool moved; /* the state changed: decide again */
};

/* ---- acts ---- */

/* Asks for a request of the API, unless one is in flight or the pause after a failure lasts. */
void step_request(struct step *s, uint8_t op, uint64_t uid, uint64_t version, uint64_t placeholder);
/* Tells the guard; at most two messages a step. */
void step_tell(struct step *s, uint8_t type, uint64_t uid, uint64_t stop_at, uint64_t kill_at);
void step_move(struct step *s, uint8_t state);

/* ---- the end of a term ---- */

/* When a lease that is renewed no more has outlasted whatever runs under it. */
uint64_t step_lapse_at(const struct step *s);
/* Another instance of us leads under the lock, or (a damaged one) may until its placeholder has been waited out. */
bool step_of_rival(const struct step *s);
/* The term of this lock uid ends, for an enum election_reason; from here on there is no way back to leading. */
void step_begin_stop(struct step *s, uint64_t uid, uint8_t reason);

/* ---- the states: what to do in each ---- */

void step_candidate(struct step *s); /* also starting */
void step_claiming(struct step *s);
void step_adopting(struct step *s);
void step_lead(struct step *s, bool guard_spoke); /* proving, permitting, leading; guard_spoke: the event is its */
void step_stopping(struct step *s);
void step_releasing(struct step *s);
void step_deposing(struct step *s);
