/* SPDX-License-Identifier: Apache-2.0 */
/* OnCalendar= of a timer (systemd.time(7)) as systemd prints it ("*-*-* 00/4:00:00"): how far apart two of its instants
 * are at most. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CALENDAR_SPECS_MAX 16

/* The longest time from one minute that any of the n specs names to the next one, as if no clock were ever changed.
 * USEC_INFINITY: there is no next one. 0: some spec is not understood (years, days counted from the end of a month),
 * or there are more than CALENDAR_SPECS_MAX. */
uint64_t calendar_longest_gap_usec(const char *const *specs, size_t n);
