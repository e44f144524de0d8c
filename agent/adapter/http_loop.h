/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl multi handle (a set of connections) driven by an sd-event loop. For http.c only. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

/* A transfer has ended; called outside of libcurl's callbacks. */
typedef void (*http_loop_done_cb)(CURL *easy, CURLcode result);

struct http_loop {
        CURLM *multi;
        sd_event *event;
        sd_event_source *timer;
        http_loop_done_cb done;
        bool is_lost;          /* of the transfers that ended the last one had no answer; kept by http.c */
        uint64_t dead_at_usec; /* CLOCK_MONOTONIC: when a connection failed last whose peer was not heard of for 5 s,
                                * though streams are probed more often (http_setup.c); 0: never */
};

/* max_idle: connections kept open for later. The struct must not move until http_loop_done(). Returns -errno. */
int http_loop_init(struct http_loop *loop, sd_event *event, long max_idle, http_loop_done_cb done);
/* Closes all connections; all transfers must have been removed before. A zeroed struct is fine. */
void http_loop_done(struct http_loop *loop);
