/* SPDX-License-Identifier: Apache-2.0 */
/* The API server is away: a unit that runs under a lease outlives every outage that leaves time for one renewal, and
 * after an outage of any length whoever waits for an answer goes on when anybody is answered. Simulated with a round
 * trip, over all phases. Not here: refusals of one verb, which keep their pace (last test). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

#define MSEC       USEC_PER_MSEC
#define ROUND_TRIP (20 * MSEC)

static struct builder b, leading;

/* ---- a network ---- */

static struct {
        enum builder_fault fault; /* what a request meets that is sent from from_usec until before to_usec */
        uint64_t from_usec, to_usec;
        uint64_t due_usec[BUILDER_LOCKS + N_TENURES]; /* when what is under way is answered; 0: nothing is */
        enum builder_fault meets[BUILDER_LOCKS + N_TENURES];
        bool silence; /* something was not answered since the last answer */
        uint64_t first_answer_usec;
} net;

static bool under_way(size_t slot) {
        return slot < BUILDER_LOCKS ? b.request[slot].op != 0 : b.beat[slot - BUILDER_LOCKS].op != 0;
}

static bool is_local(size_t slot) {
        return slot < BUILDER_LOCKS ? b.request[slot].op == ELECTION_OP_CLAIM
                                    : b.beat[slot - BUILDER_LOCKS].op == PLACEHOLDER_OP_CLAIM;
}

/* What was sent by the last steps is on its way. */
static void send_all(void) {
        for (size_t i = 0; i < ELEMENTSOF(net.due_usec); i++) {
                bool out = b.now >= net.from_usec && b.now < net.to_usec && !is_local(i);

                if (!under_way(i) || net.due_usec[i])
                        continue;
                net.meets[i] = out ? net.fault : BUILDER_FINE;
                net.due_usec[i] = b.now + (is_local(i) ? 0 : net.meets[i] == BUILDER_REFUSED ? MSEC : ROUND_TRIP);
        }
}

/* As the shell does it: an answer after silence wakes who waits. */
static void answered(enum builder_fault fault, bool local) {
        if (local)
                return;
        if (fault == BUILDER_REFUSED || fault == BUILDER_DROPPED) {
                net.silence = true;
                return;
        }
        if (net.silence)
                core_apply(&b.core,
                           &(struct core_change){.type = CORE_ANSWERED, .now_usec = b.now, .random = b.random});
        net.silence = false;
        if (!net.first_answer_usec && b.now >= net.to_usec)
                net.first_answer_usec = b.now;
}

static void deliver(size_t slot) {
        enum builder_fault fault = net.meets[slot];

        net.due_usec[slot] = 0;
        answered(fault, is_local(slot));
        if (slot < BUILDER_LOCKS)
                (void)builder_answer_any(&b, slot, fault);
        else
                (void)builder_beat_any(&b, (uint8_t)(slot - BUILDER_LOCKS), fault);
}

static void guards(void) {
        for (size_t i = 0; i < b.core.n_locks; i++)
                while (builder_guard(&b, i))
                        ;
}

/* The next thing happens, by `end` at the latest. */
static void turn(uint64_t end) {
        uint64_t at = core_deadline(&b.core) < end ? core_deadline(&b.core) : end;

        for (size_t i = 0; i < ELEMENTSOF(net.due_usec); i++)
                if (net.due_usec[i] && net.due_usec[i] < at)
                        at = net.due_usec[i];
        builder_jump(&b, at > b.now ? at - b.now : 0);
        for (size_t i = 0; i < ELEMENTSOF(net.due_usec); i++)
                if (net.due_usec[i] && net.due_usec[i] <= b.now)
                        deliver(i);
        guards();
        send_all();
}

static void run(uint64_t end) {
        send_all();
        while (b.now < end)
                turn(end);
}

static void calm(void) {
        memset(&net, 0, sizeof(net));
}

/* ---- a lease is renewed through every outage that leaves time for it ---- */

#define RENEW_INTERVAL (5 * SEC)
#define RENEW_DEADLINE (15 * SEC)

