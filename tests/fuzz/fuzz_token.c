/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and certificates: the answer to a TokenRequest, JSON Web Tokens and PEM texts. A token taken is printable and
 * is taken again; instants are in order of what they mean; names of an account are names. The input is all of these in
 * turn; it is also the payload of a token made here, as base64 is hard to guess. */
#include "codec/credentials.h"
#include "codec/kubeconfig_parts.h"
#include "codec/name.h"
#include "codec/object.h"
#include "codec/token_request.h"
#include "fuzz.h"

#define YEAR_10000_USEC (UINT64_C(253402300800) * USEC_PER_SEC)

static void read_token(const char *token) {
        struct credentials_term t = credentials_read_token(token);
        struct credentials_account a = credentials_read_account(token);
        uint64_t warn = credentials_warn_usec(&t);

        fuzz_assert(t.begins_usec <= YEAR_10000_USEC && t.ends_usec <= YEAR_10000_USEC);
        fuzz_assert(t.ends_usec ? warn <= t.ends_usec : warn == USEC_INFINITY);
        fuzz_assert(!*a.ns == !*a.name);
        fuzz_assert(!*a.ns || (name_is_dns_label(a.ns) && name_is_dns_subdomain(a.name)));
}

static void read_payload(const char *payload) {
        char *text = kubeconfig_to_base64(payload), token[8192];
        size_t n;

        if (!text)
                return;
        n = (size_t)snprintf(token, sizeof(token), "e30.%s", text);
        free(text);
        while (n < sizeof(token) && n > 0 && token[n - 1] == '=')
                n--;
        if (n + 8 > sizeof(token))
                return;
        (void)snprintf(token + n, sizeof(token) - n, ".c2ln");
        read_token(token);
}

static void take_answer(const char *json, size_t size) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;
        char *token = NULL, *again = NULL, *body = NULL;
        struct err err = {};
        int r = token_request_parse(json, size, &token, &err);

        fuzz_assert_result(r, &err);
        fuzz_assert((r == 0) == (token != NULL));
        if (r < 0)
                return;
        fuzz_assert(*token);
        for (const char *p = token; *p; p++)
                fuzz_assert(*p > ' ' && *p < 0x7f);
        root = json_object_new_object();
        if (object_add_string(root, "kind", "TokenRequest") &&
            object_add_string(object_add_object(root, "status"), "token", token) && object_to_text(root, &body) == 0 &&
            token_request_parse(body, strlen(body), &again, NULL) == 0)
                fuzz_assert(util_streq(token, again));
        else
                fuzz_assert(fuzz_starved());
        read_token(token);
        free(body);
        free(again);
        free(token);
}

void fuzz_one(const uint8_t *data, size_t size) {
        char *text = fuzz_text(data, size), *body = NULL;
        struct fuzz f = {data, size};
        struct credentials_term t;
        uint64_t seconds = fuzz_number(&f, 8) >> (fuzz_byte(&f) % 64);
        int r;

        take_answer((const char *)data, size);
        read_token(text);
        read_payload(text);
        t = credentials_read_certificate(text);
        fuzz_assert(t.begins_usec <= YEAR_10000_USEC && t.ends_usec <= YEAR_10000_USEC);
        r = token_request_build(seconds, &body);
        fuzz_assert(r == 0 || (r == -ENOMEM && fuzz_starved()) ||
                    (r == -EINVAL && (seconds < TOKEN_REQUEST_SECONDS_MIN || seconds > TOKEN_REQUEST_SECONDS_MAX)));
        free(body);
        free(text);
}
