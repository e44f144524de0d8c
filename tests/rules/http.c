/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for what speaks HTTP: kubesim and the real control plane, through the client of the conformance tests. It
 * sends what the agent sends (the bodies of the codecs in small). */
#include <stdio.h>

#include "../conformance/api.h"
#include "../conformance/suites.h"
#include "rules.h"

#define NO_UID "7f9c1c1e-0000-4000-8000-000000000000"
#define POD_SPEC                                                                                                       \
        "'spec':{'schedulerName':'example.org/none','schedulingGates':[{'name':'example.org/placeholder'}],"           \
        "'automountServiceAccountToken':false,'restartPolicy':'Never','terminationGracePeriodSeconds':0,"              \
        "'containers':[{'name':'none','image':'registry.k8s.io/pause:3.10'}]}"

static struct {
        unsigned n; /* a name of its own for each rule */
        char name[32], owner_name[32], owner_uid[64];
} at;

static const char *collection(enum rule_kind kind) {
        return kind == RULE_LOCK ? LOCKS : kind == RULE_LEASE ? LEASES : PODS;
}

static void path_of(enum rule_kind kind, char ret[static 160]) {
        (void)snprintf(ret, 160, "%s/%s", collection(kind), at.name);
}

static void reset(_unused_ enum rule_kind kind) {
        at.n++;
        (void)snprintf(at.name, sizeof(at.name), "r%u", at.n);
        (void)snprintf(at.owner_name, sizeof(at.owner_name), "r%u-owner", at.n);
        at.owner_uid[0] = '\0';
}

static void owners_text(char ret[static 300]) {
        (void)snprintf(ret, 300,
                       "'ownerReferences':[{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','name':'%s','uid':"
                       "'%s'}]",
                       at.owner_name, at.owner_uid);
}

static struct answer post(enum rule_kind kind, const char *finalizers, bool owned, bool open) {
        char owners[300] = "'labels':{}";

        if (owned)
                owners_text(owners);
        return api_call("POST", collection(kind), "{'metadata':{'name':'%s','finalizers':[%s],%s},%s}", at.name,
                        finalizers, owners,
                        kind == RULE_LOCK    ? open ? "'data':{'boot':'1'}" : "'immutable':true,'data':{'boot':'1'}"
                        : kind == RULE_LEASE ? "'spec':{'holderIdentity':'a'}"
                                             : POD_SPEC);
}

/* What the collector's finalizer holds until we take it away: something that depends on the object stays. */
static void collecting(enum rule_kind kind, const char *path) {
        static const char *const kinds[] = {"ConfigMap", "Lease", "Pod"};
        _cleanup_answer_ struct answer object = api_get("%s", path);
        _cleanup_answer_ struct answer dependent =
                api_call("POST", LOCKS,
                         "{'metadata':{'name':'%s-dependent','finalizers':['example.org/own'],'ownerReferences':[{"
                         "'apiVersion':'%s','kind':'%s','name':'%s','uid':'%s','blockOwnerDeletion':true}]}}",
                         at.name, kind == RULE_LEASE ? "coordination.k8s.io/v1" : "v1", kinds[kind], at.name,
                         api_string(&object, "metadata/uid"));
        char later[160];

        expect(&dependent, 201);
        _cleanup_answer_ struct answer a = api_call("DELETE", path, "{'propagationPolicy':'Foreground'}");
        expect(&a, 200);
        (void)snprintf(later, sizeof(later), LOCKS "/%s-dependent", at.name);
        api_wait(later, api_is_marked); /* the collector has been there */
}

