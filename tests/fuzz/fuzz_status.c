/* SPDX-License-Identifier: Apache-2.0 */
/* Status objects, and whatever else an API server or a proxy answers with. There is always a message for a human, in
 * one line, and numbers are in their bounds. The first byte chooses the HTTP code. */
#include "base/retry.h"
#include "codec/status.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        long code = 100 + 4 * (long)fuzz_byte(&f);
        uint8_t *body = fuzz_copy(f.p, f.n);
        struct status s;

        status_parse(code, (const char *)body, f.n, &s);
        fuzz_assert(*s.message && strlen(s.message) < sizeof(s.message));
        fuzz_assert_plain(s.message);
        fuzz_assert(s.code == code || (s.is_status && s.code > 0 && s.code <= 599));
        fuzz_assert(s.retry_after_usec <= RETRY_AFTER_MAX_SEC * USEC_PER_SEC);
        fuzz_assert(s.is_status || (!s.is_success && !*s.reason && !*s.name && !*s.uid && !s.namespace_terminating));
        free(body);
}
