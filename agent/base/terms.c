/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of the shared words. Where a word is one of the Kubernetes API's ("Lease"), the text is the API's. */
#include <errno.h>

#include "base/terms.h"

static const char *const tenures[N_TENURES] = {
        [TENURE_LIFE] = TENURE_WORD_LIFE,
        [TENURE_LEASE] = TENURE_WORD_LEASE,
};

static const char *const placeholder_kinds[N_PLACEHOLDER_KINDS] = {
        [PLACEHOLDER_LEASE] = "Lease",
        [PLACEHOLDER_POD] = "Pod",
};

static const char *const unit_states[N_UNIT_STATES] = {
        [UNIT_UNKNOWN] = "unknown", [UNIT_STOPPED] = "stopped",   [UNIT_STARTING] = "starting",
        [UNIT_RUNNING] = "running", [UNIT_STOPPING] = "stopping", [UNIT_FAILED] = "failed",
        [UNIT_FOREIGN] = "foreign", [UNIT_STUCK] = "stuck",       [UNIT_ENDED] = "ended",
};

static const char *const guard_results[N_GUARD_RESULTS] = {
        [GUARD_OK] = "ok",
        [GUARD_REFUSED_REVOKED] = "refused: this lock uid was revoked",
        [GUARD_REFUSED_BUSY] = "refused: another permit is in force or its stop is not confirmed",
        [GUARD_REFUSED_OVERDUE] = "refused: the permit was already over",
        [GUARD_REFUSED_ENROLL] = "refused: the unit is not enrolled as it must be",
        [GUARD_REFUSED_UNIT] = "refused: the unit cannot be loaded",
        [GUARD_REFUSED_FOREIGN] = "refused: something of the unit runs that cannot be taken over",
        [GUARD_REFUSED_REQUEST] = "refused: malformed request",
        [GUARD_REFUSED_INTERNAL] = "refused: the guard could not write its files or reach systemd",
        [GUARD_REFUSED_AGENT] = "refused: another agent is connected to leader-guard",
};

static const char *const guard_words[N_GUARD_RESULTS] = {
        [GUARD_OK] = "ok",
        [GUARD_REFUSED_REVOKED] = "revoked",
        [GUARD_REFUSED_BUSY] = "busy",
        [GUARD_REFUSED_OVERDUE] = "overdue",
        [GUARD_REFUSED_ENROLL] = "enroll",
        [GUARD_REFUSED_UNIT] = "unit",
        [GUARD_REFUSED_FOREIGN] = "foreign",
        [GUARD_REFUSED_REQUEST] = "request",
        [GUARD_REFUSED_INTERNAL] = "internal",
        [GUARD_REFUSED_AGENT] = "agent",
};

/* The index of s in words, -EINVAL when it is none of them. */
static int find(const char *const *words, size_t n, const char *s) {
        for (size_t i = 0; i < n; i++)
                if (util_streq(words[i], s))
                        return (int)i;
        return -EINVAL;
}

const char *tenure_to_string(enum tenure tenure) {
        return TENURE_VALID(tenure) ? tenures[tenure] : "unknown";
}

int tenure_from_string(const char *s, enum tenure *ret) {
        int i = find(tenures, N_TENURES, s);

        if (i < 0)
                return i;
        *ret = (enum tenure)i;
        return 0;
}

const char *placeholder_kind_to_string(enum placeholder_kind kind) {
        return PLACEHOLDER_KIND_VALID(kind) ? placeholder_kinds[kind] : "unknown";
}

int placeholder_kind_from_string(const char *s, enum placeholder_kind *ret) {
        int i = find(placeholder_kinds, N_PLACEHOLDER_KINDS, s);

        if (i < 0)
                return i;
        *ret = (enum placeholder_kind)i;
        return 0;
}

const char *unit_state_to_string(enum unit_state s) {
        return (unsigned)s < N_UNIT_STATES ? unit_states[s] : "invalid";
}

int unit_state_from_string(const char *s, enum unit_state *ret) {
        int i = find(unit_states, N_UNIT_STATES, s);

        if (i < 0)
                return i;
        *ret = (enum unit_state)i;
        return 0;
}

const char *guard_result_explain(enum guard_result r) {
        return (unsigned)r < N_GUARD_RESULTS ? guard_results[r] : "invalid";
}

const char *guard_result_to_string(enum guard_result r) {
        return (unsigned)r < N_GUARD_RESULTS ? guard_words[r] : "invalid";
}

int guard_result_from_string(const char *s, enum guard_result *ret) {
        int i = find(guard_words, N_GUARD_RESULTS, s);

        if (i < 0)
                return i;
        *ret = (enum guard_result)i;
        return 0;
}
