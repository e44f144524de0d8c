/* SPDX-License-Identifier: Apache-2.0 */
/* `exec` of a user of a kubeconfig: read and judged as client-go does it. Nothing is run or looked for here, and what
 * it is told and answers is exec_credential.c. */
#include <errno.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"
#include "codec/object.h"
#include "codec/utf8.h"

#define GROUP     "client.authentication.k8s.io/"
#define EXTENSION GROUP "exec"

/* Each is compared with those before it. */
#define MAX_ITEMS 1000

static void free_texts(char **texts, size_t n) {
        for (size_t i = 0; i < n; i++) {
                explicit_bzero(texts[i], strlen(texts[i]));
                free(texts[i]);
        }
        free(texts);
}

struct kubeconfig_exec *kubeconfig_exec_free(struct kubeconfig_exec *x) {
        if (!x)
                return NULL;
        free_texts(x->args, x->n_args);
        free_texts(x->env, x->n_env);
        if (x->cluster_config)
                explicit_bzero(x->cluster_config, strlen(x->cluster_config));
        free(x->api_version);
        free(x->command);
        free(x->install_hint);
        free(x->cluster_config);
        free(x);
        return NULL;
}

DEFINE_CLEANUP(struct kubeconfig_exec *, kubeconfig_exec_free)

static int oom(struct err *err) {
        return err_setf(err, -ENOMEM, "out of memory");
}

/* A list of exec; *ret_n is 0 when there is none. *ret_texts: room for that many. */
static int get_list(const struct kubeconfig_entry *e, const char *key, json_object **ret, size_t *ret_n,
                    char ***ret_texts, struct err *err) {
        *ret_n = 0;
        *ret = object_get(e->o, key);
        if (!*ret)
                return 0;
        if (!json_object_is_type(*ret, json_type_array))
                return err_setf(err, -EINVAL, "%s: %s \"%s\": %s is not a list; begin each item with \"- \"", e->path,
                                e->kind, e->name, key);
        *ret_n = json_object_array_length(*ret);
        if (*ret_n > MAX_ITEMS)
                return err_setf(err, -EINVAL, "%s: %s \"%s\": %s has more than %d items; remove some", e->path, e->kind,
                                e->name, key, MAX_ITEMS);
        *ret_texts = *ret_n > 0 ? calloc(*ret_n, sizeof(**ret_texts)) : NULL;
        return *ret_n == 0 || *ret_texts ? 0 : oom(err);
}

static int resolve_args(const struct kubeconfig_entry *e, struct kubeconfig_exec *x, struct err *err) {
        json_object *list;
        size_t n;
        int r = get_list(e, "args", &list, &n, &x->args, err);

        for (size_t i = 0; r == 0 && i < n; i++) {
                json_object *o = json_object_array_get_idx(list, i);
                const char *s = o ? json_object_get_string(o) : "";

                if (o &&
                    (!json_object_is_type(o, json_type_string) || strlen(s) != (size_t)json_object_get_string_len(o)))
                        return err_setf(err, -EINVAL, "%s: %s \"%s\": args is not of texts; put each in quotes",
                                        e->path, e->kind, e->name);
                x->args[i] = strdup(s);
                if (!x->args[i])
                        return oom(err);
                x->n_args++;
        }
        return r;
}

/* As client-go: of a variable that is there twice the last one counts. */
static int add_variable(struct kubeconfig_exec *x, const char *name, const char *value, struct err *err) {
        size_t length = strlen(name) + 1;
        char *text;

        if (asprintf(&text, "%s=%s", name, value ? value : "") < 0)
                return oom(err);
        for (size_t i = 0; i < x->n_env; i++)
                if (x->env[i] && strncmp(x->env[i], text, length) == 0) {
                        explicit_bzero(x->env[i], strlen(x->env[i]));
                        free(x->env[i]);
                        x->env[i] = text;
                        return 0;
                }
        x->env[x->n_env++] = text;
        return 0;
}

