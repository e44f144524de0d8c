/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "adapter/journal.h"

#define FIELDS_MAX 24
#define LINE_MAX_  2048

/* The log sink: the one place with file-level state. */
static struct {
        const char *ident;
        int max_priority;
        bool native;
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

/* Sends natively; false when the journal cannot be reached, so that the line is not lost but goes to standard error. */
static bool journal_send(int priority, const char *line, const char *message_id, const struct journal_field *fields,
                         size_t n_fields) {
        static const char message_key[] = "MESSAGE=";
        char text[sizeof(message_key) + LINE_MAX_], prio[16], id[64], ident[128];
        char values[FIELDS_MAX][640];
        struct iovec iov[FIELDS_MAX + 4];
        int n = 0;

        (void)snprintf(text, sizeof(text), "%s%s", message_key, line);
        (void)snprintf(prio, sizeof(prio), "PRIORITY=%i", priority);
        iov[n++] = (struct iovec){text, strlen(text)};
        iov[n++] = (struct iovec){prio, strlen(prio)};
        if (sink.ident) {
                (void)snprintf(ident, sizeof(ident), "SYSLOG_IDENTIFIER=%s", sink.ident);
                iov[n++] = (struct iovec){ident, strlen(ident)};
        }
        if (message_id) {
                (void)snprintf(id, sizeof(id), "MESSAGE_ID=%s", message_id);
                iov[n++] = (struct iovec){id, strlen(id)};
        }
        for (size_t i = 0; i < n_fields && i < FIELDS_MAX; i++) {
                if (util_empty(fields[i].value))
                        continue;
                (void)snprintf(values[i], sizeof(values[i]), "%s=%s", fields[i].key, fields[i].value);
                iov[n++] = (struct iovec){values[i], strlen(values[i])};
        }
        return sd_journal_sendv(iov, n) >= 0;
}

static void journal_emit(int priority, const char *line, const char *message_id, const struct journal_field *fields,
                         size_t n_fields) {
        if (sink.native && journal_send(priority, line, message_id, fields, n_fields))
                return;
        if (sink.native)
                (void)fprintf(stderr, "<%i>%s\n", priority, line);
        else
                (void)fprintf(stderr, "%s%s%s\n", sink.ident ? sink.ident : "", sink.ident ? ": " : "", line);
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

int journal_errno(int priority, int r, const char *fmt, ...) {
        int saved = errno;
        char line[LINE_MAX_], text[LINE_MAX_ - 128];
        va_list ap;

        if (priority > sink.max_priority)
                return r;
        va_start(ap, fmt);
        (void)vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        (void)snprintf(line, sizeof(line), "%s: %s", text, strerror(r < 0 ? -r : r));
        journal_emit(priority, line, NULL, NULL, 0);
        errno = saved;
        return r;
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
