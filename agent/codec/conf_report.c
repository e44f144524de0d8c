/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration and kubeconfig together, as the agent would use them, printed. What is wrong with either is said by
 * their own codecs; nothing is judged here. */
#include "codec/conf_report.h"

#include <errno.h>
#include <stdarg.h>

#include "codec/conf.h"
#include "codec/kubeconfig.h"
#include "codec/utf8.h"

/* FILE:LINE of the first line that has the key and behind it the last part of the path, which may be written relative
 * to the file; FILE when there is none. A string to free(), NULL without memory. */
static char *where_of(const char *file, const char *key, const char *path) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        FILE *f = fopen(file, "re");
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        unsigned n = 0;
        bool found = false;
        char *where;

        while (f && !found && getline(&line, &size, f) >= 0) {
                const char *at = line[strspn(line, " \t")] == '#' ? NULL : strstr(line, key);

                found = at && strstr(at + strlen(key), name);
                n++;
        }
        if (f)
                (void)fclose(f);
        if (!found)
                return strdup(file);
        return asprintf(&where, "%s:%u", file, n) < 0 ? NULL : where;
}

/* The file of one key of the kubeconfig. */
static int see_named(const struct kubeconfig *k, const char *key, const char *path, conf_see_fn see, void *userdata,
                     struct err *err) {
        _cleanup_free_ char *where = path ? where_of(k->source, key, path) : NULL;

        if (!path)
                return 0;
        if (!where)
                return err_setf(err, -ENOMEM, "out of memory");
        return see(&(struct conf_file){where, key, path}, userdata, err);
}

static int see_all(const char *path, const struct conf *c, const struct kubeconfig *k, conf_see_fn see, void *userdata,
                   struct err *err) {
        struct conf_file file = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && util_streq(path, CONF_PATH) && i < c->n_files; i++) {
                file.path = c->files[i];
                r = see(&file, userdata, err);
        }
        if (r >= 0)
                r = see(&(struct conf_file){c->kubeconfig_where, "kubeconfig", k->source}, userdata, err);
        if (r >= 0)
                r = see_named(k, "certificate-authority", k->ca_file, see, userdata, err);
        if (r >= 0)
                r = see_named(k, "client-certificate", k->client_cert_file, see, userdata, err);
        if (r >= 0)
                r = see_named(k, "client-key", k->client_key_file, see, userdata, err);
        if (r >= 0)
                r = see_named(k, "tokenFile", k->token_file, see, userdata, err);
        return r;
}

/* A line of what a kubeconfig says: names in it may be anything. */
static int _printf_(3, 4) print_plain(FILE *f, struct err *err, const char *fmt, ...) {
        char *line = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&line, fmt, ap);
        va_end(ap);
        if (n < 0)
                return err_setf(err, -ENOMEM, "out of memory");
        (void)fprintf(f, "%s\n", utf8_plain(line, /* lines= */ false));
        free(line);
        return 0;
}

/* Who the agent will be; secrets are in what a plugin is given, so that only counts. */
static int print_plugin(FILE *f, const struct kubeconfig_exec *x, struct err *err) {
        return print_plain(
                f, err,
                "# credentials of the plugin %s (%s, %zu argument%s, %zu variable%s): it was neither run nor "
                "looked for, what it prints is known when the agent runs it",
                x->command, x->api_version, x->n_args, x->n_args == 1 ? "" : "s", x->n_env, x->n_env == 1 ? "" : "s");
}

int conf_report(const char *path, FILE *f, conf_see_fn see, void *userdata, struct err *err) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        int r;

        r = conf_load(&c, path, err);
        if (r < 0)
                return r;
        r = kubeconfig_load(&k, c->kubeconfig, c->context, err);
        if (r < 0)
                return r;
        r = conf_set_default_namespace(c, k->namespace_, err);
        if (r < 0)
                return r;
        r = see_all(path ? path : CONF_PATH, c, k, see, userdata, err);
        if (r < 0)
                return r;
        r = print_plain(f, err, "# kubeconfig %s, context %s, server %s", k->source, k->context, k->server);
        if (r == 0 && k->exec)
                r = print_plugin(f, k->exec, err);
        for (size_t i = 0; r == 0 && i < k->n_warnings; i++)
                r = print_plain(f, err, "# warning: %s", k->warnings[i]);
        if (r < 0)
                return r;
        conf_describe(c, f);
        return 0;
}
