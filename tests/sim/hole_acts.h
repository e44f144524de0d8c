/* SPDX-License-Identifier: Apache-2.0 */
/* What hole.c does to the leader's host; the first other host becomes the copy. */
#pragma once

#include "hole.h"

/* PID 1 is up to a quarter of a second late, twice, and a kill takes its time: a kill_margin below WatchdogSec plus
 * this does not hold a hung guard and everything else at its worst as well. */
#define HUNG_GUARD_USEC (TIMING_WATCHDOG_USEC + 600 * MSEC)

struct hole_kind {
        enum conf_hole hole;
        int tenure;
        bool mute; /* the holder's watches say nothing any more */
        void (*begin)(struct host *h, const struct hole_kind *kind);
};

void hole_pause(struct host *h, const struct hole_kind *kind);
void hole_clock_rate(struct host *h, const struct hole_kind *kind);
void hole_unkillable(struct host *h, const struct hole_kind *kind);
void hole_fence(struct host *h, const struct hole_kind *kind);
void hole_clone(struct host *h, const struct hole_kind *kind);
void hole_clone_memory(struct host *h, const struct hole_kind *kind);
