/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a namespace is the one that it was: what is read of it, what that means, and what a request meets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/tempdir.h"
#include "codec/namespace.h"
#include "daemon/agent_parts.h"

static void test_parse(void **state) {
        static const struct {
                const char *json, *says; /* NULL: good */
        } rows[] = {
                {"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"ops\",\"uid\":\"A\"}}", NULL},
                {"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"ops\"}}", "metadata.uid"},
                {"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"ops\",\"uid\":7}}",
                 "metadata.uid"},
                {"{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"uid\":\"A\"}}", "metadata.name"},
                {"{\"kind\":\"Namespace\",\"apiVersion\":\"v2\",\"metadata\":{\"name\":\"ops\",\"uid\":\"A\"}}", "v2"},
                {"{\"kind\":\"Status\",\"apiVersion\":\"v1\"}", "kind 'Status'"},
                {"<html>", "HTML"},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct namespace_object o;
                struct err err = {};
                int r = namespace_parse(rows[i].json, strlen(rows[i].json), &o, &err);

                if (rows[i].says) {
                        assert_int_equal(r, -EBADMSG);
                        assert_non_null(strstr(err.text, rows[i].says));
                } else {
                        assert_int_equal(r, 0);
                        assert_string_equal(o.name, "ops");
                        assert_string_equal(o.uid, "A");
                }
        }
}

static void test_judge(void **state) {
        static const struct {
                enum kube_result result;
                long code;
                const char *uid;
                int r; /* of store_namespace() */
                const char *remembered;
                enum agent_namespace_state want;
        } rows[] = {
                {KUBE_OK, 200, "A", 0, "A", AGENT_NAMESPACE_KNOWN},
                {KUBE_OK, 200, "A", -ENOENT, "", AGENT_NAMESPACE_KNOWN},
                {KUBE_OK, 200, "B", 0, "A", AGENT_NAMESPACE_REFUSED},
                {KUBE_OK, 200, "A", -EBADMSG, "", AGENT_NAMESPACE_REFUSED},
                {KUBE_OK, 200, "A", -EIO, "", AGENT_NAMESPACE_REFUSED},
                {KUBE_OK, 200, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_OK, 200, "", -ENOENT, "", AGENT_NAMESPACE_UNREAD},
                {KUBE_DENIED, 403, "", -ENOENT, "", AGENT_NAMESPACE_UNCHECKED},
                {KUBE_DENIED, 403, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_DENIED, 403, "", -EBADMSG, "", AGENT_NAMESPACE_UNREAD},
                {KUBE_DENIED, 401, "", -ENOENT, "", AGENT_NAMESPACE_UNREAD},
                {KUBE_DENIED, 401, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_NOT_FOUND, 404, "", 0, "A", AGENT_NAMESPACE_GONE},
                {KUBE_NOT_FOUND, 404, "", -EBADMSG, "", AGENT_NAMESPACE_GONE},
                {KUBE_NOT_FOUND, 404, "", -EIO, "", AGENT_NAMESPACE_GONE},
                {KUBE_NOT_FOUND, 404, "", -ENOENT, "", AGENT_NAMESPACE_ABSENT},
                {KUBE_REFUSED, 404, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_THROTTLED, 429, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_UNREACHABLE, 0, "", -ENOENT, "", AGENT_NAMESPACE_UNREAD},
                {KUBE_UNKNOWN, 0, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_UNKNOWN, 503, "", 0, "A", AGENT_NAMESPACE_UNREAD},
                {KUBE_GARBLED, 200, "", 0, "A", AGENT_NAMESPACE_UNREAD},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                enum agent_namespace_state is =
                        agent_namespace_judge(rows[i].result, rows[i].code, rows[i].uid, rows[i].r, rows[i].remembered);

                if (is != rows[i].want)
                        fail_msg("row %zu: %d instead of %d", i, is, rows[i].want);
        }
}

/* ---- with a state directory ---- */

static struct tempdir dir;
static struct agent a;

static void open_agent(void) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct err err = {};

        a = (struct agent){.trace_fd = -1};
        tempdir_make(&dir);
        assert_int_equal(store_open(&a.store, tempdir_path(&dir, "state"), &host, &err), 0);
}

static void close_agent(void) {
        agent_namespaces_free(&a);
        store_close(a.store);
        tempdir_remove(&dir);
}

