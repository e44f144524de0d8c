/* SPDX-License-Identifier: Apache-2.0 */
/* An error text for a human beside a negative errno: what is wrong, where (file:line, object, unit), what to do. */
#pragma once

#include "base/util.h"

struct err {
        char text[1024];
};

/* Formats the text (cut when too long) and returns r, so that `return err_setf(err, -EINVAL, "…")` is the usual line.
 * err may be NULL. */
int err_setf(struct err *err, int r, const char *fmt, ...) _printf_(3, 4);
