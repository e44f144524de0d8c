/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's files, relative to one open directory; names are checked once more, and no symbolic link is followed.
 * ARCHITECTURE 5, claims 1 and 4 (revoked uids). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "adapter/gate.h"

#define NAME_SIZE 320
/* Not a valid start of a unit name or uid. */
#define TEMPORARY ".new-"

static const char *const subdirs[] = {"leading", "permits", "env", "revoked"};
enum {
        GATES,
        PERMITS,
        ENVIRONMENTS,
        REVOKED
};

int gate_open(struct gate *g, const char *dir, struct err *err) {
        _cleanup_close_ int fd = -1;

        if (!util_copy(g->dir, sizeof(g->dir), dir))
                return err_setf(err, -ENAMETOOLONG, "%s: path too long", dir);
        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_setf(err, -errno,
                                "cannot open %s: %m; leader-guard.service (RuntimeDirectory=) and leader-agent's "
                                "tmpfiles.d file make it",
                                dir);
        for (size_t i = 0; i < ELEMENTSOF(subdirs); i++)
                if (mkdirat(fd, subdirs[i], 0755) < 0 && errno != EEXIST)
                        return err_setf(err, -errno, "cannot make %s/%s: %m", dir, subdirs[i]);
                else if (fchmodat(fd, subdirs[i], 0755, 0) < 0)
                        return err_setf(err, -errno, "cannot set the mode of %s/%s: %m", dir, subdirs[i]);
        g->fd = TAKE_FD(fd);
        return 0;
}

void gate_close(struct gate *g) {
        if (g->fd >= 0)
                close(g->fd);
        g->fd = -1;
}

static int path_of(int which, const char *prefix, const char *name, char *buf) {
        int n;

        if (util_empty(name) || strchr(name, '/') || name[0] == '.')
                return -EINVAL;
        n = snprintf(buf, NAME_SIZE, "%s/%s%s", subdirs[which], prefix, name);
        return n > 0 && n < NAME_SIZE ? 0 : -ENAMETOOLONG;
}

/* Somebody may have emptied the directory under us: its parts are made again. Of the directory itself the fd is all
 * that is left then. */
static int open_new(const struct gate *g, int which, const char *path, int flags) {
        int fd = openat(g->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0644);

        if (fd < 0 && errno == ENOENT && mkdirat(g->fd, subdirs[which], 0755) == 0)
                fd = openat(g->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0644);
        return fd < 0 ? -errno : fd;
}

static int make(const struct gate *g, int which, const char *name) {
        _cleanup_close_ int fd = -1;
        char path[NAME_SIZE];
        int r;

        r = path_of(which, "", name, path);
        if (r < 0)
                return r;
        fd = open_new(g, which, path, 0);
        return fd < 0 ? fd : 0;
}

