/* SPDX-License-Identifier: Apache-2.0 */
/* kube against the test API server with faults: unknown outcomes and what reading back then shows, TLS and tokens.
 * Watches: test_kube_watch.c, test_kube_trouble.c. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/faultworld.h"

/* A POST without an answer, for each way to lose one: unknown; reading back tells whether it was executed. */
static void test_lost_create(void **state) {
        static const struct {
                const char *action;
                bool was_executed;
        } rows[] = {
                {"{\"drop\":\"before\"}", false}, {"{\"drop\":\"before\",\"reset\":true}", false},
                {"{\"drop\":\"after\"}", true},   {"{\"drop\":\"after\",\"reset\":true}", true},
                {"{\"hang\":\"before\"}", false}, {"{\"hang\":\"after\"}", true},
                {"{\"hold_ms\":3000}", true},     {"{\"truncate\":40}", true},
                {"{\"status\":504}", false},      {"{\"status\":500}", false},
                {"{\"status\":503}", false},
        };
        struct faultworld *x = *state;
        struct kubeworld_answer a;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                /* count 1: a second copy that libcurl might send would find no fault, and give itself away. */
                sim_fault(&x->sim, "{\"verb\":\"create\",\"resource\":\"configmaps\",\"count\":1}", rows[i].action);
                CALL(&x->w, &a, KUBE_UNKNOWN, kube_lock_create, &x->lock);
                sim_heal(&x->sim);
                if (!rows[i].was_executed) {
                        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
                        continue;
                }
                CALL(&x->w, &a, KUBE_OK, kube_lock_get, NS, LOCK);
                assert_string_equal(a.lock.claim, x->lock.claim);
                CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, a.lock.uid, NULL);
                CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, a.lock.uid, a.lock.version);
        }
}

/* The write that lands after the time-out, and after a GET that said 404. */
static void test_late_create(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_answer a;
        bool landed = false;

        sim_fault(&x->sim, "{\"verb\":\"create\",\"resource\":\"configmaps\",\"count\":1}", "{\"delay_ms\":1500}");
        CALL(&x->w, &a, KUBE_UNKNOWN, kube_lock_create, &x->lock);
        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
        for (unsigned i = 0; i < 600 && !landed; i++) {
                a = (struct kubeworld_answer){};
                kubeworld_run(&x->w, 20 * USEC_PER_MSEC);
                assert_int_equal(kube_lock_get(x->w.kube, NS, LOCK, kubeworld_on_reply, &a, NULL), 0);
                kubeworld_wait(&x->w, &a.is_there);
                landed = a.result == KUBE_OK;
        }
        assert_true(landed);
        assert_string_equal(a.lock.claim, x->lock.claim);
}

/* A renewal that landed unseen: the retry with the old version fails, reading back shows the own write. */
static void test_lost_renewal(void **state) {
        struct faultworld *x = *state;
        struct placeholder_object p = x->owner;
        struct kubeworld_answer a;

        assert_true(util_copy(p.nonce, sizeof(p.nonce), "n7"));
        assert_true(util_copy(p.renew_time, sizeof(p.renew_time), "2030-01-02T03:04:05.678901Z"));
        sim_fault(&x->sim, "{\"verb\":\"update\",\"resource\":\"leases\",\"count\":1}", "{\"drop\":\"after\"}");
        CALL(&x->w, &a, KUBE_UNKNOWN, kube_placeholder_renew, &p);
        CALL(&x->w, &a, KUBE_CONFLICT, kube_placeholder_renew, &p);
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        assert_string_equal(a.placeholder.nonce, "n7");
        assert_string_equal(a.placeholder.renew_time, p.renew_time);
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_renew, &a.placeholder);
}

static void test_refusals(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_answer a;

        sim_fault(&x->sim, "{\"verb\":\"create\",\"count\":1}", "{\"status\":429,\"retry_after\":7}");
        CALL(&x->w, &a, KUBE_THROTTLED, kube_lock_create, &x->lock);
        assert_int_equal(a.retry_after_usec, 7 * USEC_PER_SEC);
        sim_fault(&x->sim, "{\"verb\":\"get\",\"count\":1}",
                  "{\"status\":200,\"content_type\":\"text/html\",\"body\":\"<html>please log in</html>\"}");
        CALL(&x->w, &a, KUBE_GARBLED, kube_lock_get, NS, LOCK);
        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"create\",\"resource\":\"configmaps\"}");
        CALL(&x->w, &a, KUBE_DENIED, kube_lock_create, &x->lock);
        assert_non_null(strstr(a.text, "Forbidden"));
        sim_control(&x->sim, "DELETE", "deny", NULL);
        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
}

