/* SPDX-License-Identifier: Apache-2.0 */
/* How leaderctl reads options, with a verb of the test's own; and that usage texts and manual have every option of each
 * real verb's table, and no other. What is printed for a mistake: test_ctl. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/verbs.h"

/* ---- a verb ---- */

struct options {
        bool flag, all;
        const char *text, *place;
        int digit;
};

static struct {
        unsigned n_runs;
        struct options o;
        char text[32], place[32]; /* of o, whose words are gone after run_line() */
        char arguments[64];       /* each with a comma behind it */
} seen;

static int set_digit(const char *argument, void *field, struct err *err) {
        if (!isdigit(argument[0]) || argument[1])
                return err_setf(err, -EINVAL, "--digit is 0 to 9, not '%s'", argument);
        *(int *)field = argument[0] - '0';
        return 0;
}

static int run(const void *filled, char *const *arguments, size_t n) {
        const struct options *o = filled;

        seen.n_runs++;
        seen.o = *o;
        (void)util_copy(seen.text, sizeof(seen.text), o->text ? o->text : "");
        (void)util_copy(seen.place, sizeof(seen.place), o->place ? o->place : "");
        for (size_t i = 0; i < n; i++) {
                (void)strcat(seen.arguments, arguments[i]);
                (void)strcat(seen.arguments, ",");
        }
        assert_null(arguments[n]);
        return 42;
}

static const struct ctl_option options[] = {
        {"flag", 0, NULL, offsetof(struct options, flag), ctl_set_true},
        {"all", 'A', NULL, offsetof(struct options, all), ctl_set_true},
        {"text", 0, "TEXT", offsetof(struct options, text), ctl_set_text},
        {"place", 'n', "PLACE", offsetof(struct options, place), ctl_set_text},
        {"digit", 0, "DIGIT", offsetof(struct options, digit), set_digit},
        {},
};

static const struct ctl_verb verb = {
        .name = "try",
        .usage = "try",
        .options = options,
        .options_size = sizeof(struct options),
        .n_arguments_min = 1,
        .n_arguments_max = 2,
        .wrong_arguments = "one or two",
        .run = run,
};

static const struct ctl_verb bare = {.name = "bare", .usage = "bare", .wrong_arguments = "none", .run = run};

static const struct {
        const char *line; /* words after the verb */
        int status;       /* 42: it ran, with the rest */
        struct options o;
        const char *arguments;
} rows[] = {
        {"a", 42, {}, "a,"},
        {"a b", 42, {}, "a,b,"},
        {"a --flag", 42, {.flag = true}, "a,"},
        {"--flag a --all b", 42, {.flag = true, .all = true}, "a,b,"},
        {"-A a", 42, {.all = true}, "a,"},
        {"-An x a", 42, {.all = true, .place = "x"}, "a,"},
        {"-nx a", 42, {.place = "x"}, "a,"},
        {"--place=x --text y a", 42, {.text = "y", .place = "x"}, "a,"},
        {"--text y --text z a", 42, {.text = "z"}, "a,"},
        {"--digit 7 a", 42, {.digit = 7}, "a,"},
        {"-- --flag", 42, {}, "--flag,"},
        {"--help", CTL_OK, {}, ""},
        {"a -h", CTL_OK, {}, ""},
        {"--flag --help --bogus", CTL_OK, {}, ""},
        {"", CTL_USAGE, {}, ""},
        {"a b c", CTL_USAGE, {}, ""},
        {"--bogus a", CTL_USAGE, {}, ""},
        {"--bogus --help", CTL_USAGE, {}, ""},
        {"a --text", CTL_USAGE, {}, ""},
        {"a --flag=x", CTL_USAGE, {}, ""},
        {"-f a", CTL_USAGE, {}, ""}, /* long only */
        {"--digit x a", CTL_USAGE, {}, ""},
};

static int run_line(const struct ctl_verb *v, const char *line) {
        char name[] = "name", copy[64], *rest = copy, *argv[12] = {name};
        int argc = 1;

        memset(&seen, 0, sizeof(seen));
        assert_true(util_copy(copy, sizeof(copy), line));
        for (char *word; (word = strsep(&rest, " "));)
                if (*word)
                        argv[argc++] = word;
        return ctl_run(v, argc, argv);
}

