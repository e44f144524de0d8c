/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between this agent and its work now, and what that means on this host: the first words of STATUS= and of
 * the status document, and one journal record when it begins and one when it is over. What is wrong with one unit or
 * one lock is told with that lock (agent_text.c). Decides nothing. */
#include <stdio.h>

#include "adapter/journal.h"
#include "codec/report.h"
#include "daemon/agent_parts.h"

/* A connection that breaks and is made again is no trouble. */
#define PATIENCE_USEC (2 * USEC_PER_SEC)
/* Nor is a stream that begins anew. */
#define WATCH_PATIENCE_USEC (4 * USEC_PER_SEC)

static bool lasts(uint64_t since_usec, uint64_t patience_usec, uint64_t now_usec) {
        return since_usec && now_usec >= util_usec_add(since_usec, patience_usec);
}

bool agent_api_is_silent(const struct agent *a, uint64_t now_usec) {
        return a->api_error[0] && lasts(a->api_silent_usec, PATIENCE_USEC, now_usec);
}

bool agent_watch_is_down(const struct agent_lock *l, uint64_t now_usec) {
        return !agent_orphan_hidden(l) && agent_view(l).state != ELECTION_STOPPED && l->watch_error[0] &&
               lasts(l->watch_down_usec, WATCH_PATIENCE_USEC, now_usec);
}

/* What an API server that does not answer means for the locks of this host, in the order of what hurts. */
static void meaning(const struct agent *a, uint64_t now_usec, char *buf, size_t size) {
        const struct agent_lock *lease = NULL, *life = NULL;
        const char *runs = " runs on"; /* the one under a life lock */
        unsigned n_lease = 0, n_life = 0, n_held = 0, n_waiting = 0, n_unproven = 0, n_unread = 0, n_taking = 0;
        uint64_t stop_at = USEC_INFINITY;
        bool any_runs = false; /* or may run: of those whose lock is not proven */
        char at[CLOCK_TEXT_SIZE];
        size_t n = 0;
        bool over;

        for (size_t i = 0; i < a->n_locks; i++) {
                const struct agent_lock *l = a->locks[i];
                struct core_lock_view v = agent_view(l);

                if (agent_orphan_hidden(l))
                        continue;
                if ((v.state == ELECTION_PERMITTING || v.state == ELECTION_LEADING) && !agent_unit_over(&v)) {
                        if (v.stop_at_usec == USEC_INFINITY) {
                                life = l;
                                n_life++;
                                runs = v.state == ELECTION_LEADING ? " runs on" : " starts or runs on";
                        } else {
                                if (v.stop_at_usec < stop_at)
                                        lease = l;
                                stop_at = util_usec_min(stop_at, v.stop_at_usec);
                                n_lease++;
                        }
                } else if (v.state == ELECTION_ADOPTING || v.state == ELECTION_PROVING) {
                        n_unproven++;
                        any_runs = any_runs || v.unit != UNIT_STOPPED;
                } else if (v.state >= ELECTION_PERMITTING && v.state <= ELECTION_RELEASING)
                        n_held++;
                else if (v.state == ELECTION_STARTING)
                        n_unread++;
                else if (v.state == ELECTION_CLAIMING || v.state == ELECTION_DEPOSING)
                        n_taking++;
                else if (v.state != ELECTION_STOPPED)
                        n_waiting++;
        }
        buf[0] = '\0';
        over = stop_at <= now_usec;
        if (lease)
                n += (size_t)snprintf(buf + n, size - n, "%.255s%s stopped %s%s%s", lease->conf->unit,
                                      n_lease == 1 ? " is" : " and others are", over ? "now" : "at ",
                                      over ? "" : clock_format_boottime(stop_at, at),
                                      over ? "" : " unless it answers before");
        if (n_life && n < size)
                n += (size_t)snprintf(buf + n, size - n, "%s%.255s%s, no hand-over possible", n ? ", " : "",
                                      n_life == 1 ? life->conf->unit : "units under life locks",
                                      n_life == 1 ? runs : " run on");
        if (n_unproven && n < size)
                n += (size_t)snprintf(buf + n, size - n, "%sa lock of this host cannot be proven%s", n ? ", " : "",
                                      any_runs ? "" : ", its unit is not started");
        if (n_held && n < size)
                n += (size_t)snprintf(buf + n, size - n, "%sa lock of this host cannot be released", n ? ", " : "");
        if (n_unread && n < size)
                n += (size_t)snprintf(buf + n, size - n, "%swho leads is not known", n ? ", " : "");
        if (n_taking && n < size)
                n += (size_t)snprintf(buf + n, size - n, "%sa lock cannot be taken", n ? ", " : "");
        if (n_waiting && n < size)
                (void)snprintf(buf + n, size - n, "%sa free lock is not seen", n ? ", " : "");
}

static void describe_api(const struct agent *a, uint64_t now_usec, char *buf, size_t size) {
        char since[CLOCK_TEXT_SIZE], what[900];

        meaning(a, now_usec, what, sizeof(what));
        (void)snprintf(buf, size, "API UNREACHABLE since %s (%.511s)%s%s",
                       clock_format_local(clock_realtime_usec() - (now_usec - a->api_silent_usec), since), a->api_error,
                       what[0] ? ": " : "", what);
}

