/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the service manager, and the texts of clocks. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "adapter/boot.h"
#include "adapter/notify.h"
#include "base/clock.h"
#include "base/datagram.h"

struct fixture {
        struct tempdir dir;
        int fd;
};

static int set_up(void **state) {
        struct fixture *x = calloc(1, sizeof(*x));
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_non_null(x);
        *state = x;
        tempdir_make(&x->dir);
        x->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(x->fd >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), tempdir_path(&x->dir, "notify")));
        assert_int_equal(bind(x->fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
        return 0;
}

static int tear_down(void **state) {
        struct fixture *x = *state;

        (void)unsetenv("NOTIFY_SOCKET");
        close(x->fd);
        tempdir_remove(&x->dir);
        free(x);
        return 0;
}

/* What was sent; empty: nothing. */
static const char *received(const struct fixture *x, char *buf, size_t size) {
        ssize_t n = recv(x->fd, buf, size - 1, MSG_DONTWAIT);

        buf[n > 0 ? n : 0] = '\0';
        return buf;
}

/* PID 1 hangs and reads nothing: no message may wait for it. (With sd_notify() this test hangs: the alarm ends it.) */
static void test_never_waits(void **state) {
        (void)state;
        (void)alarm(30);
        for (unsigned i = 0; i < 5000; i++) {
                notify_watchdog();
                (void)notify_status("number %u", i);
        }
        (void)alarm(0);
}

/* journald hangs and reads nothing: the watchdog's pings get through all the same. */
static void test_other_receiver_hangs(void **state) {
        static const char line[32768];
        const struct fixture *x = *state;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        char buf[64];
        int r = 0;

        assert_true(journal >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), tempdir_path(&x->dir, "journal")));
        assert_int_equal(bind(journal, (struct sockaddr *)&address, sizeof(address)), 0);
        for (unsigned i = 0; i < 5000 && r == 0; i++)
                r = datagram_send(address.sun_path, line, sizeof(line));
        assert_int_equal(r, -EAGAIN);
        notify_watchdog();
        assert_string_equal(received(x, buf, sizeof(buf)), "WATCHDOG=1");
}

static void test_status(void **state) {
        const struct fixture *x = *state;
        char buf[8192], big[6000];

        (void)notify_status("leader since %s", "12:00");
        assert_string_equal(received(x, buf, sizeof(buf)), "STATUS=leader since 12:00");
        (void)notify_status("leader since %s", "12:00");
        assert_string_equal(received(x, buf, sizeof(buf)), "");
        (void)notify_status("two\nlines\tand\x1b[0m");
        assert_string_equal(received(x, buf, sizeof(buf)), "STATUS=two lines and?[0m");
        /* One byte, then two-byte characters: whatever the limit is, one of them would be cut in half by one of two
         * tries. */
        for (unsigned shift = 0; shift < 2; shift++) {
                size_t n = shift;

                memset(big, 'x', n);
                for (; n + 2 < sizeof(big); n += 2)
                        memcpy(big + n, "\xc3\xa4", 2);
                big[n] = '\0';
                (void)notify_status("%s", big);
                (void)received(x, buf, sizeof(buf));
                assert_true(strlen(buf) > 1000 && strlen(buf) < 4096);
                assert_int_equal((unsigned char)buf[strlen(buf) - 1], 0xa4);
        }
}

/* A line that PID 1 has no room for is not taken for one that was sent: else a leader would be called a candidate until
 * something changes, which may be never. */
static void test_status_again(void **state) {
        const struct fixture *x = *state;
        char buf[256];

        for (unsigned i = 0; i < 5000; i++)
                notify_watchdog();
        assert_false(notify_status("leader"));
        assert_false(notify_status("leader"));
        while (received(x, buf, sizeof(buf))[0])
                ;
        assert_true(notify_status("leader"));
        assert_string_equal(received(x, buf, sizeof(buf)), "STATUS=leader");
        assert_true(notify_status("leader"));
        assert_string_equal(received(x, buf, sizeof(buf)), "");
        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
        assert_true(notify_status("nobody asks"));
}

static void test_messages(void **state) {
        const struct fixture *x = *state;
        char buf[256];

        notify_ready();
        assert_string_equal(received(x, buf, sizeof(buf)), "READY=1");
        notify_watchdog();
        assert_string_equal(received(x, buf, sizeof(buf)), "WATCHDOG=1");
        notify_extend_timeout(0);
        assert_string_equal(received(x, buf, sizeof(buf)), "");
        notify_extend_timeout(5);
        assert_string_equal(received(x, buf, sizeof(buf)), "EXTEND_TIMEOUT_USEC=5");
        notify_stopping();
        assert_string_equal(received(x, buf, sizeof(buf)), "STOPPING=1");
        notify_reloading();
        assert_non_null(strstr(received(x, buf, sizeof(buf)), "RELOADING=1\nMONOTONIC_USEC="));
        assert_int_equal(notify_take_fd("restart"), -ENOENT);
        (void)unsetenv("NOTIFY_SOCKET");
        notify_ready();
}

static void test_watchdog_interval(void **state) {
        (void)state;
        (void)unsetenv("WATCHDOG_PID");
        (void)unsetenv("WATCHDOG_USEC");
        assert_int_equal(notify_watchdog_usec(), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "3000000", 1), 0);
        assert_int_equal(notify_watchdog_usec(), 3000000);
        assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
        assert_int_equal(notify_watchdog_usec(), 0);
        (void)unsetenv("WATCHDOG_PID");
        (void)unsetenv("WATCHDOG_USEC");
}

static void test_clock(void **state) {
        char buf[CLOCK_TEXT_SIZE], id[BOOT_ID_SIZE];
        uint64_t before = clock_boottime_usec();

        (void)state;
        assert_string_equal(clock_format_utc(UINT64_C(1893553445678901), buf), "2030-01-02T03:04:05.678901Z");
        assert_string_equal(clock_format_utc(0, buf), "1970-01-01T00:00:00.000000Z");
        assert_string_equal(clock_format_boottime(USEC_INFINITY, buf), "never");
        assert_int_equal(clock_parse_utc("2030-01-02T03:04:05.678901Z"), UINT64_C(1893553445000000));
        assert_int_equal(clock_parse_utc("2030-01-02T03:04:05Z"), UINT64_C(1893553445000000));
        assert_int_equal(clock_parse_utc(""), 0);
        assert_int_equal(clock_parse_utc("yesterday"), 0);
        assert_int_equal(clock_parse_utc("2030-01-02T03:04:05"), 0);
        /* Today without the date; at midnight the second look is at the new day. */
        if (strlen(clock_format_local(clock_realtime_usec(), buf)) != strlen("12:34:56"))
                assert_int_equal(strlen(clock_format_local(clock_realtime_usec(), buf)), strlen("12:34:56"));
        assert_int_equal(strlen(clock_format_local(UINT64_C(86400) * 365 * USEC_PER_SEC, buf)),
                         strlen("1971-01-01 12:34:56"));
        assert_int_equal(strlen(clock_format_boottime(before, buf)), strlen("12:34:56"));
        assert_true(clock_boottime_usec() >= before && before > 0);
        assert_true(clock_realtime_usec() > UINT64_C(1600000000) * USEC_PER_SEC);
        assert_int_equal(boot_id_read(id), 0);
        assert_int_equal(strlen(id), BOOT_ID_SIZE - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_never_waits, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_other_receiver_hangs, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_status, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_status_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
                cmocka_unit_test(test_watchdog_interval),
                cmocka_unit_test(test_clock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
