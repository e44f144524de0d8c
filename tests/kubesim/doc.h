/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents and memory for the test API server: short getters over json-c, a growing buffer, allocation that
 * aborts (a test server without memory has nothing better to do). Knows nothing of Kubernetes but `metadata`. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

typedef struct json_object doc;

static inline void doc_putp(doc **d) {
        if (*d)
                json_object_put(*d);
        *d = NULL; /* it may be a field that lives on */
}
#define _cleanup_doc_ _cleanup_(doc_putp)

void *doc_alloc(size_t size);    /* zeroed, never NULL */
char *doc_strdup(const char *s); /* NULL gives "" */
char *doc_printf(const char *fmt, ...) _printf_(1, 2);

/* Borrowed value at a path of keys separated by '/', e.g. "metadata/uid"; NULL when absent or null. */
doc *doc_get(doc *d, const char *path);
/* Borrowed string at path, or "" when absent or no string. */
const char *doc_string(doc *d, const char *path);
/* Integer or boolean at path, or fallback when absent or of another type. */
int64_t doc_int(doc *d, const char *path, int64_t fallback);
bool doc_bool(doc *d, const char *path, bool fallback);

/* Puts a value under key (ownership of value taken); returns value. */
doc *doc_set(doc *d, const char *key, doc *value);
void doc_set_string(doc *d, const char *key, const char *value);
/* The object under key, created when absent. */
doc *doc_object(doc *d, const char *key);
doc *doc_copy(doc *d);
/* Compact text, borrowed from d until it changes. */
const char *doc_text(doc *d);
/* Parses size bytes as exactly one JSON value; NULL when they are none. JSON null gives NULL too. */
doc *doc_parse(const char *text, size_t size);
/* True when array (may be NULL) holds the string. */
bool doc_array_has(doc *array, const char *value);

struct buf {
        char *data;
        size_t size, allocated;
};
void buf_add(struct buf *b, const void *data, size_t size);
void buf_free(struct buf *b);
