/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that inject one stated hole each (README: where two units may run all the same) and hold the time for which two
 * did run against the formula that --check-config prints (codec/conf_holes.h). No other fault; one lock. */
#pragma once

#include "codec/conf_holes.h"
#include "world.h"

enum {
        N_HOLE_KINDS = 16
};

struct hole_run {
        unsigned kind;
        bool given; /* with the timing that was given */
        uint64_t overlap_usec, bound_usec;
};

/* In setup_world()'s place, then in live()'s. timing: as AGENTS_TIMING of the end-to-end tests, NULL: drawn. */
void hole_setup(uint64_t seed, unsigned hosts, const char *timing);
void hole_live(struct hole_run *ret);
/* enum conf_hole's name, "-watched" when watches work that end it, then the tenure. */
const char *hole_name(unsigned kind, char separator);
/* A unit began or ended to run, its host was paused or goes on. */
void hole_changed(void);
