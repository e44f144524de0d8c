/* SPDX-License-Identifier: Apache-2.0 */
/* Which orderings in force close a cycle with the drop-in's After=: found over any number of units, and found in the
 * end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ctl/enroll_order.h"

struct edge {
        const char *before, *after;
};

/* Edges of a host; then the row's own. */
static const struct edge host[] = {
        {"app.service", "multi-user.target"},      {"app.service", "shutdown.target"},
        {"multi-user.target", "graphical.target"}, {"shutdown.target", "umount.target"},
        {"leader-guard.socket", "sockets.target"}, {"sockets.target", "basic.target"},
        {"dbus.socket", "sockets.target"},         {"leader-agent.service", "app.service"}, /* enrolled already */
};

static char *const after_agent[] = {(char *)"leader-guard.service", (char *)"basic.target", (char *)"dbus.service",
                                    (char *)"network-online.target", NULL};
static char *const after_guard[] = {(char *)"leader-guard.socket", (char *)"basic.target", NULL};

static const struct row {
        struct edge own[3];
        int result;
        const char *path;
} rows[] = {
        {{}, 0, ""},
        {{{"app.service", "network-online.target"}}, 1, "app.service network-online.target leader-agent.service"},
        {{{"app.service", "sockets.target"}}, 1, "app.service sockets.target basic.target leader-guard.service"},
        {{{"app.service", "dbus.socket"}},
         1,
         "app.service dbus.socket sockets.target basic.target leader-guard.service"},
        {{{"app.service", "leader-guard.socket"}}, 1, "app.service leader-guard.socket leader-guard.service"},
        {{{"app.service", "a.service"}, {"a.service", "b.service"}, {"b.service", "dbus.service"}},
         1,
         "app.service a.service b.service dbus.service leader-agent.service"},
        {{{"app.service", "leader-agent.service"}}, 1, "app.service leader-agent.service"},
        /* A circle elsewhere does not end here, and is no path. */
        {{{"app.service", "a.service"}, {"a.service", "b.service"}, {"b.service", "a.service"}}, 0, ""},
};

static char **list(size_t n) {
        char **ret = calloc(n + 1, sizeof(*ret));

        assert_non_null(ret);
        return ret;
}

static int before(const char *unit, char ***ret, void *userdata) {
        const struct row *r = userdata;
        size_t n = 0;

        *ret = list(ELEMENTSOF(host) + ELEMENTSOF(r->own));
        for (size_t i = 0; i < ELEMENTSOF(host); i++)
                if (util_streq(host[i].before, unit))
                        (*ret)[n++] = strdup(host[i].after);
        for (size_t i = 0; i < ELEMENTSOF(r->own); i++)
                if (r->own[i].before && util_streq(r->own[i].before, unit))
                        (*ret)[n++] = strdup(r->own[i].after);
        return 0;
}

static void test_paths(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct enroll_order o = {};
                char path[1024] = "";

                if (enroll_order_find("app.service", after_agent, after_guard, before, (void *)&rows[i], &o) !=
                    rows[i].result)
                        fail_msg("row %zu", i);
                for (size_t k = 0; k < o.n; k++)
                        (void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s%s", k ? " " : "",
                                       o.unit[k]);
                assert_string_equal(path, rows[i].path);
        }
}

/* n.service comes before the next one, for ever. */
static int endless(const char *unit, char ***ret, _unused_ void *userdata) {
        char name[64];

        *ret = list(1);
        (void)snprintf(name, sizeof(name), "%d.service", atoi(unit) + 1);
        (*ret)[0] = strdup(name);
        return 0;
}

static int broken(_unused_ const char *unit, _unused_ char ***ret, _unused_ void *userdata) {
        return -EIO;
}

/* A path that is longer than anybody would read. */
static int far(const char *unit, char ***ret, void *userdata) {
        int r = endless(unit, ret, userdata);

        if (atoi(unit) == 100) {
                free((*ret)[0]);
                (*ret)[0] = strdup("leader-agent.service");
        }
        return r;
}

static void test_bounds(_unused_ void **state) {
        struct enroll_order o = {};

        assert_int_equal(enroll_order_find("0.service", after_agent, after_guard, endless, NULL, &o), -E2BIG);
        assert_int_equal(enroll_order_find("0.service", after_agent, after_guard, far, NULL, &o), -E2BIG);
        assert_int_equal(enroll_order_find("0.service", after_agent, after_guard, broken, NULL, &o), -EIO);
        assert_int_equal(o.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_bounds)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
