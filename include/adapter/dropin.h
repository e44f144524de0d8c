/* SPDX-License-Identifier: Apache-2.0 */
/* Drop-in files of units: DIR/UNIT.d/NAME, replaced as a whole and kept across a crash (written beside, fsynced,
 * renamed). */
#pragma once

#include "base/err.h"

#define DROPIN_DIR "/etc/systemd/system"

/* Makes DIR/UNIT.d (0755) when missing and the file (0644) say `text`. Returns 1 when something changed, 0 when it said
 * so already, negative errno with err set; the old file is then untouched. */
int dropin_write(const char *dir, const char *unit, const char *name, const char *text, struct err *err);

/* Removes the file, and UNIT.d when nothing else is in it. Returns 1, 0 when it was not there, negative errno with err
 * set. */
int dropin_remove(const char *dir, const char *unit, const char *name, struct err *err);
