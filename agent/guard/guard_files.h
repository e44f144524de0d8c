/* SPDX-License-Identifier: Apache-2.0 */
/* A unit's permit and environment file: written before its gate is made, read when a guard starts. Where the files are
 * and how they are replaced is adapter/gate's, their text codec/permitfile's. ARCHITECTURE 5, claims 1 and 6. */
#pragma once

#include "guard/guard_state.h"

/* Write what u->s and u->permit say. Return 0 or negative errno: then the old file is still there. */
int guard_files_write_permit(struct guard_unit *u);
int guard_files_write_environment(struct guard_unit *u);

/* What helps when such a write, a gate or a record has failed with r; ends a sentence. */
const char *guard_files_cure(int r);

/* Reads the permit file into u->permit and u->cgroup, and what the core wants to know of it into ev. Anything but a
 * sound file of this boot is SUPERVISE_FILE_BAD, and said. */
enum supervise_file guard_files_load(struct guard_unit *u, struct supervise_event *ev);
