/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for the simulator's API server (tests/sim/server.c): lock 0, no host. Nobody judges here: that an agent
 * asks for something it must not is tests/sim/judge.c, which is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/world.h"
#include "adapter/kube.h"
#include "rules.h"

/* ---- in place of judge.c ---- */

void judge_unit_started(_unused_ const struct unit *u) {
}

void judge_unit_ended(_unused_ const struct unit *u) {
}

void judge_finalizer_removed(_unused_ const struct lock_object *l, _unused_ const struct order *o) {
}

void judge_step(_unused_ struct process *p) {
}

void judge_request(_unused_ struct process *p) {
}

const char *judge_unsettled(void) {
        return NULL;
}

uint64_t judge_bound(void) {
        return 0;
}

/* ---- the driver ---- */

static enum placeholder_kind kind_here;

static enum rule_result result_of(int result) {
        switch (result) {
        case KUBE_OK:
                return RULE_OK;
        case KUBE_NOT_FOUND:
                return RULE_NOT_FOUND;
        case KUBE_EXISTS:
                return RULE_EXISTS;
        case KUBE_CONFLICT:
                return RULE_CONFLICT;
        default:
                fail_msg("result %d", result);
                return RULE_OK;
        }
}

static struct rule_seen lock_seen(const struct lock_object *o) {
        struct rule_seen s = {
                .there = true,
                .marked = o->deleting,
                .ours = o->has_finalizer,
                .held = o->n_finalizers > o->has_finalizer,
                .owned = o->n_owners > 0,
                .open = !o->immutable,
        };

        (void)util_copy(s.uid, sizeof(s.uid), o->uid);
        (void)util_copy(s.version, sizeof(s.version), o->version);
        return s;
}

static struct rule_seen placeholder_seen(const struct placeholder_object *o) {
        struct rule_seen s = {.there = true, .marked = o->deleting, .held = o->n_finalizers > 0};

        (void)util_copy(s.uid, sizeof(s.uid), o->uid);
        (void)util_copy(s.version, sizeof(s.version), o->version);
        return s;
}

static struct api_placeholder *placeholder(void) {
        return server_placeholder(kind_here, "host0");
}

static struct order order_of(enum verb verb, bool is_lock, const char *uid, const char *version) {
        struct order o = {.verb = verb, .is_lock = is_lock, .kind = kind_here, .who = "somebody"};

        (void)util_copy(o.name, sizeof(o.name), is_lock ? "lock0" : "host0");
        (void)util_copy(o.uid, sizeof(o.uid), uid);
        (void)util_copy(o.version, sizeof(o.version), version);
        o.placeholder = placeholder()->o;
        o.placeholder.kind = kind_here;
        (void)util_copy(o.placeholder.name, sizeof(o.placeholder.name), "host0");
        (void)util_copy(o.placeholder.claim, sizeof(o.placeholder.claim), "claim-p");
        (void)util_copy(o.lock.name, sizeof(o.lock.name), "lock0");
        (void)util_copy(o.lock.claim, sizeof(o.lock.claim), "claim-l");
        (void)util_copy(o.lock.boot_id, sizeof(o.lock.boot_id), "boot-2");
        o.lock.placeholder_kind = kind_here;
        (void)util_copy(o.lock.placeholder_name, sizeof(o.lock.placeholder_name), "host0");
        (void)util_copy(o.lock.placeholder_uid, sizeof(o.lock.placeholder_uid), placeholder()->o.uid);
        return o;
}

static struct outcome perform(enum verb verb, bool is_lock, const char *uid, const char *version) {
        struct order o = order_of(verb, is_lock, uid, version);
        struct outcome r;

        server_execute(&o, &r);
        return r;
}

static void must(enum verb verb, bool is_lock) {
        assert_int_equal(perform(verb, is_lock, "", "").result, KUBE_OK);
}

static void reset(enum rule_kind kind) {
        world_reset();
        world.rng = 1;
        world.n_locks = 1;
        kind_here = kind == RULE_POD ? PLACEHOLDER_POD : PLACEHOLDER_LEASE;
}

