/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of a configuration as a JSON document. Nothing secret is in it: of tokens and certificates the
 * SHA-256, of URLs what is not user or password. Its fields are described in leaderctl(1). */
#include <errno.h>
#include <json-c/json_object.h>

#include "base/clock.h"
#include "codec/conf.h"
#include "codec/conf_report.h"
#include "codec/credentials.h"
#include "codec/kubeconfig.h"
#include "codec/kubeconfig_parts.h"
#include "codec/object.h"
#include "codec/report.h"
#include "codec/tls.h"

static bool add_text(struct json_object *o, const char *key, const char *text) {
        return object_add_string(o, key, text ? text : "");
}

static bool add_end(struct json_object *o, const char *key, const struct credentials_term *t) {
        char text[CLOCK_TEXT_SIZE];

        return add_text(o, key, t->ends_usec ? clock_format_utc(t->ends_usec, text) : "");
}

static bool append_text(struct json_object *array, const char *text) {
        struct json_object *o = json_object_new_string(text);

        if (array && o && json_object_array_add(array, o) == 0)
                return true;
        json_object_put(o);
        return false;
}

/* The token that is sent, to wipe and free: of the file when it can be read. NULL: none. */
static char *read_token(const struct kubeconfig *k) {
        _cleanup_free_ char *text = NULL;
        const char *from;
        size_t size, n;
        char *token = NULL;

        if (k->token_file && kubeconfig_read_file(k->token_file, &text, &size) == 0) {
                from = text + strspn(text, " \t\r\n");
                n = strcspn(from, " \t\r\n");
                token = n > 0 ? strndup(from, n) : NULL;
                explicit_bzero(text, size);
        }
        return token || !k->token ? token : strdup(k->token);
}

static bool add_token(struct json_object *o, const struct kubeconfig *k) {
        char *token = read_token(k), hash[TLS_SHA256_SIZE] = "";
        struct credentials_term term = credentials_read_token(token);
        bool ok;

        if (token) {
                tls_sha256(token, hash);
                explicit_bzero(token, strlen(token));
        }
        free(token);
        ok = add_text(o, "tokenFile", k->token_file) && add_text(o, "tokenSha256", hash);
        return ok && add_end(o, "tokenExpires", &term);
}

/* Files may have changed since they were good a moment ago: then there is nothing of them. */
static bool add_tls(struct json_object *o, const struct kubeconfig *k, bool is_tls) {
        _cleanup_(tls_freep) struct tls *tls = NULL;
        static const struct tls none;
        const struct tls *t = is_tls && tls_load(&tls, k, NULL) == 0 ? tls : &none;
        const char *ca = k->ca_file ? k->ca_file : k->ca_data ? "inline" : "system";
        const char *cert = k->client_cert_file ? k->client_cert_file : k->client_cert_data ? "inline" : "";

        return add_text(o, "ca", is_tls && !k->insecure ? ca : "") && add_text(o, "caSha256", t->ca_sha256) &&
               add_end(o, "caExpires", &t->ca_term) && add_text(o, "certificate", cert) &&
               add_text(o, "certificateSha256", t->cert_sha256) && add_end(o, "certificateExpires", &t->cert_term);
}

/* Neither what it is given (arguments and variables hold secrets) nor what it would print. */
static bool add_plugin(struct json_object *root, const struct kubeconfig_exec *x) {
        struct json_object *o = object_add_object(root, "exec");

        return add_text(o, "command", x->command) && add_text(o, "apiVersion", x->api_version) &&
               object_add_int(o, "arguments", (int64_t)x->n_args) &&
               object_add_int(o, "variables", (int64_t)x->n_env) &&
               object_add_bool(o, "provideClusterInfo", x->provide_cluster_info);
}

static bool add_identity(struct json_object *o, const struct kubeconfig *k) {
        struct json_object *credentials = object_add_array(o, "credentials");
        struct json_object *headers;
        bool ok = credentials != NULL;

        if (k->client_cert_file || k->client_cert_data)
                ok = ok && append_text(credentials, "clientCertificate");
        if (k->token || k->token_file)
                ok = ok && append_text(credentials, k->token_file ? "tokenFile" : "token");
        if (k->basic)
                ok = ok && append_text(credentials, "basic");
        if (k->exec)
                ok = ok && append_text(credentials, "exec") && add_plugin(o, k->exec);
        headers = object_add_array(o, "impersonation");
        for (size_t i = 0; i < k->n_headers; i++)
                ok = ok && append_text(headers, k->headers[i]);
        return ok && headers && add_text(o, "username", k->username);
}

static bool add_connection(struct json_object *root, const struct kubeconfig *k) {
        struct json_object *o = object_add_object(root, "connection");
        bool is_tls = strncmp(k->server, "https:", strlen("https:")) == 0;
        char proxy[KUBECONFIG_REDACTED_MAX] = "";

        if (k->proxy_url)
                (void)kubeconfig_redacted(proxy, k->proxy_url);
        return o && add_text(o, "kubeconfig", k->source) && add_text(o, "context", k->context) &&
               add_text(o, "cluster", k->cluster) && add_text(o, "user", k->user) &&
               add_text(o, "namespace", k->namespace_) && add_text(o, "server", k->server) &&
               add_text(o, "tlsServerName", k->tls_server_name) && object_add_bool(o, "insecure", k->insecure) &&
               add_text(o, "proxy", proxy) &&
               add_text(o, "proxyFrom",
                        !k->proxy_url   ? ""
                        : k->proxy_from ? k->proxy_from
                                        : "proxy-url") &&
               add_identity(o, k) && add_tls(o, k, is_tls) && add_token(o, k);
}

int conf_report_json(const char *path, const struct err *error, FILE *f) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        _cleanup_(conf_freep) struct conf *c = NULL;
        _cleanup_free_ char *text = NULL;
        struct json_object *warnings;
        bool ok;

        if (conf_load(&c, path, NULL) == 0)
                (void)kubeconfig_load(&k, c->kubeconfig, c->context, NULL);
        ok = root && object_add_int(root, "format", REPORT_FORMAT) && add_text(root, "version", AGENT_VERSION) &&
             add_text(root, "configuration", path ? path : CONF_PATH) && add_text(root, "error", error->text);
        warnings = ok ? object_add_array(root, "warnings") : NULL;
        ok = warnings != NULL;
        for (size_t i = 0; k && i < k->n_warnings; i++)
                ok = ok && append_text(warnings, k->warnings[i]);
        if (ok && k)
                ok = add_connection(root, k);
        if (!ok || object_to_plain_text(root, &text) < 0)
                return -ENOMEM;
        (void)fprintf(f, "%s\n", text);
        return 0;
}
