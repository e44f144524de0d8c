/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig files as people have them, and as they break. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "codec/kubeconfig.h"
#include "codec/kubeconfig_parts.h"

/* Certificates and keys themselves are test_tls.c's. */
#define PEM_DIR "tests/kubeconfig/pem/"

static struct tempdir dir;
static char *ca, *cert, *key; /* PEM */
static char *ca_data, *cert_data, *key_data;

static char *read_text(const char *path) {
        char *text = NULL;
        size_t size;

        if (kubeconfig_read_file(path, &text, &size) < 0)
                fail_msg("%s cannot be read; run this from the top of the tree", path);
        return text;
}

static int setup(void **state) {
        static const char *const proxies[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                              "http_proxy",  "NO_PROXY",    "no_proxy"};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(proxies); i++)
                (void)unsetenv(proxies[i]);
        ca = read_text(PEM_DIR "ca.pem");
        cert = read_text(PEM_DIR "client.pem");
        key = read_text(PEM_DIR "client.key");
        ca_data = kubeconfig_to_base64(ca);
        cert_data = kubeconfig_to_base64(cert);
        key_data = kubeconfig_to_base64(key);
        tempdir_make(&dir);
        (void)tempdir_write(&dir, "ca.pem", ca);
        (void)tempdir_write(&dir, "sub/cert.pem", cert);
        (void)tempdir_write(&dir, "sub/key.pem", key);
        (void)tempdir_write(&dir, "sub/token", " secret\n");
        (void)tempdir_write(&dir, "blank", " \n");
        (void)tempdir_write(&dir, "nopem", "hello\n");
        (void)tempdir_write(&dir, "two", "to ken\n");
        return 0;
}

static int teardown(void **state) {
        (void)state;
        tempdir_remove(&dir);
        free(ca);
        free(cert);
        free(key);
        free(ca_data);
        free(cert_data);
        free(key_data);
        return 0;
}

/* Appends text, with %A, %C, %K as the base64 of CA, certificate and key. */
static void append(char *buf, size_t size, const char *text) {
        size_t n = strlen(buf);

        for (const char *p = text; *p; p++)
                if (*p == '%' && p[1] && strchr("ACK", p[1])) {
                        p++;
                        n += (size_t)snprintf(buf + n, size - n, "%s",
                                              *p == 'A'   ? ca_data
                                              : *p == 'C' ? cert_data
                                                          : key_data);
                        assert_true(n < size);
                } else {
                        assert_true(n + 1 < size);
                        buf[n++] = *p;
                        buf[n] = '\0';
                }
}

/* One context c of cluster k and user u, with these lines in cluster and user. */
static const char *write_config(const char *cluster, const char *user) {
        char text[16384] = "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                           "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
                           "clusters:\n- name: k\n  cluster: {";

        append(text, sizeof(text), cluster);
        append(text, sizeof(text), "}\nusers:\n- name: u\n  user: {");
        append(text, sizeof(text), user);
        append(text, sizeof(text), "}\n");
        return tempdir_write(&dir, "kc", text);
}

static struct kubeconfig *load(const char *path, const char *context) {
        struct kubeconfig *k = NULL;
        struct err err = {};

        if (kubeconfig_load(&k, path, context, &err) != 0)
                fail_msg("%s", err.text);
        return k;
}

static void assert_path(const char *path, const char *name) {
        assert_string_equal(path, tempdir_path(&dir, name));
}

static void test_everything(void **state) {
        const char *path;
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        _cleanup_(kubeconfig_freep) struct kubeconfig *other = NULL;

        (void)state;
        path = tempdir_write(
                &dir, "full",
                "apiVersion: v1\nkind: Config\npreferences: {}\nextensions: [1, {a: b}]\nunknown: field\n"
                "x-common: &common {insecure-skip-tls-verify: false, proxy-url: 'socks5://u:p%25%2F@proxy:1080'}\n"
                "current-context: other\n"
                "contexts:\n"
                "- name: mine\n  context: {cluster: k8s, user: me, namespace: ops}\n"
                "- {name: other, context: {cluster: plain, user: nobody}}\n"
                "clusters:\n"
                "- name: k8s\n"
                "  cluster:\n"
                "    <<: *common\n"
                "    server: https://api.example.com:6443/clusters/a/?x=y#z\n"
                "    certificate-authority: ca.pem\n"
                "    tls-server-name: kubernetes\n"
                "    disable-compression: true\n"
                "- {name: plain, cluster: {server: http://10.0.0.1}}\n"
                "users:\n"
                "- name: me\n"
                "  user:\n"
                "    client-certificate: sub/cert.pem\n"
                "    client-key: sub/key.pem\n"
                "    token: |-\n      abc.def\n"
                "    tokenFile: sub/token\n"
                "    exec: ~\n    username: ''\n    password: ~\n    as-groups: []\n    auth-provider: null\n"
                "- {name: nobody, user: }\n"
                "- {name: unused, user: {exec: {command: x}}}\n");
        k = load(path, "mine");
        assert_string_equal(k->source, path);
        assert_string_equal(k->context, "mine");
        assert_string_equal(k->cluster, "k8s");
        assert_string_equal(k->user, "me");
        assert_string_equal(k->namespace_, "ops");
        assert_string_equal(k->server, "https://api.example.com:6443/clusters/a");
        assert_string_equal(k->tls_server_name, "kubernetes");
        assert_string_equal(k->proxy_url, "socks5://u:p%25%2F@proxy:1080");
        assert_false(k->insecure);
        assert_path(k->ca_file, "ca.pem");
        assert_null(k->ca_data);
        assert_path(k->client_cert_file, "sub/cert.pem");
        assert_path(k->client_key_file, "sub/key.pem");
        assert_null(k->client_cert_data);
        assert_null(k->client_key_data);
        assert_string_equal(k->token, "abc.def");
        assert_path(k->token_file, "sub/token");

        other = load(path, NULL);
        assert_string_equal(other->context, "other");
        assert_string_equal(other->server, "http://10.0.0.1");
        assert_string_equal(other->namespace_, "default");
        assert_null(other->token);
}

