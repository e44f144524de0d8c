/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of requests that create or change locks; declared in lock.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "codec/lock.h"
#include "codec/object.h"

/* No blockOwnerDeletion: some clusters refuse it to whoever may not change the owner's finalizers. */
static bool add_owner(struct json_object *metadata, enum placeholder_kind kind, const char *name, const char *uid) {
        struct json_object *owner = object_append_object(object_add_array(metadata, "ownerReferences"));

        return object_add_string(owner, "apiVersion", placeholder_resource(kind).api_version) &&
               object_add_string(owner, "kind", placeholder_kind_to_string(kind)) &&
               object_add_string(owner, "name", name) && object_add_string(owner, "uid", uid);
}

/* Into data, or, by their keys, into annotations. */
static bool add_placeholder(struct json_object *to, const char *key, const char *uid_key, enum placeholder_kind kind,
                            const char *name, const char *uid) {
        char text[300];

        (void)snprintf(text, sizeof(text), "%s/%s", placeholder_kind_to_string(kind), name);
        return object_add_string(to, key, text) && object_add_string(to, uid_key, uid);
}

static bool add_record(struct json_object *root, const struct lock_object *l) {
        struct json_object *data = object_add_object(root, "data");
        char seconds[24];

        (void)snprintf(seconds, sizeof(seconds), "%" PRIu64, l->lease_duration_usec / USEC_PER_SEC);
        return object_add_string(data, "holder", l->holder) && object_add_string(data, "identity", l->identity) &&
               object_add_string(data, "claim", l->claim) &&
               add_placeholder(data, "placeholder", "placeholderUid", l->placeholder_kind, l->placeholder_name,
                               l->placeholder_uid) &&
               object_add_string(data, "unit", l->unit) &&
               object_add_string(data, "tenure", tenure_to_string(l->tenure)) &&
               (l->lease_duration_usec == 0 || object_add_string(data, "leaseDurationSeconds", seconds)) &&
               object_add_string(data, "bootId", l->boot_id) &&
               (!*l->acquired_at || object_add_string(data, "acquiredAt", l->acquired_at)) &&
               (!*l->agent_version || object_add_string(data, "agentVersion", l->agent_version)) &&
               (!*l->succeeds || object_add_string(data, "fenced", l->succeeds));
}

int lock_build_create(const struct lock_object *l, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = object_add_object(root, "metadata");
        struct json_object *labels = object_add_object(metadata, "labels");
        struct json_object *finalizers = object_add_array(metadata, "finalizers");
        struct json_object *finalizer = json_object_new_string(LOCK_FINALIZER);

        if (!finalizers || !finalizer || json_object_array_add(finalizers, finalizer) < 0) {
                json_object_put(finalizer);
                return -ENOMEM;
        }
        /* A lock without one of these would be damaged from its first moment. */
        if (!*l->ns || !*l->name || !*l->holder || !*l->identity || !*l->claim || !l->has_placeholder ||
            !PLACEHOLDER_KIND_VALID(l->placeholder_kind) || !*l->placeholder_uid || !*l->unit || !l->has_tenure ||
            !TENURE_VALID(l->tenure) || !placeholder_name_fits(l->placeholder_name, l->tenure) || !*l->boot_id ||
            l->lease_duration_usec % USEC_PER_SEC != 0 || l->lease_duration_usec / USEC_PER_SEC > INT32_MAX ||
            (l->tenure == TENURE_LEASE && l->lease_duration_usec == 0))
                return -EINVAL;
        if (!object_add_string(root, "apiVersion", "v1") || !object_add_string(root, "kind", "ConfigMap") ||
            !object_add_string(metadata, "name", l->name) || !object_add_string(metadata, "namespace", l->ns) ||
            !object_add_string(labels, LOCK_LABEL, LOCK_LABEL_VALUE) || !object_add_bool(root, "immutable", true) ||
            !add_owner(metadata, l->placeholder_kind, l->placeholder_name, l->placeholder_uid) || !add_record(root, l))
                return -ENOMEM;
        return object_to_text(root, ret);
}

