/* SPDX-License-Identifier: Apache-2.0 */
/* The three clocks, and their text: the only readers of time. Deadlines are CLOCK_BOOTTIME (counts while the host
 * sleeps, never set by anybody); CLOCK_MONOTONIC is for what sd-event and systemd measure with it; the wall clock is
 * only ever shown or recorded, never compared with. */
#pragma once

#include <stdint.h>

/* Room for "2030-01-02T03:04:05.678901Z" and the final zero. */
#define CLOCK_TEXT_SIZE 32

/* Microseconds, read now. Cannot fail. */
uint64_t clock_boottime_usec(void);
uint64_t clock_monotonic_usec(void);
/* Since 1970. */
uint64_t clock_realtime_usec(void);

/* The wall-clock instant (microseconds since 1970) as RFC 3339 in UTC with exactly six digits: the one form of
 * MicroTime that Kubernetes accepts. Beyond the year 9999 there is none; a clock like that is broken, and 1970 says so.
 * Writes at most CLOCK_TEXT_SIZE bytes into buf and returns buf. */
const char *clock_format_utc(uint64_t realtime_usec, char *buf);

/* The same instant for humans: local time, "15:04:05", with the date before it when that is not today's:
 * "2030-01-02 15:04:05". Writes at most CLOCK_TEXT_SIZE bytes into buf and returns buf. */
const char *clock_format_local(uint64_t realtime_usec, char *buf);

/* The instant that clock_format_utc() wrote (or RFC 3339 in UTC with fewer digits); 0: that is none. */
uint64_t clock_parse_utc(const char *text);

/* The instant of an RFC 3339 text as Go writes and reads them: with or without fractions, at any offset; not before the
 * first microsecond of 1970, which stands for all that is earlier. 0: that is none. */
uint64_t clock_parse_rfc3339(const char *text);

/* What the wall will show at a boot-time instant, as "15:04:05" local time, for STATUS lines; "never" for
 * USEC_INFINITY. Only as good as the wall clock is now. Writes at most CLOCK_TEXT_SIZE bytes, returns buf. */
const char *clock_format_boottime(uint64_t at_usec, char *buf);