static void test_data(void **state) {
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;

        (void)state;
        k = load(write_config("server: h, certificate-authority-data: %A",
                              "client-certificate-data: %C, client-key-data: %K"),
                 NULL);
        assert_string_equal(k->server, "https://h");
        assert_string_equal(k->ca_data, ca);
        assert_string_equal(k->client_cert_data, cert);
        assert_string_equal(k->client_key_data, key);
        assert_null(k->ca_file);
}

/* client-go sends no credentials without TLS. */
static void test_no_secrets_in_the_clear(void **state) {
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        _cleanup_(kubeconfig_freep) struct kubeconfig *tls = NULL;

        (void)state;
        k = load(write_config("server: 'http://h:8080'", "token: t, tokenFile: sub/token"), NULL);
        assert_null(k->token);
        assert_null(k->token_file);
        tls = load(write_config("server: 'https://h:8080'", "token: t"), NULL);
        assert_string_equal(tls->token, "t");
}

static const struct {
        const char *yaml;
        bool insecure;
} bools[] = {
        {"true", true},     {"True", true},   {"yes", true}, {"on", true},
        {"\"true\"", true}, {"false", false}, {"No", false}, {"", false},
};

/* As client-go: a field beside one that only looks like it, and an extra that says nothing. */
static void test_ignored(void **state) {
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;

        (void)state;
        k = load(write_config("server: 'https://h', Server: 'https://other', color: red",
                              "token: t, Token: other, as-user-extra: {}"),
                 NULL);
        assert_string_equal(k->server, "https://h");
        assert_string_equal(k->token, "t");
}

static void test_tls_server_name(void **state) {
        static const char *const names[] = {"localhost", "API.Example.com", "10.0.0.1", "[fd00::1]", "a_b.c-d"};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char cluster[128];
                _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;

                (void)snprintf(cluster, sizeof(cluster), "server: h, tls-server-name: '%s'", names[i]);
                k = load(write_config(cluster, ""), NULL);
                assert_string_equal(k->tls_server_name, names[i]);
        }
}

static void test_bool(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bools); i++) {
                char cluster[128];
                _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;

                (void)snprintf(cluster, sizeof(cluster), "server: https://h, insecure-skip-tls-verify: %s",
                               bools[i].yaml);
                k = load(write_config(cluster, ""), NULL);
                assert_int_equal(k->insecure, bools[i].insecure);
        }
}

