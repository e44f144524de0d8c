/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams between agent and guard, and the permit file. What is accepted has every property that permit.h names;
 * one bit more or less of size is refused; a permit written to disk is read back as the same, and no byte of that may
 * change. Inputs are bytes of a struct, put right where 'R' (request) or 'A' (answer) begins them, or a file. */
#include "base/timing.h"
#include "base/unit_list.h"
#include "codec/name.h"
#include "codec/permitfile.h"
#include "fuzz.h"

#define BOOT "01234567-0000-4000-8000-0123456789ab"

static bool plain_uid(const char *s) {
        return *s && *s != '.' && !strpbrk(s, "/ \n\t\"'\\");
}

static void file(const struct permit_request *q, const char *cgroup, uint8_t where, uint8_t change) {
        char text[PERMITFILE_MAX], environment[PERMITFILE_MAX], back_cgroup[PERMITFILE_CGROUP_SIZE];
        char unit[UNIT_NAME_SIZE] = ""; /* that the file is of: each of a list has one */
        const char *at = q->unit;
        struct permit_request back = {};
        struct err err = {};
        int n = permitfile_format(q, BOOT, cgroup, &(struct permitfile_past){77, PERMITFILE_ENDED}, text), r;

        if (n < 0)
                return;
        fuzz_assert(unit_list_next(&at, unit));
        while (where & 1 && unit_list_next(&at, unit))
                ;
        fuzz_assert((size_t)n == strlen(text) && n < PERMITFILE_MAX);
        r = permitfile_parse(&back, back_cgroup, NULL, text, (size_t)n, unit, BOOT, &err);
        fuzz_assert(r == 0 && back.seq == 1 && permit_request_check(&back, sizeof(back), NULL) == 0);
        fuzz_assert(back.type == PERMIT_PERMIT && back.tenure == q->tenure && util_streq(back.unit, q->unit));
        fuzz_assert(back.stop_at_usec == q->stop_at_usec && back.kill_at_usec == q->kill_at_usec);
        fuzz_assert(back.stop_timeout_usec == q->stop_timeout_usec && util_streq(back.lock_uid, q->lock_uid));
        fuzz_assert(util_streq(back.term, q->term) && util_streq(back.identity, q->identity));
        fuzz_assert(util_streq(back.lock, q->lock) && util_streq(back_cgroup, cgroup));
        fuzz_assert(permitfile_parse(&back, back_cgroup, NULL, text, (size_t)n, unit, "other", &err) == -EXDEV);
        fuzz_assert(permitfile_parse(&back, back_cgroup, NULL, text, (size_t)n - 1, unit, BOOT, &err) == -EBADMSG);
        r = permitfile_environment(q, environment);
        fuzz_assert(r > 0 && r < PERMITFILE_MAX && !strpbrk(environment, "\"'\\$` \t\r"));
        text[(size_t)where * 7 % (size_t)n] ^= (char)(change | 1);
        fuzz_assert(permitfile_parse(&back, back_cgroup, NULL, text, (size_t)n, unit, BOOT, &err) < 0);
}

static void request(struct fuzz *f) {
        struct permit_request q = {};
        struct err err = {};
        uint8_t fix = fuzz_byte(f), where = fuzz_byte(f), change = fuzz_byte(f);
        char cgroup[80];
        int r;

        (void)fuzz_line(f, cgroup, sizeof(cgroup));
        memcpy(&q, f->p, util_min(f->n, sizeof(q)));
        if (fix & 1) {
                q.magic = PERMIT_MAGIC;
                q.type = 1 + q.type % 4;
                q.tenure %= N_TENURES;
                q.seq |= 1;
                q.unit[255] = q.lock[255] = q.lock_uid[63] = q.term[31] = q.identity[127] = '\0';
                (void)snprintf(q.unit + util_min(strlen(q.unit), 200), 40, "u.service");
        }
        if (fix & 2)
                q.kill_at_usec = util_usec_add(q.stop_at_usec, TIMING_STOP_MIN_USEC + q.kill_at_usec % USEC_PER_SEC);
        r = permit_request_check(&q, sizeof(q), &err);
        fuzz_assert_result(r, &err);
        fuzz_assert(permit_request_check(&q, sizeof(q) - 1, NULL) < 0);
        if (r < 0)
                return;
        fuzz_assert(q.magic == PERMIT_MAGIC && PERMIT_REQUEST_TYPE_VALID(q.type) && q.seq > 0);
        fuzz_assert((q.type == PERMIT_QUERY && !*q.unit) || permit_units_valid(q.unit));
        fuzz_assert(!*q.unit || !strchr(q.unit, '/'));
        fuzz_assert(q.type == PERMIT_QUERY || plain_uid(q.lock_uid));
        if (q.type != PERMIT_PERMIT)
                return;
        fuzz_assert(TENURE_VALID(q.tenure) && q.stop_at_usec > 0 && q.stop_timeout_usec >= TIMING_STOP_MIN_USEC);
        fuzz_assert(q.kill_at_usec == USEC_INFINITY || q.kill_at_usec - q.stop_at_usec >= TIMING_STOP_MIN_USEC);
        fuzz_assert(q.kill_at_usec >= q.stop_at_usec);
        fuzz_assert(q.tenure == TENURE_LIFE || q.kill_at_usec != USEC_INFINITY);
        file(&q, cgroup, where, change);
}

