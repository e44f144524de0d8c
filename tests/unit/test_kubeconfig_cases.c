/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig files that were met (tests/kubeconfig/cases) and their kin: what becomes of each, in one line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "codec/conf_report.h"
#include "codec/kubeconfig.h"
#include "codec/kubeconfig_parts.h"

#define CASES "tests/kubeconfig/cases/"

static struct tempdir dir;

static const char *const proxies[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"};

static int setup(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(proxies); i++)
                (void)unsetenv(proxies[i]);
        (void)unsetenv("KUBECONFIG");
        tempdir_make(&dir);
        (void)tempdir_write(&dir, "token", "from-file\n");
        (void)tempdir_write(&dir, "empty", "\n");
        return 0;
}

static int teardown(_unused_ void **state) {
        tempdir_remove(&dir);
        return 0;
}

static const char *or_none(const char *s) {
        return s ? s : "-";
}

/* "SERVER proxy name token tokenFile basic [exec COMMAND ARGS VARIABLES provide (HINT) CONFIG] [headers] | warnings",
 * "-" for none; or "error: TEXT". */
static void outcome(const char *path, char *buf, size_t size) {
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        struct err err = {};
        size_t n;

        if (kubeconfig_load(&k, path, NULL, &err) < 0) {
                assert_null(k);
                (void)snprintf(buf, size, "error: %s", err.text);
                return;
        }
        n = (size_t)snprintf(buf, size, "%s %s %s %s %s %s", k->server, or_none(k->proxy_url),
                             or_none(k->tls_server_name), or_none(k->token),
                             k->token_file ? strrchr(k->token_file, '/') + 1 : "-", or_none(k->basic));
        if (k->exec)
                n += (size_t)snprintf(buf + n, size - n, " exec %s %zu %zu %d", k->exec->command, k->exec->n_args,
                                      k->exec->n_env, k->exec->provide_cluster_info);
        if (k->exec && k->exec->install_hint)
                n += (size_t)snprintf(buf + n, size - n, " (%s)", k->exec->install_hint);
        if (k->exec && k->exec->cluster_config)
                n += (size_t)snprintf(buf + n, size - n, " %s", k->exec->cluster_config);
        for (size_t i = 0; i < k->n_headers; i++)
                n += (size_t)snprintf(buf + n, size - n, " [%s]", k->headers[i]);
        for (size_t i = 0; i < k->n_warnings; i++)
                n += (size_t)snprintf(buf + n, size - n, " | %s", k->warnings[i]);
}

/* Of text that begins with "error: " a part of what follows has to be there, else the whole. */
static void assert_outcome(const char *what, const char *path, const char *expected) {
        char text[4096];
        bool same;

        outcome(path, text, sizeof(text));
        same = strncmp(expected, "error: ", 7) == 0 ? strncmp(text, "error: ", 7) == 0 && strstr(text, expected + 7)
                                                    : util_streq(text, expected);
        if (!same)
                fail_msg("%s:\n  %s\ninstead of\n  %s", what, text, expected);
}

