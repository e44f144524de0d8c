/* SPDX-License-Identifier: Apache-2.0 */
/* Claims for POSTs: on disk before what carries them is sent (ARCHITECTURE 5, claim 7). The files themselves are
 * adapter/store's. */
#include <errno.h>
#include <stdio.h>

#include "adapter/journal.h"
#include "daemon/agent_parts.h"

int agent_claims_read(struct agent *a, struct agent_claims *c, struct err *err) {
        int r = store_claims(a->store, c->scope, &c->known, err);

        c->unreadable = r < 0;
        return r;
}

bool agent_claims_unasked(int r) {
        return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* The newest claim whose POST may still land. */
static const char *newest_unsettled(const struct record_claims *claims) {
        for (size_t i = claims->n_claims; i > 0; i--)
                if (!claims->claims[i - 1].settled)
                        return claims->claims[i - 1].claim;
        return NULL;
}

int agent_claims_next(struct agent *a, struct agent_claims *c, char problem[static 512]) {
        struct err err = {};
        const struct journal_field fields[] = {{JOURNAL_KEY_LOCK, c->lock ? c->lock->title : ""},
                                               {JOURNAL_KEY_UNIT, c->lock ? c->lock->conf->unit : ""},
                                               {JOURNAL_KEY_NAMESPACE, c->ns},
                                               {JOURNAL_KEY_REASON, err.text}};
        int r;

        if (c->next[0] && !c->doubtful)
                (void)store_claim_settle(a->store, c->scope, c->next, NULL);
        c->next[0] = '\0';
        c->doubtful = false;
        r = store_claim_new(a->store, c->scope, c->next, &err);
        if (r == -ENOSPC && newest_unsettled(&c->known)) {
                /* Many starts or lost answers in a short time. A claim may be carried by any number of POSTs, and what
                 * of them lands late is ours whichever it was: take the newest again rather than stay out. */
                c->doubtful = true;
                r = util_copy(c->next, sizeof(c->next), newest_unsettled(&c->known)) ? 0 : -ENAMETOOLONG;
        }
        if (r >= 0)
                r = store_claims(a->store, c->scope, &c->known, &err);
        c->failing = r < 0;
        (void)snprintf(problem, 512, "%.500s", r < 0 ? err.text : "");
        if (r < 0 && c->told != util_token(err.text))
                journal_record(LOG_ERR, JOURNAL_STATE_DIR, fields, ELEMENTSOF(fields), "%s: cannot claim: %s", c->scope,
                               err.text);
        else if (r >= 0 && c->told)
                journal_record(LOG_INFO, JOURNAL_STATE_DIR, fields, ELEMENTSOF(fields) - 1, "%s: can claim again",
                               c->scope);
        c->told = r < 0 ? util_token(err.text) : 0;
        c->unreadable = c->unreadable && r < 0;
        return r;
}

void agent_claims_settle(struct agent *a, const struct agent_claims *c) {
        if (c->next[0] && !c->doubtful)
                (void)store_claim_settle(a->store, c->scope, c->next, NULL);
}
