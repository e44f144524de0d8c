/* SPDX-License-Identifier: Apache-2.0 */
/* ExecCredential documents: the one a plugin is told, and the one it prints. As client-go takes them: JSON, and
 * YAML when it does not begin with '{'; of keys that are there twice in JSON the last one counts. */
#include "codec/exec_credential.h"

#include <errno.h>

#include "base/clock.h"
#include "codec/kubeconfig_parts.h"
#include "codec/object.h"
#include "codec/tls.h"

#define KIND "ExecCredential"

/* What Linux takes for one variable of an environment (MAX_ARG_STRLEN), with its name. */
#define INFO_MAX ((size_t)128 * 1024 - sizeof("KUBERNETES_EXEC_INFO="))

/* As the file is now, to free; NULL without error: there is none. */
static int read_ca(const struct kubeconfig *k, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = k->ca_file ? kubeconfig_read_file(k->ca_file, &text, &size) : 0;
        const char *ca = k->ca_file ? text : k->ca_data;

        *ret = NULL;
        if (r < 0 || !ca)
                return r;
        *ret = kubeconfig_to_base64(ca);
        return *ret ? 0 : -ENOMEM;
}

static bool add_given(struct json_object *o, const char *key, const char *value) {
        return !value || object_add_string(o, key, value);
}

static int add_cluster(struct json_object *spec, const struct kubeconfig *k) {
        struct json_object *o = object_add_object(spec, "cluster"), *config = NULL;
        _cleanup_free_ char *ca = NULL;
        int r = read_ca(k, &ca);

        if (r < 0)
                return r;
        /* A proxy of the environment the plugin finds there itself. */
        if (!object_add_string(o, "server", k->server) || !add_given(o, "tls-server-name", k->tls_server_name) ||
            (k->insecure && !object_add_bool(o, "insecure-skip-tls-verify", true)) ||
            !add_given(o, "certificate-authority-data", ca) ||
            !add_given(o, "proxy-url", k->proxy_from ? NULL : k->proxy_url))
                return -ENOMEM;
        /* The text is of object_to_text(): it parses when there is memory. */
        if (k->exec->cluster_config) {
                config = json_tokener_parse(k->exec->cluster_config);
                if (!config)
                        return -ENOMEM;
        }
        if (json_object_object_add(o, "config", config) < 0) {
                json_object_put(config);
                return -ENOMEM;
        }
        return 0;
}

int exec_credential_info(const struct kubeconfig *k, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *spec;
        int r = 0;

        *ret = NULL;
        if (!root || !object_add_string(root, "kind", KIND) ||
            !object_add_string(root, "apiVersion", k->exec->api_version))
                return -ENOMEM;
        spec = object_add_object(root, "spec");
        if (k->exec->provide_cluster_info)
                r = add_cluster(spec, k);
        if (r == 0 && !object_add_bool(spec, "interactive", false))
                r = -ENOMEM;
        if (r == 0)
                r = object_to_text(root, ret);
        if (r == 0 && strlen(*ret) > INFO_MAX) {
                free(*ret);
                *ret = NULL;
                r = -E2BIG;
        }
        return r;
}

/* ---- what it answers ---- */

static int decode(const char *text, size_t n, struct json_object **ret, struct err *err) {
        _cleanup_free_ char *copy = NULL;
        struct err why = {};
        size_t begin = 0;
        int r;

        if (n > EXEC_CREDENTIAL_MAX)
                return err_setf(err, -EINVAL, "decoding stdout: longer than %zu bytes", EXEC_CREDENTIAL_MAX);
        while (begin < n && strchr(" \t\r\n", text[begin]) && text[begin])
                begin++;
        if (begin == n)
                return err_setf(err, -EINVAL, "decoding stdout: the plugin printed nothing");
        if (text[begin] == '{') {
                r = object_parse(text, n, ret, &why);
                return r < 0 && r != -ENOMEM ? err_setf(err, -EINVAL, "decoding stdout: %s", why.text) : r;
        }
        copy = malloc(n + 1);
        if (!copy)
                return -ENOMEM;
        memcpy(copy, text, n);
        copy[n] = '\0';
        r = kubeconfig_yaml("", copy, n, ret, NULL);
        explicit_bzero(copy, n);
        return r < 0 && r != -ENOMEM
                       ? err_setf(err, -EINVAL, "decoding stdout: it is neither JSON nor YAML of an " KIND)
                       : r;
}

/* A text of the status to copy; *ret NULL: there is none. */
static int get_text(struct json_object *status, const char *key, char **ret, struct err *err) {
        struct json_object *o = object_get(status, key);
        const char *s = o ? json_object_get_string(o) : "";

        if (o && !json_object_is_type(o, json_type_string))
                return err_setf(err, -EINVAL, "decoding stdout: status.%s is not a text", key);
        if (o && strlen(s) != (size_t)json_object_get_string_len(o))
                return err_setf(err, -EINVAL, "decoding stdout: status.%s holds a NUL character", key);
        *ret = *s ? strdup(s) : NULL;
        return *s && !*ret ? -ENOMEM : 0;
}

