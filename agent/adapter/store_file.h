/* SPDX-License-Identifier: Apache-2.0 */
/* One small file, read carefully and replaced atomically, and where the files are; only for store*.c. */
#pragma once

#include "base/err.h"

struct store;

/* ---- store.c: of an open one ---- */
const char *store_dir(const struct store *s);
int store_dir_fd(const struct store *s);
const char *store_machine(const struct store *s);

/* ---- store_file.c ---- */

/* Reads at most size - 1 bytes and terminates them. Refuses symlinks, whatever is not a regular file, files of other
 * users or writable by others, and files that do not fit. Returns 0, -ENOENT, other errno with err saying why and what
 * to do. */
int store_file_read(int dir_fd, const char *name, char *buf, size_t size, size_t *ret_size, struct err *err);

/* Writes a temporary file, syncs it, renames it over name, syncs the directory. After an error either the old or the
 * new content is there; nothing in between. Returns 0 or negative errno. */
int store_file_replace(int dir_fd, const char *name, const char *text);
