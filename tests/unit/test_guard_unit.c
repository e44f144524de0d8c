/* SPDX-License-Identifier: Apache-2.0 */
/* The guard with files in a directory of the test, a PID 1 that never answers, and a clock of the test: what the shell
 * makes of an event before the core sees it, and that its loop comes to an end. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "base/clock.h"
#include "guard/guard_act.h"
#include "guard/guard_unit.h"

#define UNIT "app.service"

/* ---- the clock: in place of base/clock ---- */

static uint64_t skew_usec;     /* ahead of the real one */
static uint64_t per_read_usec; /* so much passes from one look to the next, besides */
static unsigned n_reads;

uint64_t clock_boottime_usec(void) {
        struct timespec ts;

        (void)clock_gettime(CLOCK_BOOTTIME, &ts);
        n_reads++;
        skew_usec += per_read_usec;
        return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000 + skew_usec;
}

uint64_t clock_monotonic_usec(void) {
        return clock_boottime_usec();
}

/* ---- one unit ---- */

static void changed(_unused_ const char *unit, _unused_ void *userdata) {
}

static void lost(_unused_ const char *why, _unused_ void *userdata) {
}

static const struct units_handlers handlers = {.changed = changed, .lost = lost};

static int listen_at(const char *path, int type) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        assert_true(fd >= 0);
        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), path));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 16), 0);
        return fd;
}

/* PID 1 answers the look under way. */
static void post(struct guard_unit *u, uint8_t active) {
        u->read = units_call_free(u->read);
        u->reading = (struct supervise_reading){
                .known = 1,
                .load_ok = 1,
                .start_ok = 1,
                .run_ok = 1,
                .active = active,
                .populated = active == SUPERVISE_INACTIVE ? SUPERVISE_EMPTY : SUPERVISE_POPULATED,
        };
        u->reading_due = true;
}

static void look(struct guard_unit *u, uint8_t active) {
        post(u, active);
        while (guard_unit_turn(u))
                ;
}

/* A guard whose PID 1 is not there yet: nobody listens at its address, `pid1` in the directory. */
static struct guard *begin(struct tempdir *dir) {
        struct guard *g = calloc(1, sizeof(*g));
        struct err err = {};
        static char address[300]; /* outlives the guard */

        assert_non_null(g);
        tempdir_make(dir);
        g->gate.fd = g->connection_fd = -1;
        g->options.cgroup_root = dir->path;
        assert_int_equal(sd_event_new(&g->event), 0);
        (void)snprintf(address, sizeof(address), "unix:path=%s", tempdir_path(dir, "pid1"));
        assert_int_equal(units_new(&g->units, g->event, address, &handlers, g), 0);
        assert_int_equal(gate_open(&g->gate, dir->path, &err), 0);
        assert_int_equal(boot_id_read(g->boot_id), 0);
        return g;
}

static const struct permit_request permit = {.magic = PERMIT_MAGIC,
                                             .type = PERMIT_PERMIT,
                                             .tenure = TENURE_LEASE,
                                             .seq = 1,
                                             .stop_timeout_usec = 60 * USEC_PER_SEC,
                                             .unit = UNIT,
                                             .lock = "default/lock",
                                             .lock_uid = "A",
                                             .term = "1",
                                             .identity = "web-1"};

/* PID 1 said "inactive" while the permit was in force, and the guard hears it as the first thing after the first
 * instant (the host was paused), or the instant comes right before it looks at that: no proof of the stop that begins
 * then, for the unit may have been started since. */
static void late_look(bool connected, bool within) {
        struct permit_request q = permit;
        struct supervise_event found = {.type = SUPERVISE_EV_FOUND},
                               ev = {.type = SUPERVISE_EV_PERMIT, .uid = util_token("A"), .tenure = TENURE_LEASE};
        struct err err = {};
        struct guard_unit *u;
        struct tempdir dir;
        struct guard *g = begin(&dir);
        char text[1024];
        int pid1 = -1;

        if (connected) {
                pid1 = listen_at(tempdir_path(&dir, "pid1"), SOCK_STREAM);
                assert_int_equal(units_connect(g->units, &err), 0);
        }
        u = guard_unit_get(g, UNIT);
        assert_non_null(u);
        guard_unit_step(u, &found, NULL);
        ev.stop_at_usec = q.stop_at_usec = guard_now(g) + 5 * USEC_PER_SEC;
        ev.kill_at_usec = q.kill_at_usec = q.stop_at_usec + q.stop_timeout_usec;
        ev.stop_timeout_usec = q.stop_timeout_usec;
        guard_unit_step(u, &ev, &q);
        look(u, SUPERVISE_INACTIVE);
        look(u, SUPERVISE_ACTIVE);
        assert_int_equal(u->s.state, SUPERVISE_RUNNING);
        skew_usec += util_usec_sub(q.stop_at_usec, guard_now(g));

        post(u, SUPERVISE_INACTIVE);
        if (within) {
                /* A turn looks at the clock for what is due, for a start under way, and for the reading. */
                skew_usec -= 2500 * USEC_PER_MSEC;
                per_read_usec = USEC_PER_SEC;
        }
        assert_true(guard_unit_turn(u));
        per_read_usec = 0;
        assert_true(guard_now(g) >= q.stop_at_usec);
        assert_int_equal(u->s.state, SUPERVISE_STOPPING);
        assert_int_equal(gate_exists(&g->gate, UNIT), 0);
        assert_true(gate_read_permit(&g->gate, UNIT, text, sizeof(text)) > 0);
        assert_null(u->read); /* what was under way was begun before */
        assert_int_equal(guard_act_look(g), !connected);
        assert_int_equal(u->read != NULL, connected);
        look(u, SUPERVISE_INACTIVE); /* the one that was asked for then */
        assert_int_equal(u->s.state, SUPERVISE_STOPPED);
        g = guard_free(g);
        if (pid1 >= 0)
                close(pid1);
        tempdir_remove(&dir);
}

