/* SPDX-License-Identifier: Apache-2.0 */
/* STATUS= in `systemctl status`, and one journal record and one Event per change of a lock's state. The words are
 * agent_text.c's. */
#include <stdio.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "daemon/agent_parts.h"

/* STATUS= comes a moment after what it tells of, all that happened by then in one, so that PID 1 first does what else
 * is asked of it. */
#define STATUS_DELAY_USEC (100 * USEC_PER_MSEC)

static void record_change(struct agent_lock *l, const struct core_lock_view *v) {
        struct agent_text t;
        const char *old = election_state_to_string(l->shown_state), *new = election_state_to_string((uint8_t)v->state);
        const char *reason = "";
        uint8_t from = l->shown_state;
        bool ends = v->state == ELECTION_STOPPING || v->state == ELECTION_RELEASING, over = from == ELECTION_RELEASING;

        if (v->state == from)
                return;
        if (agent_orphan_hidden(l)) {
                l->shown_state = (uint8_t)v->state;
                return;
        }
        if (over && (v->lock.sort == LOCK_ABSENT || !v->lock.claimed))
                l->released_realtime_usec = clock_realtime_usec();
        agent_describe(l, v, &t);
        /* Why a term ends is told until it is over, and once more then. */
        if (ends || over)
                reason = election_reason_to_string((uint8_t)v->reason);
        struct journal_field fields[] = {
                {JOURNAL_KEY_LOCK, l->title},
                {JOURNAL_KEY_UNIT, l->conf->unit},
                {JOURNAL_KEY_OLD_STATE, old},
                {JOURNAL_KEY_NEW_STATE, new},
                {JOURNAL_KEY_REASON, reason},
                {JOURNAL_KEY_HOLDER, t.holder},
                {JOURNAL_KEY_LOCK_UID, agent_uid_text(l, v->lock.uid)},
        };

        agent_event_transition(l, v, from);
        l->shown_state = (uint8_t)v->state;
        l->since_realtime_usec = clock_realtime_usec();
        journal_record(v->state == ELECTION_LEADING || v->state == ELECTION_STOPPING ? LOG_NOTICE : LOG_INFO,
                       JOURNAL_LOCK_STATE, fields, ELEMENTSOF(fields), "%s: %s%s%s%s%s%s%s", l->title, new,
                       t.reason[0] || reason[0] ? ", because " : "", t.reason[0] ? t.reason : reason,
                       t.who[0] && v->state == ELECTION_CANDIDATE ? "; holder " : "",
                       v->state == ELECTION_CANDIDATE ? t.who : "", t.next[0] ? "; " : "", t.next);
}

/* A candidate that is blocked from now on is not blocked since it is a candidate. */
static void record_role(struct agent_lock *l, const struct core_lock_view *v) {
        const char *role = agent_role(l, v);

        if (l->shown_role && !util_streq(l->shown_role, role))
                l->since_realtime_usec = clock_realtime_usec();
        l->shown_role = role;
}

static void record_damage(struct agent_lock *l, const struct core_lock_view *v) {
        struct agent_text t;

        if (v->lock.sort != LOCK_DAMAGED && !l->damage[0])
                return;
        agent_describe(l, v, &t);
        if (util_streq(l->damage, t.damage))
                return;
        (void)util_copy(l->damage, sizeof(l->damage), t.damage);
        if (t.damage[0] && v->state == ELECTION_CANDIDATE)
                agent_journal(l, LOG_ERR, JOURNAL_LOCK_DAMAGED, t.damage, "%s: the lock is damaged: %s; %s", l->title,
                              t.damage, t.next);
}

/* Once when a candidate is kept out by its own unit, and once when that is over. */
static void record_unfit(struct agent_lock *l, const struct core_lock_view *v) {
        struct journal_field fields[] = {
                {JOURNAL_KEY_LOCK, l->title}, {JOURNAL_KEY_UNIT, l->conf->unit}, {JOURNAL_KEY_REASON, l->trouble}};

        /* A guard that is away has not said that it is over. That it runs is told by record_foreign(), with the rest.
         */
        if (!v->guard_linked || v->unit == UNIT_UNKNOWN || v->unit == UNIT_FOREIGN || v->unfit == l->shown_unfit)
                return;
        if (v->unfit && v->state != ELECTION_CANDIDATE)
                return;
        l->shown_unfit = v->unfit;
        if (v->unfit)
                journal_record(LOG_WARNING, JOURNAL_ENROLL, fields, ELEMENTSOF(fields),
                               "%s: this host does not compete: leader-guard would refuse to start %s: %s", l->title,
                               l->conf->unit, l->trouble);
        else
                journal_record(LOG_NOTICE, JOURNAL_ENROLL, fields, ELEMENTSOF(fields) - 1,
                               "%s: %s is fit again: this host takes part", l->title, l->conf->unit);
}

