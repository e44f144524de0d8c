/* SPDX-License-Identifier: Apache-2.0 */
#include "core/backoff.h"

uint64_t backoff_usec(unsigned attempt, uint64_t min_usec, uint64_t max_usec, uint32_t random) {
        uint64_t d = min_usec;

        for (unsigned i = 1; i < attempt && d < max_usec; i++)
                d *= 2;
        if (d > max_usec)
                d = max_usec;
        return d / 2 + d / 2 * (random % 1024) / 1024;
}
