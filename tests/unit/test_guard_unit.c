/* SPDX-License-Identifier: Apache-2.0 */
/* One unit of the guard, with files in a directory of the test and a PID 1 that is out of reach: what the shell makes
 * of an event before the core sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "guard/guard_parts.h"

#define UNIT "app.service"

static void changed(_unused_ const char *unit, _unused_ void *userdata) {
}

static void lost(_unused_ const char *why, _unused_ void *userdata) {
}

static const struct units_handlers handlers = {.changed = changed, .lost = lost};

static void look(struct guard_unit *u, uint8_t active) {
        struct supervise_event ev = {
                .type = SUPERVISE_EV_READING,
                .reading = {.known = 1, .load_ok = 1, .start_ok = 1, .run_ok = 1, .active = active},
        };

        ev.reading.populated = active == SUPERVISE_INACTIVE ? SUPERVISE_EMPTY : SUPERVISE_POPULATED;
        u->reading_due = false;
        guard_unit_step(u, &ev, NULL);
}

/* PID 1 said "inactive" while the permit was in force, and the guard hears it as the first thing after the first
 * instant (the host was paused): no proof of the stop that begins then, for the unit may have been started since. */
static void test_late_look(void **state) {
        struct guard *g = calloc(1, sizeof(*g));
        struct permit_request q = {.magic = PERMIT_MAGIC,
                                   .type = PERMIT_PERMIT,
                                   .tenure = TENURE_LEASE,
                                   .seq = 1,
                                   .stop_timeout_usec = 60 * USEC_PER_SEC,
                                   .unit = UNIT,
                                   .lock = "default/lock",
                                   .lock_uid = "A",
                                   .term = "1",
                                   .identity = "web-1"};
        struct supervise_event found = {.type = SUPERVISE_EV_FOUND},
                               permit = {.type = SUPERVISE_EV_PERMIT, .uid = util_token("A"), .tenure = TENURE_LEASE};
        struct err err = {.text = ""};
        struct guard_unit *u;
        struct tempdir dir;
        char text[1024];

        (void)state;
        assert_non_null(g);
        tempdir_make(&dir);
        g->gate.fd = g->connection_fd = -1;
        assert_int_equal(sd_event_new(&g->event), 0);
        assert_int_equal(units_new(&g->units, g->event, "unix:path=/nowhere", &handlers, g), 0);
        assert_int_equal(gate_open(&g->gate, dir.path, &err), 0);
        assert_int_equal(boot_id_read(g->boot_id), 0);
        g->options.cgroup_root = dir.path;
        u = guard_unit_get(g, UNIT);
        assert_non_null(u);
        guard_unit_step(u, &found, NULL);
        permit.stop_at_usec = q.stop_at_usec = guard_now(g) + 200 * USEC_PER_MSEC;
        permit.kill_at_usec = q.kill_at_usec = q.stop_at_usec + q.stop_timeout_usec;
        permit.stop_timeout_usec = q.stop_timeout_usec;
        guard_unit_step(u, &permit, &q);
        look(u, SUPERVISE_INACTIVE);
        look(u, SUPERVISE_ACTIVE);
        assert_int_equal(u->s.state, SUPERVISE_RUNNING);
        while (guard_now(g) < q.stop_at_usec)
                (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);

        look(u, SUPERVISE_INACTIVE);
        assert_int_equal(u->s.state, SUPERVISE_STOPPING);
        assert_int_equal(gate_exists(&g->gate, UNIT), 0);
        assert_true(gate_read_permit(&g->gate, UNIT, text, sizeof(text)) > 0);
        look(u, SUPERVISE_INACTIVE); /* the one that was asked for then */
        assert_int_equal(u->s.state, SUPERVISE_STOPPED);
        guard_free(g);
        tempdir_remove(&dir);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_late_look)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
