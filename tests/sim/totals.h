/* SPDX-License-Identifier: Apache-2.0 */
/* What many runs add up to, in words and for programs. */
#pragma once

#include "hole.h"

struct hole_total {
        uint64_t runs, overlaps;
        uint64_t worst_usec, bound_usec; /* of the runs with the reported timing */
        uint64_t permille;               /* of its bound, in any run */
};

struct totals {
        uint64_t runs, passed, failed, usec, leaders, faults, requests, events, max_requests, slowest_usec;
        uint64_t excused; /* runs at whose end a lock waits for a human, and everybody who is left says so */
        uint64_t seed;    /* in hand, should the process die */
        uint64_t faults_of[FAULT_TYPES_MAX][2];
        struct hole_total holes[N_HOLE_KINDS];
};

void totals_add(struct totals *sum, const struct totals *t);
/* measured: with the timing that is reported. */
void totals_hole(struct totals *t, const struct hole_run *run, bool measured);
void totals_print(const struct totals *t, bool holes);
/* For make promise-table, tab-separated:
 *   fault NAME LIFE LEASE                                        so many injected
 *   hole NAME TENURE RUNS OVERLAPS WORST_USEC BOUND_USEC PERMILLE
 *   timing TIMING                                                under which WORST_USEC was seen
 *   runs RUNS FAILED
 * Returns whether the file could be written. */
bool totals_write(const struct totals *t, const char *path, bool holes, const char *timing);
/* For the sum of `make check`, as tests/run.sh does it. */
void totals_sum(const struct totals *t);
