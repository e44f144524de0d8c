/* SPDX-License-Identifier: Apache-2.0 */
/* What humans see: STATUS= in `systemctl status`, the status document, one journal record per change of role. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "adapter/notify.h"
#include "codec/report.h"
#include "codec/timespan.h"
#include "daemon/agent.h"

#define STATUS_DELAY_USEC (100 * USEC_PER_MSEC)
#define CONTACT_NEWS_USEC (60 * USEC_PER_SEC)

struct lock_text {
        const char *role;
        const char *holder;
        const char *holder_identity;
        const char *unit_state;
        char since[CLOCK_TEXT_SIZE];
        char valid_until[CLOCK_TEXT_SIZE];
        char reason[1200];
        char next[512];
};

static const struct election *election(const struct agent_lock *l) {
        return &l->agent->core.locks[l->index].election;
}

static const struct election_conf *conf(const struct agent_lock *l) {
        return &l->agent->core.locks[l->index].conf;
}

static uint8_t hold(const struct agent_lock *l) {
        const struct core *core = &l->agent->core;
        struct placeholder_view v[N_TENURES];

        for (unsigned t = 0; t < N_TENURES; t++)
                v[t] = placeholder_view(&core->placeholders[core->locks[l->index].placeholder[t]].placeholder);
        return election_stays_out(election(l), v, clock_boottime_usec(), conf(l));
}

/* The object behind what the core believes, for its names. */
static const struct lock_object *object(const struct agent_lock *l) {
        const struct election *e = election(l);

        if (e->lock.source == LOCK_SOURCE_NONE || e->lock.fact.sort == LOCK_ABSENT)
                return NULL;
        if (l->has_answered && util_token(l->answered.uid) == e->lock.fact.uid &&
            util_token(l->answered.version) == e->lock.fact.version)
                return &l->answered;
        return l->has_seen ? &l->seen : l->has_answered ? &l->answered : NULL;
}

static const char *role(const struct agent_lock *l) {
        uint8_t h = hold(l);

        switch ((enum election_state)election(l)->state) {
        case ELECTION_STARTING:
        case ELECTION_ADOPTING:
        case ELECTION_PROVING:
        case ELECTION_PERMITTING:
                return "starting";
        case ELECTION_CANDIDATE:
        case ELECTION_CLAIMING:
                return h == REASON_NONE ? "candidate" : h == REASON_COOLDOWN ? "cooldown" : "blocked";
        case ELECTION_DEPOSING:
                return "candidate";
        case ELECTION_LEADING:
                return "leader";
        case ELECTION_STOPPING:
                return "stopping";
        case ELECTION_RELEASING:
                return "releasing";
        case ELECTION_STOPPED:
                return "stopped";
        }
        return "?";
}

/* Realtime text of a boottime instant. */
static const char *wall(uint64_t at_usec, char buf[static CLOCK_TEXT_SIZE]) {
        uint64_t now = clock_boottime_usec(), real = clock_realtime_usec();

        return clock_format_utc(at_usec > now ? real + (at_usec - now) : real - (now - at_usec), buf);
}

