/* SPDX-License-Identifier: Apache-2.0 */
/* Breadth first over what comes before what. Bounded: a host has some hundreds of units. */
#include "ctl/enroll_order.h"

#include <errno.h>
#include <stdlib.h>

#include "codec/enroll.h"

#define UNITS_MAX 2000

struct node {
        char *unit;
        size_t from;
};

struct walk {
        struct node *nodes;
        size_t n;
};

static void done(struct walk *w) {
        for (size_t i = 0; i < w->n; i++)
                free(w->nodes[i].unit);
        free(w->nodes);
}

/* Takes unit. */
static int add(struct walk *w, char *unit, size_t from) {
        for (size_t i = 0; i < w->n; i++)
                if (util_streq(w->nodes[i].unit, unit)) {
                        free(unit);
                        return 0;
                }
        if (w->n == UNITS_MAX) {
                free(unit);
                return -E2BIG;
        }
        w->nodes[w->n++] = (struct node){.unit = unit, .from = from};
        return 0;
}

static bool listed(char *const *list, const char *unit) {
        for (; *list; list++)
                if (util_streq(*list, unit))
                        return true;
        return false;
}

/* The way to node `at`, and from there to `last` if that is another one. */
static int path_to(const struct walk *w, size_t at, const char *last, struct enroll_order *ret) {
        bool more = !util_streq(w->nodes[at].unit, last);
        size_t n = 1;

        for (size_t i = at; i != 0; i = w->nodes[i].from)
                n++;
        if (n + more > ENROLL_ORDER_PATH_MAX)
                return -E2BIG;
        if (more)
                (void)util_copy(ret->unit[n], sizeof(ret->unit[n]), last);
        ret->n = n + more;
        while (n-- > 0) {
                if (!util_copy(ret->unit[n], sizeof(ret->unit[n]), w->nodes[at].unit))
                        return -E2BIG;
                at = w->nodes[at].from;
        }
        return 1;
}

static int walk(struct walk *w, char *const *after_agent, char *const *after_guard, enroll_before_fn before,
                void *userdata, struct enroll_order *ret) {
        for (size_t i = 0; i < w->n; i++) {
                const char *unit = w->nodes[i].unit;
                char **names = NULL;
                int r;

                if (util_streq(unit, ENROLL_GUARD) || listed(after_guard, unit))
                        return path_to(w, i, ENROLL_GUARD, ret);
                if (util_streq(unit, ENROLL_AGENT) || listed(after_agent, unit))
                        return path_to(w, i, ENROLL_AGENT, ret);
                r = before(unit, &names, userdata);
                for (size_t k = 0; names && names[k]; k++) {
                        int q = add(w, names[k], i);

                        r = r < 0 ? r : q;
                }
                free(names);
                if (r < 0)
                        return r;
        }
        return 0;
}

int enroll_order_find(const char *unit, char *const *after_agent, char *const *after_guard, enroll_before_fn before,
                      void *userdata, struct enroll_order *ret) {
        struct walk w = {.nodes = calloc(UNITS_MAX, sizeof(struct node))};
        char *first = strdup(unit);
        int r = -ENOMEM;

        if (w.nodes && first) {
                w.nodes[w.n++] = (struct node){.unit = first};
                r = walk(&w, after_agent, after_guard, before, userdata, ret);
        } else
                free(first);
        done(&w);
        return r;
}
