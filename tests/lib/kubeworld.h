/* SPDX-License-Identifier: Apache-2.0 */
/* One kube connection with its loop, for tests that make calls one after the other. */
#pragma once

#include "adapter/kube.h"

struct kubeworld {
        sd_event *event;
        struct kube *kube;
};

/* A copy of what a callback was given. */
struct kubeworld_answer {
        bool is_there;
        enum kube_result result;
        long code;
        uint64_t retry_after_usec;
        bool has_lock, has_placeholder;
        struct lock_object lock;
        struct placeholder_object placeholder;
        char text[512];
};

/* Everything a watch told. */
struct kubeworld_seen {
        char log[64]; /* O object, G gone, A absent, D down, U down and unreadable, in order; polled: o, a; alive when
                       * it ends a trouble: L */
        unsigned n;
        unsigned n_alive, n_alive_polled; /* not in the log, but for L */
        bool is_down, silent;             /* as told last */
        long code;                        /* of the last D */
        struct lock_object lock;          /* the last one */
        char text[512];                   /* of the last D */
};

void kubeworld_open(struct kubeworld *w, const struct kubeconfig *config, uint64_t timeout_usec);
void kubeworld_close(struct kubeworld *w);

/* Runs the loop until *done; fails the test after a minute. */
void kubeworld_wait(struct kubeworld *w, const bool *done);
void kubeworld_run(struct kubeworld *w, uint64_t usec);
/* Until the watch has told at least n events / until the last event is of that type (a letter). */
void kubeworld_wait_n(struct kubeworld *w, const struct kubeworld_seen *s, unsigned n);
void kubeworld_wait_last(struct kubeworld *w, const struct kubeworld_seen *s, char type);

void kubeworld_on_reply(const struct kube_reply *reply, void *userdata);   /* struct kubeworld_answer */
void kubeworld_on_watch(const struct kube_watch_event *e, void *userdata); /* struct kubeworld_seen */

/* Fails unless the answer is the expected one. */
void kubeworld_expect(const struct kubeworld_answer *a, enum kube_result expected, const char *call);

/* Runs one call and expects its result in *a. The arguments may come from the last answer. */
#define CALL(w, a, expected, function, ...)                                                                            \
        do {                                                                                                           \
                struct kubeworld_answer _a = {0};                                                                      \
                assert_int_equal(function((w)->kube, __VA_ARGS__, kubeworld_on_reply, &_a, NULL), 0);                  \
                kubeworld_wait((w), &_a.is_there);                                                                     \
                *(a) = _a;                                                                                             \
                kubeworld_expect(&_a, (expected), #function);                                                          \
        } while (0)

/* A complete Lease or Pod, and a lock that it owns. */
void kubeworld_fill_placeholder(struct placeholder_object *p, enum placeholder_kind kind, const char *ns,
                                const char *name);
void kubeworld_fill_lock(struct lock_object *l, const struct placeholder_object *owner, const char *name);
