/* SPDX-License-Identifier: Apache-2.0 */
/* Open watches: which events each gets, bookmarks, time limits, and the ways in which a test breaks them. The HTTP side
 * reads the bytes with watch_read(). */
#pragma once

#include <sys/types.h>

#include "call.h"
#include "store.h"
#include "timer.h"

enum watch_stall {
        WATCH_FLOWS,
        WATCH_STALLS_NOW,           /* open, and nothing ever comes */
        WATCH_STALLS_AFTER_INITIAL, /* as after a cut line: the first state, then silence, no end */
};

struct watch;

struct watches {
        struct watch *first;
        struct timers *timers;
        struct store *store;
        uint64_t bookmark_usec;   /* between bookmarks; 0: none, not even before the end */
        unsigned bookmark_spread; /* each may come so many percent early or late */
        bool no_initial_end;      /* as without the gate WatchList: nothing marks the end of the initial events */
        size_t n;
};

/* Opens a watch; wake(arg) is called when watch_read() has something new after it had nothing. Returns NULL with r
 * filled when the request itself is refused (an old resourceVersion is not: its 410 is in the stream). cut_usec: when
 * its connection is dropped; 0: not. */
struct watch *watch_new(struct watches *ws, const struct call *c, enum watch_stall stall, uint64_t cut_usec,
                        void (*wake)(void *arg), void *arg, struct reply *r);
void watch_free(struct watches *ws, struct watch *w);

enum {
        WATCH_EMPTY = 0,  /* nothing now; wake() will be called */
        WATCH_END = -1,   /* the clean end of the stream */
        WATCH_CUT = -2,   /* the connection is to be dropped */
        WATCH_RESET = -3, /* the connection is to be reset */
};
ssize_t watch_read(struct watch *w, char *buffer, size_t size);

/* A change in the store, for all watches. */
void watch_event(struct watches *ws, const struct store_event *event);

enum watch_kill {
        WATCH_KILL_END,    /* clean end */
        WATCH_KILL_CUT,    /* connection closed in the middle */
        WATCH_KILL_RESET,  /* RST */
        WATCH_KILL_EXPIRE, /* ERROR event 410, then the end */
        WATCH_KILL_STALL,  /* stays open, silent for ever */
};
/* Applies to the watches of this resource (plural), name and user; "" is any. Returns how many. */
size_t watch_kill(struct watches *ws, enum watch_kill kill, const char *plural, const char *name, const char *user);

/* A new array with one object per open watch. */
doc *watch_describe(const struct watches *ws);
