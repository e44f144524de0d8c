/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks and their text. Deadlines are CLOCK_BOOTTIME (counts while the host sleeps, never set by anybody);
 * the wall clock is only ever shown or recorded, never compared with. */
#pragma once

#include <stdint.h>

/* Room for "2030-01-02T03:04:05.678901Z" and the final zero. */
#define CLOCK_TEXT_SIZE 32

/* Room for a boot id in its UUID form, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", and the final zero. */
#define CLOCK_BOOT_ID_SIZE 37

/* Microseconds of CLOCK_BOOTTIME, read now. Cannot fail. */
uint64_t clock_boottime_usec(void);

/* Microseconds since 1970, read now. Cannot fail. */
uint64_t clock_realtime_usec(void);

/* The wall-clock instant (microseconds since 1970) as RFC 3339 in UTC with microseconds: Kubernetes' MicroTime.
 * Writes at most CLOCK_TEXT_SIZE bytes into buf and returns buf. */
const char *clock_format_utc(uint64_t realtime_usec, char *buf);

/* What the wall will show at a boot-time instant, as "15:04:05" local time, for STATUS lines; "never" for
 * USEC_INFINITY. Only as good as the wall clock is now. Writes at most CLOCK_TEXT_SIZE bytes, returns buf. */
const char *clock_format_boottime(uint64_t at_usec, char *buf);

/* This boot's id into ret[CLOCK_BOOT_ID_SIZE]. Returns 0, or the negative errno of reading it. */
int clock_boot_id(char *ret);
