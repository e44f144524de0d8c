/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer of the API server means to the core, and how its trouble is told: once when it begins, once when it is
 * over. */
#include <stdio.h>

#include "adapter/journal.h"
#include "base/random.h"
#include "daemon/agent_parts.h"

uint8_t agent_core_result(enum kube_result r) {
        switch (r) {
        case KUBE_OK:
                return RESULT_OK;
        case KUBE_NOT_FOUND:
                return RESULT_NOT_FOUND;
        case KUBE_EXISTS:
                return RESULT_EXISTS;
        case KUBE_CONFLICT:
                return RESULT_CONFLICT;
        case KUBE_DENIED:
        case KUBE_TERMINATING:
                return RESULT_DENIED;
        case KUBE_REFUSED:
        case KUBE_THROTTLED:
        case KUBE_UNREACHABLE:
                return RESULT_FAILED;
        case KUBE_UNKNOWN:
        case KUBE_GARBLED:
                return RESULT_UNKNOWN;
        }
        return RESULT_UNKNOWN;
}

/* No answer of the API server, or that it cannot serve: such a request may be served as soon as any other is. (A proxy
 * on the way, or etcd away behind it, look like that too.) */
static bool is_silent(enum kube_result r) {
        return r == KUBE_UNREACHABLE || r == KUBE_UNKNOWN || r == KUBE_GARBLED;
}

/* Who waits for an answer of the server is told in a turn of its own. */
static void answered(struct agent *a) {
        if (a->unanswered)
                agent_post(a, &(struct agent_post){.type = AGENT_POST_ANSWERED});
        a->unanswered = false;
}

bool agent_same_cause(const char *a, const char *b) {
        for (;;) {
                while (*a >= '0' && *a <= '9')
                        a++;
                while (*b >= '0' && *b <= '9')
                        b++;
                if (*a != *b || !*a)
                        return *a == *b;
                a++;
                b++;
        }
}

static void note_contact(struct agent *a) {
        a->contact_realtime_usec = clock_realtime_usec();
        if (a->api_told)
                journal_record(LOG_INFO, JOURNAL_API_SILENT, NULL, 0, "API: answers again");
        a->api_told = false;
        a->api_error[0] = '\0';
}

/* After the last try of anybody, and up to half of it more. Who has something to ask tries sooner. */
#define ASK_USEC (10 * USEC_PER_SEC)

void agent_ask_later(struct agent *a) {
        a->ask.due_usec = clock_boottime_usec() + ASK_USEC + random_spread() % (ASK_USEC / 2);
}

static void note_silence(struct agent *a, const char *text) {
        if (!a->api_error[0])
                a->api_silent_usec = clock_boottime_usec();
        if (!agent_same_cause(a->api_error, text))
                (void)snprintf(a->api_error, sizeof(a->api_error), "%s", text);
        agent_ask_later(a);
}

void agent_note_contact(struct agent *a, const struct kube_reply *reply) {
        if (is_silent(reply->result)) {
                note_silence(a, reply->text);
                return;
        }
        note_contact(a);
        if (reply->result != KUBE_REFUSED)
                answered(a);
}

void agent_note_watch(struct agent *a, const struct kube_watch_event *event) {
        if (event->type == KUBE_WATCH_DOWN) {
                a->unanswered = a->unanswered || event->silent;
                a->breaks += event->silent || event->http_code == 401 || event->http_code == 403;
                if (event->silent && event->http_code == 0) /* (5xx may be the watch's alone) */
                        note_silence(a, event->text);
                if (event->http_code == 403)
                        agent_rights_denied(a);
                return;
        }
        note_contact(a);
        answered(a);
}

/* ---- what is refused ---- */

/* The same for texts that agent_same_cause() holds for the same. */
static uint64_t cause_of(const char *text) {
        char buf[512];
        size_t n = 0;

        for (; *text && n + 1 < sizeof(buf); text++)
                if (*text < '0' || *text > '9')
                        buf[n++] = *text;
        buf[n] = '\0';
        return util_token(buf);
}

/* Returns whether the journal does not have it yet. */
static bool begins(struct agent_refusals *r, const char *what, enum agent_asked asked, const char *text) {
        uint64_t cause = cause_of(text);
        size_t i = 0;

        for (; i < ELEMENTSOF(r->told) && r->told[i].what; i++)
                if (util_streq(r->told[i].what, what) && r->told[i].cause == cause)
                        return false;
        if (i == ELEMENTSOF(r->told)) { /* the oldest makes room */
                i--;
                memmove(r->told, r->told + 1, i * sizeof(r->told[0]));
        }
        r->told[i].what = what;
        r->told[i].cause = cause;
        r->told[i].creates = asked == AGENT_ASKED_CREATE;
        r->told[i].reads = asked < AGENT_ASKED_WRITE;
        return true;
}

