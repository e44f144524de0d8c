/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between agent and guard, and the permit file: what is written is read back, everything else is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/permit.h"
#include "codec/permitfile.h"

#define BOOT   "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
#define CGROUP "/system.slice/app.service"

static struct permit_request good(void) {
        return (struct permit_request){
                .magic = PERMIT_MAGIC,
                .type = PERMIT_PERMIT,
                .seq = 7,
                .tenure = TENURE_LEASE,
                .stop_at_usec = 1000000,
                .kill_at_usec = 2000000,
                .stop_timeout_usec = 500000,
                .unit = "app@one\\x2dtwo.service",
                .lock = "default/app-lock",
                .lock_uid = "3f9a02c7-0011-4222-8333-444455556666",
                .term = "4711",
                .identity = "web-1-3f9a02c7",
        };
}

static void test_units_and_uids(_unused_ void **state) {
        static const char *const units[] = {
                "a.service", "a-b_c:d@e\\x2df.service", "a..b.service", "x@y@z.service", "x.socket", "x@y.timer",
                "x.path"};
        static const char *const no_units[] = {"",
                                               "a",
                                               "a.servic",
                                               ".service",
                                               "a/b.service",
                                               "../x.service",
                                               "a b.service",
                                               "a.service ",
                                               "a.service\n",
                                               ".a.service",
                                               "a$.service",
                                               "x.mount",
                                               "x.device",
                                               "system.slice",
                                               "-.slice",
                                               "-.mount",
                                               "init.scope",
                                               "sysinit.target",
                                               "x@.service",
                                               "@x.service",
                                               "..",
                                               "x.service/",
                                               "x.service.d",
                                               "x.servicE",
                                               "\x1b[2J.service",
                                               "ä.service"};
        static const struct {
                const char *text;
                bool valid;
        } lists[] = {
                {"a.service", true},
                {"a.service b.service", true},
                {"a.socket b.path c.timer d@1.service", true},
                {"1.timer 2.timer 3.timer 4.timer 5.timer 6.timer 7.timer 8.timer 9.timer a.timer b.timer c.timer "
                 "d.timer e.timer f.timer g.service",
                 true},
                {"1.timer 2.timer 3.timer 4.timer 5.timer 6.timer 7.timer 8.timer 9.timer a.timer b.timer c.timer "
                 "d.timer e.timer f.timer g.service h.service",
                 false},
                {"", false},
                {" ", false},
                {"a.timer", false},
                {"a.service ", false},
                {" a.service", false},
                {"a.service  b.service", false},
                {"a.service\tb.service", false},
                {"a.service a.service", false},
                {"a.service b.mount", false},
                {"a.service system.slice", false},
                {"a.service ../b.service", false},
        };
        char name[300];
        static const char *const no_uids[] = {"", ".", "..", "a/b", "a b", "a\n", "ä", ".x"};

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                assert_true(permit_unit_valid(units[i]));
        for (size_t i = 0; i < ELEMENTSOF(no_units); i++)
                if (permit_unit_valid(no_units[i]))
                        fail_msg("accepted '%s' as a unit", no_units[i]);
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                if (permit_units_valid(lists[i].text) != lists[i].valid)
                        fail_msg("'%s' is %s list of units", lists[i].text, lists[i].valid ? "no" : "a");
        /* A file beside it, and its drop-in directory, have a name, too. */
        memset(name, 'a', sizeof(name));
        strcpy(name + 250 - strlen(".service"), ".service");
        assert_true(permit_unit_valid(name));
        memset(name, 'a', sizeof(name));
        strcpy(name + 251 - strlen(".service"), ".service");
        assert_false(permit_unit_valid(name));
        assert_true(permit_uid_valid("3f9a02c7-0011-4222-8333-444455556666"));
        for (size_t i = 0; i < ELEMENTSOF(no_uids); i++)
                if (permit_uid_valid(no_uids[i]))
                        fail_msg("accepted '%s' as a uid", no_uids[i]);
}

