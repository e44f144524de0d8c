/* SPDX-License-Identifier: Apache-2.0 */
/* leader-agent as it is installed: that it starts anew for another kubeconfig, and that check-config is the same in
 * both programs, and sees what the service would. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../lib/ctlworld.h"

/* ---- the agent itself ---- */

static unsigned count_files(const char *path) {
        DIR *d = opendir(path);
        unsigned n = 0;

        assert_non_null(d);
        while (readdir(d))
                n++;
        closedir(d);
        return n;
}

static void read_line(const char *path, char *buf, size_t size) {
        FILE *f = fopen(path, "re");

        assert_non_null(f);
        assert_non_null(fgets(buf, (int)size, f));
        (void)fclose(f);
}

static void write_kubeconfig(unsigned port, const char *user) {
        char text[1024];

        (void)snprintf(text, sizeof(text),
                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: ops}}]\n"
                       "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:%u'}}]\n"
                       "users: [{name: u, user: {%s}}]\n",
                       port, user);
        (void)tempdir_write(&ctl_bus.dir, "kc", text);
}

/* Without API server and guard, on our bus. */
static pid_t start_agent(void) {
        char path[PATH_MAX], text[1024];
        pid_t pid;

        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\"; state_dir = \"%s/state\"; guard_socket = \"%s/guard\";\n"
                       "locks = ({name = \"l\"; unit = \"a.service\";});\n",
                       ctl_bus.dir.path, ctl_bus.dir.path, ctl_bus.dir.path);
        (void)util_copy(path, sizeof(path), tempdir_write(&ctl_bus.dir, "agent.conf", text));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)execl(ctl_leader_agent, ctl_leader_agent, "--config", path, NULL);
                _exit(127);
        }
        return pid;
}

static void write_ca(const char *name) {
        FILE *f = fopen("tests/kubeconfig/pem/ca.pem", "re");
        char text[4096] = "";

        assert_non_null(f); /* or this does not run from the top of the tree */
        assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
        fclose(f);
        (void)tempdir_write(&ctl_bus.dir, name, text);
}

static bool has_server(unsigned port) {
        char server_text[64];

        (void)snprintf(server_text, sizeof(server_text), "https://127.0.0.1:%u\"", port);
        return strstr(RUN("status", "--json").out, server_text);
}

/* Another kubeconfig takes effect by a start of the same process, with nothing left open, at once and as often as
 * wanted; a refused one leaves it as it is; a signal that came meanwhile is not lost. */
