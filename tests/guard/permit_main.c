/* SPDX-License-Identifier: Apache-2.0 */
/* Talks to a leader-guard as an agent would, one request per run; prints each reply on a line:
 *   RESULT STATE final=N revoked=N permit=UID pid=N TEXT
 *
 *   permit permit UNIT UID life STOP_TIMEOUT_MS
 *   permit permit UNIT UID lease STOP_IN_MS KILL_IN_MS STOP_TIMEOUT_MS
 *   permit revoke UNIT UID [STOP_TIMEOUT_MS]         until the final answer
 *   permit evict UNIT UID STOP_TIMEOUT_MS
 *   permit query UNIT [UID]
 *   permit lead UNITS UID life STOP_TIMEOUT_MS | lease …   … then queries until they run, have failed, or for 20 s
 *   permit wait UNIT STATE SECONDS                    queries until the unit is in that state */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/clock.h"
#include "codec/permit.h"

static int fail(const char *what) {
        fprintf(stderr, "permit: %s: %m\n", what);
        return 3;
}

static uint64_t in_msec(const char *arg) {
        return clock_boottime_usec() + (uint64_t)strtoll(arg, NULL, 10) * USEC_PER_MSEC;
}

static bool is_permit(const char *what) {
        return util_streq(what, "permit") || util_streq(what, "lead");
}

static int fill(struct permit_request *q, int argc, char **argv) {
        q->magic = PERMIT_MAGIC;
        q->seq = 1;
        q->stop_at_usec = q->kill_at_usec = USEC_INFINITY;
        if (argc < 3 || !util_copy(q->unit, sizeof(q->unit), argv[2]))
                return -EINVAL;
        if (argc > 3 && !util_streq(argv[1], "wait") && !util_copy(q->lock_uid, sizeof(q->lock_uid), argv[3]))
                return -EINVAL;
        (void)util_copy(q->lock, sizeof(q->lock), "default/test-lock");
        (void)util_copy(q->term, sizeof(q->term), "4711");
        (void)util_copy(q->identity, sizeof(q->identity), "web-1-0011aabb");
        if (util_streq(argv[1], "query") || util_streq(argv[1], "wait"))
                q->type = PERMIT_QUERY;
        else if (util_streq(argv[1], "revoke")) {
                q->type = PERMIT_REVOKE;
                if (argc > 4)
                        q->stop_timeout_usec = strtoull(argv[4], NULL, 10) * USEC_PER_MSEC;
        } else if (util_streq(argv[1], "evict") && argc == 5) {
                q->type = PERMIT_EVICT;
                q->stop_timeout_usec = strtoull(argv[4], NULL, 10) * USEC_PER_MSEC;
        } else if (is_permit(argv[1]) && argc == 6) {
                q->type = PERMIT_PERMIT;
                q->stop_timeout_usec = strtoull(argv[5], NULL, 10) * USEC_PER_MSEC;
        } else if (is_permit(argv[1]) && argc == 8) {
                q->type = PERMIT_PERMIT;
                q->tenure = TENURE_LEASE;
                q->stop_at_usec = in_msec(argv[5]);
                q->kill_at_usec = in_msec(argv[6]);
                q->stop_timeout_usec = strtoull(argv[7], NULL, 10) * USEC_PER_MSEC;
        } else
                return -EINVAL;
        return 0;
}

static void print(const struct permit_reply *p) {
        printf("%s %s final=%u revoked=%u permit=%s pid=%u %s\n", guard_result_to_string(p->result),
               unit_state_to_string(p->unit_state), p->final, p->revoked, p->permit_uid, p->main_pid, p->text);
        (void)fflush(stdout);
}

/* The reply to our request; pushed ones are passed over. */
static int receive(int fd, struct permit_reply *p) {
        for (;;) {
                struct err err = {};
                ssize_t n = recv(fd, p, sizeof(*p), 0);

                if (n <= 0)
                        return n < 0 ? -errno : -ECONNRESET;
                if (permit_reply_check(p, (size_t)n, &err) < 0) {
                        fprintf(stderr, "permit: %s\n", err.text);
                        return -EBADMSG;
                }
                if (p->seq != 0)
                        return 0;
        }
}

int main(int argc, char **argv) {
        const char *path = getenv("GUARD_SOCKET");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct permit_request q = {};
        struct permit_reply p = {};
        uint64_t end = 0, led = 0;
        int fd;

        if (argc < 2 || fill(&q, argc, argv) < 0 ||
            !util_copy(address.sun_path, sizeof(address.sun_path), path ? path : PERMIT_SOCKET)) {
                fprintf(stderr, "permit: wrong arguments; see the head of its source\n");
                return 2;
        }
        if (util_streq(argv[1], "wait"))
                end = clock_boottime_usec() + strtoull(argv[4], NULL, 10) * USEC_PER_SEC;
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return fail("connect");
        for (;;) {
                if (send(fd, &q, sizeof(q), MSG_NOSIGNAL) < 0)
                        return fail("send");
                do {
                        if (receive(fd, &p) < 0)
                                return fail("receive");
                        if (end == 0)
                                print(&p);
                } while (q.type == PERMIT_REVOKE && !p.final && p.result == GUARD_OK);
                if (util_streq(argv[1], "lead")) {
                        /* The connection that asked stays: the units get the permit one after the other. */
                        if (p.result != GUARD_OK || p.unit_state == UNIT_RUNNING || p.unit_state == UNIT_FAILED)
                                return p.result == GUARD_OK && p.unit_state == UNIT_RUNNING ? 0 : 1;
                        if (led == 0)
                                led = clock_boottime_usec() + 20 * USEC_PER_SEC;
                        else if (clock_boottime_usec() > led)
                                return 1;
                        q.type = PERMIT_QUERY;
                        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
                        continue;
                }
                if (end == 0)
                        return p.result == GUARD_OK ? 0 : 1;
                if (util_streq(unit_state_to_string(p.unit_state), argv[3])) {
                        print(&p);
                        return 0;
                }
                if (clock_boottime_usec() > end) {
                        print(&p);
                        return 1;
                }
                (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        }
}
