/* SPDX-License-Identifier: Apache-2.0 */
/* The door from inside: applies changes, routes each event to its election or placeholder, carries wishes and views
 * between them, tells whose turn is next. What may be done with a lock is the election's; what is shown of it is in
 * core_view.c. ARCHITECTURE 5, claim 5: one compare-and-swap ends the wait of every lock that names the same
 * placeholder. */
#include "core/core_parts.h"
#include "core/election_parts.h"

size_t core_locks_size(size_t n) {
        return n * sizeof(struct core_lock);
}

size_t core_placeholders_size(size_t n) {
        return n * sizeof(struct core_placeholder);
}

void core_set_room(struct core *core, void *locks, void *placeholders) {
        core->locks = locks;
        core->placeholders = placeholders;
}

static void views(const struct core *core, const struct core_lock *l, struct placeholder_view ret[N_TENURES]) {
        for (unsigned t = 0; t < N_TENURES; t++)
                ret[t] = placeholder_view(&core->placeholders[l->placeholder[t]].placeholder);
}

struct placeholder_wish core_wish(const struct core *core, size_t p) {
        struct placeholder_wish w = {.removing = core->removing};
        const struct core_placeholder *ph = &core->placeholders[p];

        for (size_t i = 0; i < core->n_locks; i++) {
                const struct core_lock *l = &core->locks[i];

                for (unsigned t = 0; t < N_TENURES; t++) {
                        struct election_wish e;

                        if (l->placeholder[t] != p || ph->conf.tenure != t)
                                continue;
                        e = election_wish(&l->election, &l->conf, t);
                        w.needed = w.needed || e.needed;
                        w.renewing = w.renewing || e.renewing;
                        w.named = w.named || (e.named && e.named == ph->placeholder.uid);
                        w.observed = w.observed || (e.observed && e.observed == ph->placeholder.uid);
                        if (e.until_usec && (!w.until_usec || e.until_usec < w.until_usec))
                                w.until_usec = e.until_usec;
                        if (e.proof_after_usec > w.proof_after_usec)
                                w.proof_after_usec = e.proof_after_usec;
                        if (e.interval_usec && (!w.interval_usec || e.interval_usec < w.interval_usec))
                                w.interval_usec = e.interval_usec;
                }
        }
        return w;
}

static bool same_wish(const struct election_wish *a, const struct election_wish *b) {
        return a->proof_after_usec == b->proof_after_usec && a->interval_usec == b->interval_usec &&
               a->named == b->named && a->observed == b->observed && a->needed == b->needed &&
               a->renewing == b->renewing;
}

static bool same_view(const struct placeholder_view *a, const struct placeholder_view *b) {
        return a->uid == b->uid && a->proven_at_usec == b->proven_at_usec && a->status == b->status &&
               a->name_taken == b->name_taken && a->taken_uid == b->taken_uid && a->strange == b->strange;
}

/* One compare-and-swap ends the silence of every lock that names the same placeholder: each has its own wait behind it
 * from when it saw that same last version. */
static void share_swap(struct core *core, const struct election *e) {
        for (size_t i = 0; i < core->n_locks; i++) {
                struct election *o = &core->locks[i].election;

                if (o == e || o->holder.state == HOLDER_UNSEEN || o->holder.uid != e->holder.uid ||
                    o->holder.version != e->holder.swap_version)
                        continue;
                election_swapped(o, e->holder.swap_version);
                core->locks[i].due = true;
        }
}

struct election_actions core_lock_step(struct core *core, size_t i, const struct election_event *ev) {
        struct core_lock *l = &core->locks[i];
        struct placeholder_view v[N_TENURES];
        struct election_wish before[N_TENURES];
        struct election_actions actions;
        bool swapped = ev->type == ELECTION_EV_REPLY && ev->op == ELECTION_OP_DELETE_HOLDER &&
                       l->election.op == ev->op && ev->result == RESULT_OK;

        for (unsigned t = 0; t < N_TENURES; t++)
                before[t] = election_wish(&l->election, &l->conf, t);
        views(core, l, v);
        l->due = false;
        l->conf.ending = core->removing;
        actions = election_step(&l->election, &l->conf, v, ev);
        for (unsigned t = 0; t < N_TENURES; t++) {
                struct election_wish after = election_wish(&l->election, &l->conf, t);

                if (!same_wish(&before[t], &after))
                        core->placeholders[l->placeholder[t]].due = true;
        }
        if (swapped)
                share_swap(core, &l->election); /* @one-swap-for-all-locks */
        return actions;
}

struct placeholder_action core_placeholder_step(struct core *core, size_t i, struct placeholder_event *ev) {
        struct core_placeholder *p = &core->placeholders[i];
        struct placeholder_view before = placeholder_view(&p->placeholder), after;
        struct placeholder_action action;

        ev->wish = core_wish(core, i);
        p->due = false;
        action = placeholder_step(&p->placeholder, &p->conf, ev);
        after = placeholder_view(&p->placeholder);
        if (!same_view(&before, &after))
                for (size_t n = 0; n < core->n_locks; n++)
                        if (core->locks[n].placeholder[p->conf.tenure] == i)
                                core->locks[n].due = true;
        return action;
}

static uint64_t lock_deadline(const struct core *core, const struct core_lock *l) {
        struct placeholder_view v[N_TENURES];

        if (l->due)
                return 0;
        views(core, l, v);
        return election_deadline(&l->election, &l->conf, v);
}

