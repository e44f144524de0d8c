/* SPDX-License-Identifier: Apache-2.0 */
/* Files and YAML. libfyaml parses, and its nodes become json-c objects: the only document model. Not through its JSON
 * emitter: that one reads a null pointer for a block scalar without content at the end of the file. More guards against
 * what libfyaml 0.7 does with odd input: invalid UTF-8 becomes null, aliases may expand without bound, messages go to
 * stderr. */
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <sys/stat.h>

#include "codec/kubeconfig_parts.h"
#include "codec/utf8.h"

#define MAX_BYTES ((size_t)1024 * 1024)
#define MAX_NODES 100000
#define MAX_DEPTH 64

int kubeconfig_read_file(const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        text = malloc(MAX_BYTES + 1);
        if (!text)
                return -ENOMEM;
        for (;;) {
                ssize_t k = read(fd, text + n, MAX_BYTES + 1 - n);

                if (k < 0)
                        return -errno;
                if (k == 0)
                        break;
                n += (size_t)k;
                if (n > MAX_BYTES)
                        return -EFBIG;
        }
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        *ret_size = n;
        return 0;
}

static int check_text(const char *path, const char *text, size_t size, struct err *err) {
        unsigned line = 1, column = 1;

        if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
                return err_setf(err, -EINVAL, "%s:1:1: UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8 %s >NEW", path,
                                path);
        for (size_t i = 0, n; i < size; i += n) {
                n = utf8_length(text + i, size - i);
                if (n == 0)
                        return err_setf(err, -EINVAL, "%s:%u:%u: invalid UTF-8 or a NUL byte; replace or remove it",
                                        path, line, column);
                column++;
                if (text[i] == '\n') {
                        line++;
                        column = 1;
                }
        }
        return 0;
}

/* Only blank lines, comments and document starts. */
static bool is_blank(const char *text) {
        while (*text) {
                text += strspn(text, " \t\r\n");
                if (strncmp(text, "---", 3) == 0 && strchr(" \t\r\n", text[3])) /* also at the end: the NUL is found */
                        text += 3;
                else if (*text == '#')
                        text += strcspn(text, "\n");
                else
                        return *text == '\0';
        }
        return true;
}

static void diag_silent(_unused_ struct fy_diag *diag, _unused_ void *user, _unused_ const char *buf,
                        _unused_ size_t len) {
}

/* The first message that was collected. */
static int yaml_error(struct fy_diag *diag, const char *path, struct err *err) {
        static const char *const cures[][2] = {
                {"duplicate key", "remove one of the two"},
                {"did not find expected node content", "an item of a list is empty: remove its '-'"},
        };
        const struct fy_diag_error *e;
        const char *cure = "correct the YAML there";
        void *iterator = NULL;

        e = fy_diag_errors_iterate(diag, &iterator);
        if (!e)
                return err_setf(err, -EINVAL, "%s:1:1: not a YAML document; is the path right?", path);
        for (size_t i = 0; i < ELEMENTSOF(cures); i++)
                if (util_streq(e->msg, cures[i][0]))
                        cure = cures[i][1];
        return err_setf(err, -EINVAL, "%s:%d:%d: %s; %s", path, e->line, e->column, e->msg, cure);
}

/* Counts the nodes as they would be after expanding aliases; stops at the limits, so it always ends. */
static bool expands_within(struct fy_document *d, struct fy_node *n, unsigned depth, unsigned *n_nodes) {
        void *iterator = NULL;

        if (++*n_nodes > MAX_NODES || depth > MAX_DEPTH)
                return false;
        if (!n)
                return true;
        if (fy_node_is_alias(n)) {
                size_t size;
                const char *name = fy_node_get_scalar(n, &size);
                struct fy_anchor *a = name ? fy_document_lookup_anchor(d, name, size) : NULL;

                /* An unknown anchor is reported by fy_document_resolve(). */
                return !a || expands_within(d, fy_anchor_node(a), depth + 1, n_nodes);
        }
        if (fy_node_is_sequence(n)) {
                struct fy_node *item;

                while ((item = fy_node_sequence_iterate(n, &iterator)))
                        if (!expands_within(d, item, depth + 1, n_nodes))
                                return false;
        } else if (fy_node_is_mapping(n)) {
                struct fy_node_pair *pair;

                while ((pair = fy_node_mapping_iterate(n, &iterator)))
                        if (!expands_within(d, fy_node_pair_key(pair), depth + 1, n_nodes) ||
                            !expands_within(d, fy_node_pair_value(pair), depth + 1, n_nodes))
                                return false;
        }
        return true;
}

