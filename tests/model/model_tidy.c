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
        struct request *r = &g->request[SLOT_HEARTBEAT];
        uint64_t *sent = r->state != REQUEST_NONE && r->op == HEARTBEAT_OP_RENEW ? &r->sent_at_usec : NULL;

        g->request[SLOT_ELECTION].sent_at_usec = 0;
        if (!sent)
                r->sent_at_usec = 0;
        if (terms(e)) {
                if (e->lock.orphaned)
                        return;
                /* A term that ends unproven sets prove_first anew; a proof of this term is later than it. */
                if (e->prove_first_usec)
                        e->prove_first_usec = before;
                tidy_order(&e->own_at_usec, &g->heartbeat.proven_at_usec, sent);
                return;
        }
        e->own_at_usec = 0; /* the next one will be later than every proof of today */
        if (e->prove_first_usec)
                tidy_order(&e->prove_first_usec, &g->heartbeat.proven_at_usec, sent);
        else if (sent)
                *sent = before;
        g->heartbeat.proven_at_usec = e->prove_first_usec && g->heartbeat.proven_at_usec ? before : 0;
}

/* What was seen of a holder is forgotten when another lock is met (observe()), and a lock that is gone does not come
 * back; an answer or a watch event on its way may still show it. */
static void tidy_holder(struct agent *g) {
        struct election *e = &g->election;
        bool elsewhere = (e->state >= ELECTION_CLAIMING && e->state <= ELECTION_RELEASING) ||
                         (e->lock_known && e->lock.sort == LOCK_ABSENT);

        if (e->op == ELECTION_OP_NONE && elsewhere && !g->held_lock.there) {
                e->holder_lock = e->holder_uid = e->holder_version = 0;
                e->holder_seen_at_usec = e->holder_silent_usec = 0;
                e->holder_seen = e->holder_gone = e->holder_fresh = e->holder_look = false;
        }
        if (e->holder_gone && e->op != ELECTION_OP_DELETE_HOLDER)
                e->holder_version = e->holder_silent_usec = 0; /* read only when the swap is answered */
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
        for (unsigned i = 0; i < parameters.agents; i++) {
                struct agent *g = &w->agents[i];
                struct election *e = &g->election;
                struct host *o = &w->hosts[i];

                tidy_proofs(g);
                tidy_holder(g);
                /* The configuration does not change here: without them it is what counts. */
                e->term_stop_usec = e->term_margin_usec = 0;
                /* For humans only. */
                e->reason = 0;
                o->supervise.reason = 0;
                /* What the permit file says matters only when a write fails, and none does here. */
                o->supervise.disk_stop_at_usec = o->supervise.disk_kill_at_usec = 0;
                /* Not used for a POST any more; on disk it stays. */
                if (!e->claim_ready)
                        g->claim[SLOT_ELECTION] = 0;
                if (!g->heartbeat.claim_ready)
                        g->claim[SLOT_HEARTBEAT] = 0;
                /* No clock matters to these: no back-off, no cooldown, no counters in this world. */
                e->leading_since_usec = 0;
                e->failures = 0;
                e->attempts = e->attempts > 2 ? 2 : e->attempts;
                g->heartbeat.attempts = g->heartbeat.attempts > 2 ? 2 : g->heartbeat.attempts;
                if (!e->attempts)
                        e->failed_op = 0; /* says whose attempts these are */
                if (!g->heartbeat.attempts)
                        g->heartbeat.failed_op = 0;
                if (g->heartbeat.retry_at_usec <= w->now_usec)
                        g->heartbeat.retry_at_usec = 0;
                if (!parameters.time)
                        g->heartbeat.renewed_at_usec = 0;
                g->heartbeat.looked_at_usec = 0; /* verify_interval is infinite; MOVE_VERIFY looks at any time */
                if (e->op != ELECTION_OP_DELETE_HOLDER)
                        e->swap_version = 0;       /* set with each such request */
                if (e->state != ELECTION_STOPPING) /* both are set when a stop begins */
                        e->lapsed = false;
                if (!(e->state == ELECTION_PROVING && e->lock.tenure == CORE_LEASE) &&
                    (e->state != ELECTION_STOPPING || e->revoke_taken || e->lapsed))
                        e->lapse_at_usec = 0;
                if (!e->lock.orphaned)
                        e->orphan_at_usec = 0;
                if (!e->seen) {
                        e->seen_version = 0;
                        e->seen_absent = false;
                }
                if (o->up && !o->frozen && !guard_busy(w, i))
                        o->watchdog = 0; /* pings last, with nothing left to do */
                /* A retry time means something to the guard only before it is due. */
                if (o->up && !parameters.time)
                        o->supervise.retry_at_usec = BASE + TICK;
                if (o->up && !parameters.time)
                        o->supervise.stop_sent_at_usec = 0;
        }
}
