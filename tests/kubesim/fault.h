/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: rules that match requests, and what is done to those. The first matching rule is used (newest last). */
#pragma once

#include "call.h"
#include "watch.h"

enum fault_drop {
        FAULT_NO_DROP,
        FAULT_DROP_BEFORE, /* not executed, connection closed without an answer */
        FAULT_DROP_AFTER,  /* executed, connection closed without an answer */
};

struct fault_action {
        uint64_t delay_usec; /* before execution; runs even when the client is gone by then */
        uint64_t hold_usec;  /* between execution and answer */
        enum fault_drop drop;
        bool reset;             /* with drop (default before): RST instead of FIN */
        enum fault_drop hang;   /* no answer and no end of the connection, not executed / executed */
        bool honour_timeout;    /* 504 when ?timeout= is over during delay_usec; the write still lands later */
        int status;             /* answered instead of executing; 0: none */
        char *body;             /* of that answer; NULL: a Status */
        char *content_type;     /* of body; NULL: application/json */
        int retry_after;        /* seconds; 0: no such header */
        int64_t truncate;       /* the answer is cut after so many bytes of body; -1: whole */
        enum watch_stall stall; /* of watches */
        uint64_t cut_usec;      /* watches are cut after so long; 0: not */
};

struct fault {
        struct fault *next;
        uint64_t id;
        char *verb, *resource, *name, *user; /* "": any */
        int64_t count;                       /* requests left; -1: no limit */
        uint64_t hits;
        struct fault_action action;
};

struct faults {
        struct fault *first;
        uint64_t last_id;
};

/* Adds a rule from {match:{...},action:{...}}. Returns its id, or 0 with *ret_error (owned) set: an unknown key or a
 * wrong type is refused, so that a test cannot hope for a fault that never comes. */
uint64_t fault_add(struct faults *fs, doc *rule, char **ret_error);
/* Removes rule id, or all with 0. */
void fault_remove(struct faults *fs, uint64_t id);
/* A new array of all rules with their hits. */
doc *fault_describe(const struct faults *fs);
/* The action for this request (an independent copy in *ret), counting it. False: no fault. */
bool fault_match(struct faults *fs, const struct call *c, struct fault_action *ret);
void fault_action_done(struct fault_action *a);
