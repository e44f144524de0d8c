/* SPDX-License-Identifier: Apache-2.0 */
/* Progress, once faults and humans have stopped. Dead ends: states from which no goal can be reached. Fair cycles: runs
 * that avoid the goal for ever although nobody who could go on all the time stands still for ever (weak fairness of
 * each actor). Such a run ends up in one strongly connected part of the graph without goals; a part has one exactly
 * when each actor moves in it or has nothing to do in some state of it, so the largest parts tell about all. */
#include "model_graph.h"

/* Actors of one host. */
enum {
        SORT_AGENT, /* is started, goes on after SIGSTOP */
        SORT_GUARD, /* same */
        SORT_HOST,  /* boots */
        SORT_WATCHDOG,
        SORT_UNIT,
        SORT_START,
        SORT_READING,
        SORT_LOCK_REQUEST,
        SORT_PLACEHOLDER_REQUEST,
        SORT_LOCK_WATCH,
        SORT_OWN_WATCH,
        SORT_HELD_LOCK,
        SORT_HELD_HOLDER,
        N_HOST_SORTS,
};
enum {
        SORT_LOCAL,    /* comes before everything else anyway */
        SORT_OPTIONAL, /* may never happen: late requests, somebody who starts the unit, the holder's watch */
        SORT_GC,       /* may never happen */
        SORT_TICK,
        SORT_FENCE,
        SORT_HOSTS,                                             /* + N_HOST_SORTS * host + sort */
        N_SORTS = SORT_HOSTS + N_HOST_SORTS * (MAX_AGENTS + 1), /* or twice two hosts, one for each lock */
};
_Static_assert(N_SORTS <= 64, "sets of sorts are 64 bits");

uint8_t live_sort(const struct move *m) {
        unsigned host = SORT_HOSTS + N_HOST_SORTS * (m->agent + 2U * m->second);

        switch (m->kind) {
        case MOVE_GUARD:
        case MOVE_AGENT:
                return SORT_LOCAL;
        case MOVE_EXECUTE:
        case MOVE_HOLD:
        case MOVE_DELIVER:
        case MOVE_GIVE_UP:
                return (uint8_t)(host + (m->arg == SLOT_ELECTION ? SORT_LOCK_REQUEST : SORT_PLACEHOLDER_REQUEST));
        case MOVE_WATCH_LOCK:
                return (uint8_t)(host + SORT_LOCK_WATCH);
        case MOVE_VERIFY:
                return (uint8_t)(host + SORT_OWN_WATCH);
        case MOVE_HELD_WATCH:
                return (uint8_t)(host + (m->arg ? SORT_HELD_HOLDER : SORT_HELD_LOCK));
        case MOVE_START_AGENT:
        case MOVE_THAW_AGENT:
                return (uint8_t)(host + SORT_AGENT);
        case MOVE_START_GUARD:
        case MOVE_THAW_GUARD:
                return (uint8_t)(host + SORT_GUARD);
        case MOVE_WATCHDOG:
                return (uint8_t)(host + SORT_WATCHDOG);
        case MOVE_BOOT:
        case MOVE_RESUME:
        case MOVE_WRITABLE:
                return (uint8_t)(host + SORT_HOST);
        case MOVE_UNIT_STOPPED:
                return (uint8_t)(host + SORT_UNIT);
        case MOVE_LATE_START:
                return (uint8_t)(host + SORT_START);
        case MOVE_SLOW_READING:
                return (uint8_t)(host + SORT_READING);
        case MOVE_TICK:
                return SORT_TICK;
        case MOVE_FENCE_GOES_ON:
                return SORT_FENCE;
        case MOVE_GC:
                return SORT_GC;
        default:
                return SORT_OPTIONAL;
        }
}

/* ---- dead ends ---- */

