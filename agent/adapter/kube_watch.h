/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by kube_watch*.c only: one watch, and what its parts ask of kube_watch_life.c. */
#pragma once

#include "adapter/kube_internal.h"
#include "codec/watch.h"

/* An err text, and what it is about. */
#define KUBE_WATCH_TEXT 1400

/* This many streams in a row that ended at once are no accident. */
#define KUBE_WATCH_SHORT_ROW 3
/* A stream that worked for so long ended in peace: the next one starts without backoff. */
#define KUBE_WATCH_GOOD_USEC (5 * USEC_PER_SEC)
/* The first event of a stream comes at once, if any comes. */
#define KUBE_WATCH_FIRST_USEC (1 * USEC_PER_SEC)

enum kube_trouble {
        KUBE_TROUBLE_UNANSWERED = 0, /* by the server, for all that is known */
        KUBE_TROUBLE_REFUSED,        /* an answer that is no stream, or an error in one */
        KUBE_TROUBLE_GARBLED,        /* a stream that is not one of events */
        KUBE_TROUBLE_SHORT,          /* streams that end at once */
        KUBE_TROUBLE_HANGS,          /* no head of an answer, or no end */
        KUBE_TROUBLE_ALONE,          /* no answer, though others have one */
        KUBE_TROUBLE_DEAF,           /* a silent stream, and a read that does not help */
};

/* Why a watch does not work. */
struct kube_cause {
        enum kube_trouble trouble;
        long http_code;
        bool silent;
};

struct kube_watch {
        struct kube_slot slot; /* first: a slot is freed as what it is part of */
        struct kube_subject subject;
        kube_watch_cb cb;
        void *userdata;
        struct http_request *http; /* NULL: waiting for the next start */
        struct kube_slot *read;    /* NULL: none under way */
        sd_event_source *timer;    /* next start, or the end of patience with a silent stream */
        sd_event_source *defer;    /* the next line of the splitter */
        sd_event_source *poll;     /* while the watch is down: the next read instead */
        struct watch_splitter splitter;
        uint64_t started_at_usec, ends_at_usec; /* CLOCK_BOOTTIME */
        uint64_t silence_usec, length_usec;
        uint64_t quiet_at_usec; /* when the last bookmark came, with nothing since; 0: none did */
        uint64_t waits_at_usec; /* since when it leaves it to the asker to read; 0: it does not */
        unsigned n_failures;    /* in a row */
        unsigned n_reads;       /* in vain, in a row */
        unsigned n_polls;       /* the same, of those instead of a stream */
        unsigned n_short;       /* streams in a row that ended at once, up to KUBE_WATCH_SHORT_ROW */
        bool has_told;          /* the state of the object was told since the stream began */
        bool has_rhythm;        /* two bookmarks came since it began, with nothing between */
        bool is_slow;           /* but not as often as they were to, and a read found all well */
        bool is_stale;          /* the connection is not to be trusted: take a new one */
        bool is_known;          /* something was told, by whatever means */
        bool is_poll;           /* the read under way is one instead of a stream */
        bool is_down;           /* for this cause */
        bool is_unreadable;     /* and the last read instead was in vain */
        bool is_alone;          /* it had no answer, and others had: until nobody has, or it works */
        struct kube_cause cause;
        uint64_t told_at_usec; /* other than that it is down */
        char version[64];      /* told last; "": there was none */
};

/* ---- kube_watch_life.c ---- */

/* "watch configmap NS/NAME: WHAT" */
void kube_watch_describe(const struct kube_watch *w, char *dst, size_t size, const char *what);
/* Whether the stream told something and was there for a while. */
bool kube_watch_was_good(const struct kube_watch *w);
/* Whether it also stands now. */
bool kube_watch_lasts(const struct kube_watch *w);
/* Whether it stood, but for less than it was asked for, and not for long. */
bool kube_watch_is_short(const struct kube_watch *w);
/* How long the stream may be silent from now on. */
void kube_watch_be_patient(struct kube_watch *w);
/* A bookmark came, other than the one that marks the end of the initial events. */
void kube_watch_note_bookmark(struct kube_watch *w);
/* Whether bookmarks were to come, and do not. Only of a stream that is silent for too long. */
bool kube_watch_is_deaf(const struct kube_watch *w);
/* It leaves it to another one to ask, and looks again soon. */
void kube_watch_wait(struct kube_watch *w);
/* A read under way is not needed any more. */
void kube_watch_stop_reading(struct kube_watch *w);
/* Ends the stream, with whatever of it was not told yet, and waits. */
void kube_watch_restart_in(struct kube_watch *w, uint64_t usec);
/* The pause after a failure; at_least_usec: what the server asked for, or 0. */
uint64_t kube_watch_next_delay(struct kube_watch *w, uint64_t at_least_usec);

/* ---- kube_watch_poll.c ---- */

/* Creates the timer. Returns -errno. */
int kube_watch_poll_init(struct kube_watch *w);

/* Nothing may follow these, and those below, that uses w: the callback may free it. */

/* The watch does not work: tells it when it is news, and reads instead. */
void kube_watch_trouble(struct kube_watch *w, const struct kube_cause *cause, const char *text);
/* The same, and another stream is tried after a pause. */
void kube_watch_fail(struct kube_watch *w, const struct kube_cause *cause, uint64_t retry_after_usec, const char *text);
/* What a stream, or the read for one, has shown: the watch works again, unless streams ended at once before. */
void kube_watch_show(struct kube_watch *w, const struct kube_watch_event *e);
/* It has shown that there is nothing new. */
void kube_watch_show_nothing(struct kube_watch *w);

/* ---- kube_watch_read.c ---- */

/* The stream, which had told something, has ended; that is no trouble, unless it comes too often. */
void kube_watch_over(struct kube_watch *w);
/* version: of the object now, "": there is none. */
void kube_watch_tell(struct kube_watch *w, const char *version, const struct kube_watch_event *e);
/* The stream is silent for too long: reads the object, and concludes from it what became of the stream; but of several
 * that are silent one asks first, and where it has no answer the others go by that. */
void kube_watch_ask(struct kube_watch *w);
