/* SPDX-License-Identifier: Apache-2.0 */
/* One line per step, so that a replay through the same core must give the same actions (tests/traces):
 *   L INDEX EVENT ACTIONS        P INDEX EVENT ACTION          a step of a lock, of a placeholder
 *   C INDEX CONF PLACEHOLDERS    H INDEX CONF                  their configuration; a new index is a new one
 *   X INDEX -  -                 I INDEX - -                   lock gone, the last one took its index; begun anew
 *   N 0 - -                      Z 0 - -                       a new process; it began to stop for good
 * each struct as the hex of its bytes. */
#include <stdio.h>
#include <unistd.h>

#include "daemon/agent.h"

static size_t hex(char *buf, const void *data, size_t n) {
        static const char digits[] = "0123456789abcdef";
        const uint8_t *p = data;

        for (size_t i = 0; i < n; i++) {
                buf[2 * i] = digits[p[i] >> 4];
                buf[2 * i + 1] = digits[p[i] & 15];
        }
        return 2 * n;
}

static void line(int fd, char type, size_t i, const void *a, size_t na, const void *b, size_t nb) {
        char buf[64 + 2 * (sizeof(struct election_event) + sizeof(struct election_actions) +
                           sizeof(struct placeholder_event) + sizeof(struct election_conf))];

        size_t n;

        if (fd < 0)
                return;
        n = (size_t)snprintf(buf, 64, "%c %zu ", type, i);
        n += hex(buf + n, a, na);
        buf[n++] = ' ';
        n += hex(buf + n, b, nb);
        buf[n++] = '\n';
        /* A debugging aid: a full disk must not stop the agent. */
        if (write(fd, buf, n) < 0)
                return;
}

void agent_trace_lock(struct agent *a, size_t i, const struct election_event *ev, const struct election_actions *out) {
        line(a->trace_fd, 'L', i, ev, sizeof(*ev), out, sizeof(*out));
}

void agent_trace_placeholder(struct agent *a, size_t i, const struct placeholder_event *ev,
                             const struct placeholder_action *out) {
        line(a->trace_fd, 'P', i, ev, sizeof(*ev), out, sizeof(*out));
}

void agent_trace_conf(struct agent *a) {
        for (size_t i = 0; i < a->core.n_placeholders; i++)
                line(a->trace_fd, 'H', i, &a->core.placeholders[i].conf, sizeof(a->core.placeholders[i].conf), NULL, 0);
        for (size_t i = 0; i < a->core.n_locks; i++)
                line(a->trace_fd, 'C', i, &a->core.locks[i].conf, sizeof(a->core.locks[i].conf),
                     a->core.locks[i].placeholder, sizeof(a->core.locks[i].placeholder));
}

void agent_trace_mark(struct agent *a, char type, size_t i) {
        line(a->trace_fd, type, i, NULL, 0, NULL, 0);
}
