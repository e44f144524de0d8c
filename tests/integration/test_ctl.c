/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl as it is installed: the program beside this test, against an agent's bus API served here. The verbs that
 * talk to the API server are in test_fence, check-config and the agent's own start anew in test_ctl_agent. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../lib/ctlworld.h"
#include "adapter/store.h"

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
        struct ctl_result r;

        ctl_agent.json = DOCUMENT;
        r = RUN("status");
        ctl_assert_result(r, 0, "identity  web-1-3f9a02c7, leader-agent 0.1.0\n", "");
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

        ctl_assert_result(RUN("status", "--json"), 0, DOCUMENT "\n", "");
        /* Trouble comes first, and what it says is not said again. */
        ctl_agent.json =
                "{\"identity\":\"web-1-3f9a02c7\",\"version\":\"9\",\"troubles\":[{\"kind\":\"api-unreachable\","
                "\"text\":"
                "\"API UNREACHABLE since 12:00:00 (x)\"},{\"kind\":\"guard-away\",\"text\":\"evil "
                "\\u001b[31m\"}],\"api\":{"
                "\"server\":\"s\",\"error\":\"x\"},\"guard\":{\"connected\":false,\"error\":\"y\"},\"locks\":[{"
                "\"lock\":\"a/b\","
                "\"holder\":\"web-1\",\"holderIdentity\":\"web-1-00c0ffee\",\"nextTenure\":\"lease\"}]}";
        ctl_assert_result(RUN("status"), 0,
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
        ctl_agent.json = "{\"version\":\"9\",\"locks\":[{}],\"more\":1}";
        ctl_assert_result(RUN("status"), 0, "API       , no answer yet\n", "");
        ctl_agent.json = "[]";
        ctl_assert_result(RUN("status"), 1, "",
                          "leaderctl: the agent's status cannot be shown; see leaderctl status --json\n");
        ctl_agent.json = "{";
        ctl_assert_result(RUN("status"), 1, "", "cannot be shown");
}

/* In good times, with names as people have them, no line is wider than a terminal nor ends with a blank. */
static void test_status_width(_unused_ void **state) {
        struct ctl_result r;

        ctl_agent.json =
                "{\"version\":\"0.1.0\",\"identity\":\"web-1-3f9a02c7\",\"api\":{\"server\":\"https://kube-api:6443\","
                "\"lastContact\":\"2001-01-02T03:04:05Z\",\"error\":\"\"},\"guard\":{\"connected\":true},\"locks\":[{"
                "\"lock\":"
                "\"prod/myapp-operator-lock\",\"unit\":\"myapp-operator.service\",\"role\":\"candidate\",\"unitState\":"
                "\"stopped\",\"holder\":\"web-2\",\"since\":\"2001-01-02T03:04:05Z\",\"next\":\"watches the lock\"},"
                "{\"lock\":\"prod/"
                "other-lock\",\"unit\":\"other.service\",\"role\":\"\",\"unitState\":\"\",\"since\":\"\"}]}";
        r = RUN("status");
        ctl_assert_result(r, 0, "\nLOCK                      ROLE       STATE    HOLDER  SINCE\n", "");
        assert_non_null(strstr(r.out, "\nprod/myapp-operator-lock  candidate  stopped  web-2   "));
        assert_non_null(strstr(r.out, "\n    unit: myapp-operator.service\n    next: watches the lock\n"));
        assert_null(strstr(r.out, " \n"));
        for (char *rest = r.out, *line; (line = strsep(&rest, "\n"));)
                assert_true(strlen(line) <= 80);
}

static void test_step_down(_unused_ void **state) {
        if (geteuid() != 0)
                skip();
        ctl_assert_result(RUN("step-down", "ops/op-lock", "--reason", "kernel update"), 0, "ops/op-lock: stepping down",
                          "");
        assert_string_equal(ctl_agent.lock, "ops/op-lock");
        assert_string_equal(ctl_agent.reason, "kernel update");
        assert_int_equal(unsetenv("SUDO_USER"), 0);
        ctl_assert_result(RUN("step-down", "op-lock"), 0, "op-lock: stepping down", "");
        assert_string_equal(ctl_agent.reason, "leaderctl step-down by root");
        assert_false(ctl_agent.force);
        ctl_assert_result(RUN("step-down", "ops/unknown"), 1, "",
                          "leaderctl: no lock 'ops/unknown' in the configuration\n");
}

