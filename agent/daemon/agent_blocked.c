/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a candidate out because of the lock itself, or of our name: one journal record when it begins and one when
 * it is over. What keeps it out because of its unit or of leader-guard is told by agent_status.c and with the agent. */
#include "adapter/journal.h"
#include "daemon/agent_parts.h"

/* Of these there is no other record. */
static bool is_told_here(enum election_reason r) {
        return r == REASON_FOREIGN_LOCK || r == REASON_FOREIGN_POD || r == REASON_LOCK_CHANGED ||
               r == REASON_STRANGE_HOLDER || r == REASON_OTHER_BOOT || r == REASON_NAME_TAKEN;
}

/* Of this the beginning is told by record_damage(). */
static bool ends_here(enum election_reason r) {
        return is_told_here(r) || r == REASON_DAMAGED_LOCK;
}

/* The core finds `now` before it would look whether `was` is still so (election_stays_out()). */
static bool hides(enum election_reason now, enum election_reason was) {
        return was == REASON_NAME_TAKEN ? now != REASON_NONE && now != REASON_COOLDOWN
                                        : was == REASON_OTHER_BOOT && now == REASON_SLEEP;
}

void agent_blocked_record(struct agent_lock *l, const struct core_lock_view *v, bool told) {
        enum election_reason was = l->shown_block, now = v->stays_out;
        struct agent_text t;
        bool ends;

        if (agent_orphan_hidden(l))
                return;
        /* The agent ends, or the lock begins anew: nothing is over. */
        if (v->state == ELECTION_STOPPED)
                l->shown_block = REASON_NONE;
        if (v->state == ELECTION_STOPPED || v->state == ELECTION_STARTING)
                return;
        if (v->state != ELECTION_CANDIDATE && v->state != ELECTION_CLAIMING)
                now = REASON_NONE;
        else if (!v->known || now == REASON_GUARD_AWAY || now == REASON_UNIT_FOREIGN || now == REASON_UNIT_UNFIT)
                return; /* which hides whether it is over */
        if (now == was)
                return;
        ends = ends_here(was) && !hides(now, was);
        if (!ends && now == REASON_SLEEP)
                return;
        l->shown_block = (uint8_t)now;
        if (ends)
                agent_journal(l, LOG_NOTICE, JOURNAL_BLOCKED, "", "%s: over: %s", l->title,
                              election_reason_to_string((uint8_t)was));
        if (told || !is_told_here(now))
                return;
        agent_describe(l, v, &t);
        journal_record(LOG_WARNING, JOURNAL_BLOCKED,
                       (const struct journal_field[]){{JOURNAL_KEY_LOCK, l->title},
                                                      {JOURNAL_KEY_UNIT, l->conf->unit},
                                                      {JOURNAL_KEY_REASON, t.reason},
                                                      {JOURNAL_KEY_HOLDER, t.holder},
                                                      {JOURNAL_KEY_LOCK_UID, agent_uid_text(l, v->lock.uid)}},
                       5, "%s: this host does not compete: %s; %s", l->title, t.reason, t.next);
}
