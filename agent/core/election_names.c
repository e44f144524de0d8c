/* SPDX-License-Identifier: Apache-2.0 */
/* The words of elections, for journal, Events and traces. Reasons are sentences: STATUS= and leaderctl print them. The
 * words of tenures, units and the guard are in base/terms. */
#include "core/steps.h"

static const char *const state_names[N_ELECTION_STATES] = {
        [ELECTION_STARTING] = "starting", [ELECTION_CANDIDATE] = "candidate", [ELECTION_CLAIMING] = "claiming",
        [ELECTION_ADOPTING] = "adopting", [ELECTION_PROVING] = "proving",     [ELECTION_PERMITTING] = "permitting",
        [ELECTION_LEADING] = "leading",   [ELECTION_STOPPING] = "stopping",   [ELECTION_RELEASING] = "releasing",
        [ELECTION_DEPOSING] = "deposing", [ELECTION_STOPPED] = "stopped",
};

static const char *const op_names[N_ELECTION_OPS] = {
        [ELECTION_OP_NONE] = "none",
        [ELECTION_OP_READ] = "read",
        [ELECTION_OP_CLAIM] = "claim",
        [ELECTION_OP_CREATE] = "create",
        [ELECTION_OP_ADOPT] = "adopt",
        [ELECTION_OP_RESTORE] = "restore",
        [ELECTION_OP_DELETE] = "delete",
        [ELECTION_OP_STRIP] = "strip",
        [ELECTION_OP_READ_HOLDER] = "read-holder",
        [ELECTION_OP_DELETE_HOLDER] = "delete-holder",
        [ELECTION_OP_READ_POD] = "read-pod",
};

static const char *const reason_texts[N_ELECTION_REASONS] = {
        [REASON_NONE] = "",
        [REASON_STEP_DOWN] = "asked to step down",
        [REASON_SLEEP] = "the host is about to sleep",
        [REASON_AGENT_STOP] = "the agent is stopping",
        [REASON_LOCK_DELETED] = "the lock was marked for deletion",
        [REASON_LOCK_GONE] = "the lock is gone",
        [REASON_LOCK_CHANGED] = "the lock was changed by somebody else, or names another unit",
        [REASON_OTHER_BOOT] = "another boot or a clone of this host took the lock over",
        [REASON_PLACEHOLDER_LOST] = "the placeholder that the lock names is gone or being deleted",
        [REASON_LEASE_EXPIRED] = "the lease was not renewed in time",
        [REASON_LEASE_TOO_SHORT] = "the lease duration recorded in the lock leaves no time to stop the unit",
        [REASON_UNIT_FAILED] = "the unit failed or would not start",
        [REASON_UNIT_ENDED] = "the unit ended with success",
        [REASON_UNIT_RESTARTS] = "the unit was restarted too often",
        [REASON_UNIT_UNFIT] = "leader-guard refuses to start the unit",
        [REASON_UNIT_FOREIGN] = "the unit runs without a permit",
        [REASON_PERMIT_REVOKED] = "leader-guard has ended this term",
        [REASON_PERMIT_STALE] = "leader-guard held a permit for a lock that is not ours",
        [REASON_NAME_TAKEN] = "the name of our placeholder is taken by one that is not ours",
        [REASON_COOLDOWN] = "staying out for a while",
        [REASON_FOREIGN_LOCK] = "an in-cluster operator holds the lock",
        [REASON_FOREIGN_POD] = "the lock is gone, but the Pod that held it is not",
        [REASON_DAMAGED_LOCK] = "the lock is damaged",
        [REASON_STRANGE_HOLDER] = "the lock names an object that is not the placeholder of its holder",
        [REASON_GUARD_AWAY] = "leader-guard does not answer",
};

const char *election_state_to_string(uint8_t s) {
        return s < N_ELECTION_STATES ? state_names[s] : "?";
}

const char *election_op_to_string(uint8_t op) {
        return op < N_ELECTION_OPS ? op_names[op] : "?";
}

const char *election_reason_to_string(uint8_t r) {
        return r < N_ELECTION_REASONS ? reason_texts[r] : "?";
}
