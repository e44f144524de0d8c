/* SPDX-License-Identifier: Apache-2.0 */
/* What starts a unit: which of it is to start with the unit, what its drop-in says, and what is wrong in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/enroll.h"

#define DIR  "/run/leader-agent"
#define GATE DIR "/leading/app.service"

static const struct enroll_want want = {
        .unit = "app.service", .runtime_dir = DIR, .tenure = TENURE_LEASE, .stop_timeout_usec = 6 * USEC_PER_SEC};

/* As enroll leaves them on a host that does not lead. */
static struct enroll_facts sound_trigger(void) {
        return (struct enroll_facts){.id = "app.socket",
                                     .load_state = "loaded",
                                     .active_state = "inactive",
                                     .unit_file_state = "enabled",
                                     .triggers = "app.service",
                                     .asserts = {"/etc/hostname", GATE},
                                     .n_asserts = 2,
                                     .part_of = {"other.target", "app.service"},
                                     .n_part_of = 2,
                                     .dropins = {ENROLL_DIR "/app.socket.d/" ENROLL_DROPIN_NAME},
                                     .n_dropins = 1};
}

static struct enroll_facts sound_unit(void) {
        return (struct enroll_facts){.id = "app.service",
                                     .load_state = "loaded",
                                     .active_state = "inactive",
                                     .asserts = {GATE},
                                     .n_asserts = 1,
                                     .wants = {"other.timer", "app.socket"},
                                     .n_wants = 2};
}

enum change {
        NOTHING,
        NO_ASSERT,
        OTHER_ASSERT,
        LATE_DROPIN,
        NO_PART_OF,
        OTHER_PART_OF,
        NOT_WANTED,
        DISABLED,
        UP,
        UP_OPEN,
        UP_WITH_UNIT,
        BOTH_UP_WITHOUT_GATE,
        MASKED,
        DISABLED_UP,
        DISABLED_UP_WITH_UNIT,
        DISABLED_UP_WANTED,
        DOWN_OPEN,
        DOWN_OPEN_TIMER,
        DOWN_OPEN_UNIT_DOWN,
        DOWN_OPEN_DISABLED,
};

#define ENROLL "leaderctl enroll --tenure lease --stop-timeout 6 app.service"

static const struct {
        enum change change;
        size_t n;
        const char *text, *cure;
} rows[] = {
        {NOTHING, 0, "", ""},
        {NO_ASSERT, 1, "app.socket starts the unit and is not enrolled with it", ENROLL},
        {OTHER_ASSERT, 1, "app.socket starts the unit and is not enrolled with it", ENROLL},
        {LATE_DROPIN, 1, "(applied after ours: /etc/systemd/system/app.socket.d/zzz.conf)",
         ENROLL "; sed -i '/^Assert[A-Za-z0-9]* *= *$/d' /etc/systemd/system/app.socket.d/zzz.conf; systemctl "
                "daemon-reload"},
        {NO_PART_OF, 1, "app.socket starts the unit and is not enrolled with it", ENROLL},
        {OTHER_PART_OF, 1, "app.socket starts the unit and is not enrolled with it", ENROLL},
        {NOT_WANTED, 1, "app.socket does not start with the unit", ENROLL},
        {DISABLED, 0, "", ""},
        {UP, 1, "app.socket is up though the unit may not run here", "systemctl stop app.socket"},
        {UP_OPEN, 0, "", ""},
        {UP_WITH_UNIT, 0, "", ""},
        {BOTH_UP_WITHOUT_GATE, 1, "app.socket starts the unit and is not enrolled with it",
         "leaderctl enroll --adopt --tenure lease --stop-timeout 6 app.service"},
        {MASKED, 0, "", ""},
        {DISABLED_UP, 1, "app.socket is up though the unit may not run here", "systemctl stop app.socket"},
        {DISABLED_UP_WITH_UNIT, 1, "app.socket is up here and not enabled", "systemctl enable app.socket; " ENROLL},
        {DISABLED_UP_WANTED, 0, "", ""},
        {DOWN_OPEN, 1, "app.socket is not up though the unit may run here", "systemctl restart app.service"},
        {DOWN_OPEN_TIMER, 1, "app.timer is not up though the unit may run here", "systemctl start app.timer"},
        {DOWN_OPEN_UNIT_DOWN, 1, "app.socket is not up though the unit may run here", "systemctl start app.socket"},
        {DOWN_OPEN_DISABLED, 0, "", ""},
};

