/* SPDX-License-Identifier: Apache-2.0 */
/* http over real libcurl against servers that answer, stall, cut, reset and lie. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/rawserver.h"
#include "../lib/tempdir.h"
#include "adapter/http.h"

/* A hang ends the test; nothing is asserted about speed. */
#define HANG_USEC (20 * USEC_PER_SEC)

struct world {
        struct rawserver *server;
        sd_event *event;
        struct http *http;
        struct kubeconfig config;
        char url[64];
};

static void world_open(struct world *w, rawserver_handler handler, void *userdata) {
        *w = (struct world){.server = rawserver_new(handler, userdata)};
        (void)snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u", rawserver_port(w->server));
        w->config.server = w->url;
        assert_int_equal(sd_event_new(&w->event), 0);
        assert_int_equal(http_new(&w->http, w->event, &w->config, "test/1", NULL), 0);
}

static void world_close(struct world *w) {
        http_free(w->http);
        sd_event_unref(w->event);
        rawserver_free(w->server);
}

struct answer {
        bool is_there;
        struct http_result result;
        char body[4096], text[512];
        size_t n_data;
        char data[4096];
        struct http_request *request, *free_too;
        bool frees_itself;
        sd_event *event;
};

static void on_result(const struct http_result *r, void *userdata) {
        struct answer *a = userdata;

        assert_false(a->is_there);
        a->is_there = true;
        a->result = *r;
        (void)snprintf(a->body, sizeof(a->body), "%s", r->body);
        (void)snprintf(a->text, sizeof(a->text), "%s", r->text);
        if (a->free_too)
                http_request_free(TAKE_PTR(a->free_too));
        if (a->frees_itself)
                http_request_free(TAKE_PTR(a->request));
}

static void on_data(const char *data, size_t n, void *userdata) {
        struct answer *a = userdata;

        assert_true(n > 0);
        for (size_t i = 0; i < n && a->n_data + 1 < sizeof(a->data); i++)
                a->data[a->n_data++] = data[i];
        if (a->frees_itself)
                http_request_free(TAKE_PTR(a->request));
}

