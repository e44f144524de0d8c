/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit of systemd hides from its processes (systemd.exec(5)): which files they cannot see, and by which setting.
 * Opens nothing: how the settings in force are read, and whether a file that is seen may be read, is adapter/sandbox.h.
 */
#pragma once

#include <stdio.h>

#include "base/err.h"

/* Where the agent's files are seen. */
#define SANDBOX_ETC "/etc/leader-agent"

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

/* What hides path from the very process whose /proc/PID/mountinfo (proc(5)) that is: as a service of systemd has it. Of
 * mounts that are above path the last one counts. False: nothing does. */
struct sandbox_wall {
        char path[256];      /* what is hidden; cut, with "..." behind it, when longer */
        const char *setting; /* a constant: "ProtectHome=" */
};
bool sandbox_mounts_hide(FILE *mountinfo, const char *path, struct sandbox_wall *ret);

/* "run: COMMAND; and write …": the command that puts a file where the agent sees it and that group may read it, and
 * what is to name it then. key: of the kubeconfig, or "kubeconfig". into: where to write that, with a space before it.
 */
void sandbox_format_cure(const char *group, const char *key, const char *path, const char *into, char *buf,
                         size_t size);