/* The server process hangs: time-outs only, new connections are not even sent over; afterwards all is well. */
static void test_stopped_server(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_answer a;

        assert_int_equal(kill(x->sim.pid, SIGSTOP), 0);
        CALL(&x->w, &a, KUBE_UNKNOWN, kube_lock_create, &x->lock);
        CALL(&x->w, &a, KUBE_UNREACHABLE, kube_lock_create, &x->lock);
        CALL(&x->w, &a, KUBE_UNREACHABLE, kube_lock_get, NS, LOCK);
        assert_int_equal(kill(x->sim.pid, SIGCONT), 0);
        a.result = KUBE_UNREACHABLE;
        for (unsigned i = 0; i < 100 && (a.result == KUBE_UNREACHABLE || a.result == KUBE_UNKNOWN); i++) {
                a = (struct kubeworld_answer){};
                assert_int_equal(kube_lock_get(x->w.kube, NS, LOCK, kubeworld_on_reply, &a, NULL), 0);
                kubeworld_wait(&x->w, &a.is_there);
        }
        assert_true(a.result == KUBE_NOT_FOUND || a.result == KUBE_OK);
}

/* ---- TLS and tokens ---- */

static enum kube_result get_with(const struct kubeconfig *config, char text[static 512]) {
        struct kubeworld w;
        struct kubeworld_answer a = {};
        enum kube_result result;

        kubeworld_open(&w, config, 5 * USEC_PER_SEC);
        assert_int_equal(kube_placeholder_get(w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_reply, &a, NULL), 0);
        kubeworld_wait(&w, &a.is_there);
        result = a.result;
        (void)snprintf(text, 512, "%s", a.text);
        kubeworld_close(&w);
        return result;
}

static char *read_all(const char *path) {
        FILE *f = fopen(path, "r");
        char *text = calloc(1, 8192);

        assert_true(f && text);
        assert_true(fread(text, 1, 8191, f) > 0);
        fclose(f);
        return text;
}

static void test_tls(void **state) {
        struct faultworld *x = *state;
        const struct kubeconfig base = x->sim.config;
        struct kubeconfig c = base;
        char text[512];
        char other_ca[128];
        _cleanup_free_ char *ca = NULL, *cert = NULL, *key = NULL, *wrong_ca = NULL;
        char plain[64];

        (void)snprintf(other_ca, sizeof(other_ca), "%s/other-ca.crt", x->sim.dir.path);
        assert_int_equal(get_with(&base, text), KUBE_OK);
        /* Another CA; its text inline; none at all (the system's); none is checked. */
        c.ca_file = other_ca;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "certificate"));
        c.ca_file = NULL;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        c.insecure = true;
        assert_int_equal(get_with(&c, text), KUBE_OK);
        /* Names. */
        c = base;
        c.tls_server_name = (char *)"kubernetes.default";
        assert_int_equal(get_with(&c, text), KUBE_OK);
        c.tls_server_name = (char *)"kubernetes.other";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "kubernetes.other"));
        /* Everything inline. */
        ca = read_all(base.ca_file);
        cert = read_all(base.client_cert_file);
        key = read_all(base.client_key_file);
        wrong_ca = read_all(other_ca);
        c = (struct kubeconfig){.server = base.server, .ca_data = ca, .client_cert_data = cert, .client_key_data = key};
        assert_int_equal(get_with(&c, text), KUBE_OK);
        c.ca_data = wrong_ca;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        c.ca_data = ca;
        c.client_key_data = (char *)"not a key";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        /* A file that is not there. */
        c = base;
        c.client_cert_file = (char *)"/nonexistent/admin.crt";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "/nonexistent/admin.crt"));
        c = base;
        c.ca_file = (char *)"/nonexistent/ca.crt";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "/nonexistent/ca.crt"));
        /* Plain HTTP to a TLS port, and TLS to nobody. */
        (void)snprintf(plain, sizeof(plain), "http%s", strstr(base.server, "://"));
        c = (struct kubeconfig){.server = plain};
        assert_int_not_equal(get_with(&c, text), KUBE_OK);
}

/* The CA bundle is replaced while the agent runs: a server that does not verify has it read again, at the next request
 * and not when the cache says so. */
