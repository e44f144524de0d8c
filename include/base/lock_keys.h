/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says about a lock and the core takes as it is written: one field for both, so that no copy
 * between them can be forgotten. Keys that the core sees in another form (timing, tenure) are not here. */
#pragma once

#include "base/retry.h"

enum on_failure {
        ON_FAILURE_RELEASE, /* a unit that failed or would not start: release the lock, stay out for a cooldown */
        ON_FAILURE_KEEP,    /* keep the lock and wait for a human */
};

enum on_exit {
        ON_EXIT_KEEP,    /* a unit that ended with success: keep the lock, it may be started again here */
        ON_EXIT_RELEASE, /* … release the lock, stay out for the first cooldown */
};

enum on_foreign {
        ON_FOREIGN_STOP,  /* a unit that runs without a permit while the lock is held elsewhere: stopped */
        ON_FOREIGN_LEAVE, /* … only reported */
};

struct lock_keys {
        struct retry_limits cooldown;   /* first pause after a unit failure, and what it doubles up to */
        uint64_t step_down_hold_usec;   /* pause before taking part again after a step-down */
        uint64_t restart_interval_usec; /* more restarts by systemd within that than restart_limit are a failure */
        uint32_t restart_limit;         /* 0: none */
        enum on_failure on_failure;
        enum on_exit on_exit;
        enum on_foreign on_foreign;
};
