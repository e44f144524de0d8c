/* SPDX-License-Identifier: Apache-2.0 */
/* What must not reach libconfig, found in the text of a configuration before it is parsed. */
#include <errno.h>
#include <string.h>

#include "codec/conf_keys.h"

#define CONF_MAX_DEPTH 16
/* More than there are keys. */
#define CONF_MAX_SETTINGS 100

/* libconfig ends the whole process when an included file cannot be read to its end (flex's fatal error), e.g. a
 * directory. conf.d serves the purpose. */
static int refuse_include(const char *path, const char *text, struct err *err) {
        unsigned line = 1;

        for (const char *p = text; p; line++) {
                const char *word = p + strspn(p, " \t");

                if (strncmp(word, "@include", strlen("@include")) == 0)
                        return err_setf(err, -EINVAL, "%s:%u: @include is not supported; put the file into conf.d",
                                        path, line);
                p = strchr(p, '\n');
                if (p)
                        p++;
        }
        return 0;
}

/* libconfig compares each setting with all of its group: 64 KiB of them in one took 2 s, 1 MiB ten minutes. No group
 * has so many. */
static int refuse_crowd(const char *path, const char *text, struct err *err) {
        unsigned line = 1, depth = 0, n[CONF_MAX_DEPTH] = {};

        for (const char *p = text; *p; p++) {
                line += *p == '\n';
                if (*p == '"') {
                        while (p[1] && p[1] != '"')
                                p += p[1] == '\\' && p[2] ? 2 : 1;
                        p += p[1] == '"';
                } else if (*p == '#' || strncmp(p, "//", 2) == 0) {
                        p += strcspn(p, "\n") - 1;
                } else if (strncmp(p, "/*", 2) == 0) {
                        const char *end = strstr(p + 2, "*/");

                        p = end ? end + 1 : p + strlen(p) - 1;
                } else if (*p == '{') {
                        if (++depth >= CONF_MAX_DEPTH)
                                return err_setf(err, -EINVAL, "%s:%u: groups in groups, more than %d deep", path, line,
                                                CONF_MAX_DEPTH);
                        n[depth] = 0;
                } else if (*p == '}') {
                        depth -= depth > 0;
                } else if ((*p == '=' || *p == ':') && ++n[depth] > CONF_MAX_SETTINGS) {
                        return err_setf(err, -EINVAL,
                                        "%s:%u: more than %d settings in one group; leader-agent.conf(5) lists those "
                                        "that there are",
                                        path, line, CONF_MAX_SETTINGS);
                }
        }
        return 0;
}

int conf_text_check(const char *path, const char *text, struct err *err) {
        int r = refuse_include(path, text, err);

        return r < 0 ? r : refuse_crowd(path, text, err);
}
