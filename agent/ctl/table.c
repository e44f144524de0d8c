/* SPDX-License-Identifier: Apache-2.0 */
/* Widths are counted in bytes, as printf() does: names of units and hosts are ASCII. */
#include "ctl/table.h"

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

static void print_cell(const struct table *t, const struct row *r, size_t column, FILE *f, bool colors) {
        bool colored = colors && column == r->colored && !util_empty(r->color);
        bool is_last = column + 1 == t->n_columns;

        (void)fprintf(f, "%s%s%-*s%s", column > 0 ? GAP : "", colored ? r->color : "",
                      is_last ? 0 : (int)t->width[column], r->cells[column], colored ? COLOR_OFF : "");
}

int table_print(const struct table *t, FILE *f, bool colors) {
        if (t->failed)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_rows; i++) {
                const struct row *r = &t->rows[i];

                for (size_t c = 0; c < t->n_columns; c++)
                        print_cell(t, r, c, f, colors);
                (void)fputc('\n', f);
                for (size_t k = 0; k < r->n_notes; k++)
                        (void)fprintf(f, INDENT "%s\n", r->notes[k]);
        }
        return 0;
}
