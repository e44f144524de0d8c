/* SPDX-License-Identifier: Apache-2.0 */
/* Locks and placeholders as the configuration has them. A term in force is untouched by a reload: its tenure and
 * duration are those that the lock records; what is new counts from the next term. */
#include <errno.h>

#include "adapter/journal.h"
#include "daemon/agent.h"

static struct agent_lock *find_lock(const struct agent *a, const struct conf_lock *c) {
        for (size_t i = 0; i < a->core.n_locks; i++)
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

/* Room for one more of each; elements never move, the arrays may. */
static int grow(struct agent *a) {
        size_t n = a->core.n_locks + 1, m = a->core.n_placeholders + N_TENURES;
        void *p;

        if (!(p = realloc(a->locks, n * sizeof(*a->locks))))
                return -ENOMEM;
        a->locks = p;
        if (!(p = realloc(a->core.locks, n * sizeof(*a->core.locks))))
                return -ENOMEM;
        a->core.locks = p;
        if (!(p = realloc(a->placeholders, m * sizeof(struct agent_placeholder *))))
                return -ENOMEM;
        a->placeholders = p;
        if (!(p = realloc(a->core.placeholders, m * sizeof(*a->core.placeholders))))
                return -ENOMEM;
        a->core.placeholders = p;
        return 0;
}

static int add_placeholder(struct agent *a, const struct conf_lock *c, uint8_t tenure, size_t *ret, struct err *err) {
        struct agent_placeholder *p;
        size_t i;
        int r;

        for (i = 0; i < a->core.n_placeholders; i++)
                if (util_streq(a->placeholders[i]->ns, c->namespace_) && a->placeholders[i]->kind == c->placeholder &&
                    a->placeholders[i]->tenure == tenure) {
                        *ret = i;
                        return 0;
                }
        p = calloc(1, sizeof(*p));
        if (!p)
                return err_setf(err, -ENOMEM, "out of memory");
        p->agent = a;
        p->index = i;
        p->kind = c->placeholder;
        p->tenure = tenure;
        (void)util_copy(p->ns, sizeof(p->ns), c->namespace_);
        r = agent_placeholder_start(p, err);
        if (r < 0) {
                agent_placeholder_free(p);
                return r;
        }
        a->placeholders[i] = p;
        a->core.placeholders[i] = (struct core_placeholder){.due = true};
        placeholder_init(&a->core.placeholders[i].placeholder);
        a->core.n_placeholders++;
        *ret = i;
        return 0;
}

/* What a configured lock asks of its election and placeholders. */
static void set_conf(struct agent *a, const struct agent_lock *l) {
        const struct conf_lock *c = l->conf;
        struct core_lock *cl = &a->core.locks[l->index];

        cl->conf = (struct election_conf){
                .timing = conf_timing(c),
                .verify_interval_usec = a->conf->verify_interval_usec,
                .retry = RETRY_API,
                .cooldown = {c->cooldown_usec, c->cooldown_max_usec},
                .step_down_hold_usec = c->step_down_hold_usec,
                .tenure = c->tenure,
                .keep_failed = c->on_failure == CONF_ON_FAILURE_KEEP,
                .away = a->away,
        };
        cl->due = true;
        for (uint8_t t = 0; t < N_TENURES; t++) {
                struct agent_placeholder *p = a->placeholders[cl->placeholder[t]];
                struct placeholder_conf *h = &a->core.placeholders[p->index].conf;

                h->renew_interval_usec = a->conf->renew_interval_usec;
                h->verify_interval_usec = a->conf->verify_interval_usec;
                h->retry = RETRY_API;
                if (t == TENURE_LEASE)
                        h->retry.max_usec = a->conf->renew_interval_usec;
                h->rate_permille = TIMING_RATE_PERMILLE;
                h->tenure = t;
                h->unclaimed = p->unclaimed;
                if (t == TENURE_LEASE && c->lease_duration_usec > p->duration_usec)
                        h->duration_usec = p->duration_usec = c->lease_duration_usec;
        }
}

static int copy_conf(struct agent_lock *l, const struct conf_lock *c) {
        struct conf_lock n = *c, old = l->own;

        n.name = strdup(c->name);
        n.namespace_ = strdup(c->namespace_);
        n.unit = strdup(c->unit);
        n.where = strdup(c->where ? c->where : "");
        if (!n.name || !n.namespace_ || !n.unit || !n.where) {
                free(n.name);
                free(n.namespace_);
                free(n.unit);
                free(n.where);
                return -ENOMEM;
        }
        l->own = n;
        l->conf = &l->own;
        free(old.name);
        free(old.namespace_);
        free(old.unit);
        free(old.where);
        return 0;
}

static int add_lock(struct agent *a, const struct conf_lock *c, struct err *err) {
        struct agent_lock *l;
        struct core_lock cl = {.due = true};
        int r = grow(a);

        if (r < 0)
                return err_setf(err, r, "out of memory");
        for (uint8_t t = 0; t < N_TENURES; t++) {
                r = add_placeholder(a, c, t, &cl.placeholder[t], err);
                if (r < 0)
                        return r;
        }
        l = calloc(1, sizeof(*l));
        if (!l)
                return err_setf(err, -ENOMEM, "out of memory");
        l->agent = a;
        l->index = a->core.n_locks;
        r = copy_conf(l, c);
        if (r >= 0)
                r = agent_lock_start(l, err);
        if (r < 0) {
                agent_lock_free(l);
                return r;
        }
        election_init(&cl.election);
        a->locks[l->index] = l;
        a->core.locks[l->index] = cl;
        a->core.n_locks++;
        l->fresh = true;
        return 0;
}

static int check(const struct agent *a, const struct conf *c, struct err *err) {
        for (size_t i = 0; i < c->n_locks; i++) {
                const struct agent_lock *l = find_lock(a, &c->locks[i]);

                if (l &&
                    (!util_streq(l->conf->unit, c->locks[i].unit) || l->conf->placeholder != c->locks[i].placeholder))
                        return err_setf(err, -EBUSY,
                                        "%s: unit and placeholder of lock '%s' cannot change by a reload: remove the "
                                        "lock, reload, and add it again, or restart the agent (either stops the unit)",
                                        c->locks[i].where, l->title);
        }
        return 0;
}

int agent_conf_apply(struct agent *a, const struct conf *c, struct err *err) {
        int r = check(a, c, err);

        for (size_t i = 0; i < c->n_locks && r >= 0; i++) {
                struct agent_lock *l = find_lock(a, &c->locks[i]);

                if (!l)
                        r = add_lock(a, &c->locks[i], err);
                else {
                        r = copy_conf(l, &c->locks[i]);
                        l->returning = l->leaving;
                }
        }
        if (r < 0)
                return r;
        for (size_t i = 0; i < a->core.n_locks; i++)
                set_conf(a, a->locks[i]);
        if (!a->traced)
                agent_trace_mark(a, 'N', 0);
        a->traced = true;
        agent_trace_conf(a);
        for (size_t i = 0; i < a->core.n_locks; i++) {
                struct agent_lock *l = a->locks[i];

                if (l->fresh && a->link_up)
                        agent_lock_event(l, &(struct election_event){.type = ELECTION_EV_LINK_UP});
                l->fresh = false;
                if (configured(c, l))
                        continue;
                l->returning = false; /* a reload before this one may have wanted it back */
                if (l->leaving)
                        continue;
                journal_log(LOG_NOTICE, "%s: no longer configured: stopping its unit and releasing it", l->title);
                l->leaving = true;
                agent_lock_event(l, &(struct election_event){.type = ELECTION_EV_STOP});
        }
        return 0;
}

int agent_conf_reload(struct agent *a, struct err *err) {
        _cleanup_(conf_freep) struct conf *c = NULL;
        struct conf *old = a->conf;
        int r = conf_load(&c, a->conf_path, err);

        if (r >= 0)
                r = conf_set_default_namespace(c, a->kubeconfig->namespace_, err);
        if (r < 0)
                return r;
        if (a->stopping_since_usec)
                return err_setf(err, -ESHUTDOWN, "the agent is stopping");
        if (!util_streq(c->kubeconfig, old->kubeconfig) || !util_streq(c->context, old->context) ||
            !util_streq(c->state_dir, old->state_dir) || !util_streq(c->guard_socket, old->guard_socket) ||
            c->request_timeout_usec != old->request_timeout_usec)
                return err_setf(err, -EBUSY,
                                "%s: kubeconfig, context, state_dir, guard_socket and request_timeout change only by "
                                "`systemctl restart leader-agent`, which keeps units running",
                                a->conf_path);
        r = check(a, c, err);
        if (r < 0)
                return r;
        a->conf = c;
        r = agent_conf_apply(a, c, err);
        c = TAKE_PTR(old);
        if (r < 0)
                return r; /* out of memory: locks already added stay */
        journal_log(LOG_INFO, "Configuration read again: %zu locks", a->conf->n_locks);
        agent_pump(a);
        return 0;
}

int agent_conf_orphan(struct agent *a, const char *lock, const char *unit) {
        char ns[64], name[254], text[256], where[] = "a permit in force";
        const char *slash = strchr(lock, '/');
        struct conf_lock c = {
                .name = name,
                .namespace_ = ns,
                .unit = text,
                .where = where,
                .stop_timeout_usec = TIMING_STOP_DEFAULT_USEC,
                .cooldown_usec = USEC_PER_SEC,
                .cooldown_max_usec = USEC_PER_SEC,
        };
        struct err err = {.text = ""};
        struct agent_lock *l;
        int r;

        if (!slash || (size_t)(slash - lock) >= sizeof(ns) || !util_copy(name, sizeof(name), slash + 1) ||
            !util_copy(text, sizeof(text), unit))
                return -EINVAL;
        memcpy(ns, lock, (size_t)(slash - lock));
        ns[slash - lock] = '\0';
        if (find_lock(a, &c))
                return -EEXIST;
        journal_log(LOG_NOTICE, "%s: not configured, but %s runs for it: stopping it and releasing the lock", lock,
                    unit);
        r = add_lock(a, &c, &err);
        if (r < 0)
                return journal_errno(LOG_ERR, r, "%s: %s", lock, err.text);
        l = a->locks[a->core.n_locks - 1];
        set_conf(a, l);
        agent_trace_conf(a);
        l->fresh = false;
        l->leaving = true;
        agent_lock_event(l, &(struct election_event){.type = ELECTION_EV_LINK_UP});
        agent_lock_event(l, &(struct election_event){.type = ELECTION_EV_STOP});
        return 0;
}

void agent_conf_reap(struct agent *a) {
        for (size_t i = 0; i < a->core.n_locks;) {
                struct agent_lock *l = a->locks[i], *last;
                struct core_lock *cl = &a->core.locks[i];

                if (!l->leaving || cl->election.state != ELECTION_STOPPED || a->stopping_since_usec) {
                        i++;
                        continue;
                }
                if (l->returning) {
                        l->leaving = l->returning = false;
                        /* An answer that was still under way is no answer to what is asked next. */
                        l->request = (kube_slot_free(l->request), NULL);
                        l->local_pending = false;
                        election_init(&cl->election);
                        agent_trace_mark(a, 'I', i);
                        if (a->link_up)
                                agent_lock_event(l, &(struct election_event){.type = ELECTION_EV_LINK_UP});
                        i++;
                        continue;
                }
                last = a->locks[a->core.n_locks - 1];
                a->locks[i] = last;
                a->core.locks[i] = a->core.locks[last->index];
                last->index = i;
                a->core.n_locks--;
                agent_trace_mark(a, 'X', i);
                agent_lock_free(l);
        }
}