static void describe_next(const struct agent_lock *l, char *buf, size_t size) {
        const struct election *e = election(l);
        const struct lock_object *o = object(l);
        char t[CLOCK_TEXT_SIZE], span[TIMESPAN_MAX];
        uint8_t h = hold(l);

        buf[0] = '\0';
        switch ((enum election_state)e->state) {
        case ELECTION_STARTING:
                (void)snprintf(buf, size, "reads the lock and asks leader-guard about the unit");
                break;
        case ELECTION_CANDIDATE:
                if (h == REASON_DAMAGED_LOCK)
                        (void)snprintf(buf, size,
                                       "waits: nobody touches a damaged lock. Stop %s on every host (leaderctl "
                                       "step-down, or systemctl stop leader-agent), then: "
                                       "kubectl -n %s patch configmap %s --type=merge -p "
                                       "'{\"metadata\":{\"finalizers\":null}}' and kubectl -n %s delete configmap %s",
                                       l->conf->unit, l->conf->namespace_, l->conf->name, l->conf->namespace_,
                                       l->conf->name);
                else if (h == REASON_FOREIGN_LOCK)
                        (void)snprintf(buf, size, "waits for Pod %s to give the lock up", o ? o->owner.name : "?");
                else if (h == REASON_UNIT_FOREIGN)
                        (void)snprintf(buf, size, "stays out until %s is stopped here (systemctl stop %s)",
                                       l->conf->unit, l->conf->unit);
                else if (h == REASON_GUARD_AWAY)
                        (void)snprintf(buf, size, "waits for leader-guard (systemctl status leader-guard)");
                else if (h == REASON_COOLDOWN)
                        (void)snprintf(buf, size, "takes part again at %s",
                                       clock_format_boottime(e->timers.cool_until_usec, t));
                else if (h == REASON_SLEEP)
                        (void)snprintf(buf, size, "takes part again when the host is awake");
                else if (h == REASON_NAME_TAKEN)
                        (void)snprintf(buf, size,
                                       "waits: delete that placeholder when no other host uses this identity");
                else if (e->lock.fact.claimed)
                        (void)snprintf(buf, size, "asks leader-guard about the unit");
                else if (e->lock.fact.tenure == TENURE_LEASE && e->holder.state != HOLDER_UNSEEN &&
                         clock_boottime_usec() - e->holder.seen_at_usec > e->lock.fact.duration_usec / 2)
                        (void)snprintf(buf, size, "takes over at %s unless %s renews its lease",
                                       clock_format_boottime(e->holder.seen_at_usec + e->lock.fact.duration_usec, t),
                                       o ? o->holder : "the holder");
                else if (e->lock.fact.tenure == TENURE_LEASE &&
                         e->holder.state != HOLDER_UNSEEN) /* no instant: it would be news each time */
                        (void)snprintf(buf, size, "takes over if %s is silent for %s", o ? o->holder : "the holder",
                                       timespan_format(span, e->lock.fact.duration_usec));
                else
                        (void)snprintf(buf, size, "waits for the lock to be released");
                break;
        case ELECTION_CLAIMING:
                (void)snprintf(buf, size, "creates the lock");
                break;
        case ELECTION_ADOPTING:
        case ELECTION_PROVING:
                (void)snprintf(buf, size, "proves that its placeholder is alive");
                break;
        case ELECTION_PERMITTING:
                (void)snprintf(buf, size, "leader-guard starts the unit");
                break;
        case ELECTION_LEADING:
                if (e->guard.fact.unit == UNIT_FAILED)
                        (void)snprintf(
                                buf, size,
                                "keeps the lock and waits for you: systemctl start %s, or leaderctl step-down %s",
                                l->conf->unit, l->conf->name);
                else
                        (void)snprintf(buf, size,
                                       e->lock.fact.tenure == TENURE_LEASE ? "renews the lease" : "watches the lock");
                break;
        case ELECTION_STOPPING:
                (void)snprintf(buf, size, "releases the lock when the unit was seen stopped");
                break;
        case ELECTION_RELEASING:
        case ELECTION_DEPOSING:
                (void)snprintf(buf, size, "removes the lock");
                break;
        case ELECTION_STOPPED:
                break;
        }
}

/* What the API server refuses to this lock or to its placeholder; connection trouble is told once, for the agent. */
static const char *problem(const struct agent_lock *l) {
        const struct agent *a = l->agent;
        const struct core_lock *c = &a->core.locks[l->index];

        if (a->api_error[0])
                return "";
        return l->problem[0] ? l->problem : a->placeholders[c->placeholder[c->conf.tenure]]->problem;
}

