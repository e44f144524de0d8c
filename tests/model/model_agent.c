/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's shell in small: what agent_lock.c, agent_placeholder.c, agent_facts.c and agent_guard.c do. */
#include "model.h"

/* ---- steps ---- */

enum {
        MAX_LOCKS = 2,
};

static void with_core(struct world *w, unsigned a, struct core *core, struct core_lock l[MAX_LOCKS],
                      struct core_placeholder p[N_TENURES]) {
        struct agent *g = &w->agents[a];
        unsigned t = g->tenure;

        for (unsigned i = 0; i < MAX_LOCKS; i++)
                l[i] = (struct core_lock){
                        .election = i ? w->other.agents[a].election : g->election,
                        .conf = brain_election_conf(a),
                        .placeholder = {[TENURE_LIFE] = TENURE_LIFE, [TENURE_LEASE] = TENURE_LEASE},
                };
        p[t] = (struct core_placeholder){.placeholder = g->placeholder, .conf = brain_placeholder_conf(a, (uint8_t)t)};
        p[t].conf.unclaimed = true;
        for (unsigned i = 0; i < MAX_CLAIMS; i++)
                p[t].conf.unclaimed = p[t].conf.unclaimed && !g->claims[SLOT_PLACEHOLDER][i];
        p[!t] = (struct core_placeholder){.conf = brain_placeholder_conf(a, (uint8_t)!t)};
        placeholder_init(&p[!t].placeholder);
        if (g->leaving) { /* nothing of the other tenure is there to be taken away */
                p[!t].placeholder.state = PLACEHOLDER_ABSENT;
                p[!t].placeholder.unread = false;
        }
        *core = (struct core){.locks = l,
                              .n_locks = parameters.two ? 2 : 1,
                              .placeholders = p,
                              .n_placeholders = N_TENURES,
                              .removing = g->leaving};
}

static void claim_new(struct world *w, unsigned a, unsigned slot) {
        struct agent *g = &w->agents[a];

        g->claim[slot] = token_new(w, TOKEN_CLAIM); /* @claims-are-added */
        for (unsigned i = 0; i < MAX_CLAIMS; i++)
                if (!g->claims[slot][i]) {
                        g->claims[slot][i] = g->claim[slot];
                        return;
                }
        /* Only claims that can still turn up are kept in the state; four of them at once do not fit. */
        fprintf(stderr, "model: MAX_CLAIMS is too small\n");
        abort();
}

static void send(struct world *w, unsigned a, unsigned slot, uint8_t op, struct write write) {
        struct request *r = &w->agents[a].request[slot];

        if (r->state != REQUEST_NONE)
                w->bad = "a second request while one is in flight";
        *r = (struct request){.state = REQUEST_SENT, .op = op, .sent_at_usec = w->now_usec, .write = write};
}

static void election_event(struct world *w, unsigned a, struct election_event *ev);
static void placeholder_event(struct world *w, unsigned a, struct placeholder_event *ev);

static void perform_lock(struct world *w, unsigned a, const struct election_actions *out) {
        struct agent *g = &w->agents[a];

        for (unsigned i = 0; i < ELEMENTSOF(out->guard); i++) {
                struct message m = {
                        .type = out->guard[i].type,
                        .uid = (uint8_t)out->guard[i].uid,
                        .tenure = g->election.lock.fact.tenure,
                        .stop_at_usec = out->guard[i].stop_at_usec,
                        .kill_at_usec = out->guard[i].kill_at_usec,
                };

                if (m.type == ELECTION_MSG_NONE || !g->connected || g->broken)
                        continue;
                if (!guard_send(w, a, m))
                        g->broken = 1;
        }
        if (out->request.op == ELECTION_OP_NONE)
                return;
        coverage.election_ops[out->request.op]++;
        if (!parameters.no_invariant && g->election.guard.fact.unfit &&
            (out->request.op == ELECTION_OP_CREATE || out->request.op == ELECTION_OP_DELETE_HOLDER))
                w->bad = "competes with a unit that the guard would refuse";
        if (out->request.op == ELECTION_OP_CLAIM) {
                g->claiming[SLOT_ELECTION] = 1;
                return;
        }
        send(w, a, SLOT_ELECTION, out->request.op, brain_lock_write(w, a, out));
}

static void perform_placeholder(struct world *w, unsigned a, const struct placeholder_action *out) {
        if (out->op == PLACEHOLDER_OP_NONE)
                return;
        coverage.placeholder_ops[out->op]++;
        if (out->op == PLACEHOLDER_OP_CLAIM) {
                w->agents[a].claiming[SLOT_PLACEHOLDER] = 1;
                return;
        }
        send(w, a, SLOT_PLACEHOLDER, out->op, brain_placeholder_write(w, a, out));
}

