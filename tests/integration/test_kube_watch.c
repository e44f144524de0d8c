/* SPDX-License-Identifier: Apache-2.0 */
/* Watches against the test API server with faults: streams that break, end, fall silent or are only quiet. Those that
 * are refused or never last: test_kube_trouble.c. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/faultworld.h"

/* How many watches the server was asked for so far. */
static unsigned n_watches(struct faultworld *x) {
        return sim_count_requests(&x->sim, "watch");
}

static void test_watch_survives(void **state) {
        static const char *const modes[] = {"cut", "end", "reset", "expire", "stall"};
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kubeworld_answer a;
        struct kube_slot *watch;
        char body[64];

        kube_set_watch_limits(x->w.kube, USEC_PER_SEC, 600 * USEC_PER_SEC);
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                s = (struct kubeworld_seen){};
                assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
                kubeworld_wait_last(&x->w, &s, 'O');
                (void)snprintf(body, sizeof(body), "{\"mode\":\"%s\"}", modes[i]);
                sim_control(&x->sim, "POST", "kill_watches", body);
                /* What happens while it is down is told when it is up. */
                CALL(&x->w, &a, KUBE_OK, kube_lock_annotate, &a.lock, LOCK_ANNOTATION_FENCED, modes[i]);
                while (!util_streq(s.lock.fenced, modes[i]))
                        kubeworld_wait_n(&x->w, &s, s.n + 1);
                kube_slot_free(watch);
        }
        /* Gone while the watch was down. */
        s = (struct kubeworld_seen){};
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_last(&x->w, &s, 'O');
        sim_fault(&x->sim, "{\"verb\":\"watch\"}", "{\"status\":503}");
        sim_control(&x->sim, "POST", "kill_watches", "{\"mode\":\"cut\"}");
        kubeworld_wait_last(&x->w, &s, 'D');
        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, a.lock.uid, NULL);
        CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, a.lock.uid, a.lock.version);
        sim_heal(&x->sim);
        kubeworld_wait_last(&x->w, &s, 'A');
        kube_slot_free(watch);
}

/* A stream that is silent from its first moment, for ever: the state is told all the same, by a read; what changes then
 * is found by the next read, and the stream is exchanged, because it missed that. */
