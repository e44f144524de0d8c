/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl as it is installed: the program beside this test, against an agent's bus API served here; and that
 * check-config is the same in both programs. The verbs that talk to the API server are in test_fence. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include <cmocka.h>

#include "../lib/privatebus.h"
#include "adapter/bus.h"
#include "adapter/store.h"

/* Only to detect a hang. */
#define HANG_USEC (60 * USEC_PER_SEC)

static struct privatebus bus;
static sd_event *event;
static struct bus *server;
static char leaderctl[PATH_MAX], leader_agent[PATH_MAX], leader_guard[PATH_MAX];

static struct {
        const char *json;
        char lock[256], reason[256];
        bool force;
} agent;

static int on_status(_unused_ void *userdata, char **ret_json) {
        return (*ret_json = strdup(agent.json)) ? 0 : -ENOMEM;
}

static int on_step_down(_unused_ void *userdata, const char *lock, const char *reason, bool force,
                        _unused_ uint64_t call, struct err *err) {
        agent.force = force;
        (void)util_copy(agent.lock, sizeof(agent.lock), lock);
        (void)util_copy(agent.reason, sizeof(agent.reason), reason);
        if (util_streq(lock, "ops/lone") && !force)
                return err_setf(err, -EBUSY, "there is no other agent");
        return util_streq(lock, "ops/unknown") ? err_setf(err, -ENOENT, "no lock 'ops/unknown' in the configuration")
                                               : 0;
}

static int on_reload(_unused_ void *userdata, _unused_ struct err *err) {
        return 0;
}

static void on_trouble(_unused_ void *userdata, _unused_ const char *error) {
}

static const struct bus_handlers handlers = {
        .status = on_status, .step_down = on_step_down, .reload = on_reload, .trouble = on_trouble};

/* ---- systemd, as far as leaderctl asks it ---- */

static struct {
        const char *state, *load;
        uint32_t pid;
        const char *user, *group, *home, *root, *inaccessible, *bound, *environment;
        bool tmp;
} unit;

static int on_property(_unused_ sd_bus *b, _unused_ const char *path, _unused_ const char *interface, const char *name,
                       sd_bus_message *reply, _unused_ void *userdata, _unused_ sd_bus_error *error) {
        const struct {
                const char *name, *value;
        } texts[] = {
                {"ActiveState", unit.state}, {"LoadState", unit.load},   {"User", unit.user},
                {"Group", unit.group},       {"ProtectHome", unit.home}, {"RootDirectory", unit.root},
        };

        if (util_streq(name, "MainPID"))
                return sd_bus_message_append(reply, "u", unit.pid);
        if (util_streq(name, "PrivateTmp"))
                return sd_bus_message_append(reply, "b", unit.tmp);
        if (util_streq(name, "InaccessiblePaths"))
                return sd_bus_message_append(reply, "as", 1, unit.inaccessible ? unit.inaccessible : "/none");
        if (util_streq(name, "Environment"))
                return sd_bus_message_append(reply, "as", 2, "LANG=C", unit.environment ? unit.environment : "A=B");
        if (util_streq(name, "TemporaryFileSystem"))
                return sd_bus_message_append(reply, "a(ss)", 1, "/srv/none", "ro");
        if (util_streq(name, "BindReadOnlyPaths"))
                return unit.bound ? sd_bus_message_append(reply, "a(ssbt)", 1, "/etc", unit.bound, false, UINT64_C(0))
                                  : sd_bus_message_append(reply, "a(ssbt)", 0);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (util_streq(name, texts[i].name))
                        return sd_bus_message_append(reply, "s", texts[i].value ? texts[i].value : "");
        return -ENOENT;
}

