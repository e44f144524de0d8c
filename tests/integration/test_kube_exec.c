/* SPDX-License-Identifier: Apache-2.0 */
/* kube with a credential plugin against the test API server: what is sent, when the plugin is run again, and that
 * nothing waits for it which has something to send. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/kubeworld.h"
#include "../lib/pluginworld.h"
#include "../lib/sim.h"

struct world {
        struct kubeworld w;
        struct sim sim;
        struct pluginworld p;
        struct kubeconfig config; /* the simulator's, without its certificate */
        char socket[200];
};

#define TIMEOUT_USEC (1500 * USEC_PER_MSEC)

static uint64_t now(clockid_t clock) {
        struct timespec t;

        (void)clock_gettime(clock, &t);
        return (uint64_t)t.tv_sec * USEC_PER_SEC + (uint64_t)t.tv_nsec / 1000;
}

static void open_kube(struct world *x, const char *socket) {
        kubeworld_open(&x->w, &x->config, TIMEOUT_USEC);
        kube_set_plugin(x->w.kube, socket, /* patient= */ false);
}

static int start(void **state, enum plugin_language language) {
        struct world *x = calloc(1, sizeof(*x));

        assert_non_null(x);
        *state = x;
        if (!pluginworld_start(&x->p, language)) {
                free(x);
                *state = NULL;
                return 0;
        }
        sim_start(&x->sim);
        x->config = x->sim.config;
        x->config.client_cert_file = x->config.client_key_file = NULL;
        x->config.exec = &x->p.exec;
        (void)snprintf(x->socket, sizeof(x->socket), "%s", pluginworld_socket(&x->p));
        open_kube(x, x->socket);
        return 0;
}

static int setup(void **state) {
        return start(state, PLUGIN_SHELL);
}

static int setup_python(void **state) {
        return start(state, PLUGIN_PYTHON);
}

static int setup_go(void **state) {
        return start(state, PLUGIN_GO);
}

static int teardown(void **state) {
        struct world *x = *state;

        if (!x)
                return 0;
        kubeworld_close(&x->w);
        pluginworld_stop(&x->p);
        sim_stop(&x->sim);
        free(x);
        return 0;
}

/* ---- what plugins print ---- */

static void quote(FILE *f, const char *text) {
        for (; *text; text++)
                if (*text == '\n')
                        (void)fputs("\\n", f);
                else
                        (void)fputc(*text, f);
}

/* life_usec: from now on, may be over; INT64_MAX: it says none. */
static void answer(struct world *x, const char *token, const char *cert, const char *key, int64_t life_usec) {
        static const char version[] = "client.authentication.k8s.io/v1";
        char *text = NULL, end[64] = "";
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        assert_non_null(f);
        if (life_usec != INT64_MAX) {
                time_t at = (time_t)((int64_t)(now(CLOCK_REALTIME) / USEC_PER_SEC) + life_usec / (int64_t)USEC_PER_SEC);

                assert_true(strftime(end, sizeof(end), "%Y-%m-%dT%H:%M:%SZ", gmtime(&at)) > 0);
        }
        (void)fprintf(f, "{\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\",\"status\":{", version);
        if (token)
                (void)fprintf(f, "\"token\":\"%s\"%s", token, cert || *end ? "," : "");
        if (cert) {
                (void)fputs("\"clientCertificateData\":\"", f);
                quote(f, cert);
                (void)fputs("\",\"clientKeyData\":\"", f);
                quote(f, key);
                (void)fprintf(f, "\"%s", *end ? "," : "");
        }
        if (*end)
                (void)fprintf(f, "\"expirationTimestamp\":\"%s\"", end);
        (void)fputs("}}\n", f);
        (void)fclose(f);
        pluginworld_set(&x->p, "answer", text);
        free(text);
}

static void allow(struct world *x, const char *token) {
        char body[200];

        (void)snprintf(body, sizeof(body), "{\"token\":\"%s\",\"user\":\"system:serviceaccount:default:%s\"}", token,
                       token);
        sim_control(&x->sim, "POST", "tokens", body);
}

static void withdraw(struct world *x, const char *token) {
        char body[100];

        (void)snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
        sim_control(&x->sim, "POST", "tokens", body);
}

/* One read; how long it took. */
static uint64_t get(struct world *x, struct kubeworld_answer *a, enum kube_result expected) {
        uint64_t began = now(CLOCK_BOOTTIME);

        CALL(&x->w, a, expected, kube_lock_get, "default", "nothing");
        return now(CLOCK_BOOTTIME) - began;
}

