/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's sockets and its one timeout as sources of an sd-event loop. Delivers nothing: what has finished is handed
 * to http.c. */
#include "adapter/http_loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/util.h"

#define HTTP_LOOP_DEAD_MSEC 5000
/* After an error of libcurl. */
#define AGAIN_USEC (500 * USEC_PER_MSEC)

static void take_finished(struct http_loop *loop) {
        CURLMsg *m;
        int left;

        while ((m = curl_multi_info_read(loop->multi, &left))) {
                CURL *easy = m->easy_handle;
                CURLcode result = m->data.result;

                if (m->msg != CURLMSG_DONE)
                        continue;
                /* m is gone after this. */
                (void)curl_multi_remove_handle(loop->multi, easy);
                loop->done(easy, result);
        }
}

/* Asked before libcurl takes the error from the socket: of that only a text would be left, and with TLS not even its
 * errno. A connection that never stood has no round trip. */
static bool is_dead(int fd) {
        struct tcp_info info = {};
        socklen_t n = sizeof(info);

        return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) >= 0 && info.tcpi_rtt > 0 &&
               info.tcpi_last_ack_recv >= HTTP_LOOP_DEAD_MSEC;
}

/* Out of memory libcurl returns before it has told when it wants to be called again, or which sockets it waits for:
 * without that its transfers would end neither with an answer nor with their time-outs. */
static void act(struct http_loop *loop, curl_socket_t fd, int mask) {
        int running;

        if (curl_multi_socket_action(loop->multi, fd, mask, &running) !=
            CURLM_OK) { /* failures show in the transfers */
                (void)sd_event_source_set_time_relative(loop->timer, AGAIN_USEC);
                (void)sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT);
        }
        take_finished(loop);
}

static int on_io(_unused_ sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct http_loop *loop = userdata;
        int mask = 0;

        if (revents & (EPOLLIN | EPOLLHUP))
                mask |= CURL_CSELECT_IN;
        if (revents & EPOLLOUT)
                mask |= CURL_CSELECT_OUT;
        if (revents & EPOLLERR) {
                mask |= CURL_CSELECT_ERR;
                if (is_dead(fd))
                        loop->dead_at_usec = clock_monotonic_usec();
        }
        act(loop, fd, mask);
        return 0;
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
        act(userdata, CURL_SOCKET_TIMEOUT, 0);
        return 0;
}

/* libcurl wants to hear of this socket. When that is impossible (no memory, no watch left) the transfer ends with its
 * time-out; returning -1 would break the multi handle for good. */
static int on_socket(_unused_ CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data) {
        struct http_loop *loop = userdata;
        sd_event_source *source = socket_data;
        uint32_t events = 0;

        if (what == CURL_POLL_REMOVE) {
                sd_event_source_disable_unref(source);
                return 0;
        }
        if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
                events |= EPOLLIN;
        if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
                events |= EPOLLOUT;
        if (source) {
                (void)sd_event_source_set_io_events(source, events);
                return 0;
        }
        if (sd_event_add_io(loop->event, &source, fd, events, on_io, loop) < 0)
                return 0;
        (void)sd_event_source_set_description(source, "http-socket");
        if (curl_multi_assign(loop->multi, fd, source) != CURLM_OK)
                sd_event_source_disable_unref(source);
        return 0;
}

static int on_timeout_change(_unused_ CURLM *multi, long timeout_ms, void *userdata) {
        struct http_loop *loop = userdata;

        if (timeout_ms < 0) {
                (void)sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
                return 0;
        }
        if (sd_event_source_set_time_relative(loop->timer, (uint64_t)timeout_ms * USEC_PER_MSEC) < 0)
                return -1;
        return sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

int http_loop_init(struct http_loop *loop, sd_event *event, long max_idle, http_loop_done_cb done) {
        int r;

        *loop = (struct http_loop){.event = sd_event_ref(event), .done = done};
        loop->multi = curl_multi_init();
        if (!loop->multi)
                return -ENOMEM;
        r = sd_event_add_time_relative(event, &loop->timer, CLOCK_MONOTONIC, 0, 1, on_timer, loop);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(loop->timer, "http-timer");
        r = sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        if (curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
            curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop) != CURLM_OK ||
            curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timeout_change) != CURLM_OK ||
            curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop) != CURLM_OK ||
            curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, max_idle) != CURLM_OK)
                return -EINVAL;
        return 0;
}

void http_loop_done(struct http_loop *loop) {
        if (loop->multi)
                (void)curl_multi_cleanup(loop->multi); /* calls back for its sockets: the event must still be there */
        sd_event_source_disable_unref(loop->timer);
        sd_event_unref(loop->event);
        *loop = (struct http_loop){};
}
