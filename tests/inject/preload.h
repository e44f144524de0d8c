/* SPDX-License-Identifier: Apache-2.0 */
/* What the interposed calls of preload_*.c ask. */
#pragma once

#include "plan.h"

/* Counts a call that returns to `from`. Positive: the errno with which it fails instead of being made. */
int preload_fails(enum plan_kind kind, const void *from, const int *errors, unsigned n_errors);
/* The function that this library stands before. */
void *preload_next(void **cache, const char *name);

#define FAILS(kind, ...)                                                                                               \
        ({                                                                                                             \
                static const int errors_[] = {__VA_ARGS__};                                                            \
                preload_fails(kind, __builtin_return_address(0), errors_, sizeof(errors_) / sizeof(*errors_));         \
        })
#define NEXT(name)                                                                                                     \
        ({                                                                                                             \
                static void *cache_;                                                                                   \
                (typeof(&name))preload_next(&cache_, #name);                                                           \
        })