static const sd_bus_vtable unit_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ActiveState", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("LoadState", "s", on_property, 0, 0),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable service_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("MainPID", "u", on_property, 0, 0),
        SD_BUS_PROPERTY("User", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("Group", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("ProtectHome", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("PrivateTmp", "b", on_property, 0, 0),
        SD_BUS_PROPERTY("Environment", "as", on_property, 0, 0),
        SD_BUS_PROPERTY("RootDirectory", "s", on_property, 0, 0),
        SD_BUS_PROPERTY("InaccessiblePaths", "as", on_property, 0, 0),
        SD_BUS_PROPERTY("TemporaryFileSystem", "a(ss)", on_property, 0, 0),
        SD_BUS_PROPERTY("BindReadOnlyPaths", "a(ssbt)", on_property, 0, 0),
        SD_BUS_VTABLE_END,
};

static sd_bus *systemd_start(void) {
        static const char path[] = "/org/freedesktop/systemd1/unit/leader_2dagent_2eservice";
        sd_bus *b = NULL;

        assert_true(sd_bus_open_system(&b) >= 0);
        assert_true(sd_bus_add_object_vtable(b, NULL, path, "org.freedesktop.systemd1.Unit", unit_vtable, NULL) >= 0);
        assert_true(sd_bus_add_object_vtable(b, NULL, path, "org.freedesktop.systemd1.Service", service_vtable, NULL) >=
                    0);
        assert_true(sd_bus_request_name(b, "org.freedesktop.systemd1", 0) >= 0);
        assert_true(sd_bus_attach_event(b, event, 0) >= 0);
        return b;
}

/* ---- programs ---- */

struct result {
        int status;
        char out[8192], err[4096];
};

/* Drains what is there; false at the end. */
static bool drain(int fd, char *buf, size_t size) {
        size_t n = strlen(buf);
        ssize_t k = read(fd, buf + n, size - 1 - n);

        if (k > 0)
                buf[n + (size_t)k] = '\0';
        return k != 0;
}

static uid_t run_as; /* 0: root, or whoever runs this */

static struct result run(const char *program, const char *const *arguments) {
        struct result r = {};
        int out[2], err[2];
        bool more_out = true, more_err = true;
        char *argv[8] = {(char *)program};
        pid_t pid;

        for (size_t i = 0; arguments[i]; i++)
                argv[i + 1] = (char *)arguments[i];
        assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(pipe2(err, O_CLOEXEC | O_NONBLOCK), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)dup2(out[1], STDOUT_FILENO);
                (void)dup2(err[1], STDERR_FILENO);
                if (run_as != 0) {
                        /* Opened before: others may not be able to look into the directory. */
                        int fd = open(program, O_PATH | O_CLOEXEC);

                        if (setresuid(run_as, run_as, run_as) == 0)
                                fexecve(fd, argv, environ);
                        _exit(127);
                }
                execv(program, argv);
                _exit(127);
        }
        close(out[1]);
        close(err[1]);
        for (uint64_t waited = 0; more_out || more_err; waited += 5 * USEC_PER_MSEC) {
                assert_true(waited < HANG_USEC);
                assert_true(sd_event_run(event, 5 * USEC_PER_MSEC) >= 0);
                more_out = more_out && drain(out[0], r.out, sizeof(r.out));
                more_err = more_err && drain(err[0], r.err, sizeof(r.err));
        }
        assert_int_equal(waitpid(pid, &r.status, 0), pid);
        assert_true(WIFEXITED(r.status));
        r.status = WEXITSTATUS(r.status);
        close(out[0]);
        close(err[0]);
        return r;
}

#define RUN(...)       run(leaderctl, (const char *const[]){__VA_ARGS__, NULL})
#define RUN_AGENT(...) run(leader_agent, (const char *const[]){__VA_ARGS__, NULL})

static void assert_result(struct result r, int status, const char *out, const char *err) {
        if (r.status != status || !strstr(r.out, out) || !strstr(r.err, err))
                fail_msg("status %d\n%s---\n%s", r.status, r.out, r.err);
}

static int setup(_unused_ void **state) {
        struct err err = {};

        (void)alarm(300);
        memset(&agent, 0, sizeof(agent));
        agent.json = "{}";
        privatebus_init(
                &bus, "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/>"
                      "<allow receive_sender=\"*\"/></policy>");
        privatebus_start(&bus);
        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(bus_serve(&server, event, &handlers, NULL, &err), 0);
        /* Until the name is ours. */
        for (int i = 0; RUN("status").status == 3; i++)
                assert_true(i < 1000);
        return 0;
}

static int teardown(_unused_ void **state) {
        server = bus_free(server);
        event = sd_event_unref(event);
        privatebus_done(&bus);
        (void)alarm(0);
        return 0;
}

#define DOCUMENT                                                                                                       \
        "{\"version\":\"0.1.0\",\"identity\":\"web-1-3f9a02c7\",\"api\":{\"server\":\"https://"                        \
        "api:6443\",\"lastContact\":"                                                                                  \
        "\"2001-01-02T03:04:05.123456Z\",\"error\":\"connection "                                                      \
        "refused\"},\"guard\":{\"connected\":false,\"error\":\"no "                                                    \
        "socket\",\"breaks\":2},\"locks\":[{\"lock\":\"ops/"                                                           \
        "op-lock\",\"unit\":\"op.service\",\"tenure\":\"life\",\"role\":\"leader\","                                   \
        "\"unitState\":\"running\",\"holder\":\"web-1\",\"holderIdentity\":\"web-1-3f9a02c7\",\"since\":\"2001-01-"    \
        "02T03:04:05Z\","                                                                                              \
        "\"term\":\"123\",\"lockUid\":\"u\",\"reason\":\"evil \\u001b[31m\\u009b "                                     \
        "text\",\"next\":\"renews\",\"validUntil\":\"\"}]}"

static void test_status(_unused_ void **state) {
        struct result r;

        agent.json = DOCUMENT;
        r = RUN("status");
        assert_result(r, 0, "identity  web-1-3f9a02c7, leader-agent 0.1.0\n", "");
        assert_non_null(strstr(r.out, "API       https://api:6443, last answer "));
        /* In days and hours: of the hours there are none in one hour of each day. */
        assert_non_null(strstr(r.out, " ago; connection refused\n"));
        assert_non_null(strstr(r.out, "guard     NOT connected: no socket; lost 2 times since leader-agent began\n"));
        assert_non_null(strstr(r.out, "LOCK         ROLE    UNIT        STATE    HOLDER  SINCE\n"));
        assert_non_null(strstr(r.out, "ops/op-lock  leader  op.service  running  web-1   "));
        /* What others wrote cannot steer the terminal, and there are no colours in a pipe. */
        assert_non_null(strstr(r.out, "    reason: evil ?[31m?? text\n    next: renews\n"));
        assert_null(strchr(r.out, '\033'));
        assert_null(strstr(r.out, "valid until"));

        assert_result(RUN("status", "--json"), 0, DOCUMENT "\n", "");
        /* Trouble comes first, and what it says is not said again. */
        agent.json = "{\"identity\":\"web-1-3f9a02c7\",\"version\":\"9\",\"troubles\":[{\"kind\":\"api-unreachable\","
                     "\"text\":"
                     "\"API UNREACHABLE since 12:00:00 (x)\"},{\"kind\":\"guard-away\",\"text\":\"evil "
                     "\\u001b[31m\"}],\"api\":{"
                     "\"server\":\"s\",\"error\":\"x\"},\"guard\":{\"connected\":false,\"error\":\"y\"},\"locks\":[{"
                     "\"lock\":\"a/b\","
                     "\"holder\":\"web-1\",\"holderIdentity\":\"web-1-00c0ffee\",\"nextTenure\":\"lease\"}]}";
        assert_result(RUN("status"), 0,
                      "TROUBLE   API UNREACHABLE since 12:00:00 (x)\n"
                      "TROUBLE   evil ?[31m\n"
                      "identity  web-1-3f9a02c7, leader-agent 9\n"
                      "API       s, no answer yet\n"
                      "guard     NOT connected\n"
                      "\n"
                      "LOCK  ROLE  UNIT  STATE  HOLDER          SINCE\n"
                      "a/b                      web-1-00c0ffee\n"
                      "    tenure of the next term: lease\n",
                      "");
        agent.json = "{\"version\":\"9\",\"locks\":[{}],\"more\":1}";
        assert_result(RUN("status"), 0, "API       , no answer yet\n", "");
        agent.json = "[]";
        assert_result(RUN("status"), 1, "",
                      "leaderctl: the agent's status cannot be shown; see leaderctl status --json\n");
        agent.json = "{";
        assert_result(RUN("status"), 1, "", "cannot be shown");
}

/* In good times, with names as people have them, no line is wider than a terminal nor ends with a blank. */
static void test_status_width(_unused_ void **state) {
        struct result r;

        agent.json =
                "{\"version\":\"0.1.0\",\"identity\":\"web-1-3f9a02c7\",\"api\":{\"server\":\"https://kube-api:6443\","
                "\"lastContact\":\"2001-01-02T03:04:05Z\",\"error\":\"\"},\"guard\":{\"connected\":true},\"locks\":[{"
                "\"lock\":"
                "\"prod/myapp-operator-lock\",\"unit\":\"myapp-operator.service\",\"role\":\"candidate\",\"unitState\":"
                "\"stopped\",\"holder\":\"web-2\",\"since\":\"2001-01-02T03:04:05Z\",\"next\":\"watches the lock\"},"
                "{\"lock\":\"prod/"
                "other-lock\",\"unit\":\"other.service\",\"role\":\"\",\"unitState\":\"\",\"since\":\"\"}]}";
        r = RUN("status");
        assert_result(r, 0, "\nLOCK                      ROLE       STATE    HOLDER  SINCE\n", "");
        assert_non_null(strstr(r.out, "\nprod/myapp-operator-lock  candidate  stopped  web-2   "));
        assert_non_null(strstr(r.out, "\n    unit: myapp-operator.service\n    next: watches the lock\n"));
        assert_null(strstr(r.out, " \n"));
        for (char *rest = r.out, *line; (line = strsep(&rest, "\n"));)
                assert_true(strlen(line) <= 80);
}

static void test_step_down(_unused_ void **state) {
        if (geteuid() != 0)
                skip();
        assert_result(RUN("step-down", "ops/op-lock", "--reason", "kernel update"), 0, "ops/op-lock: stepping down",
                      "");
        assert_string_equal(agent.lock, "ops/op-lock");
        assert_string_equal(agent.reason, "kernel update");
        assert_int_equal(unsetenv("SUDO_USER"), 0);
        assert_result(RUN("step-down", "op-lock"), 0, "op-lock: stepping down", "");
        assert_string_equal(agent.reason, "leaderctl step-down by root");
        assert_false(agent.force);
        assert_result(RUN("step-down", "ops/unknown"), 1, "",
                      "leaderctl: no lock 'ops/unknown' in the configuration\n");
}

/* A refusal names the command that does it all the same, for a shell. */
static void test_step_down_refused(_unused_ void **state) {
        struct result r;

        if (geteuid() != 0)
                skip();
        r = RUN("step-down", "ops/lone");
        assert_result(r, 4, "", "");
        assert_string_equal(r.out, "");
        assert_string_equal(r.err, "leaderctl: ops/lone: refused: there is no other agent\n"
                                   "To step down all the same: leaderctl step-down ops/lone --force\n");
        r = RUN("step-down", "ops/lone", "--reason", "it's $HOME");
        assert_result(r, 4, "",
                      "\nTo step down all the same: leaderctl step-down ops/lone --force --reason 'it'\\''s $HOME'\n");
        assert_false(agent.force);
        assert_result(RUN("step-down", "ops/lone", "--force", "--reason", "it's $HOME"), 0, "ops/lone: stepping down",
                      "");
        assert_true(agent.force);
        assert_string_equal(agent.reason, "it's $HOME");
}

static void test_no_agent(_unused_ void **state) {
        server = bus_free(server);
        assert_result(RUN("status"), 3, "",
                      "leaderctl: leader-agent is not running on this host; see systemctl status");
        assert_result(RUN("step-down", "a"), 3, "", "leader-agent is not running");
        privatebus_kill(&bus);
        assert_result(RUN("status"), 3, "",
                      "leaderctl: cannot reach the system bus: Connection refused; see systemctl status dbus\n");
}

/* Running and reachable are two things: the policy of D-Bus may not be in force. */
static void test_no_name(_unused_ void **state) {
        static const struct {
                const char *state;
                uint32_t pid;
                int status;
                const char *err;
        } rows[] = {
                {"active", 222, 1,
                 "leaderctl: leader-agent runs (PID 222) but does not own its name on D-Bus; run: systemctl reload "
                 "dbus\n"},
                {"reloading", 7, 1, "leaderctl: leader-agent runs (PID 7) but does not own its name on D-Bus; run: "},
                {"activating", 8, 3,
                 "leaderctl: leader-agent (PID 8) is activating, and not on D-Bus; see systemctl status "
                 "leader-agent\n"},
                {"deactivating", 8, 3, "leaderctl: leader-agent (PID 8) is deactivating, and not on D-Bus; see "},
                {"activating", 0, 3, "leaderctl: leader-agent is not running on this host; see systemctl status"},
                {"failed", 0, 3, "leaderctl: leader-agent is not running on this host; see systemctl status"},
                {"inactive", 0, 3, "leaderctl: leader-agent is not running on this host; see systemctl status"},
        };
        sd_bus *systemd;

        server = bus_free(server);
        systemd = systemd_start();
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                unit.state = rows[i].state;
                unit.pid = rows[i].pid;
                assert_result(RUN("status"), rows[i].status, "", rows[i].err);
                assert_result(RUN("step-down", "a"), rows[i].status, "", rows[i].err);
        }
        sd_bus_flush_close_unref(systemd);
}

