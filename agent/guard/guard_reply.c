/* SPDX-License-Identifier: Apache-2.0 */
/* What is told: replies, pushes, STATUS and the guard's records in the journal, with their texts. */
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "guard/guard_merge.h"
#include "guard/guard_reply.h"
#include "guard/guard_uids.h"

/* More wait for the next turn: an agent that reads as fast as this writes must not hold up deadlines and watchdog. */
#define FLUSH_MAX 64

void guard_reply_flush(struct guard *g) {
        const struct permit_reply *reply;
        bool rest;

        for (unsigned i = 0; i < FLUSH_MAX && (reply = permit_queue_next_reply(&g->replies)); i++) {
                if (send(g->connection_fd, reply, sizeof(*reply), MSG_DONTWAIT | MSG_NOSIGNAL) ==
                    (ssize_t)sizeof(*reply)) {
                        permit_queue_pop(&g->replies);
                        continue;
                }
                if (errno != EAGAIN && errno != EINTR) {
                        g->hang_up = true; /* not closed here, within a step */
                        return;
                }
                break;
        }
        rest = g->replies.n > 0;
        if (rest == g->writing)
                return;
        g->writing = rest;
        if (sd_event_source_set_io_events(g->connection, rest ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
                g->hang_up = true;
}

void guard_reply_send(struct guard *g, const struct permit_reply *reply) {
        if (g->connection_fd < 0 || g->hang_up)
                return;
        if (permit_queue_reply(&g->replies, reply) < 0) {
                /* Asks on and on, and does not read: it has to connect again and ask. Not closed here, within a step.
                 */
                g->hang_up = true;
                return;
        }
        guard_reply_flush(g);
}

/* The stop cannot be finished: the gate cannot be removed, or the uid not be recorded. */
bool guard_reply_stop_fails(const struct guard_unit *u) {
        return supervise_stopping(&u->s) && (u->files_failed & (1U << SUPERVISE_REMOVE_GATE | 1U << SUPERVISE_RECORD));
}

/* As it is told to an agent that did not ask: one that runs without a permit only once it was judged by what this agent
 * has configured. Else it would compete for a lock with a unit that is not enrolled. */
static enum unit_state pushed_state(const struct guard_unit *u) {
        enum unit_state state = supervise_unit_state(&u->s);

        return state == UNIT_FOREIGN && !u->wanted_stop_usec ? UNIT_UNKNOWN : state;
}

/* Why what is there of the unit gets no permit, as last looked at. */
static const char *why_foreign(const struct guard_unit *u) {
        const struct supervise_reading *r = &u->reading;

        if (r->active == SUPERVISE_DEACTIVATING)
                return "it is still on its way down, and is killed when the stop timeout is over";
        if (r->active == SUPERVISE_ACTIVATING && r->populated == SUPERVISE_EMPTY)
                return "it waits for Restart=, and is stopped";
        return "something of the unit runs that no permit can take over: it has to end first";
}

/* One line for a human: what is wrong now, most telling first. */
static void explain(const struct guard_unit *u, uint32_t type, enum guard_result result, char *buf, size_t size) {
        const struct guard *g = u->guard;
        const char *text = "";

        if (type == PERMIT_REVOKE && result == GUARD_REFUSED_ENROLL) {
                (void)snprintf(buf, size,
                               "it runs, but is not enrolled here (systemd has no gate of leader-guard in force for "
                               "it): not stopped; the lock stays with this host until it is: systemctl stop %s",
                               u->name);
                return;
        }
        if (result == GUARD_REFUSED_ENROLL)
                text = u->s.state <= SUPERVISE_FOREIGN && u->unfit[0] ? u->unfit : u->problem;
        else if (result == GUARD_REFUSED_INTERNAL)
                text = g->cgroup_error[0] ? g->cgroup_error : u->trouble[0] ? u->trouble : g->bus_error;
        else if (result == GUARD_REFUSED_FOREIGN)
                text = why_foreign(u);
        else if (result == GUARD_REFUSED_UNIT)
                text = u->trouble;
        else if (result != GUARD_OK)
                text = guard_result_explain(result);
        else if (guard_reply_stop_fails(u))
                text = u->trouble;
        else if (supervise_stopping(&u->s))
                text = supervise_reason_to_string(u->s.reason);
        else if (u->s.state == SUPERVISE_FAILED || u->s.state == SUPERVISE_ENDED || u->s.state == SUPERVISE_STARTING)
                text = u->trouble;
        else if (g->cgroup_error[0] || g->bus_error[0])
                text = g->cgroup_error[0] ? g->cgroup_error : g->bus_error;
        else if (supervise_permitted(&u->s))
                text = u->problem;
        else
                text = u->unfit;
        if (result == GUARD_OK && u->s.state >= SUPERVISE_STOPPING && u->s.reason == SUPERVISE_REASON_ENROLL)
                (void)snprintf(buf, size, "%.100s: %.400s", text, u->problem);
        else if (result == GUARD_REFUSED_FOREIGN && u->reading.active == SUPERVISE_DEACTIVATING)
                (void)snprintf(buf, size, "%.100s; to end it now: systemctl kill -s KILL %s", text, u->name);
        else
                (void)snprintf(buf, size, "%s", text);
}

/* What cannot be looked at just now is where this guard put it: an agent that heard that it is not would wait for ever.
 */
static bool is_revoked(const struct guard_unit *u, const char *lock_uid) {
        int r = lock_uid[0] ? guard_uids_refused(u->guard, lock_uid) : 0;

        return r > 0 || (r < 0 && u->recorded == util_token(lock_uid));
}

void guard_reply_fill(struct guard_unit *u, uint32_t type, const char *lock_uid, enum guard_result result,
                      struct permit_reply *ret) {
        *ret = (struct permit_reply){
                .magic = PERMIT_MAGIC,
                .result = result,
                .request_type = type,
                .unit_state = supervise_unit_state(&u->s),
                .stop_at_usec = supervise_permitted(&u->s) ? u->s.stop_at_usec : 0,
                .since_usec = u->since_usec,
                .main_pid = u->main_pid,
                .unfit = u->unfit[0] != '\0',
                .restarts = (uint16_t)(u->restarts < UINT16_MAX ? u->restarts : UINT16_MAX),
        };
        (void)util_copy(ret->unit, sizeof(ret->unit), u->name);
        (void)util_copy(ret->lock_uid, sizeof(ret->lock_uid), lock_uid);
        if (u->s.uid != 0 && u->s.state != SUPERVISE_CHECKING) {
                (void)util_copy(ret->permit_uid, sizeof(ret->permit_uid), u->permit.lock_uid);
                (void)util_copy(ret->lock, sizeof(ret->lock), u->permit.lock);
        }
        ret->revoked = is_revoked(u, lock_uid);
        explain(u, type, result, ret->text, sizeof(ret->text));
        u->unfit_due = false;
}

static void send_reply(struct guard_unit *u, uint32_t type, uint64_t seq, const char *lock_uid, enum unit_state state,
                       enum guard_result result, bool final) {
        struct permit_reply reply;

        guard_reply_fill(u, type, lock_uid, result, &reply);
        reply.seq = seq;
        reply.unit_state = state;
        reply.final = final;
        guard_reply_send(u->guard, &reply);
}

void guard_reply(struct guard_unit *u, struct guard_list *list, uint32_t type, uint64_t seq, const char *lock_uid,
                 enum guard_result result, bool final) {
        /* Who revokes is told what keeps the stop from its end. */
        if (type == PERMIT_REVOKE && result == GUARD_OK && !final && guard_reply_stop_fails(u))
                result = GUARD_REFUSED_INTERNAL;
        if (list) {
                guard_merge_answer(list, u, type, seq, result, final);
                u->unfit_due = false;
        } else
                /* "Stopped" is about the reading just taken, even when a permit checked by the same reading starts the
                 * unit next. */
                send_reply(u, type, seq, lock_uid, final ? UNIT_STOPPED : supervise_unit_state(&u->s), result, final);
        if (type == PERMIT_PERMIT && result != GUARD_OK && guard_may_log(u->guard)) {
                char text[512];

                explain(u, type, result, text, sizeof(text));
                journal_record(LOG_WARNING, JOURNAL_PERMIT,
                               (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name},
                                                              {JOURNAL_KEY_LOCK_UID, lock_uid},
                                                              {JOURNAL_KEY_REASON, text}},
                               3, "%s: permit for lock uid %s %s%s%s", u->name, lock_uid, guard_result_explain(result),
                               text[0] && !util_streq(text, guard_result_explain(result)) ? ": " : "",
                               util_streq(text, guard_result_explain(result)) ? "" : text);
        }
}

void guard_reply_waiting(struct guard_unit *u, uint32_t type, enum guard_result result) {
        size_t kept = 0;

        for (size_t i = 0; i < u->n_waits; i++) {
                struct guard_wait w = u->waits[i];
                bool final = type == PERMIT_REVOKE;

                if (w.type != type) {
                        u->waits[kept++] = w;
                        continue;
                }
                /* The stop recorded the uid of its permit. Of another so many may have come since that it is forgotten.
                 */
                if (final)
                        guard_uids_refuse(u->guard, w.lock_uid);
                guard_reply(u, w.list, type, w.seq, w.lock_uid, result, final);
        }
        u->n_waits = kept;
}

void guard_reply_refused_stop(struct guard_unit *u, enum guard_result result) {
        for (size_t i = 0; i < u->n_waits; i++)
                if (u->waits[i].type == PERMIT_REVOKE)
                        guard_reply(u, u->waits[i].list, PERMIT_REVOKE, u->waits[i].seq, u->waits[i].lock_uid, result,
                                    /* final= */ false);
        /* Also when so much is refused at that moment that not all of it is told. */
        if (guard_may_log(u->guard) || !u->refused_told)
                journal_record(
                        LOG_WARNING, JOURNAL_ENROLL,
                        (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name},
                                                       {JOURNAL_KEY_REASON, "not enrolled, and never had a permit"}},
                        2,
                        "%s: is to be stopped for the agent, but it is not enrolled here, and never had a permit: "
                        "refused; to stop it: systemctl stop %s",
                        u->name, u->name);
        u->refused_told = true;
}

