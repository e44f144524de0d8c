/* SPDX-License-Identifier: Apache-2.0 */
/* One API request taken apart: verb, resource, namespace, name, query. No I/O. */
#pragma once

#include "reply.h"

enum verb {
        VERB_GET,
        VERB_LIST,
        VERB_WATCH,
        VERB_CREATE,
        VERB_UPDATE,
        VERB_PATCH,
        VERB_DELETE,
        VERB_DELETE_COLLECTION,
};

/* As in RBAC: get list watch create update patch delete deletecollection. */
const char *verb_to_string(enum verb v);

struct call {
        enum verb verb;
        const struct resource *resource;
        char ns[256], name[256];                  /* "": all namespaces or cluster-scoped; no name */
        char select_ns[256], select_name[256];    /* fieldSelector; "": any. For create: the name in the body */
        char select_label[256], select_value[64]; /* labelSelector KEY=VALUE, lists only; "": any */
        char rv[32];
        char rv_match[32];
        bool watch, bookmarks, send_initial, strict;
        char field_validation[16];
        char field_selector_bad[128]; /* an unknown field was selected */
        uint64_t timeout_seconds;     /* watch; 0: none given */
        uint64_t timeout_usec;        /* ?timeout= of other requests; 0: none given */
        bool bad_timeout_seconds;
        char timeout_text[32];
        char content_type[128];
        const char *body;
        size_t body_size;
        char user[256];
};

struct query {
        const char *name, *value;
};

/* Fills c from method, path (percent-decoded) and query. Returns false with r filled (404, 405) when it is no API
 * request that this server knows. */
bool call_parse(struct call *c, struct reply *r, const char *method, const char *path, const struct query *queries,
                size_t n_queries);