static uint64_t now(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_BOOTTIME, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static void run_until(struct world *w, const bool *done) {
        uint64_t end = now() + HANG_USEC;

        while (!*done) {
                assert_true(now() < end);
                assert_true(sd_event_run(w->event, 100 * USEC_PER_MSEC) >= 0);
        }
}

static void run_for(struct world *w, uint64_t usec) {
        uint64_t end = now() + usec;

        while (now() < end)
                assert_true(sd_event_run(w->event, 10 * USEC_PER_MSEC) >= 0);
}

static void begin(struct world *w, struct answer *a, const char *method, const char *body, uint64_t timeout_usec) {
        const struct http_call call = {
                .method = method,
                .path = "/x",
                .body = body,
                .content_type = "application/json",
                .timeout_usec = timeout_usec,
                .response_max = 1000,
                .cb = on_result,
                .userdata = a,
        };

        *a = (struct answer){};
        assert_int_equal(http_start(w->http, &call, &a->request), 0);
        assert_false(a->is_there);
}

static void request(struct world *w, struct answer *a, const char *method, const char *body) {
        begin(w, a, method, body, 5 * USEC_PER_SEC);
        run_until(w, &a->is_there);
        http_request_free(TAKE_PTR(a->request));
}

/* ---- handlers ---- */

static bool echo(const struct rawserver_request *q, void *userdata) {
        char text[3000];

        (void)userdata;
        (void)snprintf(text, sizeof(text), "%s|%s", q->head, q->body);
        rawserver_answer(q->fd, "200 OK", "text/plain", text);
        return true;
}

/* Answers the first request on a connection; reads the second, as if it were executed, and closes or resets. */
static bool die_on_second(const struct rawserver_request *q, void *userdata) {
        if (q->on_connection == 1) {
                rawserver_answer(q->fd, "200 OK", "text/plain", "fine");
                return true;
        }
        if (userdata)
                rawserver_reset(q->fd);
        return false;
}

static bool die_at_once(const struct rawserver_request *q, void *userdata) {
        if (userdata)
                rawserver_reset(q->fd);
        return false;
}

static bool hang(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_wait_closed(q->fd);
        __atomic_fetch_add((unsigned *)userdata, 1, __ATOMIC_SEQ_CST); /* the client closed the socket */
        return false;
}

/* Hangs for the first request, answers the rest. */
static bool hang_first(const struct rawserver_request *q, void *userdata) {
        return q->number == 1 ? hang(q, userdata) : echo(q, NULL);
}

/* Answers all but Events. */
static bool hang_event(const struct rawserver_request *q, void *userdata) {
        return strstr(q->head, " /event ") ? hang(q, userdata) : echo(q, NULL);
}

static bool send_fixed(const struct rawserver_request *q, void *userdata) {
        rawserver_send(q->fd, userdata);
        return false;
}

static bool huge_header(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\n");
        for (unsigned i = 0; i < 4000; i++)
                rawserver_send(q->fd, "X-Long: 0123456789012345678901234567890123456789\r\n");
        rawserver_send(q->fd, "Content-Length: 0\r\n\r\n");
        return false;
}

static bool stream(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n");
        usleep(50000);
        rawserver_send(q->fd, "4\r\ncde\n\r\n0\r\n\r\n");
        return true;
}

static bool endless_stream(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n");
        rawserver_wait_closed(q->fd);
        return false;
}

/* ---- tests ---- */

static void test_request(void **state) {
        struct world w;
        struct answer a;
        uint64_t before = now();

        (void)state;
        world_open(&w, echo, NULL);
        request(&w, &a, "PATCH", "{\"a\":1}");
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_int_equal(a.result.code, 200);
        assert_ptr_equal(strstr(a.body, "PATCH /x HTTP/1.1\r\n"), a.body);
        assert_non_null(strstr(a.body, "\r\nAccept: application/json\r\n"));
        assert_non_null(strstr(a.body, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(a.body, "\r\nUser-Agent: test/1\r\n"));
        assert_non_null(strstr(a.body, "|{\"a\":1}"));
        assert_null(strstr(a.body, "Expect:"));
        assert_null(strstr(a.body, "Accept-Encoding"));
        assert_true(a.result.sent_at_usec >= before && a.result.sent_at_usec <= now());
        assert_string_equal(a.text, "");
        for (unsigned i = 0; i < 5; i++)
                request(&w, &a, "GET", NULL);
        assert_int_equal(rawserver_n_connections(w.server), 1);
        world_close(&w);
}

/* Nothing secret goes over a connection without TLS. */
static void test_no_token_without_tls(void **state) {
        struct world w;
        struct answer a = {};
        const struct http_call call = {.method = "GET",
                                       .path = "/x",
                                       .token = "secret",
                                       .response_max = 1000,
                                       .timeout_usec = USEC_PER_SEC,
                                       .cb = on_result,
                                       .userdata = &a};

        (void)state;
        world_open(&w, echo, NULL);
        assert_int_equal(http_start(w.http, &call, &a.request), 0);
        run_until(&w, &a.is_there);
        http_request_free(a.request);
        assert_null(strstr(a.body, "secret"));
        assert_null(strstr(a.body, "Authorization"));
        world_close(&w);
}

/* Whom it speaks for goes with each request, a password with none without TLS. */
static void test_headers(void **state) {
        char *headers[] = {(char *)"Impersonate-User: you", (char *)"Impersonate-Group: a b",
                           (char *)"Impersonate-Group;"};
        struct world w;
        struct answer a;

        (void)state;
        world_open(&w, echo, NULL);
        w.config.headers = headers;
        w.config.n_headers = ELEMENTSOF(headers);
        w.config.basic = (char *)"secret";
        request(&w, &a, "GET", NULL);
        assert_non_null(
                strstr(a.body, "\r\nImpersonate-User: you\r\nImpersonate-Group: a b\r\nImpersonate-Group:\r\n"));
        assert_null(strstr(a.body, "secret"));
        world_close(&w);
}

/* A server of one connection that answers the first bytes with text and closes, or with RST when it is NULL.
 * Returns the port. */
static unsigned start_plain(const char *text, pid_t *ret) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char buffer[4096];

        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        *ret = fork();
        if (*ret == 0) {
                int peer = accept(fd, NULL, NULL);

                if (read(peer, buffer, sizeof(buffer)) <= 0)
                        _exit(1);
                if (text)
                        (void)!write(peer, text, strlen(text));
                else
                        (void)setsockopt(peer, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                                         sizeof(struct linger));
                close(peer);
                _exit(0);
        }
        close(fd);
        return ntohs(address.sin_port);
}

/* A file that was no good is read again when it changes, and one that could not be read for want of a descriptor also
 * when not. */
static void test_read_again(void **state) {
        _cleanup_free_ char *pem = NULL;
        struct tempdir dir;
        struct world w = {.config = {.server = (char *)"https://h", .cluster = (char *)"k"}};
        struct credentials_term term;
        struct rlimit limit, none;
        FILE *f = fopen("tests/kubeconfig/pem/ca.pem", "re");
        size_t size = 0;

        (void)state;
        assert_non_null(f);
        assert_true(getdelim(&pem, &size, '\0', f) > 0);
        assert_int_equal(fclose(f), 0);
        tempdir_make(&dir);
        w.config.ca_file = (char *)tempdir_write(&dir, "ca", pem);
        assert_int_equal(sd_event_new(&w.event), 0);
        assert_int_equal(http_new(&w.http, w.event, &w.config, "test/1", NULL), 0);
        assert_string_equal(http_look(w.http, &term), "");

        (void)tempdir_write(&dir, "ca", "no certificate");
        assert_non_null(strstr(http_look(w.http, &term), "it holds no certificate"));

        (void)tempdir_write(&dir, "ca", pem);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        none = (struct rlimit){.rlim_max = limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        assert_non_null(strstr(http_look(w.http, &term), strerror(EMFILE)));
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_string_equal(http_look(w.http, &term), "");
        http_free(w.http);
        sd_event_unref(w.event);
        tempdir_remove(&dir);
}

/* The words of OpenSSL name no cause. */
static void test_no_tls(void **state) {
        static const struct {
                const char *scheme, *answer, *expected;
        } table[] = {
                {"https", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "the other side speaks no TLS: "},
                {"https", "SSH-2.0-OpenSSH_9.2\r\n", "the other side speaks no TLS: "},
                {"https", "", "the connection ended before TLS was set up ("},
                {"https", NULL, "the connection ended before TLS was set up (Connection reset by peer): "},
                {"http", "\x15\x03\x01\x02\x02\x02", "the other side speaks no HTTP: "},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct world w = {};
                struct answer a;
                pid_t pid;
                int status;

                (void)snprintf(w.url, sizeof(w.url), "%s://127.0.0.1:%u", table[i].scheme,
                               start_plain(table[i].answer, &pid));
                w.config.server = w.url;
                assert_int_equal(sd_event_new(&w.event), 0);
                assert_int_equal(http_new(&w.http, w.event, &w.config, "test/1", NULL), 0);
                request(&w, &a, "PUT", "{}");
                assert_int_equal(a.result.outcome, i < 4 ? HTTP_NOT_SENT : HTTP_BROKEN);
                if (strncmp(a.text, table[i].expected, strlen(table[i].expected)) != 0)
                        fail_msg("%zu: %s", i, a.text);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                http_free(w.http);
                sd_event_unref(w.event);
        }
}

/* The reused connection dies after the server has read the request: a write must not be sent again. */
static void test_write_is_never_repeated(void **state) {
        static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
        struct world w;
        struct answer a;
        int reset = 1;

        (void)state;
        for (unsigned with_reset = 0; with_reset < 2; with_reset++)
                for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                        world_open(&w, die_on_second, with_reset ? &reset : NULL);
                        request(&w, &a, "GET", NULL);
                        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
                        request(&w, &a, methods[i], "{\"b\":2}");
                        assert_int_equal(a.result.outcome, HTTP_BROKEN);
                        assert_int_equal(rawserver_n_requests(w.server), 2);
                        assert_true(*a.text);
                        /* And the next one works, on a new connection. */
                        request(&w, &a, methods[i], "{\"b\":2}");
                        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
                        assert_int_equal(rawserver_n_requests(w.server), 3);
                        world_close(&w);
                }
}

/* This shows that the test above means something: libcurl does repeat a read in the same situation. */
static void test_read_is_repeated(void **state) {
        struct world w;
        struct answer a;

        (void)state;
        world_open(&w, die_on_second, NULL);
        request(&w, &a, "GET", NULL);
        request(&w, &a, "GET", NULL);
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_int_equal(rawserver_n_requests(w.server), 3);
        world_close(&w);
}

static void test_closed_without_answer(void **state) {
        struct world w;
        struct answer a;
        int reset = 1;

        (void)state;
        for (unsigned with_reset = 0; with_reset < 2; with_reset++) {
                world_open(&w, die_at_once, with_reset ? &reset : NULL);
                request(&w, &a, "PUT", "{}");
                assert_int_equal(a.result.outcome, HTTP_BROKEN);
                assert_int_equal(a.result.code, 0);
                assert_int_equal(rawserver_n_requests(w.server), 1);
                world_close(&w);
        }
}

static void test_refused_connection(void **state) {
        struct world w;
        struct answer a;

        (void)state;
        world_open(&w, echo, NULL);
        rawserver_free(w.server);
        request(&w, &a, "POST", "{}");
        assert_int_equal(a.result.outcome, HTTP_NOT_SENT);
        assert_true(*a.text);
        http_free(w.http);
        sd_event_unref(w.event);
}

/* A time-out closes the socket, and the next request does not use a connection that may be as dead. */
static void test_timeout(void **state) {
        struct world w;
        struct answer a;
        unsigned n_closed = 0;

        (void)state;
        world_open(&w, hang_first, &n_closed);
        begin(&w, &a, "PUT", "{}", 200 * USEC_PER_MSEC);
        run_until(&w, &a.is_there);
        assert_int_equal(a.result.outcome, HTTP_BROKEN);
        http_request_free(a.request);
        for (unsigned i = 0; i < 2000 && !__atomic_load_n(&n_closed, __ATOMIC_SEQ_CST); i++)
                usleep(5000);
        assert_int_equal(__atomic_load_n(&n_closed, __ATOMIC_SEQ_CST), 1);
        request(&w, &a, "PUT", "{}");
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        world_close(&w);
}

/* Freed before the answer: no callback, socket closed. */
static void test_cancel(void **state) {
        struct world w;
        struct answer a, b;
        unsigned n_closed = 0;

        (void)state;
        world_open(&w, hang_first, &n_closed);
        begin(&w, &a, "PUT", "{}", 5 * USEC_PER_SEC);
        run_for(&w, 100 * USEC_PER_MSEC);
        assert_int_equal(rawserver_n_requests(w.server), 1);
        http_request_free(a.request);
        for (unsigned i = 0; i < 2000 && !__atomic_load_n(&n_closed, __ATOMIC_SEQ_CST); i++)
                usleep(5000);
        assert_int_equal(__atomic_load_n(&n_closed, __ATOMIC_SEQ_CST), 1);
        request(&w, &b, "GET", NULL);
        assert_false(a.is_there);
        /* Freed before it began. */
        begin(&w, &a, "PUT", "{}", 5 * USEC_PER_SEC);
        http_request_free(a.request);
        request(&w, &b, "GET", NULL);
        assert_false(a.is_there);
        assert_int_equal(rawserver_n_requests(w.server), 3);
        world_close(&w);
}

/* What goes aside leaves the open connection to the next plain request, and says nothing about it when it fails. */
static void test_aside(void **state) {
        struct world w;
        struct answer a, b;
        const struct http_call call = {
                .method = "POST",
                .path = "/event",
                .body = "{}",
                .content_type = "application/json",
                .timeout_usec = 300 * USEC_PER_MSEC,
                .response_max = 1000,
                .is_aside = true,
                .cb = on_result,
                .userdata = &b,
        };
        unsigned n_closed = 0;

        (void)state;
        world_open(&w, hang_event, &n_closed);
        request(&w, &a, "PUT", "{}");
        b = (struct answer){};
        assert_int_equal(http_start(w.http, &call, &b.request), 0);
        run_for(&w, 50 * USEC_PER_MSEC);
        request(&w, &a, "PUT", "{}");
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_int_equal(rawserver_n_connections(w.server), 2); /* the Event's is the second */
        run_until(&w, &b.is_there);
        assert_int_equal(b.result.outcome, HTTP_BROKEN);
        http_request_free(TAKE_PTR(b.request));
        request(&w, &a, "PUT", "{}");
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_int_equal(rawserver_n_connections(w.server), 2);
        world_close(&w);
}

/* In a callback: the own request and another one, whose answer may be waiting for its turn. */
static void test_free_in_callback(void **state) {
        struct world w;
        struct answer a, b;

        (void)state;
        world_open(&w, echo, NULL);
        begin(&w, &a, "GET", NULL, 5 * USEC_PER_SEC);
        begin(&w, &b, "GET", NULL, 5 * USEC_PER_SEC);
        a.frees_itself = b.frees_itself = true;
        a.free_too = b.request;
        b.free_too = a.request;
        for (unsigned i = 0; i < 500 && !a.is_there && !b.is_there; i++)
                run_for(&w, 10 * USEC_PER_MSEC);
        run_for(&w, 100 * USEC_PER_MSEC);
        assert_true(a.is_there != b.is_there);
        world_close(&w);
}

static void test_bad_answers(void **state) {
        static const struct {
                const char *text;
                enum http_outcome outcome;
                long code;
        } rows[] = {
                {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", HTTP_BROKEN, 200},
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", HTTP_BROKEN, 200},
                {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nxxxxxxxx", HTTP_BROKEN, 200},
                {"not HTTP at all\r\n\r\n", HTTP_BROKEN, 0},
                {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWERED,
                 302},
                {"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nno\n", HTTP_ANSWERED, 429},
                {"HTTP/1.1 503 Down\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWERED, 503},
        };
        struct world w;
        struct answer a;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                world_open(&w, send_fixed, (void *)rows[i].text);
                request(&w, &a, "POST", "{}");
                assert_int_equal(a.result.outcome, rows[i].outcome);
                assert_int_equal(a.result.code, rows[i].code);
                assert_int_equal(a.result.retry_after_usec, rows[i].code == 429   ? 7 * USEC_PER_SEC
                                                            : rows[i].code == 503 ? 60 * USEC_PER_SEC
                                                                                  : 0);
                assert_int_equal(rawserver_n_requests(w.server), 1);
                world_close(&w);
        }
}

static bool large(const struct rawserver_request *q, void *userdata) {
        char body[5001];

        (void)userdata;
        memset(body, 'x', sizeof(body) - 1);
        body[sizeof(body) - 1] = 0;
        rawserver_answer(q->fd, "200 OK", "text/plain", body);
        return true;
}

static void test_too_large(void **state) {
        struct world w;
        struct answer a;

        (void)state;
        world_open(&w, large, NULL);
        request(&w, &a, "GET", NULL);
        assert_int_equal(a.result.outcome, HTTP_TOO_LARGE);
        assert_int_equal(a.result.code, 200);
        assert_non_null(strstr(a.text, "larger than 1000 bytes"));
        world_close(&w);

        world_open(&w, huge_header, NULL);
        request(&w, &a, "GET", NULL);
        assert_int_equal(a.result.outcome, HTTP_BROKEN);
        assert_non_null(strstr(a.text, "header"));
        world_close(&w);
}

static void begin_stream(struct world *w, struct answer *a) {
        const struct http_call call = {.method = "GET",
                                       .path = "/stream",
                                       .response_max = 1000,
                                       .cb = on_result,
                                       .data_cb = on_data,
                                       .userdata = a};

        *a = (struct answer){};
        assert_int_equal(http_start(w->http, &call, &a->request), 0);
}

static void test_stream(void **state) {
        struct world w;
        struct answer a;

        (void)state;
        world_open(&w, stream, NULL);
        begin_stream(&w, &a);
        run_until(&w, &a.is_there);
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_string_equal(a.data, "ab\ncde\n");
        assert_string_equal(a.body, "");
        http_request_free(a.request);
        world_close(&w);

        /* A stream that is refused has an answer like any other. */
        world_open(&w, send_fixed, (void *)"HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nnope");
        begin_stream(&w, &a);
        run_until(&w, &a.is_there);
        assert_int_equal(a.result.code, 403);
        assert_string_equal(a.body, "nope");
        assert_int_equal(a.n_data, 0);
        http_request_free(a.request);
        world_close(&w);

        /* Freed in the data callback: nothing more. */
        world_open(&w, endless_stream, NULL);
        begin_stream(&w, &a);
        a.frees_itself = true;
        for (unsigned i = 0; i < 500 && a.n_data == 0; i++)
                run_for(&w, 10 * USEC_PER_MSEC);
        assert_string_equal(a.data, "ab\n");
        assert_null(a.request);
        run_for(&w, 50 * USEC_PER_MSEC);
        assert_false(a.is_there);
        world_close(&w);
}

/* A stream that says something and then goes dead, for good or for two seconds; and a server that answers once and is
 * cut off for four seconds. */
static bool go_dead(const struct rawserver_request *q, void *userdata) {
        const unsigned *usec = userdata;
        bool is_stream = strstr(q->head, " /stream ") != NULL;

        if (is_stream)
                rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n");
        else
                (void)echo(q, NULL);
        if (q->on_connection == 1) {
                rawserver_drop(q->fd);
                if (*usec == 0)
                        rawserver_wait_closed(q->fd);
                (void)usleep(*usec);
                rawserver_flow(q->fd);
        }
        if (is_stream)
                rawserver_send(q->fd, "4\r\ncde\n\r\n0\r\n\r\n");
        return true;
}

static bool break_off(const struct rawserver_request *q, void *userdata) {
        const unsigned *resets = userdata;

        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n");
        (void)usleep(*resets ? 5500 * USEC_PER_MSEC : 0); /* longer than a peer may be silent: probes were answered */
        if (*resets)
                rawserver_reset(q->fd);
        return false;
}

/* Nothing is sent on an idle stream: probes alone find out, soon. */
static void test_dead_peer(void **state) {
        unsigned usec = 0;
        struct world w;
        struct answer a;
        uint64_t at;

        (void)state;
        if (geteuid() != 0 && !rawserver_can_drop())
                skip();
        world_open(&w, go_dead, &usec);
        begin_stream(&w, &a);
        for (unsigned i = 0; i < 500 && a.n_data == 0; i++)
                run_for(&w, 10 * USEC_PER_MSEC);
        at = now();
        run_until(&w, &a.is_there);
        assert_int_equal(a.result.outcome, HTTP_BROKEN);
        assert_true(a.result.is_dead);
        assert_true(now() - at > 3 * USEC_PER_SEC);
        assert_true(now() - at < 8 * USEC_PER_SEC);
        http_request_free(a.request);
        world_close(&w);

        /* Ended by the other side, in peace or not, it is not. */
        for (unsigned resets = 0; resets < 2; resets++) {
                world_open(&w, break_off, &resets);
                begin_stream(&w, &a);
                run_until(&w, &a.is_there);
                assert_int_equal(a.result.outcome, HTTP_BROKEN);
                assert_false(a.result.is_dead);
                http_request_free(a.request);
                world_close(&w);
        }
}

/* What a lossy or slow link can do to a stream and to a request is borne. */
static void test_short_cut(void **state) {
        unsigned usec = 2 * USEC_PER_SEC;
        struct world w;
        struct answer a;

        (void)state;
        if (geteuid() != 0 && !rawserver_can_drop())
                skip();
        world_open(&w, go_dead, &usec);
        begin_stream(&w, &a);
        run_until(&w, &a.is_there);
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_string_equal(a.data, "ab\ncde\n");
        http_request_free(a.request);
        world_close(&w);

        /* Data in flight is sent again for longer than a stream may be dead: after 0.2, 0.6, 1.4, 3 and 6.2 s. */
        usec = 4 * USEC_PER_SEC;
        world_open(&w, go_dead, &usec);
        request(&w, &a, "GET", NULL);
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        run_for(&w, 200 * USEC_PER_MSEC);
        begin(&w, &a, "PUT", "{}", 15 * USEC_PER_SEC);
        run_until(&w, &a.is_there);
        assert_int_equal(a.result.outcome, HTTP_ANSWERED);
        assert_int_equal(rawserver_n_connections(w.server), 1);
        http_request_free(a.request);
        world_close(&w);
}

/* Many megabytes while the reader is slow: nothing is lost, and little is held. */
struct flood {
        size_t n;
        bool is_done;
        size_t largest;
        bool holds, is_held; /* says after each piece that it has enough */
        struct http_request *request;
};

static void on_flood(const char *data, size_t n, void *userdata) {
        struct flood *f = userdata;

        assert_false(f->is_held);
        for (size_t i = 0; i < n; i++)
                if (data[i] != (char)('a' + (f->n + i) % 16))
                        fail();
        f->n += n;
        f->largest = n > f->largest ? n : f->largest;
        f->is_held = f->holds;
        if (f->holds)
                http_request_hold(f->request);
        else
                usleep(200);
}

static void on_flood_end(const struct http_result *r, void *userdata) {
        struct flood *f = userdata;

        assert_int_equal(r->outcome, HTTP_ANSWERED);
        assert_false(f->is_held);
        f->is_done = true;
}

static bool flood(const struct rawserver_request *q, void *userdata) {
        char chunk[16385];

        (void)userdata;
        for (size_t i = 0; i < sizeof(chunk) - 1; i++)
                chunk[i] = (char)('a' + i % 16);
        chunk[sizeof(chunk) - 1] = 0;
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (unsigned i = 0; i < 1024; i++) {
                rawserver_send(q->fd, "4000\r\n");
                rawserver_send(q->fd, chunk);
                rawserver_send(q->fd, "\r\n");
        }
        rawserver_send(q->fd, "0\r\n\r\n");
        return true;
}

static void test_flood(void **state) {
        struct world w;
        struct flood f = {};
        const struct http_call call = {.method = "GET",
                                       .path = "/x",
                                       .response_max = 1000,
                                       .cb = on_flood_end,
                                       .data_cb = on_flood,
                                       .userdata = &f};
        uint64_t end = now() + HANG_USEC;

        (void)state;
        world_open(&w, flood, NULL);
        assert_int_equal(http_start(w.http, &call, &f.request), 0);
        run_until(&w, &f.is_done);
        assert_int_equal(f.n, (size_t)1024 * 16384);
        assert_true(f.largest <= (size_t)512 * 1024);
        f.request = http_request_free(f.request);

        /* A reader that wants nothing now and then: neither data nor the end comes meanwhile, and nothing is lost. */
        f = (struct flood){.holds = true};
        assert_int_equal(http_start(w.http, &call, &f.request), 0);
        while (!f.is_done) {
                assert_true(now() < end);
                assert_true(sd_event_run(w.event, f.is_held ? 0 : 100 * USEC_PER_MSEC) >= 0);
                if (!f.is_held)
                        continue;
                for (unsigned i = 0; i < 3; i++)
                        assert_true(sd_event_run(w.event, 0) >= 0);
                f.is_held = false;
                http_request_resume(f.request);
        }
        assert_int_equal(f.n, (size_t)1024 * 16384);
        assert_true(f.largest <= (size_t)512 * 1024);
        f.request = http_request_free(f.request);
        world_close(&w);
}

/* "/" is the directory of a chroot and no mount point: what is mounted below it could be seen by others. */
#define NO_MOUNT_POINT 8

/* In a world of its own, whose name server never answers. Returns 0 when the loop went on turning. */
static int resolve_in_vain(const char *resolv_conf) {
        struct sockaddr_in a = {
                .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        struct kubeconfig config = {.server = (char *)"http://api.example.org:6443"};
        struct answer answer = {};
        const struct http_call call = {.method = "GET",
                                       .path = "/x",
                                       .timeout_usec = 300 * USEC_PER_MSEC,
                                       .response_max = 1000,
                                       .cb = on_result,
                                       .userdata = &answer};
        struct http *http;
        sd_event *event;
        uint64_t end = now() + HANG_USEC;
        int fd;

        if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
                return 2;
        fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
                return 3;
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return errno == EINVAL ? NO_MOUNT_POINT : 3;
        if (mount(resolv_conf, "/etc/resolv.conf", NULL, MS_BIND, NULL) < 0)
                return 3;
        if (sd_event_new(&event) < 0 || http_new(&http, event, &config, "test/1", NULL) < 0 ||
            http_start(http, &call, &answer.request) < 0)
                return 4;
        while (!answer.is_there && now() < end)
                if (sd_event_run(event, 100 * USEC_PER_MSEC) < 0)
                        return 5;
        http_request_free(answer.request);
        http_free(http);
        sd_event_unref(event);
        if (now() >= end)
                return 6;
        return answer.result.outcome == HTTP_NOT_SENT ? 0 : 7;
}

/* A name lookup that hangs blocks neither the loop nor the end of the program. The lookup itself takes a minute. */
static void test_hanging_lookup(void **state) {
        struct tempdir dir;
        const char *resolv_conf;
        int status;
        pid_t pid;

        (void)state;
        if (geteuid() != 0 || access("/etc/resolv.conf", F_OK) < 0) {
                print_message("SKIPPED: needs root and /etc/resolv.conf\n");
                skip();
        }
        tempdir_make(&dir);
        resolv_conf = tempdir_write(&dir, "resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:2\n");
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(resolve_in_vain(resolv_conf));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        tempdir_remove(&dir);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MOUNT_POINT) {
                print_message("SKIPPED: \"/\" is not a mount point; in a chroot, bind its directory to itself first\n");
                skip();
        }
        assert_int_equal(status, 0);
}

static bool fine(const struct rawserver_request *q, void *userdata) {
        (void)userdata;
        rawserver_answer(q->fd, "200 OK", "text/plain", "fine");
        return true;
}

/* In a world of its own, whose /etc/hosts is this file. Returns 0 when all went as it should. */
static int follow_a_name(struct tempdir *dir) {
        const char *hosts = tempdir_write(dir, "hosts", "127.0.0.2 api.test\n");
        struct answer a;
        struct world w = {};

        if (unshare(CLONE_NEWNS) < 0)
                return 2;
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount(hosts, "/etc/hosts", NULL, MS_BIND, NULL) < 0)
                return 3;
        w.server = rawserver_new(fine, NULL); /* on 127.0.0.1 */
        (void)snprintf(w.url, sizeof(w.url), "http://api.test:%u", rawserver_port(w.server));
        w.config.server = w.url;
        if (sd_event_new(&w.event) < 0 || http_new(&w.http, w.event, &w.config, "test/1", NULL) < 0)
                return 4;
        request(&w, &a, "GET", NULL);
        if (a.result.outcome != HTTP_NOT_SENT)
                return 5;
        /* It moves: the next attempt finds it there. */
        (void)tempdir_write(dir, "hosts", "127.0.0.1 api.test\n");
        request(&w, &a, "GET", NULL);
        if (a.result.outcome != HTTP_ANSWERED)
                return 6;
        world_close(&w);
        /* Several addresses, of which the last one answers: one request tries them all. */
        (void)tempdir_write(dir, "hosts", "127.0.0.2 api.test\n127.0.0.3 api.test\n127.0.0.1 api.test\n");
        w.server = rawserver_new(fine, NULL);
        (void)snprintf(w.url, sizeof(w.url), "http://api.test:%u", rawserver_port(w.server));
        if (sd_event_new(&w.event) < 0 || http_new(&w.http, w.event, &w.config, "test/1", NULL) < 0)
                return 7;
        request(&w, &a, "GET", NULL);
        if (a.result.outcome != HTTP_ANSWERED)
                return 8;
        world_close(&w);
        return 0;
}

/* After a failed connect the name is resolved anew, not a minute later; and every address of it is tried. */
static void test_name_moves(void **state) {
        struct tempdir dir;
        int status;
        pid_t pid;

        (void)state;
        if (geteuid() != 0) {
                print_message("SKIPPED: needs root\n");
                skip();
        }
        tempdir_make(&dir);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(follow_a_name(&dir));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        tempdir_remove(&dir);
        assert_int_equal(status, 0);
}

static void test_bad_config(void **state) {
        static const char *const servers[] = {"ftp://x", "https://", "", "https://user:pw@x/", "http://[::1"};
        struct kubeconfig config = {};
        struct http *http = NULL;
        sd_event *event;
        unsigned n_refused = 0;

        (void)state;
        assert_int_equal(sd_event_new(&event), 0);
        for (size_t i = 0; i < ELEMENTSOF(servers); i++) {
                struct err err = {};

                config.server = (char *)servers[i];
                if (http_new(&http, event, &config, "test/1", &err) < 0) {
                        assert_non_null(strstr(err.text, "server"));
                        n_refused++;
                } else
                        http_free(TAKE_PTR(http));
        }
        assert_int_equal(n_refused, ELEMENTSOF(servers));
        sd_event_unref(event);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_request),
                cmocka_unit_test(test_no_token_without_tls),
                cmocka_unit_test(test_headers),
                cmocka_unit_test(test_no_tls),
                cmocka_unit_test(test_read_again),
                cmocka_unit_test(test_write_is_never_repeated),
                cmocka_unit_test(test_read_is_repeated),
                cmocka_unit_test(test_closed_without_answer),
                cmocka_unit_test(test_refused_connection),
                cmocka_unit_test(test_timeout),
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_aside),
                cmocka_unit_test(test_free_in_callback),
                cmocka_unit_test(test_bad_answers),
                cmocka_unit_test(test_too_large),
                cmocka_unit_test(test_stream),
                cmocka_unit_test(test_dead_peer),
                cmocka_unit_test(test_short_cut),
                cmocka_unit_test(test_flood),
                cmocka_unit_test(test_hanging_lookup),
                cmocka_unit_test(test_name_moves),
                cmocka_unit_test(test_bad_config),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
