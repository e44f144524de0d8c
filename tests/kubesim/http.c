/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd and the sockets: connections, bodies, answers, streams, cut and reset where a fault says so. What a
 * request means is request.c. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "http_internal.h"

enum {
        HTTP_BODY_MAX = 3 << 20, /* as the real server */
        HTTP_IDLE_SECONDS = 90,  /* as the real server over HTTP/1.1 */
        HTTP_CONNECTIONS = 4000,
};

struct http {
        struct sim *sim;
        struct MHD_Daemon *daemon;
        int epoll;
        bool dirty;               /* a connection was resumed: libmicrohttpd has work that no socket tells of */
        struct request *requests; /* all, also those that only wait to execute without a client */
};

static int http_fd(const struct request *rq) {
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        return info ? info->connect_fd : -1;
}

static void http_suspend(struct request *rq) {
        /* A suspended connection is not watched by libmicrohttpd: learn here when the client goes. */
        struct epoll_event e = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = rq};
        rq->suspended = true;
        (void)epoll_ctl(rq->http->epoll, EPOLL_CTL_ADD, http_fd(rq), &e);
        MHD_suspend_connection(rq->connection);
}

void http_resume(struct request *rq) {
        if (!rq->suspended || !rq->connection)
                return;
        rq->suspended = false;
        (void)epoll_ctl(rq->http->epoll, EPOLL_CTL_DEL, http_fd(rq), NULL);
        rq->http->dirty = true;
        MHD_resume_connection(rq->connection);
}

void http_detach(struct request *rq) {
        struct request **at = &rq->http->requests;
        while (*at != rq)
                at = &(*at)->next;
        *at = rq->next;
}

static void http_reset_connection(struct request *rq) {
        struct sockaddr none = {.sa_family = AF_UNSPEC};
        (void)connect(http_fd(rq), &none, sizeof(none)); /* sends RST at once */
}

static enum MHD_Result http_add_query(void *cls, enum MHD_ValueKind kind, const char *name, const char *value) {
        struct {
                struct query *queries;
                size_t n, max;
        } *list = cls;
        (void)kind;
        if (list->n == list->max)
                return MHD_NO;
        list->queries[list->n++] = (struct query){name, value};
        return MHD_YES;
}

size_t http_queries(struct request *rq, struct query *queries, size_t max) {
        struct {
                struct query *queries;
                size_t n, max;
        } list = {queries, 0, max};
        MHD_get_connection_values(rq->connection, MHD_GET_ARGUMENT_KIND, http_add_query, &list);
        return list.n;
}

const char *http_header(struct request *rq, const char *name) {
        return MHD_lookup_connection_value(rq->connection, MHD_HEADER_KIND, name);
}

/* Common name of the client certificate when it is signed by the client CA. */
static void http_certificate_user(struct request *rq) {
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(rq->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
        unsigned int status = 0, n = 0;
        gnutls_x509_crt_t crt;
        if (!info || !info->tls_session)
                return;
        gnutls_session_t session = info->tls_session;
        const gnutls_datum_t *certificates = gnutls_certificate_get_peers(session, &n);
        if (!certificates || n == 0 || gnutls_certificate_verify_peers2(session, &status) < 0 || status != 0 ||
            gnutls_x509_crt_init(&crt) < 0)
                return;
        size_t size = sizeof(rq->certificate_user);
        if (gnutls_x509_crt_import(crt, &certificates[0], GNUTLS_X509_FMT_DER) < 0 ||
            gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, rq->certificate_user, &size) < 0)
                rq->certificate_user[0] = 0;
        gnutls_x509_crt_deinit(crt);
}

static void *http_on_uri(void *cls, const char *uri, struct MHD_Connection *connection) {
        struct http *h = cls;
        const char *query = strchr(uri, '?');
        struct request *rq = doc_alloc(sizeof(*rq));
        *rq = (struct request){.sim = h->sim, .http = h, .connection = connection, .next = h->requests};
        snprintf(rq->query, sizeof(rq->query), "%s", query ? query + 1 : "");
        h->requests = rq;
        return rq;
}

