/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys as people have them: which are taken, which are refused, and that nothing but what was read
 * comes out again. The files are tests/kubeconfig/pem; nobody has the key of their CA. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "codec/kubeconfig_parts.h"
#include "codec/tls.h"
#include "codec/tls_pem.h"

#define PEM_DIR "tests/kubeconfig/pem/"

static char *read_text(const char *name) {
        char path[128], *text = NULL;
        size_t size;

        (void)snprintf(path, sizeof(path), "%s%s", PEM_DIR, name);
        if (kubeconfig_read_file(path, &text, &size) < 0)
                fail_msg("%s cannot be read; run this from the top of the tree", path);
        return text;
}

/* The whole, with names of files instead of texts when they are; data: handed over as such, else as files. */
static struct tls *load(const char *ca, const char *cert, const char *key, bool data, struct err *err) {
        struct kubeconfig k = {.source = (char *)"KC", .cluster = (char *)"k", .user = (char *)"u"};
        char *texts[3] = {ca ? read_text(ca) : NULL, cert ? read_text(cert) : NULL, key ? read_text(key) : NULL};
        char paths[3][128];
        struct tls *tls = NULL;
        int r;

        (void)snprintf(paths[0], sizeof(paths[0]), PEM_DIR "%s", ca ? ca : "");
        (void)snprintf(paths[1], sizeof(paths[1]), PEM_DIR "%s", cert ? cert : "");
        (void)snprintf(paths[2], sizeof(paths[2]), PEM_DIR "%s", key ? key : "");
        if (data) {
                k.ca_data = texts[0];
                k.client_cert_data = texts[1];
                k.client_key_data = texts[2];
        } else {
                k.ca_file = ca ? paths[0] : NULL;
                k.client_cert_file = cert ? paths[1] : NULL;
                k.client_key_file = key ? paths[2] : NULL;
        }
        *err = (struct err){};
        r = tls_load(&tls, &k, err);
        assert_true(r == 0 ? tls != NULL : r == -EINVAL && !tls && *err->text);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                free(texts[i]);
        return tls;
}

static const struct {
        const char *cert, *key, *message; /* NULL: good; %P: where it is */
} pairs[] = {
        {"client.pem", "client.key", NULL},
        {"client.pem", "client-sec1.key", NULL},
        {"rsa.pem", "rsa.key", NULL},
        {"rsa.pem", "rsa-pkcs1.key", NULL},
        {"ed25519.pem", "ed25519.key", NULL},
        {"expired.pem", "client.key", NULL}, /* its end is told, and it may be renewed */
        {"client.pem", "client-encrypted-pkcs8.key", "the client key (%K) cannot be used: it is encrypted"},
        {"client.pem", "client-encrypted-sec1.key", "the client key (%K) cannot be used: it is encrypted"},
        {"rsa.pem", "rsa-encrypted-pkcs1.key", "the client key (%K) cannot be used: it is encrypted"},
        {"client.pem", "other.key",
         "client certificate (%C) and key (%K) cannot be used together: key values mismatch"},
        {"client.pem", "rsa.key", "client certificate (%C) and key (%K) cannot be used together: "},
        {"rsa.pem", "client.key", "client certificate (%C) and key (%K) cannot be used together: "},
        {"weak.pem", "weak.key", "the client certificate (%C) cannot be used: ee key too small"},
        {"client.key", "client.key", "the client certificate (%C) cannot be used: it holds no certificate"},
        {"client.pem", "client.pem", "the client key (%K) cannot be used: it holds no private key"},
};

static void expand(char *buf, size_t size, const char *pattern, const char *cert, const char *key, bool data) {
        size_t n = 0;

        for (const char *p = pattern; *p; p++)
                if (*p == '%' && (p[1] == 'C' || p[1] == 'K')) {
                        const char *name = *++p == 'C' ? cert : key;

                        n += (size_t)snprintf(buf + n, size - n, "%s%s", data ? "in the kubeconfig" : PEM_DIR,
                                              data ? "" : name);
                } else
                        buf[n++] = *p;
        buf[n] = '\0';
}

