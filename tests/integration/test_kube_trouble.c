/* SPDX-License-Identifier: Apache-2.0 */
/* Watches against the test API server with faults: refused, swallowed or cut again and again, while reads stand in for
 * them. Apart from test_kube_watch.c, for both wait long and run side by side. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/faultworld.h"

/* What happens to the lock is told by reads, and in the time of two of them. */
static void check_polled(struct faultworld *x, struct kubeworld_seen *s) {
        struct kubeworld_answer a;
        uint64_t at = clock_boottime_usec();
        unsigned n = s->n;

        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
        kubeworld_wait_last(&x->w, s, 'o');
        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, a.lock.uid, NULL);
        CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, a.lock.uid, a.lock.version);
        kubeworld_wait_last(&x->w, s, 'a');
        assert_true(clock_boottime_usec() - at < 2 * 6 * USEC_PER_SEC);
        assert_true(s->is_down);
        for (; n < s->n; n++)
                assert_true(s->log[n] == 'o' || s->log[n] == 'a');
}

/* The right to watch is missing: told once, with the code; reads stand in for it, at their pace, until it is given. */
static void test_watch_refused(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {}, lease = {};
        struct kube_slot *watch, *other;
        unsigned reads;

        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"watch\"}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        assert_int_equal(
                kube_watch_placeholder(x->w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_watch, &lease, &other), 0);
        kubeworld_wait_n(&x->w, &s, 2);
        kubeworld_wait_n(&x->w, &lease, 2);
        assert_string_equal(s.log, "Da");
        assert_string_equal(lease.log, "Do");
        assert_false(s.silent);
        assert_int_equal(s.code, 403);
        assert_non_null(strstr(s.text, "Forbidden"));
        reads = sim_count_requests(&x->sim, "get");
        check_polled(x, &s);
        assert_true(sim_count_requests(&x->sim, "get") - reads <= 6);
        /* Nothing new is told as life, and not as a cure. */
        assert_string_equal(lease.log, "Do");
        assert_true(lease.is_down);
        assert_true(lease.n_alive >= 1 && lease.n_alive == lease.n_alive_polled);
        /* Neither may it be read: told once more, and when that ends the reads go on. */
        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"get\"}");
        kubeworld_wait_last(&x->w, &s, 'U');
        assert_int_equal(s.code, 403);
        assert_non_null(strstr(s.text, "nor can it be read"));
        sim_control(&x->sim, "DELETE", "deny", NULL);
        kubeworld_wait_last(&x->w, &s, 'A');
        assert_false(s.is_down);
        kube_slot_free(watch);
        kube_slot_free(other);
}

/* A proxy that lets no stream live: at once, after a second, with an error, with a page of its own. */
static void test_watch_never_lasts(void **state) {
        static const struct {
                const char *action, *log, *text;
                long code;
        } rows[] = {
                {"{\"cut_watch_ms\":50}", "AAAD", "streams end at once (a proxy?)", 0},
                {"{\"cut_watch_ms\":1000}", "AAAD", "streams end at once (a proxy?)", 0},
                {"{\"truncate\":0}", "Da", NULL, 0},
                {"{\"status\":404,\"body\":\"nothing here\",\"content_type\":\"text/plain\"}", "Da", "404", 404},
                {"{\"status\":200,\"body\":\"<html>please log in</html>\"}", "Da", NULL, 0},
                {"{\"status\":429,\"retry_after\":40}", "Da", NULL, 429},
                {"{\"status\":503}", "Da", NULL, 503},
        };
        struct faultworld *x = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct kubeworld_seen s = {};
                struct kube_slot *watch;

                sim_fault(&x->sim, "{\"verb\":\"watch\"}", rows[i].action);
                assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
                kubeworld_wait_last(&x->w, &s, rows[i].log[strlen(rows[i].log) - 1]);
                if (rows[i].code != 503 && !util_streq(s.log, rows[i].log)) /* (that is told after each attempt) */
                        fail_msg("row %zu: told %s, expected %s (%s)", i, s.log, rows[i].log, s.text);
                if (rows[i].text && !strstr(s.text, rows[i].text))
                        fail_msg("row %zu: '%s' not in '%s'", i, rows[i].text, s.text);
                assert_int_equal(s.code, rows[i].code);
                assert_int_equal(s.silent, rows[i].code == 503);
                if (i == 1) {
                        sim_heal(&x->sim);
                        /* It must last before it counts as cured. */
                        kubeworld_wait_last(&x->w, &s, 'L');
                        assert_false(s.is_down);
                }
                sim_heal(&x->sim);
                kube_slot_free(watch);
        }
}

