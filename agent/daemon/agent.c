/* SPDX-License-Identifier: Apache-2.0 */
/* The composition root of leader-agent: owns everything, runs the pump, handles the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "base/random.h"
#include "daemon/agent.h"

/* Time for the API writes of a release, beyond the units' own stop timeouts. */
#define RELEASE_USEC (30 * USEC_PER_SEC)

/* Watches wait no longer than this for the locks to come to rest after a start. */
#define WATCH_LATEST_USEC USEC_PER_SEC

/* ---- the pump ---- */

/* The daemon's own check of invariant 1: should it ever fail, the units stop before anything else happens. */
static void check_invariant(struct agent *a) {
        if (core_invariant(&a->core))
                return;
        for (size_t i = 0; i < a->core.n_locks; i++)
                if (!election_invariant(&a->core.locks[i].election)) {
                        journal_log(LOG_CRIT, "%s: state '%s' contradicts what is known of the lock: stopping its unit",
                                    a->locks[i]->title, election_state_to_string(a->core.locks[i].election.state));
                        agent_guard_send(a->locks[i], ELECTION_MSG_REVOKE, a->core.locks[i].election.term.uid, 0, 0);
                }
        abort();
}

void agent_lock_event(struct agent_lock *l, struct election_event *ev) {
        struct agent *a = l->agent;
        struct election_actions out;

        ev->now_usec = clock_boottime_usec();
        ev->random = random_spread();
        out = core_lock_step(&a->core, l->index, ev);
        agent_trace_lock(a, l->index, ev, &out);
        check_invariant(a);
        agent_lock_perform(l, &out);
}

void agent_placeholder_event(struct agent_placeholder *p, struct placeholder_event *ev) {
        struct agent *a = p->agent;
        struct placeholder_action out;

        ev->now_usec = clock_boottime_usec();
        ev->random = random_spread();
        out = core_placeholder_step(&a->core, p->index, ev);
        agent_trace_placeholder(a, p->index, ev, &out);
        check_invariant(a);
        agent_placeholder_perform(p, &out);
}

static bool deliver_local(struct agent *a) {
        bool any = false;

        for (size_t i = 0; i < a->core.n_locks; i++) {
                struct agent_lock *l = a->locks[i];
                struct election_event ev = {.type = ELECTION_EV_REPLY, .op = l->local_op, .result = l->local_result};

                if (!l->local_pending)
                        continue;
                l->local_pending = false;
                any = true;
                agent_lock_event(l, &ev);
        }
        for (size_t i = 0; i < a->core.n_placeholders; i++) {
                struct agent_placeholder *p = a->placeholders[i];
                struct placeholder_event ev = {
                        .type = PLACEHOLDER_EV_REPLY, .op = p->local_op, .result = p->local_result};

                if (!p->local_pending)
                        continue;
                p->local_pending = false;
                any = true;
                agent_placeholder_event(p, &ev);
        }
        return any;
}

static bool turn(struct agent *a) {
        size_t i;

        switch (core_next(&a->core, clock_boottime_usec(), &i)) {
        case CORE_TURN_NONE:
                return false;
        case CORE_TURN_LOCK:
                agent_lock_event(a->locks[i], &(struct election_event){.type = ELECTION_EV_GO});
                return true;
        case CORE_TURN_PLACEHOLDER:
                agent_placeholder_event(a->placeholders[i], &(struct placeholder_event){.type = PLACEHOLDER_EV_GO});
                return true;
        }
        return false;
}

static bool released(const struct agent *a) {
        for (size_t i = 0; i < a->core.n_locks; i++)
                if (a->core.locks[i].election.state != ELECTION_STOPPED)
                        return false;
        for (size_t i = 0; i < a->core.n_placeholders; i++)
                if (a->core.placeholders[i].placeholder.state == PLACEHOLDER_LIVE &&
                    a->core.placeholders[i].placeholder.retry.attempts < 2)
                        return false;
        return true;
}

/* ---- sleep ---- */

/* A lease is held, or just being won. */
static bool leased(const struct core_lock *l) {
        const struct election *e = &l->election;

        return e->op == ELECTION_OP_CREATE ? l->conf.tenure == TENURE_LEASE
                                           : e->state >= ELECTION_PROVING && e->state <= ELECTION_RELEASING &&
                                                     e->lock.fact.tenure == TENURE_LEASE;
}

/* A lease that sleeps is lost, and its unit would wake up beside the next leader: so it ends before, and none is begun
 * until the host is awake. */
static void on_sleep(bool going, void *userdata) {
        struct agent *a = userdata;

        a->sleeping = a->away = going;
        if (going)
                journal_log(LOG_NOTICE, "The host is about to sleep: stepping down from every lease");
        for (size_t i = 0; i < a->core.n_locks; i++) {
                a->core.locks[i].conf.away = going;
                a->core.locks[i].due = true;
        }
        agent_trace_conf(a);
        agent_pump(a);
}

