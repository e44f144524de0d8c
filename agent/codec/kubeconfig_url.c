/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and base64. */
#include <errno.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"

static const char host_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

bool kubeconfig_is_host(const char *s) {
        if (*s == '[')
                return util_streq(s + 1 + strspn(s + 1, "0123456789abcdefABCDEF:."), "]");
        return *s && s[strspn(s, host_letters)] == '\0';
}

/* HOST[:PORT] or [IPV6][:PORT]; n: its length. */
static int check_authority(const char *s, size_t n, struct err *err) {
        size_t i;
        unsigned port = 0;
        size_t digits;

        if (n > 0 && s[0] == '[') {
                i = 1 + strspn(s + 1, "0123456789abcdefABCDEF:.");
                if (i < 3 || i >= n || s[i] != ']')
                        return err_setf(err, -EINVAL, "missing ']' in host; an IPv6 address is written [ADDRESS]:PORT");
                i++;
        } else {
                i = strspn(s, host_letters);
        }
        if (i >= n)
                return 0;
        if (s[i] != ':')
                return err_setf(err, -EINVAL, "invalid character \"%c\" in host name; write HOST:PORT", s[i]);
        if (i + 1 == n) /* "HOST:" is HOST, as in Go */
                return 0;
        digits = strspn(s + i + 1, "0123456789");
        if (digits > 0 && digits < 6)
                port = (unsigned)strtoul(s + i + 1, NULL, 10);
        if (i + 1 + digits != n || port < 1 || port > 65535)
                return err_setf(err, -EINVAL, "invalid port \"%.*s\" after host; it is 1 to 65535", (int)(n - i),
                                s + i);
        return 0;
}

/* Splits SCHEME://AUTHORITY…; *ret_scheme has length 0 without a scheme. */
static const char *after_scheme(const char *url, size_t *ret_scheme) {
        const char *colon = strstr(url, "://");
        const char *end = url + strcspn(url, "/?#");

        if (!colon || colon > end) {
                *ret_scheme = 0;
                return url;
        }
        *ret_scheme = (size_t)(colon - url);
        return colon + 3;
}

/* The same for what may begin with user and password, of which nothing is shown: with one of "/?#" in them they look
 * like host and port. url: the whole rest. */
static int check_no_secret(const char *url, size_t n, struct err *err) {
        if (!strchr(url + n, '@'))
                return check_authority(url, n, err);
        return check_authority(url, n, NULL) < 0 || (n > 0 && url[n - 1] == ':')
                       ? err_setf(
                                 err, -EINVAL,
                                 "no host before the path; in a user name or password write / as %%2F, ? as %%3F, # as "
                                 "%%23")
                       : 0;
}

static bool is_printable(const char *s) {
        for (; *s; s++)
                if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
                        return false;
        return true;
}

static bool scheme_is(const char *url, size_t n, const char *scheme) {
        return strlen(scheme) == n && strncasecmp(url, scheme, n) == 0;
}

int kubeconfig_server(const char *server, bool tls, char **ret, struct err *err) {
        const char *host, *path, *scheme = tls ? "https" : "http";
        size_t n_scheme, n_host, n_path;
        bool no_host;
        int r;

        if (!is_printable(server))
                return err_setf(err, -EINVAL, "invalid character in URL; write https://HOST:PORT");
        host = after_scheme(server, &n_scheme);
        if (scheme_is(server, n_scheme, "https"))
                scheme = "https";
        else if (scheme_is(server, n_scheme, "http"))
                scheme = "http";
        else if (n_scheme > 0)
                return err_setf(err, -EINVAL, "unsupported scheme \"%.*s\", must be http or https",
                                memchr(server, '@', n_scheme) ? 0 : (int)n_scheme, server);

        n_host = strcspn(host, "/?#");
        if (memchr(host, '@', n_host))
                return err_setf(
                        err, -EINVAL,
                        "a user name in the URL is not supported; remove it, and use a token or a client certificate");
        r = check_no_secret(host, n_host, err);
        if (r < 0)
                return r;
        path = host + n_host;
        n_path = strcspn(path, "?#");
        while (n_path > 0 && path[n_path - 1] == '/')
                n_path--;
        /* As client-go: an empty host is this host. */
        no_host = n_host == 0 || host[0] == ':';
        n_host -= n_host > 0 && host[n_host - 1] == ':';
        if (asprintf(ret, "%s://%s%.*s%.*s", scheme, no_host ? "localhost" : "", (int)n_host, host, (int)n_path, path) <
            0) {
                *ret = NULL;
                return err_setf(err, -ENOMEM, "out of memory");
        }
        return 0;
}

