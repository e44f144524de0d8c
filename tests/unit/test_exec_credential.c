/* SPDX-License-Identifier: Apache-2.0 */
/* What a credential plugin is told, and what becomes of what it prints: taken and refused as by client-go, and nothing
 * secret in a message. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/failing.h"
#include "../lib/tempdir.h"
#include "base/clock.h"
#include "codec/exec_credential.h"
#include "codec/kubeconfig_parts.h"
#include "codec/object.h"

/* ---- helpers ---- */

#define GROUP "client.authentication.k8s.io/"
#define PEM   "tests/kubeconfig/pem/"

static struct tempdir dir;

static int setup(_unused_ void **state) {
        tempdir_make(&dir);
        return 0;
}

static int teardown(_unused_ void **state) {
        tempdir_remove(&dir);
        return 0;
}

static struct kubeconfig_exec plugin = {.api_version = (char *)GROUP "v1", .command = (char *)"aws"};
static const struct kubeconfig config = {.source = (char *)"KC",
                                         .user = (char *)"u",
                                         .cluster = (char *)"k",
                                         .server = (char *)"https://h:6443/x",
                                         .exec = &plugin};

static char *read_pem(const char *name) {
        char path[128], *text = NULL;
        size_t size;

        (void)snprintf(path, sizeof(path), PEM "%s", name);
        if (kubeconfig_read_file(path, &text, &size) < 0)
                fail_msg("%s cannot be read; run this from the top of the tree", path);
        return text;
}

/* ---- what it is told ---- */

static void assert_info(const struct kubeconfig *k, const char *expected) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(exec_credential_info(k, &text), 0);
        assert_string_equal(text, expected);
}

#define HEAD "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP "v1\",\"spec\":{"

static void test_info(_unused_ void **state) {
        struct kubeconfig_exec x = plugin;
        struct kubeconfig k = config;

        k.exec = &x;
        assert_info(&k, HEAD "\"interactive\":false}}");
        x.api_version = (char *)GROUP "v1beta1";
        assert_info(&k, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP
                        "v1beta1\",\"spec\":{\"interactive\":false}}");
        x = plugin;
        x.provide_cluster_info = true;
        assert_info(&k, HEAD "\"cluster\":{\"server\":\"https://h:6443/x\",\"config\":null},\"interactive\":false}}");
        k.tls_server_name = (char *)"n";
        k.insecure = true;
        k.proxy_url = (char *)"http://u:w@p:80";
        x.cluster_config = (char *)"{\"audience\":[1,2.50,\"\\\"/\"]}";
        assert_info(&k, HEAD "\"cluster\":{\"server\":\"https://h:6443/x\",\"tls-server-name\":\"n\","
                             "\"insecure-skip-tls-verify\":true,\"proxy-url\":\"http://u:w@p:80\",\"config\":{"
                             "\"audience\":[1,2.50,\"\\\"/\"]}},\"interactive\":false}}");
        /* That of the environment is in the plugin's own. */
        k.proxy_from = "HTTPS_PROXY";
        k.insecure = false;
        k.tls_server_name = NULL;
        k.ca_data = (char *)"-----BEGIN x\n";
        x.cluster_config = NULL;
        assert_info(&k, HEAD "\"cluster\":{\"server\":\"https://h:6443/x\",\"certificate-authority-data\":"
                             "\"LS0tLS1CRUdJTiB4Cg==\",\"config\":null},\"interactive\":false}}");
}

static void test_info_ca_file(_unused_ void **state) {
        struct kubeconfig_exec x = plugin;
        struct kubeconfig k = config;
        char *text = NULL;

        x.provide_cluster_info = true;
        k.exec = &x;
        k.ca_file = (char *)tempdir_write(&dir, "ca", "-----BEGIN x\n");
        assert_info(&k, HEAD "\"cluster\":{\"server\":\"https://h:6443/x\",\"certificate-authority-data\":"
                             "\"LS0tLS1CRUdJTiB4Cg==\",\"config\":null},\"interactive\":false}}");
        k.ca_file = (char *)tempdir_path(&dir, "none");
        assert_int_equal(exec_credential_info(&k, &text), -ENOENT);
        assert_null(text);
}