enum change {
        NOTHING,
        MAGIC,
        TYPE,
        SEQ,
        UNIT,
        UNIT_ESCAPE,
        UNIT_SLICE,
        UNIT_OPEN,
        UID_EMPTY,
        UID_OPEN,
        LOCK_QUOTE,
        LOCK_OPEN,
        TERM_NEWLINE,
        IDENTITY_SPACE,
        TENURE,
        NO_STOP,
        KILL_FIRST,
        LEASE_FOR_EVER,
        NO_TIMEOUT,
        SHORT_TIMEOUT,
        SHORT_STOP,
        LIFE,
        REVOKE_BARE,
        EVICT_GOOD,
        EVICT_NO_TIMEOUT,
        EVICT_SHORT_TIMEOUT,
        EVICT_NO_UID,
        QUERY_BARE,
        QUERY_UID,
        QUERY_JUDGE,
        QUERY_JUDGE_TENURE,
        QUERY_JUDGE_TIMEOUT,
};

static const struct {
        enum change change;
        int result;
        const char *text;
} requests[] = {
        {NOTHING, 0, ""},
        {MAGIC, -EBADMSG, "different versions"},
        {TYPE, -EBADMSG, "type 9"},
        {SEQ, -EBADMSG, "sequence number"},
        {UNIT, -EBADMSG, "'a/b.service' is not the name of a service unit, nor a list of units"},
        {UNIT_ESCAPE, -EBADMSG, "'a?[2J?.service' is not the name of a service unit, nor a list of units"},
        {UNIT_SLICE, -EBADMSG, "'system.slice' is not the name of a service unit, nor a list of units"},
        {UNIT_OPEN, -EBADMSG, "unterminated"},
        {UID_EMPTY, -EBADMSG, "'' is not a lock uid"},
        {UID_OPEN, -EBADMSG, "unterminated"},
        {LOCK_QUOTE, -EBADMSG, "does not belong"},
        {LOCK_OPEN, -EBADMSG, "unterminated"},
        {TERM_NEWLINE, -EBADMSG, "does not belong"},
        {IDENTITY_SPACE, -EBADMSG, "does not belong"},
        {TENURE, -EBADMSG, "tenure 2"},
        {NO_STOP, -EBADMSG, "second instant"},
        {KILL_FIRST, -EBADMSG, "second instant"},
        {LEASE_FOR_EVER, -EBADMSG, "must have an end"},
        {NO_TIMEOUT, -EBADMSG, "stop timeout"},
        {SHORT_TIMEOUT, -EBADMSG, "a stop timeout, of 100 ms or more"},
        {SHORT_STOP, -EBADMSG, "must come 100 ms or more after the first"},
        {LIFE, 0, ""},
        {REVOKE_BARE, 0, ""},
        {EVICT_GOOD, 0, ""},
        {EVICT_NO_TIMEOUT, -EBADMSG, "an eviction needs a stop timeout"},
        {EVICT_SHORT_TIMEOUT, -EBADMSG, "an eviction needs a stop timeout, of 100 ms or more"},
        {EVICT_NO_UID, -EBADMSG, "is not a lock uid"},
        {QUERY_BARE, 0, ""},
        {QUERY_UID, -EBADMSG, "'a/b' is not a lock uid"},
        {QUERY_JUDGE, 0, ""},
        {QUERY_JUDGE_TENURE, -EBADMSG, "nothing to judge it by"},
        {QUERY_JUDGE_TIMEOUT, -EBADMSG, "nothing to judge it by"},
};

