/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of libc that fail on demand, under the names that fortified code calls them by as well. Errors are those
 * that a healthy program can meet: none says that something is not there which is. */
#include "preload.h"

#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Fails the call that it stands in. */
#define MAYBE(failure, kind, ...)                                                                                      \
        do {                                                                                                           \
                int error_ = FAILS(kind, __VA_ARGS__);                                                                 \
                if (error_ > 0) {                                                                                      \
                        errno = error_;                                                                                \
                        return failure;                                                                                \
                }                                                                                                      \
        } while (0)

/* ---- memory: glibc's own names, for dlsym() allocates ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
int __asprintf_chk(char **ret, int flag, const char *format, ...);
int __vasprintf_chk(char **ret, int flag, const char *format, va_list ap);
ssize_t __getdelim(char **line, size_t *n, int delimiter, FILE *f);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags);
int __open_2(const char *path, int flags);
int __openat_2(int dir_fd, const char *path, int flags);

void *malloc(size_t size) {
        MAYBE(NULL, PLAN_ALLOC, ENOMEM);
        return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
        MAYBE(NULL, PLAN_ALLOC, ENOMEM);
        return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
        MAYBE(NULL, PLAN_ALLOC, ENOMEM);
        return __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size) {
        size_t all;

        MAYBE(NULL, PLAN_ALLOC, ENOMEM);
        if (__builtin_mul_overflow(n, size, &all)) {
                errno = ENOMEM;
                return NULL;
        }
        return __libc_realloc(p, all);
}

static char *copy(const char *s, size_t n) {
        char *p = __libc_malloc(n + 1);

        if (p) {
                memcpy(p, s, n);
                p[n] = '\0';
        }
        return p;
}

char *strdup(const char *s) {
        MAYBE(NULL, PLAN_ALLOC, ENOMEM);
        return copy(s, strlen(s));
}

char *strndup(const char *s, size_t n) {
        MAYBE(NULL, PLAN_ALLOC, ENOMEM);
        return copy(s, strnlen(s, n));
}

int __asprintf_chk(char **ret, int flag, const char *format, ...) {
        va_list ap;
        int n;

        MAYBE(-1, PLAN_ALLOC, ENOMEM);
        va_start(ap, format);
        n = NEXT(__vasprintf_chk)(ret, flag, format, ap);
        va_end(ap);
        return n;
}

int __vasprintf_chk(char **ret, int flag, const char *format, va_list ap) {
        MAYBE(-1, PLAN_ALLOC, ENOMEM);
        return NEXT(__vasprintf_chk)(ret, flag, format, ap);
}

ssize_t __getdelim(char **line, size_t *n, int delimiter, FILE *f) {
        MAYBE(-1, PLAN_ALLOC, ENOMEM);
        return NEXT(__getdelim)(line, n, delimiter, f);
}

/* ---- files ---- */

#define OPEN_ERRORS EMFILE, EIO, ENOMEM, EACCES, ENFILE

static mode_t mode_of(int flags, va_list ap) {
        return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
        va_list ap;
        mode_t mode;

        MAYBE(-1, PLAN_OPEN, OPEN_ERRORS);
        va_start(ap, flags);
        mode = mode_of(flags, ap);
        va_end(ap);
        return NEXT(openat)(AT_FDCWD, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...) {
        va_list ap;
        mode_t mode;

        MAYBE(-1, PLAN_OPEN, OPEN_ERRORS);
        va_start(ap, flags);
        mode = mode_of(flags, ap);
        va_end(ap);
        return NEXT(openat)(dir_fd, path, flags, mode);
}

int __open_2(const char *path, int flags) {
        MAYBE(-1, PLAN_OPEN, OPEN_ERRORS);
        return NEXT(openat)(AT_FDCWD, path, flags);
}

int __openat_2(int dir_fd, const char *path, int flags) {
        MAYBE(-1, PLAN_OPEN, OPEN_ERRORS);
        return NEXT(openat)(dir_fd, path, flags);
}

FILE *fopen(const char *path, const char *mode) {
        MAYBE(NULL, PLAN_OPEN, OPEN_ERRORS);
        return NEXT(fopen)(path, mode);
}

DIR *fdopendir(int fd) {
        MAYBE(NULL, PLAN_OPEN, ENOMEM);
        return NEXT(fdopendir)(fd);
}

int scandir(const char *dir, struct dirent ***ret, int (*filter)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **)) {
        MAYBE(-1, PLAN_OPEN, OPEN_ERRORS);
        return NEXT(scandir)(dir, ret, filter, compare);
}

/* At its end, or not: errno alone tells. */
struct dirent *readdir(DIR *d) {
        MAYBE(NULL, PLAN_READ, EIO);
        return NEXT(readdir)(d);
}

int fstat(int fd, struct stat *st) {
        MAYBE(-1, PLAN_STAT, EIO, ENOMEM);
        return NEXT(fstat)(fd, st);
}

