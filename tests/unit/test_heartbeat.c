/* SPDX-License-Identifier: Apache-2.0 */
/* One placeholder: exactly one row for each state and event, of replies each operation and result. The rules
 * one by one are in test_heartbeat_rules.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

enum {
        UID = 11,
        OTHER_UID = 12,
        VERSION = 5,
};
#define NOW (1000 * SEC)

static struct placeholder_fact own(void) {
        return (struct placeholder_fact){.uid = UID,
                                         .version = VERSION,
                                         .duration_usec = 15 * SEC,
                                         .present = true,
                                         .claimed = true,
                                         .same_boot = true,
                                         .own_write = true};
}

static struct heartbeat in_state(uint8_t state) {
        struct heartbeat h;

        heartbeat_init(&h);
        h.state = state;
        if (state == HEARTBEAT_UNREAD)
                return h;
        h.unread = false;
        h.looked_at_usec = NOW - SEC;
        if (state == HEARTBEAT_ABSENT)
                return h;
        h.uid = state == HEARTBEAT_STRANGE ? OTHER_UID : UID;
        h.version = VERSION;
        if (state == HEARTBEAT_LIVE)
                h.proven_at_usec = h.renewed_at_usec = NOW - SEC;
        if (state == HEARTBEAT_STRANGE)
                h.seen_at_usec = NOW - SEC;
        return h;
}

/* What an answer of 200 carries in that state: what is known, nothing new. */
static struct placeholder_fact answer(uint8_t state, uint8_t op) {
        struct placeholder_fact f = own();

        switch ((enum heartbeat_op)op) {
        case HEARTBEAT_OP_READ:
                f.deleting = state == HEARTBEAT_DYING;
                if (state == HEARTBEAT_STRANGE) {
                        f.uid = OTHER_UID;
                        f.claimed = f.same_boot = f.own_write = false;
                }
                break;
        case HEARTBEAT_OP_RENEW:
                f.uid = state == HEARTBEAT_STRANGE ? OTHER_UID : UID;
                f.version = VERSION + 1;
                break;
        case HEARTBEAT_OP_CLEAR:
        case HEARTBEAT_OP_DELETE:
                f = (struct placeholder_fact){.present = false};
                break;
        case HEARTBEAT_OP_NONE:
        case HEARTBEAT_OP_CLAIM:
        case HEARTBEAT_OP_CREATE:
                break;
        }
        return f;
}

/* Wanted and renewed, lease tenure. */
static struct heartbeat_action take(uint8_t state, uint8_t type, uint8_t op, uint8_t result, struct heartbeat *ret) {
        const struct heartbeat_conf c = builder_heartbeat_conf(CORE_LEASE);
        struct heartbeat_event ev = {.now_usec = NOW,
                                     .sent_at_usec = NOW - SEC / 10,
                                     .random = 512,
                                     .type = type,
                                     .op = op,
                                     .result = result,
                                     .wish = {.needed = true, .renewing = true}};

        *ret = in_state(state);
        if (type == HEARTBEAT_EV_REPLY)
                ret->op = op;
        if (result == RESULT_OK)
                ev.fact = answer(state, op);
        return heartbeat_step(ret, &c, &ev);
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
        NOTHING = 1 << HEARTBEAT_OP_NONE,
        READ = 1 << HEARTBEAT_OP_READ,
        CLAIM = 1 << HEARTBEAT_OP_CLAIM,
        CREATE = 1 << HEARTBEAT_OP_CREATE,
        RENEW = 1 << HEARTBEAT_OP_RENEW,
        CLEAR = 1 << HEARTBEAT_OP_CLEAR,
        DELETE = 1 << HEARTBEAT_OP_DELETE,
        ALL = (1 << N_HEARTBEAT_OPS) - 1,
};

struct row {
        uint8_t state, event;
        uint16_t ops, results;
        uint8_t next, op;
};

