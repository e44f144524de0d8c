/* SPDX-License-Identifier: Apache-2.0 */
/* leader-guard's daemon code against a PID 1 that can be frozen and killed, spoken to over its socket. Real systemd
 * hosts are tests/guard/check.sh's. Skipped where no cgroup v2 hierarchy is mounted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/fakepid1.h"
#include "../lib/tempdir.h"
#include "base/clock.h"
#include "codec/enroll.h"
#include "codec/permit.h"
#include "codec/permitfile.h"
#include "guard/guard_reap.h"

#define UNIT  "app.service"
#define LIMIT (20 * USEC_PER_SEC) /* only to detect a hang */
#define MSEC  USEC_PER_MSEC

struct fixture {
        struct tempdir dir;
        struct fakepid1 pid1;
        char runtime[128], enrolled[128], socket[128], gate[256], cgroup_root[256], cgroup[256];
        int listener;
        pid_t guard, victim; /* victim: the process in the unit's control group */
        uint64_t seq;
        size_t revoked_max;
};

static void run_guard(struct fixture *x) {
        struct guard_options o = {.runtime_dir = x->runtime,
                                  .cgroup_root = x->cgroup_root,
                                  .address = x->pid1.address,
                                  .agent_uid = (uid_t)-1,
                                  .enrolled_dir = x->enrolled,
                                  .revoked_max = x->revoked_max,
                                  .listen_fd = x->listener};
        sd_event *event = NULL;
        struct guard *g = NULL;
        struct err err = {};

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (sd_event_new(&event) < 0)
                _exit(1);
        if (guard_new(&g, event, &o, &err) < 0) {
                fprintf(stderr, "guard: %s\n", err.text);
                _exit(1);
        }
        (void)guard_run(g);
        _exit(1);
}

static void start_guard(struct fixture *x) {
        x->guard = fork();
        assert_true(x->guard >= 0);
        if (x->guard == 0)
                run_guard(x);
}

/* A service manager's socket for the guard that is started next. */
static int open_notify(struct fixture *x) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), tempdir_path(&x->dir, "notify")));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "400000", 1), 0);
        return fd;
}

/* Waits for the next WATCHDOG=1. */
static void take_ping(int fd) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        char text[4096] = "";

        while (!strstr(text, "WATCHDOG=1")) {
                ssize_t n;

                assert_int_equal(poll(&pfd, 1, (int)(LIMIT / MSEC)), 1);
                n = recv(fd, text, sizeof(text) - 1, 0);
                assert_true(n > 0);
                text[n] = '\0';
        }
}

static void kill_guard(struct fixture *x) {
        if (x->guard <= 0)
                return;
        (void)kill(x->guard, SIGKILL);
        (void)waitpid(x->guard, NULL, 0);
        x->guard = 0;
}

static int set_up(void **state) {
        struct fixture *x = calloc(1, sizeof(*x));
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        *state = x;
        assert_non_null(x);
        x->listener = -1;
        tempdir_make(&x->dir);
        if (!fakepid1_find_cgroup2(x->cgroup_root, sizeof(x->cgroup_root)))
                return 0;
        (void)snprintf(x->runtime, sizeof(x->runtime), "%s/run", x->dir.path);
        (void)snprintf(x->enrolled, sizeof(x->enrolled), "%s/etc", x->dir.path);
        (void)snprintf(x->socket, sizeof(x->socket), "%s/s", x->dir.path);
        (void)snprintf(x->gate, sizeof(x->gate), "%s/leading/" UNIT, x->runtime);
        (void)snprintf(x->cgroup, sizeof(x->cgroup), "/leader-guard-test-%d", getpid());
        assert_int_equal(mkdir(x->runtime, 0755), 0);
        fakepid1_init(&x->pid1, x->dir.path);
        (void)snprintf(x->pid1.state->gate, sizeof(x->pid1.state->gate), "%s", x->gate);
        (void)snprintf(x->pid1.state->cgroup, sizeof(x->pid1.state->cgroup), "%s", x->cgroup);
        fakepid1_start(&x->pid1);
        x->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        assert_true(x->listener >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), x->socket));
        assert_int_equal(bind(x->listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(x->listener, 16), 0);
        return 0;
}

static int tear_down(void **state) {
        struct fixture *x = *state;
        char path[520];

        (void)unsetenv("NOTIFY_SOCKET");
        (void)unsetenv("WATCHDOG_USEC");
        kill_guard(x);
        fakepid1_done(&x->pid1);
        if (x->victim > 0) {
                (void)kill(x->victim, SIGKILL);
                (void)waitpid(x->victim, NULL, 0);
        }
        (void)snprintf(path, sizeof(path), "%s%s", x->cgroup_root, x->cgroup);
        if (x->cgroup[0])
                (void)rmdir(path);
        if (x->listener >= 0)
                close(x->listener);
        tempdir_remove(&x->dir);
        free(x);
        return 0;
}

/* Skips without cgroup v2; else starts the guard. */
static struct fixture *begin(void **state) {
        struct fixture *x = *state;

        if (geteuid() != 0) {
                print_message("the guard talks to root only, and its cgroups are made by root\n");
                skip();
        }
        if (!x->cgroup_root[0]) {
                print_message("no cgroup v2 hierarchy is mounted\n");
                skip();
        }
        start_guard(x);
        return x;
}

static int dial(const struct fixture *x) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), x->socket));
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static struct permit_request request(struct fixture *x, enum permit_request_type type, const char *uid) {
        struct permit_request q = {.magic = PERMIT_MAGIC,
                                   .type = type,
                                   .seq = ++x->seq,
                                   .stop_at_usec = USEC_INFINITY,
                                   .kill_at_usec = USEC_INFINITY,
                                   .stop_timeout_usec =
                                           type == PERMIT_PERMIT || type == PERMIT_EVICT ? 2 * USEC_PER_SEC : 0,
                                   .unit = UNIT,
                                   .lock = "default/lock",
                                   .term = "1",
                                   .identity = "web-1"};

        assert_true(util_copy(q.lock_uid, sizeof(q.lock_uid), uid));
        return q;
}

static void put(int fd, const struct permit_request *q) {
        assert_int_equal(send(fd, q, sizeof(*q), MSG_NOSIGNAL), sizeof(*q));
}

/* The next packet, within the limit; false: the guard closed. */
static bool take(int fd, struct permit_reply *p) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        struct err err = {};
        ssize_t n;

        if (poll(&pfd, 1, (int)(LIMIT / MSEC)) != 1)
                fail_msg("no answer from the guard");
        n = recv(fd, p, sizeof(*p), 0);
        if (n <= 0)
                return false;
        if (permit_reply_check(p, (size_t)n, &err) < 0)
                fail_msg("%s", err.text);
        return true;
}

/* The next answer to the request; pushed ones are passed over. */
static struct permit_reply answer(int fd, const struct permit_request *q) {
        struct permit_reply p;

        do
                assert_true(take(fd, &p));
        while (p.seq != q->seq);
        assert_int_equal(p.request_type, q->type);
        assert_string_equal(p.unit, q->unit);
        return p;
}

static struct permit_reply ask(int fd, struct permit_request q) {
        put(fd, &q);
        return answer(fd, &q);
}

static struct permit_reply query(struct fixture *x, int fd) {
        return ask(fd, request(x, PERMIT_QUERY, ""));
}

static void nap(void) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void await(struct fixture *x, int fd, enum unit_state wanted) {
        uint64_t end = clock_boottime_usec() + LIMIT;
        struct permit_reply p;

        while ((p = query(x, fd)).unit_state != wanted) {
                if (clock_boottime_usec() > end)
                        fail_msg("unit %s instead of %s: %s", unit_state_to_string(p.unit_state),
                                 unit_state_to_string(wanted), p.text);
                nap();
        }
}

static bool has_gate(const struct fixture *x) {
        return access(x->gate, F_OK) == 0;
}

static void lead(struct fixture *x, int fd, const char *uid) {
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, uid)).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        assert_true(has_gate(x));
}

static void revoke_all(struct fixture *x, int fd, const char *uid) {
        struct permit_request q = request(x, PERMIT_REVOKE, uid);
        struct permit_reply p = ask(fd, q);

        assert_int_equal(p.result, GUARD_OK);
        assert_int_equal(p.final, 0);
        assert_int_equal(p.revoked, 1);
        assert_false(has_gate(x));
        p = answer(fd, &q);
        assert_int_equal(p.final, 1);
        assert_int_equal(p.revoked, 1);
        assert_int_equal(p.unit_state, UNIT_STOPPED);
}