static void test_reload_anew(_unused_ void **state) {
        char path[64], name[64];
        unsigned n_fds[2] = {};
        sd_bus *systemd;
        pid_t pid;
        int status;

        ctl_server = bus_free(ctl_server);
        systemd = ctl_systemd_start();
        ctl_unit.state = "active";
        write_kubeconfig(1, "token: t");
        ctl_unit.pid = (uint32_t)(pid = start_agent());
        for (int i = 0; !has_server(1); i++)
                assert_true(i < 10);
        for (unsigned port = 2; port < 12; port++) {
                write_kubeconfig(port, "token: t");
                ctl_assert_result(RUN("reload"), 0, "", "");
                assert_true(has_server(port));
                if (port == 2 || port == 11) {
                        (void)snprintf(path, sizeof(path), "/proc/%d/fd", pid);
                        n_fds[port == 11] = count_files(path);
                }
        }
        assert_true(n_fds[0] > 0 && n_fds[1] <= n_fds[0] + 1);
        (void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        read_line(path, name, sizeof(name));
        assert_string_equal(name, "leader-agent\n");
        write_kubeconfig(12, "tokenFile: /none");
        ctl_assert_result(RUN("reload"), 1, "", "/none");
        write_kubeconfig(12, "token: t, exec: {command: x}");
        ctl_assert_result(RUN("reload"), 1, "", "exec");
        assert_true(has_server(11));
        /* By signal, and with one behind it. */
        write_kubeconfig(13, "token: t");
        assert_int_equal(kill(pid, SIGHUP), 0);
        for (int i = 0; !has_server(13); i++)
                assert_true(i < 10);
        write_kubeconfig(14, "token: t");
        assert_int_equal(kill(pid, SIGSTOP), 0);
        assert_int_equal(kill(pid, SIGHUP), 0);
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(kill(pid, SIGCONT), 0);
        for (uint64_t waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited += 5 * USEC_PER_MSEC) {
                assert_true(waited < CTL_HANG_USEC);
                assert_true(sd_event_run(ctl_event, 5 * USEC_PER_MSEC) >= 0);
        }
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        sd_bus_flush_close_unref(systemd);
}

/* What is hardly meant is said by check-config, and once by a start of the agent. (This one does not get further.) */
static void test_warnings(_unused_ void **state) {
        static const char *const said[] = {
                "insecure-skip-tls-verify: whoever answers at https://api:6443 is believed",
                "/kc can be read by anybody on this host; run: chmod o= ",
                "/token can be read by anybody on this host; run: chmod o= ",
                "cluster \"k\" names no certificate-authority: those of this system are trusted",
        };
        static const char *const keys[] = {"insecure-skip-tls-verify: true", "tls-server-name: x"};
        const char *dir = ctl_bus.dir.path;
        char text[1024], conf[128];

        assert_int_equal(chmod(dir, 0755), 0);
        assert_int_equal(chmod(tempdir_write(&ctl_bus.dir, "token", "t\n"), 0644), 0);
        (void)tempdir_write(&ctl_bus.dir, "no-directory", "");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\"; state_dir = \"%s/no-directory\";\n"
                       "locks = ({name = \"l\"; unit = \"a.service\";});\n",
                       dir, dir);
        (void)util_copy(conf, sizeof(conf), tempdir_write(&ctl_bus.dir, "warned.conf", text));
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                struct ctl_result r;

                (void)snprintf(text, sizeof(text),
                               "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                               "clusters: [{name: k, cluster: {server: 'https://api:6443', %s}}]\n"
                               "users: [{name: u, user: {token: t, tokenFile: token}}]\n",
                               keys[i]);
                assert_int_equal(chmod(tempdir_write(&ctl_bus.dir, "kc", text), 0644), 0);
                for (size_t j = 0; j < ELEMENTSOF(said); j++) {
                        bool is = i == 0 ? j < 3 : j > 0;
                        char *at;

                        r = RUN("check-config", conf);
                        at = strstr(r.out, said[j]);
                        assert_int_equal(r.status, 0);
                        assert_int_equal(at != NULL, is);
                        r = RUN_AGENT("--config", conf);
                        at = strstr(r.err, said[j]);
                        if ((at != NULL) != is || (at && (strstr(at + 1, said[j]) || !strstr(r.err, "kubeconfig: "))))
                                fail_msg("%s: %s", said[j], r.err);
                        assert_int_equal(r.status, 1);
                }
        }
}

/* leaderctl and leader-agent print the same, and what they print is a configuration again. */
static void test_check_config(_unused_ void **state) {
        const char *path, *again;
        char text[1024];
        struct ctl_result r, other;

        (void)tempdir_write(
                &ctl_bus.dir, "kc",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: ops}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\nusers: [{name: u, user: {token: t}}]\n");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nlocks = ( { name = \"op-lock\"; unit = \"op.service\"; tenure = "
                       "\"lease\"; } );\n",
                       ctl_bus.dir.path);
        path = tempdir_write(&ctl_bus.dir, "agent.conf", text);
        r = RUN("check-config", path);
        ctl_assert_result(r, 0, "/kc, context c, server https://api:6443\n", "");
        assert_non_null(strstr(r.out, "namespace = \"ops\";"));
        assert_non_null(strstr(r.out, "# Two leaders: 0 s."));
        assert_null(strstr(r.out, "token"));
        assert_non_null(strstr(r.out, "# warning: cluster \"k\" names no certificate-authority"));
        ctl_assert_result(RUN("check-config", path, "--json"), 0, "\"server\":\"https://api:6443\",", "");
        ctl_assert_result(RUN("check-config", "--json", tempdir_path(&ctl_bus.dir, "none")), 1,
                          "\"error\":\"cannot read configuration ", "");
        other = RUN_AGENT("--check-config", "--config", path);
        ctl_assert_result(other, 0, "", "");
        assert_string_equal(other.out, r.out);
        again = tempdir_write(&ctl_bus.dir, "again.conf", r.out);
        ctl_assert_result(RUN("check-config", again), 0, "/kc, context c, server https://api:6443\n", "");

        (void)tempdir_write(&ctl_bus.dir, "agent.conf", "lokcs = ();\n");
        ctl_assert_result(RUN("check-config", path), 1, "", "/agent.conf:1: unknown key \"lokcs\"");
        ctl_assert_result(RUN_AGENT("--check-config", "--config", path), 1, "", "/agent.conf:1: unknown key \"lokcs\"");
        ctl_assert_result(RUN("check-config", tempdir_path(&ctl_bus.dir, "none")), 1, "",
                          "/none: No such file or directory");
}