/* The presets of the configuration, as agent_conf.c hands them over; leads, the last renewal was sent this instant. */
static void lead(void) {
        calm();
        builder_init(&b, TENURE_LEASE, 1);
        b.duration_usec = 30 * SEC;
        b.locks[0].conf.timing = (struct timing_lease){.duration_usec = 30 * SEC,
                                                       .renew_deadline_usec = RENEW_DEADLINE,
                                                       .stop_timeout_usec = 8 * SEC,
                                                       .kill_margin_usec = 5 * SEC,
                                                       .rate_permille = TIMING_RATE_PERMILLE};
        b.placeholders[TENURE_LEASE].conf.renew_interval_usec = RENEW_INTERVAL;
        b.placeholders[TENURE_LEASE].conf.retry = (struct retry_limits){250 * MSEC, RENEW_INTERVAL};
        builder_restart(&b);
        run(b.now + 5 * SEC);
}

static uint64_t proven_at(void) {
        return b.placeholders[TENURE_LEASE].placeholder.proven_at_usec;
}

/* One outage, seen from a leader whose last renewal was sent `phase` before it begins. */
static void outage(enum builder_fault fault, uint64_t phase, uint64_t length) {
        uint64_t uid = b.lock[0].uid;

        net.fault = fault;
        net.from_usec = proven_at() + phase;
        net.to_usec = net.from_usec + length;
        run(net.to_usec + RENEW_DEADLINE + 5 * SEC);
        if (b.lock[0].uid != uid || builder_state(&b) != ELECTION_LEADING || b.guard[0].unit != UNIT_RUNNING)
                fail_msg("fault %d from %llu ms after a renewal, for %llu ms: %s, %s", fault,
                         (unsigned long long)(phase / MSEC), (unsigned long long)(length / MSEC),
                         election_state_to_string(builder_state(&b)), election_reason_to_string(builder_reason(&b)));
        builder_never(&b, "REVOKE");
}

/* An outage is survived when it ends RETRY_RENEWAL_MIN_USEC and two round trips (the last refusal's and the renewal's)
 * before the permit does; three where what the server answers (5xx) is a doubt, which is read back first. */
static void test_short_outages(void **state) {
        static const struct {
                enum builder_fault fault;
                unsigned trips;
        } rows[] = {
                {BUILDER_REFUSED, 2},   /* connection refused */
                {BUILDER_THROTTLED, 2}, /* 429, Retry-After: 60 */
                {BUILDER_DENIED, 2},    /* 401, 403 */
                {BUILDER_DROPPED, 3},   /* 503, or any other 5xx */
        };

        (void)state;
        lead();
        leading = b;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (uint64_t phase = ROUND_TRIP; phase <= RENEW_INTERVAL; phase += 50 * MSEC) {
                        uint64_t longest = RENEW_DEADLINE - phase - rows[i].trips * ROUND_TRIP - RETRY_RENEWAL_MIN_USEC;

                        for (uint64_t length = longest; length < RENEW_DEADLINE; length -= 190 * MSEC) {
                                calm();
                                b = leading;
                                core_set_room(&b.core, b.locks, b.placeholders);
                                b.random += (uint32_t)length;
                                outage(rows[i].fault, phase, length);
                        }
                }
}

/* … and the table has teeth: one that ends with the permit is not survived. */
static void test_long_outage(void **state) {
        (void)state;
        for (uint64_t phase = ROUND_TRIP; phase <= RENEW_INTERVAL; phase += 500 * MSEC) {
                lead();
                net.fault = BUILDER_REFUSED;
                net.from_usec = proven_at() + phase;
                net.to_usec = proven_at() + RENEW_DEADLINE;
                run(net.to_usec + SEC);
                builder_saw(&b, "REVOKE");
                assert_int_equal(builder_reason(&b), REASON_LEASE_EXPIRED);
        }
}

/* Trying again has a pace, also close to the end, and a lone refusal is not answered with haste. */
static void test_renewals_keep_a_pace(void **state) {
        unsigned before;

        (void)state;
        lead();
        net.fault = BUILDER_REFUSED;
        net.from_usec = proven_at() + ROUND_TRIP;
        net.to_usec = USEC_INFINITY;
        before = b.n_requests;
        run(proven_at() + RENEW_DEADLINE - SEC);
        assert_in_range(b.n_requests - before, 6, 20);
        run(proven_at() + RENEW_DEADLINE);
        assert_in_range(b.n_requests - before, 10, 35);
}

/* ---- who waits for an answer goes on when anybody is answered ---- */

