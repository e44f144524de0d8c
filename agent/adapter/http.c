/* SPDX-License-Identifier: Apache-2.0 */
/* One request from http_start() to its callback: libcurl's callbacks only collect, on_defer() alone delivers.
 * Connections are made as http_setup.c says and driven by http_loop.c. */
#include "adapter/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "adapter/http_loop.h"
#include "adapter/http_setup.h"
#include "adapter/http_streams.h"
#include "base/clock.h"
#include "base/retry.h"

/* Header fields of one answer together. */
#define HTTP_HEADER_MAX ((size_t)64 * 1024)
/* A stream whose reader is this far behind is paused. */
#define HTTP_STREAM_BUFFER ((size_t)256 * 1024)
/* How long a stream waits for credentials. */
#define HTTP_STREAM_WAIT_USEC (5 * USEC_PER_SEC)

struct http {
        sd_event *event;
        struct http_setup setup;
        struct http_loop plain; /* a renewal is one of these: never behind another request, nor behind a stream */
        struct http_streams streams;
        sd_event_source *defer;
        char *user_agent;
        uint64_t suspect_at_usec;          /* CLOCK_MONOTONIC of the last plain request without an answer, 0: none */
        struct http_request *requests;     /* all */
        struct http_request *first, *last; /* those with something to deliver, in order */
        enum http_gate gate;
        char gate_text[512];
        uint64_t patience_usec; /* 0: a request's own time */
        char *token;
};

/* A call that waits for credentials. */
struct http_waiting {
        struct http_call call; /* its texts are these, its body is in the request */
        char *method, *path, *content_type;
        uint64_t since_usec;
        sd_event_source *timer;
};

struct http_request {
        struct http *http;
        struct http_group *group;             /* NULL: a plain request */
        struct http_loop *loop;               /* of the group, or http->plain */
        struct http_request *next, *previous; /* in http->requests */
        struct http_request *next_ready;
        bool is_ready; /* is in the queue of http->first */
        struct http_waiting *waiting;

        CURL *easy;
        bool is_added; /* libcurl works on it */
        bool is_done;  /* libcurl is through with it */
        bool is_held;  /* its reader wants nothing for now */
        bool is_paused, is_too_large;
        struct curl_slist *headers;
        char *body;
        size_t n_body, body_at;
        char error[CURL_ERROR_SIZE];

        char *data; /* answer; of a stream: what was not delivered yet */
        size_t n_data, allocated, n_headers, response_max;

        http_cb cb;
        http_data_cb data_cb;
        void *userdata;
        struct http_result result;
        char text[512];
};

const char *http_server(const struct http *http) {
        return http->setup.config->server;
}

const char *http_look(struct http *http, struct credentials_term *ret) {
        http_setup_refresh(&http->setup, /* anew= */ false);
        *ret = http->setup.tls ? http->setup.tls->cert_term : (struct credentials_term){};
        return http->setup.problem;
}

/* ---- delivery: callbacks run in on_defer() and nowhere else, as the last thing it does, so that they may free
 * whatever they like ---- */

static void make_ready(struct http_request *q) {
        struct http *http = q->http;

        if (q->is_ready || q->is_held)
                return;
        q->is_ready = true;
        q->next_ready = NULL;
        if (http->last)
                http->last->next_ready = q;
        else
                http->first = q;
        http->last = q;
        (void)sd_event_source_set_enabled(http->defer, SD_EVENT_ON); /* fails only for a loop that has ended */
}

static void unqueue(struct http_request *q) {
        struct http *http = q->http;
        struct http_request **p = &http->first, *before = NULL;

        if (!q->is_ready)
                return;
        while (*p != q) {
                before = *p;
                p = &before->next_ready;
        }
        *p = q->next_ready;
        if (http->last == q)
                http->last = before;
        q->is_ready = false;
        if (!http->first)
                (void)sd_event_source_set_enabled(http->defer, SD_EVENT_OFF);
}

