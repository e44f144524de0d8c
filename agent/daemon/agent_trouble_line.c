/* SPDX-License-Identifier: Apache-2.0 */
/* Troubles in the one line of STATUS=, where many of a kind are cut short. What they say is agent_trouble.c's. */
#include <stdio.h>

#include "daemon/agent_parts.h"

/* So many missing rights are told in STATUS=; and in how much of the line. */
#define RIGHTS_TOLD      4
#define RIGHTS_TOLD_SIZE 1100

struct line {
        char *buf;
        size_t size, n;
        size_t begin, n_told, n_left; /* of missing rights */
        bool orphan;
};

static void append(struct line *l, const char *text) {
        if (l->n < l->size)
                l->n += (size_t)snprintf(l->buf + l->n, l->size - l->n, "%s; ", text);
}

static void append_left(struct line *l) {
        char text[80];

        (void)snprintf(text, sizeof(text), "RIGHTS MISSING: %zu more rule%s (leaderctl status)", l->n_left,
                       l->n_left == 1 ? "" : "s");
        if (l->n_left)
                append(l, text);
        l->n_left = 0;
}

static void add(enum agent_trouble_kind kind, _unused_ uint64_t lasts_usec, const char *text, void *userdata) {
        struct line *l = userdata;

        if (kind == AGENT_TROUBLE_RIGHTS) {
                l->begin = l->n_told ? l->begin : l->n;
                if (l->n_left || l->n_told >= RIGHTS_TOLD ||
                    (l->n_told && l->n - l->begin + strlen(text) > RIGHTS_TOLD_SIZE)) {
                        l->n_left++;
                        return;
                }
                l->n_told++;
        } else
                append_left(l);
        if (kind == AGENT_TROUBLE_ORPHAN && l->orphan)
                return; /* (one is enough to be looked after) */
        l->orphan = l->orphan || kind == AGENT_TROUBLE_ORPHAN;
        append(l, text);
}

size_t agent_troubles(const struct agent *a, uint64_t now_usec, char *buf, size_t size) {
        struct line l = {.buf = buf, .size = size};

        buf[0] = '\0';
        agent_troubles_each(a, now_usec, add, &l);
        append_left(&l);
        return util_min(l.n, size ? size - 1 : 0);
}