static void answer(struct agent_namespace *n, enum kube_result result, long code, const char *uid) {
        n->answer.result = result;
        n->answer.http_code = code;
        (void)util_copy(n->answer.uid, sizeof(n->answer.uid), uid);
        (void)snprintf(n->answer.text, sizeof(n->answer.text), "%s", result == KUBE_OK ? "" : "what it said");
        n->read_at_usec = clock_boottime_usec();
        n->breaks = a.breaks;
        agent_namespace_step(n);
}

/* What is remembered, refused, told and accepted, one answer after the other. */
static void test_story(void **state) {
        struct agent_namespace *n;
        struct record_namespace known;
        struct agent_held held;
        char uid[64];

        (void)state;
        open_agent();
        n = agent_namespace_find(&a, "ops");
        assert_ptr_equal(agent_namespace_find(&a, "ops"), n);
        assert_ptr_not_equal(agent_namespace_find(&a, "other"), n);

        answer(n, KUBE_UNREACHABLE, 0, "");
        assert_false(agent_namespace_lets(n, false, &held));
        assert_true(held.result == RESULT_FAILED && held.silent);
        assert_string_equal(held.problem, "what it said");
        answer(n, KUBE_DENIED, 401, "");
        assert_false(agent_namespace_lets(n, false, &held));
        assert_true(held.result == RESULT_DENIED && !held.silent);
        answer(n, KUBE_NOT_FOUND, 404, "");
        assert_false(agent_namespace_lets(n, /* creates= */ true, &held));
        assert_int_equal(held.result, RESULT_DENIED);
        assert_true(agent_namespace_lets(n, /* creates= */ false, &held));
        assert_int_equal(store_namespace(a.store, "ops", &known, NULL), -ENOENT);

        answer(n, KUBE_OK, 200, "A");
        assert_int_equal(n->state, AGENT_NAMESPACE_KNOWN);
        assert_int_equal(store_namespace(a.store, "ops", &known, NULL), 0);
        assert_string_equal(known.uid, "A");
        assert_true(agent_namespace_lets(n, true, &held));

        answer(n, KUBE_OK, 200, "B");
        assert_non_null(strstr(agent_namespace_refusal(n), "namespace ops is another one than at "));
        assert_non_null(strstr(agent_namespace_refusal(n), "(uid A, now B): another cluster or a namespace made anew"));
        for (unsigned creates = 0; creates < 2; creates++) {
                assert_false(agent_namespace_lets(n, creates, &held));
                assert_int_equal(held.result, RESULT_DENIED);
        }
        assert_int_equal(store_namespace(a.store, "ops", &known, NULL), 0);
        assert_string_equal(known.uid, "A");
        /* No answer, or that it does not exist: still refused, or nothing is created. */
        answer(n, KUBE_UNKNOWN, 0, "");
        assert_int_equal(n->state, AGENT_NAMESPACE_REFUSED);
        assert_non_null(strstr(agent_namespace_refusal(n), "now B)"));
        answer(n, KUBE_DENIED, 403, "");
        assert_non_null(strstr(agent_namespace_refusal(n), "now B)"));
        /* The old one is back. */
        answer(n, KUBE_OK, 200, "A");
        assert_int_equal(n->state, AGENT_NAMESPACE_KNOWN);
        assert_string_equal(agent_namespace_refusal(n), "");

        /* Forbidden, and it was not: nothing is sent but renewals, and it is read again for the next request. */
        answer(n, KUBE_DENIED, 403, "");
        assert_int_equal(n->state, AGENT_NAMESPACE_UNREAD);
        assert_false(agent_namespace_lets(n, false, &held));
        assert_true(held.result == RESULT_DENIED && !held.silent);
        assert_non_null(strstr(n->told, "could be read before, and may not be now"));
        assert_int_equal(agent_namespace_pass(n, /* renewal= */ true), AGENT_PASS_GO);

        answer(n, KUBE_OK, 200, "B");
        assert_int_equal(store_namespace_forget(tempdir_path(&dir, "state"), "ops", uid, NULL), 0);
        answer(n, KUBE_OK, 200, "B");
        assert_int_equal(n->state, AGENT_NAMESPACE_KNOWN);
        assert_int_equal(store_namespace(a.store, "ops", &known, NULL), 0);
        assert_string_equal(known.uid, "B");
        /* Without the right, and nothing remembered: off, for this namespace alone. */
        n = agent_namespace_find(&a, "other");
        answer(n, KUBE_DENIED, 403, "");
        assert_int_equal(n->state, AGENT_NAMESPACE_UNCHECKED);
        assert_true(agent_namespace_lets(n, true, &held));
        assert_int_equal(store_namespace(a.store, "other", &known, NULL), -ENOENT);
        close_agent();
}