static int on_defer(_unused_ sd_event_source *source, void *userdata) {
        struct http *http = userdata;
        struct http_request *q = http->first;

        if (!q)
                return 0;
        unqueue(q);

        if (q->data_cb && q->n_data > 0 && q->result.code / 100 == 2) {
                _cleanup_free_ char *data = TAKE_PTR(q->data);
                size_t n = q->n_data;

                q->n_data = q->allocated = 0;
                if (q->is_done)
                        make_ready(q); /* the end comes in a later turn */
                else if (q->is_paused) {
                        q->is_paused = false;
                        (void)curl_easy_pause(q->easy, CURLPAUSE_CONT); /* a failure ends the transfer */
                }
                q->data_cb(data, n, q->userdata); /* may have freed q and http */
                return 0;
        }
        if (q->is_done) {
                _cleanup_free_ char *body = TAKE_PTR(q->data);
                struct http_result result = q->result;
                char text[sizeof(q->text)];

                (void)util_copy(text, sizeof(text), q->text);
                result.body = body ? body : "";
                result.n_body = q->n_data;
                result.text = text;
                q->n_data = q->allocated = 0;
                q->cb(&result, q->userdata); /* may have freed q and http */
        }
        return 0;
}

bool http_request_is_open(const struct http_request *q) {
        long code = 0;

        return curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK && code / 100 == 2;
}

void http_request_hold(struct http_request *q) {
        q->is_held = true;
        unqueue(q);
}

void http_request_resume(struct http_request *q) {
        q->is_held = false;
        if (q->is_done || q->n_data > 0)
                make_ready(q);
}

/* ---- libcurl's callbacks ---- */

static size_t on_header(_unused_ char *line, size_t size, size_t n, void *userdata) {
        struct http_request *q = userdata;

        q->n_headers += size * n;
        return q->n_headers > HTTP_HEADER_MAX ? 0 : size * n;
}

static int reserve(struct http_request *q, size_t n) {
        size_t need = q->n_data + n + 1, allocated = q->allocated ? q->allocated : 2048;
        char *data;

        if (need <= q->allocated)
                return 0;
        while (allocated < need)
                allocated *= 2;
        data = realloc(q->data, allocated);
        if (!data)
                return -ENOMEM;
        q->data = data;
        q->allocated = allocated;
        return 0;
}

static size_t on_write(char *data, size_t size, size_t n_items, void *userdata) {
        struct http_request *q = userdata;
        size_t n = size * n_items;
        bool is_stream;

        (void)curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &q->result.code);
        is_stream = q->data_cb && q->result.code / 100 == 2;
        if (is_stream && q->n_data > 0 && q->n_data + n > HTTP_STREAM_BUFFER) {
                q->is_paused = true;
                return CURL_WRITEFUNC_PAUSE;
        }
        if (!is_stream && (n > q->response_max || q->n_data > q->response_max - n)) {
                q->is_too_large = true;
                return 0;
        }
        if (reserve(q, n) < 0)
                return 0;
        memcpy(q->data + q->n_data, data, n);
        q->n_data += n;
        q->data[q->n_data] = 0;
        if (is_stream)
                make_ready(q);
        return n;
}

static size_t on_read(char *buffer, size_t size, size_t n_items, void *userdata) {
        struct http_request *q = userdata;
        size_t n = size * n_items, left = q->n_body - q->body_at;

        if (n > left)
                n = left;
        memcpy(buffer, q->body + q->body_at, n);
        q->body_at += n;
        return n;
}

/* libcurl asks this when it wants to send the body once more, on another connection. The first copy may have been
 * executed. */
