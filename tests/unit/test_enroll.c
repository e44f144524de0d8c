/* SPDX-License-Identifier: Apache-2.0 */
/* The drop-in's text, and what is wrong with the facts of a unit. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/enroll.h"

#define DIR  "/run/leader-agent"
#define UNIT "app.service"
#define OURS ENROLL_DIR "/" UNIT ".d/" ENROLL_DROPIN_NAME
/* The end of a cure that adds a setting. */
#define CURED ">>" ENROLL_DIR "/" UNIT ".d/zz-unit.conf; systemctl daemon-reload"

/* As after `leaderctl enroll --tenure lease --stop-timeout 6` of a plain unit. */
static struct enroll_facts sound(void) {
        return (struct enroll_facts){
                .id = UNIT,
                .load_state = "loaded",
                .active_state = "inactive",
                .unit_file_state = "disabled",
                .after_guard = true,
                .after_agent = true,
                .binds_to_guard = true,
                .asserts = {"/etc/hostname", DIR "/leading/" UNIT},
                .n_asserts = 2,
                .environment_files = {DIR "/env/" UNIT},
                .n_environment_files = 1,
                .type = "exec",
                .notify_access = "none",
                .kill_mode = "control-group",
                .timeout_stop_failure_mode = "kill",
                .timeout_stop_usec = 6 * USEC_PER_SEC,
                .send_sigkill = true,
                .dropins = {"/usr/lib/systemd/system/service.d/10-all.conf", OURS},
                .n_dropins = 2,
        };
}

static struct enroll_want want(enum tenure tenure) {
        return (struct enroll_want){
                .unit = UNIT, .runtime_dir = DIR, .tenure = tenure, .stop_timeout_usec = 6 * USEC_PER_SEC};
}

enum change {
        ALIAS,
        NO_GATE,
        OTHER_GATE,
        NO_GUARD,
        NO_AGENT,
        NO_BIND,
        KILL_MODE,
        MIXED,
        NO_SIGKILL,
        FINAL_TERM,
        PAM,
        SLOW,
        NEVER,
        STAGES,
        TERMINATE,
        NOTIFY,
        NOTIFY_RELOAD,
        ACCESS,
        REFUSES_START,
        REFUSES_STOP,
        RELOAD_DUE,
        UNNEEDED,
        NO_ENV,
        ENABLED,
        CLIENT,
        FORKING,
        FORKING_PID_FILE,
        FORKING_NO_GUESS,
        ONESHOT,
        ONESHOT_STAYS,
        NO_LIMIT,
        LIMIT_OUT_OF_REACH,
        LIMIT_IN_REACH,
        RESTART_NEVER,
};

enum {
        NONE = -1
};

/* severity of the worst problem per tenure; NONE: no problem at all. Life of a unit with BindsTo= has one of its own,
 * so the life column is judged without. */
