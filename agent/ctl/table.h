/* SPDX-License-Identifier: Apache-2.0 */
/* A table for a terminal: a head, columns as wide as their widest cell, and indented lines below a row. Everything in
 * it may have been written by others: it is made safe with show_plain(). Which columns there are is the verb's. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/util.h"

struct table;

/* head: the texts of n_columns columns. Texts are copied, here and below. Returns 0 or -ENOMEM. */
int table_new(struct table **ret, const char *const *head, size_t n_columns);
struct table *table_free(struct table *t);
DEFINE_CLEANUP(struct table *, table_free)

/* The width of a terminal that everybody has. */
#define TABLE_WIDTH 80

/* When the table would be wider than TABLE_WIDTH, this column goes, and each row that has something else than "-" there
 * gets a line "    KEY: CELL" before its notes; of several columns the one named first goes first. key is not copied.
 */
void table_fold(struct table *t, size_t column, const char *key);

/* Adds a row of n_columns cells. When memory is short table_print() says so. */
void table_add(struct table *t, const char *const *cells);

/* Of the row added last: a terminal's sequence that colours this cell; not copied. "" or NULL: none. */
void table_color(struct table *t, size_t column, const char *color);

/* A line below the row added last: "    KEY: TEXT", or "    TEXT" when key is NULL. An empty text is no line. */
void table_note(struct table *t, const char *key, const char *text);

/* Prints it. colors: also table_color(). Returns 0; -ENOMEM, and nothing is printed, when something could not be added.
 */
int table_print(const struct table *t, FILE *f, bool colors);