static void arrange(enum rule_kind kind, enum rule_state state) {
        bool marked = state == RULE_MARKED || state == RULE_MARKED_TWICE;
        const char *finalizers = "'" FINALIZER "'";
        char path[160];

        if (kind == RULE_LOCK)
                api_make_lease(at.owner_name, at.owner_uid, NULL);
        if (state == RULE_ABSENT)
                return;
        if (state == RULE_MARKED_TWICE)
                finalizers = "'" FINALIZER "','example.org/second'";
        else if (kind != RULE_LOCK)
                finalizers = marked ? "'example.org/own'" : "";
        else if (state == RULE_BARE)
                finalizers = "";
        _cleanup_answer_ struct answer made =
                post(kind, finalizers, kind == RULE_LOCK && state != RULE_ORPHANED, state == RULE_OPEN);
        expect(&made, 201);
        path_of(kind, path);
        if (state == RULE_COLLECTING)
                collecting(kind, path);
        if (marked) {
                _cleanup_answer_ struct answer a = api_call("DELETE", path, NULL);
                expect(&a, 200);
        }
}

static void owner(enum rule_owner what) {
        char path[160];

        (void)snprintf(path, sizeof(path), LEASES "/%s", at.owner_name);
        _cleanup_answer_ struct answer a = api_call("DELETE", path, "{'propagationPolicy':'%s'}",
                                                    what == RULE_OWNER_FOREGROUND ? "Foreground"
                                                    : what == RULE_OWNER_ORPHANS  ? "Orphan"
                                                                                  : "Background");
        expect(&a, 200);
}

static struct rule_seen seen_of(const struct answer *a) {
        struct rule_seen s = {};
        struct json_object *finalizers = api_at(a, "metadata/finalizers"), *owners;

        if ((a->status != 200 && a->status != 201) || util_streq(api_string(a, "kind"), "Status"))
                return s;
        s.there = true;
        s.marked = api_at(a, "metadata/deletionTimestamp") != NULL;
        for (size_t i = 0; finalizers && i < json_object_array_length(finalizers); i++)
                if (util_streq(json_object_get_string(json_object_array_get_idx(finalizers, i)), FINALIZER))
                        s.ours = true;
                else
                        s.held = true;
        owners = api_at(a, "metadata/ownerReferences");
        s.owned = owners && json_object_array_length(owners) > 0;
        s.open = !json_object_get_boolean(api_at(a, "immutable"));
        api_copy(s.uid, api_string(a, "metadata/uid"));
        api_copy(s.version, api_string(a, "metadata/resourceVersion"));
        return s;
}

static enum rule_result result_of(const struct answer *a) {
        switch (a->status) {
        case 200:
        case 201:
                return RULE_OK;
        case 404:
                return RULE_NOT_FOUND;
        case 409:
                return util_streq(api_string(a, "reason"), "AlreadyExists") ? RULE_EXISTS : RULE_CONFLICT;
        case 422:
                return RULE_INVALID;
        default:
                fail_msg("unexpected: %ld %s", a->status, a->text ? a->text : "");
                return RULE_OK;
        }
}

static struct answer remove_by(const char *path, const struct rule_request *q) {
        const char *policy = q->verb == RULE_DELETE              ? "Background"
                             : q->verb == RULE_DELETE_FOREGROUND ? "Foreground"
                                                                 : "Orphan";
        char uid[80] = "", version[100] = "";

        if (q->uid[0])
                (void)snprintf(uid, sizeof(uid), "'uid':'%s'", q->uid);
        if (q->version[0])
                (void)snprintf(version, sizeof(version), "%s'resourceVersion':'%s'", q->uid[0] ? "," : "", q->version);
        return api_call("DELETE", path, "{'propagationPolicy':'%s','preconditions':{%s%s}}", policy, uid, version);
}

/* A merge PATCH or PUT names the object in its metadata. */
static struct answer write_into(const char *path, const struct rule_request *q) {
        char meta[200], owners[300];
        bool lease = q->kind == RULE_LEASE;

