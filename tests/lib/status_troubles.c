/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between an agent and its work, begun and ended as far as that goes by what the daemon itself does when it
 * is told so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status_cases.h"

static struct agent_lock *shell(struct status_world *w) {
        return w->agent.locks[0];
}

/* ---- the API server ---- */

static void answer(struct status_world *w, bool create, enum kube_result result, long code, const char *text) {
        const struct kube_reply reply = {.result = result, .http_code = code, .text = text};
        bool silent;

        (void)agent_note_reply(&w->agent, &reply, create ? AGENT_ASKED_CREATE : AGENT_ASKED_READ, &shell(w)->refusals,
                               shell(w)->problem, create ? "create" : "read", &silent);
}

void status_api_answers(struct status_world *w) {
        answer(w, /* create= */ false, KUBE_OK, 200, "");
}

void status_api_silent(struct status_world *w) {
        answer(w, /* create= */ false, KUBE_UNREACHABLE, 0, "Connection refused");
        w->agent.api_silent_usec -= 7 * USEC_PER_SEC;
        w->agent.contact_realtime_usec = STATUS_WALL - 7 * USEC_PER_SEC;
}

void status_refused(struct status_world *w) {
        answer(w, /* create= */ true, KUBE_DENIED, 403, "configmaps is forbidden: User \"x\" cannot create");
}

void status_unauthorized(struct status_world *w) {
        answer(w, /* create= */ false, KUBE_DENIED, 401, "Unauthorized");
}

void status_throttled(struct status_world *w) {
        answer(w, /* create= */ false, KUBE_THROTTLED, 429, "Too many requests");
}

void status_no_answer(struct status_world *w) {
        answer(w, /* create= */ false, KUBE_UNREACHABLE, 0, "Connection refused");
        w->agent.api_silent_usec -= USEC_PER_SEC;
}

void status_renewal(struct status_world *w, enum kube_result result, long code, const char *text) {
        struct agent_placeholder *p = w->agent.placeholders[agent_view(shell(w)).own_placeholder];
        bool silent;

        (void)agent_note_reply(&w->agent, &(struct kube_reply){.result = result, .http_code = code, .text = text},
                               AGENT_ASKED_WRITE, &p->refusals, p->problem, "renew", &silent);
}

static void accepted(struct status_world *w) {
        answer(w, /* create= */ true, KUBE_OK, 200, "");
}

void status_watch_down(struct status_world *w) {
        STATUS_SET(shell(w)->watch_error, "watch configmaps \"app\" is forbidden");
        shell(w)->watch_down_usec = STATUS_NOW - 9 * USEC_PER_SEC;
        shell(w)->watch_code = 403;
}

static void watch_works(struct status_world *w) {
        shell(w)->watch_error[0] = '\0';
}

/* ---- leader-guard ---- */

static void guard_says(struct status_world *w, bool up, const char *why) {
        struct agent_post post = {.type = AGENT_POST_LINK, .on = up};

        STATUS_SET(post.text, why);
        agent_step(&w->agent, &post);
        w->agent.link_down_usec -= 5 * USEC_PER_SEC;
}

void status_guard_away(struct status_world *w) {
        guard_says(w, false, "leader-guard does not answer: Connection refused");
}

void status_second_agent(struct status_world *w) {
        status_link_refused = true;
        guard_says(w, false,
                   "another agent (pid 222, leader-agent of leader-agent.service) is connected to leader-guard; a host "
                   "has "
                   "one: stop this one, or that one: systemctl stop leader-agent.service");
        status_link_refused = false;
}

void status_guard_back(struct status_world *w) {
        guard_says(w, true, "");
}

/* ---- configuration ---- */

static void bad_conf(struct status_world *w) {
        struct err err = {};

        status_world_configure(w, "nonsense");
        assert_true(agent_reload(&w->agent, &err) < 0);
}

static void good_conf(struct status_world *w) {
        struct err err = {};

        status_world_configure(w, NULL);
        if (agent_reload(&w->agent, &err) < 0)
                fail_msg("%s", err.text);
}

/* ---- rights ---- */

static void lacks(struct status_world *w, enum agent_right_of of, const char *resource, const char *name,
                  unsigned verbs) {
        static struct agent_right missing[8];
        struct agent_right *r = &missing[w->agent.rights.n_missing++];

        *r = (struct agent_right){.of = of, .tenure = TENURE_LEASE, .missing = verbs};
        STATUS_SET(r->ns, "prod");
        STATUS_SET(r->name, name);
        r->ask = (struct rights_ask){.group = *resource == 'l' ? "coordination.k8s.io" : "",
                                     .resource = resource,
                                     .name = r->name,
                                     .verbs = verbs};
        w->agent.rights.missing = missing;
}

