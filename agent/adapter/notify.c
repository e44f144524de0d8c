/* SPDX-License-Identifier: Apache-2.0 */
/* Each message is one datagram that is sent now or lost: ARCHITECTURE 5, claim 6 (no daemon waits for PID 1). The one
 * piece of state is the STATUS= line sent last. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "adapter/notify.h"
#include "base/clock.h"
#include "base/datagram.h"
#include "codec/utf8.h"

#define STATUS_MAX 2000

/* Not sd_notify(): it sleeps while the service manager hangs. What is lost by that is not an error of ours. */
static bool notify_send(const char *message) {
        const char *path = getenv("NOTIFY_SOCKET");

        return !util_empty(path) && datagram_send(path, message, strlen(message)) >= 0;
}

void notify_ready(void) {
        (void)notify_send("READY=1");
}

void notify_reloading(void) {
        char message[96];

        (void)snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%llu",
                       (unsigned long long)clock_monotonic_usec());
        (void)notify_send(message);
}

void notify_stopping(void) {
        (void)notify_send("STOPPING=1");
}

bool notify_status(const char *fmt, ...) {
        static char last[STATUS_MAX + sizeof("STATUS=")];
        char message[sizeof(last)] = "STATUS=";
        char *text = message + strlen(message);
        va_list ap;
        size_t n;
        int r;

        va_start(ap, fmt);
        r = vsnprintf(text, sizeof(message) - (size_t)(text - message), fmt, ap);
        va_end(ap);
        if (r < 0)
                return true; /* and will not be any better */
        n = strlen(text);
        /* Cut by vsnprintf: not within a UTF-8 character, or systemd ignores the line. */
        if ((size_t)r > n) {
                while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
                        n--;
                if (n > 0 && (unsigned char)text[n - 1] >= 0xC0)
                        n--;
                text[n] = '\0';
        }
        (void)utf8_plain(text, /* lines= */ false);
        if (strcmp(last, message) == 0 || util_empty(getenv("NOTIFY_SOCKET")))
                return true;
        if (!notify_send(message))
                return false;
        memcpy(last, message, sizeof(last));
        return true;
}

void notify_watchdog(void) {
        (void)notify_send("WATCHDOG=1");
}

uint64_t notify_watchdog_usec(void) {
        uint64_t usec = 0;

        return sd_watchdog_enabled(/* unset_environment= */ 0, &usec) > 0 ? usec : 0;
}

void notify_extend_timeout(uint64_t usec) {
        char message[64];

        if (usec == 0)
                return;
        (void)snprintf(message, sizeof(message), "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)usec);
        (void)notify_send(message);
}

static void strv_freep(char ***v) {
        for (size_t i = 0; *v && (*v)[i]; i++)
                free((*v)[i]);
        free(*v);
}

int notify_take_fd(const char *name) {
        _cleanup_(strv_freep) char **names = NULL;
        int n;

        n = sd_listen_fds_with_names(/* unset_environment= */ 0, &names);
        if (n < 0)
                return n;
        for (int i = 0; i < n; i++)
                if (util_streq(names[i], name))
                        return SD_LISTEN_FDS_START + i;
        return -ENOENT;
}