/* Until the agent has sent this operation: of its lock, or (beat) of a placeholder. */
static bool reach(uint8_t tenure, uint8_t op, bool beat) {
        builder_init(&b, tenure, 1);
        calm();
        builder_restart(&b);
        for (unsigned n = 0; n < 200; n++) {
                send_all();
                if (beat ? b.beat[tenure].op == op : b.request[0].op == op)
                        return true;
                turn(b.now + SEC);
        }
        return false;
}

/* After an outage of any length, wherever it began, the unit runs within a second of the first answer, whoever got
 * that (here: somebody else, as soon as the outage is over). */
static void test_any_answer_wakes(void **state) {
        static const uint64_t lengths[] = {MSEC, SEC, 5 * SEC, 47 * SEC, 600 * SEC, 36000 * SEC};
        static const enum builder_fault faults[] = {BUILDER_REFUSED, BUILDER_DROPPED};
        static const struct {
                uint8_t op;
                bool beat;
        } rows[] = {
                {ELECTION_OP_READ, false},
                {ELECTION_OP_CREATE, false},
                {PLACEHOLDER_OP_CREATE, true},
                {PLACEHOLDER_OP_RENEW, true},
        };

        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++)
                for (size_t r = 0; r < ELEMENTSOF(rows); r++)
                        for (size_t f = 0; f < ELEMENTSOF(faults); f++)
                                for (size_t n = 0; n < ELEMENTSOF(lengths); n++) {
                                        assert_true(reach(tenure, rows[r].op, rows[r].beat));
                                        memset(net.due_usec, 0, sizeof(net.due_usec));
                                        net.fault = faults[f];
                                        net.from_usec = b.now;
                                        net.to_usec = b.now + lengths[n];
                                        run(net.to_usec);
                                        net.silence = true;
                                        answered(BUILDER_FINE, false);
                                        run(net.to_usec + SEC);
                                        if (builder_state(&b) != ELECTION_LEADING)
                                                fail_msg("tenure %u, %s: outage %d of %llu ms: %s a second later",
                                                         tenure,
                                                         rows[r].beat ? placeholder_op_to_string(rows[r].op)
                                                                      : election_op_to_string(rows[r].op),
                                                         faults[f], (unsigned long long)(lengths[n] / MSEC),
                                                         election_state_to_string(builder_state(&b)));
                                }
}

/* A leader that was away for longer than its lease learns that its lock is gone, and a stop is released, at once too.
 */
static void test_wakes_every_wait(void **state) {
        (void)state;
        lead();
        net.fault = BUILDER_REFUSED;
        net.from_usec = b.now;
        net.to_usec = b.now + 300 * SEC;
        run(net.to_usec);
        assert_int_equal(builder_state(&b), ELECTION_RELEASING);
        net.silence = true;
        answered(BUILDER_FINE, false);
        run(b.now + SEC);
        builder_saw(&b, "REVOKE delete strip create PERMIT");
}

/* Many that wait do not come in step; but all within RETRY_WAKE_USEC. */
static void test_no_herd(void **state) {
        uint64_t first = USEC_INFINITY, last = 0;

        (void)state;
        builder_init(&b, TENURE_LIFE, BUILDER_LOCKS);
        builder_restart(&b);
        for (size_t i = 0; i < BUILDER_LOCKS; i++) {
                struct retry *r = &builder_election(&b, i)->timers.retry;

                for (unsigned n = 0; n < 20; n++)
                        retry_note(r, ELECTION_OP_READ, RETRY_SILENT, &RETRY_API, b.now, 0, 7);
        }
        core_apply(&b.core, &(struct core_change){.type = CORE_ANSWERED, .now_usec = b.now, .random = 12345});
        for (size_t i = 0; i < BUILDER_LOCKS; i++) {
                uint64_t at = builder_election(&b, i)->timers.retry.at_usec;

                assert_in_range(at - b.now, 0, RETRY_WAKE_USEC);
                first = at < first ? at : first;
                last = at > last ? at : last;
        }
        assert_true(last - first > RETRY_WAKE_USEC / 10);
}

/* One who is never answered while all others are is not driven by their answers: once a second at most. */
static void test_wakes_have_a_pace(void **state) {
        uint64_t end;
        unsigned before;

        (void)state;
        assert_true(reach(TENURE_LIFE, ELECTION_OP_READ, false));
        net.fault = BUILDER_REFUSED;
        net.from_usec = b.now;
        net.to_usec = USEC_INFINITY;
        memset(net.due_usec, 0, sizeof(net.due_usec));
        run(b.now + 100 * SEC);
        before = b.n_requests;
        for (end = b.now + 60 * SEC; b.now < end;) {
                run(b.now + 10 * MSEC);
                net.silence = true;
                answered(BUILDER_FINE, false);
        }
        assert_in_range(b.n_requests - before, 50, 65);
}

