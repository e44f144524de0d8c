/* SPDX-License-Identifier: Apache-2.0 */
/* A bad link: passes TCP connections on to one server, as badly as it is told to.
 *
 *   relay LISTEN TARGET FIFO      IPv4 as ADDRESS:PORT; commands come from FIFO, a line each, `to` the server, `from`
 * it:
 *
 *   flow                 well again: forgets all of the below; what was delayed still comes when it was due
 *   delay MS JITTER      every piece of data comes MS and up to JITTER more later, in order
 *   loss PERMILLE MS     so many pieces come MS later, as after a retransmission, and what follows them waits
 *   stall to|from|both   nothing is passed on in that direction; connections stay open
 *   reset PERMILLE       so many pieces are lost with their connection: both ends get a reset
 *   reset                all connections at once, now
 *   half-open            the server's ends of all connections are gone, the clients' stay open and silent; new ones
 * work */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define N_LINKS   256
#define PIECE     16384
#define QUEUE_MAX (1 << 20)

struct piece {
        struct piece *next;
        int64_t due_ms;
        size_t n, sent;
        char data[];
};

/* One direction of a connection. */
struct lane {
        struct piece *first, **last;
        size_t queued;
        int64_t due_ms; /* of the newest piece: order is kept */
        int from, to;
        int ended; /* `from` has nothing more */
        int shut;  /* and `to` was told */
};

enum {
        TO,
        FROM
};

struct link {
        struct lane lane[2];
        int open;
        int half; /* the server's end is gone */
};

static struct link links[N_LINKS];
static struct {
        int delay_ms, jitter_ms, loss_permille, loss_ms, reset_permille;
        int stalled[2];
} how;

static void die(const char *what) {
        fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
        exit(1);
}

