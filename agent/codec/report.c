/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for Status(): the keys are an interface to others, leaderctl status --json among them. */
#include "codec/report.h"

#include <errno.h>

#include "codec/object.h"

/* NULL is an empty text. */
static bool add_text(struct json_object *o, const char *key, const char *text) {
        return object_add_string(o, key, text ? text : "");
}

static bool add_lock(struct json_object *o, const struct report_lock *l) {
        return add_text(o, "lock", l->lock) && add_text(o, "unit", l->unit) && add_text(o, "tenure", l->tenure) &&
               add_text(o, "nextTenure", l->next_tenure) && add_text(o, "role", l->role) &&
               add_text(o, "unitState", l->unit_state) && object_add_int(o, "unitRestarts", (int)l->unit_restarts) &&
               add_text(o, "holder", l->holder) && add_text(o, "holderIdentity", l->holder_identity) &&
               add_text(o, "since", l->since) && add_text(o, "acquired", l->acquired) && add_text(o, "term", l->term) &&
               add_text(o, "lockUid", l->lock_uid) && add_text(o, "reason", l->reason) &&
               add_text(o, "next", l->next) && add_text(o, "validUntil", l->valid_until) &&
               add_text(o, "lastHeartbeat", l->last_heartbeat);
}

static bool add_missing_rights(struct json_object *api, const struct report *r) {
        struct json_object *list = r->n_missing_rights ? object_add_array(api, "missingRights") : NULL;

        for (size_t i = 0; i < r->n_missing_rights; i++) {
                const struct report_right *m = &r->missing_rights[i];
                struct json_object *o = object_append_object(list);

                if (!add_text(o, "namespace", m->namespace_) || !add_text(o, "what", m->what) ||
                    !add_text(o, "means", m->means) || !add_text(o, "rule", m->rule))
                        return false;
        }
        return true;
}

static bool add_trouble(struct json_object *o, const struct report_trouble *t) {
        return add_text(o, "kind", t->kind) && add_text(o, "since", t->since) && add_text(o, "text", t->text);
}

int report_build(const struct report *r, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *api, *guard, *troubles, *locks;
        bool ok = object_add_int(root, "format", REPORT_FORMAT) && add_text(root, "version", r->version) &&
                  add_text(root, "identity", r->identity);

        troubles = object_add_array(root, "troubles");
        api = object_add_object(root, "api");
        guard = object_add_object(root, "guard");
        locks = object_add_array(root, "locks");
        ok = ok && troubles && api && guard && locks && add_text(api, "server", r->server) &&
             add_text(api, "lastContact", r->last_contact) && add_text(api, "error", r->api_error) &&
             add_missing_rights(api, r) && object_add_bool(guard, "connected", r->guard_connected) &&
             add_text(guard, "error", r->guard_error) && object_add_int(guard, "breaks", r->guard_breaks);
        for (size_t i = 0; ok && i < r->n_troubles; i++)
                ok = add_trouble(object_append_object(troubles), &r->troubles[i]);
        for (size_t i = 0; ok && i < r->n_locks; i++)
                ok = add_lock(object_append_object(locks), &r->locks[i]);
        return ok ? object_to_plain_text(root, ret) : -ENOMEM;
}
