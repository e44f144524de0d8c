/* SPDX-License-Identifier: Apache-2.0 */
/* What the blocks of tls_pem.c hold, by OpenSSL, and whether they fit. A passphrase is never asked for: no key gets to
 * OpenSSL but as plain DER. */
#include "codec/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "codec/kubeconfig_parts.h"
#include "codec/tls_pem.h"

DEFINE_CLEANUP(BIO *, BIO_free_all)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free)

/* One of the three, as given. */
struct source {
        const char *file, *data;
        const char *from;        /* what data is from; NULL: the kubeconfig */
        const char *field, *key; /* of the kubeconfig, and in words */
        const char *kind, *name; /* of the entry */
        const char *kubeconfig;
        const char *cure;
};

static const char *place(const struct source *s) {
        return s->file ? s->file : s->from ? s->from : "in the kubeconfig";
}

static int refuse(const struct source *s, int r, const char *why, struct err *err) {
        return err_setf(err, r, "%s: %s \"%s\": the %s (%s) cannot be used: %s; %s",
                        s->kubeconfig ? s->kubeconfig : "kubeconfig", s->kind, s->name ? s->name : "", s->key, place(s),
                        why, s->cure);
}

/* The text, NUL-terminated, to wipe and free; NULL: none is given. */
static int read_source(const struct source *s, char **ret, struct err *err) {
        struct source unread = *s;
        struct kubeconfig_unread u;
        size_t size;
        int r;

        *ret = NULL;
        if (s->data)
                return (*ret = strdup(s->data)) ? 0 : err_setf(err, -ENOMEM, "out of memory");
        if (!s->file)
                return 0;
        r = kubeconfig_read_file(s->file, ret, &size);
        if (r >= 0)
                return 0;
        (void)kubeconfig_why(r, s->field, s->file, " there", &u);
        unread.cure = u.cure;
        return refuse(&unread, r, u.why, err);
}

/* What OpenSSL says last, for a human. Leaves nothing for libcurl to find. */
static const char *openssl_why(void) {
        const char *why = ERR_reason_error_string(ERR_peek_last_error());

        ERR_clear_error();
        return why ? why : "it cannot be read";
}

static char *take_text(BIO *bio) {
        char *data = NULL;
        long n = BIO_get_mem_data(bio, &data);

        return n > 0 ? strndup(data, (size_t)n) : NULL;
}

static X509 *read_certificate(const struct tls_block *b) {
        size_t size = 0;
        unsigned char *der = tls_block_decode(b, &size);
        const unsigned char *p = der;
        X509 *x = der ? d2i_X509(NULL, &p, (long)size) : NULL;

        if (x && p != der + size) {
                X509_free(x);
                x = NULL;
        }
        free(der);
        ERR_clear_error();
        return x;
}

static void skipped(struct tls *t, const struct source *s, unsigned n) {
        size_t at = strlen(t->warning);

        if (n > 0)
                (void)snprintf(t->warning + at, sizeof(t->warning) - at,
                               "%s%u block%s of the %s (%.120s) cannot be read and %s skipped", at ? "; " : "", n,
                               n == 1 ? "" : "s", s->key, place(s), n == 1 ? "is" : "are");
}

/* All certificates that can be read, as PEM again; the first one too when ret_first. must_lead: that one has to be
 * the first block. */
static int read_certificates(struct tls *t, const struct source *s, const char *text, bool must_lead, char **ret,
                             X509 **ret_first, struct err *err) {
        _cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
        unsigned n = 0, n_broken = 0;
        struct tls_block b;

        if (!bio)
                return err_setf(err, -ENOMEM, "out of memory");
        while (tls_next_block(&text, &b)) {
                _cleanup_(X509_freep) X509 *x = NULL;

                if (!tls_block_is(&b, "CERTIFICATE"))
                        continue;
                x = b.has_headers ? NULL : read_certificate(&b);
                if (!x) {
                        if (must_lead && n == 0)
                                return refuse(s, -EINVAL, "its first certificate cannot be read", err);
                        n_broken++;
                        continue;
                }
                if (!PEM_write_bio_X509(bio, x))
                        return err_setf(err, -ENOMEM, "out of memory");
                if (n++ == 0 && ret_first)
                        *ret_first = TAKE_PTR(x);
        }
        if (n == 0)
                return refuse(s, -EINVAL,
                              n_broken
                                      ? "none of its certificates can be read"
                                      : "it holds no certificate (a line that begins with -----BEGIN CERTIFICATE-----)",
                              err);
        skipped(t, s, n_broken);
        *ret = take_text(bio);
        return *ret ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

static int read_key(const struct source *s, const char *text, char **ret, EVP_PKEY **ret_key, struct err *err) {
        _cleanup_(BIO_free_allp) BIO *bio = BIO_new(BIO_s_secmem());
        struct tls_block b = {};
        size_t size = 0;
        unsigned char *der;
        const unsigned char *p;

        while (tls_next_block(&text, &b) && !tls_block_is_key(&b))
                ;
        if (!b.type || !tls_block_is_key(&b))
                return refuse(s, -EINVAL, "it holds no private key", err);
        if (b.is_encrypted)
                return refuse(s, -EINVAL, "it is encrypted, and nobody is there to type a passphrase", err);
        p = der = tls_block_decode(&b, &size);
        *ret_key = der ? d2i_AutoPrivateKey(NULL, &p, (long)size) : NULL;
        if (der)
                explicit_bzero(der, size);
        free(der);
        if (!*ret_key) {
                ERR_clear_error();
                return refuse(s, -EINVAL, "it cannot be read as a private key", err);
        }
        if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, *ret_key, NULL, NULL, 0, NULL, NULL))
                return refuse(s, -EINVAL, openssl_why(), err);
        *ret = take_text(bio);
        return *ret ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

