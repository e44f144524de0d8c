/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

enum job_type {
        JOB_NONE,    /* nobody asked PID 1 for anything */
        JOB_STOP,    /* systemctl stop, shutdown */
        JOB_RESTART, /* systemctl restart, package upgrade: this service comes back */
        JOB_OTHER,
};

/* The job that PID 1 has pending for the unit this process belongs to. Waits at most a second. Returns 0, or negative
 * errno with err set when PID 1 cannot be asked. */
int job_read_own(enum job_type *ret, struct err *err);
