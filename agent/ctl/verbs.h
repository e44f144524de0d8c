/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of leaderctl, one file each (agent/ctl/VERB.c). argv[0] is the verb. Each returns the exit status of the
 * program. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* Exit statuses, documented in leaderctl(1). */
enum {
        CTL_OK = 0,
        CTL_FAILURE = 1,
        CTL_USAGE = 2,
        CTL_NO_AGENT = 3,
};

int ctl_status(int argc, char **argv);
int ctl_step_down(int argc, char **argv);
int ctl_check_config(int argc, char **argv);

/* Reads the options of a verb that takes only long ones. For --help prints usage and returns CTL_OK in *ret_exit; for a
 * mistake says what and returns CTL_USAGE there. Returns true when the verb shall go on. */
struct option;
bool ctl_options(int argc, char **argv, const struct option *options, const char *usage,
                 int (*on_option)(int option, void *userdata), void *userdata, int *ret_exit);

/* Says what is wrong and returns the exit status for a negative errno of bus_client_call(). */
int ctl_failed(int r, const struct err *err);
