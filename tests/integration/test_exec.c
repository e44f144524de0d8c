/* SPDX-License-Identifier: Apache-2.0 */
/* leader-agent-exec, as systemd starts it for a connection, and as a child of leaderctl: what a plugin gets, what
 * becomes of its output, and that nothing of it is left. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/pluginworld.h"
#include "adapter/exec.h"

#define HANG_USEC (30 * USEC_PER_SEC)

struct answer {
        bool is_there;
        struct exec_result result;
        char output[70000], text[300];
        struct exec *free_too;
};

static uint64_t now(void) {
        struct timespec t;

        (void)clock_gettime(CLOCK_BOOTTIME, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static void on_answer(const struct exec_result *r, void *userdata) {
        struct answer *a = userdata;

        assert_false(a->is_there);
        a->is_there = true;
        a->result = *r;
        (void)snprintf(a->output, sizeof(a->output), "%s", r->output);
        (void)snprintf(a->text, sizeof(a->text), "%s", r->text);
        exec_free(TAKE_PTR(a->free_too));
}

static void run_until(sd_event *event, const bool *done) {
        uint64_t end = now() + HANG_USEC;

        while (!*done) {
                assert_true(now() < end);
                assert_true(sd_event_run(event, 100 * USEC_PER_MSEC) >= 0);
        }
}

/* Has it run, through the socket or (child) as our own, and waits for the answer. */
static void ask(struct pluginworld *w, struct answer *a, bool child, char **args, uint64_t timeout_usec) {
        char *env[] = {(char *)"KUBERNETES_EXEC_INFO={}", (char *)"TWICE=no", (char *)"TWICE=yes", NULL};
        const struct exec_order order = {.args = args, .env = env, .timeout_usec = timeout_usec};
        int own = dup(STDERR_FILENO), log = open(tempdir_path(&w->dir, "log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        struct err err = {};
        sd_event *event;

        *a = (struct answer){};
        assert_int_equal(sd_event_new(&event), 0);
        assert_true(own >= 0 && log >= 0 && dup2(log, STDERR_FILENO) >= 0); /* a child's is ours */
        close(log);
        if (exec_start(&a->free_too, event, child ? NULL : pluginworld_socket(w), &order, on_answer, a, &err) < 0)
                fail_msg("%s", err.text);
        assert_false(a->is_there);
        run_until(event, &a->is_there);
        assert_true(dup2(own, STDERR_FILENO) >= 0);
        close(own);
        sd_event_unref(event);
}

static void ask_plugin(struct pluginworld *w, struct answer *a, bool child, uint64_t timeout_usec) {
        char *args[] = {w->command, w->dir.path, NULL};

        ask(w, a, child, args, timeout_usec);
}

static void expect(const struct answer *a, enum exec_end end, int code) {
        if (!a->result.answered || a->result.end != end || a->result.code != code)
                fail_msg("%s end %d code %d, expected %d, %d; %s", a->text, a->result.end, a->result.code, end, code,
                         a->output);
}

/* Whatever plugins are written in. */
static void each_way(enum plugin_language language) {
        struct pluginworld w;
        struct answer a;

        if (!pluginworld_start(&w, language)) {
                skip();
                return;
        }
        for (int child = 0; child < 2; child++) {
                uint64_t began;
                pid_t pid;

                pluginworld_set(&w, "answer", "a credential\nof two lines");
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_EXITED, 0);
                assert_string_equal(a.output, "a credential\nof two lines");

                pluginworld_set(&w, "fail", NULL);
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_EXITED, 7);

                pluginworld_set(&w, "crash", NULL);
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_KILLED, language == PLUGIN_GO ? SIGKILL : SIGSEGV);

                pluginworld_set(&w, "huge", NULL);
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_TOO_LARGE, 0);

                pluginworld_set(&w, "flood", NULL);
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_EXITED, 0);
                assert_string_equal(a.output, "a credential\nof two lines");

                /* On a busy machine it takes more than a second until it hangs. */
                pluginworld_set(&w, "hang", NULL);
                for (uint64_t timeout = USEC_PER_SEC;; timeout *= 4) {
                        began = now();
                        ask_plugin(&w, &a, child, timeout);
                        expect(&a, EXEC_TIMED_OUT, 0);
                        assert_in_range(now() - began, timeout, timeout + 8 * USEC_PER_SEC);
                        pid = pluginworld_pid(&w);
                        if (pid > 0 || timeout > 60 * USEC_PER_SEC)
                                break;
                }
                assert_true(pid > 0 && pluginworld_is_gone(pid));
                (void)unlink(tempdir_path(&w.dir, "pid"));

                /* What it leaves behind keeps its standard output, and nobody waiting. */
                pluginworld_set(&w, "daemon", NULL);
                began = now();
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_EXITED, 0);
                assert_string_equal(a.output, "a credential\nof two lines");
                assert_true(now() - began < 10 * USEC_PER_SEC);
                pid = pluginworld_pid(&w);
                assert_true(pid > 0 && pluginworld_is_gone(pid));
                (void)unlink(tempdir_path(&w.dir, "pid"));
        }
        pluginworld_stop(&w);
}

