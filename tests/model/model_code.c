/* SPDX-License-Identifier: Apache-2.0 */
/* World <-> canonical bytes. Tokens become numbers in the order in which they appear, so that uids, versions and claims
 * that nobody holds any more leave no trace; instants become ticks relative to now, old ones all alike (their order,
 * where the core compares two of them, is kept). Nothing else is dropped, but fields that the core writes before it
 * reads them again. */
#include "model.h"

enum {
        NOW_OFFSET = 50, /* microseconds into the tick, beyond all ranks */
        MAX_FINE = 5 + N_SLOTS,
};

struct coder {
        bool encode;
        uint8_t *bytes;
        size_t n;
        uint8_t map[N_TOKENS][256];
        uint8_t next[N_TOKENS];
        uint64_t fine[MAX_FINE]; /* sorted instants of the agent whose order matters */
        unsigned n_fine;
};

uint8_t token_new(struct world *w, enum token kind) {
        if (w->next[kind] == 255)
                abort();
        return ++w->next[kind];
}

static void byte(struct coder *c, uint8_t *v) {
        if (c->encode)
                c->bytes[c->n++] = *v;
        else
                *v = c->bytes[c->n++];
}

static void flag(struct coder *c, bool *v) {
        uint8_t b = *v;

        byte(c, &b);
        *v = b;
}

static void token(struct coder *c, enum token kind, uint8_t *v) {
        if (c->encode) {
                if (*v && !c->map[kind][*v])
                        c->map[kind][*v] = ++c->next[kind];
                c->bytes[c->n++] = c->map[kind][*v];
        } else {
                *v = c->bytes[c->n++];
                if (*v > c->next[kind])
                        c->next[kind] = *v;
        }
}

static void token64(struct coder *c, enum token kind, uint64_t *v) {
        uint8_t b = (uint8_t)*v;

        token(c, kind, &b);
        *v = b;
}

/* Rounds to the tick at which it takes effect: what is due within a tick is due at the next. Beyond `old` ticks ago all
 * instants are alike. */
static void instant(struct coder *c, uint64_t *v, int64_t old) {
        if (c->encode) {
                int64_t rel;
                uint8_t b;

                if (*v == 0)
                        b = 0;
                else if (*v == USEC_INFINITY)
                        b = 255;
                else {
                        rel = (int64_t)(*v / TICK) - (int64_t)(BASE / TICK);
                        if (*v % TICK > 10000)
                                rel++;
                        rel = rel < -old ? -old : rel > 60 ? 60 : rel;
                        b = (uint8_t)(128 + rel);
                }
                c->bytes[c->n++] = b;
        } else {
                uint8_t b = c->bytes[c->n++];

                *v = b == 0 ? 0 : b == 255 ? USEC_INFINITY : BASE + TICK * b - TICK * 128;
        }
}

/* Something began then, and is compared with now after a wait of at most the longest lease duration and its margin. */
static void coarse(struct coder *c, uint64_t *v) {
        int64_t longest = 0;

        for (unsigned i = 0; i < parameters.agents; i++)
                if ((int64_t)(parameters.duration[i] + parameters.rate) > longest)
                        longest = (int64_t)(parameters.duration[i] + parameters.rate);
        instant(c, v, longest);
}

/* Something falls due then, or a tick after it at most. */
static void due(struct coder *c, uint64_t *v) {
        instant(c, v, 1);
}

/* A duration, in whole ticks. */
static void span(struct coder *c, uint64_t *v) {
        uint8_t b = (uint8_t)(*v / TICK);

        byte(c, &b);
        *v = b * TICK;
}

/* Order among the agent's fine instants is kept. */
static void fine(struct coder *c, uint64_t *v) {
        uint64_t tick = *v;
        uint8_t rank = 0;

        if (c->encode)
                for (unsigned i = 0; *v && i < c->n_fine; i++)
                        if (c->fine[i] == *v)
                                rank = (uint8_t)i;
        if (c->encode && *v)
                tick = *v - *v % TICK;
        coarse(c, &tick);
        byte(c, &rank);
        if (!c->encode)
                *v = tick ? tick + rank + 1 : 0;
}

