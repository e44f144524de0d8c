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

/* ---- a process that is in one ---- */

static void set_wall(struct sandbox_wall *w, const char *path, const char *setting) {
        const char *more = strlen(path) < sizeof(w->path) ? "" : "...";

        (void)snprintf(w->path, sizeof(w->path), "%.*s%s", (int)(sizeof(w->path) - 1 - strlen(more)), path, more);
        w->setting = setting;
}

/* What systemd has mounted there to hide it: an inaccessible directory, an empty one, or another /tmp. */
static bool is_wall(const char *root, const char *path, const char *type, struct sandbox_wall *ret) {
        bool home = util_streq(path, "/home") || util_streq(path, "/root") || util_streq(path, "/run/user");
        bool tmp = util_streq(path, "/tmp") || util_streq(path, "/var/tmp");

        if (strstr(root, "/systemd/inaccessible/"))
                set_wall(ret, path, home ? "ProtectHome=" : "InaccessiblePaths=");
        else if (home && util_streq(type, "tmpfs"))
                set_wall(ret, path, "ProtectHome=");
        else if (tmp && strstr(root, "systemd-private-"))
                set_wall(ret, path, "PrivateTmp=");
        else
                return false;
        return true;
}

bool sandbox_mounts_hide(FILE *mountinfo, const char *path, struct sandbox_wall *ret) {
        _cleanup_free_ char *line = NULL;
        size_t size = 0, n;
        bool hidden = false;

        while (getline(&line, &size, mountinfo) > 0) {
                /* 36 35 98:0 /root /where options - type source options (a space in a path is \040: not one of ours) */
                char *rest = strstr(line, " - "), *at = line, *field[5] = {}, *type;

                if (!rest)
                        continue;
                *rest = '\0';
                rest += strlen(" - ");
                type = strsep(&rest, " ");
                for (size_t i = 0; i < ELEMENTSOF(field); i++)
                        field[i] = strsep(&at, " ");
                if (!field[4] || *field[4] != '/')
                        continue;
                n = strlen(field[4]);
                if (is_below(path, field[4], n > 0 && field[4][n - 1] == '/' ? n - 1 : n))
                        hidden = is_wall(field[3], field[4], type, ret);
        }
        return hidden;
}

void sandbox_format_cure(const char *group, const char *key, const char *path, const char *into, char *buf,
                         size_t size) {
        _cleanup_free_ char *word = util_shell_word(path);
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        bool in_conf = util_streq(key, "kubeconfig");

        (void)snprintf(buf, size,
                       "run: install -D -o root -g %s -m 0640 -t " SANDBOX_ETC " %s; and write %s%s" SANDBOX_ETC
                       "/%s%s%s",
                       group, word ? word : path, key, in_conf ? " = \"" : ": ", name, in_conf ? "\";" : "", into);
}
