/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds; the two groups of Events are two rows over one storage. */
#include "resource.h"

#define CORE "", "v1"
static const struct resource resources[] = {
        {CORE, "configmaps", "ConfigMap", "v1", "configmaps", "ConfigMap", true, false, false, &resources[0]},
        {CORE, "pods", "Pod", "v1", "pods", "Pod", true, false, false, &resources[1]},
        {CORE, "events", "Event", "v1", "events", "Event", true, true, false, &resources[2]},
        {CORE, "namespaces", "Namespace", "v1", "namespaces", "Namespace", false, false, false, &resources[3]},
        {"coordination.k8s.io", "v1", "leases", "Lease", "coordination.k8s.io/v1", "leases.coordination.k8s.io",
         "Lease.coordination.k8s.io", true, true, true, &resources[4]},
        {"events.k8s.io", "v1", "events", "Event", "events.k8s.io/v1", "events.events.k8s.io", "Event", true, true,
         false, &resources[2]},
        {"authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", "authorization.k8s.io/v1",
         "selfsubjectrulesreviews.authorization.k8s.io", "SelfSubjectRulesReview.authorization.k8s.io", false, false,
         false, &resources[6]},
        {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io/v1",
         "selfsubjectaccessreviews.authorization.k8s.io", "SelfSubjectAccessReview.authorization.k8s.io", false, false,
         false, &resources[7]},
        /* the one subresource; of service accounts themselves only the names are known (token.h) */
        {CORE, "serviceaccounts/token", "TokenRequest", "v1", "serviceaccounts", "TokenRequest.authentication.k8s.io",
         true, false, false, &resources[8]},
};

const struct resource *const resource_config_maps = &resources[0];
const struct resource *const resource_pods = &resources[1];
const struct resource *const resource_events = &resources[2];
const struct resource *const resource_namespaces = &resources[3];
const struct resource *const resource_leases = &resources[4];
const struct resource *const resource_tokens = &resources[8];

const struct resource *resource_at(size_t i) {
        return i < ELEMENTSOF(resources) ? &resources[i] : NULL;
}

const struct resource *resource_find(const char *group, const char *version, const char *plural) {
        for (size_t i = 0; i < ELEMENTSOF(resources); i++) {
                const struct resource *r = &resources[i];
                if (util_streq(r->group, group) && util_streq(r->version, version) && util_streq(r->plural, plural))
                        return r;
        }
        return NULL;
}

const struct resource *resource_find_kind(const char *api_version, const char *kind) {
        for (size_t i = 0; i < ELEMENTSOF(resources); i++)
                if (util_streq(resources[i].api_version, api_version) && util_streq(resources[i].kind, kind))
                        return &resources[i];
        return NULL;
}

/* Names of the same Event field in core/v1 and in events.k8s.io/v1. */
static const char *const event_fields[][2] = {
        {"involvedObject", "regarding"},
        {"message", "note"},
        {"reportingComponent", "reportingController"},
        {"source", "deprecatedSource"},
        {"firstTimestamp", "deprecatedFirstTimestamp"},
        {"lastTimestamp", "deprecatedLastTimestamp"},
        {"count", "deprecatedCount"},
};

doc *resource_view(const struct resource *to, doc *d) {
        if (to->storage != resource_events || util_streq(doc_string(d, "apiVersion"), to->api_version))
                return json_object_get(d);
        bool to_core = to == resource_events;
        doc *out = json_object_new_object();
        json_object_object_foreach(d, key, value) {
                const char *name = key;
                for (size_t i = 0; i < ELEMENTSOF(event_fields); i++)
                        if (util_streq(key, event_fields[i][to_core]))
                                name = event_fields[i][!to_core];
                doc_set(out, name, doc_copy(value));
        }
        doc_set_string(out, "apiVersion", to->api_version);
        return out;
}