static int on_back(_unused_ sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata) {
        struct err err = {};

        assert_int_equal(bus_serve(&server, event, &handlers, NULL, &err), 0);
        return 0;
}

/* An agent that starts anew after a reload is off the bus for a moment: that is waited for. */
static void test_name_comes_back(_unused_ void **state) {
        sd_bus *systemd = systemd_start();

        unit.state = "active";
        unit.pid = 222;
        for (unsigned i = 0; i < 3; i++) {
                server = bus_free(server);
                assert_true(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 500 * USEC_PER_MSEC, 0, on_back,
                                                       NULL) >= 0);
                assert_result(i == 0   ? RUN("status", "--json")
                              : i == 1 ? RUN("reload")
                                       : RUN("step-down", "a"),
                              0, "", "");
        }
        sd_bus_flush_close_unref(systemd);
}

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
        (void)tempdir_write(&bus.dir, "kc", text);
}

/* Without API server and guard, on our bus. */
static pid_t start_agent(void) {
        char path[PATH_MAX], text[1024];
        pid_t pid;

        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\"; state_dir = \"%s/state\"; guard_socket = \"%s/guard\";\n"
                       "locks = ({name = \"l\"; unit = \"a.service\";});\n",
                       bus.dir.path, bus.dir.path, bus.dir.path);
        (void)util_copy(path, sizeof(path), tempdir_write(&bus.dir, "agent.conf", text));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)execl(leader_agent, leader_agent, "--config", path, NULL);
                _exit(127);
        }
        return pid;
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

        server = bus_free(server);
        systemd = systemd_start();
        unit.state = "active";
        write_kubeconfig(1, "token: t");
        unit.pid = (uint32_t)(pid = start_agent());
        for (int i = 0; !has_server(1); i++)
                assert_true(i < 10);
        for (unsigned port = 2; port < 12; port++) {
                write_kubeconfig(port, "token: t");
                assert_result(RUN("reload"), 0, "", "");
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
        write_kubeconfig(12, "token: t, tokenFile: /none");
        assert_result(RUN("reload"), 1, "", "/none");
        write_kubeconfig(12, "token: t, exec: {command: x}");
        assert_result(RUN("reload"), 1, "", "exec");
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
                assert_true(waited < HANG_USEC);
                assert_true(sd_event_run(event, 5 * USEC_PER_MSEC) >= 0);
        }
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        sd_bus_flush_close_unref(systemd);
}

