/* SPDX-License-Identifier: Apache-2.0 */
/* A step-down that is not forced, from a call on the bus to what the core is told: refused where the test API server
 * shows that nobody could take over. The client is a child, as leaderctl would be. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../lib/core_builder.h"
#include "../lib/kubeworld.h"
#include "../lib/privatebus.h"
#include "../lib/sim.h"
#include "daemon/agent_parts.h"

/* Only to detect a hang. */
#define HANG_USEC (60 * USEC_PER_SEC)

static const char policy[] =
        "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\"/><allow "
        "receive_sender=\"*\"/></policy>";

static struct sim sim;
static struct kubeworld w;
static struct privatebus bus;
static struct agent a;
static struct core_lock core_locks[1];
static struct core_placeholder core_placeholders[N_TENURES];
static struct agent_lock lock, *locks[1];
static struct agent_namespace namespace_;
static struct agent_placeholder own[N_TENURES], *own_list[N_TENURES];
static char identity[128];
static struct placeholder_object made[8];
static unsigned n_made;

static void term(enum tenure tenure) {
        core_locks[0] = (struct core_lock){.conf = builder_election_conf(tenure), .placeholder = {0, 1}};
        election_init(&core_locks[0].election);
        core_locks[0].election.state = ELECTION_LEADING;
        core_locks[0].election.lock.fact =
                (struct lock_fact){.sort = LOCK_SOUND, .tenure = tenure, .uid = 7, .duration_usec = 30 * USEC_PER_SEC};
        lock.own.tenure = tenure;
}

static int setup(_unused_ void **state) {
        const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};
        struct err err = {};

        (void)alarm(300);
        privatebus_init(&bus, policy);
        privatebus_start(&bus);
        kubeworld_open(&w, &sim.config, 2 * USEC_PER_SEC);
        a = (struct agent){.kube = w.kube, .locks = locks, .n_locks = 1, .placeholders = own_list};
        a.n_placeholders = N_TENURES;
        a.core = (struct core){.locks = core_locks, .placeholders = core_placeholders, .n_placeholders = N_TENURES};
        a.core.n_locks = 1;
        assert_int_equal(store_open(&a.store, tempdir_path(&bus.dir, "state"), &host, &err), 0);
        (void)util_copy(identity, sizeof(identity), store_identity(a.store));
        for (unsigned t = 0; t < N_TENURES; t++) {
                core_placeholders[t] = (struct core_placeholder){.conf = builder_placeholder_conf((uint8_t)t)};
                placeholder_init(&core_placeholders[t].placeholder);
                own[t] = (struct agent_placeholder){
                        .agent = &a, .index = t, .kind = PLACEHOLDER_LEASE, .tenure = (enum tenure)t};
                own_list[t] = &own[t];
        }
        namespace_ = (struct agent_namespace){.agent = &a, .state = AGENT_NAMESPACE_KNOWN};
        lock = (struct agent_lock){.agent = &a, .conf = &lock.own, .namespace_ = &namespace_};
        lock.own.namespace_ = strdup("default");
        lock.own.name = strdup("app");
        lock.own.unit = strdup("app.service");
        lock.own.keys.step_down_hold_usec = 10 * USEC_PER_SEC;
        (void)snprintf(lock.title, sizeof(lock.title), "%s/app", lock.own.namespace_);
        locks[0] = &lock;
        term(TENURE_LIFE);
        assert_int_equal(bus_serve(&a.bus, w.event, &agent_bus_handlers, &a, &err), 0);
        return 0;
}

static int teardown(_unused_ void **state) {
        struct kubeworld_answer answer;

        sim_heal(&sim);
        sim_control(&sim, "DELETE", "deny", NULL);
        for (; n_made > 0; n_made--) {
                const struct placeholder_object *p = &made[n_made - 1];

                CALL(&w, &answer, KUBE_OK, kube_placeholder_delete, p->kind, p->ns, p->name, p->uid, NULL);
        }
        agent_step_downs_free(&a);
        a.bus = bus_free(a.bus);
        kubeworld_close(&w);
        store_close(a.store);
        conf_lock_done(&lock.own);
        free(a.inbox.posts);
        privatebus_done(&bus);
        (void)alarm(0);
        return 0;
}

/* ---- a call ---- */

struct answer {
        int r;
        char text[1024];
};

