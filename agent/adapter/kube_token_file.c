/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a new token into the kubeconfig's token file, so that whoever reads it meanwhile gets the old or the new one.
 * Nothing is replaced but the token that was read: this may run as root in a directory of somebody else. When it is
 * read is kube.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "adapter/kube_internal.h"
#include "base/file.h"

struct token_file {
        char dir[PATH_MAX]; /* of what the path leads to */
        char *name;
        char temporary[NAME_MAX + 1];
        struct stat st; /* of the old one */
};

static int find(struct token_file *f, const char *path) {
        int n;

        if (!realpath(path, f->dir))
                return -errno;
        f->name = strrchr(f->dir, '/');
        *f->name++ = '\0';
        n = snprintf(f->temporary, sizeof(f->temporary), "%s.new", f->name);
        return n < 0 || (size_t)n >= sizeof(f->temporary) ? -ENAMETOOLONG : 0;
}

/* The old one is locked: what is left of an earlier one that was killed is nobody's. */
static int write_temporary(int dir_fd, const struct token_file *f, const char *token) {
        _cleanup_close_ int fd = -1;
        int r;

        if (unlinkat(dir_fd, f->temporary, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(dir_fd, f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = file_write_all(fd, token);
        if (r >= 0)
                r = file_write_all(fd, "\n");
        if (r < 0)
                return r;
        /* The mode first: who is not the owner any more may not change it. */
        if (fchmod(fd, f->st.st_mode & 0777) < 0 || fchown(fd, f->st.st_uid, f->st.st_gid) < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

/* Locks the old one, for as long as it is open (its directory anybody who may read that could lock). It is still what
 * was read: neither has its path come to lead elsewhere, nor has somebody else written another token. */
static int lock_old(int dir_fd, struct token_file *f, const char *was) {
        _cleanup_close_ int fd = openat(dir_fd, f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        char *token = NULL;
        struct stat st;
        int r;

        if (fd < 0)
                return errno == ELOOP ? -ESTALE : -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) /* (NFS has none for a file that is only read) */
                return -EBUSY;
        if (fstat(fd, &f->st) < 0 || fstatat(dir_fd, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!S_ISREG(f->st.st_mode))
                return -EINVAL;
        if (st.st_dev != f->st.st_dev || st.st_ino != f->st.st_ino)
                return -ESTALE;
        r = kube_token_read(fd, &token);
        if (r < 0)
                return -ESTALE;
        if (!util_streq(token, was))
                r = -ESTALE;
        explicit_bzero(token, strlen(token));
        free(token);
        return r < 0 ? r : TAKE_FD(fd);
}

static int replace(struct token_file *f, const char *was, const char *token) {
        _cleanup_close_ int dir_fd = open(*f->dir ? f->dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int old_fd = dir_fd < 0 ? -errno : lock_old(dir_fd, f, was);
        int r;

        if (old_fd < 0)
                return old_fd;
        r = write_temporary(dir_fd, f, token);
        if (r >= 0 && renameat(dir_fd, f->temporary, dir_fd, f->name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(dir_fd, f->temporary, 0);
                return r;
        }
        return fsync(dir_fd) < 0 ? -errno : 0;
}

static const char *cure(int r) {
        switch (r) {
        case -EACCES:
        case -EPERM:
                return "; its directory and its owner have to be this user's: run this as root";
        case -EROFS:
                return "; in a service that sees its directory read-only, name that in ReadWritePaths=";
        case -EBUSY:
                return "; somebody else writes there: run this again";
        case -ESTALE:
                return "; it stays as it is: run this again";
        case -EINVAL:
                return "; it is no plain file";
        default:
                return "";
        }
}

int kube_token_replace(const struct kube *kube, const char *token, struct err *err) {
        const char *path = kube->config->token_file;
        struct token_file f = {};
        int r;

        if (util_empty(path))
                return err_setf(err, -ENOENT, "the kubeconfig names no tokenFile");
        r = find(&f, path);
        if (r >= 0)
                r = replace(&f, kube->token, token);
        return r < 0 ? err_setf(err, r, "cannot write token file %s: %s%s", path,
                                r == -ESTALE ? "it is not the one that was read any more" : strerror(-r), cure(r))
                     : 0;
}