static void change(struct permit_request *q, enum change c) {
        switch (c) {
        case NOTHING:
                break;
        case MAGIC:
                q->magic++;
                break;
        case TYPE:
                q->type = 9;
                break;
        case SEQ:
                q->seq = 0;
                break;
        case UNIT:
                strcpy(q->unit, "a/b.service");
                break;
        case UNIT_ESCAPE:
                strcpy(q->unit, "a\x1b[2J\n.service");
                break;
        case UNIT_SLICE:
                strcpy(q->unit, "system.slice");
                break;
        case UNIT_OPEN:
                memset(q->unit, 'a', sizeof(q->unit));
                break;
        case UID_EMPTY:
                q->lock_uid[0] = '\0';
                break;
        case UID_OPEN:
                memset(q->lock_uid, 'a', sizeof(q->lock_uid));
                break;
        case LOCK_QUOTE:
                strcpy(q->lock, "a\"b");
                break;
        case LOCK_OPEN:
                memset(q->lock, 'a', sizeof(q->lock));
                break;
        case TERM_NEWLINE:
                strcpy(q->term, "1\nX=1");
                break;
        case IDENTITY_SPACE:
                strcpy(q->identity, "web 1");
                break;
        case TENURE:
                q->tenure = 2;
                break;
        case NO_STOP:
                q->stop_at_usec = 0;
                break;
        case KILL_FIRST:
                q->kill_at_usec = 999999;
                break;
        case LEASE_FOR_EVER:
                q->kill_at_usec = q->stop_at_usec = USEC_INFINITY;
                break;
        case NO_TIMEOUT:
                q->stop_timeout_usec = 0;
                break;
        case SHORT_TIMEOUT:
                q->stop_timeout_usec = 99999;
                break;
        case SHORT_STOP:
                q->kill_at_usec = q->stop_at_usec + 99999;
                break;
        case LIFE:
                q->tenure = TENURE_LIFE;
                q->kill_at_usec = q->stop_at_usec = USEC_INFINITY;
                break;
        case REVOKE_BARE:
                *q = (struct permit_request){
                        .magic = PERMIT_MAGIC, .type = PERMIT_REVOKE, .seq = 1, .unit = "a.service", .lock_uid = "u"};
                break;
        case EVICT_GOOD:
        case EVICT_NO_TIMEOUT:
        case EVICT_SHORT_TIMEOUT:
        case EVICT_NO_UID:
                *q = (struct permit_request){.magic = PERMIT_MAGIC,
                                             .type = PERMIT_EVICT,
                                             .seq = 1,
                                             .unit = "a.service",
                                             .stop_timeout_usec = c == EVICT_NO_TIMEOUT      ? 0
                                                                  : c == EVICT_SHORT_TIMEOUT ? 99999
                                                                                             : 100000};
                if (c != EVICT_NO_UID)
                        strcpy(q->lock_uid, "u");
                break;
        case QUERY_BARE:
        case QUERY_UID:
                *q = (struct permit_request){
                        .magic = PERMIT_MAGIC, .type = PERMIT_QUERY, .seq = 1, .unit = "a.service"};
                if (c == QUERY_UID)
                        strcpy(q->lock_uid, "a/b");
                break;
        case QUERY_JUDGE:
        case QUERY_JUDGE_TENURE:
        case QUERY_JUDGE_TIMEOUT:
                *q = (struct permit_request){.magic = PERMIT_MAGIC,
                                             .type = PERMIT_QUERY,
                                             .seq = 1,
                                             .unit = "a.service",
                                             .judge = 1,
                                             .tenure = c == QUERY_JUDGE_TENURE ? N_TENURES : TENURE_LEASE,
                                             .stop_timeout_usec = c == QUERY_JUDGE_TIMEOUT ? 0 : 1};
                break;
        }
}

static void test_requests(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                struct permit_request q = good();
                struct err err = {};
                int r;

                change(&q, requests[i].change);
                r = permit_request_check(&q, sizeof(q), &err);
                if (r != requests[i].result || !strstr(err.text, requests[i].text))
                        fail_msg("change %d: %d, \"%s\"", requests[i].change, r, err.text);
        }
}