/* A start is asked for, and PID 1 is left alone with it: what it says of the unit meanwhile is looked at afterwards,
 * once; a revoke does not wait for that. */
static void test_quiet_start(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_reply p;
        unsigned before, tries;
        char uid[16];

        assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
        /* The quiet ends by itself after 20 ms: on a busy machine a start may take longer, but not each of them. */
        for (tries = 1; tries <= 50; tries++) {
                (void)snprintf(uid, sizeof(uid), "A%u", tries);
                before = x->pid1.state->reads;
                assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, uid)).result, GUARD_OK);
                fakepid1_signal(&x->pid1, /* reload= */ false);
                do
                        assert_true(take(fd, &p));
                while (p.unit_state != UNIT_RUNNING);
                assert_int_equal(x->pid1.state->starts, tries);
                if (x->pid1.state->reads == before + 2) /* the check, and one afterwards */
                        break;
                revoke_all(x, fd, uid);
        }
        assert_true(tries <= 50);
        revoke_all(x, fd, uid);
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "B")).result, GUARD_OK);
        revoke_all(x, fd, "B");
        assert_int_equal(x->pid1.state->stops, tries + 1);
}

static void test_lead_and_revoke(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        char path[256], text[512] = "";
        _cleanup_close_ int env = -1;

        assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
        lead(x, fd, "A");
        assert_int_equal(x->pid1.state->starts, 1);
        assert_int_equal(x->pid1.state->resets, 1);
        (void)snprintf(path, sizeof(path), "%s/env/" UNIT, x->runtime);
        env = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(env >= 0 && read(env, text, sizeof(text) - 1) > 0);
        assert_string_equal(text,
                            "LEADER_TERM=1\nLEADER_LOCK=default/lock\nLEADER_LOCK_UID=A\nLEADER_IDENTITY=web-1\n");
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "B")).result, GUARD_REFUSED_BUSY);
        revoke_all(x, fd, "A");
        assert_string_equal(x->pid1.state->active, "inactive");
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "A")).result, GUARD_REFUSED_REVOKED);
        revoke_all(x, fd, "never-seen");
        lead(x, fd, "B");
}

static void test_refusals(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_reply p;

        x->pid1.state->unenrolled = true;
        p = ask(fd, request(x, PERMIT_PERMIT, "A"));
        assert_int_equal(p.result, GUARD_REFUSED_ENROLL);
        assert_non_null(strstr(p.text, "leaderctl enroll"));
        x->pid1.state->unenrolled = false;
        x->pid1.state->not_found = true;
        p = ask(fd, request(x, PERMIT_PERMIT, "A"));
        assert_int_equal(p.result, GUARD_REFUSED_UNIT);
        assert_non_null(strstr(p.text, "systemd knows no unit"));
        x->pid1.state->not_found = false;
        /* Where its control group will be cannot be known: it could be neither seen nor killed. */
        for (unsigned i = 0; i < 40; i++)
                strcat(x->pid1.state->slice, "deep-");
        strcat(x->pid1.state->slice, "er.slice");
        p = ask(fd, request(x, PERMIT_PERMIT, "A"));
        assert_int_equal(p.result, GUARD_REFUSED_INTERNAL);
        assert_non_null(strstr(p.text, "too long a path"));
        x->pid1.state->slice[0] = '\0';
        /* It runs without a permit, and not under the gate: neither taken over nor, by that, stopped. */
        strcpy(x->pid1.state->active, "active");
        x->pid1.state->unenrolled = true;
        p = ask(fd, request(x, PERMIT_PERMIT, "A"));
        assert_int_equal(p.result, GUARD_REFUSED_ENROLL);
        assert_int_equal(query(x, fd).unit_state, UNIT_FOREIGN);
        assert_int_equal(x->pid1.state->starts, 0);
        assert_int_equal(x->pid1.state->stops, 0);
        assert_false(has_gate(x));
        x->pid1.state->unenrolled = false;
        revoke_all(x, fd, "A");
        assert_string_equal(x->pid1.state->active, "inactive");
        x->pid1.state->start_error = true;
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "B")).result, GUARD_OK);
        await(x, fd, UNIT_FAILED);
        p = query(x, fd);
        assert_non_null(strstr(p.text, "is masked"));
}

/* A unit that runs already and is enrolled is taken over as it runs, at rest only; should it end in that moment, it is
 * started. From then on it is one like any other. */
static void test_take_over(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q;

        strcpy(x->pid1.state->active, "activating");
        assert_int_equal(query(x, fd).unit_state, UNIT_FOREIGN);
        q = request(x, PERMIT_PERMIT, "A");
        put(fd, &q);
        assert_int_equal(query(x, fd).unit_state, UNIT_UNKNOWN);
        assert_false(has_gate(x));
        strcpy(x->pid1.state->active, "active");
        fakepid1_signal(&x->pid1, /* reload= */ false);
        assert_int_equal(answer(fd, &q).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        assert_true(has_gate(x));
        assert_int_equal(x->pid1.state->starts, 0);
        assert_int_equal(x->pid1.state->stops, 0);
        /* A guard that comes after takes it up. */
        kill_guard(x);
        start_guard(x);
        close(fd);
        fd = dial(x);
        await(x, fd, UNIT_RUNNING);
        assert_int_equal(x->pid1.state->starts, 0);
        revoke_all(x, fd, "A");
        assert_string_equal(x->pid1.state->active, "inactive");
        assert_int_equal(x->pid1.state->stops, 1);
}

/* What runs without a permit is stopped when the agent says that the lock is held elsewhere: no uid is used up by it,
 * nothing that is not enrolled is touched, and no permit is undone. */
static void test_evict(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q;
        struct permit_reply p;

        assert_int_equal(ask(fd, request(x, PERMIT_EVICT, "B")).result, GUARD_OK);
        strcpy(x->pid1.state->active, "active");
        x->pid1.state->unenrolled = true;
        /* Not judged yet: no agent is to take it for one that it could take over. */
        fakepid1_signal(&x->pid1, /* reload= */ false);
        do
                assert_true(take(fd, &p));
        while (p.seq || p.unit_state == UNIT_STOPPED);
        assert_int_equal(p.unit_state, UNIT_UNKNOWN);
        q = request(x, PERMIT_QUERY, "");
        q.judge = 1;
        q.stop_timeout_usec = 5 * USEC_PER_SEC;
        p = ask(fd, q);
        assert_int_equal(p.unfit, 1);
        assert_int_equal(p.unit_state, UNIT_FOREIGN);
        p = ask(fd, request(x, PERMIT_EVICT, "B"));
        assert_int_equal(p.result, GUARD_REFUSED_ENROLL);
        assert_int_equal(p.unit_state, UNIT_FOREIGN);
        assert_non_null(strstr(p.text, "leaderctl enroll"));
        assert_int_equal(x->pid1.state->stops, 0);
        x->pid1.state->unenrolled = false;
        p = ask(fd, request(x, PERMIT_EVICT, "B"));
        assert_int_equal(p.result, GUARD_OK);
        assert_int_equal(p.unit_state, UNIT_STOPPING);
        assert_int_equal(p.revoked, 0);
        assert_non_null(strstr(p.text, "another host holds the lock"));
        await(x, fd, UNIT_STOPPED);
        assert_int_equal(x->pid1.state->stops, 1);
        /* That lock may be ours later. */
        lead(x, fd, "B");
        assert_int_equal(ask(fd, request(x, PERMIT_EVICT, "C")).result, GUARD_REFUSED_BUSY);
        assert_int_equal(query(x, fd).unit_state, UNIT_RUNNING);
        /* … of whatever unit. */
        q = request(x, PERMIT_EVICT, "B");
        strcpy(q.unit, "other.service");
        assert_int_equal(ask(fd, q).result, GUARD_REFUSED_BUSY);
        revoke_all(x, fd, "B");
}

/* The next push or answer that says so. */
static struct permit_reply await_unfit(int fd, bool unfit) {
        struct permit_reply p;

        do
                assert_true(take(fd, &p));
        while ((p.unfit != 0) != unfit);
        return p;
}

/* A unit that nobody runs is judged by what is configured, when the agent asks and whenever something changes: in every
 * answer, and pushed. */
static void test_idle_is_judged(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_QUERY, "");
        struct permit_reply p;

        /* An agent of 0.1.0 does not ask for it. */
        x->pid1.state->unenrolled = true;
        p = query(x, fd);
        assert_int_equal(p.unfit, 0);
        assert_string_equal(p.text, "");
        q.judge = 1;
        q.stop_timeout_usec = USEC_PER_SEC;
        p = ask(fd, q);
        assert_int_equal(p.result, GUARD_OK);
        assert_int_equal(p.unit_state, UNIT_STOPPED);
        assert_int_equal(p.unfit, 1);
        assert_non_null(strstr(p.text, "not enrolled"));
        assert_non_null(strstr(p.text, "cure: leaderctl enroll --tenure life " UNIT));
        /* Mended, and a daemon-reload. */
        x->pid1.state->unenrolled = false;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        p = await_unfit(fd, false);
        assert_int_equal(p.seq, 0);
        assert_string_equal(p.text, "");
        /* Masked: pushed, too. */
        x->pid1.state->masked = true;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        p = await_unfit(fd, true);
        assert_int_equal(p.seq, 0);
        assert_non_null(strstr(p.text, "systemctl unmask " UNIT));
        x->pid1.state->masked = false;
        x->pid1.state->not_found = true;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        do
                assert_true(take(fd, &p));
        while (!strstr(p.text, "systemd knows no unit"));
        assert_int_equal(p.unfit, 1);
        x->pid1.state->not_found = false;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        (void)await_unfit(fd, false);
        /* Under a permit it is said, and no more; after it, it counts. */
        lead(x, fd, "A");
        x->pid1.state->unenrolled = true;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        p = await_unfit(fd, true);
        assert_int_equal(p.unit_state, UNIT_RUNNING);
        assert_true(has_gate(x));
        revoke_all(x, fd, "A");
        p = query(x, fd);
        assert_int_equal(p.unfit, 1);
        assert_non_null(strstr(p.text, "not enrolled"));
        /* Configured for another tenure. */
        x->pid1.state->unenrolled = false;
        q.seq = ++x->seq;
        q.tenure = TENURE_LEASE;
        p = ask(fd, q);
        assert_int_equal(p.unfit, 1);
        assert_non_null(strstr(p.text, "BindsTo=leader-guard.service is missing"));
        /* The next agent has its own configuration. */
        close(fd);
        fd = dial(x);
        assert_int_equal(query(x, fd).unfit, 0);
}