static pid_t call(bool force, int *ret_fd) {
        const char *const arguments[] = {"app", "for a test", NULL};
        struct answer answer = {};
        struct err err = {};
        int fds[2];
        pid_t pid;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                do { /* until the name is served */
                        err.text[0] = '\0';
                        answer.r = bus_client_call(force ? "ForceStepDown" : "StepDown", arguments, NULL, &err);
                } while (answer.r == -EHOSTDOWN);
                (void)snprintf(answer.text, sizeof(answer.text), "%s", err.text);
                _exit(write(fds[1], &answer, sizeof(answer)) == sizeof(answer) ? 0 : 1);
        }
        close(fds[1]);
        *ret_fd = fds[0];
        return pid;
}

/* As the loop of the agent does it, but that what is posted stays. */
static struct answer answer_of(pid_t pid, int fd) {
        struct answer answer;
        int status;

        for (uint64_t waited = 0; waitpid(pid, &status, WNOHANG) == 0; waited += 10 * USEC_PER_MSEC) {
                assert_true(waited < HANG_USEC);
                (void)agent_step_down_update(&a, clock_boottime_usec());
                assert_true(sd_event_run(w.event, 10 * USEC_PER_MSEC) >= 0);
        }
        assert_int_equal(status, 0);
        assert_int_equal(read(fd, &answer, sizeof(answer)), sizeof(answer));
        close(fd);
        assert_null(a.hand_overs);
        return answer;
}

static struct answer step_down(bool force) {
        int fd;
        pid_t pid = call(force, &fd);

        return answer_of(pid, fd);
}

static bool was_told(void) {
        struct agent_post post;
        bool told = agent_take_post(&a, &post);

        if (told)
                assert_int_equal(post.lock_event.type, ELECTION_EV_STEP_DOWN);
        assert_false(agent_take_post(&a, &(struct agent_post){}));
        return told;
}

static void refused(const char *cause) {
        struct answer answer = step_down(false);

        assert_string_equal(answer.text, cause);
        assert_int_equal(answer.r, -EBUSY);
        assert_false(was_told());
}

static void refused_like(const char *begin, const char *end) {
        struct answer answer = step_down(false);
        size_t n = strlen(answer.text), n_end = strlen(end);

        if (strncmp(answer.text, begin, strlen(begin)) != 0 || n < n_end || strcmp(answer.text + n - n_end, end) != 0)
                fail_msg("\"%s\", expected \"%s\" … \"%s\"", answer.text, begin, end);
        assert_int_equal(answer.r, -EBUSY);
        assert_false(was_told());
}

static void carried_out(bool force) {
        struct answer answer = step_down(force);

        assert_string_equal(answer.text, "");
        assert_int_equal(answer.r, 0);
        assert_true(was_told());
}

static void deny(const char *verb, const char *resource) {
        char body[200];

        (void)snprintf(body, sizeof(body), "{\"verb\":\"%s\",\"resource\":\"%s\"}", verb, resource);
        sim_control(&sim, "POST", "deny", body);
}

static void make(const char *who, const char *name, const char *claim, enum placeholder_kind kind) {
        struct placeholder_object p;
        struct kubeworld_answer answer;

        kubeworld_fill_placeholder(&p, kind, "default", name);
        (void)util_copy(p.identity, sizeof(p.identity), who);
        (void)util_copy(p.claim, sizeof(p.claim), claim);
        CALL(&w, &answer, KUBE_OK, kube_placeholder_create, &p);
        assert_true(n_made < ELEMENTSOF(made));
        made[n_made++] = answer.placeholder;
}

/* As an agent of that identity has it. */
static void placeholder(const char *who, enum tenure tenure, enum placeholder_kind kind) {
        char name[254];

        assert_true(placeholder_name(name, sizeof(name), who, tenure));
        make(who, name, "00112233445566778899aabbccddeeff", kind);
}

/* ---- tests ---- */

#define ALONE                                                                                                          \
        "there is no other agent to take over (namespace default has no Lease of one): app.service would run "         \
        "nowhere until this host takes part again (step_down_hold: 10s)"

/* Known is who has a placeholder; whether he could lead is not. */
static void test_others(_unused_ void **state) {
        refused(ALONE);
        placeholder(identity, TENURE_LIFE, PLACEHOLDER_LEASE); /* our own */
        placeholder(identity, TENURE_LEASE, PLACEHOLDER_LEASE);
        placeholder("web-3", TENURE_LIFE, PLACEHOLDER_POD); /* of the other kind */
        refused(ALONE);
        carried_out(true);
        placeholder("web-2", TENURE_LEASE, PLACEHOLDER_LEASE);
        carried_out(false);
        term(TENURE_LEASE);
        carried_out(false);
}

