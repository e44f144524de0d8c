/* SPDX-License-Identifier: Apache-2.0 */
/* The event stream of a watch: bytes in pieces of any size to events, one JSON document per line. No I/O. */
#pragma once

#include "base/err.h"
#include "codec/status.h"

struct json_object;

#define WATCH_LINE_MAX ((size_t)2 * 1024 * 1024)

/* Cuts a stream into lines. Zero it before the first use; after each piece take out all lines. */
struct watch_splitter {
        char *buffer;
        size_t size; /* bytes in the buffer */
        size_t allocated;
        size_t begin;    /* first byte of the current line */
        size_t searched; /* no newline before this one: each byte is looked at once */
        size_t line_max; /* 0: WATCH_LINE_MAX */
};

/* Adds a piece. Returns -ENOMEM, -EMSGSIZE when the unfinished line is already longer than line_max (the stream is then
 * of no use any more).
 * Invalidates the line returned last. */
int watch_splitter_push(struct watch_splitter *s, const char *data, size_t n);
/* Returns true and the next complete line (without its end; empty lines are skipped), NUL-terminated, valid until the
 * next call; false when there is none yet. */
bool watch_splitter_next(struct watch_splitter *s, char **ret_line, size_t *ret_n);
/* Whether a line has begun and is not finished: a stream that ends so was cut off. */
bool watch_splitter_is_partial(const struct watch_splitter *s);
void watch_splitter_done(struct watch_splitter *s);

enum watch_event_type {
        WATCH_EVENT_ADDED = 0,
        WATCH_EVENT_MODIFIED,
        WATCH_EVENT_DELETED,
        WATCH_EVENT_BOOKMARK,
        WATCH_EVENT_ERROR,
};

struct watch_event {
        enum watch_event_type type;
        struct json_object *object; /* owned; see watch_event_done() */
        bool is_initial_end;        /* BOOKMARK: what existed at the start has been told now */
        struct status status;       /* ERROR */
};

/* Reads one line. Returns -EBADMSG with err set for anything that is not a watch event, -ENOMEM. */
int watch_event_parse(const char *line, size_t n, struct watch_event *ret, struct err *err);
void watch_event_done(struct watch_event *e);
