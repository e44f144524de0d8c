/* SPDX-License-Identifier: Apache-2.0 */
/* What waits between agent and guard: order is kept, the newest state wins, no revoke is passed or lost. A row is what
 * is put in and what comes out: TYPE unit uid, for requests q(uery), j (one that says what to judge by), p(ermit),
 * r(evoke), e(vict); for replies also F(inal answer to a revoke) and s(tate pushed). The number behind is how many were
 * put in before. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/permit_queue.h"

static uint32_t type_of(char c) {
        return c == 'p'               ? PERMIT_PERMIT
               : c == 'q' || c == 'j' ? PERMIT_QUERY
               : c == 'e'             ? PERMIT_EVICT
               : c == 's'             ? 0
                                      : PERMIT_REVOKE;
}

static void put(struct permit_queue *q, const char *word, uint64_t seq, bool replies) {
        struct permit_request request = {.type = type_of(word[0]), .seq = seq, .judge = word[0] == 'j'};
        struct permit_reply reply = {.request_type = type_of(word[0]), .seq = seq, .final = word[0] == 'F'};

        (void)snprintf(request.unit, sizeof(request.unit), "%.1s", word + 1);
        (void)snprintf(request.lock_uid, sizeof(request.lock_uid), "%.1s", word[1] ? word + 2 : "");
        memcpy(reply.unit, request.unit, sizeof(reply.unit));
        memcpy(reply.lock_uid, request.lock_uid, sizeof(reply.lock_uid));
        assert_int_equal(replies ? permit_queue_reply(q, &reply) : permit_queue_request(q, &request), 0);
}

static void take(struct permit_queue *q, bool replies, char *buf, size_t size) {
        size_t n = 0;

        for (buf[0] = '\0'; q->n > 0; permit_queue_pop(q), n = strlen(buf)) {
                const struct permit_request *r = permit_queue_next_request(q);
                const struct permit_reply *p = permit_queue_next_reply(q);
                char type = replies ? "sprqe"[p->request_type] : "sprqe"[r->type];

                if (replies && p->final)
                        type = 'F';
                if (!replies && r->judge)
                        type = 'j';
                (void)snprintf(buf + n, size - n, "%s%c%.1s%.1s%d", n ? " " : "", type, replies ? p->unit : r->unit,
                               replies ? p->lock_uid : r->lock_uid, (int)(replies ? p->seq : r->seq));
        }
}

struct row {
        const char *in, *out;
};

static void check(const struct row *rows, size_t n, bool replies) {
        for (size_t i = 0; i < n; i++) {
                struct permit_queue q = {};
                char in[256], out[256], *save = NULL;
                int seq = 0;

                (void)snprintf(in, sizeof(in), "%s", rows[i].in);
                for (char *w = strtok_r(in, " ", &save); w; w = strtok_r(NULL, " ", &save))
                        put(&q, w, (uint64_t)seq++, replies);
                take(&q, replies, out, sizeof(out));
                if (!util_streq(out, rows[i].out))
                        fail_msg("'%s' comes out as '%s', not as '%s'", rows[i].in, out, rows[i].out);
                assert_null(q.first);
                assert_null(q.last);
        }
}

static void test_requests(_unused_ void **state) {
        static const struct row rows[] = {
                {"qa1 qb2 pc3 rd4", "qa10 qb21 pc32 rd43"},
                /* the newest of its kind, in the place of the one before */
                {"pa1 qb2 pa1", "pa12 qb21"},
                {"qa1 pb2 qa1 pb2", "qa12 pb23"},
                {"q q", "q1"},
                /* … a query that says what to judge by, only by another one */
                {"ja1 ja1", "ja11"},
                {"qa1 ja1", "ja11"},
                {"ja1 qa1", "ja10 qa11"},
                /* … but not past anything about the same unit */
                {"pa1 qa1 pa1", "qa11 pa12"},
                {"qa1 pa1 qa1", "pa11 qa12"},
                {"pa1 pa2 pa1", "pa21 pa12"},
                {"qa1 qa2 qa1 qa2", "qa12 qa23"},
                /* a permit does not outlive the revoke of its uid, whatever unit either names */
                {"pa1 ra1", "ra11"},
                {"pa1 pb2 ra1", "ra12 pb21"},
                {"pa1 rb1", "rb11"},
                {"pa1 pb1 rc1", "rc12"},
                {"pa1 qa1 ra1", "qa11 ra12"},
                {"pa1 pa1 ra1 qa1", "ra12 qa13"},
                {"pa1 ra2", "pa10 ra21"},
                /* a revoke is neither passed nor dropped */
                {"ra1 pa1", "ra10 pa11"},
                {"ra1 pa1 pa1", "ra10 pa12"},
                {"pa1 ra2 pa1", "ra21 pa12"},
                {"pa1 rb2 pa1", "pa12 rb21"},
                {"qa1 ra1 qa1", "ra11 qa12"},
                {"ra1 ra1", "ra10 ra11"},
                {"ra1 pb1", "ra10 pb11"},
                {"pb1 ra2 pb1", "pb12 ra21"},
                {"ra1 pa2 ra1", "ra10 pa21 ra12"},
                {"ra1 pa2 ra2", "ra10 ra22"},
                /* an eviction passes no permit, nor that it; a newer one stands for it */
                {"ea1 pa2", "ea10 pa21"},
                {"pa1 ea2", "pa10 ea21"},
                {"ea1 ea1 ea2", "ea11 ea22"},
                {"ea1 pa2 ea1", "pa21 ea12"},
                {"ea1 ra1", "ea10 ra11"},
        };

        check(rows, ELEMENTSOF(rows), false);
}

