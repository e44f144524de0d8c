/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl fence and list as they are installed, against the test API server: what a human is told, what is done, and
 * that nothing is done any more as soon as the lock is not the one that was shown. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "../lib/kubeworld.h"
#include "../lib/sim.h"

#define NS   "default"
#define LOCK "a-lock"
/* leaderctl's user; the test itself is admin, so that faults meet only leaderctl. */
#define USER "\"user\":\"system:serviceaccount:default:agent\""

struct world {
        struct sim sim;
        struct kubeworld w;
        struct placeholder_object owner;
        struct lock_object lock; /* as it was created */
};

static char leaderctl[PATH_MAX];

/* ---- running leaderctl ---- */

struct child {
        pid_t pid;
        int out, err;
        int status;
        char out_text[16384], err_text[8192];
};

static void child_start(struct world *x, struct child *c, const char *input, const char *const *arguments) {
        char *argv[24] = {(char *)"leaderctl"};
        int in[2], out[2], err[2];

        memset(c, 0, sizeof(*c));
        for (size_t i = 0; arguments[i]; i++) {
                assert_true(i + 2 < ELEMENTSOF(argv));
                argv[i + 1] = (char *)arguments[i];
        }
        assert_int_equal(setenv("KUBECONFIG", tempdir_path(&x->sim.dir, "kc"), 1), 0);
        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        assert_int_equal(pipe2(err, O_CLOEXEC), 0);
        assert_int_equal(write(in[1], input, strlen(input)), (ssize_t)strlen(input));
        c->pid = fork();
        assert_true(c->pid >= 0);
        if (c->pid == 0) {
                (void)alarm(120);
                (void)dup2(in[0], STDIN_FILENO);
                (void)dup2(out[1], STDOUT_FILENO);
                (void)dup2(err[1], STDERR_FILENO);
                execv(leaderctl, argv);
                _exit(127);
        }
        (void)close(in[0]);
        (void)close(in[1]);
        (void)close(out[1]);
        (void)close(err[1]);
        c->out = out[0];
        c->err = err[0];
}

static bool drain(int fd, char *text, size_t size) {
        size_t n = strlen(text);
        ssize_t k = read(fd, text + n, size - 1 - n);

        if (k > 0)
                text[n + (size_t)k] = '\0';
        return k > 0;
}

static void child_end(struct child *c) {
        struct pollfd p[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};

        while (p[0].fd >= 0 || p[1].fd >= 0) {
                assert_true(poll(p, 2, 120000) > 0);
                if (p[0].revents && !drain(c->out, c->out_text, sizeof(c->out_text)))
                        p[0].fd = -1;
                if (p[1].revents && !drain(c->err, c->err_text, sizeof(c->err_text)))
                        p[1].fd = -1;
        }
        (void)close(c->out);
        (void)close(c->err);
        assert_int_equal(waitpid(c->pid, &c->status, 0), c->pid);
        assert_true(WIFEXITED(c->status));
        c->status = WEXITSTATUS(c->status);
}

/* The last one, for looking closer. */
static struct child last;

static void expect(int status, const char *out, const char *err) {
        if (last.status != status || !strstr(last.out_text, out) || !strstr(last.err_text, err))
                fail_msg("status %d, expected %d, \"%s\", \"%s\"\n%s---\n%s", last.status, status, out, err,
                         last.out_text, last.err_text);
}

#define START(x, input, ...) child_start(x, &last, input, (const char *const[]){__VA_ARGS__, NULL})
#define RUN(x, input, ...)                                                                                             \
        do {                                                                                                           \
                START(x, input, __VA_ARGS__);                                                                          \
                child_end(&last);                                                                                      \
        } while (0)
#define FENCE "fence", LOCK, "--holder", "host-1", "--reason", "it burnt down", "--yes"

/* ---- the world ---- */

