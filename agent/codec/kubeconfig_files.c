/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and merging files, and reading fields of an entry. */
#include <errno.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"
#include "codec/sandbox.h"

void kubeconfig_files_done(struct kubeconfig_files *f) {
        for (size_t i = 0; i < f->n_files; i++) {
                free(f->paths[i]);
                json_object_put(f->roots[i]);
        }
}

static int oom(struct err *err) {
        return err_setf(err, -ENOMEM, "out of memory");
}

static const char *name_of(json_object *item) {
        json_object *name = NULL;

        (void)json_object_object_get_ex(item, "name", &name);
        return json_object_is_type(name, json_type_string) ? json_object_get_string(name) : NULL;
}

/* client-go keeps these as maps: a name twice in one list is an error. What has no name nobody can use. */
static int check_list(const char *path, json_object *root, const char *list, const char *go_name, struct err *err) {
        json_object *array;

        if (!json_object_object_get_ex(root, list, &array) || !array)
                return 0;
        if (!json_object_is_type(array, json_type_array))
                return err_setf(
                        err, -EINVAL,
                        "error loading kubeconfig file \"%s\": %s is not a list; begin each entry with \"- name:\"",
                        path, list);
        for (size_t i = 0; i < json_object_array_length(array); i++) {
                const char *name = name_of(json_object_array_get_idx(array, i));

                for (size_t j = 0; name && j < i; j++)
                        if (util_streq(name, name_of(json_object_array_get_idx(array, j))))
                                return err_setf(
                                        err, -EINVAL,
                                        "error loading kubeconfig file \"%s\": error converting *[]Named%s into "
                                        "*map[string]*api.%s: duplicate name \"%s\" in list; remove or rename one",
                                        path, go_name, go_name, name);
        }
        return 0;
}

/* Type of a top-level scalar, when it is there. */
static int check_top(const char *path, json_object *root, const char *key, const char *expected, struct err *err) {
        json_object *o;
        const char *s;

        if (!json_object_object_get_ex(root, key, &o) || !o)
                return 0;
        if (!json_object_is_type(o, json_type_string))
                return err_setf(err, -EINVAL,
                                "error loading kubeconfig file \"%s\": %s is not a text; put it in quotes", path, key);
        s = json_object_get_string(o);
        if (expected && *s && !util_streq(s, expected))
                return err_setf(err, -EINVAL, "error loading kubeconfig file \"%s\": %s is \"%s\", must be \"%s\"",
                                path, key, s, expected);
        return 0;
}

static int files_add(struct kubeconfig_files *f, const char *path, bool must_exist, struct err *err) {
        _cleanup_free_ char *text = NULL;
        struct kubeconfig_unread u;
        size_t size;
        int r;
        char *copy;
        json_object **root;

        for (size_t i = 0; i < f->n_files; i++)
                if (util_streq(f->paths[i], path))
                        return 0;
        if (f->n_files >= KUBECONFIG_MAX_FILES)
                return err_setf(err, -EINVAL, "KUBECONFIG names more than %d files; remove some", KUBECONFIG_MAX_FILES);
        r = kubeconfig_read_file(path, &text, &size);
        if (r < 0) {
                bool hidden = kubeconfig_why(
                        r, "kubeconfig", path,
                        must_exist ? " in place of that path" : " into " SANDBOX_ETC "/leader-agent.conf", &u);

                if (r == -ENOENT && !must_exist && !hidden)
                        return 0;
                return err_setf(err, r, "error loading kubeconfig file \"%s\": %s; %s", path, u.why, u.cure);
        }
        copy = strdup(path);
        if (!copy)
                return oom(err);
        f->paths[f->n_files] = copy;
        f->roots[f->n_files] = NULL;
        root = &f->roots[f->n_files++];
        r = kubeconfig_yaml(path, text, size, root, err);
        explicit_bzero(text, size);
        if (r == 0)
                r = kubeconfig_check_keys(&(struct kubeconfig_entry){.path = path, .o = *root}, err);
        if (r == 0)
                r = check_top(path, *root, "apiVersion", "v1", err);
        if (r == 0)
                r = check_top(path, *root, "kind", "Config", err);
        if (r == 0)
                r = check_top(path, *root, "current-context", NULL, err);
        if (r == 0)
                r = check_list(path, *root, "clusters", "Cluster", err);
        if (r == 0)
                r = check_list(path, *root, "users", "AuthInfo", err);
        if (r == 0)
                r = check_list(path, *root, "contexts", "Context", err);
        return r;
}

int kubeconfig_files_find(struct kubeconfig_files *f, const char *path, struct err *err) {
        const char *environment = getenv("KUBECONFIG"), *home = getenv("HOME");
        _cleanup_free_ char *list = NULL, *tried = NULL;
        char *rest, *part;

        if (path)
                return files_add(f, path, /* must_exist= */ true, err);
        if (util_empty(environment)) {
                if (asprintf(&list, "%s/.kube/config", home ? home : "") < 0)
                        list = NULL;
        } else {
                list = strdup(environment);
        }
        if (!list)
                return oom(err);
        tried = strdup(list);
        rest = list;
        /* A home directory may hold ':'; only KUBECONFIG is a list. */
        while ((part = util_empty(environment) ? TAKE_PTR(rest) : strsep(&rest, ":"))) {
                int r = *part ? files_add(f, part, /* must_exist= */ false, err) : 0;

                if (r < 0)
                        return r;
        }
        if (f->n_files == 0)
                return err_setf(
                        err, -ENOENT,
                        "no configuration has been provided: there is no file %s; say which one "
                        "(leaderctl list, fence: --kubeconfig FILE, on an agent's host as root --kubeconfig "
                        "/etc/leader-agent/kubeconfig; leader-agent: kubeconfig = \"FILE\" in leader-agent.conf)",
                        tried ? tried : "");
        return 0;
}