/* What a broker says to others than root is not for humans. */
static void test_denied(_unused_ void **state) {
        struct result r;

        if (geteuid() != 0)
                skip();
        run_as = 65534;
        r = RUN("step-down", "ops/op-lock", "--reason", "x");
        run_as = 0;
        assert_result(r, 1, "", "leaderctl: step-down needs root (sudo leaderctl step-down ops/op-lock)\n");
        assert_string_equal(agent.lock, "");
        run_as = 65534;
        r = RUN("reload");
        run_as = 0;
        assert_result(r, 1, "", "leaderctl: reload needs root (sudo leaderctl reload)\n");
}

static void test_help(_unused_ void **state) {
        static const struct {
                const char *said, *meant; /* NULL: nothing is near */
        } typos[] = {
                {"stauts", "status"},
                {"statu", "status"},
                {"Status", "status"},
                {"step_down", "step-down"},
                {"stepdown", "step-down"},
                {"stpe-down", "step-down"},
                {"checkconfig", "check-config"},
                {"enrol", "enroll"},
                {"ls", NULL},
                {"lsit", "list"},
                {"fnece", "fence"},
                {"hepl", "help"},
                {"dance", NULL},
                {"x", NULL},
                {"--status", "status"},
                {"stop", NULL},
                {"leave", NULL},
                {"step", "step-down"},
                {"st", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(typos); i++) {
                char expected[256];

                if (typos[i].meant)
                        (void)snprintf(expected, sizeof(expected), "leaderctl: unknown verb '%s'; did you mean '%s'?\n",
                                       typos[i].said, typos[i].meant);
                else
                        (void)snprintf(expected, sizeof(expected), "leaderctl: unknown verb '%s'\n\nleaderctl VERB ",
                                       typos[i].said);
                assert_result(RUN(typos[i].said), 2, "", expected);
                assert_result(RUN("help", typos[i].said), 2, "", expected);
        }
        assert_string_equal(RUN("help").out, RUN("--help").out);
        assert_result(RUN("help"), 0, "leaderctl VERB", "");
        assert_result(RUN("help"), 0, "\n  help [VERB] ", "");
        assert_result(RUN("help", "help"), 0, "leaderctl VERB", "");
        assert_string_equal(RUN("help", "list").out, RUN("list", "--help").out);
        assert_result(RUN("help", "list"), 0, "leaderctl list [LOCK...]", "");
        assert_result(RUN("help", "list", "fence"), 2, "", "leaderctl help: at most one VERB\nleaderctl help [VERB]\n");
        /* A terminal is not steered by what was typed or pasted. */
        assert_result(RUN("a\033[31m"), 2, "", "unknown verb 'a?[31m'");
}

static void test_usage(_unused_ void **state) {
        static const char *const verbs[] = {"status", "step-down", "check-config", "enroll",
                                            "list",   "fence",     "renew-token"};

        assert_result(run(leaderctl, (const char *const[]){NULL}), 2, "", "leaderctl VERB");
        assert_result(RUN("--help"), 0, "leaderctl VERB", "");
        assert_result(RUN("--version"), 0, "leaderctl " AGENT_VERSION "\n", "");
        assert_result(RUN("dance"), 2, "", "leaderctl: unknown verb 'dance'");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                char bogus[128];

                (void)snprintf(bogus, sizeof(bogus), "leaderctl %s: unrecognized option '--bogus'\nleaderctl %s ",
                               verbs[i], verbs[i]);
                assert_result(RUN("--help"), 0, verbs[i], "");
                assert_result(RUN(verbs[i], "--help"), 0, verbs[i], "");
                assert_result(RUN(verbs[i], "-h"), 0, verbs[i], "");
                assert_result(RUN(verbs[i], "--bogus"), 2, "", bogus);
        }
        for (size_t i = 0; i < 3; i++)
                assert_result(RUN(verbs[i], "a", "b"), 2, "", verbs[i]);
        assert_result(RUN("step-down"), 2, "", "leaderctl step-down: needs one LOCK");
        assert_result(RUN("fence"), 2, "", "leaderctl fence: needs one LOCK");
        assert_result(RUN("fence", "a"), 2, "", "leaderctl fence: needs --holder IDENTITY");
        assert_result(RUN("step-down", "a", "--reason"), 2, "", "requires an argument");
        assert_result(RUN("enroll", "--tenure", "long"), 2, "",
                      "leaderctl enroll: --tenure is life or lease, not 'long'\nleaderctl enroll [--check");
        assert_result(RUN("enroll", "--stop-timeout", "0"), 2, "", "--stop-timeout is 0.1 to 86400 seconds, not '0'");
        assert_result(RUN("enroll", "--check", "--remove"), 2, "", "leaderctl enroll: --check or --remove, not both");
}

