/* SPDX-License-Identifier: Apache-2.0 */
/* A placeholder of ours in a given state, for its unit tables: the same instants and tokens in all of them. */
#pragma once

#include "../lib/core_builder.h"

enum {
        UID = 11,
        OTHER_UID = 12,
        VERSION = 5,
};
#define NOW (1000 * SEC)

static inline struct placeholder_fact own(void) {
        return (struct placeholder_fact){.uid = UID,
                                         .version = VERSION,
                                         .duration_usec = 15 * SEC,
                                         .present = true,
                                         .genuine = true,
                                         .claimed = true,
                                         .same_boot = true,
                                         .own_write = true};
}

static inline struct placeholder in_state(uint8_t state) {
        struct placeholder h;

        placeholder_init(&h);
        h.state = state;
        if (state == PLACEHOLDER_UNREAD)
                return h;
        h.unread = false;
        h.looked_at_usec = NOW - SEC;
        if (state == PLACEHOLDER_ABSENT)
                return h;
        h.uid = state == PLACEHOLDER_TAKEN ? OTHER_UID : UID;
        h.version = VERSION;
        if (state == PLACEHOLDER_LIVE)
                h.proven_at_usec = h.renewed_at_usec = NOW - SEC;
        if (state == PLACEHOLDER_TAKEN)
                h.seen_at_usec = NOW - SEC;
        return h;
}
