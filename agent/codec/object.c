/* SPDX-License-Identifier: Apache-2.0 */
/* json-c behind a strict door: what is not valid JSON, nests too deep or does not fit is an error here, so that no
 * codec has to think of it. */
#include "codec/object.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "codec/object_parts.h"
#include "codec/utf8.h"

/* Objects nest a dozen levels (managedFields); a deeper document is not from an API server. */
#define OBJECT_DEPTH_MAX 64

/* What json-c makes of a document may take: less than half of MemoryMax= of the agent. A list of 1,000 locks takes 100
 * MiB. */
#define OBJECT_MEMORY_MAX ((size_t)160 * 1024 * 1024)

/* It takes no more than that (as measured, json-c 0.16), by the values that the text can have: 4 MiB of "[{},{},…]"
 * would be 1 GiB. What stands in a text is none; json-c ends at the first byte from which on the two of us would take
 * different things for texts. */
static size_t memory_of(const char *json, size_t n) {
        size_t total = 2 * n;
        bool in_text = false;

        for (size_t i = 0; i < n; i++)
                if (json[i] == '"')
                        in_text = !in_text;
                else if (in_text)
                        i += json[i] == '\\';
                else
                        total += json[i] == '{'                     ? 800
                                 : json[i] == '['                   ? 200
                                 : json[i] == ',' || json[i] == ':' ? 104
                                                                    : 0;
        return total;
}

static bool is_control(unsigned char c) {
        return c < 0x20 || c == 0x7f;
}

static int tokenize(const char *json, size_t n, int flags, struct json_object **ret, struct err *err) {
        struct json_tokener *tokener = json_tokener_new_ex(OBJECT_DEPTH_MAX);
        struct json_object *root;
        enum json_tokener_error e;
        size_t at;

        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, flags);
        root = json_tokener_parse_ex(tokener, json, (int)n);
        e = json_tokener_get_error(tokener);
        at = json_tokener_get_parse_end(tokener);
        json_tokener_free(tokener);
        if (e == json_tokener_success && at == n) {
                *ret = root;
                return 0;
        }
        json_object_put(root);
        if (e == json_tokener_continue)
                return err_setf(err, -EBADMSG, "JSON is cut off after byte %zu", n);
        /* More behind it is an error, in strict mode; what is not strict was looked at by check_form(). (json-c 0.17
         * has an error of its own for memory.) */
        if (e == json_tokener_success || util_streq(json_tokener_error_desc(e), "out of memory"))
                return err_setf(err, -ENOMEM, "out of memory");
        return err_setf(err, -EBADMSG, "not JSON: %s at byte %zu of %zu", json_tokener_error_desc(e), at, n);
}

/* json-c 0.18 in strict mode takes every character beyond ASCII for a control character. So what is strict about is a
 * copy without them: it is JSON when the text is, for they may stand only where any letter may. */
static int check_form(const char *json, size_t n, bool *ret_is_ascii, struct err *err) {
        _cleanup_free_ char *copy = malloc(n);
        struct json_object *root = NULL;
        int r;

        if (!copy)
                return -ENOMEM;
        *ret_is_ascii = true;
        for (size_t at = 0, length; at < n; at += length) {
                length = utf8_length(json + at, n - at);
                if (length == 0)
                        return err_setf(err, -EBADMSG, "not JSON: invalid UTF-8 at byte %zu of %zu", at, n);
                *ret_is_ascii &= length == 1;
                memset(copy + at, 'x', length);
                if (length == 1)
                        copy[at] = json[at];
        }
        if (*ret_is_ascii)
                return 0;
        r = tokenize(copy, n, JSON_TOKENER_STRICT, &root, err);
        json_object_put(root);
        return r;
}

