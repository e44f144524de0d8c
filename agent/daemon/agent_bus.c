/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent does for callers on D-Bus: the status document, step-down, reload. Who may call is the bus's policy
 * (units/io.leaderagent.Agent1.conf). */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "codec/report.h"
#include "daemon/agent_parts.h"

static struct report_lock report_lock(const struct agent_lock *l, struct agent_text *t) {
        struct core_lock_view v = agent_view(l);

        agent_describe(l, &v, t);
        return (struct report_lock){
                .lock = l->title,
                .unit = l->conf->unit,
                .tenure = t->tenure,
                .next_tenure = t->next_tenure,
                .role = t->role,
                .unit_state = t->unit_state,
                .unit_restarts = t->unit_restarts,
                .holder = t->holder,
                .holder_identity = t->holder_identity,
                .since = t->since,
                .acquired = t->acquired,
                .term = t->term,
                .lock_uid = t->lock_uid,
                .reason = t->reason,
                .next = t->next,
                .valid_until = t->valid_until,
                .last_heartbeat = t->heartbeat,
        };
}

static struct report_right report_right(const struct agent_right *r, struct agent_right_text *t) {
        agent_right_text(r, t);
        return (struct report_right){.namespace_ = r->ns, .what = t->what, .means = t->means, .rule = t->rule};
}

/* Room for all troubles there may be: each right, each lock's, and a few of the agent. */
struct troubles {
        struct report_trouble *list;
        struct {
                char since[CLOCK_TEXT_SIZE], text[AGENT_TROUBLE_SIZE];
        } * texts;
        size_t n, size;
};

static void add_trouble(enum agent_trouble_kind kind, uint64_t lasts_usec, const char *text, void *userdata) {
        struct troubles *all = userdata;
        char *since, *copy;

        if (all->n == all->size)
                return;
        since = all->texts[all->n].since;
        copy = all->texts[all->n].text;
        (void)snprintf(copy, sizeof(all->texts[0].text), "%s", text);
        if (lasts_usec != USEC_INFINITY)
                (void)clock_format_utc(clock_realtime_usec() - lasts_usec, since);
        all->list[all->n++] =
                (struct report_trouble){.kind = agent_trouble_to_string(kind), .since = since, .text = copy};
}

static int on_status(void *userdata, char **ret_json) {
        struct agent *a = userdata;
        _cleanup_free_ struct report_lock *locks = calloc(a->n_locks + 1, sizeof(*locks));
        _cleanup_free_ struct agent_text *texts = calloc(a->n_locks + 1, sizeof(*texts));
        _cleanup_free_ struct report_right *rights = calloc(a->rights.n_missing + 1, sizeof(*rights));
        _cleanup_free_ struct agent_right_text *right_texts = calloc(a->rights.n_missing + 1, sizeof(*right_texts));
        struct troubles all = {.size = 8 + a->n_namespaces + a->rights.n_missing + a->n_locks};
        _cleanup_free_ struct report_trouble *troubles = all.list = calloc(all.size, sizeof(*all.list));
        _cleanup_free_ void *trouble_texts = all.texts = calloc(all.size, sizeof(*all.texts));
        char contact[CLOCK_TEXT_SIZE] = "";
        struct report report = {
                .version = AGENT_VERSION,
                .identity = store_identity(a->store),
                .server = a->kubeconfig->server,
                .last_contact = contact,
                .api_error = a->api_error,
                .missing_rights = rights,
                .n_missing_rights = a->rights.n_missing,
                .guard_connected = a->link_up,
                .guard_error = a->link_up ? "" : a->link_error,
                .guard_breaks = a->link_breaks,
                .troubles = troubles,
                .locks = locks,
        };

        if (!locks || !texts || !rights || !right_texts || !troubles || !trouble_texts)
                return -ENOMEM;
        agent_troubles_each(a, clock_boottime_usec(), add_trouble, &all);
        report.n_troubles = all.n;
        for (size_t i = 0; i < a->rights.n_missing; i++)
                rights[i] = report_right(&a->rights.missing[i], &right_texts[i]);
        if (a->contact_realtime_usec)
                (void)clock_format_utc(a->contact_realtime_usec, contact);
        for (size_t i = 0; i < a->n_locks; i++)
                if (!agent_orphan_hidden(a->locks[i])) {
                        locks[report.n_locks] = report_lock(a->locks[i], &texts[report.n_locks]);
                        report.n_locks++;
                }
        return report_build(&report, ret_json);
}