static int resolve_env(const struct kubeconfig_entry *e, struct kubeconfig_exec *x, struct err *err) {
        json_object *list;
        size_t n;
        int r = get_list(e, "env", &list, &n, &x->env, err);

        for (size_t i = 0; r == 0 && i < n; i++) {
                struct kubeconfig_entry one = {.kind = KUBECONFIG_EXEC_ENV, .name = e->name, .path = e->path};
                const char *name = NULL, *value = NULL;

                one.o = json_object_array_get_idx(list, i);
                if (one.o && !json_object_is_type(one.o, json_type_object))
                        return err_setf(err, -EINVAL,
                                        "%s: %s \"%s\": env has something that is not a mapping; write {name: NAME, "
                                        "value: VALUE}",
                                        e->path, e->kind, e->name);
                r = kubeconfig_check_keys(&one, err);
                if (r == 0)
                        r = kubeconfig_get_text(&one, "name", &name, err);
                if (r == 0)
                        r = kubeconfig_get_text(&one, "value", &value, err);
                if (r < 0)
                        return r;
                if (!name)
                        return err_setf(err, -EINVAL,
                                        "env variable name must be specified for %s to use exec authentication plugin "
                                        "(%s: write {name: NAME, value: VALUE})",
                                        e->name, e->path);
                /* It may be a value that slipped in: it is not shown. */
                if (strchr(name, '='))
                        return err_setf(err, -EINVAL, "%s: %s \"%s\": name holds '='; write {name: NAME, value: VALUE}",
                                        e->path, one.kind, e->name);
                r = add_variable(x, name, value, err);
        }
        return r;
}

static int check_version(const struct kubeconfig_entry *e, const struct kubeconfig_exec *x, struct err *err) {
        if (util_streq(x->api_version, GROUP "v1") || util_streq(x->api_version, GROUP "v1beta1"))
                return 0;
        return err_setf(err, -EINVAL,
                        "exec plugin: invalid apiVersion \"%s\" (%s: user \"%s\": it is " GROUP "v1 or " GROUP
                        "v1beta1; have the cluster's own tool write this user again, as aws eks update-kubeconfig "
                        "does, or write the one that the plugin prints)",
                        x->api_version, e->path, e->name);
}

static int check_mode(const struct kubeconfig_entry *e, const struct kubeconfig_exec *x, const char *mode,
                      struct err *err) {
        /* As client-go's defaults: only v1 has no mode of its own. */
        if (!mode && (util_streq(x->api_version, GROUP "v1beta1") || util_streq(x->api_version, GROUP "v1alpha1")))
                return 0;
        if (!mode)
                return err_setf(err, -EINVAL,
                                "interactiveMode must be specified for %s to use exec authentication plugin (%s: add "
                                "interactiveMode: Never)",
                                e->name, e->path);
        if (util_streq(mode, "Never") || util_streq(mode, "IfAvailable") || util_streq(mode, "Always"))
                return 0;
        return err_setf(err, -EINVAL, "invalid interactiveMode for %s: \"%s\" (%s: write Never or IfAvailable)",
                        e->name, mode, e->path);
}

/* What is sent in place of what a plugin would give; NULL: nothing. */
static const char *other_credential(const struct kubeconfig *k) {
        return k->token || k->token_file                    ? "a token"
               : k->basic                                   ? "a password"
               : k->client_cert_file || k->client_cert_data ? "a client certificate"
                                                            : NULL;
}

static int missing(const struct kubeconfig_entry *e, const char *key, struct err *err) {
        return err_setf(err, -EINVAL, "%s must be specified for %s to use exec authentication plugin (%s: add %s)", key,
                        e->name, e->path, key);
}

