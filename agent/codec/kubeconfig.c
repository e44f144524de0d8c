/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving one context to what a connection needs. Files are found and read in kubeconfig_files.c. */
#include "codec/kubeconfig.h"

#include <errno.h>

#include "codec/kubeconfig_parts.h"
#include "codec/name.h"

static int resolve_cluster(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        char shown[KUBECONFIG_REDACTED_MAX];
        const char *server = NULL;
        int r = kubeconfig_check_keys(e, err);
        struct err why = {};

        if (r == 0)
                r = kubeconfig_get_text(e, "server", &server, err);

        if (r == 0)
                r = kubeconfig_get_copy(e, "tls-server-name", &k->tls_server_name, err);
        if (r == 0)
                r = kubeconfig_get_bool(e, "insecure-skip-tls-verify", &k->insecure, err);
        if (r == 0)
                r = kubeconfig_get_file(e, "certificate-authority", /* pem= */ true, &k->ca_file, err);
        if (r == 0)
                r = kubeconfig_get_data(e, "certificate-authority-data", &k->ca_data, err);
        if (r == 0)
                r = kubeconfig_get_copy(e, "proxy-url", &k->proxy_url, err);
        if (r < 0)
                return r;

        if (!server)
                return err_setf(err, -EINVAL, "no server found for cluster \"%s\" (%s: add server: https://HOST:PORT)",
                                e->name, e->path);
        if (k->tls_server_name && !kubeconfig_is_host(k->tls_server_name))
                return err_setf(err, -EINVAL,
                                "%s: cluster \"%s\": tls-server-name \"%s\" is not a host name; write the name alone, "
                                "an IPv6 address as [ADDRESS]",
                                e->path, e->name, kubeconfig_redacted(shown, k->tls_server_name));
        if (k->ca_file && k->ca_data)
                return err_setf(err, -EINVAL,
                                "certificate-authority-data and certificate-authority are both specified for %s. "
                                "certificate-authority-data will override. (%s: remove one of them)",
                                e->name, e->path);
        if (k->insecure && (k->ca_file || k->ca_data))
                return err_setf(err, -EINVAL,
                                "specifying a root certificates file with the insecure flag is not allowed (%s: "
                                "cluster \"%s\": remove one of them)",
                                e->path, e->name);
        if (k->proxy_url && kubeconfig_proxy_check(k->proxy_url, &why) < 0)
                return err_setf(err, -EINVAL, "invalid 'proxy-url' \"%s\" for cluster \"%s\": %s (%s)",
                                kubeconfig_redacted(shown, k->proxy_url), e->name, why.text, e->path);
        r = kubeconfig_server(server,
                              k->ca_file || k->ca_data || k->insecure || k->tls_server_name || k->client_cert_file ||
                                      k->client_cert_data,
                              &k->server, &why);
        if (r < 0)
                return err_setf(err, r, "invalid server \"%s\" for cluster \"%s\": %s (%s)",
                                kubeconfig_redacted(shown, server), e->name, why.text, e->path);
        return 0;
}

/* Whatever would make another user of us, and is not done here. */
static int refuse_unsupported(const struct kubeconfig_entry *e, struct err *err) {
        const char *s;

        static const char plugin[] = "a daemon runs no plugin; use token, tokenFile or a client certificate";
        static const char basic[] = "Kubernetes accepts no basic authentication any more; use token, tokenFile or a "
                                    "client certificate";
        static const char as[] = "no impersonation; remove it, and give the user itself the rights";
        static const struct {
                const char *key, *cure;
        } unsupported[] = {
                {"exec", plugin}, {"auth-provider", plugin}, {"username", basic},   {"password", basic}, {"as", as},
                {"as-uid", as},   {"as-groups", as},         {"as-user-extra", as},
        };
        for (size_t i = 0; i < ELEMENTSOF(unsupported); i++) {
                json_object *o = NULL;
                if (!e->o || !json_object_object_get_ex(e->o, unsupported[i].key, &o) || !o)
                        continue;
                s = json_object_get_string(o);
                if (json_object_is_type(o, json_type_string) && !*s)
                        continue;
                if (json_object_is_type(o, json_type_array) && json_object_array_length(o) == 0)
                        continue;
                if (unsupported[i].cure == as && json_object_is_type(o, json_type_object) &&
                    json_object_object_length(o) == 0)
                        continue;
                return err_setf(err, -EINVAL, "%s: user \"%s\": %s is not supported (%s)", e->path, e->name,
                                unsupported[i].key, unsupported[i].cure);
        }
        return 0;
}

static int check_user(const struct kubeconfig_entry *e, const struct kubeconfig *k, struct err *err) {
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
        /* It becomes a header line. */
        for (const char *p = k->token; p && *p; p++)
                if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
                        return err_setf(err, -EINVAL,
                                        "%s: user \"%s\": token holds white space or a control character; write "
                                        "the token alone, in one line",
                                        e->path, e->name);
        return 0;
}

static int resolve_user(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        int r = kubeconfig_check_keys(e, err);

        if (r == 0)
                r = refuse_unsupported(e, err);
        if (r == 0)
                r = kubeconfig_get_file(e, "client-certificate", /* pem= */ true, &k->client_cert_file, err);
        if (r == 0)
                r = kubeconfig_get_data(e, "client-certificate-data", &k->client_cert_data, err);
        if (r == 0)
                r = kubeconfig_get_file(e, "client-key", /* pem= */ true, &k->client_key_file, err);
        if (r == 0)
                r = kubeconfig_get_data(e, "client-key-data", &k->client_key_data, err);
        if (r == 0)
                r = kubeconfig_get_copy(e, "token", &k->token, err);
        if (r == 0)
                r = kubeconfig_get_file(e, "tokenFile", /* pem= */ false, &k->token_file, err);
        return r < 0 ? r : check_user(e, k, err);
}