static void test_shell(void **state) {
        (void)state;
        each_way(PLUGIN_SHELL);
}

static void test_python(void **state) {
        (void)state;
        each_way(PLUGIN_PYTHON);
}

static void test_go(void **state) {
        (void)state;
        each_way(PLUGIN_GO);
}

/* A daemon in a session of its own is out of the group: in the unit it ends with the cgroup. Nobody waits for it. */
static void test_session(void **state) {
        struct pluginworld w;
        struct answer a;
        uint64_t began = now();

        (void)state;
        assert_true(pluginworld_start(&w, PLUGIN_SHELL));
        pluginworld_set(&w, "session", "fine");
        ask_plugin(&w, &a, false, 20 * USEC_PER_SEC);
        expect(&a, EXEC_EXITED, 0);
        assert_string_equal(a.output, "fine");
        assert_true(now() - began < 10 * USEC_PER_SEC);
        pluginworld_stop(&w);
}

/* Environment, descriptors, standard input. */
static void test_surroundings(void **state) {
        struct pluginworld w;
        struct answer a;
        int leak = dup(2); /* not closed on exec */

        (void)state;
        assert_true(pluginworld_start(&w, PLUGIN_SHELL));
        assert_int_equal(setenv("NOTIFY_SOCKET", "/run/nobody", 1), 0);
        for (int child = 0; child < 2; child++) {
                const char *p;

                pluginworld_set(&w, "look", NULL);
                ask_plugin(&w, &a, child, 20 * USEC_PER_SEC);
                expect(&a, EXEC_EXITED, 0);
                assert_non_null(strstr(a.output, "KUBERNETES_EXEC_INFO={}\n"));
                assert_non_null(strstr(a.output, "TWICE=yes\n"));
                assert_null(strstr(a.output, "TWICE=no\n"));
                assert_null(strstr(a.output, "NOTIFY_SOCKET"));
                assert_null(strstr(a.output, "LISTEN_FDS"));
                assert_null(strstr(a.output, "INVOCATION_ID"));
                assert_non_null(strstr(a.output, "\n0 /dev/null\n"));
                p = strstr(a.output, "\n1 pipe:");
                assert_non_null(p);
                assert_null(strstr(a.output, "socket:"));
                /* The shell may have its script open, as 10 or 255. */
                for (int fd = 4; fd < 10; fd++) {
                        char line[16];

                        (void)snprintf(line, sizeof(line), "\n%d ", fd);
                        assert_null(strstr(a.output, line));
                }
                /* Nothing to read, at once. */
                assert_non_null(strstr(a.output, "\nend\n"));
        }
        assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
        close(leak);
        pluginworld_stop(&w);
}

