/* SPDX-License-Identifier: Apache-2.0 */
/* Why this service ends, asked of a PID 1 of a few lines over a real dbus-daemon: answers, errors, and everything that
 * hangs, with the caller's loop going on all the while. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include <cmocka.h>

#include "../lib/privatebus.h"
#include "adapter/job.h"
#include "base/clock.h"

#define SYSTEMD   "org.freedesktop.systemd1"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/leader_2dagent_2eservice"
#define JOB_PATH  "/org/freedesktop/systemd1/job/7"
/* Only to detect a hang; the callback is due after a second. */
#define HANG_USEC (20 * USEC_PER_SEC)
/* Every 10 ms while the loop goes on. */
#define TICK_USEC (10 * USEC_PER_MSEC)
#define TICKS_MIN 20

static const char permissive[] =
        "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
        "receive_sender=\"*\"/></policy>";

enum question {
        NONE,
        UNIT,
        JOB,
        TYPE
};

static struct privatebus bus;
static sd_event *event;
static sd_event_source *ticker;
static sd_bus *pid1;

/* What PID 1 does. */
static struct {
        const char *type; /* of the pending job, NULL: none */
        enum question silent, fails, garbles, bus_dies;
        uint64_t late_usec;
} world;

/* What the caller sees. */
static struct {
        unsigned n_told, n_ticks;
        enum job_type job;
        char problem[256];
        struct job_call *call;
        bool frees_itself;
} seen;

static void on_told(enum job_type job, const char *problem, void *userdata) {
        assert_ptr_equal(userdata, &seen);
        seen.n_told++;
        seen.job = job;
        if (seen.frees_itself)
                seen.call = job_call_free(seen.call);
        (void)snprintf(seen.problem, sizeof(seen.problem), "%s", problem);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)usec;
        (void)userdata;
        seen.n_ticks++;
        assert_true(sd_event_source_set_time_relative(source, TICK_USEC) >= 0);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- PID 1 ---- */

static void answer(sd_bus_message *m, enum question q) {
        if (world.fails == q)
                assert_true(sd_bus_reply_method_errorf(m, SYSTEMD ".NoSuchUnit", "no such thing") >= 0);
        else if (world.garbles == q)
                assert_true(sd_bus_reply_method_return(m, "s", "what?") >= 0);
        else if (q == UNIT)
                assert_true(sd_bus_reply_method_return(m, "o", UNIT_PATH) >= 0);
        else if (q == JOB)
                assert_true(sd_bus_reply_method_return(m, "v", "(uo)", world.type ? 7 : 0,
                                                       world.type ? JOB_PATH : "/") >= 0);
        else
                assert_true(sd_bus_reply_method_return(m, "v", "s", world.type) >= 0);
}

static struct {
        sd_bus_message *call;
        enum question question;
} late;

static int on_late(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)source;
        (void)usec;
        (void)userdata;
        answer(late.call, late.question);
        late.call = sd_bus_message_unref(late.call);
        return 0;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *interface, *name;
        enum question q;

        (void)userdata;
        (void)error;
        if (sd_bus_message_is_method_call(m, SYSTEMD ".Manager", "GetUnitByPID"))
                q = UNIT;
        else if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus.Properties", "Get")) {
                assert_true(sd_bus_message_read(m, "ss", &interface, &name) >= 0);
                q = util_streq(name, "Job") ? JOB : TYPE;
                assert_string_equal(sd_bus_message_get_path(m), q == JOB ? UNIT_PATH : JOB_PATH);
                assert_string_equal(interface, q == JOB ? SYSTEMD ".Unit" : SYSTEMD ".Job");
                assert_string_equal(name, q == JOB ? "Job" : "JobType");
        } else
                return 0;
        if (world.bus_dies == q)
                privatebus_kill(&bus);
        else if (world.late_usec > 0) {
                late.call = sd_bus_message_ref(m);
                late.question = q;
                assert_true(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, world.late_usec, 1, on_late,
                                                       NULL) >= 0);
        } else if (world.silent != q)
                answer(m, q);
        return 1;
}