/* More than a variable can hold. */
static void test_info_large(_unused_ void **state) {
        static char ca[100 * 1024];
        struct kubeconfig_exec x = plugin;
        struct kubeconfig k = config;
        char *text = NULL;

        x.provide_cluster_info = true;
        k.exec = &x;
        k.ca_data = ca;
        memset(ca, 'x', sizeof(ca) - 1);
        assert_int_equal(exec_credential_info(&k, &text), -E2BIG);
        assert_null(text);
        ca[90 * 1024] = '\0';
        assert_int_equal(exec_credential_info(&k, &text), 0);
        free(text);
}

/* ---- what it answers ---- */

#define DOC(status) "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP "v1\",\"status\":" status "}"

/* %C, %K, …: a file of PEM as it stands in a JSON text. */
static char *expand(const char *pattern) {
        static const struct {
                char letter;
                const char *file;
        } files[] = {{'C', "client.pem"},
                     {'K', "client.key"},
                     {'R', "rsa.key"},
                     {'E', "client-encrypted-pkcs8.key"},
                     {'L', "rsa-encrypted-pkcs1.key"}};
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        for (; *pattern; pattern++) {
                _cleanup_free_ char *pem = NULL;

                for (size_t i = 0; *pattern == '%' && !pem && i < ELEMENTSOF(files); i++)
                        if (pattern[1] == files[i].letter)
                                pem = read_pem(files[i].file);
                if (!pem)
                        (void)fputc(*pattern, f);
                for (const char *p = pem; p && *p; p++)
                        (void)fprintf(f, *p == '\n' ? "\\n" : "%c", *p);
                pattern += pem != NULL;
        }
        assert_int_equal(fclose(f), 0);
        return text;
}

#define NEITHER "decoding stdout: it is neither JSON nor YAML of an ExecCredential"
#define TIME    "decoding stdout: status.expirationTimestamp is not as RFC 3339 has it, like 2030-01-02T03:04:05Z"

