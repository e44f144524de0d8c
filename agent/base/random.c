/* SPDX-License-Identifier: Apache-2.0 */
/* Two needs, two calls: what must be unique fails rather than repeat, what only spreads never fails. */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/random.h"

int random_hex(char *ret, size_t n) {
        uint8_t bytes[64];
        ssize_t got;

        if (n > sizeof(bytes))
                return -EINVAL;
        got = getrandom(bytes, n, 0);
        if (got != (ssize_t)n)
                return got < 0 ? -errno : -EIO;
        for (size_t i = 0; i < n; i++)
                (void)snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

uint32_t random_spread(void) {
        uint32_t x = 0;

        if (getrandom(&x, sizeof(x), GRND_NONBLOCK) != sizeof(x))
                x = (uint32_t)clock_boottime_usec();
        return x;
}

uint64_t random_below(uint64_t bound) {
        return bound > 0 ? ((uint64_t)random_spread() << 32 | random_spread()) % bound : 0;
}
