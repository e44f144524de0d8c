/* SPDX-License-Identifier: Apache-2.0 */
/* Getters and setters over json-c. Out of memory is the end of the server, never an error to handle. */
#include "doc.h"

#include <stdarg.h>
#include <stdio.h>

void *doc_alloc(size_t size) {
        void *p = calloc(1, size);
        if (!p)
                abort();
        return p;
}

char *doc_strdup(const char *s) {
        char *p = strdup(s ? s : "");
        if (!p)
                abort();
        return p;
}

char *doc_printf(const char *fmt, ...) {
        char *p = NULL;
        va_list ap;
        va_start(ap, fmt);
        int n = vasprintf(&p, fmt, ap);
        va_end(ap);
        if (n < 0)
                abort();
        return p;
}

doc *doc_get(doc *d, const char *path) {
        char key[256];
        while (d && *path) {
                size_t n = strcspn(path, "/");
                if (n >= sizeof(key) || !json_object_is_type(d, json_type_object))
                        return NULL;
                memcpy(key, path, n);
                key[n] = 0;
                doc *next = NULL;
                if (!json_object_object_get_ex(d, key, &next))
                        return NULL;
                d = next;
                path += n + (path[n] == '/');
        }
        return d;
}

const char *doc_string(doc *d, const char *path) {
        doc *v = doc_get(d, path);
        return v && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

int64_t doc_int(doc *d, const char *path, int64_t fallback) {
        doc *v = doc_get(d, path);
        return v && json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : fallback;
}

bool doc_bool(doc *d, const char *path, bool fallback) {
        doc *v = doc_get(d, path);
        return v && json_object_is_type(v, json_type_boolean) ? json_object_get_boolean(v) : fallback;
}

doc *doc_set(doc *d, const char *key, doc *value) {
        if (json_object_object_add(d, key, value) < 0)
                abort();
        return value;
}

void doc_set_string(doc *d, const char *key, const char *value) {
        doc *s = json_object_new_string(value);
        if (!s)
                abort();
        doc_set(d, key, s);
}

doc *doc_object(doc *d, const char *key) {
        doc *o = doc_get(d, key);
        return o ? o : doc_set(d, key, json_object_new_object());
}

doc *doc_copy(doc *d) {
        doc *c = NULL;
        if (d && json_object_deep_copy(d, &c, NULL) < 0)
                abort();
        return c;
}

const char *doc_text(doc *d) {
        return json_object_to_json_string_ext(d, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void doc_free_tokener(struct json_tokener **t) {
        json_tokener_free(*t);
}

doc *doc_parse(const char *text, size_t size) {
        _cleanup_(doc_free_tokener) struct json_tokener *t = json_tokener_new();
        if (!t || size > INT32_MAX)
                return NULL;
        json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
        _cleanup_doc_ doc *d = json_tokener_parse_ex(t, text, (int)size);
        if (!d)
                return NULL;
        size_t end = json_tokener_get_parse_end(t);
        for (; end < size; end++)
                if (!strchr(" \t\r\n", text[end]) || !text[end])
                        return NULL;
        return TAKE_PTR(d);
}

bool doc_array_has(doc *array, const char *value) {
        for (size_t i = 0; array && i < json_object_array_length(array); i++)
                if (util_streq(json_object_get_string(json_object_array_get_idx(array, i)), value))
                        return true;
        return false;
}

void buf_add(struct buf *b, const void *data, size_t size) {
        if (size == 0)
                return;
        if (b->size + size > b->allocated) {
                b->allocated = (b->size + size) * 2;
                b->data = realloc(b->data, b->allocated);
                if (!b->data)
                        abort();
        }
        memcpy(b->data + b->size, data, size);
        b->size += size;
}

void buf_free(struct buf *b) {
        free(b->data);
        *b = (struct buf){0};
}