static void test_usage_of_all(_unused_ void **state) {
        const char *const programs[] = {leaderctl, leader_agent, leader_guard};

        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                assert_result(run(programs[i], (const char *const[]){"--bogus", NULL}), 2, "", "--bogus");
                assert_result(run(programs[i], (const char *const[]){"more", NULL}), 2, "", "leader");
                assert_result(run(programs[i], (const char *const[]){"--version", NULL}), 0, AGENT_VERSION "\n", "");
                assert_result(run(programs[i], (const char *const[]){"--help", NULL}), 0, "leader", "");
        }
}

/* leaderctl and leader-agent print the same, and what they print is a configuration again. */
static void test_check_config(_unused_ void **state) {
        const char *path, *again;
        char text[1024];
        struct result r, other;

        (void)tempdir_write(
                &bus.dir, "kc",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: ops}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\nusers: [{name: u, user: {token: t}}]\n");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nlocks = ( { name = \"op-lock\"; unit = \"op.service\"; tenure = "
                       "\"lease\"; } );\n",
                       bus.dir.path);
        path = tempdir_write(&bus.dir, "agent.conf", text);
        r = RUN("check-config", path);
        assert_result(r, 0, "/kc, context c, server https://api:6443\n", "");
        assert_non_null(strstr(r.out, "namespace = \"ops\";"));
        assert_non_null(strstr(r.out, "# Two leaders: 0 s."));
        assert_null(strstr(r.out, "token"));
        other = RUN_AGENT("--check-config", "--config", path);
        assert_result(other, 0, "", "");
        assert_string_equal(other.out, r.out);
        again = tempdir_write(&bus.dir, "again.conf", r.out);
        assert_result(RUN("check-config", again), 0, "/kc, context c, server https://api:6443\n", "");

        (void)tempdir_write(&bus.dir, "agent.conf", "lokcs = ();\n");
        assert_result(RUN("check-config", path), 1, "", "/agent.conf:1: unknown key \"lokcs\"");
        assert_result(RUN_AGENT("--check-config", "--config", path), 1, "", "/agent.conf:1: unknown key \"lokcs\"");
        assert_result(RUN("check-config", tempdir_path(&bus.dir, "none")), 1, "", "/none: No such file or directory");
}

