/* SPDX-License-Identifier: Apache-2.0 */
/* Our D-Bus API against a real dbus-daemon: who may call what, errors, and a bus that comes and goes. Clients are
 * children, so that server and client never share a process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>

#include <cmocka.h>

#include "../lib/privatebus.h"
#include "adapter/bus.h"

#define NOBODY 65534
/* Only to detect a hang. */
#define HANG_USEC (60 * USEC_PER_SEC)

static const char permissive[] =
        "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
        "receive_sender=\"*\"/></policy>";

static struct privatebus bus;
static sd_event *event;

static struct {
        char lock[256], reason[256];
        unsigned n_step_down, n_reload, n_trouble;
        bool force;
        uint64_t call; /* of the last step-down */
        char trouble[256];
        int result;
        const char *json;
} seen;

static int on_status(void *userdata, char **ret_json) {
        assert_ptr_equal(userdata, &seen);
        if (seen.result < 0)
                return seen.result;
        return (*ret_json = strdup(seen.json)) ? 0 : -ENOMEM;
}

static int on_step_down(void *userdata, const char *lock, const char *reason, bool force, uint64_t call,
                        struct err *err) {
        assert_ptr_equal(userdata, &seen);
        assert_true(call > 0);
        seen.call = call;
        seen.force = force;
        (void)util_copy(seen.lock, sizeof(seen.lock), lock);
        (void)util_copy(seen.reason, sizeof(seen.reason), reason);
        seen.n_step_down++;
        return seen.result < 0 ? err_setf(err, seen.result, "lock %s: no \xff leader", lock) : seen.result;
}

static int on_reload(void *userdata, struct err *err) {
        assert_ptr_equal(userdata, &seen);
        seen.n_reload++;
        return seen.result < 0 ? err_setf(err, seen.result, "line 5 is bad") : 0;
}

static void on_trouble(void *userdata, const char *error) {
        assert_ptr_equal(userdata, &seen);
        seen.n_trouble++;
        (void)util_copy(seen.trouble, sizeof(seen.trouble), error);
}

static const struct bus_handlers handlers = {
        .status = on_status, .step_down = on_step_down, .reload = on_reload, .trouble = on_trouble};

/* ---- helpers ---- */

enum call {
        STATUS,
        STEP_DOWN,
        STEP_DOWN_LONG,
        FORCE_STEP_DOWN,
        RELOAD
};

struct answer {
        int r;
        char text[1024]; /* JSON or error */
};

static void client(enum call call, uid_t uid, int fd) {
        static char too_long[2000];
        const char *const arguments[] = {"ops/op-lock", call == STEP_DOWN_LONG ? too_long : "for a test", NULL};
        struct answer a = {};
        struct err err = {};
        char *json = NULL;

        if (uid != 0 && setresuid(uid, uid, uid) < 0)
                _exit(1);
        memset(too_long, 'x', sizeof(too_long) - 1);
        switch (call) {
        case STATUS:
                a.r = bus_client_call("Status", NULL, &json, &err);
                break;
        case STEP_DOWN:
        case STEP_DOWN_LONG:
                a.r = bus_client_call("StepDown", arguments, NULL, &err);
                break;
        case FORCE_STEP_DOWN:
                a.r = bus_client_call("ForceStepDown", arguments, NULL, &err);
                break;
        case RELOAD:
                a.r = bus_client_call("Reload", NULL, NULL, &err);
                break;
        }
        (void)snprintf(a.text, sizeof(a.text), "%s", json ? json : err.text);
        free(json);
        _exit(write(fd, &a, sizeof(a)) == sizeof(a) ? 0 : 1);
}

static pid_t start_client(enum call call, uid_t uid, int *ret_fd) {
        int fds[2];
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                client(call, uid, fds[1]);
        close(fds[1]);
        *ret_fd = fds[0];
        return pid;
}

/* Turns the loop until the child is gone. */
static struct answer call_as(enum call call, uid_t uid) {
        struct answer a;
        int fd, status;
        pid_t pid = start_client(call, uid, &fd);

        for (uint64_t waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited += 10 * USEC_PER_MSEC) {
                assert_true(waited < HANG_USEC);
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        }
        assert_int_equal(status, 0);
        assert_int_equal(read(fd, &a, sizeof(a)), sizeof(a));
        close(fd);
        return a;
}

