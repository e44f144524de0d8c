/* SPDX-License-Identifier: Apache-2.0 */
/* Files, where libc is too short by a loop. */
#pragma once

/* Writes all of text, without its end. Returns 0 or a negative errno (-EIO: nothing more is taken); how much was
 * written then is not told. */
int file_write_all(int fd, const char *text);