static int setup(void **state) {
        struct world *x = calloc(1, sizeof(*x));
        struct kubeworld_answer a;
        char text[1024];

        assert_non_null(x);
        (void)alarm(280);
        sim_start(&x->sim);
        kubeworld_open(&x->w, &x->sim.config, 0);
        kubeworld_fill_placeholder(&x->owner, PLACEHOLDER_LEASE, NS, "an-owner");
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_create, &x->owner);
        x->owner = a.placeholder;
        kubeworld_fill_lock(&x->lock, &x->owner, LOCK);
        x->lock.tenure = TENURE_LIFE;
        x->lock.lease_duration_usec = 0;
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &x->lock);
        x->lock = a.lock;
        (void)snprintf(text, sizeof(text),
                       "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                       "clusters: [{name: k, cluster: {server: '%s', certificate-authority: ca.crt}}]\n"
                       "users: [{name: u, user: {token: " SIM_TOKEN "}}]\n",
                       x->sim.url);
        (void)tempdir_write(&x->sim.dir, "kc", text);
        *state = x;
        return 0;
}

static int teardown(void **state) {
        struct world *x = *state;

        kubeworld_close(&x->w);
        sim_stop(&x->sim);
        free(x);
        (void)alarm(0);
        return 0;
}

static struct lock_object read_lock(struct world *x) {
        struct kubeworld_answer a;

        CALL(&x->w, &a, KUBE_OK, kube_lock_get, NS, LOCK);
        return a.lock;
}

static void assert_gone(struct world *x) {
        struct kubeworld_answer a;

        CALL(&x->w, &a, KUBE_NOT_FOUND, kube_lock_get, NS, LOCK);
}

static void assert_untouched(struct world *x) {
        assert_string_equal(read_lock(x).version, x->lock.version);
}

/* A lock again, after one was fenced. */
static void hold_again(struct world *x, const char *succeeds) {
        struct lock_object l = x->lock;
        struct kubeworld_answer a;

        (void)util_copy(l.succeeds, sizeof(l.succeeds), succeeds);
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &l);
        x->lock = a.lock;
}

static size_t collect(char *data, size_t size, size_t n, void *userdata) {
        char *text = userdata;

        (void)strncat(text, data, size * n < 65535 - strlen(text) ? size * n : 65535 - strlen(text));
        return size * n;
}

/* As admin; body NULL: GET, else POST. */
static char *fetch(struct world *x, const char *path, const char *body) {
        static char text[65536];
        char url[256];
        CURL *c = curl_easy_init();
        struct curl_slist *type = curl_slist_append(NULL, "Content-Type: application/json");

        assert_non_null(c);
        text[0] = '\0';
        (void)snprintf(url, sizeof(url), "%s%s", x->sim.url, path);
        (void)curl_easy_setopt(c, CURLOPT_URL, url);
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, tempdir_path(&x->sim.dir, "ca.crt"));
        (void)curl_easy_setopt(c, CURLOPT_SSLCERT, tempdir_path(&x->sim.dir, "admin.crt"));
        (void)curl_easy_setopt(c, CURLOPT_SSLKEY, tempdir_path(&x->sim.dir, "admin.key"));
        (void)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
        (void)curl_easy_setopt(c, CURLOPT_TIMEOUT, 20L);
        (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
        (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, text);
        (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, type);
        if (body)
                (void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
        assert_int_equal(curl_easy_perform(c), CURLE_OK);
        curl_slist_free_all(type);
        curl_easy_cleanup(c);
        return text;
}

#define EVENTS "/apis/events.k8s.io/v1/namespaces/" NS "/events"

/* ---- fence ---- */

static void test_fence(void **state) {
        struct world *x = *state;
        const char *events;

        RUN(x, "", FENCE);
        expect(0, "fenced: lock default/a-lock is free, host-1 holds it no more\n", "");
        assert_non_null(strstr(last.out_text, x->lock.uid));
        assert_non_null(strstr(last.out_text, x->lock.version));
        assert_non_null(strstr(last.out_text, "a.service"));
        assert_gone(x);
        events = fetch(x, EVENTS, NULL);
        assert_non_null(strstr(events, "\"Fenced\""));
        assert_non_null(strstr(events, "host-1 is dead: it burnt down"));
        assert_non_null(strstr(events, x->lock.uid));

        RUN(x, "", FENCE);
        expect(1, "", "leaderctl: there is no lock default/a-lock: nothing to fence\n");

        /* Events forbidden: not a word, and nothing waits. */
        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"create\",\"resource\":\"events\"}");
        hold_again(x, "");
        RUN(x, "", FENCE);
        expect(0, "fenced: ", "");
        assert_string_equal(last.err_text, "");
        assert_gone(x);
}