static void test_ca_replaced(void **state) {
        struct faultworld *x = *state;
        struct kubeconfig c = x->sim.config;
        _cleanup_free_ char *right = read_all(c.ca_file), *other = NULL;
        char path[128];
        struct kubeworld w;
        struct kubeworld_answer a;

        (void)snprintf(path, sizeof(path), "%s/other-ca.crt", x->sim.dir.path);
        other = read_all(path);
        (void)snprintf(path, sizeof(path), "%s", tempdir_write(&x->sim.dir, "bundle.crt", other));
        c.ca_file = path;
        kubeworld_open(&w, &c, 5 * USEC_PER_SEC);
        CALL(&w, &a, KUBE_UNREACHABLE, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        (void)tempdir_write(&x->sim.dir, "bundle.crt", right);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        kubeworld_close(&w);
}

/* Certificate and key are replaced one after the other, which is how anybody replaces two files: the pair that fits is
 * used until the new one does. So it is when the new key is one that OpenSSL would ask a passphrase for. */
static void test_pair_replaced(void **state) {
        struct faultworld *x = *state;
        struct kubeconfig c = x->sim.config;
        _cleanup_free_ char *cert = read_all(c.client_cert_file), *key = read_all(c.client_key_file);
        _cleanup_free_ char *other_cert = read_all("tests/kubeconfig/pem/client.pem");
        _cleanup_free_ char *other_key = read_all("tests/kubeconfig/pem/client.key");
        _cleanup_free_ char *encrypted = read_all("tests/kubeconfig/pem/client-encrypted-pkcs8.key");
        char cert_path[128], key_path[128], text[512];
        struct kubeworld w;
        struct kubeworld_answer a;

        (void)util_copy(cert_path, sizeof(cert_path), tempdir_write(&x->sim.dir, "pair.crt", other_cert));
        (void)util_copy(key_path, sizeof(key_path), tempdir_write(&x->sim.dir, "pair.key", encrypted));
        c.client_cert_file = cert_path;
        c.client_key_file = key_path;
        /* Nothing to use yet: said, not asked for, and not a crash. */
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "it is encrypted"));
        c.client_cert_data = other_cert;
        c.client_key_data = encrypted;
        c.client_cert_file = c.client_key_file = NULL;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "it is encrypted"));
        c.client_cert_data = c.client_key_data = NULL;
        c.client_cert_file = cert_path;
        c.client_key_file = key_path;

        (void)tempdir_write(&x->sim.dir, "pair.crt", cert);
        (void)tempdir_write(&x->sim.dir, "pair.key", key);
        kubeworld_open(&w, &c, 5 * USEC_PER_SEC);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        assert_string_equal(kube_credentials(w.kube)->problem, "");
        (void)tempdir_write(&x->sim.dir, "pair.key", other_key);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        kube_credentials_look(w.kube);
        assert_non_null(strstr(kube_credentials(w.kube)->problem, "cannot be used together"));
        (void)tempdir_write(&x->sim.dir, "pair.key", encrypted);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        kube_credentials_look(w.kube);
        assert_non_null(strstr(kube_credentials(w.kube)->problem, "it is encrypted"));
        (void)tempdir_write(&x->sim.dir, "pair.crt", "");
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        /* Of a CA that this server does not know: from now on it is that one which counts. */
        (void)tempdir_write(&x->sim.dir, "pair.crt", other_cert);
        (void)tempdir_write(&x->sim.dir, "pair.key", other_key);
        memset(&a, 0, sizeof(a));
        assert_int_equal(kube_placeholder_get(w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_reply, &a, NULL), 0);
        kubeworld_wait(&w, &a.is_there);
        assert_int_not_equal(a.result, KUBE_OK);
        kube_credentials_look(w.kube);
        assert_string_equal(kube_credentials(w.kube)->problem, "");
        kubeworld_close(&w);
}

static void test_token(void **state) {
        struct faultworld *x = *state;
        struct kubeconfig c = {.server = x->sim.config.server, .ca_file = x->sim.config.ca_file};
        struct kubeworld w;
        struct kubeworld_answer a;
        const char *file = tempdir_path(&x->sim.dir, "token");
        char text[512], path[128];
        static const char *const bad[] = {"", " \n", "two tokens", "a\r\nHost: evil"};

        assert_int_equal(get_with(&c, text), KUBE_DENIED);
        c.token = (char *)SIM_TOKEN;
        assert_int_equal(get_with(&c, text), KUBE_OK);
        c.token = (char *)"wrong";
        assert_int_equal(get_with(&c, text), KUBE_DENIED);
        assert_non_null(strstr(text, "You must be logged in to the server"));
        /* The file wins over the token, white space is trimmed. */
        (void)snprintf(path, sizeof(path), "%s", file);
        c.token_file = path;
        assert_int_equal(get_with(&c, text), KUBE_OK);

        /* After a 401 it is read again: the new token is used from the next request on. */
        kubeworld_open(&w, &c, 5 * USEC_PER_SEC);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        sim_control(&x->sim, "POST", "tokens", "{\"token\":\"" SIM_TOKEN "\"}");
        (void)tempdir_write(&x->sim.dir, "token", "  second-token\n\n");
        sim_control(&x->sim, "POST", "tokens", "{\"token\":\"second-token\",\"user\":\"agent\"}");
        CALL(&w, &a, KUBE_DENIED, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        kubeworld_close(&w);

        /* Unusable files: the error names the file. */
        c.token = NULL;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                (void)tempdir_write(&x->sim.dir, "token", bad[i]);
                assert_int_equal(get_with(&c, text), KUBE_DENIED);
                assert_non_null(strstr(text, path));
        }
        c.token_file = (char *)"/nonexistent/token";
        assert_int_equal(get_with(&c, text), KUBE_DENIED);
        assert_non_null(strstr(text, "/nonexistent/token: No such file"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lost_create, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_late_create, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_lost_renewal, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_refusals, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_stopped_server, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_tls, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_ca_replaced, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_pair_replaced, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_token, faultworld_setup, faultworld_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
