/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for room in the socket between agent and guard, and what of it a newer packet makes superfluous.
 * ARCHITECTURE 5, claim 4: no permit overtakes or outlives a revoke in here. */
#include <errno.h>
#include <stdlib.h>

#include "codec/permit_queue.h"

struct permit_queue_item {
        struct permit_queue_item *next, *previous;
        union {
                struct permit_request request;
                struct permit_reply reply;
        };
};

enum relation {
        UNRELATED,
        RELATED, /* about the same unit or lock uid: neither passes the other */
        SUPERSEDED,
};

typedef enum relation (*relation_fn)(const struct permit_queue_item *waiting, const struct permit_queue_item *newer);

static enum relation request_relation(const struct permit_queue_item *waiting, const struct permit_queue_item *newer) {
        const struct permit_request *w = &waiting->request, *r = &newer->request;
        bool unit = util_streq(w->unit, r->unit), uid = util_streq(w->lock_uid, r->lock_uid);

        if (w->type == PERMIT_PERMIT && r->type == PERMIT_REVOKE && uid)
                return SUPERSEDED;
        if (w->type == r->type && w->type != PERMIT_REVOKE && unit && uid &&
            !(w->type == PERMIT_QUERY && w->judge && !r->judge)) /* (which says more) */
                return SUPERSEDED;
        return unit || (uid && w->lock_uid[0]) ? RELATED : UNRELATED;
}

static enum relation reply_relation(const struct permit_queue_item *waiting, const struct permit_queue_item *newer) {
        const struct permit_reply *w = &waiting->reply, *r = &newer->reply;

        if (!util_streq(w->unit, r->unit))
                return UNRELATED;
        if (w->request_type == r->request_type && util_streq(w->lock_uid, r->lock_uid) && !w->final && !r->final)
                return SUPERSEDED;
        return RELATED;
}

/* Behind `previous`, NULL: first. */
static void insert(struct permit_queue *q, struct permit_queue_item *item, struct permit_queue_item *previous) {
        item->previous = previous;
        item->next = previous ? previous->next : q->first;
        *(item->next ? &item->next->previous : &q->last) = item;
        *(previous ? &previous->next : &q->first) = item;
        q->n++;
}

static void drop(struct permit_queue *q, struct permit_queue_item *item) {
        *(item->next ? &item->next->previous : &q->last) = item->previous;
        *(item->previous ? &item->previous->next : &q->first) = item->next;
        q->n--;
        free(item);
}

static int put(struct permit_queue *q, struct permit_queue_item *item, relation_fn relation) {
        struct permit_queue_item *place = q->last, *before;
        bool passed = false;

        for (struct permit_queue_item *w = q->last; w; w = before) {
                enum relation is = relation(w, item);

                before = w->previous;
                if (is == SUPERSEDED) {
                        if (w == place || !passed)
                                place = w->previous;
                        drop(q, w);
                }
                /* Once in an older one's place, it stands where it stands. */
                passed = passed || is != UNRELATED;
        }
        if (q->n >= PERMIT_QUEUE_MAX)
                return -ENOBUFS;
        insert(q, item, place);
        return 0;
}

static int put_copy(struct permit_queue *q, const struct permit_queue_item *copy, relation_fn relation) {
        struct permit_queue_item *item = malloc(sizeof(*item));
        int r;

        if (!item)
                return -ENOMEM;
        *item = *copy;
        r = put(q, item, relation);
        if (r < 0)
                free(item);
        return r;
}

int permit_queue_request(struct permit_queue *q, const struct permit_request *request) {
        return put_copy(q, &(struct permit_queue_item){.request = *request}, request_relation);
}

int permit_queue_reply(struct permit_queue *q, const struct permit_reply *reply) {
        return put_copy(q, &(struct permit_queue_item){.reply = *reply}, reply_relation);
}

struct permit_request *permit_queue_next_request(struct permit_queue *q) {
        return q->first ? &q->first->request : NULL;
}

struct permit_reply *permit_queue_next_reply(struct permit_queue *q) {
        return q->first ? &q->first->reply : NULL;
}

void permit_queue_pop(struct permit_queue *q) {
        if (q->first)
                drop(q, q->first);
}

void permit_queue_clear(struct permit_queue *q) {
        while (q->first)
                drop(q, q->first);
}
