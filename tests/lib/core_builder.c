/* SPDX-License-Identifier: Apache-2.0 */
/* The core under test: builds it, steps it, logs and checks what it asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core_builder.h"

/* ---- facts ---- */

struct election_conf builder_election_conf(uint8_t tenure) {
        return (struct election_conf){
                .timing = {.duration_usec = 15 * SEC,
                           .renew_deadline_usec = 8 * SEC,
                           .stop_timeout_usec = 3 * SEC,
                           .kill_margin_usec = 2 * SEC,
                           .rate_permille = TIMING_RATE_PERMILLE},
                .verify_interval_usec = 60 * SEC,
                .retry = RETRY_API,
                .keys = {.cooldown = {10 * SEC, 300 * SEC},
                         .step_down_hold_usec = 30 * SEC,
                         .restart_limit = 5,
                         .restart_interval_usec = 600 * SEC,
                         .on_exit = ON_EXIT_RELEASE},
                .tenure = tenure,
        };
}

struct placeholder_conf builder_placeholder_conf(uint8_t tenure) {
        return (struct placeholder_conf){
                .renew_interval_usec = 2 * SEC,
                .verify_interval_usec = 60 * SEC,
                .retry = {SEC / 4, tenure == TENURE_LEASE ? 2 * SEC : 30 * SEC},
                .taken_interval_usec = RETRY_TAKEN_USEC,
                .duration_usec = 15 * SEC,
                .rate_permille = TIMING_RATE_PERMILLE,
                .tenure = tenure,
        };
}

struct lock_fact builder_own_lock(uint64_t uid, uint8_t tenure, uint64_t placeholder) {
        return (struct lock_fact){
                .uid = uid,
                .version = 1,
                .placeholder = placeholder,
                .duration_usec = tenure == TENURE_LEASE ? 15 * SEC : 0,
                .sort = LOCK_SOUND,
                .tenure = tenure,
                .claimed = true,
                .same_boot = true,
        };
}

struct lock_fact builder_other_lock(uint64_t uid, uint8_t tenure, uint64_t placeholder) {
        struct lock_fact f = builder_own_lock(uid, tenure, placeholder);

        f.claimed = f.same_boot = false;
        return f;
}

/* ---- the log ---- */

static void say(struct builder *b, size_t i, const char *prefix, const char *word) {
        char text[64];
        int n = i ? snprintf(text, sizeof(text), "%zu:%s%s", i, prefix, word)
                  : snprintf(text, sizeof(text), "%s%s", prefix, word);

        if (b->n_log + (size_t)n + 2 > sizeof(b->log)) /* a long walk: keep the end */
                b->n_log = 0;
        if (b->n_log)
                b->log[b->n_log++] = ' ';
        memcpy(b->log + b->n_log, text, (size_t)n + 1);
        b->n_log += (size_t)n;
}

void builder_forget(struct builder *b) {
        b->n_log = 0;
        b->log[0] = '\0';
}

void builder_expect(struct builder *b, const char *words) {
        assert_string_equal(b->log, words);
        builder_forget(b);
}

/* Finds a whole word; NULL when it is not there. */
static const char *find_word(const char *log, const char *word, size_t n) {
        for (const char *p = log; *p;) {
                size_t len = strcspn(p, " ");

                if (len == n && strncmp(p, word, n) == 0)
                        return p + len;
                p += len + (p[len] == ' ');
        }
        return NULL;
}

void builder_saw(struct builder *b, const char *words) {
        const char *at = b->log;

        for (const char *w = words; *w;) {
                size_t n = strcspn(w, " ");
                const char *after = find_word(at, w, n);

                if (!after)
                        fail_msg("'%.*s' of '%s' is not in '%s'", (int)n, w, words, b->log);
                at = after;
                w += n + (w[n] == ' ');
        }
}

void builder_never(struct builder *b, const char *word) {
        if (find_word(b->log, word, strlen(word)))
                fail_msg("'%s' must not be in '%s'", word, b->log);
}

struct election *builder_election(struct builder *b, size_t i) {
        return &b->locks[i].election;
}

uint8_t builder_state(const struct builder *b) {
        return b->locks[0].election.state;
}

uint8_t builder_reason(const struct builder *b) {
        return b->locks[0].election.term.reason;
}

