/* SPDX-License-Identifier: Apache-2.0 */
/* Time spans as systemd writes them: "15s", "2min 30s", "500ms". */
#pragma once

#include "base/util.h"

/* One or more NUMBER UNIT pairs (us, ms, s, sec, m, min, h, hr, d and their plurals; a number alone is seconds), blanks
 * between them allowed. Whole numbers only. Returns 0, -EINVAL nonsense, -ERANGE too large for 64 bits of microseconds.
 */
int timespan_parse(const char *s, uint64_t *ret_usec);

/* The shortest exact text, e.g. "1min 30s", "0s", "infinity". Returns buf. */
#define TIMESPAN_MAX 96
const char *timespan_format(char buf[static TIMESPAN_MAX], uint64_t usec);
