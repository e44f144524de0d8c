/* SPDX-License-Identifier: Apache-2.0 */
/* Files and YAML. libfyaml parses, and its nodes become json-c objects (kubeconfig_node.c): the only document model.
 * Guards against what libfyaml 0.7 does with odd input: invalid UTF-8 becomes null, aliases may expand without bound,
 * messages go to stderr, an empty item of a list is an error. */
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "codec/kubeconfig_parts.h"
#include "codec/utf8.h"

#define MAX_BYTES ((size_t)KUBECONFIG_MAX_BYTES)
#define MAX_NODES 100000
#define MAX_DEPTH 64
/* A key is compared with all others of its mapping, an anchor with all others (libfyaml 0.7: 64 KiB of keys took 16 s);
 * and an open bracket takes 350 bytes. A text, as that of a large CA bundle, has few of these. */
#define MAX_KEYS        256
#define MAX_ANCHORS     1000
#define MAX_MARKS       ((size_t)64 * 1024)
#define MAX_EMPTY_ITEMS 100

int kubeconfig_read_file(const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* As the file that says nothing: KUBECONFIG=/dev/null:FILE */
        if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
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
        size_t n_marks = 0, n_anchors = 0;

        if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
                return err_setf(err, -EINVAL, "%s:1:1: UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8 %s >NEW", path,
                                path);
        for (size_t i = 0, n; i < size; i += n) {
                n = utf8_length(text + i, size - i);
                if (n == 0)
                        return err_setf(err, -EINVAL, "%s:%u:%u: invalid UTF-8 or a NUL byte; replace or remove it",
                                        path, line, column);
                column++;
                n_anchors += text[i] == '&';
                n_marks += strchr("[]{},:-&*?!\n", text[i]) != NULL;
                if (text[i] == '\n') {
                        line++;
                        column = 1;
                }
        }
        if (n_marks > MAX_MARKS || n_anchors > MAX_ANCHORS)
                return err_setf(
                        err, -EINVAL,
                        "%s: too much YAML in its %zu bytes: %zu of []{},:-&*?! and line ends (%zu is the most), "
                        "%zu of these & (%d); is the path right? One with what is in use alone: kubectl "
                        "--kubeconfig %s config view --minify --flatten >NEW",
                        path, size, n_marks, MAX_MARKS, n_anchors, MAX_ANCHORS, path);
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

/* libfyaml's word for a '-' with nothing behind it before another one. */
#define EMPTY_ITEM "did not find expected node content"

/* The first message that was collected. */
static int yaml_error(struct fy_diag *diag, const char *path, struct err *err) {
        static const char *const cures[][2] = {
                {"duplicate key", "remove one of the two"},
                {EMPTY_ITEM, "an item of a list is empty: remove its '-'"},
        };
        const struct fy_diag_error *e;
        const char *cure = "correct the YAML there";
        void *iterator = NULL;

        e = fy_diag_errors_iterate(diag, &iterator);
        if (!e)
                return err_setf(err, -EINVAL, "%s:1:1: not a YAML document (is the path right?), or out of memory",
                                path);
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
                unsigned n_keys = 0;

                while ((pair = fy_node_mapping_iterate(n, &iterator)))
                        if (++n_keys > MAX_KEYS || !expands_within(d, fy_node_pair_key(pair), depth + 1, n_nodes) ||
                            !expands_within(d, fy_node_pair_value(pair), depth + 1, n_nodes))
                                return false;
        }
        return true;
}

DEFINE_CLEANUP(json_object *, json_object_put)
DEFINE_CLEANUP(struct fy_diag *, fy_diag_destroy)
DEFINE_CLEANUP(struct fy_document *, fy_document_destroy)

/* One try. Returns 0; -EINVAL with *ret_diag having why; -ENOMEM. */
static int build_once(const char *text, size_t size, enum fy_parse_cfg_flags flags, struct fy_document **ret,
                      struct fy_diag **ret_diag) {
        struct fy_diag_cfg diag_cfg;
        struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE | flags};

        fy_diag_cfg_default(&diag_cfg);
        diag_cfg.output_fn = diag_silent;
        diag_cfg.fp = NULL;
        cfg.diag = *ret_diag = fy_diag_create(&diag_cfg);
        if (!*ret_diag)
                return -ENOMEM;
        fy_diag_set_collect_errors(*ret_diag, true);
        *ret = fy_document_build_from_string(&cfg, text, size);
        return *ret ? 0 : -EINVAL;
}