static int on_seek(void *userdata, curl_off_t offset, int origin) {
        struct http_request *q = userdata;

        return origin == SEEK_SET && offset == (curl_off_t)q->body_at ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static void on_done(CURL *easy, CURLcode code) {
        struct http_request *q = NULL;
        curl_off_t retry_after = 0;
        long n_sent = 0;

        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &q);
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &q->result.code);
        (void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &n_sent);
        (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
        q->is_added = false;
        q->is_done = true;
        if (retry_after > 0)
                q->result.retry_after_usec =
                        (uint64_t)(retry_after < RETRY_AFTER_MAX_SEC ? retry_after : RETRY_AFTER_MAX_SEC) *
                        USEC_PER_SEC;

        if (code == CURLE_OK)
                q->result.outcome = HTTP_ANSWERED;
        else if (q->is_too_large)
                q->result.outcome = HTTP_TOO_LARGE;
        else
                q->result.outcome = n_sent == 0 ? HTTP_NOT_SENT : HTTP_BROKEN;
        /* All streams of a connection end with it. */
        q->result.is_dead = q->result.outcome == HTTP_BROKEN && q->loop->dead_at_usec > 0 &&
                            clock_monotonic_usec() - q->loop->dead_at_usec < USEC_PER_SEC;
        if (q->is_too_large)
                (void)snprintf(q->text, sizeof(q->text), "answer is larger than %zu bytes", q->response_max);
        else if (code == CURLE_SEND_FAIL_REWIND)
                (void)snprintf(q->text, sizeof(q->text), "connection was closed before the answer");
        else if (q->n_headers > HTTP_HEADER_MAX)
                (void)snprintf(q->text, sizeof(q->text), "header of the answer is larger than %zu bytes",
                               HTTP_HEADER_MAX);
        else if (code != CURLE_OK)
                http_text(code, q->error, q->text, sizeof(q->text));
        q->loop->is_lost = q->result.outcome == HTTP_NOT_SENT || q->result.outcome == HTTP_BROKEN;
        if (!q->group && q->result.outcome != HTTP_ANSWERED)
                q->http->suspect_at_usec = clock_monotonic_usec();
        make_ready(q);
}

/* What is begun again goes over another connection. */
static void on_stuck(struct http_loop *loop, void *userdata) {
        const struct http *http = userdata;

        for (struct http_request *q = http->requests; q; q = q->next) {
                if (q->loop != loop || !q->is_added)
                        continue;
                (void)curl_multi_remove_handle(loop->multi, q->easy);
                (void)util_copy(q->error, sizeof(q->error),
                                "the connection stood still, though there was something to read");
                on_done(q->easy, CURLE_RECV_ERROR);
        }
}

/* A plain request that stands still ends with its time-out; its connection would take others with it. */
static const struct http_loop_calls plain_calls = {.done = on_done};
static const struct http_loop_calls stream_calls = {.done = on_done, .stuck = on_stuck};

/* ---- requests ---- */

static int add_header(struct http_request *q, const char *name, const char *value) {
        _cleanup_free_ char *line = NULL;
        struct curl_slist *l;

        if (asprintf(&line, "%s%s%s", name, value ? " " : "", value ? value : "") < 0) {
                line = NULL;
                return -ENOMEM;
        }
        l = curl_slist_append(q->headers, line);
        if (strncmp(name, "Authorization:", strlen("Authorization:")) == 0)
                explicit_bzero(line, strlen(line));
        if (!l)
                return -ENOMEM;
        q->headers = l;
        return 0;
}

static int add_headers(struct http_request *q, const struct http_call *call) {
        const struct http_setup *setup = &q->http->setup;
        const char *token = call->token ? call->token : q->http->token;
        int r = add_header(q, "Accept:", "application/json");

        if (r >= 0 && setup->host_header)
                r = add_header(q, setup->host_header, NULL);
        if (r >= 0 && token && setup->is_tls)
                r = add_header(q, "Authorization: Bearer", token);
        else if (r >= 0 && setup->config->basic && setup->is_tls)
                r = add_header(q, "Authorization: Basic", setup->config->basic);
        for (size_t i = 0; r >= 0 && i < setup->config->n_headers; i++)
                r = add_header(q, setup->config->headers[i], NULL);
        if (r >= 0 && call->body)
                r = add_header(q, "Content-Type:", call->content_type);
        if (r >= 0)
                r = add_header(q, "Expect:", NULL); /* none: one round trip, and no wait for a server that ignores it */
        return r;
}

