/* SPDX-License-Identifier: Apache-2.0 */
/* Values and the core's structs as canonical bytes. */
#include "model_code.h"

void coder_byte(struct coder *c, uint8_t *v) {
        if (c->encode)
                c->bytes[c->n++] = *v;
        else
                *v = c->bytes[c->n++];
}

void coder_flag(struct coder *c, bool *v) {
        uint8_t b = *v;

        coder_byte(c, &b);
        *v = b;
}

void coder_token(struct coder *c, enum token kind, uint8_t *v) {
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

void coder_token64(struct coder *c, enum token kind, uint64_t *v) {
        uint8_t b = (uint8_t)*v;

        coder_token(c, kind, &b);
        *v = b;
}

/* Rounds to the tick at which it takes effect: what is due within a tick is due at the next. Beyond `old` ticks ago all
 * instants are alike. */
static void coder_instant(struct coder *c, uint64_t *v, int64_t old) {
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

void coder_coarse(struct coder *c, uint64_t *v) {
        int64_t longest = 0;

        for (unsigned i = 0; i < parameters.agents; i++)
                if ((int64_t)(parameters.duration[i] + parameters.rate) > longest)
                        longest = (int64_t)(parameters.duration[i] + parameters.rate);
        coder_instant(c, v, longest);
}

void coder_due(struct coder *c, uint64_t *v) {
        coder_instant(c, v, 1);
}

void coder_span(struct coder *c, uint64_t *v) {
        uint8_t b = (uint8_t)(*v / TICK);

        coder_byte(c, &b);
        *v = b * TICK;
}

static void coder_number(struct coder *c, uint64_t *v) {
        uint8_t b = (uint8_t)*v;

        coder_byte(c, &b);
        *v = b;
}

void coder_fine(struct coder *c, uint64_t *v) {
        uint64_t tick = *v;
        uint8_t rank = 0;

        if (c->encode)
                for (unsigned i = 0; *v && i < c->n_fine; i++)
                        if (c->fine[i] == *v)
                                rank = (uint8_t)i;
        if (c->encode && *v)
                tick = *v - *v % TICK;
        coder_coarse(c, &tick);
        coder_byte(c, &rank);
        if (!c->encode)
                *v = tick ? tick + rank + 1 : 0;
}

void coder_collect(struct coder *c, const struct agent *g, const struct agent *other) {
        const uint64_t all[MAX_FINE] = {
                g->election.term.own_at_usec,           g->election.term.permit_proof_usec,
                g->placeholder.proven_at_usec,          g->election.lock.orphan_at_usec,
                g->election.past.prove_first_usec,      g->election.term.sole_at_usec,
                g->request[SLOT_ELECTION].sent_at_usec, g->request[SLOT_PLACEHOLDER].sent_at_usec,
                other->election.term.own_at_usec,       other->election.term.permit_proof_usec,
                other->election.lock.orphan_at_usec,    other->election.past.prove_first_usec,
                other->election.term.sole_at_usec,      other->request[SLOT_ELECTION].sent_at_usec,
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

static void code_lock_fact(struct coder *c, struct lock_fact *f) {
        coder_byte(c, &f->sort);
        coder_token64(c, TOKEN_LOCK, &f->uid);
        coder_token64(c, TOKEN_VERSION, &f->version);
        coder_token64(c, TOKEN_PLACEHOLDER, &f->placeholder);
        coder_byte(c, &f->tenure);
        coder_flag(c, &f->deleting);
        coder_flag(c, &f->claimed);
        coder_flag(c, &f->same_boot);
        coder_flag(c, &f->orphaned);
        coder_span(c, &f->duration_usec);
        coder_number(c, &f->record);
}

void code_guard_fact(struct coder *c, struct guard_fact *f) {
        coder_token64(c, TOKEN_LOCK, &f->permit);
        coder_token64(c, TOKEN_LOCK, &f->about);
        coder_byte(c, &f->unit);
        coder_byte(c, &f->refusal);
        coder_flag(c, &f->revoked);
        coder_flag(c, &f->stopped);
        coder_flag(c, &f->unfit);
        coder_flag(c, &f->evicts);
}

/* Every field of the core's structs is written below. A new one must be added (or be argued away in tidy()) before the
 * sizes here are changed: a forgotten field makes the search blind. Not written: past.pod_uid and timers.pod_at_usec,
 * which are 0 where no Pod of somebody else holds a lock; what counts restarts, of which there are none here: they end
 * a term as a failure does. */
_Static_assert(sizeof(struct election) == 432 && offsetof(struct election, timers.retry) == 416,
               "struct election has changed: see code_election()");
_Static_assert(sizeof(struct placeholder) == 80 && offsetof(struct placeholder, confirmed) == 77,
               "struct placeholder has changed: see code_placeholder()");
_Static_assert(sizeof(struct supervise) == 80, "struct supervise has changed: see code_supervise()");
_Static_assert(sizeof(struct guard_fact) == 32, "struct guard_fact has changed: see code_guard_fact()");
_Static_assert(sizeof(struct lock_fact) == 48, "struct lock_fact has changed: see code_lock_fact()");

void code_election(struct coder *c, struct election *e) {
        coder_byte(c, &e->state);
        coder_byte(c, &e->op);
        coder_byte(c, &e->term.reason);
        coder_byte(c, &e->timers.retry.attempts);
        coder_byte(c, &e->timers.retry.operation);
        coder_byte(c, &e->past.failures);
        code_lock_fact(c, &e->lock.fact);
        code_guard_fact(c, &e->guard.fact);
        coder_token64(c, TOKEN_LOCK, &e->record.uid);
        coder_number(c, &e->record.record);
        coder_token64(c, TOKEN_PLACEHOLDER, &e->record.placeholder);
        coder_span(c, &e->record.longest_usec);
        coder_byte(c, &e->record.tenure);
        coder_byte(c, &e->record.change);
        coder_token64(c, TOKEN_LOCK, &e->holder.lock);
        coder_token64(c, TOKEN_PLACEHOLDER, &e->holder.uid);
        coder_token64(c, TOKEN_VERSION, &e->holder.version);
        coder_coarse(c, &e->holder.seen_at_usec);
        coder_coarse(c, &e->holder.silent_since_usec);
        coder_token64(c, TOKEN_VERSION, &e->holder.swap_version);
        coder_token64(c, TOKEN_LOCK, &e->term.uid);
        coder_token64(c, TOKEN_PLACEHOLDER, &e->term.placeholder);
        coder_fine(c, &e->term.own_at_usec);
        coder_fine(c, &e->lock.orphan_at_usec);
        coder_fine(c, &e->term.permit_proof_usec);
        coder_fine(c, &e->past.prove_first_usec);
        coder_fine(c, &e->term.sole_at_usec);
        coder_token64(c, TOKEN_LOCK, &e->past.rival_uid);
        coder_coarse(c, &e->term.leading_since_usec);
        coder_due(c, &e->term.lapse_at_usec);
        coder_token64(c, TOKEN_LOCK, &e->guard.asked_uid);
        coder_token64(c, TOKEN_LOCK, &e->past.unfit_uid);
        coder_token64(c, TOKEN_VERSION, &e->lock.passed_version);
        coder_coarse(c, &e->timers.verify_at_usec);
        coder_due(c, &e->timers.retry.at_usec);
        coder_due(c, &e->timers.cool_until_usec);
        coder_span(c, &e->term.cool_usec);
        coder_byte(c, &e->lock.source);
        coder_flag(c, &e->lock.reread);
        coder_byte(c, &e->lock.passed);
        coder_flag(c, &e->guard.linked);
        coder_flag(c, &e->guard.query);
        coder_flag(c, &e->claim_ready);
        coder_byte(c, &e->holder.state);
        coder_flag(c, &e->holder.fresh);
        coder_flag(c, &e->holder.look);
        coder_flag(c, &e->holder.genuine);
        coder_flag(c, &e->guard.permit_again);
        coder_byte(c, &e->guard.eviction);
        coder_token64(c, TOKEN_LOCK, &e->guard.evict_uid);
        coder_flag(c, &e->term.lapsed);
        coder_flag(c, &e->wants.stop);
        coder_flag(c, &e->wants.step_down);
        coder_flag(c, &e->term.revoke_sent);
        coder_byte(c, &e->term.stop);
}

void code_core_placeholder(struct coder *c, struct placeholder *h) {
        coder_byte(c, &h->state);
        coder_byte(c, &h->op);
        coder_byte(c, &h->retry.attempts);
        coder_byte(c, &h->retry.operation);
        coder_token64(c, TOKEN_PLACEHOLDER, &h->uid);
        coder_token64(c, TOKEN_VERSION, &h->version);
        coder_fine(c, &h->proven_at_usec);
        coder_due(c, &h->renewed_at_usec);
        coder_coarse(c, &h->looked_at_usec);
        coder_due(c, &h->retry.at_usec);
        coder_coarse(c, &h->seen_at_usec);
        coder_span(c, &h->taken_duration_usec);
        coder_flag(c, &h->claim_ready);
        coder_flag(c, &h->unread);
        coder_flag(c, &h->begun);
        coder_flag(c, &h->confirmed);
        coder_flag(c, &h->missed);
        coder_flag(c, &h->strange);
}

void code_supervise(struct coder *c, struct supervise *s) {
        coder_token64(c, TOKEN_LOCK, &s->uid);
        coder_due(c, &s->stop_at_usec);
        coder_due(c, &s->kill_at_usec);
        coder_span(c, &s->stop_timeout_usec);
        coder_due(c, &s->disk_stop_at_usec);
        coder_due(c, &s->disk_kill_at_usec);
        coder_due(c, &s->retry_at_usec);
        coder_due(c, &s->stop_sent_at_usec);
        coder_due(c, &s->going_since_usec);
        coder_byte(c, &s->state);
        coder_byte(c, &s->reason);
        coder_byte(c, &s->tenure);
        coder_byte(c, &s->gate);
        coder_byte(c, &s->unrecorded);
        coder_byte(c, &s->start);
        coder_byte(c, &s->reading);
        coder_byte(c, &s->waits);
}