uint8_t builder_hold(const struct builder *b) {
        const struct placeholder_view v[N_TENURES] = {placeholder_view(&b->placeholders[TENURE_LIFE].placeholder),
                                                      placeholder_view(&b->placeholders[TENURE_LEASE].placeholder)};

        return election_stays_out(&b->locks[0].election, v, b->now, &b->locks[0].conf);
}

/* ---- rules of every world ---- */

static void check_message(struct builder *b, size_t i, uint8_t type, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        const struct placeholder *h = &b->placeholders[b->answered[i].tenure].placeholder;

        assert_true(uid < BUILDER_UIDS);
        switch ((enum election_message)type) {
        case ELECTION_MSG_NONE:
        case ELECTION_MSG_QUERY:
                break;
        case ELECTION_MSG_PERMIT:
                assert_true(uid != 0);
                assert_false(b->revoke_sent[uid]); /* a state that began to stop never turns back */
                assert_true(stop_at > b->now);
                assert_true(kill_at >= stop_at);
                assert_true(b->answered[i].uid == uid && b->answered[i].claimed);
                if (b->answered[i].tenure == TENURE_LEASE) {
                        assert_true(stop_at - b->now <= b->locks[i].conf.timing.renew_deadline_usec);
                        assert_true(kill_at == stop_at + b->locks[i].election.term.stop_timeout_usec);
                        assert_int_equal(h->uid, b->answered[i].placeholder);
                        assert_true(h->proven_at_usec + b->answered[i].duration_usec > kill_at);
                } else
                        assert_true(stop_at == USEC_INFINITY && kill_at == USEC_INFINITY);
                break;
        case ELECTION_MSG_REVOKE:
                assert_true(uid != 0);
                b->revoke_sent[uid] = true;
                break;
        case ELECTION_MSG_EVICT:
                /* Of what an answer showed as somebody else's, never of a term of ours. */
                assert_int_equal(b->locks[i].election.state, ELECTION_CANDIDATE);
                assert_true(uid != 0 && uid == b->answered[i].uid);
                assert_int_equal(b->answered[i].sort, LOCK_SOUND);
                assert_false(b->answered[i].claimed &&
                             (b->answered[i].tenure == TENURE_LIFE || b->answered[i].same_boot));
                break;
        }
}

static void check_request(struct builder *b, size_t i, const struct builder_request *r) {
        const struct lock_fact *l = &b->answered[i];
        bool own = l->claimed && (l->tenure == TENURE_LIFE || l->same_boot);

        assert_int_equal(b->request[i].op, ELECTION_OP_NONE); /* one at a time */
        assert_int_equal(b->locks[i].election.op, r->op);
        switch ((enum election_op)r->op) {
        case ELECTION_OP_STRIP:
                /* Only on a lock that was read as marked, as it was read. */
                assert_true(l->uid == r->uid && l->version == r->version && r->version != 0);
                assert_true(l->deleting);
                if (own)
                        assert_true(b->stop_seen[r->uid]);
                else /* deposed: its placeholder lives no more */
                        assert_false(b->holder.present && !b->holder.deleting && b->holder.uid == l->placeholder);
                break;
        case ELECTION_OP_DELETE:
                assert_true(r->uid != 0);
                if (own)
                        assert_true(b->revoke_answered[r->uid]);
                else
                        assert_false(b->holder.present && !b->holder.deleting && b->holder.uid == l->placeholder);
                break;
        case ELECTION_OP_ADOPT:
                assert_true(own && l->tenure == TENURE_LIFE && r->uid == l->uid && r->version);
                break;
        case ELECTION_OP_RESTORE:
                assert_true(own && l->tenure == TENURE_LIFE && !l->deleting && r->uid == l->uid && r->version);
                assert_true(l->orphaned && r->placeholder);
                break;
        case ELECTION_OP_DELETE_HOLDER:
                assert_true(r->uid && r->version);
                break;
        case ELECTION_OP_CREATE:
                assert_true(r->placeholder != 0);
                break;
        case ELECTION_OP_NONE:
        case ELECTION_OP_READ:
        case ELECTION_OP_CLAIM:
        case ELECTION_OP_READ_HOLDER:
        case ELECTION_OP_READ_POD:
                break;
        }
}

/* ---- performing ---- */