/* Takes the core's structs back, then lets what is due go on. */
static void settle(struct world *w, unsigned a, const struct core_lock *l, const struct core_placeholder *p) {
        struct agent *g = &w->agents[a];

        coverage.election[g->election.state][l->election.state]++;
        coverage.placeholder[g->placeholder.state][p[g->tenure].placeholder.state]++;
        coverage.reasons[l->election.term.reason]++;
        g->election = l->election;
        if (parameters.two)
                w->other.agents[a].election = l[1].election;
        g->placeholder = p[g->tenure].placeholder;
        if (!parameters.no_invariant && !election_invariant(&g->election))
                w->bad = "election_invariant() is false";
}

/* The other lock is due. */
static void go_other(struct world *w, unsigned a) {
        second_swap(w);
        election_event(w, a, &(struct election_event){.type = ELECTION_EV_GO});
        second_swap(w);
}

static void pump(struct world *w, unsigned a) {
        struct core core;
        struct core_lock l[MAX_LOCKS];
        struct core_placeholder p[N_TENURES];

        for (unsigned n = 0;; n++) {
                size_t i;
                enum core_turn turn;

                if (n > 50) {
                        w->bad = "the core does not come to rest";
                        return;
                }
                with_core(w, a, &core, l, p);
                turn = core_next(&core, ++w->now_usec, &i);
                if (turn == CORE_TURN_NONE)
                        return;
                if (turn == CORE_TURN_LOCK && i == 1)
                        go_other(w, a);
                else if (turn == CORE_TURN_LOCK)
                        election_event(w, a, &(struct election_event){.type = ELECTION_EV_GO});
                else if (i == w->agents[a].tenure)
                        placeholder_event(w, a, &(struct placeholder_event){.type = PLACEHOLDER_EV_GO});
                else
                        abort(); /* the bystander */
        }
}

/* What a step made due. */
static void serve(struct world *w, unsigned a, const struct core_lock l[MAX_LOCKS], bool placeholder_due) {
        if (w->bad)
                return;
        if (l[0].due)
                election_event(w, a, &(struct election_event){.type = ELECTION_EV_GO});
        if (l[1].due && !w->bad)
                go_other(w, a);
        if (placeholder_due && !w->bad)
                placeholder_event(w, a, &(struct placeholder_event){.type = PLACEHOLDER_EV_GO});
}

static void election_event(struct world *w, unsigned a, struct election_event *ev) {
        struct core core;
        struct core_lock l[MAX_LOCKS];
        struct core_placeholder p[N_TENURES];
        struct election_actions out;

        ev->now_usec = ++w->now_usec;
        with_core(w, a, &core, l, p);
        out = core_lock_step(&core, 0, ev);
        settle(w, a, l, p);
        if (w->bad)
                return;
        perform_lock(w, a, &out);
        l[0].due = false; /* it was its turn */
        serve(w, a, l, p[w->agents[a].tenure].due);
}

static void placeholder_event(struct world *w, unsigned a, struct placeholder_event *ev) {
        struct core core;
        struct core_lock l[MAX_LOCKS];
        struct core_placeholder p[N_TENURES];
        struct placeholder_action out;

        ev->now_usec = ++w->now_usec;
        with_core(w, a, &core, l, p);
        out = core_placeholder_step(&core, w->agents[a].tenure, ev);
        settle(w, a, l, p);
        perform_placeholder(w, a, &out);
        serve(w, a, l, false);
}

/* ---- events ---- */

/* The lock whose record the election knows: the shell finds the holder's placeholder by the name in it. */
static void note_owner(struct world *w, unsigned a, const struct api_lock *l) {
        struct agent *g = &w->agents[a];

        if (l && g->election.lock.source != LOCK_SOURCE_NONE && g->election.lock.fact.sort != LOCK_ABSENT &&
            g->election.lock.fact.uid == l->uid)
                g->lock_owner = (uint8_t)world_identity(l->owner);
}

void brain_lock_event(struct world *w, unsigned a, struct election_event *ev, const struct api_lock *l) {
        struct agent *g = &w->agents[a];
        uint8_t before = g->lock_owner;

        /* Known before the step, because the step may ask for the holder at once. */
        if (l)
                g->lock_owner = (uint8_t)world_identity(l->owner);
        election_event(w, a, ev);
        if (g->election.lock.fact.sort == LOCK_ABSENT)
                g->lock_owner = 0;
        else if (l && g->election.lock.fact.uid != l->uid)
                g->lock_owner = before;
        note_owner(w, a, l);
        if (!w->bad)
                pump(w, a);
        watch_follow(w, a);
}

