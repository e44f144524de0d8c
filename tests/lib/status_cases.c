/* SPDX-License-Identifier: Apache-2.0 */
#include "status_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void status_case_fresh(struct status_world *w, const struct status_case *c) {
        const struct status_lock lock = {"app", c->tenure};

        status_world_fresh(w, &lock, 1);
        status_world_put(w, 0, c->state);
}

static struct election *election(struct status_world *w) {
        return &w->agent.core.locks[0].election;
}

static struct agent_lock *shell(struct status_world *w) {
        return w->agent.locks[0];
}

/* ---- what keeps a candidate out, and what it waits for ---- */

static void foreign_unit(struct status_world *w) {
        status_world_unit(w, 0, UNIT_FOREIGN);
}
static void evicted(struct status_world *w) {
        foreign_unit(w);
        election(w)->guard.eviction = EVICTION_SENT;
}
static void left_alone(struct status_world *w) {
        foreign_unit(w);
        shell(w)->own.keys.on_foreign = ON_FOREIGN_LEAVE;
}
static void stuck(struct status_world *w) {
        status_world_unit(w, 0, UNIT_STUCK);
}
static void free_lock(struct status_world *w) {
        election(w)->lock.fact = (struct lock_fact){.sort = LOCK_ABSENT};
}
static void foreign_and_free(struct status_world *w) {
        foreign_unit(w);
        free_lock(w);
        election(w)->guard.fact.unfit = true;
        STATUS_SET(shell(w)->trouble, "app.service is not enrolled; run: leaderctl enroll app.service");
}
static void unfit(struct status_world *w) {
        election(w)->guard.fact.unfit = true;
        STATUS_SET(shell(w)->trouble, "app.service is not enrolled; run: leaderctl enroll app.service");
}
static void foreign_lock(struct status_world *w) {
        struct lock_object *o = &shell(w)->answered;

        election(w)->lock.fact.sort = LOCK_FOREIGN;
        o->form = LOCK_FORM_FOREIGN;
        STATUS_SET(o->owner.name, "app-0");
        STATUS_SET(o->holder, "");
        STATUS_SET(o->identity, "");
        STATUS_SET(o->acquired_at, "");
}
static void foreign_pod(struct status_world *w) {
        free_lock(w);
        election(w)->past.pod_uid = 5;
        STATUS_SET(shell(w)->pod.name, "app-0");
}
static void damaged(struct status_world *w) {
        election(w)->lock.fact.sort = LOCK_DAMAGED;
        shell(w)->answered.form = LOCK_FORM_DAMAGED;
        STATUS_SET(shell(w)->answered.damage, "has no owner and no record: nothing would ever free it");
}
static void beside_pod(struct status_world *w) {
        foreign_lock(w);
        foreign_unit(w);
}
static void unfit_beside_pod(struct status_world *w) {
        beside_pod(w);
        unfit(w);
}
static void beside_last_pod(struct status_world *w) {
        foreign_pod(w);
        foreign_unit(w);
}
static void beside_damaged(struct status_world *w) {
        damaged(w);
        foreign_unit(w);
}
static void changed(struct status_world *w) {
        election(w)->record.change = RECORD_BROKEN;
}
static void strange(struct status_world *w) {
        election(w)->holder.genuine = false;
        shell(w)->answered.placeholder_kind = PLACEHOLDER_LEASE;
}
static void taken(struct status_world *w) {
        struct placeholder *p = &w->agent.core.placeholders[election(w)->record.tenure].placeholder;

        free_lock(w);
        p->state = PLACEHOLDER_TAKEN;
        p->strange = true;
}
static void not_taken(struct status_world *w) {
        w->agent.core.placeholders[election(w)->record.tenure].placeholder.state = PLACEHOLDER_ABSENT;
}
static void asleep(struct status_world *w) {
        w->agent.core.locks[0].conf.away = true;
}
static void awake(struct status_world *w) {
        w->agent.core.locks[0].conf.away = false;
}
static void cooling(struct status_world *w) {
        election(w)->term.reason = REASON_UNIT_FAILED;
        election(w)->timers.cool_until_usec = STATUS_NOW + 40 * USEC_PER_SEC;
}
static void ended_and_cooling(struct status_world *w) {
        cooling(w);
        election(w)->term.reason = REASON_UNIT_ENDED;
}
static void restarted_and_cooling(struct status_world *w) {
        cooling(w);
        election(w)->term.reason = REASON_UNIT_RESTARTS;
}
static void held(struct status_world *w) {
        election(w)->term.reason = REASON_STEP_DOWN;
        election(w)->timers.cool_until_usec = STATUS_NOW + 10 * USEC_PER_SEC;
}
static void old_reason(struct status_world *w) {
        election(w)->term.reason = REASON_LOCK_DELETED;
}
static void silent_holder(struct status_world *w) {
        election(w)->holder.seen_at_usec = STATUS_NOW - election(w)->record.longest_usec * 2 / 3;
}
static void no_sign(struct status_world *w) {
        struct agent_sign *s = &shell(w)->sign;

        STATUS_SET(s->placeholder_uid, shell(w)->answered.placeholder_uid);
        STATUS_SET(s->version, "7");
        s->last_usec = STATUS_WALL - 37 * 60 * USEC_PER_SEC;
        s->read_at_usec = STATUS_NOW;
        s->silent = true;
}
static void signs_again(struct status_world *w) {
        shell(w)->sign.silent = false;
}
static void overdue_holder(struct status_world *w) {
        election(w)->holder.seen_at_usec = STATUS_NOW - 2 * election(w)->record.longest_usec;
}
static void overdue_and_refused(struct status_world *w) {
        overdue_holder(w);
        status_unauthorized(w);
}
static void overdue_and_throttled(struct status_world *w) {
        overdue_holder(w);
        status_throttled(w);
}
static void overdue_and_over(struct status_world *w) {
        overdue_holder(w);
        status_token_over(w);
}
static void silent_and_over(struct status_world *w) {
        silent_holder(w);
        status_token_over(w);
}
static void overdue_and_no_answer(struct status_world *w) {
        overdue_holder(w);
        status_no_answer(w);
}
static void cooled(struct status_world *w) {
        election(w)->term.reason = REASON_UNIT_FAILED;
        election(w)->timers.cool_until_usec = STATUS_NOW;
}
static void namesake(struct status_world *w) {
        STATUS_SET(shell(w)->answered.holder, "web-1");
        STATUS_SET(shell(w)->answered.identity, "web-1-00c0ffee");
}
static void yesterday(struct status_world *w) {
        STATUS_SET(shell(w)->answered.acquired_at, "2030-01-01T23:59:58.000000Z");
}
static void other_boot(struct status_world *w) {
        election(w)->lock.fact.claimed = true;
        election(w)->past.unfit_uid = election(w)->lock.fact.uid;
        STATUS_SET(shell(w)->answered.holder, "web-1");
        STATUS_SET(shell(w)->answered.identity, store_identity(w->agent.store));
}
static void cannot_tell(struct status_world *w) {
        status_world_unit(w, 0, UNIT_UNKNOWN);
        STATUS_SET(shell(w)->trouble, "systemd does not answer: Connection timed out");
}

