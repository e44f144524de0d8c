/* SPDX-License-Identifier: Apache-2.0 */
/* An error text for a human beside a negative errno: what is wrong, where (file:line, object, unit), what to do. */
#pragma once

#include "base/util.h"

struct err {
        char text[1024];
};

/* int err_setf(struct err *err, int r, const char *fmt, …): formats the text (cut when too long) and returns r, so that
 * `return err_setf(err, -EINVAL, "…")` is the usual line. err may be NULL. A macro, so that compilers and linters,
 * which see one file at a time, know that what comes back is r. */
#define err_setf(err, r, ...)                                                                                          \
        ({                                                                                                             \
                int _err_r = (r);                                                                                      \
                err_write((err), __VA_ARGS__);                                                                         \
                _err_r;                                                                                                \
        })

/* The writing half of err_setf(). */
void err_write(struct err *err, const char *fmt, ...) _printf_(2, 3);