static const struct {
        const char *printed, *message;
} refused[] = {
        {"", "decoding stdout: the plugin printed nothing"},
        {" \n\t\r\n", "decoding stdout: the plugin printed nothing"},
        {"SECRET\n", NEITHER},
        {"null", NEITHER},
        {"[1]", NEITHER},
        {"\"SECRET\"", NEITHER},
        {"<html>SECRET</html>", NEITHER},
        {"{\"kind\":\"ExecCredential\",\"token\":\"SECRET", "decoding stdout: JSON is cut off after byte 40"},
        {DOC("{\"token\":\"t\"}") "\nSECRET", "decoding stdout: not JSON: "},
        {DOC("{\"token\":\"t\"}") DOC("{\"token\":\"SECRET\"}"), "decoding stdout: not JSON: "},
        {"{}", "decoding stdout: it has no apiVersion; the plugin has to print an ExecCredential"},
        {"# nothing\n", "decoding stdout: it has no apiVersion; the plugin has to print an ExecCredential"},
        {"{\"kind\":5,\"apiVersion\":\"" GROUP "v1\"}", "decoding stdout: kind is not a text"},
        {"{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"SECRET\"}}",
         "decoding stdout: it has no apiVersion; the plugin has to print an ExecCredential"},
        {"{\"kind\":\"Status\\n\",\"apiVersion\":\"v1\",\"status\":\"SECRET\"}",
         "decoding stdout: it is of kind \"Status \", not ExecCredential"},
        {"{\"kind\":\"execCredential\",\"apiVersion\":\"" GROUP "v1\"}",
         "decoding stdout: it is of kind \"execCredential\", not ExecCredential"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP "v1beta1\",\"status\":{\"token\":\"SECRET\"}}",
         "exec plugin is configured to use API version " GROUP "v1, plugin returned version " GROUP
         "v1beta1; write that into apiVersion of exec, or use a plugin of the other version"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP "v1alpha1\",\"status\":{\"token\":\"SECRET\"}}",
         "exec plugin is configured to use API version " GROUP "v1, plugin returned version " GROUP "v1alpha1"},
        {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP "v1\"}", "exec plugin didn't return a status field"},
        {DOC("null"), "exec plugin didn't return a status field"},
        {DOC("\"SECRET\""), "decoding stdout: status is not an object"},
        {DOC("[]"), "decoding stdout: status is not an object"},
        {DOC("{}"), "exec plugin didn't return a token or cert/key pair"},
        {DOC("{\"Token\":\"SECRET\"}"), "exec plugin didn't return a token or cert/key pair"},
        {DOC("{\"token\":\"\",\"clientKeyData\":null}"), "exec plugin didn't return a token or cert/key pair"},
        {DOC("{\"token\":\"SECRET\",\"clientCertificateData\":\"%C\"}"),
         "exec plugin returned only certificate or key, not both"},
        {DOC("{\"clientKeyData\":\"%K\"}"), "exec plugin returned only certificate or key, not both"},
        {DOC("{\"clientKeyData\":\"%K\",\"clientCertificateData\":\"\"}"),
         "exec plugin returned only certificate or key, not both"},
        {DOC("{\"token\":5}"), "decoding stdout: status.token is not a text"},
        {DOC("{\"token\":[\"SECRET\"]}"), "decoding stdout: status.token is not a text"},
        {DOC("{\"token\":\"SECRET\\u0000\"}"), "decoding stdout: status.token holds a NUL character"},
        {DOC("{\"token\":\"a SECRET\"}"), "exec plugin returned a token with white space or a control character in it"},
        {DOC("{\"token\":\"SECRET\\n\"}"),
         "exec plugin returned a token with white space or a control character in it"},
        {DOC("{\"token\":\"SECRET\\r\\nX: y\"}"),
         "exec plugin returned a token with white space or a control character in it"},
        {DOC("{\"token\":\"S\xc3\xa9"
             "CRET\"}"),
         "exec plugin returned a token with white space or a control character in it"},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"\"}"), TIME},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"tomorrow\"}"), TIME},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"2030-01-02\"}"), TIME},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":1893553445}"),
         "decoding stdout: status.expirationTimestamp is not a text"},
        {DOC("{\"clientCertificateData\":\"%C\",\"clientKeyData\":\"%R\"}"),
         "failed parsing client key/certificate: KC: user \"u\": client certificate (of the exec plugin) and key (of "
         "the exec plugin) cannot be used together: key type mismatch; the plugin has to print a certificate and the "
         "key that belongs to it"},
        {DOC("{\"clientCertificateData\":\"%C\",\"clientKeyData\":\"%E\"}"),
         "failed parsing client key/certificate: KC: user \"u\": the client key (of the exec plugin) cannot be used: "
         "it is encrypted, and nobody is there to type a passphrase; the plugin has to print the certificate's key, "
         "without a passphrase"},
        {DOC("{\"clientCertificateData\":\"%C\",\"clientKeyData\":\"%L\"}"),
         "failed parsing client key/certificate: KC: user \"u\": the client key (of the exec plugin) cannot be used: "
         "it is encrypted"},
        {DOC("{\"clientCertificateData\":\"LS0tLS1CRUdJTiB4Cg==\",\"clientKeyData\":\"%K\"}"),
         "failed parsing client key/certificate: KC: user \"u\": the client certificate (of the exec plugin) cannot be "
         "used: it holds no certificate"},
        {DOC("{\"clientCertificateData\":\"%K\",\"clientKeyData\":\"%C\"}"), "failed parsing client key/certificate: "},
        /* The token does not help. */
        {DOC("{\"token\":\"SECRET\",\"clientCertificateData\":\"x\",\"clientKeyData\":\"SECRET\"}"),
         "failed parsing client key/certificate: "},
        {DOC("{\"token\":\"t\",\"clientCertificateData\":\"%C\\u0000\",\"clientKeyData\":\"%K\"}"),
         "decoding stdout: status.clientCertificateData holds a NUL character"},
};

