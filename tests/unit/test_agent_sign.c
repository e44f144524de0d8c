/* SPDX-License-Identifier: Apache-2.0 */
/* When a holder for life gives no sign of life: counted on this host's own clock, between reads that had an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/core_parts.h"
#include "daemon/agent_parts.h"

#define UID      "6a0d5f0e-0000-4000-8000-000000000001"
#define STAMP    "2030-01-02T12:03:00.000000Z"
#define STAMP_AT (UINT64_C(1893585780) * USEC_PER_SEC)

static struct agent_sign at(const struct agent_sign *s, uint64_t seconds) {
        struct agent_sign next = *s;

        next.read_at_usec = (1000 + seconds) * USEC_PER_SEC;
        return next;
}

static struct placeholder_object object(const char *version, uint64_t every_usec) {
        struct placeholder_object p = {.kind = PLACEHOLDER_LEASE, .uid = UID, .renew_time = STAMP};

        p.heartbeat_usec = every_usec;
        (void)util_copy(p.version, sizeof(p.version), version);
        return p;
}

static void test_silence(void **state) {
        enum {
                GOOD,   /* an answer with that version */
                SILENT, /* no answer */
                GONE,
                OTHER, /* another object of that name */
                OLD,   /* one that says nothing of when it is written */
        };
        static const struct {
                const char *what;
                uint64_t every; /* seconds */
                struct {
                        uint64_t at; /* seconds */
                        int answer;
                        const char *version;
                        bool silent;
                } read[5];
        } rows[] = {
                {"it writes", 600, {{0, GOOD, "1", false}, {600, GOOD, "2", false}, {1200, GOOD, "3", false}}},
                {"it misses one", 600, {{0, GOOD, "1", false}, {600, GOOD, "1", false}, {1049, GOOD, "1", false}}},
                {"it is silent", 600, {{0, GOOD, "1", false}, {600, GOOD, "1", false}, {1050, GOOD, "1", true}}},
                {"and writes again",
                 600,
                 {{0, GOOD, "1", false}, {1200, GOOD, "1", true}, {1800, GOOD, "1", true}, {2400, GOOD, "2", false}}},
                {"a short one has half a minute to try again",
                 10,
                 {{0, GOOD, "1", false}, {18, GOOD, "1", false}, {39, GOOD, "1", false}, {40, GOOD, "1", true}}},
                {"nobody had an answer meanwhile",
                 600,
                 {{0, GOOD, "1", false},
                  {600, SILENT, "", false},
                  {1200, GOOD, "1", false},
                  {2249, GOOD, "1", false},
                  {2250, GOOD, "1", true}}},
                {"what was missed stays missed when it cannot be read for once",
                 600,
                 {{0, GOOD, "1", false},
                  {1200, GOOD, "1", true},
                  {1800, SILENT, "", true},
                  {2400, GOOD, "1", true},
                  {3000, GOOD, "2", false}}},
                {"it is gone", 600, {{0, GOOD, "1", false}, {1200, GONE, "", false}}},
                {"another one", 600, {{0, GOOD, "1", false}, {1200, OTHER, "1", false}, {9999, OTHER, "1", false}}},
                {"of 0.1.0, which writes none", 600, {{0, OLD, "1", false}, {99999, OLD, "1", false}}},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct agent_sign s = {.placeholder_uid = UID};

                for (size_t k = 0; k < ELEMENTSOF(rows[i].read) && rows[i].read[k].version; k++) {
                        int answer = rows[i].read[k].answer;
                        struct placeholder_object p = object(rows[i].read[k].version, rows[i].every * USEC_PER_SEC);

                        if (answer == OTHER)
                                p.uid[0] = '7';
                        if (answer == OLD)
                                p.heartbeat_usec = 0;
                        s = at(&s, rows[i].read[k].at);
                        agent_sign_note(&s,
                                        answer == SILENT ? KUBE_UNREACHABLE
                                        : answer == GONE ? KUBE_NOT_FOUND
                                                         : KUBE_OK,
                                        answer == SILENT || answer == GONE ? NULL : &p);
                        if (s.silent != rows[i].read[k].silent)
                                fail_msg("%s: read %zu: silent %d", rows[i].what, k, s.silent);
                        if (answer == GOOD)
                                assert_int_equal(s.last_usec, STAMP_AT);
                        assert_int_equal(!s.version[0], answer != GOOD && !s.silent);
                }
        }
}

/* What the journal has of a refused read is kept when another host, or this one, holds the lock by now: else it would
 * be told again, and never that it is over. */