/* A refusal names the command that does it all the same, for a shell. */
static void test_step_down_refused(_unused_ void **state) {
        struct ctl_result r;

        if (geteuid() != 0)
                skip();
        r = RUN("step-down", "ops/lone");
        ctl_assert_result(r, 4, "", "");
        assert_string_equal(r.out, "");
        assert_string_equal(r.err, "leaderctl: ops/lone: refused: there is no other agent\n"
                                   "To step down all the same: leaderctl step-down ops/lone --force\n");
        r = RUN("step-down", "ops/lone", "--reason", "it's $HOME");
        ctl_assert_result(
                r, 4, "",
                "\nTo step down all the same: leaderctl step-down ops/lone --force --reason 'it'\\''s $HOME'\n");
        assert_false(ctl_agent.force);
        ctl_assert_result(RUN("step-down", "ops/lone", "--force", "--reason", "it's $HOME"), 0,
                          "ops/lone: stepping down", "");
        assert_true(ctl_agent.force);
        assert_string_equal(ctl_agent.reason, "it's $HOME");
}

static void test_no_agent(_unused_ void **state) {
        ctl_server = bus_free(ctl_server);
        ctl_assert_result(RUN("status"), 3, "",
                          "leaderctl: leader-agent is not running on this host; see systemctl status");
        ctl_assert_result(RUN("step-down", "a"), 3, "", "leader-agent is not running");
        privatebus_kill(&ctl_bus);
        ctl_assert_result(RUN("status"), 3, "",
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

        ctl_server = bus_free(ctl_server);
        systemd = ctl_systemd_start();
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ctl_unit.state = rows[i].state;
                ctl_unit.pid = rows[i].pid;
                ctl_assert_result(RUN("status"), rows[i].status, "", rows[i].err);
                ctl_assert_result(RUN("step-down", "a"), rows[i].status, "", rows[i].err);
        }
        sd_bus_flush_close_unref(systemd);
}

static int on_back(_unused_ sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata) {
        struct err err = {};

        assert_int_equal(bus_serve(&ctl_server, ctl_event, &ctl_handlers, NULL, &err), 0);
        return 0;
}

/* An agent that starts anew after a reload is off the bus for a moment: that is waited for. */
static void test_name_comes_back(_unused_ void **state) {
        sd_bus *systemd = ctl_systemd_start();

        ctl_unit.state = "active";
        ctl_unit.pid = 222;
        for (unsigned i = 0; i < 3; i++) {
                ctl_server = bus_free(ctl_server);
                assert_true(sd_event_add_time_relative(ctl_event, NULL, CLOCK_MONOTONIC, 500 * USEC_PER_MSEC, 0,
                                                       on_back, NULL) >= 0);
                ctl_assert_result(i == 0   ? RUN("status", "--json")
                                  : i == 1 ? RUN("reload")
                                           : RUN("step-down", "a"),
                                  0, "", "");
        }
        sd_bus_flush_close_unref(systemd);
}
/* What a broker says to others than root is not for humans. */
static void test_denied(_unused_ void **state) {
        struct ctl_result r;

        if (geteuid() != 0)
                skip();
        ctl_run_as = 65534;
        r = RUN("step-down", "ops/op-lock", "--reason", "x");
        ctl_run_as = 0;
        ctl_assert_result(r, 1, "", "leaderctl: step-down needs root (sudo leaderctl step-down ops/op-lock)\n");
        assert_string_equal(ctl_agent.lock, "");
        ctl_run_as = 65534;
        r = RUN("reload");
        ctl_run_as = 0;
        ctl_assert_result(r, 1, "", "leaderctl: reload needs root (sudo leaderctl reload)\n");
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
                ctl_assert_result(RUN(typos[i].said), 2, "", expected);
                ctl_assert_result(RUN("help", typos[i].said), 2, "", expected);
        }
        assert_string_equal(RUN("help").out, RUN("--help").out);
        ctl_assert_result(RUN("help"), 0, "leaderctl VERB", "");
        ctl_assert_result(RUN("help"), 0, "\n  help [VERB] ", "");
        ctl_assert_result(RUN("help", "help"), 0, "leaderctl VERB", "");
        assert_string_equal(RUN("help", "list").out, RUN("list", "--help").out);
        ctl_assert_result(RUN("help", "list"), 0, "leaderctl list [LOCK...]", "");
        ctl_assert_result(RUN("help", "list", "fence"), 2, "",
                          "leaderctl help: at most one VERB\nleaderctl help [VERB]\n");
        /* A terminal is not steered by what was typed or pasted. */
        ctl_assert_result(RUN("a\033[31m"), 2, "", "unknown verb 'a?[31m'");
}