static void test_sizes(_unused_ void **state) {
        struct permit_request q = good();
        struct permit_reply p = {.magic = PERMIT_MAGIC, .unit = "a.service"};

        assert_int_equal(permit_request_check(&q, 0, NULL), -EBADMSG);
        assert_int_equal(permit_request_check(&q, sizeof(q) - 1, NULL), -EBADMSG);
        assert_int_equal(permit_reply_check(&p, sizeof(p) - 1, NULL), -EBADMSG);
        assert_int_equal(permit_reply_check(&p, sizeof(p), NULL), 0);
}

static void test_replies(_unused_ void **state) {
        const struct permit_reply sound = {
                .magic = PERMIT_MAGIC, .seq = 3, .request_type = PERMIT_QUERY, .unit = "a.service", .text = "x"};
        struct permit_reply p;
        struct err err = {};

        assert_int_equal(permit_reply_check(&sound, sizeof(sound), &err), 0);
        p = sound;
        p.magic = 0;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        p.result = N_GUARD_RESULTS;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        p.unit_state = N_UNIT_STATES;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        p.request_type = 0;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        p.seq = 0;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        p.request_type = 77;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        memset(p.text, 'x', sizeof(p.text));
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p = sound;
        p.unit[0] = '\0';
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), -EBADMSG);
        p.result = GUARD_REFUSED_REQUEST;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), 0);
        p.result = GUARD_REFUSED_AGENT;
        assert_int_equal(permit_reply_check(&p, sizeof(p), &err), 0);
}

static void test_names(_unused_ void **state) {
        for (unsigned i = 0; i < N_UNIT_STATES; i++)
                assert_string_not_equal(unit_state_to_string(i), "invalid");
        for (unsigned i = 0; i < N_GUARD_RESULTS; i++)
                assert_string_not_equal(guard_result_explain(i), "invalid");
        assert_string_equal(unit_state_to_string((enum unit_state)N_UNIT_STATES), "invalid");
        assert_string_equal(guard_result_explain((enum guard_result)N_GUARD_RESULTS), "invalid");
}

static void test_file_round_trip(_unused_ void **state) {
        struct permit_request q = good(), back = {};
        char text[PERMITFILE_MAX], cgroup[PERMITFILE_CGROUP_SIZE];
        struct err err = {};
        struct permitfile_past past = {};
        int n;

        n = permitfile_format(&q, BOOT, CGROUP, &(struct permitfile_past){77, PERMITFILE_ENDED}, text);
        assert_true(n > 0 && (size_t)n == strlen(text));
        assert_int_equal(permitfile_parse(&back, cgroup, &past, text, (size_t)n, q.unit, BOOT, &err), 0);
        back.seq = q.seq;
        assert_memory_equal(&back, &q, sizeof(q));
        assert_string_equal(cgroup, CGROUP);
        assert_int_equal(past.begun_usec, 77);
        assert_int_equal(past.course, PERMITFILE_ENDED);
        /* As 0.1.0 wrote it. */
        n = permitfile_format(&q, BOOT, CGROUP, &(struct permitfile_past){}, text);
        assert_non_null(strstr(text, "leader-guard permit 1\n"));
        assert_null(strstr(text, "begun"));
        assert_int_equal(permitfile_parse(&back, cgroup, &past, text, (size_t)n, q.unit, BOOT, &err), 0);
        assert_int_equal(past.begun_usec, 0);

        q.tenure = TENURE_LIFE;
        q.stop_at_usec = q.kill_at_usec = USEC_INFINITY;
        n = permitfile_format(&q, BOOT, "", &(struct permitfile_past){77, PERMITFILE_ENDED}, text);
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, text, (size_t)n, q.unit, BOOT, &err), 0);
        assert_true(back.stop_at_usec == USEC_INFINITY && back.tenure == TENURE_LIFE);
        assert_string_equal(cgroup, "");
}