static void test_nothing_done(void **state) {
        struct world *x = *state;

        RUN(x, "", "fence", LOCK, "--holder", "host-2", "--reason", "r", "--yes");
        expect(1, "host-1", "leaderctl: the holder is 'host-1', not 'host-2' (--holder): nothing was done\n");
        RUN(x, "", "fence", LOCK, "--holder", "host-1", "--reason", "r");
        expect(1, "Type the identity (host-1) to go on: ", "leaderctl: not confirmed: nothing was done\n");
        RUN(x, "y\n", "fence", LOCK, "--holder", "host-1", "--reason", "r");
        expect(1, "", "not confirmed");
        RUN(x, "host-1\n", "fence", LOCK, "--holder", "host-1", "--reason", "r", "--namespace", "other");
        expect(1, "", "there is no lock other/a-lock");
        RUN(x, "", "fence", LOCK, "--holder", "host-1", "--reason", "two\nlines", "--yes");
        expect(2, "", "one line of at most 200 bytes");
        RUN(x, "", "fence", LOCK, "--holder", "host-1", "--reason", "\xff", "--yes");
        expect(2, "", "one line of at most 200 bytes");
        assert_untouched(x);

        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"patch\",\"resource\":\"configmaps\"}");
        RUN(x, "", FENCE);
        expect(1, "", "leaderctl: fence: cannot record who, when and why: ");
        assert_non_null(strstr(last.err_text, "Forbidden"));
        assert_non_null(strstr(last.err_text, "Nothing more was done.\nNow it is:\n"));
        assert_untouched(x);
        sim_control(&x->sim, "DELETE", "deny", NULL);

        RUN(x, "host-1\n", "fence", "default/" LOCK, "--holder", "host-1", "--reason", "typed");
        expect(0, "fenced: ", "");
        assert_gone(x);
}

static void test_kubeconfig(void **state) {
        struct world *x = *state;

        (void)tempdir_write(&x->sim.dir, "kc", "users: [{name: u, user: {exec: {command: x}}}]\nclusters: [");
        RUN(x, "", FENCE);
        expect(1, "", "/kc");
        /* A file that it names is not there: that is said, and not that there is no kubeconfig. */
        (void)tempdir_write(&x->sim.dir, "kc",
                            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                            "clusters: [{name: k, cluster: {server: 'https://h', certificate-authority: gone.crt}}]\n"
                            "users: [{name: u, user: {token: t}}]\n");
        RUN(x, "", "list");
        expect(1, "", "leaderctl: unable to read certificate-authority ");
        expect(1, "", "/gone.crt for k due to No such file or directory (");
        (void)unlink(tempdir_path(&x->sim.dir, "kc"));
        RUN(x, "", "list");
        expect(1, "", "leaderctl: no configuration has been provided: there is no file ");
        expect(1, "",
               "/kc; say which one (leaderctl list, fence: --kubeconfig FILE, on an agent's host as root --kubeconfig "
               "/etc/leader-agent/kubeconfig; leader-agent: kubeconfig = \"FILE\" in leader-agent.conf)\n");
        RUN(x, "", "list", "--kubeconfig", "/nonexistent/kubeconfig");
        expect(1, "", "/nonexistent/kubeconfig\": No such file or directory");
        assert_untouched(x);
}

