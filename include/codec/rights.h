/* SPDX-License-Identifier: Apache-2.0 */
/* What a user may do in a namespace, and what of that is needed: the reviews of authorization.k8s.io/v1 asked and read,
 * the rules matched as RBAC matches them, and a missing right as the rule that grants it. Which rights are needed is
 * said elsewhere (agent/daemon/agent_rights.c). */
#pragma once

#include "base/err.h"

/* Verbs, as bits. */
enum {
        RIGHTS_CREATE = 1 << 0,
        RIGHTS_GET = 1 << 1,
        RIGHTS_WATCH = 1 << 2,
        RIGHTS_UPDATE = 1 << 3,
        RIGHTS_PATCH = 1 << 4,
        RIGHTS_DELETE = 1 << 5,
};

/* Verbs on one thing. */
struct rights_ask {
        const char *group;    /* "" for the core group */
        const char *resource; /* plural */
        const char *name;     /* ""; then a rule that names objects does not match */
        unsigned verbs;
};

/* The rules of a user in one namespace. */
struct rights_rules;

/* The bodies of SelfSubjectRulesReview and of SelfSubjectAccessReview (verb: one bit), to free(). -ENOMEM. */
int rights_build_rules(const char *ns, char **ret);
int rights_build_access(const char *ns, const struct rights_ask *ask, unsigned verb, char **ret);

/* The answers. A rule that is not understood grants nothing. Return -EBADMSG with err set, -ENOMEM. */
int rights_parse_rules(const char *json, size_t n, struct rights_rules **ret, struct err *err);
int rights_parse_access(const char *json, size_t n, bool *ret_allowed, struct err *err);
struct rights_rules *rights_rules_free(struct rights_rules *r);
DEFINE_CLEANUP(struct rights_rules *, rights_rules_free)

/* Which of the verbs asked for the rules grant. What they do not may be granted all the same: an authorizer need not
 * be able to list its rules. */
unsigned rights_granted(const struct rights_rules *r, const struct rights_ask *ask);
/* Whether a rule about this resource names objects. */
bool rights_name_objects(const struct rights_rules *r, const char *group, const char *resource);

/* The i-th object of this resource that a rule with the verb get names; NULL behind the last. May come twice. Lives as
 * long as r. */
const char *rights_named(const struct rights_rules *r, const char *group, const char *resource, size_t i);

/* "patch", "patch and delete", "get, patch and delete". */
void rights_format_verbs(unsigned asked, char *buf, size_t size);
/* The rule that grants them, an item of the rules of a Role, in one line of YAML:
 * - {apiGroups: [""], resources: [configmaps], resourceNames: [app], verbs: [patch, delete]} */
void rights_format_rule(const struct rights_ask *ask, char *buf, size_t size);