static void test_refused(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_free_ char *text = expand(refused[i].printed);
                struct exec_credential c = {};
                struct err err = {};
                int r = exec_credential_parse(&config, text, strlen(text), &c, &err);

                if (r != -EINVAL || strncmp(err.text, refused[i].message, strlen(refused[i].message)) != 0)
                        fail_msg("%s:\n  %d %s\ninstead of\n  %s", refused[i].printed, r, err.text, refused[i].message);
                assert_null(strstr(err.text, "SECRET"));
                assert_null(strstr(err.text, "PRIVATE"));
                assert_null(c.token);
                assert_null(c.client_cert);
                assert_null(c.client_key);
        }
}

/* client-go takes the last one, and nobody can mean it. */
static void test_twice(_unused_ void **state) {
        static const char *const printed[] = {DOC("{\"token\":\"SECRET\",\"token\":\"b\"}"),
                                              DOC("{\"token\":\"SECRET\"},\"status\":{\"token\":\"b\"}")};

        for (size_t i = 0; i < ELEMENTSOF(printed); i++) {
                struct exec_credential c = {};
                struct err err = {};

                assert_int_equal(exec_credential_parse(&config, printed[i], strlen(printed[i]), &c, &err), -EINVAL);
                assert_non_null(strstr(err.text, "decoding stdout: "));
                assert_non_null(strstr(err.text, "has a name twice"));
                assert_null(strstr(err.text, "SECRET"));
        }
}

static const struct {
        const char *printed, *token;
        bool pair;
        uint64_t end;
} taken[] = {
        {DOC("{\"token\":\"a.b-c_\"}"), "a.b-c_", false, 0},
        {"\n " DOC("{\"token\":\"t\",\"clientCertificateData\":null,\"expirationTimestamp\":null}") "\n", "t", false,
         0},
        {DOC("{\"clientCertificateData\":\"%C\",\"clientKeyData\":\"%K\"}"), NULL, true, 0},
        {DOC("{\"token\":\"t\",\"clientCertificateData\":\"%C\",\"clientKeyData\":\"%K\",\"more\":{}}"), "t", true, 0},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"2030-01-02T03:04:05Z\"}"), "t", false,
         UINT64_C(1893553445000000)},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"2030-01-02T05:04:05.25+02:00\"}"), "t", false,
         UINT64_C(1893553445250000)},
        /* As client-go: what is asked for need not be said. */
        {"{\"Kind\":\"x\",\"apiVersion\":\"" GROUP "v1\",\"status\":{\"token\":\"t\"}}", "t", false, 0},
        {"{\"kind\":\"\",\"apiVersion\":\"" GROUP "v1\",\"status\":{\"token\":\"t\"}}", "t", false, 0},
        /* Whoever uses it sees that it has ended. */
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"1969-12-31T00:00:00Z\"}"), "t", false, 1},
        {DOC("{\"token\":\"t\",\"expirationTimestamp\":\"0001-01-01T00:00:00Z\"}"), "t", false, 0},
        {"{\"apiVersion\":\"" GROUP "v1\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false},\"status\":{"
         "\"token\":\"t\"}}",
         "t", false, 0},
        {"kind: ExecCredential\napiVersion: " GROUP "v1\nstatus:\n  token: t\n  expirationTimestamp: "
         "\"2030-01-02T03:04:05Z\"\n",
         "t", false, UINT64_C(1893553445000000)},
        {"---\n# a script's\nkind: ExecCredential\napiVersion: " GROUP "v1\nstatus: {token: t}\n", "t", false, 0},
};

static void test_taken(_unused_ void **state) {
        _cleanup_free_ char *cert = read_pem("client.pem"), *key = read_pem("client.key");

        for (size_t i = 0; i < ELEMENTSOF(taken); i++) {
                _cleanup_free_ char *text = expand(taken[i].printed);
                _cleanup_(exec_credential_done) struct exec_credential c = {};
                size_t n = strlen(text);
                struct err err = {};
                char *exact = malloc(n); /* without an end, for the sanitizer */

                memcpy(exact, text, n);
                if (exec_credential_parse(&config, exact, n, &c, &err) != 0)
                        fail_msg("%s: %s", taken[i].printed, err.text);
                free(exact);
                assert_int_equal(c.expires_at_usec, taken[i].end);
                if (taken[i].token)
                        assert_string_equal(c.token, taken[i].token);
                else
                        assert_null(c.token);
                assert_true(taken[i].pair == (c.client_cert != NULL) && taken[i].pair == (c.client_key != NULL));
                if (taken[i].pair) {
                        assert_string_equal(c.client_cert, cert);
                        assert_string_equal(c.client_key, key);
                }
                exec_credential_done(&c);
                assert_null(c.token);
        }
}