static const struct {
        const char *file, *expected;
} met[] = {
        {"03-dup-server-key.yaml", "error: 03-dup-server-key.yaml:6:44: duplicate key; remove one of the two"},
        {"04-empty-user-http.yaml",
         "http://127.0.0.1:16444 - - - - - | server http://127.0.0.1:16444: without TLS no credentials are sent, and "
         "whoever is on the way reads and changes what is"},
        {"11-null-item-in-list.yaml", "https://127.0.0.1:16443 - - t0ken - -"},
        {"116-tokenfile-missing.yaml",
         "error: unable to read tokenFile /nonexistent/token for u due to No such file or directory"},
        {"117-token-and-missing-tokenfile.yaml",
         "https://127.0.0.1:16443 - - t0ken token - | unable to read tokenFile /nonexistent/token for u due to No such "
         "file or directory (%D/117-token-and-missing-tokenfile.yaml); put the file there, or "
         "correct the path; until it can be read, token is used"},
        {"121-token-file-key-lowercase.yaml", "error: user \"u\": no field is called tokenfile; write tokenFile"},
        {"25-utf16.yaml", "error: UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8"},
        {"254-tsn-with-url.yaml", "error: tls-server-name \"https://localhost:6443\" is not a host name"},
        {"313-no-port.yaml", "https://127.0.0.1:16443 http://127.0.0.1:80 - t0ken - -"},
        {"314-password-bad-port.yaml", "error: invalid 'proxy-url' \"http://***@"},
        {"39-as-user-extra-empty.yaml", "https://127.0.0.1:16443 - - t0ken - -"},
        {"64-ca-broken-second.yaml",
         "https://127.0.0.1:16443 - - t0ken - - | 1 block of the certificate authority (in the kubeconfig) cannot be "
         "read and is skipped"},
        {"67-ca-leading-spaces.yaml",
         "error: the certificate authority (in the kubeconfig) cannot be used: it holds no "
         "certificate"},
        /* Plugins, as the tools of the clouds write them. */
        {"exec-eks.yaml", "https://127.0.0.1:16443 - - - - - exec aws 8 1 0"},
        {"exec-eks-v1alpha1.yaml",
         "error: exec plugin: invalid apiVersion \"client.authentication.k8s.io/v1alpha1\" (%D/"
         "exec-eks-v1alpha1.yaml: user \"u\": it is client.authentication.k8s.io/v1 or "},
        {"exec-gke.yaml",
         "https://127.0.0.1:16443 - - - - - exec gke-gcloud-auth-plugin 0 0 1 (Install gke-gcloud-auth-plugin for use "
         "with kubectl by following "
         "https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin)"},
        {"exec-aks.yaml",
         "https://127.0.0.1:16443 - - - - - exec kubelogin 7 0 0 (\nkubelogin is not installed which is required to "
         "connect to AAD enabled cluster.\n)"},
        {"exec-teleport.yaml", "https://127.0.0.1:16443 - - - - - exec /usr/local/bin/tsh 5 0 0"},
        {"exec-pinniped.yaml", "https://127.0.0.1:16443 - - - - - exec %D/./bin/pinniped 2 0 1 "
                               "{\"audience\":\"06e3fbd18de8\",\"retries\":3,\"quorum\":0.50}"},
        {"exec-oidc-always.yaml",
         "error: exec plugin cannot support interactive mode: standard input is not a terminal "},
        {"exec-and-token.yaml",
         "https://127.0.0.1:16443 - - t0ken - - | user \"u\" has a token beside exec: the plugin is never run"},
        {"exec-and-auth-provider.yaml",
         "error: authProvider cannot be provided in combination with an exec plugin for u "},
        {"exec-v1-without-mode.yaml",
         "error: interactiveMode must be specified for u to use exec authentication plugin "},
        {"exec-http.yaml",
         "http://127.0.0.1:16444 - - - - - | server http://127.0.0.1:16444: without TLS no credentials are sent, and "
         "whoever is on the way reads and changes what is"},
};

/* From a directory that nobody else may enter: who may read the tree that is tested is not what this is about. */
static void test_met(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(met); i++) {
                _cleanup_free_ char *text = NULL;
                char path[128], expected[1024];
                const char *at = strstr(met[i].expected, "%D");
                size_t size;

                (void)snprintf(path, sizeof(path), CASES "%s", met[i].file);
                assert_int_equal(kubeconfig_read_file(path, &text, &size), 0);
                (void)snprintf(expected, sizeof(expected), "%.*s%s%s",
                               (int)(at ? (size_t)(at - met[i].expected) : strlen(met[i].expected)), met[i].expected,
                               at ? dir.path : "", at ? at + 2 : "");
                assert_outcome(met[i].file, tempdir_write_bytes(&dir, met[i].file, text, size), expected);
        }
}

#define SYSTEM "cluster \"k\" names no certificate-authority: those of this system are trusted"
#define NOBODY "user \"u\" has no token, client certificate, password or exec: requests go out anonymous"