static void apply(enum change c, struct enroll_facts *t, struct enroll_facts *unit) {
        switch (c) {
        case NOTHING:
                break;
        case NO_ASSERT:
                t->n_asserts = 1;
                break;
        case OTHER_ASSERT:
                strcpy(t->asserts[1], DIR "/leading/app.socket");
                break;
        case LATE_DROPIN:
                t->n_asserts = 0;
                strcpy(t->dropins[t->n_dropins++], ENROLL_DIR "/app.socket.d/zzz.conf");
                break;
        case NO_PART_OF:
                t->n_part_of = 1;
                break;
        case OTHER_PART_OF:
                strcpy(t->part_of[1], "app2.service");
                break;
        case NOT_WANTED:
                unit->n_wants = 1;
                break;
        case DISABLED:
                strcpy(t->unit_file_state, "disabled");
                unit->n_wants = 1;
                break;
        case UP:
        case UP_OPEN:
                strcpy(t->active_state, "active");
                break;
        case UP_WITH_UNIT:
                strcpy(t->active_state, "active");
                strcpy(unit->active_state, "deactivating");
                break;
        case BOTH_UP_WITHOUT_GATE:
                strcpy(t->active_state, "active");
                strcpy(unit->active_state, "active");
                t->n_asserts = unit->n_asserts = 0;
                break;
        case DISABLED_UP:
        case DISABLED_UP_WITH_UNIT:
        case DISABLED_UP_WANTED:
                strcpy(t->unit_file_state, "disabled");
                strcpy(t->active_state, "active");
                strcpy(unit->active_state, c == DISABLED_UP ? "inactive" : "active");
                unit->n_wants = c == DISABLED_UP_WANTED ? 2 : 1;
                break;
        case DOWN_OPEN_TIMER:
                strcpy(t->id, "app.timer");
                strcpy(unit->wants[1], "app.timer");
                strcpy(unit->active_state, "active");
                break;
        case DOWN_OPEN:
                strcpy(unit->active_state, "active");
                break;
        case DOWN_OPEN_UNIT_DOWN:
                break;
        case DOWN_OPEN_DISABLED:
                strcpy(t->unit_file_state, "disabled");
                break;
        case MASKED:
                strcpy(t->load_state, "masked");
                t->n_asserts = t->n_part_of = unit->n_wants = 0;
                break;
        }
}

static void test_check(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct enroll_problem problems[ENROLL_PROBLEMS_MAX] = {};
                struct enroll_facts t = sound_trigger(), unit = sound_unit();
                bool open = rows[i].change == UP_OPEN || rows[i].change >= DOWN_OPEN;
                size_t n;

                apply(rows[i].change, &t, &unit);
                n = enroll_check_trigger(&t, &unit, &want, open, problems);
                if (n != rows[i].n || !strstr(problems[0].text, rows[i].text) ||
                    strcmp(problems[0].cure, rows[i].cure) != 0)
                        fail_msg("row %zu: %zu, \"%s\", cure \"%s\"", i, n, problems[0].text, problems[0].cure);
                /* What is told to be up is what enroll stops. */
                if (enroll_trigger_idles(&t, &unit, open) != (rows[i].change == UP || rows[i].change == DISABLED_UP))
                        fail_msg("row %zu: up", i);
                /* None of it keeps the unit from starting. */
                for (size_t k = 0; k < n; k++)
                        assert_true(problems[k].severity < ENROLL_NO_START);
        }
}

static void test_starts(_unused_ void **state) {
        static const struct {
                const char *file_state, *active;
                bool wanted, starts;
        } table[] = {
                {"enabled", "inactive", false, true},   {"enabled-runtime", "inactive", false, true},
                {"disabled", "inactive", false, false}, {"disabled", "active", false, false},
                {"disabled", "inactive", true, false}, /* our own Wants=, of when it was enabled */
                {"static", "inactive", false, false},   {"static", "active", false, true},
                {"static", "inactive", true, true},     {"static", "failed", false, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct enroll_facts t = sound_trigger(), unit = sound_unit();

                strcpy(t.unit_file_state, table[i].file_state);
                strcpy(t.active_state, table[i].active);
                unit.n_wants = table[i].wanted ? 2 : 1;
                if (enroll_trigger_starts(&t, &unit) != table[i].starts)
                        fail_msg("row %zu", i);
        }
}

static void test_type(_unused_ void **state) {
        assert_true(enroll_trigger_type("app.socket"));
        assert_true(enroll_trigger_type("app.path"));
        assert_true(enroll_trigger_type("a.service.timer"));
        assert_false(enroll_trigger_type("app.timer.service"));
        assert_false(enroll_trigger_type("timer"));
}

static const char *line(const char *text, const char *key) {
        const char *p = strstr(text, key);

        return p && p > text && p[-1] == '\n' ? p : NULL;
}

static void test_dropins(_unused_ void **state) {
        struct enroll_triggers t = {.name = {"a.timer", "b.socket", "c.path"}, .starts = {true, false, true}, .n = 3};
        struct enroll_want w = want;
        char text[ENROLL_DROPIN_MAX];
        int n;

        n = enroll_trigger_dropin(&w, text);
        assert_int_equal(n, strlen(text));
        assert_non_null(line(text, "AssertPathExists=" GATE "\n"));
        assert_non_null(line(text, "PartOf=app.service\n"));
        w.triggers = &t;
        n = enroll_dropin(&w, 1, text);
        assert_int_equal(n, strlen(text));
        assert_non_null(line(text, "Wants=a.timer c.path\n"));
        assert_true(line(text, "Wants=") < line(text, "[Service]\n"));
        t = (struct enroll_triggers){.name = {"b.socket"}, .n = 1};
        n = enroll_dropin(&w, 1, text);
        assert_int_equal(n, strlen(text));
        assert_null(line(text, "Wants="));
        /* As many as there can be, with names as long as they can be. */
        t.n = ENROLL_TRIGGERS_MAX;
        for (size_t i = 0; i < t.n; i++) {
                memset(t.name[i], 'a', sizeof(t.name[0]) - 1);
                t.starts[i] = true;
        }
        n = enroll_dropin(&w, 4, text);
        assert_int_equal(n, strlen(text));
        assert_non_null(line(text, "NotifyAccess=none\n"));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_check), cmocka_unit_test(test_starts),
                                           cmocka_unit_test(test_type), cmocka_unit_test(test_dropins)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
