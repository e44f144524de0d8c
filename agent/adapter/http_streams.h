/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection a stream goes over: groups of streams, each with a set of connections of its own, one where the
 * server speaks HTTP/2. For http.c only. */
#pragma once

#include "adapter/http_loop.h"

/* An API server lets 100 streams into a connection. From the 101st on libcurl 7.88 made a connection for each further
 * one; the rest is for requests that go with the streams. */
#define HTTP_GROUP_STREAMS 64
/* Up to 512 streams. Beyond, all groups grow alike: to 800 streams they still are eight connections. */
#define HTTP_GROUPS_MAX 8

struct http_group {
        struct http_loop loop;
        unsigned n; /* who has joined */
};

struct http_streams {
        sd_event *event;
        const struct http_loop_calls *calls;
        void *userdata;
        struct http_group *groups[HTTP_GROUPS_MAX]; /* an empty one stays, with its idle connection */
        size_t n_groups;
};

/* Makes the first group. calls and userdata as of http_loop_init(). Returns -errno. */
int http_streams_init(struct http_streams *s, sd_event *event, const struct http_loop_calls *calls, void *userdata);
/* All must have left. A zeroed struct is fine. */
void http_streams_done(struct http_streams *s);
/* is_stream: else a request that is soon over, which makes no connection of its own. Returns NULL without memory. */
struct http_group *http_streams_join(struct http_streams *s, bool is_stream);
/* Its transfer must have been removed. NULL is fine. */
void http_streams_leave(struct http_group *group);