/* Until leaderctl's annotation is there. */
static struct lock_object wait_annotated(struct world *x) {
        struct lock_object l = read_lock(x);

        while (!*l.fenced) {
                kubeworld_run(&x->w, 5 * USEC_PER_MSEC);
                l = read_lock(x);
        }
        return l;
}

/* The host comes back and writes its boot id before the DELETE arrives. */
static void test_host_returns(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        struct lock_object l;

        sim_fault(&x->sim, "{\"verb\":\"delete\"," USER "}", "{\"delay_ms\":3500}");
        START(x, "", FENCE);
        l = wait_annotated(x);
        CALL(&x->w, &a, KUBE_OK, kube_lock_adopt, &l, "b2");
        child_end(&last);
        expect(1, "", "leaderctl: fence: cannot delete the lock: ");
        assert_non_null(strstr(last.err_text, "The lock has changed since it was shown. Nothing more was done.\n"));
        assert_non_null(strstr(last.err_text, "has booted and taken its lock up again. It is not dead.\n"));
        l = read_lock(x);
        assert_string_equal(l.version, a.lock.version);
        assert_string_equal(l.boot_id, "b2");
        assert_string_equal(l.fenced, ""); /* what did not happen is not on record for the next holder */
        assert_false(l.deleting);
        assert_true(l.has_finalizer);
        assert_null(strstr(fetch(x, EVENTS, NULL), "Fenced"));
}

/* It changes between the question and the annotation. */
static void test_changed_while_asked(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        sim_fault(&x->sim, "{\"verb\":\"patch\"," USER "}", "{\"delay_ms\":3500}");
        START(x, "", FENCE);
        /* The first line is written after the lock was read. */
        while (!strstr(last.out_text, "\n"))
                assert_true(drain(last.out, last.out_text, sizeof(last.out_text)));
        CALL(&x->w, &a, KUBE_OK, kube_lock_adopt, &x->lock, "b2");
        child_end(&last);
        expect(1, "", "leaderctl: fence: cannot record who, when and why: ");
        assert_non_null(strstr(last.err_text, "It is not dead.\n"));
        assert_string_equal(read_lock(x).version, a.lock.version);
}

/* Between DELETE and removal somebody writes, or removes it. */
static void test_changed_when_marked(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        struct lock_object l;

        for (unsigned removed = 0; removed < 2; removed++) {
                /* Executed at once, answered later: leaderctl must go on with the version of that answer. */
                sim_fault(&x->sim, "{\"verb\":\"delete\"," USER "}", "{\"hold_ms\":3500}");
                START(x, "", FENCE);
                do
                        l = wait_annotated(x);
                while (!l.deleting);
                if (removed) {
                        CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, l.uid, l.version);
                        child_end(&last);
                        expect(0, "somebody removed it just before", "");
                        assert_gone(x);
                } else {
                        CALL(&x->w, &a, KUBE_OK, kube_lock_annotate, &l, "example.org/x", "y");
                        child_end(&last);
                        expect(1, "", "leaderctl: fence: cannot remove the finalizer: ");
                        assert_non_null(strstr(last.err_text, "run the same command again: it goes on from here.\n"));
                        assert_string_equal(read_lock(x).version, a.lock.version);
                        RUN(x, "", FENCE);
                        expect(0, "fenced: ", "");
                        assert_gone(x);
                        hold_again(x, "");
                }
                sim_heal(&x->sim);
        }
}

/* Somebody deleted the lock and now wonders why it stays. */
static void test_marked_by_others(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;

        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, x->lock.uid, NULL);
        RUN(x, "", FENCE);
        expect(0, "being deleted    yes\n", "");
        assert_non_null(strstr(last.out_text, "fenced: lock"));
        assert_gone(x);
        assert_non_null(strstr(fetch(x, EVENTS, NULL), "it burnt down"));
}

