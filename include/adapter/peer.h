/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a socket of this host: whether it may talk, whether it still lives, and by which command a
 * human ends it. Decides nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct peer {
        pid_t pid; /* of the process that connected, as seen from here */
        uid_t uid;
};

/* Returns 0, or the negative errno of asking. */
int peer_read(int fd, struct peer *ret);

/* The other end was closed, by the death of its process as well: true before anybody can have started the next one.
 * What was sent before may still be there to be read. */
bool peer_hung_up(int fd);

/* It runs as this service of the system. False also when that cannot be seen. */
bool peer_is_of(pid_t pid, const char *service);

/* "pid 123, leader-agent of leader-agent.service", as much of it as can be seen, into who; what ends it when it is
 * typed as root, "systemctl stop UNIT" or "kill PID", into cure. */
void peer_describe(pid_t pid, char *who, size_t who_size, char *cure, size_t cure_size);
