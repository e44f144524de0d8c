/* SPDX-License-Identifier: Apache-2.0 */
/* One unit of the guard: a step is supervise_step() and all its actions, performed. The order of the actions is the
 * core's; that a look of before a stop is no proof of it is kept here. ARCHITECTURE 5, claims 1, 4 and 6. */
#pragma once

#include "guard/guard_state.h"

/* The unit of that name, made when it is new: of those that are known only because they were asked about, and that
 * nobody has configured, the one that was asked about longest ago may be gone for it. NULL: out of memory or of room.
 * Not while all units are gone through. */
struct guard_unit *guard_unit_get(struct guard *g, const char *name);

/* Those that start later come first, wherever all are gone through: what stops several at one instant sends PID 1 the
 * stop job of the last one first, and After= makes the others wait for it. After a rank has changed. */
void guard_unit_order(struct guard *g);

/* Forgets those that were asked about, if PID 1 does not know them and nothing is known of them. Not while all units
 * are gone through. */
void guard_unit_tidy(struct guard *g);

/* Leaves permit, gate and unit as they are. NULL is allowed. Returns NULL. */
struct guard_unit *guard_unit_free(struct guard_unit *u);

/* One step: what is due first, then the event (its now_usec is filled in), all actions performed. request: the one in
 * hand, or NULL. Only from the turn of the loop, never from a callback. */
void guard_unit_step(struct guard_unit *u, struct supervise_event *ev, const struct permit_request *request);

/* Steps what is due and what was posted. Returns false when there was nothing: the unit has come to rest. */
bool guard_unit_turn(struct guard_unit *u);

/* The instant at which guard_unit_turn() will have something to do, if nothing is posted before. */
uint64_t guard_unit_next(const struct guard_unit *u);
