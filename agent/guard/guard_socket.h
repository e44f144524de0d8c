/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's connection: who may talk, which connection counts, what a packet asks for. The bytes of a packet are
 * codec/permit's. ARCHITECTURE 5, claim 4: what a superseded connection sent is never read. */
#pragma once

#include "guard/guard_state.h"

/* Watches the listening socket. Returns 0, or negative errno with err set. */
int guard_socket_open(struct guard *g, struct err *err);

/* Accepts whoever waits: the newest allowed one replaces the connection, unless that is another process's, which lives
 * and has said something: then it is refused, by the name of that one, and nothing changes. When nobody waits, takes
 * one packet of the connection and steps the unit it is about. Nothing to do is fine. */
void guard_socket_serve(struct guard *g);

/* Closes the connection; nobody waits for answers any more. */
void guard_socket_close(struct guard *g);
