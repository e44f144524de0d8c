/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl multi handle (a set of connections) driven by an sd-event loop. For http.c only. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct http_loop;

/* Called outside of libcurl's callbacks; neither may touch the loop itself. */
struct http_loop_calls {
        void (*done)(CURL *easy, CURLcode result); /* a transfer has ended, and is removed */
        /* A connection spins: it is readable without end, and libcurl reads nothing. All transfers of the loop must be
         * removed: their connections are closed then. NULL: none is looked for. */
        void (*stuck)(struct http_loop *loop, void *userdata);
};

/* A look at the wake-ups of one socket. */
struct http_spin {
        int fd;
        unsigned n; /* wake-ups so far, 0: no look */
        uint64_t since_usec, n_moved;
};

struct http_loop {
        CURLM *multi;
        sd_event *event;
        sd_event_source *timer;
        const struct http_loop_calls *calls;
        void *userdata;
        long max_idle;
        struct http_spin spin;
        bool is_lost;          /* of the transfers that ended the last one had no answer; kept by http.c */
        uint64_t dead_at_usec; /* CLOCK_MONOTONIC: when a connection failed last whose peer was not heard of for 5 s,
                                * though streams are probed more often (http_setup.c); 0: never */
};

/* max_idle: connections kept open for later. calls is borrowed. The struct must not move until http_loop_done().
 * Returns -errno. */
int http_loop_init(struct http_loop *loop, sd_event *event, long max_idle, const struct http_loop_calls *calls,
                   void *userdata);
/* Closes all connections; all transfers must have been removed before. A zeroed struct is fine. */
void http_loop_done(struct http_loop *loop);
