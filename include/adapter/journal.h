/* SPDX-License-Identifier: Apache-2.0 */
/* The log sink. Goes to the journal natively when standard error is the journal (or told so), else to standard error,
 * one line per message. Only composition roots and main() log; modules return texts. */
#pragma once

#include <syslog.h>

#include "base/util.h"

/* Fixed ids (MESSAGE_ID=), so that `journalctl MESSAGE_ID=…` and the catalog find one kind of record. */
#define JOURNAL_UNIT_STATE   "97214608a72d4428b149d68b3988dea8" /* guard: what a unit does under its permit changed */
#define JOURNAL_PERMIT       "a83c7213310940a9a6c43416c47ec64d" /* guard: a permit was refused */
#define JOURNAL_ENROLL       "0e8342c86cc34b0393cacdcce7a3fe53" /* what is in force for a unit is not what enrol wrote */
#define JOURNAL_LOCK_STATE   "a5d4f1c199af4b408e2cf6ccda2f0dc6" /* agent: role of a lock changed */
#define JOURNAL_FOREIGN      "7acac172508044d386ac5fd3ba534d68" /* agent: the unit runs here without a permit */
#define JOURNAL_LOCK_DAMAGED "8712239821a04cdd8f9e0867e1528af8" /* agent: damaged lock, with the cure */
#define JOURNAL_NAMESPACE    "3d0f6b1c52a84e7e9b6a0c8d41f7e925" /* agent: another namespace of that name */
#define JOURNAL_SILENT       "ea37960f213e4e37804ab2b1ff4703b7" /* agent: no sign of life of who holds a lock for life */

/* The names of our fields, the same in both daemons: a new one is a line here. The unit that a record is about is in
 * UNIT_NAME=, never in UNIT=: that is the service manager's own field (`journalctl -u` reads UNIT= of PID 1 alone), and
 * a reader would take our record for one of PID 1's. With JOURNAL_KEY_UNIT a record gets OBJECT_SYSTEMD_UNIT= as well:
 * that is the journal's field for whoever else reports on a unit, and `journalctl -u UNIT` shows it when root wrote it.
 */
#define JOURNAL_KEY_UNIT      "UNIT_NAME"
#define JOURNAL_KEY_LOCK      "LOCK"      /* NAMESPACE/NAME */
#define JOURNAL_KEY_LOCK_UID  "LOCK_UID"  /* of the object */
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

/* Logs one line at a priority of syslog.h. errno is left as it was, and `%m` works. */
void journal_log(int priority, const char *fmt, ...) _printf_(2, 3);

/* Logs "text: strerror(-r)" and returns r, so that `return journal_errno(LOG_ERR, r, "…")` is the usual line. */
int journal_errno(int priority, int r, const char *fmt, ...) _printf_(3, 4);

/* Logs one line with MESSAGE_ID= (one of the ids above, or NULL) and up to 24 fields. */
void journal_record(int priority, const char *message_id, const struct journal_field *fields, size_t n_fields,
                    const char *fmt, ...) _printf_(5, 6);
