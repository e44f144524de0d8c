/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a file that the agent could not read. What cannot be known (no bus, no unit, not root) is told, and
 * refuses nothing. */
#include "adapter/sandbox.h"

#include <errno.h>

#include "adapter/sandbox_service.h"
#include "codec/conf_report.h"

/* The command that puts the file where the agent reads it, and what names it then. */
static void cure(const struct sandbox_service *s, const struct conf_file *file, char *buf, size_t size) {
        sandbox_format_cure(s->group[0] ? s->group : "root", file->key, file->path,
                            file->where ? " there" : " into " SANDBOX_ETC "/leader-agent.conf", buf, size);
}

static const char *what(const struct conf_file *file) {
        return file->key ? file->key : "the configuration";
}

static int say_hidden(const struct sandbox_service *s, const struct conf_file *file, const struct sandbox_path *by,
                      struct err *err) {
        char text[600];

        if (file->key && strncmp(file->path, SANDBOX_ETC "/", strlen(SANDBOX_ETC "/")) != 0)
                cure(s, file, text, sizeof(text));
        else
                (void)snprintf(text, sizeof(text), "take that setting back: systemctl edit leader-agent");
        return err_setf(err, -EACCES, "%s%s%s %s is not seen by the agent: %s of " SANDBOX_UNIT " hides %s; %s",
                        file->where ? file->where : "", file->where ? ": " : "", what(file), file->path, by->setting,
                        by->path, text);
}

static int say_unreadable(const struct sandbox_service *s, const struct conf_file *file,
                          const struct sandbox_attempt *a, struct err *err) {
        const char *wall = a->at[0] ? a->at : file->path;
        bool ours = util_streq(wall, SANDBOX_ETC) || strncmp(wall, SANDBOX_ETC "/", strlen(SANDBOX_ETC "/")) == 0;
        _cleanup_free_ char *word = util_shell_word(wall);
        char text[2 * PATH_MAX + 128], why[PATH_MAX + 64];

        if (a->at[0])
                (void)snprintf(why, sizeof(why), "it may not enter %s", a->at);
        else
                (void)snprintf(why, sizeof(why), "%s", strerror(a->error));
        if (a->at[0] && !ours && file->key)
                cure(s, file, text, sizeof(text));
        else if (s->dynamic && !s->group[0])
                (void)snprintf(
                        text, sizeof(text),
                        "systemd makes that user at each start, but takes one that there is; run: useradd --system "
                        "%.*s",
                        (int)strcspn(s->user, " "), s->user);
        else
                (void)snprintf(text, sizeof(text), "run: chgrp %s %s && chmod %s %s", s->group, word ? word : wall,
                               a->at[0] ? "0750" : "0640", word ? word : wall);
        return err_setf(err, -EACCES, "%s%s%s %.300s cannot be read by the agent's user %s: %.300s; %s",
                        file->where ? file->where : "", file->where ? ": " : "", what(file), file->path, s->user, why,
                        text);
}

static int see(const struct conf_file *file, void *userdata, struct err *err) {
        struct sandbox_service *s = userdata;
        _cleanup_free_ char *real = NULL;
        const struct sandbox_path *by;
        struct sandbox_attempt a = {};

        if (s->why[0])
                return 0;
        real = realpath(file->path, NULL);
        by = sandbox_hides(&s->sandbox, file->path);
        if (!by && real)
                by = sandbox_hides(&s->sandbox, real);
        if (by)
                return say_hidden(s, file, by, err);
        if (!s->has_user || (geteuid() != 0 && geteuid() != s->uid))
                return 0;
        if (sandbox_attempt(s, file->path, real ? real : file->path, &a) < 0)
                s->untried = true;
        if (!a.error)
                return 0;
        return say_unreadable(s, file, &a, err);
}

/* A configuration that names no kubeconfig means that of the agent, not that of who asks; and so do proxies. */
static void take_environment(const struct sandbox_service *s) {
        (void)setenv("HOME", s->home, 1);
        if (s->kubeconfig[0])
                (void)setenv("KUBECONFIG", s->kubeconfig, 1);
        else
                (void)unsetenv("KUBECONFIG");
        for (size_t i = 0; i < SANDBOX_PROXIES; i++)
                if (s->proxies[i])
                        (void)setenv(sandbox_proxies[i], s->proxies[i], 1);
                else
                        (void)unsetenv(sandbox_proxies[i]);
}

int sandbox_report(const char *path, FILE *f, struct err *err) {
        struct sandbox_service s = {};
        int r = sandbox_service_read(&s);

        if (s.has_user)
                take_environment(&s);
        if (r < 0)
                r = err_setf(err, r, "out of memory");
        else
                r = conf_report(path, f, see, &s, err);
        if (r >= 0 && s.why[0])
                (void)fprintf(f, "# What the agent sees of these files is not known: %s.\n", s.why);
        else if (r >= 0 && s.lacks[0])
                (void)fprintf(f, "# " SANDBOX_UNIT " sees these files, but cannot start: %s\n", s.lacks);
        else if (r >= 0 && s.has_user && !s.untried && (geteuid() == 0 || geteuid() == s.uid))
                (void)fprintf(f, "# " SANDBOX_UNIT " sees these files, and its user %s can read them.\n", s.user);
        else if (r >= 0)
                (void)fprintf(
                        f, "# " SANDBOX_UNIT " sees these files. Whether its user %s can read them is not known: %s.\n",
                        s.user, s.untried ? "it could not be tried" : "run this as root");
        sandbox_service_done(&s);
        return r;
}