static void lacks_lock(struct status_world *w) {
        lacks(w, AGENT_RIGHT_LOCK, "configmaps", "app", RIGHTS_WATCH | RIGHTS_PATCH | RIGHTS_DELETE);
}
static void lacks_others(struct status_world *w) {
        lacks(w, AGENT_RIGHT_OTHERS, "leases", "", RIGHTS_DELETE);
}
static void lacks_own(struct status_world *w) {
        lacks(w, AGENT_RIGHT_PLACEHOLDER, "leases", "leader-agent-web-1-lease", RIGHTS_UPDATE);
}
static void lacks_much(struct status_world *w) {
        lacks(w, AGENT_RIGHT_LOCK_CREATE, "configmaps", "", RIGHTS_CREATE);
        lacks(w, AGENT_RIGHT_PLACEHOLDER_CREATE, "leases", "", RIGHTS_CREATE);
        lacks_lock(w);
        lacks_own(w);
        lacks_others(w);
        lacks(w, AGENT_RIGHT_LOCK, "configmaps", "db", RIGHTS_GET);
}
static void lacks_nothing(struct status_world *w) {
        w->agent.rights.n_missing = 0;
}

/* ---- credentials ---- */

#define DAY (24 * (3600 * USEC_PER_SEC))

static void ends(struct status_world *w, unsigned which, uint64_t begins_usec, uint64_t ends_usec) {
        struct kube_credentials *c = (struct kube_credentials *)kube_credentials(w->agent.kube);
        struct credentials_term *t = which == AGENT_TOKEN ? &c->token : &c->certificate;

        *t = (struct credentials_term){begins_usec, ends_usec};
        w->agent.credentials.looked_usec = STATUS_NOW;
        (void)agent_credentials_update(&w->agent, STATUS_NOW);
}

static void in_file(struct status_world *w, char **field, const char *name) {
        struct kubeconfig *k = w->agent.kubeconfig;

        free(k->source);
        k->source = strdup(STATUS_ETC "/kubeconfig");
        assert_non_null(k->source);
        if (!field)
                return;
        free(*field);
        assert_true(asprintf(field, STATUS_ETC "/%s", name) > 0);
}

static void token_far(struct status_world *w) {
        in_file(w, &w->agent.kubeconfig->token_file, "token");
        ends(w, AGENT_TOKEN, STATUS_WALL - 300 * DAY, STATUS_WALL + 15 * DAY);
}
static void token_near(struct status_world *w) {
        in_file(w, &w->agent.kubeconfig->token_file, "token");
        ends(w, AGENT_TOKEN, STATUS_WALL - 300 * DAY, STATUS_WALL + 3 * DAY);
}
void status_token_over(struct status_world *w) {
        in_file(w, &w->agent.kubeconfig->token_file, "token");
        ends(w, AGENT_TOKEN, STATUS_WALL - 300 * DAY, STATUS_WALL - 60 * USEC_PER_SEC);
}
static void token_written(struct status_world *w) {
        in_file(w, NULL, NULL);
        ends(w, AGENT_TOKEN, STATUS_WALL - 3000 * USEC_PER_SEC, STATUS_WALL + 300 * USEC_PER_SEC);
}
static void certificate(struct status_world *w) {
        in_file(w, &w->agent.kubeconfig->client_cert_file, "client.crt");
        ends(w, AGENT_CERTIFICATE, STATUS_WALL - 300 * DAY, STATUS_WALL + 13 * DAY);
}
static void plugin(struct status_world *w, const char *problem, bool has_one, uint64_t ends_usec) {
        struct kube_credentials *c = (struct kube_credentials *)kube_credentials(w->agent.kube);

        c->plugin_problem = problem;
        c->plugin_has_one = has_one;
        c->plugin_ends_usec = ends_usec;
        w->agent.credentials.looked_usec = STATUS_NOW;
        (void)agent_credentials_update(&w->agent, STATUS_NOW);
}
static void plugin_fails(struct status_world *w) {
        plugin(w,
               "getting credentials: exec: executable aws failed with exit code 255 (journalctl -t leader-agent-exec)",
               true, STATUS_WALL + 90 * USEC_PER_SEC);
}
static void plugin_gave_none(struct status_world *w) {
        plugin(w,
               "getting credentials: exec: executable aws not found by leader-agent-exec@.service, which sees no home "
               "directory without a drop-in: apt install awscli",
               false, 0);
}
static void plugin_works(struct status_world *w) {
        plugin(w, "", true, STATUS_WALL + 900 * USEC_PER_SEC);
}

void status_token_renewed(struct status_world *w) {
        ends(w, AGENT_TOKEN, 0, 0);
        ends(w, AGENT_CERTIFICATE, 0, 0);
}

/* ---- namespaces, locks that are not configured, D-Bus ---- */

static void read_namespace(struct status_world *w, const char *uid) {
        struct agent_namespace *n = shell(w)->namespace_;

        n->answer.result = KUBE_OK;
        n->answer.http_code = 200;
        STATUS_SET(n->answer.uid, uid);
        agent_namespace_step(n);
}
static void other_namespace(struct status_world *w) {
        read_namespace(w, "3f1e0d52");
        read_namespace(w, "b84c9a07");
}
static void same_namespace(struct status_world *w) {
        read_namespace(w, "3f1e0d52");
}

