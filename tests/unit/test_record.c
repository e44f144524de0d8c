/* SPDX-License-Identifier: Apache-2.0 */
/* Text of the state files: what we write is read back, everything else is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/name.h"
#include "codec/record.h"

#define MACHINE "3f9a02c7d0e14b5d8f6a1b2c3d4e5f60"
#define CLAIM_A "00112233445566778899aabbccddeeff"
#define CLAIM_B "ffeeddccbbaa99887766554433221100"
#define DAY     (UINT64_C(24) * 3600 * USEC_PER_SEC)

static const struct {
        const char *host, *identity;
} identities[] = {
        {"web-1", "web-1-3f9a02c7"},
        {"web-1.example.com", "web-1-3f9a02c7"},
        {"WEB_1", "web-1-3f9a02c7"},
        {"--web--", "web-3f9a02c7"},
        {"ünï", "n-3f9a02c7"},
        {"", "host-3f9a02c7"},
        {"...", "host-3f9a02c7"},
        {"___", "host-3f9a02c7"},
        {"0123456789012345678901234567890123456789", "01234567890123456789012345678901234-3f9a02c7"},
        {"0123456789012345678901234567890123-456789", "0123456789012345678901234567890123-3f9a02c7"},
};

static void test_identity_make(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(identities); i++) {
                char identity[RECORD_IDENTITY_MAX + 1], placeholder[128];

                record_identity_make(identity, identities[i].host, MACHINE);
                assert_string_equal(identity, identities[i].identity);
                (void)snprintf(placeholder, sizeof(placeholder), "leader-agent-%s-lease", identity);
                assert_true(name_is_dns_label(placeholder));
        }
}

static struct record_claims two_claims(void) {
        return (struct record_claims){
                .scope = "lock:ops/op-lock",
                .machine = MACHINE,
                .n_claims = 2,
                .claims = {{CLAIM_A, 1893555845678901, true}, {CLAIM_B, 1893555845678902, false}},
        };
}

static void test_round_trip(void **state) {
        struct err err = {};
        _cleanup_free_ char *a = NULL, *b = NULL;
        struct record_identity id = {"web-1-3f9a02c7", MACHINE, 1893555845678901}, id2;
        struct record_claims c = two_claims(), c2;

        (void)state;
        assert_int_equal(record_identity_format(&id, &a), 0);
        assert_int_equal(record_identity_parse(&id2, a, strlen(a), &err), 0);
        assert_memory_equal(&id, &id2, sizeof(id));

        assert_int_equal(record_claims_format(&c, &b), 0);
        assert_int_equal(record_claims_parse(&c2, b, strlen(b), &err), 0);
        assert_memory_equal(&c, &c2, sizeof(c));
        assert_ptr_equal(record_claims_find(&c2, CLAIM_B), &c2.claims[1]);
        assert_null(record_claims_find(&c2, MACHINE));
}

/* Every prefix, and every single byte changed, is refused. */
static void test_damage(void **state) {
        struct record_claims c = two_claims(), out;
        struct record_identity id = {"web-1-3f9a02c7", MACHINE, 1893555845678901}, id_out;
        char *texts[2] = {NULL, NULL};
        struct err err;

        (void)state;
        assert_int_equal(record_claims_format(&c, &texts[0]), 0);
        assert_int_equal(record_identity_format(&id, &texts[1]), 0);
        for (int kind = 0; kind < 2; kind++) {
                size_t size = strlen(texts[kind]);

                for (size_t i = 0; i < size; i++) {
                        err.text[0] = '\0';
                        assert_int_equal(kind ? record_identity_parse(&id_out, texts[kind], i, &err)
                                              : record_claims_parse(&out, texts[kind], i, &err),
                                         -EBADMSG);
                        assert_true(err.text[0] != '\0');
                }
                for (size_t i = 0; i < size; i++)
                        for (int bit = 0; bit < 8; bit++) {
                                texts[kind][i] ^= (char)(1 << bit);
                                assert_int_equal(kind ? record_identity_parse(&id_out, texts[kind], size, &err)
                                                      : record_claims_parse(&out, texts[kind], size, &err),
                                                 -EBADMSG);
                                texts[kind][i] ^= (char)(1 << bit);
                        }
                free(texts[kind]);
        }
}