static char **credential(struct kubeconfig *k, size_t i) {
        char **all[] = {&k->client_cert_file, &k->client_cert_data, &k->client_key_file, &k->client_key_data, &k->token,
                        &k->token_file};

        return i < ELEMENTSOF(all) ? all[i] : NULL;
}

static void wipe_credentials(struct kubeconfig *k) {
        char **s;

        for (size_t i = 0; (s = credential(k, i)); i++) {
                if (*s)
                        explicit_bzero(*s, strlen(*s));
                free(*s);
                *s = NULL;
        }
}

/* The context to use. */
static int choose_context(const struct kubeconfig_files *f, const char *wanted, struct kubeconfig_entry *ret,
                          struct err *err) {
        const char *name = wanted;
        char names[300];

        for (size_t i = 0; util_empty(name) && i < f->n_files; i++) {
                json_object *o = NULL;

                if (json_object_object_get_ex(f->roots[i], "current-context", &o) && o)
                        name = json_object_get_string(o);
        }
        if (util_empty(name))
                return err_setf(
                        err, -EINVAL,
                        "no configuration has been provided: %s has no current-context; set it there, or context "
                        "in leader-agent.conf (leaderctl: --context); %s",
                        f->paths[0], kubeconfig_names(f, "contexts", names, sizeof(names)));
        if (kubeconfig_find_entry(f, "contexts", "context", name, ret))
                return 0;
        (void)kubeconfig_names(f, "contexts", names, sizeof(names));
        if (!util_empty(wanted))
                return err_setf(err, -EINVAL, "context \"%s\" does not exist (%s: add it or correct the name; %s)",
                                name, f->paths[0], names);
        return err_setf(err, -EINVAL,
                        "context was not found for specified context: %s (%s: add it or correct the name; %s)", name,
                        f->paths[0], names);
}

/* The entry of a list that the context names. */
static int follow(const struct kubeconfig_files *f, const struct kubeconfig_entry *context, const char *list,
                  const char *kind, struct kubeconfig_entry *ret, struct err *err) {
        const char *name;
        char names[300];
        int r = kubeconfig_get_text(context, kind, &name, err);

        if (r < 0)
                return r;
        (void)kubeconfig_names(f, list, names, sizeof(names));
        if (!name)
                return err_setf(err, -EINVAL, "%s: context \"%s\" names no %s; add %s: NAME, one of %s; %s",
                                context->path, context->name, kind, kind, list, names);
        if (!kubeconfig_find_entry(f, list, kind, name, ret))
                return err_setf(err, -EINVAL,
                                "%s \"%s\" was not found for context \"%s\" (%s: add it or correct the name; %s)", kind,
                                name, context->name, context->path, names);
        return 0;
}

static int copy_names(struct kubeconfig *k, const struct kubeconfig_entry *context,
                      const struct kubeconfig_entry *cluster, const struct kubeconfig_entry *user, struct err *err) {
        int r = kubeconfig_get_copy(context, "namespace", &k->namespace_, err);

        if (r < 0)
                return r;
        if (k->namespace_ && !name_is_dns_label(k->namespace_))
                return err_setf(
                        err, -EINVAL,
                        "invalid namespace \"%s\" for context \"%s\" (%s: it is of lower-case letters, digits and "
                        "'-')",
                        k->namespace_, context->name, context->path);
        k->namespace_ = k->namespace_ ? k->namespace_ : strdup("default");
        k->source = strdup(context->path);
        k->context = strdup(context->name);
        k->cluster = strdup(cluster->name);
        k->user = strdup(user->name);
        return k->namespace_ && k->source && k->context && k->cluster && k->user
                       ? 0
                       : err_setf(err, -ENOMEM, "out of memory");
}

int kubeconfig_load(struct kubeconfig **ret, const char *path, const char *context, struct err *err) {
        _cleanup_(kubeconfig_files_done) struct kubeconfig_files files = {};
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = calloc(1, sizeof(*k));
        struct kubeconfig_entry chosen = {}, cluster = {}, user = {};
        int r;

        if (!k)
                return err_setf(err, -ENOMEM, "out of memory");
        r = kubeconfig_files_find(&files, path, err);
        if (r == 0)
                r = choose_context(&files, context, &chosen, err);
        if (r == 0)
                r = kubeconfig_check_keys(&chosen, err);
        if (r == 0)
                r = follow(&files, &chosen, "clusters", "cluster", &cluster, err);
        if (r == 0)
                r = follow(&files, &chosen, "users", "user", &user, err);
        if (r == 0)
                r = copy_names(k, &chosen, &cluster, &user, err);
        if (r == 0)
                r = resolve_user(&user, k, err);
        /* After the user: whether a server without scheme means TLS depends on both. */
        if (r == 0)
                r = resolve_cluster(&cluster, k, err);
        if (r != 0)
                return r;
        if (strncmp(k->server, "https:", strlen("https:")) != 0)
                wipe_credentials(k);
        *ret = TAKE_PTR(k);
        return 0;
}

struct kubeconfig *kubeconfig_free(struct kubeconfig *k) {
        if (!k)
                return NULL;
        wipe_credentials(k);
        free(k->source);
        free(k->context);
        free(k->cluster);
        free(k->user);
        free(k->namespace_);
        free(k->server);
        free(k->tls_server_name);
        free(k->ca_file);
        free(k->ca_data);
        free(k->proxy_url);
        free(k);
        return NULL;
}
