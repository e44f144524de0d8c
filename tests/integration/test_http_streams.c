/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections streams use, and a connection that libcurl does not read any more: here libcurl is kept from
 * looking at its sockets, as 7.88 was seen to stand beside a readable one. */
#include <dlfcn.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../lib/rawserver.h"
#include "adapter/http.h"
#include "adapter/http_streams.h"
#include "base/clock.h"

#define HANG_USEC (60 * USEC_PER_SEC)

static bool is_deaf;

/* Instead of libcurl's. */
CURLMcode curl_multi_socket_action(CURLM *multi_handle, curl_socket_t s, int ev_bitmask, int *running_handles) {
        static CURLMcode (*real)(CURLM *, curl_socket_t, int, int *);

        if (!real)
                *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_socket_action");
        assert_non_null(real);
        return is_deaf ? CURLM_OK : real(multi_handle, s, ev_bitmask, running_handles);
}

static void never_done(_unused_ CURL *easy, _unused_ CURLcode result) {
}

/* ---- groups ---- */

static void test_groups(_unused_ void **state) {
        static const struct http_loop_calls calls = {.done = never_done};
        struct http_streams s = {};
        struct http_group *of[800], *aside;
        sd_event *event = NULL;
        unsigned least = ~0U, most = 0;

        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(http_streams_init(&s, event, &calls, NULL), 0);
        for (size_t i = 0; i < 200; i++) {
                of[i] = http_streams_join(&s, /* is_stream= */ true);
                assert_non_null(of[i]);
                assert_ptr_equal(of[i], of[i - i % HTTP_GROUP_STREAMS]);
        }
        assert_int_equal(s.n_groups, 4); /* 64, 64, 64, 8 */

        /* A short request goes where the fewest are. */
        aside = http_streams_join(&s, /* is_stream= */ false);
        assert_ptr_equal(aside, of[199]);
        http_streams_leave(aside);

        /* Room that has become free is taken first; an empty group stays for the next that needs one. */
        http_streams_leave(of[70]);
        assert_ptr_equal(http_streams_join(&s, true), of[70]);
        for (size_t i = 192; i < 200; i++)
                http_streams_leave(of[i]);
        assert_int_equal(s.n_groups, 4);
        for (size_t i = 192; i < 512; i++)
                assert_non_null(of[i] = http_streams_join(&s, true));
        assert_int_equal(s.n_groups, HTTP_GROUPS_MAX);

        /* Short requests make no group, and of more streams each has its share: the 100 of a server at 800. */
        assert_non_null(aside = http_streams_join(&s, false));
        http_streams_leave(aside);
        for (size_t i = 512; i < 800; i++)
                assert_non_null(of[i] = http_streams_join(&s, true));
        assert_int_equal(s.n_groups, HTTP_GROUPS_MAX);
        for (size_t i = 0; i < s.n_groups; i++) {
                least = s.groups[i]->n < least ? s.groups[i]->n : least;
                most = s.groups[i]->n > most ? s.groups[i]->n : most;
        }
        assert_int_equal(least, 100);
        assert_int_equal(most, 100);
        http_streams_done(&s);
        sd_event_unref(event);
}

/* ---- a connection that stands still ---- */