static void start_pid1(void) {
        privatebus_start(&bus);
        assert_true(sd_bus_open_system(&pid1) >= 0);
        assert_true(sd_bus_set_exit_on_disconnect(pid1, false) >= 0);
        assert_true(sd_bus_add_filter(pid1, NULL, on_call, NULL) >= 0);
        assert_true(sd_bus_attach_event(pid1, event, SD_EVENT_PRIORITY_NORMAL) >= 0);
        assert_true(sd_bus_request_name(pid1, SYSTEMD, 0) >= 0);
}

/* ---- the caller ---- */

static void ask(void) {
        seen.n_told = seen.n_ticks = 0;
        seen.problem[0] = '\0';
        assert_int_equal(job_read_own(&seen.call, event, on_told, &seen), 0);
        assert_int_equal(seen.n_told, 0);
}

static void turn(uint64_t usec) {
        assert_true(sd_event_run(event, usec) >= 0);
}

/* Runs until it is told, and then a little to see that it is told once. Returns how long it took. */
static uint64_t await(void) {
        uint64_t begin = clock_monotonic_usec(), took;

        while (seen.n_told == 0) {
                assert_true(clock_monotonic_usec() - begin < HANG_USEC);
                turn(TICK_USEC);
        }
        took = clock_monotonic_usec() - begin;
        while (clock_monotonic_usec() - begin < took + 3 * TICK_USEC)
                turn(TICK_USEC);
        assert_int_equal(seen.n_told, 1);
        seen.call = job_call_free(seen.call);
        return took;
}

/* Whatever hangs, the loop of the caller does not, and it is told after the limit. */
static void hangs(void) {
        uint64_t took;

        ask();
        took = await();
        assert_true(took >= JOB_LIMIT_USEC / 2);
        assert_true(took < 5 * JOB_LIMIT_USEC); /* three limits, and a slow machine */
        assert_true(seen.n_ticks >= TICKS_MIN);
        assert_int_equal(seen.job, JOB_STOP);
        assert_non_null(strstr(seen.problem, "no answer within 1 s"));
}

static void test_types(void **state) {
        static const struct {
                const char *type;
                enum job_type job;
        } rows[] = {
                {NULL, JOB_NONE},     {"stop", JOB_STOP}, {"restart", JOB_RESTART}, {"try-restart", JOB_RESTART},
                {"start", JOB_OTHER},
        };

        (void)state;
        start_pid1();
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                world.type = rows[i].type;
                ask();
                (void)await();
                assert_string_equal(seen.problem, "");
                assert_int_equal(seen.job, rows[i].job);
        }
}

static void test_errors(void **state) {
        (void)state;
        start_pid1();
        world.type = "restart";
        for (enum question q = UNIT; q <= TYPE; q++)
                for (unsigned garbled = 0; garbled < 2; garbled++) {
                        world.fails = garbled ? NONE : q;
                        world.garbles = garbled ? q : NONE;
                        ask();
                        (void)await();
                        assert_int_equal(seen.job, JOB_STOP);
                        assert_non_null(strstr(seen.problem, garbled ? "PID 1 did not tell" : "no such thing"));
                }
        world.fails = world.garbles = NONE;
        /* The bus is there, PID 1 is not on it. */
        pid1 = sd_bus_close_unref(pid1);
        ask();
        (void)await();
        assert_int_equal(seen.job, JOB_STOP);
        assert_non_null(strstr(seen.problem, SYSTEMD));
}

static void test_pid1_hangs(void **state) {
        (void)state;
        start_pid1();
        world.type = "restart";
        for (enum question q = UNIT; q <= TYPE; q++) {
                world.silent = q;
                hangs();
        }
}

/* A PID 1 that is busy, and answers: a restart must not become a stop, which ends the unit and gives its lock up. */
static void test_pid1_is_slow(void **state) {
        (void)state;
        start_pid1();
        world.type = "restart";
        world.late_usec = JOB_LIMIT_USEC * 45 / 100;
        ask();
        assert_true(await() >= JOB_LIMIT_USEC);
        assert_int_equal(seen.job, JOB_RESTART);
        assert_string_equal(seen.problem, "");
        assert_true(seen.n_ticks >= TICKS_MIN);
}

