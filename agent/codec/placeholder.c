/* SPDX-License-Identifier: Apache-2.0 */
/* The two kinds side by side: whatever differs between a Lease and a Pod is a switch over the kind here, so that a
 * third kind is a list of compile errors. ARCHITECTURE 5, claim 2 (what a renewal carries). */
#include "codec/placeholder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "codec/name.h"
#include "codec/object.h"

#define LEASE_SUFFIX "-lease"
#define PREFIX       "leaderagent.io/"
#define TERMS        PREFIX "terms"

struct placeholder_resource placeholder_resource(enum placeholder_kind kind) {
        switch (kind) {
        case PLACEHOLDER_LEASE:
                return (struct placeholder_resource){"coordination.k8s.io/v1", "/apis/coordination.k8s.io/v1", "leases",
                                                     "lease"};
        case PLACEHOLDER_POD:
                return (struct placeholder_resource){"v1", "/api/v1", "pods", "pod"};
        }
        return (struct placeholder_resource){"unknown", "/unknown", "unknown", "unknown"};
}

const char *placeholder_group(enum placeholder_kind kind) {
        switch (kind) {
        case PLACEHOLDER_LEASE:
                return "coordination.k8s.io";
        case PLACEHOLDER_POD:
                break;
        }
        return "";
}

bool placeholder_name(char *buf, size_t size, const char *identity, enum tenure tenure) {
        int n = snprintf(buf, size, "leader-agent-%s%s", identity, tenure == TENURE_LEASE ? LEASE_SUFFIX : "");

        return n > 0 && (size_t)n < size;
}

bool placeholder_name_fits(const char *name, enum tenure tenure) {
        size_t n = strlen(name), suffix = strlen(LEASE_SUFFIX);
        bool leased = n > suffix && util_streq(name + n - suffix, LEASE_SUFFIX);

        return name_is_dns_subdomain(name) && leased == (tenure == TENURE_LEASE);
}

bool placeholder_is_genuine(const struct placeholder_object *p, const char *identity, enum tenure tenure) {
        char name[sizeof(p->name)];

        return p->managed && *p->claim && !util_empty(identity) && util_streq(p->identity, identity) &&
               placeholder_name(name, sizeof(name), identity, tenure) && util_streq(p->name, name);
}

static uint64_t seconds_from_text(const char *s) {
        char *end = NULL;
        unsigned long v;

        if (*s < '0' || *s > '9')
                return 0;
        errno = 0;
        v = strtoul(s, &end, 10);
        return errno || *end || v > INT32_MAX ? 0 : v * USEC_PER_SEC;
}

uint64_t placeholder_duration(const struct placeholder_object *p, const char *lock_uid) {
        for (unsigned i = 0; i < p->n_terms; i++)
                if (util_streq(p->terms[i].lock_uid, lock_uid))
                        return p->terms[i].duration_usec;
        return p->has_terms && p->n_terms < PLACEHOLDER_TERMS ? 0 : p->lease_duration_usec;
}

void placeholder_add_term(struct placeholder_object *p, const char *lock_uid, uint64_t duration_usec) {
        unsigned i = 0;

        if (duration_usec > p->lease_duration_usec)
                p->lease_duration_usec = duration_usec;
        while (i < p->n_terms && !util_streq(p->terms[i].lock_uid, lock_uid))
                i++;
        if (i == PLACEHOLDER_TERMS || util_empty(lock_uid))
                return;
        if (i == p->n_terms) {
                if (!util_copy(p->terms[i].lock_uid, sizeof(p->terms[i].lock_uid), lock_uid))
                        return;
                p->terms[i].duration_usec = 0;
                p->n_terms++;
        }
        if (duration_usec > p->terms[i].duration_usec)
                p->terms[i].duration_usec = duration_usec;
}

