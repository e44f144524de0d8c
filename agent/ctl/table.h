/* SPDX-License-Identifier: Apache-2.0 */
/* A table for a terminal: a head, rows as wide as their widest cell, and indented lines below a row. Everything in it
 * may have been written by others: it is made safe with show_plain(). Which columns there are is the verb's. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/util.h"

struct table;

/* head: the texts of n_columns columns. Texts are copied, here and below. Returns 0 or -ENOMEM. */
int table_new(struct table **ret, const char *const *head, size_t n_columns);
struct table *table_free(struct table *t);
DEFINE_CLEANUP(struct table *, table_free)

/* Adds a row of n_columns cells. When memory is short table_print() says so. */
void table_add(struct table *t, const char *const *cells);

/* Of the row added last: a terminal's sequence that colours this cell; not copied. "" or NULL: none. */
void table_color(struct table *t, size_t column, const char *color);

/* A line below the row added last: "    KEY: TEXT", or "    TEXT" when key is NULL. An empty text is no line. */
void table_note(struct table *t, const char *key, const char *text);

/* Prints it. colors: also table_color(). Returns 0; -ENOMEM, and nothing is printed, when something could not be added.
 */
int table_print(const struct table *t, FILE *f, bool colors);