static void assert_answer(enum call call, uid_t uid, int r, const char *part) {
        struct answer a = call_as(call, uid);

        if (a.r != r || !strstr(a.text, part))
                fail_msg("call %d as %u: %d \"%s\", expected %d \"%s\"", call, uid, a.r, a.text, r, part);
}

static struct bus *serve(void) {
        struct bus *b = NULL;
        struct err err = {};

        if (bus_serve(&b, event, &handlers, &seen, &err) != 0)
                fail_msg("%s", err.text);
        return b;
}

/* Until the name is ours: then a call is answered. */
static void wait_served(void) {
        for (int i = 0; call_as(STATUS, 0).r == -EHOSTDOWN; i++) {
                assert_true(i < 6000);
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        }
}

/* Until the handler was told this ("": served again). */
static void wait_trouble(const char *part) {
        for (uint64_t waited = 0; *part ? !strstr(seen.trouble, part) : *seen.trouble != '\0';
             waited += 10 * USEC_PER_MSEC) {
                if (waited >= HANG_USEC)
                        fail_msg("still \"%s\", expected \"%s\"", seen.trouble, part);
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        }
}

static int begin(const char *policy) {
        memset(&seen, 0, sizeof(seen));
        seen.json = "{\"version\":\"0.1.0\"}";
        (void)alarm(300);
        privatebus_init(&bus, policy);
        assert_int_equal(sd_event_new(&event), 0);
        return 0;
}

static int setup_permissive(_unused_ void **state) {
        return begin(permissive);
}

/* With the policy file as it is installed; only the test itself may own the name in place of user leader-agent. */
static int setup_installed(_unused_ void **state) {
        char path[PATH_MAX], policy[PATH_MAX + 512];

        assert_non_null(realpath("units/io.leaderagent.Agent1.conf", path));
        (void)snprintf(policy, sizeof(policy),
                       "<policy context=\"default\"><allow user=\"*\"/><allow send_type=\"signal\"/>"
                       "<allow send_requested_reply=\"true\" send_type=\"method_return\"/>"
                       "<allow send_requested_reply=\"true\" send_type=\"error\"/>"
                       "<allow receive_type=\"method_call\"/><allow receive_type=\"method_return\"/>"
                       "<allow receive_type=\"error\"/><allow receive_type=\"signal\"/>"
                       "<allow send_destination=\"org.freedesktop.DBus\"/></policy>"
                       "<include>%s</include>"
                       "<policy user=\"root\"><allow own=\"" BUS_NAME "\"/></policy>",
                       path);
        return begin(policy);
}

static int teardown(_unused_ void **state) {
        event = sd_event_unref(event);
        privatebus_done(&bus);
        (void)alarm(0);
        return 0;
}

/* ---- tests ---- */

static void calls(void) {
        _cleanup_(bus_freep) struct bus *b = NULL;

        privatebus_start(&bus);
        b = serve();
        wait_served();
        assert_answer(STATUS, 0, 0, "{\"version\":\"0.1.0\"}");
        assert_answer(STATUS, NOBODY, 0, "{\"version\":\"0.1.0\"}");
        assert_answer(STEP_DOWN, 0, 0, "");
        assert_string_equal(seen.lock, "ops/op-lock");
        assert_string_equal(seen.reason, "for a test");
        assert_int_equal(seen.n_step_down, 1);
        assert_false(seen.force);
        assert_answer(FORCE_STEP_DOWN, 0, 0, "");
        assert_true(seen.force);
        assert_string_equal(seen.reason, "for a test");
        seen.n_step_down = 1;
        assert_answer(RELOAD, 0, 0, "");
        assert_int_equal(seen.n_reload, 1);

        /* Others: refused by the policy, and without one by us. */
        assert_answer(STEP_DOWN, NOBODY, -EACCES, "only root may call StepDown of leader-agent");
        assert_answer(FORCE_STEP_DOWN, NOBODY, -EACCES, "only root may call ForceStepDown of leader-agent");
        assert_answer(RELOAD, NOBODY, -EACCES, "only root may call Reload of leader-agent");
        assert_int_equal(seen.n_step_down, 1);
        assert_int_equal(seen.n_reload, 1);

        assert_answer(STEP_DOWN_LONG, 0, -EREMOTEIO, "argument longer than 1024 bytes");
        assert_int_equal(seen.n_step_down, 1);

        /* What the handlers refuse, with bytes that D-Bus would not carry. */
        seen.result = -ENOENT;
        assert_answer(STEP_DOWN, 0, -EREMOTEIO, "lock ops/op-lock: no ? leader");
        assert_answer(RELOAD, 0, -EREMOTEIO, "line 5 is bad");
        assert_answer(STATUS, 0, -EREMOTEIO, "No such file or directory");
        seen.result = -EBUSY;
        assert_answer(STEP_DOWN, 0, -EBUSY, "lock ops/op-lock: no ? leader");
        assert_answer(FORCE_STEP_DOWN, 0, -EREMOTEIO, "lock ops/op-lock: no ? leader");
        assert_answer(RELOAD, 0, -EREMOTEIO, "line 5 is bad");
        seen.result = -EACCES; /* of a file, say: the caller is not who is refused */
        assert_answer(RELOAD, 0, -EREMOTEIO, "line 5 is bad");
        seen.result = 0;
        seen.json = "{\"x\":\"\xc3\"}";
        assert_answer(STATUS, 0, 0, "{\"x\":\"?\"}");
}

