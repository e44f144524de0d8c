/* SPDX-License-Identifier: Apache-2.0 */
/* Locks and placeholders as the configuration has them, in two phases: a plan, in which everything that can fail is
 * done beside what is in use, and its execution, which cannot fail. A term in force is untouched by a reload: its
 * tenure and duration are those that the lock records; what is new counts from the next term. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

struct planned_lock {
        struct agent_lock *lock; /* one that is there, or a new one */
        bool is_new;
        struct conf_lock conf; /* of one that is there: what it gets */
        size_t placeholder[N_TENURES];
};

struct plan {
        struct planned_lock *locks;
        size_t n_locks, n_new_locks;
        struct agent_placeholder **placeholders; /* new ones */
        size_t n_placeholders;
};

static struct agent_lock *find_lock(const struct agent *a, const struct conf_lock *c) {
        for (size_t i = 0; i < a->n_locks; i++)
                if (util_streq(a->locks[i]->conf->name, c->name) &&
                    util_streq(a->locks[i]->conf->namespace_, c->namespace_))
                        return a->locks[i];
        return NULL;
}

static bool configured(const struct conf *c, const struct agent_lock *l) {
        for (size_t i = 0; i < c->n_locks; i++)
                if (util_streq(l->conf->name, c->locks[i].name) &&
                    util_streq(l->conf->namespace_, c->locks[i].namespace_))
                        return true;
        return false;
}

/* ---- the plan ---- */

static void plan_done(struct plan *p) {
        for (size_t i = 0; i < p->n_locks; i++) {
                conf_lock_done(&p->locks[i].conf);
                if (p->locks[i].is_new)
                        agent_lock_free(p->locks[i].lock);
        }
        for (size_t i = 0; i < p->n_placeholders; i++)
                agent_placeholder_free(p->placeholders[i]);
        free(p->locks);
        free(p->placeholders);
}