/* The most that is read, a byte more, bytes that are no text, and what nests without end. */
static void test_bounds(_unused_ void **state) {
        static const char head[] =
                "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" GROUP "v1\",\"status\":{\"token\":\"";
        static char text[EXEC_CREDENTIAL_MAX + 2];
        struct exec_credential c = {};
        struct err err = {};

        memset(text, 'x', sizeof(text));
        memcpy(text, head, sizeof(head) - 1);
        memcpy(text + EXEC_CREDENTIAL_MAX - 3, "\"}}", 4);
        assert_int_equal(exec_credential_parse(&config, text, EXEC_CREDENTIAL_MAX, &c, &err), 0);
        assert_int_equal(strlen(c.token), EXEC_CREDENTIAL_MAX - 3 - (sizeof(head) - 1));
        exec_credential_done(&c);
        text[EXEC_CREDENTIAL_MAX] = '\n';
        assert_int_equal(exec_credential_parse(&config, text, EXEC_CREDENTIAL_MAX + 1, &c, &err), -EINVAL);
        assert_string_equal(err.text, "decoding stdout: longer than 262144 bytes");
        for (size_t i = 0; i < 2; i++) {
                memset(text, i == 0 ? '[' : '\0', EXEC_CREDENTIAL_MAX);
                assert_int_equal(exec_credential_parse(&config, text, EXEC_CREDENTIAL_MAX, &c, &err), -EINVAL);
                assert_string_equal(err.text, NEITHER);
        }
        for (size_t i = 0; i + 5 < EXEC_CREDENTIAL_MAX; i += 5)
                memcpy(text + i, "{\"a\":", 5);
        assert_int_equal(exec_credential_parse(&config, text, EXEC_CREDENTIAL_MAX, &c, &err), -EINVAL);
        assert_non_null(strstr(err.text, "decoding stdout: "));
        memcpy(text, DOC("{\"token\":\"t\0t\"}"), sizeof(DOC("{\"token\":\"t\0t\"}")));
        assert_int_equal(exec_credential_parse(&config, text, sizeof(DOC("{\"token\":\"t\0t\"}")) - 1, &c, &err),
                         -EINVAL);
        assert_non_null(strstr(err.text, "invalid UTF-8"));
        assert_null(c.token);
}

static const struct {
        const char *text;
        uint64_t usec;
} times[] = {
        {"2030-01-02T03:04:05Z", UINT64_C(1893553445000000)},
        {"2030-01-02T03:04:05.678901Z", UINT64_C(1893553445678901)},
        {"2030-01-02T03:04:05.6789019999Z", UINT64_C(1893553445678901)},
        {"2030-01-02T03:04:05.5+00:00", UINT64_C(1893553445500000)},
        {"2030-01-02T00:34:05-02:30", UINT64_C(1893553445000000)},
        {"2030-01-01T22:04:05-05:00", UINT64_C(1893553445000000)},
        {"2028-02-29T00:00:00Z", UINT64_C(1835395200000000)},
        {"9999-12-31T23:59:59Z", UINT64_C(253402300799000000)},
        {"1970-01-01T00:00:00Z", 1},
        {"1970-01-01T00:00:00+01:00", 1},
        {"0000-01-01T00:00:00Z", 1},
        {"", 0},
        {"2030-01-02T03:04:05", 0},
        {"2030-01-02T03:04:05.Z", 0},
        {"2030-01-02T03:04:05Zx", 0},
        {"2030-01-02t03:04:05z", 0},
        {"2030-01-02 03:04:05Z", 0},
        {"2030-1-2T03:04:05Z", 0},
        {"2030-01-02T3:04:05Z", 0},
        {"+030-01-02T03:04:05Z", 0},
        {" 2030-01-02T03:04:05Z", 0},
        {"20300-01-02T03:04:05Z", 0},
        {"2029-02-29T00:00:00Z", 0},
        {"2030-04-31T00:00:00Z", 0},
        {"2030-00-02T03:04:05Z", 0},
        {"2030-13-02T03:04:05Z", 0},
        {"2030-01-00T03:04:05Z", 0},
        {"2030-01-02T24:00:00Z", 0},
        {"2030-01-02T03:60:00Z", 0},
        {"2030-01-02T03:04:60Z", 0},
        {"2030-01-02T03:04:05+2:00", 0},
        {"2030-01-02T03:04:05+0200", 0},
        {"2030-01-02T03:04:05+02:00Z", 0},
        {"2030-01-02T03:04:05+24:00", 0},
        {"2030-01-02T03:04:05+02:60", 0},
        {"2030-01-02T03:04:05+", 0},
};