/* Once when the unit is found running here without a permit and this host may not take it over, and again when that has
 * another reason; not before it is known what becomes of it. */
static void record_foreign(struct agent_lock *l, const struct core_lock_view *v) {
        struct agent_text t;

        if (!v->guard_linked || v->unit == UNIT_UNKNOWN || v->unit == UNIT_STOPPING)
                return;
        if (v->unit != UNIT_FOREIGN) {
                l->shown_foreign = REASON_NONE;
                return;
        }
        if (l->shown_foreign == v->stays_out || !v->known || v->state != ELECTION_CANDIDATE)
                return;
        if (!agent_runs_beside(v) &&
            (v->stays_out != REASON_UNIT_FOREIGN ||
             (v->lock.sort != LOCK_ABSENT && l->conf->keys.on_foreign == ON_FOREIGN_STOP && !v->evicted)))
                return;
        l->shown_foreign = (uint8_t)v->stays_out;
        agent_describe(l, v, &t);
        journal_record(LOG_ERR, JOURNAL_FOREIGN,
                       (const struct journal_field[]){{JOURNAL_KEY_LOCK, l->title},
                                                      {JOURNAL_KEY_UNIT, l->conf->unit},
                                                      {JOURNAL_KEY_REASON, t.reason},
                                                      {JOURNAL_KEY_HOLDER, t.holder},
                                                      {JOURNAL_KEY_LOCK_UID, agent_uid_text(l, v->lock.uid)}},
                       5, "%s: %s: %s; %s", l->title, l->conf->unit, t.reason, t.next);
        agent_event_foreign(l, v, t.reason, t.next);
}

/* ---- the line ---- */

/* Who holds it goes without saying. */
static bool in_own_term(const struct core_lock_view *v) {
        return v->state >= ELECTION_ADOPTING && v->state <= ELECTION_RELEASING;
}

/* More locks than that are counted, not named, when all is well with them. */
#define NAMED_MAX 4

static void line_of_one(const struct agent_lock *l, char *buf, size_t size) {
        struct core_lock_view v = agent_view(l);
        char since[CLOCK_TEXT_SIZE];
        struct agent_text t;
        char restarts[48] = "";
        int n;

        agent_describe(l, &v, &t);
        if (t.next_is_trouble)
                t.next[0] = '\0';
        n = snprintf(buf, size, "%s of %s (%s%s%s%s)", t.role, l->title, t.tenure, t.next_tenure[0] ? "; " : "",
                     t.next_tenure, t.next_tenure[0] ? " from the next term" : "");
        if (t.waits_well && t.next_is_trouble) {
                (void)snprintf(buf + n, size - (size_t)n, "; %s led when it last answered", t.who);
                return;
        }
        if (t.waits_well) {
                (void)snprintf(buf + n, size - (size_t)n, "; %s leads%s%s", t.who, t.holder_usec ? " since " : "",
                               t.holder_usec ? clock_format_local(t.holder_usec, since) : "");
                return;
        }
        n += snprintf(buf + n, size - (size_t)n, " since %s", clock_format_local(t.since_usec, since));
        if (t.unit_restarts)
                (void)snprintf(restarts, sizeof(restarts), " (restarted %u time%s)", t.unit_restarts,
                               t.unit_restarts == 1 ? "" : "s");
        if (t.leads_well)
                (void)snprintf(buf + n, size - (size_t)n, "; unit running%s", restarts);
        else
                (void)snprintf(buf + n, size - (size_t)n, "; %s %s%s%s%s%s%s%s%s", l->conf->unit, t.unit_state,
                               restarts, t.who[0] && !in_own_term(&v) ? "; holder " : "", in_own_term(&v) ? "" : t.who,
                               t.reason[0] ? "; " : "", t.reason, t.next[0] ? "; " : "", t.next);
}

/* Of what is wrong with one of several locks. What is cut shows it: it must not be typed. */
#define REASON_MAX 350
#define NEXT_MAX   250

static const char *rest_of(const char *text, size_t max) {
        return strlen(text) > max ? "…" : "";
}

/* The locks under which all is well, by name as long as they are few. Returns how many there are. */
static size_t name_well(const struct agent *a, bool leading, char *buf, size_t size) {
        size_t n = 0, named = 0;

        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);
                struct agent_text t;

                agent_describe(a->locks[i], &v, &t);
                if (agent_orphan_hidden(a->locks[i]) || (leading ? !t.leads_well : !t.waits_well))
                        continue;
                if (named++ >= NAMED_MAX || n >= size)
                        continue;
                n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "", a->locks[i]->title);
                if (!leading && n < size)
                        n += (size_t)snprintf(buf + n, size - n, " (%s %s)", t.who,
                                              t.next_is_trouble ? "led when it last answered" : "leads");
        }
        if (named > NAMED_MAX)
                (void)snprintf(buf, size, "%zu", named);
        return named;
}

