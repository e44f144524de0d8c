/* SPDX-License-Identifier: Apache-2.0 */
/* The rows and the words of a trace. A field that is missing here is lost in a replay: tests/unit/test_trace_text.c
 * finds it. */
#include "daemon/trace_fields.h"

/* ---- words ---- */

static const char *of(const char *const *words, size_t n, uint8_t value) {
        return value < n ? words[value] : "?";
}

const char *trace_event_word(uint8_t v) {
        static const char *const words[N_ELECTION_EVENTS] = {
                [ELECTION_EV_GO] = "go",
                [ELECTION_EV_REPLY] = "reply",
                [ELECTION_EV_LOCK_SEEN] = "lock-seen",
                [ELECTION_EV_HOLDER_SEEN] = "holder-seen",
                [ELECTION_EV_GUARD] = "guard",
                [ELECTION_EV_LINK_UP] = "link-up",
                [ELECTION_EV_LINK_DOWN] = "link-down",
                [ELECTION_EV_STEP_DOWN] = "step-down",
                [ELECTION_EV_STOP] = "stop",
        };

        return of(words, ELEMENTSOF(words), v);
}

const char *trace_placeholder_event_word(uint8_t v) {
        static const char *const words[] = {
                [PLACEHOLDER_EV_GO] = "go", [PLACEHOLDER_EV_REPLY] = "reply", [PLACEHOLDER_EV_SEEN] = "seen"};

        return of(words, ELEMENTSOF(words), v);
}

static const char *result_word(uint8_t v) {
        static const char *const words[N_CORE_RESULTS] = {
                [RESULT_OK] = "ok",           [RESULT_NOT_FOUND] = "not-found",
                [RESULT_EXISTS] = "exists",   [RESULT_CONFLICT] = "conflict",
                [RESULT_DENIED] = "denied",   [RESULT_FAILED] = "failed",
                [RESULT_UNKNOWN] = "unknown",
        };

        return of(words, ELEMENTSOF(words), v);
}

static const char *sort_word(uint8_t v) {
        static const char *const words[N_LOCK_SORTS] = {[LOCK_ABSENT] = "absent",
                                                        [LOCK_SOUND] = "sound",
                                                        [LOCK_FOREIGN] = "foreign",
                                                        [LOCK_DAMAGED] = "damaged"};

        return of(words, ELEMENTSOF(words), v);
}

const char *trace_message_word(uint8_t v) {
        static const char *const words[] = {[ELECTION_MSG_NONE] = "none",
                                            [ELECTION_MSG_QUERY] = "query",
                                            [ELECTION_MSG_PERMIT] = "permit",
                                            [ELECTION_MSG_REVOKE] = "revoke",
                                            [ELECTION_MSG_EVICT] = "evict"};

        return of(words, ELEMENTSOF(words), v);
}

const char *trace_change_word(uint8_t v) {
        static const char *const words[N_CORE_CHANGES] = {
                [CORE_ADD_PLACEHOLDER] = "add-placeholder",
                [CORE_SET_PLACEHOLDER] = "set-placeholder",
                [CORE_ADD_LOCK] = "add-lock",
                [CORE_SET_LOCK] = "set-lock",
                [CORE_RESTART_LOCK] = "restart-lock",
                [CORE_REMOVE_LOCK] = "remove-lock",
                [CORE_SLEEP] = "sleep",
                [CORE_WAKE] = "wake",
                [CORE_STOP] = "stop",
                [CORE_ANSWERED] = "answered",
        };

        return of(words, ELEMENTSOF(words), v);
}

static const char *tenure_word(uint8_t v) {
        return TENURE_VALID(v) ? tenure_to_string(v) : "?";
}

static const char *unit_word(uint8_t v) {
        return v < N_UNIT_STATES ? unit_state_to_string(v) : "?";
}

static const char *guard_word(uint8_t v) {
        return v < N_GUARD_RESULTS ? guard_result_to_string(v) : "?";
}

#define WORDS(function, n) .form = TRACE_WORD, .word = (function), .n_words = (uint8_t)(n)

/* ---- rows ---- */

#define LOCK_FACT(type, member, prefix)                                                                                \
        {prefix "uid", offsetof(type, member.uid), .form = TRACE_TOKEN},                                               \
                {prefix "version", offsetof(type, member.version), .form = TRACE_TOKEN},                               \
                {prefix "placeholder", offsetof(type, member.placeholder), .form = TRACE_TOKEN},                       \
                {prefix "duration", offsetof(type, member.duration_usec), .form = TRACE_SPAN},                         \
                {prefix "record", offsetof(type, member.record), .form = TRACE_TOKEN},                                 \
                {prefix "sort", offsetof(type, member.sort), WORDS(sort_word, N_LOCK_SORTS)},                          \
                {prefix "tenure", offsetof(type, member.tenure), WORDS(tenure_word, N_TENURES)},                       \
                {prefix "deleting", offsetof(type, member.deleting), .form = TRACE_FLAG},                              \
                {prefix "claimed", offsetof(type, member.claimed), .form = TRACE_FLAG},                                \
                {prefix "same-boot", offsetof(type, member.same_boot), .form = TRACE_FLAG}, {                          \
                prefix "orphaned", offsetof(type, member.orphaned), .form = TRACE_FLAG                                 \
        }

