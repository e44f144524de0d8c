/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request: faults before, execution, faults after, the log. Late writes are executed here though nobody
 * waits. */
#include "request.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "control.h"
#include "http_internal.h"
#include "review.h"
#include "token.h"
#include "verbs.h"

void request_answered(struct request *rq, int code) {
        rq->state = REQUEST_ANSWERED;
        if (rq->audit)
                doc_set(rq->audit, "code", json_object_new_int(code));
        if (rq->sim->verbose)
                fprintf(stderr, "%s %s?%s %d %s\n", rq->method, rq->path, rq->query, code, rq->call.user);
}

/* code 0 stays in the log when the client never got an answer. */
static void request_open_audit(struct request *rq) {
        struct timespec now;
        const char *name = *rq->call.name ? rq->call.name : rq->call.select_name;
        clock_gettime(CLOCK_REALTIME, &now);
        rq->audit = json_object_new_object();
        doc_set(rq->audit, "seq", json_object_new_int64((int64_t)rq->sim->n_audit));
        doc_set(rq->audit, "time_usec", json_object_new_int64((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000));
        doc_set(rq->audit, "mono_usec", json_object_new_int64((int64_t)timer_now()));
        doc_set_string(rq->audit, "user_agent", rq->user_agent);
        doc_set_string(rq->audit, "user", rq->call.user);
        doc_set_string(rq->audit, "verb", verb_to_string(rq->call.verb));
        doc_set_string(rq->audit, "resource", rq->call.resource->plural);
        doc_set_string(rq->audit, "namespace", rq->call.ns);
        doc_set_string(rq->audit, "name", name);
        doc_set_string(rq->audit, "query", rq->query);
        doc_set(rq->audit, "code", json_object_new_int(0));
        doc_set(rq->audit, "executed", json_object_new_boolean(false));
        sim_audit(rq->sim, json_object_get(rq->audit));
}

static void request_wake(void *arg) {
        http_resume(arg);
}

/* What the server does with it, faults aside. */
static void request_execute(struct request *rq) {
        struct call *c = &rq->call;
        struct store *s = &rq->sim->store;
        bool exists = store_find(s, c->resource->storage, c->ns, c->name) != NULL;
        doc_set(rq->audit, "executed", json_object_new_boolean(true));
        if (!auth_check(&rq->sim->auth, c, exists, &rq->reply))
                return;
        if (review_is(c))
                review_execute(&rq->sim->auth, c, &rq->reply);
        else if (c->resource == resource_tokens)
                token_execute(&rq->sim->auth, s, rq->sim->token_limit, c, &rq->reply);
        else if (c->verb == VERB_WATCH)
                rq->watch = watch_new(&rq->sim->watches, c, rq->fault.stall, rq->fault.cut_usec, request_wake, rq,
                                      &rq->reply);
        else
                verbs_execute(s, c, &rq->reply);
}

static void request_on_hold(void *arg) {
        struct request *rq = arg;
        rq->state = REQUEST_READY;
        http_resume(rq);
}

static void request_to_close(struct request *rq) {
        rq->state = rq->fault.reset ? REQUEST_RESET : REQUEST_CLOSE;
}

static void request_perform(struct request *rq) {
        struct fault_action *f = &rq->fault;
        if (f->drop == FAULT_DROP_BEFORE)
                return request_to_close(rq);
        if (f->hang == FAULT_DROP_BEFORE) {
                rq->state = REQUEST_HUNG;
                return;
        }
        if (f->status != 0) {
                rq->raw_body = TAKE_PTR(f->body);
                reply_status(&rq->reply, f->status, f->status == 503 ? "ServiceUnavailable" : "", NULL,
                             "fault injected by kubesim");
        } else {
                request_execute(rq);
        }
        if (f->retry_after)
                rq->reply.retry_after = f->retry_after;
        rq->state = REQUEST_READY;
        if (f->drop == FAULT_DROP_AFTER) {
                request_to_close(rq);
        } else if (f->hang == FAULT_DROP_AFTER) {
                rq->state = REQUEST_HUNG;
        } else if (f->hold_usec > 0) {
                rq->state = REQUEST_HELD;
                timer_set(&rq->sim->timers, &rq->timer, timer_now() + f->hold_usec, request_on_hold, rq);
        }
}

/* The delay is over. The client may be gone, or may have got its 504: the write lands all the same. */
static void request_on_delay(void *arg) {
        struct request *rq = arg;
        timer_cancel(&rq->sim->timers, &rq->timeout);
        if (rq->connection && rq->state == REQUEST_WAITING) {
                request_perform(rq);
                http_resume(rq);
                return;
        }
        if (rq->call.verb != VERB_WATCH && rq->fault.drop != FAULT_DROP_BEFORE && rq->fault.status == 0) {
                struct reply old = rq->reply;
                rq->reply = (struct reply){0};
                request_execute(rq);
                reply_done(&rq->reply);
                rq->reply = old;
        }
        if (!rq->connection)
                request_finish(rq);
}

static void request_on_timeout(void *arg) {
        struct request *rq = arg;
        rq->state = REQUEST_TIMED_OUT;
        reply_status(&rq->reply, 504, "Timeout", json_object_new_object(),
                     "Timeout: request did not complete within the allotted timeout");
        http_resume(rq);
}

static bool request_health(struct request *rq) {
        static const char version[] =
                "{\"major\":\"1\",\"minor\":\"35\",\"gitVersion\":\"v1.35.4\",\"gitCommit\":\"\",\"gitTreeState\":\"\","
                "\"buildDate\":\"1970-01-01T00:00:00Z\",\"goVersion\":\"\",\"compiler\":\"\",\"platform\":\"linux\"}";
        if (util_streq(rq->path, "/version"))
                reply_body(&rq->reply, 200, doc_parse(version, sizeof(version) - 1));
        else if (util_streq(rq->path, "/readyz") || util_streq(rq->path, "/livez") || util_streq(rq->path, "/healthz"))
                reply_text(&rq->reply, rq->sim->ready_status,
                           rq->sim->ready_status == 200 ? "ok" : "[-]etcd failed: reason withheld\n");
        else
                return false;
        return true;
}

/* The name in the body of a POST, for fault rules and the log. */
static void request_name_of_create(struct request *rq) {
        if (rq->call.verb != VERB_CREATE)
                return;
        _cleanup_doc_ doc *body = doc_parse(rq->body.data, rq->body.size);
        snprintf(rq->call.select_name, sizeof(rq->call.select_name), "%s", doc_string(body, "metadata/name"));
}

/* True when rq->call is an API request to carry out; else the reply is ready. */
static bool request_identify(struct request *rq) {
        struct query queries[32];
        size_t n = http_queries(rq, queries, ELEMENTSOF(queries));
        uint64_t since = 0;
        for (size_t i = 0; i < n; i++)
                if (util_streq(queries[i].name, "since") && queries[i].value)
                        since = strtoull(queries[i].value, NULL, 10);
        if (control_handle(rq->sim, rq->method, rq->path, rq->body.data, rq->body.size, since, &rq->reply) ||
            request_health(rq))
                return false;
        const char *certificate_user = *rq->certificate_user ? rq->certificate_user : NULL;
        const char *user = auth_user(&rq->sim->auth, certificate_user, http_header(rq, "Authorization"));
        if (!user) {
                reply_status(&rq->reply, 401, "Unauthorized", NULL, "Unauthorized");
                return false;
        }
        if (!call_parse(&rq->call, &rq->reply, rq->method, rq->path, queries, n))
                return false;
        const char *content_type = http_header(rq, "Content-Type");
        snprintf(rq->call.user, sizeof(rq->call.user), "%s", user);
        snprintf(rq->call.content_type, sizeof(rq->call.content_type), "%s", content_type ? content_type : "");
        rq->call.body = rq->body.data ? rq->body.data : "";
        rq->call.body_size = rq->body.size;
        request_name_of_create(rq);
        return true;
}

void request_start(struct request *rq) {
        rq->state = REQUEST_READY;
        rq->fault.truncate = -1;
        if (rq->too_large)
                return reply_status(&rq->reply, 413, "RequestEntityTooLarge", NULL,
                                    "Request entity too large: limit is 3145728");
        rq->is_call = request_identify(rq);
        if (!rq->is_call)
                return;
        request_open_audit(rq);
        (void)fault_match(&rq->sim->faults, &rq->call, &rq->fault); /* no fault: the action stays empty */
        if (rq->fault.delay_usec == 0)
                return request_perform(rq);
        uint64_t now = timer_now();
        rq->state = REQUEST_WAITING;
        timer_set(&rq->sim->timers, &rq->timer, now + rq->fault.delay_usec, request_on_delay, rq);
        if (rq->fault.honour_timeout && rq->call.timeout_usec > 0 && rq->call.verb != VERB_WATCH)
                timer_set(&rq->sim->timers, &rq->timeout, now + rq->call.timeout_usec, request_on_timeout, rq);
}

static void request_free(struct request *rq) {
        timer_cancel(&rq->sim->timers, &rq->timer);
        timer_cancel(&rq->sim->timers, &rq->timeout);
        if (rq->watch)
                watch_free(&rq->sim->watches, rq->watch);
        doc_putp(&rq->audit);
        reply_done(&rq->reply);
        fault_action_done(&rq->fault);
        buf_free(&rq->body);
        buf_free(&rq->out);
        free(rq->raw_body);
        free(rq);
}

void request_finish(struct request *rq) {
        bool late = rq->is_call && rq->fault.delay_usec > 0 && timer_armed(&rq->timer) && rq->state != REQUEST_HELD;
        if (late && rq->connection) {
                rq->connection = NULL;
                return;
        }
        http_detach(rq);
        request_free(rq);
}
