/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's files, drop-in files and control group paths, in a directory of the test. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "adapter/cgroup.h"
#include "adapter/dropin.h"
#include "adapter/gate.h"

static int set_up(void **state) {
        struct tempdir *t = calloc(1, sizeof(*t));

        assert_non_null(t);
        tempdir_make(t);
        *state = t;
        return 0;
}

static int tear_down(void **state) {
        tempdir_remove(*state);
        free(*state);
        return 0;
}

static void read_text(const char *path, char *buf, size_t size) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        assert_true(fd >= 0);
        n = read(fd, buf, size - 1);
        assert_true(n >= 0);
        buf[n] = '\0';
        close(fd);
}

struct seen {
        unsigned n, a, b;
        int result;
};

static int on_name(const char *name, void *userdata) {
        struct seen *s = userdata;

        s->n++;
        s->a += util_streq(name, "a.service");
        s->b += util_streq(name, "b.service");
        return s->result;
}

static void test_gate(void **state) {
        const struct tempdir *t = *state;
        char buf[64];
        struct err err = {};
        struct seen seen = {};
        struct gate g;

        assert_int_equal(gate_open(&g, tempdir_path(t, "missing"), &err), -ENOENT);
        assert_non_null(strstr(err.text, "missing"));
        assert_int_equal(gate_open(&g, t->path, &err), 0);
        gate_close(&g);
        assert_int_equal(gate_open(&g, t->path, &err), 0);

        /* Can be written: leaves nothing. */
        assert_int_equal(gate_probe(&g), 0);
        assert_int_equal(rmdir(tempdir_path(t, "revoked")), 0);
        assert_int_equal(gate_probe(&g), 0);
        assert_int_equal(rmdir(tempdir_path(t, "revoked")), 0);
        tempdir_write(t, "revoked", "no directory");
        assert_int_equal(gate_probe(&g), -ENOTDIR);
        assert_int_equal(unlink(tempdir_path(t, "revoked")), 0);
        assert_int_equal(gate_each(&g, on_name, &seen), 0);
        assert_int_equal(seen.n, 0);

        assert_int_equal(gate_exists(&g, "a.service"), 0);
        assert_int_equal(gate_remove(&g, "a.service"), 0);
        assert_int_equal(gate_make(&g, "a.service"), 0);
        assert_int_equal(gate_make(&g, "a.service"), 0);
        assert_int_equal(gate_exists(&g, "a.service"), 1);
        assert_int_equal(access(tempdir_path(t, "leading/a.service"), F_OK), 0);
        assert_int_equal(gate_make(&g, "../a.service"), -EINVAL);
        assert_int_equal(gate_make(&g, ".a"), -EINVAL);
        assert_int_equal(gate_remove(&g, ""), -EINVAL);

        assert_int_equal(gate_is_revoked(&g, "uid-1"), 0);
        assert_int_equal(gate_record_revoked(&g, "uid-1"), 0);
        assert_int_equal(gate_is_revoked(&g, "uid-1"), 1);
        assert_int_equal(gate_is_revoked(&g, "uid-2"), 0);

        assert_int_equal(gate_read_permit(&g, "a.service", buf, sizeof(buf)), -ENOENT);
        assert_int_equal(gate_write_permit(&g, "a.service", "first"), 0);
        assert_int_equal(gate_write_permit(&g, "a.service", "second"), 0);
        assert_int_equal(gate_write_permit(&g, "b.service", "x"), 0);
        assert_int_equal(gate_write_environment(&g, "a.service", "E=1\n"), 0);
        assert_int_equal(gate_read_permit(&g, "a.service", buf, sizeof(buf)), 6);
        assert_memory_equal(buf, "second", 6);
        assert_int_equal(gate_read_permit(&g, "a.service", buf, 6), -EFBIG);
        read_text(tempdir_path(t, "env/a.service"), buf, sizeof(buf));
        assert_string_equal(buf, "E=1\n");

        /* What a killed writer left is not a permit. */
        tempdir_write(t, "permits/.new-c.service", "half");
        assert_int_equal(gate_each_permit(&g, on_name, &seen), 0);
        assert_int_equal(seen.n, 2);
        assert_int_equal(access(tempdir_path(t, "permits/.new-c.service"), F_OK), 0);
        seen = (struct seen){};
        assert_int_equal(gate_each(&g, on_name, &seen), 0);
        assert_int_equal(seen.n, 3);
        assert_int_equal(seen.a, 2);
        assert_int_equal(seen.b, 1);
        assert_int_equal(access(tempdir_path(t, "permits/.new-c.service"), F_OK), -1);
        seen.result = -EIO;
        assert_int_equal(gate_each(&g, on_name, &seen), -EIO);

        assert_int_equal(gate_remove_permit(&g, "a.service"), 0);
        assert_int_equal(gate_remove_permit(&g, "a.service"), 0);
        assert_int_equal(access(tempdir_path(t, "env/a.service"), F_OK), -1);
        assert_int_equal(gate_remove(&g, "a.service"), 0);
        assert_int_equal(gate_exists(&g, "a.service"), 0);

        /* Neither a link nor a directory is a permit file. */
        assert_int_equal(symlink("b.service", tempdir_path(t, "permits/link.service")), 0);
        assert_int_equal(gate_read_permit(&g, "link.service", buf, sizeof(buf)), -EBADMSG);
        assert_int_equal(mkdir(tempdir_path(t, "permits/dir.service"), 0755), 0);
        assert_int_equal(gate_read_permit(&g, "dir.service", buf, sizeof(buf)), -EBADMSG);
        gate_close(&g);
}

