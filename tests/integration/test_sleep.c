/* SPDX-License-Identifier: Apache-2.0 */
/* logind's delay inhibitor, against a real dbus-daemon and a logind of a few lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/poll.h>
#include <systemd/sd-bus.h>

#include <cmocka.h>

#include "../lib/privatebus.h"
#include "adapter/sleep.h"

#define PATH      "/org/freedesktop/login1"
#define INTERFACE "org.freedesktop.login1.Manager"
/* Only to detect a hang. */
#define TURNS 6000

static const char permissive[] =
        "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
        "receive_sender=\"*\"/></policy>";

static struct privatebus bus;
static sd_event *event;
static sd_bus *logind;
static int inhibitor[2] = {-1, -1}; /* logind's end, the agent's */
static unsigned n_going, n_awake;
static struct sleep_watch **frees; /* freed in the callback */
static bool preparing;             /* what logind's property says */

static void on_sleep(bool going, void *userdata) {
        assert_ptr_equal(userdata, &bus);
        n_going += going;
        n_awake += !going;
        if (frees)
                *frees = sleep_watch_free(*frees);
}

static int on_inhibit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        (void)userdata;
        (void)error;
        for (unsigned i = 0; i < 2; i++)
                util_closep(&inhibitor[i]);
        assert_int_equal(pipe(inhibitor), 0);
        assert_true(sd_bus_reply_method_return(m, "h", inhibitor[1]) >= 0);
        close(inhibitor[1]);
        inhibitor[1] = -1;
        return 1;
}

static int on_preparing(_unused_ sd_bus *b, _unused_ const char *path, _unused_ const char *interface,
                        _unused_ const char *property, sd_bus_message *reply, _unused_ void *userdata,
                        _unused_ sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", (int)preparing);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("PreparingForSleep", "b", on_preparing, 0, 0),
        SD_BUS_METHOD("Inhibit", "ssss", "h", on_inhibit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("PrepareForSleep", "b", 0),
        SD_BUS_VTABLE_END,
};

static void start_logind(void) {
        privatebus_start(&bus);
        assert_true(sd_bus_open_system(&logind) >= 0);
        assert_true(sd_bus_add_object_vtable(logind, NULL, PATH, INTERFACE, vtable, NULL) >= 0);
        assert_true(sd_bus_attach_event(logind, event, SD_EVENT_PRIORITY_NORMAL) >= 0);
        assert_true(sd_bus_request_name(logind, "org.freedesktop.login1", 0) >= 0);
}

static void stop_logind(void) {
        logind = sd_bus_close_unref(logind);
        privatebus_kill(&bus);
}

static void prepare(int going) {
        assert_true(sd_bus_emit_signal(logind, PATH, INTERFACE, "PrepareForSleep", "b", going) >= 0);
}

/* The agent holds the sleep back: its end of the pipe is open. */
static bool held(void) {
        struct pollfd p = {.fd = inhibitor[0]};

        return p.fd >= 0 && poll(&p, 1, 0) == 0;
}

#define await(condition)                                                                                               \
        do {                                                                                                           \
                unsigned turns = 0;                                                                                    \
                                                                                                                       \
                while (!(condition)) {                                                                                 \
                        assert_true(++turns < TURNS);                                                                  \
                        assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);                                     \
                }                                                                                                      \
        } while (0)

static void sleeps_and_wakes(struct sleep_watch *s) {
        unsigned going = n_going, awake = n_awake;

        await(held());
        prepare(1);
        await(n_going == going + 1);
        assert_true(held());
        sleep_watch_ready(s);
        assert_false(held());
        prepare(0);
        await(n_awake == awake + 1);
        await(held()); /* for the next time */
}

static struct sleep_watch *watch(void) {
        struct sleep_watch *s = NULL;
        struct err err = {};

        assert_int_equal(sleep_watch_new(&s, event, on_sleep, &bus, &err), 0);
        return s;
}

static void test_sleep(void **state) {
        _cleanup_(sleep_watch_freep) struct sleep_watch *s = NULL;

        (void)state;
        start_logind();
        s = watch();
        sleeps_and_wakes(s);
        sleeps_and_wakes(s);
}

/* A restarted bus, or one that comes later than the agent: the next sleep is told all the same. */
static void test_bus_comes_and_goes(void **state) {
        _cleanup_(sleep_watch_freep) struct sleep_watch *s = watch();

        (void)state;
        start_logind();
        sleeps_and_wakes(s);
        stop_logind();
        assert_true(sd_event_run(event, 100 * USEC_PER_MSEC) >= 0);
        util_closep(&inhibitor[0]);
        inhibitor[0] = -1;
        start_logind();
        sleeps_and_wakes(s);
        /* Nobody would tell the end of this one. */
        prepare(1);
        await(n_going == 3);
        stop_logind();
        await(n_awake == 3);
}

/* The sleep was told before the agent listened: at its start, and while the bus was away. */
static void test_sleep_is_near(void **state) {
        _cleanup_(sleep_watch_freep) struct sleep_watch *s = NULL;

        (void)state;
        preparing = true;
        start_logind();
        s = watch();
        await(n_going == 1);
        prepare(0);
        await(n_awake == 1);
        stop_logind();
        assert_true(sd_event_run(event, 100 * USEC_PER_MSEC) >= 0);
        start_logind();
        await(n_going == 2);
        prepare(0);
        await(n_awake == 2);
        assert_int_equal(n_going, 2);
}

static void test_free_in_callback(void **state) {
        _cleanup_(sleep_watch_freep) struct sleep_watch *s = NULL;

        (void)state;
        start_logind();
        s = watch();
        await(held());
        frees = &s;
        prepare(1);
        await(n_going == 1);
        assert_null(s);
        assert_false(held());
        /* When the bus goes. */
        frees = NULL;
        s = watch();
        await(held());
        prepare(1);
        await(n_going == 2);
        frees = &s;
        stop_logind();
        await(n_awake == 1);
        assert_null(s);
        for (unsigned i = 0; i < 10; i++)
                assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);
        assert_int_equal(n_going, 2);
}

static int set_up(void **state) {
        (void)state;
        n_going = n_awake = 0;
        frees = NULL;
        preparing = false;
        assert_true(sd_event_new(&event) >= 0);
        privatebus_init(&bus, permissive);
        return 0;
}

static int tear_down(void **state) {
        (void)state;
        logind = sd_bus_close_unref(logind);
        event = sd_event_unref(event);
        for (unsigned i = 0; i < 2; i++) {
                util_closep(&inhibitor[i]);
                inhibitor[i] = -1;
        }
        privatebus_done(&bus);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_sleep, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bus_comes_and_goes, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_sleep_is_near, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_free_in_callback, set_up, tear_down),
        };

        if (!privatebus_available()) {
                print_message("ok test_sleep # SKIP no dbus-daemon on this machine\n");
                return 0;
        }
        return cmocka_run_group_tests(tests, NULL, NULL);
}
