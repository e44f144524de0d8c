/* SPDX-License-Identifier: Apache-2.0 */
/* One placeholder: its rules, one by one. The table of all steps is in test_placeholder.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/placeholder_builder.h"

/* What is known in that state, read again. */
static struct placeholder_fact known(uint8_t state) {
        struct placeholder_fact f = own();

        f.deleting = state == PLACEHOLDER_DYING;
        return f;
}

static struct placeholder_action reply(struct placeholder *h, uint8_t tenure, uint64_t now, uint64_t sent, uint8_t op,
                                       uint8_t result, struct placeholder_fact f, struct placeholder_wish w) {
        const struct placeholder_conf c = builder_placeholder_conf(tenure);
        const struct placeholder_event ev = {.now_usec = now,
                                             .sent_at_usec = sent,
                                             .random = 512,
                                             .type = PLACEHOLDER_EV_REPLY,
                                             .op = op,
                                             .result = result,
                                             .fact = f,
                                             .wish = w};

        h->op = op;
        return placeholder_step(h, &c, &ev);
}

static struct placeholder_action go(struct placeholder *h, uint8_t tenure, uint64_t now, struct placeholder_wish w) {
        const struct placeholder_conf c = builder_placeholder_conf(tenure);
        const struct placeholder_event ev = {.now_usec = now, .type = PLACEHOLDER_EV_GO, .wish = w};

        return placeholder_step(h, &c, &ev);
}

static const struct placeholder_wish needed = {.needed = true}, renewing = {.needed = true, .renewing = true};

/* A renewal proves from before it was sent, not from its answer. */
static void test_proof_is_the_sent_instant(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        struct placeholder_fact f = own();

        (void)state;
        f.version++;
        reply(&h, TENURE_LEASE, NOW + 5 * SEC, NOW, PLACEHOLDER_OP_RENEW, RESULT_OK, f, renewing);
        assert_int_equal(placeholder_view(&h).proven_at_usec, NOW);
        assert_int_equal(placeholder_view(&h).uid, UID);
        /* An answer to an older one never takes proof away. */
        f.version++;
        reply(&h, TENURE_LEASE, NOW + 6 * SEC, NOW - SEC, PLACEHOLDER_OP_RENEW, RESULT_OK, f, renewing);
        assert_int_equal(placeholder_view(&h).proven_at_usec, NOW);
}

/* Renewals of a dying Lease, or of another object under its name, are answered 200 and prove nothing. */
static void test_dying_or_other_proves_nothing(void **state) {
        (void)state;
        for (unsigned i = 0; i < 2; i++) {
                struct placeholder h = in_state(PLACEHOLDER_LIVE);
                struct placeholder_fact f = own();
                struct placeholder_action a;

                f.version++;
                if (i == 0)
                        f.deleting = true;
                else
                        f.uid = OTHER_UID;
                a = reply(&h, TENURE_LEASE, NOW, NOW - 1, PLACEHOLDER_OP_RENEW, RESULT_OK, f, renewing);
                assert_int_equal(placeholder_view(&h).proven_at_usec, 0);
                assert_int_not_equal(placeholder_view(&h).status, PLACEHOLDER_OURS);
                assert_int_equal(a.op, PLACEHOLDER_OP_READ);
        }
}

/* After a 409 or a lost answer what is read must be our own write: else another instance lives, and the name is taken.
 */