static void test_calls_installed_policy(_unused_ void **state) {
        if (geteuid() != 0)
                skip();
        calls();
}

static void test_calls_without_policy(_unused_ void **state) {
        if (geteuid() != 0)
                skip();
        calls();
}

/* Turns the loop until that many step-downs have arrived. */
static void wait_step_downs(unsigned n) {
        for (int i = 0; seen.n_step_down < n && i < 6000; i++)
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        assert_int_equal(seen.n_step_down, n);
}

static struct answer answer_of(pid_t pid, int fd) {
        struct answer a;
        int status;

        for (int i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
                assert_true(i < 6000);
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        }
        assert_int_equal(status, 0);
        assert_int_equal(read(fd, &a, sizeof(a)), sizeof(a));
        close(fd);
        return a;
}

/* Calls that the handler leaves open are answered later, in any order, each its own; the last one by nobody. */
static void test_answered_later(_unused_ void **state) {
        _cleanup_(bus_freep) struct bus *b = NULL;
        struct err refused = {.text = "nobody \xff there"}, none = {};
        pid_t pid[3];
        int fd[3];
        uint64_t call[3];
        struct answer a;

        if (geteuid() != 0)
                skip();
        privatebus_start(&bus);
        b = serve();
        wait_served();
        seen.result = 1;
        for (unsigned i = 0; i < 3; i++) {
                pid[i] = start_client(STEP_DOWN, 0, &fd[i]);
                wait_step_downs(i + 1);
                call[i] = seen.call;
        }
        assert_answer(STATUS, 0, 0, "{"); /* (what is open is in nobody's way) */
        bus_answer(b, call[1], -EBUSY, &refused);
        bus_answer(b, call[1], 0, &none); /* answered: nothing happens */
        bus_answer(b, 12345, 0, &none);
        bus_answer(NULL, call[0], 0, &none);
        a = answer_of(pid[1], fd[1]);
        assert_int_equal(a.r, -EBUSY);
        assert_string_equal(a.text, "nobody ? there");
        bus_answer(b, call[0], 0, &none);
        assert_int_equal(answer_of(pid[0], fd[0]).r, 0);
        b = bus_free(b);
        a = answer_of(pid[2], fd[2]);
        assert_int_equal(a.r, -ETIMEDOUT);
        assert_non_null(strstr(a.text, "it hangs, or has just ended"));
}

/* The agent that runs is of another version. */
static void test_unknown_method(_unused_ void **state) {
        _cleanup_(bus_freep) struct bus *b = NULL;
        static const char *const arguments[] = {"a", "b", NULL};
        struct err err = {};
        pid_t pid;
        int status;

        privatebus_start(&bus);
        b = serve();
        wait_served();
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(bus_client_call("Dance", arguments, NULL, &err) == -EREMOTEIO &&
                                      strstr(err.text, "is another version and has no Dance; run: systemctl restart "
                                                       "leader-agent")
                              ? 0
                              : 1);
        while (waitpid(pid, &status, WNOHANG) == 0)
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        assert_int_equal(status, 0);
}

static int count(_unused_ sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        ++*(unsigned *)userdata;
        return 0;
}

