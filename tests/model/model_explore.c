/* SPDX-License-Identifier: Apache-2.0 */
/* Breadth-first search over canonical states. Each is known by a 128-bit hash; the bytes are kept only for the level
 * that is being expanded and the next one. Parents and moves give the trace.
 */
#include <math.h>
#include <sys/mman.h>
#include <time.h>

#include "model_graph.h"

struct level {
        uint8_t *bytes;
        size_t size, capacity;
        uint64_t first, n;
};

struct graph graph;

void *graph_reserve(size_t size) {
        void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED) {
                fprintf(stderr, "model: out of memory\n");
                abort();
        }
        return p;
}

static uint64_t mix(uint64_t a, uint64_t b) {
        __uint128_t p = (__uint128_t)a * b;

        return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static struct key hash(const uint8_t *bytes, size_t n) {
        uint64_t a = 0x9e3779b97f4a7c15U ^ n, b = 0xc2b2ae3d27d4eb4fU + n;

        for (size_t i = 0; i < n; i += 8) {
                uint64_t v = 0;

                memcpy(&v, bytes + i, n - i < 8 ? n - i : 8);
                a = mix(a ^ v, 0xa0761d6478bd642fU) + 0xe7037ed1a0b428dbU;
                b = mix(b + v, 0x8ebc6af09c88c6e3U) ^ 0x589965cc75374cc3U ^ (b >> 29);
        }
        return (struct key){mix(a, 0x1d8e4e27c47d124fU), mix(b ^ a >> 32, 0xeb44accab455d165U)};
}

static void level_add(struct level *l, const uint8_t *bytes, size_t n) {
        if (l->size + n + 2 > l->capacity) {
                l->capacity = l->capacity ? l->capacity * 2 : 1 << 20;
                l->bytes = realloc(l->bytes, l->capacity);
                if (!l->bytes)
                        abort();
        }
        l->bytes[l->size] = (uint8_t)n;
        l->bytes[l->size + 1] = (uint8_t)(n >> 8);
        memcpy(l->bytes + l->size + 2, bytes, n);
        l->size += n + 2;
        l->n++;
}

/* Returns the index; *ret_new: first time. */
static uint64_t lookup(struct key k, bool *ret_new) {
        uint64_t at = k.a & graph.mask;

        for (; graph.table[at]; at = (at + 1) & graph.mask) {
                const struct key *o = &graph.keys[graph.table[at] - 1];

                if (o->a == k.a && o->b == k.b) {
                        *ret_new = false;
                        return graph.table[at] - 1;
                }
        }
        *ret_new = true;
        graph.keys[graph.n] = k;
        graph.table[at] = (uint32_t)++graph.n;
        return graph.n - 1;
}

uint64_t graph_find(struct world *w) {
        uint8_t bytes[MAX_BYTES];
        size_t size = world_encode(w, bytes);
        bool fresh;
        uint64_t i = lookup(hash(bytes, size), &fresh);

        world_decode(w, bytes);
        return i;
}

/* A unit that was started past the gate runs on beside a lock that is held elsewhere, though agent and guard there are
 * up, and it is enrolled: on its way to be stopped, at most. */
static bool beside_a_lock(const struct world *w, unsigned h) {
        const struct api_lock *l = &w->lock;

        return w->hosts[h].foreign && w->hosts[h].unit == PROCESSES_RUN && !w->hosts[h].loose && !w->hosts[h].asleep &&
               w->hosts[h].up && !w->hosts[h].frozen && w->agents[h].up && !w->agents[h].frozen &&
               !w->agents[h].leaving && l->exists && l->finalizer && l->tenure == l->named &&
               world_identity(l->owner) != world_identity(h);
}

static bool is_led(const struct world *w) {
        unsigned running = 0, stopping = 0;

        for (unsigned h = 0; h < parameters.agents; h++) {
                if (beside_a_lock(w, h))
                        return false;
                if (w->hosts[h].foreign)
                        continue;
                running += w->hosts[h].unit == PROCESSES_RUN && !w->hosts[h].asleep;
                stopping += w->hosts[h].unit == PROCESSES_STOP;
        }
        return (running == 1 && stopping == 0) || world_is_stuck(w);
}

static bool goal(const struct world *w) {
        struct world second;

        if (!parameters.two || !is_led(w))
                return is_led(w);
        second = second_view(w);
        return is_led(&second);
}

/* ---- traces ---- */

static void replay(struct move *path, size_t n, bool last_is_bad, struct world *ret) {
        struct world w;
        uint8_t bytes[MAX_BYTES];

        world_init(&w);
        (void)world_encode(&w, bytes);
        world_decode(&w, bytes);
        for (size_t i = 0; i < n; i++) {
                printf("  %3zu. ", i + 1);
                move_words(&w, path[i], stdout);
                printf("\n");
                move_apply(&w, path[i]);
                if (getenv("MODEL_VERBOSE"))
                        world_words(&w, stdout);
                if (i + 1 == n && last_is_bad)
                        break;
                (void)world_encode(&w, bytes);
                world_decode(&w, bytes);
        }
        printf("  then:\n");
        world_words(&w, stdout);
        *ret = w;
}

void graph_trace(uint64_t index, const struct move *last, struct world *ret) {
        struct move path[4096];
        size_t n = 0, i;

        if (last)
                path[n++] = *last;
        for (; index != 0 && n < ELEMENTSOF(path); index = graph.parents[index])
                path[n++] = graph.moves[index];
        for (i = 0; i < n / 2; i++) {
                struct move t = path[i];

                path[i] = path[n - 1 - i];
                path[n - 1 - i] = t;
        }
        replay(path, n, last != NULL, ret);
}

static double seconds(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int expand(struct world *w, uint64_t index, struct level *next) {
        struct move m[MAX_MOVES];
        unsigned n = moves(w, m);
        uint8_t bytes[MAX_BYTES];

        graph.edges_at[index] = graph.n_edges;
        for (unsigned i = 0; i < n; i++) {
                struct world v = *w;
                uint64_t to;
                size_t size;
                bool fresh;

                move_apply(&v, m[i]);
                graph.transitions++;
                if (v.bad) {
                        printf("VIOLATION: %s\n", v.bad);
                        graph_trace(index, &m[i], &v);
                        return 1;
                }
                size = world_encode(&v, bytes);
                to = lookup(hash(bytes, size), &fresh);
                if (fresh) {
                        graph.parents[to] = (uint32_t)index;
                        graph.moves[to] = m[i];
                        graph.marks[to] = goal(&v);
                        level_add(next, bytes, size);
                }
                if (m[i].cost == 0) {
                        graph.sorts[graph.n_edges] = live_sort(&m[i]);
                        graph.edges[graph.n_edges++] = (uint32_t)to;
                }
        }
        graph.edges_at[index + 1] = graph.n_edges;
        return 0;
}

static void allocate(void) {
        uint64_t max = parameters.max_states + MAX_MOVES, slots = 1;

        while (slots < max * 2)
                slots *= 2;
        graph.mask = slots - 1;
        graph.table = graph_reserve(slots * sizeof(*graph.table));
        graph.keys = graph_reserve(max * sizeof(*graph.keys));
        graph.parents = graph_reserve(max * sizeof(*graph.parents));
        graph.moves = graph_reserve(max * sizeof(*graph.moves));
        graph.marks = graph_reserve(max);
        graph.edges_at = graph_reserve((max + 1) * sizeof(*graph.edges_at));
        graph.edges = graph_reserve(max * 24 * sizeof(*graph.edges));
        graph.sorts = graph_reserve(max * 24);
}

int explore(bool *ret_unsafe) {
        struct level now = {}, next = {};
        struct world w;
        uint8_t bytes[MAX_BYTES];
        size_t size;
        bool fresh, complete = true;
        unsigned depth = 0;
        uint64_t index = 0, largest = 0;
        double began = seconds();

        *ret_unsafe = false;
        allocate();
        world_init(&w);
        if (w.bad) {
                *ret_unsafe = true;
                printf("VIOLATION: %s (before anything went wrong: on the way to \"A leads\")\n", w.bad);
                return 1;
        }
        size = world_encode(&w, bytes);
        (void)lookup(hash(bytes, size), &fresh);
        graph.marks[0] = goal(&w);
        level_add(&now, bytes, size);
        while (now.n && complete) {
                size_t at = 0;

                while (at < now.size) {
                        if (graph.n >= parameters.max_states) {
                                complete = false;
                                break;
                        }
                        size = now.bytes[at] | (size_t)now.bytes[at + 1] << 8;
                        world_decode(&w, now.bytes + at + 2);
                        at += size + 2;
                        largest = size > largest ? size : largest;
                        if (expand(&w, index++, &next) != 0) {
                                *ret_unsafe = true;
                                printf("  found after %lu states, depth %u, %.1f s\n", (unsigned long)graph.n,
                                       depth + 1, seconds() - began);
                                free(now.bytes);
                                free(next.bytes);
                                return 1;
                        }
                }
                struct level t = now;
                now = next;
                next = t;
                next.size = next.n = 0;
                depth++;
                if (getenv("MODEL_VERBOSE"))
                        fprintf(stderr, "depth %u: %lu new, %lu states, %.1f s\n", depth, (unsigned long)now.n,
                                (unsigned long)graph.n, seconds() - began);
        }
        free(now.bytes);
        free(next.bytes);
        printf("  %s: %lu states, %lu transitions, depth %u, %.1f s, largest state %lu bytes; odds that a hash "
               "collision "
               "hid a state: 2^%.0f\n",
               complete ? "complete" : "NOT complete (bound reached)", (unsigned long)graph.n,
               (unsigned long)graph.transitions, depth, seconds() - began, (unsigned long)largest,
               2 * log2((double)graph.n) - 129);
        if (!complete) {
                printf("  dead ends, fair cycles: not looked for (the bound was reached)\n");
                return 0;
        }
        return live_check();
}
