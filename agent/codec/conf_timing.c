/* SPDX-License-Identifier: Apache-2.0 */
/* From the keys of a lock to the timing of its lease. ARCHITECTURE 5, claim 5: the arithmetic itself is
 * base/timing.h's. */
#include "codec/conf.h"

struct timing_lease conf_timing(const struct conf_lock *l) {
        return (struct timing_lease){
                .duration_usec = l->lease_duration_usec,
                .renew_deadline_usec = l->renew_deadline_usec,
                .stop_timeout_usec = l->stop_timeout_usec,
                .kill_margin_usec = l->kill_margin_usec,
                .rate_permille = TIMING_RATE_PERMILLE,
        };
}