static const char *watch_means(const struct agent_lock *l) {
        return l->watch_unread ? "changes are not seen" : "changes are seen by a read every 5 s";
}

static void describe_guard(const struct agent *a, uint64_t now_usec, char *buf, size_t size) {
        char since[CLOCK_TEXT_SIZE];
        bool lease = false;

        for (size_t i = 0; i < a->n_locks; i++) {
                struct core_lock_view v = agent_view(a->locks[i]);

                lease = lease || (v.stop_at_usec != USEC_INFINITY && v.lock.tenure == TENURE_LEASE &&
                                  v.state >= ELECTION_PERMITTING && v.state <= ELECTION_STOPPING);
        }
        (void)snprintf(buf, size,
                       "LEADER-GUARD AWAY since %s (%.511s): no unit is started or handed over here until it "
                       "answers%s (systemctl status leader-guard)",
                       clock_format_local(clock_realtime_usec() - (now_usec - a->link_down_usec), since), a->link_error,
                       lease ? ", and one under a lease lock ends with it" : "");
}

/* Returns whether it is trouble for a lock: one that was left behind there tells it itself. */
static bool describe_namespace(const struct agent *a, const struct agent_namespace *n, char *buf, size_t size) {
        const char *refusal = agent_namespace_refusal(n);
        bool used = false, gone = n->state == AGENT_NAMESPACE_GONE;

        for (size_t i = 0; i < a->n_locks; i++)
                used = used || (a->locks[i]->namespace_ == n && !agent_orphan_hidden(a->locks[i]));
        (void)snprintf(buf, size,
                       "NAMESPACE %s: %.700s: %s. Once no host leads in the old one: leaderctl forget-cluster %s",
                       gone ? "GONE" : "REFUSED", refusal,
                       gone ? "nothing but renewals is sent there, nothing is released, until it is back"
                            : "nothing is sent or released there",
                       n->name);
        return used && refusal[0];
}

static void describe_right(const struct agent_right *right, char *buf, size_t size) {
        struct agent_right_text t;

        agent_right_text(right, &t);
        (void)snprintf(buf, size, "RIGHTS MISSING in %s: %s: %s; add to the Role: %s", right->ns, t.what, t.means,
                       t.rule);
}

static void describe_watch(const struct agent_lock *down, unsigned n_down, uint64_t now_usec, char *buf, size_t size) {
        char since[CLOCK_TEXT_SIZE];

        (void)snprintf(buf, size, "NO WATCH of %.320s%s since %s (%.511s): %s", down->title,
                       n_down > 1 ? " and others" : "",
                       clock_format_local(clock_realtime_usec() - (now_usec - down->watch_down_usec), since),
                       down->watch_error, watch_means(down));
}

const char *agent_trouble_to_string(enum agent_trouble_kind kind) {
        switch (kind) {
        case AGENT_TROUBLE_API:
                return REPORT_API_UNREACHABLE;
        case AGENT_TROUBLE_SECOND:
                return REPORT_SECOND_AGENT;
        case AGENT_TROUBLE_GUARD:
                return REPORT_GUARD_AWAY;
        case AGENT_TROUBLE_NAMESPACE:
                return "namespace-refused";
        case AGENT_TROUBLE_CONF:
                return "configuration";
        case AGENT_TROUBLE_CREDENTIALS:
                return "credentials";
        case AGENT_TROUBLE_RIGHTS:
                return "rights";
        case AGENT_TROUBLE_WATCH:
                return "no-watch";
        case AGENT_TROUBLE_ORPHAN:
                return "lock-left-behind";
        }
        return "?";
}

