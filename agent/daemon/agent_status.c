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
/* That the API server answered, and nothing else, is told so often. */
#define CONTACT_PAUSE_USEC (60 * USEC_PER_SEC)

#define LINE_SIZE 4400

static void record_change(struct agent_lock *l, const struct core_lock_view *v) {
        struct agent_text t;
        const char *old = election_state_to_string(l->shown_state), *new = election_state_to_string((uint8_t)v->state);
        uint8_t from = l->shown_state;

        if (v->state == from)
                return;
        agent_describe(l, v, &t);
        struct journal_field fields[] = {
                {JOURNAL_KEY_LOCK, l->title},
                {JOURNAL_KEY_UNIT, l->conf->unit},
                {JOURNAL_KEY_OLD_STATE, old},
                {JOURNAL_KEY_NEW_STATE, new},
                {JOURNAL_KEY_REASON, election_reason_to_string((uint8_t)v->reason)},
                {JOURNAL_KEY_HOLDER, t.holder},
                {JOURNAL_KEY_LOCK_UID, agent_uid_text(l, v->lock.uid)},
        };

        agent_event_transition(l, v, from);
        l->shown_state = (uint8_t)v->state;
        l->since_realtime_usec = clock_realtime_usec();
        journal_record(v->state == ELECTION_LEADING || v->state == ELECTION_STOPPING ? LOG_NOTICE : LOG_INFO,
                       JOURNAL_LOCK_STATE, fields, ELEMENTSOF(fields), "%s: %s%s%s%s%s; %s", l->title, new,
                       t.reason[0] ? ", because " : "", t.reason,
                       t.holder[0] && v->state == ELECTION_CANDIDATE ? "; holder " : "",
                       v->state == ELECTION_CANDIDATE ? t.holder : "", t.next);
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
                journal_record(LOG_ERR, JOURNAL_LOCK_DAMAGED, NULL, 0, "%s: the lock is damaged: %s; %s", l->title,
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

/* Once when the unit is found running here without a permit and this host may not take it over; not before it is known
 * what becomes of it. */
static void record_foreign(struct agent_lock *l, const struct core_lock_view *v) {
        struct agent_text t;

        if (!v->guard_linked || v->unit == UNIT_UNKNOWN || v->unit == UNIT_STOPPING)
                return;
        if (v->unit != UNIT_FOREIGN) {
                l->shown_foreign = false;
                return;
        }
        if (l->shown_foreign || !v->known || v->state != ELECTION_CANDIDATE || v->stays_out != REASON_UNIT_FOREIGN ||
            (v->lock.sort != LOCK_ABSENT && l->conf->keys.on_foreign == ON_FOREIGN_STOP && !v->evicted))
                return;
        l->shown_foreign = true;
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

/* Local wall-clock text of a wall-clock instant. */
static const char *local(uint64_t realtime_usec, char buf[static CLOCK_TEXT_SIZE]) {
        return clock_format_boottime(clock_boottime_usec() - (clock_realtime_usec() - realtime_usec), buf);
}

static void line_of_one(const struct agent *a, const char *api, char *buf, size_t size) {
        const struct agent_lock *l = a->locks[0];
        struct core_lock_view v = agent_view(l);
        char since[CLOCK_TEXT_SIZE];
        struct agent_text t;

        agent_describe(l, &v, &t);
        (void)snprintf(buf, size, "%s of %s (%s) since %s; %s %s%s%s%s%s; %s; %s", t.role, l->title,
                       tenure_to_string(l->conf->tenure), local(l->since_realtime_usec, since), l->conf->unit,
                       t.unit_state, t.holder[0] ? "; holder " : "", t.holder, t.reason[0] ? "; " : "", t.reason,
                       t.next, api);
}

static void line_of_many(const struct agent *a, const char *api, char *buf, size_t size) {
        size_t leading = 0;

        for (size_t i = 0; i < a->n_locks; i++)
                leading += agent_view(a->locks[i]).state == ELECTION_LEADING;
        (void)snprintf(buf, size, "%zu locks, leading %zu; %s; details: leaderctl status", a->n_locks, leading, api);
}

static void status_line(const struct agent *a, char *buf, size_t size) {
        char contact[CLOCK_TEXT_SIZE] = "never", api[sizeof(a->api_error) + 64];

        if (a->status.contact_usec)
                (void)local(a->status.contact_usec, contact);
        (void)snprintf(api, sizeof(api), "API %s at %s%s%s", a->api_error[0] ? "last answered" : "answered", contact,
                       a->api_error[0] ? "; " : "", a->api_error);
        if (a->n_locks == 1)
                line_of_one(a, api, buf, size);
        else
                line_of_many(a, api, buf, size);
        if (!a->link_up && a->link_error[0])
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; %s", a->link_error);
        if (a->link_breaks)
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; leader-guard lost %u time%s", a->link_breaks,
                               a->link_breaks == 1 ? "" : "s");
        if (a->bus_error[0])
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; D-Bus: %s", a->bus_error);
        if (buf[0] >= 'a' && buf[0] <= 'z')
                buf[0] = (char)(buf[0] - 'a' + 'A');
}

static void send_line(struct agent *a) {
        char line[LINE_SIZE];

        a->status.due_usec = 0;
        a->status.contact_usec = a->contact_realtime_usec;
        status_line(a, line, sizeof(line));
        (void)snprintf(a->status.text, sizeof(a->status.text), "%.2047s", line);
        notify_status("%s", line);
}

/* Something else than the last line says, or the API server's last answer is older than a minute there. */
static bool is_new(const struct agent *a) {
        char line[LINE_SIZE];

        if (a->contact_realtime_usec - a->status.contact_usec >= CONTACT_PAUSE_USEC)
                return true;
        status_line(a, line, sizeof(line));
        return strncmp(line, a->status.text, sizeof(a->status.text) - 1) != 0;
}

uint64_t agent_status_update(struct agent *a, uint64_t now_usec) {
        bool changed = false;

        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);

                changed = changed || a->locks[i]->shown_state != v.state;
                record_change(a->locks[i], &v);
                record_damage(a->locks[i], &v);
                record_foreign(a->locks[i], &v);
                record_unfit(a->locks[i], &v);
        }
        if (a->status.due_usec && now_usec >= a->status.due_usec)
                send_line(a);
        if (!a->status.due_usec && is_new(a))
                a->status.due_usec = now_usec + STATUS_DELAY_USEC;
        if (changed && a->bus)
                bus_status_changed(a->bus);
        return a->status.due_usec ? a->status.due_usec : USEC_INFINITY;
}
