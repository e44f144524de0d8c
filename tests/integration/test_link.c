/* SPDX-License-Identifier: Apache-2.0 */
/* The link to leader-guard against a guard of a few lines: connects again, keeps the order of replies, bears a guard
 * that does not read for a while, and may be freed from each of its callbacks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "adapter/link.h"
#include "base/clock.h"
#include "codec/permit_queue.h"

/* Only to detect a hang. */
#define TURNS 6000

static struct tempdir dir;
static sd_event *event;
static int listener = -1, peer = -1; /* the guard's */

static struct {
        struct link *link;
        unsigned n_up, n_down, n_replies;
        bool frees_when_up, frees_when_down, frees_on_reply, sends_when_up;
        char why[256];
} seen;

static void on_state(bool up, const char *why, void *userdata) {
        struct permit_request q = {.type = PERMIT_QUERY, .unit = "a.service"};

        assert_ptr_equal(userdata, &seen);
        assert_int_equal(up, *why == '\0');
        seen.n_up += up;
        seen.n_down += !up;
        if (up ? seen.frees_when_up : seen.frees_when_down)
                seen.link = link_free(seen.link);
        else if (!up)
                assert_int_equal(link_send(seen.link, &q), -ENOTCONN);
        else if (seen.sends_when_up)
                assert_int_equal(link_send(seen.link, &q), 0);
        (void)snprintf(seen.why, sizeof(seen.why), "%s", why);
}

static void on_reply(const struct permit_reply *reply, void *userdata) {
        assert_ptr_equal(userdata, &seen);
        seen.n_replies++;
        if (seen.frees_on_reply)
                seen.link = link_free(seen.link);
        assert_int_equal(reply->since_usec, seen.n_replies); /* in order, and still there */
}

static const struct link_handlers handlers = {on_state, on_reply};

/* ---- the guard ---- */

static void guard_listen(void) {
        struct sockaddr_un sa = {.sun_family = AF_UNIX};

        listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/sock", dir.path);
        (void)unlink(sa.sun_path);
        assert_int_equal(bind(listener, (const struct sockaddr *)&sa, sizeof(sa)), 0);
        assert_int_equal(listen(listener, 4), 0);
}

static void guard_hang_up(void) {
        util_closep(&peer);
        peer = -1;
}

static void guard_gone(void) {
        guard_hang_up();
        util_closep(&listener);
        listener = -1;
}

static void guard_says(unsigned n) {
        for (unsigned i = 1; i <= n; i++) {
                struct permit_reply reply = {.magic = PERMIT_MAGIC, .since_usec = i, .unit = "a.service"};

                assert_int_equal(send(peer, &reply, sizeof(reply), MSG_NOSIGNAL), sizeof(reply));
        }
}

/* ---- the agent ---- */

#define await(condition)                                                                                               \
        do {                                                                                                           \
                unsigned turns = 0;                                                                                    \
                                                                                                                       \
                while (!(condition)) {                                                                                 \
                        assert_true(++turns < TURNS);                                                                  \
                        assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);                                     \
                }                                                                                                      \
        } while (0)

static void run_for(uint64_t usec) {
        uint64_t end = clock_monotonic_usec() + usec;

        while (clock_monotonic_usec() < end)
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
}

static void begin(void) {
        memset(&seen, 0, sizeof(seen));
        assert_int_equal(link_new(&seen.link, event, tempdir_path(&dir, "sock"), &handlers, &seen), 0);
        assert_int_equal(seen.n_up + seen.n_down, 0);
}

static bool guard_accepts(void) {
        peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        return peer >= 0;
}

static void connected(void) {
        await(seen.n_up == 1);
        assert_true(guard_accepts());
}

static void test_connects_again(void **state) {
        struct permit_request q;

        (void)state;
        begin();
        await(seen.n_down == 2);
        assert_non_null(strstr(seen.why, "cannot connect to leader-guard"));
        guard_listen();
        seen.sends_when_up = true;
        connected();
        assert_int_equal(recv(peer, &q, sizeof(q), 0), sizeof(q));
        assert_int_equal(q.magic, PERMIT_MAGIC);
        assert_int_equal(q.seq, 1);
        assert_int_equal(seen.n_down, 2);
        guard_hang_up();
        await(seen.n_down == 3);
        assert_non_null(strstr(seen.why, "lost: "));
        await(seen.n_up == 2);
        /* What is no reply ends the connection. */
        assert_true(guard_accepts());
        assert_int_equal(send(peer, "hello", 5, MSG_NOSIGNAL), 5);
        await(seen.n_down == 4);
        seen.link = link_free(seen.link);
        assert_null(seen.link);
}

