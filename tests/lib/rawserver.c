/* SPDX-License-Identifier: Apache-2.0 */
#include "rawserver.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256

struct rawserver {
        int listener;
        unsigned port;
        rawserver_handler handler;
        void *userdata;
        pthread_t thread;
        pthread_mutex_t mutex;
        bool is_ending;
        unsigned n_requests, n_connections;
        struct connection {
                struct rawserver *server;
                unsigned number;
                int fd; /* -1 when its thread has closed it */
                pthread_t thread;
        } connections[CONNECTIONS_MAX];
};

void rawserver_send(int fd, const char *text) {
        size_t n = strlen(text);

        while (n > 0) {
                ssize_t k = send(fd, text, n, MSG_NOSIGNAL);

                if (k <= 0)
                        return;
                text += k;
                n -= (size_t)k;
        }
}

void rawserver_answer(int fd, const char *status, const char *content_type, const char *body) {
        char head[512];

        (void)snprintf(head, sizeof(head), "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status,
                       content_type, strlen(body));
        rawserver_send(fd, head);
        rawserver_send(fd, body);
}

void rawserver_reset(int fd) {
        struct linger l = {.l_onoff = 1, .l_linger = 0};

        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static bool drop(int fd) {
        /* The socket's filter stands before TCP: what it takes 0 bytes of was never there. */
        struct sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
        const struct sock_fprog program = {.len = 1, .filter = none};

        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

void rawserver_drop(int fd) {
        bool dropped = drop(fd);

        assert(dropped);
}

bool rawserver_can_drop(void) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool can = fd >= 0 && drop(fd);

        if (fd >= 0)
                close(fd);
        return can;
}

void rawserver_flow(int fd) {
        const int unused = 0;

        assert(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0);
}

void rawserver_wait_closed(int fd) {
        char c;

        while (recv(fd, &c, 1, 0) > 0)
                ;
}

/* Reads one request into buffer (allocated). Returns false at the end of the connection. */
static bool read_request(int fd, char **ret, size_t *ret_head) {
        size_t n = 0, size = 65536, need = 0;
        char *buffer = malloc(size);

        assert(buffer);
        for (;;) {
                ssize_t k = recv(fd, buffer + n, size - 1 - n, 0);
                char *end;

                if (k <= 0) {
                        free(buffer);
                        return false;
                }
                n += (size_t)k;
                buffer[n] = 0;
                end = strstr(buffer, "\r\n\r\n");
                if (end && need == 0) {
                        char *length = strcasestr(buffer, "\r\nContent-Length:");

                        need = (size_t)(end + 4 - buffer);
                        *ret_head = need;
                        if (length && length < end)
                                need += strtoul(length + 17, NULL, 10);
                }
                if (need > 0 && n >= need) {
                        *ret = buffer;
                        return true;
                }
                assert(n < size - 1);
        }
}

static void *serve(void *arg) {
        struct connection *c = arg;
        struct rawserver *s = c->server;
        unsigned on_connection = 0;
        size_t n_head = 0;
        char *text;

        while (read_request(c->fd, &text, &n_head)) {
                struct rawserver_request q = {
                        .fd = c->fd,
                        .connection = c->number,
                        .on_connection = ++on_connection,
                        .body = text + n_head,
                };
                char *head = strndup(text, n_head);
                bool stays;

                pthread_mutex_lock(&s->mutex);
                q.number = ++s->n_requests;
                pthread_mutex_unlock(&s->mutex);
                q.head = head;
                stays = s->handler(&q, s->userdata);
                free(head);
                free(text);
                if (!stays)
                        break;
        }
        pthread_mutex_lock(&s->mutex);
        close(c->fd);
        c->fd = -1;
        pthread_mutex_unlock(&s->mutex);
        return NULL;
}

static void *accept_all(void *arg) {
        struct rawserver *s = arg;

        for (;;) {
                int fd = accept(s->listener, NULL, NULL);
                struct connection *c;

                if (fd < 0)
                        return NULL;
                pthread_mutex_lock(&s->mutex);
                if (s->is_ending) {
                        pthread_mutex_unlock(&s->mutex);
                        close(fd);
                        return NULL;
                }
                assert(s->n_connections < CONNECTIONS_MAX);
                c = &s->connections[s->n_connections++];
                *c = (struct connection){.server = s, .number = s->n_connections, .fd = fd};
                assert(pthread_create(&c->thread, NULL, serve, c) == 0);
                pthread_mutex_unlock(&s->mutex);
        }
}

struct rawserver *rawserver_new(rawserver_handler handler, void *userdata) {
        struct rawserver *s = calloc(1, sizeof(*s));
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof(a);

        assert(s);
        s->handler = handler;
        s->userdata = userdata;
        s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert(s->listener >= 0);
        assert(bind(s->listener, (struct sockaddr *)&a, sizeof(a)) == 0);
        assert(listen(s->listener, 64) == 0);
        assert(getsockname(s->listener, (struct sockaddr *)&a, &n) == 0);
        s->port = ntohs(a.sin_port);
        pthread_mutex_init(&s->mutex, NULL);
        assert(pthread_create(&s->thread, NULL, accept_all, s) == 0);
        return s;
}

void rawserver_free(struct rawserver *s) {
        pthread_mutex_lock(&s->mutex);
        s->is_ending = true;
        for (unsigned i = 0; i < s->n_connections; i++)
                if (s->connections[i].fd >= 0)
                        shutdown(s->connections[i].fd, SHUT_RDWR);
        pthread_mutex_unlock(&s->mutex);
        shutdown(s->listener, SHUT_RDWR);
        pthread_join(s->thread, NULL);
        for (unsigned i = 0; i < s->n_connections; i++)
                pthread_join(s->connections[i].thread, NULL);
        close(s->listener);
        pthread_mutex_destroy(&s->mutex);
        free(s);
}

unsigned rawserver_port(const struct rawserver *s) {
        return s->port;
}

unsigned rawserver_n_requests(struct rawserver *s) {
        unsigned n;

        pthread_mutex_lock(&s->mutex);
        n = s->n_requests;
        pthread_mutex_unlock(&s->mutex);
        return n;
}

unsigned rawserver_n_connections(struct rawserver *s) {
        unsigned n;

        pthread_mutex_lock(&s->mutex);
        n = s->n_connections;
        pthread_mutex_unlock(&s->mutex);
        return n;
}
