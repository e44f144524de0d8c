/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out and lines in, with the same order and the same keys. A checksum ends each file: a torn or edited one is an
 * error, not a shorter list of claims. ARCHITECTURE 5, claim 7. */
#include "codec/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "codec/name.h"

#define HEX              "0123456789abcdef"
#define HEADER_IDENTITY  "leader-agent identity 1"
#define HEADER_CLAIMS    "leader-agent claims 1"
#define HEADER_NAMESPACE "leader-agent namespace 1"
#define DAY_USEC         (UINT64_C(24) * 3600 * USEC_PER_SEC)

void record_identity_make(char ret[static RECORD_IDENTITY_MAX + 1], const char *host, const char *machine) {
        const size_t max = RECORD_IDENTITY_MAX - 1 - 8;
        size_t n = 0;

        for (const char *p = host; *p && *p != '.' && n < max; p++) {
                char c = *p;

                if (c >= 'A' && c <= 'Z')
                        c = (char)(c - 'A' + 'a');
                if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
                        ret[n++] = c;
                else if (n > 0)
                        ret[n++] = '-';
        }
        while (n > 0 && ret[n - 1] == '-')
                n--;
        if (n == 0) {
                (void)util_copy(ret, RECORD_IDENTITY_MAX + 1, "host");
                n = strlen(ret);
        }
        (void)snprintf(ret + n, RECORD_IDENTITY_MAX + 1 - n, "-%.8s", machine);
}

/* FNV-1a over the bytes before the checksum line: against truncation and editors, not against an attacker. */
static uint64_t checksum(const char *text, size_t size) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < size; i++)
                h = (h ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
        return h;
}

static int seal(char *body, char **ret) {
        int n;

        if (!body)
                return -ENOMEM;
        n = asprintf(ret, "%schecksum=%016" PRIx64 "\n", body, checksum(body, strlen(body)));
        if (n < 0)
                *ret = NULL;
        return n < 0 ? -ENOMEM : 0;
}

int record_identity_format(const struct record_identity *r, char **ret) {
        _cleanup_free_ char *body = NULL;

        if (asprintf(&body, HEADER_IDENTITY "\nidentity=%s\nmachine=%s\ncreated=%" PRIu64 "\n", r->identity, r->machine,
                     r->created_usec) < 0)
                body = NULL;
        return seal(body, ret);
}

int record_claims_format(const struct record_claims *r, char **ret) {
        _cleanup_free_ char *body = malloc(RECORD_MAX_BYTES);
        size_t n;

        if (!body)
                return -ENOMEM;
        n = (size_t)snprintf(body, RECORD_MAX_BYTES, HEADER_CLAIMS "\nscope=%s\nmachine=%s\n", r->scope, r->machine);
        for (size_t i = 0; i < r->n_claims; i++)
                n += (size_t)snprintf(body + n, RECORD_MAX_BYTES - n, "claim=%s %" PRIu64 " %s\n", r->claims[i].claim,
                                      r->claims[i].created_usec, r->claims[i].settled ? "settled" : "open");
        return seal(body, ret);
}

int record_namespace_format(const struct record_namespace *r, char **ret) {
        _cleanup_free_ char *body = NULL;

        if (asprintf(&body, HEADER_NAMESPACE "\nnamespace=%s\nmachine=%s\nuid=%s\nseen=%" PRIu64 "\n", r->name,
                     r->machine, r->uid, r->seen_usec) < 0)
                body = NULL;
        return seal(body, ret);
}

/* Reads line by line from a terminated copy. */
struct reader {
        char text[RECORD_MAX_BYTES + 1];
        char *next; /* NULL at the end */
        unsigned line;
};

static char *next_line(struct reader *r) {
        char *line = strsep(&r->next, "\n");

        r->line++;
        return line;
}

