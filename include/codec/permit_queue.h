/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for room in the socket between agent and guard, at either end: packets in order, of which a newer one
 * makes some older ones superfluous. Bytes only; who sends, and what a full queue means, is the caller's. ARCHITECTURE
 * 5, claims 4 and 6.
 *
 * What is taken out is what was put in, in that order, less what was superseded; and a newer packet may come in place
 * of the one that it supersedes when none about the same unit or lock uid was between the two. Superseded are:
 *   - a QUERY or an EVICT by another for the same unit and lock uid (one that says what to judge by, only by such), a
 *     PERMIT by another for the same (its instants are newer);
 *   - a PERMIT by a REVOKE of its lock uid, never the other way round; a REVOKE by nothing;
 *   - a reply by another for the same request type, unit and lock uid; a push by another for the same unit. A final
 *     answer to a REVOKE by nothing, and it supersedes nothing. */
#pragma once

#include "codec/permit.h"

/* Enough for each of a guard's units to wait with a query, a permit, a revoke and more: reached only when the other end
 * does not read and is told ever new things. */
#define PERMIT_QUEUE_MAX 4096

struct permit_queue {
        struct permit_queue_item *first, *last;
        size_t n;
};

/* Put a copy in. Return 0; -ENOBUFS there are PERMIT_QUEUE_MAX, -ENOMEM: then nothing has changed. */
int permit_queue_request(struct permit_queue *q, const struct permit_request *request);
int permit_queue_reply(struct permit_queue *q, const struct permit_reply *reply);

/* The oldest, NULL: none. It is the queue's, and may be written to. A queue holds requests or replies, never both. */
struct permit_request *permit_queue_next_request(struct permit_queue *q);
struct permit_reply *permit_queue_next_reply(struct permit_queue *q);

/* Drops the oldest: it was sent. */
void permit_queue_pop(struct permit_queue *q);

/* Drops all: the connection is gone, and what was said on it with it. */
void permit_queue_clear(struct permit_queue *q);
