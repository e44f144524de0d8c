/* SPDX-License-Identifier: Apache-2.0 */
#include "privatebus.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DAEMON "/usr/bin/dbus-daemon"

bool privatebus_available(void) {
        return access(DAEMON, X_OK) == 0;
}

void privatebus_init(struct privatebus *b, const char *policy) {
        char text[8192], address[128];
        b->pid = 0;
        tempdir_make(&b->dir);
        /* Other users have to reach the socket. */
        assert_int_equal(chmod(b->dir.path, 0711), 0);
        int n = snprintf(text, sizeof(text),
                         "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\" "
                         "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                         "<busconfig><type>system</type><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>\n%s\n</"
                         "busconfig>\n",
                         b->dir.path, policy);
        assert_true(n > 0 && (size_t)n < sizeof(text));
        (void)tempdir_write(&b->dir, "bus.conf", text);
        (void)snprintf(address, sizeof(address), "unix:path=%s/bus", b->dir.path);
        assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
}

static bool answers(const struct privatebus *b) {
        struct sockaddr_un sa = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        (void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/bus", b->dir.path);
        bool ok = connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0;
        close(fd);
        return ok;
}

void privatebus_start(struct privatebus *b) {
        char option[128];
        (void)snprintf(option, sizeof(option), "--config-file=%s/bus.conf", b->dir.path);
        (void)unlink(tempdir_path(&b->dir, "bus"));
        pid_t parent = getpid();
        b->pid = fork();
        assert_true(b->pid >= 0);
        if (b->pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent)
                        _exit(1);
                /* It complains about limits and policies that this test wants just so. */
                if (!freopen(tempdir_path(&b->dir, "log"), "a", stderr))
                        _exit(1);
                execl(DAEMON, DAEMON, option, "--nofork", "--nopidfile", "--nosyslog", (char *)NULL);
                _exit(127);
        }
        for (int i = 0; i < 3000; i++) {
                if (answers(b))
                        return;
                assert_int_equal(waitpid(b->pid, NULL, WNOHANG), 0);
                usleep(10 * 1000);
        }
        fail_msg("dbus-daemon does not answer");
}

void privatebus_kill(struct privatebus *b) {
        if (b->pid <= 0)
                return;
        (void)kill(b->pid, SIGKILL);
        (void)waitpid(b->pid, NULL, 0);
        b->pid = 0;
}

void privatebus_done(struct privatebus *b) {
        privatebus_kill(b);
        tempdir_remove(&b->dir);
}
