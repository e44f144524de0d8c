/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that only ask a daemon to run something: what it runs is in another cgroup, where neither a stop nor a kill
 * of the unit reaches it. Known by name, also behind env, sh -c and the like; what a script of its own does is not.
 * Bounds ARCHITECTURE 5, claim 1 ("stopped" is the unit's cgroup seen empty). */
#include <ctype.h>
#include <stdio.h>

#include "codec/enroll.h"

/* Lists of words are surrounded by blanks. */
struct client {
        const char *program;
        const char *starts; /* the first argument of both lists decides; NULL: it always starts something */
        const char *harmless;
};

#define CONTAINER_STARTS " run start restart exec up deploy unpause "
#define CONTAINER_HARMLESS                                                                                             \
        " create pull push stop kill rm rmi ps images image inspect logs wait build login logout load save tag cp "    \
        "info version system volume network down pause port rename update "

static const struct client clients[] = {
        {"docker", CONTAINER_STARTS, CONTAINER_HARMLESS},
        {"docker-compose", CONTAINER_STARTS, CONTAINER_HARMLESS},
        {"nerdctl", CONTAINER_STARTS, CONTAINER_HARMLESS},
        {"podman", CONTAINER_STARTS "play ", CONTAINER_HARMLESS},
        {"podman-remote", CONTAINER_STARTS "play ", CONTAINER_HARMLESS},
        {"podman-compose", CONTAINER_STARTS, CONTAINER_HARMLESS},
        {"ctr", " run start exec ", " images image content snapshots pull rm kill delete pause ls list "},
        {"crictl", " run runp start exec ", " pull stop stopp rm rmp ps pods images inspect logs "},
        {"lxc-start", NULL, NULL},
        {"lxc", " launch start restart exec ", " stop delete list info config image network copy "},
        {"incus", " launch start restart exec ", " stop delete list info config image network copy "},
        {"virsh", " start create restore ", " destroy shutdown undefine define list dominfo domstate net-start "},
        {"machinectl", " start shell login ", " stop terminate poweroff kill list status show image-status pull-tar "},
        {"systemctl", " start isolate ", " stop restart reload kill is-active is-enabled show status daemon-reload "},
        {"systemd-run", NULL, NULL},
        {"at", NULL, NULL},
        {"batch", NULL, NULL},
};

static const char shells[] = " sh bash dash ash ksh zsh ";
/* What runs the command that follows behind their own options. */
static const char wrappers[] =
        " env exec nice ionice chrt taskset setpriv setsid nohup timeout stdbuf flock unshare sudo doas runuser time "
        "numactl prlimit capsh chroot ";

static bool listed(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = n ? list : NULL; p && (p = strstr(p, word)); p += n)
                if (p[-1] == ' ' && p[n] == ' ')
                        return true;
        return false;
}

static const char *base(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static const struct client *client_of(const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(clients); i++)
                if (util_streq(base(word), clients[i].program))
                        return &clients[i];
        return NULL;
}

/* podman that keeps what it runs in the cgroup it was started in (podman-run(1), --cgroups). */
static bool stays(char *const *words, size_t n) {
        bool split = false;

        for (size_t i = 1; i < n; i++) {
                const char *how = strncmp(words[i], "--cgroups=", strlen("--cgroups=")) == 0
                                          ? words[i] + strlen("--cgroups=")
                                  : util_streq(words[i], "--cgroups") && i + 1 < n ? words[i + 1]
                                                                                   : NULL;

                if (util_streq(words[i], "--remote") || util_streq(words[i], "-r") || util_streq(words[i], "--url"))
                        return false;
                if (how)
                        split = util_streq(how, "split") || util_streq(how, "disabled");
        }
        return split;
}

/* One command, words[0] its program. */
static bool command(char *const *words, size_t n, char *buf, size_t size) {
        const struct client *c = n > 0 ? client_of(words[0]) : NULL;

        if (!c)
                return false;
        if (!c->starts)
                return snprintf(buf, size, "%s", c->program) > 0;
        for (size_t i = 1; i < n; i++) {
                if (listed(c->harmless, words[i]))
                        return false;
                if (!listed(c->starts, words[i]))
                        continue;
                if (util_streq(c->program, "podman") && stays(words, n))
                        return false;
                return snprintf(buf, size, "%s %s", c->program, words[i]) > 0;
        }
        return false;
}

static bool script(const char *text, char *buf, size_t size);

static bool assignment(const char *word) {
        const char *equals = strchr(word, '=');

        return equals && equals > word &&
               word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789")] == '=';
}

/* The same behind what only leads to it. */
static bool look(char *const *words, size_t n, char *buf, size_t size) {
        bool wrapped = false;

        for (size_t i = 0; i < n; i++) {
                if (command(words + i, n - i, buf, size))
                        return true;
                if (listed(shells, base(words[i]))) {
                        for (size_t k = i + 1; k + 1 < n; k++)
                                /* -c, or -ec and the like */
                                if (words[k][0] == '-' && words[k][1] != '-' && strchr(words[k], 'c'))
                                        return script(words[k + 1], buf, size);
                        return false;
                }
                /* Options of a wrapper, and what they are given, are no commands that are known. */
                wrapped |= listed(wrappers, base(words[i]));
                if (!wrapped && !assignment(words[i]))
                        return false;
        }
        return false;
}

/* Words of the shell itself lead to a command, too. */
static bool commands(char *const *words, size_t n, char *buf, size_t size) {
        for (size_t i = 0; i < n; i++)
                if ((i == 0 || listed(" if then else elif while until do ! ", words[i - 1])) &&
                    look(words + i, n - i, buf, size))
                        return true;
        return false;
}

/* A script of a shell, command by command; quotes only group. Of a command that is longer than any, the beginning. */
static bool script(const char *text, char *buf, size_t size) {
        char copy[4096], *words[64], *to = copy;
        char quote = '\0';
        bool in = false;
        size_t n = 0;

        for (;; text++) {
                bool end;

                if (!quote && !in && *text == '#')
                        text += strcspn(text, "\n");
                end = !*text || (!quote && strchr(";|&()`{}\n", *text));
                if (!end && (quote ? *text == quote : *text == '"' || *text == '\'')) {
                        quote = quote ? '\0' : *text;
                        continue;
                }
                if (!end && (quote || !isspace((unsigned char)*text))) {
                        if (!in && n < ELEMENTSOF(words))
                                words[n++] = to;
                        in = true;
                        if (to + 2 < copy + sizeof(copy))
                                *to++ = *text;
                        continue;
                }
                if (in && to + 1 < copy + sizeof(copy))
                        *to++ = '\0';
                in = false;
                if (!end)
                        continue;
                *to = '\0';
                if (commands(words, n, buf, size))
                        return true;
                if (!*text)
                        return false;
                n = 0;
                to = copy;
        }
}

bool enroll_client(const char *path, char *const *argv, char *buf, size_t size) {
        char *words[64];
        size_t n = 0;

        words[n++] = (char *)path;
        for (size_t i = 1; argv[0] && argv[i] && n < ELEMENTSOF(words); i++)
                words[n++] = argv[i];
        return look(words, n, buf, size);
}
