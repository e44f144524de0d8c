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
 * cluster. *ret is to be freed. Returns -ENOMEM. */
int exec_credential_info(const struct kubeconfig *k, char **ret);

/* Reads what the plugin of k printed. Returns -ENOMEM, -EINVAL with err set, in client-go's wording where it has one;
 * nothing secret is in it. Fitting of key and certificate is checked. What is good already is taken also when it is
 * expired: whoever uses it decides. */
int exec_credential_parse(const struct kubeconfig *k, const char *text, size_t n, struct exec_credential *ret,
                          struct err *err);
/* Wipes and frees what it holds. */
void exec_credential_done(struct exec_credential *c);
