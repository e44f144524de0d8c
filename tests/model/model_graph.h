/* SPDX-License-Identifier: Apache-2.0 */
/* What the search found, for those who ask it something: states by number, in the order in which they were met. */
#pragma once

#include "model.h"

struct key {
        uint64_t a, b;
};

enum {
        MARK_GOAL = 1, /* exactly one unit runs */
        MARK_REACHES = 2,
        MARK_REACHES_WITHOUT_GC = 4,
};

struct graph {
        uint32_t *table; /* number + 1, by hash */
        uint64_t mask;
        struct key *keys;
        uint32_t *parents;
        struct move *moves; /* from the parent */
        uint8_t *marks;
        uint64_t n, transitions;
        /* of moves without a fault or a human */
        uint64_t *edges_at;
        uint32_t *edges;
        uint8_t *sorts; /* of each edge: live_sort() */
        uint64_t n_edges;
};
extern struct graph graph;

void *graph_reserve(size_t size);
/* Prints the way to a state (and one move beyond); *ret is the world there. */
void graph_trace(uint64_t index, const struct move *last, struct world *ret);
/* The number of this world, which becomes canonical. */
uint64_t graph_find(struct world *w);

/* Whose move it is, for fairness. */
uint8_t live_sort(const struct move *m);
/* From every state one with exactly one running unit can be reached, and is when everybody goes on. Returns 0 or 1. */
int live_check(void);