static void test_signal(_unused_ void **state) {
        _cleanup_(bus_freep) struct bus *b = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *listener = NULL;
        unsigned n = 0;

        privatebus_start(&bus);
        b = serve();
        wait_served();
        assert_true(sd_bus_open_system(&listener) >= 0);
        assert_true(sd_bus_match_signal(listener, NULL, BUS_NAME, BUS_PATH, BUS_NAME, "StatusChanged", count, &n) >= 0);
        assert_true(sd_bus_attach_event(listener, event, 0) >= 0);
        bus_status_changed(b);
        for (int i = 0; n == 0 && i < 6000; i++)
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        assert_int_equal(n, 1);
        assert_true(sd_bus_detach_event(listener) >= 0);
}

static void test_no_agent(_unused_ void **state) {
        assert_answer(STATUS, 0, -EHOSTDOWN, "cannot reach the system bus: No such file or directory");
        privatebus_start(&bus);
        assert_answer(STATUS, 0, -EHOSTDOWN, "leader-agent is not running on this host");
        assert_answer(STEP_DOWN, 0, -EHOSTDOWN, "leader-agent is not running on this host");
}

static void test_bus_comes_and_goes(_unused_ void **state) {
        _cleanup_(bus_freep) struct bus *b = serve();

        assert_string_equal(seen.trouble, "no system bus: No such file or directory");
        bus_status_changed(b); /* nobody to tell: no harm */
        privatebus_start(&bus);
        wait_trouble("");
        assert_int_equal(seen.n_trouble, 2); /* each change once */
        assert_string_equal(seen.trouble, "");
        for (int i = 0; i < 2; i++) {
                privatebus_kill(&bus);
                wait_trouble("bus: "); /* "lost the system bus: …" or "no system bus: …" */
                bus_status_changed(b);
                privatebus_start(&bus);
                wait_trouble("");
                assert_answer(STATUS, 0, 0, "{");
        }
}

static void test_name_taken(_unused_ void **state) {
        _cleanup_(bus_freep) struct bus *b = NULL;
        sd_bus *other = NULL;

        privatebus_start(&bus);
        assert_true(sd_bus_open_system(&other) >= 0);
        assert_true(sd_bus_request_name(other, BUS_NAME, 0) >= 0);
        b = serve();
        wait_trouble(BUS_NAME " is taken on the system bus");
        other = sd_bus_flush_close_unref(other);
        wait_trouble("");
}

/* A broker that accepts and never answers must not hold up the agent, nor its end. */
static void test_hung_broker(_unused_ void **state) {
        struct bus *b, *second;

        privatebus_start(&bus);
        b = serve();
        wait_served();
        assert_int_equal(kill(bus.pid, SIGSTOP), 0);
        for (int i = 0; i < 1000; i++)
                bus_status_changed(b);
        assert_true(sd_event_run(event, 0) >= 0);
        second = serve();
        assert_true(sd_event_run(event, 0) >= 0);
        second = bus_free(second);
        b = bus_free(b);
        assert_int_equal(kill(bus.pid, SIGCONT), 0);
}

/* The end at every moment of a call that waits for the broker to say who calls. */
static void test_end_while_pending(_unused_ void **state) {
        privatebus_start(&bus);
        for (int n_steps = 0; n_steps < 25; n_steps++) {
                struct bus *b = serve();
                pid_t pid;
                int fd;

                wait_served();
                pid = start_client(STEP_DOWN, 0, &fd);
                for (int i = 0; i < n_steps; i++)
                        assert_true(sd_event_run(event, 20 * USEC_PER_MSEC) >= 0);
                b = bus_free(b);
                /* Answered or not: the client sees its end, or goes. */
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, NULL, 0), pid);
                close(fd);
        }
}

int main(void) {
#define PERMISSIVE(test) cmocka_unit_test_setup_teardown(test, setup_permissive, teardown)
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_calls_installed_policy, setup_installed, teardown),
                PERMISSIVE(test_calls_without_policy),
                PERMISSIVE(test_answered_later),
                PERMISSIVE(test_unknown_method),
                PERMISSIVE(test_signal),
                PERMISSIVE(test_no_agent),
                PERMISSIVE(test_bus_comes_and_goes),
                PERMISSIVE(test_name_taken),
                PERMISSIVE(test_hung_broker),
                PERMISSIVE(test_end_while_pending),
        };

        if (!privatebus_available()) {
                print_message("ok test_bus # SKIP no dbus-daemon on this machine\n");
                return 0;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
