/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of leader-agent and the turn of its loop: events are taken in the order in which they were posted, and
 * nothing is begun any more once the end was asked for. What a step does is in test_agent_facts.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/agent_parts.h"

/* The ring grows while it is full and has wrapped around. */
static void test_order_is_kept(_unused_ void **state) {
        struct agent a = {};
        struct agent_post post = {.type = AGENT_POST_LOCK};
        uint32_t posted = 0, taken = 0;

        for (unsigned round = 0; round < 50; round++) {
                for (unsigned i = 0; i < 7; i++) {
                        post.lock_event.random = posted++;
                        agent_post(&a, &post);
                }
                for (unsigned i = 0; i < 5; i++) {
                        assert_true(agent_take_post(&a, &post));
                        assert_int_equal(post.lock_event.random, taken++);
                }
        }
        while (agent_take_post(&a, &post))
                assert_int_equal(post.lock_event.random, taken++);
        assert_int_equal(taken, posted);
        free(a.inbox.posts);
}

static int on_end(sd_event_source *source, void *userdata) {
        agent_post(userdata, &(struct agent_post){.type = AGENT_POST_SLEEP, .on = true});
        return sd_event_exit(sd_event_source_get_event(source), 7);
}

/* The callback that learns that this is a restart leaves everything as it is: not even what came with it is stepped. */
static void test_nothing_after_the_end(_unused_ void **state) {
        struct agent a = {.trace_fd = -1, .started_usec = clock_boottime_usec()};

        assert_int_equal(sd_event_new(&a.event), 0);
        assert_true(sd_event_add_time(a.event, &a.timer, CLOCK_BOOTTIME, USEC_INFINITY, 1, NULL, NULL) >= 0);
        assert_true(sd_event_add_defer(a.event, NULL, on_end, &a) >= 0);
        assert_int_equal(agent_run(&a), 7);
        assert_int_equal(a.inbox.n, 1);
        assert_false(a.sleeping);
        free(a.inbox.posts);
        sd_event_source_disable_unref(a.timer);
        sd_event_unref(a.event);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order_is_kept),
                cmocka_unit_test(test_nothing_after_the_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