#define PLACEHOLDER_FACT(type, member, prefix)                                                                         \
        {prefix "uid", offsetof(type, member.uid), .form = TRACE_TOKEN},                                               \
                {prefix "version", offsetof(type, member.version), .form = TRACE_TOKEN},                               \
                {prefix "duration", offsetof(type, member.duration_usec), .form = TRACE_SPAN},                         \
                {prefix "present", offsetof(type, member.present), .form = TRACE_FLAG},                                \
                {prefix "deleting", offsetof(type, member.deleting), .form = TRACE_FLAG},                              \
                {prefix "genuine", offsetof(type, member.genuine), .form = TRACE_FLAG},                                \
                {prefix "claimed", offsetof(type, member.claimed), .form = TRACE_FLAG},                                \
                {prefix "same-boot", offsetof(type, member.same_boot), .form = TRACE_FLAG}, {                          \
                prefix "own-write", offsetof(type, member.own_write), .form = TRACE_FLAG                               \
        }

static const struct trace_field lock_event_fields[] = {
        {"op", offsetof(struct election_event, op), WORDS(election_op_to_string, N_ELECTION_OPS)},
        {"result", offsetof(struct election_event, result), WORDS(result_word, N_CORE_RESULTS)},
        {"silent", offsetof(struct election_event, silent), .form = TRACE_FLAG},
        {"retry-after", offsetof(struct election_event, retry_after_usec), .form = TRACE_SPAN},
        LOCK_FACT(struct election_event, lock, "lock."),
        PLACEHOLDER_FACT(struct election_event, holder, "holder."),
        {"permit", offsetof(struct election_event, guard.permit), .form = TRACE_TOKEN},
        {"about", offsetof(struct election_event, guard.about), .form = TRACE_TOKEN},
        {"unit", offsetof(struct election_event, guard.unit), WORDS(unit_word, N_UNIT_STATES)},
        {"guard", offsetof(struct election_event, guard.refusal), WORDS(guard_word, N_GUARD_RESULTS)},
        {"revoked", offsetof(struct election_event, guard.revoked), .form = TRACE_FLAG},
        {"seen-stopped", offsetof(struct election_event, guard.stopped), .form = TRACE_FLAG},
        {"unfit", offsetof(struct election_event, guard.unfit), .form = TRACE_FLAG},
        {"evicts", offsetof(struct election_event, guard.evicts), .form = TRACE_FLAG},
        {"restarts", offsetof(struct election_event, guard.restarts), .form = TRACE_NUMBER},
        {"random", offsetof(struct election_event, random), .form = TRACE_NUMBER},
};

static const struct trace_field placeholder_event_fields[] = {
        {"op", offsetof(struct placeholder_event, op), WORDS(placeholder_op_to_string, N_PLACEHOLDER_OPS)},
        {"result", offsetof(struct placeholder_event, result), WORDS(result_word, N_CORE_RESULTS)},
        {"silent", offsetof(struct placeholder_event, silent), .form = TRACE_FLAG},
        {"sent", offsetof(struct placeholder_event, sent_at_usec), .form = TRACE_INSTANT},
        {"retry-after", offsetof(struct placeholder_event, retry_after_usec), .form = TRACE_SPAN},
        PLACEHOLDER_FACT(struct placeholder_event, fact, ""),
        {"random", offsetof(struct placeholder_event, random), .form = TRACE_NUMBER},
};

#define MESSAGE(i)                                                                                                     \
        {                                                                                                              \
                {"uid", offsetof(struct election_actions, guard[i].uid), .form = TRACE_TOKEN},                         \
                        {"until", offsetof(struct election_actions, guard[i].stop_at_usec), .form = TRACE_INSTANT},    \
                        {"kill", offsetof(struct election_actions, guard[i].kill_at_usec), .form = TRACE_INSTANT},     \
        }

static const struct trace_field message_fields[2][3] = {MESSAGE(0), MESSAGE(1)};

static const struct trace_field request_fields[] = {
        {"uid", offsetof(struct election_actions, request.uid), .form = TRACE_TOKEN},
        {"version", offsetof(struct election_actions, request.version), .form = TRACE_TOKEN},
        {"placeholder", offsetof(struct election_actions, request.placeholder), .form = TRACE_TOKEN},
};

static const struct trace_field placeholder_action_fields[] = {
        {"uid", offsetof(struct placeholder_action, uid), .form = TRACE_TOKEN},
        {"version", offsetof(struct placeholder_action, version), .form = TRACE_TOKEN},
};