/* The files of a configuration as leader-agent.service would meet them. */
static void test_check_config_sandbox(_unused_ void **state) {
        const char *dir = bus.dir.path;
        char text[1024], expected[2048], conf[128], conf_kc[1100];
        struct result r;
        sd_bus *systemd;

        if (geteuid() != 0)
                skip();
        (void)tempdir_write(&bus.dir, "token", "t\n");
        (void)tempdir_write(&bus.dir, "ca.crt", "-----BEGIN CERTIFICATE-----\n");
        (void)snprintf(text, sizeof(text),
                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                       "clusters: [{name: k, cluster: {server: 'https://api:6443', certificate-authority: ca.crt}}]\n"
                       "# tokenFile: %s/token\nusers:\n- name: u\n  user: {tokenFile: %s/token}\n",
                       dir, dir);
        (void)tempdir_write(&bus.dir, "kc", text);
        (void)snprintf(text, sizeof(text),
                       "# where it is:\nkubeconfig = \"%s/kc\";\nlocks = ({name = \"l\"; unit = \"a.service\";});\n",
                       dir);
        (void)util_copy(conf, sizeof(conf), tempdir_write(&bus.dir, "sandbox.conf", text));
        assert_int_equal(chmod(dir, 0755), 0);

        assert_result(RUN("check-config", conf), 0,
                      "\n# What the agent sees of these files is not known: systemd does not answer.\n", "");
        systemd = systemd_start();
        memset(&unit, 0, sizeof(unit));
        unit.load = "not-found";
        assert_result(RUN("check-config", conf), 0, "is not known: leader-agent.service is not installed here.\n", "");
        unit.load = "loaded";
        unit.user = "no-such-user";
        assert_result(
                RUN("check-config", conf), 0,
                "# leader-agent.service sees these files. Whether its user no-such-user can read them is not known: "
                "there is none here; see systemd-sysusers(8).\n",
                "");
        unit.user = "nobody";
        unit.group = "nogroup";
        r = RUN("check-config", conf);
        assert_result(r, 0, "\n# leader-agent.service sees these files, and its user nobody can read them.\n", "");
        assert_string_equal(RUN_AGENT("--check-config", "--config", conf).out, r.out);

        /* Hidden, also behind a link; the configuration itself may be on its way elsewhere. */
        unit.tmp = true;
        (void)snprintf(expected, sizeof(expected),
                       "%s:2: kubeconfig %s/kc is not seen by the agent: PrivateTmp=yes of leader-agent.service hides "
                       "/tmp; run: install -D -o root -g nogroup -m 0640 -t /etc/leader-agent %s/kc; and write "
                       "kubeconfig = \"/etc/leader-agent/kc\"; there\n",
                       conf, dir, dir);
        assert_result(RUN_AGENT("--check-config", "--config", conf), 1, "", expected);
        r = RUN("check-config", conf);
        assert_result(r, 1, "", expected);
        assert_string_equal(r.out, "");
        unit.bound = dir;
        assert_result(RUN("check-config", conf), 0, "and its user nobody can read them.\n", "");
        unit.tmp = false;
        unit.bound = NULL;
        (void)snprintf(text, sizeof(text), "%s/hidden", dir);
        assert_int_equal(mkdir(text, 0755), 0);
        unit.inaccessible = text;
        (void)snprintf(expected, sizeof(expected), "%s/token", dir);
        assert_int_equal(unlink(expected), 0);
        assert_int_equal(symlink("hidden/token", expected), 0);
        (void)tempdir_write(&bus.dir, "hidden/token", "t\n");
        (void)snprintf(expected, sizeof(expected),
                       "%s/kc:7: tokenFile %s/token is not seen by the agent: InaccessiblePaths=%s/hidden of "
                       "leader-agent.service hides %s/hidden; run: install -D -o root -g nogroup -m 0640 -t "
                       "/etc/leader-agent %s/token; and write tokenFile: /etc/leader-agent/token there\n",
                       dir, dir, dir, dir, dir);
        assert_result(RUN("check-config", conf), 1, "", expected);
        unit.inaccessible = NULL;
        assert_result(RUN("check-config", conf), 0, "and its user nobody can read them.\n", "");

        /* Seen, and not readable: by mode, or for a directory on the way, here behind the link. */
        assert_int_equal(chmod(text, 0700), 0);
        (void)snprintf(expected, sizeof(expected),
                       "%s/kc:7: tokenFile %s/token cannot be read by the agent's user nobody: it may not enter "
                       "%s/hidden; run: install -D -o root",
                       dir, dir, dir);
        assert_result(RUN("check-config", conf), 1, "", expected);
        assert_int_equal(chmod(text, 0755), 0);
        (void)snprintf(text, sizeof(text), "%s/kc", dir);
        assert_int_equal(chmod(text, 0600), 0);
        (void)snprintf(
                expected, sizeof(expected),
                "%s:2: kubeconfig %s/kc cannot be read by the agent's user nobody: Permission denied; run: chgrp "
                "nogroup %s/kc && chmod 0640 %s/kc\n",
                conf, dir, dir, dir);
        assert_result(RUN("check-config", conf), 1, "", expected);
        (void)snprintf(expected, sizeof(expected), "chgrp nogroup %s/kc && chmod 0640 %s/kc", dir, dir);
        assert_int_equal(system(expected), 0); /* the cure */
        assert_result(RUN("check-config", conf), 0, "and its user nobody can read them.\n", "");

        /* Not named: that of the agent's user or unit, not of who asks. */
        (void)snprintf(expected, sizeof(expected), "%s",
                       tempdir_write(&bus.dir, "home.conf", "locks = ({name = \"l\"; unit = \"a.service\";});\n"));
        assert_int_equal(setenv("KUBECONFIG", text, 1), 0);
        assert_result(RUN("check-config", expected), 1, "",
                      "there is no file /nonexistent/.kube/config; say which one");
        assert_int_equal(unsetenv("KUBECONFIG"), 0);
        (void)snprintf(conf_kc, sizeof(conf_kc), "KUBECONFIG=%s", text);
        unit.environment = conf_kc;
        assert_result(RUN("check-config", expected), 0, "and its user nobody can read them.\n", "");
        unit.home = "tmpfs";
        unit.tmp = true;
        assert_result(RUN("check-config", expected), 1, "", "leaderctl: kubeconfig /tmp/");
        assert_result(RUN("check-config", expected), 1, "",
                      "; and write kubeconfig = \"/etc/leader-agent/kc\"; into /etc/leader-agent/leader-agent.conf\n");
        unit.tmp = false;

        /* Others than root cannot try. */
        run_as = 1;
        assert_int_equal(chmod(text, 0644), 0);
        r = RUN("check-config", conf);
        run_as = 0;
        assert_result(r, 0, "Whether its user nobody can read them is not known: run this as root.\n", "");
        unit.root = "/srv/root";
        assert_result(RUN("check-config", conf), 0,
                      "is not known: leader-agent.service has a root directory of its own", "");
        sd_bus_flush_close_unref(systemd);
}

