/* SPDX-License-Identifier: Apache-2.0 */
/* Revoked uids, on disk and in memory. ARCHITECTURE 5, claim 4. */
#include <stdio.h>

#include "base/timing.h"
#include "guard/guard_uids.h"

static void count(struct guard *g, int n) {
        g->uids.counted_at_usec = guard_now(g);
        if (n >= 0)
                g->uids.n_recorded = (size_t)n;
}

int guard_uids_open(struct guard *g) {
        int n = gate_count_revoked(&g->gate);

        count(g, n);
        return n < 0 ? n : 0;
}

int guard_uids_record(struct guard *g, const char *uid) {
        bool there = gate_is_revoked(&g->gate, uid) > 0;
        int r = gate_record_revoked(&g->gate, uid);

        if (r >= 0 && !there)
                g->uids.n_recorded++;
        return r;
}

void guard_uids_refuse(struct guard *g, const char *uid) {
        if (guard_uids_refused(g, uid) > 0)
                return;
        g->uids.refused[g->uids.next] = util_token(uid);
        g->uids.next = (g->uids.next + 1) % GUARD_REFUSED_MAX;
}

int guard_uids_refused(const struct guard *g, const char *uid) {
        uint64_t token = util_token(uid);

        for (size_t i = 0; i < GUARD_REFUSED_MAX; i++)
                if (g->uids.refused[i] == token)
                        return 1;
        return gate_is_revoked(&g->gate, uid);
}

bool guard_uids_full(struct guard *g, char *text, size_t size) {
        size_t max = g->options.revoked_max ? g->options.revoked_max : GUARD_RECORDED_MAX;

        if (g->uids.n_recorded < max)
                return false;
        /* Somebody may have made room. */
        if (guard_now(g) - g->uids.counted_at_usec >= TIMING_LOOK_USEC)
                count(g, gate_count_revoked(&g->gate));
        if (g->uids.n_recorded < max)
                return false;
        /* No cure that deletes some: how old a record is does not tell whether its permit file is gone, and the next
         * guard would take that up. */
        (void)snprintf(
                text, size,
                "%zu terms have ended on this host since its boot, and leader-guard keeps the uids of no more "
                "(%.100s/revoked): no unit gets a permit until the host is booted anew; what runs goes on; cure: "
                "reboot",
                g->uids.n_recorded, g->gate.dir);
        return true;
}