static const struct {
        enum change change;
        int lease, life;
        const char *text, *cure;
} rows[] = {
        {ALIAS, ENROLL_BROKEN, ENROLL_BROKEN, "another name of real.service",
         "sed -i 's/\"app.service\"/\"real.service\"/' /etc/leader-agent/leader-agent.conf"},
        {NO_GATE, ENROLL_BROKEN, ENROLL_BROKEN, "no gate", "leaderctl enroll"},
        {OTHER_GATE, ENROLL_BROKEN, ENROLL_BROKEN, "no gate", "leaderctl enroll"},
        {NO_GUARD, ENROLL_BROKEN, ENROLL_BROKEN, "After=leader-guard.service is missing", "leaderctl enroll"},
        {NO_AGENT, ENROLL_BROKEN, ENROLL_BROKEN, "After=leader-agent.service is missing", "leaderctl enroll"},
        {NO_BIND, ENROLL_BROKEN, NONE, "BindsTo=leader-guard.service is missing", "leaderctl enroll --tenure lease"},
        {KILL_MODE, ENROLL_BROKEN, ENROLL_BROKEN, "KillMode=process", "[Service]\\nKillMode=control-group\\n' " CURED},
        {MIXED, NONE, NONE, "", ""},
        {FINAL_TERM, ENROLL_BROKEN, ENROLL_NOTE, "FinalKillSignal=15",
         "[Service]\\nFinalKillSignal=SIGKILL\\n' " CURED},
        {PAM, ENROLL_BROKEN, ENROLL_BROKEN, "PAMName=login", "[Service]\\nPAMName=\\n' " CURED},
        {NO_SIGKILL, ENROLL_BROKEN, ENROLL_BROKEN, "SendSIGKILL=no", "[Service]\\nSendSIGKILL=yes\\n' " CURED},
        {SLOW, ENROLL_BROKEN, ENROLL_NOTE, "1 stop stage of TimeoutStopSec=6001ms", ""},
        {NEVER, ENROLL_BROKEN, ENROLL_NOTE, "TimeoutStopSec=infinity", ""},
        {STAGES, ENROLL_BROKEN, ENROLL_NOTE, "4 stop stages of TimeoutStopSec=6000ms", ""},
        {TERMINATE, ENROLL_BROKEN, NONE, "TimeoutStopFailureMode=terminate", "leaderctl enroll"},
        {NOTIFY, ENROLL_BROKEN, NONE, "Type=notify lets the unit extend", "[Service]\\nType=exec\\n' " CURED},
        {NOTIFY_RELOAD, ENROLL_BROKEN, NONE, "under tenure life it may", "Type=exec"},
        {ACCESS, ENROLL_BROKEN, NONE, "NotifyAccess=all lets the unit extend",
         "NotifyAccess=none\\nWatchdogSec=0\\nFileDescriptorStoreMax=0\\n' " CURED},
        {REFUSES_START, ENROLL_BROKEN, ENROLL_BROKEN, "RefuseManualStart=yes",
         "[Unit]\\nRefuseManualStart=no\\n' " CURED},
        {REFUSES_STOP, ENROLL_BROKEN, ENROLL_BROKEN, "RefuseManualStop=yes", "[Unit]\\nRefuseManualStop=no\\n' " CURED},
        {RELOAD_DUE, ENROLL_NO_START, ENROLL_NO_START, "not in force", "systemctl daemon-reload"},
        {UNNEEDED, ENROLL_NO_START, ENROLL_NO_START, "StopWhenUnneeded=yes", "[Unit]\\nStopWhenUnneeded=no\\n' " CURED},
        {NO_ENV, ENROLL_NOTE, ENROLL_NOTE, "no LEADER_TERM", "leaderctl enroll"},
        {ENABLED, ENROLL_NOTE, ENROLL_NOTE, "harmless", "systemctl disable app.service"},
};

static void apply(struct enroll_facts *f, enum change c) {
        switch (c) {
        case ALIAS:
                strcpy(f->id, "real.service");
                break;
        case NO_GATE:
                f->n_asserts = 1;
                break;
        case OTHER_GATE:
                strcpy(f->asserts[1], DIR "/leading/other.service");
                break;
        case NO_GUARD:
                f->after_guard = false;
                break;
        case NO_AGENT:
                f->after_agent = false;
                break;
        case NO_BIND:
                f->binds_to_guard = false;
                break;
        case KILL_MODE:
                strcpy(f->kill_mode, "process");
                break;
        case MIXED:
                strcpy(f->kill_mode, "mixed");
                break;
        case FINAL_TERM:
                f->final_kill_signal = 15;
                break;
        case PAM:
                strcpy(f->pam_name, "login");
                break;
        case NO_SIGKILL:
                f->send_sigkill = false;
                break;
        case SLOW:
                f->timeout_stop_usec += 1000;
                break;
        case NEVER:
                f->timeout_stop_usec = USEC_INFINITY;
                break;
        case STAGES:
                f->n_exec_stop = 2;
                f->n_exec_stop_post = 1;
                break;
        case TERMINATE:
                strcpy(f->timeout_stop_failure_mode, "terminate");
                break;
        case NOTIFY:
                strcpy(f->type, "notify");
                strcpy(f->notify_access, "main");
                break;
        case NOTIFY_RELOAD:
                strcpy(f->type, "notify-reload");
                break;
        case ACCESS:
                strcpy(f->notify_access, "all");
                break;
        case REFUSES_START:
                f->refuse_manual_start = true;
                break;
        case REFUSES_STOP:
                f->refuse_manual_stop = true;
                break;
        case RELOAD_DUE:
                f->need_daemon_reload = true;
                break;
        case UNNEEDED:
                f->stop_when_unneeded = true;
                break;
        case NO_ENV:
                f->n_environment_files = 0;
                break;
        case ENABLED:
                strcpy(f->unit_file_state, "enabled");
                break;
        case CLIENT:
                strcpy(f->client, "ExecStart=docker run");
                break;
        case FORKING_PID_FILE:
                strcpy(f->pid_file, "/run/app.pid");
                strcpy(f->type, "forking");
                f->guess_main_pid = true;
                break;
        case FORKING:
        case FORKING_NO_GUESS:
                strcpy(f->type, "forking");
                f->guess_main_pid = c == FORKING;
                break;
        case ONESHOT:
        case ONESHOT_STAYS:
                strcpy(f->type, "oneshot");
                f->remain_after_exit = c == ONESHOT_STAYS;
                break;
        case NO_LIMIT:
                strcpy(f->restart, "always");
                break;
        case RESTART_NEVER:
        case LIMIT_IN_REACH:
        case LIMIT_OUT_OF_REACH:
                strcpy(f->restart, c == RESTART_NEVER ? "no" : "on-failure");
                f->restart_usec = 2 * USEC_PER_SEC + (c == LIMIT_IN_REACH ? 0 : USEC_PER_MSEC);
                f->start_limit_burst = 5;
                f->start_limit_interval_usec = 10 * USEC_PER_SEC;
                break;
        }
}