static void push(struct guard_unit *u) {
        if (guard_merge_push(u)) {
                u->unfit_due = false;
                return;
        }
        send_reply(u, 0, 0, "", pushed_state(u), guard_reply_stop_fails(u) ? GUARD_REFUSED_INTERNAL : GUARD_OK,
                   /* final= */ false);
}

void guard_reply_push(struct guard_unit *u, enum supervise_state before) {
        const char *old = supervise_state_to_string(before), *new = supervise_state_to_string(u->s.state);
        char text[512];
        /* (At a shutdown every unit ends before its permit does: with success, and no alarm.) */
        bool bad = u->s.state == SUPERVISE_FAILED || u->s.state == SUPERVISE_FOREIGN ||
                   u->s.state >= SUPERVISE_KILLING ||
                   (u->s.state == SUPERVISE_STOPPING && u->s.reason != SUPERVISE_REASON_REVOKED);

        u->guard->status_due = true;
        push(u);
        explain(u, 0, GUARD_OK, text, sizeof(text));
        journal_record(bad ? LOG_WARNING : LOG_INFO, JOURNAL_UNIT_STATE,
                       (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name},
                                                      {JOURNAL_KEY_OLD_STATE, old},
                                                      {JOURNAL_KEY_NEW_STATE, new},
                                                      {JOURNAL_KEY_REASON, text},
                                                      {JOURNAL_KEY_LOCK, u->permit.lock},
                                                      {JOURNAL_KEY_LOCK_UID, u->s.uid ? u->permit.lock_uid : ""}},
                       6, "%s: %s -> %s%s%s", u->name, old, new, text[0] ? ": " : "", text);
        /* Once, at the end of that stop: the reason stays. */
        if (before >= SUPERVISE_STOPPING && u->s.state == SUPERVISE_STOPPED &&
            u->s.reason == SUPERVISE_REASON_ABANDONED)
                journal_record(
                        LOG_WARNING, JOURNAL_LOCK_LEFT,
                        (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}, {JOURNAL_KEY_LOCK, u->permit.lock}},
                        2,
                        "%s: is stopped; lock %s stays held by this host until " ENROLL_AGENT
                        " runs again, or somebody frees it: systemctl start " ENROLL_AGENT
                        ", or: leaderctl fence %s --holder %s --reason \"stopped\"",
                        u->name, u->permit.lock, u->permit.lock, u->permit.identity);
}

