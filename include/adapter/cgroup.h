/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in a unit's control group, and killing it, without PID 1. cgroup v2 only: "populated" of cgroup.events is
 * the one exact test (recursive, also sees frozen processes and sub-groups of Delegate= units), cgroup.kill the one
 * atomic kill. Paths are as systemd names them, relative to the root: "/system.slice/x.service".
 * ARCHITECTURE 5, claims 4 and 6. */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum cgroup_populated {
        CGROUP_EMPTY = 0, /* populated 0, or no such group */
        CGROUP_POPULATED,
        CGROUP_UNKNOWN, /* cannot be read */
};

/* Returns 0 when root is a cgroup v2 hierarchy, else -EMEDIUMTYPE with what was found and the cure in err. Does not
 * look whether the kernel has cgroup.kill (5.14 and later). */
int cgroup_check(const char *root, struct err *err);

/* Is anything alive in the group or below it? A damaged path (empty, "..") is CGROUP_UNKNOWN. */
enum cgroup_populated cgroup_populated(const char *root, const char *path);

/* SIGKILL to all processes of the group and below, atomically. No such group, or a kernel without cgroup.kill, is
 * success. Returns 0 or negative errno. */
int cgroup_kill(const char *root, const char *path);

/* The group that systemd gives to a unit of that slice: "a-b.slice" and "x.service" give
 * "/a.slice/a-b.slice/x.service". slice NULL or empty: system.slice, and for an instance system-PREFIX.slice in it.
 * Returns false, with buf empty, when it does not fit. */
bool cgroup_unit_path(const char *slice, const char *unit, char *buf, size_t size);
