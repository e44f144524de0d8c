/* SPDX-License-Identifier: Apache-2.0 */
/* A host whose agent, made as the daemon makes it, is put into any state of the core by hand: for what it says then.
 * Nothing is sent and no time passes. The test that uses it replaces the clocks (they say STATUS_NOW and STATUS_WALL),
 * the journal and the link to leader-guard. */
#pragma once

#include <stdio.h>

#include "core/core_parts.h"
#include "daemon/agent_parts.h"
#include "tempdir.h"

#define STATUS_NOW  (UINT64_C(1000000) * USEC_PER_SEC)
#define STATUS_WALL (UINT64_C(1893588000) * USEC_PER_SEC) /* 2030-01-02 12:40:00 */

/* Where the paths of this world are shown to be. */
#define STATUS_ETC "/etc/leader-agent"

struct status_world {
        struct tempdir dir;
        sd_event *event;
        struct agent agent;
        char *conf_path, *kubeconfig_path;
};

void status_world_make(struct status_world *w);
void status_world_done(struct status_world *w);

/* Another agent, with locks prod/NAME for NAME.service; all of it is new, and well. It has read nothing yet. */
struct status_lock {
        const char *name;
        enum tenure tenure;
};
void status_world_fresh(struct status_world *w, const struct status_lock *locks, size_t n);
/* Writes its configuration again, or text in its place. */
void status_world_configure(struct status_world *w, const char *text);

/* Lock i in a state, everything else well: the lock is there and ours, or of web-2, or there is none. */
void status_world_put(struct status_world *w, size_t i, uint8_t state);
/* What leader-guard says of its unit. */
void status_world_unit(struct status_world *w, size_t i, enum unit_state unit);

/* Copies text that fits. */
#define STATUS_SET(field, text) status_world_set(field, sizeof(field), text)
void status_world_set(char *dst, size_t size, const char *text);