/* In a term for life the unit is enrolled for the lease that is configured by now: that is no mistake, and its cure
 * would undo it. */
static void test_next_tenure_is_enrolled(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_QUERY, "");
        struct permit_reply p;

        q.judge = 1;
        q.stop_timeout_usec = 2 * USEC_PER_SEC;
        (void)ask(fd, q);
        lead(x, fd, "A");
        x->pid1.state->bound = true;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        do
                assert_true(take(fd, &p));
        while (!strstr(p.text, "enrolled for tenure lease, configured for life"));
        assert_non_null(strstr(p.text, "leaderctl enroll --tenure life " UNIT));
        q.seq = ++x->seq;
        q.tenure = TENURE_LEASE;
        p = ask(fd, q);
        assert_non_null(strstr(p.text, "enrolled for tenure lease, as configured; the term in force is one for life"));
        assert_null(strstr(p.text, "cure"));
        assert_int_equal(p.unit_state, UNIT_RUNNING);
        revoke_all(x, fd, "A");
        assert_string_equal(query(x, fd).text, "");
}

static void test_malformed(void **state) {
        static const char *const no_services[] = {"system.slice", "-.slice",      "sysinit.target", "dbus.socket",
                                                  "init.scope",   "-.mount",      "x@.service",     "../app.service",
                                                  ".service",     "app\n.service"};
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        char big[2 * sizeof(q)] = {};
        struct permit_reply p;

        q.stop_timeout_usec = 0;
        p = ask(fd, request(x, PERMIT_QUERY, ""));
        put(fd, &q);
        do
                assert_true(take(fd, &p));
        while (p.seq != q.seq && p.result != GUARD_REFUSED_REQUEST);
        assert_int_equal(p.result, GUARD_REFUSED_REQUEST);
        for (size_t size = 1; size <= sizeof(big); size *= 3) {
                assert_int_equal(send(fd, big, size, MSG_NOSIGNAL), size);
                do
                        assert_true(take(fd, &p));
                while (p.result != GUARD_REFUSED_REQUEST);
        }
        /* What is no service is nobody's to start or stop, whatever is asked. */
        for (enum permit_request_type type = PERMIT_PERMIT; type <= PERMIT_EVICT; type++)
                for (size_t i = 0; i < ELEMENTSOF(no_services); i++) {
                        q = request(x, type, "A");
                        strcpy(q.unit, no_services[i]);
                        put(fd, &q);
                        do
                                assert_true(take(fd, &p));
                        while (p.seq != q.seq);
                        assert_int_equal(p.result, GUARD_REFUSED_REQUEST);
                        assert_non_null(strstr(p.text, "not the name of a service unit"));
                }
        /* And the guard is as it was. */
        assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
        assert_int_equal(x->pid1.state->starts, 0);
        assert_int_equal(x->pid1.state->stops, 0);
}

static void test_newest_connection(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int first = dial(x), old = -1, older = -1, newest = -1;
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        struct permit_reply p;

        assert_int_equal(query(x, first).unit_state, UNIT_STOPPED);
        /* All of this waits for the guard when it wakes up. */
        assert_int_equal(kill(x->guard, SIGSTOP), 0);
        put(first, &q);
        older = dial(x);
        put(older, &q);
        old = dial(x);
        put(old, &q);
        newest = dial(x);
        assert_int_equal(kill(x->guard, SIGCONT), 0);
        assert_int_equal(query(x, newest).unit_state, UNIT_STOPPED);
        assert_false(take(older, &p));
        assert_false(take(old, &p));
        assert_false(take(first, &p));
        assert_int_equal(query(x, newest).unit_state, UNIT_STOPPED);
        assert_int_equal(x->pid1.state->starts, 0);
        assert_false(has_gate(x));
}

/* An agent of its own, which has asked something, was answered, and hangs: its connection is open until it is killed.
 */
static pid_t hung_agent(struct fixture *x, const struct permit_request *q) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                int fd = dial(x);

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (q)
                        (void)ask(fd, *q);
                (void)raise(SIGSTOP);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
        assert_true(WIFSTOPPED(status));
        return pid;
}

static void kill_agent(pid_t pid) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The second agent of a host is told who is there, and which command ends that one; the permit of the first one keeps
 * to its instants, however often the second one comes. */
static void test_second_agent(void **state) {
        struct fixture *x = begin(state);
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        uint64_t end = clock_boottime_usec() + USEC_PER_SEC;
        char who[64], cure[64];
        struct permit_reply p;
        pid_t first;
        int fd;

        x->pid1.state->bound = true;
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = end;
        q.kill_at_usec = end + USEC_PER_SEC;
        first = hung_agent(x, &q);
        (void)snprintf(who, sizeof(who), "another agent (pid %d, test_guard", first);
        (void)snprintf(cure, sizeof(cure), "kill %d", first);
        while (clock_boottime_usec() < end - 100 * MSEC) {
                fd = dial(x);
                assert_true(take(fd, &p));
                assert_int_equal(p.result, GUARD_REFUSED_AGENT);
                assert_non_null(strstr(p.text, who));
                assert_non_null(strstr(p.text, cure));
                assert_false(take(fd, &p));
                close(fd);
                assert_true(has_gate(x));
        }
        while (clock_boottime_usec() < end + 300 * MSEC) {
                fd = dial(x);
                close(fd);
                nap();
        }
        assert_false(has_gate(x));
        kill_agent(first);
        fd = dial(x);
        await(x, fd, UNIT_STOPPED);
        close(fd);
}

/* An agent that died is no agent, although the guard has not read its end yet; nor is one that has said nothing. */
static void test_restarted_agent(void **state) {
        struct fixture *x = begin(state);
        struct permit_request q = request(x, PERMIT_QUERY, "");

        for (unsigned i = 0; i < 40; i++) {
                pid_t first = hung_agent(x, i % 4 == 3 ? NULL : &q);
                _cleanup_close_ int fd = -1;

                if (i % 2)
                        assert_int_equal(kill(x->guard, SIGSTOP), 0);
                if (i % 4 != 3)
                        kill_agent(first);
                fd = dial(x);
                if (i % 2)
                        assert_int_equal(kill(x->guard, SIGCONT), 0);
                assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
                if (i % 4 == 3)
                        kill_agent(first);
        }
}

