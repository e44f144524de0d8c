/* SPDX-License-Identifier: Apache-2.0 */
/* The table of leaderctl status and list: widths, colours, lines below a row, and that nothing steers the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/table.h"

static const char *const head[] = {"LOCK", "ROLE", "SINCE"};

static struct table *make(void) {
        struct table *t = NULL;

        assert_int_equal(table_new(&t, head, ELEMENTSOF(head)), 0);
        return t;
}

static void assert_prints(const struct table *t, bool colors, const char *expected) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        assert_int_equal(table_print(t, f, colors), 0);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
        free(text);
}

static void test_widths(_unused_ void **state) {
        _cleanup_(table_freep) struct table *t = make();

        assert_prints(t, false, "LOCK  ROLE  SINCE\n");
        table_add(t, (const char *const[]){"ops/a-lock", "up", "1min 3s ago"});
        table_add(t, (const char *const[]){"b", "candidate", ""});
        table_add(t, (const char *const[]){"c", "", ""});
        /* Nothing after the last column that has something. */
        assert_prints(t, false,
                      "LOCK        ROLE       SINCE\n"
                      "ops/a-lock  up         1min 3s ago\n"
                      "b           candidate\n"
                      "c\n");
}

static void test_notes(_unused_ void **state) {
        _cleanup_(table_freep) struct table *t = make();

        table_add(t, (const char *const[]){"a", "b", "c"});
        table_note(t, "reason", "why so");
        table_note(t, NULL, "more");
        table_note(t, "next", "");
        table_note(t, "next", NULL);
        table_add(t, (const char *const[]){"d", "e", "f"});
        assert_prints(t, false,
                      "LOCK  ROLE  SINCE\n"
                      "a     b     c\n"
                      "    reason: why so\n"
                      "    more\n"
                      "d     e     f\n");
}

/* Wider than a terminal: the columns that may go become lines, the first of them first, and no more than needed. */
static void test_folds(_unused_ void **state) {
        static const char *const wide[] = {"LOCK", "UNIT", "HOLDER", "SINCE"};
        static const char unit[] = "a-unit-with-a-name-that-is-long.service"; /* 39 */
        _cleanup_(table_freep) struct table *t = NULL;

        assert_int_equal(table_new(&t, wide, ELEMENTSOF(wide)), 0);
        table_fold(t, 1, "unit");
        table_fold(t, 2, "holder");
        /* 20 + 2 + 39 + 2 + 8 + 2 + 7: 80 columns */
        table_add(t, (const char *const[]){"namespace/lock-12345", unit, "h2345678", "4s ago."});
        table_note(t, "reason", "why");
        table_add(t, (const char *const[]){"b", "", "-", "x"});
        assert_prints(t, false,
                      "LOCK                  UNIT                                     HOLDER    SINCE\n"
                      "namespace/lock-12345  a-unit-with-a-name-that-is-long.service  h2345678  4s ago.\n"
                      "    reason: why\n"
                      "b                                                              -         x\n");
        table_add(t, (const char *const[]){"c", "c.service", "-", "4s ago. "});
        assert_prints(t, false,
                      "LOCK                  HOLDER    SINCE\n"
                      "namespace/lock-12345  h2345678  4s ago.\n"
                      "    unit: a-unit-with-a-name-that-is-long.service\n"
                      "    reason: why\n"
                      "b                     -         x\n"
                      "c                     -         4s ago. \n"
                      "    unit: c.service\n");
        table_add(t, (const char *const[]){"a-lock-that-is-longer-than-anybody-would-like-it-to-be-but-what-can-one-do",
                                           "-", "h", "x"});
        assert_prints(t, false,
                      "LOCK                                                                        SINCE\n"
                      "namespace/lock-12345                                                        4s ago.\n"
                      "    unit: a-unit-with-a-name-that-is-long.service\n"
                      "    holder: h2345678\n"
                      "    reason: why\n"
                      "b                                                                           x\n"
                      "c                                                                           4s ago. \n"
                      "    unit: c.service\n"
                      "a-lock-that-is-longer-than-anybody-would-like-it-to-be-but-what-can-one-do  x\n"
                      "    holder: h\n");
}

static void test_colors(_unused_ void **state) {
        _cleanup_(table_freep) struct table *t = make();

        table_add(t, (const char *const[]){"a", "up", "c"});
        table_color(t, 1, "\033[32m");
        table_add(t, (const char *const[]){"d", "down", "f"});
        table_color(t, 1, "");
        assert_prints(t, true,
                      "LOCK  ROLE  SINCE\n"
                      "a     \033[32mup\033[0m    c\n"
                      "d     down  f\n");
        assert_prints(t, false,
                      "LOCK  ROLE  SINCE\n"
                      "a     up    c\n"
                      "d     down  f\n");
}

/* Cells and lines come from objects that others wrote; they are copied. */
static void test_plain(_unused_ void **state) {
        _cleanup_(table_freep) struct table *t = make();
        char cell[] = "x\033[31m", note[] = "a\nb\xff";

        table_add(t, (const char *const[]){cell, "\xc2\x9b", "c\r"});
        table_note(t, "k", note);
        memset(cell, 'z', sizeof(cell) - 1);
        memset(note, 'z', sizeof(note) - 1);
        assert_prints(t, true,
                      "LOCK    ROLE  SINCE\n"
                      "x?[31m  ??    c \n"
                      "    k: a b?\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_widths), cmocka_unit_test(test_notes), cmocka_unit_test(test_folds),
                cmocka_unit_test(test_colors), cmocka_unit_test(test_plain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
