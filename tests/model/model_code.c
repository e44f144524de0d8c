/* SPDX-License-Identifier: Apache-2.0 */
/* World <-> canonical bytes. Tokens become numbers in the order in which they appear, so that uids, versions and claims
 * that nobody holds any more leave no trace; instants become ticks relative to now, old ones all alike (their order,
 * where the core compares two of them, is kept). Nothing else is dropped, but fields that the core writes before it
 * reads them again. */
#include "model_code.h"

enum {
        NOW_OFFSET = 50, /* microseconds into the tick, beyond all ranks */
};

uint8_t token_new(struct world *w, enum token kind) {
        if (w->next[kind] == 255)
                abort();
        return ++w->next[kind];
}

static void code_lock(struct coder *c, struct api_lock *l) {
        coder_byte(c, &l->exists);
        if (!l->exists)
                return;
        coder_byte(c, &l->deleting);
        coder_byte(c, &l->finalizer);
        coder_byte(c, &l->extra);
        coder_byte(c, &l->owned);
        coder_byte(c, &l->owner);
        coder_byte(c, &l->tenure);
        coder_byte(c, &l->duration);
        if (parameters.edits)
                coder_byte(c, &l->named);
        else
                l->named = l->tenure;
        l->immutable = !parameters.edits;
        coder_token(c, TOKEN_LOCK, &l->uid);
        coder_token(c, TOKEN_VERSION, &l->version);
        coder_token(c, TOKEN_CLAIM, &l->claim);
        coder_token(c, TOKEN_PLACEHOLDER, &l->placeholder);
        coder_token(c, TOKEN_BOOT, &l->boot);
}

static void code_placeholder(struct coder *c, struct api_placeholder *p) {
        coder_byte(c, &p->exists);
        if (!p->exists)
                return;
        coder_byte(c, &p->deleting);
        coder_byte(c, &p->extra);
        coder_token(c, TOKEN_PLACEHOLDER, &p->uid);
        coder_token(c, TOKEN_VERSION, &p->version);
        coder_token(c, TOKEN_CLAIM, &p->claim);
        coder_token(c, TOKEN_BOOT, &p->boot);
        coder_token(c, TOKEN_NONCE, &p->nonce);
        coder_token(c, TOKEN_LOCK, &p->term);
        coder_byte(c, &p->duration);
}

static void code_write(struct coder *c, struct write *r) {
        bool placeholder;

        coder_byte(c, &r->kind);
        if (r->kind == WRITE_NONE)
                return;
        placeholder = r->kind >= PLACEHOLDER_CREATE || r->kind == READ_PLACEHOLDER;
        coder_byte(c, &r->sender);
        coder_byte(c, &r->name);
        coder_byte(c, &r->tenure);
        coder_byte(c, &r->duration);
        coder_token(c, placeholder ? TOKEN_PLACEHOLDER : TOKEN_LOCK, &r->uid);
        coder_token(c, TOKEN_VERSION, &r->version);
        coder_token(c, TOKEN_PLACEHOLDER, &r->placeholder);
        coder_token(c, TOKEN_CLAIM, &r->claim);
        coder_token(c, TOKEN_BOOT, &r->boot);
        coder_token(c, TOKEN_NONCE, &r->nonce);
        coder_token(c, TOKEN_LOCK, &r->term);
        if (parameters.two)
                coder_byte(c, &r->second);
}

static void code_request(struct coder *c, struct request *r) {
        coder_byte(c, &r->state);
        if (r->state == REQUEST_NONE)
                return;
        coder_byte(c, &r->op);
        coder_fine(c, &r->sent_at_usec);
        code_write(c, &r->write);
        if (r->state != REQUEST_HELD)
                return;
        coder_byte(c, &r->answer.result);
        coder_byte(c, &r->answer.has_object);
        code_lock(c, &r->answer.lock);
        code_placeholder(c, &r->answer.placeholder);
}

static void code_held(struct coder *c, struct agent *g) {
        coder_byte(c, &g->held_lock.there);
        if (g->held_lock.there) {
                coder_token(c, TOKEN_LOCK, &g->held_lock.gone_uid);
                code_lock(c, &g->held_lock.lock);
        }
        coder_byte(c, &g->held_holder.there);
        if (g->held_holder.there) {
                coder_token(c, TOKEN_PLACEHOLDER, &g->held_holder.gone_uid);
                coder_byte(c, &g->held_holder.name);
                code_placeholder(c, &g->held_holder.placeholder);
        }
}

