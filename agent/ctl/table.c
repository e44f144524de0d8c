/* SPDX-License-Identifier: Apache-2.0 */
/* Widths are counted in bytes, as printf() does: names of units and hosts are ASCII. */
#include "ctl/table.h"

#include <assert.h>
#include <errno.h>

#include "ctl/show.h"

#define GAP       "  "
#define INDENT    "    "
#define COLOR_OFF "\033[0m"

struct row {
        char **cells; /* n_columns; NULL: could not be copied */
        size_t colored;
        const char *color;
        char **notes; /* without the indent */
        size_t n_notes;
};

struct table {
        size_t n_columns;
        size_t *width;    /* of the widest cell of each */
        struct row *rows; /* the first is the head */
        size_t n_rows;
        bool failed;
        struct {
                size_t column;
                const char *key;
        } folds[2]; /* in this order */
        size_t n_folds;
};

static struct row *last(const struct table *t) {
        return &t->rows[t->n_rows - 1];
}

void table_add(struct table *t, const char *const *cells) {
        struct row *rows = reallocarray(t->rows, t->n_rows + 1, sizeof(*rows));
        char **copies = calloc(t->n_columns, sizeof(*copies));

        if (rows)
                t->rows = rows;
        if (!rows || !copies) {
                free(copies);
                t->failed = true;
                return;
        }
        t->rows[t->n_rows++] = (struct row){.cells = copies};
        for (size_t c = 0; c < t->n_columns; c++) {
                size_t n;

                copies[c] = strdup(cells[c]);
                if (!copies[c]) {
                        t->failed = true;
                        return;
                }
                n = strlen(show_plain(copies[c]));
                t->width[c] = n > t->width[c] ? n : t->width[c];
        }
}

int table_new(struct table **ret, const char *const *head, size_t n_columns) {
        _cleanup_(table_freep) struct table *t = malloc(sizeof(*t));

        if (!t)
                return -ENOMEM;
        *t = (struct table){.n_columns = n_columns, .width = calloc(n_columns, sizeof(*t->width))};
        if (!t->width)
                return -ENOMEM;
        table_add(t, head);
        if (t->failed)
                return -ENOMEM;
        *ret = TAKE_PTR(t);
        return 0;
}

struct table *table_free(struct table *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_rows; i++) {
                struct row *r = &t->rows[i];

                for (size_t c = 0; c < t->n_columns; c++)
                        free(r->cells[c]);
                for (size_t k = 0; k < r->n_notes; k++)
                        free(r->notes[k]);
                free(r->cells);
                free(r->notes);
        }
        free(t->rows);
        free(t->width);
        free(t);
        return NULL;
}

void table_color(struct table *t, size_t column, const char *color) {
        last(t)->colored = column;
        last(t)->color = color;
}

void table_note(struct table *t, const char *key, const char *text) {
        struct row *r = last(t);
        char **notes, *note;

        if (util_empty(text))
                return;
        notes = reallocarray(r->notes, r->n_notes + 1, sizeof(*notes));
        if (notes)
                r->notes = notes;
        if (!notes || asprintf(&note, "%s%s%s", key ? key : "", key ? ": " : "", text) < 0) {
                t->failed = true;
                return;
        }
        r->notes[r->n_notes++] = show_plain(note);
}

void table_fold(struct table *t, size_t column, const char *key) {
        assert(t->n_folds < ELEMENTSOF(t->folds));
        t->folds[t->n_folds].column = column;
        t->folds[t->n_folds++].key = key;
}

/* Whether the column is one of the first n that go. */
static bool is_folded(const struct table *t, size_t column, size_t n) {
        while (n-- > 0)
                if (t->folds[n].column == column)
                        return true;
        return false;
}

static size_t width(const struct table *t, size_t n_folded) {
        size_t sum = 0;

        for (size_t c = 0; c < t->n_columns; c++)
                if (!is_folded(t, c, n_folded))
                        sum += (sum > 0 ? strlen(GAP) : 0) + t->width[c];
        return sum;
}

static void print_row(const struct table *t, const struct row *r, size_t n_folded, FILE *f, bool colors) {
        size_t padding = 0; /* of what was printed last: only before something else */

        for (size_t c = 0; c < t->n_columns; c++) {
                bool colored = colors && c == r->colored && !util_empty(r->color);

                if (is_folded(t, c, n_folded))
                        continue;
                if (*r->cells[c])
                        (void)fprintf(f, "%*s%s%s%s", (int)padding, "", colored ? r->color : "", r->cells[c],
                                      colored ? COLOR_OFF : "");
                padding = (*r->cells[c] ? 0 : padding) + t->width[c] - strlen(r->cells[c]) + strlen(GAP);
        }
        (void)fputc('\n', f);
}

int table_print(const struct table *t, FILE *f, bool colors) {
        size_t n_folded = 0;

        if (t->failed)
                return -ENOMEM;
        while (n_folded < t->n_folds && width(t, n_folded) > TABLE_WIDTH)
                n_folded++;
        for (size_t i = 0; i < t->n_rows; i++) {
                const struct row *r = &t->rows[i];

                print_row(t, r, n_folded, f, colors);
                for (size_t k = 0; i > 0 && k < n_folded; k++) {
                        const char *cell = r->cells[t->folds[k].column];

                        if (*cell && !util_streq(cell, "-"))
                                (void)fprintf(f, INDENT "%s: %s\n", t->folds[k].key, cell);
                }
                for (size_t k = 0; k < r->n_notes; k++)
                        (void)fprintf(f, INDENT "%s\n", r->notes[k]);
        }
        return 0;
}
