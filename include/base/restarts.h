/* SPDX-License-Identifier: Apache-2.0 */
/* How often systemd's own Restart= has restarted a unit within an interval, counted as systemd counts for
 * StartLimitIntervalSec= (systemd.unit(5)): an interval begins with the first restart after the last one was over.
 * Pure.
 */
#pragma once

#include "base/util.h"

/* Zeroed: nothing known. */
struct restarts {
        uint64_t since_usec; /* when the interval began; 0: none has */
        uint32_t total;      /* systemd's count when it was last told, which begins anew with each start by somebody */
        uint16_t within;     /* in this interval; stays at UINT16_MAX */
        bool known;          /* total was told: what was before that is nobody's concern */
};

/* Takes systemd's count (NRestarts=) as of now_usec. */
void restarts_note(struct restarts *r, uint32_t total, uint64_t interval_usec, uint64_t now_usec);

/* There were more than `limit` in the interval. A limit of 0 is none. */
bool restarts_over(const struct restarts *r, uint32_t limit);