static void test_replies_in_order(void **state) {
        (void)state;
        guard_listen();
        begin();
        connected();
        guard_says(50);
        await(seen.n_replies == 50);
        /* Those that came before the end are told before it. */
        seen.n_replies = 0;
        guard_says(50);
        guard_hang_up();
        await(seen.n_down == 1);
        assert_int_equal(seen.n_replies, 50);
        seen.link = link_free(seen.link);
}

static struct permit_request a_request(enum permit_request_type type, unsigned unit, uint64_t stop_at) {
        struct permit_request q = {.type = type, .stop_at_usec = stop_at};

        (void)snprintf(q.unit, sizeof(q.unit), "u-%u.service", unit);
        (void)snprintf(q.lock_uid, sizeof(q.lock_uid), "uid-%u", unit);
        return q;
}

static void send_all(enum permit_request_type type, unsigned n, uint64_t stop_at) {
        for (unsigned i = 0; i < n; i++) {
                struct permit_request q = a_request(type, i, stop_at);

                assert_int_equal(link_send(seen.link, &q), 0);
        }
}

/* Reads whatever the link has sent, now and as room is made. Returns how many. */
static unsigned guard_reads(struct permit_request *ret, unsigned max) {
        uint64_t end = clock_monotonic_usec() + 200 * USEC_PER_MSEC;
        unsigned n = 0;

        while (clock_monotonic_usec() < end) {
                while (n < max && recv(peer, &ret[n], sizeof(*ret), MSG_DONTWAIT) == sizeof(*ret)) {
                        assert_int_equal(ret[n].magic, PERMIT_MAGIC);
                        assert_true(n == 0 || ret[n].seq > ret[n - 1].seq);
                        n++;
                }
                assert_true(sd_event_run(event, USEC_PER_MSEC) >= 0);
        }
        return n;
}

/* More than the socket holds, in one turn, to a guard that does not read for a while. */
static void test_many_requests(void **state) {
        static const unsigned counts[] = {100, 300, 1000};
        static struct permit_request got[8000];

        (void)state;
        guard_listen();
        begin();
        connected();
        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                send_all(PERMIT_QUERY, counts[i], 0);
                run_for(50 * USEC_PER_MSEC);
                assert_int_equal(guard_reads(got, ELEMENTSOF(got)), counts[i]);
                for (unsigned k = 0; k < counts[i]; k++)
                        assert_string_equal(got[k].unit, a_request(PERMIT_QUERY, k, 0).unit);
        }
        assert_int_equal(seen.n_down, 0);
        seen.link = link_free(seen.link);
}

/* Renewals while it does not read: each unit's last is told, and none after its revoke. */
static void test_newest_wins(void **state) {
        static struct permit_request got[8000];
        uint64_t last[300] = {}, most = 0;
        bool revoked[300] = {};
        unsigned n;

        (void)state;
        guard_listen();
        begin();
        connected();
        for (uint64_t at = 1; at <= 20; at++)
                send_all(PERMIT_PERMIT, 300, at);
        send_all(PERMIT_REVOKE, 150, 0);
        n = guard_reads(got, ELEMENTSOF(got));
        for (unsigned i = 0; i < n; i++) {
                unsigned unit = (unsigned)strtoul(got[i].lock_uid + strlen("uid-"), NULL, 10);

                assert_true(unit < 300);
                assert_false(revoked[unit]);
                revoked[unit] = got[i].type == PERMIT_REVOKE;
                assert_true(revoked[unit] || got[i].stop_at_usec > last[unit]);
                last[unit] = got[i].stop_at_usec;
                most = last[unit] > most ? last[unit] : most;
        }
        assert_int_equal(most, 20);
        for (unsigned i = 0; i < 300; i++)
                assert_true(i < 150 ? revoked[i] : last[i] == 20);
        assert_in_range(n, 300, 600);
        assert_int_equal(seen.n_down, 0);
        seen.link = link_free(seen.link);
}

/* Nothing of what waited is said on the next connection. */
static void test_queue_ends_with_connection(void **state) {
        static struct permit_request got[300];

        (void)state;
        guard_listen();
        begin();
        connected();
        send_all(PERMIT_PERMIT, 300, 1);
        guard_hang_up();
        await(seen.n_up == 2);
        assert_true(guard_accepts());
        assert_int_equal(guard_reads(got, ELEMENTSOF(got)), 0);
        send_all(PERMIT_REVOKE, 1, 0);
        assert_int_equal(guard_reads(got, ELEMENTSOF(got)), 1);
        assert_int_equal(got[0].type, PERMIT_REVOKE);
        seen.link = link_free(seen.link);
}