/* What only looks like one is none. */
static void test_not_genuine(_unused_ void **state) {
        make("web-2", "leader-agent-else", "00112233445566778899aabbccddeeff", PLACEHOLDER_LEASE);
        make("web-2", "leader-agent-web-2", "", PLACEHOLDER_LEASE);
        refused(ALONE);
}

/* Rules that name objects, as conf/rbac.yaml proposes; the test API server has none. */
static void rules_name(const char *names) {
        char action[700];

        (void)snprintf(action, sizeof(action),
                       "{\"status\":201,\"body\":{\"kind\":\"SelfSubjectRulesReview\",\"status\":{\"resourceRules\":[{"
                       "\"verbs\":[\"get\"],\"apiGroups\":[\"coordination.k8s.io\"],\"resources\":[\"leases\"],"
                       "\"resourceNames\":[%s]}]}}}",
                       names);
        sim_heal(&sim);
        sim_fault(&sim, "{\"resource\":\"selfsubjectrulesreviews\"}", action);
}

/* May not be listed: then those that the rules name are read; without names nothing is known of others. */
static void test_not_listed(_unused_ void **state) {
        char names[300];

        deny("list", "leases");
        carried_out(false);
        (void)snprintf(names, sizeof(names), "\"leader-agent-%s\",\"leader-agent-%s-lease\"", identity, identity);
        rules_name(names);
        carried_out(false);
        rules_name("\"else\"");
        carried_out(false);
        rules_name("\"leader-agent-web-2\",\"leader-agent-web-2-lease\",\"leader-agent-web-2\"");
        refused("there is no other agent to take over (namespace default has no Lease of one, of those that this agent "
                "may get): app.service would run nowhere until this host takes part again (step_down_hold: 10s)");
        deny("get", "leases");
        carried_out(false);
        sim_control(&sim, "DELETE", "deny", NULL);
        deny("list", "leases");
        placeholder("web-2", TENURE_LEASE, PLACEHOLDER_LEASE);
        carried_out(false);
}

static void test_rights(_unused_ void **state) {
        placeholder("web-2", TENURE_LIFE, PLACEHOLDER_LEASE);
        deny("delete", "configmaps");
        refused("rights are missing in namespace default (delete of configmaps/app): the lock could not be released, "
                "and app.service would run nowhere until they are there; add to the Role: - {apiGroups: [\"\"], "
                "resources: [configmaps], resourceNames: [app], verbs: [delete]}");
        deny("patch", "configmaps");
        term(TENURE_LEASE);
        refused_like("rights are missing in namespace default (patch and delete of configmaps/app): ",
                     "the lock could not be released, and app.service would run "
                     "nowhere until the lease has run out "
                     "(30s); add to the Role: - {apiGroups: [\"\"], resources: [configmaps], resourceNames: [app], "
                     "verbs: [patch, delete]}");
        carried_out(true);
        /* Right again: nothing that was known before counts. */
        sim_control(&sim, "DELETE", "deny", NULL);
        carried_out(false);
        /* Who may not ask is not refused for that, nor whose question has no answer. */
        deny("delete", "configmaps");
        deny("create", "selfsubjectaccessreviews");
        carried_out(false);
        sim_fault(&sim, "{\"resource\":\"selfsubjectaccessreviews\"}", "{\"hang\":\"before\"}");
        carried_out(false);
}

static void test_silence(_unused_ void **state) {
        static const char life[] =
                "): the lock could not be released, and app.service would run nowhere until it answers";

        placeholder("web-2", TENURE_LIFE, PLACEHOLDER_LEASE);
        sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"hang\":\"before\"}");
        refused_like("the API server does not answer (list leases of default: ", life);
        sim_heal(&sim);
        sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"status\":503}");
        refused_like("the API server does not answer (list leases of default: ", life);
        sim_heal(&sim);
        sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"status\":302}");
        refused_like("the API server does not answer (list leases of default: ", life);
        sim_heal(&sim);
        sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"status\":401}");
        refused_like("the API server does not accept this agent's credentials (list leases of default: ",
                     "): the lock could not be released, and app.service would run nowhere until it does");
        sim_heal(&sim);
        carried_out(false);
        sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"drop\":\"before\"}");
        term(TENURE_LEASE);
        refused_like("the API server does not answer (list leases of default: ",
                     "): the lock could not be released, and app.service would run nowhere until the lease has run out "
                     "(30s)");
        carried_out(true);
}

