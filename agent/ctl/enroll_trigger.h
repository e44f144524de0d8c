/* SPDX-License-Identifier: Apache-2.0 */
/* What enroll does to the sockets, paths and timers that start a unit: which there are, their drop-ins, and what
 * systemd has in force. What is asked of them is codec/enroll.h's. Each function prints what it did and what is wrong,
 * and returns 0 or a negative errno. */
#pragma once

#include "ctl/ctl_units.h"

/* Fills *ret: of those that systemd says start the unit, those that it wants, those of its name and those enrolled with
 * it before the ones that do start it, but for those that are enrolled for themselves. f: of the unit, w->unit. */
int enroll_trigger_find(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f,
                        struct enroll_triggers *ret);

/* Writes the list (ENROLL_LIST_NAME) of the unit and t, which it notes there, and the drop-ins of t; those of what
 * starts the unit no more go. *changed: a drop-in was written or removed. */
int enroll_trigger_write(const struct enroll_want *w, const struct enroll_triggers *t, bool *changed);

/* Takes list and drop-ins away. Returns 1 when there was something. */
int enroll_trigger_remove(const struct enroll_want *w, const struct enroll_triggers *t);

/* Stops those that are up while the unit may not run: before the drop-ins are in force. open: the gate is there. */
int enroll_trigger_stop(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f,
                        const struct enroll_triggers *t, bool open);

/* Judges them; -EBADMSG: something is wrong. */
int enroll_trigger_check(struct ctl_units *u, const struct enroll_want *w, const struct enroll_facts *f, bool open);