/* Ever new things to a guard that never reads: in the end the connection is given up, and the pauses between attempts
 * grow although each of them succeeds and is answered. */
static void test_bound(void **state) {
        uint64_t pauses[4];

        (void)state;
        guard_listen();
        begin();
        connected();
        for (unsigned i = 0; i < ELEMENTSOF(pauses); i++) {
                unsigned n = seen.n_replies, k = 0;
                uint64_t from;
                int r = 0;

                guard_says(1);
                await(seen.n_replies == n + 1);
                seen.n_replies = 0;
                for (; k < 2 * PERMIT_QUEUE_MAX && r == 0; k++) {
                        struct permit_request q = a_request(PERMIT_QUERY, k, 0);

                        r = link_send(seen.link, &q);
                }
                assert_int_equal(r, -ENOBUFS);
                assert_in_range(k, PERMIT_QUEUE_MAX, PERMIT_QUEUE_MAX + 300);
                await(seen.n_down == i + 1);
                assert_non_null(strstr(seen.why, "lost: it does not read"));
                guard_hang_up();
                from = clock_monotonic_usec();
                await(seen.n_up == i + 2);
                pauses[i] = clock_monotonic_usec() - from;
                assert_true(guard_accepts());
        }
        assert_true(pauses[1] > pauses[0] && pauses[2] > pauses[1] && pauses[3] > 800 * USEC_PER_MSEC);
        seen.link = link_free(seen.link);
}

static void guard_refuses(const char *text) {
        struct permit_reply reply = {.magic = PERMIT_MAGIC, .result = GUARD_REFUSED_AGENT};

        assert_true(util_copy(reply.text, sizeof(reply.text), text));
        assert_int_equal(send(peer, &reply, sizeof(reply), MSG_NOSIGNAL), sizeof(reply));
        guard_hang_up();
}

/* What the guard says to a second agent is its last word, also when it did not read ours, and no reply. While it is
 * said again and again nobody hears of a connection. */
static void test_refused(void **state) {
        (void)state;
        guard_listen();
        begin();
        seen.sends_when_up = true;
        connected();
        for (unsigned i = 1; i <= 3; i++) {
                guard_refuses("another agent");
                await(seen.n_down == i);
                assert_string_equal(seen.why, "another agent");
                assert_true(link_is_refused(seen.link));
                await(guard_accepts());
                assert_int_equal(seen.n_up, 1);
        }
        run_for(200 * USEC_PER_MSEC);
        assert_int_equal(seen.n_up, 1);
        await(seen.n_up == 2);
        assert_false(link_is_refused(seen.link));
        assert_int_equal(seen.n_down, 3);
        assert_int_equal(seen.n_replies, 0);
        /* One that says something else meanwhile is no refusal. */
        guard_refuses("another agent");
        await(seen.n_down == 4);
        await(guard_accepts());
        guard_hang_up();
        await(seen.n_down == 5);
        assert_non_null(strstr(seen.why, "connection to leader-guard"));
        seen.link = link_free(seen.link);
}

/* Freed from each callback, with more to tell: nothing is told any more. */
static void test_free_in_callback(void **state) {
        (void)state;
        begin();
        seen.frees_when_down = true;
        await(seen.n_down == 1);
        run_for(300 * USEC_PER_MSEC);
        assert_int_equal(seen.n_down, 1);

        guard_listen();
        begin();
        seen.frees_when_up = true;
        connected();
        run_for(300 * USEC_PER_MSEC);
        assert_int_equal(seen.n_up, 1);
        assert_false(guard_accepts());
        guard_hang_up();

        begin();
        seen.frees_on_reply = true;
        connected();
        guard_says(10);
        guard_hang_up();
        await(seen.n_replies == 1);
        run_for(50 * USEC_PER_MSEC);
        assert_int_equal(seen.n_replies, 1);
        assert_int_equal(seen.n_down, 0);

        begin();
        seen.frees_when_down = true;
        connected();
        guard_gone();
        await(seen.n_down == 1);
        run_for(300 * USEC_PER_MSEC);
        assert_int_equal(seen.n_down, 1);
        assert_int_equal(seen.n_up, 1);
}

static int set_up(void **state) {
        (void)state;
        tempdir_make(&dir);
        return sd_event_new(&event);
}

static int tear_down(void **state) {
        (void)state;
        seen.link = link_free(seen.link);
        guard_gone();
        event = sd_event_unref(event);
        tempdir_remove(&dir);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_connects_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_replies_in_order, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_many_requests, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_newest_wins, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_queue_ends_with_connection, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_free_in_callback, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