static void collect(struct coder *c, const struct agent *g) {
        const uint64_t all[MAX_FINE] = {
                g->election.own_at_usec,
                g->election.permit_proof_usec,
                g->heartbeat.proven_at_usec,
                g->election.orphan_at_usec,
                g->election.prove_first_usec,
                g->request[SLOT_ELECTION].sent_at_usec,
                g->request[SLOT_HEARTBEAT].sent_at_usec,
        };

        c->n_fine = 0;
        for (unsigned i = 0; i < MAX_FINE; i++) {
                unsigned at = 0;

                if (!all[i])
                        continue;
                while (at < c->n_fine && c->fine[at] < all[i])
                        at++;
                if (at < c->n_fine && c->fine[at] == all[i])
                        continue;
                memmove(c->fine + at + 1, c->fine + at, (c->n_fine - at) * sizeof(c->fine[0]));
                c->fine[at] = all[i];
                c->n_fine++;
        }
}

/* ---- parts ---- */

static void code_lock(struct coder *c, struct api_lock *l) {
        byte(c, &l->exists);
        if (!l->exists)
                return;
        byte(c, &l->deleting);
        byte(c, &l->finalizer);
        byte(c, &l->extra);
        byte(c, &l->owned);
        byte(c, &l->owner);
        byte(c, &l->tenure);
        byte(c, &l->duration);
        token(c, TOKEN_LOCK, &l->uid);
        token(c, TOKEN_VERSION, &l->version);
        token(c, TOKEN_CLAIM, &l->claim);
        token(c, TOKEN_PLACEHOLDER, &l->placeholder);
        token(c, TOKEN_BOOT, &l->boot);
}

static void code_placeholder(struct coder *c, struct api_placeholder *p) {
        byte(c, &p->exists);
        if (!p->exists)
                return;
        byte(c, &p->deleting);
        byte(c, &p->extra);
        token(c, TOKEN_PLACEHOLDER, &p->uid);
        token(c, TOKEN_VERSION, &p->version);
        token(c, TOKEN_CLAIM, &p->claim);
        token(c, TOKEN_BOOT, &p->boot);
        token(c, TOKEN_NONCE, &p->nonce);
}

static void code_write(struct coder *c, struct write *r) {
        bool placeholder;

        byte(c, &r->kind);
        if (r->kind == WRITE_NONE)
                return;
        placeholder = r->kind >= PLACEHOLDER_CREATE || r->kind == READ_PLACEHOLDER;
        byte(c, &r->sender);
        byte(c, &r->name);
        byte(c, &r->tenure);
        byte(c, &r->duration);
        token(c, placeholder ? TOKEN_PLACEHOLDER : TOKEN_LOCK, &r->uid);
        token(c, TOKEN_VERSION, &r->version);
        token(c, TOKEN_PLACEHOLDER, &r->placeholder);
        token(c, TOKEN_CLAIM, &r->claim);
        token(c, TOKEN_BOOT, &r->boot);
        token(c, TOKEN_NONCE, &r->nonce);
}

static void code_request(struct coder *c, struct request *r) {
        byte(c, &r->state);
        if (r->state == REQUEST_NONE)
                return;
        byte(c, &r->op);
        fine(c, &r->sent_at_usec);
        code_write(c, &r->write);
        if (r->state != REQUEST_HELD)
                return;
        byte(c, &r->answer.result);
        byte(c, &r->answer.has_object);
        code_lock(c, &r->answer.lock);
        code_placeholder(c, &r->answer.placeholder);
}

