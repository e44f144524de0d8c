/* SPDX-License-Identifier: Apache-2.0 */
/* How answers of the API server are told to humans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

/* ---- the journal ---- */

static unsigned n_begun, n_over, n_other;

void journal_open(_unused_ const char *ident, _unused_ int max_priority) {
}

static void count(int priority, const char *fmt, va_list ap) {
        char text[2048];

        (void)vsnprintf(text, sizeof(text), fmt, ap);
        if (priority == LOG_WARNING && strstr(text, "; trying again"))
                n_begun++;
        else if (priority == LOG_INFO && strstr(text, "after a refusal"))
                n_over++;
        else
                n_other++;
}

void journal_log(int priority, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        count(priority, fmt, ap);
        va_end(ap);
}

void journal_record(int priority, _unused_ const char *message_id, _unused_ const struct journal_field *fields,
                    _unused_ size_t n_fields, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        count(priority, fmt, ap);
        va_end(ap);
}

#define ANSWER(...)                                                                                                    \
        { __VA_ARGS__ }
#define INVALID ANSWER(AGENT_ASKED_WRITE, KUBE_CONFLICT, 422)
#define READ    ANSWER(AGENT_ASKED_READ, KUBE_OK, 200)
#define OTHER   ANSWER(AGENT_ASKED_AND_GONE, KUBE_OK, 200)
#define ABSENT  ANSWER(AGENT_ASKED_AND_GONE, KUBE_NOT_FOUND, 404)
#define WRITTEN ANSWER(AGENT_ASKED_WRITE, KUBE_OK, 200)
#define STALE   ANSWER(AGENT_ASKED_WRITE, KUBE_CONFLICT, 409)
#define AWAY    ANSWER(AGENT_ASKED_AND_GONE, KUBE_UNREACHABLE, 0)

/* The last of the answers is or is not told. One 422 is what a write gets that names an object which is gone; two in a
 * row, with reads in between, are a refusal that lasts. */
static void test_lasting_422(void **state) {
        static const struct {
                struct {
                        enum agent_asked asked;
                        enum kube_result result;
                        long code;
                } answers[8];
                bool told;
        } rows[] = {
                {{INVALID}, false},
                {{INVALID, READ}, false},
                {{INVALID, INVALID}, true},
                {{INVALID, READ, INVALID}, true},
                {{INVALID, READ, INVALID, READ}, true},
                {{INVALID, READ, INVALID, ABSENT}, false},
                {{INVALID, READ, INVALID, OTHER}, false},
                {{INVALID, OTHER, INVALID}, false},
                {{INVALID, AWAY, READ, INVALID, READ}, true},
                {{INVALID, READ, INVALID, READ, INVALID, READ}, true},
                {{INVALID, READ, INVALID, WRITTEN}, false},
                {{INVALID, READ, INVALID, READ, STALE, READ}, false},
                {{INVALID, READ, STALE, READ, INVALID}, false},
                {{INVALID, WRITTEN, INVALID, READ}, false},
                {{STALE, READ, STALE, READ}, false},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                static struct agent a;
                char problem[512] = "";
                struct agent_refusals refusals = {};
                bool is_told;

                for (size_t n = 0; n < ELEMENTSOF(rows[i].answers) &&
                                   (n == 0 || rows[i].answers[n].result || rows[i].answers[n].code);
                     n++) {
                        const struct kube_reply reply = {
                                .result = rows[i].answers[n].result,
                                .http_code = rows[i].answers[n].code,
                                .text = rows[i].answers[n].code == 422 ? "the policy says no" : "other",
                        };
                        bool silent;
                        uint8_t result = agent_note_reply(
                                &a, &reply, rows[i].answers[n].asked, &refusals, problem,
                                rows[i].answers[n].asked == AGENT_ASKED_WRITE ? "strip" : "read", &silent);

                        /* Only no answer is waited out together with others. */
                        assert_int_equal(silent, reply.result == KUBE_UNREACHABLE);

                        /* The core goes by the same word in any case. */
                        if (reply.result == KUBE_CONFLICT)
                                assert_int_equal(result, RESULT_CONFLICT);
                }
                is_told = strstr(problem, "strip: the policy says no") != NULL;
                if (is_told != rows[i].told)
                        fail_msg("row %zu: problem is '%s'", i, problem);
        }
}