        (void)snprintf(meta, sizeof(meta), "'name':'%s'%s%s%s%s%s%s", at.name, q->uid[0] ? ",'uid':'" : "", q->uid,
                       q->uid[0] ? "'" : "", q->version[0] ? ",'resourceVersion':'" : "", q->version,
                       q->version[0] ? "'" : "");
        owners_text(owners);
        if (q->verb == RULE_CHANGE || q->verb == RULE_SAME)
                return api_call("PATCH", path, "{'metadata':{%s},'data':{'boot':'%d'}}", meta,
                                q->verb == RULE_CHANGE ? 2 : 1);
        if (q->verb == RULE_SEAL || q->verb == RULE_UNSEAL || q->verb == RULE_UNSET)
                return api_call("PATCH", path, "{'metadata':{%s},'immutable':%s}", meta,
                                q->verb == RULE_SEAL     ? "true"
                                : q->verb == RULE_UNSEAL ? "false"
                                                         : "null");
        if (q->verb == RULE_OVERWRITE)
                return api_call("PUT", path, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{%s}}", meta);
        if (q->verb == RULE_RESTORE)
                return api_call("PATCH", path, "{'metadata':{%s,%s}}", meta, owners);
        if (lease)
                return api_call("PUT", path,
                                "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','metadata':{%s},"
                                "'spec':{'holderIdentity':'%s'}}",
                                meta, q->verb == RULE_RENEW ? "b" : "a");
        if (q->verb == RULE_RENEW || q->verb == RULE_NOTE)
                return api_call("PATCH", path, "{'metadata':{%s,'annotations':{'example.org/beat':'1'}}}", meta);
        return api_call("PATCH", path, "{'metadata':{%s,'finalizers':null}}", meta); /* strip, clear */
}

static struct answer ask(const struct rule_request *q) {
        char path[160];

        path_of(q->kind, path);
        if (q->verb == RULE_READ)
                return api_get("%s", path);
        if (q->verb == RULE_CREATE)
                return post(q->kind, q->kind == RULE_LOCK ? "'" FINALIZER "'" : "", q->kind == RULE_LOCK,
                            /* open= */ false);
        if (q->verb == RULE_DELETE || q->verb == RULE_DELETE_FOREGROUND || q->verb == RULE_DELETE_ORPHAN)
                return remove_by(path, q);
        return write_into(path, q);
}

static enum rule_result request(const struct rule_request *q, struct rule_seen *ret_answer) {
        _cleanup_answer_ struct answer a = ask(q);

        *ret_answer = seen_of(&a);
        return result_of(&a);
}

static struct rule_seen read_back(enum rule_kind kind) {
        char path[160];

        path_of(kind, path);
        _cleanup_answer_ struct answer a = api_get("%s", path);
        if (a.status != 200 && a.status != 404)
                fail_msg("%s: %ld %s", path, a.status, a.text ? a.text : "");
        return seen_of(&a);
}

static bool owner_there(void) {
        _cleanup_answer_ struct answer a = api_get(LEASES "/%s", at.owner_name);

        return a.status != 404;
}

/* What the collector would do it has begun when a lock made later is marked, and one made after that. */
static void collect(void) {
        for (unsigned i = 0; i < 2; i++) {
                char name[48], path[160];

                (void)snprintf(name, sizeof(name), "%s-later%u", at.name, i);
                api_make_lock(name, "Lease", "nobody", NO_UID);
                (void)snprintf(path, sizeof(path), LOCKS "/%s", name);
                api_wait(path, api_is_marked);
        }
}

int suite_rules(void) {
        struct rule_driver driver = {
                .world = api_is_kubesim() ? RULE_KUBESIM : RULE_REAL,
                .name = api_is_kubesim() ? "kubesim" : "real control plane",
                .other_uid = NO_UID,
                .old_version = "1",
                .patience_msec = API_PATIENCE_MSEC,
                .reset = reset,
                .arrange = arrange,
                .owner = owner,
                .request = request,
                .read = read_back,
                .owner_there = owner_there,
                .collect = collect,
        };

        return rules_run(&driver, api_enter, api_leave);
}
