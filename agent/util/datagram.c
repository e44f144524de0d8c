/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/datagram.h"

int datagram_send(const char *path, const void *data, size_t n) {
        /* Not connected: the receiver may be replaced (daemon-reexec, a restart of journald). */
        static int fd = -1;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size;

        if (!util_copy(address.sun_path, sizeof(address.sun_path), path))
                return -ENAMETOOLONG;
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (path[0] != '@'));
        if (path[0] == '@')
                address.sun_path[0] = '\0';
        if (fd < 0)
                fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        return sendto(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0 ? -errno : 0;
}
