/* SPDX-License-Identifier: Apache-2.0 */
/* The longest gap of the last ones, and a margin.
 *
 * kube-apiserver sends a bookmark each 60 s (61 at most were measured), whatever else it tells; others send rare ones,
 * or none. A gap may be a quarter longer or shorter than the usual one without any read for it: while few were seen,
 * all of them may have been early ones, and the limit is 1.25 / 0.75 of the longest. Of 16, one is surely not: 1.25 of
 * it. (Were they drawn evenly from that range, all 16 would be below its middle once in 65,000 times, and one read too
 * many is all that this costs.) So of 61 s follow 102 s, and after a quarter of an hour 77 s. */
#include "adapter/kube_rhythm.h"

void kube_rhythm_note(struct kube_rhythm *r, uint64_t gap_usec, uint64_t now_usec) {
        if (r->n > 0 && now_usec - r->noted_at_usec < gap_usec / 2) {
                if (gap_usec > r->gaps_usec[r->last])
                        r->gaps_usec[r->last] = gap_usec;
                return;
        }
        r->last = r->n > 0 ? (r->last + 1) % KUBE_RHYTHM_KEPT : 0;
        r->n += r->n < KUBE_RHYTHM_KEPT;
        r->gaps_usec[r->last] = gap_usec;
        r->noted_at_usec = now_usec;
}

uint64_t kube_rhythm_limit_usec(const struct kube_rhythm *r, uint64_t unknown_usec) {
        uint64_t longest = 0, limit;

        for (unsigned i = 0; i < r->n; i++)
                if (r->gaps_usec[i] > longest)
                        longest = r->gaps_usec[i];
        /* (also keeps the sum below from an overflow) */
        if (r->n == 0 || longest >= unknown_usec)
                return unknown_usec;
        limit = r->n < KUBE_RHYTHM_SURE ? longest + longest * 2 / 3 : longest + longest / 4;
        if (limit < unknown_usec / KUBE_RHYTHM_FLOOR)
                limit = unknown_usec / KUBE_RHYTHM_FLOOR;
        return limit < unknown_usec ? limit : unknown_usec;
}
