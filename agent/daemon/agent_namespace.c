/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a namespace is still the one that it was. Its uid is remembered in the state directory; before anything is
 * sent to it after the start, after a break of the connection, or after ten minutes, it is read. Another one of that
 * name is another cluster, or was made anew: whoever holds the lock in the old one is not seen in it, so nothing is
 * sent there, as if nobody answered, until a human says that it is meant. One that is gone says nothing of its locks
 * either: it may be another cluster that has none. ARCHITECTURE 5, claim 3. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

/* What was read counts so long, while the connection lasts. */
#define KEEP_USEC (600 * USEC_PER_SEC)
/* A refused one is looked at so often: it is all that is sent then, and a human waits for it. */
#define REFUSED_USEC (10 * USEC_PER_SEC)

struct agent_namespace *agent_namespace_find(struct agent *a, const char *name) {
        struct agent_namespace *n, **all;

        for (size_t i = 0; i < a->n_namespaces; i++)
                if (util_streq(a->namespaces[i]->name, name))
                        return a->namespaces[i];
        n = calloc(1, sizeof(*n));
        all = n ? reallocarray(a->namespaces, a->n_namespaces + 1, sizeof(struct agent_namespace *)) : NULL;
        if (all)
                a->namespaces = all;
        if (!all || !util_copy(n->name, sizeof(n->name), name)) {
                free(n);
                return NULL;
        }
        n->agent = a;
        a->namespaces[a->n_namespaces++] = n;
        return n;
}

void agent_namespaces_free(struct agent *a) {
        for (size_t i = 0; i < a->n_namespaces; i++) {
                kube_slot_free(a->namespaces[i]->request);
                free(a->namespaces[i]);
        }
        free(a->namespaces);
        a->namespaces = NULL;
        a->n_namespaces = 0;
}

/* ---- reading ---- */

static void post_answer(struct agent_namespace *n) {
        n->answered = true;
        agent_post(n->agent, &(struct agent_post){.type = AGENT_POST_NAMESPACE, .namespace_ = n});
}

static void on_reply(const struct kube_reply *reply, void *userdata) {
        struct agent_namespace *n = userdata;
        struct kube_reply noted = *reply;
        bool silent;

        n->request = kube_slot_free(n->request);
        n->answer.result = reply->result;
        n->answer.http_code = reply->http_code;
        n->answer.retry_after_usec = reply->retry_after_usec;
        (void)util_copy(n->answer.uid, sizeof(n->answer.uid), reply->namespace_uid ? reply->namespace_uid : "");
        (void)snprintf(n->answer.text, sizeof(n->answer.text), "%s", reply->text);
        /* Forbidden is an answer here, and told in a way of its own. */
        if (reply->result == KUBE_DENIED && reply->http_code != 401)
                noted.result = KUBE_OK;
        (void)agent_note_reply(n->agent, &noted, AGENT_ASKED_READ, &n->refusals, n->problem, "read", &silent);
        post_answer(n);
}

static bool is_fresh(const struct agent_namespace *n) {
        uint64_t now = clock_boottime_usec();
        uint64_t keep = n->state == AGENT_NAMESPACE_REFUSED ? REFUSED_USEC : KEEP_USEC;

        if (n->state == AGENT_NAMESPACE_UNREAD || n->state == AGENT_NAMESPACE_ABSENT ||
            n->state == AGENT_NAMESPACE_GONE)
                return false;
        return n->breaks == n->agent->breaks && now < n->read_at_usec + keep;
}

enum agent_pass agent_namespace_pass(struct agent_namespace *n, bool renewal) {
        int r;

        if (renewal && n->state != AGENT_NAMESPACE_REFUSED)
                return AGENT_PASS_GO;
        if (n->request || n->answered)
                return AGENT_PASS_WAIT;
        if (is_fresh(n))
                return n->state == AGENT_NAMESPACE_REFUSED ? AGENT_PASS_NO : AGENT_PASS_GO;
        n->breaks = n->agent->breaks;
        n->read_at_usec = clock_boottime_usec();
        r = kube_namespace_get(n->agent->kube, n->name, on_reply, n, &n->request);
        if (r >= 0)
                return AGENT_PASS_WAIT;
        n->answer.result = KUBE_UNREACHABLE;
        n->answer.http_code = 0;
        n->answer.uid[0] = '\0';
        (void)snprintf(n->answer.text, sizeof(n->answer.text), "get namespace %s: cannot be sent: %s", n->name,
                       strerror(-r));
        post_answer(n);
        return AGENT_PASS_WAIT;
}

