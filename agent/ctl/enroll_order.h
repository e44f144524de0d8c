/* SPDX-License-Identifier: Apache-2.0 */
/* Does a unit come before leader-agent or leader-guard, over other units? The drop-in makes it come after both
 * (ARCHITECTURE 5, claim 1): together that is a cycle, and at boot systemd drops the start of one unit in it, perhaps
 * the agent's. What is asked of systemd is ctl_units.h's. */
#pragma once

#include <stddef.h>

#define ENROLL_ORDER_PATH_MAX 16

/* unit[0] comes before unit[1], that before unit[2], …; the last one is the agent or the guard. */
struct enroll_order {
        char unit[ENROLL_ORDER_PATH_MAX][256];
        size_t n;
};

/* What `unit` comes before: sets *ret to a NULL-terminated list, the caller's to free with each of its texts. Returns 0
 * or a negative errno. */
typedef int (*enroll_before_fn)(const char *unit, char ***ret, void *userdata);

/* The shortest such path. after_agent, after_guard: what these two come after, NULL-terminated; as long as nothing
 * wants them systemd forgets them again, and nobody else knows of it. Returns 1 and sets *ret; 0 when there is none;
 * -E2BIG when that would take too long to find out, or the path does not fit; another negative errno of before() or for
 * want of memory. */
int enroll_order_find(const char *unit, char *const *after_agent, char *const *after_guard, enroll_before_fn before,
                      void *userdata, struct enroll_order *ret);
