/* SPDX-License-Identifier: Apache-2.0 */
/* Which lock a step-down over D-Bus means. Who may ask for it, and what is carried: tests/integration/test_bus.c;
 * what is refused without --force: test_step_down.c there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/core_parts.h"
#include "daemon/agent_parts.h"

/* An agent that leads ops/web, dev/web, qa/web and ops/db. */
static struct {
        struct core_lock core[4];
        struct core_placeholder placeholders[1];
        struct agent_lock locks[4], *pointers[4];
        struct agent_placeholder placeholder, *placeholder_pointers[1];
        struct agent agent;
} world;

static int set_up(_unused_ void **state) {
        static const char *const names[][2] = {{"ops", "web"}, {"dev", "web"}, {"qa", "web"}, {"ops", "db"}};
        struct agent *a = &world.agent;

        memset(&world, 0, sizeof(world));
        *a = (struct agent){.conf_path = "/etc/x.conf", .locks = world.pointers, .n_locks = ELEMENTSOF(names)};
        a->placeholders = world.placeholder_pointers;
        a->placeholders[0] = &world.placeholder;
        (void)util_copy(a->host, sizeof(a->host), "web-1");
        a->core = (struct core){.locks = world.core, .n_locks = ELEMENTSOF(names), .placeholders = world.placeholders};
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                struct agent_lock *l = &world.locks[i];

                world.pointers[i] = l;
                world.core[i].election.state = ELECTION_LEADING;
                *l = (struct agent_lock){.agent = a, .index = i, .conf = &l->own};
                l->own.name = (char *)names[i][1];
                l->own.unit = i == 3 ? (char *)"db.service" : (char *)"web.service";
                (void)snprintf(l->title, sizeof(l->title), "%s/%s", names[i][0], names[i][1]);
        }
        return 0;
}

static int tear_down(_unused_ void **state) {
        free(world.agent.inbox.posts);
        return 0;
}

/* Asked to step down: 1 + the index of the lock that was told, or a negative errno with err set. */
static int asked(const char *lock, struct err *err) {
        struct agent_post post;
        int r = agent_bus_handlers.step_down(&world.agent, lock, "for a test", /* force= */ true, 0, err);

        if (!agent_take_post(&world.agent, &post))
                return r;
        assert_int_equal(r, 0);
        assert_int_equal(post.lock_event.type, ELECTION_EV_STEP_DOWN);
        assert_false(agent_take_post(&world.agent, &(struct agent_post){}));
        return 1 + (int)post.lock->index;
}

static void test_names(_unused_ void **state) {
        struct err err = {};

        assert_int_equal(asked("ops/web", &err), 1);
        assert_int_equal(asked("dev/web", &err), 2);
        assert_int_equal(asked("db", &err), 4);
        assert_int_equal(asked("ops/db", &err), 4);
}

/* One name in several namespaces is nobody's: stopping the wrong unit cannot be taken back. */
static void test_ambiguous(_unused_ void **state) {
        struct err err = {};

        assert_int_equal(asked("web", &err), -ENOTUNIQ);
        assert_string_equal(err.text,
                            "'web' is more than one lock of this host; say which: ops/web (this host leads), dev/web "
                            "(this host leads) or qa/web (this host leads)");
        world.agent.n_locks = 2;
        assert_int_equal(asked("web", &err), -ENOTUNIQ);
        assert_string_equal(err.text, "'web' is more than one lock of this host; say which: ops/web (this host leads) "
                                      "or dev/web (this host leads)");
        /* Also when this host leads one of them only: a human may have meant the other. */
        world.core[0].election.state = ELECTION_CANDIDATE;
        assert_int_equal(asked("web", &err), -ENOTUNIQ);
        assert_string_equal(err.text, "'web' is more than one lock of this host; say which: ops/web or dev/web (this "
                                      "host leads)");
        world.agent.n_locks = 1;
        world.core[0].election.state = ELECTION_LEADING;
        assert_int_equal(asked("web", &err), 1);
}

static void test_unknown(_unused_ void **state) {
        struct err err = {};

        assert_int_equal(asked("none", &err), -ENOENT);
        assert_string_equal(err.text, "no lock 'none' in the configuration of this agent (/etc/x.conf); it has ops/web "
                                      "(web.service), dev/web (web.service), qa/web (web.service) and ops/db "
                                      "(db.service)");
        assert_int_equal(asked("qa/db", &err), -ENOENT);
        world.agent.n_locks = 1;
        assert_int_equal(asked("web.service", &err), -ENOENT);
        assert_string_equal(err.text, "no lock 'web.service' in the configuration of this agent (/etc/x.conf); it has "
                                      "ops/web (web.service)");
        world.agent.n_locks = 0;
        assert_int_equal(asked("web", &err), -ENOENT);
        assert_string_equal(err.text, "no lock 'web' in the configuration of this agent (/etc/x.conf); it has none");
}

/* Of many locks as many are named as fit; what is cut is counted. */
static void test_many(_unused_ void **state) {
        static struct agent_lock *many[200];
        struct err err = {};

        for (size_t i = 0; i < ELEMENTSOF(many); i++)
                many[i] = world.pointers[i % 4];
        world.agent.locks = many;
        world.agent.n_locks = ELEMENTSOF(many);
        assert_int_equal(asked("none", &err), -ENOENT);
        assert_non_null(strstr(err.text, "it has ops/web (web.service), dev/web (web.service), "));
        assert_non_null(strstr(err.text, " more (leaderctl status)"));
        assert_true(strlen(err.text) < sizeof(err.text) - 1);
        assert_int_equal(asked("web", &err), -ENOTUNIQ);
        assert_non_null(strstr(err.text, " more (leaderctl status)"));
        assert_true(strlen(err.text) < sizeof(err.text) - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_ambiguous, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