/* Beside an agent that runs or does not: by the state directory of the configuration. */
static void test_forget_cluster(_unused_ void **state) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        char text[1024], path[PATH_MAX];
        struct store *s;
        struct record_namespace n;
        struct err err = {};

        (void)tempdir_write(
                &bus.dir, "kc",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\nusers: [{name: u, user: {token: t}}]\n");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nstate_dir = \"%s/state\";\n"
                       "locks = ({name = \"l\"; unit = \"a.service\";});\n",
                       bus.dir.path, bus.dir.path);
        (void)util_copy(path, sizeof(path), tempdir_write(&bus.dir, "forget.conf", text));
        assert_int_equal(store_open(&s, tempdir_path(&bus.dir, "state"), &host, &err), 0);
        assert_result(RUN("forget-cluster", "ops", "--config", path), 0, "nothing is remembered of namespace ops\n",
                      "");
        assert_int_equal(store_namespace_remember(s, "ops", "A", &err), 0);
        assert_result(RUN("forget-cluster", "ops", "--config", path), 0,
                      "namespace ops with uid A is forgotten; the agent accepts what it finds there", "");
        assert_int_equal(store_namespace(s, "ops", &n, &err), -ENOENT);
        assert_result(RUN("forget-cluster", "../identity", "--config", path), 1, "", "is no name of a namespace");
        assert_result(RUN("forget-cluster"), 2, "", "needs one NAMESPACE");
        store_close(s);
}

