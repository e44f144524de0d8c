/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 server for tests that misbehaves in any way wanted: it reads whole requests, everything else is up to the
 * test's handler. One thread per connection, on 127.0.0.1. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct rawserver;

struct rawserver_request {
        int fd;                 /* of the connection */
        unsigned connection;    /* number of the connection, from 1 */
        unsigned on_connection; /* number of the request on this connection, from 1 */
        unsigned number;        /* number of the request on this server, from 1 */
        const char *head;       /* request line and header fields */
        const char *body;
};

/* Runs in a thread of the server. Returns whether the connection stays open. */
typedef bool (*rawserver_handler)(const struct rawserver_request *request, void *userdata);

/* Starts listening; asserts on failure. */
struct rawserver *rawserver_new(rawserver_handler handler, void *userdata);
/* Closes everything and waits for the threads. */
void rawserver_free(struct rawserver *s);
unsigned rawserver_port(const struct rawserver *s);
unsigned rawserver_n_requests(struct rawserver *s);
unsigned rawserver_n_connections(struct rawserver *s);

/* For handlers: sends text as it is; errors are ignored (the client may be gone). */
void rawserver_send(int fd, const char *text);
/* A whole answer with Content-Length. */
void rawserver_answer(int fd, const char *status, const char *content_type, const char *body);
/* Ends the connection with RST; return false afterwards. */
void rawserver_reset(int fd);
/* From now on no packet of the client arrives on this connection, nor is it acknowledged: to the client the way is cut
 * silently (what is sent still goes out). rawserver_flow() ends that. */
void rawserver_drop(int fd);
/* Whether it may: not everywhere for others than root. */
bool rawserver_can_drop(void);
void rawserver_flow(int fd);
/* Waits until the client closes the connection, or the server is freed. */
void rawserver_wait_closed(int fd);
