/* SPDX-License-Identifier: Apache-2.0 */
/* Who a request is from, and what is withdrawn from whom. Everything is allowed to every known user unless a denial
 * says otherwise; somebody without credentials may read /readyz and /version only. */
#pragma once

#include "call.h"

struct auth_token;
struct auth_denial;

struct auth {
        struct auth_token *tokens;
        struct auth_denial *denials;
        bool open; /* no credentials needed: everybody is an administrator (plain --http without --tokens) */
};

void auth_done(struct auth *a);
/* Reads "token,user" lines; '#' starts a comment. Returns 0 or -errno. */
int auth_load_tokens(struct auth *a, const char *path);
/* user NULL or "": the token is revoked from now on. */
void auth_set_token(struct auth *a, const char *token, const char *user);

/* Whether some token is this user's. */
bool auth_knows(const struct auth *a, const char *user);

/* Empty strings match everything. */
void auth_deny(struct auth *a, const char *user, const char *verb, const char *resource, const char *name);
void auth_allow_all(struct auth *a); /* forgets all denials */

/* certificate_user: CN of a verified client certificate or NULL; header: Authorization or NULL. Returns the user
 * (borrowed until the token is revoked), "system:anonymous", or NULL for a 401. */
const char *auth_user(const struct auth *a, const char *certificate_user, const char *header);

/* Whether a verb on a resource is denied, and whether only for some names. */
enum auth_denied {
        AUTH_NOT_DENIED,
        AUTH_DENIED,
        AUTH_DENIED_FOR_NAMES,
};
enum auth_denied auth_denies(const struct auth *a, const char *user, const char *verb, const char *resource);
bool auth_may(const struct auth *a, const char *user, const char *verb, const char *resource, const char *name);

/* False with r filled (403) when the user may not do this. exists: the object of a PUT is there. */
bool auth_check(const struct auth *a, const struct call *c, bool exists, struct reply *r);
