/* SPDX-License-Identifier: Apache-2.0 */
/* API objects and guard replies -> facts. Mechanical: each field of a fact has one source. ARCHITECTURE 5, claims 2 and
 * 7: ours is what carries a claim of this disk and this identity. */
#include "daemon/agent_parts.h"

static bool same_boot(const struct agent *a, const char *boot_id, const char *identity) {
        return util_streq(boot_id, a->boot_id) && util_streq(identity, store_identity(a->store));
}

/* The placeholder is ours by a claim on this disk, and lives. */
static bool keeps_alive(const struct agent_lock *l, uint64_t placeholder) {
        const struct agent *a = l->agent;

        for (size_t i = 0; placeholder && i < a->n_placeholders; i++) {
                struct core_placeholder_view v = core_placeholder_view(&a->core, i);

                if (a->placeholders[i]->tenure == TENURE_LEASE && v.state == PLACEHOLDER_LIVE && v.uid == placeholder)
                        return true;
        }
        return false;
}

void agent_posted_remember(struct agent_lock *l, const struct lock_object *o) {
        for (unsigned i = 0; i < AGENT_POSTED; i++)
                if (util_streq(l->posted[i].claim, o->claim) && l->posted[i].record == lock_record_token(o))
                        return;
        (void)util_copy(l->posted[l->next_posted].claim, sizeof(l->posted[0].claim), o->claim);
        l->posted[l->next_posted].record = lock_record_token(o);
        l->next_posted = (l->next_posted + 1) % AGENT_POSTED;
}

/* What an earlier process POSTed is not known: there the record that is found is the term's. */
static bool as_posted(const struct agent_lock *l, const char *claim, uint64_t record) {
        bool known = false;

        for (unsigned i = 0; i < AGENT_POSTED; i++) {
                if (!util_streq(l->posted[i].claim, claim))
                        continue;
                if (l->posted[i].record == record)
                        return true;
                known = true;
        }
        return !known;
}

struct lock_fact agent_lock_fact(const struct agent_lock *l, const struct lock_object *o) {
        struct lock_fact f = {.sort = LOCK_ABSENT};

        if (!o)
                return f;
        f.uid = util_token(o->uid);
        f.version = util_token(o->version);
        f.deleting = o->deleting;
        /* With another identity somebody has overwritten it: adopting it would change the boot id alone, for ever. */
        f.claimed = o->claim[0] && record_claims_find(&l->claims.known, o->claim) &&
                    util_streq(o->identity, store_identity(l->agent->store));
        f.same_boot = same_boot(l->agent, o->boot_id, o->identity);
        f.orphaned = o->orphaned;
        f.placeholder = util_token(o->placeholder_uid);
        f.tenure = (uint8_t)o->tenure;
        f.duration_usec = o->lease_duration_usec;
        f.record = lock_record_token(o);
        if (!f.claimed && o->form == LOCK_FORM_OURS && f.tenure == TENURE_LEASE && f.same_boot &&
            (l->claims.unreadable || keeps_alive(l, f.placeholder))) {
                /* Written by this host in this boot, only its claims cannot be read, or are gone. Another lock may keep
                 * the placeholder that it names alive, and then nobody could ever depose it: not led under, but
                 * released. */
                f.claimed = true;
                f.sort = LOCK_DAMAGED;
                return f;
        }
        switch (o->form) {
        case LOCK_FORM_OURS:
                /* One of ours that names another unit than we would run for it is not led under, only released. */
                f.sort = f.claimed && f.same_boot && !util_streq(o->unit, l->conf->unit) ? LOCK_DAMAGED : LOCK_SOUND;
                /* Nor is one whose record is not what our POST said, also when that was answered late or never. */
                if (f.claimed && !as_posted(l, o->claim, f.record))
                        f.sort = LOCK_DAMAGED;
                break;
        case LOCK_FORM_FOREIGN:
                f.sort = LOCK_FOREIGN;
                f.placeholder = util_token(o->owner.uid);
                break;
        case LOCK_FORM_DAMAGED:
                f.sort = LOCK_DAMAGED;
                break;
        }
        return f;
}

