/* SPDX-License-Identifier: Apache-2.0 */
/* What may be concluded from an answer. Pure: no I/O, no clock, no state. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "adapter/kube_internal.h"

static const char *const results[] = {
        [KUBE_OK] = "ok",
        [KUBE_NOT_FOUND] = "not-found",
        [KUBE_EXISTS] = "exists",
        [KUBE_CONFLICT] = "conflict",
        [KUBE_DENIED] = "denied",
        [KUBE_TERMINATING] = "terminating",
        [KUBE_REFUSED] = "refused",
        [KUBE_THROTTLED] = "throttled",
        [KUBE_UNREACHABLE] = "unreachable",
        [KUBE_UNKNOWN] = "unknown",
        [KUBE_GARBLED] = "garbled",
};

const char *kube_result_to_string(enum kube_result result) {
        return (size_t)result < ELEMENTSOF(results) ? results[result] : "invalid";
}

bool kube_result_may_land(enum kube_result result) {
        return result == KUBE_OK || result == KUBE_UNKNOWN || result == KUBE_GARBLED;
}

static void say(struct kube_answer *a, const struct kube_subject *s, const char *fmt, ...) _printf_(3, 4);

/* "get configmap default/my-lock: …" */
static void say(struct kube_answer *a, const struct kube_subject *s, const char *fmt, ...) {
        static const char *const ops[] = {
                [KUBE_OP_GET] = "get",       [KUBE_OP_CREATE] = "create", [KUBE_OP_CHANGE] = "change",
                [KUBE_OP_DELETE] = "delete", [KUBE_OP_LIST] = "list",
        };
        va_list ap;
        int n = s->what.kind == KUBE_KIND_NAMESPACE ? snprintf(a->text, sizeof(a->text), "get namespace %s: ", s->name)
                : s->op == KUBE_OP_LIST
                        ? snprintf(a->text, sizeof(a->text), "list %ss of %s: ", kube_what_to_string(s->what),
                                   *s->ns ? s->ns : "all namespaces")
                        : snprintf(a->text, sizeof(a->text), "%s %s %s/%s: ", ops[s->op], kube_what_to_string(s->what),
                                   s->ns, s->name);

        if (n < 0 || (size_t)n >= sizeof(a->text))
                return;
        va_start(ap, fmt);
        (void)vsnprintf(a->text + n, sizeof(a->text) - (size_t)n, fmt, ap);
        va_end(ap);
}

/* An answer that says no, in whatever form. */
static enum kube_result judge_refusal(const struct kube_subject *s, const struct status *status, long code) {
        switch (code) {
        case 401:
                return KUBE_DENIED;
        case 403:
                return status->namespace_terminating ? KUBE_TERMINATING : KUBE_DENIED;
        case 404:
                /* A wrong path, a proxy, or an API that is not served says 404 too. Only the object itself (or, for a
                 * creation, the namespace) being named makes it an answer about the object. */
                return s->op != KUBE_OP_LIST && status->is_status && util_streq(status->reason, "NotFound") &&
                                       (s->op == KUBE_OP_CREATE ? *status->name != 0
                                                                : util_streq(status->name, s->name))
                               ? KUBE_NOT_FOUND
                               : KUBE_REFUSED;
        case 408:
                return KUBE_UNKNOWN;
        case 409:
                return s->op == KUBE_OP_CREATE && util_streq(status->reason, "AlreadyExists") ? KUBE_EXISTS
                                                                                              : KUBE_CONFLICT;
        case 422:
                /* With a uid in the request: it is another object now. A creation is simply wrong. */
                return s->op == KUBE_OP_CREATE ? KUBE_REFUSED : KUBE_CONFLICT;
        case 429:
                return KUBE_THROTTLED;
        default:
                return code / 100 == 3 || code / 100 == 4 ? KUBE_REFUSED : KUBE_UNKNOWN;
        }
}

static void describe_refusal(struct kube_answer *a, const struct kube_subject *s, const struct status *status,
                             const char *server, long code) {
        if (code == 401)
                say(a, s, "error: You must be logged in to the server %s (%s)", server, status->message);
        else if (status->is_status)
                say(a, s, "Error from server (%s): %s", *status->reason ? status->reason : "unknown reason",
                    status->message);
        else if (code / 100 == 3)
                say(a, s, "%s redirects (HTTP %ld), which is not followed; is `server` in the kubeconfig right?",
                    server, code);
        else
                say(a, s, "%s answered HTTP %ld: %s", server, code, status->message);
}

