/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for one test, removed with everything in it. Fails the test on any error. */
#pragma once

#include <stddef.h>

struct tempdir {
        char path[64];
};

void tempdir_make(struct tempdir *t);
void tempdir_remove(struct tempdir *t);

/* PATH/NAME in a static buffer that the 16th next call reuses. */
const char *tempdir_path(const struct tempdir *t, const char *name);

/* Writes a file, making the directories of NAME. Returns its path as tempdir_path(). */
const char *tempdir_write(const struct tempdir *t, const char *name, const char *text);
const char *tempdir_write_bytes(const struct tempdir *t, const char *name, const void *bytes, size_t size);
