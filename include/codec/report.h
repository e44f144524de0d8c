/* SPDX-License-Identifier: Apache-2.0 */
/* The status document that Status() on the bus returns: plain data to JSON. leaderctl-status(1) prints it. */
#pragma once

#include "base/err.h"

struct report_lock {
        const char *lock; /* NAMESPACE/NAME */
        const char *unit;
        const char *tenure;
        const char *role; /* starting, candidate, leader, … */
        const char *unit_state;
        const char *holder; /* host, empty: nobody */
        const char *holder_identity;
        const char *since; /* RFC 3339, of the role */
        const char *term;
        const char *lock_uid;
        const char *reason;
        const char *next;
        const char *valid_until; /* RFC 3339, lease tenure */
};

struct report_right {
        const char *namespace_;
        const char *what;  /* "patch and delete of configmaps/app" */
        const char *means; /* "the lock could not be released" */
        const char *rule;  /* to add to the Role, in YAML */
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
        const struct report_lock *locks;
        size_t n_locks;
};

/* *ret is a string to free(). -ENOMEM. */
int report_build(const struct report *r, char **ret);
