/* SPDX-License-Identifier: Apache-2.0 */
/* How long the credentials of the connection are good. What sends them is kube.c (tokens) and http_setup.c. */
#include "adapter/kube.h"
#include "adapter/kube_internal.h"

const struct kube_credentials *kube_credentials(const struct kube *kube) {
        return &kube->credentials;
}

void kube_credentials_look(struct kube *kube) {
        const struct kubeconfig *k = kube->config;

        if (util_empty(k->token_file)) {
                kube->credentials.token = credentials_read_token(k->token);
                kube->credentials.account = credentials_read_account(k->token);
        } else
                (void)kube_token(kube); /* reads what it is time to read, and its term */
        kube->credentials.problem = http_look(kube->http, &kube->credentials.certificate);
        if (k->exec) /* that one is the plugin's, and nobody has to look after it */
                kube->credentials.certificate = (struct credentials_term){};
}
