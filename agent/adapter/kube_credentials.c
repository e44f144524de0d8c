/* SPDX-License-Identifier: Apache-2.0 */
/* How long the credentials of the connection are good. What sends them is kube.c (tokens) and http_setup.c. */
#include <errno.h>
#include <fcntl.h>

#include "adapter/kube.h"
#include "adapter/kube_internal.h"

#define CERTIFICATE_MAX ((size_t)256 * 1024)

/* Returns NULL for whatever reason: libcurl says it when it cannot use the file. */
static char *read_text(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        _cleanup_free_ char *text = fd >= 0 ? malloc(CERTIFICATE_MAX + 1) : NULL;
        size_t n = 0;

        while (text && n < CERTIFICATE_MAX) {
                ssize_t k = read(fd, text + n, CERTIFICATE_MAX - n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return NULL;
                if (k == 0)
                        break;
                n += (size_t)k;
        }
        if (!text)
                return NULL;
        text[n] = '\0';
        return TAKE_PTR(text);
}

const struct kube_credentials *kube_credentials(const struct kube *kube) {
        return &kube->credentials;
}

void kube_credentials_look(struct kube *kube) {
        const struct kubeconfig *k = kube->config;
        _cleanup_free_ char *text = k->client_cert_file ? read_text(k->client_cert_file) : NULL;

        if (util_empty(k->token_file)) {
                kube->credentials.token = credentials_read_token(k->token);
                kube->credentials.account = credentials_read_account(k->token);
        } else
                (void)kube_token(kube); /* reads what it is time to read, and its term */
        kube->credentials.certificate = credentials_read_certificate(text ? text : k->client_cert_data);
}