#define TIMING(member)                                                                                                 \
        {"duration", offsetof(struct core_change, member.duration_usec), .form = TRACE_SPAN},                          \
                {"renew-deadline", offsetof(struct core_change, member.renew_deadline_usec), .form = TRACE_SPAN},      \
                {"stop-timeout", offsetof(struct core_change, member.stop_timeout_usec), .form = TRACE_SPAN},          \
                {"kill-margin", offsetof(struct core_change, member.kill_margin_usec), .form = TRACE_SPAN}, {          \
                "rate", offsetof(struct core_change, member.rate_permille), .form = TRACE_NUMBER                       \
        }
#define LIMITS(name, member)                                                                                           \
        {name "-min", offsetof(struct core_change, member.min_usec), .form = TRACE_SPAN}, {                            \
                name "-max", offsetof(struct core_change, member.max_usec), .form = TRACE_SPAN                         \
        }

static const struct trace_field lock_conf_fields[] = {
        {"life-placeholder", offsetof(struct core_change, placeholder[TENURE_LIFE]), .form = TRACE_NUMBER},
        {"lease-placeholder", offsetof(struct core_change, placeholder[TENURE_LEASE]), .form = TRACE_NUMBER},
        {"tenure", offsetof(struct core_change, lock.tenure), WORDS(tenure_word, N_TENURES)},
        TIMING(lock.timing),
        {"verify", offsetof(struct core_change, lock.verify_interval_usec), .form = TRACE_SPAN},
        LIMITS("retry", lock.retry),
        LIMITS("cooldown", lock.keys.cooldown),
        {"step-down-hold", offsetof(struct core_change, lock.keys.step_down_hold_usec), .form = TRACE_SPAN},
        {"on-exit", offsetof(struct core_change, lock.keys.on_exit), .form = TRACE_NUMBER},
        {"restart-limit", offsetof(struct core_change, lock.keys.restart_limit), .form = TRACE_NUMBER},
        {"restart-interval", offsetof(struct core_change, lock.keys.restart_interval_usec), .form = TRACE_SPAN},
        {"on-failure", offsetof(struct core_change, lock.keys.on_failure), .form = TRACE_NUMBER},
        {"on-foreign", offsetof(struct core_change, lock.keys.on_foreign), .form = TRACE_NUMBER},
        {"away", offsetof(struct core_change, lock.away), .form = TRACE_FLAG},
};

static const struct trace_field placeholder_conf_fields[] = {
        {"tenure", offsetof(struct core_change, placeholder_conf.tenure), WORDS(tenure_word, N_TENURES)},
        {"renew", offsetof(struct core_change, placeholder_conf.renew_interval_usec), .form = TRACE_SPAN},
        {"verify", offsetof(struct core_change, placeholder_conf.verify_interval_usec), .form = TRACE_SPAN},
        LIMITS("retry", placeholder_conf.retry),
        {"taken", offsetof(struct core_change, placeholder_conf.taken_interval_usec), .form = TRACE_SPAN},
        {"duration", offsetof(struct core_change, placeholder_conf.duration_usec), .form = TRACE_SPAN},
        {"rate", offsetof(struct core_change, placeholder_conf.rate_permille), .form = TRACE_NUMBER},
        {"unclaimed", offsetof(struct core_change, placeholder_conf.unclaimed), .form = TRACE_FLAG},
};

static const struct trace_field answered_fields[] = {
        {"now", offsetof(struct core_change, now_usec), .form = TRACE_INSTANT},
        {"random", offsetof(struct core_change, random), .form = TRACE_NUMBER},
};

#define FIELDS(table)                                                                                                  \
        { table, ELEMENTSOF(table) }

const struct trace_fields trace_lock_event = FIELDS(lock_event_fields);
const struct trace_fields trace_lock_message[2] = {FIELDS(message_fields[0]), FIELDS(message_fields[1])};
const struct trace_fields trace_lock_request = FIELDS(request_fields);
const struct trace_fields trace_placeholder_event = FIELDS(placeholder_event_fields);
const struct trace_fields trace_placeholder_action = FIELDS(placeholder_action_fields);

struct trace_fields trace_change(uint8_t type) {
        switch ((enum core_change_type)type) {
        case CORE_ADD_LOCK:
        case CORE_SET_LOCK:
                return (struct trace_fields)FIELDS(lock_conf_fields);
        case CORE_ADD_PLACEHOLDER:
        case CORE_SET_PLACEHOLDER:
                return (struct trace_fields)FIELDS(placeholder_conf_fields);
        case CORE_ANSWERED:
                return (struct trace_fields)FIELDS(answered_fields);
        case CORE_RESTART_LOCK:
        case CORE_REMOVE_LOCK:
        case CORE_SLEEP:
        case CORE_WAKE:
        case CORE_STOP:
                break;
        }
        return (struct trace_fields){};
}
