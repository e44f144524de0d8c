/* SPDX-License-Identifier: Apache-2.0 */
/* How often signs of life come on the watches of one API server while nothing happens, and for how long a watch may
 * therefore be silent. Pure: shared by kube_watch*.c only, which say what a gap is. */
#pragma once

#include <stdint.h>

/* What the limit goes by: the last so many gaps … */
#define KUBE_RHYTHM_KEPT 32
/* … and with so many of them the longest one is believed to be about as long as they get. */
#define KUBE_RHYTHM_SURE 16
/* The limit is never below this part of what holds where nothing is known. */
#define KUBE_RHYTHM_FLOOR 5

/* Zero it before the first use. */
struct kube_rhythm {
        uint64_t gaps_usec[KUBE_RHYTHM_KEPT]; /* a ring */
        unsigned n, last;                     /* filled; the newest */
        uint64_t noted_at_usec;               /* when the newest began to be collected */
};

/* A watch was silent for so long, and then a bookmark came. Gaps of several watches that end in the same bar count as
 * one, the longest: what delays one delays all. */
void kube_rhythm_note(struct kube_rhythm *r, uint64_t gap_usec, uint64_t now_usec);

/* How long a watch may be silent before that is looked into; unknown_usec: where no gap was seen, and at most. */
uint64_t kube_rhythm_limit_usec(const struct kube_rhythm *r, uint64_t unknown_usec);
