/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of a unit hide from it, file by file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/sandbox.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_settings),
                cmocka_unit_test(test_paths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
