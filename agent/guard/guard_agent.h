/* SPDX-License-Identifier: Apache-2.0 */
/* When no agent is connected: whether one will come again. A crash is none of the guard's business, the unit runs on;
 * but an agent that was stopped while it was dead has stopped nothing, and under a permit for life nobody else would.
 */
#pragma once

#include "guard/guard_state.h"

/* Looks when that is due, and stops the units of an agent that was stopped. Returns the instant of the next look;
 * USEC_INFINITY while nobody is missed. */
uint64_t guard_agent_turn(struct guard *g);

/* One has connected, or all is over: nothing is known, and nothing under way. */
void guard_agent_forget(struct guard *g);
