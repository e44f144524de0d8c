/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for Status(): the keys are an interface to others, leaderctl status --json among them. */
#include <errno.h>
#include <json-c/json.h>

#include "codec/report.h"

DEFINE_CLEANUP(struct json_object *, json_object_put)

static bool add(struct json_object *o, const char *key, struct json_object *value) {
        if (value && json_object_object_add(o, key, value) == 0)
                return true;
        json_object_put(value);
        return false;
}

static bool add_text(struct json_object *o, const char *key, const char *text) {
        return add(o, key, json_object_new_string(text ? text : ""));
}

static struct json_object *lock_to_json(const struct report_lock *l) {
        struct json_object *o = json_object_new_object();
        bool ok = o && add_text(o, "lock", l->lock) && add_text(o, "unit", l->unit) &&
                  add_text(o, "tenure", l->tenure) && add_text(o, "nextTenure", l->next_tenure) &&
                  add_text(o, "role", l->role) && add_text(o, "unitState", l->unit_state) &&
                  add_text(o, "holder", l->holder) && add_text(o, "holderIdentity", l->holder_identity) &&
                  add_text(o, "since", l->since) && add_text(o, "acquired", l->acquired) &&
                  add_text(o, "term", l->term) && add_text(o, "lockUid", l->lock_uid) &&
                  add_text(o, "reason", l->reason) && add_text(o, "next", l->next) &&
                  add_text(o, "validUntil", l->valid_until) && add_text(o, "lastHeartbeat", l->last_heartbeat);

        if (ok)
                return o;
        json_object_put(o);
        return NULL;
}

static bool add_missing_rights(struct json_object *api, const struct report *r) {
        struct json_object *list = r->n_missing_rights ? json_object_new_array() : NULL;

        if (r->n_missing_rights && !add(api, "missingRights", list))
                return false;
        for (size_t i = 0; i < r->n_missing_rights; i++) {
                const struct report_right *m = &r->missing_rights[i];
                struct json_object *o = json_object_new_object();

                if (!o || !add_text(o, "namespace", m->namespace_) || !add_text(o, "what", m->what) ||
                    !add_text(o, "means", m->means) || !add_text(o, "rule", m->rule) ||
                    json_object_array_add(list, o) != 0) {
                        json_object_put(o);
                        return false;
                }
        }
        return true;
}

static struct json_object *trouble_to_json(const struct report_trouble *t) {
        struct json_object *o = json_object_new_object();

        if (o && add_text(o, "kind", t->kind) && add_text(o, "since", t->since) && add_text(o, "text", t->text))
                return o;
        json_object_put(o);
        return NULL;
}

int report_build(const struct report *r, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *api = json_object_new_object(), *guard = json_object_new_object(),
                           *troubles = json_object_new_array(), *locks = json_object_new_array();
        bool ok = root && add(root, "format", json_object_new_int(REPORT_FORMAT)) &&
                  add_text(root, "version", r->version) && add_text(root, "identity", r->identity) &&
                  add(root, "troubles", troubles) && add(root, "api", api) && add(root, "guard", guard) &&
                  add(root, "locks", locks) && add_text(api, "server", r->server) &&
                  add_text(api, "lastContact", r->last_contact) && add_text(api, "error", r->api_error) &&
                  add_missing_rights(api, r) && add(guard, "connected", json_object_new_boolean(r->guard_connected)) &&
                  add_text(guard, "error", r->guard_error) &&
                  add(guard, "breaks", json_object_new_int64(r->guard_breaks));
        const char *text;

        for (size_t i = 0; ok && i < r->n_troubles; i++) {
                struct json_object *o = trouble_to_json(&r->troubles[i]);

                ok = o && json_object_array_add(troubles, o) == 0;
        }
        for (size_t i = 0; ok && i < r->n_locks; i++) {
                struct json_object *o = lock_to_json(&r->locks[i]);

                ok = o && json_object_array_add(locks, o) == 0;
        }
        text = ok ? json_object_to_json_string_ext(root, JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
        *ret = text ? strdup(text) : NULL;
        return *ret ? 0 : -ENOMEM;
}