/* Verifies size, bytes and checksum; leaves the reader before the first line and without the checksum line. */
static int reader_start(struct reader *r, const char *text, size_t size, const char *header, struct err *err) {
        const char *sum;
        size_t body;
        char expected[64];
        char *line;

        if (size == 0)
                return err_setf(err, -EBADMSG, "the file is empty");
        if (size > RECORD_MAX_BYTES)
                return err_setf(err, -EBADMSG, "the file is larger than %d bytes", RECORD_MAX_BYTES);
        if (memchr(text, '\0', size))
                return err_setf(err, -EBADMSG, "the file holds NUL bytes (lost in a crash of the file system?)");
        memcpy(r->text, text, size);
        r->text[size] = '\0';
        r->next = r->text;
        r->line = 0;

        sum = r->text;
        for (const char *p = r->text; (p = strstr(p, "\nchecksum=")); p++)
                sum = p + 1;
        body = (size_t)(sum - r->text);
        (void)snprintf(expected, sizeof(expected), "checksum=%016" PRIx64 "\n", checksum(text, body));
        if (body == 0)
                return err_setf(err, -EBADMSG, "the checksum line is missing: the file is truncated");
        if (!util_streq(sum, expected))
                return err_setf(err, -EBADMSG, "the checksum is wrong: the file is truncated or was edited");
        r->text[body - 1] = '\0';

        line = next_line(r);
        if (!util_streq(line, header))
                return err_setf(err, -EBADMSG, "line 1 is \"%.40s\", expected \"%s\": written by another version?",
                                line, header);
        return 0;
}

/* The value of the next line, which must be KEY=value. */
static int expect(struct reader *r, const char *key, char **ret, struct err *err) {
        char *line = next_line(r);
        size_t n = strlen(key);

        if (!line || strncmp(line, key, n) != 0 || line[n] != '=')
                return err_setf(err, -EBADMSG, "line %u: expected %s=", r->line, key);
        *ret = line + n + 1;
        return 0;
}

static bool is_hex(const char *s, size_t n) {
        return strlen(s) == n && strspn(s, HEX) == n;
}

/* Microseconds since 1970, exactly as formatted. */
static bool parse_usec(const char *s, uint64_t *ret) {
        if (!*s || strlen(s) > 19 || strspn(s, "0123456789") != strlen(s) || (*s == '0' && s[1]))
                return false;
        *ret = strtoull(s, NULL, 10);
        return true;
}

static int expect_machine(struct reader *r, char machine[static 33], struct err *err) {
        char *value = NULL;
        int res = expect(r, "machine", &value, err);

        if (res < 0)
                return res;
        if (!is_hex(value, 32))
                return err_setf(err, -EBADMSG, "line %u: machine is not 32 hexadecimal digits", r->line);
        (void)util_copy(machine, 33, value);
        return 0;
}

static int expect_end(struct reader *r, struct err *err) {
        return next_line(r) ? err_setf(err, -EBADMSG, "line %u: unexpected line", r->line) : 0;
}

int record_identity_parse(struct record_identity *ret, const char *text, size_t size, struct err *err) {
        struct reader r;
        char *value = NULL;
        int res;

        *ret = (struct record_identity){};
        res = reader_start(&r, text, size, HEADER_IDENTITY, err);
        if (res == 0)
                res = expect(&r, "identity", &value, err);
        if (res != 0)
                return res;
        if (!name_is_dns_label(value) || !util_copy(ret->identity, sizeof(ret->identity), value))
                return err_setf(err, -EBADMSG, "line %u: identity is not a name of at most %d characters", r.line,
                                RECORD_IDENTITY_MAX);
        res = expect_machine(&r, ret->machine, err);
        if (res == 0)
                res = expect(&r, "created", &value, err);
        if (res < 0)
                return res;
        if (!parse_usec(value, &ret->created_usec))
                return err_setf(err, -EBADMSG, "line %u: created is not a number of microseconds", r.line);
        return expect_end(&r, err);
}

