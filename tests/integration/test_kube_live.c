/* SPDX-License-Identifier: Apache-2.0 */
/* kube against a sound API server, with TLS: the whole life of locks and placeholders, and rights. The server is the
 * test API server, or, with LEADER_TEST_KUBECONFIG set (and optionally LEADER_TEST_NAMESPACE, default "default"), that
 * one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "../lib/kubeworld.h"
#include "../lib/sim.h"

struct world {
        struct kubeworld w;
        struct kubeconfig *config; /* of the real server */
        struct sim sim;
        const char *ns;
        char lock_name[64], placeholder_name[64];
};

static int setup(void **state) {
        const char *path = getenv("LEADER_TEST_KUBECONFIG"), *ns = getenv("LEADER_TEST_NAMESPACE");
        struct world *x = calloc(1, sizeof(*x));
        struct timespec t;
        struct err err = {};

        assert_non_null(x);
        if (path && kubeconfig_load(&x->config, path, NULL, &err) < 0)
                fail_msg("%s", err.text);
        if (!path)
                sim_start(&x->sim);
        x->ns = ns ? ns : "default";
        (void)clock_gettime(CLOCK_REALTIME, &t);
        (void)snprintf(x->lock_name, sizeof(x->lock_name), "test-lock-%lx-%lx", t.tv_sec, t.tv_nsec);
        (void)snprintf(x->placeholder_name, sizeof(x->placeholder_name), "test-%lx-%lx-lease", t.tv_sec, t.tv_nsec);
        kubeworld_open(&x->w, path ? x->config : &x->sim.config, 0);
        *state = x;
        return 0;
}

static int teardown(void **state) {
        struct world *x = *state;

        kubeworld_close(&x->w);
        kubeconfig_free(x->config);
        if (!getenv("LEADER_TEST_KUBECONFIG"))
                sim_stop(&x->sim);
        free(x);
        return 0;
}

static void placeholder_life(struct world *x, enum placeholder_kind kind) {
        struct placeholder_object p, made, renewed;
        struct kubeworld *w = &x->w;
        struct kubeworld_answer a;

        kubeworld_fill_placeholder(&p, kind, x->ns, x->placeholder_name);
        CALL(w, &a, KUBE_NOT_FOUND, kube_placeholder_get, kind, x->ns, p.name);
        CALL(w, &a, KUBE_OK, kube_placeholder_create, &p);
        assert_int_equal(a.code, 201);
        made = a.placeholder;
        assert_true(*made.uid && *made.version && !made.deleting);
        assert_string_equal(made.claim, p.claim);
        assert_string_equal(made.nonce, "n1");
        assert_string_equal(made.boot_id, "b1");
        assert_string_equal(made.identity, "host-1");
        assert_string_equal(made.renew_time, p.renew_time);
        assert_string_equal(made.acquire_time, p.acquire_time);
        assert_int_equal(made.lease_duration_usec, 15 * USEC_PER_SEC);
        CALL(w, &a, KUBE_EXISTS, kube_placeholder_create, &p);

        renewed = made;
        assert_true(util_copy(renewed.nonce, sizeof(renewed.nonce), "n2"));
        assert_true(util_copy(renewed.renew_time, sizeof(renewed.renew_time), "2030-01-02T03:04:05.678901Z"));
        CALL(w, &a, KUBE_OK, kube_placeholder_renew, &renewed);
        assert_string_equal(a.placeholder.uid, made.uid);
        assert_string_not_equal(a.placeholder.version, made.version);
        assert_string_equal(a.placeholder.nonce, "n2");
        assert_string_equal(a.placeholder.claim, p.claim);
        assert_string_equal(a.placeholder.renew_time, renewed.renew_time);
        renewed = a.placeholder;
        /* The old version, another uid, and the compare-and-swap of a challenger that comes too late. */
        CALL(w, &a, KUBE_CONFLICT, kube_placeholder_renew, &made);
        p = renewed;
        assert_true(util_copy(p.uid, sizeof(p.uid), "00000000-0000-0000-0000-000000000000"));
        CALL(w, &a, KUBE_CONFLICT, kube_placeholder_renew, &p);
        CALL(w, &a, KUBE_CONFLICT, kube_placeholder_delete, kind, x->ns, p.name, made.uid, made.version);
        CALL(w, &a, KUBE_CONFLICT, kube_placeholder_delete, kind, x->ns, p.name, p.uid, NULL);
        CALL(w, &a, KUBE_OK, kube_placeholder_clear, &renewed);
        CALL(w, &a, KUBE_OK, kube_placeholder_get, kind, x->ns, p.name);
        CALL(w, &a, KUBE_OK, kube_placeholder_delete, kind, x->ns, p.name, made.uid, a.placeholder.version);
        CALL(w, &a, KUBE_NOT_FOUND, kube_placeholder_get, kind, x->ns, p.name);
        CALL(w, &a, KUBE_NOT_FOUND, kube_placeholder_delete, kind, x->ns, p.name, made.uid, NULL);
        /* A renewal does not bring it back. */
        a = (struct kubeworld_answer){};
        assert_int_equal(kube_placeholder_renew(w->kube, &renewed, kubeworld_on_reply, &a, NULL), 0);
        kubeworld_wait(w, &a.is_there);
        assert_true(a.result == KUBE_CONFLICT || a.result == KUBE_NOT_FOUND);
        CALL(w, &a, KUBE_NOT_FOUND, kube_placeholder_get, kind, x->ns, p.name);
}

