/* SPDX-License-Identifier: Apache-2.0 */
/* Several units under one lock: which of them gets the permit next, and how they are as one. Each has its own struct
 * supervise, with its own files, gate and instants, so what holds of one unit under a permit holds of each. What a list
 * adds is order and the sum. Pure; the guard, the model and the tests use it. ARCHITECTURE 4, "Several units".
 *
 * Promises (rows in tests/unit/test_supervise_list.c, and each state of tests/model/list.c):
 *  - a unit gets its permit, and with it its start, when each one before it is up: running, or a oneshot that is done
 *  - a service that a timer, socket or path of the list starts has its permit before any other has
 *  - once one of them is being stopped under the permit none gets it, and the others are stopped
 * (SUPERVISE_EV_WITHDRAWN)
 *  - as one they are stopped when each of them was seen stopped, failed when one of them has failed, and ended when one
 *    of them has ended that should not have, or all are done */
#pragma once

#include "core/supervise.h"

struct supervise_list_member {
        const struct supervise *s;
        uint8_t triggered; /* as of the last reading */
        uint8_t passing;   /* it ends as it should: Type=oneshot without RemainAfterExit= */
        uint8_t refused;   /* the permit was, of this one */
};

/* The place of the unit that is to get the permit of that uid now; -1: none, or not yet. m: in the order of start. */
int supervise_list_next(const struct supervise_list_member *m, size_t n, uint64_t uid);

/* one is being stopped under the permit that other has or is being checked for: tell it. */
bool supervise_list_withdraws(const struct supervise *one, const struct supervise *other);

/* How they are, as one. FAILED and ENDED are said of one of them: others may run. */
enum unit_state supervise_list_state(const struct supervise_list_member *m, size_t n);

/* How one is. */
enum unit_state supervise_unit_state(const struct supervise *s);
