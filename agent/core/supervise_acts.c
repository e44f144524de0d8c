/* SPDX-License-Identifier: Apache-2.0 */
/* The building blocks of a step, and the words for logs: how a stop begins (gate, record, kill, stop job, look), how a
 * kill does, how a unit becomes idle. Decides nothing. ARCHITECTURE 5, claims 4 and 6. */
#include <string.h>

#include "base/timing.h"
#include "core/supervise_parts.h"

static const char *const state_names[N_SUPERVISE_STATES] = {
        [SUPERVISE_UNREAD] = "unread",     [SUPERVISE_STOPPED] = "stopped",   [SUPERVISE_FOREIGN] = "foreign",
        [SUPERVISE_CHECKING] = "checking", [SUPERVISE_RESUMING] = "resuming", [SUPERVISE_STARTING] = "starting",
        [SUPERVISE_RUNNING] = "running",   [SUPERVISE_FAILED] = "failed",     [SUPERVISE_STOPPING] = "stopping",
        [SUPERVISE_ENDED] = "ended",       [SUPERVISE_KILLING] = "killing",   [SUPERVISE_STUCK] = "stuck",
        [SUPERVISE_WAITING] = "waiting",
};

static const char *const reason_names[N_SUPERVISE_REASONS] = {
        [SUPERVISE_REASON_NONE] = "none",
        [SUPERVISE_REASON_REVOKED] = "permit revoked by the agent",
        [SUPERVISE_REASON_DEADLINE] = "permit ran out without a renewal",
        [SUPERVISE_REASON_ENROLL] = "the unit's settings in force no longer bound its stop",
        [SUPERVISE_REASON_START_TIMEOUT] = "systemd did not answer the start in time",
        [SUPERVISE_REASON_FILES] = "the guard could not write its files",
        [SUPERVISE_REASON_STALE_GATE] = "gate found without a permit",
        [SUPERVISE_REASON_BAD_FILE] = "permit file damaged or not of this boot",
        [SUPERVISE_REASON_WAS_REVOKED] = "permit was already revoked when the guard started",
        [SUPERVISE_REASON_LEFTOVERS] = "unit inactive, but processes of it were left",
        [SUPERVISE_REASON_ABANDONED] = "leader-agent was stopped, and could not stop the unit before",
        [SUPERVISE_REASON_EVICTED] = "it ran without a permit while another host holds the lock",
        [SUPERVISE_REASON_LIST] = "another unit under its permit is being stopped",
};

const char *supervise_state_to_string(enum supervise_state state) {
        return (unsigned)state < N_SUPERVISE_STATES ? state_names[state] : "invalid";
}

const char *supervise_reason_to_string(enum supervise_reason reason) {
        return (unsigned)reason < N_SUPERVISE_REASONS ? reason_names[reason] : "invalid";
}

void supervise_act(struct supervise_actions *a, enum supervise_action_type type, enum guard_result result) {
        /* The longest list (a stop that begins past both instants, with replies) has 11; the table test measures it. */
        if (a->n < SUPERVISE_ACTIONS_MAX)
                a->a[a->n++] = (struct supervise_action){.type = (uint8_t)type, .result = (uint8_t)result};
}

void supervise_read_now(struct supervise *s, struct supervise_actions *a) {
        for (unsigned i = 0; i < a->n; i++)
                if (a->a[i].type == SUPERVISE_READ) {
                        /* Only one look per step, and behind everything that must be done before it. */
                        memmove(a->a + i, a->a + i + 1, (a->n - i - 1U) * sizeof(a->a[0]));
                        a->n--;
                        break;
                }
        supervise_act(a, SUPERVISE_READ, GUARD_OK);
        s->reading = SUPERVISE_READ_UNDER_WAY;
}

void supervise_read_soon(struct supervise *s, struct supervise_actions *a) {
        if (s->reading == SUPERVISE_READ_NONE)
                supervise_read_now(s, a);
}

void supervise_become_idle(struct supervise *s, enum supervise_state state, uint64_t now) {
        s->state = (uint8_t)state;
        s->uid = 0;
        s->stop_at_usec = s->kill_at_usec = s->stop_timeout_usec = 0;
        s->disk_stop_at_usec = s->disk_kill_at_usec = 0;
        s->stop_sent_at_usec = s->going_since_usec = 0;
        s->tenure = TENURE_LIFE;
        s->start = SUPERVISE_NEVER_STARTED;
        s->retry_at_usec = util_usec_add(now, SUPERVISE_POLL_USEC);
}

void supervise_begin_kill(struct supervise *s, struct supervise_actions *a, uint64_t now) {
        s->state = SUPERVISE_KILLING;
        supervise_act(a, SUPERVISE_KILL, GUARD_OK);
        s->retry_at_usec = util_usec_add(now, SUPERVISE_KILL_RETRY_USEC);
}

void supervise_begin_stop(struct supervise *s, struct supervise_actions *a, enum supervise_reason reason, uint64_t now,
                          uint64_t timeout_usec) {
        s->state = SUPERVISE_STOPPING;
        s->waits &= (uint8_t)~SUPERVISE_WAIT_RENEWAL;
        s->reason = (uint8_t)reason;
        supervise_act(a, SUPERVISE_REMOVE_GATE, GUARD_OK); /* @gate-first */
        s->gate = 0;
        s->kill_at_usec = util_usec_min(s->kill_at_usec, util_usec_add(now, timeout_usec));
        s->retry_at_usec = util_usec_add(now, SUPERVISE_STOP_RETRY_USEC);
        if (s->uid != 0)
                supervise_act(a, SUPERVISE_RECORD, GUARD_OK);
        s->unrecorded = 0;
        if (now >= s->kill_at_usec)
                supervise_begin_kill(s, a, now);
        supervise_act(a, SUPERVISE_STOP, GUARD_OK);
        s->stop_sent_at_usec = now;
        supervise_read_now(s, a);
}

void supervise_begin_stop_unpermitted(struct supervise *s, struct supervise_actions *a, enum supervise_reason reason,
                                      uint64_t now, uint64_t timeout_usec) {
        uint64_t timeout = timeout_usec ? timeout_usec : TIMING_STOP_DEFAULT_USEC;

        supervise_become_idle(s, SUPERVISE_UNREAD, now);
        s->stop_timeout_usec = timeout;
        s->kill_at_usec = USEC_INFINITY;
        supervise_begin_stop(s, a, reason, now, timeout);
}

bool supervise_revoke_waits(const struct supervise *s) {
        return s->state <= SUPERVISE_FOREIGN && (s->waits & SUPERVISE_WAIT_REVOKE);
}

void supervise_drop_check(struct supervise *s, struct supervise_actions *a, enum supervise_state state, uint64_t now) {
        supervise_become_idle(s, state, now);
        if (supervise_revoke_waits(s))
                supervise_read_now(s, a);
}