static void collect(void) {
        server_gc_soon();
        (void)world_run(world.now + 10 * SEC);
}

static void arrange(enum rule_kind kind, enum rule_state state) {
        if (kind == RULE_LOCK || state != RULE_ABSENT)
                must(VERB_CREATE, false);
        if (state == RULE_ABSENT)
                return;
        if (kind != RULE_LOCK) {
                if (state == RULE_MARKED || state == RULE_COLLECTING)
                        server_delete_placeholder(0, FOREGROUND);
                return;
        }
        world.open_locks = state == RULE_OPEN;
        must(VERB_CREATE, true);
        if (state == RULE_BARE)
                must(VERB_STRIP, true);
        if (state == RULE_MARKED)
                must(VERB_DELETE, true);
        if (state == RULE_MARKED_TWICE || state == RULE_COLLECTING)
                server_delete_lock(0, FOREGROUND);
        if (state == RULE_ORPHANED) {
                server_delete_placeholder(0, ORPHAN);
                collect();
                must(VERB_CREATE, false);
        }
}

static void owner(enum rule_owner what) {
        static const enum propagation how[] = {
                [RULE_OWNER_GONE] = BACKGROUND, [RULE_OWNER_FOREGROUND] = FOREGROUND, [RULE_OWNER_ORPHANS] = ORPHAN};

        server_delete_placeholder(0, how[what]);
}

static struct rule_seen read_back(enum rule_kind kind) {
        struct rule_seen none = {};

        if (kind == RULE_LOCK)
                return world.locks[0].exists ? lock_seen(&world.locks[0].o) : none;
        return placeholder()->exists ? placeholder_seen(&placeholder()->o) : none;
}

static bool owner_there(void) {
        return placeholder()->exists;
}

/* What a human does has no answer: what can be read then is what an answer would show. */
static enum rule_result human(const struct rule_request *q, struct rule_seen *ret_answer) {
        enum propagation how = q->verb == RULE_DELETE_FOREGROUND ? FOREGROUND : ORPHAN;

        if (q->verb == RULE_CHANGE) {
                if (!server_damage_lock(0))
                        return RULE_CONFLICT;
        } else if (q->kind == RULE_LOCK)
                server_delete_lock(0, how);
        else
                server_delete_placeholder(0, how);
        *ret_answer = read_back(q->kind);
        return RULE_OK;
}

static enum rule_result request(const struct rule_request *q, struct rule_seen *ret_answer) {
        static const enum verb verbs[] = {
                [RULE_READ] = VERB_GET,    [RULE_CREATE] = VERB_CREATE,   [RULE_DELETE] = VERB_DELETE,
                [RULE_STRIP] = VERB_STRIP, [RULE_RESTORE] = VERB_RESTORE, [RULE_NOTE] = VERB_ADOPT,
                [RULE_RENEW] = VERB_RENEW, [RULE_CLEAR] = VERB_CLEAR,
        };
        struct outcome r;

        if (q->verb == RULE_DELETE_FOREGROUND || q->verb == RULE_DELETE_ORPHAN || q->verb == RULE_CHANGE)
                return human(q, ret_answer);
        r = perform(verbs[q->verb], q->kind == RULE_LOCK, q->uid, q->version);
        if (r.has_lock)
                *ret_answer = lock_seen(&r.lock);
        if (r.has_placeholder)
                *ret_answer = placeholder_seen(&r.placeholder);
        return result_of(r.result);
}

int main(void) {
        static const struct rule_driver driver = {
                .world = RULE_SIM,
                .name = "simulator",
                .other_uid = "L-9999",
                .old_version = "0",
                .one_conflict = true,
                .reset = reset,
                .arrange = arrange,
                .owner = owner,
                .request = request,
                .read = read_back,
                .owner_there = owner_there,
                .collect = collect,
        };

        return rules_run(&driver, NULL, NULL);
}
