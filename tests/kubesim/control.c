/* SPDX-License-Identifier: Apache-2.0 */
/* The control endpoints under /_kubesim/, each a switch that its own module implements (README.md has the table).
 * Nothing here is part of the Kubernetes API. */
#include "control.h"

#include <stdio.h>

static void control_ok(struct reply *r, const char *key, int64_t value) {
        doc *d = json_object_new_object();
        doc_set(d, key, json_object_new_int64(value));
        reply_body(r, 200, d);
}

static void control_faults(struct sim *sim, const char *method, doc *body, struct reply *r) {
        if (util_streq(method, "GET"))
                return reply_body(r, 200, fault_describe(&sim->faults));
        if (util_streq(method, "DELETE")) {
                fault_remove(&sim->faults, (uint64_t)doc_int(body, "id", 0));
                return control_ok(r, "removed", doc_int(body, "id", 0));
        }
        _cleanup_free_ char *error = NULL;
        uint64_t id = fault_add(&sim->faults, body, &error);
        if (id == 0)
                return reply_text(r, 400, error);
        control_ok(r, "id", (int64_t)id);
}

static void control_gc(struct sim *sim, const char *method, doc *body, struct reply *r) {
        if (!util_streq(method, "GET")) {
                int64_t delay_ms = doc_int(body, "delay_ms", (int64_t)(sim->gc.delay_usec / USEC_PER_MSEC));
                gc_set(&sim->gc, doc_bool(body, "enabled", sim->gc.enabled), (uint64_t)delay_ms * USEC_PER_MSEC);
        }
        doc *d = json_object_new_object();
        doc_set(d, "enabled", json_object_new_boolean(sim->gc.enabled));
        doc_set(d, "delay_ms", json_object_new_int64((int64_t)(sim->gc.delay_usec / USEC_PER_MSEC)));
        reply_body(r, 200, d);
}

static void control_deny(struct sim *sim, const char *method, doc *body, struct reply *r) {
        if (util_streq(method, "DELETE"))
                auth_allow_all(&sim->auth);
        else
                auth_deny(&sim->auth, doc_string(body, "user"), doc_string(body, "verb"), doc_string(body, "resource"),
                          doc_string(body, "name"));
        control_ok(r, "ok", 1);
}

static void control_tokens(struct sim *sim, const char *method, doc *body, struct reply *r) {
        (void)method;
        if (!*doc_string(body, "token"))
                return reply_text(r, 400, "{\"token\":\"...\",\"user\":\"...\"} is needed, without user to revoke\n");
        auth_set_token(&sim->auth, doc_string(body, "token"), doc_string(body, "user"));
        control_ok(r, "ok", 1);
}

static void control_token_limit(struct sim *sim, const char *method, doc *body, struct reply *r) {
        (void)method;
        sim->token_limit = doc_int(body, "seconds", 0);
        control_ok(r, "seconds", sim->token_limit);
}

static void control_compact(struct sim *sim, const char *method, doc *body, struct reply *r) {
        (void)method;
        (void)body;
        store_compact(&sim->store);
        control_ok(r, "compacted", (int64_t)sim->store.compacted_rv);
}

static void control_kill_watches(struct sim *sim, const char *method, doc *body, struct reply *r) {
        static const char *const modes[] = {"end", "cut", "reset", "expire", "stall"};
        const char *mode = doc_string(body, "mode");
        (void)method;
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (util_streq(*mode ? mode : "cut", modes[i]))
                        return control_ok(r, "killed",
                                          (int64_t)watch_kill(&sim->watches, (enum watch_kill)i,
                                                              doc_string(body, "resource"), doc_string(body, "name"),
                                                              doc_string(body, "user")));
        reply_text(r, 400, "mode is one of end, cut, reset, expire, stall\n");
}

static void control_watches(struct sim *sim, const char *method, doc *body, struct reply *r) {
        (void)method;
        (void)body;
        reply_body(r, 200, watch_describe(&sim->watches));
}

/* For watches that are opened from now on. */
static void control_bookmarks(struct sim *sim, const char *method, doc *body, struct reply *r) {
        struct watches *ws = &sim->watches;
        if (!util_streq(method, "GET")) {
                int64_t interval_ms = doc_int(body, "interval_ms", (int64_t)(ws->bookmark_usec / USEC_PER_MSEC));
                ws->bookmark_usec = (uint64_t)interval_ms * USEC_PER_MSEC;
                ws->bookmark_spread = (unsigned)doc_int(body, "spread_percent", ws->bookmark_spread) % 100;
                ws->no_initial_end = !doc_bool(body, "initial_end", !ws->no_initial_end);
        }
        doc *d = json_object_new_object();
        doc_set(d, "interval_ms", json_object_new_int64((int64_t)(ws->bookmark_usec / USEC_PER_MSEC)));
        doc_set(d, "spread_percent", json_object_new_int64(ws->bookmark_spread));
        doc_set(d, "initial_end", json_object_new_boolean(!ws->no_initial_end));
        reply_body(r, 200, d);
}

static void control_ready(struct sim *sim, const char *method, doc *body, struct reply *r) {
        (void)method;
        sim->ready_status = (int)doc_int(body, "status", 200);
        control_ok(r, "status", sim->ready_status);
}

static void control_namespaces(struct sim *sim, const char *method, doc *body, struct reply *r) {
        (void)method;
        sim_create_namespace(sim, doc_string(body, "name"));
        control_ok(r, "ok", 1);
}

static void control_requests(struct sim *sim, const char *method, uint64_t since, struct reply *r) {
        uint64_t first = sim->n_audit > SIM_AUDIT_MAX ? sim->n_audit - SIM_AUDIT_MAX : 0;
        if (util_streq(method, "DELETE")) {
                sim_audit_clear(sim);
                return control_ok(r, "ok", 1);
        }
        doc *list = json_object_new_array();
        for (uint64_t i = since > first ? since : first; i < sim->n_audit; i++)
                json_object_array_add(list, json_object_get(sim->audit[i % SIM_AUDIT_MAX]));
        reply_body(r, 200, list);
}

static void control_dispatch(struct sim *sim, const char *method, const char *endpoint, doc *body, uint64_t since,
                             struct reply *r) {
        static const struct {
                const char *endpoint;
                void (*handle)(struct sim *sim, const char *method, doc *body, struct reply *r);
        } table[] = {
                {"faults", control_faults},
                {"gc", control_gc},
                {"deny", control_deny},
                {"tokens", control_tokens},
                {"compact", control_compact},
                {"kill_watches", control_kill_watches},
                {"watches", control_watches},
                {"ready", control_ready},
                {"bookmarks", control_bookmarks},
                {"token_limit", control_token_limit},
                {"namespaces", control_namespaces},
        };
        if (!body || !json_object_is_type(body, json_type_object))
                return reply_text(r, 400, "the body is no JSON object\n");
        if (util_streq(endpoint, "requests"))
                return control_requests(sim, method, since, r);
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (util_streq(endpoint, table[i].endpoint))
                        return table[i].handle(sim, method, body, r);
        reply_text(r, 404, "no such control endpoint\n");
}

bool control_handle(struct sim *sim, const char *method, const char *path, const char *body, size_t size,
                    uint64_t since, struct reply *r) {
        static const char prefix[] = "/_kubesim/";
        if (strncmp(path, prefix, sizeof(prefix) - 1) != 0)
                return false;
        _cleanup_doc_ doc *parsed = size > 0 ? doc_parse(body, size) : json_object_new_object();
        control_dispatch(sim, method, path + sizeof(prefix) - 1, parsed, since, r);
        return true;
}
