/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the server and the Status bodies of kube-apiserver 1.35, word for word. */
#pragma once

#include "resource.h"

struct reply {
        int code;
        doc *body;       /* owned; NULL: text */
        char *text;      /* owned; sent as text/plain */
        int retry_after; /* seconds, header Retry-After; 0: none */
};

void reply_done(struct reply *r);
/* Takes the reference of body. */
void reply_body(struct reply *r, int code, doc *body);
void reply_text(struct reply *r, int code, const char *text);

/* Any Status of failure; reason may be "". details (owned, may be NULL). */
void reply_status(struct reply *r, int code, const char *reason, doc *details, const char *fmt, ...) _printf_(5, 6);
doc *reply_details(const char *name, const char *group, const char *kind);

void reply_success(struct reply *r, const struct resource *res, const char *name, const char *uid);
void reply_bad_request(struct reply *r, const char *fmt, ...) _printf_(2, 3);
void reply_not_found(struct reply *r, const struct resource *res, const char *name);
void reply_exists(struct reply *r, const struct resource *res, const char *name, bool deleting);
void reply_modified(struct reply *r, const struct resource *res, const char *name);
/* The uid of the body against the stored one ("" when absent). */
void reply_uid_conflict(struct reply *r, const struct resource *res, const char *ns, const char *name, const char *want,
                        const char *have);
/* DELETE preconditions; what is "UID" or "ResourceVersion". */
void reply_precondition(struct reply *r, const struct resource *res, const char *name, const char *what,
                        const char *want, const char *have);
void reply_terminating(struct reply *r, const struct resource *res, const char *name, const char *ns);
doc *reply_expired(const char *fmt, ...) _printf_(1, 2); /* the Status of a 410, for the stream or a body */

/* Collects reasons for a 422. */
struct invalid {
        doc *causes;
        char *text;
        size_t n;
};
void invalid_add(struct invalid *v, const char *reason, const char *field, const char *fmt, ...) _printf_(4, 5);
void invalid_done(struct invalid *v);
/* Fills r with the 422 from the causes; kind_name as in "ConfigMap \"x\" is invalid". Empties v. */
void reply_invalid(struct reply *r, struct invalid *v, const char *kind_name, const char *group, const char *kind,
                   const char *name);
