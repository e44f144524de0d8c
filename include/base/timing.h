/* SPDX-License-Identifier: Apache-2.0 */
/* Every number and formula that "never two leaders" rests on in time: the margin for clock rates, what a lease leaves
 * its holder, how long a challenger waits, what a hung guard costs. Configuration check, --check-config, core, guard,
 * status and model call these; nobody has a number of his own (tests/check_layers.sh looks). ARCHITECTURE 5, claims 5
 * and 6. Pure; microseconds; results stay at USEC_INFINITY instead of wrapping, and at 0. */
#pragma once

#include "base/util.h"

/* Clocks of two hosts may run at rates that differ; of every second this much is nobody's. NTP slews by 500 ppm. */
#define TIMING_RATE_PERMILLE 10

/* At most WatchdogSec= of leader-guard.service: with a hung guard PID 1 begins to stop a leased unit only so much after
 * renew_deadline … */
#define TIMING_WATCHDOG_USEC (3 * USEC_PER_SEC)
/* … and by as much later as PID 1's timers are late, that of the watchdog and that of TimeoutStopSec= (250 ms each,
 * systemd's timer slack). */
#define TIMING_WATCHDOG_LATE_USEC (500 * USEC_PER_MSEC)

/* leader-guard looks at a unit at least so often, should a signal of PID 1 be lost. */
#define TIMING_LOOK_USEC (10 * USEC_PER_SEC)

/* What a stop may take when nobody said: systemd's own default. */
#define TIMING_STOP_DEFAULT_USEC (90 * USEC_PER_SEC)

/* Less than this between the begin of a stop and the kill is no stop: what configuration and guard accept at least. */
#define TIMING_STOP_MIN_USEC (100 * USEC_PER_MSEC)

/* A lease that leaves less than this for a renewal would be renewed without a pause for a unit that hardly runs. */
#define TIMING_RENEW_MIN_USEC (USEC_PER_SEC / 10)

/* What a lease of this duration may be wrong by when clock rates differ by `rate_permille`. */
uint64_t timing_rate_margin_usec(uint64_t duration_usec, uint32_t rate_permille);

/* A challenger's wait: how long the holder must have been silent, on the challenger's clock. */
uint64_t timing_silence_usec(uint64_t duration_usec, uint32_t rate_permille);

/* How much of the duration a holder may use, on its own clock. */
uint64_t timing_usable_usec(uint64_t duration_usec, uint32_t rate_permille);

/* What kill_margin of a lease must exceed. */
uint64_t timing_kill_margin_floor_usec(void);

/* One term of a lease. */
struct timing_lease {
        uint64_t duration_usec;       /* as the lock records it */
        uint64_t renew_deadline_usec; /* as configured: the holder may be stricter than the record, never laxer */
        uint64_t stop_timeout_usec;
        uint64_t kill_margin_usec;
        uint32_t rate_permille;
};

/* From the sending of the last renewal until the unit is being stopped, at most; 0 when the duration leaves nothing. */
uint64_t timing_deadline_usec(const struct timing_lease *t);

/* From the sending of the last renewal until what is left of the unit is killed, as configured. */
uint64_t timing_killed_usec(const struct timing_lease *t);

/* From the sending of the last renewal to the last process gone, whoever ends it: what must be less than
 * timing_usable_usec(). */
uint64_t timing_lasting_usec(const struct timing_lease *t);

/* The two instants of a permit that rests on a renewal sent at `proven_at_usec`: from the first on the unit is being
 * stopped, at the second what is left is killed. Returns false when the duration leaves less than TIMING_RENEW_MIN_USEC
 * to renew in. */
bool timing_instants(const struct timing_lease *t, uint64_t proven_at_usec, uint64_t *ret_stop_at_usec,
                     uint64_t *ret_kill_at_usec);

/* The longest pause of the holder's host that does no harm: its unit is stopped before anybody else may begin. */
uint64_t timing_pause_harmless_usec(const struct timing_lease *t);