static void line_of_many(const struct agent *a, size_t n_shown, char *buf, size_t size) {
        char names[NAMED_MAX * 750];
        size_t n, rest = 0;

        n = (size_t)snprintf(buf, size, "%zu locks", n_shown);
        if (name_well(a, true, names, sizeof(names)))
                n += (size_t)snprintf(buf + n, size - n, "; leads %s", names);
        if (name_well(a, false, names, sizeof(names)))
                n += (size_t)snprintf(buf + n, size - n, "; waits for %s", names);
        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);
                struct agent_text t;
                char text[1000];

                agent_describe(a->locks[i], &v, &t);
                if (agent_orphan_hidden(a->locks[i]) || t.leads_well || t.waits_well)
                        continue;
                if (t.next_is_trouble)
                        t.next[0] = '\0';
                (void)snprintf(text, sizeof(text), "; %.320s: %s%s%.*s%s%s%.*s%s%s", a->locks[i]->title, t.role,
                               t.reason[0] || t.next[0] ? " (" : "", REASON_MAX, t.reason,
                               rest_of(t.reason, REASON_MAX), t.reason[0] && t.next[0] ? "; " : "", NEXT_MAX, t.next,
                               rest_of(t.next, NEXT_MAX), t.reason[0] || t.next[0] ? ")" : "");
                if (n + strlen(text) + 64 > size)
                        rest++;
                else
                        n += (size_t)snprintf(buf + n, size - n, "%s", text);
        }
        if (rest)
                n += (size_t)snprintf(buf + n, size - n, "; and %zu more", rest);
        (void)snprintf(buf + n, size - n, "; details: leaderctl status");
}

void agent_status_line(const struct agent *a, char *buf, size_t size) {
        size_t n = agent_troubles(a, clock_boottime_usec(), buf, size - AGENT_STATUS_ROOM), n_shown = 0;
        const struct agent_lock *shown = NULL;

        for (size_t i = 0; i < a->n_locks; i++)
                if (!agent_orphan_hidden(a->locks[i])) {
                        shown = a->locks[i];
                        n_shown++;
                }
        /* Left for what may follow. */
        if (n_shown == 1)
                line_of_one(shown, buf + n, size - n - 900);
        else
                line_of_many(a, n_shown, buf + n, size - n - 900);
        if (a->link_breaks && a->link_up)
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; leader-guard lost %u time%s", a->link_breaks,
                               a->link_breaks == 1 ? "" : "s");
        if (a->bus_error[0])
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; D-Bus: %s", a->bus_error);
        if (buf[0] >= 'a' && buf[0] <= 'z')
                buf[0] = (char)(buf[0] - 'a' + 'A');
}

static void send_line(struct agent *a, uint64_t now_usec) {
        char line[AGENT_STATUS_SIZE];

        a->status.due_usec = 0;
        agent_status_line(a, line, sizeof(line));
        (void)snprintf(a->status.text, sizeof(a->status.text), "%.2047s", line);
        if (!notify_status("%s", line))
                a->status.due_usec = now_usec + NOTIFY_AGAIN_USEC;
}

/* Something else than the last line says. */
static bool is_new(const struct agent *a) {
        char line[AGENT_STATUS_SIZE];

        agent_status_line(a, line, sizeof(line));
        return strncmp(line, a->status.text, sizeof(a->status.text) - 1) != 0;
}

uint64_t agent_status_update(struct agent *a, uint64_t now_usec) {
        uint64_t at = agent_trouble_update(a, now_usec);
        bool changed = false;

        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);
                bool moved = a->locks[i]->shown_state != v.state;

                changed = changed || moved;
                record_change(a->locks[i], &v);
                record_role(a->locks[i], &v);
                agent_blocked_record(a->locks[i], &v, moved);
                agent_sign_record(a->locks[i], &v);
                record_damage(a->locks[i], &v);
                record_foreign(a->locks[i], &v);
                record_unfit(a->locks[i], &v);
        }
        if (a->status.due_usec && now_usec >= a->status.due_usec)
                send_line(a, now_usec);
        if (!a->status.due_usec && is_new(a))
                a->status.due_usec = now_usec + STATUS_DELAY_USEC;
        if (changed && a->bus)
                bus_status_changed(a->bus);
        return util_usec_min(at, a->status.due_usec ? a->status.due_usec : USEC_INFINITY);
}