static void test_half_open_watch(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kubeworld_answer a;
        struct kube_slot *watch;

        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
        kube_set_watch_limits(x->w.kube, 500 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
        sim_fault(&x->sim, "{\"verb\":\"watch\",\"count\":1}", "{\"half_open_watch\":\"now\"}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 1);
        assert_memory_equal(s.log, "O", 1);
        CALL(&x->w, &a, KUBE_OK, kube_lock_annotate, &a.lock, LOCK_ANNOTATION_FENCED, "one");
        kubeworld_wait_n(&x->w, &s, 2);
        assert_string_equal(s.lock.fenced, "one");
        /* The new stream tells its first state, and what follows at once. */
        kubeworld_wait_n(&x->w, &s, 3);
        CALL(&x->w, &a, KUBE_OK, kube_lock_annotate, &a.lock, LOCK_ANNOTATION_FENCED, "two");
        kubeworld_wait_n(&x->w, &s, 4);
        assert_string_equal(s.lock.fenced, "two");
        assert_string_equal(s.log, "OOOO");
        kube_slot_free(watch);
}

/* A server that does not mark the end of the initial events (without the gate WatchList): an object that is not there
 * is told as absent, by a read; so is one that went between two streams. */
static void test_watch_without_marks(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kubeworld_answer a;
        struct kube_slot *watch;
        unsigned before;
        uint64_t at;

        sim_control(&x->sim, "POST", "bookmarks", "{\"initial_end\":false,\"interval_ms\":0}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 1);
        assert_string_equal(s.log, "A");
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
        kubeworld_wait_n(&x->w, &s, 2);
        assert_string_equal(s.log, "AO");
        /* Released while the stream is down, and the way to the server comes back. */
        sim_fault(&x->sim, "{\"verb\":\"watch\"}", "{\"drop\":\"before\"}");
        sim_control(&x->sim, "POST", "kill_watches", "{\"mode\":\"reset\"}");
        kubeworld_wait_last(&x->w, &s, 'D');
        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, a.lock.uid, NULL);
        CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, a.lock.uid, a.lock.version);
        sim_heal(&x->sim);
        before = n_watches(x);
        while (n_watches(x) == before)
                kubeworld_run(&x->w, 10 * USEC_PER_MSEC);
        at = clock_boottime_usec();
        kubeworld_wait_last(&x->w, &s, 'A');
        assert_true(clock_boottime_usec() - at < 2 * USEC_PER_SEC);
        kube_slot_free(watch);
}

/* Neither mark nor bookmark: silence is no fault. A read now and then finds all well, nothing is told twice, the stream
 * stays, and what happens at last is told at once. */
static void test_idle_watch_is_not_cut(void **state) {
        static const char *const modes[] = {"{\"initial_end\":false,\"interval_ms\":0}",
                                            "{\"initial_end\":true,\"interval_ms\":0}"};
        struct faultworld *x = *state;
        struct kubeworld_seen s, lease;
        struct kubeworld_answer a;
        struct kube_slot *watch, *other;

        kube_set_watch_limits(x->w.kube, 800 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                unsigned before = n_watches(x), reads = sim_count_requests(&x->sim, "get");

                s = lease = (struct kubeworld_seen){};
                sim_control(&x->sim, "POST", "bookmarks", modes[i]);
                assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
                assert_int_equal(kube_watch_placeholder(x->w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_watch,
                                                        &lease, &other),
                                 0);
                kubeworld_wait_n(&x->w, &s, 1);
                kubeworld_wait_n(&x->w, &lease, 1);
                kubeworld_run(&x->w, 3 * USEC_PER_SEC);
                assert_string_equal(s.log, "A");
                assert_string_equal(lease.log, "O");
                assert_int_equal(n_watches(x), before + 2);
                assert_true(sim_count_requests(&x->sim, "get") > reads + 2);
                CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
                kubeworld_wait_n(&x->w, &s, 2);
                CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, a.lock.uid, NULL);
                CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, a.lock.uid, a.lock.version);
                kubeworld_wait_n(&x->w, &s, 4);
                assert_string_equal(s.log, "AOOG");
                assert_int_equal(n_watches(x), before + 2);
                kube_slot_free(watch);
                kube_slot_free(other);
        }
}

/* A stream that is silent, and a server that is, too: only then it is down. */
static void test_silent_server(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        kube_set_watch_limits(x->w.kube, 300 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
        assert_int_equal(
                kube_watch_placeholder(x->w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 1);
        assert_int_equal(kill(x->sim.pid, SIGSTOP), 0);
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_non_null(strstr(s.text, "no event and no bookmark"));
        assert_int_equal(kill(x->sim.pid, SIGCONT), 0);
        kubeworld_wait_last(&x->w, &s, 'O');
        kube_slot_free(watch);
}

/* A quiet stream: its bookmarks, or the reads that stand in for them, are told as life, each 5 s at most. */
static void test_watch_is_alive(void **state) {
        static const char *const modes[] = {"{\"initial_end\":true,\"interval_ms\":300}",
                                            "{\"initial_end\":true,\"interval_ms\":0}"};
        struct faultworld *x = *state;
        struct kubeworld_seen s[ELEMENTSOF(modes)] = {};
        struct kube_slot *watch[ELEMENTSOF(modes)];

        kube_set_watch_limits(x->w.kube, 800 * USEC_PER_MSEC, 600 * USEC_PER_SEC);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                sim_control(&x->sim, "POST", "bookmarks", modes[i]);
                assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s[i], &watch[i]), 0);
                kubeworld_wait_n(&x->w, &s[i], 1);
        }
        kubeworld_run(&x->w, 6500 * USEC_PER_MSEC);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                assert_string_equal(s[i].log, "A");
                assert_int_equal(s[i].n_alive, 1);
                kube_slot_free(watch[i]);
        }
}

/* A watch that ends by its time goes on without anybody noticing. */
static void test_watch_ends(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        kube_set_watch_limits(x->w.kube, 60 * USEC_PER_SEC, USEC_PER_SEC);
        assert_int_equal(
                kube_watch_placeholder(x->w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 3);
        assert_memory_equal(s.log, "OOO", 3);
        kube_slot_free(watch);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_watch_survives, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_half_open_watch, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_watch_without_marks, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_idle_watch_is_not_cut, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_silent_server, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_watch_is_alive, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_watch_ends, faultworld_setup, faultworld_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