static struct permit_request request_of(struct fixture *x, unsigned unit) {
        struct permit_request q = request(x, PERMIT_QUERY, "");

        (void)snprintf(q.unit, sizeof(q.unit), "u-%u.service", unit);
        return q;
}

/* More units than the socket holds packets are asked about, by an agent that does not read meanwhile. */
static void test_many_units(void **state) {
        static const unsigned counts[] = {100, 300};
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);

        for (size_t i = 0; i < ELEMENTSOF(counts); i++) {
                uint64_t first = x->seq + 1;
                unsigned answered = 0;
                bool seen[300] = {};

                for (unsigned k = 0; k < counts[i]; k++) {
                        struct permit_request q = request_of(x, k);

                        put(fd, &q);
                }
                for (unsigned k = 0; k < 40; k++)
                        nap();
                while (answered < counts[i]) {
                        struct permit_reply p;

                        assert_true(take(fd, &p));
                        if (p.seq < first)
                                continue;
                        assert_true(p.seq < first + counts[i]);
                        assert_false(seen[p.seq - first]);
                        seen[p.seq - first] = true;
                        answered++;
                }
        }
        lead(x, fd, "A");
}

/* Names without an end, of which each costs a place: there is always one for a unit that is meant, and nobody who has a
 * permit, or is configured, loses his. */
static void test_endless_names(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request_of(x, 100000);
        struct permit_reply p;

        q.judge = 1;
        q.stop_timeout_usec = USEC_PER_SEC;
        assert_int_equal(ask(fd, q).unfit, 1); /* (another name of it) */
        for (unsigned k = 0; k < 2600; k++) {
                if (k == 1300)
                        lead(x, fd, "A");
                q = request_of(x, k);
                if (k % 2 && k < 1300) {
                        x->pid1.state->unenrolled = true;
                        q.type = PERMIT_REVOKE;
                        strcpy(q.lock_uid, "invented");
                        p = ask(fd, q);
                        assert_int_equal(p.result, GUARD_OK);
                        assert_int_equal(answer(fd, &q).final, 1);
                        x->pid1.state->unenrolled = false;
                } else
                        assert_int_equal(ask(fd, q).result, GUARD_OK);
        }
        q = request_of(x, 100000);
        assert_int_equal(ask(fd, q).unfit, 1);
        assert_int_equal(query(x, fd).unit_state, UNIT_RUNNING);
        assert_int_equal(x->pid1.state->stops, 0);
        revoke_all(x, fd, "A");
        /* … nor when the connection ends in between. */
        close(fd);
        fd = dial(x);
        lead(x, fd, "B");
}

/* Asks without an end, and connects again when it is hung up on: PID 1 is asked no more often than an agent with many
 * locks would ask, the permit in force ends at its instant, and its revoke, or that of the next, is heeded at once. */
static void test_flood(void **state) {
        struct fixture *x = begin(state);
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        uint64_t end, gone = 0, begun;
        unsigned sent = 0, hung_up = 0;
        int fd = dial(x);

        x->pid1.state->bound = true;
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 1500 * MSEC;
        q.kill_at_usec = q.stop_at_usec + USEC_PER_SEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        x->pid1.state->reads = 0;
        begun = clock_boottime_usec();
        for (end = begun + 3 * USEC_PER_SEC; clock_boottime_usec() < end; sent++) {
                struct permit_request other = sent % 4 ? request_of(x, sent % 50) : request(x, PERMIT_REVOKE, "B");
                char reply[sizeof(struct permit_reply)];

                if (sent % 4 == 1)
                        other.type = PERMIT_REVOKE;
                (void)strcpy(other.lock_uid, "B");
                while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
                        ;
                if (send(fd, &other, sizeof(other), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
                        close(fd);
                        fd = dial(x);
                        hung_up++;
                }
                if (!gone && !has_gate(x))
                        gone = clock_boottime_usec();
        }
        assert_true(sent > 6000 && hung_up > 0);
        assert_true(gone >= q.stop_at_usec && gone < q.stop_at_usec + USEC_PER_SEC);
        assert_true(x->pid1.state->reads < 4096 + 200 * 3);
        /* That was no agent. The next one is served as soon as there is room again. */
        close(fd);
        while (clock_boottime_usec() < end + 2 * USEC_PER_SEC)
                nap();
        fd = dial(x);
        x->pid1.state->bound = false;
        await(x, fd, UNIT_STOPPED);
        lead(x, fd, "C");
        revoke_all(x, fd, "C");
        close(fd);
}

/* What an agent with many locks asks when it connects. Returns whether all of it was answered. */
static bool asks_about_all(struct fixture *x, unsigned n_units) {
        _cleanup_close_ int fd = dial(x);
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        unsigned answered = 0;
        struct permit_reply p;

        for (unsigned i = 0; i < n_units; i++) {
                struct permit_request q = request_of(x, i);

                q.seq = ++x->seq;
                while (recv(fd, &p, sizeof(p), MSG_DONTWAIT) > 0)
                        answered += p.seq > 0;
                if (send(fd, &q, sizeof(q), MSG_NOSIGNAL) < 0)
                        return false;
        }
        while (answered < n_units && poll(&pfd, 1, (int)(LIMIT / MSEC)) == 1 && recv(fd, &p, sizeof(p), 0) > 0)
                answered += p.seq > 0;
        return answered == n_units;
}

/* An agent with many locks that was started again and again is hung up on, too; its tries in vain must not eat what the
 * one that gets through needs. */
static void test_many_locks_again_and_again(void **state) {
        struct fixture *x = begin(state);
        unsigned n = 0;
        uint64_t end;

        while (asks_about_all(x, 300))
                assert_true(++n < 40);
        assert_true(n >= 4096 / 300 - 1);
        for (end = clock_boottime_usec() + LIMIT; !asks_about_all(x, 300);) {
                assert_true(clock_boottime_usec() < end);
                for (uint64_t next = clock_boottime_usec() + USEC_PER_SEC; clock_boottime_usec() < next;)
                        nap();
        }
}

static void test_deaf_agent(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int deaf = dial(x), fd = -1;
        struct permit_request q = request(x, PERMIT_QUERY, "");
        struct permit_reply p, last = {};
        unsigned n = 0;

        lead(x, deaf, "A");
        /* Asks for the same on and on, and does not read: the answers to what it asked last are there when it does, and
         * a revoke does not wait for that. */
        for (; n < 2000; n++) {
                q.seq = ++x->seq;
                put(deaf, &q);
        }
        q = request(x, PERMIT_REVOKE, "A");
        put(deaf, &q);
        for (uint64_t end = clock_boottime_usec() + LIMIT; has_gate(x); nap())
                assert_true(clock_boottime_usec() < end);
        while (!(last.seq == q.seq && last.final))
                assert_true(take(deaf, &last));
        /* Asks ever new things: in the end it is hung up on. */
        for (n = 0; n < 100000; n++) {
                struct permit_request other = request_of(x, n % 64);

                (void)snprintf(other.lock_uid, sizeof(other.lock_uid), "uid-%u", n);
                if (send(deaf, &other, sizeof(other), MSG_NOSIGNAL) != (ssize_t)sizeof(other))
                        break;
        }
        assert_true(n < 100000);
        while (take(deaf, &p))
                ;
        fd = dial(x);
        lead(x, fd, "B");
}

/* PID 1 does not answer for long, and an agent repeats itself meanwhile, as renewals do: no reason to hang up. */
static void test_patient_agent(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = {};

        assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
        assert_int_equal(kill(x->pid1.pid, SIGSTOP), 0);
        for (unsigned i = 0; i < 100; i++) {
                q = request(x, i % 2 ? PERMIT_PERMIT : PERMIT_QUERY, i % 2 ? "A" : "");
                put(fd, &q);
        }
        assert_int_equal(kill(x->pid1.pid, SIGCONT), 0);
        assert_int_equal(answer(fd, &q).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        assert_int_equal(x->pid1.state->starts, 1);
}

static void test_stranger(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = -1;
        pid_t pid;
        int status;

        if (geteuid() != 0)
                skip();
        assert_int_equal(chmod(x->socket, 0666), 0);
        assert_int_equal(chmod(x->dir.path, 0755), 0);
        fd = dial(x);
        assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                struct sockaddr_un address = {.sun_family = AF_UNIX};
                char byte;
                int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

                (void)util_copy(address.sun_path, sizeof(address.sun_path), x->socket);
                _exit(setuid(65534) < 0 || connect(s, (struct sockaddr *)&address, sizeof(address)) < 0 ||
                      recv(s, &byte, 1, 0) != 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        /* And it did not supersede anybody. */
        assert_int_equal(query(x, fd).unit_state, UNIT_STOPPED);
}

static void test_guard_killed(void **state) {
        struct fixture *x = begin(state);
        int fd = dial(x);
        struct permit_reply p;
        char path[256];

        lead(x, fd, "A");
        kill_guard(x);
        close(fd);
        start_guard(x);
        fd = dial(x);
        await(x, fd, UNIT_RUNNING);
        assert_string_equal(query(x, fd).permit_uid, "A");
        assert_int_equal(x->pid1.state->starts, 1);
        /* Between file and gate. */
        kill_guard(x);
        close(fd);
        assert_int_equal(unlink(x->gate), 0);
        strcpy(x->pid1.state->active, "inactive");
        start_guard(x);
        fd = dial(x);
        await(x, fd, UNIT_RUNNING);
        assert_int_equal(x->pid1.state->starts, 2);
        revoke_all(x, fd, "A");
        kill_guard(x);
        close(fd);
        start_guard(x);
        fd = dial(x);
        p = ask(fd, request(x, PERMIT_PERMIT, "A"));
        assert_int_equal(p.result, GUARD_REFUSED_REVOKED);
        assert_int_equal(p.revoked, 1);
        lead(x, fd, "B");
        /* A damaged file: no permit. */
        kill_guard(x);
        close(fd);
        (void)snprintf(path, sizeof(path), "%s/permits/" UNIT, x->runtime);
        assert_int_equal(truncate(path, 100), 0);
        start_guard(x);
        fd = dial(x);
        await(x, fd, UNIT_STOPPED);
        assert_false(has_gate(x));
        assert_int_equal(access(path, F_OK), -1);
        assert_string_equal(x->pid1.state->active, "inactive");
        close(fd);
}

static void test_pid1_lost(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);

        lead(x, fd, "A");
        fakepid1_kill(&x->pid1);
        /* No answer, but no harm: the permit is repeated and taken. */
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "A")).result, GUARD_OK);
        assert_int_equal(query(x, fd).unit_state, UNIT_RUNNING);
        strcpy(x->pid1.state->active, "failed");
        fakepid1_start(&x->pid1);
        await(x, fd, UNIT_FAILED);
        strcpy(x->pid1.state->active, "active");
        fakepid1_signal(&x->pid1, /* reload= */ false);
        await(x, fd, UNIT_RUNNING);
        revoke_all(x, fd, "A");
}

