/* SPDX-License-Identifier: Apache-2.0 */
/* When this host's token or client certificate ends, told in time: what happens then, and where to put a new one. What
 * is renewed by somebody is read again before anything is said of it. Decides nothing. */
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

static void copy(struct agent *a) {
        const struct kube_credentials *c = kube_credentials(a->kube);

        a->credentials.term[AGENT_TOKEN] = c->token;
        a->credentials.term[AGENT_CERTIFICATE] = c->certificate;
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
                (void)snprintf(buf, size,
                               "write a new one and its key into their files, then: systemctl restart "
                               "leader-agent (units run on)");
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
        return false;
}

void agent_credentials_text(const struct agent *a, unsigned which, char *buf, size_t size) {
        const struct credentials_term *t = &a->credentials.term[which];
        const struct kubeconfig *k = a->kubeconfig;
        enum agent_expiry e = expiry(t, clock_realtime_usec());
        char at[CLOCK_TEXT_SIZE], what[200];
        const char *file;
        bool lease = false;

        buf[0] = '\0';
        if (e == AGENT_EXPIRY_FAR)
                return;
        file = which == AGENT_TOKEN ? k->token_file : k->client_cert_file;
        for (size_t i = 0; i < a->n_locks; i++)
                lease = lease || a->locks[i]->conf->tenure == TENURE_LEASE;
        cure(a, which, what, sizeof(what));
        (void)snprintf(buf, size,
                       "CREDENTIALS EXPIRE%s %s (%s of %.255s): %sthis host can neither win nor release a "
                       "lock%s; %s",
                       e == AGENT_EXPIRY_OVER ? "D since" : " at", clock_format_local(t->ends_usec, at),
                       which == AGENT_TOKEN ? "token" : "client certificate", file ? file : k->source,
                       e == AGENT_EXPIRY_OVER ? "" : "then ", lease ? ", and a unit under a lease lock is stopped" : "",
                       what);
}
