/* SPDX-License-Identifier: Apache-2.0 */
/* CA certificates, client certificate and key of a kubeconfig, read, parsed and matched (RFC 7468, RFC 5280). Nothing
 * that libcurl or OpenSSL would have to parse, ask a passphrase for or stumble over gets past this: what comes out was
 * written by us. Nobody is asked, nothing is verified but that the key is the certificate's. */
#pragma once

#include "codec/credentials.h"
#include "codec/kubeconfig.h"

#define TLS_SHA256_SIZE (64 + 1)

/* Texts are PEM, NULL: not given. */
struct tls {
        char *ca;                                   /* every certificate of the bundle that can be read */
        char *cert;                                 /* the client's, then those that signed it */
        char *key;                                  /* not encrypted; wiped when freed */
        struct credentials_term ca_term, cert_term; /* of the CA certificate that ends last; of the client's */
        /* SHA-256 in hexadecimal of the PEM text as it was given, as sha256sum prints it of a file; empty: none. */
        char ca_sha256[TLS_SHA256_SIZE], cert_sha256[TLS_SHA256_SIZE];
        char warning[300]; /* parts that were skipped; empty: none */
};

/* Reads the files and data of k. Encrypted keys are refused, never decrypted. A block of a bundle that cannot be read
 * is skipped, as client-go does, when another can. Returns 0; -EINVAL, -ENOMEM, errno of a file, with err naming file
 * or entry and the cure, never anything secret. */
int tls_load(struct tls **ret, const struct kubeconfig *k, struct err *err);
/* The same for a client certificate and key, as PEM texts, that the plugin of k printed; without CA. */
int tls_load_pair(struct tls **ret, const struct kubeconfig *k, const char *cert, const char *key, struct err *err);
struct tls *tls_free(struct tls *t);
DEFINE_CLEANUP(struct tls *, tls_free)

void tls_sha256(const char *text, char ret[static TLS_SHA256_SIZE]);