/* User and password: %XX is a byte, and no control character. libcurl would take such a proxy for none. */
static bool is_userinfo(const char *s, size_t n) {
        for (const char *end = s + n; s < end; s++) {
                char byte[3] = "";
                unsigned long value;

                if (*s != '%')
                        continue;
                (void)snprintf(byte, sizeof(byte), "%.*s", (int)(end - s - 1), s + 1);
                value = strtoul(byte, NULL, 16);
                if (strspn(byte, "0123456789abcdefABCDEF") != 2 || value < ' ' || value == 0x7f)
                        return false;
        }
        return true;
}

int kubeconfig_proxy_check(const char *url, struct err *err) {
        size_t n_scheme, n_host;
        const char *host, *at;

        if (!is_printable(url))
                return err_setf(err, -EINVAL, "invalid character in URL; write http://HOST:PORT, others as %%XX");
        host = after_scheme(url, &n_scheme);
        if (!scheme_is(url, n_scheme, "http") && !scheme_is(url, n_scheme, "https") &&
            !scheme_is(url, n_scheme, "socks5"))
                return err_setf(err, -EINVAL, "unsupported scheme \"%.*s\", must be http, https, or socks5",
                                memchr(url, '@', n_scheme) ? 0 : (int)n_scheme, url);
        n_host = strcspn(host, "/?#");
        at = memrchr(host, '@', n_host);
        if (at) {
                if (!is_userinfo(host, (size_t)(at - host)))
                        return err_setf(err, -EINVAL,
                                        "wrong %%XX in user or password; write %% as %%25, and no control characters");
                n_host -= (size_t)(at + 1 - host);
                host = at + 1;
        }
        if (n_host == 0 || *host == ':')
                return err_setf(err, -EINVAL, "no host; write http://HOST:PORT");
        return check_no_secret(host, n_host, err);
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *kubeconfig_to_base64(const char *text) {
        size_t n = strlen(text), at = 0;
        char *out = malloc((n + 2) / 3 * 4 + 1);

        if (!out)
                return NULL;
        for (size_t i = 0; i < n; i += 3) {
                uint32_t word = (uint32_t)(unsigned char)text[i] << 16;

                if (i + 1 < n)
                        word |= (uint32_t)(unsigned char)text[i + 1] << 8;
                if (i + 2 < n)
                        word |= (unsigned char)text[i + 2];
                out[at++] = digits[word >> 18];
                out[at++] = digits[word >> 12 & 63];
                out[at++] = i + 1 < n ? digits[word >> 6 & 63] : '=';
                out[at++] = i + 2 < n ? digits[word & 63] : '=';
        }
        out[at] = '\0';
        return out;
}

static int digit_value(char c) {
        const char *p = c ? strchr(digits, c) : NULL;

        return p ? (int)(p - digits) : -1;
}

int kubeconfig_base64(const char *text, char **ret, size_t *ret_size, size_t *ret_bad) {
        _cleanup_free_ char *out = malloc(strlen(text) / 4 * 3 + 4);
        size_t n = 0, n_digits = 0, n_padding = 0, i;
        uint32_t word = 0;

        if (!out)
                return -ENOMEM;
        for (i = 0; text[i]; i++) {
                int value;

                if (text[i] == '\n' || text[i] == '\r')
                        continue;
                *ret_bad = i;
                if (text[i] == '=') {
                        /* "xx==" or "xxx=", and nothing after it. */
                        if (n_digits % 4 < 2 || n_digits % 4 + ++n_padding > 4)
                                return -EINVAL;
                        continue;
                }
                value = digit_value(text[i]);
                if (value < 0 || n_padding > 0)
                        return -EINVAL;
                word = word << 6 | (uint32_t)value;
                if (++n_digits % 4 == 0) {
                        out[n++] = (char)(word >> 16);
                        out[n++] = (char)(word >> 8);
                        out[n++] = (char)word;
                }
        }
        *ret_bad = i;
        if (n_digits % 4 != 0) {
                if (n_digits % 4 + n_padding != 4)
                        return -EINVAL;
                word <<= 6 * n_padding;
                out[n++] = (char)(word >> 16);
                if (n_padding == 1)
                        out[n++] = (char)(word >> 8);
        }
        out[n] = '\0';
        *ret = TAKE_PTR(out);
        *ret_size = n;
        return 0;
}