/* No answer to each of the writes, executed or not: what is there is told, and the same command completes it. */
static void test_unknown_outcomes(void **state) {
        static const struct {
                const char *verb;
                unsigned skip; /* requests of that verb before */
                const char *action;
                int status;
                const char *out, *err;
        } rows[] = {
                {"patch", 0, "{\"drop\":\"before\"}", 1, "", "It is still held."},
                {"patch", 0, "{\"drop\":\"after\"}", 1, "", "It is still held."},
                {"delete", 0, "{\"drop\":\"before\"}", 1, "", "It is still held."},
                {"delete", 0, "{\"drop\":\"after\"}", 1, "", "It is marked for deletion"},
                {"delete", 0, "{\"status\":504}", 1, "", "It is still held."},
                {"patch", 1, "{\"drop\":\"before\"}", 1, "", "It is marked for deletion"},
                {"patch", 1, "{\"drop\":\"after\"}", 0, "but it was done", ""},
                {"patch", 1, "{\"truncate\":30}", 0, "but it was done", ""},
        };
        struct world *x = *state;
        char match[256];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                (void)snprintf(match, sizeof(match), "{\"verb\":\"%s\",\"count\":1," USER "}", rows[i].verb);
                for (unsigned s = 0; s < rows[i].skip; s++)
                        sim_fault(&x->sim, match, "{\"delay_ms\":0}");
                sim_fault(&x->sim, match, rows[i].action);
                RUN(x, "", FENCE);
                expect(rows[i].status, rows[i].out, rows[i].err);
                sim_heal(&x->sim);
                if (rows[i].status != 0) {
                        assert_non_null(strstr(last.err_text, "it may have been done, or be done later. "));
                        RUN(x, "", "fence", LOCK, "--holder", "host-1", "--reason", "second time", "--yes");
                        expect(0, "fenced: ", "");
                }
                assert_gone(x);
                hold_again(x, "");
        }
}

static void test_not_ours(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        struct placeholder_object pod;
        char body[512];

        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, LOCK, x->lock.uid, NULL);
        CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, LOCK, x->lock.uid, a.lock.version);
        (void)fetch(x, "/api/v1/namespaces/" NS "/configmaps",
                    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" LOCK "\"}}");
        RUN(x, "", FENCE);
        expect(1, "",
               "leaderctl: default/a-lock names no holder of leader-agent's (damaged: has no owner and no record");
        assert_false(read_lock(x).deleting);
        RUN(x, "", "list", LOCK);
        expect(0, "damaged", "");
        assert_non_null(strstr(last.out_text, "kubectl -n default patch configmap a-lock --type=merge"));

        kubeworld_fill_placeholder(&pod, PLACEHOLDER_POD, NS, "an-operator-0");
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_create, &pod);
        (void)snprintf(body, sizeof(body),
                       "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"in-cluster\","
                       "\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"an-operator-0\","
                       "\"uid\":\"%s\"}]}}",
                       a.placeholder.uid);
        (void)fetch(x, "/api/v1/namespaces/" NS "/configmaps", body);
        RUN(x, "", "fence", "in-cluster", "--holder", "host-1", "--reason", "r", "--yes");
        expect(1, "", "names no holder of leader-agent's (foreign)");
        RUN(x, "", "list", "in-cluster");
        expect(0, "default/in-cluster  foreign  an-operator-0  -     -       ", "");
        assert_non_null(strstr(last.out_text, "    held by Pod an-operator-0 of an operator in the cluster\n"));
        /* They have no label of ours. */
        RUN(x, "", "list");
        expect(0, "", "No locks of leader-agent found in namespace default (others are shown when named).\n");
}

/* ---- list ---- */

