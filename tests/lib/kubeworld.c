/* SPDX-License-Identifier: Apache-2.0 */
#include "kubeworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#define HANG_USEC (60 * USEC_PER_SEC)

static uint64_t now(clockid_t clock) {
        struct timespec t;

        (void)clock_gettime(clock, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

void kubeworld_open(struct kubeworld *w, const struct kubeconfig *config, uint64_t timeout_usec) {
        struct err err = {0};

        assert_int_equal(sd_event_new(&w->event), 0);
        if (kube_new(&w->kube, w->event, config, timeout_usec, &err) < 0)
                fail_msg("%s", err.text);
}

void kubeworld_close(struct kubeworld *w) {
        kube_free(w->kube);
        sd_event_unref(w->event);
        *w = (struct kubeworld){0};
}

static void turn(struct kubeworld *w, uint64_t usec) {
        assert_true(sd_event_run(w->event, usec) >= 0);
}

void kubeworld_wait(struct kubeworld *w, const bool *done) {
        uint64_t end = now(CLOCK_BOOTTIME) + HANG_USEC;

        while (!*done) {
                assert_true(now(CLOCK_BOOTTIME) < end);
                turn(w, 100 * USEC_PER_MSEC);
        }
}

void kubeworld_run(struct kubeworld *w, uint64_t usec) {
        uint64_t end = now(CLOCK_BOOTTIME) + usec;

        while (now(CLOCK_BOOTTIME) < end)
                turn(w, 10 * USEC_PER_MSEC);
}

void kubeworld_wait_n(struct kubeworld *w, const struct kubeworld_seen *s, unsigned n) {
        uint64_t end = now(CLOCK_BOOTTIME) + HANG_USEC;

        while (s->n < n) {
                if (now(CLOCK_BOOTTIME) >= end)
                        fail_msg("the watch told '%s', expected %u events (%s)", s->log, n, s->text);
                turn(w, 100 * USEC_PER_MSEC);
        }
}

void kubeworld_wait_last(struct kubeworld *w, const struct kubeworld_seen *s, char type) {
        uint64_t end = now(CLOCK_BOOTTIME) + HANG_USEC;

        while (s->n == 0 || s->log[s->n - 1] != type) {
                if (now(CLOCK_BOOTTIME) >= end)
                        fail_msg("the watch told '%s', expected %c (%s)", s->log, type, s->text);
                turn(w, 100 * USEC_PER_MSEC);
        }
}

void kubeworld_on_reply(const struct kube_reply *r, void *userdata) {
        struct kubeworld_answer *a = userdata;

        assert_false(a->is_there);
        a->is_there = true;
        a->result = r->result;
        a->code = r->http_code;
        a->retry_after_usec = r->retry_after_usec;
        a->has_lock = r->lock != NULL;
        a->has_placeholder = r->placeholder != NULL;
        if (r->lock)
                a->lock = *r->lock;
        if (r->placeholder)
                a->placeholder = *r->placeholder;
        (void)snprintf(a->text, sizeof(a->text), "%s", r->text);
}

void kubeworld_on_watch(const struct kube_watch_event *e, void *userdata) {
        struct kubeworld_seen *s = userdata;

        char letter = "OGADL"[e->type];
        bool was_down = s->is_down;

        if (e->type == KUBE_WATCH_DOWN) {
                assert_false(e->polled);
                letter = e->unreadable ? 'U' : 'D';
                s->silent = e->silent;
                s->code = e->http_code;
        } else if (e->polled) {
                assert_true(was_down);
                letter = e->type == KUBE_WATCH_OBJECT ? 'o' : 'a';
        }
        s->is_down = e->type == KUBE_WATCH_DOWN || e->polled;
        s->n_alive += e->type == KUBE_WATCH_ALIVE;
        s->n_alive_polled += e->type == KUBE_WATCH_ALIVE && e->polled;
        if (e->type == KUBE_WATCH_ALIVE && was_down == s->is_down)
                return;
        assert_true(s->n + 1 < sizeof(s->log));
        s->log[s->n++] = letter;
        if (e->lock)
                s->lock = *e->lock;
        if (e->type == KUBE_WATCH_DOWN)
                (void)snprintf(s->text, sizeof(s->text), "%s", e->text);
}

void kubeworld_expect(const struct kubeworld_answer *a, enum kube_result expected, const char *call) {
        if (a->result != expected)
                fail_msg("%s: %s, expected %s (%s)", call, kube_result_to_string(a->result),
                         kube_result_to_string(expected), a->text);
}

void kubeworld_fill_placeholder(struct placeholder_object *p, enum placeholder_kind kind, const char *ns,
                                const char *name) {
        *p = (struct placeholder_object){.kind = kind,
                                         .identity = "host-1",
                                         .claim = "0123456789abcdef0123456789abcdef",
                                         .nonce = "n1",
                                         .boot_id = "b1",
                                         .lease_duration_usec = 15 * USEC_PER_SEC};
        assert_true(util_copy(p->ns, sizeof(p->ns), ns));
        assert_true(util_copy(p->name, sizeof(p->name), name));
        (void)clock_format_utc(now(CLOCK_REALTIME), p->renew_time);
        (void)clock_format_utc(now(CLOCK_REALTIME), p->acquire_time);
}

void kubeworld_fill_lock(struct lock_object *l, const struct placeholder_object *owner, const char *name) {
        *l = (struct lock_object){.holder = "host-1.example.org",
                                  .identity = "host-1",
                                  .claim = "c1",
                                  .has_placeholder = true,
                                  .placeholder_kind = owner->kind,
                                  .unit = "a.service",
                                  .has_tenure = true,
                                  .tenure = TENURE_LEASE,
                                  .lease_duration_usec = 15 * USEC_PER_SEC,
                                  .boot_id = "b1",
                                  .agent_version = AGENT_VERSION};
        assert_true(util_copy(l->ns, sizeof(l->ns), owner->ns));
        assert_true(util_copy(l->name, sizeof(l->name), name));
        assert_true(util_copy(l->placeholder_name, sizeof(l->placeholder_name), owner->name));
        assert_true(util_copy(l->placeholder_uid, sizeof(l->placeholder_uid), owner->uid));
        (void)clock_format_utc(now(CLOCK_REALTIME), l->acquired_at);
}
