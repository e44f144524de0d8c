/* SPDX-License-Identifier: Apache-2.0 */
/* TokenRequest: new tokens for service accounts. One is known when somebody has a token of it, and "default" in each
 * namespace, as the controller makes it. The tokens are JSON Web Tokens with an invented signature; they do not end,
 * whatever they say. */
#pragma once

#include "auth.h"
#include "store.h"

/* Answers the creation of a token for the account c->name. limit: seconds that it is good for at most, 0: as asked. */
void token_execute(struct auth *a, struct store *s, int64_t limit, const struct call *c, struct reply *r);