#define CANDIDATE(what, tenure, begin, end)                                                                            \
        { what, tenure, ELECTION_CANDIDATE, begin, end }
const struct status_case status_candidates[] = {
        CANDIDATE("the unit runs without a permit", TENURE_LIFE, foreign_unit, NULL),
        CANDIDATE("… and leader-guard was told to stop it", TENURE_LIFE, evicted, NULL),
        CANDIDATE("… on_foreign = \"leave\"", TENURE_LIFE, left_alone, NULL),
        CANDIDATE("… the lock is free, but the unit is not enrolled", TENURE_LIFE, foreign_and_free, NULL),
        CANDIDATE("… a Pod holds the lock", TENURE_LIFE, beside_pod, NULL),
        CANDIDATE("… a Pod holds the lock, and the unit is not enrolled", TENURE_LIFE, unfit_beside_pod, NULL),
        CANDIDATE("… the lock is gone, the Pod that held it is not", TENURE_LIFE, beside_last_pod, NULL),
        CANDIDATE("… the lock is damaged", TENURE_LIFE, beside_damaged, NULL),
        CANDIDATE("what is left of the unit cannot be killed", TENURE_LIFE, stuck, NULL),
        CANDIDATE("leader-guard cannot see the unit", TENURE_LIFE, cannot_tell, NULL),
        CANDIDATE("the unit is not enrolled", TENURE_LIFE, unfit, NULL),
        CANDIDATE("a Pod holds the lock", TENURE_LIFE, foreign_lock, NULL),
        CANDIDATE("its lock is gone, the Pod is not", TENURE_LIFE, foreign_pod, NULL),
        CANDIDATE("the lock is damaged", TENURE_LIFE, damaged, NULL),
        CANDIDATE("the lock's record was changed by hand", TENURE_LEASE, changed, NULL),
        CANDIDATE("the lock names what is no placeholder", TENURE_LEASE, strange, NULL),
        CANDIDATE("our placeholder's name is taken", TENURE_LEASE, taken, not_taken),
        CANDIDATE("the host is about to sleep", TENURE_LEASE, asleep, awake),
        CANDIDATE("after a failure of the unit", TENURE_LIFE, cooling, NULL),
        CANDIDATE("… the pause is over", TENURE_LIFE, cooled, NULL),
        CANDIDATE("after its own Restart= restarted it too often", TENURE_LIFE, restarted_and_cooling, NULL),
        CANDIDATE("on_exit = \"release\", the unit ended with success", TENURE_LIFE, ended_and_cooling, NULL),
        CANDIDATE("after a step-down", TENURE_LEASE, held, NULL),
        CANDIDATE("a reason whose state is over", TENURE_LIFE, old_reason, NULL),
        CANDIDATE("the holder is silent", TENURE_LEASE, silent_holder, NULL),
        CANDIDATE("the holder gives no sign of life", TENURE_LIFE, no_sign, signs_again),
        CANDIDATE("… for longer than the lease", TENURE_LEASE, overdue_holder, NULL),
        CANDIDATE("… and the API server answers 401", TENURE_LEASE, overdue_and_refused, status_api_answers),
        CANDIDATE("… 429", TENURE_LEASE, overdue_and_throttled, status_api_answers),
        CANDIDATE("… nothing for a second", TENURE_LEASE, overdue_and_no_answer, status_api_answers),
        CANDIDATE("… and the token has ended", TENURE_LEASE, overdue_and_over, status_token_renewed),
        CANDIDATE("… the same before the lease is over", TENURE_LEASE, silent_and_over, status_token_renewed),
        CANDIDATE("two hosts of one name", TENURE_LIFE, namesake, NULL),
        CANDIDATE("led since yesterday", TENURE_LIFE, yesterday, NULL),
        CANDIDATE("the lock is free", TENURE_LIFE, free_lock, NULL),
        CANDIDATE("a lock of ours that names another boot", TENURE_LIFE, other_boot, NULL),
        CANDIDATE("a second agent of the host", TENURE_LIFE, status_second_agent, status_guard_back),
        {},
};