static void describe(const struct agent_lock *l, struct lock_text *t) {
        const struct election *e = election(l);
        const struct lock_object *o = object(l);
        uint64_t stop_at, kill_at;
        uint8_t h = hold(l);
        bool unit = e->term.reason == REASON_UNIT_FAILED || e->term.reason == REASON_UNIT_UNFIT ||
                    e->term.reason == REASON_UNIT_FOREIGN;
        const char *reason = election_reason_to_string(e->term.reason), *damage = o ? o->damage : "";

        if (e->state == ELECTION_CANDIDATE && h != REASON_NONE && !(h == REASON_COOLDOWN && unit)) {
                /* Silent, or it answers that it cannot tell. */
                bool blind = h == REASON_GUARD_AWAY && e->guard.linked && l->trouble[0];

                reason = blind ? "leader-guard cannot see the unit" : election_reason_to_string(h);
                unit = h == REASON_UNIT_FOREIGN || blind;
        } else if (e->state == ELECTION_PERMITTING || e->state == ELECTION_LEADING) {
                reason = "";
                unit = true;
        }
        *t = (struct lock_text){.role = role(l), .holder = o ? o->holder : "", .holder_identity = o ? o->identity : ""};
        t->unit_state = l->has_guard ? unit_state_to_string(l->guard.unit_state) : "unknown";
        (void)clock_format_utc(l->since_realtime_usec, t->since);
        (void)snprintf(t->reason, sizeof(t->reason), "%s%s%.200s%s%.500s", reason, reason[0] && damage[0] ? ": " : "",
                       damage, unit && l->trouble[0] && reason[0] ? ": " : "", unit ? l->trouble : "");
        if (problem(l)[0])
                (void)snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason), "%s%.400s",
                               t->reason[0] ? "; " : "", problem(l));
        describe_next(l, t->next, sizeof(t->next));
        if (!e->guard.linked && e->state >= ELECTION_PROVING && e->state <= ELECTION_STOPPING)
                (void)snprintf(t->next, sizeof(t->next),
                               "waits for leader-guard, which does not answer "
                               "(systemctl status leader-guard)");
        if (e->state == ELECTION_LEADING && e->lock.fact.tenure == TENURE_LEASE &&
            election_instants(e, conf(l), e->term.permit_proof_usec, &stop_at, &kill_at))
                (void)wall(stop_at, t->valid_until);
}

static void record_change(struct agent_lock *l) {
        const struct election *e = election(l);
        struct lock_text t;
        bool dull = e->state == l->shown_state;

        if (dull)
                return;
        describe(l, &t);
        struct journal_field fields[] = {
                {"LOCK", l->title},
                {"UNIT_NAME", l->conf->unit},
                {"OLD_STATE", election_state_to_string(l->shown_state)},
                {"NEW_STATE", election_state_to_string(e->state)},
                {"REASON", election_reason_to_string(e->term.reason)},
                {"HOLDER", t.holder},
                {"LOCK_UID", agent_uid_text(l, e->lock.fact.uid)},
        };

        agent_event_transition(l, l->shown_state, e->state);
        l->shown_state = e->state;
        l->since_realtime_usec = clock_realtime_usec();
        journal_record(e->state == ELECTION_LEADING || e->state == ELECTION_STOPPING ? LOG_NOTICE : LOG_INFO,
                       JOURNAL_LOCK_STATE, fields, ELEMENTSOF(fields), "%s: %s%s%s%s%s; %s", l->title,
                       election_state_to_string(e->state), t.reason[0] ? ", because " : "", t.reason,
                       t.holder[0] && e->state == ELECTION_CANDIDATE ? "; holder " : "",
                       e->state == ELECTION_CANDIDATE ? t.holder : "", t.next);
}

