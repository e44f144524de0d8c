/* SPDX-License-Identifier: Apache-2.0 */
/* Between the core and the world: configuration, facts made of objects, requests made of actions (agent_conf.c,
 * agent_facts.c and the adapters in small). */
#include "model.h"

struct election_conf brain_election_conf(unsigned a) {
        return (struct election_conf){
                .timing = {.duration_usec = parameters.duration[a] * TICK,
                           .renew_deadline_usec = parameters.renew_deadline * TICK,
                           .stop_timeout_usec = parameters.stop * TICK,
                           .kill_margin_usec = parameters.margin * TICK,
                           .rate_permille = time_permille(a)},
                .verify_interval_usec = USEC_INFINITY,
                .keys.on_exit = ON_EXIT_RELEASE, /* the other one only waits for somebody who starts the unit */
                .tenure = parameters.tenure[a],
        };
}

struct placeholder_conf brain_placeholder_conf(unsigned a, uint8_t tenure) {
        return (struct placeholder_conf){
                .renew_interval_usec = TICK,
                .verify_interval_usec = USEC_INFINITY,
                .taken_interval_usec = USEC_INFINITY,
                .duration_usec = parameters.duration[a] * TICK,
                .rate_permille = time_permille(a),
                .tenure = tenure,
        };
}

/* ---- facts ---- */

bool brain_claim_on_disk(const struct world *w, unsigned a, unsigned slot, uint8_t claim) {
        const struct agent *g = &w->agents[a];

        for (unsigned i = 0; claim && i < MAX_CLAIMS; i++)
                if (g->claims[slot][i] == claim)
                        return true;
        return false;
}

static bool keeps_alive(const struct world *w, unsigned a, uint8_t placeholder) {
        const struct placeholder *p = &w->agents[a].placeholder;

        return placeholder && w->agents[a].tenure == TENURE_LEASE && p->state == PLACEHOLDER_LIVE &&
               p->uid == placeholder;
}

struct lock_fact brain_lock_fact(const struct world *w, unsigned a, const struct api_lock *l) {
        struct lock_fact f = {.sort = LOCK_ABSENT};

        if (!l)
                return f;
        f.uid = l->uid;
        f.version = l->version;
        f.placeholder = l->placeholder;
        f.duration_usec = l->tenure == TENURE_LEASE ? l->duration * TICK : 0;
        f.record = 2U * l->duration + l->tenure;
        f.sort = l->finalizer && l->named == l->tenure ? LOCK_SOUND : LOCK_DAMAGED;
        f.tenure = l->tenure;
        f.deleting = l->deleting;
        f.claimed = brain_claim_on_disk(w, a, SLOT_ELECTION, l->claim);
        f.same_boot = world_identity(l->owner) == world_identity(a) && l->boot == w->hosts[a].boot;
        f.orphaned = f.sort == LOCK_SOUND && !l->owned;
        /* Its claims are gone, but another lock keeps the placeholder alive (agent_lock_fact()). */
        if (!f.claimed && f.same_boot && l->tenure == TENURE_LEASE && keeps_alive(w, a, l->placeholder)) {
                f.claimed = true; /* @claims-gone-beside-a-living-placeholder */
                f.sort = LOCK_DAMAGED;
                f.orphaned = false;
        }
        return f;
}

struct placeholder_fact brain_placeholder_fact(const struct world *w, unsigned a, const struct api_placeholder *p) {
        struct placeholder_fact f = {.present = false};

        if (!p)
                return f;
        f.present = true;
        f.uid = p->uid;
        f.version = p->version;
        if (p->term == w->agents[a].election.lock.fact.uid)
                f.duration_usec = p->duration * TICK;
        f.deleting = p->deleting;
        f.genuine = p->claim != 0;
        f.claimed = brain_claim_on_disk(w, a, SLOT_PLACEHOLDER, p->claim);
        f.same_boot = p->boot == w->hosts[a].boot;
        f.own_write = p->nonce == w->agents[a].nonce;
        return f;
}