static void code_lock_fact(struct coder *c, struct lock_fact *f) {
        byte(c, &f->sort);
        token64(c, TOKEN_LOCK, &f->uid);
        token64(c, TOKEN_VERSION, &f->version);
        token64(c, TOKEN_PLACEHOLDER, &f->placeholder);
        byte(c, &f->tenure);
        flag(c, &f->deleting);
        flag(c, &f->claimed);
        flag(c, &f->same_boot);
        flag(c, &f->orphaned);
        span(c, &f->duration_usec);
}

static void code_guard_fact(struct coder *c, struct guard_fact *f) {
        token64(c, TOKEN_LOCK, &f->permit);
        token64(c, TOKEN_LOCK, &f->about);
        byte(c, &f->unit);
        byte(c, &f->refusal);
        flag(c, &f->revoked);
        flag(c, &f->stopped);
}

/* Every field of the core's structs is written below. A new one must be added (or be argued away in tidy()) before the
 * sizes here are changed: a forgotten field makes the search blind. */
_Static_assert(sizeof(struct election) == 264 && offsetof(struct election, stop_confirmed) == 256,
               "struct election has changed: see code_election()");
_Static_assert(sizeof(struct heartbeat) == 72, "struct heartbeat has changed: see code_heartbeat()");
_Static_assert(sizeof(struct supervise) == 72, "struct supervise has changed: see code_supervise()");
_Static_assert(sizeof(struct guard_fact) == 24, "struct guard_fact has changed: see code_guard_fact()");
_Static_assert(sizeof(struct lock_fact) == 40, "struct lock_fact has changed: see code_lock_fact()");

static void code_election(struct coder *c, struct election *e) {
        byte(c, &e->state);
        byte(c, &e->op);
        byte(c, &e->reason);
        byte(c, &e->attempts);
        byte(c, &e->failed_op);
        byte(c, &e->failures);
        code_lock_fact(c, &e->lock);
        code_guard_fact(c, &e->guard);
        token64(c, TOKEN_LOCK, &e->holder_lock);
        token64(c, TOKEN_PLACEHOLDER, &e->holder_uid);
        token64(c, TOKEN_VERSION, &e->holder_version);
        coarse(c, &e->holder_seen_at_usec);
        coarse(c, &e->holder_silent_usec);
        token64(c, TOKEN_VERSION, &e->swap_version);
        token64(c, TOKEN_LOCK, &e->term_uid);
        token64(c, TOKEN_PLACEHOLDER, &e->term_placeholder);
        fine(c, &e->own_at_usec);
        fine(c, &e->orphan_at_usec);
        fine(c, &e->permit_proof_usec);
        fine(c, &e->prove_first_usec);
        coarse(c, &e->leading_since_usec);
        due(c, &e->lapse_at_usec);
        token64(c, TOKEN_LOCK, &e->asked_uid);
        token64(c, TOKEN_LOCK, &e->unfit_uid);
        token64(c, TOKEN_VERSION, &e->seen_version);
        coarse(c, &e->verify_at_usec);
        due(c, &e->retry_at_usec);
        due(c, &e->cool_until_usec);
        span(c, &e->cool_usec);
        flag(c, &e->lock_known);
        flag(c, &e->lock_read);
        flag(c, &e->reread);
        flag(c, &e->seen);
        flag(c, &e->seen_absent);
        flag(c, &e->guard_linked);
        flag(c, &e->query);
        flag(c, &e->claim_ready);
        flag(c, &e->holder_seen);
        flag(c, &e->holder_gone);
        flag(c, &e->holder_fresh);
        flag(c, &e->holder_look);
        flag(c, &e->permit_again);
        flag(c, &e->lapsed);
        flag(c, &e->stop_wanted);
        flag(c, &e->step_down_wanted);
        flag(c, &e->revoke_sent);
        flag(c, &e->revoke_taken);
        flag(c, &e->stop_confirmed);
}