void agent_troubles_each(const struct agent *a, uint64_t now_usec, agent_trouble_fn tell, void *userdata) {
        const struct agent_lock *down = NULL;
        char text[AGENT_TROUBLE_SIZE];
        unsigned n_down = 0;

        if (agent_api_is_silent(a, now_usec)) {
                describe_api(a, now_usec, text, sizeof(text));
                tell(AGENT_TROUBLE_API, now_usec - a->api_silent_usec, text, userdata);
        }
        if (!a->link_up && a->link_refused) {
                (void)snprintf(text, sizeof(text), "SECOND AGENT OF THIS HOST: %s", a->link_error);
                tell(AGENT_TROUBLE_SECOND, now_usec - a->link_down_usec, text, userdata);
        } else if (!a->link_up && a->link_error[0]) {
                describe_guard(a, now_usec, text, sizeof(text));
                tell(AGENT_TROUBLE_GUARD, now_usec - a->link_down_usec, text, userdata);
        }
        for (size_t i = 0; i < a->n_namespaces; i++)
                if (describe_namespace(a, a->namespaces[i], text, sizeof(text)))
                        tell(AGENT_TROUBLE_NAMESPACE, USEC_INFINITY, text, userdata);
        if (a->conf_error[0]) {
                (void)snprintf(text, sizeof(text), "CONFIGURATION ON DISK NOT IN FORCE (%.511s): the one before it is",
                               a->conf_error);
                tell(AGENT_TROUBLE_CONF, USEC_INFINITY, text, userdata);
        }
        for (unsigned i = 0; i < ELEMENTSOF(a->credentials.term); i++) {
                agent_credentials_text(a, i, text, sizeof(text));
                if (text[0])
                        tell(AGENT_TROUBLE_CREDENTIALS, USEC_INFINITY, text, userdata);
        }
        agent_credentials_plugin_text(a, text, sizeof(text));
        if (text[0])
                tell(AGENT_TROUBLE_CREDENTIALS, USEC_INFINITY, text, userdata);
        for (size_t i = 0; i < a->rights.n_missing; i++) {
                describe_right(&a->rights.missing[i], text, sizeof(text));
                tell(AGENT_TROUBLE_RIGHTS, USEC_INFINITY, text, userdata);
        }
        for (size_t i = 0; i < a->n_locks; i++)
                if (agent_watch_is_down(a->locks[i], now_usec)) {
                        down = down ? down : a->locks[i];
                        n_down++;
                }
        if (down && !agent_api_is_silent(a, now_usec)) {
                describe_watch(down, n_down, now_usec, text, sizeof(text));
                tell(AGENT_TROUBLE_WATCH, now_usec - down->watch_down_usec, text, userdata);
        }
        for (size_t i = 0; i < a->n_locks; i++) {
                char problem[AGENT_TROUBLE_SIZE - 32];

                agent_orphan_problem(a->locks[i], problem, sizeof(problem));
                (void)snprintf(text, sizeof(text), "LOCK LEFT BEHIND: %s", problem);
                if (problem[0])
                        tell(AGENT_TROUBLE_ORPHAN, USEC_INFINITY, text, userdata);
        }
}

/* ---- the journal ---- */

static void record_api(struct agent *a, uint64_t now_usec) {
        bool silent = agent_api_is_silent(a, now_usec);
        char text[1500];

        if (!silent || a->api_told)
                return;
        a->api_told = true;
        describe_api(a, now_usec, text, sizeof(text));
        journal_record(LOG_WARNING, JOURNAL_API_SILENT,
                       (const struct journal_field[]){{JOURNAL_KEY_REASON, a->api_error}}, 1, "%s; trying again", text);
}

static void record_watch(struct agent_lock *l, uint64_t now_usec) {
        bool down = agent_watch_is_down(l, now_usec);

        if (down && !l->watch_told && !agent_api_is_silent(l->agent, now_usec)) {
                l->watch_told = true;
                agent_journal(l, LOG_WARNING, JOURNAL_WATCH, l->watch_error, "%s: %s: %s%s", l->title, l->watch_error,
                              watch_means(l),
                              l->watch_code == 403
                                      ? ". Allow this agent to get, list and watch this ConfigMap (rbac.yaml "
                                        "has the rule)"
                                      : "");
        } else if (!l->watch_error[0] && l->watch_told) {
                l->watch_told = false;
                agent_journal(l, LOG_INFO, JOURNAL_WATCH, "", "%s: the watch works again", l->title);
        }
}

/* One record when something is missing or something else is, and one when nothing is any more. */
static void record_rights(struct agent *a) {
        struct agent_rights *r = &a->rights;
        _cleanup_free_ char *all = NULL;
        char text[1200];
        uint64_t token;
        size_t n = 0;

        if (r->n_missing == 0) {
                if (r->told)
                        journal_record(LOG_INFO, JOURNAL_RIGHTS, NULL, 0, "Rights: none is missing any more");
                r->told = 0;
                return;
        }
        all = malloc(r->n_missing * sizeof(text));
        if (!all)
                return;
        for (size_t i = 0; i < r->n_missing; i++) {
                describe_right(&r->missing[i], text, sizeof(text));
                n += (size_t)snprintf(all + n, r->n_missing * sizeof(text) - n, "%s%s", i ? "; " : "", text);
        }
        token = util_token(all);
        if (token != r->told)
                journal_record(LOG_WARNING, JOURNAL_RIGHTS, NULL, 0, "%s", all);
        r->told = token;
}

static uint64_t due(uint64_t since_usec, uint64_t patience_usec, uint64_t now_usec) {
        uint64_t at = util_usec_add(since_usec, patience_usec);

        return since_usec && at > now_usec ? at : USEC_INFINITY;
}

uint64_t agent_trouble_update(struct agent *a, uint64_t now_usec) {
        uint64_t at = a->api_error[0] ? due(a->api_silent_usec, PATIENCE_USEC, now_usec) : USEC_INFINITY;

        record_api(a, now_usec);
        record_rights(a);
        for (size_t i = 0; i < a->n_locks; i++) {
                record_watch(a->locks[i], now_usec);
                if (a->locks[i]->watch_error[0])
                        at = util_usec_min(at, due(a->locks[i]->watch_down_usec, WATCH_PATIENCE_USEC, now_usec));
        }
        return at;
}
