/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 of others: D-Bus disconnects who sends anything else, and YAML must be it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at s, of which `left` bytes may be read; 0 when it is none (overlong, a surrogate, NUL). */
size_t utf8_length(const char *s, size_t left);

/* Replaces every byte that is not part of a valid sequence by '?'. Returns s. */
char *utf8_fix(char *s);

/* Makes a text that others may have written safe for a terminal, STATUS= and the journal, in place: valid, without
 * control characters (C0, DEL, C1; a newline may stay), without what turns the direction of writing (a command could be
 * shown as another one than is typed) and without Unicode's own line ends. '?' stands for each byte, ' ' for other
 * white space. Returns s. */
char *utf8_plain(char *s, bool lines);