static void let_sleep(struct agent *a) {
        for (size_t i = 0; i < a->core.n_locks; i++)
                if (leased(&a->core.locks[i]))
                        return;
        sleep_watch_ready(a->sleep);
        a->sleeping = false;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)source;
        (void)usec;
        agent_pump(userdata);
        return 0;
}

/* On the way from a start to the permit nothing is wanted from a watch, which costs a connection of its own and all
 * that belongs to it: watches open when the locks have come to rest, or after a second. */
static bool may_watch(const struct agent *a) {
        for (size_t i = 0; i < a->core.n_locks; i++) {
                uint8_t s = a->core.locks[i].election.state;

                if (s == ELECTION_STARTING || (s >= ELECTION_CLAIMING && s <= ELECTION_PROVING))
                        return clock_boottime_usec() >= a->started_usec + WATCH_LATEST_USEC;
        }
        return true;
}

static void follow(struct agent *a) {
        a->watching = a->watching || may_watch(a);
        for (size_t i = 0; i < a->core.n_locks && a->watching; i++) {
                agent_lock_follow(a->locks[i]);
                agent_lock_follow_holder(a->locks[i]);
        }
        for (size_t i = 0; i < a->core.n_placeholders && a->watching; i++)
                agent_placeholder_follow(a->placeholders[i]);
}

void agent_pump(struct agent *a) {
        uint64_t at;
        unsigned n = 0;

        if (a->in_pump)
                return;
        a->in_pump = true;
        while ((deliver_local(a) || turn(a)) && ++n < 100000)
                ;
        a->in_pump = false;
        agent_conf_reap(a);
        at = core_deadline(&a->core);
        if (n >= 100000) {
                journal_log(LOG_ERR, "The election does not come to rest; pausing for a second (please report this)");
                at = clock_boottime_usec() + USEC_PER_SEC;
        }
        follow(a);
        if (!a->watching && at > a->started_usec + WATCH_LATEST_USEC)
                at = a->started_usec + WATCH_LATEST_USEC;
        if (at == USEC_INFINITY)
                (void)sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
        else {
                (void)sd_event_source_set_time(a->timer, at);
                (void)sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
        }
        agent_status_update(a);
        if (a->sleeping && a->sleep)
                let_sleep(a);
        if (a->stopping_since_usec && released(a))
                (void)sd_event_exit(a->event, 0);
}

uint8_t agent_note_reply(struct agent *a, const struct kube_reply *reply, char problem[static 512], const char *what) {
        uint8_t result = agent_result(reply->result);
        bool bad = result == RESULT_DENIED || result == RESULT_FAILED || result == RESULT_UNKNOWN;
        char text[512] = "";

        if (bad)
                (void)snprintf(text, sizeof(text), "%s: %.400s", what, reply->text);
        if (bad && !util_streq(text, problem))
                journal_log(LOG_WARNING, "API: %s; trying again", text);
        memcpy(problem, text, sizeof(text));
        if (reply->http_code) {
                a->contact_realtime_usec = clock_realtime_usec();
                if (a->api_error[0])
                        journal_log(LOG_INFO, "API: answers again");
                a->api_error[0] = '\0';
        } else if (bad)
                memcpy(a->api_error, text, sizeof(text));
        return result;
}

/* ---- the end ---- */