static void code_agent(struct coder *c, struct world *w, unsigned a) {
        struct agent *g = &w->agents[a];

        coder_byte(c, &g->up);
        if (!c->encode)
                g->tenure = parameters.tenure[a];
        if (g->up) {
                if (c->encode)
                        coder_collect(c, g, &w->other.agents[a]);
                coder_byte(c, &g->frozen);
                coder_byte(c, &g->leaving);
                coder_byte(c, &g->connected);
                coder_byte(c, &g->broken);
                coder_token(c, TOKEN_NONCE, &g->nonce);
                coder_byte(c, &g->lock_owner);
                for (unsigned s = 0; s < N_SLOTS; s++) {
                        coder_token(c, TOKEN_CLAIM, &g->claim[s]);
                        coder_byte(c, &g->claiming[s]);
                        code_request(c, &g->request[s]);
                }
                coder_byte(c, &g->n_replies);
                for (unsigned i = 0; i < g->n_replies; i++) {
                        code_guard_fact(c, &g->replies[i]);
                        if (parameters.crowded)
                                coder_byte(c, &g->reply_types[i]);
                }
                code_held(c, g);
                code_election(c, &g->election);
                code_core_placeholder(c, &g->placeholder);
        }
}

static void code_waiting(struct coder *c, uint8_t *waiting, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                uint8_t there = waiting[i] != 0, uid = there ? (uint8_t)(waiting[i] - 1) : 0;

                coder_byte(c, &there);
                if (!there)
                        continue;
                coder_token(c, TOKEN_LOCK, &uid);
                waiting[i] = (uint8_t)(uid + 1);
        }
}

static void code_host(struct coder *c, struct host *o) {
        coder_byte(c, &o->on);
        if (!o->on)
                return;
        coder_token(c, TOKEN_BOOT, &o->boot);
        coder_byte(c, &o->asleep);
        if (parameters.fault_kinds & UINT64_C(1) << MOVE_SUSPEND_HUNG)
                coder_byte(c, &o->woken);
        coder_byte(c, &o->unit);
        coder_byte(c, &o->stop_left);
        coder_byte(c, &o->start_job);
        if (parameters.fault_kinds & UINT64_C(1) << MOVE_JAM)
                coder_byte(c, &o->jam);
        if (parameters.fault_kinds & UINT64_C(1) << MOVE_HANG)
                coder_byte(c, &o->hung);
        coder_byte(c, &o->start_late);
        coder_byte(c, &o->wake);
        coder_byte(c, &o->start_result);
        if (parameters.fault_kinds & UINT64_C(1) << MOVE_UNENROL) {
                coder_byte(c, &o->loose);
                coder_byte(c, &o->foreign);
                coder_byte(c, &o->unfit);
        }
        if (parameters.fault_kinds & FILLS) {
                coder_byte(c, &o->full);
                coder_byte(c, &o->locked);
                coder_byte(c, &o->trip);
                coder_byte(c, &o->unfit);
        }
        coder_byte(c, &o->gate);
        coder_byte(c, &o->end);
        coder_byte(c, &o->noted);
        coder_byte(c, &o->file);
        coder_byte(c, &o->file_tenure);
        coder_token(c, TOKEN_LOCK, &o->file_uid);
        coder_due(c, &o->file_stop_at_usec);
        coder_due(c, &o->file_kill_at_usec);
        coder_byte(c, &o->n_queue);
        for (unsigned i = 0; i < o->n_queue; i++) {
                coder_byte(c, &o->queue[i].type);
                coder_byte(c, &o->queue[i].tenure);
                coder_token(c, TOKEN_LOCK, &o->queue[i].uid);
                coder_due(c, &o->queue[i].stop_at_usec);
                coder_due(c, &o->queue[i].kill_at_usec);
        }
        coder_byte(c, &o->up);
        if (!o->up)
                return;
        coder_byte(c, &o->frozen);
        coder_byte(c, &o->watchdog);
        coder_byte(c, &o->reading);
        if (o->reading == 2) {
                coder_byte(c, &o->taken.known);
                coder_byte(c, &o->taken.job);
                coder_byte(c, &o->taken.active);
                coder_byte(c, &o->taken.populated);
                coder_byte(c, &o->taken.load_ok);
                coder_byte(c, &o->taken.start_ok);
                coder_byte(c, &o->taken.run_ok);
                coder_byte(c, &o->taken.gated);
                coder_byte(c, &o->taken.ours);
                coder_byte(c, &o->taken.end);
        }
        coder_byte(c, &o->superseded);
        coder_byte(c, &o->eof);
        code_waiting(c, o->waiting_permit, ELEMENTSOF(o->waiting_permit));
        code_waiting(c, o->waiting_revoke, ELEMENTSOF(o->waiting_revoke));
        code_waiting(c, o->waiting_query, ELEMENTSOF(o->waiting_query));
        code_waiting(c, o->waiting_evict, ELEMENTSOF(o->waiting_evict));
        code_supervise(c, &o->supervise);
}

