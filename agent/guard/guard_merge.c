/* SPDX-License-Identifier: Apache-2.0 */
/* The sum of answers. A refusal of one is the answer of all; "stopped" is everybody's. ARCHITECTURE 5, claim 4. */
#include "guard/guard_merge.h"

struct guard_list *guard_merge_find(const struct guard *g, const char *units) {
        for (struct guard_list *l = g->lists; l; l = l->next)
                if (util_streq(l->units, units))
                        return l;
        return NULL;
}

static size_t place(const struct guard_list *l, const struct guard_unit *u) {
        size_t i = 0;

        while (i < l->n && l->member[i] != u)
                i++;
        return i;
}

void guard_merge_answer(struct guard_list *l, const struct guard_unit *u, uint32_t type, uint64_t seq,
                        enum guard_result result, bool final) {
        size_t at = place(l, u);

        if (at == l->n)
                return;
        if (type == PERMIT_PERMIT) {
                l->refusal[at] = supervise_permitted(&u->s) || supervise_stopping(&u->s) ? GUARD_OK : result;
                l->push_due = true;
        }
        for (size_t i = 0; i < l->n_waits; i++) {
                struct guard_list_wait *w = &l->waits[i];

                if (w->type != type || w->seq != seq)
                        continue;
                if (w->result == GUARD_OK) {
                        w->result = result;
                        w->refuser = at;
                }
                if (type != PERMIT_REVOKE || final)
                        w->pending &= ~(UINT32_C(1) << at);
                w->due = w->due || w->pending == 0 || result != GUARD_OK || type == PERMIT_REVOKE;
        }
}

bool guard_merge_push(const struct guard_unit *u) {
        bool any = false;

        for (struct guard_list *l = u->guard->lists; l; l = l->next)
                if (place(l, u) < l->n)
                        any = l->push_due = true;
        return any;
}

/* Both stand in one list: under a permit, or as the agent asks about them. */
static bool beside(const struct guard_unit *u, const char *name) {
        if (u->s.uid != 0 && unit_list_find(u->permit.unit, name) >= 0)
                return true;
        for (const struct guard_list *l = u->guard->lists; l; l = l->next)
                if (place(l, u) < l->n && unit_list_find(l->units, name) >= 0)
                        return true;
        return false;
}

const char *guard_merge_units(const struct guard_unit *u) {
        if (u->s.uid != 0 && u->permit.unit[0])
                return u->permit.unit;
        for (const struct guard_list *l = u->guard->lists; l; l = l->next)
                if (place(l, u) < l->n)
                        return l->units;
        return u->name;
}

bool guard_merge_triggered(const struct guard_unit *u, const struct enroll_facts *f) {
        const struct guard *g = u->guard;

        if (u->s.state == SUPERVISE_RESUMING && u->past.course == PERMITFILE_WAITING)
                return true;
        for (size_t i = 0; i < f->n_triggered_by; i++)
                if (beside(u, f->triggered_by[i]))
                        return true;
        for (size_t i = 0; i < g->n_units; i++)
                if (util_streq(g->unit[i]->triggers, u->name) && beside(u, g->unit[i]->name))
                        return true;
        return false;
}

static bool is_triggered(const struct guard_list *l, size_t at) {
        for (size_t i = 0; i < l->n; i++)
                if (i != at && util_streq(l->member[i]->triggers, l->member[at]->name))
                        return true;
        return l->member[at]->triggered;
}

void guard_merge_members(const struct guard_list *l, struct supervise_list_member *members) {
        for (size_t i = 0; i < l->n; i++)
                members[i] = (struct supervise_list_member){.s = &l->member[i]->s,
                                                            .triggered = is_triggered(l, i),
                                                            .passing = l->member[i]->passing,
                                                            .refused = l->refusal[i] != GUARD_OK};
}
