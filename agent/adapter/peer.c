/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials and end of a socket from the kernel; command and unit of a process from /proc, which leader-guard, of
 * group root, reads under ProtectProc=invisible, too. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "adapter/peer.h"
#include "base/util.h"

int peer_read(int fd, struct peer *ret) {
        struct ucred cred = {};
        socklen_t size = sizeof(cred);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
                return -errno;
        *ret = (struct peer){.pid = cred.pid, .uid = cred.uid};
        return 0;
}

bool peer_hung_up(int fd) {
        struct pollfd p = {.fd = fd}; /* told without being asked for */

        return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* One small file of /proc/PID as text; empty when it cannot be read. */
static void read_proc(pid_t pid, const char *name, char *buf, size_t size) {
        char path[64];
        _cleanup_close_ int fd = -1;
        ssize_t n;

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        n = fd < 0 ? 0 : read(fd, buf, size - 1);
        buf[n > 0 ? n : 0] = '\0';
}

/* The service of the system that it belongs to: the first one in the path of its control group. */
static bool find_service(pid_t pid, char *ret, size_t size) {
        char text[1024], *path, *rest = NULL;

        read_proc(pid, "cgroup", text, sizeof(text));
        path = strstr(text, "0::/"); /* of all hierarchies the unified one comes last */
        if (!path)
                return false;
        path[strcspn(path, "\n")] = '\0';
        for (char *part = strtok_r(path, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
                const char *dot = strrchr(part, '.');

                if (dot && util_streq(dot, ".service"))
                        /* What a user's own manager runs is not the system's to stop. */
                        return strncmp(part, "user@", strlen("user@")) != 0 && util_copy(ret, size, part);
                if (dot && util_streq(dot, ".scope"))
                        return false;
        }
        return false;
}

bool peer_is_of(pid_t pid, const char *service) {
        char name[256];

        return find_service(pid, name, sizeof(name)) && util_streq(name, service);
}

void peer_describe(pid_t pid, char *who, size_t who_size, char *cure, size_t cure_size) {
        char comm[32], service[256];
        bool has_service = find_service(pid, service, sizeof(service));

        read_proc(pid, "comm", comm, sizeof(comm));
        comm[strcspn(comm, "\n")] = '\0';
        for (char *p = comm; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
        (void)snprintf(who, who_size, "pid %d%s%s%s%s", pid, comm[0] ? ", " : "", comm, has_service ? " of " : "",
                       has_service ? service : "");
        if (has_service)
                (void)snprintf(cure, cure_size, "systemctl stop %s", service);
        else
                (void)snprintf(cure, cure_size, "kill %d", pid);
}
