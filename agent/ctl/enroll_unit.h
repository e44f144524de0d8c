/* SPDX-License-Identifier: Apache-2.0 */
/* One unit of `leaderctl enroll`: its drop-ins written, taken away, and what systemd has in force. Which units, and
 * what is wanted of them, is enroll.c. */
#pragma once

#include <stdbool.h>

#include "ctl/ctl_units.h"

struct enroll_target {
        char unit[256];
        struct enroll_want want; /* want.unit is unit */
};

/* All three print what they did and what is wrong, with its cure, and return 0, or a negative errno when the unit is
 * not as it must be. *changed becomes true when a file was written or removed: daemon-reload is due. */

/* Writes, unless that would close an ordering cycle (-ELOOP), systemd would stop the unit for it (-ENOTCONN), or a
 * lease is in force that it would loosen (enroll_lease.h), the drop-ins of the unit and of the sockets, paths and
 * timers that start it; stops those that are up where the unit may not be. A unit that is up without a permit is
 * enrolled only with adopt (else -EBUSY): from then on leader-agent takes it over as it runs, or has it stopped. */
int enroll_unit_write(struct ctl_units *u, const struct enroll_target *t, bool adopt, bool *changed);
/* Removes them; not while a lease is in force. */
int enroll_unit_remove(struct ctl_units *u, const struct enroll_target *t, bool *changed);
/* Judges what is in force; -EBADMSG: something is wrong. */
int enroll_unit_check(struct ctl_units *u, const struct enroll_target *t);
