/* SPDX-License-Identifier: Apache-2.0 */
/* Several units under one lock, which the agent sees as one: requests go to each of them, and their answers come back
 * as one. Which of them gets the permit next is core/supervise_list's. ARCHITECTURE 4, and 5, claims 1 and 4. */
#pragma once

#include "guard/guard_state.h"

/* The list of that text, made when it is new. NULL: out of memory or of room. Not while all units are gone through. */
struct guard_list *guard_list_get(struct guard *g, const char *units);

/* Takes a request about a list. busy: a unit that is not of this list has a permit for its lock. */
void guard_list_request(struct guard_list *l, const struct permit_request *q, bool busy);

/* Answers at once. text: for a human; NULL: what is to be said of the units. */
void guard_list_reply(struct guard_list *l, const struct permit_request *q, enum guard_result result, const char *text);

/* Tells the units of every permit of which one is being stopped. Returns true when there was one. */
bool guard_list_withdraw(struct guard *g);

/* Gives the permit to who is next, and tells what is due. Returns false when there was nothing. */
bool guard_list_turn(struct guard_list *l);

/* The instant at which guard_list_turn() will have something to do, if no unit changes before. */
uint64_t guard_list_next(const struct guard_list *l);

/* Forgets them all, and who waits for answers about them. The units stay. */
void guard_list_clear(struct guard *g);