/* Whose eyes it judges with, and with which groups and rights: as systemd would start it. */
static void test_check_config_user(_unused_ void **state) {
#define SEES "# leader-agent.service sees these files, "
#define READ "cannot be read by the agent's user "
        static const struct {
                const char *load, *user, *group;
                bool dynamic;
                uint64_t ambient, lost;
                mode_t mode; /* of the kubeconfig, which belongs to uid 1 and gid 65534 */
                int status;
                const char *words;
        } rows[] = {
                {.user = "nobody", .mode = 0640, .words = "and its user nobody can read them."},
                /* by number */
                {.user = "65534", .mode = 0640, .words = "and its user nobody can read them."},
                {.user = "65534",
                 .mode = 0600,
                 .status = 1,
                 .words = READ "nobody: Permission denied; run: chgrp nogroup "},
                {.user = "1", .group = "65534", .mode = 0040, .status = 1, .words = READ "daemon: "},
                {.user = "2", .group = "65534", .mode = 0040, .words = "and its user bin can read them."},
                {.user = "2", .group = "nogroup", .mode = 0040, .words = "and its user bin can read them."},
                {.user = "2", .mode = 0040, .status = 1, .words = READ "bin: Permission denied; run: chgrp bin "},
                {.user = "4123",
                 .mode = 0644,
                 .words = SEES "but cannot start: there is no user with the number 4123 here; name one that there is: "
                               "systemctl edit leader-agent"},
                /* none: root, without what its unit takes from it */
                {.mode = 0600, .words = "and its user root can read them."},
                {.mode = 0600,
                 .lost = ~UINT64_C(0),
                 .status = 1,
                 .words = READ "root: Permission denied; run: chgrp root "},
                {.group = "nogroup", .mode = 0640, .lost = ~UINT64_C(0), .words = "and its user root can read them."},
                {.user = "0", .mode = 0600, .words = "and its user root can read them."},
                /* names that are nobody's */
                {.user = "leader-agent-none",
                 .mode = 0644,
                 .words = "there is no user leader-agent-none here; run: useradd --system leader-agent-none\n"},
                {.user = "nobody",
                 .group = "no-such-group",
                 .mode = 0644,
                 .words = "there is no group no-such-group here; run: groupadd --system no-such-group\n"},
                {.user = "nobody",
                 .group = "4124",
                 .mode = 0644,
                 .words = "there is no group with the number 4124 here; name one that there is: systemctl edit"},
                {.load = "bad-setting",
                 .mode = 0644,
                 .words = "is not known: systemd cannot load leader-agent.service (bad-setting: Unit "
                          "leader-agent.service "
                          "has a bad unit file setting.; systemctl status leader-agent has the line).\n"},
                {.load = "masked",
                 .mode = 0644,
                 .words = "is not known: leader-agent.service is masked (systemctl unmask leader-agent).\n"},
                /* one that systemd makes at each start */
                {.user = "la-dyn",
                 .dynamic = true,
                 .mode = 0644,
                 .words = "and its user la-dyn (DynamicUser=) can read them."},
                {.user = "la-dyn",
                 .dynamic = true,
                 .mode = 0640,
                 .status = 1,
                 .words = READ
                 "la-dyn (DynamicUser=): Permission denied; systemd makes that user at each start, but takes "
                 "one that there is; run: useradd --system la-dyn\n"},
                {.user = "la-dyn",
                 .group = "nogroup",
                 .dynamic = true,
                 .mode = 0640,
                 .words = "and its user la-dyn (DynamicUser=) can read them."},
                {.user = "nobody", .dynamic = true, .mode = 0640, .words = "and its user nobody can read them."},
                /* rights that are not tried here */
                {.user = "bin",
                 .ambient = 1 << 1,
                 .mode = 0600,
                 .words = "Whether its user bin can read them is not known: it could not be tried."},
        };
        const char *dir = ctl_bus.dir.path;
        char text[1024], conf[128], kc[128];
        sd_bus *systemd;

        if (geteuid() != 0)
                skip();
        (void)util_copy(kc, sizeof(kc),
                        tempdir_write(&ctl_bus.dir, "kc",
                                      "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                                      "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\n"
                                      "users: [{name: u, user: {token: t}}]\n"));
        (void)snprintf(text, sizeof(text), "kubeconfig = \"%s\";\nlocks = ({name = \"l\"; unit = \"a.service\";});\n",
                       kc);
        (void)util_copy(conf, sizeof(conf), tempdir_write(&ctl_bus.dir, "user.conf", text));
        assert_int_equal(chmod(dir, 0755), 0);
        assert_int_equal(chown(kc, 1, 65534), 0);
        systemd = ctl_systemd_start();
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct ctl_result r;

                ctl_unit = (struct ctl_unit){.load = rows[i].load ? rows[i].load : "loaded",
                                             .user = rows[i].user,
                                             .group = rows[i].group,
                                             .dynamic = rows[i].dynamic,
                                             .ambient = rows[i].ambient,
                                             .lost = rows[i].lost};
                assert_int_equal(chmod(kc, rows[i].mode), 0);
                r = RUN("check-config", conf);
                if (r.status != rows[i].status || !strstr(r.status ? r.err : r.out, rows[i].words))
                        fail_msg("row %zu, expected %s: %d %s%s", i, rows[i].words, r.status,
                                 r.status ? "" : strstr(r.out, "# leader-agent.service"), r.err);
        }
        sd_bus_flush_close_unref(systemd);
}

