/* SPDX-License-Identifier: Apache-2.0 */
/* kube against the test API server with faults: unknown outcomes and what reading back then shows, watches that break,
 * TLS and tokens. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/kubeworld.h"
#include "../lib/sim.h"

#define NS      "default"
#define LOCK    "a-lock"
#define LEASE   "a-lease"
#define TIMEOUT (400 * USEC_PER_MSEC)

struct world {
        struct sim sim;
        struct kubeworld w;
        struct placeholder_object owner;
        struct lock_object lock; /* as it is to be created */
};

/* A server with a Lease, so that locks can be made; the connection is warm. */
static int setup(void **state) {
        struct world *x = calloc(1, sizeof(*x));
        struct kubeworld_answer a;

        assert_non_null(x);
        sim_start(&x->sim);
        kubeworld_open(&x->w, &x->sim.config, TIMEOUT);
        kubeworld_fill_placeholder(&x->owner, PLACEHOLDER_LEASE, NS, LEASE);
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_create, &x->owner);
        x->owner = a.placeholder;
        kubeworld_fill_lock(&x->lock, &x->owner, LOCK);
        *state = x;
        return 0;
}

static int teardown(void **state) {
        struct world *x = *state;

        kubeworld_close(&x->w);
        sim_stop(&x->sim);
        free(x);
        return 0;
}

/* A POST without an answer, for each way to lose one: unknown; reading back tells whether it was executed. */
static void test_lost_create(void **state) {
        static const struct {
                const char *action;
                bool was_executed;
        } rows[] = {
                {"{\"drop\":\"before\"}", false}, {"{\"drop\":\"before\",\"reset\":true}", false},
                {"{\"drop\":\"after\"}", true},   {"{\"drop\":\"after\",\"reset\":true}", true},
                {"{\"hang\":\"before\"}", false}, {"{\"hang\":\"after\"}", true},
                {"{\"hold_ms\":3000}", true},     {"{\"truncate\":40}", true},
                {"{\"status\":504}", false},      {"{\"status\":500}", false},
                {"{\"status\":503}", false},
        };
        struct world *x = *state;
        struct kubeworld_answer a;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                /* count 1: a second copy that libcurl might send would find no fault, and give itself away. */
                sim_fault(&x->sim, "{\"verb\":\"create\",\"resource\":\"configmaps\",\"count\":1}", rows[i].action);
                CALL(&x->w, &a, KUBE_UNKNOWN, kube_lock_create, &x->lock);
                sim_heal(&x->sim);
                if (!rows[i].was_executed) {
                        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
                        continue;
                }
                CALL(&x->w, &a, KUBE_OK, kube_lock_get, NS, LOCK);
                assert_string_equal(a.lock.claim, x->lock.claim);
                CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, a.lock.uid, NULL);
                CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, a.lock.uid, a.lock.version);
        }
}

/* The write that lands after the time-out, and after a GET that said 404. */
static void test_late_create(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        bool landed = false;

        sim_fault(&x->sim, "{\"verb\":\"create\",\"resource\":\"configmaps\",\"count\":1}", "{\"delay_ms\":1500}");
        CALL(&x->w, &a, KUBE_UNKNOWN, kube_lock_create, &x->lock);
        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
        for (unsigned i = 0; i < 600 && !landed; i++) {
                a = (struct kubeworld_answer){};
                kubeworld_run(&x->w, 20 * USEC_PER_MSEC);
                assert_int_equal(kube_lock_get(x->w.kube, NS, LOCK, kubeworld_on_reply, &a, NULL), 0);
                kubeworld_wait(&x->w, &a.is_there);
                landed = a.result == KUBE_OK;
        }
        assert_true(landed);
        assert_string_equal(a.lock.claim, x->lock.claim);
}

