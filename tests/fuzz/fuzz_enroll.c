/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: whatever PID 1 says of a unit, findings are in order, each with a text and something to type; a drop-in
 * of ours is what the check asks for, and a unit as enrol leaves it has the gate. Lines of the input are PID 1's words;
 * the first bytes its numbers. */
#include "base/unit_list.h"
#include "codec/enroll.h"
#include "fuzz.h"

#define DIR "/run/leader-agent"

static void list(struct fuzz *f, char (*texts)[320], size_t max, size_t *n) {
        *n = fuzz_byte(f) % (max + 1);
        for (size_t i = 0; i < *n; i++)
                (void)fuzz_line(f, texts[i], sizeof(texts[i]));
}

static void facts(struct fuzz *f, const char *unit, struct enroll_facts *e) {
        uint32_t bits = (uint32_t)fuzz_number(f, 4);

        *e = (struct enroll_facts){.main_pid = bits >> 24,
                                   .job = bits & 1,
                                   .need_daemon_reload = bits & 2,
                                   .refuse_manual_start = bits & 4,
                                   .refuse_manual_stop = bits & 8,
                                   .stop_when_unneeded = bits & 16,
                                   .after_guard = bits & 32,
                                   .after_agent = bits & 64,
                                   .binds_to_guard = bits & 128,
                                   .send_sigkill = bits & 256,
                                   .final_kill_signal = bits & 512 ? 9 : bits >> 20,
                                   .timeout_stop_usec = fuzz_number(f, 8),
                                   .n_exec_stop = fuzz_byte(f) % 4,
                                   .n_exec_stop_post = fuzz_byte(f) % 4};
        struct {
                char *text;
                size_t size;
        } texts[] = {
                {e->load_state, sizeof(e->load_state)},
                {e->load_error, sizeof(e->load_error)},
                {e->active_state, sizeof(e->active_state)},
                {e->sub_state, sizeof(e->sub_state)},
                {e->unit_file_state, sizeof(e->unit_file_state)},
                {e->result, sizeof(e->result)},
                {e->control_group, sizeof(e->control_group)},
                {e->slice, sizeof(e->slice)},
                {e->fragment, sizeof(e->fragment)},
                {e->triggers, sizeof(e->triggers)},
                {e->type, sizeof(e->type)},
                {e->notify_access, sizeof(e->notify_access)},
                {e->kill_mode, sizeof(e->kill_mode)},
                {e->timeout_stop_failure_mode, sizeof(e->timeout_stop_failure_mode)},
                {e->pam_name, sizeof(e->pam_name)},
        };

        (void)util_copy(e->id, sizeof(e->id), unit);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                (void)fuzz_line(f, texts[i].text, texts[i].size);
        list(f, e->asserts, ELEMENTSOF(e->asserts), &e->n_asserts);
        list(f, e->environment_files, ELEMENTSOF(e->environment_files), &e->n_environment_files);
        list(f, e->dropins, ELEMENTSOF(e->dropins), &e->n_dropins);
        e->n_triggered_by = fuzz_byte(f) % (ENROLL_TRIGGERS_MAX + 1);
        for (size_t i = 0; i < e->n_triggered_by; i++)
                (void)fuzz_line(f, e->triggered_by[i], sizeof(e->triggered_by[i]));
        e->guess_main_pid = bits & 1024;
        e->remain_after_exit = bits & 2048;
        e->restart_usec = fuzz_number(f, 5);
        e->start_limit_interval_usec = fuzz_number(f, 5);
        e->start_limit_burst = fuzz_byte(f);
        (void)fuzz_line(f, e->restart, sizeof(e->restart));
        (void)fuzz_line(f, e->pid_file, sizeof(e->pid_file));
        (void)fuzz_line(f, e->client, sizeof(e->client));
        e->n_wants = fuzz_byte(f) % 3;
        e->n_part_of = fuzz_byte(f) % 3;
        for (size_t i = 0; i < e->n_wants; i++)
                (void)fuzz_line(f, e->wants[i], sizeof(e->wants[i]));
        for (size_t i = 0; i < e->n_part_of; i++)
                (void)fuzz_line(f, e->part_of[i], sizeof(e->part_of[i]));
}

static void dropins(const struct enroll_want *w, uint32_t stages) {
        char buf[ENROLL_DROPIN_MAX], command[ENROLL_COMMAND_MAX];
        int n = enroll_dropin(w, stages, buf);

        fuzz_assert(n == -ERANGE ? w->tenure == TENURE_LEASE && w->stop_timeout_usec / stages < 100 * USEC_PER_MSEC
                                 : n > 0 && (size_t)n == strlen(buf) && n < ENROLL_DROPIN_MAX);
        if (n > 0)
                fuzz_assert(strstr(buf, "AssertPathExists=" DIR "/leading/%n\n") &&
                            (w->tenure == TENURE_LEASE) == (strstr(buf, "BindsTo=") != NULL));
        n = enroll_trigger_dropin(w, buf);
        fuzz_assert(n > 0 && (size_t)n == strlen(buf) && strstr(buf, "AssertPathExists="));
        enroll_command(w, stages & 1, command);
        fuzz_assert(strstr(command, w->unit) && strlen(command) < ENROLL_COMMAND_MAX - 1);
}