static void test_pairs(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                for (int data = 0; data < 2; data++) {
                        struct err err;
                        _cleanup_(tls_freep) struct tls *tls = load("ca.pem", pairs[i].cert, pairs[i].key, data, &err);
                        char expected[512];

                        if (!pairs[i].message) {
                                if (!tls)
                                        fail_msg("%s, %s: %s", pairs[i].cert, pairs[i].key, err.text);
                                assert_non_null(strstr(tls->ca, "-----BEGIN CERTIFICATE-----"));
                                assert_non_null(strstr(tls->key, "-----BEGIN PRIVATE KEY-----"));
                                assert_true(tls->cert_term.ends_usec > 0 && tls->ca_term.ends_usec > 0);
                                assert_string_equal(tls->warning, "");
                                continue;
                        }
                        expand(expected, sizeof(expected), pairs[i].message, pairs[i].cert, pairs[i].key, data);
                        if (!strstr(err.text, expected) || strncmp(err.text, "KC: user \"u\": ", 14) != 0)
                                fail_msg("%s, %s: '%s' is not in '%s'", pairs[i].cert, pairs[i].key, expected,
                                         err.text);
                        /* And a cure. */
                        assert_non_null(strstr(err.text, "; write "));
                }
}

/* The same key under another name is no other key: DER alone is read, and never a passphrase asked for. */
static void test_mislabelled(_unused_ void **state) {
        static const char *const types[] = {"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ANY PRIVATE KEY"};
        _cleanup_free_ char *encrypted = read_text("client-encrypted-pkcs8.key"), *cert = read_text("client.pem");
        const char *body = strchr(encrypted, '\n');

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                _cleanup_free_ char *text = NULL;
                struct kubeconfig k = {.client_cert_data = cert};
                struct tls *tls = NULL;
                struct err err = {};

                assert_true(asprintf(&text, "-----BEGIN %s-----%.*s\n-----END %s-----\n", types[i],
                                     (int)(strstr(body, "\n-----END") - body), body, types[i]) > 0);
                k.client_key_data = text;
                assert_int_equal(tls_load(&tls, &k, &err), -EINVAL);
                assert_non_null(strstr(err.text, "cannot be read as a private key"));
        }
}

#define BROKEN "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define OPEN   "-----BEGIN CERTIFICATE-----\nAAAA\n"

/* %: the CA. */
static const struct {
        const char *text, *message, *warning;
} bundles[] = {
        {"%", NULL, ""},
        {"%%", NULL, ""},
        {"comment\n%trailer", NULL, ""},
        {"%" BROKEN, NULL, "1 block of the certificate authority (in the kubeconfig) cannot be read and is skipped"},
        {BROKEN "%" BROKEN, NULL,
         "2 blocks of the certificate authority (in the kubeconfig) cannot be read and are skipped"},
        {OPEN "%", NULL, "1 block of the certificate authority (in the kubeconfig) cannot be read and is skipped"},
        {"%" OPEN, NULL, "1 block of the certificate authority (in the kubeconfig) cannot be read and is skipped"},
        {"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n%", NULL, ""},
        {BROKEN, "the certificate authority (in the kubeconfig) cannot be used: none of its certificates can be read",
         NULL},
        {OPEN, "the certificate authority (in the kubeconfig) cannot be used: none of its certificates can be read",
         NULL},
        {"-----BEGIN CERTIFICATE-----", "none of its certificates can be read", NULL},
        {"-----BEGIN CERTIFICATE", "none of its certificates can be read", NULL},
        {"-----BEGIN ", "it holds no certificate", NULL},
        {"  %", "it holds no certificate", NULL}, /* as in Go, the dashes begin the line */
        {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "none of its certificates can be read", NULL},
        {"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n", "none of its certificates can be read", NULL},
        {"", "it holds no certificate", NULL},
};

