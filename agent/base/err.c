/* SPDX-License-Identifier: Apache-2.0 */
/* An error text never fails: what does not fit is cut. */
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"

void err_write(struct err *err, const char *fmt, ...) {
        va_list ap;

        if (!err)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
}