/* As one of several. */
static void dropins_of_a_list(const struct enroll_want *w, uint32_t stages) {
        static const char *const units[] = {"a.socket", "b.path", "c.timer", "d.service"};
        char buf[ENROLL_DROPIN_MAX], before[UNIT_NAME_SIZE];
        struct enroll_want one = *w;

        one.list = "a.socket b.path c.timer d.service";
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                int n;

                one.unit = units[i];
                n = enroll_dropin(&one, stages, buf);
                fuzz_assert(n > 0 || (n == -ERANGE && i == 3));
                if (n < 0)
                        continue;
                fuzz_assert((strstr(buf, "[Service]") != NULL) == (i == 3));
                fuzz_assert((strstr(buf, "DefaultDependencies=no") != NULL) == (i < 2));
                fuzz_assert(enroll_one_before(&one, before) == (i > 0));
                fuzz_assert(i == 0 || (util_streq(before, units[i - 1]) && strstr(buf, before)));
        }
        fuzz_assert(enroll_share(one.list, w->stop_timeout_usec) == w->stop_timeout_usec);
        fuzz_assert(enroll_share("a.service b.service", w->stop_timeout_usec) == w->stop_timeout_usec / 2);
}

/* The same unit as what starts one, beside it, and beside one that is idle. Never in the way of a start. */
static void trigger(struct enroll_facts *e, const struct enroll_want *w, bool open) {
        static struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        static struct enroll_facts idle;
        const struct enroll_facts *units[] = {e, &idle};

        (void)util_copy(e->id, sizeof(e->id), open ? "app.socket" : "app.timer");
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                size_t n = enroll_check_trigger(e, units[i], w, open, problems);

                fuzz_assert(n <= 4);
                for (size_t k = 0; k < n; k++)
                        fuzz_assert(*problems[k].text && *problems[k].cure && problems[k].severity < ENROLL_NO_START);
        }
        fuzz_assert(!enroll_trigger_idles(e, e, open));
}

static void loosens(const struct enroll_want *w, uint64_t now) {
        struct permit_request q = {
                .tenure = TENURE_LEASE, .stop_timeout_usec = w->stop_timeout_usec, .kill_at_usec = 1};
        bool up = now & 1;

        fuzz_assert(enroll_loosens(NULL, &q, up, now) == (up || now < q.kill_at_usec));
        fuzz_assert(!enroll_loosens(w, &q, true, now) || w->tenure == TENURE_LIFE);
        q.tenure = TENURE_LIFE;
        fuzz_assert(!enroll_loosens(w, &q, true, now));
}

/* A command and a script of whatever words. */
static void client(struct fuzz *f) {
        char words[6][300] = {}, found[32] = "", *argv[ELEMENTSOF(words) + 1] = {};

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                (void)fuzz_line(f, words[i], sizeof(words[i]));
                argv[i] = words[i];
        }
        fuzz_assert(enroll_client(words[0], argv, found, sizeof(found)) == (found[0] != '\0'));
        argv[1] = (char[]){"-c"};
        found[0] = '\0';
        fuzz_assert(enroll_client("/bin/sh", argv, found, sizeof(found)) == (found[0] != '\0'));
}

void fuzz_one(const uint8_t *data, size_t size) {
        static struct enroll_problem problems[ENROLL_PROBLEMS_MAX];
        struct fuzz f = {data, size};
        struct enroll_triggers triggers = {.name = {"app.socket", "b.timer"}, .starts = {true, false}, .n = 2};
        struct enroll_want w = {.runtime_dir = DIR, .triggers = &triggers, .tenure = fuzz_byte(&f) % N_TENURES};
        struct enroll_facts e;
        struct err err = {};
        char unit[80] = "app.service", text[1200];
        bool gated;
        size_t n;

        w.stop_timeout_usec = 1 + fuzz_number(&f, 5);
        w.unit = unit;
        facts(&f, unit, &e);
        fuzz_assert_result(enroll_loaded(&e, unit, &err), &err);
        gated = enroll_gated(&e, unit, DIR);
        n = enroll_check(&e, &w, problems);
        fuzz_assert(n <= ENROLL_PROBLEMS_MAX);
        for (size_t i = 0; i < n; i++) {
                fuzz_assert(*problems[i].text && (*problems[i].cure || problems[i].severity == ENROLL_NOTE));
                fuzz_assert(i == 0 || problems[i].severity <= problems[i - 1].severity);
                enroll_sentence(&problems[i], unit, text, sizeof(text));
                fuzz_assert(strncmp(text, problems[i].text, 30) == 0);
                enroll_sentence(&problems[i], unit, text, 100);
        }
        fuzz_assert(gated || n == ENROLL_PROBLEMS_MAX || (n > 0 && problems[0].severity == ENROLL_BROKEN));
        dropins(&w, enroll_stop_stages(&e));
        dropins_of_a_list(&w, enroll_stop_stages(&e));
        loosens(&w, w.stop_timeout_usec);
        client(&f);
        (void)enroll_up(&e);
        (void)enroll_trigger_type(e.triggers);
        trigger(&e, &w, w.stop_timeout_usec & 1);
}