static void record_damage(struct agent_lock *l) {
        const struct lock_object *o = object(l);
        const char *damage = o && o->form == LOCK_FORM_DAMAGED ? o->damage : "";
        char next[512];

        if (util_streq(l->damage, damage))
                return;
        (void)util_copy(l->damage, sizeof(l->damage), damage);
        if (!damage[0] || election(l)->state != ELECTION_CANDIDATE)
                return;
        describe_next(l, next, sizeof(next));
        journal_record(LOG_ERR, JOURNAL_LOCK_DAMAGED, NULL, 0, "%s: the lock is damaged: %s; %s", l->title, damage,
                       next);
}

static void status_line(struct agent *a, char *buf, size_t size) {
        char contact[CLOCK_TEXT_SIZE] = "never";
        size_t leading = 0;

        if (a->contact_shown_usec)
                (void)clock_format_boottime(clock_boottime_usec() - (clock_realtime_usec() - a->contact_shown_usec),
                                            contact);
        for (size_t i = 0; i < a->core.n_locks; i++)
                leading += a->core.locks[i].election.state == ELECTION_LEADING;
        if (a->core.n_locks == 1) {
                const struct agent_lock *l = a->locks[0];
                char since[CLOCK_TEXT_SIZE];
                struct lock_text t;

                describe(l, &t);
                (void)clock_format_boottime(clock_boottime_usec() - (clock_realtime_usec() - l->since_realtime_usec),
                                            since);
                (void)snprintf(buf, size, "%s of %s (%s) since %s; %s %s%s%s%s%s; %s; API %s at %s%s%s", t.role,
                               l->title, tenure_to_string(l->conf->tenure), since, l->conf->unit, t.unit_state,
                               t.holder[0] ? "; holder " : "", t.holder, t.reason[0] ? "; " : "", t.reason, t.next,
                               a->api_error[0] ? "last answered" : "answered", contact, a->api_error[0] ? "; " : "",
                               a->api_error);
        } else
                (void)snprintf(buf, size, "%zu locks, leading %zu; API %s at %s%s%s; details: leaderctl status",
                               a->core.n_locks, leading, a->api_error[0] ? "last answered" : "answered", contact,
                               a->api_error[0] ? "; " : "", a->api_error);
        if (!a->link_up && a->link_error[0])
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; %s", a->link_error);
        if (a->bus_error[0])
                (void)snprintf(buf + strlen(buf), size - strlen(buf), "; D-Bus: %s", a->bus_error);
        if (buf[0] >= 'a' && buf[0] <= 'z')
                buf[0] = (char)(buf[0] - 'a' + 'A');
}

static int on_status_due(sd_event_source *source, uint64_t usec, void *userdata) {
        struct agent *a = userdata;
        char line[4400];

        (void)source;
        (void)usec;
        a->status_due = false;
        a->contact_shown_usec = a->contact_realtime_usec;
        status_line(a, line, sizeof(line));
        (void)snprintf(a->status, sizeof(a->status), "%.2047s", line);
        notify_status("%s", line);
        return 0;
}

/* STATUS= a moment after what it tells of, all that happened by then in one, so that PID 1 first does what else is
 * asked of it. That the API server answered, and nothing else, is news once a minute. */
static void show(struct agent *a) {
        char line[4400];
        int r;

        if (a->status_due)
                return;
        if (a->contact_realtime_usec - a->contact_shown_usec < CONTACT_NEWS_USEC) {
                status_line(a, line, sizeof(line));
                if (strncmp(line, a->status, sizeof(a->status) - 1) == 0)
                        return;
        }
        r = a->status_timer ? sd_event_source_set_time_relative(a->status_timer, STATUS_DELAY_USEC)
                            : sd_event_add_time_relative(a->event, &a->status_timer, CLOCK_BOOTTIME, STATUS_DELAY_USEC,
                                                         1, on_status_due, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->status_timer, SD_EVENT_ONESHOT);
        a->status_due = r >= 0;
}