/* %F: the file, %D: its directory. */
static const struct {
        const char *cluster, *user, *message;
} bad[] = {
        {"", "", "no server found for cluster \"k\" (%F: add server: https://HOST:PORT)"},
        {"server: ''", "", "no server found for cluster \"k\" (%F: add server: https://HOST:PORT)"},
        {"server: ~", "", "no server found for cluster \"k\" (%F: add server: https://HOST:PORT)"},
        {"server: 5", "", "%F: cluster \"k\": server is not a text; write one, in quotes"},
        {"server: [a]", "", "%F: cluster \"k\": server is not a text; write one, in quotes"},
        {"server: \"https://h\\0.evil\"", "", "%F: cluster \"k\": server is not a text; write one, in quotes"},
        {"server: 'ftp://h'", "",
         "invalid server \"ftp://h\" for cluster \"k\": unsupported scheme \"ftp\", must be http or https (%F)"},
        {"server: 'https://h:0'", "",
         "invalid server \"https://h:0\" for cluster \"k\": invalid port \":0\" after host; it is 1 to 65535 (%F)"},
        {"server: 'https://h:x'", "",
         "invalid server \"https://h:x\" for cluster \"k\": invalid port \":x\" after host; it is 1 to 65535 (%F)"},
        {"server: 'https://h a'", "",
         "invalid server \"https://h a\" for cluster \"k\": invalid character in URL; write https://HOST:PORT (%F)"},
        {"server: 'https://[::1'", "",
         "invalid server \"https://[::1\" for cluster \"k\": missing ']' in host; an IPv6 address is written "
         "[ADDRESS]:PORT (%F)"},
        {"server: 'https://me:pw@h'", "",
         "invalid server \"https://***@h\" for cluster \"k\": a user name in the URL is not supported; remove it, and "
         "use a token or a client certificate (%F)"},
        {"server: https://h, proxy-url: 'ftp://p'", "",
         "invalid 'proxy-url' \"ftp://p\" for cluster \"k\": unsupported scheme \"ftp\", must be http, https, or "
         "socks5 (%F)"},
        {"server: https://h, proxy-url: 'http://'", "",
         "invalid 'proxy-url' \"http://\" for cluster \"k\": no host; write http://HOST:PORT (%F)"},
        {"server: https://h, proxy-url: 'http://a:99999'", "",
         "invalid 'proxy-url' \"http://a:99999\" for cluster \"k\": invalid port \":99999\" after host; it is 1 to "
         "65535 (%F)"},
        {"server: https://h, proxy-url: 'http://me:secret@p:port'", "",
         "invalid 'proxy-url' \"http://***@p:port\" for cluster \"k\": invalid port \":port\" after host; it is 1 to "
         "65535 (%F)"},
        {"server: https://h, tls-server-name: 'https://localhost:6443'", "",
         "%F: cluster \"k\": tls-server-name \"https://localhost:6443\" is not a host name; write the name alone, an "
         "IPv6 address as [ADDRESS]"},
        {"server: https://h, tls-server-name: 'localhost:6443'", "",
         "%F: cluster \"k\": tls-server-name \"localhost:6443\" is not a host name; write the name alone, an IPv6 "
         "address as [ADDRESS]"},
        {"server: https://h, tls-server-name: 'fd00::1'", "",
         "%F: cluster \"k\": tls-server-name \"fd00::1\" is not a host name; write the name alone, an IPv6 address as "
         "[ADDRESS]"},
        {"server: https://h, tls-server-name: 'a b'", "",
         "%F: cluster \"k\": tls-server-name \"a b\" is not a host name; write the name alone, an IPv6 address as "
         "[ADDRESS]"},
        {"Server: https://h", "", "%F: cluster \"k\": no field is called Server; write server"},
        {"server: https://h, insecure-skip-tls-Verify: true", "",
         "%F: cluster \"k\": no field is called insecure-skip-tls-Verify; write insecure-skip-tls-verify"},
        {"server: https://h", "tokenfile: sub/token", "%F: user \"u\": no field is called tokenfile; write tokenFile"},
        {"server: https://h", "Exec: {command: x}", "%F: user \"u\": no field is called Exec; write exec"},
        {"server: https://h", "client-Key: sub/key.pem",
         "%F: user \"u\": no field is called client-Key; write client-key"},
        {"server: https://h, insecure-skip-tls-verify: maybe", "",
         "%F: cluster \"k\": insecure-skip-tls-verify is neither true nor false; write one of them"},
        {"server: https://h, certificate-authority: ca.pem, certificate-authority-data: %A", "",
         "certificate-authority-data and certificate-authority are both specified for k. certificate-authority-data "
         "will override. "
         "(%F: remove one of them)"},
        {"server: https://h, certificate-authority: ca.pem, insecure-skip-tls-verify: true", "",
         "specifying a root certificates file with the insecure flag is not allowed (%F: cluster \"k\": remove one of "
         "them)"},
        {"server: https://h, certificate-authority: nowhere.pem", "",
         "unable to read certificate-authority %D/nowhere.pem for k due to No such file or directory (%F); put the "
         "file there, or correct the path"},
        {"server: https://h, certificate-authority: sub", "",
         "unable to read certificate-authority %D/sub for k due to Is a directory (%F); name a file"},
        {"server: https://h, certificate-authority: nopem", "",
         "certificate-authority %D/nopem for k holds no PEM data (%F); it begins with -----BEGIN"},
        {"server: https://h, certificate-authority-data: 'abc*'", "",
         "error loading kubeconfig file \"%F\": cluster \"k\": certificate-authority-data: illegal base64 data at "
         "input byte 3; make it with base64 -w0 of the PEM file"},
        {"server: https://h, certificate-authority-data: aGVsbG8=", "",
         "%F: cluster \"k\": certificate-authority-data holds no PEM data; make it with base64 -w0 of the PEM file"},
        {"server: https://h", "client-certificate: sub/cert.pem",
         "client-key-data or client-key must be specified for u to use the clientCert authentication method. (%F: add "
         "client-key)"},
        {"server: https://h", "client-key: sub/key.pem",
         "%F: user \"u\" has a client key but no client-certificate; add it, or remove the key"},
        {"server: https://h", "client-certificate: sub/cert.pem, client-certificate-data: %C, client-key: sub/key.pem",
         "client-cert-data and client-cert are both specified for u. client-cert-data will override. (%F: remove one "
         "of them)"},
        {"server: https://h", "client-certificate: sub/cert.pem, client-key-data: %K, client-key: sub/key.pem",
         "client-key-data and client-key are both specified for u; client-key-data will override (%F: remove one of "
         "them)"},
        {"server: https://h", "tokenFile: nowhere",
         "unable to read tokenFile %D/nowhere for u due to No such file or directory (%F); put the file there, or "
         "correct the path"},
        {"server: https://h", "tokenFile: blank", "tokenFile %D/blank for u is empty (%F); write the token into it"},
        {"server: https://h", "token: \"a\\nX: y\"",
         "%F: user \"u\": token holds white space or a control character; write the token alone, in one line"},
        {"server: https://h", "token: 12345", "%F: user \"u\": token is not a text; write one, in quotes"},
        {"server: https://h", "auth-provider: {name: gcp}",
         "%F: user \"u\": auth-provider is not supported (use exec, tokenFile or a client certificate)"},
        {"server: https://h", "token: t, auth-provider: {}",
         "%F: user \"u\": auth-provider is not supported (use exec, tokenFile or a client certificate)"},
        {"server: https://h", "token: t, username: a, password: b",
         "more than one authentication method found for u; found [token basicAuth], only one is allowed (%F: remove "
         "the "
         "others)"},
        {"server: https://h", "tokenFile: sub/token, password: b",
         "more than one authentication method found for u; found [token basicAuth], only one is allowed (%F: remove "
         "the "
         "others)"},
        {"server: https://h", "password: secret",
         "%F: user \"u\" has a password but no username; add it, or remove the password"},
        {"server: https://h", "as-uid: '5'",
         "requesting uid, groups or user-extra for u without impersonating a user (%F: add as, or remove them)"},
        {"server: https://h", "as: '', as-groups: [a]",
         "requesting uid, groups or user-extra for u without impersonating a user (%F: add as, or remove them)"},
        {"server: https://h", "as-user-extra: {a: [b]}",
         "requesting uid, groups or user-extra for u without impersonating a user (%F: add as, or remove them)"},
        {"server: https://h", "as: 5", "%F: user \"u\": as is not a text; write one, in quotes"},
        {"server: https://h", "as: \"a\\nX: y\"", "%F: user \"u\": as holds a control character; remove it"},
        {"server: https://h", "as: a, as-groups: b",
         "%F: user \"u\": as-groups has something that is not a list; write [A, B]"},
        {"server: https://h", "as: a, as-groups: [b, 5]",
         "%F: user \"u\": as-groups is not of texts; put each in quotes"},
        {"server: https://h", "as: a, as-user-extra: [b]",
         "%F: user \"u\": as-user-extra is not a mapping; write {NAME: [VALUE]}"},
        {"server: https://h", "as: a, as-user-extra: {b: c}",
         "%F: user \"u\": as-user-extra has something that is not a list; write [A, B]"},
        {"server: https://h", "tokenFile: two",
         "tokenFile %D/two for u holds white space or a control character within its text (%F); write the token alone "
         "into it"},
};

#define V1     "apiVersion: client.authentication.k8s.io/v1"
#define PLUGIN "command: aws, " V1 ", interactiveMode: Never"