static void election_answer(struct world *w, unsigned a, const struct request *r, const struct answer *answer) {
        struct election_event ev = {.type = ELECTION_EV_REPLY, .op = r->op, .result = answer->result};
        bool holder = r->op == ELECTION_OP_READ_HOLDER || r->op == ELECTION_OP_DELETE_HOLDER;

        if (holder) {
                ev.holder = brain_placeholder_fact(w, a, answer->has_object ? &answer->placeholder : NULL);
                ev.holder.claimed = ev.holder.same_boot = ev.holder.own_write = false;
                brain_lock_event(w, a, &ev, NULL);
        } else {
                const struct api_lock *l = answer->has_object && r->op != ELECTION_OP_STRIP ? &answer->lock : NULL;

                ev.lock = brain_lock_fact(w, a, l);
                brain_lock_event(w, a, &ev, l);
        }
}

void brain_answer(struct world *w, unsigned a, unsigned slot, const struct answer *answer) {
        struct agent *g = &w->agents[a];
        struct request r = g->request[slot];

        memset(&g->request[slot], 0, sizeof(g->request[slot])); /* @claims-stay-after-an-answer */
        if (slot == SLOT_ELECTION)
                election_answer(w, a, &r, answer);
        else {
                struct placeholder_event ev = {
                        .type = PLACEHOLDER_EV_REPLY,
                        .op = r.op,
                        .result = answer->result,
                        .sent_at_usec = r.sent_at_usec,
                        .fact = brain_placeholder_fact(w, a, answer->has_object ? &answer->placeholder : NULL),
                };

                placeholder_event(w, a, &ev);
                if (!w->bad)
                        pump(w, a);
        }
}

void brain_placeholder_seen(struct world *w, unsigned a) {
        placeholder_event(w, a, &(struct placeholder_event){.type = PLACEHOLDER_EV_SEEN});
        if (!w->bad)
                pump(w, a);
}

void brain_placeholder_sign(struct world *w, unsigned a) {
        w->agents[a].placeholder.missed = true; /* due, as after its interval, which is infinite here */
        pump(w, a);
}

static void stop_lock(struct world *w, unsigned a) {
        if (!w->bad)
                brain_lock_event(w, a, &(struct election_event){.type = ELECTION_EV_STOP}, NULL);
}

void brain_stop(struct world *w, unsigned a) {
        w->agents[a].leaving = 1;
        second_also(w, stop_lock, a);
        if (w->bad)
                return;
        placeholder_event(w, a, &(struct placeholder_event){.type = PLACEHOLDER_EV_GO});
        if (!w->bad)
                pump(w, a);
}

static bool has_released(const struct world *w, unsigned a) {
        const struct agent *g = &w->agents[a];

        if (parameters.two && w->other.agents[a].election.state != ELECTION_STOPPED)
                return false;
        return g->leaving && g->election.state == ELECTION_STOPPED &&
               !(g->placeholder.state == PLACEHOLDER_LIVE && g->placeholder.retry.attempts < 2);
}

void brain_step_down(struct world *w, unsigned a) {
        brain_lock_event(w, a, &(struct election_event){.type = ELECTION_EV_STEP_DOWN}, NULL);
}

/* ---- link ---- */

/* An older answer of that kind about that lock that waits (codec/permit_queue.h). */
static void coalesce(struct agent *g, uint8_t type, const struct guard_fact *f) {
        unsigned kept = 0;

        for (unsigned i = 0; i < g->n_replies; i++) {
                const struct guard_fact *r = &g->replies[i];

                if (g->reply_types[i] == type && r->about == f->about && !r->stopped &&
                    !f->stopped) /* @final-is-kept */
                        continue;
                g->replies[kept] = *r;
                g->reply_types[kept++] = g->reply_types[i];
        }
        for (unsigned i = kept; i < g->n_replies; i++)
                memset(&g->replies[i], 0, sizeof(g->replies[i]));
        g->n_replies = (uint8_t)kept;
}

void brain_tell(struct world *w, unsigned a, uint8_t type, const struct guard_fact *f) {
        struct agent *g = &w->agents[a];

        if (!g->up || !g->connected || g->broken)
                return;
        if (parameters.crowded)
                coalesce(g, type, f);
        if (g->n_replies == MAX_QUEUE) {
                g->broken = 1; /* a full socket: the guard gives the connection up */
                return;
        }
        g->reply_types[g->n_replies] = parameters.crowded ? type : 0;
        g->replies[g->n_replies++] = *f;
}

void brain_break(struct world *w, unsigned a, bool lossy) {
        struct agent *g = &w->agents[a];

        g->broken = 1;
        if (!lossy)
                return;
        g->n_replies = 0;
        memset(g->replies, 0, sizeof(g->replies));
        memset(g->reply_types, 0, sizeof(g->reply_types));
}

