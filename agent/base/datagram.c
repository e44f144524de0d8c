/* SPDX-License-Identifier: Apache-2.0 */
/* One socket per receiver, kept and never connected. ARCHITECTURE 5, claim 6 (no daemon waits for PID 1 or journald).
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/datagram.h"

/* The kept socket for that receiver, or negative errno. What a receiver does not read counts against the sending
 * socket: journald and PID 1 must not share one, or a journald that hangs costs the watchdog's pings. */
static int kept(const struct sockaddr_un *address) {
        static struct {
                struct sockaddr_un address;
                int fd;
        } sockets[2];
        static unsigned n, next;
        int fd;

        for (unsigned i = 0; i < n; i++)
                if (memcmp(&sockets[i].address, address, sizeof(*address)) == 0)
                        return sockets[i].fd;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (n == ELEMENTSOF(sockets))
                (void)close(sockets[next].fd);
        else
                n++;
        sockets[next].address = *address;
        sockets[next].fd = fd;
        next = (next + 1) % ELEMENTSOF(sockets);
        return fd;
}

int datagram_send(const char *path, const void *data, size_t n) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size;
        int fd;

        if (!util_copy(address.sun_path, sizeof(address.sun_path), path))
                return -ENAMETOOLONG;
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (path[0] != '@'));
        if (path[0] == '@')
                address.sun_path[0] = '\0';
        /* Not connected: the receiver may be replaced (daemon-reexec, a restart of journald). */
        fd = kept(&address);
        if (fd < 0)
                return fd;
        return sendto(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0 ? -errno : 0;
}