/* exec of a user; what precedes it in the user. */
static const struct {
        const char *user, *exec, *message;
} bad_exec[] = {
        {"auth-provider: {name: gcp}, ", "{}",
         "authProvider cannot be provided in combination with an exec plugin for u (%F: remove auth-provider)"},
        {"", "5",
         "%F: user \"u\": exec is not a mapping; write command, apiVersion and interactiveMode below it, indented"},
        {"", "{}", "command must be specified for u to use exec authentication plugin (%F: add command)"},
        {"", "{command: '', " V1 ", interactiveMode: Never}",
         "command must be specified for u to use exec authentication plugin (%F: add command)"},
        /* Beside a token too. */
        {"token: t, ", "{}", "command must be specified for u to use exec authentication plugin (%F: add command)"},
        {"", "{command: [a, b], " V1 ", interactiveMode: Never}",
         "%F: exec of user \"u\": command is not a text; write one, in quotes"},
        {"", "{command: \"a\\0b\", " V1 ", interactiveMode: Never}",
         "%F: exec of user \"u\": command is not a text; write one, in quotes"},
        {"", "{command: aws, interactiveMode: Never}",
         "apiVersion must be specified for u to use exec authentication plugin (%F: add apiVersion)"},
        {"", "{command: aws, " V1 "}",
         "interactiveMode must be specified for u to use exec authentication plugin (%F: add interactiveMode: Never)"},
        {"", "{command: aws, " V1 ", interactiveMode: never}",
         "invalid interactiveMode for u: \"never\" (%F: write Never or IfAvailable)"},
        {"", "{command: aws, " V1 ", interactiveMode: Always}",
         "exec plugin cannot support interactive mode: standard input is not a terminal (%F: user \"u\": nobody is "
         "there to ask; write interactiveMode: Never when the plugin can do without, else use tokenFile or a client "
         "certificate)"},
        {"", "{command: aws, " V1 "alpha1}",
         "exec plugin: invalid apiVersion \"client.authentication.k8s.io/v1alpha1\" (%F: user \"u\": it is "
         "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1; have the cluster's own tool write "
         "this user again, as aws eks update-kubeconfig does, or write the one that the plugin prints)"},
        {"token: t, ", "{command: aws, apiVersion: v1, interactiveMode: Never}",
         "exec plugin: invalid apiVersion \"v1\" (%F: user \"u\": it is client.authentication.k8s.io/v1 or "
         "client.authentication.k8s.io/v1beta1; have the cluster's own tool write this user again, as aws eks "
         "update-kubeconfig does, or write the one that the plugin prints)"},
        {"", "{" PLUGIN ", args: get-token}",
         "%F: exec of user \"u\": args is not a list; begin each item with \"- \""},
        {"", "{" PLUGIN ", args: [a, 5]}", "%F: exec of user \"u\": args is not of texts; put each in quotes"},
        {"", "{" PLUGIN ", args: [\"a\\0b\"]}", "%F: exec of user \"u\": args is not of texts; put each in quotes"},
        {"", "{" PLUGIN ", env: {A: b}}", "%F: exec of user \"u\": env is not a list; begin each item with \"- \""},
        {"", "{" PLUGIN ", env: ['A=SECRET']}",
         "%F: exec of user \"u\": env has something that is not a mapping; write {name: NAME, value: VALUE}"},
        {"", "{" PLUGIN ", env: [{name: A}, ~]}",
         "env variable name must be specified for u to use exec authentication plugin (%F: write {name: NAME, value: "
         "VALUE})"},
        {"", "{" PLUGIN ", env: [{value: SECRET}]}",
         "env variable name must be specified for u to use exec authentication plugin (%F: write {name: NAME, value: "
         "VALUE})"},
        {"", "{" PLUGIN ", env: [{name: 'A=SECRET'}]}",
         "%F: env of exec of user \"u\": name holds '='; write {name: NAME, value: VALUE}"},
        {"", "{" PLUGIN ", env: [{name: A, value: 5}]}",
         "%F: env of exec of user \"u\": value is not a text; write one, in quotes"},
        {"", "{" PLUGIN ", env: [{Name: A, value: SECRET}]}",
         "%F: env of exec of user \"u\": no field is called Name; write name"},
        {"", "{" PLUGIN ", Args: [a]}", "%F: exec of user \"u\": no field is called Args; write args"},
        {"", "{" PLUGIN ", provideClusterInfo: perhaps}",
         "%F: exec of user \"u\": provideClusterInfo is neither true nor false; write one of them"},
        {"", "{" PLUGIN ", installHint: [x]}",
         "%F: exec of user \"u\": installHint is not a text; write one, in quotes"},
};

static void expand(char *buf, size_t size, const char *pattern, const char *path) {
        size_t n = 0;

        for (const char *p = pattern; *p && n + 256 < size; p++)
                if (p[0] == '%' && (p[1] == 'F' || p[1] == 'D'))
                        n += (size_t)snprintf(buf + n, size - n, "%s", *++p == 'F' ? path : dir.path);
                else
                        buf[n++] = *p;
        buf[n] = '\0';
}

static void assert_refused(const char *path, const char *context, int r, const char *pattern) {
        char expected[2048];
        struct kubeconfig *k = NULL;
        struct err err = {};
        int got = kubeconfig_load(&k, path, context, &err);

        expand(expected, sizeof(expected), pattern, path ? path : "");
        assert_null(k);
        if (got == 0 || (r != 0 && got != r))
                fail_msg("%d instead of an error: %s", got, expected);
        assert_string_equal(err.text, expected);
}

static void test_bad_entries(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_refused(write_config(bad[i].cluster, bad[i].user), NULL, 0, bad[i].message);
}

static void test_bad_exec(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(bad_exec); i++) {
                char user[512];

                (void)snprintf(user, sizeof(user), "%sexec: %s", bad_exec[i].user, bad_exec[i].exec);
                assert_refused(write_config("server: https://h", user), NULL, -EINVAL, bad_exec[i].message);
                assert_null(strstr(bad_exec[i].message, "SECRET"));
        }
}

