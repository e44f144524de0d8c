/* SPDX-License-Identifier: Apache-2.0 */
/* The SOCK_SEQPACKET socket between agent and guard. The objects that use it are linked with these names in place of
 * the C library's (module.mk). The listening socket is PID 1's: a connection outlives a guard that did not accept it.
 * In some runs it holds a packet or a few, is slow, or breaks by itself. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "adapter/peer.h"
#include "world.h"

#define FIRST_FD 1000
#define ENDS_MAX 256

struct message {
        struct message *next;
        uint64_t visible_at;
        size_t size;
        char data[];
};

struct end {
        bool used;
        bool open;             /* this side has not closed it */
        struct process *owner; /* NULL: not accepted yet, or nobody's */
        int peer;
        pid_t peer_pid; /* whoever connected */
        struct message *first, *last;
        size_t n;
        bool eof; /* the peer has closed; what it sent before is still read */
};

static struct end ends[ENDS_MAX];

int world_socket(int domain, int type, int protocol);
int world_connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t world_send(int fd, const void *data, size_t size, int flags);
ssize_t world_recv(int fd, void *data, size_t size, int flags);
int world_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int world_close(int fd);
int world_fcntl(int fd, int command, ...);

int world_fcntl(int fd, int command, ...) {
        (void)fd;
        (void)command;
        return 0; /* nothing here ever blocks */
}

void socket_reset(void) {
        memset(ends, 0, sizeof(ends));
}

/* ---- what kind of socket this run has: from the seed, but not drawn, so that runs with an ordinary one stay what they
 * are ---- */

static const struct kind {
        size_t room; /* packets that fit into its buffer */
        uint64_t slowest_usec;
        bool breaks;
} kinds[] = {
        {1, 400, false}, {93, 400, false}, {4, 20 * MSEC, false}, {93, 20 * MSEC, false},
        {93, 400, true}, {93, 400, false}, {93, 400, false},      {2, 400, true},
};

static const struct kind *kind(void) {
        uint64_t x = (world.seed + 1) * UINT64_C(0x9e3779b97f4a7c15);

        return &kinds[((x ^ x >> 29) >> 8 & UINT32_MAX) % ELEMENTSOF(kinds)];
}

static struct end *end_of(int fd) {
        if (fd < FIRST_FD || fd >= FIRST_FD + ENDS_MAX || !ends[fd - FIRST_FD].used)
                world_fail("file descriptor", "descriptor %d is used and not open", fd);
        return &ends[fd - FIRST_FD];
}

static int new_end(struct process *owner) {
        for (int i = 0; i < ENDS_MAX; i++)
                if (!ends[i].used) {
                        ends[i] = (struct end){.used = true, .open = true, .owner = owner, .peer = -1};
                        return FIRST_FD + i;
                }
        world_fail("file descriptor", "%d descriptors are open: they leak", ENDS_MAX);
}

uint64_t socket_readable_at(struct process *p, int fd) {
        const struct end *e;

        if (fd == LISTEN_FD)
                return p->host->n_listener ? world.now : USEC_INFINITY;
        e = &ends[fd - FIRST_FD];
        if (!e->used || !e->open)
                return USEC_INFINITY;
        return e->first ? e->first->visible_at : e->eof ? world.now : USEC_INFINITY;
}

/* As the kernel tells: a quarter of the buffer is in use, or there is nobody to read. */
bool socket_writable(int fd) {
        const struct end *e = &ends[fd - FIRST_FD];

        return fd != LISTEN_FD && (e->peer < 0 || ends[e->peer - FIRST_FD].n <= kind()->room / 4);
}

static void free_if_unused(int fd) {
        struct end *e = &ends[fd - FIRST_FD];

        if (!e->open && e->peer < 0)
                e->used = false;
}

/* What was sent before is still read at the other end. */
static void disconnect(int fd) {
        struct end *e = end_of(fd), *other;
        int peer = e->peer;

        if (peer < 0)
                return;
        other = &ends[peer - FIRST_FD];
        other->eof = true;
        other->peer = -1;
        e->peer = -1;
        if (other->open && other->owner)
                event_fd_ready(other->owner, peer);
        free_if_unused(peer);
}