void agent_status_update(struct agent *a) {
        bool changed = false;

        for (size_t i = 0; i < a->core.n_locks; i++) {
                changed = changed || a->locks[i]->shown_state != a->core.locks[i].election.state;
                record_change(a->locks[i]);
                record_damage(a->locks[i]);
        }
        show(a);
        if (changed && a->bus)
                bus_status_changed(a->bus);
}

static int on_status(void *userdata, char **ret_json) {
        struct agent *a = userdata;
        _cleanup_free_ struct report_lock *locks = calloc(a->core.n_locks, sizeof(*locks));
        _cleanup_free_ struct lock_text *texts = calloc(a->core.n_locks, sizeof(*texts));
        char contact[CLOCK_TEXT_SIZE] = "";

        if (!locks || !texts)
                return -ENOMEM;
        if (a->contact_realtime_usec)
                (void)clock_format_utc(a->contact_realtime_usec, contact);
        for (size_t i = 0; i < a->core.n_locks; i++) {
                const struct agent_lock *l = a->locks[i];
                const struct lock_object *o = object(l);

                describe(l, &texts[i]);
                locks[i] = (struct report_lock){
                        .lock = l->title,
                        .unit = l->conf->unit,
                        .tenure = tenure_to_string(l->conf->tenure),
                        .role = texts[i].role,
                        .unit_state = texts[i].unit_state,
                        .holder = texts[i].holder,
                        .holder_identity = texts[i].holder_identity,
                        .since = texts[i].since,
                        .term = o ? o->term : "",
                        .lock_uid = o ? o->uid : "",
                        .reason = texts[i].reason,
                        .next = texts[i].next,
                        .valid_until = texts[i].valid_until,
                };
        }
        return report_build(
                &(struct report){
                        .version = AGENT_VERSION,
                        .identity = store_identity(a->store),
                        .server = a->kubeconfig->server,
                        .last_contact = contact,
                        .api_error = a->api_error,
                        .guard_connected = a->link_up,
                        .guard_error = a->link_up ? "" : a->link_error,
                        .locks = locks,
                        .n_locks = a->core.n_locks,
                },
                ret_json);
}

static int on_step_down(void *userdata, const char *lock, const char *reason, struct err *err) {
        struct agent *a = userdata;

        for (size_t i = 0; i < a->core.n_locks; i++) {
                struct agent_lock *l = a->locks[i];

                if (!util_streq(l->title, lock) && !util_streq(l->conf->name, lock))
                        continue;
                if (election(l)->state < ELECTION_PROVING || election(l)->state > ELECTION_LEADING)
                        return err_setf(err, -ENODATA, "this host (%s) does not lead '%s': it is %s",
                                        store_identity(a->store), l->title, role(l));
                journal_log(LOG_NOTICE, "%s: asked to step down: %s", l->title, reason);
                agent_lock_event(l, &(struct election_event){.type = ELECTION_EV_STEP_DOWN});
                agent_pump(a);
                return 0;
        }
        return err_setf(err, -ENOENT, "no lock '%s' in the configuration of this agent (%s)", lock, a->conf_path);
}

static int on_reload(void *userdata, struct err *err) {
        return agent_conf_reload(userdata, err);
}

/* Leading needs no D-Bus: it is only said. */
static void on_bus_trouble(void *userdata, const char *error) {
        struct agent *a = userdata;

        (void)util_copy(a->bus_error, sizeof(a->bus_error), error);
        if (error[0])
                journal_log(LOG_WARNING,
                            "D-Bus: %s; trying again. leaderctl does not reach this agent meanwhile, and no one tells "
                            "it before the host sleeps (systemctl status dbus)",
                            error);
        else
                journal_log(LOG_INFO, "D-Bus: connected again");
        if (a->bus) /* not while the agent is being built */
                agent_status_update(a);
}

const struct bus_handlers agent_bus_handlers = {
        .status = on_status, .step_down = on_step_down, .reload = on_reload, .trouble = on_bus_trouble};
