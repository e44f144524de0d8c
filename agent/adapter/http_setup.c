/* SPDX-License-Identifier: Apache-2.0 */
/* The server's URL, TLS, proxy and socket options, as kubeconfig has them and as client-go reads them. */
#include "adapter/http_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* When a peer that does not acknowledge is gone: the connection fails instead of lingering for minutes. An idle one is
 * probed after idle_sec and then each interval_sec; Linux gives it up at the first of these instants that is dead_msec
 * behind the last packet of the peer (with TCP_USER_TIMEOUT set, TCP_KEEPCNT counts for nothing: tcp(7)). The same
 * dead_msec ends the retransmission of data in flight, so it must leave room for a lossy link.
 *
 * Streams: probes after 2, 3, 4 and 5 s, dead after 6 s (some 0.5 s more, kernel timers are coarse). A cut shorter than
 * 3 s is never noticed, one longer than 7 s always is. At a loss of 2 % each way all four probes fail once in nine
 * days, at 10 % twice an hour. What a client sends on a stream is its request and acknowledgements of HTTP/2: four
 * retransmissions fit into 6 s (after 0.2, 0.6, 1.4 and 3 s on a fast link), and at a loss of 10 % each way all five
 * fail once in 4000 times. Nothing is lost with a stream: it is begun again.
 * While it is idle, a probe and its answer each 2 s: 3600 packets an hour.
 *
 * Plain requests: each ends by its own time-out, which may be longer than 6 s on a slow link, and must not end before
 * it for want of a retransmission. Their idle connections live for a minute at most, so that a dead one costs one
 * request its time-out: four probes in that minute are enough. */
static const struct http_tcp {
        long idle_sec, interval_sec;
        unsigned dead_msec;
} http_tcp_stream = {2, 1, 6000}, http_tcp_plain = {15, 5, 15000};

/* An API server closes connections that were idle for 90 s; ours are given up before, so that they do not die under a
 * request. */
#define HTTP_IDLE_MAX_SEC 60

void http_setup_done(struct http_setup *s) {
        tls_free(s->tls);
        free(s->url);
        free(s->host_header);
        free(s->proxy);
        curl_slist_free_all(s->connect_to);
        *s = (struct http_setup){};
}

static int get_part(CURLU *u, CURLUPart part, unsigned flags, char **ret) {
        CURLUcode c = curl_url_get(u, part, ret, flags);

        if (c == CURLUE_OK)
                return 0;
        *ret = NULL;
        return c == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

static void curl_freep(char **p) {
        curl_free(*p);
}

static void curl_url_cleanupp(CURLU **p) {
        curl_url_cleanup(*p);
}

/* TLS verifies the host in the URL. To connect to one and verify another (tls-server-name), the URL names the one to
 * verify and libcurl is told to connect elsewhere; the Host header keeps the address, as client-go sends it. */
static int rename_host(struct http_setup *s, CURLU *u) {
        _cleanup_(curl_freep) char *host = NULL, *port = NULL, *explicit_port = NULL;
        _cleanup_free_ char *to = NULL;
        int r;

        r = get_part(u, CURLUPART_HOST, 0, &host);
        if (r >= 0)
                r = get_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port);
        if (r < 0)
                return r;
        (void)get_part(u, CURLUPART_PORT, 0, &explicit_port); /* NULL when the URL has none */
        if (asprintf(&s->host_header, "Host: %s%s%s", host, explicit_port ? ":" : "",
                     explicit_port ? explicit_port : "") < 0) {
                s->host_header = NULL;
                return -ENOMEM;
        }
        if (asprintf(&to, "::%s:%s", host, port) < 0) {
                to = NULL;
                return -ENOMEM;
        }
        s->connect_to = curl_slist_append(NULL, to);
        if (!s->connect_to)
                return -ENOMEM;
        return curl_url_set(u, CURLUPART_HOST, s->config->tls_server_name, 0) == CURLUE_OK ? 0 : -EINVAL;
}