static void test_sound(_unused_ void **state) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct enroll_facts f = sound();
        struct enroll_want w = want(TENURE_LEASE);

        assert_int_equal(enroll_check(&f, &w, problems), 0);
        f.binds_to_guard = false;
        w.tenure = TENURE_LIFE;
        assert_int_equal(enroll_check(&f, &w, problems), 0);
        f.binds_to_guard = true;
        assert_int_equal(enroll_check(&f, &w, problems), 1);
        assert_int_equal(problems[0].severity, ENROLL_NO_START);
        assert_non_null(strstr(problems[0].text, "enrolled for tenure lease, configured for life"));
        assert_non_null(strstr(problems[0].cure, "--tenure life"));
}

/* Of a timer PID 1 tells nothing that is about processes. */
static void test_timer(_unused_ void **state) {
        struct enroll_facts f = {
                .id = "job.timer",
                .load_state = "loaded",
                .active_state = "inactive",
                .after_guard = true,
                .after_agent = true,
                .binds_to_guard = true,
                .asserts = {DIR "/leading/job.timer"},
                .n_asserts = 1,
        };
        struct enroll_want w = want(TENURE_LEASE);
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];

        w.unit = "job.timer";
        assert_int_equal(enroll_check(&f, &w, problems), 0);
        f.n_asserts = 0;
        assert_int_equal(enroll_check(&f, &w, problems), 1);
        assert_int_equal(problems[0].severity, ENROLL_BROKEN);
        f.n_asserts = 1;
        f.binds_to_guard = false;
        assert_int_equal(enroll_check(&f, &w, problems), 1);
        assert_int_equal(problems[0].severity, ENROLL_BROKEN);
}

static void test_problems(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (int tenure = TENURE_LIFE; tenure <= TENURE_LEASE; tenure++) {
                        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
                        struct enroll_facts f = sound();
                        struct enroll_want w = want(tenure);
                        int expected = tenure == TENURE_LEASE ? rows[i].lease : rows[i].life;
                        size_t n;

                        f.binds_to_guard = tenure == TENURE_LEASE;
                        apply(&f, rows[i].change);
                        n = enroll_check(&f, &w, problems);
                        if (n != (expected == NONE ? 0 : 1))
                                fail_msg("row %zu, tenure %d: %zu problems, first \"%s\"", i, tenure, n,
                                         problems[0].text);
                        if (n > 0 &&
                            ((int)problems[0].severity != expected || !strstr(problems[0].text, rows[i].text) ||
                             !strstr(problems[0].cure, rows[i].cure)))
                                fail_msg("row %zu, tenure %d: severity %d, \"%s\", cure \"%s\"", i, tenure,
                                         problems[0].severity, problems[0].text, problems[0].cure);
                }
}

