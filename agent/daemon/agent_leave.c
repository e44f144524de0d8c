/* SPDX-License-Identifier: Apache-2.0 */
/* An agent that ends: how long it still tries, and what it leaves held, with the command that frees it. What is
 * released, and in which order, is the core's. */
#include <stdio.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "codec/timespan.h"
#include "daemon/agent_parts.h"

/* As soon as no unit of ours runs any more only the API server is waited for, and not for longer than this. */
#define RELEASE_USEC (10 * USEC_PER_SEC)
/* Units and leader-guard get this beyond the longest stop timeout. */
#define GUARD_USEC (30 * USEC_PER_SEC)
/* While stopping PID 1 is asked for more time so often, for so much each time. */
#define EXTEND_PAUSE_USEC USEC_PER_SEC
#define EXTEND_USEC       (5 * USEC_PER_SEC)

#define LEFT_SIZE 1200

static uint64_t longest_stop(const struct agent *a) {
        uint64_t longest = 0;

        for (size_t i = 0; i < a->n_locks; i++)
                if (!agent_orphan_hidden(a->locks[i]) && a->locks[i]->conf->stop_timeout_usec > longest)
                        longest = a->locks[i]->conf->stop_timeout_usec;
        return longest;
}

static bool any_may_run(const struct agent *a) {
        for (size_t i = 0; i < a->n_locks; i++)
                /* (of a hidden one no unit is known here that could be waited for) */
                if (!agent_orphan_hidden(a->locks[i]) && agent_view(a->locks[i]).may_run)
                        return true;
        return false;
}

/* ---- what stays ---- */

static const char *unit_of(const struct agent_lock *l) {
        return l->conf->unit[0] ? l->conf->unit : "its unit";
}

static void free_life(const struct agent_lock *l, const char *maybe, char *buf, size_t size) {
        (void)snprintf(buf, size,
                       "%s %sstays held by this host (life): nobody leads until leader-agent runs here again, or, "
                       "knowing that %s is stopped here, somebody frees it: leaderctl fence %s --holder %s --reason "
                       "\"%.64s is stopped on %.64s\"",
                       l->title, maybe, unit_of(l), l->title, store_identity(l->agent->store), unit_of(l),
                       l->agent->host);
}

static void free_lease(const struct agent_lock *l, const struct core_lock_view *v, const char *maybe, char *buf,
                       size_t size) {
        char at[CLOCK_TEXT_SIZE], span[TIMESPAN_MAX];

        if (v->free_at_usec <= clock_boottime_usec())
                (void)snprintf(buf, size,
                               "%s %sstays held by this host (lease), which was last renewed long enough ago: another "
                               "host takes it over by itself",
                               l->title, maybe);
        else if (v->free_at_usec != USEC_INFINITY)
                (void)snprintf(buf, size, "%s %sstays held by this host (lease): free by itself at %s", l->title, maybe,
                               clock_format_boottime(v->free_at_usec, at));
        else
                (void)snprintf(buf, size,
                               "%s %sstays held by this host (lease): free by itself %s after the last renewal",
                               l->title, maybe, timespan_format(span, l->conf->lease_duration_usec));
}

/* The lock is in the namespace as it was: a fence in the one that is there now would not be of it. */
static void free_elsewhere(const struct agent_lock *l, const char *refusal, const char *maybe, char *buf, size_t size) {
        (void)snprintf(buf, size,
                       "%s %sstays held by this host, and nothing was released: %.500s. Once no host leads in the old "
                       "one: leaderctl forget-cluster %s",
                       l->title, maybe, refusal, l->conf->namespace_);
}

/* Of one lock; empty: nothing of it is ours. */
static void describe_left(const struct agent_lock *l, char buf[static LEFT_SIZE]) {
        struct core_lock_view v = agent_view(l);
        bool ours = v.known && v.lock.sort != LOCK_ABSENT && v.lock.claimed && v.stays_out != REASON_OTHER_BOOT;
        /* The lock was not read, or a POST had no answer: a lock of ours may be there, or may come yet. */
        bool unread = !v.known && (v.term_uid || !record_claims_settled(&l->claims.known));
        bool posted =
                v.op == ELECTION_OP_CREATE || (l->claims.doubtful && !util_streq(l->claims.next, l->answered.claim));
        enum tenure tenure = ours ? (enum tenure)v.lock.tenure : l->conf->tenure;
        const char *maybe = ours ? "" : "perhaps ", *refusal = agent_namespace_refusal(l->namespace_);
        size_t n;

        buf[0] = '\0';
        if (!ours && !unread && !posted)
                return;
        if (refusal[0])
                free_elsewhere(l, refusal, maybe, buf, LEFT_SIZE);
        else if (tenure == TENURE_LEASE)
                free_lease(l, &v, maybe, buf, LEFT_SIZE);
        else
                free_life(l, maybe, buf, LEFT_SIZE);
        n = strlen(buf);
        if (v.may_run && l->conf->unit[0])
                (void)snprintf(buf + n, LEFT_SIZE - n, " (%s was not seen stopped: systemctl status %s)", l->conf->unit,
                               l->conf->unit);
        else if (l->problem[0] && !refusal[0])
                (void)snprintf(buf + n, LEFT_SIZE - n, " (%.300s)", l->problem);
}

/* The last words: one record per lock that stays, and all of them in STATUS=, which systemd keeps. */
static void tell_left(struct agent *a) {
        char line[2000] = "", left[LEFT_SIZE];
        size_t n = 0;

        for (size_t i = 0; i < a->n_locks; i++) {
                const struct agent_lock *l = a->locks[i];
                char at[CLOCK_TEXT_SIZE];

                describe_left(l, left);
                if (left[0])
                        agent_journal(l, LOG_WARNING, JOURNAL_LOCK_LEFT, "", "%s", left);
                else if (l->released_realtime_usec >= a->stopping.since_realtime_usec)
                        (void)snprintf(left, sizeof(left), "%s released at %s", l->title,
                                       clock_format_local(l->released_realtime_usec, at));
                if (left[0] && n < sizeof(line))
                        n += (size_t)snprintf(line + n, sizeof(line) - n, "; %s", left);
        }
        (void)notify_status("Stopped%s", n ? line : "; held no lock");
}

/* ---- how long ---- */

/* Whether there is nothing left to wait for; *ret_next: when that may change. */
static bool is_over(struct agent *a, uint64_t now, uint64_t *ret_next) {
        uint64_t at;

        if (any_may_run(a)) {
                a->stopping.quiet_usec = 0;
                at = a->stopping.since_usec + GUARD_USEC + longest_stop(a);
        } else {
                if (!a->stopping.quiet_usec)
                        a->stopping.quiet_usec = now;
                at = a->stopping.quiet_usec + RELEASE_USEC;
        }
        *ret_next = at;
        return core_released(&a->core) || now >= at;
}

uint64_t agent_leave(struct agent *a, uint64_t now_usec) {
        uint64_t next;

        if (!a->stopping.since_usec)
                return USEC_INFINITY;
        if (is_over(a, now_usec, &next)) {
                if (!a->stopping.told)
                        tell_left(a);
                a->stopping.told = true;
                (void)sd_event_exit(a->event, 0);
                return USEC_INFINITY;
        }
        if (now_usec >= a->stopping.extended_usec + EXTEND_PAUSE_USEC) {
                a->stopping.extended_usec = now_usec;
                notify_extend_timeout(EXTEND_USEC);
        }
        return util_usec_min(next, a->stopping.extended_usec + EXTEND_PAUSE_USEC);
}
