/* SPDX-License-Identifier: Apache-2.0 */
/* An error text never fails: what does not fit is cut. */
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"

int err_setf(struct err *err, int r, const char *fmt, ...) {
        va_list ap;

        if (!err)
                return r;
        va_start(ap, fmt);
        (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
        return r;
}