/* What stands in cluster and user. */
static const struct {
        const char *cluster, *user, *expected;
} kin[] = {
        /* whom it is */
        {"server: 'https://h'", "", "https://h - - - - - | " SYSTEM " | " NOBODY},
        {"server: 'https://h'", "token: t, tokenFile: empty",
         "https://h - - t empty - | tokenFile %D/empty for u is empty (%D/kc); write the token into it; until it can "
         "be "
         "read, token is used | " SYSTEM},
        {"server: 'https://h'", "token: t, tokenFile: token", "https://h - - t token - | " SYSTEM},
        {"server: 'https://h'", "tokenFile: token", "https://h - - - token - | " SYSTEM},
        {"server: 'https://h'", "username: me, password: 'p:w'", "https://h - - - - bWU6cDp3 | " SYSTEM},
        {"server: 'https://h'", "username: me", "https://h - - - - bWU6 | " SYSTEM},
        {"server: 'http://h'", "username: me, password: pw, as: you",
         "http://h - - - - - [Impersonate-User: you] | server http://h: without TLS no credentials are sent, and "
         "whoever is on the way reads and changes what is"},
        /* for whom it speaks */
        {"server: 'https://h'", "token: t, as: you", "https://h - - t - - [Impersonate-User: you] | " SYSTEM},
        {"server: 'https://h'",
         "token: t, as: you, as-uid: '5', as-groups: [a, 'b c', ''], as-user-extra: {x: [1st, 2nd], 'a/b%ü': [y], "
         "none: "
         "[], nil: ~}",
         "https://h - - t - - [Impersonate-User: you] [Impersonate-Uid: 5] [Impersonate-Group: a] [Impersonate-Group: "
         "b "
         "c] [Impersonate-Group;] [Impersonate-Extra-x: 1st] [Impersonate-Extra-x: 2nd] "
         "[Impersonate-Extra-a%2Fb%25%C3%BC: y] | " SYSTEM},
        {"server: 'https://h'", "token: t, as: '', as-uid: '', as-groups: [], as-user-extra: {}",
         "https://h - - t - - | " SYSTEM},
        /* addresses */
        {"server: 'https://h:'", "token: t", "https://h - - t - - | " SYSTEM},
        {"server: 'https://[::1]:/x/'", "token: t", "https://[::1]/x - - t - - | " SYSTEM},
        {"server: 'https://h', insecure-skip-tls-verify: true", "token: t",
         "https://h - - t - - | insecure-skip-tls-verify: whoever answers at https://h is believed; name the cluster's "
         "CA with certificate-authority instead"},
        /* proxies */
        {"server: 'https://h', proxy-url: 'http://p'", "token: t", "https://h http://p:80 - t - - | " SYSTEM},
        {"server: 'https://h', proxy-url: 'http://p/'", "token: t", "https://h http://p:80 - t - - | " SYSTEM},
        {"server: 'https://h', proxy-url: 'http://p:'", "token: t", "https://h http://p:80 - t - - | " SYSTEM},
        {"server: 'https://h', proxy-url: 'HTTPS://u:w@p'", "token: t",
         "https://h https://u:w@p:443 - t - - | " SYSTEM},
        {"server: 'https://h', proxy-url: 'Socks5://[::1]'", "token: t",
         "https://h socks5://[::1]:1080 - t - - | " SYSTEM},
        {"server: 'https://h', proxy-url: 'socks5://[::1]:9'", "token: t",
         "https://h socks5://[::1]:9 - t - - | " SYSTEM},
        {"server: 'https://h', proxy-url: 'http://:3128'", "token: t", "error: no host"},
        {"server: 'https://h', proxy-url: 'socks5h://p'", "token: t", "error: unsupported scheme \"socks5h\""},
};

static void test_kin(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(kin); i++) {
                char text[2048], expected[2048] = "";
                const char *path;
                size_t n = 0;

                (void)snprintf(text, sizeof(text),
                               "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                               "clusters:\n- name: k\n  cluster: {%s}\nusers:\n- name: u\n  user: {%s}\n",
                               kin[i].cluster, kin[i].user);
                path = tempdir_write(&dir, "kc", text);
                for (const char *p = kin[i].expected; *p; p++)
                        if (p[0] == '%' && p[1] == 'D')
                                n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s", (p++, dir.path));
                        else
                                expected[n++] = *p;
                assert_outcome(text, path, expected);
        }
}

#define GOOD                                                                                                           \
        "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"                                  \
        "clusters: [{name: k, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {token: t}}]\n"

