/* SPDX-License-Identifier: Apache-2.0 */
/* What does not matter any more, so that states which differ only in it are one. Each line must be exact: the core
 * writes the field before it reads it again, or reads it only in a comparison that comes out the same. */
#include "model.h"

static int compare_writes(const void *a, const void *b) {
        return memcmp(a, b, sizeof(struct write));
}

static bool terms(const struct election *e) {
        return e->state >= ELECTION_PROVING && e->state <= ELECTION_LEADING;
}

/* Proofs are compared with own_at from PROVING to LEADING, with prove_first elsewhere; only the order matters, and a
 * proof of before never counts. `first` becomes `before` when proof or the answer in flight counts, or nothing does. */
static void tidy_order(uint64_t *first, uint64_t *proven, uint64_t *sent) {
        const uint64_t before = BASE - 50 * TICK;

        if (*proven < *first) {
                *proven = 0;
                if (sent && *sent < *first) {
                        *sent = before;
                        *first = before + 1;
                        return;
                }
        }
        *first = before;
}

static void tidy_proofs(struct agent *g) {
        const uint64_t before = BASE - 50 * TICK;
        struct election *e = &g->election;
        struct request *r = &g->request[SLOT_PLACEHOLDER];
        uint64_t *sent = r->state != REQUEST_NONE && r->op == PLACEHOLDER_OP_RENEW ? &r->sent_at_usec : NULL;

        g->request[SLOT_ELECTION].sent_at_usec = 0;
        if (!sent)
                r->sent_at_usec = 0;
        if (e->state != ELECTION_STOPPING && e->state != ELECTION_RELEASING)
                e->term.sole_at_usec = 0; /* set when a stop begins */
        if (e->term.sole_at_usec)
                return;
        /* Until the term is over a renewal is owed for the owner that is missing (election_wish()). */
        if (e->lock.fact.orphaned && e->state >= ELECTION_PROVING && e->state <= ELECTION_RELEASING)
                return;
        if (terms(e)) {
                /* A term that ends unproven sets prove_first anew; a proof of this term is later than it. */
                if (e->past.prove_first_usec)
                        e->past.prove_first_usec = before;
                tidy_order(&e->term.own_at_usec, &g->placeholder.proven_at_usec, sent);
                return;
        }
        e->term.own_at_usec = 0; /* the next one will be later than every proof of today */
        if (e->past.prove_first_usec)
                tidy_order(&e->past.prove_first_usec, &g->placeholder.proven_at_usec, sent);
        else if (sent)
                *sent = before;
        g->placeholder.proven_at_usec = e->past.prove_first_usec && g->placeholder.proven_at_usec ? before : 0;
}

/* The same of two locks, which compare with one proof. */
static void tidy_shared_proofs(struct agent *g, struct agent *other) {
        const uint64_t before = BASE - 50 * TICK;
        struct agent *halves[] = {g, other};
        struct request *r = &g->request[SLOT_PLACEHOLDER];
        bool sent = r->state != REQUEST_NONE && r->op == PLACEHOLDER_OP_RENEW, keep = false, first = false;
        uint64_t oldest = g->placeholder.proven_at_usec;

        if (!sent)
                r->sent_at_usec = 0;
        else if (r->sent_at_usec < oldest)
                oldest = r->sent_at_usec;
        for (unsigned i = 0; i < ELEMENTSOF(halves); i++) {
                struct election *e = &halves[i]->election;
                uint64_t *at = terms(e) ? &e->term.own_at_usec : &e->past.prove_first_usec;

                halves[i]->request[SLOT_ELECTION].sent_at_usec = 0;
                if (e->state != ELECTION_STOPPING && e->state != ELECTION_RELEASING)
                        e->term.sole_at_usec = 0;
                if (e->term.sole_at_usec ||
                    (e->lock.fact.orphaned && e->state >= ELECTION_PROVING && e->state <= ELECTION_RELEASING)) {
                        keep = true;
                        continue;
                }
                if (terms(e) && e->past.prove_first_usec)
                        e->past.prove_first_usec = before;
                if (!terms(e))
                        e->term.own_at_usec = 0;
                if (*at && oldest >= *at)
                        *at = before;
                keep = keep || terms(e) || *at > before;
                first = first || e->past.prove_first_usec;
        }
        if (keep)
                return;
        if (sent)
                r->sent_at_usec = before;
        g->placeholder.proven_at_usec = first && g->placeholder.proven_at_usec ? before : 0;
}

/* The same of a record: a lock that is gone does not come back. */
static void tidy_record(struct agent *g) {
        struct election *e = &g->election;
        bool gone = e->lock.source != LOCK_SOURCE_NONE && e->lock.fact.sort == LOCK_ABSENT;

        if (gone && e->op == ELECTION_OP_NONE && !g->held_lock.there)
                memset(&e->record, 0, sizeof(e->record));
        if (e->record.tenure == TENURE_LIFE)
                e->record.placeholder = 0; /* compared for leases only */
}