static void test_own_write_after_conflict(void **state) {
        static const uint8_t results[] = {RESULT_CONFLICT, RESULT_UNKNOWN};

        (void)state;
        for (unsigned i = 0; i < ELEMENTSOF(results); i++)
                for (unsigned ours = 0; ours < 2; ours++) {
                        struct placeholder h = in_state(PLACEHOLDER_LIVE);
                        struct placeholder_fact f = own();

                        reply(&h, TENURE_LEASE, NOW, NOW - 1, PLACEHOLDER_OP_RENEW, results[i],
                              (struct placeholder_fact){0}, renewing);
                        f.version++;
                        f.own_write = ours;
                        reply(&h, TENURE_LEASE, NOW + SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
                        assert_int_equal(h.state, ours ? PLACEHOLDER_LIVE : PLACEHOLDER_TAKEN);
                        assert_int_equal(placeholder_view(&h).status, ours ? PLACEHOLDER_OURS : PLACEHOLDER_NONE);
                        /* A read proves nothing new. */
                        if (ours)
                                assert_int_equal(placeholder_view(&h).proven_at_usec, NOW - SEC);
                }
}

/* What another instance was seen to renew stays taken, although its claim is on our disk. */
static void test_taken_stays_taken(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        struct placeholder_fact f = own();

        (void)state;
        h.unread = true;
        f.version++;
        f.own_write = false;
        reply(&h, TENURE_LEASE, NOW, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
        f.version++;
        reply(&h, TENURE_LEASE, NOW + SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
        assert_int_equal(h.state, PLACEHOLDER_TAKEN);
        f.uid = OTHER_UID; /* a new one with our claim: a late POST of ours */
        reply(&h, TENURE_LEASE, NOW + 2 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
        assert_int_equal(h.state, PLACEHOLDER_LIVE);
}

/* State lost: our name, not our claim: never renewed, deleted when it was silent, by uid and version. The same
 * for one of an earlier boot (a clone). In life tenure it is only reported. */
static void test_taken(void **state) {
        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++)
                for (unsigned clone = 0; clone < 2; clone++) {
                        struct placeholder h = in_state(PLACEHOLDER_UNREAD);
                        struct placeholder_fact f = own();
                        struct placeholder_action a;

                        f.claimed = clone;
                        f.same_boot = f.own_write = false;
                        h.looked_at_usec = NOW;
                        reply(&h, tenure, NOW, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
                        if (clone && tenure == TENURE_LIFE) {
                                assert_int_equal(h.state, PLACEHOLDER_LIVE);
                                continue;
                        }
                        assert_int_equal(h.state, PLACEHOLDER_TAKEN);
                        assert_true(placeholder_view(&h).name_taken);
                        assert_int_equal(go(&h, tenure, NOW + 4 * SEC, renewing).op, PLACEHOLDER_OP_NONE);
                        /* Looked at now and then: those looks are not the one after the wait. */
                        assert_int_equal(go(&h, tenure, NOW + 14 * SEC, renewing).op, PLACEHOLDER_OP_READ);
                        a = reply(&h, tenure, NOW + 14 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
                        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
                        assert_int_equal(go(&h, tenure, NOW + 15 * SEC, renewing).op, PLACEHOLDER_OP_NONE);
                        /* Renewed by its owner: the wait begins anew. */
                        a = go(&h, tenure, NOW + 61 * SEC, renewing);
                        assert_int_equal(a.op, PLACEHOLDER_OP_READ);
                        f.version++;
                        a = reply(&h, tenure, NOW + 61 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
                        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
                        /* Silent: read again, then deleted as it was read. */
                        a = go(&h, tenure, NOW + 130 * SEC, renewing);
                        assert_int_equal(a.op, PLACEHOLDER_OP_READ);
                        a = reply(&h, tenure, NOW + 130 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, renewing);
                        if (tenure == TENURE_LIFE) {
                                assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
                                continue;
                        }
                        assert_int_equal(a.op, PLACEHOLDER_OP_DELETE);
                        assert_int_equal(a.uid, UID);
                        assert_int_equal(a.version, f.version);
                }
}

/* A taken name that became free is used within RETRY_TAKEN_USEC and an answer, whatever verify_interval is. */
static void test_taken_becomes_free(void **state) {
        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++) {
                const struct placeholder_conf c = builder_placeholder_conf(tenure);
                struct placeholder h = in_state(PLACEHOLDER_UNREAD);
                struct placeholder_fact f = own();
                struct placeholder_action a;

                f.claimed = f.same_boot = f.own_write = false;
                f.duration_usec = 3600 * SEC;
                h.looked_at_usec = NOW;
                reply(&h, tenure, NOW, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, needed);
                for (uint64_t at = NOW + RETRY_TAKEN_USEC; at < NOW + 600 * SEC; at += RETRY_TAKEN_USEC) {
                        assert_true(placeholder_deadline(&h, &c, &needed) == at);
                        assert_int_equal(go(&h, tenure, at, needed).op, PLACEHOLDER_OP_READ);
                        a = reply(&h, tenure, at, at, PLACEHOLDER_OP_READ, RESULT_OK, f, needed);
                        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
                        assert_int_equal(h.state, PLACEHOLDER_TAKEN);
                }
                h.op = PLACEHOLDER_OP_READ;
                a = reply(&h, tenure, NOW + 600 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_NOT_FOUND,
                          (struct placeholder_fact){}, needed);
                assert_int_equal(a.op, PLACEHOLDER_OP_CLAIM);
        }
}

/* An election waits for it: hands off. */
static void test_strange_and_observed(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_TAKEN);
        struct placeholder_wish w = needed;
        const struct placeholder_conf c = builder_placeholder_conf(TENURE_LEASE);

        (void)state;
        w.observed = true;
        assert_int_equal(go(&h, TENURE_LEASE, NOW + 100 * SEC, w).op, PLACEHOLDER_OP_NONE);
        assert_true(placeholder_deadline(&h, &c, &w) == USEC_INFINITY);
}

/* Our own dying one is cleared, but only once no lock of ours names it. */
static void test_dying(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        struct placeholder_wish w = {.needed = true, .named = true};
        struct placeholder_fact f = own();
        struct placeholder_action a;

        (void)state;
        f.deleting = true;
        f.version++;
        a = reply(&h, TENURE_LIFE, NOW, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, w);
        assert_int_equal(h.state, PLACEHOLDER_DYING);
        assert_int_equal(placeholder_view(&h).status, PLACEHOLDER_NONE);
        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
        w.named = false;
        a = go(&h, TENURE_LIFE, NOW + 1, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_CLEAR);
        assert_int_equal(a.uid, UID);
        assert_int_equal(a.version, VERSION + 1);
        a = reply(&h, TENURE_LIFE, NOW + 2, NOW, PLACEHOLDER_OP_CLEAR, RESULT_OK, f, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_READ);
        a = reply(&h, TENURE_LIFE, NOW + 3, NOW, PLACEHOLDER_OP_READ, RESULT_NOT_FOUND, (struct placeholder_fact){0},
                  w);
        assert_int_equal(a.op, PLACEHOLDER_OP_CLAIM);
        a = reply(&h, TENURE_LIFE, NOW + 4, NOW, PLACEHOLDER_OP_CLAIM, RESULT_OK, (struct placeholder_fact){0}, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_CREATE);
}

/* No POST without a claim on disk; a retry carries the same one; an answer with it uses it up. */
static void test_claims(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_ABSENT);
        struct placeholder_action a = go(&h, TENURE_LIFE, NOW, needed);
        const struct placeholder_fact nothing = {.present = false};

        (void)state;
        assert_int_equal(a.op, PLACEHOLDER_OP_CLAIM);
        reply(&h, TENURE_LIFE, NOW, NOW, PLACEHOLDER_OP_CLAIM, RESULT_FAILED, nothing, needed);
        a = go(&h, TENURE_LIFE, NOW + SEC, needed);
        assert_int_equal(a.op, PLACEHOLDER_OP_CLAIM); /* the disk failed: no POST */
        a = reply(&h, TENURE_LIFE, NOW + SEC, NOW, PLACEHOLDER_OP_CLAIM, RESULT_OK, nothing, needed);
        assert_int_equal(a.op, PLACEHOLDER_OP_CREATE);
        reply(&h, TENURE_LIFE, NOW + SEC, NOW, PLACEHOLDER_OP_CREATE, RESULT_UNKNOWN, nothing, needed);
        a = go(&h, TENURE_LIFE, NOW + 2 * SEC, needed);
        assert_int_equal(a.op, PLACEHOLDER_OP_READ);
        a = reply(&h, TENURE_LIFE, NOW + 2 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_NOT_FOUND, nothing, needed);
        if (a.op == PLACEHOLDER_OP_NONE)
                a = go(&h, TENURE_LIFE, NOW + 40 * SEC, needed);
        assert_int_equal(a.op, PLACEHOLDER_OP_CREATE);
        reply(&h, TENURE_LIFE, NOW + 41 * SEC, NOW, PLACEHOLDER_OP_CREATE, RESULT_OK, own(), needed);
        assert_int_equal(h.state, PLACEHOLDER_LIVE);
        assert_false(h.claim_ready);
}

/* No claim was on disk at the start: nothing under the name can be ours, so the POST comes first, with a claim like any
 * other; what it meets is read. That holds for the first step alone. */
static void test_unclaimed(void **state) {
        const struct placeholder_fact nothing = {.present = false};
        struct placeholder_fact f = own();

        (void)state;
        for (uint8_t t = 0; t < N_TENURES; t++)
                for (unsigned unclaimed = 0; unclaimed < 2; unclaimed++) {
                        struct placeholder_conf c = builder_placeholder_conf(t);
                        struct placeholder_event ev = {.now_usec = NOW, .sent_at_usec = NOW};
                        struct placeholder h;

                        c.unclaimed = unclaimed;
                        placeholder_init(&h);
                        assert_int_equal(placeholder_step(&h, &c, &ev).op, PLACEHOLDER_OP_NONE); /* not wanted yet */
                        ev.wish = needed;
                        assert_int_equal(placeholder_step(&h, &c, &ev).op,
                                         unclaimed ? PLACEHOLDER_OP_CLAIM : PLACEHOLDER_OP_READ);
                        if (!unclaimed)
                                continue;
                        ev.type = PLACEHOLDER_EV_REPLY;
                        ev.op = PLACEHOLDER_OP_CLAIM;
                        assert_int_equal(placeholder_step(&h, &c, &ev).op, PLACEHOLDER_OP_CREATE);
                        ev.op = PLACEHOLDER_OP_CREATE;
                        ev.result = RESULT_EXISTS;
                        assert_int_equal(placeholder_step(&h, &c, &ev).op, PLACEHOLDER_OP_READ);
                        ev.op = PLACEHOLDER_OP_READ;
                        ev.result = RESULT_OK;
                        ev.fact = own();
                        ev.fact.claimed = false;
                        (void)placeholder_step(&h, &c, &ev);
                        assert_int_equal(h.state, PLACEHOLDER_TAKEN);
                        /* Made, it need not be looked at before the proof. */
                        h = in_state(PLACEHOLDER_ABSENT);
                        h.begun = h.claim_ready = true;
                        h.looked_at_usec = 0;
                        h.op = PLACEHOLDER_OP_CREATE;
                        ev.op = PLACEHOLDER_OP_CREATE;
                        ev.fact = own();
                        ev.wish.named = true;
                        ev.wish.proof_after_usec = NOW;
                        assert_int_equal(placeholder_step(&h, &c, &ev).op, PLACEHOLDER_OP_RENEW);
                        ev.wish = needed;
                        /* Later, when it does not know again, it looks first. */
                        h = in_state(PLACEHOLDER_LIVE);
                        h.begun = true;
                        h.op = PLACEHOLDER_OP_RENEW;
                        f.deleting = true;
                        ev.op = PLACEHOLDER_OP_RENEW;
                        ev.fact = f;
                        assert_int_equal(placeholder_step(&h, &c, &ev).op, PLACEHOLDER_OP_READ);
                        ev.fact = nothing;
                }
}

/* Proof is asked for by the instant it must not be older than. */
static void test_proof_on_demand(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        struct placeholder_wish w = {.needed = true, .named = true, .proof_after_usec = NOW};
        struct placeholder_fact f = own();
        struct placeholder_action a;

        (void)state;
        a = go(&h, TENURE_LIFE, NOW, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_RENEW);
        assert_int_equal(a.uid, UID);
        assert_int_equal(a.version, VERSION);
        f.version++;
        /* It was sent before that instant: again. */
        a = reply(&h, TENURE_LIFE, NOW + 1, NOW - 1, PLACEHOLDER_OP_RENEW, RESULT_OK, f, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_RENEW);
        f.version++;
        a = reply(&h, TENURE_LIFE, NOW + 2, NOW + 1, PLACEHOLDER_OP_RENEW, RESULT_OK, f, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
        assert_int_equal(placeholder_view(&h).proven_at_usec, NOW + 1);
}

static void test_renews_each_interval(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        const struct placeholder_conf c = builder_placeholder_conf(TENURE_LEASE);

        (void)state;
        assert_int_equal(placeholder_deadline(&h, &c, &renewing), NOW + SEC);
        assert_int_equal(go(&h, TENURE_LEASE, NOW + SEC - 1, renewing).op, PLACEHOLDER_OP_NONE);
        assert_int_equal(go(&h, TENURE_LEASE, NOW + SEC, renewing).op, PLACEHOLDER_OP_RENEW);
        assert_true(placeholder_deadline(&h, &c, &renewing) == USEC_INFINITY); /* the answer wakes */
}

/* Nothing depends on a renewal in life tenure, but it is written now and then, from one writing to the next: others see
 * that the holder lives, and it shows whether the placeholder is still there (garbage collection may be off). */
static void test_life_signs(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        struct placeholder_wish w = {.needed = true, .named = true};
        const struct placeholder_conf c = builder_placeholder_conf(TENURE_LIFE);
        struct placeholder_fact f = own();
        struct placeholder_action a;

        (void)state;
        assert_int_equal(placeholder_deadline(&h, &c, &w), NOW + 59 * SEC);
        assert_int_equal(go(&h, TENURE_LIFE, NOW + 58 * SEC, w).op, PLACEHOLDER_OP_NONE);
        a = go(&h, TENURE_LIFE, NOW + 60 * SEC, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_RENEW);
        assert_int_equal(a.uid, UID);
        assert_int_equal(a.version, VERSION);
        f.version = VERSION + 1;
        a = reply(&h, TENURE_LIFE, NOW + 61 * SEC, NOW + 60 * SEC, PLACEHOLDER_OP_RENEW, RESULT_OK, f, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
        assert_int_equal(placeholder_deadline(&h, &c, &w), NOW + 120 * SEC);

        /* One that came to nothing is made up for: the object is read, and written. */
        assert_int_equal(go(&h, TENURE_LIFE, NOW + 120 * SEC, w).op, PLACEHOLDER_OP_RENEW);
        a = reply(&h, TENURE_LIFE, NOW + 121 * SEC, NOW, PLACEHOLDER_OP_RENEW, RESULT_CONFLICT,
                  (struct placeholder_fact){0}, w);
        a = a.op ? a : go(&h, TENURE_LIFE, placeholder_deadline(&h, &c, &w), w);
        assert_int_equal(a.op, PLACEHOLDER_OP_READ);
        f.version = VERSION + 7;
        a = reply(&h, TENURE_LIFE, NOW + 130 * SEC, NOW, PLACEHOLDER_OP_READ, RESULT_OK, f, w);
        a = a.op ? a : go(&h, TENURE_LIFE, placeholder_deadline(&h, &c, &w), w);
        assert_int_equal(a.op, PLACEHOLDER_OP_RENEW);
        assert_int_equal(a.version, VERSION + 7);

        reply(&h, TENURE_LIFE, NOW + 140 * SEC, NOW, PLACEHOLDER_OP_RENEW, RESULT_NOT_FOUND,
              (struct placeholder_fact){0}, w);
        assert_int_equal(placeholder_view(&h).status, PLACEHOLDER_NONE);

        /* Under no lock it says nothing of a holder. */
        h = in_state(PLACEHOLDER_LIVE);
        w.named = false;
        assert_true(placeholder_deadline(&h, &c, &w) == USEC_INFINITY);
        assert_int_equal(go(&h, TENURE_LIFE, NOW + 1000 * SEC, w).op, PLACEHOLDER_OP_NONE);
}

/* The agent stops: its own placeholder goes once no lock names it, by uid; one that is not ours is left alone. */
static void test_removing(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_LIVE);
        struct placeholder_wish w = {.named = true, .removing = true};
        struct placeholder_action a;

        (void)state;
        assert_int_equal(go(&h, TENURE_LIFE, NOW, w).op, PLACEHOLDER_OP_NONE);
        w.named = false;
        a = go(&h, TENURE_LIFE, NOW, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_DELETE);
        assert_int_equal(a.uid, UID);
        a = reply(&h, TENURE_LIFE, NOW, NOW, PLACEHOLDER_OP_DELETE, RESULT_OK, (struct placeholder_fact){0}, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_READ);
        a = reply(&h, TENURE_LIFE, NOW, NOW, PLACEHOLDER_OP_READ, RESULT_NOT_FOUND, (struct placeholder_fact){0}, w);
        assert_int_equal(a.op, PLACEHOLDER_OP_NONE);
        assert_int_equal(h.state, PLACEHOLDER_ABSENT);
        h = in_state(PLACEHOLDER_TAKEN);
        assert_int_equal(go(&h, TENURE_LEASE, NOW + 100 * SEC, w).op, PLACEHOLDER_OP_NONE);
}

/* Failing writes slow down, although the reads between them succeed; Retry-After is the least. */
static void test_pace(void **state) {
        static const uint8_t states[] = {PLACEHOLDER_ABSENT, PLACEHOLDER_DYING, PLACEHOLDER_LIVE};

        (void)state;
        for (unsigned i = 0; i < ELEMENTSOF(states); i++)
                for (uint8_t result = 0; result < N_CORE_RESULTS; result++) {
                        struct placeholder h = in_state(states[i]);
                        const struct placeholder_conf c = builder_placeholder_conf(TENURE_LIFE);
                        const struct placeholder_wish w = {.needed = true,
                                                           .proof_after_usec = states[i] == PLACEHOLDER_LIVE ? NOW : 0};
                        uint64_t now = NOW;
                        unsigned n = 0;

                        h.claim_ready = true;
                        if (result == RESULT_OK && states[i] != PLACEHOLDER_DYING)
                                continue;
                        if (result == RESULT_NOT_FOUND && states[i] != PLACEHOLDER_ABSENT)
                                continue;
                        while (now < NOW + 120 * SEC) {
                                struct placeholder_action a = go(&h, TENURE_LIFE, now, w);

                                while (a.op != PLACEHOLDER_OP_NONE) {
                                        bool read = a.op == PLACEHOLDER_OP_READ;
                                        struct placeholder_fact f =
                                                h.state == PLACEHOLDER_ABSENT
                                                        ? (struct placeholder_fact){.present = false}
                                                        : known(h.state);

                                        assert_true(++n < 40);
                                        a = reply(&h, TENURE_LIFE, now, now, a.op,
                                                  read ? f.present ? RESULT_OK : RESULT_NOT_FOUND : result, f, w);
                                }
                                now = placeholder_deadline(&h, &c, &w);
                                assert_true(now > NOW);
                        }
                        assert_true(n > 4);
                }
}

static void test_retry_after(void **state) {
        struct placeholder h = in_state(PLACEHOLDER_ABSENT);
        const struct placeholder_conf c = builder_placeholder_conf(TENURE_LIFE);
        const struct placeholder_event ev = {.now_usec = NOW,
                                             .retry_after_usec = 45 * SEC,
                                             .type = PLACEHOLDER_EV_REPLY,
                                             .op = PLACEHOLDER_OP_CREATE,
                                             .result = RESULT_FAILED,
                                             .wish = needed};

        (void)state;
        h.claim_ready = true;
        h.op = PLACEHOLDER_OP_CREATE;
        assert_int_equal(placeholder_step(&h, &c, &ev).op, PLACEHOLDER_OP_NONE);
        assert_int_equal(placeholder_deadline(&h, &c, &needed), NOW + 45 * SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_proof_is_the_sent_instant),
                cmocka_unit_test(test_dying_or_other_proves_nothing),
                cmocka_unit_test(test_own_write_after_conflict),
                cmocka_unit_test(test_taken_stays_taken),
                cmocka_unit_test(test_taken),
                cmocka_unit_test(test_strange_and_observed),
                cmocka_unit_test(test_dying),
                cmocka_unit_test(test_claims),
                cmocka_unit_test(test_unclaimed),
                cmocka_unit_test(test_proof_on_demand),
                cmocka_unit_test(test_renews_each_interval),
                cmocka_unit_test(test_life_signs),
                cmocka_unit_test(test_removing),
                cmocka_unit_test(test_pace),
                cmocka_unit_test(test_retry_after),
                cmocka_unit_test(test_taken_becomes_free),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