static void enqueue(struct builder *b, size_t i, uint8_t type, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        struct builder_guard *g = &b->guard[i];

        if (!b->link)
                return;
        assert_true(g->n_queue < ELEMENTSOF(g->queue));
        g->queue[g->n_queue].type = type;
        g->queue[g->n_queue].uid = uid;
        g->queue[g->n_queue].stop_at_usec = stop_at;
        g->queue[g->n_queue].kill_at_usec = kill_at;
        g->n_queue++;
}

static void perform(struct builder *b, size_t i, const struct election_actions *a) {
        static const char *const words[] = {"", "QUERY", "PERMIT", "REVOKE", "EVICT"};

        for (unsigned k = 0; k < ELEMENTSOF(a->guard) && a->guard[k].type != ELECTION_MSG_NONE; k++) {
                check_message(b, i, a->guard[k].type, a->guard[k].uid, a->guard[k].stop_at_usec,
                              a->guard[k].kill_at_usec);
                say(b, i, "", words[a->guard[k].type]);
                enqueue(b, i, a->guard[k].type, a->guard[k].uid, a->guard[k].stop_at_usec, a->guard[k].kill_at_usec);
        }
        if (a->request.op != ELECTION_OP_NONE) {
                struct builder_request r = {.op = a->request.op,
                                            .uid = a->request.uid,
                                            .version = a->request.version,
                                            .placeholder = a->request.placeholder};

                check_request(b, i, &r);
                say(b, i, "", election_op_to_string(r.op));
                b->request[i] = r;
                b->n_requests += r.op != ELECTION_OP_CLAIM;
        }
}

static void perform_beat(struct builder *b, uint8_t t, const struct placeholder_action *a) {
        if (a->op == PLACEHOLDER_OP_NONE)
                return;
        assert_int_equal(b->beat[t].op, PLACEHOLDER_OP_NONE);
        if (a->op == PLACEHOLDER_OP_RENEW || a->op == PLACEHOLDER_OP_CLEAR)
                assert_true(a->uid && a->version);
        say(b, 0, t == TENURE_LIFE ? "life." : "lease.", placeholder_op_to_string(a->op));
        b->beat[t] =
                (struct builder_request){.op = a->op, .uid = a->uid, .version = a->version, .sent_at_usec = b->now};
        b->n_requests += a->op != PLACEHOLDER_OP_CLAIM;
}

void builder_step(struct builder *b, size_t i, struct election_event ev) {
        ev.now_usec = b->now;
        ev.random = b->random = b->random * 1664525 + 1013904223;
        b->out = core_lock_step(&b->core, i, &ev);
        assert_true(core_invariant(&b->core));
        perform(b, i, &b->out);
}

void builder_step_beat(struct builder *b, uint8_t t, struct placeholder_event ev) {
        struct placeholder_action a;

        ev.now_usec = b->now;
        ev.random = b->random = b->random * 1664525 + 1013904223;
        a = core_placeholder_step(&b->core, t, &ev);
        assert_true(core_invariant(&b->core));
        perform_beat(b, t, &a);
}

void builder_pump(struct builder *b) {
        enum core_turn turn;
        size_t i = 0;
        unsigned n = 0;

        while ((turn = core_next(&b->core, b->now, &i)) != CORE_TURN_NONE) {
                if (++n > 100)
                        fail_msg("does not come to rest: turn %d of %zu (%s), after '%s'", turn, i,
                                 turn == CORE_TURN_LOCK
                                         ? election_state_to_string(b->locks[i].election.state)
                                         : placeholder_state_to_string(b->placeholders[i].placeholder.state),
                                 b->log);
                if (turn == CORE_TURN_LOCK)
                        builder_step(b, i, (struct election_event){.type = ELECTION_EV_GO});
                else
                        builder_step_beat(b, (uint8_t)i, (struct placeholder_event){.type = PLACEHOLDER_EV_GO});
        }
        assert_true(core_deadline(&b->core) > b->now);
}

void builder_event(struct builder *b, size_t i, struct election_event ev) {
        builder_step(b, i, ev);
        builder_pump(b);
}

void builder_signal(struct builder *b, size_t i, uint8_t type) {
        builder_event(b, i, (struct election_event){.type = type});
}

void builder_stop_agent(struct builder *b) {
        core_apply(&b->core, &(struct core_change){.type = CORE_STOP});
        builder_pump(b);
}