static void test_bus_hangs(void **state) {
        (void)state;
        start_pid1();
        world.type = "restart";
        assert_int_equal(kill(bus.pid, SIGSTOP), 0);
        hangs();
        assert_int_equal(kill(bus.pid, SIGCONT), 0);
        ask();
        (void)await();
        assert_int_equal(seen.job, JOB_RESTART);
}

static int connect_to(const struct sockaddr_un *sa) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
                return fd;
        assert_int_equal(errno, EAGAIN);
        close(fd);
        return -1;
}

/* Nobody accepts, and the queue is full: even a connection waits. */
static void test_bus_queue_is_full(void **state) {
        struct sockaddr_un sa = {.sun_family = AF_UNIX};
        int listener, fds[16];
        size_t n = 0;

        (void)state;
        listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/bus", bus.dir.path);
        assert_int_equal(bind(listener, (const struct sockaddr *)&sa, sizeof(sa)), 0);
        assert_int_equal(listen(listener, 1), 0);
        while (n < ELEMENTSOF(fds) && (fds[n] = connect_to(&sa)) >= 0)
                n++;
        assert_true(n < ELEMENTSOF(fds));
        ask();
        (void)await();
        assert_int_equal(seen.job, JOB_STOP);
        assert_non_null(strstr(seen.problem, "cannot reach the system bus"));
        /* Room for us, and nobody who speaks. */
        close(fds[--n]);
        close(accept(listener, NULL, NULL));
        hangs();
        while (n > 0)
                close(fds[--n]);
        close(listener);
}

/* A host that shuts down: D-Bus went first, before we asked or in between. */
static void test_bus_is_gone(void **state) {
        (void)state;
        ask();
        (void)await();
        assert_int_equal(seen.job, JOB_STOP);
        assert_non_null(strstr(seen.problem, "cannot reach the system bus"));
        world.type = "restart";
        for (enum question q = UNIT; q <= TYPE; q++) {
                start_pid1();
                world.bus_dies = q;
                ask();
                assert_true(await() < HANG_USEC);
                assert_int_equal(seen.job, JOB_STOP);
                assert_non_null(strstr(seen.problem, "PID 1 did not tell"));
                pid1 = sd_bus_close_unref(pid1);
        }
}

static void test_freed(void **state) {
        (void)state;
        /* From the callback: with an answer, without one, without a bus. */
        seen.frees_itself = true;
        ask();
        (void)await();
        start_pid1();
        ask();
        (void)await();
        world.silent = UNIT;
        ask();
        (void)await();
        /* Before it: no callback. */
        world.silent = NONE;
        ask();
        seen.call = job_call_free(seen.call);
        ask();
        turn(0);
        seen.call = job_call_free(seen.call);
        for (unsigned i = 0; i < 20; i++)
                turn(TICK_USEC);
        assert_int_equal(seen.n_told, 0);
        assert_null(job_call_free(NULL));
}

static int set_up(void **state) {
        (void)state;
        memset(&world, 0, sizeof(world));
        memset(&seen, 0, sizeof(seen));
        assert_true(sd_event_new(&event) >= 0);
        assert_true(sd_event_add_time_relative(event, &ticker, CLOCK_MONOTONIC, TICK_USEC, 1, on_tick, NULL) >= 0);
        privatebus_init(&bus, permissive);
        return 0;
}

static int tear_down(void **state) {
        (void)state;
        seen.call = job_call_free(seen.call);
        late.call = sd_bus_message_unref(late.call);
        pid1 = sd_bus_close_unref(pid1);
        ticker = sd_event_source_disable_unref(ticker);
        event = sd_event_unref(event);
        privatebus_done(&bus);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_types, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_pid1_hangs, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_pid1_is_slow, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bus_hangs, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bus_queue_is_full, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bus_is_gone, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_freed, set_up, tear_down),
        };

        if (!privatebus_available()) {
                print_message("ok test_job # SKIP no dbus-daemon on this machine\n");
                return 0;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
