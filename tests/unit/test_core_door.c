/* SPDX-License-Identifier: Apache-2.0 */
/* The door of the core: what a shell may change, and what it is shown. (What the core decides is in test_election_*.c
 * and test_core.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../lib/core_builder.h"

#define NOW (1000 * SEC)

struct world {
        struct core core;
        struct core_lock locks[3];
        struct core_placeholder placeholders[N_TENURES];
};

static void add(struct world *w, uint8_t tenure) {
        core_apply(&w->core, &(struct core_change){.type = CORE_ADD_LOCK,
                                                   .placeholder = {TENURE_LIFE, TENURE_LEASE},
                                                   .lock = builder_election_conf(tenure)});
}

static void begin(struct world *w, size_t n_locks, uint8_t tenure) {
        *w = (struct world){};
        core_set_room(&w->core, w->locks, w->placeholders);
        for (uint8_t t = 0; t < N_TENURES; t++)
                core_apply(&w->core, &(struct core_change){.type = CORE_ADD_PLACEHOLDER,
                                                           .placeholder_conf = builder_placeholder_conf(t)});
        for (size_t i = 0; i < n_locks; i++)
                add(w, tenure);
}

static void test_add_and_set(void **state) {
        struct world w;
        struct election_conf c = builder_election_conf(TENURE_LEASE);
        size_t i;

        (void)state;
        begin(&w, 2, TENURE_LIFE);
        assert_int_equal(w.core.n_locks, 2);
        assert_int_equal(w.core.n_placeholders, N_TENURES);
        assert_int_equal(core_lock_view(&w.core, 1, NOW).state, ELECTION_STARTING);
        assert_int_equal(core_lock_view(&w.core, 1, NOW).next_tenure, TENURE_LIFE);
        assert_int_equal(core_lock_view(&w.core, 1, NOW).placeholder, TENURE_LIFE);
        /* What was changed is due at once. */
        for (size_t k = 0; k < 2; k++)
                w.locks[k].due = false;
        for (size_t k = 0; k < N_TENURES; k++)
                w.placeholders[k].due = false;
        w.locks[0].election.timers.verify_at_usec = w.locks[1].election.timers.verify_at_usec = USEC_INFINITY;
        assert_int_equal(core_next(&w.core, NOW, &i), CORE_TURN_NONE);
        core_apply(&w.core, &(struct core_change){.type = CORE_SET_LOCK, .index = 1, .lock = c});
        assert_int_equal(core_next(&w.core, NOW, &i), CORE_TURN_LOCK);
        assert_int_equal(i, 1);
        assert_int_equal(core_lock_view(&w.core, 1, NOW).next_tenure, TENURE_LEASE);
        assert_int_equal(core_lock_view(&w.core, 1, NOW).placeholder, TENURE_LEASE);
        assert_int_equal(core_lock_view(&w.core, 0, NOW).next_tenure, TENURE_LIFE);
}

/* In life tenure the placeholder says how often it is written: with another interval that is not true until the next
 * writing, and the old one may lie far behind what the new one waits for. */
static void test_other_interval_is_told(void **state) {
        static const struct {
                uint8_t tenure;
                uint64_t verify_usec;
                bool due;
        } rows[] = {
                {TENURE_LIFE, 60 * SEC, false},
                {TENURE_LIFE, 3600 * SEC, true},
                {TENURE_LIFE, 30 * SEC, true},
                {TENURE_LEASE, 3600 * SEC, false},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct placeholder_conf c = builder_placeholder_conf(rows[i].tenure);
                const struct placeholder_wish w = {
                        .needed = true, .named = true, .renewing = rows[i].tenure == TENURE_LEASE};
                struct placeholder *h;
                struct world x;

                begin(&x, 1, rows[i].tenure);
                h = &x.placeholders[rows[i].tenure].placeholder;
                h->state = PLACEHOLDER_LIVE;
                h->unread = false;
                h->uid = 5;
                h->proven_at_usec = h->renewed_at_usec = NOW;
                c.verify_interval_usec = rows[i].verify_usec;
                core_apply(&x.core, &(struct core_change){.type = CORE_SET_PLACEHOLDER,
                                                          .index = rows[i].tenure,
                                                          .placeholder_conf = c});
                if ((placeholder_deadline(h, &x.placeholders[rows[i].tenure].conf, &w) <= NOW) != rows[i].due)
                        fail_msg("row %zu", i);
        }
}

