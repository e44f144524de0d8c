/* SPDX-License-Identifier: Apache-2.0 */
/* The second instant without a guard: what leader-guard-reap.service runs when the guard has died, before the next one
 * is up. ARCHITECTURE 5, claim 6. */
#pragma once

#include "guard/guard.h"

/* Kills the control groups of permits whose second instant is over, and nothing else: no file is changed, PID 1 is not
 * asked. Of the options only runtime_dir and cgroup_root count. Returns how many were killed, or negative errno with
 * err set when no permit could be looked at. */
int guard_reap(const struct guard_options *o, struct err *err);
