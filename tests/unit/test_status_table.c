/* SPDX-License-Identifier: Apache-2.0 */
/* The golden page docs/STATUS.md, between its markers: what STATUS=, leaderctl, its JSON and the journal say in every
 * state of the core and with every trouble, in both tenures, for a human to read through; UPDATE=1 writes it anew. What
 * does not differ from what stands before it is "…". */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/status_sections.h"
#include "../lib/status_truth.h"
#include "adapter/journal.h"

#define DOCUMENT "docs/STATUS.md"
#define BEGIN    "<!-- table -->\n"
#define END      "<!-- end of the table -->\n"

/* ---- clocks that stand still, the journal, no leader-guard ---- */

uint64_t clock_boottime_usec(void) {
        return STATUS_NOW;
}

uint64_t clock_monotonic_usec(void) {
        return STATUS_NOW;
}

uint64_t clock_realtime_usec(void) {
        return STATUS_WALL;
}

const char *clock_format_boottime(uint64_t at_usec, char *buf) {
        return at_usec == USEC_INFINITY ? strcpy(buf, "never")
                                        : clock_format_local(STATUS_WALL - STATUS_NOW + at_usec, buf);
}

void journal_open(_unused_ const char *ident, _unused_ int max_priority) {
}

void journal_log(int priority, const char *fmt, ...) {
        char text[4096];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        status_journal_add(priority, NULL, text);
}

/* LOCK= of the last record, when it had one. */
static char record_lock[STATUS_TEXT];

void journal_record(int priority, const char *message_id, const struct journal_field *fields, size_t n_fields,
                    const char *fmt, ...) {
        char text[4096];
        va_list ap;

        record_lock[0] = '\0';
        for (size_t i = 0; i < n_fields; i++)
                if (util_streq(fields[i].key, JOURNAL_KEY_LOCK))
                        (void)util_copy(record_lock, sizeof(record_lock), fields[i].value);
        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        status_journal_add(priority, message_id, text);
}

bool status_link_refused;

int link_send(_unused_ struct link *l, _unused_ struct permit_request *request) {
        return -ENOTCONN;
}

bool link_is_refused(_unused_ const struct link *l) {
        return status_link_refused;
}

/* ---- the page ---- */

static struct status_world w;

static char *contents(const char *path) {
        FILE *f = fopen(path, "re");
        char *text = calloc(1, 1 << 20);

        assert_non_null(text);
        if (f) {
                (void)!fread(text, 1, (1 << 20) - 1, f);
                (void)fclose(f);
        }
        return text;
}

static char *write_page(size_t *ret_size) {
        char *page = NULL;
        FILE *out = open_memstream(&page, ret_size);

        assert_non_null(out);
        status_section_states(&w, out);
        status_section_crossed(&w, out);
        status_section_troubles(&w, out);
        status_section_cases(&w, out, "What keeps a candidate out, and what it waits for", status_candidates);
        status_section_cases(&w, out, "More of a leader", status_leaders);
        status_section_reasons(&w, out);
        status_section_cases(&w, out, "The namespace is gone, or another one", status_namespaces);
        status_section_cases(&w, out, "More rights that may be missing", status_rights);
        status_section_cases(&w, out, "More credentials that end", status_credentials);
        status_section_several(&w, out);
        status_section_document(&w, out);
        (void)fprintf(out, "\n");
        (void)fclose(out);
        return page;
}

static int set_up(_unused_ void **state) {
        (void)setenv("TZ", "UTC", 1);
        (void)unsetenv("NOTIFY_SOCKET");
        tzset();
        status_world_make(&w);
        return 0;
}

static int tear_down(_unused_ void **state) {
        status_world_done(&w);
        return 0;
}

static void test_page(_unused_ void **state) {
        size_t size, old;
        _cleanup_free_ char *page = write_page(&size), *document = contents(DOCUMENT);
        char *begin = strstr(document, BEGIN), *end = strstr(document, END);

        assert_non_null(begin);
        assert_non_null(end);
        begin += strlen(BEGIN);
        old = (size_t)(end - begin);
        if (getenv("UPDATE")) {
                FILE *f = fopen(DOCUMENT, "we");

                assert_non_null(f);
                (void)fprintf(f, "%.*s%s%s", (int)(begin - document), document, page, end);
                assert_int_equal(fclose(f), 0);
        } else if (old != size || memcmp(begin, page, size) != 0)
                fail_msg(DOCUMENT
                         " says something else; read what changed: UPDATE=1 make check-unit; git diff " DOCUMENT);
}