/* FNV-1a again, so that a row can be wrong in one thing only. */
static size_t seal(char *buf, size_t size, const char *body) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        int n;

        for (const char *p = body; *p; p++)
                h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
        n = snprintf(buf, size, "%schecksum=%016llx\n", body, (unsigned long long)h);
        assert_true(n > 0 && (size_t)n < size);
        return (size_t)n;
}

#define HEAD "leader-agent claims 1\nscope=lock:a/b\nmachine=" MACHINE "\n"
#define ID   "leader-agent identity 1\n"

static const struct {
        bool identity;
        const char *body, *message; /* NULL: good */
} sealed[] = {
        {false, HEAD, NULL},
        {false, HEAD "claim=" CLAIM_A " 5 open\nclaim=" CLAIM_B " 0 settled\n", NULL},
        {false, "leader-agent claims 2\n",
         "line 1 is \"leader-agent claims 2\", expected \"leader-agent claims 1\": written by another version?"},
        {false, ID "identity=a\n",
         "line 1 is \"leader-agent identity 1\", expected \"leader-agent claims 1\": written by another version?"},
        {false, "leader-agent claims 1\n", "line 2: expected scope="},
        {false, "leader-agent claims 1\nmachine=" MACHINE "\n", "line 2: expected scope="},
        {false, "leader-agent claims 1\nscope=\n", "line 2: scope is empty or too long"},
        {false, "leader-agent claims 1\nscope=a\n", "line 3: expected machine="},
        {false, "leader-agent claims 1\nscope=a\nmachine=abc\n", "line 3: machine is not 32 hexadecimal digits"},
        {false, "leader-agent claims 1\nscope=a\nmachine=3F9A02C7D0E14B5D8F6A1B2C3D4E5F60\n",
         "line 3: machine is not 32 hexadecimal digits"},
        {false, HEAD "claim=" CLAIM_A " 5 maybe\n", "line 4: not a claim"},
        {false, HEAD "claim=" CLAIM_A " 5\n", "line 4: not a claim"},
        {false, HEAD "claim=" CLAIM_A "\n", "line 4: not a claim"},
        {false, HEAD "claim=" CLAIM_A " -5 open\n", "line 4: not a claim"},
        {false, HEAD "claim=" CLAIM_A " 99999999999999999999 open\n", "line 4: not a claim"},
        {false, HEAD "claim=" CLAIM_A " 5 open open\n", "line 4: not a claim"},
        {false, HEAD "claim=0011 5 open\n", "line 4: not a claim"},
        {false, HEAD "claim=\n", "line 4: not a claim"},
        {false, HEAD "\n", "line 4: expected claim="},
        {false, HEAD "clam=" CLAIM_A " 5 open\n", "line 4: expected claim="},
        {false, HEAD "claim=" CLAIM_A " 5 open\nclaim=" CLAIM_A " 6 open\n", "line 5: the same claim twice"},
        {true, ID "identity=web-1\nmachine=" MACHINE "\ncreated=5\n", NULL},
        {true, ID "identity=Web\nmachine=" MACHINE "\ncreated=5\n",
         "line 2: identity is not a name of at most 44 characters"},
        {true, ID "identity=\nmachine=" MACHINE "\ncreated=5\n",
         "line 2: identity is not a name of at most 44 characters"},
        {true, ID "identity=123456789012345678901234567890123456789012345\n",
         "line 2: identity is not a name of at most 44 characters"},
        {true, ID "identity=web-1\ncreated=5\n", "line 3: expected machine="},
        {true, ID "identity=web-1\nmachine=" MACHINE "\n", "line 4: expected created="},
        {true, ID "identity=web-1\nmachine=" MACHINE "\ncreated=now\n",
         "line 4: created is not a number of microseconds"},
        {true, ID "identity=web-1\nmachine=" MACHINE "\ncreated=05\n",
         "line 4: created is not a number of microseconds"},
        {true, ID "identity=web-1\nmachine=" MACHINE "\ncreated=5\nmore=1\n", "line 5: unexpected line"},
};