/* Backwards over the edges. Returns the number of states that reach no goal. */
static uint64_t dead_ends(bool gc, uint64_t *ret_first) {
        uint8_t bit = gc ? MARK_REACHES : MARK_REACHES_WITHOUT_GC;
        uint64_t dead = 0;
        bool again = true;

        for (uint64_t i = 0; i < graph.n; i++)
                if (graph.marks[i] & MARK_GOAL)
                        graph.marks[i] |= bit;
        while (again) {
                again = false;
                for (uint64_t i = graph.n; i-- > 0;) {
                        if (graph.marks[i] & bit)
                                continue;
                        for (uint64_t k = graph.edges_at[i]; k < graph.edges_at[i + 1]; k++)
                                if ((gc || graph.sorts[k] != SORT_GC) && (graph.marks[graph.edges[k]] & bit)) {
                                        graph.marks[i] |= bit;
                                        again = true;
                                        break;
                                }
                }
        }
        for (uint64_t i = graph.n; i-- > 0;)
                if (!(graph.marks[i] & bit)) {
                        dead++;
                        *ret_first = i;
                }
        return dead;
}

/* ---- fair cycles ---- */

enum {
        UNMET = 0,
        DONE = UINT32_MAX,
};

static struct {
        uint32_t *order, *low; /* 1, 2, … as met; DONE */
        uint32_t *part;        /* which strongly connected part; 0 none yet */
        uint32_t *stack;
        uint32_t *path; /* nodes being visited */
        uint64_t *next; /* their next edges */
        uint64_t n_stack, n_path, n_parts, n_cyclic, largest;
        uint32_t met;
} t;

static uint64_t out(uint32_t i) {
        uint64_t sorts = 0;

        for (uint64_t k = graph.edges_at[i]; k < graph.edges_at[i + 1]; k++)
                sorts |= UINT64_C(1) << graph.sorts[k];
        return sorts;
}

/* Lease tenure promises a successor though the holder's host, agent or guard never comes back. That can be asked for
 * while one host at least has seen neither a fault nor a human. */
static bool is_replaceable(void) {
        for (unsigned i = 0; i < parameters.agents; i++)
                if (parameters.tenure[i] != TENURE_LEASE)
                        return false;
        return parameters.faults + parameters.humans < parameters.agents;
}

/* Those who may stand still for ever. */
static uint64_t sleepers(void) {
        uint64_t set = UINT64_C(1) << SORT_LOCAL | UINT64_C(1) << SORT_OPTIONAL | UINT64_C(1) << SORT_GC;

        for (unsigned h = 0; is_replaceable() && h < parameters.agents; h++)
                for (unsigned s = SORT_AGENT; s <= SORT_HOST; s++)
                        set |= UINT64_C(1) << (SORT_HOSTS + N_HOST_SORTS * h + s);
        return set;
}

/* Whether a run may stay in this part for ever. */
static bool is_fair(const uint32_t *nodes, uint64_t n) {
        const uint64_t nobody = sleepers();
        const uint64_t lazy = nobody & ~(UINT64_C(1) << SORT_LOCAL);
        uint64_t always = UINT64_MAX, taken = 0;
        bool cycle = false;

        for (uint64_t i = 0; i < n; i++) {
                uint64_t sorts = out(nodes[i]);

                if (!(sorts & ~lazy))
                        cycle = true; /* it may end here */
                for (uint64_t k = graph.edges_at[nodes[i]]; k < graph.edges_at[nodes[i] + 1]; k++)
                        if (t.part[graph.edges[k]] == t.part[nodes[i]]) {
                                taken |= UINT64_C(1) << graph.sorts[k];
                                cycle = true;
                        }
                /* While a process does what it does at once nobody else is asked. */
                if (!(sorts & UINT64_C(1) << SORT_LOCAL))
                        always &= sorts;
        }
        if (!cycle)
                return false;
        t.n_cyclic++;
        t.largest = n > t.largest ? n : t.largest;
        return !(always & ~taken & ~nobody) || always == UINT64_MAX;
}

/* Tarjan's algorithm over the states without a goal. Returns the size of a fair part, whose states are then at
 * t.stack + t.n_stack, or 0. */
