/* SPDX-License-Identifier: Apache-2.0 */
/* Allocators that fail on demand, for a test program that is linked with --wrap for each (Makefile): the fail_at'th
 * call since calls was 0 fails; 0: none. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static unsigned calls, fail_at;

static bool fails(void) {
        return ++calls == fail_at;
}

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);

void *__wrap_calloc(size_t n, size_t size) {
        return fails() ? NULL : __real_calloc(n, size);
}
void *__wrap_malloc(size_t size) {
        return fails() ? NULL : __real_malloc(size);
}
void *__wrap_realloc(void *p, size_t size) {
        return fails() ? NULL : __real_realloc(p, size);
}
void *__wrap_reallocarray(void *p, size_t n, size_t size) {
        return fails() ? NULL : __real_reallocarray(p, n, size);
}
char *__wrap_strdup(const char *s) {
        return fails() ? NULL : __real_strdup(s);
}
