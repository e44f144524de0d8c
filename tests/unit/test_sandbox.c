/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of a unit hide from it, file by file; and whether its user may read one, tried. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "adapter/sandbox_service.h"

static void expect(const struct sandbox *s, const char *path, const char *setting) {
        const struct sandbox_path *p = sandbox_hides(s, path);

        if (!util_streq(p ? p->setting : "", setting))
                fail_msg("%s: %s, expected %s", path, p ? p->setting : "seen", setting);
}

static void test_settings(_unused_ void **state) {
        static const struct {
                const char *home;
                bool tmp;
                const char *path, *setting;
        } rows[] = {
                {"yes", true, "/root/kc", "ProtectHome=yes"},
                {"yes", true, "/home/u/.kube/config", "ProtectHome=yes"},
                {"yes", true, "/run/user/0/kc", "ProtectHome=yes"},
                {"yes", true, "/root", "ProtectHome=yes"},
                {"yes", true, "/rooted/kc", ""},
                {"yes", true, "/run/users", ""},
                {"yes", true, "/etc/leader-agent/kubeconfig", ""},
                {"yes", true, "/tmp/kc", "PrivateTmp=yes"},
                {"yes", true, "/var/tmp/kc", "PrivateTmp=yes"},
                {"yes", true, "/var/kc", ""},
                {"yes", false, "/tmp/kc", ""},
                {"tmpfs", false, "/root/kc", "ProtectHome=tmpfs"},
                {"read-only", true, "/root/kc", ""},
                {"no", true, "/home/u/kc", ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct sandbox s = {};

                assert_int_equal(sandbox_protect_home(&s, rows[i].home), 0);
                assert_int_equal(sandbox_private_tmp(&s, rows[i].tmp), 0);
                expect(&s, rows[i].path, rows[i].setting);
                sandbox_done(&s);
        }
}

/* Of two the longer path counts, and what is mounted there is seen. */
static void test_paths(_unused_ void **state) {
        struct sandbox s = {};

        expect(&s, "/root/kc", "");
        assert_int_equal(sandbox_protect_home(&s, "yes"), 0);
        assert_int_equal(sandbox_bind(&s, "/root/agent/"), 0);
        assert_int_equal(sandbox_bind(&s, "-/home"), 0);
        assert_int_equal(sandbox_hide(&s, "InaccessiblePaths", "-+/etc/secret"), 0);
        assert_int_equal(sandbox_hide(&s, "InaccessiblePaths", "/root/agent/none"), 0);
        assert_int_equal(sandbox_hide(&s, "TemporaryFileSystem", "/srv"), 0);
        assert_int_equal(sandbox_hide(&s, "InaccessiblePaths", "/home"), 0);
        expect(&s, "/root/kc", "ProtectHome=yes");
        expect(&s, "/root/agent/kc", "");
        expect(&s, "/root/agent", "");
        expect(&s, "/root/agents", "ProtectHome=yes");
        expect(&s, "/root/agent/none/kc", "InaccessiblePaths=/root/agent/none");
        expect(&s, "/home/u/kc", "");
        expect(&s, "/etc/secret/kc", "InaccessiblePaths=/etc/secret");
        expect(&s, "/srv/kc", "TemporaryFileSystem=/srv");
        expect(&s, "/srv", "TemporaryFileSystem=/srv");
        sandbox_done(&s);
        assert_int_equal(sandbox_hide(&s, "TemporaryFileSystem", "/"), 0);
        expect(&s, "/etc/kc", "TemporaryFileSystem=/");
        sandbox_done(&s);
}

/* By root, and by that user itself. */
static void test_attempt(_unused_ void **state) {
        static const struct {
                mode_t dir, file;
                int error;
                bool wall;
        } rows[] = {
                {0755, 0644, 0, false},
                {0755, 0600, EACCES, false},
                {0700, 0644, EACCES, true},
        };
        const struct sandbox_service s = {.has_user = true, .uid = 65534, .gid = 65534};
        struct tempdir t;

        if (geteuid() != 0)
                skip();
        tempdir_make(&t);
        assert_int_equal(chmod(t.path, 0755), 0);
        for (size_t i = 0; i < 2 * ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *path = strdup(tempdir_write(&t, "dir/file", "x"));
                _cleanup_free_ char *dir = strdup(tempdir_path(&t, "dir"));
                bool wall = rows[i / 2].wall;
                int status;
                pid_t pid;

                assert_int_equal(chmod(path, rows[i / 2].file), 0);
                assert_int_equal(chmod(dir, rows[i / 2].dir), 0);
                pid = fork();
                assert_true(pid >= 0);
                if (pid == 0) {
                        struct sandbox_attempt a = {};

                        if (i % 2 && (setresgid(s.gid, s.gid, s.gid) < 0 || setresuid(s.uid, s.uid, s.uid) < 0))
                                _exit(2);
                        if (sandbox_attempt(&s, path, path, &a) < 0)
                                _exit(3);
                        _exit(a.error == rows[i / 2].error && util_streq(a.at, wall ? dir : "") ? 0 : 4);
                }
                assert_int_equal(waitpid(pid, &status, 0), pid);
                if (status != 0)
                        fail_msg("row %zu, %s: exit status %d", i / 2, i % 2 ? "that user" : "root",
                                 WEXITSTATUS(status));
        }
        tempdir_remove(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_settings),
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_attempt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
