/* SPDX-License-Identifier: Apache-2.0 */
/* What the settings of a unit hide from it, file by file; and whether its user may read one, tried. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "adapter/sandbox_service.h"
#include "codec/kubeconfig.h"

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

/* What a process of a service finds itself behind. */
static void test_mounts(_unused_ void **state) {
        static const char
                host[] = "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
                         "23 22 0:24 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=1g\n"
                         "24 22 254:2 / /home rw,relatime shared:2 - ext4 /dev/vda2 rw\n"
                         "25 23 0:40 / /run/user/0 rw shared:9 - tmpfs tmpfs rw\n"
                         "26 22 0:41 / /tmp rw shared:10 - tmpfs tmpfs rw\n",
                yes[] = "90 22 0:24 /systemd/inaccessible/dir /home ro,nosuid master:5 - tmpfs tmpfs rw\n"
                        "91 22 0:24 /systemd/inaccessible/dir /root ro,nosuid master:5 - tmpfs tmpfs rw\n"
                        "92 23 0:24 /systemd/inaccessible/dir /run/user ro,nosuid - tmpfs tmpfs rw\n"
                        "93 22 254:1 /var/tmp/systemd-private-1-x.service-2/tmp /var/tmp rw - ext4 /dev/a rw\n"
                        "94 22 0:24 /systemd/inaccessible/dir /etc/secret ro - tmpfs tmpfs rw\n"
                        "95 91 254:1 /root/agent /root/agent ro - ext4 /dev/vda1 rw\n",
                empty[] = "90 22 0:77 / /home ro,nosuid - tmpfs tmpfs ro,mode=755\n"
                          "91 22 0:78 / /root ro,nosuid - tmpfs tmpfs ro,mode=755\n";
        static const struct {
                const char *mounts, *path, *setting, *at;
        } rows[] = {
                {"", "/root/kc", NULL, NULL},
                {"", "/home/u/kc", NULL, NULL},
                {"", "/run/user/0/kc", NULL, NULL},
                {"", "/tmp/kc", NULL, NULL},
                {yes, "/root/.kube/config", "ProtectHome=", "/root"},
                {yes, "/root", "ProtectHome=", "/root"},
                {yes, "/home/u/kc", "ProtectHome=", "/home"},
                {yes, "/run/user/0/kc", "ProtectHome=", "/run/user"},
                {yes, "/rooted/kc", NULL, NULL},
                {yes, "/root/agent/kc", NULL, NULL},
                {yes, "/tmp/kc", NULL, NULL},
                {yes, "/var/tmp/kc", "PrivateTmp=", "/var/tmp"},
                {yes, "/etc/secret/kc", "InaccessiblePaths=", "/etc/secret"},
                {yes, "/etc/leader-agent/kc", NULL, NULL},
                {empty, "/root/kc", "ProtectHome=", "/root"},
                {empty, "/home/u/kc", "ProtectHome=", "/home"},
                {"no mount info\n", "/root/kc", NULL, NULL},
        };

        struct sandbox_wall far = {};
        char line[700], deep[400] = "/etc/";
        FILE *mount;

        memset(deep + 5, 'x', 300);
        (void)snprintf(line, sizeof(line), "94 22 0:24 /systemd/inaccessible/dir %s ro - tmpfs tmpfs rw\n", deep);
        mount = fmemopen(line, strlen(line), "r");
        assert_non_null(mount);
        assert_true(sandbox_mounts_hide(mount, deep, &far));
        deep[252] = '\0';
        assert_memory_equal(far.path, deep, 252);
        assert_string_equal(far.path + 252, "...");
        (void)fclose(mount);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct sandbox_wall wall = {};
                char text[4096];
                FILE *f;
                bool hidden;

                (void)snprintf(text, sizeof(text), "%s%s", host, rows[i].mounts);
                f = fmemopen(text, strlen(text), "r");
                assert_non_null(f);
                hidden = sandbox_mounts_hide(f, rows[i].path, &wall);
                (void)fclose(f);
                if (hidden != !!rows[i].setting ||
                    (hidden && (!util_streq(wall.setting, rows[i].setting) || !util_streq(wall.path, rows[i].at))))
                        fail_msg("row %zu, %s: %s hides %s", i, rows[i].path, wall.setting, wall.path);
        }
}

/* A kubeconfig and its files behind that: what hides them, and a cure that works. */
static int load_hidden(const char *dir) {
        static const struct {
                const char *path, *words;
        } rows[] = {
                {"/root/kc",
                 "error loading kubeconfig file \"/root/kc\": it is not seen: ProtectHome= of this program's unit "
                 "hides "
                 "/root; run: install -D -o root -g leader-agent -m 0640 -t /etc/leader-agent /root/kc; and write "
                 "kubeconfig = \"/etc/leader-agent/kc\"; in place of that path"},
                {"link",
                 "link\": it is not seen: ProtectHome= of this program's unit hides /root; run: install -D -o root -g "
                 "leader-agent -m 0640 -t /etc/leader-agent "},
                {"kc",
                 "unable to read tokenFile /root/t for u due to it is not seen: ProtectHome= of this program's unit "
                 "hides /root ("},
                {"kc",
                 "run: install -D -o root -g leader-agent -m 0640 -t /etc/leader-agent /root/t; and write tokenFile: "
                 "/etc/leader-agent/t there"},
                {"none", "none\": No such file or directory; put the file there, or correct the path"},
        };
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct kubeconfig *k = NULL;
                struct err err = {};

                (void)snprintf(path, sizeof(path), "%s%s%s", rows[i].path[0] == '/' ? "" : dir,
                               rows[i].path[0] == '/' ? "" : "/", rows[i].path);
                if (kubeconfig_load(&k, path, NULL, &err) >= 0 || !strstr(err.text, rows[i].words)) {
                        (void)fprintf(stderr, "row %zu: %s\n", i, err.text);
                        return 1;
                }
        }
        return 0;
}

static void test_hidden(_unused_ void **state) {
        struct tempdir dir;
        int status;
        pid_t pid;

        tempdir_make(&dir);
        (void)tempdir_write(&dir, "kc",
                            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                            "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\n"
                            "users: [{name: u, user: {tokenFile: /root/t}}]\n");
        assert_int_equal(symlink("/root/elsewhere", tempdir_path(&dir, "link")), 0);
        pid = fork();
        if (pid == 0) {
                if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                    mount("tmpfs", "/root", "tmpfs", MS_RDONLY, "mode=0755") < 0)
                        _exit(77);
                _exit(load_hidden(dir.path));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        tempdir_remove(&dir);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                skip();
        assert_int_equal(status, 0);
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
                cmocka_unit_test(test_mounts), cmocka_unit_test(test_hidden),  cmocka_unit_test(test_settings),
                cmocka_unit_test(test_paths),  cmocka_unit_test(test_attempt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