/* ---- what it means ---- */

enum agent_namespace_state agent_namespace_judge(enum kube_result result, long http_code, const char *uid, int r,
                                                 const char *remembered) {
        bool forbidden = result == KUBE_DENIED && http_code != 401;

        if (result == KUBE_NOT_FOUND)
                return r == -ENOENT ? AGENT_NAMESPACE_ABSENT : AGENT_NAMESPACE_GONE;
        if (forbidden) /* One that could be read before: another cluster may forbid it, or this one for a moment. */
                return r == -ENOENT ? AGENT_NAMESPACE_UNCHECKED : AGENT_NAMESPACE_UNREAD;
        if (result != KUBE_OK || util_empty(uid))
                return AGENT_NAMESPACE_UNREAD;
        if (r == -ENOENT)
                return AGENT_NAMESPACE_KNOWN;
        return r == 0 && util_streq(uid, remembered) ? AGENT_NAMESPACE_KNOWN : AGENT_NAMESPACE_REFUSED;
}

static void describe(const struct agent_namespace *n, const struct record_namespace *known, int r,
                     const struct err *err, char *buf, size_t size) {
        char at[CLOCK_TEXT_SIZE];

        if (n->state == AGENT_NAMESPACE_GONE && r < 0)
                (void)snprintf(buf, size, "namespace %s is gone, and %.800s", n->name, err->text);
        else if (n->state == AGENT_NAMESPACE_GONE)
                (void)snprintf(buf, size, "namespace %s is gone (uid %s): deleted, or another cluster answers", n->name,
                               known->uid);
        else if (r < 0)
                (void)snprintf(buf, size, "%s", err->text);
        else
                (void)snprintf(
                        buf, size,
                        "namespace %s is another one than at %s (uid %s, now %s): another cluster or a namespace "
                        "made anew",
                        n->name, clock_format_local(known->seen_usec, at), known->uid, n->answer.uid);
}

static void tell_refusal(struct agent_namespace *n, bool is_new, const char *refusal) {
        if (*refusal && !util_streq(refusal, n->refusal))
                journal_record(
                        LOG_ERR, JOURNAL_NAMESPACE,
                        (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, n->name}, {JOURNAL_KEY_REASON, refusal}},
                        2,
                        "%s. %s is sent there, nothing is released%s. Once no host leads in the old one: "
                        "leaderctl forget-cluster %s",
                        refusal, n->state == AGENT_NAMESPACE_GONE ? "Nothing but renewals" : "Nothing",
                        n->state == AGENT_NAMESPACE_GONE ? ", until it is back" : "", n->name);
        else if (n->refusal[0] && n->state == AGENT_NAMESPACE_KNOWN)
                journal_record(LOG_NOTICE, JOURNAL_NAMESPACE,
                               (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, n->name}}, 1,
                               "namespace %s (uid %s) %s", n->name, n->answer.uid,
                               is_new ? "is accepted" : "is the one that is known, again");
        else if (n->refusal[0] && !*refusal)
                journal_record(LOG_NOTICE, JOURNAL_NAMESPACE,
                               (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, n->name}}, 1,
                               "namespace %s: what was known of it is forgotten: one that is found there is accepted",
                               n->name);
}

