/* SPDX-License-Identifier: Apache-2.0 */
/* The shell's own knowledge of a lock: texts behind the tokens of the core, facts, a lock that comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "core/core_parts.h"
#include "daemon/agent_parts.h"

/* What the turn of the loop does with what callbacks posted. */
static void settle(struct agent *a) {
        struct agent_post post;

        while (agent_take_post(a, &post))
                agent_step(a, &post);
}

/* While the unit of a fenced term still stops, other hosts lead one after the other: the revoke that a restarted guard
 * has to hear again, and the DELETE of the release, need the uid of that term. */
static void test_uid_of_the_term_is_kept(void **state) {
        static struct agent a;
        static struct core_lock c;
        static struct core_placeholder cp[N_TENURES];
        static struct agent_lock l;
        char uid[64];

        (void)state;
        a.core = (struct core){.locks = &c, .n_locks = 1, .placeholders = cp, .n_placeholders = N_TENURES};
        l.agent = &a;
        agent_uid_remember(&l, "of-the-term");
        c.election.term.uid = util_token("of-the-term");
        for (unsigned i = 0; i < 5 * AGENT_UIDS; i++) {
                (void)snprintf(uid, sizeof(uid), "other-%u", i);
                agent_uid_remember(&l, uid);
                assert_string_equal(agent_uid_text(&l, util_token(uid)), uid);
                assert_string_equal(agent_uid_text(&l, c.election.term.uid), "of-the-term");
        }
        c.election.term.uid = 0;
        for (unsigned i = 0; i < AGENT_UIDS; i++) {
                (void)snprintf(uid, sizeof(uid), "later-%u", i);
                agent_uid_remember(&l, uid);
        }
        assert_string_equal(agent_uid_text(&l, util_token("of-the-term")), "");
}

/* The claims of one lock cannot be read, while another lock of this host keeps the placeholder that both name alive:
 * the lease is not led under, but it is this host's to release. A life lock, or one of another boot, is not. */
static void test_lost_claims(void **state) {
        static const struct {
                bool bad, this_boot;
                enum tenure tenure;
                bool claimed;
                uint8_t sort;
        } rows[] = {
                {true, true, TENURE_LEASE, true, LOCK_DAMAGED},
                {true, false, TENURE_LEASE, false, LOCK_SOUND},
                {true, true, TENURE_LIFE, false, LOCK_SOUND},
                {false, true, TENURE_LEASE, false, LOCK_SOUND},
        };
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct agent a = {.boot_id = "this"};
        struct conf_lock conf = {.unit = (char[]){"app.service"}};
        struct tempdir dir;
        struct err err = {};

        (void)state;
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, &err), 0);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct agent_lock l = {.agent = &a, .conf = &conf, .claims.unreadable = rows[i].bad};
                struct lock_object o = {.form = LOCK_FORM_OURS, .tenure = rows[i].tenure};
                struct lock_fact f;

                (void)util_copy(o.claim, sizeof(o.claim), "0123456789abcdef0123456789abcdef");
                (void)util_copy(o.unit, sizeof(o.unit), "app.service");
                (void)util_copy(o.identity, sizeof(o.identity), store_identity(a.store));
                (void)util_copy(o.boot_id, sizeof(o.boot_id), rows[i].this_boot ? "this" : "earlier");
                f = agent_lock_fact(&l, &o);
                assert_int_equal(f.claimed, rows[i].claimed);
                assert_int_equal(f.sort, rows[i].sort);
        }
        store_close(a.store);
        tempdir_remove(&dir);
}

