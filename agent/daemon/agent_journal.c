/* SPDX-License-Identifier: Apache-2.0 */
/* A journal record about one lock of the agent: the usual fields, so that a human finds all that was said of a lock or
 * of its unit. Records with more fields are made where they belong; what they say is said by who calls. */
#include <stdarg.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

void agent_journal(const struct agent_lock *l, int priority, const char *id, const char *reason, const char *fmt, ...) {
        const struct journal_field fields[] = {{JOURNAL_KEY_LOCK, l ? l->title : ""},
                                               {JOURNAL_KEY_UNIT, l && l->conf ? l->conf->unit : ""},
                                               {JOURNAL_KEY_REASON, reason}};
        char text[2048];
        va_list ap;

        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        journal_record(priority, id, fields, ELEMENTSOF(fields), "%s", text);
}
