/* SPDX-License-Identifier: Apache-2.0 */
/* `leaderctl enroll` beside a permit of leader-guard: what it refuses, and what it says then. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "base/clock.h"
#include "codec/permitfile.h"
#include "ctl/enroll_lease.h"

#define UNIT "app.service"
#define BOOT "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"

static struct tempdir dir;
static char said[4096];

static int set_up(_unused_ void **state) {
        tempdir_make(&dir);
        return 0;
}

static int tear_down(_unused_ void **state) {
        tempdir_remove(&dir);
        return 0;
}

static void permit(enum tenure tenure, uint64_t kill_at_usec) {
        struct permit_request q = {.magic = PERMIT_MAGIC,
                                   .type = PERMIT_PERMIT,
                                   .seq = 1,
                                   .tenure = tenure,
                                   .stop_at_usec = tenure == TENURE_LIFE ? USEC_INFINITY : kill_at_usec - 2000000,
                                   .kill_at_usec = tenure == TENURE_LIFE ? USEC_INFINITY : kill_at_usec,
                                   .stop_timeout_usec = 2 * USEC_PER_SEC,
                                   .unit = UNIT,
                                   .lock = "ops/db-lock",
                                   .lock_uid = "A1",
                                   .term = "4711",
                                   .identity = "web-1-0011aabb"};
        char text[PERMITFILE_MAX];

        assert_true(permitfile_format(&q, BOOT, "", &(struct permitfile_past){77, PERMITFILE_ENDED}, text) > 0);
        (void)tempdir_write(&dir, "permits/" UNIT, text);
}

/* stop_sec 0: removed. Fills `said`. */
static int check(enum tenure tenure, unsigned stop_sec, bool up) {
        struct enroll_want w = {
                .unit = UNIT, .runtime_dir = dir.path, .tenure = tenure, .stop_timeout_usec = stop_sec * USEC_PER_SEC};
        const char *path = tempdir_path(&dir, "said");
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), old = dup(STDERR_FILENO), r;
        ssize_t n;

        assert_true(fd >= 0 && old >= 0);
        assert_true(dup2(fd, STDERR_FILENO) >= 0);
        r = enroll_lease_check(&w, stop_sec == 0, up, "leaderctl enroll AGAIN");
        assert_true(dup2(old, STDERR_FILENO) >= 0);
        close(old);
        n = pread(fd, said, sizeof(said) - 1, 0);
        assert_true(n >= 0);
        said[n] = '\0';
        close(fd);
        return r;
}

static void assert_says(const char *text) {
        if (!strstr(said, text))
                fail_msg("says: %s\nand not: %s", said, text);
}

static void test_no_permit(_unused_ void **state) {
        /* No directory of permits, or none at all: no guard has run since boot. */
        assert_int_equal(check(TENURE_LIFE, 90, true), 0);
        assert_string_equal(said, "");
        permit(TENURE_LIFE, 0);
        assert_int_equal(check(TENURE_LIFE, 90, true), 0);
        assert_int_equal(check(TENURE_LEASE, 90, true), 0);
        assert_int_equal(check(TENURE_LIFE, 0, true), 0);
        assert_string_equal(said, "");
}

static void test_lease(_unused_ void **state) {
        permit(TENURE_LEASE, clock_boottime_usec() + 60 * USEC_PER_SEC);
        assert_int_equal(check(TENURE_LEASE, 2, true), 0);
        assert_int_equal(check(TENURE_LEASE, 1, true), 0);
        assert_string_equal(said, "");
        assert_int_equal(check(TENURE_LEASE, 3, true), -EBUSY);
        assert_int_equal(check(TENURE_LIFE, 0, true), -EBUSY);
        assert_int_equal(check(TENURE_LIFE, 2, false), -EBUSY);
        assert_says(UNIT " is permitted under a lease (lock ops/db-lock)");
        assert_says("within 2 s");
        assert_says("nothing was changed. Give the lock up first:\n    leaderctl step-down --force ops/db-lock && "
                    "while test -e ");
        assert_says("/permits/" UNIT "; do sleep 0.1; done; leaderctl enroll AGAIN\n");
        assert_says("(60 s at most), and then:\n    leaderctl enroll AGAIN\n");
}

static void test_over(_unused_ void **state) {
        permit(TENURE_LEASE, clock_boottime_usec());
        assert_int_equal(check(TENURE_LIFE, 2, false), 0);
        assert_int_equal(check(TENURE_LIFE, 2, true), -EBUSY);
        assert_says("the unit is not stopped:\n    systemctl stop " UNIT " && leaderctl enroll AGAIN\n");
}

/* What cannot be read may be a lease. */
static void test_unreadable(_unused_ void **state) {
        (void)tempdir_write(&dir, "permits/" UNIT, "leader-guard permit 1\n");
        assert_int_equal(check(TENURE_LEASE, 1, true), -EBADMSG);
        assert_says("whether a lease is in force cannot be told: the drop-in of " UNIT " was not changed");
        assert_says("systemctl restart leader-guard && while test -e ");
        assert_int_equal(unlink(tempdir_path(&dir, "permits/" UNIT)), 0);
        assert_int_equal(symlink("/dev/null", tempdir_path(&dir, "permits/" UNIT)), 0);
        assert_int_equal(check(TENURE_LIFE, 2, true), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_no_permit, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_lease, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_over, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unreadable, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