/* ---- more of a leader ---- */

static void renamed(struct status_world *w) {
        status_world_unit(w, 0, UNIT_RUNNING);
        STATUS_SET(shell(w)->guard.lock, "prod/new");
}
static void renamed_and_not_held(struct status_world *w) {
        renamed(w);
        election(w)->lock.fact.claimed = false;
}
static void stop_fails(struct status_world *w) {
        shell(w)->stop_fails = true;
        STATUS_SET(shell(w)->trouble, "cannot write /run/leader-agent/app.service: No space left on device");
}
static void kept(struct status_world *w) {
        status_world_unit(w, 0, UNIT_FAILED);
        w->agent.core.locks[0].conf.keys.on_failure = ON_FAILURE_KEEP;
}
static void ended(struct status_world *w) {
        status_world_unit(w, 0, UNIT_ENDED);
}
static void restarted(struct status_world *w) {
        status_world_unit(w, 0, UNIT_RUNNING);
        STATUS_SET(shell(w)->guard.permit_uid, "u");
        shell(w)->guard.restarts = 3;
}
static void ended_and_silent(struct status_world *w) {
        ended(w);
        status_api_silent(w);
}
static void failed_at_once(struct status_world *w) {
        kept(w);
        STATUS_SET(shell(w)->trouble, "it was not started: ConditionPathExists=/srv/data was not met; see: systemctl "
                                      "status app.service");
}
static void kept_and_silent(struct status_world *w) {
        kept(w);
        status_api_silent(w);
}
static void new_agent_silent(struct status_world *w) {
        status_world_unit(w, 0, UNIT_RUNNING);
        status_api_silent(w);
}
static void lease_configured(struct status_world *w) {
        shell(w)->own.tenure = TENURE_LEASE;
}
/* (before the core's next step) */
static void deadline_over(struct status_world *w) {
        uint64_t stop_at = agent_view(w->agent.locks[0]).stop_at_usec;

        election(w)->term.permit_proof_usec -= stop_at - STATUS_NOW;
        status_api_silent(w);
}
static void renewal_refused(struct status_world *w) {
        status_renewal(w, KUBE_DENIED, 401, "Unauthorized");
}
static void renewal_accepted(struct status_world *w) {
        status_renewal(w, KUBE_OK, 200, "");
}
static void guard_lost(struct status_world *w) {
        w->agent.link_breaks = 2;
}

