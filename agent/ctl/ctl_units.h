/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that talk to PID 1: one call after the other, each waited for. What PID 1 tells is codec/enroll.h's to judge.
 */
#pragma once

#include "adapter/units.h"

struct ctl_units {
        sd_event *event;
        struct units *units;
};

/* Connects. Returns 0, or a negative errno with err set. */
int ctl_units_open(struct ctl_units *ret, struct err *err);
/* Also after ctl_units_open() failed, and twice. */
void ctl_units_close(struct ctl_units *u);

/* Reads the unit, as units_read(). Return 0; -EIO when there is no good answer, and have said so. */
int ctl_units_read(struct ctl_units *u, const char *unit, struct enroll_facts *ret);
/* What it comes before or after, as units_read_order(); *ret and its texts are the caller's to free. Same errors, and
 * -ENOMEM. */
int ctl_units_order(struct ctl_units *u, const char *unit, const char *property, char ***ret);
/* Queues its stop. Same errors. */
int ctl_units_stop(struct ctl_units *u, const char *unit);
/* daemon-reload; says that it is done. */
int ctl_units_reload(struct ctl_units *u);