static struct placeholder_fact placeholder_fact(const struct placeholder_object *o, const char *identity,
                                                enum tenure tenure) {
        if (!o)
                return (struct placeholder_fact){.present = false};
        return (struct placeholder_fact){
                .present = true,
                .uid = util_token(o->uid),
                .version = util_token(o->version),
                .deleting = o->deleting,
                .duration_usec = o->lease_duration_usec,
                .genuine = placeholder_is_genuine(o, identity, tenure),
        };
}

struct placeholder_fact agent_holder_fact(const struct lock_object *lock, const struct placeholder_object *o) {
        /* Only leases are ever deposed. */
        struct placeholder_fact f = placeholder_fact(o, lock ? lock->identity : "", TENURE_LEASE);

        if (o && lock)
                f.duration_usec = placeholder_duration(o, lock->uid);
        return f;
}

struct placeholder_fact agent_pod_fact(const struct placeholder_object *o) {
        struct placeholder_fact f = placeholder_fact(o, "", TENURE_LIFE);

        f.present = f.present && !o->finished;
        return f;
}

struct placeholder_fact agent_placeholder_fact(const struct agent_placeholder *p, const struct placeholder_object *o) {
        struct placeholder_fact f = placeholder_fact(o, store_identity(p->agent->store), p->tenure);

        if (!o)
                return f;
        f.claimed = o->claim[0] && record_claims_find(&p->claims.known, o->claim);
        f.same_boot = same_boot(p->agent, o->boot_id, o->identity);
        if (util_streq(o->nonce, p->agent->nonce))
                for (unsigned i = 0; i < AGENT_SENT_TIMES; i++)
                        f.own_write = f.own_write || (o->renew_time[0] && util_streq(o->renew_time, p->sent_times[i]));
        return f;
}

struct guard_fact agent_guard_fact(const struct permit_reply *r) {
        bool answer = r->seq != 0;

        return (struct guard_fact){
                .permit = util_token(r->permit_uid),
                .about = answer ? util_token(r->lock_uid) : 0,
                .unit = (uint8_t)r->unit_state,
                .refusal = (uint8_t)(answer && r->request_type == PERMIT_PERMIT ? r->result : GUARD_OK),
                .revoked = answer && r->revoked,
                .stopped = answer && r->request_type == PERMIT_REVOKE && r->final,
                .unfit = r->unfit,
                .restarts = r->restarts,
                .evicts = answer && r->request_type == PERMIT_EVICT,
        };
}

bool agent_unit_over(const struct core_lock_view *v) {
        return v->unit == UNIT_FAILED || v->unit == UNIT_ENDED;
}

struct core_lock_view agent_view(const struct agent_lock *l) {
        return core_lock_view(&l->agent->core, l->index, clock_boottime_usec());
}

void agent_uid_remember(struct agent_lock *l, const char *uid) {
        uint64_t term = agent_view(l).term_uid;

        for (unsigned i = 0; i < AGENT_UIDS; i++)
                if (util_streq(l->uids[i], uid))
                        return;
        /* Others may come and go under the name while a term of ours still ends: its uid is needed until then. */
        if (term && util_token(l->uids[l->next_uid]) == term)
                l->next_uid = (l->next_uid + 1) % AGENT_UIDS;
        if (util_empty(uid) || !util_copy(l->uids[l->next_uid], sizeof(l->uids[0]), uid))
                return;
        l->next_uid = (l->next_uid + 1) % AGENT_UIDS;
}

const char *agent_uid_text(const struct agent_lock *l, uint64_t token) {
        for (unsigned i = 0; token && i < AGENT_UIDS; i++)
                if (util_token(l->uids[i]) == token)
                        return l->uids[i];
        return "";
}
