/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a list of units: walked, counted, searched and built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/unit_list.h"

static void test_walk(_unused_ void **state) {
        const char *at = "a.service b.timer  c.socket ";
        char name[UNIT_NAME_SIZE] = "";

        assert_true(unit_list_next(&at, name));
        assert_string_equal(name, "a.service");
        assert_true(unit_list_next(&at, name));
        assert_string_equal(name, "b.timer");
        assert_true(unit_list_next(&at, name));
        assert_string_equal(name, "c.socket");
        assert_false(unit_list_next(&at, name));
        assert_string_equal(name, "c.socket");
        at = "";
        assert_false(unit_list_next(&at, name));
}

static void test_find(_unused_ void **state) {
        assert_int_equal(unit_list_count(""), 0);
        assert_int_equal(unit_list_count("a.service"), 1);
        assert_int_equal(unit_list_count("a.service b.timer"), 2);
        assert_int_equal(unit_list_find("a.service b.timer", "b.timer"), 1);
        assert_int_equal(unit_list_find("a.service b.timer", "a.service"), 0);
        assert_int_equal(unit_list_find("a.service b.timer", "a.servic"), -1);
        assert_int_equal(unit_list_find("aa.service", "a.service"), -1);
        assert_int_equal(unit_list_find("", "a.service"), -1);
}

static void test_add(_unused_ void **state) {
        char list[UNIT_LIST_SIZE] = "", name[UNIT_NAME_SIZE + 1] = "";

        assert_true(unit_list_add(list, "a.service"));
        assert_string_equal(list, "a.service");
        assert_true(unit_list_add(list, "b.timer"));
        assert_string_equal(list, "a.service b.timer");
        assert_false(unit_list_add(list, ""));
        assert_false(unit_list_add(list, "a b"));
        assert_string_equal(list, "a.service b.timer");
        memset(name, 'x', UNIT_NAME_SIZE);
        assert_false(unit_list_add(list, name));
        name[UNIT_NAME_SIZE - 1] = '\0';
        assert_false(unit_list_add(list, name));
        name[UNIT_LIST_SIZE - 1 - strlen("a.service b.timer ")] = '\0';
        assert_true(unit_list_add(list, name));
        assert_int_equal(unit_list_count(list), 3);
        assert_int_equal(strlen(list), UNIT_LIST_SIZE - 1);
        assert_false(unit_list_add(list, "c"));
        assert_true(strlen(list) < UNIT_LIST_SIZE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_walk),
                cmocka_unit_test(test_find),
                cmocka_unit_test(test_add),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