static void says(const char *text, const char *expected) {
        if (!strstr(text, expected))
                fail_msg("'%s' does not say '%s'", text, expected);
}

static const char *problem(struct world *x) {
        return kube_credentials(x->w.kube)->plugin_problem;
}

static void wait_for_runs(struct world *x, unsigned n) {
        uint64_t end = now(CLOCK_BOOTTIME) + 30 * USEC_PER_SEC;

        while (pluginworld_runs(&x->p) < n) {
                assert_true(now(CLOCK_BOOTTIME) < end);
                kubeworld_run(&x->w, 20 * USEC_PER_MSEC);
        }
}

/* The user of the last request. */
static void expect_user(struct world *x, const char *user) {
        char match[200];
        struct kubeworld_answer a;

        (void)snprintf(match, sizeof(match), "{\"user\":\"%s\",\"verb\":\"get\"}", user);
        sim_fault(&x->sim, match, "{\"status\":418}");
        get(x, &a, KUBE_REFUSED);
        assert_int_equal(a.code, 418);
        sim_heal(&x->sim);
}

/* ---- tests ---- */

/* A token, by plugins of each language; not run before it is needed, and once for all who wait. */
static void test_token(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a, many[5] = {};
        char info[1000];

        if (!x) {
                skip();
                return;
        }
        allow(x, "one");
        answer(x, "one", NULL, NULL, INT64_MAX);
        kubeworld_run(&x->w, 100 * USEC_PER_MSEC);
        assert_int_equal(pluginworld_runs(&x->p), 0);
        kubeworld_close(&x->w);
        kubeworld_open(&x->w, &x->config, 20 * USEC_PER_SEC);
        kube_set_plugin(x->w.kube, x->socket, /* patient= */ false);
        for (size_t i = 0; i < ELEMENTSOF(many); i++)
                assert_int_equal(kube_lock_get(x->w.kube, "default", "nothing", kubeworld_on_reply, &many[i], NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(many); i++)
                assert_false(many[i].is_there);
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                kubeworld_wait(&x->w, &many[i].is_there);
                kubeworld_expect(&many[i], KUBE_NOT_FOUND, "kube_lock_get");
        }
        expect_user(x, "system:serviceaccount:default:one");
        get(x, &a, KUBE_NOT_FOUND);
        assert_int_equal(pluginworld_runs(&x->p), 1);
        assert_string_equal(problem(x), "");
        pluginworld_read(&x->p, "runs", info, sizeof(info));
        says(info, "\"kind\":\"ExecCredential\"");
        says(info, "\"interactive\":false");
}

static void read_file(struct world *x, const char *name, char *buf, size_t size) {
        FILE *f = fopen(tempdir_path(&x->sim.dir, name), "r");

        assert_non_null(f);
        buf[fread(buf, 1, size - 1, f)] = 0;
        (void)fclose(f);
}

