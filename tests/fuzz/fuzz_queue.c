/* SPDX-License-Identifier: Apache-2.0 */
/* What waits between agent and guard: any packets in, some taken out in between, against a list of all that was put
 * in. No revoke and no final answer is lost or passed, no permit outlives or overtakes a revoke of its uid, of each
 * kind the newest comes out. Two bytes are a step. */
#include "codec/permit_queue.h"
#include "fuzz.h"

#define STEPS 60

struct packet {
        uint8_t type, unit, uid, final, judge;
        uint64_t seq;
};

static struct packet put[STEPS];
static unsigned n_put;

static uint64_t last_of_unit[4], last_of_uid[4];

/* About one unit or one lock uid packets come out in the order in which they went in (answers: about one unit). */
static void taken(uint64_t seq, bool replies) {
        const struct packet *p = &put[seq - 1];

        fuzz_assert(seq >= 1 && seq <= n_put);
        fuzz_assert(last_of_unit[p->unit] < seq && (replies || last_of_uid[p->uid] < seq));
        last_of_unit[p->unit] = last_of_uid[p->uid] = seq;
        for (unsigned i = 0; !replies && p->type == PERMIT_PERMIT && i < n_put; i++)
                fuzz_assert(put[i].type != PERMIT_REVOKE || put[i].uid != p->uid || put[i].seq < seq);
}

static uint64_t pop(struct permit_queue *q, bool replies) {
        uint64_t seq;

        if (replies)
                seq = permit_queue_next_reply(q) ? permit_queue_next_reply(q)->seq : 0;
        else
                seq = permit_queue_next_request(q) ? permit_queue_next_request(q)->seq : 0;
        permit_queue_pop(q);
        return seq;
}

static int push(struct permit_queue *q, const struct packet *p, bool replies) {
        struct permit_request request = {.type = p->type, .seq = p->seq, .judge = p->judge};
        struct permit_reply reply = {.request_type = p->type, .seq = p->seq, .final = p->final};

        (void)snprintf(request.unit, sizeof(request.unit), "u%u.service", p->unit);
        (void)snprintf(request.lock_uid, sizeof(request.lock_uid), "uid-%u", p->uid);
        (void)util_copy(reply.unit, sizeof(reply.unit), request.unit);
        (void)util_copy(reply.lock_uid, sizeof(reply.lock_uid), request.lock_uid);
        return replies ? permit_queue_reply(q, &reply) : permit_queue_request(q, &request);
}

static void drain(struct permit_queue *q, bool replies, bool *out, unsigned max) {
        uint64_t seq;

        while (max-- > 0 && (seq = pop(q, replies))) {
                fuzz_assert(!out[seq - 1]);
                out[seq - 1] = true;
                taken(seq, replies);
        }
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        bool replies = fuzz_byte(&f) & 1, out[STEPS] = {};
        struct permit_queue q = {};

        n_put = 0;
        memset(last_of_unit, 0, sizeof(last_of_unit));
        memset(last_of_uid, 0, sizeof(last_of_uid));
        while (f.n > 0 && n_put < STEPS) {
                uint8_t a = fuzz_byte(&f), b = fuzz_byte(&f);
                struct packet p = {.type = (uint8_t)(1 + a % 4),
                                   .unit = a >> 2 & 3,
                                   .uid = a >> 4 & 3,
                                   .final = a >> 6 & 1 && a % 4 + 1 == PERMIT_REVOKE,
                                   .judge = a >> 7};

                if (b % 4 == 3) {
                        drain(&q, replies, out, b >> 2);
                        continue;
                }
                p.seq = n_put + 1;
                put[n_put] = p;
                if (push(&q, &p, replies) < 0) {
                        fuzz_assert(fuzz_starved());
                        break;
                }
                n_put++;
        }
        drain(&q, replies, out, STEPS);
        fuzz_assert(fuzz_starved() || q.n == 0);
        for (unsigned i = 0; i < n_put; i++)
                fuzz_assert(out[i] || !(replies ? put[i].final : put[i].type == PERMIT_REVOKE));
        for (unsigned i = 0; i < n_put; i++) {
                bool newer = false;

                for (unsigned k = i + 1; k < n_put; k++)
                        newer = newer || (put[k].uid == put[i].uid &&
                                          (put[k].unit == put[i].unit || put[k].type == PERMIT_REVOKE));
                fuzz_assert(out[i] || newer);
        }
        permit_queue_clear(&q);
        fuzz_assert(q.n == 0 && !q.first && !q.last);
}
