/* SPDX-License-Identifier: Apache-2.0 */
/* Which commands only ask a daemon to run something, and which do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/enroll.h"

#define ARGS_MAX 16

/* found: NULL: none. argv[0] is what ps shows, and decides nothing. */
static const struct row {
        const char *found, *path, *argv[ARGS_MAX];
} rows[] = {
        {"docker run", "/usr/bin/docker", {"docker", "run", "--name", "app", "image"}},
        {"docker run", "/usr/bin/docker", {"app", "run", "image"}},
        {NULL, "/usr/bin/app", {"docker", "run", "image"}},
        {"docker start", "/usr/bin/docker", {"docker", "-H", "tcp://h:1", "start", "-a", "app"}},
        {"docker run", "/usr/bin/docker", {"docker", "container", "run", "pull"}},
        {"docker up", "/usr/bin/docker", {"docker", "compose", "-f", "a.yml", "up"}},
        {"docker-compose up", "/usr/local/bin/docker-compose", {"docker-compose", "up"}},
        {NULL, "/usr/bin/docker", {"docker", "pull", "run"}},
        {NULL, "/usr/bin/docker", {"docker", "rm", "-f", "start"}},
        {NULL, "/usr/bin/docker", {"docker", "--version"}},
        {NULL, "/usr/bin/docker", {"docker"}},
        {NULL, "/usr/bin/dockerd", {"dockerd", "run"}},
        {"nerdctl run", "/usr/bin/nerdctl", {"nerdctl", "run", "image"}},
        {"podman run", "/usr/bin/podman", {"podman", "run", "image"}},
        {"podman run", "/usr/bin/podman", {"podman", "run", "--cgroups=no-conmon", "-d", "image"}},
        {NULL, "/usr/bin/podman", {"podman", "run", "--cgroups=split", "-d", "image"}},
        {NULL, "/usr/bin/podman", {"podman", "run", "--cgroups", "split", "image"}},
        {NULL, "/usr/bin/podman", {"podman", "run", "--cgroups=disabled", "image"}},
        {"podman run", "/usr/bin/podman", {"podman", "run", "--cgroups=split", "--cgroups=enabled", "image"}},
        {"podman run", "/usr/bin/podman", {"podman", "--remote", "run", "--cgroups=split", "image"}},
        {"podman-remote run", "/usr/bin/podman-remote", {"podman-remote", "run", "--cgroups=split", "image"}},
        {"podman start", "/usr/bin/podman", {"podman", "start", "-a", "app"}},
        {"podman play", "/usr/bin/podman", {"podman", "kube", "play", "a.yml"}},
        {"machinectl start", "/usr/bin/machinectl", {"machinectl", "start", "m"}},
        {NULL, "/usr/bin/machinectl", {"machinectl", "terminate", "m"}},
        {"systemctl start", "/usr/bin/systemctl", {"systemctl", "--no-block", "start", "b.service"}},
        {NULL, "/usr/bin/systemctl", {"systemctl", "reload", "start.service"}},
        {"systemd-run", "/usr/bin/systemd-run", {"systemd-run", "--scope", "/opt/app"}},
        {"at", "/usr/bin/at", {"at", "now"}},
        {"virsh start", "/usr/bin/virsh", {"virsh", "-c", "qemu:///system", "start", "vm"}},
        /* behind what leads to it */
        {"docker run", "/usr/bin/env", {"env", "-i", "A=b", "docker", "run", "image"}},
        {"docker run", "/usr/bin/nice", {"nice", "-n", "5", "/usr/bin/docker", "run", "image"}},
        {"docker run", "/bin/sh", {"sh", "-c", "exec docker run image"}},
        {"docker run", "/bin/sh", {"sh", "-c", "docker pull image; A=1 exec \"/usr/bin/docker\" 'run' image"}},
        {"docker run", "/bin/bash", {"bash", "-eu", "-c", "test -e /a && docker run image"}},
        {"docker run", "/bin/bash", {"bash", "-euc", "if true; then docker run image; fi"}},
        {"docker run", "/bin/sh", {"sh", "-c", "id=$(docker run -d image)\nwait"}},
        {"docker run", "/usr/bin/env", {"env", "sh", "-c", "cd /srv\n  docker run image"}},
        {NULL, "/bin/sh", {"sh", "-c", "echo docker run image"}},
        {NULL, "/bin/sh", {"sh", "-c", "# docker run image\nexec /opt/app"}},
        {NULL, "/bin/sh", {"sh", "-c", "exec /opt/app --note 'x; docker run image'"}},
        {NULL, "/bin/sh", {"sh", "/opt/start", "docker", "run"}},
        {NULL, "/bin/sh", {"sh", "-c"}},
        {NULL, "/usr/bin/setsid", {"setsid", "/opt/app", "start"}},
        {NULL, "/bin/sleep", {"sleep", "infinity"}},
        {NULL, "/bin/echo", {"echo", "docker", "run"}},
};

static void test_rows(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char found[64] = "";
                bool r = enroll_client(rows[i].path, (char *const *)rows[i].argv, found, sizeof(found));

                if (r != (rows[i].found != NULL) || (r && strcmp(found, rows[i].found) != 0))
                        fail_msg("row %zu (%s): \"%s\"", i, rows[i].path, found);
        }
}

static bool look(const char *script, char found[64]) {
        const char *const argv[] = {"sh", "-c", script, NULL};

        return enroll_client("/bin/sh", (char *const *)argv, found, 64);
}

/* However long a script is, and wherever its copy ends. */
static void test_long(_unused_ void **state) {
        static char text[16384];
        char found[64];

        for (size_t blank = 4000; blank < 4200; blank++) {
                memset(text, 'x', blank);
                strcpy(text + blank, " run; docker run image");
                assert_true(look(text, found));
                assert_string_equal(found, "docker run");
                /* The end of a long command is not the beginning of another. */
                strcpy(text + blank, " docker run image");
                assert_false(look(text, found));
        }
        for (size_t i = 0; i + 1 < sizeof(text); i++)
                text[i] = i % 2 ? ' ' : 'x';
        assert_false(look(text, found));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_long)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
