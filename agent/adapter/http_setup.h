/* SPDX-License-Identifier: Apache-2.0 */
/* How connections to the server are made: kubeconfig to libcurl options. For http*.c only. */
#pragma once

/* A plain connection is not used again when it is older. */
#define HTTP_LIFETIME_MAX_SEC 300

#include <curl/curl.h>

#include "base/err.h"
#include "codec/kubeconfig.h"
#include "codec/tls.h"

enum {
        HTTP_SETUP_FILES = 3
}; /* CA, certificate, key */

/* Which file a path led to when it was read. */
struct http_setup_file {
        dev_t dev;
        ino_t ino;
        off_t size;
        time_t changed_sec;
        long changed_nsec;
        bool is_there;
};

struct http_setup {
        const struct kubeconfig *config; /* borrowed */
        char *url;                       /* without trailing '/'; its host is the name that TLS verifies */
        char *host_header;               /* "Host: …" when that is another one, else NULL */
        struct curl_slist *connect_to;   /* the same */
        char *proxy;                     /* "" for none: then the environment is ignored too */
        bool is_tls;
        struct tls *tls; /* what could be read last; NULL: nothing yet */
        struct http_setup_file files[HTTP_SETUP_FILES];
        bool is_read;      /* files are those that were read, good or not */
        char problem[512]; /* why tls is not what the files hold now; empty: it is */
};

/* Returns -ENOMEM, -EINVAL with err set. */
int http_setup_init(struct http_setup *s, const struct kubeconfig *config, struct err *err);
void http_setup_done(struct http_setup *s);
/* Reads CA, certificate and key when they have changed or could not be read (anew: also when not). What cannot be used,
 * as when only one of certificate and key is the new one, leaves the last good ones, and problem says why. */
void http_setup_refresh(struct http_setup *s, bool anew);
/* What the kubeconfig holds itself is another one: the next look is anew. */
void http_setup_forget(struct http_setup *s);
/* Everything but the request itself; is_stream: its connection is one that is idle for minutes and shall be found dead
 * soon. Returns -ENOMEM, -EINVAL with err set. */
int http_setup_apply(const struct http_setup *s, CURL *easy, bool is_stream, struct err *err);

/* ---- http_text.c ---- */
/* Why a transfer failed, for a human; error: what libcurl wrote into its buffer, perhaps nothing. */
void http_text(CURLcode code, const char *error, char *buf, size_t size);