static void test_lease(void **state) {
        placeholder_life(*state, PLACEHOLDER_LEASE);
}

static void test_pod(void **state) {
        placeholder_life(*state, PLACEHOLDER_POD);
}

static void test_lock(void **state) {
        struct world *x = *state;
        struct kubeworld *w = &x->w;
        struct placeholder_object p;
        struct lock_object l, made, seen_lock;
        struct kubeworld_seen s = {};
        struct kubeworld_answer a;
        _cleanup_(kube_slot_freep) struct kube_slot *watch = NULL;

        kubeworld_fill_placeholder(&p, PLACEHOLDER_LEASE, x->ns, x->placeholder_name);
        CALL(w, &a, KUBE_OK, kube_placeholder_create, &p);
        p = a.placeholder;
        kubeworld_fill_lock(&l, &p, x->lock_name);

        assert_int_equal(kube_watch_lock(w->kube, x->ns, l.name, kubeworld_on_watch, &s, &watch), 0);
        kubeworld_wait_n(w, &s, 1);
        assert_string_equal(s.log, "A");

        CALL(w, &a, KUBE_OK, kube_namespace_get, x->ns);
        CALL(w, &a, KUBE_NOT_FOUND, kube_namespace_get, "no-such-namespace");
        CALL(w, &a, KUBE_NOT_FOUND, kube_lock_get, x->ns, l.name);
        CALL(w, &a, KUBE_OK, kube_lock_create, &l);
        made = a.lock;
        assert_int_equal(made.form, LOCK_FORM_OURS);
        assert_true(made.has_finalizer && !made.deleting && !made.orphaned);
        assert_string_equal(made.term, made.version);
        assert_string_equal(made.claim, "c1");
        assert_string_equal(made.holder, "host-1.example.org");
        assert_string_equal(made.acquired_at, l.acquired_at);
        assert_int_equal(made.lease_duration_usec, 15 * USEC_PER_SEC);
        assert_string_equal(made.owner.uid, p.uid);
        kubeworld_wait_n(w, &s, 2);
        assert_string_equal(s.lock.uid, made.uid);
        CALL(w, &a, KUBE_EXISTS, kube_lock_create, &l);

        /* What another boot wrote (which no host does): the term stays what it was, and this is no other boot's. */
        CALL(w, &a, KUBE_OK, kube_lock_adopt, &made, "b2");
        seen_lock = a.lock;
        assert_string_equal(seen_lock.boot_id, "b1");
        assert_string_equal(seen_lock.term, made.version);
        assert_string_not_equal(seen_lock.version, made.version);
        assert_int_equal(seen_lock.form, LOCK_FORM_OURS);
        CALL(w, &a, KUBE_CONFLICT, kube_lock_adopt, &made, "b3");
        CALL(w, &a, KUBE_OK, kube_lock_annotate, &seen_lock, LOCK_ANNOTATION_FENCED, "by a human");
        assert_string_equal(a.lock.fenced, "by a human");
        CALL(w, &a, KUBE_OK, kube_lock_annotate, &a.lock, LOCK_ANNOTATION_FENCED, NULL);
        assert_string_equal(a.lock.fenced, "");
        CALL(w, &a, KUBE_OK, kube_lock_restore, &a.lock, &p);
        assert_int_equal(a.lock.form, LOCK_FORM_OURS);
        assert_string_equal(a.lock.term, made.version);

        /* Marked, stripped, gone. */
        CALL(w, &a, KUBE_CONFLICT, kube_lock_delete, x->ns, l.name, p.uid, NULL);
        CALL(w, &a, KUBE_CONFLICT, kube_lock_delete, x->ns, l.name, made.uid, made.version);
        CALL(w, &a, KUBE_OK, kube_lock_delete, x->ns, l.name, made.uid, NULL);
        assert_true(a.has_lock && a.lock.deleting && a.lock.has_finalizer);
        assert_int_equal(a.lock.form, LOCK_FORM_OURS);
        seen_lock = a.lock;
        while (!s.lock.deleting)
                kubeworld_wait_n(w, &s, s.n + 1);
        CALL(w, &a, KUBE_EXISTS, kube_lock_create, &l);
        CALL(w, &a, KUBE_CONFLICT, kube_lock_strip, x->ns, l.name, made.uid, made.version);
        CALL(w, &a, KUBE_OK, kube_lock_strip, x->ns, l.name, made.uid, seen_lock.version);
        assert_true(a.has_lock && a.lock.deleting && !a.lock.has_finalizer && a.lock.n_finalizers == 0);
        CALL(w, &a, KUBE_NOT_FOUND, kube_lock_get, x->ns, l.name);
        CALL(w, &a, KUBE_NOT_FOUND, kube_lock_strip, x->ns, l.name, made.uid, seen_lock.version);
        kubeworld_wait_last(w, &s, 'G');
        CALL(w, &a, KUBE_OK, kube_lock_create, &l);
        made = a.lock;
        kubeworld_wait_last(w, &s, 'O');

        /* Without the owner, garbage collection marks it. */
        CALL(w, &a, KUBE_OK, kube_placeholder_delete, PLACEHOLDER_LEASE, x->ns, p.name, p.uid, p.version);
        while (!s.lock.deleting)
                kubeworld_wait_n(w, &s, s.n + 1);
        CALL(w, &a, KUBE_OK, kube_lock_get, x->ns, l.name);
        CALL(w, &a, KUBE_OK, kube_lock_strip, x->ns, l.name, made.uid, a.lock.version);
        kubeworld_wait_last(w, &s, 'G');
        assert_null(strchr(s.log, 'D'));
}

