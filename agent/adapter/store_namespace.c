/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces this host knows: one file for each in the state directory. What follows from it is
 * agent/daemon/agent_namespace.c (ARCHITECTURE 5, claim 3: a lock name has one object, in one cluster). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "adapter/store.h"
#include "adapter/store_file.h"
#include "base/clock.h"
#include "codec/name.h"

#define DIRECTORY "namespaces"

static int open_directory(int dir_fd) {
        int fd;

        if (mkdirat(dir_fd, DIRECTORY, 0700) < 0 && errno != EEXIST)
                return -errno;
        fd = openat(dir_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : fd;
}

/* The name goes into a path. */
static int check_name(const char *name, struct err *err) {
        return name_is_dns_label(name) ? 0 : err_setf(err, -EINVAL, "'%s' is no name of a namespace", name);
}

static int broken(const struct store *s, const char *name, int r, const char *why, struct err *err) {
        return err_setf(err, r,
                        "%s/" DIRECTORY
                        "/%s: %s. Without it leader-agent cannot tell whether namespace %s is still the "
                        "same",
                        store_dir(s), name, why, name);
}

int store_namespace(struct store *s, const char *name, struct record_namespace *ret, struct err *err) {
        char text[RECORD_MAX_BYTES + 1];
        _cleanup_close_ int fd = -1;
        struct err why = {};
        size_t size;
        int r = check_name(name, err);

        *ret = (struct record_namespace){};
        if (r < 0)
                return r;
        fd = open_directory(store_dir_fd(s));
        if (fd < 0)
                return broken(s, name, fd, strerror(-fd), err);
        r = store_file_read(fd, name, text, sizeof(text), &size, &why);
        if (r == -ENOENT)
                return r;
        if (r >= 0)
                r = record_namespace_parse(ret, text, size, &why);
        if (r < 0)
                return broken(s, name, r, why.text, err);
        if (!util_streq(ret->name, name))
                return broken(s, name, -EBADMSG, "it is about another namespace", err);
        if (!util_streq(ret->machine, store_machine(s)))
                return broken(s, name, -EXDEV, "it was made on another machine", err);
        return 0;
}

int store_namespace_remember(struct store *s, const char *name, const char *uid, struct err *err) {
        struct record_namespace record = {.seen_usec = clock_realtime_usec()};
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -1;
        int r = check_name(name, err);

        if (r < 0)
                return r;
        (void)util_copy(record.machine, sizeof(record.machine), store_machine(s));
        if (!util_copy(record.name, sizeof(record.name), name) || !util_copy(record.uid, sizeof(record.uid), uid))
                return err_setf(err, -EINVAL, "namespace %s: name or uid is too long", name);
        fd = open_directory(store_dir_fd(s));
        r = fd < 0 ? fd : record_namespace_format(&record, &text);
        if (r >= 0)
                r = store_file_replace(fd, name, text);
        if (r >= 0 && fsync(store_dir_fd(s)) < 0)
                r = -errno;
        return r < 0 ? err_setf(err, r, "cannot write %s/" DIRECTORY "/%s: %s", store_dir(s), name, strerror(-r)) : 0;
}

int store_namespace_forget(const char *dir, const char *name, char ret_uid[static 64], struct err *err) {
        char text[RECORD_MAX_BYTES + 1], path[4096];
        _cleanup_close_ int fd = -1;
        struct record_namespace record;
        ssize_t n = -1;
        int r = check_name(name, err);

        if (r < 0)
                return r;
        if (snprintf(path, sizeof(path), "%s/" DIRECTORY "/%s", dir, name) >= (int)sizeof(path))
                return err_setf(err, -ENAMETOOLONG, "%s: path too long", dir);
        ret_uid[0] = '\0';
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0)
                n = read(fd, text, sizeof(text));
        if (n > 0 && record_namespace_parse(&record, text, (size_t)n, NULL) >= 0)
                (void)util_copy(ret_uid, 64, record.uid);
        if (unlink(path) < 0)
                return errno == ENOENT ? -ENOENT : err_setf(err, -errno, "cannot remove %s: %s", path, strerror(errno));
        return 0;
}