/* A process in a control group of its own, that ignores SIGTERM. False: not allowed here. */
static bool populate(struct fixture *x) {
        char path[560];
        int procs;

        (void)snprintf(path, sizeof(path), "%s%s", x->cgroup_root, x->cgroup);
        if (mkdir(path, 0755) < 0)
                return false;
        strcat(path, "/cgroup.procs");
        procs = open(path, O_WRONLY | O_CLOEXEC);
        x->victim = fork();
        if (x->victim == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)signal(SIGTERM, SIG_IGN);
                for (;;)
                        (void)pause();
        }
        (void)snprintf(path, sizeof(path), "%d", x->victim);
        if (procs < 0 || write(procs, path, strlen(path)) < 0) {
                if (procs >= 0)
                        close(procs);
                return false;
        }
        close(procs);
        return true;
}

static void test_pid1_blocked(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        struct permit_reply p;
        uint64_t end;
        int status;

        x->pid1.state->bound = true;
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 3600 * USEC_PER_SEC;
        q.kill_at_usec = q.stop_at_usec + USEC_PER_SEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        if (!populate(x)) {
                print_message("no control group can be made here\n");
                skip();
        }
        assert_int_equal(kill(x->pid1.pid, SIGSTOP), 0);
        q.seq = ++x->seq;
        q.stop_at_usec = clock_boottime_usec() + 100 * MSEC;
        q.kill_at_usec = q.stop_at_usec + 100 * MSEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        /* Gate and process go on time, without PID 1. */
        end = clock_boottime_usec() + LIMIT;
        while (waitpid(x->victim, &status, WNOHANG) == 0) {
                assert_true(clock_boottime_usec() < end);
                nap();
        }
        x->victim = 0;
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(clock_boottime_usec() >= q.kill_at_usec);
        assert_false(has_gate(x));
        assert_string_equal(x->pid1.state->active, "active");
        /* Not confirmed before PID 1 has spoken. */
        q = request(x, PERMIT_REVOKE, "A");
        p = ask(fd, q);
        assert_int_equal(p.final, 0);
        assert_int_equal(kill(x->pid1.pid, SIGCONT), 0);
        p = answer(fd, &q);
        assert_int_equal(p.final, 1);
        assert_string_equal(x->pid1.state->active, "inactive");
}

/* A unit that is not enrolled, and was never permitted, is not the agent's to stop: neither by a job nor by the kill,
 * whatever it says. The revoke is told so, and answered when the unit has ended by itself. */
static void test_revoke_of_a_stranger(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_REVOKE, "A");
        struct permit_reply p;
        char path[256];
        uint64_t end;
        int file;

        if (!populate(x)) {
                print_message("no control group can be made here\n");
                skip();
        }
        strcpy(x->pid1.state->active, "active");
        x->pid1.state->unenrolled = true;
        q.stop_timeout_usec = 100 * MSEC;
        p = ask(fd, q);
        assert_int_equal(p.result, GUARD_OK);
        assert_int_equal(p.final, 0);
        assert_int_equal(p.revoked, 1);
        p = answer(fd, &q);
        assert_int_equal(p.result, GUARD_REFUSED_ENROLL);
        assert_int_equal(p.final, 0);
        assert_int_equal(p.unit_state, UNIT_FOREIGN);
        assert_non_null(strstr(p.text, "is not enrolled here"));
        assert_non_null(strstr(p.text, "systemctl stop " UNIT));
        for (end = clock_boottime_usec() + 600 * MSEC; clock_boottime_usec() < end; nap())
                assert_int_equal(query(x, fd).unit_state, UNIT_FOREIGN);
        assert_int_equal(waitpid(x->victim, NULL, WNOHANG), 0);
        assert_int_equal(x->pid1.state->stops, 0);
        assert_int_equal(kill(x->victim, SIGKILL), 0);
        assert_int_equal(waitpid(x->victim, NULL, 0), x->victim);
        x->victim = 0;
        strcpy(x->pid1.state->active, "inactive");
        fakepid1_signal(&x->pid1, /* reload= */ false);
        p = answer(fd, &q);
        assert_int_equal(p.final, 1);
        assert_int_equal(x->pid1.state->stops, 0);
        /* Enrolled while it waits: ours again. */
        strcpy(x->pid1.state->active, "active");
        q = request(x, PERMIT_REVOKE, "B");
        put(fd, &q);
        while (answer(fd, &q).result != GUARD_REFUSED_ENROLL)
                ;
        x->pid1.state->unenrolled = false;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        p = answer(fd, &q);
        assert_int_equal(p.final, 1);
        assert_int_equal(x->pid1.state->stops, 1);
        /* Root has enrolled it once, and the drop-in was lost before anybody could ask for a permit (after a boot). */
        x->pid1.state->unenrolled = true;
        strcpy(x->pid1.state->active, "active");
        fakepid1_signal(&x->pid1, /* reload= */ true);
        assert_int_equal(mkdir(x->enrolled, 0755), 0);
        (void)snprintf(path, sizeof(path), "%s/" UNIT ".d", x->enrolled);
        assert_int_equal(mkdir(path, 0755), 0);
        strcat(path, "/" ENROLL_LIST_NAME);
        file = creat(path, 0644);
        assert_true(file >= 0);
        close(file);
        assert_int_equal(ask(fd, request(x, PERMIT_EVICT, "E")).result, GUARD_REFUSED_ENROLL);
        assert_int_equal(x->pid1.state->stops, 1);
        revoke_all(x, fd, "E");
        assert_int_equal(x->pid1.state->stops, 2);
        assert_int_equal(unlink(path), 0);
        /* The drop-in is lost under a permit: the permit's file is enough, for this guard and the next. */
        for (unsigned i = 0; i < 2; i++) {
                x->pid1.state->unenrolled = false;
                fakepid1_signal(&x->pid1, /* reload= */ true);
                lead(x, fd, i ? "D" : "C");
                x->pid1.state->unenrolled = true;
                fakepid1_signal(&x->pid1, /* reload= */ true);
                if (i) {
                        kill_guard(x);
                        close(fd);
                        start_guard(x);
                        fd = dial(x);
                }
                revoke_all(x, fd, i ? "D" : "C");
                assert_int_equal(x->pid1.state->stops, 3 + i);
        }
}

