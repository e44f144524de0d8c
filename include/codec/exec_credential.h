/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials from a plugin (`exec` of a kubeconfig's user): what it is told and what it answers, by the API group
 * client.authentication.k8s.io, versions v1 and v1beta1. Texts only: who runs it is adapter/exec.h. */
#pragma once

#include "codec/kubeconfig.h"

/* What a plugin may print: more is refused. */
#define EXEC_CREDENTIAL_MAX ((size_t)256 * 1024)

struct exec_credential {
        char *token;              /* NULL: none */
        char *client_cert;        /* PEM, with its chain; NULL: none. With client_key or not at all */
        char *client_key;         /* PEM, never encrypted */
        uint64_t expires_at_usec; /* CLOCK_REALTIME; 0: it says nothing, and is good until a 401 */
};

/* The value of $KUBERNETES_EXEC_INFO: an ExecCredential with spec.interactive false and, with provideClusterInfo, the
 * cluster as it is now: server, tls-server-name, insecure-skip-tls-verify, certificate-authority-data, proxy-url,
 * config. *ret is to be freed. Returns -ENOMEM; -E2BIG: more than Linux takes for one variable; errno of the CA file.
 */
int exec_credential_info(const struct kubeconfig *k, char **ret);

/* Reads what the plugin of k printed, JSON or YAML; text need not be terminated. *ret is written only with 0, and done
 * by the caller. Returns -ENOMEM or -EINVAL with err set, in client-go's wording where it has one, without the plugin's
 * name and without anything secret. A token with white space, an encrypted key, a certificate for another key are
 * refused. What has ended already is taken: whoever uses it decides. */
int exec_credential_parse(const struct kubeconfig *k, const char *text, size_t n, struct exec_credential *ret,
                          struct err *err);
/* Wipes and frees what it holds; it may be used again. */
void exec_credential_done(struct exec_credential *c);
