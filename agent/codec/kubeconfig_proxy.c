/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy leads to a server: proxy-url, else what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, by the rules of Go's
 * net/http and golang.org/x/net/http/httpproxy, as kubectl goes by them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"

/* ---- the URL ---- */

/* n: length of the scheme. */
static const char *default_port(size_t n) {
        return n == 4 ? "80" : n == 5 ? "443" : "1080"; /* http, https, socks5 */
}

/* The scheme in small letters, without path, and with the port that libcurl would choose otherwise (1080 for all). */
int kubeconfig_proxy(const char *url, char **ret, struct err *err) {
        int r = kubeconfig_proxy_check(url, err);
        const char *rest, *host, *colon;
        _cleanup_free_ char *scheme = NULL;
        size_t n_scheme, n;
        bool has_port;

        if (r < 0)
                return r;
        n_scheme = (size_t)(strstr(url, "://") - url);
        rest = url + n_scheme + 3;
        n = strcspn(rest, "/?#");
        host = memrchr(rest, '@', n);
        host = host ? host + 1 : rest;
        colon = memrchr(host, ':', (size_t)(rest + n - host));
        has_port = colon && (*host != '[' || colon[-1] == ']');
        if (has_port && colon + 1 == rest + n) { /* "HOST:" */
                has_port = false;
                n--;
        }
        scheme = strndup(url, n_scheme);
        for (char *p = scheme; p && *p; p++)
                *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if (!scheme || asprintf(ret, "%s://%.*s%s%s", scheme, (int)n, rest, has_port ? "" : ":",
                                has_port ? "" : default_port(n_scheme)) < 0) {
                *ret = NULL;
                return err_setf(err, -ENOMEM, "out of memory");
        }
        return 0;
}

/* ---- the environment ---- */

struct target {
        char host[256]; /* small letters, without brackets */
        unsigned port;
        int family; /* AF_UNSPEC: a name */
        unsigned char address[16];
};

static int parse_address(const char *s, unsigned char address[static 16]) {
        unsigned char v4[4];

        if (inet_pton(AF_INET, s, v4) == 1) {
                memset(address, 0, 10);
                memset(address + 10, 0xff, 2);
                memcpy(address + 12, v4, sizeof(v4));
                return AF_INET;
        }
        return inet_pton(AF_INET6, s, address) == 1 ? AF_INET6 : AF_UNSPEC;
}

static void lower(char *s) {
        for (; *s; s++)
                *s = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
}

static bool is_number(const char *s) {
        return *s && s[strspn(s, "0123456789")] == '\0';
}

/* HOST[:PORT] or [IPV6][:PORT]; *ret_port is 0 without one. Returns false when that is no number, or
 * the host does not fit. */
static bool split_port(const char *s, char *host, size_t size, unsigned *ret_port) {
        const char *end = *s == '[' ? strchr(s, ']') : NULL, *colon = strrchr(s, ':');
        size_t n = strlen(s);

        *ret_port = 0;
        if (end) {
                s++;
                n = (size_t)(end - s);
                colon = end[1] == ':' ? end + 1 : NULL;
        } else if (colon && strchr(s, ':') == colon)
                n = (size_t)(colon - s);
        else
                colon = NULL; /* an IPv6 address without brackets */
        if (colon)
                *ret_port = (unsigned)strtoul(colon + 1, NULL, 10);
        if (n >= size || (colon && colon[1] && !is_number(colon + 1)))
                return false;
        memcpy(host, s, n);
        host[n] = '\0';
        lower(host);
        return true;
}

static bool in_network(const struct target *t, const char *network) {
        const char *slash = strchr(network, '/');
        char text[64];
        unsigned char address[16];
        unsigned long bits = strtoul(slash + 1, NULL, 10);
        int family;

        if ((size_t)(slash - network) >= sizeof(text) || !is_number(slash + 1))
                return false;
        memcpy(text, network, (size_t)(slash - network));
        text[slash - network] = '\0';
        family = parse_address(text, address);
        if (family == AF_UNSPEC || family != t->family || bits > (family == AF_INET ? 32 : 128))
                return false;
        bits += family == AF_INET ? 96 : 0;
        for (size_t i = 0; i < bits; i++)
                if ((address[i / 8] ^ t->address[i / 8]) & (0x80 >> i % 8))
                        return false;
        return true;
}

