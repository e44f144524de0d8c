/* SPDX-License-Identifier: Apache-2.0 */
/* The judge of the end-to-end tests, against hand-written records: a judge that cannot condemn proves nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/judge.h"

static int read_text(const char *text, struct judge *ret, struct err *err) {
        FILE *f = tmpfile();
        int r;

        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
        rewind(f);
        r = judge_read(f, ret, err);
        fclose(f);
        return r;
}

struct row {
        const char *name, *text;
        size_t n_runs, n_hosts, n_overlaps, n_bad_terms;
        uint64_t overlap_ns, max_gap_ns;
};

static const struct row rows[] = {
        {"one run", "a 100 START 100 7\na 100 TICK 110 7\na 100 STOP 120 7\n", 1, 1, 0, 0, 0, 0},
        {"touching is no overlap", "a 100 START 100 7\na 100 STOP 200 7\nb 200 START 200 8\nb 200 STOP 300 8\n", 2, 2,
         0, 0, 0, 0},
        {"gap", "a 100 START 100 7\na 100 STOP 200 7\nb 260 START 260 8\nb 260 TICK 300 8\n", 2, 2, 0, 0, 0, 60},
        {"one nanosecond", "a 100 START 100 7\na 100 STOP 200 7\nb 199 START 199 8\nb 199 STOP 300 8\n", 2, 2, 1, 0, 1,
         0},
        {"killed: the last tick counts", "a 100 START 100 7\na 100 TICK 250 7\nb 200 START 200 8\nb 200 STOP 300 8\n",
         2, 2, 1, 0, 50, 0},
        {"a child outlives the STOP",
         "a 100 START 100 7\na 100 STOP 150 7\nb 200 START 200 8\na 100 TICK 230 7\nb 200 STOP 300 8\n", 2, 2, 1, 0, 30,
         0},
        {"one within the other", "a 100 START 100 7\nb 200 START 200 8\nb 200 STOP 210 8\na 100 STOP 900 7\n", 2, 2, 1,
         0, 10, 0},
        {"a long run hides no later one",
         "a 100 START 100 7\na 100 TICK 900 7\nb 200 START 200 8\nb 200 STOP 210 8\nc 300 START 300 9\nc 300 STOP 320 "
         "9\n",
         3, 3, 2, 0, 30, 0},
        {"twice on one host", "a 100 START 100 7\na 100 TICK 300 7\na 200 START 200 7\na 200 STOP 250 7\n", 2, 1, 1, 0,
         50, 0},
        {"restart in the same term", "a 100 START 100 7\na 100 STOP 200 7\na 300 START 300 7\na 300 STOP 400 7\n", 2, 1,
         0, 0, 0, 100},
        {"same term on another host", "a 100 START 100 7\na 100 STOP 200 7\nb 300 START 300 7\nb 300 STOP 400 7\n", 2,
         2, 0, 1, 0, 100},
        {"terms are numbers: 10 follows 9",
         "a 100 START 100 9\na 100 STOP 200 9\nb 300 START 300 10\nb 300 STOP 400 10\n", 2, 2, 0, 0, 0, 100},
        {"term goes back", "a 100 START 100 10\na 100 STOP 200 10\nb 300 START 300 9\nb 300 STOP 400 9\n", 2, 2, 0, 1,
         0, 100},
        {"lines out of order", "b 300 START 300 8\na 100 START 100 7\na 100 STOP 310 7\nb 300 STOP 400 8\n", 2, 2, 1, 0,
         10, 0},
        {"empty", "", 0, 0, 0, 0, 0, 0},
};

static void test_rows(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct row *row = &rows[i];
                FILE *null = fopen("/dev/null", "we");
                struct err err = {};
                struct judge j;

                print_message("%s\n", row->name);
                assert_int_equal(read_text(row->text, &j, &err), 0);
                assert_int_equal(j.n_runs, row->n_runs);
                assert_int_equal(j.n_hosts, row->n_hosts);
                assert_int_equal(j.n_overlaps, row->n_overlaps);
                assert_int_equal(j.overlap_ns, row->overlap_ns);
                assert_int_equal(j.max_gap_ns, row->max_gap_ns);
                assert_int_equal(j.n_bad_terms, row->n_bad_terms);
                assert_int_equal(judge_ok(&j), row->n_overlaps == 0 && row->n_bad_terms == 0);
                judge_print(&j, null);
                fclose(null);
                judge_done(&j);
        }
}

static void test_stall(void **state) {
        struct judge j;
        (void)state;

        assert_int_equal(
                read_text("a 100 START 100 -\na 100 TICK 110 -\na 100 TICK 500 -\na 100 TICK 510 -\n", &j, NULL), 0);
        assert_int_equal(j.runs[0].stall_ns, 390);
        assert_int_equal(j.runs[0].stopped, 0);
        judge_done(&j);
}

static void test_malformed(void **state) {
        static const char *const texts[] = {
                "a 100 START 100\n",                     /* field missing */
                "a 100 START 100 7 8\n",                 /* field too many */
                "a 100 PAUSE 100 7\n",                   /* unknown event */
                "a x START 100 7\n",                     /* not a number */
                "\n",                                    /* empty line */
                "a 100 START 100 7\na 200 TICK 210 7\n", /* run without START */
                "a 100 START 100 7\nb 100 TICK 210 7\n", /* run of another host */
                "a 100 START 100 7\na 100 START 110 7\n",
                "a 100 START 100 7\na 100 TICK 90 7\n", /* before its START */
        };
        (void)state;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                struct err err = {};
                struct judge j;

                print_message("%s", texts[i]);
                assert_int_equal(read_text(texts[i], &j, &err), -EBADMSG);
                assert_non_null(strstr(err.text, i < 5 ? "line 1" : "line 2"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_stall),
                cmocka_unit_test(test_malformed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