static void test_no_plugin(void **state) {
        static const struct {
                const char *command;
                enum exec_end end;
                int code;
        } cases[] = {
                {"/nowhere/at-all", EXEC_NOT_FOUND, ENOENT},
                {"no-such-plugin-anywhere", EXEC_NOT_FOUND, ENOENT},
                {"/dev/null/x", EXEC_NOT_FOUND, ENOTDIR},
                {"/etc/passwd", EXEC_NOT_EXECUTABLE, EACCES},
                {"/", EXEC_NOT_EXECUTABLE, EACCES},
                {"DIR/no-interpreter", EXEC_NOT_EXECUTABLE, ENOEXEC},
                {"DIR/no-program", EXEC_NOT_EXECUTABLE, ENOEXEC},
                {"true", EXEC_EXITED, 0},
        };
        struct pluginworld w;
        struct answer a;

        (void)state;
        assert_true(pluginworld_start(&w, PLUGIN_SHELL));
        assert_int_equal(chmod(tempdir_write(&w.dir, "no-interpreter", "#!/nowhere/sh\n"), 0755), 0);
        assert_int_equal(chmod(tempdir_write(&w.dir, "no-program", "echo not a program\n"), 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char command[300];
                char *args[] = {command, NULL};

                if (strncmp(cases[i].command, "DIR/", 4) == 0)
                        (void)snprintf(command, sizeof(command), "%s/%s", w.dir.path, cases[i].command + 4);
                else
                        (void)snprintf(command, sizeof(command), "%s", cases[i].command);
                ask(&w, &a, false, args, 20 * USEC_PER_SEC);
                expect(&a, cases[i].end, cases[i].code);
        }
        pluginworld_stop(&w);
}

static int raw_connect(struct pluginworld *w) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), pluginworld_socket(w)));
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* Whoever may connect can send anything. */
static void test_garbled(void **state) {
        struct exec_request_head good = {
                .magic = EXEC_MAGIC, .n_bytes = 10, .n_args = 1, .n_env = 1, .timeout_msec = 1000};
        struct {
                struct exec_request_head h;
                const char *body;
                size_t n;
        } cases[10];
        struct pluginworld w;
        size_t n = 0;

        (void)state;
        assert_true(pluginworld_start(&w, PLUGIN_SHELL));
#define ADD(body_, n_, ...)                                                                                            \
        do {                                                                                                           \
                cases[n].h = good;                                                                                     \
                __VA_ARGS__;                                                                                           \
                cases[n].body = (body_);                                                                               \
                cases[n++].n = (n_);                                                                                   \
        } while (0)
        ADD("true\0A=b\0", 9, cases[n].h.n_bytes = 9, cases[n].h.magic++);
        ADD("true\0A=b\0", 9, cases[n].h.n_bytes = 9, cases[n].h.n_args = 0);
        ADD("true\0A=b\0", 9, cases[n].h.n_bytes = 9, cases[n].h.n_args = UINT32_MAX);
        ADD("true\0A=b\0", 9, cases[n].h.n_bytes = 9, cases[n].h.n_env = 2); /* one missing */
        ADD("true\0A=b\0", 9, cases[n].h.n_bytes = 9, cases[n].h.n_env = 0); /* one too many */
        ADD("true\0A=bX", 9, cases[n].h.n_bytes = 9);                        /* no end */
        ADD("true\0=bX\0", 9, cases[n].h.n_bytes = 9);                       /* no name */
        ADD("\0rue\0A=b", 9, cases[n].h.n_bytes = 9);                        /* no command */
        ADD("", 0, cases[n].h.n_bytes = UINT32_MAX);
        ADD("", 0, cases[n].h.n_bytes = 1);
        for (size_t i = 0; i < n; i++) {
                struct exec_answer_head h = {};
                int fd = raw_connect(&w);

                assert_int_equal(send(fd, &cases[i].h, sizeof(cases[i].h), MSG_NOSIGNAL), sizeof(cases[i].h));
                (void)!send(fd, cases[i].body, cases[i].n, MSG_NOSIGNAL);
                assert_int_equal(recv(fd, &h, sizeof(h), MSG_WAITALL), sizeof(h));
                assert_int_equal(h.magic, EXEC_MAGIC);
                if (h.end != EXEC_REFUSED)
                        fail_msg("case %zu: end %u", i, h.end);
                close(fd);
        }
        pluginworld_stop(&w);
}

