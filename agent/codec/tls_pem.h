/* SPDX-License-Identifier: Apache-2.0 */
/* PEM texts (RFC 7468) block by block, with the same rules as Go's encoding/pem, which client-go reads with. Only for
 * tls*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct tls_block {
        const char *type; /* between BEGIN and the dashes; not terminated */
        size_t n_type;
        const char *body;
        size_t n_body;
        bool is_broken;    /* it has no end, or that of another type */
        bool has_headers;  /* RFC 1421, as before PKCS#8 */
        bool is_encrypted; /* as those headers or the type say */
};

/* Takes the next block off *at. Returns false when there is none. A line that begins one begins with its dashes. */
bool tls_next_block(const char **at, struct tls_block *ret);
bool tls_block_is(const struct tls_block *b, const char *type);
/* Any kind of private key. */
bool tls_block_is_key(const struct tls_block *b);
/* What it holds, to wipe and free; NULL: it is no base64, or there is no memory. */
unsigned char *tls_block_decode(const struct tls_block *b, size_t *ret_size);
