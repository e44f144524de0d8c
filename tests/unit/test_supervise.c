/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule of the guard as a row: events in words, actions in words. Then random walks over all states and events
 * that check what must hold whatever happens, and that every state met every event. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/supervise.h"

#define SEC USEC_PER_SEC
/* The rows tell time in seconds from here, so that "before the first event" exists. */
#define T0 (1000 * SEC)

static const char *const action_words[N_SUPERVISE_ACTIONS] = {
        [SUPERVISE_WRITE_PERMIT] = "permit-file",
        [SUPERVISE_WRITE_ENV] = "env",
        [SUPERVISE_MAKE_GATE] = "gate",
        [SUPERVISE_START] = "START",
        [SUPERVISE_REMOVE_GATE] = "-gate",
        [SUPERVISE_RECORD] = "record",
        [SUPERVISE_REFUSE_REQUEST] = "refuse-uid",
        [SUPERVISE_REFUSE_CHECKED] = "refuse-checked",
        [SUPERVISE_STOP] = "STOP",
        [SUPERVISE_KILL] = "KILL",
        [SUPERVISE_REMOVE_PERMIT] = "-permit-file",
        [SUPERVISE_READ] = "read",
        [SUPERVISE_REPLY] = "reply",
        [SUPERVISE_NOTE] = "note",
        [SUPERVISE_REPLY_INTERIM] = "interim",
        [SUPERVISE_REPLY_PERMITS] = "permits",
        [SUPERVISE_REPLY_REVOKES] = "revokes",
        [SUPERVISE_REPLY_STOPPED] = "stopped",
        [SUPERVISE_REPLY_QUERIES] = "queries",
        [SUPERVISE_REPLY_EVICTS] = "evicts",
        [SUPERVISE_PUSH] = "push",
};

/* "-gate record STOP read", replies as "permits:ok". */
static void actions_to_text(const struct supervise_actions *a, char *buf, size_t size) {
        size_t n = 0;

        buf[0] = '\0';
        for (unsigned i = 0; i < a->n; i++) {
                bool reply = a->a[i].type == SUPERVISE_REPLY || a->a[i].type == SUPERVISE_REPLY_PERMITS ||
                             a->a[i].type == SUPERVISE_REPLY_REVOKES || a->a[i].type == SUPERVISE_REPLY_EVICTS;

                n += (size_t)snprintf(buf + n, size - n, "%s%s%s%s", i ? " " : "", action_words[a->a[i].type],
                                      reply ? ":" : "", reply ? guard_result_to_string(a->a[i].result) : "");
        }
}

/* Readings by name. */
static const struct {
        const char *name;
        struct supervise_reading reading;
} readings[] = {
        {"off", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, 0, 0}},
        {"off-well", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, SUPERVISE_END_WELL, 0}},
        {"off-badly", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, SUPERVISE_END_BADLY, 0}},
        {"off-triggered", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, 0, 1}},
        {"off-triggered-well", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, SUPERVISE_END_WELL, 1}},
        {"off-triggered-badly", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, SUPERVISE_END_BADLY, 1}},
        {"going-triggered", {1, 1, SUPERVISE_DEACTIVATING, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 1}},
        {"on-triggered", {1, 0, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 1}},
        {"on", {1, 0, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 0}},
        {"on-job", {1, 1, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 0}},
        {"coming", {1, 1, SUPERVISE_ACTIVATING, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 0}},
        {"going", {1, 1, SUPERVISE_DEACTIVATING, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 0}},
        {"queued", {1, 1, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, 0, 0}},
        {"auto-restart", {1, 0, SUPERVISE_ACTIVATING, SUPERVISE_EMPTY, 1, 1, 1, 1, 1, 0, 0}},
        {"leftovers", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_POPULATED, 1, 1, 1, 1, 1, 0, 0}},
        {"blind", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_POPULATED_UNKNOWN, 1, 1, 1, 1, 1, 0, 0}},
        {"silent", {0, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 0, 0, 0, 0, 0, 0, 0}},
        {"silent-alive", {0, 0, SUPERVISE_INACTIVE, SUPERVISE_POPULATED, 0, 0, 0, 0, 0, 0, 0}},
        {"no-unit", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 0, 0, 0, 0, 0, 0, 0}},
        {"off-unenrolled", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 0, 0, 0, 0, 0, 0}},
        {"off-reload-due", {1, 0, SUPERVISE_INACTIVE, SUPERVISE_EMPTY, 1, 0, 1, 1, 1, 0, 0}},
        {"on-unenrolled", {1, 0, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 0, 0, 0, 0, 0, 0}},
        {"on-reload-due", {1, 0, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 0, 1, 1, 1, 0, 0}},
        {"on-unfit", {1, 0, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 0, 0, 1, 1, 0, 0}},
        {"on-dropin-lost", {1, 0, SUPERVISE_ACTIVE, SUPERVISE_POPULATED, 1, 0, 0, 0, 1, 0, 0}},
        {"going-unenrolled", {1, 1, SUPERVISE_DEACTIVATING, SUPERVISE_POPULATED, 1, 0, 0, 0, 0, 0, 0}},
};

static uint32_t failed_bit(const char *word) {
        for (unsigned i = 0; i < N_SUPERVISE_ACTIONS; i++)
                if (strcmp(action_words[i], word) == 0)
                        return 1U << i;
        fail_msg("no action is called '%s'", word);
        return 0;
}

/* An event in words:
 *   found none|bad|gate|bad+gate          found A lease STOP KILL [gate] [revoked]
 *   permit A life | permit A lease STOP KILL [revoked]       revoke A [TIMEOUT]       evict TIMEOUT
 *   query superseded abandoned wake tick    withdrawn A
 *   read NAME     start ok|refused|lost|timeout              failed ACTION…
 * STOP, KILL: seconds; stop timeout is 5 s. */
static void parse(const char *text, struct supervise_event *ev) {
        static const char *const starts[] = {"ok", "refused", "lost", "timeout"};
        char buf[128], *save = NULL, *w;

        assert_true(util_copy(buf, sizeof(buf), text));
        w = strtok_r(buf, " ", &save);
        if (strcmp(w, "withdrawn") == 0) {
                ev->type = SUPERVISE_EV_WITHDRAWN;
                ev->uid = util_token(strtok_r(NULL, " ", &save));
        } else if (strcmp(w, "found") == 0 || strcmp(w, "permit") == 0) {
                bool found = w[0] == 'f';

                ev->type = found ? SUPERVISE_EV_FOUND : SUPERVISE_EV_PERMIT;
                w = strtok_r(NULL, " ", &save);
                if (islower((unsigned char)w[0])) {
                        ev->gate = strstr(w, "gate") != NULL;
                        ev->file = strstr(w, "bad") ? SUPERVISE_FILE_BAD : SUPERVISE_FILE_NONE;
                        return;
                }
                ev->file = SUPERVISE_FILE_VALID;
                ev->uid = util_token(w);
                ev->stop_timeout_usec = 5 * SEC;
                ev->stop_at_usec = ev->kill_at_usec = USEC_INFINITY;
                w = strtok_r(NULL, " ", &save);
                if (strcmp(w, "lease") == 0) {
                        ev->tenure = TENURE_LEASE;
                        ev->stop_at_usec = T0 + strtoull(strtok_r(NULL, " ", &save), NULL, 10) * SEC;
                        ev->kill_at_usec = T0 + strtoull(strtok_r(NULL, " ", &save), NULL, 10) * SEC;
                }
                while ((w = strtok_r(NULL, " ", &save))) {
                        ev->gate |= strcmp(w, "gate") == 0;
                        ev->revoked |= strcmp(w, "revoked") == 0;
                }
        } else if (strcmp(w, "revoke") == 0) {
                ev->type = SUPERVISE_EV_REVOKE;
                ev->uid = util_token(strtok_r(NULL, " ", &save));
                w = strtok_r(NULL, " ", &save);
                ev->stop_timeout_usec = w ? (uint64_t)(strtod(w, NULL) * 1e6 + 0.5) : 0;
        } else if (strcmp(w, "evict") == 0) {
                ev->type = SUPERVISE_EV_EVICT;
                ev->stop_timeout_usec = strtoull(strtok_r(NULL, " ", &save), NULL, 10) * SEC;
        } else if (strcmp(w, "read") == 0) {
                size_t i = 0;

                ev->type = SUPERVISE_EV_READING;
                w = strtok_r(NULL, " ", &save);
                while (i < ELEMENTSOF(readings) && strcmp(readings[i].name, w) != 0)
                        i++;
                assert_true(i < ELEMENTSOF(readings));
                ev->reading = readings[i].reading;
        } else if (strcmp(w, "start") == 0) {
                ev->type = SUPERVISE_EV_START_RESULT;
                w = strtok_r(NULL, " ", &save);
                while (strcmp(starts[ev->start_result], w) != 0)
                        assert_true(++ev->start_result < ELEMENTSOF(starts));
        } else if (strcmp(w, "failed") == 0) {
                ev->type = SUPERVISE_EV_FAILED;
                while ((w = strtok_r(NULL, " ", &save)))
                        ev->failed |= failed_bit(w);
        } else
                ev->type = strcmp(w, "query") == 0        ? SUPERVISE_EV_QUERY
                           : strcmp(w, "superseded") == 0 ? SUPERVISE_EV_SUPERSEDED
                           : strcmp(w, "abandoned") == 0  ? SUPERVISE_EV_ABANDONED
                           : strcmp(w, "wake") == 0       ? SUPERVISE_EV_WAKE
                                                          : SUPERVISE_EV_TICK;
}

