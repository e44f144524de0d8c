/* SPDX-License-Identifier: Apache-2.0 */
/* Files only: which units, and when systemd is told, is leaderctl's. The gate that a drop-in names is ARCHITECTURE 5,
 * claim 1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "adapter/dropin.h"

#define PATH_SIZE    1024
#define CONTENT_SIZE 8192

static int path_of(const char *dir, const char *unit, const char *name, char *directory, char *file, struct err *err) {
        int n = snprintf(directory, PATH_SIZE, "%s/%s.d", dir, unit);
        int m = snprintf(file, PATH_SIZE, "%s/%s.d/%s", dir, unit, name);

        if (n < 0 || n >= PATH_SIZE || m < 0 || m >= PATH_SIZE - 8)
                return err_setf(err, -ENAMETOOLONG, "%s/%s.d/%s: path too long", dir, unit, name);
        return 0;
}

/* True when the file already says text; a link (to /dev/null: masked by somebody) never does. */
static bool says(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char buf[CONTENT_SIZE];
        ssize_t n;

        if (fd < 0)
                return false;
        n = read(fd, buf, sizeof(buf));
        return n >= 0 && (size_t)n == strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}

static int sync_directory(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int write_file(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        size_t size = strlen(text);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = write(fd, text, size);
        if (n < 0)
                return -errno;
        if ((size_t)n != size)
                return -ENOSPC;
        /* Whatever umask says: systemd and `leaderctl enroll --check` of any user read it. */
        if (fchmod(fd, 0644) < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

int dropin_write(const char *dir, const char *unit, const char *name, const char *text, struct err *err) {
        char directory[PATH_SIZE], file[PATH_SIZE], temporary[PATH_SIZE + 8];
        int r;

        r = path_of(dir, unit, name, directory, file, err);
        if (r < 0)
                return r;
        if (says(file, text)) {
                /* An earlier call may have failed behind the rename, or been killed. */
                r = sync_directory(directory);
                if (r >= 0)
                        r = sync_directory(dir);
                return r < 0 ? err_setf(err, r, "cannot sync %s: %s", directory, strerror(-r)) : 0;
        }
        if (mkdir(directory, 0755) < 0 && errno != EEXIST)
                return err_setf(err, -errno, "cannot make %s: %m", directory);
        /* systemd reads *.conf only. */
        (void)snprintf(temporary, sizeof(temporary), "%s.new", file);
        r = write_file(temporary, text);
        if (r >= 0 && rename(temporary, file) < 0)
                r = -errno;
        if (r >= 0)
                r = sync_directory(directory);
        /* UNIT.d itself is an entry of DIR: without this a crash after the first enroll could lose it with all in it.
         */
        if (r >= 0)
                r = sync_directory(dir);
        if (r < 0) {
                (void)unlink(temporary);
                return err_setf(err, r, "cannot write %s: %s", file, strerror(-r));
        }
        return 1;
}

int dropin_remove(const char *dir, const char *unit, const char *name, struct err *err) {
        char directory[PATH_SIZE], file[PATH_SIZE];
        int r;

        r = path_of(dir, unit, name, directory, file, err);
        if (r < 0)
                return r;
        if (unlink(file) < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : err_setf(err, -errno, "cannot remove %s: %m", file);
        /* Others' drop-ins keep it. */
        (void)rmdir(directory);
        return 1;
}

bool dropin_exists(const char *dir, const char *unit, const char *name) {
        char directory[PATH_SIZE], file[PATH_SIZE];
        struct err err;

        return path_of(dir, unit, name, directory, file, &err) == 0 && access(file, F_OK) == 0;
}
