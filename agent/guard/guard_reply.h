/* SPDX-License-Identifier: Apache-2.0 */
/* What is told, to the agent over its connection, to journal and STATUS. Nothing here waits, and nothing changes a
 * unit: a reply that finds the socket full is queued (codec/permit_queue.h), and a connection that is to be closed is
 * only marked (hang_up), since a step may be under way. */
#pragma once

#include "guard/guard_state.h"

/* Sends one reply to whoever is connected, when there is room. */
void guard_reply_send(struct guard *g, const struct permit_reply *reply);

/* Sends some of the replies that wait, if there is a connection and room. */
void guard_reply_flush(struct guard *g);

/* Answers one request, or adds to the answer of the list that it was about (NULL: it was about the unit); final: the
 * last answer to a revoke. */
void guard_reply(struct guard_unit *u, struct guard_list *list, uint32_t type, uint64_t seq, const char *lock_uid,
                 enum guard_result result, bool final);

/* What an answer to that says of the unit, but for seq and final. */
void guard_reply_fill(struct guard_unit *u, uint32_t type, const char *lock_uid, enum guard_result result,
                      struct permit_reply *ret);

/* The stop cannot be finished: the gate cannot be removed, or the uid not be recorded. */
bool guard_reply_stop_fails(const struct guard_unit *u);

/* Answers all requests of that type that wait. */
void guard_reply_waiting(struct guard_unit *u, uint32_t type, enum guard_result result);

/* Tells the revokes that wait, which go on waiting, and the journal that what runs of the unit is not ours to stop. */
void guard_reply_refused_stop(struct guard_unit *u, enum guard_result result);

/* Tells the agent and the journal how the unit is now, and that STATUS is to change. */
void guard_reply_push(struct guard_unit *u, enum supervise_state before);

/* What is wrong with the unit's enrolment is something else than before: into the journal, and under a permit as a
 * push.
 */
void guard_reply_problem(struct guard_unit *u);

/* Tells the agent that `unfit` has changed, or what keeps a stop from its end. */
void guard_reply_changed(struct guard_unit *u);

/* Tells STATUS. False as notify_status(). */
bool guard_status(struct guard *g);