struct write brain_lock_write(const struct world *w, unsigned a, const struct election_actions *out) {
        static const uint8_t kinds[N_ELECTION_OPS] = {
                [ELECTION_OP_READ] = READ_LOCK,
                [ELECTION_OP_CREATE] = LOCK_CREATE,
                [ELECTION_OP_ADOPT] = LOCK_ADOPT,
                [ELECTION_OP_RESTORE] = LOCK_RESTORE,
                [ELECTION_OP_DELETE] = LOCK_DELETE,
                [ELECTION_OP_STRIP] = LOCK_STRIP,
                [ELECTION_OP_READ_HOLDER] = READ_PLACEHOLDER,
                [ELECTION_OP_DELETE_HOLDER] = PLACEHOLDER_DELETE,
        };
        const struct agent *g = &w->agents[a];
        uint8_t op = out->request.op;
        bool holder = op == ELECTION_OP_READ_HOLDER || op == ELECTION_OP_DELETE_HOLDER;
        struct write r = {
                .kind = kinds[op],
                .sender = (uint8_t)a,
                .second = w->second,
                .name = holder ? g->lock_owner : 0,
                .uid = (uint8_t)out->request.uid,
                .version = (uint8_t)out->request.version,
                .placeholder = (uint8_t)out->request.placeholder,
        };

        if (op == ELECTION_OP_CREATE) {
                r.tenure = parameters.tenure[a];
                r.duration = (uint8_t)parameters.duration[a];
                r.claim = g->claim[SLOT_ELECTION];
        }
        if (op == ELECTION_OP_CREATE || op == ELECTION_OP_ADOPT)
                r.boot = w->hosts[a].boot;
        return r;
}

/* What a placeholder tells of the lease that its agent holds. What it told before of that is kept. */
static void fill_term(const struct world *w, unsigned a, struct write *r) {
        const struct election *e = &w->agents[a].election;
        const struct api_placeholder *before = &w->placeholders[r->name];
        uint64_t longest = e->record.uid == e->lock.fact.uid ? e->record.longest_usec : e->lock.fact.duration_usec;

        /* (Without edits it says what the lock says: left out, for fewer states.) */
        if (!parameters.edits || !e->term.uid || e->lock.fact.uid != e->term.uid ||
            parameters.tenure[a] != TENURE_LEASE)
                return;
        r->term = (uint8_t)e->term.uid;
        r->duration = (uint8_t)(longest / TICK);
        if (before->term == r->term && before->duration > r->duration)
                r->duration = before->duration;
}

struct write brain_placeholder_write(const struct world *w, unsigned a, const struct placeholder_action *out) {
        static const uint8_t kinds[N_PLACEHOLDER_OPS] = {
                [PLACEHOLDER_OP_READ] = READ_PLACEHOLDER,     [PLACEHOLDER_OP_CREATE] = PLACEHOLDER_CREATE,
                [PLACEHOLDER_OP_RENEW] = PLACEHOLDER_RENEW,   [PLACEHOLDER_OP_CLEAR] = PLACEHOLDER_CLEAR,
                [PLACEHOLDER_OP_DELETE] = PLACEHOLDER_DELETE,
        };
        const struct agent *g = &w->agents[a];
        struct write r = {
                .kind = kinds[out->op],
                .sender = (uint8_t)a,
                .name = (uint8_t)world_identity(a),
                .uid = (uint8_t)out->uid,
                .version = (uint8_t)out->version,
        };

        if (out->op == PLACEHOLDER_OP_CREATE)
                r.claim = g->claim[SLOT_PLACEHOLDER];
        if (out->op == PLACEHOLDER_OP_CREATE || out->op == PLACEHOLDER_OP_RENEW) {
                r.boot = w->hosts[a].boot;
                r.nonce = g->nonce;
                fill_term(w, a, &r);
        }
        return r;
}