/* Every name in the JSON is a term of leaderctl(1). */
static void assert_documented(const char *json) {
        _cleanup_free_ char *page = NULL;
        FILE *f = fopen("docs/man/leaderctl.1.scd", "re");
        size_t size = 0;
        char term[64];

        assert_non_null(f);
        assert_true(getdelim(&page, &size, '\0', f) > 0);
        (void)fclose(f);
        for (const char *at = json, *end; (at = strchr(at, '"')); at = end + 1) {
                end = strchr(at + 1, '"');
                assert_non_null(end);
                (void)snprintf(term, sizeof(term), "*%.*s*", (int)(end - at - 1), at + 1);
                if (end[1] == ':' && !strstr(page, term))
                        fail_msg("leaderctl(1) has no %s", term);
        }
}

static void test_list(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        struct placeholder_object owner;
        struct lock_object l = x->lock;

        (void)util_copy(l.name, sizeof(l.name), "b-lock");
        (void)util_copy(l.unit, sizeof(l.unit), "b.service");
        (void)util_copy(l.succeeds, sizeof(l.succeeds), "me@there at 2030: host-0 is dead: why");
        l.tenure = TENURE_LEASE;
        l.lease_duration_usec = 15 * USEC_PER_SEC;
        kubeworld_fill_placeholder(&owner, PLACEHOLDER_LEASE, NS, "an-owner-lease");
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_create, &owner);
        (void)util_copy(l.placeholder_name, sizeof(l.placeholder_name), owner.name);
        (void)util_copy(l.placeholder_uid, sizeof(l.placeholder_uid), a.placeholder.uid);
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &l);
        assert_string_equal(a.lock.succeeds, l.succeeds);
        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, "b-lock", a.lock.uid, NULL);
        RUN(x, "", "list");
        expect(0, "LOCK            STATE     HOLDER  UNIT       TENURE  AGE", "");
        assert_non_null(strstr(last.out_text, "default/a-lock  held      host-1  a.service  life    "));
        assert_non_null(strstr(last.out_text, "default/b-lock  deleting  host-1  b.service  lease   "));
        assert_non_null(strstr(last.out_text,
                               "s ago\n    goes when b.service has stopped on host-1.example.org; if that "
                               "host is dead: leaderctl fence default/b-lock --holder host-1 --reason TEXT\n"));
        assert_non_null(strstr(last.out_text, "    before it: me@there at 2030: host-0 is dead: why\n"));
        assert_string_equal(last.err_text, "");

        RUN(x, "", "list", "--json");
        expect(0, "{\"format\":1,\"locks\":[{\"lock\":\"default/a-lock\",\"lockUid\":\"", "");
        assert_non_null(strstr(last.out_text, "\"lastHeartbeat\":\""));
        assert_documented(last.out_text);
        assert_non_null(strstr(last.out_text, owner.renew_time));
        assert_non_null(strstr(last.out_text, "\"holderIdentity\":\"host-1\""));
        assert_non_null(strstr(last.out_text, "\"previousFenced\":\"me@there at 2030: host-0 is dead: why\""));
        RUN(x, "", "list", "-A");
        expect(0, "default/b-lock", "");
        RUN(x, "", "list", "-n", "empty");
        expect(0, "", "No locks of leader-agent found in namespace empty (others are shown when named).\n");
        assert_string_equal(last.out_text, "");
        RUN(x, "", "list", "-n", "empty", "--json");
        expect(0, "{\"format\":1,\"locks\":[]}\n", "");
        RUN(x, "", "list", "default/a-lock", "nowhere");
        expect(1, "default/a-lock", "leaderctl: there is no lock default/nowhere: nobody holds it\n");
        assert_null(strstr(last.out_text, "b-lock"));
        RUN(x, "", "list", "-A", LOCK);
        expect(2, "", "leaderctl list: --all-namespaces goes with neither");
        RUN(x, "", "list", "Not_a_name");
        expect(2, "", "'Not_a_name' cannot be the name of a lock");

        sim_control(&x->sim, "POST", "gc", "{\"enabled\":false}");
        CALL(&x->w, &a, KUBE_OK, kube_placeholder_delete, PLACEHOLDER_LEASE, NS, "an-owner", x->owner.uid, NULL);
        RUN(x, "", "list", "a-lock");
        expect(0, "    its owner Lease/an-owner is gone: the holder stops and releases\n", "");
        sim_control(&x->sim, "POST", "deny", "{\"verb\":\"list\"}");
        RUN(x, "", "list");
        expect(1, "", "Forbidden");
        assert_non_null(strstr(last.err_text, "Without the right to list, name the locks.\n"));
        assert_string_equal(last.out_text, "");
        sim_fault(&x->sim, "{\"verb\":\"list\"}",
                  "{\"status\":200,\"body\":\"<html>\",\"content_type\":\"text/html\"}");
        RUN(x, "", "list");
        expect(1, "", "leaderctl: list configmaps of default: ");
}