/* Returns -EBADMSG with err set when the body of a 2xx is not the object asked for. */
static int read_object(const struct kube_subject *s, const char *body, size_t n, struct kube_answer *a,
                       struct err *err) {
        const char *ns, *name, *uid;
        int r;

        if (s->op == KUBE_OP_LIST && s->what.kind == KUBE_KIND_PLACEHOLDER) {
                r = placeholder_list_parse(s->what.placeholder, body, n, &a->placeholders, &a->reply.n_placeholders,
                                           err);
                a->reply.placeholders = a->placeholders;
                return r;
        }
        if (s->op == KUBE_OP_LIST) {
                r = lock_list_parse(body, n, &a->locks, &a->reply.n_locks, err);
                a->reply.locks = a->locks;
                return r;
        }
        if (s->what.kind == KUBE_KIND_NAMESPACE) {
                r = namespace_parse(body, n, &a->namespace_, err);
                if (r >= 0 && !util_streq(a->namespace_.name, s->name))
                        r = err_setf(err, -EBADMSG, "answer is about another namespace, %s", a->namespace_.name);
                if (r >= 0)
                        a->reply.namespace_uid = a->namespace_.uid;
                return r;
        }
        if (s->what.kind == KUBE_KIND_RULES_REVIEW) {
                r = rights_parse_rules(body, n, &a->rules, err);
                a->reply.rules = a->rules;
                return r;
        }
        if (s->what.kind == KUBE_KIND_ACCESS_REVIEW)
                return rights_parse_access(body, n, &a->reply.allowed, err);
        if (s->what.kind == KUBE_KIND_TOKEN) {
                r = token_request_parse(body, n, &a->token, err);
                a->reply.token = a->token;
                return r;
        }
        if (s->what.kind == KUBE_KIND_LOCK) {
                r = lock_parse(body, n, &a->lock, err);
                ns = a->lock.ns;
                name = a->lock.name;
                uid = a->lock.uid;
        } else {
                r = placeholder_parse(s->what.placeholder, body, n, &a->placeholder, err);
                ns = a->placeholder.ns;
                name = a->placeholder.name;
                uid = a->placeholder.uid;
        }
        if (r < 0)
                return r;
        if (!util_streq(ns, s->ns) || !util_streq(name, s->name))
                return err_setf(err, -EBADMSG, "answer is about another object, %s/%s", ns, name);
        if (*s->uid && !util_streq(uid, s->uid))
                return err_setf(err, -EBADMSG, "answer is about another uid, %s instead of %s", uid, s->uid);
        if (s->what.kind == KUBE_KIND_LOCK)
                a->reply.lock = &a->lock;
        else
                a->reply.placeholder = &a->placeholder;
        return 0;
}

static void judge_success(const struct kube_subject *s, const struct http_result *http, const char *server,
                          struct kube_answer *a) {
        struct err err = {};
        struct status status;

        a->reply.result = KUBE_OK;
        if (s->what.kind == KUBE_KIND_EVENT)
                return;
        /* A DELETE is answered with the object when it stays, with a Status when it is gone. */
        if (s->op == KUBE_OP_DELETE) {
                status_parse(http->code, http->body, http->n_body, &status);
                if (status.is_status && status.is_success && (!*status.uid || util_streq(status.uid, s->uid)))
                        return;
        }
        if (read_object(s, http->body, http->n_body, a, &err) < 0) {
                a->reply.result = KUBE_GARBLED;
                say(a, s, "%s answered HTTP %ld, but: %s", server, http->code,
                    *err.text ? err.text : "out of memory while reading it");
        }
}

void kube_judge(const struct kube_subject *s, const struct http_result *http, const char *server,
                struct kube_answer *a) {
        struct status status;
        bool is_success = http->code / 100 == 2;

        memset(a, 0, sizeof(*a));
        a->reply = (struct kube_reply){
                .http_code = http->code,
                .sent_at_usec = http->sent_at_usec,
                .retry_after_usec = http->retry_after_usec,
                .text = a->text,
        };

        switch (http->outcome) {
        case HTTP_NOT_SENT:
                a->reply.result = KUBE_UNREACHABLE;
                say(a, s, "Unable to connect to the server %s: %s", server, http->text);
                return;
        case HTTP_BROKEN:
                a->reply.result = KUBE_UNKNOWN;
                say(a, s, "no answer from the server %s: %s", server, http->text);
                return;
        case HTTP_TOO_LARGE:
                if (is_success) {
                        a->reply.result = KUBE_GARBLED;
                        say(a, s, "%s: %s", server, http->text);
                        return;
                }
                break;
        case HTTP_ANSWERED:
                break;
        }
        if (is_success) {
                judge_success(s, http, server, a);
                return;
        }
        status_parse(http->code, http->body, http->n_body, &status);
        if (status.retry_after_usec > a->reply.retry_after_usec)
                a->reply.retry_after_usec = status.retry_after_usec;
        a->reply.result = judge_refusal(s, &status, http->code);
        describe_refusal(a, s, &status, server, http->code);
}
