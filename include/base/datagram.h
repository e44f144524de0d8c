/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to PID 1 and journald that are sent now or lost. ARCHITECTURE 5, claim 6. */
#pragma once

#include "base/util.h"

/* Sends one datagram to the Unix socket at path ('@': abstract), through a socket that the process keeps for that
 * receiver, and never waits: when the receiver's queue is full (PID 1 or journald hangs) the datagram is lost. The
 * libraries' own calls would sleep there, and with them the deadlines of a lease. Returns 0; -EAGAIN the queue is full;
 * other errno. */
int datagram_send(const char *path, const void *data, size_t n);
