/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in a unit's control group, and killing it, without PID 1. cgroup v2 only: "populated" of cgroup.events is
 * the one exact test (recursive, also sees frozen processes and sub-groups of Delegate= units), cgroup.kill the one
 * atomic kill. Paths are as systemd names them, relative to the root: "/system.slice/x.service".
 * ARCHITECTURE 5, claims 4 and 6. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum cgroup_populated {
        CGROUP_EMPTY = 0, /* populated 0, or no such group */
        CGROUP_POPULATED,
        CGROUP_UNKNOWN, /* cannot be read */
};

/* Returns 0 when root is a cgroup v2 hierarchy whose groups can be killed, else -EMEDIUMTYPE (no cgroup v2) or
 * -EOPNOTSUPP (no cgroup.kill: a kernel before 5.14) with what was found and the cure in err. */
int cgroup_check(const char *root, struct err *err);

/* Groups have the file cgroup.kill. own: the group of this process; it, or one that every systemd host has, is looked
 * at (the root of a hierarchy never has the file). True also when there is no group to look at. */
bool cgroup_can_kill(const char *root, const char *own);

/* Is anything alive in the group or below it? A damaged path (empty, "..") is CGROUP_UNKNOWN. */
enum cgroup_populated cgroup_populated(const char *root, const char *path);

/* SIGKILL to all processes of the group and below, atomically. No such group is success; a kernel without cgroup.kill,
 * which cgroup_check() tells, looks the same. Returns 0 or negative errno. */
int cgroup_kill(const char *root, const char *path);

/* The group that systemd gives to a unit of that slice: "a-b.slice" and "x.service" give
 * "/a.slice/a-b.slice/x.service". slice NULL or empty: system.slice, and for an instance system-PREFIX.slice in it.
 * Returns false, with buf empty, when it does not fit. */
bool cgroup_unit_path(const char *slice, const char *unit, char *buf, size_t size);
