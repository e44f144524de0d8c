/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a kubeconfig that anybody on the host may read or change. What a group may do is its owner's decision: the
 * agent reads by its group (root:leader-agent, 0640). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "codec/kubeconfig_parts.h"

/* Of the file and of every directory above it: what anybody may. */
static mode_t public_mode(const char *path) {
        char real[PATH_MAX];
        mode_t mode;
        struct stat st;

        if (!realpath(path, real) || stat(real, &st) < 0)
                return 0;
        mode = S_ISREG(st.st_mode) ? st.st_mode & (S_IROTH | S_IWOTH) : 0;
        for (char *slash = strrchr(real, '/'); mode && slash && slash != real; slash = strrchr(real, '/')) {
                *slash = '\0';
                if (stat(real, &st) < 0 || !(st.st_mode & S_IXOTH))
                        return 0;
        }
        return mode;
}

static int look(struct kubeconfig *k, const char *what, const char *path, bool secret, struct err *err) {
        mode_t mode = path ? public_mode(path) : 0;
        _cleanup_free_ char *word = NULL;

        if (!secret)
                mode &= S_IWOTH;
        if (!mode)
                return 0;
        word = util_shell_word(path);
        if (!word)
                return err_setf(err, -ENOMEM, "out of memory");
        return kubeconfig_warn(k, err, "%s%s can be %s by anybody on this host; run: chmod o%s %s", what, path,
                               !(mode & S_IWOTH)   ? "read"
                               : !(mode & S_IROTH) ? "changed"
                                                   : "read and changed",
                               secret ? "=" : "-w", word);
}

/* Whether any user in it has something secret with it, also one that is not in use. */
static bool has_secrets(json_object *root) {
        static const char *const secrets[] = {"token", "password", "client-key-data", "auth-provider"};
        json_object *users = NULL, *user = NULL, *exec = NULL, *env = NULL;

        if (!json_object_object_get_ex(root, "users", &users) || !json_object_is_type(users, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(users); i++) {
                if (!json_object_object_get_ex(json_object_array_get_idx(users, i), "user", &user))
                        continue;
                for (size_t j = 0; j < ELEMENTSOF(secrets); j++)
                        if (json_object_object_get_ex(user, secrets[j], NULL))
                                return true;
                /* What a plugin is handed. */
                if (json_object_object_get_ex(user, "exec", &exec) && json_object_object_get_ex(exec, "env", &env) &&
                    json_object_is_type(env, json_type_array) && json_object_array_length(env) > 0)
                        return true;
        }
        return false;
}

int kubeconfig_warn_public(struct kubeconfig *k, const struct kubeconfig_files *f, struct err *err) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < f->n_files; i++)
                r = look(k, "", f->paths[i], has_secrets(f->roots[i]), err);
        if (r == 0)
                r = look(k, "client-key ", k->client_key_file, true, err);
        if (r == 0)
                r = look(k, "tokenFile ", k->token_file, true, err);
        if (r == 0)
                r = look(k, "certificate-authority ", k->ca_file, false, err);
        return r;
}