/* A watch says something, and a little later more; anything else is answered. */
static bool serve(const struct rawserver_request *q, _unused_ void *userdata) {
        if (!strstr(q->head, " /stream ")) {
                rawserver_answer(q->fd, "200 OK", "text/plain", "fine");
                return true;
        }
        rawserver_send(q->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab\n\r\n");
        usleep(300000);
        rawserver_send(q->fd, "3\r\ncd\n\r\n");
        rawserver_wait_closed(q->fd);
        return false;
}

struct seen {
        size_t n_data;
        bool is_done;
        enum http_outcome outcome;
        char text[512];
};

static void on_data(_unused_ const char *data, size_t n, void *userdata) {
        ((struct seen *)userdata)->n_data += n;
}

static void on_result(const struct http_result *r, void *userdata) {
        struct seen *seen = userdata;

        seen->is_done = true;
        seen->outcome = r->outcome;
        (void)snprintf(seen->text, sizeof(seen->text), "%s", r->text);
}

static struct http_request *start(struct http *http, const char *path, struct seen *seen) {
        bool is_stream = util_streq(path, "/stream");
        const struct http_call call = {.method = "GET",
                                       .path = path,
                                       .timeout_usec = is_stream ? 0 : 30 * USEC_PER_SEC,
                                       .response_max = 1000,
                                       .cb = on_result,
                                       .data_cb = is_stream ? on_data : NULL,
                                       .userdata = seen};
        struct http_request *q = NULL;

        *seen = (struct seen){};
        assert_int_equal(http_start(http, &call, &q), 0);
        return q;
}

/* Until the stream has so much data, or something has ended. */
static void run(sd_event *event, const struct seen *seen, size_t n_data) {
        uint64_t end_usec = clock_monotonic_usec() + HANG_USEC;

        while (!seen->is_done && seen->n_data < n_data) {
                assert_true(clock_monotonic_usec() < end_usec);
                assert_true(sd_event_run(event, 100 * USEC_PER_MSEC) >= 0);
        }
}

static void test_stuck(_unused_ void **state) {
        struct rawserver *server = rawserver_new(serve, NULL);
        struct http_request *watch, *read;
        struct kubeconfig config = {};
        struct http *http = NULL;
        sd_event *event = NULL;
        struct seen seen, other;
        char url[64];

        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", rawserver_port(server));
        config.server = url;
        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(http_new(&http, event, &config, "test/1", NULL), 0);
        watch = start(http, "/stream", &seen);
        run(event, &seen, 3);
        assert_false(seen.is_done);

        is_deaf = true;
        run(event, &seen, 6);
        is_deaf = false;
        assert_true(seen.is_done);
        assert_int_equal(seen.outcome, HTTP_BROKEN);
        assert_string_equal(seen.text, "the connection stood still, though there was something to read");
        (void)http_request_free(watch);

        /* It is closed, and the same group works again, over another one; a request is not behind any of them. */
        watch = start(http, "/stream", &seen);
        read = start(http, "/x", &other);
        run(event, &other, 1);
        assert_int_equal(other.outcome, HTTP_ANSWERED);
        run(event, &seen, 6);
        assert_int_equal(seen.n_data, 6);
        assert_false(seen.is_done);
        assert_int_equal(rawserver_n_connections(server), 3);
        http_request_free(watch);
        http_request_free(read);
        http_free(http);
        sd_event_unref(event);
        rawserver_free(server);
}

/* ---- the real API server, with LEADER_TEST_KUBECONFIG set: HTTP/2, 100 streams a connection ---- */

#define LIVE_STREAMS 200

static unsigned n_connections(void) {
        unsigned n = 0;

        for (int fd = 3; fd < 1024; fd++) {
                struct sockaddr_storage a = {};
                socklen_t size = sizeof(a);

                if (getpeername(fd, (struct sockaddr *)&a, &size) == 0 && a.ss_family != AF_UNIX)
                        n++;
        }
        return n;
}

static unsigned n_open(struct http_request *const *watches) {
        unsigned n = 0;

        for (size_t i = 0; i < LIVE_STREAMS; i++)
                n += http_request_is_open(watches[i]);
        return n;
}

static void test_live(_unused_ void **state) {
        static struct seen seen[LIVE_STREAMS];
        struct http_request *watches[LIVE_STREAMS], *read;
        const char *path = getenv("LEADER_TEST_KUBECONFIG");
        struct kubeconfig *config = NULL;
        struct http *http = NULL;
        sd_event *event = NULL;
        struct seen other;
        uint64_t end_usec;

        if (!path)
                skip();
        assert_int_equal(kubeconfig_load(&config, path, NULL, NULL), 0);
        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(http_new(&http, event, config, "test/1", NULL), 0);
        for (size_t i = 0; i < LIVE_STREAMS; i++) {
                const struct http_call call = {.method = "GET",
                                               .path = "/api/v1/namespaces/default/configmaps?watch=1",
                                               .response_max = 100000,
                                               .cb = on_result,
                                               .data_cb = on_data,
                                               .userdata = &seen[i]};

                assert_int_equal(http_start(http, &call, &watches[i]), 0);
        }
        end_usec = clock_monotonic_usec() + HANG_USEC;
        while (n_open(watches) < LIVE_STREAMS) {
                assert_true(clock_monotonic_usec() < end_usec);
                assert_true(sd_event_run(event, 100 * USEC_PER_MSEC) >= 0);
        }
        assert_int_equal(n_connections(), 4);

        /* A renewal is behind none of them: it has a connection of its own. */
        read = start(http, "/version", &other);
        run(event, &other, 1);
        assert_int_equal(other.outcome, HTTP_ANSWERED);
        assert_int_equal(n_connections(), 5);
        for (size_t i = 0; i < LIVE_STREAMS; i++) {
                assert_false(seen[i].is_done);
                http_request_free(watches[i]);
        }
        http_request_free(read);
        http_free(http);
        sd_event_unref(event);
        kubeconfig_free(config);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_groups),
                cmocka_unit_test(test_stuck),
                cmocka_unit_test(test_live),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