static void test_dropin(void **state) {
        const struct tempdir *t = *state;
        const char *path = tempdir_path(t, "a.service.d/zz.conf");
        char buf[64];
        struct stat st;
        struct err err = {};

        assert_int_equal(dropin_remove(t->path, "a.service", "zz.conf", &err), 0);
        assert_int_equal(dropin_write(t->path, "a.service", "zz.conf", "one\n", &err), 1);
        assert_int_equal(dropin_write(t->path, "a.service", "zz.conf", "one\n", &err), 0);
        assert_int_equal(dropin_write(t->path, "a.service", "zz.conf", "two, longer\n", &err), 1);
        read_text(path, buf, sizeof(buf));
        assert_string_equal(buf, "two, longer\n");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_int_equal(access(tempdir_path(t, "a.service.d/zz.conf.new"), F_OK), -1);
        assert_int_equal(dropin_remove(t->path, "a.service", "zz.conf", &err), 1);
        assert_int_equal(access(tempdir_path(t, "a.service.d"), F_OK), -1);

        /* Masked by a link: replaced. Others' files keep the directory. */
        tempdir_write(t, "a.service.d/other.conf", "x");
        assert_int_equal(symlink("/dev/null", path), 0);
        assert_int_equal(dropin_write(t->path, "a.service", "zz.conf", "one\n", &err), 1);
        assert_int_equal(lstat(path, &st), 0);
        assert_true(S_ISREG(st.st_mode));
        assert_int_equal(dropin_remove(t->path, "a.service", "zz.conf", &err), 1);
        assert_int_equal(access(tempdir_path(t, "a.service.d/other.conf"), F_OK), 0);

        assert_true(dropin_write(tempdir_path(t, "missing/deep"), "a.service", "zz.conf", "one\n", &err) < 0);
        assert_non_null(strstr(err.text, "missing/deep/a.service.d"));
}

/* A kernel before 5.14 has no cgroup.kill. The root of a hierarchy has neither file. */
static void test_cgroup_can_kill(void **state) {
        const struct tempdir *t = *state;

        assert_true(cgroup_can_kill(t->path, "/"));
        assert_true(cgroup_can_kill(t->path, ""));
        tempdir_write(t, "system.slice/cgroup.events", "populated 1\n");
        assert_false(cgroup_can_kill(t->path, "/"));
        assert_false(cgroup_can_kill(t->path, "/system.slice/gone.service"));
        tempdir_write(t, "system.slice/cgroup.kill", "");
        assert_true(cgroup_can_kill(t->path, "/"));
        tempdir_write(t, "system.slice/guard.service/cgroup.events", "populated 1\n");
        assert_false(cgroup_can_kill(t->path, "/system.slice/guard.service"));
        tempdir_write(t, "system.slice/guard.service/cgroup.kill", "");
        assert_true(cgroup_can_kill(t->path, "/system.slice/guard.service"));
}

static void test_cgroup_path(_unused_ void **state) {
        static const struct {
                const char *slice, *unit, *path;
        } rows[] = {
                {"system.slice", "a.service", "/system.slice/a.service"},
                {"", "a.service", "/system.slice/a.service"},
                {NULL, "a@b.service", "/system.slice/system-a.slice/a@b.service"},
                {NULL, "x-y@b.service", "/system.slice/system-x\\x2dy.slice/x-y@b.service"},
                {"a-b-c.slice", "d.service", "/a.slice/a-b.slice/a-b-c.slice/d.service"},
                {"-.slice", "d.service", "/d.service"},
                {"system.slice", "_x.service", "/system.slice/__x.service"},
                {"system.slice", "cgroup.service", "/system.slice/_cgroup.service"},
        };
        char buf[256];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_true(cgroup_unit_path(rows[i].slice, rows[i].unit, buf, sizeof(buf)));
                assert_string_equal(buf, rows[i].path);
        }
        /* Never a part of it: "/system.slice/" alone is what must not be killed. */
        for (size_t size = 1; size <= strlen("/system.slice/a.service"); size++) {
                assert_false(cgroup_unit_path("system.slice", "a.service", buf, size));
                assert_string_equal(buf, "");
        }
}

