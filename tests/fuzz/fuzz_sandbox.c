/* SPDX-License-Identifier: Apache-2.0 */
/* What a service hides: settings in turn, one a line, and a mountinfo behind an empty line. A path that is hidden is
 * below what hides it; the longest one counts; a cure fits and names the file. */
#include "codec/sandbox.h"
#include "fuzz.h"

static bool below(const char *path, const char *dir) {
        size_t n = strlen(dir);

        while (n > 0 && dir[n - 1] == '/')
                n--;
        return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static void setting(struct sandbox *s, char *line) {
        char *value = line + (*line != '\0');
        int r = *line == 'H'   ? sandbox_protect_home(s, value)
                : *line == 'T' ? sandbox_private_tmp(s, *value)
                : *line == 'I' ? sandbox_hide(s, "InaccessiblePaths", value)
                               : sandbox_bind(s, value);

        fuzz_assert(r >= 0 || (r == -ENOMEM && fuzz_starved()));
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        char path[300], line[300], cure[1200];
        const struct sandbox_path *hides;
        struct sandbox_wall wall = {};
        struct sandbox s = {};
        FILE *mounts;

        (void)fuzz_line(&f, path + 1, sizeof(path) - 1);
        *path = '/';
        while (f.n > 0 && *fuzz_line(&f, line, sizeof(line)))
                setting(&s, line);
        hides = sandbox_hides(&s, path);
        if (hides) {
                fuzz_assert(hides->setting && below(path, hides->path));
                for (size_t i = 0; i < s.n_paths; i++)
                        fuzz_assert(!below(path, s.paths[i].path) || strlen(s.paths[i].path) <= strlen(hides->path) ||
                                    s.paths[i].path[strlen(s.paths[i].path) - 1] == '/');
        }
        mounts = fmemopen((void *)(f.n ? f.p : (const uint8_t *)"\n"), f.n ? f.n : 1, "r");
        if (sandbox_mounts_hide(mounts, path, &wall))
                fuzz_assert(*wall.path && wall.setting && (below(path, wall.path) || strlen(wall.path) >= 252));
        (void)fclose(mounts);
        sandbox_format_cure("leader-agent", "tokenFile", path, " into FILE", cure, sizeof(cure));
        fuzz_assert(strlen(cure) < sizeof(cure) - 1 && strncmp(cure, "run: ", 5) == 0);
        sandbox_done(&s);
        fuzz_assert(!s.paths && s.n_paths == 0);
}