/* A permit that waits for its check is overdue when the next one for that uid is in hand, of which the shell has looked
 * up already that its uid is a good one: it is not any more, and whoever sent the first is told so. */
static void test_refused_meanwhile(_unused_ void **state) {
        struct permit_request q = permit;
        struct supervise_event found = {.type = SUPERVISE_EV_FOUND},
                               ev = {.type = SUPERVISE_EV_PERMIT, .uid = util_token("A"), .tenure = TENURE_LEASE};
        struct guard_unit *u;
        struct tempdir dir;
        struct guard *g = begin(&dir);

        u = guard_unit_get(g, UNIT);
        assert_non_null(u);
        guard_unit_step(u, &found, NULL);
        ev.stop_timeout_usec = q.stop_timeout_usec;
        for (unsigned i = 0; i < 2; i++) {
                ev.stop_at_usec = q.stop_at_usec = guard_now(g) + (1 + i) * 5 * USEC_PER_SEC;
                ev.kill_at_usec = q.kill_at_usec = q.stop_at_usec + q.stop_timeout_usec;
                skew_usec += i * 5 * USEC_PER_SEC; /* the first instant of the first one */
                guard_unit_step(u, &ev, &q);
                assert_int_equal(u->s.state, i == 0 ? SUPERVISE_CHECKING : SUPERVISE_UNREAD);
        }
        assert_int_equal(u->s.uid, 0);
        g = guard_free(g);
        tempdir_remove(&dir);
}

static void test_late_look(_unused_ void **state) {
        for (unsigned i = 0; i < 4; i++)
                late_look(/* connected= */ i % 2 == 1, /* within= */ i / 2 == 1);
}

/* Many units want to be looked at: one after the other, who waits longest first. */
static void test_one_look_at_a_time(_unused_ void **state) {
        struct supervise_event found = {.type = SUPERVISE_EV_FOUND}, query = {.type = SUPERVISE_EV_QUERY};
        struct err err = {};
        struct tempdir dir;
        struct guard *g = begin(&dir);
        int pid1;

        pid1 = listen_at(tempdir_path(&dir, "pid1"), SOCK_STREAM);
        assert_int_equal(units_connect(g->units, &err), 0);
        for (unsigned i = 0; i < 4; i++) {
                char name[] = "a.service";

                name[0] = (char)(name[0] + i);
                assert_non_null(guard_unit_get(g, name));
                guard_unit_step(g->unit[i], &found, NULL);
        }
        for (unsigned i = 4; i-- > 0;)
                guard_unit_step(g->unit[i], &query, NULL);
        guard_unit_step(g->unit[3], &query, NULL); /* anew: behind the others */
        for (unsigned i = 0; i < 4; i++) {
                static const unsigned order[] = {2, 1, 0, 3};

                for (unsigned again = 0; again < 2; again++) {
                        assert_false(guard_act_look(g));
                        for (unsigned k = 0; k < 4; k++)
                                assert_int_equal(g->unit[k]->read != NULL, k == order[i]);
                }
                look(g->unit[order[i]], SUPERVISE_INACTIVE);
                assert_int_equal(g->unit[order[i]]->s.state, SUPERVISE_STOPPED);
        }
        assert_false(guard_act_look(g));
        for (unsigned k = 0; k < 4; k++)
                assert_null(g->unit[k]->read);
        g = guard_free(g);
        close(pid1);
        tempdir_remove(&dir);
}