int stat(const char *path, struct stat *st) {
        MAYBE(-1, PLAN_STAT, EIO, EACCES, ENOMEM);
        return NEXT(stat)(path, st);
}

int access(const char *path, int mode) {
        MAYBE(-1, PLAN_STAT, EIO, EACCES, ENOMEM);
        return NEXT(access)(path, mode);
}

int faccessat(int dir_fd, const char *path, int mode, int flags) {
        MAYBE(-1, PLAN_STAT, EIO, EACCES, ENOMEM);
        return NEXT(faccessat)(dir_fd, path, mode, flags);
}

int flock(int fd, int operation) {
        MAYBE(-1, PLAN_STAT, ENOLCK);
        return NEXT(flock)(fd, operation);
}

ssize_t read(int fd, void *buf, size_t n) {
        MAYBE(-1, PLAN_READ, EIO, ENOMEM);
        return NEXT(read)(fd, buf, n);
}

ssize_t __read_chk(int fd, void *buf, size_t n, size_t size) {
        MAYBE(-1, PLAN_READ, EIO, ENOMEM);
        return NEXT(__read_chk)(fd, buf, n, size);
}

ssize_t write(int fd, const void *buf, size_t n) {
        MAYBE(-1, PLAN_WRITE, ENOSPC, EIO, EDQUOT);
        return NEXT(write)(fd, buf, n);
}

int fsync(int fd) {
        MAYBE(-1, PLAN_FSYNC, EIO, ENOSPC);
        return NEXT(fsync)(fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
        MAYBE(-1, PLAN_RENAME, EIO, ENOSPC, EROFS);
        return NEXT(renameat)(from_fd, from, to_fd, to);
}

int unlinkat(int dir_fd, const char *path, int flags) {
        MAYBE(-1, PLAN_DIR, EIO, EROFS, EBUSY);
        return NEXT(unlinkat)(dir_fd, path, flags);
}

int mkdirat(int dir_fd, const char *path, mode_t mode) {
        MAYBE(-1, PLAN_DIR, ENOSPC, EROFS, EIO);
        return NEXT(mkdirat)(dir_fd, path, mode);
}

int mkdir(const char *path, mode_t mode) {
        MAYBE(-1, PLAN_DIR, ENOSPC, EROFS, EIO);
        return NEXT(mkdir)(path, mode);
}

int fchmodat(int dir_fd, const char *path, mode_t mode, int flags) {
        MAYBE(-1, PLAN_DIR, EIO, EROFS);
        return NEXT(fchmodat)(dir_fd, path, mode, flags);
}

/* ---- sockets ---- */

int socket(int domain, int type, int protocol) {
        MAYBE(-1, PLAN_CONNECT, EMFILE, ENOBUFS);
        return NEXT(socket)(domain, type, protocol);
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
        MAYBE(-1, PLAN_CONNECT, ECONNREFUSED, EAGAIN, ENOBUFS);
        return NEXT(connect)(fd, address, size);
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags) {
        MAYBE(-1, PLAN_CONNECT, EMFILE, ECONNABORTED);
        return NEXT(accept4)(fd, address, size, flags);
}

#define SEND_ERRORS ENOBUFS, EPIPE, ECONNRESET, ENOMEM, EAGAIN

ssize_t send(int fd, const void *buf, size_t n, int flags) {
        MAYBE(-1, PLAN_SEND, SEND_ERRORS);
        return NEXT(send)(fd, buf, n, flags);
}

ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *address, socklen_t size) {
        MAYBE(-1, PLAN_SEND, SEND_ERRORS);
        return NEXT(sendto)(fd, buf, n, flags, address, size);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
        MAYBE(-1, PLAN_SEND, SEND_ERRORS);
        return NEXT(sendmsg)(fd, m, flags);
}

ssize_t writev(int fd, const struct iovec *v, int n) {
        MAYBE(-1, PLAN_SEND, SEND_ERRORS);
        return NEXT(writev)(fd, v, n);
}

ssize_t recv(int fd, void *buf, size_t n, int flags) {
        MAYBE(-1, PLAN_RECV, ECONNRESET, ENOBUFS, ENOMEM);
        return NEXT(recv)(fd, buf, n, flags);
}

ssize_t __recv_chk(int fd, void *buf, size_t n, size_t size, int flags) {
        MAYBE(-1, PLAN_RECV, ECONNRESET, ENOBUFS, ENOMEM);
        return NEXT(__recv_chk)(fd, buf, n, size, flags);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags) {
        MAYBE(-1, PLAN_RECV, ECONNRESET, ENOBUFS, ENOMEM);
        return NEXT(recvmsg)(fd, m, flags);
}

ssize_t getrandom(void *buf, size_t n, unsigned flags) {
        MAYBE(-1, PLAN_RANDOM, EAGAIN, ENOSYS);
        return NEXT(getrandom)(buf, n, flags);
}