/* As many as a list may have, and one more. */
static void test_many_args(_unused_ void **state) {
        for (size_t n = 1000; n <= 1001; n++) {
                _cleanup_free_ char *text = NULL;
                size_t size;
                FILE *f = open_memstream(&text, &size);
                const char *path;

                (void)fputs("current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                            "clusters: [{name: k, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {exec: "
                            "{" PLUGIN ", args: [a",
                            f);
                for (size_t i = 1; i < n; i++)
                        (void)fputs(", a", f);
                (void)fputs("]}}}]\n", f);
                assert_int_equal(fclose(f), 0);
                path = tempdir_write(&dir, "many", text);
                if (n == 1000) {
                        _cleanup_(kubeconfig_freep) struct kubeconfig *k = load(path, NULL);

                        assert_int_equal(k->exec->n_args, 1000);
                } else {
                        assert_refused(path, NULL, -EINVAL,
                                       "%F: exec of user \"u\": args has more than 1000 items; remove some");
                }
        }
}

/* What extensions say that is refused, when a plugin is to have it. */
static void test_bad_extensions(_unused_ void **state) {
        static const struct {
                const char *cluster, *message;
        } table[] = {
                {"server: https://h, extensions: {a: b}",
                 "%F: cluster \"k\": extensions is not a list; begin each with \"- name:\""},
                {"server: https://h, extensions: [{name: client.authentication.k8s.io/exec, extension: 5}, {name: "
                 "client.authentication.k8s.io/exec}]",
                 "%F: cluster \"k\": duplicate name \"client.authentication.k8s.io/exec\" in list; remove one of the "
                 "extensions"},
                {"server: https://h, Extensions: []", "%F: cluster \"k\": no field is called Extensions; write "
                                                      "extensions"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_refused(write_config(table[i].cluster, "exec: {" PLUGIN ", provideClusterInfo: true}"), NULL,
                               -EINVAL, table[i].message);
}

/* A plugin as it is taken: "COMMAND VERSION [ARG] {NAME=VALUE} HINT provide CONFIG", as the cluster lets it. */
static const struct {
        const char *cluster, *user, *expected;
} execs[] = {
        {"server: https://h", "exec: {" PLUGIN "}", "aws v1"},
        {"server: https://h",
         "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1, args: ~, env: ~, installHint: ~, "
         "provideClusterInfo: ~}",
         "aws v1beta1"},
        {"server: https://h",
         "exec: {command: sub/aws, " V1 ", interactiveMode: IfAvailable, args: [eks, '', ~, 'a b'], env: [{name: A, "
         "value: 'x=y'}, {name: B}, {name: A, value: z}, {name: C, value: ~}], installHint: \"get\\e[1m it\", "
         "unknown: 5}",
         "%D/sub/aws v1 [eks] [] [] [a b] {A=z} {B=} {C=} get?[1m it"},
        {"server: https://h", "exec: {command: /bin/x, " V1 ", interactiveMode: Never, provideClusterInfo: true}",
         "/bin/x v1 provide"},
        {"server: https://h, extensions: [5, ~, {name: other, extension: 5}, {name: "
         "client.authentication.k8s.io/exec, extension: {audience: 06e3fbd18de8, 'n\"': [1, -2.50, '3', true, ~, 1e3, "
         "+4, .5, 010, x]}}]",
         "exec: {" PLUGIN ", provideClusterInfo: 'true'}",
         "aws v1 provide {\"audience\":\"06e3fbd18de8\",\"n\\\"\":[1,-2.50,\"3\",true,null,1e3,4,0.5,8,\"x\"]}"},
        {"server: https://h, extensions: [{name: client.authentication.k8s.io/exec, extension: ~}]",
         "exec: {" PLUGIN ", provideClusterInfo: true}", "aws v1 provide"},
        /* As client-go: what says nothing is no second one. */
        {"server: https://h, extensions: [{name: client.authentication.k8s.io/exec}, {name: "
         "client.authentication.k8s.io/exec, extension: 5}]",
         "exec: {" PLUGIN ", provideClusterInfo: true}", "aws v1 provide 5"},
        {"server: https://h, extensions: [{name: client.authentication.k8s.io/exec, extension: 5}]",
         "exec: {" PLUGIN "}", "aws v1"},
        /* It is nobody's then. */
        {"server: https://h", "exec: ~, token: t", "-"},
        {"server: http://h", "exec: {" PLUGIN "}", "-"},
        {"server: http://h", "exec: {command: x, " V1 "beta1}", "-"},
        {"server: https://h", "token: t, exec: {" PLUGIN "}",
         "- user \"u\" has a token beside exec: the plugin is never run"},
        {"server: https://h", "tokenFile: sub/token, exec: {command: x, " V1 ", interactiveMode: Always}",
         "- user \"u\" has a token beside exec: the plugin is never run"},
        {"server: https://h", "username: me, exec: {" PLUGIN "}",
         "- user \"u\" has a password beside exec: the plugin is never run"},
        {"server: https://h", "client-certificate: sub/cert.pem, client-key: sub/key.pem, exec: {" PLUGIN "}",
         "- user \"u\" has a client certificate beside exec: the plugin is never run"},
};

static void test_exec(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(execs); i++) {
                const char *path = write_config(execs[i].cluster, execs[i].user);
                _cleanup_(kubeconfig_freep) struct kubeconfig *k = load(path, NULL);
                const struct kubeconfig_exec *x = k->exec;
                char text[2048], expected[2048];
                size_t n;

                expand(expected, sizeof(expected), execs[i].expected, path);
                if (!x) {
                        (void)snprintf(text, sizeof(text), "-%s%s", expected[1] ? " " : "",
                                       expected[1] ? k->warnings[0] : "");
                        assert_string_equal(text, expected);
                        continue;
                }
                n = (size_t)snprintf(text, sizeof(text), "%s %s", x->command, strchr(x->api_version, '/') + 1);
                for (size_t j = 0; j < x->n_args; j++)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, " [%s]", x->args[j]);
                for (size_t j = 0; j < x->n_env; j++)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, " {%s}", x->env[j]);
                (void)snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s", x->install_hint ? " " : "",
                               x->install_hint ? x->install_hint : "", x->provide_cluster_info ? " provide" : "",
                               x->cluster_config ? " " : "", x->cluster_config ? x->cluster_config : "");
                assert_string_equal(text, expected);
                for (size_t j = 0; j < k->n_warnings; j++)
                        assert_null(strstr(k->warnings[j], "anonymous"));
        }
}

#define C "contexts: [{name: c, context: {cluster: k, user: u}}]\n"

static const struct {
        const char *text, *context, *message;
} files[] = {
        {"a: b: c\n", NULL, "%F:1:5: invalid nested block mapping on the same line; correct the YAML there"},
        {"clusters:\n- name: [1\n", NULL, "%F:3:1: flow sequence without a closing bracket; correct the YAML there"},
        {"a: 1\na: 2\n", NULL, "%F:2:1: duplicate key; remove one of the two"},
        {"a: *nope\n", NULL, "%F:1:5: invalid alias; correct the YAML there"},
        {"a: &a [*a]\n", NULL,
         "%F:1:1: too large or too deep (more than 100000 values or 64 levels, aliases expanded); is the path right?"},
        {"a: \xff\n", NULL, "%F:1:4: invalid UTF-8 or a NUL byte; replace or remove it"},
        {"a: ok\nb: \xed\xa0\x80\n", NULL, "%F:2:4: invalid UTF-8 or a NUL byte; replace or remove it"},
        {"a: \xc0\xaf\n", NULL, "%F:1:4: invalid UTF-8 or a NUL byte; replace or remove it"},
        {"%YAML 9.0\n--- a\n", NULL, "%F:1:1: not a YAML document; is the path right?"},
        {"just text\n", NULL,
         "%F:1:1: not a mapping: a kubeconfig has apiVersion, clusters, users, contexts; is the path right?"},
        {"- a\n", NULL,
         "%F:1:1: not a mapping: a kubeconfig has apiVersion, clusters, users, contexts; is the path right?"},
        {"<html><body>502</body></html>\n", NULL,
         "%F:1:1: not a mapping: a kubeconfig has apiVersion, clusters, users, contexts; is the path right?"},
        {"apiVersion: v2\n", NULL, "error loading kubeconfig file \"%F\": apiVersion is \"v2\", must be \"v1\""},
        {"Clusters: []\n", NULL, "error loading kubeconfig file \"%F\": no field is called Clusters; write clusters"},
        {"current-context: c\ncontexts: [{name: c, context: {Cluster: k, user: u}}]\n", NULL,
         "%F: context \"c\": no field is called Cluster; write cluster"},
        {"kind: Pod\n", NULL, "error loading kubeconfig file \"%F\": kind is \"Pod\", must be \"Config\""},
        {"current-context: [a]\n", NULL,
         "error loading kubeconfig file \"%F\": current-context is not a text; put it in quotes"},
        {"clusters: {a: b}\n", NULL,
         "error loading kubeconfig file \"%F\": clusters is not a list; begin each entry with \"- name:\""},
        {"current-context: c\n" C "clusters: [{name: k}]\nusers: [{name: u, user: text}]\n", NULL,
         "error loading kubeconfig file \"%F\": user \"u\" is not a mapping; write its fields below it, indented, or "
         "{} for none"},
        /* Nobody can use what has no name, or is none of ours. */
        {"current-context: c\nusers: [a, ~, {name: ~}, {name: 5}, {user: {}}, {name: x, user: text}]\n", NULL,
         "context was not found for specified context: c (%F: add it or correct the name; there are no contexts)"},
        {"clusters: [{name: x}, {name: x}]\n", NULL,
         "error loading kubeconfig file \"%F\": error converting *[]NamedCluster into *map[string]*api.Cluster: "
         "duplicate name \"x\" in list; remove or rename one"},
        {"users: [{name: x}, {name: y}, {name: x}]\n", NULL,
         "error loading kubeconfig file \"%F\": error converting *[]NamedAuthInfo into *map[string]*api.AuthInfo: "
         "duplicate name \"x\" in list; remove or rename one"},
        {"", NULL,
         "no configuration has been provided: %F has no current-context; set it there, or context in leader-agent.conf "
         "(leaderctl: --context); there are no contexts"},
        {"# empty\n---\n", NULL,
         "no configuration has been provided: %F has no current-context; set it there, or context in leader-agent.conf "
         "(leaderctl: --context); there are no contexts"},
        {"current-context: ''\n" C, NULL,
         "no configuration has been provided: %F has no current-context; set it there, or context in leader-agent.conf "
         "(leaderctl: --context); there are: c"},
        /* libfyaml's own JSON emitter crashes on such an end. */
        {"kind: Config\ncurrent-context: |\n", NULL,
         "no configuration has been provided: %F has no current-context; set it there, or context in leader-agent.conf "
         "(leaderctl: --context); there are no contexts"},
        {"current-context: true\n", NULL,
         "error loading kubeconfig file \"%F\": current-context is not a text; put it in quotes"},
        {"kind: Config\n? >\n", NULL,
         "no configuration has been provided: %F has no current-context; set it there, or context in leader-agent.conf "
         "(leaderctl: --context); there are no contexts"},
        {"current-context: ~\n" C, NULL,
         "no configuration has been provided: %F has no current-context; set it there, or context in leader-agent.conf "
         "(leaderctl: --context); there are: c"},
        {"current-context: \"~\"\n" C, NULL,
         "context was not found for specified context: ~ (%F: add it or correct the name; there are: c)"},
        {"current-context: x\n" C, NULL,
         "context was not found for specified context: x (%F: add it or correct the name; there are: c)"},
        {"current-context: c\n" C, "y", "context \"y\" does not exist (%F: add it or correct the name; there are: c)"},
        {"current-context: c\n" C, NULL,
         "cluster \"k\" was not found for context \"c\" (%F: add it or correct the name; there are no clusters)"},
        {"current-context: c\n" C "clusters: [{name: k}]\n", NULL,
         "user \"u\" was not found for context \"c\" (%F: add it or correct the name; there are no users)"},
        {"current-context: c\n" C "clusters: [{name: k}]\nusers: [{name: u}]\n", NULL,
         "no server found for cluster \"k\" (%F: add server: https://HOST:PORT)"},
        {"current-context: c\ncontexts: [{name: c, context: {user: u}}]\n", NULL,
         "%F: context \"c\" names no cluster; add cluster: NAME, one of clusters; there are no clusters"},
        {"current-context: c\ncontexts: [{name: c}]\n", NULL,
         "%F: context \"c\" names no cluster; add cluster: NAME, one of clusters; there are no clusters"},
        {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: A_b}}]\nclusters: [{name: "
         "k}]\n"
         "users: [{name: u}]\n",
         NULL, "invalid namespace \"A_b\" for context \"c\" (%F: it is of lower-case letters, digits and '-')"},
};