/* Tokens of these sets stay only while somebody else holds them. */
static void code_set(struct coder *c, enum token kind, uint8_t *set, unsigned n) {
        uint8_t out[8], k = 0;

        if (!c->encode) {
                coder_byte(c, &k);
                for (unsigned i = 0; i < k; i++)
                        coder_token(c, kind, &set[i]);
                return;
        }
        for (unsigned i = 0; i < n; i++)
                if (set[i] && c->map[kind][set[i]]) {
                        unsigned at = k++;

                        for (; at > 0 && out[at - 1] > c->map[kind][set[i]]; at--)
                                out[at] = out[at - 1];
                        out[at] = c->map[kind][set[i]];
                }
        coder_byte(c, &k);
        for (unsigned i = 0; i < k; i++)
                coder_byte(c, &out[i]);
}

/* What is the second lock's own; what it shares is written once more, which is harmless. */
static void code_second(struct coder *c, struct world *w) {
        second_swap(w);
        code_lock(c, &w->lock);
        coder_byte(c, &w->fence.phase);
        if (w->fence.phase) {
                coder_token(c, TOKEN_LOCK, &w->fence.uid);
                coder_token(c, TOKEN_VERSION, &w->fence.version);
        }
        for (unsigned i = 0; i < parameters.agents; i++) {
                code_agent(c, w, i);
                code_host(c, &w->hosts[i]);
        }
        second_swap(w);
}

static void code_second_sets(struct coder *c, struct world *w) {
        for (unsigned i = 0; i < parameters.agents; i++) {
                code_set(c, TOKEN_CLAIM, w->other.agents[i].claims[SLOT_ELECTION], MAX_CLAIMS);
                code_set(c, TOKEN_LOCK, w->other.hosts[i].revoked, MAX_REVOKED);
                code_set(c, TOKEN_LOCK, w->other.hosts[i].refused, MAX_REVOKED);
        }
}

static void code_world(struct coder *c, struct world *w) {
        coder_byte(c, &w->faults);
        coder_byte(c, &w->humans);
        code_lock(c, &w->lock);
        for (unsigned i = 0; i < parameters.agents; i++)
                code_placeholder(c, &w->placeholders[i]);
        if (parameters.forges)
                code_placeholder(c, &w->placeholders[FOREIGN]);
        coder_byte(c, &w->fence.phase);
        if (w->fence.phase) {
                coder_token(c, TOKEN_LOCK, &w->fence.uid);
                coder_token(c, TOKEN_VERSION, &w->fence.version);
        }
        for (unsigned i = 0; i < parameters.agents && parameters.slips; i++) {
                coder_byte(c, &w->slips[i]);
                coder_byte(c, &w->steady[i]);
        }
        if (parameters.clone)
                coder_byte(c, &w->cloned);
        coder_byte(c, &w->n_late);
        for (unsigned i = 0; i < w->n_late; i++)
                code_write(c, &w->late[i]);
        for (unsigned i = 0; i < parameters.agents; i++)
                code_agent(c, w, i);
        for (unsigned i = 0; i < parameters.agents; i++)
                code_host(c, &w->hosts[i]);
        if (parameters.two)
                code_second(c, w);
        for (unsigned i = 0; i < parameters.agents; i++) {
                coder_byte(c, &w->agents[i].lost);
                if (parameters.fault_kinds & UINT64_C(1) << MOVE_END_AGENT)
                        coder_byte(c, &w->agents[i].gone);
                if (parameters.fault_kinds & UINT64_C(1) << MOVE_UNENROL)
                        coder_byte(c, &w->agents[i].unenrolled);
                code_set(c, TOKEN_CLAIM, w->agents[i].claims[SLOT_ELECTION], MAX_CLAIMS);
                code_set(c, TOKEN_CLAIM, w->agents[i].claims[SLOT_PLACEHOLDER], MAX_CLAIMS);
                code_set(c, TOKEN_LOCK, w->hosts[i].revoked, MAX_REVOKED);
                code_set(c, TOKEN_LOCK, w->hosts[i].refused, MAX_REVOKED);
        }
        if (parameters.two)
                code_second_sets(c, w);
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
