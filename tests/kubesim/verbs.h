/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the API: what each verb does to the store, and what it answers. No clock but for timestamps, no I/O. */
#pragma once

#include "call.h"
#include "store.h"

/* Executes every verb but watch. r gets the answer. */
void verbs_execute(struct store *s, const struct call *c, struct reply *r);

/* Checks of the query of list and watch; false with r filled. */
bool verbs_check_query(const struct call *c, struct reply *r);

enum verbs_policy {
        VERBS_BACKGROUND,
        VERBS_FOREGROUND,
        VERBS_ORPHAN,
        VERBS_POLICY_UNSET,
};

/* DELETE as the controllers do it, after their checks. *ret (may be NULL) gets a new reference: the object when it
 * stays or is a Pod, NULL when it is gone. */
void verbs_delete(struct store *s, struct object *o, enum verbs_policy policy, doc **ret);

/* Stores d (taken) as the new version of o by the rules of an update: unchanged documents are not written, a deleting
 * object without finalizers goes. Returns a new reference to what the answer shows. */
doc *verbs_store(struct store *s, struct object *o, doc *d);

/* The copy of an object's document without the given finalizer. */
doc *verbs_without_finalizer(const struct object *o, const char *finalizer);

/* True when the call selects an object of this namespace and name. */
bool verbs_selects(const struct call *c, const char *ns, const char *name);