/* They are gone altogether: what tells is that the lock names our living placeholder, which another lock keeps so. */
static void test_removed_claims(void **state) {
        static const struct {
                bool this_boot;
                uint8_t placeholder; /* its state */
                const char *uid;
                bool claimed;
        } rows[] = {
                {true, PLACEHOLDER_LIVE, "ours", true},   {true, PLACEHOLDER_LIVE, "another", false},
                {true, PLACEHOLDER_TAKEN, "ours", false}, {true, PLACEHOLDER_DYING, "ours", false},
                {false, PLACEHOLDER_LIVE, "ours", false},
        };
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct core_placeholder cp = {};
        struct agent_placeholder p = {.tenure = TENURE_LEASE}, *all[] = {&p};
        struct agent a = {.boot_id = "this", .placeholders = all, .n_placeholders = 1};
        struct conf_lock conf = {.unit = (char[]){"app.service"}};
        struct agent_lock l = {.agent = &a, .conf = &conf};
        struct tempdir dir;
        struct err err = {};

        (void)state;
        a.core = (struct core){.placeholders = &cp, .n_placeholders = 1};
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, &err), 0);
        cp.placeholder.uid = util_token("ours");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct lock_object o = {.form = LOCK_FORM_OURS, .tenure = TENURE_LEASE};
                struct lock_fact f;

                cp.placeholder.state = rows[i].placeholder;
                (void)util_copy(o.claim, sizeof(o.claim), "0123456789abcdef0123456789abcdef");
                (void)util_copy(o.unit, sizeof(o.unit), "app.service");
                (void)util_copy(o.identity, sizeof(o.identity), store_identity(a.store));
                (void)util_copy(o.boot_id, sizeof(o.boot_id), rows[i].this_boot ? "this" : "earlier");
                (void)util_copy(o.placeholder_uid, sizeof(o.placeholder_uid), rows[i].uid);
                f = agent_lock_fact(&l, &o);
                assert_int_equal(f.claimed, rows[i].claimed);
                assert_int_equal(f.sort, rows[i].claimed ? LOCK_DAMAGED : LOCK_SOUND);
        }
        store_close(a.store);
        tempdir_remove(&dir);
}

/* Our claim, and an identity that somebody wrote into the lock: it is not ours any more. */
static void test_other_identity(void **state) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct agent a = {.boot_id = "this"};
        struct conf_lock conf = {.unit = (char[]){"app.service"}};
        struct agent_lock l = {.agent = &a, .conf = &conf};
        struct lock_object o = {.form = LOCK_FORM_OURS, .boot_id = "earlier"};
        struct tempdir dir;
        struct err err = {};

        (void)state;
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, &err), 0);
        assert_int_equal(store_claim_new(a.store, "lock:ns/l", o.claim, &err), 0);
        assert_int_equal(store_claims(a.store, "lock:ns/l", &l.claims.known, &err), 0);
        (void)util_copy(o.identity, sizeof(o.identity), store_identity(a.store));
        assert_true(agent_lock_fact(&l, &o).claimed);
        (void)util_copy(o.identity, sizeof(o.identity), "web-2-00000000");
        assert_false(agent_lock_fact(&l, &o).claimed);
        store_close(a.store);
        tempdir_remove(&dir);
}

/* A lock with a claim that this process POSTed must say what that POST said; one that an earlier process POSTed says
 * what it says. A claim is POSTed again until it is answered: each of its records counts. */