static void test_stop_waits_for_cgroup(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_REVOKE, "A");
        struct permit_reply p;

        lead(x, fd, "A");
        if (!populate(x)) {
                print_message("no control group can be made here\n");
                skip();
        }
        /* PID 1 says inactive, a process lives on: only its end by the kill is the stop. */
        q.stop_timeout_usec = 300 * MSEC;
        p = ask(fd, q);
        assert_int_equal(p.final, 0);
        p = answer(fd, &q);
        assert_int_equal(p.final, 1);
        assert_int_equal(waitpid(x->victim, NULL, WNOHANG), x->victim);
        x->victim = 0;
        assert_string_equal(x->pid1.state->active, "inactive");
}

/* No cgroup v2: what lives could not be seen. Nothing is started, and whoever asks is told why. */
static void test_no_cgroup2(void **state) {
        struct fixture *x = *state;
        _cleanup_close_ int fd = -1;
        struct permit_reply p;

        assert_true(util_copy(x->cgroup_root, sizeof(x->cgroup_root), x->dir.path));
        start_guard(x);
        fd = dial(x);
        p = query(x, fd);
        assert_int_equal(p.unit_state, UNIT_UNKNOWN);
        assert_non_null(strstr(p.text, "is not cgroup v2"));
        p = ask(fd, request(x, PERMIT_PERMIT, "A"));
        assert_int_equal(p.result, GUARD_REFUSED_INTERNAL);
        assert_non_null(strstr(p.text, "is not cgroup v2"));
        assert_int_equal(x->pid1.state->starts, 0);
        assert_false(has_gate(x));
}

static unsigned count_revoked(const struct fixture *x) {
        char path[256];
        struct dirent *de;
        unsigned n = 0;
        DIR *d;

        (void)snprintf(path, sizeof(path), "%s/revoked", x->runtime);
        d = opendir(path);
        assert_non_null(d);
        while ((de = readdir(d)))
                n += de->d_name[0] != '.';
        closedir(d);
        return n;
}

/* A uid that never had a permit is written nowhere, however it comes to its end: with a permit in force, being stopped,
 * idle, overdue. It is refused all the same, and gets its final answer. */
static void test_invented_uids(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request b, q;
        struct permit_reply p;

        lead(x, fd, "A");
        b = request(x, PERMIT_REVOKE, "B");
        p = ask(fd, b);
        assert_int_equal(p.final, 0);
        assert_int_equal(p.revoked, 1);
        q = request(x, PERMIT_REVOKE, "A");
        put(fd, &q);
        p = answer(fd, &b);
        assert_int_equal(p.final, 1);
        assert_int_equal(p.revoked, 1);
        assert_int_equal(answer(fd, &q).final, 1);
        revoke_all(x, fd, "C");
        x->pid1.state->bound = true;
        q = request(x, PERMIT_PERMIT, "D");
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = 1;
        q.kill_at_usec = 1 + q.stop_timeout_usec;
        p = ask(fd, q);
        assert_int_equal(p.result, GUARD_REFUSED_OVERDUE);
        assert_int_equal(p.revoked, 1);
        /* Overdue while PID 1 is asked. */
        assert_int_equal(kill(x->pid1.pid, SIGSTOP), 0);
        q = request(x, PERMIT_PERMIT, "E");
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 100 * MSEC;
        q.kill_at_usec = q.stop_at_usec + q.stop_timeout_usec;
        p = ask(fd, q);
        assert_int_equal(p.result, GUARD_REFUSED_OVERDUE);
        assert_int_equal(p.revoked, 1);
        assert_int_equal(kill(x->pid1.pid, SIGCONT), 0);
        x->pid1.state->bound = false;
        for (const char *uid = "B"; *uid; uid = *uid == 'B' ? "C" : *uid == 'C' ? "D" : *uid == 'D' ? "E" : "")
                assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, uid)).result, GUARD_REFUSED_REVOKED);
        assert_int_equal(count_revoked(x), 1);
        for (unsigned i = 0; i < 3000; i++) {
                char uid[32];

                (void)snprintf(uid, sizeof(uid), "invented-%u", i);
                q = request(x, PERMIT_PERMIT, uid);
                q.stop_at_usec = 1;
                q.kill_at_usec = 1 + q.stop_timeout_usec;
                assert_int_equal(ask(fd, q).result, GUARD_REFUSED_OVERDUE);
        }
        assert_int_equal(count_revoked(x), 1);
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "A")).result, GUARD_REFUSED_REVOKED);
}

/* So many terms have ended that no more are recorded: nothing more is permitted, which is known before anybody competes
 * for a lock, and what is in force is renewed, stopped and recorded as ever. */
static void test_record_is_full(void **state) {
        struct fixture *x = *state;
        struct permit_request q;
        struct permit_reply p;
        char path[256];
        int fd;

        x->revoked_max = 2;
        (void)begin(state);
        fd = dial(x);
        lead(x, fd, "A");
        revoke_all(x, fd, "A");
        lead(x, fd, "B");
        revoke_all(x, fd, "B");
        p = ask(fd, request(x, PERMIT_PERMIT, "C"));
        assert_int_equal(p.result, GUARD_REFUSED_INTERNAL);
        assert_non_null(strstr(p.text, "2 terms have ended on this host since its boot"));
        q = request(x, PERMIT_QUERY, "");
        q.judge = 1;
        q.stop_timeout_usec = USEC_PER_SEC;
        p = ask(fd, q);
        assert_int_equal(p.unfit, 1);
        /* No record may go: a stop that hangs for days has one, and the guard that comes next goes by it. */
        assert_non_null(strstr(p.text, "; cure: reboot"));
        assert_null(strstr(p.text, "delete"));
        assert_int_equal(x->pid1.state->starts, 2);
        /* Somebody made room. */
        close(fd);
        kill_guard(x);
        (void)snprintf(path, sizeof(path), "%s/revoked/A", x->runtime);
        assert_int_equal(unlink(path), 0);
        start_guard(x);
        fd = dial(x);
        lead(x, fd, "C");
        assert_int_equal(creat(path, 0644) >= 0, 1);
        close(fd);
        kill_guard(x);
        start_guard(x);
        fd = dial(x);
        q = request(x, PERMIT_PERMIT, "C");
        q.stop_timeout_usec = 3 * USEC_PER_SEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        revoke_all(x, fd, "C");
        assert_int_equal(count_revoked(x), 3);
        close(fd);
}

/* The unit has ended, and what is ordered after it hangs in its own stop: the guard's stop job has nothing to stop and
 * waits all the same, and as long as there is a job nobody is told that the unit stopped. */
static void test_stop_job_waits(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);

        lead(x, fd, "A");
        x->pid1.state->stop_waits = true;
        (void)strcpy(x->pid1.state->active, "inactive");
        fakepid1_signal(&x->pid1, /* reload= */ false);
        await(x, fd, UNIT_FAILED);
        revoke_all(x, fd, "A");
        assert_int_equal(x->pid1.state->stops, 2);
        assert_int_equal(x->pid1.state->job, 0);
}

/* The unit is over, in the way that the test wrote down just now: waits until the guard says so, in these words. */
static void over(struct fixture *x, int fd, const char *active, const char *result, enum unit_state wanted,
                 const char *words) {
        struct fakepid1_state *s = x->pid1.state;
        uint64_t end = clock_boottime_usec() + LIMIT;
        struct permit_reply p;

        (void)strcpy(s->active, active);
        (void)strcpy(s->result, result);
        fakepid1_signal(&x->pid1, /* reload= */ false);
        while ((p = query(x, fd)).unit_state != wanted || !strstr(p.text, words)) {
                if (clock_boottime_usec() > end)
                        fail_msg("%s, '%s' instead of %s, '%s'", unit_state_to_string(p.unit_state), p.text,
                                 unit_state_to_string(wanted), words);
                nap();
        }
}

