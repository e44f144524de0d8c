/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests to one server, on an sd-event loop. Knows TLS, connections, time and size limits; nothing of
 * Kubernetes. The only interface to libcurl; its files are http*.c.
 *
 * Plain requests speak HTTP/1.1, one at a time on a connection: giving one up closes exactly that socket, which is what
 * cancels it on the server. A request with a body is never sent twice: libcurl likes to repeat one whose reused
 * connection died, which here becomes HTTP_BROKEN. After a failure, new connections are made until one has answered,
 * for which the name is resolved anew; every address of the name is tried. CA bundle, certificate and key are those
 * that their files hold when a request begins (codec/tls.h). Streams share HTTP/2 connections of their own where the
 * server offers that, 64 a connection (http_streams.h), and so may requests that nobody waits for. A connection of them
 * that is readable without end and is not read is closed: HTTP_BROKEN. A stream whose peer has gone silently ends
 * within 7 s, an idle plain connection is given up within 20 s; what it takes and costs says http_setup.c. */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"
#include "codec/credentials.h"
#include "codec/kubeconfig.h"

struct http;
struct http_request;

enum http_outcome {
        HTTP_ANSWERED = 0, /* code, and the whole body */
        HTTP_NOT_SENT,     /* no byte of the request left this host: surely not executed */
        HTTP_BROKEN,       /* time-out, reset, cut off, TLS alert: may have been executed, or may be later */
        HTTP_TOO_LARGE,    /* answered with more than response_max bytes; code is set, the body is not */
};

struct http_result {
        enum http_outcome outcome;
        long code;        /* HTTP status; 0: none came */
        const char *body; /* NUL-terminated; "" for none, and for the 2xx of a stream */
        size_t n_body;
        uint64_t retry_after_usec; /* Retry-After, 0: none; at most a minute */
        uint64_t sent_at_usec;     /* CLOCK_BOOTTIME before the request was handed over */
        bool is_dead;              /* of a stream, with HTTP_BROKEN: its peer acknowledged nothing any more; false:
                                    * somebody closed or reset it */
        const char *text;          /* what went wrong, for a human; "" when HTTP_ANSWERED */
};                                 /* with all it points to it lives until the callback returns */

typedef void (*http_cb)(const struct http_result *result, void *userdata);
typedef void (*http_data_cb)(const char *data, size_t n, void *userdata);

struct http_call {
        const char *method;
        const char *path;         /* behind the server's URL, begins with '/', with query */
        const char *body;         /* NULL: none */
        const char *content_type; /* of the body */
        const char *token;        /* bearer token or NULL; never sent over plain http */
        uint64_t timeout_usec;    /* for everything, from connecting to the last byte; 0: none (streams) */
        size_t response_max;      /* bytes */
        bool is_fresh;            /* do not use an open connection */
        bool is_aside;            /* goes with the streams: takes no connection that a plain request may need */
        http_cb cb;               /* exactly once, from the loop, never before http_start() returned, not after free */
        http_data_cb data_cb;     /* makes it a stream: gets the body of a 2xx in pieces */
        void *userdata;
};

/* Whether libcurl can use it: CA, certificate and key are read, and key and certificate belong together. Connects to
 * nobody, does not wait. Returns 0, -ENOMEM, or -EINVAL with err set. */
int http_check(const struct kubeconfig *config, struct err *err);

/* config is borrowed until http_free(). Returns -ENOMEM, -EINVAL with err set when libcurl cannot use it. */
int http_new(struct http **ret, sd_event *event, const struct kubeconfig *config, const char *user_agent,
             struct err *err);
/* All requests must have been freed before. */
struct http *http_free(struct http *http);
DEFINE_CLEANUP(struct http *, http_free)

/* The server's URL without credentials, for messages. */
const char *http_server(const struct http *http);

/* Certificates and key are read again when their files have changed; what cannot be used leaves the last good ones in
 * use. Returns why that is so, "" when it is not; *ret: how long the client certificate in use is good. */
const char *http_look(struct http *http, struct credentials_term *ret);

/* For credentials that come later, and change. */
enum http_gate {
        HTTP_GATE_OPEN = 0,
        HTTP_GATE_WAITING, /* there will be credentials: a request waits for them as long as it may take, a stream 5 s
                            */
        HTTP_GATE_SHUT,    /* there are none: nothing is sent */
};
/* From now on, and for those that wait. text: why it is not open, which is the answer (HTTP_NOT_SENT) to what is not
 * sent for it. What is under way goes on. */
void http_set_gate(struct http *http, enum http_gate gate, const char *text);
/* A request waits for credentials for so long, and has its whole timeout_usec after that; 0: the wait is part of it. */
void http_set_patience(struct http *http, uint64_t usec);
/* Certificate and key in the kubeconfig are other ones, the token for calls that bring none (NULL: none) too: for what
 * is sent from now on, also by those that wait. No connection of another certificate is used for that. Returns -ENOMEM.
 */
int http_set_identity(struct http *http, const char *token);

/* Starts a request; everything in call is copied. Returns -ENOMEM. Callbacks come from the loop, one per turn, and are
 * the last thing done in their turn: in one, anything may be called and freed, the object that calls included, and
 * after its free there is none any more. */
int http_start(struct http *http, const struct http_call *call, struct http_request **ret);
/* Of a stream: whether the head of a 2xx has come. */
bool http_request_is_open(const struct http_request *q);
/* The reader of a stream has enough: neither data nor the end is told before http_request_resume(). Some of what comes
 * meanwhile is kept, then the server has to wait. */
void http_request_hold(struct http_request *q);
void http_request_resume(struct http_request *q);
/* Gives up a request under way. Returns NULL. */
struct http_request *http_request_free(struct http_request *q);
