/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a permit on disk (/run/leader-agent/permits/UNIT), so that a restarted guard goes on where it was:
 * "leader-guard permit 2", KEY=VALUE lines, and last a check line over everything before it. Instants are worth
 * something only in the boot that wrote them, so the boot id is part of it. 0.1.0 wrote "permit 1", which does not say
 * when it was given. `unit` is the list that the permit is for: each of its units has such a file. No I/O. ARCHITECTURE
 * 5, claim 6. */
#pragma once

#include "codec/permit.h"

#define PERMITFILE_MAX 2048

#define PERMITFILE_CGROUP_SIZE 512

/* How far the unit came under the permit. */
enum permitfile_course {
        PERMITFILE_NOT_STARTED = 0, /* or not known */
        PERMITFILE_WAITING,         /* it is not the guard that starts it, but another unit of its list */
        PERMITFILE_STARTED,         /* PID 1 took its start */
        PERMITFILE_ENDED,           /* it ended with success */
        PERMITFILE_FAILED,
};
struct permitfile_past {
        uint64_t begun_usec; /* CLOCK_MONOTONIC: the first permit of this term was given, or the guard started the unit
                                under it; 0: not known */
        enum permitfile_course course;
};

/* Writes the text of q (unit, lock, uid, term, identity, tenure, instants) into buf[PERMITFILE_MAX], terminated.
 * boot_id: this boot's. cgroup: the unit's control group, so that a restarted guard can kill it without PID 1; may be
 * empty. Returns the length, or -EINVAL when a field does not pass permit_request_check() or the path is not a plain
 * absolute one. */
int permitfile_format(const struct permit_request *q, const char *boot_id, const char *cgroup,
                      const struct permitfile_past *past, char *buf);

/* Reads it back. text need not be terminated. Strict: every key once, in order, nothing else, check line right, unit
 * and boot id as given (NULL: whichever; who sees another boot id than the guard, in a container, has only that /run
 * ends with the boot). ret becomes a PERMIT request that passes permit_request_check(), with seq 1; ret_cgroup has
 * PERMITFILE_CGROUP_SIZE; ret_past may be NULL. Returns 0, or -EBADMSG (truncated, damaged), -EXDEV (of another
 * boot or unit), err set. */
int permitfile_parse(struct permit_request *ret, char *ret_cgroup, struct permitfile_past *ret_past, const char *text,
                     size_t size, const char *unit, const char *boot_id, struct err *err);

/* The unit's environment (EnvironmentFile=): LEADER_TERM, LEADER_LOCK, LEADER_LOCK_UID, LEADER_IDENTITY. Into
 * buf[PERMITFILE_MAX], terminated; returns the length. */
int permitfile_environment(const struct permit_request *q, char *buf);
