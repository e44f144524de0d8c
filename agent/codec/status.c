/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' Status, or what a proxy put in its place. Never fails: what cannot be read is described instead. */
#include "codec/status.h"

#include <stdio.h>

#include "base/retry.h"
#include "codec/object.h"

bool status_from_json(struct json_object *object, struct status *ret) {
        struct json_object *details = object_get(object, "details");
        struct json_object *causes = object_get(details, "causes");
        char text[32];
        int64_t n;

        memset(ret, 0, sizeof(*ret));
        if (object_get_string(object, "kind", text, sizeof(text)) <= 0 || !util_streq(text, "Status"))
                return false;

        ret->is_status = true;
        (void)object_get_string(object, "status", text, sizeof(text));
        ret->is_success = util_streq(text, "Success");
        n = object_get_count(object, "code", 0);
        ret->code = n <= 599 ? (int)n : 0;
        (void)object_get_string(object, "reason", ret->reason, sizeof(ret->reason));
        object_get_text(object, "message", ret->message, sizeof(ret->message));
        (void)object_get_string(details, "name", ret->name, sizeof(ret->name));
        (void)object_get_string(details, "uid", ret->uid, sizeof(ret->uid));
        n = object_get_count(details, "retryAfterSeconds", 0);
        ret->retry_after_usec = (uint64_t)(n <= RETRY_AFTER_MAX_SEC ? n : RETRY_AFTER_MAX_SEC) * USEC_PER_SEC;
        if (json_object_is_type(causes, json_type_array))
                for (size_t i = 0; i < json_object_array_length(causes); i++) {
                        (void)object_get_string(json_object_array_get_idx(causes, i), "reason", text, sizeof(text));
                        ret->namespace_terminating |= util_streq(text, "NamespaceTerminating");
                }
        return true;
}

/* The first line of a text that is not JSON; markup says nothing to a human. */
static void describe_text(const char *body, size_t n, char *dst, size_t size) {
        size_t used = 0;

        while (n > 0 && ((unsigned char)*body <= ' ')) {
                body++;
                n--;
        }
        if (n > 0 && *body == '<') {
                (void)snprintf(dst, size, "an HTML or XML page, not an answer of an API server");
                return;
        }
        for (size_t i = 0; i < n && used + 1 < size && body[i] != '\n' && body[i] != '\r'; i++) {
                unsigned char c = (unsigned char)body[i];

                /* Not known to be UTF-8, and meant for a journal: ASCII only. */
                dst[used] = body[i];
                if (c < 0x20 || c >= 0x7f)
                        dst[used] = '?';
                used++;
        }
        dst[used] = 0;
}

void status_parse(long http_code, const char *body, size_t n, struct status *ret) {
        _cleanup_(json_object_putp) struct json_object *object = NULL;
        bool is_json = n > 0 && object_parse(body, n, &object, NULL) >= 0;

        if (is_json && status_from_json(object, ret)) {
                if (ret->code == 0)
                        ret->code = (int)http_code;
        } else {
                memset(ret, 0, sizeof(*ret));
                ret->code = (int)http_code;
                if (is_json)
                        (void)snprintf(ret->message, sizeof(ret->message), "JSON that is not a Status");
                else
                        describe_text(body, n, ret->message, sizeof(ret->message));
        }
        if (!*ret->message)
                (void)snprintf(ret->message, sizeof(ret->message), "HTTP %ld without explanation", http_code);
}
