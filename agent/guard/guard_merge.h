/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of single units that belong to a request about a list are kept here until the list has its own. Nothing is
 * sent, nothing steps. */
#pragma once

#include "guard/guard_state.h"

/* The list of that text; NULL: none. */
struct guard_list *guard_merge_find(const struct guard *g, const char *units);

/* The unit has answered a request about the list. final: of a revoke. */
void guard_merge_answer(struct guard_list *l, const struct guard_unit *u, uint32_t type, uint64_t seq,
                        enum guard_result result, bool final);

/* The unit has changed. Returns true when lists tell it, and not the unit itself. */
bool guard_merge_push(const struct guard_unit *u);

/* A timer, socket or path that stands in a list beside the unit starts it. f: of the unit. PID 1 knows TriggeredBy=
 * only while it has that other one loaded, which it drops while that is not up: what was last seen of it counts as
 * well. */
bool guard_merge_triggered(const struct guard_unit *u, const struct enroll_facts *f);

/* The text of the list that the unit is in: that of its permit, or as the agent asks about it; its own name: none. */
const char *guard_merge_units(const struct guard_unit *u);

/* Fills members[UNIT_LIST_MAX] for supervise_list. */
void guard_merge_members(const struct guard_list *l, struct supervise_list_member *members);