/* A renewal that landed unseen: the retry with the old version fails, reading back shows the own write. */
static void test_lost_renewal(void **state) {
        struct world *x = *state;
        struct placeholder_object p = x->owner;
        struct kubeworld_answer a;

        assert_true(util_copy(p.nonce, sizeof(p.nonce), "n7"));
        assert_true(util_copy(p.renew_time, sizeof(p.renew_time), "2030-01-02T03:04:05.678901Z"));
        sim_fault(&x->sim, "{\"verb\":\"update\",\"resource\":\"leases\",\"count\":1}", "{\"drop\":\"after\"}");
        CALL(&x->w, &a, KUBE_UNKNOWN, kube_placeholder_renew, &p);
        CALL(&x->w, &a, KUBE_CONFLICT, kube_placeholder_renew, &p);
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        assert_string_equal(a.placeholder.nonce, "n7");
        assert_string_equal(a.placeholder.renew_time, p.renew_time);
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_renew, &a.placeholder);
}

static void test_refusals(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        sim_fault(&x->sim, "{\"verb\":\"create\",\"count\":1}", "{\"status\":429,\"retry_after\":7}");
        CALL(&x->w, &a, KUBE_THROTTLED, kube_lock_create, &x->lock);
        assert_int_equal(a.retry_after_usec, 7 * USEC_PER_SEC);
        sim_fault(&x->sim, "{\"verb\":\"get\",\"count\":1}",
                  "{\"status\":200,\"content_type\":\"text/html\",\"body\":\"<html>please log in</html>\"}");
        CALL(&x->w, &a, KUBE_GARBLED, kube_lock_get, NS, LOCK);
        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"create\",\"resource\":\"configmaps\"}");
        CALL(&x->w, &a, KUBE_DENIED, kube_lock_create, &x->lock);
        assert_non_null(strstr(a.text, "Forbidden"));
        sim_control(&x->sim, "DELETE", "deny", NULL);
        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
}

/* The server process hangs: time-outs only, new connections are not even sent over; afterwards all is well. */
static void test_stopped_server(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        assert_int_equal(kill(x->sim.pid, SIGSTOP), 0);
        CALL(&x->w, &a, KUBE_UNKNOWN, kube_lock_create, &x->lock);
        CALL(&x->w, &a, KUBE_UNREACHABLE, kube_lock_create, &x->lock);
        CALL(&x->w, &a, KUBE_UNREACHABLE, kube_lock_get, NS, LOCK);
        assert_int_equal(kill(x->sim.pid, SIGCONT), 0);
        a.result = KUBE_UNREACHABLE;
        for (unsigned i = 0; i < 100 && (a.result == KUBE_UNREACHABLE || a.result == KUBE_UNKNOWN); i++) {
                a = (struct kubeworld_answer){};
                assert_int_equal(kube_lock_get(x->w.kube, NS, LOCK, kubeworld_on_reply, &a, NULL), 0);
                kubeworld_wait(&x->w, &a.is_there);
        }
        assert_true(a.result == KUBE_NOT_FOUND || a.result == KUBE_OK);
}

