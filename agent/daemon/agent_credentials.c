/* SPDX-License-Identifier: Apache-2.0 */
/* When this host's token or client certificate ends, told in time: what happens then, and where to put a new one. What
 * is renewed by somebody is read again before anything is said of it; of what a plugin gives, only that it gives none.
 * Decides nothing. */
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

/* Not on the way of a start. */
#define FIRST_USEC (5 * USEC_PER_SEC)
#define EACH_USEC  (3600 * USEC_PER_SEC)
/* While something is told. */
#define NEAR_USEC (60 * USEC_PER_SEC)

static enum agent_expiry expiry(const struct credentials_term *t, uint64_t wall_usec) {
        if (!t->ends_usec || wall_usec < credentials_warn_usec(t))
                return AGENT_EXPIRY_FAR;
        return wall_usec < t->ends_usec ? AGENT_EXPIRY_NEAR : AGENT_EXPIRY_OVER;
}

/* Whether there is nothing to send: the plugin fails, and what it gave before is over. */
static bool plugin_has_none(const struct agent_credentials *c, uint64_t wall_usec) {
        return c->plugin[0] && (!c->plugin_has_one || (c->plugin_ends_usec && c->plugin_ends_usec <= wall_usec));
}

/* Each change once, not each attempt. */
static void record_plugin(struct agent *a) {
        const struct kube_credentials *now = kube_credentials(a->kube);
        struct agent_credentials *c = &a->credentials;
        const char *problem = now->plugin_problem ? now->plugin_problem : "";
        bool same = util_streq(c->plugin, problem), none;
        char text[900];

        c->plugin_has_one = now->plugin_has_one;
        c->plugin_ends_usec = now->plugin_ends_usec;
        if (!same)
                (void)snprintf(c->plugin, sizeof(c->plugin), "%s", problem);
        none = plugin_has_none(c, clock_realtime_usec());
        if (same && c->plugin_none == none)
                return;
        c->plugin_none = none;
        agent_credentials_plugin_text(a, text, sizeof(text));
        if (text[0])
                journal_record(none ? LOG_ERR : LOG_WARNING, JOURNAL_CREDENTIALS, NULL, 0, "%s", text);
        else
                journal_record(LOG_INFO, JOURNAL_CREDENTIALS, NULL, 0, "Credentials: the plugin gives them again");
}

static void copy(struct agent *a) {
        const struct kube_credentials *c = kube_credentials(a->kube);

        a->credentials.term[AGENT_TOKEN] = c->token;
        a->credentials.term[AGENT_CERTIFICATE] = c->certificate;
        record_plugin(a);
        if (util_streq(a->credentials.problem, c->problem ? c->problem : ""))
                return;
        (void)snprintf(a->credentials.problem, sizeof(a->credentials.problem), "%s", c->problem ? c->problem : "");
        if (a->credentials.problem[0])
                journal_record(LOG_WARNING, JOURNAL_CREDENTIALS, NULL, 0,
                               "Credentials: %s; those read before stay in use", a->credentials.problem);
        else
                journal_record(LOG_INFO, JOURNAL_CREDENTIALS, NULL, 0,
                               "Credentials: what the files hold now is in use");
}

static void look(struct agent *a, uint64_t now_usec) {
        kube_credentials_look(a->kube);
        a->credentials.looked_usec = now_usec;
        copy(a);
}

/* How long until the next change of what is to be said of it. */
static uint64_t left(const struct credentials_term *t, uint64_t wall_usec) {
        uint64_t warn_usec = credentials_warn_usec(t);

        if (!t->ends_usec)
                return USEC_INFINITY;
        if (wall_usec < warn_usec)
                return warn_usec - wall_usec;
        return wall_usec < t->ends_usec ? util_usec_min(t->ends_usec - wall_usec, NEAR_USEC) : NEAR_USEC;
}

/* How long until what the plugin gave before is over. */
static uint64_t plugin_left(const struct agent *a, uint64_t wall_usec) {
        uint64_t ends_usec = a->credentials.plugin_ends_usec;

        return ends_usec > wall_usec ? ends_usec - wall_usec : USEC_INFINITY;
}

static void record(struct agent *a, unsigned which, enum agent_expiry now) {
        uint8_t *told = &a->credentials.told[which];
        char text[700];

        if (now == *told)
                return;
        agent_credentials_text(a, which, text, sizeof(text));
        if (text[0])
                journal_record(now == AGENT_EXPIRY_OVER ? LOG_ERR : LOG_WARNING, JOURNAL_CREDENTIALS, NULL, 0, "%s",
                               text);
        else
                journal_record(LOG_INFO, JOURNAL_CREDENTIALS, NULL, 0, "Credentials: the %s is a new one",
                               which == AGENT_TOKEN ? "token" : "certificate");
        *told = (uint8_t)now;
}

void agent_credentials_renew(struct agent *a) {
        a->credentials.looked_usec = 0;
}