static void test_options(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct options *o = &rows[i].o;
                int status = run_line(&verb, rows[i].line);

                if (status != rows[i].status || seen.n_runs != (status == 42) || seen.o.flag != o->flag ||
                    seen.o.all != o->all || seen.o.digit != o->digit ||
                    !util_streq(seen.text, o->text ? o->text : "") ||
                    !util_streq(seen.place, o->place ? o->place : "") || !util_streq(seen.arguments, rows[i].arguments))
                        fail_msg("\"%s\": status %d, arguments \"%s\"", rows[i].line, status, seen.arguments);
        }
}

static void test_no_options(_unused_ void **state) {
        char name[] = "name", flag[] = "--flag", a[] = "a";

        memset(&seen, 0, sizeof(seen));
        assert_int_equal(ctl_run(&bare, 2, (char *[]){name, flag, NULL}), CTL_USAGE);
        assert_int_equal(ctl_run(&bare, 2, (char *[]){name, a, NULL}), CTL_USAGE);
        assert_int_equal(seen.n_runs, 0);
}

static void test_errors(_unused_ void **state) {
        assert_int_equal(ctl_error("%s", "wrong"), CTL_FAILURE);
        assert_int_equal(ctl_failed(-EHOSTDOWN, &(struct err){.text = "away"}), CTL_NO_AGENT);
        assert_int_equal(ctl_failed(-EACCES, &(struct err){.text = "no"}), CTL_FAILURE);
        assert_int_equal(ctl_usage(&verb, "no"), CTL_USAGE);
}

/* ---- the verbs ---- */

#define ADDRESS_OF(name) &ctl_##name,
static const struct ctl_verb *const verbs[] = {CTL_VERBS(ADDRESS_OF)};

static const struct ctl_option *option_named(const struct ctl_verb *v, const char *name, size_t n) {
        for (const struct ctl_option *o = v->options; o && o->name; o++)
                if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
                        return o;
        return NULL;
}

static void test_usage_has_every_option(_unused_ void **state) {
        char word[64];

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                for (const struct ctl_option *o = verbs[i]->options; o && o->name; o++) {
                        assert_true(o - verbs[i]->options < CTL_OPTIONS_MAX);
                        (void)snprintf(word, sizeof(word), "--%s%s%s", o->name, o->argument ? " " : "",
                                       o->argument ? o->argument : "");
                        if (!strstr(verbs[i]->usage, word))
                                fail_msg("the usage of %s has no %s", verbs[i]->name, word);
                        (void)snprintf(word, sizeof(word), "-%c|--%s", o->letter, o->name);
                        if (o->letter && !strstr(verbs[i]->usage, word))
                                fail_msg("the usage of %s has no %s", verbs[i]->name, word);
                }
}

static void test_usage_has_no_other(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                const struct ctl_verb *v = verbs[i];
                const char *const texts[] = {v->usage, v->arguments};

                assert_int_equal(strncmp(v->usage, v->name, strlen(v->name)), 0);
                for (size_t t = 0; t < ELEMENTSOF(texts); t++)
                        for (const char *at = texts[t]; (at = strstr(at, "--"));) {
                                size_t n;

                                at += 2;
                                n = strspn(at, "abcdefghijklmnopqrstuvwxyz-");
                                if (!option_named(v, at, n))
                                        fail_msg("%s has no option --%.*s", v->name, (int)n, at);
                        }
                assert_true(v->wrong_arguments || (v->n_arguments_min == 0 && v->n_arguments_max == SIZE_MAX));
        }
}

static void test_manual_has_every_option(_unused_ void **state) {
        char manual[32768] = "", word[64];
        FILE *f = fopen("docs/man/leaderctl.1.scd", "r");

        assert_non_null(f);
        assert_true(fread(manual, 1, sizeof(manual) - 1, f) > 0);
        assert_true(feof(f));
        (void)fclose(f);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                (void)snprintf(word, sizeof(word), "\n*leaderctl* %s%s", verbs[i]->name,
                               verbs[i]->arguments[0] ? " " : "++");
                if (!strstr(manual, word))
                        fail_msg("leaderctl(1) has no %s", verbs[i]->name);
                for (const struct ctl_option *o = verbs[i]->options; o && o->name; o++) {
                        (void)snprintf(word, sizeof(word), "--%s", o->name);
                        if (!strstr(manual, word))
                                fail_msg("leaderctl(1) has no %s, of %s", word, verbs[i]->name);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_options),
                cmocka_unit_test(test_no_options),
                cmocka_unit_test(test_errors),
                cmocka_unit_test(test_usage_has_every_option),
                cmocka_unit_test(test_usage_has_no_other),
                cmocka_unit_test(test_manual_has_every_option),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