static void test_not_as_posted(void **state) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct agent a = {.boot_id = "this"};
        struct conf_lock conf = {.unit = (char[]){"app.service"}};
        struct agent_lock l = {.agent = &a, .conf = &conf};
        struct lock_object o = {.form = LOCK_FORM_OURS,
                                .boot_id = "this",
                                .unit = "app.service",
                                .tenure = TENURE_LEASE,
                                .lease_duration_usec = 15 * USEC_PER_SEC,
                                .holder = "web-1"};
        struct lock_object found, again;
        struct tempdir dir;
        struct err err = {};

        (void)state;
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, &err), 0);
        assert_int_equal(store_claim_new(a.store, "lock:ns/l", o.claim, &err), 0);
        assert_int_equal(store_claims(a.store, "lock:ns/l", &l.claims.known, &err), 0);
        (void)util_copy(o.identity, sizeof(o.identity), store_identity(a.store));
        found = o;
        found.lease_duration_usec = 3 * USEC_PER_SEC;
        assert_int_equal(agent_lock_fact(&l, &found).sort, LOCK_SOUND);
        agent_posted_remember(&l, &o);
        agent_posted_remember(&l, &o);
        assert_int_equal(agent_lock_fact(&l, &o).sort, LOCK_SOUND);
        assert_int_equal(agent_lock_fact(&l, &found).sort, LOCK_DAMAGED);
        assert_true(agent_lock_fact(&l, &found).claimed);
        found = o;
        found.tenure = TENURE_LIFE;
        assert_int_equal(agent_lock_fact(&l, &found).sort, LOCK_DAMAGED);
        found = o;
        (void)util_copy(found.holder, sizeof(found.holder), "somebody");
        assert_int_equal(agent_lock_fact(&l, &found).sort, LOCK_DAMAGED);
        /* What changes during a term. */
        found = o;
        (void)util_copy(found.placeholder_uid, sizeof(found.placeholder_uid), "another");
        (void)util_copy(found.boot_id, sizeof(found.boot_id), "another");
        assert_int_equal(agent_lock_fact(&l, &found).sort, LOCK_SOUND);
        again = o;
        again.lease_duration_usec = 20 * USEC_PER_SEC;
        agent_posted_remember(&l, &again);
        assert_int_equal(agent_lock_fact(&l, &o).sort, LOCK_SOUND);
        assert_int_equal(agent_lock_fact(&l, &again).sort, LOCK_SOUND);
        store_close(a.store);
        tempdir_remove(&dir);
}

/* A lock that left the configuration came back while it was let go: it begins anew, and what was still under way for
 * the old election is no answer to the new one. */
static void test_returns(void **state) {
        struct agent a = {.trace_fd = -1};
        struct core_lock c = {.election = {.state = ELECTION_STOPPED, .op = ELECTION_OP_CLAIM}};
        struct core_placeholder cp[N_TENURES] = {};
        struct agent_lock l = {.agent = &a, .leaving = true, .returning = true};
        struct agent_lock *locks[] = {&l};

        (void)state;
        a.core = (struct core){.locks = &c, .n_locks = 1, .placeholders = cp, .n_placeholders = N_TENURES};
        a.locks = locks;
        a.n_locks = 1;
        agent_conf_reap(&a);
        assert_int_equal(a.n_locks, 1);
        assert_int_equal(a.core.n_locks, 1);
        assert_false(l.leaving || l.returning);
        assert_int_equal(c.election.state, ELECTION_STARTING);
        assert_int_equal(c.election.op, ELECTION_OP_NONE);
}

/* While the agent stops no lock begins anew: it would compete, and win, beside those that are being released. Nor does
 * any go while something is posted for it. */
static void test_stays_away(void **state) {
        static const struct {
                bool returning, stopping, posted;
        } rows[] = {{true, true, false}, {false, true, false}, {true, false, true}, {false, false, true}};

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct agent a = {.trace_fd = -1, .link_up = true};
                struct core_lock c = {.election = {.state = ELECTION_STOPPED, .wants.stop = true}};
                struct core_placeholder cp[N_TENURES] = {};
                struct agent_lock l = {.agent = &a, .leaving = true, .returning = rows[i].returning};
                struct agent_lock *locks[] = {&l};

                a.core = (struct core){.locks = &c, .n_locks = 1, .placeholders = cp, .n_placeholders = N_TENURES};
                a.locks = locks;
                a.n_locks = 1;
                a.stopping.since_usec = rows[i].stopping;
                if (rows[i].posted)
                        agent_post_lock(&l, &(struct election_event){.type = ELECTION_EV_LOCK_SEEN});
                agent_conf_reap(&a);
                assert_int_equal(a.n_locks, 1);
                assert_int_equal(a.core.n_locks, 1);
                assert_true(l.leaving && l.returning == rows[i].returning);
                assert_int_equal(c.election.state, ELECTION_STOPPED);
                assert_true(c.election.wants.stop);
                assert_int_equal(a.inbox.n, rows[i].posted);
                free(a.inbox.posts);
        }
}

/* Lock "old" left the configuration while no agent ran, and could not be read at first; its unit runs for lock "new"
 * meanwhile. What is still to be released is "old": the permit of "new" is none of its business. */
