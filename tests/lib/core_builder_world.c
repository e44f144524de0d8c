/* SPDX-License-Identifier: Apache-2.0 */
/* The world around the core under test: API server, guard, clock, other people. What the API server does is held
 * against tests/rules; what the core may ask of it is checked in core_builder.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_builder.h"

/* ---- the API server ---- */

static bool is_named(const struct placeholder_fact *p, const struct builder_request *r) {
        return p->present && p->uid == r->uid && (!r->version || r->version == p->version);
}

/* Whatever still held a marked one was the collector's finalizer, which this takes away. */
static uint8_t delete_placeholder(struct placeholder_fact *p, const struct builder_request *r) {
        if (!is_named(p, r))
                return p->present ? RESULT_CONFLICT : RESULT_NOT_FOUND;
        *p = (struct placeholder_fact){.present = false};
        return RESULT_OK;
}

uint8_t builder_execute(struct builder *b, size_t i, const struct builder_request *r, struct election_event *ev) {
        struct lock_fact *l = &b->lock[i];
        bool there = l->sort != LOCK_ABSENT;
        bool same = there && l->uid == r->uid && (!r->version || r->version == l->version);
        struct placeholder_fact *h = b->lock_by_own[i] ? &b->own[TENURE_LEASE] : &b->holder;

        switch ((enum election_op)r->op) {
        case ELECTION_OP_NONE:
        case ELECTION_OP_CLAIM:
                return RESULT_OK;
        case ELECTION_OP_READ:
                ev->lock = *l;
                return there ? RESULT_OK : RESULT_NOT_FOUND;
        case ELECTION_OP_CREATE:
                if (there)
                        return RESULT_EXISTS;
                *l = builder_own_lock(b->next_uid++, b->locks[i].conf.tenure, r->placeholder);
                if (b->duration_usec && l->tenure == TENURE_LEASE)
                        l->duration_usec = b->duration_usec;
                l->version = b->next_version++;
                b->lock_by_own[i] = true;
                break;
        case ELECTION_OP_ADOPT:
        case ELECTION_OP_RESTORE:
                if (!same)
                        return there ? RESULT_CONFLICT : RESULT_NOT_FOUND;
                if (r->op == ELECTION_OP_ADOPT)
                        l->same_boot = true;
                else {
                        l->orphaned = false;
                        l->placeholder = r->placeholder;
                }
                l->version = b->next_version++;
                break;
        case ELECTION_OP_DELETE:
                if (!same)
                        return there ? RESULT_CONFLICT : RESULT_NOT_FOUND;
                if (!l->deleting)
                        l->version = b->next_version++;
                l->deleting = true;
                break;
        case ELECTION_OP_STRIP:
                if (!same)
                        return there ? RESULT_CONFLICT : RESULT_NOT_FOUND;
                assert_true(l->deleting); /* an unmarked one would stay, without finalizer: nobody may ask for that */
                *l = (struct lock_fact){.sort = LOCK_ABSENT};
                return RESULT_OK;
        case ELECTION_OP_READ_HOLDER:
                ev->holder = *h;
                return h->present ? RESULT_OK : RESULT_NOT_FOUND;
        case ELECTION_OP_DELETE_HOLDER:
                return delete_placeholder(h, r);
        case ELECTION_OP_READ_POD:
                ev->holder = b->pod;
                return b->pod.uid ? RESULT_OK : RESULT_NOT_FOUND;
        }
        ev->lock = *l;
        return RESULT_OK;
}