/* Whole files: what nobody uses need not be sound. */
static const struct {
        const char *text, *expected;
} files[] = {
        {GOOD, "https://h - - t - - | " SYSTEM},
        {GOOD "preferences: 5\nextensions: ~\n", "https://h - - t - - | " SYSTEM},
        {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
         "clusters:\n-\n- name: k\n  cluster: {server: 'https://h'}\n-   # nothing\n- \n-\n"
         "users:\n  -\n  - name: u\n    user: {token: t}\n  - {user: {exec: 5}}\n  - name: v\n    user: [1]\n  -\n"
         "  - {name: w, user: {client-key-data: '*', as: 5, tokenfile: x}}\n",
         "https://h - - t - - | " SYSTEM},
        /* A line of a text is no item. */
        {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
         "clusters: [{name: k, cluster: {server: 'https://h'}}]\n"
         "x: |\n  -\n  - y\nusers:\n-\n\n# -\n- name: u\n  user:\n    token: |-\n      -\n",
         "https://h - - - - - | " SYSTEM},
        {"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
         "clusters: [{name: k, cluster: {server: 'https://h'}}]\n",
         "https://h - - - - - | " SYSTEM " | context \"c\" names no user: requests go out anonymous"},
        {"current-context: c\ncontexts: [{name: c, context: {cluster: k, user: v}}]\n"
         "clusters: [{name: k, cluster: {server: 'https://h'}}]\nusers: [{name: u}]\n",
         "error: user \"v\" was not found for context \"c\""},
        {GOOD "users: []\n", "error: duplicate key; remove one of the two"},
};

static void test_files(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_outcome(files[i].text, tempdir_write(&dir, "kc", files[i].text), files[i].expected);
}

/* Lists of files, with one that says nothing, one that is missing and an empty name. */
static void test_list(_unused_ void **state) {
        char list[512];

        (void)snprintf(list, sizeof(list), "/dev/null::%s/none:%s", dir.path, tempdir_write(&dir, "kc", GOOD));
        (void)setenv("KUBECONFIG", list, 1);
        assert_outcome(list, NULL, "https://h - - t - - | " SYSTEM);
        (void)setenv("KUBECONFIG", "/dev/null", 1);
        assert_outcome("/dev/null", NULL,
                       "error: no configuration has been provided: /dev/null has no current-context");
        (void)unsetenv("KUBECONFIG");
}

/* ---- who else may read and change it ---- */

/* Files in a directory of that mode, and what is said of them. */
static const struct {
        mode_t directory, kubeconfig, key, token, ca;
        bool secret; /* a token in the kubeconfig itself, of a user that is not in use */
        const char *expected;
} modes[] = {
        {0755, 0640, 0640, 0640, 0644, true, ""},
        {0755, 0660, 0660, 0660, 0664, true, ""},
        {0755, 0644, 0600, 0600, 0644, true, " | %D/kc can be read by anybody on this host; run: chmod o= %D/kc"},
        {0755, 0644, 0600, 0600, 0644, false, ""},
        {0755, 0646, 0600, 0600, 0644, false, " | %D/kc can be changed by anybody on this host; run: chmod o-w %D/kc"},
        {0755, 0646, 0600, 0600, 0644, true,
         " | %D/kc can be read and changed by anybody on this host; run: chmod o= %D/kc"},
        {0755, 0600, 0644, 0600, 0644, true,
         " | client-key %D/client.key can be read by anybody on this host; run: chmod o= %D/client.key"},
        {0755, 0600, 0600, 0604, 0644, true,
         " | tokenFile %D/token can be read by anybody on this host; run: chmod o= %D/token"},
        {0755, 0600, 0600, 0602, 0644, true,
         " | tokenFile %D/token can be changed by anybody on this host; run: chmod o= %D/token"},
        {0755, 0600, 0600, 0600, 0666, true,
         " | certificate-authority %D/ca.pem can be changed by anybody on this host; run: chmod o-w %D/ca.pem"},
        {0750, 0666, 0666, 0666, 0666, true, ""},
        {0700, 0666, 0666, 0666, 0666, true, ""},
        {0711, 0600, 0644, 0600, 0644, true,
         " | client-key %D/client.key can be read by anybody on this host; run: chmod o= %D/client.key"},
};

static void copy_pem(const char *name) {
        _cleanup_free_ char *text = NULL;
        char path[128];
        size_t size;

        (void)snprintf(path, sizeof(path), "tests/kubeconfig/pem/%s", name);
        assert_int_equal(kubeconfig_read_file(path, &text, &size), 0);
        (void)tempdir_write(&dir, name, text);
}

/* "%D" is the directory. */
static void expand(const char *text, char *buf, size_t size) {
        size_t n = 0;

        for (; *text && n + 1 < size; text++)
                if (strncmp(text, "%D", 2) == 0) {
                        n += (size_t)snprintf(buf + n, size - n, "%s", dir.path);
                        text++;
                } else {
                        buf[n++] = *text;
                }
        buf[n] = '\0';
}