/* Some of the locks in one line: those of a name, or (NULL) all, with their units. What has no room is counted. */
static void name_locks(const struct agent *a, const char *name, char *buf, size_t size) {
        size_t n = 0, n_all = 0, at = 0;

        buf[0] = '\0';
        for (size_t i = 0; i < a->n_locks; i++)
                n_all += !agent_orphan_hidden(a->locks[i]) && (!name || util_streq(a->locks[i]->conf->name, name));
        for (size_t i = 0; i < a->n_locks; i++) {
                const struct agent_lock *l = a->locks[i];
                const char *host = name ? agent_step_down_host(l) : "";
                char text[700];

                if (agent_orphan_hidden(l) || (name && !util_streq(l->conf->name, name)))
                        continue;
                (void)snprintf(text, sizeof(text), "%s%s%s%.300s%s%s",
                               n == 0           ? ""
                               : n + 1 == n_all ? (name ? " or " : " and ")
                                                : ", ",
                               l->title, name && !host[0] ? "" : " (", name ? host : l->conf->unit,
                               name && host[0] ? " leads" : "", name && !host[0] ? "" : ")");
                if (at + strlen(text) + sizeof(", and 999999 more (leaderctl status)") > size) {
                        (void)snprintf(buf + at, size - at,
                                       n == 0 ? "%zu (leaderctl status)" : ", and %zu more (leaderctl status)",
                                       n_all - n);
                        return;
                }
                at += (size_t)snprintf(buf + at, size - at, "%s", text);
                n++;
        }
        if (n_all == 0)
                (void)snprintf(buf, size, "none");
}

/* The lock of that NAMESPACE/NAME, or the only one of that NAME: which of several is meant nobody can tell. */
static int find_lock(const struct agent *a, const char *name, struct agent_lock **ret, struct err *err) {
        size_t n_named = 0;
        char locks[600];

        for (size_t i = 0; i < a->n_locks; i++) {
                if (util_streq(a->locks[i]->title, name)) {
                        *ret = a->locks[i];
                        return 0;
                }
                if (util_streq(a->locks[i]->conf->name, name)) {
                        *ret = a->locks[i];
                        n_named++;
                }
        }
        if (n_named == 1)
                return 0;
        name_locks(a, n_named ? name : NULL, locks, sizeof(locks));
        if (n_named == 0)
                return err_setf(err, -ENOENT, "no lock '%.100s' in the configuration of this agent (%.200s); it has %s",
                                name, a->conf_path, locks);
        return err_setf(err, -ENOTUNIQ, "'%.250s' is more than one lock of this host; say which: %s", name, locks);
}

static int on_step_down(void *userdata, const char *lock, const char *reason, bool force, uint64_t call,
                        struct err *err) {
        struct agent *a = userdata;
        struct agent_lock *l = NULL;
        int r = find_lock(a, lock, &l, err);

        if (r >= 0)
                r = agent_step_down_fits(l, err);
        if (r < 0)
                return r;
        if (!force)
                return agent_step_down_asked(l, reason, call, err);
        agent_step_down(l, reason);
        return 0;
}

static int on_reload(void *userdata, struct err *err) {
        return agent_reload(userdata, err);
}

/* Leading needs no D-Bus: it is only said. */
static void on_bus_trouble(void *userdata, const char *error) {
        struct agent *a = userdata;

        (void)util_copy(a->bus_error, sizeof(a->bus_error), error);
        if (error[0])
                journal_record(
                        LOG_WARNING, JOURNAL_DBUS, (const struct journal_field[]){{JOURNAL_KEY_REASON, error}}, 1,
                        "D-Bus: %s; trying again. leaderctl does not reach this agent meanwhile, and no one tells "
                        "it before the host sleeps (systemctl status dbus)",
                        error);
        else
                journal_record(LOG_INFO, JOURNAL_DBUS, NULL, 0, "D-Bus: connected again");
}

const struct bus_handlers agent_bus_handlers = {
        .status = on_status, .step_down = on_step_down, .reload = on_reload, .trouble = on_bus_trouble};
