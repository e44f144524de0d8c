/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and replacing one file so that a crash at any point leaves the old or the new content. Knows nothing of
 * claims.
 */
#include "adapter/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

/* The directory has one writer (store.c holds its lock), so one name serves. No scope begins with a dot. */
#define TEMPORARY ".tmp"

int store_file_read(int dir_fd, const char *name, char *buf, size_t size, size_t *ret_size, struct err *err) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        size_t n = 0;

        if (fd < 0)
                return err_setf(err, -errno, "cannot be opened: %s", strerror(errno));
        if (fstat(fd, &st) < 0)
                return err_setf(err, -errno, "cannot be read: %s", strerror(errno));
        if (!S_ISREG(st.st_mode))
                return err_setf(err, -EPERM, "is not a regular file");
        if (st.st_uid != geteuid())
                return err_setf(err, -EPERM,
                                "belongs to uid %u, leader-agent runs as uid %u (chown it if it is the right one)",
                                (unsigned)st.st_uid, (unsigned)geteuid());
        if (st.st_mode & 022)
                return err_setf(err, -EPERM, "may be written by others (chmod 0600 it if it is the right one)");
        for (;;) {
                ssize_t k = read(fd, buf + n, size - 1 - n);

                if (k < 0)
                        return err_setf(err, -errno, "cannot be read: %s", strerror(errno));
                if (k == 0)
                        break;
                n += (size_t)k;
                if (n == size - 1)
                        return err_setf(err, -EFBIG, "is too large");
        }
        buf[n] = '\0';
        *ret_size = n;
        return 0;
}

static int write_temporary(int dir_fd, const char *text) {
        _cleanup_close_ int fd = -1;
        int r;

        /* Left over from a crash: not ours to continue, a fresh inode has the right owner and mode. */
        if (unlinkat(dir_fd, TEMPORARY, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(dir_fd, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = file_write_all(fd, text);
        if (r < 0)
                return r;
        return fsync(fd) < 0 ? -errno : 0;
}

int store_file_replace(int dir_fd, const char *name, const char *text) {
        int r = write_temporary(dir_fd, text);

        if (r < 0 || renameat(dir_fd, TEMPORARY, dir_fd, name) < 0) {
                r = r < 0 ? r : -errno;
                (void)unlinkat(dir_fd, TEMPORARY, 0); /* the error that matters is r; the next write removes it too */
                return r;
        }
        return fsync(dir_fd) < 0 ? -errno : 0;
}
