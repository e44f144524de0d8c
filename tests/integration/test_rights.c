/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent finds out about its rights, against the test API server: what it asks, when, what it concludes, and
 * what it leaves alone; and until when its credentials are good. The clock is the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../lib/core_builder.h"
#include "../lib/kubeworld.h"
#include "../lib/sim.h"
#include "daemon/agent_parts.h"

static struct sim sim;
static struct kubeworld w;
static struct agent a;
static struct core_lock core_locks[2];
static struct core_placeholder core_placeholders[N_TENURES];
static struct conf_lock confs[2];
static struct agent_lock locks[2], *lock_list[2];
static struct agent_placeholder own[N_TENURES], *own_list[N_TENURES];
static uint64_t now;

static void put(size_t i, const char *ns, const char *name, enum tenure tenure) {
        confs[i] = (struct conf_lock){.name = (char *)name, .namespace_ = (char *)ns, .tenure = tenure};
        locks[i] = (struct agent_lock){.agent = &a, .index = i, .conf = &confs[i]};
        core_locks[i] = (struct core_lock){.conf = builder_election_conf(tenure), .placeholder = {0, 1}};
        election_init(&core_locks[i].election);
        core_locks[i].election.state = ELECTION_CANDIDATE;
        lock_list[i] = &locks[i];
        a.n_locks = a.core.n_locks = i + 1;
}

static int setup(_unused_ void **state) {
        kubeworld_open(&w, &sim.config, 0);
        a = (struct agent){.kube = w.kube, .locks = lock_list, .placeholders = own_list, .n_placeholders = N_TENURES};
        a.core = (struct core){.locks = core_locks, .placeholders = core_placeholders, .n_placeholders = N_TENURES};
        for (unsigned t = 0; t < N_TENURES; t++) {
                core_placeholders[t] = (struct core_placeholder){.conf = builder_placeholder_conf((uint8_t)t)};
                placeholder_init(&core_placeholders[t].placeholder);
                own[t] = (struct agent_placeholder){
                        .agent = &a, .index = t, .kind = PLACEHOLDER_LEASE, .tenure = (enum tenure)t};
                (void)util_copy(own[t].name, sizeof(own[t].name), t == TENURE_LIFE ? "web-1" : "web-1-lease");
                own_list[t] = &own[t];
        }
        put(0, "prod", "app", TENURE_LIFE);
        now = clock_boottime_usec(); /* as it is read when something is denied, however long this machine is up */
        return 0;
}

static int teardown(_unused_ void **state) {
        agent_rights_done(&a);
        kubeworld_close(&w);
        sim_heal(&sim);
        sim_control(&sim, "DELETE", "deny", NULL);
        return 0;
}

static unsigned n_asked(void) {
        return sim_count_requests(&sim, "create");
}

static void look_at(uint64_t at) {
        uint64_t next;

        now = at;
        while ((next = agent_rights_update(&a, now)) == USEC_INFINITY)
                kubeworld_run(&w, 20 * USEC_PER_MSEC);
        assert_true(next > now);
}

/* The next look, whenever it is due. Returns how many requests it took. */
static unsigned look(void) {
        unsigned before = n_asked();

        look_at(agent_rights_update(&a, now));
        return n_asked() - before;
}

static void deny(const char *verb, const char *resource, const char *name) {
        char body[200];

        (void)snprintf(body, sizeof(body), "{\"verb\":\"%s\",\"resource\":\"%s\",\"name\":\"%s\"}", verb, resource,
                       name);
        sim_control(&sim, "POST", "deny", body);
}

/* All that is missing, one a line. */
static void missing(const char *expected) {
        char all[4000] = "";

        for (size_t i = 0; i < a.rights.n_missing; i++) {
                struct agent_right_text t;
                size_t n = strlen(all);

                agent_right_text(&a.rights.missing[i], &t);
                (void)snprintf(all + n, sizeof(all) - n, "%s: %s: %s\n%s\n", a.rights.missing[i].ns, t.what, t.means,
                               t.rule);
        }
        assert_string_equal(all, expected);
}

static void test_all_there(_unused_ void **state) {
        uint64_t began = now;

        assert_int_equal(agent_rights_update(&a, now), began + 5 * USEC_PER_SEC);
        assert_int_equal(look(), 1);
        missing("");
        assert_int_equal(agent_rights_update(&a, now), began + 5 * USEC_PER_SEC + 24 * (3600 * USEC_PER_SEC));
}

#define RULE_DELETE "- {apiGroups: [\"\"], resources: [configmaps], resourceNames: [app], verbs: [delete]}\n"

