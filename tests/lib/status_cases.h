/* SPDX-License-Identifier: Apache-2.0 */
/* Situations of one host, each made by hand in a status_world: what may keep a candidate out, what a leader may meet,
 * what may stand between an agent and its work. How they are shown is the test's. */
#pragma once

#include "status_world.h"

struct status_case {
        const char *what;
        enum tenure tenure;
        uint8_t state; /* of lock prod/app before it */
        void (*begin)(struct status_world *w);
        void (*end)(struct status_world *w); /* NULL: the lock and its unit become what they were */
};

/* Each ends with {}. */
extern const struct status_case status_candidates[], status_leaders[], status_rights[], status_credentials[],
        status_namespaces[], status_troubles[];

/* Makes a host with lock prod/app for the case, all well. */
void status_case_fresh(struct status_world *w, const struct status_case *c);

/* Parts of cases, for a table of states with troubles. */
void status_api_silent(struct status_world *w);
void status_api_answers(struct status_world *w);
void status_unauthorized(struct status_world *w);
void status_throttled(struct status_world *w);
void status_no_answer(struct status_world *w); /* … for a second: not yet told as trouble */
void status_renewal(struct status_world *w, enum kube_result result, long code, const char *text);
void status_token_over(struct status_world *w);
void status_token_renewed(struct status_world *w);
void status_watch_down(struct status_world *w);
void status_guard_away(struct status_world *w);
void status_second_agent(struct status_world *w);
void status_guard_back(struct status_world *w);
void status_refused(struct status_world *w);

/* What the test's link to leader-guard says: it serves another agent. */
extern bool status_link_refused;