uint64_t agent_credentials_update(struct agent *a, uint64_t now_usec) {
        struct agent_credentials *c = &a->credentials;
        uint64_t wall_usec, at = a->started_usec + FIRST_USEC;
        bool told = false;

        if (now_usec < at)
                return at;
        if (!c->looked_usec || now_usec >= c->looked_usec + EACH_USEC)
                look(a, now_usec);
        else
                copy(a);
        at = c->looked_usec + EACH_USEC;
        wall_usec = clock_realtime_usec();
        for (unsigned i = 0; i < ELEMENTSOF(c->term); i++)
                told = told || expiry(&c->term[i], wall_usec) != AGENT_EXPIRY_FAR;
        if (told && now_usec >= c->looked_usec + NEAR_USEC)
                look(a, now_usec);
        for (unsigned i = 0; i < ELEMENTSOF(c->term); i++) {
                record(a, i, expiry(&c->term[i], wall_usec));
                at = util_usec_min(at, util_usec_add(now_usec, left(&c->term[i], wall_usec)));
        }
        if (c->plugin[0] && !c->plugin_none)
                at = util_usec_min(at, util_usec_add(now_usec, plugin_left(a, wall_usec)));
        return at;
}

/* Where a new one is to be put, and what makes the agent take it. */
static void cure(const struct agent *a, unsigned which, char *buf, size_t size) {
        const struct kubeconfig *k = a->kubeconfig;
        const char *file = which == AGENT_TOKEN ? k->token_file : k->client_cert_file;
        const char *what = which == AGENT_TOKEN ? "token" : "certificate";

        if (file && which == AGENT_TOKEN)
                (void)snprintf(buf, size, "write a new one into that file, it is read by itself");
        else if (file)
                (void)snprintf(buf, size, "write a new one and its key into their files, they are read by themselves");
        else
                (void)snprintf(buf, size,
                               "write a new %s into that file, then: systemctl reload leader-agent (units "
                               "run on)",
                               what);
}

bool agent_credentials_are_over(const struct agent *a) {
        uint64_t wall_usec = clock_realtime_usec();

        for (unsigned i = 0; i < ELEMENTSOF(a->credentials.term); i++)
                if (expiry(&a->credentials.term[i], wall_usec) == AGENT_EXPIRY_OVER)
                        return true;
        return plugin_has_none(&a->credentials, wall_usec);
}

static bool has_lease(const struct agent *a) {
        for (size_t i = 0; i < a->n_locks; i++)
                if (a->locks[i]->conf->tenure == TENURE_LEASE)
                        return true;
        return false;
}

void agent_credentials_plugin_text(const struct agent *a, char *buf, size_t size) {
        const struct agent_credentials *c = &a->credentials;
        const char *means = has_lease(a)
                                    ? "this host can neither win nor release a lock, and a unit under a lease lock is "
                                      "stopped"
                                    : "this host can neither win nor release a lock";
        char at[CLOCK_TEXT_SIZE];

        buf[0] = '\0';
        if (!c->plugin[0])
                return;
        if (plugin_has_none(c, clock_realtime_usec()))
                (void)snprintf(buf, size, "NO CREDENTIALS (%.511s): %s; tried again at most 30 s apart", c->plugin,
                               means);
        else if (c->plugin_ends_usec)
                (void)snprintf(
                        buf, size,
                        "NO NEW CREDENTIALS (%.511s): those before are good until %s, then %s; tried again at most "
                        "30 s apart",
                        c->plugin, clock_format_local(c->plugin_ends_usec, at), means);
        else
                (void)snprintf(
                        buf, size,
                        "NO NEW CREDENTIALS (%.511s): those before are in use until they are refused; tried again at "
                        "most 30 s apart",
                        c->plugin);
}

void agent_credentials_text(const struct agent *a, unsigned which, char *buf, size_t size) {
        const struct credentials_term *t = &a->credentials.term[which];
        const struct kubeconfig *k = a->kubeconfig;
        enum agent_expiry e = expiry(t, clock_realtime_usec());
        char at[CLOCK_TEXT_SIZE], what[200];
        const char *file;

        buf[0] = '\0';
        if (e == AGENT_EXPIRY_FAR)
                return;
        file = which == AGENT_TOKEN ? k->token_file : k->client_cert_file;
        cure(a, which, what, sizeof(what));
        (void)snprintf(buf, size,
                       "CREDENTIALS EXPIRE%s %s (%s of %.255s): %sthis host can neither win nor release a "
                       "lock%s; %s",
                       e == AGENT_EXPIRY_OVER ? "D since" : " at", clock_format_local(t->ends_usec, at),
                       which == AGENT_TOKEN ? "token" : "client certificate", file ? file : k->source,
                       e == AGENT_EXPIRY_OVER ? "" : "then ",
                       has_lease(a) ? ", and a unit under a lease lock is stopped" : "", what);
}
