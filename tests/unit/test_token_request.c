/* SPDX-License-Identifier: Apache-2.0 */
/* TokenRequest: what is asked, and which answers have a token that may go into a header and a file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/token_request.h"

static void test_build(_unused_ void **state) {
        char *body = NULL;

        assert_int_equal(token_request_build(86400, &body), 0);
        assert_string_equal(body, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\","
                                  "\"spec\":{\"expirationSeconds\":86400}}");
        free(body);
        body = NULL;
        assert_int_equal(token_request_build(599, &body), -EINVAL);
        assert_int_equal(token_request_build((1ULL << 32U) + 1, &body), -EINVAL);
        assert_null(body);
        assert_int_equal(token_request_build(600, &body), 0);
        free(body);
        assert_int_equal(token_request_build(1ULL << 32U, &body), 0);
        free(body);
}

#define ANSWER(status) "{\"kind\":\"TokenRequest\",\"apiVersion\":\"authentication.k8s.io/v1\",\"status\":" status "}"

static void test_parse(_unused_ void **state) {
        static const struct {
                const char *json, *token, *error; /* token NULL: none */
        } table[] = {
                {ANSWER("{\"token\":\"a.b-_.c\",\"expirationTimestamp\":\"2030-01-02T03:04:05Z\"}"), "a.b-_.c", NULL},
                {ANSWER("{}"), NULL, "has no token"},
                {ANSWER("null"), NULL, "has no token"},
                {ANSWER("{\"token\":\"\"}"), NULL, "has no token"},
                {ANSWER("{\"token\":7}"), NULL, "has no token"},
                {ANSWER("{\"token\":\"a b\"}"), NULL, "has no token"},
                {ANSWER("{\"token\":\"a\\r\\nX-Evil: 1\"}"), NULL, "has no token"},
                {ANSWER("{\"token\":\"a\\u0000b\"}"), NULL, "has no token"},
                {ANSWER("{\"token\":\"\xc3\xbf\"}"), NULL, "has no token"},
                {"{\"kind\":\"Status\",\"status\":{\"token\":\"a\"}}", NULL, "is no TokenRequest"},
                {"{\"status\":{\"token\":\"a\"}}", NULL, "is no TokenRequest"},
                {"<html>no</html>", NULL, ""},
                {"", NULL, ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct err err = {};
                char *token = NULL;
                int r = token_request_parse(table[i].json, strlen(table[i].json), &token, &err);

                if (r != (table[i].token ? 0 : -EBADMSG) || !util_streq(token, table[i].token) ||
                    (table[i].error && !strstr(err.text, table[i].error)))
                        fail_msg("%s: %d, %s, %s", table[i].json, r, token ? token : "no token", err.text);
                free(token);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_build),
                cmocka_unit_test(test_parse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
