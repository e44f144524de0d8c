/* SPDX-License-Identifier: Apache-2.0 */
/* Between election.c and its parts (what to do: election_step.h), election_absorb.c (what an event taught),
 * election_view.c (what others may know), election_term.c (whose lock it is) and their tests. Not for the shells. */
#pragma once

#include "core/election.h"

/* Takes the event into the struct; decides nothing. */
void election_absorb(struct election *e, const struct election_conf *c, const struct election_event *ev);
/* The lock was read or seen at all. */
static inline bool election_knows(const struct election *e) {
        return e->lock.source != LOCK_SOURCE_NONE;
}

/* The lock is ours to lead under: our claim, sound, and (lease) of this boot. */
bool election_own(const struct election *e);
/* The lock is held by somebody else (as far as it was read), and this says so beyond doubt. */
bool election_held_elsewhere(const struct election *e);
/* What has become of the record of the lock that is there: enum record_change. */
uint8_t election_record_change(const struct election *e);
/* The lock names a living object that is no placeholder of its holder: a human has written that lock. */
bool election_strange_holder(const struct election *e);
/* How long the holder of this (lease) lock must have been silent, on our clock: the longest duration that was ever seen
 * for it. */
uint64_t election_silence_usec(const struct election *e, const struct election_conf *c);
/* A compare-and-swap ended the holder's placeholder at this version, for this election or one beside it. */
void election_swapped(struct election *e, uint64_t version);
