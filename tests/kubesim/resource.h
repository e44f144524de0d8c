/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds this server knows, as a table, with what differs between them in the API machinery. */
#pragma once

#include "doc.h"

struct resource {
        const char *group, *version, *plural, *kind;
        const char *api_version;   /* "v1" or "group/version" */
        const char *resource_name; /* plural with group, as in messages: leases.coordination.k8s.io */
        const char *kind_name;     /* kind with group: Lease.coordination.k8s.io */
        bool namespaced;
        bool put_creates;               /* PUT on an absent object creates it */
        bool put_needs_rv;              /* PUT without resourceVersion is refused instead of overwriting */
        const struct resource *storage; /* where objects live: core events for events.k8s.io */
};

/* Row i of the table; NULL behind its end. */
const struct resource *resource_at(size_t i);
const struct resource *resource_find(const char *group, const char *version, const char *plural);
/* NULL when the server serves no such kind (as for an ownerReference to a version that does not exist). */
const struct resource *resource_find_kind(const char *api_version, const char *kind);
extern const struct resource *const resource_namespaces;
extern const struct resource *const resource_config_maps;
extern const struct resource *const resource_pods;
extern const struct resource *const resource_leases;
extern const struct resource *const resource_events;
extern const struct resource *const resource_tokens; /* is created below the name of a service account */

/* The document in the form of another view of the same storage (only Events have two); a new reference or copy. */
doc *resource_view(const struct resource *to, doc *d);
