/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for the world of the unit tests (tests/lib/core_builder_world.c): one lock, the Lease of this host as its
 * owner. Its core is there and does nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../lib/core_builder.h"
#include "rules.h"

static struct builder b;

static enum rule_result result_of(uint8_t result) {
        switch (result) {
        case RESULT_OK:
                return RULE_OK;
        case RESULT_NOT_FOUND:
                return RULE_NOT_FOUND;
        case RESULT_EXISTS:
                return RULE_EXISTS;
        case RESULT_CONFLICT:
                return RULE_CONFLICT;
        default:
                fail_msg("result %u", result);
                return RULE_OK;
        }
}

static void tokens(struct rule_seen *s, uint64_t uid, uint64_t version) {
        (void)snprintf(s->uid, sizeof(s->uid), "%llu", (unsigned long long)uid);
        (void)snprintf(s->version, sizeof(s->version), "%llu", (unsigned long long)version);
}

static struct rule_seen lock_seen(const struct lock_fact *l) {
        struct rule_seen s = {
                .there = l->sort != LOCK_ABSENT,
                .marked = l->deleting,
                .ours = l->sort == LOCK_SOUND,
                .owned = !l->orphaned,
        };

        tokens(&s, l->uid, l->version);
        return s;
}

/* A marked one is held by the collector's finalizer. */
static struct rule_seen placeholder_seen(const struct placeholder_fact *p) {
        struct rule_seen s = {.there = p->present, .marked = p->deleting, .held = p->deleting};

        tokens(&s, p->uid, p->version);
        return s;
}

static struct rule_seen read_back(enum rule_kind kind) {
        return kind == RULE_LOCK ? lock_seen(&b.lock[0]) : placeholder_seen(&b.own[TENURE_LEASE]);
}

static void reset(_unused_ enum rule_kind kind) {
        builder_init(&b, TENURE_LEASE, 1);
}

static bool owner_there(void) {
        return b.own[TENURE_LEASE].present;
}

static void must(uint8_t result) {
        assert_int_equal(result, RESULT_OK);
}

static void arrange(enum rule_kind kind, enum rule_state state) {
        struct builder_request r = {.op = PLACEHOLDER_OP_CREATE};
        struct placeholder_event beat = {};
        struct election_event ev = {};

        if (kind == RULE_LOCK || state != RULE_ABSENT)
                must(builder_execute_beat(&b, TENURE_LEASE, &r, &beat));
        if (state == RULE_ABSENT)
                return;
        if (kind != RULE_LOCK) {
                b.own[TENURE_LEASE].deleting = state == RULE_MARKED || state == RULE_COLLECTING;
                return;
        }
        r = (struct builder_request){.op = ELECTION_OP_CREATE, .placeholder = b.own[TENURE_LEASE].uid};
        must(builder_execute(&b, 0, &r, &ev));
        b.lock[0].orphaned = state == RULE_ORPHANED;
        r = (struct builder_request){.op = ELECTION_OP_DELETE, .uid = b.lock[0].uid};
        if (state == RULE_MARKED)
                must(builder_execute(&b, 0, &r, &ev));
}

static void owner(enum rule_owner what) {
        assert_int_equal(what, RULE_OWNER_GONE);
        b.own[TENURE_LEASE].present = false;
}

static void collect(void) {
        builder_collect(&b);
}

static enum rule_result ask_lock(const struct rule_request *q, const struct builder_request *named,
                                 struct rule_seen *ret_answer) {
        static const uint8_t ops[] = {
                [RULE_READ] = ELECTION_OP_READ,       [RULE_CREATE] = ELECTION_OP_CREATE,
                [RULE_DELETE] = ELECTION_OP_DELETE,   [RULE_STRIP] = ELECTION_OP_STRIP,
                [RULE_RESTORE] = ELECTION_OP_RESTORE, [RULE_NOTE] = ELECTION_OP_ADOPT,
        };
        struct builder_request r = *named;
        struct election_event ev = {};
        uint8_t result;

        r.op = ops[q->verb];
        r.placeholder = b.own[TENURE_LEASE].uid;
        result = builder_execute(&b, 0, &r, &ev);
        *ret_answer = lock_seen(&ev.lock);
        return result_of(result);
}

static enum rule_result ask_placeholder(const struct rule_request *q, const struct builder_request *named,
                                        struct rule_seen *ret_answer) {
        static const uint8_t ops[] = {
                [RULE_READ] = PLACEHOLDER_OP_READ,     [RULE_CREATE] = PLACEHOLDER_OP_CREATE,
                [RULE_DELETE] = PLACEHOLDER_OP_DELETE, [RULE_RENEW] = PLACEHOLDER_OP_RENEW,
                [RULE_CLEAR] = PLACEHOLDER_OP_CLEAR,
        };
        struct builder_request r = *named;
        struct placeholder_event ev = {};
        uint8_t result;

        r.op = ops[q->verb];
        result = builder_execute_beat(&b, TENURE_LEASE, &r, &ev);
        *ret_answer = placeholder_seen(&ev.fact);
        ret_answer->held = ret_answer->marked && b.own[TENURE_LEASE].present;
        return result_of(result);
}

static enum rule_result request(const struct rule_request *q, struct rule_seen *ret_answer) {
        struct builder_request named = {.uid = strtoull(q->uid, NULL, 10), .version = strtoull(q->version, NULL, 10)};

        return q->kind == RULE_LOCK ? ask_lock(q, &named, ret_answer) : ask_placeholder(q, &named, ret_answer);
}

int main(void) {
        static const struct rule_driver driver = {
                .world = RULE_BUILDER,
                .name = "builder",
                .other_uid = "60000",
                .old_version = "1",
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
