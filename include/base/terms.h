/* SPDX-License-Identifier: Apache-2.0 */
/* The words that core, guard, codecs and both ends of the guard's socket share: each is an enum here, with its text,
 * and nowhere else (tests/check_layers.sh looks). Values travel in struct permit_request and permit_reply: they never
 * change their number, new ones come last. Switches over them have no default, so that a new word is a list of compile
 * errors
 * (-Wswitch-enum). Pure. */
#pragma once

#include "base/util.h"

/* How long a lock is held: see README. */
enum tenure {
        TENURE_LIFE = 0, /* until its holder releases it, or a human fences it */
        TENURE_LEASE,    /* while its placeholder is renewed */
};
enum {
        N_TENURES = TENURE_LEASE + 1
};
#define TENURE_VALID(t) ((unsigned)(t) < N_TENURES)
/* The texts as literals, for tables. */
#define TENURE_WORD_LIFE  "life"
#define TENURE_WORD_LEASE "lease"

/* "life", "lease"; "unknown" for no such value. */
const char *tenure_to_string(enum tenure tenure);
/* Returns -EINVAL for any other text. */
int tenure_from_string(const char *s, enum tenure *ret);

/* What stands for an agent in a namespace and owns its locks. */
enum placeholder_kind {
        PLACEHOLDER_LEASE = 0,
        PLACEHOLDER_POD,
};
enum {
        N_PLACEHOLDER_KINDS = PLACEHOLDER_POD + 1
};
#define PLACEHOLDER_KIND_VALID(k) ((unsigned)(k) < N_PLACEHOLDER_KINDS)

/* "Lease", "Pod": the kind of the API object, as in ownerReferences; "unknown" for no such value. */
const char *placeholder_kind_to_string(enum placeholder_kind kind);
/* Returns -EINVAL for any other text. */
int placeholder_kind_from_string(const char *s, enum placeholder_kind *ret);

/* What leader-guard says of a unit. */
enum unit_state {
        UNIT_UNKNOWN = 0, /* the guard cannot tell (PID 1 does not answer) */
        UNIT_STOPPED,     /* confirmed: no job, inactive or failed, cgroup empty or gone */
        UNIT_STARTING,
        UNIT_RUNNING,
        UNIT_STOPPING, /* gate away, stop job or kill under way */
        UNIT_FAILED,   /* permit in force, but the unit failed or would not start; confirmed stopped */
        UNIT_FOREIGN,  /* runs (or anything of it lives) without a permit, and no stop is under way */
        UNIT_STUCK,    /* past the kill instant and still not empty (state D) */
        UNIT_ENDED,    /* permit in force, and the unit ended with success; confirmed stopped. It may start again */
};
enum {
        N_UNIT_STATES = UNIT_ENDED + 1
};

/* One word, lower case; "invalid" for no such value. */
const char *unit_state_to_string(enum unit_state s);
/* Returns -EINVAL for any other text. */
int unit_state_from_string(const char *s, enum unit_state *ret);

/* What leader-guard answers to a request. */
enum guard_result {
        GUARD_OK = 0,
        GUARD_REFUSED_REVOKED,  /* this lock uid was revoked (or its first instant was over): never again */
        GUARD_REFUSED_BUSY,     /* another permit is in force or its stop is not confirmed */
        GUARD_REFUSED_OVERDUE,  /* the first instant is already over: nothing was started, and this uid never again */
        GUARD_REFUSED_ENROLL,   /* what is in force for the unit is not what enrol wrote */
        GUARD_REFUSED_UNIT,     /* no such unit, masked, bad unit file */
        GUARD_REFUSED_FOREIGN,  /* something of the unit runs that is to end first: leftovers, a revoke waits for it, or
                                   its stop hangs */
        GUARD_REFUSED_REQUEST,  /* malformed, or the same uid with another tenure */
        GUARD_REFUSED_INTERNAL, /* the guard could not write its files or reach PID 1; nothing was started */
        GUARD_REFUSED_AGENT,    /* to a whole agent, not to a request: another one is connected */
};
enum {
        N_GUARD_RESULTS = GUARD_REFUSED_AGENT + 1
};

/* One word: "ok", "busy" …; "invalid" for no such value. */
const char *guard_result_to_string(enum guard_result r);
/* Returns -EINVAL for any other text. */
int guard_result_from_string(const char *s, enum guard_result *ret);
/* The same for a human: "ok", "refused: …". */
const char *guard_result_explain(enum guard_result r);
