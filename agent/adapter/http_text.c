/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl and OpenSSL say of a connection that failed, in words that name the cause. Decides nothing. */
#include <stdio.h>

#include "adapter/http_setup.h"

static bool has(const char *text, const char *const *words) {
        for (; *words; words++)
                if (strstr(text, *words))
                        return true;
        return false;
}

/* Of a socket whose end OpenSSL saw: "…, errno N", or in words. */
static const char *why_closed(const char *text, char *buf, size_t size) {
        const char *at = strstr(text, "errno ");
        int error = at ? atoi(at + strlen("errno ")) : 0;

        if (error == 0)
                return strstr(text, "reset by peer") ? "Connection reset by peer" : "it was closed by the other side";
        (void)snprintf(buf, size, "%s", strerror(error));
        return buf;
}

void http_text(CURLcode code, const char *error, char *buf, size_t size) {
        /* What OpenSSL makes of bytes that are no TLS. */
        static const char *const no_tls[] = {"wrong version number", "packet length too long", "http request",
                                             "unknown protocol", NULL};
        static const char *const closed[] = {"SSL_ERROR_SYSCALL", "unexpected eof", "reset by peer",
                                             "SSL_ERROR_ZERO_RETURN", NULL};
        static const char *const no_http[] = {"HTTP/0.9", "Unsupported HTTP version", NULL};
        char why[128];

        if (code == CURLE_SSL_CONNECT_ERROR && has(error, no_tls))
                (void)snprintf(buf, size, "the other side speaks no TLS: is it another port, or a server for http://?");
        else if (code == CURLE_SSL_CONNECT_ERROR && has(error, closed))
                (void)snprintf(buf, size,
                               "the connection ended before TLS was set up (%s): the other side speaks no TLS, or "
                               "something on the way ends it",
                               why_closed(error, why, sizeof(why)));
        else if ((code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR) && has(error, closed))
                (void)snprintf(buf, size, "the connection ended: %s", why_closed(error, why, sizeof(why)));
        else if ((code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) && has(error, no_http))
                (void)snprintf(buf, size,
                               "the other side speaks no HTTP: is it another port, or a server for https://?");
        else
                (void)snprintf(buf, size, "%s", *error ? error : curl_easy_strerror(code));
}
