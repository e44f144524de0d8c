/* SPDX-License-Identifier: Apache-2.0 */
/* Requests about several units: first unit first to start, last one first to stop. Gates go all at once, so that what
 * was stopped stays so; the order of the stop jobs that follow is kept by PID 1 (After=). The answer is "stopped" when
 * each was seen so. ARCHITECTURE 5, claims 1 and 4. */
#include <stdio.h>

#include "guard/guard_list.h"
#include "guard/guard_merge.h"
#include "guard/guard_reply.h"
#include "guard/guard_uids.h"
#include "guard/guard_unit.h"

/* A refusal may have been of a moment, and a human may have mended its cause. */
#define AGAIN_USEC (10 * USEC_PER_SEC)

static void forget(struct guard_list *l) {
        struct guard_list **at = &l->guard->lists;

        while (*at != l)
                at = &(*at)->next;
        *at = l->next;
        for (size_t i = 0; i < l->n; i++)
                l->member[i]->listed--;
        l->guard->n_lists--;
        free(l);
}

struct guard_list *guard_list_get(struct guard *g, const char *units) {
        struct guard_list *l = guard_merge_find(g, units);
        char name[UNIT_NAME_SIZE];

        if (l)
                return l;
        l = g->n_lists < GUARD_LISTS_MAX ? calloc(1, sizeof(*l)) : NULL;
        if (!l)
                return NULL;
        l->guard = g;
        l->retry_at_usec = USEC_INFINITY;
        (void)util_copy(l->units, sizeof(l->units), units);
        l->next = g->lists;
        g->lists = l;
        g->n_lists++;
        for (const char *at = units; unit_list_next(&at, name);) {
                struct guard_unit *u = guard_unit_get(g, name);

                if (!u) {
                        forget(l);
                        return NULL;
                }
                u->listed++;
                u->rank = (unsigned)l->n;
                l->member[l->n++] = u;
        }
        guard_unit_order(g);
        for (size_t i = 0; i < l->n; i++) {
                struct supervise_event wake = {.type = SUPERVISE_EV_WAKE};

                if (!l->member[i]->looked)
                        guard_unit_step(l->member[i], &wake, NULL);
        }
        return l;
}

void guard_list_clear(struct guard *g) {
        for (size_t i = 0; i < g->n_units; i++)
                g->unit[i]->n_waits = 0;
        while (g->lists)
                forget(g->lists);
}

/* ---- what is told ---- */

/* All of them as one. refuser: the member that the result comes from, when it is not ok. */
static void fill(struct guard_list *l, uint32_t type, const char *lock_uid, enum guard_result result, size_t refuser,
                 struct permit_reply *ret) {
        struct supervise_list_member members[UNIT_LIST_MAX];
        int weight = -1;

        guard_merge_members(l, members);
        *ret = (struct permit_reply){.magic = PERMIT_MAGIC,
                                     .result = result,
                                     .request_type = type,
                                     .unit_state = supervise_list_state(members, l->n)};
        (void)util_copy(ret->unit, sizeof(ret->unit), l->units);
        (void)util_copy(ret->lock_uid, sizeof(ret->lock_uid), lock_uid);
        for (size_t i = 0; i < l->n; i++) {
                bool refused = l->refusal[i] != GUARD_OK, whose = result != GUARD_OK && i == refuser;
                struct permit_reply one;
                unsigned restarts;
                int w;

                guard_reply_fill(l->member[i], refused ? (uint32_t)PERMIT_PERMIT : type, lock_uid,
                                 whose     ? result
                                 : refused ? l->refusal[i]
                                           : GUARD_OK,
                                 &one);
                ret->unfit = ret->unfit || one.unfit;
                ret->revoked = ret->revoked || one.revoked;
                restarts = (unsigned)ret->restarts + one.restarts;
                ret->restarts = (uint16_t)(restarts < UINT16_MAX ? restarts : UINT16_MAX);
                if (one.main_pid)
                        ret->main_pid = one.main_pid;
                if (one.since_usec > ret->since_usec)
                        ret->since_usec = one.since_usec;
                if (one.stop_at_usec && (!ret->stop_at_usec || one.stop_at_usec < ret->stop_at_usec))
                        ret->stop_at_usec = one.stop_at_usec;
                if (one.permit_uid[0]) {
                        memcpy(ret->permit_uid, one.permit_uid, sizeof(ret->permit_uid));
                        memcpy(ret->lock, one.lock, sizeof(ret->lock));
                }
                w = !one.text[0] ? -1 : whose ? 3 : refused ? 2 : one.unit_state == ret->unit_state ? 1 : 0;
                if (w > weight) {
                        weight = w;
                        (void)snprintf(ret->text, sizeof(ret->text), "%.150s: %.350s", l->member[i]->name, one.text);
                }
        }
}

