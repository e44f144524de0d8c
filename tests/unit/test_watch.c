/* SPDX-License-Identifier: Apache-2.0 */
/* Streams cut at every byte, and events that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/object.h"
#include "codec/watch.h"

/* However the stream is cut into pieces, the lines are the same. */
static void test_pieces(void **state) {
        static const char stream[] = "one\n\ntwo two\r\n\r\n{}\nrest";
        static const char *const lines[] = {"one", "two two", "{}"};

        (void)state;
        for (size_t piece = 1; piece <= sizeof(stream); piece++) {
                struct watch_splitter s = {};
                size_t n_lines = 0, n;
                char *line;

                for (size_t i = 0; i < sizeof(stream) - 1; i += piece) {
                        size_t left = sizeof(stream) - 1 - i;

                        assert_int_equal(watch_splitter_push(&s, stream + i, left < piece ? left : piece), 0);
                        while (watch_splitter_next(&s, &line, &n)) {
                                assert_true(n_lines < ELEMENTSOF(lines));
                                assert_string_equal(line, lines[n_lines]);
                                assert_int_equal(n, strlen(lines[n_lines]));
                                n_lines++;
                        }
                }
                assert_int_equal(n_lines, ELEMENTSOF(lines));
                assert_true(watch_splitter_is_partial(&s));
                assert_int_equal(watch_splitter_push(&s, "\n", 1), 0);
                assert_true(watch_splitter_next(&s, &line, &n));
                assert_string_equal(line, "rest");
                assert_false(watch_splitter_next(&s, &line, &n));
                assert_false(watch_splitter_is_partial(&s));
                watch_splitter_done(&s);
        }
}

static void test_limit(void **state) {
        struct watch_splitter s = {.line_max = 10};
        size_t n;
        char *line;

        (void)state;
        assert_false(watch_splitter_next(&s, &line, &n)); /* nothing was ever pushed */
        assert_int_equal(watch_splitter_push(&s, "0123456789", 10), 0);
        assert_false(watch_splitter_next(&s, &line, &n));
        assert_int_equal(watch_splitter_push(&s, "x", 1), 0);
        assert_false(watch_splitter_next(&s, &line, &n));
        assert_int_equal(watch_splitter_push(&s, "y", 1), -EMSGSIZE);
        watch_splitter_done(&s);

        /* Many lines in one piece are not one long line. */
        s = (struct watch_splitter){.line_max = 10};
        assert_int_equal(watch_splitter_push(&s, "aaaaaaaa\nbbbbbbbb\ncc", 20), 0);
        assert_true(watch_splitter_next(&s, &line, &n));
        assert_true(watch_splitter_next(&s, &line, &n));
        assert_string_equal(line, "bbbbbbbb");
        assert_false(watch_splitter_next(&s, &line, &n));
        assert_int_equal(watch_splitter_push(&s, "\n", 1), 0);
        assert_true(watch_splitter_next(&s, &line, &n));
        assert_string_equal(line, "cc");
        watch_splitter_done(&s);
}

/* A line of 2 MiB in pieces of one byte: each byte is looked at and moved a bounded number of times, so this takes no
 * time; if it were quadratic it would take hours. Afterwards the memory is given back. */
static void test_large_line(void **state) {
        struct watch_splitter s = {};
        size_t n;
        char *line;

        (void)state;
        for (size_t i = 0; i < WATCH_LINE_MAX; i++) {
                assert_int_equal(watch_splitter_push(&s, "x", 1), 0);
                assert_false(watch_splitter_next(&s, &line, &n));
        }
        assert_int_equal(watch_splitter_push(&s, "\n", 1), 0);
        assert_true(watch_splitter_next(&s, &line, &n));
        assert_int_equal(n, WATCH_LINE_MAX);
        assert_false(watch_splitter_next(&s, &line, &n));
        assert_int_equal(s.allocated, 0);
        watch_splitter_done(&s);
}

static int parse(const char *line, struct watch_event *e, struct err *err) {
        return watch_event_parse(line, strlen(line), e, err);
}

static void test_events(void **state) {
        static const struct {
                const char *line;
                enum watch_event_type type;
                bool is_initial_end;
        } rows[] = {
                {"{\"type\":\"ADDED\",\"object\":{\"kind\":\"ConfigMap\"}}", WATCH_EVENT_ADDED, false},
                {"{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"ConfigMap\"}}", WATCH_EVENT_MODIFIED, false},
                {"{\"type\":\"DELETED\",\"object\":{\"kind\":\"ConfigMap\"}}", WATCH_EVENT_DELETED, false},
                {"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"5\"}}}", WATCH_EVENT_BOOKMARK,
                 false},
                {"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"annotations\":{\"k8s.io/"
                 "initial-events-end\":\"true\"}}}}",
                 WATCH_EVENT_BOOKMARK, true},
                {"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"annotations\":{\"k8s.io/"
                 "initial-events-end\":\"no\"}}}}",
                 WATCH_EVENT_BOOKMARK, false},
                {"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}",
                 WATCH_EVENT_ERROR, false},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct watch_event e;

                assert_int_equal(parse(rows[i].line, &e, NULL), 0);
                assert_int_equal(e.type, rows[i].type);
                assert_int_equal(e.is_initial_end, rows[i].is_initial_end);
                assert_true(json_object_is_type(e.object, json_type_object));
                if (e.type == WATCH_EVENT_ERROR) {
                        assert_int_equal(e.status.code, 410);
                        assert_string_equal(e.status.reason, "Expired");
                }
                watch_event_done(&e);
        }
}

static void test_bad_events(void **state) {
        static const char *const rows[] = {
                "",
                "{",
                "[]",
                "{}",
                "{\"type\":\"ADDED\"}",
                "{\"type\":\"ADDED\",\"object\":null}",
                "{\"type\":\"ADDED\",\"object\":[]}",
                "{\"type\":7,\"object\":{}}",
                "{\"type\":\"SYNC\",\"object\":{}}",
                "{\"type\":\"ERROR\",\"object\":{\"kind\":\"ConfigMap\"}}",
                "<html>",
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct watch_event e;
                struct err err = {};

                assert_int_equal(parse(rows[i], &e, &err), -EBADMSG);
                assert_true(*err.text);
                assert_null(e.object);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pieces), cmocka_unit_test(test_limit),      cmocka_unit_test(test_large_line),
                cmocka_unit_test(test_events), cmocka_unit_test(test_bad_events),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
