/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig files through the whole load, certificates and keys too, as --check-config does, too. Lines "#env
 * NAME=VALUE" at the beginning are the environment (proxies), "#file" begins the next file of $KUBECONFIG;
 * "../cwd/tests/…" leads from such a file into the tree. A connection that comes out is one: URL, trust and credentials
 * as the contract says, nothing secret without TLS or in a warning; else an error says why. */
#include "codec/conf_report.h"
#include "codec/exec_credential.h"
#include "codec/kubeconfig.h"
#include "codec/object.h"
#include "codec/tls.h"
#include "codec/utf8.h"
#include "fuzz.h"

#define FILES 3

static const char *const variables[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                        "http_proxy",  "NO_PROXY",    "no_proxy"};

static void environment(struct fuzz *f) {
        char line[300], *value;

        for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                (void)unsetenv(variables[i]);
        while (f->n > 5 && memcmp(f->p, "#env ", 5) == 0) {
                (void)fuzz_line(f, line, sizeof(line));
                value = strchr(line, '=');
                if (!value)
                        continue;
                *value++ = '\0';
                for (size_t i = 0; i < ELEMENTSOF(variables); i++)
                        if (util_streq(line + 5, variables[i]))
                                (void)setenv(variables[i], value, 1);
        }
}

static const char *ends(const struct fuzz *f) {
        return f->n > 0 ? memmem(f->p, f->n, "\n#file\n", 7) : NULL;
}

static void judge(const struct kubeconfig *k, const char *input) {
        bool tls = strncmp(k->server, "https://", 8) == 0;
        size_t kinds = (k->token || k->token_file) + (k->basic != NULL) + (k->exec != NULL);

        fuzz_assert(tls || strncmp(k->server, "http://", 7) == 0);
        fuzz_assert(k->server[strlen(k->server) - 1] != '/' && !strpbrk(k->server, "?# \n@"));
        fuzz_assert(k->namespace_ && *k->namespace_ && k->source && k->context && k->cluster);
        fuzz_assert(!k->ca_file || !k->ca_data);
        fuzz_assert(!(k->client_cert_file && k->client_cert_data) && !(k->client_key_file && k->client_key_data));
        fuzz_assert(kinds <= 1 && (k->username != NULL) == (k->basic != NULL));
        if (!tls)
                fuzz_assert(kinds == 0 && !k->client_cert_file && !k->client_cert_data && !k->client_key_file &&
                            !k->client_key_data);
        fuzz_assert(!k->proxy_url || strncmp(k->proxy_url, "http://", 7) == 0 ||
                    strncmp(k->proxy_url, "https://", 8) == 0 || strncmp(k->proxy_url, "socks5", 6) == 0);
        fuzz_assert(!k->proxy_from || k->proxy_url);
        for (size_t i = 0; i < k->n_headers; i++)
                fuzz_assert(strncmp(k->headers[i], "Impersonate-", 12) == 0 && !strpbrk(k->headers[i], "\r\n"));
        for (size_t i = 0; i < k->n_warnings; i++) {
                const char *at = k->token && strlen(k->token) > 7 ? strstr(input, k->token) : NULL;

                fuzz_assert(*k->warnings[i]);
                /* One that stands nowhere else in the files does not stand in a warning. */
                fuzz_assert(!at || strstr(at + 1, k->token) || !strstr(k->warnings[i], k->token));
        }
}

static void tell_plugin(const struct kubeconfig *k) {
        struct json_object *o = NULL;
        char *text = NULL;
        int r = exec_credential_info(k, &text);

        fuzz_assert(r == 0 || r == -E2BIG || fuzz_starved());
        fuzz_assert(r < 0 || object_parse(text, strlen(text), &o, NULL) == 0 || fuzz_starved());
        json_object_put(o);
        free(text);
}

static void check_tls(const struct kubeconfig *k) {
        _cleanup_(tls_freep) struct tls *t = NULL;
        struct err err = {};
        int r = tls_load(&t, k, &err);

        fuzz_assert_result(r, &err);
        if (r < 0)
                return;
        fuzz_assert((t->cert != NULL) == (t->key != NULL));
        fuzz_assert(!t->key || !strstr(t->key, "ENCRYPTED"));
        fuzz_assert(!t->ca || strstr(t->ca, "-----BEGIN CERTIFICATE-----"));
        fuzz_assert(strlen(t->ca_sha256) == 0 || strlen(t->ca_sha256) == 64);
}

static int see(const struct conf_file *file, _unused_ void *userdata, _unused_ struct err *err) {
        fuzz_assert(file->path && *file->path);
        return 0;
}

/* As --check-config prints it, for a human, or as JSON in one line. */
static char *print(bool json, const char *path, struct err *err) {
        char *text = NULL, *plain;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r = json ? conf_report_json(path, err, f) : conf_report(path, f, see, NULL, err);

        (void)fclose(f);
        fuzz_assert(r >= 0 || size == 0 || fuzz_starved());
        plain = fuzz_copy(text, size + 1);
        fuzz_assert(util_streq(utf8_plain(plain, /* lines= */ true), text));
        free(plain);
        if (!json)
                fuzz_assert_result(r, err);
        return text;
}

static void report(const char *kubeconfig) {
        struct json_object *o = NULL;
        char text[200], path[32], *printed;
        struct err err = {};
        int fd;

        (void)snprintf(text, sizeof(text), "kubeconfig = \"%s\"; locks = ({name = \"l\"; unit = \"u.service\";});",
                       kubeconfig);
        fd = fuzz_file(text, strlen(text), path);
        printed = print(/* json= */ false, path, &err);
        free(printed);
        printed = print(/* json= */ true, path, &err);
        fuzz_assert(object_parse(printed, strlen(printed), &o, NULL) == 0 || fuzz_starved());
        json_object_put(o);
        free(printed);
        close(fd);
}

void fuzz_one(const uint8_t *data, size_t size) {
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        char *input = fuzz_text(data, size), path[FILES][32], list[FILES * 33] = "";
        int fd[FILES], r;
        struct fuzz f = {data, size};
        struct err err = {};
        unsigned n = 0;
        const char *end;

        environment(&f);
        do {
                end = ends(&f);
                fd[n] = fuzz_file(f.p, end ? (size_t)(end - (const char *)f.p) + 1 : f.n, path[n]);
                (void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", n ? ":" : "", path[n]);
                f.n -= end ? (size_t)(end + 7 - (const char *)f.p) : f.n;
                f.p = end ? (const uint8_t *)end + 7 : f.p;
                n++;
        } while (end && n < FILES);
        (void)setenv("KUBECONFIG", list, 1);
        r = kubeconfig_load(&k, n > 1 ? NULL : path[0], NULL, &err);
        fuzz_assert_result(r, &err);
        fuzz_assert((r == 0) == (k != NULL));
        if (k) {
                judge(k, input);
                check_tls(k);
                if (k->exec)
                        tell_plugin(k);
        }
        if (size % 4 == 0) /* it takes two loads more */
                report(path[0]);
        for (unsigned i = 0; i < n; i++)
                close(fd[i]);
        free(input);
}