static void code_heartbeat(struct coder *c, struct heartbeat *h) {
        byte(c, &h->state);
        byte(c, &h->op);
        byte(c, &h->attempts);
        byte(c, &h->failed_op);
        token64(c, TOKEN_PLACEHOLDER, &h->uid);
        token64(c, TOKEN_VERSION, &h->version);
        fine(c, &h->proven_at_usec);
        due(c, &h->renewed_at_usec);
        coarse(c, &h->looked_at_usec);
        due(c, &h->retry_at_usec);
        coarse(c, &h->seen_at_usec);
        span(c, &h->strange_duration_usec);
        flag(c, &h->claim_ready);
        flag(c, &h->unread);
        flag(c, &h->confirmed);
}

static void code_held(struct coder *c, struct agent *g) {
        byte(c, &g->held_lock.there);
        if (g->held_lock.there) {
                token(c, TOKEN_LOCK, &g->held_lock.gone_uid);
                code_lock(c, &g->held_lock.lock);
        }
        byte(c, &g->held_holder.there);
        if (g->held_holder.there) {
                token(c, TOKEN_PLACEHOLDER, &g->held_holder.gone_uid);
                byte(c, &g->held_holder.name);
                code_placeholder(c, &g->held_holder.placeholder);
        }
}

static void code_agent(struct coder *c, struct agent *g, unsigned a) {
        byte(c, &g->up);
        if (!c->encode)
                g->tenure = parameters.tenure[a];
        if (g->up) {
                if (c->encode)
                        collect(c, g);
                byte(c, &g->frozen);
                byte(c, &g->connected);
                byte(c, &g->broken);
                token(c, TOKEN_NONCE, &g->nonce);
                byte(c, &g->lock_owner);
                for (unsigned s = 0; s < N_SLOTS; s++) {
                        token(c, TOKEN_CLAIM, &g->claim[s]);
                        byte(c, &g->claiming[s]);
                        code_request(c, &g->request[s]);
                }
                byte(c, &g->n_replies);
                for (unsigned i = 0; i < g->n_replies; i++)
                        code_guard_fact(c, &g->replies[i]);
                code_held(c, g);
                code_election(c, &g->election);
                code_heartbeat(c, &g->heartbeat);
        }
}

static void code_supervise(struct coder *c, struct supervise *s) {
        token64(c, TOKEN_LOCK, &s->uid);
        due(c, &s->stop_at_usec);
        due(c, &s->kill_at_usec);
        span(c, &s->stop_timeout_usec);
        due(c, &s->disk_stop_at_usec);
        due(c, &s->disk_kill_at_usec);
        due(c, &s->retry_at_usec);
        due(c, &s->stop_sent_at_usec);
        byte(c, &s->state);
        byte(c, &s->reason);
        byte(c, &s->lease);
        byte(c, &s->gate);
        byte(c, &s->unrecorded);
        byte(c, &s->start);
        byte(c, &s->reading);
        byte(c, &s->waits);
}

static void code_waiting(struct coder *c, uint8_t *waiting, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                uint8_t there = waiting[i] != 0, uid = there ? (uint8_t)(waiting[i] - 1) : 0;

                byte(c, &there);
                if (!there)
                        continue;
                token(c, TOKEN_LOCK, &uid);
                waiting[i] = (uint8_t)(uid + 1);
        }
}