static uint64_t visit(uint32_t root) {
        t.path[t.n_path] = root;
        t.next[t.n_path++] = graph.edges_at[root];
        t.order[root] = t.low[root] = ++t.met;
        t.stack[t.n_stack++] = root;
        while (t.n_path) {
                uint32_t v = t.path[t.n_path - 1];
                bool down = false;

                while (t.next[t.n_path - 1] < graph.edges_at[v + 1]) {
                        uint32_t to = graph.edges[t.next[t.n_path - 1]++];

                        if (graph.marks[to] & MARK_GOAL || t.order[to] == DONE)
                                continue;
                        if (t.order[to] == UNMET) {
                                t.path[t.n_path] = to;
                                t.next[t.n_path++] = graph.edges_at[to];
                                t.order[to] = t.low[to] = ++t.met;
                                t.stack[t.n_stack++] = to;
                                down = true;
                                break;
                        }
                        t.low[v] = t.order[to] < t.low[v] ? t.order[to] : t.low[v];
                }
                if (down)
                        continue;
                t.n_path--;
                if (t.n_path) {
                        uint32_t up = t.path[t.n_path - 1];

                        t.low[up] = t.low[v] < t.low[up] ? t.low[v] : t.low[up];
                }
                if (t.low[v] == t.order[v]) {
                        uint64_t n = 0;

                        t.n_parts++;
                        do {
                                n++;
                                t.order[t.stack[--t.n_stack]] = DONE;
                                t.part[t.stack[t.n_stack]] = (uint32_t)t.n_parts;
                        } while (t.stack[t.n_stack] != v);
                        if (is_fair(t.stack + t.n_stack, n))
                                return n;
                }
        }
        return 0;
}

/* Walks around in the part, each kind of move in turn. */
static void show_cycle(uint32_t from) {
        struct world w;
        uint8_t used[256] = {};

        graph_trace(from, NULL, &w);
        printf("  and round and round, for instance:\n");
        for (unsigned n = 0; n < 60; n++) {
                struct move m[MAX_MOVES];
                unsigned k = moves(&w, m), best = k;
                struct world to;

                for (unsigned i = 0; i < k; i++) {
                        struct world v = w;

                        if (m[i].cost)
                                continue;
                        move_apply(&v, m[i]);
                        if (t.part[graph_find(&v)] != t.part[from] ||
                            (best < k && used[live_sort(&m[i])] >= used[live_sort(&m[best])]))
                                continue;
                        best = i;
                        to = v;
                }
                if (best == k)
                        break;
                used[live_sort(&m[best])]++;
                printf("      ");
                move_words(&w, m[best], stdout);
                printf("\n");
                w = to;
                if (graph_find(&w) == from)
                        break;
        }
        world_words(&w, stdout);
}

static int fair_cycles(void) {
        size_t size = (graph.n + 1) * sizeof(uint32_t);

        t.order = graph_reserve(size);
        t.low = graph_reserve(size);
        t.part = graph_reserve(size);
        t.stack = graph_reserve(size);
        t.path = graph_reserve(size);
        t.next = graph_reserve((graph.n + 1) * sizeof(uint64_t));
        for (uint64_t i = 0; i < graph.n; i++) {
                uint64_t n;
                uint32_t first = UINT32_MAX;

                if (graph.marks[i] & MARK_GOAL || t.order[i] != UNMET)
                        continue;
                n = visit((uint32_t)i);
                if (n == 0)
                        continue;
                for (uint64_t k = 0; k < n; k++)
                        first = t.stack[t.n_stack + k] < first ? t.stack[t.n_stack + k] : first;
                printf("LIVELOCK: %lu states in which everybody goes on and never exactly one unit runs\n",
                       (unsigned long)n);
                show_cycle(first);
                return 1;
        }
        printf("  fair scheduling: no run avoids one running unit for ever; %lu cyclic parts of the graph without one, "
               "up to %lu states, none of them fair to every agent, guard, unit, request, watch and clock%s\n",
               (unsigned long)t.n_cyclic, (unsigned long)t.largest,
               is_replaceable() ? "; hosts, agents and guards that are gone need not come back" : "");
        return 0;
}

int live_check(void) {
        uint64_t first = 0, dead;

        for (int gc = parameters.gc; gc >= 0; gc--) {
                struct world w;

                dead = dead_ends(gc, &first);
                if (dead == 0) {
                        printf("  dead ends: none, garbage collector %s\n", gc ? "on" : "off");
                        continue;
                }
                printf("DEAD END: from %lu of %lu states no state with one running unit is reachable, garbage "
                       "collector %s\n",
                       (unsigned long)dead, (unsigned long)graph.n, gc ? "on" : "off");
                graph_trace(first, NULL, &w);
                return 1;
        }
        if (parameters.clone) {
                /* Found so: with the worst timing, again and again, each takes lock or placeholder from the other. */
                printf("  fair scheduling: not looked at, two hosts of one name may keep each other from leading\n");
                return 0;
        }
        return fair_cycles();
}
