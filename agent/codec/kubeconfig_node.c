/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of libfyaml as json-c objects. Not through its JSON emitter: that one reads a null pointer for a block scalar
 * without content at the end of the file. */
#include <errno.h>
#include <libfyaml.h>

#include "codec/kubeconfig_parts.h"

DEFINE_CLEANUP(json_object *, json_object_put)

#define DIGITS "0123456789"

/* Whether JSON writes numbers like that too. */
static bool is_json_number(const char *s) {
        size_t n;

        s += *s == '-';
        n = strspn(s, DIGITS);
        if (n == 0 || (n > 1 && *s == '0'))
                return false;
        s += n;
        if (*s == '.') {
                n = strspn(s + 1, DIGITS);
                s += n > 0 ? n + 1 : 0;
        }
        if (*s == 'e' || *s == 'E') {
                s += s[1] == '+' || s[1] == '-' ? 2 : 1;
                n = strspn(s, DIGITS);
                if (n == 0)
                        return false;
                s += n;
        }
        return !*s;
}

/* A plain scalar that YAML takes for a number. Only what a cluster has for plugins is ever one. Returns 1; 0: it is
 * none; -ENOMEM. */
static int number_to_json(const char *s, size_t size, json_object **ret) {
        char buf[64], *end;
        double value;
        long long whole;

        if (size == 0 || size >= sizeof(buf) || strspn(s, DIGITS "+-.eE") < size)
                return 0;
        memcpy(buf, s, size);
        buf[size] = '\0';
        value = strtod(buf, &end);
        if (*end)
                return 0;
        /* As it is written, where that is JSON; else +5, 007, .5 */
        whole = strtoll(buf, &end, 0);
        *ret = is_json_number(buf) ? json_object_new_double_s(value, buf)
               : !*end             ? json_object_new_int64(whole)
                                   : json_object_new_double(value);
        return *ret ? 1 : -ENOMEM;
}

static bool is_null(const char *s, size_t size) {
        return size == 0 || (size == 1 && s[0] == '~') || (size == 4 && strncasecmp(s, "null", 4) == 0);
}

static bool is_bool(const char *s, size_t size) {
        return (size == 4 && strncasecmp(s, "true", 4) == 0) || (size == 5 && strncasecmp(s, "false", 5) == 0);
}

static int scalar_to_json(struct fy_node *n, json_object **ret) {
        size_t size = 0;
        const char *s = fy_node_get_scalar(n, &size);
        size_t n_tag;
        bool plain;
        int r;

        s = s ? s : "";
        plain = fy_node_get_style(n) == FYNS_PLAIN && !fy_node_get_tag(n, &n_tag);
        *ret = NULL;
        if (plain && is_null(s, size))
                return 0;
        r = plain ? number_to_json(s, size, ret) : 0;
        if (r != 0)
                return r < 0 ? r : 0;
        if (plain && is_bool(s, size))
                *ret = json_object_new_boolean(s[0] == 't' || s[0] == 'T');
        else
                *ret = json_object_new_string_len(s, (int)size);
        return *ret ? 0 : -ENOMEM;
}

static int mapping_to_json(struct fy_node *n, json_object *o) {
        struct fy_node_pair *pair;

        void *iterator = NULL;
        while ((pair = fy_node_mapping_iterate(n, &iterator))) {
                struct fy_node *key = fy_node_pair_key(pair);
                size_t size = 0;
                const char *s = key && fy_node_is_scalar(key) ? fy_node_get_scalar(key, &size) : NULL;
                _cleanup_free_ char *name = strndup(s ? s : "", s ? size : 0);
                json_object *value = NULL;
                int r = name ? kubeconfig_node(fy_node_pair_value(pair), &value) : -ENOMEM;

                if (r < 0)
                        return r;
                if (json_object_object_add(o, name, value) < 0) {
                        json_object_put(value);
                        return -ENOMEM;
                }
        }
        return 0;
}

static int sequence_to_json(struct fy_node *n, json_object *array) {
        struct fy_node *item;

        void *iterator = NULL;
        while ((item = fy_node_sequence_iterate(n, &iterator))) {
                json_object *value = NULL;
                int r = kubeconfig_node(item, &value);

                if (r < 0)
                        return r;
                if (json_object_array_add(array, value) < 0) {
                        json_object_put(value);
                        return -ENOMEM;
                }
        }
        return 0;
}

/* The depth was limited by expands_within(). */
int kubeconfig_node(struct fy_node *n, json_object **ret) {
        bool mapping;
        _cleanup_(json_object_putp) json_object *o = NULL;
        int r;

        *ret = NULL;
        if (!n)
                return 0;
        if (fy_node_is_scalar(n))
                return scalar_to_json(n, ret);
        mapping = fy_node_is_mapping(n);
        o = mapping ? json_object_new_object() : json_object_new_array();
        if (!o)
                return -ENOMEM;
        r = mapping ? mapping_to_json(n, o) : sequence_to_json(n, o);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}