static void test_bad_files(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_refused(tempdir_write(&dir, "bad", files[i].text), files[i].context, -EINVAL, files[i].message);
        assert_refused(tempdir_write_bytes(&dir, "bad", "a: \0b\n", 6), NULL, -EINVAL,
                       "%F:1:4: invalid UTF-8 or a NUL byte; replace or remove it");
        assert_refused(tempdir_write_bytes(&dir, "bad", "\xff\xfek\0:\0", 6), NULL, -EINVAL,
                       "%F:1:1: UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8 %F >NEW");
        assert_refused("/dev/zero", NULL, -EINVAL,
                       "error loading kubeconfig file \"%F\": it is not a regular file; name a file");
        assert_refused("/dev/null", NULL, -EINVAL,
                       "no configuration has been provided: %F has no current-context; set it there, or context in "
                       "leader-agent.conf (leaderctl: --context); there are no contexts");
        assert_refused(tempdir_path(&dir, "absent"), NULL, -ENOENT,
                       "error loading kubeconfig file \"%F\": No such file or directory; put the file there, or "
                       "correct the path");
        assert_refused(tempdir_path(&dir, "sub"), NULL, -EISDIR,
                       "error loading kubeconfig file \"%F\": Is a directory; name a file");
}

/* What could be meant is listed, as far as a line goes. */
static void test_many_names(void **state) {
        char text[4096] = "current-context: none\ncontexts:\n";
        struct kubeconfig *k = NULL;
        struct err err = {};

        (void)state;
        for (int i = 0; i < 50; i++) {
                size_t n = strlen(text);

                (void)snprintf(text + n, sizeof(text) - n, "- name: context-%02d\n", i);
                assert_int_equal(kubeconfig_load(&k, tempdir_write(&dir, "many", text), NULL, &err), -EINVAL);
                assert_non_null(strstr(err.text, "many: add it or correct the name; there are: context-00"));
                assert_string_equal(err.text + strlen(err.text) - 1, ")");
                assert_true(strlen(err.text) < 500);
                if (i == 20)
                        assert_non_null(strstr(err.text, ", context-20)"));
        }
        assert_non_null(strstr(err.text, ", context-21, "));
        assert_non_null(strstr(err.text, "…)"));
}