/* A token that was rotated in place is known late, and no reason. */
static void test_rotated(_unused_ void **state) {
        placeholder("web-2", TENURE_LIFE, PLACEHOLDER_LEASE);
        sim_fault(&sim, "{\"resource\":\"leases\",\"count\":1}", "{\"status\":401}");
        carried_out(false);
}

/* Requests that may take longer than the caller waits. */
static void test_late(_unused_ void **state) {
        struct kube *slow = NULL;
        struct err err = {};
        uint64_t began = clock_boottime_usec();

        assert_int_equal(kube_new(&slow, w.event, &sim.config, 50 * USEC_PER_SEC, &err), 0);
        a.kube = slow;
        sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"hang\":\"before\"}");
        refused("the API server does not answer (nothing came for 8s): the lock could not be released, and "
                "app.service would run nowhere until it answers");
        assert_true(clock_boottime_usec() - began < 10 * USEC_PER_SEC);
        kube_free(slow);
}

static void test_another_cluster(_unused_ void **state) {
        namespace_.state = AGENT_NAMESPACE_REFUSED;
        (void)util_copy(namespace_.refusal, sizeof(namespace_.refusal), "namespace default is another one");
        refused("namespace default is another one: the lock could not be released, and app.service would run nowhere "
                "until "
                "that is cured");
        carried_out(true);
}

/* Over, or gone, while the answers are waited for; and the end of the agent. */
static void test_meanwhile(_unused_ void **state) {
        struct answer answer;
        pid_t pid;
        int fd, status;

        placeholder("web-2", TENURE_LIFE, PLACEHOLDER_LEASE);
        for (int gone = 0; gone < 3; gone++) {
                sim_fault(&sim, "{\"resource\":\"leases\"}", "{\"hang\":\"before\"}");
                term(TENURE_LIFE);
                pid = call(false, &fd);
                for (int i = 0; !a.hand_overs; i++) {
                        assert_true(i < 6000);
                        assert_true(sd_event_run(w.event, 10 * USEC_PER_MSEC) >= 0);
                }
                if (gone == 2)
                        break;
                if (gone)
                        a.n_locks = 0;
                else
                        core_locks[0].election.state = ELECTION_STOPPING;
                sim_heal(&sim);
                answer = answer_of(pid, fd);
                assert_int_equal(answer.r, -EREMOTEIO);
                assert_non_null(strstr(answer.text, gone ? "/app' has left the configuration" : "it is stopping"));
                assert_false(was_told());
                a.n_locks = 1;
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        close(fd);
}

/* Two at once, and each is answered. */
static void test_two(_unused_ void **state) {
        pid_t pid[2];
        int fd[2];
        struct agent_post post;

        placeholder("web-2", TENURE_LIFE, PLACEHOLDER_LEASE);
        for (int i = 0; i < 2; i++)
                pid[i] = call(false, &fd[i]);
        for (int i = 0; i < 2; i++) {
                int status;
                struct answer answer;

                while (waitpid(pid[i], &status, WNOHANG) == 0)
                        assert_true(sd_event_run(w.event, 10 * USEC_PER_MSEC) >= 0);
                assert_int_equal(read(fd[i], &answer, sizeof(answer)), sizeof(answer));
                assert_int_equal(answer.r, 0);
                close(fd[i]);
        }
        assert_true(agent_take_post(&a, &post)); /* (the second one finds the core in what the first one made) */
        assert_true(agent_take_post(&a, &post));
}

int main(void) {
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_others),    TEST(test_not_genuine), TEST(test_not_listed), TEST(test_rights),
                TEST(test_silence),   TEST(test_late),        TEST(test_rotated),    TEST(test_another_cluster),
                TEST(test_meanwhile), TEST(test_two),
        };
        int r;

        if (!privatebus_available() || geteuid() != 0) {
                print_message("ok test_step_down # SKIP no dbus-daemon on this machine, or not root\n");
                return 0;
        }
        sim_start(&sim);
        r = cmocka_run_group_tests_name("step-down", tests, NULL, NULL);
        sim_stop(&sim);
        return r;
}
