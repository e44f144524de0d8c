/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl list, of whose parts only list*.c know: what was read (list.c), what is made of it (list_judge.c), how it
 * is shown (list_print.c). */
#pragma once

#include "adapter/kube.h"

struct list_entry {
        struct lock_object lock;
        bool has_heartbeat;                    /* the placeholder was read: the next two */
        enum kube_result result;               /* KUBE_OK or KUBE_NOT_FOUND count, others: unknown */
        struct placeholder_object placeholder; /* KUBE_OK */
        char reason[1800];                     /* why it is not simply held */
};

/* ---- list_judge.c ---- */

/* "held" and so on, as leaderctl(1) has them. */
const char *list_state(const struct list_entry *e);
/* When the holder wrote its placeholder last, by its clock; "": not known, as of 0.1.0 in life tenure. */
const char *list_heartbeat(const struct list_entry *e);
/* Fills `reason`. */
void list_explain(struct list_entry *e);

/* Whether two different locks, held by different hosts, name the same unit. Then these hosts do not keep it from each
 * other, and if it is one service it may run twice (docs/ARCHITECTURE.md 5, A2); there may also be two services of one
 * name, which nothing here can tell. */
bool list_is_same_unit(const struct list_entry *a, const struct list_entry *b);
/* What a human is told of that: *ret is a text of one line per such unit, to free(); "": there is none. The entries are
 * sorted by namespace and name. Returns 0 or -ENOMEM. */
int list_warn(const struct list_entry *entries, size_t n, char **ret);

/* ---- list_print.c ---- */

/* To standard output. Return 0, -ENOMEM. */
int list_print_json(const struct list_entry *entries, size_t n);
int list_print_table(const struct list_entry *entries, size_t n);