static ssize_t http_read_watch(void *cls, uint64_t position, char *buffer, size_t size) {
        struct request *rq = cls;
        int64_t cut = rq->fault.truncate;
        if (cut >= 0 && position >= (uint64_t)cut)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        if (cut >= 0 && size > (uint64_t)cut - position)
                size = (uint64_t)cut - position;
        ssize_t n = watch_read(rq->watch, buffer, size);
        if (n > 0)
                return n;
        if (n == WATCH_END)
                return MHD_CONTENT_READER_END_OF_STREAM;
        if (n == WATCH_RESET)
                http_reset_connection(rq);
        if (n != WATCH_EMPTY || rq->peer_gone)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        http_suspend(rq);
        return 0;
}

static ssize_t http_read_cut(void *cls, uint64_t position, char *buffer, size_t size) {
        struct request *rq = cls;
        size_t n = rq->out.size - position;
        if ((uint64_t)rq->fault.truncate < rq->out.size)
                n = position < (uint64_t)rq->fault.truncate ? (uint64_t)rq->fault.truncate - position : 0;
        if (n == 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        n = n < size ? n : size;
        memcpy(buffer, rq->out.data + position, n);
        return (ssize_t)n;
}

static struct MHD_Response *http_response(struct request *rq) {
        if (rq->watch)
                return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, http_read_watch, rq, NULL);
        const char *text = rq->raw_body ? rq->raw_body : rq->reply.body ? doc_text(rq->reply.body) : rq->reply.text;
        buf_add(&rq->out, text, strlen(text));
        if (rq->fault.truncate >= 0)
                return MHD_create_response_from_callback(rq->out.size, 32768, http_read_cut, rq, NULL);
        return MHD_create_response_from_buffer(rq->out.size, rq->out.data, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result http_answer(struct request *rq) {
        struct MHD_Response *response = http_response(rq);
        if (!response)
                return MHD_NO;
        int code = rq->watch ? 200 : rq->reply.code;
        const char *type = rq->fault.content_type && rq->raw_body ? rq->fault.content_type
                           : rq->reply.text                       ? "text/plain; charset=utf-8"
                                                                  : "application/json";
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", rq->reply.retry_after);
        MHD_add_response_header(response, "Content-Type", type);
        MHD_add_response_header(response, "Cache-Control", "no-cache, private");
        if (rq->reply.retry_after > 0)
                MHD_add_response_header(response, "Retry-After", seconds);
        enum MHD_Result result = MHD_queue_response(rq->connection, (unsigned int)code, response);
        MHD_destroy_response(response);
        request_answered(rq, code);
        return result;
}

static enum MHD_Result http_continue(struct request *rq) {
        switch (rq->state) {
        case REQUEST_READY:
        case REQUEST_TIMED_OUT:
                return http_answer(rq);
        case REQUEST_WAITING:
        case REQUEST_HELD:
        case REQUEST_HUNG:
                if (rq->peer_gone)
                        return MHD_NO;
                http_suspend(rq);
                return MHD_YES;
        case REQUEST_RESET:
                http_reset_connection(rq);
                return MHD_NO;
        case REQUEST_RECEIVING:
        case REQUEST_CLOSE:
        case REQUEST_ANSWERED:
                break;
        }
        return MHD_NO;
}

static enum MHD_Result http_on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                       const char *method, const char *version, const char *upload, size_t *upload_size,
                                       void **context) {
        struct request *rq = *context;
        (void)cls;
        (void)version;
        if (!*rq->method) {
                const char *agent = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "User-Agent");
                snprintf(rq->method, sizeof(rq->method), "%s", method);
                snprintf(rq->path, sizeof(rq->path), "%s", url);
                snprintf(rq->user_agent, sizeof(rq->user_agent), "%s", agent ? agent : "");
                http_certificate_user(rq);
                return MHD_YES;
        }
        if (*upload_size > 0) {
                if (rq->body.size + *upload_size <= HTTP_BODY_MAX)
                        buf_add(&rq->body, upload, *upload_size);
                else
                        rq->too_large = true;
                *upload_size = 0;
                return MHD_YES;
        }
        if (rq->state == REQUEST_RECEIVING)
                request_start(rq);
        return http_continue(rq);
}

