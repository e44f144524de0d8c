/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers share: reading an input piece by piece, texts and files made of it, assertions that tell where they
 * stand, and allocations that fail on demand. Each fuzz_NAME.c defines fuzz_one() and says in its head what it asserts
 * beside "no crash". */
#pragma once

#include <errno.h>
#include <stdio.h>

#include "base/err.h"

/* One input. It is run twice: as it is, and with one allocation of ours (no library's) refused, which one follows from
 * the input; when it is replayed for coverage, with each of them refused in turn. */
void fuzz_one(const uint8_t *data, size_t size);

/* In this run an allocation was refused: what else would be certain may have failed. */
bool fuzz_starved(void);

/* … and it is not to be: what is tested ends without memory. */
void fuzz_never_starve(void);

#define fuzz_assert(condition)                                                                                         \
        do {                                                                                                           \
                if (!(condition))                                                                                      \
                        fuzz_fail(__FILE__, __LINE__, #condition);                                                     \
        } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* The rest of an input. What is taken behind its end is zero. */
struct fuzz {
        const uint8_t *p;
        size_t n;
};
uint8_t fuzz_byte(struct fuzz *f);
uint64_t fuzz_number(struct fuzz *f, size_t bytes); /* little endian, 1 to 8 bytes */
/* The text up to the next NUL or line end (which goes too), cut to fit. Returns buf. */
char *fuzz_line(struct fuzz *f, char *buf, size_t size);

/* Memory that no injected failure concerns, to free(). With size bytes exactly: who reads behind them is seen. */
void *fuzz_copy(const void *data, size_t size);
char *fuzz_text(const uint8_t *data, size_t size);

/* A file in memory with that content: its path into path[32]. Returns the descriptor, to be closed. */
int fuzz_file(const void *data, size_t size, char *path);

/* 0 and no text, or an error that says something. */
void fuzz_assert_result(int r, const struct err *err);
/* What may go to a terminal or a journal: UTF-8 in one line, no control characters, nothing that turns the direction.
 */
void fuzz_assert_plain(const char *text);
