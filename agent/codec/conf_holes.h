/* SPDX-License-Identifier: Apache-2.0 */
/* The stated holes of README's table in numbers: for how long, at the longest, two units could run in spite of the
 * timing rule (conf_check()). Pure arithmetic on a configuration. Printed by --check-config; the simulation and
 * `make promise-table` hold what they measure against it.
 *
 * What they assume: stopping takes stop_timeout + kill_margin at most, whoever ends the unit, the guard or, when that
 * hangs, PID 1; the agent runs; the API server answers the holder within request_timeout (under a lease it need not,
 * but must then not answer renewals either); of two copies with memory, the one that had to stop is not started anew:
 * its next agent takes the lock for its own and removes it, as a fence does; a unit that is started past the gate is
 * enrolled, and its own host's agent has seen who holds the lock. */
#pragma once

#include <stdio.h>

#include "codec/conf.h"

/* How wrong a clock may run for a while where nobody limited it: chrony's maxslewrate, 8.3333 %. */
#define CONF_SLEW_PPM 83333

enum conf_hole {
        CONF_HOLE_UNKILLABLE,    /* a process in state D, and a host that is silent for the lease */
        CONF_HOLE_PAUSED,        /* the host was paused for longer than the lease, and its clock counted that */
        CONF_HOLE_PAUSED_CLOCK,  /* … and its clock stood still meanwhile, as hypervisors do it: permits last on */
        CONF_HOLE_CLOCK_RATE,    /* the holder's clock slow by CONF_SLEW_PPM, the challenger's fast by it */
        CONF_HOLE_CLONED,        /* a copy of the host's disk booted beside it */
        CONF_HOLE_CLONED_MEMORY, /* a copy of the running host, its memory too: one boot id, one claim, twice */
        CONF_HOLE_FENCED,        /* fenced, or its finalizer removed by hand, while it lives */
        CONF_HOLE_FOREIGN,       /* the unit is started past the gate beside the leader of another host */
};
enum {
        N_CONF_HOLES = CONF_HOLE_FOREIGN + 1
};

/* 0: there is no such hole under the lock's tenure. USEC_INFINITY: nothing bounds it. Otherwise the longest time. */
uint64_t conf_hole_usec(const struct conf *c, const struct conf_lock *l, enum conf_hole hole);

/* The overlap of a lease when the holder's clock is slow and the challenger's fast, each by ppm (less than 1000000). */
uint64_t conf_rate_overlap_usec(const struct conf_lock *l, uint32_t ppm);
/* The largest such error that does no harm; conf_check() sees to it that it is at least 1 %. */
uint32_t conf_rate_harmless_ppm(const struct conf_lock *l);
/* The longest pause of the host of a lease that does no harm. */
uint64_t conf_pause_harmless_usec(const struct conf_lock *l);

/* "unkillable", "paused", … for programs. */
const char *conf_hole_to_string(enum conf_hole hole);
/* Comment lines for conf_describe(): each hole of this tenure with its arithmetic. */
void conf_describe_holes(const struct conf *c, const struct conf_lock *l, FILE *f);