static void test_cgroup_populated(void **state) {
        const struct tempdir *t = *state;
        struct err err = {};

        assert_int_equal(cgroup_populated(t->path, "/none"), CGROUP_EMPTY);
        tempdir_write(t, "full/cgroup.events", "populated 1\nfrozen 0\n");
        assert_int_equal(cgroup_populated(t->path, "/full"), CGROUP_POPULATED);
        tempdir_write(t, "frozen/cgroup.events", "frozen 1\npopulated 0\n");
        assert_int_equal(cgroup_populated(t->path, "/frozen"), CGROUP_EMPTY);
        tempdir_write(t, "odd/cgroup.events", "unpopulated 0\n");
        assert_int_equal(cgroup_populated(t->path, "/odd"), CGROUP_UNKNOWN);
        tempdir_write(t, "empty/cgroup.events", "");
        assert_int_equal(cgroup_populated(t->path, "/empty"), CGROUP_UNKNOWN);
        assert_int_equal(cgroup_populated(t->path, "relative"), CGROUP_UNKNOWN);
        assert_int_equal(cgroup_populated(t->path, ""), CGROUP_UNKNOWN);
        assert_int_equal(cgroup_populated(t->path, "/a/../b"), CGROUP_UNKNOWN);
        assert_int_equal(cgroup_kill(t->path, "/none"), 0);
        assert_int_equal(cgroup_kill(t->path, "none"), -EINVAL);
        assert_int_equal(cgroup_check(t->path, &err), -EMEDIUMTYPE);
        assert_non_null(strstr(err.text, "systemd.unified_cgroup_hierarchy=1"));
        assert_int_equal(cgroup_check("/nowhere", &err), -EMEDIUMTYPE);
}

/* Somebody empties the directory, or removes it. */
static void test_removed(void **state) {
        struct tempdir *t = *state;
        struct gate g = {.fd = -1};
        struct err err = {};
        char buf[64], dir[300];

        assert_true(util_copy(dir, sizeof(dir), tempdir_path(t, "run")));
        assert_int_equal(mkdir(dir, 0755), 0);
        assert_int_equal(gate_open(&g, dir, &err), 0);
        for (unsigned i = 0; i < 4; i++) {
                static const char *const parts[] = {"run/permits", "run/leading", "run/env", "run/revoked"};

                assert_int_equal(rmdir(tempdir_path(t, parts[i])), 0);
        }
        assert_int_equal(gate_remove(&g, "a.service"), 0);
        assert_int_equal(gate_remove_permit(&g, "a.service"), 0);
        assert_int_equal(gate_record_revoked(&g, "uid-1"), 0);
        assert_int_equal(gate_is_revoked(&g, "uid-1"), 1);
        assert_int_equal(gate_write_permit(&g, "a.service", "p"), 0);
        assert_int_equal(gate_read_permit(&g, "a.service", buf, sizeof(buf)), 1);
        assert_int_equal(gate_write_environment(&g, "a.service", "E=1\n"), 0);
        assert_int_equal(gate_make(&g, "a.service"), 0);
        assert_int_equal(access(tempdir_path(t, "run/leading/a.service"), F_OK), 0);
        gate_close(&g);

        assert_int_equal(mkdir(tempdir_path(t, "gone"), 0755), 0);
        assert_true(util_copy(dir, sizeof(dir), tempdir_path(t, "gone")));
        assert_int_equal(gate_open(&g, dir, &err), 0);
        for (unsigned i = 0; i < 4; i++) {
                static const char *const parts[] = {"gone/permits", "gone/leading", "gone/env", "gone/revoked"};

                assert_int_equal(rmdir(tempdir_path(t, parts[i])), 0);
        }
        assert_int_equal(rmdir(dir), 0);
        assert_int_equal(gate_record_revoked(&g, "uid-1"), -ENOENT);
        assert_int_equal(gate_write_permit(&g, "a.service", "p"), -ENOENT);
        gate_close(&g);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_gate, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_removed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_dropin, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_cgroup_can_kill, set_up, tear_down),
                cmocka_unit_test(test_cgroup_path),
                cmocka_unit_test_setup_teardown(test_cgroup_populated, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