static void test_watch_survives(void **state) {
        static const char *const modes[] = {"cut", "end", "reset", "expire", "stall"};
        struct world *x = *state;
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
        struct world *x = *state;
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

/* How many watches the server was asked for so far. */
static unsigned n_watches(struct world *x) {
        return sim_count_requests(&x->sim, "watch");
}

/* A server that does not mark the end of the initial events (without the gate WatchList): an object that is not there
 * is told as absent, by a read; so is one that went between two streams. */
static void test_watch_without_marks(void **state) {
        struct world *x = *state;
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
        struct world *x = *state;
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
        struct world *x = *state;
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

/* What happens to the lock is told by reads, and in the time of two of them. */
static void check_polled(struct world *x, struct kubeworld_seen *s) {
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
        struct world *x = *state;
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
        struct world *x = *state;

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
        struct world *x = *state;
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
        struct world *x = *state;
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

/* A quiet stream: its bookmarks, or the reads that stand in for them, are told as life, each 5 s at most. */
static void test_watch_is_alive(void **state) {
        static const char *const modes[] = {"{\"initial_end\":true,\"interval_ms\":300}",
                                            "{\"initial_end\":true,\"interval_ms\":0}"};
        struct world *x = *state;
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

/* A stream that has worked and is closed by somebody is no trouble when the next one stands. */
static void test_good_stream_is_closed(void **state) {
        struct world *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        sim_fault(&x->sim, "{\"verb\":\"watch\"}", "{\"cut_watch_ms\":5200}");
        assert_int_equal(kube_watch_lock(x->w.kube, NS, LOCK, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 3);
        assert_string_equal(s.log, "AAA");
        kube_slot_free(watch);
}

/* A watch that ends by its time goes on without anybody noticing. */
static void test_watch_ends(void **state) {
        struct world *x = *state;
        struct kubeworld_seen s = {};
        struct kube_slot *watch;

        kube_set_watch_limits(x->w.kube, 60 * USEC_PER_SEC, USEC_PER_SEC);
        assert_int_equal(
                kube_watch_placeholder(x->w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(&x->w, &s, 3);
        assert_memory_equal(s.log, "OOO", 3);
        kube_slot_free(watch);
}

/* ---- TLS and tokens ---- */

static enum kube_result get_with(const struct kubeconfig *config, char text[static 512]) {
        struct kubeworld w;
        struct kubeworld_answer a = {};
        enum kube_result result;

        kubeworld_open(&w, config, 5 * USEC_PER_SEC);
        assert_int_equal(kube_placeholder_get(w.kube, PLACEHOLDER_LEASE, NS, LEASE, kubeworld_on_reply, &a, NULL), 0);
        kubeworld_wait(&w, &a.is_there);
        result = a.result;
        (void)snprintf(text, 512, "%s", a.text);
        kubeworld_close(&w);
        return result;
}

static char *read_all(const char *path) {
        FILE *f = fopen(path, "r");
        char *text = calloc(1, 8192);

        assert_true(f && text);
        assert_true(fread(text, 1, 8191, f) > 0);
        fclose(f);
        return text;
}

static void test_tls(void **state) {
        struct world *x = *state;
        const struct kubeconfig base = x->sim.config;
        struct kubeconfig c = base;
        char text[512];
        char other_ca[128];
        _cleanup_free_ char *ca = NULL, *cert = NULL, *key = NULL, *wrong_ca = NULL;
        char plain[64];

        (void)snprintf(other_ca, sizeof(other_ca), "%s/other-ca.crt", x->sim.dir.path);
        assert_int_equal(get_with(&base, text), KUBE_OK);
        /* Another CA; its text inline; none at all (the system's); none is checked. */
        c.ca_file = other_ca;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "certificate"));
        c.ca_file = NULL;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        c.insecure = true;
        assert_int_equal(get_with(&c, text), KUBE_OK);
        /* Names. */
        c = base;
        c.tls_server_name = (char *)"kubernetes.default";
        assert_int_equal(get_with(&c, text), KUBE_OK);
        c.tls_server_name = (char *)"kubernetes.other";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "kubernetes.other"));
        /* Everything inline. */
        ca = read_all(base.ca_file);
        cert = read_all(base.client_cert_file);
        key = read_all(base.client_key_file);
        wrong_ca = read_all(other_ca);
        c = (struct kubeconfig){.server = base.server, .ca_data = ca, .client_cert_data = cert, .client_key_data = key};
        assert_int_equal(get_with(&c, text), KUBE_OK);
        c.ca_data = wrong_ca;
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        c.ca_data = ca;
        c.client_key_data = (char *)"not a key";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        /* A file that is not there. */
        c = base;
        c.client_cert_file = (char *)"/nonexistent/admin.crt";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "/nonexistent/admin.crt"));
        c = base;
        c.ca_file = (char *)"/nonexistent/ca.crt";
        assert_int_equal(get_with(&c, text), KUBE_UNREACHABLE);
        assert_non_null(strstr(text, "/nonexistent/ca.crt"));
        /* Plain HTTP to a TLS port, and TLS to nobody. */
        (void)snprintf(plain, sizeof(plain), "http%s", strstr(base.server, "://"));
        c = (struct kubeconfig){.server = plain};
        assert_int_not_equal(get_with(&c, text), KUBE_OK);
}

/* The CA bundle is replaced while the agent runs: a server that does not verify has it read again, at the next request
 * and not when the cache says so. */
static void test_ca_replaced(void **state) {
        struct world *x = *state;
        struct kubeconfig c = x->sim.config;
        _cleanup_free_ char *right = read_all(c.ca_file), *other = NULL;
        char path[128];
        struct kubeworld w;
        struct kubeworld_answer a;

        (void)snprintf(path, sizeof(path), "%s/other-ca.crt", x->sim.dir.path);
        other = read_all(path);
        (void)snprintf(path, sizeof(path), "%s", tempdir_write(&x->sim.dir, "bundle.crt", other));
        c.ca_file = path;
        kubeworld_open(&w, &c, 5 * USEC_PER_SEC);
        CALL(&w, &a, KUBE_UNREACHABLE, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        (void)tempdir_write(&x->sim.dir, "bundle.crt", right);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        kubeworld_close(&w);
}

static void test_token(void **state) {
        struct world *x = *state;
        struct kubeconfig c = {.server = x->sim.config.server, .ca_file = x->sim.config.ca_file};
        struct kubeworld w;
        struct kubeworld_answer a;
        const char *file = tempdir_path(&x->sim.dir, "token");
        char text[512], path[128];
        static const char *const bad[] = {"", " \n", "two tokens", "a\r\nHost: evil"};

        assert_int_equal(get_with(&c, text), KUBE_DENIED);
        c.token = (char *)SIM_TOKEN;
        assert_int_equal(get_with(&c, text), KUBE_OK);
        c.token = (char *)"wrong";
        assert_int_equal(get_with(&c, text), KUBE_DENIED);
        assert_non_null(strstr(text, "You must be logged in to the server"));
        /* The file wins over the token, white space is trimmed. */
        (void)snprintf(path, sizeof(path), "%s", file);
        c.token_file = path;
        assert_int_equal(get_with(&c, text), KUBE_OK);

        /* After a 401 it is read again: the new token is used from the next request on. */
        kubeworld_open(&w, &c, 5 * USEC_PER_SEC);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        sim_control(&x->sim, "POST", "tokens", "{\"token\":\"" SIM_TOKEN "\"}");
        (void)tempdir_write(&x->sim.dir, "token", "  second-token\n\n");
        sim_control(&x->sim, "POST", "tokens", "{\"token\":\"second-token\",\"user\":\"agent\"}");
        CALL(&w, &a, KUBE_DENIED, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        CALL(&w, &a, KUBE_OK, kube_placeholder_get, PLACEHOLDER_LEASE, NS, LEASE);
        kubeworld_close(&w);

        /* Unusable files: the error names the file. */
        c.token = NULL;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                (void)tempdir_write(&x->sim.dir, "token", bad[i]);
                assert_int_equal(get_with(&c, text), KUBE_DENIED);
                assert_non_null(strstr(text, path));
        }
        c.token_file = (char *)"/nonexistent/token";
        assert_int_equal(get_with(&c, text), KUBE_DENIED);
        assert_non_null(strstr(text, "/nonexistent/token: No such file"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lost_create, setup, teardown),
                cmocka_unit_test_setup_teardown(test_late_create, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lost_renewal, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
                cmocka_unit_test_setup_teardown(test_stopped_server, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_survives, setup, teardown),
                cmocka_unit_test_setup_teardown(test_half_open_watch, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_without_marks, setup, teardown),
                cmocka_unit_test_setup_teardown(test_idle_watch_is_not_cut, setup, teardown),
                cmocka_unit_test_setup_teardown(test_silent_server, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_never_lasts, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_is_swallowed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_polls_in_silence, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_is_alive, setup, teardown),
                cmocka_unit_test_setup_teardown(test_good_stream_is_closed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch_ends, setup, teardown),
                cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
                cmocka_unit_test_setup_teardown(test_ca_replaced, setup, teardown),
                cmocka_unit_test_setup_teardown(test_token, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