uint8_t builder_execute_beat(struct builder *b, uint8_t t, const struct builder_request *r,
                             struct placeholder_event *ev) {
        struct placeholder_fact *p = &b->own[t];

        switch ((enum placeholder_op)r->op) {
        case PLACEHOLDER_OP_NONE:
        case PLACEHOLDER_OP_CLAIM:
                return RESULT_OK;
        case PLACEHOLDER_OP_READ:
                ev->fact = *p;
                return p->present ? RESULT_OK : RESULT_NOT_FOUND;
        case PLACEHOLDER_OP_CREATE:
                if (p->present)
                        return RESULT_EXISTS;
                *p = (struct placeholder_fact){.uid = b->next_uid++,
                                               .version = b->next_version++,
                                               .duration_usec = t == TENURE_LEASE ? 15 * SEC : 0,
                                               .present = true,
                                               .genuine = true,
                                               .claimed = true,
                                               .same_boot = true,
                                               .own_write = true};
                break;
        case PLACEHOLDER_OP_RENEW:
        case PLACEHOLDER_OP_CLEAR:
                if (!is_named(p, r))
                        return RESULT_CONFLICT; /* also of an absent one: a PUT that names a uid creates nothing */
                p->version = b->next_version++;
                if (r->op == PLACEHOLDER_OP_RENEW)
                        p->own_write = p->same_boot = true;
                ev->fact = *p;
                if (p->deleting) /* the PUT leaves out the finalizers that held it */
                        *p = (struct placeholder_fact){.present = false};
                return RESULT_OK;
        case PLACEHOLDER_OP_DELETE:
                return delete_placeholder(p, r);
        }
        ev->fact = *p;
        return RESULT_OK;
}

static uint8_t faulty(enum builder_fault fault, uint8_t result) {
        switch (fault) {
        case BUILDER_FINE:
                return result;
        case BUILDER_LOST:
        case BUILDER_DROPPED:
        case BUILDER_LATE:
                return RESULT_UNKNOWN;
        case BUILDER_DENIED:
                return RESULT_DENIED;
        case BUILDER_FAILED:
        case BUILDER_REFUSED:
        case BUILDER_THROTTLED:
                return RESULT_FAILED;
        case BUILDER_CONFLICT:
                return RESULT_CONFLICT;
        }
        return result;
}

static bool is_silent(enum builder_fault fault) {
        return fault == BUILDER_LOST || fault == BUILDER_DROPPED || fault == BUILDER_LATE || fault == BUILDER_REFUSED;
}

static uint64_t retry_after(enum builder_fault fault) {
        return fault == BUILDER_THROTTLED ? 60 * SEC : 0;
}

bool builder_answer_any(struct builder *b, size_t i, enum builder_fault fault) {
        struct builder_request r = b->request[i];
        struct election_event ev = {.type = ELECTION_EV_REPLY, .op = r.op};
        bool local = r.op == ELECTION_OP_CLAIM;
        uint8_t result = RESULT_UNKNOWN;

        if (r.op == ELECTION_OP_NONE)
                return false;
        b->request[i].op = ELECTION_OP_NONE;
        if (fault == BUILDER_LATE && r.op == ELECTION_OP_CREATE)
                b->late[i] = r;
        else if (fault == BUILDER_FINE || (fault == BUILDER_LOST && !local))
                result = builder_execute(b, i, &r, &ev);
        ev.result = local && fault != BUILDER_FINE ? RESULT_FAILED : faulty(fault, result);
        ev.silent = !local && is_silent(fault);
        ev.retry_after_usec = local ? 0 : retry_after(fault);
        if (ev.result != RESULT_OK)
                ev.lock = (struct lock_fact){.sort = LOCK_ABSENT};
        if (!local && r.op != ELECTION_OP_READ_HOLDER && r.op != ELECTION_OP_DELETE_HOLDER &&
            r.op != ELECTION_OP_READ_POD && (ev.result == RESULT_OK || ev.result == RESULT_NOT_FOUND))
                b->answered[i] = ev.lock;
        builder_event(b, i, ev);
        return true;
}

bool builder_beat_any(struct builder *b, uint8_t t, enum builder_fault fault) {
        struct builder_request r = b->beat[t];
        struct placeholder_event ev = {.type = PLACEHOLDER_EV_REPLY, .op = r.op, .sent_at_usec = r.sent_at_usec};
        bool local = r.op == PLACEHOLDER_OP_CLAIM;
        uint8_t result = RESULT_UNKNOWN;

        if (r.op == PLACEHOLDER_OP_NONE)
                return false;
        b->beat[t].op = PLACEHOLDER_OP_NONE;
        if (fault == BUILDER_LATE && r.op == PLACEHOLDER_OP_CREATE)
                b->late_beat[t] = r;
        else if (fault == BUILDER_FINE || (fault == BUILDER_LOST && !local))
                result = builder_execute_beat(b, t, &r, &ev);
        ev.result = local && fault != BUILDER_FINE ? RESULT_FAILED : faulty(fault, result);
        ev.silent = !local && is_silent(fault);
        ev.retry_after_usec = local ? 0 : retry_after(fault);
        if (ev.result != RESULT_OK)
                ev.fact = (struct placeholder_fact){.present = false};
        builder_step_beat(b, t, ev);
        builder_pump(b);
        return true;
}

