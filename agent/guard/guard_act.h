/* SPDX-License-Identifier: Apache-2.0 */
/* The hands of a step: files, gate, jobs, control group, replies. What PID 1 answers is posted into the unit's inbox.
 * Nothing here steps. ARCHITECTURE 5, claim 1. */
#pragma once

#include "guard/guard_state.h"

/* One step under way. */
struct guard_performance {
        const struct permit_request *request; /* the one in hand, or NULL */
        struct guard_list *list;              /* that it is about; NULL: about the unit alone */
        bool answered;                        /* it is */
        uint32_t failed;                      /* set of 1 << enum supervise_action_type */
};

/* Performs one action; before: the state that the step began in. A file that fails is noted in p->failed. */
void guard_act(struct guard_unit *u, const struct supervise_action *a, struct guard_performance *p,
               enum supervise_state before);

/* Asks PID 1 about the unit that has waited longest for that, unless an answer is outstanding: PID 1 runs no job while
 * there is a question to answer, and with many units there always would be one. Returns true when there will be no
 * answer (not connected), for any that waits, and that was posted. */
bool guard_act_look(struct guard *g);

/* cgroup.kill wherever the unit may be. Needs no PID 1. */
void guard_act_kill(struct guard_unit *u);