static void test_bundles(_unused_ void **state) {
        _cleanup_free_ char *ca = read_text("ca.pem");

        for (size_t i = 0; i < ELEMENTSOF(bundles); i++) {
                char text[8192] = "";
                struct kubeconfig k = {.ca_data = text, .cluster = (char *)"k"};
                _cleanup_(tls_freep) struct tls *tls = NULL;
                struct err err = {};
                size_t n = 0;
                int r;

                for (const char *p = bundles[i].text; *p; p++)
                        if (*p == '%')
                                n = (size_t)(stpcpy(text + n, ca) - text);
                        else
                                text[n++] = *p;
                text[n] = '\0';
                r = tls_load(&tls, &k, &err);
                if (!bundles[i].message) {
                        assert_int_equal(r, 0);
                        assert_string_equal(tls->warning, bundles[i].warning);
                        assert_null(strstr(tls->ca, "\nAAAA\n"));
                        continue;
                }
                assert_int_equal(r, -EINVAL);
                if (!strstr(err.text, bundles[i].message))
                        fail_msg("%zu: %s", i, err.text);
        }
}

/* Nothing is broken in a way that is read beyond its end (the sanitizers look on), asked about, or taken for good. */
static void test_cut(_unused_ void **state) {
        _cleanup_free_ char *cert = read_text("client.pem"), *key = read_text("client-sec1.key");
        size_t n = strlen(key);

        for (size_t i = 0; i < n; i += 3) {
                _cleanup_free_ char *text = strndup(key, i);
                struct kubeconfig k = {.client_cert_data = cert, .client_key_data = text};
                struct tls *tls = NULL;

                assert_true(tls_load(&tls, &k, NULL) < 0 || i >= n - 2);
                tls_free(tls);
        }
}

/* The event loop reads these: a MiB of beginnings costs what a MiB costs, not its square. */
static void test_time(_unused_ void **state) {
        static const char begin[] = "-----BEGIN X-----\n";
        const size_t n = (size_t)1024 * 1024 / strlen(begin);
        _cleanup_free_ char *text = malloc(n * strlen(begin) + 1);
        const char *at = text;
        struct tls_block b;
        size_t n_blocks = 0;
        clock_t from;

        assert_non_null(text);
        for (size_t i = 0; i < n; i++)
                (void)stpcpy(text + i * strlen(begin), begin);
        from = clock();
        while (tls_next_block(&at, &b)) {
                assert_true(b.is_broken);
                n_blocks++;
        }
        assert_int_equal(n_blocks, n);
        if (clock() - from > CLOCKS_PER_SEC / 4)
                fail_msg("%ld ms", (long)((clock() - from) / (CLOCKS_PER_SEC / 1000)));
}

static void test_files(_unused_ void **state) {
        struct kubeconfig k = {.ca_file = (char *)"/nonexistent/ca"};
        struct tls *tls = NULL;
        struct err err = {};

        assert_int_equal(tls_load(&tls, &k, &err), -ENOENT);
        assert_non_null(strstr(err.text, "(/nonexistent/ca) cannot be used: No such file or directory"));
        k.insecure = true; /* then it is not asked */
        assert_int_equal(tls_load(&tls, &k, &err), 0);
        assert_null(tls->ca);
        tls_free(tls);
}

/* As sha256sum(1) has it. */
static void test_sha256(_unused_ void **state) {
        char text[TLS_SHA256_SIZE];

        tls_sha256("", text);
        assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        tls_sha256("abc", text);
        assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pairs),  cmocka_unit_test(test_mislabelled), cmocka_unit_test(test_bundles),
                cmocka_unit_test(test_cut),    cmocka_unit_test(test_time),        cmocka_unit_test(test_files),
                cmocka_unit_test(test_sha256),
        };

        return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