/* Missing, looked at each minute, there again. */
static void test_missing(_unused_ void **state) {
        deny("delete", "configmaps", "");
        assert_int_equal(look(), 2);
        missing("prod: delete of configmaps/app: the lock could not be released\n" RULE_DELETE);
        deny("create", "leases", "");
        deny("watch", "configmaps", "app");
        assert_int_equal(agent_rights_update(&a, now), now + 60 * USEC_PER_SEC);
        assert_int_equal(look(), 4);
        missing("prod: create of leases: this host cannot win a lock\n"
                "- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create]}\n"
                "prod: watch and delete of configmaps/app: the lock could not be released, changes are seen late\n"
                "- {apiGroups: [\"\"], resources: [configmaps], resourceNames: [app], verbs: [watch, delete]}\n");
        sim_control(&sim, "DELETE", "deny", NULL);
        assert_int_equal(look(), 1);
        missing("");
}

/* What the rules do not tell is there all the same: of an authorizer that cannot list them. */
static void test_incomplete(_unused_ void **state) {
        put(0, "prod", "app", TENURE_LEASE);
        deny("", "", "another");
        assert_int_equal(look(), 1 + 12);
        missing("");
}

/* Of other hosts' Leases no names are known. */
static void test_leases(_unused_ void **state) {
        static const char named[] =
                "{\"status\":201,\"body\":{\"kind\":\"SelfSubjectRulesReview\",\"status\":{\"resourceRules\":[{"
                "\"verbs\":["
                "\"*\"],\"apiGroups\":[\"\"],\"resources\":[\"*\"]},{\"verbs\":[\"create\"],\"apiGroups\":[\"*\"],"
                "\"resources\":[\"leases\"]},{\"verbs\":[\"get\",\"update\",\"delete\",\"watch\"],\"apiGroups\":["
                "\"coordination.k8s.io\"],\"resources\":[\"leases\"],\"resourceNames\":[\"web-1-lease\"]}]}}}";

        put(0, "prod", "app", TENURE_LEASE);
        deny("delete", "leases", "");
        assert_int_equal(look(), 3);
        missing("prod: delete of leases/web-1-lease: the placeholder would be left behind\n"
                "- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [web-1-lease], verbs: "
                "[delete]}\n"
                "prod: delete of leases of other hosts: a dead host could not be deposed\n"
                "- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [delete]}\n");
        sim_fault(&sim, "{\"resource\":\"selfsubjectrulesreviews\"}", named);
        assert_int_equal(look(), 1);
        missing("");
}

/* For life others are only looked at; and a lock that is won is proven by a renewal, as under a lease. */
static void test_leases_for_life(_unused_ void **state) {
        deny("get", "leases", "");
        deny("update", "leases", "");
        assert_int_equal(look(), 4);
        missing("prod: get and update of leases/web-1: this host cannot win a lock\n"
                "- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [web-1], verbs: [get, "
                "update]}\n"
                "prod: get of leases of other hosts: nobody would see here that the host which leads is dead\n"
                "- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get]}\n");
        sim_control(&sim, "DELETE", "deny", NULL);
        deny("update", "leases", "");
        (void)look();
        missing("prod: update of leases/web-1: a lock that this host wins could not be proven, its unit would not be "
                "started\n"
                "- {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [web-1], verbs: [update]}\n");
}

/* Who may not ask is left alone; what has no answer is asked again, and what was known stays. */
static void test_no_answer(_unused_ void **state) {
        deny("delete", "configmaps", "");
        (void)look();
        assert_int_equal(a.rights.n_missing, 1);
        sim_fault(&sim, "{\"resource\":\"selfsubjectrulesreviews\"}", "{\"status\":500}");
        assert_int_equal(look(), 1);
        assert_int_equal(a.rights.n_missing, 1);
        assert_int_equal(agent_rights_update(&a, now), now + 60 * USEC_PER_SEC);
        sim_heal(&sim);
        sim_fault(&sim, "{\"resource\":\"selfsubjectaccessreviews\"}", "{\"drop\":\"before\"}");
        (void)look();
        assert_int_equal(a.rights.n_missing, 1);
        sim_heal(&sim);
        deny("create", "selfsubjectrulesreviews", "");
        assert_int_equal(look(), 1);
        missing("");
        assert_int_equal(agent_rights_update(&a, now), now + 24 * (3600 * USEC_PER_SEC));
}

/* One review for each namespace; each has its own rights. */
static void test_namespaces(_unused_ void **state) {
        put(1, "test", "app", TENURE_LIFE);
        assert_int_equal(look(), 2);
        missing("");
        deny("delete", "configmaps", "");
        agent_rights_denied(&a);
        look_at(clock_boottime_usec() + 3600 * USEC_PER_SEC);
        missing("prod: delete of configmaps/app: the lock could not be released\n" RULE_DELETE
                "test: delete of configmaps/app: the lock could not be released\n" RULE_DELETE);
}

/* Locks that change hands come first, unless a denial keeps them from it. After a 403 it does not look at once, nor
 * more than once a minute. */