/* A job that its timer starts again and again, of which no guard ever sees more than the end: each time it is told how
 * it went this time. And whatever the end was, the next guard does not start it. */
static void test_how_it_ended(void **state) {
        static const char well[] = "the unit ended with success", badly[] = "the unit failed: failed, Result=exit-code",
                          skipped[] = "it was not started: ConditionPathExists=/srv/data was not met";
        struct fixture *x = begin(state);
        struct fakepid1_state *s = x->pid1.state;
        int fd = dial(x);

        /* What was before the permit was not under it. */
        s->ended_usec = clock_monotonic_usec();
        (void)strcpy(s->result, "success");
        lead(x, fd, "A");
        for (unsigned i = 0; i < 2; i++) {
                s->ended_usec = clock_monotonic_usec();
                over(x, fd, "inactive", "success", UNIT_ENDED, well);
                s->ended_usec = clock_monotonic_usec();
                over(x, fd, "failed", "exit-code", UNIT_FAILED, badly);
                s->unmet_usec = clock_monotonic_usec();
                over(x, fd, "inactive", "success", UNIT_FAILED, skipped);
        }
        for (unsigned i = 0; i < 2; i++) {
                kill_guard(x);
                close(fd);
                start_guard(x);
                fd = dial(x);
                over(x, fd, "inactive", "success", i ? UNIT_ENDED : UNIT_FAILED, i ? well : skipped);
                s->ended_usec = clock_monotonic_usec();
                over(x, fd, "inactive", "success", UNIT_ENDED, well);
        }
        assert_int_equal(s->starts, 1);
        close(fd);
}

/* systemd forgot it before anybody looked: what had failed, it would know. */
static void test_forgotten_end(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);

        lead(x, fd, "A");
        over(x, fd, "inactive", "success", UNIT_ENDED, "the unit ended with success");
        assert_int_equal(x->pid1.state->starts, 1);
}

/* The guard of 0.1.0 wrote its permit file without when that was: what is up when it is read is under it. */
static void test_permit_of_0_1(void **state) {
        struct fixture *x = begin(state);
        struct fakepid1_state *s = x->pid1.state;
        char text[PERMITFILE_MAX], cgroup[PERMITFILE_CGROUP_SIZE], boot_id[64] = "", path[256];
        struct permit_request q;
        struct err err = {};
        int fd = dial(x), n;

        lead(x, fd, "A");
        kill_guard(x);
        close(fd);
        (void)snprintf(path, sizeof(path), "%s/permits/" UNIT, x->runtime);
        fd = open(path, O_RDWR | O_CLOEXEC);
        n = (int)read(fd, text, sizeof(text));
        assert_true(n > 0 && n < PERMITFILE_MAX);
        text[n] = '\0';
        assert_true(sscanf(text, "leader-guard permit 2\nboot=%63s", boot_id) == 1);
        assert_int_equal(permitfile_parse(&q, cgroup, NULL, text, (size_t)n, UNIT, boot_id, &err), 0);
        n = permitfile_format(&q, boot_id, cgroup, &(struct permitfile_past){}, text);
        assert_true(n > 0 && strstr(text, "leader-guard permit 1\n"));
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_true(pwrite(fd, text, (size_t)n, 0) == n);
        close(fd);
        start_guard(x);
        fd = dial(x);
        await(x, fd, UNIT_RUNNING);
        s->ended_usec = clock_monotonic_usec();
        over(x, fd, "inactive", "success", UNIT_ENDED, "the unit ended with success");
        kill_guard(x);
        close(fd);
        start_guard(x);
        fd = dial(x);
        await(x, fd, UNIT_ENDED);
        assert_int_equal(s->starts, 1);
        close(fd);
}

/* A start job that is taken, and nothing comes of it; systemd knows the unit from before the permit, or does not. That
 * is noted, and the next guard does not start it either. */
static void test_dropped_start(void **state) {
        struct fixture *x = begin(state);

        (void)strcpy(x->pid1.state->result, "success");
        x->pid1.state->start_drops = true;
        for (unsigned i = 0; i < 2; i++) {
                const char *uid = i ? "B" : "A";
                int fd = dial(x);

                x->pid1.state->ended_usec = i ? clock_monotonic_usec() : 0;
                assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, uid)).result, GUARD_OK);
                over(x, fd, "inactive", "success", UNIT_FAILED, "it was not started: systemd dropped its start job");
                kill_guard(x);
                close(fd);
                start_guard(x);
                fd = dial(x);
                await(x, fd, UNIT_FAILED);
                assert_int_equal(x->pid1.state->starts, i + 1);
                revoke_all(x, fd, uid);
                close(fd);
        }
}

/* How far it came, as the next guard will read it. */
static enum permitfile_course course(struct fixture *x) {
        char path[256], text[PERMITFILE_MAX], cgroup[PERMITFILE_CGROUP_SIZE];
        struct permitfile_past past = {};
        _cleanup_close_ int fd = -1;
        struct permit_request q;
        struct err err = {};
        ssize_t n;

        (void)snprintf(path, sizeof(path), "%s/permits/" UNIT, x->runtime);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = read(fd, text, sizeof(text));
        assert_true(n > 0);
        assert_int_equal(permitfile_parse(&q, cgroup, &past, text, (size_t)n, UNIT, NULL, &err), 0);
        return past.course;
}

static struct permit_request leased(struct fixture *x) {
        struct permit_request q = request(x, PERMIT_PERMIT, "A");

        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 3600 * USEC_PER_SEC;
        q.kill_at_usec = q.stop_at_usec + q.stop_timeout_usec;
        return q;
}

/* systemd stops the unit of a lease with its guard: that is no end, and it is started again. When nothing comes of that
 * start, what it was stopped with is not how it ended. */
static void test_bound_unit_starts_again(void **state) {
        struct fixture *x = begin(state);
        struct fakepid1_state *s = x->pid1.state;
        int fd = dial(x);

        s->bound = true;
        assert_int_equal(ask(fd, leased(x)).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        for (unsigned i = 0; i < 2; i++) {
                kill_guard(x);
                close(fd);
                (void)strcpy(s->active, "inactive");
                (void)strcpy(s->result, "success");
                s->ended_usec = clock_monotonic_usec();
                s->start_drops = i == 1;
                start_guard(x);
                fd = dial(x);
                await(x, fd, i ? UNIT_FAILED : UNIT_RUNNING);
                assert_int_equal(s->starts, i + 2);
        }
        assert_non_null(strstr(query(x, fd).text, "systemd dropped its start job"));
        close(fd);
}

/* Started by a timer while no guard was there, after an end that was noted: it is up, and the file says so again. */
static void test_end_is_over(void **state) {
        struct fixture *x = begin(state);
        struct fakepid1_state *s = x->pid1.state;
        uint64_t end = clock_boottime_usec() + LIMIT;
        int fd = dial(x);

        lead(x, fd, "A");
        s->ended_usec = clock_monotonic_usec();
        over(x, fd, "inactive", "success", UNIT_ENDED, "the unit ended with success");
        assert_int_equal(course(x), PERMITFILE_ENDED);
        kill_guard(x);
        close(fd);
        (void)strcpy(s->active, "active");
        start_guard(x);
        fd = dial(x);
        await(x, fd, UNIT_RUNNING);
        while (course(x) != PERMITFILE_STARTED) {
                assert_true(clock_boottime_usec() < end);
                nap();
        }
        assert_int_equal(s->starts, 1);
        close(fd);
}

/* Pushed: nobody asks for them. */
static void test_restarts_are_told(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_reply p;

        lead(x, fd, "A");
        x->pid1.state->n_restarts = 3;
        fakepid1_signal(&x->pid1, /* reload= */ false);
        do
                assert_true(take(fd, &p));
        while (p.restarts != 3);
        assert_int_equal(p.unit_state, UNIT_RUNNING);
}

/* Nothing can be written: an idle guard says so before anybody asks for a permit, and a stop that cannot be recorded
 * says what keeps it from its end; both end with the cause. */
static void test_files_fail(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_QUERY, "");
        struct permit_reply p;
        char path[256];
        int file;

        (void)snprintf(path, sizeof(path), "%s/revoked", x->runtime);
        q.judge = 1;
        q.stop_timeout_usec = USEC_PER_SEC;
        assert_int_equal(ask(fd, q).unfit, 0);
        assert_int_equal(rmdir(path), 0);
        file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        assert_true(file >= 0);
        close(file);
        fakepid1_signal(&x->pid1, /* reload= */ true);
        p = await_unfit(fd, true);
        assert_int_equal(p.seq, 0);
        assert_non_null(strstr(p.text, "leader-guard cannot write in "));
        assert_non_null(strstr(p.text, ": Not a directory; see: ls -la /run/leader-agent; journalctl -k"));
        assert_int_equal(unlink(path), 0);
        fakepid1_signal(&x->pid1, /* reload= */ true);
        assert_string_equal(await_unfit(fd, false).text, "");

        lead(x, fd, "A");
        assert_int_equal(rmdir(path), 0);
        file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        assert_true(file >= 0);
        close(file);
        q = request(x, PERMIT_REVOKE, "A");
        put(fd, &q);
        do {
                assert_true(take(fd, &p));
                assert_int_equal(p.final, 0);
        } while (p.result == GUARD_OK);
        assert_int_equal(p.result, GUARD_REFUSED_INTERNAL);
        assert_int_equal(p.unit_state, UNIT_STOPPING);
        assert_int_equal(p.revoked, 0);
        assert_false(has_gate(x));
        assert_non_null(strstr(p.text, "cannot record the lock uid as revoked of " UNIT));
        /* Asked again, it says so again. */
        q = request(x, PERMIT_REVOKE, "A");
        p = ask(fd, q);
        assert_int_equal(p.result, GUARD_REFUSED_INTERNAL);
        assert_non_null(strstr(p.text, "cannot record the lock uid as revoked of " UNIT));
        assert_int_equal(unlink(path), 0);
        do
                p = answer(fd, &q);
        while (!p.final);
        assert_int_equal(p.result, GUARD_OK);
        assert_int_equal(p.revoked, 1);
        assert_int_equal(p.unit_state, UNIT_STOPPED);
}