static void test_unit_has_another_lock(void **state) {
        struct agent a = {.trace_fd = -1};
        struct core_lock c[2] = {};
        struct core_placeholder cp[N_TENURES] = {};
        struct conf_lock conf[] = {
                {.name = (char[]){"new"}, .namespace_ = (char[]){"ns"}, .unit = (char[]){"u.service"}},
                {.name = (char[]){"old"}, .namespace_ = (char[]){"ns"}, .unit = (char[]){"u.service"}}};
        struct agent_lock l[] = {{.agent = &a, .index = 0, .conf = &conf[0], .title = "ns/new"},
                                 {.agent = &a, .index = 1, .conf = &conf[1], .title = "ns/old", .leaving = true}};
        struct agent_lock *locks[] = {&l[0], &l[1]};
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct permit_reply reply = {.unit = "u.service", .permit_uid = "N", .lock = "ns/new"};
        struct tempdir dir;
        struct err err = {};

        (void)state;
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, &err), 0);
        assert_int_equal(sd_event_new(&a.event), 0);
        assert_int_equal(link_new(&a.link, a.event, tempdir_path(&dir, "nowhere"), &agent_link_handlers, &a), 0);
        a.core = (struct core){.locks = c, .n_locks = 2, .placeholders = cp, .n_placeholders = N_TENURES};
        a.locks = locks;
        a.n_locks = 2;
        for (size_t i = 0; i < ELEMENTSOF(c); i++)
                c[i].placeholder[TENURE_LEASE] = 1;
        reply.unit_state = UNIT_RUNNING;
        c[0].election = (struct election){.state = ELECTION_STOPPED};
        c[1].election = (struct election){
                .state = ELECTION_CANDIDATE,
                .wants.stop = true,
                .guard.linked = true,
                .timers.verify_at_usec = USEC_INFINITY,
                .lock = {.source = LOCK_SOURCE_ANSWER,
                         .fact = {.sort = LOCK_SOUND, .claimed = true, .same_boot = true, .uid = util_token("O")}},
        };
        agent_link_handlers.reply(&reply, &a);
        settle(&a);
        assert_int_equal(c[1].election.term.uid, 0);
        /* … and now the answer about its own. */
        reply.seq = 1;
        (void)util_copy(reply.lock_uid, sizeof(reply.lock_uid), "O");
        agent_link_handlers.reply(&reply, &a);
        settle(&a);
        assert_int_equal(c[1].election.state, ELECTION_STOPPING);
        assert_int_equal(c[1].election.term.uid, util_token("O"));
        /* The permit of a lock that nobody has any more is stale. */
        c[1].election =
                (struct election){.state = ELECTION_CANDIDATE, .lock.source = LOCK_SOURCE_WATCH, .guard.linked = true};
        c[1].election.timers.verify_at_usec = USEC_INFINITY;
        l[0].leaving = true;
        agent_link_handlers.reply(&reply, &a);
        settle(&a);
        assert_int_equal(c[1].election.term.uid, util_token("N"));
        free(a.inbox.posts);
        link_free(a.link);
        store_close(a.store);
        sd_event_unref(a.event);
        tempdir_remove(&dir);
}

/* What a candidate waits for, in words: the longest duration that was seen, whatever is written in the lock now; also
 * when the claim in it is ours, and a copy of us or an earlier boot leads under it. */
