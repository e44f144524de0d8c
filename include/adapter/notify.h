/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the service manager (sd_notify) and what it hands over (sockets, watchdog). Without a
 * service manager ($NOTIFY_SOCKET unset) every message is silently not sent: a daemon also runs from a terminal.
 * Datagrams stay far below 4096 bytes, above which systemd drops them whole, WATCHDOG=1 included. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

#define NOTIFY_AGAIN_USEC USEC_PER_SEC

/* READY=1: able to take part. Also ends notify_reloading(). */
void notify_ready(void);

/* RELOADING=1 with the monotonic time stamp; notify_ready() must follow. */
void notify_reloading(void);

/* STOPPING=1. */
void notify_stopping(void);

/* The line that `systemctl status` shows. Cut to 2000 bytes at a character boundary; control characters, which would
 * end the line, become spaces. Sends nothing when the line is the one sent last. False: it could not be sent now, and
 * the line before it still stands: call again in NOTIFY_AGAIN_USEC. */
bool notify_status(const char *fmt, ...) _printf_(1, 2);

/* WATCHDOG=1. Call it last in the loop, when nothing is overdue and no step is half done. */
void notify_watchdog(void);

/* The service manager's watchdog interval for this process in microseconds; 0: none asked for. */
uint64_t notify_watchdog_usec(void);

/* While starting, reloading or stopping: that much more time, counted from now. 0 is never sent. */
void notify_extend_timeout(uint64_t usec);

/* The first descriptor that was handed over under name (FileDescriptorName= of a socket unit), made close-on-exec.
 * Returns it, -ENOENT when there is none, or the negative errno of reading $LISTEN_FDS. Ownership passes to the caller:
 * ask once per name. */
int notify_take_fd(const char *name);
