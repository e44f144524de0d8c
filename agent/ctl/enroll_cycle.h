/* SPDX-License-Identifier: Apache-2.0 */
/* What `leaderctl enroll` says of a unit that comes before leader-agent or leader-guard: the path, and the cure, for
 * which it looks into unit files. Whether there is one is enroll_order.h's. */
#pragma once

#include "ctl/ctl_units.h"

/* Returns 0 when there is no such path; -ELOOP when there is one, and has said so, with the cure; then: what is to be
 * typed after it, may be empty; another negative errno when systemd cannot be asked, and has said so. */
int enroll_cycle_check(struct ctl_units *u, const char *unit, const char *then);

/* The same for the order of the unit's list: -ELOOP when the one before it is ordered after it. */
int enroll_cycle_check_list(struct ctl_units *u, const struct enroll_want *w);