/* The same, with what the guard logs meanwhile appended to a file. */
static void look_and_log(struct guard_unit *u, uint8_t active, const char *path) {
        int saved = dup(STDERR_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        assert_true(saved >= 0 && fd >= 0);
        assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
        look(u, active);
        assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
        close(fd);
        close(saved);
}

/* How often the text is in the file. */
static unsigned times_in(const char *path, const char *text) {
        char all[16384];
        FILE *f = fopen(path, "re");
        unsigned times = 0;

        assert_non_null(f);
        all[fread(all, 1, sizeof(all) - 1, f)] = '\0';
        assert_true(feof(f));
        assert_int_equal(fclose(f), 0);
        for (const char *p = all; (p = strstr(p, text)); p++)
                times++;
        return times;
}

/* The agent is gone for good, so its unit was stopped, and the record says what frees the lock. Once, at the end of
 * that stop: that a human runs the unit past the gate later, and that it ends, is no news of the lock. */
static void test_abandoned_is_told_once(_unused_ void **state) {
        struct supervise_event found = {.type = SUPERVISE_EV_FOUND}, abandoned = {.type = SUPERVISE_EV_ABANDONED},
                               ev = {.type = SUPERVISE_EV_PERMIT,
                                     .uid = util_token("A"),
                                     .tenure = TENURE_LIFE,
                                     .stop_at_usec = USEC_INFINITY,
                                     .kill_at_usec = USEC_INFINITY,
                                     .stop_timeout_usec = 60 * USEC_PER_SEC};
        struct permit_request q = permit;
        struct guard_unit *u;
        struct tempdir dir;
        struct guard *g = begin(&dir);
        char log[300];

        (void)util_copy(log, sizeof(log), tempdir_path(&dir, "log"));
        q.tenure = TENURE_LIFE;
        q.stop_at_usec = q.kill_at_usec = USEC_INFINITY;
        u = guard_unit_get(g, UNIT);
        assert_non_null(u);
        guard_unit_step(u, &found, NULL);
        guard_unit_step(u, &ev, &q);
        look(u, SUPERVISE_INACTIVE);
        look(u, SUPERVISE_ACTIVE);
        guard_unit_step(u, &abandoned, NULL);
        assert_int_equal(u->s.state, SUPERVISE_STOPPING);
        for (unsigned i = 0; i < 3; i++) {
                look_and_log(u, SUPERVISE_INACTIVE, log);
                assert_int_equal(u->s.state, SUPERVISE_STOPPED);
                assert_int_equal(u->s.reason, SUPERVISE_REASON_ABANDONED);
                assert_int_equal(times_in(log, "is stopped; lock default/lock stays held by this host"), 1);
                look_and_log(u, SUPERVISE_ACTIVE, log);
                assert_int_equal(u->s.state, SUPERVISE_FOREIGN);
        }
        assert_int_equal(times_in(log, "leaderctl fence default/lock --holder web-1 --reason"), 1);
        g = guard_free(g);
        tempdir_remove(&dir);
}

/* ---- the loop ---- */

static int on_idle(sd_event_source *source, _unused_ void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* The instant at which systemd is to be tried again comes while a turn is under way; and so again and again on a host
 * that gets no processor: the turn ends all the same. */
static void slow_turn(uint64_t usec, unsigned reads_max) {
        struct guard_options o = {.address = "unix:path=/nowhere", .agent_uid = (uid_t)-1, .listen_fd = -1};
        sd_event *event = NULL;
        struct guard *g = NULL;
        struct err err = {};
        struct tempdir dir;

        tempdir_make(&dir);
        o.runtime_dir = o.cgroup_root = dir.path;
        o.listen_fd = listen_at(tempdir_path(&dir, "s"), SOCK_SEQPACKET);
        assert_int_equal(sd_event_new(&event), 0);
        assert_int_equal(guard_new(&g, event, &o, &err), 0);
        assert_int_equal(sd_event_add_defer(event, NULL, on_idle, NULL), 0);
        per_read_usec = usec;
        n_reads = 0;
        (void)alarm(20); /* only to detect a hang */
        assert_int_equal(guard_run(g), 0);
        (void)alarm(0);
        per_read_usec = 0;
        assert_true(n_reads > 0 && n_reads < reads_max);
        g = guard_free(g);
        close(o.listen_fd);
        sd_event_unref(event);
        tempdir_remove(&dir);
}

static void test_slow_turn(_unused_ void **state) {
        slow_turn(1, 100);
        slow_turn(100 * USEC_PER_MSEC, 100);
        slow_turn(USEC_PER_SEC, 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_late_look),          cmocka_unit_test(test_refused_meanwhile),
                cmocka_unit_test(test_one_look_at_a_time), cmocka_unit_test(test_abandoned_is_told_once),
                cmocka_unit_test(test_slow_turn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
