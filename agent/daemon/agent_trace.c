/* SPDX-License-Identifier: Apache-2.0 */
/* Records what passes through the door of the core, one line each, so that a replay through the same core must give the
 * same actions (tests/traces). The form is daemon/trace_text.h's. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/agent_parts.h"
#include "daemon/trace_text.h"

int agent_trace_open(const char *path, struct err *err) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        return fd >= 0 ? fd : err_setf(err, -errno, "cannot open the trace file '%s': %m", path);
}

static void record(struct agent *a, const struct trace_line *line) {
        char text[TRACE_TEXT_MAX];
        size_t n;

        if (a->trace_fd < 0)
                return;
        n = trace_text_format(line, text, sizeof(text));
        /* A debugging aid: a full disk must not stop the agent. */
        if (write(a->trace_fd, text, n) < 0)
                return;
}

void agent_apply(struct agent *a, const struct core_change *change) {
        struct trace_line line = {.type = TRACE_CHANGE, .index = change->index, .change = *change};

        if (!a->traced)
                record(a, &(struct trace_line){.type = TRACE_BEGIN});
        a->traced = true;
        record(a, &line);
        core_apply(&a->core, change);
}

void agent_trace_lock(struct agent *a, size_t i, const struct election_event *ev, const struct election_actions *out) {
        record(a, &(struct trace_line){.type = TRACE_LOCK, .index = i, .lock_event = *ev, .lock_actions = *out});
}

void agent_trace_placeholder(struct agent *a, size_t i, const struct placeholder_event *ev,
                             const struct placeholder_action *out) {
        record(a, &(struct trace_line){
                          .type = TRACE_PLACEHOLDER, .index = i, .placeholder_event = *ev, .placeholder_action = *out});
}