#define LEADER(what, state, begin)                                                                                     \
        { what, TENURE_LIFE, state, begin, NULL }
const struct status_case status_leaders[] = {
        LEADER("a lock that was renamed: the unit runs for the new one", ELECTION_STOPPING, renamed),
        LEADER("a lock that is not held, and the unit still runs for another", ELECTION_STOPPING, renamed_and_not_held),
        LEADER("leader-guard cannot stop the unit", ELECTION_STOPPING, stop_fails),
        LEADER("on_failure = \"keep\", the unit failed", ELECTION_LEADING, kept),
        LEADER("… and the API is silent", ELECTION_LEADING, kept_and_silent),
        {"… under a lease", TENURE_LEASE, ELECTION_LEADING, kept_and_silent, NULL},
        LEADER("systemd restarted the unit 3 times", ELECTION_LEADING, restarted),
        LEADER("on_failure = \"keep\", and the start was skipped", ELECTION_PERMITTING, failed_at_once),
        LEADER("on_exit = \"keep\", the unit ended with success", ELECTION_LEADING, ended),
        {"… under a lease", TENURE_LEASE, ELECTION_LEADING, ended, NULL},
        LEADER("… and the API is silent", ELECTION_LEADING, ended_and_silent),
        LEADER("the agent was started anew, and the API is silent", ELECTION_PROVING, new_agent_silent),
        {"lease, the API is silent, and the permit just over", TENURE_LEASE, ELECTION_LEADING, deadline_over,
         status_api_answers},
        {"lease, and renewals are refused", TENURE_LEASE, ELECTION_LEADING, renewal_refused, renewal_accepted},
        LEADER("life, and lease is configured by now", ELECTION_LEADING, lease_configured),
        LEADER("leader since yesterday", ELECTION_LEADING, yesterday),
        LEADER("leader-guard was away twice", ELECTION_LEADING, guard_lost),
        {},
};
