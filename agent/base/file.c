/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that may do less than they were asked for, until all is done. */
#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int file_write_all(int fd, const char *text) {
        for (size_t left = strlen(text); left > 0;) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                text += n;
                left -= (size_t)n;
        }
        return 0;
}
