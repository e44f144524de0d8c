/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where a verb waits: for an answer that comes by callback from an event loop. What is asked of whom is
 * ctl_kube.h and ctl_units.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Runs the loop until done(userdata), but not longer than limit_usec; USEC_INFINITY: what was asked has a limit of its
 * own. started: what the call returned that asked; negative: no answer will come, and it is returned at once. Returns
 * 0, -ETIMEDOUT, negative errno of the loop. */
int ctl_wait(sd_event *event, int started, bool (*done)(const void *userdata), const void *userdata,
             uint64_t limit_usec);
