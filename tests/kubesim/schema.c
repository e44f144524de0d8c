/* SPDX-License-Identifier: Apache-2.0 */
/* Fields and types of each kind, as tables; unknown fields are dropped (or refused when asked to), as by the real
 * decoder. */
#include "schema.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

enum type {
        STRING,
        INTEGER,
        BOOLEAN,
        STRING_MAP,
        STRING_LIST,
        OWNERS,
        OBJECT, /* content not looked at */
        IGNORED,
        MICRO_TIME,
        TIME,
        STRUCT, /* the fields with this name as parent */
};

struct field {
        const char *kind, *parent, *name; /* kind "": every kind */
        enum type type;
};

/* In the order in which the real server writes them. */
static const struct field fields[] = {
        {"", "", "kind", STRING},
        {"", "", "apiVersion", STRING},
        {"", "", "metadata", STRUCT},
        {"", "metadata", "name", STRING},
        {"", "metadata", "generateName", STRING},
        {"", "metadata", "namespace", STRING},
        {"", "metadata", "uid", STRING},
        {"", "metadata", "resourceVersion", STRING},
        {"", "metadata", "generation", INTEGER},
        {"", "metadata", "creationTimestamp", TIME},
        {"", "metadata", "deletionTimestamp", TIME},
        {"", "metadata", "deletionGracePeriodSeconds", INTEGER},
        {"", "metadata", "labels", STRING_MAP},
        {"", "metadata", "annotations", STRING_MAP},
        {"", "metadata", "ownerReferences", OWNERS},
        {"", "metadata", "finalizers", STRING_LIST},
        {"", "metadata", "managedFields", IGNORED},
        {"", "metadata", "selfLink", IGNORED},
        {"ConfigMap", "", "data", STRING_MAP},
        {"ConfigMap", "", "binaryData", STRING_MAP},
        {"ConfigMap", "", "immutable", BOOLEAN},
        {"Lease", "", "spec", STRUCT},
        {"Lease", "spec", "holderIdentity", STRING},
        {"Lease", "spec", "leaseDurationSeconds", INTEGER},
        {"Lease", "spec", "acquireTime", MICRO_TIME},
        {"Lease", "spec", "renewTime", MICRO_TIME},
        {"Lease", "spec", "leaseTransitions", INTEGER},
        {"Lease", "spec", "strategy", IGNORED},
        {"Lease", "spec", "preferredHolder", IGNORED},
        {"Pod", "", "spec", OBJECT},
        {"Pod", "", "status", OBJECT},
        {"Namespace", "", "spec", OBJECT},
        {"Namespace", "", "status", OBJECT},
        {"Event", "", "involvedObject", OBJECT},
        {"Event", "", "reason", STRING},
        {"Event", "", "message", STRING},
        {"Event", "", "source", OBJECT},
        {"Event", "", "firstTimestamp", TIME},
        {"Event", "", "lastTimestamp", TIME},
        {"Event", "", "count", INTEGER},
        {"Event", "", "type", STRING},
        {"Event", "", "eventTime", MICRO_TIME},
        {"Event", "", "series", OBJECT},
        {"Event", "", "action", STRING},
        {"Event", "", "related", OBJECT},
        {"Event", "", "reportingComponent", STRING},
        {"Event", "", "reportingInstance", STRING},
};

static const char *schema_type_name(doc *v) {
        switch (json_object_get_type(v)) {
        case json_type_boolean:
                return "bool";
        case json_type_double:
        case json_type_int:
                return "number";
        case json_type_object:
                return "object";
        case json_type_array:
                return "array";
        case json_type_string:
                return "string";
        case json_type_null:
                break;
        }
        return "null";
}

static char *schema_mismatch(const char *kind, const char *parent, const char *name, doc *v, const char *go_type) {
        return doc_printf("json: cannot unmarshal %s into Go struct field %s.%s%s%s of type %s", schema_type_name(v),
                          kind, parent, *parent ? "." : "", name, go_type);
}

static void schema_format_utc(char out[static 32], time_t t) {
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
}

const char *schema_now(char buffer[static 32]) {
        schema_format_utc(buffer, time(NULL));
        strcat(buffer, "Z");
        return buffer;
}