static void is_gone(struct agent_namespace *n, const char *says) {
        struct agent_held held;

        answer(n, KUBE_NOT_FOUND, 404, "");
        assert_int_equal(n->state, AGENT_NAMESPACE_GONE);
        assert_non_null(strstr(agent_namespace_refusal(n), says));
        for (unsigned creates = 0; creates < 2; creates++) {
                assert_false(agent_namespace_lets(n, creates, &held));
                assert_true(held.result == RESULT_DENIED && !held.silent);
                assert_string_equal(held.problem, agent_namespace_refusal(n));
        }
        /* A lease goes on by its own rules; anything else reads it again first. */
        assert_int_equal(agent_namespace_pass(n, /* renewal= */ true), AGENT_PASS_GO);
}

/* One that was known does not exist (any more, or in the cluster that answers): that says nothing of the locks in it,
 * neither that they are gone nor that they are free. */
static void test_gone(void **state) {
        struct agent_namespace *n;
        struct record_namespace known;
        struct agent_held held;
        char uid[64];

        (void)state;
        open_agent();
        n = agent_namespace_find(&a, "ops");
        answer(n, KUBE_OK, 200, "A");
        is_gone(n, "namespace ops is gone (uid A)");
        assert_int_equal(store_namespace(a.store, "ops", &known, NULL), 0);
        assert_string_equal(known.uid, "A");
        /* Silence is told as silence: whoever waits goes on with the first answer. */
        answer(n, KUBE_UNKNOWN, 0, "");
        assert_string_equal(agent_namespace_refusal(n), "");
        assert_false(agent_namespace_lets(n, false, &held));
        assert_true(held.result == RESULT_FAILED && held.silent);
        is_gone(n, "namespace ops is gone (uid A)");
        /* Made anew: another one, and that one goes, too. */
        answer(n, KUBE_OK, 200, "B");
        assert_int_equal(n->state, AGENT_NAMESPACE_REFUSED);
        assert_non_null(strstr(agent_namespace_refusal(n), "(uid A, now B)"));
        assert_false(agent_namespace_lets(n, true, &held));
        is_gone(n, "namespace ops is gone (uid A)");
        /* The one that is remembered. */
        answer(n, KUBE_OK, 200, "A");
        assert_int_equal(n->state, AGENT_NAMESPACE_KNOWN);
        assert_string_equal(agent_namespace_refusal(n), "");
        assert_true(agent_namespace_lets(n, true, &held));
        /* A human says that the old one counts no more. */
        is_gone(n, "namespace ops is gone (uid A)");
        assert_int_equal(store_namespace_forget(tempdir_path(&dir, "state"), "ops", uid, NULL), 0);
        answer(n, KUBE_NOT_FOUND, 404, "");
        assert_int_equal(n->state, AGENT_NAMESPACE_ABSENT);
        assert_string_equal(agent_namespace_refusal(n), "");
        assert_true(agent_namespace_lets(n, false, &held));
        assert_false(agent_namespace_lets(n, true, &held));
        answer(n, KUBE_OK, 200, "B");
        assert_int_equal(n->state, AGENT_NAMESPACE_KNOWN);
        close_agent();
}