#define DENIED    "delete", AGENT_ASKED_WRITE, KUBE_DENIED, 403
#define WEBHOOK   "delete", AGENT_ASKED_WRITE, KUBE_REFUSED, 400
#define BROKEN    "delete", AGENT_ASKED_WRITE, KUBE_UNKNOWN, 500
#define POLICY    "delete", AGENT_ASKED_WRITE, KUBE_CONFLICT, 422
#define THROTTLED "delete", AGENT_ASKED_WRITE, KUBE_THROTTLED, 429
#define LATE      "delete", AGENT_ASKED_WRITE, KUBE_CONFLICT, 409
#define DELETED   "delete", AGENT_ASKED_WRITE, KUBE_OK, 200
#define NO_SUCH   "delete", AGENT_ASKED_WRITE, KUBE_NOT_FOUND, 404
#define MADE      "create", AGENT_ASKED_CREATE, KUBE_OK, 201
#define NOT_MADE  "create", AGENT_ASKED_CREATE, KUBE_DENIED, 403
#define STRIPPED  "strip", AGENT_ASKED_WRITE, KUBE_OK, 200
#define NOT_READ  "read", AGENT_ASKED_READ, KUBE_DENIED, 401
#define IS_READ   "read", AGENT_ASKED_READ, KUBE_OK, 200
#define IS_OTHER  "read", AGENT_ASKED_AND_GONE, KUBE_OK, 200
#define IS_ABSENT "read", AGENT_ASKED_AND_GONE, KUBE_NOT_FOUND, 404
#define IS_AWAY   "read", AGENT_ASKED_AND_GONE, KUBE_UNREACHABLE, 0

/* One record when a refusal begins, one when it is over (accepted, or there is nothing left to refuse), and none in
 * between, whatever is read meanwhile; and what was refused is the problem all the while. */