/* A few lines must not become gigabytes. */
static void test_alias_bomb(void **state) {
        char text[2048] = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n";
        char *deep;
        struct kubeconfig *k = NULL;
        struct err err = {};
        char *huge;

        (void)state;
        for (int i = 1; i < 12; i++) {
                size_t n = strlen(text);

                (void)snprintf(text + n, sizeof(text) - n,
                               "x%d: &x%d [*x%d, *x%d, *x%d, *x%d, *x%d, *x%d, *x%d, *x%d]\n", i, i, i - 1, i - 1,
                               i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        }
        assert_refused(tempdir_write(&dir, "bomb", text), NULL, -EINVAL,
                       "%F:1:1: too large or too deep (more than 100000 values or 64 levels, aliases expanded); is the "
                       "path right?");

        deep = malloc(300001);
        assert_non_null(deep);
        memset(deep, '[', 300000);
        deep[300000] = '\0';
        assert_int_equal(kubeconfig_load(&k, tempdir_write(&dir, "deep", deep), NULL, &err), -EINVAL);
        free(deep);

        huge = calloc(1, 1024 * 1024 + 2);
        assert_non_null(huge);
        memset(huge, '#', 1024 * 1024 + 1);
        assert_refused(tempdir_write(&dir, "huge", huge), NULL, -EFBIG,
                       "error loading kubeconfig file \"%F\": File too large; 1 MiB is the most: correct the path");
        free(huge);
}

static void test_merge(void **state) {
        char list[512];
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        struct kubeconfig *none = NULL;
        struct err err = {};
        char expected[1024];
        _cleanup_(kubeconfig_freep) struct kubeconfig *home = NULL;

        (void)state;
        /* First file wins per entry, never per field; scalars: first that is not empty. */
        (void)tempdir_write(&dir, "m/one",
                            "current-context: ''\nclusters: [{name: k, cluster: {server: 'https://one'}}]\n");
        (void)tempdir_write(&dir, "m/sub/two",
                            "current-context: c\n" C
                            "clusters: [{name: k, cluster: {server: 'https://two', tls-server-name: two}}]\n"
                            "users: [{name: u, user: {tokenFile: ../token}}]\n");
        (void)tempdir_write(&dir, "m/token", "t");
        (void)tempdir_write(&dir, "m/three", "current-context: d\nusers: [{name: u, user: {username: x}}]\n");
        (void)snprintf(list, sizeof(list), ":%s/m/none:%s/m/one:%s/m/one:%s/m/sub/two:%s/m/three:", dir.path, dir.path,
                       dir.path, dir.path, dir.path);
        assert_int_equal(setenv("KUBECONFIG", list, 1), 0);
        k = load(NULL, NULL);
        assert_string_equal(k->server, "https://one");
        assert_null(k->tls_server_name);
        assert_string_equal(k->context, "c");
        assert_path(k->source, "m/sub/two");
        assert_path(k->token_file, "m/sub/../token");

        /* A file that cannot be parsed is an error, also when others would do. */
        (void)tempdir_write(&dir, "m/three", "a: [\n");
        assert_int_equal(kubeconfig_load(&none, NULL, NULL, &err), -EINVAL);
        assert_non_null(strstr(err.text, "/m/three:2:1: flow sequence without a closing bracket"));

        (void)snprintf(list, sizeof(list), "%s/m/none:%s/m/nil", dir.path, dir.path);
        assert_int_equal(setenv("KUBECONFIG", list, 1), 0);
        assert_int_equal(kubeconfig_load(&none, NULL, NULL, &err), -ENOENT);
        (void)snprintf(expected, sizeof(expected),
                       "no configuration has been provided: there is no file %s; say which one (leaderctl "
                       "list, fence: --kubeconfig FILE, on an agent's host as root --kubeconfig "
                       "/etc/leader-agent/kubeconfig; leader-agent: kubeconfig = \"FILE\" in leader-agent.conf)",
                       list);
        assert_string_equal(err.text, expected);

        assert_int_equal(unsetenv("KUBECONFIG"), 0);
        assert_int_equal(setenv("HOME", tempdir_path(&dir, "home"), 1), 0);
        (void)tempdir_write(&dir, "home/.kube/config",
                            "current-context: c\n" C "clusters: [{name: k, cluster: {server: home}}]\n"
                            "users: [{name: u}]\n");
        home = load(NULL, NULL);
        assert_string_equal(home->server, "http://home");
}

static const struct {
        const char *server;
        bool tls;
        const char *url; /* NULL: refused */
} servers[] = {
        {"https://h", false, "https://h"},
        {"HTTPS://h/", false, "https://h"},
        {"http://h", true, "http://h"},
        {"h:6443", true, "https://h:6443"},
        {"h", false, "http://h"},
        {"h/p/q/", true, "https://h/p/q"},
        {"https://h?a", true, "https://h"},
        {"https://h#a", true, "https://h"},
        {"https://h//", true, "https://h"},
        {"https://[fd00::1]:6443/x", true, "https://[fd00::1]:6443/x"},
        {"https://:6443", true, "https://localhost:6443"},
        {"https://", true, "https://localhost"},
        {"h/http://x", true, "https://h/http://x"},
        {"https://h:65536", true, NULL},
        {"https://h:", true, "https://h"},
        {"https://h:1:2", true, NULL},
        {"https://h:-1", true, NULL},
        {"https://[]", true, NULL},
        {"https://[::1]x", true, NULL},
        {"https://fd00::1", true, NULL},
        {"https://h\\x", true, NULL},
        {"https://h\x7f", true, NULL},
        {"https://u@h", true, NULL},
        {"unix:///run/x", true, NULL},
};

static void test_server(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(servers); i++) {
                _cleanup_free_ char *url = NULL;
                struct err err = {};
                int r = kubeconfig_server(servers[i].server, servers[i].tls, &url, &err);

                if (r != (servers[i].url ? 0 : -EINVAL) || !util_streq(url, servers[i].url))
                        fail_msg("%s: %d, %s", servers[i].server, r, url ? url : err.text);
        }
}