int object_parse(const char *json, size_t n, struct json_object **ret, struct err *err) {
        struct json_object *root = NULL;
        size_t begin = 0;
        bool is_ascii;
        int r;

        /* json-c in strict mode refuses even the newline with which every answer of an API server ends. */
        while (n > 0 && (json[n - 1] == '\n' || json[n - 1] == '\r' || json[n - 1] == ' ' || json[n - 1] == '\t'))
                n--;
        if (n == 0)
                return err_setf(err, -EBADMSG, "empty answer where a JSON document was expected");
        while (begin < n && (unsigned char)json[begin] <= ' ')
                begin++;
        if (begin < n && json[begin] == '<')
                return err_setf(err, -EBADMSG,
                                "not JSON but an HTML or XML page: is `server` in the kubeconfig right, and no proxy's "
                                "login page in between?");
        if (n > INT_MAX / 2)
                return err_setf(err, -EBADMSG, "JSON document of %zu bytes is too large", n);
        if (memory_of(json, n) > OBJECT_MEMORY_MAX)
                return err_setf(err, -EBADMSG, "JSON document of %zu bytes has too many values to be an API object", n);

        r = check_form(json, n, &is_ascii, err);
        if (r >= 0)
                r = tokenize(json, n, is_ascii ? JSON_TOKENER_STRICT : 0, &root, err);
        if (r < 0)
                return r;
        if (!object_is_whole(root, json, n)) {
                json_object_put(root);
                return object_why_not_whole(json, n) == -EBADMSG
                               ? err_setf(err, -EBADMSG,
                                          "JSON in which an object has a name twice, or a NUL character in a name")
                               : err_setf(err, -ENOMEM, "out of memory");
        }
        if (!root)
                return err_setf(err, -EBADMSG, "JSON null where an object was expected");
        *ret = root;
        return 0;
}

struct json_object *object_get(struct json_object *parent, const char *key) {
        struct json_object *v = NULL;

        if (!json_object_is_type(parent, json_type_object) || !json_object_object_get_ex(parent, key, &v))
                return NULL;
        return v;
}

int object_parse_list(const char *json, size_t n, const char *api_version, const char *kind, struct json_object **ret,
                      struct json_object **ret_items, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *list = NULL;
        struct json_object *items;
        char said[64], expected[64];
        int r = object_parse(json, n, &list, err);

        if (r < 0)
                return r;
        (void)snprintf(expected, sizeof(expected), "%sList", kind);
        (void)object_get_string(list, "kind", said, sizeof(said));
        items = object_get(list, "items");
        if (!util_streq(said, expected) || (items && !json_object_is_type(items, json_type_array)))
                return err_setf(err, -EBADMSG, "answer is of kind '%s', expected %s with items", said, expected);
        for (size_t i = 0; items && i < json_object_array_length(items); i++) {
                struct json_object *item = json_object_array_get_idx(items, i);

                /* The items of a list leave out what its kind says already. */
                if (json_object_is_type(item, json_type_object) && !object_get(item, "kind") &&
                    (!object_add_string(item, "kind", kind) || !object_add_string(item, "apiVersion", api_version)))
                        return -ENOMEM;
        }
        *ret_items = items;
        *ret = TAKE_PTR(list);
        return 0;
}

int object_get_string(struct json_object *parent, const char *key, char *dst, size_t size) {
        struct json_object *v = object_get(parent, key);
        const char *s;
        int n;

        *dst = 0;
        if (!v)
                return 0;
        if (!json_object_is_type(v, json_type_string))
                return -EBADMSG;
        s = json_object_get_string(v);
        n = json_object_get_string_len(v);
        for (int i = 0; i < n; i++)
                if (is_control((unsigned char)s[i]))
                        return -EBADMSG;
        if (!util_copy(dst, size, s))
                return -EBADMSG;
        return n > 0;
}

void object_get_text(struct json_object *parent, const char *key, char *dst, size_t size) {
        struct json_object *v = object_get(parent, key);
        const char *s;
        size_t n;

        *dst = 0;
        if (!json_object_is_type(v, json_type_string))
                return;
        s = json_object_get_string(v);
        n = (size_t)json_object_get_string_len(v);
        if (n >= size) {
                n = size - 1;
                /* Back to the first byte of a character that would be cut. */
                while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
                        n--;
        }
        memcpy(dst, s, n);
        dst[n] = 0;
        for (size_t i = 0; i < n; i++)
                if (is_control((unsigned char)dst[i]))
                        dst[i] = ' ';
        (void)utf8_plain(dst, /* lines= */ false);
}