/* Writes "~" behind the '-' that stands alone in the last such line before line. Returns false when there is none. */
static bool fill_item(char *text, unsigned line) {
        char *at = text, *found = NULL;

        for (unsigned i = 1; i < line && at; i++) {
                char *dash = at + strspn(at, " ");

                if (*dash == '-' && strspn(dash + 1, " \t\r") == strcspn(dash + 1, "#\n"))
                        found = dash + 1;
                at = strchr(at, '\n');
                at = at ? at + 1 : NULL;
        }
        if (!found)
                return false;
        memmove(found + 2, found, strlen(found) + 1);
        found[0] = ' ';
        found[1] = '~';
        return true;
}

/* An item of a list that is null without saying so is something libfyaml stumbles over, and nothing else is changed. */
static int build(const char *path, const char *text, size_t size, char **ret_text, struct fy_document **ret,
                 struct fy_diag **ret_diag, struct err *err) {
        for (unsigned i = 0;; i++) {
                const char *now = *ret_text ? *ret_text : text;
                int r = build_once(now, *ret_text ? strlen(now) : size, FYPCF_ALLOW_DUPLICATE_KEYS, ret, ret_diag);
                const struct fy_diag_error *e = NULL;
                void *iterator = NULL;

                if (r == 0)
                        return 0;
                if (r == -EINVAL)
                        e = fy_diag_errors_iterate(*ret_diag, &iterator);
                if (e && i < MAX_EMPTY_ITEMS && util_streq(e->msg, EMPTY_ITEM)) {
                        if (!*ret_text) {
                                *ret_text = malloc(size + (size_t)2 * MAX_EMPTY_ITEMS + 1);
                                if (*ret_text)
                                        memcpy(*ret_text, text, size + 1);
                        }
                        if (*ret_text && fill_item(*ret_text, (unsigned)e->line)) {
                                fy_diag_destroy(*ret_diag);
                                continue;
                        }
                }
                return r == -ENOMEM ? err_setf(err, r, "out of memory") : yaml_error(*ret_diag, path, err);
        }
}

/* Duplicate keys are found when their number is known: now, and where says the parser. */
static int resolve_error(const char *path, const char *text, size_t size, struct fy_diag *diag, struct err *err) {
        _cleanup_(fy_diag_destroyp) struct fy_diag *better = NULL;
        _cleanup_(fy_document_destroyp) struct fy_document *document = NULL;
        int r = build_once(text, size, 0, &document, &better);

        return yaml_error(r == -EINVAL ? better : diag, path, err);
}

int kubeconfig_yaml(const char *path, const char *text, size_t size, json_object **ret, struct err *err) {
        int r = check_text(path, text, size, err);
        _cleanup_free_ char *patched = NULL; /* the document refers to it */
        _cleanup_(fy_diag_destroyp) struct fy_diag *diag = NULL;
        _cleanup_(fy_document_destroyp) struct fy_document *document = NULL;
        unsigned n_nodes = 0;
        _cleanup_(json_object_putp) json_object *o = NULL;

        if (r < 0)
                return r;
        if (is_blank(text)) {
                *ret = json_object_new_object();
                return *ret ? 0 : err_setf(err, -ENOMEM, "out of memory");
        }

        r = build(path, text, size, &patched, &document, &diag, err);
        if (r < 0)
                return r;
        if (!expands_within(document, fy_document_root(document), 0, &n_nodes))
                return err_setf(
                        err, -EINVAL,
                        "%s:1:1: too large or too deep (more than %d values, %d keys in one mapping or %d levels, "
                        "aliases expanded); is the path right?",
                        path, MAX_NODES, MAX_KEYS, MAX_DEPTH);
        if (fy_document_resolve(document) != 0)
                return resolve_error(path, patched ? patched : text, patched ? strlen(patched) : size, diag, err);
        r = kubeconfig_node(fy_document_root(document), &o);
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
