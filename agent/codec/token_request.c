/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest request: no audiences (the API server's own are meant), bound to no object. */
#include "codec/token_request.h"

#include <errno.h>

#include "codec/object.h"

#define API_VERSION "authentication.k8s.io/v1"
#define KIND        "TokenRequest"
#define TOKEN_MAX   ((size_t)64 * 1024)

int token_request_build(uint64_t seconds, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;

        if (seconds < TOKEN_REQUEST_SECONDS_MIN || seconds > TOKEN_REQUEST_SECONDS_MAX)
                return -EINVAL;
        root = json_object_new_object();
        if (!object_add_string(root, "apiVersion", API_VERSION) || !object_add_string(root, "kind", KIND) ||
            !object_add_int(object_add_object(root, "spec"), "expirationSeconds", (int64_t)seconds))
                return -ENOMEM;
        return object_to_text(root, ret);
}

static bool is_token(const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f)
                        return false;
        return n > 0 && n <= TOKEN_MAX;
}

int token_request_parse(const char *json, size_t n, char **ret, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;
        struct json_object *token;
        char kind[64];
        int r;

        r = object_parse(json, n, &root, err);
        if (r < 0)
                return r;
        if (object_get_string(root, "kind", kind, sizeof(kind)) <= 0 || !util_streq(kind, KIND))
                return err_setf(err, -EBADMSG, "the answer is no " KIND);
        token = object_get(object_get(root, "status"), "token");
        if (!json_object_is_type(token, json_type_string) ||
            !is_token(json_object_get_string(token), (size_t)json_object_get_string_len(token)))
                return err_setf(err, -EBADMSG, "the " KIND " in the answer has no token");
        *ret = strdup(json_object_get_string(token));
        return *ret ? 0 : -ENOMEM;
}