void builder_answer(struct builder *b, size_t i, uint8_t op, enum builder_fault fault) {
        if (b->request[i].op != op)
                fail_msg("%s is under way, not %s, after '%s'", election_op_to_string(b->request[i].op),
                         election_op_to_string(op), b->log);
        builder_answer_any(b, i, fault);
}

void builder_beat(struct builder *b, uint8_t t, uint8_t op, enum builder_fault fault) {
        if (b->beat[t].op != op)
                fail_msg("%s is under way, not %s, after '%s'", placeholder_op_to_string(b->beat[t].op),
                         placeholder_op_to_string(op), b->log);
        builder_beat_any(b, t, fault);
}

void builder_land(struct builder *b, size_t i) {
        struct election_event ev = {0};

        (void)builder_execute(b, i, &b->late[i], &ev);
        b->late[i].op = ELECTION_OP_NONE;
}

void builder_land_beat(struct builder *b, uint8_t t) {
        struct placeholder_event ev = {0};

        (void)builder_execute_beat(b, t, &b->late_beat[t], &ev);
        b->late_beat[t].op = PLACEHOLDER_OP_NONE;
}

/* ---- the guard ---- */

static void guard_says(struct builder *b, size_t i, struct guard_fact f) {
        f.permit = b->guard[i].permit;
        f.unit = b->guard[i].unit;
        f.unfit = b->guard[i].unfit;
        f.restarts = b->guard[i].restarts;
        f.revoked = f.about && b->revoked[f.about];
        if (f.about && f.revoked)
                b->revoke_answered[f.about] = true;
        if (f.about && f.revoked && f.stopped)
                b->stop_seen[f.about] = true;
        builder_event(b, i, (struct election_event){.type = ELECTION_EV_GUARD, .guard = f});
}

void builder_unit_stopped(struct builder *b, size_t i) {
        struct builder_guard *g = &b->guard[i];
        uint64_t about = g->waits;

        g->unit = UNIT_STOPPED;
        g->permit = g->waits = 0;
        if (b->link && about)
                guard_says(b, i, (struct guard_fact){.about = about, .stopped = true});
}

void builder_unit(struct builder *b, size_t i, uint8_t unit) {
        b->guard[i].unit = unit;
        if (b->link)
                guard_says(b, i, (struct guard_fact){0});
}

static uint8_t permit(struct builder *b, struct builder_guard *g, uint64_t uid, uint64_t stop_at, uint64_t kill_at) {
        if (b->revoked[uid])
                return GUARD_REFUSED_REVOKED;
        if (g->permit && g->permit != uid)
                return GUARD_REFUSED_BUSY;
        if (stop_at <= b->now) {
                b->revoked[uid] = true;
                return GUARD_REFUSED_OVERDUE;
        }
        if (!g->permit && g->refuse)
                return g->refuse;
        if (!g->permit && g->unfit)
                return GUARD_REFUSED_ENROLL;
        if (!g->permit) /* also one that runs already */
                g->unit = UNIT_RUNNING;
        g->permit = uid;
        g->stop_at_usec = stop_at;
        g->kill_at_usec = kill_at;
        return GUARD_OK;
}

bool builder_guard(struct builder *b, size_t i) {
        struct builder_guard *g = &b->guard[i];
        uint8_t type;
        uint64_t uid, stop_at, kill_at;

        if (!b->link || g->n_queue == 0)
                return false;
        type = g->queue[0].type;
        uid = g->queue[0].uid;
        stop_at = g->queue[0].stop_at_usec;
        kill_at = g->queue[0].kill_at_usec;
        memmove(g->queue, g->queue + 1, --g->n_queue * sizeof(g->queue[0]));
        switch ((enum election_message)type) {
        case ELECTION_MSG_NONE:
                break;
        case ELECTION_MSG_QUERY:
                guard_says(b, i, (struct guard_fact){.about = uid});
                break;
        case ELECTION_MSG_PERMIT: {
                uint8_t refusal = permit(b, g, uid, stop_at, kill_at);

                guard_says(b, i, (struct guard_fact){.about = uid, .refusal = refusal});
                break;
        }
        case ELECTION_MSG_REVOKE:
                b->revoked[uid] = true;
                g->waits = uid;
                if (g->slow && g->unit != UNIT_STOPPED) {
                        g->unit = UNIT_STOPPING;
                        guard_says(b, i, (struct guard_fact){.about = uid});
                } else
                        builder_unit_stopped(b, i);
                break;
        case ELECTION_MSG_EVICT:
                if (!g->permit && !g->ungated && g->unit == UNIT_FOREIGN)
                        g->unit = g->slow ? UNIT_STOPPING : UNIT_STOPPED;
                guard_says(b, i, (struct guard_fact){.about = uid, .evicts = true});
                break;
        }
        return true;
}