static void code_host(struct coder *c, struct host *o) {
        byte(c, &o->on);
        if (!o->on)
                return;
        token(c, TOKEN_BOOT, &o->boot);
        byte(c, &o->unit);
        byte(c, &o->stop_left);
        byte(c, &o->start_job);
        byte(c, &o->start_late);
        byte(c, &o->wake);
        byte(c, &o->start_result);
        byte(c, &o->gate);
        byte(c, &o->file);
        byte(c, &o->file_lease);
        token(c, TOKEN_LOCK, &o->file_uid);
        due(c, &o->file_stop_at_usec);
        due(c, &o->file_kill_at_usec);
        byte(c, &o->n_queue);
        for (unsigned i = 0; i < o->n_queue; i++) {
                byte(c, &o->queue[i].type);
                byte(c, &o->queue[i].lease);
                token(c, TOKEN_LOCK, &o->queue[i].uid);
                due(c, &o->queue[i].stop_at_usec);
                due(c, &o->queue[i].kill_at_usec);
        }
        byte(c, &o->up);
        if (!o->up)
                return;
        byte(c, &o->frozen);
        byte(c, &o->watchdog);
        byte(c, &o->reading);
        if (o->reading == 2) {
                byte(c, &o->taken.known);
                byte(c, &o->taken.job);
                byte(c, &o->taken.active);
                byte(c, &o->taken.populated);
                byte(c, &o->taken.load_ok);
                byte(c, &o->taken.start_ok);
                byte(c, &o->taken.run_ok);
        }
        byte(c, &o->superseded);
        byte(c, &o->eof);
        code_waiting(c, o->waiting_permit, ELEMENTSOF(o->waiting_permit));
        code_waiting(c, o->waiting_revoke, ELEMENTSOF(o->waiting_revoke));
        code_waiting(c, o->waiting_query, ELEMENTSOF(o->waiting_query));
        code_supervise(c, &o->supervise);
}

/* Tokens of these sets stay only while somebody else holds them. */
static void code_set(struct coder *c, enum token kind, uint8_t *set, unsigned n) {
        uint8_t out[8], k = 0;

        if (!c->encode) {
                byte(c, &k);
                for (unsigned i = 0; i < k; i++)
                        token(c, kind, &set[i]);
                return;
        }
        for (unsigned i = 0; i < n; i++)
                if (set[i] && c->map[kind][set[i]]) {
                        unsigned at = k++;

                        for (; at > 0 && out[at - 1] > c->map[kind][set[i]]; at--)
                                out[at] = out[at - 1];
                        out[at] = c->map[kind][set[i]];
                }
        byte(c, &k);
        for (unsigned i = 0; i < k; i++)
                byte(c, &out[i]);
}

static void code_world(struct coder *c, struct world *w) {
        byte(c, &w->faults);
        byte(c, &w->humans);
        code_lock(c, &w->lock);
        for (unsigned i = 0; i < parameters.agents; i++)
                code_placeholder(c, &w->placeholders[i]);
        byte(c, &w->fence.phase);
        if (w->fence.phase) {
                token(c, TOKEN_LOCK, &w->fence.uid);
                token(c, TOKEN_VERSION, &w->fence.version);
        }
        for (unsigned i = 0; i < parameters.agents && parameters.slips; i++) {
                byte(c, &w->slips[i]);
                byte(c, &w->steady[i]);
        }
        if (parameters.clone)
                byte(c, &w->cloned);
        byte(c, &w->n_late);
        for (unsigned i = 0; i < w->n_late; i++)
                code_write(c, &w->late[i]);
        for (unsigned i = 0; i < parameters.agents; i++)
                code_agent(c, &w->agents[i], i);
        for (unsigned i = 0; i < parameters.agents; i++)
                code_host(c, &w->hosts[i]);
        for (unsigned i = 0; i < parameters.agents; i++) {
                byte(c, &w->agents[i].lost);
                code_set(c, TOKEN_CLAIM, w->agents[i].claims[SLOT_ELECTION], MAX_CLAIMS);
                code_set(c, TOKEN_CLAIM, w->agents[i].claims[SLOT_HEARTBEAT], MAX_CLAIMS);
                code_set(c, TOKEN_LOCK, w->hosts[i].revoked, MAX_REVOKED);
        }
}

size_t world_encode(struct world *w, uint8_t ret[MAX_BYTES]) {
        struct coder c = {.encode = true, .bytes = ret};

        world_tidy(w);
        code_world(&c, w);
        return c.n;
}

void world_decode(struct world *w, const uint8_t *bytes) {
        struct coder c = {.encode = false, .bytes = (uint8_t *)bytes};

        memset(w, 0, sizeof(*w));
        w->now_usec = BASE + NOW_OFFSET;
        code_world(&c, w);
        memcpy(w->next, c.next, sizeof(w->next));
}