/* What was seen of a holder is forgotten when another lock is met (observe()), and a lock that is gone does not come
 * back; an answer or a watch event on its way may still show it. */
static void tidy_holder(struct agent *g) {
        struct election *e = &g->election;
        bool elsewhere = (e->state >= ELECTION_CLAIMING && e->state <= ELECTION_RELEASING) ||
                         (e->lock.source != LOCK_SOURCE_NONE && e->lock.fact.sort == LOCK_ABSENT);

        if (e->op == ELECTION_OP_NONE && elsewhere && !g->held_lock.there) {
                e->holder.lock = e->holder.uid = e->holder.version = 0;
                e->holder.seen_at_usec = e->holder.silent_since_usec = 0;
                e->holder.state = HOLDER_UNSEEN;
                e->holder.fresh = e->holder.look = false;
        }
        if (e->holder.state != HOLDER_LIVES)
                e->holder.genuine = false; /* learned with each living version */
        if (e->holder.state == HOLDER_GONE && e->op != ELECTION_OP_DELETE_HOLDER)
                e->holder.version = e->holder.silent_since_usec = 0; /* read only when the swap is answered */
}

static void tidy_host(struct world *w, unsigned i) {
        struct agent *g = &w->agents[i];
        struct election *e = &g->election;
        struct host *o = &w->hosts[i];

        if (!parameters.two)
                tidy_proofs(g);
        else if (!w->second)
                tidy_shared_proofs(g, &w->other.agents[i]);
        tidy_holder(g);
        tidy_record(g);
        /* The configuration does not change here: without them it is what counts. */
        e->term.stop_timeout_usec = e->term.kill_margin_usec = 0;
        /* For humans only. */
        e->term.reason = 0;
        o->supervise.reason = 0;
        /* What the permit file says matters only when a write fails. */
        if (!(parameters.fault_kinds & FILLS))
                o->supervise.disk_stop_at_usec = o->supervise.disk_kill_at_usec = 0;
        /* Not used for a POST any more; on disk it stays. */
        if (!e->claim_ready)
                g->claim[SLOT_ELECTION] = 0;
        if (!g->placeholder.claim_ready)
                g->claim[SLOT_PLACEHOLDER] = 0;
        /* No clock matters to these: no back-off, no cooldown, no counters in this world. */
        e->term.leading_since_usec = 0;
        e->past.failures = 0;
        e->timers.retry.attempts = e->timers.retry.attempts > 2 ? 2 : e->timers.retry.attempts;
        g->placeholder.retry.attempts = g->placeholder.retry.attempts > 2 ? 2 : g->placeholder.retry.attempts;
        if (!e->timers.retry.attempts)
                e->timers.retry.operation = 0; /* says whose attempts these are */
        if (!g->placeholder.retry.attempts)
                g->placeholder.retry.operation = 0;
        if (g->placeholder.retry.at_usec <= w->now_usec)
                g->placeholder.retry.at_usec = 0;
        if (!parameters.time)
                g->placeholder.renewed_at_usec = 0;
        g->placeholder.looked_at_usec = 0; /* a taken name is looked at by it, and that interval is infinite */
        if (e->op != ELECTION_OP_DELETE_HOLDER)
                e->holder.swap_version = 0; /* set with each such request */
        if (e->state != ELECTION_STOPPING)  /* both are set when a stop begins */
                e->term.lapsed = false;
        if (!(e->state == ELECTION_PROVING && e->lock.fact.tenure == TENURE_LEASE) &&
            (e->state != ELECTION_STOPPING || e->term.stop != STOP_UNANSWERED || e->term.lapsed))
                e->term.lapse_at_usec = 0;
        if (!e->lock.fact.orphaned)
                e->lock.orphan_at_usec = 0;
        if (e->guard.eviction == EVICTION_NONE)
                e->guard.evict_uid = 0; /* set when one begins */
        if (e->lock.passed != PASSED_OBJECT)
                e->lock.passed_version = 0;
        if (o->up && !o->frozen && !guard_busy(w, i))
                o->watchdog = 0; /* pings last, with nothing left to do */
        /* A retry time means something to the guard only before it is due. */
        if (o->up && !parameters.time)
                o->supervise.retry_at_usec = BASE + TICK;
        if (o->up && !parameters.time)
                o->supervise.stop_sent_at_usec = o->supervise.going_since_usec = 0;
}

void world_tidy(struct world *w) {
        for (unsigned i = 0; i < w->n_late;)
                if (api_write_is_dead(w, &w->late[i])) {
                        w->late[i] = w->late[--w->n_late];
                        memset(&w->late[w->n_late], 0, sizeof(w->late[0]));
                } else
                        i++;
        if (w->n_late > 1)
                qsort(w->late, w->n_late, sizeof(w->late[0]), compare_writes);
        for (unsigned i = 0; i < parameters.agents; i++)
                second_also(w, tidy_host, i);
}
