/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's files under /run/leader-agent: gates (leading/UNIT, the path that an enrolled unit asserts), permit files
 * (permits/UNIT), environment files (env/UNIT) and revoked lock uids (revoked/UID). Written beside and renamed, so a
 * reader sees the old or the new text and never half of it; no fsync, because /run ends with the boot and so do they.
 * Knows nothing of what the texts mean. Unit and uid must be valid as file names (permit_unit_valid, permit_uid_valid);
 * what could leave its directory is -EINVAL all the same. ARCHITECTURE 5, claims 1 and 4. */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define GATE_DIR "/run/leader-agent"

struct gate {
        int fd; /* of the directory */
        char dir[256];
};

/* Opens dir and makes the four directories in it (0755) when missing. Returns 0, or negative errno with err set: then
 * there is nothing to close. */
int gate_open(struct gate *g, const char *dir, struct err *err);
/* Closes; g->fd may be -1. */
void gate_close(struct gate *g);

/* Whatever writes below makes its directory again when somebody has removed that. When dir itself is gone: -ENOENT,
 * from then on; only the next gate_open() helps. */

/* Writes a file in each of the directories, and removes it again: whether the next permit, gate or revoke could be
 * written. Returns 0 or negative errno. */
int gate_probe(const struct gate *g);

/* Makes the gate of a unit; one that is there is success. Removing one that is not there is success. Return 0 or
 * negative errno, as do all below that say nothing else. */
int gate_make(const struct gate *g, const char *unit);
int gate_remove(const struct gate *g, const char *unit);
/* 1 there, 0 not there, negative errno. */
int gate_exists(const struct gate *g, const char *unit);

/* Replaces permit or environment file; on an error the old one is still there. */
int gate_write_permit(const struct gate *g, const char *unit, const char *text);
int gate_write_environment(const struct gate *g, const char *unit, const char *text);

/* Reads the permit file into buf, not terminated. Returns its length, -ENOENT, -EFBIG, -EBADMSG when it is not a
 * regular file of root's (or the caller's), or another negative errno. */
int gate_read_permit(const struct gate *g, const char *unit, char *buf, size_t size);

/* Removes permit and environment file, the second one also when the first cannot be removed; not there is success. */
int gate_remove_permit(const struct gate *g, const char *unit);

/* Records a lock uid as revoked, for the rest of this boot. */
int gate_record_revoked(const struct gate *g, const char *uid);
/* 1 revoked, 0 not, negative errno. */
int gate_is_revoked(const struct gate *g, const char *uid);

/* How many are recorded, or negative errno. */
int gate_count_revoked(const struct gate *g);

/* Calls f for every name in permits/ and leading/ (a unit in both: twice). Left-over temporary files are removed and
 * not reported. Stops at the first negative return of f and returns it. */
int gate_each(const struct gate *g, int (*f)(const char *name, void *userdata), void *userdata);
/* The same for permits/ alone, and removes nothing: somebody else may be writing there. */
int gate_each_permit(const struct gate *g, int (*f)(const char *name, void *userdata), void *userdata);
