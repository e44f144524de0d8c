/* SPDX-License-Identifier: Apache-2.0 */
/* What several messages about a kubeconfig have in common: why a file cannot be read and what to do, a field that is
 * nearly one of ours, a URL without what is secret in it. */
#include <errno.h>
#include <json-c/json_object_iterator.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"
#include "codec/sandbox.h"

static const char *file_cure(int r) {
        switch (r) {
        case -ENOENT:
        case -ENOTDIR:
                return "put the file there, or correct the path";
        case -EACCES:
        case -EPERM:
                return "let the user of this program read it (leaderctl: run it as root; for the agent: chown "
                       "root:leader-agent, chmod 0640, in a directory that it may enter)";
        case -EISDIR:
        case -EINVAL:
                return "name a file";
        case -EFBIG:
                return "1 MiB is the most: correct the path";
        default:
                return "see journalctl -k";
        }
}

/* Whether this process runs where the file, or what a link on the way leads to, is not seen. */
static bool is_hidden(const char *path, struct sandbox_wall *ret) {
        char real[PATH_MAX] = "";
        const char *const paths[] = {path, real};
        bool hidden = false;

        (void)!realpath(path, real); /* up to where it fails */
        for (size_t i = 0; i < ELEMENTSOF(paths) && !hidden; i++) {
                FILE *f = fopen("/proc/self/mountinfo", "re");

                hidden = f && sandbox_mounts_hide(f, paths[i], ret);
                if (f)
                        (void)fclose(f);
        }
        return hidden;
}

bool kubeconfig_why(int r, const char *key, const char *path, const char *into, struct kubeconfig_unread *ret) {
        struct sandbox_wall wall;

        if ((r == -EACCES || r == -EPERM || r == -ENOENT || r == -ENOTDIR) && is_hidden(path, &wall)) {
                (void)snprintf(ret->why, sizeof(ret->why), "it is not seen: %s of this program's unit hides %s",
                               wall.setting, wall.path);
                sandbox_format_cure("leader-agent", key, path, into, ret->cure, sizeof(ret->cure));
                return true;
        }
        (void)snprintf(ret->why, sizeof(ret->why), "%s", r == -EINVAL ? "it is not a regular file" : strerror(-r));
        (void)snprintf(ret->cure, sizeof(ret->cure), "%s", file_cure(r));
        return false;
}

static const char *const of_file[] = {"apiVersion", "kind", "current-context", "clusters", "users", "contexts", NULL};
static const char *const of_cluster[] = {
        "server",
        "tls-server-name",
        "insecure-skip-tls-verify",
        "certificate-authority",
        "certificate-authority-data",
        "proxy-url",
        "extensions",
        NULL,
};
static const char *const of_user[] = {
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
        "token",
        "tokenFile",
        "exec",
        "auth-provider",
        "username",
        "password",
        "as",
        "as-uid",
        "as-groups",
        "as-user-extra",
        NULL,
};
static const char *const of_context[] = {"cluster", "user", "namespace", NULL};
static const char *const of_exec[] = {
        "apiVersion", "command", "args", "env", "installHint", "provideClusterInfo", "interactiveMode", NULL,
};
static const char *const of_env[] = {"name", "value", NULL};

/* The fields that a kind of entry has. */
static const char *const *fields_of(const char *kind) {
        return !kind                                   ? of_file
               : util_streq(kind, "cluster")           ? of_cluster
               : util_streq(kind, "user")              ? of_user
               : util_streq(kind, KUBECONFIG_EXEC)     ? of_exec
               : util_streq(kind, KUBECONFIG_EXEC_ENV) ? of_env
                                                       : of_context;
}

/* Which of known is meant by a field that is none of them; NULL: none. */
static const char *meant(const char *field, const char *const *known) {
        for (; *known; known++)
                if (strcasecmp(field, *known) == 0)
                        return util_streq(field, *known) ? NULL : *known;
        return NULL;
}

int kubeconfig_check_keys(const struct kubeconfig_entry *e, struct err *err) {
        const char *const *known = fields_of(e->kind);
        struct json_object_iterator at, end;

        if (!e->o)
                return 0;
        end = json_object_iter_end(e->o);
        for (at = json_object_iter_begin(e->o); !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
                const char *field = json_object_iter_peek_name(&at), *better = meant(field, known);

                if (!better || json_object_object_get_ex(e->o, better, NULL))
                        continue;
                if (!e->kind)
                        return err_setf(err, -EINVAL,
                                        "error loading kubeconfig file \"%s\": no field is called %s; write %s",
                                        e->path, field, better);
                return err_setf(err, -EINVAL, "%s: %s \"%s\": no field is called %s; write %s", e->path, e->kind,
                                e->name, field, better);
        }
        return 0;
}

int kubeconfig_warn(struct kubeconfig *k, struct err *err, const char *fmt, ...) {
        char **warnings = reallocarray(k->warnings, k->n_warnings + 1, sizeof(*warnings));
        va_list ap;
        int n;

        if (!warnings)
                return err_setf(err, -ENOMEM, "out of memory");
        k->warnings = warnings;
        va_start(ap, fmt);
        n = vasprintf(&warnings[k->n_warnings], fmt, ap);
        va_end(ap);
        if (n < 0)
                return err_setf(err, -ENOMEM, "out of memory");
        k->n_warnings++;
        return 0;
}

const char *kubeconfig_names(const struct kubeconfig_files *f, const char *list, char *buf, size_t size) {
        size_t n = (size_t)snprintf(buf, size, "there are no %s", list);
        const char *before = "there are: ";

        for (size_t i = 0; i < f->n_files; i++) {
                json_object *array = NULL, *name = NULL;

                (void)json_object_object_get_ex(f->roots[i], list, &array);
                for (size_t k = 0; array && k < json_object_array_length(array); k++) {
                        (void)json_object_object_get_ex(json_object_array_get_idx(array, k), "name", &name);
                        if (!json_object_is_type(name, json_type_string))
                                continue;
                        n = *before == ',' ? n : 0;
                        n += (size_t)snprintf(buf + n, size - n, "%s%s", before, json_object_get_string(name));
                        if (n >= size) {
                                memcpy(buf + size - sizeof("…"), "…", sizeof("…"));
                                return buf;
                        }
                        before = ", ";
                }
        }
        return buf;
}

const char *kubeconfig_redacted(char buf[static KUBECONFIG_REDACTED_MAX], const char *url) {
        const char *colon = strstr(url, "://"), *start = colon ? colon + 3 : url, *at = strrchr(start, '@');
        size_t n_scheme = (size_t)(start - url), n;

        /* With an '@' before it that is no scheme. */
        if (memchr(url, '@', n_scheme))
                n_scheme = 0;
        start = at ? at : start;
        n = strcspn(start, "?#");
        (void)snprintf(buf, KUBECONFIG_REDACTED_MAX, "%.*s%s%.*s%s", (int)n_scheme, url, at ? "***" : "", (int)n, start,
                       start[n] ? "?…" : "");
        return buf;
}
