/* SPDX-License-Identifier: Apache-2.0 */
/* TokenRequest, by which a service account gets a new token (leaderctl renew-token). */
#include <string.h>
#include <time.h>

#include "api.h"
#include "suites.h"

#define ACCOUNTS "/api/v1/namespaces/NS/serviceaccounts"
#define REQUEST  "{'apiVersion':'authentication.k8s.io/v1','kind':'TokenRequest','spec':{'expirationSeconds':%d}}"

/* A controller makes it after the namespace. */
static struct answer ask(int seconds) {
        static const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
        struct answer a = api_call("POST", ACCOUNTS "/default/token", REQUEST, seconds);

        for (unsigned n = 0; a.status == 404 && n < API_PATIENCE_MSEC / 100; n++) {
                answer_done(&a);
                (void)nanosleep(&pause, NULL);
                a = api_call("POST", ACCOUNTS "/default/token", REQUEST, seconds);
        }
        return a;
}

static void account_is_given_a_token(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = ask(7200), b = ask(7200);
        expect(&a, 201);
        expect(&b, 201);
        assert_string_equal(api_string(&a, "kind"), "TokenRequest");
        assert_string_equal(api_string(&a, "apiVersion"), "authentication.k8s.io/v1");
        assert_int_equal(json_object_get_int(api_at(&a, "spec/expirationSeconds")), 7200);
        assert_int_equal(strlen(api_string(&a, "status/expirationTimestamp")), strlen("2030-01-02T03:04:05Z"));
        const char *token = api_string(&a, "status/token"), *dot = strchr(token, '.');
        assert_non_null(dot);
        assert_non_null(strchr(dot + 1, '.'));
        assert_string_not_equal(token, api_string(&b, "status/token"));
        /* Both are good: as somebody who may do little, or whatever. */
        const char *const tokens[] = {token, api_string(&b, "status/token")};
        for (size_t i = 0; i < ELEMENTSOF(tokens); i++) {
                _cleanup_answer_ struct answer c = api_get_as(tokens[i], LOCKS "/x");
                if (c.status != 403 && c.status != 404)
                        fail_msg("HTTP %ld: %s", c.status, c.text);
        }
}

static void too_short_is_refused(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = ask(599);
        expect_failure(&a, 422, "Invalid",
                       "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes");
}

static void unknown_account(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = api_call("POST", ACCOUNTS "/nobody/token", REQUEST, 7200);
        expect_failure(&a, 404, "NotFound", "serviceaccounts \"nobody\" not found");
        assert_string_equal(api_string(&a, "details/kind"), "serviceaccounts");
        assert_string_equal(api_string(&a, "details/name"), "nobody");
}

static void only_asked_for(void **state) {
        (void)state;
        _cleanup_answer_ struct answer a = ask(7200), b = api_get(ACCOUNTS "/default/token");
        expect(&a, 201);
        expect_failure(&b, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

int suite_tokens(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(account_is_given_a_token),
                cmocka_unit_test(too_short_is_refused),
                cmocka_unit_test(unknown_account),
                cmocka_unit_test(only_asked_for),
        };
        return cmocka_run_group_tests_name("tokens", tests, api_enter, api_leave);
}