/* What comes after our drop-in is named, and its line goes; what is missing is added behind all of them. */
static void test_overridden(_unused_ void **state) {
        static const char site[] = "/etc/systemd/system/service.d/zzz-site.conf";
        static const struct {
                enum change change;
                const char *text, *cure;
        } overridden[] = {
                {NO_GATE, "overridden, no gate",
                 "leaderctl enroll --tenure lease --stop-timeout 6 " UNIT "; sed -i '/^Assert[A-Za-z0-9]* *= *$/d' "},
                {SLOW, "may take longer",
                 "leaderctl enroll --tenure lease --stop-timeout 6 " UNIT "; sed -i '/^Timeout\\(Stop\\)\\?Sec *=/d' "},
                {TERMINATE, "instead of kill",
                 "leaderctl enroll --tenure lease --stop-timeout 6 " UNIT "; sed -i '/^TimeoutStopFailureMode *=/d' "},
                {KILL_MODE, "KillMode=process", "printf '[Service]\\nKillMode=control-group\\n' >>"},
                {ACCESS, "NotifyAccess=all",
                 "printf '[Service]\\nNotifyAccess=none\\nWatchdogSec=0\\nFileDescriptorStoreMax=0\\n' >>"},
        };

        for (size_t i = 0; i < ELEMENTSOF(overridden); i++) {
                struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
                struct enroll_facts f = sound();
                struct enroll_want w = want(TENURE_LEASE);
                char cure[1024], sentence[1400];

                strcpy(f.dropins[f.n_dropins++], site);
                apply(&f, overridden[i].change);
                assert_int_equal(enroll_check(&f, &w, problems), 1);
                assert_non_null(strstr(problems[0].text, overridden[i].text));
                (void)snprintf(cure, sizeof(cure), "%s%s; systemctl daemon-reload", overridden[i].cure, site);
                assert_string_equal(problems[0].cure, cure);
                enroll_sentence(&problems[0], UNIT, sentence, sizeof(sentence));
                assert_non_null(strstr(sentence, cure));
                /* Half a cure is none. */
                enroll_sentence(&problems[0], UNIT, sentence, 100);
                assert_non_null(strstr(sentence, "; for the cure: leaderctl enroll --check " UNIT));
        }
}

/* Without the drop-in nobody else is to blame. */
static void test_not_enrolled(_unused_ void **state) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct enroll_facts f = sound();
        struct enroll_want w = want(TENURE_LIFE);

        f.n_dropins = 1;
        f.binds_to_guard = false;
        apply(&f, NO_GATE);
        assert_int_equal(enroll_check(&f, &w, problems), 1);
        assert_non_null(strstr(problems[0].text, "not enrolled, no gate"));
        assert_string_equal(problems[0].cure, "leaderctl enroll --tenure life " UNIT);
        /* One that is up is not enrolled without being asked for: it may be stopped where another host leads. */
        strcpy(f.active_state, "active");
        assert_int_equal(enroll_check(&f, &w, problems), 1);
        assert_string_equal(problems[0].cure, "leaderctl enroll --adopt --tenure life " UNIT);
}

/* What an eviction goes by: the gate of this very unit is in force, whatever else is wrong. */
static void test_gated(_unused_ void **state) {
        static const struct {
                enum change change;
                bool gated;
        } cases[] = {{ALIAS, false},   {NO_GATE, false}, {OTHER_GATE, false},
                     {NO_GUARD, true}, {NO_BIND, true},  {KILL_MODE, true}};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                struct enroll_facts f = sound();

                assert_true(enroll_gated(&f, UNIT, DIR));
                assert_false(enroll_gated(&f, UNIT, "/run/elsewhere"));
                apply(&f, cases[i].change);
                if (enroll_gated(&f, UNIT, DIR) != cases[i].gated)
                        fail_msg("case %zu", i);
        }
}

/* The stop of a life is the unit's own affair. */
static void test_slow_life(_unused_ void **state) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct enroll_facts f = sound();
        struct enroll_want w = want(TENURE_LIFE);

        f.binds_to_guard = false;
        apply(&f, STAGES);
        assert_int_equal(enroll_check(&f, &w, problems), 1);
        assert_non_null(strstr(problems[0].cure, "'[Service]\\nTimeoutStopSec=1500ms\\n' " CURED));
}