static void test_modes(_unused_ void **state) {
        copy_pem("ca.pem");
        copy_pem("client.pem");
        copy_pem("client.key");
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                char text[1024], expected[1024] = "https://h - - - token -";

                (void)snprintf(text, sizeof(text),
                               "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                               "clusters: [{name: k, cluster: {server: 'https://h', certificate-authority: ca.pem}}]\n"
                               "users:\n- {name: u, user: {client-certificate: client.pem, client-key: client.key, "
                               "tokenFile: token}}\n- {name: v, user: {%s}}\n",
                               modes[i].secret ? "token: t" : "tokenFile: t");
                (void)tempdir_write(&dir, "kc", text);
                assert_int_equal(chmod(tempdir_path(&dir, "kc"), modes[i].kubeconfig), 0);
                assert_int_equal(chmod(tempdir_path(&dir, "client.key"), modes[i].key), 0);
                assert_int_equal(chmod(tempdir_path(&dir, "token"), modes[i].token), 0);
                assert_int_equal(chmod(tempdir_path(&dir, "ca.pem"), modes[i].ca), 0);
                assert_int_equal(chmod(dir.path, modes[i].directory), 0);
                expand(modes[i].expected, expected + strlen(expected), sizeof(expected) - strlen(expected));
                assert_outcome(text, tempdir_path(&dir, "kc"), expected);
        }
        /* Without TLS too: what is in the files is as secret. */
        assert_int_equal(chmod(dir.path, 0755), 0);
        assert_int_equal(
                chmod(tempdir_write(&dir, "kc",
                                    "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                                    "clusters: [{name: k, cluster: {server: 'http://h'}}]\n"
                                    "users: [{name: u, user: {token: t}}]\n"),
                      0644),
                0);
        {
                char got[1024];

                outcome(tempdir_path(&dir, "kc"), got, sizeof(got));
                assert_non_null(strstr(got, "can be read by anybody"));
        }
        assert_int_equal(chmod(dir.path, 0700), 0);
}

/* As Go's net/http goes by the environment. */
static const struct {
        const char *server, *https, *http, *no, *expected;
} environments[] = {
        {"https://h", "http://p", NULL, NULL, "http://p:80"},
        {"https://h", "p:3128", NULL, NULL, "http://p:3128"},
        {"https://h", "socks5://u:w@p", NULL, NULL, "socks5://u:w@p:1080"},
        {"https://h", NULL, "http://p", NULL, "-"},
        {"https://h", "", "http://p", NULL, "-"},
        {"http://h", "http://p", NULL, NULL, "-"},
        {"http://h", NULL, "http://p", NULL, "http://p:80"},
        {"https://localhost", "http://p", NULL, NULL, "-"},
        {"https://127.1.2.3:6443", "http://p", NULL, NULL, "-"},
        {"https://[::1]:6443", "http://p", NULL, NULL, "-"},
        {"https://10.1.2.3:6443", "http://p", NULL, "10.0.0.0/8", "-"},
        {"https://10.1.2.3:6443", "http://p", NULL, "11.0.0.0/8,10.1.2.0/25", "-"},
        {"https://10.1.2.3:6443", "http://p", NULL, "10.1.2.128/25", "http://p:80"},
        {"https://10.1.2.3:6443", "http://p", NULL, "10.1.2.3", "-"},
        {"https://10.1.2.3:6443", "http://p", NULL, "10.1.2.3:6443", "-"},
        {"https://10.1.2.3:6443", "http://p", NULL, "10.1.2.3:443", "http://p:80"},
        {"https://[fd00::5]:6443", "http://p", NULL, "fd00::/8", "-"},
        {"https://[fd00::5]:6443", "http://p", NULL, "[fd00::5]", "-"},
        {"https://[fd00::5]:6443", "http://p", NULL, "fd00:0::5", "-"},
        {"https://[fd00::5]:6443", "http://p", NULL, "0.0.0.0/0", "http://p:80"},
        {"https://API.example.com", "http://p", NULL, "example.com", "-"},
        {"https://api.example.com", "http://p", NULL, "  .Example.com ,x", "-"},
        {"https://example.com", "http://p", NULL, ".example.com", "http://p:80"},
        {"https://example.com", "http://p", NULL, "*.example.com", "http://p:80"},
        {"https://api.example.com", "http://p", NULL, "*.example.com", "-"},
        {"https://api.example.com", "http://p", NULL, "example.com:443", "-"},
        {"https://api.example.com", "http://p", NULL, "example.com:6443", "http://p:80"},
        {"https://badexample.com", "http://p", NULL, "example.com", "http://p:80"},
        /* A name is never the end of an address, and what is no network or port is none. */
        {"https://10.1.2.3:6443", "http://p", NULL, "2.3,.3,1.2.3:6443", "http://p:80"},
        {"https://10.1.2.3:6443", "http://p", NULL, "10.0.0.0/,10.0.0.0/8x,10.0.0.0/+8,10.0.0.0/ 8", "http://p:80"},
        {"https://10.1.2.3:6443", "http://p", NULL, "x,\n10.1.2.3\r", "-"},
        {"https://[::ffff:10.1.2.3]", "http://p", NULL, "10.0.0.0/8", "-"},
        {"https://example.com", "http://p", NULL, "example.com:https", "http://p:80"},
        {"https://example.com", "http://p", NULL, "example.com:", "-"},
        {"https://example.com", "http://p", NULL, "example.com h", "http://p:80"},
        {"https://h", "http://p", NULL, "*", "-"},
        {"https://h", "http://p", NULL, ",, ,/,x/y,10.0.0.0/99,[,:", "http://p:80"},
        {"https://h", "ftp://me:secret@p", NULL, NULL,
         "error: %V in the environment is \"ftp://***@p\": unsupported scheme \"ftp\", must be http, https, "
         "or socks5"},
        {"https://h", "me:secret@p:x", NULL, NULL, "error: %V in the environment is \"***@p:x\": "},
};