/* Certificate and key; then another identity, which no open connection of the first may serve. */
static void test_certificate(void **state) {
        struct world *x = *state;
        char cert[4000], key[4000];
        struct kubeworld_answer a;

        read_file(x, "admin.crt", cert, sizeof(cert));
        read_file(x, "admin.key", key, sizeof(key));
        answer(x, NULL, cert, key, 3 * (int64_t)USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
        expect_user(x, "admin");
        /* The certificate itself says an end, which is the plugin's business. */
        kube_credentials_look(x->w.kube);
        assert_int_equal(kube_credentials(x->w.kube)->certificate.ends_usec, 0);

        allow(x, "two");
        answer(x, "two", NULL, NULL, INT64_MAX);
        wait_for_runs(x, 2);
        kubeworld_run(&x->w, 300 * USEC_PER_MSEC);
        expect_user(x, "system:serviceaccount:default:two");
}

/* A key that is another certificate's is refused before it is used. */
static void test_other_key(void **state) {
        struct world *x = *state;
        char cert[4000], key[4000];
        struct kubeworld_answer a;

        read_file(x, "admin.crt", cert, sizeof(cert));
        read_file(x, "server.key", key, sizeof(key));
        answer(x, NULL, cert, key, INT64_MAX);
        get(x, &a, KUBE_UNREACHABLE);
        says(a.text, "getting credentials: failed parsing client key/certificate");
        read_file(x, "admin.key", key, sizeof(key));
        answer(x, NULL, cert, key, INT64_MAX);
        wait_for_runs(x, 2);
        kubeworld_run(&x->w, 300 * USEC_PER_MSEC);
        expect_user(x, "admin");
}

/* Run again before the end, and a failure is no harm until then. While the plugin hangs nothing waits. */
static void test_expiry(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        uint64_t end;

        allow(x, "one");
        allow(x, "two");
        answer(x, "one", NULL, NULL, 7 * (int64_t)USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
        end = now(CLOCK_BOOTTIME) + 5500 * USEC_PER_MSEC;
        assert_int_equal(pluginworld_runs(&x->p), 1);
        pluginworld_set(&x->p, "hang", NULL);
        wait_for_runs(x, 2);
        while (now(CLOCK_BOOTTIME) < end) {
                uint64_t took = get(x, &a, KUBE_NOT_FOUND);

                if (took > 500 * USEC_PER_MSEC)
                        fail_msg("a request took %llu ms", (unsigned long long)(took / USEC_PER_MSEC));
                kubeworld_run(&x->w, 100 * USEC_PER_MSEC);
        }
        assert_int_equal(pluginworld_runs(&x->p), 2); /* one at a time */
        /* Over, and nothing else there: what is asked now waits as long as it may, and is not sent. */
        kubeworld_run(&x->w, 1800 * USEC_PER_MSEC);
        assert_in_range(get(x, &a, KUBE_UNREACHABLE), TIMEOUT_USEC - 50 * USEC_PER_MSEC, 2 * TIMEOUT_USEC);
        says(a.text, "has not ended yet");
        /* The plugin dies, and the next run gives one. */
        answer(x, "two", NULL, NULL, INT64_MAX);
        assert_int_equal(kill(pluginworld_pid(&x->p), SIGKILL), 0);
        wait_for_runs(x, 3);
        kubeworld_run(&x->w, 500 * USEC_PER_MSEC);
        expect_user(x, "system:serviceaccount:default:two");
        assert_string_equal(problem(x), "");
}

/* One that is over by our clock may be good by the server's. */
static void test_clock(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        allow(x, "one");
        answer(x, "one", NULL, NULL, -100 * (int64_t)USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
        kubeworld_run(&x->w, 2 * USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
        assert_int_equal(pluginworld_runs(&x->p), 1);
}

/* A 401 has it run again, at once and once; the 401 itself is the answer. */
static void test_refused(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        allow(x, "one");
        answer(x, "one", NULL, NULL, INT64_MAX);
        get(x, &a, KUBE_NOT_FOUND);
        allow(x, "two");
        answer(x, "two", NULL, NULL, INT64_MAX);
        withdraw(x, "one");
        kubeworld_run(&x->w, USEC_PER_SEC);
        assert_int_equal(pluginworld_runs(&x->p), 1);
        get(x, &a, KUBE_DENIED);
        assert_int_equal(a.code, 401);
        wait_for_runs(x, 2);
        kubeworld_run(&x->w, 300 * USEC_PER_MSEC);
        get(x, &a, KUBE_NOT_FOUND);

        /* None is taken: no loop. */
        withdraw(x, "two");
        for (unsigned i = 0; i < 60; i++) {
                get(x, &a, KUBE_DENIED);
                kubeworld_run(&x->w, 50 * USEC_PER_MSEC);
        }
        assert_in_range(pluginworld_runs(&x->p), 3, 6);
}

/* What is over before the plugin may be run again: that is waited for. (Of a plugin that hands out what it has kept.)
 */
static void test_short(void **state) {
        struct world *x = *state;
        uint64_t end = now(CLOCK_BOOTTIME) + 2 * USEC_PER_SEC;
        struct kubeworld_answer a;

        kubeworld_close(&x->w);
        kubeworld_open(&x->w, &x->config, 20 * USEC_PER_SEC);
        kube_set_plugin(x->w.kube, x->socket, /* patient= */ false);
        allow(x, "one");
        answer(x, "one", NULL, NULL, USEC_PER_SEC);
        while (now(CLOCK_BOOTTIME) < end)
                get(x, &a, KUBE_NOT_FOUND);
}

/* What the server refuses is nothing to go on with, however long it was to be good. */
static void test_refused_and_none(void **state) {
        struct world *x = *state;
        const struct kube_credentials *c;
        struct kubeworld_answer a;

        allow(x, "one");
        answer(x, "one", NULL, NULL, 3600 * (int64_t)USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
        c = kube_credentials(x->w.kube);
        assert_true(c->plugin_has_one && c->plugin_ends_usec > 0);
        withdraw(x, "one");
        pluginworld_set(&x->p, "fail", NULL);
        get(x, &a, KUBE_DENIED);
        for (uint64_t end = now(CLOCK_BOOTTIME) + 20 * USEC_PER_SEC; !problem(x)[0];) {
                assert_true(now(CLOCK_BOOTTIME) < end);
                kubeworld_run(&x->w, 50 * USEC_PER_MSEC);
        }
        says(problem(x), "failed with exit code 7");
        assert_false(c->plugin_has_one);

        /* It is sent all the same, and is one again when it is taken again for some time. */
        allow(x, "one");
        get(x, &a, KUBE_NOT_FOUND);
        assert_false(c->plugin_has_one);
        kubeworld_run(&x->w, 10 * USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
        assert_true(c->plugin_has_one && c->plugin_ends_usec > 0);
}

static void test_trouble(void **state) {
        static const struct {
                const char *mode, *answer, *text;
        } cases[] = {
                {"fail", NULL, "getting credentials: exec: executable PLUGIN failed with exit code 7"},
                {"crash", NULL, "exec: executable PLUGIN was killed by signal 11"},
                {"huge", NULL, "exec: executable PLUGIN printed more than 256 KiB"},
                {"answer", "no JSON at all", "getting credentials: decoding stdout"},
                {"answer", "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}",
                 "exec plugin didn't return a status field"},
                {"answer",
                 "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{}}",
                 "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned "
                 "version "
                 "client.authentication.k8s.io/v1beta1"},
        };
        struct world *x = *state;
        struct kubeworld_answer a;

        if (!x) {
                skip();
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *at = strstr(cases[i].text, "PLUGIN");
                char text[1000];

                (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at ? at - cases[i].text : 0), cases[i].text,
                               at ? x->p.command : "", at ? at + strlen("PLUGIN") : cases[i].text);
                pluginworld_set(&x->p, cases[i].mode, cases[i].answer);
                kubeworld_close(&x->w);
                kubeworld_open(&x->w, &x->config, 20 * USEC_PER_SEC);
                kube_set_plugin(x->w.kube, x->socket, /* patient= */ false);
                get(x, &a, KUBE_UNREACHABLE);
                says(a.text, text);
                says(problem(x), text);
                /* Between two runs nothing waits. */
                assert_true(get(x, &a, KUBE_UNREACHABLE) < 2 * USEC_PER_SEC);
        }
        /* Plugins that talk a lot, and leave a daemon, are fine. */
        allow(x, "one");
        answer(x, "one", NULL, NULL, INT64_MAX);
        pluginworld_set(&x->p, "flood", NULL);
        wait_for_runs(x, pluginworld_runs(&x->p) + 1);
        kubeworld_run(&x->w, USEC_PER_SEC);
        get(x, &a, KUBE_NOT_FOUND);
}

static void test_missing(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        char socket[220];

        x->p.exec.command = (char *)"no-such-plugin";
        x->p.exec.install_hint = (char *)"Install it:\n  apt install \x1b[31mit";
        get(x, &a, KUBE_UNREACHABLE);
        says(a.text, "getting credentials: exec: executable no-such-plugin not found");
        says(a.text, "Install it:   apt install ?[31mit");

        /* What ProtectHome= hides is no missing file to the kernel, but one that may not be looked at. */
        x->p.exec.command = (char *)"/etc/passwd";
        kubeworld_close(&x->w);
        open_kube(x, x->socket);
        get(x, &a, KUBE_UNREACHABLE);
        says(a.text, "executable /etc/passwd cannot be run: Permission denied (as the user leader-agent-exec, in "
                     "leader-agent-exec@.service, which sees no home directory without a drop-in)");

        /* Nobody there to run it. */
        (void)snprintf(socket, sizeof(socket), "%s.none", x->socket);
        kubeworld_close(&x->w);
        open_kube(x, socket);
        get(x, &a, KUBE_UNREACHABLE);
        says(a.text, "systemctl enable --now leader-agent-exec.socket");
        says(a.text, "No such file or directory");
}

/* What systemd cannot start (no such user, a LoadCredential= whose file is missing) accepts and hangs up. */
static void test_not_started(void **state) {
        struct world *x = *state;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct kubeworld_answer a;
        pid_t pid;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s.ends", x->socket);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 1), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                for (;;)
                        (void)close(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
        kubeworld_close(&x->w);
        open_kube(x, address.sun_path);
        get(x, &a, KUBE_UNREACHABLE);
        says(a.text, "what runs it ended without an answer");
        says(a.text, "journalctl -u 'leader-agent-exec@*'; where its user is missing: systemd-sysusers");
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void)close(fd);
}

/* As leaderctl does it: no socket. */
static void test_child(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        kubeworld_close(&x->w);
        open_kube(x, NULL);
        allow(x, "one");
        answer(x, "one", NULL, NULL, INT64_MAX);
        get(x, &a, KUBE_NOT_FOUND);
        kubeworld_close(&x->w);
        open_kube(x, NULL);
        x->p.exec.command = (char *)"no-such-plugin";
        get(x, &a, KUBE_UNREACHABLE);
        says(a.text, "executable no-such-plugin not found");
}

/* Who has no term to lose waits longer than a request may take. */
static void test_patient(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a = {};

        kube_set_plugin(x->w.kube, x->socket, /* patient= */ true);
        pluginworld_set(&x->p, "hang", NULL);
        assert_int_equal(kube_lock_get(x->w.kube, "default", "nothing", kubeworld_on_reply, &a, NULL), 0);
        kubeworld_run(&x->w, 2 * TIMEOUT_USEC);
        assert_false(a.is_there);
        assert_int_equal(kill(pluginworld_pid(&x->p), SIGKILL), 0);
        kubeworld_wait(&x->w, &a.is_there);
        kubeworld_expect(&a, KUBE_UNREACHABLE, "kube_lock_get");
        says(a.text, "was killed by signal 9");
}

/* Watches wait, too, and begin with it; who gives up while waiting leaves nothing. */
static void test_watch(void **state) {
        struct world *x = *state;
        struct kubeworld_seen seen = {}, other = {};
        struct kubeworld_answer a = {};
        struct kube_slot *watch = NULL, *second = NULL, *slot = NULL;

        pluginworld_set(&x->p, "hang", NULL);
        assert_int_equal(kube_watch_lock(x->w.kube, "default", "l", kubeworld_on_watch, &seen, &watch), 0);
        assert_int_equal(kube_watch_lock(x->w.kube, "default", "l", kubeworld_on_watch, &other, &second), 0);
        assert_int_equal(kube_lock_get(x->w.kube, "default", "l", kubeworld_on_reply, &a, &slot), 0);
        wait_for_runs(x, 1);
        kubeworld_run(&x->w, 300 * USEC_PER_MSEC);
        assert_int_equal(seen.n, 0);
        slot = kube_slot_free(slot);
        second = kube_slot_free(second);
        allow(x, "one");
        answer(x, "one", NULL, NULL, INT64_MAX);
        while (pluginworld_pid(&x->p) == 0)
                kubeworld_run(&x->w, 20 * USEC_PER_MSEC);
        assert_int_equal(kill(pluginworld_pid(&x->p), SIGKILL), 0);
        kubeworld_wait_last(&x->w, &seen, 'A');
        assert_int_equal(other.n, 0);
        assert_false(a.is_there);
        kube_slot_free(watch);
}

/* An agent that ends, or starts anew, takes the plugin with it. */
static void test_end(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a = {};
        pid_t pid;

        pluginworld_set(&x->p, "hang", NULL);
        assert_int_equal(kube_lock_get(x->w.kube, "default", "l", kubeworld_on_reply, &a, NULL), 0);
        while (pluginworld_pid(&x->p) == 0)
                kubeworld_run(&x->w, 20 * USEC_PER_MSEC);
        pid = pluginworld_pid(&x->p);
        kubeworld_close(&x->w);
        assert_true(pluginworld_is_gone(pid));
        assert_false(a.is_there);
        open_kube(x, x->socket);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_IN(f, l)                                                                                                  \
        { #f " (" #l ")", f, setup_##l, teardown, NULL }
        const struct CMUnitTest tests[] = {
                TEST(test_token),
                TEST_IN(test_token, python),
                TEST_IN(test_token, go),
                TEST(test_certificate),
                TEST(test_other_key),
                TEST(test_expiry),
                TEST(test_clock),
                TEST(test_refused),
                TEST(test_refused_and_none),
                TEST(test_short),
                TEST(test_trouble),
                TEST(test_missing),
                TEST(test_not_started),
                TEST(test_child),
                TEST(test_watch),
                TEST(test_patient),
                TEST(test_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
