/* SPDX-License-Identifier: Apache-2.0 */
/* Locks and placeholders follow the configuration, in two phases: with any allocation failing nothing has changed. (The
 * allocators of this program are wrapped, see the Makefile.) */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "../lib/failing.h"
#include "../lib/tempdir.h"
#include "core/core_parts.h"
#include "daemon/agent_parts.h"

/* ---- a world of files ---- */

struct world {
        struct tempdir dir;
        struct agent agent;
        const char *path, *kubeconfig;
};

static void write_kubeconfig(const struct world *w, const char *server) {
        FILE *f = fopen(w->kubeconfig, "we");

        assert_non_null(f);
        assert_true(fprintf(f,
                            "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                            "clusters: [{name: c, cluster: {server: \"%s\"}}]\nusers: [{name: c, user: {}}]\n"
                            "contexts: [{name: c, context: {cluster: c, user: c, namespace: ns}}]\n",
                            server) > 0);
        assert_int_equal(fclose(f), 0);
}

/* Its user, as YAML; NULL: with no credentials. */
static void write_user(const struct world *w, const char *exec) {
        FILE *f = fopen(w->kubeconfig, "we");

        assert_non_null(f);
        assert_true(fprintf(f,
                            "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                            "clusters: [{name: c, cluster: {server: \"https://127.0.0.1:1\"}}]\n"
                            "users: [{name: c, user: {%s%s%s}}]\n"
                            "contexts: [{name: c, context: {cluster: c, user: c, namespace: ns}}]\n",
                            exec ? "exec: {" : "", exec ? exec : "", exec ? "}" : "") > 0);
        assert_int_equal(fclose(f), 0);
}

static int set_up(void **state) {
        static const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct world *w = calloc(1, sizeof(*w));
        struct err err = {};

        assert_non_null(w);
        tempdir_make(&w->dir);
        w->agent.trace_fd = -1;
        w->kubeconfig = strdup(tempdir_path(&w->dir, "kubeconfig"));
        write_kubeconfig(w, "http://127.0.0.1:1");
        assert_int_equal(kubeconfig_load(&w->agent.kubeconfig, w->kubeconfig, NULL, &err), 0);
        assert_int_equal(store_open(&w->agent.store, tempdir_path(&w->dir, "state"), &host, &err), 0);
        w->agent.conf_path = w->path = strdup(tempdir_path(&w->dir, "agent.conf"));
        *state = w;
        return 0;
}

static int tear_down(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;

        for (size_t i = 0; i < a->n_locks; i++)
                agent_lock_free(a->locks[i]);
        for (size_t i = 0; i < a->n_placeholders; i++)
                agent_placeholder_free(a->placeholders[i]);
        free(a->locks);
        free(a->placeholders);
        free(a->core_locks);
        free(a->core_placeholders);
        free(a->inbox.posts);
        conf_free(a->conf);
        agent_namespaces_free(a);
        kubeconfig_free(a->kubeconfig);
        free((char *)w->kubeconfig);
        store_close(a->store);
        tempdir_remove(&w->dir);
        free((char *)w->path);
        free(w);
        return 0;
}

static void write_conf_with(const struct world *w, const char *keys, const char *locks) {
        FILE *f = fopen(w->path, "we");

        assert_non_null(f);
        assert_true(fprintf(f, "%skubeconfig = \"%s\"; locks = (%s);\n", keys, w->kubeconfig, locks) > 0);
        assert_int_equal(fclose(f), 0);
}

static void write_conf(const struct world *w, const char *locks) {
        write_conf_with(w, "", locks);
}

static void load_first(struct world *w, const char *locks) {
        struct err err = {};

        write_conf(w, locks);
        if (conf_load(&w->agent.conf, w->path, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(conf_set_default_namespace(w->agent.conf, "ns", &err), 0);
        assert_int_equal(agent_conf_apply(&w->agent, w->agent.conf, &err), 0);
}

#define LOCK_A "{ name = \"a\"; unit = \"a.service\"; }"
#define LOCK_B "{ name = \"b\"; unit = \"b.service\"; }"
#define LOCK_C                                                                                                         \
        "{ name = \"c\"; unit = \"c.service\"; tenure = \"lease\"; placeholder = \"pod\"; stop_timeout = \"9s\"; "     \
        "lease_duration = \"60s\"; }"

/* What must not change: everything that the agent and its core hold, and what was posted. */
static void describe(const struct agent *a, char *buf, size_t size) {
        size_t n = 0;

        n += (size_t)snprintf(buf, size, "%zu %zu %zu %zu posts %zu conf %p:", a->n_locks, a->n_placeholders,
                              a->core.n_locks, a->core.n_placeholders, a->inbox.n, (void *)a->conf);
        for (size_t i = 0; i < a->n_locks; i++) {
                const struct agent_lock *l = a->locks[i];
                const struct core_lock *c = &a->core.locks[i];

                n += (size_t)snprintf(buf + n, size - n, " %s %zu %s %d%d %llu %llu;", l->title, l->index,
                                      l->conf->unit, l->leaving, l->returning,
                                      (unsigned long long)l->conf->stop_timeout_usec,
                                      (unsigned long long)c->conf.timing.stop_timeout_usec);
        }
        for (size_t i = 0; i < a->n_placeholders; i++)
                n += (size_t)snprintf(buf + n, size - n, " %s/%s %zu %llu %llu", a->placeholders[i]->ns,
                                      a->placeholders[i]->name, a->placeholders[i]->index,
                                      (unsigned long long)a->placeholders[i]->duration_usec,
                                      (unsigned long long)a->core.placeholders[i].conf.renew_interval_usec);
        assert_true(n < size);
}

/* Reloads with the first, second, … allocation failing, until one goes through. */
static unsigned reload_with_failures(struct world *w) {
        char before[4096], after[4096];
        unsigned failures = 0;

        for (unsigned k = 1; k < 10000; k++) {
                struct err err = {};
                int r;

                describe(&w->agent, before, sizeof(before));
                calls = 0;
                fail_at = k;
                r = agent_reload(&w->agent, &err);
                fail_at = 0;
                if (calls < k) { /* nothing failed any more */
                        assert_int_equal(r, 0);
                        return failures;
                }
                if (r == 0)
                        return failures; /* a library that did without */
                failures++;
                assert_true(err.text[0] || r == -ENOMEM);
                assert_false(agent_starts_anew(&w->agent));
                describe(&w->agent, after, sizeof(after));
                assert_string_equal(before, after);
        }
        fail_msg("a reload that never succeeds");
        return 0;
}

static void test_reload_without_memory(void **state) {
        struct world *w = *state;
        struct agent_post post;
        struct agent *a = &w->agent;

        load_first(w, LOCK_A ", " LOCK_B);
        assert_int_equal(a->n_locks, 2);
        assert_int_equal(a->n_placeholders, N_TENURES);
        /* A lock goes, one stays with another stop timeout, one comes with placeholders of its own. */
        write_conf(w, LOCK_C ", { name = \"a\"; unit = \"a.service\"; stop_timeout = \"7s\"; }");
        assert_true(reload_with_failures(w) > 0);
        assert_int_equal(a->n_locks, 3);
        assert_int_equal(a->core.n_locks, 3);
        assert_int_equal(a->n_placeholders, 2 * N_TENURES);
        assert_int_equal(a->core.n_placeholders, 2 * N_TENURES);
        assert_int_equal(a->locks[0]->conf->stop_timeout_usec, 7 * USEC_PER_SEC);
        assert_int_equal(a->core.locks[0].conf.timing.stop_timeout_usec, 7 * USEC_PER_SEC);
        assert_true(a->locks[1]->leaving);
        assert_string_equal(a->locks[2]->title, "ns/c");
        assert_int_equal(a->placeholders[2 + TENURE_LEASE]->duration_usec, 60 * USEC_PER_SEC);
        /* The one that goes is told to stop, once. */
        assert_true(agent_take_post(a, &post));
        assert_int_equal(post.lock_event.type, ELECTION_EV_STOP);
        assert_ptr_equal(post.lock, a->locks[1]);
        assert_false(agent_take_post(a, &post));
}

/* Removed, added again and removed once more, all while its unit still stops: it must not come back. */
/* Claims that cannot be read for want of a descriptor are not taken for none: a lock of ours would be a stranger's
 * until the next start, and its unit be stopped. */
static void test_claims_without_descriptor(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;
        char claim[RECORD_CLAIM_HEX + 1];
        struct rlimit limit, none;
        struct err err = {};
        int r;

        assert_int_equal(store_claim_new(a->store, "lock:ns/a", claim, &err), 0);
        write_conf(w, LOCK_A);
        assert_int_equal(conf_load(&a->conf, w->path, &err), 0);
        assert_int_equal(conf_set_default_namespace(a->conf, "ns", &err), 0);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        r = agent_conf_apply(a, a->conf, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(r, -EMFILE);
        assert_non_null(strstr(err.text, "Too many open files"));
        assert_null(strstr(err.text, "remove it"));
        assert_int_equal(a->n_locks + a->n_placeholders, 0);
        assert_int_equal(agent_conf_apply(a, a->conf, &err), 0);
        assert_int_equal(a->locks[0]->claims.known.n_claims, 1);
        assert_false(a->locks[0]->claims.unreadable);
}

static void test_leaves_twice(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct err err = {};

        load_first(w, LOCK_A ", " LOCK_B);
        write_conf(w, LOCK_A);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_true(a->locks[1]->leaving && !a->locks[1]->returning);
        write_conf(w, LOCK_A ", " LOCK_B);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_true(a->locks[1]->leaving && a->locks[1]->returning);
        write_conf(w, LOCK_A);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_true(a->locks[1]->leaving && !a->locks[1]->returning);
}

/* What a reload may not change is refused before anything is changed. */
static void test_refused(void **state) {
        static const char *const rows[] = {
                "{ name = \"a\"; unit = \"other.service\"; }, " LOCK_B,
                "{ name = \"a\"; unit = \"a.service\"; placeholder = \"pod\"; }, " LOCK_B,
                LOCK_C ", { name = \"a\"; unit = \"other.service\"; }",
        };
        struct world *w = *state;
        char before[4096], after[4096];

        load_first(w, LOCK_A ", " LOCK_B);
        describe(&w->agent, before, sizeof(before));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct err err = {};

                write_conf(w, rows[i]);
                assert_int_equal(agent_reload(&w->agent, &err), -EBUSY);
                assert_non_null(strstr(err.text, "agent.conf:"));
                describe(&w->agent, after, sizeof(after));
                assert_string_equal(before, after);
        }
}

/* What a connection was made with takes effect by a start of the process, and until then nothing changes: not the locks
 * either. What a start would refuse is refused, and the status says so until what is on disk is in force. */
static void test_kubeconfig_changed(void **state) {
        static const char pem[] = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n";
        struct world *w = *state;
        struct agent *a = &w->agent;
        char before[4096], after[4096];
        struct err err = {};

        load_first(w, LOCK_A);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_false(agent_starts_anew(a));
        describe(a, before, sizeof(before));
        write_kubeconfig(w, "ftp://127.0.0.1:2");
        assert_int_equal(agent_reload(a, &err), -EINVAL);
        assert_string_equal(a->conf_error, err.text);
        write_kubeconfig(w, "https://127.0.0.1:2\", certificate-authority: \"none.crt");
        assert_int_equal(agent_reload(a, &err), -ENOENT);
        assert_non_null(strstr(err.text, "/none.crt"));
        /* It is a file, and only libcurl sees that nothing is in it. */
        (void)tempdir_write(&w->dir, "bad.crt", pem);
        write_kubeconfig(w, "https://127.0.0.1:2\", certificate-authority: \"bad.crt");
        assert_int_equal(agent_reload(a, &err), -EINVAL);
        assert_non_null(strstr(err.text, "/bad.crt) cannot be used: "));
        assert_string_equal(a->conf_error, err.text);
        assert_false(agent_starts_anew(a));
        write_kubeconfig(w, "http://127.0.0.1:1");
        assert_int_equal(agent_reload(a, &err), 0);
        assert_string_equal(a->conf_error, "");
        assert_false(agent_starts_anew(a));

        /* Good, but a lock that cannot be changed by a reload, or a trace file that no start could open. */
        describe(a, before, sizeof(before));
        write_kubeconfig(w, "http://127.0.0.1:2");
        write_conf(w, "{ name = \"a\"; unit = \"other.service\"; }");
        assert_int_equal(agent_reload(a, &err), -EBUSY);
        write_conf_with(w, "trace = \"/dev/null/trace\"; ", LOCK_A);
        assert_int_equal(agent_reload(a, &err), -ENOTDIR);
        assert_non_null(strstr(err.text, "/dev/null/trace"));
        write_conf(w, LOCK_A);
        a->stopping.since_usec = 1;
        assert_int_equal(agent_reload(a, &err), -ESHUTDOWN);
        a->stopping.since_usec = 0;
        a->sleeping = true;
        assert_int_equal(agent_reload(a, &err), -EBUSY);
        assert_non_null(strstr(err.text, "about to sleep"));
        a->sleeping = false;
        assert_false(agent_starts_anew(a));
        write_conf(w, LOCK_A ", " LOCK_B);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_true(agent_starts_anew(a));
        assert_string_equal(a->conf_error, "");
        describe(a, after, sizeof(after));
        assert_string_equal(before, after);
}

/* A plugin that is run another way gives other credentials. */
static void test_plugin_changed(void **state) {
        static const char *const users[] = {
                "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /p, args: [a]",
                "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /q, args: [a]",
                "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /p, args: [a, b]",
                "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /p, args: [a], env: "
                "[{name: "
                "A, value: b}]",
                "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /p, args: [a], "
                "provideClusterInfo: true",
                "apiVersion: client.authentication.k8s.io/v1beta1, command: /p, args: [a]",
                NULL, /* none any more */
        };
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct err err = {};

        load_first(w, LOCK_A);
        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                write_user(w, users[0]);
                a->kubeconfig = kubeconfig_free(a->kubeconfig);
                if (kubeconfig_load(&a->kubeconfig, w->kubeconfig, NULL, &err) < 0)
                        fail_msg("%s", err.text);
                assert_int_equal(agent_reload(a, &err), 0);
                assert_false(agent_starts_anew(a));
                write_user(w, users[i]);
                assert_int_equal(agent_reload(a, &err), 0);
                assert_int_equal(agent_starts_anew(a), i > 0);
                a->anew = false;
        }
}

/* The other two that belong to the connection; and what no reload changes. */
static void test_connection_keys(void **state) {
        static const struct {
                const char *keys;
                int r;
        } rows[] = {
                {"", 0},
                {"request_timeout = \"4s\"; ", 0},
                {"context = \"c\"; ", 0},
                {"context = \"none\"; ", -EINVAL},
                {"state_dir = \"/other\"; ", -EBUSY},
                {"guard_socket = \"/other\"; ", -EBUSY},
        };
        struct world *w = *state;
        struct agent *a = &w->agent;

        load_first(w, LOCK_A);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                struct err err = {};

                write_conf_with(w, rows[i].keys, LOCK_A);
                if (agent_reload(a, &err) != rows[i].r)
                        fail_msg("%s: %s", rows[i].keys, err.text);
                assert_int_equal(agent_starts_anew(a), rows[i].r == 0 && *rows[i].keys);
                a->anew = false;
        }
}

/* Neither it nor a refusal in the middle leaves anything behind. */
static void test_kubeconfig_without_memory(void **state) {
        struct world *w = *state;

        load_first(w, LOCK_A);
        write_conf(w, LOCK_C ", " LOCK_A);
        write_kubeconfig(w, "http://127.0.0.1:2");
        assert_true(reload_with_failures(w) > 0);
        assert_true(agent_starts_anew(&w->agent));
}

/* What the guard is to judge a unit by comes from the lock that it is configured for: not from one that is only let go,
 * of which tenure and stop timeout may be another's, or (its permit was found in force) are not even known. */
static void test_judged_by_the_configured(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct permit_request q;
        struct err err = {};
        unsigned judged = 0;
        int listener, fd;

        assert_true(util_copy(address.sun_path, sizeof(address.sun_path), tempdir_path(&w->dir, "guard")));
        listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(listener, 1), 0);
        load_first(w, LOCK_A ", " LOCK_C);
        assert_int_equal(sd_event_new(&a->event), 0);
        assert_int_equal(link_new(&a->link, a->event, address.sun_path, &agent_link_handlers, a), 0);
        while (a->inbox.n == 0)
                assert_true(sd_event_run(a->event, UINT64_MAX) >= 0);
        a->link_up = true;
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        assert_true(fd >= 0);
        /* The unit of lock c still runs for a lock of another name. */
        assert_int_equal(agent_conf_orphan(a, "ns/old", "c.service"), 0);
        assert_int_equal(a->n_locks, 3);
        agent_guard_send(a->locks[2], ELECTION_MSG_QUERY, 0, 0, 0);
        write_conf(w, LOCK_A ", " LOCK_C);
        assert_int_equal(agent_reload(a, &err), 0);
        agent_guard_send(a->locks[2], ELECTION_MSG_QUERY, 0, 0, 0);
        while (recv(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q)) {
                if (!util_streq(q.unit, "c.service") || !q.judge)
                        continue;
                judged++;
                assert_int_equal(q.tenure, TENURE_LEASE);
                assert_int_equal(q.stop_timeout_usec, 9 * USEC_PER_SEC);
        }
        assert_true(judged > 0);
        a->link = link_free(a->link);
        sd_event_unref(a->event);
        close(fd);
        close(listener);
}

/* A lock that was claimed once and is not configured is looked after at the start, without a word to leader-guard as
 * long as its unit is not known; that is taken from the record only when it is ours and the unit enrolled here. */
static void test_orphans_of_claims(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct lock_object o = {.form = LOCK_FORM_OURS, .uid = "u", .unit = "not-enrolled.service", .boot_id = "b"};
        struct permit_reply reply = {.lock = "ns/old", .permit_uid = "u", .unit = "old.service"};
        char claim[RECORD_CLAIM_HEX + 1], text[1024];
        struct agent_post post;
        struct err err = {};
        struct agent_lock *l;

        assert_int_equal(store_claim_new(a->store, "lock:ns/a", claim, &err), 0);
        assert_int_equal(store_claim_new(a->store, "placeholder:ns/Lease/x", claim, &err), 0);
        assert_int_equal(store_claim_new(a->store, "lock:ns/old", claim, &err), 0);
        load_first(w, LOCK_A);
        agent_conf_orphans(a);
        assert_int_equal(a->n_locks, 2);
        l = a->locks[1];
        assert_string_equal(l->title, "ns/old");
        assert_true(l->leaving && l->orphan && agent_orphan_hidden(l) && !agent_orphan_hidden(a->locks[0]));
        assert_true(agent_take_post(a, &post));
        assert_int_equal(post.lock_event.type, ELECTION_EV_STOP);
        assert_ptr_equal(post.lock, l);
        agent_guard_send(l, ELECTION_MSG_QUERY, 0, 0, 0); /* (there is no link) */
        agent_orphan_problem(l, text, sizeof(text));
        assert_string_equal(text, "");

        (void)snprintf(l->problem, sizeof(l->problem), "read: no rights");
        agent_orphan_problem(l, text, sizeof(text));
        assert_non_null(strstr(text, "ns/old: not configured, but perhaps held by this host (read: no rights)"));
        assert_non_null(strstr(text, "leaderctl list ns/old; "));
        assert_non_null(strstr(text, "leaderctl fence ns/old --holder "));
        l->namespace_->state = AGENT_NAMESPACE_REFUSED;
        (void)snprintf(l->namespace_->refusal, sizeof(l->namespace_->refusal), "namespace ns is another one");
        agent_orphan_problem(l, text, sizeof(text));
        assert_non_null(strstr(text, "another one. Once no host leads in the old one: leaderctl forget-cluster ns"));
        l->namespace_->state = AGENT_NAMESPACE_UNREAD;
        l->problem[0] = '\0';

        (void)snprintf(o.identity, sizeof(o.identity), "%s", store_identity(a->store));
        agent_orphan_read(l, &o);
        assert_string_equal(l->trouble, ""); /* another's claim */
        (void)snprintf(o.claim, sizeof(o.claim), "%s", claim);
        agent_orphan_read(l, &o);
        assert_true(agent_orphan_hidden(l));
        agent_orphan_problem(l, text, sizeof(text));
        assert_non_null(strstr(text, "leaderctl fence ns/old --holder "));
        assert_non_null(strstr(text, "its unit not-enrolled.service is not enrolled here"));

        agent_orphan_permitted(a->locks[0], &reply);
        assert_string_equal(a->locks[0]->conf->unit, "a.service");
        a->link_up = true;
        agent_orphan_permitted(l, &reply);
        assert_string_equal(l->conf->unit, "old.service");
        /* Now leader-guard can be asked about it. */
        assert_true(agent_take_post(a, &post));
        assert_int_equal(post.lock_event.type, ELECTION_EV_LINK_UP);
        assert_ptr_equal(post.lock, l);
        assert_false(agent_orphan_hidden(l));
        agent_orphan_problem(l, text, sizeof(text));
        assert_string_equal(text, "");
}

static void run(struct agent *a, size_t i, struct election_event ev) {
        ev.now_usec = 100 * USEC_PER_SEC;
        (void)core_lock_step(&a->core, i, &ev);
}

/* A lock that is let go is configured again, with another unit or placeholder than it has. That waits until it is gone,
 * and the refusal says so: "remove it, reload, and add it again" is what was done. */
static void test_refused_while_let_go(void **state) {
        static const char other[] = LOCK_A ", { name = \"b\"; unit = \"other.service\"; }",
                          kind[] = LOCK_A ", { name = \"b\"; unit = \"b.service\"; placeholder = \"pod\"; }";
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct agent_post post;
        struct err err = {};

        load_first(w, LOCK_A ", " LOCK_B);
        write_conf(w, LOCK_A);
        assert_int_equal(agent_reload(a, &err), 0);
        for (unsigned i = 0; i < 2; i++) {
                write_conf(w, i ? kind : other);
                assert_int_equal(agent_reload(a, &err), -EBUSY);
                assert_non_null(strstr(err.text, "lock 'ns/b' is still being let go, with unit b.service and a Lease"));
                assert_non_null(strstr(err.text, "systemctl reload leader-agent"));
                assert_non_null(strstr(err.text, "systemctl restart leader-agent"));
                assert_null(strstr(err.text, "remove"));
                assert_true(a->locks[1]->leaving && !a->locks[1]->returning);
        }
        /* Let go: the same reload goes through. */
        while (agent_take_post(a, &post))
                run(a, post.lock->index, post.lock_event);
        run(a, 1,
            (struct election_event){.type = ELECTION_EV_REPLY, .op = ELECTION_OP_READ, .result = RESULT_NOT_FOUND});
        agent_conf_reap(a);
        assert_int_equal(a->n_locks, 1);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_int_equal(a->n_locks, 2);
        assert_true(a->locks[1]->conf->placeholder == PLACEHOLDER_POD && !a->locks[1]->leaving);
}

/* A lock that was claimed once, left the configuration, and is configured again before it is known what it was for:
 * both cures of the refusal work. */
static void test_orphan_is_configured_again(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;
        char claim[RECORD_CLAIM_HEX + 1];
        struct agent_post post;
        struct err err = {};

        assert_int_equal(store_claim_new(a->store, "lock:ns/b", claim, &err), 0);
        load_first(w, LOCK_A);
        agent_conf_orphans(a);
        assert_int_equal(a->n_locks, 2);
        assert_true(agent_orphan_hidden(a->locks[1]));
        write_conf(w, LOCK_A ", " LOCK_B);
        assert_int_equal(agent_reload(a, &err), -EBUSY);
        assert_non_null(strstr(err.text, "agent.conf:"));
        assert_non_null(
                strstr(err.text, "this host may hold lock 'ns/b' from before, for a unit that is not known yet"));
        assert_non_null(strstr(err.text, "systemctl restart leader-agent"));
        assert_null(strstr(err.text, "remove"));
        assert_true(agent_orphan_hidden(a->locks[1]) && a->locks[1]->leaving && !a->locks[1]->returning);
        /* It was not held: the same reload goes through. */
        while (agent_take_post(a, &post))
                run(a, post.lock->index, post.lock_event);
        run(a, 1,
            (struct election_event){.type = ELECTION_EV_REPLY, .op = ELECTION_OP_READ, .result = RESULT_NOT_FOUND});
        agent_conf_reap(a);
        assert_int_equal(agent_reload(a, &err), 0);
        assert_int_equal(a->n_locks, 2);
        assert_true(!a->locks[1]->leaving && !a->locks[1]->orphan);
        assert_string_equal(a->locks[1]->conf->unit, "b.service");
        /* As a restart has it from the beginning. */
        agent_conf_orphans(a);
        assert_int_equal(a->n_locks, 2);
        assert_false(a->locks[1]->leaving);
}

/* After a restart a placeholder is renewed when the first of its locks has been read: what it tells of the terms of the
 * others stays, until those have been read, too. */
static void test_terms_after_a_restart(void **state) {
        static const struct election_event go = {.type = ELECTION_EV_GO}, absent = {.type = ELECTION_EV_REPLY,
                                                                                    .op = ELECTION_OP_READ,
                                                                                    .result = RESULT_NOT_FOUND};
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct placeholder_object o = {.uid = "p", .has_terms = true}, cut, fresh = {};
        struct agent_placeholder *p;

        load_first(w, "{ name = \"a\"; unit = \"a.service\"; tenure = \"lease\"; }, "
                      "{ name = \"b\"; unit = \"b.service\"; tenure = \"lease\"; }");
        p = a->placeholders[TENURE_LEASE];
        placeholder_add_term(&o, "uid-of-b", 90 * USEC_PER_SEC);
        cut = o;
        cut.has_terms = false;
        cut.n_terms = 0;
        for (size_t i = 0; i < 2; i++) {
                struct placeholder_object now = o, longest = cut;

                /* (the first time no lock has been read, the second time one) */
                agent_placeholder_terms(p, &now);
                assert_true(now.has_terms && now.n_terms == 1);
                assert_int_equal(placeholder_duration(&now, "uid-of-b"), 90 * USEC_PER_SEC);
                agent_placeholder_terms(p, &longest);
                assert_false(longest.has_terms);
                assert_int_equal(placeholder_duration(&longest, "uid-of-b"), 90 * USEC_PER_SEC);
                assert_int_equal(core_lock_step(&a->core, i, &go).request.op, ELECTION_OP_READ);
                (void)core_lock_step(&a->core, i, &absent);
        }
        agent_placeholder_terms(p, &o);
        assert_true(o.has_terms);
        assert_int_equal(o.n_terms, 0);
        assert_int_equal(o.lease_duration_usec, 30 * USEC_PER_SEC);
        agent_placeholder_terms(p, &fresh);
        assert_true(fresh.has_terms);
}

/* An orphan whose unit is not enrolled here: nothing of it runs for this agent, so a stop of the agent waits for
 * the API alone (10 s), and what it leaves is told with a unit that has a name. */
static void test_orphan_does_not_hold_up_a_stop(void **state) {
        struct world *w = *state;
        struct agent *a = &w->agent;
        struct election_event ev = {.type = ELECTION_EV_REPLY, .op = ELECTION_OP_READ, .now_usec = 100 * USEC_PER_SEC};
        char claim[RECORD_CLAIM_HEX + 1];
        struct agent_lock *l;
        struct err err = {};
        uint64_t at;

        assert_int_equal(store_claim_new(a->store, "lock:ns/old", claim, &err), 0);
        load_first(w, LOCK_A);
        agent_conf_orphans(a);
        l = a->locks[1];
        assert_int_equal(sd_event_new(&a->event), 0);
        (void)core_lock_step(&a->core, 1, &(struct election_event){.type = ELECTION_EV_STOP, .now_usec = ev.now_usec});
        (void)core_lock_step(&a->core, 1,
                             &(struct election_event){.type = ELECTION_EV_LINK_UP, .now_usec = ev.now_usec});
        ev.lock = (struct lock_fact){.uid = 5, .version = 6, .sort = LOCK_DAMAGED, .claimed = true, .same_boot = true};
        (void)core_lock_step(&a->core, 1, &ev);
        /* lock a has nothing: */
        (void)core_lock_step(&a->core, 0,
                             &(struct election_event){.type = ELECTION_EV_LINK_UP, .now_usec = ev.now_usec});
        (void)core_lock_step(&a->core, 0,
                             &(struct election_event){.type = ELECTION_EV_GUARD,
                                                      .now_usec = ev.now_usec,
                                                      .guard = {.unit = UNIT_STOPPED}});
        a->stopping.since_usec = 200 * USEC_PER_SEC;
        a->stopping.extended_usec = 200 * USEC_PER_SEC;
        agent_apply(a, &(struct core_change){.type = CORE_STOP});
        print_message("state %u, guard linked %d, may run %d; longest %llu\n", agent_view(l).state,
                      agent_view(l).guard_linked, agent_view(l).may_run,
                      (unsigned long long)a->locks[1]->conf->stop_timeout_usec);
        a->stopping.extended_usec = UINT64_MAX / 2;
        at = agent_leave(a, 200 * USEC_PER_SEC);
        (void)agent_leave(a, 600 * USEC_PER_SEC); /* tells what stays */
        sd_event_unref(a->event);
        a->event = NULL;
        assert_int_equal(at, 210 * USEC_PER_SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_reload_without_memory, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_claims_without_descriptor, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_leaves_twice, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_kubeconfig_changed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_plugin_changed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_connection_keys, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_kubeconfig_without_memory, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_judged_by_the_configured, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_orphans_of_claims, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_refused_while_let_go, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_orphan_is_configured_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_orphan_does_not_hold_up_a_stop, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_terms_after_a_restart, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