static void claim_written(struct world *w, unsigned a, unsigned slot, uint8_t result) {
        struct election_event lock = {.type = ELECTION_EV_REPLY, .op = ELECTION_OP_CLAIM, .result = result};
        struct placeholder_event placeholder = {
                .type = PLACEHOLDER_EV_REPLY,
                .op = PLACEHOLDER_OP_CLAIM,
                .result = result,
        };

        w->agents[a].claiming[slot] = 0;
        if (slot == SLOT_ELECTION)
                election_event(w, a, &lock);
        else
                placeholder_event(w, a, &placeholder);
        if (!w->bad)
                pump(w, a);
}

void brain_claim_fails(struct world *w, unsigned a, unsigned slot) {
        claim_written(w, a, slot, RESULT_FAILED);
}

/* A claim that no request has carried yet may be there or not: nothing can turn up with it. */
void brain_tear(struct world *w, unsigned a, unsigned slot) {
        struct agent *g = &w->agents[a];
        uint8_t before[MAX_CLAIMS];

        memcpy(before, g->claims[slot], sizeof(before));
        memset(g->claims[slot], 0, sizeof(before));
        memcpy(g->claims[slot], before, sizeof(before)); /* what was torn is a temporary file @torn-write */
        second_also(w, brain_end, a);
}

bool brain_busy(const struct world *w, unsigned a) {
        const struct agent *g = &w->agents[a];
        struct core core;
        struct core_lock l[MAX_LOCKS];
        struct core_placeholder p[N_TENURES];

        if (!g->up || g->frozen || w->hosts[a].asleep)
                return false;
        if (has_released(w, a) || g->n_replies || g->broken || !g->connected || g->claiming[0] || g->claiming[1])
                return true;
        with_core((struct world *)w, a, &core, l, p);
        return core_deadline(&core) <= w->now_usec;
}

void brain_local(struct world *w, unsigned a) {
        struct agent *g = &w->agents[a];
        struct election_event ev = {.type = ELECTION_EV_GUARD};

        if (has_released(w, a)) {
                second_also(w, brain_end, a);
        } else if (g->claiming[SLOT_ELECTION] || g->claiming[SLOT_PLACEHOLDER]) {
                unsigned slot = g->claiming[SLOT_ELECTION] ? SLOT_ELECTION : SLOT_PLACEHOLDER;

                claim_new(w, a, slot);
                claim_written(w, a, slot, RESULT_OK);
        } else if (g->n_replies) {
                ev.guard = g->replies[0];
                g->n_replies--;
                memmove(g->replies, g->replies + 1, g->n_replies * sizeof(g->replies[0]));
                memset(&g->replies[g->n_replies], 0, sizeof(g->replies[0]));
                memmove(g->reply_types, g->reply_types + 1, g->n_replies);
                g->reply_types[g->n_replies] = 0;
                brain_lock_event(w, a, &ev, NULL);
        } else if (g->broken) {
                g->broken = g->connected = 0;
                ev.type = ELECTION_EV_LINK_DOWN;
                brain_lock_event(w, a, &ev, NULL);
        } else if (!g->connected) {
                g->connected = 1;
                guard_connect(w, a);
                ev.type = ELECTION_EV_LINK_UP;
                brain_lock_event(w, a, &ev, NULL);
        } else
                pump(w, a);
}

/* ---- life of the process ---- */

void brain_start(struct world *w, unsigned a) {
        struct agent *g = &w->agents[a];

        g->up = 1;
        g->nonce = token_new(w, TOKEN_NONCE);
        election_init(&g->election);
        if (parameters.two)
                election_init(&w->other.agents[a].election);
        placeholder_init(&g->placeholder);
        pump(w, a);
}

void brain_end(struct world *w, unsigned a) {
        struct agent *g = &w->agents[a];

        for (unsigned slot = 0; slot < N_SLOTS; slot++) {
                struct request *r = &g->request[slot];

                if (r->state == REQUEST_SENT || r->state == REQUEST_SLOW)
                        api_late(w, &r->write);
        }
        if (g->connected && !g->broken && w->hosts[a].up)
                w->hosts[a].eof = 1;
        g->up = g->frozen = g->leaving = g->connected = g->broken = 0;
        g->nonce = g->lock_owner = g->n_replies = 0;
        memset(g->claim, 0, sizeof(g->claim)); /* @claims-outlive-the-agent */
        memset(g->claiming, 0, sizeof(g->claiming));
        memset(g->request, 0, sizeof(g->request));
        memset(g->replies, 0, sizeof(g->replies));
        memset(g->reply_types, 0, sizeof(g->reply_types));
        memset(&g->held_lock, 0, sizeof(g->held_lock));
        memset(&g->held_holder, 0, sizeof(g->held_holder));
        memset(&g->election, 0, sizeof(g->election));
        memset(&g->placeholder, 0, sizeof(g->placeholder));
}