static void test_usage(_unused_ void **state) {
        static const char *const verbs[] = {"status", "step-down", "check-config", "enroll",
                                            "list",   "fence",     "renew-token"};

        ctl_assert_result(ctlworld_run(ctl_leaderctl, (const char *const[]){NULL}), 2, "", "leaderctl VERB");
        ctl_assert_result(RUN("--help"), 0, "leaderctl VERB", "");
        ctl_assert_result(RUN("--version"), 0, "leaderctl " AGENT_VERSION "\n", "");
        ctl_assert_result(RUN("dance"), 2, "", "leaderctl: unknown verb 'dance'");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                char bogus[128];

                (void)snprintf(bogus, sizeof(bogus), "leaderctl %s: unrecognized option '--bogus'\nleaderctl %s ",
                               verbs[i], verbs[i]);
                ctl_assert_result(RUN("--help"), 0, verbs[i], "");
                ctl_assert_result(RUN(verbs[i], "--help"), 0, verbs[i], "");
                ctl_assert_result(RUN(verbs[i], "-h"), 0, verbs[i], "");
                ctl_assert_result(RUN(verbs[i], "--bogus"), 2, "", bogus);
        }
        for (size_t i = 0; i < 3; i++)
                ctl_assert_result(RUN(verbs[i], "a", "b"), 2, "", verbs[i]);
        ctl_assert_result(RUN("step-down"), 2, "", "leaderctl step-down: needs one LOCK");
        ctl_assert_result(RUN("fence"), 2, "", "leaderctl fence: needs one LOCK");
        ctl_assert_result(RUN("fence", "a"), 2, "", "leaderctl fence: needs --holder IDENTITY");
        ctl_assert_result(RUN("step-down", "a", "--reason"), 2, "", "requires an argument");
        ctl_assert_result(RUN("enroll", "--tenure", "long"), 2, "",
                          "leaderctl enroll: --tenure is life or lease, not 'long'\nleaderctl enroll [--check");
        ctl_assert_result(RUN("enroll", "--stop-timeout", "0"), 2, "",
                          "--stop-timeout is 0.1 to 86400 seconds, not '0'");
        ctl_assert_result(RUN("enroll", "--check", "--remove"), 2, "",
                          "leaderctl enroll: --check or --remove, not both");
}

static void test_usage_of_all(_unused_ void **state) {
        const char *const programs[] = {ctl_leaderctl, ctl_leader_agent, ctl_leader_guard};

        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                ctl_assert_result(ctlworld_run(programs[i], (const char *const[]){"--bogus", NULL}), 2, "", "--bogus");
                ctl_assert_result(ctlworld_run(programs[i], (const char *const[]){"more", NULL}), 2, "", "leader");
                ctl_assert_result(ctlworld_run(programs[i], (const char *const[]){"--version", NULL}), 0,
                                  AGENT_VERSION "\n", "");
                ctl_assert_result(ctlworld_run(programs[i], (const char *const[]){"--help", NULL}), 0, "leader", "");
        }
}
/* Beside an agent that runs or does not: by the state directory of the configuration. */
static void test_forget_cluster(_unused_ void **state) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        char text[1024], path[PATH_MAX];
        struct store *s;
        struct record_namespace n;
        struct err err = {};

        (void)tempdir_write(
                &ctl_bus.dir, "kc",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                "clusters: [{name: k, cluster: {server: 'https://api:6443'}}]\nusers: [{name: u, user: {token: t}}]\n");
        (void)snprintf(text, sizeof(text),
                       "kubeconfig = \"%s/kc\";\nstate_dir = \"%s/state\";\n"
                       "locks = ({name = \"l\"; unit = \"a.service\";});\n",
                       ctl_bus.dir.path, ctl_bus.dir.path);
        (void)util_copy(path, sizeof(path), tempdir_write(&ctl_bus.dir, "forget.conf", text));
        assert_int_equal(store_open(&s, tempdir_path(&ctl_bus.dir, "state"), &host, &err), 0);
        ctl_assert_result(RUN("forget-cluster", "ops", "--config", path), 0, "nothing is remembered of namespace ops\n",
                          "");
        assert_int_equal(store_namespace_remember(s, "ops", "A", &err), 0);
        ctl_assert_result(RUN("forget-cluster", "ops", "--config", path), 0,
                          "namespace ops with uid A is forgotten; the agent accepts what it finds there", "");
        assert_int_equal(store_namespace(s, "ops", &n, &err), -ENOENT);
        ctl_assert_result(RUN("forget-cluster", "../identity", "--config", path), 1, "", "is no name of a namespace");
        ctl_assert_result(RUN("forget-cluster"), 2, "", "needs one NAMESPACE");
        store_close(s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_AGENT(test_status),
                WITH_AGENT(test_status_width),
                WITH_AGENT(test_step_down),
                WITH_AGENT(test_step_down_refused),
                WITH_AGENT(test_no_agent),
                WITH_AGENT(test_no_name),
                WITH_AGENT(test_name_comes_back),
                WITH_AGENT(test_denied),
                WITH_AGENT(test_help),
                WITH_AGENT(test_usage),
                WITH_AGENT(test_usage_of_all),
                WITH_AGENT(test_forget_cluster),
        };

        return ctl_begin("test_ctl") ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
