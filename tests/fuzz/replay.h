/* SPDX-License-Identifier: Apache-2.0 */
/* Between fuzz.c and replay.c, which stands in for libFuzzer where the compiler has none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each input is run with each of its allocations refused, one after the other. */
extern bool fuzz_every;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
