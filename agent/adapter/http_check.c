/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl says of CA, certificate and key, without a server: it reads them when a handshake begins, so one begins
 * with a socket of ours that nobody answers on. */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapter/http.h"
#include "adapter/http_setup.h"

/* As far as it comes by itself is far enough. */
#define ROUNDS     4
#define ROUND_MSEC 5

static int judge(const struct kubeconfig *k, CURLcode c, const char *why, struct err *err) {
        static const char inside[] = "in the kubeconfig";

        if (c == CURLE_OUT_OF_MEMORY)
                return err_setf(err, -ENOMEM, "out of memory");
        if (c == CURLE_SSL_CERTPROBLEM)
                return err_setf(err, -EINVAL,
                                "%s: user \"%s\": client certificate (%s) and key (%s) cannot be used together: %s; "
                                "write a certificate and the key that belongs to it",
                                k->source, k->user, k->client_cert_file ? k->client_cert_file : inside,
                                k->client_key_file ? k->client_key_file : inside, why);
        if (c == CURLE_SSL_CACERT_BADFILE)
                return err_setf(err, -EINVAL,
                                "%s: cluster \"%s\": the certificate authority (%s) cannot be used: %s; write the CA "
                                "certificate of the cluster",
                                k->source, k->cluster, k->ca_file ? k->ca_file : inside, why);
        return 0; /* that there was no server */
}

/* Its name is the kernel's choice, and of this network namespace only. */
static int listen_somewhere(struct sockaddr_un *ret) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        socklen_t size = sizeof(*ret);

        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (fd < 0 || bind(fd, (struct sockaddr *)ret, offsetof(struct sockaddr_un, sun_path)) < 0 ||
            listen(fd, 1) < 0 || getsockname(fd, (struct sockaddr *)ret, &size) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static CURLcode begin(CURLM *multi, CURL *easy) {
        int running = 1, left;
        const CURLMsg *m;

        if (curl_multi_add_handle(multi, easy) != CURLM_OK)
                return CURLE_OUT_OF_MEMORY;
        for (int i = 0; i < ROUNDS && running; i++) {
                (void)curl_multi_perform(multi, &running);
                if (running)
                        (void)curl_multi_poll(multi, NULL, 0, ROUND_MSEC, NULL);
        }
        m = curl_multi_info_read(multi, &left);
        return m && m->msg == CURLMSG_DONE ? m->data.result : CURLE_OK;
}

static int try_handshake(CURLM *multi, CURL *easy, const struct http_setup *s, struct err *err) {
        _cleanup_close_ int fd = -1;
        struct sockaddr_un address;
        char why[CURL_ERROR_SIZE] = "";
        CURLcode c;
        int r = http_setup_apply(s, easy, /* is_stream= */ false, err);

        if (r < 0)
                return r;
        fd = listen_somewhere(&address);
        if (fd < 0)
                return err_setf(err, fd, "cannot make a socket: %s", strerror(-fd));
        (void)curl_easy_setopt(easy, CURLOPT_URL, "https://localhost/");
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
        (void)curl_easy_setopt(easy, CURLOPT_CONNECT_TO, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, address.sun_path + 1);
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
        c = begin(multi, easy);
        (void)curl_multi_remove_handle(multi, easy);
        return judge(s->config, c, why[0] ? why : curl_easy_strerror(c), err);
}

int http_check(const struct kubeconfig *config, struct err *err) {
        struct http_setup s;
        CURLM *multi;
        CURL *easy;
        int r;

        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return err_setf(err, -ENOMEM, "libcurl cannot be used: out of memory");
        r = http_setup_init(&s, config, err);
        if (r >= 0 && s.is_tls) {
                multi = curl_multi_init();
                easy = curl_easy_init();
                r = multi && easy ? try_handshake(multi, easy, &s, err) : err_setf(err, -ENOMEM, "out of memory");
                curl_easy_cleanup(easy);
                (void)curl_multi_cleanup(multi);
        }
        http_setup_done(&s);
        curl_global_cleanup();
        return r;
}
