/* SPDX-License-Identifier: Apache-2.0 */
/* What PID 1's answer and the control group say about a unit, as facts for the core: posted into the unit's inbox. What
 * follows from them is core/supervise's. ARCHITECTURE 5, claims 4 and 6. */
#pragma once

#include "guard/guard_state.h"

/* Posts a reading. PID 1's answer must have come just now: the control group is looked at after it. */
void guard_look(struct guard_unit *u, const struct enroll_facts *facts);

/* PID 1 has said so in a signal: absent properties are empty in it. */
void guard_look_told(struct guard_unit *u, const struct enroll_facts *news);

/* Posts a reading without PID 1: it did not answer. */
void guard_look_unknown(struct guard_unit *u);