static int on_extend(sd_event_source *source, uint64_t usec, void *userdata) {
        struct agent *a = userdata;
        uint64_t limit = RELEASE_USEC, worst = 0;

        (void)usec;
        for (size_t i = 0; i < a->core.n_locks; i++)
                if (a->locks[i]->conf->stop_timeout_usec > worst)
                        worst = a->locks[i]->conf->stop_timeout_usec;
        if (clock_boottime_usec() - a->stopping_since_usec > limit + worst) {
                for (size_t i = 0; i < a->core.n_locks; i++)
                        if (a->core.locks[i].election.state != ELECTION_STOPPED)
                                journal_log(LOG_WARNING,
                                            "%s: not released in time (%s); the lock stays held until this agent runs "
                                            "again, or `leaderctl fence` names this host",
                                            a->locks[i]->title, a->locks[i]->problem);
                return sd_event_exit(a->event, 0);
        }
        notify_extend_timeout(5 * USEC_PER_SEC);
        (void)sd_event_source_set_time_relative(source, USEC_PER_SEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void stop(struct agent *a) {
        journal_log(LOG_INFO, "Stopping: every unit of ours is stopped, then its lock is released");
        notify_stopping();
        a->stopping_since_usec = clock_boottime_usec();
        a->core.removing = true;
        agent_trace_mark(a, 'Z', 0);
        for (size_t i = 0; i < a->core.n_placeholders; i++)
                a->core.placeholders[i].due = true;
        for (size_t i = 0; i < a->core.n_locks; i++)
                agent_lock_event(a->locks[i], &(struct election_event){.type = ELECTION_EV_STOP});
        (void)sd_event_add_time_relative(a->event, &a->extend, CLOCK_BOOTTIME, 0, 0, on_extend, a);
        agent_pump(a);
}

static void on_job(enum job_type job, const char *problem, void *userdata) {
        struct agent *a = userdata;

        if (*problem)
                journal_log(LOG_WARNING, "%s; releasing, as for a stop", problem);
        if (job != JOB_STOP) {
                journal_log(LOG_INFO, "Ending for a restart: permits stay in force, units run on");
                (void)sd_event_exit(a->event, 0);
                return;
        }
        stop(a);
}

void agent_terminate(struct agent *a) {
        int r;

        /* Asked once: a second signal changes nothing. */
        if (a->job || a->stopping_since_usec)
                return;
        r = job_read_own(&a->job, a->event, on_job, a);
        if (r < 0)
                on_job(JOB_STOP, strerror(-r), a);
}

/* ---- the beginning ---- */

static int open_world(struct agent *a, struct err *err) {
        struct store_host host;
        int r = store_host_read(&host, err);

        if (r < 0)
                return r;
        (void)util_copy(a->host, sizeof(a->host), host.host);
        r = boot_id_read(a->boot_id);
        if (r < 0)
                return err_setf(err, r, "cannot read the boot id of this host: %s", strerror(-r));
        r = kubeconfig_load(&a->kubeconfig, a->conf->kubeconfig, a->conf->context, err);
        if (r < 0)
                return r;
        r = conf_set_default_namespace(a->conf, a->kubeconfig->namespace_, err);
        if (r < 0)
                return r;
        r = store_open(&a->store, a->conf->state_dir, &host, err);
        if (r < 0)
                return r;
        if (a->conf->trace) {
                a->trace_fd = open(a->conf->trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
                if (a->trace_fd < 0)
                        return err_setf(err, -errno, "cannot open the trace file '%s': %m", a->conf->trace);
        }
        return kube_new(&a->kube, a->event, a->kubeconfig, a->conf->request_timeout_usec, err);
}

static int start(struct agent *a, struct err *err) {
        int r;

        r = random_hex(a->nonce, RECORD_CLAIM_HEX / 2);
        if (r < 0)
                return err_setf(err, r, "no random numbers: %s", strerror(-r));
        a->started_usec = clock_boottime_usec();
        r = sd_event_add_time(a->event, &a->timer, CLOCK_BOOTTIME, USEC_INFINITY, 1, on_timer, a);
        if (r < 0)
                return err_setf(err, r, "cannot make a CLOCK_BOOTTIME timer: %s", strerror(-r));
        r = agent_conf_apply(a, a->conf, err);
        if (r < 0)
                return r;
        r = link_new(&a->link, a->event, a->conf->guard_socket, &agent_link_handlers, a);
        if (r < 0)
                return err_setf(err, r, "guard socket '%s': %s", a->conf->guard_socket, strerror(-r));
        if (sleep_watch_new(&a->sleep, a->event, on_sleep, a, err) < 0)
                journal_log(LOG_INFO, "%s, ignoring", err->text);
        return bus_serve(&a->bus, a->event, &agent_bus_handlers, a, err);
}

int agent_new(struct agent **ret, sd_event *event, const char *conf_path, struct err *err) {
        _cleanup_(agent_freep) struct agent *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return err_setf(err, -ENOMEM, "out of memory");
        a->trace_fd = -1;
        a->event = sd_event_ref(event);
        a->conf_path = conf_path;
        r = conf_load(&a->conf, conf_path, err);
        if (r < 0)
                return r;
        r = open_world(a, err);
        if (r < 0)
                return r;
        r = start(a, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

void agent_free(struct agent *a) {
        if (!a)
                return;
        for (size_t i = 0; i < a->core.n_locks; i++)
                agent_lock_free(a->locks[i]);
        for (size_t i = 0; i < a->core.n_placeholders; i++)
                agent_placeholder_free(a->placeholders[i]);
        job_call_free(a->job);
        bus_free(a->bus);
        sleep_watch_free(a->sleep);
        link_free(a->link);
        kube_free(a->kube);
        store_close(a->store);
        kubeconfig_free(a->kubeconfig);
        conf_free(a->conf);
        sd_event_source_disable_unref(a->timer);
        sd_event_source_disable_unref(a->extend);
        sd_event_source_disable_unref(a->status_timer);
        sd_event_unref(a->event);
        if (a->trace_fd >= 0)
                close(a->trace_fd);
        free(a->locks);
        free(a->core.locks);
        free(a->placeholders);
        free(a->core.placeholders);
        free(a);
}
