/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes Events (events.k8s.io/v1): what `kubectl describe` shows about a lock. Building only. */
#pragma once

#include "base/util.h"

struct event_object {
        const char *ns;       /* of the object and of the Event */
        const char *kind;     /* ConfigMap, Lease or Pod */
        const char *name;     /* of the object */
        const char *uid;      /* may be NULL */
        bool warning;         /* type Warning instead of Normal */
        const char *reason;   /* UpperCamelCase, at most 128 */
        const char *action;   /* the same */
        const char *note;     /* text, cut to 1024 bytes */
        const char *instance; /* reporting instance: the identity of this agent */
};

/* Body of a POST; *ret is a string to free(). realtime_usec also makes the name unique. Returns -ENOMEM, or -EINVAL
 * when a field is missing or kind is another one. */
int event_build(const struct event_object *e, uint64_t realtime_usec, char **ret);
