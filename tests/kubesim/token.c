/* SPDX-License-Identifier: Apache-2.0 */
/* In the order of the real one: the account, the request, the limit. */
#include "token.h"

#include <stdio.h>
#include <time.h>

#define API_VERSION "authentication.k8s.io/v1"

/* base64url without padding (RFC 7515, 2). */
static char *token_encode(const char *text) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        char *out = doc_alloc(strlen(text) * 2 + 2), *p = out;
        unsigned bits = 0, n_bits = 0;
        for (; *text; text++) {
                bits = bits << 8 | (unsigned char)*text;
                for (n_bits += 8; n_bits >= 6; n_bits -= 6)
                        *p++ = digits[bits >> (n_bits - 6) & 63];
        }
        if (n_bits)
                *p = digits[bits << (6 - n_bits) & 63];
        return out;
}

static char *token_make(const char *user, int64_t now, int64_t seconds) {
        static unsigned n_made;
        _cleanup_free_ char *claims = doc_printf("{\"exp\":%lld,\"iat\":%lld,\"iss\":\"kubesim\",\"jti\":\"%u\","
                                                 "\"sub\":\"%s\"}",
                                                 (long long)(now + seconds), (long long)now, ++n_made, user);
        _cleanup_free_ char *payload = token_encode(claims);
        return doc_printf("eyJhbGciOiJub25lIn0.%s.a3ViZXNpbQ", payload);
}

static void token_answer(const struct call *c, doc *body, const char *token, int64_t now, int64_t seconds,
                         struct reply *r) {
        char at[64];
        time_t end = (time_t)(now + seconds);
        struct tm tm;
        doc *answer = doc_copy(body), *metadata = doc_object(answer, "metadata"),
            *status = doc_object(answer, "status");
        strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &tm));
        doc_set_string(metadata, "name", c->name);
        doc_set_string(metadata, "namespace", c->ns);
        doc_set(doc_object(answer, "spec"), "expirationSeconds", json_object_new_int64(seconds));
        doc_set_string(status, "token", token);
        doc_set_string(status, "expirationTimestamp", at);
        reply_body(r, 201, answer);
}

void token_execute(struct auth *a, struct store *s, int64_t limit, const struct call *c, struct reply *r) {
        _cleanup_doc_ doc *body = doc_parse(c->body, c->body_size);
        _cleanup_free_ char *user = doc_printf("system:serviceaccount:%s:%s", c->ns, c->name), *token = NULL;
        int64_t seconds = doc_int(body, "spec/expirationSeconds", 3600), now = (int64_t)time(NULL);
        bool is_default = util_streq(c->name, "default") && store_find(s, resource_namespaces, "", c->ns);
        if (!util_streq(doc_string(body, "kind"), "TokenRequest") ||
            !util_streq(doc_string(body, "apiVersion"), API_VERSION))
                return reply_bad_request(r, "kubesim: not a TokenRequest of " API_VERSION);
        if (!is_default && !auth_knows(a, user))
                return reply_status(r, 404, "NotFound", reply_details(c->name, "", "serviceaccounts"),
                                    "serviceaccounts \"%s\" not found", c->name);
        if (seconds < 600) {
                struct invalid v = {0};
                invalid_add(&v, "FieldValueInvalid", "spec.expirationSeconds",
                            "Invalid value: %lld: may not specify a duration less than 10 minutes", (long long)seconds);
                return reply_invalid(r, &v, c->resource->kind_name, "authentication.k8s.io", "TokenRequest", "");
        }
        if (limit > 0 && seconds > limit)
                seconds = limit;
        token = token_make(user, now, seconds);
        auth_set_token(a, token, user);
        token_answer(c, body, token, now, seconds, r);
}
