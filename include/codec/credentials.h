/* SPDX-License-Identifier: Apache-2.0 */
/* How long a bearer token or a client certificate is good, and whose a token is, as far as it says so itself. Nothing
 * is verified: the API server does that. Never fails; whatever cannot be read says nothing. */
#pragma once

#include "base/util.h"

/* Wall clock, microseconds since 1970. */
struct credentials_term {
        uint64_t begins_usec; /* 0: not said */
        uint64_t ends_usec;   /* 0: not said */
};

/* A JSON Web Token (RFC 7519): `iat` (else `nbf`) and `exp`. Any other token says nothing. */
struct credentials_term credentials_read_token(const char *token);

struct credentials_account {
        char ns[64]; /* empty: of no service account */
        char name[254];
};

/* The service account that a JSON Web Token is of: its `sub` is "system:serviceaccount:NAMESPACE:NAME". */
struct credentials_account credentials_read_account(const char *token);

/* The first certificate of a PEM text (RFC 5280): notBefore and notAfter. */
struct credentials_term credentials_read_certificate(const char *pem);

/* From when on its end is worth a word: 14 days before; of what is good for less than 28 days altogether, when a tenth
 * of that is left (whoever renews it does so earlier). USEC_INFINITY: it says no end. */
uint64_t credentials_warn_usec(const struct credentials_term *t);
