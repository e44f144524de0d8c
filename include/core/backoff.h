/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "util/util.h"

/* The delay before attempt number `attempt` (1, 2, …): doubles from min to max, then spread over the upper half by the
 * random word, so that many agents do not return in step. Pure. */
uint64_t backoff_usec(unsigned attempt, uint64_t min_usec, uint64_t max_usec, uint32_t random);