static void test_sealed(void **state) {
        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(sealed); i++) {
                char text[1024];
                struct record_claims c;
                struct record_identity id;
                struct err err = {};
                size_t size = seal(text, sizeof(text), sealed[i].body);
                int r = sealed[i].identity ? record_identity_parse(&id, text, size, &err)
                                           : record_claims_parse(&c, text, size, &err);

                if (r != (sealed[i].message ? -EBADMSG : 0))
                        fail_msg("row %zu: %d %s", i, r, err.text);
                if (sealed[i].message)
                        assert_string_equal(err.text, sealed[i].message);
        }
}

static void test_rough(void **state) {
        static char big[RECORD_MAX_BYTES + 1];
        struct record_claims c;
        struct err err = {};

        (void)state;
        assert_int_equal(record_claims_parse(&c, "", 0, &err), -EBADMSG);
        assert_string_equal(err.text, "the file is empty");
        assert_int_equal(record_claims_parse(&c, big, sizeof(big), &err), -EBADMSG);
        assert_string_equal(err.text, "the file is larger than 8192 bytes");
        assert_int_equal(record_claims_parse(&c, big, 100, &err), -EBADMSG);
        assert_string_equal(err.text, "the file holds NUL bytes (lost in a crash of the file system?)");
        assert_int_equal(record_claims_parse(&c, HEAD, strlen(HEAD), &err), -EBADMSG);
        assert_string_equal(err.text, "the checksum line is missing: the file is truncated");
        assert_int_equal(record_claims_parse(&c, HEAD "checksum=0\n", strlen(HEAD) + 11, &err), -EBADMSG);
        assert_string_equal(err.text, "the checksum is wrong: the file is truncated or was edited");
        assert_int_equal(record_claims_parse(&c, "checksum=0\n", 11, &err), -EBADMSG);
        assert_string_equal(err.text, "the checksum line is missing: the file is truncated");
}

static void fill(struct record_claims *c, uint64_t created_usec) {
        *c = (struct record_claims){.scope = "lock:a/b", .machine = MACHINE};
        for (unsigned i = 0; i < RECORD_MAX_CLAIMS; i++) {
                char claim[RECORD_CLAIM_HEX + 1];

                (void)snprintf(claim, sizeof(claim), "%032x", i);
                assert_int_equal(record_claims_add(c, claim, created_usec + i), 0);
        }
        assert_int_equal(c->n_claims, RECORD_MAX_CLAIMS);
}