static void test_lease_loses_enrolment(void **state) {
        struct fixture *x = begin(state);
        _cleanup_close_ int fd = dial(x);
        struct permit_request q = request(x, PERMIT_PERMIT, "A");

        x->pid1.state->bound = true;
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 3600 * USEC_PER_SEC;
        q.kill_at_usec = q.stop_at_usec + USEC_PER_SEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        x->pid1.state->unenrolled = true;
        fakepid1_signal(&x->pid1, /* reload= */ true);
        await(x, fd, UNIT_STOPPED);
        assert_false(has_gate(x));
        q.seq = ++x->seq;
        assert_int_equal(ask(fd, q).result, GUARD_REFUSED_REVOKED);
}

static void test_watchdog(void **state) {
        struct fixture *x = *state;
        _cleanup_close_ int notify = -1, fd = -1;
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        char drained[4096];

        if (!x->cgroup_root[0])
                skip();
        notify = open_notify(x);
        start_guard(x);
        /* Idle, it pings all the same. */
        for (unsigned i = 0; i < 3; i++)
                take_ping(notify);
        fd = dial(x);
        x->pid1.state->bound = true;
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 500 * MSEC;
        q.kill_at_usec = q.stop_at_usec + 3600 * USEC_PER_SEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        /* Hung over the first instant: the next ping comes only when what was due is done. */
        assert_int_equal(kill(x->guard, SIGSTOP), 0);
        while (clock_boottime_usec() <= q.stop_at_usec)
                nap();
        assert_true(has_gate(x));
        while (recv(notify, drained, sizeof(drained), MSG_DONTWAIT) > 0)
                ;
        assert_int_equal(kill(x->guard, SIGCONT), 0);
        take_ping(notify);
        assert_false(has_gate(x));
        await(x, fd, UNIT_STOPPED);
}

/* The guard has died: what is past the second instant is killed, and only that; no file changes. */
/* An agent that is started again and again is waited for. One that was stopped meanwhile, for a while, is not: what it
 * would have stopped is stopped, and not permitted again. Of an agent that was no service nothing is known. */
static void test_stopped_agent(void **state) {
        struct fixture *x = begin(state);
        int fd = dial(x);
        uint64_t since;

        lead(x, fd, "A");
        strcpy(x->pid1.state->agent, "inactive");
        close(fd);
        for (since = clock_boottime_usec(); clock_boottime_usec() < since + 7 * USEC_PER_SEC; nap())
                assert_true(has_gate(x));
        kill_guard(x);
        start_guard(x);
        for (since = clock_boottime_usec(); clock_boottime_usec() < since + 4 * USEC_PER_SEC; nap())
                assert_true(has_gate(x));
        strcpy(x->pid1.state->agent, "activating");
        for (since = clock_boottime_usec(); clock_boottime_usec() < since + 2 * USEC_PER_SEC; nap())
                assert_true(has_gate(x));
        strcpy(x->pid1.state->agent, "inactive");
        for (since = clock_boottime_usec(); has_gate(x); nap())
                assert_true(clock_boottime_usec() < since + LIMIT);
        assert_in_range(clock_boottime_usec() - since, 5 * USEC_PER_SEC, 8 * USEC_PER_SEC);
        fd = dial(x);
        await(x, fd, UNIT_STOPPED);
        assert_int_equal(ask(fd, request(x, PERMIT_PERMIT, "A")).result, GUARD_REFUSED_REVOKED);
        close(fd);
}

static void test_reap(void **state) {
        struct fixture *x = begin(state);
        int fd = dial(x);
        struct permit_request q = request(x, PERMIT_PERMIT, "A");
        struct guard_options o = {.runtime_dir = x->runtime, .cgroup_root = x->cgroup_root};
        struct err err = {};
        int status;

        x->pid1.state->bound = true;
        q.tenure = TENURE_LEASE;
        q.stop_at_usec = clock_boottime_usec() + 300 * MSEC;
        q.kill_at_usec = q.stop_at_usec + 200 * MSEC;
        assert_int_equal(ask(fd, q).result, GUARD_OK);
        await(x, fd, UNIT_RUNNING);
        if (!populate(x)) {
                print_message("no control group can be made here\n");
                skip();
        }
        kill_guard(x);
        assert_int_equal(guard_reap(&o, &err), 0);
        assert_int_equal(waitpid(x->victim, &status, WNOHANG), 0);
        while (clock_boottime_usec() < q.kill_at_usec)
                nap();
        assert_int_equal(guard_reap(&o, &err), 1);
        assert_int_equal(waitpid(x->victim, &status, 0), x->victim);
        x->victim = 0;
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(has_gate(x)); /* the next guard's to remove */
        assert_int_equal(guard_reap(&o, &err), 0);
        close(fd);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_quiet_start),
                TEST(test_lead_and_revoke),
                TEST(test_refusals),
                TEST(test_take_over),
                TEST(test_evict),
                TEST(test_idle_is_judged),
                TEST(test_next_tenure_is_enrolled),
                TEST(test_malformed),
                TEST(test_newest_connection),
                TEST(test_second_agent),
                TEST(test_restarted_agent),
                TEST(test_many_units),
                TEST(test_endless_names),
                TEST(test_flood),
                TEST(test_many_locks_again_and_again),
                TEST(test_deaf_agent),
                TEST(test_patient_agent),
                TEST(test_stranger),
                TEST(test_guard_killed),
                TEST(test_stopped_agent),
                TEST(test_reap),
                TEST(test_pid1_lost),
                TEST(test_pid1_blocked),
                TEST(test_revoke_of_a_stranger),
                TEST(test_stop_waits_for_cgroup),
                TEST(test_invented_uids),
                TEST(test_record_is_full),
                TEST(test_files_fail),
                TEST(test_stop_job_waits),
                TEST(test_how_it_ended),
                TEST(test_forgotten_end),
                TEST(test_permit_of_0_1),
                TEST(test_dropped_start),
                TEST(test_bound_unit_starts_again),
                TEST(test_end_is_over),
                TEST(test_restarts_are_told),
                TEST(test_lease_loses_enrolment),
                TEST(test_no_cgroup2),
                TEST(test_watchdog),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