/* A watch that hangs while the server answers others is no silence of the server. */
static void test_watch_is_swallowed(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        sim_fault(&x->sim, "{\"verb\":\"watch\"}", "{\"hang\":\"before\"}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 2);
        assert_string_equal(s.log, "Da");
        assert_false(s.silent);
        assert_non_null(strstr(s.text, "no answer begins"));
        kube_slot_free(watch);
}

/* A server that does not answer is told as silent, and is not polled beside the attempts to watch. */
static void test_no_polls_in_silence(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"watch\"}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 2);
        assert_string_equal(s.log, "Da");
        sim_fault(&x->sim, "{}", "{\"drop\":\"before\",\"reset\":true}");
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_true(s.silent);
        assert_int_equal(s.code, 0);
        kubeworld_run(&x->w, 3 * USEC_PER_SEC);
        assert_true(s.silent);
        sim_heal(&x->sim);
        /* Answered again, it is the old trouble, and the reads begin again. */
        kube_watch_hurry(watch);
        while (s.silent)
                kubeworld_wait_n(&x->w, &s, s.n + 1);
        assert_int_equal(s.code, 403);
        s.n_alive_polled = 0;
        for (unsigned i = 0; i < 300 && s.n_alive_polled == 0; i++)
                kubeworld_run(&x->w, 10 * USEC_PER_MSEC);
        assert_true(s.n_alive_polled > 0);
        kube_slot_free(watch);
}

/* Only watches get no answer (something on the way breaks what is no short request): that is silence until somebody
 * else has one, and then the watch's own trouble: told once, and read instead. When nobody has one it is silence again.
 */
static void test_watch_alone_has_no_answer(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;
        unsigned n;

        sim_fault(&x->sim, "{\"verb\":\"watch\"}", "{\"drop\":\"before\",\"reset\":true}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_true(s.silent);
        kube_watch_hurry(watch);
        for (unsigned i = 0; i < 3 && s.silent; i++)
                kubeworld_wait_n(&x->w, &s, s.n + 1);
        assert_false(s.silent);
        assert_int_equal(s.code, 0);
        kubeworld_wait_last(&x->w, &s, 'a');
        check_polled(x, &s);
        n = s.n;
        kube_watch_hurry(watch);
        kubeworld_run(&x->w, 3 * USEC_PER_SEC);
        assert_int_equal(s.n, n);
        assert_false(s.silent);
        sim_fault(&x->sim, "{\"verb\":\"get\"}", "{\"drop\":\"before\",\"reset\":true}");
        kubeworld_wait_last(&x->w, &s, 'D');
        assert_true(s.silent);
        sim_heal(&x->sim);
        kubeworld_wait_last(&x->w, &s, 'A');
        assert_false(s.is_down);
        kube_slot_free(watch);
}

/* A stream that has worked and is closed by somebody is no trouble when the next one stands. */
static void test_good_stream_is_closed(void **state) {
        struct faultworld *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        sim_fault(&x->sim, "{\"verb\":\"watch\"}", "{\"cut_watch_ms\":5200}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 3);
        assert_string_equal(s.log, "AAA");
        kube_slot_free(watch);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_watch_refused, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_watch_never_lasts, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_watch_is_swallowed, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_no_polls_in_silence, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_watch_alone_has_no_answer, faultworld_setup, faultworld_teardown),
                cmocka_unit_test_setup_teardown(test_good_stream_is_closed, faultworld_setup, faultworld_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
