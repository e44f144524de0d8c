/* SPDX-License-Identifier: Apache-2.0 */
/* Status objects, and what proxies send in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/status.h"

static void parse(long code, const char *body, struct status *s) {
        status_parse(code, body, strlen(body), s);
}

static void test_status(void **state) {
        struct status s;

        (void)state;
        parse(409,
              "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"configmaps \\\"x\\\" "
              "already "
              "exists\",\"reason\":\"AlreadyExists\",\"details\":{\"name\":\"x\",\"uid\":\"u\",\"retryAfterSeconds\":3}"
              ",\"code\":409}\n",
              &s);
        assert_true(s.is_status && !s.is_success && !s.namespace_terminating);
        assert_int_equal(s.code, 409);
        assert_string_equal(s.reason, "AlreadyExists");
        assert_string_equal(s.message, "configmaps \"x\" already exists");
        assert_string_equal(s.name, "x");
        assert_string_equal(s.uid, "u");
        assert_int_equal(s.retry_after_usec, 3 * USEC_PER_SEC);

        parse(200, "{\"kind\":\"Status\",\"status\":\"Success\"}", &s);
        assert_true(s.is_status && s.is_success);
        assert_int_equal(s.code, 200);

        /* Characters of one to four bytes stay what they are; what is no UTF-8 is no JSON. */
        parse(500, "{\"kind\":\"Status\",\"message\":\"a \xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x92\"}", &s);
        assert_true(s.is_status);
        assert_string_equal(s.message, "a \xc3\xa4 \xe2\x82\xac \xf0\x9f\x94\x92");
        /* a control character of C1, RIGHT-TO-LEFT OVERRIDE */
        parse(500, "{\"kind\":\"Status\",\"message\":\"a\xc2\x9b\xe2\x80\xae\x7f\"}", &s);
        assert_string_equal(s.message, "a????? ");
        parse(500, "{\"kind\":\"Status\",\"message\":\"\xc3\"}", &s);
        assert_false(s.is_status);
        parse(500, "{\"kind\":\"Status\",\"message\":\"\xed\xa0\x80\"}", &s);
        assert_false(s.is_status);
        /* They make nothing right that is wrong beside them, or where they stand. */
        parse(500, "{\"kind\":\"Status\",\"message\":\"\xc3\xa4\",}", &s);
        assert_false(s.is_status);
        parse(500, "{\"kind\":\"Status\",\"message\":\"\\\xc3\xa4\"}", &s);
        assert_false(s.is_status);
        parse(500, "{\"kind\":\"Status\",\xc3\xa4\"message\":\"a\"}", &s);
        assert_false(s.is_status);

        parse(403,
              "{\"kind\":\"Status\",\"details\":{\"causes\":[{\"reason\":\"X\"},7,{\"reason\":\"NamespaceTerminating\"}"
              ",{}]}}",
              &s);
        assert_true(s.namespace_terminating);
        assert_string_equal(s.message, "HTTP 403 without explanation");
}

static void test_other_bodies(void **state) {
        static const struct {
                const char *body, *message;
        } rows[] = {
                {"", "HTTP 502 without explanation"},
                {"  \n", "HTTP 502 without explanation"},
                {"Too many requests, please try again later.\nmore", "Too many requests, please try again later."},
                {" <html><body>Bad Gateway</body>", "an HTML or XML page, not an answer of an API server"},
                {"{\"kind\":\"ConfigMap\"}", "JSON that is not a Status"},
                {"[1]", "JSON that is not a Status"},
                {"{\"kind\":\"Status\"", "{\"kind\":\"Status\""},
                {"a\x1b[31mred\xff", "a?[31mred?"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct status s;

                parse(502, rows[i].body, &s);
                assert_false(s.is_status || s.is_success || s.namespace_terminating);
                assert_int_equal(s.code, 502);
                assert_string_equal(s.reason, "");
                assert_string_equal(s.message, rows[i].message);
                assert_int_equal(s.retry_after_usec, 0);
        }
}

/* Types and sizes that nobody should send. */
static void test_absurd(void **state) {
        struct status s;
        char body[2000], message[1500];

        (void)state;
        parse(500,
              "{\"kind\":\"Status\",\"message\":7,\"reason\":[],\"code\":\"x\",\"details\":{\"retryAfterSeconds\":-3,"
              "\"causes\":{}}}",
              &s);
        assert_true(s.is_status);
        assert_int_equal(s.code, 500);
        assert_int_equal(s.retry_after_usec, 0);
        parse(500, "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":999999999999}}", &s);
        assert_int_equal(s.retry_after_usec, 60 * USEC_PER_SEC);

        /* Cut, but not inside of a character of two bytes. */
        for (size_t i = 0; i + 2 < sizeof(message); i += 2)
                memcpy(message + i, "\xc3\xa4", 2);
        message[sizeof(message) - 2] = 0;
        (void)snprintf(body, sizeof(body), "{\"kind\":\"Status\",\"message\":\"x%s\"}", message);
        parse(500, body, &s);
        assert_int_equal(strlen(s.message), sizeof(s.message) - 1);
        parse(500, strstr(body, "{"), &s);
        (void)snprintf(body, sizeof(body), "{\"kind\":\"Status\",\"message\":\"%s\"}", message);
        parse(500, body, &s);
        assert_int_equal(strlen(s.message), sizeof(s.message) - 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_other_bodies),
                cmocka_unit_test(test_absurd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
