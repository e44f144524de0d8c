/* SPDX-License-Identifier: Apache-2.0 */
/* One placeholder: exactly one row for each state and event, of replies each operation and result. The rules
 * one by one are in test_placeholder_rules.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/placeholder_builder.h"

/* What an answer of 200 carries in that state: what is known, nothing new. */
static struct placeholder_fact answer(uint8_t state, uint8_t op) {
        struct placeholder_fact f = own();

        switch ((enum placeholder_op)op) {
        case PLACEHOLDER_OP_READ:
                f.deleting = state == PLACEHOLDER_DYING;
                if (state == PLACEHOLDER_TAKEN) {
                        f.uid = OTHER_UID;
                        f.claimed = f.same_boot = f.own_write = false;
                }
                break;
        case PLACEHOLDER_OP_RENEW:
                f.uid = state == PLACEHOLDER_TAKEN ? OTHER_UID : UID;
                f.version = VERSION + 1;
                break;
        case PLACEHOLDER_OP_CLEAR:
        case PLACEHOLDER_OP_DELETE:
                f = (struct placeholder_fact){.present = false};
                break;
        case PLACEHOLDER_OP_NONE:
        case PLACEHOLDER_OP_CLAIM:
        case PLACEHOLDER_OP_CREATE:
                break;
        }
        return f;
}

/* Wanted and renewed, lease tenure. */
static struct placeholder_action take(uint8_t state, uint8_t type, uint8_t op, uint8_t result,
                                      struct placeholder *ret) {
        const struct placeholder_conf c = builder_placeholder_conf(TENURE_LEASE);
        struct placeholder_event ev = {.now_usec = NOW,
                                       .sent_at_usec = NOW - SEC / 10,
                                       .random = 512,
                                       .type = type,
                                       .op = op,
                                       .result = result,
                                       .wish = {.needed = true, .renewing = true}};

        *ret = in_state(state);
        if (type == PLACEHOLDER_EV_REPLY)
                ret->op = op;
        if (result == RESULT_OK)
                ev.fact = answer(state, op);
        return placeholder_step(ret, &c, &ev);
}

enum {
        OK = 1 << RESULT_OK,
        GONE = 1 << RESULT_NOT_FOUND,
        EXISTS = 1 << RESULT_EXISTS,
        CONFLICT = 1 << RESULT_CONFLICT,
        MET = EXISTS | CONFLICT,
        REFUSED = 1 << RESULT_DENIED | 1 << RESULT_FAILED,
        UNKNOWN = 1 << RESULT_UNKNOWN,
        FAIL = REFUSED | UNKNOWN,
        WHATEVER = OK | GONE | MET | FAIL,
};
enum {
        NOTHING = 1 << PLACEHOLDER_OP_NONE,
        READ = 1 << PLACEHOLDER_OP_READ,
        CLAIM = 1 << PLACEHOLDER_OP_CLAIM,
        CREATE = 1 << PLACEHOLDER_OP_CREATE,
        RENEW = 1 << PLACEHOLDER_OP_RENEW,
        CLEAR = 1 << PLACEHOLDER_OP_CLEAR,
        DELETE = 1 << PLACEHOLDER_OP_DELETE,
        ALL = (1 << N_PLACEHOLDER_OPS) - 1,
};

struct row {
        uint8_t state, event;
        uint16_t ops, results;
        uint8_t next, op;
};