/* "YYYY-MM-DDTHH:MM:SS" + fraction + zone; micro: exactly six digits of fraction. NULL: *error has Go's complaint. */
static doc *schema_parse_time(const char *s, bool micro, char **error) {
        const char *layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
        struct tm tm = {0};
        char text[64], utc[32], fraction[8] = "";
        const char *p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm), *rest = p;
        if (!p) {
                *error = doc_printf("parsing time \"%s\" as \"%s\": cannot parse \"%s\" as \"2006\"", s, layout, s);
                return NULL;
        }
        size_t digits = 0;
        if (*p == '.')
                while (isdigit((unsigned char)p[1 + digits]))
                        digits++;
        if (micro && digits != 6) {
                *error = doc_printf("parsing time \"%s\" as \"%s\": cannot parse \"%s\" as \".000000\"", s, layout,
                                    rest);
                return NULL;
        }
        if (micro)
                snprintf(fraction, sizeof(fraction), "%.7s", p);
        if (digits)
                p += 1 + digits;
        int hours = 0, minutes = 0, end = 0;
        char sign = '+';
        bool zulu = util_streq(p, "Z");
        if (!zulu && (sscanf(p, "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 || p[end] || !strchr("+-", sign))) {
                *error = doc_printf("parsing time \"%s\" as \"%s\": cannot parse \"%s\" as \"Z07:00\"", s, layout, p);
                return NULL;
        }
        schema_format_utc(utc, timegm(&tm) - (sign == '+' ? 1 : -1) * (hours * 3600 + minutes * 60));
        snprintf(text, sizeof(text), "%s%sZ", utc, fraction);
        return json_object_new_string(text);
}

static doc *schema_owners(doc *list, const char *kind, char **error) {
        static const struct {
                const char *name;
                json_type type;
                const char *go_type;
        } keys[] = {{"apiVersion", json_type_string, "string"}, {"kind", json_type_string, "string"},
                    {"name", json_type_string, "string"},       {"uid", json_type_string, "types.UID"},
                    {"controller", json_type_boolean, "bool"},  {"blockOwnerDeletion", json_type_boolean, "bool"}};
        _cleanup_doc_ doc *out = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                doc *in = json_object_array_get_idx(list, i), *owner = json_object_new_object();
                json_object_array_add(out, owner);
                for (size_t k = 0; k < ELEMENTSOF(keys); k++) {
                        doc *v = doc_get(in, keys[k].name);
                        if (v && !json_object_is_type(v, keys[k].type)) {
                                *error = schema_mismatch(kind, "metadata.ownerReferences", keys[k].name, v,
                                                         keys[k].go_type);
                                return NULL;
                        }
                        if (v || keys[k].type == json_type_string)
                                doc_set(owner, keys[k].name, v ? json_object_get(v) : json_object_new_string(""));
                }
        }
        return TAKE_PTR(out);
}

/* The value of one field in stored form; NULL: dropped, or an error when *error is set. */
static doc *schema_value(const struct field *f, const char *kind, doc *v, char **error) {
        static const struct {
                json_type json;
                const char *go;
        } types[] = {
                [STRING] = {json_type_string, "string"},       [INTEGER] = {json_type_int, "int32"},
                [BOOLEAN] = {json_type_boolean, "bool"},       [STRING_MAP] = {json_type_object, "map[string]string"},
                [STRING_LIST] = {json_type_array, "[]string"}, [OWNERS] = {json_type_array, "[]v1.OwnerReference"},
                [OBJECT] = {json_type_object, "object"},       [MICRO_TIME] = {json_type_string, "string"},
                [TIME] = {json_type_string, "string"},         [STRUCT] = {json_type_object, "struct"},
        };
        if (!v || f->type == IGNORED)
                return NULL;
        if (!json_object_is_type(v, types[f->type].json)) {
                *error = schema_mismatch(kind, f->parent, f->name, v, types[f->type].go);
                return NULL;
        }
        if (f->type == MICRO_TIME || f->type == TIME)
                return schema_parse_time(json_object_get_string(v), f->type == MICRO_TIME, error);
        if (f->type == OWNERS)
                return json_object_array_length(v) ? schema_owners(v, kind, error) : NULL;
        if (f->type == STRING_LIST) {
                for (size_t i = 0; i < json_object_array_length(v); i++) {
                        doc *item = json_object_array_get_idx(v, i);
                        if (!json_object_is_type(item, json_type_string)) {
                                *error = schema_mismatch(kind, f->parent, f->name, item, "string");
                                return NULL;
                        }
                }
                return json_object_array_length(v) ? doc_copy(v) : NULL;
        }
        if (f->type == STRING_MAP) {
                json_object_object_foreach(v, key, item) {
                        (void)key;
                        if (!json_object_is_type(item, json_type_string)) {
                                *error = schema_mismatch(kind, f->parent, f->name, item, "string");
                                return NULL;
                        }
                }
                return json_object_object_length(v) ? doc_copy(v) : NULL;
        }
        if (f->type == STRING && !*json_object_get_string(v) && *f->parent == 'm')
                return NULL; /* metadata leaves out empty strings; spec.holderIdentity "" is a value */
        return doc_copy(v);
}

static const struct field *schema_find(const char *kind, const char *parent, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if ((!*fields[i].kind || util_streq(fields[i].kind, kind)) && util_streq(fields[i].parent, parent) &&
                    util_streq(fields[i].name, name))
                        return &fields[i];
        return NULL;
}

static doc *schema_struct(const char *kind, const char *parent, doc *d, bool strict, char **error) {
        _cleanup_doc_ doc *out = json_object_new_object();
        for (size_t i = 0; i < ELEMENTSOF(fields) && !*error; i++) {
                const struct field *f = &fields[i];
                if ((*f->kind && !util_streq(f->kind, kind)) || !util_streq(f->parent, parent))
                        continue;
                doc *v = doc_get(d, f->name), *value = schema_value(f, kind, v, error);
                if (f->type == STRUCT && !*error) {
                        doc_putp(&value);
                        value = schema_struct(kind, f->name, v, strict, error);
                }
                if (value)
                        doc_set(out, f->name, value);
        }
        if (d && strict && !*error) {
                json_object_object_foreach(d, key, unused) {
                        (void)unused;
                        if (!*error && !schema_find(kind, parent, key))
                                *error = doc_printf("strict decoding error: unknown field \"%s%s%s\"", parent,
                                                    *parent ? "." : "", key);
                }
        }
        return *error ? NULL : TAKE_PTR(out);
}

void schema_decode(doc **ret, char **ret_error, const struct resource *resource, doc *d, bool strict) {
        *ret_error = NULL;
        *ret = schema_struct(resource->kind, "", d, strict, ret_error);
}
