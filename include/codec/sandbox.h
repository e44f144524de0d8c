/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit of systemd hides from its processes (systemd.exec(5)): which files they cannot see, and by which setting.
 * Pure; how the settings in force are read, and whether a file that is seen may be read, is adapter/sandbox.h. */
#pragma once

#include "base/err.h"

struct sandbox_path {
        char *path;
        char *setting; /* "ProtectHome=yes"; NULL: a path that is seen again below a hidden one */
};

/* Zeroed: nothing is hidden. */
struct sandbox {
        struct sandbox_path *paths;
        size_t n_paths;
};

/* Frees what it holds, and zeroes it. */
void sandbox_done(struct sandbox *s);

/* The settings, each as systemd prints it. Return -ENOMEM. Paths may begin with '-' and '+', as in unit files. */
int sandbox_protect_home(struct sandbox *s, const char *value);
int sandbox_private_tmp(struct sandbox *s, bool value);
/* InaccessiblePaths= and TemporaryFileSystem=: the setting's name. */
int sandbox_hide(struct sandbox *s, const char *name, const char *path);
/* BindPaths= and BindReadOnlyPaths=: what is mounted there. */
int sandbox_bind(struct sandbox *s, const char *path);

/* What hides that file: the longest path that it is, or is below. NULL: it is seen. path: absolute, without "." and
 * "..". */
const struct sandbox_path *sandbox_hides(const struct sandbox *s, const char *path);
