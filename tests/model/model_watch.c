/* SPDX-License-Identifier: Apache-2.0 */
/* What watches show. Events of one watch come in order; a delayed one holds up those behind it, and by the time it
 * comes it may be older than what was read. Without a fault a watch shows what is there now, or nothing yet. */
#include "model.h"

bool watch_lock_news(const struct world *w, unsigned a) {
        const struct election *e = &w->agents[a].election;

        if (e->lock.source == LOCK_SOURCE_NONE || w->agents[a].held_lock.there)
                return false;
        if (!w->lock.exists)
                return e->lock.fact.sort != LOCK_ABSENT;
        return e->lock.fact.sort == LOCK_ABSENT || e->lock.fact.uid != w->lock.uid ||
               e->lock.fact.version != w->lock.version;
}

static void show_lock(struct world *w, unsigned a, const struct api_lock *l, uint8_t gone_uid) {
        struct election_event ev = {.type = ELECTION_EV_LOCK_SEEN};

        if (l) {
                ev.lock = brain_lock_fact(w, a, l);
                brain_lock_event(w, a, &ev, l);
        } else {
                ev.lock = (struct lock_fact){.sort = LOCK_ABSENT, .uid = gone_uid};
                brain_lock_event(w, a, &ev, NULL);
        }
}

void watch_lock(struct world *w, unsigned a) {
        const struct election *e = &w->agents[a].election;

        if (e->lock.fact.sort != LOCK_ABSENT && (!w->lock.exists || e->lock.fact.uid != w->lock.uid))
                show_lock(w, a, NULL, (uint8_t)e->lock.fact.uid);
        else
                show_lock(w, a, &w->lock, 0);
}

/* As the shell opens it: while a candidate waits for this very placeholder. */
static bool is_waiting(const struct agent *g) {
        const struct election *e = &g->election;

        return g->up && e->state == ELECTION_CANDIDATE && e->lock.fact.sort == LOCK_SOUND &&
               e->lock.fact.tenure == TENURE_LEASE && e->holder.uid && e->holder.uid == e->lock.fact.placeholder;
}

bool watch_holder_news(const struct world *w, unsigned a) {
        const struct agent *g = &w->agents[a];
        const struct election *e = &g->election;
        const struct api_placeholder *p = &w->placeholders[g->lock_owner];
        bool alive = p->exists && p->uid == e->holder.uid && !p->deleting;

        return is_waiting(g) && e->holder.state != HOLDER_UNSEEN && !g->held_holder.there &&
               (alive == (e->holder.state == HOLDER_GONE) || (alive && p->version != e->holder.version));
}

static void show_holder(struct world *w, unsigned a, const struct api_placeholder *p, uint8_t gone_uid) {
        struct election_event ev = {.type = ELECTION_EV_HOLDER_SEEN};

        if (p) {
                ev.holder = brain_placeholder_fact(w, a, p);
                ev.holder.claimed = ev.holder.same_boot = ev.holder.own_write = false;
        } else
                ev.holder.uid = gone_uid;
        brain_lock_event(w, a, &ev, NULL);
}

/* Another uid under that name comes after the news that the one watched for was deleted. */
void watch_holder(struct world *w, unsigned a) {
        const struct api_placeholder *p = &w->placeholders[w->agents[a].lock_owner];
        uint8_t uid = (uint8_t)w->agents[a].election.holder.uid;

        show_holder(w, a, p->exists && p->uid == uid ? p : NULL, uid);
}

bool watch_own_open(const struct world *w, unsigned a) {
        const struct agent *g = &w->agents[a];

        return g->tenure == TENURE_LIFE && g->placeholder.state == PLACEHOLDER_LIVE &&
               g->placeholder.op == PLACEHOLDER_OP_NONE && !g->placeholder.unread;
}

bool watch_own_news(const struct world *w, unsigned a) {
        const struct api_placeholder *p = &w->placeholders[world_identity(a)];

        return !p->exists || p->deleting || p->uid != w->agents[a].placeholder.uid;
}

/* ---- delayed events ---- */

bool watch_held(const struct world *w, unsigned a, bool holder) {
        const struct agent *g = &w->agents[a];

        return holder ? g->held_holder.there : g->held_lock.there;
}

bool watch_may_hold(const struct world *w, unsigned a, bool holder, bool deleted) {
        const struct agent *g = &w->agents[a];
        bool there = holder ? w->placeholders[g->lock_owner].exists : w->lock.exists;

        if (watch_held(w, a, holder) || (holder && !is_waiting(g)))
                return false;
        return !deleted || (!there && (holder ? g->election.holder.uid : g->election.lock.fact.uid));
}

void watch_hold(struct world *w, unsigned a, bool holder, bool deleted) {
        struct agent *g = &w->agents[a];

        if (holder)
                g->held_holder = (struct held_placeholder){
                        .there = 1,
                        .gone_uid = (uint8_t)(deleted ? g->election.holder.uid : 0),
                        .name = g->lock_owner,
                        .placeholder = w->placeholders[g->lock_owner],
                };
        else
                g->held_lock = (struct held_lock){
                        .there = 1,
                        .gone_uid = (uint8_t)(deleted ? g->election.lock.fact.uid : 0),
                        .lock = w->lock,
                };
}

void watch_deliver(struct world *w, unsigned a, bool holder) {
        struct agent *g = &w->agents[a];
        struct held_placeholder p = g->held_holder;
        struct held_lock l = g->held_lock;

        if (holder) {
                memset(&g->held_holder, 0, sizeof(g->held_holder));
                show_holder(w, a, p.placeholder.exists ? &p.placeholder : NULL, p.gone_uid);
        } else {
                memset(&g->held_lock, 0, sizeof(g->held_lock));
                show_lock(w, a, l.lock.exists ? &l.lock : NULL, l.gone_uid);
        }
}

void watch_follow(struct world *w, unsigned a) {
        struct agent *g = &w->agents[a];

        if (!is_waiting(g) || g->held_holder.name != g->lock_owner)
                memset(&g->held_holder, 0, sizeof(g->held_holder));
}