/* "UID=SECONDS UID=SECONDS"; what cannot be read counts as a list that is cut. */
static void read_terms(struct json_object *annotations, struct placeholder_object *p) {
        char text[PLACEHOLDER_TERMS * 80], *rest = text;
        int r = object_get_string(annotations, TERMS, text, sizeof(text));

        p->has_terms = r >= 0 && object_get(annotations, TERMS);
        for (char *word; p->has_terms && (word = strsep(&rest, " "));) {
                char *value = strchr(word, '=');

                if (!*word)
                        continue;
                if (!value || seconds_from_text(value + 1) == 0 || p->n_terms == PLACEHOLDER_TERMS) {
                        p->has_terms = false;
                        return;
                }
                *value = 0;
                if (!util_copy(p->terms[p->n_terms].lock_uid, sizeof(p->terms[0].lock_uid), word))
                        p->has_terms = false;
                else
                        p->terms[p->n_terms++].duration_usec = seconds_from_text(value + 1);
        }
}

static bool add_terms(struct json_object *annotations, const struct placeholder_object *p) {
        char text[PLACEHOLDER_TERMS * 80] = "";
        size_t n = 0;

        if (!p->has_terms)
                return true;
        for (unsigned i = 0; i < p->n_terms; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%" PRIu64, i ? " " : "", p->terms[i].lock_uid,
                                      p->terms[i].duration_usec / USEC_PER_SEC);
        return object_add_string(annotations, TERMS, text);
}

int placeholder_from_json(enum placeholder_kind kind, struct json_object *object, struct placeholder_object *ret,
                          struct err *err) {
        struct json_object *metadata = object_get(object, "metadata");
        struct json_object *annotations = object_get(metadata, "annotations");
        struct json_object *spec = object_get(object, "spec");
        struct object_meta meta;
        char seconds[16], label[64], phase[16];
        int r;

        memset(ret, 0, sizeof(*ret));
        r = object_get_meta(object, placeholder_resource(kind).api_version, placeholder_kind_to_string(kind), &meta,
                            err);
        if (r < 0)
                return r;

        ret->kind = kind;
        /* All of these have the size of their source. */
        (void)util_copy(ret->ns, sizeof(ret->ns), meta.ns);
        (void)util_copy(ret->name, sizeof(ret->name), meta.name);
        (void)util_copy(ret->uid, sizeof(ret->uid), meta.uid);
        (void)util_copy(ret->version, sizeof(ret->version), meta.version);
        ret->deleting = meta.deleting;
        ret->managed = object_get_string(object_get(metadata, "labels"), PLACEHOLDER_LABEL, label, sizeof(label)) > 0 &&
                       util_streq(label, PLACEHOLDER_LABEL_VALUE);
        ret->n_finalizers = meta.n_finalizers;

        /* An unusable value is left empty: it is not one of ours then, and equal to nothing of ours. */
        (void)object_get_string(annotations, PREFIX "claim", ret->claim, sizeof(ret->claim));
        (void)object_get_string(annotations, PREFIX "nonce", ret->nonce, sizeof(ret->nonce));
        (void)object_get_string(annotations, PREFIX "boot-id", ret->boot_id, sizeof(ret->boot_id));
        read_terms(annotations, ret);
        (void)object_get_string(annotations, PREFIX "heartbeat-seconds", seconds, sizeof(seconds));
        ret->heartbeat_usec = seconds_from_text(seconds);
        switch (kind) {
                int64_t n;

        case PLACEHOLDER_LEASE:
                (void)object_get_string(spec, "holderIdentity", ret->identity, sizeof(ret->identity));
                (void)object_get_string(spec, "renewTime", ret->renew_time, sizeof(ret->renew_time));
                (void)object_get_string(spec, "acquireTime", ret->acquire_time, sizeof(ret->acquire_time));
                n = object_get_count(spec, "leaseDurationSeconds", 0);
                ret->lease_duration_usec = n > INT32_MAX ? 0 : (uint64_t)n * USEC_PER_SEC;
                break;
        case PLACEHOLDER_POD:
                (void)object_get_string(annotations, PREFIX "identity", ret->identity, sizeof(ret->identity));
                (void)object_get_string(annotations, PREFIX "renew-time", ret->renew_time, sizeof(ret->renew_time));
                (void)object_get_string(annotations, PREFIX "acquire-time", ret->acquire_time,
                                        sizeof(ret->acquire_time));
                (void)object_get_string(annotations, PREFIX "lease-duration-seconds", seconds, sizeof(seconds));
                ret->lease_duration_usec = seconds_from_text(seconds);
                ret->finished = object_get_string(object_get(object, "status"), "phase", phase, sizeof(phase)) > 0 &&
                                (util_streq(phase, "Succeeded") || util_streq(phase, "Failed"));
                break;
        }
        return 0;
}

