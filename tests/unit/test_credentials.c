/* SPDX-License-Identifier: Apache-2.0 */
/* The end of tokens and certificates, and of whatever pretends to be one. Tokens and certificates are invented: nobody
 * has their keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/credentials.h"

#define SEC(n) ((uint64_t)(n)*USEC_PER_SEC)
#define DAY    (24 * (3600 * USEC_PER_SEC))

/* HEAD.PAYLOAD.SIGNATURE, the payload in base64url without padding. */
static char *token(const char *payload) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        size_t n = strlen(payload), k = 0;
        char *text = malloc(n * 2 + 32);
        uint32_t bits = 0;
        unsigned n_bits = 0;

        assert_non_null(text);
        k = (size_t)sprintf(text, "eyJhbGciOiJub25lIn0.");
        for (size_t i = 0; i < n; i++) {
                bits = bits << 8 | (unsigned char)payload[i];
                for (n_bits += 8; n_bits >= 6; n_bits -= 6)
                        text[k++] = digits[bits >> (n_bits - 6) & 63];
        }
        if (n_bits)
                text[k++] = digits[bits << (6 - n_bits) & 63];
        (void)sprintf(text + k, ".c2ln");
        return text;
}

static void test_tokens(_unused_ void **state) {
        static const struct {
                const char *payload;
                uint64_t begins, ends;
        } table[] = {
                {"{\"iat\":1893553445,\"exp\":1893557045,\"sub\":\"system:serviceaccount:prod:leader-agent\"}",
                 SEC(1893553445), SEC(1893557045)},
                {"{\"exp\":1893557045.5}", 0, SEC(1893557045) + 500000},
                {"{\"nbf\":1893553445,\"exp\":1893557045}", SEC(1893553445), SEC(1893557045)},
                {"{\"iat\":5,\"nbf\":7,\"exp\":9}", SEC(5), SEC(9)},
                {"{\"iat\":1893553445}", SEC(1893553445), 0},                                   /* for ever */
                {"{\"exp\":1893557045,\"name\":\"\xc3\xbf?>~~\xc3\xbf\"}", 0, SEC(1893557045)}, /* both '-' and '_' */
                /* no instants */
                {"{\"exp\":\"1893557045\"}", 0, 0},
                {"{\"exp\":-1}", 0, 0},
                {"{\"exp\":0}", 0, 0},
                {"{\"exp\":1e300}", 0, 0},
                {"{\"exp\":-1e300}", 0, 0},
                {"{\"exp\":99999999999999999999999999}", 0, 0},
                {"{\"exp\":9223372036854775807}", 0, 0},
                {"{\"exp\":253402300800}", 0, 0}, /* the year 10000 */
                {"{\"exp\":true}", 0, 0},
                {"{\"exp\":null}", 0, 0},
                {"{\"exp\":[1893557045]}", 0, 0},
                {"{\"exp\":{}}", 0, 0},
                {"{\"exp\":NaN}", 0, 0},
                {"{\"exp\":Infinity}", 0, 0},
                {"[1893557045]", 0, 0},
                {"1893557045", 0, 0},
                {"{\"exp\":1893557045", 0, 0},
                {"{}", 0, 0},
                {"", 0, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = token(table[i].payload);
                struct credentials_term t = credentials_read_token(text);

                if (t.ends_usec != table[i].ends || t.begins_usec != table[i].begins)
                        fail_msg("%s: %llu to %llu", table[i].payload, (unsigned long long)t.begins_usec,
                                 (unsigned long long)t.ends_usec);
        }
}

static void test_no_tokens(_unused_ void **state) {
        /* The payload of the first four is {"exp":1893557045}. */
        static const char *const table[] = {
                "eyJleHAiOjE4OTM1NTcwNDV9",
                ".eyJleHAiOjE4OTM1NTcwNDV9",
                "a.eyJleHAiOjE4OTM1NTcwNDV9.b.c",
                "a.eyJl\nHAiOjE4OTM1NTcwNDV9\r.b",
                "",
                ".",
                "..",
                "...",
                "a.*.b",
                "a.e.b",
                "a.=.b",
                "a.====.b",
                "a.eyJ=.b",
                "a.\xff\xff\xff\xff.b",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(credentials_read_token(table[i]).ends_usec, 0);
        assert_int_equal(credentials_read_token(NULL).ends_usec, 0);
        assert_int_equal(credentials_read_token("a.eyJleHAiOjE4OTM1NTcwNDV9.b").ends_usec, SEC(1893557045));
        assert_int_equal(credentials_read_token("a.eyJleHAiOjE4OTM1NTcwNDV9.").ends_usec, SEC(1893557045));
}

/* 10 MB: of one letter, with dots in it, and nothing but dots. */
static void test_large(_unused_ void **state) {
        size_t n = (size_t)10 * 1024 * 1024;
        char *text = malloc(n + 1);

        assert_non_null(text);
        memset(text, 'A', n);
        text[n] = '\0';
        assert_int_equal(credentials_read_token(text).ends_usec, 0);
        assert_int_equal(credentials_read_certificate(text).ends_usec, 0);
        text[1] = text[n - 2] = '.';
        assert_int_equal(credentials_read_token(text).ends_usec, 0);
        memset(text, '.', n);
        assert_int_equal(credentials_read_token(text).ends_usec, 0);
        free(text);
}

/* 2030-01-02 03:04:05 to 2040-02-03 04:05:06; without the field version, with it (3), and to 2060, which UTCTime cannot
 * say. */
static const char pem_1[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBCzCBsgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdleGFtcGxlMB4XDTMw\n"
                            "MDEwMjAzMDQwNVoXDTQwMDIwMzA0MDUwNlowEjEQMA4GA1UEAwwHZXhhbXBsZTBZ\n"
                            "MBMGByqGSM49AgEGCCqGSM49AwEHA0IABFYb4mH7m1juE1ncfmc+A55axu7ORV5w\n"
                            "3p2tvNC8oFayPwSqIhJR4MRFPwKxY/vo59g0mYuNZGDhc8CagDL5I7EwCgYIKoZI\n"
                            "zj0EAwIDSAAwRQIgAODVKYHYu8uqF95xXpPg7FWEu6n/8BL7WC5r64HbXcQCIQDj\n"
                            "doS3sS/iCKfsOnypbmTD8Bx1laiaezPmyV2t6ptXcw==\n"
                            "-----END CERTIFICATE-----\n";
static const char pem_3[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIIBPTCB5aADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4YW1wbGUw\n"
                            "HhcNMzAwMTAyMDMwNDA1WhcNNDAwMjAzMDQwNTA2WjASMRAwDgYDVQQDDAdleGFt\n"
                            "cGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVhviYfubWO4TWdx+Zz4DnlrG\n"
                            "7s5FXnDena280LygVrI/BKoiElHgxEU/ArFj++jn2DSZi41kYOFzwJqAMvkjsaMs\n"
                            "MCowCQYDVR0TBAIwADAdBgNVHQ4EFgQUZ4NVtvah2PaHlY+ICES+GsScWhEwCgYI\n"
                            "KoZIzj0EAwIDRwAwRAIgcJ7/czEAzFeA+3GXZldFbBTeFTshfQFBfwCDLxpQeXAC\n"
                            "IGGU2KuAxQu7oHtnOYPs+esalhxtVkVCyFvE3InVHUrZ\n"
                            "-----END CERTIFICATE-----\n";
static const char pem_2060[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBDjCBtAIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdleGFtcGxlMCAXDTMw\n"
                               "MDEwMjAzMDQwNVoYDzIwNjAwMjAzMDQwNTA2WjASMRAwDgYDVQQDDAdleGFtcGxl\n"
                               "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVhviYfubWO4TWdx+Zz4DnlrG7s5F\n"
                               "XnDena280LygVrI/BKoiElHgxEU/ArFj++jn2DSZi41kYOFzwJqAMvkjsTAKBggq\n"
                               "hkjOPQQDAgNJADBGAiEA+aYGPRXFUvglSxbmcvzkY9opYV/yIGcH03DLXOgIeswC\n"
                               "IQCsBAvXyiMhwHJHYPT9VlEXOgAHrkRDqV1IpJBIiUVogg==\n"
                               "-----END CERTIFICATE-----\n";

static void certificate(const char *pem, uint64_t ends) {
        struct credentials_term t = credentials_read_certificate(pem);

        assert_int_equal(t.begins_usec, SEC(1893553445));
        assert_int_equal(t.ends_usec, ends);
}

static void test_certificates(_unused_ void **state) {
        _cleanup_free_ char *bundle = NULL;

        certificate(pem_1, SEC(2211854706));
        certificate(pem_3, SEC(2211854706));
        certificate(pem_2060, SEC(2843006706));
        /* The first is the host's own, the others are of those that signed it. */
        assert_true(asprintf(&bundle, "Bag Attributes: none\n%s%s", pem_2060, pem_1) > 0);
        certificate(bundle, SEC(2843006706));
        assert_int_equal(credentials_read_certificate(NULL).ends_usec, 0);
        assert_int_equal(credentials_read_certificate("").ends_usec, 0);
        assert_int_equal(credentials_read_certificate("-----BEGIN CERTIFICATE-----").ends_usec, 0);
        assert_int_equal(credentials_read_certificate("-----BEGIN CERTIFICATE----------END CERTIFICATE-----").ends_usec,
                         0);
}

/* Cut after each byte, and with each byte replaced: never read beyond its end (the sanitizers look on), and what is
 * said is an instant. */
static void test_broken_certificates(_unused_ void **state) {
        size_t n = strlen(pem_3), head = strlen("-----BEGIN CERTIFICATE-----\n");
        static const char letters[] = "A/+9z=\n";

        for (size_t i = head; i < n; i++) {
                _cleanup_free_ char *text = NULL;
                struct credentials_term t;

                assert_true(asprintf(&text, "%.*s\n-----END CERTIFICATE-----\n", (int)i, pem_3) > 0);
                t = credentials_read_certificate(text);
                assert_true(t.ends_usec == 0 || t.ends_usec == SEC(2211854706));
                for (size_t k = 0; k < strlen(letters); k++) {
                        _cleanup_free_ char *copy = strdup(pem_3);

                        assert_non_null(copy);
                        copy[i] = letters[k];
                        t = credentials_read_certificate(copy);
                        assert_true(t.ends_usec < SEC(253402300800));
                }
        }
}

static void test_warning(_unused_ void **state) {
        const uint64_t now = SEC(1893553445);
        const struct {
                struct credentials_term t;
                uint64_t warn;
        } table[] = {
                {{now, now + 365 * DAY}, now + 351 * DAY},
                {{now, now + 28 * DAY}, now + 14 * DAY},
                {{now, now + 27 * DAY}, now + 27 * DAY - 27 * DAY / 10},
                {{now, now + SEC(3600)}, now + SEC(3240)},
                {{0, now + DAY}, now - 13 * DAY}, /* nobody knows how long it is good altogether */
                {{now + DAY, now}, now - 14 * DAY},
                {{0, SEC(5)}, 0},
                {{now, 0}, USEC_INFINITY},
                {{0, 0}, USEC_INFINITY},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(credentials_warn_usec(&table[i].t), table[i].warn);
}

static void test_accounts(_unused_ void **state) {
        static const struct {
                const char *payload, *ns, *name;
        } table[] = {
                {"{\"iat\":1893553445,\"exp\":1893557045,\"sub\":\"system:serviceaccount:prod:leader-agent\"}", "prod",
                 "leader-agent"},
                {"{\"sub\":\"system:serviceaccount:a:b.c\"}", "a", "b.c"},
                /* of no service account */
                {"{\"iat\":1893553445,\"exp\":1893557045}", "", ""},
                {"{\"sub\":\"admin\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount:prod\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount:prod:\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount::leader-agent\"}", "", ""},
                {"{\"sub\":\"system:serviceaccounts:prod:leader-agent\"}", "", ""},
                {"{\"sub\":[\"system:serviceaccount:prod:leader-agent\"]}", "", ""},
                /* what would leave the path of a request */
                {"{\"sub\":\"system:serviceaccount:prod:a/../b\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount:..:leader-agent\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount:prod:a:b\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount:prod:a%2fb\"}", "", ""},
                {"{\"sub\":\"system:serviceaccount:prod:\\u0000\"}", "", ""},
                {"no json", "", ""},
        };
        struct credentials_account a;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char *text = token(table[i].payload);

                a = credentials_read_account(text);
                if (!util_streq(a.ns, table[i].ns) || !util_streq(a.name, table[i].name))
                        fail_msg("%s: '%s' '%s'", table[i].payload, a.ns, a.name);
                free(text);
        }
        a = credentials_read_account("0123456789abcdef");
        assert_string_equal(a.ns, "");
        a = credentials_read_account(NULL);
        assert_string_equal(a.ns, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tokens),       cmocka_unit_test(test_accounts),
                cmocka_unit_test(test_no_tokens),    cmocka_unit_test(test_large),
                cmocka_unit_test(test_certificates), cmocka_unit_test(test_broken_certificates),
                cmocka_unit_test(test_warning),
        };

        return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
