/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig files: found, merged and resolved as client-go does, reduced to what one connection needs. Whatever would
 * change authentication and is not supported (auth-provider) is an error, never ignored; entries that are not used need
 * not be sound. A plugin (exec) is described here and never run. A plain path stays a path: certificates and the token
 * file are read again by the adapter that uses them. There is no fallback to a Pod's service account: a host is no Pod.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* A plugin that gives credentials (client.authentication.k8s.io). */
struct kubeconfig_exec {
        char *api_version; /* "client.authentication.k8s.io/v1" or ".../v1beta1" */
        char *command;     /* with a '/': its path, the directory of the kubeconfig before it; else searched in $PATH */
        char **args;
        size_t n_args;
        char **env; /* "NAME=VALUE" */
        size_t n_env;
        char *install_hint; /* what to do when command is not there; NULL: nothing is said */
        bool provide_cluster_info;
        char *cluster_config; /* JSON text of the cluster's extension client.authentication.k8s.io/exec; NULL: none */
};

/* Everything about one context. Strings are NULL when not given, paths absolute or relative to the working directory.
 */
struct kubeconfig {
        char *source;  /* file that defined the context, for messages */
        char *context; /* names as in the file, for messages */
        char *cluster;
        char *user;       /* "": the context names none */
        char *namespace_; /* never NULL: the context's, else "default" */

        char *server; /* never NULL: http(s)://HOST[:PORT][/PREFIX], no trailing '/', query and fragment dropped */
        char *tls_server_name;  /* replaces HOST for SNI and for verification */
        bool insecure;          /* do not verify the server */
        char *ca_file;          /* PEM; the only trust root (no system roots), at most one of the two is set */
        char *ca_data;          /* the same, decoded, NUL-terminated PEM text */
        char *proxy_url;        /* http, https or socks5 URL with port; NULL: none */
        const char *proxy_from; /* the variable of the environment that proxy_url is from; NULL: of the file, or none */

        /* Credentials. All NULL for an http:// server: as client-go, nothing secret is sent without TLS. Of token, and
         * username with basic, one kind at most. */
        char *client_cert_file;
        char *client_cert_data; /* decoded PEM text */
        char *client_key_file;
        char *client_key_data;
        char *token;      /* when token_file is set too: only until that was first read */
        char *token_file; /* trim white space, read again every minute, keep the last good token */
        char *username;
        char *basic;                  /* "USERNAME:PASSWORD" in base64 */
        struct kubeconfig_exec *exec; /* none of the others is there; NULL: no plugin */

        /* Whom it speaks for: lines of each request's header (Impersonate-User: …), also without TLS. */
        char **headers;
        size_t n_headers;

        /* What is no error, but was hardly meant or is worth knowing; without anything secret. */
        char **warnings;
        size_t n_warnings;
};

/* Loads one context. path: that file alone, which must exist; NULL: the files of $KUBECONFIG, else ~/.kube/config,
 * merged by client-go's rule (first file wins per entry; missing files are skipped). context: NULL for current-context.
 * Referenced files are read once, so that an unreadable one is an error here, as are certificates and keys that do not
 * fit (codec/tls.h). Without proxy-url the proxy is that of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).
 * Returns 0; -ENOENT nothing found, -EINVAL bad content, other errno from reading; err names file, line and column
 * (YAML) or file and entry, what is wrong, in client-go's wording where it has one, and what to do. It shows nothing
 * secret. A field that is known but for its case is an error: client-go ignores it, and would go without what it says.
 */
int kubeconfig_load(struct kubeconfig **ret, const char *path, const char *context, struct err *err);
/* Wipes the secrets, then frees. Returns NULL. */
struct kubeconfig *kubeconfig_free(struct kubeconfig *k);
DEFINE_CLEANUP(struct kubeconfig *, kubeconfig_free)
