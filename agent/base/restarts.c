/* SPDX-License-Identifier: Apache-2.0 */
/* Counts restarts of a unit; what follows from too many is the election's. */
#include "base/restarts.h"

void restarts_note(struct restarts *r, uint32_t total, uint64_t interval_usec, uint64_t now_usec) {
        uint32_t more = r->known ? total < r->total ? total : total - r->total : 0;

        r->known = true;
        r->total = total;
        if (more == 0)
                return;
        if (r->since_usec == 0 || now_usec >= util_usec_add(r->since_usec, interval_usec)) {
                r->since_usec = now_usec;
                r->within = 0;
        }
        r->within = (uint16_t)(more > (uint32_t)(UINT16_MAX - r->within) ? UINT16_MAX : r->within + more);
}

bool restarts_over(const struct restarts *r, uint32_t limit) {
        return limit > 0 && r->within > limit;
}
