/* SPDX-License-Identifier: Apache-2.0 */
/* Drop-in files of units: DIR/UNIT.d/NAME, replaced as a whole and kept across a crash (written beside, fsynced,
 * renamed, UNIT.d and DIR fsynced). What stands in them is codec/enroll.h; systemd reads them at its next
 * daemon-reload. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Makes DIR/UNIT.d (0755, less the umask) when missing and the file (0644) say `text`. Returns 1 when something
 * changed, 0 when it said so already, negative errno with err set; the old file is then untouched, unless only the last
 * fsync failed: then the new one is there and may be lost in a crash. What it returns 0 or 1 for outlasts a crash. */
int dropin_write(const char *dir, const char *unit, const char *name, const char *text, struct err *err);

/* There is such a file. */
bool dropin_exists(const char *dir, const char *unit, const char *name);

/* Removes the file, and UNIT.d when nothing else is in it; nothing is fsynced. Returns 1, 0 when it was not there,
 * negative errno with err set. */
int dropin_remove(const char *dir, const char *unit, const char *name, struct err *err);