struct line {
        double at; /* seconds after T0 */
        const char *event, *actions;
        enum supervise_state state;
};

struct row {
        const char *rule;
        struct line lines[20];
};

#define PERMITTED                                                                                                      \
        {0, "found none", "", SUPERVISE_UNREAD}, {1, "permit A life", "read", SUPERVISE_CHECKING},                     \
                {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},                     \
                {1, "start ok", "note read", SUPERVISE_STARTING}, {                                                    \
                1, "read on", "push", SUPERVISE_RUNNING                                                                \
        }
#define LEASED                                                                                                         \
        {0, "found none", "", SUPERVISE_UNREAD}, {1, "permit A lease 10 15", "read", SUPERVISE_CHECKING},              \
                {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},                     \
                {1, "start ok", "note read", SUPERVISE_STARTING}, {                                                    \
                1, "read on", "push", SUPERVISE_RUNNING                                                                \
        }
#define STOP_A "-gate record STOP read interim push"
/* Without a permit, and what follows when the unit is enrolled. */
#define REVOKE_IDLE "refuse-uid read interim"
#define STOP_IDLE   "-gate STOP read push"

static const struct row rows[] = {
        {"permit file, environment, gate, start, in that order, and only after a reading", {PERMITTED}},
        {"revoke: gate, record, stop; the answer only after a reading begun with the gate gone",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "read going", "", SUPERVISE_STOPPING},
          {3, "wake", "read", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"not stopped: job pending, auto-restart, leftovers, cgroup unreadable, PID 1 silent",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "read queued", "", SUPERVISE_STOPPING},
          {2, "read auto-restart", "", SUPERVISE_STOPPING},
          {2, "read leftovers", "", SUPERVISE_STOPPING},
          {2, "read blind", "", SUPERVISE_STOPPING},
          {2, "read silent", "", SUPERVISE_STOPPING},
          {2, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"life: kill at begin of stop + stop timeout, repeated until empty, stuck is said, dead processes end it",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "read going", "", SUPERVISE_STOPPING},
          {6.9, "tick", "read", SUPERVISE_STOPPING},
          {7, "tick", "KILL push", SUPERVISE_KILLING},
          {7, "read going", "", SUPERVISE_KILLING},
          {7.2, "tick", "KILL read", SUPERVISE_KILLING},
          {8, "read going", "KILL read push", SUPERVISE_STUCK},
          {9, "read silent", "KILL read push", SUPERVISE_KILLING},
          {9.1, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"the kill does not wait for PID 1",
         {LEASED,
          {10, "tick", "-gate record STOP read push", SUPERVISE_STOPPING},
          {15, "tick", "KILL push", SUPERVISE_KILLING},
          {15.2, "tick", "KILL", SUPERVISE_KILLING}}},
        {"lease: a renewal moves both instants without asking PID 1",
         {LEASED,
          {5, "permit A lease 14 19", "permit-file reply:ok", SUPERVISE_RUNNING},
          {10, "tick", "", SUPERVISE_RUNNING},
          {14, "tick", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"lease: a reading that comes when the first instant is over was begun with the gate there: it confirms "
         "nothing",
         {LEASED,
          {9, "wake", "read", SUPERVISE_RUNNING},
          {10, "read off", "-gate record STOP read push", SUPERVISE_STOPPING},
          {10, "read off", "-permit-file push", SUPERVISE_STOPPED}}},
        {"lease: a permit also shortens",
         {LEASED,
          {5, "permit A lease 7 9", "permit-file reply:ok", SUPERVISE_RUNNING},
          {7, "tick", "-gate record STOP read push", SUPERVISE_STOPPING},
          {9, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"the first instant, once over, beats a renewal that waited behind a hang",
         {LEASED, {10, "permit A lease 30 35", "-gate record STOP read reply:revoked push", SUPERVISE_STOPPING}}},
        {"both instants over at once (the guard hung): gate, record, kill, stop",
         {LEASED, {16, "tick", "-gate record KILL STOP read push", SUPERVISE_KILLING}}},
        {"a permit delivered late starts nothing and its uid is over",
         {{5, "found none", "", SUPERVISE_UNREAD},
          {11, "permit A lease 10 15", "refuse-uid reply:overdue", SUPERVISE_UNREAD},
          {11, "permit A lease 30 35 revoked", "reply:revoked", SUPERVISE_UNREAD}}},
        {"an older renewal that is over ends the permit in force",
         {LEASED, {5, "permit A lease 4 9", "-gate record STOP read reply:overdue push", SUPERVISE_STOPPING}}},
        {"a permit that ran out while it was being checked",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A lease 10 15", "read", SUPERVISE_CHECKING},
          {10, "read off", "refuse-checked permits:overdue push", SUPERVISE_STOPPED}}},
        {"a uid once revoked is never permitted: in force, being stopped, idle",
         {PERMITTED,
          {2, "permit A life revoked", "reply:revoked", SUPERVISE_RUNNING},
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "permit A life", "reply:revoked", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED},
          {3, "permit A life revoked", "reply:revoked", SUPERVISE_STOPPED}}},
        {"revoke of an unknown uid while idle: refused from now on, seen to be enrolled, stop job, answered after a "
         "reading",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "revoke A", REVOKE_IDLE, SUPERVISE_UNREAD},
          {1, "read off", STOP_IDLE, SUPERVISE_STOPPING},
          {1, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"revoke of an unknown uid stops a unit that runs without a permit, and kills it in the end",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {0, "query", "read", SUPERVISE_UNREAD},
          {0, "read on", "queries push", SUPERVISE_FOREIGN},
          {1, "revoke A 3", REVOKE_IDLE, SUPERVISE_FOREIGN},
          {1, "read on", STOP_IDLE, SUPERVISE_STOPPING},
          {1, "read going", "", SUPERVISE_STOPPING},
          {4, "tick", "KILL read push", SUPERVISE_KILLING},
          {4, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"revoke of an unknown uid: what has not the gate in force is not ours to stop: told once, answered when it is "
         "seen "
         "stopped, whoever does that; no permit, no eviction meanwhile",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "revoke A", REVOKE_IDLE, SUPERVISE_UNREAD},
          {1, "read on-unenrolled", "revokes:enroll push", SUPERVISE_FOREIGN},
          {2, "permit B life", "reply:busy", SUPERVISE_FOREIGN},
          {2, "evict 3", "reply:busy", SUPERVISE_FOREIGN},
          {11, "tick", "read", SUPERVISE_FOREIGN},
          {11, "read going-unenrolled", "", SUPERVISE_FOREIGN},
          {90, "revoke A 1", REVOKE_IDLE, SUPERVISE_FOREIGN},
          {91, "read on-unenrolled", "revokes:enroll", SUPERVISE_FOREIGN},
          {92, "wake", "read", SUPERVISE_FOREIGN},
          {200, "read off-unenrolled", "stopped push", SUPERVISE_STOPPED}}},
        {"… enrolled by root, and the drop-in lost since: ours to stop, not to evict",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "evict 3", "read", SUPERVISE_UNREAD},
          {1, "read on-dropin-lost", "evicts:enroll push", SUPERVISE_FOREIGN},
          {1, "revoke A 3", REVOKE_IDLE, SUPERVISE_FOREIGN},
          {1, "read on-dropin-lost", STOP_IDLE, SUPERVISE_STOPPING},
          {3, "read off-unenrolled", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"… enrolled meanwhile: stopped; it has ended, or there is no such unit: nothing to stop",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "revoke A 3", REVOKE_IDLE, SUPERVISE_UNREAD},
          {1, "read on-unenrolled", "revokes:enroll push", SUPERVISE_FOREIGN},
          {2, "wake", "read", SUPERVISE_FOREIGN},
          {2, "read on", STOP_IDLE, SUPERVISE_STOPPING},
          {3, "read off-unenrolled", "-permit-file stopped push", SUPERVISE_STOPPED},
          {4, "revoke B", REVOKE_IDLE, SUPERVISE_STOPPED},
          {4, "read off-unenrolled", "stopped", SUPERVISE_STOPPED},
          {5, "revoke B", REVOKE_IDLE, SUPERVISE_STOPPED},
          {5, "read no-unit", "stopped", SUPERVISE_STOPPED}}},
        {"… PID 1 does not tell whether it is ours: asked again each second, and nobody is told that it stopped",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "revoke A 3", REVOKE_IDLE, SUPERVISE_UNREAD},
          {1, "read silent", "", SUPERVISE_UNREAD},
          {2, "tick", "read", SUPERVISE_UNREAD},
          {2, "read silent-alive", "", SUPERVISE_UNREAD},
          {7, "tick", "read", SUPERVISE_UNREAD},
          {7, "read on", STOP_IDLE, SUPERVISE_STOPPING}}},
        {"… nobody waits any more: forgotten; whoever comes next revokes again",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "revoke A 3", REVOKE_IDLE, SUPERVISE_UNREAD},
          {1, "superseded", "", SUPERVISE_UNREAD},
          {1, "read on", "push", SUPERVISE_FOREIGN}}},
        {"a drop-in that was lost under a permit takes nothing from its end: by revoke, instant, or an earlier guard's "
         "files",
         {LEASED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "read on-unenrolled", "", SUPERVISE_STOPPING},
          {7, "tick", "KILL read push", SUPERVISE_KILLING}}},
        {"an eviction stops a unit that runs without a permit, kills it in the end, and records nothing",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {0, "query", "read", SUPERVISE_UNREAD},
          {0, "read on", "queries push", SUPERVISE_FOREIGN},
          {1, "evict 3", "read", SUPERVISE_FOREIGN},
          {1, "read on", "-gate STOP read evicts:ok push", SUPERVISE_STOPPING},
          {2, "permit A life", "reply:busy", SUPERVISE_STOPPING},
          {2, "evict 3", "reply:busy", SUPERVISE_STOPPING},
          {2, "read going", "", SUPERVISE_STOPPING},
          {4, "tick", "KILL read push", SUPERVISE_KILLING},
          {4, "read off", "-permit-file push", SUPERVISE_STOPPED},
          {4, "permit A life", "read", SUPERVISE_CHECKING}}},
        {"… also one that is unfit, on its way up, waits for Restart=, or left processes; nothing of it is left: "
         "nothing to do",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "evict 3", "read", SUPERVISE_UNREAD},
          {1, "read off", "evicts:ok push", SUPERVISE_STOPPED},
          {2, "evict 3", "read", SUPERVISE_STOPPED},
          {2, "read queued", "evicts:ok push", SUPERVISE_UNREAD},
          {3, "evict 3", "read", SUPERVISE_UNREAD},
          {3, "read on-unfit", "-gate STOP read evicts:ok push", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file push", SUPERVISE_STOPPED},
          {4, "evict 3", "read", SUPERVISE_STOPPED},
          {4, "read auto-restart", "-gate STOP read evicts:ok push", SUPERVISE_STOPPING},
          {4, "read off", "-permit-file push", SUPERVISE_STOPPED},
          {5, "evict 3", "read", SUPERVISE_STOPPED},
          {5, "read leftovers", "-gate STOP read evicts:ok push", SUPERVISE_STOPPING},
          {8, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"a unit without the gate in force is nobody's to stop; one that cannot be seen waits",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "evict 3", "read", SUPERVISE_UNREAD},
          {1, "read on-unenrolled", "evicts:enroll push", SUPERVISE_FOREIGN},
          {2, "evict 3", "read", SUPERVISE_FOREIGN},
          {2, "read silent", "evicts:internal push", SUPERVISE_UNREAD},
          {3, "evict 3", "read", SUPERVISE_UNREAD},
          {3, "read blind", "evicts:internal", SUPERVISE_UNREAD}}},
        {"an eviction undoes no permit: asked for, in force, of an earlier guard, being stopped",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {0, "evict 3", "reply:busy", SUPERVISE_RESUMING},
          {0, "read on", "note push", SUPERVISE_RUNNING},
          {1, "evict 3", "reply:busy", SUPERVISE_RUNNING},
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "evict 3", "reply:busy", SUPERVISE_STOPPING},
          {2, "read off", "-permit-file stopped push", SUPERVISE_STOPPED},
          {3, "permit B life", "read", SUPERVISE_CHECKING},
          {3, "evict 3", "reply:busy", SUPERVISE_CHECKING},
          {3, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING}}},
        {"a permit that comes before an eviction was looked into: the later word counts",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "evict 3", "read", SUPERVISE_UNREAD},
          {1, "permit A life", "evicts:busy read", SUPERVISE_CHECKING},
          {1, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING},
          {1, "read on", "note push", SUPERVISE_RUNNING}}},
        {"a revoke that comes before that: it is stopped all the same; nobody there any more: it is not",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "evict 3", "read", SUPERVISE_UNREAD},
          {1, "revoke A", REVOKE_IDLE, SUPERVISE_UNREAD},
          {1, "read on", "-gate STOP read evicts:ok push", SUPERVISE_STOPPING},
          {1, "read off", "-permit-file stopped push", SUPERVISE_STOPPED},
          {2, "evict 3", "read", SUPERVISE_STOPPED},
          {2, "superseded", "", SUPERVISE_STOPPED},
          {2, "read on", "push", SUPERVISE_FOREIGN}}},
        {"revoke of another uid while one is in force: recorded; answered when the unit is seen stopped",
         {PERMITTED,
          {2, "revoke B", "refuse-uid read interim", SUPERVISE_RUNNING},
          {2, "read on", "", SUPERVISE_RUNNING},
          {3, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"revoke while another permit is checked: stopped is answered before that one starts",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "revoke B", "refuse-uid read interim", SUPERVISE_CHECKING},
          {1, "read off", "stopped permit-file env gate START permits:ok push", SUPERVISE_STARTING}}},
        {"… and when the check refuses, what runs is stopped for it",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "revoke B", "refuse-uid read interim", SUPERVISE_CHECKING},
          {1, "read on", "permits:foreign read push", SUPERVISE_FOREIGN}, /* not taken over */
          {1, "read on", STOP_IDLE, SUPERVISE_STOPPING},
          {2, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"revoke of the uid that is being checked",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "revoke A", "permits:revoked refuse-uid read interim push", SUPERVISE_UNREAD},
          {1, "read off", STOP_IDLE, SUPERVISE_STOPPING},
          {2, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"a permit for another uid is refused until the stop is confirmed",
         {PERMITTED,
          {2, "permit B life", "reply:busy", SUPERVISE_RUNNING},
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "permit B life", "reply:busy", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED},
          {3, "permit B life", "read", SUPERVISE_CHECKING}}},
        {"also when the unit has ended by itself, and while another is checked",
         {PERMITTED,
          {2, "wake", "read", SUPERVISE_RUNNING},
          {2, "read off", "note push", SUPERVISE_FAILED},
          {2, "permit B life", "reply:busy", SUPERVISE_FAILED}}},
        {"another tenure for the same uid is refused: it is fixed for the term",
         {PERMITTED, {2, "permit A lease 10 15", "reply:request", SUPERVISE_RUNNING}}},
        {"refused before anything is written: no unit, not enrolled, PID 1 silent, cgroup unreadable, leftovers",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read no-unit", "permits:unit push", SUPERVISE_STOPPED},
          {2, "permit A life", "read", SUPERVISE_CHECKING},
          {2, "read on-unenrolled", "permits:enroll push", SUPERVISE_FOREIGN},
          {2, "permit A life", "read", SUPERVISE_CHECKING},
          {2, "read on-reload-due", "permits:enroll push", SUPERVISE_FOREIGN},
          {3, "permit A life", "read", SUPERVISE_CHECKING},
          {3, "read off-unenrolled", "permits:enroll push", SUPERVISE_STOPPED},
          {4, "permit A life", "read", SUPERVISE_CHECKING},
          {4, "read off-reload-due", "permits:enroll push", SUPERVISE_STOPPED},
          {5, "permit A life", "read", SUPERVISE_CHECKING},
          {5, "read silent", "permits:internal push", SUPERVISE_UNREAD},
          {6, "permit A life", "read", SUPERVISE_CHECKING},
          {6, "read blind", "permits:internal push", SUPERVISE_UNREAD},
          {7, "permit A life", "read", SUPERVISE_CHECKING},
          {7, "read leftovers", "permits:foreign push", SUPERVISE_FOREIGN}}},
        {"a unit that runs already is taken over as it runs: the same files in the same order, no start",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {0, "query", "read", SUPERVISE_UNREAD},
          {0, "read on", "queries push", SUPERVISE_FOREIGN},
          {1, "permit A lease 10 15", "read", SUPERVISE_CHECKING},
          {1, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING},
          {1, "read on", "note push", SUPERVISE_RUNNING},
          {5, "permit A lease 14 19", "permit-file reply:ok", SUPERVISE_RUNNING},
          {6, "wake", "read", SUPERVISE_RUNNING},
          {6, "read off", "note push", SUPERVISE_FAILED},
          {7, "wake", "read", SUPERVISE_FAILED},
          {7, "read on", "note push", SUPERVISE_RUNNING},
          {14, "tick", "-gate record STOP read push", SUPERVISE_STOPPING},
          {19, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"… it ends in that very moment: started as usual",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING},
          {1, "read going", "", SUPERVISE_STARTING},
          {2, "wake", "read", SUPERVISE_STARTING},
          {2, "read off", "START", SUPERVISE_STARTING},
          {2, "start ok", "note read", SUPERVISE_STARTING},
          {2, "read on", "push", SUPERVISE_RUNNING}}},
        {"… revoked in that very moment",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING},
          {1, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"a unit on its way up or down, or with a job, is waited for, not taken over half way",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read coming", "", SUPERVISE_CHECKING},
          {2, "wake", "read", SUPERVISE_CHECKING},
          {2, "read auto-restart", "", SUPERVISE_CHECKING},
          {3, "permit A life", "", SUPERVISE_CHECKING},
          {12, "tick", "read", SUPERVISE_CHECKING},
          {12, "read on-job", "", SUPERVISE_CHECKING},
          {13, "wake", "read", SUPERVISE_CHECKING},
          {13, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING}}},
        {"… down: started when it is seen stopped",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read going", "", SUPERVISE_CHECKING},
          {2, "wake", "read", SUPERVISE_CHECKING},
          {2, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING}}},
        {"… down without an end: under a lock it is waited for until the next look, however often the permit is "
         "renewed; "
         "what is left has the stop timeout of the revoke",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A lease 10 15", "read", SUPERVISE_CHECKING},
          {1, "read going", "", SUPERVISE_CHECKING},
          {7, "permit A lease 16 21", "", SUPERVISE_CHECKING},
          {8, "wake", "read", SUPERVISE_CHECKING},
          {8, "read going", "", SUPERVISE_CHECKING},
          {11, "tick", "read", SUPERVISE_CHECKING},
          {11, "read going", "permits:foreign push", SUPERVISE_FOREIGN},
          {11, "revoke A 5", REVOKE_IDLE, SUPERVISE_FOREIGN},
          {11, "read going", STOP_IDLE, SUPERVISE_STOPPING},
          {11, "read going", "", SUPERVISE_STOPPING},
          {16, "tick", "KILL read push", SUPERVISE_KILLING},
          {16, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"… waiting for Restart= without an end, and nothing of it lives: the same",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read going", "", SUPERVISE_CHECKING},
          {2, "wake", "read", SUPERVISE_CHECKING},
          {2, "read auto-restart", "", SUPERVISE_CHECKING},
          {11, "tick", "read", SUPERVISE_CHECKING},
          {11, "read auto-restart", "permits:foreign push", SUPERVISE_FOREIGN},
          {11, "permit B life", "read", SUPERVISE_CHECKING},
          {11, "read auto-restart", "", SUPERVISE_CHECKING},
          {12, "wake", "read", SUPERVISE_CHECKING},
          {12, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING}}},
        {"… up again in between: counted anew; one on its way up lives, and is waited for",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read going", "", SUPERVISE_CHECKING},
          {2, "wake", "read", SUPERVISE_CHECKING},
          {2, "read coming", "", SUPERVISE_CHECKING},
          {12, "tick", "read", SUPERVISE_CHECKING},
          {12, "read coming", "", SUPERVISE_CHECKING},
          {13, "wake", "read", SUPERVISE_CHECKING},
          {13, "read going", "", SUPERVISE_CHECKING},
          {14, "wake", "read", SUPERVISE_CHECKING},
          {14, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING}}},
        {"… and the permit runs out meanwhile, is revoked, or nobody waits any more: nothing was written",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A lease 10 15", "read", SUPERVISE_CHECKING},
          {1, "read coming", "", SUPERVISE_CHECKING},
          {10, "tick", "refuse-checked permits:overdue push", SUPERVISE_UNREAD},
          {11, "permit B life", "read", SUPERVISE_CHECKING},
          {11, "read coming", "", SUPERVISE_CHECKING},
          {12, "superseded", "push", SUPERVISE_UNREAD},
          {13, "permit B life", "read", SUPERVISE_CHECKING},
          {13, "read coming", "", SUPERVISE_CHECKING},
          {14, "revoke B", "permits:revoked refuse-uid read interim push", SUPERVISE_UNREAD}}},
        {"taken over, and the permit cannot be written: as if it had not been asked for",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read on", "permit-file env gate permits:ok read push", SUPERVISE_STARTING},
          {1, "failed permit-file", "-permit-file permits:internal read push", SUPERVISE_UNREAD},
          {1, "read on", "push", SUPERVISE_FOREIGN}}},
        {"a start job of the boot that the gate will refuse is not a foreign unit",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "query", "read", SUPERVISE_UNREAD},
          {1, "read queued", "queries", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read queued", "permit-file env gate START permits:ok push", SUPERVISE_STARTING}}},
        {"unit ends by itself: said, permit stays, Restart= and a human may start it again through the gate",
         {PERMITTED,
          {2, "wake", "read", SUPERVISE_RUNNING},
          {2, "read auto-restart", "push", SUPERVISE_STARTING},
          {2, "wake", "read", SUPERVISE_STARTING},
          {2, "read off", "note push", SUPERVISE_FAILED},
          {3, "permit A life", "reply:ok", SUPERVISE_FAILED},
          {4, "wake", "read", SUPERVISE_FAILED},
          {4, "read coming", "note push", SUPERVISE_STARTING},
          {5, "wake", "read", SUPERVISE_STARTING},
          {5, "read on", "push", SUPERVISE_RUNNING}}},
        {"ended with success is no failure: the permit stays, and a timer may start it again",
         {PERMITTED,
          {2, "query", "read", SUPERVISE_RUNNING},
          {2, "read off-well", "note queries push", SUPERVISE_ENDED}, /* on disk before it is told */
          {3, "permit A life", "reply:ok", SUPERVISE_ENDED},
          {4, "wake", "read", SUPERVISE_ENDED},
          {4, "read on", "note push", SUPERVISE_RUNNING},
          {5, "wake", "read", SUPERVISE_RUNNING},
          {5, "read off-badly", "note push", SUPERVISE_FAILED},
          {6, "wake", "read", SUPERVISE_FAILED},
          {6, "read off-well", "note push", SUPERVISE_ENDED},
          {7, "revoke A", STOP_A, SUPERVISE_STOPPING}}},
        {"a job may be over before its start is answered, or looked at",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "wake", "read", SUPERVISE_STARTING},
          {1, "read off-well", "", SUPERVISE_STARTING},
          {1, "start ok", "note read", SUPERVISE_STARTING},
          {1, "read off-well", "note push", SUPERVISE_ENDED}}},
        {"what a timer of its list starts is permitted, and left alone, however it ends and whichever guard finds it",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off-triggered", "permit-file env gate permits:ok push", SUPERVISE_WAITING},
          {2, "wake", "read", SUPERVISE_WAITING},
          {2, "read off-triggered", "", SUPERVISE_WAITING},
          {3, "wake", "read", SUPERVISE_WAITING},
          {3, "read on-triggered", "push", SUPERVISE_RUNNING},
          {4, "wake", "read", SUPERVISE_RUNNING},
          {4, "read off-triggered-well", "note push", SUPERVISE_ENDED},
          {5, "wake", "read", SUPERVISE_ENDED},
          {5, "read on-triggered", "note push", SUPERVISE_RUNNING},
          {6, "wake", "read", SUPERVISE_RUNNING},
          {6, "read off-triggered-badly", "note push", SUPERVISE_FAILED},
          {7, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {7, "read off-triggered", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"… and the next guard",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {1, "read off-triggered", "push", SUPERVISE_WAITING}}},
        {"… and one that PID 1 stops with the guard before it",
         {{0, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {1, "read going-triggered", "push", SUPERVISE_STARTING},
          {2, "wake", "read", SUPERVISE_STARTING},
          {2, "read off-triggered", "push", SUPERVISE_WAITING}}},
        {"… and before its gate was there",
         {{0, "found A life", "read push", SUPERVISE_RESUMING},
          {1, "read off-triggered", "env gate push", SUPERVISE_WAITING}}},
        {"… one that runs already is taken over",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read on-triggered", "permit-file env gate permits:ok read push", SUPERVISE_STARTING},
          {1, "read off-triggered", "push", SUPERVISE_WAITING}}},
        {"a unit of the same permit is being stopped: so is this one, and nothing under another uid",
         {PERMITTED,
          {2, "withdrawn B", "", SUPERVISE_RUNNING},
          {2, "withdrawn A", "-gate record STOP read push", SUPERVISE_STOPPING},
          {3, "withdrawn A", "", SUPERVISE_STOPPING},
          {3, "revoke A", "read interim", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED},
          {4, "withdrawn A", "", SUPERVISE_STOPPED}}},
        {"… while it is looked at for the first time",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "withdrawn A", "permits:revoked push", SUPERVISE_UNREAD},
          {1, "read off", "push", SUPERVISE_STOPPED}}},
        {"an answer that is lost starts no job a second time",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "start lost", "read", SUPERVISE_STARTING},
          {1, "read off-well", "note push", SUPERVISE_ENDED}}},
        {"what ended under its permit is not started by the next guard, whichever way it ended",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {1, "read off-well", "note push", SUPERVISE_ENDED}}},
        {"what failed under its permit is not started by the next guard either",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {1, "read off-badly", "note push", SUPERVISE_FAILED}}},
        {"what the last guard did not come to start is started",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {1, "read off", "START push", SUPERVISE_STARTING}}},
        {"inactive before PID 1 took the start job is not failed",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "wake", "read", SUPERVISE_STARTING},
          {1, "read off", "", SUPERVISE_STARTING},
          {1, "start ok", "note read", SUPERVISE_STARTING},
          {1, "read off", "note push", SUPERVISE_FAILED}}},
        {"a refused start is a failed unit",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "start refused", "note read", SUPERVISE_STARTING},
          {1, "read off", "note push", SUPERVISE_FAILED}}},
        {"a start that was lost with the bus is sent again after a reading, under the same permit",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "start lost", "read", SUPERVISE_STARTING},
          {1, "read silent", "", SUPERVISE_STARTING},
          {2, "wake", "read", SUPERVISE_STARTING},
          {2, "read off", "START", SUPERVISE_STARTING},
          {2, "start ok", "note read", SUPERVISE_STARTING}}},
        {"a start that timed out may still come: gate away, stop, confirm",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {26, "start timeout", "-gate record STOP read push", SUPERVISE_STOPPING},
          {26, "read off", "-permit-file push", SUPERVISE_STOPPED}}},
        {"no start once a stop began, whatever PID 1 answers to the one under way",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {1, "start lost", "", SUPERVISE_STOPPING},
          {1, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"a stop job that went astray is sent again, once a second at most",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2.5, "read on", "", SUPERVISE_STOPPING},
          {3, "tick", "read", SUPERVISE_STOPPING},
          {3, "read on", "STOP", SUPERVISE_STOPPING},
          {3.5, "wake", "read", SUPERVISE_STOPPING},
          {3.5, "read on", "", SUPERVISE_STOPPING}}},
        {"a start job that replaced the stop job, and waits for another unit, is taken back: else the stop is never "
         "seen",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2.5, "read queued", "", SUPERVISE_STOPPING},
          {3, "tick", "read", SUPERVISE_STOPPING},
          {3, "read queued", "STOP", SUPERVISE_STOPPING},
          {3.5, "wake", "read", SUPERVISE_STOPPING},
          {3.5, "read queued", "", SUPERVISE_STOPPING},
          {3.6, "wake", "read", SUPERVISE_STOPPING},
          {3.6, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"… not of a unit that is on its way down",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2.5, "read going", "", SUPERVISE_STOPPING},
          {3, "tick", "read", SUPERVISE_STOPPING},
          {3, "read going", "", SUPERVISE_STOPPING}}},
        {"lease: what is in force no longer bounds the stop: stepped down; life: runs on",
         {LEASED,
          {2, "wake", "read", SUPERVISE_RUNNING},
          {2, "read on-reload-due", "", SUPERVISE_RUNNING},
          {3, "wake", "read", SUPERVISE_RUNNING},
          {3, "read on-unenrolled", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"life: the same is only reported",
         {PERMITTED, {3, "wake", "read", SUPERVISE_RUNNING}, {3, "read on-unenrolled", "", SUPERVISE_RUNNING}}},
        {"query is answered after a reading, also when PID 1 is silent",
         {PERMITTED,
          {2, "query", "read", SUPERVISE_RUNNING},
          {2, "read on", "queries", SUPERVISE_RUNNING},
          {2, "query", "read", SUPERVISE_RUNNING},
          {7, "read silent", "queries", SUPERVISE_RUNNING}}},
        {"a signal during a look: looked again, the first answer is not thrown away",
         {PERMITTED,
          {2, "query", "read", SUPERVISE_RUNNING},
          {2, "wake", "", SUPERVISE_RUNNING},
          {2, "read on", "queries read", SUPERVISE_RUNNING}}},
        {"a lost signal: looked every ten seconds",
         {PERMITTED, {11, "tick", "read", SUPERVISE_RUNNING}, {11, "read off", "note push", SUPERVISE_FAILED}}},
        {"a superseded connection: what it asked for is forgotten, nothing was written",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "superseded", "push", SUPERVISE_UNREAD},
          {1, "read off", "push", SUPERVISE_STOPPED}}},
        {"… a stop goes on, nobody is answered; the next revoke is",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "superseded", "", SUPERVISE_STOPPING},
          {3, "read going", "read", SUPERVISE_STOPPING},
          {3.1, "revoke A", "read interim", SUPERVISE_STOPPING},
          {3.1, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"the agent was stopped while it was dead: a unit for life is stopped as it would have",
         {PERMITTED,
          {2, "abandoned", "-gate record STOP read push", SUPERVISE_STOPPING},
          {2, "abandoned", "", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file push", SUPERVISE_STOPPED},
          {3, "abandoned", "", SUPERVISE_STOPPED},
          {4, "permit A life revoked", "reply:revoked", SUPERVISE_STOPPED}}},
        {"… also before it was seen by this guard",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {1, "abandoned", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"… under a lease its instants do that", {LEASED, {2, "abandoned", "", SUPERVISE_RUNNING}}},
        {"guard start, gate and file: unit runs on, no start",
         {{0, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {0, "read on", "note push", SUPERVISE_RUNNING},
          {10, "tick", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"guard start, file without gate: gate, then start",
         {{0, "found A life", "read push", SUPERVISE_RESUMING},
          {0, "read off", "env gate START push", SUPERVISE_STARTING}}},
        {"guard start, file without gate, unit runs: gate only",
         {{0, "found A life", "read push", SUPERVISE_RESUMING},
          {0, "read on", "env gate note push", SUPERVISE_RUNNING}}},
        {"guard start, gate and file, unit stopped by PID 1 with the guard (BindsTo): started again",
         {{0, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {0, "read going", "START push", SUPERVISE_STARTING}}},
        {"guard start, PID 1 silent: looked again, renewals are taken, the instant holds",
         {{0, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {0.5, "read silent", "", SUPERVISE_RESUMING},
          {1, "tick", "read", SUPERVISE_RESUMING},
          {2, "permit A lease 11 16", "permit-file reply:ok", SUPERVISE_RESUMING},
          {11, "tick", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"guard start, a lease that is nearly over: not worth a start, unless the agent renews it",
         {{8.5, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {8.5, "read off", "", SUPERVISE_RESUMING},
          {8.6, "superseded", "", SUPERVISE_RESUMING},
          {9.5, "tick", "read", SUPERVISE_RESUMING},
          {9.5, "read going", "", SUPERVISE_RESUMING},
          {9.6, "permit A lease 11 16", "permit-file reply:ok read", SUPERVISE_RESUMING},
          {9.6, "read off", "START push", SUPERVISE_STARTING}}},
        {"… or until it is over",
         {{8.5, "found A lease 10 15", "read push", SUPERVISE_RESUMING},
          {8.5, "read off", "", SUPERVISE_RESUMING},
          {9.5, "tick", "read", SUPERVISE_RESUMING},
          {9.5, "read off", "", SUPERVISE_RESUMING},
          {10, "tick", "-gate record STOP read push", SUPERVISE_STOPPING},
          {10, "read off", "-permit-file push", SUPERVISE_STOPPED}}},
        {"… what runs goes on until then",
         {{8.5, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {8.5, "read on", "note push", SUPERVISE_RUNNING}}},
        {"… a renewal that comes first is one",
         {{8.5, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {8.5, "permit A lease 10 15", "reply:ok", SUPERVISE_RESUMING},
          {8.5, "read off", "START push", SUPERVISE_STARTING}}},
        {"guard start, past the first instant: gate away, stop",
         {{10, "found A lease 10 15 gate", "-gate record STOP read push", SUPERVISE_STOPPING},
          {15, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"guard start, past both",
         {{20, "found A lease 10 15 gate", "-gate record KILL STOP read push", SUPERVISE_KILLING}}},
        {"guard start, revoked uid: the stop goes on",
         {{0, "found A life gate revoked", "-gate record STOP read push", SUPERVISE_STOPPING},
          {0, "read off", "-permit-file push", SUPERVISE_STOPPED}}},
        {"guard start, damaged file: no permit; gate away, unit stopped",
         {{0, "found bad", "-gate STOP read push", SUPERVISE_STOPPING},
          {0, "read off", "-permit-file push", SUPERVISE_STOPPED}}},
        {"guard start, gate without a file: the same",
         {{0, "found gate", "-gate STOP read push", SUPERVISE_STOPPING},
          {1, "revoke A", "refuse-uid read interim", SUPERVISE_STOPPING},
          {1, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"guard start, not enrolled any more: lease stopped; life not started, said as failed once seen",
         {{0, "found A lease 10 15 gate", "read push", SUPERVISE_RESUMING},
          {0, "read off-unenrolled", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"… life",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {0, "read going-unenrolled", "push", SUPERVISE_STARTING},
          {1, "wake", "read", SUPERVISE_STARTING},
          {1, "read off-unenrolled", "note push", SUPERVISE_FAILED}}},
        {"guard start, unit inactive with processes left: no second start beside them",
         {{0, "found A life gate", "read push", SUPERVISE_RESUMING},
          {0, "read leftovers", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"first permit not written: nothing was done, the uid is not over",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "failed permit-file", "-permit-file permits:internal read push", SUPERVISE_UNREAD},
          {1, "read off", "push", SUPERVISE_STOPPED},
          {1, "permit A life", "read", SUPERVISE_CHECKING}}},
        /* Its permit file may not go away either, and the next guard would take it up: after the lock was let go. */
        {"first permit written, its environment not: it is over as one in force is, on record before it is told "
         "stopped",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "failed env", "-gate record STOP read permits:internal reply:internal push", SUPERVISE_STOPPING},
          {1, "failed record", "", SUPERVISE_STOPPING},
          {1, "revoke A", "read interim", SUPERVISE_STOPPING},
          {1, "read off", "", SUPERVISE_STOPPING},
          {2, "tick", "record read", SUPERVISE_STOPPING},
          {2, "read off", "-permit-file stopped push", SUPERVISE_STOPPED},
          {2, "failed -permit-file", "", SUPERVISE_STOPPED}}},
        {"gate not made: stopped and confirmed all the same",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "permit A life", "read", SUPERVISE_CHECKING},
          {1, "read off", "permit-file env gate START permits:ok push", SUPERVISE_STARTING},
          {1, "failed gate", "-gate record STOP read permits:internal reply:internal push", SUPERVISE_STOPPING}}},
        {"a renewal not written is not given; a shortening not written stops",
         {LEASED,
          {5, "permit A lease 14 19", "permit-file reply:ok", SUPERVISE_RUNNING},
          {5, "failed permit-file", "reply:internal", SUPERVISE_RUNNING},
          {6, "permit A lease 9 14", "permit-file reply:ok", SUPERVISE_RUNNING},
          {6, "failed permit-file", "-gate record STOP read permits:internal reply:internal push",
           SUPERVISE_STOPPING}}},
        {"a renewal not written: the instant on disk holds",
         {LEASED,
          {5, "permit A lease 14 19", "permit-file reply:ok", SUPERVISE_RUNNING},
          {5, "failed permit-file", "reply:internal", SUPERVISE_RUNNING},
          {10, "tick", "-gate record STOP read push", SUPERVISE_STOPPING}}},
        {"a gate that cannot be removed: tried again; nothing is confirmed by a look begun before it was gone",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "failed -gate", "", SUPERVISE_STOPPING},
          {2, "read off", "", SUPERVISE_STOPPING},
          {2.5, "wake", "read", SUPERVISE_STOPPING},
          {3, "tick", "-gate read", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"a uid that cannot be recorded: no final answer until it is",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2, "failed record", "", SUPERVISE_STOPPING},
          {2, "read off", "", SUPERVISE_STOPPING},
          {3, "tick", "record read", SUPERVISE_STOPPING},
          {3, "read off", "-permit-file stopped push", SUPERVISE_STOPPED}}},
        {"a second revoke may shorten the stop, never lengthen it",
         {PERMITTED,
          {2, "revoke A", STOP_A, SUPERVISE_STOPPING},
          {2.5, "revoke A 60", "read interim", SUPERVISE_STOPPING},
          {3, "revoke A 1", "read interim", SUPERVISE_STOPPING},
          {4, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"a revoke that gives no time gives a tenth of a second: a stop is no kill",
         {PERMITTED,
          {2, "revoke A 0.000001", STOP_A, SUPERVISE_STOPPING},
          {2.05, "revoke A 0.000001", "read interim", SUPERVISE_STOPPING},
          {2.1, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"… without a permit, too",
         {{0, "found none", "", SUPERVISE_UNREAD},
          {1, "revoke A 0.000001", REVOKE_IDLE, SUPERVISE_UNREAD},
          {2, "read on", STOP_IDLE, SUPERVISE_STOPPING},
          {2.1, "tick", "KILL push", SUPERVISE_KILLING}}},
        {"lease: a revoke does not put off the second instant",
         {LEASED, {9, "revoke A 60", STOP_A, SUPERVISE_STOPPING}, {15, "tick", "KILL push", SUPERVISE_KILLING}}},
};

static void test_rows(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct supervise s;

                supervise_init(&s);
                for (const struct line *l = rows[i].lines; l < rows[i].lines + ELEMENTSOF(rows[i].lines) && l->event;
                     l++) {
                        struct supervise_event ev = {.now_usec = T0 + (uint64_t)(l->at * 1e6 + 0.5)};
                        struct supervise_actions a;
                        char text[512];

                        parse(l->event, &ev);
                        a = supervise_step(&s, &ev);
                        actions_to_text(&a, text, sizeof(text));
                        if (strcmp(text, l->actions) != 0 || s.state != l->state)
                                fail_msg("\"%s\"\n  at %.1f, \"%s\"\n  expected: %s -> %s\n  got:      %s -> %s",
                                         rows[i].rule, l->at, l->event, l->actions, supervise_state_to_string(l->state),
                                         text, supervise_state_to_string(s.state));
                        assert_true(supervise_invariant(&s));
                        assert_true(supervise_deadline(&s) > ev.now_usec);
                }
        }
}

static void test_deadline(_unused_ void **state) {
        struct supervise_event ev = {.now_usec = T0};
        struct supervise s;

        supervise_init(&s);
        assert_true(supervise_deadline(&s) == USEC_INFINITY);
        parse("found A lease 10 15 gate", &ev);
        (void)supervise_step(&s, &ev);
        /* RESUMING looks again each second. */
        assert_true(supervise_deadline(&s) == T0 + 1 * SEC);
        parse("read on", &ev);
        (void)supervise_step(&s, &ev);
        assert_true(supervise_deadline(&s) == T0 + 10 * SEC);
        ev.now_usec = T0 + 10 * SEC;
        ev.type = SUPERVISE_EV_TICK;
        (void)supervise_step(&s, &ev);
        assert_true(supervise_deadline(&s) == T0 + 11 * SEC);
        ev.now_usec = T0 + 15 * SEC - 1;
        (void)supervise_step(&s, &ev);
        assert_true(supervise_deadline(&s) == T0 + 15 * SEC);
}

static void test_names(_unused_ void **state) {
        for (unsigned i = 0; i < N_SUPERVISE_STATES; i++)
                assert_true(strlen(supervise_state_to_string(i)) > 0);
        for (unsigned i = 0; i < N_SUPERVISE_REASONS; i++)
                assert_true(strlen(supervise_reason_to_string(i)) > 0);
        assert_string_equal(supervise_state_to_string((enum supervise_state)N_SUPERVISE_STATES), "invalid");
        assert_string_equal(supervise_reason_to_string((enum supervise_reason)N_SUPERVISE_REASONS), "invalid");
}

static void test_invariant_can_fail(_unused_ void **state) {
        struct supervise_event ev = {.now_usec = T0};
        struct supervise good, s;

        supervise_init(&good);
        parse("found A life gate", &ev);
        (void)supervise_step(&good, &ev);
        parse("read on", &ev);
        (void)supervise_step(&good, &ev);
        assert_true(supervise_invariant(&good));
        s = good;
        s.gate = 0;
        assert_false(supervise_invariant(&s));
        s = good;
        s.state = SUPERVISE_STOPPED;
        assert_false(supervise_invariant(&s));
        s = good;
        s.uid = 0;
        assert_false(supervise_invariant(&s));
        s = good;
        s.unrecorded = 1;
        assert_false(supervise_invariant(&s));
        s = good;
        s.waits = 2;
        assert_false(supervise_invariant(&s));
        s = good;
        s.state = N_SUPERVISE_STATES;
        assert_false(supervise_invariant(&s));
        supervise_init(&s);
        s.waits = 1;
        assert_false(supervise_invariant(&s));
}

/* ---- random walks ---- */

static uint64_t next_random(uint64_t *seed) {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

/* What the world knows, to judge the actions by. */
struct world {
        bool gate, file, revoked[3], reading, reading_gateless, starting, found;
        bool ours;       /* files of ours, or the gate was in force when the unit was last seen */
        bool stopping;   /* a stop began, and was not seen through */
        bool stop_begun; /* since the last START: no further START until stopped and checked */
        uint64_t now, stop_at;
        uint64_t in_force; /* uid whose permit file was written */
};

static void judge(struct world *w, const struct supervise *s, const struct supervise_actions *a,
                  const struct supervise_event *ev) {
        const uint64_t uids[3] = {util_token("A"), util_token("B"), util_token("C")};

        if (ev->type == SUPERVISE_EV_FOUND)
                w->ours = ev->gate || ev->file != SUPERVISE_FILE_NONE;
        else if (ev->type == SUPERVISE_EV_READING && !w->file && !w->stopping)
                w->ours = ev->reading.known && (ev->reading.gated || ev->reading.ours);
        for (unsigned i = 0; i < a->n; i++) {
                switch ((enum supervise_action_type)a->a[i].type) {
                case SUPERVISE_WRITE_PERMIT:
                        w->ours = true;
                        w->file = true;
                        w->stop_begun = false;
                        break;
                case SUPERVISE_NOTE: /* writes the permit file again */
                        assert_true(w->file && supervise_permitted(s));
                        assert_false(w->stop_begun);
                        break;
                case SUPERVISE_MAKE_GATE:
                        assert_true(w->file);
                        assert_true(w->now < s->stop_at_usec);
                        w->gate = true;
                        break;
                case SUPERVISE_START:
                        assert_true(w->gate && w->file);
                        assert_false(w->stop_begun);
                        assert_true(supervise_permitted(s) && w->now < s->stop_at_usec);
                        for (unsigned u = 0; u < 3; u++)
                                assert_false(w->revoked[u] && uids[u] == s->uid);
                        w->starting = true;
                        break;
                case SUPERVISE_REMOVE_GATE:
                        w->gate = false;
                        w->stop_begun = true;
                        w->reading = false;
                        break;
                case SUPERVISE_STOP:
                case SUPERVISE_KILL:
                        assert_false(w->gate);
                        assert_true(w->ours);
                        w->stopping = true;
                        break;
                case SUPERVISE_RECORD:
                        assert_false(w->gate);
                        for (unsigned u = 0; u < 3; u++)
                                w->revoked[u] |= uids[u] == (s->uid ? s->uid : w->in_force);
                        break;
                case SUPERVISE_REFUSE_REQUEST:
                        for (unsigned u = 0; u < 3; u++)
                                w->revoked[u] |= uids[u] == ev->uid;
                        break;
                case SUPERVISE_REFUSE_CHECKED:
                        for (unsigned u = 0; u < 3; u++)
                                w->revoked[u] |= uids[u] == w->in_force;
                        break;
                case SUPERVISE_READ:
                        w->reading = true;
                        w->reading_gateless = !w->gate;
                        break;
                case SUPERVISE_REPLY_STOPPED:
                        /* By a reading that was begun when the gate was gone, and that saw nothing. */
                        assert_int_equal(ev->type, SUPERVISE_EV_READING);
                        assert_true(w->reading_gateless && !w->gate);
                        assert_true(ev->reading.known && !ev->reading.job);
                        assert_int_equal(ev->reading.active, SUPERVISE_INACTIVE);
                        assert_int_equal(ev->reading.populated, SUPERVISE_EMPTY);
                        break;
                case SUPERVISE_REMOVE_PERMIT:
                        assert_false(w->gate);
                        w->file = w->stopping = false;
                        break;
                case SUPERVISE_WRITE_ENV:
                case SUPERVISE_REPLY:
                case SUPERVISE_REPLY_INTERIM:
                case SUPERVISE_REPLY_PERMITS:
                case SUPERVISE_REPLY_QUERIES:
                case SUPERVISE_REPLY_REVOKES:
                case SUPERVISE_REPLY_EVICTS:
                case SUPERVISE_PUSH:
                        break;
                }
        }
        if (s->uid)
                w->in_force = s->uid;
        if (w->gate)
                assert_true(supervise_permitted(s) && w->now < s->stop_at_usec);
}

static void random_event(struct world *w, const struct supervise *s, struct supervise_event *ev, uint64_t *seed) {
        static const char *const names[] = {"A", "B", "C"};
        unsigned who = (unsigned)(next_random(seed) % 3);
        uint64_t until;

        memset(ev, 0, sizeof(*ev));
        w->now +=
                next_random(seed) % 4 == 0 ? next_random(seed) % (6 * SEC) : next_random(seed) % (100 * USEC_PER_MSEC);
        ev->now_usec = w->now;
        ev->uid = util_token(names[who]);
        ev->tenure = next_random(seed) % 2 != 0 ? TENURE_LEASE : TENURE_LIFE;
        ev->revoked = w->revoked[who];
        until = w->now + next_random(seed) % (10 * SEC);
        ev->stop_at_usec = ev->tenure == TENURE_LEASE ? until : USEC_INFINITY;
        ev->kill_at_usec = ev->tenure == TENURE_LEASE ? until + next_random(seed) % (5 * SEC) : USEC_INFINITY;
        ev->stop_timeout_usec = next_random(seed) % 8 == 0 ? 0 : next_random(seed) % (5 * SEC) + 1;
        do
                ev->type = (uint8_t)(next_random(seed) % N_SUPERVISE_EVENTS);
        while (ev->type == SUPERVISE_EV_FOUND || (ev->type == SUPERVISE_EV_READING && !w->reading) ||
               (ev->type == SUPERVISE_EV_START_RESULT && !w->starting) || ev->type == SUPERVISE_EV_FAILED);
        if ((ev->type == SUPERVISE_EV_PERMIT || ev->type == SUPERVISE_EV_EVICT) && ev->stop_timeout_usec == 0)
                ev->stop_timeout_usec = SEC;
        if (ev->type == SUPERVISE_EV_READING) {
                ev->reading = readings[next_random(seed) % ELEMENTSOF(readings)].reading;
                w->reading = false;
        }
        if (ev->type == SUPERVISE_EV_START_RESULT) {
                ev->start_result = (uint8_t)(next_random(seed) % 4);
                w->starting = false;
        }
        /* As the shell does: what is due comes first, by itself. */
        if (supervise_deadline(s) <= w->now && ev->type != SUPERVISE_EV_READING &&
            ev->type != SUPERVISE_EV_START_RESULT)
                ev->type = SUPERVISE_EV_TICK;
}

static void test_walks(_unused_ void **state) {
        static unsigned met[N_SUPERVISE_STATES][N_SUPERVISE_EVENTS], longest;
        uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

        for (unsigned walk = 0; walk < 60000; walk++) {
                struct world w = {.now = T0 + walk};
                struct supervise_event ev;
                struct supervise_actions a;
                struct supervise s;

                supervise_init(&s);
                random_event(&w, &s, &ev, &seed);
                ev.type = SUPERVISE_EV_FOUND;
                ev.file = (uint8_t)(next_random(&seed) % 3);
                ev.gate = next_random(&seed) % 2 != 0;
                ev.revoked = next_random(&seed) % 4 == 0;
                if (ev.stop_timeout_usec == 0)
                        ev.stop_timeout_usec = SEC;
                w.gate = ev.gate;
                w.file = ev.file == SUPERVISE_FILE_VALID;
                for (unsigned step = 0; step < 60; step++) {
                        if (step > 0)
                                random_event(&w, &s, &ev, &seed);
                        met[s.state][ev.type]++;
                        a = supervise_step(&s, &ev);
                        if (a.n > longest)
                                longest = a.n;
                        assert_true(a.n < SUPERVISE_ACTIONS_MAX);
                        judge(&w, &s, &a, &ev);
                        assert_true(supervise_invariant(&s));
                        assert_true(supervise_deadline(&s) > w.now);
                        /* A file action fails now and then. */
                        if (next_random(&seed) % 16 == 0 && a.n > 0) {
                                struct supervise_event failed = {.type = SUPERVISE_EV_FAILED, .now_usec = w.now};
                                unsigned i = (unsigned)(next_random(&seed) % a.n);

                                if (a.a[i].type > SUPERVISE_REMOVE_PERMIT || a.a[i].type == SUPERVISE_START ||
                                    a.a[i].type == SUPERVISE_STOP || a.a[i].type == SUPERVISE_KILL ||
                                    a.a[i].type == SUPERVISE_REFUSE_REQUEST || a.a[i].type == SUPERVISE_REFUSE_CHECKED)
                                        continue;
                                if (a.a[i].type == SUPERVISE_REMOVE_GATE)
                                        break; /* the world's view of a gate that stays is the table's business */
                                if (a.a[i].type <= SUPERVISE_MAKE_GATE) {
                                        w.gate &= a.a[i].type != SUPERVISE_MAKE_GATE && s.disk_stop_at_usec != 0;
                                        w.starting = false;
                                }
                                failed.failed = 1U << a.a[i].type;
                                met[s.state][failed.type]++;
                                a = supervise_step(&s, &failed);
                                judge(&w, &s, &a, &failed);
                                assert_true(supervise_invariant(&s));
                                assert_true(supervise_deadline(&s) > w.now);
                        }
                }
        }
        for (unsigned i = 0; i < N_SUPERVISE_STATES; i++)
                for (unsigned j = 0; j < N_SUPERVISE_EVENTS; j++) {
                        bool never =
                                (j == SUPERVISE_EV_FOUND && i != SUPERVISE_UNREAD) ||
                                /* The shell has no start under way, or nothing to fail, in these. */
                                (j == SUPERVISE_EV_START_RESULT && (i == SUPERVISE_RESUMING || i == SUPERVISE_FAILED ||
                                                                    i == SUPERVISE_ENDED || i == SUPERVISE_WAITING)) ||
                                (j == SUPERVISE_EV_FAILED &&
                                 (i == SUPERVISE_UNREAD || i == SUPERVISE_FOREIGN || i == SUPERVISE_CHECKING));

                        if (!never && met[i][j] == 0)
                                fail_msg("no walk met %s with event %u", supervise_state_to_string(i), j);
                }
        assert_true(longest >= 5);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),  cmocka_unit_test(test_deadline),
                cmocka_unit_test(test_names), cmocka_unit_test(test_invariant_can_fail),
                cmocka_unit_test(test_walks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