int http_setup_init(struct http_setup *s, const struct kubeconfig *config, struct err *err) {
        _cleanup_(curl_url_cleanupp) CURLU *u = curl_url();
        _cleanup_(curl_freep) char *scheme = NULL, *url = NULL;
        static const char socks[] = "socks5://";
        CURLUcode code;
        size_t n;
        int r;

        *s = (struct http_setup){.config = config};
        if (!u)
                return -ENOMEM;
        code = curl_url_set(u, CURLUPART_URL, config->server, CURLU_DISALLOW_USER);
        if (code == CURLUE_OUT_OF_MEMORY)
                return -ENOMEM;
        if (code != CURLUE_OK)
                return err_setf(err, -EINVAL, "kubeconfig: server is not a URL without user and password");
        r = get_part(u, CURLUPART_SCHEME, 0, &scheme);
        if (r < 0)
                return r;
        s->is_tls = util_streq(scheme, "https");
        if (!s->is_tls && !util_streq(scheme, "http"))
                return err_setf(err, -EINVAL, "kubeconfig: server '%s' must be an https:// or http:// URL",
                                config->server);
        if (s->is_tls && !util_empty(config->tls_server_name)) {
                r = rename_host(s, u);
                if (r < 0)
                        return err_setf(err, r, "kubeconfig: tls-server-name '%s' is not a host name",
                                        config->tls_server_name);
        }
        r = get_part(u, CURLUPART_URL, 0, &url);
        if (r < 0 || !url)
                return r < 0 ? r : -EINVAL;
        n = strlen(url);
        while (n > 0 && url[n - 1] == '/')
                n--;
        s->url = strndup(url, n);
        if (!s->url)
                return -ENOMEM;

        /* client-go lets a socks5 proxy resolve the name; libcurl calls that socks5h. */
        if (config->proxy_url && strncmp(config->proxy_url, socks, strlen(socks)) == 0)
                r = asprintf(&s->proxy, "socks5h://%s", config->proxy_url + strlen(socks));
        else
                r = asprintf(&s->proxy, "%s", config->proxy_url ? config->proxy_url : "");
        if (r < 0) {
                s->proxy = NULL;
                return -ENOMEM;
        }
        /* What libcurl cannot take apart it would show whole, with each request. */
        if (s->proxy[0] && curl_url_set(u, CURLUPART_URL, s->proxy, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
                return err_setf(err, -EINVAL, "kubeconfig: libcurl cannot use its proxy-url");
        return 0;
}

static int on_sockopt(void *userdata, curl_socket_t fd, _unused_ curlsocktype purpose) {
        const struct http_tcp *tcp = userdata;

        /* A copy in a child would keep a socket open that we have closed. */
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        /* Without it (not TCP, old kernel) a dead peer is only noticed later. */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &tcp->dead_msec, sizeof(tcp->dead_msec));
        return CURL_SOCKOPT_OK;
}

#define SET(easy, option, value)                                                                                       \
        do {                                                                                                           \
                CURLcode _c = curl_easy_setopt(easy, option, value);                                                   \
                if (_c != CURLE_OK)                                                                                    \
                        return err_setf(err, _c == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL, "libcurl refuses %s: %s",  \
                                        #option, curl_easy_strerror(_c));                                              \
        } while (0)

/* ---- certificates and key: libcurl gets what codec/tls.h has read, and no path ---- */

static struct http_setup_file look_at(const char *path) {
        struct stat st;

        if (!path || stat(path, &st) < 0)
                return (struct http_setup_file){};
        return (struct http_setup_file){.dev = st.st_dev,
                                        .ino = st.st_ino,
                                        .size = st.st_size,
                                        .changed_sec = st.st_ctim.tv_sec,
                                        .changed_nsec = st.st_ctim.tv_nsec,
                                        .is_there = true};
}

static bool same_file(const struct http_setup_file *a, const struct http_setup_file *b) {
        return a->is_there == b->is_there && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
               a->changed_sec == b->changed_sec && a->changed_nsec == b->changed_nsec;
}

void http_setup_refresh(struct http_setup *s, bool anew) {
        const char *const paths[HTTP_SETUP_FILES] = {s->config->ca_file, s->config->client_cert_file,
                                                     s->config->client_key_file};
        struct err err = {};
        struct tls *tls = NULL;
        bool same = s->is_read && !anew;
        int r;

        if (!s->is_tls)
                return;
        /* Before they are read: what is written meanwhile is another one the next time. */
        for (size_t i = 0; i < HTTP_SETUP_FILES; i++) {
                struct http_setup_file now = look_at(paths[i]);

                same = same && same_file(&now, &s->files[i]);
                s->files[i] = now;
        }
        if (same)
                return;
        s->problem[0] = '\0';
        r = tls_load(&tls, s->config, &err);
        /* What is no good stays so until the file is another one; what could not be read may be readable any time. */
        s->is_read = r == 0 || r == -EINVAL;
        if (r < 0) {
                (void)snprintf(s->problem, sizeof(s->problem), "%.511s", err.text);
                return;
        }
        tls_free(s->tls);
        s->tls = tls;
}

void http_setup_forget(struct http_setup *s) {
        s->is_read = false;
}

static struct curl_blob blob(const char *text) {
        /* A request may outlive the text. libcurl does not write to it. */
        return (struct curl_blob){.data = (void *)text, .len = strlen(text), .flags = CURL_BLOB_COPY};
}

static int apply_tls(const struct http_setup *s, CURL *easy, struct err *err) {
        const struct kubeconfig *k = s->config;
        struct curl_blob b;

        SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (k->insecure) {
                SET(easy, CURLOPT_SSL_VERIFYPEER, 0L);
                SET(easy, CURLOPT_SSL_VERIFYHOST, 0L);
        } else if (s->tls && s->tls->ca) {
                b = blob(s->tls->ca);
                /* The only root: Debian's libcurl would trust its own file and directory of public CAs beside it. */
                SET(easy, CURLOPT_CAPATH, NULL);
                SET(easy, CURLOPT_CAINFO, NULL);
                SET(easy, CURLOPT_CAINFO_BLOB, &b);
        }
        if (s->tls && s->tls->cert) {
                b = blob(s->tls->cert);
                SET(easy, CURLOPT_SSLCERT_BLOB, &b);
        }
        if (s->tls && s->tls->key) {
                b = blob(s->tls->key);
                SET(easy, CURLOPT_SSLKEY_BLOB, &b);
        }
        return 0;
}

int http_setup_apply(const struct http_setup *s, CURL *easy, bool is_stream, struct err *err) {
        const struct http_tcp *tcp = is_stream ? &http_tcp_stream : &http_tcp_plain;

        SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
        SET(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
        SET(easy, CURLOPT_PROXY, s->proxy);
        SET(easy, CURLOPT_NOPROXY, "");
        SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        if (s->connect_to)
                SET(easy, CURLOPT_CONNECT_TO, s->connect_to);

        SET(easy, CURLOPT_NOSIGNAL, 1L);
        /* A name lookup that hangs is left to its thread; without this, giving up a request would wait for it. */
        SET(easy, CURLOPT_QUICK_EXIT, 1L);
        SET(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
        SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        SET(easy, CURLOPT_TCP_KEEPIDLE, tcp->idle_sec);
        SET(easy, CURLOPT_TCP_KEEPINTVL, tcp->interval_sec);
        SET(easy, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
        SET(easy, CURLOPT_SOCKOPTDATA, (void *)tcp); /* on_sockopt() only reads it */
        SET(easy, CURLOPT_MAXAGE_CONN, (long)HTTP_IDLE_MAX_SEC);
        SET(easy, CURLOPT_MAXLIFETIME_CONN, (long)HTTP_LIFETIME_MAX_SEC);
        SET(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
        return s->is_tls ? apply_tls(s, easy, err) : 0;
}