static void namespace_gone(struct status_world *w) {
        struct agent_namespace *n = shell(w)->namespace_;

        read_namespace(w, "3f1e0d52");
        n->answer.result = KUBE_NOT_FOUND;
        n->answer.http_code = 404;
        STATUS_SET(n->answer.uid, "");
        agent_namespace_step(n);
}
static void forgotten(struct status_world *w) {
        struct agent_namespace *n = shell(w)->namespace_;
        char uid[64];

        assert_int_equal(store_namespace_forget(tempdir_path(&w->dir, "state"), n->name, uid, NULL), 0);
        agent_namespace_step(n);
}

static void left_behind(struct status_world *w) {
        struct agent_lock *l;
        bool silent;

        assert_true(agent_conf_orphan(&w->agent, "prod/old", "") >= 0);
        l = w->agent.locks[1];
        (void)agent_note_reply(&w->agent,
                               &(struct kube_reply){.result = KUBE_DENIED, .text = "configmaps \"old\" is forbidden"},
                               AGENT_ASKED_READ, &l->refusals, l->problem, "read", &silent);
}

static void left_behind_read(struct status_world *w) {
        struct agent_lock *l = w->agent.locks[1];
        bool silent;

        (void)agent_note_reply(&w->agent, &(struct kube_reply){.result = KUBE_OK, .http_code = 200, .text = ""},
                               AGENT_ASKED_READ, &l->refusals, l->problem, "read", &silent);
}

static void bus_away(struct status_world *w) {
        agent_bus_handlers.trouble(&w->agent, "cannot reach the system bus: Connection refused");
}
static void bus_back(struct status_world *w) {
        agent_bus_handlers.trouble(&w->agent, "");
}

#define TROUBLE(what, begin, end)                                                                                      \
        { what, TENURE_LIFE, ELECTION_LEADING, begin, end }
const struct status_case status_troubles[] = {
        TROUBLE("The API server does not answer", status_api_silent, status_api_answers),
        TROUBLE("Its watches do not work", status_watch_down, watch_works),
        TROUBLE("It refuses a request", status_refused, accepted),
        TROUBLE("Rights are missing", lacks_lock, lacks_nothing),
        TROUBLE("The token ends soon", token_near, status_token_renewed),
        TROUBLE("Another cluster, or the namespace was made anew", other_namespace, same_namespace),
        TROUBLE("The namespace is gone", namespace_gone, same_namespace),
        TROUBLE("leader-guard does not answer", status_guard_away, status_guard_back),
        TROUBLE("leader-guard serves another agent", status_second_agent, status_guard_back),
        TROUBLE("The configuration on disk cannot be used", bad_conf, good_conf),
        TROUBLE("A lock that is not configured may be held", left_behind, left_behind_read),
        TROUBLE("D-Bus is away", bus_away, bus_back),
        {},
};

/* What its lock says of a namespace that is gone or another one. */
const struct status_case status_namespaces[] = {
        {"it is gone", TENURE_LIFE, ELECTION_CANDIDATE, namespace_gone, same_namespace},
        {"… and the agent was started anew", TENURE_LIFE, ELECTION_STARTING, namespace_gone, same_namespace},
        {"… of a leader under a lease", TENURE_LEASE, ELECTION_LEADING, namespace_gone, same_namespace},
        {"… and its lock was to be released", TENURE_LEASE, ELECTION_RELEASING, namespace_gone, same_namespace},
        {"… until it is forgotten", TENURE_LIFE, ELECTION_CANDIDATE, namespace_gone, forgotten},
        {"it is another one", TENURE_LIFE, ELECTION_CANDIDATE, other_namespace, same_namespace},
        {"… of a leader under a lease", TENURE_LEASE, ELECTION_LEADING, other_namespace, same_namespace},
        {},
};

const struct status_case status_rights[] = {
        {"Leases of others may not be deleted", TENURE_LEASE, ELECTION_CANDIDATE, lacks_others, lacks_nothing},
        {"its own may not be updated", TENURE_LEASE, ELECTION_CANDIDATE, lacks_own, lacks_nothing},
        {"much is missing", TENURE_LEASE, ELECTION_CANDIDATE, lacks_much, lacks_nothing},
        {},
};

const struct status_case status_credentials[] = {
        {"the token is good for 15 days more", TENURE_LIFE, ELECTION_LEADING, token_far, status_token_renewed},
        {"no more", TENURE_LIFE, ELECTION_LEADING, status_token_over, status_token_renewed},
        {"a token of an hour, 5 minutes before its end, written into the kubeconfig", TENURE_LEASE, ELECTION_CANDIDATE,
         token_written, status_token_renewed},
        {"a client certificate", TENURE_LEASE, ELECTION_CANDIDATE, certificate, status_token_renewed},
        {"a plugin that fails, and what it gave before is good", TENURE_LEASE, ELECTION_CANDIDATE, plugin_fails,
         plugin_works},
        {"a plugin that is not there", TENURE_LIFE, ELECTION_CANDIDATE, plugin_gave_none, plugin_works},
        {},
};