static void test_waits_in_words(void **state) {
        static const struct {
                bool claimed, same_boot;
                uint64_t seen_ago, written, longest;
                const char *next;
                enum tenure tenure;
        } rows[] = {
                {false, false, 0, 30, 30, "takes over if web-2 is silent for 30s", TENURE_LEASE},
                {false, false, 0, 5, 30, "takes over if web-2 is silent for 30s", TENURE_LEASE},
                {false, false, 10, 5, 30, "takes over if web-2 is silent for 30s", TENURE_LEASE},
                {true, false, 0, 30, 30, "takes over if web-2 is silent for 30s", TENURE_LEASE},
                {true, true, 0, 30, 30, "takes over if web-2 is silent for 30s", TENURE_LEASE},
                /* Whether its agent lives is not seen from here: a human knows. */
                {false, false, 0, 0, 0,
                 "waits for web-2 to release the lock. Only when that host is off for good, or u.service is stopped "
                 "there for certain: leaderctl fence d/l --holder web-2.1 --reason TEXT",
                 TENURE_LIFE},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct agent a = {.trace_fd = -1};
                struct core_lock c = {};
                struct core_placeholder cp[N_TENURES] = {};
                struct agent_placeholder p[N_TENURES] = {}, *placeholders[] = {&p[0], &p[1]};
                struct conf_lock conf = {.unit = (char[]){"u.service"}};
                struct agent_lock l = {.agent = &a, .conf = &conf, .has_answered = true};
                struct agent_text t;
                struct core_lock_view v;

                a.core = (struct core){.locks = &c, .n_locks = 1, .placeholders = cp, .n_placeholders = N_TENURES};
                a.placeholders = placeholders;
                (void)util_copy(l.answered.uid, sizeof(l.answered.uid), "O");
                (void)util_copy(l.answered.version, sizeof(l.answered.version), "1");
                (void)util_copy(l.answered.holder, sizeof(l.answered.holder), "web-2");
                (void)util_copy(l.answered.identity, sizeof(l.answered.identity), "web-2.1");
                (void)util_copy(l.title, sizeof(l.title), "d/l");
                c.election = (struct election){
                        .state = ELECTION_CANDIDATE,
                        .guard = {.linked = true, .fact.unit = UNIT_STOPPED},
                        .lock = {.source = LOCK_SOURCE_ANSWER,
                                 .fact = {.sort = LOCK_SOUND,
                                          .tenure = (uint8_t)rows[i].tenure,
                                          .uid = util_token("O"),
                                          .version = util_token("1"),
                                          .placeholder = 7,
                                          .claimed = rows[i].claimed,
                                          .same_boot = rows[i].same_boot,
                                          .duration_usec = rows[i].written * USEC_PER_SEC}},
                        .record = {.uid = util_token("O"), .longest_usec = rows[i].longest * USEC_PER_SEC},
                        .holder = {.lock = util_token("O"),
                                   .uid = 7,
                                   .state = HOLDER_LIVES,
                                   .genuine = true,
                                   .seen_at_usec = clock_boottime_usec() - rows[i].seen_ago * USEC_PER_SEC},
                        .past.rival_uid = util_token("O"),
                };
                v = agent_view(&l);
                agent_describe(&l, &v, &t);
                if (!util_streq(t.next, rows[i].next))
                        fail_msg("row %zu: '%s'", i, t.next);
        }
}

/* The guard cannot finish a stop: what it said is told, and that the lock stays. */
static void test_stop_fails_in_words(_unused_ void **state) {
        struct agent a = {.trace_fd = -1};
        struct core_lock c = {};
        struct core_placeholder cp[N_TENURES] = {};
        struct agent_placeholder p[N_TENURES] = {}, *placeholders[] = {&p[0], &p[1]};
        struct conf_lock conf = {.unit = (char[]){"u.service"}};
        struct agent_lock l = {.agent = &a, .conf = &conf, .has_guard = true};
        struct agent_text t;
        struct core_lock_view v;

        a.core = (struct core){.locks = &c, .n_locks = 1, .placeholders = cp, .n_placeholders = N_TENURES};
        a.placeholders = placeholders;
        c.election = (struct election){
                .state = ELECTION_STOPPING, .guard = {.linked = true}, .term = {.uid = 1, .reason = REASON_STEP_DOWN}};
        l.guard = (struct permit_reply){.unit_state = UNIT_STOPPING};
        (void)util_copy(l.trouble, sizeof(l.trouble), "the guard cannot record; make room");
        v = agent_view(&l);
        agent_describe(&l, &v, &t);
        assert_string_equal(t.reason, "asked to step down");
        assert_string_equal(t.next, "releases the lock when the unit was seen stopped");
        l.stop_fails = true;
        agent_describe(&l, &v, &t);
        assert_string_equal(t.reason, "leader-guard cannot finish the stop: the guard cannot record; make room");
        assert_string_equal(t.next, "keeps the lock until that is cured");

        /* An API server that is away hides what it refused last, not what the disk does. */
        c.election.state = ELECTION_CLAIMING;
        c.election.term.reason = REASON_NONE;
        (void)util_copy(l.problem, sizeof(l.problem), "cannot write");
        (void)util_copy(a.api_error, sizeof(a.api_error), "renew: unknown");
        a.api_silent_usec = 1;
        v = agent_view(&l);
        agent_describe(&l, &v, &t);
        assert_null(strstr(t.reason, "cannot write"));
        l.claims.failing = true;
        agent_describe(&l, &v, &t);
        assert_non_null(strstr(t.reason, "cannot write"));
}

