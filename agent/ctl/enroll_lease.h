/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the drop-in of a unit may be changed while leader-guard has a permit for it: what a lease promises rests on
 * the drop-in, too. The rule is enroll_loosens(). ARCHITECTURE 5, claim 6. */
#pragma once

#include "codec/enroll.h"

/* Reads the permit of w->unit in w->runtime_dir. remove: the drop-in is to go; else it becomes one for w. up: of
 * enroll_up(). then: the command that was typed, for the cure. Returns 0 when it may be changed; else has said why not,
 * and: -EBUSY, a lease is in force; another negative errno, it cannot be told. */
int enroll_lease_check(const struct enroll_want *w, bool remove, bool up, const char *then);
