/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 of others: D-Bus disconnects who sends anything else, and YAML must be it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at s, of which `left` bytes may be read; 0 when it is none (overlong, a surrogate, NUL). */
size_t utf8_length(const char *s, size_t left);

/* Replaces every byte that is not part of a valid sequence by '?'. Returns s. */
char *utf8_fix(char *s);