static void http_on_completed(void *cls, struct MHD_Connection *connection, void **context,
                              enum MHD_RequestTerminationCode why) {
        struct request *rq = *context;
        (void)cls;
        (void)connection;
        (void)why;
        *context = NULL;
        if (rq)
                request_finish(rq);
}

int http_new(struct http **ret, struct sim *sim, const struct http_config *config) {
        struct http *h = doc_alloc(sizeof(*h));
        struct MHD_OptionItem options[8] = {0};
        size_t n = 0;
        unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (config->certificate ? MHD_USE_TLS : 0);
        *h = (struct http){.sim = sim, .epoll = epoll_create1(EPOLL_CLOEXEC)};
        if (config->certificate) {
                options[n++] =
                        (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)config->certificate};
                options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)config->key};
        }
        if (config->certificate && config->client_ca)
                options[n++] =
                        (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)(uintptr_t)config->client_ca};
        options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
        h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, h, MHD_OPTION_ARRAY, options,
                                     MHD_OPTION_SOCK_ADDR, &config->address, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                                     MHD_OPTION_URI_LOG_CALLBACK, http_on_uri, h, MHD_OPTION_NOTIFY_COMPLETED,
                                     http_on_completed, h, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTP_CONNECTIONS,
                                     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)HTTP_IDLE_SECONDS, MHD_OPTION_END);
        if (!h->daemon) {
                int r = errno > 0 ? -errno : -EINVAL;
                http_free(h);
                return r;
        }
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
        if (!info || epoll_ctl(h->epoll, EPOLL_CTL_ADD, info->epoll_fd, &e) < 0) {
                http_free(h);
                return -EIO;
        }
        *ret = h;
        return 0;
}

struct http *http_free(struct http *h) {
        if (!h)
                return NULL;
        /* libmicrohttpd must not be stopped with suspended connections. */
        for (struct request *rq = h->requests; rq; rq = rq->next) {
                rq->peer_gone = true;
                if (rq->state != REQUEST_ANSWERED)
                        rq->state = REQUEST_CLOSE;
                http_resume(rq);
        }
        if (h->daemon) {
                MHD_run(h->daemon);
                MHD_stop_daemon(h->daemon);
        }
        while (h->requests) { /* those without a connection */
                h->requests->connection = NULL;
                request_finish(h->requests);
        }
        if (h->epoll >= 0)
                close(h->epoll);
        free(h);
        return NULL;
}

uint16_t http_port(const struct http *h) {
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
        return info ? info->port : 0;
}

/* Milliseconds until there is something to do, -1: nothing planned. */
static int http_wait_msec(struct http *h) {
        MHD_UNSIGNED_LONG_LONG mhd = 0;
        uint64_t now = timer_now(), next = timer_next(&h->sim->timers), wait = UINT64_MAX;
        if (next != UINT64_MAX)
                wait = next > now ? (next - now + 999) / 1000 : 0;
        if (MHD_get_timeout(h->daemon, &mhd) == MHD_YES && mhd < wait)
                wait = mhd;
        if (wait == UINT64_MAX)
                return -1;
        return wait > 60000 ? 60000 : (int)wait;
}

int http_run(struct http *h, int wake_fd) {
        struct epoll_event events[64], wake = {.events = EPOLLIN, .data.ptr = h};
        bool woken = false;
        (void)epoll_ctl(h->epoll, EPOLL_CTL_ADD, wake_fd, &wake); /* there already after the first call */
        int n = epoll_wait(h->epoll, events, ELEMENTSOF(events), http_wait_msec(h));
        if (n < 0 && errno != EINTR)
                return -errno;
        for (int i = 0; i < n; i++) {
                if (events[i].data.ptr == h)
                        woken = true;
                else if (events[i].data.ptr) {
                        struct request *rq = events[i].data.ptr;
                        rq->peer_gone = true;
                        http_resume(rq);
                }
        }
        timer_run(&h->sim->timers);
        do {
                h->dirty = false;
                MHD_run(h->daemon);
        } while (h->dirty);
        return woken;
}