/* The sample works after setting kubeconfig, lock and unit. */
static void test_sample(_unused_ void **state) {
        FILE *f = fopen("conf/leader-agent.conf", "r");
        char text[32768] = "", line[512], *out = text;
        struct result r;

        assert_non_null(f);
        (void)tempdir_write(
                &bus.dir, "kc",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\nusers: [{name: u, user: {token: t}}]\n");
        while (fgets(line, sizeof(line), f)) {
                if (strncmp(line, "kubeconfig = ", 13) == 0)
                        (void)snprintf(line, sizeof(line), "kubeconfig = \"%s/kc\";\n", bus.dir.path);
                out = stpcpy(out, line);
        }
        (void)fclose(f);
        r = RUN("check-config", tempdir_write(&bus.dir, "sample.conf", text));
        assert_result(r, 0, "name = \"myapp-operator-lock\";", "");
        assert_non_null(strstr(r.out, "unit = \"myapp-operator.service\";"));
}

int main(void) {
#define WITH_AGENT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                WITH_AGENT(test_status),          WITH_AGENT(test_status_width),
                WITH_AGENT(test_step_down),       WITH_AGENT(test_step_down_refused),
                WITH_AGENT(test_no_agent),        WITH_AGENT(test_no_name),
                WITH_AGENT(test_name_comes_back), WITH_AGENT(test_reload_anew),
                WITH_AGENT(test_denied),          WITH_AGENT(test_help),
                WITH_AGENT(test_usage),           WITH_AGENT(test_usage_of_all),
                WITH_AGENT(test_check_config),    WITH_AGENT(test_sample),
                WITH_AGENT(test_forget_cluster),  WITH_AGENT(test_check_config_sandbox),
        };
        ssize_t n;

        if (!privatebus_available()) {
                print_message("ok test_ctl # SKIP no dbus-daemon on this machine\n");
                return 0;
        }
        /* BUILD/tests/integration/test_ctl → BUILD/leaderctl, BUILD/leader-agent */
        n = readlink("/proc/self/exe", leaderctl, sizeof(leaderctl) - sizeof("/leader-agent"));
        if (n <= 0)
                return 1;
        for (int i = 0; i < 3; i++) {
                char *slash = strrchr(leaderctl, '/');

                if (!slash)
                        return 1;
                *slash = '\0';
        }
        (void)strcat(strcpy(leader_agent, leaderctl), "/leader-agent");
        (void)strcat(strcpy(leader_guard, leaderctl), "/leader-guard");
        (void)strcat(leaderctl, "/leaderctl");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