static void test_worst_first(_unused_ void **state) {
        struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct enroll_facts f = {.unit_file_state = "enabled", .need_daemon_reload = true};
        struct enroll_want w = want(TENURE_LEASE);
        size_t n;

        n = enroll_check(&f, &w, problems);
        assert_true(n >= 9 && n <= ENROLL_PROBLEMS_MAX);
        for (size_t i = 1; i < n; i++)
                assert_true(problems[i - 1].severity >= problems[i].severity);
        assert_int_equal(problems[0].severity, ENROLL_BROKEN);
        assert_int_equal(problems[n - 1].severity, ENROLL_NOTE);
}

static void test_loaded(_unused_ void **state) {
        static const struct {
                const char *state;
                int result;
                const char *text;
        } loads[] = {
                {"loaded", 0, ""},
                {"not-found", -ENOENT, "systemctl daemon-reload"},
                {"masked", -ESHUTDOWN, "systemctl unmask app.service"},
                {"bad-setting", -ENOEXEC, "systemd-analyze verify app.service"},
                {"error", -ENOEXEC, "error: broken"},
        };

        for (size_t i = 0; i < ELEMENTSOF(loads); i++) {
                struct enroll_facts f = {.load_error = "broken"};
                struct err err = {};

                strcpy(f.load_state, loads[i].state);
                assert_int_equal(enroll_loaded(&f, UNIT, &err), loads[i].result);
                assert_non_null(strstr(err.text, loads[i].text));
        }
}

/* Lines that are not comments. */
static void bare(const char *text, char *buf) {
        while (*text) {
                const char *end = strchr(text, '\n');

                if (*text != '#') {
                        memcpy(buf, text, (size_t)(end - text) + 1);
                        buf += end - text + 1;
                }
                text = end + 1;
        }
        *buf = '\0';
}

static void test_dropin(_unused_ void **state) {
        char text[ENROLL_DROPIN_MAX], lines[ENROLL_DROPIN_MAX];
        struct enroll_want w = want(TENURE_LIFE);
        int n;

        n = enroll_dropin(&w, 1, text);
        assert_int_equal(n, strlen(text));
        bare(text, lines);
        assert_string_equal(lines, "[Unit]\n"
                                   "AssertPathExists=/run/leader-agent/leading/%n\n"
                                   "After=leader-guard.service leader-agent.service\n"
                                   "\n[Service]\n"
                                   "EnvironmentFile=-/run/leader-agent/env/%n\n");
        w.tenure = TENURE_LEASE;
        n = enroll_dropin(&w, 4, text);
        assert_int_equal(n, strlen(text));
        bare(text, lines);
        assert_string_equal(lines, "[Unit]\n"
                                   "AssertPathExists=/run/leader-agent/leading/%n\n"
                                   "After=leader-guard.service leader-agent.service\n"
                                   "BindsTo=leader-guard.service\n"
                                   "\n[Service]\n"
                                   "EnvironmentFile=-/run/leader-agent/env/%n\n"
                                   "TimeoutStopSec=1500ms\n"
                                   "TimeoutAbortSec=1500ms\n"
                                   "TimeoutStopFailureMode=kill\n"
                                   "SendSIGKILL=yes\n"
                                   "FinalKillSignal=SIGKILL\n"
                                   "NotifyAccess=none\n");
        w.stop_timeout_usec = 300 * USEC_PER_MSEC;
        assert_int_equal(enroll_dropin(&w, 4, text), -ERANGE);
}

/* Each behind the one before it: systemd then stops them in reverse. A timer has no processes to speak of. */
static void test_dropin_of_a_list(_unused_ void **state) {
        char text[ENROLL_DROPIN_MAX], lines[ENROLL_DROPIN_MAX];
        struct enroll_want w = want(TENURE_LEASE);

        w.list = "addr.service " UNIT " job.timer";
        assert_true(enroll_dropin(&w, 1, text) > 0);
        bare(text, lines);
        assert_non_null(strstr(lines, "BindsTo=leader-guard.service\nAfter=addr.service\n\n[Service]\n"));
        w.unit = "addr.service";
        assert_true(enroll_dropin(&w, 1, text) > 0);
        bare(text, lines);
        assert_non_null(strstr(lines, "BindsTo=leader-guard.service\n\n[Service]\n"));
        w.list = "a.socket " UNIT;
        w.unit = "a.socket";
        assert_true(enroll_dropin(&w, 1, text) > 0);
        bare(text, lines);
        assert_non_null(strstr(lines, "DefaultDependencies=no\nRequires=sysinit.target\nAfter=sysinit.target\n"));
        assert_null(strstr(lines, "[Service]"));
        w.list = "addr.service " UNIT " job.timer";
        w.unit = "job.timer";
        assert_true(enroll_dropin(&w, 1, text) > 0);
        bare(text, lines);
        assert_string_equal(lines, "[Unit]\n"
                                   "AssertPathExists=/run/leader-agent/leading/%n\n"
                                   "After=leader-guard.service leader-agent.service\n"
                                   "BindsTo=leader-guard.service\n"
                                   "After=" UNIT "\n");
}

