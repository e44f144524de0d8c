/* SPDX-License-Identifier: Apache-2.0 */
/* What all API objects have in common, over json-c: strict parsing, strings into fixed fields, metadata, and building
 * bodies without an error check per line. Used by lock, placeholder, status, watch and kube. */
#pragma once

#include <json-c/json.h>

#include "base/err.h"

struct object_meta {
        char ns[64];
        char name[254];
        char uid[64];
        char version[32];
        bool deleting;
        unsigned n_finalizers;
};

DEFINE_CLEANUP(struct json_object *, json_object_put)

/* Reads one JSON document (strict RFC 8259, valid UTF-8, nothing but white space behind it, at most 160 MiB in memory),
 * all of it: what json-c leaves out when memory is short is -ENOMEM. A name that stands twice in one object is refused.
 * Returns -ENOMEM, or -EBADMSG with err set. */
int object_parse(const char *json, size_t n, struct json_object **ret, struct err *err);

/* Reads a list of `kind`, an API object whose items need not say their api_version and kind: they do afterwards.
 * *ret_items: its items, part of *ret; NULL: there are none. Returns -ENOMEM, or -EBADMSG with err set. */
int object_parse_list(const char *json, size_t n, const char *api_version, const char *kind, struct json_object **ret,
                      struct json_object **ret_items, struct err *err);

/* Member of an object; NULL when there is none, it is null, or parent is not an object (NULL included). */
struct json_object *object_get(struct json_object *parent, const char *key);
/* Copies a string member. Returns 1; 0 when there is none or it is empty; -EBADMSG when it is not a string, does not
 * fit, or holds control characters (values end up in logs, file names and environments). *dst is "" unless 1 is
 * returned. */
int object_get_string(struct json_object *parent, const char *key, char *dst, size_t size);
/* The same for free text of any length: cut to fit at a character boundary, plain
 * (utf8_plain(); control characters of ASCII become spaces). */
void object_get_text(struct json_object *parent, const char *key, char *dst, size_t size);
/* An integer member that is not negative; def when there is none or it is something else. */
int64_t object_get_count(struct json_object *parent, const char *key, int64_t def);

/* Checks apiVersion and kind, and that name, namespace, uid and resourceVersion are there and fit. -EBADMSG, err set.
 */
int object_get_meta(struct json_object *object, const char *api_version, const char *kind, struct object_meta *ret,
                    struct err *err);

/* Building: a NULL parent (out of memory before) makes the rest fail too, so one check at the end is enough. */
struct json_object *object_add_object(struct json_object *parent, const char *key);
struct json_object *object_add_array(struct json_object *parent, const char *key);
/* A new object at the end of an array. */
struct json_object *object_append_object(struct json_object *array);
/* value NULL adds a JSON null. */
bool object_add_string(struct json_object *parent, const char *key, const char *value);
bool object_add_int(struct json_object *parent, const char *key, int64_t value);
bool object_add_bool(struct json_object *parent, const char *key, bool value);
/* The text of a document, all of it, to free(); -ENOMEM when root is NULL too. */
int object_to_text(struct json_object *root, char **ret);
/* The same for what goes to a terminal: what utf8_plain() replaces is replaced. */
int object_to_plain_text(struct json_object *root, char **ret);
