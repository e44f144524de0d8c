/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by kube_watch*.c only: one watch, and what its parts ask of kube_watch_life.c. */
#pragma once

#include "adapter/kube_internal.h"
#include "codec/watch.h"

/* An err text, and what it is about. */
#define KUBE_WATCH_TEXT 1400

struct kube_watch {
        struct kube_slot slot; /* first: a slot is freed as what it is part of */
        struct kube_subject subject;
        kube_watch_cb cb;
        void *userdata;
        struct http_request *http; /* NULL: waiting for the next start */
        struct kube_slot *read;    /* NULL: none under way */
        sd_event_source *timer;    /* next start, or the end of patience with a silent stream */
        sd_event_source *defer;    /* the next line of the splitter */
        struct watch_splitter splitter;
        uint64_t started_at_usec, ends_at_usec; /* CLOCK_BOOTTIME */
        uint64_t silence_usec, length_usec;
        unsigned n_failures; /* in a row */
        unsigned n_reads;    /* in vain, in a row */
        bool has_told;       /* the state of the object was told since the stream began */
        bool is_stale;       /* the connection is not to be trusted: take a new one */
        bool is_silent;      /* the last start had no answer, or only that there can be none now */
        bool is_denied;      /* … or a 403 */
        char version[64];    /* told last; "": there was none */
};

/* ---- kube_watch_life.c ---- */

/* "watch configmap NS/NAME: WHAT" */
void kube_watch_describe(const struct kube_watch *w, char *dst, size_t size, const char *what);
/* Whether the stream worked for a while. */
bool kube_watch_was_good(const struct kube_watch *w);
/* How long the stream may be silent from now on. */
void kube_watch_be_patient(struct kube_watch *w);
/* A read under way is not needed any more. */
void kube_watch_stop_reading(struct kube_watch *w);
/* The pause after a failure; at_least_usec: what the server asked for, or 0. */
uint64_t kube_watch_next_delay(struct kube_watch *w, uint64_t at_least_usec);
/* Ends the stream, with whatever of it was not told yet, and waits. */
void kube_watch_restart_in(struct kube_watch *w, uint64_t usec);
/* The same for a stream that was good and ended in peace: no backoff. */
void kube_watch_begin_again(struct kube_watch *w);

/* Nothing may follow these that uses w: the callback may free it. version: of the object now, "": there is none. */
void kube_watch_tell(struct kube_watch *w, const char *version, const struct kube_watch_event *e);
void kube_watch_fail(struct kube_watch *w, uint64_t retry_after_usec, const char *text);
/* Reads the object, and concludes from it what became of the stream. */
void kube_watch_read(struct kube_watch *w);