int64_t object_get_count(struct json_object *parent, const char *key, int64_t def) {
        struct json_object *v = object_get(parent, key);
        int64_t n;

        if (!json_object_is_type(v, json_type_int))
                return def;
        n = json_object_get_int64(v);
        return n >= 0 ? n : def;
}

int object_get_meta(struct json_object *object, const char *api_version, const char *kind, struct object_meta *ret,
                    struct err *err) {
        char found_version[64], found_kind[64];
        struct json_object *finalizers, *meta = object_get(object, "metadata");
        const struct {
                const char *key;
                char *dst;
                size_t size;
        } fields[] = {
                {"namespace", ret->ns, sizeof(ret->ns)},
                {"name", ret->name, sizeof(ret->name)},
                {"uid", ret->uid, sizeof(ret->uid)},
                {"resourceVersion", ret->version, sizeof(ret->version)},
        };

        memset(ret, 0, sizeof(*ret));
        if (!json_object_is_type(object, json_type_object))
                return err_setf(err, -EBADMSG, "answer is not a JSON object but %s",
                                json_type_to_name(json_object_get_type(object)));
        (void)object_get_string(object, "apiVersion", found_version, sizeof(found_version));
        (void)object_get_string(object, "kind", found_kind, sizeof(found_kind));
        if (!util_streq(found_kind, kind) || !util_streq(found_version, api_version))
                return err_setf(err, -EBADMSG, "answer is of kind '%s' (apiVersion '%s'), expected %s (%s)", found_kind,
                                found_version, kind, api_version);

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                int r = object_get_string(meta, fields[i].key, fields[i].dst, fields[i].size);

                if (r <= 0)
                        return err_setf(err, -EBADMSG, "%s in the answer %s metadata.%s", kind,
                                        r == 0 ? "has no" : "has an unusable", fields[i].key);
        }
        ret->deleting = object_get(meta, "deletionTimestamp") != NULL;
        finalizers = object_get(meta, "finalizers");
        if (json_object_is_type(finalizers, json_type_array))
                ret->n_finalizers = (unsigned)json_object_array_length(finalizers);
        return 0;
}

static struct json_object *add(struct json_object *parent, const char *key, struct json_object *child) {
        if (!child)
                return NULL;
        if (!parent || json_object_object_add(parent, key, child) < 0) {
                json_object_put(child);
                return NULL;
        }
        return child;
}

struct json_object *object_add_object(struct json_object *parent, const char *key) {
        return add(parent, key, json_object_new_object());
}

struct json_object *object_add_array(struct json_object *parent, const char *key) {
        return add(parent, key, json_object_new_array());
}

struct json_object *object_append_object(struct json_object *array) {
        struct json_object *child = json_object_new_object();

        if (!child)
                return NULL;
        if (!array || json_object_array_add(array, child) < 0) {
                json_object_put(child);
                return NULL;
        }
        return child;
}

bool object_add_string(struct json_object *parent, const char *key, const char *value) {
        if (!value)
                return parent && json_object_object_add(parent, key, NULL) == 0;
        return add(parent, key, json_object_new_string(value)) != NULL;
}

bool object_add_int(struct json_object *parent, const char *key, int64_t value) {
        return add(parent, key, json_object_new_int64(value)) != NULL;
}

bool object_add_bool(struct json_object *parent, const char *key, bool value) {
        return add(parent, key, json_object_new_boolean(value)) != NULL;
}

int object_to_text(struct json_object *root, char **ret) {
        const char *text =
                root ? json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
                     : NULL;

        *ret = text && object_is_whole(root, text, strlen(text)) ? strdup(text) : NULL;
        return *ret ? 0 : -ENOMEM;
}

int object_to_plain_text(struct json_object *root, char **ret) {
        int r = object_to_text(root, ret);

        if (r >= 0)
                (void)utf8_plain(*ret, /* lines= */ false);
        return r;
}