static void tell(struct guard_list *l, uint32_t type, uint64_t seq, const char *lock_uid, enum guard_result result,
                 size_t refuser, bool final) {
        struct permit_reply reply;

        fill(l, type, lock_uid, result, refuser, &reply);
        reply.seq = seq;
        reply.final = final;
        if (final)
                reply.unit_state = UNIT_STOPPED;
        guard_reply_send(l->guard, &reply);
}

void guard_list_reply(struct guard_list *l, const struct permit_request *q, enum guard_result result,
                      const char *text) {
        struct permit_reply reply;

        fill(l, q->type, q->lock_uid, result, 0, &reply);
        reply.seq = q->seq;
        if (text)
                (void)util_copy(reply.text, sizeof(reply.text), text);
        guard_reply_send(l->guard, &reply);
}

static void push(struct guard_list *l) {
        struct permit_reply reply;
        size_t stuck = 0;

        while (stuck < l->n && !guard_reply_stop_fails(l->member[stuck]))
                stuck++;
        fill(l, 0, "", stuck < l->n ? GUARD_REFUSED_INTERNAL : GUARD_OK, stuck, &reply);
        /* One that runs without a permit is told once it was judged, as a single unit is. */
        if (reply.unit_state == UNIT_FOREIGN && !l->member[0]->wanted_stop_usec)
                reply.unit_state = UNIT_UNKNOWN;
        guard_reply_send(l->guard, &reply);
}

/* ---- requests ---- */

/* One of them: as if it had been asked for alone, but that the answer is the list's. */
static void ask(struct guard_list *l, size_t i, const struct permit_request *q, bool revoked) {
        static const enum supervise_event_type types[] = {
                [PERMIT_PERMIT] = SUPERVISE_EV_PERMIT,
                [PERMIT_REVOKE] = SUPERVISE_EV_REVOKE,
                [PERMIT_QUERY] = SUPERVISE_EV_QUERY,
                [PERMIT_EVICT] = SUPERVISE_EV_EVICT,
        };
        struct supervise_event ev = {
                .type = (uint8_t)types[q->type],
                .uid = util_token(q->lock_uid),
                .stop_at_usec = q->stop_at_usec,
                .kill_at_usec = q->kill_at_usec,
                .stop_timeout_usec = q->stop_timeout_usec,
                .tenure = (uint8_t)q->tenure,
                .revoked = revoked,
        };

        guard_unit_step(l->member[i], &ev, q);
}

/* A repeated request takes the place of the one before. */
static struct guard_list_wait *wait_for(struct guard_list *l, const struct permit_request *q) {
        size_t i = 0;

        while (i < l->n_waits && (l->waits[i].type != q->type || !util_streq(l->waits[i].lock_uid, q->lock_uid)))
                i++;
        if (i == GUARD_WAITS_MAX) {
                l->guard->hang_up = true;
                return NULL;
        }
        l->waits[i] = (struct guard_list_wait){.type = q->type, .seq = q->seq};
        (void)util_copy(l->waits[i].lock_uid, sizeof(l->waits[i].lock_uid), q->lock_uid);
        if (i == l->n_waits)
                l->n_waits++;
        return &l->waits[i];
}

static bool holds(const struct guard_unit *u, uint64_t uid) {
        return u->s.uid == uid;
}

static bool all_looked_at(const struct guard_list *l) {
        for (size_t i = 0; i < l->n; i++)
                if (!l->member[i]->looked)
                        return false;
        return true;
}

static void forgive(struct guard_list *l) {
        memset(l->refusal, 0, sizeof(l->refusal));
        l->retry_at_usec = USEC_INFINITY;
}

/* A renewal goes to who has the permit. A new one goes to one after the other, which give_next() does once all of them
 * were looked at: only then it is known which of them another one starts. */
static void permit(struct guard_list *l, const struct permit_request *q) {
        bool revoked = guard_uids_refused(l->guard, q->lock_uid) != 0;
        struct supervise_list_member members[UNIT_LIST_MAX];
        uint64_t uid = util_token(q->lock_uid);
        struct guard_list_wait *w;
        uint32_t whom = 0;

        for (size_t i = 0; i < l->n; i++)
                if (holds(l->member[i], uid))
                        whom |= UINT32_C(1) << i;
        if (!whom)
                forgive(l);
        guard_merge_members(l, members);
        if (!whom && (revoked || supervise_list_next(members, l->n, uid) < 0)) {
                enum guard_result result = revoked ? GUARD_REFUSED_REVOKED : GUARD_REFUSED_BUSY;

                guard_list_reply(l, q, result, guard_result_explain(result));
                return;
        }
        w = wait_for(l, q);
        if (!w)
                return;
        l->permit = *q;
        l->wanted = true;
        w->pending = whom;
        w->unasked = !whom;
        for (size_t i = 0; i < l->n; i++)
                if (whom & UINT32_C(1) << i)
                        ask(l, i, q, revoked);
}

