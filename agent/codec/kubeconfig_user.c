/* SPDX-License-Identifier: Apache-2.0 */
/* Who a user of a kubeconfig is: certificate, token, password, and whom it speaks for (plugins: kubeconfig_exec.c).
 * What client-go decides about two of them is decided the same way; what it lets pass and nobody can mean is refused.
 */
#include <errno.h>
#include <json-c/json_object_iterator.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"

/* It would make another user of us, and is not done here. */
static int refuse_unsupported(const struct kubeconfig_entry *e, struct err *err) {
        json_object *o = NULL, *exec = NULL;

        if (!e->o || !json_object_object_get_ex(e->o, "auth-provider", &o) || !o)
                return 0;
        if (json_object_object_get_ex(e->o, "exec", &exec) && exec)
                return err_setf(err, -EINVAL,
                                "authProvider cannot be provided in combination with an exec plugin for %s (%s: remove "
                                "auth-provider)",
                                e->name, e->path);
        return err_setf(err, -EINVAL,
                        "%s: user \"%s\": auth-provider is not supported (use exec, tokenFile or a client "
                        "certificate)",
                        e->path, e->name);
}

static int check_client_certificate(const struct kubeconfig_entry *e, const struct kubeconfig *k, struct err *err) {
        bool cert = k->client_cert_file || k->client_cert_data, key = k->client_key_file || k->client_key_data;

        if (k->client_cert_file && k->client_cert_data)
                return err_setf(err, -EINVAL,
                                "client-cert-data and client-cert are both specified for %s. client-cert-data will "
                                "override. (%s: remove "
                                "one of them)",
                                e->name, e->path);
        if (k->client_key_file && k->client_key_data)
                return err_setf(err, -EINVAL,
                                "client-key-data and client-key are both specified for %s; client-key-data will "
                                "override (%s: remove "
                                "one of them)",
                                e->name, e->path);
        if (cert && !key)
                return err_setf(err, -EINVAL,
                                "client-key-data or client-key must be specified for %s to use the clientCert "
                                "authentication method. (%s: add client-key)",
                                e->name, e->path);
        if (key && !cert)
                return err_setf(err, -EINVAL,
                                "%s: user \"%s\" has a client key but no client-certificate; add it, or "
                                "remove the key",
                                e->path, e->name);
        return 0;
}

static int resolve_client_certificate(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        int r = kubeconfig_get_file(e, "client-certificate", /* pem= */ true, &k->client_cert_file, err);

        if (r == 0)
                r = kubeconfig_get_data(e, "client-certificate-data", &k->client_cert_data, err);
        if (r == 0)
                r = kubeconfig_get_file(e, "client-key", /* pem= */ true, &k->client_key_file, err);
        if (r == 0)
                r = kubeconfig_get_data(e, "client-key-data", &k->client_key_data, err);
        return r < 0 ? r : check_client_certificate(e, k, err);
}

/* It becomes a header line. */
static int check_token(const struct kubeconfig_entry *e, const char *token, const char *file, struct err *err) {
        size_t n = 0;

        while (token && (unsigned char)token[n] > ' ' && (unsigned char)token[n] < 0x7f)
                n++;
        if (!token || !token[n] || (file && !token[n + strspn(token + n, " \t\r\n")]))
                return 0;
        return file ? err_setf(err, -EINVAL,
                               "tokenFile %s for %s holds white space or a control character within its text (%s); "
                               "write the token alone into it",
                               file, e->name, e->path)
                    : err_setf(err, -EINVAL,
                               "%s: user \"%s\": token holds white space or a control character; write "
                               "the token alone, in one line",
                               e->path, e->name);
}

static int check_token_file(const struct kubeconfig_entry *e, const struct kubeconfig *k, struct err *err) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = kubeconfig_read_file(k->token_file, &text, &size);

        if (r == 0)
                r = check_token(e, text + strspn(text, " \t\r\n"), k->token_file, err);
        if (text)
                explicit_bzero(text, size);
        return r;
}

/* The file is the one that counts, and the token is for as long as it cannot be read, as in client-go. */
static int resolve_token(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        struct err why = {};
        int r = kubeconfig_get_copy(e, "token", &k->token, err);

        if (r == 0)
                r = check_token(e, k->token, NULL, err);
        if (r < 0)
                return r;
        r = kubeconfig_get_file(e, "tokenFile", /* pem= */ false, &k->token_file, &why);
        if (r == 0 && k->token_file)
                r = check_token_file(e, k, &why);
        if (r == 0)
                return 0;
        if (k->token && k->token_file && r != -ENOMEM)
                return kubeconfig_warn(k, err, "%s; until it can be read, token is used", why.text);
        return err_setf(err, r, "%s", why.text);
}

