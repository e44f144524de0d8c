/* SPDX-License-Identifier: Apache-2.0 */
/* What a human's terminal, STATUS= and the journal are spared of texts that others wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/utf8.h"

static void test_plain(void **state) {
        static const struct {
                const char *text, *plain;
        } rows[] = {
                {"", ""},
                {"web-1", "web-1"},
                {"Grüße, 東京, 🙂", "Grüße, 東京, 🙂"},
                {"a\tb\r", "a b "},
                {"\x1b[2J", "?[2J"},
                {"\x01\x7f", "??"},
                {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "??????\xc2\xa0"}, /* C1: CSI in one character */
                {"kubectl \xe2\x80\xae"
                 "ecived",
                 "kubectl ???ecived"}, /* RIGHT-TO-LEFT OVERRIDE */
                {"\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c", "??????????????"},
                {"\xe2\x81\xa5\xe2\x81\xaa\xe2\x80\xaf", "\xe2\x81\xa5\xe2\x81\xaa\xe2\x80\xaf"},
                {"\xe2\x80\xa8\xe2\x80\xa9", "??????"},
                {"\xff\xfe\xc2", "???"},
                {"\xe2\x80", "??"},
                {"\xed\xa0\x80", "???"}, /* a surrogate */
                {"\xc0\x8a", "??"},      /* an overlong newline */
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char text[64];

                (void)snprintf(text, sizeof(text), "%s", rows[i].text);
                assert_string_equal(utf8_plain(text, false), rows[i].plain);
                (void)snprintf(text, sizeof(text), "%s", rows[i].text);
                assert_string_equal(utf8_plain(text, true), rows[i].plain);
        }
        for (unsigned lines = 0; lines < 2; lines++) {
                char text[] = "one\ntwo\n";

                assert_string_equal(utf8_plain(text, lines), lines ? "one\ntwo\n" : "one two ");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_plain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
