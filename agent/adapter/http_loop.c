/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's sockets and its one timeout as sources of an sd-event loop. Delivers nothing: what has finished is handed
 * to http.c. */
#include "adapter/http_loop.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/util.h"

#define HTTP_LOOP_DEAD_MSEC 5000
/* After an error of libcurl. */
#define AGAIN_USEC (500 * USEC_PER_MSEC)
/* So many wake-ups, over so long, without a byte either way are no traffic. A reader that is behind is heard of sooner:
 * it makes libcurl stop for some milliseconds. Who wakes up more seldom costs nothing. */
#define SPIN_WAKEUPS  1000
#define SPIN_MIN_USEC USEC_PER_SEC
#define SPIN_MAX_USEC (10 * USEC_PER_SEC)

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
                loop->calls->done(easy, result);
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

/* Bytes that we have read and sent. What cannot be asked is always another number: no spin. */
static uint64_t moved(int fd, uint64_t otherwise) {
        struct tcp_info info = {};
        socklen_t n = sizeof(info);
        int unread = 0;

        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0 ||
            n < offsetof(struct tcp_info, tcpi_bytes_sent) + sizeof(info.tcpi_bytes_sent) ||
            ioctl(fd, SIOCINQ, &unread) < 0)
                return otherwise;
        return info.tcpi_bytes_received - (uint64_t)unread + info.tcpi_bytes_sent;
}

/* One socket at a time: one that spins is soon the one that is looked at. */
static bool spins(struct http_loop *loop, int fd) {
        struct http_spin *spin = &loop->spin;
        uint64_t now_usec;

        if (!loop->calls->stuck)
                return false;
        now_usec = clock_monotonic_usec();
        if (spin->n == 0 || now_usec - spin->since_usec > SPIN_MAX_USEC) {
                *spin = (struct http_spin){.fd = fd, .n = 1, .since_usec = now_usec, .n_moved = moved(fd, 0)};
                return false;
        }
        if (fd != spin->fd || ++spin->n < SPIN_WAKEUPS || now_usec - spin->since_usec < SPIN_MIN_USEC)
                return false;
        spin->n = 0;
        return moved(fd, spin->n_moved + 1) == spin->n_moved;
}

static void start_anew(struct http_loop *loop);

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
        if (spins(loop, fd))
                start_anew(loop);
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
                if (fd == loop->spin.fd)
                        loop->spin = (struct http_spin){};
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

static CURLM *make_multi(struct http_loop *loop) {
        CURLM *multi = curl_multi_init();

        if (!multi)
                return NULL;
        if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout_change) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop) != CURLM_OK ||
            curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, loop->max_idle) != CURLM_OK) {
                (void)curl_multi_cleanup(multi);
                return NULL;
        }
        return multi;
}

/* libcurl keeps a connection whose transfers are removed: only with its multi handle it surely goes. Without memory for
 * another one it spins on, and is found again. */
static void start_anew(struct http_loop *loop) {
        CURLM *multi = make_multi(loop);

        if (!multi)
                return;
        loop->calls->stuck(loop, loop->userdata);
        (void)curl_multi_cleanup(loop->multi);
        (void)sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        loop->multi = multi;
}

int http_loop_init(struct http_loop *loop, sd_event *event, long max_idle, const struct http_loop_calls *calls,
                   void *userdata) {
        int r;

        *loop = (struct http_loop){
                .event = sd_event_ref(event), .calls = calls, .userdata = userdata, .max_idle = max_idle};
        r = sd_event_add_time_relative(event, &loop->timer, CLOCK_MONOTONIC, 0, 1, on_timer, loop);
        if (r < 0)
                return r;
        (void)sd_event_source_set_description(loop->timer, "http-timer");
        r = sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        loop->multi = make_multi(loop); /* nothing but memory can be short: the options are those of 7.28 */
        return loop->multi ? 0 : -ENOMEM;
}

void http_loop_done(struct http_loop *loop) {
        if (loop->multi)
                (void)curl_multi_cleanup(loop->multi); /* calls back for its sockets: the event must still be there */
        sd_event_source_disable_unref(loop->timer);
        sd_event_unref(loop->event);
        *loop = (struct http_loop){};
}
