/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind the door: for core.c, core_view.c and the replay of traces, and for tests that build a core in a given
 * state. Not for the shells. */
#pragma once

#include "core/core.h"
#include "core/election.h"

struct core_lock {
        struct election election;
        struct election_conf conf;
        size_t placeholder[N_TENURES]; /* index of the one that a term of this tenure uses */
        bool due;
};

struct core_placeholder {
        struct placeholder placeholder;
        struct placeholder_conf conf;
        bool due;
};

/* What the elections together want of placeholder p now. */
struct placeholder_wish core_wish(const struct core *core, size_t p);
