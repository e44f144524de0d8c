/* SPDX-License-Identifier: Apache-2.0 */
/* Watches that have shown that bookmarks come, and then are silent for longer: the read that this leads to, and what it
 * shows. Against the test API server; time runs 15 to 75 times as fast as with a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/faultworld.h"

/* Where nothing is known of bookmarks; a fifth of it is the least. */
#define UNKNOWN (10 * USEC_PER_SEC)
#define LEAST   (UNKNOWN / 5)
/* What is read in vain twice, what a slow machine takes. */
#define SLACK (2500 * USEC_PER_MSEC)

static uint64_t age(uint64_t since) {
        return clock_boottime_usec() - since;
}

static unsigned n_reads(struct faultworld *x) {
        return sim_count_requests(&x->sim, "get");
}

static unsigned n_streams(struct faultworld *x) {
        return sim_count_requests(&x->sim, "watch");
}

/* The streams stay open, and are silent from now on. */
static void stall(struct faultworld *x) {
        sim_control(&x->sim, "POST", "kill_watches", "{\"mode\":\"stall\"}");
}

/* As a balancer whose server is gone: connections live, and nothing is answered. */
static void hang(struct faultworld *x) {
        sim_fault(&x->sim, "{}", "{\"hang\":\"before\"}");
        stall(x);
}

static struct kube_slot *follow(struct faultworld *x, const char *name, struct kubeworld_seen *s) {
        struct kube_slot *watch;

        *s = (struct kubeworld_seen){};
        assert_int_equal(kube_watch_lock(x->w.kube, NS, name, kubeworld_on_watch, s, &watch), 0);
        kubeworld_wait_n(&x->w, s, 1);
        return watch;
}

/* Nothing is told by a server that hangs, and nothing by the connections to it: bookmarks are missed, one read tells.
 */
static void test_server_hangs(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s;
        struct kube_slot *watch;
        uint64_t at;

        kube_set_watch_limits(x->w.kube, UNKNOWN, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":400}");
        watch = follow(x, LOCK, &s);
        kubeworld_run(&x->w, 1500 * USEC_PER_MSEC);
        hang(x);
        at = clock_boottime_usec();
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_true(age(at) >= LEAST - 400 * USEC_PER_MSEC && age(at) < LEAST + SLACK);
        assert_true(s.silent);
        assert_non_null(strstr(s.text, "no event and no bookmark came in time"));
        sim_heal(&x->sim);
        kubeworld_wait_last(&x->w, &s, 'A');
        kube_slot_free(watch);

        /* A stream that showed none yet: earlier ones did. */
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":0}");
        watch = follow(x, LOCK, &s);
        hang(x);
        at = clock_boottime_usec();
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_true(age(at) < LEAST + SLACK);
        kube_slot_free(watch);
}

/* With the time-out of requests that a configuration has by default: told 8 s after the read at most, by which the
 * agent, that waits for 2 s more, tells it within 10. */