/* The last one takes the index of one that goes; one that begins anew knows nothing of before. */
static void test_remove_and_restart(void **state) {
        struct world w;

        (void)state;
        begin(&w, 3, TENURE_LIFE);
        w.locks[0].election.state = ELECTION_STOPPED;
        w.locks[2].election.term.uid = 77;
        core_apply(&w.core, &(struct core_change){.type = CORE_REMOVE_LOCK, .index = 0});
        assert_int_equal(w.core.n_locks, 2);
        assert_int_equal(core_lock_view(&w.core, 0, NOW).term_uid, 77);
        core_apply(&w.core, &(struct core_change){.type = CORE_RESTART_LOCK, .index = 0});
        assert_int_equal(core_lock_view(&w.core, 0, NOW).term_uid, 0);
        assert_int_equal(core_lock_view(&w.core, 0, NOW).state, ELECTION_STARTING);
}

/* All elections hear of a sleep, also those that come while it is near; and no longer when the host woke up. */
static void test_sleep(void **state) {
        struct world w;

        (void)state;
        begin(&w, 1, TENURE_LEASE);
        w.locks[0].election.guard.linked = true;
        w.locks[0].election.guard.fact.unit = UNIT_STOPPED;
        core_apply(&w.core, &(struct core_change){.type = CORE_SLEEP});
        add(&w, TENURE_LEASE);
        w.locks[1].election.guard = w.locks[0].election.guard;
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(core_lock_view(&w.core, i, NOW).stays_out, REASON_SLEEP);
                assert_true(w.locks[i].due);
        }
        /* A reload while it is near does not forget it. */
        core_apply(&w.core, &(struct core_change){
                                    .type = CORE_SET_LOCK, .index = 0, .lock = builder_election_conf(TENURE_LEASE)});
        assert_int_equal(core_lock_view(&w.core, 0, NOW).stays_out, REASON_SLEEP);
        core_apply(&w.core, &(struct core_change){.type = CORE_WAKE});
        for (size_t i = 0; i < 2; i++)
                assert_int_equal(core_lock_view(&w.core, i, NOW).stays_out, REASON_NONE);
}

static void test_stop(void **state) {
        struct world w;

        (void)state;
        begin(&w, 2, TENURE_LIFE);
        assert_false(core_released(&w.core));
        core_apply(&w.core, &(struct core_change){.type = CORE_STOP});
        for (size_t i = 0; i < 2; i++)
                assert_true(w.locks[i].election.wants.stop && w.locks[i].due);
        for (size_t i = 0; i < N_TENURES; i++)
                assert_true(w.placeholders[i].due);
        w.locks[0].election.state = w.locks[1].election.state = ELECTION_STOPPED;
        assert_true(core_released(&w.core));
        /* A placeholder that lives is taken away first, unless the API server does not let us. */
        w.placeholders[0].placeholder.state = PLACEHOLDER_LIVE;
        assert_false(core_released(&w.core));
        w.placeholders[0].placeholder.retry.attempts = 2;
        assert_true(core_released(&w.core));
}

