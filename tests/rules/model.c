/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for the explorer's API server (tests/model/model_api.c): its world with nobody in it, requests sent by
 * host 0, whose placeholder is the lock's owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../model/model.h"
#include "rules.h"

/* The explorer's main file, which has the one that is set by options, is left out. */
struct parameters parameters = {.agents = 1, .gc = true};

static struct world w;

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

static void tokens(struct rule_seen *s, uint8_t uid, uint8_t version) {
        (void)snprintf(s->uid, sizeof(s->uid), "%u", uid);
        (void)snprintf(s->version, sizeof(s->version), "%u", version);
}

static struct rule_seen lock_seen(const struct api_lock *l) {
        struct rule_seen s = {
                .there = l->exists,
                .marked = l->deleting,
                .ours = l->finalizer,
                .held = l->extra != EXTRA_NONE,
                .owned = l->owned,
                .open = !l->immutable,
        };

        tokens(&s, l->uid, l->version);
        return s;
}

static struct rule_seen placeholder_seen(const struct api_placeholder *p) {
        struct rule_seen s = {.there = p->exists, .marked = p->deleting, .held = p->extra != EXTRA_NONE};

        tokens(&s, p->uid, p->version);
        return s;
}

static struct rule_seen read_back(enum rule_kind kind) {
        return kind == RULE_LOCK ? lock_seen(&w.lock) : placeholder_seen(&w.placeholders[0]);
}

static bool owner_there(void) {
        return w.placeholders[0].exists;
}

static void reset(enum rule_kind kind) {
        memset(&w, 0, sizeof(w));
        parameters.pod = kind == RULE_POD;
}

static void must(uint8_t kind) {
        struct write r = {.kind = kind, .placeholder = w.placeholders[0].uid, .claim = 1, .boot = 1};

        assert_int_equal(api_perform(&w, &r).result, RESULT_OK);
}

static void arrange(enum rule_kind kind, enum rule_state state) {
        if (kind == RULE_LOCK || state != RULE_ABSENT)
                must(PLACEHOLDER_CREATE);
        if (state == RULE_ABSENT)
                return;
        if (kind != RULE_LOCK) {
                if (state == RULE_MARKED || state == RULE_COLLECTING)
                        api_delete_placeholder(&w, 0, EXTRA_FOREGROUND);
                return;
        }
        must(LOCK_CREATE);
        w.lock.immutable = state != RULE_OPEN;
        if (state == RULE_BARE)
                must(LOCK_STRIP);
        if (state == RULE_ORPHANED)
                w.lock.owned = 0;
        if (state == RULE_MARKED)
                must(LOCK_DELETE);
        if (state == RULE_MARKED_TWICE || state == RULE_COLLECTING)
                api_delete_lock(&w, EXTRA_FOREGROUND);
}

static void owner(enum rule_owner what) {
        static const uint8_t extra[] = {[RULE_OWNER_GONE] = EXTRA_NONE,
                                        [RULE_OWNER_FOREGROUND] = EXTRA_FOREGROUND,
                                        [RULE_OWNER_ORPHANS] = EXTRA_ORPHAN};

        api_delete_placeholder(&w, 0, extra[what]);
}

/* All that it may do, until nothing is left. */
static void collect(void) {
        bool more = true;

        while (more) {
                more = false;
                for (unsigned what = 0; what < N_GC; what++)
                        more = api_gc(&w, what, /* dry= */ false) || more;
        }
}

/* What a human does has no answer: what can be read then is what an answer would show. */
static enum rule_result human(const struct rule_request *q, struct rule_seen *ret_answer) {
        uint8_t extra = q->verb == RULE_DELETE_FOREGROUND ? EXTRA_FOREGROUND : EXTRA_ORPHAN;

        if (q->verb == RULE_CHANGE) {
                if (!api_may_edit(&w, EDIT_TENURE))
                        return RULE_CONFLICT;
                api_edit(&w, EDIT_TENURE);
        } else if (q->kind == RULE_LOCK)
                api_delete_lock(&w, extra);
        else
                api_delete_placeholder(&w, 0, extra);
        *ret_answer = read_back(q->kind);
        return RULE_OK;
}

static uint8_t write_of(const struct rule_request *q) {
        static const uint8_t lock[] = {
                [RULE_READ] = READ_LOCK,   [RULE_CREATE] = LOCK_CREATE,   [RULE_DELETE] = LOCK_DELETE,
                [RULE_STRIP] = LOCK_STRIP, [RULE_RESTORE] = LOCK_RESTORE, [RULE_NOTE] = LOCK_ADOPT,
        };
        static const uint8_t placeholder[] = {
                [RULE_READ] = READ_PLACEHOLDER,     [RULE_CREATE] = PLACEHOLDER_CREATE,
                [RULE_DELETE] = PLACEHOLDER_DELETE, [RULE_RENEW] = PLACEHOLDER_RENEW,
                [RULE_CLEAR] = PLACEHOLDER_CLEAR,
        };

        return q->kind == RULE_LOCK ? lock[q->verb] : placeholder[q->verb];
}

static enum rule_result request(const struct rule_request *q, struct rule_seen *ret_answer) {
        struct write r = {
                .uid = (uint8_t)strtoul(q->uid, NULL, 10),
                .version = (uint8_t)strtoul(q->version, NULL, 10),
                .placeholder = w.placeholders[0].uid,
                .boot = 2,
                .nonce = 2,
        };
        struct answer a;

        if (q->verb == RULE_DELETE_FOREGROUND || q->verb == RULE_DELETE_ORPHAN || q->verb == RULE_CHANGE)
                return human(q, ret_answer);
        r.kind = write_of(q);
        a = api_perform(&w, &r);
        if (a.has_object)
                *ret_answer = q->kind == RULE_LOCK ? lock_seen(&a.lock) : placeholder_seen(&a.placeholder);
        return result_of(a.result);
}

int main(void) {
        static const struct rule_driver driver = {
                .world = RULE_MODEL,
                .name = "model",
                .other_uid = "250",
                .old_version = "250",
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
