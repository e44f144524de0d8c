/* SPDX-License-Identifier: Apache-2.0 */
/* agent/base: util, err and terms. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/terms.h"

static void test_copy(void **state) {
        char dst[5] = "????";

        (void)state;
        assert_true(util_copy(dst, sizeof(dst), "abcd"));
        assert_string_equal(dst, "abcd");
        assert_true(util_copy(dst, sizeof(dst), ""));
        assert_string_equal(dst, "");
        /* A cut name would be another name. */
        assert_true(util_copy(dst, sizeof(dst), "abc"));
        assert_false(util_copy(dst, sizeof(dst), "abcde"));
        assert_string_equal(dst, "");
        assert_true(util_copy(dst, sizeof(dst), "x"));
        assert_true(util_copy(dst, sizeof(dst), NULL));
        assert_string_equal(dst, "");
}

static void test_token(void **state) {
        static const char *const texts[] = {"a",
                                            "b",
                                            "ab",
                                            "ba",
                                            "1",
                                            "10",
                                            "01",
                                            "1000",
                                            "1001",
                                            "8c5f6a3e-6b1c-4b57-9a5e-1f9d3c7a2b10",
                                            "8c5f6a3e-6b1c-4b57-9a5e-1f9d3c7a2b11"};

        (void)state;
        assert_int_equal(util_token(NULL), 0);
        assert_int_equal(util_token(""), 0);
        /* FNV-1a, published values. */
        assert_int_equal(util_token("a"), UINT64_C(0xaf63dc4c8601ec8c));
        assert_int_equal(util_token("foobar"), UINT64_C(0x85944171f73967e8));
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_not_equal(util_token(texts[i]), 0);
                for (size_t k = 0; k < i; k++)
                        assert_int_not_equal(util_token(texts[i]), util_token(texts[k]));
        }
        assert_int_not_equal(util_token("\xff"), util_token("\x7f"));
}

static void test_shell_word(void **state) {
        static const char *const rows[][2] = {
                {"", "''"},
                {"/etc/x-1.conf", "/etc/x-1.conf"},
                {"two words", "'two words'"},
                {"it's", "'it'\\''s'"},
                {"$HOME", "'$HOME'"},
                {"~", "'~'"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *word = util_shell_word(rows[i][0]);

                assert_string_equal(word, rows[i][1]);
        }
}

static void test_time(void **state) {
        (void)state;
        assert_int_equal(util_usec_add(1, 2), 3);
        assert_int_equal(util_usec_add(USEC_INFINITY, 0), USEC_INFINITY);
        assert_int_equal(util_usec_add(USEC_INFINITY, 1), USEC_INFINITY);
        assert_int_equal(util_usec_add(1, USEC_INFINITY), USEC_INFINITY);
        assert_int_equal(util_usec_add(USEC_INFINITY - 1, 1), USEC_INFINITY);
        assert_int_equal(util_usec_add(USEC_INFINITY - 1, 5), USEC_INFINITY);
        assert_int_equal(util_usec_sub(5, 2), 3);
        assert_int_equal(util_usec_sub(2, 2), 0);
        assert_int_equal(util_usec_sub(2, 5), 0);
}

static void test_strings(void **state) {
        const char a[] = "x", b[] = "x";

        (void)state;
        assert_true(util_streq(a, b));
        assert_false(util_streq(a, "y"));
        assert_true(util_streq(NULL, NULL));
        assert_false(util_streq(a, NULL));
        assert_false(util_streq(NULL, a));
        assert_true(util_empty(NULL));
        assert_true(util_empty(""));
        assert_false(util_empty("x"));
}

static unsigned freed;

static void thing_free(int *thing) {
        if (thing)
                freed++;
        free(thing);
}
DEFINE_CLEANUP(int *, thing_free)

static void test_cleanup(void **state) {
        int *kept;
        int fd;

        (void)state;
        freed = 0;
        {
                _cleanup_(thing_freep) int *a = malloc(sizeof(int));
                _cleanup_(thing_freep) int *none = NULL;
                _cleanup_(thing_freep) int *taken = malloc(sizeof(int));
                _cleanup_free_ char *text = strdup("x");
                _cleanup_close_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
                _cleanup_close_ int unused = -1;
                _cleanup_close_ int given = open("/dev/null", O_RDONLY | O_CLOEXEC);

                assert_non_null(a);
                assert_null(none);
                assert_non_null(text);
                assert_true(file >= 0 && given >= 0 && unused < 0);
                kept = TAKE_PTR(taken);
                assert_null(taken);
                fd = TAKE_FD(given);
                assert_int_equal(given, -1);
        }
        assert_int_equal(freed, 1);
        assert_true(fcntl(fd, F_GETFD) >= 0);
        close(fd);
        thing_free(kept);
}

static void test_err(void **state) {
        struct err err = {.text = ""};
        char long_text[2 * sizeof(err.text)];

        (void)state;
        assert_int_equal(err_setf(&err, -EINVAL, "%s:%d: %s", "a.conf", 3, "unknown key"), -EINVAL);
        assert_string_equal(err.text, "a.conf:3: unknown key");
        assert_int_equal(err_setf(NULL, -ENOENT, "nobody reads this"), -ENOENT);
        memset(long_text, 'x', sizeof(long_text) - 1);
        long_text[sizeof(long_text) - 1] = '\0';
        assert_int_equal(err_setf(&err, -E2BIG, "%s", long_text), -E2BIG);
        assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

/* Each word has one text, reads back from it, and nothing else does. */
static void test_terms(void **state) {
        enum tenure t;
        enum placeholder_kind k;
        enum unit_state u;
        enum guard_result g;

        (void)state;
        for (unsigned i = 0; i < N_TENURES; i++)
                assert_true(tenure_from_string(tenure_to_string((enum tenure)i), &t) == 0 && t == i);
        for (unsigned i = 0; i < N_PLACEHOLDER_KINDS; i++)
                assert_true(placeholder_kind_from_string(placeholder_kind_to_string((enum placeholder_kind)i), &k) ==
                                    0 &&
                            k == i);
        for (unsigned i = 0; i < N_UNIT_STATES; i++)
                assert_true(unit_state_from_string(unit_state_to_string((enum unit_state)i), &u) == 0 && u == i);
        for (unsigned i = 0; i < N_GUARD_RESULTS; i++)
                assert_true(guard_result_from_string(guard_result_to_string((enum guard_result)i), &g) == 0 && g == i);
        assert_string_equal(tenure_to_string((enum tenure)N_TENURES), "unknown");
        assert_string_equal(placeholder_kind_to_string((enum placeholder_kind)N_PLACEHOLDER_KINDS), "unknown");
        assert_string_equal(unit_state_to_string((enum unit_state)N_UNIT_STATES), "invalid");
        assert_string_equal(guard_result_to_string((enum guard_result)N_GUARD_RESULTS), "invalid");
        assert_int_equal(tenure_from_string("Life", &t), -EINVAL);
        assert_int_equal(tenure_from_string(NULL, &t), -EINVAL);
        assert_int_equal(placeholder_kind_from_string("lease", &k), -EINVAL);
        assert_int_equal(unit_state_from_string("", &u), -EINVAL);
        assert_int_equal(guard_result_from_string("invalid", &g), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_copy), cmocka_unit_test(test_token),   cmocka_unit_test(test_shell_word),
                cmocka_unit_test(test_time), cmocka_unit_test(test_strings), cmocka_unit_test(test_cleanup),
                cmocka_unit_test(test_err),  cmocka_unit_test(test_terms),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
