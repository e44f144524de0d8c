/* SPDX-License-Identifier: Apache-2.0 */
/* TokenRequest of authentication.k8s.io/v1, by which a service account is given a new token: the body asked with and
 * the answer. What the token itself says is codec/credentials.h. */
#pragma once

#include "base/err.h"

/* What the API takes ("may not specify a duration less than 10 minutes", "larger than 2^32 seconds"). */
#define TOKEN_REQUEST_SECONDS_MIN 600U
#define TOKEN_REQUEST_SECONDS_MAX (1ULL << 32U)

/* The body, to free(). Returns 0, -ENOMEM; -EINVAL: the API does not take that. */
int token_request_build(uint64_t seconds, char **ret);

/* The token in the answer, to be wiped and freed: not empty, printable ASCII without blanks, as it goes into a header
 * line and a file. Returns 0, -ENOMEM, -EBADMSG with err set. */
int token_request_parse(const char *json, size_t n, char **ret, struct err *err);