/* A lock that is added, or begins anew, after the agent was told to stop, is out like all others. */
static void test_late_locks_stop_too(void **state) {
        struct world w;

        (void)state;
        for (unsigned i = 0; i < 2; i++) {
                begin(&w, 1, TENURE_LIFE);
                w.locks[0].election.state = ELECTION_STOPPED;
                core_apply(&w.core, &(struct core_change){.type = CORE_STOP});
                if (i == 0)
                        add(&w, TENURE_LIFE);
                else
                        core_apply(&w.core, &(struct core_change){.type = CORE_RESTART_LOCK, .index = 0});
                assert_true(w.locks[i == 0].election.wants.stop && w.locks[i == 0].due);
        }
        /* Otherwise one that begins anew competes, and at once: nobody else may wake it. */
        begin(&w, 1, TENURE_LIFE);
        w.locks[0].election.wants.stop = true;
        w.locks[0].due = false;
        core_apply(&w.core, &(struct core_change){.type = CORE_RESTART_LOCK, .index = 0});
        assert_true(w.locks[0].due && !w.locks[0].election.wants.stop);
}

/* STATUS= shows the instants that the core goes by: a challenger's wait has the margin for clock rates in it. */
static void test_takes_over_at(void **state) {
        struct world w;
        struct election *e;
        struct core_lock_view v;

        (void)state;
        begin(&w, 1, TENURE_LEASE);
        e = &w.locks[0].election;
        e->state = ELECTION_CANDIDATE;
        e->lock.source = LOCK_SOURCE_ANSWER;
        e->lock.fact = builder_other_lock(5, TENURE_LEASE, 6);
        e->lock.fact.duration_usec = 20 * SEC;
        assert_true(core_lock_view(&w.core, 0, NOW).takes_over_at_usec == USEC_INFINITY);
        e->holder.lock = 5;
        e->holder.uid = 6;
        e->holder.state = HOLDER_LIVES;
        e->holder.genuine = true;
        e->holder.seen_at_usec = NOW;
        v = core_lock_view(&w.core, 0, NOW);
        assert_true(v.holder_seen && v.holder_wanted);
        assert_int_equal(v.takes_over_at_usec, NOW + 20 * SEC + 20 * SEC / 100);
        /* It is the instant at which the election wants its turn. */
        w.locks[0].due = false;
        e->guard.linked = true;
        e->guard.fact.unit = UNIT_STOPPED;
        e->lock.reread = false;
        e->timers.verify_at_usec = USEC_INFINITY;
        for (size_t i = 0; i < N_TENURES; i++) {
                w.placeholders[i].due = w.placeholders[i].placeholder.unread = false;
                w.placeholders[i].placeholder.state = PLACEHOLDER_LIVE;
        }
        assert_int_equal(core_deadline(&w.core), v.takes_over_at_usec);
        /* What was seen of another holder says nothing of this one. */
        e->holder.uid = 7;
        v = core_lock_view(&w.core, 0, NOW);
        assert_false(v.holder_seen || v.holder_wanted);
        assert_true(v.takes_over_at_usec == USEC_INFINITY);
}

static void test_leased_and_settled(void **state) {
        struct world w;

        (void)state;
        for (uint8_t tenure = 0; tenure < N_TENURES; tenure++)
                for (uint8_t s = 0; s < N_ELECTION_STATES; s++) {
                        bool term = s >= ELECTION_PROVING && s <= ELECTION_RELEASING;
                        bool on_the_way = s == ELECTION_STARTING || s == ELECTION_CLAIMING || s == ELECTION_ADOPTING ||
                                          s == ELECTION_PROVING;

                        begin(&w, 1, tenure);
                        w.locks[0].election.state = s;
                        w.locks[0].election.lock.fact.tenure = tenure;
                        assert_int_equal(core_leased(&w.core), term && tenure == TENURE_LEASE);
                        assert_int_equal(core_settled(&w.core), !on_the_way);
                        w.locks[0].election.op = ELECTION_OP_CREATE; /* a POST may have won by now */
                        assert_int_equal(core_leased(&w.core), tenure == TENURE_LEASE);
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add_and_set),
                cmocka_unit_test(test_other_interval_is_told),
                cmocka_unit_test(test_remove_and_restart),
                cmocka_unit_test(test_sleep),
                cmocka_unit_test(test_stop),
                cmocka_unit_test(test_late_locks_stop_too),
                cmocka_unit_test(test_takes_over_at),
                cmocka_unit_test(test_leased_and_settled),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
