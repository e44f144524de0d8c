/* SPDX-License-Identifier: Apache-2.0 */
/* Where leaderctl has a plugin run: which kubeconfigs are the agents' own, by whatever name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "ctl/ctl_kube.h"

static void test_is_below(void **state) {
        static const struct {
                const char *path; /* below the directory of the test, unless it begins with '.' */
                bool is_below;
        } rows[] = {
                {"etc/kubeconfig", true},
                {"etc/sub/kubeconfig", true},
                {"etc//kubeconfig", true},
                {"home/../etc/kubeconfig", true},
                {"link/kubeconfig", true},
                {"home/link", true},
                {"etc/out", true}, /* theirs, wherever they keep it */
                {"etc/none", true},
                {"./kubeconfig", true}, /* the working directory is sub */
                {"../kubeconfig", true},
                {"home/kubeconfig", false},
                {"etcetera/kubeconfig", false},
                {"home/none", false},
                {"./none", false},
        };
        struct tempdir t;
        char etc[300], link[400], path[400], own[400];

        (void)state;
        tempdir_make(&t);
        (void)snprintf(etc, sizeof(etc), "%s", tempdir_path(&t, "etc"));
        (void)tempdir_write(&t, "etc/kubeconfig", "");
        (void)tempdir_write(&t, "etc/sub/kubeconfig", "");
        (void)tempdir_write(&t, "etcetera/kubeconfig", "");
        (void)snprintf(path, sizeof(path), "%s", tempdir_write(&t, "home/kubeconfig", ""));
        assert_int_equal(symlink(path, tempdir_path(&t, "etc/out")), 0);
        assert_int_equal(symlink(etc, tempdir_path(&t, "link")), 0);
        (void)snprintf(link, sizeof(link), "%s/kubeconfig", etc);
        assert_int_equal(symlink(link, tempdir_path(&t, "home/link")), 0);
        assert_non_null(getcwd(own, sizeof(own)));
        assert_int_equal(chdir(tempdir_path(&t, "etc/sub")), 0);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *p = rows[i].path[0] == '.' ? rows[i].path : tempdir_path(&t, rows[i].path);

                if (ctl_kube_is_below(p, etc) != rows[i].is_below)
                        fail_msg("%s", rows[i].path);
        }
        assert_int_equal(chdir(own), 0);
        tempdir_remove(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_is_below),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
