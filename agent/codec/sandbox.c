/* SPDX-License-Identifier: Apache-2.0 */
/* Settings to paths, and the path that counts for a file. */
#include "codec/sandbox.h"

#include <errno.h>
#include <stdio.h>

void sandbox_done(struct sandbox *s) {
        for (size_t i = 0; i < s->n_paths; i++) {
                free(s->paths[i].path);
                free(s->paths[i].setting);
        }
        free(s->paths);
        *s = (struct sandbox){};
}

/* name NULL: is seen. */
static int add(struct sandbox *s, const char *path, const char *name, const char *value) {
        struct sandbox_path *paths = reallocarray(s->paths, s->n_paths + 1, sizeof(*paths)), *p;

        if (!paths)
                return -ENOMEM;
        s->paths = paths;
        p = &paths[s->n_paths];
        *p = (struct sandbox_path){.path = strdup(path)};
        if (!p->path)
                return -ENOMEM;
        if (name && asprintf(&p->setting, "%s=%s", name, value) < 0) {
                free(p->path);
                return -ENOMEM;
        }
        s->n_paths++;
        return 0;
}

int sandbox_protect_home(struct sandbox *s, const char *value) {
        static const char *const paths[] = {"/home", "/root", "/run/user"};
        int r = 0;

        /* With read-only all is seen. */
        if (!util_streq(value, "yes") && !util_streq(value, "tmpfs"))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(paths) && r >= 0; i++)
                r = add(s, paths[i], "ProtectHome", value);
        return r;
}

int sandbox_private_tmp(struct sandbox *s, bool value) {
        int r = value ? add(s, "/tmp", "PrivateTmp", "yes") : 0;

        return r >= 0 && value ? add(s, "/var/tmp", "PrivateTmp", "yes") : r;
}

static const char *plain(const char *path) {
        return path + strspn(path, "-+");
}

int sandbox_hide(struct sandbox *s, const char *name, const char *path) {
        return add(s, plain(path), name, plain(path));
}

int sandbox_bind(struct sandbox *s, const char *path) {
        return add(s, plain(path), NULL, NULL);
}

static bool is_below(const char *path, const char *top, size_t n) {
        return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/' || n == 0);
}

const struct sandbox_path *sandbox_hides(const struct sandbox *s, const char *path) {
        const struct sandbox_path *found = NULL;
        size_t longest = 0;

        for (size_t i = 0; i < s->n_paths; i++) {
                const struct sandbox_path *p = &s->paths[i];
                size_t n = strlen(p->path);

                while (n > 0 && p->path[n - 1] == '/')
                        n--;
                if (!is_below(path, p->path, n) || (found && n < longest))
                        continue;
                /* Of the same path what is mounted there counts. */
                if (found && n == longest && !found->setting)
                        continue;
                found = p;
                longest = n;
        }
        return found && found->setting ? found : NULL;
}
