/* SPDX-License-Identifier: Apache-2.0 */
/* Between api.c and stream.c only. */
#pragma once

#include "api.h"

struct collected {
        char *text; /* terminated */
        size_t size;
};
size_t api_collect(char *data, size_t size, size_t n, void *arg);

/* A handle with URL, TLS and credentials; the caller sets its headers. */
CURL *api_handle(const char *path, struct curl_slist **headers, const char *token);
void api_set_body(CURL *c, struct curl_slist **headers, const char *method, const char *body);