static int plan_init(struct plan *p, size_t n_locks, struct err *err) {
        *p = (struct plan){};
        p->locks = calloc(n_locks ? n_locks : 1, sizeof(*p->locks));
        p->placeholders = calloc(N_TENURES * n_locks + 1, sizeof(struct agent_placeholder *));
        return p->locks && p->placeholders ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

static bool serves(const struct agent_placeholder *p, const struct conf_lock *c, enum tenure tenure) {
        return util_streq(p->ns, c->namespace_) && p->kind == c->placeholder && p->tenure == tenure;
}

/* The index of the placeholder that this lock uses for a term of this tenure, in what there will be. */
static int plan_placeholder(struct plan *plan, struct agent *a, const struct conf_lock *c, enum tenure tenure,
                            size_t *ret, struct err *err) {
        struct agent_placeholder *p;
        int r;

        for (size_t i = 0; i < a->n_placeholders; i++)
                if (serves(a->placeholders[i], c, tenure)) {
                        *ret = i;
                        return 0;
                }
        for (size_t i = 0; i < plan->n_placeholders; i++)
                if (serves(plan->placeholders[i], c, tenure)) {
                        *ret = a->n_placeholders + i;
                        return 0;
                }
        p = calloc(1, sizeof(*p));
        if (!p)
                return err_setf(err, -ENOMEM, "out of memory");
        p->agent = a;
        p->kind = c->placeholder;
        p->tenure = tenure;
        p->index = *ret = a->n_placeholders + plan->n_placeholders;
        plan->placeholders[plan->n_placeholders++] = p;
        r = util_copy(p->ns, sizeof(p->ns), c->namespace_) ? 0 : -ENAMETOOLONG;
        return r < 0 ? err_setf(err, r, "namespace '%s': name too long", c->namespace_)
                     : agent_placeholder_prepare(p, err);
}

static int plan_new_lock(struct plan *plan, struct planned_lock *e, struct agent *a, const struct conf_lock *c,
                         struct err *err) {
        struct agent_lock *l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return err_setf(err, -ENOMEM, "out of memory");
        e->lock = l;
        e->is_new = true;
        l->agent = a;
        l->conf = &l->own;
        l->index = a->n_locks + plan->n_new_locks++;
        r = conf_lock_copy(&l->own, c);
        if (r < 0)
                return err_setf(err, r, "out of memory");
        return agent_lock_prepare(l, err);
}

/* Unit and placeholder belong to a term: what lets one go keeps those that it began with, if it knows them. */
static int refuse_change(const struct agent_lock *l, const struct conf_lock *c, struct err *err) {
        if (agent_orphan_hidden(l))
                return err_setf(err, -EBUSY,
                                "%s: this host may hold lock '%s' from before, for a unit that is not known yet, and "
                                "lets it go. What is configured comes into force by `systemctl restart leader-agent` "
                                "(units of other locks run on), or, once it is let go, by `systemctl reload "
                                "leader-agent`",
                                c->where, l->title);
        if (l->leaving)
                return err_setf(err, -EBUSY,
                                "%s: lock '%s' is still being let go, with unit %s and a %s as placeholder; others "
                                "come into force when that is over (leaderctl status), by `systemctl reload "
                                "leader-agent`, or now by `systemctl restart leader-agent`",
                                c->where, l->title, l->conf->unit, placeholder_kind_to_string(l->conf->placeholder));
        return err_setf(err, -EBUSY,
                        "%s: unit and placeholder of lock '%s' cannot change by a reload: remove the lock, reload, and "
                        "add it again when it is let go, or restart the agent (either stops the unit)",
                        c->where, l->title);
}

static int plan_lock(struct plan *plan, struct agent *a, const struct conf_lock *c, struct err *err) {
        struct planned_lock *e = &plan->locks[plan->n_locks++];
        int r = 0;

        e->lock = find_lock(a, c);
        if (e->lock && (!util_streq(e->lock->conf->unit, c->unit) || e->lock->conf->placeholder != c->placeholder))
                return refuse_change(e->lock, c, err);
        if (e->lock)
                return conf_lock_copy(&e->conf, c) < 0 ? err_setf(err, -ENOMEM, "out of memory") : 0;
        for (unsigned t = 0; t < N_TENURES && r >= 0; t++)
                r = plan_placeholder(plan, a, c, t, &e->placeholder[t], err);
        return r < 0 ? r : plan_new_lock(plan, e, a, c, err);
}

/* Room for what the plan adds. The core's memory may move; more room than is used is no change. */
static int make_room(struct agent *a, const struct plan *plan, struct err *err) {
        size_t n = a->n_locks + plan->n_new_locks, m = a->n_placeholders + plan->n_placeholders;
        void *p = realloc(a->core_locks, core_locks_size(n + 1));

        if (!p)
                return err_setf(err, -ENOMEM, "out of memory");
        a->core_locks = p;
        core_set_room(&a->core, a->core_locks, a->core_placeholders);
        if (!(p = realloc(a->core_placeholders, core_placeholders_size(m + 1))))
                return err_setf(err, -ENOMEM, "out of memory");
        a->core_placeholders = p;
        core_set_room(&a->core, a->core_locks, a->core_placeholders);
        if (!(p = reallocarray(a->locks, n + 1, sizeof(struct agent_lock *))))
                return err_setf(err, -ENOMEM, "out of memory");
        a->locks = p;
        if (!(p = reallocarray(a->placeholders, m + 1, sizeof(struct agent_placeholder *))))
                return err_setf(err, -ENOMEM, "out of memory");
        a->placeholders = p;
        /* Each lock is told at most that the guard is connected, and to stop. */
        return agent_reserve_posts(a, 2 * n) < 0 ? err_setf(err, -ENOMEM, "out of memory") : 0;
}

/* ---- its execution ---- */

static struct election_conf election_conf(const struct agent_lock *l, const struct conf *c) {
        return (struct election_conf){
                .timing = conf_timing(l->conf),
                .verify_interval_usec = c->verify_interval_usec,
                .retry = RETRY_API,
                .keys = l->conf->keys,
                .tenure = (uint8_t)l->conf->tenure,
        };
}

static struct placeholder_conf placeholder_conf(const struct agent_placeholder *p, const struct conf *c) {
        struct placeholder_conf h = {
                .renew_interval_usec = c->renew_interval_usec,
                .verify_interval_usec = c->verify_interval_usec,
                .retry = RETRY_API,
                .taken_interval_usec = RETRY_TAKEN_USEC,
                .duration_usec = p->duration_usec,
                .rate_permille = TIMING_RATE_PERMILLE,
                .tenure = (uint8_t)p->tenure,
                .unclaimed = p->unclaimed,
        };

        if (p->tenure == TENURE_LEASE)
                h.retry.max_usec = c->renew_interval_usec;
        return h;
}

static void add_new(struct agent *a, struct plan *plan, const struct conf *c) {
        for (size_t i = 0; i < plan->n_placeholders; i++) {
                agent_apply(a, &(struct core_change){.type = CORE_ADD_PLACEHOLDER,
                                                     .index = (uint32_t)a->n_placeholders, /* for readers of a trace */
                                                     .placeholder_conf = placeholder_conf(plan->placeholders[i], c)});
                a->placeholders[a->n_placeholders++] = plan->placeholders[i];
        }
        plan->n_placeholders = 0;
        for (size_t i = 0; i < plan->n_locks; i++) {
                struct planned_lock *e = &plan->locks[i];
                struct core_change add = {.type = CORE_ADD_LOCK, .index = (uint32_t)a->n_locks};

                if (!e->is_new)
                        continue;
                for (unsigned t = 0; t < N_TENURES; t++)
                        add.placeholder[t] = (uint32_t)e->placeholder[t];
                add.lock = election_conf(e->lock, c);
                agent_apply(a, &add);
                a->locks[a->n_locks++] = e->lock;
                e->is_new = false;
                if (a->link_up)
                        agent_post_lock(e->lock, &(struct election_event){.type = ELECTION_EV_LINK_UP});
        }
}

/* What the locks that use it record lasts as long as the longest of their leases. */
static void set_placeholders(struct agent *a, const struct conf *c) {
        for (size_t i = 0; i < a->n_locks; i++)
                for (size_t k = 0; k < a->n_placeholders; k++) {
                        struct agent_placeholder *p = a->placeholders[k];

                        if (p->tenure == TENURE_LEASE && serves(p, a->locks[i]->conf, TENURE_LEASE) &&
                            a->locks[i]->conf->lease_duration_usec > p->duration_usec)
                                p->duration_usec = a->locks[i]->conf->lease_duration_usec;
                }
        for (size_t k = 0; k < a->n_placeholders; k++)
                agent_apply(a, &(struct core_change){.type = CORE_SET_PLACEHOLDER,
                                                     .index = (uint32_t)k,
                                                     .placeholder_conf = placeholder_conf(a->placeholders[k], c)});
}

static void execute(struct agent *a, struct plan *plan, const struct conf *c) {
        for (size_t i = 0; i < plan->n_locks; i++) {
                struct planned_lock *e = &plan->locks[i];
                struct conf_lock old;

                if (e->is_new)
                        continue;
                old = e->lock->own;
                e->lock->own = e->conf;
                e->conf = old; /* goes with the plan */
                e->lock->returning = e->lock->leaving;
        }
        add_new(a, plan, c);
        set_placeholders(a, c);
        for (size_t i = 0; i < a->n_locks; i++)
                agent_apply(a, &(struct core_change){.type = CORE_SET_LOCK,
                                                     .index = (uint32_t)i,
                                                     .lock = election_conf(a->locks[i], c)});
}

static void let_go(struct agent_lock *l) {
        l->leaving = true;
        agent_post_lock(l, &(struct election_event){.type = ELECTION_EV_STOP});
}

static void warn(const struct conf *c) {
        char text[1024];

        for (size_t i = 0; i < c->n_locks; i++)
                if (conf_warning(&c->locks[i], text, sizeof(text)))
                        journal_record(LOG_WARNING, JOURNAL_CONFIGURATION, NULL, 0, "%s", text);
}

static int plan_all(struct plan *plan, struct agent *a, const struct conf *c, struct err *err) {
        int r = plan_init(plan, c->n_locks, err);

        for (size_t i = 0; i < c->n_locks && r >= 0; i++)
                r = plan_lock(plan, a, &c->locks[i], err);
        return r;
}

int agent_conf_apply(struct agent *a, const struct conf *c, struct err *err) {
        _cleanup_(plan_done) struct plan plan;
        int r = plan_all(&plan, a, c, err);

        if (r >= 0)
                r = make_room(a, &plan, err);
        if (r < 0)
                return r;
        execute(a, &plan, c);
        warn(c);
        for (size_t i = 0; i < a->n_locks; i++) {
                struct agent_lock *l = a->locks[i];

                if (configured(c, l)) {
                        /* Whether the unit is fit depends on tenure and stop timeout. */
                        if (a->link_up)
                                agent_guard_send(l, ELECTION_MSG_QUERY, 0, 0, 0);
                        continue;
                }
                l->returning = false; /* a reload before this one may have wanted it back */
                if (l->leaving)
                        continue;
                agent_journal(l, LOG_NOTICE, JOURNAL_CONFIGURATION, "",
                              "%s: no longer configured: stopping its unit and releasing it", l->title);
                let_go(l);
        }
        return 0;
}

static int add_orphan(struct agent *a, const char *lock, const char *unit, const char *why) {
        char ns[64], name[254], text[256], where[] = "a permit in force";
        const char *slash = strchr(lock, '/');
        struct conf_lock c = {
                .name = name,
                .namespace_ = ns,
                .unit = text,
                .where = where,
                .stop_timeout_usec = TIMING_STOP_DEFAULT_USEC,
                .keys.cooldown = {USEC_PER_SEC, USEC_PER_SEC},
        };
        _cleanup_(plan_done) struct plan plan;
        struct err err = {};
        int r;

        if (!slash || (size_t)(slash - lock) >= sizeof(ns) || !util_copy(name, sizeof(name), slash + 1) ||
            !util_copy(text, sizeof(text), unit)) {
                plan = (struct plan){};
                return -EINVAL;
        }
        memcpy(ns, lock, (size_t)(slash - lock));
        ns[slash - lock] = '\0';
        r = plan_init(&plan, 1, &err);
        if (r >= 0 && find_lock(a, &c))
                return -EEXIST;
        journal_record(unit[0] ? LOG_NOTICE : LOG_DEBUG, JOURNAL_LOCK_LEFT,
                       (const struct journal_field[]){{JOURNAL_KEY_LOCK, lock}, {JOURNAL_KEY_UNIT, unit}}, 2,
                       "%s: not configured, but %s", lock, why);
        if (r >= 0)
                r = plan_lock(&plan, a, &c, &err);
        if (r >= 0)
                r = make_room(a, &plan, &err);
        if (r < 0) {
                journal_record(
                        LOG_ERR, JOURNAL_LOCK_LEFT,
                        (const struct journal_field[]){
                                {JOURNAL_KEY_LOCK, lock}, {JOURNAL_KEY_UNIT, unit}, {JOURNAL_KEY_REASON, err.text}},
                        3, "%s: not configured, and cannot be looked after: %s: %s", lock, err.text, strerror(-r));
                return r;
        }
        execute(a, &plan, a->conf);
        a->locks[a->n_locks - 1]->orphan = true;
        let_go(a->locks[a->n_locks - 1]);
        return 0;
}

int agent_conf_orphan(struct agent *a, const char *lock, const char *unit) {
        char why[320];

        (void)snprintf(why, sizeof(why), "%s runs for it: stopping it and releasing the lock", unit);
        return add_orphan(a, lock, unit, why);
}

static void on_claimed(const char *lock, const char *problem, void *userdata) {
        if (!lock)
                journal_record(LOG_WARNING, JOURNAL_STATE_DIR, NULL, 0, "%s", problem);
        else
                (void)add_orphan(userdata, lock, "", "once claimed: looking whether this host holds it");
}

void agent_conf_orphans(struct agent *a) {
        int r = store_each_lock(a->store, on_claimed, a);

        if (r < 0)
                journal_record(LOG_WARNING, JOURNAL_STATE_DIR, NULL, 0,
                               "Cannot tell which locks this host has claimed: %s/claims: %s", a->conf->state_dir,
                               strerror(-r));
}

/* Begins anew; an answer that was still under way is no answer to what is asked next. */
static void restart(struct agent_lock *l) {
        l->leaving = l->returning = false;
        l->request = kube_slot_free(l->request);
        l->held = (struct election_actions){};
        agent_apply(l->agent, &(struct core_change){.type = CORE_RESTART_LOCK, .index = (uint32_t)l->index});
        if (l->agent->link_up)
                agent_post_lock(l, &(struct election_event){.type = ELECTION_EV_LINK_UP});
}

void agent_conf_reap(struct agent *a) {
        /* A lock that begins anew would compete while everything is released; what is posted points to its lock. */
        if (a->stopping.since_usec || a->inbox.n > 0)
                return;
        for (size_t i = 0; i < a->n_locks;) {
                struct agent_lock *l = a->locks[i];

                if (!l->leaving || agent_view(l).state != ELECTION_STOPPED) {
                        i++;
                        continue;
                }
                if (l->returning) {
                        restart(l);
                        i++;
                        continue;
                }
                agent_apply(a, &(struct core_change){.type = CORE_REMOVE_LOCK, .index = (uint32_t)i});
                a->locks[i] = a->locks[--a->n_locks];
                a->locks[i]->index = i;
                agent_lock_free(l);
        }
}

static bool same_texts(char *const *a, size_t n_a, char *const *b, size_t n_b) {
        bool same = n_a == n_b;

        for (size_t i = 0; same && i < n_a; i++)
                same = util_streq(a[i], b[i]);
        return same;
}

static bool same_plugin(const struct kubeconfig_exec *a, const struct kubeconfig_exec *b) {
        if (!a || !b)
                return a == b;
        return util_streq(a->api_version, b->api_version) && util_streq(a->command, b->command) &&
               same_texts(a->args, a->n_args, b->args, b->n_args) && same_texts(a->env, a->n_env, b->env, b->n_env) &&
               util_streq(a->install_hint, b->install_hint) && a->provide_cluster_info == b->provide_cluster_info &&
               util_streq(a->cluster_config, b->cluster_config);
}

/* Everything that an open connection was made with; what its files hold is read again by itself. */
static bool same_cluster(const struct kubeconfig *a, const struct kubeconfig *b) {
        return util_streq(a->namespace_, b->namespace_) && util_streq(a->server, b->server) &&
               util_streq(a->tls_server_name, b->tls_server_name) && a->insecure == b->insecure &&
               util_streq(a->ca_file, b->ca_file) && util_streq(a->ca_data, b->ca_data) &&
               util_streq(a->proxy_url, b->proxy_url) && util_streq(a->client_cert_file, b->client_cert_file) &&
               util_streq(a->client_cert_data, b->client_cert_data) &&
               util_streq(a->client_key_file, b->client_key_file) &&
               util_streq(a->client_key_data, b->client_key_data) && util_streq(a->token, b->token) &&
               util_streq(a->token_file, b->token_file) && util_streq(a->basic, b->basic) &&
               same_plugin(a->exec, b->exec) && same_texts(a->headers, a->n_headers, b->headers, b->n_headers);
}

static bool same_connection(const struct agent *a, const struct conf *c, const struct kubeconfig *k) {
        return util_streq(c->kubeconfig, a->conf->kubeconfig) && util_streq(c->context, a->conf->context) &&
               c->request_timeout_usec == a->conf->request_timeout_usec && same_cluster(a->kubeconfig, k);
}

/* A connection is what everything here was asked through, so another one is a start: of this process, which units do
 * not notice more than a restart. What a start would refuse is refused now, while nothing has changed. */
static int start_anew(struct agent *a, const struct conf *c, const struct kubeconfig *k, struct err *err) {
        _cleanup_(plan_done) struct plan plan;
        int r = plan_all(&plan, a, c, err), fd;

        if (r >= 0)
                r = kube_check(k, err);
        if (r < 0)
                return r;
        if (c->trace) {
                fd = agent_trace_open(c->trace, err);
                if (fd < 0)
                        return fd;
                close(fd);
        }
        if (a->sleeping) /* its inhibitor ends with this process; and the leases are not released yet */
                return err_setf(err, -EBUSY, "the host is about to sleep; reload again when it is awake");
        a->anew = true;
        journal_record(LOG_NOTICE, JOURNAL_CONFIGURATION, NULL, 0,
                       "Configuration read again; the connection is another one (%s, %s): starting anew, units run on",
                       k->source, k->server);
        return 0;
}

static int reload(struct agent *a, struct err *err) {
        _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
        _cleanup_(conf_freep) struct conf *c = NULL;
        struct conf *old = a->conf;
        int r = conf_load(&c, a->conf_path, err);

        if (r < 0)
                return r;
        if (a->stopping.since_usec || a->job)
                return err_setf(err, -ESHUTDOWN, "the agent is stopping");
        if (!util_streq(c->state_dir, old->state_dir) || !util_streq(c->guard_socket, old->guard_socket))
                return err_setf(err, -EBUSY,
                                "%s: state_dir and guard_socket change only by `systemctl restart leader-agent`, which "
                                "keeps units running (with another state_dir: only when that has the claims of this "
                                "one)",
                                a->conf_path);
        r = kubeconfig_load(&k, c->kubeconfig, c->context, err);
        if (r >= 0)
                r = conf_set_default_namespace(c, k->namespace_, err);
        if (r < 0)
                return r;
        if (!same_connection(a, c, k))
                return start_anew(a, c, k, err);
        r = agent_conf_apply(a, c, err);
        if (r < 0)
                return r;
        a->conf = TAKE_PTR(c);
        conf_free(old);
        journal_record(LOG_INFO, JOURNAL_CONFIGURATION, NULL, 0, "Configuration read again: %zu lock%s",
                       a->conf->n_locks, a->conf->n_locks == 1 ? "" : "s");
        return 0;
}

int agent_reload(struct agent *a, struct err *err) {
        int r = reload(a, err);

        agent_rights_renew(a);
        agent_credentials_renew(a);
        if (r < 0)
                journal_record(LOG_ERR, JOURNAL_CONFIGURATION,
                               (const struct journal_field[]){{JOURNAL_KEY_REASON, err->text}}, 1,
                               "Reload refused, nothing has changed: %s", err->text);
        (void)snprintf(a->conf_error, sizeof(a->conf_error), "%.511s", r < 0 ? err->text : "");
        return r;
}
