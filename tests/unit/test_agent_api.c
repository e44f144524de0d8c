/* SPDX-License-Identifier: Apache-2.0 */
/* How answers of the API server are told to humans. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/agent_parts.h"

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
                unsigned n_invalid = 0;
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
                                &a, &reply, rows[i].answers[n].asked, &n_invalid, problem,
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lasting_422),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
