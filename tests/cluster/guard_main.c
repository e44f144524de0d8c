/* SPDX-License-Identifier: Apache-2.0 */
/* A leader-guard on whose host nothing runs: each request is answered so. guard SOCKET */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "codec/permit.h"

static void serve(int fd) {
        struct permit_request q;
        struct err err;

        for (;;) {
                ssize_t n = recv(fd, &q, sizeof(q), 0);
                struct permit_reply p = {
                        .magic = PERMIT_MAGIC, .result = GUARD_OK, .unit_state = UNIT_STOPPED, .final = 1};

                if (n <= 0 || permit_request_check(&q, (size_t)n, &err) < 0)
                        return;
                if (!*q.unit) /* which units have a permit: none */
                        continue;
                p.seq = q.seq;
                p.request_type = q.type;
                p.final = q.type == PERMIT_REVOKE;
                (void)util_copy(p.unit, sizeof(p.unit), q.unit);
                (void)util_copy(p.lock_uid, sizeof(p.lock_uid), q.lock_uid);
                if (send(fd, &p, sizeof(p), MSG_NOSIGNAL) < 0)
                        return;
        }
}

int main(int argc, char **argv) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        if (argc != 2 || !util_copy(address.sun_path, sizeof(address.sun_path), argv[1]) ||
            bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0) {
                (void)fprintf(stderr, "guard: %s: %m\n", argc == 2 ? argv[1] : "SOCKET");
                return 1;
        }
        for (;;) {
                int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

                if (peer >= 0)
                        serve(peer);
                util_closep(&peer);
        }
}
