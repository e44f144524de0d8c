/* SPDX-License-Identifier: Apache-2.0 */
/* Marks and removes what is in a terminating namespace, a delay after its deletion; then the namespace itself. */
#include "namespace.h"

#include "schema.h"
#include "verbs.h"

struct namespace_job {
        struct namespace_job *next;
        uint64_t due_usec;
        char *name;
};

void namespace_init(struct namespaces *n, struct store *store, struct timers *timers, uint64_t delay_usec) {
        *n = (struct namespaces){
                .store = store, .timers = timers, .delay_usec = delay_usec, .retry_usec = 500 * USEC_PER_MSEC};
}

static void namespace_drop(struct namespace_job **at) {
        struct namespace_job *job = *at;
        *at = job->next;
        free(job->name);
        free(job);
}

void namespace_done(struct namespaces *n) {
        while (n->jobs)
                namespace_drop(&n->jobs);
        timer_cancel(n->timers, &n->timer);
}

static void namespace_run(void *arg);

static void namespace_arm(struct namespaces *n) {
        uint64_t next = USEC_INFINITY;
        for (struct namespace_job *job = n->jobs; job; job = job->next)
                if (job->due_usec < next)
                        next = job->due_usec;
        if (next != USEC_INFINITY)
                timer_set(n->timers, &n->timer, next, namespace_run, n);
}

/* Deletes what is in it; returns how many objects are still there. */
static size_t namespace_empty(struct namespaces *n, const char *name, struct object **ret_last) {
        size_t left = 0;
        for (struct object *o = n->store->objects, *next = NULL; o; o = next) {
                next = o->next;
                if (util_streq(o->ns, name) && !doc_get(o->doc, "metadata/deletionTimestamp"))
                        verbs_delete(n->store, o, VERBS_BACKGROUND, NULL);
        }
        for (struct object *o = n->store->objects; o; o = o->next)
                if (util_streq(o->ns, name)) {
                        left++;
                        *ret_last = o;
                }
        return left;
}

static void namespace_explain(struct namespaces *n, struct object *ns, struct object *last, size_t left) {
        char now[32];
        doc *finalizers = doc_get(last->doc, "metadata/finalizers");
        if (doc_get(ns->doc, "status/conditions") || !finalizers)
                return;
        _cleanup_free_ char *message =
                doc_printf("Some content in the namespace has finalizers remaining: %s in %zu resource instances",
                           json_object_get_string(json_object_array_get_idx(finalizers, 0)), left);
        doc *c = json_object_new_object(), *d = doc_copy(ns->doc);
        doc_set_string(c, "type", "NamespaceFinalizersRemaining");
        doc_set_string(c, "status", "True");
        doc_set_string(c, "lastTransitionTime", schema_now(now));
        doc_set_string(c, "reason", "SomeFinalizersRemain");
        doc_set_string(c, "message", message);
        json_object_array_add(doc_set(doc_object(d, "status"), "conditions", json_object_new_array()), c);
        store_replace(n->store, ns, d);
}

/* True when the namespace is gone. */
static bool namespace_pass(struct namespaces *n, struct namespace_job *job) {
        struct object *ns = store_find(n->store, resource_namespaces, "", job->name), *last = NULL;
        size_t left = ns ? namespace_empty(n, job->name, &last) : 0;
        if (left == 0) {
                if (ns)
                        store_remove(n->store, ns);
                return true;
        }
        namespace_explain(n, ns, last, left);
        job->due_usec = timer_now() + n->retry_usec;
        return false;
}

static void namespace_run(void *arg) {
        struct namespaces *n = arg;
        uint64_t now = timer_now();
        for (struct namespace_job **at = &n->jobs; *at;) {
                if ((*at)->due_usec <= now && namespace_pass(n, *at))
                        namespace_drop(at);
                else
                        at = &(*at)->next;
        }
        namespace_arm(n);
}

void namespace_event(struct namespaces *n, const struct store_event *e) {
        if (e->resource != resource_namespaces || e->type == STORE_DELETED ||
            !doc_get(e->doc, "metadata/deletionTimestamp"))
                return;
        for (struct namespace_job *job = n->jobs; job; job = job->next)
                if (util_streq(job->name, e->name))
                        return;
        struct namespace_job *job = doc_alloc(sizeof(*job));
        *job = (struct namespace_job){
                .next = n->jobs, .due_usec = timer_now() + n->delay_usec, .name = doc_strdup(e->name)};
        n->jobs = job;
        namespace_arm(n);
}
