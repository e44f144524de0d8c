/* SPDX-License-Identifier: Apache-2.0 */
/* JSON merge patch and four operations of JSON patch, on copies: a patch that fails leaves the object as it was. */
#include "merge.h"

doc *merge_patch(doc *target, doc *patch) {
        if (!json_object_is_type(patch, json_type_object))
                return doc_copy(patch);
        doc *out =
                target && json_object_is_type(target, json_type_object) ? doc_copy(target) : json_object_new_object();
        json_object_object_foreach(patch, key, value) {
                if (value)
                        doc_set(out, key, merge_patch(doc_get(out, key), value));
                else
                        json_object_object_del(out, key);
        }
        return out;
}

/* The last key of a JSON pointer, unescaped, and the value that holds it; NULL when the way there does not exist. */
static doc *merge_parent(doc *d, const char *path, char *key, size_t size) {
        if (*path != '/')
                return NULL;
        while (d) {
                size_t n = 0;
                for (path++; *path && *path != '/'; path++) {
                        char c = *path;
                        if (c == '~' && (path[1] == '0' || path[1] == '1'))
                                c = *++path == '0' ? '~' : '/';
                        if (n + 1 >= size)
                                return NULL;
                        key[n++] = c;
                }
                key[n] = 0;
                if (!*path)
                        return d;
                doc *next = NULL;
                if (json_object_is_type(d, json_type_array))
                        next = json_object_array_get_idx(d, strtoul(key, NULL, 10));
                else
                        (void)json_object_object_get_ex(d, key, &next); /* absent: ends the loop */
                d = next;
        }
        return NULL;
}

static enum merge_result merge_in_array(doc *array, const char *op, const char *key, doc *value) {
        size_t n = json_object_array_length(array), i = util_streq(key, "-") ? n : strtoul(key, NULL, 10);
        if (util_streq(op, "test"))
                return i < n && json_object_equal(json_object_array_get_idx(array, i), value) ? MERGE_OK : MERGE_FAILED;
        if (util_streq(op, "remove"))
                return i < n && json_object_array_del_idx(array, i, 1) == 0 ? MERGE_OK : MERGE_FAILED;
        if (util_streq(op, "replace"))
                return i < n && json_object_array_put_idx(array, i, doc_copy(value)) == 0 ? MERGE_OK : MERGE_FAILED;
        if (i > n)
                return MERGE_FAILED;
        json_object_array_add(array, NULL);
        for (size_t j = n; j > i; j--)
                json_object_array_put_idx(array, j, json_object_get(json_object_array_get_idx(array, j - 1)));
        json_object_array_put_idx(array, i, doc_copy(value));
        return MERGE_OK;
}

static enum merge_result merge_operation(doc *target, doc *operation) {
        char key[512];
        const char *op = doc_string(operation, "op");
        doc *value = doc_get(operation, "value"), *present = NULL;
        if (!util_streq(op, "test") && !util_streq(op, "add") && !util_streq(op, "replace") &&
            !util_streq(op, "remove"))
                return MERGE_MALFORMED;
        doc *parent = merge_parent(target, doc_string(operation, "path"), key, sizeof(key));
        if (!parent)
                return MERGE_FAILED;
        if (json_object_is_type(parent, json_type_array))
                return merge_in_array(parent, op, key, value);
        if (!json_object_is_type(parent, json_type_object))
                return MERGE_FAILED;
        bool there = json_object_object_get_ex(parent, key, &present);
        if (util_streq(op, "test"))
                return there && json_object_equal(present, value) ? MERGE_OK : MERGE_FAILED;
        if (!util_streq(op, "add") && !there)
                return MERGE_FAILED;
        if (util_streq(op, "remove"))
                json_object_object_del(parent, key);
        else
                doc_set(parent, key, doc_copy(value));
        return MERGE_OK;
}

enum merge_result merge_json_patch(doc **ret, doc *target, doc *operations) {
        _cleanup_doc_ doc *out = doc_copy(target);
        if (!json_object_is_type(operations, json_type_array))
                return MERGE_MALFORMED;
        for (size_t i = 0; i < json_object_array_length(operations); i++) {
                enum merge_result r = merge_operation(out, json_object_array_get_idx(operations, i));
                if (r != MERGE_OK)
                        return r;
        }
        *ret = TAKE_PTR(out);
        return MERGE_OK;
}
