/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP and TLS side: libmicrohttpd, driven by the one thread through an epoll fd. Requests that wait (delayed,
 * hung, watches without news) are suspended connections. */
#pragma once

#include <netinet/in.h>

#include "sim.h"

struct http;

struct http_config {
        struct sockaddr_in address;
        const char *certificate, *key; /* PEM texts; NULL: plain HTTP */
        const char *client_ca;         /* PEM text; NULL: client certificates are not looked at */
};

/* sim and the texts of config must outlive it. Returns 0, or -errno when the socket or the certificates do not do. */
int http_new(struct http **ret, struct sim *sim, const struct http_config *config);
/* Closes all connections; NULL is fine. Returns NULL. */
struct http *http_free(struct http *h);

uint16_t http_port(const struct http *h);
/* Waits for sockets, timers or wake_fd (readable), and serves what came. Returns 1 when wake_fd is readable, 0 when
 * not, -errno. */
int http_run(struct http *h, int wake_fd);
