/* SPDX-License-Identifier: Apache-2.0 */
#include "totals.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t max(uint64_t a, uint64_t b) {
        return a > b ? a : b;
}

void totals_add(struct totals *sum, const struct totals *t) {
        sum->runs += t->runs;
        sum->passed += t->passed;
        sum->failed += t->failed;
        sum->usec += t->usec;
        sum->leaders += t->leaders;
        sum->faults += t->faults;
        sum->requests += t->requests;
        sum->events += t->events;
        sum->excused += t->excused;
        sum->max_requests = max(sum->max_requests, t->max_requests);
        sum->slowest_usec = max(sum->slowest_usec, t->slowest_usec);
        for (unsigned i = 0; i < FAULT_TYPES_MAX; i++)
                for (unsigned n = 0; n < 2; n++)
                        sum->faults_of[i][n] += t->faults_of[i][n];
        for (unsigned i = 0; i < N_HOLE_KINDS; i++) {
                sum->holes[i].runs += t->holes[i].runs;
                sum->holes[i].overlaps += t->holes[i].overlaps;
                sum->holes[i].permille = max(sum->holes[i].permille, t->holes[i].permille);
                if (t->holes[i].worst_usec >= sum->holes[i].worst_usec && t->holes[i].bound_usec) {
                        sum->holes[i].worst_usec = t->holes[i].worst_usec;
                        sum->holes[i].bound_usec = t->holes[i].bound_usec;
                }
        }
}

void totals_hole(struct totals *t, const struct hole_run *run, bool measured) {
        struct hole_total *h = &t->holes[run->kind];
        uint64_t permille = run->bound_usec && run->bound_usec != USEC_INFINITY
                                    ? (run->overlap_usec * 1000 + run->bound_usec - 1) / run->bound_usec
                                    : 0;

        h->runs++;
        h->overlaps += run->overlap_usec > 0;
        h->permille = max(h->permille, permille);
        if (measured && run->overlap_usec >= h->worst_usec) {
                h->worst_usec = run->overlap_usec;
                h->bound_usec = run->bound_usec;
        }
}

static void print_hole(const char *name, const struct hole_total *h) {
        printf("%s: in %" PRIu64 " of %" PRIu64 " runs, for at most %.3f s", name, h->overlaps, h->runs,
               (double)h->worst_usec / 1e6);
        if (h->bound_usec == USEC_INFINITY)
                printf("; nothing bounds it\n");
        else if (h->bound_usec == 0)
                printf(", as it must be\n");
        else
                printf(" of %.3f s; with any timing %.1f %% of its bound\n", (double)h->bound_usec / 1e6,
                       (double)h->permille / 10);
}

void totals_print(const struct totals *t, bool holes) {
        for (unsigned i = 0; holes && i < N_HOLE_KINDS; i++)
                if (t->holes[i].runs)
                        print_hole(hole_name(i, ' '), &t->holes[i]);
        printf("%" PRIu64 " runs, %.0f virtual hours, %" PRIu64 " leader changes, %" PRIu64 " faults, %" PRIu64
               " requests, %" PRIu64 " events; at most %" PRIu64 " requests of an agent in 10 s",
               t->runs, (double)t->usec / 3.6e9, t->leaders, t->faults, t->requests, t->events, t->max_requests);
        if (!holes)
                printf("; slowest recovery %.0f s after the last fault", (double)t->slowest_usec / 1e6);
        if (t->excused)
                printf("; at the end of %" PRIu64 " a lock waited for a human, and everybody who was left said so",
                       t->excused);
        printf("\n");
}

bool totals_write(const struct totals *t, const char *path, bool holes, const char *timing) {
        FILE *f = fopen(path, "we");

        if (!f)
                return false;
        for (unsigned i = 0; !holes && fault_name(i); i++)
                (void)fprintf(f, "fault\t%s\t%" PRIu64 "\t%" PRIu64 "\n", fault_name(i), t->faults_of[i][0],
                              t->faults_of[i][1]);
        for (unsigned i = 0; holes && i < N_HOLE_KINDS; i++)
                (void)fprintf(f, "hole\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
                              hole_name(i, '\t'), t->holes[i].runs, t->holes[i].overlaps, t->holes[i].worst_usec,
                              t->holes[i].bound_usec, t->holes[i].permille);
        if (timing)
                (void)fprintf(f, "timing\t%s\n", timing);
        (void)fprintf(f, "runs\t%" PRIu64 "\t%" PRIu64 "\n", t->runs, t->failed);
        return fclose(f) == 0;
}

void totals_sum(const struct totals *t) {
        const char *path = getenv("RESULTS");
        FILE *f = util_empty(path) ? NULL : fopen(path, "ae");

        if (!f)
                return;
        (void)fprintf(f, "%" PRIu64 " %" PRIu64 "\n", t->passed, t->failed);
        (void)fclose(f);
}