static void test_refusal_is_kept(void **state) {
        struct core_placeholder placeholder = {};
        struct core_lock lock = {.election.state = ELECTION_LEADING};
        struct agent a = {.core = {.locks = &lock, .n_locks = 1, .placeholders = &placeholder, .n_placeholders = 1}};
        struct conf conf = {.verify_interval_usec = 600 * USEC_PER_SEC};
        struct agent_lock l = {.agent = &a, .sign = {.placeholder_uid = UID, .silent = true, .told = true}};
        struct core_lock_view v;

        (void)state;
        a.conf = &conf;
        l.sign.refusals.told[0].what = "read of the holder's placeholder";
        v = agent_view(&l);
        agent_sign_follow(&l, &v);
        assert_string_equal(l.sign.placeholder_uid, "");
        assert_false(l.sign.silent);
        assert_true(l.sign.told);
        assert_non_null(l.sign.refusals.told[0].what);
}

/* ---- one read for all locks of a host ---- */

static struct kube_slot *const no_slot = NULL;
static struct {
        unsigned n;
        kube_reply_cb cb;
        void *userdata;
        struct kube_slot **slot;
} asked;

int __wrap_kube_placeholder_get(struct kube *kube, enum placeholder_kind kind, const char *ns, const char *name,
                                kube_reply_cb cb, void *userdata, struct kube_slot **ret_slot);
int __wrap_kube_placeholder_get(_unused_ struct kube *kube, _unused_ enum placeholder_kind kind,
                                _unused_ const char *ns, _unused_ const char *name, kube_reply_cb cb, void *userdata,
                                struct kube_slot **ret_slot) {
        asked.n++;
        asked.cb = cb;
        asked.userdata = userdata;
        asked.slot = ret_slot;
        *ret_slot = (struct kube_slot *)&asked; /* never looked into: it is answered before it could be freed */
        return 0;
}

static void answer(const struct placeholder_object *p) {
        const struct kube_reply reply = {.result = KUBE_OK, .http_code = 200, .placeholder = p, .text = ""};

        *asked.slot = no_slot;
        asked.cb(&reply, asked.userdata);
}

static void test_one_read(void **state) {
        static struct agent a;
        static struct agent_namespace ns;
        static struct conf conf;
        static struct agent_lock locks[3];
        struct agent_lock *pointers[ELEMENTSOF(locks)];
        struct placeholder_object p = object("1", 600 * USEC_PER_SEC);
        struct core_lock_view v[ELEMENTSOF(locks)];

        (void)state;
        conf.verify_interval_usec = 600 * USEC_PER_SEC;
        a = (struct agent){.conf = &conf, .locks = pointers, .n_locks = ELEMENTSOF(locks), .trace_fd = -1};
        ns = (struct agent_namespace){.agent = &a, .state = AGENT_NAMESPACE_KNOWN};
        for (size_t i = 0; i < ELEMENTSOF(locks); i++) {
                struct agent_lock *l = pointers[i] = &locks[i];

                l->agent = &a;
                l->namespace_ = &ns;
                l->has_seen = l->seen.has_placeholder = true;
                (void)snprintf(l->seen.uid, sizeof(l->seen.uid), "lock-%zu", i);
                (void)util_copy(l->seen.placeholder_uid, sizeof(l->seen.placeholder_uid), UID);
                v[i] = (struct core_lock_view){
                        .state = ELECTION_CANDIDATE,
                        .known = true,
                        .lock = {.sort = LOCK_SOUND, .tenure = TENURE_LIFE, .uid = util_token(l->seen.uid)}};
        }
        /* The third is held by another host. */
        locks[2].seen.placeholder_uid[0] = '7';

        for (unsigned turn = 0; turn < 3; turn++)
                for (size_t i = 0; i < 2; i++)
                        agent_sign_follow(&locks[i], &v[i]);
        assert_int_equal(asked.n, 1);
        answer(&p);
        for (size_t i = 0; i < 2; i++)
                agent_sign_follow(&locks[i], &v[i]);
        assert_int_equal(asked.n, 1);
        for (size_t i = 0; i < 2; i++) {
                assert_string_equal(locks[i].sign.version, "1");
                assert_int_equal(locks[i].sign.last_usec, STAMP_AT);
        }
        agent_sign_follow(&locks[2], &v[2]);
        assert_int_equal(asked.n, 2);
        p.uid[0] = '7';
        answer(&p);

        /* Due again: one asks, and both know. */
        for (size_t i = 0; i < 2; i++) {
                locks[i].sign.read_at_usec -= 1200 * USEC_PER_SEC;
                locks[i].sign.first_usec -= 1200 * USEC_PER_SEC;
        }
        for (size_t i = 0; i < 2; i++)
                agent_sign_follow(&locks[i], &v[i]);
        assert_int_equal(asked.n, 3);
        p = object("1", 600 * USEC_PER_SEC);
        answer(&p);
        agent_sign_follow(&locks[1], &v[1]);
        assert_int_equal(asked.n, 3);
        assert_true(locks[0].sign.silent && locks[1].sign.silent);
        free(a.inbox.posts);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_silence),
                cmocka_unit_test(test_one_read),
                cmocka_unit_test(test_refusal_is_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