/* ---- what holds of all of it ---- */

/* c, then one trouble or two. */
static void look_in_trouble(const struct status_case *c, const struct status_case *first,
                            const struct status_case *second) {
        static char journal[STATUS_TEXT], what[256];
        static struct status_shown s;

        status_case_fresh(&w, c);
        status_turn(&w);
        status_journal(&w, journal);
        if (c->begin)
                c->begin(&w);
        first->begin(&w);
        if (second)
                second->begin(&w);
        status_turn(&w);
        status_journal(&w, journal);
        status_look(&w, &s);
        (void)snprintf(what, sizeof(what), "%s (%s, %s), %s, %s", c->what, election_state_to_string(c->state),
                       tenure_to_string(c->tenure), first->what, second ? second->what : "-");
        status_truth(&s, journal, what);
}

/* Every state with every two troubles; what is rendered alone is looked at there. */
static void test_two_troubles(_unused_ void **state) {
        struct status_states states;

        status_states(&states);
        for (size_t i = 0; i < states.n; i++)
                for (unsigned t = 0; t < N_TENURES; t++)
                        for (const struct status_case *a = status_troubles; a->what; a++)
                                for (const struct status_case *b = status_troubles; b->what; b++) {
                                        const struct status_case c = {"", (enum tenure)t, states.list[i], NULL, NULL};

                                        if (a != b && status_has_state((enum tenure)t, states.list[i]))
                                                look_in_trouble(&c, a, b);
                                }
}

/* Every situation of a candidate and of a leader, in every trouble. */
static void test_situations(_unused_ void **state) {
        const struct status_case *const lists[] = {status_candidates, status_leaders};

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (const struct status_case *c = lists[i]; c->what; c++)
                        for (const struct status_case *trouble = status_troubles; trouble->what; trouble++)
                                look_in_trouble(c, trouble, NULL);
}

/* With names as people have them, and all well. */
static void test_width(_unused_ void **state) {
        static const uint8_t states[] = {ELECTION_LEADING, ELECTION_CANDIDATE};
        struct status_shown s;

        for (unsigned i = 0; i < ELEMENTSOF(states) * N_TENURES; i++) {
                const struct status_lock lock = {"myapp-operator-lock", i % N_TENURES};

                status_world_fresh(&w, &lock, 1);
                status_world_put(&w, 0, states[i / N_TENURES]);
                status_look(&w, &s);
                if (strlen(s.line) > 80)
                        fail_msg("%zu columns: %s", strlen(s.line), s.line);
        }
}

/* What keeps a candidate out is not over because the agent ends, the lock begins anew, or something else comes first.
 */
static void test_not_over(_unused_ void **state) {
        static const struct {
                const char *what; /* of status_candidates */
                uint8_t state;
                bool sleeps, pod, over;
        } rows[] = {
                {"a Pod holds the lock", ELECTION_STOPPED, .over = false},
                {"a Pod holds the lock", ELECTION_STARTING, .over = false},
                {"a Pod holds the lock", ELECTION_DEPOSING, .over = true},
                {"the lock is damaged", ELECTION_STOPPED, .over = false},
                {"our placeholder's name is taken", ELECTION_STOPPED, .over = false},
                {"our placeholder's name is taken", ELECTION_CANDIDATE, .sleeps = true, .over = false},
                {"our placeholder's name is taken", ELECTION_CANDIDATE, .pod = true, .over = false},
                {"our placeholder's name is taken", ELECTION_PROVING, .over = true},
        };
        static char text[STATUS_TEXT];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct status_case *c = status_candidates;
                struct election *e;

                while (c->what && !util_streq(c->what, rows[i].what))
                        c++;
                assert_non_null(c->what);
                status_case_fresh(&w, c);
                status_turn(&w);
                c->begin(&w);
                status_turn(&w);
                status_journal(&w, text);
                e = &w.agent.core.locks[0].election;
                e->state = rows[i].state;
                w.agent.core.locks[0].conf.away = rows[i].sleeps;
                if (rows[i].pod)
                        e->lock.fact.sort = LOCK_FOREIGN;
                status_turn(&w);
                status_journal(&w, text);
                if (!strstr(text, "over: ") != !rows[i].over)
                        fail_msg("row %zu, %s: %s", i, rows[i].what, text);
        }
}