static void test_told_soon(void **state) {
        struct faultworld *x = *state;
        struct kubeworld w;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;
        unsigned reads;
        uint64_t at;

        kubeworld_open(&w, &x->sim.config, /* timeout_usec= */ 0);
        kube_set_watch_limits(w.kube, UNKNOWN / 10, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":300}");
        assert_int_equal(kube_watch_lock(w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_run(&w, 1500 * USEC_PER_MSEC);
        reads = n_reads(x);
        hang(x);
        while (n_reads(x) == reads)
                kubeworld_run(&w, 10 * USEC_PER_MSEC);
        at = clock_boottime_usec();
        kubeworld_wait_last(&w, &s, 'D');
        assert_true(age(at) < 8300 * USEC_PER_MSEC);
        kube_slot_free(watch);
        kubeworld_close(&w);
}

/* Where no bookmark was ever seen nothing has changed. */
static void test_nothing_known(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s;
        struct kube_slot *watch;
        uint64_t at;

        kube_set_watch_limits(x->w.kube, UNKNOWN / 2, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":0}");
        watch = follow(x, LOCK, &s);
        at = clock_boottime_usec();
        hang(x);
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_true(age(at) >= UNKNOWN / 2);
        kube_slot_free(watch);
}

/* Bookmarks up to a fifth early or late: not one request more than the two watches. */
static void test_healthy_server_is_not_asked(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s, lease = {};
        struct kube_slot *watch, *other;
        unsigned reads, streams;

        kube_set_watch_limits(x->w.kube, UNKNOWN / 4, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":700,\"spread_percent\":20}");
        watch = follow(x, LOCK, &s);
        assert_int_equal(
                kube_watch_placeholder(x->w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_watch, &lease, &other), 0);
        kubeworld_wait_n(&x->w, &lease, 1);
        reads = n_reads(x);
        streams = n_streams(x);
        kubeworld_run(&x->w, 18 * USEC_PER_SEC);
        assert_int_equal(n_reads(x), reads);
        assert_int_equal(n_streams(x), streams);
        assert_string_equal(s.log, "A");
        assert_string_equal(lease.log, "O");
        assert_true(s.n_alive >= 2);
        kube_slot_free(watch);
        kube_slot_free(other);
}

/* Many watches: one of them asks, and its second attempt is the last one; all are told. It does not matter whether it
 * lives to see that. */
static void test_one_asks_for_all(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s[8];
        struct kube_slot *watches[8];
        unsigned reads;
        uint64_t at;

        kube_set_watch_limits(x->w.kube, UNKNOWN, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":400}");
        for (size_t i = 0; i < ELEMENTSOF(watches); i++) {
                char name[8];

                (void)snprintf(name, sizeof(name), "l%zu", i);
                watches[i] = follow(x, name, &s[i]);
        }
        for (unsigned freed = 0; freed <= 4; freed += 4) {
                kubeworld_run(&x->w, 1500 * USEC_PER_MSEC);
                hang(x);
                at = clock_boottime_usec();
                reads = n_reads(x);
                while (n_reads(x) == reads)
                        kubeworld_run(&x->w, 10 * USEC_PER_MSEC);
                for (size_t i = 0; i < freed; i++)
                        watches[i] = kube_slot_free(watches[i]);
                for (size_t i = freed; i < ELEMENTSOF(watches); i++)
                        kubeworld_wait_last(&x->w, &s[i], 'D');
                assert_true(age(at) < LEAST + SLACK + USEC_PER_SEC);
                /* (The one that is freed may have been the one that asked.) */
                assert_true(n_reads(x) - reads <= (freed ? 4 : 2));
                sim_heal(&x->sim);
                for (size_t i = freed; i < ELEMENTSOF(watches); i++)
                        kubeworld_wait_last(&x->w, &s[i], 'A');
        }
        for (size_t i = 0; i < ELEMENTSOF(watches); i++)
                kube_slot_free(watches[i]);
}

/* The server answers, but what it had to say on this stream did not come, bookmarks included: the stream is exchanged,
 * without a word, before there is anything to miss. */
static void test_deaf_stream_is_exchanged(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s;
        struct kubeworld_answer a;
        struct kube_slot *watch;
        unsigned reads, streams;
        uint64_t at;

        kube_set_watch_limits(x->w.kube, UNKNOWN, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":400}");
        watch = follow(x, LOCK, &s);
        kubeworld_run(&x->w, 1500 * USEC_PER_MSEC);
        reads = n_reads(x);
        streams = n_streams(x);
        stall(x);
        at = clock_boottime_usec();
        kubeworld_wait_n(&x->w, &s, 2);
        assert_true(age(at) < LEAST + SLACK);
        assert_string_equal(s.log, "AA");
        assert_int_equal(n_reads(x), reads + 1);
        assert_int_equal(n_streams(x), streams + 1);
        at = clock_boottime_usec();
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
        kubeworld_wait_n(&x->w, &s, 3);
        assert_true(age(at) < USEC_PER_SEC);
        kube_slot_free(watch);
}

/* The server comes to send no bookmarks (another one behind the same name, say): one stream is exchanged in vain, one
 * read shows all well, and then it is as with a server that never sent any. */
static void test_bookmarks_end(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s;
        struct kube_slot *watch;
        unsigned reads, streams;

        kube_set_watch_limits(x->w.kube, UNKNOWN, 600 * USEC_PER_SEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":400}");
        watch = follow(x, LOCK, &s);
        kubeworld_run(&x->w, 1500 * USEC_PER_MSEC);
        sim_control(&x->sim, "POST", "bookmarks", "{\"interval_ms\":0}");
        stall(x);
        kubeworld_wait_n(&x->w, &s, 2);
        reads = n_reads(x);
        streams = n_streams(x);
        kubeworld_run(&x->w, LEAST + UNKNOWN - 2 * USEC_PER_SEC);
        assert_int_equal(n_reads(x), reads + 1);
        assert_int_equal(n_streams(x), streams);
        assert_string_equal(s.log, "AA");
        kube_slot_free(watch);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, faultworld_setup, faultworld_teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_SERVER(test_server_hangs),     WITH_SERVER(test_told_soon),
                WITH_SERVER(test_nothing_known),    WITH_SERVER(test_healthy_server_is_not_asked),
                WITH_SERVER(test_one_asks_for_all), WITH_SERVER(test_deaf_stream_is_exchanged),
                WITH_SERVER(test_bookmarks_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