/* All that client-go refuses before it runs a plugin, in its order. */
static int resolve(const struct kubeconfig_entry *e, struct kubeconfig_exec *x, const char **ret_mode,
                   struct err *err) {
        const char *command = NULL;
        int r = kubeconfig_check_keys(e, err);

        if (r == 0)
                r = kubeconfig_get_text(e, "command", &command, err);
        if (r == 0 && !command)
                r = missing(e, "command", err);
        /* A bare name is searched in $PATH. */
        if (r == 0 && strchr(command, '/'))
                r = kubeconfig_resolve(e, command, &x->command, err);
        else if (r == 0)
                r = (x->command = strdup(command)) ? 0 : oom(err);
        if (r == 0)
                r = kubeconfig_get_copy(e, "apiVersion", &x->api_version, err);
        if (r == 0 && !x->api_version)
                r = missing(e, "apiVersion", err);
        if (r == 0)
                r = resolve_args(e, x, err);
        if (r == 0)
                r = resolve_env(e, x, err);
        if (r == 0)
                r = kubeconfig_get_copy(e, "installHint", &x->install_hint, err);
        if (r == 0)
                r = kubeconfig_get_bool(e, "provideClusterInfo", &x->provide_cluster_info, err);
        if (r == 0)
                r = kubeconfig_get_text(e, "interactiveMode", ret_mode, err);
        if (r == 0)
                r = check_mode(e, x, *ret_mode, err);
        if (r == 0 && x->install_hint)
                (void)utf8_plain(x->install_hint, /* lines= */ true);
        return r < 0 ? r : check_version(e, x, err);
}

int kubeconfig_user_exec(const struct kubeconfig_entry *user, struct kubeconfig *k, struct err *err) {
        _cleanup_(kubeconfig_exec_freep) struct kubeconfig_exec *x = NULL;
        struct kubeconfig_entry e = {.kind = KUBECONFIG_EXEC, .name = user->name, .path = user->path};
        const char *mode = NULL, *other = other_credential(k);
        int r;

        e.o = object_get(user->o, "exec");
        if (!e.o)
                return 0;
        if (!json_object_is_type(e.o, json_type_object))
                return err_setf(err, -EINVAL,
                                "%s: user \"%s\": exec is not a mapping; write command, apiVersion and "
                                "interactiveMode below it, indented",
                                e.path, e.name);
        x = calloc(1, sizeof(*x));
        if (!x)
                return oom(err);
        r = resolve(&e, x, &mode, err);
        if (r < 0)
                return r;
        if (other)
                return kubeconfig_warn(k, err, "user \"%s\" has %s beside exec: the plugin is never run", e.name,
                                       other);
        if (util_streq(mode, "Always"))
                return err_setf(err, -EINVAL,
                                "exec plugin cannot support interactive mode: standard input is not a terminal (%s: "
                                "user \"%s\": nobody is there to ask; write interactiveMode: Never when the plugin "
                                "can do without, else use tokenFile or a client certificate)",
                                e.path, e.name);
        k->exec = TAKE_PTR(x);
        return 0;
}

int kubeconfig_exec_cluster(const struct kubeconfig_entry *cluster, struct kubeconfig_exec *x, struct err *err) {
        json_object *list = object_get(cluster->o, "extensions"), *found = NULL;

        if (list && !json_object_is_type(list, json_type_array))
                return err_setf(err, -EINVAL,
                                "%s: cluster \"%s\": extensions is not a list; begin each with \"- name:\"",
                                cluster->path, cluster->name);
        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                json_object *item = json_object_array_get_idx(list, i), *name = object_get(item, "name");

                if (!json_object_is_type(name, json_type_string) ||
                    !util_streq(json_object_get_string(name), EXTENSION))
                        continue;
                if (found)
                        return err_setf(err, -EINVAL,
                                        "%s: cluster \"%s\": duplicate name \"" EXTENSION
                                        "\" in list; remove one of the extensions",
                                        cluster->path, cluster->name);
                found = object_get(item, "extension");
        }
        return found && object_to_text(found, &x->cluster_config) < 0 ? oom(err) : 0;
}
