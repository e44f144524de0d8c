/* SPDX-License-Identifier: Apache-2.0 */
/* Which lock uids are permitted no more. Of a uid that had a permit that is on disk, for as long as the host is up; of
 * one that never had any, in memory: whoever invents uids writes nothing. ARCHITECTURE 5, claim 4. */
#pragma once

#include "guard/guard_state.h"

/* Counts what is on disk. Returns 0 or negative errno. */
int guard_uids_open(struct guard *g);

/* The uid of a permit, on disk. Returns 0 or negative errno: then nothing has changed. */
int guard_uids_record(struct guard *g, const char *uid);

/* A uid that never had a permit, until this guard ends, or GUARD_REFUSED_MAX others came after it. What is forgotten
 * then costs nothing but the first of two belts: a lock that is marked for deletion is not led again anyway. */
void guard_uids_refuse(struct guard *g, const char *uid);

/* 1: either of these; 0: neither; negative errno: the disk does not tell. */
int guard_uids_refused(const struct guard *g, const char *uid);

/* So many are on disk that nothing more is permitted; every permit that is in force can still be recorded. text: why,
 * and the cure. */
bool guard_uids_full(struct guard *g, char *text, size_t size);