/* The files of a configuration as leader-agent.service would meet them. */
static void test_check_config_sandbox(_unused_ void **state) {
        const char *dir = ctl_bus.dir.path;
        char text[1024], expected[2048], conf[128], conf_kc[1100];
        struct ctl_result r;
        sd_bus *systemd;

        if (geteuid() != 0)
                skip();
        (void)tempdir_write(&ctl_bus.dir, "token", "t\n");
        write_ca("ca.crt");
        (void)snprintf(text, sizeof(text),
                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                       "clusters: [{name: k, cluster: {server: 'https://api:6443', certificate-authority: ca.crt}}]\n"
                       "# tokenFile: %s/token\nusers:\n- name: u\n  user: {tokenFile: %s/token}\n",
                       dir, dir);
        (void)tempdir_write(&ctl_bus.dir, "kc", text);
        (void)snprintf(text, sizeof(text),
                       "# where it is:\nkubeconfig = \"%s/kc\";\nlocks = ({name = \"l\"; unit = \"a.service\";});\n",
                       dir);
        (void)util_copy(conf, sizeof(conf), tempdir_write(&ctl_bus.dir, "sandbox.conf", text));
        assert_int_equal(chmod(dir, 0755), 0);

        ctl_assert_result(RUN("check-config", conf), 0,
                          "\n# What the agent sees of these files is not known: systemd does not answer.\n", "");
        systemd = ctl_systemd_start();
        memset(&ctl_unit, 0, sizeof(ctl_unit));
        ctl_unit.load = "not-found";
        ctl_assert_result(RUN("check-config", conf), 0, "is not known: leader-agent.service is not installed here.\n",
                          "");
        ctl_unit.load = "loaded";
        ctl_unit.user = "no-such-user";
        ctl_assert_result(
                RUN("check-config", conf), 0,
                "# leader-agent.service sees these files, but cannot start: there is no user no-such-user here; run: "
                "useradd --system no-such-user\n",
                "");
        ctl_unit.user = "nobody";
        ctl_unit.group = "nogroup";
        r = RUN("check-config", conf);
        ctl_assert_result(r, 0, "\n# leader-agent.service sees these files, and its user nobody can read them.\n", "");
        assert_string_equal(RUN_AGENT("--check-config", "--config", conf).out, r.out);

        /* Hidden, also behind a link; the configuration itself may be on its way elsewhere. */
        ctl_unit.tmp = true;
        (void)snprintf(expected, sizeof(expected),
                       "%s:2: kubeconfig %s/kc is not seen by the agent: PrivateTmp=yes of leader-agent.service hides "
                       "/tmp; run: install -D -o root -g nogroup -m 0640 -t /etc/leader-agent %s/kc; and write "
                       "kubeconfig = \"/etc/leader-agent/kc\"; there\n",
                       conf, dir, dir);
        ctl_assert_result(RUN_AGENT("--check-config", "--config", conf), 1, "", expected);
        r = RUN("check-config", conf);
        ctl_assert_result(r, 1, "", expected);
        assert_string_equal(r.out, "");
        ctl_unit.bound = dir;
        ctl_assert_result(RUN("check-config", conf), 0, "and its user nobody can read them.\n", "");
        ctl_unit.tmp = false;
        ctl_unit.bound = NULL;
        (void)snprintf(text, sizeof(text), "%s/hidden", dir);
        assert_int_equal(mkdir(text, 0755), 0);
        ctl_unit.inaccessible = text;
        (void)snprintf(expected, sizeof(expected), "%s/token", dir);
        assert_int_equal(unlink(expected), 0);
        assert_int_equal(symlink("hidden/token", expected), 0);
        (void)tempdir_write(&ctl_bus.dir, "hidden/token", "t\n");
        (void)snprintf(expected, sizeof(expected),
                       "%s/kc:7: tokenFile %s/token is not seen by the agent: InaccessiblePaths=%s/hidden of "
                       "leader-agent.service hides %s/hidden; run: install -D -o root -g nogroup -m 0640 -t "
                       "/etc/leader-agent %s/token; and write tokenFile: /etc/leader-agent/token there\n",
                       dir, dir, dir, dir, dir);
        ctl_assert_result(RUN("check-config", conf), 1, "", expected);
        ctl_unit.inaccessible = NULL;
        ctl_assert_result(RUN("check-config", conf), 0, "and its user nobody can read them.\n", "");

        /* Seen, and not readable: by mode, or for a directory on the way, here behind the link. */
        assert_int_equal(chmod(text, 0700), 0);
        (void)snprintf(expected, sizeof(expected),
                       "%s/kc:7: tokenFile %s/token cannot be read by the agent's user nobody: it may not enter "
                       "%s/hidden; run: install -D -o root",
                       dir, dir, dir);
        ctl_assert_result(RUN("check-config", conf), 1, "", expected);
        assert_int_equal(chmod(text, 0755), 0);
        (void)snprintf(text, sizeof(text), "%s/kc", dir);
        assert_int_equal(chmod(text, 0600), 0);
        (void)snprintf(
                expected, sizeof(expected),
                "%s:2: kubeconfig %s/kc cannot be read by the agent's user nobody: Permission denied; run: chgrp "
                "nogroup %s/kc && chmod 0640 %s/kc\n",
                conf, dir, dir, dir);
        ctl_assert_result(RUN("check-config", conf), 1, "", expected);
        (void)snprintf(expected, sizeof(expected), "chgrp nogroup %s/kc && chmod 0640 %s/kc", dir, dir);
        assert_int_equal(system(expected), 0); /* the cure */
        ctl_assert_result(RUN("check-config", conf), 0, "and its user nobody can read them.\n", "");

        /* Not named: that of the agent's user or unit, not of who asks. */
        (void)snprintf(expected, sizeof(expected), "%s",
                       tempdir_write(&ctl_bus.dir, "home.conf", "locks = ({name = \"l\"; unit = \"a.service\";});\n"));
        assert_int_equal(setenv("KUBECONFIG", text, 1), 0);
        ctl_assert_result(RUN("check-config", expected), 1, "",
                          "there is no file /nonexistent/.kube/config; say which one");
        assert_int_equal(unsetenv("KUBECONFIG"), 0);
        (void)snprintf(conf_kc, sizeof(conf_kc), "KUBECONFIG=%s", text);
        ctl_unit.environment = conf_kc;
        ctl_assert_result(RUN("check-config", expected), 0, "and its user nobody can read them.\n", "");
        /* The same of a proxy. */
        assert_int_equal(setenv("HTTPS_PROXY", "http://asker", 1), 0);
        r = RUN("check-config", expected);
        ctl_assert_result(r, 0, "and its user nobody can read them.\n", "");
        assert_null(strstr(r.out, "proxy"));
        ctl_unit.environment = "https_proxy=http://me:secret@unit";
        ctl_assert_result(
                RUN("check-config", conf), 0,
                "# warning: https_proxy in the environment: requests go through the proxy http://***@unit:80;", "");
        ctl_assert_result(RUN("check-config", conf, "--json"), 0,
                          "\"proxy\":\"http://***@unit:80\",\"proxyFrom\":\"https_proxy\"", "");
        assert_int_equal(unsetenv("HTTPS_PROXY"), 0);
        ctl_unit.environment = conf_kc;
        ctl_unit.home = "tmpfs";
        ctl_unit.tmp = true;
        ctl_assert_result(RUN("check-config", expected), 1, "", "leaderctl: kubeconfig /tmp/");
        ctl_assert_result(
                RUN("check-config", expected), 1, "",
                "; and write kubeconfig = \"/etc/leader-agent/kc\"; into /etc/leader-agent/leader-agent.conf\n");
        ctl_unit.tmp = false;

        /* Others than root cannot try. */
        ctl_run_as = 1;
        assert_int_equal(chmod(text, 0644), 0);
        r = RUN("check-config", conf);
        ctl_run_as = 0;
        ctl_assert_result(r, 0, "Whether its user nobody can read them is not known: run this as root.\n", "");
        ctl_unit.root = "/srv/root";
        ctl_assert_result(RUN("check-config", conf), 0,
                          "is not known: leader-agent.service has a root directory of its own", "");
        sd_bus_flush_close_unref(systemd);
}