static uint64_t deadline_of_placeholder(const struct core *core, size_t i) {
        const struct core_placeholder *p = &core->placeholders[i];
        struct placeholder_wish w;

        if (p->due)
                return 0;
        w = core_wish(core, i);
        return placeholder_deadline(&p->placeholder, &p->conf, &w);
}

/* Nothing that comes while the agent stops competes, however it comes. */
static void begin_anew(const struct core *core, struct core_lock *l) {
        election_init(&l->election);
        l->election.wants.stop = core->removing;
        l->due = true;
}

static void set_lock(struct core *core, struct core_lock *l, const struct core_change *change) {
        l->conf = change->lock;
        l->conf.away = core->away;
        l->due = true;
}

static void set_away(struct core *core, bool away) {
        core->away = away;
        for (size_t i = 0; i < core->n_locks; i++) {
                core->locks[i].conf.away = away;
                core->locks[i].due = true;
        }
}

/* There is little time left: whatever waits is tried once more at once, however often it came to nothing before. */
static void once_more(struct retry *r) {
        r->at_usec = 0;
        r->attempts = r->attempts > 1 ? 1 : r->attempts;
}

static void stop(struct core *core) {
        core->removing = true;
        for (size_t i = 0; i < core->n_placeholders; i++) {
                once_more(&core->placeholders[i].placeholder.retry);
                core->placeholders[i].due = true;
        }
        for (size_t i = 0; i < core->n_locks; i++) {
                once_more(&core->locks[i].election.timers.retry);
                core->locks[i].election.wants.stop = true;
                core->locks[i].due = true;
        }
}

/* Each gets a share of its own of the random word: many that waited together do not come in step. */
static uint32_t share(uint32_t random, size_t i) {
        return random + (uint32_t)i * UINT32_C(0x9e3779b1);
}

static void answered(struct core *core, const struct core_change *change) {
        if (core->woken_at_usec <= change->now_usec) {
                uint64_t next = util_usec_add(core->woken_at_usec, RETRY_WAKE_APART_USEC);

                core->woken_at_usec = !core->woken_at_usec || next < change->now_usec ? change->now_usec : next;
        }
        for (size_t i = 0; i < core->n_locks; i++)
                retry_wake(&core->locks[i].election.timers.retry, core->woken_at_usec, share(change->random, i));
        for (size_t i = 0; i < core->n_placeholders; i++)
                retry_wake(&core->placeholders[i].placeholder.retry, core->woken_at_usec,
                           share(change->random, core->n_locks + i));
}

void core_apply(struct core *core, const struct core_change *change) {
        struct core_lock *l;
        struct core_placeholder *p;

        switch ((enum core_change_type)change->type) {
        case CORE_ADD_PLACEHOLDER:
                p = &core->placeholders[core->n_placeholders++];
                *p = (struct core_placeholder){.conf = change->placeholder_conf, .due = true};
                placeholder_init(&p->placeholder);
                break;
        case CORE_SET_PLACEHOLDER:
                p = &core->placeholders[change->index];
                /* (it says how often it is written: told at once, or it seems silent to others) */
                if (change->placeholder_conf.tenure == TENURE_LIFE &&
                    change->placeholder_conf.verify_interval_usec != p->conf.verify_interval_usec)
                        p->placeholder.missed = true;
                p->conf = change->placeholder_conf;
                break;
        case CORE_ADD_LOCK:
                l = &core->locks[core->n_locks++];
                *l = (struct core_lock){};
                for (unsigned t = 0; t < N_TENURES; t++)
                        l->placeholder[t] = change->placeholder[t];
                begin_anew(core, l);
                set_lock(core, l, change);
                break;
        case CORE_SET_LOCK:
                set_lock(core, &core->locks[change->index], change);
                break;
        case CORE_RESTART_LOCK:
                begin_anew(core, &core->locks[change->index]);
                break;
        case CORE_REMOVE_LOCK:
                core->locks[change->index] = core->locks[--core->n_locks];
                break;
        case CORE_SLEEP:
                set_away(core, true);
                break;
        case CORE_WAKE:
                set_away(core, false);
                break;
        case CORE_STOP:
                stop(core);
                break;
        case CORE_ANSWERED:
                answered(core, change);
                break;
        }
}

enum core_turn core_next(const struct core *core, uint64_t now_usec, size_t *ret_index) {
        for (size_t i = 0; i < core->n_locks; i++)
                if (lock_deadline(core, &core->locks[i]) <= now_usec) {
                        *ret_index = i;
                        return CORE_TURN_LOCK;
                }
        for (size_t i = 0; i < core->n_placeholders; i++)
                if (deadline_of_placeholder(core, i) <= now_usec) {
                        *ret_index = i;
                        return CORE_TURN_PLACEHOLDER;
                }
        return CORE_TURN_NONE;
}

uint64_t core_deadline(const struct core *core) {
        uint64_t at = USEC_INFINITY;

        for (size_t i = 0; i < core->n_locks; i++) {
                uint64_t d = lock_deadline(core, &core->locks[i]);

                at = d < at ? d : at;
        }
        for (size_t i = 0; i < core->n_placeholders; i++) {
                uint64_t d = deadline_of_placeholder(core, i);

                at = d < at ? d : at;
        }
        return at;
}

bool core_lock_invariant(const struct core *core, size_t i) {
        return election_invariant(&core->locks[i].election);
}

bool core_invariant(const struct core *core) {
        for (size_t i = 0; i < core->n_locks; i++)
                if (!core_lock_invariant(core, i))
                        return false;
        return true;
}
