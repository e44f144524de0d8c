/* SPDX-License-Identifier: Apache-2.0 */
#include "pluginworld.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SOURCES "tests/integration/exec/"

/* Beside the directory of this program: build/tests/integration/X and build/leader-agent-exec. */
static void helper(char path[static PATH_MAX]) {
        ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 32);

        assert_true(n > 0);
        path[n] = 0;
        for (unsigned i = 0; i < 3; i++)
                *strrchr(path, '/') = 0;
        n = (ssize_t)strlen(path);
        (void)snprintf(path + n, (size_t)(PATH_MAX - n), "/leader-agent-exec");
        if (access(path, X_OK) < 0)
                fail_msg("%s is not there; `make check-integration` builds it", path);
}

/* Each connection becomes the standard input of a helper. */
static void listen_for_ever(const struct pluginworld *w, int fd, const char *path) {
        int log = open(tempdir_path(&w->dir, "log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGCHLD, SIG_IGN);
        for (;;) {
                int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

                if (connection < 0)
                        _exit(1);
                if (fork() == 0) {
                        (void)signal(SIGCHLD, SIG_DFL);
                        if (dup2(connection, STDIN_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
                                _exit(1);
                        (void)setenv("NOTIFY_SOCKET", "/run/nobody", 1);
                        (void)setenv("LISTEN_FDS", "1", 1);
                        (void)setenv("INVOCATION_ID", "0", 1);
                        (void)execl(path, path, (char *)NULL);
                        _exit(127);
                }
                close(connection);
        }
}

static bool run(const char *command) {
        return system(command) == 0; /* NOLINT(cert-env33-c): of the test's own words */
}

static bool prepare(struct pluginworld *w, enum plugin_language language) {
        static const char *const names[] = {"plugin.sh", "plugin.py", "plugin.go"};
        char command[1400];

        (void)snprintf(w->command, sizeof(w->command), "%s", tempdir_path(&w->dir, "plugin"));
        switch (language) {
        case PLUGIN_PYTHON:
                if (!run("python3 -c 'import subprocess' >/dev/null 2>&1"))
                        return false;
                break;
        case PLUGIN_GO:
                if (!run("go version >/dev/null 2>&1"))
                        return false;
                (void)snprintf(command, sizeof(command), "CGO_ENABLED=0 go build -o %s " SOURCES "%s", w->command,
                               names[language]);
                assert_true(run(command));
                return true;
        case PLUGIN_SHELL:
                break;
        }
        (void)snprintf(command, sizeof(command), "install -m 0755 " SOURCES "%s %s", names[language], w->command);
        assert_true(run(command));
        return true;
}

bool pluginworld_start(struct pluginworld *w, enum plugin_language language) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char path[PATH_MAX];
        int fd;

        *w = (struct pluginworld){};
        tempdir_make(&w->dir);
        if (!prepare(w, language)) {
                tempdir_remove(&w->dir);
                return false;
        }
        helper(path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), pluginworld_socket(w)));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 16), 0);
        w->listener = fork();
        assert_true(w->listener >= 0);
        if (w->listener == 0)
                listen_for_ever(w, fd, path);
        close(fd);
        w->args[0] = w->dir.path;
        w->exec = (struct kubeconfig_exec){.api_version = (char *)"client.authentication.k8s.io/v1",
                                           .command = w->command,
                                           .args = w->args,
                                           .n_args = 1};
        return true;
}

void pluginworld_stop(struct pluginworld *w) {
        pid_t pid = pluginworld_pid(w);

        if (pid > 0)
                (void)kill(pid, SIGKILL);
        if (w->listener > 0) {
                (void)kill(w->listener, SIGKILL);
                (void)waitpid(w->listener, NULL, 0);
        }
        tempdir_remove(&w->dir);
}

void pluginworld_set(struct pluginworld *w, const char *mode, const char *answer) {
        static const char *const names[] = {"answer", "mode"};
        const char *const texts[] = {answer, mode};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char temporary[16], to[200];

                if (!texts[i])
                        continue;
                (void)snprintf(temporary, sizeof(temporary), "%s.new", names[i]);
                (void)snprintf(to, sizeof(to), "%s", tempdir_path(&w->dir, names[i]));
                (void)tempdir_write(&w->dir, temporary, texts[i]);
                if (util_streq(names[i], "mode")) { /* a line, for `read` */
                        FILE *f = fopen(tempdir_path(&w->dir, temporary), "a");

                        assert_non_null(f);
                        (void)fputc('\n', f);
                        (void)fclose(f);
                }
                assert_int_equal(rename(tempdir_path(&w->dir, temporary), to), 0);
        }
}

const char *pluginworld_socket(const struct pluginworld *w) {
        return tempdir_path(&w->dir, "socket");
}

void pluginworld_read(const struct pluginworld *w, const char *name, char *buf, size_t size) {
        FILE *f = fopen(tempdir_path(&w->dir, name), "r");
        size_t n = f ? fread(buf, 1, size - 1, f) : 0;

        buf[n] = 0;
        if (f)
                (void)fclose(f);
}

unsigned pluginworld_runs(const struct pluginworld *w) {
        char text[65536];
        unsigned n = 0;

        pluginworld_read(w, "runs", text, sizeof(text));
        for (const char *p = text; (p = strchr(p, '\n')); p++)
                n++;
        return n;
}

pid_t pluginworld_pid(const struct pluginworld *w) {
        char text[32];

        pluginworld_read(w, "pid", text, sizeof(text));
        return (pid_t)strtol(text, NULL, 10);
}

bool pluginworld_is_gone(pid_t pid) {
        for (unsigned i = 0; i < 500; i++) {
                char path[64], state = 'Z';
                FILE *f;

                (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
                f = fopen(path, "r");
                if (!f)
                        return true;
                if (fscanf(f, "%*d %*s %c", &state) != 1) /* NOLINT(cert-err34-c): a letter */
                        state = 'Z';
                (void)fclose(f);
                if (state == 'Z')
                        return true;
                usleep(10000);
        }
        return false;
}