/* An agent that dies hangs up, and that ends the plugin. */
static void test_hang_up(void **state) {
        struct pluginworld w;

        (void)state;
        assert_true(pluginworld_start(&w, PLUGIN_SHELL));
        pluginworld_set(&w, "hang", NULL);
        for (int child = 0; child < 2; child++) {
                char *args[] = {w.command, w.dir.path, NULL}, *env[] = {NULL};
                const struct exec_order order = {.args = args, .env = env, .timeout_usec = 60 * USEC_PER_SEC};
                struct answer a = {};
                struct exec *e = NULL;
                uint64_t end = now() + HANG_USEC;
                sd_event *event;
                pid_t pid;

                (void)unlink(tempdir_path(&w.dir, "pid"));
                assert_int_equal(sd_event_new(&event), 0);
                assert_int_equal(
                        exec_start(&e, event, child ? NULL : pluginworld_socket(&w), &order, on_answer, &a, NULL), 0);
                while (pluginworld_pid(&w) == 0) {
                        assert_true(now() < end);
                        assert_true(sd_event_run(event, 20 * USEC_PER_MSEC) >= 0);
                }
                pid = pluginworld_pid(&w);
                assert_int_equal(kill(pid, 0), 0);
                exec_free(e);
                sd_event_unref(event);
                assert_true(pluginworld_is_gone(pid));
                assert_false(a.is_there);
        }
        pluginworld_stop(&w);
}

/* Who started leaderctl may ignore the deaths of its children, which it inherits: there is nothing to wait for then. */
static void test_ignored_deaths(void **state) {
        struct pluginworld w;
        struct answer a;

        (void)state;
        assert_true(pluginworld_start(&w, PLUGIN_SHELL));
        pluginworld_set(&w, "answer", "a credential");
        assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
        ask_plugin(&w, &a, /* child= */ true, 20 * USEC_PER_SEC);
        assert_true(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
        expect(&a, EXEC_EXITED, 0);
        assert_string_equal(a.output, "a credential");
        pluginworld_stop(&w);
}

/* Nobody listens; somebody listens and hangs up, or says nothing sensible, or nothing at all. */
static void test_no_helper(void **state) {
        char *args[] = {(char *)"true", NULL}, *env[] = {NULL}, *large[] = {NULL, NULL};
        struct exec_order order = {.args = args, .env = env, .timeout_usec = 100 * USEC_PER_MSEC};
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct exec *e = NULL;
        struct err err = {};
        struct tempdir dir;
        sd_event *event;
        int fd;

        (void)state;
        tempdir_make(&dir);
        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(exec_start(&e, event, tempdir_path(&dir, "socket"), &order, on_answer, NULL, &err), -ENOENT);
        assert_non_null(strstr(err.text, "socket"));

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), tempdir_path(&dir, "socket")));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(exec_start(&e, event, address.sun_path, &order, on_answer, NULL, &err), -ECONNREFUSED);
        assert_int_equal(listen(fd, 16), 0);
        for (int i = 0; i < 4; i++) {
                struct exec_answer_head h = {.magic = EXEC_MAGIC, .end = EXEC_EXITED, .n_bytes = 100};
                struct answer a = {};
                int connection;

                assert_int_equal(exec_start(&a.free_too, event, address.sun_path, &order, on_answer, &a, NULL), 0);
                connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
                assert_true(connection >= 0);
                h.n_bytes = i == 2 ? UINT32_MAX : 100;
                if (i == 1 || i == 2)
                        assert_int_equal(send(connection, &h, sizeof(h), MSG_NOSIGNAL), sizeof(h));
                if (i < 2)
                        close(connection);
                run_until(event, &a.is_there);
                assert_false(a.result.answered);
                assert_non_null(strstr(a.text, i == 3 ? "does not answer" : "without an answer"));
                if (i >= 2)
                        close(connection);
        }
        large[0] = calloc(EXEC_REQUEST_MAX, 1);
        assert_non_null(large[0]);
        memset(large[0], 'x', EXEC_REQUEST_MAX - 1);
        order.env = large;
        assert_int_equal(exec_start(&e, event, address.sun_path, &order, on_answer, NULL, &err), -E2BIG);
        free(large[0]);
        close(fd);
        sd_event_unref(event);
        tempdir_remove(&dir);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shell),        cmocka_unit_test(test_python),
                cmocka_unit_test(test_go),           cmocka_unit_test(test_session),
                cmocka_unit_test(test_surroundings), cmocka_unit_test(test_no_plugin),
                cmocka_unit_test(test_garbled),      cmocka_unit_test(test_ignored_deaths),
                cmocka_unit_test(test_hang_up),      cmocka_unit_test(test_no_helper),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