void guard_reply_problem(struct guard_unit *u) {
        if (supervise_permitted(&u->s))
                /* A life leader runs on, and its STATUS says so. */
                guard_reply_changed(u);
        if (u->problem[0])
                journal_record(
                        LOG_WARNING, u->lingers ? JOURNAL_LINGERS : JOURNAL_ENROLL,
                        (const struct journal_field[]){{JOURNAL_KEY_UNIT, u->name}, {JOURNAL_KEY_REASON, u->problem}},
                        2, "%s: %s", u->name, u->problem);
}

void guard_reply_changed(struct guard_unit *u) {
        u->guard->status_due = true;
        push(u);
}

/* So much may one unit take of the line: two names and some words. */
#define STATUS_UNIT_SIZE 700

bool guard_status(struct guard *g) {
        char line[1600] = "";
        size_t n = 0;

        g->status_due = false;
        for (size_t i = 0; i < g->n_units; i++) {
                const struct guard_unit *u = g->unit[i];
                const char *separator = n > 0 ? "; " : "";
                int m;

                if (n > sizeof(line) - STATUS_UNIT_SIZE) {
                        (void)snprintf(line + n, sizeof(line) - n, "; and %zu more", g->n_units - i);
                        break;
                }
                if (supervise_permitted(&u->s))
                        /* Until when would be news at each renewal: leaderctl status tells. */
                        m = snprintf(line + n, sizeof(line) - n, "%s%s: %s, permitted %s (lock %s)", separator, u->name,
                                     supervise_state_to_string(u->s.state),
                                     u->s.stop_at_usec == USEC_INFINITY ? "for life" : "under a lease", u->permit.lock);
                else if (u->s.state == SUPERVISE_FOREIGN)
                        m = snprintf(line + n, sizeof(line) - n, "%s%s: runs without a permit", separator, u->name);
                else if (supervise_stopping(&u->s))
                        m = snprintf(line + n, sizeof(line) - n, "%s%s: %s, %s", separator, u->name,
                                     supervise_state_to_string(u->s.state),
                                     guard_reply_stop_fails(u) ? u->trouble : supervise_reason_to_string(u->s.reason));
                else if (u->s.state == SUPERVISE_STOPPED && u->s.reason == SUPERVISE_REASON_ABANDONED &&
                         g->connection_fd < 0)
                        m = snprintf(line + n, sizeof(line) - n,
                                     "%s%s: stopped, because leader-agent was; lock %s stays held by this host, unless "
                                     "somebody fenced it, until leader-agent runs again: systemctl start leader-agent",
                                     separator, u->name, u->permit.lock);
                else
                        m = snprintf(line + n, sizeof(line) - n, "%s%s: no permit, %s%s%s", separator, u->name,
                                     supervise_state_to_string(u->s.state), u->unfit[0] ? "; unfit: " : "", u->unfit);
                n += m > 0 ? (size_t)m : 0;
                if (n >= sizeof(line))
                        n = sizeof(line) - 1;
        }
        return notify_status("%s%s%s%s%s%s", g->cgroup_error, g->cgroup_error[0] ? "; " : "", g->bus_error,
                             g->bus_error[0] ? "; " : "", line[0] ? line : "No unit permitted yet.",
                             g->agent.missed ? "; no agent is connected (systemctl status leader-agent)" : "");
}
