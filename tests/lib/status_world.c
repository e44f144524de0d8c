/* SPDX-License-Identifier: Apache-2.0 */
#include "status_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void status_world_set(char *dst, size_t size, const char *text) {
        assert_true(util_copy(dst, size, text));
}

/* ---- the agent ---- */

static void write_file(const char *path, const char *text) {
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

void status_world_make(struct status_world *w) {
        static const struct store_host host = {.host = "web-1", .machine = "3f9a02c7c0ffee003f9a02c7c0ffee00"};

        *w = (struct status_world){};
        tempdir_make(&w->dir);
        w->conf_path = strdup(tempdir_path(&w->dir, "leader-agent.conf"));
        w->kubeconfig_path = strdup(tempdir_path(&w->dir, "kubeconfig"));
        assert_true(w->conf_path && w->kubeconfig_path);
        write_file(w->kubeconfig_path, "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                                       "clusters: [{name: c, cluster: {server: \"https://kube-api:6443\"}}]\n"
                                       "users: [{name: c, user: {token: t}}]\n"
                                       "contexts: [{name: c, context: {cluster: c, user: c, namespace: prod}}]\n");
        assert_true(sd_event_new(&w->event) >= 0);
        assert_int_equal(store_open(&w->agent.store, tempdir_path(&w->dir, "state"), &host, NULL), 0);
}

static void forget(struct status_world *w) {
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
        agent_namespaces_free(a);
        kube_free(a->kube);
        conf_free(a->conf);
        kubeconfig_free(a->kubeconfig);
        *a = (struct agent){.store = a->store, .event = w->event, .trace_fd = -1};
}

void status_world_done(struct status_world *w) {
        forget(w);
        store_close(w->agent.store);
        sd_event_unref(w->event);
        free(w->conf_path);
        free(w->kubeconfig_path);
        tempdir_remove(&w->dir);
}

void status_world_configure(struct status_world *w, const char *text) {
        char conf[4096];
        size_t n = (size_t)snprintf(conf, sizeof(conf), "kubeconfig = \"%s\";\nlocks = (\n", w->kubeconfig_path);

        for (size_t i = 0; i < w->agent.n_locks && !text; i++) {
                const struct conf_lock *c = w->agent.locks[i]->conf;

                n += (size_t)snprintf(conf + n, sizeof(conf) - n, "%s{name = \"%s\"; unit = \"%s\"; tenure = \"%s\";}",
                                      i ? ", " : "", c->name, c->unit, tenure_to_string(c->tenure));
        }
        (void)snprintf(conf + n, sizeof(conf) - n, "%s);\n", text ? text : "");
        write_file(w->conf_path, conf);
}

void status_world_fresh(struct status_world *w, const struct status_lock *locks, size_t n_locks) {
        struct agent *a = &w->agent;
        struct err err = {};
        char text[2048] = "";
        size_t n = 0;

        forget(w);
        for (size_t i = 0; i < n_locks; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n,
                                      "%s{name = \"%s\"; unit = \"%s.service\"; tenure = \"%s\";}", i ? ", " : "",
                                      locks[i].name, locks[i].name, tenure_to_string(locks[i].tenure));
        status_world_configure(w, text);
        if (conf_load(&a->conf, w->conf_path, &err) < 0 ||
            kubeconfig_load(&a->kubeconfig, w->kubeconfig_path, NULL, &err) < 0 ||
            conf_set_default_namespace(a->conf, a->kubeconfig->namespace_, &err) < 0 ||
            kube_new(&a->kube, w->event, a->kubeconfig, 0, &err) < 0 || agent_conf_apply(a, a->conf, &err) < 0)
                fail_msg("%s", err.text);
        a->conf_path = w->conf_path;
        STATUS_SET(a->host, "web-1");
        a->link_up = true;
        a->contact_realtime_usec = STATUS_WALL;
        a->started_usec = STATUS_NOW - 3600 * USEC_PER_SEC;
}

/* ---- its locks ---- */

void status_world_unit(struct status_world *w, size_t i, enum unit_state unit) {
        w->agent.core.locks[i].election.guard.fact.unit = (uint8_t)unit;
        w->agent.locks[i]->guard.unit_state = (uint8_t)unit;
}

static void read_object(struct status_world *w, size_t i, bool ours) {
        struct agent_lock *l = w->agent.locks[i];
        struct lock_object *o = &l->answered;

        STATUS_SET(o->uid, "0b7c9a52");
        STATUS_SET(o->version, "7");
        STATUS_SET(o->term, "4711");
        STATUS_SET(o->holder, ours ? "web-1" : "web-2");
        STATUS_SET(o->identity, ours ? store_identity(w->agent.store) : "web-2-8b1e77d0");
        STATUS_SET(o->placeholder_uid, "placeholder");
        STATUS_SET(o->placeholder_name, ours ? "leader-agent-web-1" : "leader-agent-web-2-8b1e77d0");
        STATUS_SET(o->unit, l->conf->unit);
        STATUS_SET(o->acquired_at, "2030-01-02T12:03:00.000000Z");
        o->tenure = l->conf->tenure;
        o->form = LOCK_FORM_OURS;
        l->has_answered = true;
        agent_uid_remember(l, o->uid);
}

/* As it was when it was made. */
static void reset(struct status_world *w, size_t i, uint8_t state) {
        struct agent_lock *l = w->agent.locks[i], old = *l;

        *l = (struct agent_lock){.agent = old.agent,
                                 .index = i,
                                 .namespace_ = old.namespace_,
                                 .own = old.own,
                                 .conf = &l->own,
                                 .claims = old.claims,
                                 .refusals.lock = l,
                                 .holder_refusals.lock = l,
                                 .has_guard = true,
                                 .shown_state = state,
                                 .since_realtime_usec = STATUS_WALL - 60 * USEC_PER_SEC};
        STATUS_SET(l->title, old.title);
        election_init(&w->agent.core.locks[i].election);
}

static void put_object(struct status_world *w, size_t i, bool ours) {
        struct election *e = &w->agent.core.locks[i].election;
        enum tenure tenure = w->agent.locks[i]->conf->tenure;
        uint64_t duration_usec = w->agent.locks[i]->conf->lease_duration_usec;

        read_object(w, i, ours);
        e->lock.fact = (struct lock_fact){.uid = util_token("0b7c9a52"),
                                          .version = util_token("7"),
                                          .placeholder = util_token("placeholder"),
                                          .duration_usec = tenure == TENURE_LEASE ? duration_usec : 0,
                                          .sort = LOCK_SOUND,
                                          .tenure = (uint8_t)tenure,
                                          .claimed = ours,
                                          .same_boot = ours && e->state != ELECTION_ADOPTING};
        e->record.uid = e->lock.fact.uid;
        e->record.longest_usec = e->lock.fact.duration_usec;
        e->record.tenure = (uint8_t)tenure;
        if (ours) {
                e->term.uid = e->lock.fact.uid;
                e->term.placeholder = e->lock.fact.placeholder;
                e->term.permit_proof_usec = STATUS_NOW - 3 * USEC_PER_SEC;
                e->term.reason = REASON_STEP_DOWN;
                e->term.stop = e->state == ELECTION_RELEASING ? STOP_CONFIRMED : e->term.stop;
        } else {
                e->holder.lock = e->lock.fact.uid;
                e->holder.uid = e->lock.fact.placeholder;
                e->holder.state = e->state == ELECTION_DEPOSING ? HOLDER_GONE : HOLDER_LIVES;
                e->holder.genuine = true;
                e->holder.seen_at_usec =
                        STATUS_NOW - (e->state == ELECTION_DEPOSING ? duration_usec + USEC_PER_SEC : 3 * USEC_PER_SEC);
        }
}

void status_world_put(struct status_world *w, size_t i, uint8_t state) {
        bool ours = state >= ELECTION_ADOPTING && state <= ELECTION_RELEASING;
        struct election *e = &w->agent.core.locks[i].election;

        reset(w, i, state);
        e->state = state;
        e->guard.linked = true;
        status_world_unit(w, i,
                          state == ELECTION_LEADING      ? UNIT_RUNNING
                          : state == ELECTION_PERMITTING ? UNIT_STARTING
                          : state == ELECTION_STOPPING   ? UNIT_STOPPING
                                                         : UNIT_STOPPED);
        if (state == ELECTION_STARTING)
                return;
        e->lock.source = LOCK_SOURCE_ANSWER;
        e->lock.reread = false;
        if (state == ELECTION_CLAIMING || state == ELECTION_STOPPED)
                e->lock.fact.sort = LOCK_ABSENT;
        else
                put_object(w, i, ours);
}
