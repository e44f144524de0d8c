/* SPDX-License-Identifier: Apache-2.0 */
/* The native protocol by hand, in one datagram: sd_journal_send() sleeps when journald hangs. ARCHITECTURE 5, claim 6.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "adapter/journal.h"
#include "base/datagram.h"
#include "codec/utf8.h"

#define FIELDS_MAX     24
#define LINE_MAX_      2048
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* The log sink: the one place with file-level state. */
static struct {
        const char *ident;
        int max_priority;
        bool native;
        unsigned lost; /* lines since the last one that got through */
} sink = {.max_priority = LOG_INFO};

/* True when standard error is a stream of the journal: then the native protocol loses nothing and adds fields. */
static bool journal_is_stderr(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long dev, ino;
        struct stat st;

        return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
               st.st_dev == dev && st.st_ino == ino;
}

void journal_open(const char *ident, int max_priority) {
        sink.ident = ident;
        sink.max_priority = max_priority;
        sink.native = journal_is_stderr();
}

/* Appends "KEY=value\n" to a native message; a newline in the value would end the field, and what is no text journalctl
 * would not show. */
static size_t journal_field(char *buf, size_t n, size_t size, const char *key, const char *value) {
        int r = snprintf(buf + n, size - n, "%s=%s", key, value);

        if (r < 0 || (size_t)r + 1 >= size - n)
                return n; /* does not fit: left out whole */
        (void)utf8_plain(buf + n, /* lines= */ false);
        buf[n + (size_t)r] = '\n';
        return n + (size_t)r + 1;
}

/* In the journal's native protocol, without ever waiting: a line is lost rather than a deadline. The next one that gets
 * through tells how many were. */
static void journal_send(int priority, const char *line, const char *message_id, const struct journal_field *fields,
                         size_t n_fields) {
        char buf[LINE_MAX_ + FIELDS_MAX * 640 + 256], value[64];
        size_t n = 0;

        n = journal_field(buf, n, sizeof(buf), "MESSAGE", line);
        (void)snprintf(value, sizeof(value), "%i", priority);
        n = journal_field(buf, n, sizeof(buf), "PRIORITY", value);
        if (sink.ident)
                n = journal_field(buf, n, sizeof(buf), "SYSLOG_IDENTIFIER", sink.ident);
        if (message_id)
                n = journal_field(buf, n, sizeof(buf), "MESSAGE_ID", message_id);
        if (sink.lost > 0) {
                (void)snprintf(value, sizeof(value), "%u", sink.lost);
                n = journal_field(buf, n, sizeof(buf), JOURNAL_KEY_LINES_LOST, value);
        }
        for (size_t i = 0; i < n_fields && i < FIELDS_MAX; i++) {
                if (util_empty(fields[i].value))
                        continue;
                n = journal_field(buf, n, sizeof(buf), fields[i].key, fields[i].value);
                if (util_streq(fields[i].key, JOURNAL_KEY_UNIT))
                        n = journal_field(buf, n, sizeof(buf), "OBJECT_SYSTEMD_UNIT", fields[i].value);
        }
        if (datagram_send(JOURNAL_SOCKET, buf, n) < 0)
                sink.lost++;
        else
                sink.lost = 0;
}

static void journal_emit(int priority, char *line, const char *message_id, const struct journal_field *fields,
                         size_t n_fields) {
        if (sink.native)
                journal_send(priority, line, message_id, fields, n_fields);
        else
                (void)fprintf(stderr, "%s%s%s\n", sink.ident ? sink.ident : "", sink.ident ? ": " : "",
                              utf8_plain(line, /* lines= */ false));
}

void journal_log(int priority, const char *fmt, ...) {
        int saved = errno;
        char line[LINE_MAX_];
        va_list ap;

        if (priority > sink.max_priority)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(line, sizeof(line), fmt, ap);
        va_end(ap);
        journal_emit(priority, line, NULL, NULL, 0);
        errno = saved;
}

void journal_record(int priority, const char *message_id, const struct journal_field *fields, size_t n_fields,
                    const char *fmt, ...) {
        int saved = errno;
        char line[LINE_MAX_];
        va_list ap;

        if (priority > sink.max_priority)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(line, sizeof(line), fmt, ap);
        va_end(ap);
        journal_emit(priority, line, message_id, fields, n_fields);
        errno = saved;
}
