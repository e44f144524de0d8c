/* SPDX-License-Identifier: Apache-2.0 */
/* logind's delay inhibitor: told before the host sleeps, with InhibitDelayMaxSec (5 s) to get ready. Without logind (or
 * D-Bus) nothing is told, and a lease relies on its instants alone: CLOCK_BOOTTIME counts the sleep. */
#pragma once

#include <systemd/sd-event.h>

#include "base/err.h"

struct sleep_watch;

/* going: true before the sleep (also when it was near before anybody could tell: at the start, or while the bus was
 * away), false after it, or when nobody would tell of its end any more. Callbacks come from the
 * loop, never before sleep_watch_new() returned, and are the last thing done in their turn: in one, anything may be
 * called and freed, the object that calls included, and after its free there is none any more. */
typedef void (*sleep_cb)(bool going, void *userdata);

/* Takes the inhibitor, and again after each sleep. A system bus that is not there, or goes, is tried again
 * (RETRY_LOGIND). Returns 0, or negative errno with err set. */
int sleep_watch_new(struct sleep_watch **ret, sd_event *event, sleep_cb cb, void *userdata, struct err *err);
/* Returns NULL. */
struct sleep_watch *sleep_watch_free(struct sleep_watch *s);
DEFINE_CLEANUP(struct sleep_watch *, sleep_watch_free)

/* Ready: the host may sleep. */
void sleep_watch_ready(struct sleep_watch *s);