#define SET(q, option, value)                                                                                          \
        do {                                                                                                           \
                if (curl_easy_setopt((q)->easy, option, value) != CURLE_OK)                                            \
                        return -ENOMEM; /* nothing else can be wrong with these */                                     \
        } while (0)

static int set_request(struct http_request *q, const struct http_call *call) {
        _cleanup_free_ char *url = NULL;
        long age_sec = HTTP_LIFETIME_MAX_SEC;

        if (asprintf(&url, "%s%s", q->http->setup.url, call->path) < 0) {
                url = NULL;
                return -ENOMEM;
        }
        SET(q, CURLOPT_URL, url);
        SET(q, CURLOPT_USERAGENT, q->http->user_agent);
        SET(q, CURLOPT_HTTPHEADER, q->headers);
        SET(q, CURLOPT_PRIVATE, q);
        SET(q, CURLOPT_ERRORBUFFER, q->error);
        SET(q, CURLOPT_HEADERFUNCTION, on_header);
        SET(q, CURLOPT_HEADERDATA, q);
        SET(q, CURLOPT_WRITEFUNCTION, on_write);
        SET(q, CURLOPT_WRITEDATA, q);
        if (q->body) {
                SET(q, CURLOPT_UPLOAD, 1L);
                SET(q, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->n_body);
                SET(q, CURLOPT_READFUNCTION, on_read);
                SET(q, CURLOPT_READDATA, q);
                SET(q, CURLOPT_SEEKFUNCTION, on_seek);
                SET(q, CURLOPT_SEEKDATA, q);
        }
        SET(q, CURLOPT_CUSTOMREQUEST, call->method);
        if (call->timeout_usec > 0)
                SET(q, CURLOPT_TIMEOUT_MS, (long)((call->timeout_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC));
        /* One dead connection is seldom alone: of those that were open when a request got no answer, none is used
         * again. */
        if (!q->group && q->http->suspect_at_usec > 0) {
                age_sec = (long)((clock_monotonic_usec() - q->http->suspect_at_usec) / USEC_PER_SEC);
                if (age_sec > 0 && age_sec < HTTP_LIFETIME_MAX_SEC)
                        SET(q, CURLOPT_MAXLIFETIME_CONN, age_sec);
        }
        /* The server may have moved: what is known of it is found out anew. */
        if (q->loop->is_lost)
                SET(q, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
        SET(q, CURLOPT_FRESH_CONNECT, (long)(call->is_fresh || age_sec == 0));
        if (q->group) {
                SET(q, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
                SET(q, CURLOPT_PIPEWAIT, 1L);
        } else
                SET(q, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        return 0;
}

/* Nothing is sent, and the reason is the answer. */
static void refuse(struct http_request *q, const char *text) {
        q->result.outcome = HTTP_NOT_SENT;
        q->result.sent_at_usec = clock_boottime_usec();
        (void)util_copy(q->text, sizeof(q->text), text);
        q->is_done = true;
        make_ready(q);
}

/* Hands it to libcurl. */
static int begin(struct http_request *q, const struct http_call *call) {
        struct http *http = q->http;
        int r;

        /* After a failure also when they look the same: the server may have a certificate of another CA. */
        http_setup_refresh(&http->setup, q->loop->is_lost);
        r = http_setup_apply(&http->setup, q->easy, /* is_stream= */ q->group, NULL);
        if (r >= 0)
                r = add_headers(q, call);
        if (r >= 0)
                r = set_request(q, call);
        if (r < 0)
                return r;
        /* Certificates or key could never be read. */
        if (http->setup.is_tls && !http->setup.tls) {
                q->loop->is_lost = true;
                refuse(q, http->setup.problem);
                return 0;
        }
        q->result.sent_at_usec = clock_boottime_usec();
        if (curl_multi_add_handle(q->loop->multi, q->easy) != CURLM_OK)
                return -ENOMEM;
        q->is_added = true;
        return 0;
}

/* ---- requests that wait for credentials ---- */

static struct http_waiting *waiting_free(struct http_waiting *w) {
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->timer);
        free(w->method);
        free(w->path);
        free(w->content_type);
        free(w);
        return NULL;
}

static int on_waited(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        struct http_request *q = userdata;

        q->waiting = waiting_free(q->waiting);
        refuse(q, q->http->gate_text);
        return 0;
}

static int wait_for_gate(struct http_request *q, const struct http_call *call) {
        uint64_t limit_usec = q->http->patience_usec   ? q->http->patience_usec
                              : call->timeout_usec > 0 ? call->timeout_usec
                                                       : HTTP_STREAM_WAIT_USEC;
        struct http_waiting *w = calloc(1, sizeof(*w));

        q->waiting = w;
        if (!w)
                return -ENOMEM;
        w->method = strdup(call->method);
        w->path = strdup(call->path);
        w->content_type = call->content_type ? strdup(call->content_type) : NULL;
        if (!w->method || !w->path || (call->content_type && !w->content_type))
                return -ENOMEM;
        w->since_usec = clock_boottime_usec();
        w->call = *call;
        w->call.method = w->method;
        w->call.path = w->path;
        w->call.content_type = w->content_type;
        w->call.body = q->body;
        w->call.token = NULL;
        return sd_event_add_time_relative(q->http->event, &w->timer, CLOCK_BOOTTIME, limit_usec, 1, on_waited, q);
}

/* What is left of its time is for the server: as if connecting had taken that long. */
static void go(struct http_request *q) {
        struct http_waiting *w = TAKE_PTR(q->waiting);
        uint64_t waited_usec = q->http->patience_usec ? 0 : clock_boottime_usec() - w->since_usec;

        if (w->call.timeout_usec > 0 && waited_usec >= w->call.timeout_usec)
                refuse(q, q->http->gate_text);
        else {
                w->call.timeout_usec = util_usec_sub(w->call.timeout_usec, waited_usec);
                if (begin(q, &w->call) < 0)
                        refuse(q, "out of memory");
        }
        (void)waiting_free(w);
}

void http_set_gate(struct http *http, enum http_gate gate, const char *text) {
        http->gate = gate;
        if (gate != HTTP_GATE_OPEN)
                (void)snprintf(http->gate_text, sizeof(http->gate_text), "%s", text);
        for (struct http_request *q = http->requests; q && gate != HTTP_GATE_WAITING; q = q->next) {
                if (!q->waiting)
                        continue;
                if (gate == HTTP_GATE_OPEN)
                        go(q);
                else {
                        q->waiting = waiting_free(q->waiting);
                        refuse(q, http->gate_text);
                }
        }
}

void http_set_patience(struct http *http, uint64_t usec) {
        http->patience_usec = usec;
}

static void forget_token(struct http *http) {
        if (http->token)
                explicit_bzero(http->token, strlen(http->token));
        free(TAKE_PTR(http->token));
}

int http_set_identity(struct http *http, const char *token) {
        char *copy = token ? strdup(token) : NULL;

        if (token && !copy)
                return -ENOMEM;
        forget_token(http);
        http->token = copy;
        http_setup_forget(&http->setup);
        http_setup_refresh(&http->setup, /* anew= */ true);
        return 0;
}

int http_start(struct http *http, const struct http_call *call, struct http_request **ret) {
        struct http_request *q = calloc(1, sizeof(*q));
        int r;

        if (!q)
                return -ENOMEM;
        q->http = http;
        q->response_max = call->response_max;
        q->cb = call->cb;
        q->data_cb = call->data_cb;
        q->userdata = call->userdata;
        q->next = http->requests;
        if (q->next)
                q->next->previous = q;
        http->requests = q;

        if (call->data_cb || call->is_aside) {
                q->group = http_streams_join(&http->streams, call->data_cb);
                if (!q->group) {
                        (void)http_request_free(q);
                        return -ENOMEM;
                }
        }
        q->loop = q->group ? &q->group->loop : &http->plain;
        q->easy = curl_easy_init();
        q->body = call->body ? strdup(call->body) : NULL;
        q->n_body = q->body ? strlen(q->body) : 0;
        r = !q->easy || (call->body && !q->body) ? -ENOMEM : 0;
        if (r >= 0)
                switch (http->gate) {
                case HTTP_GATE_OPEN:
                        r = begin(q, call);
                        break;
                case HTTP_GATE_WAITING:
                        r = wait_for_gate(q, call);
                        break;
                case HTTP_GATE_SHUT:
                        refuse(q, http->gate_text);
                        break;
                }
        if (r < 0) {
                (void)http_request_free(q);
                return r;
        }
        *ret = q;
        return 0;
}

struct http_request *http_request_free(struct http_request *q) {
        if (!q)
                return NULL;
        unqueue(q);
        if (q->previous)
                q->previous->next = q->next;
        else
                q->http->requests = q->next;
        if (q->next)
                q->next->previous = q->previous;
        if (q->is_added)
                (void)curl_multi_remove_handle(q->loop->multi, q->easy);
        curl_easy_cleanup(q->easy);
        http_streams_leave(q->group);
        /* A header line of it may be the token. */
        for (struct curl_slist *l = q->headers; l; l = l->next)
                explicit_bzero(l->data, strlen(l->data));
        curl_slist_free_all(q->headers);
        (void)waiting_free(q->waiting);
        free(q->body);
        free(q->data);
        free(q);
        return NULL;
}

int http_new(struct http **ret, sd_event *event, const struct kubeconfig *config, const char *user_agent,
             struct err *err) {
        _cleanup_(http_freep) struct http *http = calloc(1, sizeof(*http));
        CURL *probe;
        struct sigaction sa;
        int r;

        if (!http)
                return -ENOMEM;
        /* OpenSSL writes to sockets that the peer may have closed. */
        if (sigaction(SIGPIPE, NULL, &sa) >= 0 && sa.sa_handler == SIG_DFL) {
                sa.sa_handler = SIG_IGN;
                (void)sigaction(SIGPIPE, &sa, NULL);
        }
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                free(TAKE_PTR(http));
                return err_setf(err, -EINVAL, "libcurl cannot be initialised");
        }
        http->event = sd_event_ref(event);
        http->user_agent = strdup(user_agent);
        if (!http->user_agent)
                return -ENOMEM;
        r = http_setup_init(&http->setup, config, err);
        if (r >= 0)
                r = http_loop_init(&http->plain, event, /* max_idle= */ 4, &plain_calls, http);
        if (r >= 0)
                r = http_streams_init(&http->streams, event, &stream_calls, http);
        if (r >= 0)
                r = sd_event_add_defer(event, &http->defer, on_defer, http);
        if (r >= 0)
                r = sd_event_source_set_enabled(http->defer, SD_EVENT_OFF);
        if (r < 0)
                return r;

        /* What libcurl refuses is said now, not with each request. */
        probe = curl_easy_init();
        r = probe ? http_setup_apply(&http->setup, probe, /* is_stream= */ false, err) : -ENOMEM;
        curl_easy_cleanup(probe);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(http);
        return 0;
}

struct http *http_free(struct http *http) {
        if (!http)
                return NULL;
        sd_event_source_disable_unref(http->defer);
        http_loop_done(&http->plain);
        http_streams_done(&http->streams);
        http_setup_done(&http->setup);
        forget_token(http);
        free(http->user_agent);
        sd_event_unref(http->event);
        free(http);
        curl_global_cleanup();
        return NULL;
}