/* What is shown of a URL that is refused: nothing that may be a password, whatever is wrong with it. */
static void test_nothing_secret(void **state) {
        static const char *const urls[] = {
                "http://me:secret@h:port", "http://me:secret@h:0",    "http://secret@h:x",
                "http://me:secret/x@h:1",  "http://me:secret?x@h:1",  "http://me:#secret@h:1",
                "http://me:se@secret@h:x", "me:secret@h:1",           "ftp://me:secret@h",
                "http://me:secret @h",     "http://me:secret\x7f@h",  "http://me:secret@",
                "me:secret@h://x",         "http://me:secret@[::1",   "http://h:x?token=secret",
                "http://me:%00secret@h:1", "http://me:secret%7f@h:1", "http://me:secret%4@h:1",
                "http://%zzsecret@h:1",    "http://h:x#secret",
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(urls); i++)
                for (int proxy = 0; proxy < 2; proxy++) {
                        char cluster[256];
                        struct kubeconfig *k = NULL;
                        struct err err = {};

                        (void)snprintf(cluster, sizeof(cluster),
                                       proxy ? "server: h, proxy-url: \"%s\"" : "server: \"%s\"", urls[i]);
                        assert_int_equal(kubeconfig_load(&k, write_config(cluster, ""), NULL, &err), -EINVAL);
                        if (strstr(err.text, "secret") || strstr(err.text, ":se"))
                                fail_msg("%s: %s", urls[i], err.text);
                }
}

static const struct {
        const char *text, *decoded; /* NULL: refused */
        size_t bad;
} base64s[] = {
        {"", "", 0},           {"YQ==", "a", 0},         {"YWI=", "ab", 0},
        {"YWJj", "abc", 0},    {"YW\nJj\r\n", "abc", 0}, {"YWJjZA==", "abcd", 0},
        {"YQ=\n=", "a", 0},    {"Y", NULL, 1},           {"YQ", NULL, 2},
        {"YWI", NULL, 3},      {"YQ=", NULL, 3},         {"Y===", NULL, 1},
        {"====", NULL, 0},     {"YQ===", NULL, 4},       {"YWI==", NULL, 4},
        {"YQ==YQ==", NULL, 4}, {"YWJj=", NULL, 4},       {"YW Jj", NULL, 2},
        {"YW-j", NULL, 2},     {"YW_j", NULL, 2},
};

static void test_base64(void **state) {
        char *out = NULL;
        size_t size, at;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(base64s); i++) {
                _cleanup_free_ char *decoded = NULL;
                size_t n = 0, at_byte = 0;
                int r = kubeconfig_base64(base64s[i].text, &decoded, &n, &at_byte);

                if (base64s[i].decoded) {
                        assert_int_equal(r, 0);
                        assert_string_equal(decoded, base64s[i].decoded);
                        assert_int_equal(n, strlen(base64s[i].decoded));
                } else if (r != -EINVAL || at_byte != base64s[i].bad) {
                        fail_msg("%s: %d at %zu", base64s[i].text, r, at_byte);
                }
        }
        assert_int_equal(kubeconfig_base64("AAD/+/8=", &out, &size, &at), 0);
        assert_int_equal(size, 5);
        assert_memory_equal(out, "\0\0\xff\xfb\xff", 6);
        free(out);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everything),
                cmocka_unit_test(test_data),
                cmocka_unit_test(test_no_secrets_in_the_clear),
                cmocka_unit_test(test_ignored),
                cmocka_unit_test(test_tls_server_name),
                cmocka_unit_test(test_bool),
                cmocka_unit_test(test_bad_entries),
                cmocka_unit_test(test_bad_exec),
                cmocka_unit_test(test_bad_extensions),
                cmocka_unit_test(test_many_args),
                cmocka_unit_test(test_exec),
                cmocka_unit_test(test_bad_files),
                cmocka_unit_test(test_alias_bomb),
                cmocka_unit_test(test_many_names),
                cmocka_unit_test(test_merge),
                cmocka_unit_test(test_server),
                cmocka_unit_test(test_nothing_secret),
                cmocka_unit_test(test_base64),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