static void test_replies(_unused_ void **state) {
        static const struct row rows[] = {
                {"sa sb qc1 pd2 re3 Ff4", "sa0 sb1 qc12 pd23 re34 Ff45"},
                {"sa sb sa sb sa", "sa4 sb3"},
                {"qa1 sb qa1", "qa12 sb1"},
                {"qa1 qa2 qa1", "qa21 qa12"},
                {"pa1 pa1", "pa11"},
                /* the last word about a unit stays the last */
                {"sa Fa1 sa", "Fa11 sa2"},
                {"sa qa1 sa", "qa11 sa2"},
                {"qa1 sa sa qa1", "sa2 qa13"},
                /* what a revoke waits for is not lost */
                {"ra1 Fa1", "ra10 Fa11"},
                {"ra1 Fa1 ra1 Fa1", "Fa11 ra12 Fa13"},
                {"ra1 ra2 Fa1 Fa2", "ra10 ra21 Fa12 Fa23"},
                {"Fa1 sa sa", "Fa10 sa2"},
        };

        check(rows, ELEMENTSOF(rows), true);
}

/* A full queue takes nothing new, but what makes something superfluous. */
static void test_bound(_unused_ void **state) {
        struct permit_queue q = {};
        struct permit_request request = {.type = PERMIT_QUERY, .unit = "a.service"};

        for (unsigned i = 0; i < PERMIT_QUEUE_MAX; i++) {
                (void)snprintf(request.lock_uid, sizeof(request.lock_uid), "%u", i);
                assert_int_equal(permit_queue_request(&q, &request), 0);
        }
        assert_int_equal(permit_queue_request(&q, &request), 0);
        assert_int_equal(q.n, PERMIT_QUEUE_MAX);
        (void)strcpy(request.lock_uid, "one-more");
        assert_int_equal(permit_queue_request(&q, &request), -ENOBUFS);
        assert_int_equal(q.n, PERMIT_QUEUE_MAX);
        assert_string_equal(permit_queue_next_request(&q)->lock_uid, "0");
        permit_queue_clear(&q);
        assert_int_equal(q.n, 0);
        assert_null(permit_queue_next_request(&q));
        permit_queue_pop(&q);
        assert_int_equal(permit_queue_request(&q, &request), 0);
        permit_queue_clear(&q);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_requests),
                cmocka_unit_test(test_replies),
                cmocka_unit_test(test_bound),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