/* The guard does not stop what root has not enrolled: whatever the term ended for, the lock stays here until somebody
 * stops the unit, which is told with the command for as long. */
static void test_refused_stop_in_words(_unused_ void **state) {
        static struct agent a = {.trace_fd = -1};
        static struct core_lock c;
        static struct core_placeholder cp[N_TENURES];
        static struct agent_placeholder p[N_TENURES], *placeholders[] = {&p[0], &p[1]};
        struct conf_lock conf = {.unit = (char[]){"u.service"}};
        static struct agent_lock l, *locks[] = {&l};
        struct agent_post post = {.type = AGENT_POST_GUARD,
                                  .reply = {.seq = 1,
                                            .request_type = PERMIT_REVOKE,
                                            .result = GUARD_REFUSED_ENROLL,
                                            .unit_state = UNIT_FOREIGN,
                                            .revoked = 1,
                                            .unit = "u.service",
                                            .lock_uid = "A",
                                            .text = "it runs, but is not enrolled here: systemctl stop u.service"}};
        struct agent_text t;
        struct core_lock_view v;

        a.core = (struct core){.locks = &c, .n_locks = 1, .placeholders = cp, .n_placeholders = N_TENURES};
        a.placeholders = placeholders;
        a.locks = locks;
        a.n_locks = 1;
        l = (struct agent_lock){.agent = &a, .conf = &conf};
        c.election =
                (struct election){.state = ELECTION_STOPPING,
                                  .guard = {.linked = true},
                                  .term = {.uid = util_token("A"), .reason = REASON_STEP_DOWN, .revoke_sent = true}};
        for (unsigned i = 0; i < 2; i++) {
                agent_step(&a, &post);
                assert_int_equal(c.election.state, ELECTION_STOPPING);
                v = agent_view(&l);
                agent_describe(&l, &v, &t);
                assert_string_equal(t.reason,
                                    "leader-guard cannot finish the stop: it runs, but is not enrolled here: systemctl "
                                    "stop u.service");
                assert_string_equal(t.next, "keeps the lock until that is cured");
                /* An answer to a question that came with it has nothing to say. */
                post.reply = (struct permit_reply){
                        .seq = 2, .request_type = PERMIT_QUERY, .unit_state = UNIT_FOREIGN, .unit = "u.service"};
        }
        /* Enrolled meanwhile: it is being stopped. */
        post.reply = (struct permit_reply){.unit_state = UNIT_STOPPING, .unit = "u.service"};
        agent_step(&a, &post);
        v = agent_view(&l);
        agent_describe(&l, &v, &t);
        assert_string_equal(t.reason, "asked to step down");
        assert_string_equal(t.next, "releases the lock when the unit was seen stopped");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_not_as_posted),
                cmocka_unit_test(test_uid_of_the_term_is_kept),
                cmocka_unit_test(test_lost_claims),
                cmocka_unit_test(test_removed_claims),
                cmocka_unit_test(test_other_identity),
                cmocka_unit_test(test_returns),
                cmocka_unit_test(test_stays_away),
                cmocka_unit_test(test_unit_has_another_lock),
                cmocka_unit_test(test_waits_in_words),
                cmocka_unit_test(test_stop_fails_in_words),
                cmocka_unit_test(test_refused_stop_in_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