static void test_refusal_once(_unused_ void **state) {
        static const struct {
                struct {
                        const char *what;
                        enum agent_asked asked;
                        enum kube_result result;
                        long code;
                } answers[8];
                unsigned begun, over;
                const char *problem;
        } rows[] = {
                {{{DENIED}, {IS_READ}, {DENIED}, {IS_READ}, {DENIED}}, 1, 0, "delete: forbidden (3)"},
                {{{DENIED}, {IS_READ}, {DENIED}, {IS_READ}}, 1, 0, "delete: forbidden (3)"},
                {{{WEBHOOK}, {IS_READ}, {WEBHOOK}, {IS_READ}, {DELETED}}, 1, 1, ""},
                {{{BROKEN}, {IS_READ}, {BROKEN}, {IS_READ}, {BROKEN}, {IS_READ}}, 1, 0, "delete: forbidden (3)"},
                {{{BROKEN}, {IS_READ}, {BROKEN}, {IS_READ}, {BROKEN}, {IS_READ}, {NO_SUCH}}, 1, 1, ""},
                {{{BROKEN}, {IS_READ}, {DELETED}}, 0, 0, ""},
                {{{BROKEN}, {IS_AWAY}, {BROKEN}, {IS_AWAY}}, 0, 0, ""},
                {{{POLICY}, {IS_READ}, {POLICY}, {IS_READ}, {POLICY}, {IS_READ}, {DELETED}}, 1, 1, ""},
                {{{THROTTLED}, {IS_READ}, {THROTTLED}, {IS_READ}, {LATE}, {IS_READ}, {THROTTLED}},
                 1,
                 0,
                 "delete: forbidden (6)"},
                /* another cause is told; the same two in turn are not */
                {{{DENIED}, {IS_READ}, {NOT_READ}, {DENIED}, {NOT_READ}, {IS_READ}}, 2, 1, ""},
                /* gone by another hand */
                {{{DENIED}, {IS_READ}, {DENIED}, {IS_ABSENT}}, 1, 1, ""},
                {{{DENIED}, {IS_READ}, {DENIED}, {IS_OTHER}, {DENIED}}, 2, 1, "delete: forbidden (4)"},
                {{{DENIED}, {IS_AWAY}, {IS_READ}, {DENIED}}, 1, 0, "delete: forbidden (3)"},
                /* there is none because it is refused; there is one, by another hand */
                {{{NOT_MADE}, {IS_ABSENT}, {NOT_MADE}, {IS_ABSENT}, {NOT_MADE}}, 1, 0, "create: forbidden (4)"},
                {{{NOT_MADE}, {IS_ABSENT}, {NOT_MADE}, {MADE}}, 1, 1, ""},
                {{{NOT_MADE}, {IS_OTHER}}, 1, 1, ""},
                /* of each request */
                {{{NOT_READ}, {IS_ABSENT}}, 1, 1, ""},
                {{{NOT_READ}, {DENIED}, {IS_READ}, {STRIPPED}, {DELETED}}, 2, 2, ""},
                /* several end at once: none of them counts as told after that */
                {{{NOT_MADE}, {DENIED}, {IS_OTHER}, {NOT_READ}, {DENIED}}, 4, 2, "delete: forbidden (4)"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct agent a = {.trace_fd = -1};
                struct agent_refusals refusals = {};
                char problem[512] = "", text[64];
                bool silent;

                n_begun = n_over = n_other = 0;
                for (size_t n = 0; n < ELEMENTSOF(rows[i].answers) && rows[i].answers[n].what; n++) {
                        (void)snprintf(text, sizeof(text), "forbidden (%zu)", n);
                        (void)agent_note_reply(&a,
                                               &(struct kube_reply){.result = rows[i].answers[n].result,
                                                                    .http_code = rows[i].answers[n].code,
                                                                    .text = text},
                                               rows[i].answers[n].asked, &refusals, problem, rows[i].answers[n].what,
                                               &silent);
                }
                if (n_begun != rows[i].begun || n_over != rows[i].over || n_other)
                        fail_msg("row %zu: begun %u, over %u, other %u", i, n_begun, n_over, n_other);
                if (rows[i].problem[0] ? !agent_same_cause(problem, rows[i].problem) : problem[0] != '\0')
                        fail_msg("row %zu: problem is '%s'", i, problem);
                free(a.inbox.posts);
        }
}

/* That a refusal is over is told of the request that was refused (the lock may be read, and not released all the
 * while), and of no other answer that is as good as one (a namespace that may not be read). */
static void test_refusal_over(void **state) {
        static const struct {
                struct {
                        enum agent_asked asked;
                        const char *what;
                        enum kube_result result;
                        long code;
                } answers[4];
                bool told;
        } rows[] = {
                {{ANSWER(AGENT_ASKED_READ, "read", KUBE_DENIED, 401)}, true},
                {{ANSWER(AGENT_ASKED_READ, "read", KUBE_DENIED, 401), ANSWER(AGENT_ASKED_READ, "read", KUBE_OK, 200)},
                 false},
                {{ANSWER(AGENT_ASKED_READ, "read", KUBE_DENIED, 401), ANSWER(AGENT_ASKED_READ, "read", KUBE_OK, 403)},
                 true},
                {{ANSWER(AGENT_ASKED_WRITE, "strip", KUBE_DENIED, 403), ANSWER(AGENT_ASKED_READ, "read", KUBE_OK, 200)},
                 true},
                {{ANSWER(AGENT_ASKED_WRITE, "strip", KUBE_DENIED, 403), ANSWER(AGENT_ASKED_READ, "read", KUBE_OK, 200),
                  ANSWER(AGENT_ASKED_WRITE, "strip", KUBE_OK, 200)},
                 false},
                {{ANSWER(AGENT_ASKED_WRITE, "delete", KUBE_DENIED, 403),
                  ANSWER(AGENT_ASKED_WRITE, "strip", KUBE_OK, 200)},
                 true},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                static struct agent a;
                char problem[512] = "";
                struct agent_refusals refusals = {};
                bool silent;

                for (size_t n = 0; n < ELEMENTSOF(rows[i].answers) && rows[i].answers[n].what; n++)
                        (void)agent_note_reply(&a,
                                               &(struct kube_reply){.result = rows[i].answers[n].result,
                                                                    .http_code = rows[i].answers[n].code,
                                                                    .text = "forbidden"},
                                               rows[i].answers[n].asked, &refusals, problem, rows[i].answers[n].what,
                                               &silent);
                if (!refusals.told[0].what != !rows[i].told)
                        fail_msg("row %zu", i);
        }
}

/* A POST that is answered 404 does not miss its object, but what that would be in. */
static void test_no_namespace(void **state) {
        static struct agent a;
        const struct kube_reply reply = {
                .result = KUBE_NOT_FOUND, .http_code = 404, .text = "namespaces \"prod\" not found"};
        char problem[512] = "";
        struct agent_refusals refusals = {};
        bool silent;

        (void)state;
        (void)agent_note_reply(&a, &reply, AGENT_ASKED_CREATE, &refusals, problem, "create", &silent);
        assert_string_equal(problem, "create: the namespace does not exist: namespaces \"prod\" not found");
        (void)agent_note_reply(&a, &reply, AGENT_ASKED_WRITE, &refusals, problem, "strip", &silent);
        assert_string_equal(problem, "");
}

/* What was missing may be there: who has just won is not told for a minute that it cannot win. */
static void test_creation_accepted(void **state) {
        static const struct {
                enum agent_asked asked;
                enum kube_result result;
                size_t n_missing;
                bool soon;
        } rows[] = {
                {AGENT_ASKED_CREATE, KUBE_OK, 1, true},      {AGENT_ASKED_CREATE, KUBE_OK, 0, false},
                {AGENT_ASKED_CREATE, KUBE_EXISTS, 1, false}, {AGENT_ASKED_WRITE, KUBE_OK, 1, false},
                {AGENT_ASKED_READ, KUBE_OK, 1, false},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct kube_reply reply = {.result = rows[i].result, .http_code = 201, .text = ""};
                struct agent a = {.trace_fd = -1, .rights = {.n_missing = rows[i].n_missing}};
                struct agent_refusals refusals = {};
                char problem[512] = "";
                uint64_t now = clock_boottime_usec(), due = now + 60 * USEC_PER_SEC;
                bool silent;

                a.rights.due_usec = due;
                (void)agent_note_reply(&a, &reply, rows[i].asked, &refusals, problem, "x", &silent);
                if (rows[i].soon ? a.rights.due_usec > now + 5 * USEC_PER_SEC : a.rights.due_usec != due)
                        fail_msg("row %zu", i);
                free(a.inbox.posts);
        }
}

/* Curl's texts have times and ports in them: the same cause is told once. */
static void test_same_cause(void **state) {
        static const struct {
                const char *a, *b;
                bool same;
        } rows[] = {
                {"", "", true},
                {"timed out after 5000 ms", "timed out after 5001 milliseconds", false},
                {"timed out after 5000 ms", "timed out after 51 ms", true},
                {"port 6443: refused", "port 6443: reset", false},
                {"refused", "refused 2", false},
                {"7", "", true},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(agent_same_cause(rows[i].a, rows[i].b), rows[i].same);
}

/* Silence begins with the first request or watch that had no answer, and any answer ends it. */
static void test_silence(void **state) {
        static struct agent a;
        const struct kube_watch_event down = {.type = KUBE_WATCH_DOWN, .text = "watch: broken", .silent = true};
        const struct kube_watch_event refused = {.type = KUBE_WATCH_DOWN, .text = "watch: forbidden"};
        const struct kube_watch_event seen = {.type = KUBE_WATCH_ABSENT, .text = ""};
        const struct kube_reply cannot = {.result = KUBE_UNKNOWN, .http_code = 503, .text = "etcd is away"};
        char problem[512] = "";
        struct agent_refusals refusals = {};
        bool silent;

        (void)state;
        agent_note_watch(&a, &refused);
        assert_string_equal(a.api_error, "");
        agent_note_watch(&a, &down);
        assert_string_equal(a.api_error, "watch: broken");
        assert_false(agent_api_is_silent(&a, a.api_silent_usec + USEC_PER_SEC));
        assert_true(agent_api_is_silent(&a, a.api_silent_usec + 2 * USEC_PER_SEC));
        agent_note_watch(&a, &seen);
        assert_false(agent_api_is_silent(&a, USEC_INFINITY));
        (void)agent_note_reply(&a, &cannot, AGENT_ASKED_READ, &refusals, problem, "read", &silent);
        assert_true(silent);
        assert_true(agent_api_is_silent(&a, a.api_silent_usec + 2 * USEC_PER_SEC));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refusal_once),      cmocka_unit_test(test_lasting_422),
                cmocka_unit_test(test_refusal_over),      cmocka_unit_test(test_no_namespace),
                cmocka_unit_test(test_same_cause),        cmocka_unit_test(test_silence),
                cmocka_unit_test(test_creation_accepted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