void builder_link(struct builder *b, bool up) {
        b->link = up;
        for (size_t i = 0; i < b->core.n_locks; i++) {
                b->guard[i].n_queue = 0;
                b->guard[i].waits = 0;
        }
        for (size_t i = 0; i < b->core.n_locks; i++)
                builder_step(b, i, (struct election_event){.type = up ? ELECTION_EV_LINK_UP : ELECTION_EV_LINK_DOWN});
        builder_pump(b);
}

/* The first instant of a permit is over: the guard ends the term by itself. */
static void guard_clock(struct builder *b) {
        for (size_t i = 0; i < b->core.n_locks; i++) {
                struct builder_guard *g = &b->guard[i];

                if (!g->permit || g->stop_at_usec > b->now)
                        continue;
                b->revoked[g->permit] = true;
                g->permit = 0;
                g->unit = UNIT_STOPPED;
                if (b->link)
                        guard_says(b, i, (struct guard_fact){0});
        }
}

/* ---- time and others ---- */

void builder_settle(struct builder *b) {
        bool more = true;
        unsigned n = 0;

        builder_pump(b);
        while (more) {
                if (++n > 200)
                        fail_msg("never settles: '%s'", b->log);
                more = false;
                for (size_t i = 0; i < b->core.n_locks; i++) {
                        more = builder_guard(b, i) || more;
                        more = builder_answer_any(b, i, BUILDER_FINE) || more;
                }
                for (uint8_t t = 0; t < N_TENURES; t++)
                        more = builder_beat_any(b, t, BUILDER_FINE) || more;
        }
}

void builder_until(struct builder *b, uint8_t op) {
        unsigned n = 0;

        builder_pump(b);
        while (b->request[0].op != op) {
                bool more = false;

                if (++n > 200)
                        fail_msg("%s never comes: '%s'", election_op_to_string(op), b->log);
                for (size_t i = 0; i < b->core.n_locks && b->request[0].op != op; i++)
                        more = builder_guard(b, i) || builder_answer_any(b, i, BUILDER_FINE) || more;
                for (uint8_t t = 0; t < N_TENURES && b->request[0].op != op; t++)
                        more = builder_beat_any(b, t, BUILDER_FINE) || more;
                if (!more)
                        builder_jump(b, core_deadline(&b->core) - b->now);
        }
}

void builder_jump(struct builder *b, uint64_t usec) {
        b->now += usec;
        guard_clock(b);
        builder_pump(b);
}

void builder_wait(struct builder *b, uint64_t usec) {
        uint64_t end = b->now + usec;

        builder_settle(b);
        while (b->now < end) {
                uint64_t at = core_deadline(&b->core);

                b->now = at < end ? at : end;
                guard_clock(b);
                builder_settle(b);
        }
}

void builder_watch(struct builder *b, size_t i) {
        builder_event(b, i, (struct election_event){.type = ELECTION_EV_LOCK_SEEN, .lock = b->lock[i]});
}

void builder_watch_holder(struct builder *b, size_t i) {
        const struct placeholder_fact *h = b->lock_by_own[i] ? &b->own[TENURE_LEASE] : &b->holder;

        builder_event(b, i, (struct election_event){.type = ELECTION_EV_HOLDER_SEEN, .holder = *h});
}

void builder_watch_own(struct builder *b, uint8_t t) {
        builder_step_beat(b, t, (struct placeholder_event){.type = PLACEHOLDER_EV_SEEN});
        builder_pump(b);
}

void builder_mark(struct builder *b, size_t i) {
        assert_int_not_equal(b->lock[i].sort, LOCK_ABSENT);
        b->lock[i].deleting = true;
        b->lock[i].version = b->next_version++;
}

