/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs show alike: texts of others, ages, who runs this, whether in colours. Tables are table.h. */
#pragma once

#include <stdbool.h>

#include "codec/timespan.h"

#define CTL_AGE_MAX (TIMESPAN_MAX + 8)

/* Makes a text that others wrote safe for a terminal, in place: utf8_plain(), on one line. Returns s. */
char *show_plain(char *s);

/* How long ago an RFC 3339 instant in UTC is, in at most two units: "5min 3s". The text itself when it is something
 * else. By this machine's wall clock; an instant in the future is 0s. */
const char *show_age(char buf[static CTL_AGE_MAX], const char *rfc3339);
/* The same with " ago" behind it. */
const char *show_ago(char buf[static CTL_AGE_MAX], const char *rfc3339);

/* Who runs this program: the user who called sudo, else the own one. */
const char *show_user(void);

/* Standard output is a terminal that is to have colours: not with NO_COLOR, nor when TERM is "dumb" or not set. */
bool show_colors(void);