/* When it is read again: what is sent meanwhile waits. (Here it cannot be sent: no name.) */
static void test_pass(void **state) {
        static const struct {
                enum agent_namespace_state state;
                uint64_t seconds_ago;
                bool broken, renewal;
                enum agent_pass want;
        } rows[] = {
                {AGENT_NAMESPACE_UNREAD, 0, false, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_UNREAD, 0, false, true, AGENT_PASS_GO},
                {AGENT_NAMESPACE_ABSENT, 0, false, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_GONE, 0, false, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_GONE, 10, true, true, AGENT_PASS_GO},
                {AGENT_NAMESPACE_KNOWN, 0, false, false, AGENT_PASS_GO},
                {AGENT_NAMESPACE_KNOWN, 599, false, false, AGENT_PASS_GO},
                {AGENT_NAMESPACE_KNOWN, 600, false, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_KNOWN, 0, true, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_KNOWN, 600, true, true, AGENT_PASS_GO},
                {AGENT_NAMESPACE_UNCHECKED, 599, false, false, AGENT_PASS_GO},
                {AGENT_NAMESPACE_UNCHECKED, 600, false, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_UNCHECKED, 0, true, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_REFUSED, 0, false, false, AGENT_PASS_NO},
                {AGENT_NAMESPACE_REFUSED, 0, false, true, AGENT_PASS_NO},
                {AGENT_NAMESPACE_REFUSED, 9, false, false, AGENT_PASS_NO},
                {AGENT_NAMESPACE_REFUSED, 10, false, false, AGENT_PASS_WAIT},
                {AGENT_NAMESPACE_REFUSED, 0, true, true, AGENT_PASS_WAIT},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct agent_namespace n = {.agent = &a, .name = ""};
                enum agent_pass is;

                a = (struct agent){.trace_fd = -1, .breaks = rows[i].broken};
                n.state = (uint8_t)rows[i].state;
                /* Past the end of what is kept by nothing: a machine may be up for less. */
                n.read_at_usec = clock_boottime_usec() - rows[i].seconds_ago * USEC_PER_SEC;
                is = agent_namespace_pass(&n, rows[i].renewal);
                if (is != rows[i].want)
                        fail_msg("row %zu: %d instead of %d", i, is, rows[i].want);
                /* That it could not be sent is posted like an answer; until that is stepped nothing passes. */
                assert_int_equal(a.inbox.n, is == AGENT_PASS_WAIT);
                if (is == AGENT_PASS_WAIT) {
                        assert_int_equal(n.answer.result, KUBE_UNREACHABLE);
                        assert_int_equal(agent_namespace_pass(&n, false), AGENT_PASS_WAIT);
                        assert_int_equal(a.inbox.n, 1);
                }
                free(a.inbox.posts);
        }
}

/* What makes a namespace doubtful: an answer that is missing, and one that tells of its end. */
static void test_breaks(void **state) {
        static const struct {
                enum agent_asked asked;
                enum kube_result result;
                long code;
                bool doubt;
        } rows[] = {
                {AGENT_ASKED_READ, KUBE_OK, 200, false},
                {AGENT_ASKED_WRITE, KUBE_OK, 200, false},
                {AGENT_ASKED_WRITE, KUBE_EXISTS, 409, false},
                {AGENT_ASKED_WRITE, KUBE_CONFLICT, 409, true},
                /* A Role, and an account, go with their namespace. */
                {AGENT_ASKED_WRITE, KUBE_DENIED, 403, true},
                {AGENT_ASKED_CREATE, KUBE_DENIED, 403, true},
                {AGENT_ASKED_READ, KUBE_DENIED, 401, true},
                {AGENT_ASKED_READ, KUBE_NOT_FOUND, 404, false},
                {AGENT_ASKED_AND_GONE, KUBE_NOT_FOUND, 404, false},
                {AGENT_ASKED_READ, KUBE_UNKNOWN, 503, false},
                {AGENT_ASKED_WRITE, KUBE_NOT_FOUND, 404, true},
                {AGENT_ASKED_WRITE, KUBE_TERMINATING, 403, true},
                {AGENT_ASKED_READ, KUBE_UNREACHABLE, 0, true},
                {AGENT_ASKED_WRITE, KUBE_UNKNOWN, 0, true},
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct kube_reply reply = {.result = rows[i].result, .http_code = rows[i].code, .text = ""};
                char problem[512] = "";
                struct agent_refusals refusals = {};
                bool silent;

                a = (struct agent){.trace_fd = -1};
                (void)agent_note_reply(&a, &reply, rows[i].asked, &refusals, problem, "x", &silent);
                if ((a.breaks > 0) != rows[i].doubt)
                        fail_msg("row %zu", i);
                free(a.inbox.posts);
        }
        for (unsigned i = 0; i < 5; i++) {
                static const long codes[] = {0, 0, 403, 401, 410};
                const struct kube_watch_event down = {
                        .type = KUBE_WATCH_DOWN, .text = "", .silent = i == 1, .http_code = codes[i]};

                a = (struct agent){.trace_fd = -1};
                agent_note_watch(&a, &down);
                assert_int_equal(a.breaks, i >= 1 && i <= 3);
                free(a.inbox.posts);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse), cmocka_unit_test(test_judge), cmocka_unit_test(test_story),
                cmocka_unit_test(test_gone),  cmocka_unit_test(test_pass),  cmocka_unit_test(test_breaks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