/* Who asks the wrong host to step down is told where to ask. */
static void test_step_down_elsewhere(_unused_ void **state) {
        static const struct {
                const char *what; /* of status_candidates; empty: none */
                enum tenure tenure;
                uint8_t state;
                bool silent;
                const char *told;
        } rows[] = {
                {"", TENURE_LIFE, ELECTION_CANDIDATE, false, "web-2 does; type it there: leaderctl step-down prod/app"},
                {"", TENURE_LEASE, ELECTION_CANDIDATE, true,
                 "web-2 did when the API server last answered; type it there: leaderctl step-down prod/app"},
                {"two hosts of one name", TENURE_LIFE, ELECTION_CANDIDATE, false,
                 "web-1-00c0ffee does; type it there: leaderctl step-down prod/app"},
                {"the unit is not enrolled", TENURE_LIFE, ELECTION_CANDIDATE, false,
                 "web-2 does; type it there: leaderctl step-down prod/app"},
                {"a Pod holds the lock", TENURE_LIFE, ELECTION_CANDIDATE, false,
                 "Pod app-0 does, in the cluster, where no agent can be asked"},
                {"its lock is gone, the Pod is not", TENURE_LIFE, ELECTION_CANDIDATE, false,
                 "Pod app-0 may, in the cluster, where no agent can be asked"},
                {"the lock is free", TENURE_LIFE, ELECTION_CANDIDATE, false, "nobody does"},
                {"the lock is damaged", TENURE_LIFE, ELECTION_CANDIDATE, false, "it is blocked"},
                {"a lock of ours that names another boot", TENURE_LIFE, ELECTION_CANDIDATE, false, "it is blocked"},
                {"", TENURE_LIFE, ELECTION_STARTING, false, "who does is not known yet"},
                {"", TENURE_LIFE, ELECTION_CLAIMING, false, "nobody does"},
                {"", TENURE_LIFE, ELECTION_ADOPTING, false, "it is starting"},
                {"", TENURE_LIFE, ELECTION_STOPPING, false, "it is stopping: the lock is given up already"},
                {"", TENURE_LIFE, ELECTION_RELEASING, false, "it is releasing: the lock is given up already"},
                {"", TENURE_LEASE, ELECTION_DEPOSING, false, "it is taking the lock over from web-2"},
        };
        struct err err = {};
        char text[600];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct status_case *c = status_candidates;
                const struct status_case plain = {"", rows[i].tenure, rows[i].state, NULL, NULL};

                while (c->what && !util_streq(c->what, rows[i].what))
                        c++;
                assert_true(c->what || !rows[i].what[0]);
                status_case_fresh(&w, &plain);
                if (c->what)
                        c->begin(&w);
                if (rows[i].silent)
                        status_api_silent(&w);
                assert_int_equal(agent_bus_handlers.step_down(&w.agent, "app", "", true, 0, &err), -ENODATA);
                (void)snprintf(text, sizeof(text), "this host (%s) does not lead 'prod/app': %s",
                               store_identity(w.agent.store), rows[i].told);
                assert_string_equal(err.text, text);
        }
}

/* A disk that takes no claim is told when that begins and when it is over, not at each try; of a lock's claims with
 * the lock. */
static void test_claims_told(_unused_ void **state) {
        static const struct status_case c = {"", TENURE_LIFE, ELECTION_CANDIDATE, NULL, NULL};
        static char text[STATUS_TEXT];
        const struct rlimit none = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
        struct rlimit before;
        struct agent_lock *l;
        const char *again;

        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        status_case_fresh(&w, &c);
        l = w.agent.locks[0];
        status_journal(&w, text);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        for (unsigned i = 0; i < 3; i++)
                assert_true(agent_claims_next(&w.agent, &l->claims, l->problem) < 0);
        assert_string_equal(record_lock, "prod/app");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        for (unsigned i = 0; i < 2; i++)
                assert_true(agent_claims_next(&w.agent, &l->claims, l->problem) >= 0);
        assert_string_equal(record_lock, "prod/app");
        status_journal(&w, text);
        again = strstr(text, "cannot claim");
        assert_non_null(again);
        assert_null(strstr(again + 1, "cannot claim"));
        again = strstr(text, "can claim again");
        assert_non_null(again);
        assert_null(strstr(again + 1, "can claim again"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_page, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_two_troubles, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_situations, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_width, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_not_over, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_step_down_elsewhere, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_claims_told, set_up, tear_down),
        };

        return cmocka_run_group_tests_name("status table", tests, NULL, NULL);
}
