/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' Status object, the body of most answers that are not the object asked for, reduced to what a client needs
 * to decide. Bodies of proxies (HTML, plain text) and none at all are fine: the HTTP code then speaks alone. */
#pragma once

#include "base/util.h"

struct json_object;

struct status {
        bool is_status;  /* the body was a Status; else only code and message are set */
        bool is_success; /* status: Success */
        int code;
        char reason[64];   /* AlreadyExists, Conflict, NotFound, Forbidden, Expired …, may be empty */
        char message[400]; /* one line, cut, no control characters; of a plain text body its first line */
        char name[254];    /* details.name: the object (of a 404: the one that is absent) */
        char uid[64];      /* details.uid */
        bool namespace_terminating;
        uint64_t retry_after_usec; /* details.retryAfterSeconds, 0: not given */
};

/* Never fails. http_code is used where the body says nothing. */
void status_parse(long http_code, const char *body, size_t n, struct status *ret);
/* From a parsed document (ERROR events of watches). Returns false when it is not a Status; ret is then zeroed. */
bool status_from_json(struct json_object *object, struct status *ret);