/* From, event -> to, next operation. */
#define ON(state, event, next, op)                                                                                     \
        { HEARTBEAT_##state, HEARTBEAT_EV_##event, ALL, WHATEVER, HEARTBEAT_##next, HEARTBEAT_OP_##op }
#define RE(state, ops, results, next, op)                                                                              \
        { HEARTBEAT_##state, HEARTBEAT_EV_REPLY, ops, results, HEARTBEAT_##next, HEARTBEAT_OP_##op }

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
        /* strange */
        ON(STRANGE, GO, STRANGE, NONE),
        ON(STRANGE, SEEN, STRANGE, READ),
        RE(STRANGE, NOTHING | CLAIM, WHATEVER, STRANGE, NONE),
        RE(STRANGE, READ, OK | MET | FAIL, STRANGE, NONE),
        RE(STRANGE, CREATE | CLEAR | DELETE, FAIL, STRANGE, NONE),
        RE(STRANGE, RENEW, OK | FAIL, STRANGE, NONE),
        RE(STRANGE, READ | RENEW, GONE, ABSENT, CLAIM),
        RE(STRANGE, CREATE, OK, LIVE, RENEW),
        RE(STRANGE, CREATE, GONE | MET, STRANGE, READ),
        RE(STRANGE, RENEW, MET, STRANGE, READ),
        RE(STRANGE, CLEAR | DELETE, OK | GONE | MET, STRANGE, READ),
};
/* clang-format on */

static const struct row *find(uint8_t state, uint8_t type, uint8_t op, uint8_t result) {
        const struct row *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct row *r = &rows[i];

                if (r->state != state || r->event != type || !(r->ops & 1 << op) || !(r->results & 1 << result))
                        continue;
                if (found)
                        fail_msg("two rows: %s, event %u, reply to %s, result %u", heartbeat_state_to_string(state),
                                 type, heartbeat_op_to_string(op), result);
                found = r;
        }
        if (!found)
                fail_msg("no row: %s, event %u, reply to %s, result %u", heartbeat_state_to_string(state), type,
                         heartbeat_op_to_string(op), result);
        return found;
}

static void test_every_state_and_event(void **state) {
        unsigned n = 0;

        (void)state;
        for (uint8_t s = 0; s < N_HEARTBEAT_STATES; s++)
                for (uint8_t type = HEARTBEAT_EV_GO; type <= HEARTBEAT_EV_SEEN; type++)
                        for (uint8_t op = 0; op < (type == HEARTBEAT_EV_REPLY ? N_HEARTBEAT_OPS : 1); op++)
                                for (uint8_t result = 0; result < (type == HEARTBEAT_EV_REPLY ? N_CORE_RESULTS : 1);
                                     result++, n++) {
                                        const struct row *r = find(s, type, op, result);
                                        struct heartbeat h;
                                        struct heartbeat_action a = take(s, type, op, result, &h);

                                        if (h.state != r->next || a.op != r->op)
                                                fail_msg("%s, event %u, reply to %s, result %u: is %s, %s; the row "
                                                         "says %s, %s",
                                                         heartbeat_state_to_string(s), type, heartbeat_op_to_string(op),
                                                         result, heartbeat_state_to_string(h.state),
                                                         heartbeat_op_to_string(a.op),
                                                         heartbeat_state_to_string(r->next),
                                                         heartbeat_op_to_string(r->op));
                                        assert_int_equal(h.op, a.op);
                                }
        assert_int_equal(n, N_HEARTBEAT_STATES * (2 + N_HEARTBEAT_OPS * N_CORE_RESULTS));
}

static void test_names(void **state) {
        (void)state;
        for (uint8_t i = 0; i < N_HEARTBEAT_STATES; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(heartbeat_state_to_string(i), heartbeat_state_to_string(k));
        for (uint8_t i = 0; i < N_HEARTBEAT_OPS; i++)
                for (uint8_t k = 0; k < i; k++)
                        assert_string_not_equal(heartbeat_op_to_string(i), heartbeat_op_to_string(k));
        assert_string_equal(heartbeat_state_to_string(N_HEARTBEAT_STATES), "?");
        assert_string_equal(heartbeat_op_to_string(N_HEARTBEAT_OPS), "?");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_state_and_event),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
