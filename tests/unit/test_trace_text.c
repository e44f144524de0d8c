/* SPDX-License-Identifier: Apache-2.0 */
/* A trace is read back as what was written, whatever it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/trace_text.h"

/* Written, read, written again: the same text; and the same bytes but for what the text leaves out. */
static void round_trip(const struct trace_line *line) {
        char text[TRACE_TEXT_MAX], again[TRACE_TEXT_MAX];
        struct trace_line back;
        size_t n = trace_text_format(line, text, sizeof(text));

        assert_true(n > 1 && n < sizeof(text) - 1 && text[n - 1] == '\n' && !text[n]);
        text[n - 1] = '\0';
        assert_int_equal(trace_text_parse(text, &back), 0);
        (void)trace_text_format(&back, again, sizeof(again));
        again[strlen(again) - 1] = '\0';
        assert_string_equal(text, again);
}

static void test_reads_like_a_story(void **state) {
        struct trace_line line = {
                .type = TRACE_LOCK,
                .index = 2,
                .lock_event = {.now_usec = 1032512304,
                               .type = ELECTION_EV_REPLY,
                               .op = ELECTION_OP_CREATE,
                               .result = RESULT_OK,
                               .lock = {.uid = 0x3f, .sort = LOCK_SOUND, .tenure = TENURE_LEASE, .claimed = true}},
                .lock_actions = {.guard = {{.type = ELECTION_MSG_PERMIT,
                                            .uid = 0x3f,
                                            .stop_at_usec = 1040512304,
                                            .kill_at_usec = USEC_INFINITY}},
                                 .request = {.op = ELECTION_OP_READ}},
        };
        char text[TRACE_TEXT_MAX];

        (void)state;
        (void)trace_text_format(&line, text, sizeof(text));
        assert_string_equal(text,
                            "[1032.512304] lock 2: reply op=create lock.uid=3f lock.sort=sound "
                            "lock.tenure=lease lock.claimed -> permit uid=3f until=1040.512304 kill=never; read\n");
        round_trip(&line);
        line = (struct trace_line){.type = TRACE_BEGIN};
        round_trip(&line);
}

/* Every word of every enum, and every field at an odd value. */
static void test_everything(void **state) {
        (void)state;
        for (uint8_t type = 0; type < N_ELECTION_EVENTS; type++)
                for (uint8_t op = 0; op < N_ELECTION_OPS; op++) {
                        struct trace_line line = {.type = TRACE_LOCK, .index = op};

                        memset(&line.lock_event, 0x5a, sizeof(line.lock_event));
                        line.lock_event.type = type;
                        line.lock_event.op = op;
                        line.lock_event.result = op % N_CORE_RESULTS;
                        line.lock_event.lock.sort = op % N_LOCK_SORTS;
                        line.lock_event.lock.tenure = op % N_TENURES;
                        line.lock_event.guard.unit = op % N_UNIT_STATES;
                        line.lock_event.guard.refusal = op % N_GUARD_RESULTS;
                        line.lock_actions.request.op = op;
                        line.lock_actions.request.uid = 0xfedcba9876543210;
                        line.lock_actions.guard[0].type = ELECTION_MSG_REVOKE;
                        line.lock_actions.guard[1].type = ELECTION_MSG_QUERY;
                        line.lock_actions.guard[1].uid = 7;
                        round_trip(&line);
                }
        for (uint8_t op = 0; op < N_PLACEHOLDER_OPS; op++) {
                struct trace_line line = {.type = TRACE_PLACEHOLDER};

                memset(&line.placeholder_event, 0x5a, sizeof(line.placeholder_event));
                line.placeholder_event.type = op % (PLACEHOLDER_EV_SEEN + 1);
                line.placeholder_event.op = op;
                line.placeholder_event.result = op % N_CORE_RESULTS;
                line.placeholder_action = (struct placeholder_action){.op = op, .uid = op, .version = 3};
                round_trip(&line);
        }
        for (uint8_t type = 0; type < N_CORE_CHANGES; type++) {
                struct trace_line line = {.type = TRACE_CHANGE, .index = 3};

                memset(&line.change, 0x5a, sizeof(line.change));
                line.change.type = type;
                line.change.lock.tenure = TENURE_LEASE;
                line.change.placeholder_conf.tenure = TENURE_LEASE;
                round_trip(&line);
        }
}

/* A field that has no row would be lost without a word: each byte of the structs that is not padding must change the
 * text. */
static void count_silent(const char *what, void *base, size_t size, const struct trace_line *line, size_t allowed) {
        char plain[TRACE_TEXT_MAX], changed[TRACE_TEXT_MAX];
        uint8_t *bytes = base;
        size_t silent = 0;

        (void)trace_text_format(line, plain, sizeof(plain));
        for (size_t i = 0; i < size; i++) {
                bytes[i] = 1;
                (void)trace_text_format(line, changed, sizeof(changed));
                silent += util_streq(plain, changed);
                bytes[i] = 0;
        }
        if (silent != allowed)
                fail_msg("%s: %zu bytes are not in the text, %zu are padding or another type's: a row is missing in "
                         "trace_fields.c",
                         what, silent, allowed);
}

static void test_no_field_is_forgotten(void **state) {
        struct trace_line line = {.type = TRACE_LOCK};

        (void)state;
        count_silent("election_event", &line.lock_event, sizeof(line.lock_event), &line, 10);
        line = (struct trace_line){.type = TRACE_PLACEHOLDER};
        count_silent("placeholder_event", &line.placeholder_event, offsetof(struct placeholder_event, wish), &line, 2);
        line = (struct trace_line){.type = TRACE_CHANGE, .change = {.type = CORE_ADD_LOCK}};
        count_silent("a lock's configuration", &line.change.lock, sizeof(line.change.lock), &line, 10);
        line = (struct trace_line){.type = TRACE_CHANGE, .change = {.type = CORE_ANSWERED}};
        count_silent("an answer", &line.change.now_usec, sizeof(line.change) - offsetof(struct core_change, now_usec),
                     &line, 4);
        line = (struct trace_line){.type = TRACE_CHANGE, .change = {.type = CORE_ADD_PLACEHOLDER}};
        count_silent("a placeholder's configuration", &line.change.placeholder_conf,
                     sizeof(line.change.placeholder_conf), &line, 2);
}

static void test_garbage(void **state) {
        static const char *const lines[] = {
                "",
                "begins",
                "change",
                "change 1",
                "change 1 fly",
                "change 1 stop now",
                "[1.000000] lock 0:",
                "[1.000000] lock 0: flies",
                "[1.000000] lock 0: go op=fly",
                "[1.000000] lock 0: go what=1",
                "[1.000000] lock 0: go ->",
                "[1.000000] lock 0: go -> fly",
                "[1.000000] lock 0: go -> permit uid=xyz",
                "[x] lock 0: go",
                "[1.000000] cat 0: go",
                "[1.000000] placeholder 0: go -> permit",
        };
        struct trace_line line;

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                if (trace_text_parse(lines[i], &line) == 0)
                        fail_msg("\"%s\" was taken for a line", lines[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads_like_a_story),
                cmocka_unit_test(test_everything),
                cmocka_unit_test(test_no_field_is_forgotten),
                cmocka_unit_test(test_garbage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
