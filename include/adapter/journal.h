/* SPDX-License-Identifier: Apache-2.0 */
/* The log sink. Goes to the journal natively when standard error is the journal (or told so), else to standard error,
 * one line per message. Only composition roots and main() log; modules return texts. */
#pragma once

#include <syslog.h>

#include "base/util.h"

/* Fixed ids (MESSAGE_ID=), so that `journalctl MESSAGE_ID=…` and the catalog find one kind of record. */
#define JOURNAL_UNIT_STATE    "97214608a72d4428b149d68b3988dea8" /* guard: what a unit does under its permit changed */
#define JOURNAL_PERMIT        "a83c7213310940a9a6c43416c47ec64d" /* guard: a permit was refused */
#define JOURNAL_ENROLL        "0e8342c86cc34b0393cacdcce7a3fe53" /* both: what is in force is not what enrol wrote */
#define JOURNAL_LOCK_STATE    "a5d4f1c199af4b408e2cf6ccda2f0dc6" /* agent: role of a lock changed */
#define JOURNAL_FOREIGN       "7acac172508044d386ac5fd3ba534d68" /* agent: the unit runs here without a permit */
#define JOURNAL_LOCK_DAMAGED  "8712239821a04cdd8f9e0867e1528af8" /* agent: damaged lock, with the cure */
#define JOURNAL_NAMESPACE     "3d0f6b1c52a84e7e9b6a0c8d41f7e925" /* agent: another namespace of that name */
#define JOURNAL_SILENT        "ea37960f213e4e37804ab2b1ff4703b7" /* agent: no sign of life of who holds a lock for life */
#define JOURNAL_API_SILENT    "318570e3d57b4fe387830c91b516b6c2" /* agent: the API server does not answer */
#define JOURNAL_API_REFUSED   "06078a2821764cb6af26896cdcfe4f90" /* agent: it refuses a request */
#define JOURNAL_WATCH         "1dcb5959317c4aa9984442cb4bb8ec84" /* agent: changes of a lock are not told */
#define JOURNAL_RIGHTS        "1eb4344feec14f6cb77e60a52df98380" /* agent: rights are missing */
#define JOURNAL_CREDENTIALS   "5ff033b646d749c28b55139d4bf09a1d" /* agent: token or certificate ends */
#define JOURNAL_GUARD_LINK    "33da50acee6048ceaee564c088c7d2b3" /* agent: leader-guard does not answer it */
#define JOURNAL_CONFIGURATION "b5d941cf534949fa9f977b29b4fda69d" /* agent: a configuration, read or refused */
#define JOURNAL_BLOCKED       "d17e14b074244e27ae88783aaa7aae35" /* agent: lock or name keep this host out */
#define JOURNAL_LOCK_LEFT     "3bd2445fa31a444aa545cdb30d18e6b9" /* both: a lock stays held without a leader */
#define JOURNAL_STEP_DOWN     "2e39e2be47d0456687bd1b2dda930260" /* agent: somebody wants a lock given up */
#define JOURNAL_DBUS          "a4df1f4681eb44e39f8b12615abe62f5" /* agent: D-Bus is away */
#define JOURNAL_STATE_DIR     "081b5bf9b54c4a68b14e3f35f5b3e6a6" /* agent: state that cannot be read or kept */
#define JOURNAL_FAULT         "63e6d8c8f55a4fa9bf7df29050a3b991" /* both: a mistake of ours */
#define JOURNAL_START         "826736fb3708406389d55c9862ef2c31" /* both: it cannot start, or not whole */
#define JOURNAL_GUARD_UNABLE  "05c99d36a47d48949822b40c0b695f98" /* guard: it cannot do what it has to */
#define JOURNAL_LINGERS       "d95643b3ec43453096fd12597a5e9f6a" /* guard: others stop a unit, and it hangs */
#define JOURNAL_SYSTEMD       "71eeaa14a81545c3a52b79abb9d4755f" /* guard: systemd does not answer */
#define JOURNAL_PEER          "b9b1e15e148e4fe0bb10cfa3d2ab8448" /* guard: it refused who spoke to it */
#define JOURNAL_REAPED        "a7cec41469dd4fa3969155e9fd183ead" /* guard: killed a unit after its guard died */

/* The names of our fields, the same in both daemons: a new one is a line here. The unit that a record is about is in
 * UNIT_NAME=, never in UNIT=: that is the service manager's own field (`journalctl -u` reads UNIT= of PID 1 alone), and
 * a reader would take our record for one of PID 1's. With JOURNAL_KEY_UNIT a record gets OBJECT_SYSTEMD_UNIT= as well:
 * that is the journal's field for whoever else reports on a unit, and `journalctl -u UNIT` shows it when root wrote it.
 */
#define JOURNAL_KEY_UNIT      "UNIT_NAME"
#define JOURNAL_KEY_LOCK      "LOCK"      /* NAMESPACE/NAME */
#define JOURNAL_KEY_LOCK_UID  "LOCK_UID"  /* of the object */
#define JOURNAL_KEY_NAMESPACE "NAMESPACE" /* of locks and placeholders */
#define JOURNAL_KEY_OLD_STATE "OLD_STATE" /* of what MESSAGE_ID= is about */
#define JOURNAL_KEY_NEW_STATE "NEW_STATE"
#define JOURNAL_KEY_REASON    "REASON" /* for a human */
#define JOURNAL_KEY_HOLDER    "HOLDER" /* host that holds the lock */
/* By journal.c: lines that journald did not take before this one. */
#define JOURNAL_KEY_LINES_LOST "LEADER_LINES_LOST"

/* KEY=value of a record; KEY is one of JOURNAL_KEY_*. A NULL or empty value is left out. */
struct journal_field {
        const char *key;
        const char *value;
};

/* Says where messages go and which priority (LOG_DEBUG …) is the last one kept. Before it is called: standard error,
 * LOG_INFO. ident: SYSLOG_IDENTIFIER, a string that outlives all calls. Looks at $JOURNAL_STREAM. */
void journal_open(const char *ident, int max_priority);

/* Logs one line at a priority of syslog.h: details, LOG_INFO and LOG_DEBUG. What is more urgent has a cure, or somebody
 * looks for it: a record with an id; docs/JOURNAL.md has the exceptions (make check-docs). errno is left as it was, and
 * `%m` works, here and below. */
void journal_log(int priority, const char *fmt, ...) _printf_(2, 3);

/* Logs one line with MESSAGE_ID= (one of the ids above, or NULL) and up to 24 fields. */
void journal_record(int priority, const char *message_id, const struct journal_field *fields, size_t n_fields,
                    const char *fmt, ...) _printf_(5, 6);