static void test_when(_unused_ void **state) {
        uint64_t began = now;

        core_locks[0].election.state = ELECTION_CLAIMING;
        (void)agent_rights_update(&a, now);
        assert_int_equal(agent_rights_update(&a, now += 3600 * USEC_PER_SEC), USEC_INFINITY);
        assert_null(a.rights.list);
        assert_int_equal(a.rights.due_usec, began + 5 * USEC_PER_SEC);
        agent_rights_denied(&a);
        look_at(now);
        assert_int_equal(a.rights.begun_usec, now);
        core_locks[0].election.state = ELECTION_CANDIDATE;

        a.rights.begun_usec = clock_boottime_usec();
        agent_rights_denied(&a);
        assert_true(a.rights.due_usec == a.rights.begun_usec + 60 * USEC_PER_SEC);
        a.rights.begun_usec = 1; /* long ago, but this machine may be up for minutes only */
        agent_rights_denied(&a);
        assert_true(a.rights.due_usec > clock_boottime_usec() + 5 * USEC_PER_SEC);
        assert_true(a.rights.due_usec <= clock_boottime_usec() + 10 * USEC_PER_SEC);
}

/* A reload, or the end, while an answer is waited for. */
static void test_aborted(_unused_ void **state) {
        sim_fault(&sim, "{\"resource\":\"selfsubjectrulesreviews\"}", "{\"hang\":\"before\"}");
        now = agent_rights_update(&a, now);
        assert_int_equal(agent_rights_update(&a, now), USEC_INFINITY);
        kubeworld_run(&w, 100 * USEC_PER_MSEC);
        agent_rights_renew(&a);
        assert_null(a.rights.list);
        sim_heal(&sim);
        look_at(a.rights.due_usec);
        missing("");
        agent_rights_renew(&a);
        now = a.rights.due_usec;
        assert_int_equal(agent_rights_update(&a, now), USEC_INFINITY);
        a.stopping.since_usec = now;
        assert_int_equal(agent_rights_update(&a, now), USEC_INFINITY);
        assert_null(a.rights.list);
        kubeworld_run(&w, 100 * USEC_PER_MSEC);
}

/* A token of the kubeconfig that nobody renews, then a new one; the certificate is the test's own. */
static void test_credentials(_unused_ void **state) {
        /* {"iat":1000000000,"exp":1000000100}, and exp 2147483647 */
        static char old[] = "a.eyJpYXQiOjEwMDAwMDAwMDAsImV4cCI6MTAwMDAwMDEwMH0.c",
                    fresh[] = "a.eyJpYXQiOjEwMDAwMDAwMDAsImV4cCI6MjE0NzQ4MzY0N30.c";
        struct kubeconfig config = sim.config;
        struct kubeworld own_world;
        char text[700];

        config.token = old;
        kubeworld_open(&own_world, &config, 0);
        a.kube = own_world.kube;
        a.kubeconfig = &config;
        a.started_usec = now;
        config.source = text;
        (void)util_copy(text, sizeof(text), "/etc/leader-agent/kubeconfig");
        assert_int_equal(agent_credentials_update(&a, now), now + 5 * USEC_PER_SEC);
        assert_int_equal(a.credentials.told[AGENT_TOKEN], AGENT_EXPIRY_FAR);
        now += 5 * USEC_PER_SEC;
        assert_int_equal(agent_credentials_update(&a, now), now + 60 * USEC_PER_SEC);
        assert_int_equal(a.credentials.told[AGENT_TOKEN], AGENT_EXPIRY_OVER);
        assert_int_equal(a.credentials.term[AGENT_TOKEN].ends_usec, 1000000100 * USEC_PER_SEC);
        assert_true(a.credentials.term[AGENT_CERTIFICATE].ends_usec > clock_realtime_usec());

        /* What is told is looked at each minute, what is well each hour. */
        config.token = fresh;
        assert_int_equal(agent_credentials_update(&a, now + 59 * USEC_PER_SEC), now + 119 * USEC_PER_SEC);
        assert_int_equal(a.credentials.told[AGENT_TOKEN], AGENT_EXPIRY_OVER);
        now += 60 * USEC_PER_SEC;
        (void)agent_credentials_update(&a, now);
        assert_int_equal(a.credentials.told[AGENT_TOKEN], AGENT_EXPIRY_FAR);
        config.token = old;
        (void)agent_credentials_update(&a, now + 3599 * USEC_PER_SEC);
        assert_int_equal(a.credentials.told[AGENT_TOKEN], AGENT_EXPIRY_FAR);
        (void)agent_credentials_update(&a, now + 3600 * USEC_PER_SEC);
        assert_int_equal(a.credentials.told[AGENT_TOKEN], AGENT_EXPIRY_OVER);
        kubeworld_close(&own_world);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_all_there, setup, teardown),
                cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_incomplete, setup, teardown),
                cmocka_unit_test_setup_teardown(test_leases, setup, teardown),
                cmocka_unit_test_setup_teardown(test_leases_for_life, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_namespaces, setup, teardown),
                cmocka_unit_test_setup_teardown(test_when, setup, teardown),
                cmocka_unit_test_setup_teardown(test_aborted, setup, teardown),
                cmocka_unit_test_setup_teardown(test_credentials, setup, teardown),
        };
        int r;

        sim_start(&sim);
        r = cmocka_run_group_tests_name("rights", tests, NULL, NULL);
        sim_stop(&sim);
        return r;
}
