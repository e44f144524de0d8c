/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the user of leader-agent.service may read a file: tried by a child that has its ids, groups and capabilities.
 * Who that is says sandbox_service.c. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter/sandbox_service.h"
#include "base/util.h"

static bool find_wall(const char *path, char *at, size_t size) {
        for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
                (void)snprintf(at, size, "%.*s", (int)(slash - path), path);
                if (access(at, X_OK) < 0)
                        return true;
        }
        at[0] = '\0';
        return false;
}

/* Root, as a service that has not all capabilities. */
static int keep_bounding(uint64_t bounding) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[2] = {};

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (unsigned i = 0; i < ELEMENTSOF(data); i++) {
                data[i].effective &= (uint32_t)(bounding >> (32 * i));
                data[i].permitted &= (uint32_t)(bounding >> (32 * i));
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static void try_as(const struct sandbox_service *s, const char *path, const char *real, int fd) {
        struct sandbox_attempt a = {};

        if (geteuid() == 0 &&
            (setgroups(s->n_groups, s->groups) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
             setresuid(s->uid, s->uid, s->uid) < 0 || (s->uid == 0 && keep_bounding(s->bounding) < 0)))
                _exit(1);
        if (open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) < 0)
                a.error = errno;
        if (a.error == EACCES && !find_wall(path, a.at, sizeof(a.at)))
                (void)find_wall(real, a.at, sizeof(a.at));
        _exit(write(fd, &a, sizeof(a)) == sizeof(a) ? 0 : 1);
}

int sandbox_attempt(const struct sandbox_service *s, const char *path, const char *real, struct sandbox_attempt *ret) {
        int fds[2], status;
        ssize_t n;
        pid_t pid;

        if (s->groups_cut && geteuid() == 0)
                return -E2BIG;
        if (s->ambient & (1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH))
                return -EOPNOTSUPP;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                try_as(s, path, real, fds[1]);
        (void)close(fds[1]);
        n = pid < 0 ? -1 : read(fds[0], ret, sizeof(*ret));
        (void)close(fds[0]);
        if (pid > 0)
                while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                        ;
        return n == sizeof(*ret) ? 0 : -EAGAIN;
}