void guard_list_request(struct guard_list *l, const struct permit_request *q, bool busy) {
        struct guard_list_wait *w;

        if (busy) {
                guard_list_reply(l, q, GUARD_REFUSED_BUSY, guard_result_explain(GUARD_REFUSED_BUSY));
                return;
        }
        if (q->type == PERMIT_PERMIT) {
                permit(l, q);
                return;
        }
        w = wait_for(l, q);
        if (!w)
                return;
        w->pending = (UINT32_C(1) << l->n) - 1;
        if (q->type == PERMIT_REVOKE)
                l->wanted = false;
        for (size_t i = l->n; i-- > 0;) {
                if (q->type == PERMIT_QUERY && q->judge) {
                        l->member[i]->wanted_tenure = (enum tenure)q->tenure;
                        l->member[i]->wanted_stop_usec = q->stop_timeout_usec;
                }
                ask(l, i, q, /* revoked= */ false);
        }
}

/* ---- turn ---- */

bool guard_list_withdraw(struct guard *g) {
        bool any = false;

        for (size_t i = 0; i < g->n_units; i++)
                for (size_t j = 0; supervise_stopping(&g->unit[i]->s) && j < g->n_units; j++) {
                        struct supervise_event ev = {.type = SUPERVISE_EV_WITHDRAWN, .uid = g->unit[i]->s.uid};

                        if (i == j || !supervise_list_withdraws(&g->unit[i]->s, &g->unit[j]->s))
                                continue;
                        guard_unit_step(g->unit[j], &ev, NULL);
                        any = true;
                }
        return any;
}

/* The one that no member was asked for yet; NULL: none. */
static struct guard_list_wait *unasked(struct guard_list *l) {
        for (size_t i = 0; i < l->n_waits; i++)
                if (l->waits[i].unasked)
                        return &l->waits[i];
        return NULL;
}

static bool give_next(struct guard_list *l) {
        struct supervise_list_member members[UNIT_LIST_MAX];
        uint64_t uid = util_token(l->permit.lock_uid), now = guard_now(l->guard);
        struct guard_list_wait *w = unasked(l);
        bool any = w != NULL;
        int next;

        for (size_t i = 0; i < l->n; i++)
                any = any || holds(l->member[i], uid);
        l->wanted = any;
        if (!any || !all_looked_at(l))
                return false;
        if (now >= l->retry_at_usec)
                forgive(l);
        guard_merge_members(l, members);
        next = supervise_list_next(members, l->n, uid);
        if (w) {
                w->unasked = false;
                w->pending = next < 0 ? 0 : UINT32_C(1) << next;
                w->result = next < 0 ? GUARD_REFUSED_BUSY : GUARD_OK; /* a stop began since it was asked for */
                w->due = next < 0;
        }
        if (next >= 0)
                ask(l, (size_t)next, &l->permit, guard_uids_refused(l->guard, l->permit.lock_uid) != 0);
        for (size_t i = 0; i < l->n && l->retry_at_usec == USEC_INFINITY; i++)
                if (l->refusal[i] != GUARD_OK)
                        l->retry_at_usec = now + AGAIN_USEC;
        return next >= 0;
}

/* Everybody has answered a revoke. What was seen stopped first may have been started by somebody since, without a
 * permit: then it is stopped, too. */
static bool ask_again(struct guard_list *l, struct guard_list_wait *w) {
        struct permit_request q = {.type = PERMIT_REVOKE, .seq = w->seq};

        (void)util_copy(q.unit, sizeof(q.unit), l->units);
        (void)util_copy(q.lock_uid, sizeof(q.lock_uid), w->lock_uid);
        for (size_t i = l->n; i-- > 0;)
                if (l->member[i]->s.state == SUPERVISE_FOREIGN) {
                        w->pending |= UINT32_C(1) << i;
                        ask(l, i, &q, /* revoked= */ false);
                }
        return w->pending != 0;
}

bool guard_list_turn(struct guard_list *l) {
        bool any = l->wanted && give_next(l);
        size_t kept = 0;

        for (size_t i = 0; i < l->n_waits; i++) {
                struct guard_list_wait *w = &l->waits[i];
                bool over = w->pending == 0 && !w->unasked;

                if (w->due && over && w->type == PERMIT_REVOKE && ask_again(l, w)) /* @each-was-seen-stopped */
                        over = false;
                else if (w->due) {
                        any = true;
                        over = over || (w->type != PERMIT_REVOKE && w->result != GUARD_OK);
                        if (over && w->type == PERMIT_REVOKE)
                                w->result = GUARD_OK;
                        tell(l, w->type, w->seq, w->lock_uid, w->result, w->refuser, over && w->type == PERMIT_REVOKE);
                        w->due = false;
                        w->result = GUARD_OK;
                }
                if (!over)
                        l->waits[kept++] = *w;
        }
        l->n_waits = kept;
        if (l->push_due) {
                l->push_due = false;
                push(l);
        }
        return any;
}

uint64_t guard_list_next(const struct guard_list *l) {
        return l->wanted ? l->retry_at_usec : USEC_INFINITY;
}