int world_close(int fd) {
        if (fd == LISTEN_FD)
                return 0;
        end_of(fd)->open = false;
        disconnect(fd);
        free_if_unused(fd);
        return 0;
}

void socket_close_all(struct process *p) {
        for (int i = 0; i < ENDS_MAX; i++)
                if (ends[i].used && ends[i].open && ends[i].owner == p)
                        (void)world_close(FIRST_FD + i);
}

int world_socket(int domain, int type, int protocol) {
        (void)domain;
        (void)type;
        (void)protocol;
        return new_end(world.current);
}

int world_connect(int fd, const struct sockaddr *address, socklen_t size) {
        struct host *h = world.current->host;
        struct end *e = end_of(fd), *other;
        int peer;

        (void)address;
        (void)size;
        if (world.current->killed)
                return errno = ECONNREFUSED, -1;
        if (h->n_listener == ELEMENTSOF(h->listener))
                return errno = EAGAIN, -1;
        peer = new_end(NULL);
        other = end_of(peer);
        other->peer = fd;
        other->peer_pid = (pid_t)(1000 + world.current->life);
        e->peer = peer;
        h->listener[h->n_listener++] = (unsigned)peer;
        if (h->guard.alive)
                event_fd_ready(&h->guard, LISTEN_FD);
        return 0;
}

int world_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
        struct host *h = world.current->host;
        int accepted;

        (void)fd;
        (void)address;
        (void)size;
        (void)flags;
        if (world.current->killed || h->n_listener == 0)
                return errno = EAGAIN, -1;
        accepted = (int)h->listener[0];
        memmove(h->listener, h->listener + 1, --h->n_listener * sizeof(h->listener[0]));
        end_of(accepted)->owner = world.current;
        return accepted;
}

int peer_read(int fd, struct peer *ret) {
        *ret = (struct peer){.pid = end_of(fd)->peer_pid};
        return 0;
}

bool peer_hung_up(int fd) {
        return end_of(fd)->eof;
}

bool peer_is_of(pid_t pid, const char *service) {
        (void)pid;
        (void)service;
        return true;
}

void peer_describe(pid_t pid, char *who, size_t who_size, char *cure, size_t cure_size) {
        (void)who;
        (void)who_size;
        (void)cure;
        (void)cure_size;
        world_fail("second agent",
                   "leader-guard of %s refuses an agent because of process %d, and a host has one agent",
                   world.current->host->name, pid);
}

ssize_t world_send(int fd, const void *data, size_t size, int flags) {
        struct end *e = end_of(fd), *other;
        struct message *m;

        (void)flags;
        if (!process_effect())
                return (ssize_t)size;
        if (e->peer < 0)
                return errno = EPIPE, -1;
        if (kind()->breaks && world.now < world.faults_end && world_random(50) == 0) {
                world_log("the connection between agent and guard breaks");
                disconnect(fd);
                e->eof = true;
                return errno = EPIPE, -1;
        }
        other = end_of(e->peer);
        if (other->n >= kind()->room)
                return errno = EAGAIN, -1;
        m = world_alloc(sizeof(*m) + size);
        m->size = size;
        m->visible_at = world.now + world_between(10, kind()->slowest_usec);
        if (other->last && other->last->visible_at > m->visible_at)
                m->visible_at = other->last->visible_at;
        memcpy(m->data, data, size);
        if (other->last)
                other->last->next = m;
        else
                other->first = m;
        other->last = m;
        other->n++;
        if (other->owner)
                event_fd_ready(other->owner, e->peer);
        return (ssize_t)size;
}

ssize_t world_recv(int fd, void *data, size_t size, int flags) {
        struct end *e = end_of(fd);
        struct message *m = e->first;
        ssize_t taken;

        (void)flags;
        if (world.current->killed || (m && m->visible_at > world.now) || (!m && !e->eof))
                return errno = EAGAIN, -1;
        if (!m)
                return 0;
        memcpy(data, m->data, m->size < size ? m->size : size);
        e->first = m->next;
        if (!e->first)
                e->last = NULL;
        e->n--;
        if (e->peer >= 0 && ends[e->peer - FIRST_FD].owner)
                event_fd_ready(ends[e->peer - FIRST_FD].owner, e->peer);
        taken = (ssize_t)m->size;
        world_free(m, sizeof(*m) + m->size);
        return taken;
}