/* What changes during a life term, in a lock that is immutable. */
static void test_life_lock(void **state) {
        struct world *x = *state;
        struct kubeworld *w = &x->w;
        struct placeholder_object p, q;
        struct lock_object l, made, old;
        struct kubeworld_answer a;

        *strstr(x->placeholder_name, "-lease") = '\0';
        kubeworld_fill_placeholder(&p, PLACEHOLDER_LEASE, x->ns, x->placeholder_name);
        CALL(w, &a, KUBE_OK, kube_placeholder_create, &p);
        p = a.placeholder;
        kubeworld_fill_lock(&l, &p, x->lock_name);
        l.tenure = TENURE_LIFE;
        l.lease_duration_usec = 0;
        CALL(w, &a, KUBE_OK, kube_lock_create, &l);
        made = a.lock;
        assert_true(made.immutable);
        assert_int_equal(made.form, LOCK_FORM_OURS);

        kubeworld_fill_placeholder(&q, PLACEHOLDER_LEASE, x->ns, x->placeholder_name);
        (void)util_copy(q.name + strlen(q.name), sizeof(q.name) - strlen(q.name), "-2");
        CALL(w, &a, KUBE_OK, kube_placeholder_create, &q);
        q = a.placeholder;

        /* As 0.1.0 does it, which writes into data. */
        old = made;
        old.immutable = false;
        CALL(w, &a, KUBE_CONFLICT, kube_lock_adopt, &old, "b2");
        assert_int_equal(a.code, 422);
        assert_non_null(strstr(a.text, "field is immutable when `immutable` is set"));
        CALL(w, &a, KUBE_CONFLICT, kube_lock_restore, &old, &q);
        assert_int_equal(a.code, 422);
        CALL(w, &a, KUBE_OK, kube_lock_get, x->ns, l.name);
        assert_string_equal(a.lock.version, made.version);

        /* Taken up by another boot: the term stays what it was. */
        CALL(w, &a, KUBE_OK, kube_lock_adopt, &made, "b2");
        assert_string_equal(a.lock.boot_id, "b2");
        assert_string_equal(a.lock.term, made.version);
        assert_string_not_equal(a.lock.version, made.version);
        assert_int_equal(a.lock.form, LOCK_FORM_OURS);
        CALL(w, &a, KUBE_CONFLICT, kube_lock_adopt, &made, "b3");

        /* Given to another placeholder, as after an orphaning deletion of the first. */
        CALL(w, &a, KUBE_OK, kube_lock_get, x->ns, l.name);
        CALL(w, &a, KUBE_OK, kube_lock_restore, &a.lock, &q);
        assert_int_equal(a.lock.form, LOCK_FORM_OURS);
        assert_string_equal(a.lock.placeholder_name, q.name);
        assert_string_equal(a.lock.placeholder_uid, q.uid);
        assert_string_equal(a.lock.owner.uid, q.uid);
        assert_string_equal(a.lock.boot_id, "b2");
        assert_string_equal(a.lock.term, made.version);
        assert_true(a.lock.immutable);
        CALL(w, &a, KUBE_OK, kube_placeholder_delete, PLACEHOLDER_LEASE, x->ns, p.name, p.uid, NULL);

        CALL(w, &a, KUBE_OK, kube_lock_delete, x->ns, l.name, made.uid, NULL);
        assert_int_equal(a.lock.form, LOCK_FORM_OURS);
        CALL(w, &a, KUBE_OK, kube_lock_strip, x->ns, l.name, made.uid, a.lock.version);
        CALL(w, &a, KUBE_NOT_FOUND, kube_lock_get, x->ns, l.name);
        CALL(w, &a, KUBE_OK, kube_placeholder_delete, PLACEHOLDER_LEASE, x->ns, q.name, q.uid, NULL);
}