static void set(const char *name, const char *value) {
        if (value)
                (void)setenv(name, value, 1);
        else
                (void)unsetenv(name);
}

static void test_environment(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(environments); i++)
                for (size_t small = 0; small < 2; small++) {
                        char text[512], got[1100] = "";
                        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
                        struct err err = {};
                        bool error = strncmp(environments[i].expected, "error: %V", 9) == 0;
                        char expected[256];

                        (void)snprintf(expected, sizeof(expected), "%s%s%s", error ? "error: " : "",
                                       error ? proxies[small] : "", environments[i].expected + (error ? 9 : 0));
                        set(proxies[0 + small], environments[i].https);
                        set(proxies[2 + small], environments[i].http);
                        set(proxies[4 + small], environments[i].no);
                        (void)snprintf(text, sizeof(text),
                                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                                       "clusters: [{name: k, cluster: {server: '%s'}}]\n"
                                       "users: [{name: u, user: {token: t}}]\n",
                                       environments[i].server);
                        if (kubeconfig_load(&k, tempdir_write(&dir, "kc", text), NULL, &err) < 0)
                                (void)snprintf(got, sizeof(got), "error: %s", err.text);
                        else
                                (void)snprintf(got, sizeof(got), "%s", or_none(k->proxy_url));
                        if (error ? strncmp(got, expected, strlen(expected)) != 0 : !util_streq(got, expected))
                                fail_msg("%s by %s, not %s: %s instead of %s", environments[i].server,
                                         or_none(environments[i].https), or_none(environments[i].no), got, expected);
                        assert_null(strstr(got, "secret"));
                        /* Which one it is, in the small letters that it has, is said; without one, nothing. */
                        if (k && k->proxy_url) {
                                const char *const names[2][2] = {{"HTTP_PROXY", "http_proxy"},
                                                                 {"HTTPS_PROXY", "https_proxy"}};

                                assert_string_equal(k->proxy_from, names[strncmp(k->server, "https:", 6) == 0][small]);
                                assert_non_null(strstr(k->warnings[0], k->proxy_from));
                                assert_null(strstr(k->warnings[0], "u:w"));
                        } else if (k) {
                                assert_null(k->proxy_from);
                                for (size_t j = 0; j < k->n_warnings; j++)
                                        assert_null(strstr(k->warnings[j], "proxy"));
                        }
                        for (size_t j = 0; j < ELEMENTSOF(proxies); j++)
                                (void)unsetenv(proxies[j]);
                }
        /* What the file says counts alone, NO_PROXY included. */
        (void)setenv("HTTPS_PROXY", "http://other", 1);
        (void)setenv("NO_PROXY", "*", 1);
        (void)tempdir_write(&dir, "kc",
                            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                            "clusters: [{name: k, cluster: {server: 'https://h', proxy-url: 'http://p'}}]\n"
                            "users: [{name: u, user: {token: t}}]\n");
        assert_outcome("proxy-url", tempdir_path(&dir, "kc"), "https://h http://p:80 - t - - | " SYSTEM);
        for (size_t j = 0; j < ELEMENTSOF(proxies); j++)
                (void)unsetenv(proxies[j]);
}