int placeholder_parse(enum placeholder_kind kind, const char *json, size_t n, struct placeholder_object *ret,
                      struct err *err) {
        _cleanup_(json_object_putp) struct json_object *object = NULL;
        int r;

        memset(ret, 0, sizeof(*ret));
        r = object_parse(json, n, &object, err);
        if (r < 0)
                return r;
        return placeholder_from_json(kind, object, ret, err);
}

int placeholder_list_parse(enum placeholder_kind kind, const char *json, size_t n, struct placeholder_object **ret,
                           size_t *ret_n, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *list = NULL;
        _cleanup_free_ struct placeholder_object *all = NULL;
        struct json_object *items;
        size_t n_items;
        int r = object_parse_list(json, n, placeholder_resource(kind).api_version, placeholder_kind_to_string(kind),
                                  &list, &items, err);

        if (r < 0)
                return r;
        n_items = items ? json_object_array_length(items) : 0;
        all = calloc(n_items + 1, sizeof(*all)); /* + 1: never of size 0 */
        if (!all)
                return -ENOMEM;
        for (size_t i = 0; i < n_items; i++) {
                r = placeholder_from_json(kind, json_object_array_get_idx(items, i), &all[i], err);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(all);
        *ret_n = n_items;
        return 0;
}

static bool add_unless_empty(struct json_object *parent, const char *key, const char *value) {
        return util_empty(value) ? parent != NULL : object_add_string(parent, key, value);
}

static bool add_annotations(const struct placeholder_object *p, struct json_object *metadata) {
        struct json_object *a = object_add_object(metadata, "annotations");
        char seconds[24];
        bool ok = add_unless_empty(a, PREFIX "claim", p->claim) && add_unless_empty(a, PREFIX "nonce", p->nonce) &&
                  add_unless_empty(a, PREFIX "boot-id", p->boot_id) && add_terms(a, p);

        if (ok && p->heartbeat_usec > 0) {
                (void)snprintf(seconds, sizeof(seconds), "%" PRIu64, p->heartbeat_usec / USEC_PER_SEC);
                ok = object_add_string(a, PREFIX "heartbeat-seconds", seconds);
        }
        if (!ok || p->kind != PLACEHOLDER_POD)
                return ok;
        if (p->lease_duration_usec > 0) {
                (void)snprintf(seconds, sizeof(seconds), "%" PRIu64, p->lease_duration_usec / USEC_PER_SEC);
                ok = object_add_string(a, PREFIX "lease-duration-seconds", seconds);
        }
        return ok && add_unless_empty(a, PREFIX "identity", p->identity) &&
               add_unless_empty(a, PREFIX "renew-time", p->renew_time) &&
               add_unless_empty(a, PREFIX "acquire-time", p->acquire_time);
}

static bool add_precondition(const struct placeholder_object *p, struct json_object *metadata) {
        return object_add_string(metadata, "uid", p->uid) && object_add_string(metadata, "resourceVersion", p->version);
}

static bool add_lease_spec(const struct placeholder_object *p, struct json_object *root) {
        struct json_object *spec = object_add_object(root, "spec");

        if (p->lease_duration_usec > 0 &&
            !object_add_int(spec, "leaseDurationSeconds", (int64_t)(p->lease_duration_usec / USEC_PER_SEC)))
                return false;
        return object_add_string(spec, "holderIdentity", p->identity) &&
               add_unless_empty(spec, "acquireTime", p->acquire_time) &&
               add_unless_empty(spec, "renewTime", p->renew_time);
}

/* A Pod that never runs: gated and without a scheduler (either is enough, and each is missing somewhere), and that Pod
 * Security "restricted" and quotas on cpu and memory let pass. */
static bool add_pod_spec(struct json_object *root) {
        struct json_object *spec = object_add_object(root, "spec");
        struct json_object *gate = object_append_object(object_add_array(spec, "schedulingGates"));
        struct json_object *pod_security = object_add_object(spec, "securityContext");
        struct json_object *container = object_append_object(object_add_array(spec, "containers"));
        struct json_object *security = object_add_object(container, "securityContext");
        struct json_object *drop = object_add_array(object_add_object(security, "capabilities"), "drop");
        struct json_object *all = json_object_new_string("ALL");
        static const char *const bounds[] = {"requests", "limits"};

        if (!drop || !all || json_object_array_add(drop, all) < 0) {
                json_object_put(all);
                return false;
        }
        for (size_t i = 0; i < ELEMENTSOF(bounds); i++) {
                struct json_object *resources =
                        object_get(container, "resources") ?: object_add_object(container, "resources");
                struct json_object *bound = object_add_object(resources, bounds[i]);

                if (!object_add_string(bound, "cpu", "1m") || !object_add_string(bound, "memory", "1Mi"))
                        return false;
        }
        return object_add_string(gate, "name", PREFIX "placeholder") &&
               object_add_string(spec, "schedulerName", PREFIX "none") &&
               object_add_bool(spec, "automountServiceAccountToken", false) &&
               object_add_bool(spec, "enableServiceLinks", false) &&
               object_add_string(spec, "restartPolicy", "Never") &&
               object_add_int(spec, "terminationGracePeriodSeconds", 0) &&
               object_add_bool(pod_security, "runAsNonRoot", true) &&
               object_add_int(pod_security, "runAsUser", 65534) &&
               object_add_string(object_add_object(pod_security, "seccompProfile"), "type", "RuntimeDefault") &&
               object_add_string(container, "name", "none") &&
               object_add_string(container, "image", "registry.k8s.io/pause:3.10") &&
               object_add_bool(security, "allowPrivilegeEscalation", false) &&
               object_add_bool(security, "readOnlyRootFilesystem", true);
}

static bool is_complete(const struct placeholder_object *p, bool exists) {
        return PLACEHOLDER_KIND_VALID(p->kind) && *p->name && *p->ns && *p->identity &&
               p->lease_duration_usec % USEC_PER_SEC == 0 && (!exists || (*p->uid && *p->version));
}

static bool add_spec(const struct placeholder_object *p, struct json_object *root) {
        switch (p->kind) {
        case PLACEHOLDER_LEASE:
                return add_lease_spec(p, root);
        case PLACEHOLDER_POD:
                return add_pod_spec(root);
        }
        return false;
}

/* The whole object, for POST (exists == false) and PUT. A PUT leaves out the finalizers and so removes them. */
static int build_whole(const struct placeholder_object *p, bool exists, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = object_add_object(root, "metadata");
        struct json_object *labels = object_add_object(metadata, "labels");

        if (!is_complete(p, exists))
                return -EINVAL;
        if (!object_add_string(root, "apiVersion", placeholder_resource(p->kind).api_version) ||
            !object_add_string(root, "kind", placeholder_kind_to_string(p->kind)) ||
            !object_add_string(metadata, "name", p->name) || !object_add_string(metadata, "namespace", p->ns) ||
            !object_add_string(labels, PLACEHOLDER_LABEL, PLACEHOLDER_LABEL_VALUE) || !add_annotations(p, metadata) ||
            (exists && !add_precondition(p, metadata)) || !add_spec(p, root))
                return -ENOMEM;
        return object_to_text(root, ret);
}

int placeholder_build_create(const struct placeholder_object *p, char **ret) {
        return build_whole(p, /* exists= */ false, ret);
}

static int build_pod_patch(const struct placeholder_object *p, bool clear, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = object_add_object(root, "metadata");

        if (!is_complete(p, /* exists= */ true))
                return -EINVAL;
        if (!add_precondition(p, metadata) ||
            !(clear ? object_add_string(metadata, "finalizers", NULL) : add_annotations(p, metadata)))
                return -ENOMEM;
        return object_to_text(root, ret);
}

static int build_change(const struct placeholder_object *p, bool clear, char **ret) {
        switch (p->kind) {
        case PLACEHOLDER_LEASE:
                return build_whole(p, /* exists= */ true, ret);
        case PLACEHOLDER_POD:
                return build_pod_patch(p, clear, ret);
        }
        return -EINVAL;
}

int placeholder_build_renew(const struct placeholder_object *p, char **ret) {
        return build_change(p, /* clear= */ false, ret);
}

int placeholder_build_clear(const struct placeholder_object *p, char **ret) {
        return build_change(p, /* clear= */ true, ret);
}