/* ---- rights ---- */

struct verdict {
        bool is_there, allowed;
        enum kube_result result;
        unsigned granted;
};

static const struct rights_ask any_lock = {
        .group = "", .resource = "configmaps", .name = "any", .verbs = RIGHTS_GET | RIGHTS_WATCH | RIGHTS_DELETE};

static void on_verdict(const struct kube_reply *reply, void *userdata) {
        struct verdict *v = userdata;

        v->is_there = true;
        v->result = reply->result;
        v->allowed = reply->allowed;
        v->granted = reply->rules ? rights_granted(reply->rules, &any_lock) : 0;
}

/* An administrator may do everything, and asks about a namespace whether it exists or not. */
static void test_rights(void **state) {
        struct world *x = *state;
        struct verdict v = {};

        assert_int_equal(kube_rules_review(x->w.kube, x->ns, on_verdict, &v, NULL), 0);
        kubeworld_wait(&x->w, &v.is_there);
        assert_int_equal(v.result, KUBE_OK);
        assert_int_equal(v.granted, any_lock.verbs);
        v = (struct verdict){};
        assert_int_equal(kube_access_review(x->w.kube, x->ns, &any_lock, RIGHTS_DELETE, on_verdict, &v, NULL), 0);
        kubeworld_wait(&x->w, &v.is_there);
        assert_int_equal(v.result, KUBE_OK);
        assert_true(v.allowed);
        v = (struct verdict){};
        assert_int_equal(kube_rules_review(x->w.kube, "no-such-namespace", on_verdict, &v, NULL), 0);
        kubeworld_wait(&x->w, &v.is_there);
        assert_int_equal(v.result, KUBE_OK);
}

/* Whether certificate and key belong together is known before a connection is made, and of nobody else. */
static void test_check(void **state) {
        struct world *x = *state;
        struct kubeconfig k = x->sim.config;
        char *none, *other;
        struct err err = {};

        if (getenv("LEADER_TEST_KUBECONFIG"))
                skip();
        none = strdup(
                tempdir_write(&x->sim.dir, "none.crt", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"));
        other = strdup(tempdir_path(&x->sim.dir, "other-ca.key"));
        k.source = k.user = k.cluster = (char *)"a text";
        assert_int_equal(kube_check(&k, &err), 0);
        k.server = (char *)"https://no.such.host.invalid:1";
        k.proxy_url = (char *)"http://127.0.0.1:1";
        k.tls_server_name = (char *)"another";
        assert_int_equal(kube_check(&k, &err), 0);
        k.client_key_file = other;
        assert_int_equal(kube_check(&k, &err), -EINVAL);
        assert_non_null(strstr(err.text, "a text: user \"a text\": client certificate ("));
        assert_non_null(strstr(err.text, other));
        k.client_key_file = none;
        assert_int_equal(kube_check(&k, &err), -EINVAL);
        k = x->sim.config;
        k.source = k.user = k.cluster = (char *)"a text";
        k.client_cert_file = none;
        assert_int_equal(kube_check(&k, &err), -EINVAL);
        assert_non_null(strstr(err.text, none));
        k.client_cert_file = k.client_key_file = NULL;
        assert_int_equal(kube_check(&k, &err), 0);
        k.ca_file = none;
        assert_int_equal(kube_check(&k, &err), -EINVAL);
        assert_non_null(strstr(err.text, "a text: cluster \"a text\": the certificate authority ("));
        k.ca_file = NULL;
        k.ca_data = (char *)"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
        assert_int_equal(kube_check(&k, &err), -EINVAL);
        assert_non_null(strstr(err.text, "in the kubeconfig"));
        k.insecure = true;
        assert_int_equal(kube_check(&k, &err), 0);
        k.server = (char *)"http://127.0.0.1:1";
        assert_int_equal(kube_check(&k, &err), 0);
        k.server = (char *)"ftp://127.0.0.1:1";
        assert_int_equal(kube_check(&k, &err), -EINVAL);
        free(none);
        free(other);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lease, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pod, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
                cmocka_unit_test_setup_teardown(test_life_lock, setup, teardown),
                cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
                cmocka_unit_test_setup_teardown(test_check, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
