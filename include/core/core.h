/* SPDX-License-Identifier: Apache-2.0 */
/* All elections and placeholders of one agent: routes events, carries wishes and views between them, tells whose turn
 * is next. Rules of every step in the core: it reads no clock (now_usec, CLOCK_BOOTTIME, comes with the event and never
 * goes back), does no I/O, allocates nothing and cannot fail; the caller performs the returned actions in order before
 * the next step, and turns their results into events. */
#pragma once

#include "core/election.h"

struct core_lock {
        struct election election;
        struct election_conf conf;
        size_t placeholder[N_TENURES]; /* index of the placeholder that a term of this tenure uses */
        bool due;
};

struct core_placeholder {
        struct placeholder placeholder;
        struct placeholder_conf conf;
        bool due;
};

/* The arrays belong to the caller. */
struct core {
        struct core_lock *locks;
        size_t n_locks;
        struct core_placeholder *placeholders;
        size_t n_placeholders;
        bool removing; /* the agent stops for good: take the placeholders away once no lock names them */
};

enum core_turn {
        CORE_TURN_NONE,
        CORE_TURN_LOCK,
        CORE_TURN_PLACEHOLDER,
};

struct election_actions core_lock_step(struct core *core, size_t i, const struct election_event *ev);
/* ev->wish is filled in here. */
struct placeholder_action core_placeholder_step(struct core *core, size_t i, struct placeholder_event *ev);
/* Whose turn it is at `now`: what changed or fell due. Call until it returns CORE_TURN_NONE, stepping the one it names
 * with a GO event. */
enum core_turn core_next(const struct core *core, uint64_t now_usec, size_t *ret_index);
/* The next instant at which core_next() has work. */
uint64_t core_deadline(const struct core *core);
/* What the elections together want of placeholder p now. */
struct placeholder_wish core_wish(const struct core *core, size_t p);
/* Every lock's invariant. */
bool core_invariant(const struct core *core);