static void test_times(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(times); i++)
                if (clock_parse_rfc3339(times[i].text) != times[i].usec)
                        fail_msg("%s: %llu", times[i].text, (unsigned long long)clock_parse_rfc3339(times[i].text));
}

/* ---- without memory ---- */

/* The first, second, … allocation fails, until none is left: an error that says so, or a whole result. */
static void test_without_memory(_unused_ void **state) {
        static const char kubeconfig[] =
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://h', extensions: [{name: " GROUP
                "exec, extension: {a: [1.5, b]}}]}}]\n"
                "users: [{name: u, user: {exec: {command: sub/x, apiVersion: " GROUP
                "v1, interactiveMode: Never, args: [a, b], installHint: h, env: [{name: A, value: b}, {name: A}], "
                "provideClusterInfo: true}}}]\n";
        const char *path = tempdir_write(&dir, "kc", kubeconfig);
        static const char text[] = DOC("{\"token\":\"t\",\"expirationTimestamp\":\"2030-01-02T03:04:05Z\"}");
        bool done = false;

        for (unsigned at = 1; !done; at++) {
                _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
                _cleanup_(exec_credential_done) struct exec_credential c = {};
                _cleanup_free_ char *info = NULL;
                struct err err = {};
                int r;

                assert_in_range(at, 1, 1000);
                calls = 0;
                fail_at = at;
                r = kubeconfig_load(&k, path, NULL, &err);
                if (r == 0)
                        r = exec_credential_info(k, &info);
                if (r == 0)
                        r = exec_credential_parse(k, text, strlen(text), &c, &err);
                done = calls < at;
                fail_at = 0;
                if (r != 0 && (r != -ENOMEM || done))
                        fail_msg("allocation %u: %d %s", at, r, err.text);
                if (r < 0)
                        continue;
                assert_string_equal(k->exec->args[1], "b");
                assert_int_equal(k->exec->n_env, 1);
                assert_string_equal(k->exec->env[0], "A=");
                assert_string_equal(info, HEAD "\"cluster\":{\"server\":\"https://h\",\"config\":{\"a\":[1.5,\"b\"]}},"
                                               "\"interactive\":false}}");
                assert_string_equal(c.token, "t");
        }
}

/* With a certificate: one that cannot be decoded for want of memory is no good one either. */
static void test_pair_without_memory(_unused_ void **state) {
        _cleanup_free_ char *text = expand(DOC("{\"clientCertificateData\":\"%C\",\"clientKeyData\":\"%K\"}"));
        int r = -ENOMEM;

        for (unsigned at = 1; r < 0; at++) {
                _cleanup_(exec_credential_done) struct exec_credential c = {};
                struct err err = {};

                assert_in_range(at, 1, 1000);
                calls = 0;
                fail_at = at;
                r = exec_credential_parse(&config, text, strlen(text), &c, &err);
                fail_at = 0;
                assert_true(r < 0 ? *err.text && !c.client_cert && !c.client_key : c.client_cert && c.client_key);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_info),           cmocka_unit_test(test_info_ca_file),
                cmocka_unit_test(test_info_large),     cmocka_unit_test(test_refused),
                cmocka_unit_test(test_twice),          cmocka_unit_test(test_taken),
                cmocka_unit_test(test_bounds),         cmocka_unit_test(test_times),
                cmocka_unit_test(test_without_memory), cmocka_unit_test(test_pair_without_memory),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