/* That something else is answered says nothing about what was refused. */
static void test_refusals_keep_their_pace(void **state) {
        static const enum builder_fault faults[] = {BUILDER_DENIED, BUILDER_FAILED, BUILDER_CONFLICT,
                                                    BUILDER_THROTTLED};

        (void)state;
        for (size_t f = 0; f < ELEMENTSOF(faults); f++) {
                uint64_t at;

                assert_true(reach(TENURE_LIFE, ELECTION_OP_CREATE, false));
                net.fault = faults[f];
                net.from_usec = b.now;
                net.to_usec = b.now + 100 * SEC;
                memset(net.due_usec, 0, sizeof(net.due_usec));
                run(net.to_usec);
                at = builder_election(&b, 0)->timers.retry.at_usec;
                core_apply(&b.core, &(struct core_change){.type = CORE_ANSWERED, .now_usec = b.now});
                assert_true(builder_election(&b, 0)->timers.retry.at_usec == at);
        }
}

/* An agent that is told to stop tries once more at once, whatever it waits for. */
static void test_stop_tries_at_once(void **state) {
        (void)state;
        lead();
        net.fault = BUILDER_REFUSED;
        net.from_usec = b.now;
        net.to_usec = b.now + 300 * SEC;
        run(net.to_usec);
        assert_int_equal(builder_state(&b), ELECTION_RELEASING);
        core_apply(&b.core, &(struct core_change){.type = CORE_STOP});
        assert_false(core_lock_view(&b.core, 0, b.now).may_run);
        run(b.now + SEC);
        assert_int_equal(builder_state(&b), ELECTION_STOPPED);
        assert_int_equal(b.lock[0].sort, LOCK_ABSENT);
}

/* What a stop waits for: the unit while it may run, then only the API server; and when a lease that is left lapses. */
static void test_view_of_the_end(void **state) {
        struct placeholder *h = &b.placeholders[TENURE_LEASE].placeholder;

        (void)state;
        lead();
        assert_true(core_lock_view(&b.core, 0, b.now).may_run);
        b.guard[0].slow = true;
        net.fault = BUILDER_REFUSED;
        net.from_usec = b.now;
        net.to_usec = USEC_INFINITY;
        core_apply(&b.core, &(struct core_change){.type = CORE_STOP});
        run(b.now + 3 * SEC);
        assert_int_equal(builder_state(&b), ELECTION_STOPPING);
        assert_true(core_lock_view(&b.core, 0, b.now).may_run);
        builder_unit_stopped(&b, 0);
        assert_int_equal(builder_state(&b), ELECTION_RELEASING);
        assert_false(core_lock_view(&b.core, 0, b.now).may_run);
        assert_true(core_lock_view(&b.core, 0, b.now).free_at_usec == h->renewed_at_usec + 30 * SEC + 300 * MSEC);
        /* The link is down, or another unit's lock: nothing of this one. */
        builder_link(&b, false);
        assert_false(core_lock_view(&b.core, 0, b.now).may_run);
        builder_init(&b, TENURE_LIFE, 1);
        assert_true(core_lock_view(&b.core, 0, b.now).may_run); /* not asked yet */
        calm();
        builder_other_wins(&b, 0, TENURE_LIFE);
        builder_restart(&b);
        run(b.now + SEC);
        assert_int_equal(builder_state(&b), ELECTION_CANDIDATE);
        assert_false(core_lock_view(&b.core, 0, b.now).may_run);
        assert_true(core_lock_view(&b.core, 0, b.now).free_at_usec == USEC_INFINITY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_short_outages),        cmocka_unit_test(test_long_outage),
                cmocka_unit_test(test_renewals_keep_a_pace), cmocka_unit_test(test_any_answer_wakes),
                cmocka_unit_test(test_wakes_every_wait),     cmocka_unit_test(test_no_herd),
                cmocka_unit_test(test_wakes_have_a_pace),    cmocka_unit_test(test_refusals_keep_their_pace),
                cmocka_unit_test(test_stop_tries_at_once),   cmocka_unit_test(test_view_of_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
