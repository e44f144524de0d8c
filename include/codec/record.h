/* SPDX-License-Identifier: Apache-2.0 */
/* Text of the files in the state directory: key=value lines, version first, checksum last. Parsing is strict: whatever
 * is not exactly what we write (truncated, changed, of another machine or scope) is an error, never a guess. No I/O
 * here; adapter store reads and writes the files. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define RECORD_CLAIM_HEX  32 /* digits of a claim: 128 random bits */
#define RECORD_MAX_CLAIMS 32 /* per scope */
#define RECORD_MAX_BYTES  8192
/* "leader-agent-" IDENTITY "-lease" is a label of at most 63 characters. */
#define RECORD_IDENTITY_MAX (63 - 13 - 6)

/* File `identity`: who this host is, fixed at the first start. */
struct record_identity {
        char identity[RECORD_IDENTITY_MAX + 1];
        char machine[33];      /* application-specific hash of the machine id */
        uint64_t created_usec; /* wall clock */
};

struct record_claim {
        char claim[RECORD_CLAIM_HEX + 1];
        uint64_t created_usec; /* wall clock */
        bool settled;          /* its POST had a definite answer; otherwise it may still land */
};

/* File `claims/…`: the claims of one scope, oldest first. */
struct record_claims {
        char scope[400];
        char machine[33];
        size_t n_claims;
        struct record_claim claims[RECORD_MAX_CLAIMS];
};

/* File `namespaces/NS`: the namespace as it was when this host first saw it. */
struct record_namespace {
        char name[64];
        char machine[33];
        char uid[64];
        uint64_t seen_usec; /* wall clock */
};

/* HOST made a DNS-1123 label (lower case, first label only, others to '-', cut to fit) + "-" + first 8 digits of
 * machine. */
void record_identity_make(char ret[static RECORD_IDENTITY_MAX + 1], const char *host, const char *machine);

/* All return the file's text in *ret (free it), or -ENOMEM. */
int record_identity_format(const struct record_identity *r, char **ret);
int record_claims_format(const struct record_claims *r, char **ret);
int record_namespace_format(const struct record_namespace *r, char **ret);

/* size: as read; text need not be terminated. Return 0, or -EBADMSG with err naming the line and what is wrong with it
 * (the caller adds file and cure). The caller compares machine, scope and name. */
int record_identity_parse(struct record_identity *ret, const char *text, size_t size, struct err *err);
int record_claims_parse(struct record_claims *ret, const char *text, size_t size, struct err *err);
int record_namespace_parse(struct record_namespace *ret, const char *text, size_t size, struct err *err);

/* Whether each of them has had a definite answer. */
bool record_claims_settled(const struct record_claims *r);

/* The claim with this text, or NULL. */
const struct record_claim *record_claims_find(const struct record_claims *r, const char *claim);

/* Appends an unsettled claim. When full, drops the oldest settled one, else the oldest unsettled one that is older than
 * 24 hours; -ENOSPC when there is neither: all of them may still land. */
int record_claims_add(struct record_claims *r, const char *claim, uint64_t now_usec);