/* metadata of a merge PATCH with both preconditions; NULL when out of memory. */
static struct json_object *patch_metadata(struct json_object *root, const char *uid, const char *version) {
        struct json_object *metadata = object_add_object(root, "metadata");

        return object_add_string(metadata, "uid", uid) && object_add_string(metadata, "resourceVersion", version)
                       ? metadata
                       : NULL;
}

static bool add_term(struct json_object *annotations, const struct lock_object *seen) {
        return object_add_string(annotations, LOCK_ANNOTATION_TERM, *seen->term ? seen->term : seen->version);
}

int lock_build_strip(const char *uid, const char *version, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();

        if (util_empty(uid) || util_empty(version))
                return -EINVAL;
        if (!object_add_string(patch_metadata(root, uid, version), "finalizers", NULL))
                return -ENOMEM;
        return object_to_text(root, ret);
}

int lock_build_adopt(const struct lock_object *seen, const char *boot_id, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = patch_metadata(root, seen->uid, seen->version);
        struct json_object *annotations = object_add_object(metadata, "annotations");

        if (!*seen->uid || !*seen->version || util_empty(boot_id))
                return -EINVAL;
        /* A fence that only got to its annotation did not happen; the next holder must not say it did. */
        if (!add_term(annotations, seen) ||
            (*seen->fenced && !object_add_string(annotations, LOCK_ANNOTATION_FENCED, NULL)) ||
            (seen->immutable ? !object_add_string(annotations, LOCK_ANNOTATION_BOOT_ID, boot_id)
                             : !object_add_string(object_add_object(root, "data"), "bootId", boot_id)))
                return -ENOMEM;
        return object_to_text(root, ret);
}

int lock_build_restore(const struct lock_object *seen, const struct placeholder_object *p, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = patch_metadata(root, seen->uid, seen->version);
        struct json_object *annotations = object_add_object(metadata, "annotations");

        if (!*seen->uid || !*seen->version || !PLACEHOLDER_KIND_VALID(p->kind) || !*p->name || !*p->uid)
                return -EINVAL;
        if (!add_term(annotations, seen) || !add_owner(metadata, p->kind, p->name, p->uid) ||
            (seen->immutable ? !add_placeholder(annotations, LOCK_ANNOTATION_PLACEHOLDER,
                                                LOCK_ANNOTATION_PLACEHOLDER_UID, p->kind, p->name, p->uid)
                             : !add_placeholder(object_add_object(root, "data"), "placeholder", "placeholderUid",
                                                p->kind, p->name, p->uid)))
                return -ENOMEM;
        return object_to_text(root, ret);
}

int lock_build_annotate(const struct lock_object *seen, const char *key, const char *value, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = patch_metadata(root, seen->uid, seen->version);
        struct json_object *annotations = object_add_object(metadata, "annotations");

        if (!*seen->uid || !*seen->version || util_empty(key))
                return -EINVAL;
        if (!add_term(annotations, seen) || !object_add_string(annotations, key, value))
                return -ENOMEM;
        return object_to_text(root, ret);
}

int lock_build_delete(const char *uid, const char *version, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *preconditions = object_add_object(root, "preconditions");

        if (util_empty(uid) || (version && !*version))
                return -EINVAL;
        /* Background also where the kind's default differs: no finalizer is added that only garbage collection takes
         * off. */
        if (!object_add_string(root, "apiVersion", "v1") || !object_add_string(root, "kind", "DeleteOptions") ||
            !object_add_string(root, "propagationPolicy", "Background") ||
            !object_add_string(preconditions, "uid", uid) ||
            (version && !object_add_string(preconditions, "resourceVersion", version)))
                return -ENOMEM;
        return object_to_text(root, ret);
}