static void test_file_refuses(_unused_ void **state) {
        struct permit_request q = good(), back;
        char text[PERMITFILE_MAX + 1], bad[PERMITFILE_MAX + 1], cgroup[PERMITFILE_CGROUP_SIZE];
        struct err err = {};
        size_t n;

        n = (size_t)permitfile_format(&q, BOOT, CGROUP, &(struct permitfile_past){77, PERMITFILE_ENDED}, text);
        /* Every truncation, and every change of one byte. */
        for (size_t i = 0; i < n; i++)
                assert_int_equal(permitfile_parse(&back, cgroup, NULL, text, i, q.unit, BOOT, &err), -EBADMSG);
        for (size_t i = 0; i < n; i++) {
                memcpy(bad, text, n);
                bad[i] = (char)(bad[i] ^ 1);
                assert_true(permitfile_parse(&back, cgroup, NULL, bad, n, q.unit, BOOT, &err) < 0);
        }
        memcpy(bad, text, n);
        bad[n] = '\n';
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, bad, n + 1, q.unit, BOOT, &err), -EBADMSG);
        memset(bad, 'x', sizeof(bad));
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, bad, sizeof(bad), q.unit, BOOT, &err), -EBADMSG);
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, text, n, "other.service", BOOT, &err), -EXDEV);
        assert_non_null(strstr(err.text, "written for unit"));
        assert_int_equal(
                permitfile_parse(&back, cgroup, NULL, text, n, q.unit, "00000000-0000-0000-0000-000000000000", &err),
                -EXDEV);
        assert_non_null(strstr(err.text, "another boot"));
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, text, n, q.unit, NULL, &err), 0);
        /* Nothing that would not come back is written. */
        assert_int_equal(permitfile_format(&q, BOOT, "/a/../b", &(struct permitfile_past){77, PERMITFILE_ENDED}, text),
                         -EINVAL);
        assert_int_equal(permitfile_format(&q, BOOT, "relative", &(struct permitfile_past){77, PERMITFILE_ENDED}, text),
                         -EINVAL);
        q.type = PERMIT_REVOKE;
        assert_int_equal(permitfile_format(&q, BOOT, CGROUP, &(struct permitfile_past){77, PERMITFILE_ENDED}, text),
                         -EINVAL);
}

static void test_file_of_a_list(_unused_ void **state) {
        struct permit_request list = good(), back;
        char text[PERMITFILE_MAX], cgroup[PERMITFILE_CGROUP_SIZE];
        struct err err = {};
        int m;

        (void)strcpy(list.unit, "addr.service job.timer");
        m = permitfile_format(&list, BOOT, "/system.slice/addr.service", &(struct permitfile_past){}, text);
        assert_true(m > 0);
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, text, (size_t)m, "job.timer", BOOT, &err), 0);
        assert_string_equal(back.unit, list.unit);
        assert_int_equal(permitfile_parse(&back, cgroup, NULL, text, (size_t)m, "job.service", BOOT, &err), -EXDEV);
}

static void test_environment(_unused_ void **state) {
        struct permit_request q = good();
        char text[PERMITFILE_MAX];
        int n;

        n = permitfile_environment(&q, text);
        assert_int_equal(n, strlen(text));
        assert_string_equal(text,
                            "LEADER_TERM=4711\nLEADER_LOCK=default/app-lock\n"
                            "LEADER_LOCK_UID=3f9a02c7-0011-4222-8333-444455556666\nLEADER_IDENTITY=web-1-3f9a02c7\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_units_and_uids), cmocka_unit_test(test_requests),
                cmocka_unit_test(test_sizes),          cmocka_unit_test(test_replies),
                cmocka_unit_test(test_names),          cmocka_unit_test(test_file_round_trip),
                cmocka_unit_test(test_file_refuses),   cmocka_unit_test(test_file_of_a_list),
                cmocka_unit_test(test_environment),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
