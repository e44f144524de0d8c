/* SPDX-License-Identifier: Apache-2.0 */
/* The sign of life of another host that holds a lock for life: its placeholder, read when the lock is read again. For
 * humans alone: no step of the core sees it, and nothing begins or ends by it. */
#include "adapter/journal.h"
#include "base/timing.h"
#include "daemon/agent_parts.h"

/* Of what is written each `every`: later than that a whole writing was missed, also one that was tried again and again
 * (RETRY_MAX_USEC) while the API server was back for others. */
static uint64_t silence(uint64_t every_usec) {
        uint64_t more = every_usec / 4 * 3;

        return every_usec + (more > 30 * USEC_PER_SEC ? more : 30 * USEC_PER_SEC);
}

/* The lock of another host, for life, that this one waits for. */
static const struct lock_object *wanted(const struct agent_lock *l, const struct core_lock_view *v) {
        const struct lock_object *o = l->has_seen && util_token(l->seen.uid) == v->lock.uid ? &l->seen : &l->answered;
        bool waits = v->state == ELECTION_CANDIDATE && v->known && v->lock.sort == LOCK_SOUND && !v->lock.claimed &&
                     v->lock.tenure == TENURE_LIFE;

        return waits && util_token(o->uid) == v->lock.uid && o->has_placeholder ? o : NULL;
}

void agent_sign_note(struct agent_sign *s, enum kube_result result, const struct placeholder_object *p) {
        if (s->silent && result != KUBE_OK && result != KUBE_NOT_FOUND)
                return; /* what was missed stays so until something else is seen */
        if (result != KUBE_OK || !util_streq(p->uid, s->placeholder_uid) || p->heartbeat_usec == 0) {
                /* Not known: counted anew, for a holder that shares the trouble cannot write either. */
                s->version[0] = '\0';
                s->silent = false;
                return;
        }
        if (!util_streq(s->version, p->version)) {
                (void)util_copy(s->version, sizeof(s->version), p->version);
                s->first_usec = s->read_at_usec;
        }
        s->last_usec = clock_parse_utc(p->renew_time);
        s->silent = s->read_at_usec - s->first_usec >= silence(p->heartbeat_usec);
}

static void on_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_lock *l = userdata;
        bool silent;

        l->sign.request = kube_slot_free(l->sign.request);
        (void)agent_note_reply(l->agent, reply, AGENT_ASKED_READ, &l->sign.refusals, l->sign.problem,
                               "read of the holder's placeholder", &silent);
        agent_sign_note(&l->sign, reply->result, reply->placeholder);
}

/* Many locks of one host share its placeholder: one of them reads it for all. Returns whether another one does, or did
 * since then. */
static bool is_read_for(struct agent_lock *l, uint64_t since_usec) {
        struct agent_sign *mine = &l->sign;

        for (size_t i = 0; i < l->agent->n_locks; i++) {
                const struct agent_sign *s = &l->agent->locks[i]->sign;

                if (s == mine || !util_streq(s->placeholder_uid, mine->placeholder_uid))
                        continue;
                if (s->request)
                        return true;
                if (s->read_at_usec <= since_usec)
                        continue;
                (void)util_copy(mine->version, sizeof(mine->version), s->version);
                mine->read_at_usec = s->read_at_usec;
                mine->first_usec = s->first_usec;
                mine->last_usec = s->last_usec;
                mine->silent = s->silent;
                return true;
        }
        return false;
}

void agent_sign_follow(struct agent_lock *l, const struct core_lock_view *v) {
        uint64_t now = clock_boottime_usec(), pause = l->agent->conf->verify_interval_usec;
        const struct lock_object *o = wanted(l, v);

        if (!o || !util_streq(o->placeholder_uid, l->sign.placeholder_uid)) {
                kube_slot_free(l->sign.request);
                /* (what was refused is over when such a read is accepted, whosever placeholder it is of) */
                l->sign = (struct agent_sign){.told = l->sign.told, .refusals = l->sign.refusals};
                if (!o)
                        return;
                (void)util_copy(l->sign.placeholder_uid, sizeof(l->sign.placeholder_uid), o->placeholder_uid);
        }
        /* Beside the read of the lock, which falls due each verify_interval, whichever of the two comes first. */
        pause -= pause / 10;
        if (l->sign.request || (l->sign.read_at_usec && now < l->sign.read_at_usec + pause) ||
            agent_namespace_refusal(l->namespace_)[0] || is_read_for(l, now > pause ? now - pause : 0))
                return;
        l->sign.read_at_usec = now;
        (void)kube_placeholder_get(l->agent->kube, o->placeholder_kind, o->ns, o->placeholder_name, on_reply, l,
                                   &l->sign.request);
}

void agent_sign_record(struct agent_lock *l, const struct core_lock_view *v) {
        struct agent_text t;

        /* While it cannot be read it is not over; nor when nobody looks any more. */
        if (l->sign.silent == l->sign.told || v->state == ELECTION_STOPPED ||
            (l->sign.told && l->sign.placeholder_uid[0] && !l->sign.version[0]))
                return;
        l->sign.told = l->sign.silent;
        agent_describe(l, v, &t);
        const struct journal_field fields[] = {
                {JOURNAL_KEY_LOCK, l->title},
                {JOURNAL_KEY_UNIT, l->conf->unit},
                {JOURNAL_KEY_HOLDER, t.holder},
                {JOURNAL_KEY_LOCK_UID, agent_uid_text(l, v->lock.uid)},
                {JOURNAL_KEY_REASON, l->sign.silent ? t.reason : ""},
        };

        if (l->sign.silent)
                journal_record(LOG_WARNING, JOURNAL_SILENT, fields, ELEMENTSOF(fields), "%s: %s; %s", l->title,
                               t.reason, t.next);
        else
                journal_record(LOG_NOTICE, JOURNAL_SILENT, fields, ELEMENTSOF(fields),
                               "%s: over: no sign of life of the holder", l->title);
}