/* One word of NO_PROXY. */
static bool covers(const char *word, const struct target *t) {
        char name[256];
        unsigned char address[16];
        unsigned port;
        size_t n, n_host = strlen(t->host);
        bool itself = true;

        if (util_streq(word, "*"))
                return true;
        if (strchr(word, '/'))
                return t->family != AF_UNSPEC && in_network(t, word);
        if (!split_port(word, name, sizeof(name), &port) || !*name || (port && port != t->port))
                return false;
        if (parse_address(name, address) != AF_UNSPEC)
                return t->family != AF_UNSPEC && memcmp(address, t->address, sizeof(address)) == 0;
        if (t->family != AF_UNSPEC) /* no name is the end of an address */
                return false;
        word = name;
        if (strncmp(word, "*.", 2) == 0)
                word++;
        if (*word == '.') {
                itself = false;
                word++;
        }
        n = strlen(word);
        return (itself && util_streq(word, t->host)) ||
               (n_host > n && t->host[n_host - n - 1] == '.' && util_streq(t->host + n_host - n, word));
}

/* Which of the two counts. */
static const char *variable(const char *upper, const char *small) {
        return util_empty(getenv(upper)) ? small : upper;
}

static bool is_direct(const struct target *t) {
        const char *list = getenv(variable("NO_PROXY", "no_proxy"));
        _cleanup_free_ char *copy = NULL;
        char *rest, *word;
        size_t n;
        static const char space[] = " \t\n\v\f\r";
        static const unsigned char loopback[16] = {[15] = 1};

        if (util_streq(t->host, "localhost") || (t->family == AF_INET && t->address[12] == 127) ||
            (t->family == AF_INET6 && memcmp(t->address, loopback, sizeof(loopback)) == 0))
                return true;
        copy = strdup(list ? list : "");
        rest = copy;
        while ((word = strsep(&rest, ","))) {
                word += strspn(word, space);
                n = strlen(word);
                while (n > 0 && strchr(space, word[n - 1]))
                        n--;
                word[n] = '\0';
                if (covers(word, t))
                        return true;
        }
        return false;
}

int kubeconfig_environment_proxy(const char *server, char **ret, const char **ret_variable, struct err *err) {
        bool tls = strncmp(server, "https:", strlen("https:")) == 0;
        const char *at = strstr(server, "://") + 3;
        const char *from = tls ? variable("HTTPS_PROXY", "https_proxy") : variable("HTTP_PROXY", "http_proxy");
        const char *url = getenv(from);
        _cleanup_free_ char *authority = strndup(at, strcspn(at, "/")), *with_scheme = NULL;
        char shown[KUBECONFIG_REDACTED_MAX];
        struct err why = {};
        struct target t = {};
        static const unsigned char v4_mapped[12] = {[10] = 0xff, [11] = 0xff};
        int r;

        *ret = NULL;
        *ret_variable = NULL;
        if (!authority)
                return err_setf(err, -ENOMEM, "out of memory");
        if (util_empty(url) || !split_port(authority, t.host, sizeof(t.host), &t.port))
                return 0;
        t.port = t.port ? t.port : tls ? 443 : 80;
        t.family = parse_address(t.host, t.address);
        if (t.family == AF_INET6 && memcmp(t.address, v4_mapped, sizeof(v4_mapped)) == 0)
                t.family = AF_INET;
        if (is_direct(&t))
                return 0;
        if (!strstr(url, "://") && asprintf(&with_scheme, "http://%s", url) < 0) {
                with_scheme = NULL;
                return err_setf(err, -ENOMEM, "out of memory");
        }
        r = kubeconfig_proxy(with_scheme ? with_scheme : url, ret, &why);
        if (r < 0)
                return err_setf(err, r, "%s in the environment is \"%s\": %s", from, kubeconfig_redacted(shown, url),
                                why.text);
        *ret_variable = from;
        return 0;
}