/* ---- check-config --json ---- */

static char *report(const char *cluster, const char *user, const char *error) {
        char text[2048], *json = NULL;
        struct err err = {};
        size_t size = 0;
        FILE *f = open_memstream(&json, &size);

        (void)snprintf(text, sizeof(text),
                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: ops}}]\n"
                       "clusters:\n- name: k\n  cluster: {%s}\nusers:\n- name: u\n  user: {%s}\n",
                       cluster, user);
        (void)tempdir_write(&dir, "kc", text);
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nlocks = ({name = \"l\"; unit = \"a.service\";});\n", dir.path);
        (void)snprintf(err.text, sizeof(err.text), "%s", error);
        assert_int_equal(conf_report_json(tempdir_write(&dir, "agent.conf", text), &err, f), 0);
        assert_int_equal(fclose(f), 0);
        return json;
}

/* Parts that the document has, and in no case anything secret (which "SECRET" is in). */
static void test_json(_unused_ void **state) {
        /* sha256sum */
        static const char ca[] = "7f10d3d5d042d25a31d5a2a92d58c14a62122283f2363dd591b7e9d8c05b2786";
        static const char cert[] = "5446e51584c9eb560c0ffdffd178d0ffc49a2bb1b4e0650fdd31ec08653e53df";
        const struct {
                const char *cluster, *user, *parts[6];
        } table[] = {
                {"server: 'https://h', tls-server-name: n, proxy-url: 'http://SECRET:SECRET@p'",
                 "token: SECRET, as: you",
                 {"{\"format\":1,\"version\":\"", "\"error\":\"\",\"warnings\":[\"cluster ",
                  "\"server\":\"https://h\",\"tlsServerName\":\"n\",\"insecure\":false,\"proxy\":\"http://"
                  "***@p:80\",\"proxyFrom\":\"proxy-url\",",
                  "\"credentials\":[\"token\"],\"impersonation\":[\"Impersonate-User: you\"],",
                  "\"ca\":\"system\",\"caSha256\":\"\",",
                  "\"tokenSha256\":\"0917b13a9091915d54b6336f45909539cce452b3661b21f386418a257883b30a\""}},
                {"server: 'https://h', insecure-skip-tls-verify: true",
                 "username: me, password: SECRET",
                 {"\"insecure\":true,", "\"proxy\":\"\",\"proxyFrom\":\"\",", "\"credentials\":[\"basic\"],",
                  "\"username\":\"me\",\"ca\":\"\",", "\"tokenSha256\":\"\","}},
                {"server: 'http://h'",
                 "token: SECRET",
                 {"\"credentials\":[],", "\"ca\":\"\",", "\"tokenSha256\":\"\",",
                  "\"proxy\":\"\",\"proxyFrom\":\"\","}},
                {"server: 'https://h', certificate-authority: ca.pem",
                 "client-certificate: expired.pem, client-key: client.key, tokenFile: token",
                 {"\"credentials\":[\"clientCertificate\",\"tokenFile\"],", ca, cert,
                  "\"certificateExpires\":\"2021-01-01T00:00:00.000000Z\"",
                  "/token\",\"tokenSha256\":\"00c72544a9c3a027f3666cb41f4fae0f947696d7a510886f37da60c962551d94\"",
                  "\"warnings\":[\"the client certificate ended at 2021-01-01T00:00:00.000000Z: "}},
                {"server: 'https://h'",
                 "exec: {command: bin/aws, apiVersion: client.authentication.k8s.io/v1beta1, args: [SECRET], env: "
                 "[{name: SECRET, value: SECRET}, {name: X, value: SECRET}]}",
                 {"\"credentials\":[\"exec\"],", "\"exec\":{\"command\":\"/",
                  "/bin/aws\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"arguments\":1,"
                  "\"variables\":2,\"provideClusterInfo\":false}",
                  "\"certificate\":\"\","}},
                {"server: 'https://h'",
                 "token: SECRET, exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1}",
                 {"\"credentials\":[\"token\"],\"impersonation\"", "beside exec: the plugin is never run\""}},
                {"", "token: SECRET", {"\"error\":\"\",\"warnings\":[]}"}},
        };
        copy_pem("ca.pem");
        copy_pem("expired.pem");
        copy_pem("client.key");
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *json = report(table[i].cluster, table[i].user, "");

                assert_string_equal(strchr(json, '\n'), "\n");
                for (size_t j = 0; j < ELEMENTSOF(table[i].parts) && table[i].parts[j]; j++)
                        if (!strstr(json, table[i].parts[j]))
                                fail_msg("'%s' is not in '%s'", table[i].parts[j], json);
                assert_null(strstr(json, "SECRET"));
                assert_null(strstr(json, "bWU6"));
                assert_null(strstr(json, "PRIVATE KEY"));
        }
        {
                _cleanup_free_ char *json = report("server: 'https://h'", "token: t", "a \"mistake\"");

                assert_non_null(strstr(json, "\"error\":\"a \\\"mistake\\\"\","));
                assert_non_null(strstr(json, "\"connection\":{"));
        }
}