int record_namespace_parse(struct record_namespace *ret, const char *text, size_t size, struct err *err) {
        struct reader r;
        char *value = NULL;
        int res;

        *ret = (struct record_namespace){};
        res = reader_start(&r, text, size, HEADER_NAMESPACE, err);
        if (res == 0)
                res = expect(&r, "namespace", &value, err);
        if (res != 0)
                return res;
        if (!name_is_dns_label(value) || !util_copy(ret->name, sizeof(ret->name), value))
                return err_setf(err, -EBADMSG, "line %u: namespace is not a name", r.line);
        res = expect_machine(&r, ret->machine, err);
        if (res == 0)
                res = expect(&r, "uid", &value, err);
        if (res < 0)
                return res;
        if (util_empty(value) || !util_copy(ret->uid, sizeof(ret->uid), value))
                return err_setf(err, -EBADMSG, "line %u: uid is empty or too long", r.line);
        res = expect(&r, "seen", &value, err);
        if (res < 0)
                return res;
        if (!parse_usec(value, &ret->seen_usec))
                return err_setf(err, -EBADMSG, "line %u: seen is not a number of microseconds", r.line);
        return expect_end(&r, err);
}

static int parse_claim(struct record_claims *ret, unsigned line, char *value, struct err *err) {
        const char *claim, *created, *state;
        struct record_claim *c;

        if (ret->n_claims >= RECORD_MAX_CLAIMS)
                return err_setf(err, -EBADMSG, "line %u: more than %d claims", line, RECORD_MAX_CLAIMS);
        c = &ret->claims[ret->n_claims];
        claim = strsep(&value, " ");
        created = strsep(&value, " ");
        state = value;
        if (!is_hex(claim, RECORD_CLAIM_HEX) || !created || !parse_usec(created, &c->created_usec) ||
            (!util_streq(state, "settled") && !util_streq(state, "open")))
                return err_setf(err, -EBADMSG, "line %u: not a claim", line);
        if (record_claims_find(ret, claim))
                return err_setf(err, -EBADMSG, "line %u: the same claim twice", line);
        (void)util_copy(c->claim, sizeof(c->claim), claim);
        c->settled = util_streq(state, "settled");
        ret->n_claims++;
        return 0;
}

int record_claims_parse(struct record_claims *ret, const char *text, size_t size, struct err *err) {
        struct reader r;
        char *value = NULL;
        int res;

        *ret = (struct record_claims){};
        res = reader_start(&r, text, size, HEADER_CLAIMS, err);
        if (res == 0)
                res = expect(&r, "scope", &value, err);
        if (res != 0)
                return res;
        if (util_empty(value) || !util_copy(ret->scope, sizeof(ret->scope), value))
                return err_setf(err, -EBADMSG, "line %u: scope is empty or too long", r.line);
        res = expect_machine(&r, ret->machine, err);
        while (res == 0 && r.next) {
                res = expect(&r, "claim", &value, err);
                if (res == 0)
                        res = parse_claim(ret, r.line, value, err);
        }
        return res;
}

bool record_claims_settled(const struct record_claims *r) {
        for (size_t i = 0; i < r->n_claims; i++)
                if (!r->claims[i].settled)
                        return false;
        return true;
}

const struct record_claim *record_claims_find(const struct record_claims *r, const char *claim) {
        for (size_t i = 0; i < r->n_claims; i++)
                if (util_streq(r->claims[i].claim, claim))
                        return &r->claims[i];
        return NULL;
}

static void remove_claim(struct record_claims *r, size_t i) {
        memmove(&r->claims[i], &r->claims[i + 1], (r->n_claims - i - 1) * sizeof(r->claims[0]));
        r->n_claims--;
}

/* Which claim may go; n_claims: none. A wall clock that went back makes claims look new: they stay. */
static size_t expendable(const struct record_claims *r, uint64_t now_usec) {
        for (size_t i = 0; i < r->n_claims; i++)
                if (r->claims[i].settled)
                        return i;
        for (size_t i = 0; i < r->n_claims; i++)
                if (util_usec_sub(now_usec, r->claims[i].created_usec) > DAY_USEC)
                        return i;
        return r->n_claims;
}

int record_claims_add(struct record_claims *r, const char *claim, uint64_t now_usec) {
        struct record_claim *c;

        if (r->n_claims >= RECORD_MAX_CLAIMS) {
                size_t i = expendable(r, now_usec);

                if (i == r->n_claims)
                        return -ENOSPC;
                remove_claim(r, i);
        }
        c = &r->claims[r->n_claims];
        *c = (struct record_claim){.created_usec = now_usec};
        if (!util_copy(c->claim, sizeof(c->claim), claim))
                return -EINVAL;
        r->n_claims++;
        return 0;
}