/* First file wins, whole entry. */
int kubeconfig_find_entry(const struct kubeconfig_files *f, const char *list, const char *kind, const char *name,
                          struct kubeconfig_entry *ret, struct err *err) {
        for (size_t i = 0; i < f->n_files; i++) {
                json_object *array;

                if (!json_object_object_get_ex(f->roots[i], list, &array))
                        continue;
                for (size_t j = 0; array && j < json_object_array_length(array); j++) {
                        json_object *item = json_object_array_get_idx(array, j);

                        if (!util_streq(name_of(item), name))
                                continue;
                        *ret = (struct kubeconfig_entry){.kind = kind, .name = name, .path = f->paths[i]};
                        (void)json_object_object_get_ex(item, kind, &ret->o);
                        if (!ret->o || json_object_is_type(ret->o, json_type_object))
                                return 1;
                        return err_setf(err, -EINVAL,
                                        "error loading kubeconfig file \"%s\": %s \"%s\" is not a mapping; write its "
                                        "fields below it, indented, or {} for none",
                                        f->paths[i], kind, name);
                }
        }
        return 0;
}

/* A text of the entry; NULL when absent, null or empty. */
int kubeconfig_get_text(const struct kubeconfig_entry *e, const char *key, const char **ret, struct err *err) {
        json_object *o = NULL;
        const char *s;

        *ret = NULL;
        if (!e->o || !json_object_object_get_ex(e->o, key, &o) || !o)
                return 0;
        s = json_object_get_string(o);
        if (!json_object_is_type(o, json_type_string) || strlen(s) != (size_t)json_object_get_string_len(o))
                return err_setf(err, -EINVAL, "%s: %s \"%s\": %s is not a text; write one, in quotes", e->path, e->kind,
                                e->name, key);
        if (*s)
                *ret = s;
        return 0;
}

int kubeconfig_get_copy(const struct kubeconfig_entry *e, const char *key, char **ret, struct err *err) {
        const char *s;
        int r = kubeconfig_get_text(e, key, &s, err);

        if (r < 0 || !s)
                return r;
        return (*ret = strdup(s)) ? 0 : oom(err);
}

/* YAML 1.1 words, as client-go's parser takes them. */
int kubeconfig_get_bool(const struct kubeconfig_entry *e, const char *key, bool *ret, struct err *err) {
        static const char *const words[2][9] = {{"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"},
                                                {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}};
        json_object *o = NULL;

        if (!e->o || !json_object_object_get_ex(e->o, key, &o) || !o)
                return 0;
        for (int value = 0; value < 2; value++)
                for (size_t i = 0; i < ELEMENTSOF(words[0]); i++)
                        if (util_streq(json_object_get_string(o), words[value][i])) {
                                *ret = value;
                                return 0;
                        }
        return err_setf(err, -EINVAL, "%s: %s \"%s\": %s is neither true nor false; write one of them", e->path,
                        e->kind, e->name, key);
}

int kubeconfig_resolve(const struct kubeconfig_entry *e, const char *path, char **ret, struct err *err) {
        const char *slash = strrchr(e->path, '/');

        if (asprintf(ret, "%.*s%s", *path != '/' && slash ? (int)(slash + 1 - e->path) : 0, e->path, path) >= 0)
                return 0;
        *ret = NULL;
        return oom(err);
}

int kubeconfig_get_file(const struct kubeconfig_entry *e, const char *key, bool pem, char **ret, struct err *err) {
        const char *s;
        int r = kubeconfig_get_text(e, key, &s, err);
        _cleanup_free_ char *text = NULL;
        struct kubeconfig_unread u;
        size_t size;

        if (r == 0 && s)
                r = kubeconfig_resolve(e, s, ret, err);
        if (r < 0 || !s)
                return r;
        r = kubeconfig_read_file(*ret, &text, &size);
        if (r < 0) {
                (void)kubeconfig_why(r, key, *ret, " there", &u);
                return err_setf(err, r, "unable to read %s %s for %s due to %s (%s); %s", key, *ret, e->name, u.why,
                                e->path, u.cure);
        }
        if (pem && !strstr(text, "-----BEGIN "))
                r = err_setf(err, -EINVAL, "%s %s for %s holds no PEM data (%s); it begins with -----BEGIN", key, *ret,
                             e->name, e->path);
        if (!pem && strspn(text, " \t\r\n") == size)
                r = err_setf(err, -EINVAL, "%s %s for %s is empty (%s); write the token into it", key, *ret, e->name,
                             e->path);
        explicit_bzero(text, size);
        return r;
}

int kubeconfig_get_data(const struct kubeconfig_entry *e, const char *key, char **ret, struct err *err) {
        const char *s;
        int r = kubeconfig_get_text(e, key, &s, err);
        size_t size, bad;

        if (r < 0 || !s)
                return r;
        r = kubeconfig_base64(s, ret, &size, &bad);
        if (r == -EINVAL)
                return err_setf(
                        err, r,
                        "error loading kubeconfig file \"%s\": %s \"%s\": %s: illegal base64 data at input byte "
                        "%zu; make it "
                        "with base64 -w0 of the PEM file",
                        e->path, e->kind, e->name, key, bad);
        if (r < 0)
                return oom(err);
        if (strlen(*ret) != size || !strstr(*ret, "-----BEGIN "))
                return err_setf(err, -EINVAL,
                                "%s: %s \"%s\": %s holds no PEM data; make it with base64 -w0 of the PEM file", e->path,
                                e->kind, e->name, key);
        return 0;
}
