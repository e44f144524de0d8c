/* SPDX-License-Identifier: Apache-2.0 */
/* Small things that every module uses: scope cleanup, string and time helpers. Knows no module. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USEC_PER_SEC  ((uint64_t)1000000)
#define USEC_PER_MSEC ((uint64_t)1000)
/* An instant that never comes. */
#define USEC_INFINITY UINT64_MAX

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))

/* Runs f(&variable) when the scope ends. */
#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(util_freep)
/* For file descriptors; start at -1. */
#define _cleanup_close_    _cleanup_(util_closep)
#define _printf_(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define _unused_           __attribute__((unused))

/* Defines `NAMEp()` for _cleanup_(NAMEp) from a destructor that accepts NULL. */
#define DEFINE_CLEANUP(type, func)                                                                                     \
        static inline void func##p(type *p) { /* NOLINT(bugprone-macro-parentheses): a type, not a value */            \
                if (*p)                                                                                                \
                        func(*p);                                                                                      \
        }

/* Hands ownership out of a cleanup variable. */
#define TAKE_PTR(p)                                                                                                    \
        ({                                                                                                             \
                __typeof__(p) *_pp = &(p);                                                                             \
                __typeof__(p) _v = *_pp;                                                                               \
                *_pp = NULL;                                                                                           \
                _v;                                                                                                    \
        })
#define TAKE_FD(fd)                                                                                                    \
        ({                                                                                                             \
                int *_fp = &(fd);                                                                                      \
                int _f = *_fp;                                                                                         \
                *_fp = -1;                                                                                             \
                _f;                                                                                                    \
        })

static inline void util_freep(void *p) {
        free(*(void **)p);
}

static inline void util_closep(const int *fd) {
        if (*fd >= 0)
                close(*fd);
}

/* Equal strings; NULL equals only NULL. */
static inline bool util_streq(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool util_empty(const char *s) {
        return !s || !*s;
}

/* a + b that stays at USEC_INFINITY instead of wrapping. */
static inline uint64_t util_usec_add(uint64_t a, uint64_t b) {
        return a > USEC_INFINITY - b ? USEC_INFINITY : a + b;
}

/* a - b, or 0 when b is larger. */
static inline uint64_t util_usec_sub(uint64_t a, uint64_t b) {
        return a > b ? a - b : 0;
}

/* The earlier instant, the shorter duration. */
static inline uint64_t util_usec_min(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

static inline size_t util_min(size_t a, size_t b) {
        return a < b ? a : b;
}

/* Copies a string into a fixed field, always terminated. Returns false, with *dst empty, when it does not fit:
 * a cut name would be another name. */
bool util_copy(char *dst, size_t size, const char *src);

/* s as a shell takes it for one word: as it is where that needs no quotes. Returns a string to free(), NULL without
 * memory. */
char *util_shell_word(const char *s);

/* 64-bit token of an opaque string (FNV-1a), never 0; 0 stands for "none" and is returned for NULL or "". The pure core
 * compares uids, resourceVersions and claims as tokens, only for equality. */
uint64_t util_token(const char *s);