/* A host whose configuration names another lock for the unit: both hold one, and each is told of with its holder. In
 * the JSON each names the other. The exit status says nothing of it. */
static void test_list_same_unit(void **state) {
        struct world *x = *state;
        struct kubeworld_answer a;
        struct lock_object l = x->lock;

        (void)util_copy(l.name, sizeof(l.name), "b-lock");
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &l);
        RUN(x, "", "list");
        expect(0, "default/b-lock", "");
        assert_string_equal(last.err_text, ""); /* the same host: no second unit can be */
        CALL(&x->w, &a, KUBE_OK, kube_lock_delete, NS, "b-lock", a.lock.uid, NULL);
        CALL(&x->w, &a, KUBE_OK, kube_lock_strip, NS, "b-lock", a.lock.uid, a.lock.version);

        (void)util_copy(l.identity, sizeof(l.identity), "host-2");
        CALL(&x->w, &a, KUBE_OK, kube_lock_create, &l);
        RUN(x, "", "list");
        expect(0, "default/b-lock",
               "leaderctl: warning: a.service is the unit of 2 locks that different hosts hold: "
               "default/a-lock (host-1), default/b-lock (host-2). Is that one service? Then it may run on each");
        RUN(x, "", "list", "--json");
        expect(0, "\"sameUnit\":[\"default/b-lock\"]", "");
        expect(0, "\"sameUnit\":[\"default/a-lock\"]", "");
        assert_documented(last.out_text);
        assert_string_equal(last.err_text, "");
        /* What is not shown is not known. */
        RUN(x, "", "list", LOCK);
        expect(0, "default/a-lock", "");
        assert_string_equal(last.err_text, "");
        RUN(x, "", "list", LOCK, "--json");
        expect(0, "\"sameUnit\":[]", "");
        RUN(x, "", "list", LOCK, "b-lock", LOCK);
        expect(0, "", "is the unit of 2 locks that different hosts hold: default/a-lock (host-1), default/b-lock");
}

int main(void) {
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                WITH_SERVER(test_fence),
                WITH_SERVER(test_nothing_done),
                WITH_SERVER(test_kubeconfig),
                WITH_SERVER(test_host_returns),
                WITH_SERVER(test_changed_while_asked),
                WITH_SERVER(test_changed_when_marked),
                WITH_SERVER(test_marked_by_others),
                WITH_SERVER(test_unknown_outcomes),
                WITH_SERVER(test_not_ours),
                WITH_SERVER(test_list),
                WITH_SERVER(test_list_same_unit),
        };
        /* BUILD/tests/integration/test_fence → BUILD/leaderctl */
        ssize_t n = readlink("/proc/self/exe", leaderctl, sizeof(leaderctl) - sizeof("/leaderctl"));

        if (n <= 0)
                return 1;
        leaderctl[n] = '\0';
        for (int i = 0; i < 3; i++)
                *strrchr(leaderctl, '/') = '\0';
        (void)strcat(leaderctl, "/leaderctl");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
