/* SPDX-License-Identifier: Apache-2.0 */
/* Why this service is being ended: the job that PID 1 has pending for it, asked over the system bus. Never waits: what
 * PID 1 or the bus does not tell in time counts as a stop. ARCHITECTURE 5, claim 6 (no daemon waits for PID 1). */
#pragma once

#include <systemd/sd-event.h>

#include "base/util.h"

/* For the answer to each of three questions, so to the callback three times as long at most (CLOCK_MONOTONIC). */
#define JOB_LIMIT_USEC (1 * USEC_PER_SEC)

enum job_type {
        JOB_NONE,    /* nobody asked PID 1 for anything */
        JOB_STOP,    /* systemctl stop, shutdown */
        JOB_RESTART, /* systemctl restart, package upgrade: this service comes back */
        JOB_OTHER,
};

struct job_call;

/* job: what PID 1 has pending for the unit this process belongs to, problem is "" then. When it cannot be told (no bus,
 * no answer within JOB_LIMIT_USEC, an error): JOB_STOP, and problem, which lives until the callback returns, says why
 * in one line. */
typedef void (*job_fn)(enum job_type job, const char *problem, void *userdata);

/* Asks. The callback runs exactly once, from the event loop, never before this returned. Callbacks come from the loop
 * and are the last thing done in their turn: in one, anything may be called and freed, the object that calls included,
 * and after its free there is none any more. *ret belongs to the caller, who frees it after the callback too. Returns
 * 0; -ENOMEM or another negative errno of the event loop: there is no callback then. */
int job_read_own(struct job_call **ret, sd_event *event, job_fn fn, void *userdata);

/* Returns NULL. */
struct job_call *job_call_free(struct job_call *c);
DEFINE_CLEANUP(struct job_call *, job_call_free)