static void test_cap(void **state) {
        struct record_claims c, parsed;
        uint64_t t;
        _cleanup_free_ char *text = NULL;
        struct err err = {};

        (void)state;
        t = 100 * DAY;

        /* Full of claims that may land: refused, unchanged. */
        fill(&c, t);
        assert_int_equal(record_claims_add(&c, CLAIM_A, t + DAY), -ENOSPC);
        assert_int_equal(c.n_claims, RECORD_MAX_CLAIMS);
        assert_null(record_claims_find(&c, CLAIM_A));

        /* The largest file is readable. */
        memset(c.scope, 'x', sizeof(c.scope) - 1);
        for (size_t i = 0; i < c.n_claims; i++)
                c.claims[i].created_usec = UINT64_C(9999999999999999999);
        assert_int_equal(record_claims_format(&c, &text), 0);
        assert_int_equal(record_claims_parse(&parsed, text, strlen(text), &err), 0);
        assert_memory_equal(&c, &parsed, sizeof(c));

        /* The oldest settled one goes, wherever it is; then the next. */
        fill(&c, t);
        c.claims[7].settled = c.claims[20].settled = true;
        assert_int_equal(record_claims_add(&c, CLAIM_A, t + 1), 0);
        assert_null(record_claims_find(&c, "00000000000000000000000000000007"));
        assert_non_null(record_claims_find(&c, "00000000000000000000000000000014"));
        assert_string_equal(c.claims[RECORD_MAX_CLAIMS - 1].claim, CLAIM_A);
        assert_int_equal(record_claims_add(&c, CLAIM_B, t + 1), 0);
        assert_null(record_claims_find(&c, "00000000000000000000000000000014"));
        assert_int_equal(record_claims_add(&c, MACHINE, t + 1), -ENOSPC);

        /* Unsettled for more than a day: the oldest. */
        fill(&c, t);
        assert_int_equal(record_claims_add(&c, CLAIM_A, t + DAY + 1), 0);
        assert_null(record_claims_find(&c, "00000000000000000000000000000000"));
        assert_int_equal(record_claims_add(&c, CLAIM_B, t + DAY + 1), -ENOSPC);

        /* A clock that went back makes nothing old. */
        fill(&c, t);
        assert_int_equal(record_claims_add(&c, CLAIM_A, t - 10 * DAY), -ENOSPC);
}

static void test_namespace(void **state) {
        const struct record_namespace n = {"ops", MACHINE, "9c1e6c3e-uid", 1893555845678901};
        static const struct {
                const char *body, *says;
        } rows[] = {
                {"leader-agent identity 1\nnamespace=ops\nmachine=" MACHINE "\nuid=u\nseen=1\n", "line 1"},
                {"leader-agent namespace 1\n", "expected namespace="},
                {"leader-agent namespace 1\nnamespace=\nmachine=" MACHINE "\nuid=u\nseen=1\n", "not a name"},
                {"leader-agent namespace 1\nnamespace=../x\nmachine=" MACHINE "\nuid=u\nseen=1\n", "not a name"},
                {"leader-agent namespace 1\nnamespace=ops\nmachine=x\nuid=u\nseen=1\n", "32 hexadecimal"},
                {"leader-agent namespace 1\nnamespace=ops\nmachine=" MACHINE "\nuid=\nseen=1\n", "uid is empty"},
                {"leader-agent namespace 1\nnamespace=ops\nmachine=" MACHINE "\nuid=u\nseen=-1\n", "microseconds"},
                {"leader-agent namespace 1\nnamespace=ops\nmachine=" MACHINE "\nuid=u\nseen=1\nmore=1\n",
                 "unexpected line"},
        };
        _cleanup_free_ char *text = NULL;
        struct record_namespace back;
        struct err err = {};

        (void)state;
        assert_int_equal(record_namespace_format(&n, &text), 0);
        assert_int_equal(record_namespace_parse(&back, text, strlen(text), &err), 0);
        assert_string_equal(back.name, n.name);
        assert_string_equal(back.machine, n.machine);
        assert_string_equal(back.uid, n.uid);
        assert_int_equal(back.seen_usec, n.seen_usec);
        for (size_t k = 0; k < strlen(text); k++)
                assert_int_equal(record_namespace_parse(&back, text, k, &err), -EBADMSG);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char whole[1024];
                size_t size = seal(whole, sizeof(whole), rows[i].body);

                assert_int_equal(record_namespace_parse(&back, whole, size, &err), -EBADMSG);
                if (!strstr(err.text, rows[i].says))
                        fail_msg("row %zu: %s", i, err.text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_identity_make), cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damage),
                cmocka_unit_test(test_sealed),        cmocka_unit_test(test_rough),      cmocka_unit_test(test_cap),
                cmocka_unit_test(test_namespace),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