static int resolve_password(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        _cleanup_free_ char *both = NULL;
        const char *password = NULL;
        int r = kubeconfig_get_copy(e, "username", &k->username, err);

        if (r == 0)
                r = kubeconfig_get_text(e, "password", &password, err);
        if (r < 0 || (!k->username && !password))
                return r;
        if (k->token || k->token_file)
                return err_setf(err, -EINVAL,
                                "more than one authentication method found for %s; found [token basicAuth], only one "
                                "is allowed (%s: remove the others)",
                                e->name, e->path);
        if (!k->username)
                return err_setf(err, -EINVAL,
                                "%s: user \"%s\" has a password but no username; add it, or remove the "
                                "password",
                                e->path, e->name);
        if (asprintf(&both, "%s:%s", k->username, password ? password : "") < 0) {
                both = NULL;
                return err_setf(err, -ENOMEM, "out of memory");
        }
        k->basic = kubeconfig_to_base64(both);
        explicit_bzero(both, strlen(both));
        return k->basic ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

/* ---- whom it speaks for ---- */

/* A line of a request's header, which nothing in it may end. */
static int add_header(const struct kubeconfig_entry *e, struct kubeconfig *k, const char *key, const char *name,
                      json_object *value, struct err *err) {
        const char *s = json_object_get_string(value);
        char **headers;

        if (!json_object_is_type(value, json_type_string))
                return err_setf(err, -EINVAL, "%s: user \"%s\": %s is not of texts; put each in quotes", e->path,
                                e->name, key);
        for (const char *p = s; p < s + json_object_get_string_len(value); p++)
                if ((unsigned char)*p < ' ' || *p == 0x7f)
                        return err_setf(err, -EINVAL, "%s: user \"%s\": %s holds a control character; remove it",
                                        e->path, e->name, key);
        headers = reallocarray(k->headers, k->n_headers + 1, sizeof(*headers));
        if (!headers)
                return err_setf(err, -ENOMEM, "out of memory");
        k->headers = headers;
        /* libcurl takes "NAME:" for a header to leave out. */
        if (asprintf(&headers[k->n_headers], *s ? "%s: %s" : "%s;", name, s) < 0)
                return err_setf(err, -ENOMEM, "out of memory");
        k->n_headers++;
        return 0;
}

/* "Impersonate-Extra-" with what a header's name must not hold as %XX, to free(). */
static char *extra_name(const char *key) {
        static const char prefix[] = "Impersonate-Extra-";
        char *name = malloc(sizeof(prefix) + 3 * strlen(key)), *p = name;

        if (!name)
                return NULL;
        p = stpcpy(p, prefix);
        for (; *key; key++)
                if (*key != '%' &&
                    strchr("!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *key))
                        *p++ = *key;
                else
                        p += sprintf(p, "%%%02X", (unsigned char)*key);
        *p = '\0';
        return name;
}

static int add_list(const struct kubeconfig_entry *e, struct kubeconfig *k, const char *key, const char *name,
                    json_object *list, struct err *err) {
        int r = 0;

        if (list && !json_object_is_type(list, json_type_array))
                return err_setf(err, -EINVAL, "%s: user \"%s\": %s has something that is not a list; write [A, B]",
                                e->path, e->name, key);
        for (size_t i = 0; list && r == 0 && i < json_object_array_length(list); i++)
                r = add_header(e, k, key, name, json_object_array_get_idx(list, i), err);
        return r;
}

static int resolve_impersonation(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        json_object *as = NULL, *uid = NULL, *groups = NULL, *extra = NULL;
        const char *text = NULL;
        int r = kubeconfig_get_text(e, "as", &text, err);

        if (r < 0 || !e->o)
                return r;
        (void)json_object_object_get_ex(e->o, "as", &as);
        if (text)
                r = add_header(e, k, "as", "Impersonate-User", as, err);
        if (r == 0)
                r = kubeconfig_get_text(e, "as-uid", &text, err);
        (void)json_object_object_get_ex(e->o, "as-uid", &uid);
        if (r == 0 && text)
                r = add_header(e, k, "as-uid", "Impersonate-Uid", uid, err);
        (void)json_object_object_get_ex(e->o, "as-groups", &groups);
        if (r == 0)
                r = add_list(e, k, "as-groups", "Impersonate-Group", groups, err);
        (void)json_object_object_get_ex(e->o, "as-user-extra", &extra);
        if (r == 0 && extra && !json_object_is_type(extra, json_type_object))
                return err_setf(err, -EINVAL, "%s: user \"%s\": as-user-extra is not a mapping; write {NAME: [VALUE]}",
                                e->path, e->name);
        if (r == 0 && extra) {
                struct json_object_iterator at = json_object_iter_begin(extra), end = json_object_iter_end(extra);

                for (; r == 0 && !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
                        _cleanup_free_ char *name = extra_name(json_object_iter_peek_name(&at));

                        r = name ? add_list(e, k, "as-user-extra", name, json_object_iter_peek_value(&at), err)
                                 : err_setf(err, -ENOMEM, "out of memory");
                }
        }
        if (r == 0 && k->n_headers > 0 && strncmp(k->headers[0], "Impersonate-User: ", 18) != 0)
                return err_setf(err, -EINVAL,
                                "requesting uid, groups or user-extra for %s without impersonating a user (%s: add as, "
                                "or remove them)",
                                e->name, e->path);
        return r;
}

int kubeconfig_user(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        int r = kubeconfig_check_keys(e, err);

        if (r == 0)
                r = refuse_unsupported(e, err);
        if (r == 0)
                r = resolve_client_certificate(e, k, err);
        if (r == 0)
                r = resolve_token(e, k, err);
        if (r == 0)
                r = resolve_password(e, k, err);
        if (r == 0)
                r = kubeconfig_user_exec(e, k, err);
        return r < 0 ? r : resolve_impersonation(e, k, err);
}