/* Under a lease with a stop timeout of 6 s, first instant 100, second 106 s. */
static void test_loosens(_unused_ void **state) {
        enum {
                REMOVED = -1
        };
        static const struct {
                int tenure; /* wanted */
                unsigned stop_sec;
                bool life, up; /* the permit is one for life; the unit is up */
                unsigned now_sec;
                bool loosens;
        } table[] = {
                {TENURE_LIFE, 6, false, true, 50, true},      /* no BindsTo=, whatever TimeoutStopSec= */
                {TENURE_LIFE, 1, false, true, 50, true},      /* a life drop-in says nothing of the stop */
                {REMOVED, 0, false, true, 50, true},          /* */
                {TENURE_LEASE, 7, false, true, 50, true},     /* */
                {TENURE_LEASE, 6, false, true, 50, false},    /* again */
                {TENURE_LEASE, 5, false, true, 50, false},    /* stricter */
                {TENURE_LIFE, 6, false, false, 50, true},     /* it may be started at any time */
                {TENURE_LIFE, 6, false, false, 105, true},    /* being stopped */
                {TENURE_LIFE, 6, false, true, 106, true},     /* killed, and not seen dead */
                {TENURE_LIFE, 6, false, false, 106, false},   /* over */
                {REMOVED, 0, false, false, 106, false},       /* */
                {TENURE_LEASE, 60, false, false, 200, false}, /* */
                {TENURE_LIFE, 60, true, true, 50, false},     /* under a life nothing is timed */
                {TENURE_LEASE, 60, true, true, 50, false},    /* */
                {REMOVED, 0, true, true, 50, false},          /* */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                struct enroll_want w = {.tenure = (enum tenure)table[i].tenure,
                                        .stop_timeout_usec = table[i].stop_sec * USEC_PER_SEC};
                struct permit_request q = {.tenure = table[i].life ? TENURE_LIFE : TENURE_LEASE,
                                           .stop_at_usec = table[i].life ? USEC_INFINITY : 100 * USEC_PER_SEC,
                                           .kill_at_usec = table[i].life ? USEC_INFINITY : 106 * USEC_PER_SEC,
                                           .stop_timeout_usec = 6 * USEC_PER_SEC};

                if (enroll_loosens(table[i].tenure == REMOVED ? NULL : &w, &q, table[i].up,
                                   table[i].now_sec * USEC_PER_SEC) != table[i].loosens)
                        fail_msg("row %zu", i);
        }
}

static void test_share(_unused_ void **state) {
        assert_int_equal(enroll_share("a.service", 6000), 6000);
        assert_int_equal(enroll_share("a.service b.service c.service", 6000), 2000);
        assert_int_equal(enroll_share("a.service b.timer b.service c.socket", 6000), 3000);
        assert_int_equal(enroll_share("", 6000), 6000);
}

static void test_stages(_unused_ void **state) {
        struct enroll_facts f = {.n_exec_stop = 2, .n_exec_stop_post = 3};

        assert_int_equal(enroll_stop_stages(&f), 6);
        f = (struct enroll_facts){};
        assert_int_equal(enroll_stop_stages(&f), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sound),        cmocka_unit_test(test_problems),
                cmocka_unit_test(test_worst_first),  cmocka_unit_test(test_overridden),
                cmocka_unit_test(test_not_enrolled), cmocka_unit_test(test_gated),
                cmocka_unit_test(test_slow_life),    cmocka_unit_test(test_loaded),
                cmocka_unit_test(test_dropin),       cmocka_unit_test(test_stages),
                cmocka_unit_test(test_loosens),      cmocka_unit_test(test_timer),
                cmocka_unit_test(test_share),        cmocka_unit_test(test_dropin_of_a_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