/* ---- check-config ---- */

static int see(_unused_ const struct conf_file *file, _unused_ void *userdata, _unused_ struct err *err) {
        return 0;
}

/* Names in a kubeconfig steer no terminal. */
static void test_plain(_unused_ void **state) {
        _cleanup_free_ char *out = NULL;
        char text[512];
        struct err err = {};
        size_t size = 0;
        FILE *f = open_memstream(&out, &size);

        (void)tempdir_write(
                &dir, "kc",
                "current-context: &c \"c\\e[31m\\n\\u202e\\u009b\"\ncontexts: [{name: *c, context: {cluster: k}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://h'}}]\n");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nlocks = ({name = \"l\"; unit = \"a.service\";});\n", dir.path);
        assert_int_equal(conf_report(tempdir_write(&dir, "agent.conf", text), f, see, NULL, &err), 0);
        assert_int_equal(fclose(f), 0);
        assert_non_null(strstr(out, ", context c?[31m ?????, server https://h\n"));
        assert_non_null(strstr(out, "# warning: context \"c?[31m ?????\" names no user"));
        free(out);
        f = open_memstream(&out, &size);
        assert_int_equal(conf_report_json(tempdir_path(&dir, "agent.conf"), &err, f), 0);
        assert_int_equal(fclose(f), 0);
        assert_non_null(strstr(out, "\"context\":\"c\\u001b[31m\\n?????\""));
}

/* Nothing of what a plugin is given is shown. */
static void test_plugin(_unused_ void **state) {
        _cleanup_free_ char *out = NULL;
        char text[512];
        struct err err = {};
        size_t size = 0;
        FILE *f = open_memstream(&out, &size);

        (void)tempdir_write(&dir, "kc",
                            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                            "clusters: [{name: k, cluster: {server: 'https://h'}}]\nusers: [{name: u, user: {exec: "
                            "{command: aws, apiVersion: client.authentication.k8s.io/v1beta1, args: [SECRET], env: "
                            "[{name: A, value: SECRET}]}}}]\n");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nlocks = ({name = \"l\"; unit = \"a.service\";});\n", dir.path);
        assert_int_equal(conf_report(tempdir_write(&dir, "agent.conf", text), f, see, NULL, &err), 0);
        assert_int_equal(fclose(f), 0);
        assert_non_null(strstr(out,
                               "\n# credentials of the plugin aws (client.authentication.k8s.io/v1beta1, 1 argument, "
                               "1 variable): it was neither run nor looked for, what it prints is known when the "
                               "agent runs it\n"));
        assert_null(strstr(out, "SECRET"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_met),   cmocka_unit_test(test_kin),         cmocka_unit_test(test_files),
                cmocka_unit_test(test_list),  cmocka_unit_test(test_environment), cmocka_unit_test(test_json),
                cmocka_unit_test(test_plain), cmocka_unit_test(test_plugin),      cmocka_unit_test(test_modes),
        };

        return cmocka_run_group_tests_name("kubeconfig cases", tests, setup, teardown);
}
