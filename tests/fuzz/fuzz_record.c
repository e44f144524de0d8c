/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the state directory. What is read is exactly what would be written of it, byte for byte; and what was
 * found fits its contract. Behind a '+' the checksum is put right first, or nothing would get past it. */
#include "codec/record.h"
#include "fuzz.h"

/* FNV-1a, as the files have it: over what stands before the line. */
static char *with_checksum(const char *text) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        char room[RECORD_MAX_BYTES + 64];

        for (const char *p = text; *p; p++)
                h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
        (void)snprintf(room, sizeof(room), "%schecksum=%016llx\n", text, (unsigned long long)h);
        return fuzz_copy(room, strlen(room));
}

static void same(int r, char **written, const char *text, size_t size) {
        fuzz_assert(r == 0 || (r == -ENOMEM && fuzz_starved()));
        fuzz_assert(r < 0 || (strlen(*written) == size && memcmp(*written, text, size) == 0));
        if (r == 0)
                free(*written);
}

static void add_claim(struct record_claims *c) {
        size_t n = c->n_claims;
        int r = record_claims_add(c, "0123456789abcdef0123456789abcdef", UINT64_C(1900000000000000));

        fuzz_assert(r == 0 || (r == -ENOSPC && n == RECORD_MAX_CLAIMS && !record_claims_settled(c)));
        fuzz_assert(c->n_claims == (r < 0 || n == RECORD_MAX_CLAIMS ? n : n + 1));
        fuzz_assert(r < 0 || record_claims_find(c, "0123456789abcdef0123456789abcdef"));
}

static void parse(const char *text, size_t size) {
        struct record_identity identity, made = {};
        struct record_claims claims;
        struct record_namespace namespace_;
        struct err err = {};
        char *written = NULL;
        int r = record_identity_parse(&identity, text, size, &err);

        fuzz_assert_result(r, &err);
        if (r == 0) {
                same(record_identity_format(&identity, &written), &written, text, size);
                record_identity_make(made.identity, identity.identity, identity.machine);
        }
        r = record_namespace_parse(&namespace_, text, size, &err);
        fuzz_assert_result(r, &err);
        if (r == 0)
                same(record_namespace_format(&namespace_, &written), &written, text, size);
        r = record_claims_parse(&claims, text, size, &err);
        fuzz_assert_result(r, &err);
        if (r == 0) {
                same(record_claims_format(&claims, &written), &written, text, size);
                add_claim(&claims);
        }
}

void fuzz_one(const uint8_t *data, size_t size) {
        char *text = fuzz_text(data, size), *sealed;
        struct record_identity made;

        parse(data ? (const char *)data : "", size);
        if (*text == '+' && size <= RECORD_MAX_BYTES) {
                sealed = with_checksum(text + 1);
                parse(sealed, strlen(text) - 1 + strlen("checksum=0123456789abcdef\n"));
                free(sealed);
        }
        record_identity_make(made.identity, text, "0123456789abcdef0123456789abcdef");
        fuzz_assert(strlen(made.identity) <= RECORD_IDENTITY_MAX && made.identity[0] != '-');
        free(text);
}