DEFINE_CLEANUP(json_object *, json_object_put)

/* A plain scalar that YAML takes for a number; its value is never used, only that it is no text. */
static bool is_number(const char *s, size_t size) {
        char buf[64], *end;

        if (size == 0 || size >= sizeof(buf) || strspn(s, "0123456789+-.eE") < size)
                return false;
        memcpy(buf, s, size);
        buf[size] = '\0';
        (void)strtod(buf, &end);
        return *end == '\0';
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

        s = s ? s : "";
        plain = fy_node_get_style(n) == FYNS_PLAIN && !fy_node_get_tag(n, &n_tag);
        *ret = NULL;
        if (plain && is_null(s, size))
                return 0;
        if (plain && is_bool(s, size))
                *ret = json_object_new_boolean(s[0] == 't' || s[0] == 'T');
        else if (plain && is_number(s, size))
                *ret = json_object_new_double(0);
        else
                *ret = json_object_new_string_len(s, (int)size);
        return *ret ? 0 : -ENOMEM;
}

static int node_to_json(struct fy_node *n, json_object **ret);

static int mapping_to_json(struct fy_node *n, json_object *o) {
        struct fy_node_pair *pair;

        void *iterator = NULL;
        while ((pair = fy_node_mapping_iterate(n, &iterator))) {
                struct fy_node *key = fy_node_pair_key(pair);
                size_t size = 0;
                const char *s = key && fy_node_is_scalar(key) ? fy_node_get_scalar(key, &size) : NULL;
                _cleanup_free_ char *name = strndup(s ? s : "", s ? size : 0);
                json_object *value = NULL;
                int r = name ? node_to_json(fy_node_pair_value(pair), &value) : -ENOMEM;

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
                int r = node_to_json(item, &value);

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
static int node_to_json(struct fy_node *n, json_object **ret) {
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

DEFINE_CLEANUP(struct fy_diag *, fy_diag_destroy)
DEFINE_CLEANUP(struct fy_document *, fy_document_destroy)

int kubeconfig_yaml(const char *path, const char *text, size_t size, json_object **ret, struct err *err) {
        int r = check_text(path, text, size, err);
        struct fy_diag_cfg diag_cfg;
        _cleanup_(fy_diag_destroyp) struct fy_diag *diag = NULL;
        struct fy_parse_cfg cfg;
        _cleanup_(fy_document_destroyp) struct fy_document *document = NULL;
        unsigned n_nodes = 0;
        _cleanup_(json_object_putp) json_object *o = NULL;

        if (r < 0)
                return r;
        if (is_blank(text)) {
                *ret = json_object_new_object();
                return *ret ? 0 : err_setf(err, -ENOMEM, "out of memory");
        }

        fy_diag_cfg_default(&diag_cfg);
        diag_cfg.output_fn = diag_silent;
        diag_cfg.fp = NULL;
        diag = fy_diag_create(&diag_cfg);
        if (!diag)
                return err_setf(err, -ENOMEM, "out of memory");
        fy_diag_set_collect_errors(diag, true);
        cfg = (struct fy_parse_cfg){.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE, .diag = diag};
        document = fy_document_build_from_string(&cfg, text, size);
        if (!document)
                return yaml_error(diag, path, err);
        if (!expands_within(document, fy_document_root(document), 0, &n_nodes))
                return err_setf(
                        err, -EINVAL,
                        "%s:1:1: too large or too deep (more than %d values or %d levels, aliases expanded); is "
                        "the path right?",
                        path, MAX_NODES, MAX_DEPTH);
        if (fy_document_resolve(document) != 0)
                return yaml_error(diag, path, err);
        r = node_to_json(fy_document_root(document), &o);
        if (r < 0)
                return err_setf(err, r, "out of memory");
        if (!json_object_is_type(o, json_type_object))
                return err_setf(
                        err, -EINVAL,
                        "%s:1:1: not a mapping: a kubeconfig has apiVersion, clusters, users, contexts; is the path "
                        "right?",
                        path);
        *ret = TAKE_PTR(o);
        return 0;
}
