/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a connection could be made at all, without making one: URL, and what codec/tls.h says of CA, certificate and
 * key. */
#include <errno.h>

#include "adapter/http.h"
#include "adapter/http_setup.h"

int http_check(const struct kubeconfig *config, struct err *err) {
        _cleanup_(tls_freep) struct tls *tls = NULL;
        struct http_setup s;
        int r = http_setup_init(&s, config, err);

        if (r >= 0 && s.is_tls)
                r = tls_load(&tls, config, err);
        http_setup_done(&s);
        return r;
}