/* The sample works after setting kubeconfig, lock and unit. */
static void test_sample(_unused_ void **state) {
        FILE *f = fopen("conf/leader-agent.conf", "r");
        char text[32768] = "", line[512], *out = text;
        struct ctl_result r;

        assert_non_null(f);
        (void)tempdir_write(
                &ctl_bus.dir, "kc",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\nusers: [{name: u, user: {token: t}}]\n");
        while (fgets(line, sizeof(line), f)) {
                if (strncmp(line, "kubeconfig = ", 13) == 0)
                        (void)snprintf(line, sizeof(line), "kubeconfig = \"%s/kc\";\n", ctl_bus.dir.path);
                out = stpcpy(out, line);
        }
        (void)fclose(f);
        r = RUN("check-config", tempdir_write(&ctl_bus.dir, "sample.conf", text));
        ctl_assert_result(r, 0, "name = \"myapp-operator-lock\";", "");
        assert_non_null(strstr(r.out, "unit = \"myapp-operator.service\";"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_AGENT(test_reload_anew),       WITH_AGENT(test_warnings),
                WITH_AGENT(test_check_config),      WITH_AGENT(test_check_config_sandbox),
                WITH_AGENT(test_check_config_user), WITH_AGENT(test_sample),
        };

        return ctl_begin("test_ctl_agent") ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