/* Takes out what was told of one request, or (NULL) of all writes, or of those that do not create, and tells that once
 * for each request. */
static void end(struct agent_refusals *r, const char *what, bool creations, const char *how) {
        const char *said = NULL;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(r->told) && r->told[i].what; i++) {
                bool over = what ? util_streq(r->told[i].what, what)
                                 : !r->told[i].reads && (creations || !r->told[i].creates);

                if (!over)
                        r->told[n++] = r->told[i];
                else if (!util_streq(said, r->told[i].what))
                        agent_journal(r->lock, LOG_INFO, JOURNAL_API_REFUSED, "", "API: %s: %s, after a refusal",
                                      r->told[i].what, how);
                said = over ? r->told[i].what : said;
        }
        for (; n < ELEMENTSOF(r->told); n++) /* (an old one behind the first that is free would count again) */
                r->told[n].what = NULL;
}

void agent_refusals_end(struct agent_refusals *refusals, char problem[static 512]) {
        if (refusals->stands)
                problem[0] = '\0';
        refusals->stands = refusals->served = false;
        refusals->n_invalid = refusals->n_failed = 0;
        end(refusals, NULL, true, "not needed any more");
}

/* Whether this write is refused for good, though the answer says less. */
static bool lasts(struct agent_refusals *r, const struct kube_reply *reply) {
        if (reply->http_code == 422)
                return ++r->n_invalid >= 2;
        if (!is_silent(reply->result) || reply->http_code == 0)
                return false;
        r->n_failed = r->served || r->n_failed >= 2 ? r->n_failed + 1 : 1;
        r->served = false;
        return r->n_failed >= 2;
}

uint8_t agent_note_reply(struct agent *a, const struct kube_reply *reply, enum agent_asked asked,
                         struct agent_refusals *refusals, char problem[static 512], const char *what,
                         bool *ret_silent) {
        uint8_t result = agent_core_result(reply->result);
        bool bad = result == RESULT_DENIED || result == RESULT_FAILED || result == RESULT_UNKNOWN;
        bool write = asked >= AGENT_ASKED_WRITE, refused = write && lasts(refusals, reply), silent, accepted;
        char text[512] = "";

        *ret_silent = is_silent(reply->result);
        silent = *ret_silent && !refused;
        if (asked == AGENT_ASKED_CREATE && reply->result == KUBE_NOT_FOUND) {
                /* Not the object: what it would be in. */
                bad = true;
                (void)snprintf(text, sizeof(text), "%s: the namespace does not exist: %.380s", what, reply->text);
        }
        bad |= refused;
        if (bad && !text[0])
                (void)snprintf(text, sizeof(text), "%s: %.400s", what, reply->text);
        else if (!bad && asked == AGENT_ASKED_READ && refusals->stands)
                memcpy(text, problem, sizeof(text));
        refusals->stands = bad ? write && !silent : text[0] != '\0';
        refusals->served = refusals->served || (!bad && !write);
        if (!bad && asked != AGENT_ASKED_READ && reply->http_code != 422) {
                refusals->n_invalid = refusals->n_failed = 0;
                refusals->served = false;
        }

        accepted = !bad && ((reply->result == KUBE_OK && reply->http_code / 100 == 2) ||
                            (reply->result == KUBE_NOT_FOUND && reply->http_code == 404));
        if (bad && !silent && begins(refusals, what, asked, text))
                agent_journal(refusals->lock, LOG_WARNING, JOURNAL_API_REFUSED, text, "API: %s; trying again", text);
        else if (accepted)
                end(refusals, what, true, "accepted");
        if (accepted && asked == AGENT_ASKED_AND_GONE)
                end(refusals, NULL, reply->result == KUBE_OK, "not needed any more");

        /* (of no answer is told with the agent, and no longer than until there is one) */
        memcpy(problem, silent ? "" : text, silent ? 1 : sizeof(text));
        if (silent)
                note_silence(a, text);
        else
                note_contact(a);
        /* No answer; or the namespace goes (and our rights with it), or what we wrote to is not there: what was known
         * of it may be over. */
        a->breaks += reply->http_code == 0 || reply->result == KUBE_TERMINATING || reply->result == KUBE_DENIED ||
                     (write && (reply->result == KUBE_NOT_FOUND || reply->result == KUBE_CONFLICT));
        if (reply->result == KUBE_DENIED && reply->http_code == 403)
                agent_rights_denied(a);
        if (asked == AGENT_ASKED_CREATE && reply->result == KUBE_OK)
                agent_rights_accepted(a);
        if (*ret_silent)
                a->unanswered = true;
        else if (reply->result != KUBE_REFUSED) /* (which may be anybody's word) */
                answered(a);
        return result;
}