/* Each of these once, until the answer is another one. */
static void tell_forbidden(struct agent_namespace *n, bool was_read) {
        char text[sizeof(n->told)];

        if (was_read)
                (void)snprintf(
                        text, sizeof(text),
                        "namespace %s could be read before, and may not be now, so another cluster may stand behind "
                        "the name: give the right back (conf/rbac.yaml), or switch the check off: leaderctl "
                        "forget-cluster %s (%.300s)",
                        n->name, n->name, n->answer.text);
        else
                (void)snprintf(text, sizeof(text), "%s", n->answer.text);
        if (!util_streq(text, n->told) && was_read)
                journal_record(LOG_WARNING, JOURNAL_NAMESPACE,
                               (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, n->name},
                                                              {JOURNAL_KEY_REASON, n->answer.text}},
                               2, "%s; trying again", text);
        else if (!util_streq(text, n->told))
                journal_record(LOG_INFO, JOURNAL_NAMESPACE,
                               (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, n->name},
                                                              {JOURNAL_KEY_REASON, n->answer.text}},
                               2,
                               "%s: whether another cluster stands behind the name is not checked (the right is in "
                               "conf/rbac.yaml)",
                               text);
        (void)util_copy(n->told, sizeof(n->told), text);
}

void agent_namespace_step(struct agent_namespace *n) {
        bool was_refused = n->state == AGENT_NAMESPACE_REFUSED;
        struct record_namespace known;
        char refusal[sizeof(n->refusal)] = "";
        struct err err = {};
        int r = store_namespace(n->agent->store, n->name, &known, &err);

        n->answered = false;
        n->state = (uint8_t)agent_namespace_judge(n->answer.result, n->answer.http_code, n->answer.uid, r, known.uid);
        if (n->state == AGENT_NAMESPACE_REFUSED || n->state == AGENT_NAMESPACE_GONE)
                describe(n, &known, r, &err, refusal, sizeof(refusal));
        else if (n->state == AGENT_NAMESPACE_UNREAD) {
                /* No answer is no reason to believe it. */
                if (was_refused)
                        n->state = AGENT_NAMESPACE_REFUSED;
                (void)util_copy(refusal, sizeof(refusal), n->refusal);
        } else if (n->state == AGENT_NAMESPACE_KNOWN && r == -ENOENT &&
                   store_namespace_remember(n->agent->store, n->name, n->answer.uid, &err) < 0)
                journal_record(LOG_WARNING, JOURNAL_STATE_DIR,
                               (const struct journal_field[]){{JOURNAL_KEY_NAMESPACE, n->name},
                                                              {JOURNAL_KEY_REASON, err.text}},
                               2, "%s; trying again", err.text);
        tell_refusal(n, r == -ENOENT, refusal);
        (void)util_copy(n->refusal, sizeof(n->refusal), refusal);
        if (n->answer.result == KUBE_DENIED && n->answer.http_code != 401 && n->state != AGENT_NAMESPACE_REFUSED)
                tell_forbidden(n, r != -ENOENT);
        else if (n->state == AGENT_NAMESPACE_KNOWN)
                n->told[0] = '\0';
}

bool agent_namespace_lets(const struct agent_namespace *n, bool creates, struct agent_held *ret) {
        *ret = (struct agent_held){.result = RESULT_DENIED, .problem = ""};
        switch ((enum agent_namespace_state)n->state) {
        case AGENT_NAMESPACE_KNOWN:
        case AGENT_NAMESPACE_UNCHECKED:
                return true;
        case AGENT_NAMESPACE_ABSENT:
                ret->problem = n->answer.text;
                return !creates;
        case AGENT_NAMESPACE_UNREAD:
                ret->problem = n->answer.result == KUBE_DENIED && n->answer.http_code != 401 ? n->told : n->answer.text;
                ret->retry_after_usec = n->answer.retry_after_usec;
                ret->silent = n->answer.result == KUBE_UNREACHABLE || n->answer.result == KUBE_UNKNOWN ||
                              n->answer.result == KUBE_GARBLED;
                /* What waited was surely not sent. */
                if (agent_core_result(n->answer.result) != RESULT_DENIED)
                        ret->result = RESULT_FAILED;
                return false;
        case AGENT_NAMESPACE_GONE:
        case AGENT_NAMESPACE_REFUSED:
                ret->problem = n->refusal;
                return false;
        }
        return false;
}

const char *agent_namespace_refusal(const struct agent_namespace *n) {
        return n && (n->state == AGENT_NAMESPACE_REFUSED || n->state == AGENT_NAMESPACE_GONE) ? n->refusal : "";
}