void builder_remove(struct builder *b, size_t i) {
        b->lock[i] = (struct lock_fact){.sort = LOCK_ABSENT};
}

void builder_collect(struct builder *b) {
        for (size_t i = 0; i < b->core.n_locks; i++) {
                const struct lock_fact *l = &b->lock[i];
                bool owned = (b->holder.present && b->holder.uid == l->placeholder) ||
                             (b->own[TENURE_LIFE].present && b->own[TENURE_LIFE].uid == l->placeholder) ||
                             (b->own[TENURE_LEASE].present && b->own[TENURE_LEASE].uid == l->placeholder);

                if (l->sort == LOCK_SOUND && !l->orphaned && !l->deleting && !owned)
                        builder_mark(b, i);
        }
}

void builder_other_wins(struct builder *b, size_t i, uint8_t tenure) {
        if (!b->holder.present)
                b->holder = (struct placeholder_fact){
                        .uid = b->next_uid++,
                        .version = b->next_version++,
                        .duration_usec = 15 * SEC,
                        .present = true,
                        .genuine = true,
                };
        b->lock[i] = builder_other_lock(b->next_uid++, tenure, b->holder.uid);
        b->lock[i].version = b->next_version++;
        b->lock_by_own[i] = false;
}

void builder_holder_renews(struct builder *b) {
        b->holder.version = b->next_version++;
}

static void start(struct builder *b) {
        for (size_t i = 0; i < b->core.n_locks; i++) {
                election_init(&b->locks[i].election);
                b->locks[i].due = true;
                b->request[i].op = ELECTION_OP_NONE;
                b->answered[i] = (struct lock_fact){.sort = LOCK_ABSENT};
                b->guard[i].n_queue = 0;
                b->guard[i].waits = 0;
        }
        for (size_t t = 0; t < N_TENURES; t++) {
                placeholder_init(&b->placeholders[t].placeholder);
                b->placeholders[t].due = true;
                b->beat[t].op = PLACEHOLDER_OP_NONE;
                b->own[t].own_write = false; /* another process wrote it */
        }
        b->core.removing = false;
        /* What the guard did not read it does not hold against anybody. */
        memcpy(b->revoke_sent, b->revoked, sizeof(b->revoke_sent));
        b->link = false;
}

void builder_restart(struct builder *b) {
        start(b);
        builder_pump(b);
        builder_link(b, true);
}

void builder_reboot(struct builder *b) {
        memset(b->revoked, 0, sizeof(b->revoked));
        memset(b->revoke_answered, 0, sizeof(b->revoke_answered));
        memset(b->stop_seen, 0, sizeof(b->stop_seen));
        for (size_t i = 0; i < b->core.n_locks; i++) {
                b->guard[i] = (struct builder_guard){.unit = UNIT_STOPPED, .slow = b->guard[i].slow};
                b->lock[i].same_boot = false;
        }
        for (size_t t = 0; t < N_TENURES; t++)
                b->own[t].same_boot = false;
        builder_restart(b);
}

void builder_init(struct builder *b, uint8_t tenure, size_t n_locks) {
        assert_true(n_locks <= BUILDER_LOCKS);
        *b = (struct builder){.now = 1000 * SEC, .random = 1, .next_uid = 100, .next_version = 1000};
        b->core = (struct core){
                .locks = b->locks, .n_locks = n_locks, .placeholders = b->placeholders, .n_placeholders = N_TENURES};
        for (size_t i = 0; i < n_locks; i++) {
                b->locks[i].conf = builder_election_conf(tenure);
                b->locks[i].placeholder[TENURE_LIFE] = TENURE_LIFE;
                b->locks[i].placeholder[TENURE_LEASE] = TENURE_LEASE;
                b->guard[i].unit = UNIT_STOPPED;
        }
        for (uint8_t t = 0; t < N_TENURES; t++)
                b->placeholders[t].conf = builder_placeholder_conf(t);
        start(b);
}

void builder_lead(struct builder *b) {
        builder_restart(b);
        builder_settle(b);
        for (size_t i = 0; i < b->core.n_locks; i++)
                assert_int_equal(builder_election(b, i)->state, ELECTION_LEADING);
        builder_forget(b);
}
