/* SPDX-License-Identifier: Apache-2.0 */
/* What is well-formed and still refused: names, finalizers, owners, times, immutable fields. */
#include "validate.h"

#include <ctype.h>
#include <stdio.h>

#include "schema.h"

/* DNS-1123 subdomain. */
bool validate_name(const char *name) {
        size_t n = strlen(name);
        if (n == 0 || n > 253)
                return false;
        for (size_t i = 0; i < n; i++) {
                bool edge = i == 0 || i == n - 1 || name[i - 1] == '.' || name[i + 1] == '.';
                if (islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]))
                        continue;
                if (edge || !strchr("-.", name[i]))
                        return false;
        }
        return true;
}

static void validate_owners(struct invalid *v, doc *owners) {
        static const char *const required[] = {"apiVersion", "kind", "name", "uid"};
        size_t controllers = 0;
        for (size_t i = 0; owners && i < json_object_array_length(owners); i++) {
                doc *owner = json_object_array_get_idx(owners, i);
                controllers += doc_bool(owner, "controller", false);
                for (size_t k = 0; k < ELEMENTSOF(required); k++) {
                        _cleanup_free_ char *field = doc_printf("metadata.ownerReferences.%s", required[k]);
                        if (!*doc_string(owner, required[k]))
                                invalid_add(v, "FieldValueInvalid", field, "Invalid value: \"\": %s",
                                            k == 0 ? "version must not be empty" : "must not be empty");
                }
                if (util_streq(doc_string(owner, "kind"), "Event"))
                        invalid_add(v, "FieldValueInvalid", "metadata.ownerReferences",
                                    "Invalid value: \"%s, Kind=Event\": is disallowed from being an owner",
                                    doc_string(owner, "apiVersion"));
        }
        if (controllers > 1)
                invalid_add(v, "FieldValueInvalid", "metadata.ownerReferences",
                            "Invalid value: \"\": Only one reference can have Controller set to true");
}

static void validate_finalizers(struct invalid *v, doc *d, doc *old) {
        doc *list = doc_get(d, "metadata/finalizers"), *before = doc_get(old, "metadata/finalizers");
        bool deleting = old && doc_get(old, "metadata/deletionTimestamp");
        struct buf added = {0};
        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                const char *f = json_object_get_string(json_object_array_get_idx(list, i));
                _cleanup_free_ char *field = doc_printf("metadata.finalizers[%zu]", i);
                const char *slash = strchr(f, '/');
                if (!util_streq(f, "orphan") && !util_streq(f, "foregroundDeletion") && !util_streq(f, "kubernetes") &&
                    (!slash || slash == f || !slash[1]))
                        invalid_add(v, "FieldValueInvalid", field,
                                    "Invalid value: \"%s\": name is neither a standard finalizer name nor is it fully "
                                    "qualified",
                                    f);
                if (deleting && !doc_array_has(before, f)) {
                        _cleanup_free_ char *text = doc_printf("%s\"%s\"", added.size ? ", " : "", f);
                        buf_add(&added, text, strlen(text));
                }
        }
        if (added.size)
                invalid_add(v, "FieldValueForbidden", "metadata.finalizers",
                            "Forbidden: no new finalizers can be added if the object is being deleted, found new "
                            "finalizers []string{%.*s}",
                            (int)added.size, added.data);
        buf_free(&added);
}

static void validate_config_map(struct invalid *v, doc *d, doc *old) {
        static const char *const kept[] = {"data", "binaryData"};
        if (!doc_bool(old, "immutable", false))
                return;
        if (!doc_bool(d, "immutable", false))
                invalid_add(v, "FieldValueForbidden", "immutable",
                            "Forbidden: field is immutable when `immutable` is set");
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (!json_object_equal(doc_get(d, kept[i]), doc_get(old, kept[i])))
                        invalid_add(v, "FieldValueForbidden", kept[i],
                                    "Forbidden: field is immutable when `immutable` is set");
}

static void validate_lease(struct invalid *v, doc *d) {
        if (doc_int(d, "spec/leaseDurationSeconds", 1) <= 0)
                invalid_add(v, "FieldValueInvalid", "spec.leaseDurationSeconds",
                            "Invalid value: %lld: must be greater than 0",
                            (long long)doc_int(d, "spec/leaseDurationSeconds", 0));
        if (doc_int(d, "spec/leaseTransitions", 0) < 0)
                invalid_add(v, "FieldValueInvalid", "spec.leaseTransitions",
                            "Invalid value: %lld: must be greater than or equal to 0",
                            (long long)doc_int(d, "spec/leaseTransitions", 0));
}

static void validate_pod(struct invalid *v, doc *d, doc *old) {
        doc *containers = doc_get(d, "spec/containers");
        if (!containers || !json_object_is_type(containers, json_type_array) ||
            json_object_array_length(containers) == 0)
                invalid_add(v, "FieldValueRequired", "spec.containers", "Required value");
        else if (!*doc_string(json_object_array_get_idx(containers, 0), "name"))
                invalid_add(v, "FieldValueRequired", "spec.containers[0].name", "Required value");
        if (old && !json_object_equal(doc_get(d, "spec"), doc_get(old, "spec")))
                invalid_add(v, "FieldValueForbidden", "spec",
                            "Forbidden: pod updates may not change fields other than "
                            "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                            "`spec.tolerations` (only additions to existing tolerations),"
                            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
                            "negative)");
}