static int removed(const struct gate *g, int which, const char *name) {
        char path[NAME_SIZE];
        int r;

        r = path_of(which, "", name, path);
        if (r < 0)
                return r;
        if (unlinkat(g->fd, path, 0) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

static int exists(const struct gate *g, int which, const char *name) {
        char path[NAME_SIZE];
        int r;

        r = path_of(which, "", name, path);
        if (r < 0)
                return r;
        if (faccessat(g->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return 1;
        return errno == ENOENT ? 0 : -errno;
}

/* `path` gets the text by rename; a failure leaves what was there. */
static int replace(const struct gate *g, int which, const char *temporary, const char *path, const char *text) {
        _cleanup_close_ int fd = -1;
        size_t size = strlen(text);
        ssize_t n;

        fd = open_new(g, which, temporary, O_TRUNC);
        if (fd < 0)
                return fd;
        n = write(fd, text, size);
        if (n < 0)
                return -errno;
        if ((size_t)n != size)
                return -ENOSPC;
        if (renameat(g->fd, temporary, g->fd, path) < 0)
                return -errno;
        return 0;
}

static int write_text(const struct gate *g, int which, const char *name, const char *text) {
        char path[NAME_SIZE], temporary[NAME_SIZE];
        int r;

        r = path_of(which, "", name, path);
        if (r < 0)
                return r;
        r = path_of(which, TEMPORARY, name, temporary);
        if (r < 0)
                return r;
        r = replace(g, which, temporary, path, text);
        if (r < 0)
                (void)unlinkat(g->fd, temporary, 0);
        return r;
}

int gate_probe(const struct gate *g) {
        char path[NAME_SIZE], text[1024];
        int r = 0;

        memset(text, '\n', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(subdirs) && r >= 0; i++) {
                (void)snprintf(path, sizeof(path), "%s/%sprobe", subdirs[i], TEMPORARY);
                r = replace(g, (int)i, path, path, text);
                (void)unlinkat(g->fd, path, 0);
        }
        return r;
}

int gate_make(const struct gate *g, const char *unit) {
        return make(g, GATES, unit);
}

int gate_remove(const struct gate *g, const char *unit) {
        return removed(g, GATES, unit);
}

int gate_exists(const struct gate *g, const char *unit) {
        return exists(g, GATES, unit);
}

int gate_write_permit(const struct gate *g, const char *unit, const char *text) {
        return write_text(g, PERMITS, unit, text);
}

int gate_write_environment(const struct gate *g, const char *unit, const char *text) {
        return write_text(g, ENVIRONMENTS, unit, text);
}

int gate_read_permit(const struct gate *g, const char *unit, char *buf, size_t size) {
        _cleanup_close_ int fd = -1;
        char path[NAME_SIZE];
        struct stat st;
        ssize_t n;
        int r;

        r = path_of(PERMITS, "", unit, path);
        if (r < 0)
                return r;
        fd = openat(g->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
                return errno == ELOOP ? -EBADMSG : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()))
                return -EBADMSG;
        n = read(fd, buf, size);
        if (n < 0)
                return -errno;
        return (size_t)n == size ? -EFBIG : (int)n;
}

int gate_remove_permit(const struct gate *g, const char *unit) {
        int r = removed(g, PERMITS, unit), q = removed(g, ENVIRONMENTS, unit);

        return r < 0 ? r : q;
}

int gate_record_revoked(const struct gate *g, const char *uid) {
        return make(g, REVOKED, uid);
}

int gate_is_revoked(const struct gate *g, const char *uid) {
        return exists(g, REVOKED, uid);
}

static void closedirp(DIR **d) {
        if (*d)
                closedir(*d);
}

static int each_in(const struct gate *g, int which, bool tidy, int (*f)(const char *name, void *userdata),
                   void *userdata) {
        _cleanup_(closedirp) DIR *d = NULL;
        const struct dirent *de;
        int fd, r;

        fd = openat(g->fd, subdirs[which], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        d = fdopendir(fd);
        if (!d) {
                r = -errno;
                close(fd);
                return r;
        }
        while ((de = readdir(d))) {
                if (tidy && strncmp(de->d_name, TEMPORARY, strlen(TEMPORARY)) == 0)
                        (void)unlinkat(dirfd(d), de->d_name, 0);
                if (de->d_name[0] == '.')
                        continue;
                r = f(de->d_name, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

int gate_each(const struct gate *g, int (*f)(const char *name, void *userdata), void *userdata) {
        int r;

        r = each_in(g, PERMITS, /* tidy= */ true, f, userdata);
        return r < 0 ? r : each_in(g, GATES, /* tidy= */ true, f, userdata);
}

int gate_each_permit(const struct gate *g, int (*f)(const char *name, void *userdata), void *userdata) {
        return each_in(g, PERMITS, /* tidy= */ false, f, userdata);
}

static int count_one(_unused_ const char *name, void *userdata) {
        int *n = userdata;

        (*n)++;
        return 0;
}

int gate_count_revoked(const struct gate *g) {
        int n = 0, r = each_in(g, REVOKED, /* tidy= */ false, count_one, &n);

        return r < 0 ? r : n;
}