static void answer(struct fuzz *f) {
        struct permit_reply p = {};
        struct err err = {};
        uint8_t fix = fuzz_byte(f);
        int r;

        memcpy(&p, f->p, util_min(f->n, sizeof(p)));
        if (fix & 1) {
                p.magic = PERMIT_MAGIC;
                p.result %= N_GUARD_RESULTS;
                p.unit_state %= N_UNIT_STATES;
                p.request_type %= 5;
                p.seq = p.request_type ? p.seq | 1 : 0;
                p.unit[255] = p.lock_uid[63] = p.permit_uid[63] = p.lock[255] = p.text[511] = '\0';
        }
        r = permit_reply_check(&p, sizeof(p), &err);
        fuzz_assert_result(r, &err);
        fuzz_assert(permit_reply_check(&p, sizeof(p) + 1, NULL) < 0);
        if (r < 0)
                return;
        fuzz_assert(p.result < N_GUARD_RESULTS && p.unit_state < N_UNIT_STATES);
        fuzz_assert(memchr(p.text, 0, sizeof(p.text)) && memchr(p.unit, 0, sizeof(p.unit)));
        fuzz_assert(permit_units_valid(p.unit) || !*p.unit);
}

/* What is accepted would be written so, byte for byte. Behind a '+' the check line is put right first. */
static void read_file(const uint8_t *data, size_t size) {
        char cgroup[PERMITFILE_CGROUP_SIZE], again[PERMITFILE_MAX], boot[64] = "", text[2 * PERMITFILE_MAX] = "";
        struct permit_request q;
        struct err err = {};
        char *exact;
        struct permitfile_past past;
        int r;

        if (size > 0 && *data == '+' && size < PERMITFILE_MAX) {
                memcpy(text, data + 1, size - 1);
                size = strlen(text);
                size += (size_t)snprintf(text + size, 32, "check=%016llx\n", (unsigned long long)util_token(text));
        } else {
                size = util_min(size, sizeof(text));
                memcpy(text, size ? data : (const uint8_t *)"", size);
        }
        exact = fuzz_copy(text, size);
        r = permitfile_parse(&q, cgroup, &past, exact, size, "app.service", NULL, &err);
        free(exact);
        fuzz_assert_result(r, &err);
        if (r < 0)
                return;
        fuzz_assert(sscanf(text, "leader-guard permit %*1[12]\nboot=%63[^\n]", boot) >= 0);
        fuzz_assert(permitfile_format(&q, boot, cgroup, &past, again) == (int)size && memcmp(again, text, size) == 0);
        file(&q, cgroup, (uint8_t)size, (uint8_t)(size >> 8));
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        struct err err = {};
        uint8_t *copy = fuzz_copy(data, size);

        fuzz_assert_result(permit_request_check(copy, size, &err), &err);
        fuzz_assert_result(permit_reply_check(copy, size, &err), &err);
        free(copy);
        read_file(data, size);
        switch (fuzz_byte(&f)) {
        case 'R':
                request(&f);
                break;
        case 'A':
                answer(&f);
                break;
        default:
                break;
        }
}