static void validate_event(struct invalid *v, doc *d) {
        const char *ns = doc_string(d, "metadata/namespace"), *of = doc_string(d, "involvedObject/namespace");
        bool cluster_scoped = !*of && util_streq(ns, "default");
        if (!cluster_scoped && !util_streq(ns, of))
                invalid_add(v, "FieldValueInvalid", "involvedObject.namespace",
                            "Invalid value: \"%s\": does not match event.namespace", of);
        if (strlen(doc_string(d, "message")) > 1024 && doc_get(d, "eventTime"))
                invalid_add(v, "FieldValueInvalid", "message", "Invalid value: \"\": can have at most 1024 characters");
}

/* What only events.k8s.io/v1 asks for. */
static void validate_new_event(struct invalid *v, doc *d) {
        static const char *const required[] = {"reportingComponent", "reportingInstance", "action", "reason"};
        const char *type = doc_string(d, "type");
        if (!doc_get(d, "eventTime"))
                invalid_add(v, "FieldValueRequired", "eventTime", "Required value");
        if (!util_streq(type, "Normal") && !util_streq(type, "Warning"))
                invalid_add(v, "FieldValueInvalid", "type", "Invalid value: \"%s\": has invalid value: %s", type, type);
        for (size_t i = 0; v->n == 0 && i < ELEMENTSOF(required); i++)
                if (!*doc_string(d, required[i]))
                        invalid_add(v, "FieldValueRequired", i == 0 ? "reportingController" : required[i],
                                    "Required value");
}

void validate(struct invalid *v, const struct resource *resource, doc *d, doc *old) {
        const char *name = doc_string(d, "metadata/name");
        if (!validate_name(name))
                invalid_add(
                        v, "FieldValueInvalid", "metadata.name",
                        "Invalid value: \"%s\": a lowercase RFC 1123 subdomain must consist of lower case "
                        "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character "
                        "(e.g. 'example.com', regex used for validation is "
                        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
                        name);
        if (old && !util_streq(doc_string(d, "metadata/uid"), doc_string(old, "metadata/uid")))
                invalid_add(v, "FieldValueInvalid", "metadata.uid", "Invalid value: \"%s\": field is immutable",
                            doc_string(d, "metadata/uid"));
        validate_owners(v, doc_get(d, "metadata/ownerReferences"));
        validate_finalizers(v, d, old);
        if (resource->storage == resource_config_maps)
                validate_config_map(v, d, old);
        else if (resource->storage == resource_leases)
                validate_lease(v, d);
        else if (resource->storage == resource_pods)
                validate_pod(v, d, old);
        else if (resource->storage == resource_events)
                validate_event(v, d);
        if (resource->storage == resource_events && resource != resource_events)
                validate_new_event(v, d);
}

static void validate_default_string(doc *d, const char *key, const char *value) {
        if (!doc_get(d, key))
                doc_set_string(d, key, value);
}

static void validate_default_pod(doc *d) {
        char now[32];
        doc *spec = doc_object(d, "spec"), *status = json_object_new_object(), *condition = json_object_new_object();
        validate_default_string(spec, "restartPolicy", "Always");
        validate_default_string(spec, "dnsPolicy", "ClusterFirst");
        validate_default_string(spec, "serviceAccountName", "default");
        validate_default_string(spec, "schedulerName", "default-scheduler");
        if (!doc_get(spec, "terminationGracePeriodSeconds"))
                doc_set(spec, "terminationGracePeriodSeconds", json_object_new_int(30));
        doc_set(d, "status", status);
        doc_set_string(status, "phase", "Pending");
        if (doc_get(spec, "schedulingGates")) {
                doc_set_string(condition, "type", "PodScheduled");
                doc_set_string(condition, "status", "False");
                doc_set(condition, "lastProbeTime", NULL);
                doc_set_string(condition, "lastTransitionTime", schema_now(now));
                doc_set_string(condition, "reason", "SchedulingGated");
                doc_set_string(condition, "message", "Scheduling is blocked due to non-empty scheduling gates");
                json_object_array_add(doc_set(status, "conditions", json_object_new_array()), condition);
        } else {
                doc_putp(&condition);
        }
        doc_set_string(status, "qosClass", "BestEffort");
}

void validate_default(const struct resource *resource, doc *d) {
        if (resource->storage == resource_leases)
                (void)doc_object(d, "spec");
        if (resource->storage == resource_pods)
                validate_default_pod(d);
        if (resource->storage == resource_namespaces) {
                const char *name = doc_string(d, "metadata/name");
                doc_set_string(doc_object(doc_object(d, "metadata"), "labels"), "kubernetes.io/metadata.name", name);
                doc *finalizers = doc_set(doc_object(d, "spec"), "finalizers", json_object_new_array());
                json_object_array_add(finalizers, json_object_new_string("kubernetes"));
                doc *status = doc_set(d, "status", json_object_new_object());
                doc_set_string(status, "phase", "Active");
        }
}