/* Also what the system's openssl.cnf asks of certificates. */
static int match(const struct source *cert, const struct source *key, X509 *x, EVP_PKEY *k, struct err *err) {
        _cleanup_(SSL_CTX_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

        if (!ctx)
                return err_setf(err, -ENOMEM, "out of memory");
        if (X509_check_private_key(x, k) != 1)
                return err_setf(err, -EINVAL,
                                "%s: user \"%s\": client certificate (%s) and key (%s) cannot be used together: %s; %s",
                                cert->kubeconfig ? cert->kubeconfig : "kubeconfig", cert->name ? cert->name : "",
                                place(cert), place(key), openssl_why(), cert->cure);
        if (SSL_CTX_use_certificate(ctx, x) != 1 || SSL_CTX_use_PrivateKey(ctx, k) != 1)
                return refuse(cert, -EINVAL, openssl_why(), err);
        return 0;
}

static int load_ca(struct tls *t, const struct kubeconfig *k, struct err *err) {
        const struct source s = {.file = k->ca_file,
                                 .data = k->ca_data,
                                 .field = "certificate-authority",
                                 .key = "certificate authority",
                                 .kind = "cluster",
                                 .name = k->cluster,
                                 .kubeconfig = k->source,
                                 .cure = "write the CA certificate of the cluster"};
        _cleanup_free_ char *text = NULL;
        const char *at;
        int r = k->insecure ? 0 : read_source(&s, &text, err);

        if (r < 0 || !text)
                return r;
        tls_sha256(text, t->ca_sha256);
        r = read_certificates(t, &s, text, /* must_lead= */ false, &t->ca, NULL, err);
        for (at = t->ca; r == 0 && at; at = strstr(at + 1, "-----BEGIN ")) {
                struct credentials_term term = credentials_read_certificate(at);

                if (term.ends_usec > t->ca_term.ends_usec)
                        t->ca_term = term;
        }
        return r;
}

static int load_pair(struct tls *t, const struct source *cert, const struct source *key, struct err *err) {
        _cleanup_(X509_freep) X509 *x = NULL;
        _cleanup_(EVP_PKEY_freep) EVP_PKEY *pkey = NULL;
        _cleanup_free_ char *cert_text = NULL, *key_text = NULL;
        int r = read_source(cert, &cert_text, err);

        if (r == 0)
                r = read_source(key, &key_text, err);
        if (r == 0 && cert_text) {
                tls_sha256(cert_text, t->cert_sha256);
                r = read_certificates(t, cert, cert_text, /* must_lead= */ true, &t->cert, &x, err);
                t->cert_term = credentials_read_certificate(t->cert);
        }
        if (r == 0 && key_text)
                r = read_key(key, key_text, &t->key, &pkey, err);
        if (key_text)
                explicit_bzero(key_text, strlen(key_text));
        return r == 0 && x && pkey ? match(cert, key, x, pkey, err) : r;
}

static int load_client(struct tls *t, const struct kubeconfig *k, struct err *err) {
        const struct source cert = {.file = k->client_cert_file,
                                    .data = k->client_cert_data,
                                    .field = "client-certificate",
                                    .key = "client certificate",
                                    .kind = "user",
                                    .name = k->user,
                                    .kubeconfig = k->source,
                                    .cure = "write a certificate and the key that belongs to it"};
        const struct source key = {
                .file = k->client_key_file,
                .data = k->client_key_data,
                .field = "client-key",
                .key = "client key",
                .kind = "user",
                .name = k->user,
                .kubeconfig = k->source,
                .cure = "write the certificate's key, without a passphrase: openssl pkey -in FILE -out NEW"};
        return load_pair(t, &cert, &key, err);
}

int tls_load(struct tls **ret, const struct kubeconfig *k, struct err *err) {
        _cleanup_(tls_freep) struct tls *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return err_setf(err, -ENOMEM, "out of memory");
        r = load_ca(t, k, err);
        if (r == 0)
                r = load_client(t, k, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

int tls_load_pair(struct tls **ret, const struct kubeconfig *k, const char *cert, const char *key, struct err *err) {
        _cleanup_(tls_freep) struct tls *t = calloc(1, sizeof(*t));
        struct source c = {.data = cert,
                           .from = "of the exec plugin",
                           .key = "client certificate",
                           .kind = "user",
                           .name = k->user,
                           .kubeconfig = k->source,
                           .cure = "the plugin has to print a certificate and the key that belongs to it"};
        struct source own = c; /* the key */
        int r;

        own.data = key;
        own.key = "client key";
        own.cure = "the plugin has to print the certificate's key, without a passphrase";
        r = t ? load_pair(t, &c, &own, err) : err_setf(err, -ENOMEM, "out of memory");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

struct tls *tls_free(struct tls *t) {
        if (!t)
                return NULL;
        if (t->key)
                explicit_bzero(t->key, strlen(t->key));
        free(t->ca);
        free(t->cert);
        free(t->key);
        free(t);
        return NULL;
}

void tls_sha256(const char *text, char ret[static TLS_SHA256_SIZE]) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned n = 0;

        ret[0] = '\0';
        if (EVP_Digest(text, strlen(text), digest, &n, EVP_sha256(), NULL) != 1)
                n = 0;
        for (unsigned i = 0; i < n && 2 * i + 2 < TLS_SHA256_SIZE; i++)
                (void)snprintf(ret + (size_t)2 * i, 3, "%02x", digest[i]);
}
