/* SPDX-License-Identifier: Apache-2.0 */
/* The composition root of leader-agent: owns everything, turns the loop. One turn: what was posted and
 * what is due, one step at a time; then locks that went, watches, status, the end, and the one timer. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "base/random.h"
#include "daemon/agent_parts.h"

/* Watches wait no longer than this for the locks to come to rest after a start. */
#define WATCH_LATEST_USEC USEC_PER_SEC

/* More steps than that in one turn are a mistake of ours, not work. */
#define STEPS_MAX 100000

/* ---- the turn ---- */

/* Everything that was posted, and everything that is due, until nothing is. Returns false when that does not end. */
static bool settle(struct agent *a) {
        struct agent_post post;

        for (unsigned n = 0; n < STEPS_MAX; n++) {
                if (agent_take_post(a, &post))
                        agent_step(a, &post);
                else if (!agent_step_due(a))
                        return true;
        }
        return false;
}

/* On the way from a start to the permit nothing is wanted from a watch, which costs a connection of its own and all
 * that belongs to it: watches open when the locks have come to rest, or after a second. */
static void follow(struct agent *a, uint64_t now) {
        a->watching = a->watching || core_settled(&a->core) || now >= a->started_usec + WATCH_LATEST_USEC;
        for (size_t i = 0; i < a->n_locks && a->watching; i++)
                agent_lock_follow(a->locks[i]);
        for (size_t i = 0; i < a->n_placeholders && a->watching; i++)
                agent_placeholder_follow(a->placeholders[i]);
}

static void let_sleep(struct agent *a) {
        if (!a->sleeping || !a->sleep || core_leased(&a->core))
                return;
        sleep_watch_ready(a->sleep);
        a->sleeping = false;
}

static void arm(struct agent *a, uint64_t at) {
        if (at == USEC_INFINITY)
                (void)sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
        else {
                (void)sd_event_source_set_time(a->timer, at);
                (void)sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
        }
}

static uint64_t earlier(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

void agent_turn(struct agent *a) {
        uint64_t hand_over_at = agent_step_down_update(a, clock_boottime_usec()), now, at;
        bool settled = settle(a);

        agent_conf_reap(a);
        if (settled)
                settled = settle(a); /* a lock that begins anew */
        now = clock_boottime_usec();
        at = earlier(core_deadline(&a->core), hand_over_at);
        if (!settled) {
                journal_record(LOG_ERR, JOURNAL_FAULT, NULL, 0,
                               "The election does not come to rest; pausing for a second (please report this)");
                at = now + USEC_PER_SEC;
        }
        follow(a, now);
        if (!a->watching)
                at = earlier(at, a->started_usec + WATCH_LATEST_USEC);
        at = earlier(at, agent_ask_update(a, now));
        at = earlier(at, agent_rights_update(a, now));
        at = earlier(at, agent_credentials_update(a, now));
        at = earlier(at, agent_status_update(a, now));
        let_sleep(a);
        arm(a, earlier(at, agent_leave(a, now)));
}

static int on_timer(_unused_ sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata) {
        /* The turn that follows looks at the clock itself. */
        return 0;
}

int agent_run(struct agent *a) {
        int code, r;

        do {
                /* Once the end was asked for, nothing is begun that nobody would finish. */
                if (sd_event_get_exit_code(a->event, &code) == -ENODATA)
                        agent_turn(a);
                r = sd_event_run(a->event, UINT64_MAX);
                if (r < 0)
                        return r;
                /* At once: whatever else is done now is done without what was accepted. */
                if (a->anew)
                        return 0;
        } while (sd_event_get_state(a->event) != SD_EVENT_FINISHED);
        r = sd_event_get_exit_code(a->event, &code);
        return r < 0 ? r : code;
}

bool agent_starts_anew(const struct agent *a) {
        return a->anew;
}

/* ---- the end ---- */

static void on_job(enum job_type job, const char *problem, void *userdata) {
        struct agent *a = userdata;

        a->job = job_call_free(a->job);
        if (problem[0])
                journal_record(LOG_WARNING, JOURNAL_DBUS, (const struct journal_field[]){{JOURNAL_KEY_REASON, problem}},
                               1, "%s; releasing, as for a stop", problem);
        if (job != JOB_STOP) {
                journal_log(LOG_INFO, "Ending for a restart: permits stay in force, units run on");
                (void)notify_status("Ended for a restart: units run on under their permits");
                (void)sd_event_exit(a->event, 0);
                return;
        }
        journal_log(LOG_INFO, "Stopping: every unit of ours is stopped, then its lock is released");
        notify_stopping();
        a->stopping.since_usec = clock_boottime_usec();
        a->stopping.since_realtime_usec = clock_realtime_usec();
        agent_apply(a, &(struct core_change){.type = CORE_STOP});
}

void agent_terminate(struct agent *a) {
        if (a->stopping.since_usec || a->job)
                return;
        if (job_read_own(&a->job, a->event, on_job, a) < 0)
                on_job(JOB_STOP, "PID 1 cannot be asked why: out of memory", a);
}

/* ---- the beginning ---- */

static void on_sleep(bool going, void *userdata) {
        agent_post(userdata, &(struct agent_post){.type = AGENT_POST_SLEEP, .on = going});
}

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
        for (size_t i = 0; i < a->kubeconfig->n_warnings; i++)
                journal_record(LOG_WARNING, JOURNAL_CONFIGURATION, NULL, 0, "kubeconfig: %s",
                               a->kubeconfig->warnings[i]);
        r = conf_set_default_namespace(a->conf, a->kubeconfig->namespace_, err);
        if (r < 0)
                return r;
        r = store_open(&a->store, a->conf->state_dir, &host, err);
        if (r < 0)
                return r;
        if (a->conf->trace) {
                a->trace_fd = agent_trace_open(a->conf->trace, err);
                if (a->trace_fd < 0)
                        return a->trace_fd;
        }
        r = kube_new(&a->kube, a->event, a->kubeconfig, a->conf->request_timeout_usec, err);
        if (r < 0 && !err->text[0])
                return err_setf(err, r, "cannot prepare requests to the API server: %s", strerror(-r));
        return r;
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
        agent_conf_orphans(a);
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

struct agent *agent_free(struct agent *a) {
        if (!a)
                return NULL;
        job_call_free(a->job);
        for (size_t i = 0; i < a->n_locks; i++)
                agent_lock_free(a->locks[i]);
        for (size_t i = 0; i < a->n_placeholders; i++)
                agent_placeholder_free(a->placeholders[i]);
        agent_namespaces_free(a);
        agent_rights_done(a);
        kube_slot_free(a->ask.request);
        agent_step_downs_free(a);
        bus_free(a->bus);
        sleep_watch_free(a->sleep);
        link_free(a->link);
        kube_free(a->kube);
        store_close(a->store);
        kubeconfig_free(a->kubeconfig);
        conf_free(a->conf);
        sd_event_source_disable_unref(a->timer);
        sd_event_unref(a->event);
        if (a->trace_fd >= 0)
                close(a->trace_fd);
        free(a->inbox.posts);
        free(a->locks);
        free(a->core_locks);
        free(a->placeholders);
        free(a->core_placeholders);
        free(a);
        return NULL;
}

const char *agent_identity(const struct agent *a) {
        return store_identity(a->store);
}

const char *agent_server(const struct agent *a) {
        return a->kubeconfig->server;
}

const char *agent_host(const struct agent *a) {
        return a->host;
}

int agent_log_level(const struct agent *a) {
        return a->conf->log_level;
}
