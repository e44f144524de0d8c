/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving one context to what a connection needs. Files are found and read in kubeconfig_files.c, what a user says in
 * kubeconfig_user.c and kubeconfig_exec.c. */
#include "codec/kubeconfig.h"

#include <errno.h>

#include "base/clock.h"
#include "codec/credentials.h"
#include "codec/kubeconfig_parts.h"
#include "codec/name.h"
#include "codec/tls.h"

static int resolve_cluster(const struct kubeconfig_entry *e, struct kubeconfig *k, struct err *err) {
        char shown[KUBECONFIG_REDACTED_MAX];
        const char *server = NULL, *proxy = NULL;
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
                r = kubeconfig_get_text(e, "proxy-url", &proxy, err);
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
        r = proxy ? kubeconfig_proxy(proxy, &k->proxy_url, &why) : 0;
        if (r < 0)
                return err_setf(err, r, "invalid 'proxy-url' \"%s\" for cluster \"%s\": %s (%s)",
                                kubeconfig_redacted(shown, proxy), e->name, why.text, e->path);
        r = kubeconfig_server(server,
                              k->ca_file || k->ca_data || k->insecure || k->tls_server_name || k->client_cert_file ||
                                      k->client_cert_data,
                              &k->server, &why);
        if (r < 0)
                return err_setf(err, r, "invalid server \"%s\" for cluster \"%s\": %s (%s)",
                                kubeconfig_redacted(shown, server), e->name, why.text, e->path);
        if (k->exec && k->exec->provide_cluster_info)
                r = kubeconfig_exec_cluster(e, k->exec, err);
        if (r < 0)
                return r;
        return proxy ? 0 : kubeconfig_environment_proxy(k->server, &k->proxy_url, &k->proxy_from, err);
}

static char **credential(struct kubeconfig *k, size_t i) {
        char **all[] = {&k->client_cert_file,
                        &k->client_cert_data,
                        &k->client_key_file,
                        &k->client_key_data,
                        &k->token,
                        &k->token_file,
                        &k->username,
                        &k->basic};

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
        k->exec = kubeconfig_exec_free(k->exec);
}

/* The context to use. */
static int choose_context(const struct kubeconfig_files *f, const char *wanted, struct kubeconfig_entry *ret,
                          struct err *err) {
        const char *name = wanted;
        char names[300];
        int r;

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
        r = kubeconfig_find_entry(f, "contexts", "context", name, ret, err);
        if (r != 0)
                return r < 0 ? r : 0;
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
        /* As client-go, and said below. */
        if (!name && util_streq(kind, "user")) {
                *ret = (struct kubeconfig_entry){.kind = kind, .name = "", .path = context->path};
                return 0;
        }
        if (!name)
                return err_setf(err, -EINVAL, "%s: context \"%s\" names no %s; add %s: NAME, one of %s; %s",
                                context->path, context->name, kind, kind, list, names);
        r = kubeconfig_find_entry(f, list, kind, name, ret, err);
        if (r < 0)
                return r;
        if (r == 0)
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

/* What its owner should know. */
static int warn(struct kubeconfig *k, const struct kubeconfig_entry *user, struct err *err) {
        bool anonymous =
                !k->client_cert_file && !k->client_cert_data && !k->token && !k->token_file && !k->basic && !k->exec;
        char shown[KUBECONFIG_REDACTED_MAX];

        if (k->proxy_from && kubeconfig_warn(k, err,
                                             "%s in the environment: requests go through the proxy %s; where they "
                                             "should not, add the server's host to NO_PROXY there",
                                             k->proxy_from, kubeconfig_redacted(shown, k->proxy_url)) < 0)
                return -ENOMEM;
        if (strncmp(k->server, "https:", strlen("https:")) != 0)
                return kubeconfig_warn(
                        k, err,
                        "server %s: without TLS no credentials are sent, and whoever is on the way reads "
                        "and changes what is",
                        k->server);
        if (k->insecure && kubeconfig_warn(k, err,
                                           "insecure-skip-tls-verify: whoever answers at %s is believed; name the "
                                           "cluster's CA with certificate-authority instead",
                                           k->server) < 0)
                return -ENOMEM;
        if (!k->insecure && !k->ca_file && !k->ca_data &&
            kubeconfig_warn(k, err, "cluster \"%s\" names no certificate-authority: those of this system are trusted",
                            k->cluster) < 0)
                return -ENOMEM;
        if (!anonymous)
                return 0;
        return *user->name
                       ? kubeconfig_warn(
                                 k, err,
                                 "user \"%s\" has no token, client certificate, password or exec: requests go out "
                                 "anonymous",
                                 k->user)
                       : kubeconfig_warn(k, err, "context \"%s\" names no user: requests go out anonymous", k->context);
}

/* What has ended is taken all the same: it may be renewed at any time, and the API server is who decides. */
static int warn_ended(struct kubeconfig *k, const char *what, const struct credentials_term *t, struct err *err) {
        char text[CLOCK_TEXT_SIZE];

        if (!t->ends_usec || clock_realtime_usec() < t->ends_usec)
                return 0;
        return kubeconfig_warn(k, err, "the %s ended at %s: write a new one, or correct the clock", what,
                               clock_format_utc(t->ends_usec, text));
}

static int check_tls(struct kubeconfig *k, struct err *err) {
        _cleanup_(tls_freep) struct tls *tls = NULL;
        struct credentials_term token = credentials_read_token(k->token_file ? NULL : k->token);
        int r = tls_load(&tls, k, err);

        if (r == 0 && tls->warning[0])
                r = kubeconfig_warn(k, err, "%s", tls->warning);
        if (r == 0)
                r = warn_ended(k, "certificate authority", &tls->ca_term, err);
        if (r == 0)
                r = warn_ended(k, "client certificate", &tls->cert_term, err);
        return r < 0 ? r : warn_ended(k, "token", &token, err);
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
                r = kubeconfig_user(&user, k, err);
        /* After the user: whether a server without scheme means TLS depends on both. */
        if (r == 0)
                r = resolve_cluster(&cluster, k, err);
        if (r == 0)
                r = warn(k, &user, err);
        if (r != 0)
                return r;
        if (strncmp(k->server, "https:", strlen("https:")) != 0)
                wipe_credentials(k);
        else
                r = check_tls(k, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(k);
        return 0;
}

static void free_texts(char **texts, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(texts[i]);
        free(texts);
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
        free_texts(k->headers, k->n_headers);
        free_texts(k->warnings, k->n_warnings);
        free(k);
        return NULL;
}