static int check_document(const struct kubeconfig_exec *x, struct json_object *root, struct err *err) {
        struct json_object *o = object_get(root, "kind");
        char kind[128], version[128];

        object_get_text(root, "kind", kind, sizeof(kind));
        object_get_text(root, "apiVersion", version, sizeof(version));
        /* As client-go, which knows what it asked for. */
        if (o && !json_object_is_type(o, json_type_string))
                return err_setf(err, -EINVAL, "decoding stdout: kind is not a text");
        if (*kind && !util_streq(kind, KIND))
                return err_setf(err, -EINVAL, "decoding stdout: it is of kind \"%s\", not " KIND, kind);
        if (!*version)
                return err_setf(err, -EINVAL,
                                "decoding stdout: it has no apiVersion; the plugin has to print an " KIND);
        if (!util_streq(version, x->api_version))
                return err_setf(err, -EINVAL,
                                "exec plugin is configured to use API version %s, plugin returned version %s; write "
                                "that into apiVersion of exec, or use a plugin of the other version",
                                x->api_version, version);
        return 0;
}

/* 0: it says nothing. */
static int get_end(struct json_object *status, uint64_t *ret, struct err *err) {
        _cleanup_free_ char *text = NULL;
        int r = get_text(status, "expirationTimestamp", &text, err);

        *ret = 0;
        if (r < 0 || !object_get(status, "expirationTimestamp"))
                return r;
        /* Go's zero time, which client-go takes for none. */
        if (text && util_streq(text, "0001-01-01T00:00:00Z"))
                return 0;
        *ret = text ? clock_parse_rfc3339(text) : 0;
        if (!*ret)
                return err_setf(err, -EINVAL,
                                "decoding stdout: status.expirationTimestamp is not as RFC 3339 has it, like "
                                "2030-01-02T03:04:05Z");
        return 0;
}

/* It becomes a header line. */
static bool is_token(const char *token) {
        for (; (unsigned char)*token > ' ' && (unsigned char)*token < 0x7f; token++)
                ;
        return !*token;
}

static int check(const struct kubeconfig *k, const struct exec_credential *c, struct err *err) {
        _cleanup_(tls_freep) struct tls *tls = NULL;
        struct err why = {};
        int r;

        if (!c->token && !c->client_cert && !c->client_key)
                return err_setf(err, -EINVAL, "exec plugin didn't return a token or cert/key pair");
        if (!c->client_cert != !c->client_key)
                return err_setf(err, -EINVAL, "exec plugin returned only certificate or key, not both");
        if (c->token && !is_token(c->token))
                return err_setf(err, -EINVAL,
                                "exec plugin returned a token with white space or a control character in it");
        if (!c->client_cert)
                return 0;
        r = tls_load_pair(&tls, k, c->client_cert, c->client_key, &why);
        return r < 0 && r != -ENOMEM ? err_setf(err, -EINVAL, "failed parsing client key/certificate: %s", why.text)
                                     : r;
}

int exec_credential_parse(const struct kubeconfig *k, const char *text, size_t n, struct exec_credential *ret,
                          struct err *err) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;
        _cleanup_(exec_credential_done) struct exec_credential c = {};
        struct json_object *status;
        int r = decode(text, n, &root, err);

        if (r == 0)
                r = check_document(k->exec, root, err);
        status = r == 0 ? object_get(root, "status") : NULL;
        if (r == 0 && !status)
                r = err_setf(err, -EINVAL, "exec plugin didn't return a status field");
        if (r == 0 && !json_object_is_type(status, json_type_object))
                r = err_setf(err, -EINVAL, "decoding stdout: status is not an object");
        if (r == 0)
                r = get_text(status, "token", &c.token, err);
        if (r == 0)
                r = get_text(status, "clientCertificateData", &c.client_cert, err);
        if (r == 0)
                r = get_text(status, "clientKeyData", &c.client_key, err);
        if (r == 0)
                r = get_end(status, &c.expires_at_usec, err);
        if (r == 0)
                r = check(k, &c, err);
        if (r == -ENOMEM)
                return err_setf(err, r, "out of memory");
        if (r < 0)
                return r;
        *ret = c;
        c = (struct exec_credential){};
        return 0;
}

static char *wipe(char *s) {
        if (s)
                explicit_bzero(s, strlen(s));
        free(s);
        return NULL;
}

void exec_credential_done(struct exec_credential *c) {
        c->token = wipe(c->token);
        c->client_cert = wipe(c->client_cert);
        c->client_key = wipe(c->client_key);
        c->expires_at_usec = 0;
}
