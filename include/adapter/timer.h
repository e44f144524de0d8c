/* SPDX-License-Identifier: Apache-2.0 */
/* A timer of systemd: how often it starts what it starts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct timer_interval {
        uint64_t every_usec;  /* between two starts, at most; USEC_INFINITY: there is no next one; 0: not known */
        uint64_t random_usec; /* by so much the later one may be later: at random, or for systemd's ease */
};

/* Asks PID 1 for the settings in force, drop-ins included, whether the timer runs or not. False: PID 1 does not answer,
 * or has no such timer. Waits for PID 1, at most 5 s for each of its answers. */
bool timer_read(const char *unit, struct timer_interval *ret);
