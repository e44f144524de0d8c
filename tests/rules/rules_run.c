/* SPDX-License-Identifier: Apache-2.0 */
/* Holds one world against the table: arranges, asks, compares. One cmocka test for each rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules.h"

static const struct rule_driver *world;

static const char *const states[] = {
        [RULE_ABSENT] = "absent",
        [RULE_THERE] = "there",
        [RULE_OPEN] = "there and not immutable",
        [RULE_BARE] = "bare",
        [RULE_ORPHANED] = "orphaned",
        [RULE_MARKED] = "marked",
        [RULE_MARKED_TWICE] = "marked and held twice",
        [RULE_HELD] = "marked and held by another finalizer only",
        [RULE_GOING] = "marked and held by nothing",
};

static const char *const results[] = {
        [RULE_OK] = "OK",
        [RULE_NOT_FOUND] = "404",
        [RULE_EXISTS] = "409 AlreadyExists",
        [RULE_CONFLICT] = "409 Conflict",
        [RULE_INVALID] = "422",
};

static enum rule_state state_of(enum rule_kind kind, const struct rule_seen *s) {
        if (!s->there)
                return RULE_ABSENT;
        if (s->marked && !s->ours && !s->held)
                return RULE_GOING;
        if (kind != RULE_LOCK)
                return s->marked ? RULE_MARKED : RULE_THERE;
        if (s->marked)
                return !s->ours ? RULE_HELD : s->held ? RULE_MARKED_TWICE : RULE_MARKED;
        if (!s->ours || !s->owned)
                return !s->ours ? RULE_BARE : RULE_ORPHANED;
        return s->open ? RULE_OPEN : RULE_THERE;
}

/* How what was arranged is seen. */
static enum rule_state seen_as(const struct rule *r) {
        if (r->before != RULE_COLLECTING)
                return r->before;
        return r->kind == RULE_LOCK ? RULE_MARKED_TWICE : RULE_MARKED;
}

static bool is_as_told(const struct rule *r, const struct rule_seen *s) {
        return state_of(r->kind, s) == r->after && (!r->owner_gone || !world->owner_there());
}

static struct rule_seen read_after(const struct rule *r) {
        struct rule_seen s;

        if (r->collect)
                world->collect();
        s = world->read(r->kind);
        for (long msec = 0; r->collect && msec < world->patience_msec && !is_as_told(r, &s); msec += 20) {
                nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
                s = world->read(r->kind);
        }
        return s;
}

static struct rule_request request_of(const struct rule *r, const struct rule_seen *before) {
        struct rule_request q = {.kind = r->kind, .verb = r->verb};

        if (r->uid != RULE_ANY_UID)
                strcpy(q.uid, r->uid == RULE_UID ? before->uid : world->other_uid);
        if (r->version != RULE_ANY_VERSION)
                strcpy(q.version, r->version == RULE_VERSION ? before->version : world->old_version);
        return q;
}

static void expect_state(const struct rule *r, const char *what, enum rule_state is, enum rule_state want) {
        if (is != want)
                fail_msg("%s: %s, not %s (%s)", what, states[is], states[want], r->source);
}

static void one_rule(void **state) {
        const struct rule *r = *state;
        struct rule_seen before, answer = {}, after;
        struct rule_request q;
        enum rule_result result = RULE_OK, want = r->result;

        world->reset(r->kind);
        world->arrange(r->kind, r->before);
        before = world->read(r->kind);
        expect_state(r, "arranged", state_of(r->kind, &before), seen_as(r));
        q = request_of(r, &before);
        if (r->owner != RULE_OWNER_LIVES)
                world->owner(r->owner);
        if (r->verb != RULE_NOTHING)
                result = world->request(&q, &answer);
        if (want == RULE_INVALID && world->one_conflict)
                want = RULE_CONFLICT;
        if (result != want)
                fail_msg("result: %s, not %s (%s)", results[result], results[want], r->source);
        if (!r->lacks_answer[world->world])
                expect_state(r, "answer", state_of(r->kind, &answer), r->answer);

        after = read_after(r);
        expect_state(r, "afterwards", state_of(r->kind, &after), r->after);
        if (r->owner_gone && world->owner_there())
                fail_msg("the owner is there (%s)", r->source);
        if (!before.there || !after.there)
                return;
        assert_string_equal(after.uid, before.uid);
        if (r->moved != (strcmp(after.version, before.version) != 0))
                fail_msg("resourceVersion: %s before, %s afterwards (%s)", before.version, after.version, r->source);
}

int rules_run(const struct rule_driver *driver, int (*setup)(void **state), int (*teardown)(void **state)) {
        struct CMUnitTest *tests = calloc(n_rules, sizeof(*tests));
        char title[64];
        size_t n = 0;
        int failed;

        if (!tests)
                return 1;
        world = driver;
        for (size_t i = 0; i < n_rules; i++) {
                const struct rule *r = &rules[i];

                if (r->lacks[driver->world]) {
                        printf("%s does not know: %s (%s)\n", driver->name, r->name, r->lacks[driver->world]);
                        continue;
                }
                if (r->lacks_answer[driver->world])
                        printf("%s does not show the answer: %s (%s)\n", driver->name, r->name,
                               r->lacks_answer[driver->world]);
                tests[n++] = (struct CMUnitTest){.name = r->name, .test_func = one_rule, .initial_state = (void *)r};
        }
        (void)snprintf(title, sizeof(title), "rules of the API: %s", driver->name);
        failed = _cmocka_run_group_tests(title, tests, n, setup, teardown);
        free(tests);
        return failed;
}