static int64_t now_ms(void) {
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
        return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static int chance(int permille) {
        return random() % 1000 < permille;
}

static struct sockaddr_in address(const char *text) {
        struct sockaddr_in a = {.sin_family = AF_INET};
        char host[INET_ADDRSTRLEN];
        unsigned port;

        if (sscanf(text, "%15[0-9.]:%u", host, &port) != 2 || port > 65535 ||
            inet_pton(AF_INET, host, &a.sin_addr) != 1) {
                fprintf(stderr, "relay: '%s' is not ADDRESS:PORT\n", text);
                exit(2);
        }
        a.sin_port = htons((uint16_t)port);
        return a;
}

static void end(struct link *l, int with_reset) {
        const struct linger now = {.l_onoff = 1};
        int fd[] = {l->lane[TO].from, l->lane[TO].to};

        for (int i = 0; i < 2; i++) {
                if (fd[i] < 0)
                        continue;
                if (with_reset)
                        (void)setsockopt(fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
                close(fd[i]);
        }
        for (int d = 0; d < 2; d++)
                for (struct piece *p = l->lane[d].first, *next; p; p = next) {
                        next = p->next;
                        free(p);
                }
        *l = (struct link){0};
}

static void begin(int client, const struct sockaddr_in *target) {
        int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
        struct link *l = links;

        while (l < links + N_LINKS && l->open)
                l++;
        /* Blocking: the server is on this machine, its kernel answers at once. */
        if (l == links + N_LINKS || server < 0 ||
            connect(server, (const struct sockaddr *)target, sizeof(*target)) < 0) {
                close(client);
                if (server >= 0)
                        close(server);
                return;
        }
        (void)fcntl(server, F_SETFL, O_NONBLOCK);
        (void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        l->open = 1;
        l->lane[TO] = (struct lane){.from = client, .to = server};
        l->lane[FROM] = (struct lane){.from = server, .to = client};
        for (int d = 0; d < 2; d++)
                l->lane[d].last = &l->lane[d].first;
}

/* Returns -1 when the connection is over. */
static int take_in(struct link *l, int d) {
        struct lane *a = &l->lane[d];
        struct piece *p = malloc(sizeof(*p) + PIECE);
        ssize_t n;

        if (!p)
                die("memory");
        n = recv(a->from, p->data, PIECE, 0);
        if (n <= 0 || (l->half && d == TO)) {
                int again = n < 0 && (errno == EAGAIN || errno == EINTR);

                free(p);
                if (n > 0 || again)
                        return 0; /* (half-open: nobody is there to get it) */
                a->ended = 1;
                if (n == 0)
                        errno = 0; /* an orderly end */
                return n < 0 || l->half ? -1 : 0;
        }
        if (chance(how.reset_permille)) {
                free(p);
                errno = ECONNRESET;
                return -1;
        }
        p->next = NULL;
        p->n = (size_t)n;
        p->sent = 0;
        p->due_ms = now_ms() + how.delay_ms + (how.jitter_ms ? random() % how.jitter_ms : 0) +
                    (chance(how.loss_permille) ? how.loss_ms : 0);
        if (p->due_ms < a->due_ms)
                p->due_ms = a->due_ms;
        a->due_ms = p->due_ms;
        a->queued += p->n;
        *a->last = p;
        a->last = &p->next;
        return 0;
}

static int pass_on(struct lane *a) {
        while (a->first && a->first->due_ms <= now_ms()) {
                struct piece *p = a->first;
                ssize_t n = send(a->to, p->data + p->sent, p->n - p->sent, MSG_NOSIGNAL);

                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -1;
                a->queued -= (size_t)n;
                p->sent += (size_t)n;
                if (p->sent < p->n)
                        return 0;
                a->first = p->next;
                if (!a->first)
                        a->last = &a->first;
                free(p);
        }
        if (a->ended && !a->first && !a->shut) {
                a->shut = 1;
                (void)shutdown(a->to, SHUT_WR);
        }
        return 0;
}

static void half_open(struct link *l) {
        close(l->lane[TO].to);
        l->lane[TO].to = l->lane[FROM].from = -1;
        l->half = 1;
}

static void command(const char *line) {
        char word[16] = "", direction[8] = "";
        int a = 0, b = 0;

        if (sscanf(line, "delay %d %d", &a, &b) == 2) {
                how.delay_ms = a;
                how.jitter_ms = b;
        } else if (sscanf(line, "loss %d %d", &a, &b) == 2) {
                how.loss_permille = a;
                how.loss_ms = b;
        } else if (sscanf(line, "reset %d", &a) == 1)
                how.reset_permille = a;
        else if (sscanf(line, "stall %7s", direction) == 1) {
                how.stalled[TO] = strcmp(direction, "from") != 0;
                how.stalled[FROM] = strcmp(direction, "to") != 0;
        } else if (sscanf(line, "%15s", word) == 1 && strcmp(word, "flow") == 0)
                memset(&how, 0, sizeof(how));
        else if (strcmp(word, "reset") == 0 || strcmp(word, "half-open") == 0) {
                for (struct link *l = links; l < links + N_LINKS; l++)
                        if (l->open && word[0] == 'r')
                                end(l, 1);
                        else if (l->open && !l->half)
                                half_open(l);
        } else
                fprintf(stderr, "relay: unknown command: %s", line);
}

/* What may be done now, and when to look again (-1: when something happens). */
static int serve(struct link *l, struct pollfd p[static 2]) {
        int64_t wait = -1, now = now_ms();

        for (int d = 0; d < 2; d++) {
                struct lane *a = &l->lane[d];

                if (l->half && d == FROM)
                        continue;
                if ((p[d].revents & (POLLIN | POLLHUP | POLLERR) && !a->ended && take_in(l, d) < 0) ||
                    (!how.stalled[d] && !l->half && pass_on(a) < 0)) {
                        end(l, errno == ECONNRESET);
                        return -1;
                }
                if (a->first && !how.stalled[d]) {
                        int64_t ms = a->first->due_ms > now ? a->first->due_ms - now : 5;

                        wait = wait < 0 || ms < wait ? ms : wait;
                }
        }
        if (l->lane[TO].shut && l->lane[FROM].shut)
                end(l, 0);
        return (int)wait;
}

int main(int argc, char **argv) {
        struct sockaddr_in from, target;
        struct pollfd p[2 + 2 * N_LINKS];
        int listener, control, yes = 1;

        if (argc != 4) {
                fprintf(stderr, "usage: relay LISTEN TARGET FIFO\n");
                return 2;
        }
        from = address(argv[1]);
        target = address(argv[2]);
        srandom(1);
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
            bind(listener, (struct sockaddr *)&from, sizeof(from)) < 0 || listen(listener, 64) < 0)
                die(argv[1]);
        /* Also for writing: it does not end when a writer goes. */
        control = open(argv[3], O_RDWR | O_CLOEXEC);
        if (control < 0)
                die(argv[3]);
        for (int wait = -1;;) {
                char lines[512], *save = NULL;
                ssize_t n;

                p[0] = (struct pollfd){.fd = listener, .events = POLLIN};
                p[1] = (struct pollfd){.fd = control, .events = POLLIN};
                for (int i = 0; i < 2 * N_LINKS; i++) {
                        const struct lane *a = &links[i / 2].lane[i % 2];
                        int reads = links[i / 2].open && !a->ended && a->queued < QUEUE_MAX;

                        p[2 + i] = (struct pollfd){.fd = reads ? a->from : -1, .events = POLLIN};
                }
                if (poll(p, 2 + 2 * N_LINKS, wait) < 0 && errno != EINTR)
                        die("poll");
                wait = -1;
                /* First the data that poll spoke of: commands and new connections change the table. */
                for (int i = 0; i < N_LINKS; i++) {
                        int ms = links[i].open ? serve(&links[i], &p[2 + 2 * i]) : -1;

                        wait = wait < 0 || (ms >= 0 && ms < wait) ? ms : wait;
                }
                if (p[1].revents & POLLIN && (n = read(control, lines, sizeof(lines) - 1)) > 0) {
                        lines[n] = 0;
                        for (char *line = strtok_r(lines, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                                command(line);
                        wait = 0;
                }
                if (p[0].revents & POLLIN) {
                        int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                        if (client >= 0)
                                begin(client, &target);
                }
        }
}
