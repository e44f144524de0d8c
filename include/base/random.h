/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: the only reader of the kernel's. */
#pragma once

#include "base/util.h"

/* For names that must never repeat (claims, nonces): `n` bytes as 2 n hexadecimal digits and the final zero. Waits,
 * early in a boot, until the kernel has enough. Returns 0, or the negative errno of the kernel. */
int random_hex(char *ret, size_t n);

/* For spreading retries in time: never waits and never fails; the clock must do when the kernel has nothing better. */
uint32_t random_spread(void);
/* 0 … bound - 1, spread; 0 for bound 0. */
uint64_t random_below(uint64_t bound);