/* From, event -> to, next operation. */
#define ON(state, event, next, op)                                                                                     \
        { PLACEHOLDER_##state, PLACEHOLDER_EV_##event, ALL, WHATEVER, PLACEHOLDER_##next, PLACEHOLDER_OP_##op }
#define RE(state, ops, results, next, op)                                                                              \
        { PLACEHOLDER_##state, PLACEHOLDER_EV_REPLY, ops, results, PLACEHOLDER_##next, PLACEHOLDER_OP_##op }

/* clang-format off */
static const struct row rows[] = {
        /* unread */
        ON(UNREAD, GO, UNREAD, READ),
        ON(UNREAD, SEEN, UNREAD, READ),
        RE(UNREAD, NOTHING | CLAIM | CLEAR | DELETE, OK | GONE | MET, UNREAD, READ),
        RE(UNREAD, READ, MET, UNREAD, READ),
        RE(UNREAD, CREATE, GONE | MET, UNREAD, READ),
        RE(UNREAD, RENEW, OK | MET, UNREAD, READ),
        RE(UNREAD, ALL, FAIL, UNREAD, NONE),
        RE(UNREAD, READ, OK, LIVE, RENEW),
        RE(UNREAD, READ, GONE, ABSENT, CLAIM),
        RE(UNREAD, CREATE, OK, LIVE, READ),
        RE(UNREAD, RENEW, GONE, ABSENT, READ),
        /* absent */
        ON(ABSENT, GO, ABSENT, CLAIM),
        ON(ABSENT, SEEN, ABSENT, READ),
        RE(ABSENT, NOTHING, OK | GONE | MET, ABSENT, CLAIM),
        RE(ABSENT, READ | CLAIM, GONE | MET, ABSENT, CLAIM),
        RE(ABSENT, RENEW, GONE, ABSENT, CLAIM),
        RE(ABSENT, ALL, FAIL, ABSENT, NONE),
        RE(ABSENT, READ | CREATE, OK, LIVE, RENEW),
        RE(ABSENT, CLAIM, OK, ABSENT, CREATE),
        RE(ABSENT, CREATE, GONE | MET, ABSENT, READ),
        RE(ABSENT, RENEW, MET, ABSENT, READ),
        RE(ABSENT, CLEAR | DELETE, OK | GONE | MET, ABSENT, READ),
        RE(ABSENT, RENEW, OK, UNREAD, READ),
        /* live */
        ON(LIVE, GO, LIVE, NONE),
        ON(LIVE, SEEN, LIVE, READ),
        RE(LIVE, NOTHING | CLAIM, WHATEVER, LIVE, NONE),
        RE(LIVE, READ, OK | MET | FAIL, LIVE, NONE),
        RE(LIVE, CREATE | RENEW, OK | FAIL, LIVE, NONE),
        RE(LIVE, CLEAR | DELETE, FAIL, LIVE, NONE),
        RE(LIVE, READ | RENEW, GONE, ABSENT, CLAIM),
        RE(LIVE, CREATE, GONE | MET, LIVE, READ),
        RE(LIVE, RENEW, MET, LIVE, READ),
        RE(LIVE, CLEAR | DELETE, OK | GONE | MET, LIVE, READ),
        /* dying */
        ON(DYING, GO, DYING, CLEAR),
        ON(DYING, SEEN, DYING, READ),
        RE(DYING, NOTHING | CLAIM, OK | GONE | MET, DYING, CLEAR),
        RE(DYING, READ, OK | MET, DYING, CLEAR),
        RE(DYING, RENEW, OK, DYING, CLEAR),
        RE(DYING, ALL, FAIL, DYING, NONE),
        RE(DYING, READ | RENEW, GONE, ABSENT, CLAIM),
        RE(DYING, CREATE, OK, LIVE, RENEW),
        RE(DYING, CREATE, GONE | MET, DYING, READ),
        RE(DYING, RENEW, MET, DYING, READ),
        RE(DYING, CLEAR | DELETE, OK | GONE | MET, DYING, READ),
        /* taken */
        ON(TAKEN, GO, TAKEN, NONE),
        ON(TAKEN, SEEN, TAKEN, READ),
        RE(TAKEN, NOTHING | CLAIM, WHATEVER, TAKEN, NONE),
        RE(TAKEN, READ, OK | MET | FAIL, TAKEN, NONE),
        RE(TAKEN, CREATE | CLEAR | DELETE, FAIL, TAKEN, NONE),
        RE(TAKEN, RENEW, OK | FAIL, TAKEN, NONE),
        RE(TAKEN, READ | RENEW, GONE, ABSENT, CLAIM),
        RE(TAKEN, CREATE, OK, LIVE, RENEW),
        RE(TAKEN, CREATE, GONE | MET, TAKEN, READ),
        RE(TAKEN, RENEW, MET, TAKEN, READ),
        RE(TAKEN, CLEAR | DELETE, OK | GONE | MET, TAKEN, READ),
};
/* clang-format on */

static const struct row *find(uint8_t state, uint8_t type, uint8_t op, uint8_t result) {
        const struct row *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct row *r = &rows[i];

                if (r->state != state || r->event != type || !(r->ops & 1 << op) || !(r->results & 1 << result))
                        continue;
                if (found)
                        fail_msg("two rows: %s, event %u, reply to %s, result %u", placeholder_state_to_string(state),
                                 type, placeholder_op_to_string(op), result);
                found = r;
        }
        if (!found)
                fail_msg("no row: %s, event %u, reply to %s, result %u", placeholder_state_to_string(state), type,
                         placeholder_op_to_string(op), result);
        return found;
}

static void test_every_state_and_event(void **state) {
        unsigned n = 0;

        (void)state;
        for (uint8_t s = 0; s < N_PLACEHOLDER_STATES; s++)
                for (uint8_t type = PLACEHOLDER_EV_GO; type <= PLACEHOLDER_EV_SEEN; type++)
                        for (uint8_t op = 0; op < (type == PLACEHOLDER_EV_REPLY ? N_PLACEHOLDER_OPS : 1); op++)
                                for (uint8_t result = 0; result < (type == PLACEHOLDER_EV_REPLY ? N_CORE_RESULTS : 1);
                                     result++, n++) {
                                        const struct row *r = find(s, type, op, result);
                                        struct placeholder h;
                                        struct placeholder_action a = take(s, type, op, result, &h);

                                        if (h.state != r->next || a.op != r->op)
                                                fail_msg("%s, event %u, reply to %s, result %u: is %s, %s; the row "
                                                         "says %s, %s",
                                                         placeholder_state_to_string(s), type,
                                                         placeholder_op_to_string(op), result,
                                                         placeholder_state_to_string(h.state),
                                                         placeholder_op_to_string(a.op),
                                                         placeholder_state_to_string(r->next),
                                                         placeholder_op_to_string(r->op));
                                        assert_int_equal(h.op, a.op);
                                }
        assert_int_equal(n, N_PLACEHOLDER_STATES * (2 + N_PLACEHOLDER_OPS * N_CORE_RESULTS));
}

static void test_names(void **state) {
        (void)state;
        for (uint8_t i = 0; i < N_PLACEHOLDER_STATES; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(placeholder_state_to_string(i), placeholder_state_to_string(k));
        for (uint8_t i = 0; i < N_PLACEHOLDER_OPS; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(placeholder_op_to_string(i), placeholder_op_to_string(k));
        assert_string_equal(placeholder_state_to_string(N_PLACEHOLDER_STATES), "?");
        assert_string_equal(placeholder_op_to_string(N_PLACEHOLDER_OPS), "?");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_state_and_event),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
