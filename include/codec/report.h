/* SPDX-License-Identifier: Apache-2.0 */
/* The status document that Status() on the bus returns: plain data to JSON. What each field means to its readers says
 * leaderctl(1); `leaderctl list --json` has the same names. */
#pragma once

#include "base/err.h"

/* Of both documents. Fields may be added to a format; one that goes, or comes to mean something else, makes another. */
#define REPORT_FORMAT 1

struct report_lock {
        const char *lock; /* NAMESPACE/NAME */
        const char *unit;
        const char *tenure;
        const char *next_tenure; /* empty: the same */
        const char *role;        /* starting, candidate, leader, … */
        const char *unit_state;
        unsigned unit_restarts; /* by its own Restart= since it was started, under the permit in force */
        const char *holder;     /* host, empty: nobody */
        const char *holder_identity;
        const char *since;    /* RFC 3339, of the role */
        const char *acquired; /* RFC 3339, when the holder took the lock */
        const char *term;
        const char *lock_uid;
        const char *reason;
        const char *next;
        const char *valid_until;    /* RFC 3339, lease tenure */
        const char *last_heartbeat; /* RFC 3339, of another host that holds it, by its clock */
};

struct report_right {
        const char *namespace_;
        const char *what;  /* "patch and delete of configmaps/app" */
        const char *means; /* "the lock could not be released" */
        const char *rule;  /* to add to the Role, in YAML */
};

/* Kinds that leaderctl knows: their own lines need not repeat them. All: agent_trouble_to_string(), leaderctl(1). */
#define REPORT_API_UNREACHABLE "api-unreachable"
#define REPORT_SECOND_AGENT    "second-agent"
#define REPORT_GUARD_AWAY      "guard-away"

/* What stands between the agent and its work. */
struct report_trouble {
        const char *kind;
        const char *since; /* RFC 3339, empty: not known */
        const char *text;  /* as STATUS= has it */
};

struct report {
        const char *version;
        const char *identity;
        const char *server;
        const char *last_contact; /* RFC 3339, empty: none yet */
        const char *api_error;
        const struct report_right *missing_rights; /* left out when there are none */
        size_t n_missing_rights;
        bool guard_connected;
        const char *guard_error;
        unsigned guard_breaks; /* how often its connection was lost, since the agent began */
        const struct report_trouble *troubles;
        size_t n_troubles;
        const struct report_lock *locks;
        size_t n_locks;
};

/* *ret is a string to free(). -ENOMEM. */
int report_build(const struct report *r, char **ret);
